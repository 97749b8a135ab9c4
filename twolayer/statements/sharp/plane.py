"""d' = 2: a crease H, the lines that cross it and the walls of A_k, in coordinates (x along H, tau across).

A line that is not parallel to H reads x = o + w tau, |w| = |cot theta|; a wall is the line of a facet of A_k, so a cell
bounded by lines and walls lies in A_k. What is parallel to H limits the height instead. In the student form a
*free* line is one with a student on it: its offset o is used, of its slope only |w| <= c.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, partial
from typing import TypeVar

import numpy as np
from flint import arb
from scipy.optimize import brentq

from ... import exact
from ...certify.radii.one import length
from ...restriction.domains import Domain
from ...restriction.restricted import Node
from ..geometry import cached_by
from ..setting import FAR_OFF, Setting
from .around import Around

WALL = -1  # the label of a wall
FLATTEST = 2.0**-10  # |cot| below which a bound on the sine says nothing
MARGIN = 1 + 1e-9  # what is left out has to beat the best bound so far by this factor to be worked out
STEP, RUNGS = 8.0, 16  # of the ladder on which the largest c is bracketed
ROOT = 1e-15  # relative width to which it is found then; a proof stays BACK below it
NEAR = 3  # lines on each side of a gap that tell first whether it is worth more: most say no
MOST_QUOTIENTS = 1 << 17  # at a time: a megabyte
NARROW = 1e-9  # share of the longest gap below which a gap is left out: its quotients could not be proved


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines and walls across H, sorted by offset, and what the parallel ones leave above and below H.

    offset, slope   (n,) balls            free    (n,) bool: slope unknown but for |w| <= c
    label           (n,) int: equal for parallel creases, -1 for walls
    place, tilt     (n,) floats: offset and slope
    first, last     gap k lies between the lines k and k + 1 and is inside A_k for first <= k < last
    up, down        1/height of the nearest parallel above and below (balls; 0 without one)
    """

    offset: np.ndarray
    slope: np.ndarray
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


@dataclass(frozen=True, eq=False)
class _Crossings:
    """Lines as they meet crease i: x = offset + slope tau, or tau = height where a line is parallel to H.

    Arrays of equal length: balls offset, slope, height (what does not apply is NaN), floats place, tilt (offset and slope).
    """

    offset: np.ndarray
    slope: np.ndarray
    height: np.ndarray
    place: np.ndarray
    tilt: np.ndarray
    parallel: np.ndarray

    @staticmethod
    def joined(parts: Sequence[_Crossings]) -> _Crossings:
        """The lines of several, one after the other."""
        return _Crossings(*(np.concatenate([getattr(part, x.name) for part in parts]) for x in fields(_Crossings)))


def _crossings(setting: Setting, i: int, normals: np.ndarray, limits: np.ndarray) -> _Crossings:
    """The lines {normal . z + limit = 0} in the coordinates of crease i.   (n, 2), (n,) exact"""
    origin, across, along = _coordinates(setting, i)
    n, nothing = setting.problem.creases[i].normal, arb("nan")
    rows = []
    for row, a, limit in zip(normals, setting.problem.frame.orthonormal(normals), limits, strict=True):
        value, rise = exact.ball((row * origin).sum() + limit), (a * across).sum()
        if row[0] * n[1] == row[1] * n[0]:
            rows.append((nothing, nothing, -value / rise, 0.0, 0.0, True))
        else:
            run = (a * along).sum()
            offset, slope = -value / run, -rise / run
            rows.append((offset, slope, nothing, _float(offset), _float(slope), False))
    kinds = (object, object, object, float, float, bool)
    columns = zip(*rows, strict=True) if rows else [()] * len(kinds)
    return _Crossings(*(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True)))


def _float(x: arb) -> float:
    """A number of this size at most FAR_OFF; NaN where a line is too nearly parallel to H for balls to say where it crosses."""
    return min(max(float(x.mid()), -FAR_OFF), FAR_OFF) if x.is_finite() else math.nan


@dataclass(frozen=True, eq=False)
class _Arrangement:
    """All creases and walls across H in the order of their offsets, and the parallel ones.

    lines       their crossings, sorted
    sides       -1 a left wall, 1 a right wall, 0 a crease
    members     positions in problem.creases, -1 for walls
    labels      of the directions of creases, WALL for walls
    parallels   (position in problem.creases, height) of the creases parallel to H
    """

    lines: _Crossings
    sides: np.ndarray
    members: np.ndarray
    labels: np.ndarray
    parallels: list[tuple[int, arb]]
    up: arb
    down: arb


@cached_by
def _creases(setting: Setting, i: int) -> _Crossings:
    """All creases in the coordinates of crease i."""
    creases = setting.problem.creases
    offsets = np.array([crease.offset for crease in creases], dtype=object)
    return _crossings(setting, i, np.stack([crease.normal for crease in creases]), offsets)


