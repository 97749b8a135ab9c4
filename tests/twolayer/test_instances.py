"""Instances and their file format: what is written is read back exactly, what is malformed is refused in one line."""

from __future__ import annotations

import copy
import itertools
import json
import struct
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolayer import BadInput, Box, Instance, Polytope, Subspace, TwoLayer
from twolayer.instances import FORMAT, LARGEST_EXPONENT, LONGEST_NUMBER, parse_number
from twolayer.samples import principal_plane, scores

from ..strategies import finite_floats, instances, quick, thorough

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
HOLDS_SAMPLES = 1e-12  # samples and faces of the box pass through two rotations of numbers of size 1

VALID = {
    "format": FORMAT,
    "name": "observer sees only a corner",
    "teacher": {"W": [["0", "1"]], "b": ["0"], "V": [["1"]]},
    "student": {"W": [["1", "0"], [1, 0.5]], "b": ["-99/100", 0], "V": [["1", 2]]},
    "region": {"A": [["1", "1"], ["1", "-1"], ["-1", "1"], ["-1", "-1"]], "c": ["1", "1", "1", "1"]},
    "subspace": {"basis": [["1", "0"], ["0", "1"]], "origin": ["0", "0"]},
    "second_teacher": {"W": [["0", "2"]], "b": ["0"], "V": [["1e-3"]]},
}
BOX = {"lower": ["-1", "-1/3"], "upper": [1, 0.25]}


def read(**changes) -> Instance:
    """The valid instance with some entries replaced; a value of None removes the key."""
    data = {**copy.deepcopy(VALID), **changes}
    return Instance.from_json(json.dumps({key: value for key, value in data.items() if value is not None}))


def entries(instance: Instance):
    arrays = [instance.region.A, instance.region.c, instance.subspace.basis, instance.subspace.origin]
    for network in (instance.teacher, instance.student, instance.second_teacher):
        arrays += [] if network is None else [network.W, network.b, network.V, network.output_bias]
    return arrays


def same(a: Instance, b: Instance) -> bool:
    """Names, shapes, and every number: floats to the bit, Fractions exactly."""

    def bits(x):
        return (x.numerator, x.denominator) if isinstance(x, Fraction) else struct.pack("d", x)

    pairs = list(zip(entries(a), entries(b), strict=True))
    return a.name == b.name and all(
        x.shape == y.shape and x.dtype == y.dtype and [*map(bits, x.flat)] == [*map(bits, y.flat)] for x, y in pairs
    )


def refused(text: str) -> str:
    with pytest.raises(BadInput) as caught:
        Instance.from_json(text)
    message = str(caught.value)
    assert message and "\n" not in message and len(message) < 300
    return message


@quick
@given(instances(second_teacher=True))
def test_an_instance_of_fractions_is_read_back_exactly(instance):
    assert same(Instance.from_json(instance.to_json()), instance)


@thorough
@given(st.lists(finite_floats, min_size=6, max_size=6))
def test_floats_are_read_back_to_the_bit(numbers):
    teacher = TwoLayer([numbers[:2]], numbers[2:3], [numbers[3:4]])
    student = TwoLayer([numbers[4:]], [0.1], [[-0.0]])
    instance = Instance(teacher, student, Box([-1.0, -1.0], [0.1, 1.0]), name='quotes " and\nlines')
    assert same(Instance.from_json(instance.to_json()), instance)


def test_what_a_file_says_is_what_an_instance_holds():
    instance = read()
    assert instance.name == "observer sees only a corner"
    assert instance.student.W.tolist() == [[1, 0], [1, HALF]] and instance.student.b.tolist() == [Fraction(-99, 100), 0]
    assert instance.second_teacher.V.tolist() == [[Fraction(1, 1000)]]
    assert instance.region.c.tolist() == [1] * 4 and instance.subspace.dimension == 2


