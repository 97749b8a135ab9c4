"""Hypothesis strategies for small exact instances, and slow, obvious references that share no code with the search.

Every number is a rational with small numerator and denominator, so that coincidences (a crease through a vertex, two
nodes on one hyperplane, a student exactly on its teacher) are drawn often and every assertion can be an equality.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
from flint import fmpq
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Polytope, Subspace
from twolayer.restriction.domains import Domain
from twolayer.restriction.ridges import RidgeSum

# No deadline: the first call of a test pays for imports and says nothing about the code.
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
thorough = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

numbers = st.builds(Fraction, st.integers(-6, 6), st.sampled_from((1, 2, 3, 5)))
nonzero = numbers.filter(lambda x: x != 0)
positive = st.builds(Fraction, st.integers(1, 6), st.sampled_from((1, 2, 3, 5)))
small = st.builds(Fraction, st.integers(-3, 3), st.sampled_from((7, 100, 10**6)))
finite_floats = st.floats(allow_nan=False, allow_infinity=False)


def array(values, shape) -> np.ndarray:
    """An object array of Fractions of the given shape."""
    out = np.empty(int(np.prod(shape)), dtype=object)
    out[:] = [Fraction(x) for x in values]
    return out.reshape(shape)


@st.composite
def arrays(draw, *shape, elements=numbers):
    """Object arrays of Fractions."""
    size = int(np.prod(shape))
    return array(draw(st.lists(elements, min_size=size, max_size=size)), shape)


def flints(values) -> np.ndarray:
    """The same array with fmpq entries, for the functions of twolayer.exact."""
    values = np.asarray(values, dtype=object)
    out = np.empty(values.shape, dtype=object)
    for index, x in np.ndenumerate(values):
        out[index] = x if isinstance(x, fmpq) else fmpq(Fraction(x).numerator, Fraction(x).denominator)
    return out


@st.composite
def networks(draw, inputs, outputs, widths=(1, 3)):
    """Exact networks; now and then a zero weight, a node flipped or rescaled from another, a zero fan-out, an output bias."""
    width = draw(st.integers(*widths))
    W, b = draw(arrays(width, inputs)), draw(arrays(width))
    V = draw(arrays(outputs, width))
    for k in range(width):
        kind = draw(st.sampled_from(("free", "free", "free", "zero weight", "same hyperplane")))
        if kind == "zero weight":
            W[k] = Fraction(0)
        elif kind == "same hyperplane" and k > 0:
            source, scale = draw(st.integers(0, k - 1)), draw(nonzero)
            W[k], b[k] = scale * W[source], scale * b[source]
    biased = draw(st.sampled_from((False, False, True)))
    return TwoLayer(W, b, V, draw(arrays(outputs)) if biased else None)


@st.composite
def students(draw, teacher: TwoLayer):
    """Students of a teacher: free ones, exact copies, near copies (each number off by p/q), split and flipped nodes."""
    if draw(st.booleans()):
        return draw(networks(teacher.inputs, teacher.outputs))
    W, b, V = (np.array(x, dtype=object) for x in (teacher.W, teacher.b, teacher.V))
    order = [*range(teacher.width), *draw(st.lists(st.integers(0, teacher.width - 1), max_size=1))]
    W, b, V = W[order], b[order], V[:, order]
    for k in range(len(order)):
        scale = draw(positive) * draw(st.sampled_from((1, 1, 1, -1)))
        W[k], b[k], V[:, k] = scale * W[k], scale * b[k], V[:, k] / abs(scale)
    if draw(st.booleans()):
        W, b, V = W + draw(arrays(*W.shape, elements=small)), b + draw(arrays(*b.shape, elements=small)), V
    return TwoLayer(W, b, V, teacher.output_bias)


@st.composite
def boxes(draw, dimension):
    """(A, c, inside): a box with rows e_i, then -e_i, and a point strictly inside."""
    inside = draw(arrays(dimension))
    below, above = draw(arrays(dimension, elements=positive)), draw(arrays(dimension, elements=positive))
    identity = np.eye(dimension, dtype=int)
    A = array(np.concatenate([identity, -identity]).ravel().tolist(), (2 * dimension, dimension))
    return A, np.concatenate([inside + above, below - inside]), inside


@st.composite
def polytopes(draw, dimension, cuts=2):
    """(A, c, inside): a box cut by at most `cuts` half-planes; bounded, with a point strictly inside.

    Rows may repeat, be redundant, or pass through a vertex of the box.
    """
    A, c, inside = draw(boxes(dimension))
    for _ in range(draw(st.integers(0, cuts))):
        row = draw(arrays(dimension).filter(lambda row: any(row)))
        if draw(st.booleans()):  # through the corner to which the row points
            corner = [c[j] if x > 0 else -c[dimension + j] for j, x in enumerate(row)]
            limit = sum(x * y for x, y in zip(row, corner, strict=True))
        else:
            limit = row @ inside + draw(positive)
        A, c = np.concatenate([A, row[None, :]]), np.append(c, limit)
    return A, c, inside


@st.composite
def subspaces(draw, ambient, dimension, through=None):
    """Affine subspaces with independent rational rows, seldom orthogonal, through a given point."""
    pivots = draw(st.permutations(range(ambient)))[:dimension]
    rows = draw(arrays(dimension, ambient))
    for i, pivot in enumerate(pivots):
        rows[:, pivot] = [Fraction(int(i == j)) for j in range(dimension)]
    mixing = draw(arrays(dimension, dimension))
    for i in range(dimension):
        mixing[i, i:] = [Fraction(int(i == j)) for j in range(i, dimension)]
    basis = mixing @ rows
    origin = draw(arrays(ambient)) if through is None else through + draw(arrays(dimension)) @ basis
    return Subspace(basis, origin)


@st.composite
def instances(draw, inputs=(1, 4), dimensions=(1, 3), outputs=(1, 3), second_teacher=False):
    """Instances with d, d', C in the given ranges, K* and K at most 3 or 4; U crosses the interior of R."""
    d = draw(st.integers(*inputs))
    plane = draw(st.integers(dimensions[0], min(dimensions[1], d)))
    classes = draw(st.integers(*outputs))
    A, c, inside = draw(polytopes(d))
    teacher = draw(networks(d, classes))
    student = draw(students(teacher))
    if draw(st.booleans()):  # a crease of some student node through a point of R, its vertex if R is a box
        k, corner = draw(st.integers(0, student.width - 1)), draw(st.sampled_from((inside, c[:d])))
        b = np.array(student.b, dtype=object)
        b[k] = -(student.W[k] @ corner)
        student = replace(student, b=b)
    whole = plane == d and draw(st.booleans())
    subspace = None if whole else draw(subspaces(d, plane, through=inside))
    second = draw(networks(d, classes)) if second_teacher else None
    return Instance(teacher, student, Polytope(A, c), subspace, second, "drawn")


