"""A checkpoint: its weights, and what is measured of them part by part: a run interrupted here loses one part."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from ..devices import device_name
from ..files import save_json
from ..measures import robustness, specialisation
from ..networks import pruning
from ..networks.convnet import ConvNet
from ..settings import Settings
from ..training.step import DTYPES
from .failures import DivergedError
from .paths import load_network, result_path, save_network, weights_path
from .run import Run
from .world import World

Task = Callable[[], dict[str, Any]]


def checkpoint(run: Run, paper_epoch: int, needed: Mapping[str, ConvNet], kept: list[Tensor] | None) -> None:
    """Store the weights, measure part by part, store the result; DivergedError where they answer no numbers."""
    settings, world, epoch = run.settings, run.world, run.training.epoch
    network = run.training.student if kept is None else pruning.shrunk(run.training.student, kept)
    if not answers(network, world.data.test.pixels[: settings.eval_batch]):
        raise DivergedError(epoch, "the last update left weights or logits that are not finite")
    path = weights_path(world.out, settings.name, epoch)
    save_network(path, network)
    network = load_network(path, world.device)
    parts = tasks(settings, paper_epoch, network, needed, world, run.counts, run.pause)
    for done, (name, measure) in enumerate(parts.items()):
        if name not in run.parts:
            run.show(done, len(parts), lambda name=name: f"epoch {epoch}: {name}")
            run.parts[name] = measure()
            run.spend("evaluate")
            run.pause()
    attacks = {name: part for name, part in run.parts.items() if name in dict(settings.attacks).get(paper_epoch, ())}
    config = {"settings": settings.record, "data": world.data.facts, "mean": world.mean, "std": world.std}
    save_json(
        result_path(world.out, settings.name, epoch).with_suffix(".time.json"),
        {
            "seconds": run.seconds,
            "device": device_name(world.device),
            "torch": torch.__version__,
            "python": platform.python_version(),
            "threads": torch.get_num_threads(),
            "commits": run.commits,
        },
    )
    save_json(
        result_path(world.out, settings.name, epoch),
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


def tasks(
    settings: Settings,
    paper_epoch: int,
    network: ConvNet,
    needed: Mapping[str, ConvNet],
    world: World,
    counts: robustness.Counts,
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

    found["specialisation"] = lambda: specialisation.measure(
        network, oracle, images.pixels, world.spectrum.plane(), batch=settings.eval_batch, device=world.device
    )

    def attack(name: str) -> dict[str, Any]:
        return robustness.evaluate(
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
        numbers = [*network.parameters(), network(robustness.as_pixels(pixels, pixels.device))]
        return all(bool(part.isfinite().all()) for part in numbers)
