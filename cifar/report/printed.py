"""The paper's Tables 1 to 5, as printed (printed.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..measures.robustness import CONFIDENT, RULES
from .results import Result, Results

NONE = ""  # not in the paper
JUDGES = (("linf", "any"), ("oracle-ce", "any"), (CONFIDENT, CONFIDENT), ("label", "any"))  # columns beside every table's own
Number = float | str
WRITTEN = tomllib.loads(Path(__file__).with_name("printed.toml").read_text(encoding="utf-8"))
ATTACKS: dict[str, str] = WRITTEN["attacks"]


@dataclass(frozen=True)
class Table:
    """attacks: of the columns, by the paper's count;  printed: (checkpoint, attack) -> number, or words in its place"""

    name: str
    title: str
    attacks: tuple[str, ...]
    printed: dict[tuple[str, str], Number]

    @property
    def rows(self) -> tuple[str, ...]:
        """Checkpoints, in the printed order."""
        return tuple(dict.fromkeys(checkpoint for checkpoint, _ in self.printed))

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """(attack, rule): the paper's, then this project's judges."""
        return (*((attack, RULES[0]) for attack in self.attacks), *JUDGES)


def _table(name: str, title: str, attacks: list[str], rows: dict[str, list[Number]]) -> Table:
    numbers = {(row, attack): number for row, line in rows.items() for attack, number in zip(attacks, line, strict=True)}
    return Table(name, title, tuple(attacks), numbers)


TABLES = tuple(_table(name, **written) for name, written in WRITTEN["tables"].items())


def as_printed(names: Sequence[str]) -> Results:
    """The numbers of some printed tables as if they were exact results; a later table wins over an earlier one."""
    attacks: dict[str, dict[str, Any]] = {}
    for table in sorted((table for table in TABLES if table.name in names), key=lambda table: names.index(table.name)):
        for (checkpoint, attack), number in table.printed.items():
            if not isinstance(number, str):
                attacks.setdefault(checkpoint, {})[attack] = {RULES[0]: {"mean": number}}
    results = {}
    for name, counted in attacks.items():
        run, _, epoch = name.partition("@")
        results[name] = Result("", run, int(epoch), int(epoch), {}, {}, counted, None, {}, {})
    return Results(results, exact=True)
