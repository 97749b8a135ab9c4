"""A row of what is proved in Coq: it passes if the file compiles, statement and definitions are what was read, and Print
Assumptions names nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from ..entry import Entry, Step
from .audit import Audit, audit, is_compiled, read, says_what_was_read, stands_on, uses_no_axiom
from .build import LIBRARY

CERTIFIES = (
    "The statement below, for every real closed field (so the reals), by Coq's kernel from Coq's and MathComp's libraries"
    " alone, without axioms. The definitions it stands on are printed with it."
)


def formal(name: str, label: str, theorem: str, statement: str, does_not: str, kind: str = "proof") -> Entry:
    """`theorem` is file.name, as in proofs/formal/file.v."""
    coq, texts = f"{LIBRARY}.{theorem}", read()

    def asked(question: Callable[[Audit], None]) -> Callable[[], None]:
        return lambda: question(audit())

    steps = (
        Step(
            "The file and all it imports compile: the kernel accepts every proof.", asked(lambda told: is_compiled(coq, told))
        ),
        Step(
            "Coq's Check and Print show the statement and the definitions of statements.txt.",
            asked(lambda told: says_what_was_read(coq, told, texts)),
        ),
        Step("Coq's Print Assumptions names no axiom and no unsafe flag.", asked(lambda told: uses_no_axiom(coq, told))),
    )
    shown = [coq, *stands_on(coq, texts)] if coq in texts else []
    verbatim = "\n\n".join(f"{one}\n{texts[one]}" for one in shown)
    return Entry(f"formal-{name}", label, kind, statement, CERTIFIES, does_not, steps, coq=coq, verbatim=verbatim)
