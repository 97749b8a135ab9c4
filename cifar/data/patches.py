"""The 3x3 colour patches of a set of images: their spectrum, and how far an image lies from the plane of the leading ones.

A patch has 27 coordinates in the order of a convolution's flattened weight: (channel, row, column). The 17 leading
directions span the input plane of the first layer (Section 5.3, Figure 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

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

    def plane(self, rank: int = PLANE_RANK) -> np.ndarray:
        """Orthonormal rows that span the input plane.   (rank, d)"""
        return self.vectors[:rank]

    def share(self, rank: int = PLANE_RANK) -> float:
        """The part of the variance that lies in the plane, in [0, 1]."""
        return float(self.eigenvalues[:rank].sum() / self.eigenvalues.sum())

    def as_dict(self) -> dict:
        """For JSON: mean, eigenvalues, vectors as lists, and the share of the input plane."""
        return {
            "mean": self.mean.tolist(),
            "eigenvalues": self.eigenvalues.tolist(),
            "vectors": self.vectors.tolist(),
            "rank": PLANE_RANK,
            "share": self.share(),
        }


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


def input_plane(spectrum: PatchSpectrum, rank: int = PLANE_RANK) -> InputPlane:
    """The plane of the leading directions, in float32."""
    outside = torch.tensor(spectrum.vectors[rank:], dtype=torch.float32)
    mean = torch.tensor(spectrum.mean, dtype=torch.float32)
    return InputPlane(outside.reshape(len(outside), -1, SIDE, SIDE).contiguous(), outside @ mean)
