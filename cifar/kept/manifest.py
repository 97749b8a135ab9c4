"""README.md of a kept folder: what each file is, how it was made, and the sha256 of every file.

The sums stand at the end in the format of sha256sum, which reads them from this file: `sha256sum -c README.md`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import BadInput
from ..experiments import grid as experiments
from ..files import write_atomic
from ..report import sections
from ..report import write as report
from ..report.results import Results
from . import weights

FILE, ROUNDING = "README.md", "rounding.json"
SEARCH = ("search.json", "search.md")
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
    ("runs/*/epoch-*.pt", "its weights"),
    ("state/*.json", "a run that cannot be finished, and why"),
    ("patches.json", "spectra of 3x3 patches: of the training images, and of others that were given"),
    *((name, "the search by which the students' optimiser and schedule were chosen") for name in SEARCH),
    (ROUNDING, "what the rounding of each file of weights changed"),
)


def files(folder: Path) -> list[str]:
    """Every file but the index, hidden ones left out, in order."""
    found = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    return sorted(name for name in found if name != FILE and not any(part.startswith(".") for part in name.split("/")))


def written(name: str) -> bool:
    """Whether `python -m cifar keep` writes files of that name."""
    path = PurePosixPath(name)
    return name == FILE or any(path.match(kind) and len(path.parts) == kind.count("/") + 1 for kind, _ in KINDS)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sums(folder: Path) -> dict[str, str]:
    """The sha256 of each file by name, as the index says; BadInput where there is no index."""
    path = folder / FILE
    found = {name: value for value, name in SUM.findall(path.read_text(encoding="utf-8"))} if path.is_file() else {}
    if not found:
        raise BadInput(f"{folder} is no folder that `python -m cifar keep` wrote: it has no {FILE} with checksums")
    return found


def write(folder: Path, results: Results, kept: Sequence[str], rounding: dict[str, Any]) -> None:
    """The index of what is there.   kept: checkpoints with weights;  rounding: of each of them, where it was measured"""
    write_atomic(folder / FILE, text(folder, results, kept, rounding).encode())


def text(folder: Path, results: Results, kept: Sequence[str], rounding: dict[str, Any]) -> str:
    known = report.facts(results, "")
    names = files(folder)
    return "\n".join(
        (
            f"# {sections.TITLE}: profile {known['profile']}, images {known['images']}",
            "",
            f"Made by `python -m cifar run all{_profile(known['profile'])}` and `python -m cifar keep`, not by hand.",
            "`python -m cifar kept DIR` checks the checksums, the claims, the tables and the weights; with `--data`, on images.",  # noqa: E501
            "`python -m cifar report --out DIR --to ELSEWHERE` makes the report anew from this folder; with the same versions, the",  # noqa: E501
            "same bytes.",
            "",
            *(line for warning in known["warnings"] for line in (warning, "")),
            *_table(("file", "what it is"), [(f"`{name}`", words) for name, words in KINDS if any(folder.glob(name))]),
            "## Circumstances",
            "",
            *_table(("", ""), [*known["circumstances"].items(), *_processor(results), *_images(results), *_spectra(results)]),
            "## Runs",
            "",
            *_table(("run", "epochs (paper's)", "clean accuracy", "seconds", "device", "commit"), map(_run, known["runs"])),
            "## Weights",
            "",
            *_weights(folder, results, kept, rounding),
            "## Checksums",
            "",
            "```",
            *(f"{digest(folder / name)}  {name}" for name in names),
            "```",
            "",
        )
    )


def _processor(results: Results) -> list[tuple[str, str]]:
    """Seconds of the processor, which other work on the machine lengthens least."""
    known = [
        seconds["processor"]
        for result in weights.lasts(results)
        if "processor" in (seconds := result.timing.get("seconds", {}))
    ]
    return [("processor seconds in all", f"{sum(known):,.0f} of {len(known)} runs")]


def _images(results: Results) -> list[tuple[str, str]]:
    found = {str(result.data.get("sha256")): result.data for result in results.checkpoints.values()}
    return [
        (f"sha256 of the images ({data['source']}, {data.get('train')} training, {data.get('test')} test)", sha)
        for sha, data in found.items()
    ]


def _spectra(results: Results) -> list[tuple[str, str]]:
    return [
        (
            f"patches of {spectrum['images']:,} training images ({spectrum['source']})",
            f"{spectrum['rank']} directions carry {spectrum['share']:.4f} of the variance",
        )
        for spectrum in results.spectra
    ]


def _profile(name: str) -> str:
    return f" --profile {name}" if name in experiments.PROFILES else ""


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


def _weights(folder: Path, results: Results, kept: Sequence[str], rounding: dict[str, Any]) -> list[str]:
    """What is kept of the weights and what rounding changed."""
    if not kept:
        return ["None are kept.", ""]
    rows = []
    for name in kept:
        path, found = weights.path_of(folder, results.checkpoints[name]), rounding.get(name)
        measured = (
            ("", "", "")
            if found is None
            else (
                f"{100 * found['same_answers']:.2f} % of {found['images']}",
                f"{found['logit_distance']:.3g}",
                f"{found['logit_square']:.3g}",
            )
        )
        rows.append((name, f"`{path.relative_to(folder).as_posix()}`", weights.precision(path), *measured))
    return [
        "The last checkpoint of a run, and those that other runs started from or imitated; `pruned` teaches students.",
        "Where weights were rounded: the share of test images to which both networks give the same label, the mean squared",
        "distance of their logits, and the mean squared length of the logits for scale.",
        "",
        *_table(("checkpoint", "file", "precision", "same label", "logit distance", "logit square"), rows),
    ]


def _table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    lines = [f"| {' | '.join(map(str, row))} |" for row in (headings, *rows)]
    return [lines[0], "|" + "---|" * len(headings), *lines[1:], ""]
