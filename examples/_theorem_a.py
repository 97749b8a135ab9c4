"""Theorem A by itself, in floats: a teacher node's crease as an observer sees it, and what a gradient says there.

The sharp rows of a check are the best of many methods; here is the one behind them, so that pictures can show what each
of its ingredients gives away. Floats, for pictures: rows of a check are certified, these numbers are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from twolayer import SHARP, Check
from twolayer.certify import RidgeSum, inscribed_radii
from twolayer.exact import nearest, nearest_float

BELOW = 1 - 1e-9  # of the distance of a crease is the radius that does not meet it


@dataclass(frozen=True, eq=False)
class View:
    """A teacher node's crease H without a student on it, from the centre of the largest certified ball around it in A_k.

    kappa      |kink mass| of H;  radius of that ball;  centre (d',);  epsilon: certified (lower, upper) of eps_k
    measured, bound: of the sharp row of Theorem 2 (None: no number)
    distance, cotangent, student, opposes (n,)   of the other creases with a kink in h_k; opposes: against H's
    gradient   h_k
    """

    kappa: float
    radius: float
    centre: np.ndarray
    epsilon: tuple[float, float]
    measured: float | None
    bound: float | None
    distance: np.ndarray
    cotangent: np.ndarray
    student: np.ndarray
    opposes: np.ndarray
    gradient: RidgeSum

    @property
    def radii(self) -> np.ndarray:
        """The ball's radius, and those just too small to meet another crease, largest first."""
        smaller = BELOW * np.unique(self.distance)[::-1]
        return np.concatenate([[self.radius], smaller[(smaller > 0) & (smaller < self.radius)]])

    def sine(self, epsilon: float, radius: float) -> float:
        """Theorem 2' in the ball of a radius: the sine to the nearest student is at most N_S / (room - Gamma_T) as a tangent,
        room = sqrt((kappa r / 4 eps)^2 - 1); 1 where it says nothing, infinite where the ball meets no student.
        """
        meets = self.opposes & (self.distance <= radius)
        students, seen = (meets & self.student).sum(), self.cotangent[meets & ~self.student].sum()
        return np.inf if students == 0 else sine(int(students), seen, self.kappa * radius / (4 * epsilon))

    def least(self, epsilon: float) -> float:
        """The smallest of these over the radii, for a gradient that holds on all of the ball."""
        return min(self.sine(epsilon, radius) for radius in self.radii)


def sine(students: int, seen: float, room: float) -> float:
    """The bound for N_S opposing students, Gamma_T of the opposing teachers, and kappa r / (4 eps)."""
    left = np.sqrt(max(room**2 - 1, 0.0)) - seen
    return float(students / np.hypot(students, left)) if left > 0 else 1.0


def views(result: Check) -> Iterator[tuple[tuple[int, int], View]]:
    """((teacher, observer), view) of every sharp row of Theorem 2 that has a ball and no student on the crease."""
    problem = result.problem
    domains = {v.observer: problem.active_domain(problem.student[v.observer]) for v in result.rows("theorem-2", SHARP)}
    domains = {k: domain for k, domain in domains.items() if domain is not None}
    balls = inscribed_radii(problem.frame, problem.creases, list(domains.values()))
    rows = np.array([[*nearest(crease.normal), nearest_float(crease.offset)] for crease in problem.creases])
    lengths = np.linalg.norm(rows[:, :-1], axis=1)
    student = np.array([crease.has("student") for crease in problem.creases])
    for row in result.rows("theorem-2", SHARP):
        if row.observer not in domains or problem.teacher[row.teacher].is_constant:
            continue
        i, observer = problem.crease_index["teacher", row.teacher], problem.student[row.observer]
        inscribed = balls.inscribed(i, list(domains).index(row.observer))
        masses = np.array([nearest_float(crease.mass(observer.fan_out)) for crease in problem.creases]) * lengths
        if inscribed is None or student[i] or masses[i] == 0:
            continue
        centre = nearest(inscribed.centre)
        others = (masses != 0) & (np.arange(len(masses)) != i)
        cosine = np.clip(abs(rows[others, :-1] @ rows[i, :-1]) / (lengths[others] * lengths[i]), 0, 1)
        enclosure = result.enclosures[row.observer]
        view = View(
            abs(masses[i]),
            inscribed.radius,
            centre,
            (enclosure.lower, enclosure.upper),
            row.measured,
            row.bound,
            abs(rows[others] @ [*centre, 1.0]) / lengths[others],
            cosine / np.sqrt(np.maximum(1 - cosine**2, np.finfo(float).tiny)),
            student[others],
            masses[others] * masses[i] < 0,
            problem.gradient(observer),
        )
        yield (row.teacher, row.observer), view
