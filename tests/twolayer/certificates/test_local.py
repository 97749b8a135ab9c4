"""Rows that a local gradient decides: restated, proved, and refused where their evidence is changed."""

from __future__ import annotations

import copy
from fractions import Fraction
from functools import cache

import pytest

from . import fuzzer, truth
from .fuzzer import accepted, refused

KEYS = {2: "affine", 3: "shares"}  # the evidence that a plane has, and the one that any dimension has


@cache
def certified(d):
    """A student near each of two teacher creases in a cube, and a student far off that makes eps_k large."""
    rest = ["0"] * (d - 2)
    teacher = {
        "W": [["0", "1", *rest], ["1", "1/2", *rest], ["0", "0", *rest]],
        "b": ["0", "1/3", "1"],
        "V": [["1", "2/3", "1"]],
    }
    student = {"W": [["1/1000", "1", *rest], ["1", "501/1000", *rest], ["1", "0", *rest], ["0", "0", *rest]]}
    student |= {"b": ["0", "1/3", "-9/10", "1"], "V": [["99/100", "2/3", "3", "1"]]}
    region = {"lower": ["-1"] * d, "upper": ["1"] * d}
    data = {"format": "twolayer-instance/1", "name": "hidden", "teacher": teacher, "student": student, "region": region}
    return fuzzer.certified(data)


def changes(d, change):
    """The certificate once for each of its local rows of Theorem 2, that row changed."""
    for n, row in enumerate(certified(d)["verdicts"]):
        if row.get(KEYS[d]) and row["statement"] == "theorem-2":
            changed = copy.deepcopy(certified(d))
            change(changed["verdicts"][n])
            yield changed


@pytest.mark.parametrize("d", KEYS)
def test_rows_of_a_local_gradient_are_restated_and_true(d):
    certificate = certified(d)
    accepted(certificate)
    assert truth.true(certificate) == "" and sum(certificate["left_out"].values()) == 0
    rows = [row for row in certificate["verdicts"] if KEYS[d] in row and row["statement"] == "theorem-2"]
    assert len(rows) >= 4 and all(row["verdict"] == "holds" and Fraction(row["bound"]) < Fraction(1, 5) for row in rows)


@pytest.mark.parametrize("d", KEYS)
def test_a_row_without_its_local_gradient_is_refused(d):
    assert len([refused(one, "theorem-2 sharp: ") for one in changes(d, lambda row: row.pop(KEYS[d]))]) >= 4


def test_rows_of_an_observer_beside_the_crease_are_proved_by_its_own_crease():
    """Students 0 and 1 lie next to teachers 0 and 1: as observers they see little of them but their own wall."""
    certificate = certified(3)
    walls = [row for row in certificate["verdicts"] if kind_of(certificate, row) == "wall"]
    assert {(row["teacher"], row["observer"]) for row in walls} >= {(0, 0), (1, 1)}
    for row in walls:
        assert row["verdict"] == "holds" and Fraction(row["bound"]) < Fraction(1, 100)


def kind_of(certificate, row):
    """The body of a row, None for one without."""
    return certificate["radii"][row["radius"]]["kind"] if row["statement"] == "theorem-2" and "radius" in row else None


def walled(d, change):
    """The certificate once for each row that a wall decides, the row and its radius changed."""
    for n, row in enumerate(certified(d)["verdicts"]):
        if row["form"] == "sharp" and kind_of(certified(d), row) == "wall":
            changed = copy.deepcopy(certified(d))
            row = changed["verdicts"][n]
            changed["radii"].append(copy.deepcopy(changed["radii"][row["radius"]]))
            row["radius"] = len(changed["radii"]) - 1
            change(row, changed["radii"][-1])
            yield changed


def test_a_wall_proves_no_more_than_its_radius_and_its_own_observer_say():
    def smaller(row, radius):  # X falls below 1
        radius["radius"] = str(Fraction(radius["radius"]) / 2)

    def more(row, radius):  # than r / rho
        row["bound"] = str(Fraction(row["bound"]) * Fraction(1001, 1000))

    def a_ball(row, radius):
        radius["kind"] = "ball"

    def of_another(row, radius):
        radius |= {"observer": 1 - radius["observer"], "radius": str(Fraction(radius["radius"]) * 11 / 10)}

    for d in KEYS:
        for change in (smaller, more):
            assert [refused(one, "theorem-2 sharp: the ") for one in walled(d, change)]
        assert [refused(one, "a ball leaves the region") for one in walled(d, a_ball)]
        assert [refused(one, "") for one in walled(d, of_another)]


def test_beside_a_wall_two_other_hyperplanes_are_paired_with_opposite_signs_only():
    def with_itself(row, radius):
        row["shares"] = [[row["teacher"], row["teacher"], "0", "0"], *row["shares"]]

    def none_on_a_hyperplane(row, radius):
        row["shares"] = [[2, row["teacher"], "0", "0"], *row["shares"]]  # teacher 2 is constant on U

    assert [refused(one, "a pair is not of opposite signs") for one in walled(3, with_itself)]
    assert [refused(one, "a node has no hyperplane to pair") for one in walled(3, none_on_a_hyperplane)]


