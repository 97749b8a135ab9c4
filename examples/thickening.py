"""Section 4.3 in two layers: noise or adversarial samples thicken the data region R, and off-plane angles close.

A student is trained on data that lie in a plane X of R^3, to a certified gradient below 1e-9: on X nothing is left to
learn, but its weights' parts off X are as initialised. It is then trained on, from where it stands, on thicker data
that carry the teacher's labels: samples with uniform noise off X, or samples and their oracle-adversarial examples (the
exact worst points of |f* - f| across X through them, found anew every round). R is the box that the data fill; training
stops as soon as the certified sup |g_1| on R is below 1e-3, so that all students are compared at one gradient.

Left: the largest sine, over teacher nodes, to the best student in the whole space, against the radius of the largest
ball in R (half its thickness). The natural student is on the left edge, at radius 0. With noise and with adversarial
samples the sine falls like eps / r, as Theorem 2 says; dashed: the largest of the sharp bounds. Right: certified
sup |g_1| on the thick box before and after: what the natural student gets wrong off X grows linearly with the thickness,
and training removes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from _script import directory, saved
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from oracle_adversarial import worst_point

from twolayer import NOT_APPLICABLE, PRINTED, REPAIRED, SHARP, Instance, TwoLayer, check, hidden_gradient
from twolayer.certify import certified_gradient
from twolayer.metrics import projected_sine
from twolayer.plotting import COLOUR, INK, MARK, STYLE, decades
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

ALT = "At one certified gradient the angle off the plane falls like eps/r as noise or adversarial samples thicken the region."
THICKNESSES, SEED = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 1.0), 2
NATURAL, EPSILON = 1e-9, 1e-3  # certified gradients: on the plane at first, on the thick box in the end
GENTLE = 3.0  # the loss falls by at most this factor a step, so that training stops near EPSILON
STEPS, FITTED = 200, 1e-12  # of descent; a loss at which all samples are fitted
ROUNDS, ATTACKED = 2, 40  # of attacks; samples attacked in a round
PROBES = 4000  # random points of the box that say cheaply where a certification would be in vain


@dataclass(frozen=True, eq=False)
class Thickened:
    """A student trained on thick data.

    kind             "noise" or "adversarial";  thickness: largest distance of the data from X, the radius of R
    before, after    (lower, upper) of sup |g_1| over R for the natural student and for this one
    sines (J,)       of each teacher node to its best student, in the whole space;  in_plane (J,): on X
    bound            largest sharp bound of Theorem 2 over teacher nodes, each at its best observer; 1: it says nothing
    """

    kind: str
    thickness: float
    before: tuple[float, float]
    after: tuple[float, float]
    sines: np.ndarray
    in_plane: np.ndarray
    bound: float


def data(thicknesses=THICKNESSES, seed: int = SEED) -> tuple[np.ndarray, list[Thickened]]:
    """The natural student's sines in the whole space, and the students trained on from it."""
    rng = np.random.default_rng(seed)
    flat = low_rank_data(box_spectrum(3, 2), 2, 500, rng)
    teacher = random_teacher(flat, 4, 2, rng, min_angle=0.3, off_plane=0.25)
    natural = counterexample_guided(
        teacher,
        flat.samples,
        6,
        rng,
        oracle(flat, teacher, NATURAL),
        NATURAL,
        subspace=flat.subspace(),
        recipe=Recipe(off_plane=0.75),
    ).trained.student
    thickened = []
    for t in thicknesses:
        noise = rng.uniform(-t, t, size=(len(flat.samples), 1)) * flat.basis[2]
        student = trained_on(teacher, natural, flat.samples + noise, flat, t)
        thickened.append(measured("noise", teacher, natural, student, flat, t))
        student, samples = natural, flat.samples
        for _ in range(ROUNDS):
            near = flat.samples[rng.integers(len(flat.samples), size=ATTACKED)]
            samples = np.vstack([samples, [worst_point(teacher, student, x, flat.basis[2:], t)[1] for x in near]])
            student = trained_on(teacher, student, samples, flat, t)
        thickened.append(measured("adversarial", teacher, natural, student, flat, t))
    return projected_sine(natural.W, teacher.W).min(axis=0), thickened


