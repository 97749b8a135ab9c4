"""The observers of Corollary 1: the C students with invertible Q = [v_k1 .. v_kC] whose bound is smallest.

Floats choose, any set gives a valid bound: every set is tried where there are few; else a pivoted choice is improved by
swaps, each scored by a rank-one update of Q^-1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from flint import arb

from .. import exact
from ..restriction.restricted import Node
from .geometry import cached_by
from .setting import Setting

MOST_SETS = 4000  # observer sets that are all tried; beyond it, a greedy choice improved by single swaps
MOST_ENTRIES = 1 << 20  # of inverses that are held at a time
BETTER = 1 - 1e-9  # a swap has to lower the score by more than the rounding of an update
EXACT_UP_TO = 12  # outputs; an exact inverse of 50 rows takes 0.4 s, one in balls 4 ms
TRIED = 20  # sets whose Q is inverted exactly before giving up
AGREED = 1e-9  # share within which a proved limit is what floats said


@dataclass(frozen=True, eq=False)
class Chosen:
    """Observers in the order of Q's columns, Q's inverse (exact, or in balls if large), and the bounds B_m."""

    observers: tuple[Node, ...]
    inverse: np.ndarray
    limits: tuple[arb, ...]

    @property
    def indices(self) -> tuple[int, ...]:
        """Student indices of the observers."""
        return tuple(node.index for node in self.observers)


def choose(setting: Setting, candidates: list[tuple[Node, arb]], outputs: int, score) -> Chosen | None:
    """The observers with invertible Q and the smallest score; None if no Q is invertible.

    score(inverses (M, C, C), limits (M, C), powers (M, C)) of sets of observers with invertible Q: fan-outs have the sizes
    2^powers, and inverses |Q^-1| and limits are those of fan-outs of size 1.

    candidates: (observer, its B_m). Every set is tried where there are few, otherwise a pivoted choice is improved by
    swaps, as long as the setting is not late; any set gives a valid bound, so the search needs no proof.
    """
    if len(candidates) < outputs:
        return None
    fan_outs, powers = _fan_outs([node for node, _ in candidates])
    units = [exact.two_to(int(k)) for k in powers]
    limits = np.array([float((limit / exact.ball(unit)).mid()) for (_, limit), unit in zip(candidates, units, strict=True)])
    if math.comb(len(candidates), outputs) <= MOST_SETS and not setting.is_late:
        sets, inverses = _sets(setting, [node.index for node, _ in candidates], fan_outs)
        with np.errstate(all="ignore"):
            scores = score(inverses, limits[sets], powers[sets])
        scores = np.where(np.isnan(scores), np.inf, scores)
        ranked = [tuple(int(m) for m in sets[n]) for n in np.argsort(scores, kind="stable")[:TRIED]]
    else:
        first = _pivoted(fan_outs / np.clip(limits, 1e-100, 1e100)[:, None], outputs)
        ranked = [_swapped(first, fan_outs, limits, powers, score, setting)]
    for chosen in ranked:  # an exactly singular Q may look invertible in floats
        observers = tuple(candidates[m][0] for m in chosen)
        inverse = _proved_inverse(setting, observers)
        if inverse is not None:
            return Chosen(observers, inverse, tuple(candidates[m][1] for m in chosen))
    return None


def choose_proved(
    setting: Setting, limits: Mapping[Node, arb], outputs: int, score, prove: Callable[[Node], arb | None]
) -> Chosen | None:
    """`choose` by limits that floats say, with the limits of those that are chosen proved; None where no set is left.

    prove(observer): its limit, or None where there is none after all. Where a proof says other than floats did, the choice is
    made again with what it said.
    """
    limits, proved = dict(limits), set[Node]()
    while True:
        chosen, wrong = choose(setting, list(limits.items()), outputs, score), False
        if chosen is None:
            return None
        for other in chosen.observers:
            if other in proved:
                continue
            said, limit = limits.pop(other), prove(other)
            if limit is not None:
                proved.add(other)
                limits[other] = limit
            wrong |= limit is None or not abs(limit - said) <= AGREED * said
        if not wrong:
            return replace(chosen, limits=tuple(limits[other] for other in chosen.observers))


@cached_by
def _proved_inverse(setting: Setting, observers: tuple[Node, ...]) -> np.ndarray | None:
    """Q^-1, exact or in balls; None where Q is singular. Rows of many nodes choose the same observers."""
    Q = np.stack([node.fan_out for node in observers], axis=1)
    try:
        return exact.inverse(Q) if len(observers) <= EXACT_UP_TO else exact.enclosed_inverse(Q)
    except ZeroDivisionError:
        return None


def _fan_outs(nodes: Sequence[Node]) -> tuple[np.ndarray, np.ndarray]:
    """(fan-outs brought to size 1, the powers k of two that they were divided by), in floats.   -> (n, C), (n,)"""
    return np.array([_of_size_one(node) for node in nodes]), np.array([power(node) for node in nodes])


@cached_by
def _of_size_one(node: Node) -> np.ndarray:
    """A fan-out brought to size 1, in floats.   (C,)"""
    return exact.nearest(node.fan_out / exact.two_to(power(node)))


def _sets(setting: Setting, students: list[int], fan_outs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(sets of positions in `students`, their |Q^-1|), in lexicographic order.   -> (M, C), (M, C, C)

    Of the sets of all students where these can be held: they are inverted once for all rows.
    """
    (n, outputs), everyone = fan_outs.shape, len(setting.problem.student)
    if math.comb(everyone, outputs) * outputs**2 > MOST_ENTRIES:
        sets = np.array(list(combinations(range(n), outputs)))
        return sets, _inverses(fan_outs, sets)
    sets, inverses = _all_sets(setting)
    places = np.full(everyone, -1)
    places[students] = np.arange(n)
    inside = (places[sets] >= 0).all(axis=1)
    return places[sets[inside]], inverses[inside]


