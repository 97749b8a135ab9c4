"""The paper's Tables 1 to 5 as printed (printed.toml), with this project's numbers beside them, as values and as CSV."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..measures.robustness import CONFIDENT, RULES
from ..runs.paths import NOT_RUN
from .estimates import Estimate, contrast
from .results import EPS_IN, EPS_OUT, MBNC, START, Reading, Result, Results, accuracy, layer_mbnc

SPECIALISED = {4: "specialisation", 5: "specialisation-5"}  # depth -> name of its table
NONE = ""  # not in the paper
# columns beside every table's own
JUDGES = (("linf", "any"), ("linf-small", RULES[0]), ("oracle-ce", "any"), (CONFIDENT, CONFIDENT), ("label", "any"))
Number = float | str
WRITTEN = tomllib.loads(Path(__file__).with_name("printed.toml").read_text(encoding="utf-8"))
ATTACKS: dict[str, str] = WRITTEN["attacks"]


@dataclass(frozen=True)
class Table:
    """attacks: of the columns, by the paper's count;  rows: checkpoint -> a number each, or words in its place"""

    name: str
    title: str
    attacks: Sequence[str]
    rows: dict[str, list[Number]]

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """(attack, rule): the paper's, then this project's judges."""
        return (*((attack, RULES[0]) for attack in self.attacks), *JUDGES)

    def printed(self, checkpoint: str, attack: str, rule: str) -> Number:
        """The paper's number, which stands at its own count alone."""
        printed = dict(zip(self.attacks, self.rows[checkpoint], strict=True))
        return printed.get(attack, NONE) if rule == RULES[0] else NONE


TABLES = tuple(Table(name, **written) for name, written in WRITTEN["tables"].items())


def as_printed(names: Sequence[str]) -> Results:
    """The numbers of some printed tables as if they were exact results; a later table wins over an earlier one."""
    attacks: dict[str, dict[str, Any]] = {}
    for table in sorted((table for table in TABLES if table.name in names), key=lambda table: names.index(table.name)):
        for checkpoint, numbers in table.rows.items():
            columns = zip(table.attacks, numbers, strict=True)
            exact = {attack: {RULES[0]: {"mean": number}} for attack, number in columns if not isinstance(number, str)}
            attacks.setdefault(checkpoint, {}).update(exact)
    results = {}
    for name, counted in attacks.items():
        run, _, epoch = name.partition("@")
        results[name] = Result("", run, int(epoch), int(epoch), {}, {}, counted, None, {}, {})
    return Results(results, exact=True)


@dataclass(frozen=True)
class Cell:
    """mean over seeds, None where not run;  seeds: how many;  half: of the 95 % interval, None where nothing says it;
    variance: of the shares over repeats of the attack, None where it ran once."""

    mean: float | None
    half: float | None = None
    seeds: int = 0
    variance: float | None = None
    printed: Number = NONE
    absent: str = ""


def cell(results: Results, checkpoint: str, reading: Reading, printed: Number = NONE) -> Cell:
    values = [value for result in results.seeds(checkpoint) if (value := reading.value(result)) is not None]
    if not values:
        return Cell(None, printed=printed, absent=results.absent(checkpoint))
    told = contrast(results, (1.0, checkpoint, reading))
    half = told.interval[1] - told.value if isinstance(told, Estimate) else None
    return Cell(sum(values) / len(values), half, len(values), printed=printed)


def robust_cell(results: Results, table: Table, checkpoint: str, attack: str, rule: str) -> Cell:
    """A cell of a printed table."""
    whole = cell(results, checkpoint, accuracy(attack, rule), table.printed(checkpoint, attack, rule))
    first = next((counted for result in results.seeds(checkpoint) if (counted := result.counted(attack, rule))), None)
    return replace(whole, variance=first["variance"]) if first and len(first["repeats"]) > 1 else whole


def filled(results: Results, table: Table) -> list[tuple[str, list[Cell]]]:
    """(checkpoint, cells) of the rows of which anything was run, or tried, in the printed order."""
    rows = [(row, [robust_cell(results, table, row, *column) for column in table.columns]) for row in table.rows]
    return [(row, cells) for row, cells in rows if any(each.absent != NOT_RUN for each in cells)]


def specialised(results: Results, depth: int) -> tuple[list[Reading], list[tuple[str, list[Cell]]]]:
    """MBNC of every layer and the eps means of the untrained and of every kind's last checkpoint of one depth."""
    readings = [*(layer_mbnc(i, depth) for i in range(depth)), MBNC, EPS_IN, EPS_OUT]
    last = [f"{r.kind}@{r.paper_epoch}" for r in results.lasts if len(r.layers) == depth]
    rows = [f"{r.kind}@0" for r in results.untrained(depth)] + list(dict.fromkeys(last))
    return readings, [(row, [cell(results, row, reading) for reading in readings]) for row in rows] if last else []


def lines(results: Results) -> dict[str, list[dict[str, Any]]]:
    """The rows of every table's CSV: one a cell, under its name. A cell that was not run says so."""
    files = {}
    for table in TABLES:
        files[table.name] = [
            _line(results, row, f"{ATTACKS[attack]}, {rule}", robust_cell(results, table, row, attack, rule), (attack, rule))
            for row in table.rows
            for attack, rule in table.columns
        ]
    for depth, name in SPECIALISED.items():
        readings, rows = specialised(results, depth)
        if rows:
            files[name] = [
                _line(results, row, r.name, each) for row, cells in rows for r, each in zip(readings, cells, strict=True)
            ]
    return files


def _line(results: Results, checkpoint: str, column: str, value: Cell, counted: Sequence[str] = ()) -> dict[str, Any]:
    """counted: attack and rule, of a robust accuracy"""
    runs = results.seeds(checkpoint)
    return {
        "row": START if checkpoint.endswith("@0") else results.label(checkpoint),
        "column": column,
        "checkpoint": checkpoint,
        **dict(zip(("attack", "rule"), counted, strict=False)),
        "mean": value.absent if value.mean is None else value.mean,
        "half of the 95 % interval": value.half,
        "seeds": value.seeds,
        "variance over repeats (of fractions)": value.variance,
        "printed": value.printed,
        "test images": runs[0].settings["test_images"] if runs else None,
        "images": runs[0].data["source"] if runs else None,
    }


def csv_text(rows: Sequence[dict[str, Any]]) -> str:
    """Rows under the first one's keys; None is empty; numbers in full."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
