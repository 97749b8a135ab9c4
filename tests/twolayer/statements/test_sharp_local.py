"""Local gradients: above every exact reading of h on their ball, and near it; and no row of theirs is ever violated."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction as Q

import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from twolayer import exact
from twolayer.certify.suprema import active_domains, gradient_suprema
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Polytope, Subspace
from twolayer.restriction.domains import domain
from twolayer.restriction.restricted import restricted
from twolayer.statements.check import check
from twolayer.statements.setting import Setting
from twolayer.statements.sharp import best as sharp
from twolayer.statements.sharp import local, plane
from twolayer.statements.sharp.around import around, radii, sizes

from ...strategies import quick
from .test_sharp_adversarial import best_hidden, gentle, plane_creases, row, space_creases
from .test_sharp_methods import built

ABOVE = 1 + 1e-9  # for what floats say of points that are not exactly where they should be


def seen(instance):
    """(setting, sizes of the crease on H as observer 0 sees it, the ball around H, the creases around its centre)."""
    problem = restricted(instance)
    domains = active_domains(problem)
    made = Setting(instance, problem, domains, gradient_suprema(problem, domains))
    i, observer = made.crease(problem.teacher[0]), problem.student[0]
    inscribed = made.shapes.ball(i, domains[0])
    return made, i, sizes(made, i, observer), inscribed, around(made, i, observer, inscribed.centre)


def levels(instance):
    """[(radius, bounds by name on the distance from affine functions in the ball), ...], and the ball that holds them."""
    made, i, size, inscribed, near = seen(instance)
    scene, unit, out = local.scene_of(made, i, size, inscribed, near), made.float_unit(size.observer), []
    for radius in map(float, radii(inscribed.radius, near.distance)):
        pairing = scene.paired(radius)
        bounds = {"pairs": pairing.proved()}
        assert pairing.value * exact.nearest_float(unit) == pytest.approx(float(bounds["pairs"].mid()), rel=1e-9)
        vertices = local.by_vertices(scene, radius) if made.problem.dimension == 2 else None
        if vertices is not None:
            bounds["vertices"] = arb(exact.rational(vertices[0] * radius) * unit)
        out.append((radius, bounds))
    return out, made.problem, inscribed


def readings(problem, centre, radius, rng, count=60):
    """(points of a ball as multiples of its radius, with crossings of creases; h there, exact, less its slopes at 0)."""
    h, d = problem.gradient(problem.student[0]), problem.dimension
    r, normals = exact.rational(radius), np.array([exact.nearest(crease.normal) for crease in problem.creases])
    heights = np.array([exact.nearest_float(((c.normal * centre).sum() + c.offset) / r) for c in problem.creases])
    points = list(rng.normal(size=(count, d)))
    points = [p / np.linalg.norm(p) for p in points]
    for chosen in itertools.combinations(range(len(normals)), d):
        if abs(np.linalg.det(normals[list(chosen)])) > 1e-9:
            points.append(np.linalg.solve(normals[list(chosen)], -heights[list(chosen)]))
    points = np.array([p * (1 - 1e-12) for p in points if np.linalg.norm(p) < 1 + 1e-13])
    value = lambda p: h(centre + r * exact.rationals(p))  # noqa: E731
    start = value(np.zeros(d))
    slopes = np.array([value(axis) - start for axis in np.eye(d)], dtype=object)
    return points, [value(p) - start - (slopes * exact.rationals(p)).sum() for p in points]


def distance(points, values):
    """The distance of values from affine functions on points: a linear program's, less what floats may have added."""
    scale = max((abs(v) for v in values), default=exact.ONE) or exact.ONE
    y = np.array([exact.nearest_float(v / scale) for v in values])
    columns, ones = np.column_stack([points, np.ones(len(points))]), np.ones((len(points), 1))
    program = linprog(
        np.append(np.zeros(columns.shape[1]), 1.0),
        A_ub=np.block([[-columns, -ones], [columns, -ones]]),
        b_ub=np.append(-y, y),
        bounds=[(None, None)] * columns.shape[1] + [(0, None)],
    )
    return max(program.x[-1] - 1e-6, 0.0) * exact.nearest_float(scale)


