"""What the checker reads: numbers, weights, indices, formats, coordinates; and how far it counts."""

from __future__ import annotations

import copy
from fractions import Fraction
from unittest import mock

import pytest

from proofs import certificate as checker
from proofs.certificate import Refuted, index, number, numbers, root, weights

from . import fuzzer
from .by_hand import EMPTY, KINK, SPLIT, by_hand, leaf, line
from .fuzzer import accepted, base, refused


def exact(x) -> Fraction:
    """A number of the checker's, whose kind is not compared with fractions."""
    return Fraction(str(x))


def split() -> dict:
    """A certificate that is accepted, with a kink, a group and a single."""
    return copy.deepcopy(by_hand(KINK, kinks=[[0, False]], settled=[], signs=SPLIT))


@pytest.mark.parametrize(
    "x",
    [
        "1_000",
        "٣",
        " 1",
        "1 ",
        "",
        "+",
        ".",
        "1/",
        "/2",
        "1/-2",
        "1/2/3",
        "1.5/2",
        "1e401",
        "1e-401",
        "1e",
        "e1",
        "0x1",
        "inf",
        "nan",
        "--1",
        "1.2.3",
        True,
        False,
        None,
        [],
        {},
        ["1"],
        "1" * 10_001,
    ],
)
def test_what_is_no_number_is_refused(x):
    with pytest.raises((Refuted, ValueError)):
        number(x)


def test_a_number_is_read_exactly():
    for x, value in (
        ("1/3", Fraction(1, 3)),
        ("-.5", Fraction(-1, 2)),
        ("3.", 3),
        ("+2e-2", Fraction(1, 50)),
        ("1e400", 10**400),
        ("1E-400", Fraction(1, 10**400)),
        (0.1, Fraction(0.1)),
        (3, 3),
        (2**53 + 1, 2**53),
        ("007", 7),
    ):
        assert exact(number(x)) == value


def test_a_list_of_numbers_has_its_length():
    assert numbers(["1", "2"], 2) == [1, 2]
    for row in (["1"], ["1", "2", "3"], "12", ("1", "2"), None, {"0": "1", "1": "2"}):
        with pytest.raises(Refuted, match="a list of 2 numbers"):
            numbers(row, 2)


@pytest.mark.parametrize("i", [True, False, -1, 2, 1.0, "1", None, []])
def test_what_is_no_index_is_refused(i):
    with pytest.raises(Refuted, match="not an index"):
        index(i, 2)
    with pytest.raises((Refuted, TypeError)):
        weights([[i, "1"]], 2)


def test_weights_are_rationals_or_powers_of_two():
    read = weights([[1, 3, -2], [0, "2/3"], [2, 0, 5]], 3)
    assert {i: exact(x) for i, x in read.items()} == {1: Fraction(3, 4), 0: Fraction(2, 3), 2: 0}
    assert weights([[0, 1, 19_999]], 1) == {0: 2**19_999} and weights([[0, 1, -19_999]], 1)[0] * 2**19_999 == 1


@pytest.mark.parametrize(
    "entry",
    [
        [0, 1, 20_000],
        [0, 1, -20_000],
        [0, 1, 2, 3],
        [0, 1, 1, 1],
        [0, "1", 2],
        [0, 1.0, 2],
        [0, True, 1],
        [0, 1, 2.0],
        [0, 1, True],
        [0, 1, "2"],
        [0, "1", "2"],
        [0, 2.0, 2.0],
    ],
)
def test_a_malformed_weight_is_refused(entry):
    with pytest.raises(Refuted, match="a weight is malformed"):
        weights([entry], 1)


def test_a_weight_is_not_negative_and_comes_once():
    for entries in ([[0, "-1"]], [[0, -1, 3]], [[0, "-1/1000"]], [[0, "1"], [0, "1"]], [[0, "0"], [0, 1, 1]]):
        with pytest.raises(Refuted, match="negative or given twice"):
            weights(entries, 1)


def test_a_root_is_rounded_to_the_side_that_is_asked_for_and_exact_where_it_is_rational():
    for x in (Fraction(2), Fraction(5, 7), Fraction(1, 10**41), Fraction(10**41), Fraction(2**61 - 1, 3)):
        low, high = (exact(root(checker.Rational(x.numerator, x.denominator), up)) for up in (False, True))
        assert low**2 < x < high**2 and high - low < high / 2**98
    for x in (Fraction(0), Fraction(9, 4), Fraction(1), Fraction(16)):
        low, high = (exact(root(checker.Rational(x.numerator, x.denominator), up)) for up in (False, True))
        assert low == high and low**2 == x


