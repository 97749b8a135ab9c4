"""Evidence of enclosures as JSON, for a checker that shares no code with this package (`python -m proofs check`).

`gradient_evidence` turns every enclosure of an instance into an entry of a certificate: small problems name their
vertices (the checker enumerates them itself), all others carry a tree of cases with the multipliers of linear
programs, whoever found the bound. Numbers are strings "p/q", multipliers [index, n, e] for n 2^e.
Format: proofs/CERTIFICATE.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from flint import fmpq

from .. import exact
from ..linear.programs import box_proof, maximum
from ..restriction.domains import Domain
from ..restriction.restricted import Node, Restricted
from ..restriction.ridges import RidgeSum
from .enclosure import Enclosure
from .trees import search as trees

MOST_STEPS = 40_000_000  # rational operations that a checker may be asked to spend on one enumeration: about a minute
CLOSE = 1e-9  # relative gap at which a tree that proves another method's bound anew stops, if it did not get there before
ROUNDED = 1 + 2.0**-44  # what the weights of a tree may lose against the bound of another method


def text(x: fmpq) -> str:
    """An exact number as "p/q" or "p"."""
    return str(x)


def texts(vector) -> list[str]:
    """A vector of exact numbers."""
    return [text(x) for x in vector]


def dyadic(entries: dict[int, fmpq], index=lambda i: i) -> list[list]:
    """Multipliers as [index, n, e], or [index, "p/q"] where they are no binary fraction; zeros are left out."""
    out: list[list] = []
    for i, x in entries.items():
        q, e = int(x.q), int(x.q).bit_length() - 1
        if x != 0:
            out.append([index(i), int(x.p), -e] if q == 1 << e else [index(i), text(x)])
    return out


def checking_steps(problem: Restricted) -> float:
    """Roughly the rational operations in which a checker enumerates all vertices for all student nodes."""
    planes = len(problem.creases) + len(problem.region.A)
    lines = math.comb(planes, problem.dimension - 1)
    return lines * (3.0 * len(problem.nodes) * (len(problem.student) + problem.dimension) + planes * problem.dimension)


@dataclass(frozen=True)
class Rows:
    """How a certificate numbers the rows that are >= 0 on a domain: the instance's rows first, then the activity.

    number  for every row of the region on U, its number in the instance (rows that are constant on U have none)
    total   rows of the instance; the activity of a student node comes after them
    """

    number: list[int]
    total: int

    def __call__(self, m: int) -> int:
        """The certificate's number of a domain's row."""
        return self.number[m] if m < len(self.number) else self.total


def rows_of(problem: Restricted, A: np.ndarray) -> Rows:
    """The numbering for an instance whose region has the rows A (m, d)."""
    varying = exact.rationals(A) @ problem.frame.steps.T
    return Rows([m for m, row in enumerate(varying) if not exact.is_zero(row)], len(A))


def gradient_evidence(
    problem: Restricted, domains, enclosures, rows: Rows, *, gap: float = 1e-3, deadline: float | None = None, progress=iter
) -> tuple[list[Enclosure], list[dict[str, Any]]]:
    """(enclosures, entries): each enclosure with evidence for both sides, and its entry of the certificate.

    An enclosure found without multipliers is proved anew by a tree, down to the same upper end; it may end up wider
    where the deadline strikes.
    """
    proved, entries = [], []
    small = checking_steps(problem) <= MOST_STEPS
    for node, domain, enclosure in progress(list(zip(problem.student, domains, enclosures, strict=True))):
        if domain is None:
            entry: dict[str, Any] = {"evidence": {"method": "dead", "rows": _dead(problem, node, rows)}, "inside": None}
        else:
            h, by_vertices = problem.gradient(node), small and enclosure.evidence["method"] in ("vertices", "zero")
            if by_vertices:
                entry = {"evidence": {"method": "vertices"}}
            else:
                enclosure, evidence = _by_tree(h, domain, problem.region, enclosure, gap, deadline, rows, rows.total + 1)
                entry = {"evidence": evidence}
            entry["inside"] = texts(domain.interior)
        entry |= {
            "student": node.index,
            "lower": text(enclosure.ends[0]),
            "upper": text(enclosure.ends[1]),
            "witness": None if enclosure.witness is None else texts(enclosure.witness),
        }
        proved.append(enclosure)
        entries.append(entry)
    return proved, entries


def supremum_evidence(
    h: RidgeSum,
    region: Domain,
    enclosure: Enclosure,
    rows: Rows,
    *,
    steps: float,
    gap: float = 1e-3,
    deadline: float | None = None,
) -> tuple[Enclosure, dict[str, Any]]:
    """The same for one ridge sum over the region itself: (enclosure, its entry).   steps: see `checking_steps`"""
    if enclosure.evidence["method"] in ("vertices", "zero") and steps <= MOST_STEPS:
        evidence: dict[str, Any] = {"method": "vertices"}
    else:
        enclosure, evidence = _by_tree(h, region, region, enclosure, gap, deadline, rows, rows.total)
    witness = region.interior if enclosure.witness is None else enclosure.witness
    return enclosure, {
        "lower": text(enclosure.ends[0]),
        "upper": text(enclosure.ends[1]),
        "witness": texts(witness),
        "evidence": evidence,
    }


def box_entries(region: Domain, rows: Rows) -> list[list]:
    """Multipliers that bound the region: for each coordinate, its upper and its lower end."""
    proofs = box_proof(region.A, region.c)
    assert proofs is not None  # the region is bounded: its domain has a box
    return [dyadic(proof, rows) for proof in proofs]


def _dead(problem: Restricted, node: Node, rows: Rows) -> list[list]:
    """Multipliers that prove that a node is active nowhere inside the region."""
    if node.is_constant:
        return []
    region = problem.region
    best = maximum(region.A, region.c, node.p)
    if best is None:
        raise ArithmeticError(f"could not prove that student {node.index} is dead")
    return dyadic(best.duals, rows)


def _by_tree(
    h: RidgeSum, domain: Domain, region: Domain, enclosure: Enclosure, gap: float, deadline: float | None, rows: Rows, held: int
) -> tuple[Enclosure, dict[str, Any]]:
    """The enclosure with the evidence of a tree; the tree's own upper end where it is the larger one."""
    proved = enclosure
    if proved.evidence["method"] != "trees" or "signs" not in proved.evidence:
        proved = trees.supremum(h, domain, gap=min(gap, CLOSE), deadline=deadline, floor=enclosure.upper * ROUNDED)
        if "signs" not in proved.evidence:
            raise KeyboardInterrupt
    evidence = tree(h, proved.evidence, domain, region, rows, held)
    low = proved if proved.ends[0] > enclosure.ends[0] else enclosure
    high = proved if proved.ends[1] > enclosure.ends[1] else enclosure  # what the tree proves
    ends = low.ends[0], high.ends[1]
    return replace(enclosure, lower=low.lower, upper=high.upper, witness=low.witness, ends=ends), evidence


