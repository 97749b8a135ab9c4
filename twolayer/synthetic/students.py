"""Over-realised students, trained from random initialisation to a tiny hidden gradient.

What a run reports of its gradient is sampled, a lower bound of the supremum, never certified: all samples can
agree to 1e-12 while a wedge between a teacher's boundary and a student's, with no sample in it, hides a
gradient of 1e-2. `counterexample_guided` adds the witnesses of an oracle's certified suprema to the samples
until the certified gradient is small.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..networks import TwoLayer, hidden_gradient
from ..regions import Subspace
from .levenberg import Iterate, descent
from .problem import Problem

STALL = 40  # steps over which the loss needs to fall to STALLED times itself, or the start is given up
STALLED = 0.97  # a heuristic: a good start converges in 10 to 100 steps
LEVEL_SLACK = 1e-6  # a gentle step ends on its level up to the rounding of the loss
WITNESS_SHARE = 0.2  # weight of one round's witnesses and halo beside the samples' weight 1


@dataclass(frozen=True)
class Recipe:
    """How a student is trained.

    target       the loss to reach, relative to the mean square of the labels
    starts       random initialisations before the best is returned unconverged
    steps        Levenberg-Marquardt steps per start
    level_ratio  where given, a student is kept each time the loss has fallen by this factor (10, say), and no
                 single step falls by more: convergence is quadratic, and would jump over most levels
    spectators   this many nodes (the last ones) keep their random boundary and train only their fan-outs:
                 they stay unspecialised, and their fan-outs shrink with the gradient (Corollary 1)
    off_plane    norm of the weights' part orthogonal to the plane, as initialised; in-plane parts have norm 1
    """

    target: float = 1e-24
    starts: int = 40
    steps: int = 300
    level_ratio: float | None = None
    spectators: int = 0
    off_plane: float = 0.5

    def __post_init__(self):
        if self.starts < 1 or self.steps < 1:
            raise ValueError(f"starts and steps need to be at least 1; got {self.starts} and {self.steps}")
        if self.level_ratio is not None and not self.level_ratio > 1:
            raise ValueError(f"level_ratio needs to be above 1; got {self.level_ratio}")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A student on its way.

    student    in-plane weights of norm 1, so that gradients and fan-outs compare between students
    loss       mean of |f* - f|^2 over the samples projected on the plane
    gradient   max of |g_1| over the same points: SAMPLED, a lower bound of the supremum
    """

    student: TwoLayer
    loss: float
    gradient: float


@dataclass(frozen=True, eq=False)
class Trained:
    """The best student of a run, its numbers as in Checkpoint.

    converged    the loss fell to the target
    steps        linear systems solved, over all starts
    starts       random initialisations tried (a warm start counts)
    seconds      wall time
    checkpoints  students of its start at falling levels of the loss; the last one is the student itself
    """

    student: TwoLayer
    loss: float
    gradient: float
    converged: bool
    steps: int
    starts: int
    seconds: float
    checkpoints: tuple[Checkpoint, ...]

    def __repr__(self) -> str:
        end = "converged" if self.converged else "not converged"
        sizes = f"loss {self.loss:.3g}, sampled |g_1| {self.gradient:.3g}"
        return f"Trained({self.student!r}, {sizes}, {end} in {self.steps} steps, {len(self.checkpoints)} checkpoints)"


@dataclass(frozen=True)
class Round:
    """One round of counterexample-guided training.

    sampled    max of |g_1| over the samples, witnesses left out
    upper      the oracle's upper bound of the supremum
    witnesses  how many points the oracle gave
    seconds    since the beginning
    """

    sampled: float
    upper: float
    witnesses: int
    seconds: float


@dataclass(frozen=True, eq=False)
class Guided:
    """The student with the smallest certified gradient `upper`, whether it met the target, and the rounds."""

    trained: Trained
    upper: float
    reached: bool
    rounds: tuple[Round, ...]


Oracle = Callable[[TwoLayer], tuple[float, np.ndarray]]
"""student -> (upper bound of sup |g_1| over U ∩ R, points (m, d) where |g_1| is large)"""


def train(
    teacher: TwoLayer, X, width: int, rng: np.random.Generator, *, subspace: Subspace | None = None, recipe: Recipe = Recipe()
) -> Trained:
    """Trains a student of `width` nodes on the teacher's values at the samples, projected on the plane.

    X         (n, d)   samples; 10 to 20 times the number of parameters, over C, is plenty
    subspace           the data plane; default the whole space

    Deterministic given rng, times aside. Raises ValueError where shapes do not fit, the samples are flat in
    the plane, or the teacher is 0 on all of them.
    """
    problem = Problem(teacher, X, subspace)
    rows = problem.off_plane_rows(width, recipe.off_plane, rng)
    return _train(problem, width, rng, recipe, rows, problem.points, problem.labels, None)


