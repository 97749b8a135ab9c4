"""The statements' two sides in rational arithmetic: which verdicts follow from what a certificate has proved.

No evidence is read here: `certificate.Proved` has checked it, and `local` checks what rows say of local gradients.
A verdict's row names the statement, the form, its nodes and
the radii that it uses; hypotheses and both sides are rebuilt from the instance, the proved eps and the proved radii.
`fails` needs measured > bound, with the claimed `measured` at most the true one and the claimed `bound` at least the
true one; `holds` the opposite, and a bound that says something; `vacuous` one that does not. Statements and forms:
CERTIFICATE.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import local
from .certificate import ONE, ZERO, Proved, Rational, at, dot, index, need, number, root
from .kernel import pi_enclosure
from .sides import ABOVE, cotangents, recovery, sine_squared, sizes_of_inverse, square_of_fan_out

PI = [Rational(x.numerator, x.denominator) for x in pi_enclosure(60)]


@dataclass(frozen=True)
class Row:
    """A verdict that is proved. Its numbers lie on the safe side of the two sides of the inequality.

    nodes     (name, index) of what the row is about; (observers, indices) where several are needed
    measured  at most the measured side where the row fails, at least it where it does not
    bound     at least the bound where the row fails, at most it where it does not
    None, both, where alpha = 0 and the bound is not defined
    """

    statement: str
    form: str
    verdict: str
    nodes: tuple[tuple[str, Any], ...]
    measured: Rational | None
    bound: Rational | None


def judged(proved: Proved, certificate) -> list[Row]:
    """Every verdict, proved; Refuted at the first that is not, or that comes twice."""
    rows: dict[tuple, Row] = {}
    for given in certificate.get("verdicts", []):
        statement, form, verdict = given["statement"], given["form"], given["verdict"]
        judge = {
            "theorem-1": theorem1,
            "theorem-2": angle,
            "theorem-3": angle,
            "corollary-1": fan_out,
            "fan-out-recovery": recovery,
        }[statement]
        case = Case(proved, given)
        if given["bound"] is None:
            need(verdict == "vacuous" and unseen(case), f"{statement} {form}: the bound is not proved to be undefined")
            enter(rows, given, None, None)
            continue
        least, most, low, high = judge(case)  # measured^2 and the bound's signed square, between rationals
        measured, bound, trivial = number(given["measured"]), number(given["bound"]), case.trivial()
        claim = {
            "fails": bound < measured and signed(measured) <= least and signed(bound) >= high,
            "holds": measured <= bound and signed(measured) >= most and signed(bound) <= low,
            "vacuous": signed(measured) >= most and trivial <= signed(bound) <= low,
        }[verdict]
        need(claim, f"{statement} {form}: the verdict {verdict} is not proved")
        need(verdict != "holds" or high < trivial, f"{statement} {form}: the bound is not proved to say anything (vacuous)")
        enter(rows, given, measured, bound)
    return list(rows.values())


def enter(rows: dict, given, measured, bound) -> None:
    """Put a row that is proved among the others; Refuted where it is there already."""
    statement, form = given["statement"], given["form"]
    names = "student" if statement == "corollary-1" else "teacher", "observers" if "observers" in given else "observer"
    key = (statement, form, given[names[0]], *sorted([given[names[1]]] if names[1] == "observer" else given[names[1]]))
    need(key not in rows, f"{statement} {form}: a row comes twice")
    rows[key] = Row(statement, form, given["verdict"], tuple((name, given[name]) for name in names), measured, bound)


def unseen(case: Case) -> bool:
    """Theorem 2 or 3, alpha = 0: the observer does not see the teacher's output; in the true forms kappa_T = 0 besides."""
    given, teachers = case.given, case.problem.teachers[case.second]
    node = teachers[index(given["teacher"], len(teachers))]
    observer = case.students[index(given["observer"], len(case.students))]
    applies = given["statement"] in ("theorem-2", "theorem-3") and case.problem.d > 1 and node.scale is not None
    mass = case.form != "printed" and applies and case.mass(node, observer, teachers)
    return applies and dot(node.fan_out, observer.fan_out) == 0 and mass == 0


def signed(x):
    """x |x|, which grows with x."""
    return x * abs(x)


