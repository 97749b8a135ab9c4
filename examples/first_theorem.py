"""The smallest whole story: a teacher, a student trained on it, a certified gradient, a verdict in three forms.

Left: the region R = [-1, 1]^2. Wide bands are the boundaries of the two teacher nodes, black lines those of the four
student nodes; the colour is |g_1,k| of the observer k with the largest gradient, and the star is the point at which
its supremum is attained, found by exact enumeration and not by sampling. The gradient is small, and a student lies on
each teacher: that is Theorem 2. The dotted students follow no teacher, so their fan-outs have to be small (below 0.01,
while the other two are above 1): that is Corollary 1.

Right: Theorem 2 with numbers, one column a pair (teacher node j, observer k). The bar is the measured sine of the
angle from teacher j to the nearest student. A form must stay above it. Bounds of 1 or more say nothing and stand on
the line at 1; a form that does not apply to a pair has no mark. The sharp form counts only the creases that oppose
the teacher's, so it is about 20 to 30 times smaller than the repaired one here. The printed form is for comparison: it is
no theorem (twolayer check examples/instances/theorem-2-corner.json).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from _script import directory, saved
from matplotlib import rc_context
from matplotlib.figure import Figure
from rich.console import Console

from twolayer import NOT_APPLICABLE, PRINTED, REPAIRED, SHARP, Box, Check, Instance, TwoLayer, check, hidden_gradient
from twolayer.plotting import COLOUR, INK, MARK, STYLE, decades
from twolayer.synthetic import Recipe, train

ALT = (
    "Left, the boundaries of teacher and student nodes in the square, each teacher's covered by a student's; right, the "
    "angles of the pairs below the three bounds."
)
TARGET, SEED = 1e-2, 0  # certified gradient to train to; seed of the student
TEACHER = TwoLayer(W=[[0, 1], [1, 0.5]], b=[-0.125, 0.25], V=[[1, -1], [1, 1]])
REGION = Box([-1, -1], [1, 1])
BAND = "#f0b400"  # the teacher's boundaries
SMALL = 0.01  # fan-outs below it are drawn as those of unspecialised nodes


def data(target: float = TARGET, seed: int = SEED) -> Check:
    """A student of four nodes, stopped as soon as its certified gradient is at most `target`, and its check."""
    rng = np.random.default_rng(seed)
    samples = rng.uniform(-1, 1, size=(400, 2))
    run = train(TEACHER, samples, 4, rng, recipe=Recipe(level_ratio=4.0, off_plane=0.0))
    for checkpoint in run.checkpoints:
        result = check(Instance(TEACHER, checkpoint.student, REGION, name="first theorem"))
        if result.gradient[1] <= target:
            return result
    raise RuntimeError(f"no student reached a certified gradient of {target}; the last one is at {result.gradient[1]}")


def draw(result: Check) -> Figure:
    """The plane, and the pairs of Theorem 2."""
    with rc_context(STYLE):
        figure = Figure(figsize=(9.6, 4.2), layout="constrained")
        plane, pairs = figure.subplots(1, 2, width_ratios=(1, 1.15))
        _plane(plane, figure, result)
        _pairs(pairs, result)
    return figure


def _plane(axes, figure, result: Check) -> None:
    teacher, student = result.instance.teacher, result.instance.student
    k = max(range(student.width), key=lambda k: result.enclosures[k].lower)
    ticks = np.linspace(-1, 1, 241)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1)
    shade = axes.pcolormesh(
        ticks, ticks, np.abs(hidden_gradient(teacher, student, grid))[..., k], cmap="Blues", rasterized=True, shading="gouraud"
    )
    figure.colorbar(shade, ax=axes, label=f"|g₁| of student {k}", shrink=0.85)
    kept = np.linalg.norm(student.V, axis=0) >= SMALL
    for network, nodes, label, style in (
        (teacher, [True, True], "teacher nodes", {"color": BAND, "linewidth": 6, "alpha": 0.75}),
        (student, kept, "student nodes", {"color": INK, "linewidth": 1.2}),
        (student, ~kept, f"students with fan-outs < {SMALL:g}", {"color": INK, "linewidth": 1.2, "linestyle": ":"}),
    ):
        for w, b in zip(network.W[nodes], network.b[nodes], strict=True):
            foot = -b * w / (w @ w)
            axes.axline(foot, foot + np.array([-w[1], w[0]]), label=label, **style)
            label = None
    axes.plot(*result.witness(k), "*", color="#d55e00", markersize=13, label="largest |g₁|", clip_on=False, zorder=5)
    axes.set(
        xlim=(-1, 1),
        ylim=(-1, 1),
        aspect="equal",
        xlabel="x",
        ylabel="y",
        title=f"certified sup |g₁| = {result.gradient[1]:.2g}",
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, columnspacing=1.0)


def _pairs(axes, result: Check) -> None:
    rows = [v for v in result.verdicts if v.statement == "theorem-2"]
    names = sorted({(v.teacher, v.observer) for v in rows})
    sines = [next(v.measured for v in rows if v.form == SHARP and (v.teacher, v.observer) == name) for name in names]
    axes.grid(True, axis="y")
    axes.set_axisbelow(True)
    axes.bar(range(len(names)), sines, color=INK, alpha=0.25, width=0.55, label="measured sine")
    for shift, form in ((-0.16, PRINTED), (0.0, REPAIRED), (0.16, SHARP)):
        bounds = {(v.teacher, v.observer): min(v.bound, 1.0) for v in rows if v.form == form and v.verdict != NOT_APPLICABLE}
        axes.plot(
            [names.index(name) + shift for name in bounds],
            list(bounds.values()),
            MARK[form],
            color=COLOUR[form],
            label=f"{form} bound",
            markersize=7,
        )
    axes.axhline(1, color=INK, linewidth=0.8)
    decades(axes, "y", min(sines) / 3, 1.0)
    axes.set(
        xticks=range(len(names)),
        xticklabels=[f"{j}, {k}" for j, k in names],
        xlabel="teacher node, observer",
        ylabel="sine",
        title="Theorem 2: nearest student, and bounds",
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)


def main(argv=None) -> Path:
    """Write first_theorem.png and print the verdicts."""
    out = directory(argv, __doc__, __file__)
    result = data()
    lower, upper = result.gradient
    print(f"sup |g_1| over R is certified to lie in [{lower:.6g}, {upper:.6g}]")
    Console(width=200).print(result)
    return saved(draw(result), out / "first_theorem.png")


if __name__ == "__main__":
    main()
