"""The command line: contracts of `twolayer check`, and one clear line for bad input."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import twolayer
from twolayer import Box, Instance, TwoLayer, check
from twolayer.cli import main
from twolayer.exact import rational
from twolayer.statements.certificates import certificate
from twolayer.study import sweep
from twolayer.study.tables import down, up

INSTANCES = Path(__file__).parents[1] / "examples" / "instances"
CORNER = INSTANCES / "theorem-2-corner.json"


def run(capsys, *arguments):
    """(exit status, standard output, standard error)"""
    try:
        status = main(list(arguments))
    except SystemExit as end:
        status = end.code
    out = capsys.readouterr()
    return status, out.out, out.err


def test_check_prints_one_json_object_with_the_contract_s_fields(capsys):
    status, out, _ = run(capsys, "check", str(CORNER), "--json")
    data = json.loads(out)
    assert status == 0 and set(data) == {"format", "instance", "gradient", "matching", "verdicts", "limits"}
    assert [set(m) for m in data["matching"]] == [
        {"teacher", "student", "measured", "bound", "offset", "recovered", "observer"}
    ] * len(data["matching"])
    assert set(data["gradient"]) == {"lower", "upper", "per_student"}
    assert set(data["gradient"]["per_student"][0]) == {"student", "lower", "upper", "witness"}
    for row in data["verdicts"]:
        assert {"statement", "form", "verdict", "measured", "bound", "why", "terms"} <= set(row)
    printed = next(r for r in data["verdicts"] if (r["statement"], r["form"]) == ("theorem-2", "printed"))
    assert printed["verdict"] == "fails" and printed["reason"] == "region" and printed["measured"] == 1
    assert math.isclose(printed["bound"], 0.1188, rel_tol=1e-3)
    assert printed["terms"]["alpha"] == 1 and printed["terms"]["epsilon"] >= 0.01


def test_the_exit_status_is_zero_whatever_the_verdicts(capsys):
    assert all(run(capsys, "check", str(path), "--json")[0] == 0 for path in sorted(INSTANCES.glob("*.json"))[:4])


def test_check_prints_the_rows_that_are_asked_for(capsys):
    whole = json.loads(run(capsys, "check", str(CORNER), "--json")[1])["verdicts"]
    for asked in (
        ["--form", "sharp"],
        ["--statement", "theorem-2", "--form", "printed", "--form", "sharp"],
        ["--verdict", "fails"],
    ):
        rows = json.loads(run(capsys, "check", str(CORNER), "--json", *asked)[1])["verdicts"]
        pairs = list(zip(asked[::2], asked[1::2], strict=True))
        wanted = {option[2:]: [value for other, value in pairs if other == option] for option, _ in pairs}
        assert rows == [row for row in whole if all(row[field] in values for field, values in wanted.items())] and rows
    status, out, _ = run(capsys, "check", str(CORNER), "--verdict", "undecided")
    assert status == 0 and "none of the" in out
    status, _, err = run(capsys, "check", "no such file.json", "--form", "blunt")
    assert status == 2 and err == "twolayer check: no form is named 'blunt'; there are printed, repaired, sharp\n"


def test_a_long_table_is_cut_unless_all_is_asked_for(capsys, monkeypatch):
    monkeypatch.setattr("twolayer.study.tables.LONGEST", 2)
    rows = len(json.loads(run(capsys, "check", str(CORNER), "--json")[1])["verdicts"])
    cut, whole = (run(capsys, "check", str(CORNER), *more)[1] for more in ([], ["--all"]))
    assert f"... and {rows - 2} more rows (--all prints them)" in cut and "more rows" not in whole
    assert whole.count("theorem-1") == 3


def test_check_prints_a_table_for_people(capsys):
    status, out, _ = run(capsys, "check", str(CORNER))
    assert status == 0 and "sup |g_1| in [" in out and "fails" in out and "region" in out


def test_json_never_contains_nan_or_infinity(capsys):
    for path in INSTANCES.glob("*.json"):
        out = run(capsys, "check", str(path), "--json")[1]
        assert json.loads(out, parse_constant=pytest.fail)["verdicts"]


BAD = {
    "not JSON": "{",
    "wrong tag": '{"format": "twolayer-instance/9"}',
    "a list": "[1, 2]",
    "empty": "",
    "unknown key": CORNER.read_text().replace('"name"', '"title"'),
    "NaN": CORNER.read_text().replace('"-99/100"', "NaN"),
    "wrong shape": CORNER.read_text().replace('["-99/100"]', '["-99/100", "1"]'),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_malformed_instance_ends_with_status_2_and_one_line(kind, capsys, tmp_path):
    path = tmp_path / "bad.json"
    assert BAD[kind] != CORNER.read_text()
    path.write_text(BAD[kind])
    status, out, err = run(capsys, "check", str(path), "--json")
    assert status == 2 and out == "" and len(err.strip().splitlines()) == 1
    assert "need" in err and "got" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "no such file.json"],
        ["check", str(CORNER), "--gap", "-1"],
        ["check", str(CORNER), "--gap", "nan"],
        ["check", str(CORNER), "--time-limit", "soon"],
        ["check", str(CORNER), "--colour"],
        ["chekc"],
        [],
        ["check", str(INSTANCES.parent)],
        ["check", ""],
        ["check", str(INSTANCES), "-o", ""],
        ["certify", str(CORNER), "-o", ""],
        ["plot", ""],
        ["sweep", "", "-o", "results"],
    ],
)
def test_a_bad_command_ends_with_status_2_and_one_line(arguments, capsys):
    status, out, err = run(capsys, *arguments)
    assert status == 2 and out == "" and len(err.strip().splitlines()) == 1


def test_a_certificate_does_not_take_the_place_of_its_instance(capsys, tmp_path):
    instance, other = tmp_path / "corner.json", tmp_path / "other.json"
    instance.write_bytes(CORNER.read_bytes())
    other.symlink_to(instance)
    for output in (instance, other):
        status, out, err = run(capsys, "certify", str(instance), "-o", str(output))
        assert (status, out) == (2, "") and "a file of its own" in err and instance.read_bytes() == CORNER.read_bytes()


def test_a_folder_that_cannot_be_read_is_named_in_the_words_of_every_other_input(capsys, tmp_path, monkeypatch):
    def refused(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.iterdir", refused)
    status, out, err = run(capsys, "check", str(tmp_path))
    assert (status, out) == (2, "")
    assert err == f"twolayer check: {tmp_path} needs to be a readable folder; got Permission denied\n"


def test_bytes_that_are_not_text_end_with_status_2(capsys, tmp_path):
    path = tmp_path / "bad.json"
    path.write_bytes(b"\xff\xfe\x00{")
    assert run(capsys, "check", str(path))[0] == 2


def test_an_instance_can_come_from_standard_input():
    done = subprocess.run(
        [sys.executable, "-m", "twolayer.cli", "check", "-", "--json"], input=CORNER.read_text(), capture_output=True, text=True
    )
    assert done.returncode == 0 and json.loads(done.stdout)["instance"]


def test_the_help_of_sweep_shows_configurations_that_its_reader_takes(capsys):
    grid, listed = re.findall(r"\{\".*?\}", run(capsys, "sweep", "--help")[1], re.S)
    assert len(sweep.read(grid)[0]) == 2**4 * 10
    assert sweep.files_of(listed) == ([Path("first.json"), Path("a folder")], 1e-3)


def test_a_tiny_time_limit_still_gives_valid_enclosures(capsys):
    data = json.loads(run(capsys, "check", str(CORNER), "--json", "--time-limit", "1e-9")[1])
    assert data["gradient"]["lower"] <= 0.01 <= data["gradient"]["upper"]


@pytest.mark.parametrize(("limit", "late"), [(None, False), (1e-9, True)])
def test_check_and_certify_try_fewer_bounds_once_their_time_is_over(limit, late):
    """At many pairs of teacher and observer the bounds take longer than the suprema: --time-limit is for all of it."""
    rng = np.random.default_rng(0)
    teacher = TwoLayer(rng.normal(size=(4, 2)), rng.normal(size=4) / 4, rng.normal(size=(1, 4)))
    student = TwoLayer(teacher.W + 0.01 * rng.normal(size=(4, 2)), teacher.b, teacher.V)
    instance = Instance(teacher, student, Box([-1, -1], [1, 1]))
    for result in (check(instance, time_limit=limit), certificate(instance, time_limit=limit)[1]):
        methods = {v.terms.get("method") for v in result.verdicts if v.form == "sharp"}
        assert methods & {"ball", "cells", "chords"} and bool(methods & {"cells", "chords"}) is not late


@pytest.mark.parametrize("x", [0.01, 0.009999999999999998, 1.00049e-8, 123456.7, 9.9999e-5, 1e-300, 5e-324])
def test_printed_decimals_never_cross_the_number(x):
    assert float(down(x)) <= x <= float(up(x))
    assert rational(float(up(x))) - rational(float(down(x))) <= rational(x) / 500 + rational(1e-323)


def test_a_name_with_square_brackets_is_printed_as_it_is(capsys, tmp_path):
    path = tmp_path / "named.json"
    path.write_text(CORNER.read_text().replace(json.loads(CORNER.read_text())["name"], "[/red] [bold]x"))
    status, out, _ = run(capsys, "check", str(path))
    assert status == 0 and "[/red] [bold]x" in out


def test_the_version_is_the_same_in_the_package_its_citation_and_the_command_line():
    said = subprocess.run([sys.executable, "-m", "twolayer", "--version"], capture_output=True, text=True, check=True).stdout
    citation = (Path(__file__).parents[1] / "CITATION.cff").read_text(encoding="utf-8")
    assert said == f"twolayer {twolayer.__version__}\n" and f"\nversion: {twolayer.__version__}\n" in citation
