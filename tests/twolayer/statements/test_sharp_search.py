"""The searches of the sharp form leave out what cannot win: each finds what the search that tries everything finds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolayer.certify.suprema import active_domains, gradient_suprema
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box
from twolayer.restriction.restricted import restricted
from twolayer.statements.setting import Setting
from twolayer.statements.sharp import cells, chords, gaps, local, pairs, plane
from twolayer.statements.sharp.around import around, radii, sizes
from twolayer.statements.sharp.gaps import largest_quotients, quotients_at
from twolayer.statements.sharp.plane import Lines, kept_lines, lines_of

from ...strategies import quick
from .test_sharp_methods import arranged, drawn_lines

CLOSE = 1e-12  # relative rounding of sums of a few terms
slopes = st.sampled_from([0.125, 0.5, 1.0, 2.0, 8.0])


def settings(seed: int, dimension: int = 2, nodes: int = 5) -> Setting:
    """A student with two nodes for every teacher node near it, one of them parallel to another, its gradient certified."""
    rng = np.random.default_rng([seed, dimension])
    W, b, V = rng.normal(size=(nodes, dimension)), rng.uniform(-0.4, 0.4, size=nodes), rng.normal(size=(2, nodes))
    near = [np.concatenate([x, x]) + 1e-3 * rng.normal(size=(2 * nodes, *x.shape[1:])) for x in (W, b)]
    near[0][1] = 2 * near[0][0]
    fan_outs = np.concatenate([0.3 * V, 0.7 * V], axis=1) + 1e-3 * rng.normal(size=(2, 2 * nodes))
    made = Instance(TwoLayer(W, b, V), TwoLayer(*near, fan_outs), Box(-np.ones(dimension), np.ones(dimension)))
    problem = restricted(made)
    domains = active_domains(problem)
    return Setting(made, problem, domains, gradient_suprema(problem, domains, gap=1e-3))


def scenes(setting: Setting, nodes):
    """(crease, observer, domain, ball, near, sizes) of every node whose boundary an observer sees."""
    for node, observer in itertools.product(nodes, setting.problem.student):
        i, domain = setting.crease(node), setting.domains[observer.index]
        inscribed = None if node is observer or domain is None else setting.shapes.ball(i, domain)
        if inscribed is not None:
            near = around(setting, i, observer, inscribed.centre)
            yield i, observer, domain, inscribed, near, sizes(setting, i, observer)


def between(left: np.ndarray, right: np.ndarray, lines: Lines, gap: int) -> float:
    """The largest quotient across a gap, one pair after the other."""
    across = itertools.product(range(gap + 1), range(gap + 1, len(lines.place)))
    return max((left[j] + right[r]) / (lines.place[r] - lines.place[j]) for j, r in across)


@quick
@given(drawn_lines, st.integers(0, 99))
def test_quotients_across_a_gap_are_the_largest_and_near_lines_tell_no_more(drawn, seed):
    lines, *_ = arranged(drawn)
    left, right = np.random.default_rng(seed).normal(size=(2, len(lines.gaps), len(lines.place)))
    everywhere = largest_quotients(left, right, lines.inverse)
    at = quotients_at(left, right, lines, lines.gaps)
    for row, gap in enumerate(map(int, lines.gaps)):
        assert at[row] == everywhere[row, gap] == pytest.approx(between(left[row], right[row], lines, gap), rel=CLOSE)
    for reach in (1, 2, 3):
        assert (quotients_at(left, right, lines, lines.gaps, reach) <= at).all()


@quick
@given(drawn_lines, slopes, st.floats(0.05, 0.95))
def test_the_steepest_chord_is_the_steepest_of_all(drawn, c, goal):
    lines, *_ = arranged(drawn)
    every = [(int(gap), left) for left in chords.left_out(lines) for gap in lines.gaps]
    room = float(np.median(chords._worst(lines, every, np.full(len(every), c)))) * (1 + CLOSE)
    start = gaps.steepest(goal)
    found = gaps.steepest_named(chords._choices(lines, start, room), lambda *x: chords._worst(lines, *x), room, goal)
    alone = [gaps._largest(lambda x, e=e: chords._worst(lines, [e] * len(x), x), room, start) for e in every]
    below = chords._worst(lines, every, np.full(len(every), start)) < room
    largest = max(itertools.compress(alone, below), default=start)
    assert (found is None) == (not largest > start)
    if found is not None:
        top = start * gaps.STEP ** (gaps.RUNGS - 1)  # of the ladder: no slope is in the way
        assert min(found[0], top) == pytest.approx(largest, rel=CLOSE)
        assert chords._worst(lines, [found[1]], np.array([found[0] * (1 - CLOSE)]))[0] <= room


@quick
@given(drawn_lines, st.floats(0.1, 20.0))
def test_no_gap_allows_a_steeper_slope_than_its_nearest_lines(drawn, room):
    lines, *_ = arranged(drawn)
    for gap, limit in zip(map(int, lines.gaps), cells._limits(lines, room), strict=True):
        assert cells._largest_slope(lines, gap, room) <= limit


@quick
@given(st.integers(2, 9), st.integers(0, 99))
def test_what_lies_across_a_gap_is_the_largest_entry_of_its_block(n, seed):
    entries = np.random.default_rng(seed).normal(size=(n, n))
    assert cells._across(entries).tolist() == [entries[: k + 1, k + 1 :].max() for k in range(n - 1)]


@pytest.mark.parametrize("seed", range(4))
def test_a_kink_s_chord_and_pair_are_the_best_of_all_gaps_and_directions_of_the_observer_itself(seed):
    setting, seen = settings(seed), 0
    for i, observer, domain, _, near, size in scenes(setting, setting.problem.student):
        lines = lines_of(setting, i, domain, near, np.ones(len(near.index), dtype=bool), named=False)
        kept = kept_lines(setting, i, observer, domain, near)
        if lines is None or kept is None:
            continue
        every = [(int(gap), left) for left in chords.left_out(lines) for gap in lines.gaps]
        beside = pairs._pairs(lines, pairs._gaps(lines))
        for module, values in (
            (chords, chords._worst(lines, every, np.zeros(len(every)))),
            (pairs, pairs._sums(lines, beside, np.zeros(len(beside))) if beside else np.zeros(0)),
        ):
            found, least = module.kink(kept, setting, size, np.inf), 2 * size.eps * min(values, default=np.inf)
            assert (found is None) == np.isinf(least)
            if found is not None:
                seen += 1
                proved = found[1]().value / setting.float_unit(observer)
                assert found[0] == pytest.approx(least, rel=CLOSE) and float(proved.mid()) == pytest.approx(least, rel=1e-9)
                assert module.kink(kept, setting, size, found[0] * (1 - CLOSE)) is None
    assert seen > 20


@pytest.mark.parametrize("dimension", [2, 3])
def test_the_pairings_are_the_best_of_all_radii(dimension):
    setting, seen = settings(7, dimension), 0
    for i, _, _, inscribed, near, size in scenes(setting, setting.problem.teacher):
        found = local.pairings(setting, i, size, inscribed, near)
        scene = local.scene_of(setting, i, size, inscribed, near)
        scores = []
        tried = radii(inscribed.radius, near.distance)
        for radius, least in zip(tried.tolist(), scene.least(tried).tolist(), strict=True):
            opposing = near.opposes & (near.distance <= radius)
            students = int((opposing & near.student).sum())
            pairing = scene.paired(radius)
            assert least <= pairing.value * (1 + CLOSE)
            crowd = near.cotangent[opposing & ~near.student].sum() + students
            if students and 0 < pairing.value * crowd < np.inf:
                scores.append((pairing.value * crowd / radius, radius))
        scores = sorted(scores, key=lambda entry: entry[0])[: local.MOST_BALLS]
        assert [pairing.radius for pairing in found] == [radius for _, radius in scores]
        seen += len(scores)
    assert seen > 20


def test_the_facet_of_an_observer_crosses_where_its_own_row_says():
    setting, seen = settings(3), 0
    for i, _, domain, *_ in scenes(setting, setting.problem.nodes):
        if domain.whole is not None:
            own = plane._own_crossing(setting, i, domain)
            direct = plane._crossings(setting, i, domain.A[-1:], -domain.c[-1:])
            assert (own.parallel, own.rising) == (direct.parallel, direct.rising)
            for name in ("place", "tilt"):
                assert getattr(own, name) == pytest.approx(getattr(direct, name), rel=CLOSE)
            seen += 1
    assert seen > 50