def test_a_file_or_an_instance_of_another_format_is_refused():
    for new in ("certificate/2", "certificate/0", "certificate"):
        refused({**split(), "format": "twolayer-" + new}, "the file has an unknown format")
        given = split()
        given["instance"]["format"] = "twolayer-" + new.replace("certificate", "instance")
        refused(given, "the instance has an unknown format")


def test_networks_have_the_same_outputs():
    for outputs in (2, 3):
        given = split()
        given["instance"]["teacher"]["V"] = given["instance"]["teacher"]["V"] * outputs
        refused(given, "the networks have different outputs")
        given["instance"]["student"]["V"] = given["instance"]["student"]["V"] * (5 - outputs)
        refused(given, "the networks have different outputs")


def test_the_ends_of_the_gradient_lie_outside_those_of_its_students():
    two = line([("1", "0", "1")], [("1", "2", "1"), ("1", "2", "0")])
    given = by_hand(two, "2", witness=["1/2"], kinks=[[0, False]], settled=[], signs=SPLIT)
    idle = {"student": 1, "lower": "0", "upper": "1/2", "witness": None, "inside": ["0"], "evidence": {"method": "vertices"}}
    given["students"][0]["lower"] = "3/2"
    given["students"].append(idle)
    given["students"][0]["witness"] = ["-1/2"]
    for lower, upper, why in (
        ("3/2", "2", ""),
        ("0", "9", ""),
        ("3/2", "199/100", "the gradient's upper end"),
        ("3/2", "3/2", "upper"),
        ("3/2", "1/2", "upper end"),
        ("151/100", "2", "the gradient's lower end"),
        ("-1", "2", "the gradient's lower end"),
        ("3", "2", "the gradient's lower end"),
    ):
        given["gradient"] = {"lower": lower, "upper": upper}
        refused(given, why) if why else accepted(given)


def test_a_lower_end_without_a_witness_is_zero():
    for lower in ("1/2", "1", "1/1000", "-1"):
        given = split()
        given["students"][0]["lower"] = lower
        refused(given, "the value at the witness is below the lower end")


def test_a_method_of_another_name_is_refused():
    for name in ("", "a", "dead ", "dean", "e", "tre", "trees", "vertex", "verticest", "zzz", None, 1):
        given = split()
        given["students"][0]["evidence"] |= {"method": name, "rows": []}
        refused(given, "the evidence has an unknown method")


def test_an_index_of_evidence_is_an_index():
    """-1, True and 1.0 are no names of groups, kinks or nodes: a group of two names could be decided twice."""

    def change(path, value):
        given = split()
        evidence = given["students"][0]["evidence"]
        evidence["signs"][0]["cuts"] = [[0, ["1", "2"], [], [], []]]
        evidence["settled"] = [[1, True, [[2, "1"]]]]
        evidence["signs"][0]["tree"] = [0, leaf(cuts=[[0, "1/2"]], rows=[[0, "0"]]), leaf()]
        evidence["signs"][1]["tree"] = leaf(singles=[[0, "1"]], rows=[[1, "0"]])
        if path:
            fuzzer.get(evidence, path[:-1])[path[-1]] = value
        return given

    accepted(change((), None))
    places = [
        ("signs", 0, "groups", 0, 0),
        ("signs", 0, "cuts", 0, 0),
        ("signs", 0, "tree", 0),
        ("kinks", 0, 0),
        ("settled", 0, 0),
        ("signs", 0, "tree", 1, "cuts", 0, 0),
        ("signs", 1, "tree", "singles", 0, 0),
        ("signs", 1, "tree", "rows", 0, 0),
    ]
    for place in places:
        for value in (-1, -2, True, False, 9, 0.0, "0"):
            refused(change(place, value), "not an index")
    refused(change(("signs", 0, "groups", 0, 1), [[-1, "1"]]), "not an index")
    refused(change(("signs", 0, "groups", 0, 1), [[True, "1"]]), "not an index")


