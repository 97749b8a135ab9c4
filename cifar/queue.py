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
from types import FrameType

import torch

from .places import finished, located
from .runs import World, execute
from .settings import Settings

POLL = 0.2  # seconds between two looks at what has become ready


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


def ready(settings: Settings, grid: Mapping[str, Settings], world: World) -> bool:
    return all(located(world.out, grid, need).is_file() for need in settings.needs)


def work_off(runs: Mapping[str, Settings], grid: Mapping[str, Settings], world: World, stop: Stop, *, workers: int,
             threads: int = 1) -> list[str]:
    """Execute runs in the order given, those that are not ready later.   -> names of the unfinished

    The first exception of a worker stops the others at their next save and is raised.
    """
    waiting = {name: settings for name, settings in runs.items() if not finished(world.out, settings)}
    unfinished, failures, lock = list(waiting), [], threading.Lock()

    def claim() -> Settings | None:
        with lock:
            for name, settings in waiting.items():
                if ready(settings, grid, world):
                    return waiting.pop(name)
        return None

    def worker() -> None:
        torch.set_num_threads(threads)
        stream = torch.cuda.stream(torch.cuda.Stream(world.device)) if world.device.type == "cuda" else contextlib.nullcontext()
        try:
            with stream:
                while waiting and not stop():
                    settings = claim()
                    if settings is None:
                        time.sleep(POLL)
                    elif execute(settings, grid, world):
                        unfinished.remove(settings.name)
        except BaseException as error:  # raised again in the main thread
            failures.append(error)
            stop.asked.set()

    if world.device.type == "cuda":
        torch.cuda.synchronize(world.device)
    crew = [threading.Thread(target=worker, daemon=True) for _ in range(max(1, workers))]
    for thread in crew:
        thread.start()
    for thread in crew:
        while thread.is_alive():  # short waits, so that the main thread hears signals
            thread.join(POLL)
    if failures:
        raise failures[0]
    return unfinished
