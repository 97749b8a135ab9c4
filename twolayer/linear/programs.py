"""Linear programs over {A z <= c}: HiGHS proposes, exact rationals decide.

Every number that leaves this module as a fmpq is proved: an optimum by an exactly checked primal-dual pair, an upper
bound by weak duality evaluated in rationals, an interior point by its slacks. A solver's word is never a result.
"""

from __future__ import annotations

import numpy as np
from flint import fmpq

from .. import exact
from .highs import Solver
from .simplex import Empty, Optimum, Undecided, best, scaled

SMALL = 8  # dimensions up to which the exact box is computed, to compare; beyond, only where floats prove none
TIGHT = fmpq(1, 10**6)  # share of a box's width that rounding of its multipliers may cost


def maximum(A: np.ndarray, c: np.ndarray, objective: np.ndarray) -> Optimum | None:
    """The exact maximum of objective . z over {A z <= c}; None if there is none, or no proof was found.

    HiGHS names a vertex; the vertex and its multipliers are recomputed in rationals, exact pivots follow where rounding
    misled it.   A (m, d), c (m,), objective (d,), all fmpq; rows of rank d
    """
    box = axis_box(A, c)
    if box is not None:
        return _box_maximum(box, A, objective)
    end = best(A, c, objective)
    return end if isinstance(end, Optimum) else None


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
    """Multipliers of the rows for every side of a box around {A z <= c}: z_1 <=, -z_1 <=, z_2 <=, ...; None if there is none.

    Exact for boxes along the axes, float duals where they prove a box hardly wider, exact ones otherwise: `outer_box` says
    what they prove.
    """
    box, d = axis_box(A, c), A.shape[1]
    if box is not None:
        return [{row[j]: 1 / abs(A[row[j], j])} for j in range(d) for row in (box[3], box[2])]
    proposals = _proposed_sides(A, c)
    proofs = None if proposals is None else [proof for proof, _ in proposals]
    if d > SMALL and proofs is not None and 2 * max(defect for _, defect in _proved(A, c, proofs)) < 1:
        return proofs
    ends = []
    for i, side in enumerate(_sides(d)):
        end = best(A, c, side, None if proposals is None else proposals[i][1])
        if not isinstance(end, Optimum):
            return None
        ends.append(end)
    short = proofs is not None and _is_tight(_proved(A, c, proofs), [end.value for end in ends])
    return proofs if short else [end.duals for end in ends]