@st.composite
def ridge_sums(draw, dimension, ridges=(0, 4)):
    """Ridge sums with an affine part; now and then p = 0, c = 0, or a node on another's hyperplane."""
    n = draw(st.integers(*ridges))
    P, beta, c = draw(arrays(n, dimension)), draw(arrays(n)), draw(arrays(n))
    for i in range(1, n):
        if draw(st.integers(0, 3)) == 0:
            source, scale = draw(st.integers(0, i - 1)), draw(nonzero)
            P[i], beta[i] = scale * P[source], scale * beta[source]
    slope, offset = draw(arrays(dimension)), draw(numbers)
    return RidgeSum(flints(P), flints(beta), flints(c), flints(slope), fmpq(offset.numerator, offset.denominator))


@st.composite
def domains(draw, dimension, cuts=2):
    """Domains of the core: a polytope with the exact box around it and a point strictly inside."""
    A, c, inside = draw(polytopes(dimension, cuts))
    corners = brute_vertices(flints(A), flints(c))
    lower, upper = ([end(column) for column in zip(*corners, strict=True)] for end in (min, max))
    return Domain(flints(A), flints(c), flints(lower), flints(upper), flints(inside))


# References: slow, obvious, exact. They import nothing that they judge.


def _determinant(rows: list[list[fmpq]]) -> fmpq:
    if not rows:
        return fmpq(1)
    return sum(
        ((-1) ** j * x * _determinant([row[:j] + row[j + 1 :] for row in rows[1:]]) for j, x in enumerate(rows[0]) if x != 0),
        fmpq(0),
    )


def _intersection(rows: list[list[fmpq]], limits: list[fmpq]) -> list[fmpq] | None:
    """The one point on all d hyperplanes row . z = limit (Cramer's rule), or None."""
    whole = _determinant(rows)
    if whole == 0:
        return None
    columns = range(len(limits))
    return [
        _determinant([row[:j] + [limit] + row[j + 1 :] for row, limit in zip(rows, limits, strict=True)]) / whole
        for j in columns
    ]


