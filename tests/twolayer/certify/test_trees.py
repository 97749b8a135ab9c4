"""LP trees: enclosures against brute force, evidence against an independent reading, and every stop."""

import copy
import itertools
import json
import time
from dataclasses import replace

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

from twolayer import exact
from twolayer.certify.trees import groups
from twolayer.certify.trees import search as trees
from twolayer.certify.trees.ascents import Incumbent
from twolayer.certify.trees.cuts import CutProgram
from twolayer.certify.trees.groups import facets, grouped, kinks, paired, reach
from twolayer.certify.trees.program import LeafProgram
from twolayer.certify.trees.relaxation import WHOLE, Relaxation, error, natural_unit
from twolayer.restriction.domains import Domain
from twolayer.restriction.ridges import RidgeSum

from ... import strategies as draw
from .tree_evidence import Refuted, proved


def box(d, half=1):
    eye = np.eye(d)
    half = exact.rationals(np.full(d, half))
    return Domain(exact.rationals(np.vstack([eye, -eye])), np.append(half, half), -half, half, exact.zeros(d))


def cut_box(d, rng, facets=1):
    """The box [-1, 1]^d cut by half-spaces that keep its centre."""
    whole, A = box(d), rng.normal(size=(facets, d))
    c = rng.uniform(0.1, 0.5, size=facets) * np.abs(A).sum(axis=1)
    return Domain(
        np.concatenate([whole.A, exact.rationals(A)]),
        np.append(whole.c, exact.rationals(c)),
        whole.lower,
        whole.upper,
        whole.interior,
    )


def ridges(P, beta, c, slope=None, offset=0):
    d = len(P[0])
    return RidgeSum(
        exact.rationals(P),
        exact.rationals(beta),
        exact.rationals(c),
        exact.zeros(d) if slope is None else exact.rationals(slope),
        exact.rational(offset),
    )


def near_copies(d, teachers, students, distance, rng, spread=1.0):
    """v . (f* - f) for a student that copies, rescales and splits a teacher's nodes up to `distance`."""
    W = rng.normal(size=(teachers, d))
    b = rng.uniform(-0.5, 0.5, size=teachers) * np.abs(W).sum(axis=1)
    c = rng.normal(size=teachers) * np.exp(spread * rng.normal(size=teachers))
    source = np.arange(students) % teachers
    scale = np.exp(0.5 * rng.normal(size=students))
    near = W[source] * scale[:, None] + distance * rng.normal(size=(students, d))
    offset = b[source] * scale + distance * rng.normal(size=students)
    weight = c[source] / np.bincount(source)[source] / scale + distance * rng.normal(size=students)
    return ridges(np.vstack([W, near]), np.append(b, offset), np.append(c, -weight))


def assert_encloses(enclosure, h, region, truth=None):
    """What every enclosure owes: a witness inside with its value, the truth between the ends, and a proof."""
    if enclosure.witness is None:  # h = 0 is found by its terms
        assert enclosure.upper == 0 and truth in (0, None)
        return
    assert region.contains(enclosure.witness)
    assert exact.rational(enclosure.lower) <= abs(h(enclosure.witness))
    if truth is not None:
        assert exact.rational(enclosure.lower) <= truth <= exact.rational(enclosure.upper)
    if "crude" not in enclosure.evidence:
        evidence = json.loads(json.dumps(enclosure.evidence))
        assert abs(h(enclosure.witness)) <= proved(h, region, evidence) <= exact.rational(enclosure.upper)


# ------------------------------------------------------------------ against brute force


@draw.quick
@given(st.data(), st.integers(1, 3), st.sampled_from((1e-6, 1e-2)))
def test_the_enclosure_of_a_rational_instance_holds_the_brute_force_supremum_and_closes(data, d, gap):
    region, h = data.draw(draw.domains(d)), data.draw(draw.ridge_sums(d))
    enclosure = trees.supremum(h, region, gap=gap)
    assert_encloses(enclosure, h, region, draw.brute_supremum(h, region))
    assert enclosure.closed(gap, h.size(region.lower, region.upper))


