"""The three number types that every metric runs on: NumPy arrays, torch tensors, and object arrays of exact rationals.

One formula, three number types: the same lines run on NumPy arrays, on torch tensors (on their own device)
and, wherever no square root is needed, on object arrays of exact rationals. Floating and integer input is
computed in float64. torch is never imported here, and no gradient flows through a metric.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from numbers import Integral
from typing import Any

import numpy as np

Array = Any  # NumPy array, torch tensor, or NumPy object array of exact rationals
DOUBLE_UNIT = float(np.finfo(np.float64).eps)


def library(*arrays: Array) -> Any:
    """The module, numpy or torch, that all arrays belong to."""
    chains = [[c.__module__.partition(".")[0] for c in type(x).__mro__] for x in arrays]
    names = {next((name for name in chain if name in ("numpy", "torch")), "") for chain in chains}
    if len(names) != 1 or "" in names:
        kinds = ", ".join(type(x).__name__ for x in arrays)
        raise TypeError(f"arrays must be all of NumPy or all of torch; got {kinds}; convert them to one")
    return sys.modules[names.pop()]


def as_array(x: Array) -> Array:
    """x itself, or the NumPy array of a list."""
    return x if hasattr(x, "dtype") else np.asarray(x)


def doubles_or_rationals(x: Array) -> Array:
    """x in the numbers it is computed with: float64, or exact rationals (integers among them join in)."""
    x = as_array(x)
    if library(x) is not np:
        return x.detach().double()
    if x.dtype != object:
        return np.asarray(x, dtype=np.float64)
    kind = next((type(q) for q in x.flat if not isinstance(q, Integral)), Fraction)
    return np.frompyfunc(lambda q: kind(int(q)) if isinstance(q, Integral) else q, 1, 1)(x)


def unit(x: Array) -> float:
    """Relative spacing of the numbers of x: 0 for exact rationals, float64's for integers."""
    if x.dtype == object:
        return 0
    try:
        return float(library(x).finfo(x.dtype).eps)
    except (TypeError, ValueError):  # an integer type
        return DOUBLE_UNIT


def root(squares: Array) -> Array:
    """Square roots of floats; exact rationals are refused, because their roots are not rational."""
    if not hasattr(squares, "dtype") or squares.dtype == object:
        raise TypeError(
            "a square root leaves the rationals; ask for signed_square, in_plane_squared, out_plane_squared "
            "or sin_squared, or pass floats"
        )
    return library(squares).sqrt(squares)
