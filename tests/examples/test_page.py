"""The gallery's page says what the scripts say, and every script keeps the house's form."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))

import _gallery

SCRIPTS = _gallery.scripts()
LONG = 50  # characters that say something of a picture


def test_the_page_is_written_from_the_scripts():
    assert (EXAMPLES / "README.md").read_text(encoding="utf-8") == _gallery.page(), "run python examples/_gallery.py"


def test_every_picture_belongs_to_a_script_and_every_script_has_one():
    assert {path.stem for path in (EXAMPLES / "pictures").glob("*.png")} == {path.stem for path in SCRIPTS}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_every_picture_has_a_text_for_who_cannot_see_it(path):
    line, alt = _gallery.said(path)
    assert len(alt) > LONG and alt.endswith(".") and line.endswith(".") and alt != line


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_constants_stand_at_the_top_and_no_default_hides_a_number(path):
    """Between the imports and the first class or function; a default of `data` is the name of a constant."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    first = min(n for n, node in enumerate(body) if isinstance(node, (ast.FunctionDef, ast.ClassDef)))
    assert not any(isinstance(node, (ast.Assign, ast.AnnAssign)) for node in body[first:])
    (data,) = (node for node in body if isinstance(node, ast.FunctionDef) and node.name == "data")
    names, defaults = [a.arg for a in data.args.args][-len(data.args.defaults) :], data.args.defaults
    hidden = [name for name, value in zip(names, defaults, strict=False) if isinstance(value, (ast.Constant, ast.Tuple))]
    assert not hidden, f"{hidden} need constants at the top"
