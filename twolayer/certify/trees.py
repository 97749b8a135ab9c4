"""Suprema by branch and bound over sides of creases, with linear programs: made for d' >= 6, correct for every d'.

A leaf decides for some groups (relaxation.py) on which side of its crease it lies. Its bound is the linear program over what
is left, recomputed in integers from the multipliers that HiGHS proposes; an undecided group is bounded by cuts, the
chord first and then, at the root, the best majorants that know on which side which bound holds (lp.CutProgram). h and
-h share one queue and one incumbent, so every stop leaves a proved interval.

Evidence (integers, strings, booleans): {"method": "trees", "row_bits", "weight_bits", "interrupted", "programs",
"kinks": [[node, flipped], ...], "facets": [row of the domain, ...],
"signs": [{"sign": 1 or -1, "unit", "groups": [[kink, [[kink, "weight"], ...]], ...], "scale": [...],
"cuts": {row: [group, [slope..., constant], {row: weight}, {row: weight}]}, "leaves": [[[[group, active], ...], {row: weight}], ...]}]}.
A checker rebuilds the forms, groups, pairs and singles (negative kinks with their rest of mass, in order) and the rows from
the instance, numbered and scaled as `Relaxation` says; checks each cut on its two sides; checks that the decisions of the
leaves are those of a binary tree; and adds up each leaf's rows, whose weights must be admissible (`Relaxation.admissible`).
"""
from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import exact
from ..ridges import Domain, RidgeSum
from .enclosure import CANCELLATION, Enclosure, at_witness, crude
from .lp import BASIC, CellProgram, CutProgram, LeafProgram, Proposal
from .relaxation import ROW_BITS, WEIGHT_BITS, Kinks, Relaxation, facets, kinks, paired

SAMPLES = 2000  # random starting points: they cost a few milliseconds and only choose where the ascents begin
STARTS = 3  # ascents for each sign before the first bound
ROUNDS = 40  # rounds of cuts at the root; they end earlier once a round gains little
WORTH = 0.003  # a round of cuts is worth another if it closed this share of the gap; also the least violation of a cut
KEPT = 0.1  # children keep the cuts whose slack is at most this share of the leaf's gap
NODE_ROUNDS=1
MOST=99
NODE_WORTH=.02
NODE_DEPTH=99
FLIPS = 60  # linear programs that one ascent may spend on neighbouring cells
TIGHT = 1e-6  # distance, in units of a crease's size, at which a point counts as on it
ALIKE = 0.02  # creases that differ by less than this share of their size are crossed together by an ascent
TRIALS = 12  # groups that are tried at most before branching, and how many may fail to
PATIENCE = 3  # improve on the best of them in a row
RESOLVED = 1e-10  # a group counts as bounded exactly once its gap is below this share of the unit
IMPROVED = 1e-12  # relative improvement for which a witness is evaluated in rationals


def supremum(h: RidgeSum, region: Domain, *, gap: float = 1e-3, deadline: float | None = None,
             floor: float = 0.0) -> Enclosure:
    """Enclosure of sup over the domain of |h|.

    Stops at a relative gap (upper - lower) / upper, at an interval below the noise of the terms that cancel, at
    upper <= floor, at the deadline (on the clock of time.monotonic), or at a KeyboardInterrupt, which evidence["interrupted"]
    then tells; the enclosure is valid at every stop.
    """
    enclosure = crude(h, region, {"method": "trees", "interrupted": False, "crude": True})
    search = None
    try:
        search = _Search(h, region, enclosure, gap, deadline, floor)
        search.run()
    except KeyboardInterrupt:
        interrupted = True
    else:
        interrupted = False
    if search is None or not search.ready:
        return Enclosure(enclosure.lower, enclosure.upper, enclosure.witness, {**enclosure.evidence, "interrupted": interrupted})
    return search.enclosure(interrupted)


@dataclass(frozen=True, eq=False)
class Leaf:
    """A part of the domain with a proved bound.

    sign      1 or -1: of h
    decided   group -> on the active side; in the order of the decisions
    bound     a float >= sign * h on that part
    weights   of the rows of that sign's relaxation (row numbers, integers)
    point, heights   where the relaxation is largest, and what it allows the groups there
    gaps      (groups,) by how much that exceeds the groups' true values: where to branch
    cuts      row numbers of the cuts that its programs use
    basis     of HiGHS, with those cuts: what its children start from
    """

    sign: int
    decided: dict[int, bool]
    bound: float
    weights: dict[int, int]
    point: np.ndarray
    heights: np.ndarray
    gaps: np.ndarray
    cuts: list[int]
    basis: Any = None


