"""The sharp form: bounds on the sine to the best student, and on a kink mass, each the best of several theorems.

  form                             theorem                                    counts or weighs            where
  ball, cylinder                   A and 2'                                   opposing creases            here
  mass                             M, with its better constant                opposing masses             here
  one-direction, two-directions    A's refinements                            opposing; all directions    here
  directions                       J directions                               directions of all others    counts
  opposing-count, all-count        B and C in a ball, d' = 2                  opposing creases; all       counts
  cells, chords, pairs             B, C, C2 over the gaps of H, d' = 2        opposing creases; all       cells, chords, pairs
  wall                             2' in a ball that the observer's own       opposing creases            wall
                                   crease may cut
  split                            M'                                         heavy ones, light masses    masses
  order-k                          L, k = 4, 6, ..                            all masses                  masses

Every candidate is a proved bound by itself, so choosing the smallest needs no argument: floats choose, balls prove the
chosen one. The methods of a ball are tried with eps_k and with the local gradient of the ball (`local`), cells in A_k and in
rectangles inside such a ball; for a kink mass they take the smaller of eps_k and the local gradient of the largest ball. A
body (ball or cylinder) may always be replaced by a smaller one around the same centre: fewer creases meet it, its radius is
worse.
Source: theory notes, section 4 (Theorems A, M, 2' and their refinements), and proofs/lemmas.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from flint import arb

from ... import exact
from ...certify.radii.one import Inscribed, Surroundings
from ...restriction.domains import Domain
from ...restriction.restricted import Node
from .. import bounds
from ..setting import Setting
from . import cells, chords, counts, local, masses, pairs, plane, wall
from .around import (
    SHRINK,
    Around,
    Bound,
    Candidate,
    Sizes,
    around,
    best,
    least_place,
    radii,
    ranked,
    reaches,
    sizes,
    total,
    weight,
)
from .masses import Cylinder

ABOVE = 1 + 2.0**-30  # "t > 4 eps / |kappa|" strictly, at no visible cost
HEIGHTS = (1.0, 2.0, 1.4, 4.0)  # t of cylinders in units of 4 eps / |kappa|: 1 for the count, the others for the mass
RECTANGLES = (1.0, 2.0, 4.0)  # the same of the rectangles inside a local ball: what is higher is narrower
TALLEST = 0.25  # share of the ball's radius above which a cylinder is no better than the ball
SLICES = (0.5, 0.2, 0.05)  # heights, in units of the radius, of the cylinders cut out of a ball
LOWEST = 1e-100  # height of a cylinder, in units of the radius, below which floats leave their range
HOPE = 2.0  # how much better than estimated a cylinder may turn out; an estimate only decides whether one is looked for


def student_bound(setting: Setting, i: int, observer: Node, domain: Domain, inscribed: Inscribed) -> Bound | None:
    """The best bound on the smallest sine between crease i and a student's crease; None if nothing applies.

    i is the crease of a teacher node that carries no student, with kappa_T != 0; inscribed is a ball around it in A_k.
    Source: Theorem 2' (ball, cylinder), and every theorem of the table above in the form that names a student.
    """
    near, size = around(setting, i, observer, inscribed.centre), sizes(setting, i, observer)
    chosen = radii(inscribed.radius, near.distance)
    candidates = list(_by_ball(setting, i, size, chosen, near))
    if not size.epsilon > 0:
        return best(candidates)
    balls = local.balls(setting, i, size, inscribed, near)
    candidates += _by_local_balls(setting, i, balls, near)
    candidates += counts.student(setting, i, size, chosen, near, _goal(candidates))
    if not setting.is_late:
        candidates += wall.student(setting, i, size, domain, _goal(candidates))
        width = setting.shapes.around(i, domain.whole or domain).diameter / 2
        if setting.problem.dimension == 2:
            candidates += _applicable(_in_rectangles(setting, i, balls, inscribed.centre, near, _goal(candidates)))
        if setting.problem.dimension == 2 and _within_reach(size, domain, _goal(candidates)):
            width = plane.half_width(setting, i, domain)
            candidates += _applicable(cells.student(setting, i, size, domain, near, _goal(candidates)))
            candidates += _applicable(chords.student(setting, i, size, domain, near, _goal(candidates)))
            candidates += _applicable(pairs.student(setting, i, size, domain, near, _goal(candidates)))
        cylinders = _cylinders(setting, i, size, domain, inscribed, near, width, _goal(candidates))
        for height, cylinder in cylinders:
            candidates += _by_cylinder(setting, i, size, cylinder, counting=height == HEIGHTS[0])
            candidates += masses.split(setting, i, size, cylinder)
        candidates += _by_order(setting, i, size, domain, inscribed, cylinders, _goal(candidates))
    return best(candidates)


def _within_reach(size: Sizes, domain: Domain, goal: float) -> bool:
    """Whether a cell of A_k could give a sine below `goal`: a student's slope c adds some c / (length of H) to 1/a or 1/b."""
    length = float(np.linalg.norm(domain.floats.upper - domain.floats.lower))
    return 1 / np.hypot(1, HOPE * length * size.level / (2 * size.eps)) < goal