@dataclass(frozen=True, eq=False)
class _Walls:
    """The facets of a domain as they meet crease i; sides as in `_Arrangement`, 0 where parallel; up, down as in `Lines`."""

    lines: _Crossings
    sides: np.ndarray
    up: arb
    down: arb


@cached_by
def _walls(setting: Setting, i: int, domain: Domain) -> _Walls:
    """The facets of a domain in the coordinates of crease i; those of the domain that it was cut from are worked out once."""
    if domain.whole is None:
        return _facets(setting, i, domain.A, domain.c)
    whole, own = _walls(setting, i, domain.whole), _facets(setting, i, domain.A[-1:], domain.c[-1:])
    sides = np.concatenate([whole.sides, own.sides])
    return _Walls(_Crossings.joined([whole.lines, own.lines]), sides, whole.up.max(own.up), whole.down.max(own.down))


def _facets(setting: Setting, i: int, A: np.ndarray, c: np.ndarray) -> _Walls:
    _, across, along = _coordinates(setting, i)
    lines, sides, up, down = _crossings(setting, i, A, -c), [], arb(0), arb(0)
    facets = setting.problem.frame.orthonormal(A)
    for parallel, height, a in zip(lines.parallel.tolist(), lines.height, facets, strict=True):
        sides.append(0 if parallel else 1 if (a * along).sum() > 0 else -1)
        if parallel and (a * across).sum() > 0:
            up = up.max(1 / height)
        elif parallel:
            down = down.max(-1 / height)
    return _Walls(lines, np.array(sides, dtype=int), up, down)


@cached_by
def _arrangement(setting: Setting, i: int, domain: Domain) -> _Arrangement:
    """Creases and walls around crease i, sorted once for all observers with this domain."""
    creases, walls = _creases(setting, i), _walls(setting, i, domain)
    lines = _Crossings.joined([creases, walls.lines])
    count = len(creases.place)
    sides = np.concatenate([np.zeros(count, dtype=int), walls.sides])
    members = np.concatenate([np.arange(count), np.full(len(walls.sides), WALL)])
    order = np.lexsort([members, sides, lines.place])
    order = order[~lines.parallel[order]]
    parallels = [(j, creases.height[j]) for j in np.flatnonzero(creases.parallel).tolist()]
    lines = _Crossings(*(getattr(lines, x.name)[order] for x in fields(_Crossings)))
    members = members[order]
    labels = np.append(setting.angles.directions, WALL)[members]
    return _Arrangement(lines, sides[order], members, labels, parallels, walls.up, walls.down)


def lines_of(setting: Setting, i: int, domain: Domain, near: Around, counted: np.ndarray, *, named: bool) -> Lines | None:
    """The counted creases (a mask over `near`) and the walls; None if a crease on both sides cannot be told apart from H.

    named: slopes of creases with a student are free, and a student's crease parallel to H is left out: its sine is 0,
    so whatever is claimed of the best student holds.
    """
    return _chosen_lines(setting, i, domain, _mask(setting, near.index[counted]), named=named)


def _mask(setting: Setting, creases: np.ndarray) -> np.ndarray:
    """True for these creases; one entry more, for walls, whose position is -1."""
    chosen = np.zeros(len(setting.problem.creases) + 1, dtype=bool)
    chosen[creases] = True
    return chosen


def _chosen_lines(setting: Setting, i: int, domain: Domain, chosen: np.ndarray, *, named: bool) -> Lines | None:
    all_of_them = _arrangement(setting, i, domain)
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
    lines, sides = all_of_them.lines, all_of_them.sides[keep]
    left, right = np.flatnonzero(sides < 0), np.flatnonzero(sides > 0)
    if not len(left) or not len(right) or not np.isfinite(lines.place[keep]).all():
        return None
    return Lines(
        lines.offset[keep],
        lines.slope[keep],
        student[all_of_them.members[keep]],
        all_of_them.labels[keep],
        lines.place[keep],
        lines.tilt[keep],
        int(left[-1]),
        int(right[0]),
        up,
        down,
    )


@dataclass(frozen=True, eq=False)
class Kept:
    """All creases of h_k and the walls of A_k around H, all slopes known, beside what all observers have of them.

    lines    the observer's           shared    those of all observers whose h_k has the same creases: without the facet that
                                                is on the observer's own crease
    key      what `shared` depends on: crease, domain, mask of creases
    shift    gap k of `shared` is gap k + shift of `lines`
    own      the label of the observer's crease, beside which `lines` have that facet; None without one
    """

    lines: Lines
    shared: Lines
    key: tuple[int, Domain, bytes]
    shift: int
    own: int | None

    @property
    def others(self) -> int:
        """The number of other creases of h_k."""
        return np.frombuffer(self.key[2], dtype=bool).sum()

    @property
    def gaps(self) -> np.ndarray:
        """The gaps of `shared` that are inside A_k and long enough to work in."""
        return self.lines.gaps - self.shift


