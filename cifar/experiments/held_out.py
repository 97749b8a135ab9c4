"""Training images held out, so that a search for settings never looks at the test images, and what an attack does on them.

runs/<run>/attacked.json        agreement and squared logit distance under the linf attack; equal runs give equal bytes
runs/<run>/attacked.time.json   seconds of the same
state/<run>.attacked.json       the sums of an unfinished measurement
"""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..attacks import table as attacks
from ..data.cifar10 import Cifar10, Images
from ..errors import BadInput
from ..files import load_json, save_json
from ..measures.robustness import as_pixels
from ..networks.convnet import ConvNet, inner_copy
from ..runs import paths as places
from ..runs.world import World
from ..settings import Settings
from ..training.step import DTYPES, seeded

ATTACK = "linf"


def held_out(images: Cifar10, count: int) -> Cifar10:
    """The last training images in the place of the test images, which are nowhere in it; training has the others.

    ValueError if that leaves none.
    """
    kept = len(images.train.labels) - count
    if count < 1 or kept < 1:
        raise ValueError(f"{count} images cannot be held out of {len(images.train.labels)} training images")
    apart = Images(images.train.pixels[kept:], images.train.labels[kept:])
    digest = hashlib.sha256(f"{images.digest}, the last {count} training images held out".encode()).hexdigest()
    return dataclasses.replace(images, train=images.train.first(kept), test=apart, digest=digest)


def attacked_path(out: Path, run: str) -> Path:
    return out / "runs" / run / "attacked.json"


def measure_attacked(settings: Settings, grid: Mapping[str, Settings], world: World) -> bool:
    """Attack a finished student on the images held out, and store what its judge counts.   -> False where it had to stop

    The attack is the paper's, in settings.eval_inner, of settings.eval_steps; the judge has float32.
    """
    target, unfinished = attacked_path(world.out, settings.name), world.out / "state" / f"{settings.name}.attacked.json"
    if target.is_file():
        return True
    student, teacher = (
        places.load_network(path, world.device)
        for path in (
            places.weights_path(world.out, settings.name, settings.epochs),
            places.located(world.out, grid, settings.teacher),
        )
    )
    copies = [
        inner_copy(network, dtype=DTYPES[settings.eval_inner], multiple=settings.multiple)[0] for network in (student, teacher)
    ]
    attack = attacks.table(*copies, **({"steps": settings.eval_steps} if settings.eval_steps else {}))[ATTACK]
    pixels = world.data.test.pixels[: settings.test_images]
    sums, seconds = _stored(unfinished)
    saved = time.monotonic()
    for first in range(0, len(pixels), settings.eval_batch):
        if str(first) in sums:
            continue
        before = time.monotonic()
        x = as_pixels(pixels[first : first + settings.eval_batch], world.device)
        sums[str(first)] = _judged(student, teacher, attack(x, seeded(settings.seed, f"held out {first}", world.device)).last)
        seconds += time.monotonic() - before
        stopped = world.stop()
        if stopped or time.monotonic() - saved >= world.save_every:
            save_json(unfinished, {"sums": sums, "seconds": seconds})
            saved = time.monotonic()
        if stopped:
            return False
    agreed, distance = (sum(sums[first][place] for first in sorted(sums, key=int)) for place in (0, 1))
    save_json(target.with_suffix(".time.json"), {"seconds": seconds})
    save_json(target, {"images": len(pixels), "agreement": agreed / len(pixels), "logit_distance": distance / len(pixels)})
    unfinished.unlink(missing_ok=True)
    return True


def _judged(student: ConvNet, teacher: ConvNet, x: torch.Tensor) -> list[float]:
    """How many images both answer alike, and the sum of the squared distances of their logits."""
    with torch.no_grad():
        answer, wanted = student(x), teacher(x)
        return [int((answer.argmax(1) == wanted.argmax(1)).sum()), float((answer - wanted).double().square().sum())]


def _stored(path: Path) -> tuple[dict[str, list[float]], float]:
    if not path.is_file():
        return {}, 0.0
    value: Any = load_json(path)
    try:
        sums = {str(int(first)): [int(agreed), float(distance)] for first, (agreed, distance) in value["sums"].items()}
        return sums, float(value["seconds"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{path} holds no sums of an attack ({type(error).__name__}: {error}); delete it") from None
