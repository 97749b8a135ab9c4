"""Where searches may begin: the samples at which each |g_1,k| is largest, as exact points of A_k."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import exact
from ..regions import Frame
from ..restriction.domains import Domain
from ..restriction.restricted import Restricted

BLOCK = 4096  # samples that are evaluated at a time


def coordinates(frame: Frame, X: np.ndarray) -> np.ndarray:
    """Points of the ambient space, projected on the subspace, in its coordinates (floats).   (n, d) -> (n, d')"""
    rows, origin, metric = (exact.nearest(x) for x in (frame.rows, frame.origin, frame.metric))
    return (X - origin) @ rows.T @ metric / exact.nearest_float(frame.unit)


def best_samples(problem: Restricted, domains: Sequence[Domain | None], Z: np.ndarray) -> dict[int, np.ndarray]:
    """{student node: the sample in A_k where |g_1,k| is largest}; none for a node that is active at no sample in R.

    Z (n, d') samples in the coordinates of the problem. Floats choose; the point is the sample itself where it lies in A_k
    exactly, else one next to it that does.
    """
    ridges = [problem.gradient(node).floats for node in problem.student]
    P, beta = ridges[0].P, ridges[0].beta
    C, offsets = np.stack([h.c for h in ridges]), np.array([h.offset for h in ridges])
    region, first = problem.region.floats, len(problem.teacher)
    best, where = np.zeros(len(ridges)), np.full(len(ridges), -1)
    with np.errstate(over="ignore", invalid="ignore"):
        for begin in range(0, len(Z), BLOCK):
            part = Z[begin : begin + BLOCK]
            hidden = np.maximum(part @ P.T + beta, 0.0)
            values = np.abs(hidden @ C.T + offsets)
            inside = (part @ region.A.T <= region.c).all(axis=1)[:, None] & (hidden[:, first:] > 0)
            values = np.where(inside & np.isfinite(values), values, -1.0)
            largest = values.argmax(axis=0)
            better = values[largest, np.arange(len(ridges))] > best
            best = np.where(better, values[largest, np.arange(len(ridges))], best)
            where = np.where(better, begin + largest, where)
    reached = [(k, domain) for k, domain in enumerate(domains) if domain is not None and where[k] >= 0]
    return {k: domain.inside(exact.rationals(Z[where[k]])) for k, domain in reached}
