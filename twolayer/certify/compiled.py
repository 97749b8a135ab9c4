"""Compilation of scalar loops to machine code, with IEEE arithmetic: fastmath stays off, nothing is reordered.

Machine code is cached on disk. numba renews a function's cache when the function's own file changes, not when a file that
it calls does: an edited bound would go on running as it was. So the cache lies, wherever it lies, in a folder named after
the text of all files with compiled code. And numba believes what it reads: one bit of machine code that is another would
be another bound. So each file ends with the SHA-256 of what is before it, and one that is damaged is compiled anew.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from numba import config, njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

HERE = Path(__file__).parent
# this file and the folders whose files define compiled code or its types
FOLDERS = (HERE / "boxes", HERE / "radii", HERE.parent / "statements" / "loops")
SOURCES = [Path(__file__), *(path for folder in FOLDERS for path in sorted(folder.glob("*.py")))]
settings: Any = config  # numba sets its names when it is loaded
FINGERPRINT = hashlib.sha256(b"".join(path.read_bytes() for path in SOURCES)).hexdigest()[:16]
FOLDER = f"compiled-{FINGERPRINT}"
USER = os.geteuid() if hasattr(os, "geteuid") else 0  # on Windows the folder of temporary files is the user's own
MARK = "begun"  # a file that is touched where compilation begins
SUM = hashlib.sha256().digest_size


def _places() -> Iterator[Path]:
    """Where the cache may lie, the best first: NUMBA_CACHE_DIR if it is set, or beside the code, or the user's own folder, or
    a folder among temporary files that is the user's alone."""
    if settings.CACHE_DIR:
        yield Path(settings.CACHE_DIR) / "twolayer" / FOLDER
        return
    yield HERE / "__pycache__" / FOLDER
    yield Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "twolayer" / FOLDER
    if _is_private(temporary := Path(tempfile.gettempdir()) / f"twolayer-{USER}"):
        yield temporary / FOLDER


def _is_private(place: Path) -> bool:
    """Whether a folder, made if it is not there, is the user's and nobody else writes in it: what a cache holds is executed."""
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        status = place.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and (os.name == "nt" or (status.st_uid == USER and not status.st_mode & 0o077))


def _writable(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(place, os.W_OK)


CACHE = next(filter(_writable, _places()), None)


class _Files(IndexDataCacheFile):
    """numba's files of one function, each with a sum at its end (which unpickling does not read)."""

    def _dump(self, obj):
        data = super()._dump(obj)
        return data + hashlib.sha256(data).digest()

    def _load_index(self):
        try:
            with open(self._index_path, "rb") as file:
                pickle.load(file)  # numba's version
                if _is_whole(file.read()):
                    return super()._load_index()
        except Exception:  # a damaged pickle raises almost anything
            pass
        return {}

    def _load_data(self, name):
        if not _is_whole(Path(self._data_path(name)).read_bytes()):
            raise OSError(f"{name} is damaged")  # which numba takes for a file that is not there
        return super()._load_data(name)


def _is_whole(content: bytes) -> bool:
    return hashlib.sha256(content[:-SUM]).digest() == content[-SUM:]


class _Cache(FunctionCache):
    """numba's cache of one function in CACHE; what it cannot write is compiled in every process."""

    def __init__(self, function):
        super().__init__(function)
        self._cache_file = _Files(self._cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp())

    def load_overload(self, sig, target_context):
        overload = super().load_overload(sig, target_context)
        if overload is None:
            with suppress(OSError):
                assert CACHE is not None
                (CACHE / MARK).touch()
        return overload

    def save_overload(self, sig, data):
        with suppress(OSError):
            super().save_overload(sig, data)


def begun() -> float:
    """When, on the clock of time.time, some process last began to compile what no cache had; 0 where none is known."""
    try:
        return 0.0 if CACHE is None else (CACHE / MARK).stat().st_mtime
    except OSError:
        return 0.0


def compiled(function):
    """numba.njit, cached on disk where some folder is writable; x / 0 follows IEEE instead of raising."""
    dispatcher: Any = njit(error_model="numpy")(function)
    if CACHE is not None:
        names = {"CACHE_DIR": str(CACHE), "CACHE_LOCATOR_CLASSES": ""}
        before = {name: getattr(settings, name) for name in names if hasattr(settings, name)}
        try:
            for name in before:
                setattr(settings, name, names[name])
            dispatcher._cache = _Cache(function)
        except RuntimeError:  # numba finds no place after all
            pass
        finally:
            for name, value in before.items():
                setattr(settings, name, value)
    return dispatcher


def inlined(function):
    """A compiled function whose body is pasted into its compiled callers: for small helpers of inner loops."""
    return njit(inline="always", error_model="numpy")(function)
