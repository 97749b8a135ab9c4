"""Image patches: exact sums against slow loops, the stored spectrum, the command that measures it again."""

import lzma
import random

import numpy as np
import pytest

from twolayer.streaming import PatchSums, patch_sums, spectrum_of
from twolayer.synthetic.patches import disagreements, main, patch_data, patch_spectrum, read_images, stored_sums

from ...damage import damaged_bytes

ROUNDING = 1e-12  # eigenvalues are at most 2, from a matrix with entries at most 1


def images(seed, n=2):
    return np.random.default_rng(seed).integers(0, 256, size=(n, 3, 32, 32), dtype=np.uint8)


def write(path, pictures):
    labels = np.zeros((len(pictures), 1), np.uint8)
    records = np.hstack([labels, pictures.reshape(len(pictures), -1)]).tobytes()
    path.write_bytes(lzma.compress(records) if path.suffix == ".xz" else records)
    return path


def slow_patches(pictures):
    return np.array(
        [picture[:, y : y + 3, x : x + 3].ravel() for picture in pictures for y in range(30) for x in range(30)], dtype=np.int64
    )


def test_sums_are_those_of_a_slow_loop_over_patches():
    pictures = images(0, n=3)
    patches, sums = slow_patches(pictures), patch_sums(pictures)
    assert sums.count == len(patches) == 2700
    assert (sums.total == patches.sum(axis=0)).all()
    assert (sums.products == patches.T @ patches).all()


def test_sums_add_over_blocks_of_images():
    pictures = images(1, n=130)
    parts = [patch_sums(pictures[:77]), patch_sums(pictures[77:])]
    assert (patch_sums(pictures).products == parts[0].products + parts[1].products).all()
    assert (patch_sums(pictures).total == parts[0].total + parts[1].total).all()


def test_the_spectrum_is_that_of_the_covariance_of_pixels_between_0_and_1():
    pictures = images(2)
    pixels = slow_patches(pictures) / 255
    spectrum = spectrum_of(patch_sums(pictures))
    covariance = (spectrum.eigenvectors.T * spectrum.eigenvalues) @ spectrum.eigenvectors
    assert np.abs(covariance - np.cov(pixels.T, bias=True)).max() < ROUNDING
    assert np.abs(spectrum.mean - pixels.mean(axis=0)).max() < ROUNDING


def test_eigenvalues_descend_and_the_largest_entry_of_every_eigenvector_is_positive():
    for spectrum in (patch_spectrum(), spectrum_of(patch_sums(images(3)))):
        assert (np.diff(spectrum.eigenvalues) < 0).all()
        assert np.abs(spectrum.eigenvectors @ spectrum.eigenvectors.T - np.eye(27)).max() < ROUNDING
        largest = np.abs(spectrum.eigenvectors).argmax(axis=1)
        assert (spectrum.eigenvectors[np.arange(27), largest] > 0).all()


def test_the_stored_spectrum_is_that_of_the_stored_sums():
    sums = stored_sums()
    assert sums.count == 4000 * 900
    assert disagreements(sums) == []
    assert np.abs(patch_spectrum().eigenvalues - spectrum_of(sums).eigenvalues).max() < ROUNDING


def test_stored_patches_are_bright_smooth_and_nearly_of_rank_17():
    spectrum = patch_spectrum()
    assert spectrum.eigenvalues[:17].sum() / spectrum.eigenvalues.sum() == pytest.approx(0.9992, abs=5e-5)
    assert np.ptp(spectrum.eigenvectors[0]) < 0.04
    assert np.sqrt(3 * spectrum.eigenvalues[[0, 16, 26]]).round(4).tolist() == [1.98, 0.0408, 0.0059]
    assert (0.43 < spectrum.mean).all()
    assert (spectrum.mean < 0.5).all()


def test_a_changed_sum_is_named():
    sums = stored_sums()
    other = PatchSums(sums.count, sums.total + np.eye(27, dtype=np.int64)[0], sums.products)
    assert disagreements(other)[0] == "sum"
    swapped = sums.products.copy()
    swapped[[0, 1]], swapped[:, [0, 1]] = swapped[[1, 0]], swapped[:, [1, 0]]
    assert disagreements(PatchSums(sums.count, sums.total, swapped))[0] == "products"


def test_the_command_says_that_other_images_do_not_agree(tmp_path, capsys):
    for name in ("other.bin", "other.bin.xz"):
        assert main([str(write(tmp_path / name, images(4)))]) == 1
        assert "1,800 patches: the stored file differs in count, sum, products" in capsys.readouterr().out


def test_the_command_refuses_what_is_not_a_file_of_images(tmp_path, capsys):
    short = tmp_path / "short.bin"
    short.write_bytes(b"123")
    assert main([str(short)]) == 2
    assert "short.bin needs whole records of 3073 bytes; got 3 bytes" in capsys.readouterr().err
    assert main([str(tmp_path / "missing.bin")]) == 2
    assert main([]) == 2


def test_images_are_read_packed_or_not(tmp_path):
    pictures = images(5)
    for name in ("a.bin", "a.bin.xz"):
        assert (read_images(write(tmp_path / name, pictures)) == pictures).all()


def test_patch_data_have_the_measured_covariance_where_nothing_is_whitened():
    data = patch_data(20000, np.random.default_rng(0), whitening=0.0, boundary=0.0)
    variances = data.samples.var(axis=0)
    relative = variances / patch_spectrum().eigenvalues - 1
    assert np.abs(relative).max() < 0.04  # 20,000 uniform numbers: 0.6 % is one standard deviation
    assert data.rank == 17
    assert (data.spread == data.half_widths).all()


def test_whitening_ends_in_a_cube_with_the_thin_directions_still_thin():
    half = np.sqrt(3 * patch_spectrum().eigenvalues)
    cube, between = (patch_data(50, np.random.default_rng(0), whitening=w).half_widths for w in (1.0, 0.5))
    assert (cube[:17] == 1).all()
    assert np.abs(cube[17:] - half[17:] / half[16]).max() < 1e-6  # half-widths are rounded to 2^-20
    assert np.abs(between[:17] - np.sqrt(half[:17])).max() < 1e-6
    assert between[17:].max() < between[:17].min()


def test_patch_data_with_impossible_numbers_are_refused():
    with pytest.raises(ValueError, match="whitening needs to be between 0 and 1; got 2"):
        patch_data(10, np.random.default_rng(0), whitening=2)
    with pytest.raises(ValueError, match="rank needs to be between 1 and 27; got 28"):
        patch_data(10, np.random.default_rng(0), rank=28)


def test_damaged_images_are_those_that_were_packed_or_a_value_error(tmp_path):
    rng, path = random.Random(0), tmp_path / "images.xz"
    records = bytes(range(256)) * 24 + b"x" * (2 * 3073 - 256 * 24)
    path.write_bytes(lzma.compress(records))
    whole, right = path.read_bytes(), read_images(path)
    for _ in range(100):
        path.write_bytes(damaged_bytes(whole, rng))
        try:
            assert (read_images(path) == right).all()
        except ValueError as error:
            assert path.name in str(error)
