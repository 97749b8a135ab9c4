"""An independent reading of the evidence of LP trees: what it proves of the problem, in rationals.

It follows the format in the docstring of twolayer.certify.trees and imports nothing of the search.
"""

from __future__ import annotations

import numpy as np
from flint import fmpq


class Refuted(Exception):  # noqa: N818  what happened to the claim
    """The evidence does not prove what it claims."""


def _require(condition, what: str) -> None:
    if not condition:
        raise Refuted(what)


def _top(form) -> fmpq:
    """Maximum of coefficients . xi + constant over [-1, 1]^d."""
    return sum((abs(a) for a in form[:-1]), fmpq(0)) + form[-1]


def _ratio(u, v) -> fmpq | None:
    """r with u = r v, or None."""
    j = next(j for j, x in enumerate(v) if x != 0)
    r = u[j] / v[j]
    return r if all(a == r * b for a, b in zip(u, v, strict=True)) else None


def _power(k: int) -> fmpq:
    return fmpq(1 << k) if k >= 0 else fmpq(1, 1 << -k)


def _fraction(text: str) -> fmpq:
    return fmpq(*map(int, text.split("/")))


def _keyed(table: dict) -> dict:
    """JSON turns row numbers into strings."""
    return {int(row): value for row, value in table.items()}


def decomposed(h, region, evidence):
    """(forms, masses, rest) of h = sum mass_i relu(form_i) + rest in the coordinates of the domain's box."""
    middle, radius = (region.upper + region.lower) / 2, (region.upper - region.lower) / 2

    def form(p, b):
        return np.array([*(p * radius), (p * middle).sum() + b], dtype=object)

    forms = [form(h.P[node], h.beta[node]) * (-1 if flipped else 1) for node, flipped in evidence["kinks"]]
    listed = len(forms)
    for node, active, proof in evidence["settled"]:  # of one sign on the domain, by weak duality
        u = form(h.P[node], h.beta[node])
        total = -u if active else u
        for m, y in _keyed(proof).items():
            _require(_fraction(y) >= 0, "a multiplier is negative")
            total = total + _fraction(y) * form(-region.A[m], region.c[m])
        _require(_top(total) <= 0, "a ridge is not of one sign on the domain")
        forms.append(u)
    masses = [fmpq(0)] * len(forms)
    rest = form(h.slope, h.offset)
    for p, beta, c in zip(h.P, h.beta, h.c, strict=True):
        u = form(p, beta)
        if c == 0 or _top(u) <= 0:
            continue
        if _top(-u) <= 0:
            rest = rest + c * u
            continue
        ratios = [_ratio(u, v) for v in forms]
        if all(r is None for r in ratios):  # a hyperplane that is not listed: its masses need to cancel
            forms.append(u)
            masses.append(fmpq(0))
            ratios.append(fmpq(1))
        i = next(i for i, r in enumerate(ratios) if r is not None)
        masses[i] += c * abs(ratios[i])
        if ratios[i] < 0:
            rest = rest + c * u
    for i, (_, active, _) in enumerate(evidence["settled"], listed):
        rest = rest + masses[i] * forms[i] if active else rest
        masses[i] = fmpq(0)
    _require(all(mass == 0 for mass in masses[listed:]), "a crease is missing from the kinks")
    return forms[:listed], masses[:listed], rest


def proved(h, region, evidence) -> fmpq:
    """The upper bound on |h| over the domain that the evidence proves; Refuted where it proves none."""
    forms, masses, rest = decomposed(h, region, evidence)
    middle, radius = (region.upper + region.lower) / 2, (region.upper - region.lower) / 2
    slacks = [
        np.array([*(-region.A[m] * radius), region.c[m] - (region.A[m] * middle).sum()], dtype=object)
        for m in evidence["facets"]
    ]
    _require(sorted(sign["sign"] for sign in evidence["signs"]) == [-1, 1], "both signs of h are needed")
    bits = evidence["row_bits"], evidence["weight_bits"]
    return max(
        _sign(forms, [sign["sign"] * m for m in masses], sign["sign"] * rest, slacks, sign, *bits) for sign in evidence["signs"]
    )


