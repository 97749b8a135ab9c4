"""What the checker prints of a certificate that it accepts, and the verdicts that a row may claim for its numbers."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from fractions import Fraction

import pytest

from proofs import check
from proofs.certificate import Proved, Refuted, number
from proofs.check import decimal
from proofs.kernel import rational
from proofs.verdicts import judged

from . import fuzzer
from .by_hand import ALWAYS, SIDE, UP, a_row, a_shape, square
from .fuzzer import BASES, SMALL, accepted, base, refused

NOTHING = "the bound is not proved to say anything"
ROW = re.compile(r"proved: (\S+) (\S+) (holds|fails|vacuous) \((.*)\): measured (<=|>=) (\S+), bound (<=|>=) (\S+)")
SHAPE = re.compile(
    r"proved: (a|no) (.*) of radius (?:above )?(\S+), height (\S+), lies in (.*) around the crease of (\S+) (\d+)"
)


# -- vacuous is not holds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vertices, rows of every form", "vertices, two outputs", "trees, two teachers"])
def test_a_bound_that_says_nothing_is_not_written_as_one_that_holds(name):
    """Neither as it is nor claimed to be smaller, which would be true of the two numbers."""
    given, tried = base(name), 0
    for row in given["verdicts"]:
        if row["verdict"] == "vacuous":
            for bound in (row["bound"], row["measured"]):
                turned = {**row, "verdict": "holds", "bound": bound}
                if "above" not in turned and row["form"] == "printed":
                    continue
                if rational(row["measured"]) <= rational(row["bound"]):
                    refused({**given, "verdicts": [turned]}, NOTHING)
                    tried += 1
    assert tried > 1


def test_a_printed_bound_that_says_nothing_at_the_upper_end_of_eps_does_not_hold_by_the_lower_end():
    """The bound of a row is the one at eps upper and r lower: 2.8 at eps = 1/9, 0.12 at 1/100, and 0 at the lower end."""
    given = square([UP], [(["0", "1"], "1/9", ["1"])])
    above = {"kind": "disc-above", "node": ["teacher", 0], "observer": None, "radius": "1", "crease": "0"}
    given["radii"] = [a_shape("disc", ("teacher", 0), None, "1"), {**above, "rows": [[0, "1"], [2, "1"]]}]
    proved, row = Proved(given), a_row("theorem-2", "printed", "holds", "0", "0", radius=0, above=1)
    for eps, holds in (("1/100", True), ("1/9", False)):
        proved.suprema, proved.gradient = [(number(0), number(eps))], (number(0), number(eps))
        if holds:
            assert len(judged(proved, {**given, "verdicts": [row]})) == 1
        else:
            with pytest.raises(Refuted, match=NOTHING):
                judged(proved, {**given, "verdicts": [row]})
        vacuous = {**given, "verdicts": [{**row, "verdict": "vacuous", "bound": "2"}]}
        if holds:
            with pytest.raises(Refuted, match="vacuous is not proved"):
                judged(proved, vacuous)
        else:
            assert len(judged(proved, vacuous)) == 1


def test_a_row_is_vacuous_only_where_its_bound_is_trivial_and_says_so():
    for name, statement, form in (
        ("vertices, small fan-outs", "corollary-1", "printed"),
        ("vertices, small fan-outs", "corollary-1", "repaired"),
        ("vertices, small fan-outs", "corollary-1", "sharp"),
        ("vertices, rows of every form", "theorem-2", "repaired"),
    ):
        given, tried = base(name), 0
        for row in given["verdicts"]:
            if (row["statement"], row["form"], row["verdict"]) == (statement, form, "holds"):
                for bound in (row["bound"], "1", "2"):
                    refused({**given, "verdicts": [{**row, "verdict": "vacuous", "bound": bound}]}, "vacuous is not proved")
                    tried += 1
        assert tried, (name, statement, form)
    given = base("vertices, two outputs")
    for row in given["verdicts"]:
        if row["verdict"] == "vacuous" and row["statement"] == "theorem-2":
            for bound in ("0", "999/1000"):
                refused({**given, "verdicts": [{**row, "bound": bound}]}, "vacuous is not proved")


def test_the_largest_fan_out_of_either_network_is_compared_exactly():
    """Corollary 1' with one output bounds by 4 eps / r, which eps sets at the largest fan-out and by 10^-30 on either side."""
    for teacher, student, largest in (("3", "2", 3), ("-3", "-2", 3), ("1/3", "1/3", 1)):
        given = square([(["0", "1"], "9", [teacher])], [(["1", "0"], "1/5", [student]), ALWAYS])
        given["radii"] = [a_shape("ball", ("student", 0), 1, "1/2", ("-1/5", "0"))]
        proved, row = Proved(given), a_row("corollary-1", "sharp", observers=[1], radii=[0])
        for share, verdict in ((-1, "holds"), (0, "vacuous"), (1, "vacuous")):
            bound = largest * (1 + Fraction(share, 10**30))
            proved.suprema = [(number(0), number(str(bound / 8)))] * 2
            sides = {"measured": str(abs(rational(student))), "bound": str(bound)}
            for claimed, why in (("holds", NOTHING), ("vacuous", "vacuous is not proved")):
                what = {**given, "verdicts": [{**row, **sides, "verdict": claimed}]}
                if claimed == verdict:
                    assert len(judged(proved, what)) == 1
                else:
                    with pytest.raises(Refuted, match=why):
                        judged(proved, what)


