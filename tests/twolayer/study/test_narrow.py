"""Tables on a terminal of 80 columns: no row is wider, no number is cut or wrapped, at most two lines a row."""

from __future__ import annotations

import io
import re
from fractions import Fraction

import pytest
from rich.console import Console

from twolayer.statements.matching import Match
from twolayer.study import folder, tables, verify

NUMBER = re.compile(r"(?<=\s)-?\d[\d.e+-]*(?=\s|$)")


@pytest.fixture
def narrow(monkeypatch):
    console = Console(file=io.StringIO(), width=80)
    for module in (tables, folder):
        monkeypatch.setattr(module, "terminal", lambda: console)
    return console


def lines(console) -> list[str]:
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def instance(n: int) -> dict:
    row = {"form": "sharp", "verdict": "holds", "measured": 1.23e-5 * n, "bound": 4.56e-5 * n}
    return {
        "name": f"thin directions, d'=10 d=12 K=10+20 C=10, seed {n}, U orthogonal to X",
        "family": "thin directions",
        "trained_here": True,
        "rounds": [[1.23e-10, 2.34e-10]],
        "gradient": {"sampled": 1.11e-10, "upper": 3.45e-10},
        "verdicts": [row] * 100,
    }


def test_an_instance_of_verify_takes_two_lines_with_all_its_numbers(narrow):
    verify.instance_table([instance(n) for n in (1, 2, 3)], narrow)
    printed = lines(narrow)
    assert len(printed) == 2 + 3 * 2 and max(map(len, printed)) <= 80
    for n, (name, numbers) in enumerate(zip(printed[2::2], printed[3::2], strict=True), 1):
        assert name == instance(n)["name"]
        assert NUMBER.findall(numbers) == ["1.23e-10", "2.34e-10", "1.11e-10", "3.45e-10", "100", "0.27"]


def test_an_instance_of_a_folder_takes_two_lines_with_all_its_numbers(narrow):
    medians = {"measured_median": 1.23e-5, "bound_median": 2.34e-5}
    counts = {"holds": 100, "fails": 100, "undecided": 100, "vacuous": 100}
    sizes = {"dimension": 12, "teacher": 64, "student": 128, "gradient_upper": 3.45e-10}
    table = [
        {"instance": f"step-{n}-\x1b[31m.json", "statement": "theorem-2", "form": form, **sizes, **medians, **counts}
        for n in range(3)
        for form in ("printed", "repaired", "sharp")
    ]
    folder.folder_table(table, "theorem-2", ("printed", "repaired", "sharp"))
    printed = lines(narrow)
    assert max(map(len, printed)) <= 80
    assert sum("300/300/300/300" in line for line in printed) == 3
    assert printed[3] == "step-0-\\x1b[31m.json"
    assert NUMBER.findall(printed[4].replace("64+128", "")) == ["12", "3.450e-10", "1.23e-05", *["2.34e-05"] * 3]


@pytest.mark.parametrize("bound", [0.5, 0.1234, 1 / 3, 0.0])
def test_a_printed_bound_is_not_below_any_number_that_its_float_may_stand_for(bound):
    """A bound is kept as the nearest float: the number itself may lie half a step above."""
    line = tables.match_line(Match(0, student=0, measured=0.25 * bound, bound=bound, offset=0.0, observer=0))
    printed = Fraction(re.search(r"proved at most (\S+) by", line)[1])
    assert printed > Fraction(bound) or printed == bound == 0
    assert printed <= Fraction(bound) * Fraction(1001, 1000)
