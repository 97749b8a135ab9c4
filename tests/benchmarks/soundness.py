"""Does any enclosure miss?  python -m tests.benchmarks.soundness [--count 10000] [--seed 0] [--processes 2]

Random small problems, d <= 3: a few nodes, copied, split, rescaled and flipped so that nearly everything cancels, with
eps from 1 down to 1e-12 (and 0) and weights from 1e-6 to 1e6. Vertices (in rationals and, forced, in floats), boxes (and,
forced, with ranges narrowed and cells split at creases alone) and trees enclose sup |h| of each, whatever the front door
would choose; exact enumeration in rationals says which value that is. Some searches are stopped early: an enclosure has to
hold whenever the deadline strikes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from unittest import mock

import numpy as np
from joblib import Parallel, delayed

from twolayer import exact
from twolayer.certify import suprema, vertices
from twolayer.certify.boxes import search as boxes
from twolayer.certify.enclosure import Enclosure
from twolayer.certify.trees import search as trees
from twolayer.restriction.domains import Domain, domain
from twolayer.restriction.ridges import RidgeSum

from ..strategies import brute_supremum, brute_value

GAPS = (1e-6, 1e-2)
HURRY = 0.15  # the share of searches that get a deadline
SOON = 0.003  # seconds, at most: these searches are cut off anywhere from their first step on
PATIENCE = 1.0  # seconds for the others
MOST_NODES = {1: 7, 2: 6, 3: 4}  # so that the reference takes milliseconds
METHODS = ("vertices", "vertices in floats", "boxes", "boxes by creases", "trees", "front door")


@dataclass(frozen=True, eq=False)
class Problem:
    """A ridge sum on a domain, and how it was drawn."""

    h: RidgeSum
    region: Domain
    eps: float
    weights: float


@dataclass
class Tally:
    """What was found: enclosures by method, misses, and how wide the finished searches left them."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(METHODS, 0))
    open_: dict[str, int] = field(default_factory=lambda: dict.fromkeys(METHODS, 0))
    misses: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Another tally's numbers, too."""
        for method in METHODS:
            self.counts[method] += other.counts[method]
            self.open_[method] += other.open_[method]
        self.misses += other.misses


def drawn(rng: np.random.Generator) -> Problem:
    """A random problem; coincidences (a copy on the same hyperplane, eps = 0, small integers) are frequent."""
    d = int(rng.choice([1, 2, 3], p=[0.3, 0.4, 0.3]))
    eps = 0.0 if rng.random() < 0.1 else 10.0 ** rng.uniform(-12, 0)
    weights = 10.0 ** rng.uniform(-6, 6)
    small = rng.random() < 0.3  # small integers: vertices on facets, parallel creases

    def numbers(*shape: int) -> np.ndarray:
        return rng.integers(-3, 4, size=shape).astype(float) if small else rng.normal(size=shape)

    rows: list[tuple[np.ndarray, float, float]] = []
    while len(rows) < int(rng.integers(1, MOST_NODES[d] + 1)):
        p, c = numbers(d) * weights, float(numbers(1)[0])
        b = -float(p @ rng.uniform(-1, 1, size=d)) if not small else float(numbers(1)[0]) * weights
        rows.append((p, b, c))
        shares = [1.0] if rng.random() < 0.5 else [0.4, 0.6]
        for share in shares if rng.random() < 0.85 else ():
            scale = 10.0 ** rng.uniform(-1, 1) * (1 if rng.random() < 0.9 else -1)
            noise = eps * weights * abs(scale)
            rows.append(
                (
                    scale * p + noise * rng.normal(size=d),
                    scale * b + noise * float(rng.normal()),
                    -c * share / abs(scale) * (1 + eps * float(rng.normal())),
                )
            )
    rows = rows[: MOST_NODES[d]]
    P, beta, c = (exact.rationals(np.array(x)) for x in zip(*rows, strict=True))
    slope, offset = exact.zeros(d), exact.ZERO
    if rng.random() < 0.3:
        slope = exact.rationals(eps * weights * numbers(d))
        offset = exact.rational(eps * weights * float(numbers(1)[0]))
    return Problem(RidgeSum(P.reshape(-1, d), beta, c, slope, offset), _region(d, rng, small), eps, weights)


