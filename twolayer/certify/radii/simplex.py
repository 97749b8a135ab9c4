"""Largest balls around one crease in many polytopes that share rows, by a dense dual simplex method in floats.

The crease's equation eliminates one coordinate; left are d variables v (d - 1 coordinates and the radius), all free, and
rows R v <= b. A table holds slacks and variables as affine functions of the d slacks that are 0:
    row i = table[i, d] + sum_k table[i, k] s_k.
It starts at a corner that is optimal but not feasible: each coordinate at its upper bound, the radius at its cap.
Then a row with the most negative slack enters for the one that keeps the radius' coefficients <= 0. The rows that all
polytopes share are solved first; from there each polytope adds its own rows and goes on: a warm start.

Nothing here is proved: `proof` proves what comes out.
"""

from __future__ import annotations

import numpy as np

from ..compiled import compiled

FEASIBLE = 1e-13  # slack, in units of the domain's size, that counts as 0
PIVOT = 1e-9  # coefficients smaller than this are not pivoted on
PIVOTS = 60  # steps, per variable, after which a program is given up


@compiled
def corner(R, b, top, table, labels, active):
    """Fill the table (m + d + d, d + 1) at the corner v = top: rows R v <= b, then the variables v.

    Labels name rows: 0..d - 1 the bounds v <= top (the ones at 0 now), d + i the row i of R.
    """
    m, d = R.shape
    for i in range(m):
        labels[i] = d + i
        value = b[i]
        for k in range(d):
            value -= R[i, k] * top[k]
            table[i, k] = R[i, k]
        table[i, d] = value
    for k in range(d):
        active[k] = k
        for j in range(d + 1):
            table[m + k, j] = 0.0
        table[m + k, k] = -1.0
        table[m + k, d] = top[k]


@compiled
def pivot(table, rows, i, k, row):
    """Exchange the slack of row i with the one that is 0 at place k; row (d + 1,) is working space."""
    d = table.shape[1] - 1
    scale = 1.0 / table[i, k]
    for j in range(d + 1):
        row[j] = -table[i, j] * scale
    row[k] = scale
    for at in range(rows):
        factor = table[at, k]
        if at != i and factor != 0.0:
            table[at, k] = 0.0
            for j in range(d + 1):
                table[at, j] += factor * row[j]
    for j in range(d + 1):
        table[i, j] = row[j]


@compiled
def descend(table, m, rows, labels, active, row, steps):
    """Dual simplex steps until no slack of the first m rows is negative; False where they do not end so.

    The radius is the last of the `rows` rows of the table.
    """
    d, last = table.shape[1] - 1, rows - 1
    for _ in range(steps):
        i, worst = -1, -FEASIBLE
        for at in range(m):
            if table[at, d] < worst:
                i, worst = at, table[at, d]
        if i < 0:
            return True
        k, least, size = -1, np.inf, 0.0
        for j in range(d):
            if table[i, j] > PIVOT:
                ratio = max(-table[last, j], 0.0) / table[i, j]
                if ratio < least - 1e-14 or (ratio <= least + 1e-14 and table[i, j] > size):
                    k, least, size = j, min(ratio, least), table[i, j]
        if k < 0:
            return False
        pivot(table, rows, i, k, row)
        labels[i], active[k] = active[k], labels[i]
    return False


@compiled
def solve(R, b, top, extra, limits, v, multipliers, chosen, solved):
    """Fill v (N, d), multipliers (N, d + m + e) by label, chosen (N, d), the labels of the rows that meet, solved (N,).

    R (m, d), b (m,): shared rows; extra (N, e, d), limits (N, e): each polytope's own; top (d,).
    """
    m, d = R.shape
    e = extra.shape[1]
    base, table = np.zeros((m + d, d + 1)), np.zeros((m + e + d, d + 1))
    names, labels = np.zeros(m, np.int64), np.zeros(m + e, np.int64)
    at, active, row = np.zeros(d, np.int64), np.zeros(d, np.int64), np.zeros(d + 1)
    steps = PIVOTS * d + 100
    corner(R, b, top, base, names, at)
    if not descend(base, m, m + d, names, at, row, steps):
        return
    for n in range(len(extra)):
        for i in range(m + d):
            for j in range(d + 1):
                table[i if i < m else i + e, j] = base[i, j]
        for i in range(m):
            labels[i] = names[i]
        for k in range(d):
            active[k] = at[k]
        for i in range(e):
            labels[m + i] = d + m + i
            for j in range(d + 1):
                table[m + i, j] = 0.0
            table[m + i, d] = limits[n, i]
            for k in range(d):
                if extra[n, i, k] != 0.0:
                    for j in range(d + 1):
                        table[m + i, j] -= extra[n, i, k] * base[m + k, j]
        solved[n] = descend(table, m + e, m + e + d, labels, active, row, steps)
        for k in range(d):
            chosen[n, k] = active[k]
            v[n, k] = table[m + e + k, d]
            multipliers[n, active[k]] = max(-table[m + e + d - 1, k], 0.0)


def polished(R, b, top, extra, limits, chosen) -> np.ndarray | None:
    """The corners again, from the rows that meet there: without the rounding of all steps on the way.   -> (N, d)"""
    d, count = R.shape[1], len(chosen)
    rows = np.concatenate([np.eye(d), R])
    values = np.concatenate([top, b])
    is_extra = chosen >= len(rows)
    shared = np.where(is_extra, 0, chosen)
    at = np.where(is_extra, chosen - len(rows), 0)
    matrix, right = rows[shared], values[shared]
    if extra.shape[1]:
        each = np.arange(count)[:, None]
        matrix = np.where(is_extra[..., None], extra[each, at], matrix)
        right = np.where(is_extra, limits[each, at], right)
    try:
        return np.linalg.solve(matrix, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        return None
