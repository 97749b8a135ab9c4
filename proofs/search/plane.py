"""Lines in the strip [-1, 1] x [-h, h]: the best masses by one linear program, and its first order in the lines.

Node i is relu(p_i x + q_i tau - c_i); p_i is 1 (the line x = c - q tau, so its slope is w = -q and its offset
o = c) or 0 (the horizontal tau = c, q = 1). The crease to hide is relu(tau), mass 1. For given lines
    eps = min over masses and an affine part of max |h| over the vertices of the arrangement
is a linear program. A vertex is where two lines cross, so its place and h's value there are smooth in c and q
as long as no third line passes through it; where one does, the linearisation is only a proposal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog

INSIDE = 1e-9  # how far outside the strip a vertex may lie by rounding and still count
ON = 1e-11  # a node with a smaller argument is off: at the vertices of its own line it is 0 up to rounding
PARALLEL = 1e-9  # lines with a smaller determinant have no vertex
HEAVIEST = 20.0  # |mass|: twins with huge opposite masses live off the solver's feasibility tolerance


@dataclass(frozen=True)
class Lines:
    """Lines to hide a crease with.

    p (n,) is 1 or 0, q (n,), c (n,); sign (n,) is -1 (mass at most 0), 1 (at least 0) or 0 (free);
    steepest (n,) bounds |q|; height is h, or inf.
    """

    p: np.ndarray
    q: np.ndarray
    c: np.ndarray
    sign: np.ndarray
    steepest: np.ndarray
    height: float

    def __len__(self) -> int:
        return len(self.p)


@dataclass(frozen=True)
class Hidden:
    """The best masses for some lines: eps, masses (n,), affine (3,) on (x, tau, 1)."""

    lines: Lines
    eps: float
    masses: np.ndarray
    affine: np.ndarray


@dataclass(frozen=True)
class Vertices:
    """Where two of the rows (lines, tau = 0, walls, lids) meet in the strip: (V,) each; active (V, n), the
    nodes that are on there, with rows (V, n + 3): their values, x, tau, 1; above (V,) is relu(tau)."""

    first: np.ndarray
    second: np.ndarray
    determinant: np.ndarray
    tau: np.ndarray
    active: np.ndarray
    rows: np.ndarray
    above: np.ndarray
    p: np.ndarray
    q: np.ndarray


def vertices(lines: Lines) -> Vertices:
    """All vertices of the arrangement in the strip."""
    n, lid = len(lines), ([lines.height] if np.isfinite(lines.height) else [])
    p = np.r_[lines.p, 0, 1, 1, [0] * 2 * len(lid)]
    q = np.r_[lines.q, 1, 0, 0, [1] * 2 * len(lid)]
    c = np.r_[lines.c, 0, 1, -1, lid, [-h for h in lid]]
    i, j = np.triu_indices(len(p), 1)
    d = p[i] * q[j] - p[j] * q[i]
    i, j, d = (a[np.abs(d) > PARALLEL] for a in (i, j, d))
    x, tau = (c[i] * q[j] - c[j] * q[i]) / d, (p[i] * c[j] - p[j] * c[i]) / d
    keep = (np.abs(x) <= 1 + INSIDE) & (np.abs(tau) <= lines.height + INSIDE)
    i, j, d, x, tau = (a[keep] for a in (i, j, d, x, tau))
    z = np.outer(x, lines.p) + np.outer(tau, lines.q) - lines.c
    active = (z > ON).astype(float)
    for own in (i, j):
        line = own < n
        active[np.flatnonzero(line), own[line]] = 0
    above = np.where((i == n) | (j == n) | (tau <= ON), 0, tau)
    return Vertices(i, j, d, tau, active, np.c_[active * z, x, tau, np.ones(len(x))], above, p, q)


def recession(lines: Lines) -> np.ndarray:
    """(2, n + 3): the slopes of sum + affine along tau -> inf and tau -> -inf; in an endless strip they must be
    -1 and 0."""
    up, down = np.maximum(lines.q, 0), np.minimum(lines.q, 0)
    return np.r_[[np.r_[up, 0, 1, 0]], [np.r_[down, 0, 1, 0]]]


def _program(lines: Lines, v: Vertices, moves: np.ndarray, flat: np.ndarray, bounds: list):
    """min eps over masses, affine part, eps and moves: |h| <= eps at the vertices, h flat at both ends."""
    eps = np.full((len(v.tau), 1), -1.0)
    upper = np.r_[np.c_[v.rows, eps, moves], np.c_[-v.rows, eps, -moves]]
    n = len(lines)
    cost = np.zeros(upper.shape[1])
    cost[n + 3] = 1
    limit = [((0 if s > 0 else -HEAVIEST), (0 if s < 0 else HEAVIEST)) for s in lines.sign]
    ends = {}
    if not np.isfinite(lines.height):
        ends = {"A_eq": np.c_[recession(lines), np.zeros(2), flat], "b_eq": [-1, 0]}
    return linprog(
        cost, upper, np.r_[-v.above, v.above], method="highs", bounds=[*limit, *[(None, None)] * 3, (0, None), *bounds], **ends
    )


def best_masses(lines: Lines) -> Hidden | None:
    """The best masses for these lines, None if the solver fails or no masses are flat at both ends."""
    v = vertices(lines)
    solution = _program(lines, v, np.zeros((len(v.tau), 0)), np.zeros((2, 0)), [])
    if solution.status != 0:
        return None
    n = len(lines)
    return Hidden(lines, float(solution.x[n + 3]), solution.x[:n], solution.x[n : n + 3])


def proposal(start: Hidden, radius: float) -> tuple[Lines, float] | None:
    """Lines that are best to first order among those with offsets and slopes within the radius, and the eps
    predicted for them."""
    lines, v, n = start.lines, vertices(start.lines), len(start.lines)
    m, rows = start.masses, np.arange(len(v.tau))
    gx = v.active @ (m * lines.p) + start.affine[0]
    gt = v.active @ (m * lines.q) + start.affine[1] + (v.above > 0)
    by_c, by_q = -v.active * m, v.active * m * v.tau[:, None]
    for own, other, s in ((v.first, v.second, 1), (v.second, v.first, -1)):
        # the vertex moves along the other line: (q, -p) of it, over the determinant
        along = s * (gx * v.q[other] - gt * v.p[other]) / v.determinant
        line = own < n
        np.add.at(by_c, (rows[line], own[line]), along[line])
        np.add.at(by_q, (rows[line], own[line]), -(along * v.tau)[line])
    room = np.minimum(radius, np.maximum(0, 1.2 - lines.c)), np.minimum(radius, np.maximum(0, 1.2 + lines.c))
    turn = np.where(lines.p == 1, radius * np.maximum(1, np.abs(lines.q)), 0)  # horizontals stay horizontal
    left = np.minimum(turn, np.maximum(0, lines.steepest + lines.q))
    right = np.minimum(turn, np.maximum(0, lines.steepest - lines.q))
    slopes = np.r_[[np.where(lines.q > 0, m, 0)], [np.where(lines.q < 0, m, 0)]]
    solution = _program(
        lines,
        v,
        np.c_[by_c, by_q],
        np.c_[np.zeros((2, n)), slopes],
        [*zip(-room[1], room[0], strict=True), *zip(-left, right, strict=True)],
    )
    if solution.status != 0:
        return None
    move = solution.x[n + 4 :]
    return replace(lines, c=lines.c + move[:n], q=lines.q + move[n:]), float(solution.x[n + 3])
