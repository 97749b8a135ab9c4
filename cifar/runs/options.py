"""What `run` and `search` ask for alike: where images and results are, and how to work."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import BadInput

if TYPE_CHECKING:
    import torch

    from .queue import Stop


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


def begun(options: argparse.Namespace) -> tuple[torch.device, Stop, int]:
    """The device, what says when to stop (the clock runs from here), and how many runs work at a time.

    Threads and precision are set. BadInput, one line, for numbers that are too small and a device that is not there.
    """
    import torch

    from .. import devices
    from . import queue

    started = time.monotonic()
    for name, least in (("time_limit", 0), ("jobs", 1), ("threads", 1)):
        value = getattr(options, name)
        if value is not None and not value >= least:
            raise BadInput(f"--{name.replace('_', '-')} must be {least} or more; got {value}")
    if options.device == "cuda" and not torch.cuda.is_available():
        raise BadInput("--device cuda needs a CUDA device that torch can see; found none; use --device cpu")
    torch.set_num_threads(options.threads)
    devices.full_precision()
    devices.memory_kept()
    device = torch.device(options.device)
    stop = queue.Stop(float("inf") if options.time_limit is None else started + options.time_limit)
    return device, stop, options.jobs or queue.usual_workers(device, options.threads)
