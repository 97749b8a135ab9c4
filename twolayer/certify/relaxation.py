"""Majorants of a ridge sum that are proved once and then combined in integers: the exact half of the LP trees.

Coordinates xi in [-1, 1]^d: z = middle + radius * xi over the domain's box. There
    h = sum_i m_i relu(u_i) + rest,    u_i and rest affine in xi, one kink i for each hyperplane that crosses the box.
Kinks of opposite mass that nearly coincide are paired, so that their difference is bounded and not their size:
    h = sum over groups i of G_i - sum over singles j of s_j relu(u_j) + rest,
    G_i = m_i relu(u_i) - sum over partners j of w_ij relu(u_j),    m_i, w_ij, s_j > 0,    e_i = m_i u_i - sum w_ij u_j.

What bounds G_i:   u_i >= 0:  G_i = e_i - sum w_ij relu(-u_j) <= e_i + sum t_j w_ij u_j   for any t_j in [0, 1],
                   u_i <= 0:  G_i = - sum w_ij relu(u_j)      <=     - sum t_j w_ij u_j   for any t_j in [0, 1],
so an affine function `cut` with   cut >= e_i wherever u_i >= 0   and   cut >= 0 wherever u_i <= 0   bounds it everywhere
in the domain. This is proved by multipliers n, n', f, f' >= 0: on the whole box
    cut >= e_i + n u_i + sum f slack    and    cut >= -n' u_i + sum f' slack,    slack >= 0 the facets of the domain.
The chord of relu(e_i) is the simplest cut. A single has -s relu(u) <= -t s u for any t in [0, 1].

Rows are integer vectors (coefficients, constant) in units of 2^-ROW_BITS, each proved to majorise its exact affine
function on the box; a leaf's bound is a combination of rows with integer weights, maximised over the box:
constant + sum |coefficient|. Rounding happens once, upwards, when a row is made; all else is exact.
"""
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from flint import fmpq

from .. import exact
from ..ridges import Domain, RidgeSum, canonical

ROW_BITS = 52  # what a row is rounded by, 2^-52 of its size, is far below any gap that is asked for
WEIGHT_BITS = 44  # the same for the weights that combine rows
WHOLE = 1 << WEIGHT_BITS
LARGEST = 1 << 80  # weights are clipped here
LOOSE = 0.6  # kinks whose scaled difference exceeds this share of their size gain nothing by pairing (measured)
ABSORB = 0.5  # a kink of which at least this share is paired gives the rest to its partners too
FLUSH = 1e-9  # facets that cut the box by less than this share of their range are dropped (a valid relaxation)


REST, ERROR, PLUS, MINUS, ACTIVE_PAIR, INACTIVE_PAIR, SINGLE, SLACK, CUT = (
    "rest", "error", "plus", "minus", "active pair", "inactive pair", "single", "slack", "cut")


