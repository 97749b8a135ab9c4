"""Does any enclosure miss, whatever the sizes of the weights?  python -m tests.benchmarks.scales [--count 10000] [--seed 0]

Random instances, d <= 3, as files give them (JSON floats, or strings that are exact): students that nearly copy their
teacher, creases parallel down to 1e-12 or through vertices of the region, all of it of size 1 at first. Then sizes are
changed: of single nodes (weight and bias by 10^k, fan-out by 10^-k, -300 <= k <= 300: the functions stay as they are), of
region and weights together, of the outputs, or of every weight and fan-out on its own. The front door and, in turn, one
of the methods enclose eps_k of a student; exact enumeration in rationals says what it is.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from dataclasses import dataclass, field
from unittest import mock

import numpy as np

from twolayer import exact
from twolayer.certify import suprema, vertices
from twolayer.certify.boxes import search as boxes
from twolayer.certify.enclosure import Enclosure
from twolayer.certify.trees import search as trees
from twolayer.instances import BadInput, Instance
from twolayer.restriction.restricted import restricted

from ..strategies import brute_epsilon

MOST_NODES = {1: 5, 2: 4, 3: 2}  # of the teacher, so that the reference takes milliseconds
PATIENCE = 1.0  # seconds for one search
HURRY, SOON = 0.1, 0.003  # the share of searches that are cut off, and within how many seconds
METHODS = ("vertices", "vertices in floats", "boxes", "trees")
LARGEST = exact.rational(float(np.finfo(float).max))
LOOSE = exact.rational(1.01)  # upper / lower of a finished search that was left with more than rounding between its ends


@dataclass
class Tally:
    """What was found: enclosures by method, misses, enclosures that a finished search left wide, instances refused: the
    supremum is beyond the range of floats, or it was not proved to be within it.
    """

    enclosures: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("front door", *METHODS), 0))
    loose: int = 0
    refused: int = 0
    unproved: int = 0
    misses: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Another tally's numbers, too."""
        for method, count in other.enclosures.items():
            self.enclosures[method] += count
        self.loose, self.refused, self.unproved = (
            mine + yours
            for mine, yours in ((self.loose, other.loose), (self.refused, other.refused), (self.unproved, other.unproved))
        )
        self.misses += other.misses


def _times(text: str, power: int) -> str:
    """A decimal number times a power of ten, exactly."""
    mantissa, _, old = text.partition("e")
    return f"{mantissa}e{int(old or 0) + power}"


def drawn(rng: np.random.Generator) -> dict:
    """A random instance as JSON values."""
    d = int(rng.choice([1, 2, 3], p=[0.3, 0.5, 0.2]))
    small = rng.random() < 0.3  # small integers: creases through vertices, equal ones, parallel ones

    def numbers(*shape: int) -> np.ndarray:
        return rng.integers(-3, 4, size=shape).astype(float) if small else rng.normal(size=shape)

    outputs = int(rng.choice([1, 2]))
    K = int(rng.integers(1, MOST_NODES[d] + 1))
    W, V = numbers(K, d), numbers(outputs, K)
    b = numbers(K) if small else -(W * rng.uniform(-1, 1, size=(K, d))).sum(axis=1)
    lower, upper = (-np.ones(d), np.ones(d)) if small else (-rng.uniform(0.5, 1.5, size=d), rng.uniform(0.5, 1.5, size=d))
    if rng.random() < 0.3:  # through a vertex
        b[0] = -(W[0] @ np.where(rng.random(d) < 0.5, lower, upper))
    order = rng.permutation(K)[: int(rng.integers(1, K + 1))]
    eps = 0.0 if rng.random() < 0.1 else 10.0 ** rng.uniform(-12, 0)
    scale = 10.0 ** rng.uniform(-1, 1, size=len(order)) * np.where(rng.random(len(order)) < 0.9, 1, -1)
    Ws, bs = W[order] * scale[:, None], b[order] * scale
    Vs = V[:, order] / np.abs(scale) * (1 + eps * rng.normal(size=(outputs, len(order))))
    Ws, bs = Ws + eps * rng.normal(size=Ws.shape), bs + eps * rng.normal(size=bs.shape)
    if rng.random() < 0.2:  # anything
        Ws, bs, Vs = numbers(*Ws.shape), numbers(*bs.shape), numbers(*Vs.shape)
    networks = [
        [[[repr(float(x)) for x in row] for row in part] for part in (A, bias[None], B)]
        for A, bias, B in ((W, b, V), (Ws, bs, Vs))
    ]
    ends = [[repr(float(x)) for x in end] for end in (lower, upper)]
    return _rescaled(networks, ends, rng)


