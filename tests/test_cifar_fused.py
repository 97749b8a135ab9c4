"""The kernel that attacks in one launch, on an emulated device: its gradients, its ascent, what it keeps, and its barriers."""

from __future__ import annotations

import pytest
import torch

from cifar import fused, fused_layout
from cifar.attacks.ascent import pgd
from cifar.attacks.balls import L1, L2, Linf
from cifar.attacks.objectives import OracleWatch, cross_entropy_to_oracle, data_adversarial, largest_gap, logit_distance, margin
from cifar.attacks.table import EPS

from . import cuda_emulator
from .cifar import made

pytestmark = cuda_emulator.NO_COMPILER

# Gradients in bfloat16 against float32, in norm: measured .03 to .07 at these sizes, as with torch's own bfloat16.
HALF_PRECISION = 0.1
LOGITS_WITHIN = 0.005  # logits are below 1; bfloat16 keeps 8 bits of every activation
STEP = 0.01
SHAPES = {  # student, teacher, side, taps, warps
    "odd and even cells": ((9, 17), (5, 12), 10, 3, 2),
    "one tap at a time": ((9, 17), (5, 12), 10, 1, 2),
    "outputs in two groups": ((50, 35), (45, 41), 9, 3, 3),
    "one layer": ((3,), (4,), 6, 3, 1),
    "five layers": ((9, 17, 20, 9, 8), (5, 8, 16, 9, 7), 13, 1, 3),
}


def pair(student=(9, 17), teacher=(5, 12), size=10):
    return (made.small_network(widths, seed, size=size).requires_grad_(False) for seed, widths in enumerate((student, teacher)))


def images(count, size=10, seed=0):
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(seed))


def gradient(objective, x):
    point = x.clone().requires_grad_()
    return torch.autograd.grad(objective(point).sum(), point)[0]


def away(found, wanted):
    return float((found - wanted).norm() / wanted.norm())


@pytest.mark.parametrize("name", SHAPES)
def test_logits_and_gradients_are_those_of_float32_up_to_half_precision(name):
    a, b, size, taps, warps = SHAPES[name]
    student, teacher = pair(a, b, size)
    engine = cuda_emulator.engine(student, teacher, taps=taps, warps=warps)
    x = images(3, size)
    (s, t), found = engine.look(logit_distance(student, teacher), x)
    assert (s - student(x)).abs().max() < LOGITS_WITHIN and (t - teacher(x)).abs().max() < LOGITS_WITHIN
    assert away(found, gradient(logit_distance(student, teacher), x)) < HALF_PRECISION
    (s,), found = engine.look(margin(student, torch.tensor([0, 1, 2])), x)
    assert (s - student(x)).abs().max() < LOGITS_WITHIN
    assert away(found, gradient(margin(student, torch.tensor([0, 1, 2])), x)) < HALF_PRECISION


def objectives(student, teacher, x):
    labels = torch.tensor([3, 0, 9, 1])
    return {
        "distance": logit_distance(student, teacher),
        "data": data_adversarial(student, teacher, 1 - x),
        "gap": largest_gap(student, teacher),
        "cross-entropy": cross_entropy_to_oracle(student, labels),
        "cross-entropy at x'": cross_entropy_to_oracle(student, teacher),
        "margin": margin(student, labels),
        "margin at x'": margin(student, teacher),
        "margin up to a confidence": margin(student, teacher, 0.2),
    }


@pytest.mark.parametrize("name", objectives(*pair(), images(4)))
def test_every_objective_has_the_gradient_that_torch_finds(name):
    student, teacher = pair()
    x = images(4)
    objective, engine = objectives(student, teacher, x)[name], cuda_emulator.engine(student, teacher)
    logits, found = engine.look(objective, x)
    assert engine.takes(objective) and away(found, gradient(objective, x)) < HALF_PRECISION
    assert len(logits) == len(objective.networks + objective.observers)


def test_a_margin_beyond_its_confidence_moves_nothing():
    student, teacher = pair()
    engine = cuda_emulator.engine(student, teacher)
    x = images(4)
    objective = margin(student, teacher, -100.0)
    assert (engine.look(objective, x)[1] == 0).all()
    found = pgd(objective, x, Linf(EPS), step=STEP, steps=2, start=False, engine=engine)
    assert torch.equal(found.last, x) and (found.best_loss == -100).all()


@pytest.mark.parametrize("name", objectives(*pair(), images(4)))
def test_many_steps_in_one_launch_are_as_many_launches_of_one_step(name):
    student, teacher = pair()
    x = images(4)
    objective = objectives(student, teacher, x)[name].observing(student, teacher)
    engine, ball = cuda_emulator.engine(student, teacher), Linf(EPS)
    point = start = ball.start(x, torch.Generator().manual_seed(1))
    seen = []
    for step in range(6):
        logits, slope = engine.look(objective, point)
        seen.append((objective.loss(*logits), OracleWatch(0, 1)(*logits), point))
        point = ball.step(point, slope, x, STEP) if step < 5 else point
    found = pgd(objective, x, ball, step=STEP, steps=5, start=start, watch=OracleWatch(0, 1), engine=engine)
    assert torch.equal(found.last, point) and not torch.equal(point, start)
    for place, best, score in ((0, found.best, found.best_loss), (1, found.watched, found.watched_score)):
        scores = torch.stack([look[place] for look in seen])
        highest = scores.max(0)
        torch.testing.assert_close(score, highest.values)  # logarithms differ in their last bits
        chosen = scores >= highest.values - 1e-6  # so two iterates can be as high as each other
        for image in range(4):
            assert any(torch.equal(best[image], seen[k][2][image]) for k in range(6) if chosen[k, image])


