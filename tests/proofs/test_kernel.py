"""The exact kernel of the proofs against slow and obvious computations, in exact equalities."""

from __future__ import annotations

import ast
from decimal import Decimal, getcontext
from fractions import Fraction
from itertools import combinations, permutations, product
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from proofs import counterexamples
from proofs.counterexamples import (
    fan_out_seen_from_a_corner,
    nearly_parallel_teachers_leave_no_student,
    observer_sees_only_a_corner,
    rescaled_student_has_any_fan_out,
    short_projected_weight_hides_the_crease,
    thin_region_hides_the_crease,
)
from proofs.families import Function, NotUniformError, parameter, roots
from proofs.geometry import Polytope, arrangement_vertices, box, matrix, merged, relu, vector
from proofs.instances import Instance, network, read
from proofs.kernel import (
    PI_HIGH,
    PI_LOW,
    Surd,
    arctan_enclosure,
    dot,
    exact_root,
    inverse,
    pi_enclosure,
    rank,
    rational,
    root_enclosure,
    solve,
    sqrt,
    transpose,
)
from proofs.printed import (
    below,
    between,
    column_sum,
    fan_out_bound,
    gradient_vanishes,
    observed,
    pi_bound_squared,
    row_sum,
    teacher_distance,
)

quick = settings(max_examples=50, deadline=None)
getcontext().prec = 80
DECIMALLY_ZERO = Decimal(10) ** -60  # at 80 digits, sums of a few roots below 1000 err by less than 1e-70

numbers = st.builds(Fraction, st.integers(-4, 4), st.sampled_from((1, 2, 3)))
nonzero = numbers.filter(bool)
positive = st.builds(Fraction, st.integers(1, 40), st.sampled_from((1, 2, 3, 8)))


def vectors(size: int):
    return st.tuples(*[numbers] * size)


def determinant(A):
    """Leibniz' formula."""
    size, total = len(A), Fraction(0)
    for order in permutations(range(size)):
        sign = (-1) ** sum(a > b for a, b in combinations(order, 2))
        term = Fraction(sign)
        for i, j in enumerate(order):
            term *= A[i][j]
        total += term
    return total


squares = st.integers(1, 3).flatmap(lambda n: st.lists(vectors(n), min_size=n, max_size=n))


# Linear algebra


@quick
@given(squares, st.data())
def test_a_system_is_solved_exactly_unless_its_determinant_is_zero(A, data):
    b = data.draw(vectors(len(A)))
    x = solve(A, b)
    assert (x is None) == (determinant(A) == 0)
    if x is not None:
        assert tuple(dot(row, x) for row in A) == b


@quick
@given(squares)
def test_the_inverse_times_the_matrix_is_the_identity(A):
    if determinant(A) == 0:
        with pytest.raises(ValueError, match="invertible"):
            inverse(A)
    else:
        assert [[dot(row, column) for column in transpose(A)] for row in inverse(A)] == [
            [int(i == j) for j in range(len(A))] for i in range(len(A))
        ]


@quick
@given(st.lists(vectors(3), min_size=1, max_size=3))
def test_the_rank_is_the_size_of_the_largest_minor_that_is_not_zero(rows):
    sizes = [
        size
        for size in range(1, len(rows) + 1)
        for i in combinations(range(len(rows)), size)
        for j in combinations(range(3), size)
        if determinant([[rows[a][b] for b in j] for a in i]) != 0
    ]
    assert rank(rows) == max(sizes, default=0)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1/3", Fraction(1, 3)),
        ("-2.5e-1", Fraction(-1, 4)),
        (7, Fraction(7)),
        (0.1, Fraction(0.1)),
        ("1e400", Fraction(10) ** 400),
    ],
)
def test_numbers_are_read_exactly(written, value):
    assert rational(written) == value


@pytest.mark.parametrize(
    "written", [True, None, [1], "x", "", "1/0", "nan", float("inf"), float("nan"), "1e401", "1E999999999"]
)
def test_what_is_not_a_rational_number_is_refused(written):
    with pytest.raises(ValueError, match="expected a"):
        rational(written)


# Square roots and pi

radicands = st.sampled_from((1, 2, 3, 5, 6, 8, 12, 18, 50, 72))
terms = st.lists(st.tuples(radicands, numbers), min_size=1, max_size=4)


def surd_of(pairs) -> Surd:
    return sum((sqrt(c) * a for c, a in pairs), Surd())


