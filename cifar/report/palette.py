"""Colours, strokes and marks: one for each run, the same in every figure; and those of the page's background.

After Okabe and Ito and Paul Tol; where two hues are near, stroke or mark tells them apart.
"""

from __future__ import annotations

from typing import Any

INK, PAPER, GRID = "#1b1b20", "#ffffff", "#dcdce2"  # a dark page replaces these three
VERMILION, BLUE, ORANGE, SKY, GREEN, WINE, PURPLE, OLIVE, GREY = (
    "#d55e00",
    "#0072b2",
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#b8336a",
    "#9a5fc7",
    "#8a8a1f",
    "#85858f",
)
DASHED, DOTTED, DASH_DOT = (0, (4, 1.6)), (0, (1.2, 1.2)), (0, (5, 1.5, 1.2, 1.5))
Style = tuple[str, Any, str]  # colour, stroke, mark
FALLBACK: Style = (GREY, "solid", "D")
RUNS: dict[str, Style] = {
    "at": (VERMILION, "solid", "o"),
    "at-augmented": (ORANGE, DASHED, "^"),
    "at-5": (VERMILION, "solid", "o"),
    "at-in-plane": (WINE, DASHED, "s"),
    "at-out-plane": (SKY, DASH_DOT, "v"),
    "at-data": (WINE, DOTTED, "P"),
    "at-data-teacher": (ORANGE, DOTTED, "P"),
    "at-label-target": (PURPLE, DOTTED, "P"),
    "st-logit": (BLUE, "solid", "s"),
    "st-logit-5": (BLUE, DASHED, "s"),
    "st-logit-augmented": (SKY, DASHED, "v"),
    "st-logit-gaussian": (GREEN, DASH_DOT, "v"),
    "st-logit-seed-1": (SKY, "solid", "s"),
    "st-logit-seed-2": (PURPLE, "solid", "s"),
    "st-label": (OLIVE, DASHED, "x"),
    "ccat-5": (SKY, DOTTED, "v"),
    "ccat-10": (GREEN, DASHED, "s"),
    "ccat-20": (ORANGE, DASH_DOT, "^"),
    "ccat-10-full": (GREEN, DOTTED, "P"),
    "rft": (PURPLE, DASHED, "D"),
}
FAMILIES: dict[str, tuple[str, str]] = {  # kind of training: colour, mark
    "AT": (VERMILION, "o"),
    "AT in/out-plane": (WINE, "^"),
    "AT, other targets": (ORANGE, "P"),
    "CCAT": (GREEN, "v"),
    "RFT": (PURPLE, "D"),
    "ST logit": (BLUE, "s"),
    "ST augmented": (SKY, "s"),
    "ST label": (OLIVE, "x"),
}
