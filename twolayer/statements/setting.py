"""Setting: an instance with its certified gradient and the exact geometry that every statement draws on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from flint import arb, fmpq

from .. import exact
from ..certify.enclosure import Enclosure
from ..certify.radii.one import square_root
from ..certify.suprema import largest_ends
from ..instances import Instance
from ..networks import TwoLayer
from ..restriction.domains import Domain
from ..restriction.restricted import Node, Restricted
from .geometry import Angles, Masses, Shapes, Times, cached_by

LENGTHS, SLOPES = ("radius", "rho", "t", "q"), ("kappa", "norm")  # terms that are measured in z
FAR_OFF = 1e100  # ratio of two sizes from which on floats need not tell how large it is


@dataclass(frozen=True, eq=False)
class Setting:
    """What a statement may use. All quantities are exact, balls, or proved one-sided floats.

    problem      the instance on U; its teacher may be the second teacher (Theorem 3)
    domains      A_k for every student node, None where empty
    enclosures   eps_k for every student node
    excess       (lower, upper) of e0: sup over U ∩ R of the largest |f*_c - f*'_c|; (0, 0) except in Theorem 3
    times        until when to be thorough; the one thing about a setting that changes
    """

    instance: Instance
    problem: Restricted
    domains: Sequence[Domain | None]
    enclosures: Sequence[Enclosure]
    excess: tuple[float, float] = (0.0, 0.0)
    times: Times = field(default_factory=Times)

    @property
    def is_late(self) -> bool:
        """True once the deadline has passed: whoever asks leaves out optional candidates."""
        return self.times.is_past(self.times.deadline)

    @property
    def is_over(self) -> bool:
        """True once the end has passed: whoever asks leaves the whole row unjudged."""
        return self.times.is_past(self.times.end)

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

    @cached_property
    def widest(self) -> arb:
        """The largest |v|_2 of any node of either network: a bound on a fan-out that is not below it says nothing."""
        return square_root(arb(max((node.fan_out**2).sum() for node in self.problem.nodes)))

    # -- the gradient -----------------------------------------------------------------------------------------------

    @cached_by
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

    # -- geometry ---------------------------------------------------------------------------------------------------

    @cached_property
    def angles(self) -> Angles:
        """Angles between creases."""
        return Angles(self.problem)

    @cached_property
    def masses(self) -> Masses:
        """Kink masses of creases, as observers see them."""
        return Masses(self.problem)

    @cached_property
    def shapes(self) -> Shapes:
        """Balls, discs and cylinders around creases."""
        return Shapes(self.problem, self.domains, self.masses, self.times)

    def crease(self, node: Node) -> int:
        """Position in problem.creases of a node's hyperplane."""
        return self.problem.crease_index[node.side, node.index]

    @cached_by
    def float_unit(self, observer: Node) -> fmpq:
        """What |kappa| and eps_k are divided by where they are floats (to choose, not to prove): the size of eps_k."""
        epsilon = exact.middle(self.epsilon(observer)[1])
        masses = (self.masses.mass(i, observer) for i in range(len(self.problem.creases)))
        return exact.power_of_two([epsilon] if epsilon > 0 else masses)

    @cached_by
    def float_kinks(self, observer: Node) -> np.ndarray:
        """|kappa| of all creases for an observer, in floats and in units of `float_unit` (to choose, not to prove).   -> (n,)

        What is far above or far below eps_k is brought to FAR_OFF of it: then no power or product leaves the range of floats.
        """
        unit = exact.ball(self.float_unit(observer))
        creases = range(len(self.problem.creases))
        kinks = np.array([float((abs(self.masses.kappa(i, observer)) / unit).mid()) for i in creases])
        return np.where(self.masses.signs(observer) == 0, 0.0, np.clip(kinks, 1 / FAR_OFF, FAR_OFF))


def observed_anywhere(w: np.ndarray, b, observer_w: np.ndarray, observer_b) -> bool:
    """Exactly: the boundary {w . x + b = 0} meets the closed half-space {w_k . x + b_k >= 0}, anywhere in space.

    A boundary of a node with w = 0 is empty unless b = 0 (then it is all of space).   Source: footnote 1.
    """
    rows = exact.rationals(w), exact.rational(b), exact.rationals(observer_w), exact.rational(observer_b)
    return _meets(*rows)


def is_observed(network: TwoLayer, node: int, observing: TwoLayer, observer: int) -> bool:
    """`observed_anywhere` for a node's boundary and another node's active half-space."""
    (W, b), (observer_W, observer_b) = _rows(network), _rows(observing)
    return _meets(W[node], b[node], observer_W[observer], observer_b[observer])


@cached_by
def _rows(network: TwoLayer) -> tuple[np.ndarray, np.ndarray]:
    """W and b of a network in exact rationals, computed once."""
    return exact.rationals(network.W), exact.rationals(network.b)


def _meets(w: np.ndarray, b: fmpq, observer_w: np.ndarray, observer_b: fmpq) -> bool:
    pivot = next((j for j, x in enumerate(w) if x != 0), None)
    if pivot is None:
        return bool(b == 0 and (not exact.is_zero(observer_w) or observer_b >= 0))
    ratio = observer_w[pivot] / w[pivot]
    if any(y != ratio * x for x, y in zip(w, observer_w, strict=True)):
        return True
    return bool(observer_b - ratio * b >= 0)
