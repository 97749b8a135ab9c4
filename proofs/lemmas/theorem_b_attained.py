"""Theorem B is attained for every N >= 3: exact instances, one formula, all heights t <= 3 rho/(N gamma).

Certifies   sup |h| of an explicit family on the strip equals Theorem B's bound: for all N >= 3 and 1 <= s <=
            3 (t = s rho/(N gamma)).
Does not    show attainment in a ball, or for N = 2 and s > 2.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction as Q
from typing import Any

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, equal, same, supremum
from .theorem_b import EPS, GAMMA, RHO, N
from .theorem_b import FIRST as BOUND_FIRST

S = sympy.Symbol("s", positive=True)
END_MASS, INNER_MASS = S / (S + 1), S / (2 * (S + 1))
# of the same-sign partner, times the slope +-1 of the opposing line
END_SLOPE, INNER_SLOPE = 1 / S, 2 / S - 1
TILT, LEVEL = S / (S + 1), S / (2 * (S + 1))  # h = relu(tau) - TILT tau - LEVEL + ..
SPACING = 2
Line = tuple[Q, Q, Q]  # (offset, slope, mass): mass * relu(x - offset - slope tau)


def pair(offset: int, slope: int, end: bool, s: Q) -> list[Line]:
    """An opposing line through (offset, 0) and its partner of the same sign."""
    mass, partner = (END_MASS, END_SLOPE) if end else (INNER_MASS, INNER_SLOPE)
    mass, partner = (Q(str(expression.subs(S, sympy.Rational(s)))) for expression in (mass, partner))
    return [(Q(offset), partner * slope, mass), (Q(offset), Q(slope), -mass)]


def nodes(lines: Iterable[Line]):
    return [(Q(1), (Q(0), Q(1)), Q(0))] + [(mass, (Q(1), -slope), -offset) for offset, slope, mass in lines]


def family(count: int, s: Q):
    """On |x| <= N, |tau| <= s: opposing lines at -N+1, -N+3, .., slopes alternately 1, -1."""
    lines = [line for i in range(count) for line in pair(SPACING * i + 1 - count, (-1) ** i, i in (0, count - 1), s)]
    tilt, level = (Q(str(e.subs(S, sympy.Rational(s)))) for e in (TILT, LEVEL))
    return nodes(lines), (Q(0), -tilt, -level), level


def the_bound() -> None:
    """gamma = 1, rho = N, t = s, kappa = 1: Theorem B says 1 <= 2 eps (1 + 1/s), i.e. eps >= LEVEL."""
    first = BOUND_FIRST.subs({GAMMA: 1, RHO: N})
    equal(sympy.solve(2 * EPS * (first + 1 / S) - 1, EPS)[0], LEVEL)
    equal(1 / LEVEL.subs(S, 3), sympy.Rational(8, 3))


def by_enumeration() -> None:
    """N = 1, 2 (s <= 2), 3, .., 7: the supremum at all vertices, exactly."""
    cases = {1: (1, 2, 3), 2: (1, 2), 3: (1, 2, 3), 4: (Q(5, 2), 3), 5: (3,), 7: (3,)}
    for count, heights in cases.items():
        for s in heights:
            h, affine, level = family(count, Q(s))
            equal(supremum(h, affine, Q(count), Q(s)), level)


def jumps() -> None:
    """Far right of a pair it is mass (slope - partner) tau: +-(s - 1)/(s + 1) tau for ends and inner lines
    alike."""
    equal(END_MASS * (1 - END_SLOPE), (S - 1) / (S + 1))
    equal(INNER_MASS * (1 - INNER_SLOPE), (S - 1) / (S + 1))


# Windows: x within 1 of line k (relative offset 0), neighbours at -2 and 2; None where there is no line.
INNER, END, NO_LINE = False, True, None
# With the slope of the left neighbour's place: line 0 has slope 1.
WINDOWS = (
    ((NO_LINE, END, INNER), -1),
    ((END, INNER, END), 1),
    ((END, INNER, INNER), 1),
    *(((INNER, *rest), slope) for rest in ((INNER, INNER), (INNER, END), (END, NO_LINE)) for slope in SIGNS),
)
Poly = Sequence[Any]  # rational coefficients in s, constant first


def add(*terms: Poly) -> tuple[Any, ...]:
    return tuple(map(sum, itertools.zip_longest(*terms, fillvalue=0)))


def times(left: Poly, right: Poly) -> tuple[Any, ...]:
    result = [0] * (len(left) + len(right) - 1)
    for (i, a), (j, b) in itertools.product(enumerate(left), enumerate(right)):
        result[i + j] += a * b
    return tuple(result)


def minus(poly: Poly) -> tuple[Any, ...]:
    return tuple(-c for c in poly)


def coefficients(expression) -> tuple[Any, ...]:
    return tuple(int(c) for c in reversed(sympy.Poly(sympy.cancel(expression), S).all_coeffs()))


def sign_between(poly: Poly, low: Q, high: Q) -> int:
    """The sign of poly on (low, high): s = (low + high v)/(1 + v), v > 0, has coefficients of one sign
    only."""
    total: tuple = (0,)
    for k, c in enumerate(poly):
        term: tuple = (c,)
        for power in range(len(poly) - 1):
            term = times(term, (low, high) if power < k else (1, 1))
        total = add(total, term)
    signs = {1 if c > 0 else -1 for c in total if c}
    if len(signs) > 1:
        raise AssertionError(f"[the sign of {poly} is not constant between {low} and {high}]")
    return signs.pop() if signs else 0


def window_family(kinds: Sequence[bool | None], first_slope: int):
    """2 (s + 1) h near line k as [(weight, form)] plus an affine form; forms (x, tau, 1) with polynomial
    coefficients in s.

    Pairs further left have left their jumps, alternately + and -: together 0, or 2 (s - 1) tau if the left
    neighbour's slope is -1.
    """
    end, inner = (
        (coefficients(mass * 2 * (S + 1) / S), coefficients(slope * S))
        for mass, slope in ((END_MASS, END_SLOPE), (INNER_MASS, INNER_SLOPE))
    )
    terms: list[tuple[Poly, tuple[Poly, ...]]] = [((2, 2), ((0,), (1,), (0,)))]
    for place, kind in enumerate(kinds):
        if kind is not NO_LINE:
            weight, partner = end if kind else inner
            slope = first_slope * (-1) ** place
            offset = SPACING * (place - 1)
            terms.append((weight, ((0, 1), times((-slope,), partner), (0, -offset))))
            terms.append((minus(times(weight, (0, 1))), ((1,), (-slope,), (-offset,))))
    tilt = add((0, -2), (-2, 2) if first_slope < 0 and kinds[0] is not NO_LINE else (0,))
    return terms, ((0,), tilt, (0, -1))


def meet(first, second):
    """The common point of two forms' zero lines, homogeneous (x, tau, d)."""
    (a, b, c), (d, e, f) = first, second
    minors = (b, f, c, e), (c, d, a, f), (a, e, b, d)
    return tuple(add(times(p, q), minus(times(r, s))) for p, q, r, s in minors)


