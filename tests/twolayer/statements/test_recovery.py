"""Fan-out recovery: rows by hand, no row and no cluster violated by creases that are hidden as well as possible."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from fractions import Fraction as Q

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from twolayer.certify.suprema import active_domains, gradient_suprema
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box
from twolayer.restriction.restricted import restricted
from twolayer.statements import recovery
from twolayer.statements.check import check
from twolayer.statements.matching import matching
from twolayer.statements.setting import Setting
from twolayer.statements.sharp.around import around, sizes
from twolayer.statements.sharp.local import ball_of, pairings_in

from ...strategies import quick
from ..sizes import in_units, near_copies, with_nodes
from .test_sharp_methods import built

SQUARE = Box([-1, -1], [1, 1])
ALWAYS = ([0, 1], 8, [1])  # relu(y + 8): active on the square, without a kink there; both networks hold it
T = Q(1, 100)
LONGER = math.sqrt(1 + T**2) - 1  # what |(1, 1/100)| is longer than 1


def network(*nodes) -> TwoLayer:
    """A network of nodes (w, b, v)."""
    return TwoLayer([w for w, _, _ in nodes], [b for _, b, _ in nodes], np.array([v for *_, v in nodes], dtype=object).T)


def instance(teacher, student, always=(ALWAYS,)) -> Instance:
    """Networks on the square; the last students, which the teacher repeats, observe all of it."""
    return Instance(network(*teacher, *always), network(*student, *always), SQUARE)


def row(of: Instance, observer: int = -1, teacher: int = 0):
    """The row of a pair; the last student is the observer unless another is named."""
    k = observer % of.student.width
    rows = [v for v in check(of, statements=["fan-out-recovery"]).verdicts if (v.teacher, v.observer) == (teacher, k)]
    assert len(rows) == 1
    return rows[0]


X = ([1, 0], 0, [1])
HALVES = [([1, T], 0, [Q(1, 2)]), ([1, -T], 0, [Q(1, 2)])]
BY_HAND = {  # student nodes of the teacher relu(x): (measured, bound, verdict, cluster), with r = 1 around the origin
    # eps = T / 2 at (0, 1); each half has |p| = sqrt(1 + T^2) = 1 / cos, so sum |kappa| (1 - cos) = sqrt(1 + T^2) - 1
    "two halves, tilted by 1/100 either way": (HALVES, LONGER, 2 * T + LONGER, "holds", [0, 1]),
    # eps = T at x = 1: a copy moved by T
    "a copy moved by 1/100": ([([1, 0], -T, [1])], 0, 4 * T + T, "holds", [0]),
    # eps = T at x = 1, all of it affine on either side of H
    "a copy on the hyperplane with 99/100 of the fan-out": ([([2, 0], 0, [(1 - T) / 2])], T, 4 * T, "holds", [0]),
    # eps = 2 T at (1, 1); outside of C the crease costs 8 sqrt(2) T, inside sqrt(2) T (1 - 1/sqrt(2))
    "a stray node of 1/100 at 45 degrees": ([X, ([1, 1], 0, [T])], math.sqrt(2) * T, (7 + math.sqrt(2)) * T, "holds", [0, 1]),
    "no student near": ([([0, 1], 3, [0])], 1, 4, "vacuous", []),
}


BY_HAND_LOCALLY = {  # the bounds of the same rows with the gradient of the unit disc, modulo affine functions
    "a copy on the hyperplane with 99/100 of the fan-out": T,  # T relu(x) is within T / 4 of T (x / 2 + 1 / 4): nothing is lost
    "a stray node of 1/100 at 45 degrees": (2 * math.sqrt(2) - 1) * T,  # sqrt(2) T / 4 likewise
    "no student near": 1,
}


@pytest.fixture
def eps_k(monkeypatch):
    """Rows with the gradient of all of A_k alone."""
    monkeypatch.setattr(recovery, "MOST_BALLS", 0)


@pytest.mark.parametrize("name", BY_HAND_LOCALLY)
def test_rows_by_hand_with_local_gradients(name):
    student, measured, _, verdict, cluster = BY_HAND[name]
    judged, bound = row(instance([X], student)), float(BY_HAND_LOCALLY[name])
    assert (judged.verdict, judged.terms["cluster"]) == (verdict, cluster)
    assert judged.measured == pytest.approx(float(measured), rel=1e-12, abs=1e-15)
    assert judged.bound == pytest.approx(bound, rel=1e-8) and judged.bound > bound  # a local gradient is taken a little larger
    assert 4 * judged.terms["local_epsilon"] < 2 * judged.terms["epsilon"]


def test_pairs_of_a_copy_moved_by_1_100_cost_half_of_what_eps_k_does():
    """| |x| - |x - T| | <= T, of which half counts: 4 T / 2 + T; vertices in the plane say a little less, not less than T."""
    verdict = row(instance([X], [([1, 0], -T, [1])]))
    assert T < verdict.bound <= 3 * T and verdict.terms["local_epsilon"] <= T / 2


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.usefixtures("eps_k")
def test_rows_by_hand(name):
    student, measured, bound, verdict, cluster = BY_HAND[name]
    judged = row(instance([X], student))
    assert (judged.verdict, judged.terms["cluster"]) == (verdict, cluster)
    assert judged.measured == pytest.approx(float(measured), rel=1e-12, abs=1e-15)
    assert judged.bound == pytest.approx(float(bound), rel=1e-12) and judged.bound >= float(bound) * (1 - 1e-15)


@pytest.mark.usefixtures("eps_k")
def test_the_hyperplane_of_another_teacher_is_never_taken_into_the_cluster():
    """relu(x + y) is learnt but for 1/100 of its fan-out: O, |cot| = 1, so the bound is 4 eps sqrt(2) with eps = 2/100."""
    verdict = row(instance([X, ([1, 1], 0, [1])], [X, ([1, 1], 0, [1 - T])]))
    assert verdict.terms["cluster"] == [0] and verdict.terms["others"] == 1 and verdict.terms["gamma"] == pytest.approx(1)
    assert (verdict.measured, verdict.bound) == (0, pytest.approx(8 * math.sqrt(2) * float(T), rel=1e-12))


@pytest.mark.usefixtures("eps_k")
def test_a_tilted_cluster_pays_for_how_far_others_push_the_centre_aside():
    """Two tilted halves, and relu(x + y) learnt but for 1/100: Gamma = 1, eps = 2/100, sum |kappa| sin = 1/100."""
    verdict = row(instance([X, ([1, 1], 0, [1])], [*HALVES, ([1, 1], 0, [1 - T])]))
    assert verdict.terms["cluster"] == [0, 1] and verdict.terms["gamma"] == pytest.approx(1)
    assert verdict.bound == pytest.approx((8 * math.sqrt(2) + 1) * float(T) + LONGER, rel=1e-12)


@pytest.mark.usefixtures("eps_k")
def test_a_moved_cluster_pays_for_its_distance_over_the_height():
    """A copy moved by 1/100, and relu(x + y) learnt but for 1/100: Gamma = 1, t = 1/sqrt(2), eps = 3/100 at (1, 1)."""
    verdict = row(instance([X, ([1, 1], 0, [1])], [([1, 0], -T, [1]), ([1, 1], 0, [1 - T])]))
    assert verdict.terms["cluster"] == [0] and verdict.bound == pytest.approx(13 * math.sqrt(2) * float(T), rel=1e-12)


@pytest.mark.usefixtures("eps_k")
def test_a_lost_share_can_be_all_that_the_gradient_allows():
    """h = T (relu(x) - x/2 - 1/4) has eps = T/4 on the square, so that the bound 4 eps is T, the share that is missing."""
    affine = [([1, 0], 8, [-T / 2]), ([0, 0], 1, [4 * T - T / 4])]
    verdict = row(instance([X, *affine], [([1, 0], 0, [1 - T])]))
    assert verdict.measured == pytest.approx(float(T)) and verdict.measured <= verdict.bound <= verdict.measured * (1 + 1e-12)
    assert verdict.verdict == "holds"


def test_on_a_line_students_are_weighed_by_their_distance():
    """d' = 1: eps = 1/200 at x = 1/100, r = 1; the bound is 4 eps + sum |kappa_m| / 100."""
    students = network(([1], T, [Q(1, 2)]), ([1], -T, [Q(1, 2)]), ([1], 8, [1]))
    verdict = row(Instance(network(([1], 0, [1]), ([1], 8, [1])), students, Box([-1], [1])))
    assert verdict.verdict == "holds" and verdict.measured == pytest.approx(0, abs=1e-15)
    assert verdict.bound == pytest.approx(float(4 * T / 2 + T), rel=1e-12)