# -- nothing comes twice --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vertices, a copy", "vertices, two outputs", "vertices, two teachers"])
def test_a_row_that_comes_twice_is_refused_whatever_its_numbers_and_radii(name):
    given, forms = base(name), set()
    proved = Proved(given)
    for row in given["verdicts"]:
        other = {**row, "bound": str(rational(row["bound"]) * (1 if row["bound"] == "0" else Fraction(999_999, 1_000_000)))}
        if "observers" in row:
            other["observers"] = row["observers"]
        for twice in (row, other):
            if twice is row or row["verdict"] == "holds" and rational(other["measured"]) <= rational(other["bound"]):
                with pytest.raises(Refuted, match="a row comes twice"):
                    judged(proved, {**given, "verdicts": [row, twice]})
                forms.add((row["statement"], row["form"]))
    assert len(forms) > 2


def test_observers_in_another_order_do_not_make_another_row():
    given = base("vertices, two outputs")
    row = next(row for row in given["verdicts"] if row["statement"] == "corollary-1" and row["form"] != "printed")
    turned = {**row, **{key: row[key][::-1] for key in ("observers", "radii", "gradients") if key in row}}
    accepted({**given, "verdicts": [turned]})
    refused({**given, "verdicts": [row, turned]}, "a row comes twice")


def test_a_radius_that_comes_twice_is_refused_wherever_its_centre_lies():
    given = square([UP], [ALWAYS, SIDE])
    one = a_shape("ball", ("teacher", 0), 0)
    for other, twice in (
        ({}, True),
        ({"centre": ["1/9", "0"]}, True),
        ({"radius": "2/4"}, True),
        ({"radius": "1/3"}, False),
        ({"observer": None}, False),
        ({"kind": "disc"}, False),
        ({"kind": "cylinder", "allowance": "1/9"}, False),
    ):
        changed = {**given, "radii": [one, {**one, **other}]}
        refused(changed, "a radius comes twice") if twice else accepted(changed)


# -- what is printed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BASES)
def test_every_row_and_radius_is_printed_with_numbers_that_do_not_cross_what_is_proved(name):
    given = base(name)
    lines = accepted(given).splitlines()
    rows, shapes = ([match for line in lines if (match := kind.fullmatch(line))] for kind in (ROW, SHAPE))
    assert len(rows) == len(given["verdicts"]) and len(shapes) == len(given["radii"])
    for row, match in zip(given["verdicts"], rows, strict=True):
        *head, nodes, less, measured, more, bound = match.groups()
        assert head == [row["statement"], row["form"], row["verdict"]]
        kinds = [kind for kind in ("student", "teacher", "observer", "observers") if kind in row]
        assert nodes == ", ".join(f"{kind} {row[kind]}" for kind in kinds)
        sign = -1 if row["verdict"] == "fails" else 1
        assert (less, more) == (("<=", ">=") if sign > 0 else (">=", "<="))
        for key, printed, side in (("measured", measured, sign), ("bound", bound, -sign)):
            off = side * (Fraction(printed) - rational(row[key]))
            assert 0 <= off <= abs(rational(row[key])) / 10**16
    for shape, match in zip(given["radii"], shapes, strict=True):
        _, body, radius, height, where, *node = match.groups()
        assert body == {"guarded": "guarded disc", "disc-above": "disc", "wall": "ball"}.get(shape["kind"], shape["kind"])
        assert node == [shape["node"][0], str(shape["node"][1])]
        k = shape["observer"]
        active = "U n R" if k is None else f"the active region of observer {k}"
        assert where == (f"U n R, its centre in {active}," if shape["kind"] == "wall" else active)
        for key, printed, side in (("radius", radius, 1 if shape["kind"] == "disc-above" else -1), ("allowance", height, -1)):
            true = rational(shape[key])
            assert 0 <= side * (Fraction(printed) - true) <= true / 10**16
    counts = [sum(row["verdict"] == verdict for row in given["verdicts"]) for verdict in ("holds", "fails", "vacuous")]
    assert lines[-1].startswith("rows: {} proved to hold, {} to fail, {} vacuous; ".format(*counts))
    assert f" {sum(given['left_out'].values())} left out" in lines[-1]
    assert ("<= e0 <=" in "".join(lines)) == ("excess" in given)


