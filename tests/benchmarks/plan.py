"""What is measured, in which order: ours and the peers on one cell next to each other, what matters most first."""

from __future__ import annotations

from dataclasses import replace

from . import peers, radii
from .instances import CELLS, WIDE, Cell, cube, patches
from .job import Spec
from .peers import GAP

LIMIT = 60.0  # seconds a solver gets for one student of a cell; on the patches, too, where the aim is stated for 60 s
LONGER = {"(2, 64)": 120.0}  # where textbook programs finish late, and the ratio to ours is an aim
OPEN = 20.0  # seconds for textbook programs and CROWN where they are far from closing: what counts is the gap they leave
CLOSED_BY_OTHERS = ("(2, 64)", "(4, 32)", "(8, 8)")  # cells that textbook programs close
FULL = 120.0  # seconds for everybody everywhere, if asked for
CORES = 2  # threads that peers may use, processes that all students share
CURVE = 10.0  # seconds an instance of a scaling curve gets
EVERYONE = 120.0  # seconds for all students of a cell
RADII = 8.0  # seconds a solver gets for radii; what it does in them is scaled to all pairs
HALF, TEN_MINUTES = 1 / 3, 600.0  # the aim for a wide student: upper / lower at most 1.5, all nodes in that time
SHORT = 5.0  # further students are measured where the first took at most this long
FURTHER = (1, 2)

OURS, AIM = "ours", "Gurobi one-sided + cuts + cutoff"
QUICK = (OURS, AIM, "HiGHS one-sided + cuts + cutoff", "SCIP one-sided + cuts + cutoff")
OTHERS = (
    "HiGHS (scipy) textbook",
    "Gurobi textbook",
    "SCIP textbook",
    "auto_LiRPA + input splitting",
    "CROWN + input splitting (NumPy)",
)

CURVES: dict[str, tuple[Cell, ...]] = {
    "d'": tuple(cube(d, 16) for d in (1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32)),
    "K": tuple(cube(8, k) for k in (4, 8, 16, 32, 48, 64)),
    "eps": tuple(cube(8, 16, eps) for eps in (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12)),
    "eps at d' = 4": tuple(cube(4, 16, eps) for eps in (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12)),
}
AXIS = {"d'": lambda c: c.inputs, "K": lambda c: c.nodes, "eps": lambda c: c.eps, "eps at d' = 4": lambda c: c.eps}


def limit(cell: Cell, solver: str, full: bool = False) -> float:
    """Seconds that a solver gets for one student of a cell."""
    if full:
        return FULL
    if solver in QUICK:
        return LIMIT
    return LONGER.get(cell.name, LIMIT) if cell.name in CLOSED_BY_OTHERS and "textbook" in solver else OPEN


def single(cell: Cell, solver: str, student: int = 0, full: bool = False) -> Spec:
    """One student of a cell by one solver."""
    return Spec("single", solver, (cell,), student, limit(cell, solver, full), 1 if solver == OURS else CORES)


def plan(full: bool = False) -> list[Spec]:
    """All measurements in order; `full` has longer limits, and repeats the slow peers for more students, too."""
    jobs = [single(cell, solver, full=full) for cell in CELLS for solver in QUICK]
    jobs += [
        Spec("radii", solver, (), limit=RADII, options={"shape": shape, "region": region, "label": [shape, region]})
        for shape, region in radii.TASKS
        for solver in (OURS, *radii.PEERS)
        if solver == OURS or shape in radii.PEERS[solver][1]
    ]
    for cell in CELLS:
        if cell == WIDE:
            jobs.append(everyone(cell, HALF, TEN_MINUTES))
        elif not cell.patch:
            jobs.append(everyone(cell, GAP, EVERYONE))
    jobs.append(everyone(cube(8, 32), 0.1, 4 * 60.0))  # every student may take an equal share of the limit; some need more
    jobs += [Spec("anytime", OURS, (cell,), limit=LIMIT) for cell in (cube(8, 32), cube(16, 16), cube(32, 16), patches())]
    jobs += [single(cell, solver, full=full) for cell in CELLS for solver in OTHERS]
    jobs += [single(cell, solver, student, full) for cell in CELLS for student in FURTHER for solver in QUICK]
    jobs += [
        Spec("curve", solver, cells, limit=CURVE, threads=1 if solver == OURS else CORES, options={"label": [name]})
        for name, cells in CURVES.items()
        for solver in (OURS, AIM)
    ]
    if full:
        jobs += [single(cell, solver, student, full) for cell in CELLS for student in FURTHER for solver in OTHERS]
    return jobs


def everyone(cell: Cell, gap: float, limit: float) -> Spec:
    """All students of a cell at a gap."""
    return Spec(
        "all",
        OURS,
        (cell,),
        limit=limit,
        threads=CORES,
        options={"gap": gap, "workers": CORES, "label": [cell.name, f"gap {gap:g}"]},
    )


def worth(spec: Spec, results: dict[str, dict]) -> bool:
    """False for a further student of a cell where the same solver took long, or failed, with the first one."""
    if spec.kind != "single" or spec.student == 0:
        return True
    first = results.get(replace(spec, student=0).name)
    return bool(first) and first.get("status") in ("solved", "noise") and first["seconds"] <= SHORT


def known_missing(spec: Spec) -> str | None:
    """The reason why a measurement will be skipped, known without starting a process."""
    if spec.solver == OURS:
        return None
    return radii.missing(spec.solver) if spec.kind == "radii" else peers.by_name(spec.solver).missing
