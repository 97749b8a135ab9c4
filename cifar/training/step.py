"""The training step and all that changes while a run trains: one value that can be saved and restored bit for bit.

A step is a function without arguments over fixed buffers: a batch of indices goes in, weights and a running loss
change in place, nothing waits for the device. On a CUDA device the whole step, attack and update, is one graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Generator, Tensor

from ..data.cifar10 import Images, epoch_images
from ..data.patches import InputPlane
from ..devices import generator
from ..networks.convnet import ConvNet, inner_copy
from ..settings import Settings
from . import modes

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
LOGIT_CHUNK = 1000  # images at a time where the teacher's logits are computed once for all
COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic that sends singular values of (0, 1] near 1, from the source
ITERATIONS = 5
DECAY, DECAY_SQUARES, TINY = 0.9, 0.999, 1e-8  # Adam's usual constants
OTHERS = 1 / 15  # Adam's rate over Muon's
WARM_UP = 3  # steps before a capture: kernels chosen, workspaces allocated


def seeded(seed: int, purpose: str, device: torch.device | str = "cpu") -> Generator:
    """An independent generator for each purpose of a seed."""
    return generator(f"{seed}/{purpose}", device)


def untrained(settings: Settings, mean: Sequence[float], std: Sequence[float]) -> ConvNet:
    """The network that a run begins with where it begins with no other's weights.   mean, std: of the training colours

    Each role of a seed draws for itself, so that no student begins with the filters of its teacher; students of one seed
    and the same widths begin alike, whatever they are trained with, so that they compare in pairs.
    """
    generator = seeded(settings.seed, f"{settings.role} weights")
    return ConvNet(settings.widths, mean=mean, std=std, generator=generator, gain=settings.gain)


def learning_rate(settings: Settings, epoch: float) -> float:
    """At a (fractional) epoch; it depends on the epoch and the horizon alone, not on where the run ends."""
    warm = min(1.0, (epoch - settings.first_epoch + 1 / settings.batches) / settings.warmup) if settings.warmup else 1.0
    if settings.schedule == "cosine":
        warm *= 0.5 * (1 + math.cos(math.pi * min(1.0, epoch / settings.horizon)))
    return settings.lr * warm


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
    """Momentum made orthogonal: updates of spectral norm about lr for kernels (K, C, 3, 3), seen as matrices (K, 9 C); Adam at
    OTHERS lr elsewhere. A network of four plain convolutions has no normalisation that keeps its layers in step; SGD at rates
    that it survives learns slowly there (one epoch of 25,000 images: 58.7 % of test images against SGD's 9.7 %).

    lr: a tensor, read in place, like every piece of state, so that a captured graph follows it;  weight_decay: decoupled,
    of kernels and of the head's matrix, not of biases.
    Source: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024).
    """

    def __init__(self, parameters: Iterable[Tensor], *, lr: Tensor, momentum: float, weight_decay: float) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient, state, kernel = parameter.grad, self.state[parameter], parameter.ndim == 4
                if not state:
                    state |= {name: torch.zeros_like(parameter) for name in (("momentum",) if kernel else ("mean", "square"))}
                    state |= {} if kernel else {"steps": torch.zeros((), device=parameter.device)}
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


def optimiser_for(settings: Settings, network: ConvNet) -> torch.optim.Optimizer:
    """The update rule; its learning rate is a tensor, so that a captured graph follows the schedule.

    capturable: without it Adam refuses to be captured; a fused update computes the same either way.
    """
    parameters, device = list(network.parameters()), network.mean.device
    lr = torch.tensor(settings.lr, device=device)
    if settings.optimiser == "muon":
        return Muon(parameters, lr=lr, momentum=settings.momentum, weight_decay=settings.weight_decay)
    if settings.optimiser == "adam":
        return torch.optim.Adam(parameters, lr=lr, weight_decay=settings.weight_decay, fused=True, capturable=True)
    return torch.optim.SGD(parameters, lr=lr, momentum=settings.momentum, weight_decay=settings.weight_decay, fused=True)


@dataclass(eq=False)
class Training:
    """Weights, optimiser, generators and place of a run.

    order: draws each epoch's augmentation and permutation; order_start: its state when this epoch began;
    noise: draws attack starts and noise;  total: sum of the batches' losses in this epoch, on the device;
    history: mean loss of each finished epoch.
    """

    student: ConvNet
    optimiser: torch.optim.Optimizer
    order: Generator
    noise: Generator
    epoch: int
    batch: int = 0
    order_start: Tensor = field(default_factory=lambda: torch.empty(0))
    total: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    history: list[float] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        """All of it, in tensors on the CPU, numbers and lists."""
        return {
            "weights": _on_cpu(self.student.state_dict()),
            "optimiser": _on_cpu(self.optimiser.state_dict()),
            "order_start": self.order_start,
            "order": self.order.get_state(),
            "noise": self.noise.get_state(),
            "epoch": self.epoch,
            "batch": self.batch,
            "total": _on_cpu(self.total),
            "history": list(self.history),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where a saved state stands; in place where an update was done, since a graph holds the addresses."""
        self.student.load_state_dict(state["weights"])
        saved, lr = state["optimiser"]["state"], self.optimiser.param_groups[0]["lr"]
        if any(self.optimiser.state.values()):
            for place, parameter in enumerate(self.student.parameters()):
                for key, value in self.optimiser.state[parameter].items():
                    if isinstance(value, Tensor):
                        value.copy_(saved[place][key]) if place in saved else value.zero_()
        else:
            groups = self.optimiser.state_dict()["param_groups"]
            self.optimiser.load_state_dict({"state": saved, "param_groups": groups})
            self.optimiser.param_groups[0]["lr"] = lr
        self.order.set_state(state["order"])
        self.noise.set_state(state["noise"])
        self.total.copy_(state["total"])
        self.order_start, self.history = state["order_start"], list(state["history"])
        self.epoch, self.batch = state["epoch"], state["batch"]