def assert_enclosed(instance, seed=0):
    """Every bound is above the distance at points of the ball; -> largest quotients bound / distance by name."""
    enclosures, problem, inscribed = levels(instance)
    rng, loose = np.random.default_rng(seed), {}
    for radius, bounds in enclosures:
        least = distance(*readings(problem, inscribed.centre, radius, rng))
        for name, bound in bounds.items():
            assert not bound * ABOVE < exact.ball(least), (name, radius, bound, least)
            if least > 0:
                loose[name] = max(loose.get(name, 0.0), float(bound.mid()) / least)
    return loose


masses = st.builds(Q, st.integers(-8, 8), st.sampled_from((2, 3, 1000))).filter(lambda x: x != 0)
drawn_plane = st.lists(st.tuples(st.tuples(gentle, st.just(Q(1))), gentle, masses, st.booleans()), min_size=1, max_size=5)
drawn_space = st.lists(
    st.tuples(st.tuples(gentle, gentle, st.just(Q(1))), gentle, masses, st.booleans()), min_size=1, max_size=4
)


@settings(quick, max_examples=40)
@given(drawn_plane)
def test_a_local_gradient_is_above_every_reading_of_h_in_the_plane(drawn):
    assert_enclosed(built([(list(w), b, m, mine) for w, b, m, mine in drawn], [1, 1]))


@settings(quick, max_examples=40)
@given(drawn_space)
def test_a_local_gradient_is_above_every_reading_of_h_in_space(drawn):
    assert_enclosed(built([(list(w), b, m, mine) for w, b, m, mine in drawn], [1, 1, 1]))


@settings(quick, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), masses), min_size=1, max_size=4),
    st.sampled_from((30, 50, 60, 90)),
)
def test_creases_that_nearly_coincide_are_enclosed_too(drawn, bits):
    """Where two lines meet in floats is no matter of theirs: slopes and offsets differ by a few units of 2^-bits."""
    near = [([Q(tilt, 2**bits), Q(1)], Q(shift, 2**bits), mass, n % 2 == 0) for n, (tilt, shift, mass) in enumerate(drawn)]
    assert_enclosed(built(near, [1, 1]))


def test_vertices_are_near_the_truth_and_pairs_not_far():
    rng, loose = np.random.default_rng(1), {"pairs": [], "vertices": []}
    for seed in range(15):
        drawn = [
            (
                [Q(int(rng.integers(-8, 9)), 10), Q(1)],
                Q(int(rng.integers(-8, 9)), 10),
                Q(int(rng.choice([-3, -2, -1, 1, 2])), 2),
                True,
            )
            for _ in range(3)
        ]
        for name, quotient in assert_enclosed(built(drawn, [1, 1]), seed).items():
            loose[name].append(quotient)
    assert max(loose["vertices"]) < 1.3 and np.median(loose["vertices"]) < 1.1
    assert np.median(loose["pairs"]) < 3


def test_a_crease_alone_in_its_ball_has_a_quarter_of_its_kink_and_radius():
    """h = relu(y) is within r/4 of an affine function on a ball of radius r around H, and no nearer."""
    radius, bounds = levels(built([([0, 1], Q(-9, 10), Q(1, 100), True)], [1, 1]))[0][-1]
    assert radius < 0.9 and bounds["pairs"].contains(fmpq(1, 4) * exact.rational(radius))
    assert float(bounds["vertices"].mid()) == pytest.approx(radius / 4, rel=0.03)


def test_a_pair_of_opposite_masses_costs_their_distance():
    """relu(y) - relu(y - c) on [-1, 1]^2 is within c/2 of constants, whatever the ball."""
    enclosures = levels(built([([0, 1], Q(-1, 100), Q(-1), True)], [1, 1]))[0]
    assert enclosures[0][0] == pytest.approx(1) and float(enclosures[0][1]["pairs"].mid()) == pytest.approx(1 / 200)


def test_two_creases_on_both_sides_of_the_centre_are_as_far_apart_as_they_are():
    """relu(y) / 100 + relu(y - c) - relu(y + c) on [-1, 1]^2, c = 1/10: distances of both sides have opposite signs.

    A hundredth of the third is paired with H at c/2, the rest with the second at c, a hundredth of which is left alone.
    """
    creases = [([0, 1], Q(-1, 10), Q(1), True), ([0, 1], Q(1, 10), Q(-1), True)]
    radius, bounds = levels(built(creases, [1, 1], kappa=Q(1, 100)))[0][0]
    assert radius == pytest.approx(1)
    assert float(bounds["pairs"].mid()) == pytest.approx(0.01 * 0.05 + 0.99 * 0.1 + 0.01 * (1 - 0.01) / 4)