@pytest.mark.parametrize(
    ("teacher", "student", "observer", "why"),
    [
        (([0, 0], 1, [1]), X, -1, "constant on U"),
        (([1, 0], 3, [1]), X, -1, "does not enter the observer's active region"),
        (X, ([1, 0], -2, [1]), 0, "not active"),
        (X, ([1, 0], 9, [0]), 0, "kappa_T = 0"),
        (X, ([1, 0], -Q(1, 2), [1]), 0, "does not enter the observer's active region"),
    ],
)
def test_what_the_statement_does_not_speak_of_is_not_applicable(teacher, student, observer, why):
    verdict = row(instance([teacher], [student]), observer)
    assert verdict.verdict == "not-applicable" and why in verdict.why and verdict.bound is None


def test_there_is_one_row_for_each_teacher_node_and_observer_and_all_are_sharp():
    made = instance([X, ([1, 1], 0, [1])], HALVES)
    verdicts = check(made, statements=["fan-out-recovery"]).verdicts
    assert [(v.teacher, v.observer) for v in verdicts] == list(itertools.product(range(3), range(3)))
    assert {(v.statement, v.form) for v in verdicts} == {("fan-out-recovery", "sharp")}


@pytest.mark.usefixtures("eps_k")
def test_two_observers_of_independent_fan_outs_bound_the_vector():
    """v_T = (3, 4), two halves of it tilted: B = (3, 4) (2/100 + LONGER), Q = 1, |v_T| = 5."""
    always = (([0, 1], 8, [1, 0]), ([0, 1], 9, [0, 1]))
    halves = [(w, b, [Q(3, 2), Q(2)]) for w, b, _ in HALVES]
    verdict = row(instance([([1, 0], 0, [3, 4])], halves, always))
    assert verdict.terms["vector_observers"] == [2, 3]
    assert verdict.terms["vector_measured"] == pytest.approx(LONGER, rel=1e-12)
    assert verdict.terms["vector_bound"] == pytest.approx(2 * float(T) + LONGER, rel=1e-12)


