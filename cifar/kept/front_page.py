"""The part of a README that shows what the kept results say: the headline figure and the table of claims.

It stands between two comments, and every number in it is read from results/<profile>.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from twolayer.files import BadInput, written
from twolayer.files import text as content

from ..report.results import read
from ..report.write import front

BEGIN, END = "<!-- claims:begin -->", "<!-- claims:end -->"
PROFILES = ("paper", "standard", "demo")  # the best first
FIGURE, SHOWN = "figures/headline.png", 760  # pixels across
WIDTH = 120  # of a line


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
    where = f"[`{folder.as_posix()}`]({folder.as_posix()}/README.md)"
    words = f"{front(read(root / folder))} Every number, the report, weights and checksums: {where}."
    return "\n".join(
        (
            BEGIN,
            f'<img src="{folder.as_posix()}/{FIGURE}" width="{SHOWN}" '
            'alt="Robust accuracy against specialisation under both rules, one point a kind of training">',
            "",
            textwrap.fill(words, WIDTH, break_long_words=False, break_on_hyphens=False),
            "",
            content(root / folder / "claims.md").strip(),
            END,
        )
    )


def replaced(text: str, new: str) -> str:
    """The text of a README with another block; BadInput where it has no place for one."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(END) < text.index(BEGIN):
        raise BadInput(f"a README needs one {BEGIN} and one {END} behind it; write them where the claims shall stand")
    return text[: text.index(BEGIN)] + new + text[text.index(END) + len(END) :]


def write(readme: Path) -> Path:
    """Write the block into a README at the root of a repository.   -> the folder whose claims it shows"""
    text = content(readme)
    new = replaced(text, block(readme.parent))
    if new != text:
        written(readme, new.encode())
    return kept(readme.parent)
