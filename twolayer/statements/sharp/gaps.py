"""Searches over the gaps of H (d' = 2), in floats: the steepest slope of students, the smallest sum of inverse heights.

What they find is proved by whoever asks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from flint import arb

from ..geometry import cached_by
from ..loops import gaps as loops
from .plane import Lines

FLATTEST = 2.0**-10  # |cot| below which a bound on the sine says nothing
MARGIN = 1 + 1e-9  # what is left out has to beat the best bound so far by this factor to be worked out
STEP, RUNGS = 8.0, 16  # of the ladder on which the largest c is bracketed


@dataclass(frozen=True, eq=False)
class Left:
    """A direction left out: its label, and its slope (a ball; None where it is free)."""

    label: int
    slope: arb | None

    def ends(self, c) -> list:
        """The slopes at which the sum of inverse heights can be largest."""
        return [c, -c] if self.slope is None else [self.slope]


@dataclass(frozen=True, eq=False)
class Directions:
    """Every direction of the lines but the walls': a line that has it, one whose slope is known where there is one, else free.

    place, free (m,)
    """

    lines: Lines
    place: np.ndarray
    free: np.ndarray

    def left(self, m: int) -> Left:
        """One of them left out."""
        j = int(self.place[m])
        return Left(int(self.lines.label[j]), None if self.free[m] else self.lines.slope[j])

    @property
    def floats(self) -> tuple:
        """Their labels, slopes, and which are free, as the loops read them."""
        return self.lines.label[self.place], self.lines.tilt[self.place], self.free


@cached_by
def directions(lines: Lines) -> Directions:
    """The directions that can be left out of a cell of these lines."""
    return Directions(lines, *loops.directions(lines.label, lines.free))


def steepest(goal: float) -> float:
    """The |cot| that has to be exceeded for a sine below `goal`."""
    return max(FLATTEST, math.sqrt(max(1 / goal**2 - 1, 0.0))) * MARGIN
