"""How specialised a student is: correlation of activations, eps_in and eps_out of weights, projected angles.

NumPy arrays, torch tensors and, wherever no square root is needed, object arrays of exact rationals run the
same lines. A matrix of pairs always has a row for each student node, a column for each teacher node: (K, J).
A zero weight has no direction and counts as a vector of length 0: at distance 1 and a right angle from any
other weight, at distance 0 and angle 0 from another zero weight.

Source: Sections 4.1, 5.2 and 5.3; footnote 4; Figures 2 to 6 and 14.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .arrays import Array, as_array, doubles_or_rationals, library, root, unit
from .streaming import StreamingCorrelation, by_channel

__all__ = [
    "Match",
    "Shares",
    "Specialisation",
    "StreamingCorrelation",
    "angle",
    "best_correlation",
    "by_channel",
    "correlation",
    "eps_curve",
    "eps_in",
    "eps_out",
    "in_plane_squared",
    "match",
    "mean_best_correlation",
    "out_plane_squared",
    "projected",
    "projected_angle",
    "projected_sin_squared",
    "projected_sine",
    "sin_squared",
    "sorted_curve",
    "specialisation",
    "specialised_count",
    "weight_difference",
]

SPECIALISED_ABOVE = 0.9  # footnote 4, strict
UNSPECIALISED_BELOW = 0.8  # footnote 4, strict
# Eigenvectors of a float32 PCA are orthonormal to about 1e-6; a forgotten normalisation is off by far more.
ORTHONORMAL_WITHIN = 1e-5
# |fl(U w) - U w| stays below d float64 units of |w| (rounding does not fill the remaining factor sqrt(d')):
# a projection as short as this is rounding, and its direction means nothing.
VANISHES_WITHIN_UNITS = 1
HALF_WORD = 2**27 + 1  # cuts a float64 into two halves whose products are exact (Veltkamp; Dekker 1971)


def correlation(f: Array, g: Array) -> Array:
    """Pearson correlation of student and teacher activations, in [-1, 1].   (n, a), (n, b) -> (a, b)

    Convolutions (n, a, h, w): every sample and position counts. Exactly 0 where either node is constant,
    dead or stuck at any other value, up to the rounding of its own number format.

    Source: Section 5.2, rho_kj.
    """
    return StreamingCorrelation().update(f, g).correlation()


def best_correlation(rho: Array) -> Array:
    """BNC, each teacher node's correlation with its best student (Section 5.2).   (K, J) -> (J,)"""
    return library(rho).amax(rho, 0)


def mean_best_correlation(rho: Array) -> float:
    """MBNC, the mean of the BNC over teacher nodes (Section 5.2).   (K, J) -> number"""
    return float(best_correlation(rho).mean())


def sorted_curve(rho: Array) -> Array:
    """The sorted BNC curve, best teacher node first (Figure 3).   (K, J) -> (J,) descending"""
    best = best_correlation(rho)
    return best[library(best).argsort(-best)]


@dataclass(frozen=True)
class Shares:
    """How many of `nodes` nodes are specialised (best NC above 0.9) and unspecialised (best NC below 0.8)."""

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
        """Unspecialised over specialised (Figure 6); 0 over anything is 0, more over nothing is infinity."""
        if self.unspecialised == 0:
            return 0.0
        return self.unspecialised / self.specialised if self.specialised else math.inf


@dataclass(frozen=True)
class Specialisation:
    """students: each student node by its best teacher node (Figure 6); teachers: each by its best student."""

    students: Shares
    teachers: Shares


def specialisation(rho: Array) -> Specialisation:
    """Specialised and unspecialised nodes on both sides.   (K, J)

    Source: footnote 4, Figure 6.
    """

    def shares(best: Array) -> Shares:
        above, below = best > SPECIALISED_ABOVE, best < UNSPECIALISED_BELOW
        return Shares(nodes=len(best), specialised=int(above.sum()), unspecialised=int(below.sum()))

    return Specialisation(students=shares(library(rho).amax(rho, 1)), teachers=shares(best_correlation(rho)))


