"""The formulas: Lemmas 2-4, the volume inequality, and how the bounds move with their arguments."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from twolayer import exact
from twolayer.exact import balls, rationals
from twolayer.statements import bounds

positive = st.floats(1e-3, 1e3)


def test_volume_ratios_of_small_balls_are_the_known_ones():
    """V_1/V_0 = 2, V_2/V_1 = pi/2, V_3/V_2 = 4/3."""
    for n, value in ((1, arb(2)), (2, arb.pi() / 2), (3, arb(4) / 3)):
        assert bounds.volume_ratio(n).overlaps(value)


@pytest.mark.parametrize("d", [2, 3, 10, 100, 1000])
def test_the_volume_inequality_holds_and_is_asymptotically_tight(d):
    ratio, below = bounds.volume_ratio(d - 1), bounds.volume_bound(d)
    assert ratio > below
    assert ratio < below * (1 + arb(1) / d)


def test_lemma_2_gives_a_unit_vector_in_the_hyperplane_that_sees_the_sine():
    normal = balls(rationals([1, 0]))
    other = balls(np.array([exact.rational(3) / 5, exact.rational(4) / 5], dtype=object))
    u, sine = bounds.tangent(normal, other)
    assert (u * normal).sum().overlaps(arb(0)) and (u * u).sum().overlaps(arb(1))
    assert sine.overlaps(arb(4) / 5) and (u * other).sum().overlaps(sine)


def test_lemma_3_leaves_room_exactly_while_the_slabs_are_thinner_than_the_disc():
    """d = 2: a disc of radius 1 is an interval; volume_bound(2) = sqrt(pi), so a total width below 1.77 leaves room."""
    assert bounds.slabs_leave_room(2, 1, 0.25, [0.5])  # one slab of width 1
    assert not bounds.slabs_leave_room(2, 1, 0.25, [0.25])  # of width 2
    assert not bounds.slabs_leave_room(2, 1, 0.25, [0.5, 0.5])  # two of width 1


@given(positive, positive)
def test_lemma_4_contradicts_a_kink_larger_than_four_eps_over_q(epsilon, kappa):
    """With q = 5 eps / |kappa| the bound 4 eps / q is below |kappa|."""
    q = 5 * exact.ball(epsilon) / exact.ball(kappa)
    assert bounds.kink_below(epsilon, q) < exact.ball(kappa)


def test_the_printed_bound_of_counterexample_2a_is_0_119():
    """r' = 1 - 5/100, M = (10/r') sqrt(2/(2 pi)), K = 2, eps = 1/100, alpha = 1."""
    shrunk = bounds.shrunk_radius(1, exact.rational(1) / 100, 1)
    value = bounds.printed_sine(2, shrunk, 2, exact.rational(1) / 100, 1)
    assert value.overlaps(2 * 10 * arb(1) / 100 / (arb(19) / 20) / arb.pi().sqrt())
    assert abs(float(value.mid()) - 0.11878) < 1e-5


def test_the_printed_bound_is_negative_for_a_negative_alpha():
    assert bounds.printed_sine(2, 1, 2, 0.01, -1) < 0


def test_one_opposing_student_gives_four_eps_over_kappa_r():
    """Theorem A with N = 1: sin = 1/X = 4 eps/(kappa r) exactly."""
    room = bounds.reach(2, 0.5, 0.125)  # X = 2
    assert bounds.student_sine(room, arb(0), 1).overlaps(arb(1) / 2)


def test_teachers_that_use_up_the_room_leave_no_bound():
    room = bounds.reach(2, 0.5, 0.125)
    assert bounds.student_sine(room, arb(2), 1) is None and bounds.student_sine(room, arb(1), 1) is not None


def test_a_kink_below_four_eps_over_r_leaves_no_room():
    assert not bounds.reach(1, 1, 0.25) > 0 and not bounds.reach(1, 1, 0.3) > 0 and bounds.reach(1, 1, 0.2) > 0


def test_the_mass_constant_is_a_half_up_to_three_dimensions_and_grows_like_the_root():
    assert [float(bounds.mass_constant(n).mid()) for n in (1, 2, 3)] == [0.5, 0.5, 0.5]
    assert bounds.mass_constant(4).overlaps(arb(2) / arb.pi())  # Gamma(2)/(sqrt(pi) Gamma(3/2)) = 2/pi
    for n in (4, 10, 100):
        larger = (arb(n) / 2 + 1).gamma() / (arb.pi().sqrt() * (arb(n + 1) / 2).gamma())
        assert bounds.mass_constant(n) < larger


def test_the_mass_form_at_twice_the_threshold_is_sixteen_c_eps_over_kappa_rho():
    """t = 8 eps/kappa, S_T = 0, M_S = kappa: tan = 16 c eps/(kappa rho)."""
    kappa, epsilon, rho = 2.0, 0.001, 0.5
    value = bounds.student_sine_by_mass(1, kappa, epsilon, rho, 8 * epsilon / kappa, arb(0), arb(kappa))
    tangent = 16 * 0.5 * epsilon / (kappa * rho)
    assert abs(float(value.mid()) - math.sin(math.atan(tangent))) < 1e-15


def test_a_cylinder_below_the_threshold_height_proves_nothing():
    assert bounds.student_sine_by_mass(1, 1, 0.25, 1, 1, arb(0), arb(1)) is None


def test_theorem_a_bounds_a_kink_by_four_eps_over_r_without_opposition():
    assert bounds.kink_by_ball(0.25, 1, arb(0)).overlaps(arb(1))
    assert bounds.kink_by_ball(0.25, 1, arb(3)).overlaps(arb(10).sqrt())


def test_the_norm_of_q_inverse_is_the_column_sum():
    Q = rationals([[1, 2], [0, 4]])
    assert bounds.column_sum_norm(Q).overlaps(arb(6))  # columns sum to 1 and 6, rows to 3 and 4


ENTRIES = st.lists(st.integers(-10, 10), min_size=9, max_size=9)


@given(ENTRIES, ENTRIES, st.lists(st.integers(1, 4), min_size=3, max_size=3))
def test_no_fan_out_that_its_observers_see_is_above_the_bound(entries, shares, limits):
    """Every v with |Q^T v|_m <= B_m, so v = Q^-T kappa; and a kappa of the right signs attains each entry."""
    inverse = rationals(np.array(entries).reshape(3, 3))
    bound = bounds.fan_out(inverse, balls(rationals(limits)))
    for share in np.array(shares).reshape(3, 3):
        fan_out = inverse.T @ rationals(limits * share) / 10
        assert not (fan_out**2).sum() > exact.rational(exact.upper_float(bound)) ** 2
    largest = [float(sum(abs(x) * b for x, b in zip(column, limits, strict=True))) for column in inverse.T]
    assert float(bound.mid()) == pytest.approx(math.hypot(*largest))


@given(ENTRIES, st.lists(st.integers(1, 4), min_size=3, max_size=3))
def test_the_bound_on_a_fan_out_is_below_those_by_norms(entries, limits):
    inverse, B = rationals(np.array(entries).reshape(3, 3)), balls(rationals(limits))
    floats, bound = np.array(entries, dtype=float).reshape(3, 3), float(bounds.fan_out(inverse, B).mid())
    columns, rows = np.abs(floats).sum(axis=0).max(), np.abs(floats).sum(axis=1).max()
    spectral = min(np.linalg.norm(floats), math.sqrt(columns * rows))  # the norms that bound the spectral one
    assert bound <= min(math.sqrt(3) * columns * max(limits), np.linalg.norm(limits) * spectral) * (1 + 1e-12)
