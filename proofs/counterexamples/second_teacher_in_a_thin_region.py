"""Theorem 3 inherits Theorem 2's defects: with g_1 = 0 a second teacher may have a crease that a thin R
hides.

Certifies   R = (-1,1) x (-t,t), f* = f = (5/6) relu(4x/5+3y/5+32/5), f*' = relu(y) + (2/3) relu(x+8-3t/8):
            g_1 = 0, e0 = t/4, alpha' = 5/6, and the only student has sin theta = 4/5 to relu(y); the bound is
            0.0428 for t = 1/100, and below 5 t for every t in (0, 1/10].
Does not    repeat the other reasons of Theorem 2: with f*' = f* and e0 = 0 every one of its counterexamples
            refutes Theorem 3 too.
"""

from ..entry import Step
from ..families import parameter
from ..geometry import box
from ..instances import Instance, network, read
from ..kernel import rational
from ..printed import AngleBound, angle_bound, below, between, gradient_vanishes, observed, teacher_distance
from ._entry import counterexample

T, TOP = rational("1/100"), rational("1/10")
SINE_SQUARED, ALPHA = rational("16/25"), rational("5/6")
BOUND = "0.0427", "0.0429"
SLOPE = 5


def quantities(t):
    return AngleBound(t / 4 * ALPHA, ALPHA, radius_squared=1, nodes=3, dimension=2, sines_squared=(SINE_SQUARED,))


def family(t):
    second = network(((0, 1), 0, 1), ((1, 0), 8 - rational("3/8") * t, "2/3"))
    student = network((("4/5", "3/5"), "32/5", "5/6"))
    return Instance(student, student, box((-1, 1), (-t, t)), second_teacher=second)


def instance():
    return family(T).to_json("second teacher in a thin region")


def the_student_copies_the_first_teacher():
    w = read(instance())
    assert gradient_vanishes(w) and teacher_distance(w) == T / 4
    assert w.second_teacher and observed(w.second_teacher, 0, w.student, 0) and w.active_everywhere(0)


def the_quantities_are_exact():
    assert angle_bound(read(instance()), 0, 0, extra=T / 4 * ALPHA, second=True) == quantities(T)


def the_bound_is_below_the_sine():
    w = read(instance())
    bound = angle_bound(w, 0, 0, extra=teacher_distance(w) * abs(w.student.V[0][0]), second=True)
    assert between(BOUND[0], bound.pi_times_square, BOUND[1])
    assert below(bound.pi_times_square, min(bound.sines_squared))


def the_bound_shrinks_with_the_thickness():
    t = parameter(TOP)
    w = family(t)
    assert gradient_vanishes(w) and teacher_distance(w) == t / 4
    assert angle_bound(w, 0, 0, extra=t / 4 * ALPHA, second=True) == quantities(t)
    assert below(quantities(t).pi_times_square, SLOPE * t * SLOPE * t)


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 3 (thickness)",
    (
        Step(
            "f = f*, so g_1 = 0; f*' - f* = |y|/2 - t/4 on R, so e0 = t/4; the student sees the whole boundary y = 0.",
            the_student_copies_the_first_teacher,
        ),
        Step("eps + e0 |v|_1 = 5t/24, alpha' = 5/6, r = 1, K = 3, sin^2 theta = 16/25.", the_quantities_are_exact),
        Step("t = 1/100: the bound lies between 0.0427 and 0.0429, the sine is 0.8.", the_bound_is_below_the_sine),
        Step(
            "The same quantities for every t in (0, 1/10], where the bound is below 5 t.", the_bound_shrinks_with_the_thickness
        ),
    ),
    instance,
    {"statement": "theorem-3", "teacher": 0, "observer": 0, "reason": "thickness"},
)
