"""Lemma 3 fails for nearly opposite nodes: their hyperplanes nearly coincide, but b' is near -b and not near
b.

Certifies   R = (-1,1) x (99,101), w = (0,1; -100), w' = (s,-c; 100c) with s = 2t/(1+t^2), c =
            (1-t^2)/(1+t^2), eps/|c_j| = s: sin theta = s is below its bound, every point of R on the boundary
            of j is within 5 eps/|c_j| of w', and |b'-b| > 199 while M_2 eps/|c_j| < 12 for t = 1/400, and
            below 4600 t for every t in (0, 1/400].
Does not    refute the lemma with |b' +- b|, or with the distance of the hyperplanes, in place of |b'-b|.
"""

from ..entry import Step
from ..families import parameter
from ..geometry import box, vector
from ..kernel import PI_HIGH, PI_LOW, dot, rational, sqrt
from ._entry import counterexample

T = rational("1/400")
HEIGHT = rational(100)  # of the boundary of j above the origin
MOST, SLOPE = 12, 4600  # M_2 eps/|c_j| is below MOST for T, and below SLOPE t for every t up to T
NODES, RADIUS, DIMENSION = 2, 1, 2
BOUNDARY = vector((-1, HEIGHT)), vector((1, HEIGHT))  # the ends of the boundary of j in R
STEEP = vector(("-24/25", "7/25"))  # a direction more than 120 degrees away from (1, 0)


def sine(t):
    return 2 * t / (1 + t * t)


def pair(t):
    """(w, b) of j and j'."""
    c = (1 - t * t) / (1 + t * t)
    return ((0, 1), -HEIGHT), ((sine(t), -c), HEIGHT * c)


def pi_m_squared():
    """pi M^2 = 50 d/r^2."""
    return rational(50 * DIMENSION) / RADIUS**2


def bias_bound_above(ratio):
    """A proved upper bound of M_2 eps/|c_j| = (2 M_0 M K + 5) eps/|c_j|, for eps/|c_j| = ratio; M_0^2 = 1 +
    100^2.
    """
    m0, m = sqrt(dot(BOUNDARY[0], BOUNDARY[0])).enclosure()[1], sqrt(pi_m_squared() / PI_LOW).enclosure()[1]
    return (2 * m0 * m * NODES + 5) * ratio


def the_setting_is_that_of_the_lemma():
    region = box((-1, 1), (HEIGHT - 1, HEIGHT + 1))
    (w, b), (other, limit) = pair(T)
    assert len(pair(T)) == NODES and len(w) == DIMENSION
    assert dot(w, w) == dot(other, other) == 1 and all(dot(w, x) + b == 0 for x in BOUNDARY)
    assert all(region.contains(x) for x in BOUNDARY) and abs(BOUNDARY[1][0] - BOUNDARY[0][0]) == 2 * RADIUS
    assert dot(BOUNDARY[0], BOUNDARY[0]) == dot(BOUNDARY[1], BOUNDARY[1]) == 1 + HEIGHT**2
    assert other[0] * b != w[0] * limit, "not collinear"


def the_angle_is_within_its_bound():
    (w, _), (other, _) = pair(parameter(T))
    assert 1 - dot(w, other) * dot(w, other) == sine(parameter(T)) * sine(parameter(T))
    assert pi_m_squared() * NODES**2 > PI_HIGH, "M K > 1, so sin theta = s <= M K s"


def no_point_of_the_boundary_is_far():
    t = parameter(T)
    other, limit = pair(t)[1]
    assert all(abs(dot(other, x) + limit) <= 5 * sine(t) for x in BOUNDARY)  # convex: largest at the ends


def the_biases_are_far_apart():
    b, limit = pair(T)[0][1], pair(T)[1][1]
    assert abs(limit - b) > 199 and abs(limit + b) < rational("1/100")
    assert bias_bound_above(sine(T)) < MOST


def the_bound_shrinks_and_the_distance_does_not():
    t = parameter(T)
    assert pair(t)[1][1] - pair(t)[0][1] > 199 and bias_bound_above(sine(t)) < SLOPE * t


def the_chord_exceeds_twice_the_sine():
    chord_squared, sine_squared = 2 - 2 * STEEP[0], 1 - STEEP[0] ** 2
    assert dot(STEEP, STEEP) == 1 and STEEP[0] < rational("-1/2")
    assert chord_squared > 4 * sine_squared


ENTRY = counterexample(
    __name__,
    __doc__,
    "Lemma 3",
    (
        Step(
            "Unit weights, not collinear; j's boundary y = 100 meets R in a segment of radius r = 1, M_0^2 = 10001, K = 2.",
            the_setting_is_that_of_the_lemma,
        ),
        Step("sin theta = s <= M K eps/|c_j|, since M K > 1.", the_angle_is_within_its_bound),
        Step("Not (2): on j's boundary |w' . x| = |s x_1| <= s < 5 eps/|c_j|.", no_point_of_the_boundary_is_far),
        Step(
            "Not (1) either: |b'-b| > 199 exceeds M_2 eps/|c_j| < 12 for t = 1/400. But |b'+b| < 1/100.",
            the_biases_are_far_apart,
        ),
        Step(
            "For every t in (0, 1/400]: |b'-b| > 199, and M_2 eps/|c_j| < 4600 t.", the_bound_shrinks_and_the_distance_does_not
        ),
        Step(
            "The proof's 2 sin(theta/2) <= 2 sin theta needs theta <= 120 degrees: for cos theta = -24/25 the "
            "left side is 7 sqrt(2)/5, the right one 14/25.",
            the_chord_exceeds_twice_the_sine,
        ),
    ),
)
