"""Panels as SVG and PNG: palette, sorted curves, lines over layers, bars, clouds of points, a spectrum.

The only module of cifar that imports matplotlib. A run has one colour, stroke and mark in every figure; colours keep
apart for colour-blind eyes together with strokes and marks. Drawn by Agg, without a display or global state; the same
panel gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from twolayer import drawing
from twolayer.drawing import INK

from ..experiments.grid import SEED
from .pictures import BARS, CLOUD, CURVES, LINES, POINTS, SPECTRUM, Panel, Series
from .results import LOOKS

SIZE = (4.6, 3.7)  # inches; letters of 10 points stay readable where a phone shows it 360 pixels wide
TALLER = 0.22  # inches for each row of a legend that stands above the axes
DPI = 160
LIGHTEST = 0.35  # how much of its colour the earliest checkpoint keeps
MANY_LAYERS = 8  # points of a line; more are a curve
MANY_POINTS = 300  # from here on they travel as one image
LEAST_SHARE = 10  # per cent of images, the least that a scale of them shows: a point of 2,000 images is noise on it
SPECTRUM_STYLES = (("#0072b2", "o"), ("#d55e00", "x"), ("#444455", "s"))
COLOURS: dict[str, str] = LOOKS["colours"]
STROKES = {name: (offset, tuple(lengths)) for name, (offset, lengths) in LOOKS["strokes"].items()} | {"solid": "solid"}
SEEDS = tuple(COLOURS[name] for name in ("blue", "sky", "purple", "green", "orange"))
UNTRAINED, OTHER = ("", "grey", "dotted", "*"), ("", "grey", "solid", "D")  # the looks of what kinds.toml does not name


def painted(panel: Panel, *beside: Panel) -> dict[str, bytes]:
    """The panel as the bytes of its svg and png files; others stand beside it, under one legend."""
    with rc_context(drawing.STYLE):
        figure = _figure((panel, *beside))
        figure.draw_without_rendering()  # lays it out once, for both files
        figure.set_layout_engine("none")
    return {kind: drawing.painted(figure, panel.name, kind, DPI) for kind in drawing.PLAIN}


def _figure(panels: tuple[Panel, ...]) -> Figure:
    entries = list(dict.fromkeys(series.label for panel in panels for series in panel.series))
    if panels[0].kind == BARS or len(entries) < 2:
        entries = []
    columns = (2 if len(entries) <= 4 else 3) * len(panels)
    figure = Figure(figsize=(SIZE[0] * len(panels), SIZE[1] + TALLER * -(-len(entries) // columns)), layout="constrained")
    FigureCanvasAgg(figure)
    if panels[0].kind == BARS:
        _bars(figure, panels[0])
        return figure
    handles: dict[str, Artist] = {}
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        axes.set(xlabel=panel.x, ylabel=panel.y, title=panel.title)
        axes.grid(True)
        axes.set_axisbelow(True)
        DRAW[panel.kind](axes, panel)
        handles |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    if entries:
        drawn = [name for name in entries if name in handles]
        spaces = {"handlelength": 1.6, "handletextpad": 0.5, "columnspacing": 0.8}
        size = 9 if len(entries) <= 6 else 8
        places = [handles[name] for name in drawn]
        figure.legend(places, drawn, loc="outside upper center", fontsize=size, ncols=columns, **spaces)
    return figure


def style(series: Series) -> dict[str, Any]:
    """Colour (lighter where the shade is less), stroke and mark of a series' kind of training (kinds.toml)."""
    run, _, epoch = series.checkpoint.partition("@")
    _, colour, stroke, mark = UNTRAINED if epoch == "0" else LOOKS["kinds"].get(run.partition(SEED)[0], OTHER)
    part = LIGHTEST + (1 - LIGHTEST) * series.shade
    red, green, blue = (part * c + 1 - part for c in to_rgb(COLOURS[colour]))
    return {"color": to_hex((red, green, blue)), "linestyle": STROKES[stroke], "marker": mark}


