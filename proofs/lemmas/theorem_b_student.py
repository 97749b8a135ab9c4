"""Theorem B names a student: the certificate form with facets for walls, and with slopes known up to a bound.

Certifies   the largest value of a sum of two quotients over free slopes in [-c, c], for lines all different,
            one shared, or both; that a farther free line never matters; the ball form N gamma >= room.
Does not    say that the best gap is found: any gap is a bound.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, at_least, equal, positives, reals
from .theorem_b import BALL, EPS, GAMMA, KAPPA, N, R, S
from .theorem_b_cells import BOUND

C, P, Q, U, V, D, E, SLACK = positives("c p q u v D E slack")
ABOVE, BELOW = positives("a b")
WALL, TILT, W_L, W_R, W_R2 = reals("o f w_l w_r w_s")
ROOM = KAPPA / (2 * EPS)  # 1/a + 1/b below it is impossible
TAKEN = 2 * C / (D + E)  # less for a shared free line: 2 c times the smaller of 1/D and 1/(D + E)
BALL_ROOM = sympy.sqrt((KAPPA * R * S / (2 * EPS * (S + 1))) ** 2 - S**2)  # of N gamma


def free():
    """Every slope in (-c, c)."""
    return C * (P - Q) / (P + Q)


def facets() -> None:
    """A facet a . y <= b that is not parallel to H is a line x = o + f tau, a wall on the side where a grows along H."""
    x, tau = reals("x tau")
    along, across, limit = P, TILT, -WALL * P
    for side in SIGNS:
        value = side * along * x + side * across * tau + side * limit  # <= 0 inside
        line = sympy.solve(value, x)[0]
        equal(value, side * along * (x - line))
        equal(sympy.diff(line, tau), -across / along)


def contradiction() -> None:
    """kappa <= 2 eps (1/a + 1/b), so 1/a + 1/b is at least ROOM."""
    equal(sympy.solve(KAPPA - BOUND, KAPPA)[0], 2 * EPS * (1 / ABOVE + 1 / BELOW))
    equal(ROOM * 2 * EPS, KAPPA)


def all_different() -> None:
    """Four free slopes: (w_l - w_r)/D + (w_s - w_m)/E is at most 2c/D + 2c/E, and that at opposite ends."""
    u, v = positives("u2 v2")
    other = C * (U - V) / (U + V)
    for numerator in (free() - other, other - free()):
        at_least(2 * C, numerator)
    more = (C * (u - v) / (u + v) - free()) / (D + E)
    at_least(2 * C / D + 2 * C / (D + E), (free() - other) / D + more)


def shared() -> None:
    """One free line l in both pairs, 1/D >= 1/(D + E): w (1/D - 1/(D + E)) is at most c (1/D + 1/(D + E)) - TAKEN."""
    both = W_L / D - W_L / (D + E) - W_R / D + W_R2 / (D + E)
    equal(both, W_L * (1 / D - 1 / (D + E)) - W_R / D + W_R2 / (D + E))
    most = C * (1 / D + 1 / (D + E)) - TAKEN
    at_least(most, free() * (1 / D - 1 / (D + E)))
    at_least(most, -free() * (1 / D - 1 / (D + E)))
    equal(most, C * (1 / D - 1 / (D + E)))  # at an end: not more than needed
    # both lines shared, the same pair: the quotients are opposite, and so are their bounds
    equal((W_L - W_R) / D + (W_R - W_L) / D, 0)
    equal(2 * C / D + 2 * C / D - 2 * TAKEN.subs(E, 0), 0)


def farther() -> None:
    """A quotient (c - w_r)/D that is not negative grows if the free line moves nearer to the gap."""
    numerator, nearer = positives("numerator nearer")
    at_least(numerator / D, numerator / (D + nearer))


def growing() -> None:
    """All of it grows with c: coefficients are not negative."""
    at_least(2 / D, 0)
    at_least(sympy.diff(C * (1 / D + 1 / (D + E)) - TAKEN, C), 0)


def ball_form() -> None:
    """kappa r <= 2 eps (1 + 1/s) sqrt(N^2 gamma^2 + s^2): N gamma is at least BALL_ROOM; tan theta <= N/room."""
    equal((BALL.subs(GAMMA, BALL_ROOM / N) / (KAPPA * R)) ** 2, 1)
    at_least(BALL**2, (BALL**2).subs(GAMMA, GAMMA / (1 + SLACK)))
    room, tangent = positives("room tan")
    equal(sympy.solve(N / tangent - room, tangent)[0], N / room)


ENTRY = Entry(
    name="theorem-b-student",
    label="Theorem B names a student",
    kind="proof",
    statement="d' = 2, no student on H, kappa = |kappa_T| > 0, |h| <= eps on the convex set A_k. Opposing lines x = o +"
    " w tau and the walls of A_k (facets as lines; what is parallel to H limits the heights). Fix c and a gap of H"
    " inside A_k. If 1/a + 1/b, at its largest over all slopes in [-c, c] of the lines with a student on them, is below"
    f" {ROOM}, then some student has |cot theta| > c. That largest value is the maximum, with 1/t of the parallels in"
    " place of either term, of sums of two quotients at the ends of the slopes, less 2 c min(1/D, 1/D') for each line"
    f" with a student that both quotients share. Ball: if N gamma_T < {BALL_ROOM} for some s in [1, 3], some student has"
    " tan theta <= N/that root; N counts all opposing creases in the ball, gamma_T is the largest |cot| of those"
    " without a student.",
    certifies="Facets as walls; the ends of the slopes in all three cases; monotonicity in c and in the distance of a"
    " free line; the ball form's root.",
    does_not="A student parallel to H has sine 0: nothing to show. Steps 1 and 3 use theorem-b-cells unchanged: its proof"
    " needs a convex cell inside the region where |h| <= eps, not that walls are vertical, and no clipping.",
    steps=(
        Step(
            "A facet of A_k is a wall with its own slope; the cell of a gap, cut by lines and walls, is convex and in"
            " A_k. A parallel facet or teacher limits the height on its side.",
            facets,
        ),
        Step(
            "theorem-b-cells: kappa <= 2 eps (1/a + 1/b) for the true slopes. If all students have |cot| <= c they lie in"
            " [-c, c], so the largest value over that box is at least kappa/(2 eps). Else some student has |cot| > c.",
            contradiction,
        ),
        Step(
            "max(1/t, max U) + max(1/t, max V) is a maximum of sums of one term each, each sum linear in every slope: it is"
            " largest at ends. Different lines: each quotient at its own ends.",
            all_different,
        ),
        Step("A free line in both quotients cannot be at both ends.", shared),
        Step(
            "Two free lines on each side of the gap are enough: in a sum where both quotients matter (are not negative) a"
            " farther one may be replaced by the nearest that the sum does not use yet; a negative quotient is never"
            " larger than 1/t.",
            farther,
            words=True,
        ),
        Step("So the largest c below ROOM is a minimum over sums linear in c.", growing),
        Step("Ball: Theorem B with gamma = max(gamma_T, c).", ball_form),
    ),
)