def decimal_of(pairs) -> Decimal:
    return sum((Decimal(a.numerator) / a.denominator * Decimal(c).sqrt() for c, a in pairs), Decimal(0))


@settings(max_examples=150, deadline=None)
@given(terms)
@example([(8, Fraction(1)), (2, Fraction(-2))])
@example([(72, Fraction(1)), (18, Fraction(-1)), (2, Fraction(-3))])
def test_a_sum_of_roots_has_the_sign_that_eighty_digits_show(pairs):
    shown = decimal_of(pairs)
    expected = 0 if abs(shown) < DECIMALLY_ZERO else 1 if shown > 0 else -1
    assert surd_of(pairs).sign() == expected
    low, high = surd_of(pairs).enclosure(20)
    assert low <= surd_of(pairs) <= high


@quick
@given(terms, terms)
def test_products_and_sums_of_roots_agree_with_eighty_digits(first, second):
    a, b, x, y = surd_of(first), surd_of(second), decimal_of(first), decimal_of(second)
    for root, expected in ((a * b, x * y), (a + b, x + y), (a - b, x - y)):
        low, high = root.enclosure(300)
        assert Decimal(low.numerator) / low.denominator - DECIMALLY_ZERO <= expected
        assert expected <= Decimal(high.numerator) / high.denominator + DECIMALLY_ZERO
    assert (a < b) == (b > a) == (not a >= b) == (not b <= a)
    assert (a == b) == (a <= b <= a)


def test_roots_that_nearly_agree_are_told_apart():
    n = 10**60
    assert n < sqrt(n * n + 1) < n + Fraction(1, n)
    assert (sqrt(2) - 1) * (sqrt(2) + 1) == 1
    assert sqrt(n + 1) - sqrt(n) > sqrt(n + 2) - sqrt(n + 1) > 0
    assert sqrt(Fraction(1, 2)) * 2 == sqrt(2) == 2 / sqrt(2)
    assert sqrt(10**40 + 1) + sqrt(3) - sqrt(3) - sqrt(10**40 + 1) == 0


def test_an_enclosure_that_touches_zero_decides_nothing():
    """sqrt(2) - x > 0 where the first enclosure's lower end is exactly 0."""
    low, _ = root_enclosure(Fraction(2))
    unit = Fraction(1) + Fraction(1, 2**64)  # the upper end of the enclosure of sqrt(1)
    difference = sqrt(2) - low / unit
    assert difference.enclosure()[0] == 0 and difference.sign() == 1 and (-difference).sign() == -1


def test_dividing_by_a_sum_of_roots_is_refused():
    for divisor in (sqrt(2) + 1, Surd()):
        with pytest.raises(ValueError, match="one term"):
            sqrt(3) / divisor
    with pytest.raises(ValueError, match="not negative"):
        sqrt(-1)


@quick
@given(positive)
def test_a_rational_root_is_found_and_any_root_enclosed(x):
    assert exact_root(x * x) == x
    assert exact_root(x * x * 2) is None
    low, high = root_enclosure(x, 30)
    assert low * low <= x <= high * high and high - low <= Fraction(1, 2**30)


def test_machin_s_identity_holds_and_so_the_bounds_of_pi():
    real, imaginary = 1, 0
    for a, b in [(5, 1)] * 4 + [(239, -1)]:
        real, imaginary = real * a - imaginary * b, real * b + imaginary * a
    assert real == imaginary == 114244
    assert 0 < 4 * arctan_enclosure(5, 3)[0] - arctan_enclosure(239, 3)[1] < 1  # so its angle is pi/4 itself
    euler = [4 * (arctan_enclosure(2, 40)[end] + arctan_enclosure(3, 40)[end]) for end in (0, 1)]
    assert PI_LOW < euler[1] and euler[0] < PI_HIGH
    assert Fraction(333, 106) < PI_LOW < PI_HIGH < Fraction(22, 7)
    assert PI_LOW < Fraction("3.14159265358979323847") and Fraction("3.14159265358979323846") < PI_HIGH
    assert all(pi_enclosure(n)[0] < pi_enclosure(n + 1)[0] < pi_enclosure(n + 1)[1] < pi_enclosure(n)[1] for n in range(1, 8))


