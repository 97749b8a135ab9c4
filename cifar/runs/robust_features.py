"""The images of robust-feature training, made once for a run and kept in a file that goes on where it stopped."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping

import torch
from torch import Tensor

from ..data.cifar10 import Images
from ..networks.convnet import ConvNet, inner_copy
from ..training import modes
from ..training import step as training
from .paths import features_path
from .run import Run

FEATURE_BATCH = {"cpu": 128, "cuda": 1000}  # images made at a time; on a GPU small ones wait for their kernels' launches


def robust_images(run: Run, images: Images, needed: Mapping[str, ConvNet]) -> Tensor:
    """Equation 35's image for every training image, in a file that goes on where it stopped.

    Each image starts from another, by one random permutation.   bytes (N, 3, h, w) -> bytes, same shape
    The networks compute in the precision of attacks (settings.inner), images and steps in float32.
    """
    settings, world = run.settings, run.world
    representation, teacher = (
        inner_copy(needed[name], dtype=training.DTYPES[settings.inner], multiple=settings.multiple)[0]
        for name in (settings.representation, settings.teacher)
    )
    path = features_path(world.out, settings.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    size = images.pixels[0].numel()
    if not path.is_file() or path.stat().st_size < run.features * size:
        run.features = 0  # the cache is not carried along; it is made again
    digest = hashlib.sha256()
    other = torch.randperm(len(images.pixels), generator=training.seeded(settings.seed, "features")).to(world.device)
    with path.open("r+b" if path.is_file() else "w+b") as file:
        digest.update(file.read(run.features * size))
        if run.features and run.features_sum not in ("", digest.hexdigest()):
            run.features, digest = 0, hashlib.sha256()  # a damaged one is made again too
        while run.features < len(images.pixels):
            part = slice(run.features, run.features + FEATURE_BATCH[world.device.type])
            target, start = (
                pixels.float().div(255).contiguous(memory_format=torch.channels_last)
                for pixels in (images.pixels[part], images.pixels[other[part]])
            )
            alpha, step, steps = settings.alpha, settings.feature_step, settings.feature_steps
            finished = modes.robust_features(target, start, representation, teacher, alpha=alpha, step=step, steps=steps)
            content = finished.mul(255).round().to(torch.uint8).contiguous().cpu().numpy().tobytes()
            file.seek(run.features * size)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            digest.update(content)
            run.features, run.features_sum = run.features + len(target), digest.hexdigest()
            run.spend("features")
            run.show(run.features, len(images.pixels), lambda: "robust features")
            run.pause()
        file.seek(0)
        content = file.read(len(images.pixels) * size)
    return torch.frombuffer(bytearray(content), dtype=torch.uint8).view_as(images.pixels).to(world.device)
