"""Forged radii and rows of certificates: each is refused for its own reason."""

from __future__ import annotations

import copy
from fractions import Fraction

import pytest

from proofs.certificate import Refuted
from proofs.kernel import rational
from proofs.verdicts import judged

from . import fuzzer, truth
from .by_hand import ALWAYS, SIDE, UP, a_row, a_shape, square
from .fuzzer import BASES, accepted, base, checked, enclosures, refused

NOTHING = "the bound is not proved to say anything"


@pytest.mark.parametrize("name", BASES)
def test_a_claim_is_accepted_up_to_the_truth_and_no_further(name):
    """Every end, radius and side of a row may be weakened; none may be strengthened beyond what is so."""
    given = base(name)
    exact = truth.instance(given).suprema
    nudge = Fraction(1, 10**5)
    for k, sup in enumerate(exact):
        for key, sign in (("upper", 1), ("lower", -1)):
            for side, verdict in ((sign, 0), (-sign, 1)):
                changed = copy.deepcopy(given)
                changed["students"][k][key] = str(sup * (1 + side * nudge))
                ends = [rational(entry[key]) for entry in changed["students"]]
                changed["gradient"][key] = str(max(ends))
                changed["verdicts"] = []
                assert checked(changed)[0] == (verdict if sup else 0), (k, key, side)


@pytest.mark.parametrize("loose", [Fraction(0), Fraction(1, 3)])
@pytest.mark.parametrize("name", [name for name in BASES if base(name)["verdicts"]])
def test_a_row_is_accepted_up_to_its_sides_and_no_further(name, loose):
    """Both sides follow from what the certificate claims of eps and of the radii, be it as loose as it may."""
    given = base(name)
    for entry in [*given["students"], *given.get("excess", []), given["gradient"]]:
        for key, sign in (("lower", -1), ("upper", 1)):
            entry[key] = str(rational(entry[key]) * (1 + sign * loose))
    K, nudge, tried, proved = truth.instance(given), Fraction(1, 10**5), 0, fuzzer.checker.Proved(given)
    exact, e0 = K.suprema, K.excess if "excess" in given else Fraction(0)
    for row in given["verdicts"]:
        judge = truth.Row(K, given, row, exact, e0, claimed=True)
        (measured, bound), verdict = judge.sides(), row["verdict"]
        there = not isinstance(bound, str) and (measured > bound if verdict == "fails" else measured <= bound)
        if there and verdict == "holds":
            judge.row = {**row, "verdict": "vacuous"}
            there = judge.sides()[1] < judge.trivial()
        if not there:
            assert loose  # the radii were made for the true eps
            continue
        tried += 1
        safe, unsafe = {}, {}
        for key, side, sign in (("measured", Fraction(measured), 1), ("bound", Fraction(bound), -1)):
            away = sign * (-1 if verdict == "fails" else 1) * abs(side) * nudge
            safe[key], unsafe[key] = str(side + away), str(side - away)
        if verdict == "vacuous" and bound == 1:  # no room is left
            safe["bound"] = "1"
        lower, upper = (Fraction(safe[key]) for key in ("measured", "bound"))
        if {"holds": lower <= upper, "fails": lower > upper, "vacuous": upper >= judge.trivial()}[verdict]:
            assert judged(proved, {**given, "verdicts": [{**row, **safe}]})
        for key in safe:
            if unsafe[key] != safe[key]:
                with pytest.raises(Refuted, match="is not proved"):
                    judged(proved, {**given, "verdicts": [{**row, **safe, key: unsafe[key]}]})
    assert tried or loose


