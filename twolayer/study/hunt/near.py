"""How near many candidates come to the repaired and sharp statements, in floats: Theorem A's count, where the check
has more theorems and takes the best; so a bound here may be larger than the checked one, and a ratio smaller. Where a row lacks
room its bound is some large number that falls with the gradient, so that a climb finds its way there.
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from .candidates import Batch
from .floats import TOUCH, Seen, ball, lengths, on_it, room, sines, teacher_mass
from .printed import LARGEST_NORM, Rows, inverse_norm, printed_sine, together

FAR = 100.0  # a bound that says nothing


def measured_size(batch: Batch, k: int) -> np.ndarray:
    """|v_k'|, the measured side of Corollary 1.   -> (B,)"""
    return lengths(batch.V[:, :, k])


def _rows(measured, bound, applies) -> Rows:
    return Rows(measured, np.where(applies, bound, np.inf), applies, np.full(measured.shape, "", dtype=object))


def theorem_1(batch: Batch, view: Seen) -> Rows:
    """Rows of teachers whose crease a student sees; measured is the sine to the best student, either sign; bound 0."""
    t, P = batch.teachers, batch.W[:, :, : batch.plane]
    vanishing, rows = (view.epsilon <= TOUCH).all(axis=1), []
    for j in range(t):
        kinks = np.abs(teacher_mass(batch, j)) > TOUCH
        enters = np.stack([view.alive[:, s] & (room(batch, j, t + s, 1e-6) > 1e-6) for s in range(kinks.shape[1])], axis=1)
        applies = vanishing & (lengths(P[:, j]) > TOUCH) & (kinks & enters).any(axis=1)
        rows.append(_rows(sines(P, j)[0][:, t:].min(axis=1), np.zeros(len(batch)), applies))
    return together(rows)


def repaired_theorem_2(batch: Batch, view: Seen) -> Rows:
    """Sines to the best other node against 10 sqrt(d'/(2 pi)) K eps_k / (rho |kappa|), for all (teacher, observer) pairs."""
    t, D, K = batch.teachers, batch.plane, batch.W.shape[1]
    P, rows = batch.W[:, :, :D], []
    for j in range(t):
        same, kinks = on_it(P, batch.b, j), np.abs(teacher_mass(batch, j))
        measured = np.where(same, 1.0, sines(P, j)[0]).min(axis=1)
        for s in range(K - t):
            epsilon = view.epsilon[:, s]
            q = 5 * epsilon / np.maximum(kinks[:, s], TOUCH)
            rho = room(batch, j, t + s, q)
            applies = view.alive[:, s] & (kinks[:, s] > TOUCH) & ~same[:, t:].any(axis=1) & (epsilon > TOUCH)
            bound = np.where(rho > TOUCH, printed_sine(D, rho, K, epsilon, kinks[:, s]), FAR * (1 + q))
            rows.append(_rows(measured, bound, applies))
    return together(rows)


def _opposing(batch: Batch, s: int, mass: np.ndarray) -> np.ndarray:
    """Nodes whose kink for student s has the other sign than `mass`.   (B, K)"""
    t = batch.teachers
    signs = np.where(np.arange(batch.V.shape[2]) < t, 1.0, -1.0)
    return (batch.V * batch.V[:, :, t + s, None]).sum(axis=1) * signs * mass[:, None] < -(TOUCH**2)


def _cotangents(P: np.ndarray, j: int) -> np.ndarray:
    sine, cosine = sines(P, j)
    return np.where(lengths(P) > TOUCH, np.abs(cosine) / np.maximum(sine, TOUCH), 0.0)


