"""Theorem A: a crease hides only behind opposing creases at a small angle, in every dimension.

Certifies   |kappa| r <= 4 eps sqrt(1 + Gamma^2) and sin theta_min <= 4 N eps/(|kappa| r); opposing creases
            only are counted.
Does not    claim the factor N to be best (Theorems B and C); the 4 is attained.
"""

from __future__ import annotations

from fractions import Fraction

import sympy

from ..entry import Entry, Step
from ._algebra import above, acute, at_least, equal, positives, supremum
from .second_difference import SECOND, second_difference

EPS, KAPPA, R, GAMMA, SINE, SLACK = positives("eps kappa r Gamma s slack")
T, N = positives("t N")
COS, SIN = acute()
BOUND = 4 * EPS * sympy.sqrt(1 + GAMMA**2)  # of kappa r
SINE_BOUND = 4 * N * EPS / (KAPPA * R)
HALF = R / sympy.sqrt(1 + GAMMA**2)  # half length t of the segment
WIDTH = T * COS / SIN  # of the slab of points whose segment the crease cuts, t |cot theta|


def slab() -> None:
    """Along the normal the node reads cos theta tau + sin theta z, z = <u, x> - m."""
    equal(second_difference(COS * T, SIN * (WIDTH + SLACK)), 0)
    equal(second_difference(-COS * T, SIN * (WIDTH + SLACK)), 0)
    inside = WIDTH / (1 + SLACK)  # within the width the segment is cut: the slab is no wider than needed
    above(second_difference(COS * T, SIN * inside), 0)


def segment_in_the_ball() -> None:
    """|x| <= sum of the widths = t Gamma, and the ends x +- t n are at most r away from the centre."""
    equal((HALF * GAMMA) ** 2 + HALF**2, R**2)


def evaluation() -> None:
    equal(sum(abs(weight) for weight in SECOND.values()) * EPS * R / HALF, BOUND)
    equal(second_difference(T, 0), T)


def sine() -> None:
    """Gamma <= N cot theta_min, and 1 + N^2 cot^2 <= N^2/sin^2 because N >= 1."""
    equal((N / SIN) ** 2 - 1 - (N * COS / SIN) ** 2, N**2 - 1)
    at_least((1 + SLACK) ** 2, 1)
    equal(sympy.solve(KAPPA * R - BOUND.subs(GAMMA, sympy.sqrt((N / SINE) ** 2 - 1)), SINE)[0], SINE_BOUND)


def attained() -> None:
    """h = relu(tau) - tau/2 - 1/4 on |tau| <= 1, without any other crease, and with one at 90 degrees."""
    alone = [(Fraction(1), (Fraction(0), Fraction(1)), Fraction(0))]
    across = [*alone, (Fraction(-1), (Fraction(1), Fraction(0)), Fraction(0))]
    affine = (Fraction(0), Fraction(-1, 2), Fraction(-1, 4))
    for nodes in (alone, across):  # on the normal through the centre, r = 1, x = 0
        equal(BOUND.subs({EPS: supremum(nodes, affine, Fraction(0), Fraction(1)), GAMMA: 0}), 1)


ENTRY = Entry(
    name="theorem-a",
    label="Theorem A",
    kind="proof",
    statement="d' >= 2, H a crease of h with kink mass kappa, a ball of radius r centred on H, |h| <= eps on"
    " it. Over the creases H' whose kink mass has the other sign (they oppose H) and that meet the ball: N"
    " their number, Gamma = sum |cot theta(H, H')|, infinite if one is parallel to H. Then |kappa| r <="
    f" {BOUND}, and if N >= 1, min sin theta <= {SINE_BOUND}.",
    certifies="The slab of points whose segment an opposing crease cuts, the length of the segment, the"
    " constant 4, the step from Gamma to the sine for every real N >= 1, and that the 4 is attained (N = 0,"
    " or an opposing crease at 90 degrees).",
    does_not="That creases of the same sign are unlimited uses only that their second differences are"
    " nonnegative. An empty count N = 0 gives |kappa| r <= 4 eps. For d' = 1 see theorem-a-on-a-line.",
    steps=(
        Step("Replace h by -h if kappa < 0. Coordinates with the centre at 0 and H = {tau = 0}, n its normal (words)."),
        Step(
            "A crease at angle theta, unit normal cos theta n + sin theta u (lemma-2-repaired), cuts the"
            " open segment {x + tau n, |tau| < t} only if |<u, x> - m| < t |cot theta|; a crease that misses"
            " the ball cuts no segment inside the ball.",
            slab,
        ),
        Step(
            "Bang's lemma in H with the widths t |cot theta_i| of the opposing creases: a point x in H, |x|"
            " <= t Gamma, whose segment none of them cuts."
        ),
        Step("With t = r/sqrt(1 + Gamma^2) the segment lies in the ball.", segment_in_the_ball),
        Step(
            "Second difference at x with step t: H gives kappa t; creases of the same sign give >= 0,"
            " opposing creases 0 (second-difference). So kappa t <= 4 eps, and kappa r <= 4 eps r/t.",
            evaluation,
        ),
        Step(
            "Gamma <= N cot theta_min and 1 + N^2 cot^2 = N^2/sin^2 - (N^2 - 1) <= N^2/sin^2: kappa r <= 4"
            " eps N/sin theta_min. If a crease is parallel, its sine is 0 and there is nothing to show.",
            sine,
        ),
        Step(
            "Attained: relu(tau) - tau/2 - 1/4 on |tau| <= 1 has eps = 1/4, kappa r = 1; a crease through"
            " the segment's line (90 degrees) changes nothing.",
            attained,
        ),
    ),
)
