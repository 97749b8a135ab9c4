"""Levenberg-Marquardt: normal equations against a Jacobian, monotone and gentle descents, fixed nodes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twolayer.synthetic.levenberg import _normal_equations, descent, unit_rows

seeds = st.integers(0, 2**32 - 1)
ROUNDING = 1e-12  # sums of 30 products of numbers of order 1
DIFFERENCE = 1e-6  # step of the central differences; their error is DIFFERENCE^2 plus rounding / DIFFERENCE
BY_DIFFERENCES = 1e-7


def problem(seed, count=30, d=3, width=4, outputs=2):
    rng = np.random.default_rng(seed)
    points = np.hstack([rng.normal(size=(count, d)), np.ones((count, 1))])
    labels = rng.normal(size=(count, outputs))
    return points, labels, rng.normal(size=(width, d + 1)), rng.normal(size=(outputs, width))


def residuals(points, labels, P, V):
    return (np.maximum(points @ P.T, 0) @ V.T - labels).ravel()


def jacobian(points, labels, P, V):
    """By central differences; the parameters are P row by row, then V row by row."""
    flat = np.concatenate([P.ravel(), V.ravel()])
    columns = []
    for i in range(len(flat)):
        sides = []
        for sign in (1, -1):
            moved = flat.copy()
            moved[i] += sign * DIFFERENCE
            weights, fan_outs = moved[: P.size].reshape(P.shape), moved[P.size :].reshape(V.shape)
            sides.append(residuals(points, labels, weights, fan_outs))
        columns.append((sides[0] - sides[1]) / (2 * DIFFERENCE))
    return np.array(columns).T


def blobs(seed, width=6, teacher_width=3, count=300):
    """A realisable problem: labels of a random network."""
    rng = np.random.default_rng(seed)
    points = np.hstack([rng.uniform(-1, 1, size=(count, 3)), np.ones((count, 1))])
    hidden = np.maximum(points @ rng.normal(size=(4, teacher_width)), 0)
    labels = hidden @ rng.normal(size=(teacher_width, 2))
    return points, labels, rng.normal(size=(width, 4)), rng.normal(size=(2, width))


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_the_normal_equations_are_those_of_the_jacobian(seed):
    points, labels, P, V = problem(seed)
    kinks = np.abs(points @ P.T) / np.linalg.norm(points, axis=1)[:, None]
    points, labels = (array[(kinks > 10 * DIFFERENCE).all(axis=1)] for array in (points, labels))
    matrix, gradient, loss = _normal_equations(points, labels, P, V)
    J, r = jacobian(points, labels, P, V), residuals(points, labels, P, V)
    assert np.abs(matrix - J.T @ J / len(points)).max() < BY_DIFFERENCES
    assert np.abs(gradient - J.T @ r / len(points)).max() < BY_DIFFERENCES
    assert abs(loss - r @ r / len(points)) < ROUNDING


def test_a_scaled_row_counts_with_the_square_of_its_scale():
    points, labels, P, V = problem(1)
    weights = np.array([2] * 10 + [1] * 20)
    scaled = np.sqrt(weights)[:, None]
    repeated = [np.repeat(array, weights, axis=0) for array in (points, labels)]
    mine = _normal_equations(scaled * points, scaled * labels, P, V)
    other = _normal_equations(*repeated, P, V)
    for a, b in zip(mine, other, strict=True):
        assert np.abs(np.asarray(a) * 30 - np.asarray(b) * 40).max() < 40 * ROUNDING


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_unit_rows_are_the_same_function_with_weights_of_norm_one(seed):
    points, labels, P, V = problem(seed)
    Q, U = unit_rows(P, V)
    assert np.abs(np.linalg.norm(Q, axis=1) - 1).max() < ROUNDING
    assert np.abs(residuals(points, labels, P, V) - residuals(points, labels, Q, U)).max() < 100 * ROUNDING


def test_the_loss_falls_at_every_iterate_and_reaches_zero_on_realisable_labels():
    points, labels, P, V = blobs(0)
    losses = [it.loss for it in descent(points, labels, P, V, steps=300)]
    assert all(after < before for before, after in zip(losses, losses[1:], strict=False))
    assert losses[-1] < 1e-25


def test_a_gentle_descent_never_falls_by_more_than_its_factor():
    points, labels, P, V = blobs(0)
    free = [it.loss for it in descent(points, labels, P, V, steps=300)]
    gentle = [it.loss for it in descent(points, labels, P, V, steps=300, gentle=10)]
    drops = [
        max(before / after for before, after in zip(path, path[1:], strict=False) if after > 1e-26) for path in (free, gentle)
    ]
    assert drops[1] <= 10.1 < drops[0]  # bisection meets a level to about 1 %
    assert gentle[-1] < 1e-25


def test_fixed_nodes_keep_their_hyperplane_and_train_their_fan_out():
    points, labels, P, V = blobs(2)
    fixed = np.array([False, True, False, False, True, False])
    path = list(descent(points, labels, P, V, steps=50, fixed=fixed))
    assert np.abs(path[-1].P[fixed] - path[0].P[fixed]).max() < ROUNDING
    assert np.abs(path[-1].P[~fixed] - path[0].P[~fixed]).min(axis=0).max() > 1e-3
    assert np.abs(path[-1].V[:, fixed] - path[0].V[:, fixed]).min() > 1e-3


def test_a_descent_ends_by_itself_where_no_step_helps():
    points, _, P, V = problem(3)
    labels = np.maximum(points @ P.T, 0) @ V.T
    *_, last = descent(points, labels, P, V, steps=10**6)
    assert last.loss < 1e-28
    assert last.step < 1000
