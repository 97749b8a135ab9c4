"""Moments as a stream, for data that do not fit: the correlation of activations, and the spectrum of images' 3x3 patches."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .arrays import Array, as_array, doubles_or_rationals, library, root, unit

# A node whose deviation from its mean is within this many units of its own number format (float32: 1.2e-7 of
# its size) shows rounding and no signal: values that flicker between two neighbouring floats deviate by less.
CONSTANT_WITHIN_UNITS = 1
# Blocks of this many rows keep the float64 copies near the processor: several times faster than 10^6 at once. A CUDA device
# has no such place, and every block costs it a few dozen launches.
BLOCK_ROWS = 2**14
SIDE, POSITIONS = 3, 30  # of a patch; of the places that it has in an image of 32, along each edge
DIMENSION = 3 * SIDE * SIDE
LEVELS = 255  # a pixel byte is divided by this: pixels lie in [0, 1]
AT_A_TIME = 100  # images; their sums of products stay below 2^53, so float64 adds them exactly


def by_channel(activations: Array) -> Array:
    """Every sample and position of a convolution as a row, channels as columns.   (n, a, h, w) -> (n h w, a)

    Activations of shape (n, a) are returned as they are.
    """
    if activations.ndim == 2:
        return activations
    if activations.ndim != 4:
        shape = tuple(activations.shape)
        raise ValueError(f"activations need shape (samples, nodes) or (samples, channels, h, w); got {shape}")
    return library(activations).moveaxis(activations, 1, -1).reshape(-1, activations.shape[1])


@dataclass(frozen=True, eq=False)
class Spread:
    """Mean and squared deviation of each node.

    origin (a,): the first sample;  offset (a,): mean - origin, so that a mean far above the deviation loses
    nothing;  square (a,): sum of squared deviations;  unit: relative spacing of the activations' numbers.
    """

    origin: Array
    offset: Array
    square: Array
    unit: float

    def varies(self, count: int) -> Array:
        """Which nodes are more than a constant and its rounding.   (a,) booleans

        ValueError where activations are infinite, not a number or too large to be squared.
        """
        if self.square.dtype != object:
            finite = library(self.square).isfinite(self.square).tolist()
            if not all(finite):
                nodes = [node for node, fine in enumerate(finite) if not fine]
                raise ValueError(f"activations and their squares must be finite; got others at nodes {nodes}")
        level = CONSTANT_WITHIN_UNITS * self.unit
        mean = self.origin + self.offset
        return self.square > level * level * (self.square + count * mean * mean)

    def merged(self, other: Spread, ours: int, theirs: int) -> tuple[Spread, Array]:
        """Both sets of samples together, and the difference of their means.

        Source: the pairwise update of Chan, Golub and LeVeque (1979).
        """
        total = ours + theirs
        delta = (other.origin - self.origin) + (other.offset - self.offset)
        offset = self.offset + delta * theirs / total
        square = self.square + other.square + delta * delta * ours * theirs / total
        return Spread(self.origin, offset, square, max(self.unit, other.unit)), delta


@dataclass(frozen=True, eq=False)
class StreamingCorrelation:
    """Moments of the activations seen so far; parts in any order or size give the whole, up to rounding.

    `StreamingCorrelation()` has seen nothing; every update is a new value: `seen = seen.update(f, g)`.
    count: samples times positions;  f, g: Spread of the (a) student and the (b) teacher nodes;
    cross (a, b): sum of products of deviations. Squares of activations must stay inside float64's range.
    """

    count: int = 0
    f: Spread = None  # type: ignore[assignment]  # only while count == 0
    g: Spread = None  # type: ignore[assignment]
    cross: Array = None

    def update(self, f: Array, g: Array) -> StreamingCorrelation:
        """With one more chunk of samples, the same for both networks.   (n, a), (n, b), or convolutions

        Convolutions (n, a, h, w) count every sample and position, see by_channel.
        """
        f, g = as_array(f), as_array(g)
        library(f, g)
        if (f.shape[0], *f.shape[2:]) != (g.shape[0], *g.shape[2:]):
            got = f"{tuple(f.shape)} and {tuple(g.shape)}"
            raise ValueError(f"both networks need the same samples and positions; got {got}; align them")
        on_device = getattr(f, "is_cuda", False)
        samples = max(1, len(f) if on_device else BLOCK_ROWS // max(1, math.prod(f.shape[2:])))
        seen = self
        for start in range(0, len(f), samples):
            block = slice(start, start + samples)
            seen = seen.combine(_moments(by_channel(f[block]), by_channel(g[block])))
        return seen

    def combine(self, other: StreamingCorrelation) -> StreamingCorrelation:
        """The moments of the samples of both."""
        if self.count == 0 or other.count == 0:
            return other if self.count == 0 else self
        if self.cross.shape != other.cross.shape:
            ours, theirs = tuple(self.cross.shape), tuple(other.cross.shape)
            raise ValueError(f"every part needs the stream's {ours} (student, teacher) nodes; got {theirs}")
        f, delta_f = self.f.merged(other.f, self.count, other.count)
        g, delta_g = self.g.merged(other.g, self.count, other.count)
        total = self.count + other.count
        between = delta_f[:, None] * delta_g[None, :] * self.count * other.count / total
        return StreamingCorrelation(total, f, g, self.cross + other.cross + between)

    def signed_square(self) -> Array:
        """rho |rho|, rational in the activations; exactly 0 where either node is constant.   (a, b)"""
        if self.count == 0:
            raise ValueError("correlation needs at least one sample; got none; update the stream first")
        where = library(self.cross).where
        varies_f, varies_g = self.f.varies(self.count), self.g.varies(self.count)
        slope_f = self.cross / where(varies_f, self.f.square, 1)[:, None]
        slope_g = self.cross / where(varies_g, self.g.square, 1)[None, :]
        squared = where(varies_f[:, None] & varies_g[None, :], abs(slope_f) * slope_g, 0)
        return where(squared > 1, 1, where(squared < -1, -1, squared))

    def correlation(self) -> Array:
        """rho of everything seen, in [-1, 1]; exactly 0 where either node is constant.   (a, b)"""
        squared = self.signed_square()
        return library(squared).sign(squared) * root(abs(squared))


def _moments(f: Array, g: Array) -> StreamingCorrelation:
    """The moments of one block, in two passes.   (n, a), (n, b), n > 0"""
    spreads, deviations = [], []
    for rows in (f, g):
        values = doubles_or_rationals(rows)
        origin = values[0] * 1  # a copy: the stream must not hold on to the block
        shifted = values - origin
        offset = shifted.sum(0) / len(rows)
        deviation = shifted - offset
        deviations.append(deviation)
        spreads.append(Spread(origin, offset, (deviation * deviation).sum(0), unit(rows)))
    return StreamingCorrelation(len(f), spreads[0], spreads[1], deviations[0].T @ deviations[1])


@dataclass(frozen=True, eq=False)
class PatchSums:
    """Exact sums over patches of bytes: how many, their sum (27,), their products (27, 27); all integers."""

    count: int
    total: np.ndarray
    products: np.ndarray


@dataclass(frozen=True, eq=False)
class PatchSpectrum:
    """Mean and covariance of patches, pixels in [0, 1]; coordinates channel-major: (channel, row, column).

    mean           (27,)
    eigenvalues    (27,)      descending
    eigenvectors   (27, 27)   one a row; the entry of largest size is positive
    """

    mean: np.ndarray
    eigenvalues: np.ndarray
    eigenvectors: np.ndarray


def patch_sums(images: np.ndarray) -> PatchSums:
    """Exact sums over every 3x3 patch of every image.   (n, 3, 32, 32) uint8 -> PatchSums"""
    total = np.zeros(DIMENSION, dtype=np.int64)
    products = np.zeros((DIMENSION, DIMENSION), dtype=np.int64)
    for start in range(0, len(images), AT_A_TIME):
        block = images[start : start + AT_A_TIME]
        shifts = [
            block[:, c, dy : dy + POSITIONS, dx : dx + POSITIONS].ravel()
            for c in range(3)
            for dy in range(SIDE)
            for dx in range(SIDE)
        ]
        patches = np.array(shifts, dtype=np.float64)
        total += patches.sum(axis=1).astype(np.int64)
        products += (patches @ patches.T).astype(np.int64)
    return PatchSums(len(images) * POSITIONS**2, total, products)


def spectrum_of(sums: PatchSums) -> PatchSpectrum:
    """Mean and eigen-decomposition of the covariance; the numerator of each entry is an exact integer."""
    n, total, products = sums.count, sums.total.tolist(), sums.products.tolist()  # these do not overflow
    covariance = np.array(
        [
            [(n * product - total[i] * total[j]) / (n * LEVELS) ** 2 for j, product in enumerate(row)]
            for i, row in enumerate(products)
        ]
    )
    values, vectors = np.linalg.eigh(covariance)
    vectors = vectors.T[::-1]
    largest = vectors[np.arange(DIMENSION), np.abs(vectors).argmax(axis=1)]
    mean = np.array([t / (n * LEVELS) for t in total])
    return PatchSpectrum(mean, values[::-1].copy(), vectors * np.sign(largest)[:, None])
