"""The constructive parts of the proofs, exactly: Bang's point, three evaluations, Theorem B's and C's
chords."""

from __future__ import annotations

import itertools
from fractions import Fraction as Q

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from proofs.constructions import (
    Ridges,
    bang_point,
    cell_points,
    creases,
    dot,
    moved,
    parallel_chords,
    parallelogram,
    three_evaluations,
    value,
)
from proofs.lemmas.theorem_b_attained import family

exactly = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
numbers = st.builds(Q, st.integers(-6, 6), st.sampled_from((1, 2, 3, 5)))
positive = st.builds(Q, st.integers(1, 6), st.sampled_from((1, 2, 3, 5)))
# |o| < 1 and |w| <= 1: lines of a strip scaled to rho = gamma = 1
scaled_lines = st.tuples(st.builds(Q, st.integers(-12, 12), st.just(13)), st.builds(Q, st.integers(-4, 4), st.just(4)))
UP = (Q(0), Q(1))


def vectors(dimension):
    return st.tuples(*[numbers] * dimension)


@st.composite
def slabs(draw):
    """(vectors, offsets, widths) in 1 to 4 dimensions."""
    dimension = draw(st.integers(1, 4))
    normals = draw(st.lists(vectors(dimension).filter(any), max_size=6))
    count = len(normals)
    return (
        normals,
        draw(st.lists(numbers, min_size=count, max_size=count)),
        draw(st.lists(st.one_of(positive, st.just(Q(0))), min_size=count, max_size=count)),
    )


@st.composite
def hidden_creases(draw, dimension=None):
    """A ridge sum, one of its hyperplanes (p, beta), and a point on it."""
    dimension = draw(st.integers(1, 4)) if dimension is None else dimension
    p = draw(vectors(dimension).filter(any))
    through = draw(vectors(dimension))
    others = draw(st.lists(st.tuples(numbers, vectors(dimension), numbers), max_size=5))
    beta = -dot(p, through)
    flipped = draw(st.booleans())
    hiding = [(draw(numbers), p, beta)] + ([(draw(numbers), moved(p, Q(-3), p), -2 * beta)] if flipped else [])
    return Ridges((*hiding, *others), draw(vectors(dimension)), draw(numbers)), (p, beta), through


@st.composite
def strips(draw, opposing):
    """(lines, extra nodes, rho, t): lines x = o + w tau of negative mass, and creases of positive mass if
    only opposing ones count."""
    line = st.tuples(numbers, numbers)
    lines = draw(st.lists(line, max_size=5))
    masses = draw(st.lists(positive, min_size=len(lines), max_size=len(lines)))
    signs = [-1 if opposing else draw(st.sampled_from((1, -1))) for _ in lines]
    same = draw(st.lists(st.tuples(positive, vectors(2), numbers), max_size=3)) if opposing else []
    nodes = [(sign * mass, (Q(1), -w), -o) for (o, w), mass, sign in zip(lines, masses, signs, strict=True)]
    h = Ridges(((draw(positive), UP, Q(0)), *nodes, *same), draw(vectors(2)), draw(numbers))
    return lines, h, draw(positive), draw(positive)


# Bang's point


@given(slabs())
@exactly
def test_bangs_point_is_outside_every_slab(drawn):
    normals, offsets, widths = drawn
    point = bang_point(normals, offsets, widths)
    for a, m, w, e in zip(normals, offsets, widths, point.signs, strict=True):
        assert abs(dot(a, point.point) - m) >= w
        assert w == 0 or e * (dot(a, point.point) - m) >= w


@given(slabs())
@exactly
def test_bangs_point_is_the_signed_sum_and_not_farther_than_the_widths_add_up_to(drawn):
    normals, offsets, widths = drawn
    bangs = bang_point(normals, offsets, widths)
    point = (Q(0),) * (len(normals[0]) if normals else 0)
    for a, w, e in zip(normals, widths, bangs.signs, strict=True):
        point = moved(point, e * w / dot(a, a), a)
    assert point == bangs.point
    unit = [w / max(map(abs, a)) for a, w in zip(normals, widths, strict=True)]  # |a| >= its largest entry
    assert dot(point, point) <= sum(unit) ** 2