def apply(form, point):
    return add(*(times(c, p) for c, p in zip(form, point, strict=True)))


def breakpoints(polys: Iterable[Poly]) -> list[Q]:
    """Rational roots inside (1, 3), to cut at; that the signs between them are constant is checked by
    sign_between."""
    distinct = {poly for poly in polys if any(poly)}
    roots = {root for poly in distinct for root in sympy.Poly(list(reversed(poly)), S).ground_roots()}
    return sorted(Q(int(root.p), int(root.q)) for root in roots if 1 < root < 3)


def all_windows() -> None:
    """|2 (s + 1) h| <= s at every vertex of the window |x| <= 1, |tau| <= s, for every s in [1, 3]."""
    box = [form for e in SIGNS for form in (((1,), (0,), (e,)), ((0,), (1,), (0, e)))]
    for kinds, first_slope in WINDOWS:
        terms, affine = window_family(kinds, first_slope)
        forms = sorted({form for _, form in terms} | set(box))
        meets = itertools.starmap(meet, itertools.combinations(forms, 2))
        signed = [
            (point, [apply(form, point) for form in box], [apply(form, point) for _, form in terms])
            for point in meets
            if any(point[2])
        ]
        cuts = [Q(1), *breakpoints(p for point, walls, own in signed for p in (point[2], *walls, *own)), Q(3)]
        same((cuts[0], cuts[-1]), (1, 3))
        for low, high in itertools.pairwise(cuts):
            corners = attained = 0
            for point, walls, own in signed:
                d = sign_between(point[2], low, high)
                sides = [d * sign_between(wall, low, high) * (1 if place < 2 else -1) for place, wall in enumerate(walls)]
                if min(sides) >= 0:  # x + 1, tau + s >= 0 >= x - 1, tau - s
                    corners += sides.count(0) >= 2
                    active = [
                        times(weight, v)
                        for (weight, _), v in zip(terms, own, strict=True)
                        if d * sign_between(v, low, high) > 0
                    ]
                    value = add(apply(affine, point), *active)
                    for e in SIGNS:
                        room = d * sign_between(add(times((0, 1), point[2]), times((e,), value)), low, high)
                        same(room in (0, 1), True)
                        attained += room == 0
            same(corners >= 4 and attained > 0, True)