def _applicable(*candidates: Candidate | None) -> list[Candidate]:
    return [candidate for candidate in candidates if candidate is not None]


def _goal(candidates: list[Candidate], otherwise: float = 1.0) -> float:
    """The smallest bound so far, in floats."""
    return min((value for value, _ in candidates if np.isfinite(value)), default=otherwise)


def _by_local_balls(setting: Setting, i: int, balls: list[local.Ball], near: Around) -> Iterator[Candidate]:
    """The methods of a ball, each with the local gradient of its ball."""
    for ball in balls:
        candidates = list(_by_ball(setting, i, ball.size, ball.radii, near))
        candidates += counts.student(setting, i, ball.size, ball.radii, near, _goal(candidates))
        yield from (local.told(ball, candidate) for candidate in candidates)


def _in_rectangles(
    setting: Setting, i: int, balls: list[local.Ball], centre: np.ndarray, near: Around, goal: float
) -> Candidate | None:
    """d' = 2: Theorem B's cells in rectangles inside the balls, with the local gradient of the ball; None if none beats `goal`.

    Proved at once: what fails to be proved must not keep others from being tried.
    """
    middle, found = plane.middle(setting, i, centre), list[Candidate]()
    for ball in balls:
        met, least = near.within(ball.radius), 4 * ball.size.eps / ball.size.level * ABOVE
        for body in rectangles(middle, ball.radius, (least * height for height in RECTANGLES)):
            candidate = cells.student(setting, i, ball.size, body, met, _goal(found, goal))
            found += [local.told(ball, one) for one in _applicable(candidate)]
    proved = best(found)
    return None if proved is None else (exact.upper_float(proved.value), lambda: proved)


def rectangles(middle: arb, radius: float, heights: Iterable[float]) -> Iterator[plane.Rectangle]:
    """The widest rectangles of these heights in a ball around a point of H; middle: its place along H."""
    for t in heights:
        if 0 < t < radius:
            yield plane.Rectangle(middle, math.sqrt((radius - t) * (radius + t)) * SHRINK, t)


def _by_ball(setting: Setting, i: int, size: Sizes, chosen: np.ndarray, near: Around) -> Iterator[Candidate]:
    """Theorem A in balls of the chosen radii, largest first, and where all creases have one direction or two."""
    level, eps = size.level, size.eps
    cotangents = setting.angles.cotangents(i)
    for radius in map(float, chosen):
        room = (level * radius / (4 * eps)) ** 2 - 1 if eps > 0 else np.inf
        if room <= 0:
            return  # and no smaller ball does better
        meeting = near.distance <= radius
        students, teachers = meeting & near.opposes & near.student, meeting & near.opposes & ~near.student

        def terms(radius=radius, students=students, teachers=teachers) -> dict[str, Any]:
            return {
                "kappa": size.kappa,
                "epsilon": size.epsilon,
                "radius": radius,
                "opposing_students": int(students.sum()),
                "opposing_teachers": int(teachers.sum()),
            }

        def count(radius=radius, students=students, teachers=teachers, terms=terms) -> Bound | None:
            if size.epsilon == 0:
                return Bound(arb(0), "ball", terms())
            gamma = total(cotangents[j] for j in near.index[teachers])
            value = bounds.student_sine(bounds.reach(size.kappa, radius, size.epsilon), gamma, int(students.sum()))
            return None if value is None else Bound(value, "ball", {**terms(), "teachers_cot": gamma})

        left = np.sqrt(room) - near.cotangent[teachers].sum()
        if left > 0:
            yield students.sum() / np.hypot(left, students.sum()) if np.isfinite(left) else 0.0, count

        def few_directions(radius=radius, form="one-direction", avoided=(), terms=terms) -> Bound | None:
            simple = 4 * size.epsilon / (size.kappa * exact.ball(radius))
            if not all(setting.angles.sine(i, j) > simple for j in avoided):
                return None
            return Bound(simple, form, terms())

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


