"""Radii of many pairs at once are proved lower bounds, and as large as those of the exact path."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolayer import Instance, Polytope, Subspace, TwoLayer, exact
from twolayer.certify.radii import box as radii_box
from twolayer.certify.radii import many as radii
from twolayer.certify.radii import proof as radii_proof
from twolayer.certify.radii.facets import facets, gamma, leading, line, lines_of, metric
from twolayer.certify.radii.many import inscribed_radii
from twolayer.certify.radii.one import Surroundings
from twolayer.exact import rational, rationals
from twolayer.linear.programs import interior_point, maximum, outer_box
from twolayer.regions import Frame, frame
from twolayer.restriction.domains import Domain
from twolayer.restriction.restricted import Crease, restricted

from ...strategies import arrays, instances, nonzero, numbers, polytopes, positive, quick

AGREES = 1e-9  # what centres from another program may cost a radius; never a matter of soundness
GRAIN = 1e-9  # share of the domain's size that a float centre may cost where a row is at an angle of 1e-6 to a facet


def box_rows(lower, upper):
    d = len(lower)
    identity = np.eye(d, dtype=int)
    return rationals(np.concatenate([identity, -identity])), np.concatenate([rationals(upper), -rationals(lower)])


def domain(A, c, inside=None):
    A, c = rationals(A), rationals(c)
    lower, upper = outer_box(A, c)
    return Domain(A, c, lower, upper, interior_point(A, c)[0] if inside is None else rationals(inside))


def cube(d, half=1):
    return domain(*box_rows([-half] * d, [half] * d), [0] * d)


def cut(base, row, limit):
    """The domain with one row more, which shares the others."""
    A, c = np.concatenate([base.A, rationals([row])]), np.append(base.c, rational(limit))
    return Domain(A, c, base.lower, base.upper, base.interior)


def crease(normal, offset):
    return Crease(rationals(normal), rational(offset), ())


def whole(d):
    return frame(Subspace.whole(d))


def above(coordinates: Frame, line_: Crease, where: Domain):
    """An exact upper bound on the radius: a linear program with lengths rounded down, solved in rationals."""
    d = where.dimension
    squares = [(row @ coordinates.metric @ row) for row in where.A]
    lengths = [rational(float(np.sqrt(exact.nearest_float(x))) * (1 - 1e-12)) for x in squares]
    size = max(abs(x) for x in [*where.lower, *where.upper]) * 4 * d + 1
    n, o = line_.normal, line_.offset
    pivot = max(range(d), key=lambda j: abs(n[j]))
    A, c = exact.zeros(len(where.A), d), exact.zeros(len(where.A))
    for m, row in enumerate(where.A):
        reduced = row - row[pivot] / n[pivot] * n
        A[m, :-1], A[m, -1] = np.delete(reduced, pivot), lengths[m]
        c[m] = where.c[m] + row[pivot] / n[pivot] * o
    cap = exact.zeros(1, d)
    cap[0, -1] = exact.ONE
    goal = exact.zeros(d)
    goal[-1] = exact.ONE
    best = maximum(np.concatenate([A, cap]), np.append(c, size), goal)
    return None if best is None else best.value


def assert_proved(coordinates, line_, where, inscribed):
    """In rationals: the centre is on the crease, and slack^2 >= radius^2 |a|^2 for every facet."""
    if inscribed is None:
        return
    assert inscribed.radius > 0 and (line_.normal * inscribed.centre).sum() + line_.offset == 0
    r = rational(inscribed.radius)
    for row, limit in zip(where.A, where.c, strict=True):
        slack = limit - (row * inscribed.centre).sum()
        assert slack >= 0 and slack**2 >= r**2 * (row @ coordinates.metric @ row)


def assert_all_right(coordinates, creases, domains):
    """Every radius is proved, at most the exact upper bound, at least the exact path's, 0 only where nothing enters."""
    inscribed = inscribed_radii(coordinates, creases, domains)
    for i, line_ in enumerate(creases):
        for j, where in enumerate(domains):
            shape, radius = inscribed.inscribed(i, j), inscribed.radius[i, j]
            assert (shape is None) == (radius == 0) and (shape is None or shape.radius == radius)
            assert_proved(coordinates, line_, where, shape)
            alone = Surroundings(coordinates, line_, where).ball()
            assert_proved(coordinates, line_, where, alone)
            enters = interior_point(where.A, where.c, line_.normal, line_.offset)[0] is not None
            assert (radius > 0) == enters == (alone is not None)
            if enters:
                assert radius >= (1 - AGREES) * alone.radius and alone.radius >= (1 - AGREES) * radius
                limit = above(coordinates, line_, where)
                if limit is not None:
                    grain = GRAIN * np.abs(exact.nearest(np.append(where.lower, where.upper))).max()
                    assert (1 - 1e-8) * exact.nearest_float(limit) - grain <= radius <= exact.round_up(limit)
    return inscribed