class Case:
    """A row with what it may use."""

    def __init__(self, proved: Proved, given):
        self.problem, self.proved, self.given, self.second = proved.problem, proved, given, given["statement"] == "theorem-3"
        need(not self.second or proved.excess is not None, "theorem-3 needs the difference of the teachers")
        self.form = given["form"]
        need(self.form in ("printed", "repaired", "sharp"), "an unknown form")
        self.nodes, self.students = self.problem.nodes(self.second), self.problem.students
        self.size = len(self.nodes)

    def trivial(self):
        """Square of the least bound that says nothing: no sine is above 1, no fan-out above the largest of the nodes."""
        return max(dot(n.fan_out, n.fan_out) for n in self.nodes) if self.given["statement"] == "corollary-1" else ONE

    def epsilon(self, k=None):
        """(lower, upper) of eps_k, or of the printed eps, with what Theorem 3 adds."""
        of = [self.students[k]] if k is not None else self.students
        dual = max(sum((abs(x) for x in node.fan_out), ZERO) for node in of)
        ends = self.proved.suprema[k] if k is not None else self.proved.gradient
        return tuple(e + (x * dual if self.second else 0) for e, x in zip(ends, self.proved.excess or (0, 0), strict=True))

    def shape(self, kind, node, k, n):
        """The n-th radius, which needs to be of that kind, node and observer."""
        radius = self.proved.radii[index(n, len(self.proved.radii))]
        need(radius["kind"] == kind and radius["of"] is node and radius["observer"] == k, "a row names the wrong radius")
        return radius

    def mass(self, node, observer, nodes=None):
        """kappa of a node's hyperplane in units of |p| of that node, of all nodes or of some."""
        on_it = [n for n in nodes or self.nodes if n.hyperplane == node.hyperplane]
        return sum((n.sign * dot(n.fan_out, observer.fan_out) * abs(n.scale / node.scale) for n in on_it), ZERO)

    def best(self, node, others):
        """Smallest squared sine between the hyperplanes of a node and of others; 1 without any."""
        return min((sine_squared(self.problem, node.form, n.form) for n in others if n.scale is not None), default=ONE)

    def paper(self, radius, epsilon, divisor):
        """Square of (10 / radius) sqrt(d' / (2 pi)) K epsilon / sqrt(divisor), between rationals."""
        value = 50 * self.problem.d * (self.size * epsilon / radius) ** 2 / divisor
        return value / PI[1], value / PI[0]


def observed(node, observer) -> bool:
    """The boundary of a node meets the closed half-space in which an observer is active, anywhere in space."""
    j = next((j for j, x in enumerate(node.w) if x != 0), None)
    if j is None:
        return node.b == 0 and (any(observer.w) or observer.b >= 0)
    ratio = observer.w[j] / node.w[j]
    return any(x != ratio * y for x, y in zip(observer.w, node.w, strict=True)) or observer.b - ratio * node.b >= 0


def theorem1(case: Case):
    """g_1 = 0 on all A_k; measured: the best student, in printed among those with p_k . p_j > 0; bound 0."""
    p, students = case.problem, case.students
    need(case.proved.gradient[1] == 0, "theorem-1 needs a gradient that vanishes")
    node = p.teachers[False][index(case.given["teacher"], len(p.teachers[False]))]
    observer = students[index(case.given["observer"], len(students))]
    if case.form == "printed":
        need(observed(node, observer), "the observer does not see the boundary")
        if node.scale is None:
            square = ZERO if any(s.scale is None for s in students) else ONE
        else:
            square = case.best(node, [s for s in students if p.product(s.form, node.form) > 0])
        return square, square, ZERO, ZERO
    case.shape("ball", node, case.given["observer"], case.given["radius"])
    need(case.mass(node, observer, p.teachers[False]) != 0, "kappa_T = 0")
    if case.form == "sharp":
        exact = any(s.hyperplane == node.hyperplane and dot(s.fan_out, observer.fan_out) != 0 for s in students)
        return ZERO if exact else ONE, ZERO if exact else ONE, ZERO, ZERO
    square = case.best(node, students)
    return square, square, ZERO, ZERO


