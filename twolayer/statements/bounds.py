"""The formulas behind the statements: Lemmas 2-4, the volume inequality, and every bound, in ball arithmetic.

Arguments are real numbers (balls, exact rationals or floats, all read exactly) and results are balls that contain the
true value. A formula is monotone in each of its arguments, so a bound at eps upper and radius lower is an upper bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, reduce
from math import comb, factorial

import numpy as np
from flint import arb, fmpq

from .. import exact
from ..certify.radii.one import length, square_root
from ..exact import ball

FAR_POINTS = {  # in 64ths: with their negatives and 0, points on which relu is hard to approximate by polynomials
    4: (32, 64),
    6: (18, 50, 64),
    8: (13, 37, 57, 64),
    10: (9, 29, 47, 60, 64),
    12: (8, 23, 39, 52, 61, 64),
    14: (6, 20, 34, 46, 56, 62, 64),
}


@cache
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


def sine_of_cotangent(cotangent: arb) -> arb:
    """sin arccot x for x >= 0."""
    return 1 / (1 + cotangent**2).sqrt()


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


@cache
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


# -- the count in the plane ---------------------------------------------------------------------------------------------


def opposing_room(kappa, radius, epsilon, share) -> arb:
    """What Theorem B leaves to N max |cot| over N >= 1 opposing creases that meet a ball of radius r, d' = 2.

    |kappa| r <= 2 eps (1 + 1/s) sqrt(N^2 cot^2 + s^2) for every s in [1, 3]; at s = share the square root of
    (|kappa| r s / (2 eps (s + 1)))^2 - s^2. Negative: it says nothing.
    """
    s = ball(share)
    x = abs(ball(kappa)) * ball(radius) * s / (2 * ball(epsilon) * (s + 1))
    return square_root(x**2 - s**2) if x > s else arb(-1)


def all_count(nodes: int) -> int:
    """C of Theorem C: 2N for odd N >= 3, 2N + 1 for even N; fewer than three creases are made three (of mass 0)."""
    nodes = max(nodes, 3)
    return 2 * nodes + (nodes + 1) % 2


def all_room(kappa, radius, epsilon, nodes: int) -> arb:
    """What Theorem C leaves to N max |cot| over all N other creases that meet a ball of radius r, d' = 2.

    |kappa| r <= (C/N) eps sqrt(N^2 cot^2 + 9), N >= 3. Negative: it says nothing.
    """
    x = abs(ball(kappa)) * ball(radius) * max(nodes, 3) / (all_count(nodes) * ball(epsilon))
    return square_root(x**2 - 9) if x > 3 else arb(-1)


# -- count and mass, masses of order k ----------------------------------------------------------------------------------


@cache
def uniform_constant(n: int) -> arb:
    """c_n: the peak of the coordinate densities of a uniform point of the unit ball of R^n; c*_n <= c_n.

    Gamma(n/2 + 1) / (sqrt(pi) Gamma((n + 1)/2)).   Source: Theorem M'.
    """
    return 1 / volume_ratio(n)


def student_tangent_by_split(n: int, kappa, epsilon, rho, t, teachers, students) -> arb | None:
    """Theorem M' for a student: tan theta <= t (X N_B + c t M_S) / (X (rho - t Gamma_T) - c t^2 S_T), X = |kappa| t - 4 eps.

    teachers = (Gamma_T, S_T): sum of |cot| over the counted creases without a student, sum of |kappa'| cos^2/sin over
    the weighed ones; students = (N_B, M_S): number of counted creases with one, sum of |kappa'| over the weighed ones.
    None unless X and the denominator are positive.
    """
    t, c = ball(t), uniform_constant(n)
    x = abs(ball(kappa)) * t - 4 * ball(epsilon)
    rest = x * (ball(rho) - t * teachers[0]) - c * t**2 * teachers[1]
    return t * (x * students[0] + c * t * students[1]) / rest if x > 0 and rest > 0 else None


def kink_by_split(n: int, epsilon, rho, t, counted: arb, weighed: arb) -> arb:
    """Theorem M': |kappa_H| <= 4 eps / t + c_n t S / (rho - t Gamma_B); infinite if nothing is left of rho."""
    rest = ball(rho) - ball(t) * counted
    return kink_below(epsilon, t) + uniform_constant(n) * ball(t) * weighed / rest if rest > 0 else arb("inf")


