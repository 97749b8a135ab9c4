"""The observer's own wall (any d'): where H hardly enters A_k, because the observer's crease lies next to it.

The observer is a student too, and A_k ends at its crease H_k. Let x be on H in A_k, B the ball of radius r around x in
U ∩ R, rho the distance from x to H_k along H: rho sin theta_k is that from H_k itself. Let eps be at least |h_k - g| on
what B has of A_k, for one affine g; N_S and Gamma_T as in Theorem 2', over the opposing creases other than H_k that meet B;
X = |kappa| r / (4 eps) > 1. Then, given Gamma_T < sqrt(X^2 - 1), some student has
    sin theta <= max(r / rho, sin arctan(N_S / (sqrt(X^2 - 1) - Gamma_T))).
For if the observer has not, rho sin theta_k > r: then B lies in A_k, H_k misses it, and Theorem 2' holds in it. So the
length of H in A_k takes the place of a ball in A_k, which is as small as H is near H_k.
On A_k the kink of H_k is affine, whatever its mass: as much of it as is wanted pairs off the masses of B (`local`).
Source: Theorem 2', and "the observer's own crease" in proofs/lemmas.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ... import exact
from ...certify.radii.one import Inscribed
from ...restriction.domains import Domain
from ...restriction.restricted import Node
from .. import bounds
from ..geometry import cached_by
from ..setting import Setting
from .around import Around, Bound, Candidate, Sizes, around, total
from .local import Pairing, pairings_in

FORM = "wall"
ABOVE = 1 + 2.0**-20  # "X > 1" strictly, at no visible cost
MOST_APART = 0.5  # of the unit normals of H and the wall: from here on no ball leaves X > 1 by their pair
STEPS = (1.0, 1.02, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0, 1000.0)  # radii, in units of the least that can do


@dataclass(frozen=True, eq=False)
class Wall:
    """The crease of an observer beside crease i.

    crease   its position in problem.creases       ball   x and a ball around it in U ∩ R
    sine     of its angle to crease i              height, rho   distance of x from it, and along H; all three in floats
    near     all other creases from x       opposes   those that oppose crease i; not the wall itself
    """

    crease: int
    sine: float
    height: float
    ball: Inscribed
    near: Around
    opposes: np.ndarray

    @property
    def rho(self) -> float:
        """The distance from x to the wall along H."""
        return self.height / self.sine


@dataclass(frozen=True, eq=False)
class Body:
    """A ball around x of which A_k has a part, and what bounds h_k there: eps_k, or the local gradient of a pairing.

    value   the bound on the sine, in floats
    """

    wall: Wall
    radius: float
    size: Sizes
    pairing: Pairing | None
    value: float

    @property
    def met(self) -> np.ndarray:
        """The opposing creases in `wall.near` that meet the ball."""
        return self.wall.opposes & (self.wall.near.distance <= self.radius)


@cached_by
def wall_of(setting: Setting, i: int, observer: Node, domain: Domain) -> Wall | None:
    """The observer's crease, from the middle of the largest disc that crease i has in A_k; None where A_k has no such wall."""
    if observer.is_constant or domain.whole is None:
        return None
    crease = setting.crease(observer)
    disc, sine = setting.shapes.around(i, domain).disc(), float(setting.angles.floats(i)[0][crease])
    if disc is None or not sine > 0:
        return None
    radius = setting.shapes.around(i, domain.whole).radius_around(disc.centre)
    height = float(setting.shapes.distance(crease, disc.centre).mid())
    if not radius > 0 or not height > 0:
        return None
    near = around(setting, i, observer, disc.centre)
    return Wall(crease, sine, height, replace(disc, radius=radius), near, near.opposes & (near.index != crease))


def student(setting: Setting, i: int, size: Sizes, domain: Domain, goal: float) -> Iterator[Candidate]:
    """Bounds on the smallest sine of a student that beat `goal`, with eps_k and with a local gradient."""
    for body in bodies(setting, i, size, domain, goal):
        yield body.value, partial(proved, setting, i, body)


