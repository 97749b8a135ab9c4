"""Euclidean projections on the intersection of a ball around each image with the box [0, 1].

z (N, ...) is projected; x (N, ...) are the images, inside the box; each row has its own ball. Exact up to the
rounding of the numbers: no iteration, no clipping after rescaling. No step waits for the host.
"""

from __future__ import annotations

import torch
from torch import Tensor


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
