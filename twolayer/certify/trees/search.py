"""Suprema by branch and bound over sides of creases, with linear programs.

Made for d' >= 6, correct for every d'. A leaf decides for some groups (`groups`) on which side of their
creases it lies. Its bound is a linear program over what is left, recomputed in integers from the multipliers
that HiGHS proposes (`relaxation`); an undecided group is bounded by cuts: the chord first, then the best
majorants that know on which side which bound holds (`cuts`), at the roots for all leaves and at a leaf for
what lies below it. h and -h share one queue and one incumbent.

Evidence (integers, "p/q" strings, booleans; only "crude": true if the search stopped before its first bound):
    method "trees", row_bits, weight_bits, interrupted, programs (how many were solved)
    settled   [[ridge of h, active, {row of the domain: "multiplier"}], ...]
    kinks     [[ridge of h, flipped], ...]
    facets    [row of the domain, ...]
    signs     one for h (sign 1) and one for -h (sign -1):
        sign, unit, scale (exponents of the rows before the cuts)
        groups    [[kink, [[partner kink, "w"], ...]], ...]
        singles   [kink, ...]
        cuts      {row: [group, [slope..., constant], {row: weight} if active, {row: weight} if inactive]}
        leaves    [[[[group, active], ...], {row: weight}], ...]
A checker rebuilds kinks, groups and singles (what groups leave of each negative kink, in order) from the
problem, and the rows in the numbering of `relaxation.Relaxation`; proves what is settled and each cut; sees
that the decisions of the leaves are those of a binary tree; and adds up each leaf, whose weights must be
admissible (`Relaxation.admissible`).
"""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ... import exact
from ...linear.highs import BASIC
from ...restriction.domains import Domain
from ...restriction.ridges import RidgeSum
from ..enclosure import CANCELLATION, Enclosure, crude
from ..progress import Tell
from ..units import Balanced, in_own_units
from .ascents import Incumbent
from .cuts import CutProgram
from .groups import facets, kinks, paired
from .program import LeafProgram, Proposal
from .relaxation import ROW_BITS, WEIGHT_BITS, Relaxation, natural_unit

ROUNDS, WORTH = 40, 0.05  # at a root: rounds of cuts, while each closes this share of the gap (0.003 costs 9 % more)
LEAF_ROUNDS, LEAF_WORTH = 1, 0.05  # the same at a leaf, before it is branched on
KEPT = 0.1  # children keep the cuts whose slack is at most this share of the leaf's gap
TRIALS = 12  # most groups that are tried before branching; a try ends after
PATIENCE = 3  # so many in a row that did not improve on the best
RESOLVED = 1e-10  # a group is as good as exact once its gap is below this share of the unit
CLIMBS = 0.25  # linear programs that further ascents may take, as a share of the leaves' own,
OPEN = 1.2  # while a bound is this many times the best witness
CLOSED = 1 - 2.0**-50  # keeps a gap that is just reached on the right side of rounding


def _evidence_in(one: Balanced, evidence: dict[str, Any]) -> dict[str, Any]:
    """Evidence about g (`units`) as evidence about h: other units and names, the same integers."""
    if "signs" not in evidence:
        return evidence
    unit, ridges, rows = exact.log2(one.unit), [exact.log2(x) for x in one.ridges], [exact.log2(x) for x in one.rows]
    kinks = evidence["kinks"]

    def weighed(w: str, power: int) -> str:
        x = exact.parsed(w) * exact.two_to(power)
        return f"{x.p}/{x.q}"

    def side(signed: dict[str, Any]) -> dict[str, Any]:
        scale, n = list(signed["scale"]), len(signed["groups"])
        first_slack = len(scale) - len(evidence["facets"])
        for row in range(len(scale)):
            if 1 + n <= row < 1 + 3 * n:  # u_i, then -u_i, of all groups
                scale[row] += ridges[kinks[signed["groups"][(row - 1) % n][0]][0]]
            else:
                scale[row] += unit if row < first_slack else rows[evidence["facets"][row - first_slack]]
        groups = [
            [kink, [[j, weighed(w, unit - ridges[kinks[j][0]])] for j, w in partners]] for kink, partners in signed["groups"]
        ]
        return signed | {"unit": signed["unit"] + unit, "scale": scale, "groups": groups}

    settled = [
        [one.first[ridge], active, {m: weighed(y, ridges[ridge] - rows[m]) for m, y in proof.items()}]
        for ridge, active, proof in evidence["settled"]
    ]
    return evidence | {
        "kinks": [[one.first[ridge], flipped] for ridge, flipped in kinks],
        "settled": settled,
        "signs": [side(signed) for signed in evidence["signs"]],
    }


