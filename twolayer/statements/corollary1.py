"""Corollary 1: a student node far from every other node has a small fan-out.

One row per student node k'. C observers with invertible Q = [v_k1 .. v_kC] are chosen so that the bound is smallest.
  printed   |v_k'|_2 <= |Q^-1|_1 M K eps / c0, c0 the smallest sine to any other node of either network
  repaired  sqrt(C) |Q^-1|_1 max B_m with B_m = (10/rho_m) sqrt(d'/(2 pi)) K eps_km / (c0 |p_k'|)
  sharp     Corollary 1': the length of the vector with entries sum_m |Q^-1|_mc B_m, B_m = (bound on |kappa_H|) / |p_k'|, with
            eps_km or the local gradient of the largest ball around H in A_km
Q's norm is the column sum. Measured is |v_k'|_2 in every form. A bound that is no smaller than the largest |v|_2 of any
node of either network says nothing: such rows are vacuous.   Source: Section 3.2 and Appendix A.7.

Where there are no C observers, the sharp row has no bound on |v_k'|, as nothing bounds what is orthogonal to the fan-outs of
those that there are; its terms say what is bounded, the length of the projection on their span:
  span_observers   students with independent fan-outs, Q = [v_k1 .. v_kn]
  span_measured    |P v_k'|_2
  span_bound       sqrt(sum_ml |(Q^T Q)^-1|_ml B_m B_l)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from flint import arb

from .. import exact
from ..restriction.restricted import Node
from . import bounds
from .observers import Chosen, choose, choose_proved, largest_limit, length_of_limits, norms, power
from .setting import Setting, is_observed
from .sharp import best as sharp
from .sharp.around import Bound, Candidate, best
from .verdict import (
    FAILS,
    HOLDS,
    NOT_APPLICABLE,
    PRINTED,
    REPAIRED,
    SHARP,
    UNJUDGED,
    VACUOUS,
    Verdict,
    compare,
    float_terms,
    missing_hypotheses,
    number,
)

STATEMENT = "corollary-1"
SAYS_NOTHING = "the bound is no smaller than the largest fan-out of either network"
BEYOND = "a side of the comparison is beyond the largest float"
NEW = 1e-6  # share of a fan-out beyond the span of others' that makes it a further observer
HEALERS = ("norm", "region", "thickness")


def rows(setting: Setting, students: Sequence[Node]) -> Iterator[Verdict]:
    """All rows, form by form, for every one of the student nodes."""
    for node in students:
        for judge, form in ((printed, PRINTED), (repaired, REPAIRED), (sharpened, SHARP)):
            yield _row(form, node, VACUOUS, UNJUDGED) if setting.is_over else judge(setting, node)


def _row(form: str, node: Node, verdict: str, why: str, measured=None, bound=None, terms=None, **fields: Any) -> Verdict:
    return Verdict(
        STATEMENT, form, verdict, number(measured), number(bound), why, student=node.index, terms=float_terms(terms), **fields
    )


def _excluded(setting: Setting, node: Node, form: str) -> Verdict | None:
    if setting.problem.dimension == 1:
        return _row(form, node, NOT_APPLICABLE, "d' = 1: all hyperplanes are parallel")
    if node.is_constant:
        return _row(form, node, NOT_APPLICABLE, "the node is constant on U (p = 0)")
    if len(setting.problem.creases[setting.crease(node)].members) > 1:
        return _row(form, node, NOT_APPLICABLE, "another node lies on the same hyperplane")
    if form != SHARP and (why := _too_few(setting, node)):
        return _row(form, node, NOT_APPLICABLE, why)
    return None


def _too_few(setting: Setting, node: Node) -> str:
    """Why no statement could bound |v_k'|, where outputs are more than others: what is orthogonal to them leaves no kink."""
    others, outputs = len(setting.problem.student) - 1, len(node.fan_out)
    if others >= outputs:
        return ""
    return f"{outputs} outputs need as many observers: {others} see nothing of what is orthogonal to their fan-outs"


def _distance(setting: Setting, node: Node) -> tuple[arb, Node | None]:
    """c0: the smallest sine to any other node of either network."""
    return setting.angles.best(setting.crease(node), [other for other in setting.problem.nodes if other is not node])


