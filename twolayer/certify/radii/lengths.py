"""The lengths of a domain's facets, whole, across and within a crease: all that a shape feels of a facet.

Upper bounds in float64 from error bounds (`facets`); 256-bit balls where those would lose to cancellation, and where
the numbers are out of the range of floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from flint import arb

from ... import exact
from ...regions import Frame
from ...restriction.domains import Domain
from ...restriction.restricted import Crease
from .facets import ROUNDED, Facets, Line, facets, gamma, line, metric

NEAR = 1e-4  # facets whose part in H is shorter than this share are measured in 256 bits: floats lose it to cancellation


def square_root(x: arb) -> arb:
    """sqrt of a ball of a nonnegative number: its negative part, an artefact of rounding, is cut off."""
    top = x.upper()
    if not top > 0:
        return arb(0)
    bottom = x.lower()
    return (bottom.sqrt() if bottom > 0 else arb(0)).union(top.sqrt())


def length(v: np.ndarray) -> arb:
    """Euclidean length of a vector of balls."""
    return square_root(sum((x * x for x in v), arb(0)))


_AXES: WeakKeyDictionary[Frame, np.ndarray] = WeakKeyDictionary()


def _orthonormal(frame: Frame, covector: np.ndarray) -> np.ndarray:
    """A covector in true orthonormal coordinates, as 256-bit balls; the frame's factor is computed once."""
    if frame.is_orthonormal:
        return exact.balls(covector)
    axes = _AXES.get(frame)
    if axes is None:
        axes = _AXES[frame] = frame.orthonormal(exact.rationals(np.eye(frame.dimension, dtype=int)))
    return exact.balls(covector) @ axes


@dataclass(frozen=True, eq=False)
class Lengths:
    """|a|, |a . n| / |n| and |a_H| of every facet a of a domain, H a crease of normal n; computed when first asked for."""

    frame: Frame
    crease: Crease
    domain: Domain

    @cached_property
    def facets(self) -> Facets:
        """The rows of the domain in floats."""
        return facets(self.frame, self.domain)

    @cached_property
    def line(self) -> Line:
        """The crease in floats."""
        return line(self.crease)

    @property
    def is_safe(self) -> bool:
        """True if floats with their error bounds say enough about all numbers."""
        return self.facets.safe and self.line.safe

    @cached_property
    def _unit(self) -> np.ndarray:
        n = _orthonormal(self.frame, self.crease.normal)
        return n / length(n)

    def measured(self, m: int) -> tuple[arb, arb, arb]:
        """(|a|, |a . n|, |a_H|) of one facet in 256 bits; the last is exactly 0 for a facet parallel to H."""
        row = self.domain.A[m]
        a = _orthonormal(self.frame, row)
        component = sum(a * self._unit, arb(0))
        parallel = _parallel(row, self.crease.normal)
        return length(a), abs(component), arb(0) if parallel else length(a - component * self._unit)

    def _measured_above(self, which: int) -> np.ndarray:
        """Upper bounds on one of the three lengths of every facet, from 256 bits."""
        return np.array([exact.upper_float(self.measured(m)[which]) for m in range(len(self.domain.A))])

    @cached_property
    def whole(self) -> np.ndarray:
        """Upper bounds on |a|.   (m,)"""
        return self.facets.lengths if self.is_safe else self._measured_above(0)

    @cached_property
    def _components(self) -> tuple[np.ndarray, np.ndarray, float]:
        """Floats next to a . n and bounds on their errors (m,), and a lower bound on |n|, in the metric of U."""
        space, A, n = metric(self.frame), self.facets.A, self.line.normal
        square, error = (float(x[0]) for x in space.squares(n[None]))
        d = len(n)
        inner = A @ (n if space.identity else space.matrix @ n)
        if space.identity:
            bound = gamma(self.facets.terms + 4) * (np.abs(A) @ np.abs(n))
        else:
            bound = gamma(2 * d + 8) * space.stretch**2 * np.linalg.norm(A, axis=1) * np.linalg.norm(n)
        return inner, bound, float(np.sqrt(max(square - error, 0.0)) / ROUNDED)

    @cached_property
    def along(self) -> np.ndarray:
        """Upper bounds on |a . n| / |n|.   (m,)"""
        if not self.is_safe:
            return self._measured_above(1)
        inner, bound, low = self._components
        return (np.abs(inner) + bound) / low * ROUNDED

    @cached_property
    def within(self) -> np.ndarray:
        """Upper bounds on |a_H|; exactly 0 for facets parallel to H.   (m,)

        |a - x n| is at least |a_H| for every x: only the rounding of a - x n counts, 4 u (|a| + |x| |n|) at most.
        """
        if not self.is_safe:
            return self._measured_above(2)
        inner, _, low = self._components
        A, n, space, share = self.facets.A, self.line.normal, metric(self.frame), inner / low**2
        size = np.linalg.norm(A, axis=1) + np.abs(share) * np.linalg.norm(n)
        out = (space.lengths(A - share[:, None] * n) + space.stretch * gamma(8) * size) * ROUNDED
        for m in np.flatnonzero(out <= NEAR * self.facets.lengths).tolist():
            out[m] = exact.upper_float(self.measured(m)[2])
        return out


def _parallel(a: np.ndarray, b: np.ndarray) -> bool:
    """Exactly: a is a multiple of b != 0."""
    pivot = max(range(len(b)), key=lambda j: abs(b[j]))
    ratio = a[pivot] / b[pivot]
    return exact.is_zero(a - ratio * b)