def test_an_output_bias_is_read_and_written_where_it_is_not_zero():
    given = {"W": [["0", "1"]], "b": ["0"], "V": [["1"]], "output_bias": ["1/3"]}
    instance = read(teacher=given, second_teacher={**given, "output_bias": [0]})
    assert instance.teacher.output_bias.tolist() == [THIRD] and not instance.second_teacher.has_output_bias
    written = json.loads(instance.to_json())
    assert written["teacher"]["output_bias"] == ["1/3"]
    assert "output_bias" not in written["student"] and "output_bias" not in written["second_teacher"]
    message = refused(json.dumps({**VALID, "teacher": {**given, "output_bias": ["1", "2"]}}))
    assert message == "teacher: V has 1 rows, so output_bias needs shape (1,); got (2,)"


def test_samples_keep_the_output_bias_of_a_network():
    rng = np.random.default_rng(0)
    net = TwoLayer(rng.normal(size=(2, 5)), rng.normal(size=2), rng.normal(size=(2, 2)), [0.5, -1])
    instance = Instance.from_data(net, net.nodes([0]), rng.normal(size=(20, 5)), 2, second_teacher=net)
    for network in (instance.teacher, instance.student, instance.second_teacher):
        assert network.output_bias.tolist() == [0.5, -1]


def test_a_string_is_exact_and_a_number_is_the_float_it_parses_to():
    instance = read(teacher={"W": [["0.1", "1"]], "b": [0.1], "V": [["1"]]})
    assert instance.teacher.W[0, 0] == Fraction(1, 10) and instance.teacher.b[0] == 0.1
    mixed = read(teacher={"W": [["1/3", 0.1]], "b": [9007199254740993], "V": [["1"]]})
    assert mixed.teacher.W.tolist() == [[THIRD, Fraction(0.1)]] and mixed.teacher.b[0] == 2.0**53


def test_without_a_subspace_it_is_the_whole_space():
    instance = read(subspace=None)
    assert instance.subspace.basis.tolist() == [[1, 0], [0, 1]] and instance.subspace.origin.tolist() == [0, 0]


def test_a_subspace_without_origin_passes_through_zero():
    assert read(subspace={"basis": [["1", "2"]]}).subspace.origin.tolist() == [0, 0]


def test_without_a_name_and_a_second_teacher_there_is_a_default():
    instance = read(name=None, second_teacher=None)
    assert instance.name == "unnamed" and instance.second_teacher is None


def test_a_box_region_is_its_polytope():
    box = read(region=BOX).region
    assert box.A.tolist() == [[1, 0], [0, 1], [-1, 0], [0, -1]] and box.c.tolist() == [1, 0.25, 1, THIRD]


def test_a_subspace_inside_a_face_of_the_region_has_a_region_of_its_own():
    """Only U ∩ R needs interior in U; here it is an edge of the square."""
    assert read(region={"lower": [0, 0], "upper": [1, 1]}, subspace={"basis": [[1, 0]]}).subspace.dimension == 1


@pytest.mark.parametrize("scale", ["1e-13", "1e-9", "1e9", "1e12", "1e16", "1e200"])
def test_a_region_may_be_written_in_any_unit(scale):
    rows = [[s.replace("1", scale) for s in row] for row in VALID["region"]["A"]]
    assert read(region={"A": rows, "c": [scale] * 4}).region.dimension == 2
    assert read(region={"A": VALID["region"]["A"], "c": [scale] * 4}).region.dimension == 2
    assert read(subspace={"basis": [[scale, "0"], [scale, scale]]}).subspace.dimension == 2


def changed(path, value):
    """The valid instance with one entry, found by its path, replaced (or removed where value is ...)."""
    data = copy.deepcopy(VALID)
    place = data
    for key in path[:-1]:
        place = place[key]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(data)


