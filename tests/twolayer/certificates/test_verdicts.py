"""Rows of certificates whose evidence is proved: what they name, and the two sides that the checker computes for them."""

from __future__ import annotations

import copy
from fractions import Fraction

import pytest

from proofs.certificate import Proved, Refuted, number
from proofs.kernel import rational
from proofs.verdicts import PI, Row, judged

from .by_hand import ALWAYS, SIDE, UP, a_shape, square
from .fuzzer import base


def judge(proved, given, **row):
    """The lines of one row of a certificate."""
    return judged(proved, {**given, "verdicts": [row]})


@pytest.mark.parametrize(
    "name",
    [
        "vertices, a copy",
        "vertices, two teachers",
        "vertices, a corollary",
        "trees, odd nodes",
        "vertices, two outputs",
        "trees, two teachers",
    ],
)
def test_a_row_names_the_radius_of_its_kind_node_and_observer(name):
    """Whatever else the file proves, and with sides for which the right radius would do."""
    given = base(name)
    proved, tried = Proved(given), 0
    for row in given["verdicts"]:
        assert len(judge(proved, given, **row)) == 1
        for key in ("radius", "above"):
            for n, other in enumerate(given["radii"]):
                radius = given["radii"][row[key]] if key in row else other
                same = all(radius[part] == other[part] for part in ("node", "observer"))
                kinds = {radius["kind"], other["kind"]}
                if same and kinds <= {"ball", "cylinder", "wall"} and row["form"] == "sharp":
                    continue  # each is a body: another may do
                if not same or len(kinds) > 1:
                    with pytest.raises((Refuted, LookupError), match="names the wrong radius|centre"):
                        judge(proved, given, **{**row, key: n})
                    tried += 1
        for place, radius in enumerate(row.get("radii", [])):
            for n, other in enumerate(given["radii"]):
                if any(given["radii"][radius][part] != other[part] for part in ("kind", "node", "observer")):
                    changed = copy.deepcopy(row)
                    changed["radii"][place] = n
                    with pytest.raises(Refuted, match="names the wrong radius"):
                        judge(proved, given, **changed)
                    tried += 1
    assert tried > 2


@pytest.mark.parametrize("name", ["vertices, a copy", "vertices, two teachers", "vertices, two outputs"])
def test_what_a_row_names_is_an_index(name):
    given = base(name)
    proved, tried = Proved(given), set()
    for row in given["verdicts"]:
        for key in {"teacher", "student", "observer", "radius", "above"} & set(row):
            for i in (-1, True, False, 99, 0.0, "0", None):
                with pytest.raises(Refuted, match="not an index"):
                    judge(proved, given, **{**row, key: i})
                tried.add((row["statement"], key))
        for key in {"observers", "radii"} & set(row):
            for i in (-1, True, 99, 0.0, "0", None):
                with pytest.raises(Refuted, match="not an index"):
                    judge(proved, given, **{**row, key: [*row[key][:-1], i]})
                tried.add((row["statement"], key))
    assert len(tried) > 2


def test_a_row_that_is_proved_says_what_it_is_about_and_which_numbers_are_proved():
    given = base("vertices, two outputs")
    proved = Proved(given)
    for row in given["verdicts"]:
        names = [name for name in ("student", "teacher", "observer", "observers") if name in row]
        about = tuple((name, row[name]) for name in names)
        sides = tuple(number(row[key]) for key in ("measured", "bound"))
        assert judge(proved, given, **row) == [Row(row["statement"], row["form"], row["verdict"], about, *sides)]
    assert len(judged(proved, given)) == len(given["verdicts"])


# -- Theorem 1 ------------------------------------------------------------------------------------------------------


def vanishing(teacher, student, radii=()):
    """(proved, certificate) on a square, with a gradient that is said to vanish."""
    given = {**square(teacher, student), "radii": list(radii)}
    proved = Proved(given)
    proved.suprema = [(Fraction(0), Fraction(0))] * len(student)
    proved.gradient = (Fraction(0), Fraction(0))
    return proved, given


