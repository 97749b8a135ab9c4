"""The volume inequality of the appendix holds in every dimension: V_n(r) >= r sqrt(2 pi/(n+1)) V_{n-1}(r).

Certifies   the ratio V_n/V_{n-1} for all n by a recursion, and the inequality by log-convexity of Gamma.
Does not    check that an integral of a nonnegative function is nonnegative (words).
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import equal, positives

N, R, X, S = positives("n r x s")
M = sympy.Symbol("m", positive=True)
LAMBDA = sympy.Symbol("lambda", real=True)
VOLUME = sympy.pi ** (N / 2) * R**N / sympy.gamma(N / 2 + 1)
# of unit balls, dimensions n and n-1
RATIO = sympy.sqrt(sympy.pi) * sympy.gamma((N + 1) / 2) / sympy.gamma(N / 2 + 1)
LOWER = R * sympy.sqrt(2 * sympy.pi / (N + 1))


def slices_recur() -> None:
    """I(m) = integral of (1 - s^2)^m over [-1, 1] has (2m + 1) I(m) = 2m I(m-1): the derivative of s (1 -
    s^2)^m."""
    power = sympy.Symbol("power", positive=True)  # stands for (1 - s^2)^m
    derivative = sympy.diff(S * (1 - S**2) ** M, S).subs((1 - S**2) ** M, power)
    equal(derivative, (2 * M + 1) * power - 2 * M * power / (1 - S**2))
    equal((2 * M + 1).subs(M, (N - 1) / 2) * RATIO, (2 * M).subs(M, (N - 1) / 2) * RATIO.subs(N, N - 2))


def slices_start() -> None:
    z = sympy.Symbol("z", real=True)
    equal(RATIO.subs(N, 1), sympy.integrate(1, (z, -1, 1)))
    equal(RATIO.subs(N, 2), sympy.integrate(sympy.sqrt(1 - z**2), (z, -1, 1)))


def volume_formula() -> None:
    equal(VOLUME.subs(N, 1), 2 * R)
    equal(VOLUME / VOLUME.subs(N, N - 1), R * RATIO)


def moment(power):
    """The integral of t^power e^-t over the half-line: the definition of Gamma."""
    return sympy.gamma(power + 1)


def log_convexity() -> None:
    """t^(x-1) (1 + lambda sqrt t)^2 e^-t, integrated and minimised over lambda."""
    root = sympy.Symbol("root", positive=True)
    square = sympy.Poly((1 + LAMBDA * root) ** 2, root)
    quadratic = sum(coefficient * moment(X - 1 + sympy.Rational(power, 2)) for (power,), coefficient in square.terms())
    best = -sympy.gamma(X + sympy.Rational(1, 2)) / sympy.gamma(X + 1)
    least = sympy.expand(quadratic.subs(LAMBDA, best))
    equal(sympy.diff(quadratic, LAMBDA).subs(LAMBDA, best), 0)
    middle = sympy.gamma(X + sympy.Rational(1, 2))
    equal(least * sympy.gamma(X + 1), sympy.gamma(X) * sympy.gamma(X + 1) - middle**2)


def conclusion() -> None:
    """(ratio / lower)^2 is Gamma(x) Gamma(x + 1) / Gamma(x + 1/2)^2 at x = (n + 1)/2."""
    quotient = sympy.gamma(X) * sympy.gamma(X + 1) / sympy.gamma(X + sympy.Rational(1, 2)) ** 2
    equal((R * RATIO / LOWER) ** 2, quotient.subs(X, (N + 1) / 2))


ENTRY = Entry(
    name="volume-inequality",
    label="volume inequality (Lemma 3)",
    kind="proof",
    statement=f"For every n >= 1 and r > 0: V_n(r) >= {LOWER} V_(n-1)(r), V_n(r) = {VOLUME} the volume of the"
    " n-ball. (In the appendix n = d - 1.)",
    certifies="The slice ratio for all n, and the inequality for all real n >= 1, not for a list of dimensions.",
    does_not="Two facts are words: an integral of a nonnegative function is nonnegative, and slicing a ball (Fubini).",
    steps=(
        Step("Slicing (words: Fubini): V_n(1)/V_(n-1)(1) = I((n-1)/2), I(m) = integral of (1 - s^2)^m over [-1, 1]."),
        Step(f"I satisfies (2m + 1) I(m) = 2m I(m-1), and so does the ratio {RATIO} with m = (n-1)/2.", slices_recur),
        Step("Both agree at n = 1 (2) and n = 2 (pi/2), hence at every n.", slices_start),
        Step("So V_n is the stated formula: V_1(r) = 2r and V_n/V_(n-1) = r times the ratio.", volume_formula),
        Step(
            "Log-convexity: t^(x-1) (1 + lambda sqrt t)^2 e^-t >= 0 has the integral Gamma(x) + 2 lambda"
            " Gamma(x + 1/2) + lambda^2 Gamma(x + 1) >= 0; at its minimum this says Gamma(x + 1/2)^2 <="
            " Gamma(x) Gamma(x + 1).",
            log_convexity,
        ),
        Step("With x = (n + 1)/2 that is the square of the claim.", conclusion),
    ),
)
