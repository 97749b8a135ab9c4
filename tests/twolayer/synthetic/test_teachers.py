"""Teachers: boundaries inside the region, norms, angles, and second teachers that agree on the data plane."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twolayer.regions import frame, restrict
from twolayer.synthetic.data import box_spectrum, low_rank_data
from twolayer.synthetic.teachers import geometric, off_plane_twin, perturbed, power, random_teacher

SHORT = 1e-5  # weights are rounded to multiples of 2^-20 in the plane
seeds = st.integers(0, 2**32 - 1)
some = settings(max_examples=25, deadline=None)


def draw_data(seed, d=9, rank=3):
    return low_rank_data(box_spectrum(d, rank, leading=2.0, decay=0.5), rank, 20, np.random.default_rng(seed))


def on_the_plane(teacher, data):
    basis = data.basis[: data.rank]
    return teacher.W @ basis.T, teacher.W @ data.mean + teacher.b


def test_fan_out_sizes_by_hand():
    assert geometric(4, 0.5).tolist() == [1.0, 0.5, 0.25, 0.125]
    assert power(4, 2.0).tolist() == [1.0, 1 / 4, 1 / 9, 1 / 16]


@some
@given(seeds, st.integers(1, 6), st.floats(0.0, 0.95), st.sampled_from((0.1, 1.0, 30.0)))
def test_every_boundary_crosses_the_region_within_the_given_depth(seed, nodes, depth, norm):
    data = draw_data(seed)
    rng = np.random.default_rng(seed)
    teacher = random_teacher(data, nodes, 2, rng, depth=depth, norms=norm, off_plane=1.0)
    p, beta = on_the_plane(teacher, data)
    distance = np.abs(beta) / np.linalg.norm(p, axis=1)
    assert (distance <= depth * data.inradius + 20 * SHORT).all()
    assert data.inradius == 0.5


@some
@given(seeds)
def test_norms_fan_outs_and_off_plane_parts_have_the_given_sizes(seed):
    data = draw_data(seed)
    teacher = random_teacher(
        data, 4, 3, np.random.default_rng(seed), norms=[1, 2, 3, 4], fan_out=geometric(4, 0.5), off_plane=0.7
    )
    p, _ = on_the_plane(teacher, data)
    assert np.abs(np.linalg.norm(p, axis=1) - [1, 2, 3, 4]).max() < SHORT
    assert np.abs(np.linalg.norm(teacher.V, axis=0) - [1, 0.5, 0.25, 0.125]).max() < SHORT
    assert np.abs(np.linalg.norm(teacher.W @ data.basis[3:].T, axis=1) - 0.7).max() < SHORT


@some
@given(seeds)
def test_no_two_boundaries_are_closer_than_the_minimal_angle(seed):
    data = draw_data(seed)
    p, _ = on_the_plane(random_teacher(data, 5, 2, np.random.default_rng(seed), min_angle=0.5), data)
    cosines = np.abs(p @ p.T) / np.outer(*[np.linalg.norm(p, axis=1)] * 2)
    assert np.arccos(np.minimum(cosines[~np.eye(5, dtype=bool)], 1)).min() >= 0.5 - SHORT


def test_an_angle_that_no_directions_keep_is_refused():
    with pytest.raises(ValueError, match="5 directions in dimension 2 need a min_angle .* lower it"):
        random_teacher(draw_data(0, 4, 2), 5, 2, np.random.default_rng(0), min_angle=1.0)


@some
@given(seeds, st.sampled_from((0.1, 3.0)))
def test_an_off_plane_twin_is_the_same_function_on_the_plane_in_exact_rationals(seed, size):
    data = draw_data(seed)
    teacher = random_teacher(data, 4, 2, np.random.default_rng(seed), off_plane=0.5)
    twin = off_plane_twin(teacher, data, size, np.random.default_rng(seed + 1))
    plane = frame(data.subspace())
    for mine, other in zip(restrict(teacher, plane), restrict(twin, plane), strict=True):
        assert (mine == other).all()
    assert np.abs(np.linalg.norm(twin.W - teacher.W, axis=1) - size).max() < SHORT
    elsewhere = data.mean + 10 * np.random.default_rng(0).normal(size=(200, 9))
    assert np.abs(twin(elsewhere) - teacher(elsewhere)).max() > 0.1


def test_a_perturbed_teacher_moves_every_number_by_about_the_size():
    teacher = random_teacher(draw_data(1), 6, 4, np.random.default_rng(1))
    near = perturbed(teacher, 1e-3, np.random.default_rng(2))
    moved = np.concatenate([(near.W - teacher.W).ravel(), near.b - teacher.b, (near.V - teacher.V).ravel()])
    assert 0.8e-3 < moved.std() < 1.2e-3
    assert (perturbed(teacher, 0.0, np.random.default_rng(2)).W == teacher.W).all()


def test_teachers_with_impossible_numbers_are_refused():
    data, rng = draw_data(0), np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"depth needs to be in \[0, 1\)"):
        random_teacher(data, 2, 2, rng, depth=1.0)
    with pytest.raises(ValueError, match="norms needs positive entries; got 0"):
        random_teacher(data, 2, 2, rng, norms=[0.0, 1.0])
    with pytest.raises(ValueError, match="fan_out needs positive entries"):
        random_teacher(data, 2, 2, rng, fan_out=-1.0)
    full = low_rank_data([1.0, 1.0], 2, 10, rng)
    with pytest.raises(ValueError, match="the data plane needs a complement"):
        off_plane_twin(random_teacher(full, 2, 2, rng), full, 1.0, rng)
