"""`make formal`: compile the Coq files, and say of each theorem whether it is what was read and uses no axiom.

`--write` writes statements.txt anew. Exit status 1 if a theorem is not, 2 without Coq (0 with `--if-there`).
"""

from __future__ import annotations

import sys

from ..entry import Unavailable
from ..process import alone, refused
from . import theorems
from .audit import STATEMENTS, audit


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--write"], ["--if-there"]):
        return refused("python -m proofs.formal", f"expected nothing, --write or --if-there; got {' '.join(arguments)}")
    try:
        told = audit()
    except Unavailable as reason:
        print(f"formal proofs: {reason}", file=sys.stderr)
        return 0 if arguments == ["--if-there"] else 2
    if arguments == ["--write"]:
        STATEMENTS.write_text(told.page(), encoding="utf-8")
        print(f"{STATEMENTS}: {len(told.theorems)} theorems, {len(told.definitions)} definitions; read what changed")
        return 0
    failed = 0
    for entry in theorems.ENTRIES:
        try:
            entry.check()
            said = "no axioms"
        except AssertionError as error:
            failed, said = failed + 1, f"FAILS: {error}"
        print(f"{entry.coq:50} {said}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(alone("python -m proofs.formal", lambda: main(sys.argv[1:])))
