"""Sides of the statements in rational arithmetic: what several are made of, and those of fan-out recovery.

Squared sines, sums of |cot|, the sizes of Q^-1. A row of fan-out recovery, as one observer sees it or as vectors, names the
cluster, a ball for each observer, and what proves its local gradient: CERTIFICATE.md.
"""

from __future__ import annotations

from . import local
from .certificate import ONE, ZERO, Rational, at, dot, index, need, root
from .kernel import echelon

ABOVE = ONE + Rational(1, 2**30)  # of a local gradient that bounds masses: where a ball meets H alone both sides agree


def sine_squared(problem, a, b):
    """Squared sine of the angle between two hyperplanes of U."""
    return 1 - problem.product(a, b) ** 2 / (problem.product(a, a) * problem.product(b, b))


def cotangents(sines, up: bool):
    """Sum of |cot| from squared sines, rounded up or down; Refuted where a hyperplane is parallel."""
    total = ZERO
    for sine in sines:
        need(sine > 0, "a parallel hyperplane opposes")
        total += root((1 - sine) / sine, up)
    return total


def sizes_of_inverse(observers) -> list:
    """|Q^-1| entry by entry, Q's columns the fan-outs of as many observers as there are outputs; a row for each of them."""
    outputs = len(observers[0].fan_out) if observers else 0
    need(len(observers) == outputs > 0, "one other observer for each output is needed")
    Q = [[*(o.fan_out[c] for o in observers), *(ONE if c == i else ZERO for i in range(outputs))] for c in range(outputs)]
    rows, pivots = echelon(Q, outputs)
    need(len(pivots) == outputs, "Q is not invertible")
    return [[abs(x) for x in row[outputs:]] for row in rows]


def square_of_fan_out(sizes, limits):
    """Squared length of a fan-out: entry c is at most the sum over the observers m of |Q^-1|_mc B_m, B_m of what m sees."""
    return sum((dot(column, limits) ** 2 for column in zip(*sizes, strict=True)), ZERO)


# -- fan-out recovery ---------------------------------------------------------------------------------------------------


def recovery(case):
    """Fan-out recovery: both sides as shares of |kappa_T|, or of the teacher's fan-out as a vector, squared.

    C: the teacher's hyperplane and the student hyperplanes named, none of which carries another teacher; units of length: |p|.
    """
    p, given = case.problem, case.given
    teachers = p.teachers[False]
    node = teachers[index(given["teacher"], len(teachers))]
    need(case.form == "sharp" and node.scale is not None, "the row does not apply")
    near = {case.students[index(s, len(case.students))].hyperplane for s in given["cluster"]} - {node.hyperplane}
    need(
        None not in near and not near & {t.hyperplane for t in teachers},
        "the cluster holds what carries no student, or a teacher",
    )
    return vector(case, node, near) if "observers" in given else share(case, node, near)


def share(case, node, near):
    """As one observer sees it."""
    k = case.given["observer"]
    observer = case.students[index(k, len(case.students))]
    kappa = abs(case.mass(node, observer, case.problem.teachers[False]))
    need(kappa != 0, "kappa_T = 0")
    masses = [(case.mass(n, observer), n) for n in clustered(case, node, near)]
    least, most = summed(case.problem, node, masses)
    ends = limits(case, node, near, k, case.given["radius"], case.given)
    return (max(least, -most, ZERO) / kappa) ** 2, (max(most, -least) / kappa) ** 2, *((end / kappa) ** 2 for end in ends)


def vector(case, node, near):
    """As vectors: Q^T s is what the observers see of s, the fan-outs of C times |p| summed, less those of students."""
    given, students, outputs = case.given, case.students, len(node.fan_out)
    teachers, indices = case.problem.teachers[False], given["observers"]
    sizes = sizes_of_inverse([students[index(m, len(students))] for m in indices])
    whole = [total(teachers, node, c) for c in range(outputs)]
    size = dot(whole, whole)
    need(size > 0, "the teacher's fan-out is 0")
    members = clustered(case, node, near)
    entries = [summed(case.problem, node, [(total(case.nodes, n, c), n) for n in members]) for c in range(outputs)]
    least = sum((max(low, -high, ZERO) ** 2 for low, high in entries), ZERO)
    most = sum((max(high, -low) ** 2 for low, high in entries), ZERO)
    rows = zip(indices, given["radii"], given["gradients"], strict=True)
    ends = zip(*(limits(case, node, near, *row) for row in rows), strict=True)
    low, high = (square_of_fan_out(sizes, end) for end in ends)
    return least / size, most / size, low / size, high / size


def clustered(case, node, near) -> list:
    """One node of each hyperplane of C, the given one of its own."""
    return [node, *{n.hyperplane: n for n in case.nodes if n.hyperplane in near}.values()]


def total(nodes, node, output: int):
    """The sum of an output's fan-outs on a hyperplane, less those of students, in units of |p| of a node on it."""
    return sum((n.sign * n.fan_out[output] * abs(n.scale / node.scale) for n in nodes if n.hyperplane == node.hyperplane), ZERO)


def summed(problem, node, masses) -> tuple:
    """(low, high) of the sum of masses (x, n), each in units of |p| of a node n."""
    ends = [ZERO, ZERO]
    for x, n in masses:
        ratio = problem.product(n.form, n.form) / problem.product(node.form, node.form)
        ends = [
            end + x * (root(ratio, (x > 0) is up) if n is not node else 1) for end, up in zip(ends, (False, True), strict=True)
        ]
    return tuple(ends)


def limits(case, node, near, k, radius, evidence) -> list:
    """[low, high] of the bound on |sum over C of kappa| as student k sees it, in a ball of its own."""
    p, observer, ball = case.problem, case.students[index(k, len(case.students))], case.shape("ball", node, k, radius)
    cluster, others = [], []  # (kappa_m |p| / |p_m|, squared ratio of the lengths, squared sine, squared distance)
    for other in {n.hyperplane: n for n in case.nodes if n.scale is not None}.values():
        mass, square = case.mass(other, observer), p.product(other.form, other.form)
        sine, away = sine_squared(p, node.form, other.form), at(other.form, ball["centre"]) ** 2 / square
        if other.hyperplane in near:
            cluster.append((mass, square / p.product(node.form, node.form), sine, away))
        elif other.hyperplane != node.hyperplane and mass != 0 and away <= ball["radius"] ** 2:
            others.append(sine)
    levels = local.levels(p, case.nodes, lambda n: case.mass(n, observer), ball, evidence)
    levels = [case.epsilon(k)[1]] * 2 if levels is None else [level * ABOVE for level in levels]
    ends = []
    for up, level in zip((False, True), levels, strict=True):
        gamma = cotangents(others, up)
        steep = root(1 + gamma**2, up) / ball["radius"]  # 1 / t
        bound = 4 * level * steep * root(1 / p.product(node.form, node.form), up)
        for mass, ratio, sine, away in cluster:
            bound += (
                abs(mass)
                * root(ratio, up)
                * (sine / (1 + root(1 - sine, not up)) + gamma * root(sine, up) + steep * root(away, up))
            )
        ends.append(bound)
    return ends
