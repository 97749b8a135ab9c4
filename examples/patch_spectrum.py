"""The link to CIFAR-10: how flat its 3x3 colour patches are, and what a certified student learns on their region.

Left: variances along the principal directions of the 27 numbers of a patch (3.6 million patches, exact integer sums of
bytes), and the share of the variance that the leading directions leave out. 17 of 27 directions carry 99.92 % of it;
they are the data plane X of the first convolution in this project's instances, the other ten are "off X".

Right: a teacher and an over-realised student on the box with that spectrum, with U = X (d' = 17). Each round of training
ends with a certified sup |g_1| over the whole box (trees of linear programs); its witnesses join the samples of the next
round. The sampled gradient is at the rounding level from the first round on; the certified one says how wrong the student
still is in corners that no sample visits. Below: the largest sine from a teacher node to the best student, on X and in
the whole space: training on X leaves the ten flat directions as they were initialised.

Source: Section 5.3 (input plane by principal components), Theorem 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _script import directory, saved
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from twolayer import PRINTED, REPAIRED, SHARP
from twolayer.metrics import projected_sine
from twolayer.plotting import COLOUR, INK, MARK, STYLE, decades
from twolayer.synthetic import (
    PATCH_RANK,
    Round,
    counterexample_guided,
    geometric,
    oracle,
    patch_data,
    patch_spectrum,
    random_teacher,
    stored_sums,
)

ALT = (
    "The spectrum of CIFAR-10's patches, of which 17 of 27 directions carry almost all, and a gradient of 1e-13 at the "
    "samples that hides a certified 2.8e-2 until its witnesses join."
)
NODES, WIDTH, OUTPUTS, SAMPLES, SEED = 5, 8, 4, 528, 0  # of teacher and student; samples
TARGET = 1e-7  # certified gradient


@dataclass(frozen=True, eq=False)
class Patches:
    """The measured spectrum, and a student on its region.

    eigenvalues (27,) descending;  left_out (27,): share of the variance beyond the first i + 1 directions
    count     patches measured
    rounds    of training: sampled gradient, certified upper end
    sines     smallest sine of each teacher node to a student: on X, in the whole space;  (J,) each
    """

    eigenvalues: np.ndarray
    left_out: np.ndarray
    count: int
    rounds: tuple[Round, ...]
    upper: float
    sines: tuple[np.ndarray, np.ndarray]


def data(nodes: int = NODES, width: int = WIDTH, outputs: int = OUTPUTS, samples: int = SAMPLES, seed: int = SEED) -> Patches:
    """The stored spectrum, and a student trained on its 17 thick directions until the certified gradient is small."""
    eigenvalues = patch_spectrum().eigenvalues
    left_out = 1 - np.cumsum(eigenvalues) / eigenvalues.sum()
    rng = np.random.default_rng(seed)
    box = patch_data(samples, rng)
    teacher = random_teacher(box, nodes, outputs, rng, fan_out=geometric(nodes, 0.9), min_angle=0.25, off_plane=0.3)
    guided = counterexample_guided(
        teacher, box.samples, width, rng, oracle(box, teacher, TARGET), TARGET, subspace=box.subspace(), rounds=12
    )
    student = guided.trained.student
    sines = tuple(projected_sine(student.W, teacher.W, plane).min(axis=0) for plane in (box.basis[:PATCH_RANK], None))
    return Patches(eigenvalues, left_out, stored_sums().count, guided.rounds, guided.upper, sines)


def draw(patches: Patches) -> Figure:
    """The spectrum, and the rounds of training."""
    with rc_context(STYLE):
        figure = Figure(figsize=(9.2, 3.9), layout="constrained")
        FigureCanvasAgg(figure)
        spectrum, training = figure.subplots(1, 2)
        numbers = np.arange(1, len(patches.eigenvalues) + 1)
        spectrum.axvspan(PATCH_RANK + 0.5, len(numbers) + 0.5, color="#e8e8ee", linewidth=0)
        spectrum.plot(numbers, patches.eigenvalues, "o-", color=COLOUR[REPAIRED], label="variance", markersize=4)
        spectrum.plot(
            numbers[:-1],
            patches.left_out[:-1],
            "s-",
            color=COLOUR[PRINTED],
            markersize=4,
            label="share left out by the first n",
        )
        decades(spectrum, "y", min(patches.eigenvalues.min(), patches.left_out[-2]), 1.0)
        spectrum.set(
            xlabel="principal direction n of a 3×3 colour patch",
            xlim=(0, len(numbers) + 0.5),
            title=f"CIFAR-10: {PATCH_RANK} of 27 directions carry {1 - patches.left_out[PATCH_RANK - 1]:.2%}",
        )
        spectrum.legend(loc="lower left")
        rounds = np.arange(1, len(patches.rounds) + 1)
        sampled, upper = ([getattr(r, name) for r in patches.rounds] for name in ("sampled", "upper"))
        training.plot(rounds, upper, marker=MARK[SHARP], color=COLOUR[SHARP], label="certified sup |g₁|")
        training.plot(rounds, sampled, "x--", color=INK, label="largest sampled |g₁|")
        decades(training, "y", min(min(sampled), min(upper)), max(upper))
        inside, space = (sines.max() for sines in patches.sines)
        training.set(
            xticks=rounds,
            xlim=(0.5, len(rounds) + 0.5),
            title=f"a student on that box, U = X, d' = {PATCH_RANK}",
            xlabel=f"round of training\nlargest sine to a student: {inside:.0e} on X, {space:.2f} in space",
        )
        training.legend(loc="center left")
        for axes in (spectrum, training):
            axes.grid(True)
    return figure


def main(argv=None) -> Path:
    """Write patch_spectrum.png and print the spectrum and the rounds."""
    out = directory(argv, __doc__, __file__)
    patches = data()
    print(
        f"{patches.count:,} patches; variances {patches.eigenvalues[0]:.4f} to {patches.eigenvalues[-1]:.1e}; the first "
        f"{PATCH_RANK} directions carry {1 - patches.left_out[PATCH_RANK - 1]:.4%}"
    )
    for number, r in enumerate(patches.rounds, 1):
        print(f"round {number}: sampled gradient {r.sampled:.1e}, certified sup |g_1| <= {r.upper:.1e}")
    print(
        f"largest sine to the best student: {patches.sines[0].max():.1e} on X, {patches.sines[1].max():.3f} in the whole space"
    )
    return saved(draw(patches), out / "patch_spectrum.png")


if __name__ == "__main__":
    main()
