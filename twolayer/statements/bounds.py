"""The formulas behind the statements: Lemmas 2-4, the volume inequality, and every bound, in ball arithmetic.

Arguments are real numbers (balls, exact rationals or floats, all read exactly) and results are balls that contain the
true value. A formula is monotone in each of its arguments, so a bound at eps upper and radius lower is an upper bound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flint import arb

from .. import exact
from ..certify.balls import length, square_root
from ..exact import ball


def volume_ratio(n: int) -> arb:
    """V_n(1) / V_(n-1)(1), the volume of the unit n-ball over that of the unit (n-1)-ball; n >= 1.

    The volume inequality of Appendix A.4: volume_ratio(n) >= sqrt(2 pi / (n + 1)).
    """
    return arb.pi().sqrt() * (arb(n + 1) / 2).gamma() / (arb(n) / 2 + 1).gamma()


def volume_bound(d: int) -> arb:
    """sqrt(2 pi / d), which the ratio of volumes in dimension d - 1 is never below."""
    return (2 * arb.pi() / d).sqrt()


def tangent(normal: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, arb]:
    """Lemma 2, repaired: (u, sine) with u a unit vector, u . normal = 0 and u . other = sine, that of the angle.

    normal, other (d,): unit vectors of balls, the weight parts only (not the augmented vectors), not parallel.
    """
    component = other - (other * normal).sum() * normal
    sine = length(component)
    return component / sine, sine


def slabs_leave_room(d: int, rho, q, sines: Sequence) -> bool:
    """Lemma 3, repaired: True if some point of a (d-1)-ball of radius rho in H is further than q from every hyperplane.

    A hyperplane at angle theta to H is within q only in a slab of width 2 q / sin theta, of volume at most that times
    V_(d-2)(rho); where these add up to less than V_(d-1)(rho) a point is left.   sines: of the hyperplanes' angles > 0
    """
    widths = sum((2 * ball(q) / ball(sine) for sine in sines), arb(0))
    return bool(widths < ball(rho) * volume_bound(d))


def kink_below(epsilon, q) -> arb:
    """Lemma 4: |kappa| q <= 4 eps if no other kink lies within q of a point of H whose q-ball is in the region.

    Returns the bound 4 eps / q on |kappa|, from the second difference of h across H.
    """
    return 4 * ball(epsilon) / ball(q)


def printed_constant(d: int, radius) -> arb:
    """M = (10 / r) sqrt(d' / (2 pi)).   Source: Lemma 3."""
    return 10 / (ball(radius) * volume_bound(d))


def printed_sine(d: int, radius, nodes: int, epsilon, alpha) -> arb:
    """M K eps / alpha; negative for alpha < 0.   Source: Theorem 2."""
    return printed_constant(d, radius) * nodes * ball(epsilon) / ball(alpha)


def shrunk_radius(radius, epsilon, alpha) -> arb:
    """r' = r - 5 eps / |alpha|.   Source: Lemma 4."""
    return ball(radius) - 5 * ball(epsilon) / abs(ball(alpha))


def sine_of_tangent(tangent_value: arb) -> arb:
    """sin arctan x for x >= 0."""
    return tangent_value / (1 + tangent_value**2).sqrt()


def reach(kappa, radius, epsilon) -> arb:
    """sqrt(X^2 - 1) with X = |kappa| r / (4 eps), what Theorem A leaves to sum |cot|; NaN or negative means nothing."""
    x = abs(ball(kappa)) * ball(radius) / (4 * ball(epsilon))
    return square_root(x**2 - 1) if x > 1 else arb(-1)


def student_sine(room: arb, teachers: arb, students: int) -> arb | None:
    """Theorem 2': some student has tan theta <= N_S / (room - Gamma_T), given Gamma_T < room; None without room.

    room is sqrt(X^2 - 1) for a ball and rho / t for a cylinder of half-height t > 4 eps / |kappa|.
    """
    left = room - teachers
    return sine_of_tangent(students / left) if left > 0 else None


def mass_constant(n: int) -> arb:
    """c*_n: the least peak of the coordinate densities of a rotation-invariant law on the unit ball of R^n.

    1/2 for n <= 3, Gamma(n/2) / (sqrt(pi) Gamma((n-1)/2)) for n >= 4.   Source: Theorem M with its better constant.
    """
    return arb(1) / 2 if n <= 3 else (arb(n) / 2).gamma() / (arb.pi().sqrt() * (arb(n - 1) / 2).gamma())


def student_sine_by_mass(n: int, kappa, epsilon, rho, t, teachers: arb, students: arb) -> arb | None:
    """Theorem M for a student: tan theta <= (c/rho) t^2 M_S / D with D = |kappa| t - 4 eps - (c/rho) t^2 S_T > 0.

    teachers = S_T, the sum of |kappa'| cos^2/sin over opposing creases without a student; students = M_S, the sum of
    |kappa'| over opposing ones with one; both over creases that meet the cylinder (rho, t). None where D <= 0.
    """
    factor = mass_constant(n) / ball(rho) * ball(t) ** 2
    rest = abs(ball(kappa)) * ball(t) - 4 * ball(epsilon) - factor * teachers
    return sine_of_tangent(factor * students / rest) if rest > 0 else None


def kink_by_ball(epsilon, radius, gamma: arb) -> arb:
    """Theorem A: |kappa_H| <= 4 eps sqrt(1 + Gamma^2) / r."""
    return kink_below(epsilon, ball(radius) / (1 + gamma**2).sqrt())


def kink_by_mass(n: int, epsilon, rho, t, opposing: arb) -> arb:
    """Theorem M: |kappa_H| <= 4 eps / t + (c/rho) t S, with S the sum of |kappa'| cos^2/sin over opposing creases."""
    return kink_below(epsilon, t) + mass_constant(n) / ball(rho) * ball(t) * opposing


def column_sum_norm(inverse: np.ndarray) -> arb:
    """|Q^-1|_1: the maximum absolute column sum.   (C, C) exact rationals"""
    return arb(max(sum(abs(x) for x in column) for column in inverse.T))


def largest_singular_value_above(inverse: np.ndarray) -> arb:
    """Upper bound on |Q^-1|_2 = 1 / sigma_min(Q): the better of |.|_F and sqrt(|.|_1 |.|_inf).   (C, C) rationals"""
    frobenius = square_root(arb(sum((x * x for x in inverse.flat), exact.ZERO)))
    mixed = square_root(column_sum_norm(inverse) * column_sum_norm(inverse.T))
    return frobenius if frobenius < mixed else mixed


def euclidean(vector: np.ndarray) -> arb:
    """|v|_2 of a vector of exact rationals."""
    return square_root(arb(sum((x * x for x in vector), exact.ZERO)))