def test_a_bound_is_between_numbers_only_if_both_bounds_of_pi_prove_it():
    assert between("0.99", PI_LOW, "1.01") and below(PI_LOW, Fraction("1.01") ** 2)
    middle = (PI_LOW + PI_HIGH) / 2  # may be above or below pi: neither side is proved
    assert not below(middle, 1) and not between(1, middle, 2) and not between(0, middle, 1)


# Functions of a parameter


def polynomial(zeros) -> tuple[Fraction, ...]:
    coefficients = [Fraction(1)]
    for zero in zeros:
        coefficients = [a - zero * b for a, b in zip([Fraction(0), *coefficients], [*coefficients, Fraction(0)], strict=True)]
    return tuple(coefficients)


@quick
@given(st.lists(numbers, max_size=5), st.booleans(), positive)
@example([Fraction(1), Fraction(1), Fraction(2)], False, Fraction(1))
@example([Fraction(0), Fraction(0), Fraction(1)], True, Fraction(1))
def test_sturm_counts_the_distinct_zeros_in_the_half_open_interval(zeros, plus, top):
    p = polynomial(zeros)
    if plus:  # times t^2 + 1, which has no real zero
        p = tuple(a + b for a, b in zip((*p, 0, 0), (0, 0, *p), strict=True))
    assert roots(p, top) == len({zero for zero in zeros if 0 < zero <= top})


@quick
@given(vectors(3), vectors(3), st.fractions(Fraction(1, 10), 2))
def test_arithmetic_of_functions_is_that_of_their_values(first, second, at):
    t = parameter(Fraction(2))
    f, g = (a + b * t + c * t * t for a, b, c in (first, second))
    x, y = (a + b * at + c * at * at for a, b, c in (first, second))

    def value(h):
        return h.at(at) if isinstance(h, Function) else h

    assert value(f + g) == x + y and value(f - g) == x - y and value(f * g) == x * y and value(-f) == -x
    try:
        assert value(f / g) == x / y
    except (NotUniformError, ZeroDivisionError):
        assert roots_exist(second)
    try:
        answer = f < g
    except NotUniformError:
        return
    assert answer == (x < y)
    assert (f == g) == (x == y)


def roots_exist(coefficients) -> bool:
    """A zero of the polynomial in (0, 2], seen as a change of sign, a zero, or a double zero."""
    a, b, c = coefficients
    if a == b == c == 0:
        return True
    points = [Fraction(i, 64) for i in range(1, 129)] + ([-b / (2 * c)] if c else [])
    values = [a + b * t + c * t * t for t in points if 0 < t <= 2]
    tiny = a if a else b if b else c  # the sign just right of 0
    return any(v * tiny <= 0 for v in values)


def test_a_comparison_that_depends_on_the_parameter_is_refused():
    t = parameter(Fraction(1))
    half = Fraction(1, 2)
    for compare in (lambda: t < half, lambda: t == half, lambda: t - 1 >= 0, lambda: 1 / (1 - t)):
        with pytest.raises(NotUniformError):
            compare()
    assert 0 < t <= Fraction(3, 2) and t * t < 2 * t and t - t == 0 and not t - t
    assert hash(t - t + 3) == hash(3)
    assert 1 / (t - 2) < 0 < 1 / (2 - t) and (1 / (t - 2)) * (t - 2) == 1
    assert abs(t - 2) == abs(2 - t) == 2 - t and abs(t) == t
    with pytest.raises(ValueError, match="one interval"):
        t + parameter(Fraction(2))
    with pytest.raises(ValueError, match="top > 0"):
        parameter(Fraction(0))


@pytest.mark.parametrize(
    "module",
    [
        observer_sees_only_a_corner,
        thin_region_hides_the_crease,
        nearly_parallel_teachers_leave_no_student,
        fan_out_seen_from_a_corner,
        short_projected_weight_hides_the_crease,
        rescaled_student_has_any_fan_out,
    ],
    ids=lambda module: module.__name__.rpartition(".")[2],
)
def test_a_family_computed_at_once_agrees_with_each_of_its_members(module):
    top = getattr(module, "TOP", None) or module.T
    whole = module.family(parameter(top))
    for at in (top, top / 3, top / 1000):
        member = module.family(at)
        epsilon = whole.epsilon
        assert (epsilon.at(at) if isinstance(epsilon, Function) else epsilon) == member.epsilon


# Polytopes and sums of ridges


