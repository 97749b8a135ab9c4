"""The page on the formal proofs says what `python -m proofs` collects."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from proofs.formal.theorems import ENTRIES

DOCS = Path(__file__).resolve().parents[2] / "docs"
SPEC = spec_from_file_location("formal_page", DOCS / "_formal.py")
assert SPEC is not None and SPEC.loader is not None
formal_page = module_from_spec(SPEC)
SPEC.loader.exec_module(formal_page)


def test_the_page_is_written_from_the_entries():
    assert (DOCS / "formal.md").read_text(encoding="utf-8") == formal_page.page(), "run python docs/_formal.py"


def test_every_formal_theorem_is_on_the_page_by_its_coq_name():
    page = (DOCS / "formal.md").read_text(encoding="utf-8")
    assert len(ENTRIES) > 20 and all(f"`{entry.coq}`" in page and f"## {entry.label}\n" in page for entry in ENTRIES)
