"""How much sharper: the constant in front of eps / (|kappa| r), by dimension and by width.

Every form of Theorem 2 bounds the sine by a constant times eps_k / (|kappa| r): eps_k the certified gradient of the
observer k, kappa the kink mass of the teacher's boundary, r the radius of the largest certified ball around that boundary
inside the observer's active region. This picture shows the constant, that is, the bound times |kappa| r / eps_k, for
random teachers in the cube [-1, 1]^d' whose students are the same nodes, moved by about 1e-6, so that neither training
nor luck enters. Lines are medians over (teacher node, observer) pairs, bands go from the 10th to the 90th percentile.
The sharp form is the best of many methods, most often in a ball so small that little but the teacher's boundary and a student's
meets it, with the gradient there, modulo affine functions (the local form); the purple line is Theorem A alone, with eps_k.

Left: four teacher and four student nodes, d' from 2 to 14. The repaired constant grows like 10 sqrt(d' / 2 pi) K (thin
line: the root of the dimension times the number of all nodes). The sharp one has no dimension in it; it counts the
creases that oppose the teacher's, and only those that meet the body.
Right: d' = 2, K from 4 to 32. The repaired constant grows with the number of nodes; the sharp one uses cells and chords
of the plane, and grows much less.

Pairs are those for which the repaired and the sharp form both hold with a bound below 1. The printed form is drawn for
scale, where it gives a positive bound: it is no theorem.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from _script import directory, saved
from _theorem_a import View, views
from matplotlib import rc_context
from matplotlib.figure import Figure

from twolayer import HOLDS, PRINTED, REPAIRED, SHARP, Instance, check
from twolayer.plotting import BAND, COLOUR, INK, STROKE, STYLE, median_line, multiples
from twolayer.synthetic import low_rank_data, perturbed, random_teacher

ALT = (
    "The constant in front of eps/(|kappa| r) against dimension and against width: the repaired one grows to 130, Theorem A's "
    "lies between 4 and 12, the sharp one below 1."
)
FORMS = (PRINTED, REPAIRED, SHARP)
ALONE, PURPLE, STEPS = "Theorem A", "#cc79a7", (0, (5, 1, 1, 1))  # its name, colour and stroke
DIMENSIONS, TEACHERS = (2, 3, 4, 6, 8, 10, 14), 4
WIDTHS = (2, 4, 8, 16)  # teacher nodes, and as many student nodes, at d' = 2
SEEDS = (0, 1, 2)
MOVED = 1e-6  # how far the students are from the teacher


@dataclass(frozen=True, eq=False)
class Constants:
    """Bounds times |kappa| r / eps_k over all pairs: one array for every x, for each form and for Theorem A alone; and the
    sharp methods.
    """

    x: tuple[int, ...]
    ratios: dict[str, list[np.ndarray]]
    methods: Counter


def data(dimensions=DIMENSIONS, widths=WIDTHS, seeds=SEEDS) -> tuple[Constants, Constants]:
    """(by dimension at TEACHERS + TEACHERS nodes, by number of all nodes at d' = 2)."""
    return (
        _constants(dimensions, [(d, TEACHERS) for d in dimensions], seeds),
        _constants([2 * w for w in widths], [(2, w) for w in widths], seeds),
    )


def _constants(x, sizes, seeds) -> Constants:
    ratios: dict[str, list[np.ndarray]] = {form: [] for form in (*FORMS, ALONE)}
    methods: Counter = Counter()
    for d, width in sizes:
        rows = [row for seed in seeds for row in _pairs(d, width, seed)]
        scales = [view.kappa * view.radius / view.epsilon[1] for _, view in rows]
        for form in FORMS:
            bounds = [row[form].bound for row, _ in rows]
            values = [bound * scale for bound, scale in zip(bounds, scales, strict=True) if bound is not None and bound > 0]
            ratios[form].append(np.array(values))
        alone = [view.least(view.epsilon[1]) for _, view in rows]
        ratios[ALONE].append(np.array([bound * scale for bound, scale in zip(alone, scales, strict=True)]))
        methods.update(row[SHARP].terms["method"] for row, _ in rows)
    return Constants(tuple(x), ratios, methods)


@cache  # both panels have d' = 2 with four teacher nodes
def _pairs(d: int, width: int, seed: int) -> list[tuple[dict, View]]:
    """The rows of every pair in all forms, with its view, where the repaired and the sharp form hold."""
    rng = np.random.default_rng([seed, d, width])
    cube = low_rank_data(np.ones(d), d, 1, rng)
    teacher = random_teacher(cube, width, 2, rng, min_angle=0.1)
    instance = Instance(teacher, perturbed(teacher, MOVED, rng), cube.region(), cube.subspace())
    pairs: dict = {}
    result = check(instance, gap=0.1, statements=["theorem-2"])
    for v in result.verdicts:
        pairs.setdefault((v.teacher, v.observer), {})[v.form] = v
    seen = dict(views(result))
    kept = {pair: row for pair, row in pairs.items() if row[SHARP].verdict == HOLDS and row[REPAIRED].verdict == HOLDS}
    return [(row, seen[pair]) for pair, row in kept.items()]


def draw(by_dimension: Constants, by_width: Constants) -> Figure:
    """Two panels, constants by dimension and by width."""
    dense = np.linspace(by_dimension.x[0], by_dimension.x[-1], 60)
    nodes = np.array(by_width.x)
    laws = ((dense, 10 * np.sqrt(dense / (2 * np.pi)) * 2 * TEACHERS), (nodes, 10 * np.sqrt(2 / (2 * np.pi)) * nodes))
    with rc_context(STYLE):
        figure = Figure(figsize=(9.2, 3.9), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for axes, constants, law in zip(panels, (by_dimension, by_width), laws, strict=True):
            axes.grid(True)
            for form in FORMS[:2]:
                median_line(axes, constants.x, constants.ratios[form], form, COLOUR[form], STROKE[form], marker=".")
            median_line(axes, constants.x, constants.ratios[ALONE], ALONE, PURPLE, STEPS, marker=".")
            median_line(axes, constants.x, constants.ratios[SHARP], SHARP, COLOUR[SHARP], STROKE[SHARP], marker=".")
            axes.plot(*law, color=INK, linewidth=0.7, label="10 sqrt(d' / 2π) K")
            axes.set(yscale="log", xscale="log")
            axes.minorticks_off()
            axes.set(xticks=constants.x, xticklabels=constants.x)
        arrays = [v for constants in (by_dimension, by_width) for ratios in constants.ratios.values() for v in ratios]
        bands = [np.percentile(v, BAND) for v in arrays if len(v)]
        low, high = 0.9 * np.min(bands), 1.3 * max(law.max() for _, law in laws)
        for axes in panels:
            axes.set_ylim(low, high)
            multiples(axes.yaxis, low, high)
        panels[0].set(xlabel="d', dimension of U", ylabel="bound · |κ| r / ε", title=f"{TEACHERS} + {TEACHERS} nodes")
        panels[1].set(xlabel="K, nodes of both networks", title="d' = 2")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=5)
    return figure


def main(argv=None) -> Path:
    """Write how_much_sharper.png and print the medians."""
    out = directory(argv, __doc__, __file__)
    both = data()
    for name, constants in zip(("d'", "K"), both, strict=True):
        print(
            f"{name:>4} {'pairs':>6} " + " ".join(f"{form:>9}" for form in constants.ratios) + f" {'rep/sharp':>10}   medians"
        )
        for i, x in enumerate(constants.x):
            values = [ratios[i] for ratios in constants.ratios.values()]
            medians = [np.median(v) if len(v) else np.nan for v in values]
            ratio = np.median(values[1] / values[2])
            print(f"{x:4d} {len(values[2]):6d} " + " ".join(f"{m:9.3g}" for m in medians) + f" {ratio:10.3g}")
        print("methods of the sharp form:", ", ".join(f"{name} {n}" for name, n in constants.methods.most_common()))
    return saved(draw(*both), out / "how_much_sharper.png")


if __name__ == "__main__":
    main()
