"""Attacks: what an iterate is, what a step is, and a test for every way of getting them wrong that we know of."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from cifar_made import real_images, small_network  # noqa: E402
from torch import nn  # noqa: E402

from cifar import ascent, attacks, objectives  # noqa: E402
from cifar.attacks import L1, L2, Linf, pgd, strongest  # noqa: E402
from cifar.networks import inner_copy  # noqa: E402
from cifar.patches import off_plane, spectrum  # noqa: E402

ROUNDING = 1e-5  # float32 sums over one image
DIFFERENCE = 1e-5  # central differences of step 1e-6 in float64, relative
BALLS = [(Linf(0.1), 0.02), (L2(0.7), 0.1), (L1(6.0, 0.05), 0.8)]
STORED = 300 * 2**-25  # of each of 300 pixels below 1, half the spacing of float32
SIZE = 10  # pixels a side: three 3x3 layers still fit


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(count: int = 6, seed: int = 0) -> torch.Tensor:
    """Pixels of which one in three stands at a wall."""
    x = torch.rand(count, 3, SIZE, SIZE, generator=generator(seed))
    return torch.where(x < 1 / 6, 0, torch.where(x > 5 / 6, 1, x))


def networks(count: int = 2, **more):
    return [small_network((5, 4), seed, size=SIZE, **more) for seed in range(count)]


class Linear(nn.Module):
    """Two classes; the second's margin is w . x + b."""

    def __init__(self, w, b=0.0):
        super().__init__()
        self.w, self.b = nn.Parameter(w), b

    def forward(self, x):
        value = x.flatten(1) @ self.w + self.b
        return torch.stack([torch.zeros_like(value), value], 1)


def ascending(w):
    """The margin of the second class as an objective."""
    return objectives.margin(Linear(w), torch.zeros(1, dtype=torch.long).expand(3))


# Objectives


@pytest.mark.parametrize("name", ["logit distance", "gap", "margin", "cross-entropy", "data", "fixed label"])
def test_the_gradient_of_an_objective_is_that_of_finite_differences_through_both_networks(name):
    student, teacher = (network.double() for network in networks())
    x = images(2).double() * 0.9 + 0.05
    objective = {
        "logit distance": objectives.logit_distance(student, teacher),
        "gap": objectives.largest_gap(student, teacher),
        "margin": objectives.margin(student, teacher),
        "cross-entropy": objectives.cross_entropy_to_oracle(student, teacher),
        "data": objectives.data_adversarial(student, teacher, images(2, 1).double()),
        "fixed label": objectives.margin(student, torch.tensor([3, 4])),
    }[name]
    point = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(objective(point).sum(), point)
    assert gradient.abs().max() > 0
    for direction in torch.randn(20, *x.shape, generator=generator(), dtype=torch.float64):
        with torch.no_grad():
            slope = (objective(x + 1e-6 * direction) - objective(x - 1e-6 * direction)) / 2e-6
        expected = (gradient * direction).flatten(1).sum(1)
        assert (slope - expected).abs().max() <= DIFFERENCE * gradient.flatten(1).norm(dim=1).max() * SIZE


def test_the_logit_distance_follows_the_teacher_too():
    student, teacher = networks()
    x = images().requires_grad_()
    objective = objectives.logit_distance(student, teacher)
    (both,) = torch.autograd.grad(objective(x).sum(), x)
    (alone,) = torch.autograd.grad(objectives.data_adversarial(student, teacher, x)(x).sum(), x)
    (other,) = torch.autograd.grad(objectives.data_adversarial(teacher, student, x)(x).sum(), x)
    assert (both - alone - other).abs().max() <= ROUNDING * both.abs().max()
    assert (both - alone).abs().max() > 0.1 * both.abs().max()


@pytest.mark.parametrize("constant", [-1000.0, 1000.0])
def test_a_constant_added_to_all_logits_changes_no_margin(constant):
    logits = torch.randn(8, 10, generator=generator(), dtype=torch.float64)
    labels = torch.arange(8)
    assert (objectives.excess(logits + constant, labels) - objectives.excess(logits, labels)).abs().max() < 1e-12


