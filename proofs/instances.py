"""Two-layer networks on a subspace, exactly: creases, sup |g_1|, angles, radii.

An instance is restricted to U = origin + span of the basis rows; q are coordinates in that basis, which need
not be orthonormal: lengths and angles go through the inverse Gram matrix. Node i becomes (a, beta): w . x + b
= a . q + beta.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Any

from .geometry import Polytope, RidgeSum, arrangement_vertices, box, matrix, merged, relu, vector
from .kernel import ZERO, Matrix, Number, Vector, dot, inverse, rank, sqrt, transpose


@dataclass(frozen=True)
class Network:
    """f(x) = V relu(W x + b) + output_bias.   W (K, d), b (K,), V (C, K), output_bias (C,) or (), which is 0"""

    W: Matrix
    b: Vector
    V: Matrix
    output_bias: Vector = ()

    def __post_init__(self):
        widths = {len(self.W), len(self.b), *map(len, self.V)}
        if len(widths) != 1 or len(set(map(len, self.W))) != 1:
            raise ValueError(
                f"expected W (K, d), b (K,), V (C, K); got {len(self.W)}, {len(self.b)}, {[len(row) for row in self.V]} nodes"
            )
        if len(self.output_bias) not in (0, len(self.V)):
            raise ValueError(f"expected output_bias ({len(self.V)},); got {len(self.output_bias)} numbers")

    @cached_property
    def fan_outs(self) -> Matrix:
        """v_k, one a node.   (K, C)"""
        return transpose(self.V)

    @property
    def constant(self) -> Vector:
        """The output biases, 0 where none are given.   (C,)"""
        return self.output_bias or (ZERO,) * len(self.V)

    def __call__(self, x: Sequence[Number]) -> Vector:
        """f(x).   (d,) -> (C,)"""
        hidden = [relu(dot(w, x) + b) for w, b in zip(self.W, self.b, strict=True)]
        return tuple(dot(row, hidden) + rest for row, rest in zip(self.V, self.constant, strict=True))


def network(*nodes: tuple[Sequence[Any], Any, Any]) -> Network:
    """A network from nodes (weight, bias, fan-out); a fan-out is a number or a tuple of one number an output."""
    weights, biases, fans = zip(*nodes, strict=True)
    columns = matrix(v if isinstance(v, tuple) else (v,) for v in fans)
    return Network(matrix(weights), vector(biases), transpose(columns))


@dataclass(frozen=True)
class Instance:
    """Teacher, student, region and subspace, with the quantities of the statements, exact.

    Nodes are named by (network, index). basis None is the whole space, origin None is 0.
    """

    teacher: Network
    student: Network
    region: Polytope
    basis: Matrix | None = None
    origin: Vector | None = None
    second_teacher: Network | None = None
    _suprema: dict = field(default_factory=dict, init=False, compare=False, repr=False)

    @cached_property
    def rows(self) -> Matrix:
        """The basis, one vector a row.   (d', d)"""
        size = len(self.region.A[0])
        rows = self.basis or tuple(tuple(Fraction(i == j) for j in range(size)) for i in range(size))
        if rank(rows) < len(rows):
            raise ValueError("expected independent rows in the subspace's basis")
        return rows

    @cached_property
    def start(self) -> Vector:
        return self.origin or (ZERO,) * len(self.rows[0])

    @property
    def dimension(self) -> int:
        """d'."""
        return len(self.rows)

    @cached_property
    def gram(self) -> Matrix:
        return tuple(tuple(dot(p, q) for q in self.rows) for p in self.rows)

    @cached_property
    def inverse_gram(self) -> Matrix:
        return inverse(self.gram)

    @cached_property
    def data(self) -> Polytope:
        """U ∩ R in the coordinates q; ValueError if it has no interior in U."""
        A = tuple(self.form(row) for row in self.region.A)
        facets = zip(self.region.A, self.region.c, strict=True)
        c = tuple(limit - dot(row, self.start) for row, limit in facets)
        polytope = Polytope(A, c)
        if not polytope.has_interior:
            raise ValueError("expected U ∩ R to have interior in U")
        return polytope

    def form(self, w: Vector) -> Vector:
        """w as a linear form of q."""
        return tuple(dot(row, w) for row in self.rows)

    def node(self, net: Network, i: int) -> tuple[Vector, Number]:
        """(a, beta): the node is a . q + beta on U (Lemma 1)."""
        return self.form(net.W[i]), dot(net.W[i], self.start) + net.b[i]

    def inner(self, a: Vector, other: Vector) -> Number:
        """p . p' of two linear forms of q: a G^-1 a'."""
        return dot(a, [dot(row, other) for row in self.inverse_gram])

    def sine_squared(self, a: Vector, other: Vector) -> Number:
        """sin^2 of the angle between two forms that are not 0; the same for hyperplanes as for weights."""
        return 1 - self.inner(a, other) * self.inner(a, other) / (self.inner(a, a) * self.inner(other, other))

    def distance_squared(self, q: Vector, other: Vector) -> Number:
        """|x - x'|^2 of two points of U."""
        step = [x - y for x, y in zip(q, other, strict=True)]
        return dot(step, [dot(row, step) for row in self.gram])

    def active(self, k: int) -> Polytope | None:
        """A_k: closure of the interior of U ∩ R ∩ {student k active}; None if that is empty."""
        a, beta = self.node(self.student, k)
        if not any(a):
            return self.data if beta > 0 else None
        half = self.data.cut(tuple(-x for x in a), beta)
        return half if half.has_interior else None

    def active_everywhere(self, k: int) -> bool:
        """Student k is active on all of U ∩ R, up to its boundary: A_k has the same vertices."""
        seen = self.active(k)
        return seen is not None and set(seen.vertices) == set(self.data.vertices)

    def error(self, v: Vector, teacher: Network | None = None) -> RidgeSum:
        """v . (f* - f) on U."""
        pairs = (teacher or self.teacher, 1), (self.student, -1)
        return merged((term for net, sign in pairs for term in self.terms(net, v, sign)), self.dimension)

    def terms(self, net: Network, v: Vector, sign: int = 1) -> list[tuple[Vector, Number, Number]]:
        """sign v . f on U as terms (a, beta, c) of c relu(a . q + beta); the output bias is one with a = 0."""
        nodes = [(*self.node(net, i), sign * dot(v, fan)) for i, fan in enumerate(net.fan_outs)]
        return [*nodes, ((ZERO,) * self.dimension, Fraction(1), sign * dot(v, net.constant))]

    def gradient(self, k: int) -> RidgeSum:
        """h_k = v_k . (f* - f) on U, which is g_1,k where student k is active."""
        return self.error(self.student.fan_outs[k])

    def supremum(self, k: int) -> tuple[Number, Vector | None]:
        """sup over A_k of |h_k| and where it is attained; (0, None) without A_k."""
        where = self.active(k)
        if where is None:
            return ZERO, None
        h = self.gradient(k)
        key = h, where
        if key not in self._suprema:
            (low, at), (high, there) = h.extrema(where)
            self._suprema[key] = (high, there) if high + low >= 0 else (-low, at)
        return self._suprema[key]

    @cached_property
    def epsilon(self) -> Number:
        """The maximum of the suprema over all students."""
        best = ZERO
        for k in range(len(self.student.W)):
            best = max(best, self.supremum(k)[0])
        return best

    def boundary_radius_squared(self, a: Vector, beta: Number, where: Polytope | None = None) -> Number:
        """Squared radius of the largest 1-ball in {a . q + beta = 0} and U ∩ R (or `where`); d' = 2 only, 0
        if empty.
        """
        if self.dimension != 2:
            raise ValueError(f"expected d' = 2, where the ball is a segment; got d' = {self.dimension}")
        points = arrangement_vertices(where or self.data, [(a, beta)])
        ends = [q for q in points if dot(a, q) + beta == 0]
        best = ZERO
        for q, other in combinations(ends, 2):
            best = max(best, self.distance_squared(q, other) / 4)
        return best

    def disc_fits(self, centre: Vector, a: Vector, radius: Fraction, margin: Fraction, where: Polytope) -> bool:
        """Whether every point within `margin` of the disc (centre, radius, orthogonal to a) lies in `where`.

        radius = 0: a ball of radius `margin`. Facet n is at most n . centre + radius |n_H| + margin |n|, with
        n_H the part of n orthogonal to a; square roots are compared exactly.
        """
        for row, limit in zip(where.A, where.c, strict=True):
            size = self.inner(row, row)
            flat = size - self.inner(row, a) ** 2 / self.inner(a, a)
            if sqrt(flat) * radius + sqrt(size) * margin > limit - dot(row, centre):
                return False
        return True

    def to_json(self, name: str) -> dict[str, Any]:
        """The instance file, numbers as strings "p/q"."""
        nets = {"teacher": self.teacher, "student": self.student, "second_teacher": self.second_teacher}
        data: dict[str, Any] = {"format": "twolayer-instance/1", "name": name}
        for key, net in nets.items():
            if net is not None:
                rest = {"output_bias": text(net.output_bias)} if any(net.output_bias) else {}
                data[key] = {"W": text(net.W), "b": text(net.b), "V": text(net.V)} | rest
        data["region"] = {"A": text(self.region.A), "c": text(self.region.c)}
        data["subspace"] = {"basis": text(self.rows), "origin": text(self.start)}
        return data


def text(x: Any) -> Any:
    """Nested tuples of Fractions as nested lists of strings."""
    return [text(entry) for entry in x] if isinstance(x, tuple) else str(x)


def read(data: Mapping[str, Any]) -> Instance:
    """The instance in an instance file's data (twolayer-instance/1).

    The same data give the same Instance, so what one step of a proof has computed serves the next.
    """
    return _read(json.dumps(data, sort_keys=True))


@lru_cache(maxsize=4)
def _read(written: str) -> Instance:
    data = json.loads(written)

    def net(part: Mapping[str, Any]) -> Network:
        unknown = set(part) - {"W", "b", "V", "output_bias"}
        if unknown:
            raise ValueError(f"expected the fields of a network; got also {sorted(unknown)}")
        return Network(matrix(part["W"]), vector(part["b"]), matrix(part["V"]), vector(part.get("output_bias", ())))

    unknown = set(data) - {"format", "name", "teacher", "student", "region", "subspace", "second_teacher"}
    if unknown:
        raise ValueError(f"expected the fields of an instance; got also {sorted(unknown)}")
    if data.get("format") != "twolayer-instance/1":
        raise ValueError(f'expected format "twolayer-instance/1"; got {data.get("format")!r}')
    place = data["region"]
    region = (
        box(*zip(place["lower"], place["upper"], strict=True))
        if "lower" in place
        else Polytope(matrix(place["A"]), vector(place["c"]))
    )
    second = net(data["second_teacher"]) if "second_teacher" in data else None
    U = data.get("subspace", {})
    return Instance(
        net(data["teacher"]),
        net(data["student"]),
        region,
        matrix(U["basis"]) if U else None,
        vector(U["origin"]) if "origin" in U else None,
        second,
    )
