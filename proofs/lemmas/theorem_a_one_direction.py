"""Theorem A, one direction: parallel opposing creases do not add up; N may be dropped.

Certifies   sin theta <= 4 eps/(|kappa| r) when all opposing creases in the ball are parallel to each other.
Does not    limit creases of the same sign.
"""

from __future__ import annotations

from ..entry import Entry, Step
from ._algebra import SIGNS, acute, equal, inner
from .second_difference import SECOND, second_difference
from .theorem_a import EPS, KAPPA, SINE_BOUND, N, R

COS, SIN = acute()
GRAM = ((1, COS), (COS, 1))  # of the normals n of H and n' of the opposing creases
ALONG = (1 / SIN, -COS / SIN)  # unit vector in H', in the plane of n and n'
BOUND = 4 * EPS / (KAPPA * R)  # of sin theta


def along_the_creases() -> None:
    equal(inner(ALONG, ALONG, GRAM), 1)
    equal(inner(ALONG, (0, 1), GRAM), 0)
    equal(inner(ALONG, (1, 0), GRAM), SIN)


def evaluation() -> None:
    for sign in SIGNS:
        rate = R * inner(ALONG, (1, 0), GRAM)
        equal(second_difference(sign * KAPPA * rate, 0), KAPPA * R * SIN)
    equal(sum(abs(weight) for weight in SECOND.values()) * EPS, BOUND * KAPPA * R)
    equal(second_difference(0 * R, SIN), 0)
    equal(SINE_BOUND.subs(N, 1), BOUND)


ENTRY = Entry(
    name="theorem-a-one-direction",
    label="Theorem A, one direction",
    kind="proof",
    statement="Setting of Theorem A. If all opposing creases that meet the ball are parallel to each other,"
    f" at angle theta to H, then sin theta <= {BOUND}, whatever their number.",
    certifies="The direction along the creases, its height above H, and the constant.",
    does_not="If theta = 0 there is nothing to show. Creases of the same sign are unlimited.",
    steps=(
        Step("v = (n - cos theta n')/sin theta is a unit vector with n' . v = 0 and n . v = sin theta.", along_the_creases),
        Step(
            "Second difference at the centre with step r v: H gives kappa r sin theta, the opposing creases"
            " 0 (their nodes are constant along v), creases of the same sign >= 0. So kappa r sin theta <= 4"
            " eps.",
            evaluation,
        ),
    ),
)
