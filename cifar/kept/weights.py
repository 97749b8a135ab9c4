"""The weights that are kept beside results: which, how precisely, and what rounding them changes.

A half (float16) keeps 11 bits of a weight, a bfloat16 8: rounding to bfloat16 moves the logits ten times as far, and no weight
comes near a half's limits (the largest is about .5). rounding.json says for each network what changed.
The colours' mean and std stay as they are. A kept file is read like any other (places.load_network).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import BadInput
from ..files import load_tensors, save_tensors
from ..measures.robustness import as_pixels
from ..networks.convnet import ConvNet
from ..report.results import Result, Results
from ..runs import paths as places

NEEDS = ("teacher", "start", "representation", "surrogate")  # settings that name a checkpoint
COLOURS = ("mean", "std")
SHOWN, BATCH = 1000, 250  # test images on which rounding is measured; at a time
DIGITS = 3  # of a measured change; what differs behind them is the processor's


def needs(settings: dict[str, Any]) -> tuple[str, ...]:
    """Checkpoints, "run@paper's epoch", that a stored run needed."""
    return tuple(dict.fromkeys(settings[key] for key in NEEDS if settings.get(key)))


def lasts(results: Results) -> list[Result]:
    """The last checkpoint of every run."""
    found: dict[str, Result] = {}
    for result in results.checkpoints.values():
        if result.run not in found or found[result.run].epoch < result.epoch:
            found[result.run] = result
    return list(found.values())


def wanted(results: Results, runs: Sequence[str] | None = None) -> list[Result]:
    """The last checkpoint of each run (of all if None) and every checkpoint these need, in the results' order.

    BadInput, one line, for a run or a need without a result.
    """
    known = {result.run: result.checkpoint for result in lasts(results)}
    if unknown := [run for run in runs or () if run not in known]:
        raise BadInput(f"no result of {', '.join(unknown)}; there are those of {', '.join(known)}")
    waiting = [known[run] for run in (known if runs is None else runs)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        result = results.get(name)
        if result is None:
            raise BadInput(f"a kept checkpoint needs {name}, which has no result; name the runs whose weights to keep")
        if name not in found:
            found.add(name)
            waiting += needs(result.settings)
    return [result for name, result in results.checkpoints.items() if name in found]


def path_of(folder: Path, result: Result) -> Path:
    return (folder / result.file).with_suffix(".pt")


def precision(path: Path) -> str:
    """ "float32" or "float16": the least precise of a file's weights."""
    kinds = {value.dtype for _, value in _parameters(load_tensors(path)["weights"])}
    return str(min(kinds, key=lambda kind: kind.itemsize)).removeprefix("torch.")


def store(source: Path, target: Path, dtype: torch.dtype) -> None:
    """Copy a file of weights, rounded to `dtype` where they are more precise than that."""
    content = load_tensors(source)
    for name, value in _parameters(content["weights"]):
        if value.dtype.itemsize > dtype.itemsize:
            content["weights"][name] = value.to(dtype)
    save_tensors(target, content)


def change(before: Path, after: Path, pixels: Tensor) -> dict[str, Any]:
    """What rounding changes on some images, all in float32.   bytes (N, 3, h, w)

    same_answers: share of images with the same label;  logit_distance: mean squared distance of the logits;  logit_square:
    mean squared length of the logits, for scale.
    """
    pixels = pixels[:SHOWN]
    networks: list[ConvNet] = [places.load_network(path, torch.device("cpu")) for path in (before, after)]
    same, distance, square = 0, 0.0, 0.0
    with torch.no_grad():
        for part in pixels.split(BATCH):
            x = as_pixels(part)
            one, other = (network(x).double() for network in networks)
            same += int((one.argmax(1) == other.argmax(1)).sum())
            distance += float((one - other).square().sum())
            square += float(one.square().sum())
    count = len(pixels)
    return {
        "images": count,
        "same_answers": same / count,
        "logit_distance": _short(distance / count),
        "logit_square": _short(square / count),
    }


def _parameters(weights: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    return iter([(name, value) for name, value in weights.items() if name not in COLOURS])


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