def test_in_a_ball_of_another_norm_the_kernel_gives_the_gradients():
    student, teacher = pair()
    engine, x = cuda_emulator.engine(student, teacher), images(4)
    for ball, size in ((L2(0.5), 0.1), (L1(3.0), 0.5)):
        asked = []
        spied = replace_launch(engine, asked)
        found = pgd(logit_distance(student, teacher), x, ball, step=size, steps=3, start=False, engine=spied)
        plain = pgd(logit_distance(student, teacher), x, ball, step=size, steps=3, start=False)
        assert [arguments.gradient_only for arguments in asked] == [1, 1, 1]
        assert float(ball.size(found.last, x).max()) <= ball.eps + 1e-5
        torch.testing.assert_close(found.best_loss, plain.best_loss, rtol=HALF_PRECISION, atol=0)


def replace_launch(engine, asked):
    other = engine.known_as(*engine.names)
    other.launch = lambda arguments, blocks: (asked.append(arguments), engine.launch(arguments, blocks))
    return other


@pytest.mark.parametrize("name", ["outputs in two groups", "five layers"])
def test_work_is_what_the_device_does(name):
    a, b, size, taps, warps = SHAPES[name]
    student, teacher = pair(a, b, size)
    engine = cuda_emulator.engine(student, teacher, taps=taps, warps=warps)
    engine.look(logit_distance(student, teacher), images(1, size))
    products, copied = cuda_emulator.counted(engine.shape)
    expected = fused_layout.work(engine.shape)
    assert products == expected.products
    first = fused_layout.chunk_bytes(1, len(fused_layout.groups(fused_layout.cells(a[0]))[0]), taps)
    assert copied == expected.staged_bytes + first  # the next step's first weights are on their way


def test_the_order_in_which_warps_run_changes_nothing():
    student, teacher = pair()
    x = images(2)
    runs = [
        pgd(
            logit_distance(student, teacher),
            x,
            Linf(EPS),
            step=STEP,
            steps=3,
            start=False,
            engine=cuda_emulator.engine(student, teacher, warps=4, seed=seed),
        )
        for seed in range(4)
    ]
    for run in runs[1:]:
        assert torch.equal(run.last, runs[0].last) and torch.equal(run.best_loss, runs[0].best_loss)


FAULTS = {
    "the barrier before weights are used": ("    wait_for_copies();\n    __syncthreads();\n", "    wait_for_copies();\n"),
    "waiting for weights": ("    wait_for_copies();\n    __syncthreads();\n", "    __syncthreads();\n"),
    "the barrier before the logits are judged": ("    __syncthreads();\n    if (me.id == 0)", "    if (me.id == 0)"),
    "the barrier after they are": ("judge(a, image, step);\n    __syncthreads();\n", "judge(a, image, step);\n"),
    "the barrier between two steps": ("__syncthreads();\n    show<A>", "show<A>"),
    "the barrier before the features are read": ("sums[k] = 0.0f;\n  __syncthreads();\n", "sums[k] = 0.0f;\n"),
    "the barrier before sums of warps are added": ("= sums[k];\n  }\n  __syncthreads();\n", "= sums[k];\n  }\n"),
    "the zeros beside a map": ("clear_edges<OUT, ALL>(me, region(LAYER - 1));", ";"),
    "the other slot": ("me.slot ^ 1);", "me.slot);"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_kernel_is_noticed_to_lack(fault):
    old, new = FAULTS[fault]
    source = fused.SOURCE.read_text()
    assert source.count(old) == 1
    student, teacher = pair((9, 10), (5, 7), 8)
    x = images(1, 8)
    right = cuda_emulator.engine(student, teacher, warps=3)

    def last(engine):
        return pgd(logit_distance(student, teacher), x, Linf(EPS), step=STEP, steps=2, start=False, engine=engine)

    def is_noticed(seed):
        try:
            spoiled = last(cuda_emulator.engine(student, teacher, warps=3, seed=seed, source=source.replace(old, new)))
        except RuntimeError:  # the device stopped
            return True
        return not torch.equal(spoiled.best_loss, expected.best_loss)

    expected = last(right)
    assert any(is_noticed(seed) for seed in range(8))


def test_the_kernel_at_full_size_has_the_gradient_that_torch_finds():
    student, teacher = pair((50, 35, 35, 22), (45, 32, 32, 20), 32)
    engine, x = cuda_emulator.engine(student, teacher, warps=16), images(1, 32)
    found = engine.look(logit_distance(student, teacher), x)[1]
    assert away(found, gradient(logit_distance(student, teacher), x)) < 2 * HALF_PRECISION
