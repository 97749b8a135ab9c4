"""Both signs of h with one solver of mixed-integer programs: the promising sign first, its value the other's cutoff."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import Answer
from .milp import Program, Scaled, incumbents, program

SEED = 0  # of the search for an incumbent
FIRST = 0.7  # share of the time that the promising sign may take
LEAST = 1e-3  # seconds that a solver is given at least


@dataclass(frozen=True)
class Outcome:
    """One program: value of the best point (-inf if none), upper bound, and whether the solver finished."""

    value: float
    bound: float
    finished: bool


Solve = Callable[[Program, float, float | None], Outcome]


def both_signs(h: Scaled, solve: Solve, limit: float, *, tight: bool, tolerance: float, threads: int) -> Answer:
    """max(sup h, sup -h) by solve(program, seconds, cutoff).

    The textbook programs get half of the time each and no cutoff. The tight ones know what was found before, and the
    second sign is then the easier one.
    """
    end = time.monotonic() + limit
    known = incumbents(h, np.random.default_rng(SEED)) if tight else {1: 0.0, -1: 0.0}
    order = sorted(known, key=lambda sign: -known[sign])
    best, bounds, finished = max(0.0, *known.values()), [], True
    for number, sign in enumerate(order):
        left = end - time.monotonic()
        seconds = max(left if number else left * (FIRST if tight else 1 / 2), LEAST)
        cutoff = best if tight and best > 0 else None
        outcome = solve(program(h, sign, tight=tight), seconds, cutoff)
        best, finished = max(best, outcome.value), finished and outcome.finished
        bounds.append(outcome.bound)
    return Answer(best, max(best, *bounds), "solved" if finished else "limit", tolerance, threads)
