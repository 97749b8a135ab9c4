"""All that the parts of a report are written from: results, answers, tables, and the circumstances of the results: which runs,
how long, on what, from which code, and what a reader must know first."""

from __future__ import annotations

import json
import platform
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..experiments import grid as experiments
from ..settings import training_part
from . import tables
from .claims import Answer, answers
from .results import Result, Results

DEMO, PAPER = "demo", "paper"  # profiles; the first is judged by nobody
COMPILED = ("name", "attacks", "checkpoints", "seed")  # settings that have a place of their own
COMMIT_DIGITS, FULL_DIGITS = 12, 40  # shown, stored; what follows is the mark of a checkout with changes
TIMES = ("train", "evaluate", "features")  # of a run's seconds; "processor" counts the same work again


@dataclass(frozen=True, eq=False)
class Report:
    """facts: circumstances;  answers: every claim's;  tables: rows of each CSV file by name"""

    results: Results
    facts: dict[str, Any]
    answers: list[Answer]
    tables: dict[str, list[dict[str, Any]]]

    @property
    def demo(self) -> bool:
        """A demonstration has numbers and no verdicts."""
        return self.facts["profile"] == DEMO

    @property
    def counts(self) -> dict[str, Counter[str]]:
        """How many claims have which verdict under the paper's attack, and under confident where an attack enters."""
        sure = (each.confident.verdict for each in self.answers if each.confident)
        return {"paper": Counter(each.paper.verdict for each in self.answers), "confident": Counter(sure)}

    @property
    def weak(self) -> int:
        """How many rest on the weak attack."""
        return sum(each.weak for each in self.answers)


def whole(results: Results) -> Report:
    return Report(results, facts(results), answers(results), tables.lines(results))


def facts(results: Results) -> dict[str, Any]:
    """Runs with their settings and seconds, images, profile, hardware, versions, and what a reader must know first."""
    everything = list(results.checkpoints.values())
    shared = _shared([result.settings for result in results.students])
    runs = [
        _run(run, [result for result in everything if result.run == run], shared)
        for run in dict.fromkeys(result.run for result in everything)
    ]
    images = " + ".join(sorted({str(result.data["source"]) for result in everything})) or "none"
    profile = profile_of(everything)
    warnings = []
    if images != "original":
        warnings.append(
            f"Images: {images}. They are not the official pixels, so absolute numbers are not comparable with the "
            "paper's; orderings may be."
        )
    if profile == DEMO:
        warnings.append("Demonstration: minutes of training, which show that the pipeline works and are evidence of nothing.")
    elif profile != PAPER:
        warnings.append(
            f"Profile {profile}: not the paper's epochs. A checkpoint is named by its epoch here, the paper's in brackets."
        )
    missing = _missing(results, profile)
    if missing and profile != DEMO:
        warnings.append(f"Not finished, and missing below: {', '.join(missing)}.")
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
    commits = sorted({name for result in everything for name in _commits(result)})
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


def _missing(results: Results, profile: str) -> list[str]:
    """Runs of a profile whose last checkpoint is not there."""
    grid = experiments.grid(profile) if profile in experiments.PROFILES else {}
    return [name for name, run in grid.items() if results.get(f"{name}@{run.checkpoints[-1][0]}") is None]


def _run(name: str, mine: list[Result], shared: dict[str, Any]) -> dict[str, Any]:
    """One run; its seconds are those of its last checkpoint, which count the ones before."""
    last = max(mine, key=lambda result: result.epoch)
    seconds = last.timing.get("seconds")
    differing = {key: value for key, value in last.settings.items() if key not in COMPILED and shared.get(key) != value}
    return {
        "run": name,
        "checkpoints": [(r.paper_epoch, r.epoch) for r in sorted(mine, key=lambda r: r.epoch)],
        "own": differing,
        "clean": last.clean,
        "seconds": seconds and {key: seconds.get(key, 0.0) for key in TIMES},
        "device": last.timing.get("device", "unknown"),
        "images": last.data["source"],
        "commits": ", ".join(_commits(last)),
    }


def _commits(result: Result) -> list[str]:
    """The commits of the code of a result, short; "none" is code outside of a checkout."""
    if "commits" not in result.timing:
        return ["unknown"]
    return ["none" if name is None else name[:COMMIT_DIGITS] + name[FULL_DIGITS:] for name in result.timing["commits"]]


def _shared(settings: list[dict[str, Any]]) -> dict[str, Any]:
    """The commonest value of every setting."""
    commonest = {}
    for key in sorted({key for each in settings for key in each} - set(COMPILED)):
        texts = Counter(json.dumps(each[key]) for each in settings if key in each)
        commonest[key] = json.loads(max(sorted(texts), key=texts.__getitem__))
    return commonest


def profile_of(results: list[Result]) -> str:
    """The profile with whose settings all runs were trained: "paper", "standard", "demo", or "of its own"."""
    for name in experiments.PROFILES:
        grid = experiments.grid(name)
        if all(r.run in grid and training_part(grid[r.run].record) == training_part(r.settings) for r in results):
            return name
    return "of its own"
