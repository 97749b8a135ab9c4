"""Compilation of scalar loops to machine code, with IEEE arithmetic: fastmath stays off, nothing is reordered.

Machine code is cached on disk. numba renews a function's cache when the function's own file changes, not when
a file that it calls does: an edited bound would go on running as it was. So the cache lies in a directory
named after the text of all files with compiled code.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from numba import config, njit

HERE = Path(__file__).parent
# this file and the folders whose files define compiled code or its types
SOURCES = [Path(__file__), *sorted((HERE / "boxes").glob("*.py")), *sorted((HERE / "radii").glob("*.py"))]
settings: Any = config  # numba sets its names when it is loaded
FINGERPRINT = hashlib.sha256(b"".join(path.read_bytes() for path in SOURCES)).hexdigest()[:16]
CACHE = HERE / "__pycache__" / f"compiled-{FINGERPRINT}"


def is_kept() -> bool:
    """True if machine code of an earlier run is there; if not, the first search compiles: no time limit shortens that."""
    return any(CACHE.rglob("*.nbc"))


def compiled(function):
    """numba.njit, cached on disk where some directory is writable; x / 0 follows IEEE instead of raising."""
    before, settings.CACHE_DIR = settings.CACHE_DIR, str(CACHE)
    try:
        return njit(cache=True, error_model="numpy")(function)
    except RuntimeError:  # no writable place for the cache: compile once a process
        return njit(error_model="numpy")(function)
    finally:
        settings.CACHE_DIR = before


def inlined(function):
    """A compiled function whose body is pasted into its compiled callers: for small helpers of inner loops."""
    return njit(inline="always", error_model="numpy")(function)
