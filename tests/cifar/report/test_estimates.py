"""Numbers with their doubt by hand, and the three answers: an effect is found, none is left undecided, the other sign is no."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from cifar.report import estimates
from cifar.report.claims import ALPHA, NO, UNDECIDED, YES, Question, ahead, decided, telling
from cifar.report.estimates import Estimate, contrast, correlation, seed_deviation
from cifar.report.results import Reading, Result, Results, accuracy, layer_mbnc

from . import simulated
from .simulated import IMAGES, students

LINF = accuracy("linf", "last")
DRAWS = 200
VALUE = Reading("value", lambda result: result.first("value"))


def readings(**values: float) -> Results:
    """Checkpoints at 300 epochs that read what is given, "kind" or "kind__seed" each."""
    checkpoints = {}
    for name, value in values.items():
        kind, _, seed = name.partition("__")
        run = f"{kind}-seed-{seed}" if seed else kind
        result = Result("", run, 300, 300, {"test_images": 1}, {}, {}, {"layers": [], "first": {"value": value}}, {}, {})
        checkpoints[result.checkpoint] = result
    return Results(checkpoints)


def test_an_interval_is_students():
    assert Estimate(1.0, 2.0).interval == pytest.approx((1 - 2 * 1.959964, 1 + 2 * 1.959964), abs=1e-5)
    assert Estimate(1.0, 2.0, 3).interval == pytest.approx((1 - 2 * 3.182446, 1 + 2 * 3.182446), abs=1e-5)
    assert Estimate(1.0).interval == (1.0, 1.0)


@pytest.mark.parametrize(("bound", "p"), [(-1.959964, 0.025), (0.0, 0.5), (1.644854, 0.95)])
def test_a_p_value_by_hand(bound, p):
    assert Estimate(0.0, 1.0).above(bound) == pytest.approx(p, abs=1e-6)
    assert Estimate(0.0, 1.0).below(-bound) == pytest.approx(p, abs=1e-6)


def test_a_number_without_doubt_is_above_or_not():
    assert [Estimate(1.0).above(bound) for bound in (0.0, 1.0, 2.0)] == [0.0, 1.0, 1.0]
    assert [Estimate(1.0).below(bound) for bound in (0.0, 1.0, 2.0)] == [1.0, 1.0, 0.0]


def test_the_deviation_over_seeds_is_pooled_over_kinds_by_hand():
    results = readings(at=1.0, at__1=3.0, st=5.0, st__1=5.0, st__2=8.0, alone=100.0)
    # at: variance 2 with 1 degree of freedom; st: variance 3 with 2; together (2 + 6) / 3
    assert seed_deviation(results, VALUE) == (pytest.approx(math.sqrt(8 / 3)), 3)
    told = contrast(results, (1.0, "alone@300", VALUE), (-1.0, "at@300", VALUE))
    assert (
        told.value == 98.0 and told.error == pytest.approx(math.sqrt(8 / 3 * (1 + 1 / 2))) and told.freedom == pytest.approx(3)
    )


def test_checkpoints_of_the_same_seeds_do_not_multiply_the_degrees_of_freedom():
    first, later = readings(at=1.0, at__1=3.0), readings(at=2.0, at__1=6.0)
    both = {
        **first.checkpoints,
        **{f"{name}50": Result(**{**vars(r), "paper_epoch": 50}) for name, r in later.checkpoints.items()},
    }
    assert seed_deviation(Results(both), VALUE) == (pytest.approx(math.sqrt((2 + 8) / 2)), 1)


def test_one_seed_of_each_kind_says_nothing():
    told = contrast(readings(at=1.0, st=2.0), (1.0, "at@300", VALUE))
    assert isinstance(told, str) and "one seed" in told
    assert contrast(readings(at=1.0), (1.0, "st@300", VALUE)) == "st (300) not run"


def test_a_layer_that_no_kind_has_twice_borrows_the_deviation_of_the_layer_before():
    deep = layer_mbnc(1, 2)
    layers = {"at": [0.5, 0.7], "at__1": [0.6], "at__2": [0.7]}
    checkpoints = {}
    for name, mbnc in layers.items():
        kind, _, seed = name.partition("__")
        run = f"{kind}-seed-{seed}" if seed else kind
        checkpoints[f"{run}@300"] = Result(
            "", run, 300, 300, {}, {}, {}, {"layers": [{"mbnc": m} for m in mbnc], "first": {}}, {}, {}
        )
    assert seed_deviation(Results(checkpoints), deep) == (pytest.approx(0.1), 2)


def test_images_are_paired():
    rng = np.random.default_rng(0)
    results = students(rng, {"at": 0.6, "st": 0.6})
    value = [np.mean([LINF.images(r) for r in results.seeds(f"{kind}@300")], axis=0) for kind in ("at", "st")]
    deviation, freedom = seed_deviation(results, LINF)
    drawn, seeds = (value[0] - value[1]).var(ddof=1) / IMAGES, deviation**2 * 2 / 3
    told = contrast(results, (1.0, "at@300", LINF), (-1.0, "st@300", LINF))
    assert told.value == pytest.approx((value[0] - value[1]).mean())
    assert told.error == pytest.approx(math.sqrt(drawn + seeds))
    assert told.freedom == pytest.approx((drawn + seeds) ** 2 / (seeds**2 / freedom))
    assert drawn < 0.6 * (value[0].var() + value[1].var()) / IMAGES  # what pairing saves


def answers(shares, draws=DRAWS, above=0.0, equal=None, more=()):
    counts = Counter()
    for seed in range(draws):
        results = students(np.random.default_rng(seed), {**shares, "other": 0.3})
        asked = ahead(results, LINF, "at@300", "st@300", above=above)
        if equal is not None:
            asked = Question(asked.what, asked.estimate, -equal, equal)
        counts[decided([asked, *(ahead(results, LINF, *pair) for pair in more)]).verdict] += 1
    return counts


def test_a_true_effect_is_found():
    assert answers({"at": 0.60, "st": 0.50})[YES] >= 0.99 * DRAWS


def test_an_effect_of_the_other_sign_is_no():
    assert answers({"at": 0.50, "st": 0.60})[NO] >= 0.99 * DRAWS


def test_no_effect_is_undecided_in_95_of_100():
    assert answers({"at": 0.50, "st": 0.50})[UNDECIDED] >= 0.95 * DRAWS


def test_no_effect_in_several_comparisons_is_undecided_in_95_of_100():
    counts = answers(
        {"at": 0.5, "st": 0.5, "a": 0.5, "b": 0.5}, more=(("a@300", "b@300"), ("at@300", "b@300"), ("a@300", "st@300"))
    )
    assert counts[UNDECIDED] >= 0.95 * DRAWS


def test_one_comparison_without_effect_among_true_ones_is_undecided():
    counts = answers({"at": 0.5, "st": 0.5, "a": 0.7}, more=(("a@300", "at@300"), ("a@300", "st@300")))
    assert counts[UNDECIDED] >= 0.95 * DRAWS


def test_about_equal_is_yes_for_equals_no_for_what_is_far_and_neither_at_the_margin():
    assert answers({"at": 0.50, "st": 0.50}, equal=6.0)[YES] >= 0.9 * DRAWS
    assert answers({"at": 0.65, "st": 0.50}, equal=6.0)[NO] >= 0.9 * DRAWS
    assert answers({"at": 0.56, "st": 0.50}, equal=6.0)[UNDECIDED] >= 0.95 * DRAWS


def test_a_bootstrap_of_three_seeds_is_too_sure(monkeypatch):
    monkeypatch.setattr(simulated, "SEED_POINTS", 0.03)
    ours = theirs = 0
    for seed in range(DRAWS // 2):
        rng = np.random.default_rng(seed)
        results = students(rng, {"at": 0.5, "st": 0.5, "other": 0.3})
        low, high = contrast(results, (1.0, "at@300", LINF), (-1.0, "st@300", LINF)).interval
        gap = np.subtract(*(np.stack([LINF.images(r) for r in results.seeds(f"{kind}@300")]) for kind in ("at", "st")))
        drawn = [gap[rng.integers(0, 3, 3)][:, rng.integers(0, IMAGES, IMAGES)].mean() for _ in range(DRAWS)]
        ours, theirs = ours + (low <= 0 <= high), theirs + (np.quantile(drawn, 0.025) <= 0 <= np.quantile(drawn, 0.975))
    assert ours >= 0.95 * DRAWS / 2 and theirs <= 0.9 * DRAWS / 2


def question(value, error=1.0, low=0.0, high=math.inf):
    return Question("q", Estimate(value, error), low, high)


@pytest.mark.parametrize(
    ("asked", "verdict", "marks"),
    [
        ([question(3.0), question(2.0)], YES, [YES, YES]),
        ([question(3.0), question(1.9)], UNDECIDED, [YES, UNDECIDED]),  # p = .0287
        ([question(3.0), question(-2.1)], UNDECIDED, [YES, UNDECIDED]),  # p = .0179, twice
        ([question(-2.1)], NO, [NO]),
        ([question(3.0), question(-2.3)], NO, [YES, NO]),  # p = .0107, twice
        ([question(-2.3), question(-2.0)], NO, [NO, NO]),  # Holm: .0228 is the last
        ([question(-2.3), question(-1.9)], NO, [NO, UNDECIDED]),
        ([question(9.0), Question("q", "not run", low=0.0)], UNDECIDED, [YES, UNDECIDED]),
        ([question(-9.0), Question("q", "not run", low=0.0)], NO, [NO, UNDECIDED]),
        ([], UNDECIDED, []),
        ([question(0.0, 1.0, -2.0, 2.0)], YES, [YES]),
        ([question(0.5, 1.0, -2.0, 2.0)], UNDECIDED, [UNDECIDED]),
        ([question(-4.1, 1.0, -2.0, 2.0)], UNDECIDED, [UNDECIDED]),  # .0179, and two ways
        ([question(-4.3, 1.0, -2.0, 2.0)], NO, [NO]),
        ([question(0.0, 0.0)], NO, [NO]),  # exactly 0 is not above 0
    ],
)
def test_a_conjunction_by_hand(asked, verdict, marks):
    finding = decided(asked)
    assert (
        finding.verdict == verdict and list(finding.answers) == marks and telling(finding)
        if asked
        else finding.verdict == verdict
    )


def test_a_question_prints_its_number_in_its_own_scale():
    asked = Question("ratio", Estimate(math.log(1.5), 0.1), high=math.log(2.0), digits=2, shown=math.exp)
    assert asked.asked == "below 2" and asked.words.startswith("+1.50 [+1.23, +1.82]") and asked.inside < ALPHA


def test_a_correlation_is_fishers():
    rng = np.random.default_rng(3)
    x = rng.standard_normal(12)
    y = x + rng.standard_normal(12)
    told = correlation(x, y)
    reference = stats.pearsonr(x, y)
    assert math.tanh(told.value) == pytest.approx(reference.statistic)
    assert tuple(map(math.tanh, told.interval)) == pytest.approx(tuple(reference.confidence_interval(0.95)))


def test_a_partial_correlation_is_that_of_the_residuals():
    rng = np.random.default_rng(4)
    x, y, z = rng.standard_normal((3, 30))
    x, y = x + 2 * z, y + 2 * z
    r = np.corrcoef([x, y, z])
    expected = (r[0, 1] - r[0, 2] * r[1, 2]) / math.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
    told = correlation(x, y, z)
    assert math.tanh(told.value) == pytest.approx(expected) and told.error == pytest.approx(1 / math.sqrt(26))
    assert r[0, 1] > 0.6 > 0.4 > abs(expected)


@pytest.mark.parametrize(("x", "y"), [(range(5), range(5)), ([1] * 9, range(9))])
def test_what_has_no_correlation_says_why(x, y):
    assert isinstance(correlation(list(x), list(y)), str)


def test_kinds_without_a_correlation_are_undecided_in_95_of_100():
    rng = np.random.default_rng(1)
    drawn = rng.standard_normal((400, 3, 14))
    counts = Counter(
        decided([Question("a", correlation(x, y), low=0.0), Question("b", correlation(z, y), high=0.0)]).verdict
        for x, y, z in drawn
    )
    assert counts[UNDECIDED] >= 0.95 * 400


def test_seeds_of_a_kind_are_one_point():
    results = readings(a=1.0, a__1=3.0, b=5.0)
    for result in results.checkpoints.values():
        result.specialisation["layers"] = [{}] * 4
    kinds, points = estimates.by_kind(results, VALUE)
    assert kinds == ["a", "b"] and points.tolist() == [[2.0], [5.0]]
