"""The exact geometry that statements draw on: angles between creases, kink masses, and shapes inscribed around creases."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
from flint import arb, fmpq

from .. import exact
from ..certify.radii.many import Radii, inscribed_radii
from ..certify.radii.one import Inscribed, Surroundings, length, square_root
from ..restriction.domains import Domain
from ..restriction.restricted import Node, Restricted

SQUARED = 1e-290  # a square of a sine below it has lost digits as a float
UNDERFLOWN = 1e-290  # more than underflow takes from a distance, whose terms are of the size of the region or larger
LOOSE = 1.01  # more than a certified radius falls short of the largest: a disc is "none" beyond it, which is safe to say
MEETS = 1e-9  # relative margin within which a crease is counted as meeting a ball: counting too many is safe

Owner = TypeVar("Owner")
Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")


def cached_by(function: Callable[Concatenate[Owner, Arguments], Value]) -> Callable[Concatenate[Owner, Arguments], Value]:
    """A method, or a function of an object, that computes its value once for the same arguments.

    The values live and die with the object, as those of cached_property do. Arguments without an equality of their own
    (nodes, domains) are the same if they are one object.
    """
    name = f"values of {function.__module__}.{function.__qualname__}"

    @wraps(function)
    def cached(owner: Owner, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Value:
        values: dict[Any, Value] = owner.__dict__.setdefault(name, {})
        key = (args, *kwargs.items())
        if key not in values:
            values[key] = function(owner, *args, **kwargs)
        return values[key]

    return cached


def latest_by(function: Callable[Concatenate[Owner, Arguments], Value]) -> Callable[Concatenate[Owner, Arguments], Value]:
    """`cached_by` for the arguments asked for last only: what is asked for several times in a row, and is large."""
    name = f"latest of {function.__module__}.{function.__qualname__}"

    @wraps(function)
    def latest(owner: Owner, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Value:
        key = (args, *kwargs.items())
        kept: tuple[Any, Value] | None = owner.__dict__.get(name)
        if kept is None or kept[0] != key:
            owner.__dict__[name] = kept = key, function(owner, *args, **kwargs)
        return kept[1]

    return latest


@dataclass
class Times:
    """Moments of time.monotonic until which a statement's rows are worked on; None: no limit.

    deadline   past it, bounds are still proved but chosen among fewer candidates
    end        past it, rows are not judged any more (`unjudged` of verdict)
    struck     whether anyone was told that a moment had passed, since `cut_short` was asked last
    """

    deadline: float | None = None
    end: float | None = None
    struck: bool = False

    def is_past(self, moment: float | None) -> bool:
        """True once that moment has passed; whoever asks leaves something out then."""
        passed = moment is not None and time.monotonic() >= moment
        self.struck |= passed
        return passed

    def cut_short(self) -> bool:
        """True if time was found to be over since this was asked last."""
        struck, self.struck = self.struck, False
        return struck


@dataclass(frozen=True, eq=False)
class Angles:
    """Angles between the creases of a problem, by their positions in problem.creases."""

    problem: Restricted

    @cached_property
    def _products(self) -> np.ndarray:
        """Inner products of the normals of all creases in the geometry of U, exact.   (n, n) fmpq"""
        normals = exact.matrix(np.stack([crease.normal for crease in self.problem.creases]))
        return exact.product(normals * exact.matrix(self.problem.frame.metric), normals.transpose())

    def product(self, i: int, j: int) -> fmpq:
        """Inner product of two creases' normals in the geometry of U."""
        return self._products[i, j]

    @cached_by
    def sin_squared(self, i: int) -> np.ndarray:
        """Exact squared sines of the angles between crease i and every crease.   -> (n,) fmpq

        Source: the projected angle of Theorem 2, normalised.
        """
        products = self._products
        return 1 - products[i] ** 2 / (products[i, i] * products.diagonal())

    @cached_by
    def sines(self, i: int) -> list[arb]:
        """Sine of the angle between crease i and every crease."""
        return [square_root(exact.ball(square)) for square in self.sin_squared(i)]

    def sine(self, i: int, j: int) -> arb:
        """Sine of the angle between two creases."""
        return self.sines(i)[j]

    @cached_by
    def cotangents(self, i: int) -> list[arb]:
        """|cot| of the angle between crease i and every crease; infinite for parallel ones."""
        return [arb("inf") if s == 0 else square_root(arb((1 - s) / s)) for s in self.sin_squared(i)]

    @cached_by
    def floats(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """(sine, |cot|) of the angles between crease i and all creases, in floats (to choose, not to prove)."""
        squares = exact.nearest(self.sin_squared(i))
        sines = np.sqrt(squares)
        for j in np.flatnonzero(squares < SQUARED):
            sines[j] = exact.upper_float(self.sine(i, int(j)))
        return sines, np.array([np.inf if not c.is_finite() else float(c.mid()) for c in self.cotangents(i)])

    @cached_by
    def best_student(self, i: int) -> tuple[arb, Node | None]:
        """`best` of all students."""
        return self.best(i, self.problem.student)

    @cached_by
    def best_other(self, i: int) -> tuple[arb, Node | None]:
        """`best` of the nodes of either network that are not on crease i itself."""
        place = self.problem.crease_index
        return self.best(i, [x for x in self.problem.nodes if x.is_constant or place[x.side, x.index] != i])

    def best(self, i: int, nodes: Sequence[Node]) -> tuple[arb, Node | None]:
        """(smallest sine between crease i and those of the nodes, its node); (1, None) if none has p != 0."""
        squares = self.sin_squared(i)
        place = self.problem.crease_index
        candidates = [(squares[place[x.side, x.index]], n) for n, x in enumerate(nodes) if not x.is_constant]
        if not candidates:
            return arb(1), None
        square, n = min(candidates)
        return square_root(exact.ball(square)), nodes[n]

    @cached_property
    def directions(self) -> np.ndarray:
        """A label for the exact direction of every crease's normal: equal labels mean parallel creases.   (n,)"""
        labels: dict[tuple, int] = {}
        return np.array([labels.setdefault(tuple(crease.normal), len(labels)) for crease in self.problem.creases], dtype=int)


@dataclass(frozen=True, eq=False)
class Masses:
    """Kink masses of the creases of a problem, as observers see them."""

    problem: Restricted

    @cached_property
    def unit_lengths(self) -> list[arb]:
        """|normal| of every crease."""
        return [length(self.problem.frame.orthonormal(crease.normal)) for crease in self.problem.creases]

    @cached_property
    def float_lengths(self) -> np.ndarray:
        """The same in floats."""
        return np.array([float(x.mid()) for x in self.unit_lengths])

    @cached_by
    def _all(self, side: str | None) -> np.ndarray:
        """`mass` of all creases for all observers.   (K_student, n) fmpq"""
        problem = self.problem
        scales = exact.zeros(len(problem.nodes), len(problem.creases))
        for i, crease in enumerate(problem.creases):
            for node, scale in crease.members:
                if side in (None, node.side):
                    scales[node.index + (len(problem.teacher) if node.side == "student" else 0), i] = abs(scale)
        return exact.product(exact.matrix(problem.couplings), exact.matrix(scales))

    def mass(self, i: int, observer: Node, side: str | None = None) -> fmpq:
        """kappa of crease i for an observer in units of |normal|, exactly; its sign is the sign of kappa."""
        return self._all(side)[observer.index, i]

    @cached_by
    def kappa(self, i: int, observer: Node, side: str | None = None) -> arb:
        """Kink mass of crease i for an observer; side limits it to the nodes of one network."""
        return exact.ball(self.mass(i, observer, side)) * self.unit_lengths[i]

    @cached_by
    def signs(self, observer: Node) -> np.ndarray:
        """Exact signs of all kink masses for an observer.   -> (n,) of -1, 0, 1"""
        return np.array([(m > 0) - (m < 0) for m in self._all(None)[observer.index]], dtype=int)

    @cached_property
    def carries_student(self) -> np.ndarray:
        """True for every crease on which a student node has its kink.   (n,)"""
        return np.array([crease.has("student") for crease in self.problem.creases], dtype=bool)


@dataclass(frozen=True, eq=False)
class Shapes:
    """What fits around the creases of a problem inside its region and inside every A_k, and how far creases are away.

    domains      A_k for every student node, None where empty
    times        past its deadline, radii are settled only where they are asked for
    """

    problem: Restricted
    domains: Sequence[Domain | None]
    masses: Masses
    times: Times

    @cached_by
    def around(self, i: int, domain: Domain) -> Surroundings:
        """Crease i inside a domain, for inscribed shapes."""
        return Surroundings(self.problem.frame, self.problem.creases[i], domain)

    @cached_by
    def ball(self, i: int, domain: Domain) -> Inscribed | None:
        """The largest certified ball centred on crease i inside a domain."""
        places, radii = self._balls
        place = places.get(domain)
        # alone: the region itself, unless it is the domain of some student
        return self.around(i, domain).ball() if place is None else radii.inscribed(i, place)

    def guarded_disc(self, i: int, domain: Domain, q: float) -> Inscribed | None:
        """The largest certified disc in crease i whose q-neighbourhood lies in a domain; None if there is none.

        Where no ball of radius q fits, none is searched for: radii fall short of the largest by less than LOOSE.
        """
        inscribed = self.ball(i, domain)
        if inscribed is None or not q <= LOOSE * inscribed.radius:
            return None
        return self.around(i, domain).guarded_disc(q)

    @cached_property
    def _balls(self) -> tuple[dict[Domain, int], Radii]:
        """Balls around all creases inside all A_k, found together, and the position of every A_k among them."""
        domains = list(dict.fromkeys(domain for domain in self.domains if domain is not None))
        places = {domain: place for place, domain in enumerate(domains)}
        return places, inscribed_radii(self.problem.frame, self.problem.creases, domains, self.times.deadline)

    @cached_by
    def disc(self, i: int) -> tuple[arb, arb]:
        """The printed radius of crease i from both sides: of the largest (d'-1)-ball in U ∩ R ∩ crease; 0 below if none."""
        shapes, unit = self.around(i, self.problem.region), exact.ball(self.problem.frame.unit)
        disc = shapes.disc()
        below = 0.0 if disc is None else disc.radius
        return exact.ball(below) * unit, exact.ball(shapes.disc_radius_above()) * unit

    def room(self, i: int, observer: Node, q: arb, added: frozenset[str]) -> arb | None:
        """What a printed bound has for its radius r' once hypotheses are added; None or not positive: it does not apply.

        Both q and what is returned are lengths in x, like all that is printed; shapes are in z.

        region      the disc lies in the observer's A_k instead of U ∩ R
        thickness   the q-ball around each of its points does too, instead of shrinking the radius by q; even with q = 0
                    the crease has to enter the region
        """
        unit = exact.ball(self.problem.frame.unit)
        domain = self.domains[observer.index] if "region" in added else self.problem.region
        if domain is None:
            return None
        if "thickness" in added:
            disc = self.guarded_disc(i, domain, exact.upper_float(q / unit))
            return None if disc is None else exact.ball(disc.radius) * unit
        if "region" in added:
            disc = self.around(i, domain).disc()
            return None if disc is None else exact.ball(disc.radius) * unit - q
        return self.disc(i)[0] - q

    @cached_property
    def _float_creases(self) -> tuple[np.ndarray, ...]:
        """Unit normals and offsets of all creases in floats, the sizes of both, and whether each offset is finite."""
        normals = np.stack([exact.nearest(crease.normal) for crease in self.problem.creases])
        offsets = np.array([exact.nearest_float(crease.offset) for crease in self.problem.creases])
        lengths = self.masses.float_lengths
        normals, offsets = normals / lengths[:, None], offsets / lengths
        return normals, offsets, np.abs(normals), np.abs(offsets), np.isfinite(offsets)

    def distance(self, i: int, centre: np.ndarray) -> arb:
        """Distance of crease i from an exact point.   (d',)"""
        crease = self.problem.creases[i]
        return exact.ball(abs((crease.normal * centre).sum() + crease.offset)) / self.masses.unit_lengths[i]

    def distances(self, centre: np.ndarray) -> np.ndarray:
        """Lower bounds on the distances of all creases from an exact centre.   (d',) -> (n,) floats

        Floats with a margin of 1e-9 of the size of the terms, far above their rounding.
        """
        normals, offsets, widths, sizes, finite = self._float_creases
        point = exact.nearest(centre)
        if not np.isfinite(point).all():
            return np.full(len(offsets), -np.inf)
        terms = widths @ np.abs(point) + sizes
        with np.errstate(invalid="ignore"):  # an offset beyond floats is infinitely far from a point that is not
            return np.where(finite, np.abs(normals @ point + offsets) - MEETS * terms, np.inf) - UNDERFLOWN
