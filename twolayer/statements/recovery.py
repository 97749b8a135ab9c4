"""Fan-out recovery: the students near a teacher's hyperplane together reproduce its fan-out, with an explicit error.

One row per (teacher node j, observer k), in the sharp form only: the paper has no such statement. Theorem 2 finds one
student, possibly of a tiny fan-out; here H = H_j and a cluster C of hyperplanes near it, those of students, are weighed
together. O: all other hyperplanes with a kink in h_k that meet a ball(x, r) in A_k, x on H; Gamma = sum of |cot| over O;
t = r / sqrt(1 + Gamma^2); d_m the distance of hyperplane m from x. Then

  | sum over C of kappa_m | t <= 4 eps + sum over C of |kappa_m| (t (1 - cos theta_m) + t Gamma sin theta_m + d_m).

eps is eps_k, or the local gradient of the ball: any number that is at least |h_k - g| on it for one affine g (`sharp.local`).
For h_k - g is a sum of the same creases and an affine function, and the second difference behind the inequality kills
that and looks at points of the ball alone (in Coq's `cluster` the affine part of h is arbitrary and not in the conclusion).
C holds H and hyperplanes that carry students and no teacher, so the sum is kappa_T, the teacher's kink mass on H, less that
of the students near it. Both sides of a row are shares of |kappa_T|: `measured` is the share that these students do not
reproduce (or add), `bound` the error that the gradient leaves them. An error of |kappa_T| or more says nothing: vacuous.
With as many observers of independent fan-outs as there are outputs the same holds for the fan-outs as vectors
(terms vector_*): Q^T s = the sums that the observers see, so |s|_2 is bounded as in Corollary 1'.
Source: theory notes, fan-out recovery; formally proved as `cluster`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from flint import arb

from .. import exact
from ..certify.radii.one import Inscribed, length, square_root
from ..restriction.restricted import Node
from . import bounds
from .geometry import cached_by
from .loops import clusters
from .observers import choose_proved, length_of_limits
from .setting import FAR_OFF, Setting
from .sharp.around import Around, around, radii, sizes, total
from .sharp.local import Ball, Pairing, ball_of, pairings_in
from .verdict import FAILS, HOLDS, NOT_APPLICABLE, SHARP, UNJUDGED, VACUOUS, Verdict, compare, float_terms, number

STATEMENT = "fan-out-recovery"
MOST_BALLS = 6  # of the radii, evenly: those whose local gradient is worked out
TRUE = 1 + 1e-3  # a choice's value is no further below its proof, unless rounding spoiled it
ABOVE = 1 + 2.0**-30  # of a local gradient: where the ball meets H alone the two sides would agree, and not be told apart
TILTS = (0.1, 1.0, 10.0)  # values of Gamma for which hyperplanes are ordered by what they cost in C against in O
SAYS_NOTHING = "the error is as large as the teacher's fan-out"


@dataclass(frozen=True)
class Error:
    """A bound on |sum over C of kappa_m| for an observer, and what it was found with.

    value    the bound, a ball
    cluster  positions in problem.creases of C, H first
    radius   r; gamma: Gamma; height: t; others: the number of hyperplanes in O
    local    the ball whose local gradient took the place of eps_k; None where eps_k did
    """

    value: arb
    cluster: tuple[int, ...]
    radius: float
    gamma: arb
    height: arb
    others: int
    local: Ball | None = None


@dataclass(frozen=True)
class Vector:
    """The vector form: |s|_2 / |s_T|_2 and its bound, for the observers whose fan-outs are the columns of Q.

    cluster: positions in problem.creases, H first; errors: what bounds the cluster's kink masses as these observers see them
    """

    measured: arb
    bound: arb
    observers: tuple[int, ...]
    cluster: tuple[int, ...] = ()
    errors: tuple[Error, ...] = ()

    @property
    def terms(self) -> dict[str, Any]:
        """The form as terms of a row."""
        return {"vector_measured": self.measured, "vector_bound": self.bound, "vector_observers": list(self.observers)}


def rows(setting: Setting, teachers: Sequence[Node]) -> Iterator[Verdict]:
    """One row for every pair of one of the teacher nodes and an observer."""
    observers = setting.problem.student
    for teacher in teachers:
        excluded: dict[int, Verdict] = {}
        errors: dict[int, Error | None] = {}
        for k in observers:
            if setting.is_over:
                break
            why = _exclusion(setting, teacher, k)
            if why is None:
                errors[k.index] = error(setting, setting.crease(teacher), k)
            else:
                excluded[k.index] = _row(teacher, k, NOT_APPLICABLE, why)
        several = len(teacher.fan_out) > 1
        whole = vector(setting, teacher) if several and not setting.is_late else None
        for k in observers:
            if k.index in excluded:
                yield excluded[k.index]
            elif k.index in errors:
                late = several and setting.is_late  # asked for each row that goes without its vector form
                yield _judged(setting, teacher, k, errors[k.index], None if late else whole)
            elif setting.is_over:  # as above: time does not run back
                yield _row(teacher, k, VACUOUS, UNJUDGED)


def _row(teacher: Node, observer: Node, verdict: str, why: str, measured=None, bound=None, terms=None) -> Verdict:
    return Verdict(
        STATEMENT,
        SHARP,
        verdict,
        number(measured),
        number(bound),
        why,
        teacher=teacher.index,
        observer=observer.index,
        terms=float_terms(terms),
    )


def _exclusion(setting: Setting, teacher: Node, observer: Node) -> str | None:
    """Why the statement does not speak of a pair; None where it does."""
    if teacher.is_constant:
        return "the teacher node is constant on U (p_j = 0)"
    if setting.masses.mass(setting.crease(teacher), observer, "teacher") == 0:
        return "kappa_T = 0: the observer does not see the teacher's kink"
    if setting.domains[observer.index] is None:
        return "the observer is not active inside U ∩ R"
    if _inscribed(setting, setting.crease(teacher), observer) is None:
        return "the teacher's boundary does not enter the observer's active region"
    return None


def _inscribed(setting: Setting, i: int, observer: Node) -> Inscribed | None:
    """A ball around crease i in the observer's A_k."""
    domain = setting.domains[observer.index]
    return None if domain is None else setting.shapes.ball(i, domain)


