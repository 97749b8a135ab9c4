"""A certificate of a whole check: the gradient, radii and verdicts, as JSON for an independent checker.

Every row that holds, fails or is vacuous is restated with two exact numbers next to its sides and the radii that it needs.
What cannot be restated so (a sharp bound by another method than Theorem A's ball or cylinder, sides that agree to a
rounding, a bound that is infinite or not defined) is left out and counted. Format: proofs/CERTIFICATE.md.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from flint import arb, fmpq

from .. import exact
from ..certify.certificates import (
    Rows,
    box_entries,
    checking_steps,
    dyadic,
    gradient_evidence,
    rows_of,
    supremum_evidence,
    text,
    texts,
)
from ..certify.radii.one import Inscribed, square_root
from ..certify.suprema import active_domains, gradient_suprema, largest_ends, supremum, uninterrupted
from ..instances import Instance
from ..restriction.domains import Domain
from ..restriction.restricted import Node, difference, restricted
from . import bounds, recovered, recovery
from .check import Check, judged, times
from .setting import Setting
from .sharp import wall
from .sharp.around import Sizes, around, sizes
from .sharp.evidence import restated, shares
from .sharp.local import balls
from .verdict import FAILS, HOLDS, PRINTED, REPAIRED, VACUOUS, Verdict

FORMAT = "twolayer-certificate/1"
BETWEEN = exact.rational(2.0**-40)  # share by which the two restated sides are moved towards each other
ABOVE = 1 + 2.0**-30  # "t > 4 eps / |kappa|" strictly
SUMMED = 2.0**-90  # share of the kink masses that a sum of them may be off by where each root has 99 bits
MOST_VERDICTS = 600  # rows of a certificate; fails come first, then the rows closest to failing


def certificate(
    instance: Instance, *, gap: float = 1e-3, time_limit: float | None = None, workers: int = 1, progress=iter
) -> tuple[dict[str, Any], Check]:
    """(the certificate as JSON-able values, the check that it certifies).

    gap, time_limit, workers, progress: as in `check`. left_out counts the rows that hold, fail or are vacuous
    and are not restated, by statement, form and verdict.
    """
    deadline, end = times(time_limit)
    problem = restricted(instance)
    rows = rows_of(problem, exact.rationals(instance.region.A))
    domains = active_domains(problem)
    enclosures = uninterrupted(
        gradient_suprema(problem, domains, gap=gap, deadline=deadline, workers=workers, progress=progress)
    )
    enclosures, students = gradient_evidence(problem, domains, enclosures, rows, gap=gap, deadline=deadline, progress=progress)
    out: dict[str, Any] = {
        "format": FORMAT,
        "instance": json.loads(instance.to_json()),
        "coordinates": {"rows": [texts(row) for row in problem.frame.steps], "origin": texts(problem.frame.origin)},
        "box": box_entries(problem.region, rows),
        "inside": texts(problem.region.interior),
        "students": students,
        "gradient": {key: text(x) for key, x in zip(("lower", "upper"), largest_ends(enclosures), strict=True)},
    }
    excess = None
    if instance.second_teacher is not None:
        excess, out["excess"] = _excess(instance, rows, gap, deadline)
    result = judged(instance, problem, domains, enclosures, gap=gap, deadline=deadline, end=end, excess=excess)
    radii, verdicts = _Radii(rows), []
    telling = sorted((v for v in result.verdicts if v.verdict in (HOLDS, FAILS, VACUOUS)), key=_interest)
    left_out: Counter[str] = Counter()
    for n, verdict in enumerate(telling):
        setting = result.second_setting if verdict.statement == "theorem-3" else result.setting
        assert setting is not None  # Theorem 3 has rows only where there is a second teacher
        restated = _Restated(setting, verdict, radii).row() if n < MOST_VERDICTS else None
        if restated is not None:
            verdicts.append(restated)
        else:
            left_out[f"{verdict.statement} {verdict.form} {verdict.verdict}"] += 1
    for verdict in recovered.vectors(result.verdicts):
        restated = _Restated(result.setting, verdict, radii).row() if len(verdicts) < MOST_VERDICTS else None
        verdicts += [] if restated is None else [restated]
        left_out.update([] if restated is not None else [f"{recovery.STATEMENT} vector {verdict.verdict}"])
    out |= {"radii": radii.entries, "verdicts": verdicts, "left_out": dict(left_out)}
    return out, result


def _interest(verdict: Verdict) -> tuple:
    """Fails first, then what holds by measured against bound, then what is vacuous."""
    measured, bound = verdict.measured or 0.0, verdict.bound or 0.0
    return (FAILS, HOLDS, VACUOUS).index(verdict.verdict), -(measured / bound if bound > 0 else 0.0)


def _excess(instance: Instance, rows: Rows, gap: float, deadline: float | None):
    """((lower, upper) of e0, its entries, one an output)."""
    ends, entries = [], []
    steps = checking_steps(restricted(instance)) + checking_steps(restricted(instance, second_teacher=True))
    for output in range(instance.teacher.outputs):
        h, region = difference(instance, output)
        (enclosure,) = uninterrupted([supremum(h, region, gap=gap, deadline=deadline)])
        enclosure, entry = supremum_evidence(h, region, enclosure, rows, steps=steps, gap=gap, deadline=deadline)
        ends.append((enclosure.lower, enclosure.upper))
        entries.append(entry)
    return (max(low for low, _ in ends), max(high for _, high in ends)), entries


class _Radii:
    """The radii of a certificate, each written once."""

    def __init__(self, rows: Rows):
        self.rows = rows
        self.entries: list[dict[str, Any]] = []
        self._known: dict[tuple, int] = {}

    def add(self, kind: str, node: tuple[str, int], observer: int | None, allowance: str, entry: dict[str, Any]) -> int:
        """Position of an entry, written at its first use."""
        key = (kind, node, observer, allowance, entry["radius"])
        if key not in self._known:
            self._known[key] = len(self.entries)
            self.entries.append({"kind": kind, "node": list(node), "observer": observer, "allowance": allowance, **entry})
        return self._known[key]


class _Restated:
    """One row that holds, fails or is vacuous, in the checker's terms."""

    def __init__(self, setting: Setting, verdict: Verdict, radii: _Radii):
        self.setting, self.verdict, self.radii = setting, verdict, radii
        problem = setting.problem
        if verdict.teacher is not None:
            self.node = problem.teacher[verdict.teacher]
            self.name = ("second" if verdict.statement == "theorem-3" else "teacher", verdict.teacher)
            self.trivial = fmpq(1)
        else:
            assert verdict.student is not None
            self.node, self.name = problem.student[verdict.student], ("student", verdict.student)
            self.trivial = max((node.fan_out * node.fan_out).sum() for node in problem.nodes)

    def row(self) -> dict[str, Any] | None:
        """The entry; None where the row cannot be restated."""
        v = self.verdict
        keys = ("statement", "form", "verdict", "teacher", "student", "observer")
        entry = {key: getattr(v, key) for key in keys if getattr(v, key) is not None}
        if v.bound is None:
            return {**entry, "measured": None, "bound": None} if v.terms.get("alpha") == 0 else None
        restatements = {"theorem-1": self._theorem1, "corollary-1": self._corollary, recovery.STATEMENT: self._recovery}
        restated = restatements.get(v.statement, self._angle)()
        if restated is None:
            return None
        bound, extra = restated
        sides = self.sides(arb(0) if v.measured is None else exact.ball(v.measured), bound, extra.pop("rounded", arb(0)))
        return None if sides is None else {**entry, **sides, **extra}

    def sides(self, measured: arb, bound: arb, rounded: arb) -> dict[str, str] | None:
        """Exact numbers next to the two sides, the first of which a checker may round by `rounded`; None without room."""
        ends = self._between(measured + rounded, bound)
        if ends is None or not self._says_as_much(bound, ends[1]):
            return None
        return {"measured": text(ends[0]), "bound": text(ends[1])}

    def _between(self, measured: arb, bound: arb) -> tuple[fmpq, fmpq] | None:
        """Exact numbers next to the sides on the safe side of them, if there is room: fails needs measured > bound."""
        if not bound.is_finite():
            return None
        sign = -1 if self.verdict.verdict == FAILS else 1
        m, b = (exact.middle(x) for x in (measured, bound))
        m, b = m + sign * abs(m) * BETWEEN, b - sign * abs(b) * BETWEEN
        if self.verdict.verdict == VACUOUS:
            return m, fmpq(1) if bound == 1 else b
        if b == m == 0 and sign > 0:
            return m, b
        return (m, b) if (m <= b if sign > 0 else m > b) else None

    def _says_as_much(self, bound: arb, restated: fmpq) -> bool:
        """Whether the restated bound is trivial exactly where the row is vacuous.

        It is not where the check's own bound says something by a method that the checker does not know.
        """
        if self.verdict.verdict == VACUOUS:
            return restated > 0 and restated**2 >= self.trivial
        largest = max(exact.middle(bound), exact.rational(self.verdict.bound)) * (1 + BETWEEN)
        return self.verdict.verdict == FAILS or largest <= 0 or largest**2 < self.trivial

    # -- radii ------------------------------------------------------------------------------------------------------

    def _shape(self, kind: str, observer: Node | None, body: Inscribed | None) -> int | None:
        if body is None:
            return None
        entry = {"centre": texts(body.centre), "radius": self._length_in_x(body.radius)}
        allowance = self._length_in_x(body.allowance)
        return self.radii.add(kind, self.name, None if observer is None else observer.index, allowance, entry)

    def _length_in_x(self, length: float) -> str:
        return text(exact.rational(length) * self.setting.problem.frame.unit)

    def _around(self, domain: Domain):
        return self.setting.shapes.around(self.setting.crease(self.node), domain)

    def _disc(self) -> int | None:
        return self._shape("disc", None, self._around(self.setting.problem.region).disc())

    def _above(self) -> tuple[int, arb] | None:
        """The printed radius from above: its entry and its value."""
        around = self._around(self.setting.problem.region)
        dual = around.disc_dual()
        if dual is None or not dual[2].is_finite():
            return None
        multipliers, mu, value = dual
        radius = exact.upper_float(value)
        rows = dyadic(dict(enumerate(multipliers)), self.radii.rows)
        entry = {"radius": self._length_in_x(radius), "rows": rows, "crease": text(mu / self._scale())}
        return self.radii.add("disc-above", self.name, None, "0", entry), exact.ball(radius) * self.setting.unit

    def _scale(self) -> fmpq:
        """The node's scale on its crease."""
        members = self.setting.problem.creases[self.setting.crease(self.node)].members
        return next(scale for member, scale in members if member is self.node)

    # -- statements -------------------------------------------------------------------------------------------------

    def _theorem1(self):
        observers = self.verdict.terms["observers"]
        if self.verdict.form == PRINTED:
            return arb(0), {"observer": observers[0]}
        for k in observers:
            place = self._ball(self.setting.problem.student[k])
            if place is not None:
                return arb(0), {"observer": k, "radius": place}
        return None

    def _ball(self, observer: Node) -> int | None:
        domain = self.setting.domains[observer.index]
        ball = None if domain is None else self.setting.shapes.ball(self.setting.crease(self.node), domain)
        return self._shape("ball", observer, ball)

    def _angle(self):
        v, setting = self.verdict, self.setting
        assert v.observer is not None
        observer = setting.problem.student[v.observer]
        if v.form == PRINTED:
            alpha = exact.ball((self.node.fan_out * observer.fan_out).sum())
            return self._paper(
                alpha, lambda r, eps: bounds.printed_sine(setting.problem.dimension, r, len(setting.problem.nodes), eps, alpha)
            )
        if v.terms.get("branch") == "coincident":
            place = self._ball(observer)
            return None if place is None else (arb(0), {"radius": place})
        domain = setting.domains[observer.index]
        assert domain is not None
        if v.form == REPAIRED:
            q = exact.upper_float(exact.ball(v.terms["q"]) / setting.unit)
            place = self._shape("guarded", observer, self._around(domain).guarded_disc(q))
            return None if place is None else (exact.ball(v.bound), {"radius": place})
        return self._sharp(observer, domain)

    def _paper(self, alpha: arb, bound: Callable[[arb, arb], arb]):
        """The printed bound at the end that the verdict needs, and its radii."""
        setting, v = self.setting, self.verdict
        below, (low, high) = self._disc(), setting.printed_epsilon
        if below is None:
            return None
        radius = setting.shapes.disc(setting.crease(self.node))[0]
        if v.verdict != HOLDS and alpha > 0:
            return bound(bounds.shrunk_radius(radius, high, alpha), high), {"radius": below}
        above = self._above()
        if above is None:
            return None
        if v.verdict == FAILS or alpha > 0:
            return bound(bounds.shrunk_radius(above[1], low, alpha), low), {"radius": below, "above": above[0]}
        return None

    def _sharp(self, observer: Node, domain: Domain):
        """Theorem 2' by the best of Theorem A's bodies: a ball with eps_k or its local gradient, one that the observer's crease
        may cut, or the flattest cylinder."""
        setting, i = self.setting, self.setting.crease(self.node)
        bodies: list[tuple[str, Inscribed, Sizes, dict[str, Any]]] = []
        size, inscribed = sizes(setting, i, observer), setting.shapes.ball(i, domain)
        if inscribed is not None:
            given = self.verdict.terms.get("radius")
            smaller = exact.lower_float(exact.ball(given) / setting.unit) if given else inscribed.radius
            radii = {inscribed.radius, min(smaller, inscribed.radius)}
            bodies += [("ball", replace(inscribed, radius=radius), size, {}) for radius in radii]
            for ball in balls(setting, i, size, inscribed, around(setting, i, observer, inscribed.centre)):
                for evidence in restated(ball):
                    local = replace(size, proved=evidence.proved)
                    bodies.append(("ball", replace(inscribed, radius=ball.radius), local, evidence.entry))
        if size.epsilon > 0:
            t = exact.upper_float(4 * size.epsilon / size.kappa * ABOVE)
            cylinder = self._around(domain).cylinder(t) if t > 0 else None
            if cylinder is not None:
                bodies.append(("cylinder", cylinder, size, {}))
            for cut in wall.bodies(setting, i, size, domain, 1.0):
                entry = {} if cut.pairing is None else {"shares": shares(cut.pairing)}
                bodies.append((wall.FORM, replace(cut.wall.ball, radius=cut.radius), cut.size, entry))
        scored = [
            (value, kind, body, entry)
            for kind, body, size, entry in bodies
            if (value := self._by_count(kind, body, size)) is not None
        ]
        if not scored:
            return None
        value, kind, body, entry = min(scored, key=lambda item: exact.upper_float(item[0]))
        return value, {"radius": self._shape(kind, observer, body), **entry}

    def _by_count(self, kind: str, body: Inscribed, size: Sizes) -> arb | None:
        """The bound of one body, 1 where no room is left; None where balls cannot decide what meets it or what is left."""
        setting, students, alone, parallel = self.setting, 0, arb(0), False
        i, kappa, epsilon = setting.crease(self.node), size.kappa, size.epsilon
        edge = setting.crease(size.observer) if kind == wall.FORM else None
        for j, meets in self._opposing(kind, body, size.observer):
            if j == edge:
                continue
            if meets is None:
                return None
            if meets and setting.masses.carries_student[j]:
                students += 1
            elif meets:
                alone += setting.angles.cotangents(i)[j]
                parallel |= bool(setting.angles.sin_squared(i)[j] == 0)
        if kind == "ball" and epsilon == 0:
            return arb(0) if alone.is_finite() else None
        if parallel or (kind != "cylinder" and kappa * exact.ball(body.radius) <= 4 * epsilon):
            return arb(1)
        if not alone.is_finite():
            return None
        flat = kind == "cylinder"
        room = exact.ball(body.radius) / exact.ball(body.allowance) if flat else bounds.reach(kappa, body.radius, epsilon)
        value = arb(1) if room <= alone else bounds.student_sine(room, alone, students)
        if value is None or edge is None:
            return value
        return value.max(exact.ball(body.radius) * setting.angles.sine(i, edge) / setting.shapes.distance(edge, body.centre))

    def _opposing(self, kind: str, body: Inscribed, observer: Node):
        """(crease, does it meet the body: True, False or None for undecided) of the opposing ones."""
        setting, metric = self.setting, self.setting.problem.frame.metric
        i, signs = setting.crease(self.node), setting.masses.signs(observer)
        for j, crease in enumerate(setting.problem.creases):
            if j == i or signs[j] == 0 or signs[j] * signs[i] > 0:
                continue
            if kind != "cylinder":
                yield j, recovered.reaches(setting, body, j)
                continue
            value = abs((crease.normal * body.centre).sum() + crease.offset)
            size = (crease.normal @ metric * crease.normal).sum()
            across = setting.angles.sin_squared(i)[j]
            wide = exact.ball(body.radius) * square_root(arb(across * size))
            reach = wide + exact.ball(body.allowance) * square_root(arb((1 - across) * size))
            yield j, True if arb(value) <= reach else False if arb(value) > reach else None

    def _corollary(self):
        v, setting = self.verdict, self.setting
        assert v.observers is not None
        observers = [setting.problem.student[m] for m in v.observers]
        extra: dict[str, Any] = {"observers": list(v.observers)}
        Q = np.stack([o.fan_out for o in observers], axis=1)
        inverse = exact.inverse(Q)
        if v.form == PRINTED:
            norm, d, nodes = bounds.column_sum_norm(inverse), setting.problem.dimension, len(setting.problem.nodes)
            alphas = [abs(exact.ball((o.fan_out * self.node.fan_out).sum())) for o in observers]
            c0 = exact.ball(v.terms["distance"])
            printed = self._paper(
                min(alphas, key=exact.upper_float), lambda r, eps: norm * bounds.printed_sine(d, r, nodes, eps, c0)
            )
            return None if printed is None else (printed[0], {**extra, **printed[1]})
        i = setting.crease(self.node)
        if v.form == REPAIRED:
            places = []
            for observer in observers:
                domain = setting.domains[observer.index]
                assert domain is not None
                kappa, epsilon = abs(setting.masses.kappa(i, observer)), setting.epsilon(observer)[1]
                disc = self._around(domain).guarded_disc(exact.upper_float(5 * epsilon / kappa))
                places.append(self._shape("guarded", observer, disc))
            return None if None in places else (exact.ball(v.bound), {**extra, "radii": places})
        masses = [recovered.mass(setting, i, observer) for observer in observers]
        bound = bounds.fan_out(inverse, [mass.bound / self._length() for mass in masses])
        if not bound.is_finite():
            return None
        pairs = list(zip(observers, masses, strict=True))
        extra["radii"] = [self._shape("ball", observer, mass.ball) for observer, mass in pairs]
        if any(mass.entry for mass in masses):
            extra["gradients"] = [
                {**mass.entry, "ball": self._shape("ball", observer, mass.around)} if mass.entry else {}
                for observer, mass in pairs
            ]
        return bound, extra

    def _recovery(self):
        restated = recovered.restated(self.setting, self.node, self.verdict)
        if restated is None:
            return None
        places = [self._shape("ball", observer, ball) for observer, ball in restated.balls]
        keys = {"radius": places[0]} if self.verdict.observers is None else {"radii": places}
        return restated.bound, {**keys, **restated.extra, "rounded": restated.largest * exact.ball(SUMMED)}

    def _length(self) -> arb:
        """|p| of the node in the geometry of U."""
        return self.setting.masses.unit_lengths[self.setting.crease(self.node)] * abs(exact.ball(self._scale()))
