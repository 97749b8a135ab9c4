"""Local gradients as a certificate restates them: pairs of masses, or an affine function and a polygon, both exact.

The checker rebuilds the creases, their masses and the polygon; format: proofs/CERTIFICATE.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, fmpq

from ... import exact
from ...certify.certificates import text, texts
from ...certify.radii.one import length
from ...certify.suprema import supremum
from ...restriction.domains import domain
from ...restriction.ridges import RidgeSum
from .local import Ball, Pairing

SIDES = [(s * x, t * y) for a, b in ((1, 0), (12, 5), (4, 3)) for x, y in ((a, b), (b, a)) for s in (1, -1) for t in (1, -1)]


@dataclass(frozen=True)
class Evidence:
    """What a row says of its local gradient, and the gradient that it proves."""

    entry: dict[str, Any]
    proved: Callable[[], arb]


def restated(ball: Ball) -> Iterator[Evidence]:
    """The evidence that a ball has."""
    yield Evidence({"shares": shares(ball.pairing)}, ball.pairing.proved)
    if ball.affine is not None:
        g = _affine(ball)
        yield Evidence({"affine": texts(g)}, lambda: _distance(ball, g))


def shares(pairing: Pairing) -> list[list]:
    """The shares of a pairing: first nodes on two hyperplanes, and masses in units of their |p|."""
    problem, index = pairing.scene.setting.problem, pairing.scene.index
    places = {id(node): place for place, node in enumerate(problem.nodes)}
    first = {m: problem.creases[index[m]].members[0] for m in pairing.members.tolist()}
    return [
        [places[id(first[a][0])], places[id(first[b][0])], text(x / abs(first[a][1])), text(y / abs(first[b][1]))]
        for a, b, x, y in pairing.shares
    ]


def _ridges(ball: Ball) -> RidgeSum:
    """The creases that meet the ball, each with its first node, without an affine part."""
    scene, rows = ball.pairing.scene, []
    observer, creases = scene.size.observer, scene.setting.problem.creases
    for m in ball.pairing.members.tolist():
        crease = creases[scene.index[m]]
        value = (crease.normal * scene.centre).sum() + crease.offset
        if value**2 < exact.rational(ball.radius) ** 2 * _square(ball, crease.normal):
            sign = 1 if crease.members[0][1] > 0 else -1
            rows.append((sign * crease.normal, sign * crease.offset, crease.mass(observer.fan_out)))
    P, beta, c = (np.array(column, dtype=object) for column in zip(*rows, strict=True))
    return RidgeSum(P, beta, c, exact.zeros(len(scene.centre)), exact.ZERO)


def _square(ball: Ball, covector: np.ndarray) -> fmpq:
    """Squared length of a covector."""
    return (covector @ ball.pairing.scene.setting.problem.frame.metric * covector).sum()


def _affine(ball: Ball) -> list[fmpq]:
    """The ball's affine function, slope and constant, as it lies near `_ridges` (relu(u) = (|u| + u)/2)."""
    scene, h = ball.pairing.scene, _ridges(ball)
    unit = scene.setting.float_unit(scene.size.observer)
    assert ball.affine is not None
    slope = exact.rationals(ball.affine[:2]) * unit + (h.c / 2) @ h.P
    slope = np.array([*map(exact.short_down, slope)], dtype=object)
    middle = exact.rational(ball.affine[2] * ball.radius) * unit + (h.c * (h.P @ scene.centre + h.beta)).sum() / 2
    return [*slope, middle - (slope * scene.centre).sum()]


def _distance(ball: Ball, g: list[fmpq]) -> arb:
    """The largest distance of `_ridges` from g over the polygon, exactly, but for the roots of its sides."""
    centre, h, r = ball.pairing.scene.centre, _ridges(ball), exact.ball(ball.radius)
    frame = ball.pairing.scene.setting.problem.frame
    A = exact.rationals(np.array(sorted(set(SIDES))))
    reach = [exact.middle((r * length(a)).upper()) for a in frame.orthonormal(A)]
    c = A @ centre + np.array(reach, dtype=object)
    box = [c[[tuple(int(x) for x in row) == side for row in A].index(True)] for side in ((1, 0), (0, 1), (-1, 0), (0, -1))]
    upper, lower = np.array(box[:2], dtype=object), -np.array(box[2:], dtype=object)
    polygon = domain(A, c, lower, upper)
    assert polygon is not None  # it holds the ball
    away = RidgeSum(h.P, h.beta, h.c, -np.array(g[:2], dtype=object), -g[2])
    return arb(supremum(away, polygon, gap=0.0).ends[1])
