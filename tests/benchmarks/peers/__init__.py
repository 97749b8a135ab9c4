"""Other people's solvers on the same problem, each with the formulation that a user would write or, better, ours.

A peer is a function (problem, limit in seconds, threads) -> Answer. One whose package is not there is skipped by name,
with the reason.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import asdict, dataclass

GAP = 1e-6  # relative gap that every solver is asked for


@dataclass(frozen=True)
class Answer:
    """What a solver says about sup |h|.

    value       largest |h| it claims to have found
    bound       its claim for an upper bound
    status      "solved", "limit", or what went wrong
    tolerance   by how much its own tolerances allow both to be off
    threads     how many it was allowed
    """

    value: float
    bound: float
    status: str
    tolerance: float
    threads: int = 1

    @property
    def gap(self) -> float:
        """(bound - value) / bound; 1 where nothing was found."""
        return min(1.0, (self.bound - self.value) / self.bound) if self.bound > 0 else 1.0

    def as_dict(self) -> dict:
        """For JSON."""
        return {**asdict(self), "gap": self.gap}


Peer = Callable[..., Answer]
MODULES = ("highs", "scip", "gurobi", "crown")


@dataclass(frozen=True)
class Entry:
    """A peer by name: where it lives, and the reason why it is skipped, if it is."""

    name: str
    solve: Peer | None
    missing: str | None


def entries() -> list[Entry]:
    """All peers, in the order of the table."""
    listed = []
    for module in MODULES:
        peer = importlib.import_module(f"{__name__}.{module}")
        listed += [Entry(name, *peer.get(name)) for name in peer.NAMES]
    return listed


def by_name(name: str) -> Entry:
    """The peer of that name."""
    for entry in entries():
        if entry.name == name:
            return entry
    raise KeyError(f"peers are {', '.join(e.name for e in entries())}; got {name}")
