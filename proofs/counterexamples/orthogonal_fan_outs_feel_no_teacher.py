"""Theorem 1 fails for alpha = 0: students whose fan-outs are orthogonal to the teacher's do not feel it.

Certifies   C = 2, R = (-1,1)^2, f* = (relu(x1), 0), students relu(x1+x2+3) with fan-outs (0,1) and (0,-1):
            g_1 = 0 on R, both students observe the teacher inside R, alpha = 0, and no student is a multiple
            of it.
Does not    concern the proof's own hypothesis alpha != 0, which the statement leaves out.
"""

from ..entry import Step
from ..geometry import box
from ..instances import Instance, network, read
from ..kernel import rational
from ..printed import angle_bound, gradient_vanishes, has_multiple, nodes, observed
from ._entry import counterexample

SINES_SQUARED = rational("1/2"), rational("1/2")


def instance():
    student = network(((1, 1), 3, (0, 1)), ((1, 1), 3, (0, -1)))
    case = Instance(network(((1, 0), 0, (1, 0))), student, box((-1, 1), (-1, 1)))
    return case.to_json("the observers' fan-outs are orthogonal to the teacher's")


def witness():
    return read(instance())


def both_students_see_the_boundary_inside_the_region():
    w = witness()
    for _, k in nodes(w.student):
        assert observed(w.teacher, 0, w.student, k)
        assert w.boundary_radius_squared(*w.node(w.teacher, 0), w.active(k)) == 1


def alpha_and_the_gradient_vanish():
    w = witness()
    assert [angle_bound(w, 0, k).alpha for k in (0, 1)] == [0, 0]
    assert gradient_vanishes(w) and w.epsilon == 0


def no_student_is_collinear():
    w = witness()
    assert angle_bound(w, 0, 0).sines_squared == SINES_SQUARED and not has_multiple(w, 0, either_sign=True)


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 1 (e)",
    (
        Step(
            "x1 + x2 + 3 > 0 on R: both students see the whole boundary x1 = 0, of length 2, inside R.",
            both_students_see_the_boundary_inside_the_region,
        ),
        Step("v_k . v*_j = 0, and the students' own terms cancel: g_1 = 0.", alpha_and_the_gradient_vanish),
        Step("sin^2 of the angle of (1, 1) to (1, 0) is 1/2.", no_student_is_collinear),
    ),
    instance,
    {"statement": "theorem-1", "teacher": 0, "reason": "alpha"},
)
