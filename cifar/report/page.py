"""The report's page from its template, templates/page.html: self-contained; nothing is fetched and nothing runs.

Every piece of text is escaped by Jinja2; figures are inlined in the page's colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from twolayer.drawing import GRID, INK, PAPER, in_page

from ..measures.robustness import CONFIDENT, RULES
from ..pages import filled
from ..settings import CHOICES
from . import tables
from .palette import KINDS
from .pictures import Picture
from .printed import ATTACKS, TABLES
from .results import START
from .verdicts import telling
from .whole import Report

TEMPLATE = Path(__file__).parent / "templates" / "page.html"
TITLE = "Robustness and specialisation on CIFAR-10, reproduced"
VARIABLES = {INK: "ink", PAPER: "figure", GRID: "line"}  # colours of a figure that a dark page replaces


def document(report: Report, pictures: Sequence[Picture], drawings: dict[str, str]) -> str:
    """The whole page.   drawings: the panels' SVG texts by name"""
    results = report.results
    attacked = (student for student in results.students if student.counted(CONFIDENT, CONFIDENT))
    specialisation = ((depth, *tables.specialised(results, depth)) for depth in tables.SPECIALISED)
    return filled(
        TEMPLATE,
        {"plain": plain, "number": number},
        title=TITLE,
        report=report,
        telling=telling,
        tables=[(table, rows) for table in TABLES if (rows := tables.filled(results, table))],
        specialised=[(depth, readings, rows) for depth, readings, rows in specialisation if rows],
        headings=heading,
        start=START,
        kinds=len({student.kind for student in results.students} & set(KINDS)),
        tau=next((student.attacks[CONFIDENT][CONFIDENT]["tau"] for student in attacked), None),
        pictures=[
            (picture, [Markup(in_page(drawings[panel.name], panel.title, VARIABLES)) for panel in picture.panels])
            for picture in pictures
        ],
        choices=CHOICES,
    )


def heading(attack: str, rule: str) -> str:
    """Of a table's column."""
    return ATTACKS[attack] + ("" if rule in (RULES[0], CONFIDENT) or attack != "linf" else f", {rule}")


def plain(value: Any) -> str:
    """A setting or fact in words."""
    if isinstance(value, list | tuple):
        return (", " if value and isinstance(value[0], list | tuple) else "-").join(map(plain, value)) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value) or "none"


def number(value: float | str | None, digits: int = 2, absent: str = "") -> str:
    return value if isinstance(value, str) else absent if value is None else f"{value:.{digits}f}"