def test_a_student_that_reproduces_nothing_of_another_output_is_seen_by_the_vector():
    """v_T = (3, 4) of which the copy has (3, 0): the observer of the first output alone sees nothing amiss."""
    always = (([0, 1], 8, [1, 0]), ([0, 1], 9, [0, 1]))
    made = instance([([1, 0], 0, [3, 4])], [([1, 0], 0, [3, 0])], always)
    assert row(made, -2).verdict == "holds" and row(made, -2).measured == 0 and row(made, -1).verdict == "vacuous"
    assert row(made).terms["vector_measured"] == pytest.approx(0.8)


def test_a_vector_beyond_its_bound_is_a_failure(monkeypatch):
    always = (([0, 1], 8, [1, 0]), ([0, 1], 9, [0, 1]))
    made = instance([([1, 0], 0, [3, 4])], [(w, b, [Q(3, 2), Q(2)]) for w, b, _ in HALVES], always)
    monkeypatch.setattr(recovery, "vector", lambda *_: recovery.Vector(arb(1) / 2, arb(1) / 4, (2, 3)))
    assert row(made).verdict == "fails"


# -- no row and no cluster is violated ----------------------------------------------------------------------------------

offsets = st.builds(Q, st.integers(-6, 6), st.just(20))
gentle = st.builds(Q, st.integers(-6, 6), st.sampled_from((20, 60)))
mine = st.sampled_from((True, True, True, False))
near = st.sampled_from((True, False))
plane = st.lists(st.tuples(st.tuples(gentle, st.just(Q(1))), offsets, mine, near), min_size=1, max_size=5)
space = st.lists(st.tuples(st.tuples(gentle, gentle, st.just(Q(1))), offsets, mine, near), min_size=1, max_size=3)


def missing(drawn, dimension):
    """A teacher's crease on H = {last coordinate = 0} of which the students named `near` lack the whole, hidden best.

    A program chooses all masses and the affine part so that sup |h| over the cube is smallest while the masses of H and of
    the near students sum to 1.   drawn: (w, b, a student's?, near?)
    """
    unit = np.eye(dimension)
    normals = np.array([unit[-1], *(w for w, *_ in drawn)], dtype=float)
    biases = np.array([0.0, *(b for _, b, *_ in drawn)], dtype=float)
    sides = [np.column_stack([unit, np.full(dimension, side)]) for side in (-1, 1)]
    planes = np.vstack([np.column_stack([normals, -biases]), *sides])
    systems = planes[np.array(list(itertools.combinations(range(len(planes)), dimension)))]
    regular = np.abs(np.linalg.det(systems[:, :, :-1])) > 1e-9
    points = np.linalg.solve(systems[regular][:, :, :-1], systems[regular][:, :, -1:])[:, :, 0]
    points = points[np.abs(points).max(axis=1) <= 1 + 1e-9]
    columns = np.column_stack([np.maximum(points @ normals.T + biases, 0), points, np.ones(len(points))])
    ones = np.ones((len(points), 1))
    counted = [1.0] + [float(np.linalg.norm(np.array(w, dtype=float))) * (mine and near) for w, _, mine, near in drawn]
    program = linprog(
        np.append(np.zeros(columns.shape[1]), 1.0),
        A_ub=np.block([[columns, -ones], [-columns, -ones]]),
        b_ub=np.zeros(2 * len(points)),
        A_eq=[counted + [0.0] * (dimension + 2)],
        b_eq=[1.0],
        bounds=[(-20, 20)] * columns.shape[1] + [(0, None)],
    )
    own, *others = [Q(x).limit_denominator(4000) for x in program.x[:-1]]
    creases = [(list(w), b, mass, mine) for (w, b, mine, _), mass in zip(drawn, others, strict=False)]
    # the teacher has 2 on H, so that kappa_T is not 0 whatever the program chose; a student on H takes the rest
    creases.append(([Q(int(j == dimension - 1)) for j in range(dimension)], Q(0), own - 2, True))
    return built(creases, [1] * dimension, kappa=2, affine=(others[len(drawn) : -1], others[-1]))


