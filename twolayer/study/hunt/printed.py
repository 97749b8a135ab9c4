"""The printed statements on many candidates at once, in floats: both sides of every row, and the hypothesis that heals it.

A filter for the exact judge, which has the last word; where the two disagree a candidate is lost, nothing else. Theorem 2's and
Corollary 1's boundaries have to cross the interior of R: one that lies in a facet would refute them by a quibble.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ...statements import corollary1, theorem2
from .candidates import Batch
from .floats import TOUCH, Seen, lengths, observed, room, sines, teacher_mass

UNKNOWN = ""  # healed by no single hypothesis
LARGEST_NORM = 1e6  # of Q^-1: beyond it Q counts as singular
CROSSING = 1e-4  # a boundary crosses the interior of R if points of it are this far inside: less than candidates are thin


@dataclass(frozen=True, eq=False)
class Rows:
    """Both sides of the rows of a batch, in floats.   measured, bound, applies: (B, n); reason: (B, n) of strings"""

    measured: np.ndarray
    bound: np.ndarray
    applies: np.ndarray
    reason: np.ndarray

    @property
    def fails(self) -> np.ndarray:
        """Rows that look like counterexamples.   (B, n)"""
        return self.applies & (self.measured > self.bound * (1 + TOUCH) + TOUCH)

    @property
    def ratio(self) -> np.ndarray:
        """measured / bound; 0 where the row does not apply, infinite above a bound that is not positive.   (B, n)"""
        above = np.where(self.measured - self.bound > TOUCH, np.inf, 0.0)
        value = np.divide(self.measured, self.bound, out=above, where=self.bound > TOUCH)
        return np.where(self.applies, value, 0.0)


def together(rows: Sequence[Rows]) -> Rows:
    """Rows side by side."""
    return Rows(
        *(np.stack([getattr(row, name) for row in rows], axis=1) for name in ("measured", "bound", "applies", "reason"))
    )


def printed_sine(D: int, radius, nodes: int, epsilon, scale) -> np.ndarray:
    """M K eps / alpha where the radius is positive and alpha is not 0, else infinite."""
    radius, scale = np.broadcast_arrays(radius, scale)
    proper = (radius > TOUCH) & (np.abs(scale) > TOUCH**2)
    below = np.where(proper, radius, 1.0) * np.where(proper, scale, 1.0)
    return np.where(proper, 10 * math.sqrt(D / (2 * math.pi)) * nodes * epsilon / below, np.inf)


def healing(order: tuple[str, ...], heals: dict[str, np.ndarray]) -> np.ndarray:
    """The first single hypothesis that heals a row; UNKNOWN where none does alone.   -> (B,) of strings"""
    return np.select([heals[name] for name in order], list(order), default=UNKNOWN).astype(object)


def printed_theorem_1(batch: Batch, view: Seen) -> Rows:
    """Theorem 1's rows: measured is the sine to the best student with lambda > 0, the bound 0, eps has to vanish."""
    t, D, K = batch.teachers, batch.plane, batch.W.shape[1]
    P, students = batch.W[:, :, :D], range(t, K)
    vanishing = np.asarray(view.epsilon <= TOUCH).all(axis=1)
    rows = []
    for j in range(t):
        constant = lengths(P[:, j]) <= TOUCH
        sine, cosine = sines(P, j)
        measured = np.where(cosine > TOUCH, sine, 1.0)[:, t:].min(axis=1)
        blank = (lengths(P[:, t:]) <= TOUCH).any(axis=1)
        measured = np.where(constant, np.where(blank, 0.0, 1.0), measured)
        enters = np.stack([view.alive[:, k - t] & (room(batch, j, k, 1e-6) > 1e-6) for k in students], axis=1)
        alpha = (batch.V[:, :, j, None] * batch.V[:, :, t:]).sum(axis=1)
        kinks = np.abs(teacher_mass(batch, j))
        reason = np.select(
            [
                constant,
                ~enters.any(axis=1),
                ~(enters & (np.abs(alpha) > TOUCH)).any(axis=1),
                ~(enters & (kinks > TOUCH)).any(axis=1),
            ],
            ["norm", "region", "alpha", "shared-hyperplane"],
            default="sign",
        ).astype(object)
        sees = np.stack([observed(batch, j, k) for k in students], axis=1).any(axis=1)
        rows.append(Rows(measured, np.zeros(len(batch)), np.asarray(vanishing & sees), reason))
    return together(rows)


