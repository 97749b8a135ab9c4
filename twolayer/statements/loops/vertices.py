"""The largest distance of half a sum of kinks from an affine function, over the vertices of the kinks in a polygon (d' = 2).

In coordinates in which the ball is the unit disc, the polygon is around it. What is listed and how far values may be off is
said where it is asked for (`sharp.local`): nothing is skipped or reordered here.
"""

from __future__ import annotations

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
    """Solve a system of equations in place, `right` becomes the solution; False where it is singular."""
    n = len(right)
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(matrix[i, k]) > abs(matrix[best, k]):
                best = i
        if not abs(matrix[best, k]) > 0:
            return False
        if best != k:
            for j in range(n):
                matrix[k, j], matrix[best, j] = matrix[best, j], matrix[k, j]
            right[k], right[best] = right[best], right[k]
        for i in range(k + 1, n):
            factor = matrix[i, k] / matrix[k, k]
            for j in range(k, n):
                matrix[i, j] -= factor * matrix[k, j]
            right[i] -= factor * right[k]
    size = 0.0
    for k in range(n - 1, -1, -1):
        for j in range(k + 1, n):
            right[k] -= matrix[k, j] * right[j]
        right[k] /= matrix[k, k]
        size += abs(right[k])
    return size < np.inf


@compiled
def spread(points, chosen):
    """Fill chosen (4,) with points at the ends of two directions, those of the one first and last."""
    for side in range(4):
        u, v, best = (1.0, 0.5, -0.5, -1.0)[side], (0.5, -1.0, 1.0, -0.5)[side], -np.inf
        for k in range(len(points)):
            reach = u * points[k, 0] + v * points[k, 1]
            if reach > best:
                best, chosen[side] = reach, k


@compiled
def near_affine(points, values, rounds, near):
    """An affine function (slope, constant) whose largest distance from the values is nearly the smallest.   -> (3,)

    Four points at which it is off by one level E, in turns above and below so that no other function is off by less there
    (weights >= 0 of their signed places (x, y, 1) add up to 0); the point where it is off most enters, and one whose weight
    comes to 0 first leaves: E grows until nothing is off by more than 1 + near times E. The points hold corners of a polygon
    (`spread` takes four). Any g gives a bound, so nothing here needs a proof.
    """
    chosen, sign, weights = np.empty(4, np.int64), np.ones(4), np.empty(4)
    matrix, g, best, least = np.empty((4, 4)), np.empty(4), np.zeros(3), np.inf
    spread(points, chosen)
    for i in range(4):  # signed weights: of four corners, those at the ends of one direction have one sign
        matrix[0, i], matrix[1, i], matrix[2, i] = points[chosen[i], 0], points[chosen[i], 1], 1.0
        matrix[3, i], weights[i] = (1.0 if i in (0, 3) else -1.0), (1.0 if i == 3 else 0.0)
    if not solved(matrix, weights):
        return best
    total = 0.0
    for i in range(4):
        sign[i] = -1.0 if weights[i] < 0 else 1.0
        weights[i] = abs(weights[i])
        total += weights[i]
    level = 0.0
    for i in range(4):
        weights[i] /= total
        level += weights[i] * sign[i] * values[chosen[i]]
    if level < 0:
        sign[:] = -sign
    for _ in range(rounds):
        for i in range(4):
            k = chosen[i]
            matrix[i, 0], matrix[i, 1], matrix[i, 2], matrix[i, 3] = points[k, 0], points[k, 1], 1.0, sign[i]
            g[i] = values[k]
        if not solved(matrix, g):
            break
        high, low, top, bottom = -np.inf, np.inf, 0, 0
        for k in range(len(values)):
            rest = values[k] - points[k, 0] * g[0] - points[k, 1] * g[1] - g[2]
            if rest > high:
                high, top = rest, k
            if rest < low:
                low, bottom = rest, k
        if high - low < 2 * least:
            least = (high - low) / 2
            best[0], best[1], best[2] = g[0], g[1], g[2] + (high + low) / 2
        entering, turn = (top, 1.0) if high > -low else (bottom, -1.0)
        if not max(high, -low) > (1 + near) * g[3]:
            break
        for i in range(4):
            k = chosen[i]
            matrix[0, i], matrix[1, i] = sign[i] * points[k, 0], sign[i] * points[k, 1]
            matrix[2, i], matrix[3, i] = sign[i], 1.0
        g[0], g[1], g[2], g[3] = turn * points[entering, 0], turn * points[entering, 1], turn, 1.0
        if not solved(matrix, g):
            break
        leaving, step = -1, np.inf
        for i in range(4):
            if g[i] > 0 and weights[i] < step * g[i]:
                leaving, step = i, weights[i] / g[i]
        if leaving < 0:
            break
        for i in range(4):
            weights[i] = max(weights[i] - step * g[i], 0.0)
        chosen[leaving], sign[leaving], weights[leaving] = entering, turn, step
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
