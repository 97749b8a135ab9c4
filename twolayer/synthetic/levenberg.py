"""Levenberg-Marquardt for two-layer ReLU networks, in the coordinates of the data plane.

The normal matrix of the residuals V relu(P y) - f*(y) needs only the Gram matrix of the gated inputs
1[p_k . y > 0] y: every block of it is that Gram matrix contracted with weights or fan-outs. No Jacobian is
formed, so a step costs samples x (K (d' + 1))^2, whatever the number of outputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

FIRST_DAMPING = 1e-2  # relative to a mean squared activation of order 1; a heuristic
LEAST_DAMPING = 1e-18  # below the rounding of the normal matrix: the steps are Gauss-Newton's by then
LARGEST_DAMPING = 1e8  # no step this short has been of use
BISECTIONS = 12  # a gentle step meets its loss to about 1 part in 4000


@dataclass(frozen=True, eq=False)
class Iterate:
    """One point of the descent.

    P      (K, d' + 1)   weights and biases, rows of norm 1: the fan-outs carry the size
    V      (C, K)        fan-outs
    loss                 mean over the points of |V relu(P y) - label|^2
    step                 number of linear systems solved so far
    """

    P: np.ndarray
    V: np.ndarray
    loss: float
    step: int


def descent(points, labels, P, V, *, steps: int, fixed=None, gentle: float | None = None) -> Iterator[Iterate]:
    """The iterates of Levenberg-Marquardt, starting with (P, V) itself; the loss falls strictly.

    points   (N, d' + 1)   inputs with a 1 appended; a row and its label scaled by s > 0 count with weight s^2
    labels   (N, C)
    steps                  linear systems to solve at most
    fixed    (K,) bool     nodes whose hyperplane stays where it is; their fan-outs are trained
    gentle                 the largest factor by which one step may reduce the loss: a longer step is cut
                           short, so that quadratic convergence at the end still passes every level
    """
    moves = np.ones(len(P), dtype=bool) if fixed is None else ~np.asarray(fixed, dtype=bool)
    is_free = np.concatenate([np.repeat(moves, P.shape[1]), np.ones(V.size, dtype=bool)])
    free = np.flatnonzero(is_free)
    P, V = unit_rows(P, V)
    matrix, gradient, loss = _normal_equations(points, labels, P, V)
    damping, growth = FIRST_DAMPING, 2.0
    yield Iterate(P, V, loss, 0)
    for step in range(1, steps + 1):
        H, g = (matrix, gradient) if is_free.all() else (matrix[np.ix_(free, free)], gradient[free])
        damped = H.copy()
        damped[np.diag_indices_from(damped)] += damping
        try:
            solved = -cho_solve(cho_factor(damped, check_finite=False), g, check_finite=False)
        except LinAlgError:  # damping below the rounding of a singular matrix
            damping *= 10
            continue
        move = np.zeros(len(is_free))
        move[free] = solved
        dP, dV = move[: P.size].reshape(P.shape), move[P.size :].reshape(V.shape)
        new = _loss(points, labels, P + dP, V + dV)
        predicted = -2 * solved @ g - solved @ H @ solved
        if not (new < loss and predicted > 0):
            damping, growth = damping * growth, growth * 2
            if damping > LARGEST_DAMPING:
                return
            continue
        agreement = (loss - new) / predicted
        damping, growth = max(damping * max(0.2, 1 - (2 * agreement - 1) ** 3), LEAST_DAMPING), 2.0
        if gentle is not None and new * gentle < loss:
            t = _fraction(points, labels, P, V, dP, dV, loss / gentle)
            dP, dV = t * dP, t * dV
        P, V = unit_rows(P + dP, V + dV)
        matrix, gradient, loss = _normal_equations(points, labels, P, V)
        yield Iterate(P, V, loss, step)


def unit_rows(P, V):
    """The same function with rows of P of norm 1: relu(s z) = s relu(z) for s > 0."""
    sizes = np.linalg.norm(P, axis=1)
    sizes = np.where(sizes > 0, sizes, 1.0)
    return P / sizes[:, None], V * sizes


def _loss(points, labels, P, V) -> float:
    residual = np.maximum(points @ P.T, 0) @ V.T - labels
    return float((residual * residual).sum() / len(points))


def _fraction(points, labels, P, V, dP, dV, level) -> float:
    """A fraction of a step after which the loss is just below `level`; it starts above and ends below."""
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        t = (low + high) / 2
        if _loss(points, labels, P + t * dP, V + t * dV) > level:
            low = t
        else:
            high = t
    return high


def _normal_equations(points, labels, P, V):
    """J^T J / N, J^T r / N and the loss, in the order P row by row, then V row by row."""
    count, D = points.shape
    K, C = len(P), len(V)
    z = points @ P.T
    on = z > 0
    residual = (z * on) @ V.T - labels
    gated = (on[:, :, None] * points[:, None, :]).reshape(count, K * D)
    gram = (gated.T @ gated / count).reshape(K, D, K, D)
    pull = (gated.T @ residual / count).reshape(K, D, C)
    by_activation = np.einsum("kd,kdle->kle", P, gram)  # mean of relu(p_k . y) 1[l on] y
    matrix = np.empty((K * (D + C),) * 2)
    weights = slice(0, K * D)
    fan_outs = slice(K * D, None)
    matrix[weights, weights] = (gram * (V.T @ V)[:, None, :, None]).reshape(K * D, K * D)
    cross = (V[:, None, :, None] * by_activation[None]).reshape(C * K, K * D)
    matrix[fan_outs, weights], matrix[weights, fan_outs] = cross, cross.T
    matrix[fan_outs, fan_outs] = np.kron(np.eye(C), np.einsum("kle,le->kl", by_activation, P))
    by_weights, by_fan_outs = np.einsum("kdc,ck->kd", pull, V), np.einsum("kdc,kd->ck", pull, P)
    gradient = np.concatenate([by_weights.ravel(), by_fan_outs.ravel()])
    return matrix, gradient, float((residual * residual).sum() / count)