MALFORMED = [
    # keys
    (("format",), "twolayer-instance/2", 'format needs to be "twolayer-instance/1"; got "twolayer-instance/2"'),
    (("format",), ..., 'format needs to be "twolayer-instance/1"; got null'),
    (("format",), 1, 'format needs to be "twolayer-instance/1"; got 1'),
    (("teacher",), ..., "the instance needs the key 'teacher'; got format, name, student, region, subspace, second_teacher"),
    (("student",), ..., "the instance needs the key 'student'; got"),
    (("region",), ..., "the instance needs the key 'region'; got"),
    (
        ("extra",),
        1,
        "the instance needs only the keys format, teacher, student, region, name, subspace, second_teacher; got 'extra'",
    ),
    (("teacher", "bias"), 1, "teacher needs only the keys W, b, V, output_bias; got 'bias'"),
    (("second_teacher", "w"), 1, "second_teacher needs only the keys W, b, V, output_bias; got 'w'"),
    (("student", "V"), ..., "student needs the key 'V'; got W, b"),
    (("teacher",), {}, "teacher needs the key 'W'; got none"),
    (("region", "lower"), [0, 0], "region needs only the keys lower, upper; got 'A'"),
    (("region", "b"), [0, 0], "region needs only the keys A, c; got 'b'"),
    (("region",), {"A": [[1]]}, "region needs the key 'c'; got A"),
    (("region",), {"lower": [0]}, "region needs the key 'upper'; got lower"),
    (("region",), {**BOX, "c": [1]}, "region needs only the keys lower, upper; got 'c'"),
    (("subspace", "rows"), [], "subspace needs only the keys basis, origin; got 'rows'"),
    (("subspace", "basis"), ..., "subspace needs the key 'basis'; got origin"),
    # kinds
    (("name",), 5, "name needs to be a string; got a number"),
    (("name",), None, "name needs to be a string; got null"),
    (("teacher",), [1], "teacher needs to be a JSON object; got a list"),
    (("second_teacher",), None, "second_teacher needs to be a JSON object; got null"),
    (("region",), "box", "region needs to be a JSON object; got a string"),
    (("subspace",), True, "subspace needs to be a JSON object; got a boolean"),
    (("teacher", "W"), 1, "teacher.W needs a list; got a number"),
    (("teacher", "W"), [1, 2], "teacher.W[0] needs a list; got a number"),
    (("teacher", "W"), [["0", None]], "teacher.W[0][1] needs a number or a string; got null"),
    (("teacher", "W"), [["0", [1]]], "teacher.W[0][1] needs a number or a string; got a list"),
    (("student", "b", 1), True, "student.b[1] needs a number or a string; got a boolean"),
    (("student", "b", 1), {}, "student.b[1] needs a number or a string; got an object"),
    (("student", "b"), "0", "student.b needs a list; got a string"),
    (("subspace", "origin"), [[0, 0]], "subspace.origin[0] needs a number or a string; got a list"),
    (("region",), {"lower": 0, "upper": 1}, "region.lower needs a list; got a number"),
    # numbers
    (("teacher", "b"), ["abc"], 'teacher.b[0] needs a number like "3/4", "0.75" or "1e-3"; got \'abc\''),
    (("teacher", "b"), [""], "teacher.b[0] needs a number like"),
    (("teacher", "b"), ["1/0"], "teacher.b[0] needs a nonzero denominator; got '1/0'"),
    (("teacher", "b"), ["1/2/3"], "teacher.b[0] needs a number like"),
    (("teacher", "b"), ["1/-2"], "teacher.b[0] needs a number like"),
    (("teacher", "b"), ["0.5/2"], "teacher.b[0] needs a number like"),
    (("teacher", "b"), ["1_000"], "teacher.b[0] needs a number like"),
    (("teacher", "b"), ["nan"], "teacher.b[0] needs a number like"),
    (("teacher", "b"), ["-inf"], "teacher.b[0] needs a number like"),
    (("teacher", "b"), ["0x10"], "teacher.b[0] needs a number like"),
    (("teacher", "b"), ["\u0661/\uff12"], "teacher.b[0] needs a number like"),  # digits of other scripts
    (("teacher", "b"), ["1e401"], "teacher.b[0] needs an exponent of at most 400; got '1e401'"),
    (("teacher", "b"), ["1e-401"], "teacher.b[0] needs an exponent of at most 400; got '1e-401'"),
    (("teacher", "b"), ["1e999999999"], "teacher.b[0] needs an exponent of at most 400; got '1e999999999'"),
    (("teacher", "b"), ["1" * 3000], "teacher.b[0] needs a number of at most 2000 characters; got 3000"),
    (("teacher", "b"), ["1e" + "9" * 1500], "teacher.b[0] needs an exponent of at most 400; got '1e9999"),
    (("teacher", "b"), [10**400], "teacher.b[0] needs a finite number; got one beyond the range of floats"),
    (("region", "c"), ["1e400"] * 4, "region needs numbers within the range of floats; got a larger one"),
    (("region", "A", 0), ["-1e400", "1"], "region needs numbers within the range of floats; got a larger one"),
    (("subspace", "origin"), ["1e400", "0"], "subspace needs numbers within the range of floats; got a larger one"),
    (("subspace", "basis"), [["1e309", "0"]], "subspace needs numbers within the range of floats; got a larger one"),
    # shapes
    (("teacher", "W"), [["0", "1"], ["1"]], "teacher.W needs rows of equal length; got lengths 1, 2"),
    (("teacher", "b"), ["0", "1"], "teacher: W has 1 rows, so b needs shape (1,); got (2,)"),
    (("teacher", "V"), [["1", "1"]], "teacher: W has 1 rows, so V needs shape (C, 1); got (1, 2)"),
    (("teacher", "W"), [], "teacher: W needs at least one row and one column; got shape (0, 0)"),
    (("teacher", "W"), [[]], "teacher: W needs at least one row and one column; got shape (1, 0)"),
    (("teacher", "W"), [[], []], "teacher: W needs at least one row and one column; got shape (2, 0)"),
    (("teacher", "b"), [], "teacher: W has 1 rows, so b needs shape (1,); got (0,)"),
    (("teacher", "V"), [], "teacher: W has 1 rows, so V needs shape (C, 1); got (0, 0)"),
    (("teacher", "V"), [[]], "teacher: W has 1 rows, so V needs shape (C, 1); got (1, 0)"),
    (("region", "A"), [], "region: A needs at least one row and one column; got shape (0, 0)"),
    (("region", "A"), [[]], "region: A needs at least one row and one column; got shape (1, 0)"),
    (("region", "c"), [], "region: A has 4 rows, so c needs shape (4,); got (0,)"),
    (("region", "A", 0), ["0", "0"], "region: row 0 of A needs a nonzero entry; got all zeros"),
    (("region",), {"lower": [], "upper": []}, "region: a box needs at least one coordinate; got none"),
    (("region",), {"lower": [0, 0], "upper": [1]}, "region: lower has shape (2,), so upper needs the same; got (1,)"),
    (
        ("region",),
        {"lower": [0, 1], "upper": [1, 1]},
        "region: a box needs lower < upper in every coordinate; got 1.0 and 1.0 at 1",
    ),
    (("subspace", "basis"), [], "subspace: basis needs at least one row; got none"),
    (("subspace",), {"basis": []}, "subspace: basis needs at least one row; got none"),
    (("subspace", "basis"), [[]], "subspace: basis has 0 columns, so origin needs shape (0,); got (2,)"),
    (("subspace",), {"basis": [[]]}, "subspace: basis needs at least one column; got none"),
    (("subspace", "origin"), ["0"], "subspace: basis has 2 columns, so origin needs shape (2,); got (1,)"),
    (("subspace", "basis"), [["1", "2"], ["2", "4"]], "subspace: basis needs 2 linearly independent rows; got rank 1"),
    (
        ("subspace", "basis"),
        [["1", "0"], ["0", "1"], ["1", "1"]],
        "subspace: basis needs at most 2 rows, one for each coordinate; got 3",
    ),
    # dimensions
    (("student", "W"), [["1"], ["1"]], "teacher has input dimension 2, so student needs dimension 2; got 1"),
    (("student", "V"), [["1", "1"], ["1", "1"]], "teacher has 1 outputs, so student needs 1; got 2"),
    (("second_teacher", "W"), [["1"]], "second_teacher needs (inputs, outputs) = (2, 1) like teacher; got (1, 1)"),
    (("second_teacher", "V"), [["1"], ["1"]], "second_teacher needs (inputs, outputs) = (2, 1) like teacher; got (2, 2)"),
    (("region",), {"lower": [0], "upper": [1]}, "teacher has input dimension 2, so region needs dimension 2; got 1"),
    (("subspace",), {"basis": [[1, 0, 0]]}, "teacher has input dimension 2, so subspace needs dimension 2; got 3"),
    # regions
    (
        ("region",),
        {"A": [[1, 0], [0, 1]], "c": [1, 1]},
        "region needs to be bounded; got an unbounded polytope, without end along (-1, 0)",
    ),
    (
        ("region",),
        {"A": [[1, 1], [-1, -1]], "c": [1, 1]},
        "region needs to be bounded; got an unbounded polytope, without end along (-1, 1)",
    ),
    (("region", "c"), ["-1"] * 4, "region needs interior points; got an empty polytope"),
    (("region", "c"), ["1", "1", "-1", "-1"], "region needs interior points; got a flat polytope"),
    (("region", "c"), ["1", "1", "1", "-1"], "region needs interior points; got a flat polytope"),
    (
        ("subspace",),
        {"basis": [[1, 0]], "origin": [0, 2]},
        "subspace needs to cross the interior of the region; got one that misses or only touches it",
    ),
    (
        ("subspace",),
        {"basis": [[1, 0]], "origin": [0, 1]},
        "subspace needs to cross the interior of the region; got one that misses or only touches it",
    ),
]