def test_the_affine_function_is_the_nearest_one():
    """No other is nearer to random values at the corners of a polygon and at points in it: by a linear program."""
    rng = np.random.default_rng(3)
    for n in (4, 5, 8, 30, 200):
        points, values = (
            np.vstack([local._SIDES, rng.uniform(-0.7, 0.7, (n, 2)).round(n % 3)]),
            rng.normal(size=n + local.SIDES),
        )
        rows = np.column_stack([points, np.ones(len(points))])
        one = np.ones((len(points), 1))
        level = linprog(
            [0, 0, 0, 1],
            np.block([[rows, -one], [-rows, -one]]),
            np.concatenate([values, -values]),
            bounds=[(None, None)] * 3 + [(0, None)],
        ).fun
        g = local.vertices.near_affine(points, values, local.ROUNDS, local.NEAR)
        assert abs(values - rows @ g).max() == pytest.approx(level, rel=1e-7)


@pytest.mark.parametrize("fault", ["values", "angles"])
def test_a_wrong_local_gradient_is_noticed(monkeypatch, fault):
    """The comparison above is no test of silence: half the values, or pairs without their angles, fall below h."""
    if fault == "values":
        whole = local.vertices.nearest
        monkeypatch.setattr(local.vertices, "nearest", lambda kink, *given: whole(kink / 2, *given))
    else:
        together = local.loops.together
        monkeypatch.setattr(local, "length", lambda slope: arb(0))
        monkeypatch.setattr(local, "_apart", lambda setting: (np.zeros((9, 9)), np.zeros((9, 9))))
        monkeypatch.setattr(local.loops, "together", lambda a, b, normal, *given: together(a, b, 0 * normal, *given))
    creases = [([Q(1, 2), Q(1)], Q(1, 10), Q(-1), True), ([Q(-1, 3), Q(1)], Q(-1, 5), Q(1, 2), True)]
    with pytest.raises(AssertionError, match="vertices" if fault == "values" else "pairs"):
        assert_enclosed(built(creases, [1, 1]))


tilts = st.tuples(*[st.integers(-9, 9)] * 2)
near_pairs = st.lists(
    st.tuples(st.tuples(gentle, gentle), gentle, masses, tilts, st.integers(-9, 9), st.booleans()), min_size=2, max_size=4
)


def paired(drawn, apart=200):
    """Pairs of creases in a cube, of opposite masses, whose weights and offsets differ by some `apart`-ths."""
    creases = []
    for (a, b), offset, mass, (tilt, turn), shift, student in drawn:
        creases += [([a, b, Q(1)], offset, mass, student)]
        creases += [([a + Q(tilt, apart), b + Q(turn, apart), Q(1)], offset + Q(shift, apart), -mass, not student)]
    return built(creases, [1, 1, 1], kappa=Q(1, 100))


@settings(quick, max_examples=40)
@given(near_pairs)
def test_pairs_that_are_looked_at_together_are_above_every_reading_of_h(drawn):
    assert_enclosed(paired(drawn))


def test_pairs_beyond_the_first_count_by_themselves_in_floats_and_in_proofs(monkeypatch):
    """One pair of three is looked at as if together: what the others cost is not dropped, and what floats say is proved."""
    monkeypatch.setattr(local, "MOST_TOGETHER", 1)
    crossed = [((Q(slope, 2), Q(0)), Q(0), Q(1), (0, 9 * sign), sign, True) for slope, sign in ((1, 1), (-1, -1), (Q(1, 2), 1))]
    assert max(assert_enclosed(paired(crossed)).values()) > 1


numbers = st.builds(Q, st.integers(-9, 9), st.sampled_from((1, 7, 1000)))


