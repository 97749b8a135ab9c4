"""Rows of fan-out recovery in certificates: proved, kept apart where they are vacuous, refused where they are forged."""

from __future__ import annotations

import json

import pytest

from twolayer.instances import Instance
from twolayer.statements.certificates import certificate

from ..statements.test_recovery import HALVES, LONGER, Q, X, instance
from . import truth
from .fuzzer import accepted, refused


def certified(network: Instance) -> dict:
    return json.loads(json.dumps(certificate(network)[0]))


def test_the_checker_proves_the_rows_and_keeps_what_is_vacuous_apart():
    given = certified(instance([X, ([1, 1], 0, [1])], [*HALVES, ([1, 1], Q(1, 50), [1])]))
    said = accepted(given)
    assert "fan-out-recovery sharp holds (teacher 0, observer 3)" in said and "fan-out-recovery sharp vacuous" in said
    assert not any("fan-out" in what for what in given["left_out"])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"measured": "1/1000000"}, "the verdict holds is not proved"),
        ({"bound": "1/10"}, "the verdict holds is not proved"),
        ({"cluster": []}, "the verdict holds is not proved"),
        ({"cluster": [0]}, "the verdict holds is not proved"),
        ({"cluster": [0, 1, 2]}, "a teacher"),
        ({"cluster": [0, 9]}, "is not an index"),
        ({"form": "repaired"}, "does not apply"),
        ({"observer": 0}, "names the wrong radius"),
        ({"verdict": "vacuous"}, "the verdict vacuous is not proved"),
        ({"verdict": "fails"}, "the verdict fails is not proved"),
    ],
)
def test_a_forged_row_is_refused(change, why):
    """Two halves of relu(x) with the copy of relu(x + y): what is proved is 0.02005 to 0.00005."""
    given = certified(instance([X, ([1, 1], 0, [1])], [*HALVES, ([1, 1], 0, [1])]))
    row = next(r for r in given["verdicts"] if r["statement"] == "fan-out-recovery" and (r["teacher"], r["observer"]) == (0, 3))
    assert (row["verdict"], row["cluster"]) == ("holds", [0, 1])
    given["verdicts"] = [{**row, **change}]
    refused(given, why)


def test_a_bound_of_the_whole_fan_out_does_not_hold_in_a_certificate_either():
    given = certified(instance([X], [([0, 1], 3, [0])]))
    row = next(r for r in given["verdicts"] if r["statement"] == "fan-out-recovery")
    assert row["verdict"] == "vacuous"
    given["verdicts"] = [{**row, "verdict": "holds"}]
    refused(given, "not proved to say anything")


BOTH = (([0, 1], 8, [1, 0]), ([0, 1], 9, [0, 1]))  # observers of either output, active on all of the square


def certified_vector() -> tuple[dict, dict]:
    """(the certificate of two halves of v_T = (3, 4) and a crease far off; the row of the vector form)."""
    halves = [(w, b, [Q(3, 2), Q(2)]) for w, b, _ in HALVES]
    far = [([1, 1], Q(9, 5), [v, v]) for v in (10, 9)]  # a crease in a corner, learnt but for a tenth: eps_k is large
    given = certified(instance([([1, 0], 0, [3, 4]), far[0]], [*halves, far[1]], BOTH))
    rows = [r for r in given["verdicts"] if r["statement"] == "fan-out-recovery" and "observers" in r and r["teacher"] == 0]
    assert len(rows) == 1 and rows[0]["verdict"] == "holds"
    return given, rows[0]


def test_the_vector_form_and_local_gradients_are_restated_and_true():
    given, row = certified_vector()
    said = accepted(given)
    assert f"fan-out-recovery sharp holds (teacher 0, observers {row['observers']})" in said
    assert truth.true(given) == "" and not any("fan-out" in what for what in given["left_out"])
    assert len(row["gradients"]) == 2 and all("affine" in entry or "shares" in entry for entry in row["gradients"])
    assert Q(row["bound"]) < Q(1, 40) and Q(row["measured"]) == pytest.approx(LONGER, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"measured": "1/1000000"}, "the verdict holds is not proved"),
        ({"bound": "1/10"}, "the verdict holds is not proved"),
        ({"gradients": [{}, {}]}, "not proved to say anything"),
        ({"gradients": [{}]}, "malformed"),
        ({"observers": [3, 3]}, "Q is not invertible"),
        ({"observers": [3]}, "one other observer for each output is needed"),
        ({"cluster": []}, "the verdict holds is not proved"),
        ({"cluster": [2]}, "a teacher"),
        ({"verdict": "vacuous"}, "the verdict vacuous is not proved"),
        ({"measured": None, "bound": None}, "is not proved"),
        ({"measured": None, "bound": None, "verdict": "vacuous", "observer": 3}, "is not proved to be undefined"),
    ],
)
def test_a_forged_vector_is_refused(change, why):
    given, row = certified_vector()
    given["verdicts"] = [{**row, **change}]
    refused(given, why)


def test_a_row_without_a_bound_needs_an_observer_that_does_not_see_the_teacher():
    """Observer 3 sees the second output alone, of which the teacher has nothing: alpha = 0. Observer 2 sees it."""
    given = certified(instance([([1, 0], 0, [3, 0])], [([1, 0], Q(1, 9), [3, 1]), ([0, 1], 3, [1, 1])], BOTH))
    rows = [r for r in given["verdicts"] if r["bound"] is None]
    assert {(r["statement"], r["form"], r["verdict"]) for r in rows if r["observer"] == 3 and r["teacher"] == 0} == {
        ("theorem-2", form, "vacuous") for form in ("printed", "repaired", "sharp")
    }
    assert "alpha is 0" in accepted(given) and truth.true(given) == ""
    for change in ({"observer": 2}, {"verdict": "holds"}, {"statement": "theorem-1"}):
        refused({**given, "verdicts": [{**rows[0], "teacher": 0, **change}]}, "")
