"""Kinks of a ridge sum on a box, and which of them nearly cancel: what the LP trees start from.

Coordinates xi in [-1, 1]^d: z = middle + radius * xi over the domain's box. On the domain
    h = sum_i m_i relu(u_i) + rest,    u_i, rest affine in xi, a kink i for each hyperplane that may cross it.
Kinks of opposite mass that nearly coincide are paired, so that their difference is bounded, not their size:
    h = sum over groups i of G_i - sum over singles j of s_j relu(u_j) + rest,
    G_i = m_i relu(u_i) - sum over partners j of w_ij relu(u_j),    m_i, w_ij, s_j > 0.
Pairing is a choice; the identity is exact whatever is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpq

from ... import exact
from ...linear.highs import Solver
from ...linear.programs import dual_bound
from ...restriction.domains import Domain
from ...restriction.ridges import RidgeSum, alone, canonical

LOOSE = 0.6  # kinks that differ by more than this share of their size gain nothing by pairing (measured)
ABSORB = 0.5  # a kink of which at least this share is paired gives the rest to its partners too
FLUSH = 1e-9  # facets that cut the box by less than this share of their range are left out: that adds points


@dataclass(frozen=True, eq=False)
class Kinks:
    """h = sum_i mass_i relu(form_i) + rest on the domain; forms and rest are (coefficients, constant) in xi.

    nodes (n,)      for each kink, the first ridge of h on that hyperplane; form_i is its preactivation
    flipped (n,)    or, where this is true, the negative of it
    forms (n, d+1), mass (n,), rest (d+1,): fmpq
    settled         (ridge, active, {row: multiplier}) for hyperplanes that cross the box and not the domain
    """

    nodes: tuple[int, ...]
    flipped: tuple[bool, ...]
    forms: np.ndarray
    mass: np.ndarray
    rest: np.ndarray
    settled: tuple[tuple[int, bool, dict[int, fmpq]], ...] = ()

    @cached_property
    def floats(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """forms, mass and rest in float64."""
        return exact.nearest(self.forms), exact.nearest(self.mass), exact.nearest(self.rest)

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """h in floats at points xi.   (N, d) -> (N,)"""
        forms, mass, rest = self.floats
        return np.maximum(X @ forms[:, :-1].T + forms[:, -1], 0.0) @ mass + X @ rest[:-1] + rest[-1]

    def negated(self) -> Kinks:
        """-h."""
        return replace(self, mass=-self.mass, rest=-self.rest)

    def oriented(self, flip: Sequence[bool]) -> Kinks:
        """The same function with some forms negated: relu(u) = u + relu(-u)."""
        forms, rest = self.forms.copy(), self.rest.copy()
        for i in np.flatnonzero(flip):
            rest = rest + self.mass[i] * forms[i]
            forms[i] = -forms[i]
        flipped = tuple(a != b for a, b in zip(self.flipped, flip, strict=True))
        return replace(self, forms=forms, rest=rest, flipped=flipped)


def reach(form: np.ndarray) -> fmpq:
    """Maximum of an affine function over [-1, 1]^d.   (d+1,) -> number"""
    return form[-1] + abs(form[:-1]).sum()


def kinks(h: RidgeSum, region: Domain) -> Kinks:
    """The kinks of h that may cross the domain's interior, one for each hyperplane, in the order of h."""
    middle, radius = (region.upper + region.lower) / 2, (region.upper - region.lower) / 2

    def form(p, b):
        return np.append(p * radius, (p * middle).sum() + b)

    rest = form(h.slope, h.offset)
    single = alone(h.floats.P, h.floats.beta)
    hyperplanes: dict[Any, tuple[int, fmpq]] = {}  # hyperplane -> (its first ridge, that ridge's scale)
    mass: dict[int, fmpq] = {}
    forms: dict[int, np.ndarray] = {}
    for node, (p, beta, c) in enumerate(zip(h.P, h.beta, h.c, strict=True)):
        u = form(p, beta)
        if c == 0 or reach(u) <= 0:
            continue
        if reach(-u) <= 0:
            rest = rest + c * u
            continue
        key, scale = (node, exact.ONE) if single[node] else canonical(u[:-1], u[-1])
        first, unit = hyperplanes.setdefault(key, (node, scale))
        forms.setdefault(first, u)
        mass[first] = mass.get(first, exact.ZERO) + c * abs(scale / unit)
        if scale / unit < 0:  # relu(-u) = relu(u) - u
            rest = rest + c * u
    kept, settled = [], []
    side = _settler(region)
    for node, m in mass.items():
        proof = side(h.P[node], h.beta[node]) if m != 0 else None
        if proof is not None:
            settled.append((node, *proof))
            rest = rest + m * forms[node] if proof[0] else rest
        elif m != 0:
            kept.append(node)
    table, masses = exact.zeros(len(kept), len(rest)), exact.zeros(len(kept))
    for row, node in enumerate(kept):
        table[row], masses[row] = forms[node], mass[node]
    return Kinks(tuple(kept), (False,) * len(kept), table, masses, rest, tuple(settled))


