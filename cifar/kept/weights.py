"""The weights that are kept beside results: which, and as halves.

A half (float16) keeps 11 bits of a weight, a bfloat16 8: rounding to bfloat16 moves the logits ten times as far, and no weight
comes near a half's limits (the largest is about .5). A kept file is read like any other (paths.load_network).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twolayer.files import BadInput

from ..files import load_tensors, save_tensors
from ..report.results import Result, Results

NEEDS = ("teacher", "start", "representation", "surrogate")  # settings that name a checkpoint
COLOURS = ("mean", "std")


def needs(settings: dict[str, Any]) -> tuple[str, ...]:
    """Checkpoints, "run@paper's epoch", that a stored run needed."""
    return tuple(dict.fromkeys(settings[key] for key in NEEDS if settings.get(key)))


def wanted(results: Results, runs: Sequence[str] | None = None) -> list[Result]:
    """The last checkpoint of each run (of all if None) and every checkpoint these need, in the results' order.

    BadInput, one line, for a run or a need without a result.
    """
    last = {run: result.checkpoint for run, result in results.ends.items()}
    if unknown := [run for run in runs or () if run not in last]:
        raise BadInput(f"no result of {', '.join(unknown)}; there are those of {', '.join(sorted(last))}")
    waiting = [last[run] for run in (last if runs is None else runs)]
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        result = results.get(name)
        if result is None:
            raise BadInput(f"a kept checkpoint needs {name}, which has no result; name the runs whose weights to keep")
        if name not in needed:
            needed.add(name)
            waiting += needs(result.settings)
    return [result for name, result in results.checkpoints.items() if name in needed]


def path_of(folder: Path, result: Result) -> Path:
    return (folder / result.file).with_suffix(".pt")


def store(source: Path, target: Path) -> None:
    """Copy a file of weights as halves; the colours' mean and std stay as they are."""
    content = load_tensors(source)
    content["weights"] = {name: value if name in COLOURS else value.half() for name, value in content["weights"].items()}
    save_tensors(target, content)
