"""Metrics of specialisation: hand tables for conventions, theorems by Hypothesis, rationals as the judge."""

from __future__ import annotations

import math
import subprocess
import sys
from fractions import Fraction as Q

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from twolayer import metrics

CLOSE = 1e-12  # sums of a few hundred float64 products, each right to 1e-16 of the whole
SHARP = 2e-15  # a handful of float64 roundings
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=25, deadline=None)


def exact(array):
    return np.vectorize(Q, otypes=[object])(np.asarray(array))


def networks(seed, students=4, teachers=3, d=6, rank=2):
    rng = np.random.default_rng(seed)
    plane = np.linalg.qr(rng.normal(size=(d, rank)))[0].T
    return rng.normal(size=(students, d)), rng.normal(size=(teachers, d)), plane


# ---- curves and counts ---------------------------------------------------------------------------

RHO = np.array([[0.95, 0.91], [0.30, 0.90], [0.10, -0.99], [0.80, 0.79]])  # four students, two teachers


def test_best_mean_and_sorted_correlation_are_taken_over_teacher_nodes():
    rho = np.array([[0.1, 0.9, 0.4], [0.5, 0.2, -1.0]])
    assert metrics.best_correlation(rho).tolist() == [0.5, 0.9, 0.4]
    assert metrics.mean_best_correlation(rho) == pytest.approx(0.6, rel=SHARP)
    assert metrics.sorted_curve(rho).tolist() == [0.9, 0.5, 0.4]


def test_thresholds_are_strict_and_both_sides_are_counted():
    both = metrics.specialisation(RHO)  # best teachers .95 .90 .10 .80; best students .95 .91
    assert both.students == metrics.Shares(nodes=4, specialised=1, unspecialised=1)
    assert both.teachers == metrics.Shares(nodes=2, specialised=2, unspecialised=0)
    shares = metrics.Shares(nodes=4, specialised=1, unspecialised=2)
    assert (shares.specialised_share, shares.unspecialised_share) == (0.25, 0.5)


def test_the_ratio_is_unspecialised_over_specialised_and_defined_without_specialised_nodes():
    assert metrics.Shares(6, 4, 2).ratio == 0.5
    assert metrics.Shares(6, 0, 2).ratio == math.inf
    assert metrics.Shares(6, 0, 0).ratio == 0.0


def test_each_teacher_node_counts_its_specialised_students():
    assert metrics.specialised_count(RHO).tolist() == [1, 1]
    assert metrics.specialised_count(np.array([[0.95, 0.91, 0.9], [0.99, -0.95, 0.1]])).tolist() == [2, 1, 0]


def test_the_eps_curve_follows_each_teachers_best_correlated_student_and_ascends():
    eps = np.array([[0.7, 0.1, 0.5], [0.2, 0.3, 0.4]])
    rho = np.array([[0.9, 0.1, 0.0], [0.5, 0.6, 0.0]])
    assert metrics.eps_curve(eps, rho).tolist() == [0.3, 0.5, 0.7]


# ---- eps_in, eps_out -----------------------------------------------------------------------------


def test_eps_in_and_eps_out_by_hand_with_students_as_rows():
    student, teacher, plane = [[6, 8], [5, 0], [0, 0]], [[2, 0], [0, 0]], [[1, 0]]
    assert_allclose(metrics.eps_in(student, teacher, plane), [[0.4, 0.6], [0, 1], [1, 0]], atol=SHARP)
    assert_allclose(metrics.eps_out(student, teacher, plane), [[0.8, 0.8], [0, 0], [0, 0]], atol=SHARP)
    assert_allclose(metrics.eps_out(student, [[0, 0]], [[0, 1]]), [[0.6], [1], [0]], atol=SHARP)


@few
@given(seeds, st.sampled_from([1e-200, 1e-3, 1.0, 1e200]))
def test_eps_in_and_eps_out_square_to_the_whole_difference_at_any_scale(seed, scale):
    student, teacher, plane = networks(seed)
    unit = [w / np.linalg.norm(w, axis=1, keepdims=True) for w in (student, teacher)]
    delta = unit[0][:, None] - unit[1][None]
    inside, outside = (eps(student * scale, teacher, plane) for eps in (metrics.eps_in, metrics.eps_out))
    assert_allclose(inside**2 + outside**2, (delta**2).sum(-1), rtol=CLOSE)
    assert_allclose(inside, np.linalg.norm(delta @ plane.T @ plane, axis=-1), rtol=CLOSE)
    assert_allclose(metrics.eps_in(student, student, plane).diagonal(), 0, atol=SHARP)


