"""Candidates for a counterexample: many at once in floats, or one in rationals.

A candidate is both networks, a region of U, and U = the first D coordinates of a space with at most one more. Its numbers
are drawn from small rationals, its ingredients at random from those that make theorems about ridge functions hard: thin
and cut regions, observers that reach into a corner or nowhere, nodes on a hyperplane that is taken, rescaled nodes, nearly
parallel pairs, nodes that are active everywhere, negative and orthogonal fan-outs, weights that leave the plane.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from ...instances import Instance
from ...networks import TwoLayer, as_fractions
from ...regions import Polytope, Subspace

WEIGHTS = np.array([-2, -1, -1, -0.5, 0, 0, 0.5, 1, 1, 2])  # entries of a weight
OFFSETS = np.array([-1, -0.5, 0, 0, 0, 0.5, 1])  # biases of nodes that cross a region of size 1
FAN_OUTS = np.array([-2, -1, -1, -0.5, 0.5, 1, 1, 2])
SMALL = np.array([1 / 4, 1 / 10, 1 / 30, 1 / 100, 1 / 300, 1 / 1000])  # thicknesses, angles, corners, rescalings
ALWAYS = 4.0  # times the largest |w . x| on R: the bias of a node that is active on all of R
ORTHANTS_UP_TO = 4  # dimensions in which a diamond has few enough facets (2^D)

TEACHER_KINDS = ("crossing", "crossing", "crossing", "axis", "active", "parallel", "flipped", "across")
STUDENT_KINDS = ("crossing", "axis", "active", "active", "copied", "copied", "parallel", "flipped", "corner", "corner", "dead")


@dataclass(frozen=True, eq=False)
class Batch:
    """B candidates of one shape, in floats; the teacher's nodes come first.

    W (B, K, d)   b (B, K)   V (B, C, K)   weights, biases, fan-outs; d is D or D + 1
    A (B, m, D)   c (B, m)                 the region on U: the first D coordinates; a further one has range [-1, 1]
    teachers                               number of teacher nodes
    """

    W: np.ndarray
    b: np.ndarray
    V: np.ndarray
    A: np.ndarray
    c: np.ndarray
    teachers: int

    def __len__(self) -> int:
        return len(self.W)

    @property
    def plane(self) -> int:
        """D, the dimension of U."""
        return self.A.shape[2]

    def take(self, index) -> Batch:
        """The candidates at an index array or mask."""
        return Batch(self.W[index], self.b[index], self.V[index], self.A[index], self.c[index], self.teachers)

    def draft(self, i: int, relative: float) -> Draft:
        """Candidate i, each number the simplest rational within a relative distance."""
        W, b, V, A, c = (_simple(array[i], relative) for array in (self.W, self.b, self.V, self.A, self.c))
        return Draft(W, b, V, A, c, self.teachers)


@dataclass(frozen=True, eq=False)
class Draft:
    """One candidate in Fractions: a Batch without its first axis."""

    W: np.ndarray
    b: np.ndarray
    V: np.ndarray
    A: np.ndarray
    c: np.ndarray
    teachers: int

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """Weights, biases, fan-outs, rows and limits of the region."""
        return self.W, self.b, self.V, self.A, self.c

    @property
    def is_whole(self) -> bool:
        """True if every node has a weight and a fan-out: a node without one is none."""
        return all(any(w) for w in self.W) and all(any(v) for v in self.V.T)

    def instance(self, name: str) -> Instance:
        """The candidate as an instance. BadInput or ValueError where its region is flat, unbounded or missing."""
        d, D, t = self.W.shape[1], self.A.shape[1], self.teachers
        A, c = np.zeros((len(self.A), d), dtype=int).astype(object), self.c
        A[:, :D] = self.A
        if d > D:
            ends = np.zeros((2 * (d - D), d), dtype=int).astype(object)
            ends[: d - D, D:], ends[d - D :, D:] = np.eye(d - D, dtype=int), -np.eye(d - D, dtype=int)
            A, c = np.concatenate([A, ends]), np.concatenate([c, np.ones(2 * (d - D), dtype=int).astype(object)])
        teacher, student = (TwoLayer(self.W[s], self.b[s], self.V[:, s]) for s in (slice(t), slice(t, None)))
        plane = Subspace(as_fractions(np.eye(D, d, dtype=int)), as_fractions(np.zeros(d, dtype=int)))
        return Instance(teacher, student, Polytope(as_fractions(A), as_fractions(c)), plane, name=name)


def batch(drafts: list[Draft]) -> Batch:
    """Drafts of one shape in floats."""
    W, b, V, A, c = (np.stack(group).astype(float) for group in zip(*(draft.arrays for draft in drafts), strict=True))
    return Batch(W, b, V, A, c, drafts[0].teachers)


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """The rational with the smallest denominator in [low, high], 0 < low <= high.   Source: Stern-Brocot."""
    whole = -(-low.numerator // low.denominator)
    if whole <= high:
        return Fraction(whole)
    below = whole - 1
    return below + 1 / simplest(1 / (high - below), 1 / (low - below))


def near(x: float | Fraction, relative: float) -> Fraction:
    """The simplest rational within a relative distance < 1 of x; 0 only for |x| < 1e-9, which rounding leaves."""
    size = abs(Fraction(x))
    if size < Fraction(1, 10**9):
        return Fraction(0)
    slack = Fraction(relative)
    simple = simplest(size * (1 - slack), size * (1 + slack))
    return simple if x > 0 else -simple


def _simple(array: np.ndarray, relative: float) -> np.ndarray:
    out = np.empty(array.shape, dtype=object)
    for index, x in np.ndenumerate(array):
        out[index] = near(float(x), relative)
    return out


@dataclass(frozen=True)
class Shape:
    """Sizes of a candidate: dimension D of U, one coordinate more or none, nodes of both networks, outputs."""

    plane: int
    extra: int
    teachers: int
    students: int
    outputs: int


def drawn_shape(plane: int, nodes: int, rng: np.random.Generator) -> Shape:
    """Random sizes with at most `nodes` nodes in both networks together."""
    total = int(rng.integers(2, nodes + 1))
    teachers = int(rng.integers(1, total))
    return Shape(plane, int(rng.random() < 0.2), teachers, total - teachers, int(rng.choice([1, 1, 1, 2])))


def drawn(shape: Shape, count: int, rng: np.random.Generator) -> Batch:
    """Random candidates that share their ingredients and differ in their numbers; fan-outs of students are random too."""
    A, c, half = _region(shape.plane, count, rng)
    candidates = Batch(
        np.zeros((count, 0, shape.plane + shape.extra)), np.zeros((count, 0)), np.zeros((count, shape.outputs, 0)), A, c, 0
    )
    for node in range(shape.teachers + shape.students):
        candidates = _with_node(candidates, TEACHER_KINDS if node < shape.teachers else STUDENT_KINDS, half, rng)
    candidates = replace(candidates, teachers=shape.teachers)
    return _rescaled(candidates, rng) if rng.random() < 0.3 else candidates


def _region(plane: int, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(A, c, half-widths of the box around it): a box, perhaps thin, off-centre or cut; or a diamond."""
    half = np.ones((count, plane))
    kind = rng.choice(["box", "thin", "shifted", "cut", "diamond"])
    if kind == "diamond" and plane <= ORTHANTS_UP_TO:
        signs = np.array(np.meshgrid(*[[1, -1]] * plane)).reshape(plane, -1).T.astype(float)
        return np.tile(signs, (count, 1, 1)), np.ones((count, len(signs))), half
    if kind == "thin":
        half[:, rng.integers(plane)] = rng.choice(SMALL, count)
    A = np.tile(np.concatenate([np.eye(plane), -np.eye(plane)]), (count, 1, 1))
    c = np.concatenate([half, half], axis=1)
    if kind == "shifted":
        c[:, 0] += 1
        c[:, plane] = rng.choice([-1, -0.5, 0, 0.5], count)
        half[:, 0] = 2
    if kind == "cut":
        A = np.concatenate([A, rng.choice(WEIGHTS[WEIGHTS != 0], (count, 1, plane))], axis=1)
        c = np.concatenate([c, rng.choice([0.5, 1, 1.5], (count, 1))], axis=1)
    return A, c, half


