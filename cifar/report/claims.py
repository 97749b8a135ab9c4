"""The paper's twelve claims, each judged by a stated rule (verdicts.py), under the paper's attack and under `confident`.

Thresholds that the paper does not print are named here, with their reasons.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from statistics import mean
from typing import Any

import numpy as np

from ..experiments.grid import EPOCHS
from ..measures.robustness import CONFIDENT
from .estimates import EPS_IN, EPS_OUT, MBNC, PEARSON, Estimate, Reading, accuracy, by_kind, contrast, correlation, layer_mbnc
from .results import Results
from .tables import as_printed
from .verdicts import ALPHA, YES, Finding, Question, decided

NEAR, EQUAL = 3.0, 5.0  # points: as far as Table 1's l1, l2, FGSM rows fall behind at 50 epochs; as its transfer row spreads
FALL = 3.0  # points that a later checkpoint may lose; the paper's CW row loses 1.9 from 200 to 300 epochs
HARDLY = 0.5  # a rise below this part of another is hardly one; the paper's own parts are 0.17
STRONG = -0.5  # Pearson scores from here down are strong, by the usual convention
CARRIED = 0.99  # of the variance; evenly spread patches would have 17/27 = 0.63
LOWERED = 0.05  # of the value at 50 epochs; less is not a change
DISPERSION = 2.0  # variance over mean of counts; students thrown at teacher nodes blindly have 1
FEWEST_A_NODE = 0.5  # specialised students a teacher node, on average: of fewer, any arrangement looks uniform
SAME_NODES = 0.5  # correlation of two seeds' counts above which the same nodes are easy for both
Robust = Callable[[str], Reading]  # an attack's name -> how it is read


@dataclass(frozen=True)
class Claim:
    """statement: the paper's, in this project's words;  rule: when the answer is yes;  attacked: whether an attack enters.

    decide: data in, verdict out;  tables: printed ones from which the same rule can judge the paper's own numbers.
    """

    number: str
    statement: str
    rule: str
    decide: Callable[[Results, Robust], Finding]
    attacked: bool = False
    tables: tuple[str, ...] = ()

    @property
    def of_the_print(self) -> Finding | None:
        """What the rule says of the paper's printed numbers, taken as exact; None where they do not decide it."""
        return self.decide(as_printed(self.tables), by_paper) if self.tables else None


CLAIMS: list[Claim] = []


def claim(number: str, statement: str, rule: str, *, attacked: bool = False, tables: tuple[str, ...] = ()):
    """The function below decides this claim."""

    def stated(decide: Callable[[Results, Robust], Finding]) -> Callable[[Results, Robust], Finding]:
        CLAIMS.append(Claim(number, statement, rule, decide, attacked, tables))
        return decide

    return stated


@dataclass(frozen=True)
class Answer:
    """A claim with its findings.   confident: None where no attack enters"""

    claim: Claim
    paper: Finding
    confident: Finding | None

    @property
    def weak(self) -> bool:
        """Whether a yes rests on the weak attack alone."""
        return self.confident is not None and self.paper.verdict == YES and self.confident.verdict != YES

    @property
    def remark(self) -> str:
        """What a reader of the verdict must know with it."""
        notes = ["rests on the weak attack"] if self.weak else []
        finding = self.paper if self.confident is None else self.confident
        given = [question for question in finding.beside if "given clean agreement" in question.what and question.numbers]
        if finding.verdict == YES and any(question.inside > ALPHA for question in given):
            notes.append("no more than clean agreement explains")
        return "; ".join(notes)

    @property
    def record(self) -> dict[str, Any]:
        """For JSON, with what the rule says of the paper's own numbers."""
        printed = self.claim.of_the_print
        return {
            "claim": self.claim.number,
            "statement": self.claim.statement,
            "rule": self.claim.rule,
            "remark": self.remark,
            "of the print": printed and printed.verdict,
            "paper": self.paper.record,
            CONFIDENT: self.confident and self.confident.record,
        }


def by_paper(attack: str) -> Reading:
    """The paper's count: the last iterate, against the teacher's answer there."""
    return accuracy(attack, "last")


def by_confidence(attack: str) -> Reading:
    """Whatever the attack: parted, with a teacher sure by tau or more, under `confident`."""
    return accuracy(CONFIDENT, CONFIDENT)


