"""Where an attack starts and how it steps: inside ball and box, steepest in its norm, whatever the layout."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from cifar.attacks.table import L1, L2, Linf, pgd

from .attacked import BALLS, ROUNDING, SIZE, ascending, distance, generator, images

STORED = 300 * 2**-25  # of each of 300 pixels below 1, half the spacing of float32


@pytest.mark.parametrize(("ball", "step"), BALLS, ids=str)
def test_a_linear_model_gains_the_dual_norm_times_eps(ball, step):
    w = torch.randn(3 * SIZE * SIZE, generator=generator(), dtype=torch.float64)
    x = torch.full((3, 3, SIZE, SIZE), 0.5, dtype=torch.float64)
    small = type(ball)(**{**vars(ball), "eps": 0.05, **({"share": 0.0} if isinstance(ball, L1) else {})})  # no wall is near
    objective = ascending(w)
    proposed = pgd(objective, x, small, step=0.01, steps=40, generator=generator())
    dual = w.norm(p={Linf: 1, L2: 2, L1: torch.inf}[type(ball)])
    gain = objective(proposed.last) - objective(x)
    assert (gain <= 0.05 * dual + 1e-12).all()
    assert (gain >= 0.05 * dual * 0.9999).all()  # the l2 gradient's direction is reached only in the limit


def test_the_l1_attack_of_a_linear_model_fills_the_room_of_the_best_coordinates():
    w = torch.randn(3 * SIZE * SIZE, generator=generator())
    x = images(3)
    objective, eps = ascending(w), 4.0
    proposed = pgd(objective, x, L1(eps, 0.01), step=2.5 * eps / 40, steps=40, generator=generator())
    for image, gain in zip(x.flatten(1), objective(proposed.last) - objective(x), strict=True):
        room = torch.where(w > 0, 1 - image, image)
        order = w.abs().argsort(descending=True)
        used = torch.minimum(room[order], (eps - room[order].cumsum(0) + room[order]).clamp_min(0))
        assert gain >= 0.9 * (used * w.abs()[order]).sum()  # g / |g|_1 reaches less than half of it


def test_an_l1_step_moves_equal_amounts_on_the_steepest_coordinates_that_can_move():
    x = torch.full((1, 3, 10, 10), 0.5)
    gradient = torch.arange(1.0, 301.0).reshape(x.shape)
    x[0, 2, 9, 5:] = 1.0  # the five steepest stand at their wall
    moved = (L1(1.0, 0.01).step(x, gradient, x, 0.3) - x).flatten()
    assert moved.nonzero().flatten().tolist() == [292, 293, 294]
    assert moved[292:295].tolist() == pytest.approx([0.1] * 3)
    moved = (L1(1.0, 0.01).step(x, -gradient, x, 0.3) - x).flatten()
    assert moved.nonzero().flatten().tolist() == [297, 298, 299]


def test_an_l2_step_has_its_full_size_however_small_the_gradient():
    x = torch.full((2, 3, SIZE, SIZE), 0.5)
    for size in (1e-30, 1e-3, 1e20):
        gradient = size * torch.randn(x.shape, generator=generator())
        assert (L2(1.0).step(x, gradient, x, 0.25) - x).flatten(1).norm(dim=1).tolist() == pytest.approx([0.25] * 2, rel=1e-4)


@pytest.mark.parametrize(("ball", "step"), BALLS, ids=str)
def test_a_zero_gradient_moves_nothing(ball, step):
    x = images()
    assert (ball.step(x, torch.zeros_like(x), x, step) - x).abs().max() <= 1e-7


@given(seed=st.integers(0, 2**31), choice=st.integers(0, 2), eps=st.floats(1e-3, 30))
def test_every_start_and_every_step_lies_in_the_ball_and_in_the_box(seed, choice, eps):
    ball = type(BALLS[choice][0])(eps)
    x = images(3, seed)
    point = ball.start(x, generator(seed))
    for _ in range(3):
        assert point.min() >= 0 and point.max() <= 1
        assert (distance(ball, point, x) <= eps * (1 + ROUNDING) + STORED).all()
        gradient = torch.randn(x.shape, generator=generator(seed + 1)).sign() * 10.0
        point = ball.step(point, gradient, x, eps)


@pytest.mark.parametrize(("ball", "step"), BALLS, ids=str)
def test_starts_are_random_repeatable_and_of_all_sizes(ball, step):
    x = torch.full((64, 3, SIZE, SIZE), 0.5)
    first = ball.start(x, generator(1))
    assert torch.equal(first, ball.start(x, generator(1))) and not torch.equal(first, ball.start(x, generator(2)))
    sizes = distance(ball, first, x)
    assert sizes.max() > 0.9 * ball.eps and len(sizes.unique()) > 32
    assert ((first > x).float().mean() - 0.5).abs() < 0.02


def test_memory_layout_changes_no_start():
    x = images()
    for ball, _ in BALLS:
        assert torch.equal(ball.start(x.contiguous(memory_format=torch.channels_last), generator()), ball.start(x, generator()))
