"""What all runs of one command share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from twolayer.files import swept
from twolayer.streaming import PatchSpectrum

from ..data.cifar10 import Cifar10, colour_moments
from ..data.patches import InputPlane, input_plane, kept_spectrum
from .commit import commit
from .turns import Turns

SAVE_EVERY = 20.0  # seconds; with the longest piece of work between two looks at the clock still under a minute

Show = Callable[[str, float, float, str], None]  # run, done, of, words


@dataclass(frozen=True, eq=False)
class World:
    """What all runs share.   data: on the device;  mean, std: of the training colours;  spectrum, plane: of their patches;
    stop: says when to stop;  measures: whether checkpoints are measured once a run is trained;  commit: of the code
    (commit.py);  turns: of the workers, one of which may have to be alone on the device."""

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
