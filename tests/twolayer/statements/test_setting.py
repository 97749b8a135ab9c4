"""What statements draw on is on the safe side: distances, gradients with their excess, and who sees whom.

A crease that is called too far to meet a body breaks Theorems A, M and 2' and Corollary 1'; a gradient that leaves out an
output or an observer breaks Theorems 2 and 3.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from twolayer import exact
from twolayer.certify.enclosure import Enclosure
from twolayer.certify.suprema import active_domains
from twolayer.exact import rational, rationals
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box
from twolayer.restriction.restricted import restricted
from twolayer.statements import theorem1, theorem3
from twolayer.statements.check import check
from twolayer.statements.geometry import Masses, cached_by
from twolayer.statements.setting import Setting, observed_anywhere
from twolayer.statements.sharp.around import around, radii, reaches
from twolayer.statements.verdict import FAILS, HOLDS, NOT_APPLICABLE

from ...strategies import array, arrays, instances, quick

NOTHING = 1e-60  # the rounding of a ball
SQUARE = Box([-1, -1], [1, 1])


def setting(instance: Instance, *ends: tuple[float, float], excess=(0.0, 0.0)) -> Setting:
    """A setting with given enclosures of the gradient, one a student node; (0, 0) where none is given."""
    problem = restricted(instance)
    given = [*ends, *[(0.0, 0.0)] * (len(problem.student) - len(ends))]
    enclosures = [Enclosure(low, high, None) for low, high in given]
    return Setting(instance, problem, active_domains(problem), enclosures, excess)


def squared_distance(problem, crease, centre):
    """Of a crease from a point, in the geometry of U, exactly."""
    value = (crease.normal * centre).sum() + crease.offset
    return value * value / (crease.normal @ problem.frame.metric @ crease.normal)


@quick
@given(instances(inputs=(2, 3), dimensions=(2, 3)), st.data())
def test_no_crease_is_said_to_be_further_from_a_centre_than_it_is(instance, data):
    scene = setting(instance)
    problem = scene.problem
    if not problem.creases:
        return
    centre = rationals(data.draw(arrays(problem.dimension)))
    for crease, below in zip(problem.creases, scene.shapes.distances(centre), strict=True):
        true = squared_distance(problem, crease, centre)
        assert below <= 0 or rational(below) ** 2 <= true
        assert below >= exact.nearest_float(true) ** 0.5 * (1 - 1e-7) - 1e-6  # and hardly nearer


@quick
@given(instances(inputs=(2, 3), dimensions=(2, 3)), st.data(), st.sampled_from([1e-3, 0.1, 1.0]))
def test_no_crease_is_said_to_meet_a_cylinder_later_than_it_does(instance, data, t):
    """A crease at distance D meets the cylinder (rho, t) iff D <= rho sin + t cos."""
    scene = setting(instance)
    problem = scene.problem
    if not problem.creases:
        return
    observer, centre = problem.student[0], rationals(data.draw(arrays(problem.dimension)))
    near = around(scene, 0, observer, centre)
    for j, rho in zip(near.index, reaches(near, t), strict=True):
        true = arb(squared_distance(problem, problem.creases[j], centre)).sqrt()
        sine = scene.angles.sine(0, j)
        assert rho == 0 or not true < exact.ball(float(rho)) * sine + exact.ball(t) * (1 - sine**2).sqrt()


def test_a_smaller_body_does_not_meet_the_crease_that_it_avoids():
    distances = radii(1.0, np.array([0.5, 0.25, 2.0, -1.0]))
    assert distances[0] == 1.0 and [float(np.format_float_positional(x, 3)) for x in distances[1:]] == [0.5, 0.25]
    assert (distances[1:] < [0.5, 0.25]).all()


@pytest.mark.parametrize(("distance", "opposing"), [("1", 1), ("1.0000000001", 1), ("1.01", 0), ("0.9", 1)])
def test_an_opposing_crease_that_touches_the_ball_counts(distance, opposing):
    """Theorem A: the ball of radius 1 around the origin on y = 0, and an opposing crease across at x = distance."""
    teacher = TwoLayer([[0, 1]], [0], [[1]])
    student = TwoLayer(array([1, 0, 1, 0], (2, 2)), array([Fraction("-" + distance), 5], 2), [[1, 1]])
    scene = setting(Instance(teacher, student, Box([-2, -2], [2, 2])))
    problem = scene.problem
    near = around(scene, scene.crease(problem.teacher[0]), problem.student[1], rationals([0, 0]))
    assert (near.opposes & (near.distance <= 1.0)).sum() == opposing


# -- the gradient that enters a statement ------------------------------------------------------------------------------


@quick
@given(instances(), st.data())
def test_the_gradient_of_a_row_is_the_observer_s_own_with_the_excess_over_all_its_outputs(instance, data):
    width = instance.student.width
    ends = [
        tuple(sorted(data.draw(st.tuples(st.sampled_from([0.0, 0.5, 2.0]), st.sampled_from([0.25, 1.0])))))
        for _ in range(width)
    ]
    low, high = 0.125, 0.75
    scene = setting(instance, *ends, excess=(low, high))
    sizes = [sum(abs(Fraction(x)) for x in column) for column in instance.student.V.T]
    for k, node in enumerate(scene.problem.student):
        expected = tuple(rational(Fraction(end) + Fraction(e) * sizes[k]) for end, e in zip(ends[k], (low, high), strict=True))
        assert all(abs(x - y) < NOTHING for x, y in zip(scene.epsilon(node), expected, strict=True))
    worst = max(sizes)
    for which, (epsilon, e) in enumerate(zip(scene.printed_epsilon, (low, high), strict=True)):
        assert abs(epsilon - rational(Fraction(max(x[which] for x in ends)) + Fraction(e) * worst)) < NOTHING


@pytest.mark.parametrize("output", [0, 1, 2])
def test_the_excess_of_theorem_3_is_that_of_the_output_that_differs_most(output):
    """Teachers that differ by 1/8 in every output, and by 3/4 in one."""
    V = np.full((3, 1), Fraction(1), dtype=object)
    other = V - Fraction(1, 8)
    other[output] = Fraction(1, 4)
    teacher, second = TwoLayer([[0, 1]], [0], V), TwoLayer([[0, 1]], [0], other)
    instance = Instance(teacher, teacher, SQUARE, second_teacher=second)
    assert theorem3.excess(instance, gap=1e-3, deadline=None) == (0.75, 0.75)
    assert check(instance).second_setting.excess == (0.75, 0.75)


@pytest.mark.parametrize("output", [0, 1, 2])
def test_output_biases_are_a_part_of_the_excess_of_theorem_3_and_of_the_gradient(output):
    """The functions differ by a constant and by nothing else: by 1/8 in every output, and by 3/4 in one."""
    network = TwoLayer([[0, 1], [1, 1]], [0, 3], [[1, 0], [1, 2], [1, 0]])
    apart = [Fraction(1, 8)] * 3
    apart[output] = Fraction(-3, 4)
    moved = replace(network, output_bias=apart)
    instance = Instance(network, moved, SQUARE, second_teacher=moved)
    result = check(instance)
    assert result.second_setting.excess == (0.75, 0.75)
    seen = [abs(float(sum(v * x for v, x in zip(fan_out, apart, strict=True)))) for fan_out in network.V.T]
    assert [(e.lower, e.upper) for e in result.enclosures] == [(x, x) for x in seen]
    assert all(e.upper == 0 for e in check(replace(instance, student=network)).enclosures)


def test_an_output_bias_changes_neither_angles_nor_kink_masses_nor_the_number_of_nodes():
    teacher, student = TwoLayer([[0, 1], [1, 1]], [0, 3], [[1, 2]]), TwoLayer([[1, 9], [1, 0]], [0, 1], [[1, 1]])
    plain = Instance(teacher, student, SQUARE)
    shifted = replace(plain, teacher=replace(teacher, output_bias=[Fraction(1, 3)]))
    one, other = restricted(plain), restricted(shifted)
    assert len(one.nodes) == len(other.nodes) and len(one.creases) == len(other.creases)
    for node, same in zip(one.student, other.student, strict=True):
        h, g = one.gradient(node), other.gradient(same)
        assert (h.P == g.P).all() and (h.beta == g.beta).all() and (h.c == g.c).all()
        assert g.offset - h.offset == rational(Fraction(1, 3)) * node.fan_out[0]
    kept = [(v.statement, v.form, v.teacher, v.observer, v.measured) for v in check(plain).verdicts]
    assert kept == [(v.statement, v.form, v.teacher, v.observer, v.measured) for v in check(shifted).verdicts]


# -- who sees whom -----------------------------------------------------------------------------------------------------


def seen_by(*fan_outs):
    """A teacher relu(y), a student relu(y) of the first fan-out on it, and active observers of the others."""
    n = len(fan_outs) - 1
    teacher = TwoLayer([[0, 1]], [0], [[1], [1]])
    student = TwoLayer([[0, 1], *[[1, 0]] * n], [0, *range(3, 3 + n)], np.array(fan_outs).T)
    return Instance(teacher, student, SQUARE)


@pytest.mark.parametrize("blind", [0, 1, 2])
def test_theorem_1_asks_every_observer_whether_it_sees_a_student_on_the_hyperplane(blind):
    """The gradient is called 0; one of three observers is at a right angle to the fan-out of the student on the hyperplane."""
    observers = [(1, 1), (2, 1), (1, 3)]
    observers[blind] = (0, 1)
    scene = setting(seen_by((1, 0), *observers))
    row = theorem1.sharpened(scene, scene.problem.teacher[0])
    assert row.verdict == FAILS and row.why.startswith(f"observer {blind + 1} sees no student")
    scene = setting(seen_by((1, 1), *observers))
    assert theorem1.sharpened(scene, scene.problem.teacher[0]).verdict == HOLDS


@pytest.mark.parametrize("loud", [0, 1, 2])
@pytest.mark.parametrize("ends", [(0.0, 1e-300), (1.0, 1.0)])
def test_theorem_1_says_nothing_unless_every_gradient_is_exactly_zero(loud, ends):
    given_ends = [(0.0, 0.0)] * 3
    given_ends[loud] = ends
    scene = setting(seen_by((1, 0), (1, 1), (1, 2)), *given_ends)
    rows = list(theorem1.rows(scene, scene.problem.teacher))
    assert {(v.verdict, v.why) for v in rows} == {(NOT_APPLICABLE, "g_1 is not identically zero")} and len(rows) == 3


@pytest.mark.parametrize("opposite", [False, True])
def test_theorem_1_repaired_takes_either_sign_and_printed_the_same_one(opposite):
    sign = -1 if opposite else 1
    teacher = TwoLayer([[0, 1]], [0], [[1]])
    scene = setting(Instance(teacher, TwoLayer([[0, sign], [1, 0]], [0, 3], [[1, 1]]), SQUARE))
    node = scene.problem.teacher[0]
    assert theorem1.printed(scene, node).verdict == (FAILS if opposite else HOLDS)
    assert theorem1.repaired(scene, node).verdict == HOLDS and theorem1.sharpened(scene, node).verdict == HOLDS


@pytest.mark.parametrize("blind", [0, 1])
def test_a_failing_row_of_theorem_1_is_blamed_on_what_every_observer_lacks(blind):
    """alpha only where no observer inside sees the teacher's output; with one that does, it is the sign that is missing."""
    teacher = TwoLayer([[0, 1]], [0], [[1], [0]])
    V = np.array([[1, 1], [0, 0]])
    V[:, blind] = [0, 1]
    student = TwoLayer([[1, 0], [1, 1]], [3, 3], V)
    scene = setting(Instance(teacher, student, SQUARE))
    assert theorem1.printed(scene, scene.problem.teacher[0]).reason == "sign"
    none = setting(Instance(teacher, TwoLayer([[1, 0], [1, 1]], [3, 3], [[0, 0], [1, 1]]), SQUARE))
    assert theorem1.printed(none, none.problem.teacher[0]).reason == "alpha"