@st.composite
def polygons(draw):
    """A square cut by up to three half-planes; it may be empty or flat."""
    polygon = box((-2, 2), (-1, 2))
    for _ in range(draw(st.integers(0, 3))):
        polygon = polygon.cut(draw(vectors(2).filter(any)), draw(numbers))
    return polygon


def cramer(first, second):
    """The crossing of two lines a . q = c in the plane, or None."""
    (a, c), (b, d) = first, second
    size = a[0] * b[1] - a[1] * b[0]
    return None if size == 0 else ((c * b[1] - a[1] * d) / size, (a[0] * d - c * b[0]) / size)


def slow_vertices(polygon, lines=()):
    rows = [*zip(polygon.A, polygon.c, strict=True), *((a, -beta) for a, beta in lines)]
    points = {cramer(first, second) for first, second in combinations(rows, 2)} - {None}
    return {q for q in points if all(a[0] * q[0] + a[1] * q[1] <= c for a, c in zip(polygon.A, polygon.c, strict=True))}


nodes = st.lists(st.tuples(vectors(2), numbers, numbers), max_size=4)


@quick
@given(polygons(), nodes)
def test_vertices_of_an_arrangement_are_all_crossings_inside(polygon, lines):
    assert set(polygon.vertices) == slow_vertices(polygon)
    hyperplanes = [(a, beta) for a, beta, _ in lines]
    assert set(arrangement_vertices(polygon, hyperplanes)) == slow_vertices(polygon, hyperplanes)


@quick
@given(polygons())
def test_a_polytope_has_interior_exactly_if_its_vertices_mean_is_strictly_inside(polygon):
    corners = polygon.vertices
    inside = False
    if corners:
        mean = [sum(x) / len(corners) for x in zip(*corners, strict=True)]
        inside = all(dot(row, mean) < c for row, c in zip(polygon.A, polygon.c, strict=True) if any(row))
    assert polygon.has_interior == inside


def test_vertices_of_a_box_are_its_corners_in_three_dimensions():
    assert set(box((0, 1), (-1, 2), ("1/3", "1/2")).vertices) == set(product((0, 1), (-1, 2), (Fraction(1, 3), Fraction(1, 2))))


def test_an_unbounded_polytope_is_refused():
    wedge = Polytope(matrix([[1, 1], [-1, 1]]), vector([1, 1]))
    with pytest.raises(ValueError, match="bounded"):
        assert wedge.vertices
    assert wedge.cut((0, -1), Fraction(0)).vertices


@settings(max_examples=120, deadline=None)
@given(nodes, vectors(2))
def test_merging_by_hyperplane_does_not_change_the_function(given_nodes, q):
    h = merged(given_nodes, 2)
    assert h(q) == sum(c * relu(dot(a, q) + beta) for a, beta, c in given_nodes)
    assert len({(crease.a, crease.beta) for crease in h.creases}) == len(h.creases)
    assert all(next(x for x in crease.a if x) == 1 for crease in h.creases)


@quick
@given(nodes.filter(bool), nonzero)
def test_a_kink_mass_depends_neither_on_orientation_nor_on_scale(given_nodes, scale):
    (a, beta, c), *rest = given_nodes
    assume(any(a))
    turned = [(tuple(scale * x for x in a), scale * beta, c / abs(scale)), *rest]
    masses = [{(crease.a, crease.beta): crease.mass for crease in merged(some, 2).creases} for some in (given_nodes, turned)]
    assert masses[0] == masses[1]


@settings(max_examples=120, deadline=None)
@given(polygons(), nodes)
def test_extrema_are_those_of_the_plain_sum_over_all_crossings(polygon, given_nodes):
    assume(polygon.has_interior)
    h = merged(given_nodes, 2)
    slow = {
        q: sum(c * relu(dot(a, q) + beta) for a, beta, c in given_nodes)
        for q in slow_vertices(polygon, [(a, beta) for a, beta, _ in given_nodes])
    }
    (low, at), (high, there) = h.extrema(polygon)
    assert (low, high) == (min(slow.values()), max(slow.values()))
    assert (h(at), h(there)) == (low, high) and polygon.contains(at) and polygon.contains(there)
    assert h.vanishes_on(polygon) == (low == high == 0)
    assert all(h.on(polygon)(q) == h(q) for q in slow)


