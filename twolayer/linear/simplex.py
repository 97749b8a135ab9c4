"""Linear programs over {A z <= c} in exact rationals: HiGHS proposes a vertex, the simplex method decides from there.

Whatever the scales of the numbers, the answer is proved: an optimum by its primal-dual pair, unboundedness by a ray,
emptiness by multipliers (Farkas). A float that is wrong costs pivots, never truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import fmpq

from .. import exact
from .highs import Solver

PIVOTS = 5000  # exact steps after the float solver stopped; a handful suffices unless floats see nothing of a program
EVEN = 10  # columns within 2^+-EVEN of the others are left in their own units


class Undecided(ArithmeticError):  # noqa: N818  what it is, as callers say it
    """So many exact steps did not decide; the message says what."""


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


@dataclass(frozen=True)
class Ray:
    """A direction r (d,) with A r <= 0 and objective . r > 0: where there are points, the objective has no maximum."""

    direction: np.ndarray


@dataclass(frozen=True)
class Empty:
    """A proof that no point satisfies all rows: {row: y > 0} with sum y A = 0 and sum y c < 0."""

    duals: dict[int, fmpq]


@dataclass(frozen=True)
class Scaled:
    """{A z <= c} in units, powers of two, that floats can hold: rows (m, d), limits (m,), z = column_units * its variables.

    Row m is A's divided by row_units[m]. Columns keep their unit unless they differ wildly.
    """

    rows: np.ndarray
    limits: np.ndarray
    row_units: np.ndarray
    column_units: np.ndarray


def scaled(A: np.ndarray, c: np.ndarray) -> Scaled:
    """Rows, and columns where they differ wildly, in units in which their largest entries are near 1.   (m, d), (m,)"""
    row_units, column_units = _units(A), _ones(A.shape[1])
    rows = A / row_units[:, None]
    for _ in range(4):  # larger columns make larger rows, and so on: a few rounds suffice
        units = [unit if abs(exact.log2(unit)) > EVEN else exact.ONE for unit in _units(rows.T)]
        if all(unit == 1 for unit in units):
            break
        rows, column_units = rows / np.array(units, dtype=object), column_units / np.array(units, dtype=object)
        again = _units(rows)
        rows, row_units = rows / again[:, None], row_units * again
    return Scaled(rows, c / row_units, row_units, column_units)


def _units(vectors: np.ndarray) -> np.ndarray:
    units = np.empty(len(vectors), dtype=object)
    units[:] = [exact.power_of_two(vector) for vector in vectors]
    return units


def _ones(count: int) -> np.ndarray:
    return np.full(count, exact.ONE, dtype=object)


def best(A: np.ndarray, c: np.ndarray, objective: np.ndarray, active: list[int] | None = None) -> Optimum | Ray | Empty | None:
    """The maximum of objective . z over {A z <= c}, or why there is none; None if PIVOTS steps did not decide.

    None also where the rows do not span the space. active: the rows that are likely to meet there; without, HiGHS says.
    A (m, d), c (m,), objective (d,), all fmpq
    """
    if active is None:
        program = scaled(A, c)
        goal = objective * program.column_units
        goal = exact.nearest(goal / exact.power_of_two(goal))
        proposal = Solver(exact.nearest(program.rows), exact.nearest(program.limits)).maximise(goal)
        active = [] if isinstance(proposal, str) else proposal.active
    basis = independent_rows(A, active)
    return None if basis is None else optimum_from(A, c, objective, basis)


def independent_rows(A: np.ndarray, first: list[int]) -> list[int] | None:
    """d independent rows, as many of the first-named among them as possible; None where there are none."""
    d = A.shape[1]
    if len(first) == d and exact.rank(A[first]) == d:
        return list(first)
    order = [*first, *sorted({*range(len(A))} - {*first})]
    chosen = [order[i] for i in exact.pivots(A[order].T)]
    return chosen if len(chosen) == d else None


def optimum_from(A: np.ndarray, c: np.ndarray, objective: np.ndarray, basis: list[int]) -> Optimum | Ray | Empty | None:
    """`best` by exact simplex steps from any d independent rows."""
    end = _steps(A, c, objective, basis)
    if not isinstance(end, tuple):
        return end
    basis, point, duals = end
    value = (duals * c[basis]).sum()
    return Optimum(value, point, {m: y for m, y in zip(basis, duals, strict=True) if y > 0})


def _steps(A: np.ndarray, c: np.ndarray, objective: np.ndarray, basis: list[int]):
    """Primal steps from a feasible basis, dual steps from a dual feasible one, until it is both (Bland's rule).

    Returns (basis, point (d,), duals (d,)), a Ray, an Empty, or None after too many steps.
    """
    for _ in range(PIVOTS):
        rows = A[basis]
        point, duals = exact.solve(rows, c[basis]), exact.solve(rows.T, objective)
        assert point is not None and duals is not None  # the rows of a basis are independent
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
            assert direction is not None
            rates = A @ direction
            blocking = [(slack[m] / rates[m], m) for m in range(len(A)) if rates[m] > 0 and m not in basis]
            if not blocking:
                return Ray(direction)
            basis = [*basis[:leaving], min(blocking)[1], *basis[leaving + 1 :]]
        elif not negative:  # dual step: bring in a violated row
            entering = broken[0]
            weights = exact.solve(rows.T, A[entering])
            assert weights is not None
            ratios = [(duals[i] / weights[i], basis[i], i) for i in range(len(basis)) if weights[i] > 0]
            if not ratios:
                return Empty({entering: exact.ONE} | {m: -w for m, w in zip(basis, weights, strict=True) if w < 0})
            leaving = min(ratios)[2]
            basis = [*basis[:leaving], entering, *basis[leaving + 1 :]]
        else:  # neither: the sum of its rows makes the basis dual feasible and leads to a vertex
            vertex = _steps(A, c, rows.sum(axis=0), basis)
            if not isinstance(vertex, tuple):
                return vertex
            basis = vertex[0]
    return None


def ray_within(A: np.ndarray) -> np.ndarray | None:
    """A direction r != 0 with A r <= 0, along which {A z <= c} never ends; None if it is proved that there is none.

    Raises Undecided if neither was proved.   A (m, d) fmpq -> (d,) fmpq

    {A z <= 1} has the same rays and holds 0. If minus the sum of the rows has a maximum there, its multipliers y >= 0 give
    sum (1 + y_m) a_m = 0; then A r <= 0 implies A r = 0, and r = 0 for rows that span the space.
    """
    straight = exact.null_vector(A)
    if straight is not None:
        return straight
    opposite = {tuple(row) for row in -A}
    both = [m for m, row in enumerate(A) if tuple(row) in opposite]
    if both and exact.rank(A[both]) == A.shape[1]:
        return None  # both ends of every coordinate of a parallelepiped: no program needed
    program = scaled(A, exact.zeros(len(A)))
    end = best(program.rows, _ones(len(A)), -program.rows.sum(axis=0))
    if end is None:
        raise Undecided(f"could not decide in {PIVOTS} exact steps whether a polytope is bounded")
    return end.direction * program.column_units if isinstance(end, Ray) else None
