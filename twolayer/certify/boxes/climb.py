"""Concave maximisation over the unit cube in few dimensions: an affine function minus weighted ReLUs.

    maximise  A . v - sum_k cap_k relu(Q_k . v + y_k)   over |v_j| <= 1

by walking along edges (a simplex method on the piecewise linear function itself). A constraint Q v + y <= 0
is a ReLU with a huge cap. The walk only proposes: any multipliers 0 <= kappa_k <= cap_k give a valid upper
bound, since -cap relu(y) <= -kappa y, so nothing about its convergence or rounding needs to be believed.
"""

from __future__ import annotations

import numpy as np

from ..compiled import compiled

FLAT = 1e-12  # slopes below this share of the objective count as zero: the walk ends there


@compiled
def walk(A, Q, y, cap, v, kappa):
    """Fill v (d,) with a maximiser and kappa (K,) with its multipliers.   A (d,), Q (K, d), y (K,), cap (at
    least K,)

    d hyperplanes meet at v: faces of the cube (coded -1 - j) and rows (coded k); the columns of `edges` are
    the edge directions, inverse to their normals. Each step leaves one hyperplane along its edge, past kinks
    while it climbs.
    """
    d, rows = len(A), len(Q)
    edges, gradient, step = np.zeros((d, d)), np.zeros(d), np.zeros(d)
    value, rate, active, product = np.zeros(rows), np.zeros(rows), np.zeros(d, np.int64), np.zeros(d)
    scale = 0.0
    for j in range(d):
        v[j] = 1.0 if A[j] >= 0 else -1.0
        edges[j, j] = v[j]
        active[j] = -1 - j
        scale += abs(A[j])
    for _ in range(4 * d + 3 * rows + 10):
        _gradient(A, Q, y, cap, rows, v, active, value, gradient)
        leaving, way = _steepest(gradient, edges, active, cap, FLAT * scale)
        if leaving < 0:
            break
        climb = 0.0
        for j in range(d):
            step[j] = way * edges[j, leaving]
            climb += gradient[j] * step[j]
        if active[leaving] >= 0 and way > 0:
            climb -= cap[active[leaving]]
        for k in range(rows):
            rate[k] = 0.0
            for j in range(d):
                rate[k] += Q[k, j] * step[j]
        for a in range(d):
            if active[a] >= 0:
                rate[active[a]] = 0.0
        length, entering = _reach(v, step, active, leaving, value, rate, cap, climb)
        if length < 0:
            break
        for j in range(d):
            v[j] += length * step[j]
            gradient[j] = Q[entering, j] if entering >= 0 else 0.0
        if entering < 0:
            side = 1.0 if step[-1 - entering] > 0 else -1.0
            gradient[-1 - entering] = side
            v[-1 - entering] = side
        for a in range(d):
            product[a] = 0.0
            for j in range(d):
                product[a] += gradient[j] * edges[j, a]
        if abs(product[leaving]) < FLAT:
            break
        active[leaving] = entering
        for j in range(d):
            edges[j, leaving] /= product[leaving]
            for a in range(d):
                if a != leaving:
                    edges[j, a] -= product[a] * edges[j, leaving]
    _gradient(A, Q, y, cap, rows, v, active, value, gradient)
    for k in range(rows):
        kappa[k] = cap[k] if value[k] > 0 else 0.0
    for a in range(d):
        if active[a] >= 0:
            multiplier = 0.0
            for j in range(d):
                multiplier += gradient[j] * edges[j, a]
            kappa[active[a]] = min(max(multiplier, 0.0), cap[active[a]])


@compiled
def _gradient(A, Q, y, cap, rows, v, active, value, gradient):
    """Values of the rows at v (0 on active ones) and the gradient of the objective without the active rows."""
    d = len(A)
    for k in range(rows):
        value[k] = y[k]
        for j in range(d):
            value[k] += Q[k, j] * v[j]
    for a in range(d):
        if active[a] >= 0:
            value[active[a]] = 0.0
    for j in range(d):
        gradient[j] = A[j]
    for k in range(rows):
        if value[k] > 0:
            for j in range(d):
                gradient[j] -= cap[k] * Q[k, j]


@compiled
def _steepest(gradient, edges, active, cap, flat):
    """(hyperplane to leave, +1 towards its positive side or -1), or (-1, 0) at a maximum."""
    d = len(gradient)
    best, leaving, way = flat, -1, 0.0
    for a in range(d):
        slope, length = 0.0, 0.0
        for j in range(d):
            slope += gradient[j] * edges[j, a]
            length += abs(edges[j, a])
        if -slope > best * length:
            best, leaving, way = -slope / length, a, -1.0
        elif active[a] >= 0 and slope - cap[active[a]] > best * length:
            best, leaving, way = (slope - cap[active[a]]) / length, a, 1.0
    return leaving, way


@compiled
def _reach(v, step, active, leaving, value, rate, cap, climb):
    """(distance to the hyperplane where climbing ends, its code); a negative distance if there is none."""
    d = len(v)
    length, entering = -1.0, -1
    for j in range(d):
        fixed = False
        for a in range(d):
            if active[a] == -1 - j:
                fixed = True
        if fixed and active[leaving] != -1 - j:
            continue
        if abs(step[j]) > FLAT:
            distance = ((1.0 if step[j] > 0 else -1.0) - v[j]) / step[j]
            if distance > FLAT or not fixed:
                distance = max(distance, 0.0)
                if length < 0 or distance < length:
                    length, entering = distance, -1 - j
    passed, passed_row = -1.0, -1
    while True:
        near, row = length, -1
        for k in range(len(rate)):
            if (value[k] <= 0 and rate[k] > 0) or (value[k] > 0 and rate[k] < 0):
                distance = -value[k] / rate[k]
                if distance > passed or (distance == passed and k > passed_row):
                    if near < 0 or distance < near:
                        near, row = distance, k
        if row < 0:
            return length, entering
        climb -= cap[row] * abs(rate[row])
        if climb <= 0:
            return near, row
        passed, passed_row = near, row
