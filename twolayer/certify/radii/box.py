"""The largest shape around a crease in a box, or in a box cut by one half-space: a dual in one variable, in floats.

A shape of radius r with centre z fits into the box if |z_j - mid_j| <= half_j - r alpha_j =: w_j(r) for every j, and
into the half-space q . z <= s if q . z + r ell <= s. On the crease n . z + o = 0, with h = n . mid + o:
    box alone       r <= min_j half_j / alpha_j   and   |h| <= sum_j |n_j| w_j(r):   closed
    and half-space  N(mu) - r D(mu) >= 0 for every multiplier mu of the crease, where
                    N = s - q . mid - mu h + sum_j half_j |q_j + mu n_j|,   D = ell + sum_j alpha_j |q_j + mu n_j|.
The kinks mu_j = - q_j / n_j do not depend on r: they are sorted once. For fixed r the worst mu is a weighted median of
them, and r <- N(mu) / D(mu) (Newton's method for a smallest quotient, Dinkelbach) falls to the largest r in a few steps.

Nothing here is proved: these are proposals. What is proved is in `radii`, from a centre or a multiplier alone.
Arrays: n, q, mid, half, alpha (P, d) or broadcastable to it; o, s, ell (P,).   Source: certify notes, inscribed balls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..compiled import compiled

NOISE = 1e-13  # share of the terms that rounding may leave of a difference: a crease in a face is not called outside
STEPS = 50  # Newton steps; two to six happen


@dataclass(frozen=True, eq=False)
class Proposal:
    """Centres (P, d), radii (P,), negative where nothing fits, and multipliers mu (P,), NaN where the box decides."""

    centre: np.ndarray
    radius: np.ndarray
    mu: np.ndarray


def in_box(n, o, mid, half, alpha) -> Proposal:
    """Largest shapes in boxes."""
    n, mid, half, alpha, o = _shaped((n, mid, half, alpha), (o,))
    centre, radius = np.empty(n.shape), np.empty(len(n))
    _in_boxes(n, o, mid, half, alpha, centre, radius)
    return Proposal(centre, radius, np.full(len(radius), np.nan))


def in_cut_box(n, o, mid, half, alpha, q, s, ell) -> Proposal:
    """Largest shapes in boxes, each cut by a half-space q . z <= s."""
    n, mid, half, alpha, q, o, s, ell = _shaped((n, mid, half, alpha, q), (o, s, ell))
    centre, radius, mu = np.empty(n.shape), np.empty(len(n)), np.empty(len(n))
    _in_cut_boxes(n, o, mid, half, alpha, q, s, ell, centre, radius, mu)
    return Proposal(centre, radius, mu)


def _shaped(vectors: tuple, numbers: tuple) -> tuple[np.ndarray, ...]:
    """All vectors as (P, d), all numbers as (P,), of one kind, for which loops are compiled once: contiguous and writable."""
    shape = vectors[0].shape
    if any(x.shape != shape for x in vectors) or any(x.shape != shape[:1] for x in numbers):
        shape = np.broadcast_shapes(*(x.shape for x in vectors), *((*x.shape, 1) for x in numbers))
    each = (*((x, shape) for x in vectors), *((x, shape[:1]) for x in numbers))
    return tuple(
        x if x.shape == size and x.flags.carray else np.array(np.broadcast_to(x, size), dtype=float) for x, size in each
    )


@compiled
def _in_boxes(n, o, mid, half, alpha, centre, radius):
    for p in range(len(n)):
        h, radius[p] = _alone(n[p], o[p], mid[p], half[p], alpha[p])
        reach = 0.0
        for j in range(n.shape[1]):
            reach += abs(n[p, j]) * _left(half[p, j], radius[p], alpha[p, j])
        share = min(max(h / reach, -1.0), 1.0) if reach > 0 else 0.0
        for j in range(n.shape[1]):
            centre[p, j] = mid[p, j] - share * _left(half[p, j], radius[p], alpha[p, j]) * np.sign(n[p, j])


@compiled
def _in_cut_boxes(n, o, mid, half, alpha, q, s, ell, centre, radius, mu):
    kinks, share = np.empty(n.shape[1]), np.empty(n.shape[1])
    for p in range(len(n)):
        for j in range(n.shape[1]):
            kinks[j] = -q[p, j] / n[p, j] if abs(n[p, j]) > 0 else np.inf
        order = np.argsort(kinks, kind="mergesort")
        h, radius[p] = _alone(n[p], o[p], mid[p], half[p], alpha[p])
        radius[p], mu[p], place = _cut(n[p], o[p], mid[p], half[p], alpha[p], q[p], s[p], ell[p], h, radius[p], kinks, order)
        _vertex(n[p], q[p], h, mid[p], half[p], alpha[p], radius[p], order, place, share, centre[p])


@compiled
def _alone(n, o, mid, half, alpha):
    """(n . mid + o, the largest radius in the box alone)."""
    h, faces, spare, rate, size = o, np.inf, 0.0, 0.0, abs(o)
    for j in range(len(n)):
        h += n[j] * mid[j]
        spare += abs(n[j]) * half[j]
        rate += abs(n[j]) * alpha[j]
        size += abs(n[j]) * (abs(mid[j]) + half[j])
        if alpha[j] > 0:
            faces = min(faces, half[j] / alpha[j])
        elif half[j] < 0:
            faces = -np.inf
    return h, min(faces, _quotient(spare - abs(h), rate, size))


@compiled
def _cut(n, o, mid, half, alpha, q, s, ell, h, radius, kinks, order):
    """(the largest radius, its multiplier, the place of its kink in their order), from the radius in the box alone."""
    d, level, last = len(n), s, -1
    for j in range(d):
        level -= q[j] * mid[j]
        last += abs(n[j]) > 0
    mu, place = np.nan, 0
    for _ in range(STEPS):
        if not radius >= 0:  # below 0 nothing fits: mu shows it
            break
        total = 0.0
        for j in range(d):
            total += abs(n[j]) * max(half[j] - radius * alpha[j], 0.0)
        k, sofar = 0, 0.0
        for m in order:  # a weighted median of the kinks
            sofar += abs(n[m]) * max(half[m] - radius * alpha[m], 0.0)
            if not sofar < 0.5 * (h + total):
                break
            k += 1
        k = min(k, last)
        here = kinks[order[k]]
        spare, rate, terms, size = level - here * h, 0.0, 0.0, abs(s) + abs(here * o)
        for j in range(d):
            gap, term = abs(q[j] + here * n[j]), abs(q[j]) + abs(here * n[j])
            spare += half[j] * gap
            rate += alpha[j] * gap
            terms += alpha[j] * term
            size += term * (abs(mid[j]) + half[j])
        bound = _quotient(spare, ell + (rate if rate > NOISE * terms else 0.0), size)  # q along n: rounding
        place = k
        if not bound < radius:
            break
        radius, mu = bound, here
    return radius, mu, place


@compiled
def _left(half, radius, alpha):
    """What a shape leaves of a half-width for its centre; a radius that nothing feels (infinite) leaves all."""
    return max(half - (max(radius, 0.0) if math.isfinite(radius) else 0.0) * alpha, 0.0)


@compiled
def _quotient(spare, rate, size):
    """spare / rate; where nothing feels the radius (rate 0) infinite, or -infinite if something is surely too short."""
    if rate > 0:
        return spare / rate
    return -np.inf if spare < -NOISE * size else np.inf


@compiled
def _vertex(n, q, h, mid, half, alpha, radius, order, place, side, centre):
    """The point of the crease in the shrunken box with the smallest q . z: all coordinates but one at their ends.

    Coordinates before the chosen kink sit at one end, those after it at the other; the chosen one closes the equation.
    Coordinates along the crease (n_j = 0) follow q alone. side (d,) is a place to work in, centre (d,) the result.
    """
    rest = h
    for k in range(len(n)):
        side[k] = 1.0 if k < place else -1.0
        if k != place:
            rest -= side[k] * abs(n[order[k]]) * _left(half[order[k]], radius, alpha[order[k]])
    pivot = abs(n[order[place]]) * _left(half[order[place]], radius, alpha[order[place]])
    side[place] = min(max(rest / pivot, -1.0), 1.0) if pivot > 0 else 0.0
    for k in range(len(n)):
        m = order[k]
        sign = np.sign(q[m]) if n[m] == 0 else side[k] * np.sign(n[m])
        centre[m] = mid[m] - _left(half[m], radius, alpha[m]) * sign
