"""Mass forms in a cylinder (any d'): count and mass mixed (Theorem M'), and masses of order k (Theorem L).

A student. Suppose every student's |cot| is at most c.
  split     of the opposing creases some are counted (B), the others weighed (S). Theorem M' with Gamma_B <= Gamma_T + N_B c and
            S <= S_T + M_S c (cos^2/sin = cos cot <= cot) gives, X = |kappa| t - 4 eps > 0,
            X (rho - t (Gamma_T + N_B c)) <= c_n t^2 (S_T + M_S c), which bounds c from below. Every crease adds to the
            numerator or the denominator on its own, so the best split weighs exactly those with |kappa'| (with
            |kappa'| cos theta, if no student is on it) at most X / (c_n t): heavy creases are counted.
  order-k   Theorem L counts ALL other creases: |kappa'| (cos^2/sin) |cot|^(k-2) = |kappa'| cos |cot|^(k-1) <= |kappa'| c^(k-1)
            for a student's, so e_k |kappa| t - eps - F S_T > 0 gives c^(k-1) >= that / (F M_S).
Source: Theorems M' and L, and their forms that name a student in proofs/lemmas.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from flint import arb

from ... import exact
from ...certify.radii.one import Inscribed
from .. import bounds
from ..setting import Setting
from .around import Around, Bound, Candidate, Sizes, radii, reaches, total, weight

SPLIT = "split"
INSIDE = 1 - 2.0**-48  # less than a cylinder's radius in a ball, in floats, is above the true one: four roundings


@dataclass(frozen=True, eq=False)
class Cylinder:
    """A cylinder in A_k: half-height t, radius rho (proved), and what its centre sees."""

    t: float
    rho: float
    near: Around


def split(setting: Setting, i: int, size: Sizes, cylinder: Cylinder) -> Iterator[Candidate]:
    """Theorem M' for a student, at the best split for each of the smaller and smaller cylinders of this height."""
    n = setting.problem.dimension - 1
    kappa, epsilon = size.kappa, size.epsilon
    near, t, peak = cylinder.near, cylinder.t, float(bounds.uniform_constant(n).mid())
    x = size.level * t - 4 * size.eps
    if not x > 0:
        return
    reach = reaches(near, t)
    cosine = np.sqrt(np.maximum(1 - near.sine**2, 0.0))
    heavy = near.kink * np.where(near.student, 1.0, cosine) > x / (peak * t)
    for rho in map(float, radii(cylinder.rho, reach[near.opposes])):
        meeting = near.opposes & (reach <= rho)
        students, teachers = meeting & near.student, meeting & ~near.student
        if not students.any():
            return
        counted, weighed = meeting & heavy, meeting & ~heavy
        if not counted.any() or not weighed.any():
            continue  # Theorem A, Theorem M with its better constant
        rest = x * (rho - t * near.cotangent[teachers & heavy].sum()) - peak * t**2 * near.weight[teachers & ~heavy].sum()
        if not rest > 0:
            continue
        top = t * (x * (students & heavy).sum() + peak * t * near.kink[students & ~heavy].sum())

        def prove(rho=rho, students=students, teachers=teachers) -> Bound | None:
            cotangents = setting.angles.cotangents(i)
            tangent = bounds.student_tangent_by_split(
                n,
                kappa,
                epsilon,
                rho,
                t,
                (
                    total(cotangents[j] for j in near.index[teachers & heavy]),
                    total(weight(setting, i, j, size.observer) for j in near.index[teachers & ~heavy]),
                ),
                (
                    int((students & heavy).sum()),
                    total(abs(setting.masses.kappa(j, size.observer)) for j in near.index[students & ~heavy]),
                ),
            )
            terms = {
                "kappa": kappa,
                "epsilon": epsilon,
                "rho": rho,
                "t": t,
                "counted": int(((students | teachers) & heavy).sum()),
                "weighed": int(((students | teachers) & ~heavy).sum()),
            }
            return None if tangent is None else Bound(bounds.sine_of_tangent(tangent), SPLIT, terms)

        yield top / np.hypot(top, rest), prove


def best_height(order: int) -> float:
    """The height t, in units of eps / (e_k |kappa|), at which Theorem L says most where no teacher is in the way."""
    return order / (order - 1)


