"""The sharp form: bounds on the sine to the best student, and on a kink mass, each the best of several theorems.

Every candidate is a proved bound by itself, so choosing the smallest needs no argument. A candidate body (ball or
cylinder) may always be replaced by a smaller one around the same centre: fewer creases meet it, its radius is worse.
Source: theory notes, section 4 (Theorems A, M, 2' and their refinements).
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flint import arb

from .. import exact
from ..certify.balls import Inscribed
from ..ridges import Domain, Node
from . import bounds
from .setting import Setting

ABOVE = 1 + 2.0**-30  # "t > 4 eps / |kappa|" strictly, at no visible cost
SHRINK = 1 - 1e-9  # how far below a crease's distance a smaller body stays
MASS_HEIGHTS = (2.0, 1.4, 4.0)  # heights t in units of 4 eps / |kappa|; 2 is best where no teacher opposes
WIDEST_HEIGHT = 0.25  # share of the disc's radius above which a cylinder is no better than the ball


@dataclass(frozen=True)
class Bound:
    """A proved bound: its value (a ball), the name of the form that gave it, and the factors."""

    value: arb
    form: str
    terms: dict[str, Any]


@dataclass(frozen=True)
class Other:
    """Another crease as the observer sees it: position, kappa' (sign of mass * sign of kappa_H), sine and |cot|."""

    index: int
    opposes: bool
    has_student: bool
    kink: arb
    sine: arb
    cotangent: arb
    direction: tuple
    distance: float


def others(setting: Setting, i: int, observer: Node, centre) -> list[Other]:
    """All creases but i that are creases of h_k (kink mass not zero), with their distances from a centre."""
    out = []
    own = setting.mass(i, observer)
    distances = setting.distances(centre)
    cotangents = setting.cotangents(i)
    for j, crease in enumerate(setting.problem.creases):
        mass = setting.mass(j, observer)
        if j == i or mass == 0:
            continue
        kink = abs(setting.kappa(j, observer))
        out.append(Other(j, mass * own < 0, crease.has("student"), kink, setting.sine(i, j), cotangents[j],
                         tuple(crease.normal), float(distances[j])))
    return out


def student_bound(setting: Setting, i: int, observer: Node, domain: Domain, inscribed: Inscribed) -> Bound | None:
    """The best bound on the smallest sine between crease i and a student's crease; None if nothing applies.

    i is the crease of a teacher node that carries no student, with kappa_T != 0; inscribed is a ball around it in A_k.
    Source: Theorem 2' (ball, cylinder), one and two directions, Theorem M for a student.
    """
    epsilon = setting.epsilon(observer)[1]
    kappa = abs(setting.kappa(i, observer))
    candidates = list(_by_ball(setting, i, observer, inscribed, kappa, epsilon))
    if epsilon > 0:
        candidates += _by_cylinder(setting, i, observer, domain, inscribed, kappa, epsilon)
    return _best(candidates)


def _best(candidates: list[Bound]) -> Bound | None:
    return min(candidates, key=lambda bound: exact.upper_float(bound.value), default=None)


def _radii(radius: float, reaches: list[float]) -> list[float]:
    """The radius itself, and those just too small to meet the creases one by one."""
    return [radius, *(SHRINK * x for x in sorted(set(reaches), reverse=True) if 0 < SHRINK * x < radius)]


def _split(meeting: list[Other]) -> tuple[list[Other], list[Other]]:
    """Opposing creases with a student, and those with teachers only."""
    opposing = [o for o in meeting if o.opposes]
    return [o for o in opposing if o.has_student], [o for o in opposing if not o.has_student]


def _by_ball(setting, i, observer, inscribed, kappa, epsilon) -> Iterator[Bound]:
    around = others(setting, i, observer, inscribed.centre)
    for radius in _radii(inscribed.radius, [o.distance for o in around]):
        meeting = [o for o in around if o.distance <= radius]
        students, teachers = _split(meeting)
        terms = {"kappa": kappa, "epsilon": epsilon, "radius": radius, "opposing_students": len(students),
                 "opposing_teachers": len(teachers)}
        if epsilon == 0:
            yield Bound(arb(0), "ball", terms)
            return
        room = bounds.reach(kappa, radius, epsilon)
        if not room > 0:
            return  # and no smaller ball does better
        gamma = sum((o.cotangent for o in teachers), arb(0))
        value = bounds.student_sine(room, gamma, len(students))
        if value is not None:
            yield Bound(value, "ball", {**terms, "teachers_cot": gamma})
        simple = 4 * epsilon / (kappa * arb(radius))
        if students and len({o.direction for o in students + teachers}) == 1:
            yield Bound(simple, "one-direction", terms)
        by_direction: dict[tuple, list[Other]] = {}
        for o in meeting:
            by_direction.setdefault(o.direction, []).append(o)
        without = [group[0] for group in by_direction.values() if not any(o.has_student for o in group)]
        if len(without) < len(by_direction) <= 2 and all(o.sine > simple for o in without):
            yield Bound(simple, "two-directions", terms)
        if not students:
            return  # smaller balls meet fewer creases, none of a student


