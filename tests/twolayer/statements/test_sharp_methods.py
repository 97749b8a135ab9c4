"""The methods of the sharp form one by one: against brute force, at equality, and each the best somewhere."""

from __future__ import annotations

import itertools
import time
from fractions import Fraction as Q

import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from twolayer.certify.enclosure import Enclosure
from twolayer.certify.suprema import active_domains
from twolayer.exact import nearest_float
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box
from twolayer.restriction.restricted import restricted
from twolayer.statements import bounds, theorem2
from twolayer.statements.check import check
from twolayer.statements.geometry import Times
from twolayer.statements.loops import gaps as loops
from twolayer.statements.setting import Setting
from twolayer.statements.sharp import best as sharp
from twolayer.statements.sharp import cells as sharp_cells
from twolayer.statements.sharp import chords as sharp_chords
from twolayer.statements.sharp import counts as sharp_counts
from twolayer.statements.sharp import pairs as sharp_pairs
from twolayer.statements.sharp.around import Sizes, sizes
from twolayer.statements.sharp.gaps import directions
from twolayer.statements.sharp.plane import WALL, Lines

from ...strategies import quick

FAR = 8  # relu(z + 8) is linear on every region here
NEARLY = 1 + 1e-9


def built(creases, box, kappa=1, affine=None):
    """h = kappa relu(y) + sum mass relu(w . z + b) + affine for the everywhere active observer 0, y the last coordinate.

    creases: (w, b, mass, a student's?)
    """
    d = len(box)
    unit = [[int(i == j) for j in range(d)] for i in range(d)]
    slope, constant = affine or ([0] * d, 0)
    teacher = [(unit[-1], 0, kappa)] + [(w, b, mass) for w, b, mass, student in creases if not student]
    teacher += [(unit[j], FAR, a + (j == 0)) for j, a in enumerate(slope)]
    teacher += [([0] * d, 1, constant - FAR * sum(slope))]
    student = [(unit[0], FAR, 1)] + [(w, b, -mass) for w, b, mass, mine in creases if mine]
    networks = [
        TwoLayer([w for w, _, _ in nodes], [b for _, b, _ in nodes], [[v for _, _, v in nodes]]) for nodes in (teacher, student)
    ]
    return Instance(*networks, Box([-side for side in box], list(box)))


def row(instance):
    """The sharp row of the crease on H as observer 0 sees it."""
    return next(
        v for v in check(instance).verdicts if (v.statement, v.form, v.teacher, v.observer) == ("theorem-2", "sharp", 0, 0)
    )


def attained(count, height=3):
    """The equality case of Theorem B with every opposing line a student's: slopes +-1, so the sine is 1/sqrt 2."""
    attaining = pytest.importorskip("proofs.lemmas.theorem_b_attained")
    nodes, (a, b, constant), level = attaining.family(count, Q(height))
    creases = [(list(p), beta, c, c < 0) for c, p, beta in nodes[1:]]
    return built(creases, [Q(count), Q(height)], affine=([a, b], constant)), level


SECTION_5 = [
    ([-sign * slope, Q(1)], -offset, mass, True)
    for mass, slope, offset in ((Q(-3, 4), Q(1), Q(1, 2)), (Q(1, 3), Q(3, 2), Q(9, 16)), (Q(1, 12), Q(3), Q(9, 4)))
    for sign in (1, -1)
]


def section_5(students=lambda mass: True):
    """Two opposing lines hide a crease behind same-sign ones: eps = 1/6, sine 1/sqrt 2 of the opposing lines."""
    creases = [(w, b, mass, students(mass)) for w, b, mass, _ in SECTION_5]
    return built(creases, [Q(1), Q(1)], affine=([Q(0), Q(-1, 3)], Q(-1, 6)))


@pytest.mark.parametrize(("count", "height"), [(3, 3), (4, 3), (5, 3), (3, 2), (2, 2)])
def test_cells_meet_the_attained_instances_of_theorem_b_with_equality(count, height):
    instance, level = attained(count, height)
    verdict = row(instance)
    assert verdict.terms["epsilon"] == pytest.approx(float(level), rel=1e-12) and verdict.terms["method"] == "cells"
    assert verdict.verdict == "holds" and verdict.measured <= verdict.bound <= verdict.measured * NEARLY


