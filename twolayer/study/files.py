"""Files that are either whole or not there."""

from __future__ import annotations

import os
from pathlib import Path


def written(path: Path, content: bytes) -> None:
    """Write a file atomically, with its directory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