def sides(proved, given, measured, bound=0, **row):
    """Measured and bound are the row's sides: it holds with a little room, and fails with a little less than is measured."""
    less, more = str(measured - Fraction(1, 10**6)), str(measured + Fraction(1, 10**6))
    if measured > bound == 0:
        with pytest.raises(Refuted, match="is not proved"):
            judge(proved, given, **row, verdict="holds", measured="0", bound="0")
    if measured == bound == 0:
        judge(proved, given, **row, verdict="holds", measured="0", bound="0")
    for verdict, m, b in (("holds", str(measured), str(measured)), ("fails", more, str(bound)), ("holds", less, str(measured))):
        if measured > bound or verdict == "fails":
            with pytest.raises(Refuted, match="is not proved"):
                judge(proved, given, **row, verdict=verdict, measured=m, bound=b)
    if measured > bound:
        judge(proved, given, **row, verdict="fails", measured=str(measured), bound=str(bound))
        with pytest.raises(Refuted, match="is not proved"):
            judge(proved, given, **row, verdict="fails", measured=less, bound=str(bound - Fraction(1, 10**6)))


def test_the_sides_of_theorem_1_are_computed_whatever_the_theorem_says():
    """A student at the sine 3/5 is not on the hyperplane; one that is counts for `sharp` only where the observer sees it."""
    near, mirrored, hidden = (["3", "4"], "0", ["1"]), (["-3", "-4"], "0", ["1"]), (["0", "2"], "0", ["0"])
    ball = a_shape("ball", ("teacher", 0), 0, "1/9")
    for student, printed, repaired, sharp in (
        ([ALWAYS, near], Fraction(3, 5), Fraction(3, 5), 1),
        ([ALWAYS, mirrored], 1, Fraction(3, 5), 1),
        ([ALWAYS], 1, 1, 1),
        ([ALWAYS, near, hidden], 0, 0, 1),
        ([ALWAYS, hidden], 0, 0, 1),
        ([ALWAYS, (["0", "-2"], "0", ["1"])], 1, 0, 0),
        ([ALWAYS, (["0", "2"], "0", ["-1"])], 0, 0, 0),
        ([ALWAYS, (["0", "2"], "0", ["1"])], 0, 0, 0),
    ):
        proved, given = vanishing([UP, SIDE], student, [ball])
        row = {"statement": "theorem-1", "teacher": 0, "observer": 0, "radius": 0}
        for form, measured in (("printed", printed), ("repaired", repaired), ("sharp", sharp)):
            sides(proved, given, measured, form=form, **row)


def test_theorem_1_as_printed_of_a_teacher_that_is_constant():
    for teacher, student, seen in (
        ((["0", "0"], "0", ["1"]), [ALWAYS], 0),
        ((["0", "0"], "0", ["1"]), [SIDE, ALWAYS], 0),
        ((["0", "0"], "0", ["1"]), [SIDE], 1),
        ((["0", "0"], "0", ["1"]), [(["0", "0"], "0", ["1"])], 0),
    ):
        proved, given = vanishing([teacher, UP], student)
        sides(proved, given, seen, statement="theorem-1", form="printed", teacher=0, observer=0)
    for b, observer in (("1", ALWAYS), ("-1", ALWAYS), ("0", (["0", "0"], "-1", ["1"]))):
        proved, given = vanishing([(["0", "0"], b, ["1"]), UP], [observer])
        for verdict in ("holds", "fails"):
            with pytest.raises(Refuted, match="does not see the boundary"):
                judge(
                    proved,
                    given,
                    statement="theorem-1",
                    form="printed",
                    teacher=0,
                    observer=0,
                    verdict=verdict,
                    measured="0",
                    bound="0",
                )


def test_a_boundary_parallel_to_the_observers_is_seen_where_it_lies_above():
    """{3 y = 1} and observers 2 y + b, -2 y + b and y + b, y = 1/3 on the edge included."""
    up = (["0", "3"], "-1", ["1"])
    for w, b, seen in (
        ("2", "-2/3", True),
        ("2", "-7/10", False),
        ("2", "-6/10", True),
        ("-2", "2/3", True),
        ("-2", "6/10", False),
        ("-2", "7/10", True),
        ("1", "-1/3", True),
        ("1", "-1/2", False),
        ("1", "-1/4", True),
    ):
        proved, given = vanishing([up], [(["0", w], b, ["1"])])
        parallel = rational(w) > 0  # then the observer itself is a student of sine 0, else there is none and the sine is 1
        row = {
            "statement": "theorem-1",
            "form": "printed",
            "teacher": 0,
            "observer": 0,
            "verdict": "holds" if parallel else "fails",
            "measured": "0" if parallel else "1",
            "bound": "0",
        }
        if seen:
            assert judge(proved, given, **row)
        else:
            with pytest.raises(Refuted, match="does not see the boundary"):
                judge(proved, given, **row)


