"""A ridge sum on a domain in units of its own, in which every number that a search turns into a float is of size 1 or less.

z = centre + axes * w,   h(z) = unit * g(w),   ridge i of g: (first ridge of h on its hyperplane) / ridges[i],
row m of the domain divided by rows[m]; all factors are powers of two, so nothing is rounded. Whatever powers of two a
node's weight and fan-out, the outputs or the region and the weights were multiplied by, g and its domain are the same.

g has one ridge for each hyperplane that crosses the domain's box: ridges of one sign there, constant nodes and what the
orientation of merged ridges leaves are in its affine part, exactly; so terms that cancel whatever z is are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from flint import fmpq

from .. import exact
from ..files import BadInput
from ..restriction.domains import Domain
from ..restriction.ridges import NORMAL, FloatRidges, RidgeSum, alone, canonical
from .enclosure import Enclosure, between
from .progress import Tell

SURE = 1e-10  # of the terms of a sum: far more than rounding takes from it, up to thousands of coordinates
FAR = 8  # half-widths from 0 beyond which a coordinate's middle is taken off: nearer, numbers stay shorter without


@dataclass(frozen=True, eq=False)
class Balanced:
    """A ridge sum and its domain in their own units (module docstring).

    h, region            g and the domain of w
    centre, axes (d,)    z = centre + axes * w
    unit                 h(z) = unit * g(w)
    first, ridges (n,)   for every ridge of g: the ridge of h that it is a multiple of, and that ridge's unit
    rows (m,)            units of the domain's rows
    """

    h: RidgeSum
    region: Domain
    centre: np.ndarray
    axes: np.ndarray
    unit: fmpq
    first: tuple[int, ...]
    ridges: np.ndarray
    rows: np.ndarray

    def restored(self, enclosure: Enclosure, evidence: dict[str, Any]) -> Enclosure:
        """An enclosure of sup |g| as one of sup |h|. BadInput where that is beyond the range of floats."""
        witness = None if enclosure.witness is None else self.centre + self.axes * enclosure.witness
        low, high = (self.unit * end for end in enclosure.ends)
        try:
            return between(low, high, witness, evidence)
        except OverflowError as error:
            raise BadInput(f"sup |g_1|: {error}; fan-outs divided by 2^k divide it by 2^2k") from None

    def own(self, enclosure: Enclosure) -> Enclosure:
        """An enclosure of sup |h| as one of sup |g|."""
        low, high = (end / self.unit for end in enclosure.ends)
        witness = None if enclosure.witness is None else (enclosure.witness - self.centre) / self.axes
        return between(low, high, witness, enclosure.evidence)

    def told(self, nested: Tell | None) -> Tell | None:
        """What passes ends of an enclosure of sup |g| on as ends of one of sup |h|."""
        if nested is None:
            return None

        def tell(lower: float, upper: float) -> None:
            low, high = (exact.rational(x) * self.unit if np.isfinite(x) else None for x in (lower, upper))
            nested(0.0 if low is None else exact.round_down(low), np.inf if high is None else exact.round_up(high))

        return tell


_BALANCED: WeakKeyDictionary[RidgeSum, tuple[ref[Domain], Balanced]] = WeakKeyDictionary()


def balanced(h: RidgeSum, region: Domain) -> Balanced:
    """One ridge sum on one domain in their own units; what was asked for last is kept."""
    kept = _BALANCED.get(h)
    if kept is not None and kept[0]() is region:
        return kept[1]
    (one,) = balanced_together([h], [region])
    _BALANCED[h] = ref(region), one
    return one


def balanced_together(ridges: Sequence[RidgeSum], regions: Sequence[Domain]) -> list[Balanced]:
    """The same for ridge sums on the same nodes (P and beta shared) in coordinates and with ridges that they share."""
    lower = np.array([min(ends) for ends in zip(*(region.lower for region in regions), strict=True)], dtype=object)
    upper = np.array([max(ends) for ends in zip(*(region.upper for region in regions), strict=True)], dtype=object)
    centre, axes = _coordinates(lower, upper)
    P, beta = ridges[0].P * axes, ridges[0].beta + (ridges[0].P * centre).sum(axis=1)
    live = [any(h.c[i] != 0 for h in ridges) for i in range(len(beta))]
    floats = ridges[0].floats
    single = alone(floats.P, floats.beta) & _crossing(floats, exact.nearest(lower), exact.nearest(upper))
    groups = _grouped(P, beta, live, single, (lower - centre) / axes, (upper - centre) / axes)
    first = tuple(groups.crossing)
    units = np.array([exact.power_of_two(P[i]) for i in first], dtype=object)
    powers = exact.nearest(units)
    shared = P[list(first)] / units[:, None], beta[list(first)] / units
    crossings = [(n, i, share) for n, r in enumerate(first) for i, share in groups.crossing[r][1:]]
    domains = _Domains(centre, axes)
    out: list[Balanced] = []
    like: RidgeSum | None = None
    for h, region in zip(ridges, regions, strict=True):
        c = h.c[list(first)]
        for n, i, share in crossings:
            c[n] += h.c[i] * share
        slope = h.slope * axes + sum((h.c[i] * P[i] for i in groups.affine), exact.zeros(len(axes)))
        offset = h.offset + (h.slope * centre).sum() + sum((h.c[i] * beta[i] for i in groups.affine), exact.ZERO)
        rounded = None if crossings else _multiplied(h.floats.c[list(first)], powers, c)
        largest = slice(None) if rounded is None else np.abs(rounded) == np.abs(rounded).max(initial=0.0)  # floats are fast
        unit = exact.power_of_two([*(c[largest] * units[largest]), *slope, offset])
        rounded = None if rounded is None else _multiplied(rounded, exact.nearest_float(1 / unit), c)
        g = RidgeSum(*shared, c * (units / unit), slope / unit, offset / unit, like, rounded)
        like = like or g
        domain, rows = domains(region).in_row_units
        out.append(Balanced(g, domain, centre, axes, unit, first, units, rows))
    return out


def _multiplied(rounded: np.ndarray, powers: np.ndarray | float, c: np.ndarray) -> np.ndarray | None:
    """Correctly rounded numbers times powers of two, correctly rounded; None where the range of floats may have cut them.

    c: numbers that are 0 where these are.
    """
    with np.errstate(all="ignore"):
        product = rounded * powers
        size = np.abs([rounded, product])
    held = ((size > NORMAL) & (size < 1 / NORMAL)).all(axis=0)
    return product if held.all() or exact.is_zero(c[~held]) else None


Search = Callable[..., Enclosure]


def in_own_units(evidence_in: Callable[[Balanced, dict[str, Any]], dict[str, Any]]) -> Callable[[Search], Search]:
    """Makes a search for ridge sums of size 1 one for any; floor, earlier and nested are about the ridge sum that is given.

    evidence_in(one, evidence) says what evidence about g means for h.
    """

    def widened(search: Search) -> Search:
        @wraps(search)
        def supremum(h: RidgeSum, region: Domain, *, floor: float = 0.0, **rest: Any) -> Enclosure:
            one = balanced(h, region)
            if rest.get("earlier") is not None:
                rest["earlier"] = one.own(rest["earlier"])
            if "nested" in rest:
                rest["nested"] = one.told(rest["nested"])
            floor = exact.nearest_float(exact.rational(floor) / one.unit) if np.isfinite(floor) else floor
            enclosure = search(one.h, one.region, floor=floor, **rest)
            return one.restored(enclosure, evidence_in(one, enclosure.evidence))

        return supremum

    return widened


def _coordinates(lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(centre, axes) with all of a box at |w_j| <= 2 FAR, half-widths of size 1."""
    half, middle = (upper - lower) / 2, (upper + lower) / 2
    axes = np.array([exact.power_of_two([x]) for x in half], dtype=object)
    centre = np.array([m if abs(m) > FAR * x else exact.ZERO for m, x in zip(middle, half, strict=True)], dtype=object)
    return centre, axes


