"""What every script that draws one picture does around it: an option for its directory, and the file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

DPI = 110  # of a picture in the gallery


def directory(arguments: Sequence[str] | None, description: str, script: str) -> Path:
    """The directory of --out, by default pictures/ beside the script (its __file__); made if it is not there.

    description: the script's docstring, of which the first line tells what it does.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(script).parent / "pictures", help="directory of the picture")
    out: Path = parser.parse_args(arguments).out
    out.mkdir(parents=True, exist_ok=True)
    return out


def saved(figure: Figure, path: Path, *, dpi: int = DPI) -> Path:
    """Write a picture.   -> its path"""
    figure.savefig(path, dpi=dpi)
    return path
