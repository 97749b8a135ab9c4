"""Entry: one conclusion with its proof in steps; the row that `python -m proofs` prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

GENERAL, SAMPLES, WORDS = "in general", "on samples", "in words"  # how a step is checked


class Unavailable(Exception):  # noqa: N818  what the check is, as a row says it
    """A check cannot be run here: what is missing, and what to do. Neither a pass nor a failure."""


@dataclass(frozen=True)
class Step:
    """One step of a proof: its text, and a check that raises AssertionError if the step is wrong.

    samples  which of the cases that the text speaks of are tried, where the check does not decide all of them
    words    the check decides a part of the text only: the rest is an argument that is read, not run
    A step counts as its weakest part; one without a check is words.
    """

    text: str
    check: Callable[[], None] | None = None
    samples: str = ""
    words: bool = False

    @property
    def kind(self) -> str:
        """GENERAL, SAMPLES or WORDS."""
        return WORDS if self.check is None or self.words else SAMPLES if self.samples else GENERAL


@dataclass(frozen=True)
class Entry:
    """A statement, what is certified and what is not, and the steps.

    name        unique, as in `python -m proofs show NAME`
    label       the label in the paper or in the theory notes ("Theorem 1", "Theorem A")
    kind        "proof", "counterexample" or "record"
    statement   the statement proved (for a counterexample: the one refuted, and the conclusion)
    certifies   what the checks establish
    does_not    what they leave to the reader, or do not claim
    steps       the proof
    instance    for counterexamples to Theorems and the Corollary: the instance as JSON-able data
    expects     ... and the row of `twolayer check` that fails: statement, indices, reason
    coq         for theorems of proofs/formal: the full Coq name; a pass says that it uses no axioms
    verbatim    ... and its statement with the definitions it stands on, as Coq prints them
    """

    name: str
    label: str
    kind: str
    statement: str
    certifies: str
    does_not: str
    steps: tuple[Step, ...]
    instance: Callable[[], dict[str, Any]] | None = None
    expects: Mapping[str, Any] | None = None
    coq: str = ""
    verbatim: str = ""

    def __post_init__(self):
        if self.kind not in ("proof", "counterexample", "record"):
            raise ValueError(f'kind needs to be "proof", "counterexample" or "record"; got {self.kind!r}')

    @property
    def counts(self) -> dict[str, int]:
        """How many steps are checked in general, on samples, in words."""
        return {kind: sum(step.kind == kind for step in self.steps) for kind in (GENERAL, SAMPLES, WORDS)}

    @property
    def is_checked(self) -> bool:
        """Whether any step is checked: what is words alone is no proof that was run."""
        return any(step.kind != WORDS for step in self.steps)

    def check(self) -> None:
        """Run every checked step; AssertionError names the first that fails. Raises Unavailable if one cannot be run."""
        for number, step in enumerate(self.steps, 1):
            if step.check is not None:
                try:
                    step.check()
                except AssertionError as error:
                    raise AssertionError(f"step {number} of {self.name}: {step.text} {error}") from error
