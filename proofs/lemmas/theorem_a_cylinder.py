"""Theorem A in a cylinder: the polytope's true thickness across and along the crease, each on its own.

Certifies   |kappa| t <= 4 eps if t Gamma <= rho; when a cylinder lies in a polytope; that the ball is a
            special case.
Does not    solve the linear programs rho(t).
"""

from __future__ import annotations

import itertools

from ..entry import Entry, Step
from ._algebra import SIGNS, above, absolute, equal, inner, positives
from .second_difference import SECOND, second_difference
from .theorem_a import BOUND, EPS, GAMMA, HALF, KAPPA, R

T, RHO, A, ALONG = positives("t rho a along")
BOUND_OF_MASS = 4 * EPS / T  # of kappa


def evaluation() -> None:
    equal(second_difference(KAPPA * T, 0), KAPPA * T)
    equal(sum(abs(weight) for weight in SECOND.values()) * EPS / T, BOUND_OF_MASS)


def reach(sign):
    """The largest value of a . y over {|y_H| <= rho, |tau| <= t}: rho |a_H| + t |a . n|; a_H along the first
    axis of H."""
    return RHO * A + T * absolute(sign * ALONG)


def inside_a_polytope() -> None:
    share, height = positives("share height")
    for sign in SIGNS:
        corner = inner((RHO, sign * T), (A, sign * ALONG), ((1, 0), (0, 1)))
        equal(corner, reach(sign))
        # any other point: |<y_H, a_H>| <= rho |a_H| (Cauchy-Schwarz), |tau| <= t
        for e, f in itertools.product(SIGNS, repeat=2):
            point = inner((e * RHO / (1 + share), f * T / (1 + height)), (A, sign * ALONG), ((1, 0), (0, 1)))
            above(reach(sign), point)


def ball_is_a_cylinder() -> None:
    half, radius = HALF, HALF * GAMMA
    equal(half**2 + radius**2, R**2)
    equal(BOUND_OF_MASS.subs(T, HALF) * R, BOUND)
    equal(radius / half, GAMMA)


ENTRY = Entry(
    name="theorem-a-cylinder",
    label="Theorem A, cylinder",
    kind="proof",
    statement="If {y + tau n : y in a (d'-1)-ball of radius rho in H, |tau| <= t} lies in A_k and t Gamma <="
    f" rho, Gamma over the opposing creases that meet the cylinder, then |kappa| <= {BOUND_OF_MASS}. The"
    " largest rho for given t and centre p is a linear program: a . p + rho |a_H| + t |a . n| <= b for every"
    " facet a . y <= b. The best cylinder is never worse than the ball.",
    certifies="The bound, the support function of a cylinder, and the cylinder inside the ball that gives Theorem A back.",
    does_not="Bang's lemma and the slabs are those of theorem-a. |a_H| is a number, so the program is linear"
    " in (p, rho) (words).",
    steps=(
        Step(
            "As in Theorem A: Bang's point has |x| <= t Gamma <= rho, so its segment of half length t lies"
            " in the cylinder and no opposing crease cuts it; the second difference gives kappa t <= 4"
            " eps.",
            evaluation,
        ),
        Step("The maximum of a . y over the cylinder is a . p + rho |a_H| + t |a . n|, taken at a corner.", inside_a_polytope),
        Step(
            "In a ball of radius r take t = r/sqrt(1 + Gamma^2), rho = t Gamma: the corners are on the"
            " sphere, and the bound is Theorem A's. Fewer creases meet the cylinder than the ball.",
            ball_is_a_cylinder,
        ),
    ),
)
