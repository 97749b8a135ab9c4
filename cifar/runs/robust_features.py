"""The images of robust-feature training, made once for a run, part by part, each part kept in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from twolayer.files import BadInput

from ..data.cifar10 import Images
from ..files import load_tensors, save_tensors
from ..networks.convnet import ConvNet, inner_copy
from ..settings import training_part
from ..training import modes
from ..training import step as training
from .paths import features_path
from .run import Run

FEATURE_BATCH = {"cpu": 128, "cuda": 1000}  # images of a part; on a GPU small ones wait for their kernels' launches


def robust_images(run: Run, images: Images, needed: Mapping[str, ConvNet]) -> Tensor:
    """Equation 35's image for every training image; those that an earlier call made are read back.

    Each image starts from another, by one random permutation.   bytes (N, 3, h, w) -> bytes, same shape
    The networks compute in the precision of attacks (settings.inner), images and steps in float32.
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
        path = features_path(world.out, settings.name, first)
        part = made(path, of)
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


def made(path: Path, of: Mapping[str, object]) -> Tensor | None:
    """The images in a file; None where there is none, or a damaged one, or one of other settings or images."""
    with suppress(BadInput):
        if path.is_file() and (stored := load_tensors(path))["of"] == of:
            return stored["pixels"]
    return None
