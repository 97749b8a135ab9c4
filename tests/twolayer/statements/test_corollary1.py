"""Corollary 1 says nothing where its bound reaches the largest fan-out, and every row that compares has two numbers."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from twolayer.instances import BadInput, Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box
from twolayer.statements import observers
from twolayer.statements.certificates import certificate
from twolayer.statements.check import check
from twolayer.statements.verdict import HOLDS, NOT_APPLICABLE, PRINTED, REPAIRED, SHARP, VACUOUS, Verdict

from ...strategies import array, instances, thorough
from .counterexamples import corollary_1_corner

CASES = Path(__file__).parents[2] / "cases"
ROUNDING = 1e-12
DECIDED = ("holds", "fails", "undecided")


def rows(instance: Instance) -> list[Verdict]:
    return [v for v in check(instance, statements=["corollary-1"]).verdicts]


def widest(*networks: TwoLayer) -> float:
    """The largest |v|_2 of any node."""
    return max(math.hypot(*(float(x) for x in column)) for network in networks for column in network.V.T)


def untrained() -> Instance:
    return Instance.from_json((CASES / "untrained-student.json").read_text())


def tilted(teacher_fan_out=1) -> Instance:
    """A student crease at an angle of 1/100 to its teacher's, seen by a node that is active throughout."""
    teacher = TwoLayer([[0, 1], [1, 1]], [0, 4], [[teacher_fan_out, 1]])
    student = TwoLayer(array([Fraction(1, 100), 1, 1, 1], (2, 2)), array([0, 4], 2), array([teacher_fan_out, 1], (1, 2)))
    return Instance(teacher, student, Box([-1, -1], [1, 1]), name="a tilted copy")


VAGUE = {PRINTED: lambda: corollary_1_corner(Fraction(1, 20)), REPAIRED: tilted, SHARP: untrained}


def with_a_silent_node(instance: Instance, side: str, fan_out: Fraction) -> Instance:
    """The same functions: one network has one node more, last and inactive everywhere, with a large fan-out."""
    n = getattr(instance, side).exact()
    W = np.concatenate([n.W, np.full((1, n.inputs), Fraction(0))])
    V = np.concatenate([n.V, array([fan_out] + [0] * (n.outputs - 1), (n.outputs, 1))], axis=1)
    return replace(instance, **{side: TwoLayer(W, np.append(n.b, Fraction(-1)), V)})


def test_an_untrained_student_gets_no_row_that_holds():
    instance = untrained()
    verdicts = rows(instance)
    assert Counter((v.form, v.verdict) for v in verdicts) == {
        (SHARP, VACUOUS): 6,
        (SHARP, NOT_APPLICABLE): 2,
        (PRINTED, NOT_APPLICABLE): 8,
        (REPAIRED, NOT_APPLICABLE): 8,
    }
    for v in verdicts:
        if v.verdict == VACUOUS:
            assert v.bound > widest(instance.teacher, instance.student) >= v.measured


@thorough
@given(instances())
def test_a_bound_says_something_exactly_where_it_is_below_the_largest_fan_out(instance):
    largest = widest(instance.teacher, instance.student)
    for v in rows(instance):
        if v.verdict == VACUOUS:
            assert v.bound is None or v.bound >= largest * (1 - ROUNDING)
        elif v.verdict in DECIDED:
            assert v.bound < largest * (1 + ROUNDING)


@pytest.mark.parametrize("side", ["teacher", "student"])
@pytest.mark.parametrize("form", VAGUE)
def test_the_fan_outs_of_both_networks_count_in_every_form(form, side):
    """A silent node changes no function, only what a bound is compared with."""
    before = [v for v in rows(VAGUE[form]()) if v.form == form and v.verdict == VACUOUS]
    assert before
    after = {(v.form, v.student): v.verdict for v in rows(with_a_silent_node(VAGUE[form](), side, Fraction(10**6)))}
    assert {after[form, v.student] for v in before} == {HOLDS}


def test_the_largest_fan_out_itself_is_where_a_bound_begins_to_say_something():
    """Sharp bounds do not count silent nodes, so that one can be put next to a bound."""
    for v in rows(untrained()):
        if v.verdict == VACUOUS:
            for share, verdict in ((Fraction(999, 1000), VACUOUS), (Fraction(1001, 1000), HOLDS)):
                beside = rows(with_a_silent_node(untrained(), "teacher", Fraction(v.bound) * share))
                assert [w.verdict for w in beside if (w.form, w.student) == (SHARP, v.student)] == [verdict]


def test_a_fan_out_beyond_floats_is_not_compared():
    """The fan-out of node 0 is 1e330 and its weights are so small that the gradient fits floats; the silent node's is 1e390."""
    instance = untrained()
    student, teacher = instance.student.exact(), instance.teacher.exact()
    large, small = Fraction("1e330"), Fraction("1e-300")
    weights = np.array([Fraction("1e-390"), *[Fraction(1)] * (student.width - 1)], dtype=object)
    scales = np.array([large, *[small] * (student.width - 1)], dtype=object)
    scaled = replace(
        instance,
        teacher=TwoLayer(teacher.W, teacher.b, teacher.V * small),
        student=TwoLayer(student.W * weights[:, None], student.b * weights, student.V * scales),
    )
    verdicts = [v for v in rows(with_a_silent_node(scaled, "teacher", Fraction("1e390"))) if (v.form, v.student) == (SHARP, 0)]
    assert [(v.verdict, v.measured, v.bound) for v in verdicts] == [(NOT_APPLICABLE, None, None)]
    assert "beyond the largest float" in verdicts[0].why