@pytest.mark.parametrize("name", [name for name in BASES if base(name)["radii"]])
def test_no_radius_may_be_larger_than_what_fits(name):
    given = base(name)
    K = truth.instance(given)
    for n, shape in enumerate(given["radii"]):
        sign = -1 if shape["kind"] == "disc-above" else 1
        for key in ("radius", "allowance"):
            if key == "allowance" and shape["kind"] not in ("guarded", "cylinder"):
                continue
            changed = {**given, "radii": copy.deepcopy(given["radii"]), "verdicts": []}
            changed["radii"][n][key] = str(rational(shape[key]) * (1 + sign * Fraction(1, 10**4)))
            if not truth._fits(K, changed["radii"][n]):
                refused(changed, "a radius is not proved from above" if sign < 0 else f"a {shape['kind']} leaves the region")


def row_of(given, statement, form, **more):
    """The first row of that statement and form."""
    return next(
        row
        for row in given["verdicts"]
        if (row["statement"], row["form"]) == (statement, form) and all(row.get(key) == value for key, value in more.items())
    )


def test_a_centre_off_its_crease_is_refused():
    for name in ("vertices, rows of every form", "vertices, two outputs", "trees, odd nodes"):
        given = base(name)
        for shape in (shape for shape in given["radii"] if "centre" in shape):
            kept, shape["centre"] = shape["centre"], [str(rational(x) + Fraction(1, 10**12)) for x in shape["centre"]]
            refused(given, "a centre lies off its crease")
            shape["centre"] = kept


def test_a_radius_of_zero_is_refused():
    given = base("vertices, rows of every form")
    next(shape for shape in given["radii"] if shape["kind"] == "disc")["radius"] = "0"
    refused(given, "a centre lies off its crease")


def test_a_row_that_names_the_radius_of_another_kind_node_or_observer_is_refused():
    given, tried = base("vertices, two outputs"), 0
    proved = fuzzer.checker.Proved(given)
    for row in given["verdicts"]:
        for key in ("radius", "above"):
            radius = given["radii"][row[key]] if key in row else None
            for other in given["radii"]:
                if radius and any(radius[part] != other[part] for part in ("kind", "node", "observer")):
                    if (
                        {radius["kind"], other["kind"]} == {"ball", "cylinder"}
                        and radius["node"] == other["node"]
                        and radius["observer"] == other["observer"]
                    ):
                        continue
                    radii = [other, *(given["radii"][row[k]] for k in ("radius", "above") if k in row)]
                    proved.radii = [proved.radius(entry) for entry in radii]
                    with pytest.raises((Refuted, LookupError)):
                        judged(proved, {**given, "verdicts": [{**row, "radius": 1, "above": 2, key: 0}]})
                    tried += 1
    assert tried > 100


def test_a_verdict_is_not_turned_round():
    tried = 0
    for name in BASES:
        given = base(name)
        proved = fuzzer.checker.Proved(given)
        for row in given["verdicts"]:
            for sides in (("measured", "bound"), ("bound", "measured")):
                for verdict in {"holds", "fails", "vacuous"} - {row["verdict"]}:
                    turned = {**row, "verdict": verdict, "measured": row[sides[0]], "bound": row[sides[1]]}
                    if not (turned["measured"] == turned["bound"] == "0" and turned["verdict"] == "holds"):
                        with pytest.raises((Refuted, KeyError), match="not proved|above"):  # a radius that the row lacks
                            judged(proved, {**given, "verdicts": [turned]})
                        tried += 1
    assert tried > 200
    for verdict in ("undecided", "not-applicable", "Holds", "", None):
        given = base(name)
        given["verdicts"][0]["verdict"] = verdict
        refused(given, "malformed")


def test_a_negative_alpha_makes_the_printed_bound_negative():
    for name, statement in (("theorem-2-sign", "theorem-2"), ("theorem-3-sign", "theorem-3")):
        given = fuzzer.certified(fuzzer.example(name))
        failing = row_of(given, statement, "printed", verdict="fails")
        assert rational(failing["bound"]) < 0 and "above" in failing
        for bound in ("1/100", "0", failing["bound"]):
            turned = {**failing, "verdict": "holds", "measured": bound, "bound": bound}
            refused({**given, "verdicts": [turned]}, "is not proved")


