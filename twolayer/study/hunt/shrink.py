"""Shrinking: the smallest instance, in rationals, that still fails for the same reason.

Small means, in this order: few coordinates, few outputs, few nodes, a box, few facets, short numbers. Each round proposes
every simplification of one kind or number, alone or with the students' fan-outs fitted anew, throws out in floats what
cannot fail, and takes the smallest that the exact judge accepts, until none is left.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np

from .candidates import Batch, Draft, batch, near
from .floats import fitted, seen

COARSE = (0.5, 0.3, 0.1, 0.03)  # relative distances of the simpler numbers that are tried
FINE = 1e-7  # relative distance within which a fitted fan-out is read as a rational
MOST_JUDGED = 25  # exact judgements a round: what floats let through nearly always fails exactly
MOST_STEPS = 80  # simplifications in all; few take more than 40
NEGATIVE = 0.5  # a negative number is a little longer than its opposite

Arrays = tuple[np.ndarray, ...]


def length(x: Fraction) -> float:
    """Length of a number: 0 for 0, 2 for 1, and bits of numerator and (twice) denominator."""
    bits = math.log2(1 + abs(x.numerator)) + 2 * math.log2(x.denominator)
    return 0.0 if x == 0 else 1 + bits + NEGATIVE * (x < 0)


def cost(draft: Draft) -> tuple:
    """What shrinking lowers, lexicographically."""
    K, d = draft.W.shape
    slanted = any(sum(x != 0 for x in row) > 1 for row in draft.A)
    networks = sum(length(Fraction(x)) for array in (draft.W, draft.b, draft.V, draft.A) for x in array.flat)
    limits = sum(1 + length(Fraction(x)) for x in draft.c if x != 1)  # 1 is the limit that a reader expects
    return d, draft.V.shape[0], K, slanted, len(draft.A), networks + limits


def shrunk(
    draft: Draft, promising: Callable[[Batch], np.ndarray], accepted: Callable[[Draft], bool], deadline: float | None = None
) -> Draft:
    """Shrink a draft that is accepted as long as something smaller is.

    promising: (B,) bool, the float filter; accepted: the exact judge. Past the deadline, what has been reached.
    """
    for _ in range(MOST_STEPS):
        smaller = next(_accepted(draft, promising, accepted, deadline), None)
        if smaller is None or (deadline is not None and time.monotonic() > deadline):
            break
        draft = smaller
    return draft


def _accepted(draft: Draft, promising, accepted, deadline) -> Iterator[Draft]:
    now, proposals = cost(draft), list(simpler(draft))
    proposals = [other for other in [*proposals, *refitted(proposals)] if other.is_whole and cost(other) < now]
    kept = [other for group in _by_shape(proposals) for other, good in zip(group, promising(batch(group)), strict=True) if good]
    for other in sorted(kept, key=cost)[:MOST_JUDGED]:
        if deadline is not None and time.monotonic() > deadline:
            return
        if accepted(other):
            yield other


def _by_shape(drafts: list[Draft]) -> list[list[Draft]]:
    groups: dict[tuple, list[Draft]] = {}
    for draft in drafts:
        groups.setdefault((draft.W.shape, draft.V.shape, draft.A.shape, draft.teachers), []).append(draft)
    return list(groups.values())


def refitted(drafts: list[Draft]) -> list[Draft]:
    """The same drafts with the students' fan-outs moved, as little as possible, to where they fit the teacher."""
    out = []
    for group in _by_shape(drafts):
        floats = batch(group)
        start = floats.V[:, :, floats.teachers :]
        moved = fitted(floats, seen(floats), start, (start != 0).any(axis=2))[0].V
        for draft, V in zip(group, moved, strict=True):
            fan_outs = draft.V.copy()
            for index in np.ndindex(*V.shape):
                if index[1] >= draft.teachers:
                    fan_outs[index] = near(float(V[index]), FINE)
            out.append(replace(draft, V=fan_outs))
    return out


def simpler(draft: Draft) -> Iterator[Draft]:
    """Every simplification by one step: of the shape first, then of one number."""
    yield from _smaller(draft)
    yield from _boxed(draft)
    yield from _plain(draft)
    yield from _scaled(draft)
    for name in ("W", "b", "V", "A", "c"):
        array = getattr(draft, name)
        for index in np.ndindex(*array.shape):
            for value in shorter(Fraction(array[index])):
                yield _changed(draft, name, index, value)


