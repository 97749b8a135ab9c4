"""Theorem A with signs: Gamma may be the largest |sum +-|cot_i| u_i| over all signs.

Certifies   the signed sum is never above Gamma, and where it is smaller: sqrt 2 instead of 2 for two
            directions at 90 degrees.
Does not    say how to compute the maximum over 2^N signs cheaply.
"""

from __future__ import annotations

import itertools

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, above, at_least, equal, inner, positives
from .theorem_a import GAMMA, HALF, R, T

C1, C2, P, Q = positives("cot_1 cot_2 p q")
COSINES = ((P - Q) / (P + Q), 1, -1)  # every <u_1, u_2> in [-1, 1]


def gram(cosine):
    return (1, cosine), (cosine, 1)


def displacement() -> None:
    """Bang's point is s = sum e_i t |cot_i| u_i: t times a signed sum."""
    for e1, e2 in itertools.product(SIGNS, repeat=2):
        for cosine in COSINES:
            point, signed = (e1 * T * C1, e2 * T * C2), (e1 * C1, e2 * C2)
            equal(inner(point, point, gram(cosine)), T**2 * inner(signed, signed, gram(cosine)))
            at_least((C1 + C2) ** 2, inner(signed, signed, gram(cosine)))
    equal((HALF * GAMMA) ** 2 + HALF**2, R**2)


def excess() -> None:
    """Gamma^2 - |sum e_i cot_i u_i|^2 = sum over pairs of 2 cot_i cot_j (1 - e_i e_j <u_i, u_j>)."""
    c = positives("c1 c2 c3")
    x, y, z = sympy.symbols("x y z", real=True)
    products = {(0, 1): x, (0, 2): y, (1, 2): z}
    full = [[1 if i == j else products[min(i, j), max(i, j)] for j in range(3)] for i in range(3)]
    for e in itertools.product(SIGNS, repeat=3):
        signed = [a * b for a, b in zip(e, c, strict=True)]
        pairs = sum(2 * c[i] * c[j] * (1 - e[i] * e[j] * product) for (i, j), product in products.items())
        equal(sum(c) ** 2 - inner(signed, signed, full), pairs)


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
    does_not="The pair identity is checked for three creases with symbols; for more it is the same expansion (words).",
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
