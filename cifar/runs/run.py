"""A run under way: its training, its clock, its saved state.

The state is written every SAVE_EVERY seconds, at a time limit and on SIGINT or SIGTERM; kill -9 loses what came after
the last write.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twolayer.files import BadInput

from ..files import load_tensors, save_tensors
from ..settings import Settings, training_part
from ..training.step import Training
from .paths import MEASURES, STATE, run_path
from .world import World

SHOW_EVERY = 1.0  # seconds between two looks at the loss, which wait for the device
KINDS = ("train", "evaluate", "features", "processor")  # of seconds; the last counts this thread's processor time in all

SAVED = ("epoch", "parts", "counts", "seconds", "commits")  # of a run, beside its training


class PausedError(Exception):
    """The run is saved and must stop here."""


@dataclass(eq=False)
class Run:
    """A run under way, in training or being measured, and the clock.

    training: all that changes while it trains, None while it is measured;  epoch: of the checkpoint that is measured;
    parts: measured so far;  counts: of the attacks, batch by batch;  commits: of the code that contributed, in order.
    """

    settings: Settings
    world: World
    training: Training | None = None
    epoch: int | None = None
    parts: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, dict[str, Any]] = field(default_factory=dict)
    commits: list[str | None] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))
    clock: tuple[float, float] = field(default_factory=lambda: (time.monotonic(), time.thread_time()))
    saved_at: float = field(default_factory=time.monotonic)
    shown_at: float = 0.0

    def spend(self, on: str) -> None:
        """Book the time since the last booking: seconds on this, and seconds of this thread's processor."""
        before, self.clock = self.clock, (time.monotonic(), time.thread_time())
        self.seconds[on] += self.clock[0] - before[0]
        self.seconds["processor"] += self.clock[1] - before[1]

    @property
    def path(self) -> Path:
        """Of its saved state."""
        return run_path(self.world.out, self.settings.name, MEASURES if self.training is None else STATE)

    def save(self) -> None:
        begun_with = {"config": self.settings.record, "images": self.world.data.digest, "device": self.world.device.type}
        training = None if self.training is None else self.training.state()
        save_tensors(self.path, {**begun_with, "training": training, **{name: getattr(self, name) for name in SAVED}})
        self.saved_at = time.monotonic()

    def resume(self) -> None:
        """Go on from the saved state, if there is one; BadInput if it is of other settings, images or another kind of
        device, whose generators' states mean nothing here, or damaged. Measures of other settings count for nothing."""
        path = self.path
        if not path.is_file():
            return
        state = load_tensors(path)
        try:
            if training_part(state["config"]) != training_part(self.settings.record):
                raise BadInput(f"{path} was begun with other settings; use another --out, or delete it")
            if state.get("images", self.world.data.digest) != self.world.data.digest:
                raise BadInput(f"{path} was begun with other images; use another --out, or delete it")
            begun_on = state.get("device", self.world.device.type)
            if begun_on != self.world.device.type:
                raise BadInput(f"{path} was begun with --device {begun_on}; use that, or delete it")
            if self.training is not None:
                settings, epoch, batch = self.settings, state["training"]["epoch"], state["training"]["batch"]
                between = (settings.first_epoch, 0) <= (epoch, batch) <= (settings.epochs, 0)
                if not (between and 0 <= batch < settings.batches):
                    raise BadInput(f"{path} is at epoch {epoch}, batch {batch}, where its run never is; delete it")
                self.training.restore(state["training"])
            elif (state["config"], state["epoch"]) != (self.settings.record, self.epoch):
                return
            self.parts, self.counts, self.seconds = (state[key] for key in ("parts", "counts", "seconds"))
            self.commits = state.get("commits", ["unknown"])  # those begun before commits were recorded have none
        except (KeyError, TypeError, AttributeError, RuntimeError) as error:
            raise BadInput(f"{path} is no state of a run ({type(error).__name__}: {error}); delete it") from None

    def contribute(self) -> None:
        """Name the code among those that contributed."""
        if self.world.commit not in self.commits:
            self.commits = [*self.commits, self.world.commit]

    def pause(self) -> None:
        """Give way to others, and save if it is time to; raises PausedError if the run must stop here."""
        self.world.turns.give_way()
        if self.world.stop():
            self.save()
            raise PausedError
        if time.monotonic() - self.saved_at >= self.world.save_every:
            self.save()

    def show(self, done: float, of: float, words: Callable[[], str]) -> None:
        if time.monotonic() - self.shown_at >= SHOW_EVERY:
            self.shown_at = time.monotonic()
            self.world.show(self.settings.name, done, of, words())
