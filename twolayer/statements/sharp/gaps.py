"""Searches over the gaps of H (d' = 2), in floats: quotients across a gap, the steepest slope of students, the smallest sum.

What they find is proved by whoever asks. What cannot win is not worked out: lower bounds come first.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
from scipy.optimize import brentq

from .plane import Lines

FLATTEST = 2.0**-10  # |cot| below which a bound on the sine says nothing
MARGIN = 1 + 1e-9  # what is left out has to beat the best bound so far by this factor to be worked out
STEP, RUNGS = 8.0, 16  # of the ladder on which the largest c is bracketed
ROOT = 1e-15  # relative width to which it is found then; a proof stays BACK below it
NEAR = 3  # lines on each side of a gap that tell first whether it is worth more: most say no
MOST_QUOTIENTS = 1 << 17  # at a time: a megabyte


def largest_quotients(left: np.ndarray, right: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """For every gap k, the largest (left_l + right_r) inverse_lr over l <= k < r.   (m, n), (m, n), (n, n) -> (m, n - 1)"""
    m, n = left.shape
    widest, out = np.full((m, n), -np.inf), np.empty((m, n - 1))  # over all l so far, for every r
    with np.errstate(invalid="ignore"):  # 0 times infinity, for two lines through one point of H: no bound there
        for k in range(n - 1):
            beyond = widest[:, k + 1 :]
            np.maximum(beyond, (left[:, k, None] + right[:, k + 1 :]) * inverse[k, k + 1 :], out=beyond)
            out[:, k] = beyond.max(axis=1)
    return out


def quotients_at(left: np.ndarray, right: np.ndarray, lines: Lines, gaps: np.ndarray, reach: int | None = None) -> np.ndarray:
    """The same for one gap each; -inf where all are.   (m, n), (m, n), (m,) -> (m,)

    left, right (m, n): -inf for what is left out; gaps (m,). reach: of the lines on both sides of a gap only the so many
    nearest, which is a lower bound.
    """
    n, out = len(lines.place), np.empty(len(gaps))
    near = np.arange(n if reach is None else min(reach, n))
    step = max(1, MOST_QUOTIENTS // len(near) ** 2)
    with np.errstate(invalid="ignore"):
        for start in range(0, len(gaps), step):
            part = slice(start, start + step)
            rows, k = np.arange(len(gaps))[part, None], gaps[part, None]
            before, after = np.maximum(k - near, 0), np.minimum(k + 1 + near, n - 1)
            numerators = left[rows, before][:, :, None] + right[rows, after][:, None]
            quotients = numerators * lines.inverse[before[:, :, None], after[:, None]]
            out[part] = quotients.max(axis=(1, 2))
    return out


Choice = TypeVar("Choice")  # a gap, and what is left out of its cell: a direction, or two
Sums = Callable[[list[Choice], np.ndarray, int | None], np.ndarray]  # (m,) choices, (m,) values of c, reach -> (m,)


def steepest_named(choices: list[Choice], sums: Sums, room: float, goal: float) -> tuple[float, Choice] | None:
    """The largest c such that, for one of the choices, the sum of inverse heights stays below `room` for all free slopes in
    [-c, c]; None if no c beats the sine `goal`. In floats.   sums: see `Sums`; with a reach they are lower bounds
    """
    cot, best = steepest(goal), None
    while choices:
        choices, values = _below(choices, sums, room, cot)
        if choices:
            left = choices.pop(int(np.argmin(values)))
            value = _largest(partial(_sums_of_one, sums, left), room, cot)
            if value > cot:
                cot, best = value, (value, left)
    return best


def steepest(goal: float) -> float:
    """The |cot| that has to be exceeded for a sine below `goal`."""
    return max(FLATTEST, np.sqrt(max(1 / goal**2 - 1, 0.0))) * MARGIN


def _below(choices: list[Choice], sums: Sums, room: float, cot: float) -> tuple[list[Choice], np.ndarray]:
    """The choices whose sums are below `room` at a slope, and these; bounds from near lines first."""
    values = np.zeros(0)
    for reach in (NEAR, None):
        values = sums(choices, np.full(len(choices), cot), reach)
        kept = values < room
        choices, values = list(itertools.compress(choices, kept)), values[kept]
    return choices, values


def _sums_of_one(sums: Sums, left: Choice, c: np.ndarray) -> np.ndarray:
    """The sums of one choice for many values of c."""
    return sums([left] * len(c), c, None)


def _largest(value: Callable[[np.ndarray], np.ndarray], room: float, start: float) -> float:
    """The largest c at which the value stays below `room`, from a `start` where it does."""
    ladder = start * STEP ** np.arange(RUNGS)
    above = np.flatnonzero(value(ladder) >= room)
    if not len(above):  # nothing free is in the way: then a student is parallel to H, for no slope can be that steep
        return float(ladder[-1])
    if above[0] == 0:
        return start
    low, high = ladder[above[0] - 1], ladder[above[0]]
    return float(brentq(lambda c: float(value(np.array([c]))[0]) - room, low, high, xtol=1e-300, rtol=ROOT))


def flattest(least: np.ndarray, exact: np.ndarray, value: Callable[[int], float], goal: float) -> tuple[float, int] | None:
    """(the smallest value below `goal`, its place) of many that are known from below; value(place) works one out.   (m,), (m,)

    exact: where what is known is the value
    """
    least = np.where(np.isnan(least), np.inf, least)  # of lines that cross H in one point: no room
    known = np.where(exact, least, np.inf)
    place = int(np.argmin(known)) if len(known) else 0
    best = (float(known[place]), place) if len(known) and known[place] < goal else None
    for other in np.flatnonzero(~exact)[np.argsort(least[~exact], kind="stable")].tolist():
        if not least[other] < (goal if best is None else best[0]):
            break
        found = value(other)
        if found < (goal if best is None else best[0]):
            best = found, other
    return best
