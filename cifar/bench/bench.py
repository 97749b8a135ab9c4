"""`python -m cifar bench`: whether the bfloat16 attack is right on this machine, and how long a training step takes each way.

1. The bfloat16 attack against float32 and float64: the loss that each reaches, judged in float64.
2. One step of adversarial training, attack and update, by the code that trains: a row for each precision and padding, and on
   a GPU for a captured graph.

Exit status 1 if the bfloat16 attack is wrong; the others are those of every command.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch.nn import functional

from twolayer.files import BadInput, tried
from twolayer.process import DONE, NO, Parser, delivered

from ..attacks.ascent import Linf, pgd
from ..attacks.table import EPS, STEP, logit_distance
from ..data.cifar10 import Images
from ..devices import device_name, prepared
from ..networks.convnet import ConvNet, inner_copy
from ..settings import Settings
from ..training.step import begin, buffers_for, graphed, make_step, seeded

TEACHER_WIDTHS = (45, 32, 32, 20)  # the pruned teacher's; students have the widths of Settings
MEAN, STD = (0.491, 0.482, 0.447), (0.247, 0.243, 0.262)  # of CIFAR-10's colours
BATCH, STEPS, SECONDS = {"cpu": 128, "cuda": 512}, 7, {"cpu": 60.0, "cuda": 30.0}
CHECK_IMAGES, CHECK_STEPS = 64, 40
# The loss reached by the bfloat16 attack may differ from float64's by this share. Measured .3 % to 1 %.
SAME_LOSS_WITHIN = 0.03
LEAST = 3  # measurements of each variant
EPOCH = 50_000  # images
WIDTH = 110  # of the printed table, at least
PLAIN, GRAPH = "float32", "the same as one CUDA graph"
PADDED = {"inner": "bfloat16", "update": "bfloat16", "multiple": 8}
VARIANTS: dict[str, dict[str, Any]] = {  # ways to compute a training step: changes to the plain settings
    PLAIN: {},
    "attack in bfloat16": {"inner": "bfloat16"},
    "attack in bfloat16, padded to 8": {"inner": "bfloat16", "multiple": 8},
    "attack in bfloat16, padded to 16": {"inner": "bfloat16", "multiple": 16},
    "attack and update in bfloat16, padded to 8": PADDED,
    GRAPH: PADDED,
}


def networks(device: torch.device) -> tuple[ConvNet, ConvNet]:
    """The paper's student and teacher with random weights."""
    student, teacher = (
        ConvNet(widths, mean=MEAN, std=STD, generator=seeded(0, f"bench {role}")).to(device)
        for role, widths in (("student", Settings("bench").widths), ("teacher", TEACHER_WIDTHS))
    )
    return student, teacher.requires_grad_(False)


def smooth_images(count: int, device: torch.device) -> Images:
    """Random images without sharp edges, like photographs.   bytes (N, 3, 32, 32), labels (N,)"""
    coarse = torch.rand(count, 3, 8, 8, generator=seeded(0, "bench images"))
    pixels = functional.interpolate(coarse, size=(32, 32), mode="bilinear").mul(255).round().to(torch.uint8)
    return Images(pixels, torch.arange(count) % 10).to(device)


def training_step(variant: str, batch: int, steps: int, device: torch.device) -> Callable[[], None]:
    """One update of a fresh student on adversarial examples of one batch."""
    student, teacher = networks(device)
    adversarial = Settings("bench", images=batch, batch=batch, examples="oracle", steps=steps, optimiser="adam", lr=1e-3)
    settings = adversarial.altered(**VARIANTS[variant])
    training, buffers = begin(settings, student), buffers_for(settings, smooth_images(batch, device), teacher)
    buffers.index.copy_(torch.arange(batch))
    step = make_step(settings, training, buffers, teacher)
    return graphed(step, training) if variant == GRAPH else step


def timed(functions: Mapping[str, Callable[[], object]], seconds: float, device: torch.device) -> dict[str, float]:
    """Median seconds of each, measured in turn so that a busy machine slows all alike; each runs once unmeasured."""
    taken: dict[str, list[float]] = {name: [] for name in functions}
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    for function in functions.values():
        function()
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds or min(map(len, taken.values())) < LEAST:
        for name, function in functions.items():
            wait()
            start = time.perf_counter()
            function()
            wait()
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in taken.items()}


