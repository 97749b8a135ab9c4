"""Kinks: second differences of a node, and why kink masses do not depend on orientation.

Certifies   relu(b + a) + relu(b - a) - 2 relu(b) = max(0, |a| - |b|) for all real a, b; the scaling of kink
            mass.
Does not    use anything but relu(z) = max(z, 0).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from ..entry import Entry, Step
from ._algebra import SIGNS, above, equal, positives, relu

A, B, L, T = positives("a b lambda t")
SECOND: Mapping[int, int] = {1: 1, 0: -2, -1: 1}  # shift in units of the step -> weight
KINK = A  # of relu(b + a tau) along tau


def second_difference(a: Any, b: Any) -> Any:
    """Of relu(b + a tau) at tau = 0 with step 1, where the signs of b, b + a, b - a do not change."""
    return sum(weight * relu(b + shift * a) for shift, weight in SECOND.items())


def orientation() -> None:
    for s in SIGNS:
        equal(relu(-s * A), relu(s * A) - s * A)
        for factor in SIGNS:
            equal(relu(factor * L * s * A), L * relu(factor * s * A))


def uncut_segments() -> None:
    """|b| >= |a|: b = +-(u + v), a = +-u."""
    for s, e in itertools.product(SIGNS, repeat=2):
        equal(second_difference(e * A, s * (A + B)), 0)


def cut_segments() -> None:
    """|b| < |a|: the value is |a| - |b| > 0; at b = 0 it is the whole kink."""
    for s, e in itertools.product(SIGNS, repeat=2):
        equal(second_difference(e * (A + B), s * B), A)
        equal(second_difference(e * A * T, 0), KINK * T)
    above(KINK, 0)


def size() -> None:
    equal(sum(abs(weight) for weight in SECOND.values()), 4)
    equal(sum(SECOND.values()), 0)
    equal(sum(weight * shift for shift, weight in SECOND.items()), 0)


ENTRY = Entry(
    name="second-difference",
    label="kinks",
    kind="proof",
    statement="relu(-z) = relu(z) - z and relu(lambda z) = |lambda| relu(sign(lambda) z): nodes on one"
    " hyperplane have the same crease up to an affine function, and kappa_H = sum of c_i |p_i| does not"
    " depend on orientations. The second difference D h(x) = h(x + v) + h(x - v) - 2 h(x) kills affine"
    " functions, is at most 4 sup |h|, and for a node relu(p . y + beta) it is max(0, |p . v| - |p . x +"
    " beta|): nonnegative, 0 if the open segment is not cut, |p . v| if x lies on the crease.",
    certifies="All of it, for all real arguments, by the signs of the arguments.",
    does_not="The boundary cases between signs follow by continuity (words).",
    steps=(
        Step("relu(-z) = relu(z) - z and relu(lambda z) = |lambda| relu(sign(lambda) z).", orientation),
        Step("|b| >= |a|: the second difference of relu(b + a tau), step 1, is 0: the segment is not cut.", uncut_segments),
        Step("|b| < |a|: it is |a| - |b| > 0; if b = 0 (x on the crease) it is the kink |a| times the step.", cut_segments),
        Step("The weights 1, -2, 1 kill constants and linear functions, and their sizes sum to 4.", size),
    ),
)