def printed(setting: Setting, node: Node) -> Verdict:
    """The statement as printed, read literally; the observers are other students that see the boundary anywhere."""
    excluded = _excluded(setting, node, PRINTED)
    if excluded is not None:
        return excluded
    student = setting.instance.student
    i = setting.crease(node)
    c0, nearest = _distance(setting, node)
    if not c0 > 0:
        return _row(PRINTED, node, NOT_APPLICABLE, "another node has the same projected direction (c0 = 0)")
    candidates = []
    for other in setting.problem.student:
        alpha = -setting.problem.couplings[other.index, len(setting.problem.teacher) + node.index]
        if other is not node and alpha != 0 and is_observed(student, node.index, student, other.index):
            candidates.append((other, abs(exact.ball(alpha))))
    below, above = setting.shapes.disc(i)
    eps_low, eps_high = setting.printed_epsilon
    size = exact.log2(exact.power_of_two([exact.middle(eps_high)]))
    high, least = float((eps_high / exact.ball(exact.two_to(size))).mid()), min((power(k) for k, _ in candidates), default=0)

    def score(inverses, alphas, powers):
        shrunk = float(below.mid()) - 5 * high * np.ldexp(1 / alphas, size - powers).max(axis=1)
        return np.where(shrunk > 0, np.ldexp(norms(inverses, powers), least - powers.min(axis=1)) / shrunk, np.inf)

    chosen = choose(setting, candidates, len(node.fan_out), score)
    if chosen is None:
        return _row(PRINTED, node, NOT_APPLICABLE, "no observers with an invertible Q")
    alpha = min(chosen.limits, key=exact.upper_float)
    worst, best = bounds.shrunk_radius(below, eps_high, alpha), bounds.shrunk_radius(above, eps_low, alpha)
    norm = bounds.column_sum_norm(chosen.inverse)
    terms = {
        "inverse_norm": norm,
        "epsilon": eps_high,
        "radius": below,
        "radius_above": above,
        "shrunk_radius": worst,
        "distance": c0,
        "nearest": None if nearest is None else f"{nearest.side} {nearest.index}",
        "nodes": len(setting.problem.nodes),
        "dimension": setting.problem.dimension,
    }
    if not worst > 0 or not best > 0:
        return _row(PRINTED, node, NOT_APPLICABLE, "r' = r - 5 eps/min|alpha| is not positive", terms=terms)
    d, nodes = setting.problem.dimension, len(setting.problem.nodes)
    largest = norm * bounds.printed_sine(d, worst, nodes, eps_high, c0)
    smallest = norm * bounds.printed_sine(d, best, nodes, eps_low, c0)
    measured = bounds.euclidean(node.fan_out)
    unsaid = _unsaid(setting, PRINTED, node, measured, largest, terms, chosen)
    if unsaid is not None:
        return unsaid
    outcome = compare(measured, smallest, largest)
    if outcome == FAILS:
        failed = Failed(setting, node, chosen, measured, eps_high, alpha, c0)
        missing = missing_hypotheses(HEALERS, failed.is_healed_by)
        return _row(
            PRINTED,
            node,
            FAILS,
            f"the fan-out exceeds the bound; missing hypothesis: {' + '.join(missing)}",
            measured,
            largest,
            terms,
            observers=chosen.indices,
            reason=missing[0],
            missing=missing,
        )
    why = "the fan-out is within the bound" if outcome == HOLDS else "the enclosures overlap"
    return _row(PRINTED, node, outcome, why, measured, largest, terms, observers=chosen.indices)


@dataclass(frozen=True)
class Failed:
    """A printed row that fails: |v_k'| (measured) against the printed bound for these observers.

    epsilon    the printed eps, from above
    alpha      the smallest |alpha_mk'| of the observers
    distance   c0, the sine to the nearest other node
    """

    setting: Setting
    node: Node
    chosen: Chosen
    measured: arb
    epsilon: arb
    alpha: arb
    distance: arb

    def is_healed_by(self, added: frozenset[str]) -> bool:
        """True if the printed statement with these hypotheses added no longer fails (or no longer applies)."""
        setting, observers = self.setting, self.chosen.observers
        size = _norm_of_p(setting, self.node) / setting.unit if "norm" in added else arb(1)
        i, q = setting.crease(self.node), 5 * self.epsilon / (self.alpha * size)
        rooms = [setting.shapes.room(i, observer, q, added) for observer in observers]
        left = [room for room in rooms if room is not None and room > 0]
        if len(left) < len(rooms):
            return True
        room = min(left, key=exact.upper_float)
        problem = setting.problem
        sine = bounds.printed_sine(problem.dimension, room, len(problem.nodes), self.epsilon, self.distance)
        limit = bounds.column_sum_norm(self.chosen.inverse) * sine / size
        if "norm" in added:  # the proof bounds |v|_inf; its 2-norm costs the root of the outputs
            limit = limit * arb(len(observers)).sqrt()
        return not self.measured > limit


