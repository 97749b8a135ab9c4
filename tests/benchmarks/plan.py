"""What is measured, in which order: ours and the peers on one cell next to each other, what matters most first."""
from __future__ import annotations

from dataclasses import replace

from . import peers, radii
from .instances import CELLS, Cell, cube, patches
from .job import Spec
from .peers import GAP

LIMIT = 120.0  # seconds a peer gets for one student of a cell
PATCH_LIMIT = 60.0  # the same on the patches, where the aim is stated for this time
CORES = 2  # threads that peers may use, processes that all students share
CURVE = 20.0  # seconds an instance of a scaling curve gets
LEAST = 5.0  # seconds a solver gets even when the time is nearly spent
RADII = 8.0  # seconds a solver gets for radii; what it does in them is scaled to all pairs
SHORT = 10.0  # further students are measured where the first took at most this long
FURTHER = (1, 2)
MOMENTS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)  # time limits of the anytime curves

OURS, AIM = "ours", "Gurobi one-sided + cuts + cutoff"
QUICK = (OURS, AIM, "HiGHS one-sided + cuts + cutoff", "SCIP one-sided + cuts + cutoff")
OTHERS = ("HiGHS (scipy) textbook", "Gurobi textbook", "SCIP textbook", "auto_LiRPA + input splitting",
          "CROWN + input splitting (NumPy)")

CURVES: dict[str, tuple[Cell, ...]] = {
    "d'": tuple(cube(d, 16) for d in (1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32)),
    "K": tuple(cube(8, k) for k in (4, 8, 16, 32, 48, 64)),
    "eps": tuple(cube(8, 16, eps) for eps in (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12)),
    "eps at d' = 4": tuple(cube(4, 16, eps) for eps in (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12)),
}
AXIS = {"d'": lambda c: c.inputs, "K": lambda c: c.nodes, "eps": lambda c: c.eps, "eps at d' = 4": lambda c: c.eps}


def single(cell: Cell, solver: str, student: int = 0) -> Spec:
    """One student of a cell by one solver."""
    limit = PATCH_LIMIT if cell.patch else LIMIT
    return Spec("single", solver, (cell,), student, limit, 1 if solver == OURS else CORES)


def plan(full: bool = False) -> list[Spec]:
    """All measurements in order; `full` repeats the slow ones for more students, too."""
    jobs = [single(cell, solver) for cell in CELLS for solver in QUICK]
    jobs += [Spec("radii", solver, (), limit=RADII, options={"shape": shape, "region": region,
                                                             "label": [shape, region]})
             for shape, region in radii.TASKS
             for solver in (OURS, *radii.PEERS) if solver == OURS or shape in radii.PEERS[solver][1]]
    for cell in CELLS:
        if not cell.patch:
            jobs.append(everyone(cell, GAP, LIMIT))
    jobs.append(everyone(cube(8, 32), 0.1, 60.0))
    jobs += [single(cell, solver, student) for cell in CELLS for student in FURTHER for solver in QUICK]
    jobs += [Spec("curve", solver, cells, limit=CURVE, threads=1 if solver == OURS else CORES,
                  options={"label": [name]})
             for name, cells in CURVES.items() for solver in (OURS, AIM)]
    for cell in (cube(8, 32), cube(16, 16), cube(32, 16), patches()):
        moments = (*MOMENTS, PATCH_LIMIT) if cell.patch else MOMENTS
        jobs.append(Spec("anytime", OURS, (cell,), limit=sum(moments), options={"limits": moments}))
    jobs += [single(cell, solver) for cell in CELLS for solver in OTHERS]
    if full:
        jobs += [single(cell, solver, student) for cell in CELLS for student in FURTHER for solver in OTHERS]
    return jobs


def everyone(cell: Cell, gap: float, limit: float) -> Spec:
    """All students of a cell at a gap."""
    return Spec("all", OURS, (cell,), limit=limit, threads=CORES,
                options={"gap": gap, "workers": CORES, "label": [cell.name, f"gap {gap:g}"]})


def within(spec: Spec, share: float, left: float) -> Spec:
    """The same measurement in about `share` seconds: on a curve, most instances take far less than theirs.

    An anytime curve keeps its moments, whose later ones are the point of it, as far as the time that is left allows.
    """
    if spec.kind == "anytime":
        moments = spec.options["limits"]
        kept = [m for i, m in enumerate(moments) if sum(moments[: i + 1]) <= max(left, LEAST)]
        return replace(spec, limit=sum(kept), options={**spec.options, "limits": kept})
    share = max(LEAST, share)
    return replace(spec, limit=min(spec.limit, 2 * share / len(spec.cells) if spec.kind == "curve" else share))


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