def ahead(results: Results, reading: Reading, high: str, low: str, by: float = 0.0) -> Question:
    """A reading of one checkpoint is above another's, or not more than -by below."""
    points = reading.images is not None
    what = f"{reading.name}: {results.label(high)} less {results.label(low)}"
    return Question(what, contrast(results, (1, high, reading), (-1, low, reading)), low=by, digits=2 if points else 3)


def nearer(results: Results, good: str, bad: str) -> list[Question]:
    """Lower eps_in and eps_out of one checkpoint than of another."""
    return [ahead(results, reading, bad, good) for reading in (EPS_IN, EPS_OUT)]


@claim(
    "1",
    "AT beats ST 300 under every attack from 50 epochs on (l1, l2, FGSM near; transfer about equal).",
    f"At each of the paper's {', '.join(map(str, EPOCHS))} epochs AT is ahead under linf PGD and CW, not more than "
    f"{NEAR:g} points behind under l2, l1, FGSM, within {EQUAL:g} points under transfer. Under confident: ahead at each.",
    attacked=True,
    tables=("table-1",),
)
def adversarial_beats_standard(results: Results, robust: Robust) -> Finding:
    questions, st = [], "st-logit@300"
    for epoch in EPOCHS:
        at = f"at@{epoch}"
        if robust is by_confidence:
            questions.append(ahead(results, robust("linf"), at, st))
            continue
        questions += [ahead(results, robust(attack), at, st) for attack in ("linf", "cw")]
        questions += [ahead(results, robust(attack), at, st, by=-NEAR) for attack in ("l2", "l1", "fgsm")]
        equal = ahead(results, robust("transfer"), at, st)
        questions.append(Question(equal.what, equal.estimate, -EQUAL, EQUAL, digits=2))
    return decided(questions)


@claim(
    "2",
    "Robust accuracy rises with epochs for AT and ST logit, hardly for ST label.",
    f"AT and ST logit rise from 50 to 300 epochs and lose less than {FALL:g} points between neighbours; ST label rises by "
    f"less than {HARDLY:g} of ST logit's rise.",
    attacked=True,
    tables=("table-1", "table-3"),
)
def robustness_rises(results: Results, robust: Robust) -> Finding:
    reading, (first, last) = robust("linf"), (EPOCHS[0], EPOCHS[-1])
    questions = []
    for run in ("at", "st-logit"):
        questions.append(ahead(results, reading, f"{run}@{last}", f"{run}@{first}"))
        questions += [ahead(results, reading, f"{run}@{b}", f"{run}@{a}", by=-FALL) for a, b in pairwise(EPOCHS)]
    terms = [
        (sign * part, f"{run}@{epoch}", reading)
        for run, part in (("st-logit", HARDLY), ("st-label", -1.0))
        for epoch, sign in ((last, 1), (first, -1))
    ]
    what = f"{reading.name}: {HARDLY:g} of ST logit's rise less ST label's rise"
    questions.append(Question(what, contrast(results, *terms), low=0.0, digits=2))
    return decided(questions)


@claim(
    "3",
    "eps_in and NC are strongly negatively correlated over all pairs of nodes.",
    f"Pearson score of ST logit 300 below {STRONG:g}.",
)
def distance_predicts_correlation(results: Results, _: Robust) -> Finding:
    where = "st-logit@300"
    asked = Question(f"{PEARSON.name}, {results.label(where)}", contrast(results, (1, where, PEARSON)), high=STRONG)
    scores = sorted(student.first("pearson_in") for student in results.students)
    ends = [
        Question(f"{words} of all {len(scores)} trained checkpoints", Estimate(score))
        for words, score in zip(("lowest", "highest"), (scores[:1] + scores[-1:]), strict=False)
    ]
    return decided([asked], ends)


@claim(
    "4",
    "The spectrum of patches decays fast: 17 of 27 directions carry the data.",
    f"17 directions carry more than {CARRIED:g} of the variance, on every set of images measured.",
)
def patches_are_low_rank(results: Results, _: Robust) -> Finding:
    questions = []
    for s in results.spectra:
        what = f"share of the variance in {s['rank']} directions, {s['images']:,} images ({s['source']})"
        questions.append(Question(what, Estimate(s["share"]), low=CARRIED, digits=4))
    return decided(questions or [Question("patch spectrum", "not measured")])


