"""`python -m cifar.probe STUDENT TEACHER`: whether the fused kernel is right for two widths (such as 50,35,35,22) on this GPU.

A process of its own, since a kernel that reads where it must not takes the whole process's device with it. Prints how far
its gradients are from float32's and what its ascent reaches; exit status 0 if it is right, 1 if not.
"""
from __future__ import annotations

import subprocess
import sys

import torch

from . import fused
from .ascent import pgd
from .attacks import EPS, STEP
from .balls import Linf
from .devices import DeviceError
from .networks import ConvNet
from .objectives import OracleWatch, logit_distance

COLOURS = {"mean": (0.491, 0.482, 0.447), "std": (0.247, 0.243, 0.262)}
STEPS = 10
SAME_LOSS_WITHIN = 0.05  # of what float32's ascent reaches; measured below .01
LONGEST = 180.0  # seconds, compilation included; a kernel that hangs is wrong too


def ascent_from_torch(engine: fused.Engine, seed: int = 0) -> float:
    """By what share the loss that the kernel's ascent reaches differs from float32's, both judged in float32.

    Infinite where what it says of its best iterate is not so.
    """
    student, teacher = (packed.source for packed in engine.packed)
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(fused.CHECK_IMAGES, 3, engine.shape.side, engine.shape.side, generator=generator).to(student.mean.device)
    objective = logit_distance(student, teacher)
    how = {"step": STEP, "steps": STEPS, "start": False, "watch": OracleWatch(0, 1)}
    ours, torchs = (pgd(objective, x, Linf(EPS), engine=each, **how) for each in (engine.known_as(student, teacher), None))
    with torch.no_grad():
        reached, wanted, best = (float(objective(point).mean()) for point in (ours.last, torchs.last, ours.best))
    told = float(ours.best_loss.mean())
    inside = float(Linf(EPS).size(ours.last, x).max()) <= EPS + 1e-6
    honest = abs(told / best - 1) <= SAME_LOSS_WITHIN and inside
    return abs(reached / wanted - 1) if honest else float("inf")


def probed(student: tuple[int, ...], teacher: tuple[int, ...]) -> None:
    """Ask a process of its own; DeviceError if the kernel is wrong, ends it, or does not come back."""
    command = [sys.executable, "-m", __spec__.name, *(",".join(map(str, widths)) for widths in (student, teacher))]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired:
        raise DeviceError(f"its check took over {LONGEST:.0f} s") from None
    if ended.returncode:
        lines = (ended.stderr or ended.stdout).strip().splitlines() or ["no word of why"]
        raise DeviceError(f"its check ended with status {ended.returncode}: {lines[-1]}")


def main(argv: list[str]) -> int:
    device = torch.device("cuda")
    try:
        student, teacher = (tuple(int(width) for width in text.split(",")) for text in argv)
        if not torch.cuda.is_available():
            raise DeviceError("needs a CUDA device that torch can see")
        networks = [ConvNet(widths, **COLOURS, generator=torch.Generator().manual_seed(seed)).requires_grad_(False).to(device)
                    for seed, widths in enumerate((student, teacher))]
        engine = fused.made(device, *networks)
        gradients, ascent = fused.distance_from_torch(engine), ascent_from_torch(engine)
    except (DeviceError, ValueError) as error:
        print(f"cifar: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    print(f"gradients {gradients:.3g} of their norm away from float32's, loss reached {ascent:.3g} of it away")
    return 0 if gradients <= fused.SAME_GRADIENT_WITHIN and ascent <= SAME_LOSS_WITHIN else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
