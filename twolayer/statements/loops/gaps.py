"""Sums of inverse heights in the gaps of H (d' = 2), in floats, and the steepest slopes of free lines that they allow.

Lines across H, sorted: place and tilt (n,) of their offsets and slopes, free (n,) where the slope is any in [-c, c], label (n,)
of their directions, -1 for walls; up, down: inverse heights that parallel lines leave. Directions that may be left out of a
gap's cell: label, tilt and free (m,) likewise; `out` holds the place of one or two of them. What the sums are is said in
`sharp.chords`, `sharp.pairs` and `sharp.cells`. Whatever the order of the search, what is left out cannot win.
"""

from __future__ import annotations

import numpy as np

from ...certify.compiled import compiled

WALL = -1  # the label of a wall
ROOT = 1e-15  # relative width to which a largest slope is found; a proof stays well below it
STEPS = 200  # of the search for it: bisection alone takes 60


@compiled
def directions(label, free):
    """(places, free) of a line of every direction but walls; a line whose slope is known, where there is one.   (n,) -> (m,)"""
    place, count = np.full(label.max() + 2, -1), 0
    places, unknown = np.empty(len(label), np.int64), np.empty(len(label), np.bool_)
    for j in range(len(label)):
        if label[j] == WALL:
            continue
        at = place[label[j]]
        if at < 0:
            at = place[label[j]] = count
            count += 1
            places[at], unknown[at] = j, free[j]
        elif not free[j]:
            places[at], unknown[at] = j, False
    return places[:count], unknown[:count]


@compiled
def quotient(numerator, left, right):
    """numerator / (right - left); infinite where two lines cross H in one point and leave no room."""
    width = right - left
    return numerator / width if width > 0 else np.inf


@compiled
def chord(place, tilt, free, label, up, down, gap, out, w, c, enough):
    """1/v+ + 1/v- in a gap without the lines of label `out`, along slope w, for |free| <= c; some number >= enough there."""
    above, below = up, down
    for j in range(gap, -1, -1):
        if label[j] == out:
            continue
        high, low = (c, -c) if free[j] else (tilt[j], tilt[j])
        rise, fall = max(high - w, 0.0), max(w - low, 0.0)
        for r in range(gap + 1, len(place)):
            if label[r] == out:
                continue
            high, low = (c, -c) if free[r] else (tilt[r], tilt[r])
            above = max(above, quotient(rise + max(w - low, 0.0), place[j], place[r]))
            below = max(below, quotient(fall + max(high - w, 0.0), place[j], place[r]))
            if above + below >= enough:
                return above + below
    return above + below


@compiled
def corner(place, tilt, free, label, up, down, gap, one, other, w, v, c, enough):
    """2/a in a gap without the lines of two labels, whose slopes are w and v, for |free| <= c; some number >= enough there."""
    most, mean, half = 2 * max(up, down), (w + v) / 2, abs(w - v) / 2
    for j in range(gap, -1, -1):
        if label[j] == one or label[j] == other:
            continue
        left = max(half, abs(mean) + c if free[j] else abs(tilt[j] - mean))
        for r in range(gap + 1, len(place)):
            if label[r] == one or label[r] == other:
                continue
            right = max(half, abs(mean) + c if free[r] else abs(tilt[r] - mean))
            most = max(most, 2 * quotient(left + right, place[j], place[r]))
            if most >= enough:
                return most
    return most


@compiled
def sum_at(lines, left, gap, out, c, enough):
    """The sum of two inverse heights at the worst ends of free slopes: of chords along one direction left out, or of 1/a twice
    for two. From `enough` on any number may stand for it.

    lines: (place, tilt, free, label, up, down); left: (label, tilt, free) of directions
    """
    place, tilt, free, label, up, down = lines
    labels, tilts, unknown = left
    worst, one = 0.0, out[0]
    for s in range(2 if unknown[one] else 1):
        w = (c if s == 0 else -c) if unknown[one] else tilts[one]
        if len(out) == 1:
            worst = max(worst, chord(place, tilt, free, label, up, down, gap, labels[one], w, c, enough))
        else:
            other = out[1]
            for t in range(2 if unknown[other] else 1):
                v = (c if t == 0 else -c) if unknown[other] else tilts[other]
                value = corner(place, tilt, free, label, up, down, gap, labels[one], labels[other], w, v, c, enough)
                worst = max(worst, value)
    return worst


