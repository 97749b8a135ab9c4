"""What a search for the students' optimiser and schedule found: one candidate's numbers, the table, OUT/search.json and .md."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ..attacks import table as attacks
from ..files import load_json
from ..runs import paths as places
from ..runs.failures import Failure
from ..settings import Settings
from . import grid as experiments
from . import held_out as heldout
from . import search_rule as candidates
from .search_rule import Candidate, Decision

HEADINGS = (
    "step",
    "optimiser",
    "rate",
    "batch",
    "schedule",
    "seed",
    "ST distance",
    "agree %",
    "AT distance, attacked",
    "agree %",
    "score",
    "ST s",
    "AT s",
)
WIDTH = 140  # of the printed table, at least
ALL_RUN = "paper"  # the profile that must state the winner


@dataclass(frozen=True, eq=False)
class Trial:
    """A candidate's students by kind.   score: inf where one diverged;  numbers: of each student that did not: clean,
    mbnc, and for "at" attacked;  diverged: words, of each that did;  timings: of each that did not, as the runs store them.
    """

    candidate: Candidate
    score: float
    numbers: dict[str, dict[str, Any]]
    diverged: dict[str, str]
    timings: dict[str, dict[str, Any]]


def trial(out: Path, candidate: Candidate, students: Mapping[str, Settings], failed: Mapping[str, Failure]) -> Trial:
    """What stands in --out of a candidate's students, each of which is finished and measured, or has failed."""
    numbers, timings = {}, {}
    for kind, settings in students.items():
        if kind in failed:
            continue
        result = load_json(places.result_path(out, settings.name, settings.epochs))
        layers = result["specialisation"]["layers"]
        numbers[kind] = {"clean": result["clean"], "mbnc": sum(layer["mbnc"] for layer in layers) / len(layers)}
        timings[kind] = timing(out, settings)
        if kind == "at":
            attacked = heldout.attacked_path(out, settings.name)
            numbers[kind]["attacked"] = load_json(attacked)
            timings[kind]["seconds"]["attacked"] = load_json(attacked.with_suffix(".time.json"))["seconds"]
    score = math.inf
    if not failed:
        score = numbers["st"]["clean"]["logit_distance"]
        if "at" in numbers:
            score = math.sqrt(score * numbers["at"]["attacked"]["logit_distance"])
    return Trial(candidate, score, numbers, {kind: failure.short for kind, failure in failed.items()}, timings)


def timing(out: Path, settings: Settings) -> dict[str, Any]:
    """Seconds, device, versions and commits of a finished run."""
    return load_json(places.result_path(out, settings.name, settings.epochs).with_suffix(".time.json"))


def rows(trials: Sequence[Trial]) -> list[tuple[str, ...]]:
    """The table under HEADINGS."""
    asked = candidates.steps({trial.candidate: trial.score for trial in trials})
    step = {candidate: place for place, part in reversed([*enumerate(asked, start=1)]) for candidate in part}  # the first one
    found = []
    for trial in trials:
        choice, cells = trial.candidate, []
        for kind, part in (("st", "clean"), ("at", "attacked")):
            numbers = trial.numbers.get(kind)
            cells += (
                [trial.diverged.get(kind, "not trained"), ""]
                if numbers is None
                else [f"{numbers[part]['logit_distance']:.4g}", f"{100 * numbers[part]['agreement']:.1f}"]
            )
        taken = [f"{_taken(trial.timings[kind]):.0f}" if kind in trial.timings else "" for kind in ("st", "at")]
        searched = str(step[choice]), choice.optimiser, f"{choice.lr:g}", str(choice.batch), choice.schedule, str(choice.seed)
        found.append((*searched, *cells, f"{trial.score:.4g}" if trial.score < math.inf else "last", *taken))
    return found


def _taken(timing: Mapping[str, Any]) -> float:
    """Seconds of a run for the table: on a CPU its processor's, which other work on the machine does not change much."""
    return timing["seconds"]["processor" if timing["device"].endswith("CPU") else "train"]


def show(trials: Sequence[Trial], console: Console) -> None:
    table = Table(title="search: held-out squared logit distances of students, lower is better")
    for place, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="left" if place in (1, 4) else "right", no_wrap=True)
    for row in rows(trials):
        table.add_row(*row)
    console.print(table)


