"""`python -m cifar.probe STUDENT TEACHER`: is the fused kernel right on this GPU, and with how many warps is it fastest?

For two networks' widths, such as 50,35,35,22. A process of its own, since a kernel that reads where it must not takes its
process's device with it. Prints one JSON object; exit status 0 if the kernel is right, 1 if not.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch

from . import engines
from .attacks.ascent import pgd
from .attacks.balls import Linf
from .attacks.objectives import OracleWatch, logit_distance
from .attacks.table import EPS, STEP
from .bench.variants import COLOURS, wait
from .devices import DeviceError, full_precision
from .fused import Engine
from .networks.convnet import ConvNet

STEPS = 10
SAME_LOSS_WITHIN = 0.05  # of what float32's ascent reaches; measured below .01
WARPS = (8, 12, 16)  # of a block: fewer read the weights less often from shared memory, more hide its latency better
TIMED_IMAGES, TIMED = 264, 20  # two images for each multiprocessor of an H200; the least of so many: others may work there too


def ascent_from_torch(engine: Engine, seed: int = 0) -> float:
    """By what share the loss that the kernel's ascent reaches differs from float32's, both judged in float32.

    Infinite where what it says of its best iterate is not so.
    """
    student, teacher = (packed.source for packed in engine.packed)
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(engines.CHECK_IMAGES, 3, engine.shape.side, engine.shape.side, generator=generator).to(student.mean.device)
    objective = logit_distance(student, teacher)
    how = {"step": STEP, "steps": STEPS, "start": False, "watch": OracleWatch(0, 1)}
    ours, torchs = (pgd(objective, x, Linf(EPS), engine=each, **how) for each in (engine.known_as(student, teacher), None))
    with torch.no_grad():
        reached, wanted, best = (float(objective(point).mean()) for point in (ours.last, torchs.last, ours.best))
    told = float(ours.best_loss.mean())
    inside = float(Linf(EPS).size(ours.last, x).max()) <= EPS + 1e-6
    honest = abs(told / best - 1) <= SAME_LOSS_WITHIN and inside
    return abs(reached / wanted - 1) if honest else float("inf")


def looked_at(engine: Engine) -> dict[str, Any]:
    """How far the kernel is from float32, whether that is right, and the seconds of a step for an image."""
    gradients, ascent = engines.distances(engine), ascent_from_torch(engine)
    student, teacher = (packed.source for packed in engine.packed)
    x = torch.rand(TIMED_IMAGES, 3, engine.shape.side, engine.shape.side, device=student.mean.device)
    taken = []
    for _ in range(TIMED):
        wait(x.device)
        begun = time.perf_counter()
        pgd(
            logit_distance(student, teacher),
            x,
            Linf(EPS),
            step=STEP,
            steps=STEPS,
            start=False,
            track=False,
            engine=engine.known_as(student, teacher),
        )
        wait(x.device)
        taken.append(time.perf_counter() - begun)
    return {
        "gradients": gradients,
        "ascent": ascent,
        "seconds": min(taken) / (STEPS * TIMED_IMAGES),
        "right": engines.agrees(gradients) and ascent <= SAME_LOSS_WITHIN,
    }


def main(argv: list[str]) -> int:
    device = torch.device("cuda")
    full_precision()
    try:
        student, teacher = (tuple(int(width) for width in text.split(",")) for text in argv)
        if not torch.cuda.is_available():
            raise DeviceError("needs a CUDA device that torch can see")
        networks = [
            ConvNet(widths, **COLOURS, generator=torch.Generator().manual_seed(seed)).requires_grad_(False).to(device)
            for seed, widths in enumerate((student, teacher))
        ]
        with ThreadPoolExecutor() as pool:  # compilers are processes of their own
            list(pool.map(lambda warps: engines.machine_code(device, *networks, warps), WARPS))
        found = {warps: looked_at(engines.made(device, *networks, warps)) for warps in WARPS}
        right = [warps for warps in WARPS if found[warps]["right"]]
        if not right:
            raise DeviceError(f"it is wrong: {json.dumps(found)}")
    except (DeviceError, ValueError) as error:
        print(f"cifar: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    print(json.dumps({"warps": min(right, key=lambda warps: found[warps]["seconds"]), "tried": found}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
