"""Lemma 2, repaired: a direction in H_j along which the other node grows at the rate sin theta.

Certifies   u = (n' - cos theta n) / sin theta is a unit vector in H_j with n' . u = sin theta, in every
            dimension >= 2.
Does not    hold as printed: theta must be the angle of the weight parts, not of the augmented vectors, and u
            a unit vector.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, acute, equal, inner

COS, SIN = acute()
N, OTHER = (sympy.Integer(1), sympy.Integer(0)), (sympy.Integer(0), sympy.Integer(1))


def direction(cosine):
    """u by its coefficients in the basis (n, n')."""
    return -cosine / SIN, 1 / SIN


def is_a_unit_vector_in_the_hyperplane() -> None:
    for sign in SIGNS:  # acute and obtuse
        cosine = sign * COS
        gram, u = ((1, cosine), (cosine, 1)), direction(cosine)
        equal(SIN**2 + cosine**2, 1)
        equal(inner(u, N, gram), 0)
        equal(inner(u, u, gram), 1)
        equal(inner(u, OTHER, gram), SIN)


def splits_the_normal() -> None:
    for sign in SIGNS:
        cosine = sign * COS
        for normal, u, other in zip(N, direction(cosine), OTHER, strict=True):
            equal(cosine * normal + SIN * u, other)


ENTRY = Entry(
    name="lemma-2-repaired",
    label="Lemma 2, repaired",
    kind="proof",
    statement="H, H' hyperplanes of R^m, m >= 2, with unit normals n, n', theta the angle between n and n'."
    " There is a unit vector u with n . u = 0 and n' . u = sin theta. So n' = cos theta n + sin theta u, and"
    " on H the node of H' reads sin theta <u, x> + constant: the points of H with |n' . x + b'| <= q form a"
    " slab of width 2 q / sin theta.",
    certifies="The three inner products and the splitting, for every angle strictly between 0 and 180 degrees"
    " and every dimension (Gram matrices).",
    does_not="theta is the angle of the weight parts. With the angle of the augmented vectors, as printed, the lemma is false.",
    steps=(
        Step(
            "0 < theta < 180 degrees: u = (n' - cos theta n) / sin theta has n . u = 0, |u| = 1, n' . u = sin theta.",
            is_a_unit_vector_in_the_hyperplane,
        ),
        Step("sin theta = 0: n' = +-n, and any unit u in H has n' . u = 0 = sin theta (m >= 2 is needed)."),
        Step("Hence n' = cos theta n + sin theta u.", splits_the_normal),
    ),
)
