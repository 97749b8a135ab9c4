"""Lemma 4 fails where R is thin across the boundary of j: its r' = r - 5 eps/|c_j| presumes a thickness that
r does not measure.

Certifies   R = (-1,1) x (-t,t), |relu(y) + relu(x+3) - (x+3) - y/2 - t/4| <= t/4 on R: the only other node
            has sin theta = 1, and its bound M K eps/|c_j| is below 0.03 for t = 1/100, and below 4 t for
            every t in (0, 1/10].
Does not    refute the lemma where the ball of radius 5 eps/|c_j| around the boundary fits into R.
"""

from ..entry import Step
from ..families import parameter
from ..geometry import RidgeSum, arrangement_vertices, box, merged, vector
from ..kernel import dot, rational
from ..printed import below, between, pi_bound_squared
from ._entry import counterexample

T, TOP = rational("1/100"), rational("1/10")
NODES, RADIUS, DIMENSION = 2, rational(1), 2
J, OTHER = (vector((0, 1)), rational(0)), (vector((1, 0)), rational(3))  # (w, b)
BOUND, SLOPE = ("0.028", "0.029"), 4


def region(t):
    return box((-1, 1), (-t, t))


def combination(t):
    """relu(y) + relu(x+3) - (x+3) - y/2 - t/4."""
    h = merged(((*J, 1), (*OTHER, 1)), 2)
    return RidgeSum(h.creases, (h.slope[0] - 1, h.slope[1] - rational("1/2")), h.constant - 3 - t / 4)


def the_setting_is_that_of_the_lemma():
    assert dot(J[0], J[0]) == dot(OTHER[0], OTHER[0]) == 1
    assert len((J, OTHER)) == NODES and len(J[0]) == DIMENSION
    ends = [q for q in arrangement_vertices(region(T), [J]) if dot(J[0], q) + J[1] == 0]
    assert sorted(ends) == [(-RADIUS, 0), (RADIUS, 0)]


def the_combination_is_small():
    for t in (T, parameter(TOP)):
        (low, _), (high, _) = combination(t).extrema(region(t))
        assert (low, high) == (-t / 4, t / 4)


def the_other_node_is_orthogonal():
    assert 1 - dot(J[0], OTHER[0]) ** 2 == 1
    bound = pi_bound_squared(T / 4, 1, RADIUS**2, NODES, DIMENSION)
    assert between(BOUND[0], bound, BOUND[1]) and below(bound, 1)


def the_bound_shrinks_with_the_thickness():
    t = parameter(TOP)
    assert below(pi_bound_squared(t / 4, 1, RADIUS**2, NODES, DIMENSION), SLOPE * t * SLOPE * t)


def a_ball_does_not_fit():
    reach = 5 * (T / 4)
    assert region(T).contains((0, 0)) and not region(T).contains((0, reach))


ENTRY = counterexample(
    __name__,
    __doc__,
    "Lemma 4 (b)",
    (
        Step(
            "Unit weights (0, 1) and (1, 0), K = 2, c_j = 1; the boundary y = 0 has radius r = 1 in R.",
            the_setting_is_that_of_the_lemma,
        ),
        Step(
            "On R the combination is relu(y) - y/2 - t/4 = |y|/2 - t/4: eps = t/4, for every t in (0, 1/10].",
            the_combination_is_small,
        ),
        Step(
            "The only other node is orthogonal, sin theta = 1; for t = 1/100 its bound lies between 0.028 and 0.029.",
            the_other_node_is_orthogonal,
        ),
        Step("For every t in (0, 1/10] the bound is below 4 t.", the_bound_shrinks_with_the_thickness),
        Step("What is missing: the proof steps q = 5 eps/|c_j| = 5t/4 away from the boundary, out of R.", a_ball_does_not_fit),
    ),
)
