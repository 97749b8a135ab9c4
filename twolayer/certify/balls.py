"""Inscribed balls and cylinders around a crease H, certified from below; the printed radius also from above.

Every shape here is one linear program: the largest rho such that, for a centre y on H,
    a_m . y + rho alpha_m + beta_m <= c_m        for every facet m of the domain,
with alpha_m the length in which facet m feels the radius and beta_m a fixed allowance:
    ball             alpha = |a|      beta = 0            d'-ball of radius rho
    cylinder         alpha = |a_H|    beta = t |a . n|    {y + tau n : (d'-1)-ball of radius rho in H, |tau| <= t}
    guarded disc     alpha = |a_H|    beta = q |a|        (d'-1)-ball in {y in H : the q-ball around y is inside}
    disc             alpha = |a_H|    beta = 0            (d'-1)-ball in H inside the domain (the printed radius)
HiGHS proposes the centre; it is moved exactly onto H, and rho is the smallest quotient of exact slack by proved length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from flint import arb, fmpq

from .. import exact
from ..programs import FloatOptimum, Solver
from ..regions import Frame
from ..ridges import Crease, Domain


@dataclass(frozen=True, eq=False)
class Inscribed:
    """A certified shape around a crease: centre on H (exact), and radius rho > 0 (a proved lower bound).

    allowance is t for a cylinder, q for a guarded disc, 0 otherwise.
    """

    centre: np.ndarray
    radius: float
    allowance: float


def square_root(x: arb) -> arb:
    """sqrt of a ball of a nonnegative number: its negative part, an artefact of rounding, is cut off."""
    top = x.upper()
    if not top > 0:
        return arb(0)
    bottom = x.lower()
    return (bottom.sqrt() if bottom > 0 else arb(0)).union(top.sqrt())


def length(v: np.ndarray) -> arb:
    """Euclidean length of a vector of balls."""
    return square_root(sum((x * x for x in v), arb(0)))


@dataclass(frozen=True, eq=False)
class Surroundings:
    """A crease inside a domain: the lengths that every inscribed shape needs, computed once.

    Public results are `ball`, `cylinder`, `guarded_disc`, `disc` and `disc_radius_above`.
    """

    frame: Frame
    crease: Crease
    domain: Domain

    @cached_property
    def _unit(self) -> np.ndarray:
        n = self.frame.orthonormal(self.crease.normal)
        return n / length(n)

    @cached_property
    def _lengths(self) -> tuple[list[arb], list[arb], list[arb]]:
        """(|a|, |a . n|, |a_H|) of every facet; the last is exactly 0 for a facet parallel to H."""
        whole, along, within = [], [], []
        for row, a in zip(self.domain.A, self.frame.orthonormal(self.domain.A), strict=True):
            component = sum(a * self._unit, arb(0))
            whole.append(length(a))
            along.append(abs(component))
            within.append(arb(0) if _parallel(row, self.crease.normal) else length(a - component * self._unit))
        return whole, along, within

    @property
    def _none(self) -> list[arb]:
        """No allowance for any facet."""
        return [arb(0)] * len(self.domain.A)

    @cached_property
    def _floats(self):
        return tuple(np.array([float(x.mid()) for x in lengths]) for lengths in self._lengths)

    @cached_property
    def _ball_program(self) -> tuple[Solver, np.ndarray]:
        return self._program(self._floats[0])

    @cached_property
    def _disc_program(self) -> tuple[Solver, np.ndarray]:
        return self._program(self._floats[2])

    def _program(self, alpha: np.ndarray) -> tuple[Solver, np.ndarray]:
        """The float program with the crease as first row and a cap on rho as last one."""
        f = self.domain.floats
        normal = exact.nearest(self.crease.normal)
        size = np.linalg.norm(normal)
        d = len(normal)
        cap = 2 * float(np.linalg.norm(f.upper - f.lower))
        rows = np.zeros((len(f.A) + 2, d + 1))
        rows[0, :d] = normal / size
        rows[1:-1, :d], rows[1:-1, d] = f.A, alpha
        rows[-1, d] = 1
        upper = np.concatenate([[-exact.nearest_float(self.crease.offset) / size], f.c, [cap]])
        return Solver(rows, upper, equalities=1), upper

    def _proposed(self, program: tuple[Solver, np.ndarray], allowances: list[arb]) -> FloatOptimum | str:
        """The largest rho and its centre as HiGHS proposes them."""
        solver, upper = program
        for row, allowance in enumerate(allowances, 1):
            solver.limit(row, float(upper[row]) - float(allowance.mid()))
        objective = np.zeros(len(self.crease.normal) + 1)
        objective[-1] = 1
        return solver.maximise(objective)

    def _largest(self, program, alpha: list[arb], allowances: list[arb], allowance: float) -> Inscribed | None:
        proposal = self._proposed(program, allowances)
        if isinstance(proposal, str) or proposal.point[-1] <= 0:
            return None
        centre = self.onto(exact.rationals(proposal.point[:-1]))
        radius = self._radius_at(centre, alpha, allowances)
        return Inscribed(centre, radius, allowance) if radius > 0 else None

    def onto(self, z: np.ndarray) -> np.ndarray:
        """The exact point of H next to z (moved along the normal's coordinates)."""
        normal = self.crease.normal
        return z - ((normal * z).sum() + self.crease.offset) / (normal * normal).sum() * normal

    def _radius_at(self, centre: np.ndarray, alpha: list[arb], allowances: list[arb]) -> float:
        """Proved radius of the shape around an exact centre; 0 if not even a point fits."""
        slacks = self.domain.c - self.domain.A @ centre
        radius = math.inf
        for slack, a, allowance in zip(slacks, alpha, allowances, strict=True):
            rest = arb(slack) - allowance
            if not rest >= 0:
                return 0.0
            if a.is_zero():
                continue
            radius = min(radius, exact.lower_float(rest / a))
        return max(radius, 0.0) if math.isfinite(radius) else 0.0

    def ball(self) -> Inscribed | None:
        """The largest d'-ball centred on H inside the domain; None if H does not enter the interior."""
        return self._largest(self._ball_program, self._lengths[0], self._none, 0.0)

    def cylinder(self, t: float) -> Inscribed | None:
        """The widest cylinder of half-height t around H inside the domain."""
        allowances = [exact.ball(t) * x for x in self._lengths[1]]
        return self._largest(self._disc_program, self._lengths[2], allowances, t)

    def guarded_disc(self, q: float) -> Inscribed | None:
        """The largest (d'-1)-ball in {y in H : the q-ball around y lies inside the domain}."""
        allowances = [exact.ball(q) * x for x in self._lengths[0]]
        return self._largest(self._disc_program, self._lengths[2], allowances, q)

    def disc(self) -> Inscribed | None:
        """The largest (d'-1)-ball in H inside the domain."""
        return self._largest(self._disc_program, self._lengths[2], self._none, 0.0)

    def disc_radius_above(self) -> float:
        """Upper bound on the radius of any (d'-1)-ball in H inside the domain, by weak duality; 0 if there is none.

        Where the program gave no multipliers it is the diameter of the domain's box.

        For multipliers y >= 0 of the facets and mu of H: every feasible (z, rho) has
        rho (y . |a_H|) <= y . c + mu o + (mu n - A^T y) . z, the last term bounded over the domain's box.
        """
        dual = self.disc_dual()
        if dual is None:
            return self._diameter() if self.meets() else 0.0
        return max(min(exact.upper_float(dual[2]), self._diameter()), 0.0)

    def disc_dual(self) -> tuple[list[fmpq], fmpq, arb] | None:
        """(y, mu, the bound that they prove) for `disc_radius_above`; None where the program gave no multipliers."""
        proposal = self._proposed(self._disc_program, self._none)
        if isinstance(proposal, str):
            return None
        multipliers = [exact.rational(max(abs(y), 0.0)) for y in proposal.duals[1:-1]]
        size = float(np.linalg.norm(exact.nearest(self.crease.normal)))
        best, chosen = arb("inf"), exact.ZERO
        weight = sum((arb(y) * a for y, a in zip(multipliers, self._lengths[2], strict=True)), arb(0))
        for sign in (1, -1):  # HiGHS's sign convention for equality duals is not relied upon
            mu = exact.rational(sign * proposal.duals[0] / size)
            rest = mu * self.crease.normal - sum(
                (y * a for y, a in zip(multipliers, self.domain.A, strict=True)), exact.zeros(len(self.crease.normal))
            )
            total = mu * self.crease.offset + sum(
                (y * c for y, c in zip(multipliers, self.domain.c, strict=True)), fmpq(0)
            )
            for r, low, high in zip(rest, self.domain.lower, self.domain.upper, strict=True):
                total += max(r * low, r * high)
            if weight > 0:
                quotient = arb(total) / weight
                if not best.is_finite() or quotient < best:
                    best, chosen = quotient, mu
        return multipliers, chosen, best

    def _diameter(self) -> float:
        """Upper bound on the diameter of the domain: the sides of its box, each as long as its row of the frame."""
        sides = self.domain.upper - self.domain.lower
        lengths = [square_root(arb((row * row).sum())) for row in self.frame.rows]
        return exact.upper_float(sum((arb(side) * x for side, x in zip(sides, lengths, strict=True)), arb(0)))

    def meets(self) -> bool:
        """True unless H surely misses the closed domain (floats decide only what bounds a printed radius by 0)."""
        normal = exact.nearest(self.crease.normal)
        f = self.domain.floats
        solver = Solver(f.A, f.c + 1e-9 * (1 + np.abs(f.c)))
        offset = exact.nearest_float(self.crease.offset)
        high, low = solver.maximise(normal), solver.maximise(-normal)
        if isinstance(high, str) or isinstance(low, str):
            return True
        slack = 1e-9 * (1 + abs(offset))
        return high.value + offset >= -slack and -low.value + offset <= slack


def _parallel(a: np.ndarray, b: np.ndarray) -> bool:
    """Exactly: a is a multiple of b != 0."""
    pivot = max(range(len(b)), key=lambda j: abs(b[j]))
    ratio = a[pivot] / b[pivot]
    return exact.is_zero(a - ratio * b)
