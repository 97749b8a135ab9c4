"""How every figure looks, and its way into a file and into a page: what the reports of both wings share.

Figures are drawn by Agg, without a display and without pyplot's global state; the same figure gives the same bytes.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, PAPER, GRID = "#1b1b20", "#ffffff", "#dcdce2"  # a page with another background replaces these three
STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "legend.fontsize": 9,
    "legend.frameon": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "svg.fonttype": "none",
    "savefig.dpi": 200,
}
# What matplotlib would say of the time, itself and the web.
PLAIN = {"svg": {"Date": None, "Creator": None, "Format": None, "Type": None}, "png": {"Software": None}}
DOCTYPE = re.compile(rb"<!DOCTYPE.*?>\s*", re.S)
PROLOGUE = re.compile(r"^.*?(?=<svg)", re.S)
METADATA = re.compile(r"<metadata>.*?</metadata>", re.S)
NUMBERED = re.compile(r' id="[A-Za-z0-9.]+_\d+"')  # figure_1, axes_1, ...: nothing refers to them
SIZES = re.compile(r'(<svg[^>]*?) width="[^"]*"|(<svg[^>]*?) height="[^"]*"')


def painted(figure: Figure, name: str, kind: str, dpi: float | None = None) -> bytes:
    """A figure as the bytes of an svg or png file.   name: it differs from figure to figure of a page;  dpi: STYLE's if None"""
    from matplotlib import rc_context

    out = io.BytesIO()
    with rc_context({**STYLE, "svg.hashsalt": name}):
        figure.savefig(out, format=kind, metadata=PLAIN[kind], dpi=dpi or STYLE["savefig.dpi"])
    return DOCTYPE.sub(b"", out.getvalue()) if kind == "svg" else out.getvalue()


def in_page(svg: str, alt: str, colours: Mapping[str, str]) -> str:
    """The SVG as an element of a page, as wide as there is room.   alt: what a reader who cannot see it is told;
    colours: which variable of the page's style stands for which"""
    text = METADATA.sub("", NUMBERED.sub("", PROLOGUE.sub("", svg, count=1)))
    for _ in range(2):
        text = SIZES.sub(lambda m: m[1] or m[2], text, count=1)
    for colour, name in colours.items():
        text = text.replace(colour, f"var(--{name})")
    return text.replace("<svg", f'<svg role="img" aria-label="{html.escape(alt, quote=True)}"', 1)
