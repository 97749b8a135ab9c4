"""Kink masses of opposite sign paired in balls around a centre, in floats (`sharp.local` says what a pair is worth).

A scene: distance (n,) lower bounds, kink (n,) signed masses, height (n,) distances of the centre; apart: (index, near, far),
the lengths of the differences and of the sums of two unit normals of all creases, of which index (n,) are the scene's;
wall: the place of a crease whose mass costs nothing alone, or -1.
"""

from __future__ import annotations

import numpy as np

from ...certify.compiled import compiled


@compiled
def alone(height, radius):
    """What a unit of the mass of one crease costs in a ball."""
    return max(radius - height * height / radius, 0.0) / 4


@compiled
def cost(a, b, height, apart, radius):
    """What a unit of a pair costs in a ball."""
    index, near, far = apart
    one, other = index[a], index[b]
    opposite = far[one, other] * radius + abs(height[a] + height[b])
    return min(near[one, other] * radius + abs(height[a] - height[b]), opposite) / 2


@compiled
def paired(distance, kink, height, apart, wall, radius):
    """Masses in a ball paired, the cheapest first, while a pair costs less than both alone.

    -> (what all of them cost one by one, what is left of it without pairs, pairs (p, 2), masses (p,), what they cost (p,))
    """
    n = len(distance)
    ups, downs = np.empty(n, np.int64), np.empty(n, np.int64)
    up = down = 0
    left, single = np.zeros(n), np.zeros(n)
    for m in range(n):
        if distance[m] <= radius:
            left[m], single[m] = abs(kink[m]), 0.0 if m == wall else alone(height[m], radius)
            if kink[m] > 0:
                ups[up] = m
                up += 1
            elif kink[m] < 0:
                downs[down] = m
                down += 1
    costs, places, count = np.empty(up * down), np.empty((up * down, 2), np.int64), 0
    for a in ups[:up]:
        for b in downs[:down]:
            each = cost(a, b, height, apart, radius)
            if single[a] + single[b] > each:
                costs[count], places[count, 0], places[count, 1] = each, a, b
                count += 1
    pairs, shares, worth = np.empty((count, 2), np.int64), np.empty(count), np.empty(count)
    used, value = 0, 0.0
    for place in np.argsort(costs[:count], kind="mergesort"):
        a, b = places[place, 0], places[place, 1]
        amount = min(left[a], left[b])
        if amount > 0:
            shares[used], worth[used] = amount, amount * costs[place]
            value += worth[used]
            left[a] -= amount
            left[b] -= amount
            pairs[used, 0], pairs[used, 1] = a, b
            used += 1
    rest = 0.0
    for m in range(n):
        rest += left[m] * single[m]
    return value + rest, rest, pairs[:used], shares[:used], worth[:used]


@compiled
def together(pairs, shares, normal, height, index, radius):
    """The largest sum of some pairs in a ball, all at one point: over all signs of them.   normal: of all creases (N, d)"""
    count, d = len(pairs), normal.shape[1]
    slopes, values = np.empty((count, d)), np.empty(count)
    for k in range(count):
        a, b = pairs[k]
        near = far = 0.0
        for j in range(d):
            near += (normal[index[a], j] - normal[index[b], j]) ** 2
            far += (normal[index[a], j] + normal[index[b], j]) ** 2
        low, high = abs(height[a] - height[b]), abs(height[a] + height[b])
        sign = -1.0 if np.sqrt(near) * radius + low <= np.sqrt(far) * radius + high else 1.0
        for j in range(d):
            slopes[k, j] = shares[k] * (normal[index[a], j] + sign * normal[index[b], j])
        values[k] = shares[k] * (height[a] + sign * height[b])
    most = 0.0
    for signs in range(1 << (count - 1)):
        square, value = 0.0, 0.0
        for j in range(d + 1):
            total = 0.0
            for k in range(count):
                one = values[k] if j == d else slopes[k, j]
                total += -one if signs >> k & 1 else one
            if j == d:
                value = abs(total)
            else:
                square += total * total
        most = max(most, value + radius * np.sqrt(square))
    return most / 2


@compiled
def least(distance, kink, height, apart, wall, radii):
    """Lower bounds on the values of pairings in balls of these radii, the largest first.   (m,) -> (m,)

    Every unit of mass costs what it does alone, or half of a pair; per unit of radius that is least in the largest ball.
    """
    n, out = len(distance), np.zeros(len(radii))
    half = np.full(n, np.inf)
    for a in range(n):
        for b in range(n):
            if kink[a] > 0 and kink[b] < 0:
                each = cost(a, b, height, apart, radii[0]) / (2 * radii[0])
                half[a], half[b] = min(half[a], each), min(half[b], each)
    for k in range(len(radii)):
        for m in range(n):
            if distance[m] <= radii[k] and m != wall:
                out[k] += abs(kink[m]) * min(alone(height[m], radii[k]), half[m] * radii[k])
    return out


@compiled
def crowds(distance, opposes, student, cotangent, radii):
    """(sum of |cot| over opposing creases without a student, their number with one) that balls meet.   (m,) -> (m,), (m,)"""
    teachers, students = np.zeros(len(radii)), np.zeros(len(radii))
    for k in range(len(radii)):
        for m in range(len(distance)):
            if opposes[m] and distance[m] <= radii[k]:
                if student[m]:
                    students[k] += 1
                else:
                    teachers[k] += cotangent[m]
    return teachers, students


@compiled
def best(distance, kink, height, apart, wall, opposes, student, cotangent, radii, most):
    """The places of at most `most` radii at which value * crowd / radius is smallest, best first.

    crowd: the sum of both of `crowds`; radii are the largest first, and those of balls that meet no opposing student, or
    where the product is 0 or no number, do not count.
    """
    teachers, students = crowds(distance, opposes, student, cotangent, radii)
    radii = radii[: (students > 0).sum()]
    crowd = (teachers + students)[: len(radii)]
    scores, places, count = np.full(most, np.inf), np.full(most, -1), 0
    bounds = least(distance, kink, height, apart, wall, radii) * crowd / radii
    for place in np.argsort(bounds, kind="mergesort"):
        if count == most and not bounds[place] <= scores[most - 1]:
            break
        value = paired(distance, kink, height, apart, wall, radii[place])[0] * crowd[place]
        if not 0 < value < np.inf:
            continue
        score, at = value / radii[place], count
        while at > 0 and (score < scores[at - 1] or (score == scores[at - 1] and place < places[at - 1])):
            at -= 1
        count = min(count + 1, most)
        for k in range(count - 1, at, -1):
            scores[k], places[k] = scores[k - 1], places[k - 1]
        if at < most:
            scores[at], places[at] = score, place
    return places[:count]
