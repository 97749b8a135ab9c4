"""The paper's tables with this project's numbers beside the printed ones, as values and as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

from ..measures.robustness import RULES
from ..runs.failures import NOT_RUN
from .printed import TABLES, Cell
from .printed import Table as PrintedTable
from .results import HEADLINE, Result, Results, sources

HEADINGS = (
    "table",
    "row",
    "column",
    "checkpoint",
    "attack",
    "rule",
    "mean (per cent)",
    "variance (of fractions)",
    "repeats",
    "printed (per cent)",
    "difference (points)",
    "images",
    "test images",
    "epoch here",
)


@dataclass(frozen=True, eq=False)
class Filled:
    """A printed cell and the checkpoint that answers it, None where that was not run.   absent: said in that case"""

    cell: Cell
    result: Result | None
    absent: str = NOT_RUN

    def counted(self, rule: str = HEADLINE) -> dict[str, Any] | None:
        """{"mean", "variance", "repeats"} by one rule; None where the attack was not run."""
        return self.result.attacks[self.cell.attack][rule] if self.ran else None

    @property
    def ran(self) -> bool:
        return self.result is not None and self.cell.attack in self.result.attacks

    def difference(self, rule: str = HEADLINE) -> float | None:
        """Ours minus printed, in points."""
        counted, printed = self.counted(rule), self.cell.printed
        return None if counted is None or isinstance(printed, str) else counted["mean"] - printed


@dataclass(frozen=True, eq=False)
class Table:
    """printed: the paper's;  cells: in the same order."""

    printed: PrintedTable
    cells: tuple[Filled, ...]

    @property
    def done(self) -> list[Result]:
        return [filled.result for filled in self.cells if filled.ran and filled.result is not None]

    @property
    def images(self) -> str:
        return sources(self.done)

    def at(self, row: str, column: str) -> Filled:
        return next(f for f in self.cells if (f.cell.row, f.cell.column) == (row, column))


def filled(results: Results) -> tuple[Table, ...]:
    """All tables."""
    return tuple(
        Table(table, tuple(Filled(cell, results.get(cell.checkpoint), results.absent(cell.checkpoint)) for cell in table.cells))
        for table in TABLES
    )


def lines(table: Table) -> list[dict[str, Any]]:
    """One row a cell and counting rule, under HEADINGS; a cell that was not run has one, which says so."""
    found = []
    for filled_cell in table.cells:
        cell, result = filled_cell.cell, filled_cell.result
        for rule in RULES if filled_cell.ran else (HEADLINE,):
            counted = filled_cell.counted(rule)
            ours = (
                (filled_cell.absent,) * 3
                if counted is None
                else (counted["mean"], counted["variance"], len(counted["repeats"]))
            )
            where = (
                ("", "", "")
                if result is None or counted is None
                else (result.data["source"], result.settings["test_images"], result.epoch)
            )
            values = (
                table.printed.name,
                cell.row,
                cell.column,
                cell.checkpoint,
                cell.attack,
                rule,
                *ours,
                cell.printed,
                filled_cell.difference(rule),
                *where,
            )
            found.append(dict(zip(HEADINGS, values, strict=True)))
    return found


def csv_text(rows: list[dict[str, Any]]) -> str:
    """Rows under the first one's keys; None is empty; numbers in full."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