def tree(h: RidgeSum, evidence: dict[str, Any], domain: Domain, region: Domain, rows: Rows, held: int) -> dict[str, Any]:
    """The evidence of `trees` on a domain in the terms of the format: forms and multipliers in z, no numbers of rows or units.

    region: what the certificate's box holds; held: how many rows are >= 0 on the domain, before the sides of groups.
    """
    signs = [_Sign(side, evidence, domain, rows, held).entry() for side in evidence["signs"]]
    return {
        "method": "tree",
        "box": _walls(domain, region, rows),
        "kinks": evidence["kinks"],
        "signs": signs,
        "settled": [
            entry
            for ridge, active, proof in evidence["settled"]
            for entry in _settled(h, ridge, active, {m: exact.parsed(y) for m, y in proof.items()}, rows)
        ],
    }


def _walls(domain: Domain, region: Domain, rows: Rows) -> list[list]:
    """For each coordinate, the weights that take the box's upper and lower end from the region's to the domain's.

    Where they differ it is by the activity, a . z <= c: the multiple of it that takes z_j out of +-z_j.
    """
    out: list[list] = []
    for j in range(domain.A.shape[1]):
        for tighter in (domain.upper[j] < region.upper[j], domain.lower[j] > region.lower[j]):
            out.append(dyadic({len(domain.A) - 1: 1 / abs(domain.A[-1, j])}, rows) if tighter else [])
    return out


def _settled(h: RidgeSum, ridge: int, active: bool, proof: dict[int, fmpq], rows: Rows) -> list[list]:
    """[[ridge, active, weights], ...] of all ridges on the hyperplane of one that is proved to be of one sign."""
    j = next(j for j, x in enumerate(h.P[ridge]) if x != 0)
    out = []
    for i, (p, beta) in enumerate(zip(h.P, h.beta, strict=True)):
        ratio = p[j] / h.P[ridge][j]
        if ratio != 0 and beta == ratio * h.beta[ridge] and all(p == ratio * h.P[ridge]):
            weights = {m: abs(ratio) * y for m, y in proof.items()}
            out.append([i, active == (ratio > 0), dyadic(weights, rows)])
    return out


