"""Polytopes of any scale, whose answers are known by construction: bounded, unbounded along a ray, empty, flat, or thin.

Entries run over 1e-12..1e12, where absolute tolerances of floats see nothing, and over 1e-300..1e300, beyond floats' squares.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from twolayer import BadInput, Box, Instance, Polytope, TwoLayer, exact
from twolayer.certify.suprema import supremum
from twolayer.cli import main as command
from twolayer.linear.programs import interior_point, is_empty, maximum, outer_box
from twolayer.linear.simplex import Empty, Optimum, Ray, best, ray_within
from twolayer.restriction.restricted import restricted

from ..strategies import array, brute_supremum, brute_vertices, flints, nonzero, quick, thorough

pytestmark = pytest.mark.filterwarnings("error")  # no overflow on standard error either

CASES = Path(__file__).parents[1] / "cases"
SPREADS = st.sampled_from([12, 300])  # decades on both sides of 1
NARROW = 1e-5  # what rounding may add to a side of a box, as a share of its width


@st.composite
def wild(draw, spread, *shape):
    """Nonzero rationals of all sizes between 10^-spread and 10^spread, as fmpq."""
    size = int(np.prod(shape))
    numbers = draw(st.lists(nonzero, min_size=size, max_size=size))
    powers = draw(st.lists(st.integers(-spread, spread), min_size=size, max_size=size))
    return flints(array([x * Fraction(10) ** k for x, k in zip(numbers, powers, strict=True)], shape))


@st.composite
def rows_through(draw, least=0):
    """(spread, A (m, d) of rank d, a point (d,)), m >= d + least."""
    spread, d = draw(SPREADS), draw(st.integers(1, 3))
    A = draw(wild(spread, d + draw(st.integers(least, 3)), d))
    assume(exact.rank(A) == d)
    return spread, A, draw(wild(spread, d))


@st.composite
def bounded(draw):
    """(A, c) with interior: rows around a point, the last one minus a combination of all others with positive weights."""
    spread, A, point = draw(rows_through())
    weights = abs(draw(wild(spread, len(A))))
    A = np.concatenate([A, -(weights @ A)[None, :]])
    return A, A @ point + abs(draw(wild(spread, len(A))))


@st.composite
def squeezed(draw, least):
    """(A, c, room): as many rows as dimensions and one that leaves between itself and them no more than room >= least."""
    spread, d = draw(SPREADS), draw(st.integers(1, 3))
    A = draw(wild(spread, d, d))
    assume(exact.rank(A) == d)
    weights, limits = abs(draw(wild(spread, d))), draw(wild(spread, d))
    room = least * abs(draw(wild(spread)).item())
    return np.concatenate([A, -(weights @ A)[None, :]]), np.append(limits, room - weights @ limits), room


@thorough
@given(bounded())
def test_a_bounded_polytope_has_a_point_strictly_inside_a_box_around_it_and_no_ray(polytope):
    A, c = polytope
    assert ray_within(A) is None and not is_empty(A, c)
    point, margin = interior_point(A, c)
    assert (A @ point < c).all() and margin > 0
    lower, upper = outer_box(A, c)
    for low, high, values in zip(lower, upper, zip(*brute_vertices(A, c), strict=True), strict=True):
        blur = exact.rational(NARROW) * (max(values) - min(values)) + exact.rational(2.0**-52) * max(abs(x) for x in values)
        assert min(values) - blur <= low <= min(values) and max(values) <= high <= max(values) + blur


@thorough
@given(rows_through(), st.data())
def test_a_polytope_that_holds_a_ray_is_called_unbounded_along_one(drawn, data):
    spread, A, point = drawn
    ray = data.draw(wild(spread, A.shape[1]))
    A = np.where(A @ ray > 0, -exact.ONE, exact.ONE)[:, None] * A
    direction = ray_within(A)
    assert any(direction) and (A @ direction <= 0).all()
    c = A @ point + 1
    inner, _ = interior_point(A, c)
    assert (A @ inner < c).all() and not is_empty(A, c)
    end = best(A, c, ray)
    assert isinstance(end, Ray) and (A @ end.direction <= 0).all() and (ray * end.direction).sum() > 0


@thorough
@given(squeezed(least=-1))
def test_an_empty_polytope_is_proved_empty(polytope):
    A, c, _ = polytope
    end = best(A, c, A[0])
    assert isinstance(end, Empty) and all(y > 0 for y in end.duals.values())
    assert exact.is_zero(sum((y * A[m] for m, y in end.duals.items()), exact.zeros(A.shape[1])))
    assert sum(y * c[m] for m, y in end.duals.items()) < 0
    assert is_empty(A, c) and interior_point(A, c) == (None, None)
    assert outer_box(A, c) is None or exact.rank(A) == 1


@thorough
@given(squeezed(least=0))
def test_a_flat_polytope_has_no_interior_and_is_not_empty(polytope):
    A, c, _ = polytope
    assert interior_point(A, c) == (None, None)
    assert not is_empty(A, c)


@thorough
@given(squeezed(least=1))
def test_a_polytope_however_thin_has_a_point_strictly_inside(polytope):
    A, c, room = polytope
    point, margin = interior_point(A, c)
    assert (A @ point < c).all() and margin > 0
    assert maximum(A, c, -A[-1]).value - room == -c[-1]


@quick
@given(bounded(), st.data())
def test_the_maximum_over_a_wild_polytope_is_that_over_its_vertices(polytope, data):
    A, c = polytope
    objective = data.draw(wild(12, A.shape[1]))
    end = best(A, c, objective)
    assert isinstance(end, Optimum)
    assert end.value == max((objective * z).sum() for z in brute_vertices(A, c))


# Instances.


def fractions(values):
    return np.vectorize(exact.fraction, otypes=[object])(values)


def net(W, b):
    return TwoLayer(W, b, [[1] * len(W)])


@quick
@given(bounded(), st.data())
def test_a_bounded_region_of_any_scale_is_accepted_and_its_supremum_enclosed(polytope, data):
    A, c = polytope
    assume(all(abs(x) < 10**300 for x in [*A.flat, *c]))
    teacher, student = (net(fractions(data.draw(wild(0, 1, A.shape[1]))), [Fraction(1, 3)]) for _ in range(2))
    instance = Instance(teacher, student, Polytope(fractions(A), fractions(c)))
    try:
        problem = restricted(instance)
    except BadInput as error:
        assert "reaches farther" in str(error)
        assert max(abs(x) for z in brute_vertices(A, c) for x in z) > 10**308
        return
    domain = problem.active_domain(problem.student[0])
    active = [(exact.rationals(student.W[0]) * x).sum() + exact.rational(student.b[0]) > 0 for x in brute_vertices(A, c)]
    assert (domain is not None) == any(active)
    if domain is not None:
        assert domain.dimension and (domain.A @ domain.interior < domain.c).all()
        h = problem.gradient(problem.student[0])
        enclosure, true = supremum(h, domain, gap=1e-3), brute_supremum(h, domain)
        assert exact.rational(enclosure.lower) <= true <= exact.rational(enclosure.upper)
        assert exact.rational(enclosure.upper) <= true * exact.rational(1.01) + exact.rational(5e-324)


@quick
@given(st.data(), st.integers(1, 3), SPREADS)
def test_a_node_that_sees_only_a_corner_of_a_box_has_a_point_strictly_inside_its_domain(data, d, spread):
    """The slack that is left in the corner is as small a share of the box as a draw makes it."""
    lower, sides, w = data.draw(wild(spread, d)), abs(data.draw(wild(spread, d))), data.draw(wild(spread, d))
    most = sum(max(a * x, a * (x + y)) for a, x, y in zip(w, lower, sides, strict=True))
    room = abs(data.draw(wild(spread)).item())
    upper = lower + sides
    assume(all(abs(x) < 10**300 for x in [*lower, *upper, *w, most]))
    student = net([fractions(w)], [exact.fraction(room - most)])
    problem = restricted(Instance(student, student, Box(fractions(lower), fractions(upper))))
    domain = problem.active_domain(problem.student[0])
    assert (domain.A @ domain.interior < domain.c).all()


@quick
@given(rows_through(), st.data())
def test_an_unbounded_region_is_refused_with_a_direction_along_which_it_never_ends(drawn, data):
    spread, A, point = drawn
    ray = data.draw(wild(spread, A.shape[1]))
    A = np.where(A @ ray > 0, -exact.ONE, exact.ONE)[:, None] * A
    c = A @ point + 1
    assume(all(abs(x) < 10**300 for x in [*A.flat, *c]))
    with pytest.raises(BadInput, match="^region needs to be bounded; got an unbounded polytope, without end along "):
        Instance(*[net([[1] * A.shape[1]], [0])] * 2, Polytope(fractions(A), fractions(c)))


@pytest.mark.parametrize(
    ("name", "lower", "upper"),
    [("corner-interior", 3, Fraction("3.0000000000000001")), ("thin-triangle", 1999999999999, 1999999999999)],
)
def test_a_region_or_a_domain_that_is_thin_is_checked_and_certified(name, lower, upper, tmp_path, capsys):
    """A slack of 1e-20 in the corner of a square, and a triangle of width 2 and length 2e12."""
    checker = pytest.importorskip("proofs.check").main
    path, proved = CASES / f"{name}.json", tmp_path / "certificate.json"
    assert command(["check", str(path)]) == 0
    assert command(["certify", str(path), "-o", str(proved)]) == 0
    assert checker([str(proved)]) == 0, capsys.readouterr().out
    ends = [Fraction(json.loads(proved.read_text(encoding="utf-8"))["gradient"][end]) for end in ("lower", "upper")]
    assert ends[0] <= upper and lower <= ends[1] and ends[1] - ends[0] <= Fraction(lower) / 1000
