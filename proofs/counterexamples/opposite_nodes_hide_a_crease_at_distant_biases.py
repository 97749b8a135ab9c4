"""Lemma 4's bias half fails for opposite nodes: the crease is hidden by a node whose bias is near -b and not
near b.

Certifies   R = (-1,1) x (99,101), |relu(y-100) - relu(100-t-y) - (y-100) - t/2| <= t/2 on R: no choice of j'
            has |b'-b| <= M_2 eps/|c_j|, which is below 6 for t = 1/200, while |b'-b| = 200 - t; and below
            1200 t for every t in (0, 1/200].
Does not    refute the lemma with |b' +- b|, or with the distance of the hyperplanes, in place of |b'-b|.
"""

from ..entry import Step
from ..families import parameter
from ..geometry import RidgeSum, box, merged, vector
from ..kernel import PI_HIGH, PI_LOW, dot, rational, sqrt
from ._entry import counterexample

T = rational("1/200")
HEIGHT = rational(100)
MOST, SLOPE = 6, 1200
NODES, RADIUS, DIMENSION = 2, 1, 2
BOUNDARY = vector((-1, HEIGHT)), vector((1, HEIGHT))


def nodes(t):
    """(w, b, c_i) of j and j'."""
    return (vector((0, 1)), -HEIGHT, 1), (vector((0, -1)), HEIGHT - t, -1)


def combination(t):
    """sum c_i f_i + affine on R^2."""
    h = merged(nodes(t), 2)
    return RidgeSum(h.creases, (h.slope[0], h.slope[1] - 1), h.constant + HEIGHT - t / 2)


def region():
    return box((-1, 1), (HEIGHT - 1, HEIGHT + 1))


def bias_bound_above(epsilon, largest):
    """A proved upper bound of M_2 eps/|c_j| for all eps <= largest, with r' = r - 5 largest."""
    m0 = sqrt(dot(BOUNDARY[0], BOUNDARY[0])).enclosure()[1]
    m = sqrt(rational(50 * DIMENSION) / (RADIUS - 5 * largest) ** 2 / PI_LOW).enclosure()[1]
    return (2 * m0 * m * NODES + 5) * epsilon


def the_setting_is_that_of_the_lemma():
    (w, b, _), (other, limit, _) = nodes(T)
    assert len(nodes(T)) == NODES and len(w) == DIMENSION
    assert dot(w, w) == dot(other, other) == 1 and w[1] * limit != other[1] * b, "unit weights, not collinear"
    assert all(region().contains(x) and dot(w, x) + b == 0 for x in BOUNDARY)
    assert abs(BOUNDARY[1][0] - BOUNDARY[0][0]) == 2 * RADIUS
    assert dot(BOUNDARY[0], BOUNDARY[0]) == dot(BOUNDARY[1], BOUNDARY[1]) == 1 + HEIGHT**2


def the_combination_is_small():
    for t in (T, parameter(T)):
        h = combination(t)
        (low, _), (high, _) = h.extrema(region())
        assert (low, high) == (-t / 2, t / 2)


def the_other_bias_is_far():
    (_, b, _), (_, limit, _) = nodes(T)
    assert abs(limit - b) == 2 * HEIGHT - T and abs(limit + b) == T
    assert bias_bound_above(T / 2, T / 2) < MOST < abs(limit - b)
    assert rational(50 * DIMENSION) * NODES**2 > PI_HIGH, "M K > 1: the angle, 0, is within its bound"


def the_bound_shrinks_and_the_distance_does_not():
    t = parameter(T)
    (_, b, _), (_, limit, _) = nodes(t)
    assert limit - b > 199 and bias_bound_above(t / 2, T / 2) < SLOPE * t


ENTRY = counterexample(
    __name__,
    __doc__,
    "Lemma 4 (a)",
    (
        Step(
            "Unit weights (0, 1), (0, -1), biases -100, 100-t, not collinear; r = 1, M_0^2 = 10001, K = 2, c_j = 1.",
            the_setting_is_that_of_the_lemma,
        ),
        Step(
            "With z = y - 100: relu(z) - relu(-z-t) - z - t/2 is -t/2 for z >= 0, t/2 for z <= -t, and between "
            "them in between: eps = t/2, for every t in (0, 1/200].",
            the_combination_is_small,
        ),
        Step(
            "The only other node has sin theta = 0 and |b'-b| = 200 - t; M_2 eps/|c_j| < 6 for t = 1/200. But |b'+b| = t.",
            the_other_bias_is_far,
        ),
        Step(
            "For every t in (0, 1/200]: |b'-b| > 199 and M_2 eps/|c_j| < 1200 t.", the_bound_shrinks_and_the_distance_does_not
        ),
    ),
)
