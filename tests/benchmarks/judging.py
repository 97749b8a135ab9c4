"""Judging beside certifying: python -m tests.benchmarks.judging [--cells 2,16 3,16 ...] [--repeats 3] [-o FILE].

Certifying is A_k and the suprema at the gap of `check`; judging is every row of every statement with these enclosures. Both
on the same objects, which are new at every repetition; the first of all, on another instance, is not counted. CPU
seconds of one process stand beside wall seconds, since other work may run: their medians, and the median of the ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

from twolayer.certify.suprema import active_domains, gradient_suprema
from twolayer.restriction.restricted import restricted
from twolayer.statements.check import judged

from .instances import Cell, cube
from .run import environment

CELLS = ((2, 16), (3, 16), (4, 16), (8, 8))  # d', K; (2, 32), (2, 64) and (16, 16) take minutes
GAP = 1e-3  # that of `check`
FIRST = 4  # nodes of the instance that loads and compiles what is used


def measured(cell: Cell) -> dict[str, float]:
    """Seconds of both parts, on new objects."""
    problem = restricted(cell.instance)
    moments = [(time.perf_counter(), time.process_time())]
    domains = active_domains(problem)
    enclosures = gradient_suprema(problem, domains, gap=GAP)
    moments.append((time.perf_counter(), time.process_time()))
    rows = judged(cell.instance, problem, domains, enclosures, gap=GAP, deadline=None).verdicts
    moments.append((time.perf_counter(), time.process_time()))
    (certified, certified_cpu), (judging, judging_cpu) = (
        (after[0] - before[0], after[1] - before[1]) for before, after in zip(moments, moments[1:], strict=False)
    )
    return {
        "rows": len(rows),
        "certifying": certified,
        "certifying_cpu": certified_cpu,
        "judging": judging,
        "judging_cpu": judging_cpu,
        "ratio": judging_cpu / certified_cpu,
    }


def row(cell: Cell, repeats: int) -> dict:
    """Medians of several measurements of a cell."""
    runs = [measured(cell) for _ in range(repeats)]
    return {"cell": cell.name, "repeats": repeats, **{key: statistics.median(run[key] for run in runs) for key in runs[0]}}


def line(times: dict) -> str:
    """A row as it is printed."""
    return (
        f"{times['cell']:10s} {times['rows']:6.0f} rows   certifying {times['certifying_cpu']:7.2f} s   "
        f"judging {times['judging_cpu']:7.2f} s   {times['ratio']:6.1f} times   (wall {times['certifying']:.2f}, "
        f"{times['judging']:.2f} s)"
    )


def main(arguments: list[str] | None = None) -> int:
    """Prints a line a cell; with -o they are written too, with hardware and versions."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.judging", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cells", nargs="+", metavar="D,K", default=[f"{d},{nodes}" for d, nodes in CELLS])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    cells = [cube(*map(int, cell.split(","))) for cell in options.cells]
    for inputs in {cell.inputs for cell in cells}:
        measured(cube(inputs, FIRST))
    rows = []
    for cell in cells:
        rows.append(row(cell, options.repeats))
        print(line(rows[-1]), flush=True)
    if options.output is not None:
        here = environment()
        versions = {name: version for name, version in here.pop("packages").items() if version}
        del here["solvers"]
        text = json.dumps({"environment": {**here, "versions": versions}, "gap": GAP, "rows": rows}, indent=1)
        options.output.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