@pytest.mark.parametrize("d, teachers, students", [(1, 3, 5), (2, 2, 4), (3, 2, 3)])
@pytest.mark.parametrize("distance", [10.0**-k for k in range(11)])
def test_near_copies_at_every_distance_are_enclosed_and_closed(d, teachers, students, distance, monkeypatch):
    monkeypatch.setattr(trees, "CANCELLATION", 0.0)  # no interval is excused as noise
    for seed in range(3):
        rng = np.random.default_rng(seed)
        h = near_copies(d, teachers, students, distance, rng)
        region = cut_box(d, rng, seed)
        enclosure = trees.supremum(h, region, gap=1e-3)
        assert_encloses(enclosure, h, region, draw.brute_supremum(h, region))
        assert enclosure.closed(1e-3, 0.0)


@pytest.mark.parametrize("seed", range(6))
def test_weights_over_twelve_orders_of_magnitude_are_enclosed(seed):
    rng = np.random.default_rng(seed)
    d, n = 1 + seed % 3, 5
    P = rng.normal(size=(n, d)) * 10.0 ** rng.uniform(-6, 6, size=(n, 1))
    beta = rng.uniform(-0.5, 0.5, size=n) * np.abs(P).sum(axis=1)
    c = rng.normal(size=n) * 10.0 ** rng.uniform(-6, 6, size=n)
    h = ridges(P, beta, c, rng.normal(size=d), rng.normal())
    region = cut_box(d, rng, seed % 3)
    enclosure = trees.supremum(h, region, gap=1e-4)
    assert_encloses(enclosure, h, region, draw.brute_supremum(h, region))
    assert enclosure.closed(1e-4, h.size(region.lower, region.upper))


@pytest.mark.parametrize("height, width", [(2.0**40, 1.0), (2.0**-40, 2.0**20), (2.0**200, 2.0**-30), (2.0**-200, 2.0**100)])
def test_the_scale_of_h_and_of_the_region_does_not_matter(height, width):
    h = near_copies(6, 5, 8, 1e-4, np.random.default_rng(8))
    scaled = RidgeSum(h.P / exact.rational(width), h.beta, h.c * exact.rational(height), h.slope, h.offset)
    small, large = trees.supremum(h, box(6), gap=1e-6), trees.supremum(scaled, box(6, width), gap=1e-6)
    assert large.closed(1e-6, scaled.size(*(np.full(6, exact.rational(x)) for x in (-width, width))))
    assert large.lower / height <= small.upper and small.lower <= large.upper / height
    assert_encloses(large, scaled, box(6, width))


def test_creases_that_cross_the_box_and_not_the_domain_are_settled_by_proof():
    rng = np.random.default_rng(0)
    h, whole, corner = near_copies(6, 12, 15, 0.01, rng), box(6), np.ones(6)
    A, c = np.append(whole.A, exact.rationals([-corner]), axis=0), np.append(whole.c, fmpq(-4))
    region = Domain(A, c, whole.lower, whole.upper, exact.rationals(0.9 * corner))  # box untightened
    enclosure = trees.supremum(h, region, gap=1e-3)
    assert len(enclosure.evidence["settled"]) > 3 and enclosure.closed(1e-3, 0.0)
    assert_encloses(enclosure, h, region)
    forged = copy.deepcopy(enclosure.evidence)
    forged["settled"][0][1] = not forged["settled"][0][1]
    with pytest.raises(Refuted):
        proved(h, region, forged)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_separable_sum_in_nine_dimensions_has_the_sum_of_its_suprema(sign):
    rng = np.random.default_rng(3)
    d, lines, lows, highs = 9, [], fmpq(0), fmpq(0)
    for j in range(d):
        P, beta, c = rng.choice([-1.0, 1.0, 2.0], size=4), rng.uniform(-0.9, 0.9, size=4), rng.normal(size=4)
        ends = [fmpq(-1), fmpq(1), *(-exact.rationals(beta) / exact.rationals(P))]
        line = ridges(P[:, None], beta, c)
        values = [line(np.array([x], dtype=object)) for x in ends if abs(x) <= 1]
        lows, highs = lows + min(values), highs + max(values)
        lines += [(np.eye(d)[j] * p, b, sign * w) for p, b, w in zip(P, beta, c, strict=True)]
    h, region = ridges(*(np.array(column) for column in zip(*lines, strict=True))), box(d)
    enclosure = trees.supremum(h, region, gap=1e-6)
    assert_encloses(enclosure, h, region, max(-lows, highs))
    assert enclosure.closed(1e-6, 0.0)