@dataclass(frozen=True, eq=False)
class Kinks:
    """h = sum_i mass_i relu(form_i) + rest on [-1, 1]^d; forms and rest are (coefficients, constant) in xi.

    nodes (n,)        for each kink, the first ridge of h on that hyperplane; form_i is its preactivation or, where
    flipped (n,)      is true, the negative of it
    forms (n, d+1), mass (n,), rest (d+1,): fmpq
    """

    nodes: tuple[int, ...]
    flipped: tuple[bool, ...]
    forms: np.ndarray
    mass: np.ndarray
    rest: np.ndarray

    @cached_property
    def floats(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """forms, mass and rest in float64."""
        return exact.nearest(self.forms), exact.nearest(self.mass), exact.nearest(self.rest)

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """h in floats at points xi.   (N, d) -> (N,)"""
        forms, mass, rest = self.floats
        return np.maximum(X @ forms[:, :-1].T + forms[:, -1], 0.0) @ mass + X @ rest[:-1] + rest[-1]

    def negated(self) -> Kinks:
        """-h."""
        return replace(self, mass=-self.mass, rest=-self.rest)

    def oriented(self, flip: Sequence[bool]) -> Kinks:
        """The same function with some forms negated: relu(u) = u + relu(-u)."""
        forms, rest = self.forms.copy(), self.rest.copy()
        for i in np.flatnonzero(flip):
            rest = rest + self.mass[i] * forms[i]
            forms[i] = -forms[i]
        return replace(self, forms=forms, rest=rest, flipped=tuple(a != b for a, b in zip(self.flipped, flip, strict=True)))


def reach(form: np.ndarray) -> fmpq:
    """Maximum of an affine function over [-1, 1]^d.   (d+1,) -> number"""
    return form[-1] + abs(form[:-1]).sum()


def kinks(h: RidgeSum, region: Domain) -> Kinks:
    """The kinks of h that cross the interior of the domain's box, one for each hyperplane, in the order of h."""
    middle, radius = (region.upper + region.lower) / 2, (region.upper - region.lower) / 2

    def form(p, b):
        return np.append(p * radius, (p * middle).sum() + b)

    rest = form(h.slope, h.offset)
    found: dict[tuple, int] = {}
    nodes, forms, masses, scales = [], [], [], []
    for node, (p, beta, c) in enumerate(zip(h.P, h.beta, h.c, strict=True)):
        u = form(p, beta)
        if c == 0 or reach(u) <= 0:
            continue
        if reach(-u) <= 0:
            rest = rest + c * u
            continue
        key, scale = canonical(u[:-1], u[-1])
        i = found.setdefault(key, len(nodes))
        if i == len(nodes):
            nodes.append(node)
            forms.append(u)
            masses.append(c)
            scales.append(scale)
            continue
        masses[i] += c * abs(scale / scales[i])
        if scale / scales[i] < 0:
            rest = rest + c * u
    kept = [i for i, mass in enumerate(masses) if mass != 0]
    table, mass = exact.zeros(len(kept), len(rest)), exact.zeros(len(kept))
    for row, i in enumerate(kept):
        table[row], mass[row] = forms[i], masses[i]
    return Kinks(tuple(nodes[i] for i in kept), (False,) * len(kept), table, mass, rest)


def paired(h: Kinks) -> tuple[Kinks, dict[tuple[int, int], float]]:
    """Kinks oriented alike, and the mass (times size) that each pair (positive kink, negative kink) shares.

    Greedy: the pair with the smallest difference first. Unpaired kinks are oriented so that relu is small.
    """
    forms, mass, _ = h.floats
    size = np.abs(forms).sum(axis=1)
    unit = forms / size[:, None]
    left = np.abs(mass) * size
    positive, negative = np.flatnonzero(mass > 0), np.flatnonzero(mass < 0)
    candidates = []
    for sign in (1, -1):
        difference = np.abs(unit[positive][:, None, :] - sign * unit[negative][None, :, :]).sum(axis=2)
        for i, j in np.argwhere(difference <= LOOSE):
            candidates.append((difference[i, j], positive[i], negative[j], sign))
    side = np.zeros(len(mass), dtype=int)
    shared: dict[tuple[int, int], float] = {}
    for _, i, j, sign in sorted(candidates):
        if left[i] <= 0 or left[j] <= 0 or side[i] * side[j] == -sign:
            continue
        if not (side[i] and side[j]):
            if side[i]:
                side[j] = sign * side[i]
            elif side[j]:
                side[i] = sign * side[j]
            else:
                side[i], side[j] = 1, sign
        amount = min(left[i], left[j])
        shared[int(i), int(j)] = float(amount)
        left[i] -= amount
        left[j] -= amount
    flip = np.where(side == 0, forms[:, -1] > 0, side < 0)
    return h.oriented([bool(x) for x in flip]), shared


@dataclass(frozen=True, eq=False)
class Group:
    """A kink of positive mass and the shares w_ij of negative kinks that it is paired with."""

    kink: int
    partners: tuple[tuple[int, fmpq], ...]


def grouped(h: Kinks, shared: dict[tuple[int, int], float]) -> tuple[list[Group], list[tuple[int, fmpq]]]:
    """Groups G_i and singles (j, s_j) of h; shared as from `paired`, with the pairs in either order."""
    size = np.abs(h.floats[0]).sum(axis=1)
    partners: dict[int, list] = {i: [] for i in range(len(h.nodes)) if h.mass[i] > 0}
    singles = []
    for j in range(len(h.nodes)):
        if h.mass[j] > 0:
            continue
        claims = [(i, amount) for i in partners for amount in [shared.get((i, j), shared.get((j, i), 0.0))] if amount > 0]
        total, left = -h.mass[j] * exact.rational(size[j]), -h.mass[j]
        absorbed = sum(amount for _, amount in claims) >= ABSORB * exact.nearest_float(total)
        whole = exact.rational(sum(amount for _, amount in claims)) if absorbed else total
        for number, (i, amount) in enumerate(claims):
            share = exact.rational(exact.nearest_float(-h.mass[j] * exact.rational(amount) / whole))
            if absorbed and number == len(claims) - 1:
                share = left
            share = min(share, left)
            partners[i].append((j, share))
            left -= share
        if left > 0:
            singles.append((j, left))
    return [Group(i, tuple(p for p in found if p[1] > 0)) for i, found in partners.items()], singles


def facets(region: Domain) -> list[tuple[int, np.ndarray]]:
    """(row, slack as a form in xi) of the domain's rows that its box does not imply."""
    if region.is_box:
        return []
    middle, radius = (region.upper + region.lower) / 2, (region.upper - region.lower) / 2
    out = []
    for m, (a, c) in enumerate(zip(region.A, region.c, strict=True)):
        slack = np.append(-a * radius, c - (a * middle).sum())
        span = abs(slack[:-1]).sum()
        if span > slack[-1] + exact.rational(FLUSH) * span:
            out.append((m, slack))
    return out


def exponent(size: fmpq) -> int:
    """Smallest k with 2^k >= size, up to one; 0 for size 0."""
    return 0 if size == 0 else math.frexp(exact.round_up(size))[1]


@dataclass(frozen=True)
class Cut:
    """Proof of a cut of a group: weights of rows +u, -u and slacks on the active and on the inactive side.

    given: the sides of other groups on which the proof relies; the cut holds on leaves that decided them so.
    """

    group: int
    active: dict[int, int]
    inactive: dict[int, int]
    given: dict[int, bool]


class Relaxation:
    """The rows of one sign of h: what any leaf may combine, and the bound that a combination proves.

    Row numbers: 0 rest; then e_i for each group; +u_i and -u_i for each group; +w_ij u_j and -w_ij u_j for each pair;
    -s_j u_j for each single; the facets' slacks; the cuts. rest, e_i and cuts are in units of 2^unit, the other
    rows in units of their own, 2^scale[row].
    """

    def __init__(self, h: Kinks, shared: dict[tuple[int, int], float], slacks: Sequence[np.ndarray]):
        self.h = h
        self.groups, self.singles = grouped(h, shared)
        errors = [self.error(group) for group in self.groups]
        self.unit = unit = exponent(sum((max(reach(e), exact.ZERO) for e in errors), max(reach(h.rest), reach(-h.rest))))
        self.pairs = [(g, j, w) for g, group in enumerate(self.groups) for j, w in group.partners]
        self.rows: list[list[int]] = []
        self.scale: list[int] = []
        self.cuts: list[Cut] = []
        self._add(h.rest, unit)
        for e in errors:
            self._add(e, unit)
        self.plus = [self._add(h.forms[group.kink]) for group in self.groups]
        self.minus = [self._add(-h.forms[group.kink]) for group in self.groups]
        self.pair_plus = [self._add(w * h.forms[j]) for _, j, w in self.pairs]
        self.pair_minus = [self._add(-w * h.forms[j]) for _, j, w in self.pairs]
        self.single = [self._add(-s * h.forms[j]) for j, s in self.singles]
        self.slack = [self._add(slack) for slack in slacks]
        self.first_cut = len(self.rows)
        self.role: dict[int, tuple[str, int]] = {0: (REST, 0)}
        for kind, rows in ((ERROR, range(1, 1 + len(self.groups))), (PLUS, self.plus), (MINUS, self.minus),
                           (SINGLE, self.single), (SLACK, self.slack)):
            self.role |= {row: (kind, n) for n, row in enumerate(rows)}
        for kind, rows in ((ACTIVE_PAIR, self.pair_plus), (INACTIVE_PAIR, self.pair_minus)):
            self.role |= {row: (kind, g) for row, (g, _, _) in zip(rows, self.pairs, strict=True)}
        for g, e in enumerate(errors):
            high, low = exact.nearest_float(reach(e)), -exact.nearest_float(reach(-e))
            share = min(max(high / (high - low), 0.0), 1.0) if high > low else float(high > 0)
            self.add_cut(g, exact.nearest(e[:-1]) * 2.0 ** -unit * share, {}, {})

    def error(self, group: Group) -> np.ndarray:
        """The form e_i of a group."""
        out = self.h.mass[group.kink] * self.h.forms[group.kink]
        for j, w in group.partners:
            out = out - w * self.h.forms[j]
        return out

    def _add(self, form: np.ndarray, scale: int | None = None) -> int:
        """Append a row that majorises a form: coefficients to nearest, and what they may miss onto the constant."""
        if scale is None:
            scale = exponent(max(reach(form), reach(-form)))
        shift = ROW_BITS - scale
        factor = fmpq(1 << shift) if shift >= 0 else fmpq(1, 1 << -shift)
        half = fmpq(1, 2)
        row = [int((a * factor + half).floor()) for a in form[:-1]]
        row.append(int((form[-1] * factor).ceil()) + len(row) // 2 + 1)  # each coefficient is off by at most 1/2
        return self._append(row, scale)

    def _append(self, row: list[int], scale: int) -> int:
        self.rows.append(row)
        self.scale.append(scale)
        return len(self.rows) - 1

    def combined(self, weights: Mapping[int, int]) -> list[int]:
        """Sum of weights times rows, in units of 2^-(ROW_BITS + WEIGHT_BITS).   -> (d+1,)"""
        total = [0] * len(self.rows[0])
        for row, number in weights.items():
            total = [x + number * y for x, y in zip(total, self.rows[row], strict=True)]
        return total

    def add_cut(self, group: int, slope: np.ndarray, active: dict[int, float], inactive: dict[int, float]) -> int:
        """Append the best cut of a slope (d,), in units of 2^unit; multipliers of rows +u, -u and slacks as proof.

        Its constant is what the two sides need: max over the box of e + sum active - slope and of sum inactive - slope.
        """
        coefficients = [round(x * 2.0 ** ROW_BITS) for x in slope]
        sides = [{row: weight(x) for row, x in side.items() if x > 0} for side in (active, inactive)]
        constant = -LARGEST << ROW_BITS
        for start, side in zip(({1 + group: WHOLE}, {}), sides, strict=True):
            total = self.combined(start | side)
            top = total[-1] + sum(abs(a - (b << WEIGHT_BITS)) for a, b in zip(total[:-1], coefficients, strict=True))
            constant = max(constant, -(-top >> WEIGHT_BITS))
        used = {*sides[0], *sides[1]}
        given = {g: kind is PLUS for kind, g in map(self.role.__getitem__, used) if kind in (PLUS, MINUS) and g != group}
        self.cuts.append(Cut(group, *sides, given))
        return self._append([*coefficients, constant], self.unit)

    def top(self, weights: Mapping[int, int]) -> int:
        """Maximum over the box of a combination of rows, in units of 2^(unit - ROW_BITS - WEIGHT_BITS)."""
        total = self.combined(weights)
        return total[-1] + sum(abs(a) for a in total[:-1])

    def bound(self, weights: Mapping[int, int]) -> float:
        """A float that is not below h on a leaf, if the weights are admissible there."""
        shift = self.unit - ROW_BITS - WEIGHT_BITS
        top = self.top(weights)
        return exact.round_up(fmpq(top << shift) if shift >= 0 else fmpq(top, 1 << -shift))

    def emptied(self, parent: Mapping[int, int], ray: Mapping[int, float], decided: Mapping[int, bool]) -> dict[int, int] | None:
        """The parent's weights plus a multiple of a ray that proves the leaf empty, so that their bound is at most 0.

        ray: a combination of slacks and of decided sides, each >= 0 on the leaf, that is < 0 on the box.
        None where the ray proves nothing.
        """
        usable = {*self.slack, *((self.plus if side else self.minus)[g] for g, side in decided.items())}
        size = max(ray.values(), default=1.0)
        proof = {row: weight(x / size) for row, x in ray.items() if row in usable}
        depth = self.top(proof)
        if depth >= 0:
            return None
        times = max(-(self.top(parent) // depth), 0) + 1
        return {row: parent.get(row, 0) + times * proof.get(row, 0) for row in {*parent, *proof}}

    def admissible(self, raw: Mapping[int, float], decided: Mapping[int, bool]) -> dict[int, int]:
        """Integer weights that prove a bound over a leaf, close to the float weights that a program proposes.

        decided[g] says on which side of its kink group g is there. Every group's cuts, with e_i where it is active and
        0 where it is inactive, weigh one whole; a pair weighs at most what e_i or 0 weighs, a single at most one.
        """
        weights = {0: WHOLE}
        totals = [0] * len(self.groups)
        slivers = []
        for row, x in raw.items():
            kind, g = self.role[row] if row < self.first_cut else (CUT, self.cuts[row - self.first_cut].group)
            number = weight(x)
            if kind is CUT and self.holds(row, decided):
                number = min(number, WHOLE - totals[g])
                totals[g] += number
            elif kind is SINGLE:
                number = min(number, self._cap(WHOLE, row))
            elif kind is ACTIVE_PAIR or kind is INACTIVE_PAIR:
                slivers.append((row, number, g, kind is ACTIVE_PAIR))
                continue
            elif not (kind is SLACK or (kind is PLUS and decided.get(g) is True)
                      or (kind is MINUS and decided.get(g) is False)):
                continue
            if number > 0:
                weights[row] = number
        for g, total in enumerate(totals):
            side = decided.get(g)
            row = self.first_cut + g if side is None else 1 + g  # the first cuts are the chords, one for each group
            if total < WHOLE and side is not False:
                weights[row] = weights.get(row, 0) + WHOLE - total
        for row, number, g, active in slivers:
            if decided.get(g) is active:
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
