"""Compilation of scalar loops to machine code, IEEE arithmetic kept: no fused or reordered operations."""
from __future__ import annotations

from numba import njit


def compiled(function):
    """numba.njit, cached on disk where some directory is writable."""
    try:
        return njit(cache=True, fastmath=False)(function)
    except RuntimeError:  # no writable place for the cache: compile once a process
        return njit(fastmath=False)(function)
