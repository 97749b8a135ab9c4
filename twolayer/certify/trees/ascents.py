"""Witnesses for the LP trees: ascents in long steps, then from cell to neighbouring cell of the arrangement.

h is a difference of convex functions, and a convex one lies above its tangent plane at any point. With the kinks of positive
mass replaced by their tangents h is concave, a linear program finds its best point, and h is at least as large there: the
long steps (the convex-concave procedure). On a cell h is affine, so a linear program finds its best point; crossing a crease
that is tight there may lead to a better cell. Floats and HiGHS only propose points: what counts is the value in rationals
at a point of the domain.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from ... import exact
from ...linear.highs import INFINITE, OPTIMAL, add_rows, new_model, run
from ...restriction.domains import Domain
from ...restriction.ridges import RidgeSum
from ..enclosure import at_witness
from .groups import Kinks

SAMPLES = 2000  # random starting points: they cost a few milliseconds and only choose where the ascents begin
STARTS = 10  # ascents in long steps for each sign before the first bound; cells are climbed from the best end
STRIDES = 50  # long steps of one ascent: most need 3 to 5
FLIPS = 60  # linear programs that one ascent may spend on neighbouring cells
TIGHT = 1e-6  # distance, in units of a crease's size, at which a point counts as on it
ALIKE = 0.02  # creases that differ by less than this share of their size are crossed together
BEYOND = 4e-9  # distance, in the same units, from a cell's walls: what HiGHS's tolerance cannot cross
IMPROVED = 1e-12  # relative improvement for which a witness is evaluated in rationals


class Incumbent:
    """The best witness so far of sup |h| over a domain: best = (|h(witness)| rounded down, witness).

    kinks is h in the coordinates xi of its box; slacks (m, d+1) are the facets there, >= 0 inside.
    """

    def __init__(self, h: RidgeSum, region: Domain, kinks: Kinks, slacks: np.ndarray, best, deadline: float):
        self.problem, self.region, self.kinks, self.best, self.deadline = h, region, kinks, best, deadline
        self.middle, self.radius = (region.upper + region.lower) / 2, (region.upper - region.lower) / 2
        forms, mass, self.rest = kinks.floats
        size = np.abs(forms).sum(axis=1)
        self.forms, self.mass = forms / size[:, None], mass * size
        self.slacks = slacks / np.abs(slacks).sum(axis=1)[:, None]
        self.alike = _alike(self.forms)
        self.tangents = {sign: Tangents(self, sign) for sign in (1, -1)}
        self.programs = 0  # linear programs of the ascents since `start`
        self.waiting: dict[int, Iterator[np.ndarray]] = {1: iter(()), -1: iter(())}
        d = h.dimension
        self.model = new_model(-np.ones(d), np.ones(d), np.zeros(d))
        add_rows(self.model, self.forms[:, :d], -INFINITE, INFINITE)
        add_rows(self.model, self.slacks[:, :d], -self.slacks[:, d], INFINITE)
        self.rows = np.arange(len(forms), dtype=np.int32)

    @property
    def lower(self) -> float:
        """The certified value."""
        return self.best[0]

    def offer(self, x: np.ndarray) -> float:
        """Value of h at xi in floats; its exact value counts if it seems larger than the best."""
        value = self.value(x)
        if self.is_beaten(value):
            candidate = at_witness(self.problem, self.region, self.middle + self.radius * exact.rationals(x))
            if candidate[0] > self.lower:
                self.best = candidate  # in one step: an interrupt finds a value with its own witness
        return value

    def value(self, x: np.ndarray) -> float:
        """h at xi, in floats."""
        return float(self.kinks(x[None])[0])

    def is_beaten(self, value: float) -> bool:
        """True if a value of h seems larger in size than the best."""
        return abs(value) > self.lower * (1 + IMPROVED)

    def start(self) -> None:
        """Ascents from the best of some random points of the domain, for both signs."""
        rng = np.random.default_rng(0)  # fixed: the starting points are part of the method
        d = self.problem.dimension
        X = rng.uniform(-1.0, 1.0, size=(SAMPLES, d))
        if len(self.slacks):  # pull each point into the domain, towards its interior point
            inner = exact.nearest((self.region.interior - self.middle) / self.radius)
            depth, fall = self.slacks[:, :d] @ inner + self.slacks[:, d], (inner - X) @ self.slacks[:, :d].T
            share = np.min(np.where(fall > depth, depth, 1.0) / np.where(fall > depth, fall, 1.0), axis=1)
            X = inner + share[:, None] * (X - inner)
        values = self.kinks(X)
        for sign in (1, -1):
            order = np.argsort(-sign * values)
            self.waiting[sign] = iter(X[order[STARTS:]])
            ends = []
            for x in X[order[:STARTS]]:
                if time.monotonic() >= self.deadline:
                    return
                ends.append(self.stride(x, sign))
            self.ascend(max(ends, key=lambda end: end[1])[0], sign)
        self.programs = 0

    def again(self, sign: int) -> None:
        """One more ascent, from the next best of the random points."""
        x = next(self.waiting[sign], None)
        if x is not None:
            self.climb(x, sign)

    def climb(self, x: np.ndarray, sign: int) -> None:
        """From a point by long steps, and on through cells where that led to a better witness."""
        before = self.lower
        end, _ = self.stride(x, sign)
        if self.lower > before:
            self.ascend(end, sign)

    def stride(self, x: np.ndarray, sign: int) -> tuple[np.ndarray, float]:
        """The end of the long steps from a point, and sign * h there."""
        best = sign * self.offer(x)
        for _ in range(STRIDES):
            if time.monotonic() >= self.deadline:
                break
            self.programs += 1
            y = self.tangents[sign].top(x)
            if y is None:
                break
            value = sign * self.offer(y)
            if not value > best + IMPROVED * abs(best):
                break
            x, best = y, value
        return x, best

    def ascend(self, x: np.ndarray, sign: int) -> None:
        """From the cell of a point to neighbouring cells while sign * h grows."""
        active = np.zeros(len(self.forms), dtype=bool)
        height = self.forms[:, :-1] @ x + self.forms[:, -1]
        for group in self.alike:
            active[group] = height[group].sum() > 0
        tries, y = 0, self._top(active, sign)
        while y is not None:
            best = sign * self.offer(y)
            height, y = self.forms[:, :-1] @ y + self.forms[:, -1], None
            for group in self.alike:
                if np.abs(height[group]).min() > TIGHT:
                    continue
                if tries >= FLIPS or time.monotonic() >= self.deadline:
                    return
                tries += 1
                self.programs += 1
                active[group] ^= True
                trial = self._top(active, sign)
                value = -np.inf if trial is None else sign * self.value(trial)
                if value > best + IMPROVED * abs(best):
                    y = trial
                    break
                active[group] ^= True

    def _top(self, active: np.ndarray, sign: int) -> np.ndarray | None:
        """The point of the cell {kink i is active iff active[i]} where sign * h is largest, or None."""
        d = self.problem.dimension
        lower = np.where(active, BEYOND - self.forms[:, d], -INFINITE)
        upper = np.where(active, INFINITE, -BEYOND - self.forms[:, d])
        self.model.changeRowsBounds(len(self.rows), self.rows, lower, upper)
        gradient = sign * ((self.mass * active) @ self.forms[:, :d] + self.rest[:d])
        size = max(np.abs(gradient).max(), np.finfo(float).tiny)
        self.model.changeColsCost(d, np.arange(d, dtype=np.int32), -gradient / size)
        if run(self.model) != OPTIMAL:
            return None
        return np.clip(np.array(self.model.getSolution().col_value), -1.0, 1.0)


class Tangents:
    """sign * h with the tangents of its convex part: one program whose objective alone changes, so that it starts warm.

    Variables are xi and, for every kink u_j of negative mass, y_j >= 0 with y_j >= u_j.
    """

    def __init__(self, incumbent: Incumbent, sign: int):
        forms, mass, rest = incumbent.forms, sign * incumbent.mass, sign * incumbent.rest
        convex, concave = mass > 0, mass < 0
        self.up, self.planes, self.rest = forms[convex], mass[convex, None] * forms[convex, :-1], rest[:-1]
        d, n = len(self.rest), int(concave.sum())
        self.model = new_model(
            np.append(-np.ones(d), np.zeros(n)), np.append(np.ones(d), np.full(n, INFINITE)), np.zeros(d + n)
        )
        add_rows(self.model, np.hstack([-forms[concave, :d], np.eye(n)]), forms[concave, d], INFINITE)
        slacks = incumbent.slacks
        add_rows(self.model, np.hstack([slacks[:, :d], np.zeros((len(slacks), n))]), -slacks[:, d], INFINITE)
        self.columns, self.fall = np.arange(d + n, dtype=np.int32), mass[concave]

    def top(self, x: np.ndarray) -> np.ndarray | None:
        """Where the concave function that touches sign * h at a point is largest; None if the program failed."""
        active = self.up[:, :-1] @ x + self.up[:, -1] > 0
        gain = np.append(active @ self.planes + self.rest, self.fall)
        size = max(np.abs(gain).max(initial=0.0), np.finfo(float).tiny)
        self.model.changeColsCost(len(self.columns), self.columns, -gain / size)
        if run(self.model) != OPTIMAL:
            return None
        return np.clip(np.array(self.model.getSolution().col_value)[: len(self.rest)], -1.0, 1.0)


def _alike(unit: np.ndarray) -> list[np.ndarray]:
    """Creases that nearly coincide, as lists of their numbers.   unit (n, d+1) forms of size 1"""
    out, left = [], list(range(len(unit)))
    while left:
        near = [i for i in left if np.abs(unit[i] - unit[left[0]]).sum() <= ALIKE]
        out.append(np.array(near))
        left = [i for i in left if i not in near]
    return out