def test_the_margin_by_hand():
    logits = torch.tensor([[3.0, 1.0, 2.0], [-5.0, -9.0, -7.0]])
    assert objectives.excess(logits, torch.tensor([0, 1])).tolist() == [-1.0, 4.0]
    assert objectives.excess(logits, torch.tensor([2, 0])).tolist() == [1.0, -2.0]


def test_a_margin_above_its_confidence_has_no_gradient():
    w = torch.ones(3 * SIZE * SIZE)
    x = torch.full((3, 3, SIZE, SIZE), 0.5)
    limited = objectives.margin(Linear(w, -140.0), torch.zeros(3, dtype=torch.long), 5.0)  # 150 - 140 = 10 > 5
    assert limited(x).tolist() == [5.0] * 3
    assert torch.equal(pgd(limited, x, Linf(0.1), step=0.01, steps=2, start=False).last, x)


@pytest.mark.parametrize("make", [objectives.logit_distance, objectives.margin])
def test_confidence_does_not_hide_the_gradient(make):
    student, teacher = networks()
    x = images().requires_grad_()

    def loud(x):  # so confident that its probabilities are 0 and 1 in float32
        return 1e4 * student(x)

    (gradient,) = torch.autograd.grad(make(loud, teacher)(x).sum(), x)
    assert (gradient.flatten(1).norm(dim=1) > 1).all()


def test_the_largest_gap_is_of_logits_by_hand():
    def student(x):
        return torch.tensor([[7.0, 2.0, 1.0]])

    def teacher(x):
        return torch.tensor([[4.0, 1.5, 5.5]])

    assert objectives.largest_gap(student, teacher)(torch.zeros(1, 3, 2, 2)).tolist() == [4.5]


# Steps, starts, balls


@pytest.mark.parametrize(("ball", "step"), BALLS, ids=str)
def test_a_linear_model_gains_the_dual_norm_times_eps(ball, step):
    w = torch.randn(3 * SIZE * SIZE, generator=generator(), dtype=torch.float64)
    x = torch.full((3, 3, SIZE, SIZE), 0.5, dtype=torch.float64)
    small = type(ball)(**{**vars(ball), "eps": 0.05, **({"share": 0.0} if isinstance(ball, L1) else {})})  # no wall is near
    objective = ascending(w)
    found = pgd(objective, x, small, step=0.01, steps=40, generator=generator())
    dual = w.norm(p={Linf: 1, L2: 2, L1: torch.inf}[type(ball)])
    gain = objective(found.last) - objective(x)
    assert (gain <= 0.05 * dual + 1e-12).all()
    assert (gain >= 0.05 * dual * 0.9999).all()  # the l2 gradient's direction is reached only in the limit


def test_the_l1_attack_of_a_linear_model_fills_the_room_of_the_best_coordinates():
    w = torch.randn(3 * SIZE * SIZE, generator=generator())
    x = images(3)
    objective, eps = ascending(w), 4.0
    found = pgd(objective, x, L1(eps, 0.01), step=2.5 * eps / 40, steps=40, generator=generator())
    for image, gain in zip(x.flatten(1), objective(found.last) - objective(x), strict=True):
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
        assert (ball.size(point, x) <= eps * (1 + ROUNDING) + STORED).all()
        gradient = torch.randn(x.shape, generator=generator(seed + 1)).sign() * 10.0
        point = ball.step(point, gradient, x, eps)


@pytest.mark.parametrize(("ball", "step"), BALLS, ids=str)
def test_starts_are_random_repeatable_and_of_all_sizes(ball, step):
    x = torch.full((64, 3, SIZE, SIZE), 0.5)
    first = ball.start(x, generator(1))
    assert torch.equal(first, ball.start(x, generator(1))) and not torch.equal(first, ball.start(x, generator(2)))
    sizes = ball.size(first, x)
    assert sizes.max() > 0.9 * ball.eps and len(sizes.unique()) > 32
    assert ((first > x).float().mean() - 0.5).abs() < 0.02


def test_memory_layout_changes_no_start():
    x = images()
    for ball, _ in BALLS:
        assert torch.equal(ball.start(x.contiguous(memory_format=torch.channels_last), generator()), ball.start(x, generator()))


