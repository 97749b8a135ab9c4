"""The best cut of an undecided group at a point: a linear program in twice the space, kept warm in HiGHS.

HiGHS only proposes a slope and multipliers; `Relaxation.add_cut` proves the constant that they are worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...linear.highs import INFINITE, OPTIMAL, add_rows, new_model, run
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
        add_rows(self.model, np.concatenate([walls, self.side]), -INFINITE, INFINITE)
        self.walls = len(walls)

    def place(self, x: np.ndarray, decided: Mapping[int, bool]) -> None:
        """Choose the point, and the decided sides on which cuts may rely."""
        self.decided, u = decided, self.side @ np.append(x, 1.0)
        slack = np.maximum(self.slack @ np.append(x, 1.0), 0.0)
        lower = np.concatenate([x - 1.0, np.zeros(self.walls - len(x)), np.full(len(u), -INFINITE)])
        upper = np.concatenate([np.zeros(len(x)), x + 1.0, slack, np.full(len(u), INFINITE)])
        for g, active in decided.items():
            row = self.walls + g
            lower[row], upper[row] = (0.0, max(u[g], 0.0)) if active else (min(u[g], 0.0), 0.0)
        self.u, self.lower, self.upper = u, lower, upper
        self.model.changeRowsBounds(len(lower), np.arange(len(lower), dtype=np.int32), lower, upper)

    def cut(self, group: int) -> CutProposal | None:
        """The majorant of an undecided group; None if HiGHS gives up."""
        d, row = self.dimension, self.walls + group
        self.model.changeRowBounds(row, max(self.u[group], 0.0), INFINITE)
        self.model.changeColsCost(d + 1, np.arange(d + 1, dtype=np.int32), -self.error[group])
        status = run(self.model)
        dual = -np.array(self.model.getSolution().row_dual)  # d value / d limit: > 0 if upper, < 0 if lower
        value = -self.model.getInfo().objective_function_value
        self.model.changeRowBounds(row, self.lower[row], self.upper[row])
        return self._read(group, value, dual) if status == OPTIMAL and np.isfinite(dual).all() else None

    def _read(self, group: int, value: float, dual: np.ndarray) -> CutProposal:
        """Duals at limits that move with x are the slope and prove the inactive side, others the active."""
        d, r = self.dimension, self.relaxation
        slope = np.minimum(dual[:d], 0.0) + np.maximum(dual[d : 2 * d], 0.0)
        active: dict[int, float] = {}
        inactive: dict[int, float] = {}
        for m, y, form in zip(r.slack, dual[2 * d : self.walls], self.slack, strict=True):
            if y > 0:
                inactive[m], slope = y, slope + y * form[:d]
            elif y < 0:
                active[m] = -y
        for g, on in [*self.decided.items(), (group, bool(self.u[group] <= 0))]:
            y, row = dual[self.walls + g], (r.plus if on else r.minus)[g]
            if y != 0 and (y > 0) == on:
                inactive[row], slope = abs(y), slope + y * self.side[g, :d]
            elif y != 0:
                active[row] = abs(y)
        return CutProposal(value, slope, active, inactive)
