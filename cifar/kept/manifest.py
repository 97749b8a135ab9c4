"""README.md of a kept folder (from index.md): what each file is, how it was made, and the sha256 of every file.

The sums stand at the end in the format of sha256sum, which reads them from this file: `sha256sum -c README.md`.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from twolayer.files import BadInput, text, written

from ..experiments import grid
from ..pages import filled
from ..report.results import Results
from ..report.whole import facts
from ..report.write import TITLE

FILE, SEARCH = "README.md", "search.md"
SUM = re.compile(r"^([0-9a-f]{64})  (\S+)$", re.M)


def files(folder: Path, *, hidden: bool = False) -> list[str]:
    """Every file but the index, in order; hidden ones if they are asked for."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [name for name in names if name != FILE and (hidden or not any(part.startswith(".") for part in name.split("/")))]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sums(folder: Path) -> dict[str, str]:
    """The sha256 of each file by name, as the index says; BadInput where there is no index."""
    path = folder / FILE
    listed = {name: value for value, name in SUM.findall(text(path))} if path.is_file() else {}
    if not listed:
        raise BadInput(f"{folder} is no folder that `python -m cifar keep` wrote: it has no {FILE} with checksums")
    return listed


def write(folder: Path, results: Results) -> None:
    """The index of what is there."""
    circumstances = facts(results)
    page = filled(
        Path(__file__).with_name("index.md"),
        title=TITLE,
        facts=circumstances,
        profile=f" --profile {circumstances['profile']}" if circumstances["profile"] in grid.PROFILES else "",
        images={str(result.data.get("sha256")): result.data for result in results.checkpoints.values()},
        there=lambda pattern: any(folder.glob(pattern)),
        checksums=[f"{digest(folder / name)}  {name}" for name in files(folder)],
    )
    written(folder / FILE, f"{page}\n".encode())
