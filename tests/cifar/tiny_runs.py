"""A grid of tiny runs on made images, every kind of run in it; and the process of them that tests kill."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from cifar.runs import queue
from cifar.runs.world import World, shared_world
from cifar.settings import Settings

from . import made

TRAIN, TEST = 48, 12
PACE = 0.1  # seconds a look takes in the process that tests kill: it must not be done before they come


def grid() -> dict[str, Settings]:
    plain = {"images": 48, "batch": 8, "test_images": 12, "eval_batch": 5, "eval_steps": 2, "repeats": 2}
    dataset = {**plain, "loss": "label", "target": "dataset", "augment": "crop-flip", "lr": 0.02}
    student = {
        **plain,
        "widths": (5, 4),
        "teacher": "pruned@50",
        "horizon": 4,
        "steps": 2,
        "lr": 0.005,
        "inner": "bfloat16",
        "multiple": 8,
    }
    runs = [
        Settings(
            "teacher", "teacher", (6, 6), 0, checkpoints=((200, 2),), horizon=2, optimiser="adam", **{**dataset, "lr": 0.002}
        ),
        Settings(
            "pruned", "pruned", (6, 6), 0, checkpoints=((50, 1),), horizon=1, removed=(0.2, 0.4), start="teacher@200", **dataset
        ),
        Settings("surrogate", "surrogate", (5, 4), 7, checkpoints=((200, 1),), horizon=1, **dataset),
        Settings(
            "at",
            checkpoints=((150, 2), (300, 3)),
            examples="oracle",
            surrogate="surrogate@200",
            attacks=((150, ("linf",)), (300, ("linf", "transfer", "fgsm"))),
            **student,
        ),
        Settings("st", checkpoints=((150, 2), (300, 4)), attacks=((300, ("linf",)),), **student),
        Settings("in-plane", checkpoints=((150, 2),), examples="in-plane", augment="standard", **student),
        Settings("ccat", checkpoints=((150, 1),), examples="calibrated", loss="label", rho=5.0, update="bfloat16", **student),
        Settings(
            "rft", first_epoch=2, checkpoints=((300, 4),), start="st@150", representation="at@150", feature_steps=3, **student
        ),
    ]
    return {settings.name: settings for settings in runs}


def content(out: Path, pattern: str = "*") -> dict[str, bytes]:
    """What equal runs have in common: every file of results and weights; seconds live in files of their own."""
    files = [path for path in sorted((out / "runs").glob(f"*/{pattern}")) if not path.name.endswith(".time.json")]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def world(out: Path, stop: Callable[[], bool], save_every: float = 1000.0) -> World:
    return shared_world(out, made.made_cifar(TRAIN, TEST), torch.device("cpu"), stop=stop, save_every=save_every)


def main(out: str, save_every: str, *names: str) -> int:
    torch.set_num_threads(1)
    known, stop = grid(), queue.Stop()
    chosen = {name: known[name] for name in names or known}

    def slowly() -> bool:
        time.sleep(PACE)
        return stop()

    with stop.on_signals():
        left = queue.work_off(chosen, known, world(Path(out), slowly, float(save_every)), stop, workers=2)
    return 128 + stop.by if left else 0


def ended(*arguments: str) -> None:
    """`main` as a process of multiprocessing, whose status is main's."""
    sys.exit(main(*arguments))