def _judged(setting: Setting, teacher: Node, observer: Node, proof: Error | None, whole: Vector | None) -> Verdict:
    i = setting.crease(teacher)
    kappa = setting.masses.kappa(i, observer, "teacher")
    terms: dict[str, Any] = {"kappa": kappa, "epsilon": setting.epsilon(observer)[1]}
    if proof is None:
        return _row(teacher, observer, VACUOUS, "no ball around the boundary gives a bound", terms=setting.shown(terms))
    rest = total(setting.masses.kappa(m, observer) for m in proof.cluster) / kappa
    measured, bound = abs(rest), proof.value / abs(kappa)
    terms |= {
        "radius": proof.radius,
        "t": proof.height,
        "gamma": proof.gamma,
        "others": proof.others,
        "cluster": students_on(setting, proof.cluster),
        "recovered": 1 - rest,
    }
    if proof.local is not None:
        terms["local_epsilon"] = proof.local.size.epsilon
    outcome, why = compare(measured, bound, bound), "the enclosures overlap"
    if whole is not None:
        terms |= whole.terms
        if whole.bound < 1 and whole.measured > whole.bound:
            return _row(teacher, observer, FAILS, "the vector form exceeds its bound", measured, bound, setting.shown(terms))
    if not bound < 1:
        return _row(teacher, observer, VACUOUS, SAYS_NOTHING, measured, bound, setting.shown(terms))
    if outcome == HOLDS:
        why = "the students near the teacher reproduce its fan-out within the error"
    elif outcome == FAILS:
        why = "the students near the teacher miss its fan-out by more than the error"
    return _row(teacher, observer, outcome, why, measured, bound, setting.shown(terms))


def students_on(setting: Setting, creases: Sequence[int]) -> list[int]:
    """The student nodes whose kinks lie on some creases, in order."""
    members = (node for m in creases for node, _ in setting.problem.creases[m].members)
    return sorted(node.index for node in members if node.side == "student")


# -- the error ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Seen:
    """The other creases of h_k from the centre of a ball around crease i, and the ball's radii worth trying, in floats.

    turn: 1 - cos; away: distances.
    eps (radii,): eps_k, or the local gradient of that ball where `pairings`, by place among the radii, make it smaller.
    """

    near: Around
    radii: np.ndarray
    turn: np.ndarray
    away: np.ndarray
    eps: np.ndarray
    pairings: dict[int, Pairing]

    def meets(self, place=slice(None)) -> np.ndarray:
        """Which crease meets which ball (too many, never too few), at some places among the radii.   (radii, n), or (n,)"""
        return ~(self.near.distance > self.radii[place, None])


@dataclass(frozen=True, eq=False)
class _Choice:
    """A bound in floats, in units of `float_unit`: its place among the radii, and the cluster as positions in `near`."""

    value: float
    place: int
    cluster: np.ndarray


