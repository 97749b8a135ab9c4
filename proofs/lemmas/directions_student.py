"""J directions, sharper and with a student named: the sum of 1/sin over all directions is large.

Certifies   sum 1/sin theta_j >= room = |kappa| r binom(J-2, J/2-1)/(2^(J-1) eps); what the directions with a student have to
            supply; an odd number of directions made even by the normal of H.
Does not    use more of the directions than their angles to H.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import acute, equal, inner, positives
from .directions_j import BOUND, CONSTANT, EPS, KAPPA, MIDDLE, A, J, R

TOTAL, OTHERS, NAMED, SINE = positives("total others J_S sine")  # sums of 1/sin theta_j
HEIGHT = 2 * R / TOTAL  # a: the lengths a/sin theta_j add up to 2 r
ROOM = KAPPA * R * MIDDLE / (2 ** (J - 1) * EPS)  # of the total
STUDENT_SINE = NAMED / (ROOM - OTHERS)
SPARE = 1  # 1/sin of the normal


def inside_the_ball() -> None:
    """Half the sum of the lengths is r, and every point p + (1/2) sum +-v_j is within it (triangle inequality)."""
    equal(HEIGHT * TOTAL / 2, R)


def total_is_large() -> None:
    """kappa a MIDDLE <= 2^J eps."""
    total = sympy.solve(KAPPA * MIDDLE * HEIGHT - 2**J * EPS, TOTAL)[0]
    equal(total / ROOM, 1)


def students_supply_the_rest() -> None:
    """total <= others + J_S/sine, sine the smallest with a student."""
    equal(sympy.solve(OTHERS + NAMED / SINE - ROOM, SINE)[0] / STUDENT_SINE, 1)
    # all J named: J directions' bound
    equal(STUDENT_SINE.subs({OTHERS: 0, NAMED: J}) / (J / ROOM), 1)
    equal((J / ROOM) / BOUND, 1)
    equal(CONSTANT * MIDDLE / 2 ** (J - 1), J)


def spare_direction() -> None:
    """v = a n rises by a and has length a: it kills affine functions with the others, and any class that others kill stays 0."""
    cosine, _ = acute()
    along = (A, sympy.Integer(0))
    equal(inner(along, (1, 0), ((1, cosine), (cosine, 1))), A)
    equal(inner(along, along, ((1, cosine), (cosine, 1))), (A * SPARE) ** 2)


ENTRY = Entry(
    name="directions-student",
    label="J directions name a student",
    kind="proof",
    statement="A ball of radius r centred on H in A_k, |h| <= eps on it, no student on H, kappa = |kappa_T|. If all other creases that meet"
    f" the ball have exactly J directions, J even, then the sum of 1/sin theta_j over them is at least {ROOM}; if J_S of them have a"
    f" student, some student has sin theta <= {STUDENT_SINE}, others = sum of 1/sin over the directions without one, provided that is"
    " less. An odd J is raised by one with others + 1.",
    certifies="The height that just fits, the total, the share of the students, and that J directions follow with all of them named.",
    does_not="Directions are counted for creases of either sign. A parallel direction with a student has sine 0: nothing to show.",
    steps=(
        Step(
            "As in directions-j, with height a = 2 r/(sum of 1/sin theta_j): the vectors v_j have lengths a/sin theta_j.",
            inside_the_ball,
        ),
        Step("kappa a binom(J-2, J/2-1) <= 2^J eps.", total_is_large),
        Step(
            "The directions without a student supply others, each of the J_S with one at most 1/sine.", students_supply_the_rest
        ),
        Step("One more difference, along the normal, keeps every class at 0 and needs the length a.", spare_direction),
    ),
)
