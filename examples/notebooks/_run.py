"""Run notebooks without Jupyter and store what their cells show: `python examples/notebooks/_run.py [NAME.ipynb ...]`.

A code cell shows what it prints, the value of its last expression (plain and, where it has one, as HTML), and the figures of
pyplot that it opens, as Jupyter does. Cells are plain Python: no magics.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DPI = 80  # of stored figures


def source(cell: dict[str, Any]) -> str:
    """The text of a cell."""
    return "".join(cell["source"])


def code(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """The code cells of a notebook, in their order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def run(notebook: dict[str, Any]) -> Iterable[list[dict[str, Any]]]:
    """The outputs of each code cell, in one namespace, in the notebook format; what a cell raises is raised."""
    import matplotlib

    matplotlib.use("agg")
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(code(notebook), start=1):
        yield list(_shown(source(cell), number, namespace))


def _shown(text: str, number: int, namespace: dict[str, Any]) -> Iterable[dict[str, Any]]:
    tree = ast.parse(text)
    last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    value, printed = None, io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, f"<cell {number}>", "exec"), namespace)
        if last is not None:
            value = eval(compile(last, f"<cell {number}>", "eval"), namespace)
    if printed.getvalue():
        yield {"output_type": "stream", "name": "stdout", "text": _lines(printed.getvalue())}
    yield from map(_picture, _figures())
    if value is not None:
        data = {"text/plain": _lines(repr(value))}
        if hasattr(value, "_repr_html_"):
            data["text/html"] = _lines(value._repr_html_())
        yield {"output_type": "execute_result", "execution_count": number, "data": data, "metadata": {}}


def _figures() -> list:
    """The open figures of pyplot, which are closed."""
    import matplotlib.pyplot as plt

    figures = [plt.figure(number) for number in plt.get_fignums()]
    plt.close("all")
    return figures


def _picture(figure) -> dict[str, Any]:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=DPI)
    data = {"image/png": base64.b64encode(content.getvalue()).decode(), "text/plain": ["<Figure>"]}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def main(names: list[str]) -> None:
    """Store the outputs of the notebooks named, or of all."""
    for path in [HERE / name for name in names] or sorted(HERE.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for number, (cell, outputs) in enumerate(zip(code(notebook), run(notebook), strict=True), start=1):
            cell["outputs"], cell["execution_count"] = outputs, number
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
