"""What a later piece of work needs, in few files: results, weights, unfinished state, those of a search, spectra of patches."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ..files import StateError, write_atomic
from . import spectra
from .paths import SEARCH, SEARCH_FILES

PIECES, PIECE_BYTES = 8, 16 * 10**6 - 1  # at most eight files, each under 16 MB
TAR_BLOCK, TAR_RECORD = 512, 10240  # a member costs a header and is rounded up; a file is rounded up at its end
FOLDERS = ("runs", "state", f"{SEARCH}/runs", f"{SEARCH}/state")


def carried(out: Path) -> list[Path]:
    """What a later piece needs: results, weights, unfinished state, those of a search, spectra of patches."""
    found = [path for folder in FOLDERS for path in sorted((out / folder).rglob("*")) if path.is_file()]
    found += [path for name in (spectra.FILE, *SEARCH_FILES) if (path := out / name).is_file()]
    return [path for path in found if not path.name.startswith(".")]


def pack(out: Path, target: Path) -> list[Path]:
    """Everything that a later piece needs, in at most 8 files under 16 MB: piece-<i>.tar in `target`.

    First fit, largest first. StateError if it does not fit, or if there is nothing; the pieces in `target` then stay.
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
    if not bins:
        raise StateError(f"{out} holds nothing to pack; give --out the directory of `python -m cifar run`")
    target.mkdir(parents=True, exist_ok=True)
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
    for old in set(target.glob("piece-*.tar")) - set(pieces):
        old.unlink()
    return pieces


def unpack(pieces: Iterable[Path], out: Path) -> int:
    """The inverse of pack; refuses names that lead out of `out`; spectra join those that are there.   -> number of files"""
    count = 0
    for piece in pieces:
        try:
            with tarfile.open(piece, "r:") as archive:
                for member in archive:
                    name = PurePosixPath(member.name)
                    content = archive.extractfile(member) if member.isfile() else None
                    within = any(PurePosixPath(folder) in name.parents for folder in FOLDERS) and ".." not in name.parts
                    inside = within or member.name in SEARCH_FILES
                    if content is None or not (inside or member.name == spectra.FILE):
                        raise StateError(f"{piece} holds {member.name!r}, which no packed state does; refused")
                    if inside:
                        write_atomic(out / name, content.read())
                    else:
                        spectra.keep(out, spectra.parsed(content.read()))
                    count += 1
        except (tarfile.TarError, OSError, ValueError) as error:
            raise StateError(f"{piece} cannot be read as packed state ({error}); pack again") from None
    return count
