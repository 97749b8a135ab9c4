"""Upper bounds on h and -h over cells, in floats with a proved margin.

A cell is a box in the unit cube, cut by the region's rows and by decided signs of creases (z_i >= 0 or z_i <= 0). A
crease is on where z_i >= 0 on the whole cell, off where z_i <= 0, else open. Per group (notation of `box_pairing`),
with t = z_g and k = s c_i for the sign s of h:

    unpaired         k D_i = -k a t (g on, i off), k z_i (g off, i on), k e_i + k relu(-z_i) (g on), k relu(z_i) (g off),
                     k e_i - k a relu(-t) (i on), -k a relu(t) (i off), k relu(z_i) - k a relu(t) (both open): exact;
                     relu(z_i) and relu(-z_i) collect their net weights
    paired, k > 0    k D_i <= k max(e_i, 0)
    paired, k < 0    sum of k D_i over such partners <= max(0, sum of k e_i): for t <= 0 each term is <= 0, for t >= 0
                     each is <= k e_i
    net weight > 0   relu and max(0, .) lie below their chord over a proved range
    net weight < 0   -w relu(z) <= -kappa z for any 0 <= kappa <= w;   a constraint y <= 0 adds -kappa y, kappa >= 0

All of it is added up BEFORE the maximum is taken. `climb.walk` proposes kappa; what is left is affine, and its maximum
over the box is a closed form.

The margin. Every exact coefficient was rounded once (relative error u = 2**-53). The computed bound is a sum of
products kappa_t * coefficient * coordinate with |coordinate| <= 1. Along each path from one of these numbers to the
result there are at most count + 2 d + 16 roundings, count being the number of additions. So it differs from the exact
value of an upper bound by at most gamma_k * mass, k = count + 2 d + 16, where mass is the sum over the terms of
|kappa_t| times the size of the term on the cube (net weights count each part twice, for slope and constant). gamma_k
<= 2 k u here; the 2 also covers the rounding of mass and sizes. TINY covers underflow. Ranges are widened by
(2 d + 8) u size, which covers the d + 3 roundings on each path of their sums.

The range of a crease on a cell may be narrowed further: the maxima of z_i and -z_i under the cell's rows are bounds of the same
kind, the affine function alone (`narrow`).
"""

from __future__ import annotations

import numpy as np

from ..compiled import compiled, inlined
from .climb import walk

UNIT = 2.0**-53  # unit roundoff of float64
TINY = 1e-290  # more than all underflows of one bound together; terms have size about 1
HARD = 1e6  # cap of a constraint, relative to the slope of everything else: a heuristic, any value is sound
UP = 1 + 4 * UNIT  # makes a product of up to three rounded factors >= 0 an upper bound
ON, OFF, OPEN = 1, -1, 0


@compiled
def chord(low, high):
    """(slope, constant) of an affine function above relu on [low, high]; sound for any slope in [0, 1]."""
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


@inlined
def add(A, tally, weight, rows, i):
    """Add weight * (function i) to the affine bound; tally = [constant, mass, count]."""
    d = len(A)
    for j in range(d):
        A[j] += weight * rows[i, j]
    tally[0] += weight * rows[i, d]
    tally[1] += abs(weight) * rows[i, d + 1]
    tally[2] += 1


@compiled
def raise_by(tally, constant):
    """Add a constant >= 0 to the bound."""
    tally[0] += constant
    tally[1] += constant
    tally[2] += 1


@compiled
def weigh(net, i, weight, tally, size):
    """Add to a net weight; its mass counts twice, for the slope and the constant of what will bound it."""
    net[i] += weight
    tally[1] += 2 * abs(weight) * size
    tally[2] += 2


@inlined
def spread(rows, i, x, r):
    """A proved range of function i over the box x +- r."""
    d = len(x)
    middle, radius = rows[i, d], (2 * d + 8) * UNIT * rows[i, d + 1]
    for j in range(d):
        middle += rows[i, j] * x[j]
        radius += abs(rows[i, j]) * r[j]
    return middle - radius, middle + radius


