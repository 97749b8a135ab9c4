"""The search for a counterexample to a printed statement.

Draw batches of candidates, fit the students' fan-outs (the gradient's own best direction), filter in floats, climb where
nothing fails, let the exact judge decide on rationals, and shrink. Deterministic until a deadline strikes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...instances import Instance
from ...statements.verdict import Verdict
from .candidates import Batch, Draft, batch, drawn, drawn_shape
from .climb import climbed
from .floats import Seen, fitted, seen
from .judge import Question, confirmed, failing, rows_of
from .printed import Rows
from .shrink import cost, shrunk

WORK = 4_000_000  # numbers that the vertices of one batch may take: some milliseconds
BATCH = 64  # candidates that share their ingredients; more of them only repeat the draw
LADDER = (0.2, 0.05, 1e-2, 1e-3, 1e-6)  # relative distances at which floats are read as rationals, the simplest first
FITTED = 0.8  # share of batches whose fan-outs are fitted
TRIED = 3  # candidates of a batch that are handed to the judge
CLIMB_EVERY, CLIMB_ROUNDS = 8, 12  # batches between climbs, and their length
HIGHEST = 1e9  # ratio beyond which a climb has nothing left to gain
PATIENCE = 3  # times the candidates that the first start took, for all starts together


@dataclass(frozen=True)
class Outcome:
    """What a hunt came back with.

    instance, row       the counterexample or the record and its row; None where there is none
    broken              the row fails although its form is a theorem
    ratio               measured / bound of the record; None where the bound is 0
    candidates, judged  how many were looked at in floats and exactly; telling: rows that could have failed
    """

    instance: Instance | None
    row: Verdict | None
    candidates: int
    judged: int
    telling: int = 0
    ratio: float | None = None
    broken: bool = False


@dataclass
class Counts:
    """Running totals of a search, and its limits."""

    deadline: float | None
    most: int | None
    candidates: int = 0
    judged: int = 0
    telling: int = 0

    @property
    def over(self) -> bool:
        """True once the time or the candidates are used up."""
        late = self.deadline is not None and time.monotonic() > self.deadline
        return late or (self.most is not None and self.candidates >= self.most)


def proposal(plane: int, nodes: int, rng: np.random.Generator) -> tuple[Batch, Seen]:
    """A batch of random candidates, most of them with fitted fan-outs."""
    shape = drawn_shape(plane, nodes, rng)
    vertices = math.comb(shape.teachers + shape.students + 2 * plane + 1, plane)
    candidates = drawn(shape, max(1, min(BATCH, WORK // (vertices * plane * plane * 8))), rng)
    view = seen(candidates)
    if rng.random() > FITTED:
        return candidates, view
    start = candidates.V[:, :, candidates.teachers :]
    if rng.random() < 0.8:  # what a fit leaves open
        start = rng.integers(-2, 3, start.shape).astype(float)
    blind = shape.outputs > 1 and rng.random() < 0.5
    seeing = np.arange(shape.outputs) == rng.integers(shape.outputs) if blind else np.ones(shape.outputs)
    return fitted(candidates, view, start, seeing.astype(float))


def _asked(question: Question, rows: Rows) -> np.ndarray:
    """Rows that fail, or would fail, for the reason that is asked for.   -> (B, n)"""
    return np.ones(rows.fails.shape, dtype=bool) if question.reason is None else rows.reason == question.reason


def _wanted(question: Question, rows: Rows) -> np.ndarray:
    """Candidates of which some row fails for the reason that is asked for.   -> (B,)"""
    return (rows.fails & _asked(question, rows)).any(axis=1)


def _promise(question: Question, rows: Rows) -> np.ndarray:
    """measured / bound of the rows that do not fail for another reason.   -> (B,)"""
    kept = ~rows.fails | _asked(question, rows)
    return np.where(kept, np.minimum(rows.ratio, HIGHEST), 0.0).max(axis=1)


def counterexample(
    question: Question,
    plane: int,
    nodes: int,
    rng: np.random.Generator,
    *,
    starts: int = 4,
    deadline: float | None = None,
    most: int | None = None,
    progress: Callable[[Counts], None] = lambda counts: None,
) -> Outcome:
    """Search for an instance on which a printed statement fails, and shrink it; at most `most` candidates, until the deadline.

    starts: how many are shrunk, of which the smallest is returned; the later ones may take as long as the first.
    """
    counts, turn, patience = Counts(deadline, most), 0, math.inf
    successes: list[tuple[Draft, Question]] = []
    while not counts.over and len(successes) < starts and counts.candidates < patience:
        candidates, view = proposal(plane, nodes, rng)
        counts.candidates, turn = counts.candidates + len(candidates), turn + 1
        rows = question.rows(candidates, view)
        chosen = np.flatnonzero(_wanted(question, rows))
        if not len(chosen) and question.statement != "theorem-1" and turn % CLIMB_EVERY == 0:
            best = candidates.take([int(_promise(question, rows).argmax())])
            candidates = climbed(best, lambda b: _promise(question, question.rows(b, seen(b))), CLIMB_ROUNDS, rng)
            chosen = np.flatnonzero(_wanted(question, question.rows(candidates, seen(candidates))))
        for i in chosen[:TRIED]:
            draft, row = _first(question, candidates, int(i), counts)
            if draft is not None and row is not None:
                cause = replace(question, reason=row.reason)
                successes.append((_smallest(cause, draft, counts), cause))
                patience = min(patience, PATIENCE * counts.candidates)
                break
        progress(counts)
    if not successes:
        return Outcome(None, None, counts.candidates, counts.judged)
    return _confirmed(*min(successes, key=lambda pair: cost(pair[0])), counts)


def _first(question: Question, candidates: Batch, i: int, counts: Counts) -> tuple[Draft | None, Verdict | None]:
    """The candidate in the simplest rationals with which it fails exactly."""
    for relative in LADDER:
        draft = candidates.draft(i, relative)
        floats = batch([draft])
        if draft.is_whole and _wanted(question, question.rows(floats, seen(floats)))[0]:
            counts.judged += 1
            row = failing(question, rows_of(question, draft)[1])
            if row is not None:
                return draft, row
    return None, None


def _smallest(question: Question, draft: Draft, counts: Counts) -> Draft:
    """What is left of a counterexample after shrinking."""

    def accepted(other: Draft) -> bool:
        counts.judged += 1
        return failing(question, rows_of(question, other)[1]) is not None

    def promising(several: Batch) -> np.ndarray:
        rows = question.rows(several, seen(several))
        return _wanted(question if named else replace(question, reason=None), rows)

    alone = batch([draft])
    named = bool(_wanted(question, question.rows(alone, seen(alone)))[0])  # where floats know the reason they insist on it
    return shrunk(draft, promising, accepted, counts.deadline)


def _confirmed(draft: Draft, question: Question, counts: Counts) -> Outcome:
    """The whole check has to say what the judge of one statement said."""
    instance = question.posed(draft.instance(f"{question.statement} as printed, without: {question.reason}"))
    row = confirmed(question, instance)
    if row is None:
        raise ArithmeticError("the judge of one statement and the whole check disagree on an instance; please report it")
    return Outcome(instance, row, counts.candidates, counts.judged)
