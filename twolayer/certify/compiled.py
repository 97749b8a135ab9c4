"""Compilation of scalar loops to machine code. IEEE arithmetic is kept: no reordered operations (fastmath stays off)."""
from __future__ import annotations

from numba import njit


def compiled(function):
    """numba.njit, cached on disk where some directory is writable; x / 0 follows IEEE instead of raising."""
    try:
        return njit(cache=True, error_model="numpy")(function)
    except RuntimeError:  # no writable place for the cache: compile once a process
        return njit(error_model="numpy")(function)


def inlined(function):
    """A compiled function whose body is pasted into its compiled callers: for one-line helpers of inner loops."""
    return njit(inline="always", error_model="numpy")(function)
