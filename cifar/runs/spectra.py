"""Spectra of 3x3 patches kept with the results, one for each set of images: patches.json in --out.

{"spectra": [{"source", "images", "mean", "eigenvalues", "vectors", "rank", "share"}]}. `run` keeps that of its training
images, `report --data` those of any others; images are told apart by their source and number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..data.patches import PatchSpectrum
from ..files import StateError, write_atomic

FILE = "patches.json"
SAME_WITHIN = 1e-12  # of the largest eigenvalue; solvers with other numbers of threads differ by some 1e-16
Entry = dict[str, Any]


def entry(source: str, images: int, spectrum: PatchSpectrum) -> Entry:
    """What is kept of the spectrum of a number of images from a source."""
    return {"source": source, "images": images, **spectrum.as_dict()}


def parsed(content: bytes) -> tuple[Entry, ...]:
    """The spectra in a file; ValueError that says why in any other."""
    try:
        spectra = tuple(json.loads(content)["spectra"])
        for spectrum in spectra:
            _ = float(spectrum["share"]), int(spectrum["rank"]), str(spectrum["source"]), int(spectrum["images"])
            _ = [float(x) for x in spectrum["eigenvalues"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"not spectra of patches ({type(error).__name__}: {error})") from None
    return spectra


def keep(out: Path, found: Iterable[Entry]) -> None:
    """Add spectra to those in --out; of the same images the new one counts, unless they differ in their last bits alone.

    StateError where those in --out cannot be read.
    """
    path = out / FILE
    try:
        before = parsed(path.read_bytes()) if path.is_file() else ()
    except ValueError as error:
        raise StateError(f"{path} holds {error}; delete it to measure again") from None
    after = {_images(kept): kept for kept in before}
    for new in found:
        old = after.get(_images(new))
        if old is None or not _same(old, new):
            after[_images(new)] = new
    if tuple(after.values()) != before:
        text = json.dumps({"spectra": list(after.values())}, sort_keys=True, indent=1, allow_nan=False)
        write_atomic(path, (text + "\n").encode())


def _images(spectrum: Entry) -> tuple[str, int]:
    return spectrum["source"], spectrum["images"]


def _same(old: Entry, new: Entry) -> bool:
    """Whether two spectra are equal up to the rounding of the eigenvalues."""
    pairs = list(zip(old["eigenvalues"], new["eigenvalues"], strict=False))
    return len(old["eigenvalues"]) == len(new["eigenvalues"]) and all(
        abs(a - b) <= SAME_WITHIN * max(new["eigenvalues"]) for a, b in pairs
    )
