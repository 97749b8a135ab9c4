"""Figure 1 (b, c1, c2) of the paper: what thin directions of the data do to radius and angle.

The data fill a box in R^5: half-width 1 along a plane X of dimension 2, half-width s (x axis, shrinking to the right)
along the three directions U2 orthogonal to X. Students start specialised in X with random weights along U2, and are
trained on all five directions until the root mean square error is 1e-4: the same error for every s.

(b)   The radius of the largest disc in U ∩ R on a teacher's boundary, certified from below. For U = X it does not
      notice s; for U = U2 (through a point of X on the teacher's boundary) it falls linearly with s.
(c1)  U = X. The sine from each teacher node to the nearest student stays small for every s, and so does the sharp
      bound, computed with the certified gradient on X ∩ R.
(c2)  U = U2. The sine grows as s shrinks, like error / s, until it is what initialisation left: the student that follows
      the teacher in X (circles) does not know the teacher's weights off X. The sharp bound grows with it, because the
      radius is in its denominator, and says nothing (1) about most nodes from s = 1e-3 on.

Dots are teacher nodes, lines medians over them. Behind it: Theorem 2 and the remarks after it in Section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _script import directory, saved
from matplotlib import rc_context
from matplotlib.figure import Figure

from twolayer import SHARP, Check, Instance, Subspace, TwoLayer, check
from twolayer.metrics import projected_sine
from twolayer.plotting import COLOUR, INK, STYLE, decades
from twolayer.synthetic import (
    LowRankData,
    Recipe,
    box_spectrum,
    counterexample_guided,
    descent,
    low_rank_data,
    oracle,
    random_teacher,
)

ALT = (
    "As the directions off the data plane shrink, the inscribed radius off the plane falls linearly; the angle in the "
    "plane stays small and the angle off it opens."
)
SEEDS = (1, 2)
AMBIENT, RANK, TEACHERS, STUDENTS, OUTPUTS, SAMPLES = 5, 2, 3, 6, 2, 800
THICKNESSES = tuple(10.0 ** -np.arange(0, 4.1, 0.5))
ERROR = 1e-4  # root mean square error on the samples at which training stops
OFF_PLANE = 0.7  # norm of the weights along U2, of the teacher and of a new student


@dataclass(frozen=True, eq=False)
class Side:
    """One subspace: a row for every thickness, a column for every teacher node.

    thickness  (n,)
    radius   of the largest (d'-1)-ball in U ∩ R on the teacher's boundary, a certified lower bound
    nearest  sine to the nearest student on U           partner  sine on U to the student that is nearest in X
    bound    the best sharp bound over all observers, at the certified gradient; 1 where nothing is said
    """

    thickness: np.ndarray
    radius: np.ndarray
    nearest: np.ndarray
    partner: np.ndarray
    bound: np.ndarray


def data(thicknesses=THICKNESSES, seeds=SEEDS) -> dict[str, Side]:
    """Both subspaces, {"X": ..., "U2": ...}, with the teacher nodes of all seeds side by side."""
    rows: dict[str, list] = {"X": [], "U2": []}
    for s in thicknesses:
        numbers: dict[str, list] = {"X": [], "U2": []}
        for seed in seeds:
            box, teacher, start = _drawn(seed, s)
            student = _trained(box, teacher, start)
            partners = projected_sine(student.W, teacher.W, box.basis[:RANK]).argmin(axis=0)
            on_plane = check(Instance(teacher, student, box.region(), box.subspace()), gap=1e-2)
            for j in range(TEACHERS):
                across = Subspace(box.basis[RANK:], _on_boundary(box, teacher, j))
                off_plane = check(Instance(teacher, student, box.region(), across), gap=1e-2)
                numbers["X"].append(_numbers(on_plane, j, partners[j], box.basis[:RANK]))
                numbers["U2"].append(_numbers(off_plane, j, partners[j], box.basis[RANK:]))
        for name, columns in numbers.items():
            rows[name].append(np.array(columns).T)
    return {name: Side(np.array(thicknesses), *np.array(values).transpose(1, 0, 2)) for name, values in rows.items()}


def _drawn(seed: int, s: float) -> tuple[LowRankData, TwoLayer, TwoLayer]:
    """Data of thickness s, a teacher, and a student trained in X alone; only the data depend on s."""
    rng = np.random.default_rng(seed)
    box = low_rank_data(box_spectrum(AMBIENT, RANK, thickness=s), RANK, SAMPLES, rng)
    teacher = random_teacher(box, TEACHERS, OUTPUTS, rng, min_angle=0.4, depth=0.5, off_plane=OFF_PLANE)
    recipe = Recipe(target=ERROR**2 / 10, level_ratio=10.0, off_plane=OFF_PLANE)
    guided = counterexample_guided(
        teacher,
        box.samples,
        STUDENTS,
        rng,
        oracle(box, teacher, 10 * ERROR),
        10 * ERROR,
        subspace=box.subspace(),
        recipe=recipe,
    )
    return box, teacher, guided.trained.student


def _trained(box: LowRankData, teacher: TwoLayer, start: TwoLayer) -> TwoLayer:
    """The student trained on, all five directions and their true thickness included."""
    points = np.hstack([(box.samples - box.mean) @ box.basis.T, np.ones((SAMPLES, 1))])
    P = np.hstack([start.W @ box.basis.T, (start.W @ box.mean + start.b)[:, None]])
    for step in descent(points, teacher(box.samples), P, start.V, steps=200, gentle=10.0):
        if step.loss <= ERROR**2:
            break
    W = step.P[:, :-1] @ box.basis
    return TwoLayer(W, step.P[:, -1] - W @ box.mean, step.V)


def _on_boundary(box: LowRankData, teacher: TwoLayer, j: int) -> np.ndarray:
    """The point of X on the boundary of teacher node j that is nearest to the centre of the data."""
    p = box.basis[:RANK] @ teacher.W[j]
    return box.points(-(teacher.W[j] @ box.mean + teacher.b[j]) / (p @ p) * p)


def _numbers(result: Check, j: int, partner: int, basis: np.ndarray) -> tuple[float, float, float, float]:
    """Radius, nearest sine, the partner's sine and the sharp bound for teacher node j."""
    sines = projected_sine(result.instance.student.W, result.instance.teacher.W[[j]], basis)[:, 0]
    setting = result.setting
    radius = float(setting.shapes.disc(setting.crease(result.problem.teacher[j]))[0])
    bounds = [
        v.bound for v in result.verdicts if (v.statement, v.form, v.teacher) == ("theorem-2", SHARP, j) and v.bound is not None
    ]
    return radius, float(sines.min()), float(sines[partner]), min([*bounds, 1.0])


def draw(sides: dict[str, Side]) -> Figure:
    """Panels (b), (c1), (c2)."""
    thicknesses = sides["X"].thickness
    with rc_context(STYLE):
        figure = Figure(figsize=(12.6, 3.9), layout="constrained")
        radius, *sines = figure.subplots(1, 3)
        for name, colour in (("X", COLOUR["repaired"]), ("U2", COLOUR["printed"])):
            _dots(radius, thicknesses, sides[name].radius, colour, f"U = {name}")
        decades(radius, "y", min(thicknesses), 1.0)
        radius.set(title="(b) radius of the largest disc on the boundary", ylabel="certified radius")
        for axes, (name, title) in zip(sines, (("X", "(c1) U = X"), ("U2", "(c2) U = U2, orthogonal to X")), strict=True):
            side = sides[name]
            axes.plot(thicknesses, side.partner, "o", color="#8a8a94", mfc="none", markersize=6)
            _dots(axes, thicknesses, side.nearest, INK, "nearest student")
            _dots(axes, thicknesses, side.bound, COLOUR[SHARP], "sharp bound")
            axes.plot([], [], "o", color="#8a8a94", mfc="none", label="the student nearest in X")
            decades(axes, "y", min(x.nearest.min() for x in sides.values()) / 2, 1.0)
            axes.set(title=title, ylabel="sine of the projected angle")
        for axes in (radius, *sines):
            axes.grid(True)
            decades(axes, "x", min(thicknesses), 1.0)
            axes.invert_xaxis()
            axes.set(xlabel="thickness s of the directions off X")
        radius.legend(loc="lower left")
        sines[0].legend(loc="upper center")
    return figure


def _dots(axes, x, values: np.ndarray, colour: str, label: str) -> None:
    axes.plot(x, np.median(values, axis=1), "-", color=colour, label=label)
    axes.plot(x, values, ".", color=colour, markersize=5)


def main(argv=None) -> Path:
    """Write figure_1.png and print medians over the teacher nodes."""
    out = directory(argv, __doc__, __file__)
    sides = data()
    for name, side in sides.items():
        print(f"U = {name}\n{'thickness':>10} {'radius':>10} {'nearest':>10} {'partner':>10} {'sharp':>10}")
        for row in zip(
            side.thickness, *(np.median(x, axis=1) for x in (side.radius, side.nearest, side.partner, side.bound)), strict=True
        ):
            print(" ".join(f"{x:10.3g}" for x in row))
    return saved(draw(sides), out / "figure_1.png")


if __name__ == "__main__":
    main()
