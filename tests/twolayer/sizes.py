"""Instances in other sizes: the same functions with nodes, outputs or lengths multiplied by powers of two."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from twolayer.instances import Instance
from twolayer.networks import TwoLayer, as_fractions
from twolayer.regions import Box, Polytope, Subspace


def two_to(k: int) -> Fraction:
    return Fraction(2) ** k


def rescaled(network: TwoLayer, powers, output: int = 0, space: int = 0) -> TwoLayer:
    """Node k with weight and bias times 2^powers[k], its fan-out over that; fan-outs times 2^output, weights over 2^space."""
    factors = np.array([two_to(k) for k in powers], dtype=object)
    W, b, V, rest = (as_fractions(x) for x in (network.W, network.b, network.V, network.output_bias))
    return TwoLayer(W * factors[:, None] * two_to(-space), b * factors, V / factors * two_to(output), rest * two_to(output))


def near_copies(seed: int) -> Instance:
    """A student that nearly copies its teacher, so that sharp bounds say something by one method or another."""
    rng = np.random.default_rng(seed)
    d, K, outputs, eps = (
        int(rng.integers(2, 4)),
        int(rng.integers(1, 5)),
        int(rng.choice([1, 1, 2])),
        10.0 ** rng.uniform(-6, -1),
    )
    W, b, V = rng.normal(size=(K, d)), rng.uniform(-0.5, 0.5, size=K), rng.normal(size=(outputs, K))
    W /= np.linalg.norm(W, axis=1)[:, None]
    order = [*range(K), *rng.integers(K, size=int(rng.integers(0, 3)))]
    copies, shape = np.bincount(order, minlength=K)[order], len(order)
    student = TwoLayer(
        W[order] + eps * rng.normal(size=(shape, d)),
        b[order] + eps * rng.normal(size=shape),
        V[:, order] / copies + eps * rng.normal(size=(outputs, shape)),
    )
    region = Box(-np.ones(d), np.ones(d))
    if rng.random() < 0.5:
        region = Polytope(np.concatenate([region.A, rng.normal(size=(1, d))]), np.append(region.c, 0.8))
    return Instance(TwoLayer(W, b, V), student, region)


def with_nodes(instance: Instance, teachers: list[int], students: list[int]) -> Instance:
    """The instance with its nodes multiplied by these powers of two."""
    networks = rescaled(instance.teacher, teachers), rescaled(instance.student, students)
    return Instance(*networks, instance.region, instance.subspace)


def in_units(instance: Instance, output: int, space: int) -> Instance:
    """The instance with outputs times 2^output and lengths times 2^space."""
    teacher, student = (rescaled(net, [0] * net.width, output, space) for net in (instance.teacher, instance.student))
    region = Polytope(as_fractions(instance.region.A), as_fractions(instance.region.c) * two_to(space))
    basis, origin = (as_fractions(x) for x in (instance.subspace.basis, instance.subspace.origin))
    return Instance(teacher, student, region, Subspace(basis, origin * two_to(space)))
