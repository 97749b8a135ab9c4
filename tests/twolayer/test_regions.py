"""Polytopes, boxes, subspaces, and Lemma 1: restriction to a subspace keeps every value."""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twolayer import Box, Polytope, Subspace, TwoLayer, exact
from twolayer.regions import WELL_SHAPED, frame, restrict, restrict_polytope

from ..strategies import arrays, flints, networks, numbers, polytopes, quick, subspaces

HALF = Fraction(1, 2)
THIRD = Fraction(1, 3)

shapes = st.integers(1, 4).flatmap(lambda d: st.tuples(st.just(d), st.integers(1, d)))
planes = shapes.flatmap(lambda shape: subspaces(*shape))
powers = st.integers(-390, 390).map(lambda k: Fraction(10) ** k)


def squared_length_of_projection(w, basis):
    """|Proj w|^2 on the span of the rows, by the normal equations of the basis as given."""
    inner = basis @ w
    return (inner * exact.solve(basis @ basis.T, inner)).sum()


@quick
@given(planes, st.data())
def test_preactivations_on_the_subspace_are_those_of_the_space_around_it(plane, data):
    """Lemma 1, exactly."""
    network = data.draw(networks(plane.ambient, 1))
    coordinates = frame(plane)
    z = flints(data.draw(arrays(plane.dimension)))
    P, beta = restrict(network, coordinates)
    there = flints(network.W) @ coordinates.point(z) + flints(network.b)
    assert (P @ z + beta == there).all()


@quick
@given(planes)
def test_a_frame_spans_exactly_the_subspace(plane):
    coordinates, basis = frame(plane), flints(plane.basis)
    assert coordinates.dimension == plane.dimension == exact.rank(coordinates.rows)
    assert exact.rank(np.concatenate([basis, coordinates.rows])) == plane.dimension
    assert (coordinates.point(exact.zeros(plane.dimension)) == flints(plane.origin)).all()


@quick
@given(planes)
def test_a_frame_is_nearly_orthonormal_and_its_metric_inverts_its_gram_matrix(plane):
    coordinates = frame(plane)
    gram = coordinates.rows @ coordinates.rows.T
    identity = np.eye(plane.dimension, dtype=int)
    assert np.abs(exact.nearest(gram) - identity).max() <= WELL_SHAPED
    assert (gram @ coordinates.metric == identity).all()


@quick
@given(planes, st.data())
def test_the_metric_gives_covectors_the_length_of_the_projected_weight(plane, data):
    w = flints(data.draw(arrays(plane.ambient)))
    coordinates = frame(plane)
    p = coordinates.rows @ w
    assert (p @ coordinates.metric @ p) == squared_length_of_projection(w, flints(plane.basis))


@quick
@given(planes, st.data())
def test_orthonormal_coordinates_keep_lengths_and_angles_of_covectors(plane, data):
    v, w = flints(data.draw(arrays(plane.ambient))), flints(data.draw(arrays(plane.ambient)))
    basis, coordinates = flints(plane.basis), frame(plane)
    a, b = coordinates.orthonormal(np.array([coordinates.rows @ v, coordinates.rows @ w]))
    inner = ((basis @ v) * exact.solve(basis @ basis.T, basis @ w)).sum()
    for ball, number in (
        (sum(a * a, exact.ball(0)), squared_length_of_projection(v, basis)),
        (sum(a * b, exact.ball(0)), inner),
    ):
        assert (ball - exact.ball(number)).contains(0)
        assert exact.upper_float(ball) - exact.lower_float(ball) < 1e-9


def test_an_orthonormal_basis_is_kept_as_it_is():
    for rows in ([[0, 1, 0], [1, 0, 0]], [[Fraction(3, 5), Fraction(4, 5), 0]]):
        coordinates = frame(Subspace(rows, [1, 2, 3]))
        assert (coordinates.rows == flints(rows)).all()
        assert (coordinates.metric == np.eye(len(rows), dtype=int)).all()
        assert coordinates.orthonormal(flints([[1] * len(rows)]))[0, 0] == 1


