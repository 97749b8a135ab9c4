"""Corollary 1 fails for rescaled students, for any constant: relu(s y)/s is the same function, its fan-out
1/s is as large as one likes.

Certifies   R = (-1,1)^2, f* = relu(x+y+3) - relu(x+3) + relu(x+4), k' = relu(s y) with fan-out 1/s, k =
            relu(x+4): eps = 1, c0^2 = 1/2, r = 1, |Q^-1|_1 = 1; |v_k'| = 100 against a bound of 42.0 for s =
            1/100, and the bound is below 45 for every s in (0, 1/50], while |v_k'| = 1/s.
Does not    refute the bound on |p_k'| |v_k'|.
"""

from ..entry import Step
from ..families import parameter
from ..geometry import box
from ..instances import Instance, network, read
from ..kernel import rational
from ..printed import FanOutBound, below, between, fan_out_bound, observed
from ._entry import counterexample

S, TOP = rational("1/100"), rational("1/50")
BOUND = "41.9", "42.1"
LIMIT = 45


def quantities(s):
    return FanOutBound(
        epsilon=1,
        alpha=1 / s,
        radius_squared=1,
        nodes=5,
        dimension=2,
        distance_squared=rational("1/2"),
        inverse_norm=1,
        fan_out_squared=1 / (s * s),
        length_squared=s * s,
    )


def family(s):
    teacher = network(((1, 1), 3, 1), ((1, 0), 3, -1), ((1, 0), 4, 1))
    return Instance(teacher, network(((0, s), 0, 1 / s), ((1, 0), 4, 1)), box((-1, 1), (-1, 1)))


def instance():
    return family(S).to_json("rescaled student")


def the_function_does_not_depend_on_the_scale():
    unit = family(rational(1)).error((1,))
    assert family(parameter(TOP)).error((1,)) == unit == read(instance()).error((1,))


def the_quantities_are_exact():
    w = read(instance())
    assert observed(w.student, 0, w.student, 1) and w.active_everywhere(1)
    assert fan_out_bound(w, 0, (1,)) == quantities(S)


def the_bound_is_below_the_fan_out():
    bound = fan_out_bound(read(instance()), 0, (1,))
    assert between(BOUND[0], bound.pi_times_square, BOUND[1])
    assert below(bound.pi_times_square, bound.fan_out_squared)


def the_bound_stays_and_the_fan_out_grows():
    s = parameter(TOP)
    bound = fan_out_bound(family(s), 0, (1,))
    assert bound == quantities(s) and below(bound.pi_times_square, LIMIT * LIMIT)
    assert bound.fan_out_squared > LIMIT * LIMIT


ENTRY = counterexample(
    __name__,
    __doc__,
    "Corollary 1 (norm)",
    (
        Step("f* - f has the same creases, masses and affine rest for every s.", the_function_does_not_depend_on_the_scale),
        Step(
            "f* - f = min(y, 0) on R: eps = 1 at the observer; alpha = 1/s, K = 5, Q = [1], c0^2 = 1/2, r = 1.",
            the_quantities_are_exact,
        ),
        Step("s = 1/100: the bound lies between 41.9 and 42.1, the fan-out is 100.", the_bound_is_below_the_fan_out),
        Step(
            "For every s in (0, 1/50] the bound is below 45, while the fan-out 1/s is at least 50.",
            the_bound_stays_and_the_fan_out_grows,
        ),
        Step(
            "K eps/(c0 r) = 5 sqrt(2) for every s, r' grows to r, and 1/s to infinity: no constant inside "
            "O(1/r) saves the statement."
        ),
    ),
    instance,
    {"statement": "corollary-1", "student": 0, "reason": "norm"},
)
