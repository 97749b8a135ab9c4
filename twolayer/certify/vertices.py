"""Suprema by enumerating the vertices of the arrangement: every d, made for d' <= 3.

h is linear on each cell of the arrangement of its creases and the domain's facets, so |h| is largest at a vertex: a
point where d independent hyperplanes meet. All observers share the creases, so one enumeration serves all of them.

Few vertices are computed in rationals, and the enclosure is a point. Many are computed in floats with a proved error
radius; those whose radius matters (nearly parallel creases) are solved again in rationals. Evidence:
{"method": "vertices", "hyperplanes": N, "exact": bool}: the checker enumerates anew.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from flint import fmpq_mat

from .. import exact
from ..linear.programs import range_over_box
from ..restriction.domains import Domain
from ..restriction.ridges import RidgeSum, alone, canonical
from .enclosure import Enclosure, at_witness, between, crude
from .units import balanced_together

EXACT_WORK = 400_000  # rational multiplications (about 0.2 s) up to which all vertices are computed exactly
CHUNK = 1 << 15  # vertices a float batch holds, so that a batch of 200 creases stays near 50 MB
BLOCK = 256  # vertices at which values are taken at a time: their heights stay in the cache (a third of the time)
UNIT = 2.0**-53  # unit roundoff of float64
TINY = 1e-290  # more than all underflows of one value together: the numbers are of size 1 or less (`units`)
MATTERS = 1e-5  # an error radius above this share of the best value sends a vertex to exact arithmetic


def count(hyperplanes: int, dimension: int) -> int:
    """Number of candidate vertices."""
    return math.comb(hyperplanes, dimension)


def supremum(h: RidgeSum, region: Domain, *, gap: float = 0.0, deadline: float | None = None, floor: float = 0.0) -> Enclosure:
    """Enclosure of sup over region of |h|; gap and floor are met whatever they are."""
    return suprema([h], [region], deadline=deadline)[0]


def suprema(ridges: Sequence[RidgeSum], regions: Sequence[Domain], *, deadline: float | None = None) -> list[Enclosure]:
    """Enclosures of sup over regions[k] of |ridges[k]|, for ridge sums on the same nodes (P and beta shared)."""
    units = balanced_together(ridges, regions)
    enclosures = _suprema([one.h for one in units], [one.region for one in units], deadline)
    return [one.restored(enclosure, enclosure.evidence) for one, enclosure in zip(units, enclosures, strict=True)]


def _suprema(ridges: Sequence[RidgeSum], regions: Sequence[Domain], deadline: float | None) -> list[Enclosure]:
    A, b, table = _hyperplanes(ridges, regions)
    d, n = A.shape[1], len(ridges[0].P)
    work = count(len(A), d) * (d * d + n * (d + len(ridges)))
    if work <= EXACT_WORK:
        return _exact(ridges, regions, A, b)
    if d > 3:
        raise ValueError(f"vertices in floats need dimension <= 3; got {d} with {len(A)} hyperplanes")
    return _floats(ridges, regions, A, b, table, deadline)


def _hyperplanes(ridges, regions) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The distinct hyperplanes A z = b on which some h has a kink or some region a facet, if they meet the regions' boxes.

    (N, d), (N,) in rationals; (N, d + 1): both, A first, in correctly rounded floats
    """
    distinct = list({id(region): region for region in regions}.values())
    lower, upper = (
        np.array([end(column) for column in zip(*ends, strict=True)], dtype=object)
        for end, ends in ((min, [x.lower for x in distinct]), (max, [x.upper for x in distinct]))
    )
    live = np.flatnonzero([any(h.c[i] != 0 for h in ridges) for i in range(len(ridges[0].P))])
    A = np.concatenate([ridges[0].P[live], *(-region.A for region in distinct)])
    b = np.concatenate([-ridges[0].beta[live], *(-region.c for region in distinct)])
    first, floats = ridges[0].floats, [region.floats for region in distinct]
    table = np.hstack(
        [
            np.concatenate([first.P[live], *(-f.A for f in floats)]),
            np.concatenate([-first.beta[live], *(-f.c for f in floats)])[:, None],
        ]
    )
    single = alone(table[:, :-1], -table[:, -1])
    kept: dict[Any, int] = {}
    for i in range(len(A)):
        if i >= len(live):  # creases cross the box and are all different (`units`)
            low, high = range_over_box(A[i], lower, upper)
            if exact.is_zero(A[i]) or not low <= b[i] <= high:
                continue
        kept.setdefault(i if single[i] else canonical(A[i], -b[i])[0], i)
    chosen = list(kept.values())
    return A[chosen], b[chosen], table[chosen]


