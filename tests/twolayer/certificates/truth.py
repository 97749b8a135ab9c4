"""What is true of a certificate's instance: the oracle of the certificate tests.

Suprema, kink masses, angles, and whether a named shape fits come from the exact kernel of `proofs` (which the checker of
certificates does not use for them); the bounds of the statements are computed here once more, in floats, and compared with a
margin far below what a mutation changes.
"""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import fields
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np
from scipy.optimize import linprog

from proofs.geometry import merged
from proofs.instances import Instance, read
from proofs.kernel import dot, rank, rational, sqrt

PAIRS = 8  # that are looked at together
MARGIN = 1e-8  # of the comparison of bounds in floats
PARALLEL = 1e-13  # lines whose sine is below it have no crossing; and what a crossing may lie outside of a polygon
DIRECTIONS = (1, 0), (12, 5), (5, 12), (4, 3), (3, 4), (0, 1)  # of the sides of the checker's polygon, up to signs


class Setting(Instance):
    """An instance that works out suprema, regions, forms, products and kink masses once for all that asks for them."""

    @cached_property
    def forms(self) -> dict[str, list]:
        """(a, beta) of every node, by network."""
        networks = {"teacher": self.teacher, "second": self.second_teacher, "student": self.student}
        return {side: [self.node(net, i) for i in range(len(net.W))] for side, net in networks.items() if net}

    @cached_property
    def suprema(self) -> list[Fraction]:
        """eps_k, exactly; ValueError where U n R has no interior."""
        self.data  # noqa: B018
        return [self.supremum(k)[0] for k in range(len(self.student.W))]

    @cached_property
    def excess(self) -> Fraction:
        """e0, exactly: sup over U n R of the largest |f*_c - f*'_c|."""
        worst = Fraction(0)
        for output in range(len(self.teacher.V)):
            unit = tuple(int(c == output) for c in range(len(self.teacher.V)))
            terms = [*self.terms(self.teacher, unit), *self.terms(self.second_teacher, unit, -1)]
            (low, _), (high, _) = merged(terms, self.dimension).extrema(self.data)
            worst = max(worst, -low, high)
        return worst

    @cached_property
    def _active(self) -> dict:
        return {}

    def active(self, k):
        """A_k."""
        if k not in self._active:
            self._active[k] = super().active(k)
        return self._active[k]

    @cached_property
    def _products(self) -> dict:
        return {}

    def inner(self, a, other):
        """p . p' of two linear forms of q."""
        if (a, other) not in self._products:
            self._products[a, other] = super().inner(a, other)
        return self._products[a, other]

    @cached_property
    def _kinks(self) -> dict:
        return {}

    def kinks(self, k: int, sides) -> dict:
        """Kink masses for observer k of the hyperplanes of some networks, in units of the scaled form's length."""
        if (k, sides) not in self._kinks:
            masses = self._kinks[k, sides] = {}
            for side in sides:
                net, sign = (self.student, -1) if side == "student" else (_network(self, side), 1)
                for form, v in zip(self.forms[side], net.fan_outs, strict=True):
                    lead, plane = hyperplane(form)
                    masses[plane] = masses.get(plane, 0) + sign * dot(v, self.student.fan_outs[k]) * abs(lead)
        return self._kinks[k, sides]


@lru_cache(maxsize=4096)
def hyperplane(form) -> tuple[Fraction, tuple]:
    """(first coefficient, form divided by it): equal second parts are one hyperplane. (0, ()) where there is none."""
    a, beta = form
    lead = next((x for x in a if x), 0)
    return lead, tuple(x / lead for x in (*a, beta)) if lead else ()


@lru_cache(maxsize=64)
def _instance(written: str) -> Setting:
    known = read(json.loads(written))
    return Setting(**{field.name: getattr(known, field.name) for field in fields(known) if field.init})


def instance(certificate) -> Setting:
    """The instance in the certificate's coordinates; ValueError where they are those of another plane."""
    data = dict(certificate["instance"])
    plane = data.get("subspace")
    d = len(data["teacher"]["W"][0])
    basis = plane["basis"] if plane else [[int(i == j) for j in range(d)] for i in range(d)]
    origin = (plane or {}).get("origin", [0] * d)
    rows, start = certificate["coordinates"]["rows"], certificate["coordinates"]["origin"]
    exact = [[rational(x) for x in row] for row in (*basis, *rows)]
    moved = [rational(x) - rational(y) for x, y in zip(start, origin, strict=True)]
    if not rank(exact) == rank(exact[: len(basis)]) == rank(exact[len(basis) :]) == len(rows) == len(basis):
        raise ValueError("the coordinates span another plane")
    if rank([*exact, moved]) != len(rows):
        raise ValueError("the coordinates start off the plane")
    return _instance(json.dumps({**data, "subspace": {"basis": rows, "origin": start}}, sort_keys=True))


