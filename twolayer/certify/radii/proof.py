"""Proofs about inscribed shapes from float centres: lower bounds on radii, and that nothing fits.

The centre of a proved shape is not the float vector z but the exact point of the crease next to it: z with the
coordinate `pivot` (that of the normal's largest entry n_p) replaced so that the equation holds. It moves by
t = |n . z + o| / |n_p|. The exact slack of a row a . x <= c at that point is therefore at least
    fl(c - a . z) - gamma_(k+8) (|c| + |a| . |z|) - |a_p| t,       k = number of nonzero entries of a,
and t at most (|fl(n . z + o)| + gamma_(d+8) (|n| . |z| + |o|)) / |n_p|, every number on the right a float of which the
exact one differs by a factor 1 + d, |d| <= u: k + 1 or d + 1 additions, one product, one rounding of each coefficient;
the few operations left are covered by the 5 or so spare units. A radius is slack less allowance over length, and the
length is bounded from above; ROUNDED pays for subtraction and division. The coordinate rows of a box need no sum:
fl(upper - z) is off by one rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import fmpq

from ... import exact
from ...restriction.restricted import Crease
from .facets import ABSOLUTE, ROUNDED, Facets, Line, gamma

PRECISE = 1e-10  # what floats may cost of a radius; where they cost more the radius is computed exactly


@dataclass(frozen=True, eq=False)
class Slacks:
    """Proved lower bounds on slacks at the exact centres, and what the exact slacks may be above them."""

    below: np.ndarray
    error: np.ndarray


def drift(n, o, pivot, centres) -> np.ndarray:
    """Upper bounds on t, the distance by which a float centre moves onto its crease.   n (..., d), centres (..., d)

    n, o and centres broadcast; pivot indexes n's last axis.
    """
    residual = np.abs((n * centres).sum(axis=-1) + o)
    size = (np.abs(n) * np.abs(centres)).sum(axis=-1) + np.abs(o)
    top = np.abs(np.take_along_axis(n, pivot[..., None], axis=-1)[..., 0])
    return (residual + gamma(n.shape[-1] + 8) * size + ABSOLUTE) / top * ROUNDED


def row_slacks(A, c, terms, move, pivot_entries, centres) -> Slacks:
    """Slacks of rows A (m, d) at centres (N, d) that move by `move` (N,); pivot_entries (N, m) or (m,).   -> (N, m)"""
    size = np.abs(c) + np.abs(centres) @ np.abs(A).T
    error = gamma(terms + 8) * size + np.abs(pivot_entries) * move[:, None] + ABSOLUTE
    return Slacks((c - centres @ A.T) - error, 2 * error)


def own_slacks(q, s, terms, move, pivot_entry, centres) -> Slacks:
    """Slacks of one row q . z <= s at each centre.   q (N, d), s (N,), centres (N, d) -> (N,)"""
    size = np.abs(s) + (np.abs(q) * np.abs(centres)).sum(axis=1)
    error = gamma(terms + 8) * size + np.abs(pivot_entry) * move + ABSOLUTE
    return Slacks(s - (q * centres).sum(axis=1) - error, 2 * error)


def quotients(slacks: Slacks, lengths, allowances=0.0) -> tuple[np.ndarray, np.ndarray]:
    """(below, above): lower bounds on (slack - allowance) / length, and floats above what floats can tell from them.

    allowances and lengths are upper bounds; where the length is 0 the row does not feel the radius: infinite, or
    -infinite if its slack may be below the allowance. Only `below` is a bound, `above` says how much it may have lost.
    """
    rest = slacks.below - allowances
    lost = slacks.error + gamma(8) * np.abs(allowances)
    rest = rest - gamma(8) * np.abs(allowances)
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.where(lengths > 0, rest / lengths, np.where(rest >= 0, np.inf, -np.inf))
        above = np.where(lengths > 0, (rest + lost) / lengths, np.inf)
    return np.where(below > 0, below / ROUNDED, below * ROUNDED), above * ROUNDED


def box_quotients(lower, upper, move, pivot, centres, lengths) -> tuple[np.ndarray, np.ndarray]:
    """The smallest of the quotients of all faces of a box, as `quotients` gives them.   (N, d) -> (N,), (N,)

    lower, upper rounded inward; lengths (d,) > 0, upper bounds on the lengths of the unit covectors. The coordinate
    `pivot` moves by `move`; the others stay where they are, so that a difference is off by one rounding.
    """
    shares = np.minimum(upper - centres, centres - lower) / lengths
    every = np.arange(len(shares))
    here = shares[every, pivot]
    lost = move / lengths[pivot] * ROUNDED + gamma(8) * np.abs(here) + ABSOLUTE
    shares[every, pivot] = here - lost
    below = shares.min(axis=1)
    shares[every, pivot] = here + lost
    above = shares.min(axis=1)
    return np.where(below > 0, below / ROUNDED, below * ROUNDED), above * ROUNDED


def misses_box(n, o, lower, upper) -> np.ndarray:
    """Proved: the crease has no point in the closed box (its ends correctly rounded, in either direction).   -> (N,)"""
    middle = (n * (lower + upper)).sum(axis=-1) / 2 + o
    reach = (np.abs(n) * (upper - lower)).sum(axis=-1) / 2
    size = (np.abs(n) * np.maximum(np.abs(lower), np.abs(upper))).sum(axis=-1) + np.abs(o)
    return np.abs(middle) - reach > gamma(2 * n.shape[-1] + 24) * 2 * size + ABSOLUTE


def misses_cut_box(n, o, lower, upper, q, s, mu) -> np.ndarray:
    """Proved by a multiplier mu: no point of the closed box on the crease has q . z <= s.   -> (N,)

    On the crease q . z = (q + mu n) . z + mu o, at least its smallest value over the box.
    """
    v = q + mu[:, None] * n
    least = (np.where(v >= 0, lower, upper) * v).sum(axis=1) + mu * o
    largest = np.maximum(np.abs(lower), np.abs(upper))
    size = ((np.abs(q) + np.abs(mu)[:, None] * np.abs(n)) * largest).sum(axis=1) + np.abs(mu * o) + np.abs(s)
    with np.errstate(invalid="ignore"):
        return least - s > gamma(2 * n.shape[1] + 24) * 2 * size + ABSOLUTE


def misses_rows(line: Line, facets: Facets, multipliers, lower, upper) -> np.ndarray:
    """Proved by multipliers y >= 0 (N, m) of the rows: the crease has no point in {A z <= c} inside a box.   -> (N,)

    With w = A^T y - mu n and any mu, every point has y . c + mu o - w . z >= 0; over the box the left side is at most
    y . c + mu o - sum_j min(w_j lower_j, w_j upper_j).
    """
    y = np.maximum(multipliers, 0.0)
    combined = y @ facets.A
    mu = combined[:, line.pivot] / line.normal[line.pivot]
    w = combined - mu[:, None] * line.normal
    most = y @ facets.c + mu * line.offset - np.minimum(w * lower, w * upper).sum(axis=1)
    sizes = y @ np.abs(facets.A) + np.abs(mu)[:, None] * np.abs(line.normal)
    size = y @ np.abs(facets.c) + np.abs(mu * line.offset) + sizes @ np.maximum(np.abs(lower), np.abs(upper))
    return most < -gamma(y.shape[1] + 2 * facets.A.shape[1] + 24) * 2 * size - ABSOLUTE


def on_crease(crease: Crease, pivot: int, centre: np.ndarray) -> np.ndarray:
    """The exact point of a crease next to exact z: its coordinate `pivot` moved.   (d,) fmpq -> (d,) fmpq"""
    out, normal = np.array(centre, dtype=object), crease.normal
    rest: fmpq = crease.offset + (normal * out).sum()
    out[pivot] -= rest / normal[pivot]
    return out


def exact_centre(crease: Crease, pivot: int, centre: np.ndarray) -> np.ndarray:
    """The exact point of a crease next to a float z.   (d,) -> (d,) fmpq"""
    return on_crease(crease, pivot, exact.rationals(centre))
