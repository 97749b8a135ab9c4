"""d' = 2: a crease H, the lines that cross it and the walls of A_k, in coordinates (x along H, tau across).

A line that is not parallel to H reads x = o + w tau, |w| = |cot theta|; a wall is the line of a facet of A_k, so a cell
bounded by lines and walls lies in A_k. What is parallel to H limits the height instead. In the student form a
*free* line is one with a student on it: its offset o is used, of its slope only |w| <= c.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

import numpy as np
from flint import arb
from scipy.optimize import brentq

from ... import exact
from ...certify.radii.one import length
from ...restriction.domains import Domain
from ..geometry import cached_by
from ..setting import FAR_OFF, Setting
from .around import Around

WALL = -1  # the label of a wall
FLATTEST = 2.0**-10  # |cot| below which a bound on the sine says nothing
MARGIN = 1 + 1e-9  # what is left out has to beat the best bound so far by this factor to be worked out
STEP, RUNGS = 8.0, 16  # of the ladder on which the largest c is bracketed
ROOT = 1e-15  # relative width to which it is found then; a proof stays BACK below it
NARROW = 1e-9  # share of the longest gap below which a gap is left out: its quotients could not be proved


@dataclass(frozen=True, eq=False)
class Line:
    """x = offset + slope tau, or tau = height where the line is parallel to H (balls; what does not apply is NaN).

    place, tilt: offset and slope as floats
    """

    offset: arb
    slope: arb
    height: arb
    parallel: bool
    place: float = 0.0
    tilt: float = 0.0


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines and walls across H, sorted by offset, and what the parallel ones leave above and below H.

    offset, slope   (n,) balls            free    (n,) bool: slope unknown but for |w| <= c
    label           (n,) int: equal for parallel creases, -1 for walls
    place, tilt     (n,) floats: offset and slope
    first, last     gap k lies between the lines k and k + 1 and is inside A_k for first <= k < last
    up, down        1/height of the nearest parallel above and below (balls; 0 without one)
    """

    offset: list[arb]
    slope: list[arb]
    free: np.ndarray
    label: np.ndarray
    place: np.ndarray
    tilt: np.ndarray
    first: int
    last: int
    up: arb
    down: arb

    @cached_property
    def gaps(self) -> np.ndarray:
        """Indices k of the gaps that are inside A_k and long enough to work in."""
        width = np.diff(self.place)
        inside = np.arange(self.first, self.last)
        return inside[width[inside] > NARROW * width[inside].max()] if len(inside) else inside

    @cached_property
    def inverse(self) -> np.ndarray:
        """1/(o_r - o_l) where l stands before r, else 0, in floats.   (n, n)"""
        with np.errstate(divide="ignore"):
            return np.where(np.tri(len(self.place), dtype=bool).T, 1 / (self.place - self.place[:, None]), 0.0)

    def slopes(self, j: int, c: arb) -> tuple[arb, arb]:
        """(smallest, largest) slope that line j can have."""
        return (-c, c) if self.free[j] else (self.slope[j], self.slope[j])


