"""Theorem C names a student: chords along a direction that is left out, slopes known up to a bound.

Certifies   the sum of the two numerators is convex in the free slope left out, and largest at an end; the ends of
            the other slopes; the ball form.
Does not    claim the exact maximum over all slopes: numerators that share a line are bounded one by one.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, at_least, equal, positives, reals, relu
from .theorem_c import BALL, CERTIFICATE, DOWN, EPS, EVEN, GAMMA, KAPPA, ODD, UP, N

C, P, Q, R, SLACK, X, Y = positives("c p q r slack x y")
ROOM = KAPPA / (2 * EPS)
CONSTANT = sympy.Symbol("C", positive=True)  # of Theorem C
BALL_ROOM = sympy.sqrt((KAPPA * R * N / (CONSTANT * EPS)) ** 2 - 9)  # of N gamma


def free():
    """Every slope in (-c, c)."""
    return C * (P - Q) / (P + Q)


def convex() -> None:
    """(w_l - w)^+ at the middle of w - x and w + x is at most the mean of its values there: all sign patterns."""
    for distance in (X + Y, Y * X / (X + Y), -X - Y, -Y * X / (X + Y)):  # w_l - w, |.| above and below x
        ends = [relu(distance - side * X) for side in SIGNS]
        at_least(sum(ends) / 2, relu(distance))


def ends_of_the_others() -> None:
    """(s - w)^+ grows with s, (w - s)^+ falls: a free slope s in (-c, c) never exceeds the values at its ends."""
    for w in (C + SLACK, -C - SLACK):
        at_least(relu(C - w), relu(free() - w))
        at_least(relu(w + C), relu(w - free()))
    at_least(C, free())
    at_least(free(), -C)


def level() -> None:
    equal(ROOM * 2 * EPS, KAPPA)
    equal(CERTIFICATE, 2 * EPS * (1 / UP + 1 / DOWN))


def ball_form() -> None:
    """kappa r <= C eps BALL: N gamma is at least BALL_ROOM, tan theta <= N/BALL_ROOM."""
    equal((CONSTANT * EPS * BALL.subs(GAMMA, BALL_ROOM / N) / (KAPPA * R)) ** 2, 1)
    at_least(BALL**2, (BALL**2).subs(GAMMA, GAMMA / (1 + SLACK)))
    equal(ODD, 2 * N)
    equal(EVEN, ODD + 1)


def one_direction() -> None:
    """Any number of creases of that direction: a node a (x - o - w tau)^+ is constant along (w, 1)."""
    w, tau, x, o = reals("w tau x o")
    node = x - o - w * tau
    equal(sympy.diff(node.subs(x, x + w * tau), tau), 0)


ENTRY = Entry(
    name="theorem-c-student",
    label="Theorem C names a student",
    kind="proof",
    statement="d' = 2, no student on H, kappa = |kappa_T| > 0, |h| <= eps on the convex set A_k. Leave out all creases of one"
    " direction (slope w); take a gap of the other lines, whatever their sign, and of the walls of A_k. Put every slope with a"
    " student at the end of [-c, c] that makes its numerator larger, and w, if it is a student's, at both ends. If 1/v+ + 1/v-"
    f" stays below {ROOM}, some student has |cot theta| > c. Ball: N >= 3 other creases of any sign (fewer: add some of mass"
    f" 0), C = {ODD} (odd) or {EVEN} (even); if N gamma_T < {BALL_ROOM}, gamma_T the largest |cot| without a student, then"
    " some student has tan theta <= N/that root.",
    certifies="Convexity in w, the ends of the other slopes, the ball form's root, the parities.",
    does_not="A student parallel to H has sine 0: nothing to show; parallel teachers and facets limit the heights. Walls need"
    " not be vertical: theorem-c's chords need a convex region with |h| <= eps (theorem-b-student, step 1). A maximum of convex"
    " functions, and a sum of two, is convex (words).",
    steps=(
        Step("theorem-c: kappa <= 2 eps (1/v+ + 1/v-) for the true slopes, for any gap of the lines kept.", level),
        Step("All creases of one direction may be left out together.", one_direction),
        Step("For fixed other slopes 1/v+ + 1/v- is convex in w, so over [-c, c] it is largest at an end.", convex),
        Step("At fixed w each numerator is largest at an end of each free slope.", ends_of_the_others),
        Step(
            "So if all students have |cot| <= c, the sum at these ends is at least kappa/(2 eps). Ball: Theorem C with gamma ="
            " max(gamma_T, c).",
            ball_form,
        ),
    ),
)
