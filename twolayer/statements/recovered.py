"""Fan-outs as a certificate restates them: fan-out recovery with its clusters, and the kink masses of Corollary 1.

Of fan-out recovery one row for an observer, and one for the vector form, which names an observer for each output; both
statements with balls and evidence of their local gradients. Format: proofs/CERTIFICATE.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from flint import arb

from .. import exact
from ..certify.radii.one import Inscribed, length
from ..restriction.restricted import Node
from . import bounds, recovery
from .recovery import Error
from .setting import Setting
from .sharp import best as sharp
from .sharp import evidence
from .sharp.around import around, sizes, total
from .sharp.local import ABOVE, Ball, whole_ball
from .verdict import HOLDS, SHARP, VACUOUS, Verdict


@dataclass(frozen=True, eq=False)
class Recovered:
    """A row of a certificate.

    bound    the bound on its share     balls   observers and the balls that they see     extra   what else it says
    largest  the masses that are summed in its measured side, as shares
    """

    bound: arb
    balls: list[tuple[Node, Inscribed]]
    extra: dict[str, Any]
    largest: arb


def vectors(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
    """The vector forms of a check's rows as verdicts of their own, one for a teacher node."""
    seen: dict[int | None, Verdict] = {}
    for v in verdicts:
        if v.statement == recovery.STATEMENT and "vector_bound" in v.terms:
            seen.setdefault(v.teacher, v)
    for v in seen.values():
        measured, bound = (v.terms[f"vector_{side}"] for side in ("measured", "bound"))
        if measured is None or bound is None or not math.isfinite(bound):
            continue
        verdict = VACUOUS if bound >= 1 else HOLDS
        observers = tuple(v.terms["vector_observers"])
        yield Verdict(v.statement, SHARP, verdict, measured, bound, "as vectors", teacher=v.teacher, observers=observers)


def restated(setting: Setting, teacher: Node, verdict: Verdict) -> Recovered | None:
    """A row, or the vector form that names observers, in the checker's terms; None where there is none."""
    i = setting.crease(teacher)
    if verdict.observers is None:
        assert verdict.observer is not None
        observer = setting.problem.student[verdict.observer]
        error, kappa = recovery.error(setting, i, observer), abs(setting.masses.kappa(i, observer, "teacher"))
        if error is None:
            return None
        value, ball, entry = _limit(setting, observer, error)
        cluster = recovery.students_on(setting, error.cluster[1:])
        largest = total(abs(setting.masses.kappa(m, observer)) for m in error.cluster[1:]) / kappa
        return Recovered(value / kappa, [(observer, ball)], {"cluster": cluster, **entry}, largest)
    form = recovery.vector(setting, teacher)
    if form is None:
        return None
    observers = [setting.problem.student[m] for m in form.observers]
    limits, balls, entries = zip(*(_limit(setting, *pair) for pair in zip(observers, form.errors, strict=True)), strict=True)
    size = length(recovery.fan_outs(setting, (i,), "teacher"))
    largest = total(abs(x) for m in form.cluster[1:] for x in recovery.fan_outs(setting, (m,), None))
    inverse = exact.inverse(np.stack([observer.fan_out for observer in observers], axis=1))
    cluster = recovery.students_on(setting, form.cluster[1:])
    extra = {"observers": list(form.observers), "cluster": cluster, "gradients": list(entries)}
    bound = bounds.fan_out(inverse, list(limits)) / size
    return Recovered(bound, list(zip(observers, balls, strict=True)), extra, largest / size)


def _limit(setting: Setting, observer: Node, error: Error) -> tuple[arb, Inscribed, dict[str, Any]]:
    """(an error's bound with the others that meet its ball exactly, the ball, the evidence of its local gradient)."""
    i, *cluster = error.cluster
    ball = replace(_ball_around(setting, i, observer), radius=error.radius)
    others = [j for j in np.flatnonzero(setting.masses.signs(observer)).tolist() if j != i and j not in cluster]
    met = [j for j in others if reaches(setting, ball, j)]
    versions = [] if error.local is None else list(evidence.restated(error.local))
    locals_: list[tuple[Ball | None, dict[str, Any]]] = [(None, {})]
    if error.local is not None:
        size = error.local.size
        locals_ = [(replace(error.local, size=replace(size, proved=one.proved)), one.entry) for one in versions]
    bounds = [(recovery.proved(setting, i, observer, ball, cluster, met, local).value, entry) for local, entry in locals_]
    value, entry = min(bounds, key=lambda pair: exact.upper_float(pair[0]))
    return value, ball, entry


# -- Corollary 1 --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Mass:
    """A bound on |kappa_H| by Theorem A as an observer sees it.

    ball     the one in which it counts     around   the largest one, whose local gradient it takes
    entry    the evidence of that gradient, empty where it is eps_k
    """

    bound: arb
    ball: Inscribed
    around: Inscribed
    entry: dict[str, Any]


def mass(setting: Setting, i: int, observer: Node) -> Mass:
    """In the ball around crease i in A_k in which Theorem A says most."""
    inscribed, signs = _ball_around(setting, i, observer), setting.masses.signs(observer)
    near, size = around(setting, i, observer, inscribed.centre), sizes(setting, i, observer)
    local = whole_ball(setting, i, size, inscribed, near)
    inscribed = inscribed if local is None else replace(inscribed, radius=local.radius)
    ball = replace(inscribed, radius=sharp.steadiest(inscribed, near, near.opposes | (signs[i] == 0)))
    met = [j for j in np.flatnonzero(signs).tolist() if j != i and signs[j] * signs[i] <= 0 and reaches(setting, ball, j)]
    gamma = total(setting.angles.cotangents(i)[j] for j in met)
    versions = [] if local is None else [(one.proved() * ABOVE, one.entry) for one in evidence.restated(local)]
    level, entry = min([(size.epsilon, dict[str, Any]()), *versions], key=lambda pair: exact.upper_float(pair[0]))
    return Mass(bounds.kink_by_ball(level, ball.radius, gamma), ball, inscribed, entry)


def _ball_around(setting: Setting, i: int, observer: Node) -> Inscribed:
    """The largest ball around crease i in A_k, of an observer that has one."""
    domain = setting.domains[observer.index]
    inscribed = None if domain is None else setting.shapes.ball(i, domain)
    assert inscribed is not None  # a row with a bound has one
    return inscribed


def reaches(setting: Setting, ball: Inscribed, j: int) -> bool:
    """Exactly: a ball meets crease j."""
    crease = setting.problem.creases[j]
    value = (crease.normal * ball.centre).sum() + crease.offset
    return bool(value**2 <= exact.rational(ball.radius) ** 2 * setting.angles.product(j, j))