def test_parts_in_and_out_of_a_rational_plane_are_exact():
    plane = np.array([[Q(3, 5), Q(4, 5), Q(0)]])
    delta = np.array([[1, 2, 3], [Q(4), Q(-3), Q(0)]], dtype=object)
    assert metrics.in_plane_squared(delta, plane).tolist() == [Q(121, 25), 0]
    assert metrics.out_plane_squared(delta, plane).tolist() == [Q(229, 25), 25]
    with pytest.raises(TypeError, match="leaves the rationals"):
        metrics.eps_in(delta, delta, plane)


def test_a_plane_without_orthonormal_rows_is_refused():
    for vector, plane in (([1, 2], [[1, 0], [5e-5, 1]]), ([1, 2], [[2, 0]]), (exact([1, 2]), exact([[1, Q(1, 10**9)]]))):
        with pytest.raises(ValueError, match="orthonormal rows"):
            metrics.in_plane_squared(vector, plane)
    nearly = [[1, 0], [5e-6, 1]]  # as good as a float32 PCA
    assert metrics.in_plane_squared([1, 2], nearly) == pytest.approx(5, rel=1e-5)


def test_weights_that_are_not_finite_are_refused():
    for bad in (math.inf, math.nan):
        with pytest.raises(ValueError, match="weights must be finite"):
            metrics.projected_angle([[1, bad]], [[1, 0]])


# ---- angles --------------------------------------------------------------------------------------


def test_angles_by_hand_and_a_zero_weight_is_at_a_right_angle():
    u, v = [[1, 0]] * 4 + [[0, 0]] * 2, [[5, 0], [0, 2], [-3, 0], [0, 0], [0, 0], [1, 1]]
    assert_allclose(metrics.angle(u, v), np.pi * np.array([0, 0.5, 1, 0.5, 0, 0.5]), atol=SHARP)
    assert metrics.sin_squared(u, v).tolist() == [0, 1, 0, 1, 0, 1]
    assert metrics.sin_squared(exact(u), exact(v)).tolist() == [0, 1, 0, 1, 0, 1]
    assert metrics.sin_squared(exact([1, 2, 2]), exact([1, 0, 0])) == Q(8, 9)


def test_a_squared_sine_never_exceeds_one():
    u = np.random.default_rng(0).normal(size=(1000, 2))
    square = metrics.sin_squared(u, u[:, ::-1] * [-1, 1])
    assert square.max() == 1 and square.min() > 1 - SHARP


@few
@given(seeds, st.integers(1, 27), st.floats(0, 17), st.sampled_from([1.0, -1.0, 0.37, -3e-200, 7e250]))
def test_angle_and_sine_stay_accurate_near_zero_and_pi(seed, d, closeness, scale):
    rng = np.random.default_rng(seed)
    u = rng.normal(size=d)
    v = (u + 10**-closeness * rng.normal(size=d)) * scale
    p, q = exact(u), exact(v)
    square = 1 - (p @ q) ** 2 / ((p @ p) * (q @ q))
    assert metrics.sin_squared(p, q) == square
    assert_allclose(metrics.sin_squared(u, v), float(square), rtol=SHARP, atol=1e-300)
    with mpmath.workdps(60):
        sine = mpmath.sqrt(mpmath.mpf(square.numerator) / square.denominator)
        truth = mpmath.asin(sine) if p @ q > 0 else mpmath.pi - mpmath.asin(sine)
        assert abs(mpmath.mpf(float(metrics.angle(u, v))) - truth) < SHARP