def _cylinders(
    setting: Setting, i: int, size: Sizes, domain: Domain, inscribed: Inscribed, near: Around, width: float, goal: float
) -> list[tuple[float, Cylinder]]:
    """(height in units of 4 eps / |kappa|, cylinder) for a few heights; each costs one linear program.

    A height is left out if the count or the masses around the ball's centre, in a cylinder of radius `width`, would not come
    near the sine `goal`.
    """
    least = _least(size)
    meeting = near.opposes & near.student & (near.distance <= inscribed.radius)
    if not 0 < least < TALLEST * inscribed.radius:
        return []
    surroundings, cylinders = setting.shapes.around(i, domain), []
    peak, kinks = float(bounds.mass_constant(setting.problem.dimension - 1).mid()), near.kink[meeting]
    for height in HEIGHTS:
        t = least * height
        tangent = t * len(kinks) / (HOPE * width)
        if height != HEIGHTS[0]:
            tangent = t * np.minimum(1.0, peak * t * kinks / (size.level * t - 4 * size.eps)).sum() / (HOPE * width)
        if tangent / np.hypot(1, tangent) < goal:
            cylinder = _cylinder(setting, i, size.observer, surroundings, t)
            cylinders += [] if cylinder is None else [(height, cylinder)]
    return cylinders


def _least(size: Sizes) -> float:
    """4 eps / |kappa|, a little above."""
    return exact.upper_float(4 * size.epsilon / size.kappa * ABOVE)


def _cylinder(setting: Setting, i: int, observer: Node, surroundings: Surroundings, t: float) -> Cylinder | None:
    cylinder = surroundings.cylinder(t)
    return None if cylinder is None else Cylinder(t, cylinder.radius, around(setting, i, observer, cylinder.centre))


def _by_cylinder(setting: Setting, i: int, size: Sizes, cylinder: Cylinder, *, counting: bool) -> Iterator[Candidate]:
    """The count (at the least height) or the mass form (at the others), over smaller and smaller cylinders."""
    n = setting.problem.dimension - 1
    kappa, epsilon, level, eps = size.kappa, size.epsilon, size.level, size.eps
    factor = float(bounds.mass_constant(n).mid())
    cotangents, near, t = setting.angles.cotangents(i), cylinder.near, cylinder.t
    reach = reaches(near, t)
    for rho in map(float, radii(cylinder.rho, reach[near.opposes])):
        meeting = reach <= rho
        students, teachers = meeting & near.opposes & near.student, meeting & near.opposes & ~near.student
        terms = {
            "kappa": kappa,
            "epsilon": epsilon,
            "rho": rho,
            "t": t,
            "opposing_students": int(students.sum()),
            "opposing_teachers": int(teachers.sum()),
        }

        def count(rho=rho, students=students, teachers=teachers, terms=terms) -> Bound | None:
            gamma = total(cotangents[j] for j in near.index[teachers])
            value = bounds.student_sine(exact.ball(rho) / exact.ball(t), gamma, int(students.sum()))
            return None if value is None else Bound(value, "cylinder", terms)

        def mass(rho=rho, students=students, teachers=teachers, terms=terms) -> Bound | None:
            mass_of_teachers = total(weight(setting, i, j, size.observer) for j in near.index[teachers])
            carried = total(abs(setting.masses.kappa(j, size.observer)) for j in near.index[students])
            value = bounds.student_sine_by_mass(n, kappa, epsilon, rho, t, mass_of_teachers, carried)
            return None if value is None else Bound(value, "mass", terms)

        if counting:
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