@given(slabs())
@exactly
def test_every_flip_increases_bangs_objective_so_the_search_visits_no_sign_vector_twice(drawn):
    normals, offsets, widths = drawn
    bangs = bang_point(normals, offsets, widths)
    assert bangs.flips <= 2 ** len(normals) - 1

    def objective(signs):
        point = (Q(0),) * (len(normals[0]) if normals else 0)
        for a, w, e in zip(normals, widths, signs, strict=True):
            point = moved(point, e * w / dot(a, a), a)
        return dot(point, point) - 2 * sum(
            e * w * m / dot(a, a) for a, m, w, e in zip(normals, offsets, widths, signs, strict=True)
        )

    best = objective(bangs.signs)
    for i in range(len(normals)):
        flipped = [-e if j == i else e for j, e in enumerate(bangs.signs)]
        assert objective(flipped) <= best


def test_bangs_point_by_hand():
    """Two slabs |x| < 1, |x - 1/2| < 1 on the line: e = (1, 1), s = 2, distances 2 and 3/2."""
    point = bang_point([(Q(1),), (Q(1),)], [Q(0), Q(1, 2)], [Q(1), Q(1)])
    assert (point.point, point.signs, point.flips) == ((Q(2),), (1, 1), 0)


def test_bangs_search_flips_where_the_first_signs_are_wrong():
    point = bang_point([(Q(1), Q(0))], [Q(3)], [Q(1)])
    assert (point.point, point.signs, point.flips) == ((Q(-1), Q(0)), (-1,), 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([(Q(0),)], [Q(0)], [Q(1)]), "vector 0 is 0"),
        (([(Q(1),)], [Q(0)], [Q(-1)]), "widths need to be >= 0; got -1"),
        (([(Q(1),)], [], [Q(1)]), "1 vectors, 0 offsets, 1 widths"),
    ],
)
def test_bang_point_says_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        bang_point(*arguments)


# Three evaluations


@given(hidden_creases(), positive)
@exactly
def test_three_evaluations_see_a_quarter_of_the_kink(drawn, tau):
    h, (p, beta), centre = drawn
    try:
        evaluations = three_evaluations(h, (p, beta), centre, tau)
    except ValueError as error:
        assert "parallel to H and within t" in str(error)
        assume(False)

    def on_the_crease(q, gamma):
        entries = zip((*q, gamma), (*p, beta), strict=True)
        return any(q) and all(a * e == b * d for (a, d), (b, e) in itertools.combinations(entries, 2))

    own = [(c, q) for c, q, gamma in h.nodes if on_the_crease(q, gamma)]
    assert evaluations.lower == abs(sum(c * abs(dot(q, p)) for c, q in own)) * tau / 4
    assert max(abs(value(h, y)) for y in evaluations.points) >= evaluations.lower


@given(hidden_creases(dimension=2), positive)
@exactly
def test_the_middle_point_is_on_the_crease_and_the_others_tau_p_away(drawn, tau):
    h, (p, beta), centre = drawn
    try:
        above, middle, below = three_evaluations(h, (p, beta), centre, tau).points
    except ValueError:
        assume(False)
    assert dot(p, middle) + beta == 0
    assert (above, below) == (moved(middle, tau, p), moved(middle, -tau, p))


@given(hidden_creases(), positive, positive)
@exactly
def test_only_creases_that_meet_the_cylinder_need_to_be_avoided(drawn, tau, radius):
    h, (p, beta), centre = drawn
    try:
        evaluations = three_evaluations(h, (p, beta), centre, tau, radius**2)
    except ValueError as error:
        assert "take a smaller tau" in str(error)
        assume(False)
    away = moved(evaluations.points[1], Q(-1), centre)
    assert dot(away, away) <= radius**2
    assert max(abs(value(h, y)) for y in evaluations.points) >= evaluations.lower


