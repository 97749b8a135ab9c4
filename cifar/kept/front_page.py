"""The part of a README that shows what the kept results say: the headline figure and the table of claims.

It stands between two comments, and every number in it is read from results/<profile>.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from pathlib import Path

from ..errors import BadInput
from ..files import write_atomic
from ..report import write as report
from ..report.comparisons import NO, NOT_ENOUGH, YES
from ..report.results import read

BEGIN, END = "<!-- claims:begin -->", "<!-- claims:end -->"
PROFILES = ("paper", "standard", "demo")  # the best first
FIGURE, SHOWN = "figures/headline-mbnc.png", 440  # pixels across, so that the claims stand on the same screen
WIDTH = 120  # of a line
ROW = re.compile(rf"^\| (\d+) \| .* \| ({YES}|{NO}|{NOT_ENOUGH}) \| .* \|$", re.M)
SHORTENED = " It is shortened: what that says of the paper, only the full size can tell."


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
    claims = (root / folder / "claims.md").read_text(encoding="utf-8")
    verdicts = Counter(verdict for _, verdict in ROW.findall(claims))
    results = read(root / folder)
    profile = report.profile_of(list(results.checkpoints.values()))
    images, attacked = (max((s.settings[key] for s in results.students), default=0) for key in ("images", "test_images"))
    epochs = max((student.epoch for student in results.students), default=0)
    words = (
        "Every mark is a checkpoint of a student on CIFAR-10: robust accuracy under the linf attack against MBNC, the mean "
        f"over teacher nodes of the best node correlation. The paper's claims, here: {verdicts[YES]} {YES}, "
        f"{verdicts[NO]} {NO}, {verdicts[NOT_ENOUGH]} {NOT_ENOUGH}. Profile {profile}: at most {images:,} training images "
        f"and {epochs} epochs a student, attacked on {attacked:,} images.{SHORTENED if profile == 'demo' else ''} "
        f"Every number, the report, weights and checksums: [`{folder.as_posix()}`]({folder.as_posix()}/README.md)."
    )
    return "\n".join(
        (
            BEGIN,
            f'<img src="{folder.as_posix()}/{FIGURE}" width="{SHOWN}" '
            'alt="Robust accuracy against specialisation, every student">',
            "",
            textwrap.fill(words, WIDTH, break_long_words=False, break_on_hyphens=False),
            "",
            claims.strip(),
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
    text = readme.read_text(encoding="utf-8")
    new = replaced(text, block(readme.parent))
    if new != text:
        write_atomic(readme, new.encode())
    return kept(readme.parent)