def true(certificate) -> str:
    """Empty if everything that the certificate claims is true, else what is not."""
    try:
        K = instance(certificate)
        truth = K.suprema
    except ValueError as error:
        return str(error)
    for k, (entry, sup) in enumerate(zip(certificate["students"], truth, strict=True)):
        if not rational(entry["lower"]) <= sup <= rational(entry["upper"]):
            return f"student {k}: sup is {float(sup)}, claimed {entry['lower']}, {entry['upper']}"
    claimed = certificate["gradient"]
    if not rational(claimed["lower"]) <= max(truth) <= rational(claimed["upper"]):
        return "the gradient's claim is false"
    for shape in certificate.get("radii", []):
        if not _fits(K, shape):
            return f"a {shape['kind']} does not fit"
    e0 = Fraction(0)
    if "excess" in certificate:
        e0 = K.excess
        ends = [max(rational(entry[key]) for entry in certificate["excess"]) for key in ("lower", "upper")]
        if not ends[0] <= e0 <= ends[1]:
            return "the teachers' difference is false"
    for row in certificate.get("verdicts", []):
        why = Row(K, certificate, row, truth, e0).wrong()
        if why:
            return f"{row['statement']} {row['form']} {row['verdict']}: {why}"
    return ""


def _network(K: Instance, side: str):
    return {"teacher": K.teacher, "second": K.second_teacher, "student": K.student}[side]


def _fits(K: Instance, shape) -> bool:
    """Whether a shape lies where it should; a radius from above is compared with a linear program."""
    a, beta = K.node(_network(K, shape["node"][0]), shape["node"][1])
    where = K.data if shape["observer"] is None else K.active(shape["observer"])
    r, t = rational(shape["radius"]), rational(shape.get("allowance", 0))
    if not any(a):
        return False
    if shape["kind"] == "disc-above":
        best = _disc(K, a, beta, where)
        return best is None or float(r) >= best - MARGIN * (1 + abs(best))
    if where is None or r <= 0:
        return False
    centre = tuple(rational(x) for x in shape["centre"])
    if dot(a, centre) + beta != 0:
        return False
    if shape["kind"] == "wall":
        inside = all(dot(row, centre) <= limit for row, limit in zip(where.A, where.c, strict=True))
        return inside and K.disc_fits(centre, a, Fraction(0), r, K.data)
    if shape["kind"] != "cylinder":
        flat, around = {"ball": (Fraction(0), r), "disc": (r, Fraction(0)), "guarded": (r, t)}[shape["kind"]]
        return K.disc_fits(centre, a, flat, around, where)
    for row, limit in zip(where.A, where.c, strict=True):
        along = K.inner(row, a) ** 2 / K.inner(a, a)
        if sqrt(K.inner(row, row) - along) * r + sqrt(along) * t > limit - dot(row, centre):
            return False
    return True


def _disc(K: Instance, a, beta, where) -> float | None:
    """Largest radius of a (d'-1)-ball in a crease, in floats; None where the crease misses the region."""
    if where is None:
        return None
    flat = [K.inner(row, row) - K.inner(row, a) ** 2 / K.inner(a, a) for row in where.A]
    A = np.array([[*map(float, row), math.sqrt(s)] for row, s in zip(where.A, flat, strict=True)])
    c = [float(x) for x in where.c]
    program = linprog(
        [*[0] * K.dimension, -1], A, c, [[*map(float, a), 0]], [-float(beta)], bounds=[(None, None)] * K.dimension + [(0, None)]
    )
    return -program.fun if program.success else None


def _observed(w, b, other, bias) -> bool:
    """The boundary {w . x + b = 0} meets the closed half-space {other . x + bias >= 0}."""
    if not any(w):
        return b == 0 and (any(other) or bias >= 0)
    if rank([w, other]) > 1:
        return True
    ratio = dot(w, other) / dot(w, w)
    return bias - ratio * b >= 0