@pytest.mark.parametrize("wall", [0.0, 1.0])
@pytest.mark.parametrize("name", ["linf", "l2", "l1", "l1-small", "fgsm", "cw", "cw-l2"])
def test_a_pixel_at_a_wall_can_leave_it(name, wall):
    w = torch.full((3 * SIZE * SIZE,), 1.0 if wall == 0 else -1.0)
    x = torch.full((3, 3, SIZE, SIZE), wall)
    inwards = Linear(w, -0.3 if wall == 0 else 299.7)  # flips once the pixels have moved by .3 in all
    oracle = Linear(torch.zeros_like(w), -1.0)
    found = attacks.table(inwards, oracle)[name](x, generator())
    assert ((found.last - x).flatten(1).abs().amax(1) > (1e-4 if name == "cw-l2" else 1e-3)).all()
    assert name == "l1-small" or (found.best_loss > 0).all()


def test_images_of_walls_alone_are_carried_across_the_boundary_by_carlini_and_wagner():
    w = torch.full((3 * SIZE * SIZE,), 1.0)
    found = attacks.carlini_l2(objectives.margin(Linear(w, -4.0), torch.zeros(2, dtype=torch.long)),
                               torch.zeros(2, 3, SIZE, SIZE), budget=0.5)
    assert found.distance.tolist() == pytest.approx([4 / 300**0.5] * 2, rel=0.05)  # the exact distance of the boundary


# Projected gradient ascent


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
    objective, watch = attacks.oracle_watch(objectives.logit_distance(student, teacher), student, teacher)
    start = ball.start(x, generator())
    found = pgd(objective, x, ball, step=4 * step, steps=7, start=start, watch=watch)
    points = torch.stack(iterates(objective, x, ball, 4 * step, 7, start))
    losses = torch.stack([objective(point) for point in points]).detach()
    scores = torch.stack([watch(*objective.logits(point)) for point in points]).detach()
    rows = torch.arange(len(x))
    assert torch.equal(found.last, points[-1])
    assert torch.equal(found.best, points[losses.argmax(0), rows]) and torch.equal(found.best_loss, losses.amax(0))
    assert torch.equal(found.watched, points[scores.argmax(0), rows])
    if not isinstance(ball, L2):  # whose steps are smooth
        assert len(losses.argmax(0).unique()) > 1  # the samples disagree on when, so a choice by batch would show


@pytest.mark.parametrize(("ball", "step"), BALLS, ids=str)
def test_more_steps_never_lower_the_best_loss(ball, step):
    objective, x = objectives.logit_distance(*networks()), images()
    start = ball.start(x, generator())
    best = [pgd(objective, x, ball, step=5 * step, steps=steps, start=start).best_loss for steps in (0, 1, 2, 5, 10, 20)]
    assert all((after >= before).all() for before, after in zip(best, best[1:], strict=False))
    assert torch.equal(best[0], objective(start)) and (best[-1] > best[0]).all()


def test_one_step_without_a_start_is_the_fast_gradient_sign():
    student, teacher = networks()
    objective, x = objectives.logit_distance(student, teacher), images()
    point = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(objective(point).sum(), point)
    fast = (x + 10 / 255 * gradient.sign()).clamp(0, 1)
    assert (attacks.table(student, teacher)["fgsm"](x).last - fast).abs().max() <= 1e-7
    found = pgd(objective, x, Linf(10 / 255), step=10 / 255, steps=1, start=False)
    assert torch.equal(attacks.table(student, teacher)["fgsm"](x).last, found.last)


def test_restarts_keep_the_worst_sample_not_the_worst_batch():
    def run(losses, value):
        full = torch.full((3, 1, 2, 2), value)
        return ascent.Adversarial(full, full, torch.tensor(losses), full, torch.tensor(losses[::-1]))

    both = strongest(run([1.0, 5.0, 2.0], 0.1), run([3.0, 2.0, 2.5], 0.2))
    assert both.best_loss.tolist() == [3.0, 5.0, 2.5]
    assert both.best[:, 0, 0, 0].tolist() == both.last[:, 0, 0, 0].tolist() == pytest.approx([0.2, 0.1, 0.2])
    assert both.watched_score.tolist() == [2.5, 5.0, 3.0]
    assert both.watched[:, 0, 0, 0].tolist() == pytest.approx([0.2, 0.1, 0.2])


