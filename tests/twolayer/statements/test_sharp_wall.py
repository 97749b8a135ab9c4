"""The observer's own crease as a wall of A_k: no bound is violated, by hand or where a crease is hidden best."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as Q

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from twolayer import exact
from twolayer.certify.suprema import active_domains, gradient_suprema
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box
from twolayer.restriction.restricted import restricted
from twolayer.statements.check import check
from twolayer.statements.setting import Setting
from twolayer.statements.sharp import local, wall
from twolayer.statements.sharp.around import sizes

from ...strategies import quick
from .test_sharp_adversarial import gentle, hiding, mine, row
from .test_sharp_local import distance, readings

FAR = 8  # relu(z + 8) is linear on the cube
EVERY = 100.0  # a sine that every bound beats


def walled(own, drawn, dimension=2):
    """A crease on H = {last coordinate = 0} of [-1, 1]^d that observer 0 = relu(own) sees; hidden best behind drawn creases.

    own: (w, b); drawn: (w, b, a student's?). The program of `best_hidden`, over the vertices of A_k alone, where the kink of
    the observer is affine. -> the instance
    """
    unit = np.eye(dimension)
    masses, slope, constant = hiding([(unit[-1], 0), *((w, b) for w, b, _ in drawn)], within=own)
    teacher = [(unit[-1], 0, 1), *((w, b, mass) for (w, b, mine), mass in zip(drawn, masses, strict=True) if not mine)]
    student = [(*own, 1), *((w, b, -mass) for (w, b, mine), mass in zip(drawn, masses, strict=True) if mine)]
    # on A_k the observer is w . z + b: the teacher gives it back together with the affine part
    slope = [a + c for a, c in zip(slope, own[0], strict=True)]
    teacher += [(unit[j], FAR, a) for j, a in enumerate(slope)]
    teacher += [(np.zeros(dimension), 1, constant + own[1] - FAR * sum(slope))]
    networks = [TwoLayer([w for w, _, _ in x], [b for _, b, _ in x], [[v for _, _, v in x]]) for x in (teacher, student)]
    return Instance(*networks, Box([-1] * dimension, [1] * dimension))


def seen(instance):
    """(setting, crease on H, sizes as observer 0 sees it, A_k); None where H does not enter A_k, or a student is on it."""
    problem = restricted(instance)
    domains = active_domains(problem)
    made = Setting(instance, problem, domains, gradient_suprema(problem, domains))
    i, observer = made.crease(problem.teacher[0]), problem.student[0]
    size = sizes(made, i, observer)
    if domains[0] is None or made.shapes.ball(i, domains[0]) is None or made.masses.carries_student[i]:
        return None
    return (made, i, size, domains[0]) if size.kappa > 0 and size.epsilon > 0 else None


def assert_no_wall_is_violated(instance):
    """-> the bounds proved, with eps_k and with a local gradient; None where there is nothing to bound."""
    case = seen(instance)
    if case is None:
        return None
    made, i, size, domain = case
    the_wall, measured, said = wall.wall_of(made, i, size.observer, domain), made.angles.best_student(i)[0], {}
    for name, body in () if the_wall is None else bodies(made, i, the_wall, size):
        bound = wall.proved(made, i, body)
        if bound is not None:
            assert not measured > bound.value, bound
            assert body.value == pytest.approx(float(bound.value.mid()), rel=1e-6)
            said[name] = float(bound.value.mid())
    return said


def bodies(made, i, the_wall, size):
    """The balls beside a wall with eps_k and with a local gradient, whatever they say."""
    both = {"eps": wall.with_epsilon(the_wall, size, EVERY), "local": wall.with_pairing(made, i, the_wall, size, EVERY)}
    return [(name, body) for name, body in both.items() if body is not None]


tilts = st.builds(Q, st.integers(-12, 12), st.sampled_from((10, 40, 200)))
shifts = st.builds(Q, st.integers(-9, 9), st.sampled_from((10, 100)))
plane_walls = st.tuples(st.tuples(tilts, st.sampled_from((Q(1), Q(-1)))), shifts)
space_walls = st.tuples(st.tuples(tilts, tilts, st.sampled_from((Q(1), Q(-1)))), shifts)
plane_creases = st.lists(st.tuples(st.tuples(gentle, st.just(Q(1))), gentle, mine), max_size=5)
space_creases = st.lists(st.tuples(st.tuples(gentle, gentle, st.just(Q(1))), gentle, mine), max_size=3)


@settings(quick, max_examples=80)
@given(plane_walls, plane_creases)
def test_no_bound_from_a_wall_is_violated_by_a_crease_hidden_in_the_plane(own, drawn):
    assert_no_wall_is_violated(walled(own, drawn))


@settings(quick, max_examples=40)
@given(space_walls, space_creases)
def test_no_bound_from_a_wall_is_violated_by_a_crease_hidden_in_space(own, drawn):
    assert_no_wall_is_violated(walled(own, drawn, 3))


def some(rng, count):
    """Walls of many slopes and offsets, large and small, and creases of small slopes: eps is small where nobody is near."""
    for trial in range(count):
        share = 1 if trial % 2 else 20
        own = ([Q(int(rng.integers(-20, 21)), 10 * share), Q(1)], Q(int(rng.integers(-9, 10)), 10 * share))
        creases = [
            ([Q(int(rng.integers(-8, 9)), 20), Q(1)], Q(int(rng.integers(-4, 5)), 10), bool(rng.integers(0, 4)))
            for _ in range(int(rng.integers(2, 6)))
        ]
        yield walled(own, creases)


def test_walls_speak_on_hidden_creases():
    """The tests above are no tests of silence."""
    said = [assert_no_wall_is_violated(instance) for instance in some(np.random.default_rng(5), 40)]
    assert sum(bound is not None and "eps" in bound for bound in said) >= 15
    assert sum(bound is not None and "local" in bound for bound in said) >= 3


@pytest.mark.parametrize("fault", ["price", "others"])
def test_a_wall_without_its_price_or_without_the_other_students_is_noticed(monkeypatch, fault):
    if fault == "price":
        monkeypatch.setattr(wall.Wall, "rho", property(lambda self: 100 * self.height / self.sine))
        whole = wall.proved
        monkeypatch.setattr(wall, "proved", lambda made, i, body: replace(whole(made, i, body), value=arb(body.value)))
    else:
        monkeypatch.setattr(wall.Body, "met", property(lambda self: np.zeros(len(self.wall.near.index), dtype=bool)))
    with pytest.raises(AssertionError):
        for instance in some(np.random.default_rng(5), 60):
            assert_no_wall_is_violated(instance)


def test_a_student_next_to_the_teacher_sees_it_by_the_length_of_its_crease():
    """relu(y) against relu(y - x / 100), whose A_k holds x <= 100 y: H enters it at x <= 0, and no ball is thicker than 1/200.

    h = relu(y) - y + x/100 on A_k is largest in (-1, 0) and (-1, -1/100), eps = 1/100. x = (-1/2, 0) is 1/2 from the wall
    along H: the bound is 4 eps / (1/2) = 8/100, 8 times the sine. The crease and the wall paired on B and A_k say 2 times.
    """
    student = TwoLayer([[Q(-1, 100), 1]], [0], [[1]])
    result = check(Instance(TwoLayer([[0, 1]], [0], [[1]]), student, Box([-1, -1], [1, 1])))
    assert result.gradient == pytest.approx((0.01, 0.01))
    made, i, size, domain = seen(result.instance)
    with_eps, with_local = wall.bodies(made, i, size, domain, EVERY)
    assert with_eps.value == pytest.approx(0.08, rel=1e-6)
    assert with_eps.wall.rho == pytest.approx(0.5, rel=1e-9)
    assert with_local.value == pytest.approx(0.02 / (1 - 0.02), rel=1e-3)
    said = row(result, "theorem-2", "sharp")
    assert said.terms["method"] == "wall" and said.verdict == "holds" and said.bound == pytest.approx(0.0204, rel=1e-2)
    assert said.terms["local_epsilon"] < said.terms["epsilon"]


@settings(quick, max_examples=80)
@given(plane_walls, plane_creases)
def test_a_wall_that_beats_a_goal_is_within_its_reach(own, drawn):
    """Unless its bound is below its own sine: its ball lies in A_k then, where Theorem 2' speaks without a wall."""
    given_by_hand = seen(walled(own, drawn))
    if given_by_hand is None or given_by_hand[3].whole is None:
        return
    made, i, size, domain = given_by_hand
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wall, "_within_reach", lambda *_: True)
        spoken = wall.bodies(made, i, size, domain, EVERY)
    for body in spoken:
        goal = body.value * (1 + 1e-9)
        assert goal <= body.wall.sine or wall._within_reach(made, i, size, domain.whole, goal)


