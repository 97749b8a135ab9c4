"""`twolayer plot DIR`: what the table of a sweep shows, drawn: bounds against the gradient, and shares of verdicts."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..files import BadInput, written
from ..plotting import COLOUR, INK, MARK, SHADE, STROKE, STYLE, decades, median_line
from ..statements.verdict import FAILS, HOLDS, NOT_APPLICABLE, UNDECIDED, VACUOUS
from .sweep import unwritable
from .tables import FORMS, terminal

AXES = ("rank", "thickness", "width", "gradient")
SHARES = (HOLDS, FAILS, UNDECIDED, VACUOUS, NOT_APPLICABLE)
WIDE = (4.2, 3.6)  # inches of one panel
FLOOR = 1e-12  # a median below it is drawn there


def read(directory: Path) -> list[dict[str, Any]]:
    """The rows of DIR/table.csv with numbers read; BadInput where there is no such table."""
    try:
        text = (directory / "table.csv").read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{directory / 'table.csv'} needs to be a sweep's table; got {error.strerror or error}") from None
    try:
        rows = [{key: _cell(key, value) for key, value in row.items()} for row in csv.DictReader(io.StringIO(text))]
    except (ValueError, TypeError):
        raise BadInput(f"{directory / 'table.csv'} needs to be a sweep's table; got something else") from None
    if not rows or not {*AXES, "statement", "form", "bound_median"} <= set(rows[0]):
        raise BadInput(f"{directory / 'table.csv'} needs to be a sweep's table; got something else")
    return rows


def _cell(key: str, value: str) -> Any:
    return value if key in ("statement", "form") else float(value) if value else np.nan


def angles(rows: list[dict[str, Any]]) -> Figure:
    """Theorem 2: the median measured sine and the median bound of each form against the certified gradient, by rank."""
    chosen = [row for row in rows if row["statement"] == "theorem-2"]
    ranks = sorted({row["rank"] for row in chosen})
    figure = _figure(len(ranks))
    for panel, rank in zip(figure.subplots(1, len(ranks), squeeze=False)[0], ranks, strict=True):
        part = [row for row in chosen if row["rank"] == rank]
        levels = sorted({row["gradient"] for row in part})
        top = [float(np.nanmedian([row["gradient_upper"] for row in part if row["gradient"] == level])) for level in levels]
        for form in FORMS:
            samples = [
                [max(row["bound_median"], FLOOR) for row in part if row["form"] == form and row["gradient"] == level]
                for level in levels
            ]
            median_line(panel, top, samples, form, COLOUR[form], STROKE[form], marker=MARK[form], markersize=4)
        sines = [[max(row["measured_median"], FLOOR) for row in part if row["gradient"] == level] for level in levels]
        median_line(panel, top, sines, "measured", INK, "solid")
        heights = [y for line in panel.get_lines() for y in np.asarray(line.get_ydata(), dtype=float)]
        panel.set(xlabel="certified sup |g₁|", ylabel="sine" if rank == ranks[0] else "", title=f"rank {rank:g}")
        panel.grid(True)
        if heights:
            decades(panel, "x", min(top), max(top))
            decades(panel, "y", min(heights), max(heights))
        panel.legend()
    return figure


def verdicts(rows: list[dict[str, Any]]) -> Figure:
    """Shares of the verdicts of each form, over all statements, along every axis with more than one value."""
    axes = [axis for axis in AXES if len({row[axis] for row in rows}) > 1] or ["rank"]
    figure = _figure(len(axes), 1.15)
    for panel, axis in zip(figure.subplots(1, len(axes), squeeze=False)[0], axes, strict=True):
        values = sorted({row[axis] for row in rows})
        places = [(v, f) for v in range(len(values)) for f in range(len(FORMS))]
        for v, f in places:
            part = [row for row in rows if row[axis] == values[v] and row["form"] == FORMS[f]]
            counts = np.array([sum(row[verdict] for row in part) for verdict in SHARES])
            ends = np.concatenate([[0], np.cumsum(counts / max(counts.sum(), 1))])
            for verdict, low, high in zip(SHARES, ends, ends[1:], strict=False):
                panel.bar(v + 0.28 * (f - 1), high - low, 0.26, bottom=low, color=SHADE[verdict])
            panel.text(v + 0.28 * (f - 1), 1.01, FORMS[f][:1], ha="center", va="bottom", fontsize=8)
        panel.set(
            xticks=range(len(values)),
            xticklabels=[f"{x:g}" for x in values],
            xlabel=axis,
            ylim=(0, 1.08),
            ylabel="share of rows" if axis == axes[0] else "",
        )
    handles = [figure.axes[-1].bar(0, 0, color=SHADE[verdict], label=verdict) for verdict in SHARES]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(SHARES), fontsize=8)
    figure.suptitle("verdicts (p printed, r repaired, s sharp)", fontsize=10)
    return figure


def _figure(panels: int, tall: float = 1.0) -> Figure:
    figure = Figure(figsize=(WIDE[0] * panels, WIDE[1] * tall), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def run(options) -> int:
    """The command: writes angles.png and verdicts.png beside the table."""
    directory = Path(options.directory)
    rows = read(directory)
    for stem, draw in (("angles", angles), ("verdicts", verdicts)):
        content = io.BytesIO()
        with rc_context(STYLE):
            draw(rows).savefig(content, format="png", dpi=120)
        try:
            written(directory / f"{stem}.png", content.getvalue())
        except OSError as error:
            raise unwritable(directory, error) from None
        terminal().print(f"{directory / stem}.png", soft_wrap=True, markup=False)
    return 0
