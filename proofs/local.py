"""Local gradients of a certificate's rows: how near h_k is to an affine function on a ball, in rational arithmetic.

On a ball a hyperplane that misses it is affine. Modulo affine functions h_k = sum m |u| / 2, u the form of the first node on
each hyperplane and m its kink mass in units of that node's |p|. A row proves it by `shares` or by `affine`: CERTIFICATE.md.
"""

from __future__ import annotations

from types import SimpleNamespace

from .certificate import ONE, ZERO, at, dot, index, need, negative, number, numbers, over_vertices, root

SIDES = [(s * x, t * y) for a, b in ((1, 0), (12, 5), (4, 3)) for x, y in ((a, b), (b, a)) for s in (1, -1) for t in (1, -1)]
TOGETHER = 8  # pairs whose signs are all tried


def levels(problem, nodes, mass, ball, row, wall=None) -> list | None:
    """The gradient that a row's pairs or affine function prove, rounded down and up; None for a row without.

    mass: of a node's hyperplane, in units of that node's |p|. wall: the hyperplane at which the observer's region ends, if
    the gradient is that of the part of the ball in it: there its kink is affine, whatever its mass
    """
    need(isinstance(row, dict), "a local gradient is an object")
    first: dict = {}
    for node in nodes:
        if node.scale is not None:
            first.setdefault(node.hyperplane, node)
    masses = {key: mass(node) for key, node in first.items()}
    if "shares" in row:
        return [paired(problem, nodes, first, masses, ball, row["shares"], up, wall) for up in (False, True)]
    return [from_affine(problem, first, masses, ball, row["affine"])] * 2 if "affine" in row else None


def paired(p, nodes, first, masses, ball, pairs, up: bool, wall=None):
    """By what is paired and what is left, rounded up or down.

    |x |u| - y |v|| is at most |x u -+ y v|; and |u|, for |u(centre)| < r |p|, is within (r |p| - u(centre)^2 / (r |p|)) / 2
    of an affine function. Pairs written first are looked at together.
    """
    centre, r, apart, left = ball["centre"], ball["radius"], [], {key: abs(m) for key, m in masses.items()}

    def largest(form):
        return abs(at(form, centre)) + r * root(p.product(form, form), up)

    for a, b, *shares in pairs:
        one, two = (nodes[index(n, len(nodes))].hyperplane for n in (a, b))
        need(one in first and two in first, "a node has no hyperplane to pair")
        need(wall in (one, two) or masses[one] * masses[two] < 0, "a pair is not of opposite signs")
        x, y = (number(share) for share in shares)
        left[one], left[two] = left[one] - x, left[two] - y
        rest = [left[key] for key in (one, two) if key != wall]
        need(min(x, y, *rest) >= 0, "more of a mass is paired than there is")
        ends = ([x * u - sign * y * v for u, v in zip(first[one].form, first[two].form, strict=True)] for sign in (1, -1))
        apart.append(min(ends, key=largest))
    total = (together(p, apart[:TOGETHER], centre, r, up) + sum(map(largest, apart[TOGETHER:]))) / 2
    for key, rest in left.items():
        size, value = r**2 * p.product(first[key].form, first[key].form), at(first[key].form, centre) ** 2
        if size > value and key != wall:
            total += rest * (root(size, up) - value / root(size, not up)) / 4
    return total


def together(p, forms, centre, r, up: bool):
    """The largest sum of |form| over a ball, rounded up or down: |sum e u(centre)| + r |sum e u| over all signs e.

    Of e and -e one is tried, and one sign changes at a time: that of the lowest 1 of a counter.
    """
    values, products = [at(form, centre) for form in forms], [[p.product(a, b) for b in forms] for a in forms]
    e, sums, value, most = [ONE] * len(forms), [sum(row, ZERO) for row in products], sum(values, ZERO), ZERO
    square = sum(sums, ZERO)
    for step in range(1, 2 ** len(forms) // 2 + 1):
        most = max(most, abs(value) + r * root(square, up))
        i = (step & -step).bit_length() % len(forms)
        value, square = value - 2 * e[i] * values[i], square + 4 * (products[i][i] - e[i] * sums[i])
        sums = [x - 2 * e[i] * y for x, y in zip(sums, products[i], strict=True)]
        e[i] = -e[i]
    return most


def from_affine(p, first, masses, ball, written):
    """The largest distance from the function written, over a polygon around a ball of the plane.

    Of h_k without the hyperplanes that miss the ball, each kink with its first node: on the ball that differs from h_k by an
    affine function. Two nodes make the function written: g = relu(g) - relu(-g).
    """
    need(p.d == 2, "an affine function is compared in the plane only")
    centre, r, g = ball["centre"], ball["radius"], numbers(written, 3)
    met = [key for key, n in first.items() if at(n.form, centre) ** 2 < r**2 * p.product(n.form, n.form)]
    sides = [
        [*(-ONE * x for x in side), dot(side, centre) + r * root(p.product([*side, 0], [*side, 0]), True)] for side in SIDES
    ]
    nodes = [*(first[key] for key in met), SimpleNamespace(form=g), SimpleNamespace(form=negative(g))]
    polygon = SimpleNamespace(d=2, slacks=sides, unit=p.unit)
    return over_vertices(polygon, nodes, [([*(masses[key] for key in met), -ONE, ONE], None)])[0]