def _by_order(
    setting: Setting, i: int, size: Sizes, domain: Domain, inscribed: Inscribed, cylinders: list, goal: float
) -> Iterator[Candidate]:
    """Theorem L at the height that suits each order, where it could beat the sine `goal` in a cylinder as wide as hoped."""
    n = setting.problem.dimension - 1
    width = max((cylinder.rho for _, cylinder in cylinders), default=HOPE * inscribed.radius)
    signs = setting.masses.signs(size.observer)
    carried = setting.float_kinks(size.observer)[setting.masses.carries_student & (signs != 0)].sum()
    for k in bounds.FAR_POINTS:
        e = bounds.relu_distance(k)
        t = masses.best_height(k) * size.eps / (exact.nearest_float(e) * size.level)
        if not 0 < t < inscribed.radius:
            continue
        rest = size.eps * (masses.best_height(k) - 1)
        tangent = (masses.float_factor(n, k, width, t) * carried / rest) ** (1 / (k - 1))
        if tangent / np.hypot(1, tangent) < goal:
            cylinder = _cylinder(setting, i, size.observer, setting.shapes.around(i, domain), t)
            if cylinder is not None:
                yield from _applicable(masses.order(setting, i, size, cylinder, k))


def kink_candidates(setting: Setting, i: int, observer: Node, inscribed: Inscribed) -> list[Candidate]:
    """Bounds on |kappa_H| of crease i for an observer, from a ball around it in A_k, the best in floats first.

    Source: Theorem A over all smaller balls, M in the cylinders that they contain; B, C and C2 in A_k itself (d' = 2), J
    directions, M' and L (d' >= 3). All slopes are known here, so none of them has to name anyone.
    """
    near, size = around(setting, i, observer, inscribed.centre), sizes(setting, i, observer)
    counted = near.opposes | (setting.masses.mass(i, observer) == 0)  # without a sign of its own every crease may oppose it
    ball = None if setting.is_late else local.whole_ball(setting, i, size, inscribed, near)
    if ball is None:
        candidates = _kinks_in_ball(setting, i, size, inscribed, near, counted)
    else:
        within = _kinks_in_ball(setting, i, ball.size, replace(inscribed, radius=ball.radius), near, counted)
        if setting.problem.dimension == 2:
            within += _kinks_in_rectangles(setting, i, ball, inscribed.centre, near, counted)
        candidates = [local.told(ball, candidate) for candidate in within]
    domain = setting.domains[observer.index]
    if setting.problem.dimension == 2 and domain is not None and not setting.is_late:  # what takes all of A_k
        candidates += _applicable(cells.kink(setting, i, size, domain, near, counted))
        for method in (chords, pairs):
            candidates += _applicable(method.kink(setting, i, size, domain, near, _goal(candidates, np.inf)))
    return ranked(candidates)


def _kinks_in_ball(
    setting: Setting, i: int, size: Sizes, inscribed: Inscribed, near: Around, counted: np.ndarray
) -> list[Candidate]:
    """The methods that look at a ball alone, with a bound on |h_k| there."""
    candidates = list(_kinks(setting, i, size, inscribed, near, counted))
    if setting.problem.dimension > 2 and not setting.is_late:
        candidates += counts.kinks(setting, i, size, inscribed, near)
        heights = inscribed.radius * np.array(SLICES)
        candidates += masses.kinks(setting, i, size, inscribed, near, heights, counted, _goal(candidates, np.inf))
    return candidates


def _kinks_in_rectangles(
    setting: Setting, i: int, ball: local.Ball, centre: np.ndarray, near: Around, counted: np.ndarray
) -> list[Candidate]:
    """d' = 2: Theorem B's cells in rectangles inside a ball, with the bound on |h_k| there."""
    heights, met = ball.radius * np.array(SLICES), near.distance <= ball.radius
    bodies = rectangles(plane.middle(setting, i, centre), ball.radius, heights)
    some = near.within(ball.radius), counted[met]
    return _applicable(*(cells.kink(setting, i, ball.size, body, *some) for body in bodies))