@pytest.fixture
def many(monkeypatch):
    """General polytopes take the batch's own simplex method, however few they are."""
    monkeypatch.setattr(radii, "FEW", 0)


@st.composite
def creases(draw, d):
    """Hyperplanes with small rational numbers: through corners, along faces, outside, in general position."""
    normal = draw(arrays(d).filter(lambda row: any(row)))
    return crease(normal, draw(numbers))


@quick
@given(st.data(), st.integers(1, 3), st.sampled_from((1e-6, 1, 1e6, Fraction(1, 3))))
def test_boxes_and_boxes_with_one_row_more_agree_with_the_exact_path(data, d, scale):
    scale = rational(scale)
    low, size = rationals(data.draw(arrays(d))), rationals(data.draw(arrays(d, elements=positive)))
    base = domain(*box_rows(low * scale, (low + size) * scale), (low + size / 2) * scale)
    domains = [base]
    for _ in range(2):
        row = rationals(data.draw(arrays(d).filter(lambda row: any(row))))
        middle = (row * base.interior).sum()
        domains.append(cut(base, row, middle + rational(data.draw(positive)) * scale))
    lines = [data.draw(creases(d)) for _ in range(3)]
    lines = [Crease(x.normal, x.offset * scale, ()) for x in lines]
    lines.append(Crease(-domains[1].A[-1], domains[1].c[-1], ()))  # the domain's own facet
    assert_all_right(whole(d), lines, domains)


@quick
@given(st.data(), st.integers(2, 3))
def test_other_polytopes_agree_with_the_exact_path(data, d):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(radii, "FEW", 0)
        A, c, inside = data.draw(polytopes(d, cuts=3))
        turn = rationals(np.eye(d, dtype=int) + np.triu(np.ones((d, d), dtype=int), 1))  # no box any more
        base = domain(rationals(A) @ turn, c)
        row = rationals(data.draw(arrays(d).filter(lambda row: any(row))))
        other = cut(base, row, (row * base.interior).sum() + rational(data.draw(positive)))
        lines = [data.draw(creases(d)) for _ in range(2)] + [Crease(base.A[0], -base.c[0], ())]
        assert_all_right(whole(d), lines, [other, base] if data.draw(st.booleans()) else [base, other])


@quick
@given(instances(inputs=(2, 4), dimensions=(1, 3)))
def test_radii_of_an_instance_are_those_of_its_pairs_in_any_frame(instance):
    problem = restricted(instance)
    domains = [x for x in (problem.active_domain(node) for node in problem.student) if x is not None]
    if domains and problem.creases:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(radii, "FEW", 0)
            assert_all_right(problem.frame, problem.creases, domains)


@pytest.mark.parametrize("seen", [-1, 0])
def test_a_ball_between_a_crease_and_a_facet_at_an_angle_of_a_millionth_to_it_is_not_cut_short(seen):
    """Two nodes a millionth apart: balls down to 1e-8, near the tolerance of a solver."""
    teacher = TwoLayer([[3, -1, 0, 0.5]], [0], [[0]])
    student = TwoLayer([[3, Fraction(-999999, 10**6), 0, 0.5]], [0], [[0]])
    limits = [seen + 1, 1, 1, 1, 1 - seen, 1, 1, 1, 1]  # the last face twice, so that this is no box
    region = Polytope([*np.eye(4, dtype=int).tolist(), *(-np.eye(4, dtype=int)).tolist(), [0, 0, 0, -1]], limits)
    plane = Subspace([[0, 0, 1, 0], [-2, 1, 0, 0], [1, 0, 0, 1]], [seen, 1 + seen, 0, 0])
    problem = restricted(Instance(teacher, student, region, plane))
    domains = [problem.active_domain(node) for node in problem.student]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(radii, "FEW", 0)
        assert_all_right(problem.frame, problem.creases, domains)


