"""The paper's twelve claims (claims.toml), each decided by a function of its own from comparisons that each have an interval,
under the paper's attack and under `confident`.

A comparison asks whether a number lies between two bounds. It holds where its 95 % interval does: for a single bound that is
a one-sided test at 2.5 %; for two, "about equal", two of them (TOST). A claim of several comparisons is

    yes         if every one holds: the error of all at once is no larger than that of one (intersection-union)
    no          if one is significantly outside, corrected for how many there are (Holm)
    undecided   otherwise, also where a comparison lacks its runs or says too little
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path
from statistics import mean
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..experiments.grid import EPOCHS
from ..measures.robustness import CONFIDENT
from .estimates import LEVEL, Estimate, by_kind, contrast, correlation
from .results import EPS_IN, EPS_OUT, MBNC, PEARSON, Reading, Results, accuracy, layer_mbnc
from .tables import as_printed

YES, NO, UNDECIDED = "yes", "no", "undecided"
ALPHA = (1 - LEVEL) / 2
WRITTEN = tomllib.loads(Path(__file__).with_name("claims.toml").read_text(encoding="utf-8"))
LIMITS = SimpleNamespace(**WRITTEN["thresholds"])
Robust = Callable[[str], Reading]  # an attack's name -> how it is read


@dataclass(frozen=True)
class Question:
    """Does the number lie in (low, high)?   estimate: or in words why there is none;  shown: how it is printed;
    decides: or is a number beside the claim."""

    what: str
    estimate: Estimate | str
    low: float = -math.inf
    high: float = math.inf
    digits: int = 3
    shown: Callable[[float], float] = float
    decides: bool = True

    @property
    def inside(self) -> float:
        """The p-value of "not inside"."""
        if isinstance(self.estimate, str):
            return 1.0
        return max(self.estimate.above(self.low), self.estimate.below(self.high))

    @property
    def outside(self) -> float:
        """The p-value of "inside"; two ways to be outside cost a factor of 2."""
        if isinstance(self.estimate, str):
            return 1.0
        if not self.estimate.error:
            return 1.0 - self.inside
        ways = [self.estimate.below(self.low)] if math.isfinite(self.low) else []
        ways += [self.estimate.above(self.high)] if math.isfinite(self.high) else []
        return min(1.0, len(ways) * min(ways, default=1.0))

    @property
    def numbers(self) -> tuple[float, float, float] | None:
        """The number and its interval, as printed."""
        if isinstance(self.estimate, str):
            return None
        return self.shown(self.estimate.value), *(self.shown(end) for end in self.estimate.interval)  # type: ignore[return-value]

    @property
    def words(self) -> str:
        if self.numbers is None:
            return str(self.estimate)
        value, low, high = (f"{number:+.{self.digits}f}" for number in self.numbers)
        return value if low == high else f"{value} [{low}, {high}]"

    @property
    def asked(self) -> str:
        bounds = (("above", self.low), ("below", self.high))
        return " and ".join(f"{side} {self.shown(bound):g}" for side, bound in bounds if math.isfinite(bound))

    @property
    def told(self) -> str:
        """What was asked, and the number."""
        return f"{self.what}: {self.words}"

    def record(self, answer: str) -> dict[str, Any]:
        """For JSON and CSV.   answer: empty where the number decides nothing"""
        value, low, high = self.numbers or (None, None, None)
        words = {"what": self.what, "asked": self.asked, "numbers": self.words, "answer": answer}
        return {**words, "value": value, "low": low, "high": high}


@dataclass(frozen=True)
class Finding:
    """A claim's verdict with the questions that decide it, their answers, and numbers beside them that do not."""

    verdict: str
    questions: tuple[Question, ...]
    answers: tuple[str, ...]
    beside: tuple[Question, ...] = ()

    @property
    def record(self) -> dict[str, Any]:
        """For JSON."""
        asked = [question.record(answer) for question, answer in zip(self.questions, self.answers, strict=True)]
        return {"verdict": self.verdict, "questions": asked, "beside": [question.record("") for question in self.beside]}


