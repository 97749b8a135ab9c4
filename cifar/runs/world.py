"""What all runs of one command share: images, device, the workers' turns on it, and which commit of the code computes.

A CUDA graph is captured alone: only one capture may be under way in a process, and no other work of it meanwhile; a thread
that waits for the whole device, as every capture does first, breaks a capture of another. (PyTorch's notes on CUDA
graphs.) Replays, and all other work, need no turns. On a CPU nobody asks to be alone.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from twolayer.files import swept
from twolayer.streaming import PatchSpectrum

from ..data.cifar10 import Cifar10, colour_moments
from ..data.patches import InputPlane, input_plane, kept_spectrum

SAVE_EVERY = 20.0  # seconds; with the longest piece of work between two looks at the clock still under a minute
PACKAGE = Path(__file__).resolve().parent.parent
CODE = ("cifar", "twolayer")  # what a result depends on; changed results or notes do not make a checkout dirty
DIRTY = "-dirty"
PATIENCE = 20  # seconds for git, on a busy machine

Show = Callable[[str, float, float, str], None]  # run, done, of, words


class Turns:
    """Threads work together; one that asks to be alone waits until all others give way or end."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._working: set[int] = set()  # identities of threads
        self._asking = 0

    @contextlib.contextmanager
    def work(self) -> Iterator[None]:
        """This thread works, beside others, and gives way now and then."""
        self._begin()
        try:
            yield
        finally:
            self._end()

    def give_way(self) -> None:
        """Let those that ask be alone, one after the other; at once where nobody asks."""
        if self._asking and threading.get_ident() in self._working:
            self._end()
            self._begin()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """No other thread works meanwhile."""
        me = threading.get_ident()
        with self._changed:
            works = me in self._working
            self._asking += 1
            self._working.discard(me)
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._working)
            self._working.add(me)
        try:
            yield
        finally:
            with self._changed:
                self._asking -= 1
            self._end()
            if works:
                self._begin()

    def _begin(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._asking)
            self._working.add(threading.get_ident())

    def _end(self) -> None:
        with self._changed:
            self._working.remove(threading.get_ident())
            self._changed.notify_all()


@dataclass(frozen=True, eq=False)
class World:
    """What all runs share.   data: on the device;  mean, std: of the training colours;  spectrum, plane: of their patches;
    stop: says when to stop;  measures: whether checkpoints are measured once a run is trained;  commit: of the code;
    turns: of the workers, one of which may have to be alone on the device."""

    out: Path
    device: torch.device
    data: Cifar10
    mean: tuple[float, ...]
    std: tuple[float, ...]
    spectrum: PatchSpectrum
    plane: InputPlane
    stop: Callable[[], bool] = lambda: False
    show: Show = lambda run, done, of, words: None
    save_every: float = SAVE_EVERY
    measures: bool = True
    commit: str | None = None
    turns: Turns = field(default_factory=Turns)


def shared_world(out: Path, data: Cifar10, device: torch.device, **options: Any) -> World:
    """The shared part of all runs, with colours and patch spectrum of the training images."""
    swept(out)
    mean, std = colour_moments(data.train.pixels)
    spectrum = kept_spectrum(out, data)
    data, options = data.to(device), {"commit": commit(), **options}
    return World(out, device, data, mean, std, spectrum, input_plane(spectrum).to(device), **options)


def commit(package: Path = PACKAGE) -> str | None:
    """HEAD of the git checkout from which cifar was imported, "-dirty" behind it where the code differs; None where there is
    no checkout, or no git.

    A package that was copied into somebody else's checkout does not belong to that: git must know its files.
    """
    if _git(package, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    head = _git(package, "rev-parse", "HEAD")
    changed = _git(package.parent, "status", "--porcelain", "--", *CODE)
    return None if head is None or changed is None else head + (DIRTY if changed else "")


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints, in that folder and whatever repository the environment names; None where it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