@quick
@given(st.data(), st.integers(1, 3), st.booleans())
def test_whatever_centres_are_proposed_the_radii_are_proved(data, d, boxed):
    """Centres and radii drawn at random in place of the box's closed form or the simplex method: some are refused."""
    base = cube(d)
    if not boxed:
        base = cut(cut(base, [2, 1, 3][:d], 1), [-1, 3, 1][:d], 2) if d > 1 else base
    domains = [cut(base, data.draw(arrays(d).filter(lambda row: any(row))), data.draw(positive)) for _ in range(2)]
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    shrink = data.draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))

    def centres(n):
        return rng.uniform(-1, 1, (n, d)) * shrink

    def proposal(n, *_):
        return radii_box.Proposal(centres(len(n)), np.full(len(n), 1e-3), np.full(len(n), np.nan))

    def proved(self, x, v):
        v[:, :-1], v[:, -1] = np.delete(centres(len(v)) / self.unit, x.pivot, axis=1), 1e-3
        return real(self, x, v)

    real = radii._Family.proved
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(radii, "FEW", 0)
        patch.setattr(radii_box, "in_cut_box", proposal)
        patch.setattr(radii_box, "in_box", proposal)
        patch.setattr(radii._Family, "proved", proved)
        patch.setattr(radii.Surroundings, "ball", lambda self: None)
        lines = [data.draw(creases(d)) for _ in range(3)]
        inscribed = inscribed_radii(whole(d), lines, domains)
    for i, line_ in enumerate(lines):
        for j, where in enumerate(domains):
            if (i, j) not in inscribed.exactly:
                assert_proved(whole(d), line_, where, inscribed.inscribed(i, j))
                assert inscribed.radius[i, j] > 0 or interior_point(where.A, where.c, line_.normal, line_.offset)[0] is None


def test_a_crease_through_a_corner_along_a_face_or_outside_has_radius_zero_and_one_just_inside_has_not():
    tiny = Fraction(1, 10**12)
    lines = [
        crease([1, 1], 2),
        crease([1, 1], -2),
        crease([0, 1], 1),
        crease([3, 1], 9),
        crease([1, 1], 2 - tiny),
        crease([0, 1], 1 - tiny),
    ]
    square = cube(2)
    radius = assert_all_right(whole(2), lines, [square, cut(square, [1, 2], Fraction(1, 3))]).radius
    assert (radius[:4] == 0).all() and (radius[4:] > 0).all() and (radius[4:] < 2e-12).all()


