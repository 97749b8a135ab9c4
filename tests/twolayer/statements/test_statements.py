"""The statements themselves: repaired and sharp never fail, verdicts do not depend on how an instance is written."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from twolayer.exact import rational
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box, Polytope, Subspace
from twolayer.statements.check import check

from ...strategies import brute_epsilon, instances, quick, thorough

ROUNDING = 1e-12  # of the last float operation on a reported number; balls carry 77 digits before it


def table(result):
    """The rows of a check, comparable: node indices left to the caller."""
    return [(v.statement, v.form, v.teacher, v.student, v.observer, v.verdict, v.measured, v.bound) for v in result.verdicts]


def same(rows, others):
    """True if two lists of rows agree, numbers up to the rounding of their last operation."""

    def close(x, y):
        return x == y if x is None or y is None else abs(x - y) <= ROUNDING * max(1, abs(x))

    return len(rows) == len(others) and all(
        a[:6] == b[:6] and close(a[6], b[6]) and close(a[7], b[7]) for a, b in zip(rows, others, strict=True)
    )


@thorough
@given(instances())
def test_repaired_and_sharp_statements_never_fail(instance):
    failing = [v for v in check(instance).verdicts if v.form != "printed" and v.verdict == "fails"]
    assert failing == []


@quick
@given(instances(second_teacher=True))
def test_repaired_and_sharp_theorem_3_never_fails(instance):
    failing = [v for v in check(instance).verdicts if v.form != "printed" and v.verdict == "fails"]
    assert failing == []


@quick
@given(instances())
def test_every_enclosure_contains_the_brute_force_supremum(instance):
    result = check(instance)
    for k, enclosure in enumerate(result.enclosures):
        epsilon = brute_epsilon(instance, k)
        if epsilon is None:
            assert (enclosure.lower, enclosure.upper, enclosure.witness) == (0, 0, None)
        else:
            assert rational(enclosure.lower) <= epsilon <= rational(enclosure.upper)


@quick
@given(instances())
def test_every_failing_printed_row_names_the_hypothesis_that_heals_it(instance):
    reasons = {"region", "thickness", "norm", "sign", "student", "alpha", "shared-hyperplane"}
    for v in check(instance).verdicts:
        if v.verdict == "fails":
            assert v.reason in reasons and v.missing[0] == v.reason and set(v.missing) <= reasons
        else:
            assert v.reason is None


@quick
@given(instances())
def test_rows_have_numbers_wherever_a_verdict_compares_them(instance):
    for v in check(instance).verdicts:
        if v.verdict in ("holds", "fails", "undecided"):
            assert v.measured is not None and v.bound is not None
        if v.verdict == "vacuous" and v.statement != "corollary-1":
            assert v.bound is None or v.bound >= 1


@quick
@given(instances(), st.randoms(use_true_random=False))
def test_permuting_nodes_permutes_the_rows(instance, random):
    order = list(range(instance.student.width))
    random.shuffle(order)
    permuted = check(replace(instance, student=instance.student.nodes(order)))
    back = {new: old for new, old in enumerate(order)}

    def renamed(v):
        return (v.statement, v.form, v.teacher, back.get(v.student), back.get(v.observer), v.verdict, v.measured, v.bound)

    key = lambda row: tuple(-1 if x is None else x for x in row[2:5]) + row[:2]  # noqa: E731
    assert same(sorted(map(renamed, permuted.verdicts), key=key), sorted(table(check(instance)), key=key))


@quick
@given(instances(), st.lists(st.sampled_from([Fraction(1, 3), Fraction(2), Fraction(7, 5)]), min_size=8, max_size=8))
def test_repaired_and_sharp_verdicts_ignore_positive_rescaling_of_nodes(instance, scales):
    """w -> s w, b -> s b, v -> v / s is the same function; the printed forms see it (2d), the others do not.

    Corollary 1 measures the fan-out itself, and a student's scale is the observer's unit of gradient, so only the
    teacher is rescaled; where its fan-out is the largest, a bound may begin or cease to say something.
    """
    s = np.array(scales[: instance.teacher.width], dtype=object)
    teacher = instance.teacher.exact()
    rescaled = replace(teacher, W=teacher.W * s[:, None], b=teacher.b * s, V=teacher.V / s)
    before, after = check(instance), check(replace(instance, teacher=rescaled))

    def keep(result):
        rows = [row for row in table(result) if row[1] != "printed"]
        either = {"holds": "holds or vacuous", "vacuous": "holds or vacuous"}
        return [(*row[:5], either.get(row[5], row[5]), *row[6:]) if row[0] == "corollary-1" else row for row in rows]

    assert same(keep(before), keep(after))


@quick
@given(instances())
def test_rotating_region_subspace_and_weights_together_changes_nothing(instance):
    d = instance.teacher.inputs
    rotation = np.array([[Fraction(int(i == j)) for j in range(d)] for i in range(d)], dtype=object)
    if d >= 2:
        rotation[:2, :2] = [[Fraction(3, 5), Fraction(-4, 5)], [Fraction(4, 5), Fraction(3, 5)]]

    def turned(network):
        exact = network.exact()
        return replace(exact, W=exact.W @ rotation.T)

    moved = Instance(
        turned(instance.teacher),
        turned(instance.student),
        Polytope(instance.region.A @ rotation.T, instance.region.c),
        Subspace(instance.subspace.basis @ rotation.T, instance.subspace.origin @ rotation.T),
    )
    before, after = check(instance), check(moved)
    assert [row[:6] for row in table(before)] == [row[:6] for row in table(after)]
    for v, w in zip(before.verdicts, after.verdicts, strict=True):
        if v.measured is not None:
            assert abs(v.measured - w.measured) <= ROUNDING * max(1, abs(v.measured))


@quick
@given(instances())
def test_splitting_a_student_node_in_two_halves_keeps_the_verdicts_of_the_other_rows(instance):
    """Duplicated nodes lie on one hyperplane: sharp Theorem 2 counts hyperplanes, so its rows stay."""
    student = instance.student.exact()
    V = np.concatenate([student.V[:, :-1], student.V[:, -1:] / 2, student.V[:, -1:] / 2], axis=1)
    W, b = np.concatenate([student.W, student.W[-1:]]), np.concatenate([student.b, student.b[-1:]])
    split = replace(student, W=W, b=b, V=V)
    last = student.width - 1

    def keep(result):
        return [row for row in table(result) if row[:2] == ("theorem-2", "sharp") and row[4] < last]

    assert same(keep(check(instance)), keep(check(replace(instance, student=split))))


@quick
@given(instances())
def test_a_flipped_teacher_node_with_its_linear_part_given_back_keeps_the_sharp_rows(instance):
    """relu(z) = relu(-z) + z: the flipped node has the same crease and kink mass, so Theorem 2's sharp bound stays."""
    teacher = instance.teacher.exact()
    if all(x == 0 for x in teacher.W[0]):
        return
    far = Fraction(10**6)  # relu(z + far) - relu(far) = z on the region: two nodes without a crease there
    W = np.concatenate([-teacher.W[:1], teacher.W[1:], teacher.W[:1], 0 * teacher.W[:1]])
    b = np.concatenate([-teacher.b[:1], teacher.b[1:], teacher.b[:1] + far, [far]])
    V = np.concatenate([teacher.V, teacher.V[:, :1], -teacher.V[:, :1]], axis=1)

    def keep(result):
        return [row for row in table(result) if row[:2] == ("theorem-2", "sharp") and row[2] < teacher.width]

    before, after = keep(check(instance)), keep(check(replace(instance, teacher=replace(teacher, W=W, b=b, V=V))))
    assert same(before, after)


def test_a_boundary_in_a_facet_of_the_region_lacks_thickness_even_at_gradient_zero():
    teacher = TwoLayer([[1, 0]], [-1], [[1]])
    student = TwoLayer([[0, 1], [0, 1]], [3, 3], [[1, -1]])
    rows = check(Instance(teacher, student, Box([-1, -1], [1, 1]))).verdicts
    printed = [v for v in rows if (v.statement, v.form, v.verdict) == ("theorem-2", "printed", "fails")]
    assert printed and all(v.missing == ("thickness",) for v in printed if v.terms["alpha"] > 0)
    assert any(v.terms["alpha"] > 0 for v in printed)