def test_a_wrong_constant_of_the_cells_is_noticed_at_equality(monkeypatch):
    monkeypatch.setattr(Sizes, "room", property(lambda self: self.kappa / (1.99 * self.epsilon)))
    monkeypatch.setattr(sharp_cells, "BACK", 1 + 0.004)
    assert row(attained(3)[0]).verdict == "fails"


def test_two_opposing_lines_with_partners_of_the_same_sign_keep_every_sharp_row():
    assert row(section_5()).terms["epsilon"] == pytest.approx(1 / 6, rel=1e-12)
    for students in (lambda mass: True, lambda mass: mass < 0, lambda mass: mass > 0):
        assert [v for v in check(section_5(students)).verdicts if v.form == "sharp" and v.verdict == "fails"] == []


@pytest.mark.parametrize(("module", "method"), [(sharp_counts, "two-directions"), (sharp_chords, "chords")])
def test_counting_opposing_creases_only_in_an_all_count_is_noticed(monkeypatch, module, method):
    """The same instance with the partners dropped from what the method sees: two-directions says 4/6 < 1/sqrt 2."""
    from dataclasses import fields, replace

    original = module.student

    def blind(setting, i, observer, body, near, *rest):
        kept = {f.name: getattr(near, f.name)[near.opposes] for f in fields(near)}
        return original(setting, i, observer, body, replace(near, **kept), *rest)

    made = section_5(lambda mass: mass < 0)
    before = row(made)
    monkeypatch.setattr(module, "student", blind)
    after = row(made)
    assert before.verdict == "holds" and after.bound < before.bound
    assert after.verdict == "fails" and after.terms["method"] == method


# Certificates against brute force over the corners of the box of free slopes

fractions = st.builds(Q, st.integers(-20, 20), st.just(8))
drawn_lines = st.lists(st.tuples(fractions, fractions, st.booleans()), min_size=1, max_size=5)


def arranged(drawn, walls=((Q(-4), Q(1, 3)), (Q(4), Q(-1, 5))), up=Q(1, 6), down=Q(1, 9)):
    """Lines (offset, slope, free) between two slanted walls, and what parallels leave."""
    entries = [(*walls[0], False, WALL), (*walls[1], False, WALL)]
    entries += [(o, w, free, label) for label, (o, w, free) in enumerate(drawn)]
    entries.sort(key=lambda e: (e[0], e[3] != WALL))
    places = np.array([float(e[0]) for e in entries])
    sides = [k for k, e in enumerate(entries) if e[3] == WALL]
    ball = lambda x: arb(fmpq(x.numerator, x.denominator))  # noqa: E731
    return (
        Lines(
            np.array([ball(e[0]) for e in entries]),
            np.array([ball(e[1]) for e in entries]),
            np.array([e[2] for e in entries]),
            np.array([e[3] for e in entries]),
            places,
            np.array([float(e[1]) for e in entries]),
            sides[0],
            sides[1],
            ball(up),
            ball(down),
        ),
        entries,
        up,
        down,
    )


def corners(entries, c):
    """All choices of the free slopes at +-c, as lists of (offset, slope, label)."""
    for signs in itertools.product((1, -1), repeat=sum(e[2] for e in entries)):
        at = iter(signs)
        yield [(o, next(at) * c if free else w, label) for o, w, free, label in entries]


def inverse_heights(lines, gap, up, down):
    """1/a + 1/b in a gap, straight from the slices of the cell."""
    pairs = [(right[0] - left[0], left[1] - right[1]) for left in lines[: gap + 1] for right in lines[gap + 1 :]]
    return max(up, *(w / o for o, w in pairs)) + max(down, *(-w / o for o, w in pairs))


@quick
@given(drawn_lines, st.builds(Q, st.integers(1, 16), st.just(8)))
def test_the_joint_maximum_of_the_cells_is_the_largest_over_all_corners(drawn, c):
    lines, entries, up, down = arranged(drawn)
    for gap in map(int, lines.gaps):
        largest = max(inverse_heights(corner, gap, up, down) for corner in corners(entries, c))
        room = lambda factor, x=largest: arb(fmpq(x.numerator, x.denominator)) * arb(factor)  # noqa: E731
        ball = arb(fmpq(c.numerator, c.denominator))
        assert sharp_cells.excludes(lines, gap, ball, room(1 + 2.0**-30))
        assert not sharp_cells.excludes(lines, gap, ball, room(1 - 2.0**-30))
        maximum = loops.cell(lines.floats, gap, sharp_cells.NEAREST, float(largest) * (1 + 2.0**-30), 0.0)
        assert maximum >= float(c)