@pytest.mark.parametrize(
    ("observer", "b", "seen"),
    [
        ((1, 0), -9, True),
        ((0, 1), 0, True),
        ((0, 1), -1, False),
        ((0, -1), 0, True),
        ((0, -1), -1, False),
        ((0, 2), 1, True),
        ((0, 0), 0, True),
        ((0, 0), -1, False),
    ],
)
def test_a_boundary_is_observed_where_it_meets_the_closed_half_space(observer, b, seen):
    """The boundary is y = 0."""
    assert observed_anywhere(array([0, 1], 2), Fraction(0), array(observer, 2), Fraction(b)) == seen


@pytest.mark.parametrize("place", [0, 1, 2])
def test_printed_gradients_are_the_largest_of_all_students_wherever_it_is(place):
    """Printed Theorem 2 uses one eps for all observers, whichever student has it."""
    given_ends = [(1e-3, 2e-3)] * 3
    given_ends[place] = (0.01, 0.02)
    scene = setting(seen_by((1, 0), (1, 1), (1, 2)), *given_ends)
    assert tuple(map(float, scene.printed_epsilon)) == (0.01, 0.02)


def test_a_cached_value_belongs_to_one_object_and_is_computed_once_for_its_arguments():
    """Domains count as the same if they are one object: not by an id that another one may get later."""
    asked = []

    class Owner:
        @cached_by
        def value(self, *args):
            asked.append(args)
            return len(asked)

    first, second, here, there = Owner(), Owner(), object(), object()
    assert [first.value(1, here), first.value(1, there), first.value(1, here), second.value(1, here)] == [1, 2, 1, 3]
    assert asked == [(1, here), (1, there), (1, here)]


@quick
@given(instances())
def test_kink_masses_of_all_observers_are_those_of_each_crease_alone(made):
    problem = restricted(made)
    masses = Masses(problem)
    for i, crease in enumerate(problem.creases):
        for observer in problem.student:
            for side in (None, "teacher", "student"):
                assert masses.mass(i, observer, side) == crease.mass(observer.fan_out, side)