def counterexample_guided(
    teacher: TwoLayer,
    X,
    width: int,
    rng: np.random.Generator,
    oracle: Oracle,
    target: float,
    *,
    subspace: Subspace | None = None,
    recipe: Recipe = Recipe(),
    rounds: int = 10,
    time_limit: float | None = None,
) -> Guided:
    """Trains, asks the oracle for the certified gradient, adds its witnesses to the samples, and trains on.

    Stops when the oracle's upper bound is at most `target`, after `rounds` rounds, when the oracle has no
    witness, or when `time_limit` seconds have passed (looked at between rounds; without it the result is
    deterministic given rng). A round starts from the last student and falls back on random starts; where
    checkpoints are kept, every round starts afresh, so that its path leads from an untrained student down.
    """
    problem = Problem(teacher, X, subspace)
    rows = problem.off_plane_rows(width, recipe.off_plane, rng)
    points, labels = problem.points, problem.labels
    begun, warm, history = time.perf_counter(), None, []
    best: tuple[Trained, float] | None = None
    for _ in range(max(rounds, 1)):
        trained = _train(problem, width, rng, recipe, rows, points, labels, warm)
        upper, points_of_suprema = oracle(trained.student)
        witnesses = np.asarray(points_of_suprema, dtype=np.float64).reshape(-1, teacher.inputs)
        seconds = time.perf_counter() - begun
        history.append(Round(trained.gradient, float(upper), len(witnesses), seconds))
        if best is None or upper < best[1]:
            best = trained, float(upper)
        if upper <= target or len(witnesses) == 0 or (time_limit is not None and seconds > time_limit):
            break
        extra = problem.halo(witnesses, rng)
        weight = np.sqrt(WITNESS_SHARE * len(problem.points) / len(extra))
        points = np.vstack([points, weight * extra])
        labels = np.vstack([labels, weight * problem.label(extra)])
        warm = problem.weights_of(trained.student) if recipe.level_ratio is None else None
    assert best is not None
    return Guided(best[0], best[1], best[1] <= target, tuple(history))


def _train(problem: Problem, width, rng, recipe: Recipe, rows, points, labels, warm) -> Trained:
    """Random starts (after the warm one, where given) until one reaches the target; the best of them."""
    if not 0 <= recipe.spectators < width:
        raise ValueError(f"spectators needs to be in 0 .. {width - 1}, fewer than the nodes; got {recipe.spectators}")
    begun, steps, starts = time.perf_counter(), 0, 0
    best: list[Iterate] = []
    while starts < recipe.starts and not (best and best[-1].loss <= recipe.target):
        P, V = problem.initial(width, rng) if warm is None else warm
        warm, starts = None, starts + 1
        levels = _one_start(points, labels, P, V, recipe)
        steps += levels[-1].step
        if not best or levels[-1].loss < best[-1].loss:
            best = levels
    path = tuple(_measured(problem, it, rows) for it in best)
    last = path[-1]
    return Trained(
        last.student, last.loss, last.gradient, best[-1].loss <= recipe.target, steps, starts, time.perf_counter() - begun, path
    )


def _one_start(points, labels, P, V, recipe: Recipe) -> list[Iterate]:
    """Descends to the target, a stall or the last step; the iterates at the levels, and the last one."""
    fixed = np.arange(len(P)) >= len(P) - recipe.spectators
    ratio = recipe.level_ratio
    levels: list[Iterate] = []
    losses: list[float] = []
    for now in descent(points, labels, P, V, fixed=fixed, steps=recipe.steps, gentle=ratio):
        losses.append(now.loss)
        if ratio is not None and (not levels or now.loss * ratio <= levels[-1].loss * (1 + LEVEL_SLACK)):
            levels.append(now)
        if now.loss <= recipe.target or (len(losses) > STALL and now.loss > STALLED * losses[-1 - STALL]):
            break
    return levels if levels and levels[-1] is now else [*levels, now]


def _measured(problem: Problem, iterate: Iterate, rows) -> Checkpoint:
    """A student's loss and gradient over the samples themselves, witnesses left out."""
    student = problem.network(iterate.P, iterate.V, rows)
    residual = problem.teacher(problem.samples) - student(problem.samples)
    gradient = hidden_gradient(problem.teacher, student, problem.samples)
    return Checkpoint(student, float((residual**2).sum(axis=1).mean()), float(np.abs(gradient).max()))
