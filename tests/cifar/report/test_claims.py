"""The twelve claims: each verdict by its rule on made results, under both rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cifar.experiments.grid import SEED
from cifar.measures.robustness import CONFIDENT, RULES
from cifar.report import claims
from cifar.report.claims import NO, UNDECIDED, YES, Finding, by_confidence, by_paper
from cifar.report.results import Results, result_of

from . import made_results as made

Change = Callable[[dict[str, Any]], None]
KNOWN = {claim.number: claim for claim in claims.CLAIMS}
ATTACKED = [claim.number for claim in claims.CLAIMS if claim.attacked]


def results(
    change: dict[str, Change] | None = None, without: tuple[str, ...] = (), spectra: Any = None, **more: Any
) -> Results:
    """The made grid with some stored results altered, in every seed, in memory."""
    checkpoints = {}
    for checkpoint, attacks in made.cells().items():
        run, _, epoch = checkpoint.partition("@")
        kind = run.partition(SEED)[0]
        if {run, checkpoint, kind, f"{kind}@{epoch}"} & set(without):
            continue
        value = made.result(run, int(epoch), attacks, **more)
        for name, alter in (change or {}).items():
            if name in (f"{kind}@{epoch}", "*"):
                alter(value)
        checkpoints[checkpoint] = result_of(checkpoint, value, {})
    return Results(checkpoints, (made.spectrum(),) if spectra is None else spectra)


def finding(number: str, results_: Results, robust: claims.Robust = by_paper) -> Finding:
    return KNOWN[number].decide(results_, robust)


def accuracy(attack: str, mean: float) -> Change:
    """Of an attack by the paper's count, and of linf under confident too."""

    def alter(value: dict[str, Any]) -> None:
        images = value["config"]["settings"]["test_images"]
        for rule in RULES:
            value["attacks"][attack][rule] = made.counted(mean, images)
        if attack == "linf":
            value["attacks"][CONFIDENT][CONFIDENT] = made.confident(mean, images)

    return alter


def sure(mean: float) -> Change:
    """Under confident alone."""
    return lambda value: value["attacks"][CONFIDENT].update({CONFIDENT: made.confident(mean, made.IMAGES)})


def first(key: str, number: float) -> Change:
    return lambda value: value["specialisation"]["first"].update({key: number})


def layer(i: int, **numbers: Any) -> Change:
    return lambda value: value["specialisation"]["layers"][i].update(numbers)


def upside_down(value: dict[str, Any]) -> None:
    for name, rules in value["attacks"].items():
        for rule, counted in rules.items():
            make = made.confident if rule == CONFIDENT else made.counted
            value["attacks"][name] = {**value["attacks"][name], rule: make(100 - counted["mean"], made.IMAGES)}


REFUTED: dict[str, list[dict[str, Change]]] = {
    "1": [{"at@50": accuracy("linf", 1.0)}, {"at@150": accuracy("l2", 60.0)}, {"at@300": accuracy("transfer", 60.0)}],
    "2": [
        {"at@300": accuracy("linf", 1.0)},
        {"st-logit@200": accuracy("linf", 20.0)},
        {"st-label@300": accuracy("linf", 60.0)},
    ],
    "3": [{"st-logit@300": first("pearson_in", -0.4)}],
    "5": [{"at@300": layer(2, mbnc=0.1)}, {"at@300": first("eps_out_mean", 5.0)}],
    "5, five layers": [{"at-5@300": layer(4, mbnc=0.1)}],
    "6": [
        {"at-in-plane@150": first("eps_in_mean", 5.0)},
        {"at-out-plane@150": accuracy("linf", 99.0)},
        {"at@150": accuracy("in-plane", 99.0)},
    ],
    "7": [
        {"st-label@300": first("eps_in_mean", 0.5)},
        {"st-label@300": first("eps_out_mean", 5.0)},
        {"st-logit@300": first("eps_in_mean", 5.0)},
    ],
    "8": [{"st-logit-gaussian@300": first("eps_out_mean", 5.0)}, {"at-augmented@300": layer(0, mbnc=0.0)}],
    "9": [{"ccat-5@150": accuracy("linf", 99.0)}, {"ccat-20@150": layer(0, mbnc=1.0)}, {"at@150": accuracy("linf", 5.0)}],
    "10": [
        {"st-logit@300": layer(1, specialised_count=[9, 0, 0, 0, 0, 0, 0, 0])},
        {
            "*": lambda value: [
                part.update(specialised_count=[3, 0, 1, 2, 3, 0, 1, 2]) for part in value["specialisation"]["layers"]
            ]
        },
    ],
    "11": [{"rft@300": accuracy("linf", 1.0)}, {"rft@300": accuracy("linf", 99.0)}],
    "12": [{"*": upside_down}],
}
LACKING = {
    "1": "at@50",
    "2": "st-label@50",
    "3": "st-logit@300",
    "5": "st-logit@300",
    "5, five layers": "st-logit-5",
    "6": "at-in-plane",
    "7": "st-label@50",
    "8": "at-augmented",
    "9": "ccat-20",
    "10": "st-logit-seed-2",
    "11": "rft",
}


@pytest.mark.parametrize("number", KNOWN)
def test_every_claim_holds_on_results_that_follow_the_paper(number):
    assert finding(number, results()).verdict == YES
    assert not KNOWN[number].attacked or finding(number, results(), by_confidence).verdict == YES


@pytest.mark.parametrize(("number", "change"), [(n, change) for n, changes in REFUTED.items() for change in changes])
def test_one_comparison_that_fails_makes_a_claim_false(number, change):
    assert finding(number, results(change)).verdict == NO


