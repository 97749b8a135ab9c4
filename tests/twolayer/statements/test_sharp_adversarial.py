"""The sharp bounds against instances built to break them: for random lines, coefficients that hide a crease best.

In the square [-1, 1]^2 the teacher has a crease on H = {y = 0}. For given other lines, a linear program chooses their
coefficients (teacher lines and student lines) and an affine part so that sup |h| is smallest: the best hiding place.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from twolayer.certify.suprema import active_domains, gradient_suprema
from twolayer.exact import nearest_float
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box
from twolayer.restriction.restricted import restricted
from twolayer.statements import bounds
from twolayer.statements.check import check
from twolayer.statements.setting import Setting
from twolayer.statements.sharp import best as sharp
from twolayer.statements.sharp import cells as sharp_cells
from twolayer.statements.sharp import chords as sharp_chords
from twolayer.statements.sharp import counts as sharp_counts
from twolayer.statements.sharp import masses as sharp_masses
from twolayer.statements.sharp import pairs as sharp_pairs
from twolayer.statements.sharp.around import radii

from ...strategies import quick
from .test_sharp_methods import built

slopes = st.builds(Fraction, st.integers(-12, 12), st.sampled_from((10, 40, 200)))
offsets = st.builds(Fraction, st.integers(-9, 9), st.just(10))
lines = st.tuples(slopes, offsets, st.booleans(), st.booleans())  # slope, offset, steep?, a student's?
FAR = 8  # relu(z + 8) is linear on the square
MASSES = 20  # largest coefficient that the program may choose
PLANAR = sharp_cells, sharp_chords, sharp_pairs


def weights(line):
    """(w, b) of the line: y = slope x + offset, or x = offset + slope y if it is steep."""
    slope, offset, steep, _ = line
    return ([Fraction(1), -slope], -offset) if steep else ([-slope, Fraction(1)], -offset)


def hiding(creases, within=None):
    """(masses of all creases (w, b) but the first, slope, constant), rationals: what hides the first best in [-1, 1]^d.

    A linear program over the vertices of the arrangement, where sup |h| is taken; within: (w, b), of the part w . z + b >= 0
    """
    normals, biases = (np.array([crease[part] for crease in creases], dtype=float) for part in (0, 1))
    dimension = normals.shape[1]
    unit, rows = np.eye(dimension), [np.column_stack([normals, -biases])]
    w, b = (np.zeros(dimension), 0.0) if within is None else (np.array(within[0], dtype=float), float(within[1]))
    rows += [] if within is None else [np.append(w, -b)[None]]
    planes = np.vstack([*rows, *(np.column_stack([unit, np.full(dimension, side)]) for side in (-1, 1))])
    systems = planes[np.array(list(itertools.combinations(range(len(planes)), dimension)))]
    systems = systems[np.abs(np.linalg.det(systems[:, :, :-1])) > 1e-9]
    points = np.linalg.solve(systems[:, :, :-1], systems[:, :, -1:])[:, :, 0]
    points = points[(np.abs(points).max(axis=1) <= 1 + 1e-9) & (points @ w + b >= -1e-9)]
    ridges = np.maximum(points @ normals.T + biases, 0)
    columns, ones = np.column_stack([ridges[:, 1:], points, np.ones(len(points))]), np.ones((len(points), 1))
    program = linprog(
        np.append(np.zeros(columns.shape[1]), 1.0),
        A_ub=np.block([[columns, -ones], [-columns, -ones]]),
        b_ub=np.append(-ridges[:, 0], ridges[:, 0]),
        bounds=[(-MASSES, MASSES)] * columns.shape[1] + [(0, None)],
    )
    chosen, count = [Fraction(x).limit_denominator(4000) for x in program.x[:-1]], len(creases) - 1
    return chosen[:count], chosen[count:-1], chosen[-1]


def hidden(drawn):
    """The instance in which the crease on H is hidden best behind the drawn lines, rounded to rationals."""
    nodes = [([Fraction(0), Fraction(1)], Fraction(0)), *map(weights, drawn)]
    masses, (a1, a2), constant = hiding(nodes)
    teacher, student = [(nodes[0], Fraction(1))], [(([Fraction(1), Fraction(0)], Fraction(FAR)), Fraction(1))]
    for node, line, mass in zip(nodes[1:], drawn, masses, strict=True):
        (student if line[3] else teacher).append((node, -mass if line[3] else mass))
    # the observer relu(x + 8) is a student of fan-out 1, so the teacher gives it back together with the affine part
    teacher += [
        (([Fraction(1), Fraction(0)], Fraction(FAR)), a1 + 1),
        (([Fraction(0), Fraction(1)], Fraction(FAR)), a2),
        (([Fraction(0), Fraction(0)], Fraction(1)), constant - FAR * (a1 + a2)),
    ]
    return Instance(network(teacher), network(student), Box([-1, -1], [1, 1]))


def network(nodes):
    return TwoLayer([w for (w, _), _ in nodes], [b for (_, b), _ in nodes], [[v for _, v in nodes]])


def row(result, statement, form):
    """The row of the crease on H as the everywhere active observer 0 sees it."""
    return next(v for v in result.verdicts if (v.statement, v.form, v.teacher, v.observer) == (statement, form, 0, 0))


@settings(quick, max_examples=150)
@given(st.lists(lines, min_size=1, max_size=5))
def test_no_repaired_or_sharp_row_fails_where_a_crease_is_hidden_as_well_as_possible(drawn):
    verdicts = check(hidden(drawn)).verdicts
    assert [v for v in verdicts if v.form != "printed" and v.verdict == "fails"] == []
    assert not any(v.terms.get("slabs_leave_room") for v in verdicts)


def test_three_student_lines_reach_seven_tenths_of_the_sharp_bound():
    """So no constant of the bound can shrink by more than three tenths unnoticed."""
    slanted = [(Fraction(s), Fraction(1, 2), False, True) for s in (1, -1)]
    sharp = row(check(hidden([*slanted, (Fraction(0), Fraction(-1, 2), True, True)])), "theorem-2", "sharp")
    assert sharp.verdict == "holds" and 0.7 * sharp.bound <= sharp.measured <= sharp.bound < 1


def test_hidden_creases_leave_most_sharp_bounds_below_one():
    """The test above is no test of vacuous rows: with slopes up to 1/4 most bounds say something."""
    rng = np.random.default_rng(0)
    said = []
    for _ in range(40):
        drawn = [
            (Fraction(int(rng.integers(-10, 11)), 40), Fraction(int(rng.integers(-8, 9)), 10), False, True)
            for _ in range(int(rng.integers(1, 4)))
        ]
        said.append(row(check(hidden(drawn)), "theorem-2", "sharp").verdict)
    assert said.count("holds") >= 20 and "fails" not in said and "undecided" not in said


# Every method by itself, in the plane and in space


def best_hidden(drawn, dimension):
    """A crease on H = {last coordinate = 0} hidden best behind the drawn creases (w, b, a student's?); [-1, 1]^d.

    The program of `hidden` in any dimension.
    """
    masses, slope, constant = hiding([(np.eye(dimension)[-1], 0), *((w, b) for w, b, _ in drawn)])
    creases = [(list(w), b, mass, mine) for (w, b, mine), mass in zip(drawn, masses, strict=True)]
    return built(creases, [1] * dimension, affine=(slope, constant))


def candidates(instance):
    """(setting, smallest sine of a student, every candidate of every method, H's |kappa| with its own candidates)."""
    problem = restricted(instance)
    domains = active_domains(problem)
    made = Setting(instance, problem, domains, gradient_suprema(problem, domains))
    observer, i, domain = problem.student[0], made.crease(problem.teacher[0]), domains[0]
    inscribed, d = made.shapes.ball(i, domain), problem.dimension
    near = sharp.around(made, i, observer, inscribed.centre)
    size = sharp.sizes(made, i, observer)
    if not size.kappa > 0 or not size.epsilon > 0 or made.masses.carries_student[i]:
        return None
    every = list(sharp_counts.student(made, i, size, radii(inscribed.radius, near.distance), near, 1.0))
    balls = sharp.local.balls(made, i, size, inscribed, near)
    every += sharp._by_local_balls(made, i, balls, near)
    surroundings, counted = made.shapes.around(i, domain), near.opposes
    for t in (sharp._least(size) * height for height in (1.0, 1.2, 1.4, 2.0, 3.0)):
        cylinder = sharp._cylinder(made, i, observer, surroundings, t)
        if cylinder is not None:
            every += sharp_masses.split(made, i, size, cylinder)
    for k in bounds.FAR_POINTS:
        t = sharp_masses.best_height(k) * size.eps / (nearest_float(bounds.relu_distance(k)) * size.level)
        cylinder = sharp._cylinder(made, i, observer, surroundings, t)
        order = None if cylinder is None else sharp_masses.order(made, i, size, cylinder, k)
        every += [] if order is None else [order]
    kinks = list(sharp_counts.kinks(made, i, size, inscribed, near))
    ball = sharp.local.whole_ball(made, i, size, inscribed, near)
    if ball is not None:
        within = sharp._kinks_in_ball(made, i, ball.size, replace(inscribed, radius=ball.radius), near, counted)
        within += sharp._kinks_in_rectangles(made, i, ball, inscribed.centre, near, counted) if d == 2 else []
        kinks += [sharp.local.told(ball, candidate) for candidate in within]
    heights = inscribed.radius * np.array([0.7, *sharp.SLICES])
    kinks += sharp_masses.kinks(made, i, size, inscribed, near, heights, counted, np.inf)
    if d == 2:
        where = made, i, size, domain, near
        every += [c for c in (method.student(*where, 1.0) for method in PLANAR) if c is not None]
        every += in_rectangles(made, i, balls, inscribed.centre, near)
        planar = [method.kink(*where, np.inf) for method in PLANAR[1:]]
        kinks += [c for c in (sharp_cells.kink(*where, counted), *planar) if c is not None]
    unit = nearest_float(made.float_unit(observer))  # what floats of |kappa| are divided by
    return made.angles.best(i, problem.student)[0], every, size.kappa, [(value * unit, prove) for value, prove in kinks]


def in_rectangles(made, i, balls, centre, near):
    """Every rectangle of a ladder of heights in every local ball by itself, told as a local bound."""
    middle = sharp.plane.middle(made, i, centre)
    return [
        sharp.local.told(ball, candidate)
        for ball in balls
        for body in sharp.rectangles(middle, ball.radius, ball.radius * np.array([0.02, 0.1, 0.3, 0.6, 0.9]))
        for candidate in [sharp_cells.student(made, i, ball.size, body, near.within(ball.radius), 1.0)]
        if candidate is not None
    ]


def assert_no_method_is_violated(instance):
    """Each candidate of each method bounds the best student's sine, or |kappa|; -> names of the methods that spoke."""
    made = candidates(instance)
    spoke = set()
    if made is None:
        return spoke
    measured, methods, kappa, kinks = made
    for value, prove in methods:
        bound = prove()
        if bound is not None:
            assert not measured > bound.value, bound
            assert value == pytest.approx(float(bound.value.mid()), rel=1e-6)
            spoke.add(("local " if "local_epsilon" in bound.terms else "") + bound.form)
    for value, prove in kinks:
        bound = prove()
        if bound is not None and np.isfinite(value):
            assert not kappa > bound.value, bound
            assert value == pytest.approx(float(bound.value.mid()), rel=1e-6)
            spoke.add(("local " if "local_epsilon" in bound.terms else "") + "kink " + bound.form)
    return spoke


gentle = st.builds(Fraction, st.integers(-8, 8), st.just(10))
mine = st.sampled_from((True, True, True, False))
plane_creases = st.lists(st.tuples(st.tuples(gentle, st.just(Fraction(1))), gentle, mine), min_size=1, max_size=6)
space_creases = st.lists(st.tuples(st.tuples(gentle, gentle, st.just(Fraction(1))), gentle, mine), min_size=1, max_size=3)


@settings(quick, max_examples=120)
@given(plane_creases)
def test_no_method_alone_is_violated_by_a_crease_hidden_in_the_plane(drawn):
    assert_no_method_is_violated(best_hidden(drawn, 2))


@settings(quick, max_examples=40)
@given(space_creases)
def test_no_method_alone_is_violated_by_a_crease_hidden_in_space(drawn):
    assert_no_method_is_violated(best_hidden(drawn, 3))


def test_the_methods_speak_on_hidden_creases():
    """The two tests above are no tests of silence: every method with a small count gives a bound below one somewhere."""
    rng, spoke = np.random.default_rng(4), set()
    for trial in range(40):
        d = 2 + (trial % 4 == 3)
        drawn = [
            (
                [Fraction(int(rng.integers(-4, 5)), 40) for _ in range(d - 1)] + [Fraction(1)],
                Fraction(int(rng.integers(-3, 4)), 10),
                bool(rng.integers(0, 4)),
            )
            for _ in range(int(rng.integers(1, 5)))
        ]
        spoke |= assert_no_method_is_violated(best_hidden(drawn, d))
    assert {"cells", "chords", "pairs", "opposing-count", "all-count", "two-directions", "directions"} <= spoke
    assert {"kink cells", "kink chords", "kink pairs", "kink split", "kink order-4", "kink directions"} <= spoke
    assert {"local cells", "local kink ball", "local kink mass", "local kink cells", "local kink two-directions"} <= spoke
