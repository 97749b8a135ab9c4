"""Mixed-integer programs for max sign * h over a domain: the textbook one, and one with fewer binaries and more cuts.

Variables are the coordinates u of the unit cube around the domain's box, y_i for relu(z_i), and binaries a_i.
    textbook    y >= 0, y >= z, y <= z - l (1 - a), y <= u a for every node that has both signs on the box
    one-sided   the binary and the upper rows only where y_i helps (its coefficient is positive), the lower rows only
                where it hurts; and difference cuts y_i <= w y_j + chord(relu(z_i - w z_j)), j a hurting node, w > 0
Nodes of one sign on the box are affine. Numbers are floats and no bound is proved: this is what a user would write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from twolayer.restriction.domains import Domain
from twolayer.restriction.ridges import RidgeSum

PARTNERS = 2  # difference cuts a helping node gets: a node that was split has two near copies
NEAR = 0.5  # a partner is worth a cut if the difference has at most this share of the node's range
POINTS, KEPT, ROUNDS, MOVES = 4096, 16, 30, 32  # of the search for an incumbent: about 20 ms


@dataclass(frozen=True, eq=False)
class Scaled:
    """A problem in floats, in coordinates in which the domain's box is [-1, 1]^d; stable nodes are affine.

    P (n, d), beta (n,), c (n,), low, high (n,) range of the pre-activations over the cube
    slope (d,), offset;  A (m, d), b (m,): the rows of the domain that cut the cube
    """

    P: np.ndarray
    beta: np.ndarray
    c: np.ndarray
    low: np.ndarray
    high: np.ndarray
    slope: np.ndarray
    offset: float
    A: np.ndarray
    b: np.ndarray

    def __call__(self, U: np.ndarray) -> np.ndarray:
        """h at points of the cube.   (N, d) -> (N,)"""
        return np.maximum(U @ self.P.T + self.beta, 0) @ self.c + U @ self.slope + self.offset

    def inside(self, U: np.ndarray) -> np.ndarray:
        """Which points of the cube satisfy the domain's other rows.   (N, d) -> (N,)"""
        return (U @ self.A.T <= self.b).all(axis=1)

    def sensitivity(self, feasibility: float, integrality: float) -> float:
        """How far an objective may be off if rows and binaries are met only up to these tolerances."""
        return float(np.abs(self.c) @ (2 * feasibility + integrality * np.maximum(self.high, -self.low)))


def scaled(h: RidgeSum, region: Domain) -> Scaled:
    """The problem as the peers get it."""
    f, box = h.floats, region.floats
    centre, half = (box.lower + box.upper) / 2, (box.upper - box.lower) / 2
    P, beta, slope = f.P * half, f.beta + f.P @ centre, f.slope * half
    offset = f.offset + float(f.slope @ centre)
    reach = np.abs(P).sum(axis=1)
    active, open_ = beta - reach >= 0, (np.abs(beta) < reach) & (f.c != 0)
    slope, offset = slope + f.c[active] @ P[active], offset + float(f.c[active] @ beta[active])
    A, b = box.A * half, box.c - box.A @ centre
    cutting = np.abs(A).sum(axis=1) > b * (1 + 1e-12)
    P, beta, c, reach = P[open_], beta[open_], f.c[open_], reach[open_]
    return Scaled(P, beta, c, beta - reach, beta + reach, slope, offset, A[cutting], b[cutting])


@dataclass(frozen=True, eq=False)
class Program:
    """max objective . x + constant,  rows x <= limit,  lower <= x <= upper,  x_i whole where integral."""

    objective: np.ndarray
    constant: float
    rows: csr_array
    limit: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    integral: np.ndarray


class _Rows:
    """Rows over the variables (u, y, a), collected as triplets."""

    def __init__(self, d: int, n: int):
        self.d, self.n, self.limit = d, n, []
        self.row, self.column, self.entry = [], [], []

    def add(self, limit: float, u=None, y: dict[int, float] | None = None, a: dict[int, float] | None = None) -> None:
        """The row u . u + sum y_i y_i + sum a_i a_i <= limit."""
        entries = [*enumerate(u)] if u is not None else []
        entries += [(self.d + i, x) for i, x in (y or {}).items()]
        entries += [(self.d + self.n + i, x) for i, x in (a or {}).items()]
        for column, x in entries:
            if x != 0:
                self.row.append(len(self.limit))
                self.column.append(column)
                self.entry.append(x)
        self.limit.append(limit)


