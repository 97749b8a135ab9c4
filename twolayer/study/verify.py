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

from joblib import Parallel, cpu_count, delayed, parallel_config
from rich.console import Console

from ..certify.suprema import uninterrupted
from ..instances import BadInput
from ..statements.check import check
from ..statements.showing import short
from ..statements.verdict import HOLDS, SHARP
from ..synthetic.cases import CHECK_SECONDS, Case, cases, instances
from .readings import TELLING, broken, is_telling
from .tables import bars, summary, summary_table, terminal

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
    watched = sys.stderr.isatty()
    found: list[list[dict[str, Any]]] = []
    with parallel_config(backend="loky", inner_max_num_threads=1), bars() as progress:
        task = progress.add_task("training and certifying", total=len(chosen), visible=watched)
        jobs = (delayed(examined)(case) for case in chosen)
        for result in Parallel(n_jobs=workers, return_as="generator")(jobs):
            found.append(result)
            progress.advance(task)
    return [instance for result in found for instance in result]


def verify(*, quick: bool = False, report: str | None = None, as_json: bool = False, seed: int = 0, workers: int = 2) -> int:
    """Run the study; returns the exit status: 1 if a repaired or sharp statement fails."""
    start = time.perf_counter()
    if report is not None:
        _prepared(Path(report))
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
    if report is not None:
        from .report import write_report

        write_report(Path(report), settings, seconds, results, counts)
    if as_json:
        kept = ("name", "family", "gradient", "verdicts")
        print(
            json.dumps(
                {
                    "settings": settings,
                    "seconds": seconds,
                    "summary": counts,
                    "instances": [{key: r[key] for key in kept} for r in results],
                },
                allow_nan=False,
            )
        )
    else:
        _print(results, counts, seconds, report)
    for name, row in broken(results):
        print(f"A {row['form']} statement fails: {row['statement']} on {name}: {json.dumps(row)}", file=sys.stderr)
    return 1 if broken(results) else 0


def _prepared(directory: Path) -> None:
    """Create the report's directory before the work, not after it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"--report needs a directory that can be written; got {directory}: {error.strerror}") from None


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
    for r in results:
        sharp = [v for v in r["verdicts"] if v["form"] == SHARP and v["verdict"] == HOLDS]
        ratios = [v["measured"] / v["bound"] for v in sharp if v["bound"]]
        first = r["rounds"][0] if r["rounds"] else (None, None)
        table.add_row(
            r["name"],
            short(first[0]),
            short(first[1]),
            short(r["gradient"]["sampled"]),
            short(r["gradient"]["upper"]),
            str(len(sharp)),
            short(max(ratios, default=None)),
        )
    console.print(table)
