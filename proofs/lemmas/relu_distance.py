"""How far relu is from polynomials: e_k, the distance to those of degree < k on [-1, 1].

Certifies   e_2 = 1/4 and e_4 = 1/16 exactly (a polynomial and a functional with the same value); e_6, ..,
            e_14 from below.
Does not    prove e_6, .., e_14 exactly: Theorem L needs lower bounds only.
"""

from __future__ import annotations

from fractions import Fraction as Q

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, at_least, equal, positives, same

SLACK = positives("slack")[0]
E_2, E_4 = Q(1, 4), Q(1, 16)
# Points in [0, 1] for the functional: the k-th divided difference on +- these, 0 once.
POINTS = {
    2: "1",
    4: "1/2 1",
    6: "2/7 7/9 1",
    8: "7/36 4/7 15/17 1",
    10: "4/27 4/9 19/26 13/14 1",
    12: "3/25 4/11 19/31 9/11 21/22 1",
    14: "1/10 11/36 11/21 23/32 27/31 30/31 1",
}
LOWER = {
    2: E_2,
    4: E_4,
    **{k: Q(value) for k, value in {6: "0.03380", 8: "0.02296", 10: "0.01734", 12: "0.01392", 14: "0.01162"}.items()},
}


def functional(points: str) -> dict[Q, Q]:
    """Weights w with sum w p = 0 for every polynomial of degree < k, twice the number of points, sum |w| = 1,
    w(relu) > 0."""
    nodes = sorted({Q(0), *(e * Q(p) for p in points.split() for e in SIGNS)})
    weights = {}
    for x in nodes:
        product = Q(1)
        for y in nodes:
            product *= x - y if x != y else 1
        weights[x] = 1 / product
    total = sum(map(abs, weights.values()))
    sign = 1 if sum(w * max(x, Q(0)) for x, w in weights.items()) > 0 else -1
    return {x: sign * w / total for x, w in weights.items()}


def lower_bounds() -> None:
    for k, points in POINTS.items():
        psi = functional(points)
        same((len(psi), min(psi), max(psi)), (k + 1, -1, 1))
        same(sum(map(abs, psi.values())), 1)
        for degree in range(k):
            same(sum(w * x**degree for x, w in psi.items()), 0)
        distance = sum(w * max(x, Q(0)) for x, w in psi.items())
        same(distance >= LOWER[k], True)
        same(distance < LOWER[k] + Q(1, 10**5), True)


def two_values() -> None:
    """relu = tau/2 + |tau|/2; on 0 <= s <= 1: s against 1/2, and s against s^2 + 1/8."""
    s = 1 / (1 + SLACK)
    at_least(E_2 * 2, s - sympy.Rational(1, 2))
    at_least(s - sympy.Rational(1, 2), -E_2 * 2)
    error = s - s**2 - sympy.Rational(1, 8)
    at_least(error, -2 * E_4)
    equal(2 * E_4 - error, (s - sympy.Rational(1, 2)) ** 2)
    fourth_difference = zip(range(-2, 3), (-1, 4, -6, 4, -1), strict=True)
    same(functional(POINTS[4]), {Q(j, 2): Q(w, 16) for j, w in fourth_difference})
    same(tuple(sum(w * max(x, Q(0)) for x, w in functional(POINTS[k]).items()) for k in (2, 4)), (E_2, E_4))


ENTRY = Entry(
    name="relu-distance",
    label="e_k (Theorem L)",
    kind="proof",
    statement="e_k = distance of relu to the polynomials of degree < k in the maximum norm on [-1, 1]: e_2 ="
    f" {E_2}, e_4 = {E_4}, and e_k >= " + ", ".join(f"{float(value)} (k = {k})" for k, value in LOWER.items() if k > 4) + ".",
    certifies="Weights in rationals, orthogonal to all polynomials of degree < k, of total size 1, with that"
    " value on relu; for k = 2, 4 a polynomial with that error on the whole interval.",
    does_not="Weights orthogonal to P bound the distance to P from below: |w(relu)| = |w(relu - p)| <= sup"
    " |relu - p| (words). On [-T, T] the distance is T e_k (scaling).",
    steps=(
        Step(
            "Divided differences on k + 1 rational points: orthogonal, of size 1, and of the stated value on relu.",
            lower_bounds,
        ),
        Step(
            "e_2, e_4: relu = tau/2 + |tau|/2, and |tau| is approximated by 1/2 and by tau^2 + 1/8, with"
            " errors 1/2 and 1/8 for all |tau| <= 1; the functionals have the values 1/4 and 1/16.",
            two_values,
        ),
    ),
)
