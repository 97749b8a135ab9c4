"""What the documentation's pages make of docstrings and formulas."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("griffe", reason="the documentation's generator is not installed")
DOCS = Path(__file__).resolve().parents[1] / "docs"
sys.path.insert(0, str(DOCS))

from _docstrings import markdown

COLUMNS = """What it does with f* and w*_j.

W, b        (K, d)   weights of `a*b`
rank        how many, which
            goes on here
Raises ValueError else.

>>> absolute(-3)
3"""


def test_a_column_of_names_is_a_list_a_doctest_is_code_and_a_star_is_a_star():
    first, names, doctest = markdown(COLUMNS).split("\n\n", 1)[0], *markdown(COLUMNS).split("\n\n", 1)[1].rsplit("\n\n", 1)
    assert first == r"What it does with f\* and w\*_j."
    assert names.splitlines() == [
        "- `W, b`: (K, d)   weights of `a*b`",
        "- `rank`: how many, which",
        "  goes on here",
        "",
        "Raises ValueError else.",
    ]
    assert doctest == "```python\n>>> absolute(-3)\n3\n```"


def test_the_tutorial_runs_from_its_first_block_to_its_last(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "tutorial.md").read_text(encoding="utf-8"), re.S)
    names: dict[str, object] = {}
    for block in blocks:
        if "import pandas" in block and find_spec("pandas") is None:  # an extra
            continue
        exec(compile(block, "tutorial.md", "exec"), names)
    assert names["result"].gradient == (0.0, 0.0) and (tmp_path / "square.json").is_file()


@pytest.mark.parametrize("text", ["W x + b.  (..., d) -> (..., K)", "    indented   code", "One line alone"])
def test_a_sentence_and_an_indented_block_stay_as_they_are(text):
    assert markdown(text) == text


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_no_star_of_a_formula_is_taken_for_emphasis(page):
    markdown = pytest.importorskip("markdown")
    shown = markdown.markdown(page.read_text(encoding="utf-8"), extensions=["tables"])
    for emphasis in re.findall(r"<(?:em|strong)>(.*?)</(?:em|strong)>", shown, re.S):
        assert re.fullmatch(r"[A-Za-z][\w\s'(),.:-]*", emphasis), emphasis
