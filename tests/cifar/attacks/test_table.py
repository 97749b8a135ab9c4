"""The paper's rows: each against its definition, and a test for every way of getting them wrong that we know of."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from cifar.attacks import objectives
from cifar.attacks import table as attacks
from cifar.attacks.table import Linf, pgd
from cifar.data.patches import off_plane, spectrum

from .attacked import ROUNDING, SIZE, Linear, generator, images, networks


@pytest.mark.parametrize("wall", [0.0, 1.0])
@pytest.mark.parametrize("name", ["linf", "l2", "l1", "l1-small", "fgsm", "cw", "cw-l2"])
def test_a_pixel_at_a_wall_can_leave_it(name, wall):
    w = torch.full((3 * SIZE * SIZE,), 1.0 if wall == 0 else -1.0)
    x = torch.full((3, 3, SIZE, SIZE), wall)
    inwards = Linear(w, -0.3 if wall == 0 else 299.7)  # flips once the pixels have moved by .3 in all
    oracle = Linear(torch.zeros_like(w), -1.0)
    found = attacks.table(inwards, oracle)[name](x, generator())
    assert ((found.last - x).flatten(1).abs().amax(1) > (1e-4 if name == "cw-l2" else 1e-3)).all()
    assert name == "l1-small" or (found.best_loss > 0).all()


def test_one_step_without_a_start_is_the_fast_gradient_sign():
    student, teacher = networks()
    objective, x = objectives.logit_distance(student, teacher), images()
    point = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(objective(point).sum(), point)
    fast = (x + 10 / 255 * gradient.sign()).clamp(0, 1)
    assert (attacks.table(student, teacher)["fgsm"](x).last - fast).abs().max() <= 1e-7
    found = pgd(objective, x, Linf(10 / 255), step=10 / 255, steps=1, start=False)
    assert torch.equal(attacks.table(student, teacher)["fgsm"](x).last, found.last)


@pytest.mark.parametrize("name", sorted(attacks.NAMES))
def test_no_row_of_the_table_leaves_a_parameter_gradient_or_leaves_the_box(name):
    student, teacher, surrogate = networks(3)
    x = images(3)
    rows = attacks.table(student, teacher, surrogate, spectrum(images(20)), steps=3)
    found = rows[name](x, generator())
    assert found.last.shape == x.shape and found.last.dtype == x.dtype
    for point in (found.last, found.best, found.watched):
        assert point.min() >= 0 and point.max() <= 1 and not point.requires_grad
    assert all(p.grad is None and p.requires_grad for n in (student, teacher, surrogate) for p in n.parameters())


def test_the_transfer_attack_knows_the_student_only_to_watch_it():
    student, teacher, surrogate = networks(3)
    x = images()
    found = attacks.table(student, teacher, surrogate)["transfer"](x, generator())
    blind = pgd(objectives.logit_distance(surrogate, teacher), x, Linf(10 / 255), step=0.01, steps=40, generator=generator())
    assert torch.equal(found.last, blind.last) and torch.equal(found.best_loss, blind.best_loss)


def test_in_plane_and_out_plane_part_the_same_two_runs_sample_by_sample():
    student, teacher = networks()
    x = images(12)
    patches = spectrum(images(20))
    rows = attacks.table(student, teacher, None, patches)
    shared = generator(3)
    runs = [rows["linf"](x, shared).last for _ in range(2)]
    near, far = rows["in-plane"](x, generator(3)).last, rows["out-plane"](x, generator(3)).last
    distances = torch.stack([off_plane(run, patches) for run in runs])
    assert torch.equal(off_plane(near, patches), distances.amin(0)) and torch.equal(off_plane(far, patches), distances.amax(0))
    assert 0 < (distances[0] < distances[1]).float().mean() < 1


def test_rows_that_lack_what_they_need_are_not_there():
    student, teacher = networks()
    missing = set(attacks.NAMES) - set(attacks.table(student, teacher))
    assert missing == {"transfer", "in-plane", "out-plane"}


def test_the_data_row_aims_at_the_teacher_at_the_clean_image():
    student, teacher = networks()
    x = images()
    found = attacks.table(student, teacher)["data"](x, generator())
    loss = (student(found.last) - teacher(x)).square().sum(1)
    assert (loss > (student(x) - teacher(x)).square().sum(1)).all()
    highest = (student(found.best) - teacher(x)).square().sum(1)
    assert (found.best_loss - highest).abs().max() <= ROUNDING and (highest >= loss - ROUNDING).all()


def test_a_huge_eps_leaves_nothing_to_stand_on():
    student, teacher = networks()
    x = images(12)
    rows = attacks.table(student, teacher, eps=1.0, step=0.1)
    clean = teacher(x).argmax(1)
    found = rows["cw-label"](x, generator())
    assert (student(found.last).argmax(1) != clean).all()
