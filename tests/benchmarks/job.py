"""One measurement in a process of its own: python -m tests.benchmarks.job < SPEC.json, the result on the last line.

A process a measurement: its peak memory is its own, and what it leaves behind slows nobody.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from joblib.externals.loky import get_reusable_executor

from . import ours, peers, radii
from .instances import Cell
from .peers import gurobi, milp


@dataclass(frozen=True)
class Spec:
    """What to measure.

    kind      "single" (one student), "all" (all students), "anytime", "curve" (a list of instances) or "radii"
    solver    "ours" or a peer's name
    limit     seconds; options: what else the kind needs
    """

    kind: str
    solver: str
    cells: tuple[Cell, ...]
    student: int = 0
    limit: float = 120.0
    threads: int = 1
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Names the result's file: the limit is no part of it."""
        words = [self.kind, self.solver, *(self.options.get("label") or [c.name for c in self.cells])]
        words += [f"student {self.student}"] if self.kind == "single" else []
        text = "_".join(words)
        return "".join(x if x.isalnum() or x in "-.+" else "_" for x in text)

    def as_json(self) -> str:
        """For the process."""
        return json.dumps({**asdict(self), "cells": [asdict(c) for c in self.cells]})

    @classmethod
    def from_json(cls, text: str) -> Spec:
        """In the process."""
        content = json.loads(text)
        return cls(**{**content, "cells": tuple(Cell(**c) for c in content["cells"])})


def measured(spec: Spec) -> dict:
    """The result of one measurement."""
    if spec.kind == "radii":
        why = radii.missing(spec.solver)
        shape, region = spec.options["shape"], spec.options["region"]
        return skipped(why) if why else radii.measure(spec.solver, shape, region, spec.limit)
    if spec.solver == "ours":
        ours.warm(spec.options.get("workers", 1))
        if spec.kind == "all":
            return ours.every(spec.cells[0], spec.limit, spec.options["gap"], spec.options["workers"])
        if spec.kind == "anytime":
            return ours.anytime(spec.cells[0], spec.student, spec.limit)
        if spec.kind == "curve":
            return ours.curve(list(spec.cells), spec.limit)
        return ours.single(spec.cells[0], spec.student, spec.limit)
    peer = peers.by_name(spec.solver)
    if peer.missing or peer.solve is None:
        return skipped(peer.missing or "it has no solver")
    gurobi.warm()
    rows = [{"cell": cell.name, **_peer(peer.solve, cell, spec)} for cell in spec.cells]
    if spec.kind == "curve":
        return {"rows": rows, "seconds": sum(r["seconds"] for r in rows), "status": "done"}
    return rows[0]


def _peer(solve: peers.Peer, cell: Cell, spec: Spec) -> dict:
    problem = milp.scaled(*cell.student(spec.student))
    seconds: list[float] = []
    while not seconds or (seconds[0] < ours.REPEATED and len(seconds) < ours.REPEATS):
        start = time.perf_counter()
        answer = solve(problem, spec.limit, spec.threads)
        seconds.append(time.perf_counter() - start)
    return {"seconds": sorted(seconds)[len(seconds) // 2], "runs": len(seconds), **answer.as_dict()}


def skipped(reason: str) -> dict:
    """A peer that is not there."""
    return {"status": "skipped", "reason": reason.splitlines()[0][:200]}


def main() -> int:
    """Reads a Spec from standard input."""
    spec = Spec.from_json(sys.stdin.read())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = measured(spec)
    get_reusable_executor().shutdown()
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # those that have ended
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result |= {
        "mb_before": before / 1024,
        "mb_peak": peak / 1024,
        "mb_largest_worker": workers / 1024,
        "limit": spec.limit,
        "threads": result.get("threads", spec.threads),
        "load": os.getloadavg()[0],
    }
    print("\n" + json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
