"""Spectra of patches that are kept with the results, one for each set of training images."""

from __future__ import annotations

import dataclasses
import os

import numpy as np
import pytest
import torch

from cifar.data import patches
from cifar.files import load_json
from cifar.report import results
from twolayer.files import BadInput

from .. import made, tiny_runs

IMAGES = made.made_cifar(20, 4)
OTHERS = dataclasses.replace(IMAGES, digest="others", source="original")


def test_a_spectrum_is_kept_as_the_report_reads_it(tmp_path):
    patches.kept_spectrum(tmp_path, IMAGES)
    expected = {"sha256": "made", "source": "unknown", "images": 20, **patches.stored(made.the_spectrum(IMAGES.train))}
    assert load_json(tmp_path / "patches.json") == {"spectra": [expected]}
    assert results.read(tmp_path).spectra == (expected,)


def test_spectra_of_other_images_stay_and_nothing_is_written_twice(tmp_path):
    patches.kept_spectrum(tmp_path, IMAGES)
    patches.kept_spectrum(tmp_path, OTHERS)
    before = (tmp_path / "patches.json").stat().st_mtime_ns
    assert [entry["source"] for entry in results.read(tmp_path).spectra] == ["unknown", "original"]
    patches.kept_spectrum(tmp_path, IMAGES)
    assert (tmp_path / "patches.json").stat().st_mtime_ns == before


def test_another_machines_last_bits_do_not_enter_where_a_spectrum_is_kept(tmp_path, monkeypatch):
    first = patches.kept_spectrum(tmp_path, IMAGES)
    rounded = dataclasses.replace(first, eigenvalues=first.eigenvalues * (1 + 1e-15))
    monkeypatch.setattr(patches, "spectrum_of", lambda sums: rounded)
    assert np.array_equal(patches.kept_spectrum(tmp_path, IMAGES).eigenvalues, first.eigenvalues)


@pytest.mark.parametrize("damaged", [b"rubbish", b"[]", b'{"spectra": [{"share": 1}]}'])
def test_spectra_that_cannot_be_read_are_not_written_over(tmp_path, damaged):
    (tmp_path / "patches.json").write_bytes(damaged)
    with pytest.raises(BadInput, match=r"patches\.json (holds no spectra|is not JSON) .*; delete it"):
        patches.kept_spectrum(tmp_path, IMAGES)
    assert (tmp_path / "patches.json").read_bytes() == damaged


def test_a_crash_leaves_the_old_spectra_whole(tmp_path, monkeypatch):
    patches.kept_spectrum(tmp_path, IMAGES)
    before = (tmp_path / "patches.json").read_bytes()

    def crash(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(OSError, match="no room"):
        patches.kept_spectrum(tmp_path, OTHERS)
    assert (tmp_path / "patches.json").read_bytes() == before


def test_a_world_keeps_the_spectrum_of_its_training_images(tmp_path):
    world = tiny_runs.world(tmp_path, lambda: False)
    (entry,) = results.read(tmp_path).spectra
    assert entry["images"] == tiny_runs.TRAIN and torch.equal(
        torch.tensor(entry["vectors"], dtype=torch.float64), torch.from_numpy(world.spectrum.eigenvectors)
    )
