"""Many starts, and from each a descent by linear programs inside a trust region."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .plane import Hidden, Lines, best_masses, proposal

FIRST_RADIUS, LAST_RADIUS = 0.1, 1e-7  # of the trust region, in the strip's units
STALLED = 30, 1e-4  # give up a descent that gained less than this share in so many steps
GAIN = 1e-10  # a smaller gain of eps is rounding
SCREENED = 30  # random starts are drawn in such lots and only the best descends: most are at the trivial eps
STEEPEST = 8.0  # |slope| of the creases that are not counted
OUTER = 1.2  # offsets go a little beyond the walls: a line may enter above or below H


def descend(lines: Lines, deadline: float) -> Hidden | None:
    """A local minimum near these lines (the best found when the deadline strikes)."""
    best, radius = best_masses(lines), FIRST_RADIUS
    if best is None:
        return None
    history = [best.eps]
    while radius > LAST_RADIUS and time.monotonic() < deadline:
        step = proposal(best, radius)
        tried = best_masses(step[0]) if step else None
        if step is None or tried is None or tried.eps > best.eps - GAIN:
            radius /= 2.5
            continue
        if best.eps - tried.eps > (best.eps - step[1]) / 2:
            radius = min(1.7 * radius, 0.4)
        best = tried
        history.append(best.eps)
        back, share = STALLED
        if len(history) > back and history[-back - 1] - best.eps < share * best.eps:
            break
    return best


def blank(count: str, nodes: int, height: float, helpers: int = 0) -> Lines:
    """`nodes` counted lines; for the opposing count `helpers` more of the same sign, every third horizontal."""
    if count == "all":
        return Lines(np.ones(nodes), np.zeros(nodes), np.zeros(nodes), np.zeros(nodes), np.ones(nodes), height)
    flat = np.r_[np.zeros(nodes, bool), np.arange(helpers) % 3 == 2]
    total = nodes + helpers
    sign = np.r_[-np.ones(nodes), np.ones(helpers)]
    return Lines(
        np.where(flat, 0.0, 1.0), np.where(flat, 1.0, 0.0), np.zeros(total), sign, np.where(sign < 0, 1.0, STEEPEST), height
    )


def random_start(empty: Lines, rng: np.random.Generator) -> Lines:
    """Random lines of one of six habits: free, shared offsets, reflected in x, in tau, or in both, or twins in
    alternating directions."""
    n = len(empty)
    half = (n + 1) // 2
    slopes = rng.choice([-1, 0, 1, 0.5, -0.5, 1 / 3, -1 / 3], n) if rng.random() < 0.7 else rng.uniform(-1, 1, n)
    offsets = rng.uniform(-1, 1, half) if rng.random() < 0.6 else (2 * np.arange(half) + 1) / half - 1
    habit = rng.integers(6)
    if habit == 0:
        offset = rng.uniform(-1, 1, n)
    elif habit == 1:
        offset = np.repeat(offsets, 2)[:n]
    elif habit in (2, 3, 4):
        offset = np.r_[offsets, (1 if habit == 3 else -1) * offsets][:n]
        slopes = np.r_[slopes[:half], (1 if habit == 4 else -1) * slopes[:half]][:n]
    else:
        first = rng.integers(2)
        place = (np.arange(n) + first) // 2
        offset = (4 * place + 2 * (1 - first)) / n - 1
        slopes = (-1.0) ** place * np.where((np.arange(n) + first) % 2, rng.uniform(0, 0.6), 1)
    if rng.random() < 0.5:
        offset, slopes = offset + rng.normal(0, 0.02, n), slopes + rng.normal(0, 0.1, n)
    return _placed(empty, offset, slopes, rng)


def _placed(empty: Lines, offset: np.ndarray, slopes: np.ndarray, rng: np.random.Generator) -> Lines:
    order = rng.permutation(len(empty)) if empty.sign.any() else np.arange(len(empty))
    high = min(empty.height, 2.0)
    c = np.where(empty.p == 1, np.clip(offset, -OUTER, OUTER)[order], rng.uniform(-high, high, len(empty)))
    q = np.where(empty.p == 1, np.clip(-slopes[order], -empty.steepest, empty.steepest), 1.0)
    return replace(empty, c=c, q=q)


def shaken(lines: Lines, rng: np.random.Generator) -> Lines:
    """A known instance with some lines moved, and sometimes one drawn anew."""
    n = len(lines)
    c = lines.c + rng.normal(0, 0.1, n) * (rng.random(n) < 0.5)
    q = lines.q + rng.normal(0, 0.3, n) * (rng.random(n) < 0.3) * lines.p
    if rng.random() < 0.5:
        i = rng.integers(n)
        c[i], q[i] = rng.uniform(-1, 1), rng.uniform(-1, 1) if lines.p[i] else 1.0
    return replace(lines, c=np.clip(c, -OUTER, OUTER), q=np.clip(q, -lines.steepest, lines.steepest))


def search(
    empty: Lines,
    known: list[Lines],
    seconds: float,
    rng: np.random.Generator,
    tell: Callable[[Hidden, int], None] = lambda hidden, runs: None,
) -> Hidden | None:
    """The best instance found in so many seconds, starting from random lines and from shaken known ones.

    known: instances with as many lines as `empty`. tell is called with every improvement and the number of
    descents so far.
    """
    deadline, runs, best = time.monotonic() + seconds, 0, None
    pool = list(known)
    while time.monotonic() < deadline:
        if runs < len(known):
            start = known[runs]
        elif pool and rng.random() < 0.5:
            start = shaken(pool[rng.integers(len(pool))], rng)
        else:
            lot = (best_masses(random_start(empty, rng)) for _ in range(SCREENED))
            start = min((hidden for hidden in lot if hidden is not None), key=lambda hidden: hidden.eps).lines
        hidden, runs = descend(start, deadline), runs + 1
        if hidden is not None and (best is None or hidden.eps < best.eps * (1 - 1e-9)):
            best = hidden
            pool = [hidden.lines, *pool[:4]]
            tell(hidden, runs)
    return best
