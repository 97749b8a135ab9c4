"""Carlini and Wagner: success on a linear model exactly where the budget reaches its boundary, wherever the search starts."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from cifar.attacks import ascent
from cifar.attacks import table as attacks
from cifar.attacks.table import L2

from .attacked import ROUNDING, SIZE, Linear, distance, generator, images


def reached(objective, x, distance, *, within):
    """Whether every image is carried across a boundary at this distance by a budget a little above it, none by one below."""
    over, under = (ascent.carlini_l2(objective, x, budget=factor * distance) for factor in (1 + within, 0.9999))
    return bool((objective(over.last) > 0).all()) and torch.equal(under.last, x)


def test_images_of_walls_alone_are_carried_across_the_boundary_by_carlini_and_wagner():
    w = torch.full((3 * SIZE * SIZE,), 1.0)
    objective = attacks.margin(Linear(w, -4.0), torch.zeros(2, dtype=torch.long))
    assert reached(objective, torch.zeros(2, 3, SIZE, SIZE), 4 / 300**0.5, within=0.05)  # the exact distance of the boundary


def test_carlini_and_wagner_find_the_nearest_image_of_a_linear_model_and_respect_the_budget():
    w = torch.randn(3 * SIZE * SIZE, generator=generator())
    x = torch.full((3, 3, SIZE, SIZE), 0.5)
    b = -(w.sum() / 2).item()
    for wanted in (0.2, 0.4):
        student = Linear(w, b - wanted * w.norm().item())  # the boundary lies exactly this far from x
        oracle = Linear(torch.zeros_like(w), -1.0)
        assert reached(attacks.margin(student, oracle), x, wanted, within=0.03)
        counted = ascent.carlini_l2(attacks.margin(student, oracle), x, budget=0.3)
        flipped = student(counted.last).argmax(1) == 1
        assert flipped.tolist() == [wanted < 0.3] * 3
        assert (distance(L2(0.3), counted.last, x) <= 0.3 + ROUNDING).all()
        assert wanted < 0.3 or torch.equal(counted.last, x)


@pytest.mark.parametrize("first_weight", [1e-3, 1.0, 10.0])
def test_carlini_and_wagner_find_the_weight_wherever_they_start(first_weight, monkeypatch):
    monkeypatch.setattr(ascent, "FIRST_WEIGHT", first_weight)
    monkeypatch.setattr(ascent, "SEARCHES", 10)
    w = torch.randn(3 * SIZE * SIZE, generator=generator())
    x = torch.full((2, 3, SIZE, SIZE), 0.5)
    student = Linear(w, -(w.sum() / 2).item() - 0.3 * w.norm().item())
    assert reached(attacks.margin(student, Linear(torch.zeros_like(w), -1.0)), x, 0.3, within=0.02)


def test_carlini_and_wagner_leave_an_image_that_parts_the_networks_already():
    w = torch.ones(3 * SIZE * SIZE)
    x = images(3)
    counted = ascent.carlini_l2(attacks.margin(Linear(w, 1.0), Linear(w, -1000.0)), x, budget=0.0)
    assert torch.equal(counted.last, x) and (counted.best_loss > 0).all()
