"""`python -m cifar report --out DIR`: the paper's tables, figures and claims from the results in DIR.

Writes report.html (self-contained), report.json (every number), claims.md, tables/*.csv and figures/*.svg, *.png into
DIR/report. Files are replaced whole; the same results give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadInput
from ..experiments import grid as experiments
from ..files import write_atomic
from ..measures.robustness import RULES
from ..settings import CHOICES, training_part
from . import sections, tables
from .claims import CLAIMS
from .page import document
from .pictures import pictures
from .results import HEADLINE, Result, Results, read, sources

COMPILED = ("name", "attacks", "checkpoints")  # settings that have a place of their own
COMMIT_DIGITS, FULL_DIGITS = 12, 40  # shown, stored; what follows is the mark of a checkout with changes
TIMES = ("train", "evaluate", "features")  # of a run's seconds; "processor" counts the same work again


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

    filled, made = tables.filled(results), pictures(results)
    judged = verdicts(results)
    known = facts(results, commit)
    drawings = {}
    for panel in (panel for picture in made for panel in picture.panels):
        files = painted(panel)
        drawings[panel.name] = files["svg"].decode()
        for kind, content in files.items():
            write_atomic(target / "figures" / f"{panel.name}.{kind}", content)
    for name, content in texts(results, known, judged, filled).items():
        write_atomic(target / name, content)
    rows = {each.printed.name: tables.lines(each) for each in filled}
    answers = [
        {
            "claim": claim.number,
            "statement": claim.statement,
            "rule": claim.rule,
            **asdict(finding),
            "other rules": others,
            "of the print": claim.of_the_print and claim.of_the_print.verdict,
        }
        for claim, finding, others in judged
    ]
    write_atomic(
        target / "report.json",
        _json(
            {
                **known,
                "headline rule": HEADLINE,
                "tables": rows,
                "claims": answers,
                "choices": CHOICES,
                "figures": [asdict(picture) for picture in made],
                "patches": list(results.spectra),
                "results": [asdict(result) for result in results.checkpoints.values()],
            }
        ),
    )
    body = [
        *sections.opening(results, known, judged, made[0], drawings),
        *sections.claims(judged),
        *sections.tables(filled),
        *sections.figures(made[1:], drawings, results),
        *sections.choices(CHOICES),
        *sections.runs(known),
        *sections.circumstances(known),
    ]
    write_atomic(target / "report.html", document(sections.TITLE, body).encode())


def verdicts(results: Results) -> sections.Judged:
    """Every claim with its finding by the headline rule, and the verdicts by the other rules."""
    return [
        (claim, claim.decide(results), {rule: claim.decide(results.by_rule(rule)).verdict for rule in RULES[1:]})
        for claim in CLAIMS
    ]


def texts(results: Results, known: dict[str, Any], judged: sections.Judged, filled: Sequence[tables.Table]) -> dict[str, bytes]:
    """The files that need no drawing, by name: claims.md and tables/*.csv."""
    found = {f"tables/{each.printed.name}.csv": tables.csv_text(tables.lines(each)).encode() for each in filled}
    found["tables/claims.csv"] = tables.csv_text(
        [
            {
                "claim": claim.number,
                "statement": claim.statement,
                "verdict": finding.verdict,
                "what": step.what,
                "numbers": step.value,
                "holds": step.holds,
                "images": known["images"],
            }
            for claim, finding, _ in judged
            for step in (*finding.steps, *finding.beside)
        ]
    ).encode()
    return {**found, "claims.md": claims_text(judged, known).encode()}


def facts(results: Results, commit: str) -> dict[str, Any]:
    """Runs with their settings and seconds, images, profile, hardware, versions, and what a reader must know first."""
    everything = list(results.checkpoints.values())
    shared = _shared([result.settings for result in results.students])
    runs = [
        _run(run, [result for result in everything if result.run == run], shared, commit)
        for run in dict.fromkeys(result.run for result in everything)
    ]
    images, profile = sources(everything), profile_of(everything)
    warnings = []
    if images != "original":
        warnings.append(
            f"Images: {images}. They are not the official pixels, so absolute numbers are not comparable with the "
            "paper's; orderings may be."
        )
    if profile != "paper":
        warnings.append(
            f"Profile {profile}: not the paper's epochs. A checkpoint named 300 stands for the paper's 300 epochs; "
            "the table of runs says how many were trained here."
        )
    failed = {name: failure.words for name, failure in results.failures.items()}
    if failed:
        told = "; ".join(f"{name} {words}" for name, words in failed.items())
        warnings.append(f"Runs that cannot be finished: {told}. What they would answer is left open.")
    if len({result.data.get("sha256") for result in everything}) > 1:
        warnings.append("These results were computed from different images.")
    seconds = [sum(run["seconds"].values()) for run in runs if run["seconds"] is not None]
    versions = {
        key: ", ".join(sorted({str(r.timing[key]) for r in everything if key in r.timing})) or "unknown"
        for key in ("device", "torch", "python")
    }
    commits = sorted({name for result in everything for name in _commits(result, commit)})
    circumstances = {
        "hardware": versions["device"],
        "seconds in all": f"{sum(seconds):,.0f} of {len(seconds)} runs",
        "torch of the runs": versions["torch"],
        "python of the runs": versions["python"],
        "commits of the code": ", ".join(commits),
        "report": f"python {platform.python_version()}, numpy {np.__version__}",
        "images": images,
    }
    return {
        "profile": profile,
        "images": images,
        "warnings": warnings,
        "runs": runs,
        "shared": shared,
        "seconds": sum(seconds),
        "circumstances": circumstances,
        "left_out": results.left_out,
        "failures": failed,
    }


def _run(name: str, mine: list[Result], shared: dict[str, Any], commit: str) -> dict[str, Any]:
    """One run; its seconds are those of its last checkpoint, which count the ones before."""
    last = max(mine, key=lambda result: result.epoch)
    seconds = last.timing.get("seconds")
    own = {key: value for key, value in last.settings.items() if key not in COMPILED and shared.get(key) != value}
    return {
        "run": name,
        "checkpoints": [(r.paper_epoch, r.epoch) for r in sorted(mine, key=lambda r: r.epoch)],
        "own": own,
        "clean": last.clean,
        "seconds": seconds and {key: seconds.get(key, 0.0) for key in TIMES},
        "device": last.timing.get("device", "unknown"),
        "images": last.data["source"],
        "commits": ", ".join(_commits(last, commit)),
    }


def _commits(result: Result, told: str) -> list[str]:
    """The commits of the code of a result, short; "none" is code outside of a checkout.   told: by the command line"""
    if "commits" not in result.timing:
        return [f"{told} (as told)" if told else "unknown"]
    return ["none" if name is None else name[:COMMIT_DIGITS] + name[FULL_DIGITS:] for name in result.timing["commits"]]


def _shared(settings: list[dict[str, Any]]) -> dict[str, Any]:
    """The commonest value of every setting."""
    found = {}
    for key in sorted({key for each in settings for key in each} - set(COMPILED)):
        texts = Counter(json.dumps(each[key]) for each in settings if key in each)
        found[key] = json.loads(max(sorted(texts), key=texts.__getitem__))
    return found


def profile_of(results: list[Result]) -> str:
    """The profile with whose settings all runs were trained: "paper", "standard", "demo", or "of its own"."""
    for name in experiments.PROFILES:
        grid = experiments.grid(name)
        if all(r.run in grid and training_part(grid[r.run].record) == training_part(r.settings) for r in results):
            return name
    return "of its own"


def claims_text(judged: sections.Judged, known: dict[str, Any]) -> str:
    """The table of claims for a README."""
    lines = [
        f"| {claim.number} | {claim.statement} | {finding.verdict} | {sections.telling(finding)} |"
        for claim, finding, _ in judged
    ]
    return "\n".join(
        (
            "| | claim | verdict | numbers |",
            "|---|---|---|---|",
            *lines,
            "",
            f"Images: {known['images']}; profile: {known['profile']}.",
            "",
        )
    )


def _json(value: Any) -> bytes:
    return (json.dumps(value, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()