def test_three_evaluations_by_hand():
    """relu(y) - relu(y - x/2): the opposing line rises by 1/2 x, so at (x, 0) it is cut within |x|/2 < 1:
    Bang goes to |x| = 2."""
    h = Ridges(((Q(1), UP, Q(0)), (Q(-1), (Q(-1, 2), Q(1)), Q(0))), (Q(0), Q(0)), Q(0))
    evaluations = three_evaluations(h, (UP, Q(0)), (Q(0), Q(0)), Q(1))
    assert abs(evaluations.points[1][0]) == 2 and evaluations.points[1][1] == 0
    assert evaluations.lower == Q(1, 4)


def test_creases_of_the_same_sign_are_not_avoided():
    h = Ridges(((Q(1), UP, Q(0)), (Q(1), (Q(-1, 2), Q(1)), Q(0))), (Q(0), Q(0)), Q(0))
    assert three_evaluations(h, (UP, Q(0)), (Q(0), Q(0)), Q(1)).points[1] == (0, 0)


def test_nodes_on_one_hyperplane_are_one_crease_whatever_their_orientation():
    nodes = ((Q(1), UP, Q(0)), (Q(3), (Q(0), Q(-2)), Q(0)), (Q(5), (Q(0), Q(0)), Q(1)))
    h = Ridges(nodes, (Q(0), Q(0)), Q(0))
    assert creases(h) == {(UP, Q(0)): 7}


@pytest.mark.parametrize(
    ("centre", "tau", "radius", "message"),
    [
        ((Q(0), Q(1)), Q(1), None, r"p . centre \+ beta = 1"),
        ((Q(0), Q(0)), Q(0), None, "tau = 0"),
        ((Q(0), Q(0)), Q(1), Q(1), "outside the cylinder of squared radius 1"),
    ],
)
def test_three_evaluations_say_what_is_wrong(centre, tau, radius, message):
    h = Ridges(((Q(1), UP, Q(0)), (Q(-1), (Q(-1, 2), Q(1)), Q(0))), (Q(0), Q(0)), Q(0))
    with pytest.raises(ValueError, match=message):
        three_evaluations(h, (UP, Q(0)), centre, tau, radius)


def test_an_opposing_crease_parallel_to_h_within_reach_is_an_error():
    h = Ridges(((Q(1), UP, Q(0)), (Q(-1), UP, Q(-1, 2))), (Q(0), Q(0)), Q(0))
    with pytest.raises(ValueError, match="parallel to H and within t"):
        three_evaluations(h, (UP, Q(0)), (Q(0), Q(0)), Q(1))
    assert three_evaluations(h, (UP, Q(0)), (Q(0), Q(0)), Q(1, 2)).lower == Q(1, 8)


def test_nodes_of_another_dimension_are_an_error():
    with pytest.raises(ValueError, match="the slope has 1 entries, so every p needs as many; got 2"):
        Ridges(((Q(1), UP, Q(0)),), (Q(0),), Q(0))


# Theorem B's and C's chords


def kink(h):
    """Kink mass of H = {tau = 0} in coordinates (x, tau)."""
    return creases(h).get((UP, Q(0)), Q(0))


@given(strips(opposing=True))
@exactly
def test_three_points_of_a_cell_see_a_crease_behind_opposing_lines(drawn):
    lines, h, rho, t = drawn
    evaluations = cell_points(lines, rho, t)
    assert all(abs(x) <= rho and abs(tau) <= t for x, tau in evaluations.points)
    assert max(abs(value(h, y)) for y in evaluations.points) >= evaluations.lower * kink(h)


@given(strips(opposing=False))
@exactly
def test_four_points_of_two_chords_see_a_crease_behind_any_lines(drawn):
    lines, h, rho, t = drawn
    evaluations = parallel_chords(lines, rho, t)
    assume(evaluations is not None)
    assert all(abs(x) <= rho and abs(tau) <= t for x, tau in evaluations.points)
    # a line with w = 0 and o = 0 is vertical, never H itself, so kink(h) is the teacher's mass
    assert max(abs(value(h, y)) for y in evaluations.points) >= evaluations.lower * kink(h)


