"""Engines of fused attacks on a CUDA device: made, checked, and not used where they are wrong."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import threading

import torch
from torch import Tensor

from . import fused_layout
from .attacks.objectives import Objective, logit_distance, margin
from .devices import DeviceError, Kernel, compiled
from .fused import SOURCE, Engine, Engines, Launch, no_engine
from .fused_layout import Shape
from .networks.convnet import ConvNet, inner_copy

OLDEST = (8, 0)  # compute capability: bfloat16 products, asynchronous copies
CHECK_IMAGES = 16
# How far the kernel's gradients may be from float32's, in norm: twice as far as copies in bfloat16, and .05. With random
# weights both are .09 to .11 away, with trained ones .03 to .13, within a tenth of each other; a wrong kernel is 1
# and more away.
AS_NEAR, SPARE = 2.0, 0.05
LONGEST = 180.0  # seconds, compilation included; a kernel that hangs is wrong too


def on(device: torch.device, *, must: bool = False) -> Engines:
    """Engines on a CUDA device, None where the kernel does not fit or is wrong; on a CPU none at all.

    The kernel for two widths is checked in a process of its own before its first use, and for every pair of networks again.
    must: raise DeviceError instead. What is wrong is said once on standard error.
    """
    if device.type == "cpu":
        return no_engine
    lock = threading.Lock()
    warps: dict[tuple, int | None] = {}  # of each pair of widths; None where it is refused

    def engine(student: ConvNet, teacher: ConvNet) -> Engine | None:
        widths = student.widths, teacher.widths
        with lock:
            try:
                if widths not in warps:
                    warps[widths] = probed(*widths)
                if (count := warps[widths]) is None:
                    return None
                found = made(device, student, teacher, count)
                if agrees(away := distances(found)):
                    return found
                raise DeviceError(f"its gradients are not float32's ({away})")
            except DeviceError as error:
                if must:
                    raise
                warps[widths] = None
                print(f"cifar: attacks on {widths[0]} without the fused kernel: {error}", file=sys.stderr)
                return None

    return engine


@functools.cache
def probed(student: tuple[int, ...], teacher: tuple[int, ...]) -> int:
    """The number of warps, from a process of its own; DeviceError if the kernel is wrong, ends it, or does not come back.

    What was found right is not asked again.
    """
    command = [sys.executable, "-m", f"{__package__}.probe", *(",".join(map(str, widths)) for widths in (student, teacher))]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired:
        raise DeviceError(f"its check took over {LONGEST:.0f} s") from None
    if ended.returncode:
        lines = (ended.stderr or ended.stdout).strip().splitlines() or ["no word of why"]
        raise DeviceError(f"its check ended with status {ended.returncode}: {lines[-1]}")
    return int(json.loads(ended.stdout)["warps"])


def made(device: torch.device, student: ConvNet, teacher: ConvNet, warps: int) -> Engine:
    """The engine of two networks on a CUDA device, unchecked; DeviceError where there is none."""
    return Engine(student, teacher, *_launched(device, student, teacher, warps))


def machine_code(device: torch.device, student: ConvNet, teacher: ConvNet, warps: int) -> bytes:
    """The kernel for two networks and a device, compiled or from the cache; DeviceError where it cannot be."""
    return _compiled(*_shape(device, student, teacher, warps))


def _launched(device: torch.device, student: ConvNet, teacher: ConvNet, warps: int) -> tuple[Shape, Launch]:
    shape, architecture = _shape(device, student, teacher, warps)
    return shape, _kernel(shape, _compiled(shape, architecture))


def _compiled(shape: Shape, architecture: str) -> bytes:
    return compiled(shape.header + SOURCE.read_text(encoding="utf-8"), architecture)


def _shape(device: torch.device, student: ConvNet, teacher: ConvNet, warps: int) -> tuple[Shape, str]:
    """The kernel's shape for two networks on a device, and the device's architecture."""
    known = torch.cuda.get_device_properties(device)
    if (known.major, known.minor) < OLDEST:
        raise DeviceError(f"{known.name} has compute capability {known.major}.{known.minor}, below {OLDEST[0]}.{OLDEST[1]}")
    if len(student.widths) != len(teacher.widths) or student.classes != teacher.classes:
        raise DeviceError("the networks differ in depth or classes")
    shape = fused_layout.fitting(
        Shape((student.widths, teacher.widths), student.size, student.classes, warps=warps), known.shared_memory_per_block_optin
    )
    if shape is None:
        raise DeviceError(f"a block does not fit into {known.shared_memory_per_block_optin} bytes of shared memory")
    return shape, f"sm_{known.major}{known.minor}"


@functools.cache
def _kernel(shape: Shape, code: bytes) -> Launch:
    return Kernel(code, "ascend", threads=shape.threads, shared=fused_layout.shared_bytes(shape))


def distances(engine: Engine, seed: int = 0) -> dict[str, tuple[float, float]]:
    """How far gradients are from float32's, in parts of their norm: the kernel's, and those of copies in bfloat16.

    For each of two objectives, on random images; infinite where the kernel finds no numbers. Waits for the device.
    """
    student, teacher = (packed.source for packed in engine.packed)
    engine = engine.known_as(student, teacher)
    copies = [inner_copy(network, dtype=torch.bfloat16, multiple=8)[0] for network in (student, teacher)]
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(CHECK_IMAGES, 3, engine.shape.side, engine.shape.side, generator=generator).to(student.mean.device)
    found = {}
    for name, objective, lowered in (
        ("distance", logit_distance(student, teacher), logit_distance(*copies)),
        ("margin", margin(student, teacher), margin(*copies)),
    ):
        logits, gradient = engine.look(objective, x)
        wanted = _gradient(objective, x)
        size = wanted.norm().clamp_min(torch.finfo(torch.float32).tiny)
        numbers = bool(gradient.isfinite().all()) and all(bool(part.isfinite().all()) for part in logits)
        found[name] = (
            float((gradient - wanted).norm() / size) if numbers else float("inf"),
            float((_gradient(lowered, x) - wanted).norm() / size),
        )
    return found


def agrees(found: dict[str, tuple[float, float]]) -> bool:
    """Whether the kernel is as near to float32 as copies in bfloat16 are: far where two networks nearly answer alike."""
    return all(kernel <= AS_NEAR * copies + SPARE for kernel, copies in found.values())


def _gradient(objective: Objective, x: Tensor) -> Tensor:
    point = x.clone().requires_grad_()
    with torch.enable_grad():
        return torch.autograd.grad(objective(point).sum(), point)[0]
