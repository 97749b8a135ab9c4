"""The linear programs of the LP trees, kept warm in HiGHS: a leaf's relaxation, the best cut, the best point of a cell.

HiGHS only proposes: multipliers, slopes of cuts and points. `relaxation` proves what they are worth.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from .relaxation import ROW_BITS, Kinks, Relaxation

INFINITE = highspy.kHighsInf
BASIC = highspy.HighsBasisStatus.kBasic
TOLERANCE = 1e-9  # in units of the answer: rows and objective are scaled to size 1 first
THIN = 24  # creases closer than 2^-THIN of their size are one: the rows between them would be 2^THIN times too large
BEYOND = 4e-9  # distance (in units of a crease's size) from a cell's walls that TOLERANCE cannot cross


def _model(lower: np.ndarray, upper: np.ndarray, cost: np.ndarray) -> highspy.Highs:
    model = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off"), ("solver", "simplex"),
                          ("primal_feasibility_tolerance", TOLERANCE), ("dual_feasibility_tolerance", TOLERANCE)):
        model.setOptionValue(option, value)
    model.addVars(len(cost), lower.astype(float), upper.astype(float))
    model.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost.astype(float))
    return model


def _add_rows(model: highspy.Highs, table: np.ndarray, lower, upper) -> None:
    """Append dense rows as sparse ones.   table (rows, columns)"""
    if len(table) == 0:
        return
    kept = table != 0
    start = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])[:-1].astype(np.int32)
    full = np.ones(len(table))
    model.addRows(len(table), full * lower, full * upper, int(kept.sum()), start,
                  np.nonzero(kept)[1].astype(np.int32), table[kept])


def _run(model: highspy.Highs) -> highspy.HighsModelStatus:
    """Solve; once more from scratch where the warm start went astray."""
    model.run()
    status = model.getModelStatus()
    if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible):
        model.clearSolver()
        model.run()
        status = model.getModelStatus()
    return status


@dataclass(frozen=True, eq=False)
class Proposal:
    """What HiGHS says about the relaxation of a leaf.

    value     float       in units of 2^unit; -inf if empty
    point     (d,)        xi where the relaxation is largest
    heights   (groups,)   what it allows the groups there, in units of 2^unit
    weights   {row: multiplier > 0}
    slack     (cuts,)     of the cuts at that point
    empty     bool        the multipliers prove that nothing satisfies the decisions; the arrays are then void
    """

    value: float
    point: np.ndarray
    heights: np.ndarray
    weights: dict[int, float]
    slack: np.ndarray
    basis: highspy.HighsBasis | None
    empty: bool = False


class LeafProgram:
    """max rest + sum T_g - sum y_j over xi in the box, under the rows that the decisions of a leaf leave in force.

    Columns: xi (d), T_g for each group, s for each pair (its relu(-u_j) or relu(u_j)), y for each single.
    """

    def __init__(self, relaxation: Relaxation):
        r = self.relaxation = relaxation
        table = self.table = np.array(r.rows, dtype=float) * 2.0 ** -ROW_BITS
        d, groups = table.shape[1] - 1, len(r.groups)
        self.dimension, self.groups = d, groups
        thick = [p for p in range(len(r.pairs)) if r.scale[r.pair_plus[p]] - r.unit <= THIN]
        first_pair, first_single = d + groups, d + groups + len(thick)
        columns = first_single + len(r.singles)
        lower = np.concatenate([-np.ones(d), np.full(groups, -INFINITE), np.zeros(columns - first_pair)])
        upper = np.concatenate([np.ones(d), np.full(columns - d, INFINITE)])
        cost = np.concatenate([-table[0, :d], -np.ones(groups), np.zeros(len(thick)), np.ones(len(r.singles))])
        self.model = _model(lower, upper, cost)
        # each program row: its proved row, the factor from its dual to a weight, and its limits when in force
        blocks, proved, factor, limit, below = [], [], [], [], []

        def block(rows: Sequence[int], sign: int, entries, scale=None) -> int:
            part = np.zeros((len(rows), columns))
            scale = np.ones(len(rows)) if scale is None else np.asarray(scale, dtype=float)
            part[:, :d] = sign * scale[:, None] * table[list(rows), :d] if len(rows) else 0.0
            for row, column, value in entries:
                part[row, column] = value
            start = sum(map(len, blocks))
            blocks.append(part)
            proved.extend(rows)
            factor.extend(scale)
            limit.extend(-sign * scale * table[list(rows), d] if len(rows) else [])
            below.extend([sign < 0] * len(rows))
            return start

        heights = [(g, d + g, 1.0) for g in range(groups)]
        stretch = [2.0 ** (r.scale[r.pair_plus[p]] - r.unit) for p in thick]
        slivers = [(r.pairs[p][0], first_pair + n, 1.0) for n, p in enumerate(thick)]
        shares = [(n, first_pair + n, 1.0) for n in range(len(thick))]
        self.error = block(range(1, 1 + groups), -1, heights + slivers)
        self.zero = block([0] * groups, -1, heights + slivers)
        blocks[-1][:, :d] = 0.0
        limit[self.zero:] = [0.0] * groups
        factor[self.zero:] = [0.0] * groups
        self.plus = block(r.plus, 1, [])
        self.minus = block(r.minus, 1, [])
        self.pair_plus = block([r.pair_plus[p] for p in thick], 1, shares, stretch)
        self.pair_minus = block([r.pair_minus[p] for p in thick], 1, shares, stretch)
        self.always = block(r.slack, 1, [])
        block(r.single, 1, [(n, first_single + n, 1.0) for n in range(len(r.singles))],
              [2.0 ** (r.scale[row] - r.unit) for row in r.single])
        self.slivers = {g: [n for n, p in enumerate(thick) if r.pairs[p][0] == g] for g in range(groups)}
        self.proved, self.factor = [int(row) for row in proved], np.array(factor)
        self.limit, self.below = np.array(limit), np.array(below, dtype=bool)
        _add_rows(self.model, np.concatenate(blocks), np.full(len(limit), -INFINITE), np.full(len(limit), INFINITE))
        self._force(list(range(self.always, len(limit))), True)
        self.decided: dict[int, bool] = {}
        self.base, self.cuts, self.cut_limit = len(limit), [], np.zeros(0)
        self.columns = columns
        self.pair_group = np.array([g for g, _, _ in r.pairs], dtype=int)
        stretch = [2.0 ** (r.scale[row] - r.unit) for row in r.pair_plus]
        self.pair_table = table[r.pair_plus] * np.array(stretch)[:, None] if r.pairs else np.zeros((0, d + 1))

    def load(self, cuts: Sequence[int]) -> None:
        """Make these rows of the relaxation the cuts of the program, in this order: T_g - slope . xi <= constant."""
        same = 0
        while same < min(len(cuts), len(self.cuts)) and cuts[same] == self.cuts[same]:
            same += 1
        stale = np.arange(self.base + same, self.base + len(self.cuts), dtype=np.int32)
        if len(stale):
            self.model.deleteRows(len(stale), stale)
        fresh = list(cuts[same:])
        if fresh:
            r = self.relaxation
            table = np.array([r.rows[row] for row in fresh], dtype=float) * 2.0 ** -ROW_BITS
            part = np.zeros((len(fresh), self.columns))
            part[:, :self.dimension] = -table[:, :-1]
            part[range(len(fresh)), [self.dimension + r.cuts[row - r.first_cut].group for row in fresh]] = 1.0
            _add_rows(self.model, part, -INFINITE, table[:, -1])
            self.cut_limit = np.append(self.cut_limit[:same], table[:, -1])
        self.cuts, self.cut_limit = list(cuts), self.cut_limit[:len(cuts)]

    def _force(self, rows: list[int], on: bool) -> None:
        if rows:
            lower, upper = np.full(len(rows), -INFINITE), np.full(len(rows), INFINITE)
            if on:
                limit, below = self.limit[rows], self.below[rows]
                lower, upper = np.where(below, -INFINITE, limit), np.where(below, limit, INFINITE)
            self.model.changeRowsBounds(len(rows), np.array(rows, dtype=np.int32), lower, upper)

    def _decide(self, decided: Mapping[int, bool]) -> None:
        on, off = [], []
        for g in {*self.decided, *decided}:
            old, new = self.decided.get(g), decided.get(g)
            if old == new:
                continue
            for side, rows in ((True, [self.error + g, self.plus + g, *(self.pair_plus + n for n in self.slivers[g])]),
                               (False, [self.zero + g, self.minus + g, *(self.pair_minus + n for n in self.slivers[g])])):
                if new is side:
                    on.extend(rows)
                elif old is side:
                    off.extend(rows)
        self._force(off, False)
        self._force(on, True)
        self.decided = dict(decided)

    def solve(self, decided: Mapping[int, bool], cuts: Sequence[int], basis=None) -> Proposal | None:
        """The relaxation of a leaf with some of the cuts, from a basis as in an earlier proposal; None if HiGHS gives up."""
        self._decide(decided)
        self.load(cuts)
        if basis is not None:
            missing = self.base + len(cuts) - len(basis.row_status)
            if missing > 0:  # cuts that came later start as basic rows
                basis.row_status = [*basis.row_status, *[BASIC] * missing]
            self.model.setBasis(basis)
        status = _run(self.model)
        if status == highspy.HighsModelStatus.kInfeasible:
            _, found, ray = self.model.getDualRay()
            if not found:
                return None
            nothing = np.zeros(0)
            return Proposal(-np.inf, nothing, nothing, self._weights(np.abs(ray)), nothing, None, True)
        if status != highspy.HighsModelStatus.kOptimal:
            return None
        solution, basis = self.model.getSolution(), self.model.getBasis()
        values, duals, activity = (np.array(x) for x in (solution.col_value, solution.row_dual, solution.row_value))
        d, value = self.dimension, self.table[0, -1] - self.model.getInfo().objective_function_value
        below = np.append(self.below, np.ones(len(cuts), dtype=bool))
        return Proposal(value, np.clip(values[:d], -1.0, 1.0), values[d:d + self.groups],
                        self._weights(np.where(below, -duals, duals)), self.cut_limit - activity[self.base:], basis)

    def _weights(self, duals: np.ndarray) -> dict[int, float]:
        weights: dict[int, float] = {}
        for n in np.flatnonzero(duals > 0):
            row, factor = (self.proved[n], self.factor[n]) if n < self.base else (self.cuts[n - self.base], 1.0)
            weights[row] = weights.get(row, 0.0) + float(duals[n] * factor)
        return weights

    def values(self, x: np.ndarray) -> np.ndarray:
        """The groups' true values at a point, in units of 2^unit, without cancellation.   (d,) -> (groups,)"""
        r, d = self.relaxation, self.dimension
        partner = self.pair_table[:, :d] @ x + self.pair_table[:, d]
        below, above = np.zeros(self.groups), np.zeros(self.groups)
        np.add.at(below, self.pair_group, np.maximum(-partner, 0.0))
        np.add.at(above, self.pair_group, np.maximum(partner, 0.0))
        e = self.table[1:1 + self.groups, :d] @ x + self.table[1:1 + self.groups, d]
        u = self.table[r.plus, :d] @ x + self.table[r.plus, d] if r.groups else np.zeros(0)
        return np.where(u > 0, e - below, -above)


