"""Theorem C in the plane (d' = 2), certificate form: two chords along a direction that is left out of the cell.

Leave out all creases of one direction (slope w). In a gap of the other lines, of any sign, and of the walls, a chord
from H up to height v+ and one from H down to depth v-, both along that direction, do not feel the creases left out:
|kappa_H| <= 2 eps (1/v+ + 1/v-), with 1/v+ = max(1/t, ((w_l - w)^+ + (w - w_r)^+)/(o_r - o_l) over l left, r right),
1/v- = max(1/t, ((w - w_l)^+ + (w_r - w)^+)/(o_r - o_l)).

A student. Suppose every student's |cot| is at most c. The sum 1/v+ + 1/v- is convex in w, so a free w is at -c or c; at
fixed w every numerator is largest at an end of [-c, c] of the free slope in it, and v+ and v- want different ends of
different lines, except that they may share one: taking both is an upper bound. If it is below |kappa|/(2 eps) for some
direction left out and some gap, some student has |cot| > c.
Source: Theorem C, its certificate form, and "Theorem C names a student" in proofs/lemmas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import arb
from scipy.optimize import brentq

from ... import exact
from ...domains import Domain
from ...restricted import Node
from .. import bounds
from ..setting import Setting
from .around import BACK, Around, Bound, Candidate, sizes
from .plane import WALL, Lines, lines_of

FORM = "chords"
FLATTEST = 2.0**-10  # |cot| below which a bound on the sine says nothing
MARGIN = 1 + 1e-9  # a direction has to beat the best bound so far by this factor to be worked out
STEP, RUNGS = 8.0, 16  # of the ladder on which the largest c is bracketed
ROOT = 1e-15  # relative width to which it is found then; a proof stays BACK below it


@dataclass(frozen=True, eq=False)
class Left:
    """A direction left out: its label, and its slope (a ball; None where it is free)."""

    label: int
    slope: arb | None

    def ends(self, c) -> list:
        """The slopes at which the sum of inverse heights can be largest."""
        return [c, -c] if self.slope is None else [self.slope]


def _left_out(lines: Lines) -> list[Left]:
    """Every direction of the lines, left out in turn; its slope is known if a teacher alone has it."""
    out: dict[int, Left] = {}
    for label, free, slope in zip(lines.label.tolist(), lines.free.tolist(), lines.slope, strict=True):
        if label != WALL and (label not in out or not free):
            out[label] = Left(label, None if free else slope)
    return list(out.values())


def _sums(lines: Lines, w: np.ndarray, labels: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Upper bounds on 1/v+ + 1/v- in floats, without the creases of these labels, along slopes w, for |free| <= c.

    (m,), (m,), (m,) -> (m, gaps); without a line, the gaps beside it become one, and both columns say the same.
    """
    high = np.where(lines.free, c[:, None], lines.tilt)
    low = np.where(lines.free, -c[:, None], lines.tilt)
    more, less = np.maximum(high - w[:, None], 0.0), np.maximum(w[:, None] - low, 0.0)
    left_out = lines.label == labels[:, None]
    more[left_out] = less[left_out] = -np.inf
    sums = np.zeros((len(c), len(lines.gaps)))
    for (left, right), parallel in (((more, less), lines.up), ((less, more), lines.down)):
        sums += np.maximum(_steepest(left, right, lines.inverse)[:, lines.gaps], float(parallel.mid()))
    return sums