def _rescaled(networks, ends, rng: np.random.Generator) -> dict:
    kind = rng.choice(["nodes", "nodes", "some nodes", "region", "outputs", "everything"])
    space = int(rng.integers(-300, 301)) if kind == "region" else 0
    output = int(rng.integers(-150, 151)) if kind == "outputs" else 0
    rescaled = []
    for W, (b,), V in networks:
        K = len(b)
        if kind in ("nodes", "some nodes"):
            powers = rng.integers(-300, 301, size=K) * (rng.random(K) < (1 if kind == "nodes" else 0.4))
            backs = -powers
        elif kind == "everything":
            powers, backs = rng.integers(-300, 301, size=K), rng.integers(-300, 301, size=K)
        else:
            powers, backs = np.zeros(K, dtype=int), np.zeros(K, dtype=int)
        rescaled.append(
            {
                "W": [[_times(x, int(k) - space) for x in row] for row, k in zip(W, powers, strict=True)],
                "b": [_times(x, int(k)) for x, k in zip(b, powers, strict=True)],
                "V": [[_times(x, int(k) + output) for x, k in zip(row, backs, strict=True)] for row in V],
            }
        )
    lower, upper = ([_times(x, space) for x in end] for end in ends)
    data = {"format": "twolayer-instance/1", "name": str(kind), "teacher": rescaled[0], "student": rescaled[1]}
    data["region"] = {"lower": lower, "upper": upper}
    if rng.random() < 0.5:
        data |= {key: _floats(data[key]) for key in ("teacher", "student", "region")}
    return data


def _floats(data):
    if isinstance(data, dict):
        return {key: _floats(value) for key, value in data.items()}
    return [_floats(x) for x in data] if isinstance(data, list) else float(data)


def enclosure(h, region, method: str, deadline: float) -> Enclosure:
    """One method's enclosure, whatever the front door would choose."""
    if method == "vertices":
        return vertices.supremum(h, region)
    if method == "vertices in floats":
        with mock.patch.object(vertices, "EXACT_WORK", -1):
            return vertices.supremum(h, region, deadline=deadline)
    return (boxes if method == "boxes" else trees).supremum(h, region, gap=1e-3, deadline=deadline)


def fault(proved: Enclosure, value) -> str | None:
    """What is wrong with an proved of a supremum that is known exactly; None if nothing is."""
    for low, high, which in ((*map(exact.rational, (proved.lower, proved.upper)), "floats"), (*proved.ends, "ends")):
        if not low <= value <= high:
            return f"{which} {proved.lower!r}, {proved.upper!r}, {proved.ends} miss {value}"
    return None


def checked(seed: int, number: int) -> Tally:
    """One random instance: all students by the front door, one by one method."""
    rng = np.random.default_rng([seed, number])
    data, tally = drawn(rng), Tally()
    try:
        instance = Instance.from_json(json.dumps(data))
    except BadInput:  # a box whose float ends agree
        return tally
    problem = restricted(instance)
    domains = suprema.active_domains(problem)
    truths = [brute_epsilon(instance, k) or exact.ZERO for k in range(len(domains))]
    try:
        enclosures = [("front door", k, True, e) for k, e in enumerate(suprema.gradient_suprema(problem, domains))]
        k, method, hurried = int(rng.integers(len(domains))), str(rng.choice(METHODS)), rng.random() < HURRY
        if domains[k] is not None:
            seconds = float(rng.uniform(0, SOON)) if hurried else PATIENCE
            h = problem.gradient(problem.student[k])
            enclosures.append((method, k, not hurried, enclosure(h, domains[k], method, time.monotonic() + seconds)))
    except BadInput:
        tally.refused += max(truths) > LARGEST / 4
        tally.unproved += max(truths) <= LARGEST / 4
        return tally
    for method, k, finished, one in enclosures:
        tally.enclosures[method] += 1
        wrong = fault(one, truths[k])
        if wrong:
            tally.misses.append(f"seed {seed} number {number} ({data['name']}), student {k}, {method}: {wrong}")
        tally.loose += finished and one.ends[1] > LOOSE * one.ends[0]
    return tally


def survey(count: int, seed: int = 0) -> Tally:
    """All instances 0 .. count - 1 of a seed; a warning of NumPy is an error."""
    tally = Tally()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for number in range(count):
            tally.add(checked(seed, number))
    return tally


def main(arguments: list[str] | None = None) -> int:
    """Prints the tally; status 1 if an enclosure missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scales", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    start = time.monotonic()
    tally = survey(options.count, options.seed)
    for method, count in tally.enclosures.items():
        print(f"{method:20s} {count:7,} enclosures")
    print(*tally.misses, sep="\n")
    print(f"{tally.loose} left wide by a finished search")
    print(f"refused: {tally.refused} beyond the range of floats, {tally.unproved} not proved to be within it")
    print(f"{options.count:,} instances, {len(tally.misses)} misses, {time.monotonic() - start:.0f} s")
    return 1 if tally.misses else 0


if __name__ == "__main__":
    sys.exit(main())
