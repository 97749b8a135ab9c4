"""What students are shown and asked, mode by mode, by hand; and a training state that is restored bit for bit."""
from __future__ import annotations

import math

import cifar_made as made
import numpy as np
import pytest
import torch
from torch.nn import functional

from cifar import modes, patches, training
from cifar.attacks import Linf, pgd
from cifar.augment import epoch_images
from cifar.data import Images
from cifar.objectives import cross_entropy_to_oracle, data_adversarial, logit_distance
from cifar.settings import Settings

# float32 sums in another order: 3,072 terms of size one.
SUMMED_WITHIN = 1e-4
REAL = made.real_images()
X = REAL.pixels[:8].float() / 255
EPS = 10 / 255
# eps 10/255 is no float32 number; x + eps - x errs by two roundings of numbers below one.
BALL_WITHIN = 1e-6


def pair() -> tuple[torch.nn.Module, torch.nn.Module]:
    return made.small_network((5, 4), 1).requires_grad_(False), made.small_network((6, 4), 2).requires_grad_(False)


def shown(seed: int = 0, plane: modes.Plane | None = None, **choices: object):
    student, teacher = pair()
    return modes.shown(made.tiny(**choices), X, student, teacher, torch.Generator().manual_seed(seed), plane)


def the_plane() -> tuple[modes.Plane, patches.PatchSpectrum]:
    spectrum = patches.spectrum(REAL.pixels)
    return modes.plane(torch.from_numpy(spectrum.vectors.copy()), torch.from_numpy(spectrum.mean.copy())), spectrum


def test_standard_training_shows_the_image_itself():
    images, soft = shown()
    assert images is X and soft is None


def test_gaussian_augmentation_adds_noise_of_its_size_unclipped():
    images, _ = shown(augment="gaussian", noise=0.1)
    noise = images - X
    assert noise.std().item() == pytest.approx(0.1, rel=0.02) and abs(noise.mean().item()) < 0.002  # 24,576 draws
    assert images.min() < 0 and images.max() > 1


@pytest.mark.parametrize(("choices", "objective"), [
    ({"examples": "oracle"}, lambda s, t: logit_distance(s, t)),
    ({"examples": "oracle", "loss": "label"}, lambda s, t: logit_distance(s, t)),
    ({"examples": "data"}, lambda s, t: data_adversarial(s, t, X)),
    ({"examples": "data", "loss": "label"}, lambda s, t: cross_entropy_to_oracle(s, t(X).argmax(1))),
])
def test_adversarial_modes_show_the_last_iterate_of_their_objective(choices, objective):
    student, teacher = pair()
    images, soft = shown(steps=5, **choices)
    expected = pgd(objective(student, teacher), X, Linf(EPS), step=0.01, steps=5, start=True,
                   generator=torch.Generator().manual_seed(0)).last
    assert torch.equal(images, expected) and soft is None
    assert (images - X).abs().max() <= EPS + BALL_WITHIN and images.min() >= 0 and images.max() <= 1
    assert objective(student, teacher)(images).mean() > objective(student, teacher)(X).mean()


def test_the_distance_to_the_plane_is_that_of_the_patches_one_by_one():
    plane, spectrum = the_plane()
    inside = spectrum.vectors[:17]
    expected = []
    for image in X.double().numpy():
        total = 0.0
        for row in range(30):
            for column in range(30):
                patch = image[:, row:row + 3, column:column + 3].reshape(27) - spectrum.mean
                total += np.square(patch - inside.T @ (inside @ patch)).sum()
        expected.append(total)
    np.testing.assert_allclose(plane.distance(X).numpy(), expected, rtol=1e-3)
    np.testing.assert_allclose(plane.distance(X).numpy(), patches.off_plane(X, spectrum).numpy(), rtol=1e-3)


