"""The best cut of an undecided group at a point: a linear program in twice the space, kept warm in HiGHS.

HiGHS only proposes a slope and multipliers; `Relaxation.add_cut` proves the constant that they are worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...linear.highs import BASIC, INFINITE, OPTIMAL, add_rows, new_model, run
from .relaxation import ROW_BITS, Relaxation


@dataclass(frozen=True, eq=False)
class CutProposal:
    """A majorant of a group, in units of 2^unit.

    value               at the point
    slope (d,)
    active, inactive    {row: multiplier > 0}, which prove it on the two sides
    """

    value: float
    slope: np.ndarray
    active: dict[int, float]
    inactive: dict[int, float]


class CutProgram:
    """The smallest concave majorant, at a point, of max(e on {u >= 0}, 0 on {u <= 0}) over a leaf.

    The point is split as x = x1 + x2 with x1 in share * leaf on the active side and x2 in (1 - share) * leaf
    on the inactive one. max e(x1) is a linear program in (x1, share); its duals are the slope of the majorant
    at x and the multipliers that prove it.   Source: disjunctive programming (Balas 1979).
    """

    def __init__(self, relaxation: Relaxation):
        r = self.relaxation = relaxation
        table = np.array(r.rows[: r.first_cut], dtype=float) * 2.0**-ROW_BITS
        d = self.dimension = table.shape[1] - 1
        self.error, self.side, self.slack = table[1 : 1 + len(r.groups)], table[r.plus], table[r.slack]
        eye, ones = np.eye(d), np.ones((d, 1))
        walls = np.concatenate([np.hstack([eye, -ones]), np.hstack([eye, ones]), self.slack])
        self.model = new_model(np.full(d + 1, -2.0), np.full(d + 1, 2.0), np.zeros(d + 1))  # only rows bind
        add_rows(self.model, np.concatenate([walls, np.ones((1, d + 1))]), -INFINITE, INFINITE)
        self.own = len(walls)  # rows: walls, the side of the group that is cut, decided sides; no free ones, which cost time
        self.columns = np.arange(d + 1, dtype=np.int32)
        self.decided: Mapping[int, bool] = {}

    def place(self, x: np.ndarray, decided: Mapping[int, bool]) -> None:
        """Choose the point, and the decided sides on which cuts may rely."""
        self.u = u = self.side @ np.append(x, 1.0)
        slack = np.maximum(self.slack @ np.append(x, 1.0), 0.0)
        lower = np.concatenate([x - 1.0, np.zeros(self.own - len(x))])
        upper = np.concatenate([np.zeros(len(x)), x + 1.0, slack])
        basis, first = self.model.getBasis(), self.own + 1
        if self.decided:
            self.model.deleteRows(len(self.decided), np.arange(first, first + len(self.decided), dtype=np.int32))
        active, sides = np.array(list(decided.values()), dtype=bool), list(decided)
        least = np.where(active, 0.0, np.minimum(u[sides], 0.0))
        add_rows(self.model, self.side[sides], least, np.where(active, np.maximum(u[sides], 0.0), 0.0))
        status = dict(zip(self.decided, list(basis.row_status)[first:], strict=False))
        self.decided = dict(decided)
        self.model.changeRowsBounds(self.own, np.arange(self.own, dtype=np.int32), lower, upper)
        if basis.valid:
            basis.row_status = [*list(basis.row_status)[:first], *(status.get(g, BASIC) for g in decided)]
            basis.alien = True  # sides that left may have been tight
            self.model.setBasis(basis)

    def cut(self, group: int) -> CutProposal | None:
        """The majorant of an undecided group; None if HiGHS gives up."""
        for column, x in enumerate(self.side[group].tolist()):
            self.model.changeCoeff(self.own, column, x)
        self.model.changeRowBounds(self.own, max(self.u[group], 0.0), INFINITE)
        self.model.changeColsCost(len(self.columns), self.columns, -self.error[group])
        status = run(self.model)
        dual = -np.array(self.model.getSolution().row_dual)  # d value / d limit: > 0 if upper, < 0 if lower
        value = -self.model.getInfo().objective_function_value
        return self._read(group, value, dual) if status == OPTIMAL and np.isfinite(dual).all() else None

    def _read(self, group: int, value: float, dual: np.ndarray) -> CutProposal:
        """Duals at limits that move with x are the slope and prove the inactive side, others the active."""
        d, r = self.dimension, self.relaxation
        slope = np.minimum(dual[:d], 0.0) + np.maximum(dual[d : 2 * d], 0.0)
        active: dict[int, float] = {}
        inactive: dict[int, float] = {}
        for m, y, form in zip(r.slack, dual[2 * d : self.own], self.slack, strict=True):
            if y > 0:
                inactive[m], slope = y, slope + y * form[:d]
            elif y < 0:
                active[m] = -y
        for y, (g, on) in zip(dual[self.own :], [(group, bool(self.u[group] <= 0)), *self.decided.items()], strict=True):
            row = (r.plus if on else r.minus)[g]
            if y != 0 and (y > 0) == on:
                inactive[row], slope = abs(y), slope + y * self.side[g, :d]
            elif y != 0:
                active[row] = abs(y)
        return CutProposal(value, slope, active, inactive)
