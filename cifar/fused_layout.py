"""How fused.cu wants two networks: where each weight stands in memory, and what a block needs of it.

A network is one vector of numbers: a zero, means and deviations of the colours, then its parameters in order. The index
maps here pick from that vector, zeros for the channels that round a width up to whole cells of 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

CELL, CELL_BYTES, COLOURS, TAPS_OF_A_KERNEL = 8, 16, 3, 9
TILES_AT_A_TIME = 5  # of 8 outputs each, whose sums fit the registers
PAIR_BYTES, SINGLE_BYTES = 256, 128  # weights of 8 outputs and two cells or one
STATE_BYTES = 32
ZERO = 0  # the place of the zero
Widths = Sequence[int]


@dataclass(frozen=True)
class Shape:
    """Two networks of equal depth that attacks run through, as the kernel is compiled for them.

    widths: of the student, of the teacher;  side, classes: of image and answer;  taps: of a kernel, staged at a time;
    warps: of a block.
    """

    widths: tuple[tuple[int, ...], tuple[int, ...]]
    side: int = 32
    classes: int = 10
    taps: int = 3
    warps: int = 16

    def __post_init__(self) -> None:
        a, b = self.widths
        if len(a) != len(b) or not a or self.side <= 2 * len(a):
            raise ValueError(f"two networks of equal depth are needed, on images that they fit; got {a} and {b} on {self.side}")

    @property
    def threads(self) -> int:
        return 32 * self.warps

    @property
    def header(self) -> str:
        """What stands before the source of the kernel."""
        a, b = (", ".join(map(str, widths)) for widths in self.widths)
        values = {
            "SIDE": self.side,
            "LAYERS": len(self.widths[0]),
            "CLASSES": self.classes,
            "WIDTHS_A": a,
            "WIDTHS_B": b,
            "TAPS": self.taps,
            "WARPS": self.warps,
            "SHARED": shared_bytes(self),
        }
        return "".join(f"#define {name} {value}\n" for name, value in values.items())


def fitting(shape: Shape, limit: int) -> Shape | None:
    """The shape with as many taps staged at a time as fit a limit on shared memory in bytes; None if none does."""
    for taps in (3, 1):
        tried = Shape(shape.widths, shape.side, shape.classes, taps, shape.warps)
        if shared_bytes(tried) <= limit:
            return tried
    return None


def cells(width: int) -> int:
    return -(-width // CELL)


def apart(cells: int) -> int:
    """Cells from pixel to pixel: odd, so that 8 neighbours lie in different banks."""
    return cells | 1


def groups(tiles: int) -> list[range]:
    """Output tiles, in groups of about equal size."""
    count = -(-tiles // TILES_AT_A_TIME)
    size = -(-tiles // count)
    return [range(first, min(first + size, tiles)) for first in range(0, tiles, size)]


def chunk_bytes(cells: int, tiles: int, taps: int) -> int:
    return (taps * cells // 2 * PAIR_BYTES + taps * cells % 2 * SINGLE_BYTES) * tiles


def shared_bytes(shape: Shape) -> int:
    """Shared memory that a block needs.   Order and sizes as in fused.cu, which refuses to compile otherwise."""
    sides = [shape.side - 2 * (layer + 1) for layer in range(len(shape.widths[0]))]
    maps = [[cells(width) for width in widths] for widths in shape.widths]

    def region(parity: int) -> int:
        sizes = [
            (side * (side + 2) + 2) * apart(counts[layer]) * CELL_BYTES
            for counts in maps
            for layer, side in enumerate(sides)
            if layer % 2 == parity
        ]
        return max([parity * shape.side**2 * CELL_BYTES, *sizes])

    chunk = max(
        max(chunk_bytes(a, len(groups(b)[0]), shape.taps), chunk_bytes(b, len(groups(a)[0]), shape.taps))
        for counts in maps
        for a, b in zip([1, *counts], counts, strict=False)
    )
    zeros = 3 * CELL_BYTES * max(apart(count) for counts in maps for count in counts)
    signs = [sum(-(-(side**2) // 16) * 16 * count for side, count in zip(sides, counts, strict=True)) for counts in maps]
    sums = [_rounded(4 * count * shape.classes) for count in (shape.warps, 2, 1)]
    return region(0) + region(1) + 2 * chunk + zeros + sum(signs) + sum(sums) + STATE_BYTES


@dataclass(frozen=True)
class Work:
    """What the kernel does for an image in one step through both networks, by count.

    products: of the tensor cores, 16 x 8 x 16 each, those of half the depth as a half;  shared_bytes: read and written there
    by products;  staged_bytes: weights of convolutions from the second-level cache;  head_bytes: those of the heads.
    """

    products: float
    shared_bytes: int
    staged_bytes: int
    head_bytes: int


def work(shape: Shape) -> Work:
    """Forward and backward through both networks."""
    products, shared, staged, head, chunks = 0.0, 0, 0, 0, TAPS_OF_A_KERNEL // shape.taps
    for widths in shape.widths:
        counts = [1, *map(cells, widths)]
        for layer, (below, above) in enumerate(zip(counts, counts[1:], strict=False)):
            for inputs, outputs, side in ((below, above, shape.side - 2 * layer - 2), (above, below, shape.side - 2 * layer)):
                rows, pairs, left = -(-(side**2) // 16), shape.taps * inputs // 2, shape.taps * inputs % 2
                products += rows * outputs * chunks * (pairs + left / 2)
                weights = chunks * chunk_bytes(inputs, outputs, shape.taps)
                staged += weights
                operands = rows * len(groups(outputs)) * chunks * (pairs * 512 + left * 256)
                shared += operands + shape.warps * weights + 2 * rows * 16 * outputs * CELL_BYTES
        head += 2 * shape.classes * (shape.side - 2 * len(widths)) ** 2 * counts[-1] * CELL_BYTES
    return Work(products, shared, staged, head)


def places(widths: Widths, side: int, classes: int) -> list[np.ndarray]:
    """Where each parameter stands in a network's vector, in the shapes of its parameters."""
    inputs = (COLOURS, *widths[:-1])
    shapes: list[tuple[int, ...]] = []
    for a, b in zip(inputs, widths, strict=True):
        shapes += [(b, a, 3, 3), (b,)]
    shapes += [(classes, widths[-1] * (side - 2 * len(widths)) ** 2), (classes,)]
    starts = accumulate((int(np.prod(shape)) for shape in shapes), initial=1 + 2 * COLOURS)
    return [start + np.arange(np.prod(shape)).reshape(shape) for start, shape in zip(starts, shapes, strict=False)]


