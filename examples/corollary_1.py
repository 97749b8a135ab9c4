"""Corollary 1: a student node far from every other node has a small fan-out, and how small.

The square [-1, 1]^2, a teacher of three nodes with C = 2 outputs, and six students: three start on the teacher, two are
active everywhere, and the sixth crosses teacher 0's boundary at an angle and starts with half of teacher 0's fan-out. The
boundaries of the first three and all fan-outs are trained until the certified gradient is at most the number above each
panel. Both axes are logarithmic.

x     sine of the smallest angle from the sixth node to any other node of either network
dots  its fan-out norm |v|_2 after training
lines the bounds of Corollary 1, computed with the certified gradient

To see: while the angle is so small that the gradient does not notice, the node keeps its fan-out (left, up to 0.02). From
there on it has to fall like gradient / sine, which is the slope of the bound, and the sharp bound is larger only by
factors of 1 to 2. The printed and the repaired form are about a hundred times larger, the latter with a bump where only
the two students with tiny fan-outs observe the boundary thickly enough; both stop where their hypotheses fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _script import directory, saved
from matplotlib import rc_context
from matplotlib.figure import Figure

from twolayer import PRINTED, REPAIRED, SHARP, Box, Check, Instance, TwoLayer, check
from twolayer.certify import certified_gradient
from twolayer.metrics import projected_sine
from twolayer.plotting import COLOUR, INK, STROKE, STYLE, decades, power
from twolayer.synthetic import descent

ALT = (
    "A fan-out and its bounds against the sine to the nearest node, at three certified gradients: both fall like "
    "gradient over sine; the sharp bound is 1 to 2 times the fan-out."
)
REGION = Box([-1, -1], [1, 1])
TEACHER = TwoLayer(W=[[0, 1], [1, 0.5], [-1, 0.75]], b=[-0.125, 0.25, 0.1875], V=[[1, -0.5, 0.75], [0.5, 1, -0.75]])
EVERYWHERE = TwoLayer(W=[[0.3, 0.2], [-0.3, 0.1]], b=[1.5, 1.5], V=[[0.1, -0.05], [0.05, 0.1]])  # active on all of R
CROSSING = np.array([0.3, 0.125])  # the sixth node's boundary meets teacher 0's here
SIXTH, SAMPLES, STEPS = 3, 600, 250
LEVELS = (1e-2, 1e-4, 1e-6)
SINES = tuple(10.0 ** np.arange(-2.75, -0.49, 0.25))  # beyond, another node is nearer than teacher 0
FORMS = (PRINTED, REPAIRED, SHARP)


@dataclass(frozen=True, eq=False)
class Level:
    """Students whose certified gradient is at most `target`, one for every angle at which training got there.

    sine  (n,)   from the sixth node to the nearest other node     norm  (n,)   its fan-out norm
    bound (n,)   for each form; NaN where it does not apply       tried        how many angles there were
    """

    target: float
    gradient: np.ndarray
    sine: np.ndarray
    norm: np.ndarray
    bound: dict[str, np.ndarray]
    tried: int


def data(levels=LEVELS, sines=SINES) -> list[Level]:
    """Train one student for every level and angle, and judge Corollary 1 for its sixth node."""
    return [_level(target, [_trained(s, target) for s in sines]) for target in levels]


def _trained(sine: float, target: float) -> Check | None:
    """The first student on its way whose certified gradient is at most target; None if training does not get there."""
    w = np.array([sine, np.sqrt(1 - sine**2)])
    W = np.vstack([TEACHER.W, w, EVERYWHERE.W])
    b = np.concatenate([TEACHER.b, [-w @ CROSSING], EVERYWHERE.b])
    V = np.hstack([TEACHER.V, TEACHER.V[:, :1] / 2, EVERYWHERE.V])
    V[:, 0] /= 2
    x = np.random.default_rng(0).uniform(-1, 1, size=(SAMPLES, 2))
    points, fixed = np.hstack([x, np.ones((SAMPLES, 1))]), np.arange(len(W)) >= SIXTH
    for step in descent(points, TEACHER(x), np.hstack([W, b[:, None]]), V, steps=STEPS, fixed=fixed, gentle=4.0):
        if step.loss > (10 * target) ** 2:
            continue  # too far to be worth a certificate
        instance = Instance(TEACHER, TwoLayer(step.P[:, :2], step.P[:, 2], step.V), REGION, name=f"sine {sine:g}")
        if certified_gradient(instance)[1] <= target:
            return check(instance)
    return None


def _level(target: float, tried: list[Check | None]) -> Level:
    results = [result for result in tried if result is not None]
    rows = [{v.form: v for v in r.verdicts if v.statement == "corollary-1" and v.student == SIXTH} for r in results]
    bounds = {form: np.array([np.nan if row[form].bound is None else row[form].bound for row in rows]) for form in FORMS}
    return Level(
        target,
        np.array([r.gradient[1] for r in results]),
        np.array([_nearest(r.instance) for r in results]),
        np.array([np.linalg.norm(r.instance.student.V[:, SIXTH]) for r in results]),
        bounds,
        len(tried),
    )


def _nearest(instance: Instance) -> float:
    """Sine of the smallest angle from the sixth student to any other node."""
    W = instance.student.W
    others = np.vstack([instance.teacher.W, np.delete(W, SIXTH, axis=0)])
    return float(projected_sine(others, W[[SIXTH]]).min())


def draw(levels: list[Level]) -> Figure:
    """One panel a level."""
    with rc_context(STYLE):
        figure = Figure(figsize=(4.2 * len(levels), 3.9), layout="constrained")
        for axes, level in zip(figure.subplots(1, len(levels), squeeze=False, sharey=True)[0], levels, strict=True):
            axes.grid(True)
            for form in FORMS:
                axes.plot(level.sine, level.bound[form], color=COLOUR[form], linestyle=STROKE[form], label=f"{form} bound")
            axes.plot(level.sine, level.norm, "o", color=INK, markersize=4, label="measured")
            decades(axes, "x", min(level.sine.min() for level in levels), 1.0)
            decades(axes, "y", min(level.norm.min() for level in levels) / 2, max(np.nanmax(x.bound[REPAIRED]) for x in levels))
            target = power(round(np.log10(level.target)))
            axes.set(xlabel="sine to the nearest other node", title=f"certified sup |g₁| ≤ {target}")
        figure.axes[0].set(ylabel="fan-out norm |v|₂")
        figure.axes[0].legend(loc="lower left")
    return figure


def main(argv=None) -> Path:
    """Write corollary_1.png and print the numbers."""
    out = directory(argv, __doc__, __file__)
    levels = data()
    print(f"{'gradient':>10} {'sine':>10} {'norm':>10} {'sharp':>10} {'repaired':>10} {'printed':>10}")
    for level in levels:
        for row in zip(level.gradient, level.sine, level.norm, *(level.bound[form] for form in FORMS[::-1]), strict=True):
            print(" ".join(f"{x:10.2e}" for x in row))
        print(f"{level.tried - len(level.sine)} of {level.tried} runs did not get below {level.target:g}")
    return saved(draw(levels), out / "corollary_1.png")


if __name__ == "__main__":
    main()
