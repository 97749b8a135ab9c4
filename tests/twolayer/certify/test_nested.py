"""A smaller region has no wider enclosure and no larger radius, and rows that cut nothing off cost nothing."""

from __future__ import annotations

import time
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolayer import exact
from twolayer.certify import suprema
from twolayer.certify.enclosure import Enclosure
from twolayer.certify.radii.one import Surroundings
from twolayer.certify.suprema import gradient_suprema, supremum
from twolayer.certify.trees import search as trees
from twolayer.exact import rational
from twolayer.regions import Polytope
from twolayer.restriction.domains import Domain
from twolayer.restriction.restricted import restricted

from ...strategies import arrays, brute_supremum, domains, instances, nonzero, positive, quick, ridge_sums
from .test_trees import assert_encloses, cut_box, near_copies

GAP = 1e-3
FITS = 1e-9  # what a linear program's tolerance may cost a radius; never a matter of soundness


def cut(instance, row, limit):
    """The instance on the part of its region where row . x <= limit."""
    region = instance.region
    return replace(instance, region=Polytope(np.concatenate([region.A, [row]]), np.append(region.c, limit)))


@st.composite
def nested(draw):
    """(instance, the same on a smaller region that U still crosses, with the point of the cut)."""
    instance = draw(instances(dimensions=(1, 3)))
    problem = restricted(instance)
    inside = problem.frame.point(problem.region.interior)
    inside = np.array([exact.fraction(x) for x in inside], dtype=object)
    row = draw(arrays(instance.teacher.inputs).filter(lambda row: any(row)))
    return instance, cut(instance, row, (row * inside).sum() + draw(positive))


@quick
@given(nested())
def test_a_part_of_a_region_has_no_larger_supremum_on_any_node(drawn):
    large, small = (gradient_suprema(restricted(instance)) for instance in drawn)
    for a, b in zip(large, small, strict=True):
        assert b.ends[1] <= a.ends[1] and b.lower <= a.lower


@quick
@given(nested())
def test_a_part_of_a_region_has_no_larger_radius_and_no_larger_bound_on_one(drawn):
    large, small = (restricted(instance) for instance in drawn)
    for i, crease in enumerate(large.creases):
        same = small.creases[i]
        assert (crease.normal == same.normal).all() and crease.offset == same.offset
        around, within = (Surroundings(p.frame, p.creases[i], p.region) for p in (large, small))
        for shape in ("ball", "disc"):
            outer, inner = getattr(around, shape)(), getattr(within, shape)()
            assert inner is None or (outer is not None and inner.radius <= outer.radius * (1 + FITS))
        if large.dimension > 1:
            assert within.disc_radius_above() <= around.disc_radius_above() * (1 + FITS) + FITS


@quick
@given(instances(dimensions=(1, 3)), st.data())
def test_rows_that_cut_nothing_off_change_no_enclosure_and_cost_no_radius(instance, data):
    problem = restricted(instance)
    region = problem.region
    rows = data.draw(arrays(6, problem.dimension, elements=nonzero))
    A = np.array([[rational(x) for x in row] for row in rows], dtype=object)
    far = np.array([sum(max(a * lo, a * hi) for a, lo, hi in zip(row, region.lower, region.upper, strict=True)) for row in A])
    more = far + rational(data.draw(positive)) * data.draw(st.sampled_from([0, 1]))
    longer = replace(region, A=np.concatenate([region.A, A]), c=np.concatenate([region.c, more]))
    wide = replace(problem, region=longer)
    before, after = gradient_suprema(problem), gradient_suprema(wide)
    assert [e.ends for e in before] == [e.ends for e in after]
    for crease in problem.creases:
        short, long = Surroundings(problem.frame, crease, region), Surroundings(problem.frame, crease, longer)
        for shape in ("ball", "disc"):
            one, other = getattr(short, shape)(), getattr(long, shape)()
            assert (one is None) == (other is None)
            assert one is None or other.radius == pytest.approx(one.radius, rel=FITS)


