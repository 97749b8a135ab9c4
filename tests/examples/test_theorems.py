"""The examples of training and bounds: each script writes its picture, and the picture shows what it says it shows."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from twolayer.certify import RidgeSum
from twolayer.exact import rationals
from twolayer.networks import hidden_gradient
from twolayer.statements.verdict import FAILS, HOLDS, REPAIRED, SHARP

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))
ROUNDING = 1e-12  # relative; sines and gradients of this file are evaluated in float64
NEAR_KINK = 0.01  # how far the nearest of a hundred random points may be from a kink
LARGEST_PICTURE = 150_000  # bytes; pictures are committed

SMALL = {
    "first_theorem": {},
    "bound_against_angle": {},  # its size is a case of its own module, see small()
    "fan_out_recovery": {},  # likewise
    "figure_1": {"thicknesses": (1.0, 1e-2, 1e-4), "seeds": (1,)},
    "corollary_1": {"levels": (1e-2, 1e-4), "sines": (1e-2, 1e-1)},
    "two_teachers": {"targets": (1e-4, 1e-6), "sizes": (1e-9, 1e-5, 1e-3)},
    "sampled_or_certified": {"most": 1000},
    "what_the_gap_is_made_of": {"most": 5},  # of one run, see small()
    "how_much_sharper": {"dimensions": (2, 6), "widths": (4, 6), "seeds": (0,)},
}


@cache
def script(name: str):
    """The module of an example."""
    spec = spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@cache
def small(name: str):
    """What an example computes, at a smaller size; computed once for all tests."""
    module = script(name)
    if name == "bound_against_angle":
        return module.data([replace(module.RUNS[0], target=1e-5)])
    if name == "fan_out_recovery":
        return module.data(replace(module.RUN, target=1e-5))
    if name == "what_the_gap_is_made_of":
        return module.data(module.RUNS[:1], **SMALL[name])
    return module.data(**SMALL[name])


@pytest.mark.parametrize("name", SMALL)
def test_every_script_writes_its_picture_and_prints_numbers(name, tmp_path, monkeypatch, capsys):
    module, numbers = script(name), small(name)
    monkeypatch.setattr(module, "data", lambda: numbers)
    written = module.main(["--out", str(tmp_path / "pictures")])
    assert written == tmp_path / "pictures" / f"{name}.png"
    assert written.read_bytes()[:4] == b"\x89PNG" and written.stat().st_size <= LARGEST_PICTURE
    assert len(capsys.readouterr().out.splitlines()) >= 3


@pytest.mark.parametrize("name", SMALL)
def test_every_script_explains_its_picture_and_has_it_committed(name):
    assert len(script(name).__doc__.splitlines()) >= 8
    assert 0 < (EXAMPLES / "pictures" / f"{name}.png").stat().st_size <= LARGEST_PICTURE


def test_a_script_runs_from_any_directory(tmp_path):
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "first_theorem.py"), "--out", "here"],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "here" / "first_theorem.png").exists() and "theorem-2" in done.stdout


def test_no_grid_point_exceeds_the_certified_gradient_and_the_star_attains_it():
    result = small("first_theorem")
    teacher, student = result.instance.teacher, result.instance.student
    ticks = np.linspace(-1, 1, 101)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1)
    lower, upper = result.gradient
    assert np.abs(hidden_gradient(teacher, student, grid)).max() <= upper * (1 + ROUNDING)
    k = max(range(student.width), key=lambda k: result.enclosures[k].lower)
    star = np.abs(hidden_gradient(teacher, student, np.array(result.witness(k))))[k]
    assert star == pytest.approx(lower, rel=1e-9) and upper <= 1e-2


def test_the_first_story_has_sharp_rows_that_hold_and_none_that_fail():
    rows = [v for v in small("first_theorem").verdicts if v.form in (REPAIRED, SHARP)]
    telling = [v for v in rows if v.form == SHARP and v.statement == "theorem-2" and v.verdict == HOLDS]
    assert all(0 < v.measured <= v.bound < 1 for v in telling) and sum(v.bound < 0.1 for v in telling) >= 4
    assert not any(v.verdict == FAILS for v in rows)


def test_the_angle_stays_below_the_sharp_bound_and_both_fall_with_the_gradient():
    (run,) = small("bound_against_angle")
    assert len(run.gradient) >= 4 and run.sine.shape[1] >= 3
    assert (run.sine <= run.bound[SHARP]).all()
    assert (run.bound[SHARP] <= run.bound[REPAIRED])[-1].all()
    alone = run.bound[script("bound_against_angle").ALONE]
    assert (run.sine <= alone).all() and (run.bound[SHARP] <= alone * (1 + ROUNDING))[-1].all() and (alone[-1] < 1).all()
    late = run.gradient < 1e-5  # each bound falls like the gradient, whichever method and ball decide on the way
    falls = np.log(run.bound[SHARP][late][-1] / run.bound[SHARP][late][0]) / np.log(
        run.gradient[late][-1] / run.gradient[late][0]
    )
    assert run.gradient[late][-1] < 1e-5 * run.gradient[late][0] and (abs(falls - 1) < 0.2).all()


def test_the_radius_falls_linearly_with_thickness_off_the_plane_only():
    sides = small("figure_1")
    across, along = sides["U2"], sides["X"]
    assert along.radius == pytest.approx(np.broadcast_to(along.radius[0], along.radius.shape), rel=1e-9)
    expected = across.thickness[:, None] * across.radius[0]
    assert across.radius == pytest.approx(expected, rel=0.02)  # half-widths are multiples of 2^-20: 1 % of 1e-4


def test_angles_stay_small_in_the_plane_and_open_up_off_it():
    sides = small("figure_1")
    for side in sides.values():
        assert (side.nearest <= side.bound).all() and (side.nearest <= side.partner).all()
    assert sides["X"].bound.max() < 0.05
    assert np.median(sides["U2"].partner[-1]) > 0.1 > 1e-2 > np.median(sides["U2"].partner[0])


def test_fan_outs_stay_below_corollary_1_and_fall_with_gradient_over_sine():
    coarse, fine = small("corollary_1")
    for level in (coarse, fine):
        assert (level.gradient <= level.target).all() and (level.norm <= level.bound[SHARP]).all()
        assert level.norm[1] < level.norm[0] / 2 and level.bound[SHARP][1] < level.bound[SHARP][0] / 2
    assert (fine.bound[SHARP] < 10 * fine.norm).all()
    assert (fine.norm < coarse.norm / 20).all()


def test_a_second_teacher_is_as_close_as_it_agrees_with_the_first():
    rough, trained = small("two_teachers")
    for student in (rough, trained):
        assert student.excess[1:] / student.excess[0] == pytest.approx([1e4, 1e6], rel=0.05)
        assert (student.sine <= student.bound[SHARP]).all()
        assert (np.diff(student.bound[SHARP], axis=0) >= 0).all()
    growth = np.median(trained.bound[SHARP], axis=1)
    assert growth[2] / growth[1] == pytest.approx(100, rel=0.5) and growth[0] < growth[2] / 100
    assert trained.gradient < 1e-6 < rough.gradient
    assert np.median(rough.bound[SHARP][0]) > 5 * growth[0]


def test_samples_never_exceed_the_supremum_and_one_run_hides_it_from_them():
    numbers = small("sampled_or_certified")
    for levels in (numbers.plain, numbers.guided):
        assert (levels.lower <= levels.upper).all()
        assert (levels.sampled <= levels.upper + 1e-15).all()  # sums of terms of order 1
    assert numbers.plain.sampled[-1] < 1e-9 < 0.05 < numbers.plain.lower[-1]
    assert numbers.guided.upper[-1] <= script("sampled_or_certified").TARGET
    assert (numbers.maxima <= numbers.check.gradient[1] * (1 + ROUNDING)).all()
    assert (np.diff(numbers.maxima, axis=0) >= 0).all()


def test_the_sharp_constant_is_smaller_and_the_repaired_one_obeys_its_law():
    module = script("how_much_sharper")
    by_dimension, by_width = small("how_much_sharper")
    for constants, nodes, d in ((by_dimension, 2 * module.TEACHERS, by_dimension.x), (by_width, by_width.x, (2, 2))):
        law = 10 * np.sqrt(np.array(d) / (2 * np.pi)) * np.array(nodes)
        for sharp, repaired, most in zip(constants.ratios[SHARP], constants.ratios[REPAIRED], law, strict=True):
            assert len(sharp) == len(repaired) >= 5
            assert (sharp < repaired).all() and np.median(sharp) < np.median(repaired) / 5
            assert (repaired <= most * (1 + 1e-3)).all()  # a disc is at least as large as a ball, up to q / r


def test_what_a_bound_gives_away_multiplies_to_it_and_the_local_form_wins_most_of_it_back():
    (gap,) = small("what_the_gap_is_made_of")
    parts = script("what_the_gap_is_made_of").PARTS
    assert gap.factors.shape == (len(gap.sharp), len(parts)) and len(gap.sharp) >= 3
    assert (gap.factors > 0.5).all()  # 1 or more, but for what climbing misses
    assert (1 < gap.sharp).all() and (gap.sharp <= gap.factors.prod(axis=1) * (1 + ROUNDING)).all()
    assert np.exp(np.log(gap.factors.prod(axis=1) / gap.sharp).mean()) > 5


def test_climbing_finds_the_largest_value_in_a_ball_and_the_best_affine_function():
    """|z1 - 1| in the disc of radius 2 around (1, 0) is at most 2, and 1 is the affine function nearest to it."""
    module = script("what_the_gap_is_made_of")
    P, beta, c = rationals([[1, 0], [1, 0]]), rationals([-1, -1]), rationals([2, 0])
    slope = rationals([-1, 0])
    h = RidgeSum(P, beta, c, slope, rationals([1])[0])
    whole, affine = module.largest(h, np.array([1.0, 0.0]), 2.0, np.random.default_rng(0))
    assert whole == pytest.approx(2.0, rel=ROUNDING)
    assert 1 - NEAR_KINK < affine <= 1 + ROUNDING


def test_the_share_of_the_fan_out_lies_within_its_certified_error_and_that_falls_with_the_gradient():
    run = small("fan_out_recovery")
    stated = ~np.isnan(run.error)
    assert (np.abs(run.share - 1)[stated] <= run.error[stated]).all() and (run.error[stated] < 1).all()
    assert np.array_equal(stated, ~np.isnan(run.share)) and not stated[0].any() and stated[-1].all()
    assert (run.error[-1] < 1e4 * run.gradient[-1]).all()


def test_the_best_student_of_a_node_can_carry_next_to_nothing_of_its_fan_out():
    run = small("fan_out_recovery")
    assert np.abs(run.alone[-1] - 1).max() > 0.9 and np.abs(run.share[-1] - 1).max() < 1e-3