def test_a_sign_is_not_taken_from_the_file_so_that_no_float_is_reckoned_with():
    """Without python-flint 1.0 * Fraction is a float, and 2^60 x + 2^60 + 100 would be 2^61 at 1."""
    exact = {"Rational": Fraction, "ZERO": Fraction(0), "ONE": Fraction(1)}
    big = line([(str(2**60 + 1), str(2**60 + 102), "1")], [("1", "2", "1")])
    with mock.patch.multiple(checker, **exact), mock.patch.object(checker.Problem.unit, "__defaults__", (Fraction(1),)):
        for one in (1, 1.0, True):
            given = by_hand(
                big, upper=str(2**61 + 100), kinks=[], settled=[], signs=[{**EMPTY[0], "sign": one}, {**EMPTY[1], "sign": -one}]
            )
            accepted(given)
            given["students"][0]["upper"] = given["gradient"]["upper"] = str(2**61)
            refused(given, "the upper end is not proved")


# -- the plane and the region ---------------------------------------------------------------------------------------


def test_vectors_that_depend_on_each_other_are_no_coordinates_and_no_basis():
    def twice(rows):
        rows[1] = [str(2 * Fraction(x)) for x in rows[0]]

    for basis, rows in (
        (twice, None),
        (None, twice),
        (twice, twice),
        (lambda b: b.append(b[0]), None),
        (None, lambda r: r.append(r[0])),
        (lambda b: b.append(b[0]), lambda r: r.append(r[1])),
        (lambda b: b.pop(), None),
        (None, lambda r: r.pop()),
        (lambda b: b.clear(), lambda r: r.clear()),
        (twice, lambda r: r.__setitem__(0, r[1])),
        (lambda b: b.pop(), lambda r: r.append(r[0])),
    ):
        given = base("trees, a skew plane")
        accepted(given)
        if basis:
            basis(given["instance"]["subspace"]["basis"])
        if rows:
            rows(given["coordinates"]["rows"])
        refused(given, "the coordinates are not those of the subspace")


def test_a_plane_that_misses_the_region_has_no_suprema():
    """x = origin + z (1, 0) with origin (0, 2): the rows of y are constant, 1 - 2 < 0 and 1 + 2 > 0."""
    flat = {
        "format": "twolayer-instance/1",
        "teacher": {"W": [["1", "0"]], "b": ["0"], "V": [["1"]]},
        "student": {"W": [["1", "0"]], "b": ["2"], "V": [["1"]]},
        "region": {"lower": ["-1", "-1"], "upper": ["1", "1"]},
    }
    for height, why in (
        ("0", ""),
        ("1", ""),
        ("-1", ""),
        ("2", "the subspace misses the region"),
        ("-2", "the subspace misses the region"),
    ):
        given = by_hand(
            {**flat, "subspace": {"basis": [["1", "0"]], "origin": ["0", height]}},
            "0",
            "2",
            kinks=[[0, False]],
            settled=[],
            signs=SPLIT,
        )
        given["coordinates"] = {"rows": [["1", "0"]], "origin": ["0", height]}
        given["box"] = [[[0, "1"]], [[2, "1"]]]
        refused(given, why) if why else accepted(given)


def test_a_point_inside_is_inside_of_every_row_that_varies():
    """On the plane z = h of a cube: the rows of z are constant there, the rows of y vary with the second coordinate only."""
    flat = {
        "format": "twolayer-instance/1",
        "teacher": {"W": [["1", "0", "0"]], "b": ["0"], "V": [["1"]]},
        "student": {"W": [["0", "1", "0"]], "b": ["2"], "V": [["1"]]},
        "region": {"lower": ["-1"] * 3, "upper": ["1"] * 3},
    }
    for height, inside, why in (
        ("0", ["0", "0"], ""),
        ("1", ["0", "0"], ""),
        ("0", ["0", "1"], "not proved to have interior"),
        ("0", ["0", "-1"], "not proved to have interior"),
        ("0", ["0", "3/2"], "not proved to have interior"),
        ("0", ["-1", "0"], "not proved to have interior"),
        ("2", ["0", "0"], "the subspace misses the region"),
        ("-2", ["0", "0"], "the subspace misses the region"),
    ):
        plane = [["1", "0", "0"], ["0", "1", "0"]]
        given = {
            "format": "twolayer-certificate/1",
            "instance": {**flat, "subspace": {"basis": plane, "origin": ["0", "0", height]}},
            "coordinates": {"rows": plane, "origin": ["0", "0", height]},
            "inside": inside,
            "box": [[[0, "1"]], [[3, "1"]], [[1, "1"]], [[4, "1"]]],
            "gradient": {"lower": "0", "upper": "3"},
            "students": [{"student": 0, "lower": "0", "upper": "3", "witness": None, "evidence": {"method": "vertices"}}],
        }
        refused(given, why) if why else accepted(given)


