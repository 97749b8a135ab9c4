"""Low-rank data that fill a box: leading directions thick, the others thin or exactly flat.

Rotations, means and half-widths are short binary fractions, so that the plane U is exactly orthonormal and
both the region R and U ∩ R are exactly boxes. Nothing certified later inherits a rounding error from here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..regions import Polytope, Subspace

SHORT_BITS = 20  # multiples of 2^-20: sums and products of a few such numbers stay exact in float64
MEAN_BITS = 6  # the mean is coarser still, because biases carry products of a weight with it
MIXING_LAYERS = 8  # of a random rotation; each adds a bit to its entries, and 8 spread every axis widely
ORTHONORMAL = 1e-12  # a basis given by the caller may be orthonormal only up to rounding
FLAT_FRACTION = 1 / 16  # a region's thickness across exactly flat data, in thinnest leading half-widths


@dataclass(frozen=True, eq=False)
class LowRankData:
    """Samples x = mean + sum_i s_i u_i basis_i with |u_i| <= 1, and the box that they fill.

    samples       (n, d)   the data
    mean          (d,)     centre of the box
    basis         (d, d)   orthonormal directions, one a row; the first `rank` span the data plane U
    half_widths   (d,)     half-widths of the region R along the basis, all positive
    spread        (d,)     half-widths s of the samples: half_widths, or 0 where the data are exactly flat
    rank          d'       dimension of the data plane

    Source: Section 3.2 and Figure 1(b), a data region that is thick only along a subspace.
    """

    samples: np.ndarray
    mean: np.ndarray
    basis: np.ndarray
    half_widths: np.ndarray
    spread: np.ndarray
    rank: int

    @property
    def ambient(self) -> int:
        """Dimension d of the space around the plane."""
        return self.basis.shape[1]

    def __repr__(self) -> str:
        return f"LowRankData({len(self.samples)} samples, d'={self.rank} in d={self.ambient})"

    @property
    def inradius(self) -> float:
        """Radius of the largest ball in U ∩ R: its smallest half-width."""
        return float(self.half_widths[: self.rank].min())

    def subspace(self) -> Subspace:
        """The data plane U: the leading directions through the mean."""
        return Subspace(self.basis[: self.rank], self.mean)

    def region(self) -> Polytope:
        """The region R, a box in the rotated frame: rows basis_i first, then -basis_i."""
        centre = self.basis @ self.mean
        limits = np.concatenate([self.half_widths + centre, self.half_widths - centre])
        return Polytope(np.vstack([self.basis, -self.basis]), limits)

    def coordinates(self, x) -> np.ndarray:
        """Orthonormal coordinates, in the plane, of the projections of points.   (..., d) -> (..., d')"""
        return (np.asarray(x) - self.mean) @ self.basis[: self.rank].T

    def points(self, y) -> np.ndarray:
        """Points of the plane with given coordinates.   (..., d') -> (..., d)"""
        return self.mean + np.asarray(y) @ self.basis[: self.rank]


def short(x, bits: int = SHORT_BITS) -> np.ndarray:
    """The nearest multiples of 2^-bits."""
    return np.round(np.asarray(x, dtype=np.float64) * 2.0**bits) / 2.0**bits


def box_spectrum(ambient: int, rank: int, *, leading=1.0, decay: float = 1.0, thickness: float = 0.0) -> np.ndarray:
    """Half-widths: leading * decay^i for the first `rank` directions, `thickness` for the others.

    `leading` is a number, or the (rank,) half-widths themselves.   -> (ambient,)
    """
    if not 1 <= rank <= ambient:
        raise ValueError(f"rank needs to be between 1 and ambient = {ambient}; got {rank}")
    first = np.broadcast_to(np.asarray(leading, dtype=np.float64), (rank,)) * decay ** np.arange(rank)
    return np.concatenate([first, np.full(ambient - rank, float(thickness))])


def random_rotation(dimension: int, rng: np.random.Generator) -> np.ndarray:
    """A random matrix, exactly orthogonal in float64: its entries are multiples of 2^-8.

    A product of layers; each permutes the coordinates, flips signs, and reflects disjoint blocks of four in
    (1, 1, 1, 1)/2. Below dimension 4 orthogonal matrices of binary fractions are signed
    permutations.   -> (dimension, dimension)
    """
    rotation = np.eye(dimension)
    for _ in range(MIXING_LAYERS):
        signs = rng.choice([-1.0, 1.0], size=dimension)
        rotation = rotation[rng.permutation(dimension)] * signs[:, None]
        for start in range(0, dimension - 3, 4):
            block = rotation[start : start + 4]
            rotation[start : start + 4] = block - block.sum(axis=0) / 2
    return rotation


def low_rank_data(
    spread,
    rank: int,
    samples: int,
    rng: np.random.Generator,
    *,
    basis=None,
    mean=None,
    off_plane: float | None = None,
    boundary: float = 0.25,
) -> LowRankData:
    """Samples in a box: u_i uniform in [-1, 1], a `boundary` share of them on the boundary of U ∩ R.

    spread     (d,)     half-widths of the samples (see box_spectrum); rounded to multiples of 2^-20
    basis      (d, d)   orthonormal rows; default a random rotation, exact in float64
    mean       (d,)     centre; default random in [-1, 1]^d, multiples of 2^-6
    off_plane           half-width of the region wherever the samples' own is 0: a region needs interior.
                        Verdicts only look at U ∩ R, which does not depend on it; default 1/16 of the
                        thinnest leading half-width.
    boundary            half of this share are corners (all of them, if so many fit), half lie on random
                        faces: what a student does in a corner is invisible to uniform samples

    Raises ValueError where shapes or signs do not fit.
    """
    spread = short(spread)
    if spread.ndim != 1 or not 1 <= rank <= len(spread):
        raise ValueError(f"spread needs shape (d,) with d >= rank; got shape {spread.shape} and rank {rank}")
    d = len(spread)
    if (spread < 0).any() or (spread[:rank] == 0).any():
        raise ValueError(f"spread needs {rank} positive, then non-negative entries; got {spread.tolist()}")
    if not 0 <= boundary <= 1:
        raise ValueError(f"boundary needs to be a share between 0 and 1; got {boundary}")
    basis = random_rotation(d, rng) if basis is None else np.array(basis, dtype=np.float64)
    if basis.shape != (d, d) or np.abs(basis @ basis.T - np.eye(d)).max() > ORTHONORMAL:
        raise ValueError(
            f"spread has {d} entries, so basis needs {d} orthonormal rows; "
            f"got shape {basis.shape}, or rows that are not orthonormal"
        )
    mean = short(rng.uniform(-1, 1, size=d), MEAN_BITS) if mean is None else np.array(mean, dtype=np.float64)
    if mean.shape != (d,):
        raise ValueError(f"spread has {d} entries, so mean needs shape ({d},); got {mean.shape}")
    flat = short(spread[:rank].min() * FLAT_FRACTION if off_plane is None else off_plane)
    if not flat > 0:
        raise ValueError(f"off_plane needs to be positive, so that the region has interior; got {off_plane}")
    u = rng.uniform(-1, 1, size=(samples, d))
    u[:, :rank] = _with_boundary(u[:, :rank], boundary, rng)
    half_widths = np.where(spread > 0, spread, flat)
    return LowRankData(mean + (u * spread) @ basis, mean, basis, half_widths, spread, rank)


def _with_boundary(u: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """u with its first rows moved to corners, and the next ones to random faces, of the cube [-1, 1]^d'."""
    n, d = u.shape
    u, corners = u.copy(), int(n * share / 2)
    if 2**d <= corners:
        corners = 2**d
        u[:corners] = 2.0 * (np.arange(corners)[:, None] >> np.arange(d) & 1) - 1
    else:
        u[:corners] = np.sign(u[:corners])
    faces = u[corners : int(n * share)]
    clamp = rng.random(faces.shape) < rng.random((len(faces), 1))
    faces[clamp] = np.sign(faces[clamp])
    return u
