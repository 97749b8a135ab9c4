"""Vertex enumeration: exact where vertices are few, proved radii where they are many."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolayer import exact
from twolayer.certify import vertices
from twolayer.certify.units import balanced_together
from twolayer.certify.zero import vanishes
from twolayer.exact import rational, rationals
from twolayer.restriction.domains import Domain
from twolayer.restriction.ridges import RidgeSum

from ...strategies import brute_supremum, domains, quick, ridge_sums


def square(half=1):
    """The square [-half, half]^2."""
    A, c = rationals([[1, 0], [0, 1], [-1, 0], [0, -1]]), rationals([half] * 4)
    return Domain(A, c, rationals([-half] * 2), rationals([half] * 2), rationals([0, 0]))


def twins(angle, nodes=12, seed=0):
    """Pairs of opposite ridges whose creases differ by about `angle`: vertices of condition 1 / angle."""
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(nodes, 2))
    b = -(W * rng.uniform(-0.5, 0.5, size=(nodes, 2))).sum(axis=1)
    moved = W + angle * rng.normal(size=W.shape)
    c = np.concatenate([np.ones(nodes), -np.ones(nodes)])
    return RidgeSum(
        rationals(np.concatenate([W, moved])), rationals(np.concatenate([b, b])), rationals(c), rationals([0, 0]), exact.ZERO
    )


def as_floats(h, region, monkeypatch):
    """The enclosure by the float path, whatever the number of vertices."""
    monkeypatch.setattr(vertices, "EXACT_WORK", -1)
    return vertices.supremum(h, region)


@quick
@given(st.integers(1, 3).flatmap(lambda d: st.tuples(ridge_sums(d), domains(d))))
def test_few_vertices_give_the_supremum_to_the_last_float(drawn):
    h, region = drawn
    enclosure = vertices.supremum(h, region)
    exact_value = brute_supremum(h, region)
    assert (enclosure.lower, enclosure.upper) == (exact.round_down(exact_value), exact.round_up(exact_value))
    assert region.contains(enclosure.witness) and abs(h(enclosure.witness)) == exact_value


@quick
@given(st.integers(1, 3).flatmap(lambda d: st.tuples(ridge_sums(d), domains(d))), st.sampled_from([-20, 0, 20]))
def test_the_float_path_encloses_the_brute_force_supremum_at_every_scale(drawn, exponent):
    h, region = drawn
    scale = rational(2.0**exponent)
    h = RidgeSum(h.P * scale, h.beta * scale, h.c, h.slope * scale, h.offset * scale)
    with pytest.MonkeyPatch.context() as patch:
        enclosure = as_floats(h, region, patch)
    assert rational(enclosure.lower) <= brute_supremum(h, region) <= rational(enclosure.upper)


@quick
@given(st.integers(1, 3).flatmap(lambda d: st.tuples(ridge_sums(d), domains(d))), st.integers(0, 10**6), st.booleans())
def test_vertices_anywhere_within_their_proved_radius_give_an_enclosure(drawn, seed, wide):
    """Each vertex is moved by all of its radius, outward or at random: neither its value nor its place may be taken as true."""
    h, region = drawn
    rng, real = np.random.default_rng(seed), vertices._solve
    size = 1e-2 if wide else 1e-8  # far below what is solved again in rationals, or above it

    def moved(M, b):
        Y, radius, solved = real(M, b)
        way = np.sign(Y) if rng.integers(2) else rng.choice([-1.0, 1.0], size=Y.shape)
        return Y + size * way, radius + size, solved

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vertices, "_solve", moved)
        enclosure = as_floats(h, region, patch)
    assert rational(enclosure.lower) <= brute_supremum(h, region) <= rational(enclosure.upper)


@pytest.mark.parametrize("angle", [1e-2, 1e-5, 1e-8, 1e-11])
def test_nearly_parallel_creases_are_enclosed_and_closed(angle, monkeypatch):
    h, region = twins(angle), square()
    sharp = vertices.supremum(h, region) if angle == 1e-2 else None
    enclosure = as_floats(h, region, monkeypatch)
    value = max(abs(h(z)) for z in _vertices(h, region))
    assert rational(enclosure.lower) <= value <= rational(enclosure.upper)
    assert enclosure.closed(1e-3, h.size(region.lower, region.upper))
    if sharp is not None:
        assert sharp.lower <= enclosure.upper and enclosure.lower <= sharp.upper


def _vertices(h, region):
    A, b, _ = vertices._hyperplanes([h], [region])
    for i in range(len(A)):
        for j in range(i):
            z = exact.solve(A[[i, j]], b[[i, j]])
            if z is not None and region.contains(z):
                yield z


def test_the_radius_of_a_float_vertex_covers_the_exact_one():
    rng = np.random.default_rng(1)
    for angle in (1.0, 1e-4, 1e-7):
        M = rng.normal(size=(200, 2, 2))
        M[:, 1] = M[:, 0] + angle * rng.normal(size=(200, 2))
        M /= np.linalg.norm(M, axis=2, keepdims=True)
        b = rng.normal(size=(200, 2))
        Y, radius, solved = vertices._solve(M, b)
        for y, r, matrix, limits in zip(Y[solved], radius[solved], M[solved], b[solved], strict=True):
            true = exact.solve(rationals(matrix), rationals(limits))
            assert max(abs(x) for x in true - rationals(y)) <= rational(r)


def test_a_singular_system_is_not_called_solved():
    M = np.array([[[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]])
    assert list(vertices._solve(M, np.zeros((2, 2)))[2]) == [False, True]


def test_a_passed_deadline_still_gives_a_valid_enclosure(monkeypatch):
    h, region = twins(1e-2), square()
    monkeypatch.setattr(vertices, "EXACT_WORK", -1)
    early = vertices.supremum(h, region, deadline=time.monotonic() - 1)
    full = vertices.supremum(h, region)
    assert early.evidence["stopped"] == "deadline" and not early.interrupted
    assert early.lower <= full.upper and full.lower <= early.upper


def test_observers_that_share_an_enumeration_get_what_they_get_alone():
    h = twins(1e-3)
    others = [h, replace(h, c=-2 * h.c), replace(h, c=h.c * rationals([1, 0] * 12))]
    regions = [square(), square(), Domain(*_half(square()))]
    together = vertices.suprema(others, regions)
    for g, region, e in zip(others, regions, together, strict=True):
        alone = vertices.supremum(g, region)
        assert max(alone.lower, e.lower) <= min(alone.upper, e.upper)


def _half(region):
    A, c = np.concatenate([region.A, rationals([[1, 1]])]), np.append(region.c, exact.ZERO)
    return A, c, region.lower, region.upper, rationals([-0.5, -0.25])


@quick
@given(st.integers(1, 3).flatmap(lambda d: st.tuples(ridge_sums(d), domains(d))))
def test_the_zero_test_agrees_with_the_supremum(drawn):
    h, region = drawn
    assert vanishes(h, region) == (brute_supremum(h, region) == 0)


def test_a_function_that_cancels_exactly_vanishes_whatever_the_writing():
    """relu(x) + relu(-x) - |x| in disguise: relu(2x)/2 + relu(-x) - relu(x) - relu(-3x)/3 = 0."""
    P = rationals([[2, 0], [-1, 0], [1, 0], [-3, 0]])
    c = np.array([rational(1) / 2, rational(1), rational(-1), rational(-1) / 3], dtype=object)
    h = RidgeSum(P, rationals([0] * 4), c, rationals([0, 0]), exact.ZERO)
    assert vanishes(h, square()) and not vanishes(replace(h, offset=rational(1e-300)), square())


def test_a_function_that_cancels_vanishes_though_floats_round_its_tiny_terms():
    """2 relu(1.5 t (x + 1)) - relu(3 t (x + 1)) with t = 2^-1074, where floats have 2 t for 1.5 t, times 2^1000."""
    t, nothing = exact.two_to(-1074), exact.ZERO
    P, beta = np.array([[3 * t / 2, nothing], [3 * t, nothing]], dtype=object), np.array([3 * t / 2, 3 * t], dtype=object)
    h = RidgeSum(P, beta, exact.two_to(1000) * rationals([2, -1]), rationals([0, 0]), nothing)
    assert h.floats(np.zeros((1, 2)))[0] > 0 and vanishes(h, square())


@quick
@given(
    st.integers(1, 2).flatmap(lambda d: st.tuples(ridge_sums(d), domains(d))),
    st.integers(-1100, 1100),
    st.integers(-1100, 1100),
)
def test_masses_in_own_units_are_correctly_rounded_whatever_their_powers_of_two(drawn, height, width):
    h, region = drawn
    h = replace(h, P=h.P * exact.two_to(width), beta=h.beta * exact.two_to(width), c=h.c * exact.two_to(height))
    (one,) = balanced_together([h], [region])
    assert np.array_equal(one.h.floats.c, exact.nearest(one.h.c))
    assert all(abs(x) <= 2 for x in [*one.h.c, *one.h.slope, one.h.offset])
