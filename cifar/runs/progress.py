"""Progress on standard error: bars on a terminal, a line for each event otherwise."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from .failures import DIVERGED
from .world import Show

LINE_EVERY = 15.0  # seconds between two lines of a run where there is no terminal
ENDS = ("done", DIVERGED)  # words after which a run shows nothing more


@contextmanager
def showing(runs: int) -> Iterator[Show]:
    """A function that shows where a run stands; any thread may call it.   runs: how many there are in all"""
    console = Console(stderr=True)
    lock, tasks, spoken, ended = threading.Lock(), {}, {}, {}  # type: ignore[var-annotated]
    columns = (
        TextColumn("{task.description:<20}", markup=False),
        BarColumn(20),
        TextColumn("{task.fields[words]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        whole = bars.add_task("all runs", total=runs, words="")

        def show(run: str, done: float, of: float, words: str) -> None:
            with lock:
                if run not in tasks:
                    tasks[run] = bars.add_task(run, total=of, words=words)
                bars.update(tasks[run], completed=done, total=of, words=words)
                if words in ENDS and run not in ended:
                    ended[run] = words
                    counts = ", ".join(f"{count}/{runs} {end}" for end, count in Counter(ended.values()).items())
                    bars.update(whole, completed=len(ended), words=counts)
                    bars.remove_task(tasks[run])
                if not console.is_terminal and (words in ENDS or time.monotonic() - spoken.get(run, 0.0) > LINE_EVERY):
                    spoken[run] = time.monotonic()
                    console.print(f"{run}: {words} ({100 * done / of:.0f} %)", markup=False, highlight=False)

        yield show