@pytest.mark.parametrize(("number", "run"), LACKING.items())
def test_a_claim_that_lacks_a_run_is_undecided_and_says_why(number, run):
    answer = finding(number, results(without=(run,)))
    assert answer.verdict == UNDECIDED
    assert any("not run" in question.words or "needed" in question.words for question in answer.questions)


@pytest.mark.parametrize("number", KNOWN)
def test_without_any_result_no_claim_is_answered(number):
    for robust in (by_paper, by_confidence):
        assert finding(number, Results({}), robust).verdict == UNDECIDED


@pytest.mark.parametrize("number", sorted(set(KNOWN) - {"3", "4", "10", "12"}))
def test_one_seed_of_everything_decides_nothing(number):
    seeds = tuple(f"{kind}{SEED}{seed}" for kind in made.SEVERAL for seed in (1, 2))
    answer = finding(number, results(without=seeds))
    assert answer.verdict == UNDECIDED and "one seed of each" in answer.questions[0].words


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_bound_on_two_seeds_counts_is_printed_as_a_correlation_whether_seeds_are_there_or_not(seeds):
    missing = tuple(f"st-logit{SEED}{seed}" for seed in (1, 2)) if seeds == 1 else ()
    last = finding("10", results(without=missing)).questions[-1]
    assert isinstance(last.estimate, str) == (seeds == 1) and last.asked == f"below {claims.LIMITS.same_nodes:g}"


def test_a_claim_that_fails_somewhere_is_false_though_runs_are_missing():
    assert finding("9", results(REFUTED["9"][0], without=("ccat-20",))).verdict == UNDECIDED  # its neighbour is what is missing
    assert finding("5", results(REFUTED["5"][1], without=("st-label",))).verdict == NO


@pytest.mark.parametrize(
    ("spectra", "verdict"),
    [
        ((), UNDECIDED),
        ((made.spectrum(share=0.98),), NO),
        ((made.spectrum(), made.spectrum("jpeg", 50000, 0.9)), NO),
        ((made.spectrum(), made.spectrum("jpeg", 50000, 0.999)), YES),
    ],
)
def test_every_measured_spectrum_must_carry_its_share(spectra, verdict):
    assert finding("4", results(spectra=spectra)).verdict == verdict


def test_few_images_leave_a_small_difference_open():
    answer = finding("11", results(test_images=100))
    assert answer.verdict == UNDECIDED and all(question.numbers for question in answer.questions)


def test_too_few_specialised_nodes_are_not_called_uniform():
    change = {"st-logit@300": layer(3, specialised_count=[1, 0, 0, 1, 0, 0, 0, 1])}
    answer = finding("10", results(change))
    assert answer.verdict == UNDECIDED and "too few" in answer.questions[3].words


def test_five_kinds_are_too_few_for_a_correlation():
    few = tuple(run for run in made.BASE if run not in ("at", "st-logit", "st-label", "rft", "ccat-5"))
    assert finding("12", results(without=few)).verdict == UNDECIDED
    assert finding("12", results(without=few[1:])).verdict == YES


def test_what_clean_agreement_explains_is_said_with_the_verdict():
    def only_clean(value: dict[str, Any]) -> None:
        run = value["run"].partition(SEED)[0]
        shake = 0.03 * ((sum(map(ord, run)) % 11) / 11 - 0.5)
        value["clean"]["agreement"] = made.level(run, value["paper_epoch"]) + shake
        accuracy("linf", 100 * value["clean"]["agreement"])(value)

    (told,) = (each for each in claims.answers(results({"*": only_clean})) if each.claim.number == "12")
    assert (
        told.paper.verdict == YES and told.confident.verdict == YES and "no more than clean agreement explains" in told.remark
    )
    (told,) = (each for each in claims.answers(results()) if each.claim.number == "12")
    assert told.remark == ""


@pytest.mark.parametrize("number", ATTACKED)
def test_a_yes_of_the_paper_alone_rests_on_the_weak_attack(number):
    known = results({"*": sure(40.0)})
    (told,) = (each for each in claims.answers(known) if each.claim.number == number)
    assert told.paper.verdict == YES and told.confident.verdict in (NO, UNDECIDED)
    assert told.weak and told.remark.startswith("rests on the weak attack")


def test_where_no_attack_enters_there_is_one_answer():
    judged = {each.claim.number: each for each in claims.answers(results())}
    assert [number for number, each in judged.items() if each.confident is None] == [
        "3",
        "4",
        "5",
        "5, five layers",
        "7",
        "8",
        "10",
    ]
    assert not any(each.weak for each in judged.values())


def test_five_layers_are_nowhere_among_four():
    changed = results({"at-5@300": first("eps_in_mean", 99.0), "st-logit-5@300": first("eps_in_mean", 99.0)})
    for number in set(KNOWN) - {"5, five layers"}:
        before, after = (finding(number, known) for known in (results(), changed))
        assert [q.words for q in before.questions] == [q.words for q in after.questions]


def test_the_same_rules_judge_the_printed_numbers():
    said = {claim.number: claim.of_the_print and claim.of_the_print.verdict for claim in claims.CLAIMS}
    assert {number: verdict for number, verdict in said.items() if verdict} == {"1": NO, "2": YES, "11": YES}
    printed = KNOWN["1"].of_the_print
    failing = [question.what for question, answer in zip(printed.questions, printed.answers, strict=True) if answer == NO]
    assert failing == ["cw: AT 50 less ST logit 300"]  # 78.89 against 86.19


def test_counts_are_uniform_as_poisson_by_hand():
    ratio = claims.dispersion([[1, 3], [2, 0]])  # squares over means: 1 + 2, two degrees of freedom
    assert np.exp(ratio.value) == pytest.approx((1 + 2) / 2) and ratio.error == 1.0
