"""Theorem C2 (d' = 2): leave out two neighbouring lines; with Theorem C, N creases hide a crease at most (12/7)(N + 1) eps.

Certifies   the four points and the conditions under which they lie in a cell; a student by slopes known up to a bound; the
            count: of all gaps, equal ones leave most room to Theorems C and C2 together (the gap lemma).
Does not    claim sharpness: all-count is smaller in balls, and for large N the truth is o(N) (theorem-d).
"""

from __future__ import annotations

import itertools
import math

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, above, absolute, at_least, equal, positives, reals, relu, same
from .theorem_c import EPS, GAMMA, KAPPA, LAST, RHO, SECOND_LAST, N

A, C, T, G, LAM, SLACK, MORE = positives("a c T g Lam slack more")
ALPHA, BETA, P, Q, U, V, X = positives("alpha beta p q u v x")
X0, W1, W2, O1, O2, OL, OR, WL, WR = reals("x_0 w_1 w_2 o_1 o_2 o_L o_R w_L w_R")
MEAN, HALF = (W1 + W2) / 2, (W1 - W2) / 2  # m and +-D of the slopes left out
CORNERS = {  # (x, tau): weight
    (X0 + A * MEAN, A): 1,
    (X0 + A * HALF, sympy.Integer(0)): -1,
    (X0 - A * HALF, sympy.Integer(0)): -1,
    (X0 - A * MEAN, -A): 1,
}
FOUR = 4  # evaluations: kappa a <= 4 eps
# Lam = kappa/eps > COUNT, scaled to gamma = rho = 1: G Lam <= WIDE - 4 x, T Lam <= STEEP (1 + x) with x = |m|; and in all
# cases (2 g_(j-1) + 3 g_j + 2 g_(j+1)) Lam <= WINDOW; at each end (5 g_0 + 2 g_1) Lam <= WINDOW
WIDE, STEEP, WINDOW = 8, 8, 24
TOTAL = 2  # of all gaps
WEIGHTS = (2, 3, 2)  # of a window's gaps
END = (5, 2)  # of the two last gaps at each end
COUNT = sympy.Rational(12, 7) * (N + 1)
LOW = 6 * RHO / (GAMMA * T)  # where the strip is lower than LOWEST
LOWEST = sympy.Rational(7, 2) * RHO / ((N + 1) * GAMMA)  # t at least
BALL = sympy.sqrt((N + 1) ** 2 * GAMMA**2 + sympy.Rational(49, 4)) * sympy.Rational(12, 7)  # times eps: of kappa r


def four_points() -> None:
    """The sides are parallel to the lines, the weights kill affine functions and both ridges, H gives a."""
    top, right, left, bottom = CORNERS
    for far, near, slope in ((top, right, W2), (top, left, W1), (right, bottom, W1), (left, bottom, W2)):
        equal(far[0] - near[0], slope * (far[1] - near[1]))
        same(CORNERS[far] + CORNERS[near], 0)  # a ridge is constant along the side: its two ends cancel
    for part in (0, 1):
        equal(sum(weight * corner[part] for corner, weight in CORNERS.items()), 0)
    same(sum(CORNERS.values()), 0)
    same(sum(abs(weight) for weight in CORNERS.values()), FOUR)
    equal(sum(weight * relu(corner[1]) for corner, weight in CORNERS.items() if corner[1] != 0), A)


def in_the_cell() -> None:
    """x - o_L - w_L tau >= 0 at the corners: x_0 - o_L is at least a (m - w_L), a (w_L - m) and +-a D; right lines alike."""
    for (x, tau), slack in zip(CORNERS, (WL - MEAN, -HALF, HALF, MEAN - WL), strict=True):
        equal(x - (OL + WL * tau), X0 - (OL + A * slack))
    for (x, tau), slack in zip(CORNERS, (MEAN - WR, HALF, -HALF, WR - MEAN), strict=True):
        equal((OR + WR * tau) - x, (OR - A * slack) - X0)


def slope(first=ALPHA, second=BETA):
    """Every slope in (-1, 1)."""
    return (first - second) / (first + second)


def numerators() -> None:
    """D + |m| = max(|w_1|, |w_2|) <= 1, so max(D, |w_L - m|) <= 1 + |m|."""
    for sign in SIGNS:
        for other in SIGNS:
            equal(sign * HALF + other * MEAN, other * (W1 if sign == other else W2))
    for other in (slope(), -slope()):
        at_least(1 + U, other + U)
        at_least(1 + U, other - U)
    at_least(1 + U, 1 - U)


