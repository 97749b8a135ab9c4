"""The unbounded attack of Carlini and Wagner, in the 2-norm: the nearest image found on which the networks part.

Minimises |x' - x|^2 + c max(-margin(x'), 0) over w, x' = (1 + tanh w) / 2, by Adam, and searches c for each image by
bisection. Success is a positive margin: the student's label is not the oracle's. The attack is unbounded and always
succeeds in the end, so what is counted is success within a 2-norm budget.

Source: Carlini and Wagner (2017), Section VI; Section 5.1 and Table 1 of the paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .ascent import Adversarial, choose
from .objectives import Objective, attacking

# tanh is flat where a pixel is 0 or 1, and w infinite: the search starts from images pulled this share towards grey,
# 1/4 of a grey level at the walls. At 1e-6, usual elsewhere, such a pixel needs hundreds of steps to leave its wall.
PULL = 2e-3
# RATE: of the first step of each search, in units of w; it falls linearly to 0.
SEARCHES, STEPS, RATE, FIRST_WEIGHT = 5, 40, 0.02, 0.1  # 2.5 times the steps found 2 % more within .5; rate .03, 7 % fewer
STRETCH = 10.0  # Adam's step in w is stretched, at most so much, where tanh is flat: all pixels move alike
DECAY, DECAY_SQUARES, TINY = 0.9, 0.999, 1e-8  # Adam's usual constants
GROW = 10.0  # c grows by this factor while no success bounds it from above


@dataclass(frozen=True, eq=False)
class Nearest:
    """distance (N,): of the nearest success of each image, infinite without one;
    strongest: the image of largest margin that was met within the budget, the clean one among them; its margin (N,).
    """

    distance: Tensor
    strongest: Tensor
    margin: Tensor

    def within(self, budget: float, x: Tensor) -> Adversarial:
        """As an attack of bounded size: the success of largest margin within the budget, else the clean image."""
        last = choose(self.distance <= budget, self.strongest, x)
        return Adversarial(last, self.strongest, self.margin, self.strongest, self.margin)


def carlini_l2(objective: Objective, x: Tensor, *, budget: float) -> Nearest:
    """The nearest image with positive objective, by SEARCHES x STEPS steps of Adam.   x (N, 3, 32, 32) in [0, 1]

    objective: a margin, positive on success. No randomness, and nothing waits for the device.
    """
    x = x.detach()
    weight = torch.full((len(x),), FIRST_WEIGHT, dtype=x.dtype, device=x.device)
    low, high = torch.zeros_like(weight), torch.full_like(weight, torch.inf)
    start = ((2 * x - 1) * (1 - PULL)).atanh()
    with attacking(*objective.networks), torch.enable_grad():
        with torch.no_grad():
            clean = objective(x)
        best = Nearest(torch.where(clean > 0, 0, torch.inf).to(x.dtype), x, clean)
        for _ in range(SEARCHES):
            best, succeeded = _descend(objective, x, start, weight, budget, best)
            low, high = torch.where(succeeded, low, weight), torch.where(succeeded, weight, high)
            weight = torch.where(high.isinf(), weight * GROW, (low + high) / 2)
    return best


def _descend(
    objective: Objective, x: Tensor, start: Tensor, weight: Tensor, budget: float, best: Nearest
) -> tuple[Nearest, Tensor]:
    """One run of Adam for given weights c (N,): the nearest successes so far, and where this run had one (N,)."""
    w, mean, square = start, torch.zeros_like(start), torch.zeros_like(start)
    succeeded = torch.zeros(len(x), dtype=torch.bool, device=x.device)
    for step in range(1, STEPS + 1):
        w = w.detach().requires_grad_()
        image = (1 + w.tanh()) / 2
        distance_squared = (image - x).flatten(1).square().sum(1)
        gap = objective(image)
        cost = distance_squared + weight * (-gap).clamp_min(0)
        (gradient,) = torch.autograd.grad(cost.sum(), w)
        with torch.no_grad():
            best = _better(best, image.detach(), distance_squared.detach().sqrt(), gap.detach(), budget)
            succeeded = succeeded | (gap.detach() > 0)
            mean = DECAY * mean + (1 - DECAY) * gradient
            square = DECAY_SQUARES * square + (1 - DECAY_SQUARES) * gradient.square()
            size = RATE * (1 - (step - 1) / STEPS) / (1 - DECAY**step)
            stretch = (1 - w.tanh().square()).reciprocal().clamp_max(STRETCH)
            w = w - size * stretch * mean / ((square / (1 - DECAY_SQUARES**step)).sqrt() + TINY)
    with torch.no_grad():
        image = (1 + w.tanh()) / 2
        gap = objective(image)
        best = _better(best, image, (image - x).flatten(1).norm(dim=1), gap, budget)
    return best, succeeded | (gap > 0)


def _better(best: Nearest, image: Tensor, distance: Tensor, gap: Tensor, budget: float) -> Nearest:
    nearer = (gap > 0) & (distance < best.distance)
    higher = (gap > best.margin) & (distance <= budget)
    return Nearest(
        torch.where(nearer, distance, best.distance),
        choose(higher, image, best.strongest),
        torch.where(higher, gap, best.margin),
    )