def _exact(ridges, regions, A, b) -> list[Enclosure]:
    best = [abs(h(region.interior)) for h, region in zip(ridges, regions, strict=True)]
    points = [region.interior for region in regions]
    n, d = len(ridges[0].P), A.shape[1]
    table = exact.matrix(np.stack([np.concatenate([h.c, h.slope, [h.offset]]) for h in ridges]))
    for chosen in itertools.combinations(range(len(A)), d):
        z = exact.solve(A[list(chosen)], b[list(chosen)])
        if z is None:
            continue
        kept = _containing(regions, z)
        if not any(kept):
            continue
        point = fmpq_mat(d + 1, 1, [*z, exact.ONE])
        heights = [x if x > 0 else exact.ZERO for x in (ridges[0].rows * point).entries()] if n else []
        values = (table * fmpq_mat(n + d + 1, 1, [*heights, *z, exact.ONE])).entries()
        for k, value in enumerate(values):
            if kept[k] and abs(value) > best[k]:
                best[k], points[k] = abs(value), z
    evidence = {"method": "vertices", "hyperplanes": len(A), "exact": True}
    return [between(v, v, z, evidence) for v, z in zip(best, points, strict=True)]


def _containing(regions, z) -> list[bool]:
    """Which regions contain an exact point; what they share is looked at once."""
    contained: dict[int, bool] = {}
    out = []
    for region in regions:
        whole = region if region.whole is None else region.whole
        if id(whole) not in contained:
            contained[id(whole)] = whole.contains(z)
        inside = contained[id(whole)]
        out.append(inside and (region.whole is None or (region.A[-1] * z).sum() <= region.c[-1]))
    return out