def chord_sum(lines, label, w, gap, up, down):
    """1/v+ + 1/v- in a gap without a label, from the conditions at the chords' ends."""
    left = [line for line in lines[: gap + 1] if line[2] != label]
    right = [line for line in lines[gap + 1 :] if line[2] != label]
    above, below = up, down
    for (o, s, _), (p, r, _) in itertools.product(left, right):
        above = max(above, (max(s - w, 0) + max(w - r, 0)) / (p - o))
        below = max(below, (max(w - s, 0) + max(r - w, 0)) / (p - o))
    return above + below


@quick
@given(drawn_lines, st.builds(Q, st.integers(1, 16), st.just(8)), st.integers(-8, 8))
def test_the_sum_of_the_chords_is_not_exceeded_at_any_corner_nor_inside(drawn, c, eighths):
    lines, entries, up, down = arranged(drawn)
    inside = c * Q(eighths, 8)
    given, ball = directions(lines), arb(fmpq(c.numerator, c.denominator))
    for m, gap in itertools.product(range(len(given.place)), map(int, lines.gaps)):
        left = given.left(m)
        value = loops.sum_at(lines.floats, given.floats, gap, np.array([m]), float(c), np.inf)
        sums = [sharp_chords._sum_above(lines, left.label, gap, w, ball) for w in left.ends(ball)]
        assert max(float(x.mid()) for x in sums) == pytest.approx(value, rel=1e-12)
        for corner in corners(entries, c):
            own = next(s for _, s, label in corner if label == left.label)
            free = next(e[2] for e in entries if e[3] == left.label)
            for w in (own, inside) if free else (own,):
                assert chord_sum(corner, left.label, w, gap, up, down) <= Q(value) * (1 + Q(1, 10**12))


def parallelogram_fits(lines, labels, slopes, gap, up, down, a):
    """Whether four corners of height a fit into the cell of the lines kept, straight from what each corner asks for."""
    (w, v), kept = slopes, [(o, s, k <= gap) for k, (o, s, label) in enumerate(lines) if label not in labels]
    corners = [(a * (w + v) / 2, a), (a * (w - v) / 2, Q(0)), (a * (v - w) / 2, Q(0)), (-a * (w + v) / 2, -a)]
    least = max(o + s * tau - x for x, tau in corners for o, s, left in kept if left)
    most = min(o + s * tau - x for x, tau in corners for o, s, left in kept if not left)
    return least <= most and a * max(up, down) <= 1


@quick
@given(drawn_lines, st.builds(Q, st.integers(1, 16), st.just(8)), st.integers(-8, 8))
def test_the_height_of_a_pair_is_the_smallest_over_all_corners_and_not_larger_inside(drawn, c, eighths):
    lines, entries, up, down = arranged(drawn)
    ball = arb(fmpq(c.numerator, c.denominator))
    for place, out in zip(*sharp_pairs.choices(lines), strict=True):
        gap, *left = pair = sharp_pairs.pair_of(lines, int(place), out)
        labels = [one.label for one in left]
        value = loops.sum_at(lines.floats, directions(lines).floats, gap, out, float(c), np.inf) / 2
        assert float(sharp_pairs._inverse_height(lines, pair, ball).mid()) == pytest.approx(value, rel=1e-12)
        if not np.isfinite(value):
            continue
        fits = []
        for corner in [*corners(entries, c), *corners(entries, c * Q(eighths, 8))]:
            slopes = [next(s for _, s, label in corner if label == wanted) for wanted in labels]
            where = corner, labels, slopes, gap, up, down
            assert parallelogram_fits(*where, 1 / (Q(value) * (1 + Q(1, 10**9))))
            fits.append(parallelogram_fits(*where, 1 / (Q(value) * (1 - Q(1, 10**9)))))
        assert not all(fits)


# Formulas


def test_the_distance_of_relu_to_polynomials_is_proved_from_below():
    """e_4 = 1/16; higher ones against the known values (Chebyshev grid programs), never above them."""
    assert bounds.relu_distance(4) == fmpq(1, 16)
    known = {6: 0.0338105, 8: 0.0229646, 10: 0.0173449, 12: 0.0139226, 14: 0.0116237}
    for k, value in known.items():
        distance = bounds.relu_distance(k)
        assert 0.996 * value < nearest_float(distance) <= value


