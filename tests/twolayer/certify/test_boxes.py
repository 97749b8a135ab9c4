"""Box branch and bound: enclosures against exact brute force, cell bounds against exact values, every kind of stop."""

from __future__ import annotations

import itertools
import json
import time

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from twolayer import exact
from twolayer.certify import compiled
from twolayer.certify.boxes import bounds as box_bounds
from twolayer.certify.boxes import cells, climb
from twolayer.certify.boxes import pairing as box_pairing
from twolayer.certify.boxes import search as boxes
from twolayer.exact import rational, rationals
from twolayer.restriction.domains import Domain, domain, tightened
from twolayer.restriction.ridges import RidgeSum

from ...strategies import brute_supremum, brute_value, domains, ridge_sums, thorough

NOISE = 1e-12  # relative to the terms of the paired form: what a cell bound may lose to rounding, generously


def cube(d, half=1.0):
    """The cube [-half, half]^d."""
    identity = np.eye(d)
    A, c = rationals(np.concatenate([identity, -identity])), rationals([half] * (2 * d))
    return Domain(A, c, rationals([-half] * d), rationals([half] * d), rationals([0] * d))


def cut(region, row, limit):
    """The part of a region where row . z <= limit."""
    row, limit = rationals(row), rational(limit)
    A, c = np.concatenate([region.A, row[None, :]]), np.concatenate([region.c, [limit]])
    return domain(A, c, *tightened(row, limit, region.lower, region.upper))


def near_copies(seed, d, teachers, distance, students=2, spread=0.0):
    """h of a teacher minus a student whose nodes are its own, split, rescaled, some flipped, all off by
    `distance`.

    spread: weights and fan-outs vary over 10**(-spread) .. 10**spread, with the products kept of one size.
    """
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(teachers, d))
    W /= np.linalg.norm(W, axis=1, keepdims=True)
    b, v = rng.uniform(-0.5, 0.5, teachers), rng.normal(size=teachers)
    scale = rng.uniform(0.3, 3, (teachers, students)) * 10 ** rng.uniform(-spread, spread, (teachers, students))
    flip = np.where(rng.random((teachers, students)) < 0.2, -1.0, 1.0)
    share = rng.dirichlet(np.ones(students), teachers)
    P = (W[:, None, :] + distance * rng.normal(size=(teachers, students, d))) * (scale * flip)[:, :, None]
    beta = (b[:, None] + distance * rng.normal(size=(teachers, students))) * scale * flip
    c = -v[:, None] * share * (1 + distance * rng.normal(size=share.shape)) / scale
    slope = ((flip < 0) * c * scale)[:, :, None] * W[:, None, :]  # relu(-z) = relu(z) - z
    return RidgeSum(
        rationals(np.concatenate([W, P.reshape(-1, d)])),
        rationals(np.concatenate([b, beta.ravel()])),
        rationals(np.concatenate([v, c.ravel()])),
        rationals(slope.sum(axis=(0, 1))),
        rational(((flip < 0) * c * scale * b[:, None]).sum()),
    )


def unpaired(seed, d, nodes):
    """h of nodes that have nothing to do with each other."""
    rng = np.random.default_rng(seed)
    P = rng.normal(size=(nodes, d))
    beta = -(P * rng.uniform(-0.5, 0.5, (nodes, d))).sum(axis=1)
    return RidgeSum(rationals(P), rationals(beta), rationals(rng.normal(size=nodes)), exact.zeros(d), exact.ZERO)


def check(enclosure, h, region, truth=None):
    """The witness is in the region and has the value; the supremum is not missed."""
    if enclosure.witness is not None:
        assert region.contains(enclosure.witness)
        assert rational(enclosure.lower) <= abs(brute_value(h, enclosure.witness))
    truth = brute_supremum(h, region) if truth is None else truth
    assert rational(enclosure.lower) <= truth <= rational(enclosure.upper)


def enclose(h, region, **limits):
    """boxes.supremum, with an end to a search that a mistake keeps from closing."""
    return boxes.supremum(h, region, **({"deadline": time.monotonic() + 3} | limits))


@pytest.fixture(scope="module", autouse=True)
def machine_code():
    """Compiled (for seconds, where the cache is empty) before any deadline is set."""
    boxes.supremum(near_copies(0, 2, 2, 1e-2), cube(2))


