"""Three evaluations certify a lower bound: Bang's point and the two points t above and below it.

Certifies   max |h| over the three points >= |kappa| t/4, and no more: an instance where it is equal.
Does not    need eps: it is a lower bound on sup |g_1,k| computed from three values.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import above, at_least, equal, positives
from .second_difference import SECOND, second_difference

KAPPA, T, TOP, SLACK = positives("kappa t top slack")
LOWER = KAPPA * T / 4


def largest_of_three() -> None:
    equal(second_difference(KAPPA * T, 0), KAPPA * T)
    equal(sympy.solve(sum(abs(weight) for weight in SECOND.values()) * TOP - KAPPA * T, TOP)[0], LOWER)
    at_least(KAPPA * T + SLACK, KAPPA * T)  # creases of the same sign only help


def equality() -> None:
    """kappa (relu(tau) - tau/2) - kappa t/4 at -t, 0, t."""
    for tau, positive in ((-T, 0), (0, 0), (T, T)):
        equal((KAPPA * positive - KAPPA * tau / 2 - LOWER) ** 2, LOWER**2)


def in_terms_of_the_node() -> None:
    """With p the normal of H, not normalised, and steps +-tau p: kappa t = sum c_i |p_i . p| tau,
    rational."""
    length, factor, tau, c = positives("length factor tau c")  # |p|, |lambda_i|, tau, c_i
    step = tau * length  # t = tau |p|
    equal((c * factor * length) * step, c * (factor * length**2) * tau)
    above(step, 0)


ENTRY = Entry(
    name="three-evaluations",
    label="three-evaluation lower bound",
    kind="proof",
    statement="x in H, the segment x +- t n inside A_k, cut by no opposing crease (Bang's point is such an x"
    f" if the cylinder (t Gamma, t) lies in A_k). Then max(|h(x + t n)|, |h(x)|, |h(x - t n)|) >= {LOWER},"
    " kappa = |kappa_H|; so sup |g_1,k| is at least that.",
    certifies="The constant 4, that it is attained, and that the certificate is rational for rational nodes.",
    does_not="proofs.constructions.three_evaluations finds the points in rationals; it is tested, exactly, on"
    " random instances.",
    steps=(
        Step(
            "|h(x + t n) + h(x - t n) - 2 h(x)| >= kappa t (second-difference), and it is at most 4 times"
            " the largest of the three.",
            largest_of_three,
        ),
        Step("kappa (relu(tau) - tau/2) - kappa t/4 takes +-kappa t/4 at all three points.", equality),
        Step(
            "Without normalising: steps tau p with p the normal of H give kappa t = tau sum over the nodes"
            " on H of c_i |p_i . p|.",
            in_terms_of_the_node,
        ),
    ),
)