def angle(case: Case):
    """Theorems 2 and 3; sharp by Theorem A's ball or cylinder, or a ball that the observer may cut, for a student."""
    p, given, k = case.problem, case.given, case.given["observer"]
    teachers = p.teachers[case.second]
    node, observer = teachers[index(given["teacher"], len(teachers))], case.students[index(k, len(case.students))]
    need(p.d > 1 and node.scale is not None, "the row does not apply")
    alpha, kappa = dot(node.fan_out, observer.fan_out), case.mass(node, observer, teachers)
    length = p.product(node.form, node.form)
    need(kappa != 0, "kappa_T = 0")
    if case.form == "printed":
        need(alpha != 0 and observed(node, observer), "the observer does not see the boundary")
        low, high = case.epsilon()
        inner = case.shape("disc", node, None, given["radius"])["radius"] - 5 * high / abs(alpha)
        need(inner > 0, "r' is not positive")
        square = case.best(node, case.students)
        worst = case.paper(inner, high, alpha**2)
        if given["verdict"] != "holds" and alpha > 0:
            return square, square, *worst
        outer = case.shape("disc-above", node, None, given["above"])["radius"] - 5 * low / abs(alpha)
        best = case.paper(outer, low, alpha**2)
        return (square, square, best[0], worst[1]) if alpha > 0 else (square, square, -worst[1], -best[0])
    if any(s.hyperplane == node.hyperplane for s in case.students):
        case.shape("ball", node, k, given["radius"])
        return ZERO, ZERO, ZERO, ZERO
    high, mass = case.epsilon(k)[1], kappa**2 * length
    if case.form == "repaired":
        disc = case.shape("guarded", node, k, given["radius"])
        need(disc["allowance"] ** 2 * mass >= 25 * high**2, "the disc is not guarded by q")
        square = case.best(node, [n for n in case.nodes if n.hyperplane != node.hyperplane])
        return square, square, *case.paper(disc["radius"], high, mass)
    body = case.proved.radii[index(given["radius"], len(case.proved.radii))]
    square = case.best(node, case.students)
    wall, price = (observer.hyperplane, own_sine(case, node, observer, body)) if body["kind"] == "wall" else (None, ZERO)
    if wall is not None or body["kind"] == "ball" or "shares" in given or "affine" in given:
        case.shape("ball" if wall is None else "wall", node, k, given["radius"])
        levels = local.levels(p, case.nodes, lambda n: case.mass(n, observer), body, given, wall) or [high] * 2
        if levels[1] == 0 and wall is None:
            return square, square, ZERO, ZERO  # the room is infinite
        need(levels[0] > 0, "a local gradient is not proved to be positive")
        left = [mass * body["radius"] ** 2 / (16 * level**2) - 1 for level in levels]
        rooms = [root(max(x, ZERO), up) for x, up in zip(left, (True, False), strict=True)]
    else:
        case.shape("cylinder", node, k, given["radius"])
        need(mass * body["allowance"] ** 2 > 16 * high**2, "the cylinder is too low")
        rooms = [body["radius"] / body["allowance"]] * 2
    met = [opposing(case, node, observer, body, up) for up in (False, True)]
    return square, square, *(max(price, student_sine(*ends)) for ends in zip(rooms, met, (False, True), strict=True))


def own_sine(case: Case, node, observer, body):
    """Squared sine of the observer's hyperplane from which on a ball around a crease would lie in its active region."""
    p = case.problem
    need(observer.scale is not None, "an observer that is constant on U has no crease")
    sine, away = sine_squared(p, node.form, observer.form), at(observer.form, body["centre"]) ** 2
    need(sine > 0 and away > 0, "the observer's crease is parallel, or holds the centre")
    return body["radius"] ** 2 * sine * p.product(observer.form, observer.form) / away


def student_sine(room, met, up: bool):
    """Squared sine of Theorem 2' rounded up or down; 1, which says nothing, where the teachers leave no room."""
    alone = [sine for carried, sine in met if not carried]
    left = room - cotangents(alone, up) if all(alone) else ZERO
    if left <= 0:
        return ONE
    tangent = ((len(met) - len(alone)) / left) ** 2
    return tangent / (1 + tangent)