class _Batch:
    """The shared float data of one enumeration, and each observer's running maximum."""

    def __init__(self, ridges, regions, A, b, table):
        self.A_exact, self.b_exact = A, b
        table = np.ldexp(table, -np.frexp(np.abs(table[:, :-1]).max(axis=1))[1][:, None])  # the largest in [1/2, 1)
        self.A, self.b = table[:, :-1], table[:, -1]
        self.ridges, self.regions = ridges, regions
        first = ridges[0].floats
        self.P, self.beta = first.P, first.beta
        self.C = np.stack([h.floats.c for h in ridges])
        self.slopes = np.stack([h.floats.slope for h in ridges])
        self.offsets = np.array([h.floats.offset for h in ridges])
        reach = np.max([np.abs(x) for r in regions for x in (r.floats.lower, r.floats.upper)])
        self.reach = float(reach) * (1 + 1e-12)  # outward: the ends were rounded to nearest
        size_of_z = np.abs(self.P).sum(axis=1) * self.reach * 1.01 + np.abs(self.beta)
        terms = np.abs(self.C) @ size_of_z + np.abs(self.slopes).sum(axis=1) * self.reach * 1.01 + np.abs(self.offsets)
        # 2 (n + d + 8) u bounds the rounding of n products and sums of z_i, themselves d products, with coefficients
        # that were rounded once; the factor 2 absorbs second-order terms and the 1 % overshoot of a vertex.
        self.noise = 2 * (len(self.P) + self.A.shape[1] + 8) * UNIT * terms + TINY
        self.lipschitz = 1.01 * (np.abs(self.C) @ np.abs(self.P).sum(axis=1) + np.abs(self.slopes).sum(axis=1)) + TINY
        self.upper = np.zeros(len(ridges))
        self.lower = np.array(
            [float(abs(h.floats(r.floats.interior[None, :]))[0]) for h, r in zip(ridges, regions, strict=True)]
        )
        self.lower = np.maximum(self.lower - self.noise, 0)
        self.upper = self.lower + 2 * self.noise
        self.where: list[tuple[int, ...] | None] = [None] * len(ridges)

    def inside(self, Y, radius):
        """(N, observers): False only where a vertex is surely outside the observer's region."""
        wholes: dict[int, np.ndarray] = {}
        out = np.empty((len(Y), len(self.regions)), dtype=bool)
        for k, region in enumerate(self.regions):
            whole = region if region.whole is None else region.whole
            if id(whole) not in wholes:
                wholes[id(whole)] = self._within(Y, radius, whole.floats.A, whole.floats.c).all(axis=1)
            out[:, k] = wholes[id(whole)]
        cut = [k for k, region in enumerate(self.regions) if region.whole is not None]
        if cut:
            last = [self.regions[k].floats for k in cut]
            out[:, cut] &= self._within(Y, radius, np.stack([f.A[-1] for f in last]), np.array([f.c[-1] for f in last]))
        return out

    def _within(self, Y, radius, A, c):
        """(N, rows): False only where a vertex surely violates a row."""
        size = np.abs(A).sum(axis=1)
        margin = radius[:, None] * size + 2 * (Y.shape[1] + 4) * UNIT * (size * self.reach * 1.01 + np.abs(c)) + TINY
        return Y @ A.T <= c + margin

    def values(self, Y):
        """|h_k| at points, in floats.   (N, d) -> (N, observers)"""
        out = Y @ self.slopes.T + self.offsets
        for first in range(0, len(Y), BLOCK):
            Z = Y[first : first + BLOCK] @ self.P.T
            Z += self.beta
            np.maximum(Z, 0.0, out=Z)
            out[first : first + BLOCK] += Z @ self.C.T
        return np.abs(out)

    def take(self, values, radius, kept, chosen):
        """Fold a batch of vertices into the running maxima.   values, kept (N, observers); radius (N,); chosen (N, d)"""
        if not len(values):
            return
        values = np.where(kept, values, -np.inf)
        winners = values.argmax(axis=0)
        errors = radius[winners] * self.lipschitz + self.noise
        low = values[winners, np.arange(len(winners))] - errors
        for k in np.flatnonzero(low > self.lower):
            self.lower[k] = low[k]
            self.where[k] = tuple(int(i) for i in chosen[winners[k]])
        values += radius[:, None] * self.lipschitz
        self.upper = np.maximum(self.upper, values.max(axis=0) + self.noise)

    def coarse(self, values, radius, inside):
        """(N,): True where a vertex that may beat an observer's maximum has an error radius that matters for it."""
        fine = MATTERS * np.maximum(self.lower, 4 * self.noise / MATTERS)
        out = radius * self.lipschitz.max() > fine.min()
        rows = np.flatnonzero(out)
        errors = radius[rows, None] * self.lipschitz
        out[rows] = (inside[rows] & (errors > fine)).any(axis=1)
        out[rows] &= (inside[rows] & (values[rows] + errors > self.lower)).any(axis=1)
        return out


def _floats(ridges, regions, A, b, table, deadline) -> list[Enclosure]:
    batch = _Batch(ridges, regions, A, b, table)
    doubtful: list[np.ndarray] = []
    complete = True
    for chosen in _chunks(len(A), A.shape[1]):
        if deadline is not None and time.monotonic() > deadline:
            complete = False
            break
        Y, radius, solved = _solve(batch.A[chosen], batch.b[chosen])
        near = ~solved | (np.abs(np.where(solved[:, None], Y, 0.0)) - radius[:, None] <= batch.reach).all(axis=1)
        doubtful.append(chosen[~solved])
        keep = solved & near
        Y, radius, chosen = Y[keep], radius[keep], chosen[keep]
        inside = batch.inside(Y, radius)
        touched = inside.any(axis=1)
        Y, radius, chosen, inside = Y[touched], radius[touched], chosen[touched], inside[touched]
        if not len(Y):
            continue
        values = batch.values(Y)
        coarse = batch.coarse(values, radius, inside)
        doubtful.append(chosen[coarse])
        if coarse.any():
            values, radius, inside, chosen = values[~coarse], radius[~coarse], inside[~coarse], chosen[~coarse]
        batch.take(values, radius, inside, chosen)
    for chosen in np.concatenate(doubtful) if doubtful else ():
        if deadline is not None and time.monotonic() > deadline:
            complete = False
            break
        _take_exactly(batch, chosen)
    return [_finish(batch, k, complete) for k in range(len(ridges))]