def _by_cylinder(setting, i, observer, domain, inscribed, kappa, epsilon) -> list[Bound]:
    """Cylinder and mass forms over a few heights; each height costs one linear program."""
    least = exact.upper_float(4 * epsilon / kappa * ABOVE)
    out: list[Bound] = []
    if not 0 < least < WIDEST_HEIGHT * inscribed.radius:
        return out
    surroundings = setting.surroundings(i, domain)
    n = setting.problem.dimension - 1
    for height in (1.0, *MASS_HEIGHTS):
        t = least * height
        cylinder = surroundings.cylinder(t)
        if cylinder is None:
            continue
        around = others(setting, i, observer, cylinder.centre)
        reaches = [_reach(o, t) for o in around]
        for rho in _radii(cylinder.radius, reaches):
            students, teachers = _split([o for o, reach in zip(around, reaches, strict=True) if reach <= rho])
            terms = {"kappa": kappa, "epsilon": epsilon, "rho": rho, "t": t, "opposing_students": len(students),
                     "opposing_teachers": len(teachers)}
            if height == 1.0:
                gamma = sum((o.cotangent for o in teachers), arb(0))
                value = bounds.student_sine(exact.ball(rho) / exact.ball(t), gamma, len(students))
                form = "cylinder"
            else:
                weight = sum((o.kink * (1 - o.sine**2) / o.sine for o in teachers), arb(0))
                carried = sum((o.kink for o in students), arb(0))
                value = bounds.student_sine_by_mass(n, kappa, epsilon, rho, t, weight, carried)
                form = "mass"
            if value is not None and value.is_finite():
                out.append(Bound(value, form, terms))
            if not students:
                break
    return out


def _reach(o: Other, t: float) -> float:
    """Lower bound on the radius at which a cylinder of half-height t around the centre meets the crease.

    |distance| <= rho sin + t cos is the condition to meet it; floats with the margin already in the distance.
    """
    sine = float(o.sine.mid())
    rest = o.distance - t * (1 + 1e-9)
    if rest <= 0:
        return 0.0
    return rest / max(sine, 1e-300) * SHRINK if sine < 1 else rest


def kink_bound(setting: Setting, i: int, observer: Node, inscribed: Inscribed) -> Bound:
    """The best bound on |kappa_H| of crease i for an observer, from a ball around it in A_k.

    Source: Theorem A over all smaller balls, Theorem M in the cylinders that these balls contain.
    """
    epsilon = setting.epsilon(observer)[1]
    around = [o for o in others(setting, i, observer, inscribed.centre) if o.opposes or setting.mass(i, observer) == 0]
    n = setting.problem.dimension - 1
    candidates = []
    for radius in _radii(inscribed.radius, [o.distance for o in around]):
        meeting = [o for o in around if o.distance <= radius]
        terms = {"epsilon": epsilon, "radius": radius, "opposing": len(meeting)}
        gamma = sum((o.cotangent for o in meeting), arb(0))
        if gamma.is_finite():
            candidates.append(Bound(bounds.kink_by_ball(epsilon, radius, gamma), "ball", {**terms, "gamma": gamma}))
            weight = sum((o.kink * (1 - o.sine**2) / o.sine for o in meeting), arb(0))
            for share in (0.5, 0.2, 0.05):
                t = radius * share
                rho = exact.lower_float((exact.ball(radius) ** 2 - exact.ball(t) ** 2).sqrt())
                candidates.append(Bound(bounds.kink_by_mass(n, epsilon, rho, t, weight), "mass", {**terms, "t": t, "rho": rho}))
        if not meeting:
            break
    best = _best(candidates)
    return best if best is not None else Bound(arb("inf"), "none", {"epsilon": epsilon})
