"""Muon: momentum made orthogonal for the kernels of convolutions, Adam for all other parameters.

A network of four plain convolutions has no normalisation that keeps its layers in step; SGD at rates that it survives
learns slowly there (one epoch of 25,000 images: 58.7 % of test images against SGD's 9.7 %).

Source: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic that sends singular values of (0, 1] near 1, from the source
ITERATIONS = 5
DECAY, DECAY_SQUARES, TINY = 0.9, 0.999, 1e-8  # Adam's usual constants
OTHERS = 1 / 15  # Adam's rate over Muon's


def orthogonal(matrix: Tensor) -> Tensor:
    """Nearly the orthogonal factor of a matrix: its singular values pulled to about 1 (.7 to 1.2).   (a, b) -> (a, b)"""
    a, b, c = COEFFICIENTS
    x = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = x / x.norm().clamp_min(torch.finfo(x.dtype).tiny)
    for _ in range(ITERATIONS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x if matrix.shape[0] <= matrix.shape[1] else x.T


class Muon(torch.optim.Optimizer):
    """Updates of spectral norm about lr for kernels (K, C, 3, 3), seen as matrices (K, 9 C); Adam at OTHERS lr elsewhere.

    lr: a tensor, read in place, like every piece of state, so that a captured graph follows it;  weight_decay: decoupled,
    of kernels and of the head's matrix, not of biases.
    """

    def __init__(self, parameters: Iterable[Tensor], *, lr: Tensor, momentum: float, weight_decay: float) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient, state = parameter.grad, self.state[parameter]
                kernel = parameter.ndim == 4
                if not state:
                    names = ("momentum",) if kernel else ("mean", "square", "steps")
                    state.update({name: torch.zeros_like(parameter) for name in names if name != "steps"})
                    if not kernel:
                        state["steps"] = torch.zeros((), device=parameter.device)
                if parameter.ndim > 1:
                    parameter.mul_(1 - group["lr"] * (1.0 if kernel else OTHERS) * group["weight_decay"])
                move = _orthogonal(gradient, state, group["momentum"]) if kernel else _adam(gradient, state).mul_(OTHERS)
                parameter.sub_(move * group["lr"])


def _orthogonal(gradient: Tensor, state: dict[str, Tensor], momentum: float) -> Tensor:
    """Nesterov's momentum, orthogonal; a matrix of more rows than columns moves each of its columns as far."""
    state["momentum"].mul_(momentum).add_(gradient)
    ahead = (gradient + momentum * state["momentum"]).flatten(1)
    return math.sqrt(max(1.0, ahead.shape[0] / ahead.shape[1])) * orthogonal(ahead).reshape(gradient.shape)


def _adam(gradient: Tensor, state: dict[str, Tensor]) -> Tensor:
    state["steps"].add_(1)
    state["mean"].lerp_(gradient, 1 - DECAY)
    state["square"].lerp_(gradient.square(), 1 - DECAY_SQUARES)
    mean = state["mean"] / (1 - DECAY ** state["steps"])
    return mean / ((state["square"] / (1 - DECAY_SQUARES ** state["steps"])).sqrt() + TINY)