class Row:
    """A verdict's row judged anew: `wrong` says why it is not true.

    claimed: a printed bound is taken at the claimed ends of eps and r that the verdict needs, not at what is true.
    """

    def __init__(self, K: Setting, certificate, row, truth, e0, claimed=False):
        self.claimed = claimed
        self.K, self.certificate, self.row, self.truth, self.e0 = K, certificate, row, truth, e0
        self.second = row["statement"] == "theorem-3"
        self.sides_of = ("second" if self.second else "teacher", "student")
        side = "student" if row["statement"] == "corollary-1" else "teacher"
        self.key = ("student" if side == "student" else self.sides_of[0], row[side])
        net = _network(K, self.key[0])
        self.w, self.b, self.v = net.W[row[side]], net.b[row[side]], net.fan_outs[row[side]]
        self.a, self.beta = K.forms[self.key[0]][row[side]]
        self.students = K.forms["student"]
        self.nodes = [*K.forms[self.sides_of[0]], *self.students]
        self.m, self.bound = (None if row[key] is None else float(rational(row[key])) for key in ("measured", "bound"))

    def on(self, node, a=None, beta=None) -> Fraction | None:
        """r with node = r (a, beta), or None."""
        (lead, plane), (other, same) = hyperplane(node), hyperplane((self.a, self.beta) if a is None else (a, beta))
        return lead / other if lead and plane == same else None

    def mass(self, k, sides, a=None, beta=None) -> Fraction:
        """Kink mass of a hyperplane for observer k, in units of |a|."""
        lead, plane = hyperplane((self.a, self.beta) if a is None else (a, beta))
        return self.K.kinks(k, sides).get(plane, Fraction(0)) / abs(lead)

    def sine(self, nodes) -> float:
        return math.sqrt(min((self.K.sine_squared(self.a, n[0]) for n in nodes if any(n[0])), default=1))

    def epsilon(self, k=None, end="upper") -> tuple[float, float]:
        """(true, claimed) of eps_k or of the printed eps, with what Theorem 3 adds."""
        ks = range(len(self.truth)) if k is None else [k]
        dual = float(max(sum(map(abs, self.K.student.fan_outs[i])) for i in ks))
        claimed = max(float(rational(self.certificate["students"][i][end])) for i in ks)
        added = max(float(rational(e[end])) for e in self.certificate["excess"]) if self.second else 0
        return float(max(self.truth[i] for i in ks)) + dual * float(self.e0 if self.second else 0), claimed + dual * added

    def shape(self, kind, k, n):
        """The radius that the row names, if it is of that kind, node and observer."""
        radius = self.certificate["radii"][n]
        fits = radius["kind"] == kind and tuple(radius["node"]) == self.key and radius["observer"] == k
        return (float(rational(radius["radius"])), float(rational(radius.get("allowance", 0))), radius) if fits else None

    def paper(self, radius, epsilon, divisor) -> float:
        """(10 / radius) sqrt(d' / (2 pi)) K epsilon / divisor."""
        return 10 / radius * math.sqrt(self.K.dimension / (2 * math.pi)) * len(self.nodes) * epsilon / divisor

    def wrong(self) -> str:
        """Empty where the row is true."""
        form, verdict = self.row["form"], self.row["verdict"]
        if self.bound is None:
            unseen = dot(self.v, self.K.student.fan_outs[self.row["observer"]]) == 0
            seen = form != "printed" and self.mass(self.row["observer"], self.sides_of[:1]) != 0
            return "" if verdict == "vacuous" and unseen and not seen else "the bound is defined"
        if verdict == "fails" and form != "printed":
            return "a theorem is refuted"
        least = self.trivial()
        in_order = {"fails": self.m > self.bound, "holds": self.m <= self.bound, "vacuous": self.bound >= least * (1 - MARGIN)}
        if not in_order[verdict]:
            return "the numbers are in the wrong order"
        self.claimed |= verdict == "vacuous"  # it speaks of the bound at the ends that are claimed
        measured, bound = self.sides()
        if isinstance(bound, str):
            return bound
        if verdict == "holds" and bound >= least * (1 + MARGIN):
            return "the bound says nothing"
        sign = 1 if verdict == "fails" else -1
        slack = MARGIN * (abs(measured) + abs(bound)) + 1e-15
        if sign * (self.m - measured) > slack or sign * (bound - self.bound) > slack:
            return f"measured {measured}, bound {bound}; claimed {self.m}, {self.bound}"
        return ""

    def trivial(self) -> float:
        """The least bound that says nothing."""
        fans = [v for side in self.sides_of for v in _network(self.K, side).fan_outs]
        return math.sqrt(max(dot(v, v) for v in fans)) if self.row["statement"] == "corollary-1" else 1.0

    def sides(self):
        """(measured, bound), the bound as the row may use it; or (0, why the row does not apply)."""
        theorems = {"theorem-1": self._first, "corollary-1": self._corollary, "fan-out-recovery": self._recovery}
        return theorems.get(self.row["statement"], self._angle)()

    def _first(self):
        k, K = self.row["observer"], self.K
        if any(self.truth):
            return 0, "the gradient does not vanish"
        if self.row["form"] == "printed":
            if not _observed(self.w, self.b, K.student.W[k], K.student.b[k]):
                return 0, "not observed"
            if not any(self.a):
                return (0 if any(not any(s[0]) for s in self.students) else 1), 0
            return self.sine([s for s in self.students if K.inner(s[0], self.a) > 0]), 0
        if not self.shape("ball", k, self.row["radius"]) or not self.mass(k, self.sides_of[:1]):
            return 0, "no observer"
        if self.row["form"] == "repaired":
            return self.sine(self.students), 0
        fan = K.student.fan_outs
        exact = any(self.on(s) is not None and dot(fan[i], fan[k]) for i, s in enumerate(self.students))
        return (0 if exact else 1), 0

    def _printed(self, alpha, constant):
        """The printed bound, or why it does not apply."""
        r, eps = None if self.claimed else _disc(self.K, self.a, self.beta, self.K.data), self.epsilon()[0]
        if self.claimed:
            high = self.row["verdict"] != "holds" and alpha > 0
            inner = float(rational(self.certificate["radii"][self.row["radius"]]["radius"]))
            if not alpha or inner <= 5 * self.epsilon()[1] / abs(alpha):
                return "not applicable"
            eps = self.epsilon(end="upper" if high else "lower")[1]
            r = inner if high else float(rational(self.certificate["radii"][self.row["above"]]["radius"]))
        if not alpha or r is None or r - 5 * eps / abs(alpha) <= 0:
            return "not applicable"
        return self.paper(r - 5 * eps / abs(alpha), eps, constant)

    def _angle(self):
        k, K, row = self.row["observer"], self.K, self.row
        kappa = self.mass(k, self.sides_of[:1]) if any(self.a) else 0
        if K.dimension == 1 or not kappa:
            return 0, "not applicable"
        kappa, best = abs(float(kappa)) * math.sqrt(K.inner(self.a, self.a)), self.sine(self.students)
        if row["form"] == "printed":
            alpha = float(dot(self.v, K.student.fan_outs[k]))
            seen = _observed(self.w, self.b, K.student.W[k], K.student.b[k])
            return best, self._printed(alpha, alpha) if seen else "not observed"
        if any(self.on(s) is not None for s in self.students):
            return 0, 0 if self.shape("ball", k, row["radius"]) else "no ball"
        eps = self.epsilon(k)[1]
        if row["form"] == "repaired":
            disc = self.shape("guarded", k, row["radius"])
            if not disc or not disc[1] > 0 or disc[1] * kappa < 5 * eps * (1 - MARGIN):
                return 0, "not guarded"
            return self.sine([n for n in self.nodes if self.on(n) is None]), self.paper(disc[0], eps, kappa)
        ball, flat = self.shape("ball", k, row["radius"]), self.shape("cylinder", k, row["radius"])
        cut, price = self.shape("wall", k, row["radius"]), 0.0
        if not (ball or flat or cut):
            return 0, "no ball or cylinder"
        if cut:
            ball, (p, beta) = cut, self.students[k]
            away = abs(float(dot(p, [rational(x) for x in cut[2]["centre"]]) + beta))
            if not any(p) or not away or not K.sine_squared(self.a, p):
                return 0, "no wall"
            price = cut[0] * math.sqrt(K.sine_squared(self.a, p) * K.inner(p, p)) / away
        if "shares" in row or "affine" in row:
            eps = self.local(k, ball, row, k if cut else None) if ball else "a local gradient is that of a ball"
            if isinstance(eps, str):
                return 0, eps
        room = math.inf
        if cut and not eps > 0:
            return 0, "no gradient"
        if flat and flat[1] * kappa <= 4 * eps * (1 - MARGIN):
            return 0, "too low"
        if ball and ball[0] * kappa <= 4 * eps:
            return best, max(price, 1)
        if flat or eps > 0:
            room = flat[0] / flat[1] if flat else math.sqrt((ball[0] * kappa / (4 * eps)) ** 2 - 1)
        met = self.opposing(k, ball or flat, bool(ball), self.students[k] if cut else None)
        room -= sum(1 / tan for tan, student in met if not student)
        return best, max(price, math.sin(math.atan(sum(student for _, student in met) / room)) if room > 0 else 1)

    def kinked(self, k):
        """(the place of the first node on every node's hyperplane or None, mass of each first node)."""
        planes = [hyperplane(node)[1] for node in self.nodes]
        first = [planes.index(plane) if plane else None for plane in planes]
        return first, {m: self.mass(k, self.sides_of, *self.nodes[m]) for m in first if m is not None}

    def local(self, k, body, given, wall=None) -> float | str | None:
        """The local gradient of a ball that evidence proves, or why it proves none; None without evidence.

        wall: the student in whose active region h_k is looked at
        """
        if "shares" in given:
            return self.paired(k, body, given["shares"], wall)
        return self.planar(k, body, given["affine"]) if "affine" in given else None

    def planar(self, k, body, affine) -> float | str:
        """The local gradient of a ball that an affine function proves, over the checker's polygon.

        By all crossings of creases and sides, in coordinates around the centre in units of the radius.
        """
        K, centre, r = self.K, [rational(x) for x in body[2]["centre"]], rational(body[2]["radius"])
        if K.dimension != 2:
            return "no plane"
        around = lambda a, beta: [*(float(r * x) for x in a), float(dot(a, centre) + beta)]  # noqa: E731
        *slope, constant = (rational(x) for x in affine)
        met = {m: mass for m, mass in self.kinked(k)[1].items() if self.meets(self.nodes[m], centre, r)}
        kinks = np.array([around(*self.nodes[m]) for m in met]).reshape(-1, 3)
        sides = np.array([(s * x, t * y) for x, y in DIRECTIONS for s in (1, -1) for t in (1, -1)], float)
        reach = [math.sqrt(K.inner(side, side)) for side in (tuple(map(Fraction, side)) for side in sides)]
        slacks = np.column_stack([-sides, reach])
        forms = np.vstack([kinks, slacks])
        forms /= np.linalg.norm(forms[:, :2], axis=1, keepdims=True)
        (a, b, c), (p, q, t) = (forms[place].T for place in np.triu_indices(len(forms), 1))
        det = a * q - b * p
        crossing = abs(det) > PARALLEL
        y = (np.array([b * t - q * c, p * c - a * t])[:, crossing] / det[crossing]).T
        y = y[(y @ slacks[:, :2].T + slacks[:, 2] >= -PARALLEL).all(axis=1)]
        g = np.array(around(slope, constant))
        h = np.maximum(y @ kinks[:, :2].T + kinks[:, 2], 0) @ np.array([float(mass) for mass in met.values()])
        return float(abs(h - y @ g[:2] - g[2]).max())

    def meets(self, form, centre, r) -> bool:
        """A hyperplane meets the open ball."""
        return (dot(form[0], centre) + form[1]) ** 2 < r**2 * self.K.inner(form[0], form[0])

    def paired(self, k, body, shares, wall=None) -> float | str:
        """The local gradient of a ball that pairs prove, or why they prove none."""
        K, centre, r = self.K, [rational(x) for x in body[2]["centre"]], body[0]
        size = lambda a, beta: (abs(float(dot(a, centre) + beta)), math.sqrt(K.inner(a, a)))  # noqa: E731
        first, mass = self.kinked(k)
        left, together, worth = {m: abs(x) for m, x in mass.items()}, [], lambda form: size(*form)[0] + r * size(*form)[1]
        wall = None if wall is None else first[len(self.nodes) - len(self.students) + wall]
        for a, b, x, y in shares:
            (a, b), (x, y) = (first[a], first[b]), (rational(x), rational(y))
            if a is None or b is None or wall not in (a, b) and mass[a] * mass[b] >= 0:
                return "a wrong pair"
            left[a], left[b] = left[a] - x, left[b] - y
            if min(x, y, *(left[m] for m in (a, b) if m != wall)) < 0:
                return "too much is paired"
            (p, beta), (q, gamma) = self.nodes[a], self.nodes[b]
            signed = ((tuple(x * u - s * y * v for u, v in zip(p, q, strict=True)), x * beta - s * y * gamma) for s in (1, -1))
            together.append(min(signed, key=worth))
        near = together[:PAIRS]  # looked at for all signs
        signs = np.array(list(itertools.product((1, -1), repeat=len(near)))).reshape(2 ** len(near), len(near))
        gram = np.array([[float(K.inner(p, q)) for q, _ in near] for p, _ in near]).reshape(len(near), len(near))
        heights = np.array([float(dot(p, centre) + beta) for p, beta in near])
        most = (abs(signs @ heights) + r * np.sqrt(np.maximum(((signs @ gram) * signs).sum(axis=1), 0))).max()
        total = float(most + sum(map(worth, together[PAIRS:]))) / 2
        left.pop(wall, None)
        for m, rest in left.items():
            height, slope = size(*self.nodes[m])
            total += float(rest) * slope * max(r - (height / slope) ** 2 / r, 0) / 4
        return total

    def opposing(self, k, body, is_ball, wall=None):
        """[(tangent, carries a student), ...] of the hyperplanes that oppose and meet a body, but for that of a node."""
        K, pairs = self.K, []
        kappa = self.mass(k, self.sides_of)
        centre = [rational(x) for x in body[2]["centre"]]
        seen: list = []
        for a, beta in self.nodes:
            plane = hyperplane((a, beta))[1]
            if not plane or self.on((a, beta)) is not None or plane in seen:
                continue
            seen.append(plane)
            mass = self.mass(k, self.sides_of, a, beta)
            if mass * kappa > 0 or mass == 0 or wall and self.on((a, beta), *wall) is not None:
                continue
            square = K.sine_squared(self.a, a)
            distance = abs(float(dot(a, centre) + beta)) / math.sqrt(K.inner(a, a))
            reach = body[0] if is_ball else body[0] * math.sqrt(square) + body[1] * math.sqrt(1 - square)
            if distance <= reach * (1 - MARGIN):  # what touches by a hair is left out: that can only weaken the oracle
                tan = math.sqrt(square / (1 - square)) if square < 1 else math.inf
                pairs.append((tan or 1e-300, any(self.on(s, a, beta) is not None for s in self.students)))
        return pairs

    def _recovery(self):
        """Shares of |kappa_T| or of the vector: what the cluster's students leave of the fan-out, and its bound."""
        K, row = self.K, self.row
        teachers = [K.node(K.teacher, i) for i in range(len(K.teacher.W))]
        named = [self.students[s] for s in row["cluster"]]
        if row["form"] != "sharp" or not any(self.a):
            return 0, "not applicable"
        if any(not any(s[0]) or self.on(s) is None and any(self.on(t, *s) is not None for t in teachers) for s in named):
            return 0, "no cluster"
        if "observers" in row:
            return self._vector(named)
        kappa = self.mass(row["observer"], self.sides_of[:1])
        rest, bound = self._limit(row["observer"], row["radius"], row, named)
        if not kappa or isinstance(bound, str):
            return 0, bound if kappa else "not applicable"
        size = abs(float(kappa)) * math.sqrt(K.inner(self.a, self.a))
        return abs(rest) / size, bound / size

    def _vector(self, named):
        """The same as vectors, by a least-squares solution for what the observers see, and |Q^-1| for its bound."""
        K, row = self.K, self.row
        Q = np.array([[float(x) for x in K.student.fan_outs[m]] for m in row["observers"]]).T
        if Q.size == 0 or Q.shape[0] != Q.shape[1] or abs(np.linalg.det(Q)) == 0:
            return 0, "Q is not invertible"
        seen = [self._limit(m, *rest, named) for m, *rest in zip(row["observers"], row["radii"], row["gradients"], strict=True)]
        if any(isinstance(bound, str) for _, bound in seen):
            return 0, "not applicable"
        length = math.sqrt(K.inner(self.a, self.a))
        whole = [float(self.mass(m, self.sides_of[:1])) * length for m in row["observers"]]
        rest, whole = (np.linalg.solve(Q.T, part) for part in ([rest for rest, _ in seen], whole))
        size = float(np.linalg.norm(whole))
        if size < 1e-9:
            return 0, "the teacher's fan-out is 0"
        limits = [bound for _, bound in seen]
        return float(np.linalg.norm(rest)) / size, float(np.linalg.norm(np.abs(np.linalg.inv(Q)).T @ limits)) / size

    def _limit(self, k, place, given, named):
        """(sum over C of kappa as k sees it, its bound in a ball), or (0, why there is none)."""
        K, ball = self.K, self.shape("ball", k, place)
        if not ball:
            return 0, "no ball"
        local = self.local(k, ball, given)
        if isinstance(local, str):
            return 0, local
        norm, centre, seen = math.sqrt(K.inner(self.a, self.a)), [rational(x) for x in ball[2]["centre"]], []
        rest, gamma, cluster = float(self.mass(k, self.sides_of)) * norm, 0.0, []
        for a, beta in self.nodes:
            plane = hyperplane((a, beta))[1]
            if not plane or self.on((a, beta)) is not None or plane in seen:
                continue
            seen.append(plane)
            length, square = math.sqrt(K.inner(a, a)), K.sine_squared(self.a, a)
            mass, away = float(self.mass(k, self.sides_of, a, beta)) * length, abs(float(dot(a, centre) + beta)) / length
            if any(self.on(s, a, beta) is not None for s in named):
                rest += mass
                cluster.append((abs(mass), float(square), away))
            elif mass and away <= ball[0] * (1 - MARGIN):
                if not square:
                    return 0, "a parallel hyperplane is left out of the cluster"
                gamma += math.sqrt((1 - square) / square)
        per = math.sqrt(1 + gamma**2) / ball[0]
        bound = 4 * (self.epsilon(k)[1] if local is None else local * (1 + 2.0**-30)) * per
        bound += sum(m * (s / (1 + math.sqrt(1 - s)) + gamma * math.sqrt(s) + d * per) for m, s, d in cluster)
        return rest, bound

    def _corollary(self):
        K, row, fan = self.K, self.row, self.K.student.fan_outs
        others = [n for n in self.nodes if n != (self.a, self.beta)]
        if K.dimension == 1 or not any(self.a) or sum(self.on(n) is not None for n in self.nodes if any(n[0])) != 1:
            return 0, "not applicable"
        Q = np.array([[float(x) for x in fan[m]] for m in row["observers"]]).T
        if Q.shape[0] != Q.shape[1] or row["student"] in row["observers"] or abs(np.linalg.det(Q)) == 0:
            return 0, "Q is not invertible"
        size = np.linalg.inv(Q)
        norm, measured, c0 = np.abs(size).sum(axis=0).max(), math.sqrt(dot(self.v, self.v)), self.sine(others)
        alphas = [float(dot(fan[m], self.v)) for m in row["observers"]]
        if row["form"] == "printed":
            seen = all(_observed(self.w, self.b, K.student.W[m], K.student.b[m]) for m in row["observers"])
            bound = self._printed(min(map(abs, alphas)), c0) if seen and c0 else "not observed"
            return measured, bound if isinstance(bound, str) else bound * norm
        limits, length = [], math.sqrt(K.inner(self.a, self.a))
        gradients = row.get("gradients", [{}] * len(alphas))
        for m, alpha, n, given in zip(row["observers"], alphas, row["radii"], gradients, strict=True):
            eps, shape = self.epsilon(m)[1], self.shape("guarded" if row["form"] == "repaired" else "ball", m, n)
            if not shape or row["form"] == "repaired" and not shape[1] * abs(alpha) * length >= 5 * eps * (1 - MARGIN):
                return 0, "a wrong radius"
            if row["form"] == "repaired" and not (c0 and alpha):
                return 0, "not applicable"
            if row["form"] == "repaired":
                limits.append(self.paper(shape[0], eps, c0 * length))
            else:
                gamma = sum(1 / tan for tan, _ in self.opposing(m, shape, True))
                around = self.shape("ball", m, given["ball"]) if "ball" in given else shape
                if not around or around[0] < shape[0] or around[2]["centre"] != shape[2]["centre"]:
                    return 0, "the gradient of another ball"
                local = self.local(m, around, given)
                if gamma > 1e200 or isinstance(local, str):
                    return 0, local if isinstance(local, str) else "a parallel hyperplane opposes"
                eps = eps if local is None else local * (1 + 2.0**-30)
                limits.append(4 * eps * math.sqrt(1 + gamma**2) / (length * shape[0]))
        if row["form"] == "sharp":
            return measured, float(np.linalg.norm(np.abs(size).T @ limits))
        return measured, math.sqrt(len(limits)) * norm * max(limits)
