"""Colours, strokes and marks: one for each run, the same in every figure; and those of the page's background.

After Okabe and Ito and Paul Tol; where two hues are near, stroke or mark tells them apart.
"""

from __future__ import annotations

from typing import Any

INK, PAPER, GRID = "#1b1b20", "#ffffff", "#dcdce2"  # a dark page replaces these three
VERMILION, BLUE, ORANGE, SKY, GREEN = "#d55e00", "#0072b2", "#e69f00", "#56b4e9", "#009e73"
WINE, PURPLE, OLIVE, GREY = "#b8336a", "#9a5fc7", "#8a8a1f", "#85858f"
DASHED, DOTTED, DASH_DOT = (0, (4, 1.6)), (0, (1.2, 1.2)), (0, (5, 1.5, 1.2, 1.5))
Style = tuple[str, Any, str]  # colour, stroke, mark
FALLBACK: Style = (GREY, "solid", "D")
UNTRAINED: Style = (GREY, DOTTED, "*")
KINDS: dict[str, Style] = {
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
    "st-logit-augmented": (SKY, DASHED, "p"),
    "st-logit-gaussian": (GREEN, DASH_DOT, "v"),
    "st-label": (OLIVE, DASHED, "x"),
    "ccat-5": (SKY, DOTTED, "<"),
    "ccat-10": (GREEN, DASHED, "h"),
    "ccat-20": (ORANGE, DASH_DOT, ">"),
    "ccat-10-full": (GREEN, DOTTED, "P"),
    "rft": (PURPLE, DASHED, "D"),
}
SEEDS = (BLUE, SKY, PURPLE, GREEN, ORANGE)


def style(checkpoint: str, seed: str) -> Style:
    """Of a checkpoint "run@paper's epoch": its kind's, the untrained student's at epoch 0.   seed: what parts run from seed"""
    run, _, epoch = checkpoint.partition("@")
    return UNTRAINED if epoch == "0" else KINDS.get(run.partition(seed)[0], FALLBACK)
