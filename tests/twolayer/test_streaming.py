"""Correlation, whole and streamed: hand tables for the conventions, exact rationals as the judge."""

from __future__ import annotations

import math
from fractions import Fraction as Q

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from twolayer import streaming
from twolayer.metrics import StreamingCorrelation, best_correlation, correlation

CLOSE = 1e-12  # sums of a few hundred float64 products, each right to 1e-16 of the whole
SHARP = 2e-15  # a handful of float64 roundings
RELU = [[0.0], [0.0], [0.0], [1.0], [2.0]]  # relu(x) at x = -2, -1, 0, 1, 2
FLIPPED = RELU[::-1]  # relu(-x)
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=25, deadline=None)


def exact(array):
    return np.vectorize(Q, otypes=[object])(np.asarray(array))


def exact_correlation(f, g):
    """Slow and obvious: the textbook sums on rationals, rounded at the end."""
    f, g = exact(f), exact(g)
    f, g = f - f.sum(0) / len(f), g - g.sum(0) / len(g)
    cross, ff, gg = f.T @ g, (f * f).sum(0), (g * g).sum(0)
    signed = [
        [c * abs(c) / (p * q) if p * q else Q(0) for c, q in zip(row, gg, strict=True)]
        for row, p in zip(cross, ff, strict=True)
    ]
    signed = np.array(signed, dtype=float)
    return np.sign(signed) * np.sqrt(abs(signed))


def activations(seed, n=40, students=4, teachers=3, mean=0.0):
    rng = np.random.default_rng(seed)
    g = rng.normal(size=(n, teachers))
    return g @ rng.normal(size=(teachers, students)) + rng.normal(size=(n, students)) + mean, g + mean


# ---- conventions by hand -------------------------------------------------------------------------


def test_correlation_has_students_as_rows_and_teachers_as_columns():
    f, g = [[1, 3], [2, 2], [3, 1]], [[1], [3], [2]]
    assert_allclose(correlation(f, g), [[0.5], [-0.5]], rtol=SHARP)


def test_a_flipped_student_has_correlation_minus_nine_sixteenths_and_not_one():
    assert_allclose(correlation(FLIPPED, RELU), [[-9 / 16]], rtol=SHARP)
    assert best_correlation(correlation(FLIPPED, RELU))[0] < 0


def test_a_dead_node_has_correlation_zero():
    dead = np.zeros((5, 1))
    for f, g in ((dead, RELU), (RELU, dead), (dead, dead)):
        assert correlation(f, g).tolist() == [[0.0]]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_constant_nonzero_activation_has_correlation_zero_in_any_chunks(kind):
    constant = np.full((1000, 1), 0.1, dtype=kind)
    signal = np.arange(1000.0)[:, None]
    for size in (1, 7, 1000):
        stream = StreamingCorrelation()
        for start in range(0, 1000, size):
            stream = stream.update(constant[start : start + size], signal[start : start + size])
        assert stream.correlation().tolist() == [[0.0]]


def test_a_node_that_flickers_in_its_last_place_counts_as_constant():
    for kind in (np.float32, np.float64):
        flicker = np.array([[1], [np.nextafter(kind(1), kind(2))]] * 3, dtype=kind)
        slope = np.array([[1.0], [5], [2], [4], [3], [7]])
        for f, g in ((flicker, flicker), (flicker, slope), (slope, flicker)):
            assert correlation(f, g).tolist() == [[0.0]]
    single = np.array([[1], [np.nextafter(np.float32(1), np.float32(2))]] * 3, dtype=np.float32)
    assert StreamingCorrelation().update(single, slope).update(np.ones((6, 1)), slope).correlation() == 0
    assert_allclose(correlation(1 + 1e-14 * slope, slope), 1, rtol=1e-2)  # 50 last places are a signal


def test_a_node_active_on_one_sample_is_not_constant():
    spike = np.zeros((10_000, 1))
    spike[17] = 1e-30
    assert_allclose(correlation(spike, spike), [[1.0]], rtol=CLOSE)


