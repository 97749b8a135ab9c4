"""Corollary 1' with fewer observers than outputs: the part of the fan-out in the span of theirs is small.

Certifies   |P v_k'|_2^2 <= sum over m, l of |G^-1|_ml B_m B_l, G the Gram matrix of the observers' fan-outs, P the projection on their span.
Does not    bound what is orthogonal to that span: nothing does.
"""

from __future__ import annotations

import itertools

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, at_least, equal, positives, same
from .corollary_1_repaired import ENTRY_SIZE, SIZE, SLACK, one_observer

OTHER, MORE, LEFT, RIGHT, SCALE = positives("b2 slack2 a c s")


def projection() -> None:
    """P = Q G^-1 Q^T: symmetric, idempotent, the identity on Q's columns; v . P v = beta . G^-1 beta for beta = Q^T v."""
    Q = sympy.Matrix(3, 2, sympy.symbols("q:6", real=True))
    v = sympy.Matrix(sympy.symbols("v:3", real=True))
    inverse = (Q.T * Q).inv()
    P, beta = Q * inverse * Q.T, Q.T * v
    for left, right in ((P.T, P), (P * Q, Q), (P * P, P), ((P * v).T * (P * v), beta.T * inverse * beta)):
        for a, b in zip(left, right, strict=True):
            same(sympy.cancel(sympy.together(a - b)), sympy.Integer(0))


def term_by_term() -> None:
    """g beta_m beta_l <= |g| B_m B_l for |beta_m| <= B_m, |beta_l| <= B_l, whatever the signs."""
    for e, f, g in itertools.product(SIGNS, repeat=3):
        at_least(ENTRY_SIZE * (SIZE + SLACK) * (OTHER + MORE), (e * ENTRY_SIZE) * (f * SIZE) * (g * OTHER))


def never_above() -> None:
    """For n = C: G^-1 = Q^-1 Q^-T, and |sum_c q_mc q_lc| <= sum_c |q_mc| |q_lc|, two terms with all signs."""
    for e, f in itertools.product(SIGNS, repeat=2):
        at_least(ENTRY_SIZE * SIZE + LEFT * RIGHT, e * ENTRY_SIZE * SIZE + f * LEFT * RIGHT)
    Q = sympy.Matrix(2, 2, sympy.symbols("q:4", real=True))
    for a, b in zip((Q.T * Q).inv(), Q.inv() * Q.inv().T, strict=True):
        equal(a, b)


def unseen() -> None:
    """R = (-1, 1)^2, f* = (relu(x+4), s relu(x+y+3) - s relu(x+3)), students relu(x+4) (1, 0) and relu(y) (0, s)."""
    x, y = sympy.symbols("x y", real=True)
    first = (x + 4) - (x + 4)  # all nodes but relu(y) are active on R
    active, inactive = ((SCALE * ((x + y + 3) - (x + 3)) - SCALE * on) for on in (y, 0))
    observer, fan_out = sympy.Matrix([1, 0]), sympy.Matrix([0, SCALE])
    for second in (active, inactive):
        equal((observer.T * sympy.Matrix([first, second]))[0], 0)  # g_1 of the observer, on both sides of y = 0
    equal((fan_out.T * sympy.Matrix([first, active]))[0], 0)  # g_1 of the student itself, where it is active
    same((observer.T * fan_out)[0], sympy.Integer(0))
    equal(fan_out.norm(), SCALE)


ENTRY = Entry(
    name="corollary-1-span",
    label="Corollary 1', fewer observers than outputs",
    kind="proof",
    statement="Student k' as in Corollary 1', observers k_1..k_n with independent fan-outs, Q = [v_k1 .. v_kn] (C rows, n <= C"
    " columns), G = Q^T Q, B_m as there. Then the projection of v_k' on the span of the v_km has length at most"
    " sqrt(sum over m, l of |G^-1|_ml B_m B_l). For n = C this is |v_k'|_2 itself, and the bound is never above Corollary 1''s.",
    certifies="The projection by the Gram matrix, exactly; the bound term by term; the comparison with n = C; an instance with g_1 ="
    " 0 in which the rest of the fan-out is as long as one likes.",
    does_not="Projection and comparison are computed for 3 x 2 and 2 x 2 matrices; the general case is the same line of algebra"
    " in words. Nothing is said about the part orthogonal to the observers: it leaves no kink in any h_km.",
    steps=(
        Step("Each observer alone: |v_km . v_k'| <= B_m, as in Corollary 1'.", one_observer),
        Step(
            "P = Q G^-1 Q^T is the projection on the span of Q's columns: P^T = P, P^2 = P G^-1 cancelling Q^T Q, P Q = Q, and P w = 0"
            " if Q^T w = 0. With beta = Q^T v: |P v|^2 = v . P v = beta . G^-1 beta.",
            projection,
        ),
        Step("beta . G^-1 beta is at most the sum of |G^-1|_ml B_m B_l, term by term.", term_by_term),
        Step(
            "If n = C then P = 1 and G^-1 = Q^-1 Q^-T, so the sum is at most that of (sum_c |Q^-1|_mc |Q^-1|_lc) B_m B_l, the square of"
            " Corollary 1''s bound.",
            never_above,
        ),
        Step(
            "The rest is not bounded: with one observer and two outputs, f* = (relu(x+4), s relu(x+y+3) - s relu(x+3)) and students"
            " relu(x+4) (1, 0), relu(y) (0, s) on (-1, 1)^2, g_1 vanishes for both, relu(y) is at 45 degrees or more from every node,"
            " and its fan-out is (0, s), whatever s.",
            unseen,
        ),
    ),
)
