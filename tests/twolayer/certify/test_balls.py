"""Inscribed shapes around a crease fit inside, exactly, and are as large as the closed forms say."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolayer import exact
from twolayer.certify.radii.lengths import Lengths
from twolayer.certify.radii.one import Surroundings
from twolayer.exact import rational, rationals
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Polytope, Subspace, frame
from twolayer.restriction.domains import Domain
from twolayer.restriction.restricted import Crease, restricted

from ...strategies import arrays, instances, numbers, quick

FITS = 1e-9  # what a linear program's tolerance may cost a radius; never a matter of soundness


def box(d, half=1):
    identity = np.eye(d, dtype=int)
    A, c = rationals(np.concatenate([identity, -identity])), rationals([half] * (2 * d))
    return Domain(A, c, rationals([-half] * d), rationals([half] * d), rationals([0] * d))


def crease(normal, offset):
    return Crease(rationals(normal), rational(offset), ())


def around(normal, offset, domain):
    return Surroundings(frame(Subspace.whole(domain.dimension)), crease(normal, offset), domain)


def test_a_ball_on_an_axis_of_the_cube_has_radius_one():
    for d in (2, 3, 5):
        ball = around([1] + [0] * (d - 1), 0, box(d)).ball()
        assert 1 - FITS <= ball.radius <= 1 and ball.centre[0] == 0


def test_a_ball_on_a_shifted_axis_is_limited_by_the_near_face():
    ball = around([1, 0], -0.75, box(2)).ball()
    assert 0.25 - FITS <= ball.radius <= 0.25


def test_a_disc_ignores_the_thickness_across_the_crease_and_a_ball_does_not():
    """R = (-1, 1) x (-1/100, 1/100) and H = {y = 0}: the disc has radius 1, the ball 1/100 (why Theorem 2 c fails)."""
    thin = Domain(
        rationals([[1, 0], [0, 1], [-1, 0], [0, -1]]),
        rationals([1, 0.01, 1, 0.01]),
        rationals([-1, -0.01]),
        rationals([1, 0.01]),
        rationals([0, 0]),
    )
    shapes = around([0, 1], 0, thin)
    assert 1 - FITS <= shapes.disc().radius <= 1 and shapes.ball().radius <= 0.01
    assert shapes.guarded_disc(0.02) is None and shapes.guarded_disc(0.005).radius <= 1 - 0.005


def test_a_cylinder_uses_the_true_shape():
    """Half-height t under a slanted facet x + y <= 1 in the square: radius (2 - t)/2 at best, centre free to move."""
    A = np.concatenate([box(2).A, rationals([[1, 1]])])
    cut = Domain(A, np.append(box(2).c, rational(1)), box(2).lower, box(2).upper, rationals([0, 0]))
    cylinder = around([0, 1], 0, cut).cylinder(0.5)
    assert 0.75 - FITS <= cylinder.radius <= 0.75 and cylinder.allowance == 0.5


def test_the_printed_radius_is_enclosed_from_both_sides():
    root = math.sqrt(2)
    for normal, offset, true in (([0, 1], 0, 1.0), ([1, 1], 0, root), ([1, 1], -1, root / 2), ([0, 1], -1, 1.0)):
        shapes = around(normal, offset, box(2))
        assert shapes.disc().radius <= true * (1 + 1e-15) and true * (1 - 1e-15) <= shapes.disc_radius_above()
        assert shapes.disc_radius_above() - shapes.disc().radius <= FITS


def test_a_boundary_that_misses_the_region_has_no_disc_and_radius_zero_above():
    shapes = around([0, 1], -2, box(2))
    assert shapes.disc() is None and shapes.ball() is None and shapes.disc_radius_above() == 0


def test_a_boundary_that_touches_a_face_carries_no_ball():
    assert around([0, 1], -1, box(2)).ball() is None


def test_radii_are_lengths_of_the_subspace_not_of_its_basis():
    """U spanned by (2, 0, 0) and (1, 1, 0): radii do not depend on the basis."""
    plane = frame(Subspace([[2, 0, 0], [1, 1, 0]], [0, 0, 0]))
    A, c = rationals(np.concatenate([np.eye(3), -np.eye(3)])), rationals([1] * 6)
    rows, limits = A @ plane.rows.T, c - A @ plane.origin
    keep = [m for m in range(6) if not exact.is_zero(rows[m])]
    reach = rationals([10, 10])
    domain = Domain(rows[keep], limits[keep], -reach, reach, rationals([0, 0]))
    normal = plane.rows @ rationals([0, 1, 0])
    ball = Surroundings(plane, Crease(normal, exact.ZERO, ()), domain).ball()
    assert 1 - FITS <= ball.radius <= 1


@quick
@given(instances(inputs=(2, 4), dimensions=(2, 3)), st.data())
def test_every_certified_shape_fits_inside_exactly(instance, data):
    problem = restricted(instance)
    for node in problem.student:
        domain = problem.active_domain(node)
        if domain is None:
            continue
        for line in problem.creases:
            shapes = Surroundings(problem.frame, line, domain)
            t = data.draw(st.sampled_from([0.01, 0.1, 0.5]))
            for shape, extent in (
                (shapes.ball(), "ball"),
                (shapes.disc(), "disc"),
                (shapes.cylinder(t), "cylinder"),
                (shapes.guarded_disc(t), "guarded"),
            ):
                if shape is not None:
                    assert (line.normal * shape.centre).sum() + line.offset == 0
                    _assert_fits(problem.frame, line, domain, shape, extent)
            below = shapes.disc()
            assert (below.radius if below else 0) <= shapes.disc_radius_above()


def _assert_fits(coordinates, line, domain, shape, extent):
    """Squared lengths in rationals: slack^2 >= (radius length)^2, an independent route without balls."""
    metric = coordinates.metric
    n = line.normal
    nn = n @ metric @ n
    for a, c in zip(domain.A, domain.c, strict=True):
        aa, an = a @ metric @ a, a @ metric @ n
        slack = c - (a * shape.centre).sum()
        r, t = rational(shape.radius), rational(shape.allowance)
        along, within = an * an / nn, aa - an * an / nn  # squared lengths of a . n-hat and of a_H
        assert slack >= 0
        if extent == "ball":
            assert slack**2 >= r**2 * aa
        elif extent == "disc":
            assert slack**2 >= r**2 * within
        elif extent == "cylinder":
            assert _sum_of_roots_at_most(r * r * within, t * t * along, slack)
        else:
            assert _sum_of_roots_at_most(r * r * within, t * t * aa, slack)


def _sum_of_roots_at_most(x, y, total):
    """sqrt(x) + sqrt(y) <= total, exactly."""
    rest = total**2 - x - y
    return rest >= 0 and rest**2 >= 4 * x * y


@pytest.mark.parametrize("d", [2, 4, 8])
def test_random_slanted_creases_reach_the_face_distance_from_below(d):
    rng = np.random.default_rng(d)
    normal = rng.normal(size=d)
    ball = around(normal, 0.0, box(d)).ball()
    assert 1 - FITS <= ball.radius <= 1  # a ball around the origin touches all faces


@pytest.mark.parametrize("normal", [[Fraction(1, 5), Fraction(1, 3)], [Fraction(1, 5), Fraction(1, 3), Fraction(-1, 7)]])
def test_a_node_has_around_its_own_crease_the_disc_of_the_whole_box(normal):
    """The half-space ends at the crease itself, and all kinks of the dual are one: what differs there is rounding."""
    d = len(normal)
    sides = np.concatenate([np.eye(d, dtype=int), -np.eye(d, dtype=int)])
    node = TwoLayer([normal], [0], [[1]])
    problem = restricted(Instance(node, node, Polytope(sides, [Fraction(1, 2)] + [1] * (2 * d - 1)), Subspace.whole(d)))
    shapes = (
        Surroundings(problem.frame, problem.creases[0], domain)
        for domain in (problem.active_domain(problem.student[0]), problem.region)
    )
    around_it, whole = (shape.disc().radius for shape in shapes)
    assert around_it == pytest.approx(whole, rel=FITS)


@quick
@given(instances(inputs=(2, 3), dimensions=(2, 3)), st.data())
def test_closed_forms_and_linear_programs_find_the_same_shapes(instance, data):
    """Boxes and boxes with one row more have a closed form; kept from it they must give the same radii."""
    problem = restricted(instance)
    for node in problem.student[:1]:
        domain = problem.active_domain(node)
        if domain is None:
            continue
        t = data.draw(st.sampled_from([0.01, 0.1, 0.5]))
        for line in problem.creases:
            closed_forms, other = (_radii(Surroundings(problem.frame, line, domain), t, closed) for closed in (True, False))
            for name, radius in closed_forms.items():
                assert radius == pytest.approx(other[name], rel=1e-7, abs=1e-7), name


def _radii(shapes, t, closed):
    if not closed:
        vars(shapes)["_boxed"] = lambda alpha, allowances: None
    by_shape = {"ball": shapes.ball(), "disc": shapes.disc(), "cylinder": shapes.cylinder(t), "guarded": shapes.guarded_disc(t)}
    return {name: 0 if x is None else x.radius for name, x in by_shape.items()}


@quick
@given(st.data(), st.integers(1, 4), st.sampled_from([0, 1, 1e-3, 1e-6, 1e-12, 1e-40]))
def test_lengths_bound_the_exact_ones_from_above_and_closely(data, d, away):
    """Facets at any angle to H, some a hair's breadth from parallel, in a frame whose metric is not the identity."""
    plane = (
        frame(Subspace(np.eye(d + 1)[:d] + 0.1, [0] * (d + 1)))
        if data.draw(st.booleans())
        else around([1] * d, 0, box(d)).frame
    )
    n = rationals(data.draw(arrays(d).filter(lambda row: any(row))))
    A = rationals(data.draw(arrays(3, d))) * rational(away)
    A = A + rationals(data.draw(arrays(3)))[:, None] * n
    A = np.array([row if not exact.is_zero(row) else n for row in A])
    domain = Domain(A, rationals([1, 1, 1]), None, None, None)
    lengths = Lengths(plane, Crease(n, rational(data.draw(numbers)), ()), domain)
    nn = n @ plane.metric @ n
    for m, a in enumerate(A):
        aa, an = a @ plane.metric @ a, a @ plane.metric @ n
        rounding = 1e-14 * lengths.whole[m]  # of a . n: all that is left of it for facets at nearly right angles to H
        for length, square, blur in (
            (lengths.whole[m], aa, 0.0),
            (lengths.along[m], an * an / nn, rounding),
            (lengths.within[m], aa - an * an / nn, rounding * (aa * nn == an * an)),
        ):
            assert rational(length) ** 2 >= square
            assert length <= math.sqrt(exact.nearest_float(square)) * (1 + 1e-10) + blur
        assert (lengths.within[m] == 0) == (aa * nn == an * an)


