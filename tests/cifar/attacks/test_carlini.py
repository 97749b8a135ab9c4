"""Carlini and Wagner: the nearest image of a linear model, whatever weight the search starts from."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from cifar.attacks import carlini, objectives
from cifar.attacks import table as attacks
from cifar.attacks.table import L2

from .attacked import ROUNDING, SIZE, Linear, distance, generator, images


def test_images_of_walls_alone_are_carried_across_the_boundary_by_carlini_and_wagner():
    w = torch.full((3 * SIZE * SIZE,), 1.0)
    nearest = attacks.carlini_l2(
        objectives.margin(Linear(w, -4.0), torch.zeros(2, dtype=torch.long)), torch.zeros(2, 3, SIZE, SIZE), budget=0.5
    )
    assert nearest.distance.tolist() == pytest.approx([4 / 300**0.5] * 2, rel=0.05)  # the exact distance of the boundary


def test_carlini_and_wagner_find_the_nearest_image_of_a_linear_model_and_respect_the_budget():
    w = torch.randn(3 * SIZE * SIZE, generator=generator())
    x = torch.full((3, 3, SIZE, SIZE), 0.5)
    b = -(w.sum() / 2).item()
    for wanted in (0.2, 0.4):
        student = Linear(w, b - wanted * w.norm().item())  # the boundary lies exactly this far from x
        oracle = Linear(torch.zeros_like(w), -1.0)
        nearest = attacks.carlini_l2(objectives.margin(student, oracle), x, budget=0.3)
        assert nearest.distance.tolist() == pytest.approx([wanted] * 3, rel=0.03)
        assert (nearest.distance >= wanted * 0.9999).all()
        counted = nearest.within(0.3, x)
        flipped = student(counted.last).argmax(1) == 1
        assert flipped.tolist() == [wanted < 0.3] * 3
        assert (distance(L2(0.3), counted.last, x) <= 0.3 + ROUNDING).all()
        assert wanted < 0.3 or torch.equal(counted.last, x)


@pytest.mark.parametrize("first_weight", [1e-3, 1.0, 10.0])
def test_carlini_and_wagner_find_the_weight_wherever_they_start(first_weight, monkeypatch):
    monkeypatch.setattr(carlini, "FIRST_WEIGHT", first_weight)
    monkeypatch.setattr(carlini, "SEARCHES", 10)
    w = torch.randn(3 * SIZE * SIZE, generator=generator())
    x = torch.full((2, 3, SIZE, SIZE), 0.5)
    student = Linear(w, -(w.sum() / 2).item() - 0.3 * w.norm().item())
    nearest = attacks.carlini_l2(objectives.margin(student, Linear(torch.zeros_like(w), -1.0)), x, budget=0.3)
    assert nearest.distance.tolist() == pytest.approx([0.3] * 2, rel=0.02)


def test_carlini_and_wagner_leave_an_image_that_parts_the_networks_already():
    w = torch.ones(3 * SIZE * SIZE)
    x = images(3)
    nearest = attacks.carlini_l2(objectives.margin(Linear(w, 1.0), Linear(w, -1000.0)), x, budget=0.3)
    assert nearest.distance.tolist() == [0.0] * 3