@compiled
def ranges(F, x, r, signs, ends, low, high, e_low, e_high, state):
    """Proved ranges of all creases and, in open groups, of the e_i on a cell; False if the cell is empty.

    ends (2, n): ends of the creases' ranges that are proved already, (2, 0) where there are none

    state[g]: ON or OFF where all creases of the group are, else OPEN.
    """
    for m in range(len(F.A)):
        if spread(F.A, m, x, r)[0] > 0:
            return False
    for g in range(len(F.first) - 1):
        ref, end = F.first[g], F.first[g + 1]
        on, off = True, True
        for i in range(ref, end):
            low[i], high[i] = spread(F.Z, i, x, r)
            if ends.shape[1] > 0:  # comparisons that are false for a NaN
                low[i] = ends[0, i] if ends[0, i] > low[i] else low[i]
                high[i] = ends[1, i] if ends[1, i] < high[i] else high[i]
            if signs[i] > 0:
                low[i] = max(low[i], 0.0)
            elif signs[i] < 0:
                high[i] = min(high[i], 0.0)
            on, off = on and low[i] >= 0, off and high[i] <= 0
        state[g] = ON if on else OFF if off else OPEN
        if state[g] == OPEN:
            for i in range(ref + 1, end):
                e_low[i], e_high[i] = spread(F.E, i, x, r)
                if low[i] >= 0:  # t = (z_i - e_i)/a >= -e_i/a
                    bound = -e_high[i] / F.ratio[i]
                    low[ref] = max(low[ref], bound - abs(bound) * 4 * UNIT - TINY)
                elif high[i] <= 0:
                    bound = -e_low[i] / F.ratio[i]
                    high[ref] = min(high[ref], bound + abs(bound) * 4 * UNIT + TINY)
            for i in range(ref + 1, end):  # z_i = a t + e_i
                if low[ref] >= 0:
                    low[i] = max(low[i], e_low[i])
                elif high[ref] <= 0:
                    high[i] = min(high[i], e_high[i])
        for i in range(ref, end):
            if high[i] < low[i]:
                return False
    return True


@compiled
def pieces(F, s, x, r, low, high, e_low, e_high, state, A, tally, plus, minus, paired, joint):
    """Collect the bound on s h: affine part in A and tally, net weights of relu(z_i) in plus and of
    relu(-z_i) in minus.

    paired[i]: 1 or -1 (the sign of k) for a partner that is bounded by e_i, else 0; joint[g]: chord of the
    group's k < 0.
    """
    d = len(A)
    whole = np.zeros((1, d + 2))
    A[:], tally[:] = 0.0, 0.0
    add(A, tally, s, F.rest, 0)
    for g in range(len(F.first) - 1):
        if state[g] == ON:
            add(A, tally, s, F.S, g)
        if state[g] != OPEN:
            continue
        ref, end = F.first[g], F.first[g + 1]
        for i in range(ref, end):
            plus[i] = minus[i] = 0.0
            paired[i] = 0
        on, off = low[ref] >= 0, high[ref] <= 0
        if on:
            add(A, tally, s * F.c[ref], F.Z, ref)
        elif not off:
            weigh(plus, ref, s * F.c[ref], tally, F.Z[ref, d + 1])
        members = 0
        for i in range(ref + 1, end):
            k, a = s * F.c[i], F.ratio[i]
            i_on, i_off = low[i] >= 0, high[i] <= 0
            if off and i_off:
                continue
            if on and i_off:
                add(A, tally, -k * a, F.Z, ref)
                continue
            if off and i_on:
                add(A, tally, k, F.Z, i)
                continue
            if not (on or off or i_on or i_off):
                gap = chord_gap(low[i], high[i]) if k > 0 else a * chord_gap(low[ref], high[ref])
                if max(-e_low[i], e_high[i]) < gap:
                    paired[i] = 1 if k > 0 else -1
                    if k > 0:
                        slope, lift = chord(e_low[i], e_high[i])
                        add(A, tally, k * slope, F.E, i)
                        raise_by(tally, k * lift)
                    else:
                        if members == 0:
                            whole[:] = 0.0
                        for j in range(d + 1):
                            whole[0, j] += k * F.E[i, j]
                        whole[0, d + 1] -= k * F.E[i, d + 1]
                        members += 1
                    continue
            if on or i_on:
                add(A, tally, k, F.E, i)
            if not (i_on or i_off):
                weigh(minus if on else plus, i, k, tally, F.Z[i, d + 1])
            if not (on or off):
                weigh(minus if i_on else plus, ref, -k * a, tally, F.Z[ref, d + 1])
        if members > 0:
            whole[0, d + 1] *= 1 + members  # the summed row was rounded that often: a wider range, a larger mass
            bottom, top = spread(whole, 0, x, r)
            joint[g, 0], joint[g, 1] = chord(bottom, top)
            add(A, tally, joint[g, 0], whole, 0)
            raise_by(tally, joint[g, 1])
            tally[2] += members