class CutProgram:
    """The smallest concave majorant of max(e on {u >= 0}, 0 on {u <= 0}) over the domain, at a point.

    The point is split as x = x1 + x2 with x1 in share * domain on the active side and x2 in (1 - share) * domain on the
    inactive one; max e(x1) is a linear program in (x1, share), and its duals are the slope of the majorant at x and the
    multipliers that prove it.   Source: disjunctive programming (Balas 1979).
    """

    def __init__(self, relaxation: Relaxation):
        r = self.relaxation = relaxation
        table = np.array(r.rows[:r.first_cut], dtype=float) * 2.0 ** -ROW_BITS
        d = self.dimension = table.shape[1] - 1
        self.error = table[1:1 + len(r.groups)]
        self.side = table[r.plus] if r.groups else np.zeros((0, d + 1))
        self.slack = table[r.slack] if r.slack else np.zeros((0, d + 1))
        eye, ones = np.eye(d), np.ones((d, 1))
        walls = np.concatenate([np.hstack([eye, -ones]), np.hstack([eye, ones]), self.slack])
        self.model = _model(np.full(d + 1, -2.0), np.full(d + 1, 2.0), np.zeros(d + 1))  # only rows bind
        _add_rows(self.model, np.concatenate([walls, self.side]), -INFINITE, INFINITE)
        self.walls = len(walls)

    def place(self, x: np.ndarray, decided: Mapping[int, bool]) -> None:
        """Choose the point, and the decided sides on which cuts may rely."""
        d = self.dimension
        self.x, self.decided = x, decided
        self.u = self.side[:, :d] @ x + self.side[:, d]
        lower = np.concatenate([x - 1.0, np.zeros(self.walls - d), np.full(len(self.u), -INFINITE)])
        upper = np.concatenate([np.zeros(d), x + 1.0, np.maximum(self.slack[:, :d] @ x + self.slack[:, d], 0.0),
                                np.full(len(self.u), INFINITE)])
        for g, active in decided.items():
            lower[self.walls + g], upper[self.walls + g] = (0.0, max(self.u[g], 0.0)) if active else (min(self.u[g], 0.0), 0.0)
        self.limits = lower, upper
        self.model.changeRowsBounds(len(lower), np.arange(len(lower), dtype=np.int32), lower, upper)

    def cut(self, group: int) -> tuple[float, np.ndarray, dict[int, float], dict[int, float]] | None:
        """(value at the point, slope, multipliers on the active and on the inactive side), or None."""
        d, r, u = self.dimension, self.relaxation, float(self.u[group])
        row = self.walls + group
        self.model.changeRowBounds(row, max(u, 0.0), INFINITE)
        self.model.changeColsCost(d + 1, np.arange(d + 1, dtype=np.int32), -self.error[group])
        status = _run(self.model)
        if status == highspy.HighsModelStatus.kOptimal:
            dual = -np.array(self.model.getSolution().row_dual)  # d value / d limit: > 0 at an upper one, < 0 at a lower one
            value = -self.model.getInfo().objective_function_value
        self.model.changeRowBounds(row, self.limits[0][row], self.limits[1][row])
        if status != highspy.HighsModelStatus.kOptimal:
            return None
        # the limits x - 1, x + 1, slack(x) and u(x) move with x, and with them the value
        slack, turn = dual[2 * d:self.walls], max(-dual[row], 0.0)
        slope = np.minimum(dual[:d], 0.0) + np.maximum(dual[d:2 * d], 0.0) + np.maximum(slack, 0.0) @ self.slack[:, :d]
        active = {m: -y for m, y in zip(r.slack, slack, strict=True) if y < 0}
        inactive = {m: y for m, y in zip(r.slack, slack, strict=True) if y > 0}
        if u > 0:
            slope = slope - turn * self.side[group, :d]
            inactive[r.minus[group]] = turn
        else:
            active[r.plus[group]] = turn
        for g, on in self.decided.items():
            y = dual[self.walls + g]
            if y != 0:
                (inactive if (y > 0) == on else active)[(r.plus if on else r.minus)[g]] = abs(y)
                if (y > 0) == on:
                    slope = slope + y * self.side[g, :d]
        return value, slope, active, inactive


