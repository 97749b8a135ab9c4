"""Weight-check against activation-check: what each of them can see (Section 4.1, "Checking specialization of nodes").

Every point is a pair (teacher node, the student node with the best correlation to it) of a student trained on data that
lie in a plane X, at falling losses; colours are the size of the off-plane part of the student's weights, to which
training on X is blind. All quantities are from twolayer.metrics, as in the CIFAR-10 experiments.

Left: on the data, 1 - NC falls as the square of the projected angle, and all colours lie on one line: the two checks
agree on X. Middle: the same 1 - NC against the distance of normalised weights in the whole space (eps_in and eps_out
together): the distance stops at the off-plane part while the correlation goes on to 1. Right: NC on data with noise off X
sees the off-plane part: its smallest values are near eps_out^2. A correlation of 1 on the data means one direction on X,
and nothing more. Crosses are teacher nodes whose only match is flipped (a student has the crease, on the other side): the
sine to the teacher's line is below 0.01, no correlation is near 1, and yet the function is right (printed Theorem 1 fails
by this sign).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _script import directory, saved
from matplotlib import colormaps, rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from oracle_adversarial import with_off_plane

from twolayer.metrics import correlation, eps_in, eps_out, projected_angle, projected_sine
from twolayer.plotting import INK, STYLE, decades
from twolayer.synthetic import Recipe, box_spectrum, geometric, low_rank_data, random_teacher, train

ALT = "1 - NC follows the squared angle on the data over fourteen decades, and is blind to the weights' part off the plane."
SEEDS, SIZES = (0, 1, 2, 3), (0.001, 0.03, 1.0)  # of the runs; of the weights off X
NOISE = 0.5  # half-width of the noise off X; the data fill [-1, 1]^2 on X
FLIPPED = 1e-2  # a sine to the teacher's line below this, at an angle beyond a right one, is a flipped match


@dataclass(frozen=True)
class Pairs:
    """Pairs (teacher node, its student of best NC), one entry each.   (n,) arrays

    size        off-plane part of the student's weights       angle           projected, in [0, pi]
    on_data     1 - NC on the data                            on_noisy        1 - NC on the data with noise off X
    eps_in, eps_out                                           line_sine       best sine of any student to the teacher's line
    """

    size: np.ndarray
    angle: np.ndarray
    eps_in: np.ndarray
    eps_out: np.ndarray
    on_data: np.ndarray
    on_noisy: np.ndarray
    line_sine: np.ndarray

    @property
    def distance(self) -> np.ndarray:
        """|w_k / |w_k| - w*_j / |w*_j||, in and out of the plane together."""
        return np.hypot(self.eps_in, self.eps_out)

    @property
    def is_flipped(self) -> np.ndarray:
        """Pairs whose teacher has no student of its own direction, but one of the opposite direction."""
        return (self.line_sine < FLIPPED) & (np.sin(self.angle) > FLIPPED)


def data(seeds=SEEDS, sizes=SIZES) -> Pairs:
    """Four training runs, every student kept, each with off-plane parts of several sizes."""
    columns = [pairs_of_run(seed, sizes) for seed in seeds]
    return Pairs(*(np.concatenate(parts) for parts in zip(*columns, strict=True)))


def pairs_of_run(seed: int, sizes) -> list[np.ndarray]:
    """The fields of Pairs for one run."""
    rng = np.random.default_rng(seed)
    flat = low_rank_data(box_spectrum(5, 2), 2, 500, rng)
    teacher = random_teacher(flat, 4, 2, rng, fan_out=geometric(4, 0.9), min_angle=0.3)
    recipe = Recipe(target=1e-14, level_ratio=10.0, off_plane=1.0)
    run = train(teacher, flat.samples, 8, rng, subspace=flat.subspace(), recipe=recipe)
    noisy = flat.samples + rng.uniform(-NOISE, NOISE, size=(500, 3)) @ flat.basis[2:]
    plane, rows = flat.basis[:2], []
    for checkpoint in run.checkpoints:
        for size in sizes:
            student = with_off_plane(checkpoint.student, flat, size)
            rho, rho_noisy = (correlation(student.activations(x), teacher.activations(x)) for x in (flat.samples, noisy))
            best = rho.argmax(axis=0), np.arange(teacher.width)
            tables = [metric(student.W, teacher.W, plane) for metric in (projected_angle, eps_in, eps_out)]
            lines = projected_sine(student.W, teacher.W, plane).min(axis=0)
            rows.append(
                np.array([np.full(teacher.width, size), *(t[best] for t in tables), 1 - rho[best], 1 - rho_noisy[best], lines])
            )
    return list(np.concatenate(rows, axis=1))


def draw(pairs: Pairs) -> Figure:
    """Three scatters of 1 - NC."""
    sizes = np.unique(pairs.size)
    with rc_context(STYLE):
        figure = Figure(figsize=(11, 3.9), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(1, 3)
        shown = [(pairs.angle, pairs.on_data), (pairs.distance, pairs.on_data), (pairs.eps_out, pairs.on_noisy)]
        for axes, (x, y) in zip(panels, shown, strict=True):
            y = np.maximum(y, 1e-16)
            for size, colour in zip(sizes, colormaps["viridis"](np.linspace(0, 0.85, len(sizes))), strict=True):
                mine = (pairs.size == size) & ~pairs.is_flipped
                axes.plot(x[mine], y[mine], "o", color=colour, markersize=4, alpha=0.7, label=f"off-plane part {size:g}")
            axes.plot(x[pairs.is_flipped], y[pairs.is_flipped], "x", color=INK, markersize=5, label="flipped match")
            axes.grid(True)
            decades(axes, "x", x.min(), x.max())
            decades(axes, "y", y.min(), 1.0)
        at = np.array([pairs.angle.min(), 1.0])
        panels[0].plot(at, at**2, color=INK, linewidth=0.9, label="angle²")
        panels[0].set(xlabel="projected angle on X", ylabel="1 − NC on the data", title="weights on X: one line")
        panels[1].set(xlabel="distance of normalised weights", title="weights in the whole space: a floor")
        panels[2].set(xlabel="ε_out", ylabel="1 − NC with noise off X", title="activations off X see ε_out")
        panels[0].legend(loc="lower right")
    return figure


def main(argv=None) -> Path:
    """Write weights_or_activations.png and print medians of the converged students."""
    out = directory(argv, __doc__, __file__)
    pairs = data()
    print(f"{len(pairs.size)} pairs, {pairs.is_flipped.sum()} of them flipped")
    for size in np.unique(pairs.size):
        mine = (pairs.size == size) & ~pairs.is_flipped & (pairs.angle < 1e-4)
        print(
            f"off-plane part {size:g}: {mine.sum()} pairs at a projected angle below 1e-4; median eps_in "
            f"{np.median(pairs.eps_in[mine]):.1e}, eps_out {np.median(pairs.eps_out[mine]):.1e}, 1 - NC on the data "
            f"{np.median(pairs.on_data[mine]):.1e}, with noise off X {np.median(pairs.on_noisy[mine]):.1e}"
        )
    return saved(draw(pairs), out / "weights_or_activations.png")


if __name__ == "__main__":
    main()