def test_the_gradient_of_another_student_does_not_count():
    """A row's observer is the one whose radius it names, and whose eps enters the bound."""
    for name in ("vertices, two outputs", "trees, a skew plane"):
        given, tried = base(name), 0
        proved = fuzzer.checker.Proved(given)
        for row in given["verdicts"]:
            if row["form"] != "printed" and "observer" in row:
                for other in range(len(given["students"])):
                    if other != row["observer"]:
                        with pytest.raises((Refuted, LookupError)):
                            judged(proved, {**given, "verdicts": [{**row, "observer": other}]})
                        tried += 1
        assert tried > 5


def test_a_disc_is_guarded_by_the_whole_of_q():
    for name in ("vertices, rows of every form", "vertices, two outputs"):
        given = base(name)
        for shape in (shape for shape in given["radii"] if shape["kind"] == "guarded"):
            kept, shape["allowance"] = shape["allowance"], str(rational(shape["allowance"]) * Fraction(999, 1000))
            refused(given, "the disc is not guarded by q")
            shape["allowance"] = kept


def test_a_cylinder_is_higher_than_four_eps_over_kappa():
    """At t = 4 eps / |kappa| exactly Theorem A says nothing: the row needs more."""
    certificate = fuzzer.certified(
        {
            "format": "twolayer-instance/1",
            "name": "a narrow strip",
            "teacher": {"W": [["0", "1"]], "b": ["0"], "V": [["1"]]},
            "student": {"W": [["0", "0"], ["3/5", "4/5"]], "b": ["1/1000", "1/50"], "V": [["1", "1"]]},
            "region": {"lower": ["-1/10", "-1"], "upper": ["1/10", "1"]},
        }
    )
    row, height = (
        row_of(certificate, "theorem-2", "sharp", teacher=0, observer=0),
        4 * rational(certificate["students"][0]["upper"]),
    )
    shape = {**certificate["radii"][row["radius"]], "radius": "99/1000"}
    assert shape["kind"] == "cylinder" and 0 < rational(shape["allowance"]) - height < 1e-6
    certificate["verdicts"] = [{**row, "radius": 0, "bound": row["measured"]}]
    certificate["radii"] = [shape]
    accepted(certificate)
    shape["allowance"] = str(height)
    refused(certificate, "the cylinder is too low")


def test_a_disc_guarded_by_nothing_may_lie_in_a_facet_and_is_refused():
    """f* = relu(y) on 0 < y < 1 is what the student says, its crease lies in a facet, and no other node is near it."""
    flat = {
        "format": "twolayer-instance/1",
        "name": "a facet",
        "teacher": {"W": [["0", "1"]], "b": ["0"], "V": [["1"]]},
        "student": {"W": [["1", "1"], ["1", "0"]], "b": ["5", "5"], "V": [["1", "-1"]]},
        "region": {"lower": ["-1", "0"], "upper": ["1", "1"]},
    }
    certificate = fuzzer.certified(flat)
    assert enclosures(accepted(certificate))[-1] == (0, 0)
    certificate["radii"] = [
        {"kind": "guarded", "node": ["teacher", 0], "observer": 0, "allowance": "0", "radius": "1/2", "centre": ["0", "0"]}
    ]
    certificate["verdicts"] = [
        {
            "statement": "theorem-2",
            "form": "repaired",
            "verdict": "fails",
            "teacher": 0,
            "observer": 0,
            "measured": "1/2",
            "bound": "1/4",
            "radius": 0,
        }
    ]
    refused(certificate, "flat may lie in a facet")


def test_theorem_1_needs_a_gradient_that_vanishes():
    given = base("vertices, rows of every form")
    given["verdicts"] = [
        {
            "statement": "theorem-1",
            "form": "printed",
            "verdict": "fails",
            "teacher": 0,
            "observer": 0,
            "measured": "1/1000",
            "bound": "0",
        }
    ]
    refused(given, "theorem-1 needs a gradient that vanishes")


