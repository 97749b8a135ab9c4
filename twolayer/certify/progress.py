"""What a search tells while it runs: nested enclosures, each certified, at the moments when one improves."""

from __future__ import annotations

import time
from collections.abc import Callable

Report = Callable[[float, float, float], object]
"""(seconds since the search began, lower, upper): lower <= sup |h| <= upper, both proved"""

Tell = Callable[[float, float], None]
"""(lower, upper): the same, for searches that do not know when they began"""


class Nested:
    """Passes on what improves the enclosure reported so far, seconds on the clock that deadlines use.

    Searches that follow one another share it, so that a later one's looser ends are never heard. What the report
    raises ends the search; a KeyboardInterrupt ends it with the enclosure that was reported.
    """

    def __init__(self, report: Report):
        self.report, self.begun = report, time.monotonic()
        self.lower, self.upper = 0.0, float("inf")

    def __call__(self, lower: float, upper: float) -> None:
        lower, upper = max(lower, self.lower), min(upper, self.upper)
        if (lower, upper) != (self.lower, self.upper):
            self.lower, self.upper = lower, upper
            self.report(time.monotonic() - self.begun, lower, upper)
