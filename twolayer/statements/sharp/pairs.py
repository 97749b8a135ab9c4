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
from dataclasses import replace
from functools import partial

import numpy as np
from flint import arb

from ... import exact
from ...restriction.domains import Domain
from .. import bounds
from ..geometry import cached_by
from ..setting import Setting
from .around import BACK, Around, Bound, Candidate, Sizes
from .chords import Left, left_out
from .gaps import flattest, quotients_at, steepest_named
from .plane import WALL, Kept, Lines, lines_of, shared_lines

FORM = "pairs"
Pair = tuple[int, Left, Left]  # the gap between two lines, and the directions left out: theirs


def _gaps(lines: Lines) -> np.ndarray:
    """The gaps between two neighbours of different directions, both inside A_k."""
    k = np.arange(lines.first + 1, lines.last - 1)
    one, other = lines.label[k], lines.label[k + 1]
    return k[(one != other) & (one != WALL) & (other != WALL)]


def _pairs(lines: Lines, gaps: np.ndarray) -> list[Pair]:
    """The directions beside some of these gaps."""
    left = {one.label: one for one in left_out(lines)}
    return [(k, left[a], left[b]) for k in gaps.tolist() for a, b in [lines.label[k : k + 2].tolist()]]


def _sums(lines: Lines, pairs: list[Pair], c: np.ndarray, reach: int | None = None) -> np.ndarray:
    """2/a in floats for one pair and one c each, at the worst corner; the sum of two inverse heights.   (m,), (m,) -> (m,)

    reach: see `quotients_at`
    """
    gaps = np.array([k for k, _, _ in pairs], dtype=int)
    directions = [first for _, first, _ in pairs], [second for _, _, second in pairs]
    dropped = np.zeros((len(pairs), len(lines.label)), dtype=bool)
    for some in directions:
        dropped |= lines.label == np.array([one.label for one in some], dtype=int)[:, None]
    out = np.full(len(pairs), 2 * max(float(lines.up.mid()), float(lines.down.mid())))
    free = any(one.slope is None for some in directions for one in some)
    for signs in itertools.product((1, -1), repeat=2) if free else ((1, 1),):
        w, v = (_slopes(some, sign * c) for some, sign in zip(directions, signs, strict=True))
        mean, half = ((w + v) / 2)[:, None], (abs(w - v) / 2)[:, None]
        reached = np.where(lines.free, abs(mean) + c[:, None], abs(lines.tilt - mean))
        numerators = np.where(dropped, -np.inf, np.maximum(half, reached))
        out = np.maximum(out, 2 * quotients_at(numerators, numerators, lines, gaps, reach))
    return np.where(np.isnan(out), np.inf, out)  # lines kept that cross H in one point leave no room


def _slopes(directions: list[Left], end: np.ndarray) -> np.ndarray:
    """Slopes in floats, a free one at its end."""
    free = np.array([one.slope is None for one in directions], dtype=bool)
    return np.where(free, end, np.array([one.tilt for one in directions]))


def student(setting: Setting, i: int, size: Sizes, domain: Domain, near: Around, goal: float) -> Candidate | None:
    """The bound on the smallest sine of a student, from the best pair left out; None if none beats the sine `goal`."""
    lines = lines_of(setting, i, domain, near, np.ones(len(near.index), dtype=bool), named=True)
    if lines is None or not goal > 0:
        return None
    room = size.level / (2 * size.eps)
    named = steepest_named(_pairs(lines, _gaps(lines)), partial(_sums, lines), room, goal)
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


@cached_by
def _table(setting: Setting, i: int, whole: Domain, chosen: bytes) -> tuple[np.ndarray, np.ndarray]:
    """For every gap of shared lines, 2/a without the two lines beside it but for parallels, and the two labels.

    (gaps,), (gaps, 2); infinite where a wall is beside it, or two lines of one direction
    """
    lines = shared_lines(setting, i, whole, chosen)
    assert lines is not None
    gaps, out = _gaps(lines), np.full(len(lines.place) - 1, np.inf)
    out[gaps] = _sums(replace(lines, up=arb(0), down=arb(0)), _pairs(lines, gaps), np.zeros(len(gaps)))
    return out, np.stack([lines.label[:-1], lines.label[1:]], axis=1)


def kink(kept: Kept, setting: Setting, size: Sizes, goal: float) -> Candidate | None:
    """The bound 4 eps/a on |kappa_H| from the best pair left out, all slopes known; None if none beats `goal`."""
    lines = kept.lines
    values, labels = _table(setting, *kept.key)
    gaps = _gaps(lines)
    least = np.maximum(values[gaps - kept.shift], 2 * max(float(lines.up.mid()), float(lines.down.mid())))
    exact = (labels[gaps - kept.shift] != kept.own).all(axis=1)

    def value(place: int) -> float:
        return float(_sums(lines, _pairs(lines, gaps[[place]]), np.zeros(1))[0])

    found = flattest(least, exact, value, size.sum_below(goal))
    if found is None:
        return None
    [pair] = _pairs(lines, gaps[[found[1]]])

    def prove() -> Bound:
        height = _inverse_height(lines, pair, arb(0))
        return Bound(4 * size.epsilon * height, FORM, {"epsilon": size.epsilon, "others": kept.others})

    return 2 * size.eps * found[0], prove