@compiled
def nets(F, low, high, state, A, tally, plus, minus, Q, cap):
    """Chords of positive net weights; negative ones become rows Q of `walk`, as many as returned."""
    d, rows = len(A), 0
    for g in range(len(F.first) - 1):
        if state[g] != OPEN:
            continue
        for i in range(F.first[g], F.first[g + 1]):
            if plus[i] != 0 and minus[i] != 0:  # relu(-z) = relu(z) - z
                add(A, tally, -minus[i], F.Z, i)
                plus[i] += minus[i]
                minus[i] = 0.0
            side = 1.0 if plus[i] != 0 else -1.0
            weight = plus[i] + minus[i]
            if weight > 0:
                slope, lift = chord(low[i], high[i]) if side > 0 else chord(-high[i], -low[i])
                add(A, tally, side * weight * slope, F.Z, i)
                raise_by(tally, weight * lift)
            elif weight < 0:
                copy(Q, rows, side, F.Z, i, d)
                cap[rows] = -weight
                rows += 1
    return rows


@compiled
def constraints(F, x, r, signs, Q, rows):
    """Append the decided signs and the region's rows that cut the box, as functions <= 0; the number of rows so far."""
    d = len(x)
    for i in range(len(F.Z)):
        if signs[i] != 0:
            bottom, top = spread(F.Z, i, x, r)
            if bottom < 0 and top > 0:
                copy(Q, rows, -1.0 * signs[i], F.Z, i, d)
                rows += 1
    for m in range(len(F.A)):
        if spread(F.A, m, x, r)[1] > 0:
            copy(Q, rows, 1.0, F.A, m, d)
            rows += 1
    return rows


@compiled
def copy(Q, row, side, rows, i, d):
    """Q[row] = side * function i, side = +-1."""
    for j in range(d + 1):
        Q[row, j] = side * rows[i, j]
    Q[row, d + 1] = rows[i, d + 1]


@compiled
def maximum(A, tally, x, r, Q, cap, soft, rows, w):
    """The proved maximum of the bound over the cell; w (d,) becomes a point where it is (nearly) attained.

    Rows from `soft` on are constraints: their caps are set here.
    """
    d = len(A)
    local, shifted = np.zeros(d), np.zeros((rows, d))
    distance, kappa = np.zeros(rows), np.zeros(rows)
    steepness = 0.0
    for j in range(d):
        local[j] = A[j] * r[j]
        steepness += abs(local[j])
    for k in range(rows):
        distance[k] = Q[k, d]
        reach = 0.0
        for j in range(d):
            distance[k] += Q[k, j] * x[j]
            shifted[k, j] = Q[k, j] * r[j]
            reach += abs(shifted[k, j])
        if k < soft:
            steepness += cap[k] * reach
        else:
            cap[k] = HARD * steepness / reach
    walk(local, shifted, distance, cap, w, kappa)
    for k in range(rows):
        if kappa[k] > 0:
            add(A, tally, -kappa[k], Q, k)
    total = tally[0]
    for j in range(d):
        total += A[j] * x[j] + abs(A[j]) * r[j]
        w[j] = x[j] + r[j] * min(max(w[j], -1.0), 1.0)
    return total + 2 * (tally[2] + 2 * d + 16) * UNIT * tally[1] + TINY


@compiled
def narrow(F, x, r, Q, cap, rows, i, ends, w):
    """Prove a range of crease i on the part of a box where the first rows of Q are <= 0; it goes to ends[:, i] if smaller."""
    A, tally = np.zeros(len(x)), np.zeros(3)
    for end in range(2):
        side = 2.0 * end - 1.0
        A[:], tally[:] = 0.0, 0.0
        add(A, tally, side, F.Z, i)
        top = side * maximum(A, tally, x, r, Q, cap, 0, rows, w)
        if side * top < side * ends[end, i]:  # so a NaN changes nothing
            ends[end, i] = top
