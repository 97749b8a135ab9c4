"""A run that resumes: from its settings and the files of --out to its results, whatever stops it and whenever.

On a CPU the results are the same bytes as those of an uninterrupted run: every random draw comes from a generator whose
state is saved, and each run computes on its own number of threads.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

import torch
from torch import Tensor

from twolayer.files import BadInput

from ..data.cifar10 import Images
from ..files import load_tensors, save_tensors
from ..networks.convnet import ConvNet, inner_copy, kept_channels, silence
from ..settings import Settings, training_part
from ..training import modes
from ..training import step as training
from . import paths
from .checkpoint import checkpoint, measure
from .paths import DIVERGED, FAILURE, MEASURES, STATE, WEIGHTS, DivergedError
from .run import PausedError, Run
from .world import World

FEATURE_BATCH = {"cpu": 128, "cuda": 1000}  # images of a part; on a GPU small ones wait for their kernels' launches


def execute(settings: Settings, grid: Mapping[str, Settings], world: World) -> bool:
    """Train and measure a run from wherever it stands.   -> whether that is done

    Its needs (settings.needs) must be there. A DivergedError is recorded, then raised. Where the world wants
    no measures, training is all. What was trained and measured with other settings of measuring is measured anew.
    """
    out, name, digest = world.out, settings.name, world.data.digest
    paths.run_path(out, name, FAILURE).unlink(missing_ok=True)
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
                there = diverged is None or paths.checkpoint_path(out, name, epoch, WEIGHTS).is_file()
                if there and not paths.measured(out, settings, epoch, digest):
                    measure(settings, paper, epoch, needed, world)
        except PausedError:
            return False
        if run is not None and diverged is not None:
            why = {"epoch": diverged.epoch, "reason": diverged.reason, "commits": run.commits}
            paths.record_failure(out, settings, DIVERGED, **why)
            discard(settings, world, DIVERGED)
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


def discard(settings: Settings, world: World, words: str) -> None:
    """Remove what only an unfinished run needs, and show its end."""
    for kind in (STATE, MEASURES):
        paths.run_path(world.out, settings.name, kind).unlink(missing_ok=True)
    shutil.rmtree(world.out / "cache" / settings.name, ignore_errors=True)
    world.show(settings.name, settings.epochs, settings.epochs, words)


def train(run: Run, needed: Mapping[str, ConvNet]) -> None:
    """Every remaining epoch; at each checkpoint the weights are stored."""
    settings, state, world = run.settings, run.training, run.world
    assert state is not None
    kept, hold = None, None  # of a pruned network: indices of the channels that stay, and what silences the others
    if settings.removed:
        kept = [stay.to(world.device) for stay in kept_channels(needed[settings.start], settings.removed)]
        hold = partial(silence, state.student, kept)
        hold()
    images = world.data.train.first(settings.images)
    if settings.representation:
        images = Images(robust_images(run, images, needed), images.labels)
    teacher = needed.get(settings.teacher)
    epochs = [epoch for _, epoch in settings.checkpoints]
    buffers = training.buffers_for(settings, images, teacher)
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


def robust_images(run: Run, images: Images, needed: Mapping[str, ConvNet]) -> Tensor:
    """Equation 35's image for every training image, part by part, each part kept in a file, and read back by a later call.

    Each image starts from another, by one random permutation.   bytes (N, 3, h, w) -> bytes, same shape
    The networks compute in the precision of attacks (settings.inner), images and steps in float32.
    A file that is damaged, or of other settings or images, is made anew.
    """
    settings, world, parts = run.settings, run.world, []
    representation, teacher = (
        inner_copy(needed[name], dtype=training.DTYPES[settings.inner], multiple=settings.multiple)[0]
        for name in (settings.representation, settings.teacher)
    )
    of = {"settings": training_part(settings.record), "images": world.data.digest}
    other = torch.randperm(len(images.pixels), generator=training.seeded(settings.seed, "features")).to(world.device)
    size = FEATURE_BATCH[world.device.type]
    for first in range(0, len(images.pixels), size):
        path, part = world.out / "cache" / settings.name / f"{first}.pt", None
        with suppress(BadInput):
            if path.is_file() and (stored := load_tensors(path))["of"] == of:
                part = stored["pixels"]
        if part is None:
            places = slice(first, first + size)
            target, start = (
                pixels.float().div(255).contiguous(memory_format=torch.channels_last)
                for pixels in (images.pixels[places], images.pixels[other[places]])
            )
            alpha, step, steps = settings.alpha, settings.feature_step, settings.feature_steps
            finished = modes.robust_features(target, start, representation, teacher, alpha=alpha, step=step, steps=steps)
            part = finished.mul(255).round().to(torch.uint8).contiguous().cpu()
            save_tensors(path, {"of": of, "pixels": part})
            run.spend("features")
            run.show(first + len(part), len(images.pixels), lambda: "robust features")
            run.pause()
        parts.append(part)
    return torch.cat(parts).to(world.device)