def circumstances(trials: Sequence[Trial], teachers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All that equal searches may differ in: seconds, hardware, versions, commits.   teachers: timings of theirs"""
    timings = [*teachers, *(timing for trial in trials for timing in trial.timings.values())]
    told = {key: ", ".join(sorted({str(each[key]) for each in timings})) for key in ("device", "torch", "python", "threads")}
    seconds = {
        name: sum(each["seconds"].get(name, 0.0) for each in timings) for name in ("train", "evaluate", "attacked", "processor")
    }
    spent = seconds["train"] + seconds["evaluate"] + seconds["attacked"]
    return {
        **told,
        "cores": os.cpu_count(),
        "seconds in all": spent,
        "processor seconds of the runs": seconds["processor"],
        "commits": sorted({str(commit) for each in timings for commit in each["commits"]}),
        "seconds": {trial.candidate.name: {kind: each["seconds"] for kind, each in trial.timings.items()} for trial in trials},
    }


def files(
    trials: Sequence[Trial], decision: Decision | None, facts: Mapping[str, Any], circumstances: Mapping[str, Any]
) -> dict[str, bytes]:
    """The content of places.SEARCH_FILES; equal searches differ in `circumstances` alone, and in the seconds of the table."""
    stored = {
        **facts,
        "rule": list(candidates.RULE),
        "circumstances": circumstances,
        "decision": decision
        and {
            "winner": decision.winner.choice,
            "noise": decision.noise,
            "finalists": [{**candidate.choice, "mean": mean} for candidate, mean in decision.finalists.items()],
        },
    }
    stored["trials"] = [
        {
            **asdict(trial.candidate),
            "name": trial.candidate.name,
            **trial.numbers,
            "diverged": trial.diverged,
            "score": trial.score if trial.score < math.inf else None,
        }
        for trial in trials
    ]
    text = json.dumps(stored, sort_keys=True, indent=1, allow_nan=False) + "\n"
    return dict(zip(places.SEARCH_FILES, (text.encode(), page(trials, decision, facts, circumstances).encode()), strict=True))


def page(trials: Sequence[Trial], decision: Decision | None, facts: Mapping[str, Any], circumstances: Mapping[str, Any]) -> str:
    """The search in words and its table, in Markdown."""
    size, images = facts["size"], facts["data"]
    runs = {settings["examples"]: settings for settings in facts["runs"].values() if settings["role"] == "student"}
    at, teacher = runs["oracle"], facts["runs"]["search-teacher"]
    lines = [
        "# The students' optimiser and schedule, searched",
        "",
        f"`python -m cifar search --profile {facts['profile']}`. The last {size['held_out']} training images (source: "
        f"{images['source']}) are held out of all training and are what is measured on; no test image is touched. Teacher: "
        f"{size['teacher_epochs']} epochs of {teacher['images']} images, pruned, {size['pruning_epochs']} more. Students: "
        f"{_length(size['epochs'], at['images'])}; in step 2 {_length(size['long_epochs'], size['long_images'])}; always from "
        f"start to end of the schedule. AT with {at['steps']} attack steps of {at['step']:g}, measured with "
        f"{at['eval_steps'] or attacks.STEPS} of {attacks.STEP:g}. Seconds are those of a processor on a CPU and of training "
        "on a GPU.",
        "",
        *[f"{'' if line[0].isdigit() else '- '}{line}" for line in candidates.RULE],
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|{'|'.join('---:' for _ in HEADINGS)}|",
        *[f"| {' | '.join(row)} |" for row in rows(trials)],
        "",
    ]
    if decision is None:
        lines += ["Nothing is decided: no candidate finished with every seed.", ""]
    else:
        finalists = "; ".join(f"{candidate.name} {mean:.4g}" for candidate, mean in decision.finalists.items())
        lines += [
            f"Finalists, means of {len(candidates.SEEDS)} seeds: {finalists}. Noise between seeds: a factor of "
            f"{decision.noise:.3f}. Winner: {in_words(decision.winner.choice)}.",
            "",
        ]
    lines += [
        f"{circumstances['device']}, {circumstances['cores']} cores, {circumstances['threads']} threads a run, torch "
        f"{circumstances['torch']}, Python {circumstances['python']}; {circumstances['seconds in all']:,.0f} seconds "
        f"of runs, {circumstances['processor seconds of the runs']:,.0f} of a processor; commits "
        f"{', '.join(circumstances['commits'])}.",
        "",
    ]
    return "\n".join(lines)


def _length(epochs: int, images: int) -> str:
    batch = candidates.BATCHES[0]
    return f"{epochs} epochs of {images} images ({epochs * (images // batch)} updates at batch {batch})"


def in_words(choice: Mapping[str, Any]) -> str:
    return f"{choice['optimiser']}, rate {choice['lr']:g}, batch {choice['batch']}, schedule {choice['schedule']}"


def differences(choice: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Where the full-size profile's students have other values than a winner: (theirs, the winner's) by field."""
    theirs = experiments.grid(ALL_RUN)["st-logit"].record
    return {field: (theirs[field], value) for field, value in choice.items() if theirs[field] != value}


def asked(choice: Mapping[str, Any]) -> str:
    """What a winner asks of the full-size profile, in a line."""
    told = f"winner: {in_words(choice)}. PROFILES[{ALL_RUN!r}] of cifar/experiments.py "
    changes = "; ".join(f"{field} {theirs} -> {wanted}" for field, (theirs, wanted) in differences(choice).items())
    return told + (f"has other values: {changes}" if changes else "has these values")