def closed(enclosure, h, region, gap):
    return enclosure.closed(gap, h.size(region.lower, region.upper))


# Against brute force


# A failure is not shrunk: each step could wait for the deadline of a search that does not close.
@settings(thorough, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.integers(1, 3).flatmap(lambda d: st.tuples(ridge_sums(d), domains(d))), st.sampled_from([0.5, 1e-3, 1e-9]))
def test_the_enclosure_of_a_rational_instance_holds_the_brute_force_supremum_and_closes(drawn, gap):
    h, region = drawn
    enclosure = enclose(h, region, gap=gap)
    check(enclosure, h, region)
    assert closed(enclosure, h, region, gap)


@pytest.mark.parametrize("distance", [1.0, 1e-1, 1e-2, 1e-4, 1e-7, 1e-10])
@pytest.mark.parametrize("d, teachers", [(1, 4), (2, 3), (3, 2)])
def test_near_copies_at_every_distance_are_enclosed_and_closed(d, teachers, distance):
    for seed in range(8):
        h, region = near_copies(seed, d, teachers, distance, spread=6.0 * (seed % 2)), cube(d)
        if seed >= 4:
            region = cut(region, np.random.default_rng(seed).normal(size=d), 0.2)
        enclosure = enclose(h, region, gap=1e-6)
        check(enclosure, h, region)
        assert closed(enclosure, h, region, 1e-6)
        assert enclosure.evidence["stopped"] == "target"


@pytest.mark.parametrize("exponent", [-700, -30, 30, 700])
def test_the_scale_of_h_and_of_the_region_does_not_matter(exponent):
    h, region, unit = near_copies(1, 2, 3, 1e-3), cube(2), exact.two_to(exponent)
    truth = brute_supremum(h, region)
    scaled = RidgeSum(h.P, h.beta, h.c * unit, h.slope * unit, h.offset * unit)
    check(enclose(scaled, region), scaled, region, truth * unit)
    wide = Domain(region.A, region.c * unit, region.lower * unit, region.upper * unit, region.interior)
    stretched = RidgeSum(h.P / unit, h.beta, h.c, h.slope / unit, h.offset)
    check(enclose(stretched, wide), stretched, wide, truth)


def test_four_dimensions_are_enclosed_and_closed():
    h, region = near_copies(3, 4, 2, 1e-2, students=1), cut(cube(4), [1, -2, 0.5, 1], 0.7)
    enclosure = enclose(h, region, gap=1e-9)
    check(enclosure, h, region)
    assert closed(enclosure, h, region, 1e-9)


def test_four_digits_are_certified_where_h_is_a_hundred_millionth_of_its_terms():
    h, region = near_copies(5, 3, 3, 1e-8), cube(3)
    form = box_pairing.paired(h, region)
    search = boxes._Search(h, region, form, boxes.crude(h, region, {}), 1e-4, 0.0)
    search.noise = 0.0  # go on below the size that counts as closed
    search.run(time.monotonic() + 30)
    enclosure = search.enclosure(False)
    check(enclosure, h, region)
    assert enclosure.upper - enclosure.lower <= 1e-4 * enclosure.upper


def test_a_crease_hidden_in_a_corner_is_found():
    d, depth = 5, 1e-5
    h = RidgeSum(rationals(np.ones((1, d))), rationals([-d + depth]), rationals([1e6]), exact.zeros(d), rational(0.5))
    assert (abs(h.floats(np.random.default_rng(0).uniform(-1, 1, (100_000, d)))) <= 0.5).all()
    enclosure = enclose(h, cube(d))
    value = rational(1e6) * (rational(-d + depth) + d) + rational(0.5)
    assert rational(enclosure.lower) <= value <= rational(enclosure.upper)
    assert enclosure.lower > 10


def test_a_facet_on_a_crease_is_a_facet_and_no_crease():
    h, region = near_copies(4, 2, 3, 1e-2), cube(2)
    region = cut(region, -h.floats.P[4], h.beta[4])  # an observer's half-space
    assert all(ridge != 4 for ridge, _ in box_pairing.paired(h, region).creases)
    for side in (region, cut(cube(2), h.floats.P[4], -h.beta[4])):
        enclosure = enclose(h, side, gap=1e-9)
        check(enclosure, h, side)
        assert closed(enclosure, h, side, 1e-9)


