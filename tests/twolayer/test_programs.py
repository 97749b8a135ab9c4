"""Linear programs: whatever HiGHS proposes, every returned rational is a proof."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from hypothesis import assume, given
from hypothesis import strategies as st

from twolayer import exact
from twolayer.linear import simplex
from twolayer.linear.highs import FloatOptimum, Solver
from twolayer.linear.programs import axis_box, dual_bound, interior_point, maximum, outer_box, range_over_box
from twolayer.linear.simplex import ray_within

from ..strategies import arrays, brute_has_interior, brute_vertices, flints, nonzero, polytopes, positive, quick, thorough

SQUARE = flints([[1, 0], [0, 1], [-1, 0], [0, -1]])
DIAMOND = flints([[1, 1], [1, -1], [-1, 1], [-1, -1]])
TIGHT = 1e-6  # float duals move a proved box outward by rounding only
OPTIMAL = 1e-8  # HiGHS stops at 1e-10 for numbers of size 1

dimensions = st.integers(1, 3)
drawn = dimensions.flatmap(lambda d: st.tuples(polytopes(d, cuts=3), arrays(d)))
powers = st.sampled_from([Fraction(10) ** k for k in (-300, -40, -16, -12, -9, -6, 6, 9, 12, 16, 40, 300)])


def scaled(A, c, scales):
    """The same polytope with row m written in other units."""
    return flints(A * scales[:, None]), flints(c * scales)


@thorough
@given(drawn)
def test_the_maximum_is_that_over_the_vertices_and_its_duals_prove_it(problem):
    (A, c, _), objective = problem
    A, c, objective = flints(A), flints(c), flints(objective)
    best = maximum(A, c, objective)
    assert best is not None
    assert best.value == max((objective * z).sum() for z in brute_vertices(A, c))
    assert (A @ best.point <= c).all() and (objective * best.point).sum() == best.value
    assert all(y > 0 for y in best.duals.values())
    assert exact.is_zero(objective - sum((y * A[m] for m, y in best.duals.items()), exact.zeros(len(objective))))
    assert best.value == sum((y * c[m] for m, y in best.duals.items()), exact.ZERO)


@pytest.mark.parametrize("limit", [0, 1, -1])
def test_the_duals_of_a_box_count_rows_in_their_own_units(limit):
    """2 z <= limit, -3 z <= 5: the objective z is half the first row, also where that row passes through 0."""
    best = maximum(flints([[2], [-3]]), flints([limit, 5]), flints([1]))
    assert best.value == fmpq(limit, 2) and best.duals == {0: fmpq(1, 2)}


def test_many_facets_through_one_vertex_do_not_stop_the_exact_simplex():
    """A pyramid with 12 sides: the apex is highly degenerate, and rounding the rows moves it."""
    sides = [[Fraction(k * k - 36, k * k + 36), Fraction(12 * k, k * k + 36), 1] for k in range(-6, 7)]
    A = flints([*sides, [1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, -1]])
    c = flints([*[Fraction(1, 3)] * len(sides), 3, 3, 3, 3])
    for objective in ([0, 0, 1], [0, 1, 1], [Fraction(1, 7), 0, 1], [0, 0, -1]):
        best = maximum(A, c, flints(objective))
        assert best is not None
        assert best.value == max((flints(objective) * z).sum() for z in brute_vertices(A, c))


def test_an_empty_or_unbounded_program_has_no_maximum():
    assert maximum(flints([[1], [-1]]), flints([0, -1]), flints([1])) is None
    assert maximum(flints([[1, 1], [-1, -1]]), flints([0, -1]), flints([1, 1])) is None
    assert maximum(flints([[1, 1], [1, -1]]), flints([1, 1]), flints([-1, 0])) is None
    assert maximum(flints([[1, 0], [0, 1], [-1, -1]]), flints([1, 1, -3]), flints([1, 0])) is None


@thorough
@given(drawn, st.lists(st.one_of(positive, st.just(Fraction(0)), nonzero), min_size=9, max_size=9))
def test_weak_duality_bounds_the_objective_whatever_the_multipliers(problem, multipliers):
    (A, c, _), objective = problem
    A, c, objective = flints(A), flints(c), flints(objective)
    corners = brute_vertices(A, c)
    lower, upper = ([end(column) for column in zip(*corners, strict=True)] for end in (min, max))
    chosen = dict(enumerate(flints(multipliers)[: len(A)]))
    bound = dual_bound(A, c, objective, chosen, flints(lower), flints(upper))
    assert bound >= max((objective * z).sum() for z in corners)


@quick
@given(drawn)
def test_the_duals_of_the_optimum_make_weak_duality_tight(problem):
    (A, c, _), objective = problem
    A, c, objective = flints(A), flints(c), flints(objective)
    best = maximum(A, c, objective)
    wide = flints([1000] * len(objective))
    assert dual_bound(A, c, objective, best.duals, -wide, wide) == best.value


@quick
@given(dimensions.flatmap(lambda d: arrays(3, d)))
def test_the_range_over_a_box_is_attained_at_its_corners(numbers):
    a, left, right = flints(numbers)
    lower, upper = np.minimum(left, right), np.maximum(left, right)
    values = [
        sum(x * y for x, y in zip(a, z, strict=True))
        for z in np.stack(np.meshgrid(*zip(lower, upper, strict=True)), -1).reshape(-1, len(a))
    ]
    assert range_over_box(a, lower, upper) == (min(values), max(values))


@quick
@given(drawn)
def test_the_outer_box_holds_every_vertex_and_is_hardly_larger_than_needed(problem):
    (A, c, _), _ = problem
    lower, upper = outer_box(flints(A), flints(c))
    corners = brute_vertices(flints(A), flints(c))
    for j in range(A.shape[1]):
        low, high = min(z[j] for z in corners), max(z[j] for z in corners)
        assert lower[j] <= low and high <= upper[j]
        assert exact.nearest_float(low - lower[j]) < TIGHT and exact.nearest_float(upper[j] - high) < TIGHT


@pytest.mark.parametrize(
    ("A", "c"),
    [
        (flints([[1, 0], [0, 1]]), flints([1, 1])),
        (flints([[1, 1], [-1, -1]]), flints([1, 1])),
        (flints([[1, 1], [1, -1], [-1, 0]]), flints([1, 1, 1]))[:2],
        (flints([[1, 1, 0], [-1, 1, 0], [0, -1, 1], [0, 0, -1]]), flints([1, 1, 1, 1])),
    ],
)
def test_only_bounded_polytopes_have_an_outer_box(A, c):
    box = outer_box(A, c)
    rays = brute_vertices(
        np.concatenate([A, *(s * flints(np.eye(A.shape[1], dtype=int)) for s in (1, -1))]),
        np.concatenate([exact.zeros(len(A)), flints([1] * 2 * A.shape[1])]),
    )
    assert (box is None) == any(any(x != 0 for x in z) for z in rays)
    assert (ray_within(A) is None) == (box is not None)


@quick
@given(drawn, st.data())
def test_a_polytope_is_bounded_iff_no_ray_stays_in_it(problem, data):
    """Rays, capped by a box around 0, are the vertices of {A z <= 0} other than 0."""
    (A, c, _), _ = problem
    chosen = data.draw(st.lists(st.integers(0, len(A) - 1), min_size=1, max_size=len(A), unique=True))
    A, c = flints(A[chosen]), flints(c[chosen])
    identity = flints(np.eye(A.shape[1], dtype=int))
    cone = np.concatenate([A, identity, -identity])
    rays = brute_vertices(cone, np.concatenate([exact.zeros(len(A)), flints([1] * 2 * A.shape[1])]))
    assert (ray_within(A) is None) == (not any(any(x != 0 for x in z) for z in rays))


def test_a_rotated_box_is_seen_to_be_bounded_without_linear_programs(monkeypatch):
    axes = exact.rationals(np.linalg.qr(np.random.default_rng(0).normal(size=(40, 40)))[0])
    A = np.concatenate([axes, -axes])
    with monkeypatch.context() as without:
        without.setattr(simplex, "best", None)
        assert ray_within(A) is None
        ray = ray_within(flints([[1, 1], [-1, -1], [2, 2], [-2, -2]]))
        assert ray[0] == -ray[1] != 0
    A[-1] = -A[-1]
    for rows in (A, A[:-1]):
        ray = ray_within(rows)
        assert any(ray) and (rows @ ray <= 0).all()


@quick
@given(drawn, st.data())
def test_rows_may_be_written_in_any_unit(problem, data):
    """A row and its limit times 10^-300 or 10^300 say the same; HiGHS alone drops coefficients below 1e-9."""
    (A, c, _), objective = problem
    scales = np.array(data.draw(st.lists(powers, min_size=len(A), max_size=len(A))), dtype=object)
    rows, limits = scaled(A, c, scales)
    best, same = maximum(rows, limits, flints(objective)), maximum(flints(A), flints(c), flints(objective))
    assert best is not None and best.value == same.value
    assert outer_box(rows, limits) is not None
    point, margin = interior_point(rows, limits)
    assert margin > 0 and (flints(A) @ point < flints(c)).all()


@quick
@given(drawn, powers)
def test_polytopes_may_be_of_any_size(problem, size):
    (A, c, _), objective = problem
    limits = flints(c * size)
    A, objective = flints(A), flints(objective)
    assert maximum(A, limits, objective).value == flints([size])[0] * maximum(A, flints(c), objective).value
    lower, upper = outer_box(A, limits)
    assert (A @ interior_point(A, limits)[0] < limits).all()
    reach = max(abs(x) for z in brute_vertices(A, limits) for x in z)
    assert max(abs(x) for x in (*lower, *upper)) <= 2 * reach


@thorough
@given(drawn)
def test_an_interior_point_is_strictly_inside_and_its_margin_is_its_smallest_slack(problem):
    (A, c, _), _ = problem
    A, c = flints(A), flints(c)
    point, margin = interior_point(A, c)
    slack = c - A @ point
    assert (slack > 0).all() and margin > 0
    lengths = np.linalg.norm(exact.nearest(A), axis=1)
    assert exact.nearest_float(margin) == pytest.approx((exact.nearest(slack) / lengths).min())


@quick
@given(drawn, st.sampled_from((Fraction(0), Fraction(1, 10**30), Fraction(-1, 10**30), Fraction(1, 10**6))))
def test_a_polytope_squeezed_against_a_facet_has_interior_iff_room_is_left(problem, room):
    """{A z <= c} and a . z >= max a . z - room: flat for room = 0, empty below, thin above."""
    (A, c, _), row = problem
    assume(any(row))
    A, c, row = flints(A), flints(c), flints(row)
    top = max((row * z).sum() for z in brute_vertices(A, c))
    rows = np.concatenate([A, -row[None, :]])
    limits = np.append(c, flints([room])[0] - top)
    point, margin = interior_point(rows, limits)
    if room <= 0:
        assert (point, margin) == (None, None)
    else:
        assert margin > 0 and (rows @ point < limits).all()


@thorough
@given(drawn, st.data())
def test_an_interior_point_on_a_hyperplane_is_found_iff_the_hyperplane_enters(problem, data):
    """Entering iff the linear function takes both signs on the vertices; touching a vertex or a facet is not enough."""
    (A, c, _), normal = problem
    assume(any(normal))
    A, c, normal = flints(A), flints(c), flints(normal)
    corners = brute_vertices(A, c)
    values = [(normal * z).sum() for z in corners]
    offset = -data.draw(
        st.sampled_from(
            [*values, (min(values) + max(values)) / 2, max(values) + 1, values[0] * fmpq(2, 3) + values[-1] * fmpq(1, 3)]
        )
    )
    point, margin = interior_point(A, c, normal, offset)
    if min(values) + offset < 0 < max(values) + offset:
        assert (normal * point).sum() + offset == 0
        assert margin > 0 and (A @ point < c).all()
    else:
        assert point is None


@pytest.mark.parametrize(
    ("normal", "offset", "enters"),
    [
        ([1, 0], 0, True),
        ([1, 0], -1, False),
        ([1, 1], -2, False),
        ([1, 1], Fraction(-19, 10), True),
        ([1, 0], -5, False),
        ([Fraction(1, 3), 0], Fraction(-1, 3), False),
        ([0, -7], 0, True),
    ],
)
def test_hyperplanes_through_a_square_by_hand(normal, offset, enters):
    point, _ = interior_point(SQUARE, flints([1] * 4), flints(normal), flints([offset])[0])
    assert (point is not None) == enters


def test_in_one_dimension_a_hyperplane_is_a_point():
    A, c = flints([[1], [-1]]), flints([1, 1])
    point, margin = interior_point(A, c, flints([2]), fmpq(-1))
    assert point.tolist() == [fmpq(1, 2)] and margin == fmpq(1, 2)
    assert interior_point(A, c, flints([2]), fmpq(-2)) == (None, None)


@pytest.mark.parametrize(
    ("A", "c"),
    [
        ([[1, 0], [-1, 0], [0, 1], [0, -1]], [0, 0, 1, 1]),
        ([[1, 1], [-1, -1], [1, -1], [-1, 1]], [Fraction(1, 3), Fraction(-1, 3), 1, 1]),
        ([[1, 1], [-1, -1], [1, -1], [-1, 1]], [0, -1, 1, 1]),
        ([[1, 0], [0, 1], [-1, -1]], [0, 0, 0]),
    ],
)
def test_flat_and_empty_polytopes_are_proved_to_have_no_interior(A, c):
    assert interior_point(flints(A), flints(c)) == (None, None)
    assert not brute_has_interior(flints(A), flints(c))


def test_unbounded_polytopes_have_interior_points_too():
    point, margin = interior_point(flints([[1, 0]]), flints([-5]))
    assert point[0] < -5 and margin > 0


def test_boxes_are_recognised_whatever_the_scale_and_order_of_their_rows():
    A, c = flints([[0, -2], [3, 0], [0, 1], [-1, 0], [5, 0]]), flints([1, 3, 4, 2, 4])
    lower, upper, low_row, up_row = axis_box(A, c)
    assert lower.tolist() == [-2, fmpq(-1, 2)] and upper.tolist() == [fmpq(4, 5), 4]
    assert (low_row, up_row) == ([3, 0], [4, 2])
    assert axis_box(DIAMOND, flints([1] * 4)) is None
    assert axis_box(SQUARE[:3], flints([1] * 3)) is None


@quick
@given(drawn, powers, powers, powers)
def test_the_solver_proposes_the_optimum_in_the_callers_own_units(problem, row_unit, size, unit):
    """Values, points and duals of HiGHS as for the program of ordinary size, to the accuracy of floats."""
    (A, c, _), objective = problem
    units = np.array([row_unit, *[Fraction(1)] * (len(A) - 1)], dtype=object)
    assume(all(1e-250 < abs(x) < 1e250 for x in (row_unit * size, row_unit / unit, size * unit)))
    rows, limits = exact.nearest(flints(A * units[:, None])), exact.nearest(flints(c * units * size))
    best = maximum(flints(A), flints(c), flints(objective))
    answer = Solver(rows, limits).maximise(exact.nearest(flints(objective * unit)))
    assert answer.value / float(size * unit) == pytest.approx(exact.nearest_float(best.value), abs=OPTIMAL)
    slack = (limits - rows @ answer.point) / np.abs(rows).max(axis=1)
    assert (slack >= -OPTIMAL * float(size)).all()
    rest = exact.nearest(flints(objective)) - (answer.duals / float(unit)) @ rows
    assert np.abs(rest).max() <= OPTIMAL


def test_rows_that_are_constant_up_to_rounding_do_not_blind_the_solver():
    """A float basis leaves 1e-17 z <= 1 where exact numbers leave 0 <= 1; its limit is 10^17 in its own units."""
    rng = np.random.default_rng(0)
    rows = np.concatenate([SQUARE, exact.rationals(1e-17 * rng.normal(size=(9, 2)))])
    limits = np.concatenate([flints([3, 3, 3, 3]), exact.rationals(rng.uniform(0.5, 1, size=9))])
    answer = Solver(exact.nearest(rows), exact.nearest(limits)).maximise(np.array([1.0, 2.0]))
    assert answer.value == pytest.approx(9.0, abs=OPTIMAL)
    assert np.abs(answer.point - 3.0).max() < OPTIMAL


def test_a_warm_solver_follows_changed_limits():
    rows = exact.nearest(np.concatenate([flints([[1, 1]]), DIAMOND]))
    solver = Solver(rows, np.array([0.5, 1, 1, 1, 1]), equalities=1)
    objective = np.array([1.0, 0.0])
    assert solver.maximise(objective).value == pytest.approx(0.75)
    solver.limit(0, -1.0)
    assert solver.maximise(objective).value == pytest.approx(0.0)
    solver.limit(2, 0.5)
    assert solver.maximise(objective).value == pytest.approx(-0.25)
    solver.limit(0, 3.0)
    assert solver.maximise(objective) == "infeasible"
    assert Solver(np.array([[1.0, 1.0]]), np.array([1.0])).maximise(objective) == "unbounded"


@quick
@given(drawn)
def test_the_exact_simplex_reaches_the_optimum_from_every_basis(problem):
    """Also from one that is neither primal nor dual feasible, where rounding may leave HiGHS."""
    (A, c, _), objective = problem
    A, c, objective = flints(A), flints(c), flints(objective)
    expected = max((objective * z).sum() for z in brute_vertices(A, c))
    for basis in itertools.combinations(range(len(A)), len(objective)):
        if exact.rank(A[list(basis)]) == len(objective):
            best = simplex.optimum_from(A, c, objective, list(basis))
            assert isinstance(best, simplex.Optimum) and best.value == expected


def test_whatever_the_solver_says_the_maximum_is_proved(monkeypatch):
    A, c, objective = DIAMOND, flints([1, 2, 3, 4]), flints([1, Fraction(1, 2)])
    expected = maximum(A, c, objective)
    for answer in (
        "failed",
        "unbounded",
        FloatOptimum(0.0, np.zeros(2), np.zeros(4), [0, 3]),
        FloatOptimum(0.0, np.zeros(2), np.zeros(4), []),
    ):
        monkeypatch.setattr(Solver, "maximise", lambda self, objective, answer=answer: answer)
        assert maximum(A, c, objective).value == expected.value


@pytest.mark.parametrize("seed", range(40))
def test_facets_that_nearly_coincide_are_no_obstacle(seed):
    """Every facet twice, up to 10^-6 .. 10^-16: floats cannot tell the vertices apart."""
    rng = np.random.default_rng(seed)
    d, off = int(rng.integers(2, 8)), 10.0 ** -rng.integers(6, 17)
    A = rng.normal(size=(3 * d, d))
    A /= np.linalg.norm(A, axis=1)[:, None]
    twice = np.concatenate([A, A + off * rng.normal(size=A.shape), np.eye(d), -np.eye(d)])
    limits = np.concatenate([np.ones(3 * d), 1 + off * rng.normal(size=3 * d), 3 * np.ones(2 * d)])
    rows, limits = exact.rationals(twice), exact.rationals(limits)
    point, margin = interior_point(rows, limits)
    assert margin > 0 and (rows @ point < limits).all()
    for objective in (rows[0], exact.rationals(rng.normal(size=d))):
        best = maximum(rows, limits, objective)
        assert best is not None and (rows @ best.point <= limits).all() and (objective * best.point).sum() == best.value
        assert exact.is_zero(objective - sum((y * rows[m] for m, y in best.duals.items()), exact.zeros(d)))
    slab = np.concatenate([rows, -rows[:1]])
    assert interior_point(slab, np.append(limits, fmpq(-1) - fmpq(1, 10**30))) == (None, None)
    thin, margin = interior_point(slab, np.append(limits, fmpq(1, 10**30) - maximum(rows, limits, rows[0]).value))
    assert margin > 0 and (slab @ thin)[0] < limits[0]
