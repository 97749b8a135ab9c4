"""What local gradients could bring at best to the methods that do not take them: python -m tests.benchmarks.oracle [-o FILE].

The instances are those of `twolayer verify`, the rows the sharp ones of Theorem 2 on a crease of its own. In the place of a
certified local gradient stands the least largest distance of h_k from an affine function over many points of a body. That is
at most the true one, so a method is flattered here, never wronged. Each method is tried in several bodies with this number for
eps, and its bound in floats is compared with the row's (1 where that says nothing):

  cylinder, mass, split, order-k   cylinders in A_k: the best one of a height, and those in the largest ball
  cells, chords, pairs             A_k cut by bands along H and by squares around the middle of H in A_k (d' = 2)
  ball                             balls of d' >= 3, whose gradients are those of pairings today and could be those of vertices

Rows that say nothing are all tried, of the others one in EVERY.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import linprog

from twolayer import exact
from twolayer.restriction.domains import Domain, domain
from twolayer.statements import bounds
from twolayer.statements.check import Check, check
from twolayer.statements.setting import Setting
from twolayer.statements.sharp import best, cells, chords, local, masses, pairs
from twolayer.statements.sharp.around import Sizes, around, sizes
from twolayer.statements.verdict import HOLDS, SHARP, VACUOUS, Verdict
from twolayer.synthetic.cases import CHECK_SECONDS, cases, instances

EVERY = 8  # rows that hold: the first of so many
POINTS = 1000  # random points of a body; those along normals of creases and their differences come on top
HELD, ROUNDS, NEAR = 60, 12, 1e-2  # points that a program takes at a time, how often, and how near the largest distance ends it
HEIGHTS = (0.5, 0.2, 0.05, 0.01)  # of cylinders and bands, in units of the radius of the largest ball
GAIN = 0.95  # share of a row's bound below which another one counts as better
PLANAR = {"cells": cells.student, "chords": chords.student, "pairs": pairs.student}


@dataclass(frozen=True, eq=False)
class Row:
    """A sharp row of Theorem 2: crease i of a teacher node, an observer's A_k, what its ball's centre sees; h_k modulo affine
    functions as half the sum of kinks |normals . y + heights|, y orthonormal around that centre. These are long doubles: where
    a student is trained to the end masses cancel to 1e-14 of themselves, and h_k in double precision is rounding alone."""

    setting: Setting
    i: int
    size: Sizes
    domain: Domain
    verdict: Verdict
    normals: np.ndarray
    heights: np.ndarray
    kinks: np.ndarray

    @property
    def across(self) -> np.ndarray:
        """The unit normal of H."""
        return local._float_normals(self.setting)[self.i]

    def gradient(self, points: np.ndarray) -> float:
        """The least largest distance of h_k from an affine function over some points (m, d').

        The program holds the points that are farthest from the best function so far; all of them say when that ends.
        """
        values = abs(points @ self.normals.T + self.heights) @ self.kinks / 2
        d, rows, level = points.shape[1], np.column_stack([points / abs(points).max(), np.ones(len(points))]), 0.0
        for _ in range(3):  # fits in floats, taken away as they are: a program's tolerance is a share of what is left
            values = values - np.longdouble(rows) @ np.linalg.lstsq(rows, values.astype(float), rcond=None)[0]
        scale = float(abs(values).max())
        if scale == 0:
            return 0.0
        values, cost = (values / scale).astype(float), [*[0.0] * (d + 1), 1.0]
        held = np.argsort(-abs(values))[:HELD]
        for _ in range(ROUNDS):
            one = np.ones((len(held), 1))
            A = np.vstack([np.hstack([-rows[held], -one]), np.hstack([rows[held], -one])])
            b = np.concatenate([-values[held], values[held]])
            found = linprog(cost, A, b, bounds=[(None, None)] * (d + 1) + [(0, None)])
            if found.status != 0:
                break
            level, away = float(found.x[-1]), abs(values - rows @ found.x[:-1])
            if away.max() <= level * (1 + NEAR):
                break
            held = np.union1d(held, np.argsort(-away)[:HELD])
        return level * scale

    def onto_creases(self, points: np.ndarray, rng) -> np.ndarray:
        """Points moved to where 1 to d' creases, drawn for each, meet: h_k is farthest from affine functions at such places."""
        out = []
        for y in points:
            some = rng.choice(len(self.kinks), size=rng.integers(1, min(len(self.kinks), points.shape[1]) + 1), replace=False)
            n, o = self.normals[some].astype(float), self.heights[some].astype(float)
            out.append(y - np.linalg.lstsq(n, n @ y + o, rcond=None)[0])
        return np.array(out)

    def sized(self, eps: float) -> Sizes:
        """The row's sizes with another bound on |h_k|, in floats."""
        return replace(
            self.size, eps=eps, proved=lambda: exact.ball(eps) * exact.ball(self.setting.float_unit(self.size.observer))
        )


def row_of(setting: Setting, verdict: Verdict) -> Row | None:
    """The row that a verdict stands for; None where A_k holds no ball around the crease."""
    teacher, observer = setting.problem.teacher[verdict.teacher or 0], setting.problem.student[verdict.observer or 0]
    i, region = setting.crease(teacher), setting.domains[observer.index]
    inscribed = None if region is None else setting.shapes.ball(i, region)
    size = sizes(setting, i, observer)
    if region is None or inscribed is None or not size.eps > 0:
        return None
    return row_around(setting, i, size, region, verdict, inscribed.centre)


def row_around(setting: Setting, i: int, size: Sizes, region: Domain, verdict: Verdict, centre: np.ndarray) -> Row:
    """The row with h_k as a centre sees it."""
    observer, unit = size.observer, exact.ball(setting.float_unit(size.observer))
    seen = np.flatnonzero(setting.masses.signs(observer))
    kinks = np.array([setting.masses.kappa(int(m), observer) / unit for m in seen], dtype=object)
    normals, heights = local._normals(setting)[seen], _heights(setting, centre)[seen]
    return Row(setting, i, size, region, verdict, *map(_long, (normals, heights, kinks)))


def _heights(setting: Setting, centre: np.ndarray) -> np.ndarray:
    """Signed distances of a point from all creases, balls."""
    values = [exact.ball((crease.normal * centre).sum() + crease.offset) for crease in setting.problem.creases]
    return np.array([x / length for x, length in zip(values, setting.masses.unit_lengths, strict=True)], dtype=object)


def _long(balls: np.ndarray) -> np.ndarray:
    """Balls as long doubles."""
    high = np.array([float(x.mid()) for x in balls.flat])
    low = np.array([float((x - y).mid()) for x, y in zip(balls.flat, map(exact.ball, high), strict=True)])
    return (high.astype(np.longdouble) + low).reshape(balls.shape)


def directions(row: Row, rng) -> np.ndarray:
    """Unit vectors: the normals of all creases and of H, both ways, what they have along H, and random ones.   (m, d')"""
    up, down = (row.normals[sign * row.kinks > 0] for sign in (1, -1))
    apart = [(one - sign * down).reshape(-1, len(row.across)) for one in up for sign in (1, -1)]
    normals = np.vstack([row.normals, row.across, *apart]).astype(float)
    along = normals - np.outer(normals @ row.across, row.across)
    found = np.vstack([normals, -normals, along, -along, rng.normal(size=(POINTS, len(row.across)))])
    lengths = np.linalg.norm(found, axis=1)
    return found[lengths > 1e-12] / lengths[lengths > 1e-12, None]


def in_ball(row: Row, radius: float, rng) -> np.ndarray:
    """Points of a ball: its centre, its boundary, its inside, and where creases meet."""
    u = directions(row, rng)
    points = radius * np.vstack([np.zeros((1, len(row.across))), u, u * rng.uniform(size=(len(u), 1))])
    more = row.onto_creases(points[-POINTS:], rng)
    return np.vstack([points, more[np.linalg.norm(more, axis=1) <= radius]])


def in_cylinder(row: Row, rho: float, t: float, rng) -> np.ndarray:
    """Points of a cylinder: on five levels, on its axis, its boundary and half-way."""
    u = directions(row, rng)
    u = u - np.outer(u @ row.across, row.across)
    u = u[np.linalg.norm(u, axis=1) > 1e-9]
    u = rho * np.vstack([np.zeros((1, len(row.across))), u / np.linalg.norm(u, axis=1)[:, None]])
    points = np.vstack([share * u + level * t * row.across for level in (-1, -0.5, 0, 0.5, 1) for share in (1, 0.5)])
    more = row.onto_creases(points[rng.choice(len(points), size=POINTS)], rng)
    high = more @ row.across
    wide = np.linalg.norm(more - np.outer(high, row.across), axis=1)
    return np.vstack([points, more[(abs(high) <= t) & (wide <= rho)]])


def with_cylinders(row: Row, rng) -> Iterator[tuple[str, float]]:
    """(method, bound) of the methods of a cylinder."""
    setting, observer = row.setting, row.size.observer
    inscribed = setting.shapes.ball(row.i, row.domain)
    surroundings = setting.shapes.around(row.i, row.domain)
    for height in HEIGHTS:
        t = height * inscribed.radius
        rho = float(np.sqrt(inscribed.radius**2 - t**2))
        within = masses.Cylinder(t, rho, around(setting, row.i, observer, inscribed.centre))
        for cylinder in (within, best._cylinder(setting, row.i, observer, surroundings, t)):
            if cylinder is None:
                continue
            moved = row
            if cylinder is not within:
                moved = row_around(setting, row.i, row.size, row.domain, row.verdict, surroundings.cylinder(t).centre)
            size = row.sized(moved.gradient(in_cylinder(row, cylinder.rho, t, rng)))
            if size.level * t > 4 * size.eps:
                for value, _ in best._by_cylinder(setting, row.i, size, cylinder, counting=True):
                    yield "cylinder", value
            for value, _ in best._by_cylinder(setting, row.i, size, cylinder, counting=False):
                yield "mass", value
            for value, _ in masses.split(setting, row.i, size, cylinder):
                yield "split", value
            for k in bounds.FAR_POINTS:
                candidate = masses.order(setting, row.i, size, cylinder, k)
                if candidate is not None:
                    yield "order-k", candidate[0]


def with_polygons(row: Row, rng) -> Iterator[tuple[str, float]]:
    """(method, bound) of the methods of a plane region, in parts of A_k."""
    if row.setting.problem.dimension != 2:
        return
    setting, observer = row.setting, row.size.observer
    frame, inscribed = setting.problem.frame, setting.shapes.ball(row.i, row.domain)
    disc = setting.shapes.around(row.i, row.domain).disc()
    axes = np.array([[float(x.mid()) for x in line] for line in frame.orthonormal(exact.rationals(np.eye(2)))])
    turned = np.linalg.inv(axes)  # covectors in orthonormal coordinates -> in z
    across, along = row.across, np.array([-row.across[1], row.across[0]])
    for around_it, wide in ((inscribed, np.inf), (disc, 1.0), (disc, 0.5), (inscribed, 1.0)):
        for height in (np.inf, 1.0, *HEIGHTS[:-1]):
            if around_it is None or not (np.isfinite(wide) or np.isfinite(height)):
                continue
            reach = [(across, height * inscribed.radius), (along, wide * around_it.radius)]
            cuts = [(sign * n, r) for n, r in reach for sign in (1, -1) if np.isfinite(r)]
            A = exact.rationals(np.array([n @ turned for n, _ in cuts]))
            c = A @ around_it.centre + exact.rationals(np.array([r for _, r in cuts]))
            part = domain(
                np.concatenate([row.domain.A, A]), np.concatenate([row.domain.c, c]), row.domain.lower, row.domain.upper
            )
            if part is None:
                continue
            points = _vertices(part, rng)
            middle = exact.nearest(part.interior)
            moved = row_around(setting, row.i, row.size, row.domain, row.verdict, part.interior)
            points = (points - middle) @ turned.T
            more = moved.onto_creases(points, rng)
            inside = (more @ axes.T + middle) @ part.floats.A.T <= part.floats.c
            size = row.sized(moved.gradient(np.vstack([points, more[inside.all(axis=1)]])))
            near = around(setting, row.i, observer, inscribed.centre)
            for name, method in PLANAR.items():
                candidate = method(setting, row.i, size, part, near, 1.0)
                if candidate is not None:
                    yield name, candidate[0]


def _vertices(part: Domain, rng) -> np.ndarray:
    """The corners of a polygon and random mixtures of them, which are where its sides and its inside are.   (m, 2)"""
    f = part.floats
    corners = []
    for a in range(len(f.A)):
        for b in range(a):
            if abs(np.linalg.det(f.A[[a, b]])) > 1e-14:
                z = np.linalg.solve(f.A[[a, b]], f.c[[a, b]])
                if (f.A @ z <= f.c + 1e-9 * (abs(f.A) @ abs(z) + abs(f.c))).all():
                    corners.append(z)
    corners = np.array(corners)
    pairs_of = rng.integers(0, len(corners), size=(POINTS, 2))
    share = rng.uniform(size=(POINTS, 1))
    sides = share * corners[pairs_of[:, 0]] + (1 - share) * corners[pairs_of[:, 1]]
    weights = rng.dirichlet(np.ones(len(corners)), size=POINTS)
    return np.vstack([corners, sides, weights @ corners])


def with_balls(row: Row, rng) -> Iterator[tuple[str, float]]:
    """("ball", bound) of the methods of a ball at d' >= 3, in the balls that the row tries and four more."""
    setting, observer = row.setting, row.size.observer
    if setting.problem.dimension < 3:
        return
    inscribed = setting.shapes.ball(row.i, row.domain)
    near = around(setting, row.i, observer, inscribed.centre)
    tried = {ball.radius for ball in local.balls(setting, row.i, row.size, inscribed, near)}
    for radius in tried | {inscribed.radius * share for share in (1.0, 0.5, 0.25, 0.1)}:
        size, radii = row.sized(row.gradient(in_ball(row, radius, rng))), np.array([radius])
        found = list(best._by_ball(setting, row.i, size, radii, near))
        found += best.counts.student(setting, row.i, size, radii, near, 1.0)
        yield from (("ball", value) for value, _ in found)


TRIED: tuple[Callable[..., Iterator[tuple[str, float]]], ...] = (with_cylinders, with_polygons, with_balls)


def gains(result: Check, rng, start: int = 0) -> Iterator[tuple[str, str, float, float]]:
    """(method, verdict, the row's bound, the least bound of the method) for the rows tried of a check."""
    rows = [v for v in result.verdicts if (v.statement, v.form) == ("theorem-2", SHARP) and "branch" not in v.terms]
    chosen = [v for v in rows if v.verdict == VACUOUS and "alpha" not in v.terms]
    chosen += [v for v in rows if v.verdict == HOLDS][start % EVERY :: EVERY]
    for verdict in chosen:
        row = row_of(result.setting, verdict)
        if row is None:
            continue
        now, least = (verdict.bound or 1.0) if verdict.verdict == HOLDS else 1.0, dict[str, float]()
        for way in TRIED:
            for method, value in way(row, rng):
                least[method] = min(value, least.get(method, np.inf))
        measured = verdict.measured or 0.0  # what is below it took too few points
        yield from ((method, verdict.verdict, now, max(value, measured)) for method, value in least.items())
        yield "rows", verdict.verdict, now, now


def table(found: list[tuple[str, str, float, float]]) -> str:
    """A line a method, as Markdown."""
    tried = {verdict: sum(m == "rows" and v == verdict for m, v, _, _ in found) for verdict in (VACUOUS, HOLDS)}
    heads = f"says something, of {tried[VACUOUS]} vacuous rows | more than 5 % better, of {tried[HOLDS]} that hold"
    lines = [f"| method | {heads} | by (median, best) |", "|---|---|---|---|"]
    for method in sorted({m for m, *_ in found} - {"rows"}):
        decided = sum(m == method and v == VACUOUS and value < 1 for m, v, _, value in found)
        better = [value / now for m, v, now, value in found if m == method and v == HOLDS and now > 0 and value < GAIN * now]
        by = f"{1 / np.median(better):.2f}, {1 / min(better):.3g}" if better and min(better) > 0 else "-"
        lines.append(f"| {method} | {decided} | {len(better)} ({100 * len(better) / max(tried[HOLDS], 1):.1f} %) | {by} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Prints the table; with -o every bound is written too."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.oracle", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the instances of `twolayer verify --quick`")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    rng, found = np.random.default_rng(0), list[tuple[str, str, float, float]]()
    for n, case in enumerate(cases(options.quick, 0)):
        for drawn in instances(case):
            start = time.process_time()
            found += gains(check(drawn.instance, gap=case.gap, time_limit=CHECK_SECONDS, statements=["theorem-2"]), rng, n)
            print(f"{drawn.instance.name}: {time.process_time() - start:.1f} s", file=sys.stderr, flush=True)
    print(table(found))
    if options.output is not None:
        options.output.write_text(json.dumps(found) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
