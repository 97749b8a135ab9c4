"""Lemma 2 fails: with the bias inside the angle, parallel hyperplanes have sin theta > 0 but no such u; and u
must have length 1.

Certifies   w = (1,0; 0), w' = (1,0; 1): sin^2 theta = 1/2, yet w' . u = 0 for every u orthogonal to w. w' =
            (3/5,4/5; 3/4): sin^2 theta = 481/625, and the two unit vectors u have (w' . u)^2 = 16/25. Without
            |u| = 1 every number but 0 is w' . u for some u.
Does not    refute the lemma for the angle of the weight parts and a unit vector u, which is Lemma 2 repaired.
"""

from ..entry import Step
from ..geometry import vector
from ..kernel import dot, rational
from ._entry import counterexample

W = vector((1, 0, 0))  # weights, then the bias
PARALLEL, OBLIQUE = vector((1, 0, 1)), vector(("3/5", "4/5", "3/4"))
U = vector((0, 1))  # with -U the unit vectors orthogonal to the weights of W
STRETCH = rational(10)


def sine_squared(w, other):
    """sin^2 of the angle of two vectors of any length."""
    return 1 - dot(w, other) ** 2 / (dot(w, w) * dot(other, other))


def weights_have_length_one():
    assert all(dot(w[:2], w[:2]) == 1 for w in (W, PARALLEL, OBLIQUE))
    assert dot(W[:2], U) == 0 and dot(U, U) == 1


def parallel_hyperplanes_have_no_such_direction():
    assert PARALLEL[:2] == W[:2] and PARALLEL != W
    assert sine_squared(W, PARALLEL) == rational("1/2")
    assert dot(PARALLEL[:2], U) == 0, "and every vector orthogonal to w is a multiple of U"


def unit_directions_give_another_sine():
    assert sine_squared(W, OBLIQUE) == rational("481/625")
    assert dot(OBLIQUE[:2], U) ** 2 == rational("16/25") == sine_squared(W[:2], OBLIQUE[:2])


def without_length_one_every_number_is_reached():
    base = dot(OBLIQUE[:2], U)
    for target in (rational("481/625"), STRETCH, -STRETCH):
        u = tuple(x * target / base for x in U)
        assert dot(W[:2], u) == 0 and dot(OBLIQUE[:2], u) == target


ENTRY = counterexample(
    __name__,
    __doc__,
    "Lemma 2",
    (
        Step(
            "All weight parts have length 1; in the plane U and -U are the unit vectors orthogonal to w.",
            weights_have_length_one,
        ),
        Step(
            "Parallel hyperplanes with different biases: the angle of the vectors with their biases is 45 "
            "degrees, but w' . u = w . u = 0 for every u orthogonal to w, of any length.",
            parallel_hyperplanes_have_no_such_direction,
        ),
        Step(
            "Hyperplanes that cross: the bias changes sin^2 theta to 481/625, while w' . u is +-4/5, the sine "
            "of the weights' angle.",
            unit_directions_give_another_sine,
        ),
        Step(
            "Without |u| = 1, u may be stretched so that w' . u is any number other than 0: the step width "
            "2q/sin theta of Lemma 3, case 1, then is no distance.",
            without_length_one_every_number_is_reached,
            samples="481/625, and two numbers of either sign",
        ),
    ),
)
