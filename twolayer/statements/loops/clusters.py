"""The least bound of fan-out recovery over radii and the beginnings of an order of creases, in floats (`recovery`)."""

from __future__ import annotations

import math

import numpy as np

from ...certify.compiled import compiled


@compiled
def least(kink, turn, sine, cotangent, away, distance, radii, eps, order):
    """(value, place of the radius, count) of the least (4 eps + away) sqrt(1 + Gamma^2) / r + turned + Gamma tilted.

    The cluster is those of the first `count` creases of an order (places) that meet the ball; Gamma sums all others that do.
    What is no number does not count.
    """
    best, place, chosen = np.inf, 0, 0
    free, rest = np.zeros(len(kink), np.bool_), np.empty(len(order) + 1)
    for k in range(len(order)):
        free[order[k]] = True
    for at in range(len(radii)):
        radius, fixed = radii[at], 0.0
        for m in range(len(kink)):
            if not free[m] and not distance[m] > radius:
                fixed += cotangent[m]
        rest[len(order)] = 0.0
        for k in range(len(order) - 1, -1, -1):
            rest[k] = rest[k + 1] + (0.0 if distance[order[k]] > radius else cotangent[order[k]])
        turned = tilted = far = 0.0
        for count in range(len(order) + 1):
            if count > 0 and not distance[order[count - 1]] > radius:
                m = order[count - 1]
                turned += kink[m] * turn[m]
                tilted += kink[m] * sine[m]
                far += kink[m] * away[m]
            gamma = fixed + rest[count]
            value = (4 * eps[at] + far) * math.sqrt(1 + gamma * gamma) / radius + turned + gamma * tilted
            if value < best:
                best, place, chosen = value, at, count
    return best, place, chosen