@pytest.mark.parametrize(
    ("given_nodes", "zero"),
    [
        ([], True),
        ([((0, 0), 1, 1)], False),
        ([((0, 0), -1, 1)], True),
        ([((0, 0), 1, 1), ((0, 0), 2, "-1/2")], True),
        ([((1, 0), 0, 1), ((-1, 0), 0, -1), ((1, 0), 3, -1), ((0, 0), 3, 1)], True),  # x = (x + 3) - 3
        ([((1, 0), 0, 1), ((-1, 0), 0, -1), ((1, 0), 3, -1), ((0, 0), 2, 1)], False),
        ([((1, 0), 0, 1), ((-1, 0), 0, 1)], False),
        ([((1, 0), 0, 1), ((2, 0), 0, "-1/2")], True),
        ([((1, 2), -9, 1)], True),
        ([((1, 2), 9, 1), ((1, 1), 9, -1)], False),
    ],
)
def test_the_zero_test_by_hand_on_the_square(given_nodes, zero):
    square = box((-1, 1), (-1, 1))
    h = merged([(vector(a), rational(beta), rational(c)) for a, beta, c in given_nodes], 2)
    assert h.vanishes_on(square) is zero
    (low, _), (high, _) = h.extrema(square)
    assert (low == high == 0) is zero


def test_a_crease_along_the_edge_of_a_polytope_does_not_count():
    corner = box((0, 1), (0, 1))
    h = merged([(vector((1, 0)), Fraction(0), Fraction(1)), (vector((-2, 0)), Fraction(0), Fraction(5))], 2)
    assert not h.on(corner).creases and h.on(corner).slope == (1, 0)
    assert merged([(vector((-1, 0)), Fraction(0), Fraction(1))], 2).vanishes_on(corner)
    assert h.on(box((-1, 1), (0, 1))).creases[0].mass == 11


# Instances on a subspace


@st.composite
def instances(draw):
    """Nodes in space, a plane U through a box; C = 1."""
    node = st.tuples(vectors(3), numbers, nonzero)
    teacher = network(*draw(st.lists(node, min_size=1, max_size=3)))
    student = network(*draw(st.lists(node, min_size=1, max_size=2)))
    rows = draw(st.lists(vectors(3), min_size=2, max_size=2))
    assume(rank(rows) == 2)
    return Instance(
        teacher,
        student,
        box((-1, 1), (-2, 1), (-1, 3)),
        matrix(rows),
        draw(vectors(3).map(lambda x: tuple(entry / 8 for entry in x))),
    )


@settings(max_examples=40, deadline=None)
@given(instances(), st.lists(vectors(2), min_size=2, max_size=2), vectors(2))
def test_nothing_depends_on_the_basis_or_the_origin_of_the_subspace(instance, change, shift):
    assume(determinant(change) != 0)
    rows = tuple(tuple(dot(c, column) for column in transpose(instance.rows)) for c in change)
    start = tuple(x + dot(shift, column) for x, column in zip(instance.start, transpose(instance.rows), strict=True))
    other = Instance(instance.teacher, instance.student, instance.region, rows, start)
    (a, beta), (b, gamma) = instance.node(instance.teacher, 0), other.node(other.teacher, 0)
    for k in range(len(instance.student.W)):
        assert instance.supremum(k)[0] == other.supremum(k)[0]
        p, q = instance.node(instance.student, k)[0], other.node(other.student, k)[0]
        assert instance.inner(a, p) == other.inner(b, q)
        if any(a) and any(p):
            assert instance.sine_squared(a, p) == other.sine_squared(b, q)
    if any(a):
        assert instance.boundary_radius_squared(a, beta) == other.boundary_radius_squared(b, gamma)


@quick
@given(instances(), vectors(3), vectors(3))
def test_projected_products_are_those_of_explicit_projections(instance, w, other):
    """Proj_U w by Gram-Schmidt."""
    first, second = instance.rows
    second = tuple(y - dot(first, second) / dot(first, first) * x for x, y in zip(first, second, strict=True))
    projected = [dot(w, u) * dot(other, u) / dot(u, u) for u in (first, second)]
    assert instance.inner(instance.form(w), instance.form(other)) == sum(projected)


