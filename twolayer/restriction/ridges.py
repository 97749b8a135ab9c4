"""Ridge sums h(z) = sum_i c_i relu(P_i . z + beta_i) + slope . z + offset: every gradient h_k is one.   Source: Section 3.2"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat

from .. import exact
from ..linear.programs import range_over_box

NORMAL = 1e-290  # rows of this size lose nothing to underflow that counts beside their largest entry


@dataclass(frozen=True, eq=False)
class FloatRidges:
    """A ridge sum in float64, each coefficient correctly rounded; fields as in RidgeSum."""

    P: np.ndarray
    beta: np.ndarray
    c: np.ndarray
    slope: np.ndarray
    offset: float

    def __call__(self, Z):
        """Values at points.   (N, d) -> (N,)"""
        return np.maximum(Z @ self.P.T + self.beta, 0.0) @ self.c + Z @ self.slope + self.offset


@dataclass(frozen=True, eq=False)
class RidgeSum:
    """h(z) = sum_i c_i relu(P_i . z + beta_i) + slope . z + offset, in exact rationals.

    P (n, d), beta (n,), c (n,), slope (d,): object arrays of fmpq; offset: fmpq. n may be 0.
    like: a sum of the same ridges (P and beta) with other weights, if one is known: what depends on the ridges alone is
    computed there, once for all sums that are like it.
    rounded: c correctly rounded to floats, where that is known.
    """

    P: np.ndarray
    beta: np.ndarray
    c: np.ndarray
    slope: np.ndarray
    offset: fmpq
    like: RidgeSum | None = None
    rounded: np.ndarray | None = None

    @property
    def dimension(self) -> int:
        """Dimension d of the space of z."""
        return len(self.slope)

    def __call__(self, z: np.ndarray) -> fmpq:
        """The exact value at an exact point.   (d,) -> fmpq"""
        total = self.offset + (self.slope * z).sum()
        if len(self.c):
            kinks = (self.rows * fmpq_mat(len(z) + 1, 1, [*z, exact.ONE])).entries()
            active = [i for i, kink in enumerate(kinks) if kink.p > 0]  # a third of the time of kink > 0
            heights = fmpq_mat(len(active), 1, [kinks[i] for i in active])
            total += (fmpq_mat(1, len(active), list(self.c[active])) * heights)[0, 0]
        return total

    @cached_property
    def rows(self) -> fmpq_mat:
        """The rows (P_i, beta_i) as a flint matrix."""
        if self.like is not None:
            return self.like.rows
        return exact.matrix(np.concatenate([self.P, self.beta[:, None]], axis=1))

    def __getstate__(self) -> dict[str, Any]:
        """Without the flint matrix, which cannot travel to another process; it is made anew there."""
        return {name: value for name, value in vars(self).items() if name != "rows"}

    @cached_property
    def floats(self) -> FloatRidges:
        """The same function with float64 coefficients, each rounded to nearest."""
        if self.like is not None:
            P, beta = self.like.floats.P, self.like.floats.beta
        else:
            P, beta = exact.nearest(self.P), exact.nearest(self.beta)
        c = exact.nearest(self.c) if self.rounded is None else self.rounded
        rest = (c, exact.nearest(self.slope), exact.nearest_float(self.offset))
        return FloatRidges(P, beta, *rest)

    def negated(self) -> RidgeSum:
        """-h."""
        return replace(self, c=-self.c, slope=-self.slope, offset=-self.offset, rounded=None)

    def size(self, lower: np.ndarray, upper: np.ndarray) -> float:
        """Size of the terms that cancel in h on a box: the largest |term| a box bound allows, summed (a float)."""
        total = abs(self.offset)
        low, high = range_over_box(self.slope, lower, upper)
        total += max(abs(low), abs(high))
        for p, beta, c in zip(self.P, self.beta, self.c, strict=True):
            total += abs(c) * max(range_over_box(p, lower, upper)[1] + beta, exact.ZERO)
        return exact.nearest_float(total)


def alone(P: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """True for rows (P_i, beta_i) on a hyperplane that is surely none of the others'.   (n, d), (n,) floats -> (n,)

    The floats are correctly rounded; one linear functional of a row, divided by its largest entry, is the same for all rows
    of a hyperplane up to sign and rounding. Where floats cannot tell, `canonical` has to.
    """
    rows = np.concatenate([P, beta[:, None]], axis=1)
    weights = np.cos(np.arange(1.0, rows.shape[1] + 1))  # any numbers without a pattern
    with np.errstate(all="ignore"):
        size = np.abs(rows).max(axis=1, initial=0.0)
        place = np.abs(rows / size[:, None] @ weights)
    order = np.argsort(place)
    with np.errstate(all="ignore"):
        apart = np.diff(place[order]) > 8 * (len(weights) + 8) * np.finfo(float).eps * np.abs(weights).sum()
    out = np.zeros(len(rows), dtype=bool)
    if np.isfinite(place).all() and (size > NORMAL).all():  # a row that floats do not hold may be on any hyperplane
        out[order] = np.append(True, apart) & np.append(apart, True)
    return out


def canonical(p: np.ndarray, beta: fmpq) -> tuple[tuple, fmpq]:
    """A key shared by all nodes on one hyperplane, and the node's scale: (p, beta) = scale * key.

    The entry of p of largest size (the first of equals) becomes 1.   (d,), fmpq -> (d + 1 fmpq), fmpq
    """
    scale = p[max(range(len(p)), key=lambda j: (abs(p[j]), -j))]
    return (*(x / scale for x in p), beta / scale), scale