@in_own_units(_evidence_in)
def supremum(
    h: RidgeSum,
    region: Domain,
    *,
    gap: float = 1e-3,
    deadline: float | None = None,
    floor: float = 0.0,
    earlier: Enclosure | None = None,
    nested: Tell | None = None,
    boxed: bool = False,
) -> Enclosure:
    """Enclosure of sup over the domain of |h|; earlier: an enclosure of the same h, whose witness starts the search.

    boxed: of the domain's rows, bounds use those of its box and the last one alone: a weaker relaxation whose programs are
    as small, and whose bounds as good, as if the domain were its box.

    nested is told what is proved after every round of cuts at the roots, and after every leaf.

    Stops at a relative gap (upper - lower) / upper, at an interval below the noise of the terms that cancel,
    at upper <= floor, at the deadline (on the clock of time.monotonic), or at a KeyboardInterrupt, which
    evidence["interrupted"] then tells; the enclosure is valid at every stop.
    """
    start = crude(h, region, {"method": "trees", "crude": True, "interrupted": True})
    start = start.begun(earlier)
    search, interrupted = None, False
    try:
        search = _Search(h, region, start, gap, np.inf if deadline is None else deadline, floor, nested, boxed)
        search.run()
    except KeyboardInterrupt:
        interrupted = True
    return start if search is None else search.enclosure(interrupted)


@dataclass(frozen=True, eq=False)
class Side:
    """One sign of h, 1 or -1: its proved rows and the programs that propose."""

    sign: int
    relaxation: Relaxation
    program: LeafProgram
    cutter: CutProgram

    @property
    def unit(self) -> float:
        """What bounds are divided by in the programs."""
        return 2.0**self.relaxation.unit


@dataclass(frozen=True, eq=False)
class Leaf:
    """A part of the domain with a proved bound.

    side      whose sign and rows the bound is about
    decided   group -> on the active side; in the order of the decisions
    bound     a float >= sign * h on that part
    weights   of the rows of the relaxation
    point     (d,) xi where the program was largest
    heights   (groups,) what the program allowed the groups there
    gaps      (groups,) by how much that exceeds their true values: where to branch
    cuts      row numbers of the cuts that programs below use, in this order
    basis     of HiGHS, with those cuts: what programs below start from
    """

    side: Side
    decided: dict[int, bool]
    bound: float
    weights: dict[int, int]
    point: np.ndarray
    heights: np.ndarray
    gaps: np.ndarray
    cuts: list[int]
    basis: Any = None


