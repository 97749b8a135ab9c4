"""What is said of an instance does not depend on the sizes in which it is written.

A node's weight and bias times 2^k, its fan-out over 2^k: the same function. Region and weights together, all fan-outs, the
order of the nodes: the same instance in other words. Enclosures, verdicts and bounds have to be the same to the last
digit, but for what is measured in those sizes itself: the printed forms of Theorem 2 and Corollary 1 (alpha, r'), a
student's eps_k (which grows with its own fan-out) and its fan-out in Corollary 1.
"""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import instances, quick
from twolayer import exact
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.statements.check import Check, check
from twolayer.statements.verdict import HOLDS, VACUOUS

from ..sizes import in_units, near_copies, two_to, with_nodes

POWERS = st.integers(-1000, 1000)


def permuted(network: TwoLayer, order) -> TwoLayer:
    return network.nodes(np.array(order))


def checked(instance: Instance) -> Check:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return check(instance)


def same_rows(
    before: Check, after: Check, students: list[int], output: int = 0, space: int = 0, one_by_one: bool = False
) -> None:
    """Every row that does not measure sizes is the same; students: the powers by which their weights were multiplied.

    one_by_one: the nodes were rescaled, each by its own power, so that another fan-out may be the largest: then a bound on a
    fan-out may begin or cease to say something, and the repaired |Q^-1|_1 max B of several observers depends on their sizes.
    """
    for a, b in zip(before.verdicts, after.verdicts, strict=True):
        where = (a.statement, a.form, a.teacher, a.student, a.observer)
        assert where == (b.statement, b.form, b.teacher, b.student, b.observer)
        by_sizes = a.form == "printed" and a.statement != "theorem-1" and (one_by_one or space != 0)
        several = before.instance.teacher.outputs > 1
        if by_sizes or one_by_one and several and (a.statement, a.form) == ("corollary-1", "repaired"):
            continue
        if not (one_by_one and a.statement == "corollary-1" and {a.verdict, b.verdict} <= {HOLDS, VACUOUS}):
            assert (a.verdict, a.reason, a.why) == (b.verdict, b.reason, b.why), where
        unit = two_to(output - students[a.student]) if a.statement == "corollary-1" else 1
        for name in ("measured", "bound"):
            left, right = getattr(a, name), getattr(b, name)
            assert (left is None) == (right is None), (where, name)
            assert left is None or Fraction(left) * unit == Fraction(right), (where, name, left, right)


def same_enclosures(before: Check, after: Check, students: list[int], output: int = 0, space: int = 0) -> None:
    for a, b, k in zip(before.enclosures, after.enclosures, students, strict=True):
        unit = exact.two_to(2 * output - k)
        assert [x * unit for x in a.ends] == list(b.ends)
        assert (a.witness is None) == (b.witness is None)


@given(instances(dimensions=(1, 3)), st.data())
@quick
def test_nodes_written_in_other_sizes_are_the_same_nodes(instance, data):
    teachers, students = (
        data.draw(st.lists(POWERS, min_size=net.width, max_size=net.width)) for net in (instance.teacher, instance.student)
    )
    before, after = checked(instance), checked(with_nodes(instance, teachers, students))
    same_enclosures(before, after, students)
    same_rows(before, after, students, one_by_one=True)


@given(instances(dimensions=(1, 3)), st.integers(-500, 500), st.integers(-500, 500))
@quick
def test_fan_outs_and_lengths_in_other_units_say_the_same(instance, output, space):
    before, after = checked(instance), checked(in_units(instance, output, space))
    still = [0] * instance.student.width
    same_enclosures(before, after, still, output, space)
    same_rows(before, after, still, output, space)


@pytest.mark.parametrize("seed", range(8))
def test_sharp_bounds_do_not_depend_on_sizes_either(seed):
    instance, rng = near_copies(seed), np.random.default_rng(seed)
    before = checked(instance)
    still = [0] * instance.student.width
    for output, space in ((0, int(rng.integers(-900, 900))), (int(rng.integers(-450, 450)), 0)):
        after = checked(in_units(instance, output, space))
        same_enclosures(before, after, still, output, space)
        same_rows(before, after, still, output, space)
    teachers, students = (rng.integers(-1000, 1001, size=net.width).tolist() for net in (instance.teacher, instance.student))
    after = checked(with_nodes(instance, teachers, students))
    same_enclosures(before, after, students)
    same_rows(before, after, students, one_by_one=True)


@given(instances(dimensions=(1, 3)), st.data())
@quick
def test_the_order_of_the_nodes_says_nothing(instance, data):
    orders = [data.draw(st.permutations(range(net.width))) for net in (instance.teacher, instance.student)]
    teacher, student = (permuted(net, order) for net, order in zip((instance.teacher, instance.student), orders, strict=True))
    before = checked(instance)
    after = checked(Instance(teacher, student, instance.region, instance.subspace))
    for place, old in enumerate(orders[1]):
        assert after.enclosures[place].ends == before.enclosures[old].ends
    mine = {(v.statement, v.form, v.teacher, v.student, v.observer): v for v in before.verdicts}
    for v in after.verdicts:
        indices = (v.teacher, orders[0]), (v.student, orders[1]), (v.observer, orders[1])
        old = mine[v.statement, v.form, *(None if i is None else order[i] for i, order in indices)]
        assert (v.verdict, v.measured) == (old.verdict, old.measured)
        assert (v.bound is None) == (old.bound is None)
        assert v.bound is None or v.bound == pytest.approx(old.bound, rel=1e-9)
