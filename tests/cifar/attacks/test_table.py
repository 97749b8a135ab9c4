"""The paper's rows: each against its definition, and a test for every way of getting them wrong that we know of."""

from __future__ import annotations

import re

import pytest

torch = pytest.importorskip("torch")

from cifar.attacks import table as attacks
from cifar.attacks.table import Linf, pgd

from ..made import the_plane
from .attacked import ROUNDING, SIZE, Linear, generator, images, networks


@pytest.mark.parametrize("wall", [0.0, 1.0])
@pytest.mark.parametrize("name", ["linf", "oracle-ce", "confident", "l2", "l1", "l1-small", "fgsm", "cw", "cw-l2"])
def test_a_pixel_at_a_wall_can_leave_it(name, wall):
    w = torch.full((3 * SIZE * SIZE,), 1.0 if wall == 0 else -1.0)
    x = torch.full((3, 3, SIZE, SIZE), wall)
    inwards = Linear(w, -0.3 if wall == 0 else 299.7)  # flips once the pixels have moved by .3 in all
    oracle = Linear(torch.zeros_like(w), -1.0)
    proposed = attacks.table(inwards, oracle)[name](x, generator())
    assert ((proposed.last - x).flatten(1).abs().amax(1) > (1e-4 if name == "cw-l2" else 1e-3)).all()
    assert name == "l1-small" or (proposed.best_loss > 0).all()


def test_one_step_without_a_start_is_the_fast_gradient_sign():
    student, teacher = networks()
    objective, x = attacks.logit_distance(student, teacher), images()
    point = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(objective(point).sum(), point)
    fast = (x + 10 / 255 * gradient.sign()).clamp(0, 1)
    assert (attacks.table(student, teacher)["fgsm"](x).last - fast).abs().max() <= 1e-7
    proposed = pgd(objective, x, Linf(10 / 255), step=10 / 255, steps=1, start=False)
    assert torch.equal(attacks.table(student, teacher)["fgsm"](x).last, proposed.last)


@pytest.mark.parametrize("name", sorted(attacks.NAMES))
def test_no_row_of_the_table_leaves_a_parameter_gradient_or_leaves_the_box(name):
    student, teacher, surrogate = networks(3)
    x = images(3)
    rows = attacks.table(student, teacher, surrogate, the_plane(), steps=3)
    proposed = rows[name](x, generator(), torch.tensor([1, 2, 3]))
    assert proposed.last.shape == x.shape and proposed.last.dtype == x.dtype
    assert (proposed.watched is None) is (name in ("transfer", "label"))
    for point in (proposed.last, proposed.best, proposed.last if proposed.watched is None else proposed.watched):
        assert point.min() >= 0 and point.max() <= 1 and not point.requires_grad
    assert all(p.grad is None and p.requires_grad for n in (student, teacher, surrogate) for p in n.parameters())


def test_the_transfer_attack_does_not_look_at_the_student():
    student, teacher, surrogate = networks(3)
    x = images()

    def unseen(x):
        raise AssertionError("the student was asked")

    proposed = attacks.table(unseen, teacher, surrogate)["transfer"](x, generator())
    assert proposed.watched is None
    blind = pgd(attacks.logit_distance(surrogate, teacher), x, Linf(10 / 255), step=0.01, steps=40, generator=generator())
    assert torch.equal(proposed.last, blind.last) and torch.equal(proposed.best_loss, blind.best_loss)


def test_in_plane_and_out_plane_part_the_same_two_runs_sample_by_sample():
    student, teacher = networks()
    x = images(12)
    plane = the_plane()
    rows = attacks.table(student, teacher, None, plane)
    shared = generator(3)
    runs = [rows["linf"](x, shared).last for _ in range(2)]
    near, far = rows["in-plane"](x, generator(3)).last, rows["out-plane"](x, generator(3)).last
    distances = torch.stack([plane.distance(run) for run in runs])
    assert torch.equal(plane.distance(near), distances.amin(0)) and torch.equal(plane.distance(far), distances.amax(0))
    assert 0 < (distances[0] < distances[1]).float().mean() < 1


def test_rows_that_lack_what_they_need_are_not_there():
    student, teacher = networks()
    missing = set(attacks.NAMES) - set(attacks.table(student, teacher))
    assert missing == {"transfer", "in-plane", "out-plane"}


def test_the_data_row_aims_at_the_teacher_at_the_clean_image():
    student, teacher = networks()
    x = images()
    proposed = attacks.table(student, teacher)["data"](x, generator())
    loss = (student(proposed.last) - teacher(x)).square().sum(1)
    assert (loss > (student(x) - teacher(x)).square().sum(1)).all()
    highest = (student(proposed.best) - teacher(x)).square().sum(1)
    assert (proposed.best_loss - highest).abs().max() <= ROUNDING and (highest >= loss - ROUNDING).all()


