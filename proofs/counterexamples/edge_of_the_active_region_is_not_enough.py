"""Theorem 1 fails where the boundary of the teacher is only an edge of the observer's closed activation
region.

Certifies   R = (-1,1)^2, f* = relu(x1), f = relu(-x1) - relu(-2 x1)/2: g_1 = 0 on R, the students' closed
            activation regions meet the boundary x1 = 0 in their own edge only, and both have lambda < 0. A
            single point of contact is no better: R = {|x1|+|x2| < 1}, f* = relu(x2), f = relu(x1-1) has no
            lambda of either sign.
Does not    refute the theorem for boundaries that meet the interior of an activation region.
"""

from ..entry import Step
from ..geometry import Polytope, box, matrix, vector
from ..instances import Instance, network, read
from ..kernel import dot
from ..printed import gradient_vanishes, has_multiple, nodes, observed
from ._entry import counterexample

TOUCHING_POINT = 1, 0


def instance():
    student = network(((-1, 0), 0, 1), ((-2, 0), 0, "-1/2"))
    case = Instance(network(((1, 0), 0, 1)), student, box((-1, 1), (-1, 1)))
    return case.to_json("the boundary is only the edge of the active region")


def witness():
    return read(instance())


def touching():
    diamond = Polytope(matrix([[1, 1], [1, -1], [-1, 1], [-1, -1]]), vector([1, 1, 1, 1]))
    return Instance(network(((0, 1), 0, 1)), network(((1, 0), -1, 1)), diamond)


def the_boundary_is_an_edge():
    w = witness()
    a, beta = w.node(w.teacher, 0)
    for _, k in nodes(w.student):
        values = [dot(a, q) + beta for q in w.active(k).vertices]
        assert observed(w.teacher, 0, w.student, k) and max(values) == 0 and min(values) == -1


def the_gradient_vanishes():
    w = witness()
    assert gradient_vanishes(w) and w.epsilon == 0
    assert not any(w.error((1,)).on(w.active(0)).slope), "f = 0 = f* where the students are active"


def every_multiple_is_negative():
    w = witness()
    assert [w.inner(w.node(w.student, k)[0], w.node(w.teacher, 0)[0]) for k in (0, 1)] == [-1, -2]
    assert not has_multiple(w, 0)


def a_point_of_contact_leaves_no_multiple_at_all():
    w = touching()
    (a, beta), (other, limit) = w.node(w.teacher, 0), w.node(w.student, 0)
    assert w.data.contains(TOUCHING_POINT)
    assert dot(a, TOUCHING_POINT) + beta == 0 and dot(other, TOUCHING_POINT) + limit == 0
    assert observed(w.teacher, 0, w.student, 0) and w.active(0) is None and gradient_vanishes(w)
    assert not has_multiple(w, 0, either_sign=True)


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 1 (d)",
    (
        Step(
            "Both students are active for x1 < 0; of their closed regions only the edge x1 = 0 lies on the boundary.",
            the_boundary_is_an_edge,
        ),
        Step("Where a student is active, f* = 0 and f = -x1 + x1 = 0: g_1 = 0.", the_gradient_vanishes),
        Step("p_k . p_j = -1 and -2: no lambda > 0.", every_multiple_is_negative),
        Step(
            "The sign is not the only thing lost: in the diamond, the region x1 >= 1 of relu(x1-1) touches the "
            "closed R and the boundary x2 = 0 in (1, 0) only; g_1 = 0, and the student is orthogonal to the "
            "teacher.",
            a_point_of_contact_leaves_no_multiple_at_all,
        ),
    ),
    instance,
    {"statement": "theorem-1", "teacher": 0, "reason": "region"},
)
