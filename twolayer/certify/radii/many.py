"""Inscribed radii of many creases in many domains at once, each a proved lower bound.

`Surroundings.ball` does the same for one pair. Here the centres are proposed and proved in arrays of floats: in closed
form for boxes (`box`), by a warm-started simplex method for other polytopes (`simplex`), with the error bounds
of `proof`. Every pair that floats do not settle, neither a radius to relative PRECISE nor that the crease misses the
domain, is left to the exact path.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ... import exact
from ...regions import Frame
from ...restriction.domains import Domain
from ...restriction.restricted import Crease
from . import box, proof
from .facets import Facets, Line, facets, leading, line, lines_of, metric
from .one import Inscribed, Surroundings
from .proof import PRECISE

FEW = 48  # pairs in general polytopes that are sooner done one by one than numba is loaded
CHUNK = 2**15  # entries of an array that is worked on at once: what a core's own cache holds


@dataclass(frozen=True, eq=False)
class Radii:
    """Certified balls around creases (rows) inside domains (columns).

    radius  (C, D)      proved lower bounds; 0 exactly where the crease does not enter the domain's interior
    centres (C, D, d)   float centres; the exact ones, on the crease, are made on demand
    exactly             the pairs that floats did not settle, with their results
    pending             those of them that the deadline left for when they are asked for: their radius is 0 until then
    """

    frame: Frame
    creases: Sequence[Crease]
    domains: Sequence[Domain]
    radius: np.ndarray
    centres: np.ndarray
    exactly: dict[tuple[int, int], Inscribed | None] = field(default_factory=dict)
    pending: set[tuple[int, int]] = field(default_factory=set)

    def settle(self, i: int, j: int) -> None:
        """Find one ball alone, exactly."""
        self.pending.discard((i, j))
        self.exactly[i, j] = ball = Surroundings(self.frame, self.creases[i], self.domains[j]).ball()
        self.radius[i, j] = 0.0 if ball is None else ball.radius

    def inscribed(self, i: int, j: int) -> Inscribed | None:
        """The ball around crease i in domain j with its exact centre; None if the crease does not enter the interior."""
        if (i, j) in self.pending:
            self.settle(i, j)
        if (i, j) in self.exactly:
            return self.exactly[i, j]
        if not self.radius[i, j] > 0:
            return None
        crease = self.creases[i]
        centre = proof.exact_centre(crease, line(crease).pivot, self.centres[i, j])
        return Inscribed(centre, float(self.radius[i, j]), 0.0)


def inscribed_radii(frame: Frame, creases: Sequence[Crease], domains: Sequence[Domain], deadline: float | None = None) -> Radii:
    """The largest certified ball around every crease in every domain, as `Surroundings.ball` finds them one by one.

    Radii are proved; they fall short of the largest ones by about PRECISE. Domains that begin with the same rows (A_k:
    the region with one row more) cost least. Past the deadline, on the clock of time.monotonic, pairs wait until they are asked
    for.   Source: Theorem A's balls; certify notes, inscribed balls.
    """
    domains = [domain.in_row_units[0] for domain in domains]
    lines = lines_of(creases)
    rows = [facets(frame, domain) for domain in domains]
    shape = len(creases), len(domains)
    radius, settled = np.zeros(shape), np.zeros(shape, dtype=bool)
    centres = np.full((*shape, frame.dimension), np.nan)
    usable = np.array([x.safe for x in lines], dtype=bool)
    kinds: dict[int, list[int]] = {}
    for j, x in enumerate(rows):
        if x.safe:
            kinds.setdefault(len(x.across) if x.lower is not None and len(x.across) <= 1 else 2, []).append(j)
    for kind, columns in kinds.items():
        if not usable.any():
            break
        chosen = np.ix_(np.flatnonzero(usable), np.array(columns))
        some, here = [x for x, ok in zip(lines, usable, strict=True) if ok], [rows[j] for j in columns]
        if kind < 2:
            together = _in_boxes(frame, some, here, cut=kind == 1)
        elif len(some) * len(here) <= FEW:
            continue
        else:
            together = _in_polytopes(some, here, [domains[j] for j in columns], deadline)
        radius[chosen], settled[chosen], centres[chosen] = together
    radii = Radii(frame, creases, domains, np.where(settled, radius, 0.0), centres)
    radii.pending.update((i, j) for i, j in np.argwhere(~settled).tolist())
    for i, j in sorted(radii.pending):
        if _late(deadline):
            break
        radii.settle(i, j)
    return radii


def _late(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() > deadline


def _settled(below, above, proposed, missed):
    """(radius, settled): a proved radius that lost nothing that matters, or 0 where the crease misses the domain."""
    sharp = (below > 0) & (below >= (1 - PRECISE) * np.maximum(above, proposed)) & np.isfinite(below)
    return np.where(sharp, below, 0.0), sharp | missed


def _in_boxes(frame: Frame, lines: list[Line], rows: list[Facets], *, cut: bool):
    """Radii, whether settled, and centres, of all pairs; each domain a box, or a box with one row across."""
    d = frame.dimension
    normals, offsets = np.stack([x.normal for x in lines]), np.array([x.offset for x in lines])
    pivots = np.array([x.pivot for x in lines])
    boxes = np.array([(x.lower, x.upper) for x in rows])
    together = bool((boxes == boxes[0]).all())
    unit = np.ones(d) if metric(frame).identity else metric(frame).lengths(np.eye(d))
    if cut:
        place = np.array([x.across[0] for x in rows])
        q = np.stack([x.A[m] for x, m in zip(rows, place, strict=True)])
        s, terms, ell = (
            np.array([y[m] for y, m in zip(z, place, strict=True)])
            for z in ([x.c for x in rows], [x.terms for x in rows], [x.lengths for x in rows])
        )
    size = len(lines) * len(rows)
    radius, settled, centres = np.zeros(size), np.zeros(size, dtype=bool), np.empty((size, d))
    step = max(CHUNK // d, 1)
    for start in range(0, size, step):
        pairs = np.arange(start, min(start + step, size))
        i, j = np.divmod(pairs, len(rows))
        n, o, pivot = normals[i], offsets[i], pivots[i]
        lower, upper = boxes[:1, 0] if together else boxes[j, 0], boxes[:1, 1] if together else boxes[j, 1]
        mid, half = (lower + upper) / 2, (upper - lower) / 2
        if cut:
            proposal = box.in_cut_box(n, o, mid, half, unit[None], q[j], s[j], ell[j])
        else:
            proposal = box.in_box(n, o, mid, half, unit[None])
        z = proposal.centre
        move = proof.drift(n, o, pivot, z)
        below, above = proof.box_quotients(lower, upper, move, pivot, z, unit)
        missed = proof.misses_box(n, o, lower, upper)
        if cut:
            pivot_entry = np.take_along_axis(q[j], pivot[:, None], axis=1)[:, 0]
            slacks = proof.own_slacks(q[j], s[j], terms[j], move, pivot_entry, z)
            low, high = proof.quotients(slacks, ell[j])
            below, above = np.minimum(below, low), np.minimum(above, high)
            missed |= proof.misses_cut_box(n, o, lower, upper, q[j], s[j], proposal.mu)
        radius[pairs], settled[pairs] = _settled(below, above, proposal.radius, missed)
        centres[pairs] = z
    shape = len(lines), len(rows)
    return radius.reshape(shape), settled.reshape(shape), centres.reshape(*shape, d)


def _in_polytopes(lines: list[Line], rows: list[Facets], domains: list[Domain], deadline: float | None = None):
    """Radii, whether settled, and centres, of all pairs; the rows with which all domains begin are solved once a line."""
    from .simplex import polished, solve  # numba is loaded for this alone

    first = min(leading(domain, domains[0]) for domain in domains)
    family = _Family(rows, first, domains)
    size, d = (len(lines), len(rows)), len(lines[0].normal)
    radius, settled, centres = np.zeros(size), np.zeros(size, dtype=bool), np.empty((*size, d))
    for i, x in enumerate(lines):
        if _late(deadline):
            break
        program = family.without(x)
        v, solved = np.full((len(rows), d), np.nan), np.zeros(len(rows), dtype=bool)
        multipliers = np.zeros((len(rows), d + family.lengths.size))
        chosen = np.zeros((len(rows), d), dtype=np.int64)
        solve(*program, v, multipliers, chosen, solved)
        radius[i], settled[i], centres[i] = family.proved(x, v)
        rough = np.flatnonzero(solved & ~settled[i] & (v[:, -1] > 0))
        R, b, top, extra, limits = program
        again = None if len(rough) == 0 else polished(R, b, top, extra[rough], limits[rough], chosen[rough])
        if again is not None:
            v[rough] = again
            radius[i], settled[i], centres[i] = family.proved(x, v)
        for j in np.flatnonzero(solved & ~settled[i]).tolist():
            y = family.unscaled(multipliers[None, j, d:], j)
            settled[i, j] = proof.misses_rows(x, rows[j], y, family.lower[j], family.upper[j])[0]
    return radius, settled, centres


class _Family:
    """Domains with the same first rows, and up to `most` rows of their own; missing ones are filled with 0 . z <= 1.

    Programs get them in units of the rows' lengths and of the domains' size, around their middle.
    """

    def __init__(self, rows: list[Facets], first: int, domains: list[Domain]):
        count, d, most = len(rows), rows[0].A.shape[1], max(len(x.c) for x in rows) - first
        self.counts = [len(x.c) for x in rows]
        self.base = tuple(y[:first] for y in (rows[0].A, rows[0].c, rows[0].terms, rows[0].lengths))
        self.own = np.zeros((count, most, d)), np.ones((count, most)), np.zeros((count, most)), np.zeros((count, most))
        for at, x in enumerate(rows):
            for mine, y in zip(self.own, (x.A, x.c, x.terms, x.lengths), strict=True):
                mine[at, : len(x.c) - first] = y[first:]
        self.lower, self.upper = (
            np.array([exact.nearest(x) for x in ends]) for ends in ([x.lower for x in domains], [x.upper for x in domains])
        )
        low, high = self.lower.min(axis=0), self.upper.max(axis=0)
        self.middle, self.unit = (low + high) / 2, float(np.linalg.norm(high - low))
        self.top = np.append((high - self.middle) / self.unit, 2.0)
        self.lengths = np.concatenate([self.base[3], self.own[3].max(axis=0, initial=0.0)])
        self._programs = [self._scaled(A, c, lengths) for A, c, _, lengths in (self.base, self.own)]

    def _scaled(self, A, c, lengths):
        scale = np.where(lengths > 0, lengths, 1.0)
        return A / scale[..., None], (c - A @ self.middle) / (scale * self.unit), (lengths > 0).astype(float), scale

    def without(self, x: Line):
        """(R, b, top, extra, limits) of `simplex.solve`: a line's pivot coordinate eliminated, the radius last."""
        ratio = np.delete(x.normal, x.pivot) / x.normal[x.pivot]
        shift = -(x.normal @ self.middle + x.offset) / (x.normal[x.pivot] * self.unit)
        out = []
        for A, c, felt, _ in self._programs:
            column = A[..., x.pivot]
            rows = np.concatenate([np.delete(A, x.pivot, axis=-1) - column[..., None] * ratio, felt[..., None]], axis=-1)
            out.append((np.ascontiguousarray(rows), c - column * shift))
        return *out[0], np.delete(self.top, x.pivot), *out[1]

    def unscaled(self, y: np.ndarray, j: int) -> np.ndarray:
        """Multipliers of domain j's rows in their own units.   (1, m) -> (1, rows of domain j)"""
        return (y / np.concatenate([self._programs[0][3], self._programs[1][3][j]]))[:, : self.counts[j]]

    def proved(self, x: Line, v: np.ndarray):
        """Radii, whether settled, and centres, of a line in all domains, from the variables of their programs."""
        z = self.middle + self.unit * np.insert(v[:, :-1], x.pivot, 0.0, axis=1)
        z[:, x.pivot] = 0.0
        z[:, x.pivot] = -(z @ x.normal + x.offset) / x.normal[x.pivot]
        move = proof.drift(x.normal[None], x.offset, np.array([x.pivot]), z)
        A, c, terms, lengths = self.base
        slacks = proof.row_slacks(A, c, terms, move, A[:, x.pivot], z)
        below, above = (y.min(axis=1, initial=np.inf) for y in proof.quotients(slacks, lengths))
        for q, s, terms, ell in zip(*(np.moveaxis(y, 1, 0) for y in self.own), strict=True):
            slack = proof.own_slacks(q, s, terms, move, q[:, x.pivot], z)
            left, right = proof.quotients(slack, ell)
            below, above = np.minimum(below, left), np.minimum(above, right)
        return *_settled(below, above, self.unit * v[:, -1], False), z
