"""Where the files of a run are, what is in them, and whether a run is finished."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from twolayer.files import BadInput

from ..files import load_json, load_tensors, save_tensors
from ..networks.convnet import ConvNet
from ..settings import Settings, training_part


def result_path(out: Path, run: str, epoch: int) -> Path:
    return out / "runs" / run / f"epoch-{epoch}.json"


def time_path(out: Path, run: str, epoch: int) -> Path:
    return out / "runs" / run / f"epoch-{epoch}.time.json"


def weights_path(out: Path, run: str, epoch: int) -> Path:
    return out / "runs" / run / f"epoch-{epoch}.pt"


def state_path(out: Path, run: str) -> Path:
    return out / "state" / f"{run}.pt"


def measures_path(out: Path, run: str) -> Path:
    return out / "state" / f"{run}.measures.pt"


def features_path(out: Path, run: str, first: int) -> Path:
    """first: the place of the first image of a part"""
    return out / "cache" / run / f"{first}.pt"


def located(out: Path, grid: Mapping[str, Settings], checkpoint: str) -> Path:
    """The weights of a checkpoint "run@paper's epoch"."""
    run, _, epoch = checkpoint.partition("@")
    return weights_path(out, run, dict(grid[run].checkpoints)[int(epoch)])


def finished(out: Path, settings: Settings, images: str | None = None) -> bool:
    """Whether every checkpoint has its result; BadInput if one was trained with other settings, or on other images.

    images: the digest of those at hand (Cifar10.digest), if any are.
    """
    return all([measured(out, settings, epoch, images) for _, epoch in settings.checkpoints])


def measured(out: Path, settings: Settings, epoch: int, images: str | None = None) -> bool:
    """Whether a checkpoint has its result, measured as asked. The same errors."""
    path = result_path(out, settings.name, epoch)
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
        path = weights_path(out, settings.name, epoch)
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
