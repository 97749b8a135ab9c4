"""A run that resumes: from its settings and the files of --out to its results, whatever stops it and whenever.

The state is written every SAVE_EVERY seconds, at a time limit and on SIGINT or SIGTERM; kill -9 loses what came after
the last write. On a CPU the results are the same bytes as those of an uninterrupted run: every random draw comes from
a generator whose state is saved, and each run computes on its own number of threads.
"""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..data.cifar10 import Cifar10, Images, colour_moments
from ..data.patches import PatchSpectrum
from ..files import StateError, load_tensors, save_json, save_tensors
from ..fused import Engines, no_engine
from ..networks import pruning
from ..networks.convnet import ConvNet
from ..settings import Settings
from ..training import modes
from ..training import step as training
from . import commit as checkout
from . import failures, measuring
from . import paths as places
from . import robust_features as robust
from .failures import DivergedError
from .turns import Turns

SAVE_EVERY = 20.0  # seconds; with the longest piece of work between two looks at the clock still under a minute
SHOW_EVERY = 1.0  # seconds between two looks at the loss, which wait for the device
KINDS = ("train", "evaluate", "features", "processor")  # of seconds; the last counts this thread's processor time in all

Show = Callable[[str, float, float, str], None]  # run, done, of, words


@dataclass(frozen=True, eq=False)
class World:
    """What all runs share.   data: on the device;  mean, std: of the training colours;  stop: says when to stop;
    commit: of the code (checkout.py);  turns: of the workers, one of which may have to be alone on the device;
    engines: attack two networks in bfloat16 in a way of their own, where there is one."""

    out: Path
    device: torch.device
    data: Cifar10
    mean: tuple[float, ...]
    std: tuple[float, ...]
    spectrum: PatchSpectrum
    stop: Callable[[], bool] = lambda: False
    show: Show = lambda run, done, of, words: None
    save_every: float = SAVE_EVERY
    commit: str | None = None
    turns: Turns = field(default_factory=Turns)
    engines: Engines = no_engine


def world(out: Path, data: Cifar10, device: torch.device, **more: Any) -> World:
    """The shared part of all runs, with colours and patch spectrum of the training images."""
    mean, std = colour_moments(data.train.pixels)
    known, data = {"commit": checkout.commit(), **more}, data.to(device)
    return World(out, device, data, mean, std, places.cached_spectrum(out, data), **known)


class PausedError(Exception):
    """The run is saved and must stop here."""


@dataclass(eq=False)
class Run:
    """A run under way: its training, what is measured so far of the checkpoint at hand, and the clock.

    parts: finished parts;  counts: of the attacks, batch by batch;  features: images of robust features made;
    commits: of the code that contributed, in order;  engine: of attacks in bfloat16.
    """

    settings: Settings
    world: World
    training: training.Training
    parts: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, list[int]] = field(default_factory=dict)
    features: int = 0
    commits: list[str | None] = field(default_factory=list)
    engine: str = "torch"
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))
    clock: tuple[float, float] = field(default_factory=lambda: (time.monotonic(), time.thread_time()))
    saved_at: float = field(default_factory=time.monotonic)
    shown_at: float = 0.0

    def spend(self, on: str) -> None:
        """Book the time since the last booking: seconds on this, and seconds of this thread's processor."""
        before, self.clock = self.clock, (time.monotonic(), time.thread_time())
        self.seconds[on] += self.clock[0] - before[0]
        self.seconds["processor"] += self.clock[1] - before[1]

    def save(self) -> None:
        save_tensors(
            places.state_path(self.world.out, self.settings.name),
            {
                "config": self.settings.record,
                "training": self.training.state(),
                "parts": self.parts,
                "counts": self.counts,
                "features": self.features,
                "seconds": self.seconds,
                "commits": self.commits,
                "images": self.world.data.digest,
                "device": self.world.device.type,
            },
        )
        self.saved_at = time.monotonic()

    def resume(self) -> None:
        """Go on from the saved state, if there is one; StateError if it is of other settings, images or another kind of
        device, whose generators' states mean nothing here, or damaged."""
        path = places.state_path(self.world.out, self.settings.name)
        if not path.is_file():
            return
        state = load_tensors(path)
        try:
            if state["config"] != self.settings.record:
                raise StateError(f"{path} was begun with other settings; use another --out, or delete it")
            if state.get("images", self.world.data.digest) != self.world.data.digest:
                raise StateError(f"{path} was begun with other images; use another --out, or delete it")
            begun_on = state.get("device", self.world.device.type)
            if begun_on != self.world.device.type:
                raise StateError(f"{path} was begun with --device {begun_on}; use that, or delete it")
            self.training.restore(state["training"])
            self.parts, self.counts, self.features, self.seconds = (
                state[key] for key in ("parts", "counts", "features", "seconds")
            )
            self.commits = state.get("commits", ["unknown"])  # those begun before commits were recorded have none
        except (KeyError, TypeError, AttributeError, RuntimeError) as error:
            raise StateError(f"{path} is no state of a run ({type(error).__name__}: {error}); delete it") from None

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


