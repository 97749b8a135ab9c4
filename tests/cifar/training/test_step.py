"""The training step and its state, which is restored bit for bit in the middle of an epoch; epochs, schedule, targets."""

from __future__ import annotations

import pytest
import torch

from cifar.attacks.table import Linf, logit_distance, pgd
from cifar.data.cifar10 import Images, epoch_images
from cifar.runs import execute as runs
from cifar.settings import Settings
from cifar.training import step as training

from .. import made, tiny_runs

# float32 sums in another order: 3,072 terms of size one.
SUMMED_WITHIN = 1e-4
REAL = made.real_images()
EPS = 10 / 255


def begun(settings: Settings, *, teacher: bool = True):
    images = Images(REAL.pixels[: settings.images], REAL.labels[: settings.images])
    oracle = made.small_network((6, 4), 2).requires_grad_(False) if teacher else None
    state = training.begin(settings, made.small_network(settings.widths, settings.seed))
    buffers = training.buffers_for(settings, images, oracle)
    plane = made.the_plane()
    return state, images, buffers, training.make_step(settings, state, buffers, oracle, plane)


def advance(settings: Settings, state: training.Training, images: Images, buffers: training.Buffers, step, batches: int):
    while batches:
        order = training.start_epoch(settings, state, images, buffers)
        while state.batch < settings.batches and batches:
            buffers.index.copy_(order[state.batch * settings.batch : (state.batch + 1) * settings.batch])
            step()
            state.batch, batches = state.batch + 1, batches - 1
        if state.batch == settings.batches:
            state.epoch, state.batch = state.epoch + 1, 0


def same_weights(a: training.Training, b: training.Training) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.student.parameters(), b.student.parameters(), strict=True))


MODES = [
    {},
    {"loss": "label"},
    {"augment": "gaussian", "noise": 0.1},
    {"augment": "standard"},
    {"optimiser": "adam", "lr": 1e-3},
    {"optimiser": "muon", "lr": 1e-2, "weight_decay": 0.05},
    {"examples": "oracle", "augment": "standard"},
    {"examples": "data", "loss": "label", "target": "clean"},
    {"examples": "out-plane"},
    {"examples": "calibrated", "loss": "label", "rho": 5.0},
    {"examples": "oracle", "inner": "bfloat16", "update": "bfloat16", "multiple": 8},
    {"loss": "label", "target": "dataset", "augment": "crop-flip"},
]


@pytest.mark.parametrize("choices", MODES, ids=lambda choices: "-".join(map(str, choices.values())) or "plain")
def test_a_restored_training_goes_on_bit_for_bit_in_the_middle_of_an_epoch(choices):
    settings = made.tiny(**choices)
    whole = begun(settings)
    advance(settings, *whole, batches=7)
    first = begun(settings)
    advance(settings, *first, batches=5)  # an epoch has four
    saved = first[0].state()
    advance(settings, *first, batches=1)  # what was saved must not change with it
    other = begun(settings.altered(seed=9))
    other[0].restore(saved)
    for more in (2, 3):  # within the epoch, then across its end
        advance(settings, *other, batches=more)
        assert same_weights(whole[0], other[0]) and torch.equal(whole[0].total, other[0].total)
        advance(settings, *whole, batches=3)


@pytest.mark.parametrize("choices", MODES, ids=lambda choices: "-".join(map(str, choices.values())) or "plain")
def test_training_changes_the_student_alone_and_lowers_its_loss(choices):
    settings = made.tiny(**{"lr": 0.003, **choices})
    state, images, buffers, step = begun(settings)
    before = images.pixels.clone()
    advance(settings, state, images, buffers, step, batches=settings.batches)
    first = float(state.total)
    advance(settings, state, images, buffers, step, batches=11 * settings.batches)
    assert float(state.total) < first
    assert torch.equal(images.pixels, before)


def test_the_teachers_answers_are_kept_only_where_images_never_change():
    for choices, kept in (
        ({}, True),
        ({"loss": "label"}, True),
        ({"augment": "standard"}, False),
        ({"augment": "gaussian"}, False),
        ({"examples": "oracle"}, False),
        ({"target": "dataset"}, False),
    ):
        buffers = begun(made.tiny(**choices))[2]
        assert (buffers.oracle is not None) == kept
    buffers = begun(made.tiny())[2]
    teacher = made.small_network((6, 4), 2)
    torch.testing.assert_close(buffers.oracle, teacher(REAL.pixels[:24].float() / 255).detach(), rtol=0, atol=SUMMED_WITHIN)


