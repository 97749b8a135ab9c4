"""Theorem C (d' = 2): N creases of any sign hide a crease at most 2N (odd) or 2N + 1 (even) times eps.

Certifies   the certificate form by two chords parallel to a removed line, the local bounds, both parities,
            the ball form.
Does not    claim sharpness: for large N the truth is o(N) (theorem-d).
"""

from __future__ import annotations

from typing import Any

import sympy

from ..entry import Entry, Step
from ._algebra import above, acute, at_least, equal, positives, reals

EPS, KAPPA, UP, DOWN, N, SLACK, MORE = positives("eps kappa v_plus v_minus N slack more")
GAMMA, RHO, G, LAM, ALPHA, BETA, P, Q = positives("gamma rho G Lam alpha beta p q")
OL, OR, WL, WR, W, X = reals("o_L o_R w_L w_R w x")
SLOPE = (ALPHA - BETA) / (ALPHA + BETA)  # every slope in (-1, 1)
CERTIFICATE = 2 * EPS * (1 / UP + 1 / DOWN)  # of kappa
ODD, EVEN = 2 * N, 2 * N + 1  # C
# G_j <= INNER/Lam, G_1, G_N <= SECOND_LAST/Lam, g_N <= LAST/Lam, if Lam > C
INNER, SECOND_LAST, LAST = 8, 6, 4
BALL = sympy.sqrt(N**2 * GAMMA**2 + 9) / N  # times C eps: of kappa r


def chords() -> None:
    """Upper chord from (x, 0) to (x + w v, v), lower from (x, 0) to (x - w v, -v): the conditions at the far
    ends."""
    equal((X + W * UP) - (OL + WL * UP), X - (OL + (WL - W) * UP))
    equal((OR + WR * UP) - (X + W * UP), (OR - (W - WR) * UP) - X)
    equal((X - W * DOWN) - (OL - WL * DOWN), X - (OL + (W - WL) * DOWN))
    equal((OR - WR * DOWN) - (X - W * DOWN), (OR - (WR - W) * DOWN) - X)


def two_quotients() -> None:
    """Slopes along (w, 1): affine part + kappa above H, affine part below; the removed line's ridge is
    constant along it."""
    along = sympy.Symbol("along", real=True)
    equal((along + KAPPA) - along, KAPPA)
    quotients = 2 * EPS / UP + 2 * EPS / DOWN
    equal(quotients, CERTIFICATE)
    offset, tau = reals("o tau")  # the removed line's node x - o - w tau
    equal(sympy.diff((X + W * tau) - offset - W * tau, tau), 0)


def numerators() -> None:
    """(w_L - w)^+ + (w - w_R)^+ <= 2: it is w_L - w_R, w_L - w, w - w_R or 0; the lower one alike by
    symmetry."""
    other = SLOPE.subs({ALPHA: P, BETA: Q})
    for numerator in (SLOPE - other, other - SLOPE):
        at_least(2, numerator)
    equal((WL - W) + (W - WR), WL - WR)
    equal(2 * EPS * (2 / G + 2 / G), INNER * EPS / G)


def numerators_at_the_wall() -> None:
    """j = 1: w_L = 0. w >= 0: w - w_R <= 1 + w above, max(w, w_R) <= 1 below; w = -u < 0: max(u, -w_R) and
    w_R + u."""
    u, right = P / (P + Q), SLOPE  # |w| in (0, 1), w_R in (-1, 1)
    at_least(1 + u, u - right)
    at_least(1, u)
    at_least(1, u + (right - u))
    at_least(1, u + (-u - right))
    at_least(1 + u, right + u)
    at_least(2, 1 + u)
    equal(2 * EPS * (2 / G + 1 / G), SECOND_LAST * EPS / G)
    equal(2 * EPS * (1 / G + 1 / G), LAST * EPS / G)  # end cell: |w_L|/(1 - o_L) <= 1/g_N, nothing removed


def short_gaps() -> None:
    """Lam = kappa/eps > C >= 2N and 1/t <= N/3 give 1/t < Lam/6; were a gap longer, the bound would be below
    Lam."""
    above((ODD + SLACK) / 6, N / 3)
    at_least(EVEN, ODD)
    inverse_height = LAM / (6 + SLACK)
    longer = 1 + MORE
    gap = INNER / LAM * longer
    for larger in (inverse_height, 2 / gap):
        at_least(LAM, 4 * larger)
    equal(4 * (2 / (INNER / LAM)), LAM)
    gap = SECOND_LAST / LAM * longer
    for first in (inverse_height, 2 / gap):
        for second in (inverse_height, 1 / gap):
            at_least(LAM, 2 * (first + second))
    equal(2 * (2 / (SECOND_LAST / LAM) + 1 / (SECOND_LAST / LAM)), LAM)
    gap = LAST / LAM * longer
    for larger in (inverse_height, 1 / gap):
        at_least(LAM, 4 * larger)
    equal(4 * (1 / (LAST / LAM)), LAM)


