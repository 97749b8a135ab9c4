"""Theorem 1': where the observer sees around a teacher's boundary, g_1 = 0 puts a student exactly on it.

Certifies   the existence of a student on H_j (bias included), and lambda > 0 under a condition that cannot be
            dropped.
Does not    give lambda > 0 without that condition: Theorem 1's flipped student is the counterexample.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, equal, positives, reals, relu, same
from .zero_test import SQUARE, creases_and_rest, flipped_student

Z = positives("z")[0]
PLUS, MINUS = reals("C_plus C_minus")  # sums of c_i |lambda_i| over the nodes on H with lambda_i > 0, < 0
TEACHERS, STUDENTS = reals("kappa_T kappa_S")
KAPPA = TEACHERS - STUDENTS  # students enter h_k with the sign -, kappa_S = sum of (v_k' . v_k) |p_k'|


def a_student_is_there() -> None:
    equal(sympy.solve(KAPPA, STUDENTS)[0], TEACHERS)


def linear_parts() -> None:
    """C_plus relu(z) + C_minus relu(-z) = (C_plus + C_minus) relu(z) - C_minus z."""
    for s in SIGNS:
        equal(PLUS * relu(s * Z) + MINUS * relu(-s * Z), (PLUS + MINUS) * relu(s * Z) - MINUS * s * Z)


def teacher_needs_a_companion() -> None:
    """kappa_H = 0 and C_minus = 0 leave C_plus = 0 = alpha_j - sum over students with lambda > 0."""
    alpha, companions = reals("alpha_j companions")
    plus = sympy.solve([PLUS + MINUS, MINUS], [PLUS, MINUS])[PLUS]
    equal(plus, 0)
    equal(sympy.solve(alpha - companions - plus, companions)[0], alpha)


def condition_is_needed() -> None:
    """Flipped student: z_H = (1, 0, 0) is the difference of the two nodes that are active everywhere."""
    masses, rest = creases_and_rest(flipped_student(), SQUARE)
    same((masses, rest), ({(1, 0, 0): 0}, (0, 0, 0)))
    teacher, student, *active = (sympy.Matrix(node) for _, node in flipped_student())
    same(student, -teacher)
    same(active[0] - active[1], teacher)
    same(sympy.Matrix.hstack(*active, teacher).rank(), sympy.Matrix.hstack(*active).rank())
    same(sympy.Matrix.hstack(active[0], teacher).rank(), 2)  # without one of them the condition holds


ENTRY = Entry(
    name="theorem-1-repaired",
    label="Theorem 1'",
    kind="proof",
    statement="p_j != 0, a ball of U centred on H = H_j inside A_k, kappa_T = sum of alpha_ik |p*_i| over the"
    " teachers on H not 0, g_1,k = 0 on A_k. Then some student k' with v_k . v_k' != 0 has exactly the"
    " hyperplane H: (p_k', beta_k') = lambda (p_j, beta_j), lambda != 0. If no other teacher lies on H and"
    " the augmented z_H is outside the span of the other crossing z_H' and of the nodes active on all of A_k,"
    " some such student has lambda > 0.",
    certifies="kappa_S = kappa_T, the linear part that a flipped node leaves behind, the conclusion C_minus ="
    " 0, and that the span condition cannot be dropped (exact instance).",
    does_not="That h_k = 0 forces kappa_H = 0 is zero-test. Linear independence is used as: z_H outside a"
    " span has coefficient 0 (words).",
    steps=(
        Step("H meets the interior of A_k (the ball), so zero-test gives kappa_H = 0."),
        Step(
            "kappa_H = kappa_T - sum over students on H of (v_k' . v_k) |p_k'|. So that sum is kappa_T != 0:"
            " some student on H has v_k' . v_k != 0, and p_k' != 0.",
            a_student_is_there,
        ),
        Step(
            "lambda > 0: write each crossing hyperplane's nodes as C_plus relu(z) + C_minus relu(-z) ="
            " (C_plus + C_minus) relu(z) - C_minus z.",
            linear_parts,
        ),
        Step(
            "All masses C_plus + C_minus are 0, so the affine rest, sum of c_i z_i over active nodes minus"
            " sum of C_minus,H' z_H', is 0 as an augmented vector (an affine function that is 0 on an open"
            " set). z_H is outside the span of the others: C_minus,H = 0."
        ),
        Step(
            "Then C_plus,H = 0 too. It is alpha_j |lambda_j| (the only teacher, lambda_j = 1) minus students"
            " with lambda > 0: one of them has v_k . v_k' != 0.",
            teacher_needs_a_companion,
        ),
        Step(
            "Without the condition: f* = relu(x1), f = relu(-x1) + relu(x1 + x2 + 3) - relu(x2 + 3) on (-1,"
            " 1)^2 passes the zero test with lambda = -1 only; z_H is the difference of the two active"
            " nodes.",
            condition_is_needed,
        ),
    ),
)
