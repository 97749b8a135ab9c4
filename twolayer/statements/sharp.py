"""The sharp form: bounds on the sine to the best student, and on a kink mass, each the best of several theorems.

Every candidate is a proved bound by itself, so choosing the smallest needs no argument: floats choose, balls prove the
chosen one. A body (ball or cylinder) may always be replaced by a smaller one around the same centre: fewer creases
meet it, its radius is worse. Source: theory notes, section 4 (Theorems A, M, 2' and their refinements).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from flint import arb

from .. import exact
from ..certify.balls import Inscribed
from ..ridges import Domain, Node
from . import bounds
from .setting import Setting

ABOVE = 1 + 2.0**-30  # "t > 4 eps / |kappa|" strictly, at no visible cost
SHRINK = 1 - 1e-9  # how far below a crease's distance a smaller body stays
HEIGHTS = (1.0, 2.0, 1.4, 4.0)  # t of cylinders in units of 4 eps / |kappa|: 1 for the count, the others for the mass
TALLEST = 0.25  # share of the ball's radius above which a cylinder is no better than the ball
SLICES = (0.5, 0.2, 0.05)  # heights, in units of the radius, of the cylinders cut out of a ball


@dataclass(frozen=True)
class Bound:
    """A proved bound: its value (a ball), the name of the form that gave it, and the factors."""

    value: arb
    form: str
    terms: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Around:
    """The other creases of h_k (kink mass not zero) as seen from a centre on crease i; arrays of equal length n.

    index      position in problem.creases
    opposes    kink mass of the other sign than kappa_H
    student    carries a student
    kink       |kappa'|        sine, cotangent: of the angle to crease i        direction: a label of the normal
    weight     |kappa'| cos^2 / sin, infinite for a parallel crease
    distance   lower bound on the distance from the centre
    Floats choose among bodies; which creases meet a body is decided with the distance's margin, so it counts too many.
    """

    index: np.ndarray
    opposes: np.ndarray
    student: np.ndarray
    kink: np.ndarray
    sine: np.ndarray
    cotangent: np.ndarray
    weight: np.ndarray
    direction: np.ndarray
    distance: np.ndarray


def around(setting: Setting, i: int, observer: Node, centre: np.ndarray) -> Around:
    """The other creases as the observer sees them from a centre on crease i."""
    masses = setting.mass_signs(observer)
    keep = np.flatnonzero((masses != 0) & (np.arange(len(masses)) != i))
    sines, cotangents = (values[keep] for values in setting.float_angles(i))
    kinks = setting.float_kinks(observer)[keep]
    with np.errstate(divide="ignore"):
        weights = np.where(sines > 0, kinks * (1 - sines**2) / sines, np.inf)
    return Around(
        keep,
        masses[keep] * masses[i] < 0,
        setting.carries_student[keep],
        kinks,
        sines,
        cotangents,
        weights,
        setting.directions[keep],
        setting.distances(centre)[keep],
    )


Candidate = tuple[float, Callable[[], Bound | None]]


def _best(candidates: Iterable[Candidate]) -> Bound | None:
    """The first candidate, in the order of the float values, that the ball arithmetic confirms."""
    for value, prove in sorted(candidates, key=lambda candidate: candidate[0]):
        if np.isfinite(value):
            bound = prove()
            if bound is not None and bound.value.is_finite():
                return bound
    return None


def student_bound(setting: Setting, i: int, observer: Node, domain: Domain, inscribed: Inscribed) -> Bound | None:
    """The best bound on the smallest sine between crease i and a student's crease; None if nothing applies.

    i is the crease of a teacher node that carries no student, with kappa_T != 0; inscribed is a ball around it in A_k.
    Source: Theorem 2' (ball, cylinder), one and two directions, Theorem M for a student.
    """
    candidates = list(_by_ball(setting, i, observer, inscribed))
    if setting.epsilon(observer)[1] > 0 and not setting.is_late:
        candidates += _by_cylinder(setting, i, observer, domain, inscribed)
    return _best(candidates)


def _radii(radius: float, reaches: np.ndarray) -> np.ndarray:
    """The radius itself, and those just too small to meet the creases one by one; largest first."""
    smaller = SHRINK * np.unique(reaches)[::-1]
    return np.concatenate([[radius], smaller[(smaller > 0) & (smaller < radius)]])


def _sum(numbers: Iterable[arb]) -> arb:
    return sum(numbers, arb(0))


def _by_ball(setting: Setting, i: int, observer: Node, inscribed: Inscribed) -> Iterator[Candidate]:
    near = around(setting, i, observer, inscribed.centre)
    kappa, epsilon = abs(setting.kappa(i, observer)), setting.epsilon(observer)[1]
    level, eps = float(kappa.mid()), float(epsilon.mid())
    cotangents = setting.cotangents(i)
    for radius in map(float, _radii(inscribed.radius, near.distance)):
        room = (level * radius / (4 * eps)) ** 2 - 1 if eps > 0 else np.inf
        if room <= 0:
            return  # and no smaller ball does better
        meeting = near.distance <= radius
        students, teachers = meeting & near.opposes & near.student, meeting & near.opposes & ~near.student
        terms = {
            "kappa": kappa,
            "epsilon": epsilon,
            "radius": radius,
            "opposing_students": int(students.sum()),
            "opposing_teachers": int(teachers.sum()),
        }

        def count(radius=radius, students=students, teachers=teachers, terms=terms) -> Bound | None:
            if epsilon == 0:
                return Bound(arb(0), "ball", terms)
            gamma = _sum(cotangents[j] for j in near.index[teachers])
            value = bounds.student_sine(bounds.reach(kappa, radius, epsilon), gamma, int(students.sum()))
            return None if value is None else Bound(value, "ball", {**terms, "teachers_cot": gamma})

        left = np.sqrt(room) - near.cotangent[teachers].sum()
        if left > 0:
            yield students.sum() / np.hypot(left, students.sum()) if np.isfinite(left) else 0.0, count

        def few_directions(radius=radius, form="one-direction", avoided=(), terms=terms) -> Bound | None:
            simple = 4 * epsilon / (kappa * exact.ball(radius))
            if not all(setting.sine(i, j) > simple for j in avoided):
                return None
            return Bound(simple, form, terms)

        simple = 4 * eps / (level * radius)
        if students.any() and len(set(near.direction[students | teachers])) == 1:
            yield simple, few_directions
        labels = set(near.direction[meeting])
        without = labels - set(near.direction[meeting & near.student])
        if len(without) < len(labels) <= 2:
            avoided = [int(near.index[meeting & (near.direction == label)][0]) for label in without]
            yield simple, partial(few_directions, form="two-directions", avoided=avoided)
        if not students.any():
            return  # smaller balls meet fewer creases, none of a student


def _by_cylinder(setting: Setting, i: int, observer: Node, domain: Domain, inscribed: Inscribed) -> Iterator[Candidate]:
    """Cylinder and mass forms over a few heights; each height costs one linear program."""
    kappa, epsilon = abs(setting.kappa(i, observer)), setting.epsilon(observer)[1]
    least = exact.upper_float(4 * epsilon / kappa * ABOVE)
    if not 0 < least < TALLEST * inscribed.radius:
        return
    surroundings = setting.surroundings(i, domain)
    cotangents, n = setting.cotangents(i), setting.problem.dimension - 1
    factor = float(bounds.mass_constant(n).mid())
    level, eps = float(kappa.mid()), float(epsilon.mid())
    for height in HEIGHTS:
        t = least * height
        cylinder = surroundings.cylinder(t)
        if cylinder is None:
            continue
        near = around(setting, i, observer, cylinder.centre)
        reaches = _reaches(near, t)
        for rho in map(float, _radii(cylinder.radius, reaches[near.opposes])):
            meeting = reaches <= rho
            students, teachers = meeting & near.opposes & near.student, meeting & near.opposes & ~near.student
            terms = {
                "kappa": kappa,
                "epsilon": epsilon,
                "rho": rho,
                "t": t,
                "opposing_students": int(students.sum()),
                "opposing_teachers": int(teachers.sum()),
            }

            def count(rho=rho, t=t, near=near, students=students, teachers=teachers, terms=terms) -> Bound | None:
                gamma = _sum(cotangents[j] for j in near.index[teachers])
                value = bounds.student_sine(exact.ball(rho) / exact.ball(t), gamma, int(students.sum()))
                return None if value is None else Bound(value, "cylinder", terms)

            def mass(rho=rho, t=t, near=near, students=students, teachers=teachers, terms=terms) -> Bound | None:
                weight = _sum(_weight(setting, i, j, observer) for j in near.index[teachers])
                carried = _sum(abs(setting.kappa(j, observer)) for j in near.index[students])
                value = bounds.student_sine_by_mass(n, kappa, epsilon, rho, t, weight, carried)
                return None if value is None else Bound(value, "mass", terms)

            if height == 1.0:
                left = rho / t - near.cotangent[teachers].sum()
                if left > 0:
                    yield students.sum() / np.hypot(left, students.sum()), count
            else:
                scale = factor / rho * t * t
                rest = level * t - 4 * eps - scale * near.weight[teachers].sum()
                if rest > 0:
                    tangent = scale * near.kink[students].sum() / rest
                    yield tangent / np.hypot(1, tangent), mass
            if not students.any():
                break


def _weight(setting: Setting, i: int, j: int, observer: Node) -> arb:
    """|kappa'| cos^2 / sin of crease j against crease i."""
    sine = setting.sine(i, j)
    return abs(setting.kappa(j, observer)) * (1 - sine**2) / sine


