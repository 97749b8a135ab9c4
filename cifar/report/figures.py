"""Panels as SVG and PNG: palette, sorted curves, lines over layers, bars, clouds of points, a spectrum.

The only module of cifar that imports matplotlib. A run has one colour, stroke and mark in every figure; colours keep
apart for colour-blind eyes together with strokes and marks. Drawn by Agg, without a display or global state; the same
panel gives the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from .palette import FALLBACK, FAMILIES, GRID, INK, PAPER, RUNS
from .pictures import BARS, CURVES, LINES, POINTS, SPECTRUM, Panel, Series

SIZE = (4.6, 3.7)  # inches; letters of 10 points stay readable where a phone shows it 360 pixels wide
TALLER = 0.22  # inches for each row of a legend that stands above the axes
STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "legend.fontsize": 9,
    "legend.frameon": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "svg.fonttype": "none",
    "savefig.dpi": 160,
}
PLAIN = {"svg": {"Date": None, "Creator": None, "Format": None, "Type": None}, "png": {"Software": None}}
LIGHTEST = 0.35  # how much of its colour the earliest checkpoint keeps
MANY_POINTS = 300  # from here on they travel as one image
SPECTRUM_STYLES = (("#0072b2", "o"), ("#d55e00", "x"), ("#444455", "s"))


def painted(panel: Panel) -> dict[str, bytes]:
    """The panel as the bytes of its svg and png files."""
    found = {}
    with rc_context({**STYLE, "svg.hashsalt": panel.name}):
        figure = _figure(panel)
        figure.draw_without_rendering()  # lays it out once, for both files
        figure.set_layout_engine("none")
        for kind, metadata in PLAIN.items():
            out = io.BytesIO()
            figure.savefig(out, format=kind, metadata=metadata)
            found[kind] = out.getvalue()
    found["svg"] = re.sub(rb"<!DOCTYPE.*?>\s*", b"", found["svg"], flags=re.S)
    return found


def _figure(panel: Panel) -> Figure:
    entries = _legend(panel)
    rows = -(-len(entries) // _columns(entries)) if entries else 0
    figure = Figure(figsize=(SIZE[0], SIZE[1] + TALLER * rows), layout="constrained")
    FigureCanvasAgg(figure)
    if panel.kind == BARS:
        _bars(figure, panel)
        return figure
    axes = figure.add_subplot()
    axes.set(xlabel=panel.x, ylabel=panel.y, title=panel.title)
    axes.grid(True)
    axes.set_axisbelow(True)
    DRAW[panel.kind](axes, panel)
    if entries:
        found = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        figure.legend(
            [found[full] for full in entries],
            list(entries.values()),
            loc="outside upper center",
            fontsize=9,
            ncols=_columns(entries),
            handlelength=1.8,
            columnspacing=0.9,
        )
    return figure


def _legend(panel: Panel) -> dict[str, str]:
    """Entries of the legend, series' name -> what is written, in order; none where one series says all.

    Two runs at the same checkpoints stand one above the other, named once.
    """
    names = list(dict.fromkeys(series.group or series.label for series in panel.series))
    if panel.kind == BARS or len(names) <= 1 and panel.kind not in (CURVES, LINES):
        return {}
    runs: dict[str, list[str]] = {}
    for name in names:
        run, _, epoch = name.rpartition(" ")
        runs.setdefault(run if epoch.isdigit() else name, []).append(name)
    if len(runs) == 2 and len({len(mine) for mine in runs.values()}) == 1 and len(names) > 4:
        ordered = [name for pair in zip(*runs.values(), strict=True) for name in pair]
        return {name: name if i < 2 else name.rpartition(" ")[2] for i, name in enumerate(ordered)}
    return {name: name for name in names}


def _columns(entries: dict[str, str]) -> int:
    if any(text != name for name, text in entries.items()):
        return len(entries) // 2
    return 3 if len(entries) > 4 else 2


def style(series: Series) -> dict[str, Any]:
    """Colour (lighter where the shade is less), stroke and mark of a series' run."""
    colour, stroke, mark = RUNS.get(series.checkpoint.partition("@")[0], FALLBACK)
    part = LIGHTEST + (1 - LIGHTEST) * series.shade
    return {"color": to_hex([part * c + 1 - part for c in to_rgb(colour)]), "linestyle": stroke, "marker": mark}


