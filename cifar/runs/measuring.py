"""What is measured at a checkpoint, part by part, so that a run interrupted here loses one part and no more."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..fused import Engine
from ..measures import robustness as evaluation
from ..measures import specialisation
from ..networks.convnet import ConvNet
from ..settings import Settings
from ..training.step import DTYPES

if TYPE_CHECKING:
    from .execute import World

Task = Callable[[], dict[str, Any]]


def tasks(
    settings: Settings,
    paper_epoch: int,
    network: ConvNet,
    needed: Mapping[str, ConvNet],
    world: World,
    counts: evaluation.Counts,
    after: Callable[[], None],
) -> dict[str, Task]:
    """The parts by name, in order: clean; for students specialisation and the checkpoint's attacks.

    counts: what attacks have counted so far, filled in place;  after: called after each of their batches, may raise.
    """
    images = world.data.test.first(settings.test_images)
    oracle = needed.get(settings.teacher or settings.start)
    found: dict[str, Task] = {"clean": lambda: clean(network, oracle, images.pixels, images.labels, batch=settings.eval_batch)}
    if settings.role != "student":
        return found
    assert oracle is not None
    surrogate = needed.get(settings.surrogate)

    @functools.cache
    def engine() -> Engine | None:
        return world.engines(network, oracle) if settings.eval_inner == "bfloat16" else None

    found["specialisation"] = lambda: specialisation.measure(
        network, oracle, images.pixels, world.spectrum.plane(), batch=settings.eval_batch, device=world.device
    )

    def attack(name: str) -> dict[str, Any]:
        return evaluation.evaluate(
            network,
            oracle,
            surrogate,
            images.pixels,
            attacks=(name,),
            repeats=settings.repeats,
            seed=settings.seed,
            batch=settings.eval_batch,
            device=world.device,
            inner=DTYPES[settings.eval_inner],
            plane=world.spectrum,
            steps=settings.eval_steps or None,
            counts=counts,
            after=lambda _: after(),
            engine=engine(),
        )[name]

    for name in dict(settings.attacks).get(paper_epoch, ()):
        found[name] = lambda name=name: attack(name)
    return found


def clean(network: ConvNet, oracle: ConvNet | None, pixels: Tensor, labels: Tensor, *, batch: int) -> dict[str, float]:
    """Shares of unperturbed images: answered as the dataset does, as the teacher does; mean squared logit distance."""
    right, agreed, distance = 0, 0, 0.0
    with torch.no_grad():
        for part, truth in zip(pixels.split(batch), labels.split(batch), strict=True):
            x = part.float().div(255)
            answer = network(x)
            right += int((answer.argmax(1) == truth).sum())
            if oracle is not None:
                wanted = oracle(x)
                agreed += int((answer.argmax(1) == wanted.argmax(1)).sum())
                distance += float((answer - wanted).double().square().sum())
    count = len(pixels)
    found = {"images": count, "accuracy": right / count}
    if oracle is not None:
        found |= {"agreement": agreed / count, "logit_distance": distance / count}
    return found


def answers(network: ConvNet, pixels: Tensor) -> bool:
    """Whether all weights and the logits of some images are finite.   bytes (N, 3, h, w)"""
    with torch.no_grad():
        numbers = [*network.parameters(), network(evaluation.as_pixels(pixels, pixels.device))]
        return all(bool(part.isfinite().all()) for part in numbers)