def _sign(forms, masses, rest, slacks, given, row_bits, weight_bits) -> fmpq:
    groups = [(kink, [(j, _fraction(w)) for j, w in partners]) for kink, partners in given["groups"]]
    _require(sorted(kink for kink, _ in groups) == [i for i, m in enumerate(masses) if m > 0], "wrong groups")
    left = [-m for m in masses]
    pairs = []
    for g, (_, partners) in enumerate(groups):
        for j, w in partners:
            _require(masses[j] < 0 and w > 0, "a partner needs negative mass and a positive share")
            left[j] -= w
            pairs.append((g, j, w))
    singles = [(j, s) for j, s in enumerate(left) if masses[j] < 0 and s != 0]
    _require(all(s > 0 for _, s in singles), "more of a kink is paired than there is")
    unit = _power(given["unit"])
    errors = [masses[i] * forms[i] - sum((w * forms[j] for j, w in shares), 0 * rest) for i, shares in groups]
    rows = [
        rest,
        *errors,
        *(forms[i] for i, _ in groups),
        *(-forms[i] for i, _ in groups),
        *(w * forms[j] for _, j, w in pairs),
        *(-w * forms[j] for _, j, w in pairs),
        *(-s * forms[j] for j, s in singles),
        *slacks,
    ]
    n, p = len(groups), len(pairs)
    _require(len(given["scale"]) == len(rows), "wrong number of rows")
    rows = [row / _power(k) for row, k in zip(rows, given["scale"], strict=True)]
    rows[: 1 + n] = [row / unit for row in [rest, *errors]]
    plus, minus = range(1 + n, 1 + 2 * n), range(1 + 2 * n, 1 + 3 * n)
    pair_plus, pair_minus = range(1 + 3 * n, 1 + 3 * n + p), range(1 + 3 * n + p, 1 + 3 * n + 2 * p)
    single = range(1 + 3 * n + 2 * p, 1 + 3 * n + 2 * p + len(singles))
    slack = range(single.stop, single.stop + len(slacks))
    whole = 1 << weight_bits
    cuts: dict = {}
    relies: dict[int, set] = {}
    for row, (g, numbers, active, inactive) in _keyed(given["cuts"]).items():
        cut = np.array([fmpq(x, 1 << row_bits) for x in numbers], dtype=object)
        relies[row] = set()
        for start, side, own in ((rows[1 + g], active, plus[g]), (0 * rest, inactive, minus[g])):
            total = start - cut
            for m, number in _keyed(side).items():
                _require(number >= 0, "a cut's proof has a negative weight")
                _require(m in slack or m in plus or m in minus, "a cut's proof uses a wrong row")
                if m != own and m not in slack:
                    relies[row].add(((m - 1) % n, m in plus))
                    _require((m - 1) % n != g, "a cut's proof uses its own other side")
                total = total + fmpq(number, whole) * rows[m]
            _require(_top(total) <= 0, "a cut is too low")
        cuts[row] = (g, cut)
    worst = []
    for decided, weights in given["leaves"]:
        sides, weights = dict(map(tuple, decided)), _keyed(weights)
        _require(weights[0] == whole and all(x >= 0 for x in weights.values()), "wrong weights")
        share = [sum(x for row, x in weights.items() if row in cuts and cuts[row][0] == g) for g in range(n)]
        for g in range(n):
            free = whole - share[g]
            on = weights.get(1 + g, 0)
            _require(free >= 0 and on == (free if sides.get(g) else 0), "a group's cuts do not weigh one")
            _require(free == 0 or g in sides, "an undecided group is not bounded")
        total = 0 * rest
        for row, x in weights.items():
            limit = None
            if row in cuts:
                held = all(sides.get(g) is side for g, side in relies[row])
                _require(held, "a cut is used where it may not hold")
            elif row in plus or row in minus:
                _require(sides.get((row - 1) % n) is (row in plus), "a side is used that was not decided")
            elif row in pair_plus or row in pair_minus:
                g = pairs[(row - 1 - 3 * n) % p][0]
                _require(sides.get(g) is (row in pair_plus), "a pair is used on the wrong side")
                limit = whole - share[g]
            elif row in single:
                limit = whole
            else:
                _require(row <= n or row in slack, "an unknown row")
            if limit is not None:
                _require(x * unit <= limit * _power(given["scale"][row]), "a pair or single weighs too much")
            total = total + fmpq(x, whole) * (cuts[row][1] if row in cuts else rows[row])
        worst.append(_top(total) * unit)
    paths = [[tuple(step) for step in decided] for decided, _ in given["leaves"]]
    _require(_covered(paths, 0), "the leaves leave a gap")
    return max(worst)


def _covered(leaves: list, depth: int) -> bool:
    """True if the decisions, read in order, are those of a binary tree (with more leaves, perhaps)."""
    if any(len(leaf) == depth for leaf in leaves):
        return True
    if not leaves:
        return False
    group = leaves[0][depth][0]
    if any(leaf[depth][0] != group for leaf in leaves):
        return False
    halves = ([leaf for leaf in leaves if leaf[depth][1] is side] for side in (True, False))
    return all(_covered(half, depth + 1) for half in halves)
