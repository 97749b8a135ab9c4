"""What a certificate says of which instance: one reading only, and no line of output that the checker did not prove."""
from __future__ import annotations

import json

import certificate_fuzzer as fuzzer
from certificate_fuzzer import accepted, base, enclosures, refused
from certificates_by_hand import EMPTY, KINK, by_hand, line


def test_a_name_cannot_print_a_line_of_its_own():
    given = base("vertices, rows of every form")
    given["instance"]["name"] = "x\nproved: 0 <= sup |g_1| <= 0\ud800"
    assert enclosures(accepted(given)) == enclosures(accepted(base("vertices, rows of every form")))
    given["verdicts"][0]["observers"] = "\nproved: 0 <= sup |g_1| <= 0"
    assert len(enclosures(accepted(given))) == 2


def test_what_the_instance_format_does_not_list_is_refused():
    for path, key, value in (((), "bias", 1), (("region",), "A", [["1", "0"]]), (("teacher",), "B", []), ((), "subspace", {}),
                             ((), "second_teacher", None), (("subspace",), "start", ["0", "0"])):
        given = base("vertices, rows of every form")
        fuzzer.get(given["instance"], path)[key] = value
        refused(given, "not proved: ")


def test_lists_of_the_wrong_length_are_refused():
    """A fan-out or a bias too many would be an instance that no two readers read alike."""
    places = [("teacher", "V", 0), ("teacher", "b"), ("teacher", "W", 0), ("student", "V", 0), ("region", "c"),
              ("region", "A", 0), ("subspace", "basis", 0), ("subspace", "origin")]
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
    accepted({**given, "students": [{**given["students"][0], "upper": "2", "evidence": {"method": "vertices"}}],
              "gradient": {"lower": "0", "upper": "2"}})
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
