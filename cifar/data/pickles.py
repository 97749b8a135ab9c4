"""The official python batches, read without executing anything they name.

A pickle is a program; what it names is imported and called. Here the only names it may use are those of the
official files, and even these stand for inert records of their arguments: no function of numpy runs before the
bytes have been checked and are read as plain bytes.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np

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