@dataclass(frozen=True, eq=False)
class Side:
    """One sign of h: its relaxation and the program that is kept warm."""

    relaxation: Relaxation
    program: LeafProgram
    cutter: CutProgram


class _Search:
    def __init__(self, h: RidgeSum, region: Domain, start: Enclosure, gap, deadline, floor):
        self.ready = False
        self.problem, self.region, self.gap, self.floor = h, region, gap, floor
        self.deadline = np.inf if deadline is None else deadline
        self.lower, self.witness, self.crude = start.lower, start.witness, start.upper
        self.noise = CANCELLATION * h.size(region.lower, region.upper)
        self.middle, self.radius = (region.upper + region.lower) / 2, (region.upper - region.lower) / 2
        self.kinks, shared = paired(kinks(h, region))
        self.rows = facets(region)
        slacks = [slack for _, slack in self.rows]
        self.programs = 0
        self.leaves: dict[int, Leaf] = {}
        self.queue: list[tuple[float, int]] = []
        self.gain: dict[tuple[int, int, bool], tuple[float, int]] = {}
        self.count = 0
        self.sides: dict[int, Side] = {}
        for sign, function in ((1, self.kinks), (-1, self.kinks.negated())):
            relaxation = Relaxation(function, shared, slacks)
            self.sides[sign] = Side(relaxation, LeafProgram(relaxation), CutProgram(relaxation))
            chords = relaxation.admissible({}, {})
            nothing = np.zeros(len(relaxation.groups))
            cuts = list(range(relaxation.first_cut, len(relaxation.rows)))
            self._put(Leaf(sign, {}, relaxation.bound(chords), chords, np.zeros(h.dimension), nothing, nothing, cuts))
        self.slacks = exact.nearest(np.array(slacks, dtype=object)) if slacks else np.zeros((0, h.dimension + 1))
        self.cell = CellProgram(self.kinks, self.slacks)
        self.alike = _alike(self.kinks)
        self.ready = True

    # ---------------------------------------------------------------- bounds

    def _put(self, leaf: Leaf) -> None:
        self.leaves[self.count] = leaf
        heapq.heappush(self.queue, (-leaf.bound, self.count))
        self.count += 1

    @property
    def upper(self) -> float:
        bounds = [leaf.bound for leaf in self.leaves.values()]
        return max(min(max(bounds), self.crude), self.lower)

    @property
    def target(self) -> float:
        """A leaf whose bound is at most this needs no further work."""
        return max(self.floor, self.lower / (1 - self.gap) if self.gap < 1 else np.inf, self.lower + self.noise)

    def late(self) -> bool:
        return time.monotonic() >= self.deadline

    def enclosure(self, interrupted: bool) -> Enclosure:
        signs = []
        for sign, side in self.sides.items():
            r = side.relaxation
            used = {row for leaf in self.leaves.values() if leaf.sign == sign for row in leaf.weights}
            signs.append({
                "sign": sign, "unit": r.unit, "scale": list(r.scale),
                "groups": [[g.kink, [[j, f"{w.p}/{w.q}"] for j, w in g.partners]] for g in r.groups],
                "cuts": {row: [cut.group, r.rows[row], cut.active, cut.inactive]
                         for row, cut in enumerate(r.cuts, r.first_cut) if row in used},
                "leaves": [[list(map(list, leaf.decided.items())), leaf.weights]
                           for leaf in self.leaves.values() if leaf.sign == sign]})
        evidence = {"method": "trees", "row_bits": ROW_BITS, "weight_bits": WEIGHT_BITS, "interrupted": interrupted,
                    "programs": self.programs, "facets": [m for m, _ in self.rows],
                    "kinks": [list(pair) for pair in zip(self.kinks.nodes, self.kinks.flipped, strict=True)], "signs": signs}
        return Enclosure(self.lower, self.upper, self.witness, evidence)

    # ---------------------------------------------------------------- witnesses

    def _offer(self, x: np.ndarray) -> float:
        """Value of h at xi; the new witness if it is larger than the old one's."""
        value = float(self.kinks(x[None])[0])
        if abs(value) > self.lower * (1 + IMPROVED):
            lower, point = at_witness(self.problem, self.region, self.middle + self.radius * exact.rationals(x))
            if lower > self.lower:
                self.lower, self.witness = lower, point
        return value

    def _ascend(self, x: np.ndarray, sign: int) -> None:
        """From cell to neighbouring cell, each with its best point, while sign * h grows."""
        forms = self.cell.forms
        active = np.zeros(len(forms), dtype=bool)
        height = forms[:, :-1] @ x + forms[:, -1]
        for group in self.alike:
            active[group] = height[group].sum() > 0
        best, y = -np.inf, self.cell.best(active, sign)
        tries = 0
        while y is not None:
            best = sign * self._offer(y)
            height, y = forms[:, :-1] @ y + forms[:, -1], None
            for group in self.alike:
                if np.abs(height[group]).min() > TIGHT or tries >= FLIPS or self.late():
                    continue
                tries += 1
                active[group] ^= True
                trial = self.cell.best(active, sign)
                if trial is not None and sign * float(self.kinks(trial[None])[0]) > best + IMPROVED * abs(best):
                    y = trial
                    break
                active[group] ^= True

    def _start(self) -> None:
        """Ascents from the best of some random points of the domain, for both signs."""
        rng = np.random.default_rng(0)  # fixed: the starting points are part of the method
        d = self.problem.dimension
        X = rng.uniform(-1.0, 1.0, size=(SAMPLES, d))
        if len(self.slacks):
            inner = exact.nearest((self.region.interior - self.middle) / self.radius)
            depth, slope = self.slacks[:, :d] @ inner + self.slacks[:, d], (X - inner) @ self.slacks[:, :d].T
            share = np.min(np.where(slope < 0, depth / np.maximum(-slope, 1e-300), np.inf), axis=1)
            X = inner + np.minimum(share, 1.0)[:, None] * (X - inner)
        values = self.kinks(X)
        for sign in (1, -1):
            for n in np.argsort(-sign * values)[:STARTS]:
                if self.late():
                    return
                self._offer(X[n])
                self._ascend(X[n], sign)

    # ---------------------------------------------------------------- the tree

    def run(self) -> None:
        """Cut both roots, then branch on the leaf with the largest bound, of either sign."""
        self._start()
        for root in sorted(self.leaves, key=lambda n: -self.leaves[n].bound):
            leaf = self.leaves[root]
            self.leaves[root] = self._proved(leaf, {}, self._solve(leaf, {}))
            self.leaves[root] = self._cut(self.leaves[root], ROUNDS, WORTH)
        self.queue = [(-leaf.bound, number) for number, leaf in self.leaves.items()]
        heapq.heapify(self.queue)
        while self.queue and not self.late() and -self.queue[0][0] > self.target:
            number = heapq.heappop(self.queue)[1]
            children = self._branch(self.leaves[number])
            if children is None:
                break  # exact up to the programs' tolerance: no branching lowers the largest bound
            for child in children:
                self._put(child)
            del self.leaves[number]  # last: an interrupt before this leaves a larger set, which is as valid

    def _cut(self, leaf: Leaf, rounds: int, worth: float) -> Leaf:
        """The leaf after rounds of cuts at its best point, while a round closes at least a share `worth` of its gap."""
        side = self.sides[leaf.sign]
        r, cutter, unit = side.relaxation, side.cutter, 2.0 ** side.relaxation.unit
        for _ in range(rounds):
            excess = leaf.bound - self.lower
            if self.late() or leaf.bound <= self.target:
                break
            found, least = len(r.rows), worth * excess / unit / max(len(r.groups), 1)
            cutter.place(leaf.point, leaf.decided)
            for g in [g for g in np.argsort(-leaf.gaps)[:(MOST if leaf.decided else 999)] if leaf.gaps[g] > least]:
                cut = cutter.cut(int(g)) if int(g) not in leaf.decided else None
                if cut is not None and leaf.heights[g] - cut[0] > least:
                    r.add_cut(int(g), *cut[1:])
            if len(r.rows) == found:
                break
            leaf = replace(leaf, cuts=[*leaf.cuts, *range(found, len(r.rows))])
            before, leaf = leaf.bound, self._proved(leaf, leaf.decided, self._solve(leaf, leaf.decided))
            if before - leaf.bound < worth * excess:
                break
        return leaf

    def _solve(self, parent: Leaf, decided: dict[int, bool]) -> Proposal | None:
        proposal = self.sides[parent.sign].program.solve(decided, parent.cuts, parent.basis)
        self.programs += 1
        if proposal is not None and not proposal.empty:
            before = self.lower
            self._offer(proposal.point)
            if self.lower > before:
                self._ascend(proposal.point, parent.sign)
        return proposal

    def _proved(self, parent: Leaf, decided: dict[int, bool], proposal: Proposal | None) -> Leaf:
        """A child (or the root anew), bounded by its own multipliers or by its parent's, whichever is better."""
        side = self.sides[parent.sign]
        r = side.relaxation
        leaf = replace(parent, decided=decided)  # what holds on the parent holds on its children
        if proposal is None:
            return leaf
        if proposal.empty:
            weights = r.emptied(parent.weights, proposal.weights, decided)
            return leaf if weights is None else replace(leaf, bound=r.bound(weights), weights=weights)
        weights = r.admissible(proposal.weights, decided)
        bound = r.bound(weights)
        if bound < parent.bound:
            leaf = replace(leaf, bound=bound, weights=weights)
        gaps = np.maximum(proposal.heights - side.program.values(proposal.point), 0.0)
        near, base = KEPT * (bound - self.lower) / 2.0 ** r.unit, side.program.base
        status = list(proposal.basis.row_status)
        kept = [n for n, slack in enumerate(proposal.slack) if slack <= near or status[base + n] != BASIC]
        proposal.basis.row_status = status[:base] + [status[base + n] for n in kept]
        return replace(leaf, point=proposal.point, heights=proposal.heights, gaps=gaps,
                       cuts=[parent.cuts[n] for n in kept], basis=proposal.basis)

    def _branch(self, leaf: Leaf) -> list[Leaf] | None:
        """The two children on the group that promises, or on trial shows, the largest gains on both sides."""
        sign = leaf.sign
        unit = 2.0 ** self.sides[sign].relaxation.unit
        if len(leaf.decided)>0 and NODE_ROUNDS and len(leaf.decided)<=NODE_DEPTH:
            leaf = self._cut(leaf, NODE_ROUNDS, NODE_WORTH)
            if leaf.bound <= self.target: return [leaf]
        open_groups = [int(g) for g in np.argsort(-leaf.gaps) if leaf.gaps[g] > RESOLVED and int(g) not in leaf.decided]
        if not open_groups:
            return None
        most = leaf.bound - self.lower
        chosen, proposals, best, failed = -1, None, -np.inf, 0
        ranked = sorted(open_groups, key=lambda g: -self._promise(sign, g, leaf.gaps[g], unit))
        for g in ranked[:TRIALS]:
            trial = None
            if min(self.gain.get((sign, g, active), (0.0, 0))[1] for active in (True, False)) > 0:
                score = self._promise(sign, g, leaf.gaps[g], unit)
            else:
                trial, score = self._trial(leaf, g, most, unit)
            if score > best:
                chosen, proposals, best, failed = g, trial, score, 0
            else:
                failed += 1
            if failed >= PATIENCE:
                break
        if proposals is None:
            proposals = self._trial(leaf, chosen, most, unit)[0]
        return [self._proved(leaf, {**leaf.decided, chosen: active}, proposals[active]) for active in (True, False)]

    def _trial(self, leaf: Leaf, g: int, most: float, unit: float):
        """Both children's programs, and the product of their gains, which the group's record remembers."""
        proposals, score = {}, 1.0
        for active in (True, False):
            proposal = proposals[active] = self._solve(leaf, {**leaf.decided, g: active})
            gain = 0.0 if proposal is None else min(max(leaf.bound - proposal.value * unit, 0.0), most)
            total, count = self.gain.get((leaf.sign, g, active), (0.0, 0))
            self.gain[leaf.sign, g, active] = total + gain / leaf.gaps[g], count + 1
            score *= max(gain, RESOLVED * unit)
        return proposals, score

    def _promise(self, sign: int, g: int, gap: float, unit: float) -> float:
        """Product of the expected gains on both sides: gap times the mean gain so far (of all groups, if it has none)."""
        score = 1.0
        for active in (True, False):
            total, count = self.gain.get((sign, g, active), (0.0, 0))
            score *= max(gap * (total / count if count else unit), RESOLVED * unit)
        return score


def _alike(h: Kinks) -> list[np.ndarray]:
    """Kinks whose creases nearly coincide, as lists of their numbers."""
    forms = h.floats[0]
    unit = forms / np.maximum(np.abs(forms).sum(axis=1), np.finfo(float).tiny)[:, None]
    out, left = [], list(range(len(unit)))
    while left:
        near = [i for i in left if np.abs(unit[i] - unit[left[0]]).sum() <= ALIKE]
        out.append(np.array(near))
        left = [i for i in left if i not in near]
    return out