def test_a_crease_hidden_in_a_corner_is_found():
    """|h| is 1/100 at the centre and on all but a 10^-16th of the cube, and 1 at one corner."""
    d, t = 8, 0.01
    h = ridges([[1.0] * d], [-(d - t)], [1 / t], offset=-t)
    enclosure = trees.supremum(h, box(d), gap=1e-6)
    assert enclosure.lower > 0.98 and enclosure.upper < 1
    assert_encloses(
        enclosure,
        h,
        box(d),
        max(abs(h(np.array(corner, dtype=object))) for corner in itertools.product((fmpq(-1), fmpq(1)), repeat=d)),
    )


def test_creases_that_cancel_exactly_in_any_orientation_and_scale_leave_no_kink():
    """relu(u) + relu(-2u)/2 - 4 relu(u/2) - u + 1 = 1 - 2u."""
    w, b = np.array([1.0, -0.5, 2.0, 0.25, -1.0, 0.0, 0.75]), 0.25
    h = ridges([w, -2 * w, 0.5 * w], [b, -2 * b, 0.5 * b], [1.0, 0.5, -4.0], -w, 1 - b)
    enclosure = trees.supremum(h, box(7), gap=1e-9)
    assert enclosure.evidence["kinks"] == []
    assert enclosure.closed(1e-9, 0.0)
    assert_encloses(enclosure, h, box(7), 1 - 2 * (exact.rational(b) - sum(map(abs, exact.rationals(w)))))


@pytest.mark.parametrize("value", [0, 3, fmpq(-1, 3)])
def test_a_constant_is_its_own_supremum(value):
    h = RidgeSum(exact.zeros(0, 6), exact.zeros(0), exact.zeros(0), exact.zeros(6), fmpq(value))
    enclosure = trees.supremum(h, box(6), gap=1e-9)
    assert_encloses(enclosure, h, box(6), abs(fmpq(value)))
    assert enclosure.upper - enclosure.lower <= 1e-9 * enclosure.upper + 1e-15 * (value == 0)


# ------------------------------------------------------------------ strength


@pytest.mark.parametrize("distance, programs", [(1e-2, 150), (1e-5, 150), (1e-7, 150)])
def test_near_copies_in_seventeen_dimensions_close_within_a_few_programs(distance, programs):
    h, region = near_copies(17, 8, 12, distance, np.random.default_rng(5)), box(17)
    enclosure = trees.supremum(h, region, gap=0.1)
    assert_encloses(enclosure, h, region)
    assert enclosure.closed(0.1, h.size(region.lower, region.upper))
    assert enclosure.evidence["programs"] <= programs


@pytest.mark.parametrize("cuts", [0, 2])
def test_a_tree_with_many_leaves_is_proved_by_its_evidence_alone(cuts):
    rng = np.random.default_rng(12)
    h, region = near_copies(8, 24, 30, 0.05, rng), cut_box(8, rng, cuts)
    enclosure = trees.supremum(h, region, gap=1e-4)
    assert sum(len(sign["leaves"]) for sign in enclosure.evidence["signs"]) > 10
    assert any(
        len(active) + len(inactive) > 1 + cuts  # relies on sides of other groups
        for sign in enclosure.evidence["signs"]
        for _, _, active, inactive in sign["cuts"].values()
    )
    assert enclosure.closed(1e-4, 0.0)
    assert_encloses(enclosure, h, region)
    Z = rng.uniform(-1, 1, size=(20000, 8))
    inside = (Z @ region.floats.A.T <= region.floats.c).all(axis=1)
    assert np.abs(h.floats(Z[inside])).max() <= enclosure.upper


def forge(evidence, change):
    forged = copy.deepcopy(evidence)
    change(forged["signs"][0])
    return forged


