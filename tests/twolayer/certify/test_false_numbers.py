"""Instances whose supremum once came out wrong, without a warning: the files of tests/cases, and what is true of them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.strategies import brute_epsilon
from twolayer.certify.suprema import gradient_suprema
from twolayer.cli import main
from twolayer.instances import Instance
from twolayer.restriction.restricted import restricted
from twolayer.statements.check import check

CASES = Path(__file__).parents[2] / "cases"


def case(name: str) -> Instance:
    return Instance.from_json((CASES / f"{name}.json").read_text(encoding="utf-8"))


def test_weights_of_1e_200_and_fan_outs_of_1e200_have_the_gradient_of_their_products():
    """70 creases: overflow to infinity, times an activation that underflowed to 0, was a NaN, and that a supremum of 0."""
    (enclosure,) = gradient_suprema(restricted(case("gradient-not-zero")))
    truth = 2242 * 10**201
    assert enclosure.lower <= truth <= enclosure.upper <= 1.0000001 * enclosure.lower


def test_a_gradient_that_is_zero_at_the_interior_point_alone_is_not_zero():
    """g = x_1 has value 0 at the centre and no crease inside: the exact zero test has to look at its slope too."""
    instance = case("plane-not-zero")
    (enclosure,) = gradient_suprema(restricted(instance))
    assert brute_epsilon(instance, 0) == 3
    assert (enclosure.lower, enclosure.upper) == (3.0, 3.0)


def test_no_theorem_fails_on_weights_of_1e_200():
    rows = check(case("gradient-not-zero")).verdicts
    assert {(v.statement, v.form) for v in rows if v.verdict == "fails"} == {("theorem-2", "printed")}


def test_a_weight_of_the_smallest_float_is_checked(capsys):
    assert main(["check", str(CASES / "tiny-teacher.json"), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {v["verdict"] for v in printed["verdicts"]} <= {"holds", "vacuous", "not-applicable"}
    assert 0 < printed["gradient"]["lower"] <= printed["gradient"]["upper"] < 1.01 * printed["gradient"]["lower"]