def _curves(axes: Axes, panel: Panel) -> None:
    for series in panel.series:
        axes.plot(series.x, series.heights, label=series.label, linewidth=1.7, **{**style(series), "marker": ""})
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.0) if panel.y == "BNC" else 0.0, 1.02 if panel.y == "BNC" else high)


def _lines(axes: Axes, panel: Panel) -> None:
    """Lines; where a value is missing (an infinite ratio) an open mark stands on the upper edge."""
    few = max(len(series.x) for series in panel.series) <= MANY_LAYERS
    for place, series in enumerate(panel.series):
        look = style(series)
        line = look if few else {**look, "marker": ""}
        axes.plot(series.x, series.heights, label=series.label, linewidth=1.7, markersize=6, **line)
        missing = [x + 0.06 * place for x, y in zip(series.x, series.y, strict=True) if y is None]
        open_mark = {"linestyle": "", "marker": look["marker"], "markerfacecolor": "none", "color": look["color"]}
        axes.plot(missing, [1.0] * len(missing), markersize=8, clip_on=False, transform=axes.get_xaxis_transform(), **open_mark)
    _from_zero(axes, panel)
    axes.xaxis.set_major_locator(MaxNLocator(integer=few))
    if panel.mark is not None:
        axes.axvline(panel.mark, color=INK, linewidth=0.9)


def _bars(figure: Figure, panel: Panel) -> None:
    """One strip a seed, on the same axes."""
    highest = max([1.0, *(y for series in panel.series for y in series.y if y is not None)])
    strips = figure.subplots(len(panel.series), 1, sharex=True, squeeze=False)[:, 0]
    for i, (axes, series) in enumerate(zip(strips, panel.series, strict=True)):
        axes.bar(series.x, series.y, color=SEEDS[i % len(SEEDS)], width=0.8)
        axes.set(ylim=(0, highest * 1.05))
        axes.text(1.0, 1.0, series.label, transform=axes.transAxes, ha="right", va="bottom", fontsize=9)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=3))
        axes.grid(True, axis="y")
        axes.set_axisbelow(True)
    strips[0].set_title(panel.title)
    strips[-1].set_xlabel(panel.x)
    figure.supylabel(panel.y, fontsize=10)


def _points(axes: Axes, panel: Panel) -> None:
    """Single marks with their intervals, which end at the axes: no share is below 0."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    for series in panel.series:
        across, up = (None if half is None else [half] for half in series.errors)
        look = {**style(series), "linestyle": "", "label": series.label, "markersize": 7, "elinewidth": 1.1, "clip_on": False}
        for bar in axes.errorbar(series.x, series.heights, yerr=up, xerr=across, **look)[2]:
            bar.set_clip_on(True)
    axes.set_xlim(left=0)
    _from_zero(axes, panel)


def _from_zero(axes: Axes, panel: Panel) -> None:
    """No difference looks larger than it is beside what is measured."""
    axes.set_ylim(0, max(axes.get_ylim()[1], LEAST_SHARE if panel.y.endswith("per cent") else 0.0))


def _cloud(axes: Axes, panel: Panel) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    for series in panel.series:
        colour, many = style(series)["color"], len(series.x) > MANY_POINTS
        look = {"s": 9, "alpha": 0.35, "color": colour, "linewidths": 0, "rasterized": many, "label": series.label}
        axes.scatter(series.x, series.heights, **look)


def _spectrum(axes: Axes, panel: Panel) -> None:
    for series, (colour, mark) in zip(panel.series, SPECTRUM_STYLES, strict=False):
        positive = [(x, y) for x, y in zip(series.x, series.y, strict=True) if y is not None and y > 0]
        look: dict[str, Any] = {"color": colour, "marker": mark, "linestyle": "", "markersize": 5, "fillstyle": "none"}
        axes.plot(*zip(*positive, strict=True), label=series.label, **look)
    axes.set_yscale("log")
    axes.yaxis.set_minor_locator(NullLocator())
    if panel.mark is not None:
        axes.axvline(panel.mark, color=INK, linewidth=0.9)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


DRAW: dict[str, Callable[[Axes, Panel], None]]
DRAW = {CURVES: _curves, LINES: _lines, POINTS: _points, CLOUD: _cloud, SPECTRUM: _spectrum}