def begin(settings: Settings, student: ConvNet) -> Training:
    """A run before its first batch; the student gains the channels-last layout, in place."""
    device = student.mean.device
    student = student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Training(
        student,
        optimiser_for(settings, student),
        seeded(settings.seed, "order", device),
        seeded(settings.seed, "noise", device),
        settings.first_epoch,
        total=torch.zeros((), dtype=torch.float64, device=device),
    )


@dataclass(frozen=True, eq=False)
class Buffers:
    """What a step reads: this epoch's images (N, 3, h, w) as bytes, dataset labels (N,), the teacher's logits (N, K)
    where the images never change, and the batch's indices (B,)."""

    pixels: Tensor
    labels: Tensor
    oracle: Tensor | None
    index: Tensor


def buffers_for(settings: Settings, images: Images, teacher: ConvNet | None) -> Buffers:
    """Buffers on the images' device; `images` are copied only where augmentation writes over them.

    The teacher answers once where the student sees the same images in every epoch.
    """
    oracle = None
    fixed = settings.examples == "clean" and settings.augment == "none" and settings.target != "dataset"
    if teacher is not None and fixed:
        with torch.no_grad():
            oracle = torch.cat([teacher(part.float().div(255)) for part in images.pixels.split(LOGIT_CHUNK)])
    changes = settings.augment in ("crop-flip", "standard")
    return Buffers(
        images.pixels.clone() if changes else images.pixels,
        images.labels,
        oracle,
        torch.zeros(settings.batch, dtype=torch.int64, device=images.pixels.device),
    )


def start_epoch(settings: Settings, training: Training, images: Images, buffers: Buffers) -> Tensor:
    """Draw this epoch's images and order, or draw them again after an interruption.   -> permutation (N,)"""
    if training.batch:
        training.order.set_state(training.order_start)
    else:
        training.order_start = training.order.get_state()
        training.total.zero_()
    if buffers.pixels is not images.pixels:
        buffers.pixels.copy_(epoch_images(images.pixels, settings.augment, training.order))
    return torch.randperm(len(images.labels), generator=training.order, device=images.pixels.device)


def make_step(
    settings: Settings,
    training: Training,
    buffers: Buffers,
    teacher: ConvNet | None,
    plane: InputPlane | None = None,
    hold: Callable[[], None] | None = None,
) -> Callable[[], None]:
    """One update of the student from the batch `buffers.index`.

    teacher: frozen, in float32; its answers are the targets.  hold: called after the update (pruning masks).
    """
    student, parameters = training.student, list(training.student.parameters())
    attacked = settings.examples != "clean"
    if attacked:
        assert teacher is not None
        inner, refresh = inner_copy(student, dtype=DTYPES[settings.inner], multiple=settings.multiple)
        oracle, _ = inner_copy(teacher, dtype=DTYPES[settings.inner], multiple=settings.multiple)
    update, device = DTYPES[settings.update], student.mean.device.type

    def step() -> None:
        x = buffers.pixels[buffers.index].float().div(255).contiguous(memory_format=torch.channels_last)
        if attacked:
            refresh()
            images, soft = modes.shown(settings, x, inner, oracle, training.noise, plane)
        else:
            images, soft = modes.shown(settings, x, student, student, training.noise)
        answers = None
        if buffers.oracle is not None:
            answers = buffers.oracle[buffers.index]
        elif teacher is not None and soft is None and settings.target != "dataset":
            with torch.no_grad():
                answers = teacher(images if settings.target == "shown" else x)
        with torch.autocast(device, dtype=update, enabled=update != torch.float32, cache_enabled=False):
            answer = student(images)
        value = modes.loss(settings, answer, answers, buffers.labels[buffers.index], soft)
        for parameter, gradient in zip(parameters, torch.autograd.grad(value, parameters), strict=True):
            # A fused update asks for the strides of the weights, which a convolution's gradient need not have.
            parameter.grad = gradient.contiguous(memory_format=torch.channels_last) if gradient.ndim == 4 else gradient
        training.optimiser.step()
        if hold is not None:
            hold()
        training.total.add_(value.detach())

    return step


def graphed(step: Callable[[], None], training: Training) -> Callable[[], None]:
    """The step as one CUDA graph; the updates that warm it up are taken back.

    Captured on the caller's own stream, where it has one: graphs captured on one stream share the workspaces of matrix
    products, so they must not run side by side, and the end of one can take them from the others.
    """
    state, current = training.state(), torch.cuda.current_stream()
    stream = torch.cuda.Stream() if current == torch.cuda.default_stream() else current
    stream.wait_stream(current)
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP):
            step()
    current.wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    graph.register_generator_state(training.noise)
    # Other runs may work in other threads of this process meanwhile.
    with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
        step()
    training.restore(state)
    # The step lives as long as its graph, which reads and writes what nothing else keeps alive.
    return lambda kept=step: graph.replay()  # type: ignore[misc]


def _on_cpu(value: Any) -> Any:
    """A detached copy of nested tensors, strides kept."""
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: _on_cpu(part) for key, part in value.items()}
    return [_on_cpu(part) for part in value] if isinstance(value, list) else value
