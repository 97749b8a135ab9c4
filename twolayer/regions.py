"""Regions of input space: polytopes {A x <= c}, boxes, affine subspaces, and Lemma 1 (restriction to a subspace)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from flint import fmpq

from . import exact
from .networks import TwoLayer, number_array

ORTHONORMAL = 1e-12  # a basis this close to orthonormal is kept as it is, so that its numbers stay short
WELL_SHAPED = 1e-6  # a Gram matrix this close to the identity serves as coordinates for float computations


@dataclass(frozen=True, eq=False)
class Polytope:
    """{x : A x <= c}.   A (m, d), c (m,); a row of zeros is refused."""

    A: np.ndarray
    c: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "A", number_array(self.A, "A", 2))
        object.__setattr__(self, "c", number_array(self.c, "c", 1))
        if self.A.shape[0] == 0 or self.A.shape[1] == 0:
            raise ValueError(f"A needs at least one row and one column; got shape {self.A.shape}")
        if self.c.shape != (self.A.shape[0],):
            raise ValueError(f"A has {self.A.shape[0]} rows, so c needs shape ({self.A.shape[0]},); got {self.c.shape}")
        for row, a in enumerate(self.A):
            if not any(x != 0 for x in a):
                raise ValueError(f"row {row} of A needs a nonzero entry; got all zeros")

    @property
    def dimension(self) -> int:
        """Dimension d of the space."""
        return self.A.shape[1]

    def __repr__(self) -> str:
        return f"Polytope(d={self.dimension}, {len(self.c)} rows)"

    def contains(self, x, tolerance=0):
        """True where A x <= c + tolerance; exact where all numbers are.   (..., d) -> (...)"""
        return (np.asarray(x) @ self.A.T <= self.c + tolerance).all(axis=-1)


def Box(lower, upper) -> Polytope:  # noqa: N802  reads as a noun: Box([-1, -1], [1, 1])
    """The box {lower <= x <= upper} as a polytope: rows x_i <= upper_i first, then -x_i <= -lower_i.

    Raises ValueError where lower is not strictly below upper.   (d,), (d,) -> Polytope

    >>> Box([-1, -1], [1, 1]).contains([[0.5, 1.0], [0.0, 1.5]]).tolist()
    [True, False]
    """
    lower, upper = number_array(lower, "lower", 1), number_array(upper, "upper", 1)
    if lower.shape != upper.shape:
        raise ValueError(f"lower has shape {lower.shape}, so upper needs the same; got {upper.shape}")
    if len(lower) == 0:
        raise ValueError("a box needs at least one coordinate; got none")
    for i in range(len(lower)):
        if not lower[i] < upper[i]:
            raise ValueError(f"a box needs lower < upper in every coordinate; got {lower[i]} and {upper[i]} at {i}")
    identity = np.eye(len(lower), dtype=int)
    return Polytope(np.concatenate([identity, -identity]), np.concatenate([upper, -lower]))


@dataclass(frozen=True, eq=False)
class Subspace:
    """The affine subspace U = origin + span of the rows of basis.   basis (d', d), origin (d,)

    The rows need only be linearly independent; a dependent basis is refused.
    """

    basis: np.ndarray
    origin: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "basis", number_array(self.basis, "basis", 2))
        object.__setattr__(self, "origin", number_array(self.origin, "origin", 1))
        rows, ambient = self.basis.shape
        if rows == 0:
            raise ValueError("basis needs at least one row; got none")
        if self.origin.shape != (ambient,):
            raise ValueError(f"basis has {ambient} columns, so origin needs shape ({ambient},); got {self.origin.shape}")
        if ambient == 0:
            raise ValueError("basis needs at least one column; got none")
        if rows > ambient:
            raise ValueError(f"basis needs at most {ambient} rows, one for each coordinate; got {rows}")
        rank = exact.rank(exact.rationals(self.basis))
        if rank < rows:
            raise ValueError(f"basis needs {rows} linearly independent rows; got rank {rank}")

    @classmethod
    def whole(cls, dimension: int) -> Subspace:
        """The whole space R^d with its own coordinates."""
        return cls(np.eye(dimension, dtype=int), np.zeros(dimension, dtype=int))

    @property
    def dimension(self) -> int:
        """Dimension d' of the subspace."""
        return self.basis.shape[0]

    def __repr__(self) -> str:
        return f"Subspace(d'={self.dimension} in d={self.ambient})"

    @property
    def ambient(self) -> int:
        """Dimension d of the space around it."""
        return self.basis.shape[1]


@dataclass(frozen=True, eq=False)
class Frame:
    """Rational, nearly orthonormal coordinates z of a subspace: x = origin + unit * rows^T z.

    rows     (d', d)    fmpq; the exact span of the subspace's basis
    origin   (d,)       fmpq
    metric   (d', d')   fmpq; G^-1 for the Gram matrix G = rows rows^T, so that a covector a has length
                        sqrt(a^T G^-1 a) in the Euclidean geometry of the subspace. The identity wherever possible.
    unit     fmpq       a power of two: the length that z counts as 1, so that lengths in z are of a size that floats hold

    An orthonormal basis with rational entries need not exist, so exact work uses these coordinates with their metric;
    floats may treat them as orthonormal (|G - 1| <= 1e-6), since whatever they propose is checked exactly.
    """

    rows: np.ndarray
    origin: np.ndarray
    metric: np.ndarray
    unit: fmpq = exact.ONE

    @property
    def dimension(self) -> int:
        """Dimension d' of the subspace."""
        return len(self.rows)

    @property
    def steps(self) -> np.ndarray:
        """The steps in the ambient space along the coordinates.   (d', d)"""
        return self.rows if self.unit == 1 else self.rows * self.unit

    def point(self, z: np.ndarray) -> np.ndarray:
        """The point of the ambient space with exact coordinates z.   (d',) -> (d,)"""
        return self.origin + z @ self.steps

    def orthonormal(self, covectors: np.ndarray) -> np.ndarray:
        """Covectors in true orthonormal coordinates of U, as 256-bit balls.   (..., d') fmpq -> (..., d') arb

        L with L L^T = G^-1 (Cholesky in ball arithmetic): the row a becomes L^T a, of the same length and angles.
        """
        if self.is_orthonormal:
            return exact.balls(covectors)
        return exact.balls(covectors) @ _cholesky(exact.balls(self.metric))

    @cached_property
    def is_orthonormal(self) -> bool:
        """True if the rows are orthonormal exactly."""
        return all(x == (i == j) for (i, j), x in np.ndenumerate(self.metric))


def frame(subspace: Subspace) -> Frame:
    """Rational coordinates of a subspace that are orthonormal, or as nearly as floats make them.

    Floats turn the basis; where they cannot tell its rows apart, exact elimination does, at the price of longer numbers.
    """
    rows, origin = exact.rationals(subspace.basis), exact.rationals(subspace.origin)
    for _ in range(4):
        gram = rows @ rows.T
        distance = np.abs(exact.nearest(gram) - np.eye(len(rows))).max()
        if distance <= ORTHONORMAL:
            break
        rows = np.array([row / exact.power_of_two(row) for row in rows])  # so that no square leaves the range of floats
        transform = _orthonormaliser(exact.nearest(rows))
        if transform is None:
            break
        rows = exact.rationals(transform) @ rows
    gram = rows @ rows.T
    if np.abs(exact.nearest(gram) - np.eye(len(rows))).max() > WELL_SHAPED:
        rows = _orthogonalised(exact.rationals(subspace.basis))
        gram = rows @ rows.T
    return Frame(rows, origin, exact.inverse(gram))


def _orthogonalised(basis: np.ndarray) -> np.ndarray:
    """Exactly orthogonal rows (Gram and Schmidt), of length 1 up to the rounding of a float."""
    rows: list[np.ndarray] = []
    for row in basis:
        for earlier in rows:
            row = row - (row * earlier).sum() / (earlier * earlier).sum() * earlier
        row = row / exact.power_of_two(row)
        rows.append(row / exact.rational(math.sqrt(exact.nearest_float((row * row).sum()))))
    return np.array(rows)


def _orthonormaliser(rows: np.ndarray) -> np.ndarray | None:
    """Floats T such that T rows is nearly orthonormal; None where the float rows are dependent."""
    short = 1 / np.linalg.norm(rows, axis=1)
    r = np.linalg.qr((short[:, None] * rows).T)[1]
    try:
        return (np.linalg.inv(r.T) * np.sign(np.diag(r))[:, None]) * short[None, :]
    except np.linalg.LinAlgError:
        return None


def _cholesky(metric: np.ndarray) -> np.ndarray:
    """Lower triangular L with L L^T = metric, in ball arithmetic."""
    n = len(metric)
    L = exact.balls(exact.zeros(n, n))
    for j in range(n):
        L[j, j] = (metric[j, j] - sum((L[j, i] ** 2 for i in range(j)), exact.ball(0))).sqrt()
        for i in range(j + 1, n):
            L[i, j] = (metric[i, j] - sum((L[i, m] * L[j, m] for m in range(j)), exact.ball(0))) / L[j, j]
    return L


def restrict(network: TwoLayer, to: Frame) -> tuple[np.ndarray, np.ndarray]:
    """Weights and biases of a network's nodes as functions of the coordinates of a subspace.

    w . x + b = (steps w) . z + (w . origin + b) for x = origin + steps^T z.   -> (K, d') and (K,), exact.

    Source: Lemma 1.
    """
    W, b = exact.rationals(network.W), exact.rationals(network.b)
    return W @ to.steps.T, W @ to.origin + b


def restrict_polytope(polytope: Polytope, to: Frame) -> tuple[np.ndarray, np.ndarray]:
    """The rows of a polytope in the coordinates of a subspace: (m', d') and (m',), exact.

    Rows that become constant on the subspace disappear where they hold; a row that fails everywhere on the subspace
    raises ValueError: the subspace misses the region.
    """
    A, c = exact.rationals(polytope.A), exact.rationals(polytope.c)
    rows, limits = A @ to.steps.T, c - A @ to.origin
    keep = []
    for m, row in enumerate(rows):
        if not exact.is_zero(row):
            keep.append(m)
        elif limits[m] < 0:
            raise ValueError(f"the subspace needs points inside the region; row {m} of the region excludes all of it")
    return rows[keep], limits[keep]
