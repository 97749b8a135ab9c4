"""The search's rule on made scores: which candidates it asks for and who wins, each case small enough for a reader."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from cifar.experiments import search_rule as candidates
from cifar.experiments.search_rule import Candidate

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
        [replace(BEST, long=True), replace(BEST, schedule="constant", long=True)],
        [replace(BEST, batch=batch, lr=rate) for batch, rate in ((128, 1e-3), (128, 1.4e-3), (256, 1e-3), (256, 2e-3))],
        [replace(BEST, batch=batch, seed=1) for batch in (64, 128, 256)],
    ]


def test_the_answer_depends_on_the_scores_alone_so_that_a_search_goes_on_where_it_was():
    rounds, scores = played(worse_by_distance)
    asked = [candidate for part in rounds for candidate in part]
    for known in range(len(asked)):
        wanted = candidates.wanted({candidate: scores[candidate] for candidate in asked[:known]})
        assert wanted[0] == asked[known] and candidates.decided({c: scores[c] for c in asked[:known]}) is None


@pytest.mark.parametrize(
    ("best", "further"),
    [
        (1e-3, []),
        (3e-3, [1e-2]),
        (1e-2, [1e-2, 3e-2]),
        (1e-1, [1e-2, 3e-2]),
        (3e-4, [1e-4]),
        (1e-4, [1e-4, 3e-5]),
        (1e-6, [1e-4, 3e-5]),
    ],
)
def test_rates_are_followed_beyond_the_end_at_which_the_best_lies_but_not_for_ever(best, further):
    def score(candidate: Candidate) -> float:
        return abs(math.log(candidate.lr / best)) if candidate.optimiser == "adam" else 100 + abs(math.log(candidate.lr / 3e-4))

    rounds, scores = played(score)
    tried = [c.lr for c in scores if c == Candidate("adam", c.lr, 64)]
    assert tried == [3e-4, 1e-3, 3e-3, *further]


def test_where_every_rate_of_an_optimiser_diverges_lower_ones_are_tried():
    rounds, scores = played(lambda c: math.inf if c.optimiser == "sgd" and c.lr > 5e-5 else worse_by_distance(c))
    assert rounds[1] == [replace(SGD[0], lr=3e-5)] and rounds[2] == [replace(SGD[0], lr=1e-5)]


def test_one_that_diverges_counts_last():
    _, scores = played(lambda c: math.inf if c == BEST else worse_by_distance(c))
    decision = candidates.decided(scores)
    assert decision is not None and decision.winner.lr != BEST.lr


def test_of_equal_scores_the_one_tried_first_goes_on():
    rounds, scores = played(lambda c: 1.0)
    assert rounds[1] == [replace(ADAM[0], lr=1e-4), replace(SGD[0], lr=3e-5)]
    assert rounds[2][0] == replace(ADAM[0], long=True) and rounds[3][0] == replace(ADAM[0], batch=128)


FINALISTS = [replace(BEST, batch=batch) for batch in candidates.BATCHES]


@pytest.mark.parametrize(
    ("seeds", "winner", "noise"),
    [
        # (first, second seed) at batch 64, 128, 256; geometric means compared with the least one times the noise
        (((1.00, 1.10), (1.00, 1.10), (1.00, 1.10)), 256, 1.1),
        (((1.00, 1.10), (1.05, 1.155), (1.20, 1.32)), 128, 1.1),  # 1.05 <= 1.1 < 1.2
        (((1.00, 1.10), (1.15, 1.265), (1.20, 1.32)), 64, 1.1),
        (((1.00, 1.10), (1.15, 1.265), (0.90, 0.99)), 256, 1.1),  # the largest is the best
        (((1.00, 1.10), (1.15, 1.265), (1.40, 40.0)), 64, 1.1),  # one seed that nearly diverged makes no noise
        (((1.00, 1.00), (1.01, 1.01), (1.02, 1.02)), 64, 1.0),
        (((1.00, 1.10), (1.00, math.inf), (1.09, 1.199)), 256, 1.1),  # one that diverged is no finalist any more
        (((1.00, math.inf), (1.00, math.inf), (1.00, math.inf)), None, None),
    ],
)
def test_the_largest_batch_wins_that_is_within_the_noise_of_two_seeds_of_the_best(seeds, winner, noise):
    known = {replace(c, seed=s): score for c, pair in zip(FINALISTS, seeds, strict=True) for s, score in enumerate(pair)}
    _, scores = played(lambda c: known.get(c, 100.0))
    decision = candidates.decided(scores)
    if winner is None:
        assert decision is None
    else:
        assert decision is not None and decision.winner == replace(BEST, batch=winner)
        assert decision.noise == pytest.approx(noise)


def test_a_batch_at_which_all_diverge_has_no_finalist():
    rounds, scores = played(lambda c: math.inf if c.batch == 256 else worse_by_distance(c))
    assert rounds[-1] == [replace(BEST, batch=batch, seed=1) for batch in (64, 128)]
    assert candidates.decided(scores).winner.batch <= 128


def test_where_everything_diverges_nothing_is_decided_and_nothing_more_is_asked():
    rounds, scores = played(lambda c: math.inf)
    assert len(rounds) == 1 + candidates.FURTHER and candidates.decided(scores) is None


def test_a_larger_batch_is_tried_at_the_rate_grown_by_the_usual_powers():
    def sgd_wins(candidate: Candidate) -> float:
        return worse_by_distance(candidate) - 0.5 * (candidate.optimiser == "sgd")

    rounds, _ = played(sgd_wins)
    assert [(c.batch, c.lr) for c in rounds[2]] == [(128, 3e-4), (128, 6e-4), (256, 3e-4), (256, 1.2e-3)]


def test_the_schedule_is_that_of_the_better_long_run_whatever_its_score_means_beside_the_others():
    def falling_later(candidate: Candidate) -> float:
        if candidate.long:
            return 0.001 if candidate.schedule == "constant" else 0.002
        return worse_by_distance(candidate)

    rounds, scores = played(falling_later)
    assert rounds[2][0] == replace(BEST, schedule="constant")  # as it has not been tried in a short run
    assert {c.schedule for c in rounds[2] + rounds[3]} == {"constant"}
    assert not candidates.decided(scores).winner.long


def test_where_no_long_run_finishes_nothing_is_decided():
    rounds, scores = played(lambda c: math.inf if c.long else worse_by_distance(c))
    assert len(rounds) == 2 and candidates.decided(scores) is None


def test_a_candidates_name_tells_all_of_it():
    assert BEST.name == "adam-0.001-64-cosine" and replace(BEST, seed=1).name == "adam-0.001-64-cosine-seed-1"
    _, scores = played(worse_by_distance)
    assert len({candidate.name for candidate in scores}) == len(scores)
