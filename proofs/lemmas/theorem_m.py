"""Theorem M: a crease hides only behind enough opposing kink mass, whatever the number of nodes.

Certifies   kappa t - (c_n/rho) t^2 S <= 4 eps with S = sum |kappa'| cos^2/sin over the opposing creases, and
            its form that names a student.
Does not    claim that c_n is best: see theorem-m-constant.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import above, acute, equal, positives
from .second_difference import SECOND, second_difference
from .volume_inequality import RATIO, VOLUME, N, R

EPS, KAPPA, T, RHO, S, C, SLACK = positives("eps kappa t rho S c slack")
TEACHERS, STUDENT_MASS, TANGENT = positives("S_T M_S tan")
COS, SIN = acute()
C_N = sympy.gamma(N / 2 + 1) / (sympy.sqrt(sympy.pi) * sympy.gamma((N + 1) / 2))
WEIGHT = COS**2 / SIN  # of a crease of unit mass in S
LEFT = KAPPA * T - C / RHO * T**2 * S  # <= RIGHT
RIGHT = 4 * EPS
D = KAPPA * T - RIGHT - C / RHO * T**2 * TEACHERS
TANGENT_BOUND = C / RHO * T**2 * STUDENT_MASS / D


def cut_length() -> None:
    """A unit crease gives max(0, t cos - sin |z|), z = <u, x> - m: its integral over z is t^2 cos^2/sin."""
    z = sympy.Symbol("z", positive=True)
    reach = T * COS / SIN
    equal(second_difference(T * COS, SIN * (reach + SLACK)), 0)
    inside = reach / (1 + SLACK)
    equal(second_difference(T * COS, SIN * inside), T * COS - SIN * inside)
    antiderivative = T * COS * z - SIN * z**2 / 2
    equal(sympy.diff(antiderivative, z), T * COS - SIN * z)
    equal(2 * antiderivative.subs(z, reach), T**2 * WEIGHT)


def density() -> None:
    """At height z of the n-ball: V_(n-1)(sqrt(rho^2 - z^2))/V_n(rho), largest at z = 0."""
    equal(VOLUME.subs(N, N - 1) / VOLUME, C_N / R)
    equal(C_N * RATIO, 1)
    # V_(n-1) grows like the (n-1)-th power, so it is largest at z = 0
    equal((VOLUME.subs(N, N - 1) / R ** (N - 1)).diff(R), 0)


def average() -> None:
    equal(sum(abs(weight) for weight in SECOND.values()) * EPS, RIGHT)
    equal(LEFT, second_difference(KAPPA * T, 0) - C / RHO * (T**2 * S))


def student() -> None:
    """S = S_T + S_S and S_S <= M_S cot theta_min, because cos^2/sin <= cot."""
    equal(WEIGHT, COS * (COS / SIN))
    above(1, COS)
    room = RIGHT - LEFT.subs(S, TEACHERS + STUDENT_MASS / TANGENT)
    equal(sympy.solve(room, TANGENT)[0], TANGENT_BOUND)
    equal(RIGHT - LEFT.subs(S, TEACHERS), -D)


ENTRY = Entry(
    name="theorem-m",
    label="Theorem M",
    kind="proof",
    statement="In a cylinder {|x| <= rho, |tau| <= t} around a centre on H, inside A_k, n = d' - 1 >= 1:"
    f" {LEFT} <= {RIGHT}, where c = c_n = {C_N} and S is the sum of |kappa'| cos^2 theta/sin theta over the"
    " opposing creases that meet the cylinder. No student on H, S_T the part of S from creases with teachers"
    f" only, M_S the sum of |kappa'| over the opposing ones with a student, D = {D} > 0: some student has tan"
    f" theta <= {TANGENT_BOUND}.",
    certifies="The integral of a cut, the density bound c_n/rho for every n, the constants, and the student form.",
    does_not="Averaging an inequality over a probability law, and Fubini, are words. A parallel opposing"
    " crease in the cylinder makes S infinite and the statement empty.",
    steps=(
        Step(
            "For x in the ball of radius rho in H, the second difference of h at x with step t is at most 4"
            " eps, and at least kappa t minus, for each opposing crease, |kappa'| max(0, t cos theta - sin"
            " theta |<u, x> - m|) (second-difference)."
        ),
        Step("That function of z = <u, x> - m has the integral t^2 cos^2 theta/sin theta.", cut_length),
        Step("x uniform in the n-ball: the density of <u, x> is at most V_(n-1)(rho)/V_n(rho) = c_n/rho.", density),
        Step("Average (words: monotone, Fubini): kappa t - (c_n/rho) t^2 S <= 4 eps.", average, words=True),
        Step(
            "S = S_T + S_S and S_S <= M_S cot theta_min over the creases with a student (cos^2/sin = cos cot"
            " <= cot). If D > 0, (c_n/rho) t^2 M_S cot theta_min >= D.",
            student,
        ),
    ),
)
