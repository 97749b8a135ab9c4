"""d' = 2: a crease H, the lines that cross it and the walls of A_k, in coordinates (x along H, tau across).

A line that is not parallel to H reads x = o + w tau, |w| = |cot theta|; a wall is the line of a facet of A_k, so a cell
bounded by lines and walls lies in A_k. What is parallel to H limits the height instead. In the student form a
*free* line is one with a student on it: its offset o is used, of its slope only |w| <= c.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from flint import arb

from ... import exact
from ...certify.radii.one import length
from ...restriction.domains import Domain
from ..geometry import cached_by, latest_by
from ..setting import FAR_OFF, Setting
from .around import Around

WALL = -1  # the label of a wall
NARROW = 1e-9  # share of the longest gap below which a gap is left out: its quotients could not be proved


@dataclass(frozen=True, eq=False)
class Rectangle:
    """What is at most rho along H and t across it from a point of H: the cylinder of d' = 2. Its short sides are walls.

    middle    the point's place along H
    """

    middle: arb
    rho: float
    t: float


Body = Domain | Rectangle


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
    def floats(self) -> tuple:
        """The lines as `loops.gaps` reads them."""
        return self.place, self.tilt, self.free, self.label, float(self.up.mid()), float(self.down.mid())

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
    rising: whether normal . z grows along H, across it where the line is parallel
    """

    offset: np.ndarray
    slope: np.ndarray
    height: np.ndarray
    place: np.ndarray
    tilt: np.ndarray
    parallel: np.ndarray
    rising: np.ndarray

    @staticmethod
    def joined(parts: Sequence[_Crossings]) -> _Crossings:
        """The lines of several, one after the other."""
        return _Crossings(*(np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS))

    def some(self, places) -> _Crossings:
        """The lines at some places."""
        return _Crossings(*(getattr(self, name)[places] for name in COLUMNS))

    @property
    def sloping(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Of lines that are not parallel: offset, slope, place, tilt."""
        return self.offset, self.slope, self.place, self.tilt


COLUMNS = [column.name for column in fields(_Crossings)]


def _crossings(setting: Setting, i: int, normals: np.ndarray, limits: np.ndarray) -> _Crossings:
    """The lines {normal . z + limit = 0} in the coordinates of crease i.   (n, 2), (n,) exact"""
    origin, across, along = _coordinates(setting, i)
    n, nothing = setting.problem.creases[i].normal, arb("nan")
    rows = []
    for row, a, limit in zip(normals, setting.problem.frame.orthonormal(normals), limits, strict=True):
        value, rise = exact.ball((row * origin).sum() + limit), (a * across).sum()
        if row[0] * n[1] == row[1] * n[0]:
            rows.append((nothing, nothing, -value / rise, 0.0, 0.0, True, bool(rise > 0)))
        else:
            run = (a * along).sum()
            offset, slope = -value / run, -rise / run
            rows.append((offset, slope, nothing, _float(offset), _float(slope), False, bool(run > 0)))
    kinds = (object, object, object, float, float, bool, bool)
    columns = zip(*rows, strict=True) if rows else [()] * len(kinds)
    return _Crossings(*(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True)))


def _float(x: arb) -> float:
    """A number of this size at most FAR_OFF; NaN where a line is too nearly parallel to H for balls to say where it crosses."""
    return min(max(float(x.mid()), -FAR_OFF), FAR_OFF) if x.is_finite() else math.nan


@dataclass(frozen=True, eq=False)
class _Arrangement:
    """All creases and walls across H in the order of their offsets, and the parallel ones.

    offset, slope, place, tilt      of their crossings, as in `_Crossings`
    sides       -1 a left wall, 1 a right wall, 0 a crease
    members     positions in problem.creases, -1 for walls
    labels      of the directions of creases, WALL for walls
    parallels   (position in problem.creases, height) of the creases parallel to H
    """

    offset: np.ndarray
    slope: np.ndarray
    place: np.ndarray
    tilt: np.ndarray
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


def _own_crossing(setting: Setting, i: int, domain: Domain) -> _Crossings:
    """The facet by which a domain is less than its whole: the crease of an observer, which is known already."""
    place = _cuts(setting).get(domain)
    if place is None:
        return _crossings(setting, i, domain.A[-1:], -domain.c[-1:])
    crease, along = place
    lines = _creases(setting, i).some(slice(crease, crease + 1))
    return lines if along else replace(lines, rising=~lines.rising)


@cached_by
def _cuts(setting: Setting) -> dict[Domain, tuple[int, bool]]:
    """For every A_k that is less than U ∩ R, the observer's crease and whether its normal is the facet's outer one."""
    out = {}
    for node, domain in zip(setting.problem.student, setting.domains, strict=True):
        if domain is not None and domain.whole is not None:
            crease = setting.crease(node)
            scale = next(scale for member, scale in setting.problem.creases[crease].members if member is node)
            out[domain] = crease, scale < 0
    return out


def _facets(lines: _Crossings) -> _Walls:
    """Outer facets as walls."""
    up, down = arb(0), arb(0)
    for place in np.flatnonzero(lines.parallel).tolist():
        if lines.rising[place]:
            up = up.max(1 / lines.height[place])
        else:
            down = down.max(-1 / lines.height[place])
    return _Walls(lines, np.where(lines.parallel, 0, np.where(lines.rising, 1, -1)), up, down)


@cached_by
def _sorted(setting: Setting, i: int, domain: Domain | None) -> _Arrangement:
    """Creases and walls around crease i, sorted; None: no walls."""
    creases = _creases(setting, i)
    walls = _facets(creases.some(slice(0)) if domain is None else _crossings(setting, i, domain.A, -domain.c))
    lines = _Crossings.joined([creases, walls.lines])
    count = len(creases.place)
    sides = np.concatenate([np.zeros(count, dtype=int), walls.sides])
    members = np.concatenate([np.arange(count), np.full(len(walls.sides), WALL)])
    order = np.lexsort([members, sides, lines.place])
    order = order[~lines.parallel[order]]
    parallels = [(j, creases.height[j]) for j in np.flatnonzero(creases.parallel).tolist()]
    labels = np.append(setting.angles.directions, WALL)[members[order]]
    return _Arrangement(*lines.some(order).sloping, sides[order], members[order], labels, parallels, walls.up, walls.down)


@latest_by
def _arrangement(setting: Setting, i: int, domain: Domain | None) -> _Arrangement:
    """Creases and walls around crease i; a facet more than those of the domain that this one was cut from is put between."""
    if domain is None or domain.whole is None:
        return _sorted(setting, i, domain)
    whole, edge = _sorted(setting, i, domain.whole), _facets(_own_crossing(setting, i, domain))
    [side], up, down = edge.sides.tolist(), whole.up.max(edge.up), whole.down.max(edge.down)
    if side == 0:
        return replace(whole, up=up, down=down)
    offset, slope, place, tilt = (column[0] for column in edge.lines.sloping)
    at = int(np.searchsorted(whole.place, place, side="left" if side < 0 else "right"))  # outside its own crease
    walled = _with_line(whole, at, offset=offset, slope=slope, place=place, tilt=tilt, sides=side, members=WALL, labels=WALL)
    return replace(walled, up=up, down=down)


_Columns = TypeVar("_Columns", Lines, _Arrangement)


def _with_line(lines: _Columns, at: int, **entries: Any) -> _Columns:
    """One line more at a place: an entry in each of its columns."""
    columns = {name: _inserted(getattr(lines, name), at, entry) for name, entry in entries.items()}
    return replace(lines, **columns)  # type: ignore[arg-type]


def _inserted(column: np.ndarray, at: int, entry) -> np.ndarray:
    """np.insert of one entry, in a tenth of its time."""
    out = np.empty(len(column) + 1, dtype=column.dtype)
    out[:at], out[at], out[at + 1 :] = column[:at], entry, column[at:]
    return out


def middle(setting: Setting, i: int, centre: np.ndarray) -> arb:
    """The place along crease i of a point of it (exact)."""
    n = setting.problem.creases[i].normal
    across = np.array([-n[1], n[0]], dtype=object)  # any line through the point, but H
    return _crossings(setting, i, across[None], np.array([-(across * centre).sum()], dtype=object)).offset[0]


def lines_of(setting: Setting, i: int, body: Body, near: Around, counted: np.ndarray, *, named: bool) -> Lines | None:
    """The counted creases (a mask over `near`) and the walls; None if a crease on both sides cannot be told apart from H.

    named: slopes of creases with a student are free, and a student's crease parallel to H is left out: its sine is 0,
    so whatever is claimed of the best student holds.
    """
    mask = _mask(setting, near.index[counted]).tobytes()
    if not isinstance(body, Rectangle):
        return _chosen_lines(setting, i, body, mask, named=named)
    lines = _chosen_lines(setting, i, None, mask, named=named)
    return None if lines is None else _walled(lines, body)


def _walled(lines: Lines, body: Rectangle) -> Lines:
    """Creases alone with the sides of a rectangle as walls; what crosses H where a wall does lies inside."""
    height, rho, places = 1 / exact.ball(body.t), exact.ball(body.rho), []
    for side, offset in (("left", body.middle - rho), ("right", body.middle + rho)):
        place = _float(offset)
        places.append(int(np.searchsorted(lines.place, place, side=side)))  # type: ignore[call-overload]
        wall = {"offset": offset, "slope": arb(0), "free": False, "label": WALL, "place": place, "tilt": 0.0}
        lines = _with_line(lines, places[-1], **wall)
    first, last = places
    return replace(lines, first=first, last=last, up=lines.up.max(height), down=lines.down.max(height))


def _mask(setting: Setting, creases: np.ndarray) -> np.ndarray:
    """True for these creases; one entry more, for walls, whose position is -1."""
    chosen = np.zeros(len(setting.problem.creases) + 1, dtype=bool)
    chosen[creases] = True
    return chosen


@latest_by
def _chosen_lines(setting: Setting, i: int, domain: Domain | None, mask: bytes, *, named: bool) -> Lines | None:
    all_of_them, chosen = _arrangement(setting, i, domain), np.frombuffer(mask, dtype=bool)
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
    sides = all_of_them.sides[keep]
    left, right = np.flatnonzero(sides < 0), np.flatnonzero(sides > 0)
    if domain is not None and not (len(left) and len(right)) or not np.isfinite(all_of_them.place[keep]).all():
        return None
    return Lines(
        all_of_them.offset[keep],
        all_of_them.slope[keep],
        student[all_of_them.members[keep]],
        all_of_them.labels[keep],
        all_of_them.place[keep],
        all_of_them.tilt[keep],
        int(left[-1]) if len(left) else -1,
        int(right[0]) if len(right) else len(keep),
        up,
        down,
    )


def half_width(setting: Setting, i: int, domain: Domain) -> float:
    """Half the length of H inside A_k, in floats: no cylinder is wider."""
    walls = _arrangement(setting, i, domain)
    left, right = walls.place[walls.sides < 0], walls.place[walls.sides > 0]
    return (right.min() - left.max()) / 2 if len(left) and len(right) else np.inf
