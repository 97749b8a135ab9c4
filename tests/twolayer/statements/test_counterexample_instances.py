"""The counterexamples are what they claim: every number recomputed from the raw instance, without the checker.

All of them live on the first d' coordinates of the space, so a node is (p, beta) = (w[:d'], b) there.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from twolayer import Instance, exact

from ...strategies import brute_epsilon, brute_vertices, flints, gradient_in_own_coordinates
from .counterexamples import COUNTEREXAMPLES, FOLDER, UNNORMALISED, Counterexample, theorem_2_dead_observer, written

DIGITS = 5e-3  # the table gives bounds to three digits


def by(statement: str) -> list:
    return [pytest.param(case, id=case.name) for case in COUNTEREXAMPLES if case.statement == statement]


CASES = [pytest.param(case, id=case.name) for case in COUNTEREXAMPLES]
ABOUT_TEACHERS = [*by("theorem-2"), *by("theorem-3")]


class Plain:
    """The Fractions of an instance on its plane; the teacher is the one that the statement speaks of."""

    def __init__(self, case: Counterexample):
        self.case, self.instance = case, case.build()
        self.plane = self.instance.subspace.dimension
        rows = self.instance.subspace.basis
        assert rows.tolist() == [[int(i == j) for j in range(rows.shape[1])] for i in range(len(rows))]
        assert not any(self.instance.subspace.origin)
        second = case.statement == "theorem-3"
        self.teacher = self.instance.second_teacher if second else self.instance.teacher
        self.student = self.instance.student
        self.nodes = self.teacher.width + self.student.width
        self.epsilon = max(exact.fraction(brute_epsilon(self.instance, k) or exact.ZERO) for k in range(self.student.width))

    def weights(self, network):
        return [[*w[: self.plane]] for w in network.W]

    def polygon(self, *extra):
        """Vertices of U ∩ R, cut by rows (p, limit)."""
        A = [[*a[: self.plane]] for a in self.instance.region.A] + [p for p, _ in extra]
        c = [*self.instance.region.c, *(limit for _, limit in extra)]
        kept = [i for i, a in enumerate(A) if any(a)]
        return [
            [exact.fraction(x) for x in z] for z in brute_vertices(flints([A[i] for i in kept]), flints([c[i] for i in kept]))
        ]

    def radius(self, p, beta, *extra) -> float:
        """Half the length of the part of {p . y + beta = 0} in U ∩ R cut by rows; 0 if it is empty. For d' = 2."""
        ends = self.polygon((p, -beta), ([-x for x in p], beta), *extra)
        return max((math.dist(a, b) for a in ends for b in ends), default=0.0) / 2


def dot(a, b):
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def sine(a, b) -> float:
    return math.sqrt(1 - dot(a, b) ** 2 / (dot(a, a) * dot(b, b)))


def observed(network_j, j, network_k, k) -> bool:
    """The boundary of j meets the closed activation region of k, anywhere in space."""
    w, u = network_j.W[j], network_k.W[k]
    if dot(w, u) ** 2 < dot(w, w) * dot(u, u):
        return True  # not parallel
    factor = dot(w, u) / dot(w, w)
    return network_k.b[k] - factor * network_j.b[j] >= 0


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_is_as_small_as_claimed(case):
    assert Plain(case).epsilon == case.epsilon


@pytest.mark.parametrize("case", by("theorem-1"))
def test_an_observed_teacher_has_no_student_of_its_direction_although_the_gradient_vanishes(case):
    plain, j = Plain(case), case.row["teacher"]
    assert plain.epsilon == 0
    assert any(observed(plain.teacher, j, plain.student, k) for k in range(plain.student.width))
    p = plain.weights(plain.teacher)[j]
    students = plain.weights(plain.student)
    if not any(p):
        assert all(any(q) for q in students) and case.measured == 1
        return
    assert min([sine(p, q) for q in students if dot(p, q) > 0], default=1) == pytest.approx(case.measured)
    assert case.measured > 0


