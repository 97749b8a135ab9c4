"""Enclosure: a certified interval around sup |h|, with its witness and its evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from flint import fmpq

from .. import exact
from ..linear.programs import range_over_box
from ..restriction.domains import Domain
from ..restriction.ridges import RidgeSum

CANCELLATION = 1e-9  # an interval below this share of the terms that cancel is at the noise of the question: closed


class FalseEnclosure(AssertionError):  # noqa: N818  what it would be
    """Two ends that enclose nothing: an error of ours, whatever the input was."""


@dataclass(frozen=True, eq=False)
class Enclosure:
    """lower <= sup over the domain of |h| <= upper, both proved.

    lower     float   |h(witness)|, rounded down from its exact rational value
    upper     float   a proved bound, rounded up
    witness   (d',)   exact rational point of the domain; None where the domain is empty or h = 0 throughout
    evidence  dict    method and what an independent checker needs
    ends      (fmpq, fmpq)  the two ends before they were rounded to floats; by default the floats themselves

    Raises FalseEnclosure unless 0 <= lower <= upper < infinity (so too for a NaN), with ends that agree.
    """

    lower: float
    upper: float
    witness: np.ndarray | None
    evidence: dict[str, Any] = field(default_factory=dict)
    ends: Any = None

    def __post_init__(self):
        if not 0 <= self.lower <= self.upper < math.inf:  # a NaN is refused too
            raise FalseEnclosure(f"an enclosure needs 0 <= lower <= upper, both finite; got {self.lower} and {self.upper}")
        if self.ends is None:
            object.__setattr__(self, "ends", (exact.rational(self.lower), exact.rational(self.upper)))
        elif (self.lower, self.upper) != (exact.round_down(self.ends[0]), exact.round_up(self.ends[1])):
            raise FalseEnclosure(f"lower and upper need to be the ends, rounded; got {self.lower}, {self.ends}, {self.upper}")

    def met(self, other: Enclosure) -> Enclosure:
        """Both enclosures of one supremum as one: the larger lower end, the smaller upper end with its evidence."""
        low = self if self.ends[0] >= other.ends[0] else other
        high = self if self.ends[1] <= other.ends[1] else other
        return replace(high, lower=low.lower, witness=low.witness, ends=(low.ends[0], high.ends[1]))

    def begun(self, earlier: Enclosure | None) -> Enclosure:
        """This enclosure with the lower end and the witness of an earlier one of the same supremum, where that is higher."""
        if earlier is None or earlier.ends[0] <= self.ends[0]:
            return self
        return replace(self, lower=earlier.lower, witness=earlier.witness, ends=(earlier.ends[0], self.ends[1]))

    @property
    def interrupted(self) -> bool:
        """True if a KeyboardInterrupt ended the search before its gap or its deadline."""
        return bool(self.evidence.get("interrupted"))

    def closed(self, gap: float, size: float) -> bool:
        """True if the relative gap is reached, or the interval is below the noise of terms of that size."""
        return self.upper - self.lower <= max(gap * self.upper, CANCELLATION * size)


def between(low: fmpq, high: fmpq, witness: np.ndarray | None, evidence: dict[str, Any]) -> Enclosure:
    """An enclosure of exact ends, each rounded outward to 53 bits; the floats are what the range of floats leaves of them.

    Raises OverflowError where high is beyond the range of floats.
    """
    ends = exact.short_down(low), exact.short_up(high)
    lower, upper = exact.round_down(ends[0]), exact.round_up(ends[1])
    if not math.isfinite(upper):
        raise OverflowError(f"the supremum needs to fit a float; got one of up to 2^{exact.exponent(high)}")
    return Enclosure(lower, upper, witness, evidence, ends)


def at_witness(h: RidgeSum, region: Domain, z: np.ndarray) -> tuple[float, np.ndarray]:
    """(|h| at a point of the domain next to z, rounded down; that point).   z (d,) fmpq"""
    point = region.inside(z)
    return exact.round_down(abs(h(point))), point


def crude(h: RidgeSum, region: Domain, evidence: dict[str, Any], z: np.ndarray | None = None) -> Enclosure:
    """What is certain before any search: the value at one point, and interval arithmetic over the region's box."""
    point = region.inside(region.interior if z is None else z)
    low, high = range_over_box(h.slope, region.lower, region.upper)
    low, high = low + h.offset, high + h.offset
    for p, beta, c in zip(h.P, h.beta, h.c, strict=True):
        left, right = range_over_box(p, region.lower, region.upper)
        ends = c * max(left + beta, exact.ZERO), c * max(right + beta, exact.ZERO)
        low, high = low + min(ends), high + max(ends)
    top = max(abs(low), abs(high))
    return between(abs(h(point)), top, None if top == 0 else point, evidence)
