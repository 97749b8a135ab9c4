"""`twolayer plot DIR`: what a table shows, drawn.

Of a sweep: bounds against the gradient, and shares of verdicts; of `check FOLDER`: bound and measured side over the folder.
"""

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
from ..plotting import COLOUR, INK, MARK, SHADE, STROKE, STYLE, decades, floor_below, median_line
from ..statements.verdict import FORMS, VERDICTS
from . import folder
from .folder import PLACE, SIZES
from .kept import SUM, unwritable
from .sweep import COLUMNS, WHOLE
from .tables import STATEMENTS, terminal

AXES = ("rank", "thickness", "width", "trained", "gradient")
WIDE = (4.2, 3.6)  # inches of one panel
SINE = "sine (1: the bound says nothing)"
MOST_NAMES, LONGEST_NAME = 12, 16  # instances that are named along an axis, and letters of a name
MOST_PANELS, MOST_VALUES = 12, 48  # of a picture: more would be too small to be read
LARGEST = 1e308  # number in a table
WORDS = {"statement": STATEMENTS, "form": FORMS}
MEDIANS = ("measured_median", "bound_median", "closest")  # columns that may be empty
NAMES = ("instance", "name")


def place(directory: Path) -> Path:
    """Where the table is: in the folder itself, or in the `checked` of a folder of instances."""
    within = directory / PLACE
    return within if (within / "table.csv").exists() and not (directory / "table.csv").exists() else directory


