"""A teacher that data cannot identify: w* + dw with dw orthogonal to the data plane X has the same labels on X.

Left: the difference f* - f*' of the two teachers on a section through the data region: one direction of X (across) and
the direction off X (up). The white line in the middle is X: the difference vanishes on it, exactly (a rational
identity, not a small number). The training samples all lie on it.

Right: certified suprema over the box that is X's box thickened by t on both sides, for t from 1e-4 to 1: the teachers
differ by an amount that grows linearly with the distance from X, and a student trained on X (certified gradient below
1e-9 for either teacher) differs from both. Nothing in the data says which teacher is meant: Theorem 2 bounds the
angle on X alone, and Theorem 3 counts both teachers with e0 = 0.

Source: Section 3.2 after Theorem 1, Appendix A.9.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from _script import directory, saved
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from twolayer import PRINTED, REPAIRED, SHARP, Instance, Subspace, TwoLayer, excess
from twolayer.certify import certified_gradient
from twolayer.metrics import projected_sine
from twolayer.plotting import COLOUR, MARK, STYLE, decades
from twolayer.synthetic import (
    LowRankData,
    box_spectrum,
    counterexample_guided,
    low_rank_data,
    off_plane_twin,
    oracle,
    random_teacher,
)

ALT = (
    "w* + dw with dw orthogonal to the data: the same labels on the data, a difference that grows with the distance from "
    "the plane."
)
LEVELS, NODES, WIDTH, SEED = 9, 4, 6, 0  # distances from the plane; nodes of teacher and student
TARGET = 1e-9  # certified gradient of the student
PAIRS = {
    "two teachers": (PRINTED, "f* and f*'"),
    "student, first": (REPAIRED, "f* and f"),
    "student, second": (SHARP, "f*' and f"),
}


@dataclass(frozen=True, eq=False)
class Twins:
    """Two teachers, equal on the data plane, a student of both, and certified numbers.

    on_plane       (lower, upper) of sup |f* - f*'| over X's box
    gradients      for both teachers, (lower, upper) of sup |g_1| over X's box
    thickness (n,) and apart: pair -> (n, 2), (lower, upper) of the supremum of the difference over the thickened box
    sines          (in-plane, whole space) smallest sine of each second-teacher node to the first teacher's nodes
    """

    data: LowRankData
    first: TwoLayer
    second: TwoLayer
    on_plane: tuple[float, float]
    gradients: list[tuple[float, float]]
    thickness: np.ndarray
    apart: dict[str, np.ndarray]
    sines: tuple[np.ndarray, np.ndarray]


def data(levels: int = LEVELS, nodes: int = NODES, width: int = WIDTH, seed: int = SEED) -> Twins:
    """Data that fill a plane of R^3, a teacher and its twin, a student trained to a certified gradient of 1e-9."""
    rng = np.random.default_rng(seed)
    flat = low_rank_data(box_spectrum(3, 2), 2, 600, rng)
    first = random_teacher(flat, nodes, 1, rng, min_angle=0.25, off_plane=0.3)
    second = off_plane_twin(first, flat, 0.5, rng)
    plane = flat.subspace()
    student = counterexample_guided(
        first, flat.samples, width, rng, oracle(flat, first, TARGET), TARGET, subspace=plane
    ).trained.student
    on_plane = excess(Instance(first, student, flat.region(), plane, second), gap=1e-6, deadline=None)
    gradients = [certified_gradient(Instance(teacher, student, flat.region(), plane)) for teacher in (first, second)]
    thickness = 10.0 ** np.linspace(-4, 0, levels)
    apart = {
        name: np.array([apart_within(flat, one, other, t) for t in thickness])
        for name, (one, other) in zip(PAIRS, ((first, second), (first, student), (second, student)), strict=True)
    }
    sines = tuple(projected_sine(second.W, first.W, basis).diagonal() for basis in (flat.basis[:2], None))
    return Twins(flat, first, second, on_plane, gradients, thickness, apart, sines)


def apart_within(flat: LowRankData, one: TwoLayer, other: TwoLayer, thickness: float) -> tuple[float, float]:
    """(lower, upper) of sup |one - other| over the data's box, thickened off the plane."""
    half = np.where(np.arange(flat.ambient) < flat.rank, flat.half_widths, thickness)
    thick = replace(flat, half_widths=half)
    return excess(Instance(one, one, thick.region(), Subspace.whole(flat.ambient), other), gap=1e-6, deadline=None)


def draw(twins: Twins) -> Figure:
    """The section through X, and the suprema against thickness."""
    with rc_context(STYLE):
        figure = Figure(figsize=(9.2, 3.9), layout="constrained")
        FigureCanvasAgg(figure)
        section, growth = figure.subplots(1, 2)
        ticks = np.linspace(-1, 1, 161)
        across, up = np.meshgrid(ticks, ticks)
        basis, flat = twins.data.basis, twins.data
        points = flat.mean + across[..., None] * basis[0] + up[..., None] * basis[2]
        height = (twins.first(points) - twins.second(points))[..., 0]
        top = np.abs(height).max()
        shade = section.pcolormesh(ticks, ticks, height, cmap="RdBu_r", vmin=-top, vmax=top, shading="gouraud", rasterized=True)
        figure.colorbar(shade, ax=section, label="f* − f*'", shrink=0.9)
        inside = (flat.samples - flat.mean) @ basis[0]
        section.plot(inside[::12], np.zeros(len(inside[::12])), ".", color="#1b1b20", markersize=3, label="samples")
        section.set(xlabel="along the data plane X", ylabel="off X", title="same labels on X, another function off it")
        section.legend(loc="upper left")
        growth.grid(True)
        for name, (form, label) in PAIRS.items():
            growth.plot(twins.thickness, twins.apart[name][:, 1], marker=MARK[form], color=COLOUR[form], label=label)
        decades(growth, "x", twins.thickness[0], 1.0)
        decades(growth, "y", min(a[0, 1] for a in twins.apart.values()), max(a[-1, 1] for a in twins.apart.values()))
        growth.set(
            xlabel="thickness t of the box off X",
            ylabel="certified sup of the difference",
            title=f"on X: f* = f*' exactly, sup |g₁| < {TARGET:g}",
        )
        growth.legend(loc="lower right")
    return figure


def main(argv=None) -> Path:
    """Write unidentifiable_teacher.png and print the suprema."""
    out = directory(argv, __doc__, __file__)
    twins = data()
    print(f"sup |f* - f*'| on X: {twins.on_plane}; sup |g_1| for both teachers: {twins.gradients}")
    print(f"sine between twin nodes: on X at most {twins.sines[0].max():.3g}, in space {np.round(twins.sines[1], 3)}")
    for i, t in enumerate(twins.thickness):
        print(f"t = {t:8.2e}   " + "   ".join(f"{name}: {a[i, 1]:.4e}" for name, a in twins.apart.items()))
    return saved(draw(twins), out / "unidentifiable_teacher.png")


if __name__ == "__main__":
    main()