def order(setting: Setting, i: int, size: Sizes, cylinder: Cylinder, k: int) -> Candidate | None:
    """Theorem L of order k for a student, over all creases that meet the cylinder."""
    n = setting.problem.dimension - 1
    kappa, epsilon = size.kappa, size.epsilon
    near, t, rho = cylinder.near, cylinder.t, cylinder.rho
    meeting = reaches(near, t) <= rho
    students, teachers = meeting & near.student, meeting & ~near.student
    e, size_of_f = bounds.relu_distance(k), float_factor(n, k, rho, t)
    with np.errstate(over="ignore", invalid="ignore"):
        seen = (near.weight[teachers] * near.cotangent[teachers] ** (k - 2)).sum()
    rest = exact.nearest_float(e) * size.level * t - size.eps - size_of_f * seen
    carried = size_of_f * near.kink[students].sum()
    if not rest > 0 or not students.any():
        return None

    def prove() -> Bound | None:
        cotangents, proved = setting.angles.cotangents(i), bounds.order_factor(n, k, rho, t)
        moment = total(weight(setting, i, j, size.observer) * cotangents[j] ** (k - 2) for j in near.index[teachers])
        left = arb(e) * kappa * exact.ball(t) - epsilon - proved * moment
        if not left > 0:
            return None
        masses = proved * total(abs(setting.masses.kappa(j, size.observer)) for j in near.index[students])
        terms = {"kappa": kappa, "epsilon": epsilon, "rho": rho, "t": t, "others": int(meeting.sum())}
        tangent = (masses / left).root(k - 1)
        return Bound(bounds.sine_of_tangent(tangent), f"order-{k}", terms)

    tangent = (carried / rest) ** (1 / (k - 1))
    return tangent / np.hypot(1, tangent), prove


def kinks(
    setting: Setting,
    i: int,
    size: Sizes,
    inscribed: Inscribed,
    near: Around,
    heights: np.ndarray,
    counted: np.ndarray,
    goal: float,
) -> Iterator[Candidate]:
    """Bounds on |kappa_H| that can beat `goal`, in the cylinders of these half-heights t that the ball contains.

    Theorem M' with the heaviest creases counted, and every order of Theorem L. Even without other creases these are
    4 eps / t and eps / (e_k t).
    """
    n, eps = setting.problem.dimension - 1, size.eps  # size.epsilon is proved where a candidate is
    t = heights[(4 * eps / heights < goal) & (heights < inscribed.radius)][:, None]
    if not len(t):
        return
    rho = np.sqrt(inscribed.radius - t) * np.sqrt(inscribed.radius + t) * INSIDE
    meets = np.stack([reaches(near, float(x)) for x in t[:, 0]]) <= rho
    steep = near.kink * np.sqrt(np.maximum(1 - near.sine**2, 0.0))
    order = np.flatnonzero(counted)
    order = order[np.argsort(-steep[order], kind="stable")]
    opposing = meets[:, order]
    gammas = np.cumsum(np.where(opposing, near.cotangent[order], 0.0), axis=1)  # of the heaviest m, m = 1, .., all but one
    light = np.cumsum(np.where(opposing, near.weight[order], 0.0)[:, ::-1], axis=1)[:, ::-1]
    left = rho - t * gammas[:, :-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        values = 4 * eps / t + float(bounds.uniform_constant(n).mid()) * t * light[:, 1:] / left
    last = opposing[:, :-1] & (left > 0) & (np.cumsum(opposing[:, ::-1], axis=1)[:, ::-1][:, 1:] > 0)
    values = np.where(last & ~np.isnan(values), values, np.inf)

    def by_split(rho: float, t: float, heavy: np.ndarray, rest: np.ndarray) -> Bound:
        cotangents = setting.angles.cotangents(i)
        gamma = total(cotangents[j] for j in near.index[heavy])
        weights = total(weight(setting, i, j, size.observer) for j in near.index[rest])
        terms = {"epsilon": size.epsilon, "rho": rho, "t": t, "counted": len(heavy), "weighed": len(rest)}
        return Bound(bounds.kink_by_split(n, size.epsilon, rho, t, gamma, weights), SPLIT, terms)

    for k in range(len(t)) if values.shape[1] else ():
        m = int(values[k].argmin())
        if values[k, m] < goal:
            heavy, rest = order[: m + 1][opposing[k, : m + 1]], order[m + 1 :][opposing[k, m + 1 :]]
            yield float(values[k, m]), partial(by_split, float(rho[k, 0]), float(t[k, 0]), heavy, rest)

    def by_order(k: int, rho: float, t: float, met: np.ndarray) -> Bound:
        cotangents, proved = setting.angles.cotangents(i), bounds.order_factor(n, k, rho, t)
        sums = total(weight(setting, i, j, size.observer) * cotangents[j] ** (k - 2) for j in near.index[met])
        terms = {"epsilon": size.epsilon, "rho": rho, "t": t, "others": int(met.sum())}
        return Bound((size.epsilon + proved * sums) / (arb(bounds.relu_distance(k)) * exact.ball(t)), f"order-{k}", terms)

    for k in bounds.FAR_POINTS:
        e = exact.nearest_float(bounds.relu_distance(k))
        if not (eps / (e * t) < goal).any():
            return
        with np.errstate(over="ignore", invalid="ignore"):
            seen = np.where(meets, near.weight * near.cotangent ** (k - 2), 0.0).sum(axis=1) * float_factor(n, k, rho, t)[:, 0]
        for value, *body in zip((eps + seen) / (e * t[:, 0]), rho[:, 0].tolist(), t[:, 0].tolist(), meets, strict=True):
            if value < goal:
                yield float(value), partial(by_order, k, *body)


def float_factor(n: int, k: int, rho, t):
    """F of Theorem L in floats."""
    return float(bounds.order_coefficient(n, k).mid()) * t * (t / rho) ** (k - 1)
