"""The local form: h_k on one ball only, and modulo affine functions.

Every theorem of the sharp form evaluates h_k through functionals that kill affine functions (second differences, quotients
along chords, averages of these, four-point differences), inside its body. So on a ball B around a centre on H, inside A_k,
    eps_loc >= min over affine g of sup over B of |h_k - g|
may take the place of eps_k. Modulo affine functions h_k is half the sum of kappa_m |s_m| there, over the creases m that meet
B (the others are affine on B and drop out exactly), s_m the signed distance. Two upper bounds:
  pairs      any dimension, no search. |s| of a crease at distance o is within (r^2 - o^2) / (2 r) of an affine function on B,
             and | |s_a| - |s_b| | <= |s_a -+ s_b|: masses of opposite sign are paired, the nearest creases first, and what is
             left counts alone. Pairs count together: at y their sum is at most that of |c_i + <g_i, y>|, over B the largest
             |sum of e_i c_i| + r |sum of e_i g_i| over all signs e. Each is large where the others are not.
  vertices   d' = 2. The largest |h_k - g| over the vertices of the creases in a polygon around B, for a g near the best one;
             floats with an error bound.
A ball may be replaced by a smaller one; the radii tried are those just too small to meet a crease. A bound on |kappa_H| itself
takes the gradient of the whole ball in A_k, whatever smaller ball it then counts in: where a ball is so small that it meets H
alone, the gradient is |kappa_H| r / 4 whatever h_k is elsewhere, and Theorem A says nothing but |kappa_H| <= |kappa_H|.
Source: theory notes, section 4, whose theorems are stated for eps on the body; local form in docs/theory.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
from flint import arb, fmpq, fmpq_mat

from ... import exact
from ...certify.radii.one import Inscribed, length
from ..geometry import cached_by
from ..loops import pairings as loops
from ..loops import vertices
from ..setting import FAR_OFF, Setting
from .around import Around, Bound, Candidate, Sizes, radii

MOST_BALLS = 2  # balls around one centre whose local gradient is worked out further
PLENTY = 2.0  # of all masses of the sign of crease i: more than is ever set against them
MOST_TOGETHER = 8  # pairs whose signs are all tried: those that cost most; a checker tries as many
CLEAR = 1e-3  # share by which one reading of a pair costs less in floats than the other: then it does
MOST_LINES = 60  # creases in one ball up to which vertices are listed
SIDES = 16  # of the polygon around a ball: 2 % longer than the ball
ROUNDS, NEAR = 60, 1e-9  # exchanges of points for the affine part, and how near the best one ends them
ERROR = 2.0**-40  # of a value, as a share of all that is added up: 9e3 roundings, where MOST_LINES need some 200
TINIEST = 1e-100  # of sums whose squares are floats
ABOVE = 1 + 2.0**-30  # of a gradient that bounds masses: where a ball meets H alone the two sides could not be told apart
INSIDE = 1 - 1e-6  # share of an inscribed ball's radius at which it touches no facet any more
EDGE = 1e-11  # by which a line in the polygon is drawn out at both ends, more than rounding takes


@cached_by
def _normals(setting: Setting) -> np.ndarray:
    """Unit normals of all creases in orthonormal coordinates, balls.   (n, d')"""
    normals = np.stack([crease.normal for crease in setting.problem.creases])
    lengths = np.array(setting.masses.unit_lengths, dtype=object)
    return setting.problem.frame.orthonormal(normals) / lengths[:, None]


@cached_by
def _float_normals(setting: Setting) -> np.ndarray:
    return np.array([[float(x.mid()) for x in row] for row in _normals(setting)])


@cached_by
def _apart(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """(|n_a - n_b|, |n_a + n_b|) of all pairs of unit normals, in floats (to choose, not to prove).   (n, n), (n, n)"""
    n = _float_normals(setting)
    return np.linalg.norm(n[:, None] - n, axis=2), np.linalg.norm(n[:, None] + n, axis=2)


@cached_by
def _rows(setting: Setting) -> list[list[fmpq]]:
    """(*normal, offset) of every crease."""
    return [[*crease.normal, crease.offset] for crease in setting.problem.creases]


@dataclass(frozen=True, eq=False)
class Scene:
    """The creases of h_k that meet a ball around a centre on crease i, which comes first; arrays of equal length n.

    index     position in problem.creases         distance   lower bound on the distance from the centre
    kink      kink masses, signed, in floats and in units of `float_unit`
    opposes, student, cotangent      as in `Around`; crease i itself opposes nobody
    wall      place here of the crease at which A_k ends, None without one: h_k is looked at in A_k alone, where this kink is
              affine; it has as much mass as is wanted to set against the others, and what is left of it costs nothing
    """

    setting: Setting
    size: Sizes
    centre: np.ndarray
    index: np.ndarray
    distance: np.ndarray
    kink: np.ndarray
    opposes: np.ndarray
    student: np.ndarray
    cotangent: np.ndarray
    wall: int | None = None

    @cached_property
    def values(self) -> list[fmpq]:
        """Exact values at the centre of the creases' forms normal . z + offset."""
        rows, d = _rows(self.setting), len(self.centre)
        flat = [x for m in self.index.tolist() for x in rows[m]]
        return (fmpq_mat(len(self.index), d + 1, flat) * fmpq_mat(d + 1, 1, [*self.centre, exact.ONE])).entries()

    @cached_property
    def heights(self) -> list[arb]:
        """Signed distances of the centre from the creases, balls."""
        lengths = self.setting.masses.unit_lengths
        return [arb(value) / lengths[m] for value, m in zip(self.values, self.index.tolist(), strict=True)]

    @cached_property
    def height(self) -> np.ndarray:
        """The same in floats."""
        return exact.nearest(np.array(self.values, dtype=object)) / self.setting.masses.float_lengths[self.index]

    @cached_property
    def _arrays(self) -> tuple[Any, ...]:
        """A scene as `loops.pairings` reads it."""
        apart = (self.index, *_apart(self.setting))
        return self.distance, self.kink, self.height, apart, -1 if self.wall is None else self.wall

    def least(self, radii: np.ndarray) -> np.ndarray:
        """Lower bounds on what pairs cost one by one in balls of these radii, the largest first.   (m,) -> (m,)"""
        return loops.least(*self._arrays, radii)

    def paired(self, radius: float) -> Pairing:
        """Masses of opposite sign in a ball paired while a pair costs less than its two creases alone."""
        value, rest, pairs, shares, worth = loops.paired(*self._arrays, radius)
        order = np.argsort(-worth, kind="stable")
        first = order[:MOST_TOGETHER]
        if len(pairs) > 1:
            normals = _float_normals(self.setting)
            whole = loops.together(pairs[first], shares[first], normals, self.height, self.index, radius)
            value = rest + worth[order[MOST_TOGETHER:]].sum() + min(whole, worth[first].sum())
        return Pairing(self, radius, np.flatnonzero(self.distance <= radius), pairs, order, value)

    def best(self, radii: np.ndarray) -> list[float]:
        """The radii, of many, the largest first, at which Theorem A says most by pairs one by one; at most MOST_BALLS."""
        return radii[loops.best(*self._arrays, self.opposes, self.student, self.cotangent, radii, MOST_BALLS)].tolist()


def scene_of(setting: Setting, i: int, size: Sizes, inscribed: Inscribed, near: Around, wall: int | None = None) -> Scene:
    """The creases that meet an inscribed ball; wall: position in problem.creases of the one at which A_k ends, see `Scene`."""
    met = np.flatnonzero(near.distance <= inscribed.radius)
    index = np.concatenate([[i], near.index[met]])
    kinks = setting.float_kinks(size.observer)[index] * setting.masses.signs(size.observer)[index]
    place = None if wall is None else next(iter(np.flatnonzero(index == wall).tolist()), None)
    if place is not None:
        kinks[place] = 0.0
        kinks[place] = -PLENTY * kinks[np.sign(kinks) == np.sign(kinks[0])].sum()
    opposes, student = (np.append(False, x[met]) for x in (near.opposes, near.student))
    distance, cotangent = (np.append(0.0, x[met]) for x in (near.distance, near.cotangent))
    return Scene(setting, size, inscribed.centre, index, distance, kinks, opposes, student, cotangent, place)


@dataclass(frozen=True, eq=False)
class Ball:
    """A ball around a centre on H, and what its local gradient makes of the sizes.

    affine    the g whose distance from h_k at vertices is that gradient: slope and constant in coordinates in which the ball
              is the unit disc, in units of radius * `float_unit`; None where it is what the pairing says
    """

    radius: float
    size: Sizes
    pairing: Pairing
    affine: np.ndarray | None = None

    @property
    def radii(self) -> np.ndarray:
        """The radius alone, as the methods of a ball take it.   (1,)"""
        return np.array([self.radius])


def told(ball: Ball, candidate: Candidate) -> Candidate:
    """The candidate of a local ball, whose terms tell its own gradient and radius from those of A_k."""
    value, prove = candidate

    def local() -> Bound | None:
        bound = prove()
        if bound is None:
            return None
        terms = {key: term for key, term in bound.terms.items() if key != "epsilon"}
        return replace(bound, terms={**terms, "local_epsilon": ball.size.epsilon, "radius": ball.radius})

    return value, local


def balls(setting: Setting, i: int, size: Sizes, inscribed: Inscribed, near: Around) -> list[Ball]:
    """The balls around a centre on crease i, inside A_k, in which the local gradient says most."""
    return [ball_of(pairing) for pairing in pairings(setting, i, size, inscribed, near)]


def whole_ball(setting: Setting, i: int, size: Sizes, inscribed: Inscribed, near: Around) -> Ball | None:
    """An inscribed ball with its local gradient, for bounds on |kappa_H|; None where that is not smaller than eps_k in floats.

    What is proved is the smaller of both. Where creases touch the ball, as the observer's own may, it is tried a little smaller
    too: they are affine on it, and may pair off others' masses or weigh by themselves.
    """
    if not size.eps > 0:
        return None
    touched = ((near.distance <= inscribed.radius) & (near.distance > INSIDE * inscribed.radius)).any()
    tried = [inscribed.radius, *([INSIDE * inscribed.radius] if touched else [])]
    both = pairings_in(setting, i, size, inscribed, near, tried)
    ball = min(map(ball_of, both), key=lambda ball: ball.size.eps)
    if not ball.size.eps < size.eps:
        return None
    return replace(ball, size=replace(ball.size, proved=lambda: (ball.size.epsilon * ABOVE).min(size.epsilon)))


@cached_by
def ball_of(pairing: Pairing) -> Ball:
    """The ball of a pairing with its local gradient: of the pairs, or of vertices where they say more (d' = 2)."""
    size, setting = pairing.scene.size, pairing.scene.setting
    local, affine = replace(size, eps=pairing.value, proved=pairing.proved), None
    if setting.problem.dimension == 2 and len(pairing.members) > 1:  # of a crease alone the pairs say more
        level, nearest = by_vertices(pairing.scene, pairing.radius) or (math.inf, None)
        if level * pairing.radius < local.eps:
            unit = setting.float_unit(size.observer) * exact.rational(pairing.radius)
            local, affine = replace(size, eps=level * pairing.radius, proved=_constant(level, unit)), nearest
    return Ball(pairing.radius, local, pairing, affine)


def _constant(level: float, unit) -> Callable[[], arb]:
    return lambda: exact.ball(level) * exact.ball(unit)


# -- pairs --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Pairing:
    """Pairs of creases in a ball, in the order in which their masses are set against each other, nearest first.

    members   positions in the scene          pairs   (a, b) of positions in the scene
    order     places among the pairs, the one that costs most first
    value     the bound in floats, in units of `float_unit`
    """

    scene: Scene
    radius: float
    members: np.ndarray
    pairs: np.ndarray
    order: np.ndarray
    value: float

    @cached_property
    def masses(self) -> dict[int, fmpq]:
        """Sizes of the members' kink masses, in units of |normal|; of a wall as much as there is to set against others."""
        masses, observer, wall = self.scene.setting.masses, self.scene.size.observer, self.scene.wall
        sizes = {m: abs(masses.mass(int(self.scene.index[m]), observer)) for m in self.members.tolist()}
        if wall is not None and wall in sizes:
            kink = exact.rational(abs(self.scene.kink[wall])) * self.scene.setting.float_unit(observer)
            sizes[wall] = kink / exact.short_down(exact.middle(masses.unit_lengths[self.scene.index[wall]]))
        return sizes

    @cached_property
    def shares(self) -> list[tuple[int, int, fmpq, fmpq]]:
        """(a, b, x, y): masses x of a and y of b, in units of |normal|, that are set against each other, in the order `order`.

        One of them is all that is left of its crease; the other's kink is equal, up to a rounding.
        """
        lengths, left, out = self.scene.setting.masses.unit_lengths, dict(self.masses), []
        for a, b in self.pairs.tolist():
            ratio = exact.short_down(exact.middle(lengths[self.scene.index[a]] / lengths[self.scene.index[b]]))
            x, y = min(left[a], left[b] / ratio), min(left[b], left[a] * ratio)
            out.append((a, b, x, y))
            left[a], left[b] = left[a] - x, left[b] - y
        return [out[place] for place in self.order.tolist()]

    def proved(self) -> arb:
        """The bound in ball arithmetic: |x |u| - y |v|| <= |x u -+ y v| for the forms u, v of two creases."""
        r, left = exact.ball(self.radius), dict(self.masses)
        for a, b, x, y in self.shares:
            left[a], left[b] = left[a] - x, left[b] - y
        pairs = [self._apart(*share) for share in self.shares]
        total = _together(pairs[:MOST_TOGETHER], r)
        total += sum((abs(value) + r * length(slope) for slope, value in pairs[MOST_TOGETHER:]), arb(0))
        total /= 2
        for c, rest in left.items():
            if c == self.scene.wall:
                continue
            kink = exact.ball(rest) * self.scene.setting.masses.unit_lengths[self.scene.index[c]]
            total += kink * arb(0).max(r - self.scene.heights[c] ** 2 / r) / 4
        return total

    def _apart(self, a: int, b: int, x: fmpq, y: fmpq) -> tuple[np.ndarray, arb]:
        """(slope, value at the centre) of x u -+ y v for the forms of two creases, whichever sign makes less of them."""
        near, far = _apart(self.scene.setting)
        one, other, height, r = self.scene.index[a], self.scene.index[b], self.scene.height, self.radius
        (n, o), (m, p) = self._scaled(a, x), self._scaled(b, y)
        alike, opposite = near[one, other] * r + abs(height[a] - height[b]), far[one, other] * r + abs(height[a] + height[b])
        if abs(alike - opposite) > CLEAR * max(alike, opposite):
            return (n - m, o - p) if alike < opposite else (n + m, o + p)
        readings = [(n - m, o - p), (n + m, o + p)]
        costs = [abs(value) + exact.ball(r) * length(slope) for slope, value in readings]
        return readings[bool(costs[1] < costs[0])]

    def _scaled(self, m: int, share: fmpq) -> tuple[np.ndarray, arb]:
        """A share of a crease's mass times its form: the slope in orthonormal coordinates, and the value at the centre."""
        place = self.scene.index[m]
        kink = exact.ball(share) * self.scene.setting.masses.unit_lengths[place]
        return kink * _normals(self.scene.setting)[place], kink * self.scene.heights[m]


def _together(pairs: list[tuple[np.ndarray, arb]], r: arb) -> arb:
    """The largest sum of |value + <slope, y>| over |y| <= r: over all signs of the pairs, the first one's +.

    Signs whose sum another's exceeds by more than floats can be wrong are left out. Floats know such a sum to ERROR of all that
    is added up and to the radii of the balls, as long as no square underflows or overflows.
    """
    if not pairs:
        return arb(0)
    signs = _signs(len(pairs))
    balls = [[value, *(r * slope)] for slope, value in pairs]
    terms, errors = (np.array([[float(part(x)) for x in line] for line in balls]) for part in (arb.mid, arb.rad))
    left, size = signs, sum(map(abs, terms.ravel().tolist()))
    if TINIEST < size < 1 / TINIEST:
        sums = signs @ terms
        sums = abs(sums[:, 0]) + np.linalg.norm(sums[:, 1:], axis=1)
        left = signs[sums >= sums.max() - 2 * (ERROR * size + 2 * float(errors.sum()))]
    most = arb(0)
    for line in left.astype(int).tolist():
        value, *slope = (sum((e * x for e, x in zip(line, column, strict=True)), arb(0)) for column in zip(*balls, strict=True))
        most = most.max(abs(value) + length(np.array(slope, dtype=object)))
    return most


@cache
def _signs(count: int) -> np.ndarray:
    """All signs of so many terms, the first one's +.   -> (2^(count-1), count)"""
    return np.array([(1.0, *rest) for rest in itertools.product((1.0, -1.0), repeat=count - 1)])


def pairings(setting: Setting, i: int, size: Sizes, inscribed: Inscribed, near: Around) -> list[Pairing]:
    """The pairings in the balls around a centre on crease i in which Theorem A says most by them, the best first."""
    scene = scene_of(setting, i, size, inscribed, near)
    if not (scene.opposes & scene.student).any():  # a student is named among them
        return []
    return [scene.paired(radius) for radius in scene.best(radii(inscribed.radius, near.distance))]


def pairings_in(
    setting: Setting, i: int, size: Sizes, inscribed: Inscribed, near: Around, tried: Iterable[float], wall: int | None = None
) -> Iterator[Pairing]:
    """The pairings in the balls of given radii around a centre on crease i; wall: see `scene_of`."""
    return map(scene_of(setting, i, size, inscribed, near, wall).paired, tried)


# -- vertices -----------------------------------------------------------------------------------------------------------

_TURNS = 2 * np.pi * np.arange(SIDES) / SIDES
_SIDES = np.stack([np.cos(_TURNS), np.sin(_TURNS)], axis=1)  # outer normals; the sides lie at 1 + EDGE


def by_vertices(scene: Scene, radius: float) -> tuple[float, np.ndarray] | None:
    """d' = 2: (an upper bound on sup |h_k - g| over the ball, that g), both in units of radius * `float_unit`.

    In coordinates in which the ball is the unit disc, h is half the sum of kink |n . y + o|. Its largest distance from g in
    a polygon is at a vertex: on a line (a crease or a side), at a crease or at an end. Along every line
    |a t + b| is replaced by |a| |t - t'|, t' the float next to -b/a: then t' is its kink exactly, and the value has changed
    by a rounding of b, not of the place where two nearly parallel lines meet. Normals, offsets and kinks are rounded too,
    the lines moved by that; ERROR times all that is added up is more than these together. None where floats are out of range.
    """
    members = np.flatnonzero(scene.distance <= radius)
    kink = scene.kink[members]
    if len(members) > MOST_LINES or not (1 / FAR_OFF < abs(kink).min() and abs(kink).max() < FAR_OFF):
        return None
    size, r, places = abs(kink).sum(), exact.rational(radius), scene.index[members]
    normal = _float_normals(scene.setting)[places]
    height = exact.nearest(np.array(scene.values, dtype=object)[members] / r) / scene.setting.masses.float_lengths[places]
    if not np.isfinite(height).all():
        return None
    level, g = vertices.nearest(kink / size, normal, height, _SIDES, EDGE, ROUNDS, NEAR)
    return (level + ERROR * (1 + float(abs(g).sum()))) * float(size), g * size