def test_evidence_that_was_tampered_with_is_refuted():
    rng = np.random.default_rng(12)
    h, region = near_copies(8, 24, 30, 0.05, rng), cut_box(8, rng, 2)
    evidence = trees.supremum(h, region, gap=1e-3).evidence
    side = max(evidence["signs"], key=lambda sign: len(sign["leaves"]))
    evidence = {**evidence, "signs": [side, *(sign for sign in evidence["signs"] if sign is not side)]}
    honest = proved(h, region, evidence)

    def drop_a_leaf(sign):
        sign["leaves"].pop(0)

    def swap_a_side(sign):
        step = next(leaf for leaf in sign["leaves"] if leaf[0])[0][-1]
        step[1] = not step[1]

    def lower_a_cut(sign):
        next(cut for cut in sign["cuts"].values() if cut[2])[1][-1] -= 1 << 40

    def forget_a_partner(sign):
        next(group for group in sign["groups"] if group[1])[1].pop()

    def shift_a_weight(sign):
        weights = sign["leaves"][0][1]
        row = next(row for row in weights if row in sign["cuts"])
        weights[row] -= WHOLE // 4

    for change in (drop_a_leaf, swap_a_side, lower_a_cut, forget_a_partner, shift_a_weight):
        with pytest.raises(Refuted):
            proved(h, region, forge(evidence, change))
    assert proved(h, region, evidence) == honest


# ------------------------------------------------------------------ stops


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 0.005, 0.03, 0.1, 0.3])
def test_the_enclosure_is_valid_whenever_the_deadline_strikes(seconds):
    rng = np.random.default_rng(2)
    h, region = near_copies(8, 24, 30, 0.05, rng), cut_box(8, rng)
    start = time.monotonic()
    enclosure = trees.supremum(h, region, gap=1e-6, deadline=start + seconds)
    assert time.monotonic() - start <= max(seconds, 0.0) + 2.0
    assert_encloses(enclosure, h, region)
    assert enclosure.evidence["interrupted"] is False
    best = trees.supremum(h, region, gap=1e-2)
    assert enclosure.lower <= best.upper and best.lower <= enclosure.upper


@pytest.mark.parametrize("calls", [0, 1, 5, 20, 60])
def test_an_interrupt_keeps_what_was_proved(calls, monkeypatch):
    rng = np.random.default_rng(4)
    h, region = near_copies(8, 24, 30, 0.05, rng), box(8)
    truth = trees.supremum(h, region, gap=1e-6)
    solve, left = LeafProgram.solve, iter(range(calls))

    def interrupted(self, *arguments):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return solve(self, *arguments)

    monkeypatch.setattr(LeafProgram, "solve", interrupted)
    enclosure = trees.supremum(h, region, gap=1e-6)
    assert enclosure.evidence["interrupted"] is True
    assert_encloses(enclosure, h, region)
    assert enclosure.lower <= truth.upper and truth.lower <= enclosure.upper