def weight_places(widths: Widths, side: int, classes: int, taps: int) -> np.ndarray:
    """Places of the weights in the kernel's order: forward from the first layer on, backward from the last on, the head."""
    found = places(widths, side, classes)
    kernels = [_widened(kernel, (0, 1)) for kernel in found[:-2:2]]
    forward = [_product(kernel, taps) for kernel in kernels]
    backward = [_product(kernel.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1], taps) for kernel in reversed(kernels)]
    head = _widened(found[-2].reshape(classes, widths[-1], -1), (1,))
    head = head.reshape(classes, -1, CELL, head.shape[-1]).transpose(0, 3, 1, 2)
    return np.concatenate([*forward, *backward, head.ravel()])


def number_places(widths: Widths, side: int, classes: int) -> np.ndarray:
    """Places of means, deviations, two zeros, the biases layer by layer and those of the head."""
    biases = [_widened(bias, (0,)) for bias in places(widths, side, classes)[1:-2:2]]
    colours = np.arange(1, 1 + 2 * COLOURS)
    return np.concatenate([colours, [ZERO, ZERO], *biases, places(widths, side, classes)[-1]])


def _widened(places: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Zeros up to whole cells along these axes."""
    return np.pad(
        places, [(0, -size % CELL if axis in axes else 0) for axis, size in enumerate(places.shape)], constant_values=ZERO
    )


def _product(kernel: np.ndarray, taps: int) -> np.ndarray:
    """One convolution's weights, group of outputs by group, chunk by chunk.   kernel (outputs, inputs, 3, 3), whole cells"""
    outputs, inputs = kernel.shape[0] // CELL, kernel.shape[1] // CELL
    # (tap, input cell, output tile, lane, channel of a pair): lane 4 n + t holds output n and channels 2 t, 2 t + 1
    cut = kernel.reshape(outputs, CELL, inputs, CELL // 2, 2, TAPS_OF_A_KERNEL).transpose(5, 2, 0, 1, 3, 4)
    cut = cut.reshape(TAPS_OF_A_KERNEL * inputs, outputs, 32, 2)
    parts = []
    for tiles in groups(outputs):
        for chunk in cut[:, tiles.start : tiles.stop].reshape(-1, taps * inputs, len(tiles), 32, 2):
            pairs = len(chunk) // 2 * 2
            parts += [chunk[:pairs].reshape(-1, 2, len(tiles), 32, 2).transpose(0, 2, 3, 1, 4).ravel(), chunk[pairs:].ravel()]
    return np.concatenate(parts)


def _rounded(size: int) -> int:
    return -(-size // 16) * 16
