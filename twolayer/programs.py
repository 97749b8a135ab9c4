"""Linear programs over {A z <= c}: HiGHS proposes, exact rationals decide.

Every number that leaves this module as a fmpq is proved: an optimum by an exactly checked primal-dual pair, an upper
bound by weak duality evaluated in rationals, an interior point by its slacks. A solver's word is never a result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import fmpq

from . import exact
from .highs import Solver

PIVOTS = 200  # exact simplex steps after the float solver stopped; a handful suffices unless a vertex is degenerate


def _balanced(A: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same rows in units that floats can hold: each divided by a power of two of the size of its largest entry."""
    units = np.array([exact.power_of_two(row) for row in A], dtype=object)
    return A / units[:, None], c / units


@dataclass(frozen=True)
class Optimum:
    """A proved maximum of a linear function over a polytope.

    value   fmpq     the maximum, exactly
    point   (d,)     a point of the polytope where it is attained
    duals   {row: multiplier > 0}   their combination of the rows is the objective
    """

    value: fmpq
    point: np.ndarray
    duals: dict[int, fmpq]


def maximum(A: np.ndarray, c: np.ndarray, objective: np.ndarray) -> Optimum | None:
    """The exact maximum of objective . z over {A z <= c}; None if no proof was found.

    HiGHS names a vertex; the vertex and its multipliers are recomputed in rationals, a few exact pivots follow where
    rounding misled it.   A (m, d), c (m,), objective (d,), all fmpq; rows of rank d
    """
    box = axis_box(A, c)
    if box is not None:
        return _box_maximum(box, A, objective)
    rows, limits = _balanced(A, c)
    goal = exact.nearest(objective / exact.power_of_two(objective))
    proposal = Solver(exact.nearest(rows), exact.nearest(limits)).maximise(goal)
    basis = _complete(A, [] if isinstance(proposal, str) else proposal.active)
    return None if basis is None else _pivot(A, c, objective, basis)


def _complete(A: np.ndarray, active: list[int]) -> list[int] | None:
    """d independent rows, as many active ones among them as possible; None where there are none."""
    d = A.shape[1]
    if len(active) == d and exact.rank(A[active]) == d:
        return list(active)
    chosen: list[int] = []
    for row in [*active, *range(len(A))]:
        if row not in chosen and exact.rank(A[[*chosen, row]]) == len(chosen) + 1:
            chosen.append(row)
        if len(chosen) == d:
            return chosen
    return None


def _pivot(A: np.ndarray, c: np.ndarray, objective: np.ndarray, basis: list[int]) -> Optimum | None:
    """The optimum by exact simplex steps from any basis."""
    found = _steps(A, c, objective, basis)
    if found is None:
        return None
    basis, point, duals = found
    value = (duals * c[basis]).sum()
    return Optimum(value, point, {m: y for m, y in zip(basis, duals, strict=True) if y > 0})


def _steps(A: np.ndarray, c: np.ndarray, objective: np.ndarray, basis: list[int]):
    """Primal steps from a feasible basis, dual steps from a dual feasible one, until it is both (Bland's rule).

    Returns (basis, point (d,), duals (d,)), or None: unbounded, empty, or too many steps.
    """
    for _ in range(PIVOTS):
        rows = A[basis]
        point, duals = exact.solve(rows, c[basis]), exact.solve(rows.T, objective)
        if point is None or duals is None:
            return None
        slack = c - A @ point
        broken = [m for m in range(len(A)) if slack[m] < 0]
        negative = [i for i in range(len(basis)) if duals[i] < 0]
        if not broken and not negative:
            return basis, point, duals
        if not broken:  # primal step: leave along an edge on which the objective grows
            leaving = min(negative, key=lambda i: basis[i])
            unit = exact.zeros(len(basis))
            unit[leaving] = fmpq(-1)
            direction = exact.solve(rows, unit)
            rates = A @ direction
            blocking = [(slack[m] / rates[m], m) for m in range(len(A)) if rates[m] > 0 and m not in basis]
            if not blocking:
                return None
            basis = [*basis[:leaving], min(blocking)[1], *basis[leaving + 1 :]]
        elif not negative:  # dual step: bring in a violated row
            entering = broken[0]
            weights = exact.solve(rows.T, A[entering])
            assert weights is not None  # the same matrix gave the duals
            ratios = [(duals[i] / weights[i], basis[i], i) for i in range(len(basis)) if weights[i] > 0]
            if not ratios:
                return None  # proves emptiness
            leaving = min(ratios)[2]
            basis = [*basis[:leaving], entering, *basis[leaving + 1 :]]
        else:  # neither: the sum of its rows makes the basis dual feasible and leads to a vertex
            vertex = _steps(A, c, rows.sum(axis=0), basis)
            if vertex is None:
                return None
            basis = vertex[0]
    return None


