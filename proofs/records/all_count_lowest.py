"""All creases counted, low strips: (1 + 1/s) N is reached at t = 2 s rho/(N gamma), for every N >= 3 (N = 4: s <= 2).

Certifies   sup |h| of an explicit family with N other creases, all of |cot| <= gamma, for every odd N >= 3 and 1 <= s <= 3
            (polynomials in s, window by window); even N is the family of theorem-b-attained with N/2 opposing lines.
Does not    show that nothing better exists.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

import sympy

from ..entry import Entry, Step
from ..lemmas import theorem_c
from ..lemmas._algebra import SIGNS, at_least, equal, positives, same, supremum
from ..lemmas.theorem_b_attained import (
    END,
    INNER,
    LEVEL,
    NO_LINE,
    TILT,
    WINDOWS,
    S,
    add,
    apply,
    breakpoints,
    meet,
    nodes,
    pair,
    sign_between,
    times,
    window_family,
)
from .all_count import upper

SINGLE = "the wall"  # an opposing line on the wall x = N/2, of an inner line's mass, without its partner
SPACING = 2
REACHED = 1 + 1 / S  # of N
MORE = positives("more")[0]
RIGHT = (((NO_LINE, END, SINGLE), -1), ((END, INNER, SINGLE), 1), *(((INNER, INNER, SINGLE), e) for e in SIGNS))
AT_THE_WALL = (((END, SINGLE, NO_LINE), 1), *(((INNER, SINGLE, NO_LINE), e) for e in SIGNS))
Q = Fraction


def exact(expression, s: Q) -> Q:
    return Q(str(expression.subs(S, sympy.Rational(s))))


def odd_family(count: int, s: Q):
    """On |x| <= N/2, |tau| <= s: pairs at -N/2 + 1, -N/2 + 3, .., N/2 - 2, and one opposing line on the wall."""
    wall, pairs = Q(count, 2), count // 2
    lines = [
        (offset - wall + 1 + SPACING * i, slope, mass)
        for i in range(pairs)
        for offset, slope, mass in pair(0, (-1) ** i, i == 0, s)
    ]
    inner = pair(0, 1, False, s)[0][2]
    lines.append((wall, Q((-1) ** pairs), -inner))
    return nodes(lines), (Q(0), -exact(TILT, s), -exact(LEVEL, s)), exact(LEVEL, s)


def scale() -> None:
    """rho = N/2, t = s, kappa = gamma = 1: kappa rho/(gamma eps) = N/(2 LEVEL)."""
    equal(1 / (2 * LEVEL), REACHED)
    equal(REACHED.subs(S, sympy.Rational(3, 2)), sympy.Rational(5, 3))
    at_least(theorem_c.ODD / theorem_c.N, REACHED.subs(S, 1 + MORE))


def even() -> None:
    """theorem-b-attained with N/2 opposing lines is an instance with N lines, rho = N/2, |slopes| <= 1, and its level: each
    opposing line has one partner."""
    for end in (True, False):
        same(len(pair(0, 1, end, Q(2))), 2)
    for slope in (1 / S, 2 / S - 1):  # of the partners, 1 <= s
        at_least(1, slope.subs(S, 1 + MORE))
        at_least(slope.subs(S, 3 / (1 + MORE)), -1)


def odd_by_enumeration() -> None:
    """N = 3, 5, 7 at s = 1, 3/2, 3."""
    for count in (3, 5, 7):
        for s in (Q(1), Q(3, 2), Q(3)):
            h, affine, level = odd_family(count, s)
            same(len(h) - 1, count)
            same(supremum(h, affine, Q(count, 2), s), level)


def check_window(kinds, first_slope: int, wall: int) -> None:
    """|2 (s + 1) h| <= s at every vertex of -1 <= x <= wall, |tau| <= s, for every s in [1, 3]."""
    terms, affine = window_family([INNER if kind == SINGLE else kind for kind in kinds], first_slope)
    lines = [kind for kind in kinds if kind is not NO_LINE]
    if SINGLE in lines:  # its partner is the first of its two terms
        terms = [term for place, term in enumerate(terms) if place != 1 + 2 * lines.index(SINGLE)]
    box = [((1,), (0,), (1,)), ((0,), (1,), (0, 1)), ((1,), (0,), (-wall,)), ((0,), (1,), (0, -1))]
    forms = sorted({form for _, form in terms} | set(box))
    meets = itertools.starmap(meet, itertools.combinations(forms, 2))
    signed = [
        (point, [apply(form, point) for form in box], [apply(form, point) for _, form in terms])
        for point in meets
        if any(point[2])
    ]
    cuts = [Q(1), *breakpoints(p for point, walls, own in signed for p in (point[2], *walls, *own)), Q(3)]
    for low, high in itertools.pairwise(cuts):
        corners = 0
        for point, walls, own in signed:
            d = sign_between(point[2], low, high)
            sides = [d * sign_between(side, low, high) * (1 if place < 2 else -1) for place, side in enumerate(walls)]
            if min(sides) < 0:
                continue
            corners += sides.count(0) >= 2
            active = [times(weight, v) for (weight, _), v in zip(terms, own, strict=True) if d * sign_between(v, low, high) > 0]
            value = add(apply(affine, point), *active)
            for e in SIGNS:
                room = d * sign_between(add(times((0, 1), point[2]), times((e,), value)), low, high)
                same(room in (0, 1), True)
        same(corners >= 4, True)


def odd_windows() -> None:
    for kinds, first_slope in RIGHT:
        check_window(kinds, first_slope, 1)
    for at_the_wall, first_slope in AT_THE_WALL:
        check_window(at_the_wall, first_slope, 0)


def odd_windows_cover() -> None:
    """-N/2 <= x <= N/2 is tiled by |x - o_k| <= 1 for the pairs and by -1 <= x - N/2 <= 0.

    A window's kinds depend on how many lines are left and right of line k, 2 standing for more; its slope on the parity of
    the number left of it.
    """
    windows = {*WINDOWS, *RIGHT, *AT_THE_WALL}
    for left, right, parity in itertools.product(range(3), range(3), range(2)):
        if left + right < 1 or (left < 2 and parity != left % 2):
            continue  # (N - 1)/2 = left + right >= 1 pairs
        middle = SINGLE if right == 0 else END if left == 0 else INNER
        kinds = (NO_LINE, END, INNER)[left], middle, (NO_LINE, SINGLE, INNER)[right]
        same((kinds, (-1) ** (parity + 1)) in windows, True)
    pairs = positives("pairs")[0]
    equal(SPACING * pairs + 1, (2 * pairs + 1))  # N, as 2 (pairs) + 1


def gap() -> None:
    """The lowest height of Theorem C: 5N/3 against all-count's upper bound, N = 3, .., 12."""
    for count in range(3, 13):
        bound, _ = upper("all", count, Q(3, count))
        same(Q(5, 3) * count <= bound <= Q(5, 3) * count + 2, True)


