"""The linear program of a leaf of the LP trees, kept warm in HiGHS.

HiGHS only proposes: multipliers and points. `relaxation` proves what they are worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...linear.highs import BASIC, INFEASIBLE, INFINITE, OPTIMAL, HighsBasis, add_rows, new_model, run
from .relaxation import ROW_BITS, Relaxation

THIN = 40  # rows between creases closer than 2^-THIN of their size need coefficients beyond any tolerance


@dataclass(frozen=True, eq=False)
class Basis:
    """Where a program starts: HiGHS's states of the columns and of the rows that always hold, of cuts, and of sides' rows."""

    columns: list[Any]
    always: list[Any]
    cuts: list[Any]
    sides: dict[int, Any]

    def kept(self, numbers: Sequence[int]) -> Basis:
        """The same with these of its cuts alone, by their places."""
        return replace(self, cuts=[self.cuts[n] for n in numbers])


@dataclass(frozen=True, eq=False)
class Proposal:
    """What HiGHS says about the relaxation of a leaf.

    value     float       in units of 2^unit; -inf if empty
    point     (d,)        xi where the relaxation is largest
    heights   (groups,)   what it allows the groups there, in units of 2^unit
    weights   {row of the relaxation: multiplier > 0}
    slack     (cuts,)     of the cuts at that point
    basis     to start from later
    empty     bool        the multipliers show that nothing satisfies the decisions; the arrays are then void
    """

    value: float
    point: np.ndarray
    heights: np.ndarray
    weights: dict[int, float]
    slack: np.ndarray
    basis: Basis
    empty: bool = False


class LeafProgram:
    """max rest + sum T_g - sum y_j over xi in the box, under the rows that hold on a leaf.

    Columns: xi (d), T_g for each group, s for each pair (its share of relu(-u_j) or relu(u_j)), y for each
    single. Rows: those that always hold, a leaf's cuts, those of its decided sides; what is not in force is not in the
    program, where it would be a free row that every step of the simplex carries on.
    """

    def __init__(self, relaxation: Relaxation):
        r = self.relaxation = relaxation
        table = self.table = np.array(r.rows, dtype=float) * 2.0**-ROW_BITS
        scaled = r.pair_plus + r.pair_minus + r.single  # from units of their own to those of T and y, 2^unit
        factor = np.ones(len(table))
        factor[scaled] = [2.0 ** (r.scale[row] - r.unit) for row in scaled]
        table *= factor[:, None]
        d, groups = table.shape[1] - 1, len(r.groups)
        self.dimension, self.groups = d, groups
        self.pair_group = np.array([g for g, _, _ in r.pairs], dtype=int)
        thick = [p for p, row in enumerate(r.pair_plus) if r.scale[row] - r.unit <= THIN]
        self.pair_columns: dict[int, list[int]] = {g: [] for g in range(groups)}
        for n, p in enumerate(thick):
            self.pair_columns[r.pairs[p][0]].append(n)
        pairs, singles = d + groups, d + groups + len(thick)
        self.columns = singles + len(r.singles)
        lower = np.concatenate([-np.ones(d), np.full(groups, -INFINITE), np.zeros(self.columns - pairs)])
        upper = np.concatenate([np.ones(d), np.full(self.columns - d, INFINITE)])
        cost = np.zeros(self.columns)
        cost[:d], cost[d:pairs], cost[singles:] = -table[0, :d], -1.0, 1.0
        self.model = new_model(lower, upper, cost)

        # rows "columns + form >= 0", each with the proved row of its form; -T - s >= 0 (inactive) needs none
        heights = np.zeros((groups, self.columns))
        heights[range(groups), range(d, d + groups)] = -1.0
        for g, columns in self.pair_columns.items():
            heights[g, [pairs + n for n in columns]] = -1.0
        nothing, sliver, single = (np.zeros((k, self.columns)) for k in (groups, len(thick), len(r.singles)))
        sliver[range(len(thick)), range(pairs, singles)] = 1.0
        single[range(len(r.singles)), range(singles, self.columns)] = 1.0
        self.proved: list[int] = []
        blocks = [
            (heights, [1 + g for g in range(groups)]),
            (heights, [0] * groups),
            (nothing, r.plus),
            (nothing, r.minus),
            (sliver, [r.pair_plus[p] for p in thick]),
            (sliver, [r.pair_minus[p] for p in thick]),
            (np.zeros((len(r.slack), self.columns)), r.slack),
            (single, r.single),
        ]
        starts = []
        for _, rows in blocks:
            starts.append(len(self.proved))
            self.proved += rows
        self.error, self.zero, self.plus, self.minus, self.pair_plus, self.pair_minus, always, _ = starts
        forms = table[self.proved]
        forms[self.zero : self.zero + groups] = 0.0
        self.matrix = np.concatenate([part for part, _ in blocks])
        self.matrix[:, :d] += forms[:, :d]
        self.limit = -forms[:, d]
        self.factor = factor[self.proved] * np.sign(self.proved)
        self.always = list(range(always, len(forms)))
        add_rows(self.model, self.matrix[self.always], self.limit[self.always], INFINITE)
        self.cuts: list[int] = []  # in the program now
        self.cut_limit = np.zeros(0)
        self.sides: list[int] = []

    def values(self, x: np.ndarray) -> np.ndarray:
        """The groups' true values at a point, in units of 2^unit, no digits cancelled.   (d,) -> (groups,)"""
        r = self.relaxation
        heights = self.table @ np.append(x, 1.0)
        partner = heights[r.pair_plus]
        below, above = np.zeros(self.groups), np.zeros(self.groups)
        np.add.at(below, self.pair_group, np.maximum(-partner, 0.0))
        np.add.at(above, self.pair_group, np.maximum(partner, 0.0))
        return np.where(heights[r.plus] > 0, heights[1 : 1 + self.groups] - below, -above)

    def solve(self, decided: Mapping[int, bool], cuts: Sequence[int], basis: Basis | None = None) -> Proposal | None:
        """The relaxation of a leaf with these cuts, from an earlier basis; None if HiGHS gives up."""
        self._load(list(cuts), [row for g, side in decided.items() for row in self._side(g, side)])
        if basis is not None:
            start = HighsBasis()
            start.valid, start.alien = True, False  # as many basic ones as rows: HiGHS need not look
            later = [BASIC] * (len(cuts) - len(basis.cuts))  # cuts and sides that came later start as basic rows
            start.col_status = basis.columns
            start.row_status = [*basis.always, *basis.cuts, *later, *(basis.sides.get(row, BASIC) for row in self.sides)]
            self.model.setBasis(start)
        status = run(self.model)
        nothing = np.zeros(0)
        if status == INFEASIBLE:
            _, exists, ray = self.model.getDualRay()
            weights = self._weights(np.abs(ray)) if exists else {}
            return Proposal(-np.inf, nothing, nothing, weights, nothing, Basis([], [], [], {}), empty=True)
        if status != OPTIMAL:
            return None
        solution = self.model.getSolution()
        values, duals = np.array(solution.col_value), np.array(solution.row_dual)
        first, last = len(self.always), len(self.always) + len(self.cuts)
        duals[first:last] *= -1.0  # cuts are "<=" rows
        value = self.table[0, -1] - self.model.getInfo().objective_function_value
        point, heights = np.clip(values[: self.dimension], -1.0, 1.0), values[self.dimension :][: self.groups]
        slack = self.cut_limit - np.array(solution.row_value)[first:last]
        end = self.model.getBasis()
        rows = list(end.row_status)
        basis = Basis(list(end.col_status), rows[:first], rows[first:last], dict(zip(self.sides, rows[last:], strict=True)))
        return Proposal(value, point, heights, self._weights(duals), slack, basis)

    def _weights(self, duals: np.ndarray) -> dict[int, float]:
        weights: dict[int, float] = {}
        first, last = len(self.always), len(self.always) + len(self.cuts)
        for n in map(int, np.flatnonzero(duals > 0)):
            if first <= n < last:
                row, factor = self.cuts[n - first], 1.0
            else:
                place = self.always[n] if n < first else self.sides[n - last]
                row, factor = self.proved[place], self.factor[place]
            weights[row] = weights.get(row, 0.0) + float(duals[n] * factor)
        return weights

    def _side(self, g: int, active: bool) -> list[int]:
        """The rows that hold on one side of a group's kink."""
        pairs = self.pair_columns[g]
        if active:
            return [self.error + g, self.plus + g, *(self.pair_plus + n for n in pairs)]
        return [self.zero + g, self.minus + g, *(self.pair_minus + n for n in pairs)]

    def _load(self, cuts: list[int], sides: list[int]) -> None:
        """Make these the cuts of the program, rows T_g - slope . xi <= constant, and these the rows of sides, in this order."""
        same = _common(cuts, self.cuts)
        kept = _common(sides, self.sides) if same == len(cuts) == len(self.cuts) else 0
        first, end = len(self.always), len(self.always) + len(self.cuts) + len(self.sides)
        stale = np.arange(first + same + kept, end, dtype=np.int32)
        if len(stale):
            self.model.deleteRows(len(stale), stale)
        fresh, r = cuts[same:], self.relaxation
        table = np.array([r.rows[row] for row in fresh], dtype=float).reshape(-1, self.dimension + 1)
        table *= 2.0**-ROW_BITS
        part = np.zeros((len(fresh), self.columns))
        part[:, : self.dimension] = -table[:, :-1]
        part[range(len(fresh)), [self.dimension + r.cuts[row - r.first_cut].group for row in fresh]] = 1.0
        add_rows(self.model, part, -INFINITE, table[:, -1])
        add_rows(self.model, self.matrix[sides[kept:]], self.limit[sides[kept:]], INFINITE)
        self.cuts, self.sides, self.cut_limit = cuts, sides, np.append(self.cut_limit[:same], table[:, -1])


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    """How many first entries of two lists are the same."""
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
