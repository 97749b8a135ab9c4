"""The example scripts on counterexamples and on the paper's empirical story: each writes its picture and shows its fact.

Sizes are smaller than the scripts' own, so that the file stays quick; the facts do not depend on them.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))

import gallery
import near_students
import oracle_adversarial
import patch_spectrum
import thickening
import two_phases
import unidentifiable_teacher
import weights_or_activations

from twolayer import Instance

LARGEST_PICTURE = 150_000  # bytes
ROUNDING = 1e-12  # of floats of size 1 after a few operations

SMALL = {
    gallery: {},
    unidentifiable_teacher: {"levels": 5},
    thickening: {"thicknesses": (1e-2, 1.0)},
    two_phases: {"steps": 3000, "moments": 10},
    near_students: {"halvings": 5},
    weights_or_activations: {"seeds": (1,), "sizes": (0.001, 1.0)},
    oracle_adversarial: {"levels": 3, "sizes": (0.01, 0.1), "balls": 2},
    patch_spectrum: {"nodes": 3, "width": 4, "outputs": 2, "samples": 300},
}
SCRIPTS = [pytest.param(script, id=script.__name__) for script in SMALL]


@cache
def numbers(script):
    return script.data(**SMALL[script])


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_writes_its_picture_and_prints_its_numbers(script, tmp_path, monkeypatch, capsys):
    small = numbers(script)
    monkeypatch.setattr(script, "data", lambda: small)
    picture = script.main(["--out", str(tmp_path)])
    assert picture == tmp_path / f"{script.__name__}.png"
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size <= LARGEST_PICTURE
    assert any(character.isdigit() for character in capsys.readouterr().out)


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_kept_picture_is_small(script):
    assert 10_000 < (EXAMPLES / "pictures" / f"{script.__name__}.png").stat().st_size <= LARGEST_PICTURE


# -- gallery -----------------------------------------------------------------------------------------------------------


def test_the_gallery_shows_every_instance_file_and_each_breaks_its_bound():
    panels = numbers(gallery)
    assert [p.name for p in panels] == sorted(path.stem for path in (EXAMPLES / "instances").glob("*.json"))
    assert all(p.measured > p.bound for p in panels)
    assert all(p.missing for p in panels)


def test_the_gallery_s_star_is_where_the_certified_gradient_is_attained():
    starred = [p for p in numbers(gallery) if p.gradient[1] > 0]
    assert len(starred) >= 10
    for p in starred:
        instance = Instance.from_json((EXAMPLES / "instances" / f"{p.name}.json").read_text())
        x = np.zeros(instance.teacher.inputs)
        x[:2] = p.mark
        teacher, student = instance.teacher.floats(), instance.student.floats()
        active = student.preactivations(x) >= -ROUNDING  # A_k is closed
        attained = np.abs((teacher(x) - student(x)) @ student.V)[active].max()
        assert attained == pytest.approx(p.gradient[0], rel=1e-9)


def test_a_polygon_is_cut_out_of_the_plane_by_its_rows():
    diamond = gallery.polygon_of(np.array([[1, 1], [1, -1], [-1, 1], [-1, -1.0]]), np.ones(4))
    assert {tuple(np.round(z, 9) + 0.0) for z in diamond} == {(1, 0), (0, 1), (-1, 0), (0, -1)}
    assert sorted(np.round(gallery.crossings(diamond, np.array([0, 1.0, -0.5]))[:2], 9)[:, 0]) == [-0.5, 0.5]


# -- data that see only a plane -------------------------------------------------------------------------------------------


def test_twin_teachers_agree_exactly_on_the_plane_and_differ_linearly_off_it():
    twins = numbers(unidentifiable_teacher)
    assert twins.on_plane == (0.0, 0.0)
    assert max(upper for _, upper in twins.gradients) < unidentifiable_teacher.TARGET
    assert twins.sines[0].max() < 1e-9 and twins.sines[1].min() > 0.1
    apart, t = twins.apart["two teachers"], twins.thickness
    assert (apart[:, 0] <= apart[:, 1]).all()
    assert apart[0, 1] / t[0] == pytest.approx(apart[1, 1] / t[1], rel=1e-3) and apart[0, 1] / t[0] > 0.1


def test_thicker_data_close_the_angle_and_stay_below_the_sharp_bound():
    natural, students = numbers(thickening)
    assert natural.max() > 0.5
    for s in students:
        assert s.after[1] <= thickening.EPSILON < s.before[0]
        assert s.sines.max() <= s.bound
    for kind in ("noise", "adversarial"):
        thin, wide = (s for s in students if s.kind == kind)
        assert wide.sines.max() < thin.sines.max() / 10 < natural.max() / 10
        assert 50 < wide.before[1] / thin.before[1] < 200  # 100 times as thick, 100 times as wrong


def test_the_student_meets_the_salient_explanation_first_and_ends_at_the_real_one():
    (low, high), moments = numbers(two_phases)
    assert low <= 4 / 17 <= high + ROUNDING  # at (0, 1), where the half-way node is off
    first, last = moments[0], moments[-1]
    assert first.bounds[0] < first.bounds[1] and last.bounds[1] < last.bounds[0]
    closest = min(moments, key=lambda m: m.sines[0])
    assert closest.sines[0] < 0.02 and closest.sines[1] > 0.3 and 0.1 < last.sines[0] and last.sines[1] < 0.05
    assert 1 < two_phases.turn(moments) < last.step
    assert all(m.bounds[0] >= high / (15 / 17) for m in moments)


def test_two_near_students_keep_their_fan_outs_while_the_gradient_vanishes():
    pairs = numbers(near_students)
    for n in pairs:
        assert n.fan_out == 1 and n.far > 0.5
        assert n.sine <= n.epsilon[1] <= 1.3 * n.sine
        assert n.bounds.get("sharp") is None or n.bounds["sharp"] >= n.fan_out
    assert pairs[-1].bounds["sharp"] < 3
    assert pairs[-1].alone < pairs[-1].fan_out / 3  # what a bound without the neighbour would claim is false


# -- what the metrics see ---------------------------------------------------------------------------------------------------


def test_the_activation_check_is_blind_off_the_plane_and_sees_the_angle_squared():
    pairs = numbers(weights_or_activations)
    small, large = (pairs.size == size for size in (0.001, 1.0))
    assert np.allclose(pairs.on_data[small], pairs.on_data[large], atol=1e-12)
    middle = small & (pairs.angle > 1e-5) & (pairs.angle < 1e-1)
    quotient = pairs.on_data[middle] / pairs.angle[middle] ** 2
    assert middle.sum() >= 5 and 0.01 < quotient.min() and quotient.max() < 100
    assert pairs.on_noisy[large].min() > 100 * pairs.on_noisy[small].min()
    assert np.allclose(pairs.eps_out[large], 1 / np.sqrt(2), atol=1e-9)  # off-plane 1 beside in-plane 1


def test_a_worst_point_attains_its_lower_end_and_no_point_of_the_ball_exceeds_the_upper():
    rng = np.random.default_rng(3)
    flat = oracle_adversarial.low_rank_data(oracle_adversarial.box_spectrum(5, 2), 2, 50, rng)
    teacher = oracle_adversarial.random_teacher(flat, 3, 2, rng)
    student = oracle_adversarial.random_teacher(flat, 5, 2, rng, off_plane=0.5)
    for basis in (flat.basis[:2], flat.basis[2:]):
        x = flat.samples[-1]
        (lower, upper), worst = oracle_adversarial.worst_point(teacher, student, x, basis, 0.3)
        gap = np.abs(teacher(worst) - student(worst)).max()
        assert gap == pytest.approx(lower, rel=1e-9) and lower <= upper <= lower * (1 + 1e-6)
        z = (worst - x) @ basis.T
        assert np.abs(z).max() <= 0.3 + ROUNDING and np.abs(z @ basis + x - worst).max() < 1e-9
        inside = x + rng.uniform(-0.3, 0.3, size=(2000, len(basis))) @ basis
        assert np.abs(teacher(inside) - student(inside)).max() <= upper + ROUNDING


def test_the_in_plane_attack_ignores_the_off_plane_part_and_the_out_plane_attack_grows_with_it():
    students = numbers(oracle_adversarial)
    for thin, wide in zip(students[::2], students[1::2], strict=True):
        assert (thin.size, wide.size) == (0.01, 0.1) and thin.loss == wide.loss
        assert thin.in_plane[1] == pytest.approx(wide.in_plane[1], rel=1e-3)
    thin, wide = students[-2:]  # converged: what is left is off the plane
    assert wide.out_plane[1] / thin.out_plane[1] == pytest.approx(10, rel=0.05)
    assert [m.in_plane[1] for m in students[::2]] == sorted((m.in_plane[1] for m in students[::2]), reverse=True)


def test_seventeen_directions_of_a_patch_carry_the_variance_and_the_student_is_certified_on_them():
    patches = numbers(patch_spectrum)
    assert len(patches.eigenvalues) == 27 and (np.diff(patches.eigenvalues) < 0).all()
    assert 0 < patches.left_out[16] < 1e-3 and patches.left_out[9] > 1e-3
    assert all(r.sampled <= r.upper for r in patches.rounds) and patches.upper <= patch_spectrum.TARGET
    assert patches.sines[0].max() < 1e-3 and patches.sines[1].max() > 0.1
