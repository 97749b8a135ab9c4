"""Theorem C2 in the plane (d' = 2): a parallelogram whose sides run along two directions that are left out of the cell.

Leave out all creases of two directions (slopes w, w'; m their mean, D half their distance). In a gap of the other lines, of
any sign, and of the walls, the four corners c +- a (m, 1) and c +- a D on H do not feel the creases left out:
|kappa_H| <= 4 eps/a, 1/a = max(1/t, (max(D, |w_l - m|) + max(D, |w_r - m|))/(o_r - o_l) over l left, r right).
The two lines beside a gap are left out together, so the others leave three gaps in one.

A student. Suppose every student's |cot| is at most c. 1/a is convex in all slopes together, and each of the others occurs in
its own numerators only: the largest value is at corners w, w' in {-c, c} (known slopes keep theirs), with |m| + c for every
free |w_l - m|. If it is below |kappa|/(4 eps) for some pair left out, some student has |cot| > c.
Source: Theorem C2 in proofs/lemmas.
"""

from __future__ import annotations

import itertools

import numpy as np
from flint import arb

from ... import exact
from ...restriction.domains import Domain
from .. import bounds
from ..loops import gaps as loops
from ..setting import Setting
from .around import BACK, Around, Bound, Candidate, Sizes
from .gaps import RUNGS, STEP, Left, directions, steepest
from .plane import WALL, Lines, lines_of

FORM = "pairs"
Pair = tuple[int, Left, Left]  # the gap between two lines, and the directions left out: theirs


def choices(lines: Lines) -> tuple[np.ndarray, np.ndarray]:
    """Gaps between two lines of different directions inside A_k, and these as places in `directions`.   -> (m,), (m, 2)"""
    gaps = np.arange(lines.first + 1, lines.last - 1)
    beside = np.stack([lines.label[gaps], lines.label[gaps + 1]], axis=1)
    wanted = (beside != WALL).all(axis=1) & (beside[:, 0] != beside[:, 1])
    places = np.full(lines.label.max() + 2, -1)
    labels = directions(lines).floats[0]
    places[labels] = np.arange(len(labels))
    return gaps[wanted], places[beside[wanted]]


def pair_of(lines: Lines, gap: int, out: np.ndarray) -> Pair:
    """A gap, and two directions left out by their places."""
    first, second = (directions(lines).left(int(m)) for m in out)
    return gap, first, second


def student(setting: Setting, i: int, size: Sizes, domain: Domain, near: Around, goal: float) -> Candidate | None:
    """The bound on the smallest sine of a student, from the best pair left out; None if none beats the sine `goal`."""
    lines = lines_of(setting, i, domain, near, np.ones(len(near.index), dtype=bool), named=True)
    if lines is None or not goal > 0:
        return None
    room = size.level / (2 * size.eps)
    gaps, outs = choices(lines)
    cot, place = loops.steepest_pair(lines.floats, directions(lines).floats, gaps, outs, room, steepest(goal), STEP, RUNGS)
    if place < 0:
        return None
    chosen = pair_of(lines, int(gaps[place]), outs[place])

    def prove() -> Bound | None:
        c = exact.ball(cot * BACK)
        if not 2 * _inverse_height(lines, chosen, c) < size.room:
            return None
        terms = {"kappa": size.kappa, "epsilon": size.epsilon, "cot": cot, "others": len(near.index)}
        return Bound(bounds.sine_of_cotangent(c), FORM, terms)

    return 1 / np.hypot(1, cot), prove


def _inverse_height(lines: Lines, pair: Pair, c: arb) -> arb:
    """Proved: the largest 1/a of a pair left out over all free slopes in [-c, c]; infinite where there is no room."""
    gap, first, second = pair
    kept = [j for j, label in enumerate(lines.label.tolist()) if label not in (first.label, second.label)]
    largest = lines.up.max(lines.down)
    for w, v in itertools.product(first.ends(c), second.ends(c)):
        mean, half = (w + v) / 2, abs(w - v) / 2
        numerator = {j: half.max(abs(mean) + c if lines.free[j] else abs(lines.slope[j] - mean)) for j in kept}
        for j in kept:
            for r in kept:
                if j <= gap < r:
                    width = lines.offset[r] - lines.offset[j]
                    if not width > 0:
                        return arb("inf")
                    largest = largest.max((numerator[j] + numerator[r]) / width)
    return largest


def kink(setting: Setting, i: int, size: Sizes, domain: Domain, near: Around, goal: float) -> Candidate | None:
    """The bound 4 eps/a on |kappa_H| from the best pair left out, all slopes known; None if none beats `goal`."""
    lines = lines_of(setting, i, domain, near, np.ones(len(near.index), dtype=bool), named=False)
    if lines is None:
        return None
    gaps, outs = choices(lines)
    value, place = loops.flattest_pair(lines.floats, directions(lines).floats, gaps, outs, size.sum_below(goal))
    if place < 0:
        return None
    pair = pair_of(lines, int(gaps[place]), outs[place])

    def prove() -> Bound:
        height = _inverse_height(lines, pair, arb(0))
        return Bound(4 * size.epsilon * height, FORM, {"epsilon": size.epsilon, "others": len(near.index)})

    return 2 * size.eps * value, prove
