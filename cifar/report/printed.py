"""The paper's Tables 1 to 5 as data: which checkpoint and attack each cell is, and the number printed there.

Robust accuracy in per cent. The numbers of Table 2 are lost in the text that this project has; its ordering is known.
The paper contradicts itself: ST 300 under linf PGD is 74.39, 62.77 and 61.73, AT 150 is 87.57, 84.07 and 83.27.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..experiments.grid import BESIDE, EPOCHS, RHOS, TABLE_2
from ..measures.robustness import RULES
from .results import Result, Results

LOST = "lost"  # printed, but not in the text
NONE = "none"  # the paper has no such cell
PAPERS_IMAGES = 10_000  # the whole test set
Printed = float | str
ATTACKS = {
    "linf": "linf PGD",
    "l2": "l2 PGD",
    "l1": "l1 PGD",
    "fgsm": "FGSM",
    "cw": "CW",
    "transfer": "transfer",
    "l2-small": "l2 PGD, eps .3",
    "l1-small": "l1 PGD, one coordinate",
    "cw-l2": "CW-l2",
    "data": "data-adversarial",
    "in-plane": "in-plane",
    "out-plane": "out-plane",
    "cw-label": "CW, clean label",
}


@dataclass(frozen=True)
class Cell:
    """printed: per cent, LOST or NONE;  checkpoint: "run@paper's epoch"."""

    row: str
    column: str
    checkpoint: str
    attack: str
    printed: Printed


@dataclass(frozen=True)
class Table:
    """rows, columns: headings in order;  cells: one for each pair."""

    name: str
    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[Cell, ...]


def _by_attack(name: str, title: str, columns: dict[str, str], rows: dict[str, Sequence[Printed]]) -> Table:
    """columns: heading -> checkpoint;  rows: attack -> a number a column."""
    cells = [
        Cell(ATTACKS[attack], heading, checkpoint, attack, number)
        for attack, numbers in rows.items()
        for (heading, checkpoint), number in zip(columns.items(), numbers, strict=True)
    ]
    return Table(name, title, tuple(ATTACKS[attack] for attack in rows), tuple(columns), tuple(cells))


def _by_run(name: str, title: str, columns: Sequence[str], rows: dict[str, Sequence[tuple[str, Printed]]]) -> Table:
    """rows: heading -> (checkpoint, number) a column, all under linf."""
    cells = [
        Cell(row, column, checkpoint, "linf", number)
        for row, found in rows.items()
        for column, (checkpoint, number) in zip(columns, found, strict=True)
    ]
    return Table(name, title, tuple(rows), tuple(columns), tuple(cells))


_COLUMNS_1 = {**{f"AT {epoch}": f"at@{epoch}" for epoch in EPOCHS}, "ST 300": "st-logit@300"}
_LAST = {heading: _COLUMNS_1[heading] for heading in ("AT 300", "ST 300")}
_TABLE_1: dict[str, Sequence[Printed]] = {
    "linf": (78.79, 84.02, 87.57, 88.01, 88.20, 74.39),
    "l2": (91.85, 95.98, 96.21, 95.95, 96.31, 94.01),
    "l1": (92.30, 96.18, 96.56, 96.36, 96.59, 94.51),
    "fgsm": (90.65, 95.18, 95.55, 94.87, 95.28, 91.12),
    "cw": (78.89, 91.50, 91.96, 94.52, 92.63, 86.19),
    "transfer": (43.14, 45.31, 46.06, 46.68, 46.99, 43.48),
}
_READINGS = {"l2-small": "l2", "l1-small": "l1", "cw-l2": "cw"}  # which printed row each is another reading of
_TABLE_3 = {"logit": (23.12, 30.72, 36.72, 48.52, 62.77), "label": (19.08, 20.81, 22.34, 23.42, 25.79)}
_TABLE_4 = dict(zip(RHOS, (47.25, 52.04, 49.33), strict=True))

TABLES = (
    _by_attack("table-1", "AT along training, and ST, under six attacks", _COLUMNS_1, _TABLE_1),
    _by_attack(
        "table-1-readings",
        "Table 1, other readings of its rows",
        _LAST,
        {attack: _TABLE_1[_READINGS[attack]][-2:] if attack in _READINGS else (NONE, NONE) for attack in BESIDE},
    ),
    _by_attack(
        "table-2",
        "in-plane, out-plane and standard AT (150) against the same three attacks",
        {"in-plane AT": "at-in-plane@150", "out-plane AT": "at-out-plane@150", "standard AT": "at@150"},
        {attack: (LOST,) * 3 for attack in TABLE_2},
    ),
    _by_run(
        "table-3",
        "ST along training, logit and label, linf PGD",
        [str(epoch) for epoch in EPOCHS],
        {
            f"ST {loss}": [(f"st-{loss}@{epoch}", number) for epoch, number in zip(EPOCHS, numbers, strict=True)]
            for loss, numbers in _TABLE_3.items()
        },
    ),
    _by_run(
        "table-4",
        "CCAT for three rho, and AT, 150 epochs, linf PGD",
        [*(f"rho {rho}" for rho in RHOS), "AT"],
        {"150 epochs": [*((f"ccat-{rho}@150", number) for rho, number in _TABLE_4.items()), ("at@150", 84.07)]},
    ),
    _by_run(
        "table-5",
        "robust-feature training, linf PGD",
        ["AT 150", "ST 150", "ST 300", "RFT 150"],
        {"linf PGD": [("at@150", 83.27), ("st-logit@150", 35.88), ("st-logit@300", 61.73), ("rft@300", 45.39)]},
    ),
)


def as_printed(names: Sequence[str]) -> Results:
    """The numbers of some printed tables as if they were results on 10,000 images; a later table wins over an earlier one."""
    attacks: dict[str, dict[str, Any]] = {}
    for table in sorted((table for table in TABLES if table.name in names), key=lambda table: names.index(table.name)):
        for cell in table.cells:
            if not isinstance(cell.printed, str):
                attacks.setdefault(cell.checkpoint, {})[cell.attack] = dict.fromkeys(RULES, {"mean": cell.printed})
    known = {}
    for name, found in attacks.items():
        run, _, epoch = name.partition("@")
        settings, data = {"test_images": PAPERS_IMAGES}, {"source": "original"}
        known[name] = Result("", run, int(epoch), int(epoch), settings, data, found, None, {}, {})
    return Results(known)
