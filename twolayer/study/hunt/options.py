"""The options of `twolayer hunt`. Nothing heavy is imported here, so that every other command starts as fast as before."""

from __future__ import annotations

STATEMENTS = ("theorem-1", "theorem-2", "corollary-1", "theorem-3")
FORMS = ("printed", "repaired", "sharp")
SECONDS = 60.0


def add_parser(commands) -> None:
    """Add `hunt` to the commands of the command line."""
    hunt = commands.add_parser("hunt", help="search for a counterexample to a statement, or for the nearest to one")
    hunt.add_argument("statement", choices=STATEMENTS, help="what is to be refuted")
    hunt.add_argument("--form", choices=FORMS, default=FORMS[0], help="how it is read (default printed)")
    hunt.add_argument("--reason", help="printed: the hypothesis whose absence is to be shown (default any)")
    hunt.add_argument("--dim", type=int, default=2, metavar="D", help="dimension of the subspace (default 2)")
    hunt.add_argument("--nodes", type=int, default=6, metavar="K", help="most nodes of both networks together (default 6)")
    hunt.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help="time limit (default 60)")
    hunt.add_argument("--seed", type=int, default=0, metavar="N", help="seed of every random choice (default 0)")
    hunt.add_argument("-o", "--output", metavar="FILE", help="where the instance goes")
    hunt.add_argument("--json", action="store_true", help="print one JSON object")
