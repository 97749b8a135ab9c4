"""Searches begin at the samples of an instance: what is proved is never below what was sampled, however short the time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolayer import BadInput, Box, Instance, Subspace, TwoLayer, check, exact, hidden_gradient
from twolayer.certify import active_domains, restricted
from twolayer.certify.starts import best_samples, coordinates
from twolayer.networks import as_floats

from ...strategies import instances, quick

ROUNDING = 1e-9  # of a few dozen float operations on numbers below 1e3


def drawn(seed: int, d: int, nodes: int = 3, samples: int = 300) -> Instance:
    rng = np.random.default_rng(seed)
    teacher, student = (
        TwoLayer(rng.normal(size=(nodes, d + 2)), rng.normal(size=nodes), rng.normal(size=(2, nodes)), rng.normal(size=2))
        for _ in range(2)
    )
    X = rng.uniform(-1, 1, size=(samples, d)) @ rng.normal(size=(d, d + 2)) + rng.normal(size=d + 2)
    return Instance.from_data(teacher, student, X, d, region="hull")


@pytest.mark.parametrize("d", [2, 4, 6])  # vertices, boxes, boxes and trees
@pytest.mark.parametrize("limit", [None, 1e-9])
def test_the_lower_end_is_never_below_what_was_sampled(d, limit):
    instance = drawn(d, d)
    result = check(instance, time_limit=limit, gap=0.5, statements=["theorem-1"])
    g = np.abs(hidden_gradient(instance.teacher.floats(), instance.student.floats(), instance.samples))
    assert result.sampled == pytest.approx(g.max(), rel=ROUNDING)
    assert result.sampled <= result.gradient[0] <= result.gradient[1]
    for k, e in enumerate(result.enclosures):
        assert e.lower >= g[:, k].max() * (1 - ROUNDING)
        h, region = result.problem.gradient(result.problem.student[k]), active_domains(result.problem)[k]
        if e.witness is not None:
            assert region.contains(e.witness) and exact.round_down(abs(h(e.witness))) >= e.lower
    assert result.to_dict()["gradient"]["sampled"] == result.sampled


@quick
@given(instances(), st.integers(0, 2**32))
def test_the_best_samples_are_those_of_the_active_nodes_inside_the_region(instance, seed):
    rng = np.random.default_rng(seed)
    A, c = as_floats(instance.region.A), as_floats(instance.region.c)
    problem = restricted(instance)
    inner = exact.nearest(problem.frame.point(problem.region.interior))
    spread = exact.nearest(problem.region.upper - problem.region.lower).max() * exact.nearest_float(problem.frame.unit)
    X = inner + rng.uniform(-0.5, 0.5, size=(40, problem.dimension)) * spread @ exact.nearest(problem.frame.rows)
    domains = active_domains(problem)
    samples = best_samples(problem, domains, coordinates(problem.frame, X))
    networks = instance.teacher.floats(), instance.student.floats()
    active = (networks[1].preactivations(X) > ROUNDING) & (X @ A.T <= c - ROUNDING).all(axis=1)[:, None]
    g = np.where(active, np.abs(hidden_gradient(*networks, X)), 0.0).max(axis=0)
    for k, domain in enumerate(domains):
        if k in samples:
            assert domain.contains(samples[k])
            value = exact.nearest_float(abs(problem.gradient(problem.student[k])(samples[k])))
            assert value >= g[k] - 1e-6 * (1 + g[k])
        else:
            assert g[k] <= ROUNDING or domain is None


def test_samples_off_the_subspace_count_where_they_are_projected_and_those_outside_the_region_do_not():
    teacher, student = TwoLayer([[1, 0]], [5], [[1]]), TwoLayer([[0, 1]], [5], [[1]])
    plane = Subspace([[1, 0]], [0, 0])
    instance = Instance(teacher, student, Box([-1, -1], [1, 1]), plane, samples=[[0.5, 7], [-0.75, 0], [3, 0]])
    assert check(instance).sampled == 0.75  # |x1 + 5 - 5| on the plane x2 = 0


def test_malformed_samples_are_refused_and_files_have_none():
    net = TwoLayer([[1, 0]], [5], [[1]])
    for samples, message in (([[1]], "samples need shape"), ([1, 2], "samples needs 2 axes"), ([[np.nan, 0]], "finite")):
        with pytest.raises(BadInput, match=message):
            Instance(net, net, Box([-1, -1], [1, 1]), samples=samples)
    instance = Instance(net, net, Box([-1, -1], [1, 1]), samples=[[0, 0]])
    assert "samples" not in instance.to_json() and Instance.from_json(instance.to_json()).samples is None
    assert check(instance).sampled == 0 and check(Instance.from_json(instance.to_json())).sampled is None
