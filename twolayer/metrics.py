"""How specialised a student is: correlation of activations, eps_in and eps_out of weights, projected angles.

One formula, three number types: the same lines run on NumPy arrays, on torch tensors (on their own device) and, wherever
no square root is needed, on object arrays of exact rationals. Floating and integer input is computed in float64.
A matrix of pairs always has a row for each student node and a column for each teacher node: (K, J).
torch is never imported here, and no gradient flows through a metric.

Source: Sections 4.1, 5.2 and 5.3; footnote 4; Figures 2 to 6 and 14.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from fractions import Fraction
from numbers import Integral
from typing import Any

import numpy as np

Array = Any  # NumPy array, torch tensor, or NumPy object array of exact rationals

SPECIALISED_ABOVE = 0.9  # footnote 4 of the paper, strict
UNSPECIALISED_BELOW = 0.8  # footnote 4 of the paper, strict
# A node whose deviation from its mean is this many units of its own number format (float32 activations: 1.2e-7 of their
# size) shows rounding and no signal: values that flicker between two neighbouring floats deviate by less.
CONSTANT_WITHIN_UNITS = 1
# |fl(U w) - U w| <= d units of |w| for orthonormal U, up to a factor sqrt(d') that rounding never uses up in practice.
VANISHES_WITHIN_UNITS = 1
# Eigenvectors from a float32 PCA are orthonormal to about 1e-6; a forgotten normalisation is off by far more.
ORTHONORMAL_WITHIN = 1e-5
DOUBLE_UNIT = float(np.finfo(np.float64).eps)
HALF_WORD = 2**27 + 1  # splits a float64 into two halves whose products are exact (Veltkamp)


def _library(*arrays: Array) -> Any:
    """The module, numpy or torch, that all arrays belong to."""
    names = {
        next((root for c in type(x).__mro__ if (root := c.__module__.partition(".")[0]) in ("numpy", "torch")), "")
        for x in arrays
    }
    if len(names) != 1 or "" in names:
        kinds = ", ".join(type(x).__name__ for x in arrays)
        raise TypeError(f"all arrays must be of NumPy, or all of torch; got {kinds}; convert them to one library")
    return sys.modules[names.pop()]


def _numbers(x: Array) -> Array:
    """x in the numbers it is computed with: float64, or exact rationals (integers of object arrays join them)."""
    x = x if hasattr(x, "dtype") else np.asarray(x)
    if _library(x) is not np:
        return x.detach().double()
    if x.dtype != object:
        return np.asarray(x, dtype=np.float64)
    kind = next((type(q) for q in x.flat if not isinstance(q, Integral)), Fraction)
    return np.frompyfunc(lambda q: kind(int(q)) if isinstance(q, Integral) else q, 1, 1)(x)


def _unit(x: Array) -> float:
    """Relative spacing of the numbers of x: 0 for exact rationals, float64's for integers."""
    if x.dtype == object:
        return 0
    try:
        return float(_library(x).finfo(x.dtype).eps)
    except (TypeError, ValueError):  # not a floating type
        return DOUBLE_UNIT


def _root(squares: Array) -> Array:
    if squares.dtype == object:
        raise TypeError(
            "a square root leaves the rationals; use signed_square, in_plane_squared, out_plane_squared or sin_squared, "
            "or pass floats"
        )
    return _library(squares).sqrt(squares)


# ---- activations --------------------------------------------------------------------------------------------------


def by_channel(activations: Array) -> Array:
    """Every sample and position of a convolution as one row, channels as columns.   (n, a, h, w) -> (n h w, a)

    (n, a) is returned as it is.
    """
    if activations.ndim == 2:
        return activations
    if activations.ndim != 4:
        shape = tuple(activations.shape)
        raise ValueError(f"activations need shape (samples, nodes) or (samples, channels, height, width); got {shape}")
    return _library(activations).moveaxis(activations, 1, -1).reshape(-1, activations.shape[1])


