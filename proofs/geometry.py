"""Polytopes and sums of ReLU ridges, exactly: arrangement vertices, extrema, the zero test by kink masses.

Numbers are Fractions, or families.Function for a whole family at once. Meant for small dimensions: vertices
are enumerated by elimination over all subsets of as many hyperplanes as there are dimensions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import Any

from .families import Function
from .kernel import ONE, ZERO, Matrix, Number, Vector, dot, rank, rational, solve


def vector(entries: Iterable[Any]) -> Vector:
    """A vector of exact numbers; strings, ints and floats become Fractions, functions of a parameter stay."""
    return tuple(x if isinstance(x, Function) else rational(x) for x in entries)


def matrix(rows: Iterable[Iterable[Any]]) -> Matrix:
    """A matrix of exact numbers."""
    return tuple(vector(row) for row in rows)


def relu(z: Number) -> Number:
    """max(z, 0)."""
    return z if z > 0 else ZERO


@dataclass(frozen=True)
class Polytope:
    """{q : A q <= c}, bounded where vertices are asked for.   A (m, n), c (m,)"""

    A: Matrix
    c: Vector

    @cached_property
    def vertices(self) -> tuple[Vector, ...]:
        """All vertices; ValueError if the polytope is unbounded."""
        size = len(self.A[0])
        unit = tuple(tuple(Fraction(i == j) for j in range(size)) for i in range(size))
        cube = (*unit, *(tuple(-x for x in row) for row in unit))
        far = arrangement_vertices(Polytope(self.A + cube, (ZERO,) * len(self.A) + (ONE,) * 2 * size), ())
        if any(x != 0 for point in far for x in point):
            raise ValueError("expected a bounded polytope; this one has a direction of recession")
        return arrangement_vertices(self, ())

    @property
    def has_interior(self) -> bool:
        """Whether the vertices span the space."""
        if not self.vertices:
            return False
        first, *rest = self.vertices
        differences = [tuple(x - y for x, y in zip(point, first, strict=True)) for point in rest]
        return rank(differences) == len(first)

    def contains(self, q: Sequence[Number]) -> bool:
        """A q <= c."""
        return all(dot(row, q) <= limit for row, limit in zip(self.A, self.c, strict=True))

    def cut(self, a: Vector, limit: Number) -> Polytope:
        """The part with a . q <= limit."""
        return Polytope((*self.A, a), (*self.c, limit))


def box(*sides: tuple[Any, Any]) -> Polytope:
    """The box with these sides (lower, upper)."""
    rows = matrix([sign * (i == j) for j in range(len(sides))] for sign in (1, -1) for i in range(len(sides)))
    lower, upper = (vector(ends) for ends in zip(*sides, strict=True))
    return Polytope(rows, (*upper, *(-x for x in lower)))


def arrangement_vertices(polytope: Polytope, hyperplanes: Sequence[tuple[Vector, Number]]) -> tuple[Vector, ...]:
    """The points of the polytope where as many independent facets and hyperplanes {a . q + beta = 0} meet as
    it has dimensions. On the pieces between them an affine function has its extrema there."""
    rows = list(zip(polytope.A, polytope.c, strict=True)) + [(a, -beta) for a, beta in hyperplanes]
    points = set()
    for chosen in combinations(rows, len(polytope.A[0])):
        point = solve([a for a, _ in chosen], [limit for _, limit in chosen])
        if point is not None and point not in points and polytope.contains(point):
            points.add(point)
    return tuple(points)


@dataclass(frozen=True)
class Crease:
    """mass * relu(a . q + beta), the first entry of a that is not 0 being 1: one key for each hyperplane."""

    a: Vector
    beta: Number
    mass: Number

    def separates(self, points: Iterable[Vector]) -> bool:
        """Whether some points lie strictly on either side."""
        values = [dot(self.a, point) + self.beta for point in points]
        return any(z > 0 for z in values) and any(z < 0 for z in values)


@dataclass(frozen=True)
class RidgeSum:
    """h(q) = sum of creases, one for each hyperplane, + slope . q + constant."""

    creases: tuple[Crease, ...]
    slope: Vector
    constant: Number

    def __call__(self, q: Sequence[Number]) -> Number:
        folded = (crease.mass * relu(dot(crease.a, q) + crease.beta) for crease in self.creases)
        return sum(folded, dot(self.slope, q) + self.constant)

    def on(self, polytope: Polytope) -> RidgeSum:
        """The same function on the polytope: creases of mass 0 dropped, those that miss its interior made
        affine.
        """
        kept, slope, constant = [], self.slope, self.constant
        for crease in self.creases:
            if not crease.mass:
                continue
            if crease.separates(polytope.vertices):
                kept.append(crease)
            elif any(dot(crease.a, q) + crease.beta > 0 for q in polytope.vertices):
                slope = tuple(x + crease.mass * y for x, y in zip(slope, crease.a, strict=True))
                constant = constant + crease.mass * crease.beta
        return RidgeSum(tuple(kept), slope, constant)

    def vanishes_on(self, polytope: Polytope) -> bool:
        """The exact zero test, linear in the nodes (Theorem 1'): no crease left inside, and the affine rest
        is 0.
        """
        inside = self.on(polytope)
        return not inside.creases and not any(inside.slope) and not inside.constant

    def extrema(self, polytope: Polytope) -> tuple[tuple[Number, Vector], tuple[Number, Vector]]:
        """(minimum, where), (maximum, where), exactly; the polytope is not empty."""
        inside = self.on(polytope)
        lines = [(crease.a, crease.beta) for crease in inside.creases]
        low, *rest = ((inside(q), q) for q in arrangement_vertices(polytope, lines))
        high = low
        for pair in rest:
            low, high = (pair if pair[0] < low[0] else low), (pair if pair[0] > high[0] else high)
        return low, high


def merged(nodes: Iterable[tuple[Vector, Number, Number]], size: int) -> RidgeSum:
    """sum of c relu(a . q + beta) over nodes (a, beta, c), merged by hyperplane whatever sign and scale.

    relu(s z) = |s| relu(z) + min(s, 0) z, so the mass of a hyperplane does not depend on orientation. Nodes
    with a = 0 are constants.
    """
    masses: dict[tuple[Vector, Number], Number] = {}
    slope, constant = (ZERO,) * size, ZERO
    for a, beta, c in nodes:
        scale = next((x for x in a if x), None)
        if scale is None:
            constant = constant + c * relu(beta)
            continue
        key = tuple(x / scale for x in a), beta / scale
        masses[key] = masses.get(key, ZERO) + c * abs(scale)
        if scale < 0:
            slope = tuple(x + c * y for x, y in zip(slope, a, strict=True))
            constant = constant + c * beta
    return RidgeSum(tuple(Crease(a, beta, mass) for (a, beta), mass in masses.items()), slope, constant)