def test_an_interrupt_before_the_search_leaves_the_crude_enclosure(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(trees, "kinks", interrupted)
    h, region = near_copies(6, 3, 4, 0.1, np.random.default_rng(0)), box(6)
    enclosure = trees.supremum(h, region)
    assert enclosure.evidence["interrupted"] is True and enclosure.evidence["crude"] is True
    monkeypatch.undo()
    assert trees.supremum(h, region, gap=1e-6).lower <= enclosure.upper
    assert_encloses(enclosure, h, region)


def test_a_floor_above_the_supremum_stops_the_search_and_one_below_does_not():
    h, region = near_copies(8, 24, 30, 0.05, np.random.default_rng(12)), box(8)
    full = trees.supremum(h, region, gap=1e-6)
    root = trees.supremum(h, region, gap=1e-6, floor=1e6)
    early = trees.supremum(h, region, gap=1e-6, floor=1.2 * full.upper)
    idle = trees.supremum(h, region, gap=1e-6, floor=0.5 * full.lower)
    assert root.evidence["programs"] == 0
    assert full.upper < early.upper <= 1.2 * full.upper
    assert early.evidence["programs"] < full.evidence["programs"]
    assert idle.closed(1e-6, 0.0) and idle.evidence["programs"] == full.evidence["programs"]
    for enclosure in (root, early, idle):
        assert_encloses(enclosure, h, region)


def test_a_wide_gap_stops_early_and_is_kept():
    h, region = near_copies(8, 24, 30, 0.05, np.random.default_rng(12)), box(8)
    for gap in (1.0, 0.5, 0.1):
        enclosure = trees.supremum(h, region, gap=gap)
        assert enclosure.closed(gap, 0.0)
        assert_encloses(enclosure, h, region)


@pytest.mark.parametrize("answer", ["nothing", "empty", "noise"])
def test_a_solver_that_errs_costs_tightness_and_never_truth(answer, monkeypatch):
    rng = np.random.default_rng(1)
    h, region = near_copies(5, 5, 8, 0.05, rng), cut_box(5, rng)
    truth = trees.supremum(h, region, gap=1e-6)
    solve = LeafProgram.solve

    def erring(self, *arguments):
        proposal = solve(self, *arguments)
        if rng.random() < 0.5 or proposal is None:
            return proposal
        if answer == "nothing":
            return None
        noise = {row: float(x) for row, x in enumerate(rng.normal(size=len(self.relaxation.rows)))}
        object.__setattr__(proposal, "weights", noise)
        object.__setattr__(proposal, "empty", answer == "empty")
        return proposal

    monkeypatch.setattr(LeafProgram, "solve", erring)
    enclosure = trees.supremum(h, region, gap=1e-2, deadline=time.monotonic() + 2.0)
    assert_encloses(enclosure, h, region)
    assert enclosure.lower <= truth.upper and truth.lower <= enclosure.upper


def test_a_ridge_is_not_settled_on_the_word_of_the_solver(monkeypatch):
    rng = np.random.default_rng(3)
    h, region = near_copies(3, 4, 6, 0.1, rng), cut_box(3, rng, 1)
    h = RidgeSum(h.P / 100, h.beta / 100, h.c, h.slope, h.offset)
    maximise = groups.Solver.maximise
    monkeypatch.setattr(groups.Solver, "maximise", lambda *a: replace(maximise(*a), value=-1e9))
    enclosure = trees.supremum(h, region, gap=1e-3)
    assert enclosure.evidence["settled"] == []
    assert_encloses(enclosure, h, region, draw.brute_supremum(h, region))


def test_ascents_climb_far_above_the_points_they_start_from():
    h, region = near_copies(12, 10, 15, 0.01, np.random.default_rng(0)), box(12)
    incumbent = Incumbent(h, region, kinks(h, region), np.zeros((0, 13)), (0.0, region.interior), np.inf)
    incumbent.start()
    samples = np.random.default_rng(1).uniform(-1, 1, size=(20000, 12))
    assert incumbent.lower > 1.3 * np.abs(h.floats(samples)).max()
    assert incumbent.lower <= trees.supremum(h, region, gap=1e-2).upper


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("seed", range(8))
def test_a_long_step_ends_where_the_function_is_at_least_as_large_and_inside_the_domain(sign, seed):
    rng = np.random.default_rng(seed)
    h, region = (
        ridges(rng.normal(size=(12, 5)), rng.normal(size=12), rng.normal(size=12), rng.normal(size=5)),
        cut_box(5, rng, 2),
    )
    function, slacks = kinks(h, region), np.array([exact.nearest(slack) for _, slack in facets(region)])
    incumbent = Incumbent(h, region, function, slacks, (0.0, region.interior), np.inf)
    start = exact.nearest(region.interior) + 1e-3 * rng.uniform(-1, 1, size=5)
    end = incumbent.tangents[sign].top(start)
    best, value = sign * function(np.array([start, end]))
    convex, tangent = sign * function.floats[1] > 0, function.floats[0][:, :5] @ start + function.floats[0][:, 5] > 0
    values = function.floats[0][:, :5] @ end + function.floats[0][:, 5]
    below = np.where(convex, tangent * values, np.maximum(values, 0)) @ function.floats[1]
    below += function.floats[2][:5] @ end + function.floats[2][5]
    assert best <= sign * below + 1e-9 and sign * below <= value + 1e-9  # touches at the start, lies below at the end
    assert (slacks[:, :5] @ end + slacks[:, 5] >= -1e-6).all()


def test_long_steps_rise_above_the_samples_where_nothing_pairs():
    rng = np.random.default_rng(0)
    h, region = ridges(rng.normal(size=(110, 30)), rng.normal(size=110), rng.normal(size=110)), box(30)
    incumbent = Incumbent(h, region, kinks(h, region), np.zeros((0, 31)), (0.0, region.interior), np.inf)
    incumbent.start()
    by_samples = np.abs(h.floats(np.random.default_rng(1).uniform(-1, 1, size=(20000, 30)))).max()
    assert incumbent.lower > 1.9 * by_samples


# ------------------------------------------------------------------ the proved rows


def relaxations(h, region):
    oriented, shared = paired(kinks(h, region))
    slacks = [slack for _, slack in facets(region)]
    unit = natural_unit(oriented, shared)
    return [Relaxation(function, shared, slacks, unit) for function in (oriented, oriented.negated())]


def some_sides(r, rng, most):
    """Decisions for a few random groups."""
    chosen = rng.permutation(len(r.groups))[: rng.integers(0, most + 1)]
    return {int(g): bool(rng.random() < 0.5) for g in chosen}


def at(form, x):
    return (form[:-1] * x).sum() + form[-1]


def relu(u):
    return u if u > 0 else fmpq(0)


def points(region, rng, count):
    """Exact points xi of the domain in the coordinates of its box, many of them on its boundary."""
    middle, radius = (region.upper + region.lower) / 2, (region.upper - region.lower) / 2
    corners = np.clip(rng.normal(size=(count, region.dimension)) * 2, -1, 1)
    for x in exact.rationals(corners):
        yield (region.inside(middle + radius * x) - middle) / radius


@draw.quick
@given(st.data(), st.integers(1, 3))
def test_kinks_groups_and_singles_add_up_to_h_exactly(data, d):
    region, h = data.draw(draw.domains(d)), data.draw(draw.ridge_sums(d))
    oriented, shared = paired(kinks(h, region))
    middle, radius = (region.upper + region.lower) / 2, (region.upper - region.lower) / 2
    for function, sign in ((oriented, 1), (oriented.negated(), -1)):
        groups, singles = grouped(function, shared)
        for x in points(region, np.random.default_rng(0), 5):
            u = [at(form, x) for form in function.forms]
            total = at(function.rest, x) - sum((s * relu(u[j]) for j, s in singles), fmpq(0))
            for group in groups:
                assert function.mass[group.kink] > 0 and all(w > 0 for _, w in group.partners)
                total += function.mass[group.kink] * relu(u[group.kink])
                total -= sum((w * relu(u[j]) for j, w in group.partners), fmpq(0))
            assert total == sign * h(middle + radius * x)
            assert all(s > 0 for _, s in singles)


def group_value(r, g, x):
    group = r.groups[g]
    value = r.h.mass[group.kink] * relu(at(r.h.forms[group.kink], x))
    return value - sum((w * relu(at(r.h.forms[j], x)) for j, w in group.partners), fmpq(0))


def cut_value(r, row, x):
    numbers = r.rows[row]
    scaled = sum((a * b for a, b in zip(numbers, x, strict=False)), fmpq(numbers[-1]))
    return scaled * fmpq(2) ** (r.unit - 52)


def add_cuts(r, rng):
    """Cuts at random points under random decisions."""
    program = CutProgram(r)
    for _ in range(6):
        decided = some_sides(r, rng, 2)
        program.place(rng.uniform(-0.7, 0.7, size=len(r.h.rest) - 1), decided)
        for g in set(range(len(r.groups))) - set(decided):
            cut = program.cut(g)
            if cut is not None:
                r.add_cut(g, cut.slope, cut.active, cut.inactive, decided)


@pytest.mark.parametrize("distance", [0.3, 1e-3, 1e-9])
def test_every_cut_lies_above_its_group_wherever_it_holds(distance):
    rng = np.random.default_rng(9)
    h, region = near_copies(4, 4, 7, distance, rng), cut_box(4, rng, 2)
    for r in relaxations(h, region):
        add_cuts(r, rng)
        assert any(cut.given for cut in r.cuts)
        for x in points(region, rng, 60):
            sides = {g: at(r.h.forms[group.kink], x) > 0 for g, group in enumerate(r.groups)}
            for row, cut in enumerate(r.cuts, r.first_cut):
                if all(sides[g] is side for g, side in cut.given.items()):
                    assert cut_value(r, row, x) >= group_value(r, cut.group, x)


def test_a_cut_ignores_multipliers_of_rows_that_may_be_negative():
    rng = np.random.default_rng(9)
    h, region = near_copies(3, 3, 5, 0.1, rng), cut_box(3, rng, 1)
    for r in relaxations(h, region):
        everything = {row: 1.0 for row in range(r.first_cut)}
        for g in range(len(r.groups)):
            row = r.add_cut(g, rng.normal(size=3), everything, everything, {})
            assert set(r.cuts[-1].active) <= {r.plus[g], *r.slack}
            assert set(r.cuts[-1].inactive) <= {r.minus[g], *r.slack}
            for x in points(region, rng, 40):
                assert cut_value(r, row, x) >= group_value(r, g, x)


@pytest.mark.parametrize("distance", [0.5, 1e-2, 1e-8])
def test_any_weights_made_admissible_majorise_h_on_the_leaf(distance):
    rng = np.random.default_rng(12)
    near, region = near_copies(3, 3, 6, distance, rng), cut_box(3, rng, 1)
    alone = exact.rationals(rng.normal(size=(2, 3)))  # these two have no partner
    h = RidgeSum(
        np.append(near.P, alone, axis=0),
        np.append(near.beta, exact.rationals([0.1, 0.2])),
        np.append(near.c, exact.rationals([2.0, -2.0])),
        near.slope,
        near.offset,
    )
    middle, radius = (region.upper + region.lower) / 2, (region.upper - region.lower) / 2
    for r, sign in zip(relaxations(h, region), (1, -1), strict=True):
        program, chords = LeafProgram(r), list(range(r.first_cut, len(r.rows)))
        add_cuts(r, rng)
        assert r.singles and r.pairs and any(cut.given for cut in r.cuts)
        for trial in range(60):
            decided = some_sides(r, rng, 3)
            proposal = program.solve(decided, chords)
            raw = {} if proposal is None or proposal.empty else dict(proposal.weights)
            if trial % 3:  # what no solver would say
                noise = rng.normal(size=len(r.rows)) * 10.0 ** rng.uniform(-3, 3, size=len(r.rows))
                raw = {row: raw.get(row, 0.0) + noise[row] for row in range(len(r.rows))}
            if trial % 7 == 0:
                rows = rng.integers(1, len(r.rows), size=3)
                raw |= {int(row): x for row, x in zip(rows, (np.nan, np.inf, -1.0), strict=True)}
            weights = r.admissible(raw, decided)
            form, bound = np.array([fmpq(x) for x in r.combined(weights)], dtype=object), r.bound(weights)
            form = form * (fmpq(2) ** (r.unit - 52) / WHOLE)
            for x in points(region, rng, 12):
                if all((at(r.h.forms[r.groups[g].kink], x) >= 0) is side for g, side in decided.items()):
                    assert sign * h(middle + radius * x) <= at(form, x) <= exact.rational(bound)


def test_rows_majorise_their_forms_and_lose_less_than_they_are_rounded_by():
    rng = np.random.default_rng(6)
    h, region = near_copies(5, 4, 6, 0.01, rng), cut_box(5, rng, 2)
    for r in relaxations(h, region):
        sides = [r.h.forms[group.kink] for group in r.groups]
        forms = [r.h.rest, *(error(r.h, group) for group in r.groups), *sides, *(-u for u in sides)]
        for row, form in enumerate(forms):
            units = fmpq(2) ** (r.scale[row] - 52)
            excess = np.array([units * x for x in r.rows[row]], dtype=object) - form
            assert reach(-excess) <= 0 <= reach(excess) <= 20 * units