def program(h: Scaled, sign: int, *, tight: bool) -> Program:
    """max sign * h: the textbook program, or (tight) the one-sided one with difference cuts."""
    d, n, c = len(h.slope), len(h.c), sign * h.c
    rows = _Rows(d, n)
    for a, b in zip(h.A, h.b, strict=True):
        rows.add(b, u=a)
    for i in range(n):
        if c[i] > 0 or not tight:
            rows.add(h.beta[i] - h.low[i], u=-h.P[i], y={i: 1}, a={i: -h.low[i]})
            rows.add(0, y={i: 1}, a={i: -h.high[i]})
        if c[i] < 0 or not tight:
            rows.add(-h.beta[i], u=h.P[i], y={i: -1})
    for i, j, w in difference_pairs(h, c) if tight else ():
        p, beta = h.P[i] - w * h.P[j], h.beta[i] - w * h.beta[j]
        low, high = beta - np.abs(p).sum(), beta + np.abs(p).sum()
        share = 0.0 if high <= 0 else 1.0 if low >= 0 else high / (high - low)
        base = beta if low >= 0 else beta - low
        rows.add(share * base, u=-share * p, y={i: 1, j: -w})
    whole = (c > 0) if tight else np.ones(n, dtype=bool)
    upper = np.concatenate([np.ones(d), h.high, whole.astype(float)])
    return Program(
        np.concatenate([sign * h.slope, c, np.zeros(n)]),
        sign * h.offset,
        csr_array((rows.entry, (rows.row, rows.column)), shape=(len(rows.limit), d + 2 * n)),
        np.array(rows.limit, dtype=float),
        np.concatenate([-np.ones(d), np.zeros(2 * n)]),
        upper,
        np.concatenate([np.zeros(d + n, dtype=bool), whole]),
    )


def difference_pairs(h: Scaled, c: np.ndarray) -> Iterator[tuple[int, int, float]]:
    """(helping node i, hurting node j, w > 0): w makes max |z_i - w z_j| on the cube smallest; the best partners."""
    helps, hurts = np.flatnonzero(c > 0), np.flatnonzero(c < 0)
    X = np.concatenate([h.P, h.beta[:, None]], axis=1)
    for i in helps if len(hurts) else ():
        w = _median_ratio(X[i], X[hurts])
        error = np.abs(X[i] - w[:, None] * X[hurts]).sum(axis=1)
        error[w <= 0] = np.inf
        for j in error.argsort()[:PARTNERS]:
            if error[j] <= NEAR * np.abs(X[i]).sum():
                yield int(i), int(hurts[j]), float(w[j])


def _median_ratio(x: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """w that makes sum_l |x_l - w Y_l| smallest: the median of x / Y with weights |Y|.   (l,), (N, l) -> (N,)"""
    weight = np.abs(Y)
    ratio = np.where(weight > 0, x / np.where(weight > 0, Y, 1), np.inf)
    order = ratio.argsort(axis=1)
    total = np.take_along_axis(weight, order, axis=1).cumsum(axis=1)
    middle = (total >= total[:, -1:] / 2).argmax(axis=1)
    return np.take_along_axis(ratio, order, axis=1)[np.arange(len(Y)), middle]


def incumbents(h: Scaled, rng: np.random.Generator) -> dict[int, float]:
    """Values of h (key 1) and -h (key -1) at good points: random ones, improved by random moves that shrink."""
    U = rng.uniform(-1, 1, size=(POINTS, len(h.slope)))
    U = U[h.inside(U)]
    best = {}
    for sign in (1, -1):
        if len(U) == 0:
            best[sign] = -np.inf
            continue
        values = sign * h(U)
        top = values.argsort()[-KEPT:]
        kept, values = U[top], values[top]
        for step in np.geomspace(0.5, 1e-3, ROUNDS):
            moved = np.clip(kept[:, None] + step * rng.normal(size=(len(kept), MOVES, kept.shape[1])), -1, 1)
            flat = moved.reshape(-1, kept.shape[1])
            tried = np.where(h.inside(flat), sign * h(flat), -np.inf).reshape(len(kept), MOVES)
            winner = tried.argmax(axis=1)
            better = tried.max(axis=1) > values
            kept[better] = moved[better, winner[better]]
            values = np.maximum(values, tried.max(axis=1))
        best[sign] = float(values.max())
    return best
