"""Upper bounds on h and -h over cells, in floats with a proved margin.

A cell is a box in the unit cube, cut by the region's rows and by decided signs of creases (z_i >= 0 or z_i <= 0). A
crease is on where z_i >= 0 on the whole cell, off where z_i <= 0, else open. Bounds per group (notation of
`pairing`), t = z_g, k = s c_i for the sign s of h; the pieces are added up BEFORE the maximum is taken:

    decided, unpaired   k D_i = -k a t (g on, i off), k z_i (g off, i on), k e_i + k relu(-z_i) (g on), k relu(z_i) (g off),
                        k e_i - k a relu(-t) (i on), -k a relu(t) (i off), k relu(z_i) - k a relu(t): exact identities;
                        relu(z_i) and relu(-z_i) collect their net weights
    paired, k > 0       k D_i <= k max(e_i, 0)
    paired, k < 0       sum of k D_i over such partners <= max(0, sum of k e_i): for t <= 0 each term is <= 0, for
                        t >= 0 each is <= k e_i
    net weight > 0      relu and max(0, .) lie below their chord over a proved range
    net weight < 0      -w relu(z) <= -kappa z for any 0 <= kappa <= w;   a constraint y <= 0 adds -kappa y, kappa >= 0

`climb.walk` proposes kappa; what is left is affine, and its maximum over the box is a closed form.

The margin. Every exact coefficient was rounded once (relative error u = 2**-53). The computed bound is a sum of
products kappa_t * coefficient * coordinate with |coordinate| <= 1. Along each path from one of these numbers to the result
there are at most count + 2 d + 16 roundings, count being the number of additions. So it differs from the exact
value of an upper bound by at most gamma_k * mass, k = count + 2 d + 16, where mass is the sum over the terms of
|kappa_t| times the size of the term on the cube (net weights count each part twice, for slope and constant). gamma_k <=
2 k u here; the 2 also covers the rounding of mass and sizes. TINY covers underflow. Ranges are widened by
(2 d + 8) u size, which covers the 2 d + 6 roundings of their sums.
"""
from __future__ import annotations

import numpy as np

from .box_splits import OFF, ON, OPEN, chord, chord_gap, gaps, split
from .climb import walk
from .compiled import compiled

UNIT = 2.0 ** -53  # unit roundoff of float64
TINY = 1e-290  # more than all underflows of one bound together; terms have size about 1
HARD = 1e6  # cap of a constraint, relative to the slope of everything else; a larger one is never needed in practice
NEAR = 1e-9  # a point that violates a row by less is a candidate witness
EMPTY = -np.inf  # the bound of a cell without points


@compiled
def add(A, tally, weight, row, constant, size):
    """Add weight * (row . w + constant) to the affine bound; tally = [constant, mass, count]."""
    for j in range(len(row)):
        A[j] += weight * row[j]
    tally[0] += weight * constant
    tally[1] += abs(weight) * size
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


@compiled
def spread(row, constant, size, x, r):
    """A proved range of row . w + constant over the box x +- r."""
    middle, radius = constant, (2 * len(row) + 8) * UNIT * size
    for j in range(len(row)):
        middle += row[j] * x[j]
        radius += abs(row[j]) * r[j]
    return middle - radius, middle + radius