def test_rows_that_repeat_the_faces_up_to_rounding_change_nothing():
    h, region = near_copies(2, 3, 2, 1e-3), cube(3)
    noise = 1e-16 * np.random.default_rng(0).normal(size=(6, 3))
    A, c = np.concatenate([region.A, region.A + rationals(noise)]), np.concatenate([region.c, region.c])
    noisy = Domain(A, c, region.lower, region.upper, region.interior)
    assert len(box_pairing.paired(h, noisy).floats.A) == 0
    enclosure = enclose(h, noisy, gap=1e-6)
    check(enclosure, h, noisy, brute_supremum(h, region))  # a vertex of the noisy region is within 1e-15 of the cube's
    assert noisy.contains(enclosure.witness)


def test_a_maximiser_outside_its_cell_does_not_pass_for_a_witness():
    P = rationals([[0.25, -1], [1, 0.25], [-1, -0.25], [0.75, -2], [0.25, 0], [-0.5, -0.25]])
    h = RidgeSum(
        P,
        rationals([0, -0.25, -0.25, -0.25, 0, -0.25]),
        rationals([-1, -1.5, 1, 0.5, 4.25, -2]),
        rationals([0, 0]),
        rational(0),
    )
    enclosure = enclose(h, cube(2))
    check(enclosure, h, cube(2))
    assert enclosure.evidence["stopped"] == "target"


# Ties and degenerate sums


def constant(d, value):
    return RidgeSum(exact.zeros(0, d), exact.zeros(0), exact.zeros(0), exact.zeros(d), rational(value))


@pytest.mark.parametrize("value", [1.0, -0.1, 3e-200])
def test_a_constant_is_its_own_supremum(value):
    enclosure = enclose(constant(3, value), cube(3), gap=1e-9)
    assert enclosure.lower == abs(value) and abs(value) <= enclosure.upper <= abs(value) * (1 + 1e-9)


def test_a_sum_that_cancels_identically_is_zero_exactly():
    h = near_copies(0, 3, 3, 0.0, students=1)
    twice = RidgeSum(
        np.concatenate([h.P, -2 * h.P]),
        np.concatenate([h.beta, -2 * h.beta]),
        np.concatenate([h.c, -h.c / 2]),
        -(h.c[:, None] * h.P).sum(axis=0),
        -(h.c * h.beta).sum(),
    )
    enclosure = enclose(twice, cube(3))
    assert (enclosure.lower, enclosure.upper, enclosure.witness) == (0, 0, None)


def test_an_affine_sum_is_bounded_at_a_vertex_of_the_region():
    h = RidgeSum(exact.zeros(0, 4), exact.zeros(0), exact.zeros(0), rationals([1, 2, -1, 0.5]), rational(-1))
    region = cut(cube(4), [1, 1, 1, 1], -0.5)
    check(enclose(h, region, gap=1e-12), h, region)


def test_coincident_creases_of_any_orientation_and_scale_become_one():
    h = RidgeSum(
        rationals([[1, 2], [-3, -6], [0.5, 1]]),
        rationals([0.25, -0.75, 0.125]),
        rationals([1, -1, 2]),
        rationals([0, 0]),
        rational(0),
    )
    assert len(box_pairing.paired(h, cube(2)).creases) == 1
    enclosure = enclose(h, cube(2), gap=1e-9)
    check(enclosure, h, cube(2))
    assert closed(enclosure, h, cube(2), 1e-9)


# Stops


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 1e-3, 5e-3, 2e-2])
def test_the_enclosure_is_valid_whenever_the_deadline_strikes(seconds):
    h, region = near_copies(7, 3, 3, 1e-2), cut(cube(3), [1, 1, -1], 0.5)
    enclose(h, region)  # compile outside the deadline
    start = time.monotonic()
    enclosure = enclose(h, region, gap=0.0, deadline=start + seconds)
    check(enclosure, h, region)
    assert time.monotonic() < start + 2


@pytest.mark.parametrize("batches", [0, 1, 2, 5, 10])
def test_an_interrupt_keeps_what_was_proved(batches, monkeypatch):
    h, region = near_copies(7, 3, 4, 1e-2), cube(3)
    calls = itertools.count()

    def interrupted(*arguments):
        if next(calls) == batches:
            raise KeyboardInterrupt
        return cells.bounds(*arguments)

    monkeypatch.setattr(boxes, "bounds", interrupted)
    monkeypatch.setattr(boxes, "BATCH", 1)
    enclosure = enclose(h, region, gap=1e-12)
    check(enclosure, h, region)
    assert enclosure.evidence["interrupted"]
    assert sum(code != boxes.LEAF for code in enclosure.evidence["tree"]) == (enclosure.evidence["cells"] - 1) / 2