def test_a_domain_of_almost_no_width_has_the_radius_of_its_width():
    for width in (1e-3, 1e-9, 2.0**-60):
        thin = cut(cut(cube(3), [1, 2, 3], 0), [-1, -2, -3], width)
        slab = cut(cube(3), [0, -1, 0], Fraction(width) - 1)
        slab = Domain(slab.A, slab.c, slab.lower, slab.upper, rationals([0, 1 - Fraction(width) / 2, 0]))
        thin = Domain(
            thin.A,
            thin.c,
            thin.lower,
            thin.upper,
            rationals([-Fraction(width) / 12, -Fraction(width) / 12, -Fraction(width) / 12]),
        )
        radius = assert_all_right(whole(3), [crease([1, -1, 0], 0)], [thin, slab]).radius[0]
        assert radius[0] == pytest.approx(width / 2 / np.sqrt(14), rel=1e-8) or width < 1e-9
        assert radius[1] == pytest.approx(width / 2 / 1, rel=1e-8) or width < 1e-9


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("d", [5, 12])
def test_dense_domains_of_any_scale_agree_with_the_exact_path(d, scale, many):
    rng = np.random.default_rng(d)
    base = domain(*box_rows([-scale] * d, [scale] * d), [0] * d)
    rows, limits = rng.normal(size=(3, d)), rng.uniform(0.1, 0.5, 3) * scale
    lines = [crease(rng.normal(size=d), rng.normal() * scale / 2) for _ in range(3)]
    boxes = [base, *(cut(base, row, limit) for row, limit in zip(rows, limits, strict=True))]
    others = [cut(x, rng.normal(size=d), 0.3 * scale) for x in boxes[1:]]
    for domains in (boxes, others, boxes + others):
        inscribed = inscribed_radii(whole(d), lines, domains)
        assert not inscribed.exactly  # floats settle all of them
        for i, line_ in enumerate(lines):
            for j, where in enumerate(domains):
                shape, alone = inscribed.inscribed(i, j), Surroundings(whole(d), line_, where).ball()
                assert (shape is None) == (alone is None)
                assert_proved(whole(d), line_, where, shape)
                if shape is not None:
                    assert shape.radius == pytest.approx(alone.radius, rel=AGREES)
                    limit = above(whole(d), line_, where)
                    assert limit is None or shape.radius <= exact.round_up(limit)


def test_what_floats_cannot_hold_goes_the_exact_way():
    huge = Fraction(2) ** 300
    square = domain(*box_rows([-huge, -1], [huge, 1]), [0, 0])
    line_ = crease([1, 0], 0)
    assert not facets(whole(2), square).safe
    inscribed = inscribed_radii(whole(2), [line_, crease([1 / huge, 1], 0)], [square, cube(2)])
    assert set(inscribed.exactly) == {(0, 0), (1, 0), (1, 1)} and inscribed.radius[0, 0] == pytest.approx(1)
    assert_proved(whole(2), line_, square, inscribed.inscribed(0, 0))


def test_a_number_that_a_float_would_call_zero_sends_its_own_crease_the_exact_way():
    """Read in one pass, the creases keep their own rows: zero itself is fine, 2^-1200 is not zero."""
    tiny = Fraction(1, 2**1200)
    some = [crease([1, 0], 0), crease([1, tiny], 0), crease([0, 1], tiny), crease([1, 1], 0)]
    assert [one.safe for one in lines_of(some)] == [True, False, False, True]
    assert [line(one) for one in some] == lines_of(some) and line(some[0]) is lines_of(some)[0]
    inscribed = inscribed_radii(whole(2), some, [cube(2)])
    assert set(inscribed.exactly) == {(1, 0), (2, 0)} and inscribed.radius[:, 0] == pytest.approx([1, 1, 1, 1])


def test_no_creases_and_no_domains_give_empty_arrays():
    assert inscribed_radii(whole(2), [], [cube(2)]).radius.shape == (0, 1)
    assert inscribed_radii(whole(2), [crease([1, 0], 0)], []).radius.shape == (1, 0)


def test_rows_that_two_domains_share_are_recognised():
    base = cube(3)
    a, b = cut(base, [1, 1, 1], 1), cut(base, [1, 2, 1], 1)
    assert leading(a, a) == 7 and leading(a, b) == 6 and leading(base, a) == 6 and leading(cube(3), base) == 6
    assert leading(cube(3, 2), base) == 0
    space = whole(3)
    first, second = facets(space, a), facets(space, b)
    alone = facets(whole(3), b)
    assert facets(space, a) is first
    for name in ("A", "c", "terms", "lengths", "lower", "upper", "across"):
        assert (getattr(second, name) == getattr(alone, name)).all()