def test_in_plane_examples_are_the_nearer_of_two_attacks_and_out_plane_the_farther():
    plane, _ = the_plane()
    near, _ = shown(examples="in-plane", plane=plane)
    far, _ = shown(examples="out-plane", plane=plane)
    student, teacher = pair()
    generator = torch.Generator().manual_seed(0)
    runs = [pgd(logit_distance(student, teacher), X, Linf(EPS), step=0.01, steps=2, start=True, generator=generator).last
            for _ in range(2)]
    assert not torch.equal(*runs)
    distances = torch.stack([plane.distance(run) for run in runs])
    for i in range(len(X)):
        assert torch.equal(near[i], runs[int(distances[:, i].argmin())][i])
        assert torch.equal(far[i], runs[int(distances[:, i].argmax())][i])


def test_calibrated_labels_by_hand():
    delta = torch.zeros(4, 3, 2, 2)
    delta[1, 0, 0, 1], delta[2, 2, 1, 1], delta[3, 0, 0, 0] = 0.1, -0.4, 0.9  # of eps 0.4: 0, 1/4, 1, more
    labels = modes.calibrated_labels(torch.tensor([3, 0, 1, 2]), delta, 0.4, 2.0, classes=4)
    confidence = 0.75**2
    expected = [[0, 0, 0, 1], [confidence + (1 - confidence) / 4] + [(1 - confidence) / 4] * 3, [0.25] * 4, [0.25] * 4]
    np.testing.assert_allclose(labels.numpy(), expected, rtol=1e-6)
    assert modes.calibrated_labels(torch.tensor([0]), torch.full((1, 3, 1, 1), 0.2), 0.4, 10.0).sum() == pytest.approx(1)


def test_calibrated_training_leaves_half_of_the_batch_clean_and_softens_the_other_half():
    images, soft = shown(examples="calibrated", loss="label", rho=5.0)
    _, teacher = pair()
    labels = teacher(X).argmax(1)
    assert torch.equal(images[:4], X[:4]) and torch.equal(soft[:4], functional.one_hot(labels[:4], 10).float())
    moved = (images - X)[4:].flatten(1).abs().amax(1)
    assert (moved > 0).all() and (moved <= EPS + BALL_WITHIN).all()
    torch.testing.assert_close(soft[4:], modes.calibrated_labels(labels[4:], (images - X)[4:], EPS, 5.0))


def test_at_full_radius_the_calibrated_label_is_uniform_whatever_rho():
    """Sign steps fill the ball, so that lambda = 0: the printed recipe, read literally, does not depend on rho."""
    five, soft = shown(examples="calibrated", loss="label", rho=5.0, radius="full", steps=10)
    twenty, other = shown(examples="calibrated", loss="label", rho=20.0, radius="full", steps=10)
    assert torch.equal(five, twenty) and torch.allclose(soft[4:], torch.full((4, 10), 0.1), atol=1e-6)
    assert torch.allclose(soft, other, atol=1e-6)


def test_the_calibrated_objective_is_the_largest_logit_gap():
    student, teacher = pair()
    assert torch.equal(modes.largest_gap(student, teacher)(X), (student(X) - teacher(X)).abs().max(1).values)


def test_losses_by_hand():
    answer = torch.tensor([[1.0, 2.0], [0.0, 0.0]])
    oracle = torch.tensor([[0.0, 2.0], [3.0, 4.0]])
    labels = torch.tensor([0, 0])
    logit = modes.loss(made.tiny(), answer, oracle, labels, None)
    assert logit.item() == pytest.approx((1 + 9 + 16) / 2)
    label = modes.loss(made.tiny(loss="label"), answer, oracle, labels, None)  # the oracle says 1, 1
    assert label.item() == pytest.approx((math.log1p(math.exp(-1)) + math.log(2)) / 2)
    dataset = modes.loss(made.tiny(target="dataset"), answer, None, labels, None)  # the dataset says 0, 0
    assert dataset.item() == pytest.approx((math.log1p(math.exp(1)) + math.log(2)) / 2)
    soft = modes.loss(made.tiny(), answer, None, labels, torch.full((2, 2), 0.5))
    assert soft.item() == pytest.approx((math.log1p(math.exp(-1)) + 0.5 + math.log(2)) / 2)