@pytest.mark.parametrize("k", sorted(bounds.FAR_POINTS))
def test_no_polynomial_approximates_relu_better_than_its_distance(k):
    """A program over the points themselves: the best polynomial of degree < k errs there by exactly the distance."""
    from scipy.optimize import linprog

    x = np.array(sorted({sign * p / 64 for p in (0, *bounds.FAR_POINTS[k]) for sign in (1, -1)}))
    powers = np.polynomial.chebyshev.chebvander(x, k - 1)
    ones, relu = np.ones((len(x), 1)), np.maximum(x, 0)
    best = linprog(
        np.append(np.zeros(k), 1),
        A_ub=np.block([[powers, -ones], [-powers, -ones]]),
        b_ub=np.append(relu, -relu),
        bounds=[(None, None)] * k + [(0, None)],
    )
    distance = bounds.relu_distance(k)
    assert best.fun == pytest.approx(nearest_float(distance), rel=1e-6)


def test_constants_of_the_counts_and_directions():
    assert [bounds.all_count(n) for n in (1, 2, 3, 4, 5, 6)] == [6, 6, 6, 9, 10, 13]
    for n, constant in ((1, 4), (2, 6), (3, 8), (6, 16)):  # C_N^2 = (N^2 cot^2 + s^2) (2 (1 + 1/s))^2 at s = min(N, 3)
        share = min(n, 3)
        room = bounds.opposing_room(100, 1, 1, share)
        assert float((100 * n / (room**2 + share**2).sqrt()).mid()) == pytest.approx(constant, rel=1e-12)
        assert float(bounds.sine_of_tangent(n / room).mid()) <= constant / 100 * (1 + 1e-12)
    for n, constant in ((3, 6), (4, 9), (5, 10), (6, 13)):
        room = bounds.all_room(100, 1, 1, n)
        assert float((100 * n / (room**2 + 9).sqrt()).mid()) == pytest.approx(constant, rel=1e-12)
    for count, constant in ((2, 4), (4, 16), (6, 32), (8, 51.2)):
        room = bounds.directions_room(1000, 1, 1, count)
        assert float((count / room).mid()) == pytest.approx(constant / 1000, rel=1e-12)
    assert bounds.directions_room(1, 1, 1, 2) == arb(1) / 2


@quick
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9), st.booleans()), min_size=2, max_size=6))
def test_the_split_by_weight_is_the_best_of_all_splits(drawn):
    """Creases (mass, cot, a student's?): the rule of `split` against all 2^n splits, by the formula itself."""
    kappa, eps, rho, t, n = 400.0, 1.0, 1.0, 0.02, 2
    x, peak = kappa * t - 4 * eps, float(bounds.uniform_constant(n).mid())

    def tangent(counted):
        gamma = sum(cot for b, (_, cot, s) in zip(counted, drawn, strict=True) if b and not s)
        light = sum(m * cot / np.hypot(1, 1 / cot) for b, (m, cot, s) in zip(counted, drawn, strict=True) if not b and not s)
        students = [(b, m) for b, (m, _, s) in zip(counted, drawn, strict=True) if s]
        value = bounds.student_tangent_by_split(
            n, kappa, eps, rho, t, (gamma, arb(light)), (sum(b for b, _ in students), arb(sum(m for b, m in students if not b)))
        )
        return np.inf if value is None else float(value.mid())

    rule = [m * (1 if s else 1 / np.hypot(1, 1 / cot)) > x / (peak * t) for m, cot, s in drawn]
    best = min(tangent(counted) for counted in itertools.product((False, True), repeat=len(drawn)))
    assert tangent(rule) <= best * (1 + 1e-9) if np.isfinite(best) else tangent(rule) == best


# Each method is the best somewhere (eps by hand: a form is chosen by its value, whatever the truth)


def method(instance, eps, deadline=None):
    """The bound and its form for teacher 0 and observer 0 if its gradient is at most eps."""
    problem = restricted(instance)
    domains = active_domains(problem)
    made = Setting(instance, problem, domains, [Enclosure(0.0, eps, None)] * len(problem.student), times=Times(deadline))
    verdict = theorem2.sharpened(theorem2.Row(made, problem.teacher[0], problem.student[0], "theorem-2"))
    return verdict.terms.get("method"), verdict


