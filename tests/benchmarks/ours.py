"""This project's side of the comparison: what is timed, and what is recorded about it.

Timed is what a user calls, on objects that are new at every repetition (they cache their floats). Compilation and the
first use of the solvers happen before, on another instance.
"""

from __future__ import annotations

import math
import statistics
import time
from itertools import pairwise

import numpy as np

from twolayer.certify.enclosure import Enclosure
from twolayer.certify.suprema import active_domains, gradient_suprema, supremum
from twolayer.restriction.restricted import restricted

from .instances import Cell, cube
from .peers import GAP

REPEATED = 1.0  # seconds up to which a measurement is repeated
REPEATS = 5
APART = 1.02  # ratio of times that a picture shows apart
SOONEST = 1e-6  # seconds; what is reported earlier is one step


def warm(workers: int = 1) -> None:
    """Compile, load and start everything that later calls find ready, worker processes included."""
    for cell in (cube(2, 4), cube(4, 8), cube(8, 4)):
        problem = cell.problem
        gradient_suprema(problem, gap=0.5, workers=workers)


def described(e: Enclosure) -> dict:
    """An enclosure as numbers."""
    gap = (e.upper - e.lower) / e.upper if e.upper > 0 else 0.0
    return {
        "lower": e.lower,
        "upper": e.upper,
        "gap": gap,
        "method": e.evidence.get("method"),
        "work": e.evidence.get("cells", e.evidence.get("programs")),
    }


def single(cell: Cell, student: int, limit: float, gap: float = GAP) -> dict:
    """One student node, both signs; the median of several runs where one is short."""
    seconds: list[float] = []
    while not seconds or (seconds[0] < REPEATED and len(seconds) < REPEATS):
        h, region = cell.student(student)
        start = time.perf_counter()
        e = supremum(h, region, gap=gap, deadline=time.monotonic() + limit)
        seconds.append(time.perf_counter() - start)
    reached = e.upper - e.lower <= gap * e.upper
    # Short of the gap before the limit: the search stopped at the noise of the terms that cancel (Enclosure.closed).
    status = "solved" if reached else "limit" if seconds[-1] >= limit else "noise"
    return {"seconds": statistics.median(seconds), "runs": len(seconds), "status": status, **described(e)}


def every(cell: Cell, limit: float, gap: float, workers: int) -> dict:
    """All student nodes of an instance; the second, warm call is what counts where it is short."""
    rows = []
    while not rows or (len(rows) < 3 and rows[0]["seconds"] < 20):
        start = time.perf_counter()
        problem = restricted(cell.instance)
        domains = active_domains(problem)
        ready = time.perf_counter()
        enclosures = gradient_suprema(problem, domains, gap=gap, deadline=time.monotonic() + limit, workers=workers)
        end = time.perf_counter()
        rows.append({"seconds": end - start, "set_up": ready - start})
    gaps = [described(e)["gap"] for e in enclosures]
    chosen = sorted(rows, key=lambda row: row["seconds"])[len(rows) // 2 if len(rows) > 2 else 0]
    return {
        **chosen,
        "first": rows[0]["seconds"],
        "students": len(enclosures),
        "worst_gap": max(gaps),
        "reached": int(sum(gap_k <= gap for gap_k in gaps)),
        "status": "done",
    }


def anytime(cell: Cell, student: int, limit: float) -> dict:
    """Gap against time: what one search reports, from its first enclosure to the one that it returns."""
    h, region = cell.student(student)
    told: list[tuple[float, float, float]] = []
    start = time.perf_counter()
    e = supremum(h, region, gap=GAP, deadline=time.monotonic() + limit, report=lambda *enclosure: told.append(enclosure))
    seconds = time.perf_counter() - start
    nested = all(a <= c <= d <= b for (_, a, b), (_, c, d) in pairwise(told)) and told[-1][1:] == (e.lower, e.upper)
    points = [{"seconds": s, "lower": a, "upper": b, "gap": (b - a) / b if b > 0 else 0.0} for s, a, b in thinned(told)]
    return {
        "points": points,
        "reports": len(told),
        "overrun": seconds / limit,
        "seconds": seconds,
        "limit": limit,
        **described(e),
        "status": "done" if nested else "an enclosure does not lie in the one before",
    }


def thinned(told: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """The reports that a picture on a logarithmic axis shows apart: the last of each step of time, so the very last too."""
    return list({math.floor(math.log(max(report[0], SOONEST), APART)): report for report in told}.values())


def curve(cells: list[Cell], limit: float) -> dict:
    """One student of each of several instances."""
    rows = [{"cell": cell.name, **single(cell, 0, limit)} for cell in cells]
    return {"rows": rows, "seconds": float(np.sum([r["seconds"] for r in rows])), "status": "done"}