@compiled
def largest(lines, left, gap, out, room, start, step, rungs):
    """The largest c, from a start where it is so, at which `sum_at` stays below `room`.

    It grows with c, and is convex in it. Where it stays below on the whole ladder start * step^k nothing free is in the way.
    """
    low, high, at_high = start, start, room
    for k in range(rungs):
        if k == rungs - 1:
            return high
        high = low * step
        at_high = sum_at(lines, left, gap, out, high, np.inf)
        if not at_high < room:
            break
        low = high
    at_low = sum_at(lines, left, gap, out, low, np.inf)
    bisect = False
    for _ in range(STEPS):
        middle = low + (high - low) / 2
        if not bisect and at_high < np.inf:  # a chord lies above a convex function, whose value there is below room
            at_chord = low + (high - low) * ((room - at_low) / (at_high - at_low))
            middle = at_chord if low < at_chord < high else middle
        if not (high - low > ROOT * high and low < middle < high):
            break
        before, value = high - low, sum_at(lines, left, gap, out, middle, np.inf)
        if value < room:
            low, at_low = middle, value
        else:
            high, at_high = middle, value
        bisect = not bisect and high - low > before / 2
    return low


@compiled
def narrow(lines, gap, c):
    """A lower bound on the sum in a gap where no line beside it is left out, whatever the slope of the chords.

    The quotients of these two lines above and below add up to the sum of their ranges at least.
    """
    place, tilt, free, label, up, down = lines
    high, low = (c, -c) if free[gap] else (tilt[gap], tilt[gap])
    high_r, low_r = (c, -c) if free[gap + 1] else (tilt[gap + 1], tilt[gap + 1])
    above, below = quotient(high - low_r, place[gap], place[gap + 1]), quotient(high_r - low, place[gap], place[gap + 1])
    return max(above, up) + max(below, down)


@compiled
def steepest_chord(lines, left, gaps, room, start, step, rungs):
    """(c, gap, direction) of the largest c at which the sum of chords stays below `room`, of all gaps and directions.

    The gap is -1 where none is at a c > start.
    """
    label, labels = lines[3], left[0]
    cot, chosen, direction, out = start, -1, -1, np.empty(1, np.int64)
    for gap in gaps:
        for m in range(len(labels)):
            beside = label[gap] == labels[m] or label[gap + 1] == labels[m]
            if not beside and not narrow(lines, gap, cot) < room:
                continue
            out[0] = m
            if sum_at(lines, left, gap, out, cot, room) < room:
                value = largest(lines, left, gap, out, room, cot, step, rungs)
                if value > cot:
                    cot, chosen, direction = value, gap, m
    return cot, chosen, direction


@compiled
def steepest_pair(lines, left, gaps, outs, room, start, step, rungs):
    """(c, place) of the largest c at which the sum for a pair stays below `room`, of gaps (m,) and pairs (m, 2).

    The place is -1 where none is at a c > start.
    """
    cot, chosen = start, -1
    for k in range(len(gaps)):
        if sum_at(lines, left, gaps[k], outs[k], cot, room) < room:
            value = largest(lines, left, gaps[k], outs[k], room, cot, step, rungs)
            if value > cot:
                cot, chosen = value, k
    return cot, chosen


@compiled
def flat_chord(place, tilt, label, up, down, gap, out, w, enough, worst):
    """`chord` with all slopes known. worst: the lines (left, right) of the largest quotient above, and those below, of some
    other direction, or -1; they are asked first, and those of this one are left in it.
    """
    above, below = up, down
    for side in range(2):
        j, r = worst[2 * side], worst[2 * side + 1]
        if j >= 0 and label[j] != out and label[r] != out:
            one, other = (tilt[j], tilt[r]) if side == 0 else (tilt[r], tilt[j])
            value = quotient(max(one - w, 0.0) + max(w - other, 0.0), place[j], place[r])
            above, below = (max(above, value), below) if side == 0 else (above, max(below, value))
    if above + below >= enough:
        return above + below
    for j in range(gap, -1, -1):
        if label[j] == out:
            continue
        rise, fall = max(tilt[j] - w, 0.0), max(w - tilt[j], 0.0)
        for r in range(gap + 1, len(place)):
            if label[r] == out:
                continue
            value = quotient(rise + max(w - tilt[r], 0.0), place[j], place[r])
            if value > above:
                above, worst[0], worst[1] = value, j, r
            value = quotient(fall + max(tilt[r] - w, 0.0), place[j], place[r])
            if value > below:
                below, worst[2], worst[3] = value, j, r
            if above + below >= enough:
                return above + below
    return above + below