def specialises(results: Results, at: str, st: str, depth: int) -> Finding:
    """Higher BNC in every layer, and lower eps."""
    return decided([*(ahead(results, layer_mbnc(i, depth), at, st) for i in range(depth)), *nearer(results, at, st)])


@claim(
    "5",
    "AT has higher BNC in every layer and lower eps_in, eps_out than ST.",
    "At 300 epochs, four layers: MBNC higher in each layer, means of both eps curves lower.",
)
def adversarial_specialises(results: Results, _: Robust) -> Finding:
    return specialises(results, "at@300", "st-logit@300", 4)


@claim(
    "5, five layers",
    "The same with five layers.",
    "At 300 epochs, five layers: MBNC higher in each layer, means of both eps curves lower.",
)
def adversarial_specialises_in_five_layers(results: Results, _: Robust) -> Finding:
    return specialises(results, "at-5@300", "st-logit-5@300", 5)


@claim(
    "6",
    "In-plane AT specialises better than out-plane AT in both directions; the in-plane attack is the most severe.",
    "Means of both eps curves lower; more robust under all three attacks; each of the three models weaker under the "
    "in-plane attack than under the out-plane one. Under confident: both eps lower, and more robust.",
    attacked=True,
)
def in_plane_specialises(results: Results, robust: Robust) -> Finding:
    inside, outside, standard = "at-in-plane@150", "at-out-plane@150", "at@150"
    questions = nearer(results, inside, outside)
    if robust is by_confidence:
        return decided([*questions, ahead(results, robust("linf"), inside, outside)], nearer(results, inside, standard))
    questions += [ahead(results, robust(attack), inside, outside) for attack in ("linf", "in-plane", "out-plane")]
    for model in (inside, outside, standard):
        weaker = contrast(results, (1, model, robust("out-plane")), (-1, model, robust("in-plane")))
        questions.append(Question(f"{results.label(model)}: under out-plane less under in-plane", weaker, low=0.0, digits=2))
    return decided(questions, nearer(results, inside, standard))


@claim(
    "7",
    "ST label lowers eps_out but not eps_in; ST logit lowers both.",
    f"From 50 to 300 epochs the mean of the curve falls by more than {100 * LOWERED:g} per cent, or by less.",
)
def labels_leave_the_plane(results: Results, _: Robust) -> Finding:
    questions = []
    for run, reading, lowers in (
        ("st-logit", EPS_IN, 1),
        ("st-logit", EPS_OUT, 1),
        ("st-label", EPS_OUT, 1),
        ("st-label", EPS_IN, -1),
    ):
        first, last = (f"{run}@{epoch}" for epoch in (EPOCHS[0], EPOCHS[-1]))
        fall = contrast(results, (lowers * (1 - LOWERED), first, reading), (-lowers, last, reading))
        sides = [f"{1 - LOWERED:g} of {results.label(first)}", results.label(last)][::lowers]
        questions.append(Question(f"{reading.name}: {' less '.join(sides)}", fall, low=0.0))
    return decided(questions)


@claim(
    "8",
    "Gaussian augmentation improves specialisation; ordinary augmentation does too.",
    "At 300 epochs: with Gaussian noise both eps means lower and MBNC higher than ST logit; with ordinary "
    "augmentation MBNC (mean over layers) higher, for ST and AT.",
)
def noise_specialises(results: Results, _: Robust) -> Finding:
    plain, noisy = "st-logit@300", "st-logit-gaussian@300"
    pairs = ((noisy, plain), ("st-logit-augmented@300", plain), ("at-augmented@300", "at@300"))
    return decided([*nearer(results, noisy, plain), *(ahead(results, MBNC, high, low) for high, low in pairs)])


@claim(
    "9",
    "CCAT: robust accuracy and specialisation order alike, rho 10 > 20 > 5, all below AT.",
    "At 150 epochs, in robust accuracy and in MBNC (mean over layers).",
    attacked=True,
)
def calibrated_order(results: Results, robust: Robust) -> Finding:
    chain = ("ccat-5@150", "ccat-20@150", "ccat-10@150", "at@150")
    return decided([ahead(results, reading, high, low) for reading in (robust("linf"), MBNC) for low, high in pairwise(chain)])