def _steepest(left: np.ndarray, right: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """For every gap k, the largest (left_l + right_r) inverse_lr over l <= k < r.   (m, n), (m, n), (n, n) -> (m, n - 1)"""
    m, n = left.shape
    widest, out = np.full((m, n), -np.inf), np.empty((m, n - 1))  # over all l so far, for every r
    with np.errstate(invalid="ignore"):  # 0 times infinity, for two lines through one point of H: no bound there
        for k in range(n - 1):
            beyond = widest[:, k + 1 :]
            np.maximum(beyond, (left[:, k, None] + right[:, k + 1 :]) * inverse[k, k + 1 :], out=beyond)
            out[:, k] = beyond.max(axis=1)
    return out


def _worst(lines: Lines, left: Left, c: np.ndarray) -> np.ndarray:
    """The sums at the worst end of a free slope.   (m,) -> (m, gaps)"""
    labels = np.full(len(c), left.label)
    if left.slope is not None:
        return _sums(lines, np.full(len(c), float(left.slope.mid())), labels, c)
    both = _sums(lines, np.concatenate([c, -c]), np.concatenate([labels, labels]), np.concatenate([c, c]))
    return np.maximum(both[: len(c)], both[len(c) :])


def _passing(lines: Lines, directions: list[Left], c: float, room: float) -> list[Left]:
    """The directions whose sum stays below `room` in some gap, for free slopes up to c: all of them at once."""
    free = [left for left in directions if left.slope is None]
    tried = [*directions, *free]
    w = [c if left.slope is None else float(left.slope.mid()) for left in directions] + [-c] * len(free)
    sums = _sums(lines, np.array(w), np.array([left.label for left in tried], dtype=int), np.full(len(w), c))
    low = {id(left): row for left, row in zip(free, sums[len(directions) :], strict=True)}
    passing = [(np.maximum(row, low.get(id(left), 0.0)) < room).any() for left, row in zip(directions, sums, strict=False)]
    return [left for left, passes in zip(directions, passing, strict=True) if passes]


def _largest(lines: Lines, left: Left, room: float, start: float) -> float:
    """The largest c at which the sum stays below `room` in some gap, from a `start` where it does."""

    def excess(c: float) -> float:
        return float(_worst(lines, left, np.array([c])).min()) - room

    ladder = start * STEP ** np.arange(RUNGS)
    above = np.flatnonzero(_worst(lines, left, ladder).min(axis=1) >= room)
    if not len(above):  # nothing free is in the way: then a student is parallel to H, for no slope can be that steep
        return float(ladder[-1])
    if above[0] == 0:
        return start
    return float(brentq(excess, ladder[above[0] - 1], ladder[above[0]], xtol=1e-300, rtol=ROOT))


def student(setting: Setting, i: int, observer: Node, domain: Domain, near: Around, goal: float) -> Candidate | None:
    """The bound on the smallest sine of a student, from the best direction left out; None if none beats the sine `goal`."""
    lines = lines_of(setting, i, domain, near, np.ones(len(near.index), dtype=bool), named=True)
    if lines is None or not goal > 0 or not len(lines.gaps):
        return None
    size = sizes(setting, i, observer)
    limit, room = size.room, size.level / (2 * size.eps)
    cot, chosen = max(FLATTEST, np.sqrt(max(1 / goal**2 - 1, 0.0))) * MARGIN, None
    for left in _passing(lines, _left_out(lines), cot, room):
        found = _largest(lines, left, room, cot)
        if found > cot:
            cot, chosen = found, left
    if chosen is None:
        return None

    def prove() -> Bound | None:
        terms = {"kappa": size.kappa, "epsilon": size.epsilon, "cot": cot, "others": len(near.index)}
        c = exact.ball(cot * BACK)
        gap = int(lines.gaps[int(np.argmin(_worst(lines, chosen, np.array([float(c.mid())]))[0]))])
        if not all(_sum_above(lines, chosen.label, gap, w, c) < limit for w in chosen.ends(c)):
            return None
        return Bound(bounds.sine_of_cotangent(c), FORM, terms)

    return 1 / np.hypot(1, cot), prove


def _sum_above(lines: Lines, label: int, gap: int, w: arb, c: arb) -> arb:
    """Proved: an upper bound on 1/v+ + 1/v- in a gap, without the creases of a label; infinite where it is too narrow."""
    above, below, zero = lines.up, lines.down, arb(0)
    left = [j for j in range(gap + 1) if lines.label[j] != label]
    right = [j for j in range(gap + 1, len(lines.place)) if lines.label[j] != label]
    for j in left:
        low, high = lines.slopes(j, c)
        for r in right:
            width = lines.offset[r] - lines.offset[j]
            if not width > 0:
                return arb("inf")
            low_r, high_r = lines.slopes(r, c)
            above = above.max((zero.max(high - w) + zero.max(w - low_r)) / width)
            below = below.max((zero.max(w - low) + zero.max(high_r - w)) / width)
    return above + below


def kink(setting: Setting, i: int, observer: Node, domain: Domain, near: Around) -> Candidate | None:
    """The bound 2 eps (1/v+ + 1/v-) on |kappa_H| from the best direction left out, all slopes known."""
    lines = lines_of(setting, i, domain, near, np.ones(len(near.index), dtype=bool), named=False)
    directions = [] if lines is None or not len(lines.gaps) else _left_out(lines)
    if lines is None or not directions:
        return None
    slopes = [left.slope for left in directions if left.slope is not None]  # all of them
    labels = np.array([left.label for left in directions])
    sums = _sums(lines, np.array([float(w.mid()) for w in slopes]), labels, np.zeros(len(directions)))
    best, gap = np.unravel_index(int(np.argmin(sums)), sums.shape)
    size = sizes(setting, i, observer)
    epsilon = size.epsilon

    def prove() -> Bound:
        total = _sum_above(lines, int(labels[best]), int(lines.gaps[gap]), slopes[best], arb(0))
        return Bound(2 * epsilon * total, FORM, {"epsilon": epsilon, "others": len(near.index)})

    return 2 * size.eps * float(sums[best, gap]), prove