@given(
    st.lists(st.tuples(numbers, numbers, numbers, numbers), min_size=1, max_size=6),
    st.sampled_from((Q(1, 3), Q(1), Q(50))),
    st.sampled_from((0, -700, 700, 1100)),
)
def test_pairs_together_are_worth_the_largest_sum_of_their_distances_over_a_ball(drawn, radius, power):
    """Never below the sum of |value + <slope, y>| at a point y of the ball, and at the best sign's own point not above it.

    Of masses of any size: where the squares of sums leave the range of floats too.
    """
    slopes = np.array([[float(x) for x in slope] for _, *slope in drawn])
    values = np.array([float(value) for value, *_ in drawn])
    pairs = [(exact.balls(exact.rationals(slope)), exact.ball(fmpq(*value.as_integer_ratio()))) for value, *slope in drawn]
    unit, r = exact.ball(exact.two_to(power)), float(radius)
    scaled = [(unit * slope, unit * value) for slope, value in pairs]
    most = local._together(scaled, exact.ball(fmpq(*radius.as_integer_ratio()))) / unit
    signs = np.array(list(itertools.product((1, -1), repeat=len(drawn))))
    lengths = np.linalg.norm(signs @ slopes, axis=1, keepdims=True)
    points = r * (signs @ slopes) / np.where(lengths > 0, lengths, 1) * (1 - 1e-12)
    sums = abs(values + points @ slopes.T).sum(axis=1)
    assert float(most.upper()) * ABOVE >= sums.max() and sums.max() >= float(most.mid()) * (1 - 1e-9)
    alone = sum(abs(value) + exact.ball(r) * local.length(slope) for slope, value in pairs)
    assert float(most.mid()) <= float(alone.mid()) * ABOVE


@pytest.mark.parametrize("fault", ["one sign", "no offset"])
def test_pairs_that_are_taken_together_wrongly_are_noticed(monkeypatch, fault):
    """Pairs turned and shifted against each other: without other signs, or without values at the centre, they fall below h."""
    whole = local._together
    sums = {"one sign": lambda pairs, r: whole([sum_of(pairs)], r), "no offset": lambda pairs, r: whole(without(pairs), r)}
    monkeypatch.setattr(local, "_together", sums[fault])
    from_scene = local.Scene.paired
    monkeypatch.setattr(local.Scene, "paired", lambda scene, radius: worth_its_proof(from_scene(scene, radius)))
    turn, shift = (9, 0) if fault == "one sign" else (0, 9)
    crossed = [
        ((Q(slope, 2), Q(0)), Q(0), Q(1), (0, sign * turn), sign * shift, True)
        for slope, sign in ((1, 1), (-1, -1), (Q(1, 2), 1))
    ]
    with pytest.raises(AssertionError, match="pairs"):
        assert_enclosed(paired(crossed))


def sum_of(pairs):
    """The pair whose distance is the sum of all, with signs as they come."""
    return sum(slope for slope, _ in pairs), sum((value for _, value in pairs), arb(0))


def without(pairs):
    """The pairs as if they met in the centre."""
    return [(slope, arb(0)) for slope, _ in pairs]


def worth_its_proof(pairing):
    """A pairing whose float value is what it proves."""
    unit = exact.nearest_float(pairing.scene.setting.float_unit(pairing.scene.size.observer))
    return replace(pairing, value=float(pairing.proved().mid()) / unit)


@settings(quick, max_examples=40)
@given(plane_creases)
def test_no_local_row_is_violated_by_a_crease_hidden_in_the_plane(drawn):
    assert_no_local_row_is_violated(best_hidden(drawn, 2))


@settings(quick, max_examples=30)
@given(space_creases)
def test_no_local_row_is_violated_by_a_crease_hidden_in_space(drawn):
    assert_no_local_row_is_violated(best_hidden(drawn, 3))


def assert_no_local_row_is_violated(instance):
    """-> the smallest proved bound of the local balls, None where they say nothing."""
    made, i, size, inscribed, near = seen(instance)
    if not size.kappa > 0 or not size.epsilon > 0 or made.masses.carries_student[i]:
        return None
    measured, said = made.angles.best(i, made.problem.student)[0], []
    balls = local.balls(made, i, size, inscribed, near)
    every = list(sharp._by_local_balls(made, i, balls, near))
    if made.problem.dimension == 2:
        every += sharp._applicable(sharp._in_rectangles(made, i, balls, inscribed.centre, near, 1.0))
    for value, prove in every:
        bound = prove()
        if bound is not None:
            assert not measured > bound.value, bound
            assert value == pytest.approx(float(bound.value.mid()), rel=1e-6)
            assert bound.terms["local_epsilon"] > 0 and 0 < bound.terms["radius"] <= inscribed.radius
            said.append(float(bound.value.mid()))
    return min(said, default=None)


