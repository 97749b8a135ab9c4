"""The exact zero test: g_1,k = 0 iff all kink masses and the affine rest are 0.

Certifies   the rewriting of h_k as creases plus an affine rest, that a crease of mass kappa shows, and that
            the test is rational.
Does not    use floats, tolerances or samples; two exact instances show both answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction as Q

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, absolute, equal, inner, positives, reals, relu, same
from .second_difference import second_difference

Z, L1, L2, KAPPA, T = positives("z l1 l2 kappa t")
Augmented = tuple[Q, ...]  # (p, beta) of a node or (a, constant) of an affine function
SQUARE = tuple((Q(x), Q(y)) for x in (-1, 1) for y in (-1, 1))


def rewriting() -> None:
    """Nodes lambda z on one hyperplane, lambda = l1 and -l2: mass times relu(z), plus an affine function."""
    c1, c2 = reals("c1 c2")
    for s in SIGNS:
        nodes = c1 * relu(L1 * s * Z) + c2 * relu(-L2 * s * Z)
        equal(nodes, (c1 * L1 + c2 * L2) * relu(s * Z) - c2 * L2 * s * Z)


def creases_and_rest(
    nodes: Sequence[tuple[Q, Augmented]], corners: Sequence[Sequence[Q]]
) -> tuple[dict[Augmented, Q], Augmented]:
    """({z_H: sum of c_i |lambda_i|}, affine rest) on the polytope with these corners; linear in the number of
    nodes.

    z_H is the hyperplane's node scaled to first nonzero weight 1; the kink mass is the entry times |p_H|.
    """
    masses: dict[Augmented, Q] = {}
    rest = [Q(0)] * (len(corners[0]) + 1)
    for c, node in nodes:
        values = [sum((p * y for p, y in zip(node, corner, strict=False)), node[-1]) for corner in corners]
        if min(values) < 0 < max(values):
            scale = next(p for p in node if p)
            crease = tuple(p / scale for p in node)
            masses[crease] = masses.get(crease, Q(0)) + c * abs(scale)
            # c relu(lambda z) = c |lambda| relu(z) + c lambda z if lambda < 0
            linear = c if scale < 0 else Q(0)
        else:
            linear = c if max(values) > 0 else Q(0)
        rest = [r + linear * p for r, p in zip(rest, node, strict=True)]
    return masses, tuple(rest)


def a_mass_shows() -> None:
    """At a point of the crease off all others the second difference is kappa t: 0 only if kappa = 0."""
    equal(second_difference(KAPPA * T, 0), KAPPA * T)


def rational() -> None:
    """kappa_H = sum c_i |lambda_i p_H| = |p_H| sum c_i |lambda_i|, term by term."""
    square = positives("p2")[0]
    for factor in (L1, -L2):
        length = sympy.sqrt(inner((factor,), (factor,), ((square,),)))
        equal(length, absolute(factor) * sympy.sqrt(square))


def flipped_student() -> tuple[tuple[Q, Augmented], ...]:
    """h for f* = relu(x1), f = relu(-x1) + relu(x1 + x2 + 3) - relu(x2 + 3)."""
    rows = ((1, (1, 0, 0)), (-1, (-1, 0, 0)), (-1, (1, 1, 3)), (1, (0, 1, 3)))
    return tuple((Q(c), tuple(map(Q, node))) for c, node in rows)


def by_hand() -> None:
    """x = 1/2 carries 3 relu(1 - 2x) and 5 relu(x - 1/2); 7 relu(x + y - 3) is off, 2 relu(x + y + 3) on, for
    0 <= x <= 2."""
    corners = [(Q(x), Q(y)) for x in (0, 2) for y in (-1, 1)]
    rows = ((3, (-2, 0, 1)), (5, (1, 0, Q(-1, 2))), (7, (1, 1, -3)), (2, (1, 1, 3)))
    masses, rest = creases_and_rest([(Q(c), tuple(Q(entry) for entry in node)) for c, node in rows], corners)
    same(masses, {(1, 0, Q(-1, 2)): 3 * 2 + 5})
    same(rest, (3 * -2 + 2, 2, 3 + 2 * 3))


def instances() -> None:
    masses, rest = creases_and_rest(flipped_student(), SQUARE)
    same(masses, {(1, 0, 0): 0})
    same(rest, (0, 0, 0))
    # without the node relu(x2 + 3) the rest is -(x2 + 3)
    masses, rest = creases_and_rest(flipped_student()[:3], SQUARE)
    same(masses, {(1, 0, 0): 0})
    same(rest, (0, -1, -3))
    masses, rest = creases_and_rest(flipped_student()[1:], SQUARE)  # without the teacher the crease shows
    same(masses, {(1, 0, 0): -1})


ENTRY = Entry(
    name="zero-test",
    label="Theorem 1', stronger form",
    kind="proof",
    statement="g_1,k = 0 on A_k if and only if every hyperplane H that meets the interior of A_k has kink"
    " mass kappa_H = 0, and the affine rest (the nodes active on all of A_k, and from each crossing node with"
    " lambda < 0 its linear part) is 0. With rational weights this is an exact test, linear in the number of"
    " nodes.",
    certifies="The rewriting on both sides of a hyperplane, the visibility of a mass, kappa_H = |p_H| times a"
    " rational number; and both answers on exact instances, one of them Theorem 1's flipped student.",
    does_not="Words: finitely many hyperplanes other than H do not cover H's part of the interior; an affine"
    " function that vanishes on an open set is 0; g_1,k = h_k on the active side and both closures agree by"
    " continuity.",
    steps=(
        Step(
            "Nodes lambda_i z_H on one hyperplane: sum c_i relu(lambda_i z) = (sum c_i |lambda_i|) relu(z) +"
            " sum over lambda_i < 0 of c_i lambda_i z.",
            rewriting,
        ),
        Step(
            "A node whose hyperplane misses the interior of A_k is affine on A_k (active: its weights;"
            " inactive: 0). So h_k = sum over crossing H of (kappa_H/|p_H|) relu(z_H) + affine rest, and"
            " 'if' follows."
        ),
        Step(
            "Only if: take a point of H in the interior off all other hyperplanes; a short segment across H"
            " has the second difference kappa_H t, so h_k = 0 forces kappa_H = 0.",
            a_mass_shows,
            words=True,
        ),
        Step("With all masses 0, h_k is the affine rest, which vanishes on an open set, so it is 0."),
        Step("kappa_H = |p_H| sum c_i |lambda_i|: zero iff a rational sum is zero.", rational),
        Step("A table by hand: crossing nodes of both orientations, one node off and one on everywhere.", by_hand),
        Step(
            "Exact instances: the flipped student passes; without the node relu(x2 + 3) the rest, without"
            " the teacher the crease fails.",
            instances,
        ),
    ),
)
