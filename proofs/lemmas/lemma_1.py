"""Lemma 1: on an affine subspace x = U y + x0 a node (w, b) becomes the node (U^T w, w . x0 + b).

Certifies   the identity for all dimensions d >= d', and that orthonormal coordinates keep lengths and
            projected angles.
Does not    need U orthonormal for the identity itself.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import equal

D, K = sympy.symbols("d k", integer=True, positive=True)
U, W = sympy.MatrixSymbol("U", D, K), sympy.MatrixSymbol("w", D, 1)
X0, Y, B = sympy.MatrixSymbol("x0", D, 1), sympy.MatrixSymbol("y", K, 1), sympy.MatrixSymbol("b", 1, 1)
REDUCED_WEIGHT = U.T * W
REDUCED_BIAS = W.T * X0 + B


def preactivation() -> None:
    original, reduced = W.T * (U * Y + X0) + B, REDUCED_WEIGHT.T * Y + REDUCED_BIAS
    difference = original.doit().expand() - reduced.doit().expand()
    if sympy.simplify(difference) != sympy.ZeroMatrix(1, 1):
        raise AssertionError(f"[{difference} is not 0]")


def projections() -> None:
    """Words in letters that do not commute: u and ut stand for U and its transpose, ut u = 1."""
    u, ut, wt, other = sympy.symbols("u ut wt w'", commutative=False)
    projected = (wt * u * ut) * (u * ut * other)
    equal(projected.subs(ut * u, 1), (wt * u) * (ut * other))
    first, second, third = sympy.symbols("yt y z", commutative=False)
    equal((first * ut * u * second).subs(ut * u, 1), first * second)
    equal((third * (ut * u - 1)).expand().subs(ut * u, 1), 0)


ENTRY = Entry(
    name="lemma-1",
    label="Lemma 1",
    kind="proof",
    statement="If x = U y + x0, then w . x + b = p . y + beta with p = U^T w and beta = w . x0 + b. If U^T U"
    " = 1, lengths, balls and the angles between projected weights are the same in x and in y.",
    certifies="Both identities for every d, d', U, w, b, x0 (matrix algebra with symbolic dimensions).",
    does_not="Nothing is left out: the paper's Lemma 1 is true as printed.",
    steps=(
        Step("w . (U y + x0) + b = (U^T w) . y + (w . x0 + b).", preactivation),
        Step(
            "If U^T U = 1, then Proj w . Proj w' = (U U^T w) . (U U^T w') = p . p', and (U y) . (U z) = y ."
            " z: projected norms and angles, and distances on the subspace, may be computed in y.",
            projections,
        ),
    ),
)
