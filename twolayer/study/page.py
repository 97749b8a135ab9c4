"""The page around a report: its shell, tables, inlined figures, style (report.css) and script (report.js). Nothing is fetched.

Every piece of text goes through `escaped` on its way into HTML and through `embedded` on its way into the
script's data; the script writes text nodes only.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..drawing import in_page
from ..plotting import COLOUR, GRID, INK, PAPER, SHADE
from ..statements.verdict import NOT_APPLICABLE, VACUOUS

# Colours that a dark page replaces: every colour of a figure, as a variable of the style sheet.
VARIABLES = {
    INK: "ink",
    PAPER: "figure",
    GRID: "grid",
    **{colour: form for form, colour in COLOUR.items()},
    SHADE[VACUOUS]: "vacuous",
    SHADE[NOT_APPLICABLE]: "absent",
}
STYLE, SCRIPT = (Path(__file__).with_name(f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))


class Markup(str):
    """HTML that needs no escaping any more."""


def escaped(value: Any) -> Markup:
    """A value as HTML text, or as the value of a quoted attribute."""
    return value if isinstance(value, Markup) else Markup(html.escape(str(value), quote=True))


def tag(name: str, *children: Any, **attributes: Any) -> Markup:
    """An element; a trailing underscore of an attribute's name is dropped (class_), others become hyphens."""
    named = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    written = "".join(f' {key}="{escaped(value)}"' for key, value in named)
    return Markup(f"<{name}{written}>{''.join(map(escaped, children))}</{name}>")


def table(
    columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]], *, tall: bool = False, **attributes: Any
) -> Markup:
    """A table in a box of its own that scrolls; a tall one is cut to the screen's height.

    columns  (heading, kind), kind being name (may break), word (may not), number (right) or text (wide)
    """
    head = tag("tr", *(tag("th", heading, scope="col", class_=kind) for heading, kind in columns))  # the script makes them sort
    body = [tag("tr", *(tag("td", cell, class_=kind) for cell, (_, kind) in zip(row, columns, strict=True))) for row in rows]
    inner = tag("table", tag("thead", head), tag("tbody", *body), **attributes)
    return tag("div", inner, class_="scroll tall" if tall else "scroll", tabindex="0")


def figure(svg: str, alt: str) -> Markup:
    """A figure's SVG inside the page, in the page's colours and fonts, as wide as there is room."""
    return Markup(in_page(svg, alt, VARIABLES))


def embedded(data: Any) -> Markup:
    """Data for the script as JSON inside an element that browsers neither run nor render."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(f'<script type="application/json" id="data">{text}</script>')


def document(title: str, body: Iterable[Any], data: Any) -> str:
    """The whole page."""
    return "\n".join(
        (
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            tag("title", title),
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            *(escaped(part) for part in body),
            embedded(data),
            f"<script>{SCRIPT}</script>",
            "</body>",
            "</html>",
            "",
        )
    )
