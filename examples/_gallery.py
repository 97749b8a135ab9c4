"""Write README.md: a row for each script, of its picture with its ALT, its name and the first line of its docstring."""

from __future__ import annotations

import ast
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIRST = "first_theorem"  # stands above all others, which follow in the order of their names
HEAD = """# Gallery

Every picture is written by the script of the same name: `python examples/NAME.py` (seconds on one core; `--out DIR`
to write elsewhere).
Numbers called certified are enclosures; sampled ones are labelled so. `instances/` holds counterexamples as files for
`twolayer check`.
`notebooks/`: [your own student](notebooks/your_own_student.ipynb) from PyTorch, certified along its training, and
[a counterexample](notebooks/a_counterexample.ipynb), built and proved, and
[reading the CIFAR-10 results](notebooks/reading_cifar_results.ipynb), and doubting them; run again by
`python examples/notebooks/_run.py`.
This page is written by `python examples/_gallery.py` from the first lines of the scripts.

| | |
|---|---|
"""


def scripts() -> list[Path]:
    """All scripts, in the order of the gallery."""
    return sorted((path for path in HERE.glob("[a-z]*.py")), key=lambda path: (path.stem != FIRST, path.stem))


def said(path: Path) -> tuple[str, str]:
    """(first line of the docstring, ALT) of a script, which is read and not run."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (alt,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["ALT"]
    )
    return (ast.get_docstring(tree) or "").splitlines()[0], alt


def row(path: Path) -> str:
    """The script's row of the table."""
    line, alt = (text.replace("|", "\\|") for text in said(path))
    return f"| ![{alt}](pictures/{path.stem}.png) | **[{path.stem}]({path.name})** {line} |\n"


def page() -> str:
    """The whole of README.md."""
    return HEAD + "".join(map(row, scripts()))


if __name__ == "__main__":
    (HERE / "README.md").write_text(page(), encoding="utf-8")
