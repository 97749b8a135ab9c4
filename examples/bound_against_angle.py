"""Bound against measured angle along training: Theorem 2 as the certified gradient falls by twelve decades.

Both axes are logarithmic; training goes to the right. The x axis is the certified supremum of |g_1| over U ∩ R (an
upper bound, never a sampled one), so every student of the two runs (d' = 2 and d' = 3) is a legitimate instance of
the theorem. The black line is the sine of the angle between a teacher node and the nearest student, the others are
the bounds; lines are medians over the (teacher node, observer) pairs, bands go from the 10th to the 90th percentile.
The sharp form takes the gradient on one ball, modulo affine functions, and the best of many methods; the purple line is the
one theorem behind it, Theorem A, with the gradient of all of A_k.

To see: all bounds fall in proportion to the gradient, as does the angle, so the theorem has the right rate. A
theorem must stay above the black line; the vertical distance between them is what its constant gives away
(what_the_gap_is_made_of takes it apart), the distance from the purple line to the green one what the local form wins back. The
pairs are those for which all forms give a positive bound on the last student; where a form does not apply to an
earlier student, or gives 1 or more, it counts as 1. The wide orange band: the printed form divides the largest gradient
of all students by the fan-out of one, and an observer that follows no teacher loses its fan-out with the gradient
(Corollary 1), so that its bound does not fall. The repaired form speaks of the nearest other node of either
network, the other two of the nearest student.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _script import directory, saved
from _theorem_a import views
from matplotlib import rc_context
from matplotlib.figure import Figure

from twolayer import PRINTED, REPAIRED, SHARP, Check, check
from twolayer.plotting import (
    COLOUR,
    INK,
    STROKE,
    STYLE,
    bound_on_sine,
    decades,
    has_positive_bound,
    median_line,
    rows_by_pair,
    sine_to_student,
)
from twolayer.synthetic import Case, instances

ALT = (
    "Two log-log panels, d' = 2 and 3: the measured sine and the sharp, repaired and printed bounds and Theorem A fall in "
    "proportion to the certified gradient, over twelve decades; the sharp one is nearest."
)
FORMS = (PRINTED, REPAIRED, SHARP)
ALONE, PURPLE, STEPS = "Theorem A", "#cc79a7", (0, (5, 1, 1, 1))  # its name, colour and stroke
RUNS = (
    Case("along training", 2, 6, 4, 8, 2, 1, target=1e-12, options={"level_ratio": 100.0}),
    Case("along training", 3, 8, 4, 8, 2, 0, target=1e-12, options={"level_ratio": 100.0}),
)


@dataclass(frozen=True, eq=False)
class Run:
    """One training run: n students, most of their numbers over the pairs that all forms can judge in the end.

    gradient  (n,)          certified upper bounds of sup |g_1|
    sine      (n, pairs)    measured, to the nearest student
    bound     (n, pairs)    for each form and for Theorem A alone; 1 where it says nothing, NaN where a printed bound is not
                            positive (alpha < 0)
    """

    name: str
    gradient: np.ndarray
    sine: np.ndarray
    bound: dict[str, np.ndarray]


def data(cases=RUNS) -> list[Run]:
    """Every run trained, and every student on its way certified and judged."""
    return [_run(f"d' = {case.dimension}", [check(drawn.instance, gap=1e-2) for drawn in instances(case)]) for case in cases]


def _run(name: str, checks: list[Check]) -> Run:
    tables = [rows_by_pair(result.to_dict()) for result in checks]
    pairs = [pair for pair, row in tables[-1].items() if all(has_positive_bound(row.get(form)) for form in FORMS)]
    bound = {form: np.array([[bound_on_sine(table[pair].get(form)) for pair in pairs] for table in tables]) for form in FORMS}
    alone = [{pair: view.least(view.epsilon[1]) for pair, view in views(result)} for result in checks]
    return Run(
        f"{name}, {len(pairs)} pairs",
        np.array([result.gradient[1] for result in checks]),
        np.array([[sine_to_student(table[pair]) for pair in pairs] for table in tables]),
        {**bound, ALONE: np.array([[min(values.get(pair, 1.0), 1.0) for pair in pairs] for values in alone])},
    )


def draw(runs: list[Run]) -> Figure:
    """One panel a run."""
    with rc_context(STYLE):
        figure = Figure(figsize=(4.6 * len(runs), 3.9), layout="constrained")
        for axes, run in zip(figure.subplots(1, len(runs), squeeze=False)[0], runs, strict=True):
            axes.grid(True)
            axes.set_axisbelow(True)
            for form in FORMS[:2]:
                median_line(axes, run.gradient, run.bound[form], f"{form} bound", COLOUR[form], STROKE[form])
            median_line(axes, run.gradient, run.bound[ALONE], ALONE, PURPLE, STEPS)
            median_line(axes, run.gradient, run.bound[SHARP], "sharp bound", COLOUR[SHARP], STROKE[SHARP])
            median_line(axes, run.gradient, run.sine, "measured", INK, "solid", marker="o", markersize=3)
            decades(axes, "x", run.gradient.min() / 2, 1.0)
            decades(axes, "y", np.nanmin(run.sine) / 2, 1.0)
            axes.invert_xaxis()
            axes.set(xlabel="certified sup |g₁|, training goes right", ylabel="sine", title=run.name)
            axes.legend(loc="lower left")
    return figure


def main(argv=None) -> Path:
    """Write bound_against_angle.png and print the medians."""
    out = directory(argv, __doc__, __file__)
    runs = data()
    for run in runs:
        print(
            f"{run.name}: certified gradient, and medians of the sine and its bounds\n"
            f"{'gradient':>10} {'measured':>10} {'sharp':>10} {ALONE:>10} {'repaired':>10} {'printed':>10}"
        )
        shown = (run.sine, *(run.bound[form] for form in (SHARP, ALONE, REPAIRED, PRINTED)))
        medians = [np.nanmedian(values, axis=1) for values in shown]
        for row in zip(run.gradient, *medians, strict=True):
            print(" ".join(f"{x:10.2e}" for x in row))
    return saved(draw(runs), out / "bound_against_angle.png")


if __name__ == "__main__":
    main()
