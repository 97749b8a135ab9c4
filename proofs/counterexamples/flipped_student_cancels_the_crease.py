"""Theorem 1's lambda > 0 fails: a flipped student and two affine ones do exactly what the teacher does.

Certifies   R = (-1,1)^2, f* = relu(x1), f = relu(-x1) + relu(x1+x2+3) - relu(x2+3): g_1 = 0 on R, the teacher
            is observed from both sides, and lambda = -1 is the only multiple of its weight among the
            students.
Does not    say how often training ends there; the direction is recovered, only its sign is not.
"""

from ..entry import Step
from ..geometry import box
from ..instances import Instance, network, read
from ..kernel import rational
from ..printed import gradient_vanishes, has_multiple, nodes, observed, sines_squared
from ._entry import counterexample

SINES_SQUARED = 0, rational("1/2"), 1  # of the angles of the three students to the teacher


def instance():
    student = network(((-1, 0), 0, 1), ((1, 1), 3, 1), ((0, 1), 3, -1))
    case = Instance(network(((1, 0), 0, 1)), student, box((-1, 1), (-1, 1)))
    return case.to_json("a flipped student copies the teacher")


def witness():
    return read(instance())


def every_student_observes_the_teacher():
    w = witness()
    assert all(observed(w.teacher, 0, w.student, k) for _, k in nodes(w.student))


def the_gradient_vanishes():
    w = witness()
    assert all(w.active(k) is not None for _, k in nodes(w.student))
    assert gradient_vanishes(w) and w.epsilon == 0


def only_the_flipped_student_is_collinear():
    w = witness()
    assert sines_squared(w, w.teacher, 0, nodes(w.student)) == SINES_SQUARED
    assert w.inner(w.node(w.student, 0)[0], w.node(w.teacher, 0)[0]) == -1
    assert not has_multiple(w, 0) and has_multiple(w, 0, either_sign=True)


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 1 (a)",
    (
        Step(
            "Every student observes the teacher: each closed activation region meets the line x1 = 0.",
            every_student_observes_the_teacher,
        ),
        Step(
            "x1 + x2 + 3 > 0 and x2 + 3 > 0 on R, so f = relu(-x1) + x1 = relu(x1) = f* there: g_1 = 0, by the "
            "exact zero test and by the exact supremum over every A_k.",
            the_gradient_vanishes,
        ),
        Step(
            "sin^2 of the projected angles to the teacher: 0, 1/2, 1; the collinear student has p_k . p_j = -1 < 0.",
            only_the_flipped_student_is_collinear,
        ),
    ),
    instance,
    {"statement": "theorem-1", "teacher": 0, "reason": "sign"},
)