@few
@given(seeds)
def test_projected_angles_are_the_angles_of_coordinates_in_the_plane(seed):
    student, teacher, plane = networks(seed)
    p, q = student @ plane.T, teacher @ plane.T
    cosine = p @ q.T / np.linalg.norm(p, axis=1)[:, None] / np.linalg.norm(q, axis=1)
    assert_allclose(np.cos(metrics.projected_angle(student, teacher, plane)), cosine, atol=CLOSE)
    assert_allclose(metrics.projected_sine(student, teacher, plane) ** 2, 1 - cosine**2, atol=CLOSE)
    whole = metrics.projected_sin_squared(student, teacher)
    assert_allclose(whole[0, 1], metrics.sin_squared(student[0], teacher[1]), rtol=SHARP)


def test_a_projection_that_vanishes_up_to_rounding_is_zero():
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(9, 9)))[0]
    plane, normal = turn[:4], turn[8:] * 1e-120
    assert abs(normal @ plane.T).max() > 0  # rounding alone would give it a direction
    assert metrics.projected(normal, plane).tolist() == [[0.0] * 4]
    assert_allclose(metrics.projected_angle(normal, plane, plane), np.pi / 2, rtol=SHARP)


def test_a_flipped_match_is_reported_apart_from_an_aligned_one():
    student = [[0, 3, 9], [-2, 1e-9, 5], [1, 1, 0]]
    match = metrics.match(student, [[1, 0, 0], [0, 1, 7]], plane=[[1, 0, 0], [0, 1, 0]])
    assert match.student.tolist() == [2, 0] and match.flipped_student.tolist() == [1, 1]
    assert_allclose(match.angle, [np.pi / 4, 0], atol=SHARP)
    assert_allclose(match.flipped_angle, [5e-10, np.pi / 2 + 5e-10], rtol=1e-6)
    assert match.is_flipped.tolist() == [True, False]


# ---- three number types --------------------------------------------------------------------------


@few
@given(seeds)
def test_floats_agree_with_rationals_wherever_the_formula_is_rational(seed):
    student, teacher, _ = networks(seed)
    plane = np.array([[0, 1, 0, 0, 0, 0], [Q(3, 5), 0, 0, Q(-4, 5), 0, 0]], dtype=object)
    for square, args in (
        (metrics.in_plane_squared, (student, plane)),
        (metrics.out_plane_squared, (student, plane)),
        (metrics.projected_sin_squared, (student, teacher, plane)),
    ):
        rational = square(*map(exact, args))
        assert all(isinstance(q, Q) for q in rational.flat)
        rounded = square(*(a.astype(float) for a in args))
        assert_allclose(rounded, rational.astype(float), rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize("kind", ["float32", "bfloat16", "float64"])
def test_torch_gives_what_numpy_gives(kind):
    torch = pytest.importorskip("torch")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    student, teacher, plane = (torch.tensor(a, device=device) for a in networks(7))
    student, teacher = (w.to(getattr(torch, kind)) for w in (student, teacher))
    rho = torch.tensor(RHO, device=device)

    def numpy(a):
        return a.double().cpu().numpy()

    for formula, args in (
        (metrics.eps_in, (student, teacher, plane)),
        (metrics.eps_out, (student, teacher, plane)),
        (metrics.projected_angle, (student, teacher, plane)),
        (metrics.projected_sine, (student, teacher, plane)),
        (metrics.sin_squared, (student[0], teacher * 1e-30)),
        (metrics.best_correlation, (rho,)),
        (metrics.sorted_curve, (rho,)),
        (metrics.specialised_count, (rho,)),
        (metrics.eps_curve, (rho**2, rho)),
    ):
        here, there = formula(*map(numpy, args)), numpy(formula(*args))
        assert_allclose(there, here, atol=SHARP, err_msg=formula.__name__)
    match = metrics.match(student, teacher, plane)
    expected = metrics.match(*map(numpy, (student, teacher, plane)))
    for name in ("student", "angle", "flipped_student", "flipped_angle", "is_flipped"):
        assert_allclose(numpy(getattr(match, name)), getattr(expected, name), atol=SHARP)
    assert metrics.specialisation(rho) == metrics.specialisation(RHO)
    assert metrics.mean_best_correlation(rho) == pytest.approx(metrics.mean_best_correlation(RHO), rel=SHARP)


def test_the_metrics_never_import_torch():
    code = "import sys, twolayer.metrics; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
