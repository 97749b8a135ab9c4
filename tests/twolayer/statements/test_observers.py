"""Corollary 1's observers are chosen by scores of swaps, each from a rank-one update of Q^-1; any set gives a valid bound."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from twolayer import Box, Instance, TwoLayer, check
from twolayer.statements import observers
from twolayer.statements.observers import largest_limit, length_of_limits

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


def test_more_outputs_than_other_students_are_said_to_be_the_reason():
    rng = np.random.default_rng(0)
    teacher, student = (TwoLayer(rng.normal(size=(3, 2)), rng.normal(size=3) / 9, rng.normal(size=(4, 3))) for _ in range(2))
    found = check(Instance(teacher, student, Box([-1, -1], [1, 1])), statements=["corollary-1"])
    assert {(row.verdict, row.why) for row in found} == {
        ("not-applicable", "4 outputs need as many observers: 2 see nothing of what is orthogonal to their fan-outs")
    }
