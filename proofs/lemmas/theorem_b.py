"""Theorem B (d' = 2): N opposing creases hide a crease at most 8N/3 times eps, not 4N times.

Certifies   kappa <= 2 eps [max(1/t, N gamma/rho) + max(1/t, N gamma/(3 rho))] from the three lemmas; the ball
            form; C_1, C_2, C_N.
Does not    cover d' >= 3 (open), nor a form with Gamma = sum |cot| instead of N gamma.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import above, acute, at_least, equal, positives, reals
from .theorem_b_cells import BOUND as CERTIFICATE
from .theorem_b_cells import EPS, KAPPA, RHO
from .theorem_b_gaps import phi
from .theorem_b_pairs import PERIOD

GAMMA, N, T, S, R, SLACK, MORE = positives("gamma N t s r slack more")
FIRST, SECOND = N * GAMMA / RHO, N * GAMMA / (3 * RHO)  # kappa <= 2 eps [max(1/t, FIRST) + max(1/t, SECOND)]
BALL = 2 * EPS * (1 + 1 / S) * sympy.sqrt(N**2 * GAMMA**2 + S**2)  # of kappa r, 1 <= s <= 3
CONSTANTS = {1: 4, 2: 6, 3: 8}  # C_N; for N >= 3 it is 8N/3


def scaling() -> None:
    """X = x/rho, tau' = tau gamma/rho: slopes w/gamma, kappa' = kappa rho/gamma, 1/t' = rho/(gamma t)."""
    o, w, x, tau = reals("o w x tau")
    equal((o + w * tau) / RHO, o / RHO + (w / GAMMA) * (tau * GAMMA / RHO))
    equal(KAPPA * tau, (KAPPA * RHO / GAMMA) * (tau * GAMMA / RHO))
    for scaled, true in ((N, FIRST), (N / 3, SECOND)):
        equal(scaled * GAMMA / RHO, true)  # kappa' <= 2 eps [..] divided by rho/gamma
    equal(1 / (T * GAMMA / RHO) * GAMMA / RHO, 1 / T)


def gaps_of_the_extended_sequence() -> None:
    """2 g_0, g_1, .., g_(N-1), 2 g_N, g_(N-1), .., g_1: 2N gaps in a period of length 4, mean 2/N."""
    first, last, inner = positives("g_0 g_N inner")  # inner = g_1 + .. + g_(N-1)
    equal(1 + (N - 1) + 1 + (N - 1), 2 * N)
    equal((2 * first + inner + 2 * last + inner).subs(first, 2 - inner - last), PERIOD)  # the walls are at distance 2
    equal(PERIOD / (2 * N), 2 / N)


def equal_gaps_are_worst() -> None:
    """Lemma 1 at the gap of Lemma 2, gaps in units of the mean 2/N: max(1/t, N) + max(1/t, N/3)."""
    mean = 2 / N
    equal(phi(1) / mean, FIRST * RHO / GAMMA)
    equal(phi(3) / mean, SECOND * RHO / GAMMA)
    a, b = positives("a b")
    equal(CERTIFICATE.subs({a: 1 / FIRST, b: 1 / SECOND}), 2 * EPS * (FIRST + SECOND))


def tall_cylinders() -> None:
    """1/t <= SECOND: kappa rho <= (8/3) N gamma eps; 1/t >= FIRST: kappa t <= 4 eps."""
    equal(2 * EPS * (FIRST + SECOND) * RHO, sympy.Rational(8, 3) * N * GAMMA * EPS)
    equal(2 * EPS * (1 / T + 1 / T) * T, 4 * EPS)


def ball() -> None:
    """t = s rho/(N gamma), rho^2 + t^2 = r^2, 1 <= s <= 3: FIRST >= 1/t >= SECOND."""
    height = S * RHO / (N * GAMMA)
    radius = sympy.sqrt(RHO**2 + height**2)
    equal((2 * EPS * (FIRST + 1 / height) * radius) ** 2, BALL**2)
    at_least(FIRST, (1 / height).subs(S, 1 + SLACK))
    at_least((1 / height).subs(S, 3 / (1 + SLACK)), SECOND)