def setting_of(made: Instance) -> Setting:
    problem = restricted(made)
    domains = active_domains(problem)
    return Setting(made, problem, domains, gradient_suprema(problem, domains))


def clusters_of(made: Instance):
    """(measured, Error) of every cluster of students' creases and several balls, for the first teacher and observer 0."""
    setting = setting_of(made)
    observer, i = setting.problem.student[0], setting.crease(setting.problem.teacher[0])
    ball = setting.shapes.ball(i, setting.domains[0])
    creases = [m for m in np.flatnonzero(setting.masses.signs(observer)) if m != i]
    students = [m for m in creases if setting.masses.carries_student[m]]
    for size in range(len(students) + 1):
        for cluster in itertools.combinations(map(int, students), size):
            sum_of_masses = sum((setting.masses.kappa(m, observer) for m in (i, *cluster)), arb(0))
            for share in (1, 0.5, 0.1):
                body = recovery.replace(ball, radius=ball.radius * share)
                met = [int(m) for m in creases if setting.shapes.distance(m, ball.centre) <= body.radius and m not in cluster]
                yield abs(sum_of_masses), recovery.proved(setting, i, observer, body, cluster, met)
                near, size = around(setting, i, observer, ball.centre), sizes(setting, i, observer)
                (pairing,) = pairings_in(setting, i, size, ball, near, [body.radius])
                yield abs(sum_of_masses), recovery.proved(setting, i, observer, body, cluster, met, ball_of(pairing))


@settings(quick, max_examples=40)
@given(plane)
def test_no_cluster_of_creases_hidden_in_the_plane_is_beyond_its_bound(drawn):
    made = missing(drawn, 2)
    assert not any(measured > error.value for measured, error in clusters_of(made))
    assert not [v for v in check(made).verdicts if v.form != "printed" and v.verdict == "fails"]


@settings(quick, max_examples=15)
@given(space)
def test_no_cluster_of_creases_hidden_in_space_is_beyond_its_bound(drawn):
    made = missing(drawn, 3)
    assert not any(measured > error.value for measured, error in clusters_of(made))
    assert not [v for v in check(made, statements=["fan-out-recovery"]).verdicts if v.verdict == "fails"]


def test_hidden_clusters_reach_four_fifths_of_their_bounds():
    """So no term of the bound can shrink by more than a fifth unnoticed where it decides."""
    rng, largest = np.random.default_rng(2), {False: 0.0, True: 0.0}  # by whether the gradient is local
    for _ in range(12):
        drawn = [
            ((Q(int(rng.integers(-4, 5)), 20), Q(1)), Q(int(rng.integers(-2, 3)), 20), True, bool(rng.integers(2)))
            for _ in range(int(rng.integers(1, 4)))
        ]
        for missed, e in clusters_of(missing(drawn, 2)):
            if e.value.is_finite():
                kind = e.local is not None
                largest[kind] = max(largest[kind], float((missed / e.value).mid()))
    assert 0.8 <= largest[False] <= 1 and 0.8 <= largest[True] <= 1