def _with_node(candidates: Batch, kinds: tuple[str, ...], half: np.ndarray, rng: np.random.Generator) -> Batch:
    """One node more, of a random kind."""
    count, before, d = candidates.W.shape
    plane, outputs, kind = candidates.plane, candidates.V.shape[1], rng.choice(kinds)
    w = rng.choice(WEIGHTS, (count, d))
    if kind == "axis":
        w *= np.arange(d) == rng.integers(plane)
    w[:, 0] += (w[:, :plane] == 0).all(axis=1)  # a weight without a part on U is a kind of its own
    b, v = rng.choice(OFFSETS, count), rng.choice(FAN_OUTS, (count, outputs))
    v *= rng.random((count, outputs)) < (1.0 if outputs == 1 else 0.7)
    v[:, 0] += (v == 0).all(axis=1)
    reach = (np.abs(w[:, :plane]) * half).sum(axis=1)  # at least the largest |w . x| on R
    if kind == "active":
        b = np.ceil(ALWAYS * reach)
    elif kind == "dead":
        b = -np.ceil(ALWAYS * reach)
    elif kind == "corner":
        c = candidates.c[:, 0] if candidates.A.shape[1] == 2**plane and plane > 1 and (candidates.A[:, 0] != 0).all() else None
        b = rng.choice(SMALL, count) - (reach if c is None else np.abs(w[:, :plane]).max(axis=1))
    elif kind == "across" and d > plane:
        w[:, :plane], w[:, plane:] = 0, 1
    elif before and kind in ("parallel", "flipped", "copied"):
        other = rng.integers(before)
        w, b = candidates.W[:, other].copy(), candidates.b[:, other].copy()
        v = -candidates.V[:, :, other] if kind == "parallel" else v
        if kind == "parallel":
            w[:, :plane] += rng.choice(SMALL, (count, 1)) * rng.choice([-1, 0, 1], (count, plane))
        factor = -rng.choice([1.0, 1.0, 2.0], count) if kind == "flipped" else np.ones(count)
        w, b = w * factor[:, None], b * factor
    return Batch(
        np.concatenate([candidates.W, w[:, None]], axis=1),
        np.concatenate([candidates.b, b[:, None]], axis=1),
        np.concatenate([candidates.V, v[:, :, None]], axis=2),
        candidates.A,
        candidates.c,
        candidates.teachers,
    )


def _rescaled(candidates: Batch, rng: np.random.Generator) -> Batch:
    """The same functions with one node's weight s times as long and its fan-out 1/s times as large."""
    node, s = rng.integers(candidates.W.shape[1]), rng.choice(SMALL, len(candidates))
    W, b, V = candidates.W.copy(), candidates.b.copy(), candidates.V.copy()
    W[:, node] *= s[:, None]
    b[:, node] *= s
    V[:, :, node] /= s[:, None]
    return replace(candidates, W=W, b=b, V=V)
