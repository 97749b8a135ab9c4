"""The page around a report: HTML elements, tables, inlined figures, style. Nothing is fetched and nothing runs.

Every piece of text goes through `escaped` on its way into HTML.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import Any

from .palette import GRID, INK, PAPER

VARIABLES = {INK: "ink", PAPER: "figure", GRID: "line"}  # colours of a figure that a dark page replaces
PROLOGUE = re.compile(r"^.*?(?=<svg)", re.S)
METADATA = re.compile(r"<metadata>.*?</metadata>", re.S)
NUMBERED = re.compile(r' id="[A-Za-z0-9.]+_\d+"')  # figure_1, axes_1, ...: nothing refers to them
SIZES = re.compile(r'(<svg[^>]*?) width="[^"]*"|(<svg[^>]*?) height="[^"]*"')


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
    head = tag("tr", *(tag("th", heading, scope="col", class_=kind) for heading, kind in columns))
    body = [tag("tr", *(tag("td", cell, class_=kind) for cell, (_, kind) in zip(row, columns, strict=True))) for row in rows]
    inner = tag("table", tag("thead", head), tag("tbody", *body), **attributes)
    return tag("div", inner, class_="scroll tall" if tall else "scroll", tabindex="0")


def figure(svg: str, alt: str) -> Markup:
    """A figure's SVG inside the page, in the page's colours and fonts, as wide as there is room."""
    text = METADATA.sub("", NUMBERED.sub("", PROLOGUE.sub("", svg, count=1)))
    for _ in range(2):
        text = SIZES.sub(lambda m: m[1] or m[2], text, count=1)
    for colour, name in VARIABLES.items():
        text = text.replace(colour, f"var(--{name})")
    return Markup(text.replace("<svg", f'<svg role="img" aria-label="{escaped(alt)}"', 1))


def document(title: str, body: Iterable[Any]) -> str:
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
            "</body>",
            "</html>",
            "",
        )
    )


STYLE = """
:root{--ink:#1b1b20;--soft:#5a5a66;--paper:#fbfbfc;--card:#fff;--figure:none;--line:#dcdce2;--link:#00568a;
--good:#00694c;--bad:#a83e00;--wait:#7a5300}
@media (prefers-color-scheme:dark){:root{--ink:#ececf1;--soft:#a9a9b6;--paper:#131318;--card:#1b1b22;--line:#34343f;
--link:#7cc4f0;--good:#4fd3a6;--bad:#ff9a5c;--wait:#f0b840}}
*{box-sizing:border-box}
body{margin:0 auto;padding:16px;max-width:1200px;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:break-word}
h1{font-size:1.6rem;line-height:1.2;margin:.4em 0}
h2{font-size:1.25rem;margin:2.2em 0 .5em;padding-top:.6em;border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.6em 0 .4em}
p,dl{max-width:46rem}
.soft,figcaption,.hint,.lost{color:var(--soft)}
figcaption,.hint{font-size:.9rem;max-width:46rem}
a{color:var(--link)}
nav a{display:inline-block;margin:.15em 1em .15em 0}
dl{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.2em 1em}
dt{font-weight:600}dd{margin:0;min-width:0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:10px;margin:1.2em 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 12px}
.tile b{display:block;font-size:1.5rem;line-height:1.2;font-variant-numeric:tabular-nums}
.tile span{font-size:.85rem;color:var(--soft)}
.alarm{border:2px solid var(--bad);border-radius:8px;padding:10px 14px}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px;background:var(--card);margin:.6em 0}
table{border-collapse:separate;border-spacing:0;width:100%;font-size:.86rem}
th,td{padding:5px 10px;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
thead th{vertical-align:bottom;color:var(--soft);font-weight:600;position:sticky;top:0;background:var(--card)}
tbody tr:last-child td{border-bottom:0}
.tall{max-height:min(75vh,46rem);overflow-y:auto}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.number small{display:block;color:var(--soft)}
thead .number{white-space:normal}
.word{white-space:nowrap}.name{min-width:11rem}.text{min-width:15rem}
.claim{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:8px 12px;margin:.5em 0}
.claim p{margin:.2em 0}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(330px,100%),1fr));gap:12px}
.even{max-width:960px}
.pictures>div{padding:8px;background:var(--card);border:1px solid var(--line);border-radius:8px}
figure{margin:0 0 1.5em}figcaption{margin-top:.5em}
svg{display:block;width:100%;height:auto}
svg text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif!important}
.yes,.no,.open{white-space:nowrap}
.yes{color:var(--good);font-weight:700}.no{color:var(--bad);font-weight:700}.open{color:var(--wait);font-weight:600}
details>summary{cursor:pointer}
:focus-visible{outline:2px solid var(--link);outline-offset:1px}
@media (max-width:600px){body{padding:12px}th,td{padding:4px 7px}.pictures>div{padding:4px}}
@media (prefers-color-scheme:dark){svg image{filter:brightness(1.5)}}
@media print{nav{display:none}}
"""
