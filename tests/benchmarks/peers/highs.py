"""HiGHS: through scipy.optimize.milp with the textbook program, and directly with the tight one."""

from __future__ import annotations

import highspy
import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from . import GAP, Answer, Peer
from .milp import Program, Scaled
from .signs import Outcome, both_signs

NAMES = ("HiGHS (scipy) textbook", "HiGHS one-sided + cuts + cutoff")
DEFAULT = 1e-6  # HiGHS's default tolerance for rows and binaries, which scipy does not let one change
TIGHT = 1e-9  # with the default, the answer is off by more than its size where eps is 1e-6


def get(name: str) -> tuple[Peer | None, str | None]:
    """The peer; HiGHS is a dependency, so it is always there."""
    return (textbook if name == NAMES[0] else tight), None


def version() -> str:
    """HiGHS as a Python package; SciPy brings its own copy."""
    return highspy.Highs().version()


def textbook(h: Scaled, limit: float, threads: int = 1) -> Answer:
    """What a user would write first."""
    return both_signs(h, _scipy, limit, tight=False, tolerance=h.sensitivity(DEFAULT, DEFAULT), threads=1)


def _scipy(p: Program, seconds: float, cutoff: float | None) -> Outcome:
    solution = milp(
        -p.objective,
        integrality=p.integral,
        bounds=Bounds(p.lower, p.upper),
        constraints=LinearConstraint(p.rows, ub=p.limit),
        options={"time_limit": seconds, "mip_rel_gap": GAP},
    )
    value = -np.inf if solution.fun is None else -solution.fun + p.constant
    bound = np.inf if solution.mip_dual_bound is None else -solution.mip_dual_bound + p.constant
    if solution.status == 0 and not p.integral.any():  # a linear program has no such bound
        bound = value
    return Outcome(value, bound, solution.status == 0)


def tight(h: Scaled, limit: float, threads: int = 1) -> Answer:
    """One-sided binaries, difference cuts, cutoff as a row, tolerances 1e-9."""

    def solve(p: Program, seconds: float, cutoff: float | None) -> Outcome:
        return _highspy(p, seconds, cutoff, threads)

    return both_signs(h, solve, limit, tight=True, tolerance=h.sensitivity(TIGHT, TIGHT), threads=threads)


def _highspy(p: Program, seconds: float, cutoff: float | None, threads: int) -> Outcome:
    model = highspy.Highs()
    highspy.Highs.resetGlobalScheduler(True)  # or the number of threads of an earlier model stays
    for option, setting in (
        ("output_flag", False),
        ("threads", threads),
        ("time_limit", float(seconds)),
        ("mip_rel_gap", GAP),
        ("mip_abs_gap", 0.0),
        ("mip_feasibility_tolerance", TIGHT),
        ("primal_feasibility_tolerance", TIGHT),
        ("dual_feasibility_tolerance", TIGHT),
    ):
        model.setOptionValue(option, setting)
    limits = highspy.HighsLp()
    limits.num_col_, limits.num_row_ = len(p.objective), len(p.limit)
    limits.col_cost_, limits.offset_, limits.sense_ = p.objective, p.constant, highspy.ObjSense.kMaximize
    limits.col_lower_, limits.col_upper_ = p.lower, p.upper
    limits.row_lower_, limits.row_upper_ = np.full(len(p.limit), -highspy.kHighsInf), p.limit
    limits.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    limits.a_matrix_.start_, limits.a_matrix_.index_ = p.rows.indptr, p.rows.indices
    limits.a_matrix_.value_ = p.rows.data
    limits.integrality_ = [highspy.HighsVarType.kInteger if x else highspy.HighsVarType.kContinuous for x in p.integral]
    model.passModel(limits)
    if cutoff is not None:
        used = np.flatnonzero(p.objective)
        model.addRow(cutoff - p.constant, highspy.kHighsInf, len(used), used.astype(np.int32), p.objective[used])
    model.run()
    status, info = model.getModelStatus(), model.getInfo()
    if status == highspy.HighsModelStatus.kInfeasible and cutoff is not None:
        return Outcome(-np.inf, cutoff, True)
    feasible = info.primal_solution_status == 2
    value = info.objective_function_value if feasible else -np.inf
    return Outcome(value, info.mip_dual_bound, status == highspy.HighsModelStatus.kOptimal)