def neighbours_share_their_numerators() -> None:
    """Leave out line j alone, then j + 1 alone: u, v their slopes. A pair with the other as its neighbour has (w_L - u)^+ +
    (u - v)^+ or (u - v)^+ + (v - w_R)^+ above, and these with the other sign below."""
    kept = slope(P, Q)
    for u, v in ((slope(), slope() - SLACK), (slope() - SLACK, slope())):  # u > v, u < v
        least, most = (v, u) if u == slope() else (u, v)
        step = relu(u - v)
        equal((1 - u) + step, 1 - least)  # w_L <= 1
        equal(step + (v + 1), 1 + most)  # w_R >= -1
        back = relu(v - u)
        equal((u + 1) + back, 1 + most)
        equal(back + (1 - v), 1 - least)
    for w in (kept, -kept):
        at_least(1 - slope(), w - slope())
        at_least(slope() + 1, slope() - w)
    equal((1 - W2) + (1 + W1), 2 + 2 * HALF)  # p + q = 2 + 2 D <= 4 - 2 |m|
    equal(2 * (4 - 2 * X), WIDE - 4 * X)


def longer(bound):
    """A length above bound/Lam."""
    return bound / LAM * (1 + MORE)


def windows() -> None:
    """T = g_(j-1) + g_j + g_(j+1), g = g_j, G the longer of G_j and G_(j+1), so 2 G >= T + g. Were 2 T + g longer than
    WINDOW/Lam, one of the theorems would bound kappa/eps below Lam."""
    inverse_height = LAM / (6 + SLACK)
    equal(2 * G + 2 * T, (T + 2 * G) + T)
    # both numerators over G: G Lam <= WIDE - 4 x, T Lam <= STEEP (1 + x)
    equal(STEEP * (1 + X) + 2 * (WIDE - 4 * X), WINDOW)
    equal(FOUR * 2 * (1 + X), STEEP * (1 + X))
    at_least(LAM, FOUR * inverse_height)
    # one of them 2/T, the other at most 2/G: Lam <= 4/T + 4/G, G >= (T + g)/2, T = g + e
    length, window = G + X, 2 * (G + X) + G
    at_least(WINDOW, window * (4 / length + 8 / (length + G)))
    # one of them 1/t: Lam <= 2 (1/t + 2/G), so G Lam <= 6 and T <= T + g <= 2 G
    above(LAM, 2 * (inverse_height + 2 / longer(6)))
    equal(2 * (LAM / 6 + 2 / (6 / LAM)), LAM)
    equal(2 * 6 + 2 * 6, WINDOW)
    at_least(LAM, 2 * (inverse_height + inverse_height))


def ends() -> None:
    """Theorem C: G_1 = g_0 + g_1 <= 6/Lam and g_0 <= 4/Lam, where 1/t < Lam/6."""
    first, second = positives("g_0 g_1")
    equal(2 * (first + second) + 3 * first, END[0] * first + END[1] * second)
    equal(2 * SECOND_LAST + 3 * LAST, WINDOW)


def summing() -> None:
    """The windows j = 1, .., N - 1 and the two ends give every gap the weight 7, for N = 2, .., 6 gap by gap; from there on
    a further line adds a window and a gap inside."""
    for count in range(2, 7):
        weights = [0] * (count + 1)
        for j in range(1, count):
            for place, weight in zip((j - 1, j, j + 1), WEIGHTS, strict=True):
                weights[place] += weight
        for place, weight in enumerate(END):
            weights[place] += weight
            weights[-1 - place] += weight
        same(set(weights), {sum(WEIGHTS)})
    same(sum(END), sum(WEIGHTS))
    equal(WINDOW * ((N - 1) + 2) / (TOTAL * sum(WEIGHTS)), COUNT)


def heights() -> None:
    """Lam above COUNT and LOW, so 1/t < Lam/6; ball: rho^2 + t^2 = r^2, N >= 3."""
    equal(LOW.subs({GAMMA: 1, RHO: 1}) / 6, 1 / T)
    equal(LOW.subs(T, LOWEST), COUNT)
    equal((COUNT * GAMMA * sympy.sqrt(RHO**2 + LOWEST**2) / RHO) ** 2, BALL**2)
    cosine, sine = (1 - U**2) / (1 + U**2), 2 * U / (1 + U**2)
    count = sympy.Rational(7, 2) - 1 + SLACK  # N + 1 >= 7/2
    difference = ((COUNT / sine) ** 2 - BALL.subs(GAMMA, cosine / sine) ** 2).subs(N, count)
    at_least(sympy.factor(difference), 0)


