"""Pictures of the benchmark: seconds side by side, gap against time, and how the times scale."""

from __future__ import annotations

import statistics
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.lines import Line2D

from twolayer.drawing import INK

from . import plan, tables
from .instances import CELLS

AXES = {
    "d'": "d', dimension",
    "K": "K, nodes of a network",
    "eps": "perturbation, d' = 8",
    "eps at d' = 4": "perturbation, d' = 4",
}
FLOOR = 1e-12  # a closed gap is drawn here
COLOURS = (INK, "#d55e00", "#0072b2", "#009e73", "#e69f00", "#56b4e9", "#cc79a7", "#a0a0aa", "#8c6d31")  # the project's first


def write_all(results: dict[str, dict], directory: Path) -> None:
    """side_by_side, gap_over_time and scaling, each as PNG and SVG."""
    for name, draw in (("side_by_side", side_by_side), ("gap_over_time", gap_over_time), ("scaling", scaling)):
        figure = draw(results)
        for kind in ("png", "svg"):
            figure.savefig(directory / f"{name}.{kind}", dpi=150, bbox_inches="tight")
        plt.close(figure)


def side_by_side(results: dict[str, dict]):
    """Seconds a student, for each cell and solver.

    What was still open at its limit is a hollow bar up to one line for all, since limits differ, with the gap that it left.
    """
    figure, axes = plt.subplots(figsize=(14, 5))
    single = [r for r in results.values() if r["kind"] == "single" and "seconds" in r]
    timed = {r["solver"] for r in single}
    solvers = [(solver, colour) for solver, colour in zip(tables.ROWS, COLOURS, strict=True) if solver in timed]
    width, never = 0.8 / max(len(solvers), 1), 2 * max((r["seconds"] for r in single), default=plan.LIMIT)
    for i, (solver, colour) in enumerate(solvers):
        for j, cell in enumerate(CELLS):
            rows = [r for r in tables.singles(results, cell.name, solver).values() if "seconds" in r]
            if not rows:
                continue
            x, left = j + (i - (len(solvers) - 1) / 2) * width, [r for r in rows if r["status"] not in ("solved", "noise")]
            if left:
                axes.bar(x, never, width, fill=False, edgecolor=colour, linewidth=0.8)
                said = f"{100 * max(r['gap'] for r in left):.0f} %, {left[0]['seconds']:.0f} s"
                axes.text(x, never * 1.15, said, rotation=90, ha="center", va="bottom", fontsize=6, color=INK)
            else:
                axes.bar(x, statistics.median(r["seconds"] for r in rows), width, color=colour)
        axes.bar(0, 0, color=colour, label=solver)
    axes.axhline(never, color=INK, linewidth=0.6, linestyle="dotted")
    axes.set_yscale("log")
    axes.set_ylim(top=never * 12)  # room for what is said above the bars
    axes.set_xticks(range(len(CELLS)), [cell.name.replace(" (", "\n(") for cell in CELLS], fontsize=9)
    axes.set_xlim(-0.6, len(CELLS) - 0.4)
    axes.set_xlabel("instance: (d', K); on CIFAR-10 patches (d'; teacher + student nodes)")
    axes.set_ylabel("seconds, one student, both signs")
    axes.set_title("To a relative gap of 1e-6; hollow: still open, with the gap that was left and when")
    axes.legend(fontsize=8, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    return figure


def gap_over_time(results: dict[str, dict]):
    """Our gap as one search reports it, and where Gurobi and HiGHS with the same cuts ended."""
    figure, axes = plt.subplots(figsize=(7, 4.5))
    rows = [r for r in results.values() if r["kind"] == "anytime" and "points" in r]
    for r, colour in zip(rows, COLOURS, strict=False):
        points = [(p["seconds"], max(p["gap"], FLOOR)) for p in r["points"]]
        axes.step(*zip(*points, strict=True), where="post", color=colour, label=r["cell"])
        for solver, marker in ((plan.AIM, "x"), (plan.QUICK[2], "+")):
            for other in tables.singles(results, r["cell"], solver).values():
                if other["student"] == 0 and "seconds" in other:
                    axes.plot(other["seconds"], max(other["gap"], FLOOR), marker, color=colour, markersize=9)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("seconds")
    axes.set_ylabel("(upper - lower) / upper")
    axes.set_title(f"Anytime: as one search reports it; x {plan.AIM.split()[0]}, + HiGHS at its end")
    if rows:
        axes.legend(fontsize=8)
    return figure


def trusted(point: dict) -> bool:
    """The gap was reached, and the solver's tolerances leave something of its answer."""
    return point["gap"] <= plan.GAP and point.get("tolerance", 0.0) <= tables.WORTHLESS * point.get("bound", 1.0)


def scaling(results: dict[str, dict]):
    """Seconds against dimension, width and eps; hollow where the gap of 1e-6 was not reached, or says nothing."""
    figure, grid = plt.subplots(1, len(plan.CURVES), figsize=(14, 3.6))
    for axes, (name, cells) in zip(grid, plan.CURVES.items(), strict=True):
        position = {cell.name: plan.AXIS[name](cell) for cell in cells}
        for r in results.values():
            if r["kind"] != "curve" or r["cell"] != name or "rows" not in r:
                continue
            colour = COLOURS[r["solver"] != plan.OURS]
            points = [(position[p["cell"]], p["seconds"], trusted(p)) for p in r["rows"]]
            axes.plot([p[0] for p in points], [p[1] for p in points], "-", color=colour, label=r["solver"])
            for x, y, closed in points:
                axes.plot(x, y, "o", color=colour, markerfacecolor=colour if closed else "white", markersize=5)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.minorticks_off()
        if name in ("d'", "K"):
            axes.set_xticks(ticks := sorted(position.values()), [f"{x:g}" for x in ticks], fontsize=8)
        axes.set_xlabel(AXES[name])
        axes.set_ylabel("seconds a student")
    figure.tight_layout()
    shown = dict(zip(*reversed(grid[0].get_legend_handles_labels()), strict=True))
    shown["the gap of 1e-6 was not reached"] = Line2D([], [], color="grey", marker="o", markerfacecolor="white", linestyle="")
    figure.legend(shown.values(), shown.keys(), loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=9)
    return figure
