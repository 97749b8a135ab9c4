"""Theorem 2 fails where the teacher's projection is short, for any constant: alpha does not know the length
of the projection.

Certifies   R = (-1,1)^3, U = {x3 = 0}, w* = (0, h, k) with h = 2t/(1+t^2), k = (1-t^2)/(1+t^2), so |w*| = 1:
            f* = relu(w* . x) + (2h/3) relu(x1+61/8), f = (5h/6) relu(4 x1/5+3 x2/5+32/5): eps = 5 h^2/24,
            alpha = 5h/6, r = 1, sin theta = 4/5; the bound is 0.0868 for t = 1/100 (h = 200/10001), and below
            5 h for every t in (0, 1/100].
Does not    refute the bound with |p*_j| alpha in place of alpha.
"""

from ..entry import Step
from ..families import parameter
from ..geometry import box, matrix
from ..instances import Instance, network, read
from ..kernel import dot, rational
from ..printed import AngleBound, angle_bound, below, between, observed
from ._entry import counterexample

T = rational("1/100")
SINE_SQUARED = rational("16/25")
BOUND = "0.0867", "0.0869"
SLOPE = 5


def height(t):
    return 2 * t / (1 + t * t)


def quantities(h):
    return AngleBound(
        rational("5/24") * h * h,
        rational("5/6") * h,
        1,
        nodes=3,
        dimension=2,
        sines_squared=(SINE_SQUARED,),
        length_squared=h * h,
    )


def family(t):
    h, k = height(t), (1 - t * t) / (1 + t * t)
    teacher = network(((0, h, k), 0, 1), ((1, 0, 0), "61/8", rational("2/3") * h))
    student = network((("4/5", "3/5", 0), "32/5", rational("5/6") * h))
    return Instance(teacher, student, box((-1, 1), (-1, 1), (-1, 1)), basis=matrix([[1, 0, 0], [0, 1, 0]]))


def instance():
    return family(T).to_json("short projected weight")


def the_teacher_has_length_one_and_a_short_projection():
    w = read(instance())
    a, beta = w.node(w.teacher, 0)
    assert dot(w.teacher.W[0], w.teacher.W[0]) == 1
    assert w.inner(a, a) == height(T) ** 2 == rational("200/10001") ** 2 and beta == 0
    assert observed(w.teacher, 0, w.student, 0)


def the_quantities_are_exact():
    w = read(instance())
    assert w.active_everywhere(0)
    assert angle_bound(w, 0, 0) == quantities(height(T))


def the_bound_is_below_the_sine():
    bound = angle_bound(read(instance()), 0, 0)
    assert between(BOUND[0], bound.pi_times_square, BOUND[1])
    assert below(bound.pi_times_square, min(bound.sines_squared))


def the_bound_shrinks_with_the_projection():
    t = parameter(T)
    h = height(t)
    assert angle_bound(family(t), 0, 0) == quantities(h)
    assert below(quantities(h).pi_times_square, SLOPE * h * SLOPE * h)


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 2 (d)",
    (
        Step("|w*| = 1, and its projection to U has length h.", the_teacher_has_length_one_and_a_short_projection),
        Step(
            "On U f* - f = h (|x2|/2 - 1/4), so eps = (5h/6)(h/4); alpha = 5h/6, r = 1, K = 3, sin^2 theta = 16/25.",
            the_quantities_are_exact,
        ),
        Step("h = 200/10001: the bound lies between 0.0867 and 0.0869, the sine is 0.8.", the_bound_is_below_the_sine),
        Step(
            "The same quantities for every t in (0, 1/100], where the bound is below 5 h.",
            the_bound_shrinks_with_the_projection,
        ),
        Step("K eps/(alpha r) = 3h/4 goes to 0 with h and the sine stays 4/5: no constant inside O(1/r) saves the statement."),
    ),
    instance,
    {"statement": "theorem-2", "teacher": 0, "observer": 0, "reason": "norm"},
)