@compiled
def ranges(F, x, r, signs, low, high, e_low, e_high, state):
    """Proved ranges of all creases and, in open groups, of the e_i on a cell; False if the cell is empty.

    state[g]: ON or OFF where all creases of the group are, else OPEN.
    """
    for m in range(len(F.limit)):
        if spread(F.A[m], -F.limit[m], F.row_size[m], x, r)[0] > 0:
            return False
    for g in range(len(F.first) - 1):
        ref, end = F.first[g], F.first[g + 1]
        on, off = True, True
        for i in range(ref, end):
            low[i], high[i] = spread(F.Z[i], F.beta[i], F.z_size[i], x, r)
            if signs[i] > 0:
                low[i] = max(low[i], 0.0)
            elif signs[i] < 0:
                high[i] = min(high[i], 0.0)
            on, off = on and low[i] >= 0, off and high[i] <= 0
        state[g] = ON if on else OFF if off else OPEN
        if state[g] == OPEN:
            for i in range(ref + 1, end):
                e_low[i], e_high[i] = spread(F.E[i], F.e[i], F.e_size[i], x, r)
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
    """Collect the bound on s h: affine part in A and tally, net weights of relu(z_i) in plus and of relu(-z_i) in minus.

    paired[i]: 1 or -1 (the sign of k) for a partner that is bounded by e_i, else 0; joint[g]: chord of the group's k < 0.
    """
    whole = np.zeros(len(A))
    for j in range(len(A)):
        A[j] = s * F.slope[j]
    tally[0], tally[1], tally[2] = s * F.offset, F.affine_size, 1.0
    for g in range(len(F.first) - 1):
        if state[g] == ON:
            add(A, tally, s, F.S[g], F.sigma[g], F.s_size[g])
        if state[g] != OPEN:
            continue
        ref, end = F.first[g], F.first[g + 1]
        for i in range(ref, end):
            plus[i] = minus[i] = 0.0
            paired[i] = 0
        on, off = low[ref] >= 0, high[ref] <= 0
        if on:
            add(A, tally, s * F.c[ref], F.Z[ref], F.beta[ref], F.z_size[ref])
        elif not off:
            weigh(plus, ref, s * F.c[ref], tally, F.z_size[ref])
        constant, total, members = 0.0, 0.0, 0
        for i in range(ref + 1, end):
            k, a = s * F.c[i], F.ratio[i]
            i_on, i_off = low[i] >= 0, high[i] <= 0
            if off and i_off:
                continue
            if on and i_off:
                add(A, tally, -k * a, F.Z[ref], F.beta[ref], F.z_size[ref])
                continue
            if off and i_on:
                add(A, tally, k, F.Z[i], F.beta[i], F.z_size[i])
                continue
            if not (on or off or i_on or i_off):
                gap = chord_gap(low[i], high[i]) if k > 0 else a * chord_gap(low[ref], high[ref])
                if max(-e_low[i], e_high[i]) < gap:
                    paired[i] = 1 if k > 0 else -1
                    if k > 0:
                        slope, lift = chord(e_low[i], e_high[i])
                        add(A, tally, k * slope, F.E[i], F.e[i], F.e_size[i])
                        raise_by(tally, k * lift)
                    else:
                        for j in range(len(A)):
                            whole[j] = k * F.E[i, j] + (whole[j] if members > 0 else 0.0)
                        constant += k * F.e[i]
                        total -= k * F.e_size[i]
                        members += 1
                    continue
            if on or i_on:
                add(A, tally, k, F.E[i], F.e[i], F.e_size[i])
            if not (i_on or i_off):
                weigh(minus if on else plus, i, k, tally, F.z_size[i])
            if not (on or off):
                weigh(minus if i_on else plus, ref, -k * a, tally, F.z_size[ref])
        if members > 0:
            bottom, top = spread(whole, constant, total * (1 + members), x, r)  # the row itself was rounded: wider
            joint[g, 0], joint[g, 1] = chord(bottom, top)
            add(A, tally, joint[g, 0], whole, constant, total)
            raise_by(tally, joint[g, 1])
            tally[2] += members


@compiled
def nets(F, low, high, state, A, tally, plus, minus, Q, y, cap, size):
    """Chords of positive net weights; the number of rows for `walk` made of the negative ones."""
    rows = 0
    for g in range(len(F.first) - 1):
        if state[g] != OPEN:
            continue
        for i in range(F.first[g], F.first[g + 1]):
            if plus[i] != 0 and minus[i] != 0:  # relu(-z) = relu(z) - z
                add(A, tally, -minus[i], F.Z[i], F.beta[i], F.z_size[i])
                plus[i] += minus[i]
                minus[i] = 0.0
            side = 1.0 if plus[i] != 0 else -1.0
            weight = plus[i] + minus[i]
            if weight > 0:
                slope, lift = chord(low[i], high[i]) if side > 0 else chord(-high[i], -low[i])
                add(A, tally, side * weight * slope, F.Z[i], F.beta[i], F.z_size[i])
                raise_by(tally, weight * lift)
            elif weight < 0:
                for j in range(len(A)):
                    Q[rows, j] = side * F.Z[i, j]
                y[rows], cap[rows], size[rows] = side * F.beta[i], -weight, F.z_size[i]
                rows += 1
    return rows


