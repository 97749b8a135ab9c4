"""Which end of an enclosure each form uses: wide enclosures by hand, so that a wrong end cannot hide."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from flint import arb, fmpq

from twolayer.certify.enclosure import Enclosure, FalseEnclosure, between
from twolayer.certify.suprema import active_domains, gradient_suprema
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box
from twolayer.restriction.restricted import restricted
from twolayer.statements import corollary1, theorem2, theorem3
from twolayer.statements.setting import Setting
from twolayer.statements.verdict import compare


def trained():
    """Two teachers and three students in the square; each student is a little off, one is nobody's."""
    teacher = TwoLayer([[0.0, 1.0], [1.0, 0.2]], [0.1, -0.2], [[1.0, 0.5], [0.3, 1.0]])
    student = TwoLayer([[0.001, 1.0], [1.0, 0.201], [1.0, 1.0]], [0.1, -0.2, 0.1], [[0.999, 0.5, 0.001], [0.3, 1.001, -0.001]])
    return Instance(teacher, student, Box([-1, -1], [1, 1]), second_teacher=teacher)


def setting(lower, upper, excess=(0.0, 0.0)):
    """The instance with the same enclosure [lower, upper] for every student, whatever the truth."""
    instance = trained()
    problem = restricted(instance)
    domains = active_domains(problem)
    return Setting(instance, problem, domains, [Enclosure(lower, upper, None)] * 3, excess)


def rows(scene, statement=theorem2):
    verdicts = statement.rows(scene, scene.problem.student if statement is corollary1 else scene.problem.teacher)
    return {(v.form, v.teacher, v.student, v.observer): v for v in verdicts}


@pytest.mark.parametrize("statement", [theorem2, corollary1])
def test_repaired_and_sharp_bounds_use_the_upper_end_of_eps_alone(statement):
    wide, tight = rows(setting(0.0, 1e-5), statement), rows(setting(1e-5, 1e-5), statement)
    compared = [key for key in wide if key[0] != "printed" and wide[key].bound is not None]
    assert len(compared) >= 4
    assert all((wide[key].bound, wide[key].verdict) == (tight[key].bound, tight[key].verdict) for key in compared)


@pytest.mark.parametrize("statement", [theorem2, corollary1])
def test_a_larger_eps_never_gives_a_smaller_bound(statement):
    low, high = rows(setting(0.0, 1e-4), statement), rows(setting(0.0, 1e-3), statement)
    compared = [key for key in low if low[key].bound is not None and high[key].bound is not None and low[key].bound > 0]
    ends = [(low[key].bound, high[key].bound) for key in compared if "local_epsilon" not in high[key].terms]
    local = [(low[key].bound, high[key].bound) for key in compared if "local_epsilon" in high[key].terms]  # which has its own
    assert ends and all(small < large for small, large in ends if large < 1) and all(x <= y for x, y in local)


def test_the_printed_bound_is_stated_at_the_upper_end_and_undecided_in_between():
    """The sine lies between the bounds at the two ends: neither proved nor refuted."""
    wide, at_low, at_high = (rows(setting(*ends)) for ends in ((1e-9, 1e-3), (1e-9, 1e-9), (1e-3, 1e-3)))
    key = ("printed", 0, None, 0)
    assert at_low[key].verdict == "fails" and at_high[key].verdict == "holds"
    assert wide[key].verdict == "undecided" and wide[key].bound == at_high[key].bound


def test_eps_of_a_printed_row_is_the_largest_over_all_students_and_of_other_forms_the_observer_s():
    scene = setting(1e-4, 1e-4)
    small, large = Enclosure(1e-4, 1e-4, None), Enclosure(1e-3, 1e-3, None)
    mixed = replace(scene, enclosures=[small, large, small])
    before, after = rows(scene), rows(mixed)
    assert after["printed", 0, None, 0].terms["epsilon"] == 1e-3
    assert after["sharp", 0, None, 0].bound == before["sharp", 0, None, 0].bound
    assert after["sharp", 0, None, 1].bound > before["sharp", 0, None, 1].bound


def test_theorem_3_adds_e0_times_the_observer_s_own_fan_out_norm():
    """|v_0|_1 = 1.299, |v_1|_1 = 1.501: printed takes the largest, the other forms the observer's."""

    def as_rows(scene):
        return {(v.form, v.teacher, v.observer): v for v in theorem3.rows(scene, scene.problem.teacher)}

    by_pair = as_rows(setting(1e-4, 1e-4, excess=(0.0, 1e-3)))
    assert by_pair["sharp", 0, 0].terms["epsilon"] == pytest.approx(1e-4 + 1e-3 * 1.299, rel=1e-12)
    assert by_pair["sharp", 0, 1].terms["epsilon"] == pytest.approx(1e-4 + 1e-3 * 1.501, rel=1e-12)
    assert by_pair["printed", 0, 0].terms["epsilon"] == pytest.approx(1e-4 + 1e-3 * 1.501, rel=1e-12)


def test_comparison_is_three_valued():
    third = arb(1) / 3
    assert compare(third, third + 1, third + 2) == "holds" and compare(third, third - 2, third - 1) == "fails"
    assert compare(third, third - 1, third + 1) == "undecided"
    assert compare(arb(0), arb(0), arb(0)) == "holds"


@pytest.mark.parametrize(
    "lower, upper",
    [(1.0, 0.5), (0.0, math.nan), (math.nan, 1.0), (math.nan, math.nan), (0.0, math.inf), (math.inf, math.inf), (-1.0, 1.0)],
)
def test_ends_that_enclose_nothing_are_an_error_of_ours(lower, upper):
    with pytest.raises(FalseEnclosure, match="0 <= lower <= upper"):
        Enclosure(lower, upper, None)
    assert not issubclass(FalseEnclosure, ValueError)  # bad input is one


def test_exact_ends_other_than_those_that_the_floats_stand_for_are_an_error_of_ours():
    for ends in ((fmpq(1, 2), fmpq(2)), (fmpq(1, 4), fmpq(1)), (fmpq(3, 4), fmpq(1)), (fmpq(1, 2), fmpq(3, 4))):
        with pytest.raises(FalseEnclosure, match="the ends, rounded"):
            Enclosure(0.5, 1.0, None, {}, ends)


def test_ends_beyond_the_range_of_floats_are_kept_and_rounded_outward():
    tiny = fmpq(3, 1 << 1100)
    side = between(tiny, 2 * tiny, None, {})
    assert side.ends == (tiny, 2 * tiny)
    assert (side.lower, side.upper) == (0.0, 5e-324)
    assert str(between(fmpq(0), fmpq(0), None, {}).lower) == "0.0"
    with pytest.raises(OverflowError, match="fit a float"):
        between(tiny, fmpq(1 << 1100), None, {})


def test_the_gradient_of_a_trained_student_is_certified_above_its_samples():
    import numpy as np

    from twolayer.networks import hidden_gradient

    instance = trained()
    enclosures = gradient_suprema(restricted(instance))
    x = np.random.default_rng(0).uniform(-1, 1, size=(20000, 2))
    sampled = np.abs(hidden_gradient(instance.teacher, instance.student, x)).max(axis=0)
    assert all(s <= e.upper for s, e in zip(sampled, enclosures, strict=True))
    assert all(s >= 0.8 * e.lower for s, e in zip(sampled, enclosures, strict=True))
