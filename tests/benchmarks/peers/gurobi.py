"""Gurobi through gurobipy: the textbook program, and the tight one, whose times are this project's aim.

The licence that comes with the package is for evaluation and takes at most 2,000 variables and 2,000 rows.
"""

from __future__ import annotations

import numpy as np

from . import GAP, Answer, Peer
from .milp import Program, Scaled
from .signs import Outcome, both_signs

try:
    import gurobipy
except ImportError as error:
    gurobipy, REASON = None, str(error)
else:
    REASON = None

NAMES = ("Gurobi textbook", "Gurobi one-sided + cuts + cutoff")
DEFAULT, WHOLE = 1e-6, 1e-5  # Gurobi's default tolerances for rows and for binaries
TIGHT = 1e-9  # its smallest for both


def get(name: str) -> tuple[Peer | None, str | None]:
    """The peer, or why there is none."""
    return ((textbook if name == NAMES[0] else tight), None) if REASON is None else (None, REASON)


def version() -> str | None:
    """Gurobi's."""
    return None if gurobipy is None else ".".join(map(str, gurobipy.gurobi.version()))


_environment = []  # the one licence check, made before anything is timed


def warm() -> None:
    """Check the licence now."""
    if gurobipy is not None and not _environment:
        environment = gurobipy.Env(empty=True)
        environment.setParam("OutputFlag", 0)
        environment.start()
        _environment.append(environment)


def textbook(h: Scaled, limit: float, threads: int = 1) -> Answer:
    """What a user would write first; default tolerances."""
    return _both(h, limit, threads, DEFAULT, WHOLE, tight=False)


def tight(h: Scaled, limit: float, threads: int = 1) -> Answer:
    """One-sided binaries, difference cuts, cutoff."""
    return _both(h, limit, threads, TIGHT, TIGHT, tight=True)


def _both(h, limit, threads, feasibility, integrality, tight) -> Answer:
    warm()

    def solve(p: Program, seconds: float, cutoff: float | None) -> Outcome:
        return _solve(p, seconds, cutoff, threads, feasibility, integrality)

    tolerance = h.sensitivity(feasibility, integrality)
    try:
        return both_signs(h, solve, limit, tight=tight, tolerance=tolerance, threads=threads)
    except gurobipy.GurobiError as error:  # such as a model that is too large for the licence
        return Answer(0.0, np.inf, f"failed: {error}", tolerance, threads)


def _solve(p: Program, seconds, cutoff, threads, feasibility, integrality) -> Outcome:
    with gurobipy.Model(env=_environment[0]) as model:
        for name, setting in (
            ("Threads", threads),
            ("TimeLimit", seconds),
            ("MIPGap", GAP),
            ("MIPGapAbs", 0.0),
            ("FeasibilityTol", feasibility),
            ("IntFeasTol", integrality),
        ):
            model.setParam(name, setting)
        kinds = np.where(p.integral, gurobipy.GRB.BINARY, gurobipy.GRB.CONTINUOUS)
        x = model.addMVar(len(p.objective), lb=p.lower, ub=p.upper, vtype=kinds)
        model.addConstr(p.rows @ x <= p.limit)
        model.setObjective(p.objective @ x + p.constant, gurobipy.GRB.MAXIMIZE)
        if cutoff is not None:
            model.setParam("Cutoff", cutoff)
        model.optimize()
        if model.Status in (gurobipy.GRB.CUTOFF, gurobipy.GRB.INFEASIBLE) and cutoff is not None:
            return Outcome(-np.inf, cutoff, True)
        value = model.ObjVal if model.SolCount else -np.inf
        return Outcome(value, model.ObjBound, model.Status == gurobipy.GRB.OPTIMAL)