def sharp_theorem_2(batch: Batch, view: Seen) -> Rows:
    """Sines to the best student against Theorem 2' in the ball, for all (teacher, observer) pairs."""
    t, D, K = batch.teachers, batch.plane, batch.W.shape[1]
    P, rows = batch.W[:, :, :D], []
    for j in range(t):
        same, kinks, cot = on_it(P, batch.b, j), teacher_mass(batch, j), _cotangents(P, j)
        measured = sines(P, j)[0][:, t:].min(axis=1)
        for s in range(K - t):
            epsilon, kappa = np.maximum(view.epsilon[:, s], TOUCH), np.abs(kinks[:, s])
            opposing = _opposing(batch, s, kinks[:, s]) & ~same
            reach = kappa * ball(batch, j, t + s) / (4 * epsilon)
            left = np.sqrt(np.maximum(reach**2 - 1, 0)) - (cot * opposing)[:, :t].sum(axis=1)
            students = opposing[:, t:].sum(axis=1)
            applies = view.alive[:, s] & (kappa > TOUCH) & (reach > TOUCH) & ~same[:, t:].any(axis=1)
            applies = applies & (view.epsilon[:, s] > TOUCH) & (students > 0)
            bound = students / np.hypot(students, np.maximum(left, TOUCH))
            bound = np.where((reach > 1) & (left > TOUCH), bound, 1 + FAR / np.maximum(reach, TOUCH))
            rows.append(_rows(measured, bound, applies))
    return together(rows)


def _corollary_1(batch: Batch, view: Seen, limit) -> Rows:
    """Fan-outs against sqrt(C) |Q^-1|_1 max B_m; limit(k, s, sines) gives (B_m, it applies) for node k, observer s."""
    t, D, K, C = batch.teachers, batch.plane, batch.W.shape[1], batch.V.shape[1]
    P, rows = batch.W[:, :, :D], [_rows(np.zeros(len(batch)), np.ones(len(batch)), np.zeros(len(batch), dtype=bool))]
    for k in range(t, K):
        alone = on_it(P, batch.b, k).sum(axis=1) == 1
        limits = {m: limit(k, m - t) for m in range(t, K) if m != k}
        for observers in combinations(limits, C):
            worst = np.max([limits[m][0] for m in observers], axis=0)
            applies = np.all([limits[m][1] for m in observers], axis=0) & alone & (lengths(P[:, k]) > TOUCH)
            norm = inverse_norm(batch.V[:, :, observers])
            rows.append(_rows(measured_size(batch, k), math.sqrt(C) * norm * worst, applies & (norm < LARGEST_NORM)))
    return together(rows)


def repaired_corollary_1(batch: Batch, view: Seen) -> Rows:
    """The paper's argument with each observer's own region, thickness and the projected norm."""
    t, D, K = batch.teachers, batch.plane, batch.W.shape[1]
    P = batch.W[:, :, :D]

    def limit(k: int, s: int):
        size, epsilon = lengths(P[:, k]), view.epsilon[:, s]
        distance = np.delete(sines(P, k)[0], k, axis=1).min(axis=1)
        kappa = np.abs((batch.V[:, :, k] * batch.V[:, :, t + s]).sum(axis=1)) * size
        q = 5 * epsilon / np.maximum(kappa, TOUCH)
        rho = room(batch, k, t + s, q)
        applies = view.alive[:, s] & (kappa > TOUCH) & (distance > TOUCH) & (epsilon > TOUCH)
        bound = printed_sine(D, rho, K, epsilon, distance * np.maximum(size, TOUCH))
        return np.where(rho > TOUCH, bound, FAR * (1 + q) * measured_size(batch, k)), applies

    return _corollary_1(batch, view, limit)


def sharp_corollary_1(batch: Batch, view: Seen) -> Rows:
    """Corollary 1' in the ball."""
    P = batch.W[:, :, : batch.plane]

    def limit(k: int, s: int):
        size, radius = np.maximum(lengths(P[:, k]), TOUCH), ball(batch, k, batch.teachers + s)
        mass = -(batch.V[:, :, k] * batch.V[:, :, batch.teachers + s]).sum(axis=1)
        gamma = (_cotangents(P, k) * _opposing(batch, s, mass)).sum(axis=1)
        applies = view.alive[:, s] & (radius > TOUCH) & (np.abs(mass) > TOUCH) & (view.epsilon[:, s] > TOUCH)
        return 4 * view.epsilon[:, s] * np.hypot(1, gamma) / (size * np.maximum(radius, TOUCH)), applies

    return _corollary_1(batch, view, limit)
