"""The paper's Tables 1 to 5 as data: a row a checkpoint, a column an attack, and the number printed there.

Robust accuracy in per cent. The numbers of Table 2 are lost in the text that this project has; its ordering is known.
The paper contradicts itself: ST 300 under linf PGD is 74.39, 62.77 and 61.73, AT 150 is 87.57, 84.07 and 83.27.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..experiments.grid import BESIDE, EPOCHS, RHOS, TABLE_1, TABLE_2
from ..measures.robustness import CONFIDENT, RULES
from .results import Result, Results

LOST, NONE = "lost", ""  # printed, but not in the text; not in the paper
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
    "oracle-ce": "oracle-ce",
    "confident": "confident",
    "label": "dataset's label",
}
JUDGES = (("linf", "any"), ("oracle-ce", "any"), (CONFIDENT, CONFIDENT), ("label", "any"))  # columns beside every table's own
Number = float | str


@dataclass(frozen=True)
class Table:
    """rows: checkpoints;  attacks: of the columns, by the paper's count;  printed: (checkpoint, attack) -> number or LOST"""

    name: str
    title: str
    rows: tuple[str, ...]
    attacks: tuple[str, ...]
    printed: dict[tuple[str, str], Number]

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """(attack, rule): the paper's, then this project's judges."""
        return (*((attack, RULES[0]) for attack in self.attacks), *JUDGES)


_AT = tuple(f"at@{epoch}" for epoch in EPOCHS)
_TABLE_1 = {  # attack -> AT along training, ST 300
    "linf": (78.79, 84.02, 87.57, 88.01, 88.20, 74.39),
    "l2": (91.85, 95.98, 96.21, 95.95, 96.31, 94.01),
    "l1": (92.30, 96.18, 96.56, 96.36, 96.59, 94.51),
    "fgsm": (90.65, 95.18, 95.55, 94.87, 95.28, 91.12),
    "cw": (78.89, 91.50, 91.96, 94.52, 92.63, 86.19),
    "transfer": (43.14, 45.31, 46.06, 46.68, 46.99, 43.48),
}
_READINGS = {"l2-small": "l2", "l1-small": "l1", "cw-l2": "cw"}  # which printed row each is another reading of
_LAST = ("at@300", "st-logit@300")
_TABLE_3 = {"st-logit": (23.12, 30.72, 36.72, 48.52, 62.77), "st-label": (19.08, 20.81, 22.34, 23.42, 25.79)}


def _under_linf(name: str, title: str, printed: dict[str, float]) -> Table:
    return Table(name, title, tuple(printed), ("linf",), {(row, "linf"): number for row, number in printed.items()})


def _columns(rows: Sequence[str], numbers: dict[str, Sequence[Number]]) -> dict[tuple[str, str], Number]:
    return {(row, attack): each for attack, column in numbers.items() for row, each in zip(rows, column, strict=True)}


_PLANES = ("at-in-plane@150", "at-out-plane@150", "at@150")
TABLES = (
    Table(
        "table-1",
        "AT along training, and ST, under six attacks",
        (*_AT, _LAST[1]),
        TABLE_1,
        _columns((*_AT, _LAST[1]), _TABLE_1),
    ),
    Table(
        "table-1-readings",
        "other readings of its rows",
        _LAST,
        BESIDE,
        _columns(
            _LAST, {attack: _TABLE_1[_READINGS[attack]][-2:] if attack in _READINGS else (NONE, NONE) for attack in BESIDE}
        ),
    ),
    Table(
        "table-2",
        "in-plane, out-plane and standard AT against the same three attacks",
        _PLANES,
        TABLE_2,
        _columns(_PLANES, dict.fromkeys(TABLE_2, (LOST,) * 3)),
    ),
    _under_linf(
        "table-3",
        "ST along training, logit and label",
        {f"{run}@{epoch}": number for run, numbers in _TABLE_3.items() for epoch, number in zip(EPOCHS, numbers, strict=True)},
    ),
    _under_linf(
        "table-4",
        "CCAT for three rho, and AT",
        {**{f"ccat-{rho}@150": number for rho, number in zip(RHOS, (47.25, 52.04, 49.33), strict=True)}, "at@150": 84.07},
    ),
    _under_linf(
        "table-5", "robust-feature training", {"at@150": 83.27, "st-logit@150": 35.88, "st-logit@300": 61.73, "rft@300": 45.39}
    ),
)


def as_printed(names: Sequence[str]) -> Results:
    """The numbers of some printed tables as if they were exact results; a later table wins over an earlier one."""
    attacks: dict[str, dict[str, Any]] = {}
    for table in sorted((table for table in TABLES if table.name in names), key=lambda table: names.index(table.name)):
        for (checkpoint, attack), number in table.printed.items():
            if not isinstance(number, str):
                attacks.setdefault(checkpoint, {})[attack] = {RULES[0]: {"mean": number}}
    known = {}
    for name, found in attacks.items():
        run, _, epoch = name.partition("@")
        known[name] = Result("", run, int(epoch), int(epoch), {}, {}, found, None, {}, {})
    return Results(known, exact=True)
