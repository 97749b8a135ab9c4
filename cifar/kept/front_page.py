"""The part of a README that shows what the kept results say (front_page.txt): the headline figure and the table of claims.

It stands between two comments, and every number in it is read from results/<profile>.
"""

from __future__ import annotations

from pathlib import Path

from twolayer.files import BadInput, text, written

from ..pages import filled
from ..report.results import read
from ..report.write import front

BEGIN, END = "<!-- claims:begin -->", "<!-- claims:end -->"
PROFILES = ("paper", "standard", "demo")  # the best first


def kept(root: Path) -> Path:
    """The folder of the best profile that is kept, relative to the repository; BadInput where none is."""
    for name in PROFILES:
        folder = Path("results") / name
        if (root / folder / "claims.md").is_file():
            return folder
    raise BadInput(f"{root} has no results/{' or results/'.join(PROFILES)} with claims.md; `python -m cifar keep` makes it")


def block(root: Path) -> str:
    """The block, with both of its comments, of the results that a repository keeps."""
    folder = kept(root)
    name, claims = folder.as_posix(), text(root / folder / "claims.md").strip()
    words = f"{front(read(root / folder))} Every number, the report, weights and checksums: [`{name}`]({name}/README.md)."
    template = Path(__file__).with_name("front_page.txt")
    return filled(template, begin=BEGIN, end=END, folder=name, words=words, claims=claims)


def replaced(readme: str, new: str) -> str:
    """The text of a README with another block; BadInput where it has no place for one."""
    if readme.count(BEGIN) != 1 or readme.count(END) != 1 or readme.index(END) < readme.index(BEGIN):
        raise BadInput(f"a README needs one {BEGIN} and one {END} behind it; write them where the claims shall stand")
    return readme[: readme.index(BEGIN)] + new + readme[readme.index(END) + len(END) :]


def write(readme: Path) -> Path:
    """Write the block into a README at the root of a repository.   -> the folder whose claims it shows"""
    written(readme, replaced(text(readme), block(readme.parent)).encode())
    return kept(readme.parent)
