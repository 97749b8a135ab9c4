"""The searches of the sharp form leave out what cannot win: each finds what the search that tries everything finds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from twolayer.certify.suprema import active_domains, gradient_suprema
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box
from twolayer.restriction.restricted import restricted
from twolayer.statements import bounds
from twolayer.statements.loops import gaps as loops
from twolayer.statements.setting import Setting
from twolayer.statements.sharp import best, cells, chords, gaps, local, pairs, plane
from twolayer.statements.sharp.around import around, radii, sizes
from twolayer.statements.sharp.gaps import directions
from twolayer.statements.sharp.plane import Lines, lines_of

from ...strategies import quick
from .test_sharp_methods import arranged, drawn_lines, inverse_heights

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


def choices(lines: Lines, width: int):
    """(gap, out) of every sum: every direction left out of every gap, or the two beside a gap."""
    if width == 1:
        every = range(len(directions(lines).place))
        return [(int(gap), np.array([m])) for gap in lines.gaps for m in every]
    return [(int(gap), out) for gap, out in zip(*pairs.choices(lines), strict=True)]


def sum_of(lines: Lines, gap: int, out: np.ndarray, c: float) -> float:
    return loops.sum_at(lines.floats, directions(lines).floats, gap, out, c, np.inf)


def steepest_of(lines: Lines, gap: int, out: np.ndarray, room: float, start: float) -> float:
    """The largest c by bisection, up to the top of the ladder."""
    top = start * gaps.STEP ** (gaps.RUNGS - 1)
    if sum_of(lines, gap, out, top) < room:
        return top
    return brentq(lambda c: sum_of(lines, gap, out, c) - room, start, top, xtol=1e-300, rtol=1e-15, maxiter=1000)


@quick
@given(drawn_lines, slopes, st.floats(0.05, 0.95), st.integers(1, 2))
def test_the_steepest_choice_is_the_steepest_of_all(drawn, c, goal, width):
    lines, *_ = arranged(drawn)
    every, start = choices(lines, width), gaps.steepest(goal)
    room = float(np.median([sum_of(lines, *choice, c) for choice in every] or [1.0])) * (1 + CLOSE)
    given = room, start, gaps.STEP, gaps.RUNGS
    if width == 1:
        cot, gap, place = loops.steepest_chord(lines.floats, directions(lines).floats, lines.gaps, *given)
        chosen = gap, np.array([place])
    else:
        some, outs = pairs.choices(lines)
        cot, place = loops.steepest_pair(lines.floats, directions(lines).floats, some, outs, *given)
        chosen = (int(some[place]) if place >= 0 else -1, outs[place] if place >= 0 else None)
    alone = [steepest_of(lines, *choice, room, start) for choice in every if sum_of(lines, *choice, start) < room]
    largest = max(alone, default=start)
    assert (chosen[0] < 0) == (not largest > start)
    if chosen[0] >= 0:
        assert min(cot, start * gaps.STEP ** (gaps.RUNGS - 1)) == pytest.approx(largest, rel=CLOSE)
        assert sum_of(lines, *chosen, cot * (1 - CLOSE)) <= room


def steepest_in(lines, gap, room):
    """The largest slope at which the cell of one gap says something."""
    return loops.cell(lines.floats, gap, cells.NEAREST, room, 0.0)


@quick
@given(drawn_lines, st.floats(0.1, 20.0), st.floats(0.05, 0.95))
def test_the_steepest_cell_is_the_steepest_of_all(drawn, room, goal):
    lines, *_ = arranged(drawn)
    start, alone = gaps.steepest(goal), [steepest_in(lines, gap, room) for gap in map(int, lines.gaps)]
    cot, gap = loops.steepest_cell(lines.floats, lines.gaps, cells.NEAREST, room, start)
    assert cot == max(start, *alone) and (gap < 0) == (max(alone) <= start)
    assert gap < 0 or steepest_in(lines, gap, room) == cot


@quick
@given(drawn_lines)
def test_the_flattest_cell_is_the_flattest_of_all(drawn):
    lines, entries, up, down = arranged([(o, w, False) for o, w, _ in drawn])
    known = [(o, w, label) for o, w, _, label in entries]
    sums = {int(gap): float(inverse_heights(known, gap, up, down)) for gap in lines.gaps}
    value, gap = loops.flattest_cell(lines.floats, lines.gaps)
    assert value == pytest.approx(min(sums.values()), rel=CLOSE) and sums[gap] == pytest.approx(value, rel=CLOSE)


@pytest.mark.parametrize("seed", range(4))
def test_a_kink_s_chord_and_pair_are_the_best_of_all_gaps_and_directions(seed):
    setting, seen = settings(seed), 0
    for i, _, domain, _, near, size in scenes(setting, setting.problem.student):
        lines = lines_of(setting, i, domain, near, np.ones(len(near.index), dtype=bool), named=False)
        if lines is None:
            continue
        for width, module in ((1, chords), (2, pairs)):
            values = [sum_of(lines, *choice, 0.0) for choice in choices(lines, width)]
            given = setting, i, size, domain, near
            kink, least = module.kink(*given, np.inf), 2 * size.eps * min(values, default=np.inf)
            assert (kink is None) == np.isinf(least)
            if kink is not None:
                seen += 1
                proved = kink[1]().value / setting.float_unit(size.observer)
                assert kink[0] == pytest.approx(least, rel=CLOSE) and float(proved.mid()) == pytest.approx(least, rel=1e-9)
                assert module.kink(*given, kink[0] * (1 - CLOSE)) is None
    assert seen > 20


@pytest.mark.parametrize("dimension", [2, 3])
def test_the_pairings_are_the_best_of_all_radii(dimension):
    """By what their pairs cost one by one, which is what radii are compared by."""
    setting, seen = settings(7, dimension), 0
    for i, _, _, inscribed, near, size in scenes(setting, setting.problem.teacher):
        returned = local.pairings(setting, i, size, inscribed, near)
        scene = local.scene_of(setting, i, size, inscribed, near)
        scores = []
        tried = radii(inscribed.radius, near.distance)
        for radius, least in zip(tried.tolist(), scene.least(tried).tolist(), strict=True):
            opposing = near.opposes & (near.distance <= radius)
            students = int((opposing & near.student).sum())
            pairing = scene.paired(radius)
            value = local.loops.paired(*scene._arrays, radius)[0]
            assert least <= value * (1 + CLOSE) and pairing.value <= value * (1 + CLOSE)
            crowd = near.cotangent[opposing & ~near.student].sum() + students
            if students and 0 < value * crowd < np.inf:
                scores.append((value * crowd / radius, radius))
        scores = sorted(scores, key=lambda entry: entry[0])[: local.MOST_BALLS]
        assert [pairing.radius for pairing in returned] == [radius for _, radius in scores]
        seen += len(scores)
    assert seen > 20


@pytest.mark.parametrize("dimension", [2, 3])
def test_the_masses_of_a_kink_are_weighed_in_a_height_that_none_beats_by_more_than_a_twelfth(dimension):
    """Theorem M, 4 eps / t + c S t / rho: where both terms are equal it is at most (1 + 2 / sqrt(3)) / 2 of the least value."""
    made, lowest, shares = settings(2, dimension), [], np.geomspace(1e-6, best.SLICES[0], 400)
    peak = float(bounds.mass_constant(dimension - 1).mid())
    for i, _, _, inscribed, near, size in scenes(made, made.problem.student):
        everywhere = np.ones(len(near.index), dtype=bool)
        every = []
        for radius in radii(inscribed.radius, near.distance):
            rho, seen = np.sqrt(1 - shares**2), near.weight[near.distance <= radius].sum()
            every.append((4 * size.eps / (shares * radius) + peak * shares / rho * seen).min())
        _, (value, prove) = best._kinks(made, i, size, inscribed, near, everywhere)
        assert value <= min(every) * (1 + 2 / np.sqrt(3)) / 2 * (1 + CLOSE)
        bound = prove()
        assert bound.form == "mass" and value == pytest.approx(float(bound.value.mid()) / float(made.float_unit(size.observer)))
        lowest.append(float(bound.terms["t"].mid()) / float(bound.terms["radius"]))
    assert min(lowest) < best.SLICES[-1] / 2 < best.SLICES[-1] * 1.1 < max(lowest)


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
