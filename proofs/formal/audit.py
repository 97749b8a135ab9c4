"""What Coq says of the compiled files: every theorem's statement, the definitions it stands on, the axioms it uses.

statements.txt holds the statements and definitions as Coq printed them when a person last read them;
`python -m proofs.formal --write` writes it anew.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .build import BUILD, LIBRARY, SOURCES, compiled, coq

STATEMENTS = SOURCES / "statements.txt"
NO_AXIOMS = "Closed under the global context"  # Print Assumptions, of a theorem without axioms and without unsafe flags
EVERY = "every_theorem"  # all theorems as one, for a question about all
PROGRESS = "Fetching opaque proofs from disk for "  # what Print Assumptions says while it reads
THEOREM = re.compile(r"^Theorem ([\w']+)", re.M)
DEFINITION = re.compile(r"^(?:Definition|Fixpoint|Record) ([\w']+)", re.M)
OPENING = "Set Printing Width 110. Unset Printing Implicit Defensive. From mathcomp Require Import all_ssreflect all_algebra."


@dataclass(frozen=True)
class Audit:
    """theorems, definitions: full Coq name -> text; assumptions: theorem -> Print Assumptions; broken: file -> why it
    does not compile, "" if it does."""

    theorems: Mapping[str, str]
    definitions: Mapping[str, str]
    assumptions: Mapping[str, str]
    broken: Mapping[str, str]

    def page(self) -> str:
        """The text of statements.txt."""
        blocks = [f"{name}\n{text}" for name, text in [*self.theorems.items(), *self.definitions.items()]]
        return "\n\n".join(blocks) + "\n"


def names(sources: Path, kind: re.Pattern[str], files: list[str]) -> list[str]:
    """Full Coq names of the theorems or definitions of these files."""
    return [
        f"{LIBRARY}.{file}.{name}"
        for file in files
        for name in kind.findall((sources / f"{file}.v").read_text(encoding="utf-8"))
    ]


def audited(sources: Path = SOURCES, build: Path = BUILD, files: Sequence[str] = ()) -> Audit:
    """Compile, and ask Coq about all theorems, or those of the files named. A name that Coq does not know has no text.

    Raises Unavailable if there is no Coq.
    """
    broken = compiled(sources, build)
    sound = [file for file, why in broken.items() if not why]
    theorems = names(sources, THEOREM, [file for file in sound if file in files or not files])
    definitions = names(sources, DEFINITION, sound)
    opening = [OPENING, *(f"From {LIBRARY} Require Import {file}." for file in sound), "Local Open Scope ring_scope."]
    questions = [f'Redirect "{name}" Check @{name}.' for name in theorems]
    questions += [f'Redirect "{name}" Print {name}.' for name in definitions]
    # One question for all takes a second, one for each as many as there are: each is asked only if the first names something.
    together = f"Definition {EVERY} := ({', '.join(f'@{name}' for name in theorems)}, I)."
    told = asked(build, [*opening, *questions, together, f'Redirect "{EVERY}" Print Assumptions {EVERY}.'])
    if told.get(EVERY) == NO_AXIOMS:
        assumptions = dict.fromkeys(theorems, NO_AXIOMS)
    else:
        assumptions = asked(build, [*opening, *(f'Redirect "{name}" Print Assumptions {name}.' for name in theorems)])
    return Audit(
        {name: _statement(told.get(name, "")) for name in theorems},
        {name: _definition(told.get(name, "")) for name in definitions},
        assumptions,
        broken,
    )


def asked(build: Path, questions: list[str]) -> dict[str, str]:
    """What Coq writes to each file that the questions redirect to; a question that it refuses writes none."""
    with tempfile.TemporaryDirectory() as place:
        coq("coqtop", "-Q", str(build.resolve()), LIBRARY, place=Path(place), text="\n".join(questions))
        written = {path.stem: path.read_text(encoding="utf-8").splitlines() for path in Path(place).glob("*.out")}
    told = {name: [line for line in lines if not line.startswith(PROGRESS)] for name, lines in written.items()}
    return {name: "\n".join(lines).strip() for name, lines in told.items()}


def _statement(text: str) -> str:
    """`@name : forall ..` without the name, which is the block's first line."""
    return re.sub(r"^\S+\s+:", "     :", text)


def _definition(text: str) -> str:
    """`name = fun .. : type` without the notes on arguments."""
    return "".join(f"  {line}\n" for line in text.partition("\n\nArguments ")[0].splitlines()).rstrip()


@cache
def audit() -> Audit:
    """The audit of this folder's files, made once a process."""
    return audited()


@cache
def read() -> dict[str, str]:
    """statements.txt: full Coq name -> text."""
    blocks = STATEMENTS.read_text(encoding="utf-8").strip().split("\n\n") if STATEMENTS.exists() else []
    return {name: text for name, _, text in (block.partition("\n") for block in blocks)}


def stands_on(name: str, texts: Mapping[str, str]) -> list[str]:
    """The definitions that a statement uses, directly or through others, in the order of `texts`.

    By their names: a bound variable of the same name adds a definition too many, never one too few.
    """
    called: dict[str, list[str]] = {}
    for one in texts:
        called.setdefault(one.rpartition(".")[2], []).append(one)
    seen, waiting = {name}, [name]
    while waiting:
        for word in set(re.findall(r"[A-Za-z_][\w']*", texts[waiting.pop()])):
            fresh = [one for one in called.get(word, ()) if one not in seen]
            seen.update(fresh)
            waiting += fresh
    return [one for one in texts if one in seen and one != name]


def is_compiled(name: str, told: Audit) -> None:
    file = name.split(".")[1]
    assert file in told.broken, f"there is no file {file}.v"
    assert not told.broken[file], told.broken[file]
    assert name in told.theorems, f"{file}.v has no Theorem {name.rpartition('.')[2]}"


def says_what_was_read(name: str, told: Audit, known: Mapping[str, str]) -> None:
    """Statement and definitions are those of statements.txt, line breaks aside."""
    now = {**told.theorems, **told.definitions}
    assert now.get(name) and name in known, f"{name} is not in {STATEMENTS.name}, or Coq does not know it"
    for one in [name, *stands_on(name, now)]:
        assert now[one].split() == known.get(one, "").split(), (
            f"{one} is not what {STATEMENTS.name} says; Coq prints: {' '.join(now[one].split())}"
        )


def uses_no_axiom(name: str, told: Audit) -> None:
    said = " ".join(told.assumptions.get(name, "").split())
    assert said == NO_AXIOMS, f"Print Assumptions {name}: {said or 'no answer'}"
