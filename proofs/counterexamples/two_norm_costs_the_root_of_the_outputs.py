"""Corollary 1 fails by the 2-norm alone: region, thickness and norms are as they should be, and |v|_inf obeys
the bound.

Certifies   With the sharp bounds B_m = 4 eps_m/(|p| r) of Corollary 1', |v|_2 = sqrt(C) |Q^-1|_1 max B_m
            exactly (C = 2, 3, 4). Printed: C = 49 outputs, K = 138 nodes, R = (-101.5,101.5) x (-1,1), a
            student of fan-out (1,..,1) and weight length 1 whose crease 86 teacher nodes hide from 49
            observers, each active on all of R with room for balls of radius 5 eps/|alpha| around the
            boundary: eps = 49/8, alpha = 49, c0^2 = 1/50, |Q^-1|_1 = 1/49, bound 6.82 with r' = r - 5/8,
            which is also the repaired radius; |v_k'|_2 = 7, while |v_k'|_inf = 1 is within the bound.
Does not    say what the smallest C is; that longer strips and more outputs beat every constant inside O(1/r)
            is words.
"""

from ..entry import Step
from ..geometry import box
from ..instances import Instance, network, read
from ..kernel import rational
from ..printed import FanOutBound, below, between, column_sum, fan_out_bound, observed
from ._entry import counterexample
from ._hidden_crease import DISTANCE_SQUARED, EPSILON, hidden_crease, hidden_student, largest_disc_fits, length, strip

OUTPUTS, N = 49, 14
OBSERVERS = tuple(range(1, OUTPUTS + 1))
QUANTITIES = FanOutBound(
    epsilon=OUTPUTS * EPSILON,
    alpha=OUTPUTS,
    radius_squared=length(N) ** 2,
    nodes=138,
    dimension=2,
    distance_squared=DISTANCE_SQUARED,
    inverse_norm=rational("1/49"),
    fan_out_squared=OUTPUTS,
)
BOUND = "6.82", "6.83"


def axes(outputs):
    """The observers' fan-outs, `outputs` times each unit vector: student 0 has not the largest gradient."""
    return [tuple(rational(outputs * (i == j)) for i in range(outputs)) for j in range(outputs)]


def small(outputs):
    """R = (-1,1)^2, f* - f = (1/4 - |y|/2) (1,..,1), student 0 relu(y) with fan-out (1,..,1), no crease but
    its own in R.
    """
    ones = (1,) * outputs
    slanted, straight = (rational("5/6"),) * outputs, (rational("-2/3"),) * outputs
    copies = (1, 0), 3, (outputs,) * outputs
    teacher = network((("4/5", "3/5"), "32/5", slanted), ((1, 0), "61/8", straight), copies)
    student = network(((0, 1), 0, ones), *(((1, 0), 3, v) for v in axes(outputs)))
    return Instance(teacher, student, box((-1, 1), (-1, 1)))


def instance():
    case = hidden_student(N, (rational(1),) * OUTPUTS, axes(OUTPUTS))
    return case.to_json("the 2-norm costs the root of the number of outputs")


def the_root_is_attained_with_the_sharp_bounds():
    for outputs in (2, 3, 4):
        w = small(outputs)
        observers = tuple(range(1, outputs + 1))
        a, _ = w.node(w.student, 0)
        assert [crease.a for crease in w.gradient(1).on(w.data).creases] == [a], "Gamma_m = 0"
        radius = rational(1)  # r_m
        assert all(w.disc_fits((0, 0), a, rational(0), radius, w.active(m)) for m in observers)
        limits = [4 * w.supremum(m)[0] for m in observers]  # B_m = 4 eps_m/(|p| r), |p| = r = 1
        bound = fan_out_bound(w, 0, observers)
        assert w.inner(a, a) == 1
        assert bound.fan_out_squared == outputs * (bound.inverse_norm * max(limits)) ** 2


def the_crease_is_hidden():
    for n in (1, 2, 3, 4, N):
        (low, _), (high, _) = hidden_crease(n).extrema(strip(n))
        assert (low, high) == (-EPSILON, EPSILON)


def the_setting_is_that_of_the_corollary():
    w = read(instance())
    a, _ = w.node(w.student, 0)
    assert w.inner(a, a) == 1
    for m in OBSERVERS:
        assert observed(w.student, 0, w.student, m) and w.active_everywhere(m)


def the_quantities_are_exact():
    w = read(instance())
    assert fan_out_bound(w, 0, OBSERVERS) == QUANTITIES
    assert [w.supremum(m)[0] for m in range(OUTPUTS + 1)] == [OUTPUTS * EPSILON] * (OUTPUTS + 1)


def the_regions_are_thick_enough():
    w = read(instance())
    margin = 5 * w.epsilon / OUTPUTS
    assert margin == rational("5/8") and largest_disc_fits(w, OBSERVERS[:1], margin)


def only_the_two_norm_exceeds_the_bound():
    w = read(instance())
    bound = fan_out_bound(w, 0, OBSERVERS, column_sum)
    assert between(BOUND[0], bound.pi_times_square, BOUND[1])
    assert below(bound.pi_times_square, bound.fan_out_squared)
    largest = max(map(abs, w.student.fan_outs[0]))
    assert largest == 1 < rational(BOUND[0]), "the infinity norm is within the bound"


ENTRY = counterexample(
    __name__,
    __doc__,
    "Corollary 1 (2-norm)",
    (
        Step(
            "Q = C times the identity, v = (1,..,1), f* - f = (1/4 - |y|/2) v on the square: B_m = 4 (C/4) = C "
            "= |v_m . v|, all with equality, and |v|_2 = sqrt(C) |Q^-1|_1 max B_m. So the sqrt(C) of Corollary "
            "1' is needed.",
            the_root_is_attained_with_the_sharp_bounds,
            samples="C = 2, 3, 4",
        ),
        Step(
            "The printed constant is larger by 2.5 K sqrt(d'/(2 pi)), so the crease must be hidden better than "
            "by affine functions. h = |tau|/2 - (Q(tau-u) + Q(tau+u))/4 + X(u)/2, u = x/7, has sup|h| = 1/8 on "
            "|tau| <= 1, |u| <= n + 1/2 (n = 1..4, 14).",
            the_crease_is_hidden,
        ),
        Step(
            "n = 14, f* - f = -h (1,..,1). The weight of k' = relu(tau) has length 1, and all observers are "
            "active on all of R.",
            the_setting_is_that_of_the_corollary,
        ),
        Step(
            "eps = 49/8 at every student, alpha = 49, |Q^-1|_1 = 1/49, r = 101.5, K = 138, c0^2 = 1/50.",
            the_quantities_are_exact,
        ),
        Step(
            "R contains every point within q = 5 eps/|alpha| = 5/8 of the segment of radius r - q: the repaired radius is r'.",
            the_regions_are_thick_enough,
        ),
        Step(
            "The bound lies between 6.82 and 6.83, below |v_k'|_2 = 7 and above |v_k'|_inf = 1.",
            only_the_two_norm_exceeds_the_bound,
        ),
        Step(
            "h has period 1 in u, so the strip may be as long as one likes. As n grows K/r tends to 6/7, and "
            "with a constant A in place of 10 sqrt(d'/(2 pi)) the bound tends to A (6/7) sqrt(50)/8 < 0.76 A, "
            "whatever C is, while |v_k'|_2 = sqrt(C): no constant inside O(1/r) saves the 2-norm."
        ),
    ),
    instance,
    {"statement": "corollary-1", "student": 0, "reason": "norm"},
)