def test_whether_a_crease_enters_is_decided_exactly_where_floats_see_nothing():
    hair = rational(2) ** -80
    for shift, enters in ((rational(0), False), (hair, True), (-hair, False)):
        for normal, end in (([1, 1], 2), ([0, 1], 1)):  # through a corner; along a face
            offset = rational(-end) + shift
            ball = Surroundings(frame(Subspace.whole(2)), Crease(rationals(normal), offset, ()), box(2)).ball()
            assert (ball is not None) == enters
            if ball is not None:
                assert 0 < rational(ball.radius) <= hair
                assert (rationals(normal) * ball.centre).sum() == -offset


@pytest.mark.parametrize("reach", [1, 2**300])
def test_a_centre_outside_carries_no_shape_and_one_inside_is_rounded_down(reach):
    """In floats, and in rationals where the numbers are out of their range."""
    wide = Domain(box(2).A, rationals([1, reach, 1, reach]), rationals([-1, -reach]), rationals([1, reach]), rationals([0, 0]))
    shapes = around([0, 1], 0, wide)
    lengths = np.array([3.0, 1.0, 3.0, 1.0])
    for x in (1 + 2**-40, 5.0, -5.0, 1.0):
        assert shapes._shape_at(np.array([x, 0.0]), lengths, np.zeros(4), 0.0) is None
    assert rational(shapes._shape_at(np.zeros(2), lengths, np.zeros(4), 0.0).radius) <= rational(1) / 3
    for length in (3.0, 5.0, 10.0):  # 1/5 and 1/10 are nearest to floats above them
        assert rational(shapes._quotient(0, rationals([0, 0]), length, 0.0)) * rational(length) <= 1


