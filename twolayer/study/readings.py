"""What the figures show: numbers read off the results of a study.

A result is an instance's dictionary as `verify` builds it, a row one of its verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.optimize import linprog

from ..instances import Instance
from ..metrics import projected_sine
from ..plotting import Row
from ..restriction.restricted import restricted
from ..statements.verdict import FAILS, HOLDS, REPAIRED, SHARP, UNDECIDED

ALONG = "along training"  # the family whose students are moments of one run
TELLING = 0.5  # sine bounds strictly between 0 and this count as telling


def judged_rows(results: Sequence[Row], statement: str) -> list[Row]:
    """Rows with two sides to compare, vacuous ones left out."""
    return [
        v
        for r in results
        for v in r["verdicts"]
        if v["statement"] == statement and v["verdict"] in (HOLDS, FAILS, UNDECIDED) and None not in (v["bound"], v["measured"])
    ]


def training_runs(results: Sequence[Row]) -> dict[str, list[Row]]:
    """The students of every training run, by the run's name, from the largest certified gradient to the smallest; none is 0."""
    runs: dict[str, list[Row]] = {}
    for r in results:
        if r["family"] == ALONG and r["gradient"]["upper"]:
            runs.setdefault(r["name"].split(", checkpoint")[0], []).append(r)
    return {name: sorted(students, key=lambda r: -r["gradient"]["upper"]) for name, students in runs.items()}


def least_errors(result: Row) -> dict[int, Row]:
    """Of every teacher node the row of fan-out-recovery with the least error; none where no row says anything."""
    rows: dict[int, Row] = {}
    for v in sorted(judged_rows([result], "fan-out-recovery"), key=lambda v: v["bound"]):
        rows.setdefault(v["teacher"], v)
    return rows


def is_telling(row: Row) -> bool:
    """True for a sharp row on angles that holds, not by coincidence, with a bound strictly between 0 and 0.5."""
    return (
        row["form"] == SHARP
        and row["verdict"] == HOLDS
        and row["statement"] in ("theorem-2", "theorem-3")
        and row["terms"].get("branch") != "coincident"
        and 0 < row["bound"] < TELLING
    )


def broken(results: list[Row]) -> list[tuple[str, Row]]:
    """Rows in which a repaired or sharp statement fails: a bug or a discovery."""
    return [(r["name"], v) for r in results for v in r["verdicts"] if v["form"] in (REPAIRED, SHARP) and v["verdict"] == FAILS]


def gradient_point(result: Row) -> tuple[float | None, float | None]:
    """(sampled, certified upper) of the hidden gradient."""
    return result["gradient"]["sampled"], result["gradient"]["upper"]


def first_round(result: Row) -> tuple[float | None, float | None]:
    """(sampled, certified) of the student of the first round of training; None where the instance's student is no later one."""
    if not result["rounds"] or not result["trained_here"] or result["family"] == ALONG:
        return None, None
    sampled, certified, *_ = result["rounds"][0]
    return sampled, certified


def different_points(points: Iterable[tuple]) -> set[tuple]:
    """The different points with known and finite coordinates."""
    return {point for point in points if None not in point and np.isfinite(point).all()}


def angles_on_subspace(result: Row) -> list[tuple[float, float]]:
    """(radius of the largest ball in U ∩ R, sine to the best student) for every teacher node, in floats."""
    instance = Instance.from_json(result["instance"])
    assert instance.subspace is not None
    plane = np.linalg.qr(np.asarray(instance.subspace.basis, dtype=float).T)[0].T
    students, teachers = (np.asarray(net.W, dtype=float) for net in (instance.student, instance.teacher))
    sines = projected_sine(students, teachers, plane).min(axis=0)
    radius = _inscribed_radius(instance)
    return [(radius, float(sine)) for sine in sines]


def _inscribed_radius(instance: Instance) -> float:
    """Radius of the largest ball in U ∩ R, in floats.   Source: Chebyshev's centre, a linear program."""
    region = restricted(instance).region
    A, c = np.asarray(region.A, dtype=float), np.asarray(region.c, dtype=float)
    rows = np.column_stack([A, np.linalg.norm(A, axis=1)])
    return float(linprog(np.append(np.zeros(A.shape[1]), -1), rows, c, bounds=(None, None)).x[-1])