def read(directory: Path) -> list[dict[str, Any]]:
    """The rows of DIR/table.csv with numbers read, NaN where there is none; BadInput for what no command wrote."""
    path = directory / "table.csv"
    if not path.exists():
        raise BadInput(f"{path} needs to be a sweep's table, or that of `check FOLDER`; got no such file")
    table = content(path)
    if (directory / SUM).is_file() and content(directory / SUM).split()[:1] != [hashlib.sha256(table).hexdigest().encode()]:
        raise BadInput(f"{path} needs the content that was written, or no {SUM} beside it; got another; run the sweep again")
    try:
        lines = list(csv.DictReader(io.StringIO(table.decode()), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise BadInput(f"{path} needs to be a sweep's table; got {error}") from None
    if not lines or list(lines[0]) not in (list(COLUMNS), list(folder.COLUMNS)):
        raise BadInput(f"{path} needs to be a sweep's table, or that of `check FOLDER`; got other columns, or no rows")
    rows = [{key: _cell(path, at, key, value) for key, value in line.items()} for at, line in enumerate(lines, 2)]
    if is_folder(rows):
        return rows
    panels = {(row["rank"], row["trained"]) for row in rows if row["statement"] == "theorem-2"}
    if not 0 < len(panels) <= MOST_PANELS:
        raise BadInput(f"{path} needs rows of theorem-2 for at most {MOST_PANELS} panels to be drawn; got {len(panels)}")
    for axis in AXES:
        if (count := len({row[axis] for row in rows})) > MOST_VALUES:
            raise BadInput(f"{path} needs at most {MOST_VALUES} values of an axis to be drawn; got {count} of {axis}")
    return rows


def is_folder(rows: list[dict[str, Any]]) -> bool:
    """Whether a table is that of a folder of instances."""
    return "instance" in rows[0]


def _cell(path: Path, line: int, column: str, text: Any) -> Any:
    """A cell's value; BadInput for what no sweep writes there."""
    if column in NAMES:
        value, fine = text, isinstance(text, str)
    elif column in WORDS:
        value, fine = text, text in WORDS[column]
    elif text == "" and (column in MEDIANS or column == "gradient_upper"):  # which is infinite there
        return np.nan
    else:
        try:
            value = float(text)
        except (TypeError, ValueError):
            value = np.nan
        least = 1 if column in (*WHOLE, *SIZES) else -LARGEST if column in MEDIANS else 0
        fine = least <= value <= LARGEST and (
            column not in (*WHOLE, *SIZES, *VERDICTS, "seed", "trained") or value == int(value)
        )
        fine = fine and (column != "gradient" or value > 0)
    if not fine:
        raise BadInput(f"{path}, line {line}: {column} needs what a sweep writes there; got {quoted(str(text))}")
    return value


def angles(rows: list[dict[str, Any]]) -> Figure:
    """Theorem 2: the median measured sine and the median bound of each form against the certified gradient, by rank."""
    groups: dict[tuple[float, float], list[dict[str, Any]]] = {}
    for row in rows:
        if row["statement"] == "theorem-2":
            groups.setdefault((row["trained"], row["rank"]), []).append(row)
    figure = _figure(len(groups))
    for panel, (trained, rank) in zip(figure.subplots(1, len(groups), squeeze=False)[0], sorted(groups), strict=True):
        chosen = groups[trained, rank]
        levels = sorted({row["gradient"] for row in chosen})
        parts = [[row for row in chosen if row["gradient"] == level] for level in levels]
        top = np.array([np.median([row["gradient_upper"] for row in part]) for part in parts])
        title = f"rank {rank:g}" + (", trained" if trained else "")
        panel.set(xlabel="certified sup |g₁|", ylabel=SINE if panel is figure.axes[0] else "", title=title)
        _sines(panel, np.maximum(top, _logarithmic(panel, "x", top)), parts)
    _legend(figure)
    return figure


def along(rows: list[dict[str, Any]]) -> Figure:
    """Theorem 2, and Theorem 3 where there is one, over the instances of a folder in their order; the certified gradient."""
    names = list(dict.fromkeys(row["instance"] for row in rows))
    stated = [s for s in ("theorem-2", "theorem-3") if any(row["statement"] == s for row in rows)]
    figure = _figure(len(stated) + 1)
    *panels, last = figure.subplots(1, len(stated) + 1, squeeze=False)[0]
    places, first = np.arange(1.0, len(names) + 1), {row["instance"]: row for row in reversed(rows)}
    for statement, panel in zip(stated, panels, strict=True):
        chosen = [row for row in rows if row["statement"] == statement]
        _sines(panel, places, [[row for row in chosen if row["instance"] == name] for name in names])
        panel.set(ylabel=SINE, title=statement)
    ends = {end: np.array([first[name][f"gradient_{end}"] for name in names]) for end in ("lower", "upper")}
    floor = _logarithmic(last, "y", np.concatenate(list(ends.values())))
    for end, stroke in (("upper", "solid"), ("lower", (0, (1, 1.2)))):
        last.plot(places, np.maximum(ends[end], floor), color=INK, linestyle=stroke, marker=".", label=f"sup |g₁|, {end} end")
    last.set(title="certified gradient")
    for panel in figure.axes:
        panel.set_xlim(0.5, len(names) + 0.5)
        panel.set_xlabel("instance, in the order of names")
        if len(names) <= MOST_NAMES:
            panel.set_xticks(places, [shown(Path(name).stem, LONGEST_NAME) for name in names], rotation=30, ha="right")
            panel.set_xlabel("")
        panel.grid(True)
    _legend(figure)
    return figure


def _sines(panel, places: np.ndarray, parts: list[list[dict[str, Any]]]) -> None:
    """Medians of the measured sine and of the bounds, one part of the rows at each place.

    A bound of 1 or more says nothing and is drawn at 1, so that none stretches the axis; what is not above 0, as a sine that
    is 0 exactly, is on the lowest tick.
    """
    series = {form: [[min(r["bound_median"], 1.0) for r in part if r["form"] == form] for part in parts] for form in FORMS}
    series["measured"] = [[row["measured_median"] for row in part] for part in parts]
    values = np.array([x for samples in series.values() for part in samples for x in part])
    floor = _logarithmic(panel, "y", values)
    for name, samples in series.items():
        shown = [np.maximum(part if part else [np.nan], floor) for part in samples]
        if name == "measured":
            median_line(panel, places, shown, name, INK, "solid", marker=".", markersize=4)
        else:
            median_line(panel, places, shown, name, COLOUR[name], STROKE[name], marker=MARK[name], markersize=4)
    panel.grid(True)


def _logarithmic(panel, side: str, values: np.ndarray) -> float:
    """Make an axis logarithmic over the values that are above 0, with a tick for the others; where it begins."""
    numbers = values[~np.isnan(values)]
    above = numbers[numbers > 0]
    if not len(above):
        panel.set(**{f"{side}scale": "log"})
        return 1e-3
    floored = bool((numbers <= 0).any())
    low = floor_below(above) if floored else 10.0 ** np.floor(np.log10(above.min()))
    decades(panel, side, low, max(above.max(), 10 * low), floored=floored)
    return low


def _legend(figure: Figure) -> None:
    """One legend below the panels, where it covers no curve."""
    legends = [panel.get_legend_handles_labels() for panel in figure.axes]
    named = {label: handle for handles, labels in legends for handle, label in zip(handles, labels, strict=True)}
    figure.legend(list(named.values()), list(named), loc="outside lower center", ncols=min(len(named), 3 * len(figure.axes)))


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
    """The command: writes angles.png and verdicts.png beside a sweep's table, along.png beside that of a folder."""
    directory = place(Path(options.directory))
    rows = read(directory)
    pictures = {"along": along} if is_folder(rows) else {"angles": angles, "verdicts": verdicts}
    for stem, draw in pictures.items():
        image = io.BytesIO()
        with rc_context(STYLE):
            draw(rows).savefig(image, format="png", dpi=120)
        try:
            written(directory / f"{stem}.png", image.getvalue())
        except OSError as error:
            raise unwritable(directory, error) from None
        terminal().print(shown(str(directory / f"{stem}.png")), soft_wrap=True, markup=False, highlight=False)
    return 0