class _Sign:
    """The rows of one sign of h in the numbering of `relaxation.Relaxation`, told apart again."""

    def __init__(self, side: dict[str, Any], evidence: dict[str, Any], region: Domain, rows: Rows, held: int):
        self.side, self.bits, self.row_bits = side, evidence["weight_bits"], evidence["row_bits"]
        self.middle, self.radius = (region.upper + region.lower) / 2, (region.upper - region.lower) / 2
        self.facets, self.held = [rows(m) for m in evidence["facets"]], held
        n, self.pairs = len(side["groups"]), [(g, j) for g, (_, partners) in enumerate(side["groups"]) for j, _ in partners]
        p = len(self.pairs)
        self.plus, self.minus = range(1 + n, 1 + 2 * n), range(1 + 2 * n, 1 + 3 * n)
        self.pair = (range(1 + 3 * n, 1 + 3 * n + p), range(1 + 3 * n + p, 1 + 3 * n + 2 * p))
        first = len(side["scale"]) - len(self.facets)
        self.single, self.slack = range(1 + 3 * n + 2 * p, first), range(first, len(side["scale"]))

    def _weight(self, row: int, number: int) -> tuple[int, int]:
        """(n, e) of a multiplier n 2^e of the exact form behind a row."""
        scale = self.side["scale"][row] if row < len(self.side["scale"]) else self.side["unit"]
        return int(number), self.side["unit"] - scale - self.bits

    def entry(self) -> dict[str, Any]:
        """The sign's groups, cuts and leaves."""
        numbers = {row: n for n, row in enumerate(self.side["cuts"])}
        leaves = [(decided, self._leaf(decided, weights, numbers)) for decided, weights in self.side["leaves"]]
        return {
            "sign": self.side["sign"],
            "groups": self.side["groups"],
            "tree": nested(leaves),
            "cuts": [self._cut(*cut) for cut in self.side["cuts"].values()],
        }

    def _cut(self, group: int, numbers: list[int], active: dict[int, int], inactive: dict[int, int]) -> list:
        """[group, form, proof where active, proof where not, [[other group, side], ...] that the proofs rely on]."""
        unit = self.side["unit"] - self.row_bits
        form = np.array([fmpq(x) * (fmpq(1 << unit) if unit >= 0 else fmpq(1, 1 << -unit)) for x in numbers], dtype=object)
        form[:-1] /= self.radius  # from the coordinates xi of the box, z = middle + radius xi, to z
        form[-1] -= (form[:-1] * self.middle).sum()
        relied: dict[int, bool] = {}
        for row in [*active, *inactive]:
            for rows, side in ((self.plus, True), (self.minus, False)):
                if row in rows and row - rows.start != group:
                    relied[row - rows.start] = side
        place = {g: self.held + 1 + n for n, g in enumerate(relied)}

        def proof(weights: dict[int, int]) -> list:
            out = []
            for row, number in weights.items():
                if row in self.slack:
                    place_of = self.facets[row - self.slack.start]
                else:
                    g = row - (self.plus if row in self.plus else self.minus).start
                    place_of = self.held if g == group else place[g]
                out.append([place_of, *self._weight(row, number)])
            return out

        return [group, texts(form), proof(active), proof(inactive), [[g, side] for g, side in relied.items()]]

    def _leaf(self, decided: list, weights: dict[int, int], numbers: dict[int, int]) -> dict[str, Any]:
        """A leaf's multipliers by what they weigh; rest and errors follow from the others."""
        out: dict[str, Any] = {"cuts": [], "pairs": [], "singles": [], "rows": []}
        place = {g: self.held + n for n, (g, _) in enumerate(decided)}
        for row, number in weights.items():
            entry = self._weight(row, number)
            if row in numbers:
                out["cuts"].append([numbers[row], *entry])
            elif row in self.pair[0] or row in self.pair[1]:
                out["pairs"].append([(row - self.pair[0].start) % len(self.pairs), *entry])
            elif row in self.single:
                out["singles"].append([self.side["singles"][row - self.single.start], *entry])
            elif row in self.slack:
                out["rows"].append([self.facets[row - self.slack.start], *entry])
            elif row in self.plus or row in self.minus:
                out["rows"].append([place[row - (self.plus if row in self.plus else self.minus).start], *entry])
        return out


def nested(leaves: list[tuple[list, Any]], depth: int = 0) -> Any:
    """The leaves (decisions, leaf) of a binary tree as [group, part where it is active, part where not], or the leaf itself."""
    if len(leaves[0][0]) == depth:
        return leaves[0][1]
    group = leaves[0][0][depth][0]
    return [group, *(nested([leaf for leaf in leaves if leaf[0][depth][1] is side], depth + 1) for side in (True, False))]
