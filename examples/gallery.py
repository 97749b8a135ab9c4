"""Every counterexample to a printed statement, drawn in its plane: 22 panels, one for each file of `instances/`.

A panel shows U ∩ R in grey, the creases of the teacher (blue, solid) and of the student (orange, dashed) with a bristle
on the side where the node is active, and the active region A_k of every student node as an orange tint. The region is
scaled to a square, so a thin one is stretched: the numbers at the axes are its true extent. What breaks the statement is
marked: a star where |g_1| is largest (its certified supremum eps is attained there), or, where g_1 = 0 throughout, a
cross on the teacher's crease in question. The second line of a title has eps and the failing row of `twolayer check`,
measured side > printed bound; the last line is the hypothesis that heals it.

What to see: the observer's tint does not reach the teacher's crease (region), the region has no room across the crease
(thickness), two creases lie on or nearly on each other (shared-hyperplane, student), the bristle is on the wrong side
(sign). theorem-2-unnormalised is judged on arccos of unnormalised projections, which the checker reads as normalised.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _script import directory, saved
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from twolayer import FAILS, PRINTED, REPAIRED, Instance, check, exact
from twolayer.plotting import COLOUR, INK, STYLE

ALT = (
    "22 panels, one for each counterexample to a printed statement: creases with their active side, active regions, the "
    "row that fails and the hypothesis that heals it."
)
HERE = Path(__file__).parent
TEACHER, STUDENT = COLOUR[REPAIRED], COLOUR[PRINTED]
MARGIN = 1.3  # the view in half-widths of the region
REACH, FAR = 2.4, 3.2  # the view is widened to creases nearer than REACH, and to the one in question up to FAR
COLUMNS, DPI = 5, 90


@dataclass(frozen=True, eq=False)
class Panel:
    """One counterexample on U: arrays are float64 and only drawn; `gradient`, `measured`, `bound` come from the check.

    polygon (n, 2)           U ∩ R;  active: one polygon for each student node that is active inside it
    teacher, student (n, 3)  (p, beta) of the nodes with a crease
    broken (3,)              the crease of the failing row's node;  mark (2,): the point that is marked, None without one
    """

    name: str
    polygon: np.ndarray
    active: list[np.ndarray]
    teacher: np.ndarray
    student: np.ndarray
    broken: np.ndarray | None
    mark: np.ndarray | None
    gradient: tuple[float, float]
    measured: float
    bound: float
    missing: str


def data(folder: Path = HERE / "instances") -> list[Panel]:
    """A panel for every instance of the folder that is planar: all of them."""
    named = [(path.stem, Instance.from_json(path.read_text())) for path in sorted(folder.glob("*.json"))]
    return [panel(name, instance) for name, instance in named if instance.subspace.dimension == 2]


def panel(name: str, instance: Instance) -> Panel:
    """The check of one instance, and its geometry on U."""
    result = check(instance)
    statement = "-".join(name.split("-")[:2])
    setting = result.second_setting if statement == "theorem-3" else result.setting
    failing = [v for v in result.verdicts if v.statement == statement and v.form == PRINTED and v.verdict == FAILS]
    nodes = {(node.side, node.index): node for node in setting.problem.nodes}
    region = setting.problem.region
    polygon = polygon_of(exact.nearest(region.A), exact.nearest(region.c))
    active = [polygon_of(d.floats.A, d.floats.c) for d in setting.domains if d is not None]
    row = failing[0] if failing else None
    side, index = ("student", row.student) if row and row.student is not None else ("teacher", row.teacher if row else 0)
    broken = None if nodes[side, index].is_constant else line(nodes[side, index])
    worst = max(result.enclosures, key=lambda e: e.lower)
    mark = None if worst.witness is None else exact.nearest(worst.witness)
    if mark is None and broken is not None:
        ends = [*crossings(polygon, broken)]
        mark = np.mean(ends, axis=0) if ends else None
    if row is None:  # the one statement that the checker repairs while reading: arccos of unnormalised projections
        p = nodes[side, index].p
        cosine = exact.nearest_float((p * p).sum())
        measured, bound, missing = float(np.sqrt(1 - cosine**2)), 0.0, "normalisation"
    else:
        measured, bound, missing = row.measured, row.bound, " + ".join(row.missing)
    creases = {
        s: np.array([line(n) for n in setting.problem.nodes if n.side == s and not n.is_constant]).reshape(-1, 3)
        for s in ("teacher", "student")
    }
    return Panel(
        name, polygon, active, creases["teacher"], creases["student"], broken, mark, result.gradient, measured, bound, missing
    )


def line(node) -> np.ndarray:
    """(p, beta) of a node in floats."""
    return np.append(exact.nearest(node.p), exact.nearest_float(node.beta))


def polygon_of(A: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Vertices, in order, of a bounded {A z <= c} in the plane: a large square cut by one row after another."""
    points = 100.0 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    for a, limit in zip(A, c, strict=True):
        kept = []
        for z, after in zip(points, np.roll(points, -1, axis=0), strict=True):
            slack, following = limit - a @ z, limit - a @ after
            if slack >= 0:
                kept.append(z)
            if slack * following < 0:
                kept.append(z + slack / (slack - following) * (after - z))
        points = np.array(kept)
    return points


