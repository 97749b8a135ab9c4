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
from functools import partial

import numpy as np
from flint import arb

from ... import exact
from ...restriction.domains import Domain
from .. import bounds
from ..geometry import cached_by
from ..setting import Setting
from .around import BACK, Around, Bound, Candidate, Sizes
from .gaps import flattest, largest_quotients, quotients_at, steepest, steepest_named
from .plane import WALL, Kept, Lines, lines_of, shared_lines

FORM = "chords"


@dataclass(frozen=True, eq=False)
class Left:
    """A direction left out: its label, and its slope (a ball; None where it is free), in floats too (0 where it is free)."""

    label: int
    slope: arb | None
    tilt: float = 0.0

    def ends(self, c) -> list:
        """The slopes at which the sum of inverse heights can be largest."""
        return [c, -c] if self.slope is None else [self.slope]


@cached_by
def left_out(lines: Lines) -> list[Left]:
    """Every direction of the lines, left out in turn; its slope is known if a teacher alone has it."""
    out: dict[int, Left] = {}
    for j, (label, free) in enumerate(zip(lines.label.tolist(), lines.free.tolist(), strict=True)):
        if label != WALL and (label not in out or not free):
            out[label] = Left(label, None) if free else Left(label, lines.slope[j], float(lines.tilt[j]))
    return list(out.values())


Chord = tuple[int, Left]  # a gap, and the direction left out of its cell


def _choices(lines: Lines, c: float, most: float) -> list[Chord]:
    """Every gap with every direction left out whose sum may be below `most` for |free| <= c.

    Unless a line beside the gap is left out, these two alone tell: their quotients above and below add up to the sum of
    their ranges at least, whatever the slope of the chords.
    """
    directions, k = left_out(lines), lines.gaps
    high, low = _ends(lines, np.array([c]))
    width = lines.place[k + 1] - lines.place[k]
    above, below = (high[0][k] - low[0][k + 1]) / width, (high[0][k + 1] - low[0][k]) / width
    least = np.maximum(above, float(lines.up.mid())) + np.maximum(below, float(lines.down.mid()))
    beside, by_label = lines.label[np.stack([k, k + 1], axis=1)].tolist(), {left.label: left for left in directions}
    out: list[Chord] = []
    for gap, labels, value in zip(k.tolist(), beside, least.tolist(), strict=True):
        some = directions if value < most else [by_label[label] for label in dict.fromkeys(labels) if label != WALL]
        out += [(gap, left) for left in some]
    return out


def _ends(lines: Lines, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(largest, smallest) slopes of all lines for |free| <= c.   (m,) -> (m, n), (m, n)"""
    return np.where(lines.free, c[:, None], lines.tilt), np.where(lines.free, -c[:, None], lines.tilt)


def _sums(lines: Lines, w: np.ndarray, labels: np.ndarray, gaps: np.ndarray, c: np.ndarray, reach: int | None) -> np.ndarray:
    """Upper bounds on 1/v+ + 1/v- in floats, without the creases of these labels, along slopes w, for |free| <= c.

    (m,) each -> (m,); without a line, the gaps beside it become one, and both say the same. reach: see `quotients_at`
    """
    high, low = _ends(lines, c)
    more, less = np.maximum(high - w[:, None], 0.0), np.maximum(w[:, None] - low, 0.0)
    dropped = lines.label == labels[:, None]
    more[dropped] = less[dropped] = -np.inf
    above, below = (quotients_at(*ends, lines, gaps, reach) for ends in ((more, less), (less, more)))
    return np.maximum(above, float(lines.up.mid())) + np.maximum(below, float(lines.down.mid()))


def _worst(lines: Lines, chords: list[Chord], c: np.ndarray, reach: int | None = None) -> np.ndarray:
    """The sums for one gap, direction left out and c each, at the worst end of a free slope.   (m,), (m,) -> (m,)"""
    gaps = np.array([gap for gap, _ in chords], dtype=int)
    labels = np.array([left.label for _, left in chords], dtype=int)
    free = np.array([left.slope is None for _, left in chords], dtype=bool)
    ends = np.where(free, c, np.array([left.tilt for _, left in chords]))
    sums = _sums(lines, ends, labels, gaps, c, reach)
    sums[free] = np.maximum(sums[free], _sums(lines, -c[free], labels[free], gaps[free], c[free], reach))
    return sums


def student(setting: Setting, i: int, size: Sizes, domain: Domain, near: Around, goal: float) -> Candidate | None:
    """The bound on the smallest sine of a student, from the best direction left out; None if none beats the sine `goal`."""
    lines = lines_of(setting, i, domain, near, np.ones(len(near.index), dtype=bool), named=True)
    if lines is None or not goal > 0 or not len(lines.gaps):
        return None
    limit, room = size.room, size.level / (2 * size.eps)
    named = steepest_named(_choices(lines, steepest(goal), room), partial(_worst, lines), room, goal)
    if named is None:
        return None
    cot, (gap, chosen) = named

    def prove() -> Bound | None:
        terms = {"kappa": size.kappa, "epsilon": size.epsilon, "cot": cot, "others": len(near.index)}
        c = exact.ball(cot * BACK)
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


@cached_by
def _table(setting: Setting, i: int, whole: Domain, chosen: bytes) -> tuple[list[Left], np.ndarray, np.ndarray]:
    """Directions left out of shared lines, and 1/v+ and 1/v- in all gaps without them, but for parallels.   (m, gaps) each"""
    lines = shared_lines(setting, i, whole, chosen)
    assert lines is not None
    directions = left_out(lines)
    w = np.array([left.tilt for left in directions])[:, None]
    more, less = np.maximum(lines.tilt - w, 0.0), np.maximum(w - lines.tilt, 0.0)
    dropped = lines.label == np.array([left.label for left in directions], dtype=int)[:, None]
    more[dropped] = less[dropped] = -np.inf
    above, below = (largest_quotients(*ends, lines.inverse) for ends in ((more, less), (less, more)))
    return directions, above, below


def kink(kept: Kept, setting: Setting, size: Sizes, goal: float) -> Candidate | None:
    """The bound 2 eps (1/v+ + 1/v-) on |kappa_H| from the best direction left out, all slopes known; None if none beats
    `goal`.
    """
    directions, *tables = _table(setting, *kept.key)
    lines, gaps, most = kept.lines, kept.gaps, size.sum_below(goal)
    above, below = (table[:, gaps] for table in tables)
    sums = np.maximum(above, float(lines.up.mid())) + np.maximum(below, float(lines.down.mid()))
    exact = np.array([left.label != kept.own for left in directions], dtype=bool)

    def choice(place: int) -> Chord:
        row, column = divmod(place, len(gaps))
        return int(gaps[column]) + kept.shift, directions[row]

    def value(place: int) -> float:
        return float(_worst(lines, [choice(place)], np.zeros(1))[0])

    found = flattest(sums.ravel(), exact.repeat(len(gaps)), value, most)
    if found is None:
        return None
    gap, left = choice(found[1])
    assert left.slope is not None
    slope, epsilon = left.slope, size.epsilon

    def prove() -> Bound:
        total = _sum_above(lines, left.label, gap, slope, arb(0))
        return Bound(2 * epsilon * total, FORM, {"epsilon": epsilon, "others": kept.others})

    return 2 * size.eps * found[0], prove
