"""Theorem 2 fails where R is thin across the teacher's boundary, for any constant: r measures the length of
the boundary only.

Certifies   R = (-1,1) x (-t,t), f* = relu(y) + (2/3) relu(x+8-3t/8), f = (5/6) relu(4x/5+3y/5+32/5): eps =
            5t/24, alpha = 5/6, r = 1, and the only student has sin theta = 4/5; the bound is 0.0428 for t =
            1/100, and below 5 t for every t in (0, 1/10].
Does not    refute the bound where a ball of radius 5 eps/|alpha| around the boundary fits into R.
"""

from ..entry import Step
from ..families import parameter
from ..geometry import box
from ..instances import Instance, network, read
from ..kernel import rational
from ..printed import AngleBound, angle_bound, below, between, observed
from ._entry import counterexample

T, TOP = rational("1/100"), rational("1/10")
SINE_SQUARED, ALPHA = rational("16/25"), rational("5/6")
BOUND = "0.0427", "0.0429"
SLOPE = 5


def quantities(t):
    return AngleBound(rational("5/24") * t, ALPHA, radius_squared=1, nodes=3, dimension=2, sines_squared=(SINE_SQUARED,))


def family(t):
    teacher = network(((0, 1), 0, 1), ((1, 0), 8 - rational("3/8") * t, "2/3"))
    return Instance(teacher, network((("4/5", "3/5"), "32/5", "5/6")), box((-1, 1), (-t, t)))


def instance():
    return family(T).to_json("thin region")


def the_student_is_active_everywhere():
    w = read(instance())
    assert observed(w.teacher, 0, w.student, 0)
    assert w.active_everywhere(0)


def the_quantities_are_exact():
    w = read(instance())
    assert angle_bound(w, 0, 0) == quantities(T)
    (low, _), (high, _) = w.error((1,)).extrema(w.data)
    assert (low, high) == (-T / 4, T / 4), "f* - f = |y|/2 - t/4"


def the_bound_is_below_the_sine():
    bound = angle_bound(read(instance()), 0, 0)
    assert between(BOUND[0], bound.pi_times_square, BOUND[1])
    assert below(bound.pi_times_square, min(bound.sines_squared))


def the_bound_shrinks_with_the_thickness():
    t = parameter(TOP)
    assert angle_bound(family(t), 0, 0) == quantities(t)
    assert below(quantities(t).pi_times_square, SLOPE * t * SLOPE * t)


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 2 (c)",
    (
        Step("The student is active on all of R and sees the whole boundary y = 0.", the_student_is_active_everywhere),
        Step(
            "On R f* - f = relu(y) - y/2 - t/4 = |y|/2 - t/4, of size t/4, so eps = 5t/24; r = 1, K = 3, sin^2 theta = 16/25.",
            the_quantities_are_exact,
        ),
        Step("t = 1/100: the bound lies between 0.0427 and 0.0429, the sine is 0.8.", the_bound_is_below_the_sine),
        Step(
            "The same quantities for every t in (0, 1/10], where the bound is below 5 t.", the_bound_shrinks_with_the_thickness
        ),
        Step("K eps/(alpha r) = 3t/4 goes to 0 with t and the sine stays 4/5: no constant inside O(1/r) saves the statement."),
    ),
    instance,
    {"statement": "theorem-2", "teacher": 0, "observer": 0, "reason": "thickness"},
)