@pytest.mark.parametrize("scale", ["1e-330", "1e-250", "1", "1e250", "1e330"])
@pytest.mark.parametrize("form", VAGUE)
def test_fan_outs_beyond_floats_end_in_no_row_without_numbers(form, scale):
    instance, factor = VAGUE[form](), Fraction(scale)
    scaled = [TwoLayer(n.W, n.b, n.V * factor) for n in (instance.teacher.exact(), instance.student.exact())]
    for beyond in (replace(instance, teacher=scaled[0], student=scaled[1]), replace(instance, student=scaled[1])):
        try:
            verdicts = rows(beyond)
        except BadInput as error:  # a gradient beyond floats
            assert factor > 10**200 and "fit a float" in str(error)
            continue
        assert all(math.isfinite(v.measured) and math.isfinite(v.bound) for v in verdicts if v.verdict in DECIDED)


@pytest.mark.parametrize("sides", [(None, 1.0), (1.0, None), (None, None)])
@pytest.mark.parametrize("verdict", DECIDED)
def test_no_row_that_compares_lacks_a_side(verdict, sides):
    with pytest.raises(ValueError, match="needs two sides"):
        Verdict("corollary-1", SHARP, verdict, *sides, "because", student=0)


def test_a_certificate_restates_no_fan_out_bound_that_says_nothing():
    """The row may hold by another method; what the checker can follow has to say something too."""
    for instance in (
        tilted(),
        tilted(Fraction(1, 1000)),
        untrained(),
        with_a_silent_node(untrained(), "teacher", Fraction(100)),
    ):
        written, result = certificate(instance)
        restated = [v for v in written["verdicts"] if v["statement"] == "corollary-1"]
        assert all(Fraction(v["bound"]) < widest(instance.teacher, instance.student) for v in restated if v["verdict"] == HOLDS)
        told = sum(v.verdict in (HOLDS, "fails", VACUOUS) for v in result.verdicts)
        alone = [v for v in written["verdicts"] if v["statement"] == "corollary-1" or "observers" not in v]  # no vector forms
        assert len(alone) + sum(n for row, n in written["left_out"].items() if "vector" not in row) == told


def test_rows_are_the_same_whether_observers_are_inverted_exactly_or_in_balls(monkeypatch):
    rng = np.random.default_rng(1)
    W, b, V = rng.normal(size=(4, 2)), rng.normal(size=4) / 4, rng.normal(size=(3, 4))
    copies = TwoLayer(np.vstack([W, rng.normal(size=(1, 2))]), np.append(b, 0.1), np.hstack([V, 1e-3 * V[:, :1]]))
    instance = Instance(TwoLayer(W, b, V), copies, Box([-1, -1], [1, 1]))
    exactly = rows(instance)
    monkeypatch.setattr(observers, "EXACT_UP_TO", 0)
    assert rows(instance) == exactly and Counter(row.verdict for row in exactly)[HOLDS] > 0


@pytest.mark.parametrize("power", [-300, 0, 300])
def test_a_crease_that_nothing_hides_is_seen_as_it_is_by_the_local_gradient_of_its_ball(power):
    """h = -relu(y)/2 on [-1, 1]^2: eps_k = 1/2 bounds the fan-out by 2, 1/8 on the unit ball by 1/2. Lengths times 2^power."""
    unit = Fraction(2) ** power
    teacher = TwoLayer([[1, 0]], [4 * unit], [[1]])
    student = TwoLayer([[0, 1], [1, 0]], [0, 4 * unit], [[Fraction(1, 2), 1]])
    instance = Instance(teacher, student, Box([-unit, -unit], [unit, unit]))
    (row,) = [v for v in rows(instance) if (v.form, v.student) == (SHARP, 0)]
    assert row.verdict == HOLDS and row.measured == 0.5 and row.bound == pytest.approx(0.5, rel=1e-8)
    seen = {key: row.terms[key] for key in ("epsilons", "local_epsilons", "radii")}
    size = float(unit)
    assert seen == {key: pytest.approx([x * size], rel=1e-8) for key, x in zip(seen, (1 / 2, 1 / 8, 1), strict=True)}


@pytest.mark.filterwarnings("error")
def test_a_parallel_crease_where_a_ball_sees_no_gradient_is_no_warning():
    nothing, across = [0, 0, 0], [0, 1, Fraction(-1, 2)]
    student = TwoLayer([across, nothing, across], [Fraction(-1, 2), 0, 0], [[0, 0, 0], [0, 0, 1]])
    teacher = TwoLayer([nothing], [0], [[0], [0]])
    rows = check(Instance(teacher, student, Box([-1] * 3, [1] * 3)), statements=["corollary-1"]).verdicts
    assert {v.verdict for v in rows if v.form == "sharp"} <= {"holds", "vacuous", "not-applicable"}
