"""Paired form of a ridge sum: nearly parallel creases written around a common one, so that cancellation is exact.

A trained student nearly copies its teacher, so h is the tiny difference of terms of size 1, and a bound that treats
the terms one by one is lost. Here every crease z_i (an affine function; its node is relu(z_i)) belongs to a group with
a reference z_g, z_i = a_i z_g + e_i with a_i > 0, and

    h = sum over groups [ C_g relu(z_g) + sum over partners i of c_i D_i ] + affine,   C_g = c_g + sum c_i a_i,
    D_i = relu(a_i z_g + e_i) - a_i relu(z_g),   which always lies between 0 and e_i.

All of it is computed in rationals and rounded once: C_g, e_i and the affine rest are small where h is small, and carry
a relative error of one unit each. Coordinates are those of the unit cube: point = centre + half * w, |w_j| <= 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from flint import fmpq

from ... import exact
from ...restriction.domains import Domain
from ...restriction.ridges import RidgeSum, alone, canonical

NEARLY_PARALLEL = 0.3  # largest |e_i| over the cube, relative to z_i, for a partner; beyond it pairing gains nothing
CLOSEST = -14  # 10**CLOSEST: pairs this close are noise of the float distances; they are grouped first
CUTS = 1e-12  # a row that cuts less than this share off the cube is left out: upper bounds over a superset are sound


class Floats(NamedTuple):
    """The paired form in float64, each number correctly rounded; what the compiled bounds read.

    Creases are sorted by group, the reference first: group g has the creases first[g] .. first[g + 1] - 1. An
    affine function is a row of d + 2 numbers: coefficients, constant, and the sum of their absolute values,
    its size on the cube.

    first (G + 1,);  c (n,): C_g for a reference, c_i for a partner;  ratio (n,): a_i, exact (1 for a
    reference)
    Z (n, d + 2): the creases z_i;  E (n, d + 2): e_i (0 for a reference)
    S (G, d + 2): the group's function where all its creases are on;  rest (1, d + 2): the affine rest
    A (m, d + 2): the region is {A <= 0}; only rows that cut the cube
    """

    first: np.ndarray
    c: np.ndarray
    ratio: np.ndarray
    Z: np.ndarray
    E: np.ndarray
    S: np.ndarray
    rest: np.ndarray
    A: np.ndarray


@dataclass(frozen=True, eq=False)
class Paired:
    """2**-exponent h on the unit cube of a domain's box, in paired form.

    floats           what the bounds read
    centre, half     (d,) fmpq: point = centre + half * w
    exponent         h is divided by 2**exponent, so that its terms have size about 1
    creases          (ridge, factor): crease i is z_i = factor * (P_ridge . z + beta_ridge), factor = +-2**k,
    an fmpq
    """

    floats: Floats
    centre: np.ndarray
    half: np.ndarray
    exponent: int
    creases: tuple[tuple[int, fmpq], ...]

    def point(self, w: np.ndarray) -> np.ndarray:
        """The exact point of a float point of the cube.   (d,) -> (d,) fmpq"""
        return self.centre + self.half * exact.rationals(w)


def paired(h: RidgeSum, region: Domain) -> Paired:
    """The paired form of h on the box around a region."""
    centre, half = (region.lower + region.upper) / 2, (region.upper - region.lower) / 2
    P, beta = h.P * half, (h.P * centre).sum(axis=1) + h.beta
    slope, offset = h.slope * half, h.offset + (h.slope * centre).sum()
    A, limit = region.A * half, region.c - (region.A * centre).sum(axis=1)
    rows = h.floats, region.floats
    single = alone(np.concatenate([rows[0].P, rows[1].A]), np.concatenate([rows[0].beta, -rows[1].c]))
    ridge, scale, c, slope, offset = _merged(P, beta, h.c, slope, offset, single, _signs(A, limit))
    Z, zeta = P[ridge] * scale[:, None], beta[ridge] * scale
    exponent = exact.exponent(abs(c).sum() + abs(slope).sum() + abs(offset))
    shrink = exact.two_to(-exponent)
    c, slope, offset = c * shrink, slope * shrink, offset * shrink
    order, first, ratio = _groups(exact.nearest(Z), exact.nearest(zeta), exact.nearest(c))
    Z, zeta, c, scale, ridge = Z[order], zeta[order], c[order], scale[order], [ridge[i] for i in order]
    E, e = exact.zeros(*Z.shape), exact.zeros(len(Z))
    S, sigma = exact.zeros(len(first) - 1, len(slope)), exact.zeros(len(first) - 1)
    for g, r in enumerate(first[:-1]):
        for i in range(r + 1, first[g + 1]):
            if ratio[i] < 0:  # relu(z) = z + relu(-z)
                slope, offset = slope + c[i] * Z[i], offset + c[i] * zeta[i]
                Z[i], zeta[i], scale[i], ratio[i] = -Z[i], -zeta[i], -scale[i], -ratio[i]
            a = exact.rational(ratio[i])
            E[i], e[i] = Z[i] - a * Z[r], zeta[i] - a * zeta[r]
            c[r] += c[i] * a
            S[g], sigma[g] = S[g] + c[i] * E[i], sigma[g] + c[i] * e[i]
        S[g], sigma[g] = S[g] + c[r] * Z[r], sigma[g] + c[r] * zeta[r]
    cuts = [m for m in range(len(A)) if limit[m] < (1 - exact.rational(CUTS)) * abs(A[m]).sum()]
    shorten = np.array([exact.two_to(-exact.exponent(abs(A[m]).sum())) for m in cuts], dtype=object)
    A, alpha = A[cuts] * shorten[:, None], -limit[cuts] * shorten
    floats = Floats(
        first,
        exact.nearest(c),
        ratio,
        _rows(Z, zeta),
        _rows(E, e),
        _rows(S, sigma),
        _rows(slope[None, :], np.array([offset], dtype=object)),
        _rows(A, alpha),
    )
    return Paired(floats, centre, half, exponent, tuple(zip(ridge, scale, strict=True)))


def lonely(h: RidgeSum, region: Domain) -> float:
    """The share of the ridges without a near copy, of either orientation, on the box around a region."""
    middle, radius = (region.floats.upper + region.floats.lower) / 2, (region.floats.upper - region.floats.lower) / 2
    rows = np.concatenate([h.floats.P * radius, (h.floats.beta + h.floats.P @ middle)[:, None]], axis=1)
    size = np.abs(rows).sum(axis=1)
    rows = rows[size > 0] / size[size > 0, None]
    count = 0
    for i, row in enumerate(rows):
        others = np.delete(rows, i, axis=0)
        distance = np.minimum(np.abs(others - row).sum(axis=1), np.abs(others + row).sum(axis=1))
        count += distance.min(initial=np.inf) > NEARLY_PARALLEL
    return count / max(len(rows), 1)


def _signs(A: np.ndarray, limit: np.ndarray) -> dict[tuple, int]:
    """Hyperplanes that bound the region -> the sign of their canonical function on it."""
    keys = [canonical(-a, b) for a, b in zip(A, limit, strict=True) if not exact.is_zero(a)]
    return {key: 1 if scale > 0 else -1 for key, scale in keys}


def _merged(P, beta, c, slope, offset, single, signs):
    """One ridge per hyperplane that can change sign in the cube and the region; all else joins the affine
    part.

    single (at least n,): ridges on a hyperplane that is surely no other's, and no row's either.
    Returns the index of a ridge on each hyperplane, the power of two that brings its size into (1/2, 2), its
    mass in units of that function, and the affine part.
    """
    hyperplanes: dict[Any, list] = {}
    for i in range(len(c)):
        radius = abs(P[i]).sum()
        if c[i] == 0 or beta[i] <= -radius:
            continue
        if beta[i] >= radius:
            slope, offset = slope + c[i] * P[i], offset + c[i] * beta[i]
            continue
        if single[i]:
            unit = exact.two_to(-exact.exponent(radius))
            hyperplanes[i] = [i, exact.ONE, c[i] / unit, unit]
            continue
        key, scale = canonical(P[i], beta[i])
        sign = signs.get(key, 0) * (1 if scale > 0 else -1)
        if sign > 0:
            slope, offset = slope + c[i] * P[i], offset + c[i] * beta[i]
        elif sign == 0:
            if key not in hyperplanes:
                hyperplanes[key] = [i, scale, exact.ZERO, exact.two_to(-exact.exponent(radius))]
            entry = hyperplanes[key]
            share = scale / entry[1]
            entry[2] += c[i] * abs(share) / entry[3]
            if share < 0:
                slope, offset = slope + c[i] * P[i], offset + c[i] * beta[i]
    kept = [entry for entry in hyperplanes.values() if entry[2] != 0]
    scales, masses = exact.zeros(len(kept)), exact.zeros(len(kept))
    for k, entry in enumerate(kept):
        masses[k], scales[k] = entry[2], entry[3]
    return [entry[0] for entry in kept], scales, masses, slope, offset


def _groups(Z: np.ndarray, beta: np.ndarray, c: np.ndarray) -> tuple[list[int], np.ndarray, np.ndarray]:
    """(order of the creases, first of each group, ratio a_i in that order): closest pairs first, then wider
    and wider.

    At each threshold the reference that gathers the largest mass of close creases wins; a group keeps its
    reference, so that a loose partner never undoes the cancellation of a close one.   (n, d), (n,), (n,) ->
    n, (G + 1,), (n,)
    """
    n = len(c)
    rows = np.concatenate([Z, beta[:, None]], axis=1)
    ratio = (rows @ rows.T) / (rows**2).sum(axis=1)[None, :]  # z_i is about ratio[i, j] z_j
    far = np.abs(rows[:, None, :] - ratio[:, :, None] * rows[None, :, :]).sum(axis=2)
    np.fill_diagonal(far, np.inf)
    reference = np.full(n, -1)
    for threshold in [*10.0 ** np.arange(CLOSEST, 0), NEARLY_PARALLEL]:
        near = np.abs(c)[:, None] * np.maximum(1 - far / threshold, 0)
        while n:
            near[reference >= 0, :] = 0
            near[:, (reference >= 0) & (reference != np.arange(n))] = 0
            r = int(near.sum(axis=0).argmax())
            joining = near[:, r] > 0
            if not joining.any():
                break
            reference[joining] = r
            reference[r] = r
    reference = np.where(reference < 0, np.arange(n), reference)
    order = sorted(range(n), key=lambda i: (reference[i], i != reference[i], i))
    first = [k for k, i in enumerate(order) if reference[i] == i]
    ratios = np.array([ratio[i, reference[i]] if reference[i] != i else 1.0 for i in order])
    return order, np.array([*first, n], dtype=np.int64), ratios


def _rows(coefficients: np.ndarray, constants: np.ndarray) -> np.ndarray:
    """Affine functions as float rows with their sizes.   (k, d), (k,) -> (k, d + 2)"""
    rows = exact.nearest(np.concatenate([coefficients, constants[:, None]], axis=1))
    return np.concatenate([rows, np.abs(rows).sum(axis=1, keepdims=True)], axis=1)
