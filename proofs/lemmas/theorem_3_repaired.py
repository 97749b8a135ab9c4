"""Theorem 3': another teacher within e0 costs e0 |v_k|, in the dual norm of the observer's fan-out.

Certifies   h'_k = h_k + v_k . (f*' - f*), and the dual norms of the 2-, infinity- and 1-norm, each attained.
Does not    involve any other student's fan-out: the printed maximum over all of them is not needed.
"""

from __future__ import annotations

import itertools

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, absolute, at_least, equal, inner, positives, reals

EPS, E0, DUAL, SLACK = positives("eps e0 dual slack")
ENLARGED = EPS + E0 * DUAL  # replaces eps_k


def other_teacher() -> None:
    """For each output: v (f*' - f) = v (f* - f) + v (f*' - f*)."""
    v, other, true, student = reals("v f' f* f")
    equal(v * (other - student), v * (true - student) + v * (other - true))
    for e in SIGNS:  # |h_k| = eps, |v . (f*' - f*)| <= e0 |v|_dual: the worst case adds up
        equal(absolute(e * EPS + e * E0 * DUAL), ENLARGED)
    at_least(ENLARGED, absolute(EPS + E0 * DUAL / (1 + SLACK)))


def euclidean() -> None:
    """|v|^2 |g|^2 - (v . g)^2 = |v|^2 |g - (v . g) v/|v|^2|^2 (Gram matrix of v, g); attained by g = e0
    v/|v|."""
    length, gg = positives("length gg")
    vg = reals("vg")[0]
    gram = ((length**2, vg), (vg, gg))
    residual = (-vg / length**2, 1)
    equal(length**2 * inner(residual, residual, gram), length**2 * gg - vg**2)
    best = (E0 / length, 0)
    equal(inner(best, best, gram), E0**2)
    equal(inner(sympy.eye(2).row(0), best, gram), E0 * length)


def maximum_norm() -> None:
    """|g_i| <= e0: each term v_i g_i <= |v_i| e0, attained by g_i = e0 sign v_i: the 1-norm of v."""
    a, size = positives("a size")
    for e, f in itertools.product(SIGNS, repeat=2):
        at_least(a * (size + SLACK), (e * a) * (f * size))
        equal((e * a) * (e * E0), E0 * absolute(e * a))


def sum_norm() -> None:
    """sum |g_i| <= e0: each term v_i g_i <= max |v_i| |g_i|, attained in one coordinate: the maximum norm of
    v."""
    a, more, s = positives("a more s")
    for e, f in itertools.product(SIGNS, repeat=2):
        at_least((a + more) * s, (e * a) * (f * s))
        equal(e * (a + more) * (e * E0), E0 * (a + more))


ENTRY = Entry(
    name="theorem-3-repaired",
    label="Theorem 3'",
    kind="proof",
    statement="|f* - f*'| <= e0 on R in some norm. Every bound above (Theorems A, M, M', 2', Corollary 1',"
    f" ...) holds for the teacher f*' with eps_k replaced by {ENLARGED}, dual the dual norm of the fan-out"
    " v_k of the observer: the 2-norm for the 2-norm, the 1-norm for the maximum norm, the maximum norm for"
    " the 1-norm.",
    certifies="The splitting of h'_k, and Hoelder's inequality for the three pairs of norms with equality"
    " cases (so no smaller factor works).",
    does_not="Sums over outputs are bounded term by term. Theorem 1' needs eps = 0 for f*' itself.",
    steps=(
        Step(
            "h'_k = v_k . (f*' - f) = h_k + v_k . (f*' - f*), so |h'_k| <= eps_k + e0 |v_k|_dual on A_k. The"
            " theorems use h only.",
            other_teacher,
        ),
        Step("2-norm: Cauchy-Schwarz by a square; attained by g = e0 v/|v|.", euclidean),
        Step("Maximum norm of f* - f*': the factor is the 1-norm of v_k.", maximum_norm),
        Step("1-norm of f* - f*': the factor is the largest |v_ki|.", sum_norm),
    ),
)
