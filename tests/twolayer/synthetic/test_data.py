"""Low-rank box data: exact rotations, the region as an exact box, where the samples lie."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twolayer import exact
from twolayer.regions import frame, restrict_polytope
from twolayer.synthetic.data import box_spectrum, low_rank_data, random_rotation

ROUNDING = 1e-13  # samples of size at most 30 are sums of at most 40 rounded products
seeds = st.integers(0, 2**32 - 1)
some = settings(max_examples=25, deadline=None)


def draw(seed, d, rank, thickness=0.0, n=200, **options):
    spectrum = box_spectrum(d, rank, leading=1.5, decay=0.8, thickness=thickness)
    return low_rank_data(spectrum, rank, n, np.random.default_rng(seed), **options)


def test_a_spectrum_decays_over_the_leading_directions_only():
    assert box_spectrum(4, 2, leading=3.0, decay=0.5, thickness=0.1).tolist() == [3.0, 1.5, 0.1, 0.1]
    assert box_spectrum(3, 2, leading=[5.0, 4.0]).tolist() == [5.0, 4.0, 0.0]


@some
@given(seeds, st.integers(1, 40))
def test_a_rotation_is_orthogonal_without_rounding(seed, d):
    rotation = random_rotation(d, np.random.default_rng(seed))
    assert (rotation @ rotation.T == np.eye(d)).all()
    assert (rotation * 2**8 == np.round(rotation * 2**8)).all()


def test_a_rotation_spreads_every_axis_over_the_space():
    rotation = random_rotation(16, np.random.default_rng(0))
    assert np.abs(rotation).max() < 0.9
    assert (rotation != 0).mean() > 0.8


@some
@given(seeds, st.integers(1, 5), st.integers(0, 9))
def test_the_region_meets_the_plane_in_exactly_the_box_of_half_widths(seed, rank, rest):
    data = draw(seed, rank + rest, rank)
    plane = frame(data.subspace())
    A, c = restrict_polytope(data.region(), plane)
    signed_units = np.vstack([np.eye(rank), -np.eye(rank)])
    assert (A == exact.rationals(signed_units)).all()
    assert (c == exact.rationals(np.tile(data.half_widths[:rank], 2))).all()
    assert data.inradius == data.half_widths[:rank].min()


@some
@given(seeds, st.integers(1, 5), st.integers(0, 9), st.sampled_from((0.0, 0.01)))
def test_the_samples_lie_in_the_region(seed, rank, rest, thickness):
    data = draw(seed, rank + rest, rank, thickness)
    assert data.region().contains(data.samples, tolerance=ROUNDING).all()
    assert not data.region().contains(data.mean + 1.01 * data.half_widths[0] * data.basis[0])


def test_flat_data_lie_in_the_plane_and_thick_data_do_not():
    for thickness in (0.0, 0.25):
        data = draw(3, 9, 4, thickness)
        across = (data.samples - data.mean) @ data.basis[4:].T
        assert np.abs(across).max() <= thickness + ROUNDING
        assert np.abs(across).max() >= 0.9 * thickness
        assert (data.half_widths > 0).all()
        assert data.spread[4:].tolist() == [thickness] * 5


def test_coordinates_and_points_are_inverse_on_the_plane():
    data = draw(5, 8, 3)
    y = np.random.default_rng(0).normal(size=(20, 3))
    assert np.abs(data.coordinates(data.points(y)) - y).max() < ROUNDING
    assert np.abs(data.points(data.coordinates(data.samples)) - data.samples).max() < ROUNDING


def test_all_corners_of_the_box_are_sampled_where_they_fit():
    data = draw(1, 6, 3, n=100)
    signs = data.coordinates(data.samples) / data.half_widths[:3]
    corners = signs[(np.abs(np.abs(signs) - 1) < ROUNDING).all(axis=1)]
    assert {tuple(np.sign(row)) for row in corners} == set(itertools.product((-1, 1), repeat=3))


def test_faces_are_sampled_and_a_boundary_of_zero_leaves_the_samples_inside():
    def share_on_a_face(data):
        depth = data.half_widths[:4] - np.abs(data.coordinates(data.samples))
        return (depth < ROUNDING).any(axis=1).mean()

    assert 0.1 < share_on_a_face(draw(2, 6, 4, n=1000)) <= 0.25
    assert share_on_a_face(draw(2, 6, 4, n=1000, boundary=0.0)) == 0


def test_half_of_the_boundary_share_are_corners_where_not_all_of_them_fit():
    data = draw(4, 10, 9, n=1000, boundary=0.2)
    depth = data.half_widths[:9] - np.abs(data.coordinates(data.samples))
    assert (depth < ROUNDING).all(axis=1)[:100].all()
    assert (depth < ROUNDING).all(axis=1)[100:].mean() < 0.1


def test_half_widths_are_short_binary_fractions():
    data = draw(0, 5, 3, thickness=0.1)
    assert (data.half_widths * 2**20 == np.round(data.half_widths * 2**20)).all()
    assert np.abs(data.half_widths - [1.5, 1.2, 0.96, 0.1, 0.1]).max() <= 2**-21


def test_samples_by_hand_where_the_basis_and_the_mean_are_given():
    data = low_rank_data(
        [2.0, 0.0], 1, 8, np.random.default_rng(0), boundary=1.0, basis=[[0, 1], [1, 0]], mean=[10.0, 20.0], off_plane=0.5
    )
    assert (data.samples[:, 0] == 10).all()
    assert data.samples[:2, 1].tolist() == [18.0, 22.0]
    assert data.half_widths.tolist() == [2.0, 0.5]
    assert data.region().contains([[10.5, 22.0], [10.6, 20.0], [10.0, 22.1]]).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("spread", "rank", "options", "message"),
    [
        ([1.0, 0.0], 2, {}, "spread needs 2 positive, then non-negative entries"),
        ([1.0, -1.0], 1, {}, "spread needs 1 positive, then non-negative entries"),
        ([1.0], 2, {}, "spread needs shape"),
        ([1.0, 0.0], 1, {"basis": [[1, 1], [0, 1]]}, "basis needs 2 orthonormal rows"),
        ([1.0, 0.0], 1, {"mean": [1.0]}, r"mean needs shape \(2,\); got \(1,\)"),
        ([1.0, 0.0], 1, {"off_plane": 0.0}, "off_plane needs to be positive"),
        ([1.0, 0.0], 1, {"boundary": 1.5}, "boundary needs to be a share"),
    ],
)
def test_data_that_do_not_fit_are_refused_by_name(spread, rank, options, message):
    with pytest.raises(ValueError, match=message):
        low_rank_data(spread, rank, 10, np.random.default_rng(0), **options)


def test_a_rank_beyond_the_space_is_refused():
    with pytest.raises(ValueError, match="rank needs to be between 1 and ambient = 3; got 4"):
        box_spectrum(3, 4)