@settings(quick, max_examples=20)
@given(st.integers(0, 10**6))
def test_the_chosen_cluster_is_no_worse_than_the_teacher_alone_or_all_its_students(seed):
    made = near_copies(seed)
    setting = setting_of(made)
    for teacher, observer in itertools.product(setting.problem.teacher, setting.problem.student):
        i = None if teacher.is_constant else setting.crease(teacher)
        if i is None or recovery._inscribed(setting, i, observer) is None or setting.masses.mass(i, observer) == 0:
            continue
        best = recovery.error(setting, i, observer)
        students = [int(m) for m in np.flatnonzero(recovery._students_alone(setting)) if m != i]
        for cluster in ([], students):
            other = recovery.error_of(setting, i, observer, cluster)
            assert other is None or best is not None and float(best.value.mid()) <= float(other.value.mid()) * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_what_chooses_the_vector_forms_observers_is_what_the_proofs_say(seed):
    setting, seen = setting_of(near_copies(seed)), 0
    for teacher, observer in itertools.product(setting.problem.teacher, setting.problem.student):
        i = setting.crease(teacher)
        proof = recovery.error(setting, i, observer)
        for cluster in () if proof is None else ((), proof.cluster[1:]):
            estimate, proof = (of(setting, i, observer, cluster) for of in (recovery._estimate, recovery.error_of))
            assert estimate is not None and abs(estimate / proof.value - 1) < recovery.TRUE - 1
            seen += proof.local is not None
    assert seen > 0


# -- sizes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BY_HAND)
def test_rows_are_the_same_in_any_sizes(name):
    """Weights and fan-outs from 1e-300 to 1e300."""
    made = instance([X], BY_HAND[name][0])
    before = row(made)
    width = made.student.width
    for after in (
        row(with_nodes(made, [997, -997], [(-1) ** k * 997 for k in range(width)])),
        row(with_nodes(made, [-990, 3], [990] * width)),
        row(in_units(made, 450, 0)),
        row(in_units(made, 0, -900)),
    ):
        assert (after.verdict, after.measured, after.bound) == (before.verdict, before.measured, before.bound)
        assert after.terms["cluster"] == before.terms["cluster"]


# -- the summary --------------------------------------------------------------------------------------------------------


def test_the_matching_by_hand():
    """relu(x) split in two; relu(x + y) copied, moved by 1/50 and turned around; relu(y + 3) has no kink on the square."""
    turned = ([-1, -1], Q(1, 50), [1])
    made = instance([X, ([1, 1], 0, [1])], [*HALVES, turned])
    first, second, third = check(made).matching
    assert (first.teacher, first.student) == (0, 0)
    assert first.measured == pytest.approx(math.sin(math.atan(float(T)))) and first.offset == 0
    assert (second.student, second.measured) == (2, 0) and second.offset == pytest.approx(0.02 / math.sqrt(2), rel=1e-15)
    assert (third.teacher, third.student, third.measured, third.offset, third.bound) == (2, 3, 0, 0, None)


def test_the_matching_names_the_best_bound_and_the_share_behind_the_least_error():
    result = check(instance([X], HALVES))
    match = result.matching[0]
    sharp = [
        v for v in result.verdicts if (v.statement, v.form, v.teacher) == ("theorem-2", "sharp", 0) and v.verdict == "holds"
    ]
    assert match.bound == min(v.bound for v in sharp) and match.observer == 2
    assert match.recovered == pytest.approx(1 + LONGER, rel=1e-12)
    assert result.to_dict()["matching"][0] == {
        "teacher": 0,
        "student": 0,
        "measured": match.measured,
        "bound": match.bound,
        "offset": 0.0,
        "recovered": match.recovered,
        "observer": 2,
    }


@pytest.mark.parametrize("form", ["printed", "repaired"])
def test_the_matching_takes_its_bound_from_sharp_rows_alone(form):
    """A printed bound is no certificate, and a repaired one speaks of any node."""
    result = check(instance([X], HALVES))
    sharp = next(v for v in result.verdicts if (v.statement, v.form, v.verdict) == ("theorem-2", "sharp", "holds"))
    assert matching(result.setting, [*result.verdicts, replace(sharp, form=form, bound=1e-9)]) == result.matching


def test_the_matching_says_null_where_nothing_is_certified_or_defined():
    blind = check(instance([X, ([0, 0], 1, [1])], [([0, 0], 1, [1])], ())).to_dict()["matching"]
    nothing = dict.fromkeys(("student", "bound", "offset", "recovered", "observer"))
    assert blind == [{"teacher": 0, "measured": 1.0, **nothing}, {"teacher": 1, "measured": None, **nothing}]


def test_of_students_at_the_same_angle_the_nearest_is_named():
    made = instance([X], [([1, 0], Q(1, 2), [1]), ([-3, 0], Q(3, 10), [1]), ([1, 0], Q(1, 5), [1])])
    assert [(m.student, m.offset) for m in check(made).matching][0] == (1, pytest.approx(0.1))
