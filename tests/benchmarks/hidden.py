"""Is any bound violated by a crease hidden as well as it can be?  python -m tests.benchmarks.hidden [--count 300] [--seed 0]

Creases in [-1, 1]^2 or [-1, 1]^3: one on H = {last coordinate = 0}, others near it, near copies of one another, or anywhere,
each a teacher's or a student's. A linear program gives them the masses that make sup |h| smallest; observer 0 sees this h,
observer 1 another sum of the same creases. Nodes are then written in other sizes, up to 2^300. Every repaired and sharp row of
every statement is judged: none may fail. And no local gradient that is proved may lie below the least largest distance of h_k
from an affine function over many points of its ball (`oracle`), where several pairs are looked at together above all.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from unittest import mock

import numpy as np

from twolayer import exact
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box
from twolayer.statements.check import Check, check
from twolayer.statements.sharp import local
from twolayer.statements.sharp.around import around, sizes
from twolayer.statements.verdict import FAILS, HOLDS, PRINTED, UNDECIDED

from ..strategies import array
from ..twolayer.statements.test_sharp_adversarial import hiding
from . import oracle

MOST_CREASES = {2: 8, 3: 5}  # beside H, so that the program's vertices and exact suprema take tenths of a second
FAR = 8  # relu(z + 8) is linear on the box
LARGEST = 300  # nodes are written in sizes from 2^-LARGEST to 2^LARGEST
SCENES = 4  # (crease, observer) of an instance whose local gradients are sampled
ROUNDING = 1e-9  # share by which a sample in floats may lie above what is proved

Node = tuple[list[Fraction], Fraction, list[Fraction]]  # weights, bias, fan-out


@dataclass
class Tally:
    """Rows by (statement, form, verdict), how near their sides come, gradients by kind, and what is wrong."""

    rows: Counter = field(default_factory=Counter)
    nearest: dict[tuple[str, str], float] = field(default_factory=dict)
    gradients: Counter = field(default_factory=Counter)
    ratio: dict[str, float] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)


def drawn(rng: np.random.Generator) -> Instance:
    """A random instance with a hidden crease; every other one is of a student on H, so that Corollary 1 has to bound it."""
    d = int(rng.choice([2, 3], p=[0.7, 0.3]))
    creases = list(_creases(d, int(rng.integers(1, MOST_CREASES[d] + 1)), rng))
    masses, slope, constant = hiding(creases)
    mine = [bool(rng.integers(0, 2)), *rng.choice([True, False], size=len(masses), p=[0.7, 0.3]).tolist()]
    second = [Fraction(int(x), 10) for x in rng.integers(-9, 10, size=len(creases))]
    sides: tuple[list[Node], list[Node]] = ([], [])  # teacher, student
    for (w, b), mass, other, student in zip(creases, [Fraction(1), *masses], second, mine, strict=True):
        sides[student].append((w, b, [-mass, -other] if student else [mass, other]))
    unit = [[Fraction(int(i == j)) for j in range(d)] for i in range(d)]
    observers = [(unit[0], Fraction(FAR), [Fraction(1), Fraction(0)]), (unit[1], Fraction(FAR), [Fraction(0), Fraction(1)])]
    sides[1][:0] = observers
    affine = [*slope, constant - FAR * sum(slope)]
    sides[0].extend((w, Fraction(FAR), [a, Fraction(0)]) for w, a in zip(unit, affine, strict=False))
    sides[0].append(([Fraction(0)] * d, Fraction(1), [affine[-1], Fraction(0)]))
    sides[0].extend(observers)  # the student's own affine nodes, taken back
    teacher, student = ([_resized(node, rng) for node in side] for side in sides)
    again = [(w, b, [v * Fraction(int(rng.integers(990, 1011)), 1000) for v in fan_out]) for w, b, fan_out in teacher]
    second_teacher = _network(again) if rng.random() < 0.2 else None
    return Instance(_network(teacher), _network(student), Box([-1] * d, [1] * d), second_teacher=second_teacher)


def _creases(d: int, count: int, rng: np.random.Generator) -> Iterator[tuple[list[Fraction], Fraction]]:
    """H, and others: near it, near the one before, or anywhere."""
    w, b = [Fraction(0)] * (d - 1) + [Fraction(1)], Fraction(0)
    yield w, b
    for _ in range(count):
        kind, fine = rng.choice(["H", "last", "anywhere"], p=[0.3, 0.4, 0.3]), int(rng.choice([20, 200, 2000, 10**6]))
        shift = [Fraction(int(x), fine) for x in rng.integers(-9, 10, size=d + 1)]
        if kind == "H":
            w, b = [*shift[: d - 1], Fraction(1)], shift[d]
        elif kind == "last":
            w, b = [x + y for x, y in zip(w, shift, strict=False)], b + shift[d]
        else:
            w, b = [Fraction(int(x), 10) for x in rng.integers(-9, 10, size=d)], Fraction(int(rng.integers(-5, 6)), 10)
        if any(w):
            yield w, b


def _resized(node: Node, rng: np.random.Generator) -> Node:
    """The same node in another size, half of the nodes as they are."""
    w, b, v = node
    power = 0 if rng.random() < 0.5 else int(rng.integers(-LARGEST, LARGEST + 1))
    size = Fraction(2) ** power
    return [size * x for x in w], size * b, [x / size for x in v]


def _network(nodes: list[Node]) -> TwoLayer:
    W, b, V = zip(*nodes, strict=True)
    width = len(nodes)
    return TwoLayer(
        array([x for row in W for x in row], (width, len(W[0]))),
        array(b, width),
        array([v[c] for c in range(len(V[0])) for v in V], (len(V[0]), width)),
    )


def judge(instance: Instance, label: str, rng: np.random.Generator, tally: Tally) -> None:
    """Enter the rows and some local gradients of an instance."""
    together = local._together

    def counted(pairs, radius):
        tally.gradients["of several pairs, proved"] += len(pairs) > 1
        return together(pairs, radius)

    with mock.patch.object(local, "_together", counted):
        result = check(instance)
    for row in result.verdicts:
        if row.form == PRINTED:
            continue
        key = row.statement, row.form
        tally.rows[*key, row.verdict] += 1
        if row.verdict in (FAILS, UNDECIDED):
            tally.misses.append(f"{label}: {row.names} {row.verdict}: {row.measured!r} against {row.bound!r}")
        if row.verdict == HOLDS and row.bound:
            tally.nearest[key] = max(tally.nearest.get(key, 0.0), (row.measured or 0.0) / row.bound)
    sample(result, label, rng, tally)


def sample(result: Check, label: str, rng: np.random.Generator, tally: Tally) -> None:
    """Compare some proved local gradients with what points of their balls show."""
    setting = result.setting
    scenes = [(i, k) for i in range(len(setting.problem.creases)) for k in range(len(setting.problem.student))]
    for place in rng.permutation(len(scenes))[:SCENES]:
        i, observer = scenes[place][0], setting.problem.student[scenes[place][1]]
        region, size = setting.domains[observer.index], sizes(setting, i, observer)
        inscribed = None if region is None else setting.shapes.ball(i, region)
        if region is None or inscribed is None or not size.eps > 0:
            continue
        near = around(setting, i, observer, inscribed.centre)
        row = oracle.row_around(setting, i, size, region, result.verdicts[0], inscribed.centre)
        for radius in (inscribed.radius, inscribed.radius * float(rng.uniform(0.05, 1))):
            (pairing,) = local.pairings_in(setting, i, size, inscribed, near, [radius])
            seen = row.gradient(oracle.in_ball(row, radius, rng))
            proved = {"pairs": pairing.proved(), "ball": local.ball_of(pairing).size.epsilon}
            kinds = {"several pairs" if len(pairing.pairs) > 1 else "pairs": proved["pairs"], "ball": proved["ball"]}
            for kind, bound in kinds.items():
                most = float((bound / exact.ball(setting.float_unit(observer))).mid())
                tally.gradients[kind] += 1
                if most > 0:
                    tally.ratio[kind] = max(tally.ratio.get(kind, 0.0), seen / most)
                if seen > most * (1 + ROUNDING) + ROUNDING * float(abs(row.kinks).sum()) * radius:
                    tally.misses.append(f"{label}: crease {i}, observer {observer.index}, {kind}: {seen!r} above {most!r}")


def survey(count: int, seed: int = 0) -> Tally:
    """Instances 0 .. count - 1 of a seed."""
    tally = Tally()
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        judge(drawn(rng), f"seed {seed} number {number}", rng, tally)
    return tally


def main(arguments: list[str] | None = None) -> int:
    """Prints the tally; status 1 if a row fails, is undecided, or a gradient is too small."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.hidden", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    start = time.process_time()
    tally = survey(options.count, options.seed)
    for key, rows in sorted(tally.rows.items()):
        near = f"nearest {tally.nearest[key[:2]]:.6f}" if key[2] == HOLDS and key[:2] in tally.nearest else ""
        print(f"{' '.join(key):40s} {rows:7,} {near}")
    for kind, number in sorted(tally.gradients.items()):
        print(f"local gradients, {kind:23s} {number:7,} " + (f"nearest {tally.ratio[kind]:.6f}" if kind in tally.ratio else ""))
    print(*tally.misses, sep="\n")
    print(f"{options.count:,} instances, {len(tally.misses)} misses, {time.process_time() - start:.0f} CPU s")
    return 1 if tally.misses else 0


if __name__ == "__main__":
    sys.exit(main())
