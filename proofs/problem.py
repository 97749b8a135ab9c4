"""What the checker of certificates reads: numbers, affine forms, and the instance on its subspace, in rationals.

An affine form is a list of d coefficients and a constant; a row of the region is its slack, a form that is >= 0 on it.
The numbers are python-flint's rationals where that is installed, the standard library's otherwise.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

from .kernel import echelon, root_enclosure

try:
    from flint import fmpq as Rational  # noqa: N812
except ImportError:  # the same numbers, slower
    Rational = Fraction  # type: ignore[misc,assignment]

INSTANCE = "twolayer-instance/1"
ZERO, ONE = Rational(0), Rational(1)
LONGEST = 10_000  # characters of a number
WRITTEN = re.compile(r"[+-]?(\d+/\d+|(\d+(\.\d*)?|\.\d+)([eE][+-]?([0-3]?\d?\d|400))?)", re.ASCII)  # linear time


class Refuted(Exception):  # noqa: N818  what happened to the claim
    """The file does not prove what it claims; the message says where."""


def need(condition, what: str) -> None:
    """Raise Refuted unless the condition holds."""
    if not condition:
        raise Refuted(what)


# -- numbers, forms, linear algebra -----------------------------------------------------------------------------------


def number(x) -> Rational:
    """A JSON number (the binary float it parses to) or a string "p/q" or decimal, exactly."""
    need(type(x) in (int, float, str), f"a number is needed; got {x!r:.40}")
    if isinstance(x, str):
        need(len(x) <= LONGEST and WRITTEN.fullmatch(x), f"a number is needed; got {x!r:.40}")
    else:
        x = float(x)
        need(math.isfinite(x), "a number is not finite")
    exact = Fraction(x)
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
        if e:
            need(type(n) is int and len(e) == 1 and type(e[0]) is int and abs(e[0]) < 20_000, "a weight is malformed")
        x = Rational(n) * (1 << e[0] if e[0] >= 0 else Rational(1, 1 << -e[0])) if e else number(n)
        need(index(i, length) not in out and x >= 0, "a weight is negative or given twice")
        out[i] = x
    return out


def dot(a, b):
    """Sum of products."""
    return sum((x * y for x, y in zip(a, b, strict=True)), ZERO)


def root(x, up: bool):
    """A rational above (up) or below sqrt(x), by at most 2^-100 of its size; the root itself where it is rational."""
    low, high = root_enclosure(Fraction(int(x.numerator), int(x.denominator)), 100)
    low, high = (Rational(end.numerator, end.denominator) for end in (low, high))
    return low if not up or low * low == x else high


def at(form, z):
    """Value of a form at a point."""
    return dot(form[:-1], z) + form[-1]


def added(start, terms) -> list:
    """start + sum of weight * form over terms (weight, form)."""
    total = list(start)
    for w, form in terms:
        if w != 0:
            total = [x + w * y for x, y in zip(total, form, strict=True)]
    return total


def top(form):
    """Maximum of a form over the cube |xi_j| <= 1."""
    return sum((abs(x) for x in form[:-1]), form[-1])


# -- the instance ------------------------------------------------------------------------------------------------------


class Node:
    """A hidden node in input space (w, b) and on U: form, fan-out, and +1 for a teacher, -1 for a student."""

    def __init__(self, sign: int, w, b, fan_out, rows, origin):
        self.sign, self.w, self.b, self.fan_out = sign, w, b, fan_out
        self.form = [*(dot(w, row) for row in rows), dot(w, origin) + b]
        self.pivot = next((j for j, x in enumerate(self.form[:-1]) if x != 0), None)  # None: constant on U
        self.scale = None if self.pivot is None else self.form[self.pivot]
        self.hyperplane = None if self.pivot is None else tuple(x / self.scale for x in self.form)


def fields(given, needed: str, optional: str = "") -> dict:
    """A JSON object with these keys: what the instance format does not list is refused."""
    found = isinstance(given, dict) and set(needed.split()) <= set(given) <= {*needed.split(), *optional.split()}
    need(found, f"the instance needs objects with the fields {needed}")
    return given


class Problem:
    """An instance in the coordinates of its subspace that the certificate names: x = origin + z rows."""

    def __init__(self, instance, coordinates):
        fields(instance, "format teacher student region", "name subspace second_teacher")
        need(instance["format"] == INSTANCE, "the instance has an unknown format")
        outputs, self.ambient = len(instance["teacher"]["V"]), len(instance["teacher"]["W"][0])
        need(outputs > 0, "a network needs an output")
        whole = [["1" if i == j else "0" for j in range(self.ambient)] for i in range(self.ambient)]
        plane = fields(instance.get("subspace", {"basis": whole}), "basis", "origin")
        basis = [numbers(row, self.ambient) for row in plane["basis"]]
        start = numbers(plane.get("origin", ["0"] * self.ambient), self.ambient)
        rows = [numbers(row, self.ambient) for row in coordinates["rows"]]
        origin = numbers(coordinates["origin"], self.ambient)
        moved = [x - y for x, y in zip(origin, start, strict=True)]
        ranks = [len(echelon(some, self.ambient)[1]) for some in (basis, rows, [*basis, *rows, moved])]
        need(ranks[0] == ranks[1] == ranks[2] == len(rows) == len(basis) > 0, "the coordinates are not those of the subspace")
        self.d = len(rows)
        gram = [[*(dot(a, b) for b in rows), *(ONE if i == j else ZERO for j in range(self.d))] for i, a in enumerate(rows)]
        self.metric = [row[self.d :] for row in echelon(gram, self.d)[0]]  # the rows are independent, so this is G^-1

        def network(given, sign):
            W, width = fields(given, "W b V")["W"], len(given["W"])
            V, b = [numbers(row, width) for row in given["V"]], numbers(given["b"], width)
            need(len(V) == outputs, "the networks have different outputs")
            return [Node(sign, numbers(W[k], self.ambient), b[k], [row[k] for row in V], rows, origin) for k in range(width)]

        self.teachers = {second: network(instance[key], 1) for second, key in ((False, "teacher"), (True, "second_teacher"))
                         if key in instance}
        self.students = network(instance["student"], -1)
        region = fields(instance["region"], *(["A c"] if "A" in instance["region"] else ["lower upper"]))
        if "A" in region:
            A, c = [numbers(a, self.ambient) for a in region["A"]], numbers(region["c"], len(region["A"]))
        else:
            A = [[sign * number(x) for x in e] for sign in (1, -1) for e in whole]
            c = numbers(region["upper"], self.ambient) + [-x for x in numbers(region["lower"], self.ambient)]
        self.slacks = [[*(-dot(a, row) for row in rows), c - dot(a, origin)] for a, c in zip(A, c, strict=True)]
        need(all(any(s[:-1]) or s[-1] >= 0 for s in self.slacks), "the subspace misses the region")

    def strictly(self, z, *forms) -> bool:
        """A point lies in the interior of U n R (no row decides that is constant on U) and where the forms are > 0."""
        return all(at(s, z) > 0 for s in [*(s for s in self.slacks if any(s[:-1])), *forms])

    def product(self, a, b):
        """Inner product of two forms' linear parts in the geometry of U."""
        return dot(a[: self.d], [dot(row, b[: self.d]) for row in self.metric])

    def sine_squared(self, a, b):
        """Squared sine of the angle between two hyperplanes."""
        return 1 - self.product(a, b) ** 2 / (self.product(a, a) * self.product(b, b))

    def nodes(self, second: bool = False) -> list:
        """All nodes, the teacher's first."""
        return self.teachers[second] + self.students

    def enclosing_box(self, multipliers) -> list:
        """[(lower, upper), ...] around U n R: two lists of weights of rows for each coordinate, for its upper end first.

        With s_m >= 0: +-z_j <= +-z_j + sum y_m s_m = limit + rest . z <= limit + |rest|_1 |z|_inf, so that all of them
        together bound |z|_inf.
        """
        need(len(multipliers) == 2 * self.d, "the box needs two proofs for each coordinate")
        sides = []
        for n, entries in enumerate(multipliers):
            unit = [ZERO] * (self.d + 1)
            unit[n // 2] = ONE if n % 2 == 0 else -ONE
            total = added(unit, [(y, self.slacks[m]) for m, y in weights(entries, len(self.slacks)).items()])
            sides.append((total[-1], sum((abs(x) for x in total[:-1]), ZERO)))
        worst = max(defect for _, defect in sides)
        need(worst < 1, "the region is not proved to be bounded")
        size = max(abs(limit) for limit, _ in sides) / (1 - worst)
        ends = [limit + defect * size for limit, defect in sides]
        return [(-ends[2 * j + 1], ends[2 * j]) for j in range(self.d)]