@compiled
def flattest_chord(lines, left, gaps, goal):
    """(sum, gap, direction) of the smallest sum of chords below `goal`, all slopes known; the gap is -1 where none is."""
    place, tilt, free, label, up, down = lines
    labels, tilts, _ = left
    best, chosen, direction, worst = goal, -1, -1, np.empty(4, np.int64)
    least = np.empty(len(gaps))
    for k in range(len(gaps)):
        least[k] = narrow(lines, gaps[k], 0.0)
    for k in np.argsort(least, kind="mergesort"):
        gap = gaps[k]
        worst[:] = -1
        for m in range(len(labels)):
            if least[k] < best or label[gap] == labels[m] or label[gap + 1] == labels[m]:
                value = flat_chord(place, tilt, label, up, down, gap, labels[m], tilts[m], best, worst)
                if value < best:
                    best, chosen, direction = value, gap, m
    return best, chosen, direction


@compiled
def flattest_pair(lines, left, gaps, outs, goal):
    """(sum, place) of the smallest sum for a pair below `goal`, all slopes known; the place is -1 where none is."""
    best, chosen = goal, -1
    for k in range(len(gaps)):
        value = sum_at(lines, left, gaps[k], outs[k], 0.0, best)
        if value < best:
            best, chosen = value, k
    return best, chosen


@compiled
def flattest_cell(lines, gaps):
    """(1/a + 1/b, gap) of the gap with the smallest sum in its cell, all slopes known; the gap is -1 where all are infinite."""
    place, tilt, free, label, up, down = lines
    best, chosen = np.inf, -1
    for gap in gaps:
        above, below = up, down
        for j in range(gap, -1, -1):
            for r in range(gap + 1, len(place)):
                if place[r] > place[j]:
                    slope = (tilt[j] - tilt[r]) / (place[r] - place[j])
                    above, below = max(above, slope), max(below, -slope)
            if not above + below < best:
                break
        if above + below < best:
            best, chosen = above + below, gap
    return best, chosen


@compiled
def binding(free, gap, nearest):
    """(left, right): the lines on both sides of a gap, nearest first, without free ones beyond the `nearest` ones."""
    n = len(free)
    left, right = np.empty(gap + 1, np.int64), np.empty(n - gap - 1, np.int64)
    count = seen = 0
    for j in range(gap, -1, -1):
        seen += free[j]
        if not free[j] or seen <= nearest:
            left[count] = j
            count += 1
    left = left[:count]
    count = seen = 0
    for r in range(gap + 1, n):
        seen += free[r]
        if not free[r] or seen <= nearest:
            right[count] = r
            count += 1
    return left, right[:count]


@compiled
def allowed(constant, slope, room):
    """The largest c with constant + slope c <= room; 0 where there is none."""
    if not constant < room:
        return 0.0
    return (room - constant) / slope if slope > 0 else np.inf


@compiled
def cell(lines, gap, nearest, room, least):
    """The largest c such that 1/a + 1/b stays below `room` in a gap's cell, whatever the free slopes in [-c, c].

    0 if there is none; some number <= least if it is not above `least`.
    """
    place, tilt, free, label, up, down = lines
    left, right = binding(free, gap, nearest)
    size = len(left) * len(right)
    sums, ends, inverses = np.empty(size), np.empty(size), np.empty(size)
    limit = np.inf if up + down < room else 0.0
    k = 0
    for j in left:
        for r in right:
            width = place[r] - place[j]
            inverses[k] = 1 / width if width > 0 else np.inf
            sums[k] = ((0.0 if free[j] else tilt[j]) - (0.0 if free[r] else tilt[r])) * inverses[k]
            ends[k] = ((1.0 if free[j] else 0.0) + (1.0 if free[r] else 0.0)) * inverses[k]
            if not width > 0:  # no room
                return 0.0
            limit = min(limit, allowed(sums[k] + down, ends[k], room), allowed(up - sums[k], ends[k], room))
            for m in range(k + 1):
                shared = (free[j] and m // len(right) == k // len(right)) + (free[r] and m % len(right) == k % len(right))
                slope = ends[k] + ends[m] - 2 * shared * min(inverses[k], inverses[m])
                limit = min(limit, allowed(abs(sums[k] - sums[m]), slope, room))
            if not limit > least:
                return max(limit, 0.0)
            k += 1
    return limit


@compiled
def steepest_cell(lines, gaps, nearest, room, start):
    """(c, gap) of the largest `cell` of all gaps; the gap is -1 where none is above `start`."""
    cot, chosen = start, -1
    for gap in gaps:
        value = cell(lines, gap, nearest, room, cot)
        if value > cot:
            cot, chosen = value, gap
    return cot, chosen
