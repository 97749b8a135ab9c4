"""Suprema by branch and bound over cells, boxes first and sides of creases then: made for d' = 4, 5.

Correct for every d'. A cell is a box of the unit cube on which some creases have a decided sign. `box_bounds` bounds
h and -h on it, with nearly parallel creases paired; cells are taken best first, in batches, halved along a coordinate
or split at a crease until the bounds of all of them are below what closes the gap. h and -h have a half of the tree each,
since a split that serves the one seldom serves the other, and share the incumbent, so every stop leaves a proved interval.

Evidence (numbers, strings, booleans), for a checker with rational arithmetic of its own:
    {"method": "boxes", "interrupted": bool,
     "stopped": "target" (closed, or upper <= floor), "deadline", "cells" (as many as allowed),
                                            "finest" (no cell can be split) or "crude" (no search),
     "cells": N                             number of cells bounded
     "centre": [...], "half": [...]         the cube: z = centre + half * w, |w_j| <= 1; strings "p/q"
     "creases": [[ridge, factor], ...]      z_i = factor * (P[ridge] . z + beta[ridge]), factor a string +-2^k
     "first": [...], "ratio": [...]         group g: creases first[g] .. first[g + 1] - 1, the reference first;
                                            e_i = z_i - ratio[i] * z_reference, ratio an exact float
     "tree": [...] or None}                 level by level: -1 for a leaf; -2, the root's: h, then -h; j < d: coordinate j is
                                            halved, lower half first; d + i: the sign of crease i is decided, z_i <= 0 first.
                                            None where there was no search, or more than RECORDED cells
Ridges on one hyperplane are merged into the one that is named; those of one sign on the cube or the region are affine.
On every leaf of its half of the tree, h <= upper or -h <= upper follows from the bounds listed in `box_bounds`, with some
multipliers kappa, on the leaf or on a cell it was split off.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import numpy as np

from ... import exact
from ...restriction.domains import Domain, domain
from ...restriction.ridges import RidgeSum
from ..enclosure import CANCELLATION, Enclosure, at_witness, crude
from ..progress import Tell
from ..units import Balanced, in_own_units
from .cells import EMPTY, bounds
from .pairing import Paired, paired

BATCH = 256  # cells split at once: large enough to hide the interpreter, small enough to stay best first
FEW = 24  # up to so many open creases, a cell is split at a crease, not halved (measured; 12 to 30 differ little)
HALVED_UP_TO = 8  # dimensions; beyond, halving each coordinate once makes 2^d cells of one: they are split at creases alone,
# and creases' ranges are narrowed by the decided signs (digits at d' = 10: 3,000 cells instead of 90,000, a fifth of the time)
ALONE = np.array([[np.inf, EMPTY], [EMPTY, np.inf]])  # what is known of h and -h where only one of them is bounded
LEAF, BOTH = -1, -2  # codes of the tree: no split; the root's, into h and -h
SHARE = 0.25  # a crease that owns this share of the gap is split at in any cell (measured)
EAGER = 0.05  # a point is evaluated in rationals if it promises this share of the gap
FULL = 400_000  # open cells beyond which the newest come first, so that memory stays bounded
RECORDED = 200_000  # cells beyond which the tree is not kept as evidence
SLACK = 1 - 1e-14  # absorbs the rounding of the target and of the upper bound


def _evidence_in(one: Balanced, evidence: dict[str, Any]) -> dict[str, Any]:
    """Evidence about g (`units`) as evidence about h."""
    if "centre" not in evidence:
        return evidence
    centre, half = (np.array([exact.parsed(x) for x in evidence[key]], dtype=object) for key in ("centre", "half"))
    creases = [[one.first[ridge], str(exact.parsed(factor) / one.ridges[ridge])] for ridge, factor in evidence["creases"]]
    return evidence | {
        "centre": [str(x) for x in one.centre + one.axes * centre],
        "half": [str(x) for x in one.axes * half],
        "creases": creases,
    }


@in_own_units(_evidence_in)
def supremum(
    h: RidgeSum,
    region: Domain,
    *,
    gap: float = 1e-3,
    deadline: float | None = None,
    floor: float = 0.0,
    most: float = np.inf,
    earlier: Enclosure | None = None,
    nested: Tell | None = None,
) -> Enclosure:
    """Enclosure of sup over the region of |h|; nested is told what is proved after every batch of cells.

    earlier: an enclosure of the same h, whose witness starts the search.

    Stops once `most` cells were bounded, at a relative gap (upper - lower) / upper, at an interval below the noise of
    the terms that cancel, at upper <= floor, at the deadline (on the clock of time.monotonic), or at a
    KeyboardInterrupt, which evidence["interrupted"] then tells; the enclosure is valid at every stop.
    """
    start = crude(h, region, {"method": "boxes", "interrupted": False, "stopped": "crude", "cells": 0, "tree": None})
    start = start.begun(earlier)
    search = None
    try:
        if nested is not None:
            nested(start.lower, start.upper)
        if start.upper <= floor or _late(deadline):
            return start
        form = paired(h, region)
        if len(form.creases) == 0 and not form.floats.rest.any():
            return Enclosure(0.0, 0.0, None, start.evidence)
        search = _Search(h, region, form, start, gap, floor, nested)
        search.run(deadline, most)
        return search.enclosure(False)
    except KeyboardInterrupt:
        if search is not None:
            return search.enclosure(True)
        return Enclosure(start.lower, start.upper, start.witness, start.evidence | {"interrupted": True})


@cache
def load_loops() -> None:
    """Load the compiled loops, by |z| on an interval: where no cache has them they are compiled, which takes some 20 s.

    What has a time limit calls it before its time begins.
    """
    one, zero = exact.rationals([1]), exact.rationals([0])
    h = RidgeSum(one[:, None], zero, 2 * one, -one, exact.ZERO)
    supremum(h, domain(exact.rationals([[1], [-1]]), exact.rationals([1, 1]), -one, one), gap=0.0, most=1)


def _late(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() > deadline


class _Pool:
    """The open cells: rows of arrays that grow by doubling.

    X, R (N, d) centres and half-widths, signs (N, n), ends (N, 2, n or 0) narrowed ranges, upper (N, 2), split (N,), number
    (N,) in the tree
    """

    def __init__(self, d: int, n: int, narrowed: int):
        self.count = 0
        self.columns: list[np.ndarray] = [
            np.empty((1, d)),
            np.empty((1, d)),
            np.empty((1, n), np.int8),
            np.empty((1, 2, narrowed)),
            np.empty((1, 2)),
            np.empty(1, np.int64),
            np.empty(1, np.int64),
        ]
        self.worst = np.empty(1)  # the larger of the two bounds

    def best(self) -> float:
        """The largest bound of an open cell."""
        return self.worst[: self.count].max(initial=-np.inf)

    def put(self, *columns: np.ndarray) -> None:
        """Append cells."""
        end = self.count + len(columns[0])
        if end > len(self.worst):
            room = 2 * end
            self.columns = [
                np.concatenate([a[: self.count], np.empty((room - self.count, *a.shape[1:]), a.dtype)]) for a in self.columns
            ]
            self.worst = np.concatenate([self.worst[: self.count], np.empty(room - self.count)])
        for mine, new in zip(self.columns, columns, strict=True):
            mine[self.count : end] = new
        self.worst[self.count : end] = columns[4].max(axis=1)
        self.count = end

    def take(self, most: int) -> list[np.ndarray]:
        """Remove and return the cells with the largest bounds; the newest ones where the pool is full."""
        m = min(most, self.count)
        if self.count > FULL or m == self.count:
            chosen = np.arange(self.count - m, self.count)
        else:
            chosen = np.argpartition(-self.worst[: self.count], m - 1)[:m]
        taken = [a[chosen] for a in self.columns]
        keep = self.count - m
        holes = chosen[chosen < keep]
        tail = np.setdiff1d(np.arange(keep, self.count), chosen)
        for a in [*self.columns, self.worst]:
            a[holes] = a[tail]
        self.count = keep
        return taken


class _Tree:
    """How cells were split: for each cell, in order of creation, its split (LEAF: none) and its first child."""

    def __init__(self):
        self.split, self.child, self.count = np.full(1, LEAF, np.int32), np.zeros(1, np.int64), 1

    def grow(self, number: np.ndarray, split: np.ndarray) -> int:
        """Record the splits of cells; the number of the first new cell."""
        first = self.count
        self.count += 2 * len(number)
        if self.count <= RECORDED:
            if self.count > len(self.split):
                room = 2 * self.count - len(self.split)
                self.split = np.concatenate([self.split, np.full(room, LEAF, np.int32)])
                self.child = np.concatenate([self.child, np.zeros(room, np.int64)])
            self.child[number] = first + 2 * np.arange(len(number))  # before the split: an interrupt may fall between
            self.split[number] = split
        return first

    def levels(self, cells: int) -> list[int] | None:
        """The first `cells` cells level by level, as the evidence lists them."""
        if self.count > RECORDED:
            return None
        out: list[int] = []
        level = np.zeros(1, np.int64)
        while len(level):
            codes = np.where(self.child[level] < cells, self.split[level], LEAF)
            out += codes.tolist()
            first = self.child[level[codes != LEAF]]
            level = np.stack([first, first + 1], axis=1).ravel()
        return out


class _Search:
    """One branch and bound. Numbers are in units of 2**exponent (see `Paired`), but for `lower`."""

    def __init__(
        self, h: RidgeSum, region: Domain, form: Paired, start: Enclosure, gap: float, floor: float, nested: Tell | None = None
    ):
        self.h, self.region, self.form, self.start, self.nested = h, region, form, start, nested
        self.unit = exact.two_to(form.exponent)
        self.gap, self.floor = gap, self._scaled(floor)
        self.noise = CANCELLATION * self._scaled(h.size(region.lower, region.upper))
        self.settled = -np.inf  # largest bound of the cells that are done
        self.stopped = "deadline"
        self.lower, self.witness = start.lower, start.witness
        d, n = len(form.centre), len(form.creases)
        self.few, self.narrowed = (FEW, 0) if d <= HALVED_UP_TO else (n, n)
        self.tree = _Tree()
        self.pool = _Pool(d, n, self.narrowed)
        # upper bound, lower bound, witness, cells: replaced in one assignment, so an interrupt finds them consistent
        self.proved: tuple[float, float, Any, int] = (np.inf, self.lower, self.witness, 1)

    def _scaled(self, number: float) -> float:
        return exact.nearest_float(exact.rational(number) / self.unit) if np.isfinite(number) else number

    def target(self) -> float:
        """Cells with bounds up to here need no more work."""
        lower = self._scaled(self.lower)
        closed = max(lower / (1 - self.gap), lower + self.noise) if self.gap < 1 else np.inf
        return max(closed, self.floor) * SLACK

    def run(self, deadline: float | None, most: float = np.inf) -> None:
        """Split cells until the target is met, `most` cells were bounded or the deadline strikes."""
        d, n = len(self.form.centre), len(self.form.creases)
        first = self.tree.grow(np.zeros(1, np.int64), np.array([BOTH]))
        ends = np.tile(np.array([[-np.inf], [np.inf]]), (2, 1, self.narrowed))
        self._bound(np.zeros((2, d)), np.ones((2, d)), np.zeros((2, n), np.int8), ends, ALONE, first + np.arange(2))
        while self.pool.count:
            if self.pool.best() <= self.target():
                break
            if _late(deadline):
                return
            if self.proved[3] >= most:
                self.stopped = "cells"
                return
            X, R, signs, ends, upper, split, number = self.pool.take(BATCH)
            first = self.tree.grow(number, split)
            X, R, signs, ends, upper, split = (np.repeat(a, 2, axis=0) for a in (X, R, signs, ends, upper, split))
            side = np.tile([-1, 1], len(number))
            halved, decided = np.flatnonzero(split < d), np.flatnonzero(split >= d)
            R[halved, split[halved]] /= 2
            X[halved, split[halved]] += side[halved] * R[halved, split[halved]]
            signs[decided, split[decided] - d] = side[decided]
            self._bound(X, R, signs, ends, upper, first + np.arange(len(X)))
        self.stopped = "target" if self.settled <= self.target() else "finest"

    def _bound(self, X, R, signs, ends, parent, number) -> None:
        """Bound cells, try their best point as witness, keep those that need more work."""
        upper, split, points, values = bounds(self.form.floats, X, R, signs, ends, parent, self.target(), self.few, SHARE)
        best = np.unravel_index(values.argmax(), values.shape)
        self._try(points[best], values[best])
        worst = upper.max(axis=1)
        alive = (worst > self.target()) & (split >= 0)
        self.settled = max(self.settled, worst[~alive].max(initial=-np.inf))
        self.pool.put(X[alive], R[alive], signs[alive], ends[alive], upper[alive], split[alive], number[alive])
        self.proved = (max(self.settled, self.pool.best()), self.lower, self.witness, self.proved[3] + len(X))
        if self.nested is not None:
            self.nested(self.lower, self.upper())

    def _try(self, w: np.ndarray, value: float) -> None:
        lower = self._scaled(self.lower)
        if not value > lower + EAGER * (self.target() - lower):
            return
        value, point = at_witness(self.h, self.region, self.form.point(w))
        if value > self.lower:
            self.lower, self.witness = value, point

    def upper(self) -> float:
        """The upper bound that is proved so far."""
        bound = self.proved[0]
        if not np.isfinite(bound):
            return self.start.upper
        return min(exact.round_up(exact.rational(bound) * self.unit), self.start.upper)

    def enclosure(self, interrupted: bool) -> Enclosure:
        """What is proved so far."""
        _, lower, witness, cells = self.proved
        form = self.form
        evidence = {
            "method": "boxes",
            "interrupted": interrupted,
            "stopped": self.stopped,
            "cells": cells,
            "centre": [str(x) for x in form.centre],
            "half": [str(x) for x in form.half],
            "creases": [[ridge, str(factor)] for ridge, factor in form.creases],
            "first": form.floats.first.tolist(),
            "ratio": form.floats.ratio.tolist(),
            "tree": self.tree.levels(cells),
        }
        return Enclosure(lower, self.upper(), witness, evidence)
