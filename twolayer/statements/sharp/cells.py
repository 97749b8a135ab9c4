"""Theorem B in the plane (d' = 2), certificate form: the cell of a gap of H contains a chord across H.

For a gap between neighbouring opposing lines, and a chord from height a above H to height b below it in the gap's cell:
|kappa_H| <= 2 eps (1/a + 1/b). With all slopes known 1/a = max(1/t, (w_l - w_r)/(o_r - o_l) over l left and r right of
the gap), 1/b with the opposite sign. Walls are the facets of A_k with their own slopes: nothing is lost to a cylinder.

A student. Suppose every student's |cot| is at most c, and let c be free in the slopes of the students' lines. Then the
largest value of 1/a + 1/b over these slopes is a maximum of sums of two quotients, each linear in every slope, so
  two different lines each: (hi_l - lo_r)/(o_r - o_l) + (hi_r' - lo_l')/(o_r' - o_l'), hi and lo the ends of [-c, c];
  a student's line in both: less 2 c min(1/(o_r - o_l), 1/(o_r' - o_l')), since its slope cannot be at both ends.
If that is below |kappa|/(2 eps) for some gap, then no: some student has |cot| > c. Of the students' lines on one side of
the gap only the two nearest matter (a farther one may be replaced by a nearer one at no loss).
Source: Theorem B, its certificate form, and "Theorem B names a student" in proofs/lemmas.
"""

from __future__ import annotations

import numpy as np
from flint import arb

from ... import exact
from .. import bounds
from ..loops import gaps as loops
from ..setting import Setting
from .around import BACK, Around, Bound, Candidate, Sizes
from .gaps import steepest
from .plane import Body, Lines, lines_of

FORM = "cells"
ROUNDING = 1e-15  # more than the relative rounding of one sum of floats
NEAREST = 2  # students' lines on each side of a gap that can be binding


def student(setting: Setting, i: int, size: Sizes, body: Body, near: Around, goal: float) -> Candidate | None:
    """The bound on the smallest sine of a student from the best gap; None if none beats the sine `goal`."""
    lines = lines_of(setting, i, body, near, near.opposes, named=True)
    if lines is None or not goal > 0:
        return None
    room = size.level / (2 * size.eps)
    cot, gap = loops.steepest_cell(lines.floats, lines.gaps, NEAREST, room, steepest(goal))
    if gap < 0:
        return None

    def prove() -> Bound | None:
        limit = size.room
        terms = {
            "kappa": size.kappa,
            "epsilon": size.epsilon,
            "cot": cot,
            "opposing_students": int((near.opposes & near.student).sum()),
            "opposing_teachers": int((near.opposes & ~near.student).sum()),
        }
        if np.isinf(cot):
            return Bound(arb(0), FORM, terms) if excludes(lines, gap, arb(0), limit) else None
        c = exact.ball(cot * BACK)
        return Bound(bounds.sine_of_cotangent(c), FORM, terms) if excludes(lines, gap, c, limit) else None

    return 1 / np.hypot(1, cot) if np.isfinite(cot) else 0.0, prove


def excludes(lines: Lines, gap: int, c: arb, room: arb) -> bool:
    """Proved: 1/a + 1/b < room in the cell of this gap for all free slopes in [-c, c]."""
    left, right = loops.binding(lines.free, gap, NEAREST)
    pairs = []  # (quotient above, quotient below, 1/(o_r - o_l), left, right)
    for j in left:
        low, high = lines.slopes(j, c)
        for r in right:
            width = lines.offset[r] - lines.offset[j]
            if not width > 0:
                return False
            low_r, high_r = lines.slopes(r, c)
            pairs.append(((high - low_r) / width, (high_r - low) / width, 1 / width, j, r))
    if not lines.up + lines.down < room:
        return False
    if not all(above + lines.down < room and lines.up + below < room for above, below, *_ in pairs):
        return False
    tops = [exact.upper_float(above) for above, *_ in pairs]
    bottoms = [exact.upper_float(below) for _, below, *_ in pairs]
    safe = exact.lower_float(room) * (1 - ROUNDING)
    for top, (above, _, inverse, j, r) in zip(tops, pairs, strict=True):
        for bottom, (_, below, other, j2, r2) in zip(bottoms, pairs, strict=True):
            if top + bottom < safe:
                continue
            shared = int(j == j2 and lines.free[j]) + int(r == r2 and lines.free[r])
            if not above + below - 2 * shared * c * inverse.min(other) < room:
                return False
    return True


def kink(setting: Setting, i: int, size: Sizes, body: Body, near: Around, counted: np.ndarray) -> Candidate | None:
    """The bound 2 eps (1/a + 1/b) on |kappa_H| from the best gap, all slopes known."""
    lines = lines_of(setting, i, body, near, counted, named=False)
    if lines is None or not len(lines.gaps):
        return None
    value, gap = loops.flattest_cell(lines.floats, lines.gaps)
    if gap < 0:
        return None

    def prove() -> Bound | None:
        above, below = lines.up, lines.down
        for j in range(gap + 1):
            for r in range(gap + 1, len(lines.place)):
                width = lines.offset[r] - lines.offset[j]
                if not width > 0:
                    return None
                quotient = (lines.slope[j] - lines.slope[r]) / width
                above, below = above.max(quotient), below.max(-quotient)
        return Bound(2 * size.epsilon * (above + below), FORM, {"epsilon": size.epsilon, "opposing": int(counted.sum())})

    return 2 * size.eps * value, prove
