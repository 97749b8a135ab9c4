"""The gallery shows every example: a script, its picture, and a line that says what to see."""

from __future__ import annotations

import re
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = [path for path in EXAMPLES.glob("*.py") if not path.name.startswith("_")]  # _script.py serves them all


def test_every_script_has_a_picture_and_a_line_in_the_gallery_and_nothing_else_has():
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    scripts = {path.stem for path in SCRIPTS}
    assert scripts == set(re.findall(r"\]\((\w+)\.py\)", page)) == set(re.findall(r"\(pictures/(\w+)\.png\)", page))
    assert scripts == {path.stem for path in (EXAMPLES / "pictures").glob("*.png")}


def test_every_script_explains_its_picture_in_its_docstring():
    for path in SCRIPTS:
        assert path.read_text(encoding="utf-8").startswith('"""'), path.name


def test_the_pictures_stay_small():
    assert all(path.stat().st_size <= 150_000 for path in (EXAMPLES / "pictures").glob("*.png"))
