"""`twolayer hunt`: search for a counterexample to a statement, shrink it, judge it exactly, write it as an instance file.

A printed statement has counterexamples, each named by the hypothesis that heals it. A repaired or sharp one is a theorem: there
the hunt reports how near any instance came to the bound, and a violation would be a bug or a discovery.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from fractions import Fraction
from typing import Any

import numpy as np
from rich.markup import escape

from ...files import STANDARD_OUTPUT, BadInput, parsed, tried
from ...instances import Instance
from ...networks import TwoLayer
from ...process import delivered
from ...statements.verdict import PRINTED
from ..tables import as_argument, bars, terminal
from .judge import REASONS, Question
from .record import record
from .search import Counts, Outcome, counterexample

LARGEST_DIMENSION, MOST_NODES = 5, 12  # beyond them one candidate's arrangement has too many vertices to try thousands


def run(options: argparse.Namespace) -> int:
    """The command. Exit status 0: a counterexample to a printed form, or none to a theorem; 1: the other way round."""
    question = _question(options)
    if options.output is not None:
        tried(options.output)
    start = time.monotonic()
    with bars() as progress:
        task = progress.add_task(f"hunting {options.statement}", total=int(options.seconds))

        def told(counts: Counts) -> None:
            progress.update(
                task,
                completed=int(time.monotonic() - start),
                description=f"{counts.candidates} candidates, {counts.judged} judged",
            )

        search = counterexample if question.form == PRINTED else record
        outcome = search(
            question,
            options.dim,
            options.nodes,
            np.random.default_rng(options.seed),
            deadline=start + options.seconds,
            progress=told,
        )
    seconds = time.monotonic() - start
    if options.output is not None and outcome.instance is not None:
        delivered(options.output, (outcome.instance.to_json() + "\n").encode())
    if options.json:
        whole = {"format": "twolayer-hunt/1", **summary(question, outcome, seconds, options.seed)}
        print(json.dumps(whole, allow_nan=False))
    elif options.output not in STANDARD_OUTPUT:
        _print(question, outcome, seconds, options.output)
    if outcome.broken:
        print(
            f"A {question.form} STATEMENT FAILS: {question.statement}. A bug or a discovery: {json.dumps(_row(outcome))}",
            file=sys.stderr,
        )
    return int(outcome.row is None) if question.form == PRINTED else int(outcome.broken)


def _question(options: argparse.Namespace) -> Question:
    """The options as a question; BadInput where they make none."""
    least = 1 if options.statement == "theorem-1" else 2
    if not least <= options.dim <= LARGEST_DIMENSION:
        raise BadInput(f"--dim needs to lie between {least} and {LARGEST_DIMENSION} for {options.statement}; got {options.dim}")
    if not 2 <= options.nodes <= MOST_NODES:
        raise BadInput(f"--nodes needs to lie between 2 and {MOST_NODES}; got {options.nodes}")
    if not 0 < options.seconds < float("inf"):
        raise BadInput(f"--seconds needs a positive number; got {options.seconds}")
    if options.seed < 0:
        raise BadInput(f"--seed needs to be 0 or more; got {options.seed}")
    if options.json and options.output in STANDARD_OUTPUT:
        raise BadInput(f"--json prints the instance too, so -o needs a file; got {options.output}")
    if options.reason is not None:
        if options.form != PRINTED:
            raise BadInput(f"--reason needs --form printed: a {options.form} statement has no missing hypothesis")
        if options.reason not in REASONS[options.statement]:
            names = ", ".join(REASONS[options.statement])
            raise BadInput(f"--reason for {options.statement} needs one of {names}; got {options.reason}")
    return Question(options.statement, options.form, options.reason)


def _row(outcome: Outcome) -> dict[str, Any] | None:
    return None if outcome.row is None else outcome.row.to_dict()


def summary(question: Question, outcome: Outcome, seconds: float, seed: int) -> dict[str, Any]:
    """What a hunt found, as JSON-able values."""
    return {
        "statement": question.statement,
        "form": question.form,
        "seed": seed,
        "found": outcome.row is not None and (question.form == PRINTED or outcome.broken),
        "reason": None if outcome.row is None else outcome.row.reason,
        "ratio": outcome.ratio,
        "row": _row(outcome),
        "candidates": outcome.candidates,
        "judged": outcome.judged,
        "telling": outcome.telling,
        "seconds": seconds,
        "instance": None if outcome.instance is None else parsed(outcome.instance.to_json(), "an instance"),
    }


def _print(question: Question, outcome: Outcome, seconds: float, output: str | None) -> None:
    console = terminal()
    name = f"{question.statement}, {question.form}"
    effort = f"{outcome.candidates:,} candidates, {outcome.judged:,} judged exactly, {seconds:.1f} s"
    if outcome.row is None or outcome.instance is None:
        wanted = "" if question.reason is None else f" for want of: {question.reason}"
        nothing = f"no counterexample{wanted}" if question.form == PRINTED else "no instance that tells anything"
        console.print(f"{name}: {nothing} ({effort})", highlight=False)
        return
    row = outcome.row
    if question.form == PRINTED or outcome.broken:
        console.print(f"[bold red]{name} fails[/]: {escape(row.why)}", highlight=False)
    elif outcome.ratio is None:
        console.print(
            f"[bold green]{name}[/]: no violation in {outcome.telling} rows with a vanishing gradient", highlight=False
        )
    else:
        console.print(
            f"[bold green]{name}[/]: no violation in {outcome.telling} telling rows; "
            f"the nearest reaches {outcome.ratio:.6g} of its bound",
            highlight=False,
        )
    console.print(
        f"measured {row.measured:.6g}, bound {0.0 if row.bound is None else row.bound:.6g}   ({effort})\n", highlight=False
    )
    for line in described(outcome.instance):
        console.print(f"  {escape(line)}", highlight=False)
    if output is not None:
        path = escape(as_argument(output))
        console.print(
            f"\ninstance: {path}   (judge it with: twolayer check {path}; prove it with: "
            f"twolayer certify {path} -o CERTIFICATE; twolayer-proofs check CERTIFICATE)",
            highlight=False,
            soft_wrap=True,
        )


def described(instance: Instance) -> list[str]:
    """Teacher, student, region and subspace as formulas."""
    d = instance.teacher.inputs
    assert instance.subspace is not None
    region = ", ".join(f"{linear(row)} <= {limit}" for row, limit in zip(instance.region.A, instance.region.c, strict=True))
    plane = "" if instance.subspace.dimension == d else f"   U: x{d} = 0"
    second = [] if instance.second_teacher is None else [f"f*' = {formula(instance.second_teacher)}"]
    return [f"f* = {formula(instance.teacher)}", *second, f"f  = {formula(instance.student)}", f"R: {region}{plane}"]


def formula(network: TwoLayer) -> str:
    """V relu(W x + b) as people write it; a fan-out to several outputs is a tuple."""
    terms = []
    for w, b, v in zip(network.W, network.b, network.V.T, strict=True):
        fan_out = f"{v[0]}" if len(v) == 1 else "(" + ", ".join(map(str, v)) + ")"
        terms.append(("" if fan_out == "1" else "-" if fan_out == "-1" else f"{fan_out} ") + f"relu({linear(w, b)})")
    return " + ".join(terms).replace("+ -", "- ")


def linear(w, b=Fraction(0)) -> str:
    """w . x + b with coordinates x1, x2, ..."""
    terms = [("" if abs(c) == 1 else f"{abs(c)} ") + f"x{i + 1}" for i, c in enumerate(w) if c != 0]
    signs = ["-" if c < 0 else "+" for c in w if c != 0]
    if b != 0 or not terms:
        terms, signs = [*terms, f"{abs(b)}"], [*signs, "-" if b < 0 else "+"]
    text = " ".join(f"{sign} {term}" for sign, term in zip(signs, terms, strict=True))
    return text[2:] if text.startswith("+ ") else text.replace("- ", "-", 1)
