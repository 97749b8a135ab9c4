"""Theorem 1 fails for a teacher whose projection is 0: no student with a projection is a multiple of it.

Certifies   R = (-1,1)^3, X = {x3 = 0}, f* = relu(x3), students relu(x1+x3+2) and -relu(x1+2): both observe
            the teacher inside R, g_1 = 0 on X ∩ R, and Proj_X w_k = lambda Proj_X w*_j = 0 holds for no
            student and no lambda.
Does not    concern teachers with Proj_X w*_j != 0; a student with projection 0 would satisfy the statement,
            and say nothing.
"""

from ..entry import Step
from ..geometry import box, matrix
from ..instances import Instance, network, read
from ..printed import gradient_vanishes, has_multiple, nodes, observed
from ._entry import counterexample


def instance():
    student = network(((1, 0, 1), 2, 1), ((1, 0, 0), 2, -1))
    case = Instance(network(((0, 0, 1), 0, 1)), student, box((-1, 1), (-1, 1), (-1, 1)), basis=matrix([[1, 0, 0], [0, 1, 0]]))
    return case.to_json("the teacher's projected weight is zero")


def witness():
    return read(instance())


def both_students_observe_the_teacher():
    w = witness()
    for _, k in nodes(w.student):
        assert observed(w.teacher, 0, w.student, k)
        assert w.active_everywhere(k)


def the_gradient_vanishes():
    w = witness()
    assert w.dimension == 2 and gradient_vanishes(w) and w.epsilon == 0


def the_projections_are_zero_and_not_zero():
    w = witness()
    assert w.node(w.teacher, 0) == ((0, 0), 0)
    assert [w.node(w.student, k) for _, k in nodes(w.student)] == [((1, 0), 2)] * 2
    assert not has_multiple(w, 0, either_sign=True)


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 1 (g)",
    (
        Step(
            "Both students are active on all of X ∩ R, which lies in the teacher's boundary x3 = 0.",
            both_students_observe_the_teacher,
        ),
        Step(
            "On X the teacher is relu(0) = 0 and the students are relu(x1+2) and -relu(x1+2): g_1 = 0.", the_gradient_vanishes
        ),
        Step(
            "Proj_X w*_j = 0, while both students have the projection (1, 0, 0), which is no multiple of 0.",
            the_projections_are_zero_and_not_zero,
        ),
    ),
    instance,
    {"statement": "theorem-1", "teacher": 0, "reason": "norm"},
)
