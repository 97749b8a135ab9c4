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

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from twolayer.files import BadInput, parsed, text, written

CHECKSUM = "checksum"  # key of the SHA-256 of a JSON file's other keys


def save_json(path: Path, value: dict[str, Any]) -> None:
    """Sorted, compact JSON with a checksum; refuses NaN and infinity."""
    written(path, (_compact({**value, CHECKSUM: _sum(value)}) + "\n").encode())


def load_json(path: Path) -> Any:
    """The same as `stored_json`, but BadInput that says what to do."""
    try:
        return stored_json(path)
    except ValueError as error:
        raise BadInput(f"{path} is {error}; delete it to compute it again") from None


def stored_json(path: Path) -> Any:
    """What `save_json` wrote, without its checksum; ValueError, one line, where a bit of it is another.

    Files from before there were checksums are read as they are.
    """
    try:
        value = parsed(text(path), "it")
    except ValueError as error:
        raise ValueError(f"not JSON ({' '.join(str(error).split())})") from None
    if isinstance(value, dict) and CHECKSUM in value and value.pop(CHECKSUM) != _sum(value):
        raise ValueError("not what was written: its checksum is of something else")
    return value


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _sum(value: dict[str, Any]) -> str:
    return hashlib.sha256(_compact(value).encode()).hexdigest()


def save_tensors(path: Path, value: Any) -> None:
    """Nested dictionaries and lists of tensors and plain values."""
    buffer = io.BytesIO()  # a file's name would become part of the content
    torch.save(value, buffer)
    written(path, buffer.getvalue())


def load_tensors(path: Path) -> Any:
    """Reads tensors and plain values only; nothing in the file is executed.

    torch writes the checksum (CRC-32) of each part into the file, and does not look at it when it reads.
    """
    try:
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if damaged := parts.testzip():
                raise ValueError(f"{damaged} is damaged")
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
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


def filled(template: Path, filters: dict[str, Callable[..., Any]] | None = None, **values: Any) -> str:
    """A text from a template: HTML with every value escaped, Markdown as it is, without a line's end at its end.

    A name that the template lacks is an error.
    """
    world = Environment(trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, autoescape=template.suffix == ".html")
    world.loader = FileSystemLoader(template.parent)
    world.filters |= filters or {}
    return world.get_template(template.name).render(**values)