@dataclass(frozen=True)
class _Groups:
    """Which ridges make up which.

    crossing  first ridge on a hyperplane that crosses the box -> (ridge, |its scale / the first one's|) of all on it
    affine    ridges i that belong to the affine part, as c_i z_i
    """

    crossing: dict[int, list[tuple[int, fmpq]]]
    affine: list[int]


def _crossing(ridges: FloatRidges, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """True for ridges that surely have both signs in a box; the floats are correctly rounded.   (d,), (d,) -> (n,)"""
    with np.errstate(all="ignore"):
        size = np.abs(ridges.P)
        middle, radius = ridges.P @ ((lower + upper) / 2) + ridges.beta, size @ ((upper - lower) / 2)
        terms = size @ np.maximum(np.abs(lower), np.abs(upper)) + np.abs(ridges.beta)
        return (radius - np.abs(middle) > SURE * terms) & (terms > NORMAL) & np.isfinite(terms)


def _grouped(P: np.ndarray, beta: np.ndarray, live: Sequence[bool], single: np.ndarray, lower, upper) -> _Groups:
    """single (n,): ridges of which floats can tell that they cross the box, and that nothing else is on their hyperplane."""
    hyperplanes: dict[tuple, tuple[int, fmpq]] = {}
    groups = _Groups({}, [])
    for i in np.flatnonzero(live).tolist():
        if single[i]:
            groups.crossing[i] = [(i, exact.ONE)]
            continue
        p, b = P[i], beta[i]
        ends = [(x * low, x * high) for x, low, high in zip(p, lower, upper, strict=True)]
        if b + sum(map(min, ends)) >= 0:
            groups.affine.append(i)
        elif b + sum(map(max, ends)) > 0:
            key, scale = canonical(p, b)
            first, whole = hyperplanes.setdefault(key, (i, scale))
            groups.crossing.setdefault(first, []).append((i, abs(scale / whole)))
            if scale / whole < 0:  # relu(-u) = relu(u) - u
                groups.affine.append(i)
    return groups


class _Domains:
    """Domains in new coordinates; what they share they share there too."""

    def __init__(self, centre: np.ndarray, axes: np.ndarray):
        self.centre, self.axes = centre, axes
        self._known: dict[int, Domain] = {}

    def __call__(self, region: Domain) -> Domain:
        """The domain of w."""
        if id(region) not in self._known:
            self._known[id(region)] = self._moved(region)
        return self._known[id(region)]

    def _moved(self, region: Domain) -> Domain:
        whole = None if region.whole is None else self(region.whole)
        new = region.A if whole is None else region.A[-1:]
        A, c = new * self.axes, region.c[-len(new) :] - (new * self.centre).sum(axis=1)
        if whole is not None:
            A, c = np.concatenate([whole.A, A]), np.concatenate([whole.c, c])
        lower, upper, interior = ((x - self.centre) / self.axes for x in (region.lower, region.upper, region.interior))
        return replace(region, A=A, c=c, lower=lower, upper=upper, interior=interior, whole=whole)
