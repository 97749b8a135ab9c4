"""Attacks in one kernel (fused.cu): what it takes, how two networks reach it, and whether it is right on a device.

It computes in bfloat16 with float32 sums, as low-precision copies do, but every step of an attack without leaving the
chip: linf ascent of the objectives that training and evaluation use, or one gradient for any other ball.
"""
from __future__ import annotations

import ctypes
import functools
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from . import fused_layout
from .fused_layout import Shape
from .networks import ConvNet
from .objectives import Objective, OracleWatch

SOURCE = Path(__file__).with_suffix(".cu")
LOSSES = ("distance", "gap", "cross-entropy", "margin")  # in the order of fused.cu
OLDEST = (8, 0)  # compute capability: bfloat16 products, asynchronous copies
CHECK_IMAGES = 16
# The kernel's gradient against float32's, in norm. Copies in bfloat16 are .09 to .11 away with random weights; a wrong
# kernel is 1 and more.
SAME_GRADIENT_WITHIN = 0.25
Launch = Callable[["Arguments", int], None]


class Arguments(ctypes.Structure):
    """`Arguments` of fused.cu."""

    _fields_ = (
        [(name, ctypes.c_void_p) for name in ("clean", "point", "gradient")]
        + [("weights", ctypes.c_void_p * 2), ("numbers", ctypes.c_void_p * 2)]
        + [(name, ctypes.c_void_p) for name in ("target", "labels", "best", "best_loss", "watched", "watched_score", "logits")]
        + [(name, ctypes.c_float) for name in ("eps", "step", "confidence")]
        + [(name, ctypes.c_int) for name in ("steps", "objective", "networks", "gradient_only")]
    )  # fmt: skip


class Packed:
    """A network in the kernel's order, in buffers that keep their addresses.   source: float32, may change; see refresh"""

    def __init__(self, source: ConvNet, shape: Shape) -> None:
        device = source.mean.device
        known = (source.widths, shape.side, shape.classes)
        self.source = source
        self.weight_places = torch.from_numpy(fused_layout.weight_places(*known, shape.taps)).to(device)
        self.number_places = torch.from_numpy(fused_layout.number_places(*known)).to(device)
        self.zero = torch.zeros(1, device=device)
        self.weights = torch.empty(len(self.weight_places), dtype=torch.bfloat16, device=device)
        self.numbers = torch.empty(len(self.number_places), device=device)
        self.refresh()

    def refresh(self) -> None:
        """Copy the source as it is now; no host synchronisation."""
        with torch.no_grad():
            parts = [self.zero, self.source.mean.flatten(), self.source.std.flatten(),
                     *(parameter.reshape(-1) for parameter in self.source.parameters())]
            flat = torch.cat([part.float() for part in parts])
            torch.index_select(flat.bfloat16(), 0, self.weight_places, out=self.weights)
            torch.index_select(flat, 0, self.number_places, out=self.numbers)


