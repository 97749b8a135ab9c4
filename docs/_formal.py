"""Write formal.md: a row for each formal theorem that `python -m proofs` collects, in its order.

`python docs/_formal.py` from the root of the repository. What a row says is the entry's, nothing is typed in here; a test
compares the page with the entries.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from proofs.commands import entries  # noqa: E402  the repository's, from wherever this runs
from proofs.entry import Entry  # noqa: E402

HEAD = """# What is proved in Coq

The theorems behind the sharp form are proved in Coq 8.16 with MathComp, for every real closed field, in every dimension.
`make formal` compiles them; `python -m proofs` asks Coq of each theorem below that its file compiles, that the statement
and the definitions it stands on are those of `proofs/formal/statements.txt`, and what `Print Assumptions` names: a row
passes where that is no axiom and no unsafe flag. Where there is no Coq the rows are skipped, and said to be.
`python -m proofs show NAME` prints a statement as Coq does. What stands in Coq is mathematics: that the program computes what
the theorems speak of is for its tests, and that a number is right for the [certificates](certified.md).

"""
FOOT = "\nThis page is written by `python docs/_formal.py` from the entries of `python -m proofs`.\n"


def theorems() -> list[Entry]:
    """The entries that have a name in Coq."""
    return [entry for entry in entries() if entry.coq]


def row(entry: Entry) -> str:
    """The entry's section: what it says, and what it does not."""
    said, does_not = (
        " ".join(text.split()).replace("<", "&lt;").replace("*", r"\*") for text in (entry.statement, entry.does_not)
    )
    return f"## {entry.label}\n\n`{entry.coq}` (`python -m proofs show {entry.name}`)\n\n{said}\n\n*Does not:* {does_not}\n\n"


def page() -> str:
    """The whole of formal.md."""
    found = theorems()
    return HEAD + f"{len(found)} theorems.\n\n" + "".join(map(row, found)).rstrip() + "\n" + FOOT


if __name__ == "__main__":
    (HERE / "formal.md").write_text(page(), encoding="utf-8")
