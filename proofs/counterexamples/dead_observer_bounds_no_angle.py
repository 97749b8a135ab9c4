"""Theorem 2 fails with an observer outside R, for any constant: a dead student has eps = 0, so the bound is
0.

Certifies   R = (-1,1)^2, f* = relu(y), f = relu(x-2): the student observes the teacher outside R, eps = 0,
            alpha = 1, r = 1, and the only student has sin theta = 1.
Does not    refute the bound for observers that are active near the teacher's boundary inside R.
"""

from ..entry import Step
from ..geometry import box
from ..instances import Instance, network, read
from ..printed import AngleBound, angle_bound, below, observed
from ._entry import counterexample

QUANTITIES = AngleBound(epsilon=0, alpha=1, radius_squared=1, nodes=2, dimension=2, sines_squared=(1,))


def instance():
    case = Instance(network(((0, 1), 0, 1)), network(((1, 0), -2, 1)), box((-1, 1), (-1, 1)))
    return case.to_json("the observer is dead")


def the_student_is_dead_and_observes():
    w = read(instance())
    assert observed(w.teacher, 0, w.student, 0) and w.active(0) is None


def the_bound_is_zero_and_the_sine_one():
    bound = angle_bound(read(instance()), 0, 0)
    assert bound == QUANTITIES
    assert bound.pi_times_square == 0 and below(bound.pi_times_square, min(bound.sines_squared))


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 2 (b)",
    (
        Step("x - 2 < 0 on R, so A_k is empty; the boundary y = 0 meets the region x >= 2.", the_student_is_dead_and_observes),
        Step(
            "eps = 0, alpha = 1, r = 1: the bound is 0 whatever its constant, and sin theta = 1.",
            the_bound_is_zero_and_the_sine_one,
        ),
    ),
    instance,
    {"statement": "theorem-2", "teacher": 0, "observer": 0, "reason": "region"},
)
