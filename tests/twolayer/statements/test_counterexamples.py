"""Every counterexample makes its printed statement fail, for the reason that the theory gives, and no other form."""

from __future__ import annotations

import pytest

from twolayer.statements.check import check

from .counterexamples import COUNTEREXAMPLES

DIGITS = 5e-3  # relative; the table states bounds to three digits


@pytest.mark.parametrize("case", COUNTEREXAMPLES, ids=lambda case: case.name)
def test_the_printed_statement_fails_for_the_stated_reason(case):
    result = check(case.build())
    rows = [
        v
        for v in result.verdicts
        if v.statement == case.statement and all(getattr(v, key) == index for key, index in case.row.items())
    ]
    printed = next(v for v in rows if v.form == "printed")
    assert (printed.verdict, printed.reason) == ("fails", case.reason)
    assert printed.measured == pytest.approx(float(case.measured), rel=DIGITS, abs=1e-15)
    assert printed.bound == pytest.approx(float(case.bound), rel=DIGITS, abs=1e-15)


@pytest.mark.parametrize("case", COUNTEREXAMPLES, ids=lambda case: case.name)
def test_the_repaired_and_sharp_statements_survive_the_counterexample(case):
    assert all(v.verdict != "fails" for v in check(case.build()).verdicts if v.form != "printed")


@pytest.mark.parametrize("case", COUNTEREXAMPLES, ids=lambda case: case.name)
def test_the_counterexample_s_gradient_is_enclosed_to_the_last_float(case):
    lower, upper = check(case.build()).gradient
    assert lower <= float(case.epsilon) <= upper and upper - lower <= 4e-16 * upper


def test_all_reasons_of_the_theory_are_covered():
    assert {case.reason for case in COUNTEREXAMPLES} == {
        "sign",
        "region",
        "alpha",
        "shared-hyperplane",
        "norm",
        "thickness",
        "student",
    }