@pytest.mark.parametrize(("path", "value", "message"), MALFORMED)
def test_a_malformed_instance_is_refused_in_one_line_that_says_what_was_expected_and_what_came(path, value, message):
    assert refused(changed(path, value)).startswith(message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        # The same again where the subspace is not the whole space.
        (
            {"region": {"A": [[0, 1], [0, -1], [1, 0], [-1, 0]], "c": [0, 0, 1, 1]}},
            "region needs interior points; got a flat polytope",
        ),
        (
            {"region": {"A": [[0, 1], [0, -1], [1, 0]], "c": [1, 1, 1]}},
            "region needs to be bounded; got an unbounded polytope, without end along (-1, 0)",
        ),
        (
            {"region": {"A": [[1, 0], [-1, 0]], "c": [1, 1]}},
            "region needs to be bounded; got an unbounded polytope, without end along (0, 1)",
        ),
        (
            {"region": {"A": [[0, 1], [0, -1]], "c": [1, 1]}},
            "region needs to be bounded; got one that does not bound the subspace",
        ),
        (
            {"region": {"A": [[0, 1], [0, -1], [1, 0], [-1, 0]], "c": [3, -2, 1, 1]}},
            "the subspace needs points inside the region; row 1 of the region excludes all of it",
        ),
        (
            {"region": {"A": [[0, 1], [0, -1], [1, 0], [-1, 1]], "c": [1, 1, 1, -1]}},
            "subspace needs to cross the interior of the region; got one that misses or only touches it",
        ),
    ],
)
def test_a_bad_region_is_told_from_a_bad_subspace(changes, message):
    data = {**VALID, "subspace": {"basis": [["1", "0"]]}, **changes}
    assert refused(json.dumps(data)) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an instance needs to be JSON; got an error at line 1: Expecting value"),
        ("   \n", "an instance needs to be JSON; got an error at line 2: Expecting value"),
        ("{", "an instance needs to be JSON; got an error at line 1"),
        ("not json", "an instance needs to be JSON; got an error at line 1: Expecting value"),
        ('{"format": 1,}', "an instance needs to be JSON; got an error at line 1"),
        ("\ufeff{}", 'format needs to be "twolayer-instance/1"; got null'),
        ('{"name": "\\ud800"}', "an instance needs whole characters; got half of a surrogate pair"),
        ("[" * 65 + "]" * 65, "an instance needs to be JSON of moderate depth; got deeper nesting"),
        ("[" * 64 + "]" * 64, "an instance needs to be a JSON object; got a list"),
        ("[]", "an instance needs to be a JSON object; got a list"),
        ("null", "an instance needs to be a JSON object; got null"),
        ('"text"', "an instance needs to be a JSON object; got a string"),
        ("3", "an instance needs to be a JSON object; got a number"),
        ("true", "an instance needs to be a JSON object; got a boolean"),
        ("{}", 'format needs to be "twolayer-instance/1"; got null'),
        ("[" * 100000, "an instance needs to be JSON of moderate depth; got deeper nesting"),
        ('{"a":' * 100000, "an instance needs to be JSON of moderate depth; got deeper nesting"),
        ('{"a": 1, "b": 2, "a": 3}', "every key needs to appear once; got 'a' twice"),
        ('{"format": {"x": 1, "x": 1}}', "every key needs to appear once; got 'x' twice"),
        ('{"n": NaN}', "numbers need to be finite; got NaN"),
        ('{"n": [Infinity]}', "numbers need to be finite; got Infinity"),
        ('{"n": -Infinity}', "numbers need to be finite; got -Infinity"),
        ('{"n": ' + "1" * 5000 + "}", "an instance needs to be JSON"),
        ('{"k\\n' + "k" * 500 + '": 1, "format": "twolayer-instance/1"}', "the instance needs only the keys"),
    ],
)
def test_what_is_no_instance_at_all_is_refused_in_one_line(text, message):
    assert refused(text).startswith(message)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1e400"])