def _reaches(near: Around, t: float) -> np.ndarray:
    """Lower bounds on the radius at which a cylinder of half-height t around the centre meets each crease.

    |distance| <= rho sin + t cos is the condition to meet it; floats with the margin already in the distance.
    """
    rest = near.distance - t * (1 + 1e-9)
    return np.where(rest > 0, rest / np.maximum(near.sine, 1e-300) * SHRINK, 0.0)


def kink_bound(setting: Setting, i: int, observer: Node, inscribed: Inscribed) -> Bound:
    """The best bound on |kappa_H| of crease i for an observer, from a ball around it in A_k.

    Source: Theorem A over all smaller balls, Theorem M in the cylinders that these balls contain.
    """
    near = around(setting, i, observer, inscribed.centre)
    best = _best(_kinks(setting, i, observer, inscribed, near))
    return best if best is not None else Bound(arb("inf"), "none", {})


def _kinks(setting: Setting, i: int, observer: Node, inscribed: Inscribed, near: Around) -> Iterator[Candidate]:
    epsilon = setting.epsilon(observer)[1]
    eps, n = float(epsilon.mid()), setting.problem.dimension - 1
    factor = float(bounds.mass_constant(n).mid())
    cotangents = setting.cotangents(i)
    counted = near.opposes | (setting.mass(i, observer) == 0)
    for radius in map(float, _radii(inscribed.radius, near.distance[counted])):
        meeting = counted & (near.distance <= radius)
        terms = {"epsilon": epsilon, "radius": radius, "opposing": int(meeting.sum())}

        def ball(radius=radius, meeting=meeting, terms=terms) -> Bound:
            gamma = _sum(cotangents[j] for j in near.index[meeting])
            return Bound(bounds.kink_by_ball(epsilon, radius, gamma), "ball", {**terms, "gamma": gamma})

        def mass(radius=radius, share=0.5, meeting=meeting, terms=terms) -> Bound:
            t = exact.ball(radius) * exact.ball(share)
            rho = exact.ball(radius) * (1 - exact.ball(share) ** 2).sqrt()
            weight = _sum(_weight(setting, i, j, observer) for j in near.index[meeting])
            return Bound(bounds.kink_by_mass(n, epsilon, rho, t, weight), "mass", {**terms, "t": t, "rho": rho})

        yield 4 * eps * np.hypot(1, near.cotangent[meeting].sum()) / radius, ball
        weight = near.weight[meeting].sum()
        for share in SLICES:
            t, rho = radius * share, radius * np.sqrt(1 - share**2)
            yield 4 * eps / t + factor / rho * t * weight, partial(mass, share=share)
        if not meeting.any():
            return