def _region(d: int, rng: np.random.Generator, small: bool) -> Domain:
    """A box around 0, in a third of the cases cut by a hyperplane through it."""
    size = 1.0 if small else 10.0 ** rng.uniform(-2, 2)
    upper = exact.rationals(size * (np.ones(d) if small else rng.uniform(0.5, 1.5, size=d)))
    lower = exact.rationals(-size * (np.ones(d) if small else rng.uniform(0.5, 1.5, size=d)))
    identity = exact.rationals(np.eye(d))
    A, c = np.concatenate([identity, -identity]), np.concatenate([upper, -lower])
    if rng.random() < 1 / 3:
        row = exact.rationals(rng.integers(-2, 3, size=d).astype(float) if small else rng.normal(size=d))
        if not exact.is_zero(row):
            A, c = np.concatenate([A, row[None, :]]), np.append(c, exact.rational(size * float(rng.uniform(0, 0.5))))
    polytope = domain(A, c, lower, upper)
    assert polytope is not None, "a box around 0 cut beyond 0 has interior"
    return polytope


def enclosures(problem: Problem, rng: np.random.Generator) -> Iterator[tuple[str, bool, Enclosure]]:
    """(method, whether it could finish, enclosure) of every method."""
    h, region, gap = problem.h, problem.region, float(rng.choice(GAPS))
    for method in METHODS:
        hurried = rng.random() < HURRY and method != "vertices"
        deadline = time.monotonic() + (float(rng.uniform(0, SOON)) if hurried else PATIENCE)
        if method == "vertices":
            enclosure = vertices.supremum(h, region)
        elif method == "vertices in floats":
            with mock.patch.object(vertices, "EXACT_WORK", -1):
                enclosure = vertices.supremum(h, region, deadline=deadline)
        elif method == "boxes by creases":
            with mock.patch.object(boxes, "HALVED_UP_TO", 0):
                enclosure = boxes.supremum(h, region, gap=gap, deadline=deadline)
        elif method == "front door":
            enclosure = suprema.supremum(h, region, gap=gap, deadline=deadline)
        else:
            search = boxes if method == "boxes" else trees
            enclosure = search.supremum(h, region, gap=gap, deadline=deadline)
        yield method, not hurried and enclosure.upper - enclosure.lower > gap * enclosure.upper, enclosure


def fault(problem: Problem, enclosure: Enclosure, value) -> str | None:
    """What is wrong with an enclosure of a supremum that is known exactly; None if nothing is."""
    if exact.rational(enclosure.lower) > value:
        return f"lower {enclosure.lower!r} lies above the supremum {exact.nearest_float(value)!r}"
    if exact.rational(enclosure.upper) < value:
        return f"upper {enclosure.upper!r} lies below the supremum {exact.nearest_float(value)!r}"
    if enclosure.witness is not None:
        if not all(x >= 0 for x in problem.region.c - problem.region.A @ enclosure.witness):
            return "the witness lies outside the domain"
        if abs(brute_value(problem.h, enclosure.witness)) < exact.rational(enclosure.lower):
            return f"|h(witness)| is below the lower end {enclosure.lower!r}"
    elif enclosure.lower > 0:
        return f"lower {enclosure.lower!r} has no witness"
    return None


def checked(seed: int, number: int) -> Tally:
    """One random problem, by every method."""
    rng = np.random.default_rng([seed, number])
    problem, tally = drawn(rng), Tally()
    value = brute_supremum(problem.h, problem.region)
    for method, left_open, enclosure in enclosures(problem, rng):
        tally.counts[method] += 1
        tally.open_[method] += left_open
        wrong = fault(problem, enclosure, value)
        if wrong:
            tally.misses.append(
                f"seed {seed} number {number} (d = {problem.h.dimension}, eps {problem.eps:.1e}, "
                f"weights {problem.weights:.1e}), {method}: {wrong}"
            )
    return tally


def together(seed: int, numbers: range) -> Tally:
    """Several problems in one process."""
    tally = Tally()
    for number in numbers:
        tally.add(checked(seed, number))
    return tally


def survey(count: int, seed: int = 0, processes: int = 1) -> Tally:
    """All problems 0 .. count - 1 of a seed."""
    step = 50
    parts = [range(i, min(i + step, count)) for i in range(0, count, step)]
    tally = Tally()
    if processes == 1:
        results = (together(seed, part) for part in parts)
    else:
        results = Parallel(n_jobs=processes, return_as="generator")(delayed(together)(seed, part) for part in parts)
    for part in results:
        tally.add(part)
    return tally


def main(arguments: list[str] | None = None) -> int:
    """Prints the tally; status 1 if an enclosure missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.soundness", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    start = time.monotonic()
    tally = survey(options.count, options.seed, options.processes)
    for method in METHODS:
        print(f"{method:20s} {tally.counts[method]:7,} enclosures, {tally.open_[method]:6,} short of the gap (noise)")
    print(*tally.misses, sep="\n")
    print(f"{options.count:,} problems, {len(tally.misses)} misses, {time.monotonic() - start:.0f} s")
    return 1 if tally.misses else 0


if __name__ == "__main__":
    sys.exit(main())
