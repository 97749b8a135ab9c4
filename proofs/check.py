"""`python -m proofs check FILE`: what a certificate proves, a line each, or the first thing in it that does not follow."""

from __future__ import annotations

import json
import sys
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext
from pathlib import Path

from .certificate import Proved, Refuted, need
from .verdicts import judged


def main(arguments) -> int:
    """`python -m proofs check FILE`: print what is proved; the exit status is 0, or 1 if something is not."""
    try:
        need(len(arguments) == 1, "one file is needed")
        certificate = json.loads(Path(arguments[0]).read_text(encoding="utf-8"), object_pairs_hook=unique)
        proved = Proved(certificate)
        lines = [*map(described, proved.radii), *judged(proved, certificate)]
    except (Refuted, OSError) as error:
        return refused(str(error))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        return refused(f"the file is malformed ({type(error).__name__}: {error})")
    print(f"instance: {json.dumps(certificate['instance'].get('name', 'unnamed'))}")  # quoted: a name may hold line breaks
    for k, (lower, upper) in enumerate(proved.suprema):
        print(f"proved: {decimal(lower, False)} <= sup |g_1,{k}| <= {decimal(upper, True)}")
    print(f"proved: {decimal(proved.gradient[0], False)} <= sup |g_1| <= {decimal(proved.gradient[1], True)}")
    for line in lines:
        print(f"proved: {line}")
    return 0


def described(radius) -> str:
    """A radius that is proved, in words."""
    side, i = radius["node"]
    return f"{radius['kind']} of radius {decimal(radius['radius'], radius['kind'] == 'disc-above')}, {side} {i}"


def unique(pairs) -> dict:
    """A JSON object; a key that comes twice would mean one thing here and another elsewhere."""
    need(len(dict(pairs)) == len(pairs), "a key comes twice")
    return dict(pairs)


def refused(why: str) -> int:
    """Print why a file is not proved, on one line."""
    print(f"not proved: {ascii(' '.join(why.split()))[1:-1]}", file=sys.stderr)
    return 1


def decimal(x, up: bool) -> str:
    """A decimal of 17 digits that is at least (up) or at most x >= 0."""
    with localcontext(Context(prec=17, rounding=ROUND_CEILING if up else ROUND_FLOOR, Emin=-99_999, Emax=99_999)):
        quotient = Decimal(int(x.numerator)) / Decimal(int(x.denominator))  # operands are exact, so it is rounded once
        return f"{quotient.normalize():g}"