@dataclass(frozen=True, eq=False)
class Spread:
    """Mean and squared deviation of each node; the mean is kept as origin + offset, so mean >> deviation loses nothing.

    origin (a,): the first sample;  offset (a,): mean - origin;  square (a,): sum of squared deviations from the mean;
    unit: relative spacing of the numbers the activations came in.
    """

    origin: Array
    offset: Array
    square: Array
    unit: float

    def varies(self, count: int) -> Array:
        """Which nodes are more than a constant and its rounding.   (a,) booleans"""
        level = CONSTANT_WITHIN_UNITS * self.unit
        mean = self.origin + self.offset
        return self.square > level * level * (self.square + count * mean * mean)

    def merged(self, other: Spread, ours: int, theirs: int) -> tuple[Spread, Array]:
        """Both sets of samples together, and the difference of their means (pairwise update of Chan et al.)."""
        delta = (other.origin - self.origin) + (other.offset - self.offset)
        count = ours + theirs
        square = self.square + other.square + delta * delta * ours * theirs / count
        return Spread(self.origin, self.offset + delta * theirs / count, square, max(self.unit, other.unit)), delta


@dataclass(frozen=True, eq=False)
class StreamingCorrelation:
    """Moments of activations seen so far; merging parts in any order or size gives the whole, up to rounding.

    `StreamingCorrelation()` has seen nothing. Every value is new: `seen = seen.update(f, g)`.
    count: samples (times positions);  f, g: Spread of the (a) student and (b) teacher nodes;
    cross (a, b): sum of products of deviations. Squares of activations must stay inside float64's range.
    """

    count: int = 0
    f: Spread = field(default=None)  # type: ignore[assignment]
    g: Spread = field(default=None)  # type: ignore[assignment]
    cross: Array = None

    def update(self, f: Array, g: Array) -> StreamingCorrelation:
        """With one more chunk of the same samples seen by both networks.   (n, a), (n, b), or conv activations"""
        f, g = (x if hasattr(x, "dtype") else np.asarray(x) for x in (f, g))
        rows_f, rows_g = by_channel(f), by_channel(g)
        if (f.shape[0], *f.shape[2:]) != (g.shape[0], *g.shape[2:]):
            shapes = f"{tuple(f.shape)} and {tuple(g.shape)}"
            raise ValueError(f"both networks need the same samples and positions; got {shapes}; crop or align them first")
        _library(f, g)
        if rows_f.shape[0] == 0:
            return self
        parts, deviations = [], []
        for rows in (rows_f, rows_g):
            numbers = _numbers(rows)
            origin = numbers[0] * 1  # a copy: the stream must not hold on to the chunk
            shifted = numbers - origin
            offset = shifted.sum(0) / len(shifted)
            deviations.append(shifted - offset)
            parts.append(Spread(origin, offset, (deviations[-1] * deviations[-1]).sum(0), _unit(rows)))
        return self.combine(
            StreamingCorrelation(len(rows_f), parts[0], parts[1], deviations[0].T @ deviations[1])
        )

    def combine(self, other: StreamingCorrelation) -> StreamingCorrelation:
        """The moments of the samples of both."""
        if self.count == 0 or other.count == 0:
            return other if self.count == 0 else self
        if self.cross.shape != other.cross.shape:
            ours, theirs = tuple(self.cross.shape), tuple(other.cross.shape)
            raise ValueError(f"this stream has {ours} (student, teacher) nodes, so has every part; got {theirs}")
        f, delta_f = self.f.merged(other.f, self.count, other.count)
        g, delta_g = self.g.merged(other.g, self.count, other.count)
        count = self.count + other.count
        between = delta_f[:, None] * delta_g[None, :] * self.count * other.count / count
        return StreamingCorrelation(count, f, g, self.cross + other.cross + between)

    def signed_square(self) -> Array:
        """rho |rho|, a rational function of the activations; 0 where either node is constant.   (a, b)"""
        if self.count == 0:
            raise ValueError("correlation needs at least one sample; got none; update the stream first")
        where = _library(self.cross).where
        varies_f, varies_g = self.f.varies(self.count), self.g.varies(self.count)
        slope_f = self.cross / where(varies_f, self.f.square, 1)[:, None]
        slope_g = self.cross / where(varies_g, self.g.square, 1)[None, :]
        squared = where(varies_f[:, None] & varies_g[None, :], abs(slope_f) * slope_g, 0)
        return where(squared > 1, 1, where(squared < -1, -1, squared))

    def correlation(self) -> Array:
        """rho (a, b) of everything seen; ValueError where an activation was infinite or not a number."""
        squared = self.signed_square()
        size = _root(abs(squared))
        library = _library(squared)
        for side, spread in (("student", self.f), ("teacher", self.g)):
            if not library.isfinite(spread.square).all():
                nodes = [i for i, finite in enumerate(library.isfinite(spread.square).tolist()) if not finite]
                raise ValueError(f"activations and their squares must be finite; those of {side} nodes {nodes} are not")
        return library.sign(squared) * size