def specialised_count(rho: Array) -> Array:
    """How many student nodes are specialised to each teacher node; each may count often.   (K, J) -> (J,)

    Source: Appendix A.10, Figure 14.
    """
    return (rho > SPECIALISED_ABOVE).sum(0)


def _length_squared(w: Array) -> Array:
    return (w * w).sum(-1)


def _scaled(w: Array) -> Array:
    """Each vector divided, without rounding, by the power of two near its largest entry; rationals stay."""
    w = doubles_or_rationals(w)
    if w.dtype == object:
        return w
    largest = library(w).amax(abs(w), -1)[..., None]
    if not library(w).isfinite(largest).all():
        raise ValueError("weights must be finite; got an infinite one or one that is not a number")
    largest = library(w).where(largest == 0, 1, largest)
    return w / (largest / (2 * library(w).frexp(largest)[0]))


def _direction(w: Array) -> Array:
    """w / |w|, and 0 for w = 0.   (..., d) -> (..., d)"""
    w = _scaled(w)
    length = root(_length_squared(w))[..., None]
    return w / library(w).where(length == 0, 1, length)


def _plane(basis: Array) -> Array:
    basis = doubles_or_rationals(basis)
    defect = basis @ basis.T
    for row in range(len(defect)):
        defect[row, row] -= 1
    off = abs(defect).max() if len(defect) else 0
    if not off <= (0 if basis.dtype == object else ORTHONORMAL_WITHIN):
        raise ValueError(f"the plane needs orthonormal rows; got rows off by {float(off):.3g}; use QR")
    return basis


def in_plane_squared(delta: Array, plane: Array) -> Array:
    """|U delta|^2, a vector's part inside the plane of U's rows.   (..., d), U (d', d) -> (...)"""
    return _length_squared(doubles_or_rationals(delta) @ _plane(plane).T)


def out_plane_squared(delta: Array, plane: Array) -> Array:
    """|delta - U^T U delta|^2, a vector's part outside the plane.   (..., d), U (d', d) -> (...)"""
    delta, basis = doubles_or_rationals(delta), _plane(plane)
    return _length_squared(delta - delta @ basis.T @ basis)


def weight_difference(student: Array, teacher: Array) -> Array:
    """w_k / |w_k| - w*_j / |w*_j|, a zero weight staying 0.   (K, d), (J, d) -> (K, J, d)

    Source: Section 5.3.
    """
    return _direction(student)[:, None, :] - _direction(teacher)[None, :, :]


def eps_in(student: Array, teacher: Array, plane: Array) -> Array:
    """Distance of normalised weights inside the input plane.   (K, d), (J, d), U (d', d) -> (K, J)

    U's rows are orthonormal (Section 5.3 prints its transpose).
    """
    return root(in_plane_squared(weight_difference(student, teacher), plane))


def eps_out(student: Array, teacher: Array, plane: Array) -> Array:
    """Distance of normalised weights outside the input plane.   (K, d), (J, d), U (d', d) -> (K, J)

    U's rows are orthonormal (Section 5.3 prints its transpose).
    """
    return root(out_plane_squared(weight_difference(student, teacher), plane))


def eps_curve(eps: Array, rho: Array) -> Array:
    """eps between each teacher node and its best-NC student, best first.   (K, J), (K, J) -> (J,) ascending

    The first student wins a tie; so student 0 stands in where a teacher node is dead.   Source: Section 5.3.
    """
    chosen = eps[library(rho).argmax(rho, 0), list(range(rho.shape[1]))]
    return chosen[library(chosen).argsort(chosen)]


def angle(u: Array, v: Array) -> Array:
    """Angle in [0, pi], right to a few 1e-16 near 0 and pi too.   (..., d), (..., d) -> (...)"""
    u, v = _direction(u), _direction(v)
    return 2 * library(u, v).arctan2(root(_length_squared(u - v)), root(_length_squared(u + v)))


def _product(a: Array, b: Array) -> tuple[Array, Array]:
    """p and e with p + e = a b exactly (Dekker); on rationals e = 0."""

    def halves(x: Array) -> tuple[Array, Array]:
        high = HALF_WORD * x - (HALF_WORD * x - x)
        return high, x - high

    p, (a1, a2), (b1, b2) = a * b, halves(a), halves(b)
    return p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2