def test_a_wall_says_nothing_where_the_region_is_too_thin_for_its_ball():
    """R = (-1, 1) x (-t, t), the observer relu(y - x), h = |y|/2 - t/4 on A_k: eps = t/4, and X > 1 needs a radius above t."""
    t = Q(1, 100)
    teacher = TwoLayer([[0, 1], [1, 0], [0, 1], [0, 0]], [0, FAR, FAR, 1], [[1, -1, Q(1, 2), Q(FAR, 2) - t / 4]])
    instance = Instance(teacher, TwoLayer([[-1, 1]], [0], [[1]]), Box([-1, -t], [1, t]))
    made, i, size, domain = seen(instance)
    assert float(size.epsilon.mid()) == pytest.approx(float(t) / 4)
    the_wall = wall.wall_of(made, i, size.observer, domain)
    assert the_wall.rho > 0.4 and the_wall.ball.radius <= float(t) and not bodies(made, i, the_wall, size)
    assert row(check(instance), "theorem-2", "sharp").verdict == "vacuous"


@settings(quick, max_examples=40)
@given(plane_walls, plane_creases)
def test_a_local_gradient_beside_a_wall_is_above_every_reading_of_h_in_the_active_region(own, drawn):
    assert_enclosed(walled(own, drawn))


def assert_enclosed(instance):
    """The pairing with the wall is above the distance of h from affine functions on points of the ball in A_k. -> how loose"""
    case, loose = seen(instance), []
    if case is None:
        return loose
    made, i, size, domain = case
    the_wall = wall.wall_of(made, i, size.observer, domain)
    if the_wall is None or the_wall.crease not in the_wall.near.index:
        return loose
    rng = np.random.default_rng(0)
    tried = [the_wall.ball.radius * share for share in (0.1, 0.4, 1.0)]
    for pairing in local.pairings_in(made, i, size, the_wall.ball, the_wall.near, tried, the_wall.crease):
        points, values = readings(made.problem, the_wall.ball.centre, pairing.radius, rng)
        r = exact.rational(pairing.radius)
        kept = [n for n, p in enumerate(points) if domain.contains(the_wall.ball.centre + r * exact.rationals(p))]
        if len(kept) > 5:
            least = distance(np.array(points)[kept], [values[n] for n in kept])
            assert not pairing.proved() * (1 + 1e-9) < exact.ball(least), (pairing.radius, pairing.proved(), least)
            loose += [float(pairing.proved().mid()) / least] if least > 0 else []
    return loose


def test_the_pairing_with_a_wall_is_not_far_from_the_truth():
    loose = [x for instance in some(np.random.default_rng(6), 20) for x in assert_enclosed(instance)]
    assert len(loose) >= 30 and np.median(loose) < 4


@pytest.mark.parametrize("power", [-480, -200, 200, 480])
def test_a_wall_speaks_at_every_scale(power):
    unit = Q(2) ** power
    student = TwoLayer([[-unit / 100, unit]], [0], [[1]])
    verdict = row(check(Instance(TwoLayer([[0, unit]], [0], [[1]]), student, Box([-1, -1], [1, 1]))), "theorem-2", "sharp")
    assert verdict.terms["method"] == "wall" and verdict.bound == pytest.approx(0.0204, rel=1e-2)