def test_theorem_1_sharp_needs_a_student_on_the_hyperplane_that_the_observer_sees():
    given = base("vertices, a copy")
    row = row_of(given, "theorem-1", "sharp")
    refused({**given, "verdicts": [{**row, "verdict": "fails", "measured": "1/2", "bound": "0"}]}, "is not proved")


def test_the_sharp_bound_counts_opposing_students_and_teachers():
    """Corollary 1': two students on either side of the node oppose it, so that Gamma is 4/3 and not 0."""
    given = fuzzer.certified(
        {
            "format": "twolayer-instance/1",
            "name": "two students oppose",
            "teacher": {"W": [["3", "-4"]], "b": ["10"], "V": [["1"]]},
            "student": {"W": [["0", "1"], ["3", "4"], ["1", "0"]], "b": ["0", "0", "7"], "V": [["1", "-1/5", "1"]]},
            "region": {"lower": ["-1", "-1"], "upper": ["1", "1"]},
        }
    )
    given["radii"] = [a_shape("ball", ("student", 0), 2, "1", ["0", "0"], "0")]
    row = a_row("corollary-1", "sharp", "vacuous", observers=[2], radii=[0])
    K = truth.instance(given)
    judge = truth.Row(K, given, row, K.suprema, Fraction(0))
    assert [round(tan, 9) for tan, _ in judge.opposing(2, judge.shape("ball", 2, row["radii"][0]), True)] == [0.75]
    measured, bound = map(Fraction, judge.sides())
    accepted({**given, "verdicts": [{**row, "measured": str(measured), "bound": str(bound * Fraction(999, 1000))}]})
    without = bound * Fraction(3, 5)  # sqrt(1 + 16/9) = 5/3
    for claimed in (without, bound * Fraction(999, 1000)):
        turned = {**row, "verdict": "fails", "measured": str(measured), "bound": str(claimed)}
        refused({**given, "verdicts": [turned]}, "is not proved")


def test_observers_with_a_singular_q_are_refused():
    given = base("vertices, two outputs")
    row = row_of(given, "corollary-1", "printed")
    refused({**given, "verdicts": [{**row, "observers": [row["observers"][0]] * 2}]}, "Q is not invertible")
    refused({**given, "verdicts": [{**row, "observers": row["observers"][:1]}]}, "one other observer for each output")
    refused({**given, "verdicts": [{**row, "observers": [row["student"], row["observers"][0]]}]}, "one other observer")


# -- rows that do not apply -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("teacher", "student", "why"),
    [
        ([ALWAYS, UP], [SIDE], "a node that is constant on U"),
        ([UP, (["0", "-1"], "0", ["-1"])], [SIDE], "kappa_T = 0"),
        ([UP, (["0", "-2"], "0", ["-1/2"])], [SIDE, SIDE], "kappa_T = 0"),
    ],
)
@pytest.mark.parametrize("form", ["printed", "repaired", "sharp"])
def test_theorem_2_needs_a_teacher_with_a_crease_that_is_not_cancelled(teacher, student, why, form):
    given = square(teacher, student)
    given["verdicts"] = [a_row("theorem-2", form, radius=0, above=0)]
    if why == "kappa_T = 0":
        disc, ball = a_shape("disc", ("teacher", 0), None), a_shape("ball", ("teacher", 0), 0, "1/9")
        given["radii"] = [disc if form == "printed" else ball]
        refused(given, why)
    else:
        refused(given, "the row does not apply")
        refused({**given, "radii": [a_shape("ball", ("teacher", 0), 0)]}, why)


def test_no_row_on_angles_or_fan_outs_applies_on_a_line():
    given = base("vertices, a line")
    for form in ("printed", "repaired", "sharp"):
        refused({**given, "verdicts": [a_row("theorem-2", form, radius=0)]}, "the row does not apply")
        refused({**given, "verdicts": [a_row("corollary-1", form, observers=[1], radii=[0])]}, "the row does not apply")


