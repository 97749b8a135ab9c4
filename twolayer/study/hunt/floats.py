"""What the statements say about many candidates at once, in floats: a filter, never a verdict.

seen     the vertices of every candidate's arrangement, and eps_k from them
fitted   students' fan-outs by least squares, so that the gradient is small before anything else is asked
sines, room, observed    the geometry of the statements
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from .candidates import Batch

TOUCH = 1e-9  # numbers of candidates are near 1 and at least 1e-3: above rounding, below what matters
ASCENTS = 25  # steps towards the centre of a disc for D >= 3; too few only make a radius too small


@dataclass(frozen=True, eq=False)
class Seen:
    """The vertices of the arrangement of nodes and facets, and what the networks do there.

    values (B, M, K)   preactivations at M candidates for a vertex       inside (B, M)   in U ∩ R
    errors (B, M, C)   f* - f                                            sees (B, M, S)  in A_k of student k
    alive  (B, S)      A_k is not empty                                  epsilon (B, S)  sup over A_k of |v_k . errors|
    """

    values: np.ndarray
    inside: np.ndarray
    errors: np.ndarray
    sees: np.ndarray
    alive: np.ndarray
    epsilon: np.ndarray


def seen(batch: Batch) -> Seen:
    """Evaluate a batch at the vertices of its arrangements."""
    D, t = batch.plane, batch.teachers
    P = batch.W[:, :, :D]
    normals, offsets = np.concatenate([P, batch.A], axis=1), np.concatenate([batch.b, -batch.c], axis=1)
    chosen = np.array(list(combinations(range(normals.shape[1]), D)))
    points, proper = _meeting(normals[:, chosen], -offsets[:, chosen])
    inside = proper & np.asarray(points @ batch.A.transpose(0, 2, 1) <= batch.c[:, None, :] + TOUCH).all(axis=2)
    values = points @ P.transpose(0, 2, 1) + batch.b[:, None, :]
    students = values[:, :, t:]
    alive = (inside[:, :, None] & (students > TOUCH)).any(axis=1)
    sees = inside[:, :, None] & (students >= -TOUCH) & alive[:, None, :]
    return _judged(batch, values, inside, sees, alive)


def _judged(batch: Batch, values: np.ndarray, inside: np.ndarray, sees: np.ndarray, alive: np.ndarray) -> Seen:
    signs = np.where(np.arange(batch.V.shape[2]) < batch.teachers, 1.0, -1.0)
    errors = np.maximum(values, 0) @ (batch.V * signs).transpose(0, 2, 1)
    gradient = np.abs(errors @ batch.V[:, :, batch.teachers :])
    return Seen(values, inside, errors, sees, alive, np.where(sees, gradient, 0.0).max(axis=1, initial=0.0))


def _meeting(normals: np.ndarray, limits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where D hyperplanes meet, and whether they do in one point.   (B, M, D, D), (B, M, D) -> (B, M, D), (B, M)"""
    D = normals.shape[-1]
    if D == 2:  # Cramer's rule: LAPACK costs more than two products
        (a, b), (c, d) = normals[..., 0, :].transpose(2, 0, 1), normals[..., 1, :].transpose(2, 0, 1)
        determinant = a * d - b * c
        proper = np.abs(determinant) > TOUCH
        safe = np.where(proper, determinant, 1.0)
        left, right = limits[..., 0], limits[..., 1]
        return np.stack([(left * d - b * right) / safe, (a * right - left * c) / safe], axis=-1), proper
    proper = np.asarray(np.abs(np.linalg.det(normals)) > TOUCH)
    safe = np.where(proper[..., None, None], normals, np.eye(D))
    return np.linalg.solve(safe, limits[..., None])[..., 0], proper


def fitted(batch: Batch, view: Seen, start: np.ndarray, seeing: np.ndarray) -> tuple[Batch, Seen]:
    """Students' fan-outs nearest to a start among those that fit the teacher best wherever a student is active.

    start (B, C, S): what the fit leaves open (students that depend on each other, dead ones) stays as it is there.
    seeing (B, C) or (C,): outputs where it is 0 are not fitted, and no student sees them.
    """
    t = batch.teachers
    features = np.maximum(view.values, 0) * np.asarray(view.sees.any(axis=2))[:, :, None]
    students, goal = features[:, :, t:], features[:, :, :t] @ batch.V[:, :, :t].transpose(0, 2, 1)
    start = start.transpose(0, 2, 1)
    best = start + np.linalg.pinv(students, rcond=1e-9) @ (goal - students @ start)
    V = batch.V.copy()
    V[:, :, t:] = best.transpose(0, 2, 1) * seeing[..., None]
    V[np.abs(V) < TOUCH] = 0
    batch = replace(batch, V=V)
    return batch, _judged(batch, view.values, view.inside, view.sees, view.alive)


def lengths(vectors: np.ndarray) -> np.ndarray:
    """Euclidean length along the last axis."""
    return np.sqrt((vectors**2).sum(axis=-1))


