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
from ..networks.convnet import ConvNet, shrunk
from ..settings import Settings, training_part
from ..training.step import DTYPES
from .paths import RESULT, TIME, WEIGHTS, DivergedError, checkpoint_path, load_network, save_network
from .run import Run
from .world import World


def checkpoint(run: Run, kept: list[Tensor] | None) -> None:
    """Store the weights, and how they were trained, and the seconds it took; DivergedError where they answer no numbers."""
    settings, world, state = run.settings, run.world, run.training
    assert state is not None
    network = state.student if kept is None else shrunk(state.student, kept)
    if not answers(network, world.data.test.pixels[: settings.eval_batch]):
        raise DivergedError(state.epoch, "the last update left weights or logits that are not finite")
    place = partial(checkpoint_path, world.out, settings.name, state.epoch)
    save_json(place(TIME), {"trained": circumstances(run), **circumstances(run)})
    trained = {"settings": training_part(settings.record), "data": world.data.facts, "loss": list(state.history)}
    save_network(place(WEIGHTS), network, trained)


def measure(settings: Settings, paper_epoch: int, epoch: int, needed: Mapping[str, ConvNet], world: World) -> None:
    """Measure a checkpoint's weights part by part, store the result; PausedError where it must stop."""
    run, place = Run(settings, world, epoch=epoch), partial(checkpoint_path, world.out, settings.name, epoch)
    run.resume()
    if not run.parts and place(RESULT).is_file() and place(TIME).is_file():
        take_over(run, load_json(place(RESULT)), load_json(place(TIME)).get("measured"))
    run.contribute()
    network, trained = load_network(place(WEIGHTS), world.device), load_tensors(place(WEIGHTS))["trained"]
    attacks = dict(settings.attacks).get(paper_epoch, ())
    parts = tasks(run, attacks, network, needed)
    for done, (name, part) in enumerate(parts.items()):
        if name not in run.parts:
            run.show(done, len(parts), partial("epoch {}: {}".format, epoch, name))
            run.parts[name] = part()
            run.spend("evaluate")
            run.pause()
    before = load_json(place(TIME))["trained"] if place(TIME).is_file() else {"seconds": {}, "commits": []}
    mine = circumstances(run)
    whole = {
        **mine,
        **before,
        "seconds": {kind: before["seconds"].get(kind, 0.0) + seconds for kind, seconds in run.seconds.items()},
        "commits": list(dict.fromkeys([*before["commits"], *run.commits])),
    }
    save_json(place(TIME), {**whole, "trained": before, "measured": mine})
    named = {"run": settings.name, "epoch": epoch, "paper_epoch": paper_epoch, "loss": trained["loss"]}
    config = {"settings": settings.record, "data": trained["data"], "mean": world.mean, "std": world.std}
    measures = {name: run.parts.get(name) for name in ("clean", "specialisation")}
    measures["attacks"] = {name: run.parts[name] for name in attacks if name in run.parts}
    save_json(place(RESULT), {**named, "config": config, **measures})
    run.path.unlink(missing_ok=True)


def take_over(run: Run, stored: dict[str, Any], before: dict[str, Any] | None) -> None:
    """Begin with the parts of a result of the same weights that was measured in the same way but for the list of attacks."""
    asked = {**run.settings.record, "attacks": None}
    if before is not None and {**stored["config"]["settings"], "attacks": None} == asked:
        measures = {name: stored[name] for name in ("clean", "specialisation") if stored[name]}
        run.parts = measures | stored["attacks"]
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
    run: Run, attacks: tuple[str, ...], network: ConvNet, needed: Mapping[str, ConvNet]
) -> dict[str, Callable[[], dict[str, Any]]]:
    """The parts by name, in order: clean; for students specialisation and the checkpoint's attacks.

    Attacks fill run.counts batch by batch; the run may pause after each.
    """
    settings, world = run.settings, run.world
    images, batch = world.data.test.first(settings.test_images), settings.eval_batch
    oracle, surrogate = needed.get(settings.teacher or settings.start), needed.get(settings.surrogate)
    parts = {"clean": lambda: clean(network, oracle, images.pixels, images.labels, batch=batch)}
    if settings.role != "student":
        return parts
    assert oracle is not None
    plane = world.spectrum.eigenvectors[:PLANE_RANK]
    parts["specialisation"] = lambda: specialisation.measure(network, oracle, images.pixels, plane, batch=batch)
    asked: dict[str, Any] = {"protocol": protocol(settings.record), "plane": world.plane, "counts": run.counts}

    def attack(name: str) -> dict[str, Any]:
        given = network, oracle, surrogate, images.pixels, images.labels
        return robustness.evaluate(*given, attacks=(name,), after=lambda _: run.pause(), **asked)[name]

    return parts | {name: partial(attack, name) for name in attacks}


def protocol(record: Mapping[str, Any]) -> robustness.Protocol:
    """How a run's students are attacked, from the record of its settings."""
    inner, steps = DTYPES[record["eval_inner"]], record["eval_steps"] or robustness.Protocol.steps
    return robustness.Protocol(record["repeats"], record["seed"], record["eval_batch"], inner, steps)


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
    return counted if oracle is None else counted | {"agreement": agreed / count, "logit_distance": distance / count}


def answers(network: ConvNet, pixels: Tensor) -> bool:
    """Whether all weights and the logits of some images are finite.   bytes (N, 3, h, w)"""
    with torch.no_grad():
        numbers = [*network.parameters(), network(robustness.as_pixels(pixels))]
        return all(bool(part.isfinite().all()) for part in numbers)
