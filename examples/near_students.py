"""Footnote 2: two student nodes, far from all others, both with strong fan-outs. They exist; they are near each other.

The student copies the teacher exactly and has two nodes more, relu(y) and relu(y cos d + x sin d) with fan-outs 1 and
-1; the sine to any other node is the dashed line of the left panel. All weights are rational; gradients and bounds are
certified.

Left, against the angle d between the two: the gradient that they cause (certified sup |g_1|) is about sin d: it vanishes
while both fan-outs stay 1. No bound of a fan-out by the gradient and by the angle to the *other* nodes alone can hold.
Corollary 1 counts the neighbour: its sharp bound is the fan-out itself, since in the largest ball around the crease the
gradient falls with sin d, |v| sin d <= C eps / r. The dotted line is what a bound that overlooks the neighbour would allow
(the sharp bound at a right angle, 4 eps / r with the radius of the check): it falls below the fan-out and is false.

Right: f - f* for a wide d: 0 below the two creases, the slope -x sin d above them. Strong fan-outs that point against
each other are harmless together: such a pair can be merged, not dropped one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from _script import directory, saved
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from twolayer import PRINTED, REPAIRED, SHARP, Box, Instance, TwoLayer, check
from twolayer.metrics import projected_sine
from twolayer.plotting import COLOUR, INK, MARK, STROKE, STYLE, decades

ALT = (
    "Two near students with opposite fan-outs hide each other: their fan-outs stay large as the angle between them "
    "closes, and the bound of Corollary 1' lies on them."
)
HALVINGS = 9  # of the angle between the two
F = Fraction
SQUARE = Box([F(-1), F(-1)], [F(1), F(1)])
TEACHER = TwoLayer(W=[[F(1), F(0)], [F(1), F(-1)]], b=[F(4), F(1, 2)], V=[[F(1), F(1)]])
PAIR, OBSERVER = 2, 0  # the first node of the pair, and a student that is active everywhere on the square
WIDE = F(1, 8)  # tan(d/2) of the right panel


@dataclass(frozen=True)
class Near:
    """One pair at angle d. epsilon (lower, upper) is certified; bounds of the first node's fan-out by form, None: none.

    far      smallest sine of the pair to any node outside it
    alone    4 eps / r: the sharp bound if the other one of the pair stood at a right angle
    """

    sine: float
    epsilon: tuple[float, float]
    fan_out: float
    far: float
    bounds: dict[str, float | None]
    alone: float


def student(half: Fraction) -> TwoLayer:
    """The teacher and a pair at angle d, tan(d/2) = half."""
    cos, sin = (1 - half**2) / (1 + half**2), 2 * half / (1 + half**2)
    W = [*TEACHER.W.tolist(), [F(0), F(1)], [sin, cos]]
    return TwoLayer(W, [*TEACHER.b, F(0), F(0)], [[*TEACHER.V[0], F(1), F(-1)]])


def data(halvings: int = HALVINGS) -> list[Near]:
    """Pairs with tan(d/2) = 1/2, 1/4, ..."""
    return [measured(F(1, 2**i)) for i in range(1, halvings + 1)]


def measured(half: Fraction) -> Near:
    """The check of one pair: bounds by whichever student sees it best, the gradient of the one that is active everywhere."""
    net = student(half)
    result = check(Instance(TEACHER, net, SQUARE, name=f"two near students, tan(d/2) = {half}"))
    rows = {v.form: v for v in result.verdicts if v.statement == "corollary-1" and v.student == PAIR}
    eps, setting = result.enclosures[OBSERVER], result.setting
    radius = setting.shapes.ball(setting.crease(setting.problem.student[PAIR]), setting.domains[OBSERVER]).radius
    W = net.floats().W
    far = projected_sine(W[PAIR:], np.concatenate([TEACHER.floats().W, W[:PAIR]])).min()
    return Near(
        float(projected_sine(W[3:], W[2:3])[0, 0]),
        (eps.lower, eps.upper),
        float(net.V[0, PAIR]),
        float(far),
        {form: row.bound for form, row in rows.items()},
        4 * eps.upper / radius,
    )


def draw(students: list[Near]) -> Figure:
    """Fan-out, gradient and bounds against the angle; the function of a pair."""
    with rc_context(STYLE):
        figure = Figure(figsize=(9.2, 3.9), layout="constrained")
        FigureCanvasAgg(figure)
        curves, plane = figure.subplots(1, 2)
        sines = [n.sine for n in students]
        curves.plot(sines, [n.fan_out for n in students], color=INK, linewidth=2, label="fan-out |v| of each")
        curves.plot(sines, [n.far for n in students], color=INK, linestyle="--", linewidth=1, label="sine to all other nodes")
        curves.plot(sines, [n.epsilon[1] for n in students], "D-", color="#cc79a7", markersize=4, label="certified sup |g₁|")
        curves.plot(sines, [n.alone for n in students], color=COLOUR[PRINTED], linestyle=":", label="4ε/r, neighbour ignored")
        for form in (REPAIRED, SHARP):
            bounded = [(n.sine, n.bounds[form]) for n in students if n.bounds.get(form) is not None]
            if bounded:
                curves.plot(
                    *zip(*bounded, strict=True),
                    color=COLOUR[form],
                    marker=MARK[form],
                    linestyle=STROKE[form],
                    label=f"{form} bound on |v|",
                )
        curves.grid(True)
        decades(curves, "x", min(sines), 1.0)
        decades(curves, "y", min(n.epsilon[1] for n in students), 1e4)  # room for the legend
        curves.set(xlabel="sine of the angle d between the two", title="strong fan-outs, gradient to zero")
        curves.legend(loc="upper left", fontsize=8, ncols=2)
        ticks = np.linspace(-1, 1, 201)
        grid = np.stack(np.meshgrid(ticks, ticks), axis=-1)
        wide = student(WIDE).floats()
        height = (wide(grid) - TEACHER.floats()(grid))[..., 0]
        top = np.abs(height).max()
        shade = plane.pcolormesh(ticks, ticks, height, cmap="RdBu_r", vmin=-top, vmax=top, shading="gouraud", rasterized=True)
        figure.colorbar(shade, ax=plane, label="f − f*", shrink=0.9)
        for w, b in zip(wide.W, wide.b, strict=True):
            foot = -b * w / (w @ w)
            plane.axline(foot, foot + np.array([-w[1], w[0]]), color=INK, linewidth=1)
        plane.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", xlabel="x", ylabel="y", title="the pair's function; creases")
    return figure


def main(argv=None) -> Path:
    """Write near_students.png and print a line a pair."""
    out = directory(argv, __doc__, __file__)
    students = data()
    for n in students:
        print(
            f"sin d = {n.sine:8.2e}  |v| = {n.fan_out:g}  eps in [{n.epsilon[0]:.6g}, {n.epsilon[1]:.6g}]  sine to others "
            f"{n.far:.3g}  bounds { ({form: None if b is None else float(f'{b:.4g}') for form, b in n.bounds.items()}) }  "
            f"4 eps/r = {n.alone:.3g}"
        )
    return saved(draw(students), out / "near_students.png")


if __name__ == "__main__":
    main()
