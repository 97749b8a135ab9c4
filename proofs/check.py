"""`python -m proofs check FILE`: what a certificate proves, a line each, or the first thing in it that does not follow."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext

from .certificate import Proved, Refuted, index, need, number
from .verdicts import Row, judged

LEFT_OUT = re.compile(
    r"((theorem-[123]|corollary-1) (printed|repaired|sharp)|fan-out-recovery (sharp|vector)) (holds|fails|vacuous)"
)
MOST_BYTES = 64 << 20  # of a file
DEEPEST = 64  # lists and objects in each other: a certificate needs a few
BAD_INPUT = 2
USAGE = """usage: check FILE (- reads standard input): prove a certificate of `twolayer certify` anew, in rationals.
Exit status 0 where everything in it is proved, 1 where something is not, 2 without a file."""
MOST_ROWS = 10**9  # that a file may say it leaves out: any count is believed, it proves nothing


def main(arguments) -> int:
    """`python -m proofs check FILE`: print what is proved; the exit status is 0, 1 if something is not, 2 without a file."""
    if arguments in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    if len(arguments) != 1:
        return refused(f"expected one file; got {len(arguments)} arguments", BAD_INPUT)
    try:
        with open(0 if arguments == ["-"] else arguments[0], "rb", closefd=arguments != ["-"]) as file:
            written = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        return refused(f"expected a file that can be read; got {error}", BAD_INPUT)
    try:
        need(len(written) <= MOST_BYTES, f"the file is longer than {MOST_BYTES >> 20} MiB")
        certificate = json.loads(written.decode("utf-8-sig"), object_pairs_hook=unique, parse_constant=no_number)
        need(is_shallow(certificate), f"the file is deeper than {DEEPEST} lists and objects")
        proved = Proved(certificate)
        rows, radii = judged(proved, certificate), unrepeated(proved.radii)
        summary = counted(rows, certificate.get("left_out", {}))
        name, sha = certificate["instance"].get("name", "unnamed"), digest(certificate["instance"])
        need(isinstance(name, str), "the instance's name is no string")
    except Refuted as error:
        return refused(str(error))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        return refused(f"the file is malformed ({type(error).__name__}: {error})")
    print(f"instance: {json.dumps(name)}")  # quoted: a name may hold line breaks
    print(f"sha256: {sha}")
    for k, ends in enumerate(proved.suprema):
        print(f"proved: {enclosed(f'sup |g_1,{k}|', ends)}")
    print(f"proved: {enclosed('sup |g_1|', proved.gradient)}")
    if proved.excess is not None:
        print(f"proved: {enclosed('e0', proved.excess)}")
    for line in (*map(described, radii), *map(said, rows)):
        print(f"proved: {line}")
    print(f"rows: {summary}")
    return 0


def enclosed(what: str, ends) -> str:
    """A number between two ends."""
    return f"{decimal(ends[0], False)} <= {what} <= {decimal(ends[1], True)}"


def described(radius) -> str:
    """A radius that is proved, in words: what has it, around whose crease, and whose active region holds it."""
    kind, (side, i), k = radius["kind"], radius["node"], radius["observer"]
    above, body = kind == "disc-above", {"guarded": "guarded disc", "disc-above": "disc", "wall": "ball"}.get(kind, kind)
    size = f"radius {'above ' if above else ''}{decimal(radius['radius'], above)}, height {decimal(radius['allowance'], False)}"
    where = "U n R" if k is None else f"the active region of observer {k}"
    if kind == "wall":
        where = f"U n R, its centre in {where},"
    return f"{'no' if above else 'a'} {body} of {size}, lies in {where} around the crease of {side} {i}"


def unrepeated(radii) -> list:
    """The radii; Refuted if one comes twice."""
    keys = {(r["kind"], *r["node"], r["observer"], r["radius"], r["allowance"]) for r in radii}
    need(len(keys) == len(radii), "a radius comes twice")
    return radii


def said(row: Row) -> str:
    """A row that is proved: statement, form, verdict, nodes and both numbers, each on the side that proves it."""
    over, (sign, other) = row.verdict != "fails", ("<=", ">=") if row.verdict != "fails" else (">=", "<=")
    nodes = ", ".join(f"{name} {index}" for name, index in row.nodes)
    if row.measured is None or row.bound is None:
        return f"{row.statement} {row.form} {row.verdict} ({nodes}): alpha is 0, so that there is no bound"
    sides = f"measured {sign} {decimal(row.measured, over)}, bound {other} {decimal(row.bound, not over)}"
    return f"{row.statement} {row.form} {row.verdict} ({nodes}): {sides}"


def counted(rows: list[Row], left_out) -> str:
    """How many rows hold, fail and say nothing, and what the file says that it leaves out."""
    need(all(LEFT_OUT.fullmatch(what) and index(n, MOST_ROWS) for what, n in left_out.items()), "left_out is malformed")
    holds, fails, vacuous = (sum(row.verdict == verdict for row in rows) for verdict in ("holds", "fails", "vacuous"))
    named = "; ".join(f"{what}: {n}" for what, n in left_out.items())
    left = f"{sum(left_out.values())} left out{f' ({named})' if named else ''}"
    return f"{holds} proved to hold, {fails} to fail, {vacuous} vacuous; {left}, which proves nothing"


def is_shallow(value) -> bool:
    """Whether at most DEEPEST lists and objects lie in each other."""
    level = [value]
    for _ in range(DEEPEST):
        within = (inner.values() if isinstance(inner, dict) else inner for inner in level if isinstance(inner, (dict, list)))
        level = [x for inner in within for x in inner if isinstance(x, (dict, list))]
    return not level


def unique(pairs) -> dict:
    """A JSON object; a key that comes twice would mean one thing here and another elsewhere."""
    need(len(dict(pairs)) == len(pairs), "a key comes twice")
    return dict(pairs)


def no_number(constant: str):
    """NaN and the infinities are no JSON and no numbers."""
    raise Refuted(f"{constant} is not a number")


def refused(why: str, status: int = 1) -> int:
    """Print why a file is not proved, on one line; the exit status."""
    print(f"not proved: {ascii(' '.join(why.split()))[1:-1]}", file=sys.stderr)
    return status


def decimal(x, up: bool) -> str:
    """A decimal of 17 digits that is at least (up) or at most x."""
    with localcontext(Context(prec=17, rounding=ROUND_CEILING if up else ROUND_FLOOR, Emin=-99_999, Emax=99_999)):
        quotient = Decimal(int(x.numerator)) / Decimal(int(x.denominator))  # operands are exact, so it is rounded once
        return f"{quotient.normalize():g}"


# -- the canonical text of an instance: one for all files that state the same numbers -----------------------------------


def canonical_text(instance) -> str:
    """The canonical text of an instance that `certificate.Problem` has read without complaint.

    JSON with sorted keys and no spaces; every number as "p" or "p/q" in lowest terms, a box as its rows (upper ends first),
    the subspace with what it defaults to, an output bias only where it is not zero, no name.
    """
    size = len(instance["teacher"]["W"][0])
    whole = [[str(int(i == j)) for j in range(size)] for i in range(size)]
    region, plane = instance["region"], instance.get("subspace", {"basis": whole})
    if "A" not in region:
        opposite = [["-1" if x == "1" else "0" for x in row] for row in whole]
        ends = [*region["upper"], *(str(-number(x)) for x in region["lower"])]
        region = {"A": [*whole, *opposite], "c": ends}
    networks = {key: _network(instance[key]) for key in ("teacher", "student", "second_teacher") if key in instance}
    stated = {"region": region, "subspace": {"origin": ["0"] * size, **plane}, **networks}
    return json.dumps({"format": instance["format"], **_lowest(stated)}, sort_keys=True, separators=(",", ":"))


def digest(instance) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical_text(instance).encode("ascii")).hexdigest()


def _network(given):
    """W, b, V and, where some output has one, output_bias."""
    return {key: value for key, value in given.items() if key != "output_bias" or any(number(x) for x in value)}


def _lowest(value):
    """The same nest of lists and objects with every number as a string in lowest terms."""
    if isinstance(value, dict):
        return {key: _lowest(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_lowest(inner) for inner in value]
    return str(number(value))