def _curves(axes: Axes, panel: Panel) -> None:
    for series in panel.series:
        axes.plot(series.x, series.y, label=series.label, linewidth=1.7, **{**style(series), "marker": ""})
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.0) if panel.y == "BNC" else 0.0, 1.02 if panel.y == "BNC" else high)


def _lines(axes: Axes, panel: Panel) -> None:
    """Lines over layers; where a value is missing (an infinite ratio) an open mark stands on the upper edge."""
    for series in panel.series:
        known = [float("nan") if y is None else y for y in series.y]
        axes.plot(series.x, known, label=series.label, linewidth=1.7, markersize=6, **style(series))
    axes.set_ylim(bottom=0)
    for place, series in enumerate(panel.series):
        missing = [x + 0.06 * place for x, y in zip(series.x, series.y, strict=True) if y is None]
        look = style(series)
        axes.plot(
            missing,
            [1.0] * len(missing),
            linestyle="",
            marker=look["marker"],
            markerfacecolor="none",
            color=look["color"],
            markersize=8,
            clip_on=False,
            transform=axes.get_xaxis_transform(),
        )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _bars(figure: Figure, panel: Panel) -> None:
    """One strip a run, on the same axes."""
    highest = max([1.0, *(y for series in panel.series for y in series.y if y is not None)])
    strips = figure.subplots(len(panel.series), 1, sharex=True, squeeze=False)[:, 0]
    for axes, series in zip(strips, panel.series, strict=True):
        axes.bar(series.x, series.y, color=style(series)["color"], width=0.8)
        axes.set(ylim=(0, highest * 1.05))
        axes.text(1.0, 1.0, series.label, transform=axes.transAxes, ha="right", va="bottom", fontsize=9)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=3))
        axes.grid(True, axis="y")
        axes.set_axisbelow(True)
    strips[0].set_title(panel.title)
    strips[-1].set_xlabel(panel.x)
    figure.supylabel(panel.y, fontsize=10)


def _points(axes: Axes, panel: Panel) -> None:
    """A cloud, or single marks grouped by family with the checkpoints of a run joined."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    runs: dict[str, list[Series]] = {}
    for series in panel.series:
        runs.setdefault(series.checkpoint.partition("@")[0], []).append(series)
    for group in dict.fromkeys(series.group for series in panel.series if series.group):
        colour, mark = FAMILIES.get(group, (FALLBACK[0], FALLBACK[2]))
        axes.scatter([], [], s=36, color=colour, marker=mark, label=group)
    for mine in runs.values():
        if mine[0].group:
            colour, mark = FAMILIES.get(mine[0].group, (FALLBACK[0], FALLBACK[2]))
            axes.plot([s.x[0] for s in mine], [s.y[0] for s in mine], color=colour, linewidth=0.7, alpha=0.5, zorder=1)
            for series in mine:
                axes.scatter(
                    series.x,
                    series.y,
                    s=22 + 44 * series.shade,
                    color=colour,
                    marker=mark,
                    zorder=2,
                    linewidths=1.3 if mark in "x+" else 0.5,
                    **({} if mark in "x+" else {"edgecolors": PAPER}),
                )
        else:
            for series in mine:
                axes.scatter(
                    series.x,
                    series.y,
                    s=9,
                    alpha=0.35,
                    color=style(series)["color"],
                    linewidths=0,
                    rasterized=len(series.x) > MANY_POINTS,
                )


def _spectrum(axes: Axes, panel: Panel) -> None:
    for series, (colour, mark) in zip(panel.series, SPECTRUM_STYLES, strict=False):
        positive = [(x, y) for x, y in zip(series.x, series.y, strict=True) if y is not None and y > 0]
        axes.plot(
            *zip(*positive, strict=True),
            color=colour,
            marker=mark,
            linestyle="",
            markersize=5,
            label=series.label,
            fillstyle="none",
        )
    axes.set_yscale("log")
    axes.yaxis.set_minor_locator(NullLocator())
    if panel.mark is not None:
        axes.axvline(panel.mark, color=INK, linewidth=0.9)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


DRAW: dict[str, Callable[[Axes, Panel], None]] = {CURVES: _curves, LINES: _lines, POINTS: _points, SPECTRUM: _spectrum}
