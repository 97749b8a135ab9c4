"""Every *.json beside this file is a record: an instance that hides a crease, checked exactly, between its bounds."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import partial
from pathlib import Path

from ..entry import Entry, Step
from ._hidden import COUNTS, Instance, check_eps, check_lines, counted, read
from .all_count import upper

FOLDER = Path(__file__).parent
NAME = re.compile(r"(?P<count>all|opp)_(?P<nodes>\d\d)_(?P<regime>lowest|\d+_over_\d+|endless)")
DIGITS = 10**4  # decimals are cut to four, lower bounds down and upper bounds up
SHORT = 12  # longer fractions are left in their file


def regime_height(regime: str, nodes: int) -> Fraction | None:
    """The height that a file's name promises: lowest is where Theorem C begins, 3/N (1 for one or two nodes)."""
    if regime == "endless":
        return None
    return (
        Fraction(3, nodes)
        if nodes > 2 and regime == "lowest"
        else Fraction(1 if regime == "lowest" else regime.replace("_over_", "/"))
    )


def check_name(path: Path, instance: Instance) -> None:
    """The file holds what its name says."""
    match = NAME.fullmatch(path.stem)
    if match is None:
        raise AssertionError(f"[{path.name} is not named COUNT_NODES_REGIME.json]")
    nodes = int(match["nodes"])
    promised = match["count"], nodes, regime_height(match["regime"], nodes)
    if promised != (instance.count, instance.nodes, instance.height):
        raise AssertionError(
            f"[the name {path.stem} promises {promised}; the file holds {(instance.count, instance.nodes, instance.height)}]"
        )


def check_interval(instance: Instance) -> None:
    """1/eps is at most the proved upper bound: otherwise one of the two is wrong."""
    bound, theorem = upper(instance.count, instance.nodes, instance.height)
    if 1 / instance.eps > bound:
        raise AssertionError(f"[1/eps = {float(1 / instance.eps)} violates {bound} of {theorem}]")


def checks(path: Path) -> None:
    """All checks of one file, read again."""
    instance = read(path)
    check_name(path, instance)
    check_lines(instance)
    check_eps(instance)
    check_interval(instance)


def decimal(x: Fraction, up: bool = False) -> str:
    """Four decimals, cut down or up; exact integers and short fractions in front of it."""
    cut = -((-x.numerator * DIGITS) // x.denominator) if up else x.numerator * DIGITS // x.denominator
    text = f"{cut // DIGITS}.{cut % DIGITS:04}"
    if x.denominator == 1:
        return str(x)
    return f"{x} = {text}" if len(str(x)) <= SHORT and Fraction(cut, DIGITS) != x else text


def shown_height(height: Fraction | None) -> str:
    return "endless" if height is None else str(height)


def entry(path: Path) -> Entry:
    """The row of one file."""
    name = "hidden-crease-" + path.stem.replace("_", "-")
    try:
        instance = read(path)
        bound, theorem = upper(instance.count, instance.nodes, instance.height)
    except Exception:  # a file that cannot be read is a row that fails
        return Entry(
            name,
            "sharpness",
            "record",
            f"{path.name} cannot be read.",
            "Nothing.",
            "Anything.",
            (Step("The file is read.", partial(checks, path)),),
        )
    lines = counted(instance)
    lower = decimal(1 / instance.eps)
    where = "|x| <= 1, every tau" if instance.height is None else f"|x| <= 1, |tau| <= {instance.height}"
    return Entry(
        name=name,
        label=f"sharpness, {instance.count} {instance.nodes}, h {shown_height(instance.height)}",
        kind="record",
        statement=f"Scaled strip {where} (d' = 2, rho = gamma = kappa = 1). With N = {instance.nodes} {COUNTS[instance.count]}"
        f" of |cot| <= 1, the largest kappa rho/(gamma eps) is at least {lower} and at most {decimal(bound, up=True)}"
        f" ({theorem}). The instance: proofs/records/{path.name}.",
        certifies=f"sup |h| = {instance.eps} over all vertices of the arrangement, in rationals; {len(lines)} counted lines of"
        f" |cot| <= 1, {len(instance.terms) - len(lines)} others; the mass 1 of H; the interval is not empty.",
        does_not="That no better instance exists: the lower end comes from a search.",
        steps=(
            Step(
                "The file holds the count, the nodes and the height that its name says.", lambda: check_name(path, read(path))
            ),
            Step("No more counted lines than claimed, |cot| <= 1, mass 1 on H.", lambda: check_lines(read(path))),
            Step(
                f"sup |h| = {float(instance.eps):.6g}, exactly as claimed; an endless h is flat at both ends.",
                lambda: check_eps(read(path)),
            ),
            Step(f"1/eps is at most the bound of {theorem}.", lambda: check_interval(read(path))),
        ),
    )


ENTRIES = tuple(entry(path) for path in sorted(FOLDER.glob("*.json")))
