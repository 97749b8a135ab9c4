"""oracle-ce against AutoAttack's APGD on cross-entropy, whose label a wrapper moves to the oracle's at every point."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("pyautoattack")

from cifar.bench.autoattack import FixedLabel, apgd_flips
from cifar.measures.robustness import evaluate

from ..made import real_images, small_network
from .attacked import generator, images, networks

EPS = 10 / 255
NOISE = 0.003


def near(teacher, noise, seed=0):
    """A student near its teacher: some images part the two and some cannot."""
    student = copy.deepcopy(teacher)
    with torch.no_grad():
        for parameter in student.parameters():
            parameter += noise * parameter.std() * torch.randn(parameter.shape, generator=generator(seed))
    return student


def test_the_wrapper_is_wrong_exactly_where_the_two_networks_part():
    (teacher,) = networks(1)
    student, x = near(teacher, 0.3), images(40)
    answers = FixedLabel(student, teacher)(x).argmax(1)
    assert ((answers == 0) == (student(x).argmax(1) == teacher(x).argmax(1))).all() and 0 < (answers == 0).float().mean() < 1


def test_the_wrapper_only_permutes_the_students_logits():
    student, teacher = networks()
    x = images(8)
    assert torch.equal(FixedLabel(student, teacher)(x).sort(1).values, student(x).sort(1).values)
    same = FixedLabel(teacher, teacher)(x)
    assert torch.equal(same[:, 0], teacher(x).amax(1))


@pytest.mark.parametrize("seed", range(3))
def test_both_attacks_part_the_same_share_of_images_under_the_same_rule(seed):
    teacher = small_network((8, 6), seed)
    student = near(teacher, NOISE, seed)
    pixels = real_images().pixels
    theirs = apgd_flips(student, teacher, pixels.float() / 255, eps=EPS, steps=40, seed=0)
    found = evaluate(student, teacher, None, pixels, attacks=("oracle-ce",), repeats=1)["oracle-ce"]["any"]["mean"] / 100
    assert found <= 1 - theirs.float().mean().item() + 3 / 32  # of 32 images; ours may be stronger
    assert 0.1 < found < 0.9  # or nothing is compared
