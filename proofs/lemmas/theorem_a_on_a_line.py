"""Theorem A for d' = 1: on a line creases are points, and an opposing one must lie within t.

Certifies   |kappa| t <= 4 eps if no opposing crease lies in the open interval (p - t, p + t); attained.
Does not    speak of angles: there are none.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, above, absolute, equal, positives
from .second_difference import SECOND, second_difference

EPS, KAPPA, T, SLACK = positives("eps kappa t slack")
BOUND = 4 * EPS / T  # of kappa


def evaluation() -> None:
    equal(second_difference(KAPPA * T, 0), KAPPA * T)
    equal(sum(abs(weight) for weight in SECOND.values()) * EPS, BOUND * T)
    for side in SIGNS:  # an opposing node relu(q - p') of slope 1 at distance t + slack from p
        equal(second_difference(T, side * (T + SLACK)), 0)
        above(second_difference(T + SLACK, side * T), 0)  # within t it would count


def attained() -> None:
    """kappa relu(q) - kappa q/2 - kappa t/4 on |q| <= t: linear between -t, 0, t."""
    for tau, positive in ((-T, 0), (0, 0), (T, T)):
        size = absolute(KAPPA * positive - KAPPA * tau / 2 - KAPPA * T / 4)
        equal(size, sympy.solve(BOUND - KAPPA, EPS)[0])


ENTRY = Entry(
    name="theorem-a-on-a-line",
    label="Theorem A, d' = 1",
    kind="proof",
    statement="d' = 1, crease at p, [p - t, p + t] in A_k, |h| <= eps there, no opposing crease in (p - t, p"
    f" + t): |kappa| <= {BOUND}.",
    certifies="The second difference at p, and that kappa relu(q) - kappa q/2 - kappa t/4 attains the bound.",
    does_not="Creases of the same sign are unlimited.",
    steps=(
        Step(
            "Second difference at p with step t: kappa t from p, 0 from opposing creases at distance >= t,"
            " >= 0 from the others; at most 4 eps.",
            evaluation,
        ),
        Step("kappa relu(q) - kappa q/2 - kappa t/4 has the values +-kappa t/4 at -t, 0, t: eps = kappa t/4.", attained),
    ),
)