def correlation(f: Array, g: Array) -> Array:
    """Pearson correlation of student and teacher activations over samples, in [-1, 1].   (n, a), (n, b) -> (a, b)

    Convolutions (n, a, h, w): each sample and position counts. Exactly 0 where either node is constant (dead, or stuck
    at any value) up to the rounding of its own number format.

    Source: Section 5.2, rho_kj.
    """
    return StreamingCorrelation().update(f, g).correlation()


def best_correlation(rho: Array) -> Array:
    """BNC: each teacher node's correlation with its best student node.   (K, J) -> (J,)   Source: Section 5.2."""
    return _library(rho).amax(rho, 0)


def mean_best_correlation(rho: Array) -> float:
    """MBNC: the mean of the BNC over teacher nodes.   Source: Section 5.2."""
    return float(best_correlation(rho).mean())


def sorted_curve(rho: Array) -> Array:
    """The sorted BNC curve, best teacher node first.   (K, J) -> (J,) descending   Source: Section 5.2, Figure 3."""
    best = best_correlation(rho)
    return best[_library(best).argsort(-best)]


@dataclass(frozen=True)
class Shares:
    """How many of `nodes` nodes are specialised (best NC > 0.9) and unspecialised (best NC < 0.8)."""

    nodes: int
    specialised: int
    unspecialised: int

    @property
    def specialised_share(self) -> float:
        return self.specialised / self.nodes

    @property
    def unspecialised_share(self) -> float:
        return self.unspecialised / self.nodes

    @property
    def ratio(self) -> float:
        """Unspecialised over specialised, Figure 6; 0 if nothing is unspecialised, else infinite if nothing is specialised."""
        if self.unspecialised == 0:
            return 0.0
        return self.unspecialised / self.specialised if self.specialised else math.inf


@dataclass(frozen=True)
class Specialisation:
    """students: each student node by its best teacher node (Figure 6);  teachers: each by its best student node."""

    students: Shares
    teachers: Shares


def specialisation(rho: Array) -> Specialisation:
    """Specialised and unspecialised nodes of both sides, from rho (K, J).   Source: footnote 4, Figure 6."""
    sides = []
    for axis in (1, 0):
        best = _library(rho).amax(rho, axis)
        counts = int((best > SPECIALISED_ABOVE).sum()), int((best < UNSPECIALISED_BELOW).sum())
        sides.append(Shares(len(best), *counts))
    return Specialisation(*sides)


def specialised_count(rho: Array) -> Array:
    """How many student nodes are specialised to each teacher node (one may count for several).   (K, J) -> (J,)

    Source: Appendix A.10, Figure 14.
    """
    return (rho > SPECIALISED_ABOVE).sum(0)
