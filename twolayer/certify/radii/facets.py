"""Creases and the rows of domains in float64, with the error bounds that proofs about inscribed radii rest on.

Model of arithmetic: IEEE double, unit u = 2^-53, any order of summation, fused or not. An exact rational rounded to
nearest is off by a factor 1 + d, |d| <= u; a value that passes through n such factors is off by at most
gamma_n = n u / (1 - n u) of the sum of the absolute values of its terms (Higham, Accuracy and Stability, section 3.1).
Underflow adds an absolute error: nonzero coefficients are required to lie between LEAST and 1 / LEAST, so that
every product of ours is off by at most 2^-1075 / LEAST^2 more; ABSOLUTE is far above the sum of those. What is out
of this range is not `safe`, and is left to exact arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary, ref

import numpy as np
from flint import fmpq

from ... import exact
from ...regions import Frame
from ...restriction.domains import Domain
from ...restriction.restricted import Crease

UNIT = 2.0**-53
LEAST = 2.0**-200  # and 1 / LEAST: sizes of nonzero coefficients for which relative rounding errors are the whole story
ABSOLUTE = 2.0**-600
ROUNDED = 1 + 16 * UNIT  # more than a handful of roundings of positive numbers can take away


def gamma(n):
    """A float above n u / (1 - n u), by more than the roundings of the line in which it is used.   n up to 10^10"""
    return 1.01 * n * UNIT


@dataclass(frozen=True, eq=False)
class Metric:
    """The inverse Gram matrix of a frame in float64.

    matrix (d, d)   correctly rounded
    identity        it is the identity exactly
    stretch         above sqrt(| |G^-1| |_2): |v|_{|G^-1|} <= stretch |v|_2 for every v
    """

    matrix: np.ndarray
    identity: bool
    stretch: float

    def squares(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(a . G^-1 a, bound on its error) for rounded rows a.   (m, d) -> (m,), (m,)

        2 d + 3 factors: those of a twice and of the matrix, two products, two sums of d terms; d + 2 for the identity.
        """
        sums, d = np.einsum("ij,ij->i", rows, rows), rows.shape[1]
        if self.identity:
            return sums, gamma(d + 4) * sums
        squared = np.einsum("ij,ij->i", rows @ self.matrix, rows)
        return squared, gamma(2 * d + 8) * (self.stretch**2) * sums + ABSOLUTE

    def lengths(self, rows: np.ndarray) -> np.ndarray:
        """Upper bounds on the lengths of rounded rows.   (m, d) -> (m,)"""
        square, error = self.squares(rows)
        return np.sqrt(np.maximum(square + error, 0.0)) * ROUNDED


@dataclass(frozen=True, eq=False)
class Line:
    """A crease in float64: normal (d,) and offset correctly rounded, the place of the largest entry of the normal."""

    normal: np.ndarray
    offset: float
    pivot: int
    safe: bool


@dataclass(frozen=True, eq=False)
class Facets:
    """The rows of a domain in float64, each number correctly rounded.

    A (m, d), c (m,)         rows
    terms (m,)               nonzero coefficients of each row
    lengths (m,)             proved upper bounds on |a|
    lower, upper (d,)        None, or the box of the rows along single axes, rounded inward
    across (m',)             the rows that are not along an axis
    safe                     relative error bounds hold (module docstring)
    """

    A: np.ndarray
    c: np.ndarray
    terms: np.ndarray
    lengths: np.ndarray
    lower: np.ndarray | None
    upper: np.ndarray | None
    across: np.ndarray
    safe: bool

    @cached_property
    def single(self) -> np.ndarray:
        """The rows along an axis.   (m'',)"""
        return np.flatnonzero(self.terms == 1)

    @cached_property
    def axes(self) -> tuple[np.ndarray, np.ndarray]:
        """(axis, |coefficient|) of the rows along an axis."""
        size = np.abs(self.A[self.single])
        axis = np.argmax(size, axis=1)
        return axis, size[np.arange(len(axis)), axis]


@dataclass(frozen=True, eq=False)
class _Rows:
    """Facets before the box is put together: ends (m,) are the limits c / a of rows along an axis, rounded inward."""

    A: np.ndarray
    c: np.ndarray
    terms: np.ndarray
    lengths: np.ndarray
    ends: np.ndarray
    safe: bool


_METRICS: WeakKeyDictionary[Frame, Metric] = WeakKeyDictionary()
_LINES: WeakKeyDictionary[Crease, Line] = WeakKeyDictionary()
_FACETS: WeakKeyDictionary[Domain, tuple[ref[Frame], _Rows, Facets]] = WeakKeyDictionary()
_FIRST: WeakKeyDictionary[Frame, ref[Domain]] = WeakKeyDictionary()


def metric(frame: Frame) -> Metric:
    """The metric of a frame in floats; computed once a frame."""
    kept = _METRICS.get(frame)
    if kept is None:
        matrix = exact.nearest(frame.metric)
        stretch = float(np.sqrt(np.abs(matrix).sum(axis=1).max() * (1 + gamma(len(matrix) + 4))) * ROUNDED)
        kept = _METRICS[frame] = Metric(matrix, frame.is_orthonormal, stretch)
    return kept


