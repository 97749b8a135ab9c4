"""Ways to compute one oracle-adversarial training step, and what the machine could do at best.

A step: the linf attack on a batch through student and teacher, then one SGD update of the student on what it found.
Used by `bench` alone; training itself lives in `training.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..attacks.objectives import Network
from ..attacks.table import EPS, STEP, Linf, logit_distance, pgd
from ..networks.convnet import ConvNet, inner_copy, student_widths
from ..training import graphs

TEACHER_WIDTHS = (45, 32, 32, 20)
COLOURS = {"mean": (0.491, 0.482, 0.447), "std": (0.247, 0.243, 0.262)}
STREAMS = (2, 4)

# Traffic of a fused implementation: forward, each activation is written and read once; backward, it is read once and its
# gradient written and read once: five passes of two bytes. Pixels: about ten passes of four bytes.
ACTIVATION_BYTES, PIXEL_BYTES = 5 * 2, 10 * 4


@dataclass(frozen=True, eq=False)
class Setting:
    """What every variant computes: networks (float32), a batch of images, the attack's steps, an update's rate."""

    student: ConvNet
    teacher: ConvNet
    images: Tensor
    steps: int
    rate: float = 1e-4

    @property
    def device(self) -> torch.device:
        return self.images.device


def setting(batch: int, steps: int, device: str | torch.device, seed: int = 0) -> Setting:
    """The paper's student and teacher with random weights; smooth random images."""

    def network(widths: tuple[int, ...], seed: int) -> ConvNet:
        return ConvNet(widths, **COLOURS, generator=torch.Generator().manual_seed(seed)).to(device)

    coarse = torch.rand(batch, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    images = nn.functional.interpolate(coarse, size=(32, 32), mode="bilinear").to(device)
    return Setting(network(student_widths(TEACHER_WIDTHS), seed + 1), network(TEACHER_WIDTHS, seed + 2), images, steps)


def work(student: ConvNet, teacher: ConvNet) -> tuple[float, float]:
    """Operations and bytes, per image, of one attack step: forward and input gradient through both, fused."""
    operations = activations = 0
    for network in (student, teacher):
        side = network.size
        for conv in network.convs:
            side -= conv.kernel_size[0] - 1
            operations += 4 * conv.weight.numel() * side**2  # 2 for a multiplication and addition, forward and backward
            activations += conv.out_channels * side**2
        operations += 4 * network.head.weight.numel()
    return operations, ACTIVATION_BYTES * activations + PIXEL_BYTES * 3 * student.size**2


class Autocast(nn.Module):
    """A network that switches autocast to bfloat16 on for itself alone."""

    def __init__(self, network: nn.Module, device: torch.device) -> None:
        super().__init__()
        self.network, self.kind = network, device.type

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(self.kind, torch.bfloat16):
            return self.network(x)


def training_step(
    s: Setting,
    student: Network,
    teacher: Network,
    refresh: Callable[[], None] = lambda: None,
    *,
    layout: torch.memory_format = torch.channels_last,
    compiled: bool = False,
    generator: torch.Generator | None = None,
) -> Callable[[], Tensor]:
    """One step with the given networks inside the attack.   -> function that returns the loss, not yet waited for"""
    learner = s.student
    parameters = list(learner.parameters())
    x = s.images.contiguous(memory_format=layout)
    objective: Callable[[Tensor], Tensor] = logit_distance(student, teacher)
    ball = Linf(EPS)
    if compiled:
        objective = torch.compile(objective, mode="max-autotune-no-cudagraphs", dynamic=False)
        ball = CompiledLinf(EPS)

    def step() -> Tensor:
        refresh()
        attacked = pgd(objective, x, ball, step=STEP, steps=s.steps, track=False, generator=generator).last
        with torch.no_grad():
            target = s.teacher(attacked)
        loss = (learner(attacked) - target).square().sum(1).mean()
        with torch.no_grad():
            for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                parameter.sub_(gradient, alpha=s.rate)
        return loss.detach()

    return step


class CompiledLinf(Linf):
    """Linf whose step is one fused kernel."""

    def step(self, point: Tensor, gradient: Tensor, x: Tensor, size: float) -> Tensor:
        return _fused_step(point, gradient, x, size, self.eps)


@torch.compile(dynamic=False)
def _fused_step(point: Tensor, gradient: Tensor, x: Tensor, size: float, eps: float) -> Tensor:
    return (x + (point + size * gradient.sign() - x).clamp(-eps, eps)).clamp(0, 1)


def copies(s: Setting, multiple: int) -> tuple[ConvNet, ConvNet, Callable[[], None]]:
    """Padded bfloat16 copies of student and teacher, and the refresh of the student's."""
    student, refresh = inner_copy(s.student, dtype=torch.bfloat16, multiple=multiple)
    return student, inner_copy(s.teacher, dtype=torch.bfloat16, multiple=multiple)[0], refresh


def captured(make: Callable[[torch.Generator], Callable[[], Tensor]], device: torch.device) -> graphs.Replay[Tensor]:
    """A step as one CUDA graph, its random starts drawn anew at each replay."""
    generator = torch.Generator(device)
    return graphs.captured(make(generator), generator)


def on_streams(steps: list[Callable[[], Tensor]]) -> Callable[[], Tensor]:
    """Independent runs side by side, each on a stream of its own."""
    streams = [torch.cuda.Stream() for _ in steps]

    def together() -> Tensor:
        here = torch.cuda.current_stream()
        for stream, step in zip(streams, steps, strict=True):
            stream.wait_stream(here)
            with torch.cuda.stream(stream):
                loss = step()
        for stream in streams:
            here.wait_stream(stream)
        return loss

    return together


@dataclass(frozen=True, eq=False)
class Variant:
    """A way to compute a step.  build: from the seed of a setting;  runs: how many students it trains at a time;
    slow: to build, minutes where every convolution is tuned."""

    name: str
    build: Callable[[Callable[[], Setting]], Callable[[], Tensor]]
    needs_cuda: bool = False
    runs: int = 1
    slow: bool = False


def catalogue() -> list[Variant]:
    """From the plainest to the fastest; each gets a function that makes a fresh setting."""

    def eager(layout: torch.memory_format) -> Callable:
        def build(fresh: Callable[[], Setting]) -> Callable[[], Tensor]:
            s = fresh()
            for network in (s.student, s.teacher):
                network.to(memory_format=layout)
            return training_step(s, s.student, s.teacher, layout=layout)

        return build

    def autocast(fresh: Callable[[], Setting]) -> Callable[[], Tensor]:
        s = fresh()
        inner = [Autocast(network.to(memory_format=torch.channels_last), s.device) for network in (s.student, s.teacher)]
        return training_step(s, *inner)

    def padded(multiple: int, **more: bool) -> Callable:
        def build(fresh: Callable[[], Setting], generator: torch.Generator | None = None) -> Callable[[], Tensor]:
            s = fresh()
            for network in (s.student, s.teacher):
                network.to(memory_format=torch.channels_last)
            return training_step(s, *copies(s, multiple), generator=generator, **more)

        return build

    def graph(build: Callable) -> Callable:
        return lambda fresh: captured(lambda generator: build(fresh, generator), fresh().device)

    def streams(count: int, build: Callable) -> Callable:
        return lambda fresh: on_streams([graph(build)(fresh) for _ in range(count)])

    return [
        Variant("fp32 eager", eager(torch.contiguous_format)),
        Variant("fp32 channels_last", eager(torch.channels_last)),
        Variant("bf16 autocast, channels_last", autocast),
        Variant("bf16 copies, channels_last", padded(1)),
        Variant("bf16 copies, padded to 8", padded(8)),
        Variant("bf16 copies, padded to 16", padded(16)),
        Variant("padded to 8, CUDA graph", graph(padded(8)), needs_cuda=True),
        *(Variant(f"padded to 8, graph, {n} streams", streams(n, padded(8)), needs_cuda=True, runs=n) for n in STREAMS),
        Variant("padded to 8, torch.compile", padded(8, compiled=True), needs_cuda=True, slow=True),
        Variant("padded to 8, compile + CUDA graph", graph(padded(8, compiled=True)), needs_cuda=True, slow=True),
    ]


def timed(functions: dict[str, Callable[[], object]], seconds: float, device: torch.device, least: int = 3) -> dict[str, float]:
    """Median seconds of each, measured in turn so that a busy machine slows all alike; each runs once unmeasured."""
    taken: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        function()
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds or min(map(len, taken.values()), default=least) < least:
        for name, function in functions.items():
            wait(device)
            start = time.perf_counter()
            function()
            wait(device)
            taken[name].append(time.perf_counter() - start)
    return {name: sorted(times)[len(times) // 2] for name, times in taken.items()}


def wait(device: torch.device) -> None:
    """Until the device has done all that was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize()