def test_a_number_beyond_floats_is_refused_where_a_string_would_be_exact(number):
    text = json.dumps(VALID).replace('"b": ["0"]', f'"b": [{number}]', 1)
    assert refused(text) == "teacher.b[0] needs a finite number; got one beyond the range of floats"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", Fraction(3)),
        ("-3/4", Fraction(-3, 4)),
        ("+6/8", Fraction(3, 4)),
        ("0.1", Fraction(1, 10)),
        (".5", HALF),
        ("5.", Fraction(5)),
        ("1e-3", Fraction(1, 1000)),
        ("-2.5E+2", Fraction(-250)),
        (" 1/3 ", THIRD),
        ("007", Fraction(7)),
        (f"1e{LARGEST_EXPONENT}", Fraction(10) ** 400),
        (f"1e-{LARGEST_EXPONENT}", Fraction(1, 10**400)),
        ("0/5", Fraction(0)),
        ("-0", Fraction(0)),
        ("9" * LONGEST_NUMBER, Fraction(int("9" * LONGEST_NUMBER))),
    ],
)
def test_numbers_in_strings_are_exact(text, value):
    assert parse_number(text) == value


# From data


@quick
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 4), st.sampled_from(["box", "hull"]))
def test_the_region_of_the_data_holds_every_projected_sample_and_touches_it(seed, dimension, rank, region):
    rng = np.random.default_rng(seed)
    rank = min(rank, dimension)
    X = rng.normal(size=(12, rank)) @ rng.normal(size=(rank, dimension)) + rng.normal(size=dimension)
    net = TwoLayer(rng.normal(size=(2, dimension)), rng.normal(size=2), rng.normal(size=(1, 2)))
    instance = Instance.from_data(net, net, X, rank, region=region)
    z = scores(X, principal_plane(X, rank))
    assert instance.region.contains(z).all()
    slack = instance.region.c[:, None] - instance.region.A @ z.T
    assert (slack.min(axis=1) < 2e-9 * (1 + np.abs(z).max())).all()


