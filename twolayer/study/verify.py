"""`twolayer verify`: draw teachers, train students, certify, and check every statement in every form."""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from joblib import cpu_count, parallel_config
from rich.console import Console
from rich.text import Text

from ..certify.suprema import uninterrupted
from ..files import BadInput, reason, shown, tried_folder
from ..process import put_aside
from ..statements.check import check
from ..statements.showing import short
from ..statements.verdict import HOLDS, SHARP
from ..synthetic.cases import CHECK_SECONDS, Case, cases, instances
from ..workers import finished
from .readings import TELLING, broken, first_round, is_telling
from .tables import bars, doing, summary, summary_table, terminal

HEADINGS = ("first: sampled", "certified", "now: sampled", "certified", "sharp", "measured/bound")
WIDTHS = [max(len(heading), 9) for heading in HEADINGS]  # a number takes up to nine columns
NAME = 68  # columns of a name: the longest are of two subspaces
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
                "limits": {name: len(left) for name, left in asdict(result.limits).items()},
                "instance": drawn.instance.to_json(),
            }
        )
    return out


def run(chosen: list[Case], workers: int, watched: bool = False) -> list[dict[str, Any]]:
    """The results of all cases in their order; cases are shared among processes. A person who watches sees each as it comes,
    whatever takes longer than it."""
    results: dict[int, list[dict[str, Any]]] = {}
    with parallel_config(backend="loky", inner_max_num_threads=1), bars() as progress:
        task = progress.add_task("training and certifying", total=len(chosen))
        console = progress.console if watched and not progress.disable else None
        if console is not None:
            headings(console)
        for place, result in finished(examined, [(case,) for case in chosen], workers):
            results[place] = result
            if console is not None:
                for r in result:
                    instance_line(r, console)
            progress.advance(task)
    return [instance for place in sorted(results) for instance in results[place]]


def verify(*, quick: bool = False, report: str | None = None, as_json: bool = False, seed: int = 0, workers: int = 2) -> int:
    """Run the study; returns the exit status: 1 if a repaired or sharp statement fails."""
    start = time.perf_counter()
    if report is not None:
        tried_folder(report)
    chosen = cases(quick, seed)
    results = run(chosen, workers, watched=not as_json)
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
            with doing("drawing the report"):
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
    if not (sys.stdout.isatty() and sys.stderr.isatty()):  # else they stand on this terminal already
        instance_table(results, console)
    console.print(
        "first: after the first round of training; sharp: rows that hold, and the largest measured/bound among them; "
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
    if left := time_note(results):
        console.print(f"[yellow]{left}[/yellow]", highlight=False)
    if report is not None:
        console.print(f"report: {Path(report) / 'report.html'}", highlight=False)


def time_note(results: list[dict[str, Any]]) -> str:
    """What the time limit of a check left undone, one sentence; empty where that is nothing."""
    late, wide = (sum(r["limits"][name] for r in results) for name in ("statements", "gap"))
    count = sum(any(r["limits"].values()) for r in results)
    if not count:
        return ""
    return (
        f"{CHECK_SECONDS:.0f} s were not enough for {count} instances: {late} rows were judged late, with fewer candidates "
        f"or not at all, and {wide} enclosures are wider than asked; a faster or idle machine may say more, never the opposite"
    )


def instance_table(results: list[dict[str, Any]], console: Console) -> None:
    """Print the instances, a line each."""
    headings(console)
    for r in results:
        instance_line(r, console)


def headings(console: Console) -> None:
    """The first line of the table of instances."""
    _line(console, "instance", HEADINGS, "bold")


def instance_line(r: dict[str, Any], console: Console) -> None:
    """Print an instance: sampled and certified gradient, at first and now, and its sharp rows; two lines where it is narrow."""
    sharp = [v for v in r["verdicts"] if v["form"] == SHARP and v["verdict"] == HOLDS]
    ratios = [v["measured"] / v["bound"] for v in sharp if v["bound"]]
    ends = [*first_round(r), r["gradient"]["sampled"], r["gradient"]["upper"]]
    _line(console, shown(r["name"]), [*map(short, ends), str(len(sharp)), short(max(ratios, default=None))])


def _line(console: Console, name: str, cells: Sequence[str], style: str = "") -> None:
    numbers = "  ".join(cell.rjust(width) for cell, width in zip(cells, WIDTHS, strict=True))
    apart = console.width < WIDE or len(name) > NAME
    text = f"{name}\n  {numbers}" if apart else f"{name.ljust(NAME)}  {numbers}"
    console.print(Text(text, style), soft_wrap=True)
