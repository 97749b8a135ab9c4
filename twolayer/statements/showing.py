"""Verdicts as tables: for a terminal (rich) and for a notebook (HTML)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from html import escape

from .verdict import FAILS, HOLDS, NOT_APPLICABLE, UNDECIDED, VACUOUS, Verdict

ORDER = (FAILS, HOLDS, UNDECIDED, VACUOUS, NOT_APPLICABLE)
COLOURS = {HOLDS: "green", FAILS: "red", UNDECIDED: "yellow", VACUOUS: "dim", NOT_APPLICABLE: "dim"}  # rich's names
SHADES = {HOLDS: "#1a7f37", FAILS: "#cf222e", UNDECIDED: "#9a6700", VACUOUS: "#6e7781", NOT_APPLICABLE: "#6e7781"}
COLUMNS = ("statement", "form", "nodes", "verdict", "measured", "bound", "why")
RIGHT = ("measured", "bound")
MOST = 60  # rows of a notebook's table
DIGITS = 6  # of an enclosure in a line


def nodes(v: Verdict) -> str:
    """The nodes of a row: teacher, student and observers."""
    parts = [
        f"{letter}{value}" for letter, value in (("j=", v.teacher), ("k'=", v.student), ("k=", v.observer)) if value is not None
    ]
    if v.observers is not None:
        parts.append("k in {" + ",".join(map(str, v.observers)) + "}")
    return " ".join(parts)


def short(x: float | None) -> str:
    """Three digits, or a dash."""
    return "-" if x is None else f"{x:.3g}"


def cells(v: Verdict) -> tuple[str, ...]:
    """The row of a table, in the order of COLUMNS."""
    return v.statement, v.form, nodes(v), v.verdict, short(v.measured), short(v.bound), v.why


def ordered(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """What fails first, what does not apply last; otherwise as they came."""
    return sorted(verdicts, key=lambda v: ORDER.index(v.verdict))


def rich_table(verdicts: Sequence[Verdict], most: int | None = None):
    """A rich table of the verdicts, or of the first `most` of them."""
    from rich.markup import escape as plain
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, justify="right" if column in RIGHT else "left")
    for v in ordered(verdicts)[:most]:
        row = [
            f"[{COLOURS[v.verdict]}]{text}[/]" if name == "verdict" else plain(text)
            for name, text in zip(COLUMNS, cells(v), strict=True)
        ]
        table.add_row(*row)
    return table


def enclosure(ends: tuple[float, float]) -> str:
    """[lower, upper] to six digits that lie on or outside of the ends."""
    roundings = (ROUND_FLOOR, ROUND_CEILING)
    low, high = (Context(DIGITS, rounding).create_decimal(Decimal(x)) for x, rounding in zip(ends, roundings, strict=True))
    return f"[{low:g}, {high:g}]"


def html(name: str, gradient: tuple[float, float], verdicts: Sequence[Verdict]) -> str:
    """The gradient and the verdicts as HTML without scripts; of many rows the first MOST, and how many there are besides."""
    align = {column: "right" if column in RIGHT else "left" for column in COLUMNS}
    head = "".join(f'<th style="text-align:{align[c]}">{c}</th>' for c in COLUMNS)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="text-align:{align[c]}{";color:" + SHADES[v.verdict] if c == "verdict" else ""}">{escape(text)}</td>'
            for c, text in zip(COLUMNS, cells(v), strict=True)
        )
        + "</tr>"
        for v in ordered(verdicts)[:MOST]
    )
    left = f"<p>.. and {len(verdicts) - MOST} more rows: Check.rows() has all of them</p>" if len(verdicts) > MOST else ""
    return (
        f"<p><b>{escape(name)}</b>: sup |g<sub>1</sub>| in {enclosure(gradient)}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{left}"
    )
