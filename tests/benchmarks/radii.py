"""4,096 inscribed radii in dimension 32: balls centred on a hyperplane, and discs in it, ours and other people's.

    ball   largest r with a d-ball of radius r around a point of the hyperplane inside the region
    disc   largest r with a (d - 1)-ball in the hyperplane inside the region: what a package of polytopes computes
and the regions
    box        4,096 hyperplanes in the cube itself
    A_k        64 hyperplanes in 64 regions: the cube cut by an observer's hyperplane each
    polytope   the same after 32 more half-spaces have cut the cube, so that no region is a box or nearly one

Timed for us: one call of `radii.inscribed_radii` with all hyperplanes and regions, on objects that are new (what it keeps of
them in floats is made within the time), the compiled code loaded; "again" is the same call on the same objects. Discs
have no batch: pair by pair. Timed for a peer: one call a pair, as its users write it, conversion of the hyperplane to floats
included, that of the regions not; as many pairs as its limit allows, scaled to 4,096.
"""

from __future__ import annotations

import importlib
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from scipy.optimize import linprog

from twolayer import exact
from twolayer.certify.radii.many import inscribed_radii
from twolayer.certify.radii.one import Surroundings
from twolayer.regions import Frame, Polytope
from twolayer.restriction.domains import Domain
from twolayer.restriction.restricted import Crease, restricted

from .instances import Cell, cube

SIZE = 64  # hyperplanes and regions: every pair of them
PAIRS = SIZE * SIZE  # what the times are scaled to
CELL = cube(32, SIZE)
ROOM = 0.5  # a further half-space of "polytope" holds the cube shrunk by this factor
AGREEMENT = 1e-6  # relative difference of radii that the peers' tolerances allow
PARALLEL = 1e-9  # of a facet's length: a section of it that is shorter is rounding
TASKS = (("ball", "box"), ("ball", "A_k"), ("ball", "polytope"), ("disc", "A_k"))
CALLS = 3  # of ours, each on new objects


@dataclass(frozen=True, eq=False)
class Task:
    """Hyperplanes and regions, new at every call of `posed`."""

    frame: Frame
    creases: Sequence[Crease]
    domains: Sequence[Domain]

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """(hyperplane, region) of all pairs, mixed: any number of first ones has something of everything."""
        lines, regions = len(self.creases), len(self.domains)
        return [((i + j) % lines, j) for i in range(lines) for j in range(regions)]