def test_corollary_1_needs_a_node_with_a_hyperplane_of_its_own():
    flipped = (["0", "-3"], "0", ["1"])
    for teacher, student in (([SIDE], [UP, flipped, ALWAYS]), ([flipped], [UP, ALWAYS]), ([SIDE], [ALWAYS, UP])):
        given = square(teacher, student)
        observer = len(student) - 1
        for form in ("printed", "repaired", "sharp"):
            given["verdicts"] = [a_row("corollary-1", form, observers=[observer], radii=[0], radius=0, above=0)]
            refused(given, "the row does not apply")


def test_a_boundary_that_the_observer_does_not_see_is_not_observed():
    """Parallel and beyond: {y = 0} misses {y >= 1/2} anywhere in space, and meets {y >= -1/2} and {x + y >= 5}."""
    for w, b, seen in (
        (["0", "2"], "-1", False),
        (["0", "2"], "1", True),
        (["0", "-2"], "-1", False),
        (["1", "1"], "-5", True),
        (["0", "1"], "0", True),
        (["0", "0"], "-1", False),
        (["1", "0"], "-5", True),
    ):
        given = square([UP], [(w, b, ["1"]), (["1", "0"], "3", ["0"])])
        above = {
            "kind": "disc-above",
            "node": ["teacher", 0],
            "observer": None,
            "radius": "2",
            "crease": "0",
            "rows": [[0, "1"], [2, "1"]],
        }
        given["radii"] = [a_shape("disc", ("teacher", 0), None, "1"), above]
        eps = rational(given["gradient"]["upper"])
        if eps < Fraction(1, 5):
            weak = a_row("theorem-2", "printed", "fails", "0", "-1", radius=0, above=1)
            refused({**given, "verdicts": [weak]}, "is not proved" if seen else "the observer does not see the boundary")
        else:
            refused(
                {**given, "verdicts": [a_row("theorem-2", "printed", radius=0, above=1)]},
                "r' is not positive" if seen else "the observer does not see the boundary",
            )


def test_corollary_1_as_printed_needs_observers_that_see_the_boundary():
    flat = {
        "subspace": {"basis": [["1", "0", "0"], ["0", "1", "0"]], "origin": ["0", "0", "1/2"]},
        "region": {"lower": ["-1"] * 3, "upper": ["1"] * 3},
    }
    for bias, why in (("1", "r' is not positive"), ("-9", "an observer does not see the boundary")):
        student = [(["0", "1", "0"], "0", ["1/100"]), (["0", "0", "0"], bias, ["1/100"])]
        certificate = square([(["0", "0", "0"], "1", ["1"])], student, **flat)
        certificate["radii"] = [a_shape("disc", ("student", 0), None, "1")]
        certificate["verdicts"] = [a_row("corollary-1", "printed", "fails", observers=[1], radius=0)]
        refused(certificate, why)


def test_theorem_1_as_printed_is_read_literally_for_observers_and_constant_nodes():
    nothing, never = (["0", "0"], "0", ["1"]), (["0", "0"], "-1", ["1"])
    for teacher, b, seen, sine in (
        (UP, "-1/2", False, 1),
        (UP, "1/2", True, 1),
        (UP, "0", True, 0),
        (nothing, "0", True, 1),
        (nothing, "-1/2", True, 1),
        (never, "0", False, 1),
    ):
        given = square([teacher, (teacher[0], teacher[1], ["-1"])], [(["0", "1"] if sine == 0 else ["0", "-1"], b, ["0"])])
        assert rational(given["gradient"]["upper"]) == 0
        claim = a_row("theorem-1", "printed", "fails" if sine else "holds", "1/2" if sine else "0", "0")
        given["verdicts"] = [claim]
        if not seen:
            refused(given, "the observer does not see the boundary")
        else:
            accepted(given)
        given["verdicts"] = [{**claim, "verdict": "holds" if sine else "fails"}]
        refused(given, "not proved")