def correctness(device: torch.device) -> dict[str, Any]:
    """Mean loss that attacks in three precisions reach from one start, all judged in float64."""
    plain = networks(device)
    exact = logit_distance(*(network.double() for network in networks(device)))
    lowered = logit_distance(*(inner_copy(network, dtype=torch.bfloat16, multiple=8)[0] for network in plain))
    objectives = {"float64": exact, "float32": logit_distance(*plain), "bfloat16": lowered}
    images, ball = smooth_images(CHECK_IMAGES, device).pixels.float().div(255), Linf(EPS)
    start = ball.start(images, seeded(0, "bench start", device))
    losses, inside = {}, True
    for name, objective in objectives.items():
        x, first = (values.to(torch.float64 if objective is exact else torch.float32) for values in (images, start))
        point = pgd(objective, x, ball, step=STEP, steps=CHECK_STEPS, start=first, track=False).last
        inside &= bool((point - x).abs().max() <= EPS + 1e-6) and 0 <= float(point.min()) and float(point.max()) <= 1
        with torch.no_grad():
            losses[name] = float(exact(point.double()).mean())
    with torch.no_grad():
        clean = float(exact(images.double()).mean())
    close = all(abs(loss / losses["float64"] - 1) <= SAME_LOSS_WITHIN for loss in losses.values())
    return {"clean": clean, "reached": losses, "passes": inside and close and losses["float64"] > clean}


def main(argv: list[str]) -> int:
    parser = Parser(prog="python -m cifar bench", description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--seconds", type=float, metavar="S", help="about how long to measure (default 60, on a GPU 30)")
    parser.add_argument("--batch", type=int, metavar="N", help="images in a batch (default 128, on a GPU 512)")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"attack steps (default {STEPS})")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: torch's own)")
    parser.add_argument("--json", metavar="FILE", help="write every number here")
    options = parser.parse_args(argv)
    if any(value is not None and not value > 0 for value in (options.seconds, options.batch, options.steps, options.threads)):
        raise BadInput("--seconds, --batch, --steps and --threads need to be above 0")
    if options.json is not None:
        tried(options.json)
    device = prepared(options.device, options.threads)
    batch = options.batch or BATCH[device.type]
    variants = [name for name in VARIANTS if device.type == "cuda" or name != GRAPH]
    steps = {name: training_step(name, batch, options.steps, device) for name in variants}
    measured = {
        "format": "cifar-bench/1",
        "device": device_name(device),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "batch": batch,
        "attack_steps": options.steps,
        "attack": correctness(device),
        "seconds": timed(steps, options.seconds or SECONDS[device.type], device),
    }
    show(measured, Console(width=max(WIDTH, Console().width)))
    if options.json is not None:
        delivered(options.json, (json.dumps(measured, indent=1, allow_nan=False) + "\n").encode())
    return DONE if measured["attack"]["passes"] else NO


def show(measured: dict[str, Any], console: Console) -> None:
    """Everything as one table for people."""
    console.print(f"{measured['device']}, torch {measured['torch']}, {measured['threads']} threads")
    attack = measured["attack"]
    reached = ", ".join(f"{name} {loss:.4f}" for name, loss in attack["reached"].items())
    console.print(f"loss reached from {attack['clean']:.4f}: {reached}: {'agree' if attack['passes'] else 'DISAGREE'}")
    table = Table(title=f"a training step: {measured['batch']} images, {measured['attack_steps']} attack steps")
    for column in ("variant", "seconds", "x float32", "s an epoch of 50,000"):
        table.add_column(column, justify="left" if column == "variant" else "right", no_wrap=True)
    plain = measured["seconds"][PLAIN]
    for name, seconds in measured["seconds"].items():
        table.add_row(name, f"{seconds:.4g}", f"{plain / seconds:.2f}", f"{seconds * EPOCH / measured['batch']:.3g}")
    console.print(table)
