"""Cells of the box search: their bounds, candidate witnesses, and what to split next.

The bounds are proved in `box_bounds`. Values, gaps and splits are plain floats: they steer the search.
"""

from __future__ import annotations

import numpy as np

from ..compiled import compiled
from .bounds import ON, OPEN, chord, chord_gap, constraints, maximum, narrow, nets, pieces, ranges

EVERYWHERE = 0.1  # weight of a piece's largest gap, beside its gap at the maximiser, when a split is chosen
NEAR = 1e-12  # a point that violates a row or a decided sign by less is a candidate witness
NARROWED = 0.3  # creases with this share of a cell's largest gap get a narrower range (measured; 0.1 to 0.4 differ little)
EMPTY = -np.inf  # the bound of a cell without points
FINEST = 2.0**-45  # boxes are not halved below this half-width, so that all centres are exact floats


@compiled
def net_gap(plus, minus, z, low, high):
    """Excess of the chord of a positive net weight at z, and a share of its largest."""
    if plus > 0:
        slope, lift = chord(low, high)
        return plus * (slope * z + lift - max(z, 0.0) + EVERYWHERE * chord_gap(low, high))
    if minus > 0:
        slope, lift = chord(-high, -low)
        return minus * (-slope * z + lift - max(-z, 0.0) + EVERYWHERE * chord_gap(low, high))
    return 0.0


@compiled
def gaps(F, s, w, low, high, e_low, e_high, state, plus, minus, paired, joint, gap):
    """s h(w) in floats; gap[i]: how much of the bound's excess over h the sign of crease i would remove."""
    d = len(w)
    total = s * F.rest[0, d]
    for j in range(d):
        total += s * F.rest[0, j] * w[j]
    for g in range(len(F.first) - 1):
        if state[g] == ON:
            total += s * F.S[g, d]
            for j in range(d):
                total += s * F.S[g, j] * w[j]
        ref, end = F.first[g], F.first[g + 1]
        if state[g] != OPEN:
            gap[ref:end] = 0.0
            continue
        t = F.Z[ref, d]
        for j in range(d):
            t += F.Z[ref, j] * w[j]
        total += s * F.c[ref] * max(t, 0.0)
        gap[ref] = net_gap(plus[ref], minus[ref], t, low[ref], high[ref])
        joined, together = False, 0.0
        for i in range(ref + 1, end):
            k, e = s * F.c[i], F.E[i, d]
            for j in range(d):
                e += F.E[i, j] * w[j]
            z = F.ratio[i] * t + e
            difference = max(e, -F.ratio[i] * t) if t >= 0 else max(z, 0.0)
            total += k * difference
            gap[i] = net_gap(plus[i], minus[i], z, low[i], high[i])
            if paired[i] != 0:
                gap[ref] += EVERYWHERE * abs(k) * max(-e_low[i], e_high[i]) - k * difference
                if paired[i] > 0:
                    slope, lift = chord(e_low[i], e_high[i])
                    gap[ref] += k * (slope * e + lift)
                else:
                    joined = True
                    together += k * e
        if joined:
            gap[ref] += joint[g, 0] * together + joint[g, 1]
    return total


@compiled
def split(F, r, gap, signs, low, high, state, few, share):
    """What to split: d + i for the sign of crease i, j for halving coordinate j, -1 where nothing is left to
    split.

    A crease is decided where at most `few` are open or where it owns this share of all gaps; else the
    coordinate that moves the creases with the largest gaps is halved.
    """
    d = len(r)
    best, crease, opened, total = 0.0, -1, 0, 0.0
    score = np.zeros(d)
    for g in range(len(F.first) - 1):
        if state[g] != OPEN:
            continue
        for i in range(F.first[g], F.first[g + 1]):
            if low[i] >= 0 or high[i] <= 0:
                continue
            opened += 1
            if gap[i] <= 0:
                continue
            total += gap[i]
            width = 0.0
            for j in range(d):
                width += abs(F.Z[i, j]) * r[j]
            for j in range(d):
                score[j] += gap[i] * abs(F.Z[i, j]) * r[j] / width
            if gap[i] > best:
                best, crease = gap[i], i
    if crease >= 0 and (opened <= few or best >= share * total):
        return d + crease
    longest = -1
    for j in range(d):
        if r[j] > FINEST and (longest < 0 or (score[j], r[j]) > (score[longest], r[longest])):
            longest = j
    return longest if longest >= 0 or crease < 0 else d + crease


