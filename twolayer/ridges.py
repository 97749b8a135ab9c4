"""Ridge sums h(z) = sum_i c_i relu(P_i . z + beta_i) + slope . z + offset on a subspace, and their creases.

`Restricted` is an instance seen from its subspace U: exact node weights, the region, the gradient h_k of every
observer, its domain A_k, and the hyperplanes on which nodes have their kinks.   Source: Section 3.2, Lemma 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat

from . import exact
from .instances import BadInput, Instance
from .programs import axis_box, interior_point, outer_box, range_over_box
from .regions import Frame, frame, restrict, restrict_polytope


@dataclass(frozen=True, eq=False)
class FloatRidges:
    """A ridge sum in float64, each coefficient correctly rounded; fields as in RidgeSum."""

    P: np.ndarray
    beta: np.ndarray
    c: np.ndarray
    slope: np.ndarray
    offset: float

    def __call__(self, Z):
        """Values at points.   (N, d) -> (N,)"""
        return np.maximum(Z @ self.P.T + self.beta, 0.0) @ self.c + Z @ self.slope + self.offset

    def with_size(self, z: np.ndarray) -> tuple[float, float]:
        """The value at one point (d,), and the sum of the sizes of all terms that are added up for it."""
        sizes = (np.abs(self.P) @ np.abs(z) + np.abs(self.beta)) @ np.abs(self.c)
        return float(self(z[None, :])[0]), float(sizes + np.abs(self.slope) @ np.abs(z) + abs(self.offset))


@dataclass(frozen=True, eq=False)
class RidgeSum:
    """h(z) = sum_i c_i relu(P_i . z + beta_i) + slope . z + offset, in exact rationals.

    P (n, d), beta (n,), c (n,), slope (d,): object arrays of fmpq; offset: fmpq. n may be 0.
    """

    P: np.ndarray
    beta: np.ndarray
    c: np.ndarray
    slope: np.ndarray
    offset: fmpq

    @property
    def dimension(self) -> int:
        """Dimension d of the space of z."""
        return len(self.slope)

    def __call__(self, z: np.ndarray) -> fmpq:
        """The exact value at an exact point.   (d,) -> fmpq"""
        total = self.offset + (self.slope * z).sum()
        if len(self.c):
            kinks = (self.rows * fmpq_mat(len(z) + 1, 1, [*z, exact.ONE])).entries()
            heights = fmpq_mat(len(kinks), 1, [kink if kink > 0 else exact.ZERO for kink in kinks])
            total += (fmpq_mat(1, len(kinks), list(self.c)) * heights)[0, 0]
        return total

    @cached_property
    def rows(self) -> fmpq_mat:
        """The rows (P_i, beta_i) as a flint matrix."""
        return exact.matrix(np.concatenate([self.P, self.beta[:, None]], axis=1))

    def __getstate__(self) -> dict[str, Any]:
        """Without the flint matrix, which cannot travel to another process; it is made anew there."""
        return {name: value for name, value in vars(self).items() if name != "rows"}

    @cached_property
    def floats(self) -> FloatRidges:
        """The same function with float64 coefficients, each rounded to nearest."""
        return FloatRidges(
            exact.nearest(self.P),
            exact.nearest(self.beta),
            exact.nearest(self.c),
            exact.nearest(self.slope),
            exact.nearest_float(self.offset),
        )

    def negated(self) -> RidgeSum:
        """-h."""
        return replace(self, c=-self.c, slope=-self.slope, offset=-self.offset)

    def merged(self) -> RidgeSum:
        """The same function with one ridge per hyperplane and no ridge without a kink.

        relu(s z) = s relu(z) for s > 0 and |s| (relu(z) - z) for s < 0, so nodes on one hyperplane of any orientation
        and scale add up to one ridge and an affine part; nodes with p = 0 are constants.
        """
        slope, offset = self.slope.copy(), self.offset
        masses: dict[tuple, fmpq] = {}
        for p, beta, c in zip(self.P, self.beta, self.c, strict=True):
            if c == 0:
                continue
            if exact.is_zero(p):
                offset += c * max(beta, exact.ZERO)
                continue
            key, scale = canonical(p, beta)
            masses[key] = masses.get(key, exact.ZERO) + c * abs(scale)
            if scale < 0:
                slope = slope + c * p
                offset += c * beta
        kept = [(key, mass) for key, mass in masses.items() if mass != 0]
        P, beta, c = exact.zeros(len(kept), len(slope)), exact.zeros(len(kept)), exact.zeros(len(kept))
        for i, (key, mass) in enumerate(kept):
            P[i], beta[i], c[i] = key[:-1], key[-1], mass
        return RidgeSum(P, beta, c, slope, offset)

    def settled(self, lower: np.ndarray, upper: np.ndarray) -> RidgeSum:
        """The same function on the box [lower, upper], with ridges of one sign there moved to the affine part."""
        slope, offset, keep = self.slope.copy(), self.offset, []
        for i, (p, beta, c) in enumerate(zip(self.P, self.beta, self.c, strict=True)):
            low, high = range_over_box(p, lower, upper)
            if low + beta >= 0:
                slope = slope + c * p
                offset += c * beta
            elif high + beta > 0:
                keep.append(i)
        return RidgeSum(self.P[keep], self.beta[keep], self.c[keep], slope, offset)

    def size(self, lower: np.ndarray, upper: np.ndarray) -> float:
        """Size of the terms that cancel in h on a box: the largest |term| a box bound allows, summed (a float)."""
        total = abs(self.offset)
        low, high = range_over_box(self.slope, lower, upper)
        total += max(abs(low), abs(high))
        for p, beta, c in zip(self.P, self.beta, self.c, strict=True):
            total += abs(c) * max(range_over_box(p, lower, upper)[1] + beta, exact.ZERO)
        return exact.nearest_float(total)


def canonical(p: np.ndarray, beta: fmpq) -> tuple[tuple, fmpq]:
    """A key shared by all nodes on one hyperplane, and the node's scale: (p, beta) = scale * key.

    The entry of p of largest size (the first of equals) becomes 1.   (d,), fmpq -> (d + 1 fmpq), fmpq
    """
    scale = p[max(range(len(p)), key=lambda j: (abs(p[j]), -j))]
    return (*(x / scale for x in p), beta / scale), scale


@dataclass(frozen=True, eq=False)
class FloatDomain:
    """A domain in float64, each number correctly rounded; fields as in Domain."""

    A: np.ndarray
    c: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    interior: np.ndarray


@dataclass(frozen=True, eq=False)
class Domain:
    """{z : A z <= c}, bounded and with interior, in exact rationals.

    A (m, d), c (m,)        rows
    lower, upper (d,)       a proved box around it
    interior (d,)           a point with positive slack in every row
    whole                   the domain that the last row was cut from, if it is known: its rows are all the others
    """

    A: np.ndarray
    c: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    interior: np.ndarray
    whole: Domain | None = None

    @property
    def dimension(self) -> int:
        """Dimension d of the space of z."""
        return len(self.lower)

    @cached_property
    def floats(self) -> FloatDomain:
        """The same numbers in float64, each rounded to nearest."""
        rest = [exact.nearest(x) for x in (self.lower, self.upper, self.interior)]
        if self.whole is None:
            return FloatDomain(exact.nearest(self.A), exact.nearest(self.c), *rest)
        shared = self.whole.floats
        A = np.concatenate([shared.A, exact.nearest(self.A[-1:])])
        return FloatDomain(A, np.append(shared.c, exact.nearest_float(self.c[-1])), *rest)

    @cached_property
    def is_box(self) -> bool:
        """True if the domain is exactly the box [lower, upper]."""
        box = axis_box(self.A, self.c)
        return box is not None and exact.is_zero(box[0] - self.lower) and exact.is_zero(box[1] - self.upper)

    def contains(self, z: np.ndarray) -> bool:
        """Exactly: A z <= c."""
        return all(x >= 0 for x in self.c - self.A @ z)

    def inside(self, z: np.ndarray) -> np.ndarray:
        """A point of the domain next to an exact point z: z itself, or z pulled towards the interior point."""
        slack = self.c - self.A @ z
        if all(x >= 0 for x in slack):
            return z
        depth = self.c - self.A @ self.interior
        share = max(-s / (t - s) for s, t in zip(slack, depth, strict=True) if s < 0)
        share = exact.rational(exact.round_up(share))
        return z + share * (self.interior - z) if share <= 1 else self.interior


def domain(A: np.ndarray, c: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> Domain | None:
    """The domain of the rows inside a proved box; None if it has no interior."""
    inner = interior_point(A, c)[0]
    return None if inner is None else Domain(A, c, lower, upper, inner)


def tightened(row: np.ndarray, limit: fmpq, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A proved box, at most as large, around the part of a box where row . z <= limit; ends rounded outward."""
    lower, upper = lower.copy(), upper.copy()
    low = range_over_box(row, lower, upper)[0]
    for j, a in enumerate(row):
        if a == 0:
            continue
        bound = (limit - low) / a + (lower[j] if a > 0 else upper[j])
        if a > 0 and bound < upper[j]:
            upper[j] = min(upper[j], exact.rational(exact.round_up(bound)))
        elif a < 0 and bound > lower[j]:
            lower[j] = max(lower[j], exact.rational(exact.round_down(bound)))
    return lower, upper