def _changed(draft: Draft, name: str, index, value) -> Draft:
    array = getattr(draft, name).copy()
    array[index] = value
    return replace(draft, **{name: array})


def shorter(x: Fraction) -> list[Fraction]:
    """Simpler numbers near x, and 0 and 1 whatever x is."""
    near_ones = [near(x, relative) for relative in COARSE] if x != 0 else []
    values = {Fraction(0), Fraction(1), Fraction(-1), abs(x), Fraction(round(x)), *near_ones}
    return [value for value in values if value != x and (value == 1 or length(value) < length(x))]


def _smaller(draft: Draft) -> Iterator[Draft]:
    """Without a coordinate across the plane, an output, one or two nodes, a facet."""
    d, D, outputs, K, t = draft.W.shape[1], draft.A.shape[1], draft.V.shape[0], draft.V.shape[1], draft.teachers
    if d > D:
        yield replace(draft, W=draft.W[:, :D])
    for output in range(outputs if outputs > 1 else 0):
        yield replace(draft, V=np.delete(draft.V, output, axis=0))
    for gone in [*combinations(range(K), 1), *combinations(range(K), 2)]:
        left = t - sum(node < t for node in gone)
        if 0 < left < K - len(gone):
            W, b, V = (np.delete(draft.W, gone, axis=0), np.delete(draft.b, gone), np.delete(draft.V, gone, axis=1))
            yield replace(draft, W=W, b=b, V=V, teachers=left)
    for facet in range(len(draft.A)):
        yield replace(draft, A=np.delete(draft.A, facet, axis=0), c=np.delete(draft.c, facet))


def _boxed(draft: Draft) -> Iterator[Draft]:
    """On the box [-1, 1]^D, and on it with one side, or all, as wide as one of the limits says."""
    D = draft.A.shape[1]
    identity = np.eye(D, dtype=int).astype(object)
    A = np.concatenate([identity, -identity]) * Fraction(1)
    for width in {Fraction(1), *(Fraction(x) for x in draft.c if x > 0)}:
        for thin in range(D):
            c = np.array([Fraction(1)] * (2 * D), dtype=object)
            c[[thin, D + thin]] = width
            yield replace(draft, A=A, c=c)


def _plain(draft: Draft) -> Iterator[Draft]:
    """One node along an axis: active on half of a box [-1, 1]^D, on all of it, or nowhere."""
    for node in range(len(draft.W)):
        for axis in range(draft.W.shape[1]):
            for b in (0, 1, -1, 2):
                W, biases = draft.W.copy(), draft.b.copy()
                W[node] = [Fraction(int(axis == i)) for i in range(W.shape[1])]
                biases[node] = Fraction(b)
                yield replace(draft, W=W, b=biases)


def _scaled(draft: Draft) -> Iterator[Draft]:
    """The same functions or problems in other units: one node rescaled, all fan-outs, one facet, one axis reflected."""
    for node in range(len(draft.W)):
        for size in {abs(Fraction(x)) for x in draft.W[node] if x != 0}:
            W, b, V = draft.W.copy(), draft.b.copy(), draft.V.copy()
            W[node], b[node], V[:, node] = W[node] / size, b[node] / size, V[:, node] * size
            yield replace(draft, W=W, b=b, V=V)
            yield replace(draft, W=W, b=b)
    for size in {Fraction(x) for x in draft.V.flat if x != 0}:
        yield replace(draft, V=draft.V / size)
    for facet in range(len(draft.A)):
        for size in {abs(Fraction(x)) for x in draft.A[facet] if x != 0}:
            A, c = draft.A.copy(), draft.c.copy()
            A[facet], c[facet] = A[facet] / size, c[facet] / size
            yield replace(draft, A=A, c=c)
    for axis in range(draft.A.shape[1]):
        W, A = draft.W.copy(), draft.A.copy()
        W[:, axis], A[:, axis] = -W[:, axis], -A[:, axis]
        yield replace(draft, W=W, A=A)
