"""The spectrum of the 3x3 colour patches of the training images, and how far an image lies from the plane of the leading ones.

A patch has 27 coordinates in the order of a convolution's flattened weight: (channel, row, column). The 17 leading
directions span the input plane of the first layer (Section 5.3, Figure 2). The spectrum itself: twolayer.streaming.

patches.json in --out keeps spectra with the results, one for each set of training images:
{"spectra": [{"sha256", "source", "images", "mean", "eigenvalues", "vectors", "rank", "share"}]}
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from twolayer.files import BadInput
from twolayer.streaming import PatchSpectrum, patch_sums, spectrum_of

from ..files import load_json, save_json
from .cifar10 import Cifar10

FILE = "patches.json"
SIDE = 3
PLANE_RANK = 17  # Figure 2


@dataclass(frozen=True, eq=False)
class InputPlane:
    """The directions of 3x3 patches outside the input plane, as filters (10, 3, 3, 3), and what the mean patch gives (10,)."""

    filters: Tensor
    offset: Tensor

    def distance(self, images: Tensor) -> Tensor:
        """Sum over patches of the squared norm of (patch - mean) outside the plane.   (N, 3, h, w) -> (N,)

        One patch counts |(1 - U^T U)(patch - mean)|^2. The nearer of two attacked images is the in-plane one.
        """
        outside = functional.conv2d(images, self.filters) - self.offset[None, :, None, None]
        return outside.square().sum((1, 2, 3))

    def to(self, device: torch.device | str) -> InputPlane:
        return InputPlane(self.filters.to(device), self.offset.to(device))


def input_plane(spectrum: PatchSpectrum) -> InputPlane:
    """The plane of the leading directions, in float32."""
    outside = torch.tensor(spectrum.eigenvectors[PLANE_RANK:], dtype=torch.float32)
    mean = torch.tensor(spectrum.mean, dtype=torch.float32)
    return InputPlane(outside.reshape(len(outside), -1, SIDE, SIDE).contiguous(), outside @ mean)


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
        ours = {**images, **stored(spectrum_of(patch_sums(data.train.pixels.numpy())))}
        save_json(out / FILE, {"spectra": [*entries, ours]})
    return PatchSpectrum(*(np.array(ours[name], np.float64) for name in ("mean", "eigenvalues", "vectors")))


def stored(spectrum: PatchSpectrum) -> dict[str, Any]:
    """For JSON: the arrays as lists, and the share of the variance that lies in the input plane."""
    share = float(spectrum.eigenvalues[:PLANE_RANK].sum() / spectrum.eigenvalues.sum())
    arrays = {"mean": spectrum.mean, "eigenvalues": spectrum.eigenvalues, "vectors": spectrum.eigenvectors}
    return {name: array.tolist() for name, array in arrays.items()} | {"rank": PLANE_RANK, "share": share}
