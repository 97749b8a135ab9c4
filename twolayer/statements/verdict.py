"""Verdict: one row of a check, and the three-valued comparison behind it."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from flint import arb

from .. import exact

PRINTED, REPAIRED, SHARP = "printed", "repaired", "sharp"
HOLDS, FAILS, UNDECIDED = "holds", "fails", "undecided"
VACUOUS, NOT_APPLICABLE = "vacuous", "not-applicable"
FORMS = (PRINTED, REPAIRED, SHARP)
VERDICTS = (HOLDS, FAILS, UNDECIDED, VACUOUS, NOT_APPLICABLE)
UNJUDGED = "the time limit struck before this row was judged"


@dataclass(frozen=True)
class Verdict:
    """One statement, in one form, for one choice of nodes.

    verdict   holds | fails | undecided | vacuous | not-applicable
    measured  the side that the statement bounds (a sine, or a fan-out norm); None where undefined or beyond floats
    bound     the other side, at eps upper and radius lower; None where undefined or beyond floats; both are numbers
              wherever the verdict is holds, fails or undecided
    why       one sentence
    reason    for `fails`: the hypothesis that restores the statement (region | thickness | norm | sign | student |
              alpha | shared-hyperplane); missing lists all of them where several are needed together
    terms     the factors of both sides
    """

    statement: str
    form: str
    verdict: str
    measured: float | None
    bound: float | None
    why: str
    teacher: int | None = None
    student: int | None = None
    observer: int | None = None
    observers: tuple[int, ...] | None = None
    reason: str | None = None
    missing: tuple[str, ...] = ()
    terms: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if self.verdict in (HOLDS, FAILS, UNDECIDED) and (self.measured is None or self.bound is None):
            raise ValueError(f"the verdict {self.verdict} needs two sides; got {self.measured} and {self.bound}")

    @property
    def names(self) -> dict[str, Any]:
        """What tells the row from the others of a check: statement, form, and the nodes that apply."""
        keys = ("statement", "form", "teacher", "student", "observer")
        return {key: getattr(self, key) for key in keys if getattr(self, key) is not None}

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON-able values: fields that do not apply are left out, infinite numbers become None."""
        row = self.names
        if self.observers is not None:
            row["observers"] = list(self.observers)
        row.update(verdict=self.verdict, measured=plain(self.measured), bound=plain(self.bound), why=self.why)
        if self.reason is not None:
            row["reason"], row["missing"] = self.reason, list(self.missing)
        row["terms"] = {key: plain(value) for key, value in self.terms.items()}
        return row


Asked = str | int | Collection | None  # a value, several, or any


def selected(verdicts: Iterable[Verdict], allowed: Mapping[str, Collection[str]], **asked: Asked) -> list[Verdict]:
    """The rows whose fields have one of the values asked for, in order.

    allowed: the values that a field can have; ValueError, with all of them, where another is asked for.
    """
    wanted = {
        name: {value} if isinstance(value, (str, int)) else set(value) for name, value in asked.items() if value is not None
    }
    for name, values in allowed.items():
        for value in sorted(wanted.get(name, set()) - set(values)):
            raise ValueError(f"no {name} is named {value!r}; there are {', '.join(values)}")
    return [row for row in verdicts if all(getattr(row, name) in values for name, values in wanted.items())]


def plain(value: Any) -> Any:
    """A JSON number, string, list or None; NaN and infinities become None."""
    if isinstance(value, arb):
        value = number(value)
    if isinstance(value, (list, tuple)):
        return [plain(x) for x in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def number(x: arb | float | None) -> float | None:
    """The float next to a ball's midpoint; None where it is not finite."""
    if x is None:
        return None
    value = exact.nearest_float(exact.middle(x)) if isinstance(x, arb) and x.is_finite() else float(x)
    return value if math.isfinite(value) else None


def float_terms(terms: dict[str, Any] | None) -> dict[str, Any]:
    """The terms of a row with floats in place of balls."""
    return {key: number(value) if isinstance(value, arb) else value for key, value in (terms or {}).items()}


def missing_hypotheses(hypotheses: tuple[str, ...], heals: Callable[[frozenset[str]], bool]) -> tuple[str, ...]:
    """The smallest set of hypotheses, in the order in which they are known, that heals a failing row; all if none does."""
    for size in range(1, len(hypotheses) + 1):
        for added in combinations(hypotheses, size):
            if heals(frozenset(added)):
                return added
    return hypotheses


def compare(measured: arb, smallest: arb, largest: arb) -> str:
    """`holds` if measured <= bound is proved at its smallest reading, `fails` if measured > bound is at its largest.

    smallest and largest are the bound at the two ends of the enclosures that it depends on; a tight claim is the one at
    its smallest reading.
    """
    if measured <= smallest:
        return HOLDS
    if measured > largest:
        return FAILS
    return UNDECIDED
