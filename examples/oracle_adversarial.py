"""Oracle-adversarial examples found exactly: the worst point of |f* - f| in a ball around data, in X and off X.

A ball is a cube of half-width 0.1 around a data point, in the data plane X or in its orthogonal complement; the
supremum of |f* - f| over it is certified (its upper end is drawn), with the exact point at which it is attained. The
students come from one training run, kept at falling losses, and each is given off-plane parts of five sizes: training on
X never sees them. eps_in, eps_out and the correlation NC are the ones that the CIFAR-10 experiments measure.

Left: the in-plane worst case follows eps_in until eps_in meets a floor that grows with the off-plane part: weights are
normalised in the whole space, so eps_in is not blind to what happens off X (the dotted line is that floor). Middle: the
out-plane worst case follows eps_out once the loss is small (points of one colour sink onto a line). Right: 1 - NC on the
data follows the in-plane worst case (filled) over many decades and says nothing about the out-plane one (hollow): the
activation-check needs data off X.

Source: Equation (3), Sections 4.1, 4.2 and 5.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _script import directory, saved
from matplotlib import colormaps, rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from twolayer import Box, Subspace, TwoLayer, exact, frame, restrict
from twolayer.certify import Domain, RidgeSum, supremum
from twolayer.metrics import correlation, eps_curve, eps_in, eps_out, mean_best_correlation
from twolayer.plotting import STYLE, decades
from twolayer.synthetic import LowRankData, Recipe, box_spectrum, geometric, low_rank_data, random_teacher, train

ALT = "The worst in-plane points follow eps_in and the node correlation, the worst off-plane points eps_out."
LEVELS, BALLS, SEED = 7, 8, 1  # gradients on the way down; balls around samples
SIZES = (0.001, 0.01, 0.1, 0.3, 1.0)  # of the student's weights off X
RADIUS = 0.1  # half-width of a ball; the data fill [-1, 1]^2 in X


@dataclass(frozen=True)
class Measured:
    """One student: means over teacher nodes (eps_in, eps_out, 1 - NC), certified means over balls (the two worst).

    size is the norm of the off-plane part of its weights, beside in-plane parts of norm 1.
    """

    size: float
    loss: float
    eps_in: float
    eps_out: float
    decorrelation: float
    in_plane: tuple[float, float]
    out_plane: tuple[float, float]


def data(levels: int = LEVELS, sizes=SIZES, balls: int = BALLS, seed: int = SEED) -> list[Measured]:
    """Students along one run with off-plane parts of several sizes, each attacked around the same data points."""
    rng = np.random.default_rng(seed)
    flat = low_rank_data(box_spectrum(5, 2), 2, 500, rng)
    teacher = random_teacher(flat, 4, 2, rng, fan_out=geometric(4, 0.9), min_angle=0.3)
    recipe = Recipe(target=1e-14, level_ratio=10.0, off_plane=1.0)
    run = train(teacher, flat.samples, 8, rng, subspace=flat.subspace(), recipe=recipe)
    chosen = np.linspace(0, len(run.checkpoints) - 1, levels).round().astype(int)
    centres = flat.samples[-balls:]
    moments = []
    for i in chosen:
        for size in sizes:
            student = with_off_plane(run.checkpoints[i].student, flat, size)
            moments.append(measure(teacher, student, flat, centres, size, run.checkpoints[i].loss))
    return moments


def with_off_plane(student: TwoLayer, flat: LowRankData, size: float) -> TwoLayer:
    """The student with the off-plane part of its weights multiplied by size: the same function on X."""
    plane = flat.basis[: flat.rank]
    off = student.W - student.W @ plane.T @ plane
    return TwoLayer(student.W - (1 - size) * off, student.b + (1 - size) * off @ flat.mean, student.V)


def measure(teacher: TwoLayer, student: TwoLayer, flat: LowRankData, centres, size: float, loss: float) -> Measured:
    """The metrics of a student on the data, and its worst cases around the centres."""
    plane = flat.basis[: flat.rank]
    rho = correlation(student.activations(flat.samples), teacher.activations(flat.samples))
    worst = {}
    for name, basis in (("in", plane), ("out", flat.basis[flat.rank :])):
        ends = [worst_point(teacher, student, x, basis, RADIUS)[0] for x in centres]
        worst[name] = tuple(float(m) for m in np.mean(ends, axis=0))
    return Measured(
        size,
        loss,
        float(eps_curve(eps_in(student.W, teacher.W, plane), rho).mean()),
        float(eps_curve(eps_out(student.W, teacher.W, plane), rho).mean()),
        1 - mean_best_correlation(rho),
        worst["in"],
        worst["out"],
    )


def worst_point(
    teacher: TwoLayer, student: TwoLayer, x: np.ndarray, basis: np.ndarray, radius: float
) -> tuple[tuple[float, float], np.ndarray]:
    """The oracle-adversarial example of a point: sup of max_c |f*_c - f_c| over {x + z basis : |z|_inf <= radius}.

    basis (m, d) orthonormal rows.   -> (lower, upper) certified, and the point (d,) where lower is attained
    """
    around = frame(Subspace(basis, x))
    cube = Box(np.full(len(basis), -radius), np.full(len(basis), radius))
    lower, upper = (exact.rationals(np.full(len(basis), end)) for end in (-radius, radius))
    ball = Domain(exact.rationals(cube.A), exact.rationals(cube.c), lower, upper, (lower + upper) / 2)
    nodes = [restrict(network, around) for network in (teacher, student)]
    P, beta = (np.concatenate(parts) for parts in zip(*nodes, strict=True))
    V = np.concatenate([exact.rationals(teacher.V), -exact.rationals(student.V)], axis=1)
    suprema = []
    for c in V:
        h = RidgeSum(P, beta, c, exact.zeros(len(basis)), exact.ZERO)
        suprema.append(supremum(h, ball))
    worst = max(suprema, key=lambda e: e.lower)
    z = exact.zeros(len(basis)) if worst.witness is None else worst.witness
    return (worst.lower, max(e.upper for e in suprema)), exact.nearest(around.point(z))


def draw(moments: list[Measured]) -> Figure:
    """Worst cases against eps_in, eps_out and 1 - NC; colour is the off-plane size."""
    sizes = sorted({m.size for m in moments})
    colours = dict(zip(sizes, colormaps["viridis"](np.linspace(0, 0.9, len(sizes))), strict=True))
    with rc_context(STYLE):
        figure = Figure(figsize=(11, 3.9), layout="constrained")
        FigureCanvasAgg(figure)
        inside, outside, activations = figure.subplots(1, 3)
        for size in sizes:
            mine = [m for m in moments if m.size == size]
            label, colour = f"{size:g}", colours[size]
            floor = 1 - 1 / np.sqrt(1 + size**2)
            inside.axvline(floor, color=colour, linestyle=":", linewidth=1)
            inside.plot([m.eps_in for m in mine], [m.in_plane[1] for m in mine], "o-", color=colour, label=label)
            outside.plot([m.eps_out for m in mine], [m.out_plane[1] for m in mine], "D", color=colour, markersize=5)
            activations.plot([m.decorrelation for m in mine], [m.in_plane[1] for m in mine], "o", color=colour)
            activations.plot(
                [m.decorrelation for m in mine],
                [m.out_plane[1] for m in mine],
                "D",
                color=colour,
                fillstyle="none",
                markersize=5,
            )
        worst = [m.in_plane[1] for m in moments], [m.out_plane[1] for m in moments]
        scales = [
            (inside, [m.eps_in for m in moments], worst[0]),
            (outside, [m.eps_out for m in moments], worst[1]),
            (activations, [max(m.decorrelation, 1e-16) for m in moments], worst[0] + worst[1]),
        ]
        for axes, x, y in scales:
            axes.grid(True)
            decades(axes, "x", min(x), max(x))
            decades(axes, "y", min(y), max(y))
        inside.set(xlabel="mean ε_in", ylabel="certified worst |f* − f|", title="in-plane attack")
        outside.set(xlabel="mean ε_out", title="out-plane attack")
        activations.set(xlabel="1 − mean NC on the data", title="filled: in-plane, hollow: out-plane")
        inside.legend(title="off-plane part", loc="upper left")
    return figure


def main(argv=None) -> Path:
    """Write oracle_adversarial.png and print a line a student."""
    out = directory(argv, __doc__, __file__)
    moments = data()
    print(f"{'off-plane':>9} {'loss':>9} {'eps_in':>9} {'eps_out':>9} {'1 - NC':>9} {'in-plane':>10} {'out-plane':>10}")
    for m in moments:
        print(
            f"{m.size:9g} {m.loss:9.2e} {m.eps_in:9.2e} {m.eps_out:9.2e} {m.decorrelation:9.2e} {m.in_plane[1]:10.3e} "
            f"{m.out_plane[1]:10.3e}"
        )
    return saved(draw(moments), out / "oracle_adversarial.png")


if __name__ == "__main__":
    main()