def slanted(count, dimension, mass, rng, students=True, steep=0.3, sign=-1):
    """Creases of random directions near H, the first through 0; mass and sign as given (sign 0: alternately)."""
    out = []
    for m in range(count):
        side = rng.normal(size=dimension - 1)
        w = [*(steep * side / np.linalg.norm(side) * rng.uniform(0.5, 1)), 1.0]
        out.append((w, float(rng.uniform(-0.2, 0.2)) if m else 0.0, mass * (sign or (-1) ** m), students))
    return out


TURNS = [((0.3 + m / 100) * (-1) ** m, 0.3 * m - 0.75) for m in range(6)]  # alternate slopes, and offsets on H
ALTERNATE = [([w, 1.0], -w * offset, -1.0, m == 0) for m, (w, offset) in enumerate(TURNS)]  # the first is a student's


def test_each_method_is_the_best_on_some_instance():
    rng = np.random.default_rng(1)
    square, cube = [1, 1], [1, 1, 1]
    even = [([0.3 + m / 100, 1.0], -(0.3 + m / 100) * (0.4 * m - 0.8), -1.0, True) for m in range(5)]  # even offsets
    three = [([0.3, 0.0, 1.0], 0.0, 1.0, True), ([0.0, 0.3, 1.0], 0.0, -1.0, True), ([0.2, 0.2, 1.0], 0.0, -1.0, True)]
    three += [(w, b + shift, -mass, s) for w, b, mass, s in three for shift in np.linspace(-0.3, 0.3, 8)]
    opposing, alike = slanted(3, 2, 1.0, rng), slanted(3, 2, 1.0, rng, sign=1)
    cases = {
        "cells": (opposing, square, 1e-4, False),
        "chords": (even, square, 1e-4, False),
        "pairs": (ALTERNATE, square, 0.03, False),
        "opposing-count": (opposing + alike, square, 1e-4, True),
        "all-count": (opposing, square, 1e-4, True),
        "two-directions": ([([0.3, 0.0, 1.0], b, -1.0, True) for b in (-0.1, 0, 0.1)], cube, 1e-4, False),
        "directions": (three, cube, 1e-4, False),
        "split": (slanted(12, 3, 0.02, rng) + slanted(1, 3, 3.0, rng), cube, 1e-4, False),
        "order-8": (slanted(240, 3, 5.0, rng, sign=0), cube, 1e-3, False),
    }
    for name, (creases, box, eps, late) in cases.items():
        form, verdict = method(built(creases, box), eps, time.monotonic() - 1 if late else None)
        assert form == name and 0 < verdict.bound < 1


def test_what_floats_find_too_steep_is_not_proved(monkeypatch):
    """A hundredth more than the largest c: the balls refuse it, for chords and for pairs alike."""
    for module in (sharp_chords, sharp_pairs):
        made = best_of(module)
        assert made[1]() is not None
        monkeypatch.setattr(module, "BACK", 1.01)
        assert made[1]() is None


def best_of(module):
    """The candidate of one planar method, for alternate slopes of which one is a student's."""
    problem = restricted(built(ALTERNATE, [1, 1]))
    made = Setting(None, problem, active_domains(problem), [Enclosure(0.0, 0.03, None)] * len(problem.student))
    i, observer = made.crease(problem.teacher[0]), problem.student[0]
    near = sharp.around(made, i, observer, made.shapes.ball(i, made.domains[0]).centre)
    return module.student(made, i, sizes(made, i, observer), made.domains[0], near, 1.0)


def test_heavy_same_sign_creases_do_not_enter_cells_and_split_but_enter_chords_and_orders():
    """Adding same-sign creases changes only what counts all of them."""
    rng = np.random.default_rng(2)
    few = slanted(2, 2, 1.0, rng)
    more = [*few, *slanted(4, 2, 50.0, rng, sign=1, steep=1.0)]
    plain, crowded = (method(built(creases, [1, 1]), 1e-4)[1] for creases in (few, more))
    assert plain.bound <= crowded.bound <= method(built(few, [1, 1]), 1e-3)[1].bound
    assert crowded.terms["method"] == "cells"


def test_a_row_without_time_gives_a_bound_that_is_no_better():
    rng = np.random.default_rng(3)
    made = built(slanted(3, 2, 1.0, rng), [1, 1])
    assert method(made, 1e-4)[1].bound <= method(made, 1e-4, time.monotonic() - 1)[1].bound < 1
    assert sharp.HEIGHTS[0] == 1.0
