"""Inscribed balls and cylinders around a crease H, certified from below; the printed radius also from above.

Every shape here is one linear program: the largest rho such that, for a centre y on H,
    a_m . y + rho alpha_m + beta_m <= c_m        for every facet m of the domain,
with alpha_m the length in which facet m feels the radius and beta_m a fixed allowance:
    ball             alpha = |a|      beta = 0            d'-ball of radius rho
    cylinder         alpha = |a_H|    beta = t |a . n|    {y + tau n : (d'-1)-ball of radius rho in H, |tau| <= t}
    guarded disc     alpha = |a_H|    beta = q |a|        (d'-1)-ball in {y in H : the q-ball around y is inside}
    disc             alpha = |a_H|    beta = 0            (d'-1)-ball in H inside the domain (the printed radius)
A closed form (boxes, and boxes with one row more) or HiGHS proposes the centre; it is moved exactly onto H, and rho is
the smallest quotient of slack by proved length. Slacks and lengths are floats with error bounds (`facets`,
`proof`) wherever these cost less than PRECISE of the radius, and exact rationals or balls where not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from flint import arb, fmpq

from ... import exact
from ...linear.highs import FloatOptimum, Solver
from ...linear.programs import interior_point, range_over_box
from ...regions import Frame
from ...restriction.domains import Domain
from ...restriction.restricted import Crease
from . import box, proof
from .facets import ROUNDED, Facets, Line
from .lengths import Lengths, length, square_root
from .proof import PRECISE

__all__ = ["Inscribed", "Surroundings", "length", "square_root"]


@dataclass(frozen=True, eq=False)
class Inscribed:
    """A certified shape around a crease: centre on H (exact), and radius rho > 0 (a proved lower bound).

    allowance is t for a cylinder, q for a guarded disc, 0 otherwise.
    """

    centre: np.ndarray
    radius: float
    allowance: float


@dataclass(frozen=True, eq=False)
class Surroundings:
    """A crease inside a domain: the lengths that every inscribed shape needs, each list computed when first asked for.

    Public results are `ball`, `radius_around`, `cylinder`, `guarded_disc`, `disc`, `disc_radius_above` and `diameter`;
    `radii.inscribed_radii` finds the balls of many pairs at once.
    """

    frame: Frame
    crease: Crease
    domain: Domain

    @property
    def _domain(self) -> Domain:
        """The domain with rows of size 1; the given one may be written in any units."""
        return self.domain.in_row_units[0]

    @cached_property
    def _misses(self) -> bool:
        """Exactly: H has no point in the domain's box. However far away it is, floats are not asked."""
        low, high = range_over_box(self.crease.normal, self._domain.lower, self._domain.upper)
        return bool(low + self.crease.offset > 0 or high + self.crease.offset < 0)

    @cached_property
    def _lengths(self) -> Lengths:
        return Lengths(self.frame, self.crease, self._domain)

    @property
    def _facets(self) -> Facets:
        return self._lengths.facets

    @property
    def _line(self) -> Line:
        return self._lengths.line

    # -- centres ----------------------------------------------------------------------------------------------------

    @cached_property
    def _ball_program(self) -> tuple[Solver, np.ndarray, np.ndarray]:
        return self._program(self._lengths.whole)

    @cached_property
    def _disc_program(self) -> tuple[Solver, np.ndarray, np.ndarray]:
        return self._program(self._lengths.within)

    def _program(self, alpha: np.ndarray) -> tuple[Solver, np.ndarray, np.ndarray]:
        """The float program, its rows and their limits; the crease is the first row and a cap on rho the last one."""
        f = self._domain.floats
        normal = exact.nearest(self.crease.normal)
        size = np.linalg.norm(normal)
        d = len(normal)
        cap = 2 * float(np.linalg.norm(f.upper - f.lower))
        rows = np.zeros((len(f.A) + 2, d + 1))
        rows[0, :d] = normal / size
        rows[1:-1, :d], rows[1:-1, d] = f.A, alpha
        rows[-1, d] = 1
        upper = np.concatenate([[-exact.nearest_float(self.crease.offset) / size], f.c, [cap]])
        return Solver(rows, upper, equalities=1), rows, upper

    def _proposed(self, program: tuple[Solver, np.ndarray, np.ndarray], allowances: np.ndarray) -> FloatOptimum | str:
        """The largest rho and its centre: the corner that HiGHS names, solved again, as its tolerance may cost a tenth of a
        radius of 1e-8."""
        solver, rows, upper = program
        limits = upper - np.concatenate([[0.0], allowances, [0.0]])
        for row in range(1, len(limits) - 1):
            solver.limit(row, float(limits[row]))
        objective = np.zeros(rows.shape[1])
        objective[-1] = 1
        optimum = solver.maximise(objective)
        if isinstance(optimum, str) or len(optimum.active) != rows.shape[1]:
            return optimum
        try:
            corner = np.linalg.solve(rows[optimum.active], limits[optimum.active])
        except np.linalg.LinAlgError:
            return optimum
        return replace(optimum, point=corner) if np.isfinite(corner).all() else optimum

    def _boxed(self, alpha: np.ndarray, allowances: np.ndarray) -> box.Proposal | None:
        """The largest shape in a box, or a box with one row more, in closed form; None for other domains."""
        f, n = self._facets, self._line
        if not self._lengths.is_safe or f.lower is None or f.upper is None or len(f.across) > 1:
            return None
        axis, unit = f.axes
        felt, spared = np.zeros(len(n.normal)), np.zeros(len(n.normal))
        felt[axis], spared[axis] = alpha[f.single] / unit, allowances[f.single] / unit
        mid, half = (f.lower + f.upper) / 2, (f.upper - f.lower) / 2 - spared
        given = n.normal[None], np.array([n.offset]), mid[None], half[None], felt[None]
        if len(f.across) == 0:
            return box.in_box(*given)
        m = f.across
        return box.in_cut_box(*given, f.A[m], f.c[m] - allowances[m], alpha[m])

    def _largest(self, kind: str, allowances: np.ndarray, allowance: float) -> tuple[Inscribed | None, bool]:
        """(the largest shape found, whether it is proved that H misses the domain)."""
        if self._misses:
            return None, True
        if not np.isfinite(allowances).all():
            return None, False
        alpha = self._lengths.whole if kind == "ball" else self._lengths.within
        boxed = self._boxed(alpha, allowances)
        if boxed is not None:
            point, radius = boxed.centre[0], float(boxed.radius[0])
            if not radius > 0:
                return None, kind == "ball" and self._misses_box(boxed.mu)
        else:
            proposal = self._proposed(self._ball_program if kind == "ball" else self._disc_program, allowances)
            if isinstance(proposal, str):
                return None, False
            point, radius = proposal.point[:-1], float(proposal.point[-1])
            if not radius > 0:
                return None, kind == "ball" and self._misses_rows(proposal)
        return self._shape_at(point, alpha, allowances, allowance), False

    def _misses_box(self, mu: np.ndarray) -> bool:
        f, n = self._facets, self._line
        normal, offset, m = n.normal[None], np.array([n.offset]), f.across
        if proof.misses_box(normal, offset, f.lower, f.upper)[0]:
            return True
        return len(m) == 1 and bool(proof.misses_cut_box(normal, offset, f.lower, f.upper, f.A[m], f.c[m], mu)[0])

    def _misses_rows(self, proposal: FloatOptimum) -> bool:
        if not self._lengths.is_safe:
            return False
        lower, upper = self._domain.floats.lower, self._domain.floats.upper
        y = np.abs(proposal.duals[None, 1:-1])
        return bool(proof.misses_rows(self._line, self._facets, y, lower, upper)[0])

    # -- radii ------------------------------------------------------------------------------------------------------

    def onto(self, z: np.ndarray) -> np.ndarray:
        """The exact point of H next to z: the coordinate in which H is steepest is moved."""
        return proof.on_crease(self.crease, self._line.pivot, z)

    def _shape_at(self, z: np.ndarray, alpha: np.ndarray, allowances: np.ndarray, allowance: float) -> Inscribed | None:
        """The shape around the exact point next to float z; None if not even a point fits, or nothing limits it."""
        if not np.isfinite(z).all():
            return None
        centre = self.onto(exact.rationals(z))
        below = np.full(len(alpha), -math.inf)
        above = np.full(len(alpha), math.inf)
        if self._lengths.is_safe:
            f, n = self._facets, self._line
            move = proof.drift(n.normal[None], n.offset, np.array([n.pivot]), z[None])
            slacks = proof.row_slacks(f.A, f.c, f.terms, move, f.A[:, n.pivot], z[None])
            below, above = (x[0] for x in proof.quotients(slacks, alpha, allowances))
        least, most = float(below.min()), float(above.min())
        if not (least > 0 and least >= (1 - PRECISE) * most):
            for m in np.flatnonzero(~(below >= most)).tolist():
                below[m] = self._quotient(m, centre, alpha[m], allowances[m])
            least = float(below.min())
        return Inscribed(centre, least, allowance) if least > 0 and math.isfinite(least) else None

    def _quotient(self, m: int, centre: np.ndarray, alpha: float, allowance: float) -> float:
        """Slack less allowance over length of one facet at an exact centre, rounded down; -inf if there is no room."""
        if not math.isfinite(alpha) or not math.isfinite(allowance):
            return -math.inf
        rest = self._domain.c[m] - (self._domain.A[m] * centre).sum() - exact.rational(allowance)
        if rest < 0:
            return -math.inf
        return math.inf if alpha == 0 else exact.round_down(rest / exact.rational(alpha))

    def _radius_at(self, centre: np.ndarray, alpha: np.ndarray, allowances: np.ndarray) -> float:
        """Proved radius of the shape around an exact centre, from exact slacks; 0 if not even a point fits."""
        radius = min(self._quotient(m, centre, alpha[m], allowances[m]) for m in range(len(alpha)))
        return max(radius, 0.0) if math.isfinite(radius) else 0.0

    @property
    def _none(self) -> np.ndarray:
        """No allowance for any facet."""
        return np.zeros(len(self._domain.A))

    def ball(self) -> Inscribed | None:
        """The largest d'-ball centred on H inside the domain; None if H does not enter the interior.

        Where floats prove neither a radius nor that H misses the domain, rationals decide whether H enters.
        """
        shape, missed = self._largest("ball", self._none, 0.0)
        if shape is not None or missed or self._grazes():
            return shape
        try:
            inside = interior_point(self._domain.A, self._domain.c, self.crease.normal, self.crease.offset)[0]
        except ArithmeticError:
            return None
        if inside is None:
            return None
        radius = self._radius_at(inside, self._lengths.whole, self._none)
        return Inscribed(inside, radius, 0.0) if radius > 0 else None

    def radius_around(self, centre: np.ndarray) -> float:
        """Proved radius of a ball in the domain around an exact point; 0 where there is none."""
        return self._radius_at(centre, self._lengths.whole, self._none)

    def _grazes(self) -> bool:
        """Exactly: some facet parallel to H has H on its wrong side or in itself; an observer's own crease does."""
        n = self.crease.normal
        pivot = self._line.pivot
        for m in np.flatnonzero(self._lengths.within == 0):
            ratio = self._domain.A[m, pivot] / n[pivot]
            if -ratio * self.crease.offset >= self._domain.c[m]:
                return True
        return False

    def cylinder(self, t: float) -> Inscribed | None:
        """The widest cylinder of half-height t around H inside the domain."""
        return self._largest("disc", t * self._lengths.along * ROUNDED, t)[0] if math.isfinite(t) else None

    def guarded_disc(self, q: float) -> Inscribed | None:
        """The largest (d'-1)-ball in {y in H : the q-ball around y lies inside the domain}."""
        return self._largest("disc", q * self._lengths.whole * ROUNDED, q)[0] if math.isfinite(q) else None

    def disc(self) -> Inscribed | None:
        """The largest (d'-1)-ball in H inside the domain."""
        return self._largest("disc", self._none, 0.0)[0]

    def disc_radius_above(self) -> float:
        """Upper bound on the radius of any (d'-1)-ball in H inside the domain, by weak duality; 0 if there is none.

        Where the program gave no multipliers it is the diameter of the domain's box.

        For multipliers y >= 0 of the facets and mu of H: every feasible (z, rho) has
        rho (y . |a_H|) <= y . c + mu o + (mu n - A^T y) . z, the last term bounded over the domain's box.
        """
        dual = None if self._misses else self.disc_dual()
        if dual is None:
            return self.diameter if self.meets() else 0.0
        return max(min(exact.upper_float(dual[2]), self.diameter), 0.0)

    def disc_dual(self) -> tuple[list[fmpq], fmpq, arb] | None:
        """(y, mu, the bound that they prove) for `disc_radius_above`; None where the program gave no multipliers."""
        proposal = self._proposed(self._disc_program, self._none)
        if isinstance(proposal, str):
            return None
        multipliers = [exact.rational(max(abs(y), 0.0)) for y in proposal.duals[1:-1]]
        size = float(np.linalg.norm(exact.nearest(self.crease.normal)))
        best, chosen = arb("inf"), exact.ZERO
        used = [m for m, y in enumerate(multipliers) if y > 0]
        weight = sum((arb(multipliers[m]) * self._lengths.measured(m)[2] for m in used), arb(0))
        limit = sum((multipliers[m] * self._domain.c[m] for m in used), exact.ZERO)
        combined = sum((multipliers[m] * self._domain.A[m] for m in used), exact.zeros(len(self.crease.normal)))
        for sign in (1, -1):  # HiGHS's sign convention for equality duals is not relied upon
            mu = exact.rational(sign * proposal.duals[0] / size)
            rest = mu * self.crease.normal - combined
            total = mu * self.crease.offset + limit
            for r, low, high in zip(rest, self._domain.lower, self._domain.upper, strict=True):
                total += max(r * low, r * high)
            if weight > 0:
                quotient = arb(total) / weight
                if not best.is_finite() or quotient < best:
                    best, chosen = quotient, mu
        return [y / unit for y, unit in zip(multipliers, self.domain.in_row_units[1], strict=True)], chosen, best

    @cached_property
    def diameter(self) -> float:
        """Upper bound on the diameter of the domain: the sides of its box, each as long as its row of the frame."""
        sides = self._domain.upper - self._domain.lower
        lengths = [square_root(arb((row * row).sum())) for row in self.frame.rows]
        return exact.upper_float(sum((arb(side) * x for side, x in zip(sides, lengths, strict=True)), arb(0)))

    def meets(self) -> bool:
        """True unless H surely misses the closed domain (floats decide only what bounds a printed radius by 0)."""
        if self._misses:
            return False
        normal = exact.nearest(self.crease.normal)
        f = self._domain.floats
        solver = Solver(f.A, f.c + 1e-9 * (1 + np.abs(f.c)))
        offset = exact.nearest_float(self.crease.offset)
        high, low = solver.maximise(normal), solver.maximise(-normal)
        if isinstance(high, str) or isinstance(low, str):
            return True
        slack = 1e-9 * (1 + abs(offset))
        return high.value + offset >= -slack and -low.value + offset <= slack
