"""Sampled or certified: how a gradient of 0.06 hides from every sample.

The hypothesis of all the theorems is a small supremum of |g_1|. A maximum over samples is only a lower bound of it.

Left: two training runs in the square, d' = 2; training goes to the right. The student in black agrees with the teacher
on its 400 samples to twelve digits (circles fall), yet the certified supremum stays at 0.06 (crosses; its lower and
upper bound are too close to tell apart). The student in green is trained afresh after the witnesses of the supremum
have joined the samples: both curves fall together.

Middle: why, in one corner of the square. One student node is active in the dark corner only, where there is no sample
(dots), so nothing ever told it its fan-out. Elsewhere |g_1| is 0 to rounding: the other students lie on the teacher
(wide bands). The star is the certified witness.

Right: fresh uniform samples of the whole square do find the corner, from below: the median and the range over 20
draws of the largest |g_1| among n samples, against the certified supremum (line). A sampled number never certifies
that a bound fails or that anyone may use it; the certified one cost a fraction of a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _script import directory, saved
from matplotlib import rc_context
from matplotlib.figure import Figure

from twolayer import Box, Check, Instance, TwoLayer, check, hidden_gradient
from twolayer.certify import certified_gradient
from twolayer.plotting import COLOUR, INK, STYLE, decades
from twolayer.synthetic import Checkpoint, Recipe, counterexample_guided, train

ALT = (
    "The sampled gradient falls to rounding while the certified one stays large: one node is active only in a corner "
    "without samples."
)
MOST = 1_000_000  # samples of the densest sampling
TEACHER = TwoLayer(W=[[0, 1], [1, 0.5]], b=[-0.125, 0.25], V=[[1, -1], [1, 1]])
REGION = Box([-1, -1], [1, 1])
SEED, SAMPLES, STUDENTS = 3, 400, 4  # of the first six seeds the only one whose student hides something
RECIPE = Recipe(level_ratio=10.0, off_plane=0.0)
TARGET = 1e-11  # certified gradient at which guided training stops
DRAWS = 20


@dataclass(frozen=True, eq=False)
class Levels:
    """Students along a run: root mean square errors on the samples, and sup |g_1| sampled and enclosed, all (n,)."""

    error: np.ndarray
    sampled: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


@dataclass(frozen=True, eq=False)
class Data:
    """Both runs, the check of the unguided student, its samples (400, 2), and maxima over fresh ones (sizes, DRAWS)."""

    plain: Levels
    guided: Levels
    check: Check
    samples: np.ndarray
    sizes: np.ndarray
    maxima: np.ndarray


def data(most: int = MOST) -> Data:
    """Train without and with witnesses; sample the first student up to `most` times."""
    samples = np.random.default_rng(SEED).uniform(-1, 1, size=(SAMPLES, 2))
    starts = [np.random.default_rng(SEED) for _ in range(2)]
    for rng in starts:
        rng.uniform(-1, 1, size=(SAMPLES, 2))
    plain = train(TEACHER, samples, STUDENTS, starts[0], recipe=RECIPE)
    guided = counterexample_guided(TEACHER, samples, STUDENTS, starts[1], certified, TARGET, recipe=RECIPE).trained
    sizes = 10 ** np.arange(1, np.log10(most) + 0.5).astype(int)
    rng = np.random.default_rng(0)
    maxima = [
        np.maximum.accumulate(_gradients(plain.student, rng.uniform(-1, 1, size=(most, 2))))[sizes - 1] for _ in range(DRAWS)
    ]
    return Data(
        _levels(plain.checkpoints),
        _levels(guided.checkpoints),
        check(Instance(TEACHER, plain.student, REGION, name="a corner without samples")),
        samples,
        sizes,
        np.array(maxima).T,
    )


def certified(student: TwoLayer) -> tuple[float, np.ndarray]:
    """(certified upper bound of sup |g_1|, the witnesses of all observers).   -> number, (n, 2)"""
    result = check(Instance(TEACHER, student, REGION))
    witnesses = [result.witness(k) for k in range(student.width) if result.enclosures[k].lower > TARGET / 10]
    return result.gradient[1], np.array([x for x in witnesses if x is not None]).reshape(-1, 2)


def _gradients(student: TwoLayer, x: np.ndarray) -> np.ndarray:
    """The largest |g_1,k| at every point.   (n, 2) -> (n,)"""
    return np.abs(hidden_gradient(TEACHER, student, x)).max(axis=-1)


def _levels(checkpoints: tuple[Checkpoint, ...]) -> Levels:
    ends = [certified_gradient(Instance(TEACHER, c.student, REGION)) for c in checkpoints]
    lower, upper = np.array(ends).T
    return Levels(np.sqrt([c.loss for c in checkpoints]), np.array([c.gradient for c in checkpoints]), lower, upper)


def draw(numbers: Data) -> Figure:
    """Along training, in the plane, and against the number of samples."""
    with rc_context(STYLE):
        figure = Figure(figsize=(13.2, 4.0), layout="constrained")
        along, plane, many = figure.subplots(1, 3, width_ratios=(1, 1.1, 1))
        _along(along, numbers)
        _plane(plane, figure, numbers)
        _many(many, numbers)
    return figure


def _along(axes, numbers: Data) -> None:
    axes.grid(True)
    for levels, colour, name in ((numbers.plain, INK, ""), (numbers.guided, COLOUR["sharp"], ", with witnesses")):
        axes.plot(levels.error, levels.sampled, "o-", color=colour, mfc="none", markersize=5, label=f"sampled{name}")
        axes.plot(levels.error, levels.upper, "x--", color=colour, markersize=6, label=f"certified{name}")
    decades(axes, "x", numbers.plain.error.min() / 2, 1.0)
    decades(axes, "y", numbers.plain.sampled.min() / 2, 1.0)
    axes.invert_xaxis()
    axes.set(xlabel="root mean square error on the samples", ylabel="sup |g₁|", title="along training")
    axes.legend(loc="lower left")


def _plane(axes, figure, numbers: Data) -> None:
    student = numbers.check.instance.student
    k = max(range(student.width), key=lambda k: numbers.check.enclosures[k].lower)
    right, low = np.linspace(0.1, 1, 301), np.linspace(-1, -0.1, 301)
    grid = np.stack(np.meshgrid(right, low), axis=-1)
    shade = axes.pcolormesh(
        right, low, np.abs(hidden_gradient(TEACHER, student, grid))[..., k], cmap="Oranges", shading="gouraud", rasterized=True
    )
    figure.colorbar(shade, ax=axes, label=f"|g₁| of student {k}", shrink=0.85)
    for network, style in (
        (TEACHER, {"color": "#f0b400", "linewidth": 5, "alpha": 0.55}),
        (student, {"color": INK, "linewidth": 0.9}),
    ):
        for w, b in zip(network.W, network.b, strict=True):
            foot = -b * w / (w @ w)
            axes.axline(foot, foot + np.array([-w[1], w[0]]), **style)
    axes.plot(*numbers.samples.T, ".", color=COLOUR["repaired"], markersize=5)
    axes.plot(*numbers.check.witness(k), "*", color=COLOUR["printed"], markersize=14, markeredgecolor=INK, clip_on=False)
    axes.set(xlim=(0.1, 1), ylim=(-1, -0.1), aspect="equal", xlabel="x", ylabel="y", title="a corner without samples")


def _many(axes, numbers: Data) -> None:
    axes.grid(True)
    upper = numbers.check.gradient[1]
    axes.axhline(upper, color=INK, linestyle="--", label=f"certified: {upper:.4g}")
    middle = np.median(numbers.maxima, axis=1)
    axes.fill_between(
        numbers.sizes, numbers.maxima.min(axis=1), numbers.maxima.max(axis=1), color=COLOUR["repaired"], alpha=0.2, linewidth=0
    )
    axes.plot(numbers.sizes, middle, "o-", color=COLOUR["repaired"], mfc="none", label="largest of n samples")
    decades(axes, "x", numbers.sizes[0], numbers.sizes[-1])
    axes.set(ylim=(0, 1.12 * upper), xlabel="n fresh samples", ylabel="sup |g₁|", title="sampling from below")
    axes.legend(loc="lower right")


def main(argv=None) -> Path:
    """Write sampled_or_certified.png and print the numbers."""
    out = directory(argv, __doc__, __file__)
    numbers = data()
    for name, levels in (("samples only", numbers.plain), ("witnesses joined", numbers.guided)):
        print(f"{name}\n{'error':>10} {'sampled':>10} {'lower':>10} {'upper':>10}")
        for row in zip(levels.error, levels.sampled, levels.lower, levels.upper, strict=True):
            print(" ".join(f"{x:10.2e}" for x in row))
    print("largest of n fresh samples, as a share of the certified supremum: median, least, most of", DRAWS, "draws")
    for n, maxima in zip(numbers.sizes, numbers.maxima / numbers.check.gradient[1], strict=True):
        print(f"{n:9d} {np.median(maxima):8.4f} {maxima.min():8.4f} {maxima.max():8.4f}")
    return saved(draw(numbers), out / "sampled_or_certified.png")


if __name__ == "__main__":
    main()