def test_a_region_by_its_ends_has_the_rows_of_upper_first_and_ends_of_any_sign():
    long = {**KINK, "region": {"lower": ["-1/2"], "upper": ["3"]}}
    given = by_hand(long, upper="5/2", kinks=[[0, False]], settled=[], signs=SPLIT)
    box = checker.Proved(given).box
    assert [tuple(map(exact, ends)) for ends in box] == [(Fraction(-1, 2), 3)]


def test_a_box_from_rough_multipliers_adds_up_over_all_coordinates():
    """On |x| + |y| <= 1, with weights that leave a part of both coordinates."""
    rhombus = {"A": [["1", "1"], ["1", "-1"], ["-1", "1"], ["-1", "-1"]], "c": ["1"] * 4}
    data = {
        "format": "twolayer-instance/1",
        "teacher": {"W": [["1", "0"]], "b": ["0"], "V": [["1"]]},
        "student": {"W": [["1", "0"]], "b": ["2"], "V": [["1"]]},
        "region": rhombus,
    }
    given = {
        "format": "twolayer-certificate/1",
        "instance": data,
        "inside": ["0", "0"],
        "coordinates": {"rows": [["1", "0"], ["0", "1"]], "origin": ["0", "0"]},
        "students": [{"student": 0, "lower": "0", "upper": "9", "witness": None, "evidence": {"method": "vertices"}}],
        "gradient": {"lower": "0", "upper": "9"},
    }
    half = [[[0, "1/2"], [1, "1/4"]], [[2, "1/2"], [3, "1/4"]], [[0, "1/2"], [2, "1/4"]], [[1, "1/2"], [3, "1/4"]]]
    given["box"] = half  # x + (1 - x - y)/2 + (1 - x + y)/4 = 3/4 + x/4 - y/4 <= 3/4 + B/2, so B = 3/2
    assert [tuple(map(exact, ends)) for ends in checker.Proved(given).box] == [(Fraction(-3, 2), Fraction(3, 2))] * 2
    given["box"] = [*half[:3], [[1, "1/2"]]]  # -y + (1 - x + y)/2 = 1/2 - x/2 - y/2: nothing is left of 1
    refused(given, "the region is not proved to be bounded")
    for box in (half[:3], half[:2], [*half, half[0]]):
        given["box"] = box
        refused(given, "a box needs two proofs for each coordinate")


def test_an_enumeration_is_refused_by_its_number_of_steps():
    """On a plane every hyperplane is a line: so many times 3 nodes (students + 2), and 2 for each hyperplane."""
    given = {**base("vertices, rows of every form"), "verdicts": []}  # local rows enumerate vertices of their own
    problem = checker.Proved(given).problem
    planes = {node.hyperplane for node in problem.nodes() if node.hyperplane}
    planes |= {checker.directed(slack)[1] for slack in problem.slacks}
    nodes, students, count = len(problem.nodes()), len(problem.students), len(planes)
    steps = count * (3 * nodes * (students + 2) + 2 * count)
    assert problem.d == 2 and all(entry["evidence"]["method"] == "vertices" for entry in given["students"])
    for most, why in ((steps, ""), (steps - 1, "there are too many vertices")):
        with mock.patch.object(checker, "MOST_STEPS", most):
            refused(given, why) if why else accepted(given)
    cube = {
        **KINK,
        "teacher": {"W": [["1", "0", "0"]], "b": ["0"], "V": [["1"]]},
        "region": {"lower": ["-1"] * 3, "upper": ["1"] * 3},
        "student": {"W": [["0", "1", "0"]], "b": ["2"], "V": [["1"]]},
    }
    given = fuzzer.certified(cube)
    steps = 28 * (3 * 2 * (1 + 3) + 8 * 3)  # 8 planes, 28 pairs of them; 2 nodes, 1 student, 3 dimensions
    for most, why in ((steps, ""), (steps - 1, "there are too many vertices")):
        with mock.patch.object(checker, "MOST_STEPS", most):
            refused(given, why) if why else accepted(given)
    with mock.patch.object(checker, "MOST_STEPS", -1):
        accepted({**base("trees, a polygon"), "verdicts": []})  # where nothing is enumerated there is nothing to refuse
