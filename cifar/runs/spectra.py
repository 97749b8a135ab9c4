"""Spectra of the 3x3 patches of training images, kept with the results: patches.json in --out.

{"spectra": [{"sha256", "source", "images", "mean", "eigenvalues", "vectors", "rank", "share"}]}, one for each set of images.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from twolayer.files import BadInput

from ..data.cifar10 import Cifar10
from ..data.patches import PatchSpectrum, spectrum
from ..files import load_json, save_json

FILE = "patches.json"


def stored_spectra(path: Path) -> tuple[dict[str, Any], ...]:
    """The entries of a file, none if it is not there; BadInput, one line, if it holds something else."""
    if not path.is_file():
        return ()
    try:
        spectra = tuple(load_json(path)["spectra"])
        for entry in spectra:
            _ = float(entry["share"]), int(entry["rank"]), str(entry["source"]), int(entry["images"])
            _ = [float(value) for value in entry["eigenvalues"]]
    except BadInput:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} holds no spectra of patches ({type(error).__name__}: {error}); delete it") from None
    return spectra


def kept_spectrum(out: Path, data: Cifar10) -> PatchSpectrum:
    """The spectrum of the training images, computed once for an --out and these images.

    It is read back from what is stored also when it was just computed, so that no bit depends on that.
    """
    entries = stored_spectra(out / FILE)
    ours = next((entry for entry in entries if entry.get("sha256") == data.digest), None)
    if ours is None:
        images = {"sha256": data.digest, "source": data.source, "images": len(data.train.pixels)}
        ours = {**images, **spectrum(data.train.pixels).as_dict()}
        save_json(out / FILE, {"spectra": [*entries, ours]})
    return PatchSpectrum(*(np.array(ours[name], np.float64) for name in ("mean", "eigenvalues", "vectors")))
