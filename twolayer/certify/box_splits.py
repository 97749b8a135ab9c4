"""Where a cell's bound is loose, and what to split: the half of the box search on which no proof depends."""
from __future__ import annotations

import numpy as np

from .compiled import compiled

ON, OFF, OPEN = 1, -1, 0
UP = 1 + 2.0 ** -51  # makes a product of up to three rounded factors >= 0 an upper bound
EVERYWHERE = 0.1  # weight of a piece's largest gap, beside its gap at the maximiser, when a split is chosen
FINEST = 2.0 ** -45  # boxes are not halved below this half-width, so that all centres are exact floats


@compiled
def chord(low, high):
    """(slope, constant) of an affine function above relu on [low, high]: sound for any rounding of the slope."""
    if low >= 0:
        return 1.0, 0.0
    if high <= 0:
        return 0.0, 0.0
    slope = high / (high - low)
    return slope, max(-slope * low, (1 - slope) * high) * UP


@compiled
def chord_gap(low, high):
    """Largest distance of relu from its chord."""
    return high * -low / (high - low) if low < 0 and high > 0 else 0.0


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
    total = s * F.offset
    for j in range(len(w)):
        total += s * F.slope[j] * w[j]
    for g in range(len(F.first) - 1):
        if state[g] == ON:
            total += s * F.sigma[g]
            for j in range(len(w)):
                total += s * F.S[g, j] * w[j]
        if state[g] != OPEN:
            continue
        ref, end = F.first[g], F.first[g + 1]
        t = F.beta[ref]
        for j in range(len(w)):
            t += F.Z[ref, j] * w[j]
        total += s * F.c[ref] * max(t, 0.0)
        gap[ref] = net_gap(plus[ref], minus[ref], t, low[ref], high[ref])
        found, together = False, 0.0
        for i in range(ref + 1, end):
            k, e = s * F.c[i], F.e[i]
            for j in range(len(w)):
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
                    found = True
                    together += k * e
        if found:
            gap[ref] += joint[g, 0] * together + joint[g, 1]
    return total


@compiled
def split(F, r, gap, signs, low, high, state, few, share):
    """What to split: d + i for the sign of crease i, j for halving coordinate j, -1 where nothing is left to split.

    A crease is decided where at most `few` are open or where it owns this share of all gaps; else the coordinate that
    moves the creases with the largest gaps is halved.
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
