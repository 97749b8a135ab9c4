"""Figures that a phone can show: palette, lines with bands, clouds of points, logarithmic axes; numbers read off a check.

The floor is a lowest tick for what a logarithmic axis has no place for (0, negative numbers). Colours are
Okabe and Ito's, which colour-blind eyes tell apart; marks and strokes differ as well. Figures are drawn by
Agg, without a display and without pyplot's global state.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from .drawing import GRID, INK, PAPER, STYLE
from .statements.verdict import FAILS, HOLDS, NOT_APPLICABLE, PRINTED, REPAIRED, SHARP, UNDECIDED, VACUOUS

__all__ = [
    "BAND",
    "COLOUR",
    "GRID",
    "INK",
    "MARK",
    "PAPER",
    "SHADE",
    "SIZE",
    "STROKE",
    "STYLE",
    "bound_on_sine",
    "cloud",
    "decades",
    "diagonal",
    "floor_below",
    "has_positive_bound",
    "median_line",
    "multiples",
    "new_axes",
    "onto",
    "power",
    "rows_by_pair",
    "sine_to_student",
]

Row = dict[str, Any]  # a verdict as a dictionary, Verdict.to_dict

COLOUR = {PRINTED: "#d55e00", REPAIRED: "#0072b2", SHARP: "#009e73"}
STROKE: dict[str, Any] = {PRINTED: (0, (4, 2)), REPAIRED: (0, (1, 1.2)), SHARP: "solid"}
MARK = {PRINTED: "s", REPAIRED: "^", SHARP: "o"}
SHADE = {HOLDS: "#009e73", FAILS: "#d55e00", UNDECIDED: "#e69f00", VACUOUS: "#a0a0aa", NOT_APPLICABLE: "#cdcdd6"}
SIZE = (4.6, 3.9)  # inches; letters of 10 points stay readable where a phone shows it 360 pixels wide
BAND = (10, 90)  # percentiles of a band
MOST_TICKS = 6
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def new_axes(x: str, y: str, title: str) -> tuple[Figure, Axes]:
    """A figure with empty axes and a grid."""
    figure = Figure(figsize=SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set(xlabel=x, ylabel=y, title=title)
    axes.grid(True)
    axes.set_axisbelow(True)
    return figure, axes


def median_line(axes: Axes, x, samples, label: str, colour: str, stroke: Any, **style: Any) -> None:
    """Median and band of the samples at every x, NaN left out; no line where all are NaN."""
    bands = [
        (at, *np.nanpercentile(values, (BAND[0], 50, BAND[1])))
        for at, values in zip(x, samples, strict=True)
        if not np.isnan(values).all()
    ]
    if bands:
        at, low, middle, high = np.array(bands).T
        axes.fill_between(at, low, high, color=colour, alpha=0.13, linewidth=0)
        axes.plot(at, middle, color=colour, linestyle=stroke, linewidth=1.6, label=label, **style)


def floor_below(values: Iterable[float]) -> float:
    """A power of ten at least one decade below every positive value."""
    return 10.0 ** (np.floor(np.log10(min((x for x in values if x > 0), default=0.1))) - 1)


def onto(floor: float, points: Iterable[Sequence[float]]) -> np.ndarray:
    """Points whose coordinates below the floor are put on it.   -> (n, 2)"""
    return np.maximum(np.array(list(points), dtype=float).reshape(-1, 2), floor)


def cloud(axes: Axes, fine, failing, colour: str, floor: float, widest: float, highest: float) -> None:
    """(bound, measured) points with the diagonal, failing ones as crosses; the others travel as one image."""
    if len(fine):
        x, y = onto(floor, fine).T
        axes.scatter(x, y, s=9, alpha=0.35, color=colour, linewidths=0, rasterized=True)
    if len(failing):
        x, y = onto(floor, failing).T
        axes.scatter(x, y, s=16, marker="x", color=INK, linewidths=0.8, zorder=4, clip_on=False, label=f"{len(failing)} fail")
        axes.legend(loc="lower right")
    decades(axes, "x", floor, widest, floored=True)
    decades(axes, "y", floor, highest, floored=True)
    diagonal(axes, floor)


def diagonal(axes: Axes, floor: float) -> None:
    """The line y = x, and no rescaling for it."""
    top = min(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.plot([floor, top], [floor, top], color=INK, linewidth=0.9, zorder=3, scalex=False, scaley=False)


def decades(axes: Axes, side: str, low: float, high: float, *, floored: bool = False) -> None:
    """A logarithmic axis, "x" or "y", over [low, high]; where floored, its lowest tick is for 0 and less."""
    first, last = round(np.log10(low)) + floored, int(np.ceil(np.log10(high)))
    step = max(1, -(-(last - first) // (MOST_TICKS - 1)))
    exponents = [e for e in range(last, first - 1, -step) if not floored or e - first >= step / 2][::-1]
    ticks, labels = [10.0**e for e in exponents], [power(e) for e in exponents]
    if floored:
        ticks, labels = [low, *ticks], ["≤ 0", *labels]
    axes.set(**{f"{side}scale": "log", f"{side}lim": (low / 2, 10.0**last * 1.5)})
    _ticks(axes.xaxis if side == "x" else axes.yaxis, ticks, labels)


def multiples(axis: Axis, low: float, high: float) -> None:
    """Ticks at 1, 2, 5, 10, ... on a logarithmic axis; powers of ten where it spans two decades or more."""
    span = np.log10(high / low)
    every = max(1, int(np.ceil(span / MOST_TICKS)))
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    exponents = [e for e in range(first, last + 1) if e % every == 0]
    ticks = [m * 10.0**e for e in exponents for m in ((1, 2, 5) if span < 2 else (1,))]
    _ticks(axis, ticks, [f"{x:g}" if 1e-3 <= x <= 1e3 else power(round(np.log10(x))) for x in ticks])


def _ticks(axis: Axis, places: Sequence[float], labels: Sequence[str]) -> None:
    axis.set_major_locator(FixedLocator(places))
    axis.set_major_formatter(FixedFormatter(labels))
    axis.set_minor_locator(NullLocator())


def power(exponent: int) -> str:
    """A power of ten in plain letters, which every renderer sets alike."""
    return "1" if exponent == 0 else "10" + str(exponent).translate(SUPERSCRIPT)


# numbers read off the rows of a check, as dictionaries (Verdict.to_dict)


def rows_by_pair(result: Row) -> dict[tuple[int, int], dict[str, Row]]:
    """Theorem 2's rows of an instance: {(teacher, observer): {form: row}}."""
    pairs: dict[tuple[int, int], dict[str, Row]] = defaultdict(dict)
    for v in result["verdicts"]:
        if v["statement"] == "theorem-2":
            pairs[v["teacher"], v["observer"]][v["form"]] = v
    return pairs


def has_positive_bound(row: Row | None) -> bool:
    """True for a row whose bound is a number above 0."""
    return row is not None and row["bound"] is not None and row["bound"] > 0


def bound_on_sine(row: Row | None) -> float:
    """The bound; 1 where the form says nothing, NaN for a bound of 0 or less."""
    if row is None or row["bound"] is None:
        return 1.0
    return min(row["bound"], 1.0) if row["bound"] > 0 else np.nan


def sine_to_student(forms: dict[str, Row]) -> float:
    """The measured sine to the best student; NaN where it is 0 or no form states it."""
    return next((forms[form]["measured"] for form in (SHARP, PRINTED) if form in forms and forms[form]["measured"]), np.nan)