def test_every_position_of_a_convolution_counts_and_axis_one_is_the_channel():
    rng = np.random.default_rng(0)
    f, g = rng.normal(size=(3, 2, 4, 5)), rng.normal(size=(3, 6, 4, 5))
    rows = [(i, y, x) for i in range(3) for y in range(4) for x in range(5)]
    flat = [np.array([a[i, :, y, x] for i, y, x in rows]) for a in (f, g)]
    assert_allclose(correlation(f, g), exact_correlation(*flat), atol=CLOSE)
    assert StreamingCorrelation().update(f, g).count == 60


def test_correlations_never_leave_minus_one_to_one():
    f, _ = activations(3, n=200, students=30)
    both = correlation(f * 3.7, np.hstack([f, -f]))
    assert both.max() <= 1 and both.min() >= -1


def test_float32_and_integers_are_accumulated_in_float64():
    f, g = (a.astype(np.float32) for a in activations(1, n=300, mean=1000.0))
    assert correlation(f, g).dtype == np.float64
    assert_allclose(correlation(f, g), exact_correlation(f, g), atol=CLOSE)
    f, g = (a.astype(np.uint8) for a in activations(1, n=300, mean=100.0))
    assert_allclose(correlation(f, g), exact_correlation(f.astype(int), g.astype(int)), atol=CLOSE)


def test_bad_activations_are_refused_by_name():
    ones = np.ones((3, 2))
    with pytest.raises(ValueError, match=r"same samples and positions; got \(3, 2\) and \(2, 2\)"):
        correlation(ones, ones[:2])
    with pytest.raises(ValueError, match="channels, h, w"):
        correlation(np.ones((3, 2, 4)), np.ones((3, 2, 4)))
    with pytest.raises(ValueError, match=r"finite; got others at nodes \[1\]"):
        correlation([[1, math.nan], [2, 3]], [[1], [2]])
    with pytest.raises(ValueError, match="at least one sample"):
        correlation(ones[:0], ones[:0])
    with pytest.raises(ValueError, match=r"stream's \(2, 2\) \(student, teacher\) nodes; got \(1, 2\)"):
        StreamingCorrelation().update(ones, ones).update(ones[:, :1], ones)
    with pytest.raises(TypeError, match="leaves the rationals"):
        correlation(exact(ones), exact(ones))


# ---- correlation: theorems -----------------------------------------------------------------------


@few
@given(seeds, st.floats(-60, 60), st.floats(-1e3, 1e3))
def test_correlation_ignores_positive_scale_shift_and_sample_order(seed, power, shift):
    f, g = activations(seed)
    order = np.random.default_rng(seed).permutation(len(f))
    moved = correlation((f * 10**power)[order], (g + shift)[order])
    assert_allclose(moved, correlation(f, g), atol=CLOSE)
    assert_allclose(correlation(-f, g), -correlation(f, g), atol=CLOSE)
    assert_allclose(correlation(g, f), correlation(f, g).T, atol=CLOSE)


@few
@given(seeds, st.sampled_from([0.0, 1e3, 1e8, -1e12]), st.lists(st.integers(0, 40), max_size=6))
def test_a_stream_in_any_chunks_and_order_is_the_exact_correlation(seed, mean, cuts):
    f, g = activations(seed, mean=mean)
    truth = exact_correlation(f, g)
    edges = sorted({0, 40, *cuts})
    chunks = [(f[a:b], g[a:b]) for a, b in zip(edges, edges[1:], strict=False)]
    forward, backward, pairs = StreamingCorrelation(), StreamingCorrelation(), StreamingCorrelation()
    for chunk in chunks:
        forward = forward.update(*chunk)
        pairs = StreamingCorrelation().update(*chunk).combine(pairs)
    for chunk in chunks[::-1]:
        backward = backward.update(*chunk)
    for stream in (forward, backward, pairs):
        assert stream.count == 40
        assert_allclose(stream.correlation(), truth, atol=CLOSE)
    assert_allclose(correlation(f, g), truth, atol=CLOSE)


def test_merging_rational_streams_is_exactly_associative_and_commutative():
    f, g = (exact(np.round(a, 2)) for a in activations(5, n=12))
    parts = slice(0, 3), slice(3, 4), slice(4, 12)
    a, b, c = (StreamingCorrelation().update(f[rows], g[rows]) for rows in parts)
    whole = StreamingCorrelation().update(f, g).signed_square()
    for merged in (a.combine(b).combine(c), a.combine(b.combine(c)), c.combine(a).combine(b)):
        assert (merged.signed_square() == whole).all()


