"""The opposing count is truly linear: N opposing lines can hide 2(N - 2)/(1 + h) times eps.

Certifies   the construction: its sup is at most sigma/8, with kappa = 1 and at most 4(1 + h)/sigma + 2
            opposing lines of slope +-1.
Does not    replace x^2 by finitely many creases exactly: that costs an arbitrarily small error (words).
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import at_least, equal, positives, reals

SIGMA, H, EPS, N, SHARE = positives("sigma h eps N share")
X, TAU, Z = reals("x tau z")
MESH = positives("j")[0]  # the interpolated quantity at mesh points j sigma and (j + 1) sigma
LEVEL = SIGMA / 8  # sup |h|
COUNT = 4 * (1 + H) / SIGMA + 2  # opposing lines that meet |x| <= 1, |tau| <= h
LOWER = 2 * (N - 2) / (1 + H)  # of kappa rho/(gamma eps)


def curve(z):
    """tau^2/(2 sigma): horizontal creases of mass 1 when interpolated on sigma Z."""
    return z**2 / (2 * SIGMA)


def smooth_parts_cancel() -> None:
    equal(curve(TAU) - ((TAU - X) ** 2 + (TAU + X) ** 2) / (4 * SIGMA) + curve(X), 0)


def interpolation_error() -> None:
    """On [j sigma, (j + 1) sigma] the chord of z^2 exceeds z^2 by (z - j sigma)((j + 1) sigma - z), at most
    sigma^2/4."""
    low, high = MESH * SIGMA, (MESH + 1) * SIGMA
    chord = low**2 + (high**2 - low**2) / (high - low) * (Z - low)
    equal(chord - Z**2, (Z - low) * (high - Z))
    equal(SIGMA**2 / 4 - (Z - low) * (high - Z), (Z - (low + high) / 2) ** 2)
    inside = low + SIGMA / (1 + SHARE)
    at_least((inside - low) * (high - inside), 0)
    # of P, and of both Q together
    for error in (SIGMA**2 / 4 / (2 * SIGMA), 2 * (SIGMA**2 / 4) / (4 * SIGMA)):
        equal(error, LEVEL)


def masses() -> None:
    """Slopes of P on neighbouring mesh intervals differ by 1; of Q by 2 sigma, so Q/(4 sigma) bends by 1/2,
    downwards in h."""
    right, left = ((curve(TAU + SIGMA + e * SIGMA) - curve(TAU + e * SIGMA)) / SIGMA for e in (0, -1))
    equal(right - left, 1)


def counting() -> None:
    """tau - x and tau + x range over [-(1 + h), 1 + h]: at most 2(1 + h)/sigma + 1 mesh points each."""
    equal(2 * (2 * (1 + H) / SIGMA + 1), COUNT)
    equal(1 / LEVEL.subs(SIGMA, sympy.solve(COUNT - N, SIGMA)[0]), LOWER)


ENTRY = Entry(
    name="theorem-b-linear",
    label="opposing count, fixed height",
    kind="proof",
    statement="Scaled strip |x| <= 1, |tau| <= h, opposing slopes at most 1. P, Q: piecewise linear"
    " interpolations of z^2/(2 sigma) and z^2 on sigma Z. h(x, tau) = P(tau) - (Q(tau - x) + Q(tau + x))/(4"
    f" sigma) + x^2/(2 sigma) has kappa_H = 1, |h| <= {LEVEL}, and at most {COUNT} opposing lines. So with N"
    f" of them kappa rho/(gamma eps) >= {LOWER} is reached, up to rounding: linear in N for every h.",
    certifies="The cancellation, the interpolation error for every z, the masses, the counts.",
    does_not="x^2/(2 sigma) is a limit of vertical creases of positive mass (words); sigma = 4(1 + h)/(N - 2).",
    steps=(
        Step(
            "The parabolas cancel: tau^2/(2 sigma) - ((tau - x)^2 + (tau + x)^2)/(4 sigma) + x^2/(2 sigma) = 0.",
            smooth_parts_cancel,
        ),
        Step(
            "0 <= P - tau^2/(2 sigma) <= sigma/8 and 0 <= (Q + Q - parabolas)/(4 sigma) <= sigma/8, so |h| <= sigma/8.",
            interpolation_error,
        ),
        Step(
            "P bends by 1 at each mesh point, so kappa_H = 1; the vertical creases and horizontal ones have the same sign.",
            masses,
        ),
        Step("Only Q's creases, lines of slope +-1, oppose; count them, and solve for sigma.", counting),
    ),
)
