"""The queue of runs: workers in one process, each run as soon as what it needs is there, stopped together.

On a CPU a worker computes on a thread of its own, so that small operations of several runs fill the cores; on a
CUDA device each worker has a stream. No result depends on how many workers there are or on their order.
Progress goes to standard error: bars on a terminal, a line for each event otherwise.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from types import FrameType

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from twolayer.files import BadInput

from ..settings import Settings
from .execute import execute
from .paths import DIVERGED, FAILURE, NOT_RUN, DivergedError, failures, finished, located, record_failure, run_path
from .world import Show, World

POLL = 0.2  # seconds between two looks at what has become ready
CUDA_WORKERS = 4  # an attack on a batch of 64 fills half of a large GPU, a step of a standard student far less
LINE_EVERY = 15.0  # seconds between two lines of a run where there is no terminal
ENDS = ("done", DIVERGED)  # words after which a run shows nothing more


@dataclass(eq=False)
class Stop:
    """Says when to stop: a signal, a deadline (in time.monotonic's seconds), or another worker's failure."""

    deadline: float = float("inf")
    asked: threading.Event = field(default_factory=threading.Event)
    by: int = 0

    def __call__(self) -> bool:
        return self.asked.is_set() or time.monotonic() >= self.deadline

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM ask to stop; a second one ends the process at once (every file is whole at any moment)."""

        def handle(number: int, frame: FrameType | None) -> None:
            if self.asked.is_set():
                os._exit(128 + number)
            self.by = number
            self.asked.set()

        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def work_off(
    runs: Mapping[str, Settings], grid: Mapping[str, Settings], world: World, stop: Stop, *, workers: int, threads: int = 1
) -> list[str]:
    """Execute runs in the order given, those that are not ready later.   -> names of those that a stop left unfinished

    grid: where their needs are.  Runs that diverge, and those that need them, are recorded (paths.py) while the others go
    on; those that diverged before are not tried again, those that lacked another are. The first other exception stops all at
    their next save and is raised.
    """
    out = world.out
    waiting = {name: settings for name, settings in runs.items() if not finished(out, settings, world.data.digest)}
    earlier = failures(out, waiting)
    failed = {name for name, failure in earlier.items() if failure.status == DIVERGED}
    for name in earlier:
        if name in failed:
            del waiting[name]
        else:
            run_path(out, name, FAILURE).unlink()
    unfinished, working = set(waiting), dict[Future[bool], str]()

    def ready() -> str | None:
        """The first run whose needs are there; BadInput where what a run needs will never come."""
        for name, settings in list(waiting.items()):
            missing = [need for need in settings.needs if not located(out, grid, need).is_file()]
            if not missing:
                return name
            for need in missing:
                run = need.partition("@")[0]
                if run in failed:
                    record_failure(out, waiting.pop(name), NOT_RUN, needs=need)
                    failed.add(name)
                    break
                if run not in waiting and run not in working.values():
                    raise BadInput(
                        f"run {name} needs {located(out, grid, need)}, which is not there though {run} is not to be run; "
                        f"delete the results of {run} and run it too"
                    )
        return None

    def begin() -> None:
        torch.set_num_threads(threads)
        if world.device.type == "cuda":
            torch.cuda.set_stream(torch.cuda.Stream(world.device))

    def work(settings: Settings) -> bool:
        with world.turns.work():
            return execute(settings, grid, world)

    if world.device.type == "cuda":
        torch.cuda.synchronize(world.device)
    with ThreadPoolExecutor(workers, initializer=begin) as crew:
        try:
            while working or (waiting and not stop()):
                while len(working) < workers and not stop() and (chosen := ready()) is not None:
                    working[crew.submit(work, waiting.pop(chosen))] = chosen
                for done in wait(working, POLL, FIRST_COMPLETED).done:  # short waits, so that this thread hears signals
                    name = working.pop(done)
                    try:
                        if done.result():
                            unfinished.discard(name)
                    except DivergedError:
                        failed.add(name)
        except BaseException:
            stop.asked.set()
            raise
    return [name for name in runs if name in unfinished - failed]


@contextlib.contextmanager
def showing(runs: int) -> Iterator[Show]:
    """A function that shows where a run stands; any thread may call it.   runs: how many there are in all"""
    console = Console(stderr=True)
    lock, tasks, spoken, ended = threading.Lock(), {}, {}, {}  # type: ignore[var-annotated]
    left, right = (TextColumn(text, markup=False) for text in ("{task.description:<20}", "{task.fields[words]}"))
    columns = (left, BarColumn(20), right, TimeRemainingColumn())
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
