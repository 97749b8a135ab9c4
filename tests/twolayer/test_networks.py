"""Two-layer networks and the hidden gradient."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolayer import TwoLayer, hidden_gradient

from ..strategies import arrays, networks, quick

HALF = Fraction(1, 2)
ROUNDING = 1e-12  # a dozen float operations on numbers below 1000

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
    lambda shape: st.tuples(networks(*shape), networks(*shape), arrays(5, shape[0]))
)


def by_hand(network: TwoLayer, x) -> list[Fraction]:
    total = [Fraction(x) for x in network.output_bias]
    for k in range(network.width):
        z = sum((Fraction(w) * xi for w, xi in zip(network.W[k], x, strict=True)), Fraction(network.b[k]))
        if z > 0:
            total = [t + Fraction(v) * z for t, v in zip(total, network.V[:, k], strict=True)]
    return total


def test_a_network_knows_its_sizes():
    net = TwoLayer(np.ones((3, 2)), np.ones(3), np.ones((4, 3)))
    assert (net.width, net.inputs, net.outputs) == (3, 2, 4)


def test_a_network_by_hand():
    net = TwoLayer([[1, 2], [-1, 0]], [0, 3], [[1, 10], [0, -1]])
    assert net([1, 1]).tolist() == [3 + 20, -2]
    assert net([4, 0]).tolist() == [4, 0]
    assert net.preactivations([4, 0]).tolist() == [4, -1]
    assert net.activations([4, 0]).tolist() == [4, 0]


@quick
@given(pairs)
def test_a_network_is_the_sum_of_its_active_nodes(drawn):
    network, _, points = drawn
    assert (network(points) == np.array([by_hand(network, x) for x in points], dtype=object)).all()
    expected = network(points).astype(float)
    assert network.floats()(points.astype(float)) == pytest.approx(expected, abs=ROUNDING, rel=ROUNDING)


@quick
@given(pairs)
def test_the_hidden_gradient_is_the_residual_seen_through_the_fan_out_of_active_nodes(drawn):
    teacher, student, points = drawn
    g = hidden_gradient(teacher, student, points)
    for x, row in zip(points, g, strict=True):
        residual = [a - b for a, b in zip(by_hand(teacher, x), by_hand(student, x), strict=True)]
        for k in range(student.width):
            z = sum((w * xi for w, xi in zip(student.W[k], x, strict=True)), student.b[k])
            seen = sum(v * r for v, r in zip(student.V[:, k], residual, strict=True))
            assert row[k] == (seen if z > 0 else 0)


def test_a_node_at_its_kink_is_off_and_gets_no_gradient():
    teacher = TwoLayer([[0, 0]], [1], [[1]])
    student = TwoLayer([[1, 0], [0, 1]], [0, 0], [[1, 1]])
    assert hidden_gradient(teacher, student, [0, 1]).tolist() == [0, 0]  # f* - f = 1 - 1 = 0
    assert hidden_gradient(teacher, student, [0, HALF]).tolist() == [0, HALF]
    assert hidden_gradient(teacher.exact(), student.exact(), [Fraction(0), HALF]).tolist() == [0, HALF]


def test_an_output_bias_by_hand():
    teacher, student = TwoLayer([[1]], [0], [[2], [0]], [3, -1]), TwoLayer([[1], [-1]], [0, 0], [[2, 1], [0, 5]])
    assert teacher([1]).tolist() == [5, -1] and student([1]).tolist() == [2, 0]
    assert hidden_gradient(teacher, student, [1]).tolist() == [2 * 3 + 0 * -1, 0]
    assert hidden_gradient(teacher, student, [-1]).tolist() == [0, 1 * (3 - 1) + 5 * (-1 - 5)]


def test_an_output_bias_of_zero_is_that_of_a_network_without_one():
    for zeros in (None, [0, 0], [Fraction(0), -0.0]):
        network = TwoLayer([[1]], [0], [[2], [0]], zeros)
        assert not network.has_output_bias and network.output_bias.dtype == np.float64
        assert list(network.arrays) == ["W", "b", "V"]


def test_leading_axes_pass_through():
    teacher = TwoLayer([[1, 0]], [0], [[1], [2]])
    student = TwoLayer([[1, 1], [0, 1], [2, 0]], [0, 0, 0], np.ones((2, 3)))
    points = np.zeros((4, 5, 2))
    assert teacher(points).shape == (4, 5, 2)
    assert hidden_gradient(teacher, student, points).shape == (4, 5, 3)
    assert hidden_gradient(teacher, student, points[0, 0]).shape == (3,)


@quick
@given(networks(2, 2))
def test_fractions_of_floats_of_a_network_differ_by_rounding_only(network):
    again = network.floats().exact()
    assert again.is_exact and not network.floats().is_exact
    for field in ("W", "b", "V", "output_bias"):
        for x, y in zip(getattr(network, field).flat, getattr(again, field).flat, strict=True):
            assert y == Fraction(float(x))


def test_floats_become_the_fractions_they_are():
    net = TwoLayer([[0.1, 5e-324]], [1e308], [[-0.0]])
    assert net.exact().W.tolist() == [[Fraction(0.1), Fraction(5e-324)]]
    for field in ("W", "b", "V", "output_bias"):
        assert (getattr(net.exact().floats(), field) == getattr(net, field)).all()


def test_one_fraction_makes_its_array_exact():
    net = TwoLayer([[0.5, Fraction(1, 3)]], [0.25], [[1]])
    assert net.W.tolist() == [[HALF, Fraction(1, 3)]]
    assert net.b.dtype == np.float64 and net.is_exact


@pytest.mark.parametrize("entry", [np.int64(2**62), np.int32(7), np.float32(0.1), 2**70, Fraction(np.int64(2**62), 1)])
def test_exact_arrays_hold_pythons_own_integers_so_that_nothing_overflows(entry):
    net = TwoLayer([[entry, HALF]], [0], [[1]])
    x = net.W[0, 0]
    assert type(x.numerator) is int and type(x.denominator) is int
    assert x * x * x == Fraction(float(entry) if isinstance(entry, np.floating) else int(entry)) ** 3


def test_arrays_are_copies_that_cannot_be_changed():
    W = np.ones((1, 2))
    net = TwoLayer(W, [0], [[1]])
    W[0, 0] = 5
    assert net.W[0, 0] == 1
    for array in (net.W, net.exact().W):
        with pytest.raises(ValueError):
            array[0, 0] = 2


@quick
@given(networks(2, 2, widths=(2, 3)), arrays(2))
def test_the_network_of_chosen_nodes_has_their_values(network, x):
    chosen = network.nodes([1, 0])
    assert chosen.W.tolist() == [network.W[1].tolist(), network.W[0].tolist()]
    rest = network.output_bias if network.has_output_bias else 0
    assert (sum(network.nodes([k])(x) - rest for k in range(network.width)) + rest == network(x)).all()


@pytest.mark.parametrize(
    ("W", "b", "V", "message"),
    [
        ([[1, 2]], [1, 2], [[1]], r"W has 1 rows, so b needs shape \(1,\); got \(2,\)"),
        ([[1, 2], [3, 4]], [1, 2], [[1, 2, 3]], r"W has 2 rows, so V needs shape \(C, 2\); got \(1, 3\)"),
        ([[1], [2]], [0, 0], [[1], [2]], r"W has 2 rows, so V needs shape \(C, 2\); got \(2, 1\)"),
        ([1, 2], [1], [[1]], r"W needs 2 axes; got shape \(2,\)"),
        ([[1, 2]], [[1]], [[1]], r"b needs 1 axis; got shape \(1, 1\)"),
        ([[1, 2]], 1, [[1]], r"b needs 1 axis; got shape \(\)"),
        ([[1, 2]], [1], [1], r"V needs 2 axes; got shape \(1,\)"),
        ([[1, 2], [3]], [1, 2], [[1, 1]], "W needs rows of equal length; got rows of different lengths"),
        ([], [], [], r"W needs at least one row and one column; got shape \(0, 0\)"),
        ([[]], [1], [[1]], r"W needs at least one row and one column; got shape \(1, 0\)"),
        ([[1]], [1], [], r"W has 1 rows, so V needs shape \(C, 1\); got \(0, 0\)"),
        ([[1]], [1], np.zeros((0, 1)), r"W has 1 rows, so V needs shape \(C, 1\); got \(0, 1\)"),
        ([[np.nan]], [1], [[1]], "W needs finite numbers; got a NaN or an infinity"),
        ([[1]], [np.inf], [[1]], "b needs finite numbers; got a NaN or an infinity"),
        ([[1]], [1], [[HALF], [np.nan]], "V needs finite numbers; got a NaN or an infinity"),
        ([["a"]], [1], [[1]], "W needs numbers; got dtype <U1"),
        ([["0.5"]], [1], [[1]], "W needs numbers; got dtype <U3"),
        ([[1j]], [1], [[1]], "W needs numbers; got dtype complex128"),
        ([[None]], [1], [[1]], "W needs numbers; got NoneType"),
        ([[HALF, None]], [1], [[1]], "W needs numbers; got NoneType"),
        ([[1]], [10**400], [[1]], "b needs numbers within the range of floats, or Fractions; got a larger one"),
    ],
)
def test_a_malformed_network_is_refused_with_what_was_expected_and_what_came(W, b, V, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        TwoLayer(W, b, V)


@pytest.mark.parametrize(
    ("output_bias", "message"),
    [
        ([1, 2], r"V has 1 rows, so output_bias needs shape \(1,\); got \(2,\)"),
        ([[1]], r"output_bias needs 1 axis; got shape \(1, 1\)"),
        ([np.nan], "output_bias needs finite numbers; got a NaN or an infinity"),
    ],
)
def test_a_malformed_output_bias_is_refused(output_bias, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        TwoLayer([[1]], [0], [[1]], output_bias)


def test_an_integer_beyond_floats_is_exact_next_to_a_fraction():
    assert TwoLayer([[HALF, 10**400]], [0], [[1]]).W[0, 1] == 10**400
