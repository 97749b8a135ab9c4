"""Whom a run resembles before its first update: nobody, but those that it is compared with in pairs."""

from __future__ import annotations

import torch
from torch import Tensor

from cifar.experiments import grid as experiments
from cifar.networks.convnet import ConvNet
from cifar.runs import execute as runs
from cifar.runs import paths as places
from cifar.settings import Settings
from cifar.training.step import untrained

from .. import made, tiny_runs

# The largest of this many draws bounds what chance allows: independent filters of 27 uniform coordinates, as many as a
# student and a teacher of the grid have. Its median is .66, this bound about .83; identical filters are at 1.
DRAWS = 1000
COLOURS = made.COLOURS["mean"], made.COLOURS["std"]


def directions(network: ConvNet) -> Tensor:
    """First-layer filters, of length 1.   (K, 27)"""
    weights = network.convs[0].weight.detach().flatten(1)
    return weights / weights.norm(dim=1, keepdim=True)


def likeness(mine: Tensor, theirs: Tensor) -> float:
    """The largest |cosine| over all pairs of filters."""
    return float((mine @ theirs.T).abs().max())


def by_chance(mine: int, theirs: int) -> float:
    generator = torch.Generator().manual_seed(0)

    def drawn(count: int) -> Tensor:
        values = torch.rand(count, 27, generator=generator) * 2 - 1
        return values / values.norm(dim=1, keepdim=True)

    return max(likeness(drawn(mine), drawn(theirs)) for _ in range(DRAWS))


def starts(role: str) -> dict[str, Settings]:
    """A run of each different start in any profile."""
    by_start: dict[object, Settings] = {}
    for profile in experiments.PROFILES:
        for settings in experiments.grid(profile).values():
            if settings.role == role and not settings.start:
                by_start.setdefault((settings.widths, settings.seed, settings.gain), settings)
    return {f"{settings.name} {place}": settings for place, settings in enumerate(by_start.values())}


def test_no_filter_of_an_untrained_student_is_more_like_a_teachers_than_chance_allows():
    allowed = by_chance(50, 64)
    students = {name: directions(untrained(settings, *COLOURS)) for name, settings in starts("student").items()}
    oracles = {**starts("teacher"), **starts("surrogate")}
    assert len(students) >= 4 and len(oracles) >= 3
    for oracle, settings in oracles.items():
        for student, filters in students.items():
            alike = likeness(filters, directions(untrained(settings, *COLOURS)))
            assert alike < allowed, f"{student} and {oracle} have filters of cosine {alike:.3f}"


def test_nor_is_one_like_a_trained_or_pruned_teachers(tmp_path):
    grid, world = tiny_runs.grid(), tiny_runs.world(tmp_path, lambda: False)
    filters = directions(untrained(grid["st"], world.mean, world.std))
    for name in ("teacher", "pruned"):
        assert runs.execute(grid[name], grid, world)
        trained = places.load_network(places.checkpoint_path(tmp_path, name, grid[name].epochs, places.WEIGHTS), world.device)
        assert likeness(filters, directions(trained)) < by_chance(50, 64)


def test_students_of_one_seed_and_size_start_alike_whatever_they_are_trained_with():
    for profile in experiments.PROFILES:
        first: dict[object, tuple[str, Tensor]] = {}
        for name, settings in experiments.grid(profile).items():
            if settings.role == "student" and not settings.start:
                key, filters = (settings.seed, settings.widths), directions(untrained(settings, *COLOURS))
                other, theirs = first.setdefault(key, (name, filters))
                assert torch.equal(filters, theirs), f"{name} and {other} compare in pairs"
        apart = {settings[0]: filters for settings, (_, filters) in first.items()}
        assert all(likeness(apart[a], apart[b]) < by_chance(50, 50) for a in apart for b in apart if a != b)


def test_the_start_of_every_seed_and_size_of_students_is_measured_once():
    for profile in experiments.PROFILES:
        students = [s for s in experiments.grid(profile).values() if s.role == "student"]
        measured = [(s.seed, s.widths) for s in students if s.checkpoints[0] == (0, 0)]
        assert len(set(measured)) == len(measured) and set(measured) == {(s.seed, s.widths) for s in students}
