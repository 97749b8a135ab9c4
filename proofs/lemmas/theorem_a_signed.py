"""Theorem A with signs: Gamma may be the largest |sum +-|cot_i| u_i| over all signs.

Certifies   the signed sum is never above Gamma, and where it is smaller: sqrt 2 instead of 2 for two
            directions at 90 degrees.
Does not    say how to compute the maximum over 2^N signs cheaply.
"""

from __future__ import annotations

import itertools

from ..entry import Entry, Step
from ._algebra import SIGNS, above, at_least, equal, inner, positives, reals
from .bang import GAP, LENGTH
from .theorem_a import GAMMA, HALF, R, T

C1, C2, P, Q = positives("cot_1 cot_2 p q")
COSINES = ((P - Q) / (P + Q), 1, -1)  # every <u_1, u_2> in [-1, 1]


def gram(cosine):
    return (1, cosine), (cosine, 1)


def displacement() -> None:
    """Bang's point is s = sum e_i t |cot_i| u_i: t times a signed sum, which one crease lengthens by at most its |cot|.

    One crease against the sum of those before it: <sum, u> = e (length - gap), gap >= 0, is every product that
    Cauchy-Schwarz allows.
    """
    for e in SIGNS:
        product = e * (LENGTH - GAP)
        gram = (LENGTH**2, product), (product, 1)
        point, signed = (T, e * T * C1), (1, e * C1)
        equal(inner(point, point, gram), T**2 * inner(signed, signed, gram))
        at_least((LENGTH + C1) ** 2, inner(signed, signed, gram))
    equal((HALF * GAMMA) ** 2 + HALF**2, R**2)


def excess() -> None:
    """Gamma^2 - |sum e_i cot_i u_i|^2 = sum over pairs of 2 cot_i cot_j (1 - e_i e_j <u_i, u_j>).

    Induction: a crease (c, u) with sign e after those of total G and signed sum s adds 2 c (G - e <s, u>), which is the sum
    of its pairs, as G = sum c_i and <s, u> = sum e_i c_i <u_i, u>. No pair is negative.
    """
    total, square, product, one = reals("G s2 su x")
    for e in SIGNS:
        gram = (square, product), (product, 1)
        grown = (total + C1) ** 2 - inner((1, e * C1), (1, e * C1), gram)
        equal(grown - (total**2 - square), 2 * C1 * (total - e * product))
        for other in SIGNS:  # one term of both sums
            equal(2 * C1 * (C2 - e * (other * C2 * one)), 2 * C1 * C2 * (1 - e * other * one))
            for cosine in COSINES:
                at_least(1, e * other * cosine)


def gain() -> None:
    right_angle = [inner(e, e, gram(0)) for e in itertools.product(SIGNS, repeat=2)]
    equal(max(right_angle), 2)
    above((C1 + C2) ** 2, inner((C1, C2), (C1, C2), gram(0)))
    same = [inner(e, e, gram(1)) for e in itertools.product(SIGNS, repeat=2)]
    equal(max(same), 4)


ENTRY = Entry(
    name="theorem-a-signed",
    label="Theorem A, signed Gamma",
    kind="proof",
    statement="In Theorem A, Gamma may be replaced by the maximum over signs e of |sum e_i |cot theta_i|"
    " u_i|, u_i the unit direction in H of the opposing crease i. It is at most sum |cot theta_i|, with"
    " equality if all u_i are parallel (always if d' = 2).",
    certifies="Bang's point is t times a signed sum; the excess of Gamma^2 is a sum of nonnegative pair terms; a strict gain.",
    does_not="Say which signs give the maximum.",
    steps=(
        Step(
            "Bang's point s = sum e_i t |cot_i| u_i has |s| = t |sum e_i |cot_i| u_i|, so t Gamma may be"
            " replaced by t times the maximum over signs, with t = r/sqrt(1 + Gamma^2) as before.",
            displacement,
        ),
        Step("Gamma^2 - |sum e_i cot_i u_i|^2 = sum over pairs of 2 cot_i cot_j (1 - e_i e_j <u_i, u_j>) >= 0.", excess),
        Step("Two orthogonal directions with cot = 1: the signed value is sqrt 2, not 2; parallel ones keep 2.", gain),
    ),
)
