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
from ..setting import Setting
from .around import BACK, Around, Bound, Candidate, Sizes
from .chords import Left, left_out
from .plane import WALL, Lines, largest_quotients, lines_of, steepest_named

FORM = "pairs"
Pair = tuple[int, Left, Left]  # the gap between two lines, and the directions left out: theirs


def _pairs(lines: Lines) -> list[Pair]:
    """The neighbours of different directions, both inside A_k."""
    left = {one.label: one for one in left_out(lines)}
    beside = [(k, *lines.label[k : k + 2].tolist()) for k in range(lines.first + 1, lines.last - 1)]
    return [(k, left[a], left[b]) for k, a, b in beside if a != b and WALL not in (a, b)]


def _sums(lines: Lines, pairs: list[Pair], c: np.ndarray) -> np.ndarray:
    """2/a in floats for one pair and one c each, at the worst corner; the sum of two inverse heights.   (m,), (m,) -> (m,)"""
    gaps, first, second = [k for k, _, _ in pairs], [a for _, a, _ in pairs], [b for _, _, b in pairs]
    dropped = np.zeros((len(pairs), len(lines.label)), dtype=bool)
    for directions in (first, second):
        dropped |= lines.label == np.array([one.label for one in directions], dtype=int)[:, None]
    out = np.full(len(pairs), 2 * max(float(lines.up.mid()), float(lines.down.mid())))
    for sign, other in itertools.product((1, -1), repeat=2):
        w, v = _slopes(first, sign * c), _slopes(second, other * c)
        mean, half = ((w + v) / 2)[:, None], (abs(w - v) / 2)[:, None]
        reached = np.where(lines.free, abs(mean) + c[:, None], abs(lines.tilt - mean))
        numerators = np.where(dropped, -np.inf, np.maximum(half, reached))
        quotients = largest_quotients(numerators, numerators, lines.inverse)
        out = np.maximum(out, 2 * quotients[np.arange(len(pairs)), np.array(gaps, dtype=int)])
    return np.where(np.isnan(out), np.inf, out)  # lines kept that cross H in one point leave no room


def _slopes(directions: list[Left], end: np.ndarray) -> np.ndarray:
    """Slopes in floats, a free one at its end."""
    known = [0.0 if one.slope is None else float(one.slope.mid()) for one in directions]
    return np.where(np.array([one.slope is None for one in directions], dtype=bool), end, known)


def student(setting: Setting, i: int, size: Sizes, domain: Domain, near: Around, goal: float) -> Candidate | None:
    """The bound on the smallest sine of a student, from the best pair left out; None if none beats the sine `goal`."""
    lines = lines_of(setting, i, domain, near, np.ones(len(near.index), dtype=bool), named=True)
    if lines is None or not goal > 0:
        return None
    room = size.level / (2 * size.eps)
    named = steepest_named(_pairs(lines), lambda pairs, c: _sums(lines, pairs, c), room, goal)
    if named is None:
        return None
    cot, chosen = named

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


def kink(setting: Setting, i: int, size: Sizes, domain: Domain, near: Around) -> Candidate | None:
    """The bound 4 eps/a on |kappa_H| from the best pair left out, all slopes known."""
    lines = lines_of(setting, i, domain, near, np.ones(len(near.index), dtype=bool), named=False)
    pairs = [] if lines is None else _pairs(lines)
    if lines is None or not pairs:
        return None
    sums = _sums(lines, pairs, np.zeros(len(pairs)))
    best = int(np.argmin(sums))

    def prove() -> Bound:
        height = _inverse_height(lines, pairs[best], arb(0))
        return Bound(4 * size.epsilon * height, FORM, {"epsilon": size.epsilon, "others": len(near.index)})

    return 2 * size.eps * float(sums[best]), prove
