"""The core of every attack: what iterates are kept, modes and parameters left as they were, peers that agree."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn

from cifar.attacks import ascent
from cifar.attacks import table as attacks
from cifar.attacks.ascent import carlini_l2
from cifar.attacks.table import L2, Linf, pgd
from cifar.networks.convnet import inner_copy

from ..made import real_images, small_network
from .attacked import BALLS, SIZE, Linear, generator, images, networks


def iterates(objective, x, ball, step, steps, start):
    """Slow and obvious: every point of the ascent."""
    points = [start]
    for _ in range(steps):
        point = points[-1].detach().requires_grad_()
        (gradient,) = torch.autograd.grad(objective(point).sum(), point)
        points.append(ball.step(point.detach(), gradient, x, step))
    return points


@pytest.mark.parametrize(("ball", "step"), BALLS, ids=str)
def test_what_is_kept_is_the_last_iterate_and_sample_by_sample_the_highest(ball, step):
    student, teacher = networks()
    x = images()
    objective = attacks.logit_distance(student, teacher)
    start = ball.start(x, generator())
    proposed = pgd(objective, x, ball, step=4 * step, steps=7, start=start, watch=attacks.disagreement)
    points = torch.stack(iterates(objective, x, ball, 4 * step, 7, start))
    losses = torch.stack([objective(point) for point in points]).detach()
    scores = torch.stack([attacks.disagreement(*objective.logits(point)) for point in points]).detach()
    rows = torch.arange(len(x))
    assert torch.equal(proposed.last, points[-1])
    assert torch.equal(proposed.best, points[losses.argmax(0), rows]) and torch.equal(proposed.best_loss, losses.amax(0))
    assert torch.equal(proposed.watched, points[scores.argmax(0), rows])
    if not isinstance(ball, L2):  # whose steps are smooth
        assert len(losses.argmax(0).unique()) > 1  # the samples disagree on when, so a choice by batch would show


@pytest.mark.parametrize(("ball", "step"), BALLS, ids=str)
def test_more_steps_never_lower_the_best_loss(ball, step):
    objective, x = attacks.logit_distance(*networks()), images()
    start = ball.start(x, generator())
    best = [pgd(objective, x, ball, step=5 * step, steps=steps, start=start).best_loss for steps in (0, 1, 2, 5, 10, 20)]
    assert all((after >= before).all() for before, after in zip(best, best[1:], strict=False))
    assert torch.equal(best[0], objective(start)) and (best[-1] > best[0]).all()


def test_steps_may_have_a_size_each():
    x, sizes = torch.full((2, 3, SIZE, SIZE), 0.5), [0.08, 0.04, 0.01]
    rising = attacks.margin(Linear(torch.ones(3 * SIZE * SIZE)), torch.zeros(2, dtype=torch.long))
    proposed = pgd(rising, x, Linf(0.4), step=sizes, steps=3, start=False)
    assert (proposed.last - x - sum(sizes)).abs().max() < 1e-6


def test_two_runs_are_merged_sample_by_sample_not_batch_by_batch():
    def run(losses, value):
        full = torch.full((3, 1, 2, 2), value)
        return ascent.Adversarial(full, full, torch.tensor(losses))

    both = ascent.merged(torch.tensor([True, False, True]), run([3.0, 2.0, 2.5], 0.2), run([1.0, 5.0, 2.0], 0.1))
    assert both.best_loss.tolist() == [3.0, 5.0, 2.5]
    assert both.best[:, 0, 0, 0].tolist() == both.last[:, 0, 0, 0].tolist() == pytest.approx([0.2, 0.1, 0.2])
    assert both.watched is None and both.watched_score is None


def test_a_student_equal_to_its_teacher_gives_no_loss_and_no_gradient():
    (teacher,) = networks(1)
    x = images()
    start = Linf(0.1).start(x, generator())
    proposed = pgd(attacks.logit_distance(teacher, teacher), x, Linf(0.1), step=0.02, steps=5, start=start)
    assert (proposed.best_loss == 0).all() and torch.allclose(proposed.last, start, atol=1e-7)


def test_the_clean_images_are_not_changed_and_need_no_gradient_afterwards():
    x = images()
    before = x.clone()
    pgd(attacks.logit_distance(*networks()), x, Linf(0.1), step=0.02, steps=3, generator=generator())
    assert torch.equal(x, before) and not x.requires_grad


def test_an_attack_works_where_gradients_are_switched_off():
    objective, x = attacks.logit_distance(*networks()), images()
    start = Linf(0.1).start(x, generator())
    with torch.no_grad():
        inside = pgd(objective, x, Linf(0.1), step=0.02, steps=3, start=start).last
    assert torch.equal(inside, pgd(objective, x, Linf(0.1), step=0.02, steps=3, start=start).last)


def with_statistics():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(256, 10))


def test_attacks_see_evaluation_mode_and_restore_every_module_and_parameter():
    torch.manual_seed(0)
    student, teacher = with_statistics(), with_statistics()
    student.train(), teacher.train()
    student[3].eval()  # a mixture, to be restored as it was
    student[0].weight.requires_grad_(False)
    before = [module.training for module in student.modules()]
    statistics = student[1].running_mean.clone()
    x = images()
    modes = []
    student[1].register_forward_hook(lambda module, *_: modes.append(module.training))
    proposed = pgd(attacks.logit_distance(student, teacher), x, Linf(0.1), step=0.02, steps=3, start=False)
    assert modes and not any(modes)
    assert [module.training for module in student.modules()] == before and teacher[1].training
    assert torch.equal(student[1].running_mean, statistics)
    assert not student[0].weight.requires_grad and student[5].weight.requires_grad
    assert all(p.grad is None for network in (student, teacher) for p in network.parameters())
    student.eval(), teacher.eval()
    again = pgd(attacks.logit_distance(student, teacher), x, Linf(0.1), step=0.02, steps=3, start=False)
    assert torch.equal(proposed.last, again.last)


@pytest.mark.parametrize("run", ["pgd", "carlini"])
def test_modes_are_restored_when_an_attack_fails(run):
    network = with_statistics().train()

    def broken(*logits):
        raise RuntimeError("planted")

    objective = ascent.Objective((network,), broken)
    with pytest.raises(RuntimeError, match="planted"):
        if run == "pgd":
            pgd(objective, images(), Linf(0.1), step=0.02, steps=3)
        else:
            carlini_l2(objective, images(), budget=0.5)
    assert all(module.training for module in network.modules())
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_half_precision_copies_give_points_in_full_precision_and_nearly_the_same_loss():
    student, teacher = small_network((8, 6), 0), small_network((8, 6), 1)
    x = real_images().pixels[:8].float() / 255
    exact = attacks.logit_distance(student, teacher)
    start = Linf(10 / 255).start(x, generator())
    proposed = pgd(exact, x, Linf(10 / 255), step=0.01, steps=20, start=start)
    copies = [inner_copy(network, dtype=torch.bfloat16, multiple=8)[0] for network in (student, teacher)]
    fast = pgd(attacks.logit_distance(*copies), x, Linf(10 / 255), step=0.01, steps=20, start=start)
    assert fast.last.dtype == torch.float32 and (fast.last - x).abs().max() <= 10 / 255 + 1e-7
    gained, reference = exact(fast.last) - exact(x), exact(proposed.last) - exact(x)
    assert (gained.sum() / reference.sum() - 1).abs() < 0.1  # bf16 has 8 bits; the loss agrees within 1 % on trained networks


def peer_setting():
    student = small_network((5, 4), size=SIZE).eval()
    x, labels = images(8), torch.arange(8)
    return student, x, labels, attacks.cross_entropy_to_oracle(student, labels)


def test_plain_linf_ascent_equals_torchattacks_bit_for_bit():
    torchattacks = pytest.importorskip("torchattacks")
    student, x, labels, objective = peer_setting()
    theirs = torchattacks.PGD(student, eps=8 / 255, alpha=2 / 255, steps=10, random_start=False)(x, labels)
    ours = pgd(objective, x, Linf(8 / 255), step=2 / 255, steps=10, start=False).last
    assert torch.equal(ours, theirs)
    torch.manual_seed(3)
    theirs = torchattacks.PGD(student, eps=8 / 255, alpha=2 / 255, steps=10, random_start=True)(x, labels)
    ours = pgd(objective, x, Linf(8 / 255), step=2 / 255, steps=10, generator=generator(3)).last
    assert torch.equal(ours, theirs)
    theirs = torchattacks.FGSM(student, eps=8 / 255)(x, labels)
    assert (pgd(objective, x, Linf(8 / 255), step=8 / 255, steps=1, start=False).last - theirs).abs().max() <= 1e-7


def test_plain_linf_ascent_equals_foolbox_bit_for_bit():
    foolbox = pytest.importorskip("foolbox")
    student, x, labels, objective = peer_setting()
    attack = foolbox.attacks.LinfPGD(abs_stepsize=2 / 255, steps=10, random_start=False)
    model = foolbox.PyTorchModel(student, bounds=(0, 1), device="cpu")
    _, theirs, _ = attack(model, x, labels, epsilons=8 / 255)
    assert torch.equal(pgd(objective, x, Linf(8 / 255), step=2 / 255, steps=10, start=False).last, theirs)