def sines(P: np.ndarray, j: int) -> tuple[np.ndarray, np.ndarray]:
    """(sine, cosine) of the angles between p_j and all p; sine 1, cosine 0 where one is 0.   (B, K, D) -> (B, K) each"""
    sizes = lengths(P)
    proper = (sizes > TOUCH) & (sizes[:, j : j + 1] > TOUCH)
    units = P / np.where(sizes > TOUCH, sizes, 1.0)[..., None]
    one = units[:, j : j + 1]
    cosines = (units * one).sum(axis=-1)
    rest = lengths(units - cosines[..., None] * one)
    return np.where(proper, rest, 1.0), np.where(proper, cosines, 0.0)


def observed(batch: Batch, j: int, k: int) -> np.ndarray:
    """The boundary of node j meets the closed half-space of node k, anywhere in space.   -> (B,)"""
    w, other = batch.W[:, j], batch.W[:, k]
    ratio = (w * other).sum(axis=1) / (w * w).sum(axis=1)
    parallel = lengths(other - ratio[:, None] * w) <= TOUCH * lengths(other)
    return ~parallel | (batch.b[:, k] - ratio * batch.b[:, j] >= -TOUCH)


def _on_hyperplane(batch: Batch, j: int, observer: int | None) -> tuple[np.ndarray, ...]:
    """(p / |p|, facets' parts along the hyperplane of j, their slack at its nearest point to 0, their lengths)."""
    D, p, beta = batch.plane, batch.W[:, j, : batch.plane], batch.b[:, j]
    A, c = batch.A, batch.c
    if observer is not None:
        A = np.concatenate([A, -batch.W[:, observer : observer + 1, :D]], axis=1)
        c = np.concatenate([c, batch.b[:, observer : observer + 1]], axis=1)
    size = np.maximum(lengths(p), TOUCH)
    unit, start = p / size[:, None], -(beta / size**2)[:, None] * p
    slack = c - (A @ start[..., None])[..., 0]
    return unit, A - (A @ unit[..., None]) * unit[:, None, :], slack, lengths(A)


def room(batch: Batch, j: int, observer: int | None = None, q=0.0) -> np.ndarray:
    """Radius of the largest (D-1)-ball in node j's hyperplane whose q-neighbourhood is in R, or in an observer's part of
    it; not positive where there is none. For D >= 3 from below.   -> (B,)
    """
    unit, across, slack, sizes = _on_hyperplane(batch, j, observer)
    slack = slack - np.asarray(q)[..., None] * sizes
    if batch.plane != 2:
        return _ascended(across, slack, lengths(across))
    rate = (across * np.stack([-unit[:, 1], unit[:, 0]], axis=1)[:, None, :]).sum(axis=2)
    flat = np.abs(rate) <= TOUCH
    ends = slack / np.where(flat, 1.0, rate)
    upper = np.where(~flat & (rate > 0), ends, np.inf).min(axis=1)
    lower = np.where(~flat & (rate < 0), ends, -np.inf).max(axis=1)
    empty = (flat & (slack < -TOUCH)).any(axis=1) | flat.all(axis=1)  # all are flat where the node has no weight on U
    return (np.where(empty, -1.0, upper) - np.where(empty, 1.0, lower)) / 2


def ball(batch: Batch, j: int, observer: int) -> np.ndarray:
    """Radius, from below, of the largest D-ball centred on node j's hyperplane in the observer's part of R.   -> (B,)"""
    _, across, slack, sizes = _on_hyperplane(batch, j, observer)
    return _ascended(across, slack, sizes)


def _ascended(across: np.ndarray, slack: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """max over x of min over facets (slack - across . x) / size, by steps away from the nearest facet."""
    sizes = np.maximum(sizes, TOUCH)
    units, rest = across / sizes[..., None], slack / sizes
    x, best, rows = np.zeros((len(units), units.shape[2])), np.full(len(units), -np.inf), np.arange(len(units))
    for step in range(ASCENTS):
        left = rest - (units @ x[..., None])[..., 0]
        nearest = left.argmin(axis=1)
        best = np.maximum(best, left[rows, nearest])
        x = x - units[rows, nearest] * (0.5 / (1 + step / 3))
    return best


def gaps(P: np.ndarray, b: np.ndarray, j: int) -> np.ndarray:
    """Distances of the hyperplanes of all nodes from node j's, for those that are parallel to it.   (B, K)"""
    sizes = np.maximum(lengths(P), TOUCH)
    unit = P[:, j] / sizes[:, j : j + 1]
    along = (P * unit[:, None, :]).sum(axis=2)
    return np.abs(b / np.where(np.abs(along) > TOUCH, along, np.inf) - (b[:, j] / sizes[:, j])[:, None])


def on_it(P: np.ndarray, b: np.ndarray, j: int) -> np.ndarray:
    """Nodes whose hyperplane on U is node j's.   (B, K)"""
    return (sines(P, j)[0] <= TOUCH) & (gaps(P, b, j) <= TOUCH)


def teacher_mass(batch: Batch, j: int) -> np.ndarray:
    """kappa_T of teacher j's hyperplane for every student.   -> (B, S)"""
    t, P = batch.teachers, batch.W[:, : batch.teachers, : batch.plane]
    V = (batch.V[:, :, :t] * (lengths(P) * on_it(P, batch.b[:, :t], j))[:, None, :]).sum(axis=2)
    return (V[:, :, None] * batch.V[:, :, t:]).sum(axis=1)
