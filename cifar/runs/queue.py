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
from dataclasses import dataclass, field
from pathlib import Path
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


@dataclass(eq=False)
class Queue:
    """Who waits, who works, and who can never be finished; every call under one lock.   grid: where their needs are"""

    waiting: dict[str, Settings]
    grid: Mapping[str, Settings]
    out: Path
    working: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Runs that diverged before are not tried again; what was not run for the lack of another is asked anew."""
        for name, failed in failures.among(self.out, self.waiting).items():
            if failed.status == failures.DIVERGED:
                del self.waiting[name]
                self.failed.add(name)
            else:
                failures.forget(self.out, name)

    def claim(self) -> Settings | None:
        """The first run whose needs are there; None where all of them wait for others.

        Those that need a run that failed are recorded as not run. BadInput where what a run needs will never come.
        """
        with self.lock:
            for name, settings in list(self.waiting.items()):
                missing = [need for need in settings.needs if not located(self.out, self.grid, need).is_file()]
                if not missing:
                    self.working.add(name)
                    return self.waiting.pop(name)
                for need in missing:
                    run = need.partition("@")[0]
                    if run in self.failed:
                        failures.record_need(self.out, settings, need)
                        self.failed.add(self.waiting.pop(name).name)
                        break
                    if run not in self.waiting and run not in self.working:
                        raise BadInput(
                            f"run {name} needs {located(self.out, self.grid, need)}, which is not there though "
                            f"{run} is not to be run; delete the results of {run} and run it too"
                        )
        return None

    def end(self, settings: Settings, *, finished: bool) -> None:
        """A run that was claimed is finished, or has failed."""
        with self.lock:
            self.working.remove(settings.name)
            if not finished:
                self.failed.add(settings.name)


def work_off(
    runs: Mapping[str, Settings], grid: Mapping[str, Settings], world: World, stop: Stop, *, workers: int, threads: int = 1
) -> list[str]:
    """Execute runs in the order given, those that are not ready later.   -> names of those that a stop left unfinished

    Runs that diverge, and those that need them, are recorded (failures.py) while the others go on. The first other
    exception of a worker stops all at their next save and is raised.
    """
    todo = {name: settings for name, settings in runs.items() if not finished(world.out, settings, world.data.digest)}
    queue = Queue(todo, grid, world.out)
    unfinished, errors = set(queue.waiting), []

    def worker() -> None:
        torch.set_num_threads(threads)
        stream = torch.cuda.stream(torch.cuda.Stream(world.device)) if world.device.type == "cuda" else contextlib.nullcontext()
        try:
            with stream:
                while queue.waiting and not stop():
                    settings = queue.claim()
                    if settings is None:
                        time.sleep(POLL)
                        continue
                    try:
                        with world.turns.work():
                            done = execute(settings, grid, world)
                        if done:
                            queue.end(settings, finished=True)
                            unfinished.discard(settings.name)
                    except DivergedError:
                        queue.end(settings, finished=False)
        except BaseException as error:  # raised again in the main thread
            errors.append(error)
            stop.asked.set()

    if world.device.type == "cuda":
        torch.cuda.synchronize(world.device)
    crew = [threading.Thread(target=worker, daemon=True) for _ in range(max(1, workers))]
    for thread in crew:
        thread.start()
    for thread in crew:
        while thread.is_alive():  # short waits, so that the main thread hears signals
            thread.join(POLL)
    if errors:
        raise errors[0]
    return [name for name in runs if name in unfinished - queue.failed]
