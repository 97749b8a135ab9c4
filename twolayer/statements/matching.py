"""The summary of a check: for each teacher node its best student, how near it is, and how much of the fan-out is recovered."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flint import arb

from .. import exact
from ..restriction.restricted import Node
from . import recovery, theorem2
from .setting import Setting
from .verdict import FAILS, HOLDS, SHARP, UNDECIDED, Verdict, number, plain


@dataclass(frozen=True)
class Match:
    """A teacher node and what a check says of the students near it.

    student    the one at the smallest angle on U, of those the nearest; None without a direction on either side
    measured   sine of that angle; 1 where no student has a direction on U, None where the teacher node has none
    bound      the smallest certified bound on it: of the sharp rows of Theorem 2 that say something; None without one
    offset     distance of the two hyperplanes along the teacher's normal, as if parallel: the difference of the biases
               on U, each over its |p|, the student's turned to the teacher's side; in units of x from the origin of U
    recovered  share of the teacher's fan-out that the students near it reproduce, as the observer sees it whose row of
               fan-out-recovery has the least error; None where no such row says anything
    observer   the observer of `bound`
    """

    teacher: int
    student: int | None = None
    measured: float | None = None
    bound: float | None = None
    offset: float | None = None
    recovered: float | None = None
    observer: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The match as JSON-able values."""
        return {key: plain(value) for key, value in asdict(self).items()}


def matching(setting: Setting, verdicts: Iterable[Verdict]) -> tuple[Match, ...]:
    """One match for each teacher node of a setting, from the rows of its check."""
    telling = [v for v in verdicts if v.form == SHARP and v.verdict in (HOLDS, UNDECIDED, FAILS)]
    return tuple(
        _match(setting, teacher, [v for v in telling if v.teacher == teacher.index]) for teacher in setting.problem.teacher
    )


def _match(setting: Setting, teacher: Node, telling: Sequence[Verdict]) -> Match:
    angle, share = (_least(telling, statement) for statement in (theorem2.STATEMENT, recovery.STATEMENT))
    common: dict[str, Any] = {
        "bound": None if angle is None else angle.bound,
        "recovered": None if share is None else share.terms["recovered"],
        "observer": None if angle is None else angle.observer,
    }
    if teacher.is_constant:
        return Match(teacher.index, **common)
    i = setting.crease(teacher)
    squares = setting.angles.sin_squared(i)
    students = [node for node in setting.problem.student if not node.is_constant]
    if not students:
        return Match(teacher.index, measured=1.0, **common)
    smallest = min(squares[setting.crease(node)] for node in students)
    at_it = [(_offset(setting, teacher, node), node) for node in students if squares[setting.crease(node)] == smallest]
    offset, best = min(at_it, key=lambda item: exact.upper_float(item[0]))
    sine = setting.angles.sine(i, setting.crease(best))
    return Match(teacher.index, best.index, measured=number(sine), offset=number(offset * setting.unit), **common)


def _least(telling: Sequence[Verdict], statement: str) -> Verdict | None:
    """The row with the smallest bound of a statement."""
    rows = (v for v in telling if v.statement == statement)
    return min(rows, key=lambda v: math.inf if v.bound is None else v.bound, default=None)


def _offset(setting: Setting, teacher: Node, student: Node) -> arb:
    """| beta_s / |p_s| -+ beta_T / |p_T| |, with the sign of the angle; the smaller of both at a right angle.   in z"""
    mine, other = (setting.crease(node) for node in (teacher, student))
    creases, lengths = setting.problem.creases, setting.masses.unit_lengths
    a, b = (exact.ball(creases[m].offset) / lengths[m] for m in (mine, other))
    product = setting.angles.product(mine, other)
    if product == 0:
        return min((abs(a - b), abs(a + b)), key=exact.upper_float)
    return abs(a - b) if product > 0 else abs(a + b)
