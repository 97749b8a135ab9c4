"""The search's rule on made scores: which candidates it asks for and who wins, each case small enough for a reader."""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from cifar import candidates
from cifar.candidates import Candidate

ADAM = [Candidate("adam", rate, 64) for rate in (3e-4, 1e-3, 3e-3)]
SGD = [Candidate("sgd", rate, 64) for rate in (1e-4, 3e-4, 1e-3)]
BEST = ADAM[1]


def worse_by_distance(candidate: Candidate) -> float:
    """Best at adam 1e-3, batch 64, cosine; every other choice adds a little."""
    away = abs(math.log10(candidate.lr / (1e-3 if candidate.optimiser == "adam" else 3e-4)))
    other = 0.2 * (candidate.optimiser == "sgd") + 0.3 * (candidate.schedule == "constant") + 0.05 * (candidate.batch > 64)
    return 1 + 0.2 * away + other


def played(score: Callable[[Candidate], float]) -> tuple[list[list[Candidate]], dict[Candidate, float]]:
    """Everything that the rule asks for, round by round, and the scores it was answered with."""
    rounds, scores = [], {}
    while asked := candidates.wanted(scores):
        rounds.append(asked)
        scores |= {candidate: score(candidate) for candidate in asked}
    return rounds, scores


def test_one_factor_is_searched_after_another():
    rounds, _ = played(worse_by_distance)
    assert rounds == [
        ADAM + SGD,
        [replace(BEST, schedule="constant")],
        [replace(BEST, batch=batch, lr=rate) for batch, rate in ((128, 1e-3), (128, 1.4e-3), (256, 1e-3), (256, 2e-3))],
        [replace(BEST, batch=batch, seed=1) for batch in (64, 128, 256)],
    ]


def test_the_answer_depends_on_the_scores_alone_so_that_a_search_goes_on_where_it_was():
    rounds, scores = played(worse_by_distance)
    asked = [candidate for part in rounds for candidate in part]
    for known in range(len(asked)):
        wanted = candidates.wanted({candidate: scores[candidate] for candidate in asked[:known]})
        assert wanted[0] == asked[known] and candidates.decided({c: scores[c] for c in asked[:known]}) is None


@pytest.mark.parametrize(("best", "further"), [(3e-3, []), (1e-2, [1e-2, 3e-2]), (3e-2, [1e-2, 3e-2]), (1e-1, [1e-2, 3e-2]),
                                               (1e-3, []), (3e-4, [1e-4]), (1e-4, [1e-4, 3e-5]), (1e-6, [1e-4, 3e-5])])
def test_rates_are_followed_beyond_the_end_at_which_the_best_lies_but_not_for_ever(best, further):
    def score(candidate: Candidate) -> float:
        return abs(math.log(candidate.lr / best)) if candidate.optimiser == "adam" else 100 + abs(math.log(candidate.lr / 3e-4))

    rounds, scores = played(score)
    tried = [c.lr for c in scores if c.optimiser == "adam" and (c.batch, c.schedule, c.seed) == (64, "cosine", 0)]
    # 3e-3 is the highest of the three, so that the next one is asked for, and is worse
    assert tried == [3e-4, 1e-3, 3e-3, *(further if best != 3e-3 else [1e-2])]


def test_where_every_rate_of_an_optimiser_diverges_lower_ones_are_tried():
    rounds, scores = played(lambda c: math.inf if c.optimiser == "sgd" and c.lr > 5e-5 else worse_by_distance(c))
    assert rounds[1] == [replace(SGD[0], lr=3e-5), ] and rounds[2] == [replace(SGD[0], lr=1e-5)]


def test_one_that_diverges_counts_last():
    _, scores = played(lambda c: math.inf if c == BEST else worse_by_distance(c))
    decision = candidates.decided(scores)
    assert decision is not None and decision.winner.lr != BEST.lr



def test_of_equal_scores_the_one_tried_first_goes_on():
    rounds, scores = played(lambda c: 1.0)
    assert rounds[1] == [replace(ADAM[0], lr=1e-4), replace(SGD[0], lr=3e-5)]
    assert rounds[2] == [replace(ADAM[0], schedule="constant")] and rounds[3][0] == replace(ADAM[0], batch=128)
