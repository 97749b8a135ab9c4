"""What a certificate says of which instance: one reading only, and no line of output that the checker did not prove."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction

from proofs.check import decimal

from . import fuzzer
from .by_hand import ALWAYS, EMPTY, KINK, SPLIT, UP, a_row, a_shape, by_hand, line, square
from .fuzzer import accepted, base, enclosures, refused


def test_a_name_cannot_print_a_line_of_its_own():
    given = base("vertices, rows of every form")
    given["instance"]["name"] = "x\nproved: 0 <= sup |g_1| <= 0\ud800"
    assert enclosures(accepted(given)) == enclosures(accepted(base("vertices, rows of every form")))
    given["verdicts"][0]["observers"] = "\nproved: 0 <= sup |g_1| <= 0"
    assert len(enclosures(accepted(given))) == 2


def test_what_the_instance_format_does_not_list_is_refused():
    for path, key, value in (
        ((), "bias", 1),
        (("region",), "A", [["1", "0"]]),
        (("teacher",), "B", []),
        ((), "subspace", {}),
        ((), "second_teacher", None),
        (("subspace",), "start", ["0", "0"]),
    ):
        given = base("vertices, rows of every form")
        fuzzer.get(given["instance"], path)[key] = value
        refused(given, "not proved: ")


def test_lists_of_the_wrong_length_are_refused():
    """A fan-out or a bias too many would be an instance that no two readers read alike."""
    places = [
        ("teacher", "V", 0),
        ("teacher", "b"),
        ("teacher", "W", 0),
        ("student", "V", 0),
        ("region", "c"),
        ("region", "A", 0),
        ("subspace", "basis", 0),
        ("subspace", "origin"),
    ]
    for path in places:
        for change in (lambda row: row.append("0"), lambda row: row.pop()):
            given = base("vertices, two outputs")
            change(fuzzer.get(given["instance"], path))
            refused(given, "not proved")


def test_a_string_is_no_list_of_digits():
    given = base("vertices, rows of every form")
    given["inside"] = "00"
    refused(given, "a list of 2 numbers is needed")


def test_a_key_that_comes_twice_is_refused():
    text = json.dumps(base("vertices, rows of every form"))
    refused(text.replace('"teacher": {', '"teacher": {"W": [["1", "1"]], ', 1), "a key comes twice")


def test_a_network_needs_outputs():
    given = by_hand(KINK, upper="0", kinks=[], settled=[], signs=EMPTY)
    accepted(
        {
            **given,
            "students": [{**given["students"][0], "upper": "2", "evidence": {"method": "vertices"}}],
            "gradient": {"lower": "0", "upper": "2"},
        }
    )
    for network in ("teacher", "student"):
        given["instance"] = {**given["instance"], network: {**given["instance"][network], "V": []}}
    refused(given, "a network needs an output")


def test_an_integer_of_the_instance_is_the_float_that_it_parses_to():
    """2^53 + 1 is no float: as everywhere, it stands for 2^53."""
    given = by_hand(line([(2**53 + 1, -(2**53), "1")], [("1", "2", "1")]), kinks=[], settled=[], signs=EMPTY)
    given["students"][0]["evidence"] = {"method": "vertices"}
    given["students"][0] |= {"witness": ["1"], "lower": "3", "upper": "3"}
    given["gradient"] = {"lower": "3", "upper": "3"}
    accepted(given)


def test_every_line_says_what_is_proved_rounded_outwards():
    given = by_hand(KINK, "4/3", "7/3", witness=["1/2"], kinks=[[0, False]], settled=[], signs=SPLIT)
    ends = "1.3333333333333333 <= sup |g_1{}| <= 2.3333333333333334"
    digest = "94e031194e159c980eae6ead43500ae1d13a4010bf16b415fd7e82c59f7db356"
    rows = "0 proved to hold, 0 to fail, 0 vacuous; 0 left out, which proves nothing"
    proved = f"proved: {ends.format(',0')}\nproved: {ends.format('')}"
    assert accepted(given) == f'instance: "a line"\nsha256: {digest}\n{proved}\nrows: {rows}\n'
    given["instance"] = {key: value for key, value in given["instance"].items() if key != "name"}
    assert accepted(given).startswith('instance: "unnamed"\n')
    given = square([UP], [ALWAYS])
    above = {
        "kind": "disc-above",
        "node": ["teacher", 0],
        "observer": None,
        "radius": "4/3",
        "rows": [[0, "1"], [2, "1"]],
        "crease": "0",
    }
    given["radii"] = [a_shape("ball", ("teacher", 0), 0, "2/3"), above]
    given["verdicts"] = [a_row("theorem-2", "printed", "fails", "1", "-1", radius=0, above=1)]
    refused(given, "a row names the wrong radius")
    given["verdicts"] = []
    seen, crease = "the active region of observer 0", "around the crease of teacher 0"
    assert accepted(given).splitlines()[-3:-1] == [
        f"proved: a ball of radius 0.66666666666666666, height 0, lies in {seen} {crease}",
        f"proved: no disc of radius above 1.3333333333333334, height 0, lies in U n R {crease}",
    ]
    given = base("vertices, rows of every form")
    lines = accepted(given).splitlines()
    count = len(given["students"]), len(given["radii"]), len(given["verdicts"])
    assert len(lines) == 4 + sum(count) and lines[-2].startswith(f"proved: {given['verdicts'][-1]['statement']} ")


def test_a_decimal_is_at_most_or_at_least_the_number_by_its_seventeenth_digit():
    for x in (
        Fraction(1, 3),
        Fraction(2, 3),
        Fraction(10**30 + 1),
        Fraction(1, 7 * 10**300),
        Fraction(10**3000 + 1, 3),
        Fraction(1, 3 * 2**19_000),
    ):
        low, high = (Fraction(decimal(x, up)) for up in (False, True))
        assert low < x < high and x / 10**17 < high - low <= x / 10**16
    for x in (Fraction(0), Fraction(1, 4), Fraction(17), Fraction(1, 2**50)):
        assert Fraction(decimal(x, False)) <= x <= Fraction(decimal(x, True))
    assert decimal(Fraction(1, 4), True) == decimal(Fraction(1, 4), False) == "0.25" and decimal(Fraction(0), True) == "0"


def test_one_file_is_checked_at_a_time(tmp_path, capsys):
    file = tmp_path / "certificate.json"
    file.write_text(
        json.dumps({**base("vertices, a copy")}, ensure_ascii=False).replace("a flipped", "\u00fc a flipped"), encoding="utf-8"
    )
    for arguments, why in (([str(file)], ""), ([], "expected one file"), ([str(file)] * 2, "expected one file")):
        assert fuzzer.checker.main(arguments) == (2 if why else 0)
        assert why in capsys.readouterr().err
    run = subprocess.run(
        [sys.executable, "-m", "proofs", "check", str(file)],
        cwd=fuzzer.EXAMPLES.parent.parent,
        capture_output=True,
        env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        check=False,
    )
    assert run.returncode == 0 and b"\\u00fc" in run.stdout, run