@quick
@given(st.data(), st.integers(1, 4))
def test_lengths_are_bounded_from_above_and_the_box_from_inside(data, d):
    plane = frame(
        Subspace(np.eye(d + 1)[:d] + np.outer(np.ones(d), data.draw(arrays(d + 1))).astype(float) * 1e-1, [0] * (d + 1))
    )
    A = rationals(data.draw(arrays(4, d)))
    c = rationals(data.draw(arrays(4)))
    where = Domain(np.concatenate([A, cube(d).A]), np.concatenate([c, cube(d, Fraction(1, 3)).c]), None, None, None)
    for space in (plane, whole(d)):
        faces = facets(space, where)
        for row, length in zip(where.A, faces.lengths, strict=True):
            square = row @ space.metric @ row
            assert rational(length) ** 2 >= square
            assert square == 0 or square >= (rational(length) * (1 - rational(1e-13))) ** 2
        if faces.lower is not None:
            assert all(rational(x) >= -exact.rational(Fraction(1, 3)) for x in faces.lower)
            assert all(rational(x) <= exact.rational(Fraction(1, 3)) for x in faces.upper)


@quick
@given(st.data(), st.integers(1, 5))
def test_proved_slacks_are_below_the_exact_ones_at_the_exact_centre(data, d):
    """Floats with few bits in common with the rationals behind them: every rounding counts."""
    seed = data.draw(st.integers(0, 10**6))
    rng = np.random.default_rng(seed)

    def thirds(*shape):
        return rationals(
            np.array([Fraction(int(x), 3**20) for x in rng.integers(-(3**21), 3**21, np.prod(shape))], dtype=object).reshape(
                shape
            )
        )

    A, c, n, o = thirds(6, d), thirds(6), thirds(d), thirds(1)[0]
    n[0] = n[0] if n[0] != 0 else exact.ONE
    line_, where = Crease(n, o, ()), Domain(A, c, None, None, None)
    faces, x = facets(whole(d), where), line(line_)
    z = rng.normal(size=d)
    z[x.pivot] = -(np.delete(z, x.pivot) @ np.delete(x.normal, x.pivot) + x.offset) / x.normal[x.pivot]
    z[x.pivot] += rng.normal() * data.draw(st.sampled_from([0, 1e-12, 1]))  # moved back by the proof
    move = radii_proof.drift(x.normal[None], x.offset, np.array([x.pivot]), z[None])
    slacks = radii_proof.row_slacks(faces.A, faces.c, faces.terms, move, faces.A[:, x.pivot], z[None])
    centre = radii_proof.exact_centre(line_, x.pivot, z)
    assert abs(centre[x.pivot] - rational(z[x.pivot])) <= rational(move[0])
    truth = c - A @ centre
    for m in range(6):
        low, error = slacks.below[0, m], slacks.error[0, m]
        assert rational(low) <= truth[m] <= rational(low) + rational(error)
        own_slacks = radii_proof.own_slacks(faces.A[m][None], faces.c[m], faces.terms[m], move, faces.A[m, x.pivot], z[None])
        assert rational(own_slacks.below[0]) <= truth[m]
    low, high = radii_proof.quotients(slacks, faces.lengths, 0.125)
    for m in range(6):
        if low[0, m] > 0:
            assert (rational(low[0, m]) * rational(faces.lengths[m]) + rational(0.125)) <= truth[m]


@quick
@given(st.data(), st.integers(1, 3))
def test_what_is_said_to_miss_misses_exactly(data, d):
    lower = np.array(data.draw(arrays(d)), dtype=float)
    upper = lower + np.array(data.draw(arrays(d, elements=positive)), dtype=float)
    n = np.array(data.draw(arrays(d).filter(lambda row: any(row))), dtype=float)
    q = np.array(data.draw(arrays(d)), dtype=float)
    o, s, mu = (float(data.draw(numbers)) for _ in range(3))
    A, c = box_rows(lower, upper)
    empty = interior_point(A, c, rationals(n), rational(o))[0] is None
    assert empty or not radii_proof.misses_box(n[None], np.array([o]), lower, upper)[0]
    missed = radii_proof.misses_cut_box(n[None], np.array([o]), lower, upper, q[None], np.array([s]), np.array([mu]))[0]
    if missed:
        rows, limits = np.concatenate([A, rationals([q])]), np.append(c, rational(s))
        keep = [m for m in range(len(rows)) if not exact.is_zero(rows[m])]
        assert s < 0 and not q.any() or interior_point(rows[keep], limits[keep], rationals(n), rational(o))[0] is None
    y = np.abs(np.array(data.draw(arrays(2 * d)), dtype=float))[None]
    where = Domain(A, c, rationals(lower), rationals(upper), None)
    x = line(crease(n, o))
    assert empty or not radii_proof.misses_rows(x, facets(whole(d), where), y, lower, upper)[0]