def bodies(setting: Setting, i: int, size: Sizes, domain: Domain, goal: float) -> list[Body]:
    """The ball that says most with eps_k, and the one that says most with its local gradient, where they beat `goal`."""
    observer = size.observer
    if observer.is_constant or domain.whole is None or not _within_reach(setting, i, size, domain.whole, goal):
        return []
    wall = wall_of(setting, i, observer, domain)
    if wall is None:
        return []
    first = with_epsilon(wall, size, goal)
    second = with_pairing(setting, i, wall, size, goal if first is None else first.value)
    return [body for body in (first, second) if body is not None]


def _within_reach(setting: Setting, i: int, size: Sizes, whole: Domain, goal: float) -> bool:
    """Whether r / rho can be below `goal` in the least ball with eps_k, or with a pairing, wherever x is in U ∩ R."""
    sine = float(setting.angles.floats(i)[0][setting.crease(size.observer)])
    apart, longest = _apart(sine), setting.shapes.around(i, whole).diameter
    paired = apart < MOST_APART and 2 * sine / (1 - 2 * apart) * ABOVE < goal
    with_eps = 4 * size.eps / size.level * ABOVE * sine < goal * longest  # rho sine is the height of x, inside the region
    return sine < goal and (paired or with_eps)  # no bound is below the wall's sine


def _apart(sine: float) -> float:
    """|n_i -+ n_k| of two unit normals at this sine."""
    return 2 * math.sin(math.asin(min(sine, 1.0)) / 2)


def with_epsilon(wall: Wall, size: Sizes, goal: float) -> Body | None:
    """The ball that says most with eps_k, if it beats `goal`."""
    least = 4 * size.eps / size.level * ABOVE
    return _best(wall, ((least * step, size, None) for step in STEPS), goal)


def with_pairing(setting: Setting, i: int, wall: Wall, size: Sizes, goal: float) -> Body | None:
    """The ball that says most with its local gradient, if it beats `goal`."""
    apart = _apart(wall.sine)
    if wall.crease not in wall.near.index or not apart < MOST_APART:
        return None
    least = 2 * wall.height / (1 - 2 * apart) * ABOVE  # where H, paired with the wall, would leave X = 1
    pairings = pairings_in(setting, i, size, wall.ball, wall.near, [least * step for step in STEPS], wall.crease)
    return _best(wall, ((p.radius, replace(size, eps=p.value, proved=p.proved), p) for p in pairings), goal)


def _best(wall: Wall, tried: Iterable[tuple[float, Sizes, Pairing | None]], goal: float) -> Body | None:
    """The body of the smallest bound below `goal` among radii that grow, in floats."""
    best = None
    for radius, size, pairing in tried:
        price = radius / wall.rho
        if not price < goal or not radius <= wall.ball.radius:
            break
        body = Body(wall, radius, size, pairing, price)
        value = max(price, _sine_of_others(body)) if size.eps > 0 else math.inf
        if value < goal:
            goal, best = value, replace(body, value=value)
    return best


def _sine_of_others(body: Body) -> float:
    """What Theorem 2' says of the students that oppose, in floats; infinite where nothing."""
    x, near, met = body.size.level * body.radius / (4 * body.size.eps), body.wall.near, body.met
    if not x > 1:
        return math.inf
    left, students = math.sqrt(x * x - 1) - near.cotangent[met & ~near.student].sum(), int((met & near.student).sum())
    return students / math.hypot(left, students) if left > 0 else math.inf


def proved(setting: Setting, i: int, body: Body) -> Bound | None:
    """The bound of a body in ball arithmetic."""
    wall, size, met, r = body.wall, body.size, body.met, exact.ball(body.radius)
    near, cotangents = wall.near, setting.angles.cotangents(i)
    students = int((met & near.student).sum())
    gamma = total(cotangents[j] for j in near.index[met & ~near.student])
    others = bounds.student_sine(bounds.reach(size.kappa, r, size.epsilon), gamma, students)
    if others is None:
        return None
    rho = setting.shapes.distance(wall.crease, wall.ball.centre) / setting.angles.sine(i, wall.crease)
    terms = {
        "kappa": size.kappa,
        "epsilon" if body.pairing is None else "local_epsilon": size.epsilon,
        "radius": body.radius,
        "rho": rho,
        "opposing_students": students,
        "opposing_teachers": int((met & ~near.student).sum()),
        "teachers_cot": gamma,
    }
    return Bound((r / rho).max(others), FORM, terms)