def decided(asked: Iterable[Question]) -> Finding:
    """The conjunction of those questions that decide."""
    every = list(asked)
    questions, beside = ([each for each in every if each.decides is side] for side in (True, False))
    numbered = [i for i, question in enumerate(questions) if not isinstance(question.estimate, str)]
    answers = [YES if i in numbered and question.inside <= ALPHA else UNDECIDED for i, question in enumerate(questions)]
    for rank, i in enumerate(sorted(numbered, key=lambda i: questions[i].outside)):
        if questions[i].outside > ALPHA / (len(numbered) - rank):
            break
        answers[i] = NO
    verdict = NO if NO in answers else YES if answers and set(answers) == {YES} else UNDECIDED
    return Finding(verdict, tuple(questions), tuple(answers), tuple(beside))


def telling(finding: Finding) -> str:
    """What decides, in a line: the comparisons that fail, else the one that is nearest to its bound, and how many hold."""
    pairs = list(zip(finding.questions, finding.answers, strict=True))
    if finding.verdict == NO:
        failing = [question.told for question, answer in pairs if answer == NO]
        return f"fails: {failing[0]}" + (f" and {len(failing) - 1} more" if len(failing) > 1 else "")
    missing = [question for question in finding.questions if question.numbers is None]
    held = sum(answer == YES for _, answer in pairs)
    counts = f"{held} of {len(pairs)} hold" + (f", {len(missing)} cannot be said" if missing else "")
    open_ones = [question for question, answer in pairs if question.numbers and (answer == UNDECIDED) is (held < len(pairs))]
    if not open_ones:
        return f"{counts}; {missing[0].told}" if missing else counts
    nearest = max(open_ones, key=lambda question: question.inside).told
    return nearest if len(pairs) == 1 else f"{counts}; the nearest: {nearest}"


@dataclass(frozen=True, eq=False)
class Claim:
    """As claims.toml has it.   asked: the questions whose conjunction it is, of results under a rule of robust accuracy"""

    number: str
    asked: Callable[[Results, Robust], Iterable[Question]]
    statement: str
    written: str
    attacked: bool = False
    tables: Sequence[str] = ()

    @property
    def rule(self) -> str:
        """When the answer is yes, with the thresholds' numbers."""
        return self.written.format(epochs=", ".join(map(str, EPOCHS)), **vars(LIMITS))

    def decide(self, results: Results, robust: Robust) -> Finding:
        return decided(self.asked(results, robust))

    @property
    def of_the_print(self) -> Finding | None:
        """What the rule says of the paper's printed numbers, taken as exact; None where they do not decide it."""
        return self.decide(as_printed(self.tables), by_paper) if self.tables else None


@dataclass(frozen=True)
class Answer:
    """A claim with its findings.   confident: None where no attack enters"""

    claim: Claim
    paper: Finding
    confident: Finding | None = None

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


def ahead(
    results: Results, reading: Reading, high: str, low: str, above: float = 0.0, below: float = math.inf, **more: Any
) -> Question:
    """A reading of one checkpoint less the same of another lies between two bounds."""
    what = f"{reading.name}: {results.label(high)} less {results.label(low)}"
    difference = contrast(results, (1, high, reading), (-1, low, reading))
    return Question(what, difference, above, below, digits=3 if reading.images is None else 2, **more)


def nearer(results: Results, good: str, bad: str, **more: Any) -> list[Question]:
    """Lower eps_in and eps_out of one checkpoint than of another."""
    return [ahead(results, reading, bad, good, **more) for reading in (EPS_IN, EPS_OUT)]


def adversarial_beats_standard(results: Results, robust: Robust) -> Iterator[Question]:
    near, equal = {"above": -LIMITS.near}, {"above": -LIMITS.equal, "below": LIMITS.equal}
    allowed = {"linf": {}, "cw": {}, "l2": near, "l1": near, "fgsm": near, "transfer": equal}
    for epoch in EPOCHS:
        for attack, bounds in allowed.items() if robust is by_paper else [("linf", {})]:
            yield ahead(results, robust(attack), f"at@{epoch}", "st-logit@300", **bounds)


