"""Setting: an instance with its certified gradient and the exact geometry that every statement draws on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from flint import arb, fmpq

from .. import exact
from ..certify.enclosure import Enclosure
from ..certify.radii.many import Radii, inscribed_radii
from ..certify.radii.one import Inscribed, Surroundings, length, square_root
from ..certify.suprema import largest_ends
from ..domains import Domain
from ..instances import Instance
from ..restricted import Node, Restricted

LENGTHS, SLOPES = ("radius", "rho", "t", "q"), ("kappa", "norm")  # terms that are measured in z
FAR_OFF = 1e100  # ratio of two sizes from which on floats need not tell how large it is
SQUARED = 1e-290  # a square of a sine below it has lost digits as a float
UNDERFLOWN = 1e-290  # more than underflow takes from a distance, whose terms are of the size of the region or larger
MEETS = 1e-9  # relative margin within which a crease is counted as meeting a ball: counting too many is safe


@dataclass(frozen=True, eq=False)
class Setting:
    """What a statement may use. All quantities are exact, balls, or proved one-sided floats.

    problem      the instance on U; its teacher may be the second teacher (Theorem 3)
    domains      A_k for every student node, None where empty
    enclosures   eps_k for every student node
    excess       (lower, upper) of e0: sup over U ∩ R of the largest |f*_c - f*'_c|; (0, 0) except in Theorem 3
    deadline     on the clock of time.monotonic; past it, bounds are still proved but chosen among fewer candidates
    end          past it, rows are not judged any more (`unjudged` of verdict)
    """

    instance: Instance
    problem: Restricted
    domains: Sequence[Domain | None]
    enclosures: Sequence[Enclosure]
    excess: tuple[float, float] = (0.0, 0.0)
    deadline: float | None = None
    end: float | None = None
    _cache: dict = field(default_factory=dict)

    @property
    def is_late(self) -> bool:
        """True once the deadline has passed: whoever asks leaves out optional candidates, which `cut_short` then tells."""
        return self._passed(self.deadline)

    @property
    def is_over(self) -> bool:
        """True once the end has passed: whoever asks leaves the whole row unjudged, which `cut_short` then tells."""
        return self._passed(self.end)

    def _passed(self, moment: float | None) -> bool:
        passed = moment is not None and time.monotonic() >= moment
        if passed:
            self._cache["cut short"] = True
        return passed

    def cut_short(self) -> bool:
        """True if time was found to be over since this was asked last."""
        return self._cache.pop("cut short", False)

    def until(self, deadline: float | None, end: float | None) -> Setting:
        """The same setting, with all that it has worked out, for other times."""
        given, known = replace(self, deadline=deadline, end=end), {x.name for x in fields(self)}
        vars(given).update({name: value for name, value in vars(self).items() if name not in known})
        return given

    @cached_property
    def unit(self) -> arb:
        """The length in x that counts as 1 in the coordinates z. Radii, kappa and |p| are in z, but for what is printed."""
        return exact.ball(self.problem.frame.unit)

    def shown(self, terms: dict[str, Any]) -> dict[str, Any]:
        """The terms of a repaired or sharp bound with lengths, and what is divided by them, as they are in x."""
        if self.problem.frame.unit == 1:
            return terms
        powers = {key: 1 for key in LENGTHS} | {key: -1 for key in SLOPES}
        return {key: exact.ball(x) * self.unit ** powers[key] if key in powers else x for key, x in terms.items()}

    # -- the gradient -----------------------------------------------------------------------------------------------

    def epsilon(self, observer: Node) -> tuple[arb, arb]:
        """(lower, upper) of eps_k, plus e0 |v_k|_1 in Theorem 3."""
        dual = arb(sum((abs(x) for x in observer.fan_out), exact.ZERO))
        lower, upper = self.enclosures[observer.index].ends
        low, high = (exact.ball(x) for x in self.excess)
        return exact.ball(lower) + low * dual, exact.ball(upper) + high * dual

    @cached_property
    def printed_epsilon(self) -> tuple[arb, arb]:
        """(lower, upper) of the printed eps: the largest over all students, plus e0 max_j |v_j|_1 in Theorem 3."""
        dual = arb(max(sum((abs(x) for x in node.fan_out), exact.ZERO) for node in self.problem.student))
        lower, upper = largest_ends(self.enclosures)
        return exact.ball(lower) + exact.ball(self.excess[0]) * dual, exact.ball(upper) + exact.ball(self.excess[1]) * dual

    # -- angles -----------------------------------------------------------------------------------------------------

    @cached_property
    def crease_index(self) -> dict[tuple[str, int], int]:
        """Position in problem.creases of every node with p != 0, by (side, index)."""
        return {(node.side, node.index): i for i, crease in enumerate(self.problem.creases) for node, _ in crease.members}

    def crease(self, node: Node) -> int:
        """Position in problem.creases of a node's hyperplane."""
        return self.crease_index[node.side, node.index]

    @cached_property
    def _products(self) -> np.ndarray:
        """Inner products of the normals of all creases in the geometry of U, exact.   (n, n) fmpq"""
        normals = exact.matrix(np.stack([crease.normal for crease in self.problem.creases]))
        return exact.product(normals * exact.matrix(self.problem.frame.metric), normals.transpose())

    def sin_squared(self, i: int) -> np.ndarray:
        """Exact squared sines of the angles between crease i and every crease.   -> (n,) fmpq

        Source: the projected angle of Theorem 2, normalised.
        """
        key = ("sine", i)
        if key not in self._cache:
            products = self._products
            self._cache[key] = 1 - products[i] ** 2 / (products[i, i] * products.diagonal())
        return self._cache[key]

    def sines(self, i: int) -> list[arb]:
        """Sine of the angle between crease i and every crease."""
        key = ("sines", i)
        if key not in self._cache:
            self._cache[key] = [square_root(exact.ball(square)) for square in self.sin_squared(i)]
        return self._cache[key]

    def sine(self, i: int, j: int) -> arb:
        """Sine of the angle between two creases."""
        return self.sines(i)[j]

    def cotangents(self, i: int) -> list[arb]:
        """|cot| of the angle between crease i and every crease; infinite for parallel ones."""
        key = ("cot", i)
        if key not in self._cache:
            squares = self.sin_squared(i)
            self._cache[key] = [arb("inf") if s == 0 else square_root(arb((1 - s) / s)) for s in squares]
        return self._cache[key]

    def best(self, i: int, nodes: Sequence[Node]) -> tuple[arb, Node | None]:
        """(smallest sine between crease i and those of the nodes, its node); (1, None) if none has p != 0."""
        squares = self.sin_squared(i)
        found = [(squares[self.crease(node)], n) for n, node in enumerate(nodes) if not node.is_constant]
        if not found:
            return arb(1), None
        square, n = min(found)
        return square_root(exact.ball(square)), nodes[n]

    # -- fan-outs ---------------------------------------------------------------------------------------------------

    @cached_property
    def widest(self) -> arb:
        """The largest |v|_2 of any node of either network: a bound on a fan-out that is not below it says nothing."""
        return square_root(arb(max((node.fan_out**2).sum() for node in self.problem.nodes)))

    # -- creases seen by an observer --------------------------------------------------------------------------------

    @cached_property
    def unit_lengths(self) -> list[arb]:
        """|normal| of every crease."""
        return [length(self.problem.frame.orthonormal(crease.normal)) for crease in self.problem.creases]

    def mass(self, i: int, observer: Node, side: str | None = None) -> fmpq:
        """kappa of crease i for an observer in units of |normal|, exactly; its sign is the sign of kappa."""
        key = ("mass", i, observer.index, side)
        if key not in self._cache:
            self._cache[key] = self.problem.creases[i].mass(observer.fan_out, side)
        return self._cache[key]

    def kappa(self, i: int, observer: Node, side: str | None = None) -> arb:
        """Kink mass of crease i for an observer; side limits it to the nodes of one network."""
        return exact.ball(self.mass(i, observer, side)) * self.unit_lengths[i]

    def mass_signs(self, observer: Node) -> np.ndarray:
        """Exact signs of all kink masses for an observer.   -> (n,) of -1, 0, 1"""
        key = ("signs", observer.index)
        if key not in self._cache:
            masses = [self.mass(i, observer) for i in range(len(self.problem.creases))]
            self._cache[key] = np.array([(m > 0) - (m < 0) for m in masses], dtype=int)
        return self._cache[key]

    def float_unit(self, observer: Node) -> fmpq:
        """What |kappa| and eps_k are divided by where they are floats (to choose, not to prove): the size of eps_k."""
        key = ("unit", observer.index)
        if key not in self._cache:
            epsilon = exact.middle(self.epsilon(observer)[1])
            masses = (self.mass(i, observer) for i in range(len(self.problem.creases)))
            self._cache[key] = exact.power_of_two([epsilon] if epsilon > 0 else masses)
        return self._cache[key]

    def float_kinks(self, observer: Node) -> np.ndarray:
        """|kappa| of all creases for an observer, in floats and in units of `float_unit` (to choose, not to prove).   -> (n,)

        What is far above or far below eps_k is brought to FAR_OFF of it: then no power or product leaves the range of floats.
        """
        key = ("kinks", observer.index)
        if key not in self._cache:
            unit = exact.ball(self.float_unit(observer))
            kinks = np.array([float((abs(self.kappa(i, observer)) / unit).mid()) for i in range(len(self.problem.creases))])
            self._cache[key] = np.where(self.mass_signs(observer) == 0, 0.0, np.clip(kinks, 1 / FAR_OFF, FAR_OFF))
        return self._cache[key]

    def float_angles(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """(sine, |cot|) of the angles between crease i and all creases, in floats (to choose, not to prove)."""
        key = ("angles", i)
        if key not in self._cache:
            squares = exact.nearest(self.sin_squared(i))
            sines = np.sqrt(squares)
            for j in np.flatnonzero(squares < SQUARED):
                sines[j] = exact.upper_float(self.sine(i, int(j)))
            cotangents = np.array([np.inf if not c.is_finite() else float(c.mid()) for c in self.cotangents(i)])
            self._cache[key] = sines, cotangents
        return self._cache[key]

    @cached_property
    def carries_student(self) -> np.ndarray:
        """True for every crease on which a student node has its kink.   (n,)"""
        return np.array([crease.has("student") for crease in self.problem.creases], dtype=bool)

    @cached_property
    def directions(self) -> np.ndarray:
        """A label for the exact direction of every crease's normal: equal labels mean parallel creases.   (n,)"""
        labels: dict[tuple, int] = {}
        return np.array([labels.setdefault(tuple(crease.normal), len(labels)) for crease in self.problem.creases], dtype=int)

    def surroundings(self, i: int, domain: Domain) -> Surroundings:
        """Crease i inside a domain, for inscribed shapes."""
        key = ("around", i, id(domain))
        if key not in self._cache:
            self._cache[key] = Surroundings(self.problem.frame, self.problem.creases[i], domain)
        return self._cache[key]

    def ball(self, i: int, domain: Domain) -> Inscribed | None:
        """The largest certified ball centred on crease i inside a domain."""
        key = ("ball", i, id(domain))
        if key not in self._cache:
            places, radii = self._balls
            place = places.get(id(domain))
            # alone: the region itself, unless it is the domain of some student
            self._cache[key] = self.surroundings(i, domain).ball() if place is None else radii.inscribed(i, place)
        return self._cache[key]

    @cached_property
    def _balls(self) -> tuple[dict[int, int], Radii]:
        """Balls around all creases inside all A_k, found together, and the position of every A_k among them."""
        domains = list({id(domain): domain for domain in self.domains if domain is not None}.values())
        places = {id(domain): place for place, domain in enumerate(domains)}
        return places, inscribed_radii(self.problem.frame, self.problem.creases, domains, self.deadline)

    def disc(self, i: int) -> tuple[arb, arb]:
        """The printed radius of crease i from both sides: of the largest (d'-1)-ball in U ∩ R ∩ crease; 0 below if none."""
        key = ("disc", i)
        if key not in self._cache:
            shapes = self.surroundings(i, self.problem.region)
            found = shapes.disc()
            ends = 0.0 if found is None else found.radius, shapes.disc_radius_above()
            self._cache[key] = tuple(exact.ball(end) * self.unit for end in ends)
        return self._cache[key]

    def room(self, i: int, observer: Node, q: arb, added: frozenset[str]) -> arb | None:
        """What a printed bound has for its radius r' once hypotheses are added; None or not positive: it does not apply.

        Both q and what is returned are lengths in x, like all that is printed; shapes are in z.

        region      the disc lies in the observer's A_k instead of U ∩ R
        thickness   the q-ball around each of its points does too, instead of shrinking the radius by q; even with q = 0
                    the crease has to enter the region
        """
        domain = self.domains[observer.index] if "region" in added else self.problem.region
        if domain is None:
            return None
        if "thickness" in added:
            found = self.surroundings(i, domain).guarded_disc(exact.upper_float(q / self.unit))
            if found is None or self.ball(i, domain) is None:
                return None
            return exact.ball(found.radius) * self.unit
        if "region" in added:
            found = self.surroundings(i, domain).disc()
            return None if found is None else exact.ball(found.radius) * self.unit - q
        return self.disc(i)[0] - q

    @cached_property
    def _float_creases(self) -> tuple[np.ndarray, np.ndarray]:
        normals = np.stack([exact.nearest(crease.normal) for crease in self.problem.creases])
        offsets = np.array([exact.nearest_float(crease.offset) for crease in self.problem.creases])
        lengths = np.array([float(x.mid()) for x in self.unit_lengths])
        return normals / lengths[:, None], offsets / lengths

    def distances(self, centre: np.ndarray) -> np.ndarray:
        """Lower bounds on the distances of all creases from an exact centre.   (d',) -> (n,) floats

        Floats with a margin of 1e-9 of the size of the terms, far above their rounding.
        """
        normals, offsets = self._float_creases
        point = exact.nearest(centre)
        if not np.isfinite(point).all():
            return np.full(len(offsets), -np.inf)
        terms = np.abs(normals) @ np.abs(point) + np.abs(offsets)
        with np.errstate(invalid="ignore"):  # an offset beyond floats is infinitely far from a point that is not
            return np.where(np.isfinite(offsets), np.abs(normals @ point + offsets) - MEETS * terms, np.inf) - UNDERFLOWN


def observed_anywhere(w: np.ndarray, b, observer_w: np.ndarray, observer_b) -> bool:
    """Exactly: the boundary {w . x + b = 0} meets the closed half-space {w_k . x + b_k >= 0}, anywhere in space.

    A boundary of a node with w = 0 is empty unless b = 0 (then it is all of space).   Source: footnote 1.
    """
    w, observer_w = exact.rationals(w), exact.rationals(observer_w)
    b, observer_b = exact.rational(b), exact.rational(observer_b)
    if exact.is_zero(w):
        return b == 0 and (not exact.is_zero(observer_w) or observer_b >= 0)
    pivot = max(range(len(w)), key=lambda j: abs(w[j]))
    ratio = observer_w[pivot] / w[pivot]
    if not exact.is_zero(observer_w - ratio * w):
        return True
    return bool(observer_b - ratio * b >= 0)
