"""The notebooks run as they stand, and show what is stored in them."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).resolve().parents[2] / "examples" / "notebooks"
sys.path.insert(0, str(NOTEBOOKS))

import _run

NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
EXACT = ("a_counterexample.ipynb",)  # rational numbers throughout: the same on every machine
LARGEST = 150_000  # bytes of a notebook, its pictures included
APART = 100.0  # times that a number of another machine may differ: training multiplies roundings, a stale output is further off
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?|nan|None|-(?=[,\n ])|\s+")


@cache
def stored(name: str) -> dict:
    return json.loads((NOTEBOOKS / name).read_text(encoding="utf-8"))


@cache
def ran(name: str) -> list:
    for wing in ("torch", "cifar"):  # what may not be there
        if wing in "".join(map(_run.source, _run.code(stored(name)))):
            pytest.importorskip(wing)
    return list(_run.run(stored(name)))


def texts(outputs: list, exact: bool) -> list:
    """Kind and text of outputs; where numbers depend on the machine, without them. No pixels."""
    out = []
    for output in outputs:
        text = "".join(output.get("text", output.get("data", {}).get("text/plain", [])))
        out.append((output["output_type"], sorted(output.get("data", {})), text if exact else NUMBER.sub("", text)))
    return out


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_shows_what_is_stored(name):
    cells, exact = _run.code(stored(name)), name in EXACT
    assert [texts(cell["outputs"], exact) for cell in cells] == [texts(outputs, exact) for outputs in ran(name)]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))


def floats(outputs: list) -> list[float | None]:
    """The numbers of outputs in their order, None for what is no number with a point or an exponent, or is 0."""
    found = [match[0] for _, _, text in texts(outputs, exact=True) for match in NUMBER.finditer(text) if match[0].strip()]
    return [float(x) or None if re.fullmatch(r"-?\d+(\.\d+|(\.\d+)?e[+-]?\d+)", x) else None for x in found]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in EXACT])
def test_no_stored_number_is_of_another_size_than_what_the_cells_show_today(name):
    for cell, outputs in zip(_run.code(stored(name)), ran(name), strict=True):
        for old, new in zip(floats(cell["outputs"]), floats(outputs), strict=True):
            assert None in (old, new) or 1 / APART <= old / new <= APART, (old, new, _run.source(cell))


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_small_and_stores_a_table_or_a_picture(name):
    assert (NOTEBOOKS / name).stat().st_size < LARGEST
    shown = {kind for cell in _run.code(stored(name)) for output in cell["outputs"] for kind in output.get("data", {})}
    assert shown & {"text/html", "image/png"}


def test_the_counterexample_is_proved_and_the_forgery_refused():
    said = "".join("".join(output.get("text", [])) for outputs in ran("a_counterexample.ipynb") for output in outputs)
    assert "proved: theorem-2 printed fails (teacher 0, observer 0)" in said
    assert "1 not proved: theorem-2 printed: the verdict fails is not proved" in said


def test_what_a_cell_raises_is_raised():
    cell = {"cell_type": "code", "source": ["1 / 0"]}
    with pytest.raises(ZeroDivisionError):
        list(_run.run({"cells": [cell]}))