def line(crease: Crease) -> Line:
    """A crease in floats; computed once a crease."""
    return lines_of([crease])[0]


def lines_of(creases: Sequence[Crease]) -> list[Line]:
    """Creases in floats; those that are new in one pass."""
    lines = [_LINES.get(crease) for crease in creases]
    new = [crease for crease, line in zip(creases, lines, strict=True) if line is None]
    if new:
        numbers = [x for crease in new for x in (*crease.normal, crease.offset)]
        values = _nearest(numbers).reshape(len(new), -1)
        offsets, pivots = values[:, -1].tolist(), np.argmax(np.abs(values[:, :-1]), axis=1).tolist()
        fresh = map(Line, values[:, :-1], offsets, pivots, _safe(numbers, values).tolist())
        for crease, line in zip(new, fresh, strict=True):
            _LINES[crease] = line
    return [_LINES[crease] if line is None else line for crease, line in zip(creases, lines, strict=True)]


def facets(frame: Frame, domain: Domain) -> Facets:
    """The rows of a domain in floats; computed once a domain.

    Rows with which the first domain of the frame begins too are not computed again: A_k is the region with one row more.
    """
    kept = _FACETS.get(domain)
    if kept is not None and kept[0]() is frame:
        return kept[2]
    place = _FIRST.get(frame)
    like = None if place is None else place()
    base = None if like is None else _FACETS.get(like)
    if like is not None and base is not None and base[0]() is frame:
        first = leading(domain, like)
        rows = _joined(base[1], first, _converted(frame, domain, first))
    else:
        rows, _FIRST[frame] = _converted(frame, domain, 0), ref(domain)
    finished = _finished(rows)
    _FACETS[domain] = ref(frame), rows, finished
    return finished


def leading(domain: Domain, like: Domain) -> int:
    """Number of leading rows that two domains have in common."""
    if domain is like:
        return len(domain.A)
    shorter = min(len(domain.A), len(like.A))
    mine, theirs = (list(zip(x.A[:shorter].tolist(), x.c[:shorter].tolist(), strict=True)) for x in (domain, like))
    if mine == theirs:  # lists compare the same objects without looking into them
        return shorter
    return next(i for i in range(shorter) if mine[i] != theirs[i])


def _converted(frame: Frame, domain: Domain, first: int) -> _Rows:
    """The rows of a domain from number `first` on."""
    rows, limits = domain.A[first:], domain.c[first:]
    numbers = [x for row in rows for x in row] + list(limits)
    values = _nearest(numbers)
    A, c = values[: rows.size].reshape(rows.shape), values[rows.size :]
    terms, ends = np.count_nonzero(A, axis=1), np.full(len(rows), np.nan)
    for m in np.flatnonzero(terms == 1):
        j = int(np.flatnonzero(A[m])[0])
        ends[m] = (exact.round_down if A[m, j] > 0 else exact.round_up)(limits[m] / rows[m, j])
    return _Rows(A, c, terms, metric(frame).lengths(A), ends, bool(_safe(numbers, values[None])[0]))


def _joined(base: _Rows, first: int, rest: _Rows) -> _Rows:
    """The first rows of one and all of the other."""

    def both(x, y):
        return np.concatenate([x[:first], y])

    return _Rows(
        both(base.A, rest.A),
        both(base.c, rest.c),
        both(base.terms, rest.terms),
        both(base.lengths, rest.lengths),
        both(base.ends, rest.ends),
        (base.safe or first == 0) and rest.safe,
    )


def _finished(rows: _Rows) -> Facets:
    d, single = rows.A.shape[1], np.flatnonzero(rows.terms == 1)
    entries = rows.A[single]
    axis = np.argmax(np.abs(entries), axis=1)
    up = entries[np.arange(len(single)), axis] > 0
    lower, upper = np.full(d, -np.inf), np.full(d, np.inf)
    np.minimum.at(upper, axis[up], rows.ends[single[up]])
    np.maximum.at(lower, axis[~up], rows.ends[single[~up]])
    bounded = bool(np.isfinite(lower).all() and np.isfinite(upper).all())
    across = np.flatnonzero(rows.terms != 1)
    return Facets(
        rows.A, rows.c, rows.terms, rows.lengths, lower if bounded else None, upper if bounded else None, across, rows.safe
    )


def _nearest(numbers: list[fmpq]) -> np.ndarray:
    """Correctly rounded floats."""
    try:
        return np.fromiter(map(float, numbers), dtype=float, count=len(numbers))  # as exact.nearest_float
    except OverflowError:
        return np.array([exact.nearest_float(x) for x in numbers], dtype=float)


def _safe(numbers: list[fmpq], values: np.ndarray) -> np.ndarray:
    """For each row, True if every number is 0 or of a size for which relative errors are all there is.   (m, n) -> (m,)"""
    size = np.abs(values)
    fine = (size >= LEAST) & (size <= 1 / LEAST)
    for i, j in np.argwhere(size == 0).tolist():
        fine[i, j] = numbers[i * values.shape[1] + j] == 0
    return fine.all(axis=1)
