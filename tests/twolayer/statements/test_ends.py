"""Which end of an enclosure a verdict is judged at: fails and holds are claims, between them a row is undecided."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from flint import arb

from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box
from twolayer.statements import corollary1, theorem2
from twolayer.statements.sharp import local
from twolayer.statements.verdict import FAILS, HOLDS, NOT_APPLICABLE, UNDECIDED, VACUOUS, compare

from ...strategies import array
from .test_setting import setting


@pytest.mark.parametrize(
    ("measured", "smallest", "largest", "verdict"),
    [
        (1, 2, 3, HOLDS),
        (1, 1, 3, HOLDS),
        (1, Fraction(1, 2), 3, UNDECIDED),
        (1, Fraction(1, 2), 1, UNDECIDED),
        (1, Fraction(1, 2), Fraction(3, 4), FAILS),
    ],
)
def test_a_row_holds_at_the_smallest_reading_of_its_bound_and_fails_at_the_largest(measured, smallest, largest, verdict):
    assert compare(*(arb(x.numerator) / x.denominator for x in map(Fraction, (measured, smallest, largest)))) == verdict


def tilted(sign: int = 1, second: int = 0):
    """A teacher relu(y), a student at a sine of 3/5 to it, and an active observer of fan-out +-1."""
    teacher = TwoLayer([[0, 1]], [0], [[1]])
    W = array([Fraction(3, 5), Fraction(4, 5), 1, 0], (2, 2))
    return Instance(teacher, TwoLayer(W, array([second, 3], 2), array([1, sign], (1, 2))), Box([-1, -1], [1, 1]))


def theorem(ends, form, sign=1):
    """The row of Theorem 2 for teacher 0 and the active observer, at a gradient that is said to lie between the ends.

    M K eps / alpha is 16.93 eps / (1 - 5 eps) here: 0.3 at 0.016, 0.6 at 0.03, 0.9 at 0.042.
    """
    scene = setting(tilted(sign), ends, ends)
    row = theorem2.Row(scene, scene.problem.teacher[0], scene.problem.student[1], theorem2.STATEMENT)
    return {"printed": theorem2.printed, "repaired": theorem2.repaired, "sharp": theorem2.sharpened}[form](row)


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        ((0.0, 0.01), FAILS),
        ((0.02, 0.02), FAILS),
        ((0.01, 0.04), UNDECIDED),
        ((0.038, 0.04), HOLDS),
        ((0.038, 0.05), VACUOUS),
        ((0.01, 0.05), VACUOUS),
        ((0.01, 0.25), NOT_APPLICABLE),
    ],
)
def test_printed_theorem_2_fails_at_the_upper_end_and_holds_at_the_lower_one(ends, verdict):
    assert theorem(ends, "printed").verdict == verdict


@pytest.mark.parametrize("ends", [(0.0, 0.01), (0.01, 0.04), (0.0, 0.15)])
def test_a_negative_alpha_makes_the_printed_bound_negative_at_both_ends(ends):
    row = theorem(ends, "printed", sign=-1)
    assert row.verdict == FAILS and row.bound < 0 and "sign" in row.missing


def test_the_bound_of_a_row_is_at_the_upper_end_of_its_gradient_in_every_form():
    for form in ("printed", "repaired", "sharp"):
        wide, upper, lower = (theorem(ends, form) for ends in ((0.005, 0.02), (0.02, 0.02), (0.005, 0.005)))
        assert wide.bound == upper.bound and upper.bound > lower.bound


def lonely(ends, form, observers=((1, 0), (0, 1)), spare=(1, 1)):
    """Corollary 1's row of a student node whose crease y = 0 two active observers see, in two outputs."""
    teacher = TwoLayer([[1, 0], [1, 1]], [3, 5], [[1, 100], [0, 0]])
    W = array([0, 1, 1, 0, 1, 1], (3, 2))
    V = array([x for pair in zip(spare, *observers, strict=True) for x in pair], (2, 3))
    scene = setting(Instance(teacher, TwoLayer(W, array([0, 3, 4], 3), V), Box([-1, -1], [1, 1])), *ends)
    judge = {"printed": corollary1.printed, "repaired": corollary1.repaired, "sharp": corollary1.sharpened}[form]
    return judge(scene, scene.problem.student[0])


@pytest.fixture
def without_local_gradients(monkeypatch):
    monkeypatch.setattr(local, "whole_ball", lambda *_: None)


def test_corollary_1_takes_each_observer_s_own_gradient_and_the_worst_of_them(without_local_gradients):
    """Sharp: B_m = 4 eps_m / r with r = 1; the bound is |B|_2 for Q = 1."""
    for ends, limits in (
        ([(0, 0), (1, 1), (0.5, 0.5)], (4, 2)),
        ([(0, 0), (0.5, 0.5), (1, 1)], (2, 4)),
        ([(9, 9), (0.25, 0.25), (0.25, 1)], (1, 4)),
    ):
        row = lonely(ends, "sharp")
        assert row.verdict == HOLDS and row.observers == (1, 2)
        assert row.bound == pytest.approx((limits[0] ** 2 + limits[1] ** 2) ** 0.5, rel=1e-6)


def test_corollary_1_divides_by_the_fan_outs_of_its_observers(without_local_gradients):
    """Q = [[1, 0], [3, 1]] has Q^-1 = [[1, 0], [-3, 1]]: with B = (4, 4) entries of at most 4 + 3 * 4 and 4."""
    row = lonely([(0, 0), (1, 1), (1, 1)], "sharp", observers=((1, 3), (0, 1)))
    assert row.terms["limits"] == pytest.approx([4, 4], rel=1e-6)
    assert row.bound == pytest.approx((16**2 + 4**2) ** 0.5, rel=1e-6)


@pytest.mark.parametrize(("ends", "verdict"), [((0.0, 1e-3), FAILS), ((0.0, 0.09), UNDECIDED), ((0.08, 0.09), HOLDS)])
def test_printed_corollary_1_fails_at_the_upper_end_and_holds_at_the_lower_one(ends, verdict):
    assert lonely([ends] * 3, "printed").verdict == verdict


@pytest.mark.parametrize("ends", [(1e-4, 2e-4), (2e-4, 1e-4)])
def test_repaired_corollary_1_costs_the_root_of_the_outputs_and_takes_the_worst_observer(ends):
    """B_m = (10 / rho) sqrt(2 / (2 pi)) K eps_m / c0 with rho = 1 - q, q = 5 eps_m, c0 = 1/sqrt(2) and K = 5 nodes."""
    row = lonely([(0, 0), *((x, x) for x in ends)], "repaired")
    q, c0, nodes = 5 * max(ends), 0.5**0.5, 5
    limit = 10 / (1 - q) * (1 / math.pi) ** 0.5 * nodes * max(ends) / c0
    assert row.terms["limit"] == pytest.approx(limit, rel=1e-6) and row.terms["inverse_norm"] == 1
    assert row.bound == pytest.approx(2**0.5 * limit, rel=1e-6)