@cache
def relu_distance(k: int) -> fmpq:
    """A lower bound on e_k, the distance of relu to the polynomials of degree < k on [-1, 1]; k in FAR_POINTS.

    The k-th divided difference on k + 1 points vanishes on these polynomials; its value on relu, divided by the sum of
    its |weights|, is at most the distance. Exact by construction; e_4 = 1/16 is attained.   Source: Theorem L.
    """
    points = sorted(fmpq(sign * p, 64) for p in (0, *FAR_POINTS[k]) for sign in ((1, -1) if p else (1,)))
    value = size = exact.ZERO
    for x in points:
        weight = exact.ONE
        for y in points:
            weight /= x - y if x != y else exact.ONE
        value, size = value + weight * max(x, exact.ZERO), size + abs(weight)
    return abs(value) / size


def order_factor(n: int, k: int, rho, t) -> arb:
    """F of Theorem L: e_k |kappa| t <= eps + F sum |kappa'| (cos^2/sin) |cot|^(k-2) over ALL other creases, k even.

    n = 1: t^k / (4 k (k-1) rho^(k-1)); any n: t (c* (k-1) t/rho)^(k-1) / (2 k!).
    """
    return order_coefficient(n, k) * ball(t) * (ball(t) / ball(rho)) ** (k - 1)


@cache
def order_coefficient(n: int, k: int) -> arb:
    """F of Theorem L at rho = t = 1."""
    if n == 1:
        return arb(1) / (4 * k * (k - 1))
    return (mass_constant(n) * (k - 1)) ** (k - 1) / (2 * factorial(k))


# -- directions ---------------------------------------------------------------------------------------------------------


def directions_room(kappa, radius, epsilon, count: int) -> arb:
    """What the sum of 1/sin over `count` directions (even, all other creases) is not below, in a ball of radius r.

    |kappa| r binom(J-2, J/2-1) / (2^(J-1) eps): the heights 2 r / sum 1/sin make the 2^J points fit.   Source: J directions.
    """
    return abs(ball(kappa)) * ball(radius) * ball(directions_share(count)) / ball(epsilon)


def directions_share(count: int) -> fmpq:
    """binom(J-2, J/2-1) / 2^(J-1) for even J."""
    return fmpq(comb(count - 2, count // 2 - 1), 2 ** (count - 1))


def column_sum_norm(inverse: np.ndarray) -> arb:
    """|Q^-1|_1: the maximum absolute column sum.   (C, C) exact rationals, or balls"""
    return reduce(arb.max, (arb(sum(abs(x) for x in column)) for column in inverse.T))


def fan_out(inverse: np.ndarray, limits: Sequence[arb]) -> arb:
    """Corollary 1': |v|_2 <= |u|_2 with u_c = sum_m |Q^-1|_mc B_m, given |v_km . v| <= B_m.   (C, C) numbers or balls, C balls

    Never above sqrt(C) |Q^-1|_1 max B, nor above |B|_2 times the Frobenius norm of Q^-1 or sqrt(|Q^-1|_1 |Q^-1|_inf), and
    the same in whatever sizes single observers are written.
    """
    entries = (
        sum((exact.ball(abs(x)) * limit for x, limit in zip(column, limits, strict=True)), arb(0)) for column in inverse.T
    )
    return square_root(sum((x * x for x in entries), arb(0)))


def euclidean(vector: np.ndarray) -> arb:
    """|v|_2 of a vector of exact rationals."""
    return square_root(arb(sum((x * x for x in vector), exact.ZERO)))
