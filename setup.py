"""What pyproject.toml cannot say: the checker's name in the wheel, and a README that renders away from the repository."""

import re
from pathlib import Path

from setuptools import find_packages, setup

LEFT_OUT = ["proofs.formal*", "proofs.search*"]  # Coq's files and the search for records work on the repository


def away_from_home(readme: str) -> str:
    """The README with words and a file's name in the place of its picture, which no page elsewhere can show, its links to files
    as plain text that names them."""
    text = re.sub(r'<img src="([^"]*)"[^>]* alt="([^"]*)">', r"\2: `\1` in the source archive.", readme)
    return re.sub(r"\[([^\]]*)\]\((?!\w+://)([^)]*)\)", _plain, text)


def _plain(link: re.Match) -> str:
    """A link's words, with the file's name where they do not say it."""
    words, file = link[1], link[2].partition("#")[0]
    return words if file in words.replace("`", "") else f"{words} (`{file}`)"


checker = [name.replace("proofs", "twolayer_proofs", 1) for name in find_packages(include=["proofs*"], exclude=LEFT_OUT)]
setup(
    packages=find_packages(include=["twolayer*"]) + checker,
    package_dir={"twolayer_proofs": "proofs"},
    long_description=away_from_home(Path("README.md").read_text(encoding="utf-8")),
    long_description_content_type="text/markdown",
)
