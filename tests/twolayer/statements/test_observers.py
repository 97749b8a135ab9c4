"""Corollary 1's observers are chosen by scores of swaps, each from a rank-one update of Q^-1; any set gives a valid bound."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from flint import arb

from twolayer import Box, Instance, TwoLayer, check, exact
from twolayer.restriction.restricted import Node
from twolayer.statements import corollary1, observers
from twolayer.statements.observers import choose, choose_proved, largest_limit, length_of_limits

ROUNDING = 1e-7  # of an update of an inverse that is well enough conditioned to be chosen
IN_TIME = SimpleNamespace(is_late=False)


def drawn(seed: int, n: int, outputs: int):
    rng = np.random.default_rng(seed)
    fan_outs = rng.normal(size=(n, outputs))
    fan_outs[n // 2] = fan_outs[0] * 1.5  # parallel to another: Q may get singular
    return fan_outs, rng.uniform(0.1, 2, size=n), rng.integers(-3, 4, size=n)


@pytest.mark.parametrize("score", [largest_limit, length_of_limits])
@pytest.mark.parametrize(("n", "outputs"), [(6, 1), (7, 3), (12, 6)])
def test_the_score_of_a_swap_is_that_of_the_set_with_it(score, n, outputs):
    fan_outs, limits, powers = drawn(n, n, outputs)
    places = np.arange(outputs)
    inverse, _ = observers._inverse(places, fan_outs, limits, powers, score)
    others = np.arange(outputs, n)
    for at in range(outputs):
        scores = observers._scores_of_swaps(inverse, at, places, others, fan_outs, limits, powers, score)
        for other, value in zip(others, scores, strict=True):
            swapped = places.copy()
            swapped[at] = other
            fresh = observers._inverse(swapped, fan_outs, limits, powers, score)[1]
            assert value == pytest.approx(fresh, rel=ROUNDING) or min(value, fresh) > 1e12  # a singular Q


@pytest.mark.parametrize("score", [largest_limit, length_of_limits])
@pytest.mark.parametrize("entries", [1, 1 << 20])
def test_no_single_swap_makes_the_chosen_set_better(score, entries, monkeypatch):
    monkeypatch.setattr(observers, "MOST_ENTRIES", entries)
    fan_outs, limits, powers = drawn(5, 14, 5)
    worst = tuple(int(k) for k in np.argsort(-limits)[:5])
    chosen = observers._swapped(worst, fan_outs, limits, powers, score, IN_TIME)
    best = observers._inverse(np.array(chosen), fan_outs, limits, powers, score)[1]
    assert best < observers._inverse(np.array(worst), fan_outs, limits, powers, score)[1] and len(set(chosen)) == 5
    for at in range(5):
        for other in set(range(14)) - set(chosen):
            trial = np.array(chosen)
            trial[at] = other
            assert observers._inverse(trial, fan_outs, limits, powers, score)[1] >= best * (1 - ROUNDING)


def by_hand(outputs: int, n: int, seed: int):
    """(a setting as far as choices ask for one, its students, limits of them)."""
    rng = np.random.default_rng(seed)
    nodes = [Node("student", k, *exact.zeros(2, 1), exact.rationals(rng.normal(size=outputs))) for k in range(n)]
    made = SimpleNamespace(problem=SimpleNamespace(student=nodes), is_late=False)
    return made, nodes, {node: arb(x) for node, x in zip(nodes, rng.uniform(0.5, 2, size=n), strict=True)}


@pytest.mark.parametrize(("outputs", "n"), [(2, 6), (5, 25)])
def test_observers_chosen_by_estimates_are_those_that_proofs_choose(outputs, n):
    made, nodes, limits = by_hand(outputs, n, n)
    proofs: list[Node] = []
    chosen = choose_proved(made, limits, outputs, length_of_limits, lambda node: (proofs.append(node), limits[node])[1])
    assert chosen.observers == choose(made, list(limits.items()), outputs, length_of_limits).observers
    assert sorted(proofs, key=nodes.index) == sorted(chosen.observers, key=nodes.index)  # each once, and no others


@pytest.mark.parametrize(("outputs", "n"), [(2, 6), (5, 25)])
def test_every_chosen_limit_is_proved_and_none_that_an_estimate_made_too_small_is_kept(outputs, n):
    made, nodes, limits = by_hand(outputs, n, n)
    without = nodes[:: n // 2]  # these have no proof at all
    estimates = {node: x / 100 if node in without else x * (1 - arb(2) ** -k) for k, (node, x) in enumerate(limits.items(), 1)}
    chosen = choose_proved(made, estimates, outputs, length_of_limits, lambda x: None if x in without else limits[x])
    assert not set(chosen.observers) & set(without)
    assert chosen.limits == tuple(limits[node] for node in chosen.observers)
    assert choose_proved(made, estimates, outputs, length_of_limits, lambda node: None) is None


def test_more_outputs_than_other_students_are_said_to_be_the_reason():
    rng = np.random.default_rng(0)
    teacher, student = (TwoLayer(rng.normal(size=(3, 2)), rng.normal(size=3) / 9, rng.normal(size=(4, 3))) for _ in range(2))
    result = check(Instance(teacher, student, Box([-1, -1], [1, 1])), statements=["corollary-1"])
    assert {(row.verdict, row.why) for row in result} == {
        ("not-applicable", "4 outputs need as many observers: 2 see nothing of what is orthogonal to their fan-outs")
    }


def far_nets(seed: int, students: int, outputs: int, eps: float) -> Instance:
    """A teacher, its copy moved by eps, and one more student with a small fan-out, on [-1, 1]^2."""
    rng = np.random.default_rng(seed)
    W, b, V = rng.normal(size=(students - 1, 2)), rng.normal(size=students - 1) / 9, rng.normal(size=(outputs, students - 1))
    unlearnt = [[[1.0, -1.0]], [0.1], eps * rng.normal(size=(outputs, 1))]
    copy = [x + eps * rng.normal(size=x.shape) for x in (W, b, V)]
    student = TwoLayer(*(np.concatenate([x, y], axis=axis) for x, y, axis in zip(copy, unlearnt, (0, 0, 1), strict=True)))
    return Instance(TwoLayer(W, b, V), student, Box([-1, -1], [1, 1]))


@pytest.mark.parametrize("seed", range(3))
def test_fewer_observers_than_outputs_bound_the_projection_on_the_span_of_their_fan_outs(seed):
    instance = far_nets(seed, 4, 6, 1e-3)
    rows = [row for row in check(instance, statements=["corollary-1"]) if row.form == "sharp"]
    told = [row for row in rows if "span_bound" in row.terms]
    assert told and all(row.verdict == "not-applicable" and row.bound is None for row in rows)
    for row in told:
        Q, v = instance.student.V[:, row.terms["span_observers"]], instance.student.V[:, row.student]
        assert row.student not in row.terms["span_observers"]
        projected = Q @ np.linalg.lstsq(Q, v, rcond=None)[0]
        assert row.terms["span_measured"] == pytest.approx(np.linalg.norm(projected), rel=1e-9)
        assert row.terms["span_measured"] <= row.terms["span_bound"]


def test_observers_whose_fan_outs_are_parallel_count_once_and_what_they_do_not_see_may_be_as_long_as_one_likes():
    """The instance of the lemma's last step, with a second observer: g_1 = 0, and the unseen fan-out is (0, 1000)."""
    V = [[1.0, 0.0, 0.0], [0.0, 1000.0, -1000.0]]
    teacher = TwoLayer([[1.0, 0.0], [1.0, 1.0], [1.0, 0.0]], [4.0, 3.0, 3.0], V)
    student = TwoLayer([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [4.0, 5.0, 0.0], [[0.5, 0.5, 0.0], [0.0, 0.0, 1000.0]])
    result = check(Instance(teacher, student, Box([-1, -1], [1, 1])), statements=["corollary-1"])
    (row,) = (row for row in result if row.form == "sharp" and row.student == 2)
    assert row.verdict == "not-applicable" and len(row.terms["span_observers"]) == 1
    assert row.terms["span_measured"] == 0 <= row.terms["span_bound"]


def test_a_projection_above_its_bound_would_be_said_to_fail(monkeypatch):
    numbers = itertools.cycle([2, 1])  # what is measured, what bounds it
    monkeypatch.setattr(corollary1, "_root", lambda matrix, vector: arb(next(numbers)))
    result = check(far_nets(0, 4, 6, 1e-3), statements=["corollary-1"])
    assert {row.verdict for row in result if row.form == "sharp" and row.bound is not None} == {"fails"}
