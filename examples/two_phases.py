"""Appendix A.9's two phases along training: first a salient but biased explanation, then the real teacher.

The teacher has two nodes of fan-out 1/2, 56 degrees apart; one node half-way between them explains the data roughly: it
is a second teacher of Theorem 3, with e0 = sup |f* - f*'| > 0 but almost twice the fan-out. A student of six nodes starts
small and is trained by gradient descent on a grid of the square.

Left: sine to the best student, for the node half-way (salient, biased) and for the worse of the two real nodes. Phase 1:
students move to the node half-way, within a few dozen steps; phase 2: they leave it for the real nodes. Right: what
Theorem 3 has for each explanation, (eps_k + e0 |v_k|) / alpha_k, for an observer that is active on all of R: its |v_k|
cancels and leaves (sup |f* - f| + e0) / |v*'|, with e0 = 0 for the real teacher; suprema are certified, upper ends drawn.
The common geometric factor is left out, so only the order counts. While the error is large the salient explanation has
the smaller bound; at the dotted line, where the student arrives at it, the order turns, and its bound stays above
e0 / |v*'| for ever. The student follows with some delay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _script import directory, saved
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from twolayer import PRINTED, SHARP, Box, Instance, TwoLayer, excess
from twolayer.certify import certified_gradient
from twolayer.metrics import projected_sine
from twolayer.plotting import COLOUR, INK, MARK, STYLE, decades

ALT = (
    "Left, the sine to the salient half-way node falls first, then the sine to the real nodes; right, Theorem 3's two "
    "bounds change their order."
)
STEPS, MOMENTS, SEED = 30_000, 32, 0  # of gradient descent, and of them those that are shown
SQUARE = Box([-1, -1], [1, 1])
COS, SIN = 15 / 17, 8 / 17
REAL = TwoLayer(W=[[COS, SIN], [COS, -SIN]], b=[0, 0], V=[[0.5, 0.5]])
SALIENT = TwoLayer(W=[[1, 0]], b=[0], V=[[COS]])
WIDTH, RATE, START = 6, 0.5, 0.03  # nodes, learning rate, size of the initial weights and fan-outs


@dataclass(frozen=True)
class Moment:
    """The student after a number of steps. sines and bounds belong to (salient, real); epsilon (lower, upper): sup |g_1|.

    bounds   (sup |f* - f| + e0) / |v*'|, upper ends of certified enclosures
    """

    step: int
    loss: float
    epsilon: tuple[float, float]
    sines: tuple[float, float]
    bounds: tuple[float, float]


def data(steps: int = STEPS, moments: int = MOMENTS, seed: int = SEED) -> tuple[tuple[float, float], list[Moment]]:
    """e0 of the salient explanation (lower, upper), and the moments of one training run."""
    at = np.unique(np.geomspace(1, steps, moments).astype(int))
    bias = excess(Instance(REAL, REAL, SQUARE, second_teacher=SALIENT), gap=1e-9, deadline=None)
    return bias, [moment(step, loss, student, bias[1]) for step, loss, student in training(at, seed)]


def training(at: np.ndarray, seed: int) -> Iterator[tuple[int, float, TwoLayer]]:
    """Gradient descent on the mean squared error over a grid: (step, loss, student) at the given steps."""
    rng = np.random.default_rng(seed)
    ticks = np.linspace(-1, 1, 21)
    x = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    points, labels = np.hstack([x, np.ones((len(x), 1))]), REAL(x)[:, 0]
    P, v = START * rng.normal(size=(WIDTH, 3)), START * rng.normal(size=WIDTH)
    P[:, 2] = 0.0
    wanted = set(at.tolist())
    for step in range(1, int(at[-1]) + 1):
        z = points @ P.T
        residual = np.maximum(z, 0) @ v - labels
        to_v = np.maximum(z, 0).T @ residual
        to_P = ((z > 0) * residual[:, None] * v).T @ points
        P, v = P - RATE / len(x) * to_P, v - RATE / len(x) * to_v
        if step in wanted:
            yield step, float((residual**2).mean()), TwoLayer(P[:, :2], P[:, 2], v[None, :])


def moment(step: int, loss: float, student: TwoLayer, bias: float) -> Moment:
    """Certified gradient, angles, and the two quotients of Theorem 3."""
    epsilon = certified_gradient(Instance(REAL, student, SQUARE))
    error = excess(Instance(REAL, student, SQUARE, second_teacher=student), gap=1e-9, deadline=None)[1]
    salient, real = (float(projected_sine(student.W, net.W).min(axis=0).max()) for net in (SALIENT, REAL))
    bounds = (error + bias) / SALIENT.V[0].min(), error / REAL.V[0].min()
    return Moment(step, loss, epsilon, (salient, real), (float(bounds[0]), float(bounds[1])))


def turn(moments: list[Moment]) -> int:
    """The first step from which on the real teacher has the smaller bound."""
    last = max((i for i, m in enumerate(moments) if m.bounds[0] <= m.bounds[1]), default=-1)
    return moments[min(last + 1, len(moments) - 1)].step


def draw(phases: tuple[tuple[float, float], list[Moment]]) -> Figure:
    """Sines and bounds of both explanations along training."""
    bias, moments = phases
    steps = [m.step for m in moments]
    with rc_context(STYLE):
        figure = Figure(figsize=(9.2, 3.9), layout="constrained")
        FigureCanvasAgg(figure)
        angles, bounds = figure.subplots(1, 2)
        shown = (("half-way node (salient, biased)", PRINTED), ("real nodes (the worse one)", SHARP))
        for i, (label, form) in enumerate(shown):
            style = {"color": COLOUR[form], "marker": MARK[form], "markersize": 4}
            angles.plot(steps, [m.sines[i] for m in moments], label=label, **style)
            bounds.plot(steps, [m.bounds[i] for m in moments], label=label.split(" (")[0], **style)
        bounds.plot(steps, [m.epsilon[1] for m in moments], color=INK, linewidth=1, linestyle="--", label="certified sup |g₁|")
        bounds.axhline(bias[1] / SALIENT.V[0, 0], color=COLOUR[PRINTED], linewidth=0.9, linestyle=":")
        for axes in (angles, bounds):
            axes.axvline(turn(moments), color=INK, linewidth=0.9, linestyle=":")
            axes.grid(True)
            axes.set_xlabel("step of gradient descent")
            decades(axes, "x", 1.0, steps[-1])
        decades(angles, "y", min(min(m.sines) for m in moments), 1.0)
        decades(bounds, "y", min(m.epsilon[1] for m in moments), max(max(m.bounds) for m in moments))
        angles.set(ylabel="sine to the best student", title="phase 1: salient, phase 2: real")
        bounds.set(ylabel="(sup |f* − f| + e₀) / |v*|, certified", title="Theorem 3: the order turns")
        angles.legend(loc="upper right")
        bounds.legend(loc="upper right")
    return figure


def main(argv=None) -> Path:
    """Write two_phases.png and print a line a moment."""
    out = directory(argv, __doc__, __file__)
    bias, moments = phases = data()
    print(f"e0 of the salient explanation in [{bias[0]:.6g}, {bias[1]:.6g}]; the order turns at step {turn(moments)}")
    for m in moments:
        print(
            f"step {m.step:6d}  loss {m.loss:.1e}  sup|g_1| {m.epsilon[1]:.2e}  sine to salient {m.sines[0]:.3f}, real "
            f"{m.sines[1]:.3f}  bound for salient {m.bounds[0]:.2e}, real {m.bounds[1]:.2e}"
        )
    return saved(draw(phases), out / "two_phases.png")


if __name__ == "__main__":
    main()
