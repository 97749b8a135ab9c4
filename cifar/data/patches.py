"""The 3x3 colour patches of a set of images: their spectrum, and how far an image lies from the plane of the leading ones.

A patch has 27 coordinates in the order of a convolution's flattened weight: (channel, row, column). The 17 leading
directions span the input plane of the first layer (Section 5.3, Figure 2).

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

from ..files import load_json, save_json
from .cifar10 import Cifar10

FILE = "patches.json"
SIDE = 3
PLANE_RANK = 17  # Figure 2
LEVELS = 255
AT_A_TIME = 100  # images; sums of products of bytes then stay below 2^53, where float64 adds integers exactly


@dataclass(frozen=True, eq=False)
class PatchSpectrum:
    """Mean and covariance of the patches of pixels in [0, 1]; NumPy float64.

    mean         (d,)      d = channels * 9, 27 for colour images
    eigenvalues  (d,)      descending
    vectors      (d, d)    one a row; its entry of largest size is positive
    """

    mean: np.ndarray
    eigenvalues: np.ndarray
    vectors: np.ndarray

    def plane(self) -> np.ndarray:
        """Orthonormal rows that span the input plane.   (PLANE_RANK, d)"""
        return self.vectors[:PLANE_RANK]

    def share(self, rank: int = PLANE_RANK) -> float:
        """The part of the variance that lies in the plane, in [0, 1]."""
        return float(self.eigenvalues[:rank].sum() / self.eigenvalues.sum())

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the arrays as lists, and the share of the input plane."""
        return {name: array.tolist() for name, array in vars(self).items()} | {"rank": PLANE_RANK, "share": self.share()}


def spectrum(images: Tensor | np.ndarray) -> PatchSpectrum:
    """Principal directions of all 3x3 patches, centred, every position.   (N, C, H, W) bytes, or floats in [0, 1]

    Bytes are summed exactly. Raises ValueError without images.
    """
    images = torch.as_tensor(images)
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(f"images need shape (N, channels, height, width) with N > 0; got {tuple(images.shape)}")
    levels = LEVELS if images.dtype == torch.uint8 else 1
    size = images.shape[1] * SIDE**2
    total = torch.zeros(size, dtype=torch.float64, device=images.device)
    products = torch.zeros(size, size, dtype=torch.float64, device=images.device)
    # Floats are centred near the middle first, or the covariance would be a difference of large numbers.
    shift = 0 if levels == LEVELS else 0.5
    for start in range(0, len(images), AT_A_TIME):
        patches = functional.unfold(images[start : start + AT_A_TIME].double() - shift, SIDE).movedim(1, 0).flatten(1)
        total += patches.sum(1)
        products += patches @ patches.T
    count = len(images) * (images.shape[2] - SIDE + 1) * (images.shape[3] - SIDE + 1)
    mean = total / count
    covariance = ((products / count - mean[:, None] * mean) / levels**2).cpu().numpy()
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = values[::-1].copy(), vectors.T[::-1]
    largest = vectors[np.arange(size), np.abs(vectors).argmax(1)]
    return PatchSpectrum((mean / levels + shift).cpu().numpy(), values, vectors * np.sign(largest)[:, None])


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
    outside = torch.tensor(spectrum.vectors[PLANE_RANK:], dtype=torch.float32)
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
        ours = {**images, **spectrum(data.train.pixels).as_dict()}
        save_json(out / FILE, {"spectra": [*entries, ours]})
    return PatchSpectrum(*(np.array(ours[name], np.float64) for name in ("mean", "eigenvalues", "vectors")))
