"""The balls that an attack stays in: where it starts, which unit step is steepest, and the projection back.

start(x): a random point of the ball of radius eps around each image;  step(point, gradient, x, size): the steepest step of
that size in the ball's own norm, projected.   each (N, ...) -> (N, ...)
Images x lie in [0, 1]; every start and every step is projected on ball and box together. A zero gradient moves
nothing. Sizes are in units of the pixel range, over all 3 x 32 x 32 coordinates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from .projections import project_l1, project_l2, project_linf


@dataclass(frozen=True)
class Linf:
    """|x' - x|_inf <= eps: a step moves every coordinate by its gradient's sign."""

    eps: float

    def start(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        noise = torch.empty_like(x, memory_format=torch.contiguous_format)
        return (x + noise.uniform_(-self.eps, self.eps, generator=generator)).clamp(0, 1)

    def step(self, point: Tensor, gradient: Tensor, x: Tensor, size: float) -> Tensor:
        return project_linf(point + size * gradient.sign(), x, self.eps)


@dataclass(frozen=True)
class L2:
    """|x' - x|_2 <= eps: a step follows the gradient. A random start lies on a uniform direction, at a uniform radius."""

    eps: float

    def start(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        noise = _normal(x, generator).flatten(1)
        noise = noise / noise.norm(dim=1, keepdim=True)
        return project_l2(x + (_radius(x, self.eps, generator) * noise).reshape(x.shape), x, self.eps)

    def step(self, point: Tensor, gradient: Tensor, x: Tensor, size: float) -> Tensor:
        return project_l2(point + size * _unit(gradient), x, self.eps)


@dataclass(frozen=True)
class L1:
    """|x' - x|_1 <= eps: a step moves, by equal amounts, the share of coordinates of largest gradient that can move.

    A coordinate that stands at 0 or 1 with its gradient pointing outwards cannot move. share 0: one coordinate.
    A random start lies on a direction of independent Laplace variables, at a uniform radius.
    """

    eps: float
    share: float = 0.01

    def start(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        uniform = torch.empty_like(x, memory_format=torch.contiguous_format).uniform_(generator=generator).flatten(1)
        noise = (1 - uniform).log().neg() * _normal(x, generator).flatten(1).sign()
        noise = noise / noise.abs().sum(1, keepdim=True)
        return project_l1(x + (_radius(x, self.eps, generator) * noise).reshape(x.shape), x, self.eps)

    def step(self, point: Tensor, gradient: Tensor, x: Tensor, size: float) -> Tensor:
        stuck = ((point <= 0) & (gradient < 0)) | ((point >= 1) & (gradient > 0))
        usable = torch.where(stuck, 0, gradient).flatten(1)
        moved = max(1, math.ceil(self.share * usable.shape[1]))
        chosen = usable.abs().topk(moved, dim=1).indices
        direction = torch.zeros_like(usable).scatter_(1, chosen, usable.gather(1, chosen).sign() / moved)
        return project_l1(point + size * direction.reshape(x.shape), x, self.eps)


Ball = Linf | L2 | L1


def _unit(gradient: Tensor) -> Tensor:
    """Each row divided by its 2-norm, 0 where it is 0; rows far below the square root of the smallest number too."""
    flat = gradient.flatten(1)
    largest = flat.abs().amax(1, keepdim=True)
    flat = flat / torch.where(largest == 0, 1, largest)
    length = flat.norm(dim=1, keepdim=True)
    return (flat / torch.where(length == 0, 1, length)).reshape(gradient.shape)


def _normal(x: Tensor, generator: Generator | None) -> Tensor:
    return torch.empty_like(x, memory_format=torch.contiguous_format).normal_(generator=generator)


def _radius(x: Tensor, eps: float, generator: Generator | None) -> Tensor:
    return torch.empty(len(x), 1, dtype=x.dtype, device=x.device).uniform_(0, eps, generator=generator)