@pytest.mark.parametrize("case", by("theorem-1"))
def test_the_missing_hypothesis_of_theorem_1_is_the_one_named(case):
    plain, j = Plain(case), case.row["teacher"]
    p, beta = plain.weights(plain.teacher)[j], plain.teacher.b[j]
    students = plain.weights(plain.student)
    alphas = [dot(plain.teacher.V[:, j], plain.student.V[:, k]) for k in range(plain.student.width)]
    entered = [_enters(plain, p, beta, k) for k in range(plain.student.width)]
    collinear = [q for q in students if dot(p, q) ** 2 == dot(p, p) * dot(q, q) != 0]
    shared = [
        i
        for i, q in enumerate(plain.weights(plain.teacher))
        if i != j and exact.rank(flints([[*p, beta], [*q, plain.teacher.b[i]]])) == 1
    ]
    facts = {
        "sign": bool(collinear),
        "norm": not any(p),
        "region": any(p) and not any(entered),
        "alpha": any(entered) and not any(alphas),
        "shared-hyperplane": any(entered) and any(alphas) and bool(shared),
    }
    assert facts[case.reason]
    if case.reason != "region":  # theorem-1-edge has a flipped student too: its region is at fault first
        assert [name for name, fact in facts.items() if fact] == [case.reason]


def _enters(plain: Plain, p, beta, k) -> bool:
    """Whether {p . y + beta = 0} meets the interior of A_k: whether p . y + beta takes both signs on its vertices."""
    _, A, c = gradient_in_own_coordinates(plain.instance, k)
    values = [dot(p, map(exact.fraction, z)) + beta for z in brute_vertices(A, c)]
    return bool(values) and min(values) < 0 < max(values)


def printed_bound(plain: Plain, *, alpha=None, radius=None) -> float:
    """(10/r') sqrt(d'/(2 pi)) K (eps + e0 max |v|_1) / alpha with r' = r - 5 (eps + ...)/|alpha|; inf where r' <= 0."""
    j, k = plain.case.row["teacher"], plain.case.row["observer"]
    p, beta = plain.weights(plain.teacher)[j], plain.teacher.b[j]
    alpha = dot(plain.teacher.V[:, j], plain.student.V[:, k]) if alpha is None else alpha
    dual = max(sum(abs(x) for x in column) for column in plain.student.V.T)
    epsilon = plain.epsilon + plain.case.e0 * dual
    shrunk = (plain.radius(p, beta) if radius is None else radius) - float(5 * epsilon / abs(alpha))
    if shrunk <= 0:
        return math.inf
    return 10 / shrunk * math.sqrt(plain.plane / (2 * math.pi)) * plain.nodes * float(epsilon / alpha)


@pytest.mark.parametrize("case", ABOUT_TEACHERS)
def test_the_best_student_is_farther_from_the_teacher_than_the_printed_bound(case):
    plain = Plain(case)
    j, k = case.row["teacher"], case.row["observer"]
    assert observed(plain.teacher, j, plain.student, k)
    p = plain.weights(plain.teacher)[j]
    measured = min(sine(p, q) for q in plain.weights(plain.student))
    assert measured == pytest.approx(case.measured)
    assert printed_bound(plain) == pytest.approx(case.bound, rel=DIGITS)
    assert measured > printed_bound(plain)


@pytest.mark.parametrize("case", ABOUT_TEACHERS)
def test_the_missing_hypothesis_of_theorems_2_and_3_is_the_one_named(case):
    """With that hypothesis alone the bound says no more than what is true."""
    plain = Plain(case)
    j, k = case.row["teacher"], case.row["observer"]
    p, beta = plain.weights(plain.teacher)[j], plain.teacher.b[j]
    alpha = dot(plain.teacher.V[:, j], plain.student.V[:, k])
    length = math.sqrt(dot(p, p))
    if case.reason == "sign":
        assert alpha < 0 and printed_bound(plain, alpha=abs(alpha)) > case.measured
    else:
        assert alpha > 0
    if case.reason == "norm":
        assert length < 1
        assert printed_bound(plain, alpha=float(alpha) * length) > case.measured
    elif case.reason != "student":
        assert length >= 1
    if case.reason == "region":
        u, b = plain.weights(plain.student)[k], plain.student.b[k]
        assert printed_bound(plain, radius=plain.radius(p, beta, ([-x for x in u], b))) == math.inf
    if case.reason == "thickness":  # no point of the boundary has the ball of radius 5 eps/alpha around it in R
        reach = 5 * (plain.epsilon + case.e0 * abs(plain.student.V[0, k])) / alpha
        assert p == [0, 1] and beta == 0 and reach > max(y for _, y in plain.polygon())
    if case.reason == "student":
        others = [q for i, q in enumerate(plain.weights(plain.teacher)) if i != j] + plain.weights(plain.student)
        assert min(sine(p, q) for q in others) < case.bound


