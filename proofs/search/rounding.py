"""From floats to a file of rationals: lines with small denominators, then masses exact for those lines.

For rational lines the LP over masses has a rational optimum: the constraints that are tight at the solver's
basic solution are solved in Fractions. Where that would need large denominators, the masses are rounded and eps
is what it then is. Either way eps is computed by the record's own check.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from ..records._hidden import ENDLESS, parsed, value, vertices
from .plane import HEAVIEST, Hidden, Lines, best_masses
from .plane import vertices as float_vertices

DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 15, 16, 18, 20, 24, 30, 36, 48, 60, 120, 240, 500, 1000, 4000)
COMMON = (6, 7, 11, 13, 17, 19, 22, 26, 35, 42, 49, 55, 65, 77, 84)  # common ones, tried for all offsets alike
LOSS = 2e-6  # of 1/eps, relative, that a simpler rational may cost
TIGHT = 1e-7  # slack below which a constraint is taken to be tight
ROUNDED = 1_000_000  # the common denominator of rounded masses
DIGITS = 7  # an exact optimum with longer denominators is rounded instead
DUST = 1e-9  # a smaller mass is 0: the line is left out


def rounded_lines(best: Hidden) -> Iterator[Lines]:
    """The lines with ever larger denominators."""
    lines = best.lines

    def near(values: np.ndarray, d: int) -> np.ndarray:
        return np.array([float(Fraction(z).limit_denominator(d)) for z in values])

    for d in sorted({*DENOMINATORS, *COMMON}):
        for c in (near(lines.c, d), np.round(lines.c * d) / d):
            for q in (near(lines.q, d), np.round(lines.q * d) / d):
                yield replace(lines, c=c, q=np.clip(q, -lines.steepest, lines.steepest))


def simplest(best: Hidden) -> Hidden:
    """The first of the rounded lines that is hardly worse, or the best of them."""
    chosen = None
    for lines in rounded_lines(best):
        hidden = best_masses(lines)
        if hidden is not None and (chosen is None or hidden.eps < chosen.eps):
            chosen = hidden
            if hidden.eps <= best.eps * (1 + LOSS):
                break
    return chosen or best


def solved(rows: Sequence[Sequence[Fraction]], size: int) -> list[Fraction] | None:
    """The solution of the first independent rows (coefficients, right side), None if they leave it open."""
    pivots: dict[int, list[Fraction]] = {}
    for given in rows:
        row = list(given)
        for column, pivot in pivots.items():
            if row[column]:
                factor = row[column]
                row = [a - factor * b for a, b in zip(row, pivot, strict=True)]
        if not any(row[:size]):
            continue
        column = next(k for k in range(size) if row[k])
        row = [a / row[column] for a in row]
        for other, pivot in pivots.items():
            if pivot[column]:
                factor = pivot[column]
                pivots[other] = [a - factor * b for a, b in zip(pivot, row, strict=True)]
        pivots[column] = row
        if len(pivots) == size:
            return [pivots[k][size] for k in range(size)]
    return None


def exact_masses(best: Hidden) -> list[Fraction] | None:
    """(masses, affine) solving the tight constraints exactly, None if they are not enough."""
    lines, n = best.lines, len(best.lines)
    zero, one = Fraction(0), Fraction(1)
    p, q, c = ([Fraction(z).limit_denominator(10**6) for z in a] for a in (lines.p, lines.q, lines.c))
    height = None if not np.isfinite(lines.height) else Fraction(lines.height).limit_denominator(10**4)
    rows: list[list[Fraction]] = []
    if height is None:
        rows += [
            [*(max(z, zero) for z in q), zero, one, zero, zero, -one],
            [*(min(z, zero) for z in q), zero, one, zero, zero, zero],
        ]
    rows += [[*(one * (k == i) for k in range(n + 4)), zero] for i in range(n) if abs(best.masses[i]) < DUST]
    rows += [
        [*(one * (k == i) for k in range(n + 4)), Fraction(int(np.sign(m) * HEAVIEST))]
        for i, m in enumerate(best.masses)
        if abs(m) > HEAVIEST - TIGHT
    ]
    v = float_vertices(lines)
    h = v.rows @ np.r_[best.masses, best.affine] + v.above
    all_p, all_q = [*p, zero, one, one, zero, zero], [*q, one, zero, zero, one, one]
    all_c = [*c, zero, one, -one, *([] if height is None else [height, -height])]
    tight = np.flatnonzero(np.abs(h) >= best.eps - TIGHT)
    for k in tight[np.argsort(-np.abs(h[tight]), kind="stable")]:
        i, j = v.first[k], v.second[k]
        d = all_p[i] * all_q[j] - all_p[j] * all_q[i]
        x = (all_c[i] * all_q[j] - all_c[j] * all_q[i]) / d
        tau = (all_p[i] * all_c[j] - all_p[j] * all_c[i]) / d
        nodes = [max(a * x + b * tau - e, zero) for a, b, e in zip(p, q, c, strict=True)]
        side = one if h[k] > 0 else -one
        rows.append([*nodes, x, tau, one, -side, -max(tau, zero)])
    return solved(rows, n + 4)


def flattened(lines: Lines, masses: list[Fraction], affine: list[Fraction]) -> None:
    """Change b and the largest mass on a sloping line so that an endless h is flat at both ends, exactly."""
    q = [Fraction(z).limit_denominator(10**6) for z in lines.q]
    i = max((k for k in range(len(q)) if q[k] < 0), key=lambda k: abs(masses[k] * q[k]))
    affine[1] = -1 - sum((m * max(z, Fraction(0)) for m, z in zip(masses, q, strict=True)), Fraction(0))
    down = affine[1] + sum(m * min(z, Fraction(0)) for m, z in zip(masses, q, strict=True))
    masses[i] -= down / q[i]


def as_data(best: Hidden, count: str, nodes: int) -> dict[str, Any]:
    """The file's data for these rational lines, with the eps that the record's check finds."""
    lines, n = best.lines, len(best.lines)
    exact = exact_masses(best)
    if exact is None or max(len(str(z.denominator)) for z in exact) > DIGITS:
        masses = [Fraction(round(ROUNDED * float(m)), ROUNDED) for m in best.masses]
        affine = [Fraction(round(ROUNDED * float(a)), ROUNDED) for a in best.affine]
        if not np.isfinite(lines.height):
            flattened(lines, masses, affine)
    else:
        masses, affine = exact[:n], exact[n : n + 3]
    kept = [i for i in range(n) if abs(masses[i]) > DUST]
    text = {i: [str(Fraction(z).limit_denominator(10**6)) for z in (lines.c[i], -lines.q[i])] for i in kept}
    height = str(Fraction(lines.height).limit_denominator(10**4)) if np.isfinite(lines.height) else ENDLESS
    data: dict[str, Any] = {
        "count": count,
        "nodes": nodes,
        "height": height,
        "eps": "1",
        "lines": [[*text[i], str(masses[i])] for i in sorted(kept, key=lambda i: lines.c[i]) if lines.p[i] == 1],
        "horizontals": [[text[i][0], str(masses[i])] for i in kept if lines.p[i] == 0],
        "affine": [str(a) for a in affine],
    }
    instance = parsed(data)
    values = [value(instance, x, tau) for x, tau in vertices(instance)]
    middle = (max(values) + min(values)) / 2
    data["affine"][2] = str(affine[2] - middle)
    data["eps"] = str((max(values) - min(values)) / 2)
    return data
