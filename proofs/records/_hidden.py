"""An instance that hides a crease in the strip, as a file of rationals, checked exactly.

The strip is |x| <= 1, |tau| <= h (h a rational, or "endless"). The crease is relu(tau): H = {tau = 0}, kappa =
1, rho = 1, and gamma = 1 bounds |cot| over the counted lines, so kappa rho/(gamma eps) = 1/eps. The file holds
    h(x, tau) = relu(tau) + sum of mass relu(x - offset - slope tau) + sum of mass relu(tau - level)
                + a x + b tau + c,
and the claims: eps = sup |h| on the strip, and how many lines are counted ("all": every line; "opp": those of
negative mass). The supremum is taken over all vertices of the arrangement; in an endless strip h must also be
flat in tau above and below all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

ENDLESS = "endless"
COUNTS = {"all": "other creases of any sign", "opp": "opposing creases (same-sign ones unlimited)"}
ZERO, ONE = Fraction(0), Fraction(1)
Row = tuple[Fraction, Fraction, Fraction]  # p x + q tau = c


@dataclass(frozen=True)
class Instance:
    """What a file says. height None is an endless strip; nodes are (mass, p, q, c): mass relu(p x + q tau - c)."""

    count: str
    nodes: int
    height: Fraction | None
    terms: tuple[tuple[Fraction, Fraction, Fraction, Fraction], ...]
    affine: tuple[Fraction, Fraction, Fraction]
    eps: Fraction


def number(text: Any) -> Fraction:
    """A rational from a string such as "-3/40"; floats are refused, they are not what was meant."""
    if not isinstance(text, str):
        raise ValueError(f'rationals are strings such as "-3/40"; got {text!r}')
    return Fraction(text)


def parsed(data: dict[str, Any]) -> Instance:
    """The instance in a file's data; KeyError or ValueError if it is no such file."""
    if data["count"] not in COUNTS or type(data["nodes"]) is not int or data["nodes"] < 1:
        raise ValueError(
            f"count needs to be one of {', '.join(COUNTS)} and nodes an integer >= 1; got "
            f"{data['count']!r} and {data['nodes']!r}"
        )
    height = None if data["height"] == ENDLESS else number(data["height"])
    if height is not None and height <= 0:
        raise ValueError(f"height needs to be positive; got {height}")
    terms = []
    for offset, slope, mass in data["lines"]:
        terms.append((number(mass), ONE, -number(slope), number(offset)))
    for level, mass in data["horizontals"]:
        terms.append((number(mass), ZERO, ONE, number(level)))
    a, b, c = map(number, data["affine"])
    return Instance(data["count"], data["nodes"], height, tuple(terms), (a, b, c), number(data["eps"]))


def read(path: Path) -> Instance:
    return parsed(json.loads(path.read_text()))


def creases(instance: Instance) -> dict[Row, Fraction]:
    """The kink mass of each line other than H; equal lines are merged. H itself keeps mass 1, or it is no
    record."""
    masses: dict[Row, Fraction] = {}
    for mass, p, q, c in instance.terms:
        masses[p, q, c] = masses.get((p, q, c), ZERO) + mass
    if masses.pop((ZERO, ONE, ZERO), ZERO):
        raise AssertionError("[a term changes the mass of H]")
    return {line: mass for line, mass in masses.items() if mass}


def counted(instance: Instance) -> list[Row]:
    """The lines that the count counts: all of them, or those of negative mass."""
    return [line for line, mass in creases(instance).items() if instance.count == "all" or mass < 0]


def value(instance: Instance, x: Fraction, tau: Fraction) -> Fraction:
    """h(x, tau)."""
    a, b, c = instance.affine
    ridges = (mass * max(p * x + q * tau - level, ZERO) for mass, p, q, level in instance.terms)
    return sum(ridges, max(tau, ZERO) + a * x + b * tau + c)


def vertices(instance: Instance) -> Iterator[tuple[Fraction, Fraction]]:
    """Every point of the strip where two of the lines, H, the walls and the lids meet."""
    rows = [(ZERO, ONE, ZERO), (ONE, ZERO, ONE), (ONE, ZERO, -ONE), *creases(instance)]
    if instance.height is not None:
        rows += [(ZERO, ONE, instance.height), (ZERO, ONE, -instance.height)]
    for (a, b, c), (d, e, f) in combinations(rows, 2):
        determinant = a * e - b * d
        if determinant:
            x, tau = (c * e - f * b) / determinant, (a * f - d * c) / determinant
            if abs(x) <= 1 and (instance.height is None or abs(tau) <= instance.height):
                yield x, tau


def ends(instance: Instance) -> tuple[Fraction, Fraction]:
    """The slopes of h in tau far above and far below (at every x)."""
    up = sum((mass * max(q, ZERO) for mass, _, q, _ in instance.terms), ONE + instance.affine[1])
    down = sum((mass * min(q, ZERO) for mass, _, q, _ in instance.terms), instance.affine[1])
    return up, down


def check_lines(instance: Instance) -> None:
    """No more counted lines than claimed, |cot| at most 1 (a horizontal has no cot)."""
    lines = counted(instance)
    if len(lines) > instance.nodes:
        raise AssertionError(f"[{len(lines)} lines are counted, {instance.nodes} are claimed]")
    steep = [line for line in lines if line[0] == 0 or abs(line[1]) > 1]
    if steep:
        raise AssertionError(f"[|cot| > 1 at the counted line p, q, c = {', '.join(map(str, steep[0]))}]")


def check_eps(instance: Instance) -> None:
    """sup |h| is exactly the claimed eps."""
    if instance.height is None and any(ends(instance)):
        raise AssertionError("[h is not flat at the ends of the endless strip: sup |h| is infinite]")
    largest = max(abs(value(instance, x, tau)) for x, tau in vertices(instance))
    if largest != instance.eps:
        raise AssertionError(f"[sup |h| is {largest}, not {instance.eps}]")
