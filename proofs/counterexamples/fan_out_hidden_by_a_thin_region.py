"""Corollary 1 fails where R is thin across the boundary of k', for any constant inside O(1/r).

Certifies   R = (-1,1) x (-t,t), f* = relu(x+y+3) - relu(x+3) + relu(x+4), k' = relu(y), k = relu(x+4),
            fan-outs 1: eps = t, c0^2 = 1/2, r = 1, |Q^-1|_1 = 1, and |v_k'| = 1; the bound is 0.0401 for t =
            1/1000, and below 45 t for every t in (0, 1/100].
Does not    refute the bound where a ball of radius 5 eps/|alpha| around the boundary fits into R.
"""

from ..entry import Step
from ..families import parameter
from ..geometry import box
from ..instances import Instance, network, read
from ..kernel import rational
from ..printed import FanOutBound, below, between, fan_out_bound, observed
from ._entry import counterexample

T, TOP = rational("1/1000"), rational("1/100")
BOUND = "0.0400", "0.0402"
SLOPE = 45


def quantities(t):
    return FanOutBound(
        epsilon=t,
        alpha=1,
        radius_squared=1,
        nodes=5,
        dimension=2,
        distance_squared=rational("1/2"),
        inverse_norm=1,
        fan_out_squared=1,
    )


def family(t):
    teacher = network(((1, 1), 3, 1), ((1, 0), 3, -1), ((1, 0), 4, 1))
    return Instance(teacher, network(((0, 1), 0, 1), ((1, 0), 4, 1)), box((-1, 1), (-t, t)))


def instance():
    return family(T).to_json("the fan-out is hidden by a thin region")


def the_observer_sees_the_whole_boundary():
    w = read(instance())
    assert observed(w.student, 0, w.student, 1) and w.active_everywhere(1)


def the_quantities_are_exact():
    w = read(instance())
    assert fan_out_bound(w, 0, (1,)) == quantities(T)
    (low, _), (high, _) = w.error((1,)).extrema(w.data)
    assert (low, high) == (-T, 0), "f* - f = min(y, 0)"


def the_bound_is_below_the_fan_out():
    bound = fan_out_bound(read(instance()), 0, (1,))
    assert between(BOUND[0], bound.pi_times_square, BOUND[1])
    assert below(bound.pi_times_square, bound.fan_out_squared)


def the_bound_shrinks_with_the_thickness():
    t = parameter(TOP)
    assert fan_out_bound(family(t), 0, (1,)) == quantities(t)
    assert below(quantities(t).pi_times_square, SLOPE * t * SLOPE * t)


ENTRY = counterexample(
    __name__,
    __doc__,
    "Corollary 1 (thickness)",
    (
        Step(
            "The observer is active on all of R and sees the whole boundary y = 0 of k'.", the_observer_sees_the_whole_boundary
        ),
        Step("f* - f = y - relu(y) = min(y, 0) on R: eps = t. K = 5, Q = [1], c0^2 = 1/2, r = 1.", the_quantities_are_exact),
        Step("t = 1/1000: the bound lies between 0.0400 and 0.0402, the fan-out has length 1.", the_bound_is_below_the_fan_out),
        Step(
            "The same quantities for every t in (0, 1/100], where the bound is below 45 t.",
            the_bound_shrinks_with_the_thickness,
        ),
        Step("K eps/(c0 r) = 5 sqrt(2) t goes to 0 with t: no constant inside O(1/r) saves the statement."),
    ),
    instance,
    {"statement": "corollary-1", "student": 0, "reason": "thickness"},
)
