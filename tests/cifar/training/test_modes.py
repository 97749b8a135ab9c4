"""What students are shown and asked, mode by mode, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from cifar.attacks.table import Linf, cross_entropy_to_oracle, data_adversarial, logit_distance, pgd
from cifar.data import patches
from cifar.training import modes

from .. import made

# float32 sums in another order: 3,072 terms of size one.
SUMMED_WITHIN = 1e-4
REAL = made.real_images()
X = REAL.pixels[:8].float() / 255
EPS = 10 / 255
# eps 10/255 is no float32 number; x + eps - x errs by two roundings of numbers below one.
BALL_WITHIN = 1e-6


def pair() -> tuple[torch.nn.Module, torch.nn.Module]:
    return made.small_network((5, 4), 1).requires_grad_(False), made.small_network((6, 4), 2).requires_grad_(False)


def shown(seed: int = 0, plane: patches.InputPlane | None = None, **choices: object):
    student, teacher = pair()
    return modes.shown(made.tiny(**choices), X, student, teacher, torch.Generator().manual_seed(seed), plane)


def test_standard_training_shows_the_image_itself():
    images, soft = shown()
    assert images is X and soft is None


def test_gaussian_augmentation_adds_noise_of_its_size_unclipped():
    images, _ = shown(augment="gaussian", noise=0.1)
    noise = images - X
    assert noise.std().item() == pytest.approx(0.1, rel=0.02) and abs(noise.mean().item()) < 0.002  # 24,576 draws
    assert images.min() < 0 and images.max() > 1


@pytest.mark.parametrize(
    ("choices", "objective"),
    [
        ({"examples": "oracle"}, lambda s, t: logit_distance(s, t)),
        ({"examples": "oracle", "loss": "label"}, lambda s, t: logit_distance(s, t)),
        ({"examples": "data"}, lambda s, t: data_adversarial(s, t, X)),
        ({"examples": "data", "loss": "label"}, lambda s, t: cross_entropy_to_oracle(s, t(X).argmax(1))),
    ],
)
def test_adversarial_modes_show_the_last_iterate_of_their_objective(choices, objective):
    student, teacher = pair()
    images, soft = shown(steps=5, **choices)
    expected = pgd(
        objective(student, teacher), X, Linf(EPS), step=0.01, steps=5, start=True, generator=torch.Generator().manual_seed(0)
    ).last
    assert torch.equal(images, expected) and soft is None
    assert (images - X).abs().max() <= EPS + BALL_WITHIN and images.min() >= 0 and images.max() <= 1
    assert objective(student, teacher)(images).mean() > objective(student, teacher)(X).mean()


def test_in_plane_examples_are_the_nearer_of_two_attacks_and_out_plane_the_farther():
    plane = made.the_plane()
    near, _ = shown(examples="in-plane", plane=plane)
    far, _ = shown(examples="out-plane", plane=plane)
    student, teacher = pair()
    generator = torch.Generator().manual_seed(0)
    runs = [
        pgd(logit_distance(student, teacher), X, Linf(EPS), step=0.01, steps=2, start=True, generator=generator).last
        for _ in range(2)
    ]
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

    made_images = modes.robust_features(target, start, robust, teacher, alpha=0.5, step=1.0, steps=30)
    assert (away(made_images) < 0.8 * away(start)).all()
    assert made_images.min() >= 0 and made_images.max() <= 1
    one = modes.robust_features(target, start, robust, teacher, alpha=0.5, step=0.1, steps=1)
    inside = (start > 0.1) & (start < 0.9)
    x = start.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(away(x).sum(), x)
    expected = start - 0.1 * gradient / gradient.flatten(1).norm(dim=1)[:, None, None, None]
    torch.testing.assert_close(one[inside], expected[inside], rtol=0, atol=1e-6)


def test_steps_towards_robust_features_shorten_linearly():
    robust, teacher = pair()
    target, start = X[:4], 0.4 + 0.2 * X[4:]  # no step of .1 reaches a wall
    how = {"alpha": 0.5, "step": 0.1}
    whole = modes.robust_features(target, start, robust, teacher, steps=2, **how)
    first = modes.robust_features(target, start, robust, teacher, steps=1, **how)
    second = modes.robust_features(target, first, robust, teacher, alpha=0.5, step=0.05, steps=1)
    torch.testing.assert_close(whole, second, rtol=0, atol=1e-6)
    assert (first - start).flatten(1).norm(dim=1).tolist() == pytest.approx([0.1] * 4, rel=1e-3)


def test_robust_features_of_the_target_itself_stay():
    robust, teacher = pair()
    moved = modes.robust_features(X, X, robust, teacher, alpha=0.5, step=0.1, steps=3)
    assert torch.equal(moved, X)
