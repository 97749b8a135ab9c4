"""CIFAR-10 as bytes: found, verified and read from any official layout, or fetched.

A directory given as --data holds, in this order of preference: cifar-10-batches-bin/ (the binary layout; a record
is a label byte and 3,072 pixel bytes in planes), cifar-10-batches-py/, or one of the official archives. Nothing that
a python batch names is ever executed (InertUnpickler). The source of the images is recorded with every result: "original",
"jpeg" (the labels are the development set's, whose pixels went through JPEG), or "unknown".
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import pickle
import shutil
import tarfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import wrap_file
from torch import Tensor
from torch.nn import functional

from twolayer.files import BadInput, reason

IMAGE = (3, 32, 32)
RECORD = 1 + 3 * 32 * 32
TRAIN = tuple(f"data_batch_{i}" for i in range(1, 6))
BATCHES = (*TRAIN, "test_batch")
FOLDERS = {"cifar-10-batches-bin": ".bin", "cifar-10-batches-py": ""}
ORIGIN = "https://www.cs.toronto.edu/~kriz/"
# Public facts about the two official archives: md5 and size in bytes.
ARCHIVES = {
    "cifar-10-binary.tar.gz": ("c32a1d4ab5d03f1284b67883e8d87530", 170052171),
    "cifar-10-python.tar.gz": ("c58f30108f718f92721af3b95e74349a", 170498071),
}
# sha256 of the first 4,000 official training records, and of the development set's 50,000 training labels.
FIRST_RECORDS, ORIGINAL_DIGEST = 4000, "0993cf8b8e43bc207603aef9787006995746513f5e3fa5a52e06d1b069926330"
JPEG_LABELS_DIGEST = "475881ffd59d1bd39a59b82e41df95e41cf49548518acb3dcfd4411ab6930ebb"
NETWORK_TIMEOUT = 20  # seconds without an answer


@dataclass(frozen=True, eq=False)
class Images:
    """pixels: bytes (N, 3, 32, 32);  labels: int64 (N,)"""

    pixels: Tensor
    labels: Tensor

    def first(self, count: int) -> Images:
        return Images(self.pixels[:count], self.labels[:count])

    def to(self, device: torch.device) -> Images:
        return Images(self.pixels.to(device), self.labels.to(device))


@dataclass(frozen=True, eq=False)
class Cifar10:
    """source: "original", "jpeg" or "unknown";  digest: sha256 of all pixels and labels."""

    train: Images
    test: Images
    source: str
    digest: str

    @property
    def facts(self) -> dict[str, object]:
        return {"source": self.source, "sha256": self.digest, "train": len(self.train.labels), "test": len(self.test.labels)}

    def to(self, device: torch.device) -> Cifar10:
        return Cifar10(self.train.to(device), self.test.to(device), self.source, self.digest)


def colour_moments(pixels: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each colour in units of [0, 1].   bytes (N, 3, h, w)

    From the histogram, so exact up to the last rounding on every device.
    """
    levels, moments = torch.arange(256, dtype=torch.float64) / 255, []
    for colour in range(pixels.shape[1]):
        counts = torch.bincount(pixels[:, colour].flatten().int(), minlength=256).double().cpu()
        mean = float((counts * levels).sum() / counts.sum())
        moments.append((mean, float(((counts * (levels - mean).square()).sum() / counts.sum()).sqrt())))
    means, stds = zip(*moments, strict=True)
    return means, stds


def load(directory: Path | str, *, download: bool = True) -> Cifar10:
    """Read CIFAR-10 from a directory; fetch the binary archive into it if it holds nothing.

    BadInput, one line, where the data are damaged or missing and no network answers.
    """
    directory = Path(directory)
    if directory.exists() and not directory.is_dir():
        raise BadInput(missing_line(directory, "not a directory"))
    for folder, ending in FOLDERS.items():
        if (directory / folder).is_dir():
            paths = {name: directory / folder / f"{name}{ending}" for name in BATCHES}
            missing = [path.name for path in paths.values() if not path.is_file()]
            if missing:
                raise BadInput(f"{directory / folder} lacks {', '.join(missing)}; unpack the archive again")
            return assemble({name: batch_of(path.read_bytes(), path.name) for name, path in paths.items()})
    for archive in ARCHIVES:
        if (directory / archive).is_file():
            return read_archive(directory / archive)
    if not download:
        raise BadInput(missing_line(directory, "nothing there"))
    return read_archive(fetch(directory))


def missing_line(directory: Path, why: str) -> str:
    return (
        f"no CIFAR-10 in {directory} ({why}): put cifar-10-batches-bin/ or {' or '.join(ARCHIVES)} there "
        f"(from {ORIGIN}cifar.html)"
    )