def test_a_decimal_lies_on_the_side_that_is_asked_for_whatever_its_sign():
    for x in (Fraction(1, 3), Fraction(-1, 3), Fraction(2, 3) * 10**30, Fraction(-2, 3 * 10**30), Fraction(1, 7**300)):
        down, up = (Fraction(decimal(x, side)) for side in (False, True))
        assert down < x < up and up - down < abs(x) / 10**15
    assert decimal(Fraction(0), True) == decimal(Fraction(0), False) == "0"


def test_what_is_left_out_is_printed_by_statement_form_and_verdict_and_nothing_else_is():
    given = base("vertices, a copy")
    given["left_out"] = {"theorem-2 sharp holds": 3, "corollary-1 printed vacuous": 2}
    last = accepted(given).splitlines()[-1]
    assert last.endswith("; 5 left out (theorem-2 sharp holds: 3; corollary-1 printed vacuous: 2), which proves nothing")
    for wrong in (
        {"theorem-2 sharp": 3},
        {"theorem-2 sharp holds": 0},
        {"theorem-2 sharp holds": True},
        {"theorem-2 sharp holds": -1},
        {"theorem-2 sharp holds": 10**400},
        {"theorem-2 sharp holds": "3"},
        {"theorem-2 sharp holds\nproved: anything": 3},
        3,
        None,
        [],
    ):
        refused({**given, "left_out": wrong}, "not proved: ")


def test_the_name_is_a_string():
    given = base("vertices, a copy")
    for name in (None, 3, ["x"], {}, True):
        given["instance"]["name"] = name
        refused(given, "name is no string")


# -- which instance it is -------------------------------------------------------------------------------------------


def test_one_instance_has_one_canonical_text_however_its_numbers_are_written():
    same = copy.deepcopy(SMALL)
    same["name"] = "another name"
    same["teacher"]["b"] = ["0.20"]
    same["student"]["W"] = [[1, 0.0], ["+0", "10e-1"], ["2/100", 1.0]]
    same["region"] = {"A": [[1, 0], [0, 1], [-1, 0], [0, -1]], "c": [1, "2/2", 1.0, "1"]}
    same["subspace"] = {"basis": [["1", "0"], ["0", "1"]]}
    written = (
        '{"format":"twolayer-instance/1","region":{"A":[["1","0"],["0","1"],["-1","0"],["0","-1"]],"c":["1","1","1","1"]},'
        '"student":{"V":[["1","1/100","-1/100"]],"W":[["1","0"],["0","1"],["1/50","1"]],"b":["1/5","0","0"]},'
        '"subspace":{"basis":[["1","0"],["0","1"]],"origin":["0","0"]},"teacher":{"V":[["1"]],"W":[["1","0"]],"b":["1/5"]}}'
    )
    assert check.canonical_text(SMALL) == check.canonical_text(same) == written
    assert check.digest(same) == hashlib.sha256(written.encode()).hexdigest()
    same["student"]["output_bias"] = ["0"]
    assert check.canonical_text(same) == written
    same["student"]["output_bias"] = ["-0.50"]
    assert check.canonical_text(same) == written.replace('"b":["1/5","0","0"]}', '"b":["1/5","0","0"],"output_bias":["-1/2"]}')
    float_not_a_fifth = copy.deepcopy(SMALL)
    float_not_a_fifth["teacher"]["b"] = [0.2]
    assert check.digest(float_not_a_fifth) != check.digest(SMALL)


def test_the_digest_that_is_printed_is_that_of_the_instance_as_it_was_given():
    for path in sorted(fuzzer.EXAMPLES.glob("*.json"))[:4]:
        data = json.loads(path.read_text(encoding="utf-8"))
        assert f"\nsha256: {check.digest(data)}\n" in accepted(fuzzer.certified(data))


def test_any_other_number_gives_another_digest():
    digests = set()
    for path in fuzzer.paths(SMALL):
        changed = copy.deepcopy(SMALL)
        if isinstance(fuzzer.get(changed, path), str) and path[0] not in ("name", "format"):
            fuzzer.get(changed, path[:-1])[path[-1]] = "1/1000"
            digests.add(check.digest(changed))
    assert len(digests) == len([path for path in fuzzer.paths(SMALL) if isinstance(fuzzer.get(SMALL, path), str)]) - 2
