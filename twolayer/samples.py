"""From samples to an instance: the principal plane, and a region on it that holds every projected sample.

Memory and time are linear in the number of samples: axes come from the d x d covariance, not from an n x n factor.
Source: Section 5.3.
"""

from __future__ import annotations

import itertools

import numpy as np

from . import exact
from .networks import TwoLayer
from .regions import Box, Polytope, Subspace, frame, restrict

BLOCK = 4096  # samples that are centred at a time
THIN = 1e-9  # of the largest spread: the width that a direction without spread gets, so that the region has interior
OUTWARD = 1e-12  # of the largest score: covers the rounding of scores and supports, so that no sample is left outside
PAIRS_UP_TO = 8  # dimensions in which a hull also gets the directions between all pairs of principal axes


def principal_plane(X: np.ndarray, rank: int) -> Subspace:
    """mean + span of the `rank` directions in which the samples spread most.   (n, d) -> Subspace of dimension rank"""
    mean = X.mean(axis=0)
    scale = np.abs(X - mean).max()  # centred before it is squared: no square leaves the range of floats
    covariance = np.zeros((X.shape[1],) * 2)
    for first in range(0, len(X), BLOCK):
        centred = (X[first : first + BLOCK] - mean) / scale
        covariance += centred.T @ centred
    axes = np.linalg.eigh(covariance)[1].T[::-1]
    return Subspace(axes[:rank], mean)


def scores(X: np.ndarray, plane: Subspace) -> np.ndarray:
    """Coordinates of the projected samples on a plane with orthonormal rows.   (n, d) -> (n, d')"""
    basis, origin = (np.asarray(x, dtype=float) for x in (plane.basis, plane.origin))
    return np.concatenate([(X[first : first + BLOCK] - origin) @ basis.T for first in range(0, len(X), BLOCK)])


def box_around(z: np.ndarray, margin: float = 0.0) -> Polytope:
    """The box along the axes that holds every point, widened to `margin` on either side of 0 where it is thinner.

    (n, d') -> Polytope; a direction without spread gets THIN times the largest spread where margin is 0.
    """
    lower, upper = z.min(axis=0), z.max(axis=0)
    spread = (upper - lower).max()
    thin = np.maximum(margin, np.where(upper - lower < THIN * spread, THIN * spread / 2, 0.0))
    slack = OUTWARD * np.abs(z).max()
    return Box(np.minimum(lower - slack, -thin), np.maximum(upper + slack, thin))


def hull_around(z: np.ndarray, nodes: np.ndarray, margin: float = 0.0) -> Polytope:
    """The box, cut by the samples' support half-spaces in chosen directions: closer to the samples, still holding all.

    Directions: those of the nodes' projected weights, either sign, where activity is largest, and those between pairs of
    axes (up to PAIRS_UP_TO dimensions), each axis measured by its own spread.   z (n, d'), nodes (K, d') -> Polytope
    """
    box, d = box_around(z, margin), z.shape[1]
    width = np.maximum(z.max(axis=0) - z.min(axis=0), np.finfo(float).tiny)
    lengths = np.linalg.norm(nodes, axis=1, keepdims=True)
    directions = [nodes / np.where(lengths > 0, lengths, 1.0)]
    if 2 <= d <= PAIRS_UP_TO:
        pairs = np.array(list(itertools.combinations(range(d), 2)))
        for sign in (1.0, -1.0):
            between = np.zeros((len(pairs), d))
            between[np.arange(len(pairs)), pairs[:, 0]] = 1 / width[pairs[:, 0]]
            between[np.arange(len(pairs)), pairs[:, 1]] = sign / width[pairs[:, 1]]
            directions.append(between / np.linalg.norm(between, axis=1, keepdims=True))
    a = np.concatenate([direction for some in directions for direction in (some, -some)])
    a = np.unique(a[np.abs(a).sum(axis=1) > 0], axis=0)
    support = np.concatenate([(a[first : first + BLOCK] @ z.T).max(axis=1) for first in range(0, len(a), BLOCK)])
    slack = np.maximum(OUTWARD * np.abs(z).max() * d, THIN * width.max() / 2)
    return Polytope(np.concatenate([box.A, a]), np.concatenate([box.c, support + slack]))


def on_plane(network: TwoLayer, plane: Subspace) -> TwoLayer:
    """The network as a function of a plane's coordinates, exactly.   Source: Lemma 1."""
    P, beta = restrict(network, frame(plane))
    fractions = np.vectorize(exact.fraction, otypes=[object])
    return TwoLayer(fractions(P), fractions(beta), network.V, network.output_bias)
