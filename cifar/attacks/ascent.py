"""One core: projected gradient ascent of any objective inside any ball.

An attack proposes: it returns inputs, and `measures` judges them anew. Nothing here waits for the device.

Source: Section 5.1; Madry et al. (2017).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Generator, Tensor

from .balls import Ball
from .objectives import Objective, attacking


@dataclass(frozen=True, eq=False)
class Adversarial:
    """What an attack found; every image lies in the ball and in [0, 1].   images (N, 3, 32, 32), losses (N,)

    last: the last iterate;
    best, best_loss: the iterate of highest loss, sample by sample, the start and the last among them;
    watched, watched_score: the iterate of highest watched score. Those not asked for are None.
    """

    last: Tensor
    best: Tensor | None = None
    best_loss: Tensor | None = None
    watched: Tensor | None = None
    watched_score: Tensor | None = None


def pgd(
    objective: Objective,
    x: Tensor,
    ball: Ball,
    *,
    step: float | Sequence[float],
    steps: int,
    start: bool | Tensor = True,
    generator: Generator | None = None,
    track: bool = True,
    watch: Callable[..., Tensor] | None = None,
) -> Adversarial:
    """Projected gradient ascent: `steps` steepest steps, of one size or a size each.   x (N, 3, 32, 32) in [0, 1]

    start: True, a random point of the ball, drawn from `generator`; False, the image; or the points themselves.
    track: also keep the iterate of highest loss (one more forward pass).  watch: a score (N,) of the objective's
    logits, whose highest iterate is kept too.
    The objective's networks are in evaluation mode meanwhile, and no parameter receives a gradient.
    Autocast, if any, is meant for the networks alone: give the objective networks that switch it on themselves.
    """
    x = x.detach()
    with attacking(*objective.networks), torch.enable_grad():
        point = start.detach() if isinstance(start, Tensor) else ball.start(x, generator) if start else x
        best = watched = None
        for size in [step] * steps if isinstance(step, float | int) else step:
            loss, score, gradient = _ascent(objective, point, watch)
            best, watched = _higher(best, loss if track else None, point), _higher(watched, score, point)
            point = ball.step(point, gradient, x, size)
        if track or watch is not None:
            with torch.no_grad():
                loss, score = _evaluated(objective, point, watch)
            best, watched = _higher(best, loss if track else None, point), _higher(watched, score, point)
    return Adversarial(point, *(best or (None, None)), *(watched or (None, None)))


def merged(wins: Tensor, new: Adversarial, old: Adversarial) -> Adversarial:
    """The samples of `new` where it wins, of `old` elsewhere.   wins (N,)"""
    pairs = {part.name: (getattr(new, part.name), getattr(old, part.name)) for part in fields(Adversarial)}
    return Adversarial(**{name: choose(wins, *pair) for name, pair in pairs.items() if None not in pair})


def choose(wins: Tensor, new: Tensor, old: Tensor) -> Tensor:
    """Row by row, new where wins.   (N,), two (N, ...) -> (N, ...)"""
    return torch.where(wins.view(-1, *[1] * (new.ndim - 1)), new, old)


def _evaluated(objective: Objective, x: Tensor, watch: Callable | None) -> tuple[Tensor, Tensor | None]:
    logits = objective.logits(x)
    return objective.loss(*logits), None if watch is None else watch(*(value.detach() for value in logits))


def _ascent(objective: Objective, point: Tensor, watch: Callable | None) -> tuple[Tensor, Tensor | None, Tensor]:
    """Loss and watched score at the point, and the loss's gradient with respect to it alone."""
    point = point.detach().requires_grad_()
    loss, score = _evaluated(objective, point, watch)
    (gradient,) = torch.autograd.grad(loss.sum(), point)
    return loss.detach(), score, gradient


def _higher(kept: tuple[Tensor, Tensor] | None, score: Tensor | None, point: Tensor) -> tuple[Tensor, Tensor] | None:
    """The point of the higher score, sample by sample."""
    if score is None or kept is None:
        return kept if score is None else (point, score)
    wins = score > kept[1]
    return choose(wins, point, kept[0]), torch.where(wins, score, kept[1])
