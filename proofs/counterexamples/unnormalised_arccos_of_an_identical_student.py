"""Theorem 2 fails for theta = arccos(p . p') with unnormalised projections, for any constant: an identical
student is far.

Certifies   R = (-1,1)^3, U = {x3 = 0}, teacher and student both relu(3 x1/5 + 4 x3/5): eps = 0, so the bound
            is 0, and sin^2(arccos(p . p')) = 1 - (9/25)^2 = 544/625. With weight (2, 0, 0) p . p' = 4 and
            arccos is not defined.
Does not    concern the angle of normalised projections, which is 0 here; so there is no instance for
            `twolayer check`.
"""

from ..entry import Step
from ..geometry import box, matrix
from ..instances import Instance, network, read
from ..kernel import dot, rational
from ..printed import angle_bound, gradient_vanishes, observed
from ._entry import counterexample

PRODUCT, SINE_SQUARED = rational("9/25"), rational("544/625")
LONG_WEIGHT = 2, 0, 0


def made(weight):
    node = network((weight, 0, 1))
    return Instance(node, node, box((-1, 1), (-1, 1), (-1, 1)), basis=matrix([[1, 0, 0], [0, 1, 0]]))


def instance():
    return made(("3/5", 0, "4/5")).to_json("identical student, unnormalised projections")


def the_student_is_the_teacher():
    w = read(instance())
    assert (w.teacher, w.student) == (w.student, w.teacher) and dot(w.teacher.W[0], w.teacher.W[0]) == 1
    assert observed(w.teacher, 0, w.student, 0)
    assert gradient_vanishes(w)
    bound = angle_bound(w, 0, 0)
    assert bound.epsilon == 0 and bound.radius_squared == 1 and bound.pi_times_square == 0


def the_unnormalised_angle_is_large():
    w = read(instance())
    product = w.inner(w.node(w.teacher, 0)[0], w.node(w.student, 0)[0])
    assert product == PRODUCT and 1 - product**2 == SINE_SQUARED > 0
    assert angle_bound(w, 0, 0).sines_squared == (0,), "the true angle is 0"


def the_unnormalised_product_may_exceed_one():
    w = made(LONG_WEIGHT)
    assert w.inner(w.node(w.teacher, 0)[0], w.node(w.student, 0)[0]) == 4


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 2 (e)",
    (
        Step(
            "The student is the teacher, of length 1: g_1 = 0, eps = 0, and the bound is 0 whatever its constant.",
            the_student_is_the_teacher,
        ),
        Step(
            "p . p' = 9/25, so sin^2(arccos(p . p')) = 1 - 81/625 = 544/625; normalised, the angle is 0.",
            the_unnormalised_angle_is_large,
        ),
        Step("A weight of length 2 in U has p . p' = 4, which is no cosine.", the_unnormalised_product_may_exceed_one),
    ),
)