@dataclass(frozen=True, eq=False)
class Node:
    """One hidden node on U: its network ("teacher" or "student"), index, weight p (d',), bias beta and fan-out."""

    side: str
    index: int
    p: np.ndarray
    beta: fmpq
    fan_out: np.ndarray

    @property
    def is_constant(self) -> bool:
        """True if p = 0: the node is constant on U."""
        return exact.is_zero(self.p)


@dataclass(frozen=True, eq=False)
class Crease:
    """A hyperplane {normal . z + offset = 0} of U with all the nodes that have their kink there.

    normal (d',), offset: the canonical scaling; members: (node, scale) with (p, beta) = scale * (normal, offset).
    """

    normal: np.ndarray
    offset: fmpq
    members: tuple[tuple[Node, fmpq], ...]

    def has(self, side: str) -> bool:
        """True if a node of that network has its kink here."""
        return any(node.side == side for node, _ in self.members)

    def mass(self, fan_out: np.ndarray, side: str | None = None) -> fmpq:
        """Kink mass of h_k in units of |normal|: sum of c_i |scale_i|, for an observer's fan-out v_k.

        c_i = v*_i . v_k for teacher nodes and -v_i . v_k for student nodes; side limits the sum to one network.
        """
        total = exact.ZERO
        for node, scale in self.members:
            if side is None or node.side == side:
                weight = (node.fan_out * fan_out).sum() * abs(scale)
                total += weight if node.side == "teacher" else -weight
        return total