def test_a_student_equal_to_its_teacher_gives_no_loss_and_no_gradient():
    (teacher,) = networks(1)
    x = images()
    start = Linf(0.1).start(x, generator())
    found = pgd(objectives.logit_distance(teacher, teacher), x, Linf(0.1), step=0.02, steps=5, start=start)
    assert (found.best_loss == 0).all() and torch.allclose(found.last, start, atol=1e-7)


def test_the_clean_images_are_not_changed_and_need_no_gradient_afterwards():
    x = images()
    before = x.clone()
    pgd(objectives.logit_distance(*networks()), x, Linf(0.1), step=0.02, steps=3, generator=generator())
    assert torch.equal(x, before) and not x.requires_grad


def test_an_attack_works_where_gradients_are_switched_off():
    objective, x = objectives.logit_distance(*networks()), images()
    start = Linf(0.1).start(x, generator())
    with torch.no_grad():
        inside = pgd(objective, x, Linf(0.1), step=0.02, steps=3, start=start).last
    assert torch.equal(inside, pgd(objective, x, Linf(0.1), step=0.02, steps=3, start=start).last)


# Modes and parameters


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
    found = pgd(objectives.logit_distance(student, teacher), x, Linf(0.1), step=0.02, steps=3, start=False)
    assert modes and not any(modes)
    assert [module.training for module in student.modules()] == before and teacher[1].training
    assert torch.equal(student[1].running_mean, statistics)
    assert not student[0].weight.requires_grad and student[5].weight.requires_grad
    assert all(p.grad is None for network in (student, teacher) for p in network.parameters())
    student.eval(), teacher.eval()
    again = pgd(objectives.logit_distance(student, teacher), x, Linf(0.1), step=0.02, steps=3, start=False)
    assert torch.equal(found.last, again.last)


@pytest.mark.parametrize("run", ["pgd", "carlini"])
def test_modes_are_restored_when_an_attack_fails(run):
    network = with_statistics().train()

    def broken(*logits):
        raise RuntimeError("planted")

    objective = objectives.Objective((network,), broken)
    with pytest.raises(RuntimeError, match="planted"):
        if run == "pgd":
            pgd(objective, images(), Linf(0.1), step=0.02, steps=3)
        else:
            attacks.carlini_l2(objective, images(), budget=0.5)
    assert all(module.training for module in network.modules())
    assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("name", sorted(attacks.NAMES))
def test_no_row_of_the_table_leaves_a_parameter_gradient_or_leaves_the_box(name):
    student, teacher, surrogate = networks(3)
    x = images(3)
    rows = attacks.table(student, teacher, surrogate, spectrum(images(20)), steps=3)
    found = rows[name](x, generator())
    assert found.last.shape == x.shape and found.last.dtype == x.dtype
    for point in (found.last, found.best, found.watched):
        assert point.min() >= 0 and point.max() <= 1 and not point.requires_grad
    assert all(p.grad is None and p.requires_grad for n in (student, teacher, surrogate) for p in n.parameters())


def test_half_precision_copies_give_points_in_full_precision_and_nearly_the_same_loss():
    student, teacher = small_network((8, 6), 0), small_network((8, 6), 1)
    x = real_images().pixels[:8].float() / 255
    exact = objectives.logit_distance(student, teacher)
    start = Linf(10 / 255).start(x, generator())
    found = pgd(exact, x, Linf(10 / 255), step=0.01, steps=20, start=start)
    copies = [inner_copy(network, dtype=torch.bfloat16, multiple=8)[0] for network in (student, teacher)]
    fast = pgd(objectives.logit_distance(*copies), x, Linf(10 / 255), step=0.01, steps=20, start=start)
    assert fast.last.dtype == torch.float32 and (fast.last - x).abs().max() <= 10 / 255 + 1e-7
    gained, reference = exact(fast.last) - exact(x), exact(found.last) - exact(x)
    assert (gained.sum() / reference.sum() - 1).abs() < 0.1  # bf16 has 8 bits; the loss agrees within 1 % on trained networks


# Rows


def test_the_transfer_attack_knows_the_student_only_to_watch_it():
    student, teacher, surrogate = networks(3)
    x = images()
    found = attacks.table(student, teacher, surrogate)["transfer"](x, generator())
    blind = pgd(objectives.logit_distance(surrogate, teacher), x, Linf(10 / 255), step=0.01, steps=40, generator=generator())
    assert torch.equal(found.last, blind.last) and torch.equal(found.best_loss, blind.best_loss)


