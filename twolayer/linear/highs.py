"""HiGHS, the solver of linear programs: the one place that speaks to it. What it answers are proposals, never results."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import highspy
import numpy as np

INFINITE = highspy.kHighsInf
BASIC = highspy.HighsBasisStatus.kBasic
HighsBasis = highspy.HighsBasis
OPTIMAL, INFEASIBLE = highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible
UNBOUNDED = (highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible)
TIGHTEST, LOOSE = 1e-10, 1e-7  # of HiGHS: its tightest tolerance, and its default for programs that fail with it
SCALED = 1e-9  # tolerance of programs whose rows and objective their callers scaled to size 1, in units of the answer
LARGE = 2.0**20  # limits beyond it are rescaled: HiGHS takes 1e20 for infinite; below, its tolerances stay absolute
HUGE = 1e14  # HiGHS refuses coefficients from 1e15 on; a program that needs them proposes nonsense


def new_model(lower: np.ndarray, upper: np.ndarray, cost: np.ndarray) -> Any:
    """A silent one-thread HiGHS model min cost . x, lower <= x <= upper.   (columns,) each"""
    _greeted()
    model = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off"), ("solver", "simplex")):
        model.setOptionValue(option, value)
    set_tolerance(model, SCALED)
    model.addVars(len(cost), lower.astype(float), upper.astype(float))
    model.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost.astype(float))
    return model


@cache
def _greeted() -> None:
    """The first model of a process, made unheard: HiGHS 1.16 then greets on standard output, whatever its options."""
    try:
        kept = os.dup(1)
    except OSError:  # closed: nobody hears
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
        highspy.Highs()
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def set_tolerance(model: Any, tolerance: float) -> None:
    """Let rows and reduced costs be violated by that much."""
    for option in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
        model.setOptionValue(option, tolerance)


def add_rows(model: Any, table: np.ndarray, lower, upper) -> None:
    """Append rows lower <= table x <= upper, given densely.   table (rows, columns); (rows,) or numbers"""
    if len(table) == 0:
        return
    table = np.clip(table, -HUGE, HUGE)
    kept, ones = table != 0, np.ones(len(table))
    start = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])[:-1].astype(np.int32)
    columns = np.nonzero(kept)[1].astype(np.int32)
    model.addRows(len(table), ones * lower, ones * upper, len(columns), start, columns, table[kept])


def run(model: Any) -> highspy.HighsModelStatus:
    """Solve; once more from scratch where the warm start went astray."""
    model.run()
    status = model.getModelStatus()
    if status not in (OPTIMAL, INFEASIBLE):
        model.clearSolver()
        model.run()
        status = model.getModelStatus()
    return status


@dataclass(frozen=True)
class FloatOptimum:
    """What HiGHS proposes: objective value, point (d,), row duals (m,), and the rows it calls active."""

    value: float
    point: np.ndarray
    duals: np.ndarray
    active: list[int]


class Solver:
    """One HiGHS model max objective . z, lower <= A z <= upper, kept warm between objectives and limits.

    HiGHS drops coefficients below 1e-9, refuses those above 1e15 and has absolute tolerances; so it gets the program
    with rows, limits and objective in other units, powers of two that make them of size 1. Callers see their own units.
    """

    def __init__(self, A: np.ndarray, upper: np.ndarray, equalities: int = 0):
        """The first `equalities` rows hold with equality; the others are `<= upper`."""
        rows, columns = A.shape
        self._row_units = _powers_of_two(np.abs(A).max(axis=1, initial=0.0))
        with np.errstate(over="ignore"):  # a limit beyond the floats is none
            A, upper = A / self._row_units[:, None], upper / self._row_units
        self._size = _size(np.abs(upper[np.isfinite(upper) & (upper != 0)]), columns)
        with np.errstate(over="ignore"):
            upper = upper / self._size
        free, limits = np.full(columns, INFINITE), np.array(upper, dtype=float)
        model = new_model(-free, free, np.zeros(columns))
        model.changeObjectiveSense(highspy.ObjSense.kMaximize)
        model.setOptionValue("small_matrix_value", 1e-12)
        add_rows(model, A, np.where(np.arange(rows) < equalities, limits, -INFINITE), limits)
        self._model, self._columns, self._rows, self._equalities = model, columns, rows, equalities

    def maximise(self, objective: np.ndarray) -> FloatOptimum | str:
        """The float optimum, or "infeasible", "unbounded" or "failed"."""
        columns = np.arange(self._columns, dtype=np.int32)
        objective = np.asarray(objective, dtype=float)
        unit = float(_powers_of_two(np.abs(objective).max(initial=0.0)))
        self._model.changeColsCost(self._columns, columns, objective / unit)
        status = self._run()
        if status == INFEASIBLE:
            return "infeasible"
        if status in UNBOUNDED:
            return "unbounded"
        if status != OPTIMAL:
            return "failed"
        solution, basis = self._model.getSolution(), self._model.getBasis()
        if len(solution.row_dual) != self._rows:  # seen where numbers are beyond it: "optimal", and nothing to show
            return "failed"
        active = [i for i, s in enumerate(basis.row_status) if s != BASIC]
        value = self._model.getInfo().objective_function_value
        with np.errstate(over="ignore"):
            point = np.array(solution.col_value) * self._size
            duals = np.array(solution.row_dual) / self._row_units * unit
        return FloatOptimum(value * self._size * unit, point, duals, active)

    def _run(self) -> highspy.HighsModelStatus:
        """Solve; where the warm start leads nowhere, once more from scratch, then with looser tolerances."""
        for tolerance in (TIGHTEST, TIGHTEST, LOOSE):
            set_tolerance(self._model, tolerance)
            self._model.run()
            status = self._model.getModelStatus()
            if status in (OPTIMAL, INFEASIBLE, *UNBOUNDED):
                break
            self._model.clearSolver()
        return status

    def limit(self, row: int, upper: float) -> None:
        """Change the right-hand side of one row (both sides of an equality)."""
        upper = upper / float(self._row_units[row]) / self._size
        lower = upper if row < self._equalities else -INFINITE
        self._model.changeRowBounds(row, lower, upper)


def _powers_of_two(sizes) -> np.ndarray:
    """Powers of two of the size of positive floats; 1 for a 0."""
    return np.where(np.asarray(sizes) > 0, np.ldexp(1.0, np.frexp(sizes)[1] - 1), 1.0)


def _size(limits: np.ndarray, columns: int) -> float:
    """A unit for the variables: the columns + 1 smallest limits could bound them, far larger ones hardly matter."""
    if len(limits) == 0:
        return 1.0
    typical = np.sort(limits)[min(columns, len(limits) - 1)]
    return 1.0 if 1 <= typical <= LARGE else float(_powers_of_two(typical))