def robustness_rises(results: Results, robust: Robust) -> Iterator[Question]:
    reading, (first, last) = robust("linf"), (EPOCHS[0], EPOCHS[-1])
    for run in ("at", "st-logit"):
        yield ahead(results, reading, f"{run}@{last}", f"{run}@{first}")
        for a, b in pairwise(EPOCHS):
            yield ahead(results, reading, f"{run}@{b}", f"{run}@{a}", -LIMITS.fall)
    parts, ends = (("st-logit", LIMITS.hardly), ("st-label", -1.0)), ((last, 1), (first, -1))
    terms = [(sign * part, f"{run}@{epoch}", reading) for run, part in parts for epoch, sign in ends]
    what = f"{reading.name}: {LIMITS.hardly:g} of ST logit's rise less ST label's rise"
    yield Question(what, contrast(results, *terms), low=0.0, digits=2)


def distance_predicts_correlation(results: Results, _: Robust) -> Iterator[Question]:
    where = "st-logit@300"
    yield Question(f"{PEARSON.name}, {results.label(where)}", contrast(results, (1, where, PEARSON)), high=LIMITS.strong)
    scores = sorted(student.first("pearson_in") for student in results.students)
    for words, score in zip(("lowest", "highest"), scores[:1] + scores[-1:], strict=False):
        yield Question(f"{words} of all {len(scores)} trained checkpoints", Estimate(score), decides=False)


def patches_are_low_rank(results: Results, _: Robust) -> Iterator[Question]:
    if not results.spectra:
        yield Question("patch spectrum", "not measured")
    for s in results.spectra:
        what = f"share of the variance in {s['rank']} directions, {s['images']:,} images ({s['source']})"
        yield Question(what, Estimate(s["share"]), low=LIMITS.carried, digits=4)


def specialises(at: str, st: str, depth: int, results: Results, _: Robust) -> list[Question]:
    """Higher BNC in every layer, and lower eps."""
    return [*(ahead(results, layer_mbnc(i, depth), at, st) for i in range(depth)), *nearer(results, at, st)]


def in_plane_specialises(results: Results, robust: Robust) -> Iterator[Question]:
    inside, outside, standard = "at-in-plane@150", "at-out-plane@150", "at@150"
    yield from nearer(results, inside, outside)
    for attack in ("linf", "in-plane", "out-plane") if robust is by_paper else ("linf",):
        yield ahead(results, robust(attack), inside, outside)
    for model in (inside, outside, standard) if robust is by_paper else ():
        weaker = contrast(results, (1, model, robust("out-plane")), (-1, model, robust("in-plane")))
        yield Question(f"{results.label(model)}: under out-plane less under in-plane", weaker, low=0.0, digits=2)
    yield from nearer(results, inside, standard, decides=False)


def labels_leave_the_plane(results: Results, _: Robust) -> Iterator[Question]:
    rest = 1 - LIMITS.lowered / 100
    falls = (("st-logit", EPS_IN, 1), ("st-logit", EPS_OUT, 1), ("st-label", EPS_OUT, 1), ("st-label", EPS_IN, -1))
    for run, reading, lowers in falls:
        first, last = (f"{run}@{epoch}" for epoch in (EPOCHS[0], EPOCHS[-1]))
        fall = contrast(results, (lowers * rest, first, reading), (-lowers, last, reading))
        sides = [f"{rest:g} of {results.label(first)}", results.label(last)][::lowers]
        yield Question(f"{reading.name}: {' less '.join(sides)}", fall, low=0.0)


def noise_specialises(results: Results, _: Robust) -> Iterator[Question]:
    plain, noisy = "st-logit@300", "st-logit-gaussian@300"
    yield from nearer(results, noisy, plain)
    for high, low in ((noisy, plain), ("st-logit-augmented@300", plain), ("at-augmented@300", "at@300")):
        yield ahead(results, MBNC, high, low)


def calibrated_order(results: Results, robust: Robust) -> list[Question]:
    chain = ("ccat-5@150", "ccat-20@150", "ccat-10@150", "at@150")
    return [ahead(results, reading, high, low) for reading in (robust("linf"), MBNC) for low, high in pairwise(chain)]


