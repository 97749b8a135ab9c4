"""Enclosure: a certified interval around sup |h|, with its witness and its evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import exact
from ..domains import Domain
from ..programs import range_over_box
from ..ridges import RidgeSum

CANCELLATION = 1e-9  # an interval below this share of the terms that cancel is at the noise of the question: closed


@dataclass(frozen=True, eq=False)
class Enclosure:
    """lower <= sup over the domain of |h| <= upper, both proved.

    lower     float   |h(witness)|, rounded down from its exact rational value
    upper     float   a proved bound, rounded up
    witness   (d',)   exact rational point of the domain; None where the domain is empty or h = 0 throughout
    evidence  dict    method and what an independent checker needs
    """

    lower: float
    upper: float
    witness: np.ndarray | None
    evidence: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if not 0 <= self.lower <= self.upper:
            raise ValueError(f"an enclosure needs 0 <= lower <= upper; got {self.lower} and {self.upper}")

    @property
    def interrupted(self) -> bool:
        """True if a KeyboardInterrupt ended the search before its gap or its deadline."""
        return bool(self.evidence.get("interrupted"))

    def closed(self, gap: float, size: float) -> bool:
        """True if the relative gap is reached, or the interval is below the noise of terms of that size."""
        return self.upper - self.lower <= max(gap * self.upper, CANCELLATION * size)


def at_witness(h: RidgeSum, region: Domain, z: np.ndarray) -> tuple[float, np.ndarray]:
    """(|h| at a point of the domain next to z, rounded down; that point).   z (d,) fmpq"""
    point = region.inside(z)
    return exact.round_down(abs(h(point))), point


def crude(h: RidgeSum, region: Domain, evidence: dict[str, Any], z: np.ndarray | None = None) -> Enclosure:
    """What is certain before any search: the value at one point, and interval arithmetic over the region's box."""
    lower, point = at_witness(h, region, region.interior if z is None else z)
    low, high = range_over_box(h.slope, region.lower, region.upper)
    low, high = low + h.offset, high + h.offset
    for p, beta, c in zip(h.P, h.beta, h.c, strict=True):
        left, right = range_over_box(p, region.lower, region.upper)
        ends = c * max(left + beta, exact.ZERO), c * max(right + beta, exact.ZERO)
        low, high = low + min(ends), high + max(ends)
    return Enclosure(lower, exact.round_up(max(abs(low), abs(high))), point, evidence)