def _settler(region: Domain):
    """(p, beta) -> (active, multipliers of rows) if a ridge provably has one sign there, else None."""
    if region.is_box:
        return lambda p, beta: None
    solver = Solver(region.floats.A, region.floats.c)

    def side(p, beta):
        for active, sign in ((False, 1), (True, -1)):
            best = solver.maximise(exact.nearest(sign * p))
            if isinstance(best, str) or best.value + sign * exact.nearest_float(beta) > 0:
                continue
            proof = {int(m): exact.rational(abs(best.duals[m])) for m in np.flatnonzero(best.duals)}
            if dual_bound(region.A, region.c, sign * p, proof, region.lower, region.upper) + sign * beta <= 0:
                return active, proof
        return None

    return side


def paired(h: Kinks) -> tuple[Kinks, dict[tuple[int, int], float]]:
    """Kinks oriented alike, and the mass (times size) that each pair (positive kink, negative kink) shares.

    Greedy: the pair with the smallest difference first. Unpaired kinks are oriented so that relu is small.
    """
    forms, mass, _ = h.floats
    size = np.abs(forms).sum(axis=1)
    unit = forms / size[:, None]
    left = np.abs(mass) * size
    positive, negative = np.flatnonzero(mass > 0), np.flatnonzero(mass < 0)
    candidates = []
    for sign in (1, -1):
        difference = np.abs(unit[positive][:, None, :] - sign * unit[negative][None, :, :]).sum(axis=2)
        for i, j in np.argwhere(difference <= LOOSE):
            candidates.append((difference[i, j], positive[i], negative[j], sign))
    side = np.zeros(len(mass), dtype=int)
    shared: dict[tuple[int, int], float] = {}
    for _, i, j, sign in sorted(candidates):
        if left[i] <= 0 or left[j] <= 0 or side[i] * side[j] == -sign:
            continue
        if not (side[i] and side[j]):
            if side[i]:
                side[j] = sign * side[i]
            elif side[j]:
                side[i] = sign * side[j]
            else:
                side[i], side[j] = 1, sign
        amount = min(left[i], left[j])
        shared[int(i), int(j)] = float(amount)
        left[i] -= amount
        left[j] -= amount
    flip = np.where(side == 0, forms[:, -1] > 0, side < 0)
    return h.oriented([bool(x) for x in flip]), shared


@dataclass(frozen=True, eq=False)
class Group:
    """A kink of positive mass and the shares w_ij of negative kinks that it is paired with."""

    kink: int
    partners: tuple[tuple[int, fmpq], ...]


def grouped(h: Kinks, shared: dict[tuple[int, int], float]) -> tuple[list[Group], list[tuple[int, fmpq]]]:
    """Groups G_i and singles (j, s_j) of h; shared as from `paired`, with the pairs in either order."""
    size = np.abs(h.floats[0]).sum(axis=1)
    partners: dict[int, list] = {i: [] for i in range(len(h.nodes)) if h.mass[i] > 0}
    singles = []
    for j in range(len(h.nodes)):
        if h.mass[j] > 0:
            continue
        claims = [(i, shared.get((i, j), shared.get((j, i), 0.0))) for i in partners]
        claims = [(i, amount) for i, amount in claims if amount > 0]
        left, whole = -h.mass[j], exact.nearest_float(-h.mass[j]) * size[j]
        claimed = sum(amount for _, amount in claims)
        absorbed = claimed >= ABSORB * whole
        for number, (i, amount) in enumerate(claims):
            share = -h.mass[j] * exact.rational(amount / (claimed if absorbed else whole))
            if absorbed and number == len(claims) - 1:
                share = left
            share = min(share, left)
            if share > 0:
                partners[i].append((j, share))
            left -= share
        if left > 0:
            singles.append((j, left))
    return [Group(i, tuple(shares)) for i, shares in partners.items()], singles


def facets(region: Domain) -> list[tuple[int, np.ndarray]]:
    """(row, slack as a form in xi) of the domain's rows that its box does not imply."""
    if region.is_box:
        return []
    middle, radius = (region.upper + region.lower) / 2, (region.upper - region.lower) / 2
    out = []
    for m, (a, c) in enumerate(zip(region.A, region.c, strict=True)):
        slack = np.append(-a * radius, c - (a * middle).sum())
        span = abs(slack[:-1]).sum()
        if span > slack[-1] + exact.rational(FLUSH) * span:
            out.append((m, slack))
    return out
