"""Where the files of a run are (files.py), what is in them, and whether a run is finished, or cannot be.

A run that cannot be finished has a file too, so that the queue goes on and the report says it:

    {"run", "status": "diverged", "epoch", "reason", "commits", "settings"}    a loss or a weight stopped being a number
    {"run", "status": "not run", "needs", "settings"}                          a checkpoint it needs will never be there

One that diverged is not tried again until its settings change or its file is deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from twolayer.files import BadInput

from ..files import load_json, load_tensors, save_json, save_tensors
from ..networks.convnet import ConvNet
from ..settings import Settings, training_part

DIVERGED, NOT_RUN = "diverged", "not run"
RESULT, TIME, WEIGHTS = ".json", ".time.json", ".pt"  # files of a checkpoint
STATE, MEASURES, FAILURE = ".pt", ".measures.pt", ".json"  # of a run that is not trained, not measured, cannot be finished


def checkpoint_path(out: Path, run: str, epoch: int, kind: str) -> Path:
    return out / "runs" / run / f"epoch-{epoch}{kind}"


def run_path(out: Path, run: str, kind: str) -> Path:
    return out / "state" / f"{run}{kind}"


def located(out: Path, grid: Mapping[str, Settings], checkpoint: str) -> Path:
    """The weights of a checkpoint "run@paper's epoch"."""
    run, _, epoch = checkpoint.partition("@")
    return checkpoint_path(out, run, dict(grid[run].checkpoints)[int(epoch)], WEIGHTS)


def finished(out: Path, settings: Settings, images: str | None = None) -> bool:
    """Whether every checkpoint has its result; BadInput if one was trained with other settings, or on other images.

    images: the digest of those at hand (Cifar10.digest), if any are.
    """
    return all([measured(out, settings, epoch, images) for _, epoch in settings.checkpoints])


def measured(out: Path, settings: Settings, epoch: int, images: str | None = None) -> bool:
    """Whether a checkpoint has its result, measured as asked. The same errors."""
    path = checkpoint_path(out, settings.name, epoch, RESULT)
    if not path.is_file():
        return False
    stored = load_json(path)
    try:
        record, digest = dict(stored["config"]["settings"]), stored["config"]["data"]["sha256"]
    except (KeyError, TypeError, ValueError):
        raise BadInput(f"{path} is no result of a run; delete it to compute it again") from None
    _require_same(path, settings, images, record, digest)
    return record == settings.record


def trained(out: Path, settings: Settings, images: str) -> bool:
    """Whether every checkpoint has its weights. The same errors."""
    there = []
    for _, epoch in settings.checkpoints:
        path = checkpoint_path(out, settings.name, epoch, WEIGHTS)
        stored = load_tensors(path).get("trained") if path.is_file() else None
        if stored is not None:
            _require_same(path, settings, images, stored["settings"], stored["data"]["sha256"])
        there.append(stored is not None)
    return all(there)


def _require_same(path: Path, settings: Settings, images: str | None, record: Mapping[str, object], digest: str) -> None:
    if training_part(record) != training_part(settings.record):
        raise BadInput(f"{path} was computed with other settings; use another --out, or delete it")
    if images not in (None, digest):
        raise BadInput(f"{path} was computed from other images; use another --out, or delete it")


def load_network(path: Path, device: torch.device) -> ConvNet:
    """Frozen, in evaluation mode, channels last."""
    stored = load_tensors(path)
    network = ConvNet(stored["widths"], classes=stored["classes"], mean=(0.0,) * 3, std=(1.0,) * 3, size=stored["size"])
    network.load_state_dict(stored["weights"])
    return network.to(device, memory_format=torch.channels_last).requires_grad_(False).eval()  # type: ignore[call-overload]


def save_network(path: Path, network: ConvNet, trained: Mapping[str, object] | None = None) -> None:
    """trained: settings, data and losses, where a run trained it."""
    weights = {name: value.detach().cpu().contiguous().clone() for name, value in network.state_dict().items()}
    shape = {"widths": list(network.widths), "classes": network.classes, "size": network.size}
    save_tensors(path, {**shape, "weights": weights} | ({} if trained is None else {"trained": dict(trained)}))


class DivergedError(Exception):
    """Training cannot go on.   epoch: counted from 1;  reason: what stopped being a number"""

    def __init__(self, epoch: int, reason: str) -> None:
        super().__init__(f"diverged in epoch {epoch}: {reason}")
        self.epoch, self.reason = epoch, reason


@dataclass(frozen=True)
class Failure:
    """short: what stands in the place of a number;  words: with the reason;  settings: the run's, as recorded."""

    status: str
    short: str
    words: str
    settings: Any


def record_failure(out: Path, settings: Settings, status: str, **why: Any) -> None:
    """why: what else the file says of this status; needs: the checkpoint, "run@paper's epoch", that will never be there."""
    record = {"run": settings.name, "settings": settings.record, "status": status, **why}
    save_json(run_path(out, settings.name, FAILURE), record)


def stored_failure(path: Path) -> Failure:
    """The failure in a file; BadInput, one line, if it holds none."""
    value = load_json(path)
    try:
        _, status = value["run"], value["status"]
        if status == NOT_RUN:
            short = words = f"{NOT_RUN}: needs {value['needs']}"
        elif status == DIVERGED:
            short = f"{DIVERGED} in epoch {int(value['epoch'])}"
            words = f"{short}: {value['reason']}"
        else:
            raise ValueError(f"status {status!r}")
        return Failure(status, short, words, value["settings"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{path} is no record of a run that failed ({type(error).__name__}: {error}); delete it") from None


def failures(out: Path, runs: Mapping[str, Settings]) -> dict[str, Failure]:
    """Those of some runs that are recorded with these settings, by the run's name."""
    paths = {name: run_path(out, name, FAILURE) for name in runs}
    stored = {name: stored_failure(path) for name, path in paths.items() if path.is_file()}
    return {name: failure for name, failure in stored.items() if failure.settings == runs[name].record}


def told(failed: Mapping[str, Failure], of_all: int, out: Path) -> str:
    """One line about runs that cannot be finished."""
    words = "; ".join(f"{name} {failure.words}" for name, failure in failed.items())
    again = " ".join(str(run_path(out, name, FAILURE)) for name, failure in failed.items() if failure.status == DIVERGED)
    return f"{len(failed)} of {of_all} runs cannot be finished: {words}. To try again, change settings or delete {again}"
