"""Inscribed radii in dimension 32: balls centred on a hyperplane, and discs in it, ours and other people's.

    ball   largest r with a d-ball of radius r around a point of the hyperplane inside the region
    disc   largest r with a (d - 1)-ball in the hyperplane inside the region: what a package of polytopes computes
The region is the cube itself ("box") or A_k, the cube cut by an observer's hyperplane ("general").
"""
from __future__ import annotations

import importlib
import time
from collections.abc import Callable

import numpy as np
from scipy.optimize import linprog

from twolayer import exact
from twolayer.certify.balls import Surroundings
from twolayer.ridges import Crease, Domain, Restricted

from .instances import Cell, cube

PAIRS = 4096  # what the times are scaled to
SIZE = 64  # hyperplanes and regions: every pair of them
CELL = cube(32, SIZE)
AGREEMENT = 1e-6  # relative difference of radii that the peers' tolerances allow
PARALLEL = 1e-9  # of a facet's length: a section of it that is shorter is rounding
TASKS = (("ball", "box"), ("ball", "general"), ("disc", "general"))


def pairs(problem: Restricted, region: str) -> list[tuple[Crease, Domain]]:
    """The pairs of a task. For the cube: all hyperplanes; else: the teacher's with each observer's region, mixed."""
    if region == "box":
        return [(crease, problem.region) for crease in problem.creases]
    creases = problem.creases[:SIZE]
    found = [problem.active_domain(node) for node in problem.student[: SIZE + 16]]
    regions = [region for region in found if region is not None][:SIZE]
    return [(creases[(i + j) % len(creases)], regions[i]) for j in range(len(creases)) for i in range(len(regions))]


def ours(problem: Restricted, crease: Crease, region: Domain, shape: str) -> float:
    """Certified from below."""
    around = Surroundings(problem.frame, crease, region)
    found = around.ball() if shape == "ball" else around.disc()
    return 0.0 if found is None else found.radius


def floats(crease: Crease, region: Domain) -> tuple[np.ndarray, float, np.ndarray, np.ndarray]:
    """Unit normal, offset, rows and limits."""
    normal = exact.nearest(crease.normal)
    size = np.linalg.norm(normal)
    return normal / size, exact.nearest_float(crease.offset) / size, region.floats.A, region.floats.c


def scipy_linprog(n, o, A, c, shape: str) -> float:
    """One linear program a pair."""
    lengths = np.linalg.norm(A if shape == "ball" else A - np.outer(A @ n, n), axis=1)
    d = len(n)
    found = linprog(np.append(np.zeros(d), -1), np.column_stack([A, lengths]), c, np.append(n, 0)[None, :], [-o],
                    bounds=[(None, None)] * d + [(0, None)], method="highs")
    return found.x[-1] if found.status == 0 else 0.0


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


def measure(solver: str, shape: str, region: str, limit: float, cell: Cell = CELL) -> dict:
    """Radii of as many pairs as the limit allows, in a fixed order, and the time scaled to all of them."""
    problem = cell.problem
    chosen = pairs(problem, region)
    if solver == "ours":
        def radius(crease, domain):
            return ours(problem, crease, domain, shape)
    else:
        solve = PEERS[solver][0]

        def radius(crease, domain):
            return solve(*floats(crease, domain), shape)
    radius(*chosen[-1])  # the first use of a solver
    for crease, domain in chosen[:SIZE]:
        floats(crease, domain)  # regions keep their floats
    start, found = time.perf_counter(), []
    for crease, domain in chosen:
        found.append(radius(crease, domain))
        if time.perf_counter() - start > limit:
            break
    seconds = time.perf_counter() - start
    return {"seconds": seconds / len(found) * PAIRS, "pairs": len(found), "radii": found, "status": "done"}


def disagreements(mine: list[float], theirs: list[float]) -> int:
    """In how many pairs ours is above theirs, or below, by more than their tolerances allow."""
    return sum(abs(a - b) > AGREEMENT * max(b, AGREEMENT) for a, b in zip(mine, theirs, strict=False))
