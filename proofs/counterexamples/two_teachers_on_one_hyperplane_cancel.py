"""Theorem 1 fails where two teachers share a hyperplane: their creases cancel, and affine students copy the
rest.

Certifies   R = (-1,1)^2, f* = relu(x1) - relu(-x1) = x1, f = relu(x1+x2+3) - relu(x2+3): the kink mass of x1
            = 0 is 0, g_1 = 0 on R, both students see the whole boundary inside R, and no student is a
            multiple of either teacher.
Does not    concern hyperplanes whose teachers have a total kink mass other than 0.
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
    case = Instance(network(((1, 0), 0, 1), ((-1, 0), 0, -1)), student, box((-1, 1), (-1, 1)))
    return case.to_json("two teachers on one hyperplane cancel")


def witness():
    return read(instance())


def the_boundary_is_seen_inside_the_region():
    w = witness()
    for _, k in nodes(w.student):
        assert all(observed(w.teacher, j, w.student, k) for j in (0, 1))
        assert w.boundary_radius_squared(*w.node(w.teacher, 0), w.active(k)) == 1


def the_kink_masses_cancel():
    w = witness()
    assert sorted(crease.mass for crease in w.error((1,)).creases) == [-1, 0, 1]
    assert not w.error((1,)).on(w.data).creases


def the_gradient_vanishes():
    w = witness()
    assert gradient_vanishes(w) and w.epsilon == 0


def no_student_is_collinear():
    w = witness()
    for j in (0, 1):
        assert sines_squared(w, w.teacher, j, nodes(w.student)) == SINES_SQUARED
        assert not has_multiple(w, j, either_sign=True)


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 1 (f)",
    (
        Step("Both students see the whole boundary x1 = 0 inside R.", the_boundary_is_seen_inside_the_region),
        Step("The nodes on x1 = 0 have masses 1 and -1: relu(x1) - relu(-x1) = x1 has no crease.", the_kink_masses_cancel),
        Step("f = x1 = f* on R: g_1 = 0.", the_gradient_vanishes),
        Step("sin^2 of the projected angles to either teacher: 1/2 and 1.", no_student_is_collinear),
    ),
    instance,
    {"statement": "theorem-1", "teacher": 0, "reason": "shared-hyperplane"},
)
