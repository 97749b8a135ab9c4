"""One bit an image, and one short number an image, as text: what a result stores so that students compare image by image."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np

NUMBERS = np.dtype("<f2")  # 3 digits: a strength of 0.3 within 0.0003


def packed(bits: Sequence[bool] | np.ndarray) -> str:
    """Booleans (N,) as base64 of eight to a byte, the first in the highest bit."""
    return base64.b64encode(np.packbits(np.asarray(bits, dtype=bool)).tobytes()).decode()


def unpacked(text: str, count: int) -> np.ndarray:
    """The booleans (count,); ValueError where the text holds another number of bytes."""
    content = np.frombuffer(base64.b64decode(text, validate=True), dtype=np.uint8)
    if len(content) != -(-count // 8):
        raise ValueError(f"{count} bits need {-(-count // 8)} bytes; got {len(content)}")
    return np.unpackbits(content, count=count).astype(bool)


def packed_numbers(values: Sequence[float] | np.ndarray) -> str:
    """Numbers (N,) as base64 of two bytes each, rounded to the nearest."""
    return base64.b64encode(np.asarray(values, dtype=NUMBERS).tobytes()).decode()


def unpacked_numbers(text: str, count: int) -> np.ndarray:
    """The numbers (count,) in float64; ValueError where the text holds another number of bytes."""
    content = np.frombuffer(base64.b64decode(text, validate=True), dtype=np.uint8)
    if len(content) != NUMBERS.itemsize * count:
        raise ValueError(f"{count} numbers need {NUMBERS.itemsize * count} bytes; got {len(content)}")
    return content.view(NUMBERS).astype(np.float64)
