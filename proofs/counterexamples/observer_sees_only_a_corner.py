"""Theorem 2 fails where the observer is active in a corner of R only, for any constant inside O(1/r).

Certifies   R = {|x|+|y| < 1}, f* = relu(y), f = relu(x-1+t): eps = t exactly, r = 1, and the only student has
            sin theta = 1; the bound is 0.119 for t = 1/100, and below 23 t for every t in (0, 1/10] (all t at
            once, by Sturm's theorem).
Does not    refute the bound with r measured inside the observer's active region.
"""

from ..entry import Step
from ..families import parameter
from ..geometry import Polytope, matrix, vector
from ..instances import Instance, network, read
from ..kernel import rational
from ..printed import AngleBound, angle_bound, below, between, observed
from ._entry import counterexample

T, TOP = rational("1/100"), rational("1/10")
BOUND = "0.118", "0.119"
SLOPE = 23


def quantities(t):
    return AngleBound(epsilon=t, alpha=1, radius_squared=1, nodes=2, dimension=2, sines_squared=(1,))


def family(t):
    diamond = Polytope(matrix([[1, 1], [1, -1], [-1, 1], [-1, -1]]), vector([1, 1, 1, 1]))
    return Instance(network(((0, 1), 0, 1)), network(((1, 0), t - 1, 1)), diamond)


def instance():
    return family(T).to_json("observer sees only a corner")


def the_student_sees_a_corner_of_the_boundary():
    w = read(instance())
    assert observed(w.teacher, 0, w.student, 0)
    seen = w.active(0)
    assert seen is not None and set(seen.vertices) == {(1, 0), (1 - T, T), (1 - T, -T)}
    assert w.boundary_radius_squared(*w.node(w.teacher, 0), seen) == T * T / 4


def the_quantities_are_exact():
    assert angle_bound(read(instance()), 0, 0) == quantities(T)


def the_bound_is_below_the_sine():
    bound = angle_bound(read(instance()), 0, 0)
    assert between(BOUND[0], bound.pi_times_square, BOUND[1])
    assert below(bound.pi_times_square, min(bound.sines_squared))


def the_bound_shrinks_with_the_corner():
    t = parameter(TOP)
    assert angle_bound(family(t), 0, 0) == quantities(t)
    assert below(quantities(t).pi_times_square, SLOPE * t * SLOPE * t)


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 2 (a)",
    (
        Step(
            "The student is active in the triangle (1, 0), (1-t, t), (1-t, -t) only: of the boundary y = 0 it "
            "sees a segment of length t, while r is half the length of the whole segment, 1.",
            the_student_sees_a_corner_of_the_boundary,
        ),
        Step(
            "On the triangle h = relu(y) - (x-1+t) has the vertex values -t, 0, -t, so eps = t; r = 1, alpha = "
            "1, K = 2, d' = 2; the student is orthogonal to the teacher.",
            the_quantities_are_exact,
        ),
        Step("t = 1/100: the bound lies between 0.118 and 0.119, the sine is 1.", the_bound_is_below_the_sine),
        Step("The same quantities for every t in (0, 1/10], where the bound is below 23 t.", the_bound_shrinks_with_the_corner),
        Step(
            "With any constant C in place of 10 sqrt(d'/(2 pi)) the bound is C K eps/(alpha r) = 2 C t, or "
            "that with r' = 1-5t: below 1 for small t, so no constant inside O(1/r) saves the statement."
        ),
    ),
    instance,
    {"statement": "theorem-2", "teacher": 0, "observer": 0, "reason": "region"},
)