def sine() -> None:
    """s = min(N, 3): N^2 cot^2 + s^2 <= N^2/sin^2 iff s <= N, and C_N = 2 (1 + 1/s) N."""
    cosine, sin = acute()
    for s, constant in CONSTANTS.items():
        factor = (BALL / (EPS * sympy.sqrt(N**2 * GAMMA**2 + S**2))).subs(S, s)
        equal(factor * s, constant)
        equal(N**2 * (cosine / sin) ** 2 + N**2, (N / sin) ** 2)
        at_least((s + MORE) ** 2, s**2)
    equal((BALL / (EPS * sympy.sqrt(N**2 * GAMMA**2 + S**2))).subs(S, 3) * N, sympy.Rational(8, 3) * N)
    above(4, sympy.Rational(8, 3))
    # s = 1: Theorem A with Gamma <= N gamma
    equal(BALL.subs(S, 1), 4 * EPS * sympy.sqrt(N**2 * GAMMA**2 + 1))


def plane() -> None:
    """Restricted to the plane of n and a unit vector e of H: cot theta/|<u, e>| instead of cot theta, the
    same kappa."""
    cosine, sine = acute()
    along, x, tau, m = reals("along x tau m")
    on_plane = cosine * tau + sine * (along * x - m)
    line = sympy.solve(on_plane, x)[0]
    equal(sympy.diff(line, tau), -(cosine / sine) / along)


ENTRY = Entry(
    name="theorem-b",
    label="Theorem B",
    kind="proof",
    statement="d' = 2, |h| <= eps on D = {|x| <= rho, |tau| <= t}, N >= 1 opposing creases meet D, all |cot"
    f" theta| <= gamma. Then kappa <= 2 eps [max(1/t, {FIRST}) + max(1/t, {SECOND})]; so kappa rho <= (8/3) N"
    f" gamma eps if t >= 3 rho/(N gamma). In a ball of radius r: kappa r <= min over 1 <= s <= 3 of {BALL},"
    " hence min sin theta <= C_N eps/(kappa r) with C_1 = 4, C_2 = 6, C_N = 8N/3 for N >= 3. Creases of the"
    " same sign are unlimited.",
    certifies="The scaling, the 2N gaps of mean 2/N, the assembly of theorem-b-cells, -pairs and -gaps, and all constants.",
    does_not="Fewer than N creases: add creases of mass 0 (words). gamma = 0 is Theorem A with Gamma = 0. d'"
    " >= 3: it holds in every 2-plane through n, with |cot theta_i|/|<u_i, e>| for cot theta_i; more is open."
    " Attained: theorem-b-attained.",
    steps=(
        Step("Scale to gamma = rho = 1.", scaling),
        Step(
            "theorem-b-cells: kappa <= 2 eps (1/a_k + 1/b_k) for every gap k > 0. Reflect (theorem-b-pairs):"
            " 2N gaps of total 4.",
            gaps_of_the_extended_sequence,
        ),
        Step(
            "theorem-b-pairs bounds 1/a_k + 1/b_k by phi(g_k) + phi(G_k), and theorem-b-gaps (in units of"
            " the mean, c = 2/(N t)) finds a gap with at most phi(1) + phi(3). Undo the scaling.",
            equal_gaps_are_worst,
        ),
        Step("t >= 3 rho/(N gamma): kappa rho <= (8/3) N gamma eps. t <= rho/(N gamma): kappa t <= 4 eps.", tall_cylinders),
        Step("Ball of radius r: the cylinder with t = s rho/(N gamma), rho^2 + t^2 = r^2 is inside.", ball),
        Step("gamma = cot theta_min and s = min(N, 3) <= N: sqrt(N^2 cot^2 + s^2) <= N/sin theta_min.", sine),
        Step(
            "d' >= 3: in the plane spanned by n and a unit vector e of H the theorem holds with |cot theta_i|/|<u_i, e>|.",
            plane,
        ),
    ),
)
