"""An instance seen from its subspace U: exact node weights, the region, the gradient h_k of every observer, its domain A_k,
and the hyperplanes on which nodes have their kinks.   Source: Section 3.2, Lemma 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from flint import fmpq

from .. import exact
from ..files import BadInput
from ..instances import LARGEST_FLOAT, Instance
from ..linear.programs import axis_box, outer_box, range_over_box
from ..regions import Frame, frame, restrict, restrict_polytope
from .domains import Domain, domain, tightened
from .ridges import RidgeSum, canonical

PLAIN = 64  # regions whose half-widths are between 2^-PLAIN and 2^PLAIN keep 1 as the unit of length


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

    teacher may be the instance's second teacher (Theorem 3). shift (C,): the teacher's output bias minus the student's, the
    part of f* - f that no node makes.
    """

    frame: Frame
    region: Domain
    teacher: tuple[Node, ...]
    student: tuple[Node, ...]
    shift: np.ndarray

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

    @cached_property
    def crease_index(self) -> dict[tuple[str, int], int]:
        """Position in creases of every node with p != 0, by (side, index)."""
        return {(node.side, node.index): i for i, crease in enumerate(self.creases) for node, _ in crease.members}

    @cached_property
    def _ridges(self) -> RidgeSum:
        """The ridges of all nodes, without weights."""
        P = exact.zeros(len(self.nodes), self.dimension)
        beta = exact.zeros(len(self.nodes))
        for i, node in enumerate(self.nodes):
            P[i], beta[i] = node.p, node.beta
        return RidgeSum(P, beta, exact.zeros(len(self.nodes)), exact.zeros(self.dimension), exact.ZERO)

    def gradient(self, observer: Node) -> RidgeSum:
        """h_k = v_k . (f* - f) on U, for one of the student nodes k; g_1,k equals it where k is active."""
        weights = self.couplings[observer.index]
        return replace(self._ridges, c=weights, offset=(observer.fan_out * self.shift).sum(), like=self._ridges)

    @cached_property
    def couplings(self) -> np.ndarray:
        """v*_i . v_k of the teacher nodes and -v_i . v_k of the student nodes, for every observer k.   (K_student, n) fmpq"""
        signs = [exact.ONE if node.side == "teacher" else -exact.ONE for node in self.nodes]
        fan_outs = np.stack([sign * node.fan_out for sign, node in zip(signs, self.nodes, strict=True)], axis=1)
        observers = np.stack([node.fan_out for node in self.student])
        return exact.product(exact.matrix(observers), exact.matrix(fan_outs))

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
        least = max(-value / (most - value), exact.ZERO)  # here u_k is 0, or the centre lies inside
        share = _short_between(least, exact.ONE)
        return centre + share * (corner - centre)


def _short_between(low: fmpq, high: fmpq) -> fmpq:
    """A number strictly between two, their middle or a float next to it."""
    middle = (low + high) / 2
    short = exact.rational(exact.nearest_float(middle))
    return short if low < short < high else middle


def restricted(instance: Instance, *, second_teacher: bool = False) -> Restricted:
    """The instance on its subspace; with second_teacher, that network takes the teacher's place."""
    assert instance.subspace is not None
    coordinates = frame(instance.subspace)
    A, c = restrict_polytope(instance.region, coordinates)
    box = outer_box(A, c)
    if box is None:
        raise BadInput("region needs to be bounded on the subspace; whether it is could not be decided")
    if any(abs(x) > exact.rational(LARGEST_FLOAT) for side in box for x in side):
        raise BadInput("region needs to lie within the range of floats; got one that reaches farther on the subspace")
    size = exact.power_of_two((box[1] - box[0]) / 2)
    if abs(exact.log2(size)) > PLAIN:
        coordinates = replace(coordinates, unit=size)
        A, c, box = A * size, c, tuple(end / size for end in box)
    region = domain(A, c, *box)
    if region is None:
        raise BadInput("subspace needs to cross the interior of the region; got one that misses or only touches it")
    teacher = instance.second_teacher if second_teacher else instance.teacher
    if teacher is None:
        raise BadInput("Theorem 3 needs a second_teacher; got an instance without one")
    shift = exact.rationals(teacher.output_bias) - exact.rationals(instance.student.output_bias)
    sides = (_nodes(teacher, "teacher", coordinates), _nodes(instance.student, "student", coordinates))
    return Restricted(coordinates, region, *sides, shift)


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
    offset = first.shift[output] - second.shift[output]  # both are taken from the same student's output bias
    return RidgeSum(P, beta, c, exact.zeros(first.dimension), offset), first.region
