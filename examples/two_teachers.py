"""Theorem 3: a student of one teacher also resembles every other teacher that agrees with it on the data.

A student is trained on a teacher in a plane U of R^6. Then a second teacher is made by moving every number of the first
one by `size` times a normal one, always in the same direction. The statements are about the second teacher, which
the student has never seen. Both axes are logarithmic.

x      certified e0 = sup over U ∩ R of the largest |f* - f*'|: how far apart the two teachers are on the data
black  sine from a node of the second teacher to the nearest student
lines  Theorem 3's bounds, with the certified gradient and the certified e0

To see: left, the student's certified gradient is 2.7e-5 (dotted line). As long as e0 is smaller, it is the student's own
error that counts, and the angle and its bounds stand still; beyond it they grow in proportion to e0. Right, the student
is trained on to 8e-12 and the straight part goes on. Lines are medians over (teacher node, observer) pairs, bands go
from the 10th to the 90th percentile; the pairs are those for which all forms give a bound at the smallest e0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from _script import directory, saved
from matplotlib import rc_context
from matplotlib.figure import Figure

from twolayer import PRINTED, REPAIRED, SHARP, Check, Instance, check
from twolayer.certify import certified_gradient
from twolayer.plotting import BAND, COLOUR, INK, STROKE, STYLE, decades, median_line
from twolayer.synthetic import Case, instances, perturbed

ALT = (
    "The sine of a second teacher's nodes to the student, and Theorem 3's bounds on it, against the size of the "
    "teachers' difference."
)
FORMS = (PRINTED, REPAIRED, SHARP)
CASE = Case("along training", 2, 6, 4, 8, 2, 0, target=1e-11, options={"level_ratio": 20.0})
TARGETS = (1e-4, 1e-11)  # certified gradients of the two students
SIZES = tuple(10.0 ** np.arange(-10, -1.5, 1.0))


@dataclass(frozen=True, eq=False)
class Student:
    """One student against all second teachers.

    gradient          certified sup |g_1|            excess  (n,)   certified upper bound of e0
    sine  (n, pairs)  to the nearest student         bound   (n, pairs) for each form, 1 where it says nothing
    """

    gradient: float
    excess: np.ndarray
    sine: np.ndarray
    bound: dict[str, np.ndarray]


def data(targets=TARGETS, sizes=SIZES) -> list[Student]:
    """The first students on one training run whose certified gradients are at most the targets."""
    checkpoints = [drawn.instance for drawn in instances(CASE)]
    gradients = [certified_gradient(instance)[1] for instance in checkpoints]
    chosen = [next(i for i, g in zip(checkpoints, gradients, strict=True) if g <= target) for target in targets]
    return [_student(instance, sizes) for instance in chosen]


def _student(instance: Instance, sizes) -> Student:
    moved = [replace(instance, second_teacher=perturbed(instance.teacher, size, np.random.default_rng(1))) for size in sizes]
    checks = [check(one, gap=1e-2) for one in moved]
    tables = [_rows(result) for result in checks]
    pairs = [pair for pair, row in tables[0].items() if all((row[form].bound or 0) > 0 for form in FORMS)]
    return Student(
        checks[0].gradient[1],
        np.array([result.second_setting.excess[1] for result in checks]),
        np.array([[table[pair][SHARP].measured for pair in pairs] for table in tables]),
        {form: np.array([[_said(table[pair][form].bound) for pair in pairs] for table in tables]) for form in FORMS},
    )


def _rows(result: Check) -> dict:
    """Theorem 3's rows: {(teacher, observer): {form: verdict}}."""
    rows: dict = {}
    for v in result.verdicts:
        if v.statement == "theorem-3":
            rows.setdefault((v.teacher, v.observer), {})[v.form] = v
    return rows


def _said(bound: float | None) -> float:
    return 1.0 if bound is None or bound <= 0 else min(bound, 1.0)


def draw(students: list[Student]) -> Figure:
    """One panel a student."""
    with rc_context(STYLE):
        figure = Figure(figsize=(4.6 * len(students), 3.9), layout="constrained")
        for axes, student in zip(figure.subplots(1, len(students), squeeze=False, sharey=True)[0], students, strict=True):
            axes.grid(True)
            for form in FORMS:
                median_line(axes, student.excess, student.bound[form], f"{form} bound", COLOUR[form], STROKE[form])
            median_line(axes, student.excess, student.sine, "measured", INK, "solid", marker="o", markersize=3)
            axes.axvline(student.gradient, color=INK, linewidth=0.8, linestyle=":")
            decades(axes, "x", student.excess.min() / 2, student.excess.max())
            decades(axes, "y", min(np.percentile(x.sine, BAND[0], axis=1).min() for x in students) / 2, 1.0)
            axes.set(
                xlabel="certified e0, how far the teachers differ on the data",
                title=f"certified sup |g₁| = {student.gradient:.1e}, {student.sine.shape[1]} pairs",
            )
        figure.axes[0].set(ylabel="sine, second teacher to student")
        figure.axes[-1].legend(loc="lower right")
    return figure


def main(argv=None) -> Path:
    """Write two_teachers.png and print the medians."""
    out = directory(argv, __doc__, __file__)
    students = data()
    for student in students:
        print(
            f"certified gradient {student.gradient:.2e}\n"
            f"{'e0':>10} {'measured':>10} {'sharp':>10} {'repaired':>10} {'printed':>10}"
        )
        medians = [np.median(x, axis=1) for x in (student.sine, *(student.bound[f] for f in (SHARP, REPAIRED, PRINTED)))]
        for row in zip(student.excess, *medians, strict=True):
            print(" ".join(f"{x:10.2e}" for x in row))
    return saved(draw(students), out / "two_teachers.png")


if __name__ == "__main__":
    main()