def test_theorem_1_needs_a_teacher_crease_of_any_sign_that_is_not_cancelled():
    ball = a_shape("ball", ("teacher", 0), 0, "1/9")
    row = {"statement": "theorem-1", "teacher": 0, "observer": 0, "radius": 0}
    for fan_out in ("1", "-1"):
        proved, given = vanishing([(*UP[:2], [fan_out])], [ALWAYS, UP], [ball])
        for form in ("repaired", "sharp"):
            sides(proved, given, 0, form=form, **row)


def test_pi_is_enclosed_from_below_and_above():
    digits = 31415926535897932384626433832795028841971
    assert digits < Fraction(str(PI[0])) * 10**40 < Fraction(str(PI[1])) * 10**40 < digits + 1


# -- what a row claims ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vertices, a copy", "vertices, two outputs", "trees, two teachers"])
def test_a_row_that_holds_has_its_sides_in_order_and_one_that_fails_in_the_other(name):
    """Measured at least the true one and a bound at most the true one would prove nothing of their order."""
    given = base(name)
    proved = Proved(given)
    for row in given["verdicts"]:
        for verdict, measured, bound in (
            ("holds", "9", "-9"),
            ("holds", "9", "8"),
            ("fails", "-9", "9"),
            ("fails", "-9", "10000"),
            ("fails", row["bound"], row["bound"]),
        ):
            with pytest.raises((Refuted, LookupError), match="is not proved|above"):  # a vacuous row names no radius from above
                judge(proved, given, **{**row, "verdict": verdict, "measured": measured, "bound": bound})


def test_theorem_1_asks_the_upper_end_of_the_gradient():
    proved, given = vanishing([UP, SIDE], [ALWAYS], [a_shape("ball", ("teacher", 0), 0, "1/9")])
    proved.gradient = (proved.gradient[0], Fraction(1, 9))
    for form in ("printed", "repaired", "sharp"):
        with pytest.raises(Refuted, match="needs a gradient that vanishes"):
            judge(
                proved,
                given,
                statement="theorem-1",
                form=form,
                teacher=0,
                observer=0,
                radius=0,
                verdict="fails",
                measured="1",
                bound="0",
            )


def test_every_observer_of_corollary_1_as_printed_sees_the_boundary():
    """Node 1 never observes anything; without it, what is missing is the radius."""
    student = [
        (["0", "1"], "0", ["1", "1"]),
        (["0", "0"], "-1", ["1", "2"]),
        (["1", "1"], "3", ["1", "0"]),
        (["1", "2"], "4", ["1", "3"]),
    ]
    given = square([(["1", "3"], "0", ["1", "1"])], student)
    proved = Proved(given)
    row = {
        "statement": "corollary-1",
        "form": "printed",
        "student": 0,
        "verdict": "fails",
        "measured": "1",
        "bound": "0",
        "radius": 0,
    }
    for observers in ([1, 2], [2, 1], [1, 3], [3, 1]):
        with pytest.raises(Refuted, match="an observer does not see the boundary"):
            judge(proved, given, **row, observers=observers)
    with pytest.raises(Refuted, match="not an index"):
        judge(proved, given, **row, observers=[2, 3])
    given["instance"]["student"]["b"][1] = "1"  # now it is active everywhere, though its own boundary is empty
    given["gradient"] = {"lower": "0", "upper": "99"}
    given["students"] = [
        {**e, "evidence": {"method": "vertices"}, "upper": "99", "lower": "0", "witness": None} for e in given["students"]
    ]
    proved = Proved(given)
    for observers in ([1, 2], [3, 1]):
        with pytest.raises(Refuted, match="not an index"):
            judge(proved, given, **row, observers=observers)


def test_corollary_1_has_an_observer_and_a_radius_for_each_output_and_no_more():
    given = base("vertices, two outputs")
    proved, tried = Proved(given), 0
    for row in (row for row in given["verdicts"] if row["statement"] == "corollary-1"):
        others = [k for k in range(len(given["students"])) if k != row["student"]]
        for observers in ([*row["observers"], others[0]], row["observers"] * 2, row["observers"][:1], []):
            with pytest.raises(Refuted, match="one other observer for each output"):
                judge(proved, given, **{**row, "observers": observers})
        if "radii" in row:
            for radii in (row["radii"][:1], [], [*row["radii"], row["radii"][0]]):
                with pytest.raises((Refuted, ValueError)):
                    judge(proved, given, **{**row, "radii": radii, "measured": row["measured"]})
            tried += 1
    assert tried > 1
