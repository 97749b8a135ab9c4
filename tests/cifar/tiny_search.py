"""`python -m cifar search` on tiny networks and made images, with few candidates: seconds for a whole search."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cifar import __main__ as cli
from cifar.data import cifar10 as data
from cifar.experiments import grid as experiments
from cifar.experiments import search
from cifar.experiments import search_rule as candidates
from cifar.experiments.search_rule import Candidate

from . import made

TRAIN, APART, TEST = 48, 16, 6
WIDTHS = {"FOUR": (6, 6, 6, 8), "PRUNED_FOUR": (5, 3, 3, 3), "FIVE": (6,) * 5, "PRUNED_FIVE": (5, 3, 3, 3, 2)}
SIZE = search.Size(
    held_out=APART,
    epochs=1,
    long_epochs=2,
    long_images=32,
    teacher_epochs=1,
    pruning_epochs=1,
    students={"images": 16, "steps": 1, "eval_steps": 2, "eval_batch": 5},
    teacher={"images": 16, "batch": 8},
)
RULE = {"RATES": {"adam": (1e-3,), "sgd": (1e-3,)}, "BATCHES": (4, 8), "FURTHER": 0}
FIRST = [Candidate("adam", 1e-3, 4), Candidate("sgd", 1e-3, 4)]  # what this rule asks for first
MADE = made.made_cifar(TRAIN, TEST)


@contextmanager
def scaled() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name, widths in WIDTHS.items():
            patched.setattr(experiments, name, widths)
        for name, value in RULE.items():
            patched.setattr(candidates, name, value)
        patched.setitem(search.SIZES, "demo", SIZE)
        patched.setattr(data, "load", lambda *_, **__: MADE)
        yield


def command(out: Path, *more: str) -> int:
    return cli.main(["search", "--data", "unused", "--out", str(out), "--profile", "demo", "--jobs", "1", *more])


def content(out: Path) -> dict[str, bytes]:
    """All that equal searches have in common: every file of results and weights, and what was found."""
    files = [p for p in (out / "search/runs").rglob("*") if p.is_file() and not p.name.endswith(".time.json")]
    found = json.loads((out / "search.json").read_text())
    found.pop("circumstances")
    return {"search.json": json.dumps(found).encode(), **{p.relative_to(out).as_posix(): p.read_bytes() for p in files}}
