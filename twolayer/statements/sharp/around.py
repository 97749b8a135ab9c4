"""What the sharp methods share: a proved bound, candidates for it, and the creases around a centre on H.

Every candidate is a proved bound by itself, so choosing the smallest needs no argument: floats choose, balls prove the
chosen one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from flint import arb

from ... import exact
from ...restriction.restricted import Node
from ..geometry import cached_by
from ..setting import Setting

SHRINK = 1 - 1e-9  # how far below a crease's distance a smaller body stays
BACK = 1 - 2.0**-40  # a bound on |cot| found in floats is proved this little below it


@dataclass(frozen=True)
class Bound:
    """A proved bound: its value (a ball), the name of the form that gave it, and the factors."""

    value: arb
    form: str
    terms: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Sizes:
    """|kappa_H| and an upper bound on |h_k| as an observer sees them, as balls and as floats in units of `float_unit`.

    The bound is the upper end of eps_k, for every body in A_k, or that of a local gradient, for one body; `proved` works
    out its ball when it is first asked for.
    """

    observer: Node
    kappa: arb
    level: float
    eps: float
    proved: Callable[[], arb]

    @cached_property
    def epsilon(self) -> arb:
        """The bound on |h_k|."""
        return self.proved()

    @property
    def room(self) -> arb:
        """|kappa_H| / (2 eps): what a sum of two inverse heights has to stay below to contradict eps (d' = 2)."""
        return self.kappa / (2 * self.epsilon)

    def sum_below(self, goal: float) -> float:
        """What a sum of two inverse heights has to stay below for a bound on |kappa_H| below `goal`, in floats."""
        return goal / (2 * self.eps) if self.eps > 0 else np.inf


@cached_by
def sizes(setting: Setting, i: int, observer: Node) -> Sizes:
    """The two sizes for crease i and an observer on all of A_k, computed once."""
    kappa, epsilon = abs(setting.masses.kappa(i, observer)), setting.epsilon(observer)[1]
    eps = exact.nearest_float(exact.middle(epsilon) / setting.float_unit(observer))
    return Sizes(observer, kappa, float(setting.float_kinks(observer)[i]), eps, lambda: epsilon)


Candidate = tuple[float, Callable[[], Bound | None]]


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates of finite float values, the smallest first."""
    return sorted((entry for entry in candidates if math.isfinite(entry[0])), key=lambda entry: entry[0])


def best(candidates: Iterable[Candidate]) -> Bound | None:
    """The first candidate, in the order of the float values, that the ball arithmetic confirms."""
    for _, prove in ranked(candidates):
        bound = prove()
        if bound is not None and bound.value.is_finite():
            return bound
    return None


@dataclass(frozen=True, eq=False)
class Around:
    """The other creases of h_k (kink mass not zero) as seen from a centre on crease i; arrays of equal length n.

    index      position in problem.creases
    opposes    kink mass of the other sign than kappa_H
    student    carries a student
    kink       |kappa'|        sine, cotangent: of the angle to crease i        direction: a label of the normal
    weight     |kappa'| cos^2 / sin, infinite for a parallel crease
    distance   lower bound on the distance from the centre
    Floats choose among bodies; which creases meet a body is decided with the distance's margin, so it counts too many.
    """

    index: np.ndarray
    opposes: np.ndarray
    student: np.ndarray
    kink: np.ndarray
    sine: np.ndarray
    cotangent: np.ndarray
    weight: np.ndarray
    direction: np.ndarray
    distance: np.ndarray

    def within(self, radius: float) -> Around:
        """Those that may meet the ball of this radius."""
        met = self.distance <= radius
        return Around(*(getattr(self, column.name)[met] for column in fields(self)))


@cached_by
def _seen(setting: Setting, observer: Node) -> bytes:
    """Which creases have a kink in h_k, as the bytes of a mask."""
    return (setting.masses.signs(observer) != 0).tobytes()


@cached_by
def _others(setting: Setting, i: int, seen: bytes) -> tuple[np.ndarray, ...]:
    """Of the creases seen but crease i: index, student, sine, cotangent, cos^2 / sin (infinite if parallel), direction."""
    mask = np.frombuffer(seen, dtype=bool).copy()
    mask[i] = False
    keep = np.flatnonzero(mask)
    sine, cotangent = (x[keep] for x in setting.angles.floats(i))
    with np.errstate(divide="ignore"):
        steep = np.where(sine > 0, (1 - sine**2) / sine, np.inf)
    return keep, setting.masses.carries_student[keep], sine, cotangent, steep, setting.angles.directions[keep]


def around(setting: Setting, i: int, observer: Node, centre: np.ndarray) -> Around:
    """The other creases as the observer sees them from a centre on crease i."""
    signs = setting.masses.signs(observer)
    keep, student, sine, cotangent, steep, direction = _others(setting, i, _seen(setting, observer))
    kinks, distance = setting.float_kinks(observer)[keep], setting.shapes.distances(centre)[keep]
    return Around(keep, signs[keep] * signs[i] < 0, student, kinks, sine, cotangent, kinks * steep, direction, distance)


def least_place(values: np.ndarray) -> int:
    """The place of the smallest number."""
    return int(np.argmin(np.where(np.isnan(values), np.inf, values)))


def total(numbers: Iterable[arb]) -> arb:
    """The sum of balls."""
    return sum(numbers, arb(0))


def radii(radius: float, reaches: np.ndarray) -> np.ndarray:
    """The radius itself, and those just too small to meet the creases one by one; largest first."""
    ordered = np.sort(reaches)[::-1]
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    smaller = SHRINK * ordered[first]
    return np.concatenate([[radius], smaller[(smaller > 0) & (smaller < radius)]])


def reaches(near: Around, t: float) -> np.ndarray:
    """Lower bounds on the radius at which a cylinder of half-height t around the centre meets each crease.

    |distance| <= rho sin + t cos is the condition to meet it; floats with the margin already in the distance.
    """
    rest = near.distance - t * (1 + 1e-9)
    return np.where(rest > 0, rest / np.maximum(near.sine, 1e-300) * SHRINK, 0.0)


def weight(setting: Setting, i: int, j: int, observer: Node) -> arb:
    """|kappa'| cos^2 / sin of crease j against crease i."""
    sine = setting.angles.sine(i, j)
    return abs(setting.masses.kappa(j, observer)) * (1 - sine**2) / sine
