"""A checkpoint: its weights, stored while a run trains, and what is measured of them once it has, or anew at any time.

Measured part by part: a run interrupted here loses one part, or one batch of an attack.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ..data.patches import PLANE_RANK
from ..devices import device_name
from ..files import load_json, load_tensors, save_json
from ..measures import robustness, specialisation
from ..networks import pruning
from ..networks.convnet import ConvNet
from ..settings import Settings, training_part
from ..training.step import DTYPES
from .failures import DivergedError
from .paths import load_network, result_path, save_network, time_path, weights_path
from .run import Run
from .world import World

Task = Callable[[], dict[str, Any]]


def checkpoint(run: Run, kept: list[Tensor] | None) -> None:
    """Store the weights, and how they were trained, and the seconds it took; DivergedError where they answer no numbers."""
    settings, world, state = run.settings, run.world, run.training
    assert state is not None
    network = state.student if kept is None else pruning.shrunk(state.student, kept)
    if not answers(network, world.data.test.pixels[: settings.eval_batch]):
        raise DivergedError(state.epoch, "the last update left weights or logits that are not finite")
    save_json(time_path(world.out, settings.name, state.epoch), {"trained": circumstances(run), **circumstances(run)})
    trained = {"settings": training_part(settings.record), "data": world.data.facts, "loss": list(state.history)}
    save_network(weights_path(world.out, settings.name, state.epoch), network, trained)


def measure(settings: Settings, paper_epoch: int, epoch: int, needed: Mapping[str, ConvNet], world: World) -> None:
    """Measure a checkpoint's weights part by part, store the result; PausedError where it must stop."""
    run = Run(settings, world, epoch=epoch)
    run.resume()
    if not run.parts:
        take_over(run, epoch)
    run.contribute()
    path = weights_path(world.out, settings.name, epoch)
    network, trained = load_network(path, world.device), load_tensors(path)["trained"]
    parts = tasks(settings, paper_epoch, network, needed, world, run.counts, run.pause)
    for done, (name, part) in enumerate(parts.items()):
        if name not in run.parts:
            run.show(done, len(parts), partial("epoch {}: {}".format, epoch, name))
            run.parts[name] = part()
            run.spend("evaluate")
            run.pause()
    clock = time_path(world.out, settings.name, epoch)
    before = load_json(clock)["trained"] if clock.is_file() else {"seconds": {}, "commits": []}
    mine = circumstances(run)
    whole = {
        **mine,
        **before,
        "seconds": {kind: before["seconds"].get(kind, 0.0) + seconds for kind, seconds in run.seconds.items()},
        "commits": list(dict.fromkeys([*before["commits"], *run.commits])),
    }
    save_json(clock, {**whole, "trained": before, "measured": mine})
    attacks = {name: run.parts[name] for name in dict(settings.attacks).get(paper_epoch, ()) if name in run.parts}
    named = {"run": settings.name, "epoch": epoch, "paper_epoch": paper_epoch, "loss": trained["loss"]}
    config = {"settings": settings.record, "data": trained["data"], "mean": world.mean, "std": world.std}
    measures = {"attacks": attacks, "specialisation": run.parts.get("specialisation"), "clean": run.parts["clean"]}
    save_json(result_path(world.out, settings.name, epoch), {**named, "config": config, **measures})
    run.path.unlink(missing_ok=True)


def take_over(run: Run, epoch: int) -> None:
    """Begin with the parts of a result of the same weights that was measured in the same way but for the list of attacks."""
    settings, out = run.settings, run.world.out
    path, clock = result_path(out, settings.name, epoch), time_path(out, settings.name, epoch)
    if not (path.is_file() and clock.is_file()):
        return
    stored, before = load_json(path), load_json(clock).get("measured")
    asked = {**settings.record, "attacks": None}
    if before is None or {**stored["config"]["settings"], "attacks": None} != asked:
        return
    told = stored["specialisation"]
    run.parts = {"clean": stored["clean"], **({"specialisation": told} if told else {}), **stored["attacks"]}
    run.seconds, run.commits = {**run.seconds, **before["seconds"]}, list(before["commits"])


def circumstances(run: Run) -> dict[str, Any]:
    """All that equal results may differ in: seconds, hardware, versions, commits."""
    return {
        "seconds": dict(run.seconds),
        "device": device_name(run.world.device),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "commits": list(run.commits),
    }


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
    parts: dict[str, Task] = {"clean": lambda: clean(network, oracle, images.pixels, images.labels, batch=settings.eval_batch)}
    if settings.role != "student":
        return parts
    assert oracle is not None
    surrogate = needed.get(settings.surrogate)

    parts["specialisation"] = lambda: specialisation.measure(
        network, oracle, images.pixels, world.spectrum.eigenvectors[:PLANE_RANK], batch=settings.eval_batch
    )

    def attack(name: str) -> dict[str, Any]:
        asked: dict[str, Any] = {"attacks": (name,), "repeats": settings.repeats, "plane": world.plane, **how(settings.record)}
        asked |= {"counts": counts, "after": lambda _: after()}
        return robustness.evaluate(network, oracle, surrogate, images.pixels, images.labels, **asked)[name]

    for name in dict(settings.attacks).get(paper_epoch, ()):
        parts[name] = partial(attack, name)
    return parts


def how(record: Mapping[str, Any]) -> dict[str, Any]:
    """How a run's students are attacked, as `evaluate` takes it, from the record of its settings."""
    numbers = {"seed": record["seed"], "batch": record["eval_batch"], "steps": record["eval_steps"] or None}
    return {**numbers, "inner": DTYPES[record["eval_inner"]]}


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
    counted = {"images": count, "accuracy": right / count}
    if oracle is not None:
        counted |= {"agreement": agreed / count, "logit_distance": distance / count}
    return counted


def answers(network: ConvNet, pixels: Tensor) -> bool:
    """Whether all weights and the logits of some images are finite.   bytes (N, 3, h, w)"""
    with torch.no_grad():
        numbers = [*network.parameters(), network(robustness.as_pixels(pixels))]
        return all(bool(part.isfinite().all()) for part in numbers)