def odd() -> None:
    """G_1 + G_3 + .. + G_N = g_0 + .. + g_N = 2: two outer and (N + 1)/2 - 2 inner terms."""
    total = 2 * SECOND_LAST + INNER * ((N + 1) / 2 - 2)
    equal(total / 2, ODD)
    contiguous(last=N)


def contiguous(last: Any) -> None:
    """G_j, j = 1, 3, .., last, are the gaps j - 1 and j: each pair begins where the one before it ends."""
    j = sympy.Symbol("j")
    first, second = j - 1, j
    equal(first.subs(j, 1), 0)
    equal(second - first, 1)
    equal(first.subs(j, j + 2) - second, 1)
    equal(second.subs(j, last), last)


def even() -> None:
    """G_1 + G_3 + .. + G_(N-1) + g_N = 2: one outer, N/2 - 1 inner terms and the end gap."""
    total = SECOND_LAST + INNER * (N / 2 - 1) + LAST
    equal(total / 2, EVEN)
    contiguous(last=N - 1)


def ball() -> None:
    """kappa rho <= C gamma eps with t = 3 rho/(N gamma) and rho^2 + t^2 = r^2; N >= 3: sin theta_min <= C
    eps/(kappa r)."""
    height = 3 * RHO / (N * GAMMA)
    equal((GAMMA * sympy.sqrt(RHO**2 + height**2) / RHO) ** 2, BALL**2)
    cosine, sine = acute()
    count = 3 + SLACK
    at_least((1 / sine) ** 2, (BALL**2).subs({GAMMA: cosine / sine, N: count}))
    equal((1 / sine) ** 2, (BALL**2).subs({GAMMA: cosine / sine, N: 3}))


ENTRY = Entry(
    name="theorem-c",
    label="Theorem C",
    kind="proof",
    statement="d' = 2, N creases other than H meet D = {|x| <= rho, |tau| <= t}, whatever their sign, |cot"
    " theta| <= gamma, |h| <= eps on D. If t >= 3 rho/(N gamma), then |kappa| rho <= C gamma eps with C ="
    f" {ODD} for odd N >= 3 and {EVEN} for even N. In a ball: |kappa| r <= C eps {BALL}, so min sin theta <="
    " C eps/(|kappa| r), N >= 3. Certificate form: for each line j (slope w), the others sorted, clipped,"
    " with walls of slope 0, 1/v+ = max(1/t, max over L < j < R of [(w_L - w)^+ + (w - w_R)^+]/(o_R - o_L)),"
    f" 1/v- with [(w - w_L)^+ + (w_R - w)^+]: |kappa| <= {CERTIFICATE}.",
    certifies="The chord conditions, the two difference quotients, the numerators, the four thresholds"
    " exactly, both parities, the ball.",
    does_not="Existence of a chord from pairwise conditions (intervals on a line) is words; the chord lies in"
    " the cell by convexity. For N <= 2 theorem-a-two-directions gives 4. Fewer than N creases: add some of"
    " mass 0.",
    steps=(
        Step("Remove line j. In the cell of the other lines h = (ridge of line j) + affine + kappa relu(tau)."),
        Step(
            "Chords parallel to line j: from x in H up to height v+ and down to -v-. They stay in the cell"
            " iff x lies between max_L o_L + (w_L - w)^+ v and min_R o_R - (w - w_R)^+ v (below with the"
            " signs exchanged).",
            chords,
            words=True,
        ),
        Step(
            "The difference quotients of h along the two chords differ by exactly kappa, and are at most 2"
            " eps/v+ and 2 eps/v-.",
            two_quotients,
        ),
        Step(
            "Scale gamma = rho = 1, Lam = kappa/eps. Numerators are at most 2, so Lam <= 4 max(1/t, 2/G_j),"
            " G_j = g_(j-1) + g_j.",
            numerators,
        ),
        Step(
            "Next to a wall (j = 1 or N) they are at most 2 and 1: Lam <= 2 [max(1/t, 2/G_j) + max(1/t,"
            " 1/G_j)]. The end cell, nothing removed (theorem-b-cells): Lam <= 4 max(1/t, 1/g_N).",
            numerators_at_the_wall,
        ),
        Step("If Lam > C, then 1/t <= N/3 < Lam/6, hence G_j <= 8/Lam inside, G_1, G_N <= 6/Lam, g_N <= 4/Lam.", short_gaps),
        Step("N odd: 2 <= (12 + 8((N + 1)/2 - 2))/Lam = 4N/Lam, so Lam <= 2N: contradiction.", odd),
        Step("N even: 2 <= (6 + 8(N/2 - 1) + 4)/Lam = (4N + 2)/Lam, so Lam <= 2N + 1: contradiction.", even),
        Step("Ball of radius r with t = 3 rho/(N gamma); N^2 cot^2 + 9 <= N^2/sin^2 for N >= 3.", ball),
    ),
)