@pytest.mark.parametrize("case", by("theorem-3"))
def test_the_two_teachers_are_as_close_as_claimed(case):
    """sup |f* - f*'|, read as eps of an observer with fan-out 1 that is on everywhere and cancels itself."""
    instance = case.build()
    watched = instance.second_teacher
    far = [[Fraction(0)] * instance.region.dimension]
    W = np.concatenate([watched.W, np.array(far * 2, dtype=object)])
    b = np.concatenate([watched.b, np.array([Fraction(1), Fraction(1)], dtype=object)])
    V = np.concatenate([watched.V, np.array([[Fraction(1), Fraction(-1)]], dtype=object)], axis=1)
    student = type(watched)(W, b, V)
    assert exact.fraction(brute_epsilon(Instance(instance.teacher, student, instance.region), watched.width)) == case.e0


@pytest.mark.parametrize("case", by("corollary-1"))
def test_a_fan_out_is_larger_than_the_printed_bound(case):
    plain, k = Plain(case), case.row["student"]
    (observer,) = [m for m in range(plain.student.width) if m != k]
    assert observed(plain.student, k, plain.student, observer)
    p = plain.weights(plain.student)[k]
    others = plain.weights(plain.teacher) + [q for m, q in enumerate(plain.weights(plain.student)) if m != k]
    c0 = min(sine(p, q) for q in others)
    seen = abs(dot(plain.student.V[:, observer], plain.student.V[:, k]))
    assert plain.student.outputs == 1
    inverse = float(1 / abs(plain.student.V[0, observer]))
    radius = plain.radius(p, plain.student.b[k]) - float(5 * plain.epsilon / seen)
    scale = 10 / radius * math.sqrt(plain.plane / (2 * math.pi)) * plain.nodes
    bound = inverse * scale * float(plain.epsilon) / c0
    measured = float(abs(plain.student.V[0, k]))
    assert measured == pytest.approx(case.measured)
    assert bound == pytest.approx(case.bound, rel=DIGITS)
    assert measured > bound


def test_an_identical_student_looks_far_away_to_those_who_forget_to_normalise():
    _, build, square = UNNORMALISED
    instance = build()
    p, q = ([*network.W[0, :2]] for network in (instance.teacher, instance.student))
    assert 1 - dot(p, q) ** 2 == square
    assert brute_epsilon(instance, 0) == 0
    assert sine(p, q) == 0


def test_a_dead_observer_has_no_domain():
    assert brute_epsilon(theorem_2_dead_observer(), 0) is None


EVERY = [(case.name, case.build) for case in COUNTEREXAMPLES] + [UNNORMALISED[:2]]


@pytest.mark.parametrize(("name", "build"), EVERY, ids=[name for name, _ in EVERY])
def test_the_file_of_a_counterexample_is_its_instance(name, build):
    """After a change of the table: python -m tests.twolayer.statements.counterexamples."""
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == written(build())
    read = Instance.from_json(written(build()))
    assert written(read) == written(build())


def test_no_two_counterexamples_share_a_name_and_every_statement_has_some():
    names = [name for name, _ in EVERY]
    assert len(set(names)) == len(names)
    assert {case.statement for case in COUNTEREXAMPLES} == {"theorem-1", "theorem-2", "corollary-1", "theorem-3"}