@cached_by
def _all_sets(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """`_sets` of all students."""
    fan_outs, _ = _fan_outs(setting.problem.student)
    sets = np.array(list(combinations(range(len(fan_outs)), fan_outs.shape[1])))
    return sets, _inverses(fan_outs, sets)


def _inverses(fan_outs: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """|Q^-1| of sets of observers; NaN where Q is singular.   (M, C) -> (M, C, C)"""
    Q = fan_outs[sets].transpose(0, 2, 1)
    regular = np.abs(np.linalg.det(Q)) > 0
    inverses = np.full(Q.shape, np.nan)
    inverses[regular] = np.abs(np.linalg.inv(Q[regular]))
    return inverses


def norms(inverses: np.ndarray, powers: np.ndarray) -> np.ndarray:
    """|Q^-1|_1 times the smallest of the fan-outs' sizes.   (M, C, C), (M, C) -> (M,)"""
    smaller = np.ldexp(inverses, (powers.min(axis=1, keepdims=True) - powers)[:, :, None])
    return smaller.sum(axis=1).max(axis=1)


@cached_by
def power(node: Node) -> int:
    """k with a fan-out of size 2^k."""
    return exact.log2(exact.power_of_two(node.fan_out))


def _pivoted(vectors: np.ndarray, count: int) -> tuple[int, ...]:
    """Rows chosen one by one, each the longest after projecting out the earlier ones."""
    rest, chosen = np.array(vectors), []
    for _ in range(count):
        best = int(np.argmax((rest**2).sum(axis=1)))
        chosen.append(best)
        direction = rest[best] / max(np.linalg.norm(rest[best]), np.finfo(float).tiny)
        rest = rest - np.outer(rest @ direction, direction)
    return tuple(chosen)


def _swapped(
    chosen: tuple[int, ...], fan_outs: np.ndarray, limits: np.ndarray, powers: np.ndarray, score, setting: Setting
) -> tuple[int, ...]:
    """Swap one observer at a time for the best other one while that lowers the score and there is time.

    With another column v in place p, the rows of Q^-1 are those of now minus (w_i / w_p) times row p, w = Q^-1 v, and row p is
    divided by w_p: all others are scored for a place at once, without a new inverse.
    """
    places, since = np.array(chosen), 0  # since: how many places were tried without finding better
    at = 0
    inverse, best = _inverse(places, fan_outs, limits, powers, score)
    while since < len(places) and not setting.is_late:
        others = np.delete(np.arange(len(fan_outs)), places)
        scores = np.full(len(others), np.inf)
        for begin in range(0, len(others), step := max(1, MOST_ENTRIES // inverse.size)):
            part = slice(begin, begin + step)
            scores[part] = _scores_of_swaps(inverse, at, places, others[part], fan_outs, limits, powers, score)
        since += 1
        if len(others) and scores.min() < best * BETTER:
            trial = places.copy()
            trial[at] = others[scores.argmin()]
            swapped, value = _inverse(trial, fan_outs, limits, powers, score)
            if value < best * BETTER:  # the update was right about it
                places, inverse, best, since = trial, swapped, value, 0
        at = (at + 1) % len(places)
    return tuple(int(m) for m in places)


def _inverse(places: np.ndarray, fan_outs: np.ndarray, limits: np.ndarray, powers: np.ndarray, score):
    """(Q^-1, the score) of a set of observers; the score is infinite where Q is singular."""
    try:
        inverse = np.linalg.inv(fan_outs[places].T)
    except np.linalg.LinAlgError:
        return np.zeros((len(places),) * 2), np.inf
    with np.errstate(all="ignore"):
        value = float(score(np.abs(inverse)[None], limits[places][None], powers[places][None])[0])
    return inverse, np.inf if np.isnan(value) else value


def _scores_of_swaps(inverse: np.ndarray, at: int, places, others, fan_outs, limits, powers, score) -> np.ndarray:
    """Scores with each of the other observers in one place, by rank-one updates of Q^-1; infinite where Q gets singular."""
    w = fan_outs[others] @ inverse.T  # (M, C)
    with np.errstate(all="ignore"):
        shares = w / w[:, at, None]
        inverses = inverse[None] - shares[:, :, None] * inverse[at]
        inverses[:, at] = inverse[at] / w[:, at, None]
        sets = np.tile(places, (len(others), 1))
        sets[:, at] = others
        scores = score(np.abs(inverses), limits[sets], powers[sets])
    return np.where(np.isnan(scores) | (w[:, at] == 0), np.inf, scores)


def largest_limit(inverses, limits, powers):
    """The repaired bound: |Q^-1|_1 times the largest limit."""
    largest = powers.max(axis=1)
    worst = np.ldexp(limits, powers - largest[:, None]).max(axis=1)
    return np.ldexp(norms(inverses, powers) * worst, largest - powers.min(axis=1))


def length_of_limits(inverses, limits, powers):
    """The sharp bound, in which the sizes of the fan-outs cancel."""
    entries = np.einsum("mio,mi->mo", inverses, limits)
    largest = entries.max(axis=1)
    return largest * np.sqrt(((entries / largest[:, None]) ** 2).sum(axis=1))
