"""`twolayer verify`: draw teachers, train students, certify, and check every statement in every form."""

from __future__ import annotations

import json
import platform
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from joblib import cpu_count, parallel_config
from rich.console import Console

from ..certify.suprema import uninterrupted
from ..files import BadInput, reason, tried_folder
from ..process import put_aside
from ..statements.check import check
from ..statements.showing import short
from ..statements.verdict import HOLDS, SHARP
from ..synthetic.cases import CHECK_SECONDS, Case, cases, instances
from ..workers import results as shared_results
from .readings import TELLING, broken, is_telling
from .tables import bars, stacked, summary, summary_table, terminal

NARROW = ("first: sampled", "certified", "now: sampled", "certified", "sharp", "measured/bound")  # headings at 80 columns
WIDE = 150  # columns that a name and its numbers take
LIBRARIES = ("numpy", "scipy", "highspy", "python-flint", "joblib", "numba", "matplotlib")


def examined(case: Case) -> list[dict[str, Any]]:
    """All instances of one case, trained, certified and judged, as JSON-able values."""
    out = []
    for drawn in instances(case):
        start = time.perf_counter()
        result = check(drawn.instance, gap=case.gap, time_limit=CHECK_SECONDS)
        uninterrupted(result.enclosures)
        lower, upper = result.gradient
        out.append(
            {
                "name": drawn.instance.name,
                "family": case.family,
                "dimension": result.problem.dimension,
                "ambient": drawn.instance.teacher.inputs,
                "teacher_nodes": drawn.instance.teacher.width,
                "student_nodes": drawn.instance.student.width,
                "outputs": drawn.instance.teacher.outputs,
                "gradient": {"lower": lower, "upper": upper, "sampled": drawn.sampled},
                "trained_here": drawn.trained,
                "rounds": [list(r) for r in drawn.rounds],
                "seconds": {"check": time.perf_counter() - start},
                "verdicts": [verdict.to_dict() for verdict in result.verdicts],
                "instance": drawn.instance.to_json(),
            }
        )
    return out


def run(chosen: list[Case], workers: int) -> list[dict[str, Any]]:
    """The results of all cases in their order; cases are shared among processes."""
    results: list[list[dict[str, Any]]] = []
    with parallel_config(backend="loky", inner_max_num_threads=1), bars() as progress:
        task = progress.add_task("training and certifying", total=len(chosen))
        for result in shared_results(examined, [(case,) for case in chosen], workers):
            results.append(result)
            progress.advance(task)
    return [instance for result in results for instance in result]


def verify(*, quick: bool = False, report: str | None = None, as_json: bool = False, seed: int = 0, workers: int = 2) -> int:
    """Run the study; returns the exit status: 1 if a repaired or sharp statement fails."""
    start = time.perf_counter()
    if report is not None:
        tried_folder(report)
    chosen = cases(quick, seed)
    results = run(chosen, workers)
    seconds = time.perf_counter() - start
    settings = {
        "quick": quick,
        "seed": seed,
        "workers": workers,
        "cases": [asdict(case) for case in chosen],
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
        "machine": f"{platform.machine()}, {cpu_count()} cores",
    }
    counts = summary(verdict for result in results for verdict in result["verdicts"])
    lost = ""
    if report is not None:
        from .report import write_report

        try:
            write_report(Path(report), settings, seconds, results, counts)
        except OSError as error:
            place = put_aside(json.dumps({"settings": settings, "summary": counts, "instances": results}, default=str).encode())
            where = "lost" if place is None else f"in {place}"
            lost = f"--report {report} needs to be a directory that takes files; got {reason(error)}; every number is {where}"
    if as_json:
        kept = ("name", "family", "gradient", "verdicts")
        print(
            json.dumps(
                {
                    "format": "twolayer-verify/1",
                    "settings": settings,
                    "seconds": seconds,
                    "summary": counts,
                    "instances": [{key: r[key] for key in kept} for r in results],
                },
                allow_nan=False,
            )
        )
    else:
        _print(results, counts, seconds, None if lost else report)
    for name, row in broken(results):
        print(f"A {row['form']} statement fails: {row['statement']} on {name}: {json.dumps(row)}", file=sys.stderr)
    if broken(results):
        return 1
    if lost:
        raise BadInput(lost)
    return 0


def _print(results: list[dict[str, Any]], counts: dict, seconds: float, report: str | None) -> None:
    console = terminal()
    instance_table(results, console)
    console.print(
        "sampled: the largest |g_1| at the training points, evaluated in floats, whose rounding is near 1e-15; "
        "certified: an upper bound of the supremum\n",
        highlight=False,
    )
    summary_table(counts, console)
    telling = [(r, v) for r in results if r["trained_here"] for v in r["verdicts"] if is_telling(v)]
    homes = {r["name"]: r["dimension"] for r, _ in telling}
    console.print(
        f"\n{len(telling)} sharp rows hold with a bound strictly between 0 and {TELLING}, on {len(homes)} instances "
        f"with trained students, {sum(d >= 6 for d in homes.values())} of them with d' >= 6; "
        f"{len(broken(results))} repaired or sharp rows fail; {seconds:.0f} s",
        highlight=False,
    )
    if report is not None:
        console.print(f"report: {Path(report) / 'report.html'}", highlight=False)


def instance_table(results: list[dict[str, Any]], console: Console) -> None:
    """Print the instances: sizes, sampled against certified gradient, and the tightest sharp row."""
    from rich.table import Table

    rows = [_cells(r) for r in results]
    if console.width < WIDE:
        stacked(console, NARROW, [(r["name"], row, "") for r, row in zip(results, rows, strict=True)], above=True)
        console.print("sharp: rows that hold; measured/bound: the largest of them", highlight=False)
        return
    table = Table(box=None, pad_edge=False)
    for column in (
        "instance",
        "first round: sampled",
        "certified",
        "now: sampled",
        "certified",
        "sharp holds",
        "largest measured/bound",
    ):
        table.add_column(column, justify="left" if column == "instance" else "right")
    for r, row in zip(results, rows, strict=True):
        table.add_row(r["name"], *row)
    console.print(table)


def _cells(r: dict[str, Any]) -> list[str]:
    """The numbers of an instance in its table."""
    sharp = [v for v in r["verdicts"] if v["form"] == SHARP and v["verdict"] == HOLDS]
    ratios = [v["measured"] / v["bound"] for v in sharp if v["bound"]]
    ends = [*(r["rounds"][0] if r["rounds"] else (None, None)), r["gradient"]["sampled"], r["gradient"]["upper"]]
    return [*map(short, ends), str(len(sharp)), short(max(ratios, default=None))]
