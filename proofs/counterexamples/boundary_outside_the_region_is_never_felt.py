"""Theorem 1 fails where the teacher's boundary misses R: there the teacher is affine, and affine students
copy it.

Certifies   R = (1,2) x (-1,1), f* = relu(x1), f = relu(x1+x2+3) - relu(x2+3): g_1 = 0 on R, both students are
            active on all of R and observe the boundary x1 = 0 (outside R), and no student is a multiple of
            the teacher, of either sign.
Does not    concern teachers whose boundary meets R.
"""

from ..entry import Step
from ..geometry import box
from ..instances import Instance, network, read
from ..kernel import rational
from ..printed import gradient_vanishes, has_multiple, nodes, observed, sines_squared
from ._entry import counterexample

SINES_SQUARED = rational("1/2"), 1


def instance():
    student = network(((1, 1), 3, 1), ((0, 1), 3, -1))
    case = Instance(network(((1, 0), 0, 1)), student, box((1, 2), (-1, 1)))
    return case.to_json("the teacher's boundary misses the region")


def witness():
    return read(instance())


def the_boundary_is_observed_but_misses_the_region():
    w = witness()
    a, beta = w.node(w.teacher, 0)
    assert all(observed(w.teacher, 0, w.student, k) for _, k in nodes(w.student))
    assert min(a[0] * x + a[1] * y + beta for x, y in w.data.vertices) == 1


def the_gradient_vanishes():
    w = witness()
    assert all(w.active_everywhere(k) for k in (0, 1))
    assert gradient_vanishes(w) and w.epsilon == 0


def no_student_is_collinear():
    w = witness()
    assert sines_squared(w, w.teacher, 0, nodes(w.student)) == SINES_SQUARED
    assert not has_multiple(w, 0, either_sign=True)


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 1 (c)",
    (
        Step(
            "The line x1 = 0 crosses both activation regions, but x1 >= 1 on R.", the_boundary_is_observed_but_misses_the_region
        ),
        Step("Both students are active on all of R, and f = x1 = f* there: g_1 = 0.", the_gradient_vanishes),
        Step("sin^2 of the projected angles to the teacher: 1/2 and 1.", no_student_is_collinear),
    ),
    instance,
    {"statement": "theorem-1", "teacher": 0, "reason": "region"},
)
