"""SCIP through pyscipopt, with the textbook program and with the tight one."""

from __future__ import annotations

import numpy as np

from . import GAP, Answer, Peer
from .milp import Program, Scaled
from .signs import Outcome, both_signs

try:
    import pyscipopt
except ImportError as error:
    pyscipopt, REASON = None, str(error)
else:
    REASON = None

NAMES = ("SCIP textbook", "SCIP one-sided + cuts + cutoff")
DEFAULT = 1e-6  # SCIP's default feasibility tolerance
TIGHT = 1e-9  # its smallest sensible one: its zero is 1e-9


def get(name: str) -> tuple[Peer | None, str | None]:
    """The peer, or why there is none."""
    return ((textbook if name == NAMES[0] else tight), None) if REASON is None else (None, REASON)


def version() -> str | None:
    """SCIP's and its Python package's."""
    return None if pyscipopt is None else f"{pyscipopt.Model().version()} (pyscipopt {pyscipopt.__version__})"


def textbook(h: Scaled, limit: float, threads: int = 1) -> Answer:
    """What a user would write first."""
    return both_signs(h, _solver(DEFAULT), limit, tight=False, tolerance=h.sensitivity(DEFAULT, DEFAULT), threads=1)


def tight(h: Scaled, limit: float, threads: int = 1) -> Answer:
    """One-sided binaries, difference cuts, cutoff."""
    return both_signs(h, _solver(TIGHT), limit, tight=True, tolerance=h.sensitivity(TIGHT, TIGHT), threads=1)


def _solver(tolerance: float):
    def solve(p: Program, seconds: float, cutoff: float | None) -> Outcome:
        model = pyscipopt.Model()
        model.hideOutput()
        model.setParam("limits/time", float(seconds))
        model.setParam("limits/gap", GAP)
        model.setParam("numerics/feastol", tolerance)
        columns = [
            model.addVar(lb=low, ub=high, vtype="B" if whole else "C")
            for low, high, whole in zip(p.lower, p.upper, p.integral, strict=True)
        ]
        for i, limit in enumerate(p.limit):
            part = slice(p.rows.indptr[i], p.rows.indptr[i + 1])
            terms = zip(p.rows.indices[part], p.rows.data[part], strict=True)
            model.addCons(pyscipopt.quicksum(x * columns[j] for j, x in terms) <= limit)
        objective = pyscipopt.quicksum(p.objective[j] * columns[j] for j in map(int, np.flatnonzero(p.objective)))
        model.setObjective(objective, "maximize")
        if cutoff is not None:
            model.setObjlimit(cutoff - p.constant)
        model.optimize()
        status = model.getStatus()
        if status == "infeasible" and cutoff is not None:
            return Outcome(-np.inf, cutoff, True)
        value = model.getObjVal() + p.constant if model.getNSols() else -np.inf
        bound = model.getDualbound() + p.constant
        return Outcome(value, bound, status in ("optimal", "gaplimit"))

    return solve