@claim(
    "10",
    "Teacher nodes are specialised about uniformly, whatever the student's seed.",
    f"ST logit 300, three seeds: in every layer the counts over teacher nodes have a variance below {DISPERSION:g} times "
    f"their mean, and two seeds' counts correlate below {SAME_NODES:g}.",
)
def uniformly_specialised(results: Results, _: Robust) -> Finding:
    seeds = sorted(results.seeds("st-logit@300"), key=lambda result: result.run)
    layers = [[result.layers[i]["specialised_count"] for result in seeds] for i in range(4)]
    absent = results.absent("st-logit@300")
    questions = [
        _dispersion(f"layer {i + 1}: variance over mean of the counts, {len(seeds)} seeds", counts, absent)
        for i, counts in enumerate(layers)
    ]
    return decided([*questions, _alike("correlation of two seeds' counts over teacher nodes", layers)])


def _dispersion(what: str, counts: Sequence[Sequence[int]], absent: str) -> Question:
    """The ratio's logarithm, over seeds; its error is that of a variance."""
    told: Estimate | str = absent
    average, freedom = [mean(each) for each in counts], sum(len(each) - 1 for each in counts)
    if counts and min(average) < FEWEST_A_NODE:
        told = f"{min(average):.2f} specialised students a node are too few to say"
    elif counts:
        squares = sum(sum((x - a) ** 2 for x in each) / a for each, a in zip(counts, average, strict=True))
        told = Estimate(math.log(max(squares, 1e-9) / freedom), math.sqrt(2 / freedom))
    return Question(what, told, high=math.log(DISPERSION), digits=2, shown=math.exp)


def _alike(what: str, layers: Sequence[Sequence[Sequence[int]]]) -> Question:
    """The mean of Fisher's transforms over pairs of seeds and layers; its error is that of one pair a layer."""
    if not layers or len(layers[0]) < 3:
        return Question(what, "three seeds are needed", high=math.atanh(SAME_NODES))
    pairs = [(a, b) for counts in layers for a, b in combinations(counts, 2)]
    if any(np.ptp(each) == 0 for pair in pairs for each in pair):
        return Question(what, "a layer's counts are all the same", high=math.atanh(SAME_NODES))
    scores = [math.atanh(np.clip(np.corrcoef(a, b)[0, 1], -0.999, 0.999)) for a, b in pairs]
    error = 1 / math.sqrt(sum(len(counts[0]) - 3 for counts in layers))
    return Question(what, Estimate(mean(scores), error), high=math.atanh(SAME_NODES), digits=2, shown=math.tanh)


@claim(
    "11", "RFT 150 beats ST 150 and stays below ST 300.", "Robust accuracy under linf PGD.", attacked=True, tables=("table-5",)
)
def robust_features_help(results: Results, robust: Robust) -> Finding:
    reading = robust("linf")
    return decided([ahead(results, reading, "rft@300", "st-logit@150"), ahead(results, reading, "st-logit@300", "rft@300")])


@claim(
    "12",
    "Over all trained students, specialisation and robust accuracy correlate positively.",
    "Over kinds of training with four layers, the last checkpoint of each, mean over its seeds: Pearson correlation of "
    "robust accuracy with MBNC above 0 and with eps_in below 0. Beside it the partial correlation given clean agreement.",
    attacked=True,
)
def specialisation_is_robustness(results: Results, robust: Robust) -> Finding:
    agreement = Reading("clean agreement", lambda result: 100 * result.clean.get("agreement", math.nan))
    kinds, points = by_kind(results, MBNC, EPS_IN, robust("linf"), agreement)
    mbnc, eps, accuracies, clean = points.T
    questions, beside = [], []
    for name, x, bounds in (("MBNC", mbnc, {"low": 0.0}), ("eps_in", eps, {"high": 0.0})):
        what = f"correlation of {name} and {robust('linf').name} over {len(kinds)} kinds of training"
        questions.append(Question(what, correlation(x, accuracies), digits=2, shown=math.tanh, **bounds))
        given = f"the same of {name}, given clean agreement"
        beside.append(Question(given, correlation(x, accuracies, clean), digits=2, shown=math.tanh, **bounds))
    beside.append(Question("clean agreement alone", correlation(clean, accuracies), low=0.0, digits=2, shown=math.tanh))
    return decided(questions, beside)


def answers(results: Results) -> list[Answer]:
    """Every claim, under both rules."""
    return [
        Answer(claim, claim.decide(results, by_paper), claim.decide(results, by_confidence) if claim.attacked else None)
        for claim in CLAIMS
    ]
