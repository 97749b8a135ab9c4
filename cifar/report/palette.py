"""Names of the kinds of training, and a colour, stroke and mark of each, the same in every figure (kinds.toml)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

WRITTEN = tomllib.loads(Path(__file__).with_name("kinds.toml").read_text(encoding="utf-8"))
COLOURS: dict[str, str] = WRITTEN["colours"]
STROKES = {name: (offset, tuple(lengths)) for name, (offset, lengths) in WRITTEN["strokes"].items()} | {"solid": "solid"}
KINDS: dict[str, str] = {kind: label for kind, (label, *_) in WRITTEN["kinds"].items()}
SEEDS = tuple(COLOURS[name] for name in ("blue", "sky", "purple", "green", "orange"))


def style(checkpoint: str, seed: str) -> tuple[str, Any, str]:
    """Colour, stroke and mark of a checkpoint "run@paper's epoch": its kind's, the untrained student's at epoch 0.

    seed: what parts a run's name from its seed
    """
    run, _, epoch = checkpoint.partition("@")
    other = ("", "grey", "dotted", "*") if epoch == "0" else ("", "grey", "solid", "D")
    _, colour, stroke, mark = other if epoch == "0" else WRITTEN["kinds"].get(run.partition(seed)[0], other)
    return COLOURS[colour], STROKES[stroke], mark
