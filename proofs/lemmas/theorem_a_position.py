"""Theorem A with position: one opposing crease is at a small angle AND near the centre.

Certifies   the two halves hold for the same crease, by splitting the creases into steep ones and far ones.
Does not    need the ball's centre to be special.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import acute, at_least, equal, positives
from .theorem_a import EPS, KAPPA, SINE_BOUND, R

T, RADIUS, STEEP, FAR = positives("T R steep far")  # RADIUS = sqrt(r^2 - T^2)
COUNT = STEEP + FAR  # N
N = sympy.Symbol("N", positive=True)
HEIGHT = 4 * EPS / KAPPA  # T
TANGENT_BOUND = N * T / RADIUS
COS, SIN = acute()
DISTANCE_BOUND = (N + 1) * T * COS


def height() -> None:
    equal(KAPPA * HEIGHT, 4 * EPS)
    equal(SINE_BOUND.subs(N, 1) * R, HEIGHT)


def steep_creases_leave_room() -> None:
    """cot < 1/TANGENT_BOUND for each steep crease: Bang's point moves by less than T * STEEP/TANGENT_BOUND <=
    RADIUS."""
    moved = T * STEEP / TANGENT_BOUND.subs(N, STEEP + FAR)
    at_least(RADIUS, moved)
    equal(T * N / TANGENT_BOUND, RADIUS)
    equal((sympy.sqrt(R**2 - T**2)) ** 2 + T**2, R**2)


def far_creases_stay_away() -> None:
    """|m| = distance/sin > (N + 1) T cot, and cot is at least every steep crease's; the segment is cut only
    within T cot."""
    offset, cotangent = DISTANCE_BOUND / SIN, COS / SIN
    at_least(offset.subs(N, COUNT) - T * STEEP * cotangent, T * cotangent)
    equal(offset.subs(N, STEEP) - T * STEEP * cotangent, T * cotangent)  # no room to spare: N + 1 is needed


def distance() -> None:
    """cos theta tau + sin theta (<u, x> - m) at the centre: distance sin theta |m| of the crease from the
    centre."""
    m = sympy.Symbol("m", positive=True)
    # the point m sin theta (sin theta u + cos theta n), by its (u, n) coordinates / sin theta
    foot = (m * SIN, COS * m)
    equal(COS * foot[1] * SIN + SIN * (foot[0] * SIN - m), 0)
    equal((foot[0] * SIN) ** 2 + (foot[1] * SIN) ** 2, (m * SIN) ** 2)


def parallel() -> None:
    """sin theta = 0: at distance > (N + 1) T > T from H the crease does not cut a segment of half length
    T."""
    at_least((DISTANCE_BOUND / COS), T)


ENTRY = Entry(
    name="theorem-a-position",
    label="Theorem A, position",
    kind="proof",
    statement="Setting of Theorem A, T = 4 eps/|kappa| < r. Then N >= 1, and one opposing crease that meets"
    " the ball has both tan theta <= N T/sqrt(r^2 - T^2) and distance from the centre at most (N + 1) T cos"
    " theta.",
    certifies="That steep creases leave Bang's point inside the ball, and that far creases do not cut its"
    " segment; parallel creases.",
    does_not="Strict inequalities leave room for a slightly larger height than T: continuity (words)."
    " Replaces the bias half of Lemma 4, sign-free.",
    steps=(
        Step(
            "T is the height at which the second difference kappa T equals 4 eps; T < r says that Theorem A"
            " with N = 0 is violated, so N >= 1.",
            height,
        ),
        Step(
            "Suppose no opposing crease satisfies both. Call it steep if tan theta > N T/sqrt(r^2 - T^2),"
            " else far: then its distance is > (N + 1) T cos theta. Every far crease has a larger cotangent"
            " than every steep one (words)."
        ),
        Step(
            "Distance and offset: a crease with node cos theta tau + sin theta (<u, x> - m) is at distance"
            " |m| sin theta from the centre.",
            distance,
        ),
        Step(
            "Bang's lemma for the steep creases only, with widths T cot: |x| <= T sum cot < sqrt(r^2 - T^2),"
            " the segment of half length T is inside the ball.",
            steep_creases_leave_room,
        ),
        Step(
            "A far crease has |<u, x> - m| >= |m| - |x| > (N + 1) T cot - (number of steep ones) T cot >= T cot: not cut.",
            far_creases_stay_away,
        ),
        Step("A parallel opposing crease is far, at distance > (N + 1) T >= T: not cut.", parallel),
        Step(
            "All inequalities are strict, so they hold for a height slightly above T, where kappa t > 4 eps:"
            " contradiction (continuity: words)."
        ),
    ),
)