def axis_box(A: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[int], list[int]] | None:
    """(lower, upper, rows of lower, rows of upper) if {A z <= c} is a bounded box along the axes, else None."""
    d = A.shape[1]
    lower: list = [None] * d
    upper: list = [None] * d
    low_row, up_row = [-1] * d, [-1] * d
    for m, row in enumerate(A):
        entries = [j for j in range(d) if row[j] != 0]
        if len(entries) != 1:
            return None
        j = entries[0]
        limit = c[m] / row[j]
        if row[j] > 0:
            if upper[j] is None or limit < upper[j]:
                upper[j], up_row[j] = limit, m
        elif lower[j] is None or limit > lower[j]:
            lower[j], low_row[j] = limit, m
    if any(x is None for x in lower + upper):
        return None
    return _array(lower), _array(upper), low_row, up_row


def _array(numbers: list) -> np.ndarray:
    out = np.empty(len(numbers), dtype=object)
    out[:] = numbers
    return out


def _box_maximum(box, A: np.ndarray, objective: np.ndarray) -> Optimum | None:
    lower, upper, low_row, up_row = box
    if any(lower[j] > upper[j] for j in range(len(lower))):
        return None
    point = _array([upper[j] if a > 0 else lower[j] for j, a in enumerate(objective)])
    duals: dict[int, fmpq] = {}
    for j, a in enumerate(objective):
        if a != 0:
            row = up_row[j] if a > 0 else low_row[j]
            duals[row] = a / A[row, j]
    return Optimum((objective * point).sum(), point, duals)


