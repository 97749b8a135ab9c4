"""Comparisons of checkpoints with three outcomes, and what a conjunction of them says.

A comparison of two robust accuracies is open while they differ by less than NOISE standard errors (binomial, as if the
two were counted on different images, which is cautious); one of MBNC or eps is between two trained students and has no
error bar. One comparison that fails makes a verdict "no"; one that is open or lacks a run leaves it "not enough data".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..runs.failures import NOT_RUN
from .results import Result, Results, label

YES, NO, NOT_ENOUGH = "yes", "no", "not enough data"
NOISE = 2.0  # standard errors


@dataclass(frozen=True)
class Step:
    """One comparison or reading.   holds: True, False, or None where it is open or not run;  value: numbers, in words."""

    what: str
    value: str
    holds: bool | None
    numbers: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A claim's verdict with the steps that decide it, and numbers beside them that do not."""

    verdict: str
    steps: tuple[Step, ...]
    beside: tuple[Step, ...] = ()


def decided(steps: Sequence[Step], beside: Sequence[Step] = ()) -> Finding:
    """The conjunction of the steps."""
    if any(step.holds is False for step in steps):
        verdict = NO
    else:
        verdict = YES if steps and all(step.holds for step in steps) else NOT_ENOUGH
    return Finding(verdict, tuple(steps), tuple(beside))


def below(
    what: str,
    left: float | None,
    right: float | None,
    error: float = 0.0,
    digits: int = 3,
    absent: tuple[str, str] = (NOT_RUN, NOT_RUN),
) -> Step:
    """left < right; open where they differ by no more than the error.   absent: said of a side that is None"""
    if left is None or right is None:
        sides = [why if x is None else f"{x:.{digits}f}" for x, why in zip((left, right), absent, strict=True)]
        return Step(what, " against ".join(dict.fromkeys(sides)), None, (left, right))
    noise = f", noise {error:.2f}" if error else ""
    return Step(
        what,
        f"{left:.{digits}f} < {right:.{digits}f}{noise}"
        if left < right
        else f"{left:.{digits}f}, not below {right:.{digits}f}{noise}",
        None if error and abs(right - left) <= error else left < right,
        (left, right),
    )


def above(what: str, left: float | None, right: float | None, digits: int = 3) -> Step:
    """left > right."""
    if left is None or right is None:
        return Step(what, NOT_RUN, None, (left, right))
    words = f"{left:.{digits}f} > {right:.{digits}f}" if left > right else f"{left:.{digits}f}, not above {right:.{digits}f}"
    return Step(what, words, left > right, (left, right))


def noise(results: Results, *cells: tuple[str, str]) -> float:
    """NOISE standard errors of the difference of two robust accuracies, in points.   (checkpoint, attack) each"""
    variance = 0.0
    for checkpoint, attack in cells:
        result = results.get(checkpoint)
        if result is not None and attack in result.attacks:
            share = (result.robust(attack, results.rule) or 0.0) / 100
            variance += max(share * (1 - share), 1 / result.settings["test_images"]) / result.settings["test_images"]
    return 100 * NOISE * math.sqrt(variance)


def beaten(results: Results, low: tuple[str, str] | str, high: tuple[str, str] | str, by: float = 0.0) -> Step:
    """The robust accuracy of one checkpoint, less `by` points, is below another's.   checkpoint, or (checkpoint, attack)"""
    lower, higher = (cell if isinstance(cell, tuple) else (cell, "linf") for cell in (low, high))
    attacks = lower[1] if lower[1] == higher[1] else f"{lower[1]} against {higher[1]}"
    what = f"{attacks}: {label(lower[0])}{f' less {by:g}' if by else ''} below {label(higher[0])}"
    values = [results.robust(*cell) for cell in (lower, higher)]
    left = None if values[0] is None else values[0] - by
    return below(what, left, values[1], noise(results, lower, higher), 2, (results.absent(lower[0]), results.absent(higher[0])))


def compared(results: Results, what: str, read: Callable[[Result], float | None], low: str, high: str) -> Step:
    """A reading of one checkpoint is below another's."""
    left, right = (None if (result := results.get(name)) is None else read(result) for name in (low, high))
    absent = (results.absent(low), results.absent(high))
    return below(f"{what}: {label(low)} below {label(high)}", left, right, absent=absent)


def eps(side: str) -> Callable[[Result], float | None]:
    """The mean of the eps_in or eps_out curve."""
    return lambda result: result.first(f"eps_{side}_mean")


def better(results: Results, good: str, bad: str) -> list[Step]:
    """Lower eps_in and eps_out of one checkpoint than of another."""
    return [compared(results, f"eps_{side}", eps(side), good, bad) for side in ("in", "out")]