@compiled
def bounds(F, X, R, signs, ends, parent, target, few, share):
    """Bounds on +h and -h over N cells.   X, R (N, d) centres and half-widths, signs (N, n), parent (N, 2) bounds known

    ends (N, 2, n): ends of the creases' ranges that are proved already; ranges that are narrowed are put there. (N, 2, 0)
    where none are to be narrowed.

    Returns upper (N, 2), EMPTY for empty cells, unchanged where parent <= target; splits (N,), see `split`;
    points (N, 2, d) where the bounds are (nearly) attained; values (N, 2) of +h and -h there in floats, -inf
    where the point is outside the cell.
    """
    N, d = X.shape
    n, most = len(F.c), 2 * len(F.c) + len(F.A)
    upper, points, values = np.full((N, 2), EMPTY), np.zeros((N, 2, d)), np.full((N, 2), -np.inf)
    splits = np.full(N, -1, np.int64)
    low, high, e_low, e_high = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    plus, minus, gap, paired = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n, np.int64)
    state, joint, A, tally = np.zeros(len(F.first), np.int64), np.zeros((len(F.first), 2)), np.zeros(d), np.zeros(3)
    Q, cap, aside = np.zeros((most, d + 2)), np.zeros(most), np.zeros(d)
    for b in range(N):
        x, r = X[b], R[b]
        if not ranges(F, x, r, signs[b], ends[b], low, high, e_low, e_high, state):
            continue
        worst = -np.inf
        for side in range(2):
            if parent[b, side] <= target:
                upper[b, side] = parent[b, side]
                continue
            s, w = 1.0 - 2.0 * side, points[b, side]
            upper[b, side] = parent[b, side]
            for again in (ends.shape[2] > 0, False):
                pieces(F, s, x, r, low, high, e_low, e_high, state, A, tally, plus, minus, paired, joint)
                soft = nets(F, low, high, state, A, tally, plus, minus, Q, cap)
                rows = constraints(F, x, r, signs[b], Q, soft)
                bound = maximum(A, tally, x, r, Q, cap, soft, rows, w)
                if bound < upper[b, side]:  # not so if the bound is NaN
                    upper[b, side] = bound
                value = gaps(F, s, w, low, high, e_low, e_high, state, plus, minus, paired, joint, gap)
                values[b, side] = value if inside(F, signs[b], w) else -np.inf
                if not again or upper[b, side] <= target or rows == soft:
                    break
                rows = constraints(F, x, r, signs[b], Q, 0)
                if not narrowed(F, x, r, Q, cap, rows, gap, low, high, plus, minus, ends[b], aside):
                    break
                if not ranges(F, x, r, signs[b], ends[b], low, high, e_low, e_high, state):
                    upper[b, side] = EMPTY
                    break
            if upper[b, side] > worst:
                worst = upper[b, side]
                splits[b] = split(F, r, gap, signs[b], low, high, state, few, share)
    return upper, splits, points, values


@compiled
def narrowed(F, x, r, Q, cap, rows, gap, low, high, plus, minus, ends, aside):
    """Narrow the ranges of the creases whose chords cost most, on a cell with some rows; False if there is none."""
    most, smaller = 0.0, False
    for i in range(len(gap)):
        if low[i] < 0 and high[i] > 0 and gap[i] > most:
            most = gap[i]
    for i in range(len(gap)):
        if low[i] < 0 and high[i] > 0 and gap[i] > NARROWED * most and plus[i] + minus[i] > 0:
            narrow(F, x, r, Q, cap, rows, i, ends, aside)
            smaller = True
    return smaller


@compiled
def inside(F, signs, w):
    """True if a point of the box is in the cell, up to what moving it inside can repair: `gaps` is right there."""
    d = len(w)
    for i in range(len(signs)):
        if signs[i] != 0:
            z = F.Z[i, d]
            for j in range(d):
                z += F.Z[i, j] * w[j]
            if signs[i] * z < -NEAR:
                return False
    for m in range(len(F.A)):
        excess = F.A[m, d]
        for j in range(d):
            excess += F.A[m, j] * w[j]
        if excess > NEAR:
            return False
    return True