def range_over_box(coefficients: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> tuple:
    """Exact (minimum, maximum) of coefficients . z over the box.   (d,), (d,), (d,) -> fmpq, fmpq"""
    low = high = exact.ZERO
    for a, left, right in zip(coefficients, lower, upper, strict=True):
        if a > 0:
            low, high = low + a * left, high + a * right
        elif a < 0:
            low, high = low + a * right, high + a * left
    return low, high


def dual_bound(A, c, objective, multipliers: dict[int, fmpq], lower, upper) -> fmpq:
    """Upper bound on objective . z over {A z <= c} inside the box, from any multipliers >= 0, by weak duality.

    y . c + max over the box of (objective - A^T y) . z: infeasible duals only loosen it.
    Source: Neumaier and Shcherbina, Safe bounds in linear and mixed-integer programming (2004).
    """
    rest = np.array(objective, dtype=object)
    total = exact.ZERO
    for row, y in multipliers.items():
        if y > 0:
            rest = rest - y * A[row]
            total += y * c[row]
    return total + range_over_box(rest, lower, upper)[1]


def box_proof(A: np.ndarray, c: np.ndarray) -> list[dict[int, fmpq]] | None:
    """Multipliers of the rows for every side of a box around {A z <= c}: z_1 <=, -z_1 <=, z_2 <=, ...; None if unbounded.

    Exact for boxes along the axes, float duals otherwise: `outer_box` says what they prove.
    """
    box, d = axis_box(A, c), A.shape[1]
    if box is not None:
        return [{row[j]: 1 / abs(A[row[j], j])} for j in range(d) for row in (box[3], box[2])]
    units = np.array([exact.power_of_two(row) for row in A], dtype=object)
    solver = Solver(exact.nearest(A / units[:, None]), exact.nearest(c / units))
    proofs = []
    for j in range(d):
        for sign in (1, -1):
            objective = np.zeros(d)
            objective[j] = sign
            proposal = solver.maximise(objective)
            if isinstance(proposal, str):
                return None
            proofs.append(
                {
                    int(row): exact.rational(abs(proposal.duals[row])) / units[row]
                    for row in np.flatnonzero(np.abs(proposal.duals) > 0)
                }
            )
    return proofs


def outer_box(A: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """A proved box around the bounded polytope {A z <= c}: (lower, upper), each (d,); None if it seems unbounded.

    Exact for boxes along the axes. Otherwise multipliers y of max +-z_j give z_j <= y . c + |e_j - A^T y|_1 B
    for every point with |z|_inf <= B, and the 2 d inequalities together bound B itself.
    """
    box = axis_box(A, c)
    if box is not None:
        return box[0], box[1]
    proofs = box_proof(A, c)
    if proofs is None:
        return None
    limits, defects = [], []
    for side, proof in enumerate(proofs):
        rest = exact.zeros(A.shape[1])
        rest[side // 2] = exact.ONE if side % 2 == 0 else -exact.ONE
        for row, y in proof.items():
            rest = rest - y * A[row]
        limits.append(sum((y * c[row] for row, y in proof.items()), exact.ZERO))
        defects.append(sum((abs(x) for x in rest), exact.ZERO))
    worst = max(defects)
    if worst >= 1:
        return None
    size = max(abs(x) for x in limits) / (1 - worst)
    bounds = [_rounded_up(limit + defect * size) for limit, defect in zip(limits, defects, strict=True)]
    return _array([-b for b in bounds[1::2]]), _array(bounds[0::2])


def is_bounded(A: np.ndarray, c: np.ndarray) -> bool:
    """True if {A z <= c} is proved to be bounded (or empty).

    Rows whose opposite is a row too bound every coordinate if they span the space: so a parallelepiped in any position
    needs no linear program.
    """
    rows = {tuple(row) for row in A}
    both = [m for m, row in enumerate(A) if tuple(-row) in rows]
    return bool(both) and exact.rank(A[both]) == A.shape[1] or outer_box(A, c) is not None


def interior_point(A: np.ndarray, c: np.ndarray, normal: np.ndarray | None = None, offset: fmpq | None = None):
    """A point strictly inside {A z <= c}, on the hyperplane normal . z + offset = 0 if one is given.

    Returns (point (d,) fmpq, margin): all slacks are positive and margin > 0 is the smallest slack in units of the
    row's (float) length; (None, None) if it is proved that no such point exists. Raises ArithmeticError if neither
    was proved.   A (m, d), c (m,), normal (d,), all fmpq
    """
    A, c = _balanced(A, c)
    if normal is not None:
        return _interior_on_hyperplane(A, c, normal, offset)
    lengths = _lengths(A)
    rows = np.concatenate([np.concatenate([A, exact.rationals(lengths)[:, None]], axis=1), _cap_row(A.shape[1])])
    limits = np.concatenate([c, _array([_cap(c, lengths)])])
    objective = exact.zeros(A.shape[1] + 1)
    objective[-1] = exact.ONE
    proposal = Solver(exact.nearest(rows), exact.nearest(limits)).maximise(exact.nearest(objective))
    if not isinstance(proposal, str):
        point = exact.rationals(proposal.point[:-1])
        margin = _margin(A, c, lengths, point)
        if margin > 0:
            return point, margin
    best = maximum(rows, limits, objective)
    if best is None:
        raise ArithmeticError("could not decide whether a polytope has interior points")
    if best.value <= 0:
        return None, None
    point = best.point[:-1]
    return point, _margin(A, c, lengths, point)


def _interior_on_hyperplane(A, c, normal, offset):
    """Eliminate the coordinate of the largest entry of the normal, and solve in one dimension less."""
    pivot = max(range(len(normal)), key=lambda j: abs(normal[j]))
    others = [j for j in range(len(normal)) if j != pivot]
    ratio = normal[others] / normal[pivot]
    shift = -offset / normal[pivot]
    reduced = A[:, others] - A[:, pivot][:, None] * ratio[None, :]
    limits = c - A[:, pivot] * shift
    constant = [m for m in range(len(A)) if exact.is_zero(reduced[m])]
    if any(limits[m] <= 0 for m in constant):
        return None, None
    if not others:
        return _array([shift]), min(limits)
    keep = [m for m in range(len(A)) if m not in constant]
    inner, _ = interior_point(reduced[keep], limits[keep])
    if inner is None:
        return None, None
    point = np.empty(len(normal), dtype=object)
    point[others] = inner
    point[pivot] = shift - (ratio * inner).sum()
    return point, _margin(A, c, _lengths(A), point)


def _lengths(A: np.ndarray) -> np.ndarray:
    return np.maximum(np.linalg.norm(exact.nearest(A), axis=1), np.finfo(float).tiny)


def _margin(A, c, lengths, point) -> fmpq:
    return min((c[m] - (A[m] * point).sum()) / exact.rational(lengths[m]) for m in range(len(A)))


def _cap_row(d: int) -> np.ndarray:
    row = exact.zeros(1, d + 1)
    row[0, d] = exact.ONE
    return row


def _cap(c: np.ndarray, lengths: np.ndarray) -> fmpq:
    """A limit on the margin that keeps the program bounded, of the size of its other limits."""
    return max(abs(limit) / exact.rational(length) for limit, length in zip(c, lengths, strict=True)) or exact.ONE


def _rounded_up(number: fmpq) -> fmpq:
    """A rational of few digits that is not below a number: a float, or the number itself where floats end."""
    value = exact.round_up(number)
    return exact.rational(value) if np.isfinite(value) else number