@dataclass(frozen=True, eq=False)
class Restricted:
    """An instance in the coordinates of its subspace: nodes (teacher first), region U ∩ R, creases.

    teacher may be the instance's second teacher (Theorem 3).
    """

    frame: Frame
    region: Domain
    teacher: tuple[Node, ...]
    student: tuple[Node, ...]

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, the teacher's first."""
        return self.teacher + self.student

    @property
    def dimension(self) -> int:
        """Dimension d' of the subspace."""
        return self.frame.dimension

    @cached_property
    def creases(self) -> tuple[Crease, ...]:
        """The hyperplanes of all nodes with p != 0, nodes on the same one merged whatever their sign and scale."""
        groups: dict[tuple, list] = {}
        for node in self.nodes:
            if not node.is_constant:
                key, scale = canonical(node.p, node.beta)
                groups.setdefault(key, []).append((node, scale))
        out = []
        for key, members in groups.items():
            normal = exact.zeros(self.dimension)
            normal[:] = key[:-1]
            out.append(Crease(normal, key[-1], tuple(members)))
        return tuple(out)

    def crease_of(self, node: Node) -> Crease:
        """The hyperplane on which a node with p != 0 has its kink."""
        return next(crease for crease in self.creases if any(member is node for member, _ in crease.members))

    @cached_property
    def _weights(self) -> tuple[np.ndarray, np.ndarray]:
        P = exact.zeros(len(self.nodes), self.dimension)
        beta = exact.zeros(len(self.nodes))
        for i, node in enumerate(self.nodes):
            P[i], beta[i] = node.p, node.beta
        return P, beta

    def gradient(self, observer: Node) -> RidgeSum:
        """h_k = v_k . (f* - f) on U, for one of the student nodes k; g_1,k equals it where k is active."""
        P, beta = self._weights
        c, floats = (table[observer.index] for table in self._couplings)
        h = RidgeSum(P, beta, c, exact.zeros(self.dimension), exact.ZERO)
        whole = self._shared  # all observers see the same ridges: what depends on them alone is computed once
        vars(h)["rows"] = whole.rows
        vars(h)["floats"] = FloatRidges(whole.floats.P, whole.floats.beta, floats, whole.floats.slope, 0.0)
        return h

    @cached_property
    def _couplings(self) -> tuple[np.ndarray, np.ndarray]:
        """v*_i . v_k of the teacher nodes and -v_i . v_k of the student nodes, exact and in floats.   2 x (K_student, n)"""
        signs = [exact.ONE if node.side == "teacher" else -exact.ONE for node in self.nodes]
        fan_outs = np.stack([sign * node.fan_out for sign, node in zip(signs, self.nodes, strict=True)], axis=1)
        observers = np.stack([node.fan_out for node in self.student])
        table = exact.product(exact.matrix(observers), exact.matrix(fan_outs))
        return table, exact.nearest(table)

    @cached_property
    def _shared(self) -> RidgeSum:
        return RidgeSum(*self._weights, exact.zeros(len(self.nodes)), exact.zeros(self.dimension), exact.ZERO)

    def active_domain(self, observer: Node) -> Domain | None:
        """A_k: closure of the interior (in U) of U ∩ R ∩ {node k active}; None if that is empty.

        A node with p = 0 is active everywhere on U where beta > 0, nowhere else.
        """
        region = self.region
        if observer.is_constant:
            return region if observer.beta > 0 else None
        low, high = range_over_box(observer.p, region.lower, region.upper)
        if high + observer.beta <= 0:
            return None
        if low + observer.beta >= 0:
            return region
        A = np.concatenate([region.A, -observer.p[None, :]])
        c = np.concatenate([region.c, np.array([observer.beta], dtype=object)])
        axis = sum(x != 0 for x in observer.p) == 1 and axis_box(A, c)
        lower, upper = axis[:2] if axis else tightened(-observer.p, observer.beta, region.lower, region.upper)
        if region.is_box:
            return Domain(A, c, lower, upper, self._inside_box(observer, high), region)
        cut = domain(A, c, lower, upper)
        return None if cut is None else replace(cut, whole=region)

    def _inside_box(self, observer: Node, high: fmpq) -> np.ndarray:
        """A point inside a box where a node is active, given its maximum high > -beta there: the centre, or on the way to
        the corner where it is largest.
        """
        region = self.region
        centre = (region.lower + region.upper) / 2
        value, most = (observer.p * centre).sum() + observer.beta, high + observer.beta
        if 2 * value >= most:
            return centre
        corner = np.where(observer.p > 0, region.upper, np.where(observer.p < 0, region.lower, centre))
        share = exact.rational(exact.nearest_float((most / 2 - value) / (most - value)))  # reaches half of the maximum
        return centre + share * (corner - centre)