@quick
@given(st.data(), st.integers(1, 4))
def test_proposals_in_cut_boxes_are_largest(data, d):
    """Against the linear program in rationals, for any lengths in which the faces feel the radius."""
    half = np.array(data.draw(arrays(d, elements=positive)), dtype=float)
    mid, alpha = np.zeros(d), np.array(data.draw(arrays(d, elements=positive)), dtype=float)
    n = np.array(data.draw(arrays(d).filter(lambda row: any(row))), dtype=float)
    q = np.array(data.draw(arrays(d)), dtype=float)
    o, s, ell = float(data.draw(numbers)), float(data.draw(numbers)), float(data.draw(nonzero)) ** 2
    proposal = radii_box.in_cut_box(
        n[None], np.array([o]), mid[None], half[None], alpha[None], q[None], np.array([s]), np.array([ell])
    )
    pivot = int(np.argmax(np.abs(n)))
    A, c = box_rows(-half, half)
    A, c = np.concatenate([A, rationals([q])]), np.append(c, rational(s))
    felt = rationals(np.concatenate([alpha, alpha, [ell]]))
    en, eo = rationals(n), rational(o)
    reduced = A - (A[:, pivot] / en[pivot])[:, None] * en[None, :]
    rows = np.concatenate([np.delete(reduced, pivot, axis=1), felt[:, None]], axis=1)
    goal = exact.zeros(d)
    goal[-1] = exact.ONE
    best = maximum(rows, c + A[:, pivot] / en[pivot] * eo, goal)
    assert best is not None
    truth = exact.nearest_float(best.value)
    if truth > 1e-9:
        assert proposal.radius[0] == pytest.approx(truth, rel=1e-9)
        z = proposal.centre[0]
        assert abs(n @ z + o) <= 1e-12 * (1 + np.abs(n) @ np.abs(z) + abs(o))
        assert (np.abs(z) + truth * alpha <= half + 1e-9).all() and q @ z + truth * ell <= s + 1e-9
    elif truth < -1e-9:
        assert proposal.radius[0] < 0


def test_the_unit_of_error_bounds_is_above_the_exact_one():
    for n in (1, 10, 10**4, 10**8):
        u = Fraction(1, 2**53)
        assert Fraction(float(gamma(n))) > n * u / (1 - n * u)


def test_the_metric_of_an_orthonormal_frame_is_the_identity():
    assert metric(whole(3)).identity and metric(whole(3)).stretch >= 1


def test_multipliers_of_the_right_face_prove_that_a_crease_misses_and_those_of_a_wrong_one_do_not():
    square = cube(2)
    ends = np.array([-1.0, -1.0]), np.array([1.0, 1.0])
    for place, missed in ((1.5, True), (1 + 1e-9, True), (1.0, False), (0.5, False), (-1.5, False)):
        right, left = np.array([[1.0, 0, 0, 0]]), np.array([[0, 0, 1.0, 0]])  # x <= 1 and -x <= 1
        proofs = [
            radii_proof.misses_rows(line(crease([1, 0.0], -side * place)), facets(whole(2), square), y, *ends)[0]
            for side, y in ((1, right), (-1, left))
        ]
        assert proofs == [missed, missed]


@pytest.mark.filterwarnings("error")
def test_a_crease_that_no_face_feels_has_a_centre_all_the_same():
    """Its radius is infinite and its walls weigh nothing: infinity times 0 is no number."""
    n, o, half = np.array([[1.0, 0.0]]), np.array([0.25]), np.ones(2)
    proposal = radii_box.in_box(n, o, np.zeros(2), half, np.zeros((1, 2)))
    assert proposal.radius.tolist() == [np.inf] and proposal.centre.tolist() == [[-0.25, 0.0]]