def test_local_balls_speak_on_hidden_creases():
    rng, said = np.random.default_rng(4), []
    for _ in range(30):
        drawn = [
            ([Q(int(rng.integers(-4, 5)), 400), Q(1)], Q(int(rng.integers(-3, 4)), 10), bool(rng.integers(0, 4)))
            for _ in range(int(rng.integers(1, 5)))
        ]
        said.append(assert_no_local_row_is_violated(best_hidden(drawn, 2)))
    assert sum(bound is not None and bound < 1 for bound in said) >= 15


@pytest.mark.parametrize("power", [-480, -200, 0, 200, 480])
def test_rows_say_which_gradient_decided_at_every_scale(power):
    """A student almost on the teacher's crease, far-off creases that make eps_k large: the local gradient decides."""
    unit = Q(2) ** power
    creases = [([Q(1, 1000), Q(1)], Q(0), Q(-1), True), ([Q(1), Q(0)], Q(-19, 20), Q(2), True)]
    verdict = row(check(built([(w, b, m * unit, mine) for w, b, m, mine in creases], [1, 1], kappa=unit)), "theorem-2", "sharp")
    assert verdict.verdict == "holds" and verdict.bound < 0.01
    assert verdict.terms["local_epsilon"] < verdict.terms["epsilon"] / 100 and 0 < verdict.terms["radius"] < 1


@settings(quick, max_examples=25)
@given(drawn_plane, st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_a_rectangle_has_the_lines_and_walls_of_the_region_that_it_is(drawn, across, along, named):
    made, i, _, inscribed, near = seen(built(drawn, [1, 1]))
    t, rho = across / 16, along / 16  # H is the first axis
    x, everyone = inscribed.centre[0], np.ones(len(near.index), dtype=bool)
    c = exact.rationals(np.array([rho, rho, t, t])) + np.array([x, -x, 0, 0], dtype=object)
    region = domain(exact.rationals(np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])), c, c[[1, 3]] * -1, c[[0, 2]])
    body = plane.Rectangle(plane.middle(made, i, inscribed.centre), rho, t)
    one, other = (plane.lines_of(made, i, place, near, everyone, named=named) for place in (body, region))
    assert (one is None) == (other is None)
    if one is not None:
        for name in ("place", "tilt", "label", "free", "first", "last"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
        assert all(a.overlaps(b) for a, b in zip([*one.offset, *one.slope], [*other.offset, *other.slope], strict=True))
        assert one.up.overlaps(other.up) and one.down.overlaps(other.down)


def test_a_rectangle_lies_in_its_ball_in_the_geometry_of_an_oblique_plane():
    teacher = TwoLayer([[1, 2, 3]], [Q(-1, 5)], [[1]])
    student = TwoLayer([[1, 2, Q(5, 2)], [3, -1, 1], [0, 0, 1]], [Q(-1, 9), Q(1, 7), 9], [[1, -1, 1]])
    basis = [[2, 1, 0], [Q(1, 2), 1, 3]]
    region = Polytope([*np.eye(3, dtype=int).tolist(), *(-np.eye(3, dtype=int)).tolist()], [1] * 6)
    made = seen(Instance(teacher, student, region, Subspace(basis, [0, 0, 0])))[0]
    i, j = made.crease(made.problem.teacher[0]), made.crease(made.problem.student[1])
    crossing = plane._creases(made, i).place[j]  # in the coordinates of H
    rows = np.array([[float(x) for x in made.problem.creases[m].normal] for m in (i, j)])
    met = np.linalg.solve(rows, [-float(made.problem.creases[m].offset) for m in (i, j)])
    inscribed = made.shapes.ball(i, made.domains[2])
    middle = float(plane.middle(made, i, inscribed.centre).mid())
    apart = np.linalg.norm((met - exact.nearest(inscribed.centre)) @ exact.nearest(made.problem.frame.steps))
    assert abs(crossing - middle) == pytest.approx(apart, rel=1e-12) and apart > 0.01
    bodies = list(sharp.rectangles(plane.middle(made, i, inscribed.centre), inscribed.radius, [0.0, 1e-300, 0.03, 9.0]))
    assert [body.t for body in bodies] == [1e-300, 0.03]  # nothing without a height, nothing above the ball
    for body in bodies:
        assert exact.rational(body.t) ** 2 + exact.rational(body.rho) ** 2 <= exact.rational(inscribed.radius) ** 2
