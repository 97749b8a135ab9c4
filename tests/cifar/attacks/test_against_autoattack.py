"""oracle-ce against AutoAttack's APGD on cross-entropy, whose label a wrapper moves to the oracle's at every point."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("pyautoattack")

from cifar.attacks.table import table
from cifar.bench.autoattack import FixedLabel, compared, main
from twolayer.files import BadInput

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
    row = compared(near(teacher, NOISE, seed), teacher, real_images().pixels, eps=EPS, seed=seed)
    assert row["no weaker"] and row["difference"] <= 100 * 3 / 32  # of 32 images; ours may be stronger
    assert 10 < row["ours"] < 90  # or nothing is compared


def test_where_every_image_is_parted_or_none_nothing_is_compared():
    teacher = small_network((8, 6))
    pixels = real_images().pixels[:6]
    none, every = (compared(near(teacher, noise), teacher, pixels, eps=eps, steps=5) for noise, eps in ((0, EPS), (3, 0.5)))
    assert (none["ours"], none["apgd"], none["no weaker"]) == (100, 100, None)
    assert (every["ours"], every["apgd"], every["no weaker"]) == (0, 0, None)


def test_an_attack_that_finds_less_is_called_weaker(monkeypatch):
    teacher = small_network((8, 6))
    student, pixels = near(teacher, NOISE), real_images().pixels
    blunt = lambda *networks, eps, steps: table(*networks, eps=eps / 50, steps=steps)  # noqa: E731
    monkeypatch.setattr("cifar.bench.autoattack.table", blunt)
    assert compared(student, teacher, pixels, eps=EPS)["no weaker"] is False


@pytest.mark.parametrize("wrong", ["--images=0", "--steps=0", "--eps=0", "--eps=nan", "--eps=256"])
def test_sizes_that_are_none_are_refused_in_one_line(wrong):
    with pytest.raises(BadInput, match="need to be"):
        main(["student.pt", "--teacher=teacher.pt", "--data=.", wrong])
