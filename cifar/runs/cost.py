"""What runs cost, told before they start: multiply-adds of all passes, and hours of a processor that was measured.

Steps of attacks dominate: each is a forward pass of both networks and the gradient in the image. A rough number, which tells
minutes from days from months.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..settings import Settings

# Profile demo, 3.9e14 multiply-adds by this count, took 34 minutes of idle cores of an AMD EPYC with avx512_bf16; on a core
# that was shared a step of profile standard had 5.5e10 a second (12.7 ms an image; both in cifar/README.md).
RATE = 1.9e11  # multiply-adds a second
SIZE, COLOURS, KERNEL, CLASSES = 32, 3, 9, 10
STEPS = 40  # of an attack that says nothing else
FORWARD_BACKWARD = 3  # times a forward pass: the gradient in the image and that in the weights cost one each


def multiply_adds(widths: Iterable[int]) -> int:
    """Of a network's forward pass on one image (3x3 kernels, no padding)."""
    total, before, side = 0, COLOURS, SIZE
    for width in widths:
        side -= 2
        total, before = total + KERNEL * before * width * side**2, width
    return total + CLASSES * before * side**2


def cost(settings: Settings, grid: Mapping[str, Settings]) -> float:
    """Multiply-adds of a run, training and measuring.   grid: where the networks that it needs are"""
    student = multiply_adds(settings.widths)
    oracle = multiply_adds(grid[settings.teacher.partition("@")[0]].widths) if settings.teacher else 0
    attack = 2 * (student + oracle)
    shown = oracle + FORWARD_BACKWARD * student + (settings.steps * attack if settings.examples != "clean" else 0)
    trained = (settings.epochs - settings.first_epoch) * settings.images * shown
    features = settings.images * settings.feature_steps * attack if settings.representation else 0
    steps = sum(len(names) for _, names in settings.attacks) * (settings.eval_steps or STEPS) * settings.repeats
    return float(trained + features + settings.test_images * steps * attack)


def told(runs: Mapping[str, Settings], grid: Mapping[str, Settings], cores: int) -> str:
    """What runs cost, in words.   cores: that work on them"""
    seconds = sum(cost(settings, grid) for settings in runs.values()) / RATE
    measured = f"some {spoken(seconds)} of one idle core of an AMD EPYC, three times as much of a busy one"
    return f"{len(runs)} runs, {measured}: {spoken(seconds / cores)} or more on {cores} here"


def spoken(seconds: float) -> str:
    """A duration in the largest unit that leaves a number of 2 or more."""
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return "a minute"