def execute(settings: Settings, grid: Mapping[str, Settings], world: World) -> bool:
    """Train and measure a run from wherever it stands.   -> whether it is finished

    Its needs (settings.needs) must be there. A DivergedError is recorded (failures.py), then raised.
    """
    failures.forget(world.out, settings.name)
    if places.finished(world.out, settings, world.data.digest):
        places.state_path(world.out, settings.name).unlink(missing_ok=True)
        return True
    needed = {name: places.load_network(places.located(world.out, grid, name), world.device) for name in settings.needs}
    student = ConvNet(settings.widths, mean=world.mean, std=world.std, generator=training.seeded(settings.seed, "weights"))
    if settings.start:
        student.load_state_dict(needed[settings.start].state_dict())
    kept = None
    if settings.removed:
        kept = pruning.kept_channels(student, settings.removed)
        pruning.silence(student, kept)
        kept = [stay.to(world.device) for stay in kept]
    run = Run(settings, world, training.begin(settings, student.to(world.device)))
    run.resume()
    if world.commit not in run.commits:
        run.commits = [*run.commits, world.commit]
    images = world.data.train.first(settings.images)
    try:
        if settings.representation:
            images = Images(robust.robust_images(run, images, needed), images.labels)
        train(run, images, needed, kept)
    except PausedError:
        return False
    except DivergedError as error:
        failures.record_divergence(world.out, settings, error, run.commits)
        discard(run, failures.DIVERGED)
        raise
    discard(run, "done")
    return True


def discard(run: Run, words: str) -> None:
    """Remove what only an unfinished run needs, and show its end."""
    name, out = run.settings.name, run.world.out
    places.state_path(out, name).unlink(missing_ok=True)
    places.features_path(out, name).unlink(missing_ok=True)
    run.world.show(name, run.settings.epochs, run.settings.epochs, words)


def train(run: Run, images: Images, needed: Mapping[str, ConvNet], kept: list[Tensor] | None) -> None:
    """Every remaining epoch and checkpoint."""
    settings, state, world = run.settings, run.training, run.world
    teacher = needed.get(settings.teacher)
    epochs = {epoch: paper for paper, epoch in settings.checkpoints}
    buffers = training.buffers_for(settings, images, teacher)
    plane = None
    if settings.examples in ("in-plane", "out-plane"):
        plane = modes.plane(
            *(torch.from_numpy(part.copy()).to(world.device) for part in (world.spectrum.vectors, world.spectrum.mean))
        )
    hold = None if kept is None else lambda: pruning.silence(state.student, kept)
    engine = None
    if teacher is not None and "bfloat16" in (settings.inner, settings.eval_inner):
        engine = world.engines(state.student, teacher)
        run.engine = "torch" if engine is None else f"fused kernel, {engine.shape.warps} warps"
    step = training.make_step(settings, state, buffers, teacher, plane, hold, engine if settings.inner == "bfloat16" else None)
    if world.device.type == "cuda" and state.epoch < settings.epochs:
        with world.turns.alone():
            step = training.graphed(step, state)
    lr = state.optimiser.param_groups[0]["lr"]
    while True:
        result = places.result_path(world.out, settings.name, state.epoch)
        if state.batch == 0 and state.epoch in epochs and not result.is_file():
            checkpoint(run, epochs[state.epoch], needed, kept)
        if state.epoch >= settings.epochs:
            return
        run.parts, run.counts = {}, {}  # a state saved just before its result was stored still holds them
        order = training.start_epoch(settings, state, images, buffers)
        while state.batch < settings.batches:
            lr.fill_(training.learning_rate(settings, state.epoch + state.batch / settings.batches))
            buffers.index.copy_(order[state.batch * settings.batch : (state.batch + 1) * settings.batch])
            step()
            state.batch += 1
            run.spend("train")
            run.show(
                state.epoch + state.batch / settings.batches - settings.first_epoch,
                settings.epochs - settings.first_epoch,
                lambda: f"epoch {state.epoch + 1}/{settings.epochs} loss {float(state.total) / state.batch:.4g}",
            )
            if state.batch < settings.batches:
                run.pause()
        mean = float(state.total) / settings.batches
        if not math.isfinite(mean):
            raise DivergedError(state.epoch + 1, f"the mean loss is {mean}")
        state.history.append(mean)
        state.epoch, state.batch = state.epoch + 1, 0
        run.pause()


def checkpoint(run: Run, paper_epoch: int, needed: Mapping[str, ConvNet], kept: list[Tensor] | None) -> None:
    """Store the weights, measure part by part, store the result; DivergedError where they answer no numbers."""
    settings, world, epoch = run.settings, run.world, run.training.epoch
    network = run.training.student if kept is None else pruning.shrunk(run.training.student, kept)
    if not measuring.answers(network, world.data.test.pixels[: settings.eval_batch]):
        raise DivergedError(epoch, "the last update left weights or logits that are not finite")
    path = places.weights_path(world.out, settings.name, epoch)
    places.save_network(path, network)
    network = places.load_network(path, world.device)
    tasks = measuring.tasks(settings, paper_epoch, network, needed, world, run.counts, run.pause)
    for done, (name, measure) in enumerate(tasks.items()):
        if name not in run.parts:
            run.show(done, len(tasks), lambda name=name: f"epoch {epoch}: {name}")
            run.parts[name] = measure()
            run.spend("evaluate")
            run.pause()
    attacks = {name: part for name, part in run.parts.items() if name in dict(settings.attacks).get(paper_epoch, ())}
    config = {"settings": settings.record, "data": world.data.facts, "mean": world.mean, "std": world.std}
    save_json(
        places.result_path(world.out, settings.name, epoch).with_suffix(".time.json"),
        {
            "seconds": run.seconds,
            "device": device_name(world.device),
            "torch": torch.__version__,
            "python": platform.python_version(),
            "threads": torch.get_num_threads(),
            "commits": run.commits,
            "engine": run.engine,
        },
    )
    save_json(
        places.result_path(world.out, settings.name, epoch),
        {
            "run": settings.name,
            "epoch": epoch,
            "paper_epoch": paper_epoch,
            "config": config,
            "attacks": attacks,
            "specialisation": run.parts.get("specialisation"),
            "clean": run.parts["clean"],
            "loss": run.training.history,
        },
    )
    run.parts, run.counts = {}, {}


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU"
