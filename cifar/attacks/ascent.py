"""One core: projected gradient ascent of any objective inside any ball; and the unbounded search of Carlini and Wagner.

An attack proposes: it returns inputs, and `measures` judges them anew. Nothing here waits for the device. A network is a module
or any other callable of images in [0, 1]; losses are of its logits, in float32 or wider, whatever it computed in.

A ball says where an attack starts, which unit step is steepest, and projects back:
start(x): a random point of the ball of radius eps around each image;  step(point, gradient, x, size): the steepest step of
that size in the ball's own norm, projected.   each (N, ...) -> (N, ...)
Images x lie in [0, 1]; every start and every step is projected on ball and box together. A zero gradient moves
nothing. Sizes are in units of the pixel range, over all 3 x 32 x 32 coordinates.

The projections are Euclidean and exact up to the rounding of the numbers: no iteration, no clipping after rescaling. Each row
has its own ball.

Source: Section 5.1; Madry et al. (2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields

import torch
from torch import Generator, Tensor, nn

Network = Callable[[Tensor], Tensor]
# Of the search of Carlini and Wagner.
# tanh is flat where a pixel is 0 or 1, and w infinite: the search starts from images pulled this share towards grey,
# 1/4 of a grey level at the walls. At 1e-6, usual elsewhere, such a pixel needs hundreds of steps to leave its wall.
PULL = 2e-3
# RATE: of the first step of each search, in units of w; it falls linearly to 0.
SEARCHES, STEPS, RATE, FIRST_WEIGHT = 5, 40, 0.02, 0.1  # 2.5 times the steps found 2 % more within .5; rate .03, 7 % fewer
STRETCH = 10.0  # Adam's step in w is stretched, at most so much, where tanh is flat: all pixels move alike
DECAY, DECAY_SQUARES, TINY = 0.9, 0.999, 1e-8  # Adam's usual constants
GROW = 10.0  # c grows by this factor while no success bounds it from above


@dataclass(frozen=True, eq=False)
class Objective:
    """A loss of logits, ascended.   objective(x): (N, 3, 32, 32) -> (N,)

    networks: the student, then the oracle where its answer at x matters;
    loss: receives the logits of all, in this order, and ignores those it does not know.
    """

    networks: tuple[Network, ...]
    loss: Callable[..., Tensor]

    def logits(self, x: Tensor) -> tuple[Tensor, ...]:
        """In float32 or wider.   each (N, classes)"""
        return tuple(wide(network(x)) for network in self.networks)

    def __call__(self, x: Tensor) -> Tensor:
        return self.loss(*self.logits(x))


def wide(logits: Tensor) -> Tensor:
    """Half-precision logits in float32; wider ones as they are."""
    return logits.float() if logits.dtype in (torch.bfloat16, torch.float16) else logits


@contextmanager
def attacking(*networks: Network) -> Iterator[None]:
    """Evaluation mode and no parameter gradients while an attack runs; then every module and parameter as it was."""
    every = nn.ModuleList(network for network in networks if isinstance(network, nn.Module))
    training = [(module, module.training) for module in every.modules()]
    wanted = [(parameter, parameter.requires_grad) for parameter in every.parameters()]
    try:
        every.eval().requires_grad_(False)
        yield
    finally:
        for module, was in training:
            module.training = was
        for parameter, was in wanted:
            parameter.requires_grad_(was)


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
        sizes = [step] * steps if isinstance(step, float | int) else step
        best = watched = None
        for size in [*sizes, None] if track or watch is not None else sizes:  # None: the last iterate, looked at alone
            point = point.detach().requires_grad_(size is not None)
            logits = objective.logits(point)
            loss = objective.loss(*logits)
            best = higher(best, loss.detach() if track else None, point.detach())
            watched = higher(watched, watch(*(value.detach() for value in logits)) if watch else None, point.detach())
            if size is not None:
                (gradient,) = torch.autograd.grad(loss.sum(), point)
                point = ball.step(point.detach(), gradient, x, size)
    return Adversarial(point, *(best or (None, None)), *(watched or (None, None)))


def merged(wins: Tensor, new: Adversarial, old: Adversarial) -> Adversarial:
    """The samples of `new` where it wins, of `old` elsewhere.   wins (N,)"""
    pairs = {part.name: (getattr(new, part.name), getattr(old, part.name)) for part in fields(Adversarial)}
    return Adversarial(**{name: choose(wins, *pair) for name, pair in pairs.items() if None not in pair})


def choose(wins: Tensor, new: Tensor, old: Tensor) -> Tensor:
    """Row by row, new where wins.   (N,), two (N, ...) -> (N, ...)"""
    return torch.where(wins.view(-1, *[1] * (new.ndim - 1)), new, old)


def higher(kept: tuple[Tensor, Tensor] | None, score: Tensor | None, point: Tensor) -> tuple[Tensor, Tensor] | None:
    """The point of the higher score, sample by sample."""
    if score is None or kept is None:
        return kept if score is None else (point, score)
    wins = score > kept[1]
    return choose(wins, point, kept[0]), torch.where(wins, score, kept[1])


def carlini_l2(objective: Objective, x: Tensor, *, budget: float) -> Adversarial:
    """The image of largest objective that SEARCHES x STEPS steps meet within the budget; last: the clean one where it fails.

    Minimises |x' - x|^2 + c max(-margin(x'), 0) over w, x' = (1 + tanh w) / 2, by Adam, and searches c for each image by
    bisection. Unbounded, it always succeeds in the end, so what is counted is success within a 2-norm budget.

    objective: a margin, positive on success.   x (N, 3, 32, 32) in [0, 1]. No randomness.
    Source: Carlini and Wagner (2017), Section VI; Section 5.1 and Table 1 of the paper.
    """
    x = x.detach()
    weight = torch.full((len(x),), FIRST_WEIGHT, dtype=x.dtype, device=x.device)
    low, high = torch.zeros_like(weight), torch.full_like(weight, torch.inf)
    start = ((2 * x - 1) * (1 - PULL)).atanh()
    with attacking(*objective.networks), torch.enable_grad():
        with torch.no_grad():
            best: tuple[Tensor, Tensor] | None = (x, objective(x))
        for _ in range(SEARCHES):
            w, mean, square = start, torch.zeros_like(start), torch.zeros_like(start)
            succeeded = torch.zeros(len(x), dtype=torch.bool, device=x.device)
            for step in range(1, STEPS + 2):
                w = w.detach().requires_grad_()
                image = (1 + w.tanh()) / 2
                distance_squared, gap = (image - x).flatten(1).square().sum(1), objective(image)
                inside = distance_squared.detach().sqrt() <= budget
                best = higher(best, torch.where(inside, gap.detach(), -torch.inf), image.detach())
                succeeded = succeeded | (gap.detach() > 0)
                if step > STEPS:
                    break
                (gradient,) = torch.autograd.grad((distance_squared + weight * (-gap).clamp_min(0)).sum(), w)
                with torch.no_grad():
                    mean = DECAY * mean + (1 - DECAY) * gradient
                    square = DECAY_SQUARES * square + (1 - DECAY_SQUARES) * gradient.square()
                    size = RATE * (1 - (step - 1) / STEPS) / (1 - DECAY**step)
                    stretch = (1 - w.tanh().square()).reciprocal().clamp_max(STRETCH)
                    w = w - size * stretch * mean / ((square / (1 - DECAY_SQUARES**step)).sqrt() + TINY)
            low, high = torch.where(succeeded, low, weight), torch.where(succeeded, weight, high)
            weight = torch.where(high.isinf(), weight * GROW, (low + high) / 2)
    assert best is not None
    strongest, margin = best
    return Adversarial(choose(margin > 0, strongest, x), strongest, margin, strongest, margin)