ENTRY = Entry(
    name="all-count-lowest",
    label="all-count, lower side",
    kind="proof",
    statement=f"d' = 2. For every odd N >= 3 and even N >= 6 and every s in [1, 3] (N = 4: s in [1, 2]) N other creases, |cot|"
    f" <= gamma, hide a crease on |x| <= rho, |tau| <= t = 2 s rho/(N gamma) with kappa rho/(gamma eps) = ({REACHED}) N; at t"
    " = 3 rho/(N gamma), where Theorem C begins, 5N/3. So in strips of height proportional to 1/N the all-count is linear,"
    " between 5N/3 and 2N. Family, in the scale rho = N/2, t = s: even N, theorem-b-attained with N/2 opposing lines; odd N,"
    " its pairs at -N/2 + 1, -N/2 + 3, .., N/2 - 2, and on the wall x = N/2 one more opposing line of an inner line's mass,"
    " with no partner.",
    certifies="The counts, the slopes, the supremum for every odd N (six more windows, polynomials in s between their sign"
    " changes), N = 3, 5, 7 by enumeration; for N = 3, .., 12 at most 2 is missing to the proved upper bound.",
    does_not="Even N rests on theorem-b-attained; the words there on windows hold here. No better family is excluded.",
    steps=(
        Step("Scale: kappa rho/(gamma eps) = N/(2 LEVEL), LEVEL = s/(2(s + 1)).", scale),
        Step("Even N: N/2 opposing lines and as many partners, slopes at most 1.", even),
        Step("Odd N by enumeration.", odd_by_enumeration, samples="N = 3, 5, 7 at s = 1, 3/2, 3"),
        Step("Odd N: the windows of theorem-b-attained on the left, and new ones next to the wall.", odd_windows_cover),
        Step("In each new window |h| <= LEVEL at every vertex, for all s in [1, 3].", odd_windows),
        Step("At t = 3 rho/(N gamma), N = 3, .., 12: at most 2 is missing to the proved upper bound.", gap),
    ),
)
