"""`python -m cifar report --out DIR`: the paper's tables, figures and claims from the results in DIR.

Writes report.html (self-contained), report.json (every number), claims.md, tables/*.csv and figures/*.svg, *.png into
DIR/report. Files are replaced whole; the same results give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import BadInput
from ..files import write_atomic
from ..measures.robustness import CONFIDENT
from ..settings import CHOICES
from . import page, tables
from .claims import Claim, Judged, judged
from .facts import DEMO, facts
from .pictures import pictures
from .results import Results, read
from .verdicts import NO, UNDECIDED, YES, Finding, telling

HEADLINE = "headline"  # the figure of a README: the panels of MBNC beside each other


def main(argv: list[str]) -> int:
    """Exit statuses: errors.py."""
    parser = argparse.ArgumentParser(prog="python -m cifar report", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="results of `python -m cifar run`")
    parser.add_argument("--to", type=Path, metavar="DIR", help="where to write (default: report/ in --out)")
    parser.add_argument("--commit", default="", help="of the code that made those results that record none")
    options = parser.parse_args(argv)
    results = loaded(options.out)
    target = options.to or options.out / "report"
    write(target, results, options.commit)
    print(target / "report.html")
    return 0


def loaded(out: Path) -> Results:
    """The results in --out; what is left out is said on stderr. BadInput, one line, where there are none."""
    results = read(out)
    for file, why in results.left_out:
        print(f"cifar: left out {file}: {' '.join(why.split())}", file=sys.stderr)
    if not results.checkpoints:
        why = "".join(f"; {name} {failure.words}" for name, failure in results.failures.items())
        raise BadInput(
            f"{out} holds no results (runs/<run>/epoch-<n>.json){why}; "
            f"`python -m cifar run all --out {out} --data ...` makes them"
        )
    return results


def write(target: Path, results: Results, commit: str = "") -> None:
    """Every file of the report."""
    from .figures import painted  # the only part that needs matplotlib

    made, known, answers, lines = pictures(results), facts(results, commit), judged(results), tables.lines(results)
    drawings = {}
    for panel in (panel for picture in made for panel in picture.panels):
        files = painted(panel)
        drawings[panel.name] = files["svg"].decode()
        for kind, content in files.items():
            write_atomic(target / "figures" / f"{panel.name}.{kind}", content)
    shown = [panel for picture in made for panel in picture.panels if panel.name.startswith(f"{HEADLINE}-mbnc")]
    if shown:
        write_atomic(target / "figures" / f"{HEADLINE}.png", painted(*shown)["png"])
    for name, content in texts(results).items():
        write_atomic(target / name, content)
    stored = {
        **known,
        "tables": lines,
        "claims": [
            {**told(each), "paper": _numbers(each.paper), CONFIDENT: each.confident and _numbers(each.confident)}
            for each in answers
        ],
        "choices": CHOICES,
        "figures": [asdict(picture) for picture in made],
        "patches": list(results.spectra),
        "results": [asdict(result) for result in results.checkpoints.values()],
    }
    write_atomic(target / "report.json", (json.dumps(stored, sort_keys=True, indent=1, allow_nan=False) + "\n").encode())
    write_atomic(target / "report.html", page.document(results, known, answers, made, drawings).encode())


def texts(results: Results) -> dict[str, bytes]:
    """The files that need no drawing, by name: claims.md and tables/*.csv."""
    found = {f"tables/{name}.csv": tables.csv_text(rows).encode() for name, rows in tables.lines(results).items()}
    answers, known = judged(results), facts(results, "")
    rows = [
        {
            "claim": each.claim.number,
            "rule": rule,
            "verdict": "demonstration" if known["profile"] == DEMO else finding.verdict,
            **row,
        }
        for each in answers
        for rule, finding in (("paper", each.paper), (CONFIDENT, each.confident))
        if finding is not None
        for row in _numbers(finding)["questions"] + _numbers(finding)["beside"]
    ]
    demonstration = known["profile"] == DEMO
    return {
        **found,
        "tables/claims.csv": tables.csv_text([{**row, "answer": ""} if demonstration else row for row in rows]).encode(),
        "claims.md": claims_text(answers, known).encode(),
    }


def claims_text(answers: list[Judged], known: dict[str, Any]) -> str:
    """One line a claim with its answer under both rules, for a README; a demonstration has numbers and no answers."""
    end = f"\nImages: {known['images']}; profile: {known['profile']}.\n"
    if known["profile"] == DEMO:
        lines = [f"| {each.claim.number} | {each.claim.statement} | {first_number(each.paper)} |" for each in answers]
        words = (
            "Demonstration: a few minutes of training show that the pipeline works and are evidence of nothing; no verdicts.\n"
        )
        return "\n".join((words, "| | claim | a number |", "|---|---|---|", *lines, end))
    lines = []
    for each in answers:
        sure = each.confident.verdict if each.confident else "no attack enters"
        remark, decisive = f" ({each.remark})" if each.remark else "", telling(each.confident or each.paper)
        lines.append(f"| {each.claim.number} | {each.claim.statement} | {each.paper.verdict}{remark} | {sure} | {decisive} |")
    head = ("| | claim | paper's attack | confident | what decides under the stronger rule |", "|---|---|---|---|---|")
    return "\n".join((*head, *lines, end))


def front(results: Results) -> str:
    """The paragraph under a README's headline figure."""
    answers, known = judged(results), facts(results, "")
    images, attacked = (max((s.settings[key] for s in results.students), default=0) for key in ("images", "test_images"))
    size = f"{images:,} training images and at most {max((s.epoch for s in results.students), default=0)} epochs a student"
    shown = (
        "Every mark is a kind of training on CIFAR-10, its last checkpoint, mean over seeds: robust accuracy against MBNC, the "
        "mean over teacher nodes of the best node correlation, with 95 % intervals. Left the paper's attack and count, right "
        "only images that part student and teacher where both are sure. The grey star is a student before any training."
    )
    if known["profile"] == DEMO:
        return f"{shown} A demonstration ({size}): it shows that the pipeline works and is evidence of nothing."
    paper = Counter(each.paper.verdict for each in answers)
    sure = Counter(each.confident.verdict for each in answers if each.confident)
    told = [", ".join(f"{count[word]} {word}" for word in (YES, NO, UNDECIDED)) for count in (paper, sure)]
    weak = sum(each.weak for each in answers)
    return (
        f"{shown} The paper's claims under its own attack: {told[0]}; under confident, where an attack enters: {told[1]}; "
        f"{weak} rest on the weak attack. Profile {known['profile']}: {size}, attacked on {attacked:,} images."
    )


def first_number(finding: Finding) -> str:
    known = next((q for q in finding.questions if q.numbers is not None), finding.questions[0])
    return f"{known.what}: {known.words}"


def told(each: Judged) -> dict[str, Any]:
    """A claim in words, with what its rule says of the paper's own numbers."""
    claim: Claim = each.claim
    print_ = claim.of_the_print
    return {
        "claim": claim.number,
        "statement": claim.statement,
        "rule": claim.rule,
        "remark": each.remark,
        "of the print": print_ and print_.verdict,
    }


def _numbers(finding: Finding) -> dict[str, Any]:
    def row(question: Any, answer: str) -> dict[str, Any]:
        value, low, high = question.numbers or (None, None, None)
        words = {"what": question.what, "asked": question.asked, "numbers": question.words, "answer": answer}
        return {**words, "value": value, "low": low, "high": high}

    return {
        "verdict": finding.verdict,
        "questions": [row(question, answer) for question, answer in zip(finding.questions, finding.answers, strict=True)],
        "beside": [row(question, "") for question in finding.beside],
    }