def four_lines() -> None:
    """1/a = max over L, R of (sum |w_i - w_L| + sum |w_i - w_R|)/(2 (o_R - o_L)); for two lines the same formula is C2's."""
    bounds = {}
    for count, factor in ((2, FOUR), (4, 2**4 // math.comb(2, 1))):
        left_out = [(-1) ** i for i in range(count)]
        for kept in SIGNS:
            signs = itertools.product(SIGNS, repeat=count)
            farthest = max(sum(e * (w - kept) for e, w in zip(chosen, left_out, strict=True)) for chosen in signs)
            same(farthest, sum(abs(w - kept) for w in left_out))
            bounds[count] = factor * sympy.Rational(2 * farthest, 2) / ((count + 1) * G)
    equal(bounds[2], sympy.Rational(8, 3) / G)
    equal(bounds[4], sympy.Rational(12, 5) * bounds[2])


def convex() -> None:
    """|w - m| and D are |.| of linear functions of the slopes: at the middle of y - z and y + z at most the mean."""
    for middle in (U + V, U * V / (U + V), -U - V, -U * V / (U + V)):  # |.| above and below u
        at_least(sum(absolute(middle + side * U) for side in SIGNS if middle + side * U != 0) / 2, absolute(middle))
    equal(KAPPA, 2 * (2 * EPS) / (FOUR * EPS / KAPPA))  # 1/a < kappa/(4 eps) is impossible


ENTRY = Entry(
    name="theorem-c2",
    label="Theorem C2",
    kind="proof",
    statement="d' = 2. Leave out two lines (slopes w_1, w_2, and all parallel to them), m their mean, D = |w_1 - w_2|/2. In any"
    " gap of the other lines and the walls 1/a = max(1/t, max over L left and R right of it of [max(D, |w_L - m|) + max(D,"
    f" |w_R - m|)]/(o_R - o_L)); |kappa| <= {FOUR} eps/a. A student: if 1/a stays below |kappa|/(4 eps) in some gap at all"
    " corners of the slopes with a student, each in [-c, c], some student has |cot theta| > c. Count: N >= 2 creases other than"
    f" H, of any sign, |cot theta| <= gamma, meet |x| <= rho, |tau| <= t; then |kappa| rho/(gamma eps) <= max({COUNT}, {LOW}). Ball, N >= 3: |kappa| r <= {BALL} eps, so min sin theta <= ({COUNT}) eps/(|kappa| r).",
    certifies="The four points, the conditions at the corners, the numerators, every case of the window's bound, the ends, the sum.",
    does_not="A centre x_0 exists iff the intervals pairwise meet, and the corners span a convex set in the cell (words). Corners:"
    " a maximum of convex functions of the free slopes is convex (words). Below Theorem C's 2N or 2N + 1 for N = 4 and N >= 6;"
    " all-count has 8/5 in place of 12/7 in balls. Four lines left out are worse (last step), so the gap lemma stops at two.",
    steps=(
        Step(
            "The corners x_0 +- a (m, 1) with weight 1 and x_0 +- a (w_1 - w_2)/2 on H with weight -1 are a parallelogram with"
            " sides parallel to the two lines: both ridges, all parallel ones and affine functions cancel, H gives kappa a.",
            four_points,
        ),
        Step(
            "The corners lie in the gap's cell iff o_L + a max(D, |w_L - m|) <= x_0 <= o_R - a max(D, |w_R - m|) for all L and"
            " R, and a <= t; such an x_0 exists iff a is at most the formula's.",
            in_the_cell,
            words=True,
        ),
        Step(
            "Student: max(D, |w_L - m|) is convex in all slopes together, so 1/a is largest at corners, and a slope's corner is"
            " free of the other lines' ones once w_1 and w_2 are chosen.",
            convex,
            words=True,
        ),
        Step(
            "Count, gamma = rho = 1. Numerators are at most 1 + |m|: Lam = kappa/eps <= 4 max(1/t, 2 (1 + |m|)/T).", numerators
        ),
        Step(
            "Theorem C for j and for j + 1 (slopes u, v): Lam <= 2 [max(1/t, p/G, 2/T) + max(1/t, q/G, 2/T)], p = 1 - min(u, v),"
            " q = 1 + max(u, v), p + q = 2 + 2 D, for G = G_j and for G = G_(j+1).",
            neighbours_share_their_numerators,
        ),
        Step(
            "If Lam exceeds both bounds, 1/t < Lam/6 and 2 g_(j-1) + 3 g_j + 2 g_(j+1) <= 24/Lam for j = 1, .., N - 1.", windows
        ),
        Step("At the ends theorem-c gives 5 g_0 + 2 g_1 <= 24/Lam, and the same on the right.", ends),
        Step("The sum: 7 times 2 <= 24 (N + 1)/Lam, so Lam <= (12/7)(N + 1).", summing),
        Step("Lower strips, and the ball, with t where the two bounds are equal.", heights),
        Step(
            "Four neighbouring lines left out (directions-j with J = 4): the sixteen points p + sum +-v_i/2, v_i = a (w_i, 1), and"
            " kappa a 2 <= 16 eps. For alternate slopes and equal gaps g that is 32/(5 g), 12/5 times the 8/(3 g) of two lines.",
            four_lines,
        ),
    ),
)
