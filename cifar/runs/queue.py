"""The queue of runs: workers in one process, each run as soon as what it needs is there, stopped together.

On a CPU a worker computes on a thread of its own, so that small operations of several runs fill the cores; on a
CUDA device each worker has a stream. No result depends on how many workers there are or on their order.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from types import FrameType

import torch

from twolayer.files import BadInput

from ..settings import Settings
from . import failures
from .execute import execute
from .failures import DivergedError
from .paths import finished, located
from .world import World

POLL = 0.2  # seconds between two looks at what has become ready
CUDA_WORKERS = 4  # an attack on a batch of 64 fills half of a large GPU, a step of a standard student far less


def usual_workers(device: torch.device, threads: int) -> int:
    """Runs at a time where nobody says how many.   threads: of each"""
    return CUDA_WORKERS if device.type == "cuda" else max(1, len(os.sched_getaffinity(0)) // threads)


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

    grid: where their needs are.  Runs that diverge, and those that need them, are recorded (failures.py) while the others go
    on; those that diverged before are not tried again, those that lacked another are. The first other exception stops all at
    their next save and is raised.
    """
    out = world.out
    waiting = {name: settings for name, settings in runs.items() if not finished(out, settings, world.data.digest)}
    earlier = failures.among(out, waiting)
    failed = {name for name, failure in earlier.items() if failure.status == failures.DIVERGED}
    for name in earlier:
        if name in failed:
            del waiting[name]
        else:
            failures.forget(out, name)
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
                    failures.record(out, waiting.pop(name), failures.NOT_RUN, needs=need)
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