def test_no_mass_is_paired_twice_or_with_one_of_its_sign():
    def twice(row):
        row["shares"].append(row["shares"][0])

    def turned(row):
        row["shares"][0][1] = row["shares"][0][0]

    def negative(row):
        row["shares"][0][2] = "-1"

    assert [refused(one, "more of a mass is paired than there is") for one in changes(3, twice)]
    assert [refused(one, "a pair is not of opposite signs") for one in changes(3, turned)]
    assert [refused(one, "more of a mass is paired than there is") for one in changes(3, negative)]


def test_shares_that_do_not_match_and_functions_that_lie_elsewhere_prove_less():
    def halved(row):
        row["shares"] = [[a, b, x, str(Fraction(y) / 2)] for a, b, x, y in row["shares"]]

    def lifted(row):
        row["affine"][2] = str(Fraction(row["affine"][2]) + Fraction(1, 10))

    assert [refused(one, "theorem-2 sharp: the ") for one in changes(3, halved)]
    assert [refused(one, "theorem-2 sharp: the ") for one in changes(2, lifted)]


def test_an_affine_function_is_for_the_plane_and_a_local_gradient_for_a_ball():
    def in_space(row):
        row.pop("shares")
        row["affine"] = ["0", "0", "0", "0"]

    assert [refused(one, "an affine function is compared in the plane only") for one in changes(3, in_space)]
    for d in KEYS:
        for changed in changes(d, lambda row: None):
            for radius in changed["radii"]:
                if radius["kind"] == "ball":
                    radius |= {"kind": "cylinder", "allowance": "1/1000000", "radius": str(Fraction(radius["radius"]) / 2)}
            refused(changed, "a row names the wrong radius")


def fan_outs(d, change):
    """The certificate once for each row of Corollary 1 that holds, the row and the radii changed."""
    for n, row in enumerate(certified(d)["verdicts"]):
        if row["statement"] == "corollary-1" and row["verdict"] == "holds":
            changed = copy.deepcopy(certified(d))
            change(changed["verdicts"][n], changed["radii"])
            yield changed


def test_corollary_1_holds_by_the_local_gradient_of_the_largest_ball_and_not_without():
    """Students 0 and 1 are hidden by the teachers; smaller balls meet neither, but their own gradients prove smaller bounds."""

    def without(row, radii):
        row.pop("gradients")

    def of_its_own_ball(row, radii):
        row["gradients"][0].pop("ball")

    for d in KEYS:
        rows = [row for row in certified(d)["verdicts"] if row["statement"] == "corollary-1"]
        assert [row["verdict"] for row in rows].count("holds") == 2
        for row in rows:
            assert any(key in row["gradients"][0] for key in KEYS.values())
        for change in (without, of_its_own_ball):
            assert len([refused(one, "corollary-1 sharp: the ") for one in fan_outs(d, change)]) == 2


def test_a_gradient_of_a_ball_is_not_that_of_a_larger_one_or_one_beside_it():
    def swapped(row, radii):
        row["radii"], row["gradients"][0]["ball"] = [row["gradients"][0]["ball"]], row["radii"][0]

    def beside(row, radii):
        whole = copy.deepcopy(radii[row["gradients"][0]["ball"]])
        a, b = (Fraction(x) for x in certified(2)["instance"]["student"]["W"][row["student"]])
        step = Fraction(whole["radius"]) / 1000
        whole["centre"] = [str(Fraction(x) + y) for x, y in zip(whole["centre"], (-step * b, step * a), strict=True)]
        whole["radius"] = str(Fraction(whole["radius"]) * 99 / 100)
        row["gradients"][0]["ball"] = len(radii)
        radii.append(whole)

    for change in (swapped, beside):
        assert len([refused(one, "a local gradient is that of another ball") for one in fan_outs(2, change)]) == 2


def test_pairs_are_looked_at_together_by_both_and_those_beyond_the_first_by_themselves(monkeypatch):
    """Three teacher nodes, a student near each, one that sees all: with one pair looked at bounds are larger."""
    from proofs import local as checker
    from twolayer.statements.sharp import local

    W = [["0", "1", "0"], ["1", "2", "0"], ["0", "2", "1"]]
    near = [["1/1000", "1", "0"], ["1", "2", "1/500"], ["-1/400", "2", "1"]]
    networks = {
        "teacher": {"W": W, "b": ["0", "1/9", "-1/9"], "V": [["1", "1", "1"]]},
        "student": {"W": [*near, ["0", "0", "0"]], "b": ["0", "1/9", "-1/9", "1"], "V": [["1", "1", "1", "1"]]},
    }
    region = {"lower": ["-1"] * 3, "upper": ["1"] * 3}
    data = {"format": "twolayer-instance/1", "name": "three", **networks, "region": region}
    together = fuzzer.certified(data)
    assert checker.TOGETHER == local.MOST_TOGETHER and truth.true(together) == ""
    accepted(together)
    assert max(len(one.get("shares", ())) for row in together["verdicts"] for one in row.get("gradients", ())) >= 3
    for module, name in ((checker, "TOGETHER"), (local, "MOST_TOGETHER")):
        monkeypatch.setattr(module, name, 1)
    apart = fuzzer.certified(data)
    accepted(apart)
    monkeypatch.setattr(checker, "TOGETHER", local.MOST_TOGETHER + 7)
    refused(apart, "corollary-1 sharp: the ")