def _norm_of_p(setting: Setting, node: Node) -> arb:
    """|p_k'| in the geometry of U."""
    i = setting.crease(node)
    scale = next(scale for member, scale in setting.problem.creases[i].members if member is node)
    return setting.masses.unit_lengths[i] * exact.ball(abs(scale))


def _observers(setting: Setting, node: Node):
    """Other students in whose A_m a ball around the node's crease fits, with that domain and ball; those found in time."""
    i = setting.crease(node)
    for other, domain in zip(setting.problem.student, setting.domains, strict=True):
        if other is not node and domain is not None and not setting.is_over:
            inscribed = setting.shapes.ball(i, domain)
            if inscribed is not None:
                yield other, domain, inscribed


def _unseen(setting: Setting, form: str, node: Node, why: str) -> Verdict:
    """The row of a node for which no observers were found: there are none, unless the search for them was cut off."""
    return _row(form, node, VACUOUS, UNJUDGED) if setting.is_over else _row(form, node, NOT_APPLICABLE, why)


def repaired(setting: Setting, node: Node) -> Verdict:
    """The paper's argument with each observer's own region, thickness and the projected norm."""
    excluded = _excluded(setting, node, REPAIRED)
    if excluded is not None:
        return excluded
    i, size = setting.crease(node), _norm_of_p(setting, node)
    c0, nearest = _distance(setting, node)
    if not c0 > 0:
        return _row(REPAIRED, node, NOT_APPLICABLE, "another node has the same projected direction (c0 = 0)")
    d, nodes = setting.problem.dimension, len(setting.problem.nodes)
    candidates = []
    for other, domain, _ in _observers(setting, node):
        kappa, epsilon = abs(setting.masses.kappa(i, other)), setting.epsilon(other)[1]
        if kappa > 0:
            disc = setting.shapes.guarded_disc(i, domain, exact.upper_float(5 * epsilon / kappa))
            if disc is not None:
                candidates.append((other, bounds.printed_sine(d, disc.radius, nodes, epsilon, c0) / size))
    chosen = choose(setting, candidates, len(node.fan_out), largest_limit)
    if chosen is None:
        return _unseen(setting, REPAIRED, node, "no C observers with an invertible Q see the boundary thickly enough")
    worst = max(chosen.limits, key=exact.upper_float)
    norm = bounds.column_sum_norm(chosen.inverse)
    bound = arb(len(chosen.observers)).sqrt() * norm * worst
    terms = {
        "inverse_norm": norm,
        "limit": worst,
        "distance": c0,
        "norm": size,
        "nodes": nodes,
        "dimension": d,
        "nearest": None if nearest is None else f"{nearest.side} {nearest.index}",
    }
    return _judged(setting, REPAIRED, node, bound, setting.shown(terms), chosen)


def sharpened(setting: Setting, node: Node) -> Verdict:
    """Corollary 1'."""
    excluded = _excluded(setting, node, SHARP)
    if excluded is not None:
        return excluded
    i, size = setting.crease(node), _norm_of_p(setting, node)
    choices = {other: sharp.kink_candidates(setting, i, other, inscribed) for other, _, inscribed in _observers(setting, node)}
    few = _too_few(setting, node)
    chosen, proved = (None, []) if few else _proved(setting, choices, size, len(node.fan_out))
    if chosen is None:
        unseen = _unseen(setting, SHARP, node, few or "no C observers with an invertible Q see the boundary")
        return unseen if setting.is_over else _in_span(setting, unseen, node, choices, size)
    bound = bounds.fan_out(chosen.inverse, chosen.limits)
    terms = {"limits": [number(limit) for limit in chosen.limits], "norm": size}
    terms["method"] = "+".join(sorted({one.form for one in proved}))
    return _judged(setting, SHARP, node, bound, setting.shown(terms) | _gradients(setting, chosen, proved), chosen)


def _gradients(setting: Setting, chosen: Chosen, proved: list[Bound]) -> dict[str, list[float | None]]:
    """eps_k of every observer, and of those whose local gradient took its place that gradient and its ball; else None."""
    local = [(one.terms.get("local_epsilon"), one.terms["radius"] if "local_epsilon" in one.terms else None) for one in proved]
    return {
        "epsilons": [number(setting.epsilon(other)[1]) for other in chosen.observers],
        "local_epsilons": [number(gradient) for gradient, _ in local],
        "radii": [None if radius is None else number(exact.ball(radius) * setting.unit) for _, radius in local],
    }


