"""Three answers, yes, no and undecided, from comparisons that each have an interval.

A comparison asks whether a number lies between two bounds. It holds where its 95 % interval does: for a single bound that is
a one-sided test at 2.5 %; for two, "about equal", two of them (TOST). A claim of several comparisons is

    yes         if every one holds: the error of all at once is no larger than that of one (intersection-union)
    no          if one is significantly outside, corrected for how many there are (Holm)
    undecided   otherwise, also where a comparison lacks its runs or says too little
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .estimates import LEVEL, Estimate

YES, NO, UNDECIDED = "yes", "no", "undecided"
ALPHA = (1 - LEVEL) / 2


@dataclass(frozen=True)
class Question:
    """Does the number lie in (low, high)?   estimate: or in words why there is none;  shown: how it is printed"""

    what: str
    estimate: Estimate | str
    low: float = -math.inf
    high: float = math.inf
    digits: int = 3
    shown: Callable[[float], float] = float

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

    @property
    def first_number(self) -> str:
        """The first comparison that has one, with its number."""
        return next((question for question in self.questions if question.numbers), self.questions[0]).told


def decided(questions: Sequence[Question], beside: Sequence[Question] = ()) -> Finding:
    """The conjunction of the questions."""
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
