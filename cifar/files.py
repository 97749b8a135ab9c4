"""Files of --out: written whole or not at all, the same bytes for the same content.

runs/<run>/epoch-<n>.json       a checkpoint's result; no time stamps, so that equal runs give equal bytes
runs/<run>/epoch-<n>.time.json  seconds, device, versions, commits of the same
runs/<run>/epoch-<n>.pt         its weights, and how they were trained
state/<run>.pt                  a run that is not trained
state/<run>.measures.pt         a checkpoint that is not measured
state/<run>.json                a run that cannot be finished, and why
patches.json                    spectra of the patches of the training images
cache/                          what can be computed again, and need not be copied to another machine
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout

from .errors import BadInput


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that a crash at any moment leaves the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def save_json(path: Path, value: Any) -> None:
    """Sorted, compact JSON; refuses NaN and infinity."""
    write_atomic(path, (json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n").encode())


def load_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"{path} is not JSON ({error}); delete it to compute it again") from None


def save_tensors(path: Path, value: Any) -> None:
    """Nested dictionaries and lists of tensors and plain values."""
    buffer = io.BytesIO()  # a file's name would become part of the content
    torch.save(value, buffer)
    write_atomic(path, buffer.getvalue())


def load_tensors(path: Path) -> Any:
    """Reads tensors and plain values only; nothing in the file is executed."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises almost anything
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadInput(f"{path} cannot be read ({reason}); delete it to compute it again") from None


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """One process at a time in --out; a killed process's lock goes with it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        held = FileLock(out / ".lock").acquire(timeout=0)
    except Timeout:
        raise BadInput(f"another process works in {out}; wait for it or choose another --out") from None
    except OSError as error:
        raise BadInput(f"--out {out} cannot be written ({error.strerror}); choose another directory") from None
    with held:
        yield