def test_the_length_of_a_projected_weight_by_hand():
    """On the line through (1, 1) the weight (1, 0) has projected length 1/sqrt(2), on that through (2, 1) 2/sqrt(5)."""
    for row, square in (([1, 1], HALF), ([2, 1], Fraction(4, 5)), ([-7, -7], HALF)):
        coordinates = frame(Subspace([row], [0, 0]))
        p = coordinates.rows @ flints([1, 0])
        assert (p @ coordinates.metric @ p) == flints([square])[0]


@quick
@given(planes, powers)
def test_the_size_of_the_basis_does_not_matter(plane, power):
    """Bases may be written in any unit, also in one whose squares leave the range of floats."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        coordinates = frame(Subspace(plane.basis * power, plane.origin))
    assert exact.rank(np.concatenate([flints(plane.basis), coordinates.rows])) == plane.dimension


@quick
@given(st.integers(0, 60).map(lambda k: Fraction(1, 10) ** k))
@example(Fraction(1, 10**380))  # which of the two depends on the last bits of the processor's linear algebra
def test_two_rows_that_nearly_coincide_give_a_true_frame(distance):
    basis = [[1, THIRD, HALF], [1, THIRD + distance, HALF]]
    coordinates = frame(Subspace(basis, [0, 0, 0]))
    gram = coordinates.rows @ coordinates.rows.T
    assert np.abs(exact.nearest(gram) - np.eye(2)).max() <= WELL_SHAPED
    assert exact.rank(np.concatenate([flints(basis), coordinates.rows])) == 2


@pytest.mark.parametrize("away", [12, 40, 300, 400])
@pytest.mark.parametrize("d", [2, 5])
def test_a_basis_whose_rows_differ_by_less_than_rounding_gives_a_true_frame(d, away):
    basis = [[1] * d] + [[1 + Fraction(j == i, 10**away) for j in range(d)] for i in range(1, d)]
    coordinates = frame(Subspace(basis, [0] * d))
    gram = coordinates.rows @ coordinates.rows.T
    assert np.abs(exact.nearest(gram) - np.eye(d)).max() <= WELL_SHAPED
    assert (coordinates.metric @ gram == np.eye(d, dtype=int)).all()


@pytest.mark.parametrize(
    ("basis", "origin", "message"),
    [
        ([[1, 0], [2, 0]], [0, 0], "basis needs 2 linearly independent rows; got rank 1"),
        ([[0, 0]], [0, 0], "basis needs 1 linearly independent rows; got rank 0"),
        ([[1, 0], [0, 1], [0, 0]], [0, 0], "basis needs at most 2 rows, one for each coordinate; got 3"),
        ([[1, 0]], [0], r"basis has 2 columns, so origin needs shape \(2,\); got \(1,\)"),
        ([], [], "basis needs at least one row; got none"),
        ([[]], [], "basis needs at least one column; got none"),
        ([1, 0], [0, 0], r"basis needs 2 axes; got shape \(2,\)"),
        ([[1, np.nan]], [0, 0], "basis needs finite numbers; got a NaN or an infinity"),
        ([[1, 0]], [0, np.inf], "origin needs finite numbers; got a NaN or an infinity"),
    ],
)
def test_a_malformed_subspace_is_refused(basis, origin, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        Subspace(basis, origin)


def test_rows_that_agree_in_floats_but_not_exactly_are_independent():
    assert Subspace([[1, THIRD], [1, THIRD + Fraction(1, 10**40)]], [0, 0]).dimension == 2


def test_the_whole_space_has_its_own_coordinates():
    whole = Subspace.whole(3)
    assert (whole.dimension, whole.ambient) == (3, 3)
    assert (frame(whole).rows == np.eye(3, dtype=int)).all() and exact.is_zero(frame(whole).origin)


@pytest.mark.parametrize(
    ("A", "c", "message"),
    [
        ([[1, 0], [0, 0]], [1, 1], "row 1 of A needs a nonzero entry; got all zeros"),
        ([[1, 0]], [1, 1], r"A has 1 rows, so c needs shape \(1,\); got \(2,\)"),
        ([], [], r"A needs at least one row and one column; got shape \(0, 0\)"),
        ([[]], [1], r"A needs at least one row and one column; got shape \(1, 0\)"),
        (np.zeros((0, 2)), [], r"A needs at least one row and one column; got shape \(0, 2\)"),
        ([[1, 0]], [np.nan], "c needs finite numbers; got a NaN or an infinity"),
    ],
)
def test_a_malformed_polytope_is_refused(A, c, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        Polytope(A, c)


@pytest.mark.parametrize(
    ("lower", "upper", "message"),
    [
        ([0, 1], [1, 1], "a box needs lower < upper in every coordinate; got 1.0 and 1.0 at 1"),
        ([2], [THIRD], "a box needs lower < upper in every coordinate; got 2.0 and 1/3 at 0"),
        ([0], [1, 1], r"lower has shape \(1,\), so upper needs the same; got \(2,\)"),
        ([0, np.inf], [1, 1], "lower needs finite numbers; got a NaN or an infinity"),
        ([[0]], [[1]], r"lower needs 1 axis; got shape \(1, 1\)"),
        ([], [], "a box needs at least one coordinate; got none"),
    ],
)
def test_a_malformed_box_is_refused(lower, upper, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        Box(lower, upper)


def test_a_box_is_the_polytope_of_its_sides():
    box = Box([-1, THIRD], [1, 2])
    assert box.A.tolist() == [[1, 0], [0, 1], [-1, 0], [0, -1]]
    assert box.c.tolist() == [1, 2, 1, -THIRD]
    assert box.dimension == 2


@quick
@given(polytopes(2), arrays(6, 2))
def test_a_polytope_contains_the_points_that_satisfy_every_row(drawn, points):
    A, c, inside = drawn
    region = Polytope(A, c)
    assert region.contains(inside)
    for x, inside_too in zip(points, region.contains(points), strict=True):
        assert inside_too == all(
            sum(a * y for a, y in zip(row, x, strict=True)) <= limit for row, limit in zip(A, c, strict=True)
        )


def test_the_boundary_belongs_to_a_polytope_and_a_tolerance_widens_it():
    box = Box([0, 0], [1, 1])
    assert box.contains([[1, 1], [1, 1.5], [0, 0]]).tolist() == [True, False, True]
    assert box.contains([1, 1.5], tolerance=0.5)


@quick
@given(st.integers(2, 4).flatmap(lambda d: st.tuples(polytopes(d), st.integers(1, d - 1), st.just(d))), st.data())
def test_a_point_of_the_subspace_satisfies_the_restricted_rows_iff_it_lies_in_the_polytope(drawn, data):
    (A, c, inside), plane, d = drawn
    coordinates = frame(data.draw(subspaces(d, plane, through=inside)))
    rows, limits = restrict_polytope(Polytope(A, c), coordinates)
    assert not any(exact.is_zero(row) for row in rows)
    for z in flints(data.draw(arrays(4, plane))):
        x = coordinates.point(z)
        assert all(rows @ z <= limits) == all(flints(A) @ x <= flints(c))


def test_rows_that_hold_all_over_the_subspace_disappear_and_one_that_fails_there_is_named():
    box = Box([-1, -1], [1, 1])
    rows, limits = restrict_polytope(box, frame(Subspace([[1, 0]], [0, HALF])))
    assert rows.tolist() == [[1], [-1]] and limits.tolist() == [1, 1]
    rows, limits = restrict_polytope(box, frame(Subspace([[1, 0]], [0, 1])))
    assert len(rows) == 2  # the edge of the box: the row holds with equality
    with pytest.raises(
        ValueError, match="^the subspace needs points inside the region; row 1 of the region excludes all of it$"
    ):
        restrict_polytope(box, frame(Subspace([[1, 0]], [0, 2])))


@quick
@given(numbers, numbers)
def test_restriction_by_hand_on_a_slanted_line(w, b):
    coordinates = frame(Subspace([[Fraction(3, 5), Fraction(4, 5)]], [1, 0]))
    P, beta = restrict(TwoLayer([[w, 1]], [b], [[1]]), coordinates)
    assert exact.fraction(P[0, 0]) == w * Fraction(3, 5) + Fraction(4, 5)
    assert exact.fraction(beta[0]) == w + b
