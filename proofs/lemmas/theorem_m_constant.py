"""Theorem M's better constant c*_n: average over a law whose marginals are as flat as possible.

Certifies   the marginal densities for n = 1, 2, 3 and n >= 4, and c*_n < c_n for n >= 2; best among
            rotation-invariant laws.
Does not    help Theorem M', whose proof needs a law with a density.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import above, at_least, equal, positives
from .theorem_m import C_N
from .volume_inequality import RATIO, VOLUME, N, R

RHO, S, SLACK = positives("rho s slack")
FLAT = sympy.Rational(1, 2)  # c*_1 = c*_2 = c*_3
C_STAR = sympy.gamma(N / 2) / (sympy.sqrt(sympy.pi) * sympy.gamma((N - 1) / 2))  # n >= 4


def dimension_one() -> None:
    equal(2 * RHO * (FLAT / RHO), 1)
    equal(C_N.subs(N, 1), FLAT)


def dimension_two() -> None:
    """Density 1/(2 pi rho sqrt(rho^2 - |x|^2)): total mass 1, and the marginal is 1/(2 rho) everywhere."""
    v = sympy.Symbol("v", real=True)
    constant = 1 / (2 * sympy.pi * RHO)
    antiderivative = -2 * sympy.pi * constant * sympy.sqrt(RHO**2 - S**2)
    equal(sympy.diff(antiderivative, S), 2 * sympy.pi * S * constant / sympy.sqrt(RHO**2 - S**2))
    equal(antiderivative.subs(S, RHO) - antiderivative.subs(S, 0), 1)
    chord = sympy.integrate(1 / sympy.sqrt(1 - v**2), (v, -1, 1))  # y = sqrt(rho^2 - x^2) v
    equal(constant * chord, FLAT / RHO)


def sphere() -> None:
    """A slab of height dz of the unit sphere has area (n-1) V_(n-1) (1 - z^2)^((n-2)/2) dz/sqrt(1 - z^2) out
    of n V_n."""
    unit = VOLUME.subs(R, 1)
    exponent = (N - 2) / 2 - sympy.Rational(1, 2)
    equal(exponent.subs(N, 3), 0)
    above(exponent.subs(N, 3 + SLACK), 0)
    equal((N - 1) * unit.subs(N, N - 1) / (N * unit), C_STAR)
    equal(exponent, (N - 2 - 1) / 2)  # I((n-3)/2) is the slice ratio of dimension n - 2
    equal(C_STAR * RATIO.subs(N, N - 2), 1)
    equal(C_STAR.subs(N, 3), FLAT)


def better() -> None:
    """c*_n/c_n = (n-1)/n for n >= 3, and 1/2 < 2/pi for n = 2."""
    equal(C_STAR / C_N, (N - 1) / N)
    above(N, N - 1)
    above(C_N.subs(N, 2), FLAT)
    equal(C_N.subs(N, 2), 2 / sympy.pi)


def best() -> None:
    """A rotation-invariant law mixes spheres of radius <= rho: density at 0 at least c*_n/rho."""
    smaller = RHO / (1 + SLACK)
    at_least(1 / smaller, 1 / RHO)
    equal((1 / (2 * RHO)) / FLAT, 1 / RHO)


ENTRY = Entry(
    name="theorem-m-constant",
    label="Theorem M, better constant",
    kind="proof",
    statement=f"Theorem M holds with c*_n instead of c_n: c*_n = 1/2 for n <= 3 and c*_n = {C_STAR} for n >="
    " 4. c*_n < c_n for n >= 2, and c*_n is the best constant that a rotation-invariant law can give.",
    certifies="The total mass and the marginals of the laws, for all n at once where n >= 3; the comparison with c_n.",
    does_not="The area of a slab of a sphere (its slope against the axis) is words.",
    steps=(
        Step(
            "Theorem M's proof averages over any law on the ball of radius rho in H; it only uses a bound"
            " c/rho for the density of every coordinate (words)."
        ),
        Step("n = 1: uniform on [-rho, rho], density 1/(2 rho).", dimension_one),
        Step("n = 2: density 1/(2 pi rho sqrt(rho^2 - |x|^2)): every coordinate is uniform on [-rho, rho].", dimension_two),
        Step(
            "n >= 3: uniform on the sphere of radius rho: coordinate density (c*_n/rho) (1 -"
            " z^2/rho^2)^((n-3)/2), at most c*_n/rho; uniform for n = 3.",
            sphere,
            words=True,
        ),
        Step("c*_n/c_n = (n-1)/n for n >= 3; for n = 2, 1/2 < 2/pi.", better),
        Step(
            "A rotation-invariant law on the ball is a mixture of spheres of radius s <= rho, whose"
            " coordinates have density c*_n/s >= c*_n/rho at 0 (n >= 3); for n <= 3 any law on [-rho, rho]"
            " has density at least 1/(2 rho) somewhere.",
            best,
            words=True,
        ),
    ),
)