def _dot(a, b) -> fmpq:
    return sum((x * y for x, y in zip(a, b, strict=True)), fmpq(0))


def brute_vertices(A: np.ndarray, c: np.ndarray, extra=()) -> list[list[fmpq]]:
    """All points of {A z <= c} where d independent hyperplanes meet: its rows and `extra` ones (row, limit).

    A (m, d), c (m,) of fmpq. Without extra, these are the vertices; the list may hold a point more than once.
    """
    planes = [([*row], limit) for row, limit in zip(A, c, strict=True)]
    planes += [([*row], limit) for row, limit in extra if any(x != 0 for x in row)]
    points = []
    for chosen in itertools.combinations(dict.fromkeys((*row, limit) for row, limit in planes), A.shape[1]):
        z = _intersection([[*plane[:-1]] for plane in chosen], [plane[-1] for plane in chosen])
        if z is not None and all(_dot(row, z) <= limit for row, limit in zip(A, c, strict=True)):
            points.append(z)
    return points


def brute_has_interior(A: np.ndarray, c: np.ndarray) -> bool:
    """Whether a bounded {A z <= c} has interior points: whether the mean of its vertices is one."""
    corners = brute_vertices(A, c)
    if not corners:
        return False
    mean = [sum(column, fmpq(0)) / len(corners) for column in zip(*corners, strict=True)]
    return all(_dot(row, mean) < limit for row, limit in zip(A, c, strict=True))


def brute_value(h: RidgeSum, z) -> fmpq:
    """h(z) term by term."""
    total = h.offset + _dot(h.slope, z)
    for p, beta, c in zip(h.P, h.beta, h.c, strict=True):
        total += c * max(_dot(p, z) + beta, fmpq(0))
    return total


def brute_supremum(h: RidgeSum, domain: Domain) -> fmpq:
    """sup |h| over a bounded domain {A z <= c}, exactly, for d <= 3.

    h is affine on every cell of the arrangement of its creases and the domain's facets, so |h| is largest at a vertex
    of the arrangement: all d-tuples of hyperplanes are intersected.
    """
    corners = brute_vertices(domain.A, domain.c, extra=list(zip(h.P, -h.beta, strict=True)))
    return max(abs(brute_value(h, z)) for z in corners)


def brute_epsilon(instance: Instance, student: int) -> fmpq | None:
    """eps_k = sup over A_k of |v_k . (f* - f)|, exactly, straight from the instance; None where A_k is empty.

    Works in the coordinates t of the instance's own basis, x = origin + basis^T t, which need not be orthogonal.
    """
    h, A, c = gradient_in_own_coordinates(instance, student)
    if not brute_has_interior(A, c):
        return None
    corners = brute_vertices(A, c, extra=list(zip(h.P, -h.beta, strict=True)))
    return max(abs(brute_value(h, t)) for t in corners)


def gradient_in_own_coordinates(instance: Instance, student: int) -> tuple[RidgeSum, np.ndarray, np.ndarray]:
    """(h_k, A, c): h_k and the rows of U ∩ R ∩ {node k active} in the coordinates t of the instance's own basis.

    A constant student node that is off contributes the row 0 . t <= -1, which excludes everything.
    """
    assert instance.subspace is not None
    basis, origin = flints(instance.subspace.basis), flints(instance.subspace.origin)
    P, beta, weights, offset = [], [], [], fmpq(0)
    observer = flints(instance.student.V)[:, student]
    for network, sign in ((instance.teacher, 1), (instance.student, -1)):
        for w, b, v in zip(flints(network.W), flints(network.b), flints(network.V).T, strict=True):
            P.append([_dot(row, w) for row in basis])
            beta.append(_dot(w, origin) + b)
            weights.append(sign * _dot(v, observer))
        offset += sign * _dot(flints(network.output_bias), observer)
    rows = [[_dot(row, a) for row in basis] for a in flints(instance.region.A)]
    limits = [limit - _dot(a, origin) for a, limit in zip(flints(instance.region.A), flints(instance.region.c), strict=True)]
    k = instance.teacher.width + student
    if all(x == 0 for x in P[k]):
        rows.append([fmpq(0)] * len(basis))
        limits.append(fmpq(1) if beta[k] > 0 else fmpq(-1))
    else:
        rows.append([-x for x in P[k]])
        limits.append(beta[k])
    h = RidgeSum(flints(P), flints(beta), flints(weights), flints([0] * len(basis)), offset)
    return h, flints(rows), flints(limits)