@settings(max_examples=40, deadline=None)
@given(instances(), vectors(2))
def test_a_node_on_the_subspace_is_the_node_in_space(instance, q):
    x = tuple(s + dot(q, column) for s, column in zip(instance.start, transpose(instance.rows), strict=True))
    for net in (instance.teacher, instance.student):
        for i, w in enumerate(net.W):
            a, beta = instance.node(net, i)
            assert dot(a, q) + beta == dot(w, x) + net.b[i]
    error = instance.teacher(x)[0] - instance.student(x)[0]
    for k, v in enumerate(instance.student.fan_outs):
        assert instance.gradient(k)(q) == v[0] * error
        value, witness = instance.supremum(k)
        where = instance.active(k)
        if where is not None:
            assert where.contains(witness) and abs(instance.gradient(k)(witness)) == value
            if where.contains(q):
                assert abs(v[0] * error) <= value


@settings(max_examples=40, deadline=None)
@given(instances())
def test_an_instance_survives_its_file(instance):
    again = read(instance.to_json("a name"))
    assert (again.teacher, again.student, again.region, again.basis, again.origin) == (
        instance.teacher,
        instance.student,
        instance.region,
        instance.rows,
        instance.start,
    )


def test_a_file_with_another_format_or_an_unknown_field_is_refused():
    data = observer_sees_only_a_corner.instance()
    with pytest.raises(ValueError, match="instance/1"):
        read(data | {"format": "twolayer-instance/2"})
    with pytest.raises(ValueError, match="notes"):
        read(data | {"notes": "x"})
    sides = {"lower": ["-1", "-1"], "upper": ["1", "1"]}
    assert read(data | {"region": sides}).region == box((-1, 1), (-1, 1))


def test_networks_of_the_wrong_shape_and_dependent_bases_are_refused():
    with pytest.raises(ValueError, match=r"expected W \(K, d\)"):
        wrong = {"W": [["1", "0"]], "b": ["0", "1"], "V": [["1"]]}
        read(observer_sees_only_a_corner.instance() | {"teacher": wrong})
    net = network(((1, 0), 0, 1))
    with pytest.raises(ValueError, match="independent"):
        assert Instance(net, net, box((-1, 1), (-1, 1)), matrix([[1, 1], [2, 2]])).rows
    with pytest.raises(ValueError, match="interior"):
        assert (
            Instance(net, net, box((-1, 1), (-1, 1)), matrix([[1, 0]]), vector((0, 1))).data.c
            and Instance(net, net, box((-1, 1), (-1, 1)), matrix([[1, 0]]), vector((0, 2))).data
        )
    with pytest.raises(ValueError, match="d' = 2"):
        Instance(net, net, box((-1, 1), (-1, 1)), matrix([[1, 0]])).boundary_radius_squared((Fraction(1),), 0)


def test_a_student_at_its_kink_everywhere_is_off_and_a_constant_one_on():
    teacher = network(((0, 1), 0, 1))
    instance = Instance(teacher, network(((0, 0), 0, 1), ((0, 0), 2, 1), ((1, 0), -1, 1)), box((-1, 1), (-1, 1)))
    assert instance.active(0) is None and instance.active(2) is None and instance.supremum(0) == (0, None)
    assert instance.active(1) == instance.data
    assert instance.supremum(1)[0] == 2  # |relu(y) - 0 - 2 - relu(x - 1)| is largest where y <= 0


@pytest.mark.parametrize(
    ("normal", "radius", "margin", "fits"),
    [
        ((1, 0), "1/2", "1/2", True),
        ((1, 0), "1/2", "51/100", False),
        ((1, 0), "1", "0", True),
        ((1, 0), "101/100", "0", False),
        ((1, 1), "141421/100000", "0", True),
        ((1, 1), "141422/100000", "0", False),
        ((1, 1), "7/5", "1/100", True),
        ((1, 1), "7/5", "11/1000", False),
    ],
)
def test_a_disc_with_margin_fits_into_the_square_exactly_as_far_as_it_should(normal, radius, margin, fits):
    net = network((normal, 0, 1))
    instance = Instance(net, net, box((-1, 1), (-1, 1)))
    assert instance.disc_fits((0, 0), vector(normal), rational(radius), rational(margin), instance.data) is fits


def test_a_disc_away_from_the_origin_has_less_room():
    net = network(((1, 0), 0, 1))
    instance, a = Instance(net, net, box((-1, 1), (-1, 1))), vector((1, 0))
    for centre, fits in (((0, "1/2"), True), ((0, "3/5"), False), (("-3/4", 0), True), (("-4/5", 0), False)):
        assert instance.disc_fits(vector(centre), a, Fraction(1, 4), Fraction(1, 4), instance.data) is fits


