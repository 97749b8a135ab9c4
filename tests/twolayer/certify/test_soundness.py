"""No enclosure misses: every method against exact enumeration, on problems where nearly everything cancels.

The long versions are python -m tests.benchmarks.soundness, and scales.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from twolayer import exact
from twolayer.certify import suprema, vertices
from twolayer.certify.boxes import search as boxes
from twolayer.certify.enclosure import Enclosure
from twolayer.certify.trees import search as trees

from ...benchmarks import scales, soundness

COUNT = 160  # about 5 s
SIZES = 80  # about 3 s


def test_no_enclosure_of_a_random_small_problem_misses():
    tally = soundness.survey(COUNT, seed=1)
    assert tally.counts == dict.fromkeys(soundness.METHODS, COUNT)
    assert not tally.misses, "\n".join(tally.misses)


def test_no_enclosure_misses_whatever_the_sizes_of_weights_fan_outs_and_regions():
    tally = scales.survey(SIZES, seed=1)
    assert not tally.misses, "\n".join(tally.misses)
    assert tally.enclosures["front door"] > SIZES
    assert 0 < tally.refused < SIZES / 4
    assert all(count > 0 for count in tally.enclosures.values())


def test_ends_of_the_wrong_size_are_found_by_the_survey_of_sizes(monkeypatch):
    honest = suprema.gradient_suprema

    def underflown(*arguments):
        return [Enclosure(0.0, e.upper / 2, None) for e in honest(*arguments)]

    monkeypatch.setattr(suprema, "gradient_suprema", underflown)
    assert any("front door" in miss for miss in scales.survey(10, seed=2).misses)


def test_eps_and_weights_cover_their_ranges():
    problems = [soundness.drawn(np.random.default_rng([2, number])) for number in range(300)]
    eps = np.array([p.eps for p in problems])
    weights = np.log10([p.weights for p in problems])
    assert (eps == 0).any()
    assert eps[eps > 0].min() < 1e-11
    assert eps.max() > 0.1
    assert weights.min() < -5.5
    assert weights.max() > 5.5
    assert {p.h.dimension for p in problems} == {1, 2, 3}


@pytest.mark.parametrize("module, method", [(vertices, "vertices"), (boxes, "boxes"), (trees, "trees")])
def test_a_bound_that_is_a_little_too_low_is_found(monkeypatch, module, method):
    honest = module.supremum

    def forged(*arguments, **limits):
        enclosure = honest(*arguments, **limits)
        low = min(enclosure.lower, enclosure.upper * (1 - 1e-6))
        return dataclasses.replace(enclosure, lower=low, upper=max(low, enclosure.upper * (1 - 1e-5)), ends=None)

    monkeypatch.setattr(module, "supremum", forged)
    misses = soundness.survey(20, seed=3).misses
    assert any(f", {method}: upper" in miss for miss in misses)


def test_each_kind_of_fault_has_its_words():
    problem = soundness.drawn(np.random.default_rng([4, 0]))
    true = vertices.supremum(problem.h, problem.region)
    value = abs(problem.h(true.witness))
    low, high, below = true.lower, true.upper, true.lower / 2
    assert low > 0
    assert soundness.fault(problem, true, value) is None
    above = np.nextafter(high, np.inf)
    assert "lies above" in soundness.fault(problem, Enclosure(above, above, true.witness), value)
    assert "lies below" in soundness.fault(problem, Enclosure(below, below, true.witness), value)
    assert "no witness" in soundness.fault(problem, Enclosure(low, high, None), value)
    outside = problem.region.upper + exact.rationals(np.ones(problem.h.dimension))
    assert "outside" in soundness.fault(problem, Enclosure(0.0, high, outside), value)
    weak = Enclosure(low, high, problem.region.interior)
    if abs(problem.h(problem.region.interior)) < exact.rational(low):
        assert "|h(witness)|" in soundness.fault(problem, weak, value)
