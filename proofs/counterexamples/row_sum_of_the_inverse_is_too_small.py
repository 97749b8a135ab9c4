"""Corollary 1 fails with |Q^-1|_1 read as the maximum absolute row sum: the proof's norm is the column sum.

Certifies   Q^-1 with rows (1,0,..,0) and (1,..,mu,..): Q^T v = (1,..,1) gives v_1 = C, while the row sums are
            at most 1 + mu. Whole statement: C = 8, mu = 1/100, K = 25 nodes, the crease of student 0 hidden
            in the strip R = (-17.5,17.5) x (-1,1) with room for balls of radius 5 eps/|alpha|: |v_k'|_inf = 8
            exceeds the bound with the row sum, 7.47; with the column sum the bound is 59.1.
Does not    refute the statement with the column sum, which is what the 1-norm of a matrix is; so no instance
            for `twolayer check`.
"""

from ..entry import Step
from ..instances import read
from ..kernel import dot, inverse, rational, transpose
from ..printed import FanOutBound, below, between, column_sum, fan_out_bound, observed, row_sum
from ._entry import counterexample
from ._hidden_crease import DISTANCE_SQUARED, EPSILON, hidden_student, largest_disc_fits, length

OUTPUTS, N, MU = 8, 2, rational("1/100")
OBSERVERS = tuple(range(1, OUTPUTS + 1))
SCALE = rational(72)  # of the observers' fan-outs, at least |v|^2: student 0 has not the largest gradient
FAN_OUT = (rational(OUTPUTS),) + (MU,) * (OUTPUTS - 1)
BOUND, COLUMN_BOUND = ("7.46", "7.47"), ("59.1", "59.2")
QUANTITIES = FanOutBound(
    epsilon=SCALE * EPSILON,
    alpha=SCALE,
    radius_squared=length(N) ** 2,
    nodes=25,
    dimension=2,
    distance_squared=DISTANCE_SQUARED,
    inverse_norm=(1 + MU) / SCALE,
    fan_out_squared=dot(FAN_OUT, FAN_OUT),
)


def inverse_matrix(size, mu):
    """First column 1, then mu on the diagonal."""
    return tuple(tuple(rational(1) if j == 0 else mu * (i == j) for j in range(size)) for i in range(size))


def instance():
    Q = inverse(inverse_matrix(OUTPUTS, MU))
    observers = tuple(tuple(SCALE * x for x in column) for column in transpose(Q))
    return hidden_student(N, FAN_OUT, observers).to_json("the row sum of the inverse is too small")


def the_row_sum_bounds_no_solution():
    for size in range(2, OUTPUTS + 1):
        inverted = inverse_matrix(size, MU)
        Q = inverse(inverted)
        v = (rational(size),) + (MU,) * (size - 1)
        assert all(dot(column, v) == 1 for column in transpose(Q)), "Q^T v = (1,..,1)"
        assert row_sum(inverted) == 1 + MU and column_sum(inverted) == size == max(v)


def the_setting_is_that_of_the_corollary():
    w = read(instance())
    assert w.student.fan_outs[0] == FAN_OUT
    for m in OBSERVERS:
        assert observed(w.student, 0, w.student, m) and w.active_everywhere(m)
        assert dot(w.student.fan_outs[m], FAN_OUT) == SCALE
    assert largest_disc_fits(w, OBSERVERS, 5 * w.epsilon / SCALE)


def the_quantities_are_exact():
    assert fan_out_bound(read(instance()), 0, OBSERVERS, row_sum) == QUANTITIES


def only_the_row_sum_is_exceeded():
    w = read(instance())
    by_rows, by_columns = (fan_out_bound(w, 0, OBSERVERS, norm) for norm in (row_sum, column_sum))
    largest = max(map(abs, w.student.fan_outs[0]))
    assert between(BOUND[0], by_rows.pi_times_square, BOUND[1])
    assert below(by_rows.pi_times_square, largest * largest)
    assert between(COLUMN_BOUND[0], by_columns.pi_times_square, COLUMN_BOUND[1])
    assert rational(COLUMN_BOUND[0]) ** 2 > by_columns.fan_out_squared


ENTRY = counterexample(
    __name__,
    __doc__,
    "Corollary 1 (row sum)",
    (
        Step(
            "v = Q^-T a has v_i = sum over m of (Q^-1)_mi a_m: columns of Q^-1. With a = (1,..,1) the first "
            "column gives v_1 = C = the column sum, while every row sum is at most 1 + mu (C = 2..8).",
            the_row_sum_bounds_no_solution,
        ),
        Step(
            "Fan-outs SCALE times the columns of Q, v_k' = (8, mu, .., mu): |v_m . v_k'| = SCALE for all m. "
            "All observers are active on all of R, and the balls of radius 5 eps/|alpha| fit.",
            the_setting_is_that_of_the_corollary,
        ),
        Step("eps/alpha = 1/8, r = 17.5, K = 25, c0^2 = 1/50, row sum (1 + mu)/SCALE.", the_quantities_are_exact),
        Step(
            "With the row sum the bound lies between 7.46 and 7.47, below |v_k'|_inf = 8; with the column sum it exceeds 59.",
            only_the_row_sum_is_exceeded,
        ),
    ),
)
