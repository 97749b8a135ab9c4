"""All creases counted: the opposing count and the same-sign count together beat Theorem C, and reach every d'.

Certifies   d' = 2: Lam_all(N, h) <= max over the number n of opposing creases of min(Theorem B at n, 4 max(1/h, N - n +
            1), Theorem C); C <= (8/5)(N + 1) for N >= 2 where t >= 3 rho/(n gamma), and in balls. Every d': C = 4 (N + 1)/(1
            + m_n).
Does not    claim sharpness; for large N and fixed h the truth is o(N) (theorem-d).
"""

from __future__ import annotations

import itertools
from fractions import Fraction

import sympy

from ..entry import Entry, Step
from ..lemmas import theorem_a_two_directions, theorem_b, theorem_c, theorem_c2
from ..lemmas._algebra import above, at_least, equal, positives, relu, same
from ..lemmas.theorem_b_cells import OL, OR, PAIR_ABOVE, PAIR_BELOW, WL, WR
from .same_sign_count import SINE as SAME_SINE

N, SHARE, MORE = positives("N share more")
M = positives("m")[0]
BANG = 4  # kappa t <= 4 eps if no crease opposes; also the factor of the same-sign count
MIXED = sympy.Rational(8, 5) * (N + 1)  # d' = 2
ANY_DIMENSION = 4 * (N + 1) / (1 + M)
ONE_CREASE = sympy.Rational(1, 2)  # N = 1, the certificate form of Theorem C: 1/v = max(1/t, |w|/2)


def opposing(nodes: int, inverse: Fraction) -> Fraction:
    """Theorem B's bound of kappa rho/(gamma eps), 1/h = inverse (its certificate form for one crease, Bang's for none)."""
    scale = {theorem_b.N: nodes, theorem_b.GAMMA: 1, theorem_b.RHO: 1}
    first, second = (Fraction(str(e.subs(scale))) for e in (theorem_b.FIRST, theorem_b.SECOND))
    if nodes == 1:  # the certificate form: one of the two quotients is at most 0
        second = min(second, Fraction(0))
    return 2 * (max(inverse, first) + max(inverse, second)) if nodes else BANG * inverse


def one_opposing() -> None:
    """N = 1, o >= 0: in the gap left of it the pair (wall, line) has the quotients +-w/(rho + o), at most gamma/rho."""
    offset, slope = theorem_b.SLACK, theorem_b.GAMMA / (1 + MORE)
    pair = {OL: -theorem_b.RHO, OR: offset, WL: 0, WR: slope}
    equal(PAIR_ABOVE.subs(pair), -PAIR_BELOW.subs(pair))
    at_least(theorem_b.FIRST.subs(theorem_b.N, 1), PAIR_BELOW.subs(pair))
    at_least(0, PAIR_ABOVE.subs(pair))


def same_sign(nodes: int, inverse: Fraction) -> Fraction:
    """The same-sign count's bound, d' = 2."""
    return BANG * max(inverse, Fraction(nodes + 1))


def everything(nodes: int, inverse: Fraction) -> tuple[Fraction, str]:
    """The best bound that sees no sign, and what proves it: one crease, two directions, Theorem C above its height, C2."""
    if nodes == 1:
        return BANG * max(inverse, Fraction(str(ONE_CREASE))), "theorem-c"
    if nodes == 2:
        return BANG * max(inverse, Fraction(1)), "theorem-a-two-directions"
    bounds = []
    if 3 * inverse <= nodes:
        constant = theorem_c.ODD if nodes % 2 else theorem_c.EVEN
        bounds.append((Fraction(str(constant.subs(theorem_c.N, nodes))), "theorem-c"))
    scale = {theorem_c2.N: nodes, theorem_c2.GAMMA: 1, theorem_c2.RHO: 1}
    count, low = (Fraction(str(e.subs({**scale, theorem_c2.T: 1}))) for e in (theorem_c2.COUNT, theorem_c2.LOW))
    bounds.append((max(count, low * inverse), "theorem-c2"))
    return min(bounds)


def upper(count: str, nodes: int, height: Fraction | None) -> tuple[Fraction, str]:
    """The proved upper bound of kappa rho/(gamma eps) in the scaled strip of this height (None: endless), and what
    proves it."""
    inverse = Fraction(0) if height is None else 1 / height
    if count == "opp":
        return opposing(nodes, inverse), "theorem-b"
    blind = everything(nodes, inverse)
    split = max(min(opposing(n, inverse), same_sign(nodes - n, inverse)) for n in range(nodes + 1))
    return min(blind, (split, "all-count"), key=lambda bound: bound[0])


def ball(nodes: int) -> Fraction:
    """C with sin theta_min <= C eps/(kappa r), d' = 2."""
    opposed = {0: Fraction(BANG), **{n: Fraction(theorem_b.CONSTANTS[n]) for n in (1, 2)}}
    return max(min(opposed.get(n, Fraction(8 * n, 3)), Fraction(BANG * (nodes - n + 1))) for n in range(nodes + 1))


def factors() -> None:
    """The two bounds are Theorem B's and the same-sign count's; C_N of Theorem B."""
    equal(
        SAME_SINE.subs(M, 1),
        BANG * (sympy.Symbol("N_same", positive=True) + 1) * theorem_b.EPS / sympy.Symbol("kappa", positive=True),
    )
    equal(sympy.solve(8 * theorem_b.EPS * theorem_b.N / 3 - 1, theorem_b.EPS)[0], 1 / (8 * theorem_b.N / 3))
    same(dict(theorem_b.CONSTANTS), {1: 4, 2: 6, 3: 8})


