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

import numpy as np
from flint import arb

from ... import exact
from ...restriction.domains import Domain
from .. import bounds
from ..loops import gaps as loops
from ..setting import Setting
from .around import BACK, Around, Bound, Candidate, Sizes
from .gaps import RUNGS, STEP, directions, steepest
from .plane import Lines, lines_of

FORM = "chords"


def student(setting: Setting, i: int, size: Sizes, domain: Domain, near: Around, goal: float) -> Candidate | None:
    """The bound on the smallest sine of a student, from the best direction left out; None if none beats the sine `goal`."""
    lines = lines_of(setting, i, domain, near, np.ones(len(near.index), dtype=bool), named=True)
    if lines is None or not goal > 0 or not len(lines.gaps):
        return None
    room = size.level / (2 * size.eps)
    some = directions(lines)
    cot, gap, place = loops.steepest_chord(lines.floats, some.floats, lines.gaps, room, steepest(goal), STEP, RUNGS)
    if gap < 0:
        return None
    chosen = some.left(place)

    def prove() -> Bound | None:
        terms = {"kappa": size.kappa, "epsilon": size.epsilon, "cot": cot, "others": len(near.index)}
        c, limit = exact.ball(cot * BACK), size.room
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


def kink(setting: Setting, i: int, size: Sizes, domain: Domain, near: Around, goal: float) -> Candidate | None:
    """The bound 2 eps (1/v+ + 1/v-) on |kappa_H| from the best direction left out, all slopes known; None if none beats
    `goal`.
    """
    lines = lines_of(setting, i, domain, near, np.ones(len(near.index), dtype=bool), named=False)
    if lines is None or not len(lines.gaps):
        return None
    some = directions(lines)
    value, gap, place = loops.flattest_chord(lines.floats, some.floats, lines.gaps, size.sum_below(goal))
    if gap < 0:
        return None
    left = some.left(place)

    def prove() -> Bound:
        assert left.slope is not None
        total = _sum_above(lines, left.label, gap, left.slope, arb(0))
        return Bound(2 * size.epsilon * total, FORM, {"epsilon": size.epsilon, "others": len(near.index)})

    return 2 * size.eps * value, prove
