"""Theorem 2's "student node" fails, for any constant: another teacher may be the node that is near.

Certifies   R = (-1,1)^2, f* = relu(y) - relu(cy+sx) + relu(x+4), f = relu(x+4), s = 2t/(1+t^2), c =
            (1-t^2)/(1+t^2): eps = 2t(1+t)/(1+t^2), alpha = 1, r = 1, and the only student has sin theta = 1
            to the teacher relu(y); the bound is 0.0456 for t = 1/1000, and below 51 t for every t in (0,
            1/100].
Does not    refute that some other node is near: the second teacher has sin theta = s = O(eps).
"""

from ..entry import Step
from ..families import parameter
from ..geometry import box
from ..instances import Instance, network, read
from ..kernel import rational
from ..printed import AngleBound, angle_bound, below, between, observed, sines_squared
from ._entry import counterexample

T, TOP = rational("1/1000"), rational("1/100")
BOUND = "0.0455", "0.0457"
SLOPE = 51


def sine(t):
    return 2 * t / (1 + t * t)


def quantities(t):
    return AngleBound(2 * t * (1 + t) / (1 + t * t), 1, 1, nodes=4, dimension=2, sines_squared=(1,))


def family(t):
    s, c = sine(t), (1 - t * t) / (1 + t * t)
    teacher = network(((0, 1), 0, 1), ((s, c), 0, -1), ((1, 0), 4, 1))
    return Instance(teacher, network(((1, 0), 4, 1)), box((-1, 1), (-1, 1)))


def instance():
    return family(T).to_json("two nearly parallel teachers cancel")


def the_student_sees_the_whole_boundary():
    w = read(instance())
    assert observed(w.teacher, 0, w.student, 0)
    assert w.active_everywhere(0)


def the_quantities_are_exact():
    assert angle_bound(read(instance()), 0, 0) == quantities(T)


def the_bound_is_below_the_sine():
    bound = angle_bound(read(instance()), 0, 0)
    assert between(BOUND[0], bound.pi_times_square, BOUND[1])
    assert below(bound.pi_times_square, min(bound.sines_squared))


def the_near_node_is_a_teacher():
    w = read(instance())
    assert sines_squared(w, w.teacher, 0, ((w.teacher, 1),)) == (sine(T) ** 2,)


def the_bound_shrinks_with_the_angle():
    t = parameter(TOP)
    assert angle_bound(family(t), 0, 0) == quantities(t)
    assert below(quantities(t).pi_times_square, SLOPE * t * SLOPE * t)


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 2 (g)",
    (
        Step("The student is active on all of R and sees the whole boundary y = 0.", the_student_sees_the_whole_boundary),
        Step(
            "f* - f = relu(y) - relu(cy+sx); its largest size is attained in a corner of the square: eps = "
            "2t(1+t)/(1+t^2). alpha = 1, r = 1, K = 4; the only student is orthogonal to relu(y).",
            the_quantities_are_exact,
        ),
        Step("t = 1/1000: the bound lies between 0.0455 and 0.0457, the sine is 1.", the_bound_is_below_the_sine),
        Step("The near node is the second teacher, at sin theta = s.", the_near_node_is_a_teacher),
        Step("The same quantities for every t in (0, 1/100], where the bound is below 51 t.", the_bound_shrinks_with_the_angle),
        Step("K eps/(alpha r) goes to 0 with t: no constant inside O(1/r) saves the statement."),
    ),
    instance,
    {"statement": "theorem-2", "teacher": 0, "observer": 0, "reason": "student"},
)