def two_directions_in_a_cylinder() -> None:
    """v_j = a (w_j, 1): the points +-v_1/2 +-v_2/2 have |x| <= a gamma and |tau| <= a, and four evaluations. One crease:
    the walls have slope 0, so both numerators are |w|."""
    same(sum(abs(weight) for weight in theorem_a_two_directions.FOUR.values()), BANG)
    first, second = (theorem_b.GAMMA / (1 + slack) for slack in (SHARE, MORE))
    for e, f in itertools.product((1, -1), repeat=2):
        at_least(theorem_b.GAMMA, (e * first + f * second) / 2)  # and its negative, by both signs
        at_least(1, sympy.Rational(e + f, 2))
        equal(relu(0 - e * first) + relu(e * first - 0), first)


def crossing() -> None:
    """n <= 3 (N + 1)/5: 8 n/3 is small. n larger: 4 (N + 1 - n) is. Small n and N one by one."""
    few = sympy.Rational(3, 5) * (N + 1)
    equal(sympy.Rational(8, 3) * few, MIXED)
    equal(BANG * (N + 1 - few), MIXED)
    at_least(MIXED, sympy.Rational(8, 3) * few / (1 + SHARE))
    for n in (0, 1, 2):  # C_0 = C_1 = 4, C_2 = 6
        at_least(MIXED.subs(N, 3 + MORE), theorem_b.CONSTANTS.get(n, 4))
    at_least(MIXED.subs(N, 2), sympy.Rational(str(ball(2))))


def crossing_in_any_dimension() -> None:
    """n <= (N + 1)/(1 + m): Theorem A, 4 n. n larger: 4 (N + 1 - n)/m."""
    few = (N + 1) / (1 + M)
    equal(4 * few, ANY_DIMENSION)
    equal(4 * (N + 1 - few) / M, ANY_DIMENSION)
    at_least(ANY_DIMENSION.subs({N: 1 + MORE, M: 1 / (1 + SHARE)}), 4)  # n = 0
    above(4 * (N + 1), ANY_DIMENSION)


def smaller_than_what_sees_no_sign() -> None:
    """N = 3, .., 12, at t = 3 rho/(N gamma) and where t is large; all-count is best but for N = 3 and 6 at
    the former, where C and C2 are as good."""
    for nodes in range(3, 13):
        for inverse in (Fraction(nodes, 3), Fraction(0)):
            blind, by = everything(nodes, inverse)
            bound, theorem = upper("all", nodes, 1 / inverse if inverse else None)
            same(bound == blind, bool(inverse) and nodes in (3, 6))
            same(theorem, by if bound == blind else "all-count")
            same(by, "theorem-c" if (nodes % 2 if inverse else nodes in (3, 5)) else "theorem-c2")


CONSTANTS = ", ".join(f"{nodes}: {ball(nodes)}" for nodes in range(1, 13))

ENTRY = Entry(
    name="all-count",
    label="all-count by signs",
    kind="proof",
    statement="N creases other than H meet the cylinder, n of them opposing, |cot theta| <= gamma. d' = 2: kappa rho/(gamma"
    " eps) is at most the maximum over n of the smallest of Theorem B's bound for n, 4 max(rho/(gamma t), N - n + 1), and"
    " Theorem C's 2N or 2N + 1, and theorem-c2's bound. In a ball sin theta_min <= C eps/(kappa r) with C at most"
    f" {MIXED} for N >= 2; exactly, N:"
    f" C = {CONSTANTS}. Every d', n = d' - 1: C = {ANY_DIMENSION}, m = m_n of same-sign-count (d' = 3: 2.444 (N + 1), and"
    " never more than 4 (N + 1), while Theorem A has 4 N_opp).",
    certifies="The crossing of the two bounds, small N one by one, and where Theorems C and C2 are beaten for N = 3, .., 12.",
    does_not="Sharp cases known: N <= 2, and N = 5 at t = rho/gamma (8, the record all-05-1-over-1)."
    " N <= 2 in a cylinder: two directions, words.",
    steps=(
        Step(
            "One opposing crease: theorem-b-cells with gap 0 gives kappa <= 2 eps [1/t + max(1/t, gamma/rho)], better than"
            " Theorem B if t > 3 rho/gamma.",
            one_opposing,
        ),
        Step(
            "Let n creases oppose. Theorem B bounds kappa by n, the same-sign count by N - n; whichever n is, the smaller"
            " of the two holds.",
            factors,
        ),
        Step("Ball, d' = 2: min(8 n/3, 4 (N - n + 1)) <= (8/5)(N + 1), with C_1 = 4, C_2 = 6 for N >= 2.", crossing),
        Step("Every d': Theorem A has 4 n, the same-sign count 4 (N - n + 1)/m.", crossing_in_any_dimension),
        Step("Comparison with Theorems C and C2 for N = 3, .., 12.", smaller_than_what_sees_no_sign),
        Step(
            "N = 2 in a cylinder: the four points +-v_1/2 +-v_2/2 with v_j = a (w_j, 1), a = min(t, rho/gamma), give kappa a"
            " <= 4 eps. N = 1: the certificate form of Theorem C with 1/v = max(1/t, gamma |w|/(2 rho)).",
            two_directions_in_a_cylinder,
        ),
    ),
)
