"""The table of sharpness, N = 1, .., 12 and both counts: what is attained, what is proved, what was printed.

Certifies   each row, from the instance's file and the bound's formula.
Does not    close the intervals of the all-count for N >= 3.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

from ..entry import Entry, Step
from ._hidden import read
from .all_count import ball, upper
from .instances import FOLDER, checks, decimal, regime_height, shown_height

NODES = range(1, 13)
HEIGHTS = {"all": ("lowest", "5_over_4", "endless"), "opp": ("lowest", "endless")}
# The theory notes, section 5: the all-count's lower row (its instances are taken at any height from 3/N on), its upper
# row, the opposing row (* = attained); and the instances at h = 5/4 in the notes on sharp constants.
LOWER = dict(zip(NODES, "4 4 4.99 6.00 7.17 8.64 9.06 10.01 10.80 11.77 12.06 12.11".split(), strict=True))
UPPER = dict(zip(NODES, "4 4 6 9 10 13 14 17 18 21 22 25".split(), strict=True))
OPPOSING = dict(zip(NODES, "4* 6* 8* 10.67* 13.33* 16* 18.67 21.33* 24 26.67* 29.33 32".split(), strict=True))
FIXED = dict(zip(NODES[2:], "4.83 5.99 7.14 8.637 9.057 9.808 10.805 11.766 12.057 12.109".split(), strict=True))


def printed(count: str, nodes: int, regime: str) -> str:
    """What the notes print for this cell, or "-"."""
    if regime == "lowest":
        return f"{LOWER[nodes]} .. {UPPER[nodes]}" if count == "all" else f"<= {OPPOSING[nodes]}"
    return f">= {FIXED[nodes]}" if regime == "5_over_4" and nodes in FIXED else "-"


def lower(count: str, nodes: int, regime: str) -> tuple[Fraction, str]:
    """The best 1/eps of the files that speak for this cell, and the file: creases of mass 0 may be added, and a
    taller strip contains a lower one."""
    height = regime_height(regime, nodes)
    best = (Fraction(0), "")
    for path in FOLDER.glob(f"{count}_*.json"):
        hidden = read(path)
        tall = hidden.height is None or (height is not None and hidden.height >= height)
        if hidden.nodes <= nodes and tall:
            best = max(best, (1 / hidden.eps, path.name))
    return best


def check_row(count: str, nodes: int, regime: str, low: Fraction, high: Fraction) -> None:
    """The cell is what the files and formulas give now, and its file's checks pass."""
    value, name = lower(count, nodes, regime)
    if (value, upper(count, nodes, regime_height(regime, nodes))[0]) != (low, high) or not low <= high:
        raise AssertionError(f"[the cell is [{value}, ..], not [{low}, {high}]]")
    checks(FOLDER / name)


def row(count: str, nodes: int, regime: str) -> Step:
    """N, count, height: the interval, what proves its upper end, and what the notes print."""
    height = regime_height(regime, nodes)
    low, name = lower(count, nodes, regime)
    high, theorem = upper(count, nodes, height)
    if not name:
        return Step(f"N = {nodes}, {count}, h = {shown_height(height)}: no record.")
    interval = f"{decimal(low)}, attained" if low == high else f"{decimal(low)} .. {decimal(high, up=True)} ({theorem})"
    text = f"N = {nodes}, {count}, h = {shown_height(height)}: {interval}; printed {printed(count, nodes, regime)}"
    return Step(text, partial(check_row, count, nodes, regime, low, high))


def check_ball(nodes: int) -> None:
    """An endless strip contains every ball |x|^2 + |tau|^2 cot^2 <= 1, so its 1/eps is reached as theta -> 0."""
    if max(Fraction(4), lower("all", nodes, "endless")[0]) > ball(nodes):
        raise AssertionError(f"[the ball's constant {ball(nodes)} is violated]")


def ball_row(nodes: int) -> Step:
    low = max(Fraction(4), lower("all", nodes, "endless")[0])
    return Step(f"N = {nodes}, all, ball: {decimal(low)} .. {decimal(ball(nodes), up=True)}", partial(check_ball, nodes))


ENTRY = Entry(
    name="record-table",
    label="sharpness, N up to 12",
    kind="record",
    statement="Scaled strip |x| <= 1, |tau| <= h, d' = 2: the supremum of kappa rho/(gamma eps) over all instances with N"
    " counted creases lies in the interval stated. all: every other crease counts; opp: the opposing ones, same-sign ones"
    " unlimited. Heights: the lowest of which the printed table speaks (3/N; 1 for N <= 2), where the supremum is largest;"
    " 5/4; endless (every tau), where it is smallest. Ball: the best C in sin theta_min <= C eps/(kappa r). Printed: the"
    " theory notes (their all-count instances are taken at any height from 3/N on; * = attained).",
    certifies="Every interval: its lower end by an exact instance, its upper end by the formula of the theorem named.",
    does_not="Close the all-count for N >= 3, nor the opposing count in endless strips for N >= 2. theorem-c2's (12/7)(N + 1)"
    " improves the printed upper row (Theorem C) for N = 4 and N >= 6, and no interval here: counting by signs says as much"
    " or more.",
    steps=(
        *(row(count, nodes, regime) for count in HEIGHTS for regime in HEIGHTS[count] for nodes in NODES),
        *(ball_row(nodes) for nodes in NODES),
    ),
)
