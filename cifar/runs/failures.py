"""Runs that cannot be finished, and why: state/<run>.json in --out, so that the queue goes on and the report says it.

    {"run", "status": "diverged", "epoch", "reason", "commits", "settings"}    a loss or a weight stopped being a number
    {"run", "status": "not run", "needs", "settings"}                          a checkpoint it needs will never be there

A run that diverged is not tried again until its settings change or its file is deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twolayer.files import BadInput

from ..files import load_json, save_json
from ..settings import Settings

DIVERGED, NOT_RUN = "diverged", "not run"


class DivergedError(Exception):
    """Training cannot go on.   epoch: counted from 1;  reason: what stopped being a number"""

    def __init__(self, epoch: int, reason: str) -> None:
        super().__init__(f"diverged in epoch {epoch}: {reason}")
        self.epoch, self.reason = epoch, reason


@dataclass(frozen=True)
class Failure:
    """short: what stands in the place of a number;  words: with the reason;  settings: the run's, as recorded."""

    run: str
    status: str
    short: str
    words: str
    settings: Any


def path_of(out: Path, run: str) -> Path:
    return out / "state" / f"{run}.json"


def record(out: Path, settings: Settings, status: str, **why: Any) -> None:
    """why: what else the file says of this status; needs: the checkpoint, "run@paper's epoch", that will never be there."""
    save_json(path_of(out, settings.name), {"run": settings.name, "settings": settings.record, "status": status, **why})


def forget(out: Path, run: str) -> None:
    path_of(out, run).unlink(missing_ok=True)


def failure(path: Path) -> Failure:
    """The failure in a file; BadInput, one line, if it holds none."""
    value = load_json(path)
    try:
        run, status = str(value["run"]), value["status"]
        if status == NOT_RUN:
            short = words = f"{NOT_RUN}: needs {value['needs']}"
        elif status == DIVERGED:
            short = f"{DIVERGED} in epoch {int(value['epoch'])}"
            words = f"{short}: {value['reason']}"
        else:
            raise ValueError(f"status {status!r}")
        return Failure(run, status, short, words, value["settings"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{path} is no record of a run that failed ({type(error).__name__}: {error}); delete it") from None


def of(out: Path, settings: Settings) -> Failure | None:
    """The recorded failure of a run with these settings."""
    path = path_of(out, settings.name)
    stored = failure(path) if path.is_file() else None
    return stored if stored is not None and stored.settings == settings.record else None


def among(out: Path, runs: Mapping[str, Settings]) -> dict[str, Failure]:
    """The failures of some runs, by name."""
    return {name: failed for name, settings in runs.items() if (failed := of(out, settings)) is not None}


def told(failures: Mapping[str, Failure], of_all: int, out: Path) -> str:
    """One line about runs that cannot be finished."""
    words = "; ".join(f"{name} {failed.words}" for name, failed in failures.items())
    again = " ".join(str(path_of(out, name)) for name, failed in failures.items() if failed.status == DIVERGED)
    return f"{len(failures)} of {of_all} runs cannot be finished: {words}. To try again, change settings or delete {again}"
