"""`python -m proofs.search --count all --nodes 8 --seconds 60 --seed 0`: look for a better record.

Prints each improvement, and at the end the instance as the rationals of a record file; --output writes it if it
beats what is there. It starts from the records of the same count and regime with at most as many nodes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from ..process import Parser, alone
from ..records import _hidden
from .descent import blank, search
from .plane import Lines
from .rounding import as_data, simplest

RECORDS = Path(_hidden.__file__).parent


def height_of(text: str, nodes: int) -> float:
    """lowest: 3/nodes (1 for one or two nodes), where Theorem C begins; endless; or a rational."""
    if text == "lowest":
        return 3 / nodes if nodes > 2 else 1.0
    return float("inf") if text == _hidden.ENDLESS else float(Fraction(text))


def filled(instance: _hidden.Instance, empty: Lines, rng: np.random.Generator) -> Lines | None:
    """A record's lines in the places of `empty`, the places left over at random; None if they do not fit."""
    c, q = rng.uniform(-1, 1, len(empty)), np.where(empty.p == 1, rng.uniform(-1, 1, len(empty)), 1.0)
    free = list(range(len(empty)))
    for mass, p, slope, level in instance.terms:
        fits = [i for i in free if empty.p[i] == p and mass * empty.sign[i] >= 0 and abs(slope) <= empty.steepest[i]]
        if not fits:
            return None
        free.remove(fits[0])
        c[fits[0]], q[fits[0]] = level, slope
    return replace(empty, c=c, q=q)


def main(arguments: list[str] | None = None) -> int:
    parser = Parser(prog="python -m proofs.search", description="Search for a better record.")
    parser.add_argument("--count", choices=sorted(_hidden.COUNTS), default="all")
    parser.add_argument("--nodes", type=int, default=8)
    parser.add_argument("--height", default="lowest", help="lowest (3/nodes), endless, or a rational such as 5/4")
    parser.add_argument("--helpers", type=int, help="lines of the same sign, opposing count only (default nodes + 2)")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fresh", action="store_true", help="do not start from the records")
    parser.add_argument("-o", "--output", type=Path, help="write the instance here if it beats what is there")
    options = parser.parse_args(arguments)
    output = options.output
    if output is not None and (output.is_dir() or not os.access(output if output.exists() else output.parent, os.W_OK)):
        parser.error(f"--output needs a file that can be written; got {str(output)!r}")
    rng = np.random.default_rng(options.seed)
    height = height_of(options.height, options.nodes)
    helpers = options.nodes + 2 if options.helpers is None else options.helpers
    empty = blank(options.count, options.nodes, height, helpers)
    starts = []
    for path in () if options.fresh else sorted(RECORDS.glob(f"{options.count}*.json")):
        start = filled(_hidden.read(path), empty, rng)
        starts += [start] if start is not None else []
    starts = starts[-12:]
    started = time.monotonic()
    hidden = search(
        empty,
        starts,
        options.seconds,
        rng,
        lambda best, runs: print(
            f"{time.monotonic() - started:7.1f} s  descent {runs:5}  1/eps {1 / best.eps:.7f}", flush=True
        ),
    )
    if hidden is None:
        print("python -m proofs.search: nothing found; more --seconds?", file=sys.stderr)
        return 1
    data = as_data(simplest(hidden), options.count, options.nodes)
    print(json.dumps(data), f"\n1/eps = {float(1 / Fraction(data['eps'])):.9f}")
    if options.output is not None:
        old = _hidden.read(options.output).eps if options.output.exists() else None
        if old is None or Fraction(data["eps"]) < old:
            options.output.write_text(json.dumps(data, indent=1) + "\n")
            print(f"written to {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(alone("python -m proofs.search", main))
