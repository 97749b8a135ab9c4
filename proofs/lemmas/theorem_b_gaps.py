"""Theorem B, Lemma 2: some gap and its neighbours are not worse than equal gaps.

Certifies   some g_k > 0 with phi(g_k) + phi(G_k) <= phi(1) + phi(3), phi(y) = max(c, 2/y), for every c >= 0.
Does not    say which gap.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import above, at_least, equal, positives, same

X, U, V, C, SLACK = positives("x u v c slack")
MOST = 2  # neighbours
THIRD = sympy.Rational(2, 3)
G = 1 + X  # a gap above the mean


def phi(y):
    """2/y, where it exceeds c."""
    return 2 / y


def large_c() -> None:
    """c = 2 + u: a gap g >= 1 has 2/g <= c and 2/G <= c, so both are c, not more than phi(1) + phi(3) =
    2c."""
    at_least(2 + U, phi(1 + V))
    at_least(2 + U, phi(1 + V + SLACK))
    at_least(2 + U, phi(3))
    equal(phi(1), 2)
    equal(phi(3), THIRD)


def flat_part_is_impossible() -> None:
    """g > 1 and phi(g) = c < 2: phi(G) > 2 + max(c, 2/3) - c >= 2, so G < 1 < g <= G."""
    for third in (C, C + SLACK):  # max(c, 2/3)
        at_least(phi(1) + third - C, 2)
    above(phi(1 / (1 + SLACK)), 2)  # phi(G) above 2 only for G below 1
    above(2, phi(1 + SLACK))


def neighbours_are_short() -> None:
    """2/G > 2 + 2/3 - 2/g gives G < 3g/(4g - 3), so x < 1/2, and e_before + e_after < -(10x + 4x^2)/(1 + 4x)
    < -2x."""
    limit = 3 * G / (4 * G - 3)
    equal(phi(limit), phi(1) + phi(3) - phi(G))
    above(4 * G - 3, 0)
    half = sympy.Rational(1, 2)
    above(G.subs(X, half + U), limit.subs(X, half + U))  # x > 1/2 contradicts g <= G
    equal(limit.subs(X, half), G.subs(X, half))
    excess = limit - G - 2
    equal(excess, -(10 * X + 4 * X**2) / (1 + 4 * X))
    below_half = half * U / (U + V)  # every x in (0, 1/2)
    equal(-2 * X - excess, 4 * X * (2 - X) / (1 + 4 * X))
    above((2 - X).subs(X, below_half), 0)


def summing() -> None:
    """sum over B of (e_before + e_after) = sum mult_j e_j; mult_j <= 2, e_j <= 0 off B, e_j > 0 on B."""
    for multiplicity in range(MOST + 1):
        at_least(multiplicity * X, 0)
        at_least(multiplicity * -X, MOST * -X)
    on, off = positives("sum_B sum_off")  # of e on B, of -e off B
    contradiction = MOST * -off - (-2 * on)  # MOST sum_off e <= sum mult e < -2 sum_B e
    equal(contradiction, 2 * (on - off))  # so sum e = on - off < 0


def neighbours_counted() -> None:
    """In a period of n gaps j is the neighbour k + step of k = j - step, and of no other, for each step of -1 and 1."""
    j, k = sympy.symbols("j k", integer=True)
    steps = (-1, 1)
    for step in steps:
        same(sympy.solve(sympy.Eq(k + step, j), k), [j - step])
    same(len(steps), MOST)


ENTRY = Entry(
    name="theorem-b-gaps",
    label="Theorem B, Lemma 2",
    kind="proof",
    statement="Periodic gaps g_k >= 0 of mean 1, G_k = g_(k-1) + g_k + g_(k+1), phi(y) = max(c, 2/y), c >= 0,"
    " phi(0) infinite. Some k with g_k > 0 has phi(g_k) + phi(G_k) <= phi(1) + phi(3).",
    certifies="Every inequality on its whole range of x = g - 1, c and the slacks; the factor 3g/(4g - 3) exactly.",
    does_not="phi is nonincreasing (words).",
    steps=(
        Step(
            "Suppose phi(g_k) + phi(G_k) > phi(1) + phi(3) for all k with g_k > 0. If c >= 2: some g_k >= 1,"
            " and there phi(g_k) = phi(G_k) = c: contradiction.",
            large_c,
        ),
        Step(
            "c < 2, so phi(1) = 2, phi(3) = max(c, 2/3). B = {k : g_k > 1}. B empty: all gaps are 1, equality, contradiction."
        ),
        Step(
            "k in B. phi(g_k) = c is impossible: phi(G_k) > 2 + max(c, 2/3) - c >= 2 would need G_k < 1 < g_k <= G_k.",
            flat_part_is_impossible,
        ),
        Step(
            "So phi(g_k) = 2/g_k < 2, phi(G_k) > max(c, 2/3) >= c, so phi(G_k) = 2/G_k > 8/3 - 2/g_k: G_k <"
            " 3g/(4g - 3). With g = 1 + x: x < 1/2 because G >= g, and e_(k-1) + e_(k+1) < -(10x + 4x^2)/(1"
            " + 4x) < -2x, e = g - 1.",
            neighbours_are_short,
        ),
        Step("Every gap is a neighbour of at most two of B.", neighbours_counted),
        Step(
            "Sum over B in a period: 2 sum_(off B) e <= sum mult_j e_j < -2 sum_B e, so sum e < 0; but the mean of g is 1.",
            summing,
        ),
    ),
)