def test_a_huge_eps_leaves_nothing_to_stand_on():
    student, teacher = networks()
    x = images(12)
    rows = attacks.table(student, teacher, eps=1.0, step=0.1)
    clean = teacher(x).argmax(1)
    proposed = rows["cw-label"](x, generator())
    assert (student(proposed.last).argmax(1) != clean).all()


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda x: x + 0.5, "numbers in [0, 1]"),
        (lambda x: x - 0.1, "numbers in [0, 1]"),
        (lambda x: torch.where(x == x[0, 0, 0, 0], torch.nan, x), "numbers in [0, 1]; got nan"),
        (lambda x: (255 * x).to(torch.int64), "got torch.int64"),
        (lambda x: x > 0.5, "got torch.bool"),
        (lambda x: x.half(), "got torch.float16"),
        (lambda x: (255 * x).to(torch.uint8), "got torch.uint8"),  # `evaluate` divides bytes; an attack does not guess
        (lambda x: x[:0], "N > 0"),
        (lambda x: x[0], "shape (N, 3, 32, 32)"),
    ],
)
@pytest.mark.parametrize("name", ["linf", "confident", "cw-l2", "label", "fgsm"])
def test_no_row_takes_what_is_no_image(name, broken, message):
    rows = attacks.table(*networks(), steps=1)
    with pytest.raises(ValueError, match=re.escape(message)):
        rows[name](broken(images()), generator(), torch.zeros(6, dtype=torch.long))


def test_a_row_judged_by_labels_asks_for_them():
    with pytest.raises(ValueError, match="labels of the dataset"):
        attacks.table(*networks(), steps=1)["label"](images(), generator())


class Pair(torch.nn.Module):
    """A network of two classes whose margins are linear: the second's over the first's is w . x + b."""

    def __init__(self, w, b):
        super().__init__()
        self.w, self.b = w, b

    def forward(self, x):
        value = x.flatten(1) @ self.w + self.b
        return torch.stack([-value / 2, value / 2], 1)


def on_two_pixels(student_w, student_b, teacher_w, teacher_b):
    """Two linear networks that see the first two pixels alone, and grey images."""
    w = torch.zeros(2, 3 * SIZE * SIZE)
    w[0, :2], w[1, :2] = torch.tensor(student_w), torch.tensor(teacher_w)
    return Pair(w[0], student_b), Pair(w[1], teacher_b), torch.full((3, 3, SIZE, SIZE), 0.5)


@pytest.mark.parametrize("steps", [1, 2, 5, 40])
def test_steps_fall_and_the_last_of_them_are_small_and_alike(steps):
    sizes = attacks.falling(0.1, steps)
    assert len(sizes) == steps and sizes[0] == 0.2 and sizes == sorted(sizes, reverse=True) and min(sizes) > 0
    if steps == 40:
        assert sizes[24:] == [0.1 * 2.5 / 40] * 16 and sizes[23] == pytest.approx(0.2 / 24)


def test_the_confident_attack_of_linear_networks_finds_the_best_of_a_linear_program():
    # Student's margin s = 30 a - .3, teacher's t = -5 a + 2 b - .5 for pixels .5 + a, .5 + b with |a|, |b| <= eps. t < 0
    # everywhere, so the two part where s > 0; logits -v / 2 and v / 2 have a spread of |v| / sqrt(2), and (4 s / |s|, -t / |t|)
    # has the constant minimum sqrt(2) wherever they do: the ascent's gradient takes the spread for a number, and ends at
    # a = eps, b = -eps, where -t is largest.
    eps = 10 / 255
    student, teacher, x = on_two_pixels([30.0, 0.0], -15.3, [-5.0, 2.0], 1.0)
    proposed = attacks.table(student, teacher)["confident"](x, generator())
    assert proposed.watched_score.tolist() == pytest.approx([7 * eps + 0.5] * 3, abs=1e-5)
    assert proposed.watched[:, 0, 0, :2].flatten().tolist() == pytest.approx([0.5 + eps, 0.5 - eps] * 3)


def test_the_confident_attack_does_not_end_on_the_boundary_of_the_oracle():
    # The student's answer flips at a = 0.01, the teacher's own at b = 0: an ascent of the student's excess alone goes on
    # along a and has no reason to leave the teacher's boundary; the smaller margin does.
    student, teacher, x = on_two_pixels([10.0, 0.0], -5.1, [0.0, 10.0], -5.0 - 0.001)
    x = x.clone()
    rows = attacks.table(student, teacher)
    sure, any_flip = rows["confident"](x, generator()), rows["oracle-ce"](x, generator())
    margins = [attacks.surely_parted(student(each.watched), teacher(each.watched)) for each in (sure, any_flip)]
    assert (margins[0] > 0.25).all() and (margins[1] > 0).all() and (margins[1] < 0.25).any()
