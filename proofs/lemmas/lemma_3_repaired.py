"""Lemma 3, repaired: a point far from all other hyperplanes, or one close in angle and bias.

Certifies   the volume argument with its constant 10 sqrt(d/(2 pi)), and the bias half for the better of the
            two signs.
Does not    hold as printed: the bias half fails for nearly anti-parallel nodes; |b' - sigma b| needs the sign
            sigma.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import above, acute, at_least, equal, positives
from .volume_inequality import LOWER
from .volume_inequality import N as DIMENSION
from .volume_inequality import R as RADIUS

EPS, C, RHO, D, M0, SINE, K = positives("eps c rho d M_0 sin K")
M = 10 / RHO * sympy.sqrt(D / (2 * sympy.pi))
M2 = 2 * M0 * M * K + 5
Q = 5 * EPS / C  # half width of the slabs, and the distance claimed in (2)
SINE_BOUND = M * K * EPS / C
BIAS_BOUND = M2 * EPS / C


def slab_width() -> None:
    """On H the node of H' reads sin theta s + constant along u (lemma-2-repaired)."""
    s, constant = sympy.symbols("s constant", real=True)
    ends = [sympy.solve(SINE * s + constant - level, s)[0] for level in (-Q, Q)]
    equal(ends[1] - ends[0], 2 * Q / SINE)


def volumes() -> None:
    """K - 1 slabs narrower than 2q/SINE_BOUND = (rho/K) sqrt(2 pi/d) cover less than LOWER V_(d-2) <=
    V_(d-1)."""
    width = 2 * Q / SINE_BOUND
    equal(width * K, LOWER.subs({DIMENSION: D - 1, RADIUS: RHO}))
    above(K, K - 1)


def half_angle() -> None:
    """|n' - sigma n| = 2 sin(phi/2) <= 2 sin phi for the acute angle phi: the difference is 2 sin(phi/2) (2
    cos(phi/2) - 1)."""
    phi = sympy.Symbol("phi", real=True)
    difference = 2 * sympy.sin(phi) - 2 * sympy.sin(phi / 2)
    equal(sympy.expand_trig(difference.subs(phi, 2 * phi)), (2 * sympy.sin(phi) * (2 * sympy.cos(phi) - 1)))
    cosine, _ = acute()
    squared = (1 + cosine) / 2  # cos^2(phi/2)
    at_least(squared, sympy.Rational(1, 2))
    above(sympy.Rational(1, 2), sympy.Rational(1, 2) ** 2)  # so cos(phi/2) > 1/2
    equal(2 - 2 * cosine, 4 * (1 - squared))  # |n' - n|^2 = (2 sin(phi/2))^2


def bias() -> None:
    """|b' - sigma b| <= |n' - sigma n| |x| + |n' . x + b'| <= 2 SINE_BOUND M_0 + q."""
    equal(2 * SINE_BOUND * M0 + Q, BIAS_BOUND)


ENTRY = Entry(
    name="lemma-3-repaired",
    label="Lemma 3, repaired",
    kind="proof",
    statement="H_j and at most K - 1 other hyperplanes of R^d, d >= 2, unit normals; B a (d-1)-ball of radius"
    f" rho in H_j, M_0 = max |x| on B, eps > 0, M = {M}. Either (1) some other hyperplane within distance q ="
    f" {Q} of a point of B has sin theta <= M K eps/c and, with a sign sigma, |b' - sigma b| <= ({M2}) eps/c,"
    " or (2) some x in B has |n' . x + b'| > q for all the others.",
    certifies="Slab widths, the volume comparison (with volume-inequality), the half-angle estimate on the"
    " whole first quadrant and the bias bound.",
    does_not="Fubini (a slab of width w covers at most w V_(d-2)(rho) of B) and the triangle inequality are"
    " words. sigma = -1 occurs: as printed (always sigma = +1) the lemma is false.",
    steps=(
        Step(
            "{x in H_j : |n' . x + b'| <= q} is a slab of width 2q/sin theta (lemma-2-repaired); sin theta ="
            " 0: all or nothing.",
            slab_width,
        ),
        Step(
            "Suppose no other hyperplane satisfies (1). If its slab meets B and its sine is above the bound,"
            " it covers less than 2q/(M K eps/c) V_(d-2)(rho) of B (words: the slices of B across u are"
            " balls of radius <= rho)."
        ),
        Step(
            "If its slab meets B at x and its sine is within the bound, take sigma with sigma n . n' >= 0:"
            " |n' - sigma n| = 2 sin(phi/2) <= 2 sin phi, phi <= 90 degrees.",
            half_angle,
        ),
        Step(
            "n' . x + b' = (n' - sigma n) . x + b' - sigma b on H_j, so |b' - sigma b| <= 2 M_0 M K eps/c +"
            " q: (1) holds after all. So only slabs of the first kind meet B.",
            bias,
        ),
        Step(
            "Together they cover at most (K-1)/K rho sqrt(2 pi/d) V_(d-2)(rho) < V_(d-1)(rho): some x in B"
            " is outside all slabs.",
            volumes,
        ),
    ),
)