def _in_span(setting: Setting, row: Verdict, node: Node, choices: dict[Node, list[Candidate]], size: arb) -> Verdict:
    """A row without C observers, with what bounds the projection of the fan-out on the span of those that there are."""
    proved = [(other, best(candidates)) for other, candidates in choices.items() if candidates]
    limits = _independent([(other, bound.value / size) for other, bound in proved if bound is not None])
    if not limits:
        return row
    Q, seen = np.stack([other.fan_out for other, _ in limits]), [limit for _, limit in limits]
    try:
        inverse = exact.enclosed_inverse(Q @ Q.T)
    except ZeroDivisionError:
        return row
    products = [exact.ball(x) for x in Q @ node.fan_out]
    measured = _root(inverse, products)
    bound = _root(np.array([[abs(x) for x in line] for line in inverse], dtype=object), seen)
    terms = {"span_observers": [other.index for other, _ in limits], "span_measured": measured, "span_bound": bound}
    if compare(measured, bound, bound) == FAILS:
        return _row(SHARP, node, FAILS, "the projection of the fan-out exceeds its bound", measured, bound, terms)
    return replace(row, terms=float_terms(terms))


def _root(matrix: np.ndarray, vector: list[arb]) -> arb:
    """sqrt(vector . matrix vector)."""
    total = sum((x * a * y for x, line in zip(vector, matrix, strict=True) for a, y in zip(line, vector, strict=True)), arb(0))
    return bounds.square_root(total)


def _independent(limits: list[tuple[Node, arb]]) -> list[tuple[Node, arb]]:
    """Observers whose fan-outs are independent, those with the smallest limits for their length first."""
    lengths = [bounds.euclidean(other.fan_out) for other, _ in limits]
    order = sorted(range(len(limits)), key=lambda n: exact.upper_float(limits[n][1] / lengths[n]) if lengths[n] > 0 else np.inf)
    chosen: list[tuple[Node, arb]] = []
    basis = np.zeros((0, len(limits[0][0].fan_out) if limits else 0))
    for n in order:
        fan_out = limits[n][0].fan_out
        direction = exact.nearest(fan_out / exact.power_of_two(fan_out))
        rest = direction - basis.T @ (basis @ direction)
        if np.linalg.norm(rest) > NEW * np.linalg.norm(direction):
            basis = np.vstack([basis, rest / np.linalg.norm(rest)])
            chosen.append(limits[n])
    return chosen


def _proved(
    setting: Setting, choices: dict[Node, list[Candidate]], size: arb, outputs: int
) -> tuple[Chosen | None, list[Bound]]:
    """The best observers by bounds in floats, and theirs as they are proved then; size: |p_k'|."""
    limits = {
        other: exact.ball(candidates[0][0]) * exact.ball(setting.float_unit(other)) / size
        for other, candidates in choices.items()
        if candidates
    }
    proved: dict[Node, Bound] = {}

    def limit(other: Node) -> arb | None:
        bound = best(choices[other])
        if bound is None:
            return None
        proved[other] = bound
        return bound.value / size

    chosen = choose_proved(setting, limits, outputs, length_of_limits, limit)
    return chosen, [] if chosen is None else [proved[other] for other in chosen.observers]


def _unsaid(setting: Setting, form: str, node: Node, measured: arb, bound: arb, terms, chosen: Chosen) -> Verdict | None:
    """The row of a bound that says nothing, or of sides that no float can tell; None where the sides are compared."""
    if not bound < setting.widest:
        return _row(form, node, VACUOUS, SAYS_NOTHING, measured, bound, terms, observers=chosen.indices)
    if number(measured) is None or number(bound) is None:
        return _row(form, node, NOT_APPLICABLE, BEYOND, terms=terms, observers=chosen.indices)
    return None


def _judged(setting: Setting, form: str, node: Node, bound: arb, terms: dict[str, Any], chosen: Chosen) -> Verdict:
    measured = bounds.euclidean(node.fan_out)
    unsaid = _unsaid(setting, form, node, measured, bound, terms, chosen)
    if unsaid is not None:
        return unsaid
    outcome = compare(measured, bound, bound)
    why = {HOLDS: "the fan-out is within the bound", FAILS: "the fan-out exceeds the bound"}.get(
        outcome, "the enclosures overlap"
    )
    return _row(form, node, outcome, why, measured, bound, terms, observers=chosen.indices)
