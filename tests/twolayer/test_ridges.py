"""Ridge sums, creases, domains: the instance seen from its subspace, every number exact."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from hypothesis import assume, given
from hypothesis import strategies as st

from twolayer import BadInput, Box, Instance, Polytope, Subspace, TwoLayer, exact, hidden_gradient
from twolayer.restriction import ridges
from twolayer.restriction.domains import Domain, domain, tightened
from twolayer.restriction.restricted import difference, restricted
from twolayer.restriction.ridges import RidgeSum, canonical

from ..strategies import (
    array,
    arrays,
    brute_epsilon,
    brute_has_interior,
    brute_supremum,
    brute_value,
    brute_vertices,
    domains,
    flints,
    gradient_in_own_coordinates,
    instances,
    nonzero,
    quick,
    ridge_sums,
    thorough,
)

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
ROUNDING = 1e-9  # a few dozen float operations on numbers below 1e4

dimensions = st.integers(1, 3)
sums = dimensions.flatmap(lambda d: st.tuples(ridge_sums(d), domains(d)))
SQUARE = Box([-1, -1], [1, 1])


def only(weight, bias, fan_out=1):
    """A network of one node with one output."""
    return TwoLayer([weight], [bias], [[fan_out]])


@quick
@given(sums, st.data())
def test_a_ridge_sum_is_the_sum_of_its_terms(drawn, data):
    h, _ = drawn
    for z in flints(data.draw(arrays(3, h.dimension))):
        assert h(z) == brute_value(h, z)
        assert h.negated()(z) == -h(z)
        assert h.floats(exact.nearest(z)[None, :])[0] == pytest.approx(exact.nearest_float(h(z)), abs=ROUNDING)


@quick
@given(sums)
def test_the_supremum_of_the_brute_force_is_attained_and_nothing_sampled_exceeds_it(drawn):
    h, region = drawn
    top = brute_supremum(h, region)
    assert top == brute_supremum(h.negated(), region)
    corners = brute_vertices(region.A, region.c)
    middle = sum(np.array(corners, dtype=object)) / len(corners)
    for corner in corners:
        for share in (fmpq(0), fmpq(1, 3), fmpq(4, 5)):
            assert abs(h(np.array(corner, dtype=object) * (1 - share) + share * middle)) <= top


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([([1, 0], 0, 1)], 1),
        ([([1, 0], 0, 1), ([-1, 0], 0, 1)], 1),
        ([([1, 0], 0, 1), ([-1, 0], 0, -1)], 1),
        ([([1, 1], 0, 1)], 2),
        ([([1, 1], -1, -3)], 3),
        ([([2, 0], 0, 1), ([1, 0], 0, -2)], 0),
        ([([1, 0], THIRD, 1), ([1, 0], -THIRD, -1)], Fraction(2, 3)),
        ([([0, 0], 5, 1), ([0, 0], -5, 1)], 5),
    ],
)
def test_suprema_over_a_square_by_hand(terms, expected):
    P, beta, c = (flints(array(np.ravel(np.array(x, dtype=object)), np.shape(x))) for x in zip(*terms, strict=True))
    square = domain(flints(SQUARE.A), flints(SQUARE.c), flints([-1, -1]), flints([1, 1]))
    assert brute_supremum(RidgeSum(P, beta, c, flints([0, 0]), fmpq(0)), square) == exact.rational(Fraction(expected))


@quick
@given(sums)
def test_the_size_of_a_sum_bounds_its_supremum(drawn):
    h, region = drawn
    assert h.size(region.lower, region.upper) >= exact.round_down(brute_supremum(h, region))


@thorough
@given(dimensions.flatmap(lambda d: st.tuples(arrays(d), arrays(1), arrays(d), arrays(1))), nonzero)
def test_two_nodes_share_a_key_iff_they_share_a_hyperplane(drawn, factor):
    p, beta, q, gamma = (flints(x) for x in drawn)
    assume(not exact.is_zero(p) and not exact.is_zero(q))
    key, scale = canonical(p, beta[0])
    assert (*(scale * x for x in key),) == (*p, beta[0])
    assert max(abs(x) for x in key[:-1]) == 1
    s = exact.rational(factor)
    again, times = canonical(s * p, s * beta[0])
    assert again == key and hash(again) == hash(key) and times == s * scale
    same = exact.rank(np.array([[*p, beta[0]], [*q, gamma[0]]], dtype=object)) == 1
    assert (canonical(q, gamma[0])[0] == key) == same


@thorough
@given(instances(), st.data())
def test_the_gradient_on_the_subspace_is_that_of_the_networks(instance, data):
    problem = restricted(instance)
    for z in flints(data.draw(arrays(3, problem.dimension))):
        x = np.array([exact.fraction(q) for q in problem.frame.point(z)], dtype=object)
        g = hidden_gradient(instance.teacher, instance.student, x)
        for node in problem.student:
            active = (node.p * z).sum() + node.beta > 0
            assert exact.fraction(problem.gradient(node)(z)) * int(active) == g[node.index]


@quick
@given(instances())
def test_eps_is_the_same_whichever_way_it_is_computed(instance):
    """From Restricted, with frames, creases and domains; and from the raw numbers in the basis as given."""
    problem = restricted(instance)
    for node in problem.student:
        region, expected = problem.active_domain(node), brute_epsilon(instance, node.index)
        if region is None:
            assert expected is None
        else:
            assert brute_supremum(problem.gradient(node), region) == expected


@thorough
@given(instances())
def test_an_active_domain_exists_iff_the_node_is_active_inside_the_region_and_is_all_of_it(instance):
    problem = restricted(instance)
    for node in problem.student:
        region = problem.active_domain(node)
        _, A, c = gradient_in_own_coordinates(instance, node.index)
        assert (region is not None) == brute_has_interior(A, c)
        if region is None:
            continue
        assert (region.c - region.A @ region.interior > 0).all()
        assert node.is_constant or (node.p * region.interior).sum() + node.beta > 0
        here = {tuple(problem.frame.point(np.array(z, dtype=object))) for z in brute_vertices(region.A, region.c)}
        basis, origin = flints(instance.subspace.basis), flints(instance.subspace.origin)
        assert here == {tuple(origin + np.array(t, dtype=object) @ basis) for t in brute_vertices(A, c)}
        for j in range(region.dimension):
            ends = [z[j] for z in brute_vertices(region.A, region.c)]
            assert region.lower[j] <= min(ends) and max(ends) <= region.upper[j]


@pytest.mark.parametrize(
    ("weight", "bias", "exists"),
    [
        ([1, 0], -2, False),  # dead
        ([1, 0], -1, False),  # touches an edge
        ([1, 1], -2, False),  # touches a vertex
        ([1, 1], Fraction(-19, 10), True),
        ([-1, -1], -2, False),
        ([1, 0], 1, True),  # active on all of R but an edge
        ([0, 0], 1, True),
        ([0, 0], 0, False),
        ([0, 0], -1, False),
        ([1, 0], Fraction(10**30 - 1, -(10**30)), True),
    ],
)
def test_active_domains_on_a_square_by_hand(weight, bias, exists):
    problem = restricted(Instance(only([1, 0], 0), only(weight, bias), SQUARE))
    assert (problem.active_domain(problem.student[0]) is not None) == exists


def test_a_weight_orthogonal_to_the_subspace_is_a_constant_node_there():
    plane = Subspace([[1, 0]], [0, HALF])
    for bias, exists in ((-THIRD, True), (-HALF, False), (-1, False)):
        problem = restricted(Instance(only([1, 0], 0), only([0, 1], bias), SQUARE, plane))
        node = problem.student[0]
        assert node.is_constant and node.beta == exact.rational(Fraction(bias) + HALF)
        assert (problem.active_domain(node) is not None) == exists


def test_an_active_node_does_not_cut_the_region():
    problem = restricted(Instance(only([1, 0], 0), only([1, 0], 1), SQUARE))
    assert problem.active_domain(problem.student[0]) is problem.region


@quick
@given(instances())
def test_nodes_on_one_hyperplane_of_the_subspace_share_a_crease(instance):
    problem = restricted(instance)
    nodes = [node for node in problem.nodes if not node.is_constant]
    assert sorted(id(node) for crease in problem.creases for node, _ in crease.members) == sorted(map(id, nodes))
    for crease in problem.creases:
        for node, scale in crease.members:
            assert problem.creases[problem.crease_index[node.side, node.index]] is crease
            assert (scale * crease.normal == node.p).all() and scale * crease.offset == node.beta
        assert crease.has("teacher") == any(node.side == "teacher" for node, _ in crease.members)
        assert crease.has("student") == any(node.side == "student" for node, _ in crease.members)
    for i, node in enumerate(nodes):
        for other in nodes[:i]:
            rank = exact.rank(np.array([[*node.p, node.beta], [*other.p, other.beta]], dtype=object))
            assert (problem.crease_index[node.side, node.index] == problem.crease_index[other.side, other.index]) == (rank == 1)


@thorough
@given(instances(), st.data())
def test_the_kink_mass_is_the_second_difference_across_the_crease(instance, data):
    """h(z + t u) + h(z - t u) - 2 h(z) = mass * t * |normal . u| for z on the crease, away from every other one."""
    problem = restricted(instance)
    assume(problem.creases)
    crease = data.draw(st.sampled_from(problem.creases))
    pivot = list(abs(crease.normal)).index(1)
    z, u = (flints(data.draw(arrays(problem.dimension))) for _ in range(2))
    z[pivot] -= crease.normal[pivot] * ((crease.normal * z).sum() + crease.offset)
    assert (crease.normal * z).sum() + crease.offset == 0
    others = [other for other in problem.creases if other is not crease]
    gaps = [abs((other.normal * z).sum() + other.offset) for other in others]
    assume(all(gap > 0 for gap in gaps))
    speeds = [abs((other.normal * u).sum()) for other in others]
    t = min((gap / speed for gap, speed in zip(gaps, speeds, strict=True) if speed > 0), default=fmpq(1))
    for node in problem.student:
        h = problem.gradient(node)
        bend = h(z + t * u) + h(z - t * u) - 2 * h(z)
        mass = crease.mass(node.fan_out)
        assert bend == mass * t * abs((crease.normal * u).sum())
        assert mass == crease.mass(node.fan_out, "teacher") + crease.mass(node.fan_out, "student")


def test_kink_masses_by_hand():
    """Teacher relu(x) - 3 relu(-2x), student relu(x/2): masses 1 + (-6) and -(1/2) for an observer with fan-out 1."""
    teacher = TwoLayer([[1, 0], [-2, 0]], [0, 0], [[1, -3]])
    problem = restricted(Instance(teacher, only([HALF, 0], 0), SQUARE))
    (crease,) = problem.creases
    assert crease.mass(flints([1]), "teacher") == -5
    assert crease.mass(flints([1]), "student") == fmpq(-1, 2)
    assert crease.mass(flints([2])) == -11


@quick
@given(dimensions.flatmap(lambda d: st.tuples(domains(d), arrays(d))))
def test_a_point_is_pulled_into_the_domain_only_where_it_lies_outside(drawn):
    region, z = drawn[0], flints(drawn[1])
    inside = region.inside(z)
    assert region.contains(inside) and (region.A @ inside <= region.c).all()
    if region.contains(z):
        assert (inside == z).all()


@quick
@given(dimensions.flatmap(domains), st.data())
def test_a_rounded_vertex_is_pulled_in_by_no_more_than_its_rounding(region, data):
    vertex = np.array(data.draw(st.sampled_from(brute_vertices(region.A, region.c))), dtype=object)
    outside = exact.rationals(exact.nearest(vertex) * (1 + 2.0**-50))
    assert max(abs(exact.nearest(region.inside(outside) - vertex))) < 1e-11


@quick
@given(dimensions.flatmap(lambda d: st.tuples(domains(d), arrays(d))))
def test_containing_means_every_row_holds(drawn):
    region, z = drawn[0], flints(drawn[1])
    assert region.contains(z) == all((row * z).sum() <= limit for row, limit in zip(region.A, region.c, strict=True))
    assert all(region.contains(np.array(corner, dtype=object)) for corner in brute_vertices(region.A, region.c))


@quick
@given(dimensions.flatmap(lambda d: st.tuples(domains(d), arrays(d), st.sampled_from((0, THIRD, 1)))))
def test_a_tightened_box_holds_the_part_that_is_left(drawn):
    region, row, share = drawn[0], flints(drawn[1]), drawn[2]
    corners = brute_vertices(region.A, region.c)
    values = [(row * z).sum() for z in corners]
    limit = min(values) + exact.rational(Fraction(share)) * (max(values) - min(values))
    lower, upper = tightened(row, limit, region.lower, region.upper)
    assert (lower >= region.lower).all() and (upper <= region.upper).all()
    for z in brute_vertices(
        np.concatenate([region.A, row[None, :]]) if any(row) else region.A, np.append(region.c, limit) if any(row) else region.c
    ):
        assert (lower <= z).all() and (z <= upper).all()


def test_a_tightened_box_by_hand():
    lower, upper = tightened(flints([1, -1]), fmpq(-3, 2), flints([0, 0]), flints([1, 2]))  # x - y <= -3/2
    assert lower.tolist() == [0, fmpq(3, 2)] and upper.tolist() == [fmpq(1, 2), 2]


def test_a_domain_knows_whether_it_is_a_box():
    box = restricted(Instance(only([1, 0], 0), only([1, 0], -HALF), SQUARE))
    assert box.region.is_box
    assert box.active_domain(box.student[0]).is_box
    assert box.active_domain(box.student[0]).lower.tolist() == [fmpq(1, 2), -1]
    slanted = restricted(Instance(only([1, 0], 0), only([1, 1], 0), SQUARE))
    assert slanted.region.is_box and not slanted.active_domain(slanted.student[0]).is_box
    assert not Domain(flints(SQUARE.A), flints([1] * 4), flints([-2, -1]), flints([1, 1]), flints([0, 0])).is_box


def test_a_box_cut_by_a_side_parallel_node_is_still_a_box_where_floats_cannot_hold_the_cut():
    problem = restricted(Instance(only([1, 0], 0), only([1, 0], -THIRD), SQUARE))
    region = problem.active_domain(problem.student[0])
    assert region.is_box and region.lower.tolist() == [fmpq(1, 3), -1]


def test_a_polytope_without_interior_is_no_domain():
    flat = flints([[1], [-1]]), flints([1, -1])
    assert domain(*flat, flints([1]), flints([1])) is None


def test_floats_of_a_domain_are_its_numbers_rounded():
    region = restricted(Instance(only([1, 0], 0), only([1, 0], 0), Box([-THIRD, -1], [1, 1]))).region
    assert region.floats.lower.tolist() == [-1 / 3, -1] and region.floats.A.dtype == np.float64


@quick
@given(instances(inputs=(1, 3), second_teacher=True), st.data())
def test_the_difference_of_two_teachers_is_their_difference(instance, data):
    for output in range(instance.teacher.outputs):
        h, region = difference(instance, output)
        problem = restricted(instance)
        assert (region.A == problem.region.A).all()
        for z in flints(data.draw(arrays(2, problem.dimension))):
            x = np.array([exact.fraction(q) for q in problem.frame.point(z)], dtype=object)
            assert exact.fraction(h(z)) == instance.teacher(x)[output] - instance.second_teacher(x)[output]


def test_the_second_teacher_takes_the_teachers_place_on_demand():
    instance = Instance(only([1, 0], 0), only([1, 1], 0), SQUARE, second_teacher=only([0, 1], HALF))
    assert restricted(instance).teacher[0].p.tolist() == [1, 0]
    swapped = restricted(instance, second_teacher=True)
    assert swapped.teacher[0].p.tolist() == [0, 1] and swapped.student[0].p.tolist() == [1, 1]
    with pytest.raises(BadInput, match="^Theorem 3 needs a second_teacher; got an instance without one$"):
        restricted(Instance(only([1, 0], 0), only([1, 1], 0), SQUARE), second_teacher=True)


def test_a_tiny_weight_still_has_its_active_half():
    """10^-400 is zero to a float and a weight to a rational."""
    tiny = Fraction(1, 10**400)
    problem = restricted(
        Instance(only([1, 0], 0), only([tiny, tiny], 0), Polytope([[1, 1], [1, -1], [-1, 1], [-1, -1]], [1] * 4))
    )
    region = problem.active_domain(problem.student[0])
    assert region is not None and (region.interior * flints([1, 1])).sum() > 0


@given(st.integers(1, 4).flatmap(lambda d: ridge_sums(d, (2, 6))), st.integers(0, 600), st.integers(-300, 300))
def test_no_two_ridges_on_one_hyperplane_are_each_called_alone(h, row, power):
    """Whatever third, tenth or power of two one of them was multiplied by, in floats that may not hold it."""
    P, beta, i = h.P.copy(), h.beta.copy(), row % len(h.P)
    factor = exact.rational(-1) / 3 * exact.rational(10) ** power
    P[i], beta[i] = P[(i + 1) % len(P)] * factor, beta[(i + 1) % len(P)] * factor
    single = ridges.alone(exact.nearest(P), exact.nearest(beta))
    for j in [j for j in np.flatnonzero(single) if any(P[j])]:
        others = [ridges.canonical(p, b)[0] for k, (p, b) in enumerate(zip(P, beta, strict=True)) if k != j and any(p)]
        assert ridges.canonical(P[j], beta[j])[0] not in others


def test_ridges_in_general_position_are_alone_and_their_multiples_are_not():
    P, beta = np.random.default_rng(0).normal(size=(300, 5)), np.random.default_rng(1).normal(size=300)
    assert ridges.alone(P, beta).all()
    assert not ridges.alone(np.concatenate([P, -P / 3]), np.concatenate([beta, -beta / 3])).any()
    P[0, 0] = np.inf  # beyond the floats: it may be on any hyperplane
    assert not ridges.alone(P, beta).any()