@given(strips(opposing=False))
@exactly
def test_four_points_of_a_parallelogram_see_a_crease_behind_any_lines(drawn):
    lines, h, rho, t = drawn
    evaluations = parallelogram(lines, rho, t)
    assume(evaluations is not None)
    assert all(abs(x) <= rho and abs(tau) <= t for x, tau in evaluations.points)
    above, right, left, below = (value(h, y) for y in evaluations.points)
    assert abs(above - right - left + below) == 4 * evaluations.lower * kink(h)


def test_a_parallelogram_sees_more_than_two_chords_where_slopes_alternate():
    """Equal gaps, slopes +-1: 3/(4 (N + 1)) of kappa, against 2/(3 (N + 1)) next to a wall."""
    for n in (4, 5, 8):
        lines = [(Q(2 * (i + 1), n + 1) - 1, Q((-1) ** i)) for i in range(n)]
        assert parallelogram(lines, Q(1), Q(1)).lower == Q(3, 4 * (n + 1))
        assert parallel_chords(lines, Q(1), Q(1)).lower == Q(2, 3 * (n + 1))


@given(st.lists(st.builds(Q, st.integers(1, 6)), min_size=4, max_size=9), st.data())
@exactly
def test_theorem_c2_bounds_the_best_of_parallelograms_chords_and_end_cells(gaps, data):
    """kappa <= (12/7)(N + 1) eps at t = 7/(2 (N + 1)), whatever the gaps and slopes."""
    n, total = len(gaps) - 1, sum(gaps)
    slopes = data.draw(st.lists(st.builds(Q, st.integers(-4, 4), st.just(4)), min_size=n, max_size=n))
    lines = [(2 * sum(gaps[: i + 1]) / total - 1, w) for i, w in enumerate(slopes)]
    evaluations = [body(lines, Q(1), Q(7, 2 * (n + 1))) for body in (parallelogram, parallel_chords, cell_points)]
    assert 1 / max(body.lower for body in evaluations) <= Q(12, 7) * (n + 1)


@given(st.lists(scaled_lines, min_size=1, max_size=7), positive)
@exactly
def test_theorem_b_bounds_the_cells_of_any_lines(lines, t):
    """kappa <= 2 eps [max(1/t, N) + max(1/t, N/3)] for |w| <= 1, rho = 1: the best cell is at least that
    good."""
    n = len(lines)
    assert 1 / (2 * cell_points(lines, Q(1), t).lower) <= max(1 / t, Q(n)) + max(1 / t, Q(n, 3))


@given(st.lists(scaled_lines, min_size=3, max_size=7, unique_by=lambda line: line[0]))
@exactly
def test_theorem_c_bounds_the_better_of_chords_and_end_cells(lines):
    """kappa <= C eps, C = 2N or 2N + 1, from parallel chords or a cell, at t = 3/N."""
    n = len(lines)
    best = max(parallel_chords(lines, Q(1), Q(3, n)).lower, cell_points(lines, Q(1), Q(3, n)).lower)
    assert 1 / best <= (2 * n if n % 2 else 2 * n + 1)


def test_equal_gaps_and_alternating_slopes_reach_theorem_b():
    for n in (3, 4, 5, 8):
        lines = [(Q(2 * i + 1 - n, n), Q((-1) ** i)) for i in range(n)]
        assert cell_points(lines, Q(1), Q(3, n)).lower == Q(3, 8 * n)


def test_the_points_see_all_of_an_instance_that_attains_theorem_b():
    nodes, (_, slope, constant), level = family(5, Q(3))
    lines = [(-beta, -p[1]) for c, p, beta in nodes if c < 0]
    h = Ridges(tuple(nodes), (Q(0), slope), constant)
    evaluations = cell_points(lines, Q(5), Q(3))
    assert evaluations.lower == max(abs(value(h, y)) for y in evaluations.points) == level


def test_lines_that_meet_on_h_leave_no_room_for_chords():
    assert parallel_chords([(Q(0), Q(1))] * 3, Q(1), Q(1)) is not None  # next to the walls there is room
    assert parallel_chords([], Q(1), Q(1)) is None


def test_cell_points_need_a_cylinder():
    with pytest.raises(ValueError, match="expected rho > 0 and t > 0; got rho = 0, t = 1"):
        cell_points([], Q(0), Q(1))
