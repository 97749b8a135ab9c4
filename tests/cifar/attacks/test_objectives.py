"""What an attack ascends: gradients by finite differences, margins and gaps by hand."""

from __future__ import annotations

import itertools

import pytest

torch = pytest.importorskip("torch")

from cifar.attacks import table as attacks
from cifar.attacks.table import Linf, pgd

from .attacked import ROUNDING, SIZE, Linear, generator, images, networks

DIFFERENCE = 1e-5  # central differences of step 1e-6 in float64, relative


@pytest.mark.parametrize("name", ["logit distance", "gap", "margin", "cross-entropy", "data", "fixed label", "confident"])
def test_the_gradient_of_an_objective_is_that_of_finite_differences_through_both_networks(name, monkeypatch):
    student, teacher = (network.double() for network in networks())
    x = images(2).double() * 0.9 + 0.05
    spreads = attacks.spread(student(x)), attacks.spread(teacher(x))
    numbers = itertools.cycle(spreads)  # as in the gradient
    monkeypatch.setattr(attacks, "spread", lambda logits: next(numbers))
    objective = {
        "logit distance": attacks.logit_distance(student, teacher),
        "gap": attacks.largest_gap(student, teacher),
        "margin": attacks.margin(student, teacher),
        "cross-entropy": attacks.cross_entropy_to_oracle(student, teacher),
        "data": attacks.data_adversarial(student, teacher, images(2, 1).double()),
        "confident": attacks.confident(student, teacher),
        "fixed label": attacks.margin(student, torch.tensor([3, 4])),
    }[name]
    point = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(objective(point).sum(), point)
    assert gradient.abs().max() > 0
    for direction in torch.randn(20, *x.shape, generator=generator(), dtype=torch.float64):
        with torch.no_grad():
            slope = (objective(x + 1e-6 * direction) - objective(x - 1e-6 * direction)) / 2e-6
        expected = (gradient * direction).flatten(1).sum(1)
        assert (slope - expected).abs().max() <= DIFFERENCE * gradient.flatten(1).norm(dim=1).max() * SIZE


def test_the_logit_distance_follows_the_teacher_too():
    student, teacher = networks()
    x = images().requires_grad_()
    objective = attacks.logit_distance(student, teacher)
    (both,) = torch.autograd.grad(objective(x).sum(), x)
    (alone,) = torch.autograd.grad(attacks.data_adversarial(student, teacher, x)(x).sum(), x)
    (other,) = torch.autograd.grad(attacks.data_adversarial(teacher, student, x)(x).sum(), x)
    assert (both - alone - other).abs().max() <= ROUNDING * both.abs().max()
    assert (both - alone).abs().max() > 0.1 * both.abs().max()


@pytest.mark.parametrize("constant", [-1000.0, 1000.0])
def test_a_constant_added_to_all_logits_changes_no_margin(constant):
    logits = torch.randn(8, 10, generator=generator(), dtype=torch.float64)
    labels = torch.arange(8)
    assert (attacks.excess(logits + constant, labels) - attacks.excess(logits, labels)).abs().max() < 1e-12


def test_the_margin_by_hand():
    logits = torch.tensor([[3.0, 1.0, 2.0], [-5.0, -9.0, -7.0]])
    assert attacks.excess(logits, torch.tensor([0, 1])).tolist() == [-1.0, 4.0]
    assert attacks.excess(logits, torch.tensor([2, 0])).tolist() == [1.0, -2.0]


def test_where_two_networks_part_and_how_sure_the_oracle_is_by_hand():
    student = torch.tensor([[5.0, 2.0, 0.0], [5.0, 2.0, 0.0], [0.0, 4.0, 1.0], [5.0, 2.0, 0.0]])
    teacher = torch.tensor([[0.0, 1.5, 1.0], [0.0, 9.0, 1.0], [0.0, 2.0, 7.0], [6.0, 5.5, 0.0]])
    # the oracle says 1, 1, 2, 0; the student exceeds it by 3, 3, 3 and -3; the oracle's own margins are .5, 8, 5 and .5
    told = attacks.surely_parted(student, teacher)
    assert told.tolist() == pytest.approx([0.5, 8.0, 5.0, -3.0 / torch.tensor([5.0, 2.0, 0.0]).std().item()])
    for scale in (2.0**-20, 2.0**20):
        assert torch.equal(attacks.surely_parted(scale * student, teacher), told)


@pytest.mark.parametrize("scales", [(2.0**-20, 1.0), (2.0**20, 2.0**-20)])
def test_the_confident_ascent_does_not_see_what_logits_are_multiplied_by(scales):
    student, teacher = networks()
    x = images().requires_grad_()
    plain = attacks.confident(student, teacher)
    scaled = attacks.confident(lambda x: scales[0] * student(x), lambda x: scales[1] * teacher(x))
    (one,), (other,) = (torch.autograd.grad(objective(x).sum(), x) for objective in (plain, scaled))
    assert torch.allclose(plain(x), scaled(x), rtol=1e-6, atol=0)
    assert torch.allclose(one, other, rtol=1e-4, atol=1e-9) and one.abs().max() > 1e-3


def test_a_student_of_equal_logits_has_a_loss_and_a_gradient():
    (teacher,) = networks(1)
    x = images().requires_grad_()
    loss = attacks.confident(lambda x: 0 * x.flatten(1)[:, :10], teacher)(x)
    (gradient,) = torch.autograd.grad(loss.sum(), x)
    assert torch.equal(loss, torch.zeros(len(x))) and gradient.isfinite().all()


def test_a_margin_above_its_confidence_has_no_gradient():
    w = torch.ones(3 * SIZE * SIZE)
    x = torch.full((3, 3, SIZE, SIZE), 0.5)
    limited = attacks.margin(Linear(w, -140.0), torch.zeros(3, dtype=torch.long), 5.0)  # 150 - 140 = 10 > 5
    assert limited(x).tolist() == [5.0] * 3
    assert torch.equal(pgd(limited, x, Linf(0.1), step=0.01, steps=2, start=False).last, x)


@pytest.mark.parametrize("make", [attacks.logit_distance, attacks.margin])
def test_confidence_does_not_hide_the_gradient(make):
    student, teacher = networks()
    x = images().requires_grad_()

    def loud(x):  # so confident that its probabilities are 0 and 1 in float32
        return 1e4 * student(x)

    (gradient,) = torch.autograd.grad(make(loud, teacher)(x).sum(), x)
    assert (gradient.flatten(1).norm(dim=1) > 1).all()


def test_the_largest_gap_is_of_logits_by_hand():
    def student(x):
        return torch.tensor([[7.0, 2.0, 1.0]])

    def teacher(x):
        return torch.tensor([[4.0, 1.5, 5.5]])

    assert attacks.largest_gap(student, teacher)(torch.zeros(1, 3, 2, 2)).tolist() == [4.5]