def restricted(instance: Instance, *, second_teacher: bool = False) -> Restricted:
    """The instance on its subspace; with second_teacher, that network takes the teacher's place."""
    assert instance.subspace is not None
    coordinates = frame(instance.subspace)
    A, c = restrict_polytope(instance.region, coordinates)
    box = outer_box(A, c)
    if box is None:
        raise BadInput("region needs to be bounded on the subspace; got an unbounded polytope")
    region = domain(A, c, *box)
    if region is None:
        raise BadInput("subspace needs to cross the interior of the region; got one that misses or only touches it")
    teacher = instance.second_teacher if second_teacher else instance.teacher
    if teacher is None:
        raise BadInput("Theorem 3 needs a second_teacher; got an instance without one")
    return Restricted(
        coordinates, region, _nodes(teacher, "teacher", coordinates), _nodes(instance.student, "student", coordinates)
    )


def _nodes(network, side: str, to: Frame) -> tuple[Node, ...]:
    P, beta = restrict(network, to)
    V = exact.rationals(network.V)
    return tuple(Node(side, i, P[i], beta[i], V[:, i]) for i in range(network.width))


def difference(instance: Instance, output: int) -> tuple[RidgeSum, Domain]:
    """f*_c - f*'_c of the two teachers on U, with the domain U ∩ R.   Source: Theorem 3's e0."""
    first, second = restricted(instance), restricted(instance, second_teacher=True)
    nodes = [(node, node.fan_out[output]) for node in first.teacher]
    nodes += [(node, -node.fan_out[output]) for node in second.teacher]
    P, beta, c = exact.zeros(len(nodes), first.dimension), exact.zeros(len(nodes)), exact.zeros(len(nodes))
    for i, (node, weight) in enumerate(nodes):
        P[i], beta[i], c[i] = node.p, node.beta, weight
    return RidgeSum(P, beta, c, exact.zeros(first.dimension), exact.ZERO), first.region
