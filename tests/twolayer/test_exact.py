"""Exact rationals, rounding outward to floats, balls, and small linear algebra."""

from __future__ import annotations

import math
import sys
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from twolayer import exact

from ..strategies import arrays, finite_floats, flints, numbers, quick, thorough

LARGEST = sys.float_info.max
TINIEST = math.nextafter(0.0, 1.0)  # 5e-324, subnormal

# Rationals of every size: near subnormals, near the largest float, between neighbouring floats, and ordinary ones.
awkward = st.one_of(
    numbers,
    st.builds(lambda x, y: Fraction(x) + Fraction(y), finite_floats, finite_floats),
    st.builds(lambda x, n: Fraction(x) * Fraction(n, 7), finite_floats, st.integers(-20, 20)),
    st.builds(lambda n, k: Fraction(n) * Fraction(2) ** k, st.integers(-1000, 1000), st.integers(-1090, 1030)),
)


def wide(fraction: Fraction) -> fmpq:
    return fmpq(fraction.numerator, fraction.denominator)


@thorough
@given(finite_floats)
def test_every_finite_float_is_read_as_the_rational_it_is(x):
    assert exact.fraction(exact.rational(x)) == Fraction(x)


def test_ints_numpy_numbers_fractions_and_rationals_are_read_exactly():
    for number, expected in (
        (10**400, Fraction(10**400)),
        (np.int64(-7), Fraction(-7)),
        (np.float32(0.1), Fraction(float(np.float32(0.1)))),
        (np.float64(0.1), Fraction(0.1)),
        (Fraction(1, 3), Fraction(1, 3)),
        (fmpq(1, 3), Fraction(1, 3)),
    ):
        assert exact.fraction(exact.rational(number)) == expected


def test_a_fraction_that_holds_numpy_integers_is_read_exactly():
    assert exact.rational(Fraction(np.int64(3), np.int64(4))) == fmpq(3, 4)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_no_rationals(number):
    with pytest.raises((ValueError, OverflowError)):
        exact.rational(number)


@thorough
@given(awkward)
def test_no_other_float_is_nearer_than_the_nearest_float(q):
    value = exact.nearest_float(wide(q))
    assert value == exact.nearest(np.array([wide(q)]))[0]
    if math.isinf(value):
        assert abs(q) > Fraction(LARGEST) and (value > 0) == (q > 0)
    else:
        for neighbour in (math.nextafter(value, math.inf), math.nextafter(value, -math.inf)):
            assert math.isinf(neighbour) or abs(Fraction(value) - q) <= abs(Fraction(neighbour) - q)


@thorough
@given(awkward)
def test_rounding_up_gives_the_smallest_float_that_is_not_below(q):
    value = exact.round_up(wide(q))
    assert value == math.inf or Fraction(value) >= q
    below = math.nextafter(value, -math.inf)
    assert below == -math.inf or Fraction(below) < q


@thorough
@given(awkward)
def test_rounding_down_gives_the_largest_float_that_is_not_above(q):
    value = exact.round_down(wide(q))
    assert value == -math.inf or Fraction(value) <= q
    above = math.nextafter(value, math.inf)
    assert above == math.inf or Fraction(above) > q


@pytest.mark.parametrize(
    ("q", "down", "up"),
    [
        (Fraction(0), 0.0, 0.0),
        (Fraction(1, 3), 0.3333333333333333, 0.33333333333333337),
        (Fraction(-1, 3), -0.33333333333333337, -0.3333333333333333),
        (Fraction(1, 10**400), 0.0, TINIEST),
        (Fraction(-1, 10**400), -TINIEST, 0.0),
        (Fraction(TINIEST) / 2, 0.0, TINIEST),
        (Fraction(TINIEST), TINIEST, TINIEST),
        (Fraction(10**400), LARGEST, math.inf),
        (Fraction(-(10**400)), -math.inf, -LARGEST),
        (Fraction(LARGEST), LARGEST, LARGEST),
        (Fraction(LARGEST) + 1, LARGEST, math.inf),
        (Fraction(2**53 + 1), float(2**53), float(2**53 + 2)),
    ],
)
def test_rounding_outward_by_hand(q, down, up):
    assert (exact.round_down(wide(q)), exact.round_up(wide(q))) == (down, up)


@thorough
@given(awkward)
def test_a_ball_contains_its_number_and_its_floats_enclose_it(q):
    ball = exact.ball(wide(q))
    assert ball.contains(arb(wide(q)))
    assert Fraction(max(exact.lower_float(ball), -LARGEST)) <= q or exact.lower_float(ball) == -math.inf
    assert exact.upper_float(ball) == math.inf or Fraction(exact.upper_float(ball)) >= q


@quick
@given(st.fractions(min_value=0, max_value=10**6))
def test_the_floats_around_a_square_root_enclose_it(q):
    root = exact.ball(wide(q)).sqrt()
    low, high = Fraction(exact.lower_float(root)), Fraction(exact.upper_float(root))
    assert low <= 0 or low**2 <= q
    assert q <= high**2
    assert high - low <= Fraction(1, 10**10)


