"""Files of --out: written whole or not at all, the same bytes for the same content, and packed into few.

    runs/<run>/epoch-<n>.json       a checkpoint's result; no time stamps, so that equal runs give equal bytes
    runs/<run>/epoch-<n>.time.json  seconds, device, versions of the same
    runs/<run>/epoch-<n>.pt         its weights
    state/<run>.pt                  a run that is not finished
    cache/                          what can be computed again; never packed
"""
from __future__ import annotations

import fcntl
import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import torch

PIECES, PIECE_BYTES = 8, 16 * 10**6 - 1  # at most eight files, each under 16 MB
TAR_BLOCK, TAR_RECORD = 512, 10240  # a member costs a header and is rounded up; a file is rounded up at its end


class StateError(Exception):
    """What is wrong with --out, and what to do, in one line."""


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
        raise StateError(f"{path} is not JSON ({error}); delete it to compute it again") from None


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
        raise StateError(f"{path} cannot be read ({reason}); delete it to compute it again") from None


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """One process at a time in --out; a killed process's lock goes with it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        file = (out / ".lock").open("w")
    except OSError as error:
        raise StateError(f"--out {out} cannot be written ({error.strerror}); choose another directory") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StateError(f"another process works in {out}; wait for it or choose another --out") from None
        yield


def carried(out: Path) -> list[Path]:
    """What a later piece needs: results, weights and unfinished state."""
    found = [path for folder in ("runs", "state") for path in sorted((out / folder).rglob("*")) if path.is_file()]
    return [path for path in found if not path.name.startswith(".")]


def pack(out: Path, target: Path) -> list[Path]:
    """Everything that a later piece needs, in at most 8 files under 16 MB: piece-<i>.tar in `target`.

    First fit, largest first. StateError if it does not fit.
    """
    bins: list[tuple[int, list[Path]]] = []
    for path in sorted(carried(out), key=lambda path: (-path.stat().st_size, path)):
        size = TAR_BLOCK + -(-path.stat().st_size // TAR_BLOCK) * TAR_BLOCK
        for place, (used, members) in enumerate(bins):
            if used + size + TAR_RECORD <= PIECE_BYTES:
                bins[place] = (used + size, [*members, path])
                break
        else:
            if size + TAR_RECORD > PIECE_BYTES or len(bins) == PIECES:
                raise StateError(f"{path} does not fit into {PIECES} files of {PIECE_BYTES} bytes; finish or remove some runs")
            bins.append((size, [path]))
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("piece-*.tar"):
        old.unlink()
    pieces = []
    for place, (_, members) in enumerate(bins):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for path in members:
                content = path.read_bytes()
                header = tarfile.TarInfo(path.relative_to(out).as_posix())
                header.size = len(content)
                archive.addfile(header, io.BytesIO(content))
        pieces.append(target / f"piece-{place}.tar")
        write_atomic(pieces[-1], buffer.getvalue())
    return pieces


def unpack(pieces: Iterable[Path], out: Path) -> int:
    """The inverse of pack; refuses names that lead out of `out`.   -> number of files"""
    count = 0
    for piece in pieces:
        try:
            with tarfile.open(piece, "r:") as archive:
                for member in archive:
                    name = PurePosixPath(member.name)
                    content = archive.extractfile(member) if member.isfile() else None
                    if content is None or name.is_absolute() or ".." in name.parts or name.parts[0] not in ("runs", "state"):
                        raise StateError(f"{piece} holds {member.name!r}, which no packed state does; refused")
                    write_atomic(out / name, content.read())
                    count += 1
        except (tarfile.TarError, OSError) as error:
            raise StateError(f"{piece} cannot be read as packed state ({error}); pack again") from None
    return count
