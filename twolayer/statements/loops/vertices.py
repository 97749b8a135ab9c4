"""The largest distance of half a sum of kinks from an affine function, over the vertices of the kinks in a polygon (d' = 2).

In coordinates in which the ball is the unit disc, the polygon is around it. What is listed and how far values may be off is
said where it is asked for (`sharp.local`): nothing is skipped or reordered here.
"""

from __future__ import annotations

import math

import numpy as np

from ...certify.compiled import compiled

FLAT = 2.0**-60  # slope of |a t + b| below which it is constant along a line in the polygon, up to a rounding
GRAZING = 1e-3  # sine of the angle to a side below which a line is not cut off by it, but by the next side


@compiled
def ends(x, y, u, v, sides, edge):
    """(low, high) of a line {(x, y) + t (u, v)} in the polygon {side . z <= 1 + edge}, drawn out by `edge`."""
    low, high = -np.inf, np.inf
    for k in range(len(sides)):
        rise = u * sides[k, 0] + v * sides[k, 1]
        if abs(rise) > GRAZING:
            reach = (1 + edge - (x * sides[k, 0] + y * sides[k, 1])) / rise
            if rise > 0:
                high = min(high, reach)
            else:
                low = max(low, reach)
    return low - edge, high + edge


@compiled
def on_lines(kink, normal, height, sides, edge, points, values):
    """Fill points (N, 2) with those that hold every vertex, values (N,) with those of half the sum; how many there are.

    kink (m,), normal (m, 2), height (m,); N: (m + sides) (m + 2), at most.
    """
    m, count = len(kink), 0
    a, b, turn, t = np.empty(m), np.empty(m), np.empty(m), np.empty(m + 2)
    for at in range(m + len(sides)):
        if at < m:
            u, v, place = -normal[at, 1], normal[at, 0], height[at]
        else:
            u, v, place = -sides[at - m, 1], sides[at - m, 0], -1 - edge
        x, y = -place * v, place * u
        low, high = ends(x, y, u, v, sides, edge)
        if not low <= high:
            continue
        for j in range(m):
            a[j] = u * normal[j, 0] + v * normal[j, 1]
            b[j] = x * normal[j, 0] + y * normal[j, 1] + height[j]
            turn[j] = 0.0 if abs(a[j]) < FLAT else -b[j] / a[j]
            t[j] = min(max(turn[j], low), high)
        t[m], t[m + 1] = low, high
        for k in range(m + 2):
            value = 0.0
            for j in range(m):
                value += kink[j] * (abs(b[j]) if abs(a[j]) < FLAT else abs(a[j]) * abs(t[k] - turn[j]))
            points[count, 0], points[count, 1] = x + t[k] * u, y + t[k] * v
            values[count] = value / 2
            count += 1
    return count


@compiled
def solved(matrix, right):
    """Solve a system of three equations in place, `right` becomes the solution; False where it is singular."""
    for k in range(3):
        best = k
        for i in range(k + 1, 3):
            if abs(matrix[i, k]) > abs(matrix[best, k]):
                best = i
        if not abs(matrix[best, k]) > 0:
            return False
        if best != k:
            for j in range(3):
                matrix[k, j], matrix[best, j] = matrix[best, j], matrix[k, j]
            right[k], right[best] = right[best], right[k]
        for i in range(k + 1, 3):
            factor = matrix[i, k] / matrix[k, k]
            for j in range(k, 3):
                matrix[i, j] -= factor * matrix[k, j]
            right[i] -= factor * right[k]
    for k in range(2, -1, -1):
        for j in range(k + 1, 3):
            right[k] -= matrix[k, j] * right[j]
        right[k] /= matrix[k, k]
    return abs(right[0]) + abs(right[1]) + abs(right[2]) < np.inf


@compiled
def near_affine(points, values, rounds, near):
    """An affine function (slope, constant) that nearly has the smallest largest distance from the values.   -> (3,)

    Least squares, reweighted by the distances left (Lawson); any g gives a bound, so how near it is needs no proof. The root of
    their weighted mean square is below that smallest distance: within `near` of it there is no more to gain.
    """
    n = len(values)
    weights, best, least = np.full(n, 1.0 / n), np.zeros(3), np.inf
    matrix, g = np.empty((3, 3)), np.empty(3)
    for _ in range(rounds):
        for i in range(3):
            g[i] = 0.0
            for j in range(3):
                matrix[i, j] = 0.0
        for k in range(n):
            w, x, y = weights[k], points[k, 0], points[k, 1]
            matrix[0, 0] += w * x * x
            matrix[0, 1] += w * x * y
            matrix[0, 2] += w * x
            matrix[1, 1] += w * y * y
            matrix[1, 2] += w * y
            matrix[2, 2] += w
            g[0] += w * x * values[k]
            g[1] += w * y * values[k]
            g[2] += w * values[k]
        matrix[1, 0], matrix[2, 0], matrix[2, 1] = matrix[0, 1], matrix[0, 2], matrix[1, 2]
        if not solved(matrix, g):
            break
        high, low, total, square = -np.inf, np.inf, 0.0, 0.0
        for k in range(n):
            rest = values[k] - points[k, 0] * g[0] - points[k, 1] * g[1] - g[2]
            high, low = max(high, rest), min(low, rest)
            square += weights[k] * rest * rest
            weights[k] *= abs(rest)
            total += weights[k]
        if high - low < 2 * least:
            least = (high - low) / 2
            best[0], best[1], best[2] = g[0], g[1], g[2] + (high + low) / 2
        if not (total > 0 and least > (1 + near) * math.sqrt(square)):
            break
        for k in range(n):
            weights[k] /= total
    return best


@compiled
def nearest(kink, normal, height, sides, edge, rounds, near):
    """(the largest distance of half the sum of kink |normal . y + height| from g at the listed points, g (3,))."""
    m = len(kink)
    points, values = np.empty(((m + len(sides)) * (m + 2), 2)), np.empty((m + len(sides)) * (m + 2))
    count = on_lines(kink, normal, height, sides, edge, points, values)
    points, values = points[:count], values[:count]
    g = near_affine(points, values, rounds, near)
    level = 0.0
    for k in range(count):
        away = abs(values[k] - (points[k, 0] * g[0] + points[k, 1] * g[1]) - g[2])
        if not away < np.inf:  # a maximum would pass over what is not a number
            return np.inf, g
        level = max(level, away)
    return level, g
