"""Theorem 3 fails with |V|_1 read as a maximum absolute row sum: an error e0 in every output moves v . (f* -
f*') by e0 |v|_1.

Certifies   C = 10, R = (-1,1)^2, f* = f = (5/6) relu(4x/5+3y/5+32/5) (1,..,1), f*' = (relu(y) + (2/3)
            relu(x+61/8)) (1,..,1): eps = 0, e0 = 1/4, alpha' = 25/3, row sum 5/6, r = 1, K = 3, and the only
            student has sin theta = 4/5; the bound is 0.484. The column sum is 25/3: then r' < 0 and nothing
            is claimed.
Does not    refute the statement with the column sum, the 1-norm of the observer's own fan-out; so no instance
            for `twolayer check`.
"""

from ..entry import Step
from ..geometry import box
from ..instances import Instance, network, read
from ..kernel import dot, rational
from ..printed import (
    AngleBound,
    angle_bound,
    below,
    between,
    column_sum,
    gradient_vanishes,
    observed,
    row_sum,
    teacher_distance,
)
from ._entry import counterexample

OUTPUTS = 10
ERROR, ALPHA, ROW = rational("1/4"), rational("25/3"), rational("5/6")
QUANTITIES = AngleBound(
    epsilon=ERROR * ROW, alpha=ALPHA, radius_squared=1, nodes=3, dimension=2, sines_squared=(rational("16/25"),)
)
BOUND = "0.483", "0.484"


def instance():
    ones, two_thirds = (1,) * OUTPUTS, (rational("2/3"),) * OUTPUTS
    student = network((("4/5", "3/5"), "32/5", (ROW,) * OUTPUTS))
    second = network(((0, 1), 0, ones), ((1, 0), "61/8", two_thirds))
    case = Instance(student, student, box((-1, 1), (-1, 1)), second_teacher=second)
    return case.to_json("second teacher, row sum")


def the_inequality_of_the_proof_fails():
    w = read(instance())
    v = w.student.fan_outs[0]
    (low, _), (high, _) = w.error(v, w.second_teacher).extrema(w.data)
    assert max(high, -low) == column_sum(w.student.V) * ERROR > row_sum(w.student.V) * ERROR


def the_quantities_are_exact():
    w = read(instance())
    assert gradient_vanishes(w) and teacher_distance(w) == ERROR
    assert w.second_teacher and observed(w.second_teacher, 0, w.student, 0) and w.active_everywhere(0)
    assert row_sum(w.student.V) == ROW and column_sum(w.student.V) == ALPHA
    assert angle_bound(w, 0, 0, extra=ERROR * row_sum(w.student.V), second=True) == QUANTITIES


def the_bound_is_below_the_sine():
    assert between(BOUND[0], QUANTITIES.pi_times_square, BOUND[1])
    assert below(QUANTITIES.pi_times_square, min(QUANTITIES.sines_squared))


def the_column_sum_claims_nothing():
    w = read(instance())
    total = ERROR * column_sum(w.student.V)
    assert QUANTITIES.radius_squared == 1 < 5 * total / ALPHA


def only_the_observer_matters():
    """v_k . (f* - f*') involves v_k only: by Hoelder at most |v_k|_1 e0, here with equality."""
    w = read(instance())
    v = w.student.fan_outs[0]
    assert dot(v, (1,) * OUTPUTS) == sum(map(abs, v)) == ALPHA


ENTRY = counterexample(
    __name__,
    __doc__,
    "Theorem 3 (norm)",
    (
        Step(
            "v . (f*' - f) = (25/3)(|y|/2 - 1/4) reaches e0 times the column sum of V, ten times e0 times the "
            "row sum: the proof's inequality needs the column sum.",
            the_inequality_of_the_proof_fails,
        ),
        Step(
            "f = f*, so g_1 = 0 and eps = 0; f*' - f = (|y|/2 - 1/4) (1,..,1), so e0 = 1/4; alpha' = 25/3, r = "
            "1, K = 3, sin^2 = 16/25.",
            the_quantities_are_exact,
        ),
        Step("With the row sum the bound lies between 0.483 and 0.484, the sine is 0.8.", the_bound_is_below_the_sine),
        Step("With the column sum r' = 1 - 5/4 < 0: the statement is silent.", the_column_sum_claims_nothing),
        Step(
            "And only the observer's fan-out matters: |v_k . (f* - f*')| <= |v_k|_1 e0, with equality here; "
            "the maximum over all students only weakens the bound.",
            only_the_observer_matters,
        ),
    ),
)