class _Search:
    """State of one search; `leaves` covers the domain for both signs at every moment."""

    def __init__(
        self,
        h: RidgeSum,
        region: Domain,
        start: Enclosure,
        gap: float,
        deadline: float,
        floor: float,
        nested: Tell | None = None,
        boxed: bool = False,
    ):
        self.gap, self.deadline, self.floor, self.nested = gap, deadline, floor, nested
        self.noise = CANCELLATION * h.size(region.lower, region.upper)
        self.kinks, self.shared = paired(kinks(h, region))
        self.facets = facets(region)
        slacks = np.array([exact.nearest(slack) for _, slack in self.facets]).reshape(-1, h.dimension + 1)
        if boxed:
            self.facets = [facet for facet in self.facets if facet[0] == len(region.A) - 1]
        self.incumbent = Incumbent(h, region, self.kinks, slacks, (start.lower, start.witness), deadline)
        self.queue: list[tuple[float, int]] = []
        self.gain: dict[tuple[int, int, bool], tuple[float, int]] = {}  # (sign, group, side): gain / gap, n
        self.programs = self.count = 0
        self.closed = -np.inf  # largest bound of the leaves that are closed for good
        unit = natural_unit(self.kinks, self.shared)
        self.leaves = {sign: self._root(sign, unit) for sign in (1, -1)}

    def _root(self, sign: int, unit: int) -> Leaf:
        """One sign with nothing decided, bounded by the chords, in units of 2^unit."""
        function = self.kinks if sign > 0 else self.kinks.negated()
        r = Relaxation(function, self.shared, [slack for _, slack in self.facets], unit)
        weights, chords = r.admissible({}, {}), list(range(r.first_cut, len(r.rows)))
        centre, nothing = np.zeros(len(function.rest) - 1), np.zeros(len(r.groups))
        side = Side(sign, r, LeafProgram(r), CutProgram(r))
        return Leaf(side, {}, r.bound(weights), weights, centre, nothing, nothing, chords)

    @property
    def target(self) -> float:
        """A leaf whose bound is at most this needs no further work."""
        lower = self.incumbent.lower
        wide = lower / (1 - self.gap) * CLOSED if self.gap < 1 else np.inf
        return max(self.floor, wide, lower + self.noise)

    def late(self) -> bool:
        """True once the deadline has passed."""
        return time.monotonic() >= self.deadline

    def run(self) -> None:
        """Cut both roots, then branch on the leaf with the largest bound, of either sign."""
        self._tell_roots()
        self.incumbent.start()
        for sign in sorted(self.leaves, key=lambda sign: -self.leaves[sign].bound):
            if not self.late() and self.leaves[sign].bound > self.target:
                root = self._proved(self.leaves[sign], {}, self._solve(self.leaves[sign], {}))
                self.leaves[sign] = root
                self.leaves[sign] = self._cut(root, ROUNDS, WORTH)
            self._tell_roots()
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
            if self.nested is not None:
                self.nested(self.incumbent.lower, max(self.closed, -self.queue[0][0] if self.queue else -np.inf))

    def _tell_roots(self) -> None:
        if self.nested is not None:
            self.nested(self.incumbent.lower, max(leaf.bound for leaf in self.leaves.values()))

    def _put(self, leaf: Leaf) -> None:
        self.count += 1
        number = self.count + 1  # the roots are 1 and -1
        if leaf.bound > self.target:
            heapq.heappush(self.queue, (-leaf.bound, number))
        else:  # closed for good: only the proof is kept
            nothing = np.zeros(0)
            leaf = Leaf(leaf.side, leaf.decided, leaf.bound, leaf.weights, nothing, nothing, nothing, [])
            self.closed = max(self.closed, leaf.bound)
        self.leaves[number] = leaf

    def _solve(self, parent: Leaf, decided: dict[int, bool]) -> Proposal | None:
        """The program of a child (or of the parent itself); its point is a candidate witness."""
        proposal = parent.side.program.solve(decided, parent.cuts, parent.basis)
        self.programs += 1
        if proposal is not None and not proposal.empty:
            if self.incumbent.is_beaten(self.incumbent.value(proposal.point)):
                self.incumbent.climb(proposal.point, parent.side.sign)
            if parent.bound > OPEN * self.incumbent.lower and self.incumbent.programs < CLIMBS * self.programs:
                self.incumbent.again(parent.side.sign)
        return proposal

    def _proved(self, parent: Leaf, decided: dict[int, bool], proposal: Proposal | None) -> Leaf:
        """A child, or the parent anew, bounded by the proposed multipliers or, if better, the parent's."""
        r, program = parent.side.relaxation, parent.side.program
        leaf = replace(parent, decided=decided)  # what holds on the parent holds on its children
        if proposal is None:
            return leaf
        if proposal.empty:
            proof = r.emptied(parent.weights, proposal.weights, decided)
            return leaf if proof is None else replace(leaf, bound=r.bound(proof), weights=proof)
        weights = r.admissible(proposal.weights, decided)
        bound = r.bound(weights)
        if bound < parent.bound:
            leaf = replace(leaf, bound=bound, weights=weights)
        gaps = np.maximum(proposal.heights - program.values(proposal.point), 0.0)
        near = KEPT * (bound - self.incumbent.lower) / parent.side.unit
        basis = proposal.basis
        kept = [n for n, slack in enumerate(proposal.slack) if slack <= near or basis.cuts[n] != BASIC]
        return replace(
            leaf,
            point=proposal.point,
            heights=proposal.heights,
            gaps=gaps,
            cuts=[parent.cuts[n] for n in kept],
            basis=basis.kept(kept),
        )

    def _cut(self, leaf: Leaf, rounds: int, worth: float) -> Leaf:
        """The leaf after rounds of cuts at its best point, while each closes a share `worth` of its gap."""
        r, cutter = leaf.side.relaxation, leaf.side.cutter
        for _ in range(rounds):
            excess = leaf.bound - self.incumbent.lower
            if self.late() or leaf.bound <= self.target:
                break
            rows_before, least = len(r.rows), worth * excess / leaf.side.unit / max(len(r.groups), 1)
            cutter.place(leaf.point, leaf.decided)
            for g in map(int, np.flatnonzero(leaf.gaps > least)):
                cut = None if g in leaf.decided else cutter.cut(g)
                if cut is not None and leaf.heights[g] - cut.value > least:
                    r.add_cut(g, cut.slope, cut.active, cut.inactive, leaf.decided)
            if len(r.rows) == rows_before:
                break
            leaf = replace(leaf, cuts=[*leaf.cuts, *range(rows_before, len(r.rows))])
            before, leaf = leaf.bound, self._proved(leaf, leaf.decided, self._solve(leaf, leaf.decided))
            if not leaf.decided:
                self.leaves[leaf.side.sign] = leaf
                self._tell_roots()
            if before - leaf.bound < worth * excess:
                break
        return leaf

    def _branch(self, leaf: Leaf) -> list[Leaf] | None:
        """The leaf itself if cuts close it, or two children; None if every group is as good as exact.

        The group is the one that promises, or on trial shows, the largest product of gains on its two sides.
        """
        if leaf.decided:
            leaf = self._cut(leaf, LEAF_ROUNDS, LEAF_WORTH)
            if leaf.bound <= self.target:
                return [leaf]
        loose = [int(g) for g in np.flatnonzero(leaf.gaps > RESOLVED) if int(g) not in leaf.decided]
        if not loose:
            return None
        chosen, proposals, best, failed = -1, None, -np.inf, 0
        for g in sorted(loose, key=lambda g: -self._promise(leaf, g))[:TRIALS]:
            if failed >= PATIENCE or (proposals is not None and self.late()):
                break
            if (leaf.side.sign, g, True) in self.gain:
                trial, score = None, self._promise(leaf, g)
            else:
                trial, score = self._try(leaf, g)
            if score > best:
                chosen, proposals, best, failed = g, trial, score, 0
            else:
                failed += 1
        if proposals is None:
            proposals = self._try(leaf, chosen)[0]
        return [self._proved(leaf, {**leaf.decided, chosen: side}, proposals[side]) for side in (True, False)]

    def _try(self, leaf: Leaf, g: int) -> tuple[dict[bool, Proposal | None], float]:
        """Both children's programs, and the product of their gains, which the group's record remembers."""
        unit, sign = leaf.side.unit, leaf.side.sign
        proposals, score, most = {}, 1.0, leaf.bound - self.incumbent.lower
        for active in (True, False):
            proposal = proposals[active] = self._solve(leaf, {**leaf.decided, g: active})
            gain = 0.0 if proposal is None else min(max(leaf.bound - proposal.value * unit, 0.0), most) / unit
            total, count = self.gain.get((sign, g, active), (0.0, 0))
            self.gain[sign, g, active] = total + gain / float(leaf.gaps[g]), count + 1
            score *= max(gain, RESOLVED)
        return proposals, score

    def _promise(self, leaf: Leaf, g: int) -> float:
        """Product of the expected gains on both sides: gap times the mean gain so far, at first the gap."""
        score = 1.0
        for active in (True, False):
            total, count = self.gain.get((leaf.side.sign, g, active), (1.0, 1))
            score *= max(float(leaf.gaps[g]) * total / count, RESOLVED)
        return score

    def enclosure(self, interrupted: bool) -> Enclosure:
        """What is proved now, with the evidence for it."""
        lower, witness = self.incumbent.best
        leaves = list(self.leaves.values())
        evidence = {
            "method": "trees",
            "row_bits": ROW_BITS,
            "weight_bits": WEIGHT_BITS,
            "interrupted": interrupted,
            "programs": self.programs,
            "facets": [m for m, _ in self.facets],
            "settled": [
                [node, active, {m: f"{y.p}/{y.q}" for m, y in proof.items()}] for node, active, proof in self.kinks.settled
            ],
            "kinks": [list(kink) for kink in zip(self.kinks.nodes, self.kinks.flipped, strict=True)],
            "signs": [_evidence([leaf for leaf in leaves if leaf.side.sign == s]) for s in (1, -1)],
        }
        return Enclosure(lower, max(leaf.bound for leaf in leaves), witness, evidence)


def _evidence(leaves: list[Leaf]) -> dict[str, Any]:
    r = leaves[0].side.relaxation
    used = sorted({row for leaf in leaves for row in leaf.weights if row >= r.first_cut})
    cuts = {row: r.cuts[row - r.first_cut] for row in used}
    return {
        "sign": leaves[0].side.sign,
        "unit": r.unit,
        "scale": r.scale[: r.first_cut],
        "groups": [[group.kink, [[j, f"{w.p}/{w.q}"] for j, w in group.partners]] for group in r.groups],
        "singles": [j for j, _ in r.singles],
        "cuts": {row: [cut.group, r.rows[row], cut.active, cut.inactive] for row, cut in cuts.items()},
        "leaves": [[[list(step) for step in leaf.decided.items()], leaf.weights] for leaf in leaves],
    }
