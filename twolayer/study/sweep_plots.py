"""`twolayer plot DIR`: what the table of a sweep shows, drawn: bounds against the gradient, and shares of verdicts."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..files import BadInput, content, quoted, shown, written
from ..plotting import COLOUR, INK, MARK, SHADE, STROKE, STYLE, decades, median_line
from ..statements.verdict import FORMS, VERDICTS
from .sweep import COLUMNS, SUM, WHOLE, unwritable
from .tables import STATEMENTS, terminal

AXES = ("rank", "thickness", "width", "gradient")
WIDE = (4.2, 3.6)  # inches of one panel
FLOOR, CEILING = 1e-12, 1e12  # what lies beyond them is drawn there
MOST_PANELS, MOST_VALUES = 12, 48  # of a picture: more would be too small to be read
LARGEST = 1e308  # number in a table
WORDS = {"statement": STATEMENTS, "form": FORMS}
MEDIANS = ("measured_median", "bound_median", "closest")  # columns that may be empty


def read(directory: Path) -> list[dict[str, Any]]:
    """The rows of DIR/table.csv with numbers read, NaN where a median is empty; BadInput for what no sweep wrote."""
    path = directory / "table.csv"
    if not path.exists():
        raise BadInput(f"{path} needs to be a sweep's table; got no such file")
    table = content(path)
    if (directory / SUM).is_file() and content(directory / SUM).split()[:1] != [hashlib.sha256(table).hexdigest().encode()]:
        raise BadInput(f"{path} needs the content that `sweep` wrote, or no {SUM} beside it; got another; run the sweep again")
    try:
        lines = list(csv.DictReader(io.StringIO(table.decode()), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise BadInput(f"{path} needs to be a sweep's table; got {error}") from None
    if not lines or list(lines[0]) != list(COLUMNS):
        raise BadInput(f"{path} needs to be a sweep's table; got other columns, or no rows")
    rows = [{key: _cell(path, at, key, value) for key, value in line.items()} for at, line in enumerate(lines, 2)]
    ranks = {row["rank"] for row in rows if row["statement"] == "theorem-2"}
    if not 0 < len(ranks) <= MOST_PANELS:
        raise BadInput(f"{path} needs rows of theorem-2 of at most {MOST_PANELS} ranks to be drawn; got {len(ranks)} ranks")
    for axis in AXES:
        if (count := len({row[axis] for row in rows})) > MOST_VALUES:
            raise BadInput(f"{path} needs at most {MOST_VALUES} values of an axis to be drawn; got {count} of {axis}")
    return rows


def _cell(path: Path, line: int, column: str, text: Any) -> Any:
    """A cell's value; BadInput for what no sweep writes there."""
    if column in WORDS:
        value, fine = text, text in WORDS[column]
    elif column in MEDIANS and text == "":
        return np.nan
    else:
        try:
            value = float(text)
        except (TypeError, ValueError):
            value = np.nan
        least = 1 if column in WHOLE else -LARGEST if column in MEDIANS else 0
        fine = least <= value <= LARGEST and (column not in (*WHOLE, *VERDICTS, "seed") or value == int(value))
        fine = fine and (column != "gradient" or value > 0)
    if not fine:
        raise BadInput(f"{path}, line {line}: {column} needs what a sweep writes there; got {quoted(str(text))}")
    return value


def angles(rows: list[dict[str, Any]]) -> Figure:
    """Theorem 2: the median measured sine and the median bound of each form against the certified gradient, by rank."""
    chosen = [row for row in rows if row["statement"] == "theorem-2"]
    ranks = sorted({row["rank"] for row in chosen})
    figure = _figure(len(ranks))
    for panel, rank in zip(figure.subplots(1, len(ranks), squeeze=False)[0], ranks, strict=True):
        part = [row for row in chosen if row["rank"] == rank]
        levels = sorted({row["gradient"] for row in part})
        top = [
            float(drawable(np.median([row["gradient_upper"] for row in part if row["gradient"] == level]))) for level in levels
        ]
        for form in FORMS:
            samples = [
                [drawable(row["bound_median"]) for row in part if row["form"] == form and row["gradient"] == level]
                for level in levels
            ]
            median_line(panel, top, samples, form, COLOUR[form], STROKE[form], marker=MARK[form], markersize=4)
        sines = [[drawable(row["measured_median"]) for row in part if row["gradient"] == level] for level in levels]
        median_line(panel, top, sines, "measured", INK, "solid")
        heights = [y for line in panel.get_lines() for y in np.asarray(line.get_ydata(), dtype=float)]
        panel.set(xlabel="certified sup |g₁|", ylabel="sine" if rank == ranks[0] else "", title=f"rank {rank:g}")
        panel.grid(True)
        if heights:
            decades(panel, "x", min(top), max(top))
            decades(panel, "y", min(heights), max(heights))
        panel.legend()
    return figure


def drawable(x):
    """A number that a logarithmic axis has a place for; NaN stays."""
    return np.clip(x, FLOOR, CEILING)


def verdicts(rows: list[dict[str, Any]]) -> Figure:
    """Shares of the verdicts of each form, over all statements, along every axis with more than one value."""
    axes = [axis for axis in AXES if len({row[axis] for row in rows}) > 1] or ["rank"]
    figure = _figure(len(axes), 1.15)
    for panel, axis in zip(figure.subplots(1, len(axes), squeeze=False)[0], axes, strict=True):
        values = sorted({row[axis] for row in rows})
        places = [(v, f) for v in range(len(values)) for f in range(len(FORMS))]
        for v, f in places:
            part = [row for row in rows if row[axis] == values[v] and row["form"] == FORMS[f]]
            counts = np.array([sum(row[verdict] for row in part) for verdict in VERDICTS])
            ends = np.concatenate([[0], np.cumsum(counts / max(counts.sum(), 1))])
            for verdict, low, high in zip(VERDICTS, ends, ends[1:], strict=False):
                panel.bar(v + 0.28 * (f - 1), high - low, 0.26, bottom=low, color=SHADE[verdict])
            panel.text(v + 0.28 * (f - 1), 1.01, FORMS[f][:1], ha="center", va="bottom", fontsize=8)
        panel.set(
            xticks=range(len(values)),
            xticklabels=[f"{x:g}" for x in values],
            xlabel=axis,
            ylim=(0, 1.08),
            ylabel="share of rows" if axis == axes[0] else "",
        )
    handles = [figure.axes[-1].bar(0, 0, color=SHADE[verdict], label=verdict) for verdict in VERDICTS]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(VERDICTS), fontsize=8)
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
        image = io.BytesIO()
        with rc_context(STYLE):
            draw(rows).savefig(image, format="png", dpi=120)
        try:
            written(directory / f"{stem}.png", image.getvalue())
        except OSError as error:
            raise unwritable(directory, error) from None
        terminal().print(shown(f"{directory / stem}.png"), soft_wrap=True, markup=False, highlight=False)
    return 0