def windows_cover() -> None:
    """For N >= 3 the windows |x - o_k| <= 1 tile |x| <= N, and lines two or more places away are straight
    there.

    A window's kinds depend on how many lines are left and right of line k, 2 standing for more; its slope on the parity of
    the number left of it. Pairs further left leave jumps of alternate signs, the first +: together 0 or one jump.
    """
    for left, right, parity in itertools.product(range(3), range(3), range(2)):
        if left + right < 2 or (left < 2 and parity != left % 2):
            continue  # N = 1 + left + right >= 3
        kinds = tuple((NO_LINE, END, INNER)[places] for places in (left, right))
        middle = END if 0 in (left, right) else INNER
        same(((kinds[0], middle, kinds[1]), (-1) ** (parity + 1)) in WINDOWS, True)
    count, k = sympy.symbols("N k")
    offset = SPACING * k + 1 - count
    same((offset.subs(k, 0), sympy.expand(offset.subs(k, count - 1))), (1 - count, count - 1))
    equal(offset.subs(k, k + 1) - offset, 2)  # neighbouring windows touch
    same(2 * SPACING - 1, 3)  # |x - o| >= 3 >= s |w| for the others
    equal(-TILT + (S - 1) / (S + 1), -1 / (S + 1))


ENTRY = Entry(
    name="theorem-b-attained",
    label="Theorem B, attained",
    kind="proof",
    statement="Scale gamma = 1, rho = N, kappa = 1. For N >= 3 and 1 <= s <= 3: o_i = -N + 1, -N + 3, .., N -"
    f" 1, w_i alternately 1, -1; m_i = {END_MASS}, w'_i = w_i times {END_SLOPE} for the first and the last i,"
    f" m_i = {INNER_MASS}, w'_i = w_i times ({INNER_SLOPE}) for the others; h(x, tau) = relu(tau) -"
    f" {TILT}*tau - {LEVEL} + sum of m_i [relu(x - o_i - w'_i tau) - relu(x - o_i - w_i tau)]: N opposing"
    " lines, each with a partner of the same sign through the same point of H. Then sup |h| on |x| <= N,"
    f" |tau| <= s is {LEVEL}: equality in Theorem B with t = s rho/(N gamma). At s = 3: kappa rho = (8/3) N"
    " gamma eps, for every N >= 3.",
    certifies="The supremum for every N >= 3 and every s in [1, 3]: finitely many windows, in each all"
    " vertices, as polynomials in s on intervals between their sign changes. N = 1 (s = 1, 2, 3) and N = 2 (s"
    " = 1, 2) by enumeration.",
    does_not="For s < 1 no opposing line is needed (kappa t = 4 eps). Its steps have no"
    " words; by enumeration N = 1 and 2 are samples. The theory notes list attainment for all N as open.",
    steps=(
        Step("Theorem B at t = s rho/(N gamma), 1 <= s <= 3: eps >= s/(2(s + 1)).", the_bound),
        Step(
            "Exact enumeration for small N.",
            by_enumeration,
            samples="N = 1, 3 at s = 1, 2, 3; N = 2 at s = 1, 2; N = 4 at s = 5/2, 3; N = 5, 7 at s = 3",
        ),
        Step(
            "A pair is 0 to its left and mass (slope - partner's slope) tau to its right: the jumps are +-(s - 1)/(s + 1) tau.",
            jumps,
        ),
        Step(
            "So near line k only lines k - 1, k, k + 1 bend, and the tilt left over is -s/(s + 1) or -1/(s + 1): nine windows.",
            windows_cover,
        ),
        Step(
            "In each, |h| <= s/(2(s + 1)) at every vertex, for all s in [1, 3]; at (x, 0) left of all lines h = -s/(2(s + 1)).",
            all_windows,
        ),
    ),
)