def kept_lines(setting: Setting, i: int, observer: Node, domain: Domain, near: Around) -> Kept | None:
    """All creases of h_k and the walls; None as for `lines_of`."""
    chosen, whole, own = _mask(setting, near.index), domain, None
    if domain.whole is not None:
        crease = setting.crease(observer)
        side = int(_walls(setting, i, domain).sides[-1])
        if crease == i or side == 0 or chosen[crease]:  # else the facet stands alone: nothing is shared
            whole, own = domain.whole, int(setting.angles.directions[crease]) if side else None
    key = i, whole, chosen.tobytes()
    lines, shared = _chosen_lines(setting, i, domain, chosen, named=False), shared_lines(setting, *key)
    if lines is None or shared is None or not len(lines.gaps):
        return None
    return Kept(lines, shared, key, 0 if own is None else int(side < 0), own)


@cached_by
def shared_lines(setting: Setting, i: int, whole: Domain, chosen: bytes) -> Lines | None:
    """The chosen creases (a mask) and the walls of a domain, all slopes known."""
    return _chosen_lines(setting, i, whole, np.frombuffer(chosen, dtype=bool), named=False)


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


def quotients_at(left: np.ndarray, right: np.ndarray, lines: Lines, gaps: np.ndarray, reach: int | None = None) -> np.ndarray:
    """The same for one gap each; -inf where all are.   (m, n), (m, n), (m,) -> (m,)

    left, right (m, n): -inf for what is left out; gaps (m,). reach: of the lines on both sides of a gap only the so many
    nearest, which is a lower bound.
    """
    n, out = len(lines.place), np.empty(len(gaps))
    near = np.arange(n if reach is None else min(reach, n))
    step = max(1, MOST_QUOTIENTS // len(near) ** 2)
    with np.errstate(invalid="ignore"):
        for start in range(0, len(gaps), step):
            part = slice(start, start + step)
            rows, k = np.arange(len(gaps))[part, None], gaps[part, None]
            before, after = np.maximum(k - near, 0), np.minimum(k + 1 + near, n - 1)
            numerators = left[rows, before][:, :, None] + right[rows, after][:, None]
            quotients = numerators * lines.inverse[before[:, :, None], after[:, None]]
            out[part] = quotients.max(axis=(1, 2))
    return out


Choice = TypeVar("Choice")  # a gap, and what is left out of its cell: a direction, or two
Sums = Callable[[list[Choice], np.ndarray, int | None], np.ndarray]  # (m,) choices, (m,) values of c, reach -> (m,)


def steepest_named(choices: list[Choice], sums: Sums, room: float, goal: float) -> tuple[float, Choice] | None:
    """The largest c such that, for one of the choices, the sum of inverse heights stays below `room` for all free slopes in
    [-c, c]; None if no c beats the sine `goal`. In floats.   sums: see `Sums`; with a reach they are lower bounds
    """
    cot, best = steepest(goal), None
    while choices:
        choices, values = _below(choices, sums, room, cot)
        if choices:
            left = choices.pop(int(np.argmin(values)))
            value = _largest(partial(_sums_of_one, sums, left), room, cot)
            if value > cot:
                cot, best = value, (value, left)
    return best


def steepest(goal: float) -> float:
    """The |cot| that has to be exceeded for a sine below `goal`."""
    return max(FLATTEST, np.sqrt(max(1 / goal**2 - 1, 0.0))) * MARGIN


def _below(choices: list[Choice], sums: Sums, room: float, cot: float) -> tuple[list[Choice], np.ndarray]:
    """The choices whose sums are below `room` at a slope, and these; bounds from near lines first."""
    values = np.zeros(0)
    for reach in (NEAR, None):
        values = sums(choices, np.full(len(choices), cot), reach)
        kept = values < room
        choices, values = list(itertools.compress(choices, kept)), values[kept]
    return choices, values


def _sums_of_one(sums: Sums, left: Choice, c: np.ndarray) -> np.ndarray:
    """The sums of one choice for many values of c."""
    return sums([left] * len(c), c, None)


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


def flattest(least: np.ndarray, exact: np.ndarray, value: Callable[[int], float], goal: float) -> tuple[float, int] | None:
    """(the smallest value below `goal`, its place) of many that are known from below; value(place) works one out.   (m,), (m,)

    exact: where what is known is the value
    """
    least = np.where(np.isnan(least), np.inf, least)  # of lines that cross H in one point: no room
    known = np.where(exact, least, np.inf)
    place = int(np.argmin(known)) if len(known) else 0
    best = (float(known[place]), place) if len(known) and known[place] < goal else None
    for other in np.flatnonzero(~exact)[np.argsort(least[~exact], kind="stable")].tolist():
        if not least[other] < (goal if best is None else best[0]):
            break
        found = value(other)
        if found < (goal if best is None else best[0]):
            best = found, other
    return best


def half_width(setting: Setting, i: int, domain: Domain) -> float:
    """Half the length of H inside A_k, in floats: no cylinder is wider."""
    walls = _arrangement(setting, i, domain)
    left, right = walls.lines.place[walls.sides < 0], walls.lines.place[walls.sides > 0]
    return (right.min() - left.max()) / 2 if len(left) and len(right) else np.inf
