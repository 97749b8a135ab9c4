"""The local form: h_k on one ball only, and modulo affine functions.

Every theorem of the sharp form evaluates h_k through functionals that kill affine functions (second differences, quotients
along chords, averages of these, four-point differences), inside its body. So on a ball B around a centre on H, inside A_k,
    eps_loc >= min over affine g of sup over B of |h_k - g|
may take the place of eps_k. Modulo affine functions h_k is half the sum of kappa_m |s_m| there, over the creases m that meet
B (the others are affine on B and drop out exactly), s_m the signed distance. Two upper bounds:
  pairs      any dimension, no search. |s| of a crease at distance o is within (r^2 - o^2) / (2 r) of an affine function on B,
             and | |s_a| - |s_b| | <= |n_a -+ n_b| r + |o_a -+ o_b|: masses of opposite sign are paired, the nearest creases
             first, and what is left counts alone.
  vertices   d' = 2. The largest |h_k - g| over the vertices of the creases in a polygon around B, for a g near the best one;
             floats with an error bound.
A ball may be replaced by a smaller one; the radii tried are those just too small to meet a crease.
Source: theory notes, section 4, whose theorems are stated for eps on the body; local form in docs/theory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from flint import arb, fmpq

from ... import exact
from ...certify.radii.one import Inscribed, length
from ..geometry import cached_by
from ..setting import FAR_OFF, Setting
from .around import Around, Bound, Candidate, Sizes, radii

MOST_BALLS = 2  # balls around one centre whose local gradient is worked out further
MOST_LINES = 60  # creases in one ball up to which vertices are listed
SIDES = 16  # of the polygon around a ball: 2 % longer than the ball
ROUNDS = 12  # of reweighted least squares for the affine part
ERROR = 2.0**-40  # of a value, as a share of all that is added up: 9e3 roundings, where MOST_LINES need some 200
EDGE = 1e-11  # by which a line in the polygon is drawn out at both ends, more than rounding takes
FLAT = 2.0**-60  # slope of |a t + b| below which it is constant along a line in the polygon, up to ERROR
GRAZING = 1e-3  # sine of the angle to a side below which a line is not cut off by it, but by the next side


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
def _matrix(setting: Setting):
    """The rows (normal, offset) of all creases as a flint matrix."""
    return exact.matrix(np.array([[*crease.normal, crease.offset] for crease in setting.problem.creases], dtype=object))


@dataclass(frozen=True, eq=False)
class Scene:
    """All creases of h_k around a centre on crease i, which comes first; arrays of equal length n.

    index     position in problem.creases         distance   lower bound on the distance from the centre
    kink      kink masses, signed, in floats and in units of `float_unit`
    height    signed distances of the centre, in floats
    """

    setting: Setting
    size: Sizes
    centre: np.ndarray
    index: np.ndarray
    distance: np.ndarray
    kink: np.ndarray

    @cached_property
    def heights(self) -> list[arb]:
        """Signed distances of the centre from the creases: of `height`, balls."""
        point = exact.matrix(np.array([[*self.centre, exact.ONE]], dtype=object)).transpose()
        values = (_matrix(self.setting) * point).entries()
        lengths = self.setting.masses.unit_lengths
        return [arb(values[m]) / lengths[m] for m in self.index.tolist()]

    @cached_property
    def height(self) -> np.ndarray:
        """The same in floats."""
        return np.array([float(x.mid()) for x in self.heights])


def _scene(setting: Setting, i: int, size: Sizes, inscribed: Inscribed, near: Around) -> Scene:
    index = np.concatenate([[i], near.index])
    kinks = setting.float_kinks(size.observer)[index] * setting.masses.signs(size.observer)[index]
    return Scene(setting, size, inscribed.centre, index, np.concatenate([[0.0], near.distance]), kinks)


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


def ball_of(pairing: Pairing) -> Ball:
    """The ball of a pairing with its local gradient: of the pairs, or of vertices where they say more (d' = 2)."""
    size, setting = pairing.scene.size, pairing.scene.setting
    local, affine = replace(size, eps=pairing.value, proved=pairing.proved), None
    if setting.problem.dimension == 2:
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
    value     the bound in floats, in units of `float_unit`
    """

    scene: Scene
    radius: float
    members: np.ndarray
    pairs: list[tuple[int, int]]
    value: float

    @cached_property
    def masses(self) -> dict[int, fmpq]:
        """Sizes of the members' kink masses, in units of |normal|."""
        masses, observer = self.scene.setting.masses, self.scene.size.observer
        return {m: abs(masses.mass(int(self.scene.index[m]), observer)) for m in self.members.tolist()}

    @cached_property
    def shares(self) -> list[tuple[int, int, fmpq, fmpq]]:
        """(a, b, x, y): masses x of a and y of b, in units of |normal|, that are set against each other.

        One of them is all that is left of its crease; the other's kink is equal, up to a rounding.
        """
        lengths, left, out = self.scene.setting.masses.unit_lengths, dict(self.masses), []
        for a, b in self.pairs:
            ratio = exact.short_down(exact.middle(lengths[self.scene.index[a]] / lengths[self.scene.index[b]]))
            x, y = min(left[a], left[b] / ratio), min(left[b], left[a] * ratio)
            out.append((a, b, x, y))
            left[a], left[b] = left[a] - x, left[b] - y
        return out

    def proved(self) -> arb:
        """The bound in ball arithmetic: |x |u| - y |v|| <= |x u -+ y v| for the forms u, v of two creases."""
        r, left, total = exact.ball(self.radius), dict(self.masses), arb(0)
        for a, b, x, y in self.shares:
            left[a], left[b] = left[a] - x, left[b] - y
            (n, o), (m, p) = self._scaled(a, x), self._scaled(b, y)
            ends = (length(n - m) * r + abs(o - p), length(n + m) * r + abs(o + p))
            total += min(ends, key=exact.upper_float) / 2
        for c, rest in left.items():
            kink = exact.ball(rest) * self.scene.setting.masses.unit_lengths[self.scene.index[c]]
            total += kink * arb(0).max(r - self.scene.heights[c] ** 2 / r) / 4
        return total

    def _scaled(self, m: int, share: fmpq) -> tuple[np.ndarray, arb]:
        """A share of a crease's mass times its form: the slope in orthonormal coordinates, and the value at the centre."""
        place = self.scene.index[m]
        kink = exact.ball(share) * self.scene.setting.masses.unit_lengths[place]
        return kink * _normals(self.scene.setting)[place], kink * self.scene.heights[m]


def pairings(setting: Setting, i: int, size: Sizes, inscribed: Inscribed, near: Around) -> list[Pairing]:
    """The pairings in the balls around a centre on crease i in which Theorem A says most by them, the best first."""
    scene, tried = _scene(setting, i, size, inscribed, near), radii(inscribed.radius, near.distance)
    opposing = near.opposes & (near.distance <= tried[:, None])  # (radii, n)
    students = (opposing & near.student).sum(axis=1)
    tried, opposing, students = (x[students > 0] for x in (tried, opposing, students))  # a student is named among them
    if not len(tried):
        return []
    crowd = np.where(opposing & ~near.student, near.cotangent, 0.0).sum(axis=1) + students
    masses = _Masses(scene)
    least = masses.least(tried) * crowd / tried
    scored: list[tuple[float, int, Pairing]] = []
    for place in np.argsort(least, kind="stable").tolist():
        if len(scored) >= MOST_BALLS and not least[place] <= scored[MOST_BALLS - 1][0]:
            break
        pairing = masses.paired(float(tried[place]))
        value = pairing.value * crowd[place]
        if 0 < value < math.inf:
            scored = sorted([*scored, (value / tried[place], place, pairing)], key=lambda entry: entry[:2])
    return [pairing for _, _, pairing in scored[:MOST_BALLS]]


def pairings_in(
    setting: Setting, i: int, size: Sizes, inscribed: Inscribed, near: Around, tried: Iterable[float]
) -> list[Pairing]:
    """The pairings in the balls of given radii around a centre on crease i."""
    masses = _Masses(_scene(setting, i, size, inscribed, near))
    return [masses.paired(radius) for radius in tried]


class _Masses:
    """The kink masses of a scene by sign, and what pairs of opposite sign cost, in floats.

    up, down   positions in the scene of masses > 0 and < 0
    slopes     (|n_a - n_b|, |n_a + n_b|) of a up and b down        heights   (|o_a - o_b|, |o_a + o_b|)
    """

    def __init__(self, scene: Scene):
        self.scene = scene
        self.up, self.down = np.flatnonzero(scene.kink > 0), np.flatnonzero(scene.kink < 0)
        pairs = np.ix_(scene.index[self.up], scene.index[self.down])
        self.slopes = [apart[pairs] for apart in _apart(scene.setting)]
        over = scene.height[self.up][:, None], scene.height[self.down]
        self.heights = abs(over[0] - over[1]), abs(over[0] + over[1])

    def costs(self, radius: float, up=slice(None), down=slice(None)) -> np.ndarray:
        """What a unit of a pair costs in a ball, for some of each sign.   -> (up, down)"""
        near, far = (s[up][:, down] * radius + h[up][:, down] for s, h in zip(self.slopes, self.heights, strict=True))
        return np.minimum(near, far) / 2

    def least(self, radii: np.ndarray) -> np.ndarray:
        """Lower bounds on the value of a pairing in balls of these radii, the largest first.   (m,) -> (m,)

        Every unit of mass costs what it does alone, or half of a pair; per unit of radius that is least in the largest ball.
        """
        scene, r = self.scene, radii[:, None]
        half = np.full(len(scene.index), np.inf)
        costs = self.costs(radii[0]) / (2 * radii[0])
        half[self.up], half[self.down] = costs.min(axis=1, initial=np.inf), costs.min(axis=0, initial=np.inf)
        each = np.minimum(_alone(scene.height, r), half * r)
        return np.where(scene.distance <= r, abs(scene.kink) * each, 0.0).sum(axis=1)

    def paired(self, radius: float) -> Pairing:
        """Masses of opposite sign in a ball paired while a pair costs less than its two creases alone."""
        scene = self.scene
        members = np.flatnonzero(scene.distance <= radius)
        up, down = (np.flatnonzero(scene.distance[side] <= radius) for side in (self.up, self.down))
        left, alone = abs(scene.kink), _alone(scene.height, radius)
        costs = self.costs(radius, up, down)
        up, down = self.up[up], self.down[down]
        rows, columns = np.nonzero(alone[up][:, None] + alone[down] > costs)
        order = np.argsort(costs[rows, columns], kind="stable")
        rows, columns = rows[order], columns[order]
        masses, pairs, value = left.tolist(), [], 0.0
        for m, n, cost in zip(up[rows].tolist(), down[columns].tolist(), costs[rows, columns].tolist(), strict=True):
            amount = min(masses[m], masses[n])
            if amount > 0:
                value += amount * cost
                masses[m] -= amount
                masses[n] -= amount
                pairs.append((m, n))
        rest = (np.array(masses)[members] * alone[members]).sum()
        return Pairing(scene, radius, members, pairs, float(value + rest))


def _alone(height: np.ndarray, radius) -> np.ndarray:
    """What a unit of the mass of one crease costs in a ball."""
    return np.maximum(radius - height**2 / radius, 0.0) / 4


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
    size = abs(kink).sum()
    normal = _float_normals(scene.setting)[scene.index[members]]
    r = exact.ball(radius)
    height = np.array([float((scene.heights[m] / r).mid()) for m in members.tolist()])
    if not np.isfinite(height).all():
        return None
    points, values = _on_lines(kink / size, normal, height)
    g = _near_affine(points, values)
    level = float(abs(values - points @ g[:2] - g[2]).max())
    return (level + ERROR * (1 + float(abs(g).sum()))) * float(size), g * size


def _on_lines(kink: np.ndarray, normal: np.ndarray, height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(points of the polygon, values of h there) that hold every vertex up to ERROR.   -> (N, 2), (N,)"""
    lines, places = np.concatenate([normal, _SIDES]), np.concatenate([height, np.full(SIDES, -1 - EDGE)])
    foot, along = -places[:, None] * lines, np.stack([-lines[:, 1], lines[:, 0]], axis=1)
    low, high = _ends(foot, along)
    foot, along, low, high = (x[low <= high] for x in (foot, along, low, high))
    a, b = along @ normal.T, foot @ normal.T + height
    flat = abs(a) < FLAT
    turns = np.where(flat, 0.0, -b / np.where(flat, 1.0, a))
    t = np.concatenate([np.clip(turns, low[:, None], high[:, None]), low[:, None], high[:, None]], axis=1)
    away = np.where(flat[:, None], abs(b)[:, None], abs(a)[:, None] * abs(t[:, :, None] - turns[:, None]))
    points = (foot[:, None] + t[:, :, None] * along[:, None]).reshape(-1, 2)
    return points, (away @ kink).ravel() / 2


def _ends(foot: np.ndarray, along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ends of every line in the polygon, drawn out by EDGE.   (m, 2), (m, 2) -> (m,), (m,)"""
    rise = along @ _SIDES.T
    steep = abs(rise) > GRAZING
    reach = (1 + EDGE - foot @ _SIDES.T) / np.where(steep, rise, 1.0)
    high = np.where(steep & (rise > 0), reach, np.inf).min(axis=1) + EDGE
    low = np.where(steep & (rise < 0), reach, -np.inf).max(axis=1) - EDGE
    return low, high


def _near_affine(points: np.ndarray, values: np.ndarray) -> np.ndarray:
    """An affine function (slope, constant) that nearly has the smallest largest distance from the values.   -> (3,)

    Least squares, reweighted by the distances left (Lawson); any g gives a bound, so how near it is needs no proof.
    """
    columns, weights = np.column_stack([points, np.ones(len(points))]), np.full(len(points), 1 / len(points))
    best, least = np.zeros(3), math.inf
    for _ in range(ROUNDS):
        weighted = columns * weights[:, None]
        try:
            g = np.linalg.solve(weighted.T @ columns, weighted.T @ values)
        except np.linalg.LinAlgError:
            break
        rest = values - columns @ g
        high, low = float(rest.max()), float(rest.min())
        if high - low < 2 * least:
            best, least = g + np.array([0.0, 0.0, (high + low) / 2]), (high - low) / 2
        weights = weights * abs(rest)
        total = weights.sum()
        if not total > 0:
            break
        weights /= total
    return best