# -- a domain as if it were its box -------------------------------------------------------------------------------------


@quick
@given(st.integers(1, 3).flatmap(lambda d: st.tuples(ridge_sums(d), domains(d, cuts=3))))
def test_a_tree_that_leaves_rows_out_bounds_the_supremum_and_its_evidence_proves_it(drawn):
    h, region = drawn
    enclosure = trees.supremum(h, region, boxed=True, deadline=time.monotonic() + 0.2)
    assert_encloses(enclosure, h, region, brute_supremum(h, region))


def hundred_rows(d: int) -> tuple:
    """Near copies on a box with a hundred half-spaces more."""
    rng = np.random.default_rng(5)
    return near_copies(d, 8, 16, 0.1, rng), cut_box(d, rng, facets=100)


def test_a_tree_that_leaves_rows_out_is_as_good_on_a_part_of_a_box_as_on_the_box():
    h, region = hundred_rows(6)
    box = Domain(region.A[:12], region.c[:12], region.lower, region.upper, region.interior)
    whole = trees.supremum(h, box, gap=GAP)
    part = trees.supremum(h, region, gap=GAP, floor=whole.upper, boxed=True)
    assert part.upper <= whole.upper and part.lower <= whole.upper
    assert part.evidence["facets"] == [111] or part.evidence["facets"] == []


@pytest.mark.parametrize(
    ("box", "own", "expected"),
    [((3.0, 8.41), (4.2, 18.9), (4.2, 8.41)), ((4.3, 8.41), (4.2, 6.0), (4.3, 6.0)), ((4.2, 4.2001), None, (4.2, 4.2001))],
)
def test_a_domain_of_many_rows_gets_the_better_of_its_box_s_bound_and_its_own(own, box, expected, monkeypatch):
    """Ten inputs cut by 100 half-spaces gave [4.2, 18.9] where the box around it gave [6.97, 8.41]."""
    h, region = hundred_rows(10)
    deadlines = {}

    def searched(h, region, *, deadline, gap, floor, boxed=False, earlier=None, nested=None):
        deadlines[boxed] = deadline
        ends = box if boxed else own
        return Enclosure(*ends, region.interior, {"method": "trees", "interrupted": False, "boxed": boxed})

    monkeypatch.setattr(suprema.trees, "supremum", searched)
    deadline = time.monotonic() + 100
    enclosure = supremum(h, region, deadline=deadline, gap=GAP)
    assert (enclosure.lower, enclosure.upper) == expected
    assert enclosure.evidence["boxed"] == (expected[1] != 6.0)
    assert 9 < deadlines[True] - (deadline - 100) < 11
    if own is None:
        assert list(deadlines) == [True]
    else:
        assert deadlines[False] == deadline


def test_a_certificate_with_rows_left_out_is_accepted():
    fuzzer = pytest.importorskip("tests.twolayer.certificates.fuzzer")
    real = trees.supremum

    def boxed(*given, **limits):
        return real(*given, **limits | {"boxed": True, "deadline": time.monotonic() + 1})

    with mock.patch.object(trees, "supremum", boxed):
        certificate = fuzzer.certified(fuzzer.drawn(11, 2, 3, near=4, polytope=True), trees=True)
    fuzzer.accepted(certificate)
    assert any(entry["evidence"]["method"] == "tree" for entry in certificate["students"])


@pytest.mark.parametrize("in_box", [True, False])
def test_an_interrupt_of_either_search_is_told(in_box, monkeypatch):
    h, region = hundred_rows(10)

    def searched(h, region, *, boxed=False, **limits):
        evidence = {"method": "trees", "interrupted": boxed == in_box}
        return Enclosure(1.0, 3.0 if boxed else 2.0, region.interior, evidence)

    monkeypatch.setattr(suprema.trees, "supremum", searched)
    enclosure = supremum(h, region, deadline=time.monotonic() + 100)
    assert enclosure.interrupted and enclosure.upper == (3.0 if in_box else 2.0)