@cached_by
def _coordinates(setting: Setting, i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(point of H, unit normal, unit tangent): the origin and the axes, exact and in balls."""
    crease = setting.problem.creases[i]
    normal = setting.problem.frame.orthonormal(crease.normal)
    normal = normal / length(normal)
    origin = -crease.offset / (crease.normal * crease.normal).sum() * crease.normal
    return origin, normal, np.array([-normal[1], normal[0]])


def _line(setting: Setting, i: int, normals: np.ndarray, limits: np.ndarray) -> list[Line]:
    """The lines {normal . z + limit = 0} in the coordinates of crease i.   (n, 2), (n,) exact"""
    origin, across, along = _coordinates(setting, i)
    n = setting.problem.creases[i].normal
    out = []
    for row, a, limit in zip(normals, setting.problem.frame.orthonormal(normals), limits, strict=True):
        value, rise = exact.ball((row * origin).sum() + limit), (a * across).sum()
        if row[0] * n[1] == row[1] * n[0]:
            out.append(Line(arb("nan"), arb("nan"), -value / rise, True))
        else:
            run = (a * along).sum()
            offset, slope = -value / run, -rise / run
            out.append(Line(offset, slope, arb("nan"), False, *(_float(x) for x in (offset, slope))))
    return out


def _float(x: arb) -> float:
    """A number of this size at most FAR_OFF; NaN where a line is too nearly parallel to H for balls to say where it crosses."""
    return min(max(float(x.mid()), -FAR_OFF), FAR_OFF) if x.is_finite() else math.nan


@dataclass(frozen=True, eq=False)
class _Arrangement:
    """All creases and walls across H in the order of their offsets, and the parallel ones.

    sides       -1 a left wall, 1 a right wall, 0 a crease
    members     positions in problem.creases, -1 for walls
    parallels   (position in problem.creases, height) of the creases parallel to H
    """

    lines: list[Line]
    places: np.ndarray
    tilts: np.ndarray
    sides: np.ndarray
    members: np.ndarray
    parallels: list[tuple[int, arb]]
    up: arb
    down: arb


@cached_by
def _crease_lines(setting: Setting, i: int) -> list[Line]:
    """All creases in the coordinates of crease i."""
    creases = setting.problem.creases
    offsets = np.array([crease.offset for crease in creases], dtype=object)
    return _line(setting, i, np.stack([crease.normal for crease in creases]), offsets)


@cached_by
def _arrangement(setting: Setting, i: int, domain: Domain) -> _Arrangement:
    """Creases and walls around crease i, sorted once for all observers with this domain."""
    _, across, along = _coordinates(setting, i)
    entries, parallels, up, down = [], [], arb(0), arb(0)
    for j, line in enumerate(_crease_lines(setting, i)):
        if line.parallel:
            parallels.append((j, line.height))
        else:
            entries.append((line.place, 0, j, line))
    facets = setting.problem.frame.orthonormal(domain.A)
    for line, a in zip(_line(setting, i, domain.A, -domain.c), facets, strict=True):
        if not line.parallel:
            entries.append((line.place, 1 if (a * along).sum() > 0 else -1, -1, line))
        elif (a * across).sum() > 0:
            up = up.max(1 / line.height)
        else:
            down = down.max(-1 / line.height)
    entries.sort(key=lambda entry: entry[:3])
    return _Arrangement(
        [entry[3] for entry in entries],
        np.array([entry[0] for entry in entries]),
        np.array([entry[3].tilt for entry in entries]),
        np.array([entry[1] for entry in entries]),
        np.array([entry[2] for entry in entries]),
        parallels,
        up,
        down,
    )


def lines_of(setting: Setting, i: int, domain: Domain, near: Around, counted: np.ndarray, *, named: bool) -> Lines | None:
    """The counted creases (a mask over `near`) and the walls; None if a crease on both sides cannot be told apart from H.

    named: slopes of creases with a student are free, and a student's crease parallel to H is left out: its sine is 0,
    so whatever is claimed of the best student holds.
    """
    all_of_them = _arrangement(setting, i, domain)
    chosen = np.zeros(len(setting.problem.creases) + 1, dtype=bool)
    chosen[near.index[counted]] = True
    student = np.append(setting.masses.carries_student & named, False)  # the last entry is for walls: index -1
    up, down = all_of_them.up, all_of_them.down
    for j, height in all_of_them.parallels:
        if chosen[j] and not student[j]:
            if height > 0:
                up = up.max(1 / height)
            elif height < 0:
                down = down.max(-1 / height)
            else:
                return None
    keep = np.flatnonzero((all_of_them.sides != 0) | chosen[all_of_them.members])
    sides, members = all_of_them.sides[keep], all_of_them.members[keep]
    if not (sides < 0).any() or not (sides > 0).any() or not np.isfinite(all_of_them.places[keep]).all():
        return None
    return Lines(
        [all_of_them.lines[j].offset for j in keep],
        [all_of_them.lines[j].slope for j in keep],
        student[members],
        np.append(setting.angles.directions, WALL)[members],
        all_of_them.places[keep],
        all_of_them.tilts[keep],
        int(np.flatnonzero(sides < 0)[-1]),
        int(np.flatnonzero(sides > 0)[0]),
        up,
        down,
    )


def largest_quotients(left: np.ndarray, right: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """For every gap k, the largest (left_l + right_r) inverse_lr over l <= k < r.   (m, n), (m, n), (n, n) -> (m, n - 1)"""
    m, n = left.shape
    widest, out = np.full((m, n), -np.inf), np.empty((m, n - 1))  # over all l so far, for every r
    with np.errstate(invalid="ignore"):  # 0 times infinity, for two lines through one point of H: no bound there
        for k in range(n - 1):
            beyond = widest[:, k + 1 :]
            np.maximum(beyond, (left[:, k, None] + right[:, k + 1 :]) * inverse[k, k + 1 :], out=beyond)
            out[:, k] = beyond.max(axis=1)
    return out


Choice = TypeVar("Choice")  # what is left out of the cells: a direction, or two


def steepest_named(
    choices: list[Choice], sums: Callable[[list[Choice], np.ndarray], np.ndarray], room: float, goal: float
) -> tuple[float, Choice] | None:
    """The largest c such that, with one of the choices left out, the sum of inverse heights stays below `room` for all free
    slopes in [-c, c]; None if no c beats the sine `goal`. In floats.   sums: (m,) choices, (m,) values of c -> (m,)
    """
    cot, best = max(FLATTEST, np.sqrt(max(1 / goal**2 - 1, 0.0))) * MARGIN, None
    for left in itertools.compress(choices, sums(choices, np.full(len(choices), cot)) < room):
        value = _largest(partial(_sums_of_one, sums, left), room, cot)
        if value > cot:
            cot, best = value, (value, left)
    return best


def _sums_of_one(sums: Callable[[list[Choice], np.ndarray], np.ndarray], left: Choice, c: np.ndarray) -> np.ndarray:
    """The sums of one choice for many values of c."""
    return sums([left] * len(c), c)


def _largest(value: Callable[[np.ndarray], np.ndarray], room: float, start: float) -> float:
    """The largest c at which the value stays below `room`, from a `start` where it does."""
    ladder = start * STEP ** np.arange(RUNGS)
    above = np.flatnonzero(value(ladder) >= room)
    if not len(above):  # nothing free is in the way: then a student is parallel to H, for no slope can be that steep
        return float(ladder[-1])
    if above[0] == 0:
        return start
    low, high = ladder[above[0] - 1], ladder[above[0]]
    return float(brentq(lambda c: float(value(np.array([c]))[0]) - room, low, high, xtol=1e-300, rtol=ROOT))


def half_width(setting: Setting, i: int, domain: Domain) -> float:
    """Half the length of H inside A_k, in floats: no cylinder is wider."""
    walls = _arrangement(setting, i, domain)
    left, right = walls.places[walls.sides < 0], walls.places[walls.sides > 0]
    return (right.min() - left.max()) / 2 if len(left) and len(right) else np.inf