@quick
@given(st.integers(0, 10**6))
def test_on_the_plane_the_networks_are_those_of_the_samples(seed):
    """Lemma 1: with as many directions as the samples spread in, outputs agree at every sample."""
    rng = np.random.default_rng(seed)
    basis, offset = np.linalg.qr(rng.normal(size=(5, 2)))[0], rng.normal(size=5)
    X = rng.normal(size=(20, 2)) @ basis.T + offset
    teacher, student = (TwoLayer(rng.normal(size=(2, 5)), rng.normal(size=2), rng.normal(size=(1, 2))) for _ in range(2))
    instance = Instance.from_data(teacher, student, X, 2)
    z = scores(X, principal_plane(X, 2))
    for whole, inside in ((teacher, instance.teacher), (student, instance.student)):
        assert inside.is_exact and np.abs(inside.floats()(z) - whole(X)).max() < 1e-9


def test_the_plane_is_spanned_by_the_directions_of_largest_spread():
    X = np.array([[s * 5, t * 1, u * 3] for s in (-1, 1) for t in (-1, 1) for u in (-1, 1)], dtype=float)
    plane = principal_plane(X, 2)
    assert np.abs(plane.basis) == pytest.approx(np.array([[1, 0, 0], [0, 0, 1]]), abs=HOLDS_SAMPLES)
    assert plane.origin == pytest.approx(np.zeros(3), abs=HOLDS_SAMPLES)


