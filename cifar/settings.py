"""One run's settings: every choice that could change its numbers, recorded with each of its results.

What the paper prints is a default where it prints one; every other default is this project's choice, named so here.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

PRECISIONS = ("float32", "bfloat16")
ALLOWED = {
    "role": ("teacher", "pruned", "surrogate", "student"),
    "examples": ("clean", "oracle", "data", "in-plane", "out-plane", "calibrated"),
    "loss": ("logit", "label"),
    "target": ("shown", "clean", "dataset"),
    "augment": ("none", "crop-flip", "standard", "gaussian"),
    "optimiser": ("sgd", "adam", "muon"),
    "schedule": ("constant", "cosine"),
    "radius": ("full", "scaled"),
    "inner": PRECISIONS,
    "update": PRECISIONS,
    "eval_inner": PRECISIONS,
}
# How a run is measured; all other settings say how it is trained, and what was trained with them can be measured anew.
MEASURING = ("surrogate", "attacks", "repeats", "test_images", "eval_batch", "eval_steps", "eval_inner")
NEEDS = ("teacher", "start", "representation", "surrogate")  # settings that name a checkpoint
# What the paper leaves open, in words, for the report.
CHOICES: dict[str, str] = tomllib.loads(Path(__file__).with_name("choices.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Settings:
    """A run.   name: unique in its profile; seed: of weights, order of images, attack starts.

    checkpoints: (paper's epoch, epoch here), ascending; the last ends the run.  first_epoch: epochs already behind
    it (robust-feature training goes on from a checkpoint), where a checkpoint measures the run before its first update.
    horizon: epochs of the learning-rate schedule.  gain: of the initial kernels (ConvNet).
    examples: what the student is shown.  loss, target: what it is asked: the teacher's logits or label at the image
    shown or at the clean image, or the dataset's label.
    radius (calibrated): "full", the perturbation as found, whose size nearly always is eps, so that lambda = 0 whatever
    rho; "scaled", shortened by a uniform factor, so that rho matters.
    teacher, start, representation: "run@paper's epoch" whose weights it needs.
    attacks: (paper's epoch, names) evaluated there.  eval_steps: of iterated attacks; 0 means the catalogue's own.
    inner, update, eval_inner: precision of training's attacks, of its updates, of evaluation's attacks (their judge has
    float32);  multiple: widths of the attacked copies are padded to multiples of it.
    """

    name: str
    role: str = "student"
    widths: tuple[int, ...] = (50, 35, 35, 22)
    seed: int = 0
    gain: float = 1.0
    images: int = 50000
    checkpoints: tuple[tuple[int, int], ...] = ((300, 300),)
    first_epoch: int = 0
    horizon: int = 300
    examples: str = "clean"
    loss: str = "logit"
    target: str = "shown"
    augment: str = "none"
    noise: float = 0.0
    batch: int = 64
    optimiser: str = "sgd"
    lr: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 0.0
    schedule: str = "cosine"
    warmup: float = 0.0
    eps: float = 10 / 255
    step: float = 0.01
    steps: int = 40
    rho: float = 0.0
    radius: str = "scaled"
    alpha: float = 0.5
    feature_steps: int = 0
    feature_step: float = 0.1
    removed: tuple[float, ...] = ()
    inner: str = "float32"
    update: str = "float32"
    multiple: int = 1
    teacher: str = ""
    start: str = ""
    representation: str = ""
    surrogate: str = ""
    attacks: tuple[tuple[int, tuple[str, ...]], ...] = ()
    repeats: int = 3
    test_images: int = 10000
    eval_batch: int = 500
    eval_steps: int = 0
    eval_inner: str = "float32"

    def __post_init__(self) -> None:
        for field, allowed in ALLOWED.items():
            if getattr(self, field) not in allowed:
                raise ValueError(f"{field} must be one of {', '.join(allowed)}; got {getattr(self, field)!r}")
        if self.images < self.batch:
            raise ValueError(f"a batch of {self.batch} needs as many images; got {self.images}; lower the batch")
        places = [epoch for _, epoch in self.checkpoints]
        ascending = all(a < b for a, b in pairwise(places))
        if not places or not ascending or places[0] < self.first_epoch or places[-1] == self.first_epoch:
            raise ValueError(f"checkpoints must ascend from epoch {self.first_epoch}; got {self.checkpoints}")

    @property
    def epochs(self) -> int:
        """The last epoch."""
        return self.checkpoints[-1][1]

    @property
    def batches(self) -> int:
        """Updates in an epoch; the incomplete batch is dropped, so that all have one shape."""
        return self.images // self.batch

    @property
    def needs(self) -> tuple[str, ...]:
        """Checkpoints, "run@paper's epoch", that must exist before this run starts."""
        return needs(vars(self))

    @property
    def record(self) -> dict[str, object]:
        """Every field, in plain JSON values."""
        return json.loads(json.dumps(asdict(self)))

    def altered(self, **changes: object) -> Settings:
        return replace(self, **changes)  # type: ignore[arg-type]


def needs(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The checkpoints that a run needs, of its stored record."""
    return tuple(dict.fromkeys(record[field] for field in NEEDS if record.get(field)))


def training_part(record: Mapping[str, object]) -> dict[str, object]:
    """What of a stored record of settings says how the run was trained."""
    return {field: value for field, value in record.items() if field not in MEASURING}