def test_an_interrupt_before_the_search_leaves_the_crude_enclosure(monkeypatch):
    h, region = near_copies(7, 2, 3, 1e-2), cube(2)

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(boxes, "paired", interrupted)
    enclosure = enclose(h, region)
    check(enclosure, h, region)
    assert enclosure.evidence["interrupted"]


def test_a_floor_above_the_supremum_stops_the_search_and_one_below_does_not():
    h, region = near_copies(8, 3, 4, 1e-2), cube(3)
    full = enclose(h, region, gap=1e-6)
    above = enclose(h, region, gap=1e-6, floor=1.5 * full.upper)
    assert full.lower <= above.upper <= 1.5 * full.upper
    assert above.evidence["cells"] < full.evidence["cells"]
    check(above, h, region)
    below = enclose(h, region, gap=1e-6, floor=0.5 * full.upper)
    assert closed(below, h, region, 1e-6) and below.upper > 0.5 * full.upper


def test_a_full_pool_still_closes(monkeypatch):
    monkeypatch.setattr(boxes, "FULL", 20)
    monkeypatch.setattr(boxes, "BATCH", 4)
    h, region = near_copies(7, 3, 3, 1e-2), cube(3)
    enclosure = enclose(h, region, gap=1e-6)
    check(enclosure, h, region)
    assert closed(enclosure, h, region, 1e-6)


# Evidence


def nodes(evidence, d):
    """Every cell of the evidence's tree, rebuilt from its description: (centre, half-widths, signs, whether it is about h and
    whether about -h, parent, is leaf)."""
    level, codes = (
        [(np.zeros(d), np.ones(d), np.zeros(len(evidence["creases"]), np.int8), [True, True], -1)],
        iter(evidence["tree"]),
    )
    count = 0
    while level:
        below = []
        for x, r, signs, about, parent in level:
            code, number = next(codes), count
            count += 1
            yield x, r, signs, about, parent, code == boxes.LEAF
            for side in (-1, 1) if code != boxes.LEAF else ():
                x2, r2, signs2, about2 = x.copy(), r.copy(), signs.copy(), about
                if code == boxes.BOTH:
                    about2 = [side < 0, side > 0]
                elif code < d:
                    r2[code] /= 2
                    x2[code] += side * r2[code]
                else:
                    signs2[code - d] = side
                below.append((x2, r2, signs2, about2, number))
        level = below
    assert next(codes, None) is None


def _fmpq(text):
    numerator, _, denominator = text.partition("/")
    return exact.rational(int(numerator)) / int(denominator or 1)


@pytest.mark.parametrize("d, narrowed", [(2, False), (9, True)])
def test_the_leaves_of_the_evidence_cover_the_region_and_their_bounds_give_the_upper_bound(d, narrowed):
    h, region = (unpaired(1, d, 10) if narrowed else near_copies(9, d, 4, 3e-2)), cut(cube(d), [1] + [0.5] * (d - 1), 0.6)
    enclosure = enclose(h, region)
    evidence = json.loads(json.dumps(enclosure.evidence))
    tree = list(nodes(evidence, d))
    assert len(tree) == evidence["cells"] > 20 and evidence["stopped"] == "target"
    assert not (narrowed and any(0 <= code < d for code in evidence["tree"]))
    centre, half = (np.array([_fmpq(x) for x in evidence[key]]) for key in ("centre", "half"))
    creases = [(h.P[ridge] * _fmpq(factor), h.beta[ridge] * _fmpq(factor)) for ridge, factor in evidence["creases"]]
    for w in rationals(np.random.default_rng(0).uniform(-1, 1, (200, d))):
        z = centre + half * w
        sides = [(p * z).sum() + beta for p, beta in creases]
        covered = [
            about
            for x, r, signs, about, _, leaf in tree
            if leaf
            and (abs(w - rationals(x)) <= rationals(r)).all()
            and all(s * y >= 0 for s, y in zip(signs, sides, strict=True))
        ]
        assert np.any(covered, axis=0).all()
    form, known, ranges, best = box_pairing.paired(h, region), [], [], -np.inf
    for x, r, signs, about, parent, leaf in tree:
        before = np.where(about, known[parent] if parent >= 0 else np.inf, cells.EMPTY)
        ranges.append(unknown(form, 1)[:, :, : narrowed * len(form.creases)] if parent < 0 else ranges[parent].copy())
        bounds = cells.bounds(form.floats, x[None], r[None], signs[None], ranges[-1], before[None], -np.inf, 24, 0.25)
        known.append(bounds[0][0])
        best = max(best, known[-1].max()) if leaf else best
    unit = exact.two_to(form.exponent)
    assert rational(best) * unit <= rational(enclosure.upper)