@pytest.mark.parametrize(("target", "at_shown"), [("shown", True), ("clean", False)])
def test_the_target_is_the_teacher_at_the_image_shown_or_at_the_clean_one(target, at_shown):
    settings = made.tiny(examples="oracle", target=target, batch=8, images=8)
    state, images, buffers, step = begun(settings)
    student, teacher = made.small_network((5, 4)), made.small_network((6, 4), 2)
    for parameter in student.parameters():
        parameter.requires_grad_(False)
    x = REAL.pixels[:8].float().div(255)
    attacked = pgd(
        logit_distance(student, teacher), x, Linf(EPS), step=0.01, steps=2, start=True, generator=training.seeded(0, "noise")
    ).last
    buffers.index.copy_(torch.arange(8))
    step()
    wanted = teacher(attacked if at_shown else x)
    expected = (student(attacked) - wanted).square().sum(1).mean()
    assert float(state.total) == pytest.approx(expected.item(), rel=1e-4)


@pytest.mark.parametrize("kind", ["crop-flip", "standard"])
def test_augmented_images_are_drawn_anew_for_each_epoch(kind):
    settings = made.tiny(augment=kind)
    state, images, buffers, _ = begun(settings)
    expected = torch.Generator()
    expected.set_state(state.order.get_state())
    training.start_epoch(settings, state, images, buffers)
    first = buffers.pixels.clone()
    assert torch.equal(first, epoch_images(images.pixels, kind, expected))
    training.start_epoch(settings, state, images, buffers)
    assert not torch.equal(first, buffers.pixels)


def test_on_a_cpu_no_step_is_captured_or_compiled(tmp_path, monkeypatch):
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a CPU has no graphs")

    monkeypatch.setattr(training, "graphed", never)
    monkeypatch.setattr(torch, "compile", never)
    grid = tiny_runs.grid()
    assert runs.execute(grid["surrogate"], grid, tiny_runs.world(tmp_path, lambda: False))


def test_every_image_is_seen_once_an_epoch():
    settings = made.tiny()
    state, images, buffers, _ = begun(settings)
    order = training.start_epoch(settings, state, images, buffers)
    assert sorted(order.tolist()) == list(range(24))
    state.epoch, state.batch = 1, 0
    assert not torch.equal(order, training.start_epoch(settings, state, images, buffers))


def test_purposes_and_seeds_draw_independently():
    draws = {
        tuple(torch.rand(3, generator=training.seeded(seed, purpose)).tolist())
        for seed in (0, 1)
        for purpose in ("weights", "order", "noise")
    }
    assert len(draws) == 6


def test_the_schedule_depends_on_the_epoch_and_the_horizon_alone():
    long, short = made.tiny(checkpoints=((300, 10),), horizon=10), made.tiny(checkpoints=((150, 5),), horizon=10)
    assert [training.learning_rate(long, e) for e in range(5)] == [training.learning_rate(short, e) for e in range(5)]
    assert training.learning_rate(long, 0) == 0.01 and training.learning_rate(long, 5) == pytest.approx(0.005)
    assert training.learning_rate(long, 10) == pytest.approx(0, abs=1e-12)
    assert training.learning_rate(made.tiny(schedule="constant"), 1.5) == 0.01
    warm = made.tiny(schedule="constant", warmup=1.0)  # four batches an epoch
    assert [training.learning_rate(warm, batch / 4) for batch in range(5)] == pytest.approx([0.0025, 0.005, 0.0075, 0.01, 0.01])


def test_the_schedule_reaches_the_update():
    settings = made.tiny()
    still = begun(settings)
    still[0].optimiser.param_groups[0]["lr"].fill_(0.0)
    before = [parameter.detach().clone() for parameter in still[0].student.parameters()]
    advance(settings, *still, batches=2)
    assert all(torch.equal(a, b) for a, b in zip(before, still[0].student.parameters(), strict=True))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("choices", MODES, ids=lambda choices: "-".join(map(str, choices.values())) or "plain")
def test_a_captured_step_trains_like_the_plain_one_on_the_device(choices):
    settings, device = made.tiny(**choices), torch.device("cuda")
    plane = made.the_plane()
    plane = plane.to(device)
    totals = []
    for captured in (False, True):
        images = Images(REAL.pixels[:24].to(device), REAL.labels[:24].to(device))
        teacher = made.small_network((6, 4), 2).to(device).requires_grad_(False)
        state = training.begin(settings, made.small_network(settings.widths).to(device))
        buffers = training.buffers_for(settings, images, teacher)
        step = training.make_step(settings, state, buffers, teacher, plane)
        if captured:
            before = [parameter.detach().clone() for parameter in state.student.parameters()]
            step = training.graphed(step, state)
            assert all(torch.equal(a, b) for a, b in zip(before, state.student.parameters(), strict=True))
        advance(settings, state, images, buffers, step, batches=8)
        totals.append(float(state.total))
    assert totals[0] == pytest.approx(totals[1], rel=0.05)
