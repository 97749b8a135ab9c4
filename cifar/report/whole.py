"""All that the parts of a report are written from: results, circumstances, answers, tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from . import tables
from .claims import Answer, answers
from .facts import DEMO, facts
from .results import Results


@dataclass(frozen=True, eq=False)
class Report:
    """facts: circumstances (facts.py);  answers: every claim's;  tables: rows of each CSV file by name"""

    results: Results
    facts: dict[str, Any]
    answers: list[Answer]
    tables: dict[str, list[dict[str, Any]]]

    @property
    def demo(self) -> bool:
        """A demonstration has numbers and no verdicts."""
        return self.facts["profile"] == DEMO

    @property
    def counts(self) -> dict[str, Counter[str]]:
        """How many claims have which verdict under the paper's attack, and under confident where an attack enters."""
        sure = (each.confident.verdict for each in self.answers if each.confident)
        return {"paper": Counter(each.paper.verdict for each in self.answers), "confident": Counter(sure)}

    @property
    def weak(self) -> int:
        """How many rest on the weak attack."""
        return sum(each.weak for each in self.answers)


def whole(results: Results) -> Report:
    return Report(results, facts(results), answers(results), tables.lines(results))