class Engine:
    """Attacks on a student and its teacher by one launch each.   launch: runs fused.cu, compiled for `shape`

    student, teacher: the networks, float32;  stand_ins: the callables that objectives know them by, such as their
    low-precision copies.
    """

    def __init__(self, student: ConvNet, teacher: ConvNet, shape: Shape, launch: Launch,
                 stand_ins: tuple[object, object] | None = None) -> None:
        self.shape, self.launch = shape, launch
        self.packed = Packed(student, shape), Packed(teacher, shape)
        self.names = stand_ins or (student, teacher)

    def known_as(self, student: object, teacher: object) -> Engine:
        """The same engine for objectives that know the networks by other names."""
        other = object.__new__(Engine)
        other.__dict__.update(self.__dict__, names=(student, teacher))
        return other

    def refresh(self) -> None:
        """The student has changed."""
        self.packed[0].refresh()

    def takes(self, objective: object, watch: object = None) -> bool:
        """Whether this is an objective of its two networks, and what is watched their parting, if anything is."""
        if not isinstance(objective, Objective) or objective.known is None:
            return False
        names = objective.networks + objective.observers
        mine = all(mine is other for mine, other in zip(self.names, names, strict=False))
        paired = objective.networks[1:] == () or objective.known.kind in ("distance", "gap")
        return mine and 1 <= len(names) <= 2 and paired and (
            watch is None or (isinstance(watch, OracleWatch) and watch == OracleWatch(0, 1)))

    def ascend(self, objective: Objective, x: Tensor, start: Tensor, *, eps: float, step: float, steps: int, track: bool,
               watch: bool) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | None, Tensor | None]:
        """All of `pgd` inside a linf ball.   x, start (N, 3, h, w) float32 -> the fields of an Adversarial"""
        clean, point = _rows(x), _rows(start).clone(memory_format=torch.channels_last)
        best, watched = (torch.empty_like(point) if wanted else None for wanted in (track, watch))
        best_loss, score = (x.new_empty(len(x)) if wanted else None for wanted in (track, watch))
        self._run(objective, len(x), clean=clean, point=point, gradient=torch.empty_like(point), best=best,
                  best_loss=best_loss, watched=watched, watched_score=score, eps=eps, step=step, steps=steps)
        return point, best, best_loss, watched, score

    def look(self, objective: Objective, point: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
        """Logits of the objective's networks and observers, and the gradient of its summed loss.   (N, 3, h, w)"""
        point = _rows(point)
        gradient, logits = torch.empty_like(point), point.new_empty(len(point), 2, self.shape.classes)
        self._run(objective, len(point), clean=point, point=point, gradient=gradient, logits=logits, steps=1, gradient_only=1)
        count = len(objective.networks + objective.observers)
        return tuple(logits.unbind(1)[:count]), gradient

    def _run(self, objective: Objective, count: int, **values: Tensor | float | int | None) -> None:
        loss = objective.known
        assert loss is not None
        arguments = Arguments(objective=LOSSES.index(loss.kind), confidence=loss.confidence,
                              networks=len(objective.networks + objective.observers))
        kept = {"target": None if loss.target is None else loss.target.float().contiguous(),
                "labels": None if loss.labels is None else loss.labels.long().contiguous(), **values}
        for name, value in kept.items():
            setattr(arguments, name, value.data_ptr() if isinstance(value, Tensor) else value)
        for place, packed in enumerate(self.packed):
            arguments.weights[place], arguments.numbers[place] = packed.weights.data_ptr(), packed.numbers.data_ptr()
        self.launch(arguments, count)


def _rows(x: Tensor) -> Tensor:
    """Images pixel by pixel, in float32."""
    return x.detach().float().contiguous(memory_format=torch.channels_last)


Engines = Callable[[ConvNet, ConvNet], "Engine | None"]  # of a student and its teacher, both in float32


def no_engine(student: ConvNet, teacher: ConvNet) -> Engine | None:
    """Every attack by torch."""
    return None


def engines(device: torch.device, *, must: bool = False) -> Engines:
    """Engines on a CUDA device, None where the kernel does not fit or is wrong.

    The kernel for two widths is checked in a process of its own before its first use, and for every pair of networks again.
    must: raise DeviceError instead. What is wrong is said once on standard error.
    """
    from .devices import DeviceError
    from .probe import probed

    lock = threading.Lock()
    known: dict[tuple, DeviceError | None] = {}

    def engine(student: ConvNet, teacher: ConvNet) -> Engine | None:
        widths = student.widths, teacher.widths
        with lock:
            try:
                if widths not in known:
                    probed(*widths)
                    known[widths] = None
                if known[widths] is not None:
                    return None
                found = made(device, student, teacher)
                if (away := distance_from_torch(found)) <= SAME_GRADIENT_WITHIN:
                    return found
                raise DeviceError(f"its gradients are {away:.3g} of their norm away from float32's")
            except DeviceError as error:
                if must:
                    raise
                known[widths] = error
                print(f"cifar: attacks on {widths[0]} without the fused kernel: {error}", file=sys.stderr)
                return None

    return engine


def made(device: torch.device, student: ConvNet, teacher: ConvNet) -> Engine:
    """The engine of two networks on a CUDA device, unchecked; DeviceError where there is none."""
    return Engine(student, teacher, *_launched(device, student, teacher))


def _launched(device: torch.device, student: ConvNet, teacher: ConvNet) -> tuple[Shape, Launch]:
    """The kernel for two networks on a device."""
    from .devices import DeviceError

    known = torch.cuda.get_device_properties(device)
    if (known.major, known.minor) < OLDEST:
        raise DeviceError(f"{known.name} has compute capability {known.major}.{known.minor}, below {OLDEST[0]}.{OLDEST[1]}")
    if len(student.widths) != len(teacher.widths) or student.classes != teacher.classes:
        raise DeviceError("the networks differ in depth or classes")
    shape = fused_layout.fitting(Shape((student.widths, teacher.widths), student.size, student.classes),
                                 known.shared_memory_per_block_optin)
    if shape is None:
        raise DeviceError(f"a block does not fit into {known.shared_memory_per_block_optin} bytes of shared memory")
    return shape, _kernel(shape, f"sm_{known.major}{known.minor}")


@functools.cache
def _kernel(shape: Shape, architecture: str) -> Launch:
    from .devices import Kernel, compiled

    code = compiled(shape.header + SOURCE.read_text(encoding="utf-8"), architecture)
    return Kernel(code, "ascend", threads=shape.threads, shared=fused_layout.shared_bytes(shape))


def distance_from_torch(engine: Engine, seed: int = 0) -> float:
    """The largest distance of the kernel's gradients from float32's, on random images, in parts of their norm.

    Infinite where its logits or gradients are not finite. Waits for the device.
    """
    from .objectives import logit_distance, margin

    student, teacher = (packed.source for packed in engine.packed)
    engine = engine.known_as(student, teacher)
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(CHECK_IMAGES, 3, engine.shape.side, engine.shape.side, generator=generator).to(student.mean.device)
    worst = 0.0
    for objective in (logit_distance(student, teacher), margin(student, teacher)):
        logits, gradient = engine.look(objective, x)
        point = x.clone().requires_grad_()
        with torch.enable_grad():
            (wanted,) = torch.autograd.grad(objective(point).sum(), point)
        if not (bool(gradient.isfinite().all()) and all(bool(part.isfinite().all()) for part in logits)):
            return float("inf")
        worst = max(worst, float((gradient - wanted).norm() / wanted.norm().clamp_min(torch.finfo(torch.float32).tiny)))
    return worst
