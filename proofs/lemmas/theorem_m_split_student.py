"""Theorems M' and L name a student: where counts and masses of the teachers leave room.

Certifies   the tangent from Theorem M' for every split, the rule for the best split, and the tangent from Theorem L.
Does not    choose the cylinder.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import above, acute, equal, positives
from .theorem_l import E_K, K, equal_powers
from .theorem_m import EPS, KAPPA, RHO, C, T
from .theorem_m_split import BOUNDED, HEAVY, LIGHT

GAMMA_T, N_B, S_T, M_S, COT, MASS, F, D = positives("Gamma_T N_B S_T M_S cot m F D")
COS, SIN = acute()
X = KAPPA * T - 4 * EPS
NUMERATOR = T * (X * N_B + C * T * M_S)
DENOMINATOR = X * (RHO - T * GAMMA_T) - C * T**2 * S_T
TANGENT = NUMERATOR / DENOMINATOR
HEAVIEST = X / (C * T)  # a student's crease is counted if its mass exceeds it; a teacher's if its mass times cos does
LEFT = E_K * KAPPA * T - EPS - F * S_T  # D
ORDER_TANGENT = (F * M_S / D) ** (1 / (K - 1))


def split() -> None:
    """Gamma_B <= Gamma_T + N_B cot, S <= S_T + M_S cot, cot = cot theta_min of the students: solve Theorem M' for it."""
    inequality = (BOUNDED - 4 * EPS).subs({HEAVY: GAMMA_T + N_B * COT, LIGHT: S_T + M_S * COT})
    rest = RHO - T * (GAMMA_T + N_B * COT)
    equal(inequality * rest, X * rest - C * T**2 * (S_T + M_S * COT))
    equal(sympy.solve(X * rest - C * T**2 * (S_T + M_S * COT), COT)[0], 1 / TANGENT)


def weights() -> None:
    """cos^2/sin = cos cot <= cot."""
    equal(COS**2 / SIN, COS * (COS / SIN))
    above(1, COS)


def best_split() -> None:
    """Counting a student's crease adds t X to the numerator, weighing it c t^2 m; a teacher's takes X t cot or c t^2 m cos cot
    off the denominator."""
    equal(sympy.diff(NUMERATOR, N_B), T * X)
    equal(sympy.diff(NUMERATOR, M_S) * MASS, C * T**2 * MASS)
    equal(sympy.solve(T * X - C * T**2 * MASS, MASS)[0], HEAVIEST)
    equal(-sympy.diff(DENOMINATOR, GAMMA_T) * (COS / SIN), X * T * COS / SIN)
    equal(-sympy.diff(DENOMINATOR, S_T) * MASS * COS**2 / SIN, C * T**2 * MASS * COS * COS / SIN)
    equal(sympy.solve(X * T - C * T**2 * MASS * COS, MASS)[0] * COS, HEAVIEST)


def ends() -> None:
    """Nothing counted: Theorem M's tangent; nothing weighed: N_B/(rho/t - Gamma_T)."""
    equal(TANGENT.subs({N_B: 0, GAMMA_T: 0}), C / RHO * T**2 * M_S / (X - C / RHO * T**2 * S_T))
    equal(TANGENT.subs({M_S: 0, S_T: 0}), N_B / (RHO / T - GAMMA_T))


def order() -> None:
    """e_k kappa t <= eps + F (S_T + M_S cot^(k-1)); (cos^2/sin) cot^(k-2) = cos cot^(k-1) <= cot^(k-1)."""
    power = sympy.Symbol("power", positive=True)  # cot^(k-1)
    equal(sympy.solve(E_K * KAPPA * T - EPS - F * (S_T + M_S * power), power)[0], LEFT / (F * M_S))
    equal_powers(ORDER_TANGENT ** (K - 1), F * M_S / D)  # 1/power
    equal_powers(COS**2 / SIN * (COS / SIN) ** (K - 2), COS * (COS / SIN) ** (K - 1))


ENTRY = Entry(
    name="theorem-m-split-student",
    label="Theorems M' and L name a student",
    kind="proof",
    statement="Cylinder (rho, t) in A_k, no student on H, kappa = |kappa_T|. M': split the opposing creases that meet it into counted"
    " and weighed ones; Gamma_T, S_T: sums of |cot| and of |kappa'| cos^2/sin over the counted and the weighed ones without a"
    " student; N_B, M_S: number of the counted ones with a student, sum of |kappa'| over the weighed ones. If X = |kappa| t - 4 eps"
    f" > 0 and {DENOMINATOR} > 0, some student has tan theta <= {TANGENT}. The best split weighs what has |kappa'| (a teacher's:"
    f" |kappa'| cos theta) at most {HEAVIEST}. L: over ALL other creases that meet the cylinder, F Theorem L's factor, S_T the sum of"
    f" |kappa'| (cos^2/sin) |cot|^(k-2) without a student, M_S the sum of |kappa'| with one: if D = {LEFT} > 0, some student has tan theta"
    f" <= {ORDER_TANGENT}.",
    certifies="The solution for the tangent, the threshold of the split, both ends, and the power k - 1.",
    does_not="Choosing the smaller of two terms for each crease on its own is best, as numerator and denominator are sums (words).",
    steps=(
        Step(
            "Theorem M' with Gamma_B <= Gamma_T + N_B cot theta_min and S <= S_T + M_S cot theta_min; if its left side still exceeds 4 eps"
            " (or t Gamma_B >= rho only through students), theta_min is small: solve for it.",
            split,
        ),
        Step("A weighed student contributes at most |kappa'| cot.", weights),
        Step(
            "Each crease adds to the numerator or takes from the denominator on its own: the rule of the best split.",
            best_split,
        ),
        Step("Its two ends are Theorem M's student form and the cylinder's count.", ends),
        Step("Theorem L with |cot| <= cot theta_min for students.", order),
    ),
)
