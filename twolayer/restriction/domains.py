"""Domains {z : A z <= c}: bounded polytopes with interior, over which suprema are certified."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from flint import fmpq

from .. import exact
from ..linear.programs import axis_box, interior_point, range_over_box


@dataclass(frozen=True, eq=False)
class FloatDomain:
    """A domain in float64, each number correctly rounded; fields as in Domain."""

    A: np.ndarray
    c: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    interior: np.ndarray


@dataclass(frozen=True, eq=False)
class Domain:
    """{z : A z <= c}, bounded and with interior, in exact rationals.

    A (m, d), c (m,)        rows
    lower, upper (d,)       a proved box around it
    interior (d,)           a point with positive slack in every row
    whole                   the domain that the last row was cut from, if it is known: its rows are all the others
    """

    A: np.ndarray
    c: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    interior: np.ndarray
    whole: Domain | None = None

    @property
    def dimension(self) -> int:
        """Dimension d of the space of z."""
        return len(self.lower)

    @cached_property
    def floats(self) -> FloatDomain:
        """The same numbers in float64, each rounded to nearest."""
        rest = [exact.nearest(x) for x in (self.lower, self.upper, self.interior)]
        if self.whole is None:
            return FloatDomain(exact.nearest(self.A), exact.nearest(self.c), *rest)
        shared = self.whole.floats
        A = np.concatenate([shared.A, exact.nearest(self.A[-1:])])
        return FloatDomain(A, np.append(shared.c, exact.nearest_float(self.c[-1])), *rest)

    @cached_property
    def in_row_units(self) -> tuple[Domain, np.ndarray]:
        """(the same set, each row divided by the power of two that brings its normal to size 1; these powers (m,))."""
        if self.whole is not None:
            whole, units = self.whole.in_row_units
            units = np.concatenate([units, [exact.power_of_two(self.A[-1])]])
            if whole is self.whole and units[-1] == 1:
                return self, units
            row, limit = self.A[-1:] / units[-1], self.c[-1:] / units[-1]
            A, c = np.concatenate([whole.A, row]), np.concatenate([whole.c, limit])
            return replace(self, A=A, c=c, whole=whole), units
        units = np.array([exact.power_of_two(row) for row in self.A], dtype=object)
        if all(unit == 1 for unit in units):
            return self, units
        return replace(self, A=self.A / units[:, None], c=self.c / units), units

    @cached_property
    def is_box(self) -> bool:
        """True if the domain is exactly the box [lower, upper]."""
        box = axis_box(self.A, self.c)
        return box is not None and exact.is_zero(box[0] - self.lower) and exact.is_zero(box[1] - self.upper)

    def contains(self, z: np.ndarray) -> bool:
        """Exactly: A z <= c."""
        return all(x.p >= 0 for x in self.c - self.A @ z)  # a third of `x >= 0`

    def inside(self, z: np.ndarray) -> np.ndarray:
        """A point of the domain next to an exact point z: z itself, or z pulled towards the interior point."""
        slack = self.c - self.A @ z
        if all(x >= 0 for x in slack):
            return z
        depth = self.c - self.A @ self.interior
        share = max(-s / (t - s) for s, t in zip(slack, depth, strict=True) if s < 0)
        share = exact.rational(exact.round_up(share))
        return z + share * (self.interior - z) if share <= 1 else self.interior


def domain(A: np.ndarray, c: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> Domain | None:
    """The domain of the rows inside a proved box; None if it has no interior."""
    inner = interior_point(A, c)[0]
    return None if inner is None else Domain(A, c, lower, upper, inner)


def tightened(row: np.ndarray, limit: fmpq, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A proved box, at most as large, around the part of a box where row . z <= limit; ends rounded outward."""
    lower, upper = lower.copy(), upper.copy()
    low = range_over_box(row, lower, upper)[0]
    for j, a in enumerate(row):
        if a == 0:
            continue
        bound = (limit - low) / a + (lower[j] if a > 0 else upper[j])
        if a > 0 and bound < upper[j]:
            upper[j] = min(upper[j], exact.rational(exact.round_up(bound)))
        elif a < 0 and bound > lower[j]:
            lower[j] = max(lower[j], exact.rational(exact.round_down(bound)))
    return lower, upper
