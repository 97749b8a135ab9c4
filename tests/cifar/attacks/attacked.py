"""Small images, networks, balls and a linear model that the tests of attacks share."""

from __future__ import annotations

import torch
from torch import nn

from cifar.attacks import table as attacks
from cifar.attacks.ascent import L1, L2, Linf

from ..made import small_network

ROUNDING = 1e-5  # float32 sums over one image
BALLS = [(Linf(0.1), 0.02), (L2(0.7), 0.1), (L1(6.0, 0.05), 0.8)]
NORMS = {Linf: torch.inf, L2: 2, L1: 1}
SIZE = 10  # pixels a side: three 3x3 layers still fit


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(count: int = 6, seed: int = 0) -> torch.Tensor:
    """Pixels of which one in three stands at a wall."""
    x = torch.rand(count, 3, SIZE, SIZE, generator=generator(seed))
    return torch.where(x < 1 / 6, 0, torch.where(x > 5 / 6, 1, x))


def networks(count: int = 2, **more):
    return [small_network((5, 4), seed, size=SIZE, **more) for seed in range(count)]


def distance(ball, point, x):
    """Distance of each point from its image in the ball's norm."""
    return torch.linalg.vector_norm((point - x).flatten(1), NORMS[type(ball)], dim=1)


class Linear(nn.Module):
    """Two classes; the second's margin is w . x + b."""

    def __init__(self, w, b=0.0):
        super().__init__()
        self.w, self.b = nn.Parameter(w), b

    def forward(self, x):
        value = x.flatten(1) @ self.w + self.b
        return torch.stack([torch.zeros_like(value), value], 1)


def ascending(w):
    """The margin of the second class as an objective."""
    return attacks.margin(Linear(w), torch.zeros(1, dtype=torch.long).expand(3))
