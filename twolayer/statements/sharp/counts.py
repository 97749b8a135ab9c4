"""Counts in a ball: Theorems B and C with their constants (d' = 2), and J directions (any d').

A student. Suppose every student's |cot| is at most c.
  opposing-count   Theorem B with gamma = max(largest |cot| of the opposing teachers, c) over N opposing creases gives
                   |kappa| r <= 2 eps (1 + 1/s) sqrt(N^2 gamma^2 + s^2), i.e. N gamma >= room. If the teachers leave
                   N gamma_T < room, then c >= room/N: some student has tan theta <= N / room.
  all-count        Theorem C alike, over all N other creases.
  directions       the 2^J points p + sum +- v_j/2 fit into the ball if sum |v_j| = a sum 1/sin theta_j <= 2 r, so the sum
                   of 1/sin over all J directions is at least room; the J_S directions with a student have to supply what
                   the others do not: some student has sin theta <= J_S / (room - sum of 1/sin over the others). An odd
                   number of directions is made even by the normal of H, 1/sin = 1.
A smaller ball meets fewer creases. Source: Theorems B, C and J directions, and their student forms in proofs/lemmas.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from ... import exact
from ...certify.radii.one import Inscribed
from .. import bounds
from ..setting import Setting
from .around import Around, Bound, Candidate, Sizes, least_place, radii, total

SHARES = np.linspace(1, 3, 9)  # heights of Theorem B's cylinder in the ball, in units of rho / (N gamma)
MOST_DIRECTIONS = 14  # 2^J points: the constant is poor long before


def student(setting: Setting, i: int, size: Sizes, chosen: np.ndarray, near: Around, goal: float) -> Iterator[Candidate]:
    """Bounds on the smallest sine of a student that beat `goal`, in balls of the chosen radii, largest first."""
    if not goal > 0:
        return
    planar = setting.problem.dimension == 2
    for radius in map(float, chosen):
        meeting = near.distance <= radius
        x = size.level * radius / (2 * size.eps)
        if not (meeting & near.student).any() or not x > max(2.0, 1 / goal):
            return  # smaller balls meet fewer creases, none of a student; a sine below 1/x is out of reach of every form
        candidates = [_few(setting, i, size, radius, near, meeting, x)]
        if planar:
            candidates.append(_opposing(setting, i, size, radius, near, meeting & near.opposes, x))
            candidates.append(_all(setting, i, size, radius, near, meeting, x))
        for candidate in candidates:
            if candidate is not None and candidate[0] < goal:
                yield candidate


def _opposing(setting: Setting, i: int, size: Sizes, radius: float, near: Around, counted: np.ndarray, x: float):
    squares = (x * SHARES / (SHARES + 1)) ** 2 - SHARES**2
    m = int(np.argmax(squares))
    return _count(
        setting,
        i,
        near,
        counted,
        int(counted.sum()),
        squares[m],
        "opposing-count",
        lambda count: bounds.opposing_room(size.kappa, radius, size.epsilon, float(SHARES[m])),
        lambda: {"kappa": size.kappa, "epsilon": size.epsilon, "radius": radius, "share": float(SHARES[m])},
    )


def _all(setting: Setting, i: int, size: Sizes, radius: float, near: Around, counted: np.ndarray, x: float):
    count = max(int(counted.sum()), 3)
    square = (2 * x * count / bounds.all_count(count)) ** 2 - 9
    return _count(
        setting,
        i,
        near,
        counted,
        count,
        square,
        "all-count",
        lambda count: bounds.all_room(size.kappa, radius, size.epsilon, count),
        lambda: {"kappa": size.kappa, "epsilon": size.epsilon, "radius": radius},
    )


def _count(setting, i, near: Around, counted: np.ndarray, count: int, square, form: str, room, terms) -> Candidate | None:
    """tan theta <= N / room, if some student is counted and all teachers counted have N |cot| < room (in floats: a root)."""
    left = np.sqrt(max(square, 0.0))
    teachers = counted & ~near.student
    if not (counted & near.student).any() or not (near.cotangent[teachers] * count < left).all():
        return None

    def prove() -> Bound | None:
        proved, cotangents = room(count), setting.angles.cotangents(i)
        if not proved > 0 or not all(cotangents[j] * count < proved for j in near.index[teachers]):
            return None
        return Bound(bounds.sine_of_tangent(count / proved), form, {**terms(), "creases": count})

    return (count / np.hypot(count, left), prove) if left > 0 else None


def _few(setting: Setting, i: int, size: Sizes, radius: float, near: Around, meeting: np.ndarray, x: float) -> Candidate | None:
    """sin theta <= J_S / (room - sum of 1/sin over the directions without a student)."""
    positions = {int(near.direction[m]): int(m) for m in np.flatnonzero(meeting)}
    count = len(positions)
    if count > MOST_DIRECTIONS:
        return None
    with_student = set(near.direction[meeting & near.student])
    others, named = [m for label, m in positions.items() if label not in with_student], len(with_student)
    with np.errstate(divide="ignore"):
        left = 2 * x * float(_share(count)) - count % 2 - (1 / near.sine[others]).sum()
    if not left > named:
        return None

    def prove() -> Bound | None:
        room = bounds.directions_room(size.kappa, radius, size.epsilon, count + count % 2) - count % 2
        rest = room - total(1 / setting.angles.sine(i, int(near.index[m])) for m in others)
        terms = {"kappa": size.kappa, "epsilon": size.epsilon, "radius": radius, "directions": count, "with_student": named}
        return Bound(named / rest, form(count), terms) if rest > named else None

    return named / left, prove


@cache
def _share(count: int) -> float:
    return exact.nearest_float(bounds.directions_share(count + count % 2))


def form(count: int) -> str:
    """The name of the form for J directions."""
    return "two-directions" if count <= 2 else "directions"


def kinks(setting: Setting, i: int, size: Sizes, inscribed: Inscribed, near: Around) -> Iterator[Candidate]:
    """The bound on |kappa_H| in the ball in which 2^(J-1) eps (sum of 1/sin) / (binom(J-2, J/2-1) r) is smallest."""
    tried, order = radii(inscribed.radius, near.distance), np.argsort(near.distance, kind="stable")
    first = np.zeros(len(order), dtype=bool)  # the nearest of each direction
    first[np.unique(near.direction[order], return_index=True)[1]] = True
    met = np.searchsorted(near.distance[order], tried, side="right")
    with np.errstate(divide="ignore"):
        cosecants = np.append(0.0, np.cumsum(np.where(first, 1 / near.sine[order], 0.0)))[met]
    directions = np.append(0, np.cumsum(first))[met]
    usable = np.flatnonzero((directions > 0) & (directions <= MOST_DIRECTIONS))
    if not len(usable):
        return
    shares = np.array([_share(int(directions[m])) for m in usable])
    with np.errstate(invalid="ignore"):  # no gradient times a parallel crease
        values = (cosecants[usable] + directions[usable] % 2) * size.eps / (tried[usable] * shares)
    place = least_place(values)
    radius, count = float(tried[usable[place]]), int(directions[usable[place]])
    creases = order[: met[usable[place]]][first[: met[usable[place]]]]

    def prove() -> Bound:
        unit = bounds.directions_room(1, radius, size.epsilon, count + count % 2)  # room for |kappa| = 1
        each = total(1 / setting.angles.sine(i, int(near.index[m])) for m in creases)
        terms = {"epsilon": size.epsilon, "radius": radius, "directions": count}
        return Bound((each + count % 2) / unit, form(count), terms)

    yield float(values[place]), prove