def test_in_plane_and_out_plane_part_the_same_two_runs_sample_by_sample():
    student, teacher = networks()
    x = images(12)
    patches = spectrum(images(20))
    rows = attacks.table(student, teacher, None, patches)
    shared = generator(3)
    runs = [rows["linf"](x, shared).last for _ in range(2)]
    near, far = rows["in-plane"](x, generator(3)).last, rows["out-plane"](x, generator(3)).last
    distances = torch.stack([off_plane(run, patches) for run in runs])
    assert torch.equal(off_plane(near, patches), distances.amin(0)) and torch.equal(off_plane(far, patches), distances.amax(0))
    assert 0 < (distances[0] < distances[1]).float().mean() < 1


def test_rows_that_lack_what_they_need_are_not_there():
    student, teacher = networks()
    missing = set(attacks.NAMES) - set(attacks.table(student, teacher))
    assert missing == {"transfer", "in-plane", "out-plane"}


def test_the_data_row_aims_at_the_teacher_at_the_clean_image():
    student, teacher = networks()
    x = images()
    found = attacks.table(student, teacher)["data"](x, generator())
    loss = (student(found.last) - teacher(x)).square().sum(1)
    assert (loss > (student(x) - teacher(x)).square().sum(1)).all()
    highest = (student(found.best) - teacher(x)).square().sum(1)
    assert (found.best_loss - highest).abs().max() <= ROUNDING and (highest >= loss - ROUNDING).all()


def test_carlini_and_wagner_find_the_nearest_image_of_a_linear_model_and_respect_the_budget():
    w = torch.randn(3 * SIZE * SIZE, generator=generator())
    x = torch.full((3, 3, SIZE, SIZE), 0.5)
    b = -(w.sum() / 2).item()
    for wanted in (0.2, 0.4):
        student = Linear(w, b - wanted * w.norm().item())  # the boundary lies exactly this far from x
        oracle = Linear(torch.zeros_like(w), -1.0)
        found = attacks.carlini_l2(objectives.margin(student, oracle), x, budget=0.3)
        assert found.found.all() and found.distance.tolist() == pytest.approx([wanted] * 3, rel=0.03)
        assert (found.distance >= wanted * 0.9999).all()
        counted = found.within(0.3, x)
        flipped = student(counted.last).argmax(1) == 1
        assert flipped.tolist() == [wanted < 0.3] * 3
        assert (L2(0.3).size(counted.last, x) <= 0.3 + ROUNDING).all()
        assert wanted < 0.3 or torch.equal(counted.last, x)


@pytest.mark.parametrize("first_weight", [1e-3, 1.0, 10.0])
def test_carlini_and_wagner_find_the_weight_wherever_they_start(first_weight):
    w = torch.randn(3 * SIZE * SIZE, generator=generator())
    x = torch.full((2, 3, SIZE, SIZE), 0.5)
    student = Linear(w, -(w.sum() / 2).item() - 0.3 * w.norm().item())
    found = attacks.carlini_l2(objectives.margin(student, Linear(torch.zeros_like(w), -1.0)), x, budget=0.3, searches=10,
                               first_weight=first_weight)
    assert found.distance.tolist() == pytest.approx([0.3] * 2, rel=0.02)


def test_carlini_and_wagner_leave_an_image_that_parts_the_networks_already():
    w = torch.ones(3 * SIZE * SIZE)
    x = images(3)
    found = attacks.carlini_l2(objectives.margin(Linear(w, 1.0), Linear(w, -1000.0)), x, budget=0.3)
    assert found.distance.tolist() == [0.0] * 3 and torch.equal(found.image, x)


def test_a_huge_eps_leaves_nothing_to_stand_on():
    student, teacher = networks()
    x = images(12)
    rows = attacks.table(student, teacher, eps=1.0, step=0.1)
    clean = teacher(x).argmax(1)
    found = rows["cw-label"](x, generator())
    assert (student(found.last).argmax(1) != clean).all()


# Peers


def peer_setting():
    student = small_network((5, 4), size=SIZE).eval()
    x, labels = images(8), torch.arange(8)
    return student, x, labels, objectives.cross_entropy_to_oracle(student, labels)


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
