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

from ... import exact
from ...restriction.domains import Domain
from .. import bounds
from ..setting import Setting
from .around import BACK, Around, Bound, Candidate, Sizes
from .plane import WALL, Lines, largest_quotients, lines_of, steepest_named

FORM = "chords"


@dataclass(frozen=True, eq=False)
class Left:
    """A direction left out: its label, and its slope (a ball; None where it is free)."""

    label: int
    slope: arb | None

    def ends(self, c) -> list:
        """The slopes at which the sum of inverse heights can be largest."""
        return [c, -c] if self.slope is None else [self.slope]


def left_out(lines: Lines) -> list[Left]:
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
    dropped = lines.label == labels[:, None]
    more[dropped] = less[dropped] = -np.inf
    sums = np.zeros((len(c), len(lines.gaps)))
    for (left, right), parallel in (((more, less), lines.up), ((less, more), lines.down)):
        sums += np.maximum(largest_quotients(left, right, lines.inverse)[:, lines.gaps], float(parallel.mid()))
    return sums


def _worst(lines: Lines, directions: list[Left], c: np.ndarray) -> np.ndarray:
    """The sums for one direction left out and one c each, at the worst end of a free slope.   (m,), (m,) -> (m, gaps)"""
    labels = np.array([left.label for left in directions], dtype=int)
    free = np.array([left.slope is None for left in directions], dtype=bool)
    known = np.array([0.0 if left.slope is None else float(left.slope.mid()) for left in directions])
    ends = np.concatenate([np.where(free, c, known), -c[free]])
    sums = _sums(lines, ends, np.concatenate([labels, labels[free]]), np.concatenate([c, c[free]]))
    sums[: len(c)][free] = np.maximum(sums[: len(c)][free], sums[len(c) :])
    return sums[: len(c)]


def student(setting: Setting, i: int, size: Sizes, domain: Domain, near: Around, goal: float) -> Candidate | None:
    """The bound on the smallest sine of a student, from the best direction left out; None if none beats the sine `goal`."""
    lines = lines_of(setting, i, domain, near, np.ones(len(near.index), dtype=bool), named=True)
    if lines is None or not goal > 0 or not len(lines.gaps):
        return None
    limit, room = size.room, size.level / (2 * size.eps)
    named = steepest_named(left_out(lines), lambda left, c: _worst(lines, left, c).min(axis=1), room, goal)
    if named is None:
        return None
    cot, chosen = named

    def prove() -> Bound | None:
        terms = {"kappa": size.kappa, "epsilon": size.epsilon, "cot": cot, "others": len(near.index)}
        c = exact.ball(cot * BACK)
        gap = int(lines.gaps[int(np.argmin(_worst(lines, [chosen], np.array([float(c.mid())]))[0]))])
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


def kink(setting: Setting, i: int, size: Sizes, domain: Domain, near: Around) -> Candidate | None:
    """The bound 2 eps (1/v+ + 1/v-) on |kappa_H| from the best direction left out, all slopes known."""
    lines = lines_of(setting, i, domain, near, np.ones(len(near.index), dtype=bool), named=False)
    directions = [] if lines is None or not len(lines.gaps) else left_out(lines)
    if lines is None or not directions:
        return None
    slopes = [left.slope for left in directions if left.slope is not None]  # all of them
    labels = np.array([left.label for left in directions])
    sums = _sums(lines, np.array([float(w.mid()) for w in slopes]), labels, np.zeros(len(directions)))
    best, gap = np.unravel_index(int(np.argmin(sums)), sums.shape)
    epsilon = size.epsilon

    def prove() -> Bound:
        total = _sum_above(lines, int(labels[best]), int(lines.gaps[gap]), slopes[best], arb(0))
        return Bound(2 * epsilon * total, FORM, {"epsilon": epsilon, "others": len(near.index)})

    return 2 * size.eps * float(sums[best, gap]), prove
