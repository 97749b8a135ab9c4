"""A run that resumes: from its settings and the files of --out to its results, whatever stops it and whenever.

On a CPU the results are the same bytes as those of an uninterrupted run: every random draw comes from a generator whose
state is saved, and each run computes on its own number of threads.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping

import torch
from torch import Tensor

from ..data.cifar10 import Images
from ..networks import pruning
from ..networks.convnet import ConvNet
from ..settings import Settings
from ..training import step as training
from . import failures, paths
from .checkpoint import checkpoint, measure
from .failures import DivergedError
from .robust_features import robust_images
from .run import PausedError, Run
from .world import World


def execute(settings: Settings, grid: Mapping[str, Settings], world: World) -> bool:
    """Train and measure a run from wherever it stands.   -> whether that is done

    Its needs (settings.needs) must be there. A DivergedError is recorded (failures.py), then raised. Where the world wants
    no measures, training is all. What was trained and measured with other settings of measuring is measured anew.
    """
    out, name, digest = world.out, settings.name, world.data.digest
    failures.forget(out, name)
    if not paths.finished(out, settings, digest):
        needed = {need: paths.load_network(paths.located(out, grid, need), world.device) for need in settings.needs}
        run, diverged = None, None
        try:
            if not paths.trained(out, settings, digest):
                run = begun(settings, world, needed)
                try:
                    train(run, needed)
                except DivergedError as error:  # what was reached before is as good as any
                    diverged = error
            for paper, epoch in settings.checkpoints if world.measures else ():
                there = diverged is None or paths.weights_path(out, name, epoch).is_file()
                if there and not paths.measured(out, settings, epoch, digest):
                    measure(settings, paper, epoch, needed, world)
        except PausedError:
            return False
        if run is not None and diverged is not None:
            why = {"epoch": diverged.epoch, "reason": diverged.reason, "commits": run.commits}
            failures.record(out, settings, failures.DIVERGED, **why)
            discard(settings, world, failures.DIVERGED)
            raise diverged
    discard(settings, world, "done")
    return True


def begun(settings: Settings, world: World, needed: Mapping[str, ConvNet]) -> Run:
    """A run's training from where it was saved, or from its start."""
    student = training.untrained(settings, world.mean, world.std)
    if settings.start:
        student.load_state_dict(needed[settings.start].state_dict())
    run = Run(settings, world, training.begin(settings, student.to(world.device)))
    run.resume()
    run.contribute()
    return run


def pruned_channels(settings: Settings, needed: Mapping[str, ConvNet], device: torch.device) -> list[Tensor] | None:
    """Indices of the channels that a pruned network keeps, of those of the network it starts from; None for all others."""
    if not settings.removed:
        return None
    return [stay.to(device) for stay in pruning.kept_channels(needed[settings.start], settings.removed)]


def discard(settings: Settings, world: World, words: str) -> None:
    """Remove what only an unfinished run needs, and show its end."""
    for path in (paths.state_path, paths.measures_path):
        path(world.out, settings.name).unlink(missing_ok=True)
    shutil.rmtree(paths.features_path(world.out, settings.name, 0).parent, ignore_errors=True)
    world.show(settings.name, settings.epochs, settings.epochs, words)


def train(run: Run, needed: Mapping[str, ConvNet]) -> None:
    """Every remaining epoch; at each checkpoint the weights are stored."""
    settings, state, world = run.settings, run.training, run.world
    assert state is not None
    kept = pruned_channels(settings, needed, world.device)
    if kept is not None:
        pruning.silence(state.student, kept)
    images = world.data.train.first(settings.images)
    if settings.representation:
        images = Images(robust_images(run, images, needed), images.labels)
    teacher = needed.get(settings.teacher)
    epochs = [epoch for _, epoch in settings.checkpoints]
    buffers = training.buffers_for(settings, images, teacher)
    hold = None if kept is None else lambda: pruning.silence(state.student, kept)
    step = training.make_step(settings, state, buffers, teacher, world.plane, hold)
    if world.device.type == "cuda" and state.epoch < settings.epochs:
        with world.turns.alone():
            step = training.graphed(step, state)
    lr = state.optimiser.param_groups[0]["lr"]
    while True:
        if state.batch == 0 and state.epoch in epochs:
            checkpoint(run, kept)
        if state.epoch >= settings.epochs:
            return
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
