"""The checker of certificates: what a file proves of its instance, in rational arithmetic and nothing else.

`Proved` checks all evidence: suprema from both sides, radii, the difference of two teachers. `verdicts` compares what is proved
with the statements, `check` is the command. Imports: the standard library and, where installed, python-flint's rationals; no
solver, no search, nothing of `twolayer`. Format, and why each check suffices: CERTIFICATE.md. An affine form is a list of d
coefficients and a constant; a row is a form that is >= 0 on the domain.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from itertools import combinations

from .kernel import echelon, root_enclosure

try:
    from flint import fmpq as Rational  # noqa: N812
except ImportError:  # the same numbers, slower
    Rational = Fraction  # type: ignore[misc,assignment]

FORMAT, INSTANCE = "twolayer-certificate/1", "twolayer-instance/1"
ZERO, ONE = Rational(0), Rational(1)
LONGEST = 10_000  # characters of a number
WRITTEN = re.compile(r"[+-]?(\d+/\d+|(\d+(\.\d*)?|\.\d+)([eE][+-]?([0-3]?\d?\d|400))?)", re.ASCII)  # linear time
MOST_STEPS = 200_000_000  # rational operations of one enumeration: more is refused, not begun


class Refuted(Exception):  # noqa: N818  what happened to the claim
    """The file does not prove what it claims; the message says where."""


def need(condition, what: str) -> None:
    """Raise Refuted unless the condition holds."""
    if not condition:
        raise Refuted(what)


def number(x) -> Rational:
    """A JSON number (the binary float it parses to) or a string "p/q" or decimal, exactly."""
    written = isinstance(x, str) and len(x) <= LONGEST and WRITTEN.fullmatch(x)
    need(written or type(x) in (int, float), f"a number is needed; got {x!r:.40}")
    exact = Fraction(x if written else float(x))
    return Rational(exact.numerator, exact.denominator)


def numbers(row, length: int) -> list:
    """A list of numbers of a given length."""
    need(isinstance(row, list) and len(row) == length, f"a list of {length} numbers is needed")
    return [number(x) for x in row]


def index(i, length: int) -> int:
    """An index, refused if it is not one."""
    need(type(i) is int and 0 <= i < length, f"{i!r:.40} is not an index below {length}")
    return i


def weights(entries, length: int) -> dict:
    """Entries [index, n, e] or [index, "p/q"] as {index: n 2^e or p/q}; no index twice, no weight negative."""
    out = {}
    for i, n, *e in entries:
        need(not e or (len(e) == 1 and type(n) is type(e[0]) is int and abs(e[0]) < 20_000), "a weight is malformed")
        x = Rational(n) * Rational(2) ** e[0] if e else number(n)
        need(index(i, length) not in out and x >= 0, "a weight is negative or given twice")
        out[i] = x
    return out


def dot(a, b):
    """Sum of products."""
    return sum((x * y for x, y in zip(a, b, strict=True)), ZERO)


def root(x, up: bool):
    """A rational above (up) or below sqrt(x), by at most 2^-100 of its size; the root itself where it is rational."""
    ends = root_enclosure(Fraction(int(x.numerator), int(x.denominator)), 100)
    low, high = (Rational(end.numerator, end.denominator) for end in ends)
    return low if not up or low * low == x else high


def at(form, z):
    """Value of a form at a point."""
    return dot(form[:-1], z) + form[-1]


def negative(form) -> list:
    """-form."""
    return [-x for x in form]


def added(start, terms) -> list:
    """start + sum of weight * form over terms (weight, form)."""
    total = list(start)
    for w, form in (term for term in terms if term[0] != 0):
        total = [x + w * y for x, y in zip(total, form, strict=True)]
    return total


def raised(start, rows, entries) -> list:
    """start + a weighted sum of rows: at least start wherever the rows are >= 0."""
    return added(start, [(y, rows[m]) for m, y in weights(entries, len(rows)).items()])


def top(form, box):
    """Maximum of a form over a box [(lower, upper), ...]."""
    return sum((x * (high if x > 0 else low) for x, (low, high) in zip(form, box) if x), form[-1])  # noqa: B905


def directed(form) -> tuple:
    """(scale, form / scale) with a leading coefficient of 1: one key for each hyperplane; (None, None) of a constant."""
    scale = next((x for x in form[:-1] if x != 0), None)
    return scale, None if scale is None else tuple(x / scale for x in form)


class Node:
    """A hidden node in input space (w, b) and on U: form, fan-out, and +1 for a teacher, -1 for a student."""

    def __init__(self, sign: int, w, b, fan_out, rows, origin):
        self.sign, self.w, self.b, self.fan_out = sign, w, b, fan_out
        self.form = [*(dot(w, row) for row in rows), dot(w, origin) + b]
        self.scale, plane = directed(self.form)  # None: constant on U
        self.hyperplane = plane and tuple((int(x.numerator), int(x.denominator)) for x in plane)  # rationals hash slowly


def fields(given, needed: str, optional: str = "") -> dict:
    """A JSON object with these keys: what the instance format does not list is refused."""
    complete = isinstance(given, dict) and set(needed.split()) <= set(given) <= {*needed.split(), *optional.split()}
    need(complete, f"the instance needs objects with the fields {needed}")
    return given


class Problem:
    """An instance in the coordinates of its subspace that the certificate names: x = origin + z rows."""

    def __init__(self, instance, coordinates):
        fields(instance, "format teacher student region", "name subspace second_teacher")
        need(instance["format"] == INSTANCE, "the instance has an unknown format")
        outputs, size = len(instance["teacher"]["V"]), len(instance["teacher"]["W"][0])
        need(outputs > 0, "a network needs an output")
        whole = [["1" if i == j else "0" for j in range(size)] for i in range(size)]
        plane = fields(instance.get("subspace", {"basis": whole}), "basis", "origin")
        basis, start = ([numbers(row, size) for row in plane["basis"]], numbers(plane.get("origin", ["0"] * size), size))
        rows, origin = [numbers(row, size) for row in coordinates["rows"]], numbers(coordinates["origin"], size)
        self.d, moved = len(rows), [x - y for x, y in zip(origin, start, strict=True)]
        ranks = [len(echelon(some, size)[1]) for some in (basis, rows, [*basis, *rows, moved])]
        need(ranks[0] == ranks[1] == ranks[2] == len(rows) == len(basis) > 0, "the coordinates are not those of the subspace")
        gram = [[*(dot(a, b) for b in rows), *self.unit(i)[:-1]] for i, a in enumerate(rows)]
        self.metric = [row[self.d :] for row in echelon(gram, self.d)[0]]  # the rows are independent, so this is G^-1

        def network(given, sign, key=None):
            W, width = fields(given, "W b V", "output_bias")["W"], len(given["W"])
            rest = numbers(given.get("output_bias", ["0"] * outputs), outputs)  # a term without a kink, and no node
            V, b = [numbers(row, width) for row in given["V"]], numbers(given["b"], width)
            need(len(V) == outputs, "the networks have different outputs")
            self.constants[key] = [Node(sign, [ZERO] * size, ONE, rest, rows, origin)] if any(rest) else []
            return [Node(sign, numbers(W[k], size), b[k], [row[k] for row in V], rows, origin) for k in range(width)]

        self.constants, keys = {}, {False: "teacher", True: "second_teacher"}
        self.teachers = {second: network(instance[key], 1, second) for second, key in keys.items() if key in instance}
        self.students = network(instance["student"], -1)
        region = fields(instance["region"], *(["A c"] if "A" in instance["region"] else ["lower upper"]))
        if "A" in region:
            A, c = [numbers(a, size) for a in region["A"]], numbers(region["c"], len(region["A"]))
        else:
            A = [[sign * number(x) for x in e] for sign in (1, -1) for e in whole]
            c = numbers(region["upper"], size) + negative(numbers(region["lower"], size))
        self.slacks = [[*(-dot(a, row) for row in rows), c - dot(a, origin)] for a, c in zip(A, c, strict=True)]
        need(all(any(s[:-1]) or s[-1] >= 0 for s in self.slacks), "the subspace misses the region")

    def unit(self, j: int, sign=ONE) -> list:
        """The form sign z_j."""
        return [sign if i == j else ZERO for i in range(self.d)] + [ZERO]

    def strictly(self, z, *forms) -> bool:
        """A point lies in the interior of U n R (no row decides that is constant on U) and where the forms are > 0."""
        return all(at(s, z) > 0 for s in [*(s for s in self.slacks if any(s[:-1])), *forms])

    def product(self, a, b):
        """Inner product of two forms' linear parts in the geometry of U."""
        return dot(a[: self.d], [dot(row, b[: self.d]) for row in self.metric])

    def nodes(self, second: bool = False) -> list:
        """All nodes, the teacher's first."""
        return self.teachers[second] + self.students

    def box(self, rows, proofs, known=None) -> list:
        """A box around {rows >= 0}: weights for each coordinate, z_j's upper end first; known: a box that holds it.

        +-z_j <= +-z_j + sum y s = limit + rest . z <= limit + |rest|_1 |z|_inf: all sides together bound |z|_inf.
        """
        need(len(proofs) == 2 * self.d, "a box needs two proofs for each coordinate")
        sides = [raised(self.unit(n // 2, ONE - 2 * (n % 2)), rows, proof) for n, proof in enumerate(proofs)]
        if known is None:
            worst = max(sum(map(abs, form[:-1]), ZERO) for form in sides)
            need(worst < 1, "the region is not proved to be bounded")
            size = max(abs(form[-1]) for form in sides) / (1 - worst)
            known = [(-size, size)] * self.d
        ends = [top(form, known) for form in sides]
        return [(-ends[2 * j + 1], ends[2 * j]) for j in range(self.d)]


def over_vertices(problem, nodes, tasks) -> list:
    """Maximum of |sum c_i relu(u_i)| where activity >= 0, for each (coefficients, activity form or None)."""
    planes = {key for _, key in map(directed, [*(node.form for node in nodes), *problem.slacks]) if key}
    lines, best = math.comb(len(planes), problem.d - 1), [ZERO] * len(tasks)
    steps = lines * (3 * len(nodes) * (len(best) + problem.d) + len(planes) * problem.d)
    need(steps <= MOST_STEPS, "there are too many vertices to enumerate")
    for chosen in combinations(sorted(planes), problem.d - 1):  # a vertex is an end or a breakpoint of a line of them
        rows, pivots = echelon(chosen, problem.d)
        if len(pivots) < problem.d - 1:
            continue  # the planes do not meet in a line
        free = next(j for j in range(problem.d) if j not in pivots)
        base, step = [ZERO] * problem.d, problem.unit(free)[:-1]
        for row, j in zip(rows, pivots, strict=True):
            base[j], step[j] = -row[-1], -row[free]
        held = [(dot(slack[:-1], step), at(slack, base)) for slack in problem.slacks]  # a t + b along the line
        low = max(-b / a for a, b in held if a > 0)  # there are both: the region is proved to be bounded
        high = min(-b / a for a, b in held if a < 0)
        if low > high or any(a == 0 > b for a, b in held):
            continue
        along = [(dot(node.form[:-1], step), at(node.form, base)) for node in nodes]
        turns = [(-b / a, i, abs(a), b if a > 0 else -b) for i, (a, b) in enumerate(along) if a != 0 and low < -b / a < high]
        steps = [(low, 0, ZERO, ZERO), *sorted(turns), (high, 0, ZERO, ZERO)]
        on = [i for i, (a, b) in enumerate(along) if a * low + b > 0 or (a * low + b == 0 and a > 0)]
        for k, (c, activity) in enumerate(tasks):
            rate, bias = (ZERO, ONE) if activity is None else (dot(activity[:-1], step), at(activity, base))
            slope, offset = (sum((c[i] * along[i][part] for i in on), ZERO) for part in (0, 1))
            for t, i, a, b in steps:
                value = abs(slope * t + offset)
                if value > best[k] and rate * t + bias >= 0:
                    best[k] = value
                slope, offset = slope + c[i] * a, offset + c[i] * b
    return best


def over_tree(nodes, coefficients, rows, box, evidence):
    """The bound on |sum c_i relu(u_i)| where the rows are >= 0, inside a box, that a tree of cases proves."""
    settled, rest = {}, [ZERO] * (len(box) + 1)
    for i, active, proof in evidence["settled"]:  # nodes of one sign, by weak duality
        u = nodes[index(i, len(nodes))].form
        need(top(raised(negative(u) if active else u, rows, proof), box) <= 0, "a node is not proved to be of one sign")
        settled[i] = bool(active)
    kinks = [(nodes[index(i, len(nodes))], -ONE if flipped else ONE) for i, flipped in evidence["kinks"]]
    need(all(node.scale for node, _ in kinks), "a kink is constant")
    facing = {node.hyperplane: turn * node.scale for node, turn in kinks}
    need(len(facing) == len(kinks), "two kinks share a hyperplane")
    mass = dict.fromkeys(facing, ZERO)
    for i, (node, c) in enumerate(zip(nodes, coefficients, strict=True)):
        on, off = (node.hyperplane in facing or top(u, box) > 0 for u in (node.form, negative(node.form)))  # can it be?
        if i not in settled and on and off:  # c relu(u) = c |ratio| relu(kink) [+ c u]
            ratio = node.scale / facing.setdefault(node.hyperplane, ONE)
            mass[node.hyperplane] = mass.get(node.hyperplane, ZERO) + c * abs(ratio)
            on = ratio < 0
        if on and settled.get(i) is not False:
            rest = added(rest, [(c, node.form)])
    need(not any(list(mass.values())[len(kinks) :]), "a crease is missing from the kinks")  # what cancels is none
    forms = [[turn * x for x in node.form] for node, turn in kinks]
    masses = [mass[node.hyperplane] for node, _ in kinks]
    need([side["sign"] for side in evidence["signs"]] == [1, -1], "both signs are needed")
    sides = zip((1, -1), evidence["signs"], strict=True)  # the file's own sign, a 1.0, would make floats
    ends = (one_sign(forms, [s * m for m in masses], [s * x for x in rest], rows, box, side) for s, side in sides)
    return max(ZERO, *ends)


def one_sign(forms, masses, rest, rows, box, given):
    """Bound on sum m_i relu(u_i) + rest where the rows are >= 0: see CERTIFICATE.md, "A tree"."""
    kinks = [index(i, len(forms)) for i, _ in given["groups"]]
    need(sorted(kinks) == [i for i, m in enumerate(masses) if m > 0], "the groups are not the kinks of positive mass")
    left, pairs, errors, zero = negative(masses), [], [], [ZERO] * len(rest)
    for g, (i, partners) in enumerate(given["groups"]):
        shares = [(index(j, len(forms)), number(w)) for j, w in partners]
        need(all(masses[j] < 0 < w for j, w in shares), "a partner needs negative mass and a positive share")
        errors.append(added(zero, [(masses[i], forms[i]), *((-w, forms[j]) for j, w in shares)]))
        for j, w in shares:
            left[j] -= w
            pairs.append((g, [w * x for x in forms[j]]))
    need(all(x >= 0 for x, m in zip(left, masses, strict=True) if m < 0), "more of a kink is paired than there is")

    def sides(decided):
        return [forms[i] if on else negative(forms[i]) for i, on in ((kinks[index(g, len(kinks))], on) for g, on in decided)]

    for g, form, active, inactive, relied in given["cuts"]:
        cut = negative(numbers(form, len(rest)))
        need(g not in dict(relied), "a cut relies on its own side")
        for start, side, proof in ((errors[index(g, len(kinks))], True, active), (zero, False, inactive)):
            claim = raised(added(start, [(ONE, cut)]), [*rows, *sides([(g, side), *relied])], proof)
            need(top(claim, box) <= 0, "a cut is too low")
    cuts = [(g, numbers(form, len(rest)), relied) for g, form, _, _, relied in given["cuts"]]

    def bound(part, decided):
        """The largest bound of the leaves of a part of the tree, where the decided sides hold."""
        if isinstance(part, list):
            g, active, inactive = part
            need(index(g, len(kinks)) not in decided, "a group is decided twice")
            return max(bound(active, {**decided, g: True}), bound(inactive, {**decided, g: False}))
        used = weights(part["cuts"], len(cuts))
        need(all(decided.get(g) is on for c in used for g, on in cuts[c][2]), "a cut is used where it may not hold")
        free = [1 - sum((w for c, w in used.items() if cuts[c][0] == g), ZERO) for g in range(len(kinks))]
        need(all(x >= 0 and (x == 0 or g in decided) for g, x in enumerate(free)), "a group's cuts do not weigh one")
        parts = [(w, cuts[c][1]) for c, w in used.items()] + [(free[g], errors[g]) for g, on in decided.items() if on]
        for p, w in weights(part["pairs"], len(pairs)).items():
            g, form = pairs[p]
            need(g in decided and w <= free[g], "a pair weighs too much")
            parts.append((w if decided[g] else -w, form))
        for j, w in weights(part["singles"], len(forms)).items():
            need(masses[j] < 0 and w <= 1, "a single weighs too much")
            parts.append((-w * left[j], forms[j]))
        return top(raised(added(rest, parts), [*rows, *sides(decided.items())], part["rows"]), box)

    return bound(given["tree"], {})


class Proved:
    """A certificate's evidence, checked piece by piece; attributes are what is proved.

    problem    the instance on U; box: [(lower, upper), ...] around U n R
    suprema    (lower, upper) of eps_k for every student node; gradient: of sup |g_1|
    excess     (lower, upper) of e0 = sup over U n R of the largest |f*_c - f*'_c|; None where it is not claimed
    radii      entries with exact numbers, `of` the node whose crease they lie around
    """

    def __init__(self, certificate):
        need(certificate["format"] == FORMAT, "the file has an unknown format")
        self.problem = p = Problem(certificate["instance"], certificate["coordinates"])
        self.box = p.box(p.slacks, certificate["box"])
        need(p.strictly(numbers(certificate["inside"], p.d)), "U n R is not proved to have interior")
        given, nodes = certificate["students"], [*p.nodes(), *p.constants[False], *p.constants[None]]
        listed = [index(s["student"], len(given)) for s in given]
        need(listed == list(range(len(p.students))), "every student node needs its entry, in order")
        tasks = [([n.sign * dot(n.fan_out, s.fan_out) for n in nodes], s.form) for s in p.students]
        for entry, (_, u) in zip(given, tasks, strict=True):
            need(entry["witness"] is None or p.strictly(numbers(entry["inside"], p.d), u), "A_k is not proved to have interior")
        self.suprema = self.enclosed(given, nodes, tasks)
        self.gradient, ends = tuple(max(column) for column in zip(*self.suprema, strict=True)), certificate["gradient"]
        need(0 <= number(ends["lower"]) <= self.gradient[0], "the gradient's lower end is not proved")
        need(self.gradient[1] <= number(ends["upper"]), "the gradient's upper end is not proved")
        self.radii, self.excess = [self.radius(entry) for entry in certificate.get("radii", [])], None
        if "excess" in certificate:
            parts = (1, p.teachers[False]), (-1, p.teachers[True]), (1, p.constants[False]), (-1, p.constants[True])
            nodes, signs = [node for _, part in parts for node in part], [sign for sign, part in parts for _ in part]
            fans = [[s * v for v in node.fan_out] for s, node in zip(signs, nodes, strict=True)]
            tasks = [(list(output), None) for output in zip(*fans, strict=True)]
            need(len(certificate["excess"]) == len(tasks), "every output needs its entry")
            self.excess = tuple(max(column) for column in zip(*self.enclosed(certificate["excess"], nodes, tasks), strict=True))

    def enclosed(self, entries, nodes, tasks) -> list:
        """(lower, upper) of max |sum c_i relu(u_i)| where an activity form is >= 0 (None: on all of U n R), for each task."""
        swept = [n for n, entry in enumerate(entries) if entry["evidence"]["method"] == "vertices"]
        values = dict(zip(swept, over_vertices(self.problem, nodes, [tasks[n] for n in swept]) if swept else [], strict=True))
        intervals = []
        for n, (entry, (c, u)) in enumerate(zip(entries, tasks, strict=True)):
            lower, upper, evidence = number(entry["lower"]), number(entry["upper"]), entry["evidence"]
            rows, value = [*self.problem.slacks, *([] if u is None else [u])], ZERO
            if entry["witness"] is not None:
                z = numbers(entry["witness"], self.problem.d)
                need(all(at(s, z) >= 0 for s in rows), "a witness lies outside the region")
                value = abs(sum((x * max(at(node.form, z), ZERO) for x, node in zip(c, nodes, strict=True)), ZERO))
            need(0 <= lower <= value, "the value at the witness is below the lower end")
            if evidence["method"] == "dead":  # u <= 0 on U n R: A_k has no interior
                need(top(raised(u, self.problem.slacks, evidence["rows"]), self.box) <= 0, "the node is not proved to be dead")
                values[n] = ZERO
            elif evidence["method"] == "tree":
                values[n] = over_tree(nodes, c, rows, self.problem.box(rows, evidence["box"], self.box), evidence)
            need(n in values, "the evidence has an unknown method")
            need(values[n] <= upper, f"the upper end is not proved (number {n})")
            intervals.append((lower, upper))
        return intervals

    def radius(self, given) -> dict:
        """A ball, cylinder, guarded disc or disc around a node's crease: below by its centre, above by weights."""
        p, entry = self.problem, dict(given)
        side, i = entry["node"]
        nodes = {"teacher": p.teachers[False], "second": p.teachers.get(True, []), "student": p.students}[side]
        entry["of"] = node = nodes[index(i, len(nodes))]
        need(node.scale is not None, "a node that is constant on U has no crease")
        observer = [] if entry["observer"] is None else [p.students[index(entry["observer"], len(p.students))].form]
        need(all(any(u[:-1]) or u[-1] > 0 for u in observer), "a dead observer sees nothing")
        rows, normal, kind = [*p.slacks, *observer], node.form, entry["kind"]
        entry["radius"], entry["allowance"] = r, allowance = number(entry["radius"]), number(entry.get("allowance", 0))
        whole = [p.product(s, s) for s in rows]
        along = [p.product(s, normal) ** 2 / p.product(normal, normal) for s in rows]
        across = [a - b for a, b in zip(whole, along, strict=True)]
        if kind == "disc-above":
            y = weights(entry["rows"], len(rows))
            weight = sum((w * root(across[m], False) for m, w in y.items()), ZERO)
            total = raised([number(entry["crease"]) * x for x in normal], rows, entry["rows"])
            need(weight > 0 and allowance == 0 and top(total, self.box) <= r * weight, "a radius is not proved from above")
            return entry
        shapes = {"ball": (whole, None), "cylinder": (across, along), "guarded": (across, whole), "disc": (across, None)}
        wide, high = {**shapes, "wall": ([*whole[: len(p.slacks)], ZERO], None)}[kind]  # a ball that the observer may cut
        centre = entry["centre"] = numbers(entry["centre"], p.d)
        need(at(normal, centre) == 0 and r > 0, "a centre lies off its crease")
        need(allowance > 0 if high else allowance == 0, "what is flat may lie in a facet, and a ball has no height")
        for m, s in enumerate(rows):
            room = at(s, centre) - (allowance * root(high[m], True) if high else 0)
            need(room >= 0 and room * room >= r * r * wide[m], f"a {kind} leaves the region")
        return entry
