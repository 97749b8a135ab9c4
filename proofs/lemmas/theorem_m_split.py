"""Theorem M': few heavy opposing creases are counted, many light ones are weighed.

Certifies   kappa t - c_n t^2 S(light)/(rho - t Gamma(heavy)) <= 4 eps for every split; Theorems A and M are
            its two ends.
Does not    choose the split.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, equal, inner, positives, reals
from .second_difference import SECOND
from .theorem_m import C_N, EPS, KAPPA, LEFT, RHO, C, T
from .volume_inequality import VOLUME, N, R

HEAVY, LIGHT, A, W = positives("Gamma_B S a w")
INNER_RADIUS = RHO - T * HEAVY  # rho'
BOUNDED = KAPPA * T - C * T**2 * LIGHT / INNER_RADIUS  # <= 4 eps


def bang_around_a_point() -> None:
    """F_z(e) = |z + s_e|^2 - 2 sum e_i w_i m_i: the flip of i is improved unless e_i (<u_i, x> - m_i) >= w_i,
    x = z + s_e."""
    square, product, offset, linear = reals("x2 G m l")
    for e in SIGNS:
        moved = (1, -2 * e * W)
        length = inner(moved, moved, ((square, product), (product, 1)))
        change = (length - 2 * (linear - 2 * e * W * offset)) - (square - 2 * linear)
        equal(change, -4 * W * (e * (product - offset) - W))


def stays_inside() -> None:
    equal(INNER_RADIUS + T * HEAVY, RHO)


def monotone() -> None:
    """phi_e(z) = K_e + 2 <s_e, z>: e best at z and f best at z + a u give <u, s_f> >= <u, s_e>."""
    ke, kf, e_at, f_at, e_along, f_along = reals("K_e K_f e_z f_z e_u f_u")
    at_z = (ke + 2 * e_at) - (kf + 2 * f_at)  # >= 0
    at_moved = (kf + 2 * (f_at + A * f_along)) - (ke + 2 * (e_at + A * e_along))  # >= 0
    equal(at_z + at_moved, 2 * A * (f_along - e_along))


def density() -> None:
    equal(VOLUME.subs(N, N - 1) / VOLUME, C_N / R)


def average() -> None:
    equal(sum(abs(weight) for weight in SECOND.values()) * EPS, 4 * EPS)
    equal(BOUNDED, KAPPA * T - (C / INNER_RADIUS) * (T**2 * LIGHT))


def ends() -> None:
    s = sympy.Symbol("S", positive=True)
    equal(BOUNDED.subs(HEAVY, 0), LEFT.subs(s, LIGHT))
    equal(BOUNDED.subs(LIGHT, 0), KAPPA * T)


ENTRY = Entry(
    name="theorem-m-split",
    label="Theorem M'",
    kind="proof",
    statement="Cylinder (rho, t) inside A_k. Split the opposing creases that meet it into B and S, Gamma_B ="
    f" sum over B of |cot theta|, S = sum over S of |kappa'| cos^2/sin, t Gamma_B < rho. Then {BOUNDED} <="
    " 4*eps with c = c_n.",
    certifies="Bang's lemma around a point z, the monotone dependence on z, the density, the constants, and"
    " the two ends B = all (Theorem A in a cylinder) and B empty (Theorem M).",
    does_not="Words: maxima of finitely many affine functions are piecewise linear, so z -> e(z) is piecewise"
    " constant (measurable); the law of a map z_u + nondecreasing step has density at most that of z_u;"
    " Fubini. c*_n may not be used: its law has no density.",
    steps=(
        Step(
            "z uniform in the n-ball of radius rho' = rho - t Gamma_B; e(z) maximises |z + s_e|^2 - 2 sum"
            " e_i w_i m_i over signs, w_i = t |cot_i| for i in B. Then x(z) = z + s_e has |<u_i, x> - m_i|"
            " >= w_i for i in B: no crease of B cuts the segment at x.",
            bang_around_a_point,
        ),
        Step("|x(z)| <= rho' + t Gamma_B = rho.", stays_inside),
        Step(
            "e(z) maximises an affine function of z with gradient 2 s_e, so along a unit vector u, <u,"
            " s_e(z)> is nondecreasing.",
            monotone,
        ),
        Step(
            "So for fixed z perpendicular to u, <u, x(z)> = z_u + (nondecreasing step function) takes a"
            " value at most once, with slope 1. Integrating over the perpendicular part: density of <u, x>"
            " at most V_(n-1)(rho')/V_n(rho') = c_n/rho'.",
            density,
            words=True,
        ),
        Step(
            "Average the second difference at x(z): H gives kappa t, the same sign >= 0, B gives 0, S at"
            " least -(c_n/rho') t^2 S (theorem-m).",
            average,
            words=True,
        ),
        Step("B empty is Theorem M; B = all says kappa t <= 4 eps.", ends),
    ),
)
