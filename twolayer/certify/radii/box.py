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

from dataclasses import dataclass

import numpy as np

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
    weight = np.abs(n)
    h, radius = _alone(n, weight, o, mid, half, alpha)
    w = _shrunken(half, radius, alpha)
    reach = (weight * w).sum(axis=1)
    share = np.clip(np.divide(h, reach, out=np.zeros_like(h), where=reach > 0), -1, 1)
    return Proposal(mid - share[:, None] * w * np.sign(n), radius, np.full(len(radius), np.nan))


def in_cut_box(n, o, mid, half, alpha, q, s, ell) -> Proposal:
    """Largest shapes in boxes, each cut by a half-space q . z <= s."""
    n, q = np.broadcast_arrays(n, q)
    weight = np.abs(n)
    h, radius = _alone(n, weight, o, mid, half, alpha)
    with np.errstate(divide="ignore", invalid="ignore"):
        kinks = np.where(weight > 0, -q / n, np.inf)
    order = np.argsort(kinks, axis=1)
    kinks = np.take_along_axis(kinks, order, axis=1)
    last = np.count_nonzero(weight, axis=1) - 1
    half, alpha = np.broadcast_to(half, n.shape), np.broadcast_to(alpha, n.shape)
    heavy = np.take_along_axis(weight * half, order, axis=1)  # |n_j| w_j(r) = heavy - r light, sorted
    light = np.take_along_axis(weight * alpha, order, axis=1)
    level, far = s - (q * mid).sum(axis=1), np.broadcast_to(np.abs(mid) + half, n.shape)
    place, mu = np.zeros(len(n), dtype=int), np.full(len(n), np.nan)
    open_ = np.flatnonzero(radius >= 0)
    for _ in range(STEPS):
        if not len(open_):
            break
        r = radius[open_, None]
        total = np.cumsum(np.maximum(heavy[open_] - r * light[open_], 0.0), axis=1)
        k = np.minimum((total < 0.5 * (h[open_] + total[:, -1])[:, None]).sum(axis=1), last[open_])
        here = kinks[open_, k]
        gap = np.abs(q[open_] + here[:, None] * n[open_])
        spare, rate = level[open_] - here * h[open_] + (half[open_] * gap).sum(axis=1), (alpha[open_] * gap).sum(axis=1)
        terms = np.abs(q[open_]) + np.abs(here[:, None] * n[open_])
        size = np.abs(s[open_]) + np.abs(here * o[open_]) + (terms * far[open_]).sum(axis=1)
        rate = ell[open_] + np.where(rate > NOISE * (alpha[open_] * terms).sum(axis=1), rate, 0.0)  # q along n: rounding
        bound = _quotient(spare, rate, size)
        place[open_] = k
        lower = bound < radius[open_]
        open_, bound, here = open_[lower], bound[lower], here[lower]
        radius[open_], mu[open_] = bound, here
        open_ = open_[bound >= 0]  # below 0 nothing fits: mu shows it
    return Proposal(_vertex(n, q, h, mid, half, alpha, radius, order, place), radius, mu)


def _alone(n, weight, o, mid, half, alpha):
    """(n . mid + o, the largest radius in the box alone)."""
    h = (n * mid).sum(axis=1) + o
    alpha = np.broadcast_to(alpha, weight.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        faces = np.where(alpha > 0, half / alpha, np.where(half < 0, -np.inf, np.inf)).min(axis=1)
        spare, rate = (weight * half).sum(axis=1) - np.abs(h), (weight * alpha).sum(axis=1)
        through = _quotient(spare, rate, (weight * (np.abs(mid) + half)).sum(axis=1) + np.abs(o))
    return h, np.minimum(faces, through)


def _shrunken(half, radius, alpha):
    """What a shape leaves of a box's half widths for its centre; a radius that nothing feels (infinite) leaves all."""
    return np.maximum(half - np.where(np.isfinite(radius), np.maximum(radius, 0.0), 0.0)[:, None] * alpha, 0.0)


def _quotient(spare, rate, size):
    """spare / rate; where nothing feels the radius (rate 0) infinite, or -infinite if something is surely too short."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rate > 0, spare / rate, np.where(spare < -NOISE * size, -np.inf, np.inf))


def _vertex(n, q, h, mid, half, alpha, radius, order, place):
    """The point of the crease in the shrunken box with the smallest q . z: all coordinates but one at their ends.

    Coordinates before the chosen kink sit at one end, those after it at the other; the chosen one closes the equation.
    Coordinates along the crease (n_j = 0) follow q alone.
    """
    w = _shrunken(half, radius, alpha)
    weights = np.take_along_axis(np.abs(n) * w, order, axis=1)
    position = np.arange(n.shape[1])
    side = np.where(position < place[:, None], 1.0, -1.0)
    side[np.arange(len(n)), place] = 0.0
    rest, pivot = h - (side * weights).sum(axis=1), weights[np.arange(len(n)), place]
    side[np.arange(len(n)), place] = np.clip(np.divide(rest, pivot, out=np.zeros_like(rest), where=pivot > 0), -1, 1)
    signs = np.empty_like(side)
    np.put_along_axis(signs, order, side, axis=1)
    return mid - w * np.where(n == 0, np.sign(q), signs * np.sign(n))