def test_theorem_1_repaired_and_sharp_need_a_teacher_crease_that_is_not_cancelled():
    given = square([UP, (UP[0], UP[1], ["-1"])], [ALWAYS, (*ALWAYS[:2], ["-1"])])
    assert rational(given["gradient"]["upper"]) == 0
    given["radii"] = [a_shape("ball", ("teacher", 0), 0)]
    for form in ("repaired", "sharp"):
        refused({**given, "verdicts": [a_row("theorem-1", form, "fails", "1/2", "0", radius=0)]}, "kappa_T = 0")


def test_a_node_whose_preactivation_is_zero_everywhere_observes_nothing():
    given = square([UP], [(["0", "0"], "0", ["1"]), SIDE])
    assert rational(given["students"][0]["upper"]) == 0
    given["radii"] = [a_shape("ball", ("teacher", 0), 0)]
    refused(given, "a dead observer sees nothing")


def test_theorem_3_needs_the_difference_of_the_teachers():
    given = base("vertices, two teachers")
    given["verdicts"] = [row_of(given, "theorem-3", "repaired")]
    refused({key: value for key, value in given.items() if key != "excess"}, "theorem-3 needs the difference of the teachers")
    for key, value in (("upper", "0"), ("lower", "9"), ("lower", "-1"), ("witness", ["9", "9"])):
        changed = {**given, "excess": copy.deepcopy(given["excess"])}
        changed["excess"][0][key] = value
        why = {"upper": "the upper end is not proved", "lower": "the value at the witness", "witness": "a witness lies"}
        refused(changed, why[key])
    refused({**given, "excess": given["excess"] * 2}, "every output needs its entry")
    refused({**given, "excess": []}, "every output needs its entry")


def test_printed_rows_need_a_positive_radius_whatever_eps_may_be():
    given, tried = base("trees, two teachers"), 0
    for entry in [*given["students"], given["gradient"]]:
        entry["upper"] = "1000"
    for old in given["verdicts"]:
        if old["form"] == "printed":
            refused({**given, "verdicts": [{**old, "measured": "9", "bound": "9"}]}, "r' is not positive")
            tried += 1
    assert tried > 3


def test_theorem_a_says_nothing_for_a_small_ball_or_where_teachers_leave_no_room():
    near = (["1/100", "1"], "0", ["-9"])
    given = square([UP, near], [(["1", "1"], "5", ["1"])])
    given["radii"] = [a_shape("ball", ("teacher", 0), 0, "9/10")]
    small = a_row("theorem-2", "sharp", measured="1", bound="1", radius=0)
    refused({**given, "verdicts": [small]}, NOTHING)
    refused({**given, "verdicts": [{**small, "bound": "2"}]}, "is not proved")
    accepted({**given, "verdicts": [{**small, "verdict": "vacuous"}]})
    students = [(["1", "1"], "5", ["1/1000"]), (["0", "1"], "1/1000", ["1"]), (["1/100", "1"], "1/1000", ["-9"])]
    cancelled = square([UP, near], students)
    cancelled["radii"] = [a_shape("ball", ("teacher", 0), 0, "9/10")]
    assert rational(cancelled["students"][0]["upper"]) < Fraction(1, 10**4)
    refused({**cancelled, "verdicts": [small]}, NOTHING)
    accepted({**cancelled, "verdicts": [{**small, "verdict": "vacuous"}]})
    cancelled["instance"]["teacher"]["W"][1], cancelled["instance"]["teacher"]["b"][1] = ["0", "1"], "1/100"
    cancelled["students"][0]["upper"] = "1/10000"
    refused({**cancelled, "verdicts": [a_row("theorem-2", "sharp", radius=0)]}, "not proved")


def test_a_form_or_statement_of_another_name_is_refused():
    given = base("vertices, rows of every form")
    refused({**given, "verdicts": [a_row("theorem-2", "repaired, almost")]}, "an unknown form")
    refused({**given, "verdicts": [a_row("theorem-4", "printed")]}, "malformed")