# One cell


def unknown(form, count):
    """Ranges of the creases of which nothing is known, for `count` cells."""
    return np.tile(np.array([[-np.inf], [np.inf]]), (count, 1, len(form.creases)))


def random_cells(form, rng, count, finest):
    """Boxes of random dyadic widths around random points, some with decided creases."""
    d, n = len(form.centre), len(form.creases)
    R = 2.0 ** -rng.integers(0, finest, (count, 1)) * np.ones((1, d))
    X = (2 * rng.integers(0, np.maximum((1 / R).astype(np.int64), 1), (count, d)) + 1) * R - 1
    signs = np.where(rng.random((count, n)) < 0.1, np.where(rng.random((count, n)) < 0.5, -1, 1), 0).astype(np.int8)
    return X, R, signs


@pytest.mark.parametrize("distance", [1.0, 1e-2, 1e-5, 1e-9])
@pytest.mark.parametrize("d", [1, 2, 4])
@pytest.mark.parametrize("narrowed", [False, True])
def test_the_bound_of_every_cell_and_its_narrowed_ranges_hold_the_exact_values_in_it(d, distance, narrowed):
    h, region = near_copies(d, d, 5, distance, spread=3), cube(d)
    if d > 1:
        region = cut(region, np.ones(d), 0.75)
    form = box_pairing.paired(h, region)
    rng = np.random.default_rng(1)
    X, R, signs = random_cells(form, rng, 150, 40)
    known = unknown(form, 150)[:, :, : narrowed * len(form.creases)]
    upper = cells.bounds(form.floats, X, R, signs, known, np.full((150, 2), np.inf), -np.inf, 24, 0.3)[0]
    unit, seen = exact.two_to(form.exponent), 0
    assert np.isfinite(known).any() == narrowed
    for x, r, sides, ends, bound in zip(X, R, signs, known, upper, strict=True):
        for v in rng.choice([-1.0, 1.0, 0.5], size=(6, d)):
            z = form.point(x) + form.half * rationals(r) * rationals(v)
            creases = [factor * ((h.P[i] * z).sum() + h.beta[i]) for i, factor in form.creases]
            if region.contains(z) and all(s * y >= 0 for s, y in zip(sides, creases, strict=True)):
                value, seen = h(z) / unit, seen + 1
                assert -rational(bound[1]) <= value <= rational(bound[0])
                assert all(
                    (not np.isfinite(low) or rational(low) <= y) and (not np.isfinite(high) or y <= rational(high))
                    for low, high, y in zip(*ends, creases, strict=False)
                )
    assert seen > 50


@pytest.mark.parametrize("distance", [1e-2, 1e-6, 1e-10])
def test_the_bound_of_a_tiny_cell_is_the_value_up_to_rounding_of_the_small_terms(distance):
    h, region = near_copies(2, 4, 8, distance), cube(4)
    form = box_pairing.paired(h, region)
    rng = np.random.default_rng(2)
    X = rng.integers(-(2**39), 2**39, (200, 4)) * 2.0**-39
    bounds = cells.bounds(
        form.floats,
        X,
        np.full((200, 4), 2.0**-44),
        np.zeros((200, len(form.creases)), np.int8),
        np.empty((200, 2, 0)),
        np.full((200, 2), np.inf),
        -np.inf,
        24,
        0.3,
    )[0]
    size = exact.nearest_float(h.c @ h.c) ** 0.5 * distance / 2.0**form.exponent
    assert (bounds.sum(axis=1) >= 0).all()
    assert np.median(bounds.sum(axis=1)) <= 1e-4 * size  # distance 1e-10: the terms themselves are known to 1e-16
    assert bounds.sum(axis=1).max() <= NOISE  # even inside a sliver between a crease and its copy