def test_balls_keep_256_bits():
    difference = exact.ball(2).sqrt() ** 2 - 2
    assert difference.contains(0)
    assert exact.upper_float(difference) < 1e-70


def test_an_undefined_ball_has_infinite_floats():
    undefined = exact.ball(-1).sqrt()
    assert exact.upper_float(undefined) == math.inf
    assert exact.lower_float(undefined) == -math.inf
    assert exact.upper_float(exact.ball(1) / exact.ball(0)) == math.inf


def test_an_infinite_bound_is_an_infinite_ball():
    """Bounds that leave the range of floats are infinite; arithmetic with them stays on the safe side."""
    ball = exact.ball(math.inf)
    assert exact.upper_float(ball) == math.inf and exact.upper_float(2 * ball + 1) == math.inf
    assert exact.lower_float(exact.ball(-math.inf)) == -math.inf
    assert exact.upper_float(ball - ball) == math.inf
    with pytest.raises(ValueError):
        exact.ball(math.nan)


def test_wide_balls_are_enclosed_from_both_sides():
    ball = arb(1, 0.25)
    assert exact.lower_float(ball) <= 0.75 and exact.upper_float(ball) >= 1.25
    assert exact.lower_float(ball) > 0.74 and exact.upper_float(ball) < 1.26


@quick
@given(st.integers(1, 4).flatmap(lambda n: st.tuples(arrays(n, n), arrays(n))))
def test_a_solution_solves_and_a_singular_matrix_has_none(system):
    A, b = flints(system[0]), flints(system[1])
    x = exact.solve(A, b)
    if x is None:
        assert exact.rank(A) < len(b)
    else:
        assert (A @ x == b).all()
        assert exact.rank(A) == len(b)
        assert (exact.inverse(A) @ b == x).all()
        assert (exact.inverse(A) @ A == np.eye(len(b), dtype=int)).all()


@quick
@given(st.integers(1, 4).flatmap(lambda n: arrays(n, 4)), st.data())
def test_rank_counts_rows_that_are_no_combination_of_the_others(rows, data):
    A = flints(rows)
    r = exact.rank(A)
    mix = flints(data.draw(arrays(2, len(A))))
    assert exact.rank(np.concatenate([A, mix @ A])) == r
    assert exact.rank(A.T) == r
    assert 0 <= r <= min(A.shape)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[0, 0], [0, 0]], 0),
        ([[1, 2], [2, 4]], 1),
        ([[1, 2], [2, 5]], 2),
        ([[Fraction(1, 3), 1], [1, 3]], 1),
        ([[1, 0, 0], [0, 1, 0], [1, 1, 10**-30]], 3),
    ],
)
def test_rank_by_hand(rows, expected):
    assert exact.rank(exact.rationals(np.array(rows, dtype=object))) == expected


def test_inverting_a_singular_matrix_is_refused():
    with pytest.raises(ZeroDivisionError):
        exact.inverse(flints([[1, 2], [2, 4]]))


@quick
@given(st.lists(awkward, min_size=1, max_size=4))
def test_a_power_of_two_is_a_unit_in_which_the_largest_entry_has_size_one(vector):
    unit = exact.fraction(exact.power_of_two([wide(q) for q in vector]))
    largest = max(abs(q) for q in vector)
    assert Fraction(1, 2) < largest / unit < 2 if largest else unit == 1
    assert 1 in (unit.numerator, unit.denominator)
    assert (unit.numerator * unit.denominator).bit_count() == 1


def test_relu_keeps_positive_numbers_and_zeroes_the_rest():
    assert list(exact.relu(flints([Fraction(1, 3), 0, -2]))) == [fmpq(1, 3), 0, 0]


def test_only_exact_zeros_are_zero():
    assert exact.is_zero(flints([0, 0]))
    assert not exact.is_zero(flints([0, Fraction(1, 10**400)]))
    assert exact.is_zero([])


@pytest.mark.parametrize("seed", range(4))
def test_an_enclosed_inverse_holds_the_exact_one(seed):
    A = exact.rationals(np.random.default_rng(seed).normal(size=(7, 7)))
    A[1] = A[0] + A[1] * fmpq(1, 10 ** (40 * seed))  # up to hopeless for balls
    enclosed, inverse = exact.enclosed_inverse(A), exact.inverse(A)
    assert all(ball.contains(x) for ball, x in zip(enclosed.flat, inverse.flat, strict=True))
    assert max(float(ball.rad()) / float(abs(ball).upper()) for ball in enclosed.flat) < 1e-20


def test_an_enclosed_inverse_of_a_singular_matrix_is_refused():
    A = exact.rationals(np.random.default_rng(0).normal(size=(7, 7)))
    A[1] = A[0]
    with pytest.raises(ZeroDivisionError):
        exact.enclosed_inverse(A)