def test_fewer_samples_than_dimensions_and_huge_or_tiny_ones_give_a_plane_too():
    rng = np.random.default_rng(0)
    net = TwoLayer(rng.normal(size=(2, 9)), rng.normal(size=2), rng.normal(size=(1, 2)))
    X = rng.normal(size=(5, 9))
    for scale in (1.0, 1e200, 1e-200):
        instance = Instance.from_data(net, net, scale * X, 3)
        assert instance.teacher.inputs == 3
        assert instance.region.contains(scores(scale * X, principal_plane(scale * X, 3))).all()


def test_the_hull_lies_in_the_box_and_holds_less_where_samples_lie_on_a_diagonal():
    t = np.linspace(-1, 1, 50)
    X = np.stack([t, t**3], axis=1)
    net = TwoLayer([[1, 1], [1, -1]], [0, 0], [[1, 1]])
    box, hull = (Instance.from_data(net, net, X, 2, region=region).region for region in ("box", "hull"))
    corners = np.array(list(itertools.product((-box.c[2], box.c[0]), (-box.c[3], box.c[1]))))
    assert box.contains(corners).all() and not hull.contains(corners).all()
    assert (hull.A[:4] == box.A).all() and (hull.c[:4] == box.c).all()


def test_directions_without_spread_get_the_margin_or_a_billionth_of_the_largest_spread():
    X = np.array([[-1.0, 0], [1, 0], [0, 0]])
    net = TwoLayer([[1, 1]], [0], [[1]])
    thin = Instance.from_data(net, net, X, 2).region
    assert sorted(thin.c) == pytest.approx([1e-9, 1e-9, 1, 1], rel=1e-6)
    thick = Instance.from_data(net, net, X, 2, margin=0.25, name="thick", second_teacher=net)
    assert sorted(thick.region.c) == pytest.approx([0.25, 0.25, 1, 1])
    assert thick.name == "thick" and thick.second_teacher.inputs == 2


def test_a_region_of_another_kind_is_refused():
    net = TwoLayer([[1, 1]], [0], [[1]])
    with pytest.raises(BadInput, match='region needs to be "box" or "hull"; got \'ball\''):
        Instance.from_data(net, net, np.eye(3, 2), 1, region="ball")