def test_students_that_see_the_same_region_keep_their_own_suprema():
    instance = Instance(network(((0, 1), 0, 1)), network(((1, 0), 3, -2), ((1, 0), 3, 1)), box((-1, 1), (-1, 1)))
    assert instance.active(0).vertices == instance.active(1).vertices
    assert [instance.supremum(k)[0] for k in (0, 1)] == [10, 5] and instance.epsilon == 10  # f* - f = relu(y) + x + 3


# The printed quantities


@pytest.mark.parametrize(
    ("node", "observer", "seen"),
    [
        (((1, 0), 0), ((0, 1), -9), True),  # not parallel: they meet far away
        (((1, 0), 0), ((1, 0), 0), True),
        (((1, 0), 0), ((-3, 0), 0), True),  # the closed region, at its edge
        (((1, 0), -2), ((1, 0), -3), False),
        (((1, 0), -2), ((1, 0), -1), True),
        (((2, 0), -2), ((-1, 0), "1/2"), False),
        (((2, 0), -2), ((-1, 0), 1), True),
        (((1, 0), 0), ((0, 0), -1), False),
        (((1, 0), 0), ((0, 0), 1), True),  # a constant observer
    ],
)
def test_a_boundary_is_observed_where_it_meets_the_closed_activation_region(node, observer, seen):
    assert observed(network((*node, 1)), 0, network((*observer, 1)), 0) is seen


def test_row_and_column_sums_by_hand():
    A = matrix([[1, -2], [-3, -4], [0, -5]])
    assert row_sum(A) == 7 and column_sum(A) == 11


def test_the_printed_bound_by_hand():
    """d' = 2, r = 1, eps = 1/100, alpha = 1, K = 2: (10/0.95) sqrt(2/(2 pi)) 2/100 = 0.1188."""
    bound = pi_bound_squared(Fraction(1, 100), 1, Fraction(1), 2, 2)
    assert bound == (Fraction(10) / Fraction(95, 100) * 2 / 100) ** 2 and between("0.1187", bound, "0.1188")
    with pytest.raises(ValueError, match="r' > 0"):
        pi_bound_squared(Fraction(1, 5), 1, Fraction(1), 2, 2)
    with pytest.raises(ValueError, match="rational radius"):
        pi_bound_squared(Fraction(1, 100), 1, Fraction(2), 2, 2)


def test_the_gradient_vanishes_only_if_it_does_at_every_student():
    square, teacher = box((-1, 1), (-1, 1)), network(((1, 0), 0, (1, 0)))
    blind, seeing = ((0, 1), 3, (0, 1)), ((1, 1), 3, (1, 0))
    balance = (0, 1), 3, (0, -1)  # with `blind` the second output is 0
    assert gradient_vanishes(Instance(teacher, network(blind, balance), square))
    assert not gradient_vanishes(Instance(teacher, network(blind, balance, seeing), square))


def test_the_fan_out_bound_takes_the_smallest_alpha():
    student = network(((0, 1), 0, (1, 2)), ((1, 0), 3, (1, 0)), ((1, 0), 3, (0, -3)))
    instance = Instance(network(((1, 0), 3, (1, -3)), ((0, 1), 4, (0, 0))), student, box((-1, 1), (-1, 1)))
    bound = fan_out_bound(instance, 0, (1, 2))  # v_1 . v = 1, v_2 . v = -6; Q = diag(1, -3)
    assert (bound.alpha, bound.inverse_norm, bound.fan_out_squared, bound.nodes) == (1, 1, 5, 5)
    assert bound.distance_squared == 0 and bound.length_squared == 1 and bound.radius_squared == 1


def test_the_distance_of_two_teachers_is_the_largest_error_of_either_sign():
    zero, square = network(((0, 1), -5, (0, 0))), box((-1, 1), (-1, 1))
    for sign in (1, -1):
        second = network(((1, 0), 1, (0, sign)))
        assert teacher_distance(Instance(zero, zero, square, second_teacher=second)) == 2


def test_the_proofs_import_nothing_of_the_other_wings():
    for path in Path(counterexamples.__file__).resolve().parent.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            first = {name.partition(".")[0] for name in names}
            searches = path.parent.name == "search"  # proposes records; no check imports it (test_proofs_records)
            assert not first & ({"twolayer", "cifar", "tests"} | (set() if searches else {"numpy"})), path