def test_a_range_over_a_box_contains_the_exact_range():
    rng = np.random.default_rng(4)
    for _ in range(300):
        d = int(rng.integers(1, 6))
        row = rationals(rng.normal(size=d + 1)) / 3  # coefficients that are no floats
        r = 2.0 ** -rng.integers(1, 40, d)
        x = r * np.round(rng.uniform(-1, 1, d) * (1 / r - 1))
        low, high = box_bounds.spread(box_pairing._rows(row[None, :-1], row[-1:]), 0, x, r)
        middle = (row[:-1] * rationals(x)).sum() + row[-1]
        radius = (abs(row[:-1]) * rationals(r)).sum()
        assert rational(low) <= middle - radius and middle + radius <= rational(high)
        assert high - low <= exact.nearest_float(2 * radius) + 1e-13


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(0, 1))
def test_a_chord_lies_above_relu_exactly(a, b, share):
    low, high = min(a, b), max(a, b)
    slope, constant_term = box_bounds.chord(low, high)
    assert 0 <= slope <= 1
    for z in (rational(low), rational(high), rational(low) + rational(share) * (rational(high) - rational(low))):
        underflow = rational(box_bounds.TINY)
        assert rational(slope) * z + rational(constant_term) >= max(z, exact.ZERO) - underflow


def test_a_cell_outside_the_region_is_empty_and_one_that_touches_it_is_not():
    h, region = near_copies(0, 2, 2, 1e-2), cut(cube(2), [1, 1], 0)
    form = box_pairing.paired(h, region)
    X, R = np.array([[0.75, 0.75], [0.5, -0.5]]), np.array([[0.25, 0.25], [0.5, 0.5]])
    signs, parent = np.zeros((2, len(form.creases)), np.int8), np.full((2, 2), np.inf)
    upper = cells.bounds(form.floats, X, R, signs, np.empty((2, 2, 0)), parent, -np.inf, 24, 0.3)[0]
    assert (upper[0] == -np.inf).all() and (upper[1] > -np.inf).all()


def test_the_walk_proposes_admissible_multipliers_however_degenerate_the_rows():
    rng = np.random.default_rng(5)
    for _ in range(2000):
        d, rows = rng.integers(1, 4), rng.integers(1, 9)
        A, Q, y = (rng.integers(-1, 2, shape).astype(float) for shape in (d, (rows, d), rows))
        cap = rng.choice([0.0, 1.0, 1e6], rows)
        v, kappa = np.zeros(d), np.zeros(rows)
        climb.walk(A, Q, y, cap, v, kappa)
        assert (kappa >= 0).all() and (kappa <= cap).all()


def test_every_file_with_compiled_code_names_the_cache():
    folder = compiled.HERE.parent
    using = {
        path for path in folder.rglob("*.py") if "njit" in (text := path.read_text(encoding="utf-8")) or "@compiled" in text
    }
    assert len(using) >= 5 and using <= set(compiled.SOURCES)


def test_the_walk_finds_the_maximum_of_an_affine_function_minus_relus_under_constraints():
    rng = np.random.default_rng(3)
    missed = 0
    for _ in range(200):
        d, soft, hard = rng.integers(1, 7), rng.integers(0, 6), rng.integers(0, 3)
        A, Q, y = rng.normal(size=d), rng.normal(size=(soft + hard, d)), rng.normal(size=soft + hard)
        y[soft:] = -np.abs(y[soft:])  # the origin satisfies the constraints
        cap = np.concatenate([rng.uniform(0, 2, soft), np.full(hard, 1e6)])
        v, kappa = np.zeros(d), np.zeros(soft + hard)
        climb.walk(A, Q, y, cap, v, kappa)
        assert (kappa >= 0).all() and (kappa <= cap).all()
        bound = np.abs(A - kappa @ Q).sum() - kappa @ y
        cost = np.concatenate([-A, cap[:soft]])
        rows = np.concatenate([Q, np.concatenate([-np.eye(soft), np.zeros((hard, soft))])], axis=1)
        best = -linprog(cost, rows, -y, bounds=[(-1, 1)] * d + [(0, None)] * soft).fun
        assert bound >= best - 1e-7 * (1 + abs(best))
        missed += bound > best + 1e-7 * (1 + abs(best))
    assert missed <= 2
