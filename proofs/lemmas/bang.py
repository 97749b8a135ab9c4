"""Bang's lemma: slabs cannot stop you; signs that no single flip improves give a point outside all of them.

Certifies   for unit vectors u_i, reals m_i and widths w_i >= 0 the point s = sum e_i w_i u_i has |<u_i, s> -
            m_i| >= w_i.
Does not    bound how many flips a search needs (it is finite, and a local maximum is enough).
"""

from __future__ import annotations

from ..entry import Entry, Step
from ._algebra import SIGNS, above, absolute, at_least, equal, inner, positives, reals

S2, W, GAP, LENGTH = positives("S2 w gap length")
G, M, LINEAR = reals("G m l")  # <u_i, s>, m_i, the sum of e_j w_j m_j


def objective(square, linear):
    """F(e) = |s|^2 - 2 sum e_i w_i m_i."""
    return square - 2 * linear


def improvement(e):
    """F after flipping e_i, minus F before: -4 w_i [e_i (<u_i, s> - m_i) - w_i]."""
    return -4 * W * (e * (G - M) - W)


def flipping() -> None:
    for e in SIGNS:
        moved = (1, -2 * e * W)  # s - 2 e w u, in the basis (s, u)
        square = inner(moved, moved, ((S2, G), (G, 1)))
        equal(objective(square, LINEAR - 2 * e * W * M) - objective(S2, LINEAR), improvement(e))


def local_maximum() -> None:
    for e in SIGNS:
        short = improvement(e).subs(G, M + e * (W - GAP))  # e(<u,s> - m) = w - gap
        equal(short, 4 * W * GAP)
        above(short, 0)
        at_least(absolute(e * (W + GAP)), W)  # e(<u,s> - m) = w + gap


def short_sum() -> None:
    """|s + e w u| <= |s| + w, as e <u, s> = |s| - gap, and Cauchy-Schwarz by the square |s - <u,s> u|^2."""
    residual = (1, -G)
    equal(inner(residual, residual, ((S2, G), (G, 1))), S2 - G**2)
    for e in SIGNS:
        product = e * (LENGTH - GAP)
        step = (1, e * W)
        at_least((LENGTH + W) ** 2, inner(step, step, ((LENGTH**2, product), (product, 1))))


def flipping_a_set() -> None:
    """sigma = sum over S of e_i w_i u_i, <sigma, s> and sum_S e_i w_i m_i arbitrary."""
    product, square, offsets = positives("P Q O")
    moved = (1, -2)
    after = objective(inner(moved, moved, ((S2, product), (product, square))), LINEAR - 2 * offsets)
    change = after - objective(S2, LINEAR)
    equal(change, 4 * square - 4 * (product - offsets))


ENTRY = Entry(
    name="bang",
    label="Bang's lemma",
    kind="proof",
    statement="Unit vectors u_i in R^m, reals m_i, widths w_i >= 0. There are signs e_i such that s = sum e_i"
    " w_i u_i has |<u_i, s> - m_i| >= w_i for all i; and |s| <= sum w_i.",
    certifies="The change of F(e) = |s|^2 - 2 sum e_i w_i m_i under a flip, and both conclusions at a local"
    " maximum; every dimension, every number of vectors (one vector against the rest).",
    does_not="Termination is words: there are finitely many sign vectors and F strictly increases. A function"
    " that finds the point in rationals is proofs.constructions.bang_point.",
    steps=(
        Step("Flipping e_i changes F by -4 w_i [e_i (<u_i, s> - m_i) - w_i].", flipping),
        Step(
            "If e_i (<u_i, s> - m_i) < w_i with w_i > 0, the flip strictly increases F. So at a local"
            " maximum e_i (<u_i, s> - m_i) >= w_i, and |<u_i, s> - m_i| >= w_i.",
            local_maximum,
        ),
        Step("w_i = 0: the claim |<u_i, s> - m_i| >= 0 is empty."),
        Step("A local maximum exists, and flipping reaches one: 2^N sign vectors, F strictly increases (words)."),
        Step("|s| <= sum w_i, adding one vector at a time.", short_sum),
        Step(
            "More, at a global maximum: flipping a set S changes F by 4 |sigma|^2 - 4 sum over S of e_i w_i"
            " (<u_i, s> - m_i), sigma = sum over S of e_i w_i u_i; so the depths d_i = e_i (<u_i, s> - m_i)"
            " have sum w_i d_i >= |sigma|^2.",
            flipping_a_set,
        ),
    ),
)