def posed(region: str, cell: Cell = CELL, size: int = SIZE) -> Task:
    """The hyperplanes and regions of a task: size^2 pairs where the cell has as many."""
    if region == "box":
        problem = replace(cell, nodes=size * size // 2, split=size * size // 2).problem
        return Task(problem.frame, problem.creases[: size * size], [problem.region])
    instance = replace(cell).instance
    if region == "polytope":
        whole, rng = instance.region, np.random.default_rng(cell.seed)
        A = rng.normal(size=(cell.inputs, cell.inputs))
        c = ROOM * np.abs(A).sum(axis=1)
        instance = replace(instance, region=Polytope(np.concatenate([whole.A, A]), np.concatenate([whole.c, c])))
    problem = restricted(instance)
    regions = (problem.active_domain(node) for node in problem.student)
    domains = list(islice((x for x in regions if x is not None), size))
    return Task(problem.frame, problem.creases[:size], domains)


def floats(crease: Crease, region: Domain) -> tuple[np.ndarray, float, np.ndarray, np.ndarray]:
    """Unit normal, offset, rows and limits."""
    normal = exact.nearest(crease.normal)
    size = np.linalg.norm(normal)
    return normal / size, exact.nearest_float(crease.offset) / size, region.floats.A, region.floats.c


def scipy_linprog(n, o, A, c, shape: str) -> float:
    """One linear program a pair."""
    lengths = np.linalg.norm(A if shape == "ball" else A - np.outer(A @ n, n), axis=1)
    d = len(n)
    solution = linprog(
        np.append(np.zeros(d), -1),
        np.column_stack([A, lengths]),
        c,
        np.append(n, 0)[None, :],
        [-o],
        bounds=[(None, None)] * d + [(0, None)],
        method="highs",
    )
    return solution.x[-1] if solution.status == 0 else 0.0


def within(n, o, A, c) -> tuple[np.ndarray, np.ndarray]:
    """The region's section by the hyperplane, in orthonormal coordinates of it: rows and limits.

    A facet parallel to the hyperplane, which would be a row of rounding errors, is left out where it holds.
    """
    basis = np.linalg.svd(n[None, :])[2][1:]
    rows, limits, size = A @ basis.T, c + A @ (o * n), np.linalg.norm(A, axis=1)
    kept = (np.linalg.norm(rows, axis=1) > PARALLEL * size) | (limits < -PARALLEL * size)
    return rows[kept], limits[kept]


def polytope_package(n, o, A, c, shape: str) -> float:
    """The section's Chebyshev ball by the package polytope."""
    polytope = importlib.import_module("polytope")
    return float(polytope.cheby_ball(polytope.Polytope(*within(n, o, A, c)))[0])


def pypoman_package(n, o, A, c, shape: str) -> float:
    """The section's Chebyshev centre by pypoman; the radius from its slacks."""
    pypoman = importlib.import_module("pypoman")
    rows, limits = within(n, o, A, c)
    try:
        centre = pypoman.compute_chebyshev_center(rows, limits)
    except Exception:  # an empty section; pypoman documents no exception for it
        return 0.0
    return max(float(((limits - rows @ centre) / np.linalg.norm(rows, axis=1)).min()), 0.0)


PEERS: dict[str, tuple[Callable[..., float], tuple[str, ...], str | None]] = {
    "scipy.linprog": (scipy_linprog, ("ball", "disc"), None),
    "polytope": (polytope_package, ("disc",), "polytope"),
    "pypoman": (pypoman_package, ("disc",), "pypoman"),
}


def missing(solver: str) -> str | None:
    """Why a solver is skipped."""
    module = PEERS[solver][2] if solver != "ours" else None
    try:
        if module:
            importlib.import_module(module)
    except ImportError as error:
        return str(error)
    return None


def measure(solver: str, shape: str, region: str, limit: float, cell: Cell = CELL, size: int = SIZE) -> dict:
    """Radii of all pairs by our batch, or of as many as the limit allows one by one, and the time for all of them."""
    if solver == "ours" and shape == "ball":
        return _batch(region, cell, size)
    task = posed(region, cell, size)
    pairs = task.pairs
    for domain in task.domains:
        _ = domain.floats  # regions keep them

    def radius(i: int, j: int) -> float:
        if solver == "ours":
            disc = Surroundings(task.frame, task.creases[i], task.domains[j]).disc()
            return 0.0 if disc is None else disc.radius
        return PEERS[solver][0](*floats(task.creases[i], task.domains[j]), shape)

    radius(*pairs[-1])  # the first use of a solver
    start, radii = time.perf_counter(), []
    for i, j in pairs:
        radii.append(radius(i, j))
        if time.perf_counter() - start > limit:
            break
    seconds = time.perf_counter() - start
    return {"seconds": seconds / len(radii) * len(pairs), "pairs": len(radii), "radii": radii, "status": "done"}


def _batch(region: str, cell: Cell, size: int) -> dict:
    """All pairs in one call: the median over new objects, and over the same objects again."""
    small = posed(region, cube(3, 8), 8)
    inscribed_radii(small.frame, small.creases, small.domains)  # loads the compiled code
    first, again = [], []
    for _ in range(CALLS):
        task = posed(region, cell, size)
        for seconds in (first, again):
            start = time.perf_counter()
            inscribed = inscribed_radii(task.frame, task.creases, task.domains)
            seconds.append(time.perf_counter() - start)
    radii = [float(inscribed.radius[i, j]) for i, j in task.pairs]
    return {
        "seconds": statistics.median(first),
        "again": statistics.median(again),
        "pairs": len(radii),
        "radii": radii,
        "one_by_one": len(inscribed.exactly),
        "status": "done",
    }


def disagreements(mine: list[float], theirs: list[float]) -> int:
    """In how many pairs ours is above theirs, or below, by more than their tolerances allow."""
    return sum(abs(a - b) > AGREEMENT * max(b, AGREEMENT) for a, b in zip(mine, theirs, strict=False))
