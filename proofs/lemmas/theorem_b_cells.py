"""Theorem B, certificate form (d' = 2): the cell of a gap contains a tilted chord across H.

Certifies   kappa <= 2 eps (1/a_k + 1/b_k) for every non-empty gap k, from the formulas of a_k and b_k.
Does not    limit creases of the same sign; the two ends of the chord are not on one vertical (that is what
            slabs lose).
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, absolute, at_least, equal, positives, reals

EPS, KAPPA, ABOVE, BELOW, RHO, SLACK = positives("eps kappa a b rho slack")
OL, OR, WL, WR, X = reals("o_L o_R w_L w_R x")
BOUND = 2 * EPS * (1 / ABOVE + 1 / BELOW)  # of kappa
PAIR_ABOVE = (WL - WR) / (OR - OL)  # 1/a_k = max(1/t, these)
PAIR_BELOW = (WR - WL) / (OR - OL)  # 1/b_k = max(1/t, these)


def clipping() -> None:
    """A line crossing H beyond a wall is moved to the wall: x <= o + w tau follows from x <= o' + w tau, o =
    o' + slack."""
    for side in SIGNS:
        moved = side * (RHO + SLACK) - side * RHO
        equal(absolute(moved), SLACK)
        at_least(side * moved, 0)


def slices() -> None:
    """The slice of the pair L, R at height a (at -b): length (o_R - o_L) - a (w_L - w_R), zero at 1/a =
    PAIR_ABOVE."""
    for height, pair in ((ABOVE, PAIR_ABOVE), (-BELOW, PAIR_BELOW)):
        length = (OR + WR * height) - (OL + WL * height)
        equal(length, (OR - OL) * (1 - absolute(height) * pair))


def chord() -> None:
    """A at height a, B at -b: the point (b A + a B)/(a + b) has height 0; convexity there."""
    weight_a, weight_b = BELOW / (ABOVE + BELOW), ABOVE / (ABOVE + BELOW)
    equal(weight_a + weight_b, 1)
    equal(weight_a * ABOVE + weight_b * -BELOW, 0)
    kink = weight_a * KAPPA * ABOVE  # relu(tau) is a at A, 0 at B and at the crossing
    equal(sympy.solve(kink - (weight_a + weight_b + 1) * EPS, KAPPA)[0], BOUND)


ENTRY = Entry(
    name="theorem-b-cells",
    label="Theorem B, certificate form",
    kind="proof",
    statement="d' = 2, |h| <= eps on D = {|x| <= rho, |tau| <= t}, H = {tau = 0}, opposing creases x = o_i +"
    " w_i tau, i = 1..N; clip o_i to [-rho, rho], sort, add the walls o_0 = -rho, o_(N+1) = rho with w = 0."
    f" For a gap k with o_k < o_(k+1): 1/a_k = max(1/t, max over L <= k < R of {PAIR_ABOVE}), 1/b_k ="
    f" max(1/t, max of {PAIR_BELOW}). Then |kappa| <= min over k of {BOUND}.",
    certifies="The length of every slice of the cell, the chord and its weights, the constant 2.",
    does_not="Convexity and Helly on a line (intervals that meet pairwise meet) are words. An opposing crease"
    " parallel to H is excluded.",
    steps=(
        Step(
            "Let kappa > 0. The cell Q_k = {(x, tau) in D : o_L + w_L tau <= x <= o_R + w_R tau for all L <="
            " k < R} is convex, contains the gap k of H, and no opposing crease meets its interior, so h -"
            " kappa relu(tau) is convex on it (words)."
        ),
        Step("Clipping only shrinks Q_k.", clipping),
        Step(
            "At height a > 0 (at -b) the slice of Q_k is not empty iff every pair has o_R + w_R tau >= o_L +"
            " w_L tau, i.e. a times the pair's quotient is at most 1. So Q_k has points A, B of heights a_k"
            " and -b_k.",
            slices,
            words=True,
        ),
        Step(
            "AB meets H at x0 = (b A + a B)/(a + b) in Q_k; convexity: (b h(A) + a h(B))/(a + b) - h(x0) >="
            " kappa a b/(a + b), and the left side is at most 2 eps.",
            chord,
        ),
    ),
)