class CellProgram:
    """The best point of one cell of the arrangement of all kinks, where h is affine."""

    def __init__(self, h: Kinks, slacks: np.ndarray):
        self.h = h
        forms, self.mass, self.rest = h.floats
        self.size = np.maximum(np.abs(forms).sum(axis=1), np.finfo(float).tiny)
        self.forms = forms / self.size[:, None]
        d = self.dimension = forms.shape[1] - 1
        self.model = _model(-np.ones(d), np.ones(d), np.zeros(d))
        _add_rows(self.model, np.concatenate([self.forms[:, :d], slacks[:, :d]]), -INFINITE, INFINITE)
        count = len(slacks)
        self.model.changeRowsBounds(count, np.arange(len(forms), len(forms) + count, dtype=np.int32), -slacks[:, d],
                                    np.full(count, INFINITE))
        self.rows = np.arange(len(forms), dtype=np.int32)

    def best(self, active: np.ndarray, sign: int) -> np.ndarray | None:
        """The point of the cell {kink i is active iff active[i]} with the largest sign * h; None if there is none."""
        d = self.dimension
        lower = np.where(active, BEYOND - self.forms[:, d], -INFINITE)
        upper = np.where(active, INFINITE, -BEYOND - self.forms[:, d])
        self.model.changeRowsBounds(len(self.rows), self.rows, lower, upper)
        gradient = sign * ((self.mass * self.size * active) @ self.forms[:, :d] + self.rest[:d])
        top = np.abs(gradient).max(initial=0.0)
        self.model.changeColsCost(d, np.arange(d, dtype=np.int32), -gradient / (top if top > 0 else 1.0))
        if _run(self.model) != highspy.HighsModelStatus.kOptimal:
            return None
        return np.clip(np.array(self.model.getSolution().col_value), -1.0, 1.0)