def test_a_shape_that_needs_an_infinite_allowance_is_none():
    shapes = around([0, 1], 0, box(2))
    assert shapes.guarded_disc(math.inf) is None and shapes.cylinder(math.inf) is None


@quick
@given(st.integers(0, 10**6), st.integers(2, 5), st.booleans(), st.sampled_from([0.0, 1e-17, 1e-15, 1e-12]))
def test_lengths_bound_the_exact_ones_where_a_product_is_all_rounding(seed, d, tilted, angle):
    """Facets within a rounding of right angles to H: a . n in floats is noise, and a cylinder's facets shift by it."""
    rng = np.random.default_rng(seed)
    plane = frame(Subspace(np.eye(d + 1)[:d] + 0.1, [0] * (d + 1))) if tilted else frame(Subspace.whole(d))
    n = rationals(rng.normal(size=d)) / 3
    dual = n @ plane.metric
    facets = []
    for row in rng.normal(size=(6, d)):
        a = rationals(row) / 7
        facets.append(a - (a @ plane.metric @ n) / (dual @ n) * n * (1 - rational(angle)))
    A = np.array(facets, dtype=object)
    lengths = Lengths(plane, Crease(n, rational(0), ()), Domain(A, rationals([1] * 6), None, None, None))
    assert lengths.is_safe
    nn = n @ plane.metric @ n
    for m, a in enumerate(A):
        aa, an = a @ plane.metric @ a, a @ plane.metric @ n
        for length, square in (
            (lengths.whole[m], aa),
            (lengths.along[m], an * an / nn),
            (lengths.within[m], aa - an * an / nn),
        ):
            assert rational(length) ** 2 >= square
