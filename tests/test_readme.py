"""The README's example runs and prints what its comments say; its table names tests and functions that exist."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_example_prints_the_gradient_that_its_comment_says(capsys):
    example = re.search(r"```python\n(.*?)```", README, re.S)[1]
    said = re.search(r"enclosed: (\(.*\))", example)[1]
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out.splitlines()[0] == said


def test_every_function_and_test_of_the_claims_table_exists():
    rows = [line.split("|")[1:-1] for line in README.splitlines() if line.startswith("|") and "test_" in line]
    assert len(rows) >= 14
    for row in rows:
        for name in re.findall(r"`([a-z_0-9.]+)`", row[2]):
            module, _, function = name.rpartition(".")
            found = bool(module) and hasattr(import_module(f"twolayer.{module}"), function)
            if not found and name != "volume_bound":  # named beside its twin, without the module
                import_module(f"twolayer.{name}")
        for name in re.findall(r"`([a-z_/]*test_[a-z_0-9*]+)`", row[5]):
            assert list((ROOT / "tests").rglob(f"{name}.py")), name