def batch_of(content: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Records of one batch, binary if its name ends in .bin, else a python pickle.   -> bytes (n, 3072), labels (n,)"""
    if not name.endswith(".bin"):
        try:
            return inert_batch(content)
        except ValueError as error:
            raise BadInput(f"{name}: {error}") from None
    if len(content) == 0 or len(content) % RECORD:
        raise BadInput(f"{name} needs records of {RECORD} bytes; got {len(content)} bytes; unpack the archive again")
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    return records[:, 1:], records[:, 0]


def read_archive(path: Path) -> Cifar10:
    """Read an archive in memory; one of the official size must have the official checksum."""
    md5, size = ARCHIVES.get(path.name, ("", -1))
    if path.stat().st_size == size and file_md5(path) != md5:
        raise BadInput(f"{path} has the official size but not the official md5 {md5}; it is damaged: fetch it again")
    wanted = {f"{name}{ending}": name for ending in FOLDERS.values() for name in BATCHES}
    batches = {}
    try:
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                base = member.name.rpartition("/")[2]
                content = archive.extractfile(member) if member.isfile() and base in wanted else None
                if content is not None:
                    batches[wanted[base]] = batch_of(content.read(), base)
            while archive.fileobj is not None and archive.fileobj.read(1 << 20):
                pass  # to the end, where the checksum of a compressed archive is
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise BadInput(f"{path} cannot be read as an archive ({reason(error)}); fetch it again") from None
    missing = [name for name in BATCHES if name not in batches]
    if missing:
        raise BadInput(f"{path} lacks {', '.join(missing)}; fetch it again")
    return assemble(batches)


def assemble(batches: dict[str, tuple[np.ndarray, np.ndarray]]) -> Cifar10:
    """Training and test images of the six batches, with their source."""

    def images(names: Iterable[str]) -> Images:
        pixels = np.concatenate([batches[name][0] for name in names])
        labels = np.concatenate([batches[name][1] for name in names])
        if labels.max() > 9:
            raise BadInput(f"labels must be 0 to 9; got {labels.max()}; these are not CIFAR-10's batches")
        return Images(torch.from_numpy(pixels).view(-1, *IMAGE), torch.from_numpy(labels.astype(np.int64)))

    train, test = images(TRAIN), images(["test_batch"])
    whole = hashlib.sha256()
    for part in (train.pixels, train.labels, test.pixels, test.labels):
        whole.update(part.numpy().data)
    return Cifar10(train, test, source_of(train), whole.hexdigest())


def source_of(train: Images) -> str:
    """Where training images come from, told by their content."""
    labels = train.labels.numpy().astype(np.uint8)
    head = np.concatenate([labels[:FIRST_RECORDS, None], train.pixels[:FIRST_RECORDS].flatten(1).numpy()], 1)
    if hashlib.sha256(head.tobytes()).hexdigest() == ORIGINAL_DIGEST:
        return "original"
    return "jpeg" if hashlib.sha256(labels.tobytes()).hexdigest() == JPEG_LABELS_DIGEST else "unknown"


def file_md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def fetch(directory: Path, url: str | None = None) -> Path:
    """Download the official binary archive: to a temporary file, checked, then renamed; a terminal sees a bar."""
    name = "cifar-10-binary.tar.gz"
    target = directory / name
    partial, console = directory / f"{name}.{os.getpid()}.partial", Console(stderr=True)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(url or ORIGIN + name, timeout=NETWORK_TIMEOUT) as answer, partial.open("wb") as file:
            total = int(answer.headers.get("Content-Length") or ARCHIVES[name][1])
            with wrap_file(answer, total, description="CIFAR-10", console=console, disable=not console.is_terminal) as watched:
                shutil.copyfileobj(watched, file, 1 << 20)
        if file_md5(partial) != ARCHIVES[name][0]:
            raise BadInput(missing_line(directory, "what the network sent does not have the official md5"))
        partial.replace(target)
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise BadInput(missing_line(directory, f"and no download: {reason}")) from None
    finally:
        partial.unlink(missing_ok=True)
    return target


PIXELS = 3 * 32 * 32


class _Record:
    """The arguments of a call and the state that was set; does nothing."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments, self.state = arguments, None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Array(_Record):
    pass


class _Dtype(_Record):
    pass


# cPickle of Python 2 with its numpy wrote exactly these three; the second is only ever an argument.
NAMES = {("numpy.core.multiarray", "_reconstruct"): _Array, ("numpy", "ndarray"): _Record, ("numpy", "dtype"): _Dtype}


class InertUnpickler(pickle.Unpickler):
    """Refuses every name but the three, which stand for inert records."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in NAMES:
            raise ValueError(f"a CIFAR-10 batch names {module}.{name}, which no official batch does; refused unread")
        return NAMES[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise ValueError("a CIFAR-10 batch refers to an object outside itself, which no official batch does; refused")


def inert_batch(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Pixels and labels of a python batch.   -> bytes (n, 3072), bytes (n,)

    ValueError, one line, for anything that is not laid out as an official batch.
    """
    try:
        batch = InertUnpickler(io.BytesIO(content), encoding="bytes").load()
    except ValueError:
        raise
    except Exception as error:  # a malformed pickle raises almost anything
        raise ValueError(f"not a readable python batch ({type(error).__name__}: {error}); fetch it again") from None
    if not isinstance(batch, dict):
        raise ValueError(f"a python batch is a dictionary; got {type(batch).__name__}; fetch it again")
    pixels, labels = _bytes_array(batch.get(b"data")), batch.get(b"labels")
    if not isinstance(labels, list) or not all(type(label) is int and 0 <= label <= 9 for label in labels):
        raise ValueError("a python batch needs b'labels', a list of integers 0 to 9; fetch it again")
    if pixels.shape != (len(labels), PIXELS):
        raise ValueError(f"{len(labels)} labels need pixels of shape ({len(labels)}, {PIXELS}); got {pixels.shape}")
    return pixels, np.array(labels, np.uint8)


def _bytes_array(record: Any) -> np.ndarray:
    """A two-dimensional array of bytes from the record of its pickled state (version, shape, dtype, Fortran, bytes)."""
    state = record.state if isinstance(record, _Array) else None
    if not (isinstance(state, tuple) and len(state) == 5):
        raise ValueError("a python batch needs b'data', an array of bytes; fetch it again")
    _, shape, dtype, fortran, content = state
    kind = dtype.arguments[0] if isinstance(dtype, _Dtype) and dtype.arguments else None
    two = isinstance(shape, tuple) and len(shape) == 2 and all(type(side) is int and side >= 0 for side in shape)
    if kind not in (b"u1", "u1") or not two or not isinstance(content, bytes) or len(content) != shape[0] * shape[1]:
        raise ValueError("a python batch needs b'data', a two-dimensional array of bytes; fetch it again")
    flat = np.frombuffer(content, np.uint8)
    return np.ascontiguousarray(flat.reshape(shape[::-1]).T) if fortran else flat.reshape(shape)


CROP_PADDING = 4  # pixels of black on each side
ROTATION = 15.0  # degrees either way; the paper prints no angle
CHUNK = 2**13  # images whose floating-point copies exist at a time


def cropped(pixels: Tensor, generator: torch.Generator, padding: int = CROP_PADDING) -> Tensor:
    """Each image moved by up to `padding` pixels in both directions, black outside.   (N, C, h, w) -> same"""
    n, channels, height, width = pixels.shape
    offsets = torch.randint(0, 2 * padding + 1, (2, n, 1), generator=generator, device=pixels.device)
    rows = offsets[0] + torch.arange(height, device=pixels.device)
    columns = offsets[1] + torch.arange(width, device=pixels.device)
    frame = functional.pad(pixels, (padding,) * 4)
    image = torch.arange(n, device=pixels.device)[:, None, None, None]
    colour = torch.arange(channels, device=pixels.device)[None, :, None, None]
    return frame[image, colour, rows[:, None, :, None], columns[:, None, None, :]]


def flipped(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Each image mirrored left to right with probability one half.   (N, C, h, w) -> same"""
    mirror = torch.rand(len(pixels), 1, 1, 1, generator=generator, device=pixels.device) < 0.5
    return torch.where(mirror, pixels.flip(-1), pixels)


def rotated(pixels: Tensor, generator: torch.Generator, degrees: float = ROTATION) -> Tensor:
    """Each image turned by up to `degrees` either way.   bytes (N, C, h, w) -> same"""
    share = torch.rand(len(pixels), generator=generator, device=pixels.device) * 2 - 1
    return turned(pixels, share * math.radians(degrees))


def turned(pixels: Tensor, angles: Tensor) -> Tensor:
    """Each image turned about its centre, bilinear, black outside.   bytes (N, C, h, w), radians (N,) -> bytes"""
    cosine, sine, zero = angles.cos(), angles.sin(), torch.zeros_like(angles)
    turn = torch.stack([torch.stack([cosine, -sine, zero], -1), torch.stack([sine, cosine, zero], -1)], 1)
    out = torch.empty_like(pixels)
    for start in range(0, len(pixels), CHUNK):
        part = slice(start, start + CHUNK)
        grid = functional.affine_grid(turn[part], list(pixels[part].shape), align_corners=False)
        image = functional.grid_sample(pixels[part].float(), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        out[part] = image.round().clamp(0, 255).to(torch.uint8)
    return out


def epoch_images(pixels: Tensor, kind: str, generator: torch.Generator) -> Tensor:
    """The images of one epoch.   bytes (N, 3, h, w) -> bytes, same shape

    none, gaussian: as they are;  crop-flip: the teacher's;  standard: rotation, crop and flip.
    """
    if kind in ("none", "gaussian"):
        return pixels
    if kind == "standard":
        pixels = rotated(pixels, generator)
    return flipped(cropped(pixels, generator), generator)