@compiled
def constraints(F, x, r, signs, rows, Q, y, size):
    """Append the decided signs and the region's rows that cut the box, as rows <= 0; their number so far."""
    for i in range(len(F.c)):
        if signs[i] != 0:
            bottom, top = spread(F.Z[i], F.beta[i], 0.0, x, r)
            if bottom < 0 and top > 0:
                for j in range(len(x)):
                    Q[rows, j] = -signs[i] * F.Z[i, j]
                y[rows], size[rows] = -signs[i] * F.beta[i], F.z_size[i]
                rows += 1
    for m in range(len(F.limit)):
        if spread(F.A[m], -F.limit[m], 0.0, x, r)[1] > 0:
            for j in range(len(x)):
                Q[rows, j] = F.A[m, j]
            y[rows], size[rows] = -F.limit[m], F.row_size[m]
            rows += 1
    return rows


@compiled
def maximum(A, tally, x, r, Q, y, cap, size, soft, rows, w):
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
        distance[k] = y[k]
        reach = 0.0
        for j in range(d):
            distance[k] += Q[k, j] * x[j]
            shifted[k, j] = Q[k, j] * r[j]
            reach += abs(shifted[k, j])
        if k < soft:
            steepness += cap[k] * reach
        else:
            cap[k] = HARD * steepness / reach
    walk(local, shifted, distance, cap, rows, w, kappa)
    for k in range(rows):
        if kappa[k] > 0:
            add(A, tally, -kappa[k], Q[k], y[k], size[k])
    total = tally[0]
    for j in range(d):
        total += A[j] * x[j] + abs(A[j]) * r[j]
        w[j] = x[j] + r[j] * min(max(w[j], -1.0), 1.0)
    return total + 2 * (tally[2] + 2 * d + 16) * UNIT * tally[1] + TINY


@compiled
def bounds(F, X, R, signs, parent, target, few, share):
    """Bounds on +h and -h over N cells.   X, R (N, d) centres and half-widths, signs (N, n), parent (N, 2) bounds known

    Returns upper (N, 2), EMPTY for empty cells, unchanged where parent <= target; splits (N,), see `split`; points (N, 2, d)
    where the bounds are (nearly) attained; values (N, 2) of +h and -h there in floats, -inf outside the region.
    """
    N, d = X.shape
    n, most = len(F.c), 2 * len(F.c) + len(F.limit)
    upper, points, values = np.full((N, 2), EMPTY), np.zeros((N, 2, d)), np.full((N, 2), -np.inf)
    splits = np.full(N, -1, np.int64)
    low, high, e_low, e_high = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    plus, minus, gap, paired = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n, np.int64)
    state, joint, A, tally = np.zeros(len(F.first), np.int64), np.zeros((len(F.first), 2)), np.zeros(d), np.zeros(3)
    Q, y, cap, size = np.zeros((most, d)), np.zeros(most), np.zeros(most), np.zeros(most)
    for b in range(N):
        x, r = X[b], R[b]
        if not ranges(F, x, r, signs[b], low, high, e_low, e_high, state):
            continue
        worst = -np.inf
        for side in range(2):
            if parent[b, side] <= target:
                upper[b, side] = parent[b, side]
                continue
            s, w = 1.0 - 2.0 * side, points[b, side]
            pieces(F, s, x, r, low, high, e_low, e_high, state, A, tally, plus, minus, paired, joint)
            soft = nets(F, low, high, state, A, tally, plus, minus, Q, y, cap, size)
            rows = constraints(F, x, r, signs[b], soft, Q, y, size)
            upper[b, side] = min(maximum(A, tally, x, r, Q, y, cap, size, soft, rows, w), parent[b, side])
            value = gaps(F, s, w, low, high, e_low, e_high, state, plus, minus, paired, joint, gap)
            values[b, side] = value if inside(F, w) else -np.inf
            if upper[b, side] > worst:
                worst = upper[b, side]
                splits[b] = split(F, r, gap, signs[b], low, high, state, few, share)
    return upper, splits, points, values


@compiled
def inside(F, w):
    """True if a point is in the region, up to what moving it inside can repair."""
    for m in range(len(F.limit)):
        excess = -F.limit[m] - NEAR
        for j in range(len(w)):
            excess += F.A[m, j] * w[j]
        if excess > 0:
            return False
    return True