def _is_tight(sides: list[tuple[fmpq, fmpq]], ends: list[fmpq]) -> bool:
    """True if the box that limits and defects prove is hardly wider than the one of the exact ends."""
    worst = max(defect for _, defect in sides)
    if worst >= 1:
        return False
    size = max(abs(limit) for limit, _ in sides) / (1 - worst)
    lost = [limit + defect * size - end for (limit, defect), end in zip(sides, ends, strict=True)]
    widths = [up + down for up, down in zip(ends[0::2], ends[1::2], strict=True)]
    return all(x <= TIGHT * widths[i // 2] for i, x in enumerate(lost))


def _proposed_sides(A: np.ndarray, c: np.ndarray) -> list[tuple[dict[int, fmpq], list[int]]] | None:
    """The multipliers that HiGHS proposes for every side, and the rows it calls active; None where it sees no bounds."""
    program = scaled(A, c)
    solver = Solver(exact.nearest(program.rows), exact.nearest(program.limits))
    sides = []
    for j in range(A.shape[1]):
        for sign in (1, -1):
            objective = np.zeros(A.shape[1])
            objective[j] = sign
            proposal = solver.maximise(objective)
            if isinstance(proposal, str) or not np.isfinite(proposal.duals).all():
                return None
            duals = {
                int(row): exact.rational(abs(proposal.duals[row])) / program.row_units[row] * program.column_units[j]
                for row in np.flatnonzero(np.abs(proposal.duals) > 0)
            }
            sides.append((duals, proposal.active))
    return sides


def _sides(d: int) -> list[np.ndarray]:
    """The linear functions z_1, -z_1, z_2, ...   2 d arrays (d,)"""
    identity = exact.rationals(np.eye(d, dtype=int))
    return [sign * row for row in identity for sign in (exact.ONE, -exact.ONE)]


def _proved(A: np.ndarray, c: np.ndarray, proofs: list[dict[int, fmpq]]) -> list[tuple[fmpq, fmpq]]:
    """For every side (limit, defect) of its proof: the side is <= limit + defect max |z_j| on {A z <= c}."""
    out = []
    for side, proof in zip(_sides(A.shape[1]), proofs, strict=True):
        rest = side - sum((y * A[row] for row, y in proof.items()), exact.zeros(A.shape[1]))
        limit = sum((y * c[row] for row, y in proof.items()), exact.ZERO)
        out.append((limit, sum((abs(x) for x in rest), exact.ZERO)))
    return out


def outer_box(A: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """A proved box around the bounded polytope {A z <= c}: (lower, upper), each (d,); None if it is empty or unbounded.

    Exact for boxes along the axes. Otherwise multipliers y of max +-z_j give z_j <= y . c + |e_j - A^T y|_1 B
    for every point with |z|_inf <= B, and the 2 d inequalities together bound B itself.
    """
    box = axis_box(A, c)
    if box is not None:
        return box[0], box[1]
    proofs = box_proof(A, c)
    if proofs is None:
        return None
    limits, defects = zip(*_proved(A, c, proofs), strict=True)
    size = max(abs(x) for x in limits) / (1 - max(defects))
    bounds = [_rounded_up(limit + defect * size) for limit, defect in zip(limits, defects, strict=True)]
    return _array([-b for b in bounds[1::2]]), _array(bounds[0::2])


def is_empty(A: np.ndarray, c: np.ndarray) -> bool:
    """True if {A z <= c} is proved to have no point."""
    spanning = exact.pivots(A)  # coordinates along straight lines that it may hold do not matter
    return isinstance(best(A[:, spanning], c, exact.zeros(len(spanning))), Empty)


def interior_point(A: np.ndarray, c: np.ndarray, normal: np.ndarray | None = None, offset: fmpq | None = None):
    """A point strictly inside {A z <= c}, on the hyperplane normal . z + offset = 0 if one is given.

    Returns (point (d,) fmpq, margin): all slacks are positive and margin > 0 is the smallest slack in units of the
    row's (float) length; (None, None) if it is proved that no such point exists. Raises Undecided if neither
    was proved.   A (m, d), c (m,), normal (d,), all fmpq
    """
    if normal is not None:
        return _interior_on_hyperplane(A, c, normal, offset)
    program = scaled(A, c)
    rows, limits = program.rows, program.limits
    lengths = _lengths(rows)
    rows = np.concatenate([np.concatenate([rows, exact.rationals(lengths)[:, None]], axis=1), _cap_row(A.shape[1])])
    limits = np.concatenate([limits, _array([_cap(limits, lengths)])])
    objective = exact.zeros(A.shape[1] + 1)
    objective[-1] = exact.ONE
    proposal = Solver(exact.nearest(rows), exact.nearest(limits)).maximise(exact.nearest(objective))
    if not isinstance(proposal, str) and np.isfinite(proposal.point).all():
        point = exact.rationals(proposal.point[:-1])
        margin = _margin(rows[:-1, :-1], limits[:-1], lengths, point)
        if margin > 0:
            return program.column_units * point, margin
    spanning = exact.pivots(A)
    if len(spanning) < A.shape[1]:  # a polytope that holds straight lines: coordinates along them are free
        part, margin = interior_point(A[:, spanning], c)
        point = exact.zeros(A.shape[1])
        if part is not None:
            point[spanning] = part
        return (None, None) if part is None else (point, margin)
    end = best(rows, limits, objective)
    if not isinstance(end, Optimum):
        raise Undecided("could not decide whether a polytope has interior points")
    if end.value <= 0:
        return None, None
    point = _array([exact.rational(short) if np.isfinite(short := exact.nearest_float(x)) else x for x in end.point[:-1]])
    if _margin(rows[:-1, :-1], limits[:-1], lengths, point) <= 0:
        point = end.point[:-1]
    return program.column_units * point, _margin(rows[:-1, :-1], limits[:-1], lengths, point)


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
        return _array([shift]), _margin_at(A, c, _array([shift]))
    keep = [m for m in range(len(A)) if m not in constant]
    inner, _ = interior_point(reduced[keep], limits[keep])
    if inner is None:
        return None, None
    point = np.empty(len(normal), dtype=object)
    point[others] = inner
    point[pivot] = shift - (ratio * inner).sum()
    return point, _margin_at(A, c, point)


def _margin_at(A, c, point) -> fmpq:
    program = scaled(A, c)
    return _margin(program.rows, program.limits, _lengths(program.rows), point / program.column_units)


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