def sin_squared(u: Array, v: Array) -> Array:
    """Squared sine of the angle: sum_{i<j} (u_i v_j - u_j v_i)^2 / (|u|^2 |v|^2).   two (..., d) -> (...)

    Exact on rationals. On floats each difference of products is compensated, so that a tiny sine is right in
    all its digits. One zero vector: 1; two: 0. Costs d^2 operations.   Source: Lagrange's identity.
    """
    u, v = _scaled(u), _scaled(v)
    lengths = _length_squared(u) * _length_squared(v)
    total = 0 * lengths
    for i in range(u.shape[-1] - 1):
        p, p_error = _product(u[..., i : i + 1], v[..., i + 1 :])
        q, q_error = _product(v[..., i : i + 1], u[..., i + 1 :])
        total = total + _length_squared((p - q) + (p_error - q_error))
    one_is_zero = (_length_squared(u) == 0) != (_length_squared(v) == 0)
    where = library(u, v).where
    square = where(one_is_zero, 1, total / where(lengths == 0, 1, lengths))
    return where(square > 1, 1, square)[()]


def projected(w: Array, plane: Array | None = None) -> Array:
    """Coordinates of weights in the plane; without a plane, the weights.   (..., d), U (d', d) -> (..., d')

    Only directions are kept: floats are first scaled by a power of two. A projection that vanishes up to
    rounding is exactly 0.
    """
    w = _scaled(w)
    if plane is None:
        return w
    inside = w @ _plane(plane).T
    level = VANISHES_WITHIN_UNITS * w.shape[-1] * unit(w)
    vanishes = _length_squared(inside[..., None, :]) <= level * level * _length_squared(w[..., None, :])
    return library(w).where(vanishes, 0 * inside, inside)


def _pairs(student: Array, teacher: Array, plane: Array | None) -> tuple[Array, Array]:
    return projected(student, plane)[:, None, :], projected(teacher, plane)[None, :, :]


def projected_angle(student: Array, teacher: Array, plane: Array | None = None) -> Array:
    """Angle in [0, pi] between projected weights.   (K, d), (J, d), U (d', d) or None -> (K, J)

    Source: Theorem 2, with the projections normalised.
    """
    return angle(*_pairs(student, teacher, plane))


def projected_sin_squared(student: Array, teacher: Array, plane: Array | None = None) -> Array:
    """Squared sine of the projected angle, exact on rationals.   (K, d), (J, d), U or None -> (K, J)"""
    return sin_squared(*_pairs(student, teacher, plane))


def projected_sine(student: Array, teacher: Array, plane: Array | None = None) -> Array:
    """Sine of the projected angle.   (K, d), (J, d), U or None -> (K, J)"""
    return root(projected_sin_squared(student, teacher, plane))


@dataclass(frozen=True, eq=False)
class Match:
    """For each teacher node the student nearest to its direction and the one nearest to its opposite.

    student, angle: the aligned match and its projected angle to w*_j;
    flipped_student, flipped_angle: the flipped match and its projected angle to -w*_j;   (J,) each.
    """

    student: Array
    angle: Array
    flipped_student: Array
    flipped_angle: Array

    @property
    def is_flipped(self) -> Array:
        """Where a student of opposite sign is nearer to the teacher's line than any of the same sign."""
        return self.flipped_angle < self.angle


def match(student: Array, teacher: Array, plane: Array | None = None) -> Match:
    """Best student of each teacher node by projected angle, signs apart.   (K, d), (J, d), U or None

    Theorem 1 asks for lambda > 0: a flipped student has the crease (up to its bias) but the wrong side.
    """
    aligned = projected_angle(student, teacher, plane)
    flipped = projected_angle(-as_array(student), teacher, plane)
    argmin, amin = library(aligned).argmin, library(aligned).amin
    return Match(argmin(aligned, 0), amin(aligned, 0), argmin(flipped, 0), amin(flipped, 0))
