"""A crease of mass 1 hidden up to eps = 1/8 in a strip of half-height 1, by creases in three directions.

In coordinates u = x/SLOPE along the crease tau = 0 and tau across it, with Q and X the piecewise linear
interpolations of z^2 at the integers and at the half-integers:
    h = |tau|/2 - (Q(tau - u) + Q(tau + u))/4 + X(u)/2,   between -1/8 and 1/8 for |tau| <= 1.
The squares alone would leave |tau|/2 - tau^2/2, between 0 and 1/8. As Q(z +- 1) = Q(z) +- 2z + 1, and X
alike, h has period 1 in u: the strip may be as long as one likes, at the price of 6 creases a period. Without
the other creases a second difference of height 1 would give 4 eps >= 1; here 4 eps = 1/2.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ..geometry import Polytope, RidgeSum, box, merged, vector
from ..instances import Instance, network
from ..kernel import Vector, rational, transpose

HALF = rational("1/2")
EPSILON = rational("1/8")
SLOPE = 7
DISTANCE_SQUARED = rational("1/50")  # sin^2 of the diagonals tau = +-x/7 + const to tau = 0


def length(n: int) -> Fraction:
    """Half the length of the strip |u| <= n + 1/2, in x."""
    return SLOPE * (n + HALF)


def strip(n: int) -> Polytope:
    """{|u| <= n + 1/2, |tau| <= 1} in the coordinates (x, tau)."""
    return box((-length(n), length(n)), (-1, 1))


def hiding_nodes(n: int) -> list[tuple[Vector, Fraction, Fraction]]:
    """h - relu(tau) - 1/8 on the strip as 6 n + 2 nodes (weight, bias, coefficient) in (x, tau)."""
    nodes: list[tuple[tuple[int, int], Fraction | int, Fraction]] = []
    for sign in (1, -1):
        nodes.append(((sign, SLOPE), 0, -HALF / SLOPE))
        for k in range(1, n + 1):
            nodes.append(((sign, SLOPE), -SLOPE * k, -HALF / SLOPE))
            nodes.append(((-sign, -SLOPE), -SLOPE * k, -HALF / SLOPE))
            nodes.append(((sign, 0), -SLOPE * (k - HALF), 1 / rational(SLOPE)))
    return [(vector(w), rational(b), c) for w, b, c in nodes]


def hidden_crease(n: int) -> RidgeSum:
    """h on the strip."""
    h = merged([(vector((0, 1)), rational(0), rational(1)), *hiding_nodes(n)], 2)
    return RidgeSum(h.creases, h.slope, h.constant + EPSILON)


def hidden_student(n: int, fan_out: Sequence[Fraction], observers: Sequence[Sequence[Fraction]]) -> Instance:
    """f* - f = -h fan_out on the strip; student 0 is relu(tau) with that fan-out, the others observe all of
    the strip.

    The observers relu(x + b) are copied by the teacher, whose two affine nodes also give the constant of h. K
    = 6 n + 5 + C.
    """
    b = length(n) + 1
    total = [sum(column) for column in transpose(tuple(map(tuple, observers)))]
    teacher = [(w, bias, tuple(-c * v for v in fan_out)) for w, bias, c in hiding_nodes(n)]
    teacher.append(((1, 0), b, tuple(t + EPSILON * v for t, v in zip(total, fan_out, strict=True))))
    teacher.append(((1, 0), b + 1, tuple(-EPSILON * v for v in fan_out)))
    student = [((0, 1), 0, tuple(fan_out)), *(((1, 0), b, tuple(v)) for v in observers)]
    return Instance(network(*teacher), network(*student), strip(n))


def largest_disc_fits(instance: Instance, observers: Sequence[int], margin: Fraction) -> bool:
    """Whether every point within `margin` of the segment of radius r - margin around 0 on tau = 0 lies in
    each A_m.
    """
    a, _ = instance.node(instance.student, 0)
    radius = instance.region.c[0] - margin
    regions = [instance.active(m) for m in observers]
    return all(where is not None and instance.disc_fits((0, 0), a, radius, margin, where) for where in regions)
