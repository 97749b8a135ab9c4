"""The README's example runs and prints what stands under it; its table names tests and functions that exist."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = sorted(path for path in ROOT.rglob("*.md") if not any(part.startswith(".") for part in path.relative_to(ROOT).parts))


def test_the_example_prints_what_the_readme_says(capsys):
    example = re.search(r"```python\n(.*?)```\n\n```\n(.*?)```", README, re.S)
    exec(compile(example[1], "README.md", "exec"), {})
    assert capsys.readouterr().out == example[2]


def test_the_readme_is_a_front_page_of_80_lines():
    assert len(README.splitlines()) <= 80


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in [*re.findall(r"\]\(([^)#\s]+)\)", text), *re.findall(r'src="([^"]+)"', text)]:
        wing = target.split("/")[0]
        if wing in ("cifar", "proofs") and not (ROOT / wing).exists():
            continue  # a wing that was taken away
        assert "://" in target or (page.parent / target).exists(), target


def test_every_function_and_test_of_the_claims_table_exists():
    rows = [line.split("|")[1:-1] for line in README.splitlines() if line.startswith("|") and "test_" in line]
    assert len(rows) >= 14
    for row in rows:
        for name in re.findall(r"`([a-z_0-9.]+)`", row[2]):
            module, _, function = name.rpartition(".")
            exists = bool(module) and hasattr(import_module(f"twolayer.{module}"), function)
            if not exists and name != "volume_bound":  # named beside its twin, without the module
                import_module(f"twolayer.{name}")
        for name in re.findall(r"`([a-z_/]*test_[a-z_0-9*]+)`", row[5]):
            assert list((ROOT / "tests").rglob(f"{name}.py")), name


def test_every_abbreviation_of_the_documentation_stands_in_the_glossary():
    common = {"AISTATS", "API", "CERTIFICATE", "CHANGELOG", "CIFAR", "CITATION", "CONFIG", "CONTRIBUTING", "CPU"}
    common |= {
        "CRC",
        "CUDA",
        "DIR",
        "FOLDER",
        "GPU",
        "JSON",
        "LICENSE",
        "MIT",
        "NP",
        "OK",
        "PNG",
        "README",
        "SHA",
        "SIGINT",
        "SIGTERM",
        "SVG",
        "TOML",
        "UTF",
    }
    terms = {line.split("|")[1] for line in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()[4:]}
    explained = common | set(re.findall(r"\w+", " ".join(terms)))
    for page in (*ROOT.glob("docs/*.md"), ROOT / "README.md", ROOT / "twolayer" / "README.md", ROOT / "proofs" / "README.md"):
        if page.exists():  # the proofs may have been taken away
            prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", page.read_text(encoding="utf-8"), flags=re.S)
            assert not set(re.findall(r"\b[A-Z]{2,}\b", prose)) - explained, page.name
