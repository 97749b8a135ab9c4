"""Theorem 2': a student on H_j, or a student at a small angle to it wherever the teachers leave room.

Certifies   tan theta <= N_S/(sqrt(X^2 - 1) - Gamma_T), X = |kappa_T| r/(4 eps), and its cylinder form.
Does not    name a student if the teachers' own creases can hide H_j: Gamma_T too large.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import at_least, equal, positives, reals
from .theorem_a import BOUND, EPS, GAMMA, KAPPA, R
from .theorem_a_cylinder import BOUND_OF_MASS, RHO, T

X, ROOM, GAMMA_T, N_S, TANGENT = positives("X room Gamma_T N_S tan")
BALL_ROOM = sympy.sqrt(X**2 - 1)
CYLINDER_ROOM = RHO / T
TANGENT_BOUND = N_S / (ROOM - GAMMA_T)  # with either room
RATIO = KAPPA * R / (4 * EPS)  # X
HEIGHT = 4 * EPS / KAPPA  # t above it


def without_a_student_on_it() -> None:
    teachers, students = reals("kappa_T kappa_S")
    equal((teachers - students).subs(students, 0), teachers)


def gamma_is_large() -> None:
    """Theorem A: kappa r <= 4 eps sqrt(1 + Gamma^2), so Gamma >= sqrt(X^2 - 1)."""
    equal((BOUND * RATIO / (KAPPA * R)) ** 2, 1 + GAMMA**2)
    equal(1 + BALL_ROOM**2, X**2)


def students_share() -> None:
    """Gamma = Gamma_T + Gamma_S and Gamma_S <= N_S cot theta_min."""
    equal(sympy.solve(GAMMA_T + N_S / TANGENT - ROOM, TANGENT)[0], TANGENT_BOUND)


def cylinder() -> None:
    """If t Gamma <= rho then |kappa| t <= 4 eps; so for a larger t Gamma > rho/t."""
    equal(sympy.solve(BOUND_OF_MASS - KAPPA, T)[0], HEIGHT)
    equal(T * CYLINDER_ROOM, RHO)


def teachers_do_not_oppose() -> None:
    before, alpha, p = positives("before alpha p")  # the sum of the teachers before, and one more
    at_least(before + alpha * p, 0)
    equal(TANGENT_BOUND.subs(GAMMA_T, 0), N_S / ROOM)


ENTRY = Entry(
    name="theorem-2-student",
    label="Theorem 2'",
    kind="proof",
    statement="Setting of Theorem A for h_k, eps = eps_k > 0, H = H_j. Either a student lies exactly on H_j,"
    " or Theorem A holds with kappa = kappa_T. N_S: opposing creases in the ball with a student on them;"
    " Gamma_T: sum of |cot| over those with teachers only; X = |kappa_T| r/(4 eps). If Gamma_T < room ="
    f" sqrt(X^2 - 1), some student has tan theta <= {TANGENT_BOUND}. Cylinder form: room = rho(t)/t for any t"
    " > 4 eps/|kappa_T|. If all alpha_ik >= 0, no teacher opposes: Gamma_T = 0.",
    certifies="The algebra from Theorem A to the tangent, in the ball and in the cylinder, and Gamma_T = 0"
    " for nonnegative alpha.",
    does_not="A hyperplane that carries a student counts as a student's even if teachers share it. eps = 0 is"
    " theorem-1-repaired. A parallel opposing crease with a student has tan theta = 0; one with teachers only"
    " makes Gamma_T infinite.",
    steps=(
        Step("kappa_H = kappa_T minus the students on H; no student: kappa_H = kappa_T.", without_a_student_on_it),
        Step(
            "Theorem A: X <= sqrt(1 + Gamma^2), so Gamma >= sqrt(X^2 - 1) (X > 1 since Gamma_T < sqrt(X^2 -"
            " 1) is presumed real).",
            gamma_is_large,
        ),
        Step("So Gamma_S >= room - Gamma_T > 0, hence N_S >= 1, and Gamma_S <= N_S cot theta_min.", students_share),
        Step("Cylinder: t > 4 eps/|kappa_T| contradicts |kappa| t <= 4 eps, so t Gamma > rho: Gamma > rho/t.", cylinder),
        Step(
            "alpha_ik >= 0: a hyperplane with teachers only has mass sum alpha |p| >= 0, the sign of"
            " kappa_T, so it does not oppose.",
            teachers_do_not_oppose,
        ),
    ),
)