@cached_by
def _seen(setting: Setting, i: int, observer: Node) -> _Seen | None:
    inscribed = _inscribed(setting, i, observer)
    if inscribed is None:
        return None
    near, size = around(setting, i, observer, inscribed.centre), sizes(setting, i, observer)
    tried = radii(inscribed.radius, near.distance)
    turn = near.sine**2 / (1 + np.sqrt(np.maximum(1 - near.sine**2, 0.0)))
    evenly = sorted({k * (len(tried) - 1) // (MOST_BALLS - 1) for k in range(MOST_BALLS)})
    places = evenly if size.eps > 0 and not setting.is_late else []
    pairings = zip(places, pairings_in(setting, i, size, inscribed, near, tried[places].tolist()), strict=True)
    local = {place: pairing for place, pairing in pairings if pairing.value < size.eps}
    eps = np.full(len(tried), size.eps)
    eps[list(local)] = [pairing.value for pairing in local.values()]
    return _Seen(near, tried, turn, np.maximum(near.distance, 0.0), eps, local)


@cached_by
def _students_alone(setting: Setting) -> np.ndarray:
    """True for every crease that carries students and no teacher: those that a cluster may hold besides H.   (n,)"""
    return np.array([c.has("student") and not c.has("teacher") for c in setting.problem.creases], dtype=bool)


@cached_by
def error(setting: Setting, i: int, observer: Node) -> Error | None:
    """The least bound over clusters and radii for an observer that has a ball around crease i; None if none is finite.

    Any cluster and any radius prove a bound, so the search needs no proof: for each of a few values of Gamma the creases are
    ordered by their cost in C over their |cot| in O, and every beginning of that order is tried at every radius.
    """
    students = _students_alone(setting)
    return _proved(setting, i, observer, lambda seen: _least(seen, np.flatnonzero(students[seen.near.index])))


def _least(seen: _Seen, free: np.ndarray) -> _Choice:
    """The least bound over radii and clusters of some of the creases (positions in `near`)."""
    near, best = seen.near, _Choice(np.inf, 0, np.zeros(0, dtype=int))
    for tilt in TILTS:
        cost = near.kink * (seen.turn + tilt * near.sine + np.hypot(1, tilt) * seen.away / seen.radii[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            order = free[np.argsort((cost / near.cotangent)[free], kind="stable")]
        value, place, count = clusters.least(
            near.kink, seen.turn, near.sine, near.cotangent, seen.away, near.distance, seen.radii, seen.eps, order
        )
        if value < best.value:
            chosen = order[:count]
            best = _Choice(value, place, chosen[seen.meets(place)[chosen]])
    return best


def _bound(seen: _Seen, gamma, turned, tilted, away) -> np.ndarray:
    """(4 eps + away) sqrt(1 + Gamma^2) / r + turned + Gamma tilted, infinite where it is not a number."""
    shape = (-1,) + (1,) * (np.ndim(gamma) - 1)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        heights = seen.radii.reshape(shape) / np.hypot(1, gamma)
        values = (4 * seen.eps.reshape(shape) + away) / heights + turned + gamma * tilted
    return np.where(np.isnan(values), np.inf, values)


def _estimate(setting: Setting, i: int, observer: Node, cluster: Sequence[int]) -> arb | None:
    """What `error_of` proves, as floats say; None if there is no ball."""
    seen = _seen(setting, i, observer)
    if seen is None:
        return None
    held = np.isin(seen.near.index, cluster)
    choice = _at_best_radius(seen, held)
    value, pairing = choice.value, seen.pairings.get(choice.place)
    if pairing is not None:  # the proof takes what vertices say, where that is less
        gamma = seen.near.cotangent[seen.meets(choice.place) & ~held].sum()
        less = pairing.value - ball_of(pairing).size.eps * ABOVE
        value -= 4 * less * float(np.hypot(1, gamma)) / pairing.radius
    return exact.ball(value) * exact.ball(setting.float_unit(observer)) if 0 <= value < np.inf else None


def error_of(setting: Setting, i: int, observer: Node, cluster: Sequence[int]) -> Error | None:
    """The least bound over radii for a given cluster (positions in problem.creases, without crease i)."""
    return _proved(setting, i, observer, lambda seen: _at_best_radius(seen, np.isin(seen.near.index, cluster)))


def _at_best_radius(seen: _Seen, held: np.ndarray) -> _Choice:
    """The least bound over radii for a given cluster, True for its creases in `near`."""
    near = seen.near
    gamma = np.where(seen.meets() & ~held, near.cotangent, 0.0).sum(axis=1)
    kink = near.kink[held]
    turned, tilted, away = (float((kink * x[held]).sum()) for x in (seen.turn, near.sine, seen.away))
    values = _bound(seen, gamma, turned, tilted, away)
    place = int(np.argmin(values))
    return _Choice(float(values[place]), place, np.flatnonzero(held))


def _proved(setting: Setting, i: int, observer: Node, choose: Callable[[_Seen], _Choice]) -> Error | None:
    """The bound that is chosen, in ball arithmetic; None if it is not finite or there is no ball.

    Where the choice was better than its proof, because floats took a local gradient for smaller than it is, the one with
    eps_k is proved too.
    """
    seen = _seen(setting, i, observer)
    if seen is None:
        return None
    choice = choose(seen)
    errors = [_proof(setting, i, observer, seen, choice)]
    unit = exact.ball(setting.float_unit(observer))
    if seen.pairings and not errors[0].value <= exact.ball(min(choice.value * TRUE, FAR_OFF)) * unit:
        eps = np.full_like(seen.eps, sizes(setting, i, observer).eps)
        plain = replace(seen, eps=eps, pairings={})
        errors.append(_proof(setting, i, observer, plain, choose(plain)))
    finite = [error for error in errors if error.value.is_finite()]
    return min(finite, key=lambda error: exact.upper_float(error.value), default=None)


def _proof(setting: Setting, i: int, observer: Node, seen: _Seen, choice: _Choice) -> Error:
    near, inscribed = seen.near, _inscribed(setting, i, observer)
    assert inscribed is not None
    radius, cluster = float(seen.radii[choice.place]), [int(m) for m in near.index[choice.cluster]]
    others = [int(j) for j in near.index[~(near.distance > radius)] if j not in cluster]
    pairing = seen.pairings.get(choice.place)
    local = None if pairing is None else ball_of(pairing)
    return proved(setting, i, observer, replace(inscribed, radius=radius), cluster, others, local)


def proved(
    setting: Setting,
    i: int,
    observer: Node,
    ball: Inscribed,
    cluster: Sequence[int],
    others: Sequence[int],
    local: Ball | None = None,
) -> Error:
    """The bound in a ball around crease i in A_k, in ball arithmetic.

    cluster: C without crease i; others: O, at least all creases besides that meet the ball (more of them bound less);
    local: the same ball with its local gradient, None for eps_k.
    """
    epsilon = setting.epsilon(observer)[1] if local is None else local.size.epsilon * ABOVE
    gamma = total(setting.angles.cotangents(i)[j] for j in others)
    height = exact.ball(ball.radius) / (1 + gamma**2).sqrt()
    value = bounds.kink_below(epsilon, height)
    for m in cluster:
        square = setting.angles.sin_squared(i)[m]
        turn = exact.ball(square) / (1 + square_root(exact.ball(1 - square)))
        away = setting.shapes.distance(m, ball.centre) / height
        value += abs(setting.masses.kappa(m, observer)) * (turn + gamma * setting.angles.sine(i, m) + away)
    return Error(value, (i, *cluster), ball.radius, gamma, height, len(others), local)


# -- the vector form ----------------------------------------------------------------------------------------------------


def vector(setting: Setting, teacher: Node) -> Vector | None:
    """The vector form for the cluster of the observer with the least share; None with one output or without a Q."""
    students = setting.problem.student
    observers = [k for k in students if _exclusion(setting, teacher, k) is None]
    if not observers:
        return None
    i, shares = setting.crease(teacher), []
    for k in observers:
        estimate = error(setting, i, k)
        if estimate is not None:
            shares.append((number(estimate.value / abs(setting.masses.kappa(i, k, "teacher"))), estimate))
    if not shares:
        return None
    cluster = min(shares, key=lambda item: np.inf if item[0] is None else item[0])[1].cluster
    limits, errors = {}, dict[Node, Error]()
    for k in students:
        limit = None if setting.is_late else _estimate(setting, i, k, cluster[1:])
        if limit is not None:
            limits[k] = limit

    def prove(k: Node) -> arb | None:
        proof = error_of(setting, i, k, cluster[1:])
        if proof is None:
            return None
        errors[k] = proof
        return proof.value

    chosen = choose_proved(setting, limits, len(teacher.fan_out), length_of_limits, prove)
    if chosen is None:
        return None
    bound = bounds.fan_out(chosen.inverse, chosen.limits)
    rest, of_teacher = (length(fan_outs(setting, creases, side)) for creases, side in ((cluster, None), ((i,), "teacher")))
    seen = tuple(errors[k] for k in chosen.observers)
    return Vector(rest / of_teacher, bound / of_teacher, chosen.indices, cluster, seen)


def fan_outs(setting: Setting, creases: Sequence[int], side: str | None) -> np.ndarray:
    """Sum over the nodes on some creases of |p| times the fan-out, students' subtracted; side: those of one network.   (C,)"""
    outputs = len(setting.problem.teacher[0].fan_out)
    out = exact.balls(exact.zeros(outputs))
    for m in creases:
        members = [(node, abs(scale)) for node, scale in setting.problem.creases[m].members if side in (None, node.side)]
        jump = sum(((s if node.side == "teacher" else -s) * node.fan_out for node, s in members), exact.zeros(outputs))
        out = out + setting.masses.unit_lengths[m] * exact.balls(jump)
    return out
