"""Theorem 2 fails for alpha < 0, for any constant: its bound is negative, and no sine is.

Certifies   R = (-1,1)^2, f* = relu(y), students 0.99 relu(y), -relu(x+3), relu(x+3): eps = 1/100, and for the
            second student alpha = -1 and the bound is -0.238, although the first student lies exactly on the
            teacher's hyperplane.
Does not    refute the bound with |alpha|.
"""

from ..entry import Step
from ..geometry import box
from ..instances import Instance, network, read
from ..kernel import rational
from ..printed import AngleBound, angle_bound, between, observed
from ._entry import counterexample

OBSERVER = 1
QUANTITIES = AngleBound(rational("1/100"), alpha=-1, radius_squared=1, nodes=4, dimension=2, sines_squared=(0, 1, 1))
SIZE = "0.237", "0.238"


def instance():
    student = network(((0, 1), 0, "99/100"), ((1, 0), 3, -1), ((1, 0), 3, 1))
    return Instance(network(((0, 1), 0, 1)), student, box((-1, 1), (-1, 1))).to_json("negative alpha")


def the_observer_sees_the_whole_boundary():
    w = read(instance())
    assert observed(w.teacher, 0, w.student, OBSERVER)
    assert w.boundary_radius_squared(*w.node(w.teacher, 0), w.active(OBSERVER)) == 1


def the_quantities_are_exact():
    w = read(instance())
    assert angle_bound(w, 0, OBSERVER) == QUANTITIES
    assert [w.supremum(k)[0] for k in (0, 1, 2)] == [rational(x) for x in ("99/10000", "1/100", "1/100")]


def the_bound_is_negative():
    bound = angle_bound(read(instance()), 0, OBSERVER)
    assert bound.alpha < 0 < bound.epsilon and between(SIZE[0], bound.pi_times_square, SIZE[1])


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 2 (f)",
    (
        Step(
            "x + 3 > 0 on R: the second student sees the whole boundary y = 0 inside R.", the_observer_sees_the_whole_boundary
        ),
        Step(
            "f* - f = relu(y)/100, so the suprema are 0.0099, 0.01, 0.01; alpha = -1, r = 1, K = 4; one student is collinear.",
            the_quantities_are_exact,
        ),
        Step(
            "r' = 0.95 > 0 and alpha < 0 < eps: the bound is negative, between -0.238 and -0.237; every sine is at least 0.",
            the_bound_is_negative,
        ),
        Step("A positive constant inside O(1/r) keeps the sign, so none saves the statement."),
    ),
    instance,
    {"statement": "theorem-2", "teacher": 0, "observer": OBSERVER, "reason": "sign"},
)