def _kinks(
    setting: Setting, i: int, size: Sizes, inscribed: Inscribed, near: Around, counted: np.ndarray
) -> Iterator[Candidate]:
    """Theorem A and Theorem M, each in the ball and the cylinder in which it says most."""
    n, eps = setting.problem.dimension - 1, size.eps  # size.epsilon is proved where a candidate is
    tried, slopes, weights = _balls(inscribed, near, counted)

    def meeting(radius: float) -> np.ndarray:
        return near.index[counted & (near.distance <= radius)]

    def ball(radius: float) -> Bound:
        gamma = total(setting.angles.cotangents(i)[j] for j in meeting(radius))
        terms = {"epsilon": size.epsilon, "radius": radius, "opposing": len(meeting(radius)), "gamma": gamma}
        return Bound(bounds.kink_by_ball(size.epsilon, radius, gamma), "ball", terms)

    def mass(radius: float, share: float) -> Bound:
        t = exact.ball(radius) * exact.ball(share)
        rho = exact.ball(radius) * (1 - exact.ball(share) ** 2).sqrt()
        seen = total(weight(setting, i, j, size.observer) for j in meeting(radius))
        terms = {"epsilon": size.epsilon, "radius": radius, "opposing": len(meeting(radius)), "t": t, "rho": rho}
        return Bound(bounds.kink_by_mass(n, size.epsilon, rho, t, seen), "mass", terms)

    with np.errstate(invalid="ignore"):  # no gradient times a parallel crease
        values = 4 * eps * np.hypot(1, slopes) / tried
    place = least_place(values)
    yield float(values[place]), partial(ball, float(tried[place]))
    factor = float(bounds.mass_constant(n).mid())
    shares = _heights(eps, factor * weights, tried)
    with np.errstate(over="ignore", invalid="ignore"):
        t, rho = tried[:, None] * shares, tried[:, None] * np.sqrt(1 - shares**2)
        values = 4 * eps / t + factor / rho * t * weights[:, None]
    row, column = np.unravel_index(least_place(values), values.shape)
    yield float(values[row, column]), partial(mass, float(tried[row]), float(shares[row, column]))


def _heights(eps: float, weights: np.ndarray, tried: np.ndarray) -> np.ndarray:
    """Heights of cylinders in balls, in units of their radii: SLICES, and where 4 eps / t is as much as the masses.   (m, 4)

    weights: c S of Theorem M. There 4 eps / t + c S t / rho is least, but for what the ball takes from rho.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        even = np.sqrt(4 * eps / (tried * weights))
    even = np.where(even > LOWEST, np.minimum(even, SLICES[0]), SLICES[0])
    return np.column_stack([np.tile(SLICES, (len(tried), 1)), even])


def _balls(inscribed: Inscribed, near: Around, counted: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(radii, the largest first, sums of |cot| and of weights of the counted creases that each ball meets).   (m,) each"""
    tried = radii(inscribed.radius, near.distance[counted])
    order = np.argsort(near.distance[counted], kind="stable")
    met = np.searchsorted(near.distance[counted][order], tried, side="right")  # nearest ones that each ball meets
    last = int(np.argmax(met == 0)) + 1 if (met == 0).any() else len(met)  # smaller balls meet nothing either
    tried, met = tried[:last], met[:last]
    slopes, weights = (np.append(0.0, np.cumsum(x[counted][order]))[met] for x in (near.cotangent, near.weight))
    return tried, slopes, weights


def steadiest(inscribed: Inscribed, near: Around, counted: np.ndarray) -> float:
    """The radius, of balls inside an inscribed one, in which Theorem A says most of |kappa_H|, h_k bounded alike in all."""
    tried, slopes, _ = _balls(inscribed, near, counted)
    return float(tried[least_place(np.hypot(1, slopes) / tried)])
