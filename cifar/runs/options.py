"""What `run` and `search` have in common: what they ask for, and how they work off runs."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from twolayer.files import BadInput
from twolayer.process import STOPPED

if TYPE_CHECKING:
    import torch

    from ..data.cifar10 import Cifar10
    from ..settings import Settings
    from .queue import Stop
    from .world import World

PROFILES = ("demo", "standard", "paper")  # of the grid, told without torch, so that --help is quick


def add_to(parser: argparse.ArgumentParser) -> None:
    """The options that both have."""
    parser.add_argument("--data", type=Path, required=True, help="directory with CIFAR-10 in any official layout")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--time-limit", type=float, metavar="S", help="save and stop after S seconds")
    parser.add_argument("--jobs", type=int, metavar="N", help="runs at a time (default: processors; 4 with cuda)")
    parser.add_argument(
        "--threads", type=int, default=1, metavar="N", help="threads of each run; results' last bits depend on it"
    )
    parser.add_argument("--no-download", action="store_true")


@dataclass(frozen=True)
class Work:
    """How runs are executed.   stop: says when to stop;  workers: runs at a time;  threads: of each"""

    device: torch.device
    stop: Stop
    workers: int
    threads: int

    def off(
        self, runs: Mapping[str, Settings], grid: Mapping[str, Settings], out: Path, images: Cifar10, *, measures: bool = True
    ) -> tuple[list[str], World]:
        """Execute runs, showing their progress.   -> names of those that a stop left unfinished, what the runs shared"""
        from . import queue
        from .world import shared_world

        with queue.showing(len(runs)) as show, self.stop.on_signals():
            world = shared_world(out, images, self.device, stop=self.stop, show=show, measures=measures)
            return queue.work_off(runs, grid, world, self.stop, workers=self.workers, threads=self.threads), world

    def stopped(self, left: Sequence[str], of_all: int, named: str = "") -> int:
        """Say that runs are left.   -> the exit status;  named: which, in brackets"""
        print(f"stopped with {len(left)} of {of_all} runs unfinished{named}; the same command continues", file=sys.stderr)
        return 128 + self.stop.by if self.stop.by else STOPPED


def begun(options: argparse.Namespace) -> Work:
    """As it was asked for; the clock of the time limit runs from here.

    Threads and precision are set. BadInput, one line, for numbers that are too small and a device that is not there.
    """
    from ..devices import prepared
    from . import queue

    started = time.monotonic()
    for name, least in (("time_limit", 0), ("jobs", 1), ("threads", 1)):
        value = getattr(options, name)
        if value is not None and not value >= least:
            raise BadInput(f"--{name.replace('_', '-')} must be {least} or more; got {value}")
    device = prepared(options.device, options.threads)
    usual = queue.CUDA_WORKERS if device.type == "cuda" else max(1, len(os.sched_getaffinity(0)) // options.threads)
    stop = queue.Stop(float("inf") if options.time_limit is None else started + options.time_limit)
    return Work(device, stop, options.jobs or usual, options.threads)