def crossings(polygon: np.ndarray, crease: np.ndarray) -> list[np.ndarray]:
    """Where a line p . z + beta = 0 crosses the edges of a polygon."""
    values = polygon @ crease[:2] + crease[2]
    pairs = zip(polygon, np.roll(polygon, -1, axis=0), values, np.roll(values, -1), strict=True)
    return [z + u / (u - v) * (w - z) for z, w, u, v in pairs if u * v < 0 or u == 0]


def draw(panels: list[Panel]) -> Figure:
    """All panels on one sheet."""
    rows = -(-len(panels) // COLUMNS)
    with rc_context({**STYLE, "font.size": 8, "axes.titlesize": 8}):
        figure = Figure(figsize=(2.2 * COLUMNS, 2.6 * rows), layout="constrained")
        FigureCanvasAgg(figure)
        sheet = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        for axes, shown in zip(sheet, panels, strict=False):
            _draw_panel(axes, shown)
        for axes in sheet[len(panels) :]:
            axes.set_axis_off()
        for label, colour, stroke in (("teacher's crease", TEACHER, "-"), ("student's crease", STUDENT, "--")):
            sheet[-1].plot([], [], color=colour, linestyle=stroke, label=f"{label}, bristle: active side")
        sheet[-1].fill([0], [0], color=STUDENT, alpha=0.2, label="active region of a student")
        sheet[-1].plot([], [], "*", color=INK, markersize=9, label="|g₁| is largest here")
        sheet[-1].plot([], [], "X", color=INK, label="g₁ = 0: teacher's crease in question")
        if len(sheet) > len(panels):
            sheet[-1].legend(loc="center right", fontsize=8, bbox_to_anchor=(1.1, 0.5))
    return figure


def _draw_panel(axes, shown: Panel) -> None:
    low, high = shown.polygon.min(axis=0), shown.polygon.max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2
    view = np.array([[-MARGIN, MARGIN], [-MARGIN, MARGIN]])

    def is_broken(crease) -> bool:
        return shown.broken is not None and np.array_equal(crease, shown.broken)

    lines = [
        (np.append(p[:2] * half, p[:2] @ middle + p[2]), colour, stroke, p)
        for group, colour, stroke in ((shown.teacher, TEACHER, "-"), (shown.student, STUDENT, "--"))
        for p in group
    ]
    for p, _, _, original in lines:  # the point of the square nearest to a crease outside it, or beside it
        foot = -p[2] * p[:2] / (p[:2] @ p[:2])
        if np.abs(foot).max() < (FAR if is_broken(original) else REACH):
            view = np.array([np.minimum(view[:, 0], foot - 0.3), np.maximum(view[:, 1], foot + 0.3)]).T
    view = view.mean(axis=1, keepdims=True) + np.ptp(view, axis=1).max() / 2 * np.array([-1, 1])  # a square
    axes.fill(*((shown.polygon - middle) / half).T, facecolor="#e8e8ee", edgecolor="#9a9aa6", linewidth=1)
    for region in shown.active:
        axes.fill(*((region - middle) / half).T, color=STUDENT, alpha=0.16, linewidth=0)
    for p, colour, stroke, original in lines:
        _draw_crease(axes, p, view, colour, stroke, 2.4 if is_broken(original) else 1.3)
    if shown.mark is not None:
        kind = "*" if shown.gradient[1] > 0 else "X"
        axes.plot(
            *((shown.mark - middle) / half), kind, color=INK, markersize=10 if kind == "*" else 7, zorder=5, clip_on=False
        )
    axes.set(xlim=view[0], ylim=view[1], aspect="equal", xticks=[-1, 1], yticks=[-1, 1])
    axes.set_xticklabels([f"{low[0]:g}", f"{high[0]:g}"])
    axes.set_yticklabels([f"{low[1]:g}", f"{high[1]:g}"])
    axes.tick_params(length=2, pad=1)
    what = "|v|" if shown.name.startswith("corollary") else "sine"
    axes.set_title(
        f"{shown.name}\nε = {shown.gradient[1]:.2g}, {what} {shown.measured:.3g} > {shown.bound:.3g}\nmissing: {shown.missing}"
    )


def _draw_crease(axes, p, view, colour, stroke, width) -> None:
    """A line with bristles towards its active side, over a view."""
    corners = np.array([[view[0, i], view[1, j]] for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))])
    ends = crossings(corners, p)
    if len(ends) < 2:
        return
    ends = np.array([ends[0], max(ends, key=lambda z: np.linalg.norm(z - ends[0]))])
    axes.plot(*ends.T, color=colour, linestyle=stroke, linewidth=width, zorder=3)
    unit = p[:2] / np.linalg.norm(p[:2])
    for t in (0.08, 0.35, 0.65, 0.92):
        foot = ends[0] + t * (ends[1] - ends[0])
        axes.plot(*np.array([foot, foot + 0.22 * unit]).T, color=colour, linewidth=1.1, zorder=3)


def main(argv=None) -> Path:
    """Write gallery.png and print a line a panel."""
    out = directory(argv, __doc__, __file__)
    panels = data()
    for shown in panels:
        print(f"{shown.name:28} sup|g_1| {shown.gradient[1]:<9.4g} {shown.measured:.4g} > {shown.bound:.4g}   {shown.missing}")
    return saved(draw(panels), out / "gallery.png", dpi=DPI)


if __name__ == "__main__":
    main()