def trained_on(teacher: TwoLayer, student: TwoLayer, samples: np.ndarray, flat: LowRankData, t: float) -> TwoLayer:
    """Trains on until the certified gradient on the thick box is below EPSILON, or the samples are fitted."""
    points = np.hstack([samples, np.ones((len(samples), 1))])
    weights = np.hstack([student.W, student.b[:, None]])
    spread = np.random.default_rng(0).uniform(-1, 1, size=(PROBES, flat.ambient)) * [*flat.half_widths[: flat.rank], t]
    probes = flat.mean + spread @ flat.basis
    for now in descent(points, teacher(samples), weights, student.V, steps=STEPS, gentle=GENTLE):
        student = TwoLayer(now.P[:, :-1], now.P[:, -1], now.V)
        seen = np.abs(hidden_gradient(teacher, student, probes)).max()  # a lower bound: no need to certify above EPSILON
        if now.loss <= FITTED or (seen <= EPSILON and gradient(teacher, student, flat, t)[1] <= EPSILON):
            break
    return student


def thick(teacher: TwoLayer, student: TwoLayer, flat: LowRankData, t: float) -> Instance:
    """The instance on the data's box, thickened to half-width t off X, and the whole space."""
    half = np.where(np.arange(flat.ambient) < flat.rank, flat.half_widths, t)
    return Instance(teacher, student, replace(flat, half_widths=half).region())


def gradient(teacher: TwoLayer, student: TwoLayer, flat: LowRankData, t: float) -> tuple[float, float]:
    """(lower, upper) of sup |g_1| over the thick box."""
    return certified_gradient(thick(teacher, student, flat, t))


def measured(kind, teacher, natural, student, flat, t) -> Thickened:
    """A student's certified gradient, angles, and sharp bound on the thick box."""
    result = check(thick(teacher, student, flat, t))
    bounds = np.ones(teacher.width)
    for v in result.verdicts:
        if (v.statement, v.form) == ("theorem-2", SHARP) and v.verdict != NOT_APPLICABLE and v.bound is not None:
            bounds[v.teacher] = min(bounds[v.teacher], v.bound)
    sines = [projected_sine(student.W, teacher.W, plane).min(axis=0) for plane in (None, flat.basis[: flat.rank])]
    return Thickened(kind, t, gradient(teacher, natural, flat, t), result.gradient, *sines, float(bounds.max()))


def draw(sines_and_students: tuple[np.ndarray, list[Thickened]]) -> Figure:
    """Sines and bounds against the radius, gradients before and after."""
    natural, students = sines_and_students
    with rc_context(STYLE):
        figure = Figure(figsize=(9.2, 3.9), layout="constrained")
        FigureCanvasAgg(figure)
        angles, gradients = figure.subplots(1, 2)
        radii = sorted({s.thickness for s in students})
        angles.plot(
            [radii[0] / 2], [natural.max()], "*", color=INK, markersize=11, clip_on=False, zorder=4, label="natural (radius 0)"
        )
        for kind, form in (("noise", REPAIRED), ("adversarial", PRINTED)):
            mine = [s for s in students if s.kind == kind]
            style = {"color": COLOUR[form], "marker": MARK[form]}
            angles.plot(radii, [s.sines.max() for s in mine], label=kind, **style)
            angles.plot(
                radii, [s.bound for s in mine], color=COLOUR[form], linestyle="--", linewidth=1, label=f"{kind}: sharp bound"
            )
            gradients.plot(radii, [s.after[1] for s in mine], label=f"after {kind}", **style)
        gradients.plot(radii, [s.before[1] for s in students if s.kind == "noise"], "*-", color=INK, label="natural student")
        for axes in (angles, gradients):
            axes.grid(True)
            decades(axes, "x", radii[0] / 1.5, radii[-1])
            axes.set_xlabel("radius of R = thickness of the data off X")
        decades(angles, "y", min(s.sines.max() for s in students), 1.0)
        decades(gradients, "y", min(s.after[1] for s in students), max(s.before[1] for s in students))
        angles.set(ylabel="largest sine to the best student", title="angle in the whole space")
        gradients.set(ylabel="certified sup |g₁| on R", title="gradient before and after")
        angles.legend(loc="lower left")
        gradients.legend(loc="upper left")
    return figure


def main(argv=None) -> Path:
    """Write thickening.png and print a line a student."""
    out = directory(argv, __doc__, __file__)
    sines_and_students = data()
    print(f"natural student: sines in the whole space {np.round(sines_and_students[0], 3)}")
    for s in sines_and_students[1]:
        print(
            f"{s.kind:12} t = {s.thickness:7.1e}  sup|g_1| {s.before[1]:.2e} -> {s.after[1]:.2e}  largest sine "
            f"{s.sines.max():.2e} (on X {s.in_plane.max():.1e}), sharp bound {s.bound:.2e}"
        )
    return saved(draw(sines_and_students), out / "thickening.png")


if __name__ == "__main__":
    main()
