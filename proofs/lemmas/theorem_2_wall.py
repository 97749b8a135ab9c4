"""Theorem 2' where the observer's own crease bounds its active region: the length of H in A_k stands for a ball.

Certifies   some student has sin theta <= max(r/rho, sin arctan(N_S/(sqrt(X^2 - 1) - Gamma_T))), rho the distance along H
            from the centre to the observer's crease, r the radius of a ball in U n R; A_k need not hold the ball.
Does not    need eps on all of A_k: on the part of the ball that lies in A_k, and modulo affine functions.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import above, acute, equal, positives
from .theorem_2_student import RATIO
from .theorem_a import EPS, KAPPA, R
from .theorem_a_cylinder import RHO

SLACK, POINT, HEIGHT_OF_POINT = positives("slack z tau")
COS, SIN = acute()
APART = sympy.sqrt(2 - 2 * COS)  # |n - n_k| for unit normals at an angle theta_k
DISTANCE = RHO * SIN  # of the centre from the wall
PRICE = R / RHO
PAIRED = KAPPA * (APART * R + DISTANCE) / 2  # local gradient of H alone, its mass set against the wall's
LEAST = 2 * DISTANCE / (1 - 2 * APART)  # radius above which PAIRED leaves X > 1
ALONE = 4 * EPS / (KAPPA * RHO)  # the bound where no other crease opposes


def wall(z, tau):
    """The wall's signed distance at (z, tau): H is tau = 0, and the wall meets it at z = -rho."""
    return COS * tau + SIN * (z + RHO)


def distance_along_the_crease() -> None:
    equal(wall(-RHO, 0), 0)
    equal(wall(0, 0), DISTANCE)


def ball_in_the_active_region() -> None:
    """sin theta_k > r/rho: with sin theta_k = (1 + slack) r/rho the distance is above r; at equality it is r."""
    sine = PRICE * (1 + SLACK)
    above(DISTANCE / SIN * sine, R)
    equal(DISTANCE / SIN * PRICE, R)


def nothing_else_opposes() -> None:
    """N_S = Gamma_T = 0: any r with X > 1 will do, so the bound is r/rho at X = 1."""
    equal(sympy.solve(RATIO - 1, R)[0], 4 * EPS / KAPPA)
    equal(PRICE.subs(R, sympy.solve(RATIO - 1, R)[0]), ALONE)


def pair() -> None:
    """||tau| - |s_k|| <= |tau - s_k|, of slope |n - n_k| and of size `DISTANCE` at the centre; relu is half of |.|."""
    difference = sympy.expand(HEIGHT_OF_POINT - wall(POINT, HEIGHT_OF_POINT))
    slopes = [sympy.diff(difference, x) for x in (POINT, HEIGHT_OF_POINT)]
    equal(sum(slope**2 for slope in slopes), APART**2)
    equal(-difference.subs({POINT: 0, HEIGHT_OF_POINT: 0}), DISTANCE)
    equal(KAPPA * (APART * R + DISTANCE) / 2, PAIRED)


def least_radius() -> None:
    """X = kappa r/(4 eps) = 1 at eps = PAIRED; the bound LEAST/rho is twice the sine as theta_k falls."""
    equal(KAPPA * LEAST / 4, PAIRED.subs(R, LEAST))


ENTRY = Entry(
    name="theorem-2-wall",
    label="Theorem 2', the observer's own crease",
    kind="proof",
    statement="Observer k is a student node whose crease H_k is not parallel to H = H_j and not H. x on H in A_k, rho its"
    " distance from H_k along H, B the ball of radius r around x in U n R. eps >= |h_k - g| on B n A_k for an affine g, X ="
    " |kappa_T| r/(4 eps) > 1. N_S, Gamma_T as in Theorem 2', over opposing creases other than H_k that meet B, Gamma_T <"
    f" sqrt(X^2 - 1). Then some student has sin theta <= max({PRICE}, sin arctan(N_S/(sqrt(X^2 - 1) - Gamma_T)));"
    f" with no such creases and eps = eps_k: {ALONE}.",
    certifies="That B lies in A_k unless the observer is within the bound; that the wall's kink may have any mass on A_k;"
    " what H leaves when it is paired with the wall.",
    does_not="A parallel H_k has sine 0. The ball must lie in U n R: a thin region is felt as before. H_k may carry other"
    " nodes; all of them are affine on A_k.",
    steps=(
        Step(
            "Along H the wall is at distance rho from x, so x is at distance rho sin theta_k from H_k.",
            distance_along_the_crease,
        ),
        Step(
            "If sin theta_k <= r/rho, student k is the one. Otherwise rho sin theta_k > r: H_k misses B, u_k > 0 on B, and B"
            " lies in A_k.",
            ball_in_the_active_region,
        ),
        Step("Theorem 2' in B: H_k does not meet it, so the other creases alone are counted; B n A_k = B, so eps serves."),
        Step("No other opposing crease: X > 1 for every r above 4 eps/|kappa|.", nothing_else_opposes),
        Step("On A_k every node on H_k is affine; c (|u_k| - u_k) = 0 for every c."),
        Step("So kappa of H may be set against the same mass on H_k, as any two creases in a ball.", pair),
        Step("H alone then has X > 1 from a radius on.", least_radius),
    ),
)