def opposing(case: Case, node, observer, body, up: bool):
    """[(carries a student, squared sine), ...] of the hyperplanes that oppose the node's and meet a body around it.

    A cylinder is met where |distance| <= rho sin + t cos, the roots rounded up or down. Where the node's own kink mass is
    0, every other hyperplane with a kink opposes. A ball that the observer may cut misses its hyperplane where it matters.
    """
    p, kappa, others = case.problem, case.mass(node, observer), {}
    for other in case.nodes:
        mass = ZERO if other.scale is None or other.hyperplane in others else case.mass(other, observer)
        if mass * kappa > 0 or mass == 0 or (body["kind"] == "wall" and other.hyperplane == observer.hyperplane):
            continue  # the node's own hyperplane among them
        sine = sine_squared(p, node.form, other.form)
        size, value = p.product(other.form, other.form), abs(at(other.form, body["centre"]))
        if body["kind"] != "cylinder":
            meets = value**2 <= body["radius"] ** 2 * size
        else:
            meets = value <= body["radius"] * root(sine * size, up) + body["allowance"] * root((1 - sine) * size, up)
        if meets:
            others[other.hyperplane] = any(s.hyperplane == other.hyperplane for s in case.students), sine
    return list(others.values())


def fan_out(case: Case):
    """Corollary 1."""
    p, given = case.problem, case.given
    k = index(given["student"], len(case.students))
    node, indices = case.students[k], given["observers"]
    others = [n for n in case.nodes if n is not node]
    shared = any(n.hyperplane == node.hyperplane for n in others)
    need(p.d > 1 and node.scale is not None and not shared, "the row does not apply")
    observers = [case.students[index(m, len(case.students))] for m in indices]
    outputs = len(node.fan_out)
    need(k not in indices, "one other observer for each output is needed")
    sizes = sizes_of_inverse(observers)
    columns = max(map(sum, zip(*sizes, strict=True)))
    measured, distance = dot(node.fan_out, node.fan_out), case.best(node, others)
    length = p.product(node.form, node.form)
    alphas = [dot(o.fan_out, node.fan_out) for o in observers]
    if case.form == "printed":
        seen = all(alphas) and all(observed(node, o) for o in observers)
        need(distance > 0 and seen, "an observer does not see the boundary")
        (low, high), least = case.epsilon(), min(map(abs, alphas))
        inner = case.shape("disc", node, None, given["radius"])["radius"] - 5 * high / least
        need(inner > 0, "r' is not positive")
        worst = [columns**2 * x for x in case.paper(inner, high, distance)]
        if given["verdict"] != "holds":
            return measured, measured, *worst
        outer = case.shape("disc-above", node, None, given["above"])["radius"] - 5 * low / least
        return measured, measured, columns**2 * case.paper(outer, low, distance)[0], worst[1]
    limits = []
    evidence = given.get("gradients", [{} for _ in indices])
    for m, observer, alpha, n, one in zip(indices, observers, alphas, given["radii"], evidence, strict=True):
        high = case.epsilon(m)[1]
        if case.form == "repaired":
            disc = case.shape("guarded", node, m, n)
            need(distance > 0 and alpha != 0, "the row does not apply")
            need(disc["allowance"] ** 2 * alpha**2 * length >= 25 * high**2, "the disc is not guarded by q")
            limits.append(case.paper(disc["radius"], high, distance * length))
        else:
            ball = case.shape("ball", node, m, n)
            sums = [cotangents((sine for _, sine in opposing(case, node, observer, ball, up)), up) for up in (False, True)]
            around = case.shape("ball", node, m, one["ball"]) if "ball" in one else ball
            within = around["centre"] == ball["centre"] and around["radius"] >= ball["radius"]
            need(within, "a local gradient is that of another ball")
            levels = local.levels(p, case.nodes, lambda n, observer=observer: case.mass(n, observer), around, one)
            levels = [high] * 2 if levels is None else [level * ABOVE for level in levels]
            sides = zip(levels, sums, strict=True)
            limits.append([16 * level**2 * (1 + gamma**2) / (length * ball["radius"] ** 2) for level, gamma in sides])
    if case.form == "repaired":
        low, high = (outputs * columns**2 * max(column) for column in zip(*limits, strict=True))
    else:
        ends = [[root(ends[up], up) for ends in limits] for up in (False, True)]
        low, high = (square_of_fan_out(sizes, B) for B in ends)
    return measured, measured, low, high
