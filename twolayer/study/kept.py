"""Jobs whose results are files: what a kill, Ctrl-C or a time limit left undone, the same command goes on with."""

from __future__ import annotations

import csv
import hashlib
import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from joblib import parallel_config

from ..files import BadInput, content, reason, sealed, shown, unsealed, written
from ..process import DONE, STOPPED
from ..statements.verdict import VERDICTS
from ..workers import results
from .tables import bars, terminal

SUMMARY = ("statement", "form", *VERDICTS, "measured_median", "bound_median", "closest")  # columns of `summaries`
SUM = "table.csv.sha256"  # in the format of sha256sum
CHUNK = 64  # jobs handed out at once, so that a cluster's results are stored as they come


@dataclass(frozen=True)
class Job:
    """One job: the stem of its result's file, what the result depends on, and the arguments of the work."""

    name: str
    key: dict[str, Any]
    arguments: tuple

    def kept(self, store: Path, field: str) -> Any:
        """The result in its file; None where it is not there, not whole, altered, or of another key."""
        path = store / f"{self.name}.json"
        if not path.is_file():
            return None
        try:
            stored = unsealed(content(path).decode(), str(path))
            return stored[field] if all(stored.get(name) == value for name, value in self.key.items()) else None
        except (BadInput, UnicodeDecodeError, KeyError):
            return None


def carried_out(
    work: Callable,
    jobs: Sequence[Job],
    store: Path,
    field: str,
    *,
    workers: int,
    deadline: float,
    cluster: str | None = None,
    is_final: Callable[[Any], bool] = lambda result: True,
) -> tuple[dict[str, Any], int]:
    """({job's name: its result}, how many of them are new); None where the deadline left a job undone.

    work      what makes a result of a job's arguments; None where it had no time to
    store     the folder of the results' files, which hold them as the value of `field`
    deadline  on the clock of time.monotonic, after which no job is begun
    is_final  whether a kept result is the last word; one that is not is made anew
    """
    by_name = {job.name: job.kept(store, field) for job in jobs}
    pending = [job for job in jobs if by_name[job.name] is None or not is_final(by_name[job.name])]
    new = 0
    with ExitStack() as stack:
        stack.enter_context(_engine(cluster))
        progress = stack.enter_context(bars())
        task = progress.add_task("instances", total=len(jobs), completed=len(jobs) - len(pending))
        for job, result in _finished(work, pending, workers, cluster is not None, deadline):
            if result is not None:
                written(store / f"{job.name}.json", sealed({**job.key, field: result}))
                by_name[job.name], new = result, new + 1
            progress.advance(task)
    return by_name, new


def summaries(verdicts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A line of a table for every statement and form: counts of the verdicts, medians of both sides, the largest ratio.

    verdicts: rows as dictionaries (Verdict.to_dict)
    """
    groups: dict[tuple[str, str], list] = {}
    for row in verdicts:
        groups.setdefault((row["statement"], row["form"]), []).append(row)
    return [{"statement": statement, "form": form, **_summary(group)} for (statement, form), group in groups.items()]


def _summary(group: list[dict[str, Any]]) -> dict[str, Any]:
    telling = [(v["measured"], v["bound"]) for v in group if v["measured"] is not None and v["bound"] is not None]
    return {
        **{verdict: sum(v["verdict"] == verdict for v in group) for verdict in VERDICTS},
        "measured_median": median(m for m, _ in telling) if telling else None,
        "bound_median": median(b for _, b in telling) if telling else None,
        "closest": max((m / b for m, b in telling if b > 0), default=None),
    }


def written_table(directory: Path, table: Iterable[dict[str, Any]], columns: Sequence[str]) -> None:
    """Write table.csv, one line a row, empty where there is no number, and its checksum beside it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    text = out.getvalue().encode()
    written(directory / "table.csv", text)
    written(directory / SUM, f"{hashlib.sha256(text).hexdigest()}  table.csv\n".encode())


def said(directory: Path, by_name: dict[str, Any], new: int, rows: int, *, aloud: bool = True) -> int:
    """Say what is left, or aloud what was done; the exit status."""
    left = sum(result is None for result in by_name.values())
    if left:
        done = f"{len(by_name) - left} of {len(by_name)} instances are done"
        print(f"stopped by the time limit: {done}; the same command continues", file=sys.stderr)
        return STOPPED
    if aloud:
        where = shown(str(directory / "table.csv"))
        terminal().print(f"{len(by_name)} instances ({new} new), {rows} rows: {where}", soft_wrap=True, markup=False)
    return DONE


def unwritable(directory: Path, error: OSError) -> BadInput:
    """What a command says when its directory takes no files."""
    return BadInput(f"{directory} needs to be a directory that can be written to; got {reason(error)}")


def _finished(work: Callable, jobs: list[Job], workers: int, chunked: bool, deadline: float) -> Iterator[tuple[Job, Any]]:
    """Jobs with their results, as they are finished; none after the deadline."""
    step = CHUNK if chunked else max(len(jobs), 1)
    for first in range(0, len(jobs), step):
        part = jobs[first : first + step]
        ended = results(work, [job.arguments for job in part], workers)
        for job in part:
            if time.monotonic() >= deadline:
                return
            yield job, next(ended)


def _engine(cluster: str | None):
    """joblib's configuration: own processes with one thread each, or the Dask cluster at an address."""
    if cluster is None:
        return parallel_config(backend="loky", inner_max_num_threads=1)
    try:
        from dask.distributed import Client
    except ImportError:
        raise BadInput("--cluster needs the package distributed; install twolayer[cluster]") from None
    stack = ExitStack()
    try:
        stack.enter_context(Client(cluster, timeout="10s"))
    except (OSError, TimeoutError, ValueError) as error:
        raise BadInput(f"no Dask scheduler answers at {cluster}; got {type(error).__name__}") from None
    stack.enter_context(parallel_config(backend="dask"))
    return stack