def uniformly_specialised(results: Results, _: Robust) -> Iterator[Question]:
    seeds = sorted(results.seeds("st-logit@300"), key=lambda result: result.run)
    layers = [[result.layers[i]["specialised_count"] for result in seeds] for i in range(4)]
    high = math.log(LIMITS.dispersion)
    for i, counts in enumerate(layers):
        ratio = dispersion(counts) if counts else results.absent("st-logit@300")
        what = f"layer {i + 1}: variance over mean of the counts, {len(seeds)} seeds"
        yield Question(what, ratio, high=high, digits=2, shown=math.exp)
    what, score = "correlation of two seeds' counts over teacher nodes", likeness(layers)
    yield Question(what, score, high=math.atanh(LIMITS.same_nodes), digits=2, shown=math.tanh)


def dispersion(counts: Sequence[Sequence[int]]) -> Estimate | str:
    """The logarithm of variance over mean, over seeds; its error is that of a variance."""
    average, freedom = [mean(each) for each in counts], sum(len(each) - 1 for each in counts)
    if min(average) < LIMITS.fewest_a_node:
        return f"{min(average):.2f} specialised students a node are too few to say"
    squares = sum(sum((x - a) ** 2 for x in each) / a for each, a in zip(counts, average, strict=True))
    return Estimate(math.log(max(squares, 1e-9) / freedom), math.sqrt(2 / freedom))


def likeness(layers: Sequence[Sequence[Sequence[int]]]) -> Estimate | str:
    """The mean of Fisher's transforms over pairs of seeds and layers; its error is that of one pair a layer."""
    if len(layers[0]) < 3:
        return "three seeds are needed"
    pairs = [(a, b) for counts in layers for a, b in combinations(counts, 2)]
    if any(np.ptp(each) == 0 for pair in pairs for each in pair):
        return "a layer's counts are all the same"
    scores = [math.atanh(np.clip(np.corrcoef(a, b)[0, 1], -0.999, 0.999)) for a, b in pairs]
    return Estimate(mean(scores), 1 / math.sqrt(sum(len(counts[0]) - 3 for counts in layers)))


def robust_features_help(results: Results, robust: Robust) -> list[Question]:
    return [ahead(results, robust("linf"), *pair) for pair in (("rft@300", "st-logit@150"), ("st-logit@300", "rft@300"))]


def specialisation_is_robustness(results: Results, robust: Robust) -> Iterator[Question]:
    agreement = Reading("clean agreement", lambda result: 100 * result.clean.get("agreement", math.nan))
    kinds, points = by_kind(results, MBNC, EPS_IN, robust("linf"), agreement)
    mbnc, eps, accuracies, clean = points.T
    as_printed: dict[str, Any] = {"digits": 2, "shown": math.tanh}
    above, below = {**as_printed, "low": 0.0}, {**as_printed, "high": 0.0}
    for name, x, bounds in (("MBNC", mbnc, above), ("eps_in", eps, below)):
        what = f"correlation of {name} and {robust('linf').name} over {len(kinds)} kinds of training"
        yield Question(what, correlation(x, accuracies), **bounds)
        yield Question(f"the same of {name}, given clean agreement", correlation(x, accuracies, clean), decides=False, **bounds)
    yield Question("clean agreement alone", correlation(clean, accuracies), decides=False, **above)


ASKED: dict[str, Callable[[Results, Robust], Iterable[Question]]] = {
    "1": adversarial_beats_standard,
    "2": robustness_rises,
    "3": distance_predicts_correlation,
    "4": patches_are_low_rank,
    "5": partial(specialises, "at@300", "st-logit@300", 4),
    "5, five layers": partial(specialises, "at-5@300", "st-logit-5@300", 5),
    "6": in_plane_specialises,
    "7": labels_leave_the_plane,
    "8": noise_specialises,
    "9": calibrated_order,
    "10": uniformly_specialised,
    "11": robust_features_help,
    "12": specialisation_is_robustness,
}
CLAIMS = tuple(Claim(number, asked, **WRITTEN["claims"][number]) for number, asked in ASKED.items())


def answers(results: Results) -> list[Answer]:
    """Every claim, under both rules."""
    judges = (by_paper, by_confidence)
    return [Answer(each, *(each.decide(results, judge) for judge in judges[: 1 + each.attacked])) for each in CLAIMS]