def test_robust_features_lower_equation_35_within_the_pixel_range():
    robust, teacher = pair()
    target, start = X[:4], X[4:]

    def away(x):
        features = (robust.features(x)[-1] - robust.features(target)[-1]).flatten(1).norm(dim=1)
        return 0.5 * (teacher(x) - teacher(target)).norm(dim=1) + features

    made_images = modes.robust_features(target, start, robust, teacher, alpha=0.5, step=0.5, steps=30)
    assert (away(made_images) < 0.8 * away(start)).all()
    assert made_images.min() >= 0 and made_images.max() <= 1
    one = modes.robust_features(target, start, robust, teacher, alpha=0.5, step=0.1, steps=1)
    inside = (start > 0.1) & (start < 0.9)
    x = start.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(away(x).sum(), x)
    expected = start - 0.1 * gradient / gradient.flatten(1).norm(dim=1)[:, None, None, None]
    torch.testing.assert_close(one[inside], expected[inside], rtol=0, atol=1e-6)


def test_robust_features_of_the_target_itself_stay():
    robust, teacher = pair()
    found = modes.robust_features(X, X, robust, teacher, alpha=0.5, step=0.1, steps=3)
    assert torch.equal(found, X)


def begun(settings: Settings, *, teacher: bool = True):
    images = Images(REAL.pixels[:settings.images], REAL.labels[:settings.images])
    oracle = made.small_network((6, 4), 2).requires_grad_(False) if teacher else None
    state = training.begin(settings, made.small_network(settings.widths, settings.seed))
    buffers = training.buffers_for(settings, images, oracle)
    plane, _ = the_plane()
    return state, images, buffers, training.make_step(settings, state, buffers, oracle, plane)


def advance(settings: Settings, state: training.Training, images: Images, buffers: training.Buffers, step, batches: int):
    while batches:
        order = training.start_epoch(settings, state, images, buffers)
        while state.batch < settings.batches and batches:
            buffers.index.copy_(order[state.batch * settings.batch:(state.batch + 1) * settings.batch])
            step()
            state.batch, batches = state.batch + 1, batches - 1
        if state.batch == settings.batches:
            state.epoch, state.batch = state.epoch + 1, 0


def same_weights(a: training.Training, b: training.Training) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.student.parameters(), b.student.parameters(), strict=True))


MODES = [
    {}, {"loss": "label"}, {"augment": "gaussian", "noise": 0.1}, {"augment": "standard"}, {"optimiser": "adam", "lr": 1e-3},
    {"examples": "oracle", "augment": "standard"}, {"examples": "data", "loss": "label", "target": "clean"},
    {"examples": "out-plane"}, {"examples": "calibrated", "loss": "label", "rho": 5.0},
    {"examples": "oracle", "inner": "bfloat16", "update": "bfloat16", "multiple": 8},
    {"loss": "label", "target": "dataset", "augment": "crop-flip"},
]  # fmt: skip


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
    for choices, kept in (({}, True), ({"loss": "label"}, True), ({"augment": "standard"}, False),
                          ({"augment": "gaussian"}, False), ({"examples": "oracle"}, False), ({"target": "dataset"}, False)):
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
    attacked = pgd(logit_distance(student, teacher), x, Linf(EPS), step=0.01, steps=2, start=True,
                   generator=training.seeded(0, "noise")).last
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


def test_every_image_is_seen_once_an_epoch():
    settings = made.tiny()
    state, images, buffers, _ = begun(settings)
    order = training.start_epoch(settings, state, images, buffers)
    assert sorted(order.tolist()) == list(range(24))
    state.epoch, state.batch = 1, 0
    assert not torch.equal(order, training.start_epoch(settings, state, images, buffers))


def test_purposes_and_seeds_draw_independently():
    draws = {tuple(torch.rand(3, generator=training.seeded(seed, purpose)).tolist())
             for seed in (0, 1) for purpose in ("weights", "order", "noise")}
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
    plane, _ = the_plane()
    plane = modes.Plane(plane.filters.to(device), plane.offset.to(device))
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
