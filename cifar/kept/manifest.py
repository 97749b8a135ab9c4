"""README.md of a kept folder: what each file is, how it was made, and the sha256 of every file.

The sums stand at the end in the format of sha256sum, which reads them from this file: `sha256sum -c README.md`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..errors import BadInput
from ..experiments import grid
from ..files import write_atomic
from ..report.facts import facts as facts_of
from ..report.page import TITLE
from ..report.results import Results

FILE, SEARCH = "README.md", "search.md"
SUM = re.compile(r"^([0-9a-f]{64})  (\S+)$", re.M)
KINDS = (
    ("report.html", "the report, one page without references: open it in a browser"),
    ("claims.md", "the twelve claims, answered"),
    ("tables/*.csv", "the paper's tables: our number beside the printed one, the images they were measured on in every row"),
    ("figures/*.svg", "every panel of every figure"),
    ("figures/*.png", "the headline's two panels, for pages that show no SVG"),
    (
        "runs/*/epoch-*.json",
        "a checkpoint's results, as the run wrote them: settings, images, attacks, specialisation; "
        "`.time.json`: seconds, device, versions and commits of the same",
    ),
    ("runs/*/epoch-*.pt", "its weights, as halves: the last of a run, and those that other runs started from or imitated"),
    ("state/*.json", "a run that cannot be finished, and why"),
    ("patches.json", "the spectrum of the 3x3 patches of the training images"),
    (SEARCH, "the search by which the students' optimiser and rate were chosen"),
)


def files(folder: Path, *, hidden: bool = False) -> list[str]:
    """Every file but the index, in order; hidden ones if they are asked for."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [name for name in names if name != FILE and (hidden or not any(part.startswith(".") for part in name.split("/")))]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sums(folder: Path) -> dict[str, str]:
    """The sha256 of each file by name, as the index says; BadInput where there is no index."""
    path = folder / FILE
    listed = {name: value for value, name in SUM.findall(path.read_text(encoding="utf-8"))} if path.is_file() else {}
    if not listed:
        raise BadInput(f"{folder} is no folder that `python -m cifar keep` wrote: it has no {FILE} with checksums")
    return listed


def write(folder: Path, results: Results) -> None:
    """The index of what is there."""
    write_atomic(folder / FILE, text(folder, results).encode())


def text(folder: Path, results: Results) -> str:
    facts = facts_of(results, "")
    profile = f" --profile {facts['profile']}" if facts["profile"] in grid.PROFILES else ""
    images = {str(result.data.get("sha256")): result.data for result in results.checkpoints.values()}
    digests = [
        (f"sha256 of the images ({data['source']}, {data.get('train')} training, {data.get('test')} test)", sha)
        for sha, data in images.items()
    ]
    return "\n".join(
        (
            f"# {TITLE}: profile {facts['profile']}, images {facts['images']}",
            "",
            f"Made by `python -m cifar run all{profile}` and `python -m cifar keep`, not by hand.",
            "`python -m cifar kept DIR` checks checksums, claims, tables and weights; with `--data`, on images too.",
            "`python -m cifar report --out DIR --to ELSEWHERE` makes the report anew, with the same versions the same bytes.",
            "",
            *(line for warning in facts["warnings"] for line in (warning, "")),
            *_table(("file", "what it is"), [(f"`{name}`", words) for name, words in KINDS if any(folder.glob(name))]),
            "## Circumstances",
            "",
            *_table(("", ""), [*facts["circumstances"].items(), *digests]),
            "## Runs",
            "",
            *_table(("run", "epochs (paper's)", "clean accuracy", "seconds", "device", "commit"), map(_run, facts["runs"])),
            "## Checksums",
            "",
            "```",
            *(f"{digest(folder / name)}  {name}" for name in files(folder)),
            "```",
            "",
        )
    )


def _run(run: dict[str, Any]) -> tuple[Any, ...]:
    seconds = run["seconds"]
    return (
        run["run"],
        ", ".join(f"{epoch} ({paper})" for paper, epoch in run["checkpoints"]),
        f"{100 * run['clean']['accuracy']:.2f}",
        "?" if seconds is None else f"{sum(seconds.values()):,.0f}",
        run["device"],
        run["commits"],
    )


def _table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    lines = [f"| {' | '.join(map(str, row))} |" for row in (headings, *rows)]
    return [lines[0], "|" + "---|" * len(headings), *lines[1:], ""]
