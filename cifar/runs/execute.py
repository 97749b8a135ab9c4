"""A run that resumes: from its settings and the files of --out to its results, whatever stops it and whenever.

On a CPU the results are the same bytes as those of an uninterrupted run: every random draw comes from a generator whose
state is saved, and each run computes on its own number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ..data.cifar10 import Images
from ..networks import pruning
from ..networks.convnet import ConvNet
from ..settings import Settings
from ..training import modes
from ..training import step as training
from . import failures, paths
from .checkpoint import checkpoint
from .failures import DivergedError
from .robust_features import robust_images
from .run import PausedError, Run
from .world import World


def execute(settings: Settings, grid: Mapping[str, Settings], world: World) -> bool:
    """Train and measure a run from wherever it stands.   -> whether it is finished

    Its needs (settings.needs) must be there. A DivergedError is recorded (failures.py), then raised.
    """
    failures.forget(world.out, settings.name)
    if paths.finished(world.out, settings, world.data.digest):
        paths.state_path(world.out, settings.name).unlink(missing_ok=True)
        return True
    needed = {name: paths.load_network(paths.located(world.out, grid, name), world.device) for name in settings.needs}
    student = training.untrained(settings, world.mean, world.std)
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
            images = Images(robust_images(run, images, needed), images.labels)
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
    paths.state_path(out, name).unlink(missing_ok=True)
    paths.features_path(out, name).unlink(missing_ok=True)
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
    step = training.make_step(settings, state, buffers, teacher, plane, hold)
    if world.device.type == "cuda" and state.epoch < settings.epochs:
        with world.turns.alone():
            step = training.graphed(step, state)
    lr = state.optimiser.param_groups[0]["lr"]
    while True:
        result = paths.result_path(world.out, settings.name, state.epoch)
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
