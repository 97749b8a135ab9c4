"""Theorem 1 fails with an observer outside R: a dead student has no gradient, whatever the teacher is.

Certifies   R = (-1,1)^2, f* = relu(x2), f = relu(x1-2): the student observes the teacher at (2, 0), far
            outside R, g_1 = 0 on R, and no student is a multiple of the teacher, of either sign.
Does not    count dead students as trained; it shows that "observed" must mean observed inside R.
"""

from ..entry import Step
from ..geometry import box
from ..instances import Instance, network, read
from ..printed import gradient_vanishes, has_multiple, observed, sines_squared
from ._entry import counterexample

MEETING_POINT = 2, 0  # on the teacher's boundary and in the student's closed activation region


def instance():
    case = Instance(network(((0, 1), 0, 1)), network(((1, 0), -2, 1)), box((-1, 1), (-1, 1)))
    return case.to_json("the only observer is dead")


def witness():
    return read(instance())


def the_student_observes_the_teacher_outside_the_region():
    w = witness()
    (a, beta), (other, limit) = w.node(w.teacher, 0), w.node(w.student, 0)
    x, y = MEETING_POINT
    assert a[0] * x + a[1] * y + beta == 0 and other[0] * x + other[1] * y + limit == 0
    assert observed(w.teacher, 0, w.student, 0) and not w.data.contains(MEETING_POINT)


def the_student_is_dead():
    w = witness()
    assert w.active(0) is None and gradient_vanishes(w)
    assert not any(other > -1 for other in (w.node(w.student, 0)[0][0] * q[0] - 2 for q in w.data.vertices))


def no_student_is_collinear():
    w = witness()
    assert sines_squared(w, w.teacher, 0, ((w.student, 0),)) == (1,)
    assert not has_multiple(w, 0, either_sign=True)


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 1 (b)",
    (
        Step(
            "The boundary x2 = 0 meets the closed activation region x1 >= 2, at (2, 0); that point is not in R.",
            the_student_observes_the_teacher_outside_the_region,
        ),
        Step("x1 - 2 < 0 on R: A_k is empty and g_1 = 0.", the_student_is_dead),
        Step("The only student is orthogonal to the teacher.", no_student_is_collinear),
    ),
    instance,
    {"statement": "theorem-1", "teacher": 0, "reason": "region"},
)
