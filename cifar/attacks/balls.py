"""The balls that an attack stays in: where it starts, which unit step is steepest, and the projection back.

start(x): a random point of the ball of radius eps around each image;  step(point, gradient, x, size): the steepest step of
that size in the ball's own norm, projected.   each (N, ...) -> (N, ...)
Images x lie in [0, 1]; every start and every step is projected on ball and box together. A zero gradient moves
nothing. Sizes are in units of the pixel range, over all 3 x 32 x 32 coordinates.

The projections are Euclidean and exact up to the rounding of the numbers: no iteration, no clipping after rescaling. Each row
has its own ball; no step waits for the host.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor


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


def project_linf(z: Tensor, x: Tensor, eps: float) -> Tensor:
    """Nearest point of {|y - x|_inf <= eps, 0 <= y <= 1}.   (N, ...), (N, ...) -> (N, ...)

    Here clipping one after the other is the projection, and the order of operations is everyone's.
    """
    return (x + (z - x).clamp(-eps, eps)).clamp(0, 1)


def project_l2(z: Tensor, x: Tensor, eps: float) -> Tensor:
    """Nearest point of {|y - x|_2 <= eps, 0 <= y <= 1}.   (N, ...), (N, ...) -> (N, ...)

    By the KKT conditions |y - x| = min(t a, b) with a = |z - x|, b the room up to the wall on z's side, and the
    largest t <= 1 that the ball allows. phi(t) = |min(t a, b)|^2 has its kinks at b / a; one sort finds the piece.
    """
    a, b, towards = _sides(z, x)
    wall, order = torch.where(a > b, b / a, 1.0).sort(1)  # where min(t a, b) stops growing; never before 1
    a2, b2 = a.gather(1, order).double().square(), b.gather(1, order).double().square()
    clipped = torch.where(wall < 1, b2, 0).cumsum(1)
    free = a2.flip(1).cumsum(1).flip(1) - a2
    short = (clipped + wall.double().square() * free < eps * eps) & (wall < 1)
    last = short.sum(1, keepdim=True)  # how many coordinates stand at their wall
    at_wall = torch.where(last > 0, clipped.gather(1, (last - 1).clamp_min(0)), 0)
    growing = torch.where(last > 0, free.gather(1, (last - 1).clamp_min(0)), a2.sum(1, keepdim=True))
    t = ((eps * eps - at_wall).clamp_min(0) / growing.clamp_min(torch.finfo(torch.float64).tiny)).sqrt()
    return _moved(torch.minimum(t.clamp_max(1).to(a.dtype) * a, b), towards, x)


def project_l1(z: Tensor, x: Tensor, eps: float) -> Tensor:
    """Nearest point of {|y - x|_1 <= eps, 0 <= y <= 1}.   (N, ...), (N, ...) -> (N, ...)

    By the KKT conditions |y - x| = min(max(a - s, 0), b) with a = |z - x|, b the room up to the wall on z's side,
    and the least s >= 0 that the ball allows. The sum, a function of s, is linear between the kinks a and a - b:
    it is sum of w (v - s) over the kinks v > s, with w = 1 for a and -1 for a - b.
    """
    a, b, towards = _sides(z, x)
    kinks, order = torch.cat([a, a - b], 1).sort(1, descending=True)
    weights = torch.where(order < a.shape[1], 1.0, -1.0).double()
    slope = weights.cumsum(1)
    weighted = (weights * kinks).cumsum(1)
    short = weighted - slope * kinks <= eps  # the sum at each kink grows along the row
    last = short.sum(1, keepdim=True).clamp_min(1) - 1
    shrink = (weighted.gather(1, last) - eps) / slope.gather(1, last).clamp_min(1)
    shrink = shrink.clamp_min(0).to(a.dtype)  # below 0 where the ball holds all that the box leaves of z - x
    return _moved(torch.minimum((a - shrink).clamp_min(0), b), towards, x)


def _sides(z: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """|z - x|, the room from x to the wall on z's side, and the signs of z - x.   each (N, coordinates)"""
    away = (z - x).flatten(1)
    flat = x.flatten(1)
    return away.abs(), torch.where(away > 0, 1 - flat, flat), away.sign()


def _moved(distance: Tensor, towards: Tensor, x: Tensor) -> Tensor:
    return (x + (towards * distance).reshape(x.shape)).clamp(0, 1)