def _chunks(n: int, d: int) -> Iterator[np.ndarray]:
    """All d-subsets of range(n) in arrays of at most CHUNK rows (or the subsets of one leading element)."""
    if d == 1:
        yield np.arange(n)[:, None]
        return
    if d == 2 and count(n, d) <= CHUNK:
        yield np.stack(np.triu_indices(n, 1), axis=1)
        return
    parts: list[np.ndarray] = []
    for first in range(n - d + 1):
        rest = np.arange(first + 1, n)
        if d == 2:
            tails = rest[:, None]
        else:
            i, j = np.triu_indices(len(rest), 1)
            tails = np.stack([rest[i], rest[j]], axis=1)
        parts.append(np.concatenate([np.full((len(tails), 1), first), tails], axis=1))
        if sum(map(len, parts)) >= CHUNK:
            yield np.concatenate(parts)
            parts = []
    if parts:
        yield np.concatenate(parts)


def _solve(M: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Solutions of M y = b with a proved radius in the maximum norm: (N, d), (N,), and which of them are proved.

    X approximates the inverse of M (numbers of size 1 at most, each rounded once). With D = 1 - X M and |D| < 1/2 the
    exact solution lies within |X| |M y - b| / (1 - |D|) of y, all in the row-sum norm.   (N, d, d), (N, d)
    """
    d = M.shape[1]
    M, b = np.ascontiguousarray(M.transpose(1, 2, 0)), np.ascontiguousarray(b.T)  # one long loop an entry, not N short ones
    with np.errstate(all="ignore"):
        X = _inverse(M)
        Y = (X * b).sum(axis=1)
        sizes = np.abs(X).sum(axis=1).max(axis=0)
        columns = [np.abs((X * M[:, k]).sum(axis=1) - np.eye(d)[:, k, None]) for k in range(d)]
        defect = sum(columns).max(axis=0) + 4 * (d + 4) * d * UNIT * sizes
        residual = np.abs((M * Y).sum(axis=1) - b).max(axis=0)
        residual = residual + 4 * (d + 4) * UNIT * (np.abs(Y).sum(axis=0) + np.abs(b).max(axis=0)) + TINY
        radius = sizes * residual / (1 - defect) * (1 + 16 * UNIT)
        solved = (defect < 0.5) & np.isfinite(radius)
    return np.where(solved, Y, 0.0).T, np.where(solved, radius, 0.0), solved


def _inverse(M: np.ndarray) -> np.ndarray:
    """Inverses of many small matrices by cofactors; infinite or NaN where singular.   (d, d, N), d <= 3"""
    d = len(M)
    if d == 1:
        return 1 / M
    if d == 2:
        adjugate = np.array([[M[1, 1], -M[0, 1]], [-M[1, 0], M[0, 0]]])
        return adjugate / (M[0, 0] * M[1, 1] - M[0, 1] * M[1, 0])
    cofactors = np.array([_cross(M[1], M[2]), _cross(M[2], M[0]), _cross(M[0], M[1])])
    return cofactors.transpose(1, 0, 2) / (M[0] * cofactors[0]).sum(axis=0)


def _cross(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Cross products.   (3, N) twice -> (3, N)"""
    return np.array([x[i - 2] * y[i - 1] - x[i - 1] * y[i - 2] for i in range(3)])


def _take_exactly(batch: _Batch, chosen: np.ndarray) -> None:
    """Fold one vertex into the maxima with its coordinates in rationals and its activations correctly rounded."""
    z = exact.solve(batch.A_exact[chosen], batch.b_exact[chosen])
    if z is None:
        return
    kept = np.array([[region.contains(z) for region in batch.regions]])
    if not kept.any():
        return
    first = batch.ridges[0]
    activations = np.maximum(exact.nearest(first.P @ z + first.beta), 0.0)
    values = np.abs(batch.C @ activations + batch.slopes @ exact.nearest(z) + batch.offsets)[None, :]
    batch.take(values, np.zeros(1), kept, chosen[None, :])


def _finish(batch: _Batch, k: int, complete: bool) -> Enclosure:
    h, region = batch.ridges[k], batch.regions[k]
    chosen = batch.where[k]
    z = None if chosen is None else exact.solve(batch.A_exact[list(chosen)], batch.b_exact[list(chosen)])
    lower, point = at_witness(h, region, region.interior if z is None else z)
    evidence = {"method": "vertices", "hyperplanes": len(batch.A), "exact": False}
    if not complete:
        return crude(h, region, {**evidence, "stopped": "deadline"}, point)
    return Enclosure(lower, max(lower, math.nextafter(float(batch.upper[k]), math.inf)), point, evidence)