def test_memory_for_samples_is_linear_in_their_number():
    """A square factor of 20,000 samples would be 3.2 GB."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 8))
    net = TwoLayer(rng.normal(size=(2, 8)), rng.normal(size=2), rng.normal(size=(1, 2)))
    tracemalloc.start()
    Instance.from_data(net, net, X, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * X.nbytes


@pytest.mark.parametrize(
    ("X", "rank", "message"),
    [
        (np.zeros((5, 3)), 1, r"teacher has input dimension 2, so X needs shape \(n, 2\); got \(5, 3\)"),
        (np.zeros(5), 1, r"teacher has input dimension 2, so X needs shape \(n, 2\); got \(5,\)"),
        (np.eye(4, 2), 0, "rank needs to lie between 1 and 2; got 0"),
        (np.eye(4, 2), 3, "rank needs to lie between 1 and 2; got 3"),
        (np.eye(2), 2, "rank 2 needs more than 2 samples; got 2"),
        (np.array([[0, 1], [1, np.nan], [2, 2]]), 1, "X needs finite numbers; got a NaN or an infinity"),
        (np.ones((5, 2)), 1, "X needs samples that differ; got 5 equal ones"),
    ],
)
def test_data_that_give_no_instance_are_refused(X, rank, message):
    net = TwoLayer([[1, 1]], [0], [[1]])
    with pytest.raises(BadInput, match=f"^{message}$"):
        Instance.from_data(net, net, X, rank)


def test_constructed_instances_are_checked_like_parsed_ones():
    one, two = TwoLayer([[1]], [0], [[1]]), TwoLayer([[1, 1]], [0], [[1]])
    with pytest.raises(BadInput, match="teacher has input dimension 2, so student needs dimension 2; got 1"):
        Instance(two, one, Box([0, 0], [1, 1]))
    with pytest.raises(BadInput, match="region needs to be bounded"):
        Instance(two, two, Polytope([[1, 0]], [1]))
    with pytest.raises(BadInput, match="misses or only touches"):
        Instance(two, two, Box([0, 0], [1, 1]), Subspace([[1, -1]], [0, 0]))


# Fuzz

STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(
        [
            "1/3",
            "1e-400",
            "1e400",
            "-1e350",
            "1/0",
            "0",
            "1e-5",
            "NaN",
            [],
            [[]],
            {},
            "9" * 400,
            1e308,
            5e-324,
            -0.0,
            [["1"]],
            ["1", "0"],
            {"W": []},
            "1/" + "7" * 300,
        ]
    ),
)


@st.composite
def mutations(draw):
    """A valid instance with up to three entries, keys or subtrees replaced, removed, repeated or moved."""
    line = {"basis": [["3", "4"]]}
    data = copy.deepcopy(draw(st.sampled_from((VALID, {**VALID, "region": BOX}, {**VALID, "subspace": line}))))
    for _ in range(draw(st.integers(1, 3))):
        place = data
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], (dict, list)) and place[key] and draw(st.integers(0, 4)) > 0:
                place = place[key]
                continue
            action = draw(st.sampled_from(("replace", "replace", "remove", "repeat", "negate")))
            if action == "replace":
                place[key] = draw(STRANGE)
            elif action == "remove":
                del place[key]
            elif action == "repeat" and isinstance(place, list):
                place.append(copy.deepcopy(place[key]))
            elif isinstance(place[key], str):
                place[key] = "-" + place[key].lstrip("-")
            break
    return data


@thorough
@given(mutations())
def test_a_mutated_file_is_refused_in_one_line_or_understood(data):
    try:
        text = json.dumps(data)
    except ValueError:
        return
    try:
        instance = Instance.from_json(text)
    except BadInput as error:
        assert str(error) and "\n" not in str(error) and len(str(error)) < 400
    else:
        assert same(Instance.from_json(instance.to_json()), instance)


@thorough
@given(st.integers(0, 400), st.text(max_size=3), st.integers(0, 3))
def test_a_file_with_damaged_characters_is_refused_in_one_line_or_understood(position, inserted, removed):
    text = json.dumps(VALID)
    try:
        Instance.from_json(text[:position] + inserted + text[position + removed :])
    except BadInput as error:
        assert str(error) and "\n" not in str(error)
