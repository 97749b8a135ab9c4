"""Majorants of a ridge sum, proved once and then combined in integers: the exact half of the LP trees.

With the groups, singles and rest of `groups` and e_i = m_i u_i - sum w_ij u_j, what bounds a group is
    u_i >= 0:  G_i = e_i - sum w_ij relu(-u_j) <= e_i + sum t_j w_ij u_j   for any t_j in [0, 1],
    u_i <= 0:  G_i = - sum w_ij relu(u_j)      <=     - sum t_j w_ij u_j   for any t_j in [0, 1],
so an affine `cut` with   cut >= e_i where u_i >= 0   and   cut >= 0 where u_i <= 0   bounds it on both.
This is proved by multipliers n, n', f, f' >= 0: on the whole box
    cut >= e_i + n u_i + sum f s    and    cut >= -n' u_i + sum f' s,
where each s is the slack of a facet of the domain, or the u or -u of another group that is >= 0 by a leaf's
decisions: then the cut holds on that part of the tree. The chord of relu(e_i) is the simplest cut (without
multipliers). A single has -s relu(u) <= -t s u for any t in [0, 1].

Rows are integer vectors (coefficients, constant) in units of 2^-ROW_BITS, each proved to majorise its exact
affine function on the box; a leaf's bound is a combination of rows with integer weights, maximised over the
box: constant + sum |coefficient|. Rounding happens once, upwards, when a row is made; all else is exact.
Source: weak duality after Neumaier and Shcherbina (2004), with rows that are exact to begin with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import sub

import numpy as np
from flint import fmpq

from ... import exact
from .groups import Group, Kinks, grouped, reach

ROW_BITS = 52  # what a row is rounded by, 2^-52 of its size, is far below any gap that is asked for
WEIGHT_BITS = 44  # the same for the weights that combine rows
WHOLE = 1 << WEIGHT_BITS
LARGEST = 1 << 80  # weights are clipped here
FINEST = -900  # no unit is smaller than 2^FINEST of what the search calls 1: floats hold its inverse

# what a row majorises
REST, ERROR, PLUS, MINUS, ACTIVE_PAIR, INACTIVE_PAIR, SINGLE, SLACK, CUT = range(9)


def exponent(size: fmpq) -> int:
    """Smallest k >= FINEST with 2^k >= size, up to one; 0 for size 0."""
    return 0 if size == 0 else max(math.frexp(exact.round_up(size))[1], FINEST)


def natural_unit(h: Kinks, shared: dict[tuple[int, int], float]) -> int:
    """k with 2^k about the size that interval arithmetic gives |h| after pairing, and at least that size."""
    size = max(reach(h.rest), reach(-h.rest))
    for function in (h, h.negated()):
        for group in grouped(function, shared)[0]:
            size += max(reach(error(function, group)), exact.ZERO)
    return exponent(size)


def error(h: Kinks, group: Group) -> np.ndarray:
    """The form e_i of a group."""
    out = h.mass[group.kink] * h.forms[group.kink]
    for j, w in group.partners:
        out = out - w * h.forms[j]
    return out


@dataclass(frozen=True)
class Cut:
    """Proof of a cut of a group: weights of rows that are >= 0 where it is active, and where it is inactive.

    given: the sides of other groups on which the proof relies; the cut holds on leaves that decided them so.
    """

    group: int
    active: dict[int, int]
    inactive: dict[int, int]
    given: dict[int, bool]


class Relaxation:
    """The rows of one sign of h: what any leaf may combine, and the bound that a combination proves.

    Row numbers: 0 rest; then e_i for all groups; u_i for all groups; -u_i for all groups; w_ij u_j for all
    pairs; -w_ij u_j for all pairs; -s_j u_j for all singles; the facets' slacks; the cuts. rest, e_i and cuts
    are in units of 2^unit, the other rows in units of their own, 2^scale[row].
    """

    def __init__(self, h: Kinks, shared: dict[tuple[int, int], float], slacks: Sequence[np.ndarray], unit: int):
        self.h, self.unit = h, unit
        self.groups, self.singles = grouped(h, shared)
        self.pairs = [(g, j, w) for g, group in enumerate(self.groups) for j, w in group.partners]
        errors = [error(h, group) for group in self.groups]
        self.rows: list[list[int]] = []
        self.scale: list[int] = []
        self.role: list[tuple[int, int]] = []  # (what the row majorises, its group or number)
        self.cuts: list[Cut] = []
        self._add(h.rest, REST, 0, self.unit)
        for g, e in enumerate(errors):
            self._add(e, ERROR, g, self.unit)
        forms = [h.forms[group.kink] for group in self.groups]
        self.plus = [self._add(u, PLUS, g) for g, u in enumerate(forms)]
        self.minus = [self._add(-u, MINUS, g) for g, u in enumerate(forms)]
        self.pair_plus = [self._add(w * h.forms[j], ACTIVE_PAIR, g) for g, j, w in self.pairs]
        self.pair_minus = [self._add(-w * h.forms[j], INACTIVE_PAIR, g) for g, j, w in self.pairs]
        self.single = [self._add(-s * h.forms[j], SINGLE, n) for n, (j, s) in enumerate(self.singles)]
        self.slack = [self._add(slack, SLACK, n) for n, slack in enumerate(slacks)]
        self.first_cut = len(self.rows)
        for g, e in enumerate(errors):
            high, low = exact.nearest_float(reach(e)), -exact.nearest_float(reach(-e))
            share = min(max(high / (high - low), 0.0), 1.0) if high > low else float(high > 0)
            self.add_cut(g, exact.nearest(e[:-1]) * 2.0**-self.unit * share, {}, {}, {})

    def _add(self, form: np.ndarray, kind: int, number: int, scale: int | None = None) -> int:
        """Append a row that majorises a form: coefficients to nearest, what they miss onto the constant."""
        if scale is None:
            scale = exponent(max(reach(form), reach(-form)))
        shift = ROW_BITS - scale
        factor = fmpq(1 << shift) if shift >= 0 else fmpq(1, 1 << -shift)
        numbers = form * factor
        row = [int((a + fmpq(1, 2)).floor()) for a in numbers[:-1]]
        missed = sum((abs(a - b) for a, b in zip(numbers, row, strict=False)), exact.ZERO)
        return self._append([*row, int((numbers[-1] + missed).ceil())], kind, number, scale)

    def _append(self, row: list[int], kind: int, number: int, scale: int) -> int:
        self.rows.append(row)
        self.role.append((kind, number))
        self.scale.append(scale)
        return len(self.rows) - 1

    def held(self, decided: Mapping[int, bool]) -> set[int]:
        """Rows that are >= 0 on a leaf: the slacks and the decided sides."""
        return {*self.slack, *((self.plus if side else self.minus)[g] for g, side in decided.items())}

    def combined(self, weights: Mapping[int, int]) -> list[int]:
        """Sum of weights times rows, in units of 2^-(ROW_BITS + WEIGHT_BITS).   -> (d+1,)"""
        total = [0] * len(self.rows[0])
        for row, number in weights.items():
            total = [x + number * y for x, y in zip(total, self.rows[row], strict=True)]
        return total

    def add_cut(
        self,
        group: int,
        slope: np.ndarray,
        active: Mapping[int, float],
        inactive: Mapping[int, float],
        decided: Mapping[int, bool],
    ) -> int:
        """Append the best cut of a slope (d,), in units of 2^unit, with multipliers of rows as proof.

        Its constant is what the sides need: max over the box of e + sum active - slope, sum inactive - slope.
        Multipliers of rows that are not >= 0 on their side of a leaf with these decisions are ignored.
        """
        coefficients = [int(x) for x in np.rint(slope * 2.0**ROW_BITS).tolist()]
        lifted = [x << WEIGHT_BITS for x in coefficients]
        others = self.held({g: side for g, side in decided.items() if g != group})
        sides: list[dict[int, int]] = []
        tops = []
        for start, proposed, row_of_side in (({1 + group: WHOLE}, active, self.plus[group]), ({}, inactive, self.minus[group])):
            side = {row: weight(x) for row, x in proposed.items() if row == row_of_side or row in others}
            total = self.combined(start | side)
            tops.append(total[-1] + sum(map(abs, map(sub, total, lifted))))
            sides.append(side)
        roles = [self.role[row] for side in sides for row in side]
        relied = {g for kind, g in roles if kind in (PLUS, MINUS) and g != group}
        self.cuts.append(Cut(group, sides[0], sides[1], {g: decided[g] for g in relied}))
        return self._append([*coefficients, -(-max(tops) >> WEIGHT_BITS)], CUT, group, self.unit)

    def top(self, weights: Mapping[int, int]) -> int:
        """Maximum over the box of a combination of rows, in units of 2^(unit - ROW_BITS - WEIGHT_BITS)."""
        total = self.combined(weights)
        return total[-1] + sum(map(abs, total[:-1]))

    def bound(self, weights: Mapping[int, int]) -> float:
        """A float that is not below h on a leaf, if the weights are admissible there."""
        shift = self.unit - ROW_BITS - WEIGHT_BITS
        top = self.top(weights)
        return exact.round_up(fmpq(top << shift) if shift >= 0 else fmpq(top, 1 << -shift))

    def emptied(
        self, parent: Mapping[int, int], ray: Mapping[int, float], decided: Mapping[int, bool]
    ) -> dict[int, int] | None:
        """The parent's weights plus a multiple of a ray that proves the leaf empty: their bound is at most 0.

        ray: a combination of slacks and of decided sides, each >= 0 on the leaf, that is < 0 on the box.
        None where the ray proves nothing.
        """
        size, held = max(ray.values(), default=1.0), self.held(decided)
        proof = {row: weight(x / size) for row, x in ray.items() if row in held}
        depth = self.top(proof)
        if depth >= 0:
            return None
        times = max(-(self.top(parent) // depth), 0) + 1
        return {row: parent.get(row, 0) + times * proof.get(row, 0) for row in {*parent, *proof}}

    def admissible(self, raw: Mapping[int, float], decided: Mapping[int, bool]) -> dict[int, int]:
        """Integer weights that prove a bound over a leaf, close to the float weights that a program proposes.

        decided[g] says on which side of its kink group g is there. Every group's cuts, with e_i where it is
        active and 0 where it is inactive, weigh one whole; a pair weighs at most what e_i or 0 weighs, a
        single at most one.
        """
        weights = {0: WHOLE}
        totals, slivers, held = [0] * len(self.groups), [], self.held(decided)
        for row, x in raw.items():
            (kind, g), number = self.role[row], weight(x)
            if kind == CUT:
                number = min(number, WHOLE - totals[g]) if self.holds(row, decided) else 0
                totals[g] += number
            elif kind == SINGLE:
                number = min(number, self._cap(WHOLE, row))
            elif kind in (ACTIVE_PAIR, INACTIVE_PAIR):
                if decided.get(g) is (kind == ACTIVE_PAIR):
                    slivers.append((row, number, g))
                continue
            elif row not in held:
                continue
            if number > 0:
                weights[row] = number
        for g, total in enumerate(totals):
            side = decided.get(g)
            row = self.first_cut + g if side is None else 1 + g  # the first cuts are the groups' chords
            if total < WHOLE and side is not False:
                weights[row] = weights.get(row, 0) + WHOLE - total
        for row, number, g in slivers:
            number = min(number, self._cap(WHOLE - totals[g], row))
            if number > 0:
                weights[row] = number
        return weights

    def holds(self, row: int, decided: Mapping[int, bool]) -> bool:
        """True if the sides on which a cut's proof relies are decided so."""
        return all(decided.get(g) is side for g, side in self.cuts[row - self.first_cut].given.items())

    def _cap(self, part: int, row: int) -> int:
        """The weight of a pair or single at share t = part: its row is in units of its own."""
        shift = self.scale[row] - self.unit
        return min(part << shift if shift >= 0 else part >> -shift, LARGEST)


def weight(x: float) -> int:
    """A multiplier as an integer weight; 0 where it is negative or not a number."""
    return int(round(min(float(x) * WHOLE, LARGEST))) if x > 0 else 0
