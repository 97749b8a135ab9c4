"""The report's page from its template, page.html: self-contained; nothing is fetched and nothing runs.

Every piece of text is escaped by Jinja2; figures are inlined in the page's colours.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from ..measures.robustness import CONFIDENT
from ..settings import CHOICES
from . import tables, verdicts
from .claims import Judged
from .facts import DEMO
from .palette import GRID, INK, PAPER
from .pictures import Picture
from .printed import ATTACKS, TABLES
from .results import KINDS, START, Results

TITLE = "Robustness and specialisation on CIFAR-10, reproduced"
VARIABLES = {INK: "ink", PAPER: "figure", GRID: "line"}  # colours of a figure that a dark page replaces
PROLOGUE = re.compile(r"^.*?(?=<svg)", re.S)
METADATA = re.compile(r"<metadata>.*?</metadata>", re.S)
NUMBERED = re.compile(r' id="[A-Za-z0-9.]+_\d+"')  # figure_1, axes_1, ...: nothing refers to them
SIZES = re.compile(r'(<svg[^>]*?) width="[^"]*"|(<svg[^>]*?) height="[^"]*"')


def document(
    results: Results, known: dict[str, Any], answers: Sequence[Judged], made: Sequence[Picture], drawings: dict[str, str]
) -> str:
    """The whole page.   drawings: the panels' SVG texts by name"""
    world = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    world.filters |= {"plain": plain, "number": number, "half": half}
    return world.get_template("page.html").render(
        title=TITLE,
        facts=known,
        demo=known["profile"] == DEMO,
        counted=Counter(each.paper.verdict for each in answers),
        sure=Counter(each.confident.verdict for each in answers if each.confident),
        weak=sum(each.weak for each in answers),
        answers=answers,
        telling=verdicts.telling,
        tables=[(table, rows) for table in TABLES if (rows := tables.filled(results, table))],
        specialised=[(depth, *found) for depth in tables.SPECIALISED if (found := tables.specialised(results, depth))[1]],
        headings=lambda attack, rule: (
            ATTACKS[attack] + ("" if rule in ("last", CONFIDENT) or attack != "linf" else f", {rule}")
        ),
        label=results.label,
        start=START,
        students=len(results.students),
        kinds=len({student.kind for student in results.students} & set(KINDS)),
        tau=next((r.attacks[CONFIDENT][CONFIDENT]["tau"] for r in results.students if CONFIDENT in r.attacks), None),
        pictures=[(picture, [figure(drawings[panel.name], panel.title) for panel in picture.panels]) for picture in made],
        choices=CHOICES,
    )


def figure(svg: str, alt: str) -> Markup:
    """A figure's SVG inside the page, in the page's colours and fonts, as wide as there is room."""
    text = METADATA.sub("", NUMBERED.sub("", PROLOGUE.sub("", svg, count=1)))
    for _ in range(2):
        text = SIZES.sub(lambda m: m[1] or m[2], text, count=1)
    for colour, name in VARIABLES.items():
        text = text.replace(colour, f"var(--{name})")
    return Markup(text.replace("<svg", f'<svg role="img" aria-label="{escape(alt)}"', 1))


def plain(value: Any) -> str:
    """A setting or fact in words."""
    if isinstance(value, list | tuple):
        return (", " if value and isinstance(value[0], list | tuple) else "-").join(map(plain, value)) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value) or "none"


def number(value: float | str | None, digits: int = 2) -> str:
    return value if isinstance(value, str) else "" if value is None else f"{value:.{digits}f}"


def half(value: float | None, digits: int = 2) -> str:
    """Half an interval; a question mark where nothing says it."""
    return "?" if value is None else f"{value:.{digits}f}"
