"""Projections on ball and box are exact: feasible, and no feasible point is nearer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

torch = pytest.importorskip("torch")

from cifar.attacks.ascent import project_l1, project_l2, project_linf

EXACT = 1e-12  # float64 rounding of sums of at most 40 numbers of size 3
SINGLE = 2e-6  # float32: a few units of numbers near 1, and of a sum of 3,072 of them relative to the ball
SOLVED = 1e-6  # a general solver's own accuracy, by which it also leaves the ball; its value errs by less

special = st.sampled_from([0.0, 1.0, 0.5])
pixels = st.lists(special | st.floats(0, 1), min_size=1, max_size=12)


@st.composite
def problems(draw):
    """z, x, eps: x in the box with many coordinates at a wall, z anywhere near."""
    x = draw(pixels)
    z = draw(st.lists(special | st.floats(-2, 3), min_size=len(x), max_size=len(x)))
    eps = draw(st.sampled_from([0.0, 0.25, 1.0, 20.0]) | st.floats(1e-3, 4))
    return torch.tensor([z], dtype=torch.float64), torch.tensor([x], dtype=torch.float64), eps


def largest_over_l1(c: np.ndarray, x: np.ndarray, eps: float) -> float:
    """max of c . (y - x) over the l1 ball and the box: fill the room of the best coordinates first."""
    room = np.where(c > 0, 1 - x, x)
    best, left = 0.0, eps
    for i in np.argsort(-abs(c)):
        used = min(room[i], left)
        best, left = best + abs(c[i]) * used, left - used
    return best


@given(problems())
def test_no_point_of_the_l1_ball_and_box_is_nearer_than_the_projection(problem):
    z, x, eps = problem
    y = project_l1(z, x, eps)
    assert y.min() >= 0 and y.max() <= 1 and (y - x).abs().sum() <= eps + EXACT
    # p is the projection iff (z - p) . (y - p) <= 0 for every feasible y; the largest such product is computed exactly.
    z, x, y = z[0].numpy(), x[0].numpy(), y[0].numpy()
    assert largest_over_l1(z - y, x, eps) <= (z - y) @ (y - x) + 10 * EXACT


@given(problems())
def test_the_l2_projection_is_the_bisected_one(problem):
    z, x, eps = problem
    y = project_l2(z, x, eps)
    assert y.min() >= 0 and y.max() <= 1 and (y - x).norm() <= eps + EXACT
    low, high = 0.0, 1.0  # y = x + clip(t (z - x)) for the largest feasible t, slow and obvious
    for _ in range(100):
        middle = (low + high) / 2
        inside = ((x + middle * (z - x)).clamp(0, 1) - x).norm() <= eps
        low, high = (middle, high) if inside else (low, middle)
    full = (z.clamp(0, 1) - x).norm() <= eps
    expected = (x + (1.0 if full else low) * (z - x)).clamp(0, 1)
    assert (y - expected).abs().max() <= 1e-7  # where eps is 0 or all is at walls, t^2 has half the digits


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("project", "order"), [(project_l1, 1), (project_l2, 2)])
def test_a_general_solver_finds_the_same_projection(project, order, seed):
    rng = np.random.default_rng(seed)
    x = rng.choice([0.0, 1.0, 0.3, 0.8], 5)
    z = x + rng.normal(size=5)
    eps = 0.7
    # y - x = up - down, both at least 0: the l1 ball is then linear.
    split = minimize(
        lambda v: ((x + v[:5] - v[5:] - z) ** 2).sum(),
        np.full(10, 0.01),
        method="SLSQP",
        bounds=[(0, 1 - a) for a in x] + [(0, a) for a in x],
        options={"ftol": 1e-15, "maxiter": 1000},
        constraints={"type": "ineq", "fun": lambda v: eps**order - ((v[:5] + v[5:]) ** order).sum()},
    )
    ours = project(torch.tensor(z)[None], torch.tensor(x)[None], eps)[0].numpy()
    assert ((ours - z) ** 2).sum() <= split.fun + SOLVED * 1e-2
    assert abs(x + split.x[:5] - split.x[5:] - ours).max() < SOLVED**0.5


@pytest.mark.parametrize("project", [project_l1, project_l2, project_linf])
def test_points_of_ball_and_box_stay(project):
    x = torch.tensor([[0.5, 0.0, 1.0]], dtype=torch.float64)
    z = torch.tensor([[0.6, 0.1, 0.9]], dtype=torch.float64)
    assert (project(z, x, 0.35) - z).abs().max() <= EXACT


@pytest.mark.parametrize("project", [project_l1, project_l2, project_linf])
def test_each_image_has_its_own_ball(project):
    torch.manual_seed(0)
    x, z = torch.rand(6, 3, 4, 4), torch.randn(6, 3, 4, 4)
    together = project(z, x, 0.5)
    assert all(torch.equal(together[i : i + 1], project(z[i : i + 1], x[i : i + 1], 0.5)) for i in range(6))


@pytest.mark.parametrize(("project", "order", "eps"), [(project_l1, 1, 12.0), (project_l2, 2, 0.5)])
def test_whole_images_in_single_precision_stay_inside_and_use_the_whole_ball(project, order, eps):
    torch.manual_seed(0)
    x = torch.rand(8, 3, 32, 32).round(decimals=1)
    z = x + torch.randn_like(x) * torch.tensor([0, 1e-4, 1e-3, 1e-2, 0.1, 0.3, 1, 3]).view(-1, 1, 1, 1)
    y = project(z, x, eps)
    size = (y - x).double().flatten(1).norm(p=order, dim=1)
    reach = (z.clamp(0, 1) - x).double().flatten(1).norm(p=order, dim=1).clamp_max(eps)
    assert y.min() >= 0 and y.max() <= 1
    assert (size - reach).abs().max() <= SINGLE * 12
    exact = project(z.double(), x.double(), eps)
    assert (y - exact).abs().max() <= SINGLE


def test_the_l1_projection_by_hand():
    x = torch.tensor([[0.9, 0.5, 0.5]], dtype=torch.float64)
    z = torch.tensor([[1.9, 1.0, 0.6]], dtype=torch.float64)
    # rooms .1, .5, .5; distances 1, .5, .1; with s = .2: .1 (wall) + .3 + 0 = .4
    assert project_l1(z, x, 0.4)[0].tolist() == pytest.approx([1.0, 0.8, 0.5], abs=EXACT)


def test_the_l2_projection_by_hand():
    x = torch.tensor([[0.9, 0.5, 0.5]], dtype=torch.float64)
    z = torch.tensor([[1.9, 1.1, 0.5]], dtype=torch.float64)
    # rooms .1, .5; distances 1, .6; .1 is at the wall, and what is left of .26 is .5^2: t = .4 / .6 for .17 = .01 + .16
    assert project_l2(z, x, 0.17**0.5)[0].tolist() == pytest.approx([1.0, 0.9, 0.5], abs=EXACT)


def test_an_l1_ball_of_radius_zero_holds_its_centre_alone_also_where_a_wall_takes_the_largest_step():
    x = torch.zeros(1, 9, dtype=torch.float64)
    z = x.clone()
    z[0, 7], z[0, 8] = 1.0, -1.0
    assert torch.equal(project_l1(z, x, 0.0), x)
