"""Corollary 1 fails where the observer is active in a corner of R only, for any constant inside O(1/r).

Certifies   R = {|x|+|y| < 1}, f* = relu(x+y+3) - relu(x+3), k' = relu(y), k = relu(x-1+t), fan-outs 1: eps =
            t, c0^2 = 1/2, r = 1, |Q^-1|_1 = 1, and |v_k'| = 1; the bound is 0.336 for t = 1/100, and below 65
            t for every t in (0, 1/10].
Does not    refute the bound with r measured inside the observers' active regions.
"""

from ..entry import Step
from ..families import parameter
from ..geometry import Polytope, matrix, vector
from ..instances import Instance, network, read
from ..kernel import rational
from ..printed import FanOutBound, below, between, fan_out_bound, observed
from ._entry import counterexample

T, TOP = rational("1/100"), rational("1/10")
BOUND = "0.335", "0.337"
SLOPE = 65


def quantities(t):
    return FanOutBound(
        epsilon=t,
        alpha=1,
        radius_squared=1,
        nodes=4,
        dimension=2,
        distance_squared=rational("1/2"),
        inverse_norm=1,
        fan_out_squared=1,
    )


def family(t):
    diamond = Polytope(matrix([[1, 1], [1, -1], [-1, 1], [-1, -1]]), vector([1, 1, 1, 1]))
    teacher = network(((1, 1), 3, 1), ((1, 0), 3, -1))
    return Instance(teacher, network(((0, 1), 0, 1), ((1, 0), t - 1, 1)), diamond)


def instance():
    return family(T).to_json("the fan-out is seen from a corner only")


def the_observer_sees_a_corner():
    w = read(instance())
    assert observed(w.student, 0, w.student, 1)
    assert w.boundary_radius_squared(*w.node(w.student, 0), w.active(1)) == T * T / 4


def the_quantities_are_exact():
    w = read(instance())
    assert fan_out_bound(w, 0, (1,)) == quantities(T)
    assert w.supremum(0)[0] == w.supremum(1)[0] == T


def the_bound_is_below_the_fan_out():
    bound = fan_out_bound(read(instance()), 0, (1,))
    assert between(BOUND[0], bound.pi_times_square, BOUND[1])
    assert below(bound.pi_times_square, bound.fan_out_squared)


def the_bound_shrinks_with_the_corner():
    t = parameter(TOP)
    assert fan_out_bound(family(t), 0, (1,)) == quantities(t)
    assert below(quantities(t).pi_times_square, SLOPE * t * SLOPE * t)


ENTRY = counterexample(
    __name__,
    __doc__,
    "Corollary 1 (region)",
    (
        Step(
            "The observer sees a segment of length t of the boundary y = 0 of k', while r = 1 is half the whole length.",
            the_observer_sees_a_corner,
        ),
        Step(
            "f* - f = y - relu(y) - relu(x-1+t) on R, at most t in size where either student is active: eps = "
            "t. K = 4, Q = [1]; the nearest other node has sin^2 = c0^2 = 1/2.",
            the_quantities_are_exact,
        ),
        Step("t = 1/100: the bound lies between 0.335 and 0.337, the fan-out has length 1.", the_bound_is_below_the_fan_out),
        Step("The same quantities for every t in (0, 1/10], where the bound is below 65 t.", the_bound_shrinks_with_the_corner),
        Step("K eps/(c0 r) = 4 sqrt(2) t goes to 0 with t: no constant inside O(1/r) saves the statement."),
    ),
    instance,
    {"statement": "corollary-1", "student": 0, "reason": "region"},
)
