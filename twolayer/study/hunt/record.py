"""The search for the instance that comes nearest to the bound of a repaired or sharp statement.

Candidates are drawn and climbed in floats, polished by the exact judge one move at a time, and shrunk as long as hardly
anything of measured / bound is lost. An exact failure ends the search at once: it would be a bug or a discovery.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...statements.verdict import FAILS, HOLDS
from .candidates import Batch, Draft, near
from .climb import climbed
from .floats import seen
from .judge import TELLING, Question, closeness, rows_of
from .search import TRIED, Counts, Outcome, proposal
from .shrink import shrunk

SHRINKING = 0.25  # share of the time of a hunt for the record that goes to shrinking it
LOST = 1e-3  # share of the record that shorter numbers may cost
MISJUDGED = 0.3  # floats count fewer theorems than the check, so that their ratio may be this much smaller
RISE = 80  # rounds of a climb from there
EXPLORED = 12  # batches from which a climb for the record starts
POLISHED = 40  # exact judgements around each new start


def record(
    question: Question,
    plane: int,
    nodes: int,
    rng: np.random.Generator,
    *,
    deadline: float | None = None,
    most: int | None = None,
    progress: Callable[[Counts], None] = lambda counts: None,
) -> Outcome:
    """Search for the instance that comes nearest to a repaired or sharp bound; an exact failure ends it (broken)."""
    end = None if deadline is None else deadline - SHRINKING * (deadline - time.monotonic())
    counts = Counts(end, most)
    best: Outcome | None = None
    draft: Draft | None = None
    while not counts.over:
        for other in _starts(question, plane, nodes, rng, counts):
            best, draft = _nearer(question, other, best, draft, counts)
        polishing = POLISHED if draft is not None and question.statement != "theorem-1" else 0
        for _ in range(polishing):
            if counts.over or draft is None or (best is not None and best.broken):
                break
            counts.candidates += 1
            best, draft = _nearer(question, _moved(draft, rng), best, draft, counts)
        if best is not None and best.broken:
            return _counted(best, counts)
        progress(counts)
    if best is None or draft is None:
        return Outcome(None, None, counts.candidates, counts.judged, counts.telling)
    return _counted(_simplified(question, draft, best, counts, deadline), counts)


def _counted(outcome: Outcome, counts: Counts) -> Outcome:
    return replace(outcome, candidates=counts.candidates, judged=counts.judged, telling=counts.telling)


def _nearer(
    question: Question, other: Draft, best: Outcome | None, draft: Draft | None, counts: Counts
) -> tuple[Outcome | None, Draft | None]:
    """The nearer of a draft and the best one so far, a failing one before all."""
    outcome = _judged(question, other, counts)
    if outcome is None or (best is not None and best.broken):
        return best, draft
    if best is None or outcome.broken or (outcome.ratio or 0) > (best.ratio or 0):
        return outcome, other
    return best, draft


def _simplified(question: Question, draft: Draft, best: Outcome, counts: Counts, deadline: float | None) -> Outcome:
    """The record in shorter numbers and fewer nodes, as long as hardly anything of its ratio is lost; it cannot fail then."""
    kept: dict[int, Outcome] = {}
    goal = (best.ratio or 0.0) * (1 - LOST)

    def promising(several: Batch) -> np.ndarray:
        floats = question.rows(several, seen(several))
        if question.statement == "theorem-1":
            return floats.applies.any(axis=1)
        return _score(question, several) > MISJUDGED * goal

    def accepted(other: Draft) -> bool:
        outcome = _judged(question, other, counts)
        if outcome is None or not (outcome.broken or (outcome.ratio or 0.0) >= goal):
            return False
        kept[0] = outcome
        return True

    shrunk(draft, promising, accepted, deadline)
    return kept.get(0, best)


def _judged(question: Question, draft: Draft, counts: Counts) -> Outcome | None:
    """The draft's nearest telling row, or a failing one; None where no row tells anything."""
    counts.judged += 1
    instance, rows = rows_of(question, draft)
    if instance is None:
        return None
    broken = [row for row in rows if row.verdict == FAILS]
    if question.statement == "theorem-1":
        telling = [row for row in rows if row.verdict in (HOLDS, FAILS)]
        ratio = None
    else:
        telling = sorted((row for row in rows if closeness(row) > 0), key=closeness, reverse=True)
        ratio = closeness(telling[0]) if telling else None
    counts.telling += len(telling) + len(broken)
    if not broken and not telling:
        return None
    row = (broken or telling)[0]
    what = "it fails" if broken else "nearest to its bound"
    named = replace(instance, name=f"{question.statement}, {question.form}: {what}")
    return Outcome(named, row, counts.candidates, counts.judged, counts.telling, ratio, bool(broken))


def _starts(question: Question, plane: int, nodes: int, rng: np.random.Generator, counts: Counts) -> list[Draft]:
    """Drafts to begin with. Theorem 1: those with a vanishing gradient and a teacher's crease in view; else the best of several
    batches, climbed.
    """
    if question.statement != "theorem-1":
        return _climbed_start(question, plane, nodes, rng, counts)
    batch, view = proposal(plane, nodes, rng)
    counts.candidates += len(batch)
    rows = question.rows(batch, view)
    order = sorted(np.flatnonzero(rows.applies.any(axis=1)), key=lambda i: -np.where(rows.applies, rows.measured, 0)[i].max())
    return [draft for draft in (batch.draft(int(i), 1e-6) for i in order[:TRIED]) if draft.is_whole]


def _score(question: Question, several: Batch) -> np.ndarray:
    """measured / bound in floats; a bound that tells nothing counts for less the larger it is.   -> (B,)"""
    rows = question.rows(several, seen(several))
    limit = math.inf if question.statement == "corollary-1" else 0.9 * TELLING
    bound = np.where(np.isfinite(rows.bound), np.maximum(rows.bound, 1e-12), 1e12)
    return np.where(rows.applies, rows.ratio * np.minimum(1.0, limit / bound) ** 2, 0.0).max(axis=1)


def _climbed_start(question: Question, plane: int, nodes: int, rng: np.random.Generator, counts: Counts) -> list[Draft]:
    """The best of several batches, climbed, in rationals."""
    best, value = None, 0.0
    for _ in range(EXPLORED):
        batch, _ = proposal(plane, nodes, rng)
        counts.candidates += len(batch)
        scores = _score(question, batch)
        if scores.max() > value:
            best, value = batch.take([int(scores.argmax())]), float(scores.max())
    if best is None:
        return []
    top = climbed(best, lambda several: _score(question, several), RISE, rng)
    return [top.draft(0, relative) for relative in (1e-2, 1e-4)]


def _moved(draft: Draft, rng: np.random.Generator) -> Draft:
    """One to three numbers changed a little, or made simpler."""
    arrays = [draft.W.copy(), draft.b.copy(), draft.V.copy(), draft.c.copy()]
    ends = np.cumsum([array.size for array in arrays])
    size = 2.0 ** -rng.integers(1, 12)
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(ends[-1]))
        which = int(np.searchsorted(ends, at, side="right"))
        array, place = arrays[which], at - (ends[which - 1] if which else 0)
        x = float(array.flat[place])
        x += size * rng.standard_normal() * max(abs(x), 0.1) if rng.random() < 0.8 else 0.0
        array.flat[place] = near(x, min(size / 4, 0.1))
    W, b, V, c = arrays
    return replace(draft, W=W, b=b, V=V, c=c)