def printed_theorem_2(batch: Batch, view: Seen) -> Rows:
    """Theorem 2's rows for all (teacher, observer) pairs."""
    t, D, K = batch.teachers, batch.plane, batch.W.shape[1]
    P, epsilon = batch.W[:, :, :D], view.epsilon.max(axis=1)
    rows = []
    for j in range(t):
        size, (sine, _), radius = lengths(P[:, j]), sines(P, j), room(batch, j)
        crosses = room(batch, j, None, CROSSING) > CROSSING
        measured = sine[:, t:].min(axis=1)
        other = np.where(sine <= TOUCH, 1.0, sine).min(axis=1)  # a parallel one is counted as none
        for k in range(t, K):
            alpha = (batch.V[:, :, j] * batch.V[:, :, k]).sum(axis=1)
            q = 5 * epsilon / np.maximum(np.abs(alpha), TOUCH)
            longer = q / np.maximum(size, TOUCH)

            def bound(space, scale, epsilon=epsilon):
                return printed_sine(D, space, K, epsilon, scale)

            plain = bound(radius - q, alpha)
            seeing = np.where(view.alive[:, k - t], room(batch, j, k), -1.0) - q
            heals = {
                "sign": measured <= bound(radius - q, np.abs(alpha)),
                "norm": measured <= bound(radius - longer, alpha * size),
                "region": measured <= bound(seeing, alpha),
                "thickness": measured <= bound(room(batch, j, None, q), alpha),
                "student": np.minimum(measured, other) <= plain,
            }
            applies = (size > TOUCH) & (np.abs(alpha) > TOUCH) & (radius - q > TOUCH) & observed(batch, j, k) & crosses
            rows.append(Rows(measured, plain, applies, healing(theorem2.HEALERS, heals)))
    return together(rows)


def printed_corollary_1(batch: Batch, view: Seen) -> Rows:
    """Corollary 1's rows for every student and every set of observers (the checker reports the best set only)."""
    t, D, K, C = batch.teachers, batch.plane, batch.W.shape[1], batch.V.shape[1]
    P, epsilon, rows = batch.W[:, :, :D], view.epsilon.max(axis=1), []
    for k in range(t, K):
        size, (sine, _), radius = lengths(P[:, k]), sines(P, k), room(batch, k)
        crosses = room(batch, k, None, CROSSING) > CROSSING
        distance = np.delete(sine, k, axis=1).min(axis=1)
        measured, tried = lengths(batch.V[:, :, k]), []
        for observers in combinations([m for m in range(t, K) if m != k], C):
            alpha = np.abs((batch.V[:, :, k, None] * batch.V[:, :, observers]).sum(axis=1)).min(axis=1)
            norm = inverse_norm(batch.V[:, :, observers])
            sees = np.stack([observed(batch, k, m) for m in observers]).all(axis=0)
            q = 5 * epsilon / np.maximum(alpha, TOUCH)

            def bound(space, scale=1.0, norm=norm, distance=distance):
                return norm * printed_sine(D, space, K, epsilon, distance * scale)

            seeing = np.min([np.where(view.alive[:, m - t], room(batch, k, m), -1.0) for m in observers], axis=0)
            heals = {
                "norm": measured <= math.sqrt(C) * bound(radius - q / np.maximum(size, TOUCH), size),
                "region": measured <= bound(seeing - q),
                "thickness": measured <= bound(room(batch, k, None, q)),
            }
            applies = crosses & sees & (norm < LARGEST_NORM) & (radius - q > TOUCH)
            for size_of in (size, distance, alpha):
                applies = applies & (size_of > TOUCH)
            tried.append(Rows(measured, bound(radius - q), applies, healing(corollary1.HEALERS, heals)))
        if tried:
            every = together(tried)
            best = np.where(every.applies, every.bound, np.inf).argmin(axis=1)[:, None]
            rows.append(
                Rows(
                    *(
                        np.take_along_axis(getattr(every, name), best, axis=1)[:, 0]
                        for name in ("measured", "bound", "applies", "reason")
                    )
                )
            )
    if not rows:
        nothing = np.zeros((len(batch), 1))
        return Rows(nothing, nothing, nothing > 0, np.full(nothing.shape, UNKNOWN, dtype=object))
    return together(rows)


def inverse_norm(Q: np.ndarray) -> np.ndarray:
    """|Q^-1|_1, 1e9 where Q is singular.   (B, C, C) -> (B,)"""
    proper = np.abs(np.linalg.det(Q)) > TOUCH
    safe = np.where(proper[:, None, None], Q, np.eye(Q.shape[1]))
    return np.where(proper, np.abs(np.linalg.inv(safe)).sum(axis=1).max(axis=1), 1 / TOUCH)