def test_long_inputs_are_cut_into_blocks_without_changing_the_answer(monkeypatch):
    f, g = activations(2, n=60)
    conv = [a.reshape(3, 4, 5, -1).transpose(0, 3, 1, 2) for a in (f, g)]
    for rows in (1, 7, 25, 1000):
        monkeypatch.setattr(streaming, "BLOCK_ROWS", rows)
        assert_allclose(correlation(f, g), exact_correlation(f, g), atol=CLOSE)
        assert_allclose(correlation(*conv), exact_correlation(f, g), atol=CLOSE)
    sizes, moments = [], streaming._moments
    monkeypatch.setattr(streaming, "BLOCK_ROWS", 40)
    monkeypatch.setattr(streaming, "_moments", lambda f, g: sizes.append(len(f)) or moments(f, g))
    correlation(*conv)
    correlation(f, g)
    assert sizes == [40, 20, 40, 20]


def test_on_a_cuda_device_long_inputs_stay_whole(monkeypatch):
    class OnDevice(np.ndarray):
        is_cuda = True

    f, g = activations(2, n=60)
    sizes, moments = [], streaming._moments
    monkeypatch.setattr(streaming, "BLOCK_ROWS", 7)
    monkeypatch.setattr(streaming, "_moments", lambda f, g: sizes.append(len(f)) or moments(f, g))
    assert_allclose(correlation(f.view(OnDevice), g.view(OnDevice)), exact_correlation(f, g), atol=CLOSE)
    assert sizes == [60]


def test_a_stream_keeps_nothing_of_a_chunk_that_is_overwritten_later():
    f, g = activations(4)
    chunk_f, chunk_g = f[:20].copy(), g[:20].copy()
    stream = StreamingCorrelation().update(chunk_f, chunk_g)
    chunk_f[:], chunk_g[:] = 7, 7
    assert_allclose(stream.update(f[20:], g[20:]).correlation(), correlation(f, g), atol=CLOSE)


# ---- three number types --------------------------------------------------------------------------


@few
@given(seeds)
def test_the_square_of_a_float_correlation_is_the_rational_one(seed):
    f, g = activations(seed, n=12)
    rational = StreamingCorrelation().update(exact(f), exact(g)).signed_square()
    assert all(isinstance(q, Q) for q in rational.flat)
    integers = np.array([[1], [2], [4]], dtype=object), np.array([[1], [3], [2]], dtype=object)
    assert StreamingCorrelation().update(*integers).signed_square().tolist() == [[Q(3, 28)]]
    almost = exact([[1], [1], [1 + Q(1, 10**40)]])  # rationals have no last place: this node varies
    assert StreamingCorrelation().update(almost, -almost).signed_square().tolist() == [[-1]]
    assert_allclose(StreamingCorrelation().update(f, g).signed_square(), rational.astype(float), atol=CLOSE)
    assert_allclose(correlation(f, g) * abs(correlation(f, g)), rational.astype(float), atol=CLOSE)


@pytest.mark.parametrize("kind", ["float32", "bfloat16", "float64"])
def test_a_torch_stream_gives_the_exact_correlation_without_gradients(kind):
    torch = pytest.importorskip("torch")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    f, g = (torch.tensor(a, dtype=getattr(torch, kind), device=device) for a in activations(7, mean=3.0))
    truth = exact_correlation(*(a.double().cpu().numpy() for a in (f, g)))
    conv = [a.reshape(2, 4, 5, -1).movedim(-1, 1).requires_grad_() for a in (f, g)]
    stream = StreamingCorrelation().update(conv[0][:1], conv[1][:1]).update(conv[0][1:], conv[1][1:])
    for rho in (correlation(f, g), correlation(*conv), stream.correlation()):
        assert rho.dtype == torch.float64 and rho.device.type == device and not rho.requires_grad
        assert_allclose(rho.cpu().numpy(), truth, atol=CLOSE)
    assert (correlation(f, 0 * g + 1) == 0).all()
    with pytest.raises(TypeError, match="all of NumPy or all of torch; got Tensor, ndarray"):
        correlation(f, truth)
