"""Theorem D (d' = 2): counting all creases, no linear law is right: N creases hide at most o(N) times eps.
Words only.

Certifies   nothing but four identities that the words use.
Does not    give a rate; the proof is by compactness and is read, not run.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import above, equal, positives, reals
from .relu_distance import E_4, functional

DELTA, CONSTANT, T = positives("delta C T")
HEIGHTS = 40  # T = HEIGHTS * delta
SHARE = sympy.Rational(1, 20)  # psi(relu) >= SHARE T
LOWER = 1 / (6400 * CONSTANT)  # of delta


def test_function() -> None:
    """The best psi orthogonal to 1, tau, tau^2 has psi(relu) = T/16: relu - tau/2 is even, so e_3 = e_4."""
    psi = functional("1/2 1")
    equal(sum(w * x for x, w in psi.items() if x > 0), E_4)
    above(E_4, SHARE)


def strip_integral() -> None:
    """Integrating a crease in x: d/dx of ((x - o - w tau)^+)^2/2 is the crease."""
    x, o, w, tau = reals("x o w tau")
    equal(sympy.diff((x - o - w * tau) ** 2 / 2, x), x - o - w * tau)
    equal(sympy.diff((x - o - w * tau) ** 2 / 2, tau, 3), 0)


def arithmetic() -> None:
    """(x_R - x_L)(T/20 - delta) >= delta for x_R - x_L >= 1 and T = 40 delta; <= 4 C T^2."""
    room = (SHARE * T - DELTA).subs(T, HEIGHTS * DELTA)
    equal(room, DELTA)
    equal(sympy.solve((4 * CONSTANT * T**2).subs(T, HEIGHTS * DELTA) / DELTA - 1, DELTA)[0], LOWER)
    above(2 * HEIGHTS, 1 + sympy.Rational(HEIGHTS, 2))  # |h - relu + tau/2| <= delta + T/2 <= 2T


def moments() -> None:
    """int ((z + v tau)^a/a!) B(tau) dtau with B's moments delta_lk is z^(a-k) v^k/((a-k)! k!): the coefficient of tau^k in
    (z + v tau)^a is binom(a, k) z^(a-k) v^k."""
    a, k = sympy.symbols("a k", positive=True)
    quotient = sympy.binomial(a, k) / sympy.factorial(a) * sympy.factorial(a - k) * sympy.factorial(k)
    equal(sympy.gammasimp(quotient.rewrite(sympy.gamma)), 1)


ENTRY = Entry(
    name="theorem-d",
    label="Theorem D (words)",
    kind="proof",
    statement="Lam_all(N, h) = sup of kappa rho/(gamma eps) over instances with d' = 2 and N other creases of"
    " any sign that meet the cylinder, t = h rho/gamma. For every A there is N_0(A) with Lam_all(N, h) < N/A"
    " for all N >= N_0 and h >= 40 A/N: it is o(N).",
    certifies="The value T/16 of the best test function, the strip integral, the arithmetic of delta, the moments.",
    does_not="Everything else is words: the averaging, the compactness lemma and Kergin interpolation. No rate follows.",
    steps=(
        Step(
            "Suppose eps = delta = A/N, kappa = gamma = rho = 1. T = 40 delta; psi smooth on [-T, T], int"
            " |psi| = 1, orthogonal to 1, tau, tau^2, psi(relu) >= T/20.",
            test_function,
            words=True,
        ),
        Step(
            "Averaging: x_L in [-1, -1/2], x_R in [1/2, 1] such that at most m = m(A) lines have |o - x| <="
            " 4T (the average over an interval of length 1/2 is at most N 16 T = 640 A)."
        ),
        Step(
            "Integrate h against 1 on [x_L, x_R] times psi(tau). A crease ((x - o) - w tau)^+ of mass g"
            " gives g (b(x_R) - b(x_L)), b(x) = int psi ((x - o - w tau)^+)^2/2, which is 0 unless the line"
            " meets {x} x [-T, T] (there the square is a quadratic in tau, or 0).",
            strip_integral,
            words=True,
        ),
        Step(
            "H gives (x_R - x_L) psi(relu); affine functions 0. So (x_R - x_L)(T/20 - delta) <= |B(x_R)| +"
            " |B(x_L)|, B(x) = sum g_i b_i(x)."
        ),
        Step(
            "Lemma. m lines x = o + w tau, |w| <= 1, |o| <= 4; g = sum of g_i ((x - o_i) - w_i tau)^+ plus"
            " an affine function, |g| <= 2 on Q = [-3, 3] x [-1, 1]; b a smooth function of the line, 0 on"
            " lines that miss {0} x [-1, 1]. Then |sum g_i b(l_i)| <= C(m)."
        ),
        Step(
            "Its proof: else a sequence with unbounded sums; pass to limits of the lines and group equal"
            " limits. A cluster whose limit l* meets the segment has a small patch of Q around a point of l*"
            " off the other limits; finally only the cluster's lines meet the patch. For every polynomial"
            " q(z, v) of degree < m in z = o - o*, v = w - w* there is G_q supported in the patch with int"
            " G_q(o + w tau, tau) dtau = q (A(x - o* - w* tau) B(tau), A = y^a/a! near 0, B with moments"
            " delta_lk).",
            moments,
            words=True,
        ),
        Step(
            "Then sum over the cluster of g_i q(l_i) = int g d_x^2 G_q is bounded. Kergin interpolation: a q"
            " of degree < m with bounded coefficients that equals b at the cluster's lines. So every"
            " cluster's sum is bounded: contradiction."
        ),
        Step(
            "Rescale by T around x_R and x_L (lines with |o - x| > 4T miss the box): |B(x)| <= 2 C(m) T^2,"
            " so delta <= 4 C(m) 1600 delta^2, delta >= 1/(6400 C(m)) and N = A/delta is bounded.",
            arithmetic,
            words=True,
        ),
    ),
)
