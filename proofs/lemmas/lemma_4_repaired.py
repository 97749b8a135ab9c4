"""Lemma 4, repaired, and with it the repaired Theorem 2: the paper's argument with the right quantities.

Certifies   the contradiction 4 eps >= |kappa| q = 5 eps, and that segments of half length q stay on one side
            of far hyperplanes.
Does not    keep the printed radius r - q: it presumes thickness across the boundary. The sine bound is not
            sharp (Theorem A).
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, above, acute, equal, positives
from .lemma_3_repaired import EPS, RHO, SINE_BOUND, C, D, K, Q
from .second_difference import SECOND, second_difference

KAPPA, SLACK = positives("kappa slack")
COS, SIN = acute()
BOUND = 10 / RHO * sympy.sqrt(D / (2 * sympy.pi)) * K * EPS / KAPPA  # of sin theta
STEP = 5 * EPS / KAPPA


def one_side() -> None:
    """A node with |n' . x + b'| = q + slack changes by q |cos theta| <= q along the segment."""
    for e in SIGNS:
        for s in SIGNS:
            equal(second_difference(e * COS * STEP, s * (STEP + SLACK)), 0)
            equal(second_difference(e * STEP, s * (STEP + SLACK)), 0)  # parallel


def far_point() -> None:
    equal(SINE_BOUND.subs(C, KAPPA), BOUND)
    equal(Q.subs(C, KAPPA), STEP)


def contradiction() -> None:
    kink = second_difference(KAPPA * STEP, 0)
    equal(kink, 5 * EPS)
    above(kink, sum(abs(weight) for weight in SECOND.values()) * EPS)


def with_kinks() -> None:
    """Unit normals: c_i relu(p_i . y + beta_i) = c_i |p_i| relu(n_i . y + beta_i/|p_i|), so c becomes
    kappa."""
    length, offset = positives("length offset")
    for s in SIGNS:
        value = s * (STEP + offset)
        equal(second_difference(length * STEP, length * value), length * second_difference(STEP, value))
    equal(second_difference(C * STEP, 0), C * STEP)


ENTRY = Entry(
    name="lemma-4-repaired",
    label="Lemma 4 and Theorem 2, repaired",
    kind="proof",
    statement="h a ridge sum on the convex A_k (dimension d = d' >= 2), |h| <= eps, eps > 0, nodes merged by"
    f" hyperplane, at most K of them, kappa the kink mass of H_j, q = {STEP}, rho the radius of a (d'-1)-ball"
    f" in {{y in H_j : the q-ball around y lies in A_k}}. Then some other hyperplane comes within q of that"
    f" ball and has sin theta <= {BOUND}. (Theorem 2, repaired: kappa = kappa_T if no student lies on H_j;"
    " either sign of lambda.)",
    certifies="The one-sided segments, and the contradiction with the factor 5 against 4.",
    does_not="eps = 0 is excluded (q would be 0, and an edge of A_k could carry the crease): see"
    " theorem-1-repaired. The printed r' = r - q is replaced by rho: the ball must have thickness q across"
    " H_j. Merging nodes by hyperplane and Lemma 1 put h on U (words).",
    steps=(
        Step(
            "Per unit of kink mass: a node with normal p_i has mass c_i |p_i|, and its second differences scale with it.",
            with_kinks,
        ),
        Step(
            "If not, lemma-3-repaired (2) gives y in the ball with |n' . y + b'| > q for every other"
            " hyperplane (its alternative (1) contains the claim).",
            far_point,
        ),
        Step(
            "On the segment y +- q n a node n' . y + b' changes by q |cos theta| <= q: the other nodes are affine on it.",
            one_side,
        ),
        Step("So the second difference of h is kappa q = 5 eps; it is at most 4 eps: contradiction.", contradiction),
    ),
)
