"""Climbing: raise measured / bound of candidates by its gradient and by random steps, in floats."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .candidates import Batch

DIFFERENCE = 1e-5  # of a number, or of 1/10 where it is smaller: far above rounding, below the size of cells
STEPS = 2.0 ** -np.arange(1, 13)  # tried along the gradient at once, in units of the candidate's size
WANDERERS = 24  # random directions tried at once: where the gradient stops at a crease, some of them go along it


def climbed(start: Batch, score: Callable[[Batch], np.ndarray], rounds: int, rng: np.random.Generator) -> Batch:
    """Raise the score of one candidate by at most `rounds` steps; its region keeps its normals.

    start: a batch of one. score (B,): larger is better; each round evaluates the differences of all numbers in one batch,
    then a line along the gradient and random directions in another.
    """
    x, value = _numbers(start), float(score(start)[0])
    for _ in range(rounds):
        sizes = np.maximum(np.abs(x), 0.1)
        moved = score(_with(start, x + np.diag(DIFFERENCE * sizes)))
        slope = np.where(np.isfinite(moved), moved, value) - value
        steepest = np.abs(slope).max()
        directions = rng.standard_normal((WANDERERS, len(x))) * (rng.random((WANDERERS, len(x))) < 0.4)
        trials = [x + sizes * directions * rng.choice(STEPS, (WANDERERS, 1))]
        if steepest > 0:
            trials.append(x + STEPS[:, None] * sizes * slope / steepest)
        tried = np.concatenate(trials)
        scores = np.nan_to_num(score(_with(start, tried)), nan=-np.inf)
        if not scores.max() > value:
            continue
        x, value = tried[scores.argmax()], float(scores.max())
    return _with(start, x[None])


def _numbers(one: Batch) -> np.ndarray:
    return np.concatenate([array[0].ravel() for array in (one.W, one.b, one.V, one.c)])


def _with(one: Batch, numbers: np.ndarray) -> Batch:
    """The candidate with other numbers, one set a row."""
    shapes = [array.shape[1:] for array in (one.W, one.b, one.V, one.c)]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    parts = np.split(numbers, ends, axis=1)
    W, b, V, c = (part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True))
    return Batch(W, b, V, np.repeat(one.A, len(numbers), axis=0), c, one.teachers)
