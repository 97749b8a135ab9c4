"""Spectra of patches that are kept with the results: measured by `run` and by `report --data`, merged, carried along."""

from __future__ import annotations

import json

import pytest
import torch

from cifar import __main__ as cli
from cifar import files as state
from cifar.data import patches
from cifar.experiments import grid as experiments
from cifar.report import results
from cifar.report import write as report
from cifar.runs import packing, spectra
from cifar.settings import Settings

from .. import made


def entry(source: str, images: int, seed: int = 0) -> dict[str, object]:
    return spectra.entry(source, images, patches.spectrum(made.made_images(8, seed).pixels))


def test_a_spectrum_is_kept_as_the_report_reads_it(tmp_path):
    kept = entry("jpeg", 8)
    spectra.keep(tmp_path, [kept])
    assert json.loads((tmp_path / "patches.json").read_text()) == {"spectra": [kept]}
    assert results.read(tmp_path).spectra == (kept,)
    assert kept["share"] == patches.spectrum(made.made_images(8).pixels).share()


def test_spectra_of_other_images_stay_and_one_of_the_same_images_is_replaced(tmp_path):
    first, other, again = entry("jpeg", 8), entry("original", 4), entry("jpeg", 8, seed=1)
    spectra.keep(tmp_path, [first])
    spectra.keep(tmp_path, [other])
    assert results.read(tmp_path).spectra == (first, other)
    spectra.keep(tmp_path, [again])
    assert results.read(tmp_path).spectra == (again, other)
    spectra.keep(tmp_path, [entry("jpeg", 9)])
    assert len(results.read(tmp_path).spectra) == 3


def test_measuring_once_more_changes_nothing_whatever_the_last_bits(tmp_path):
    kept = entry("jpeg", 8)
    spectra.keep(tmp_path, [kept])
    before = (tmp_path / "patches.json").stat().st_mtime_ns
    rounded = {**kept, "eigenvalues": [value * (1 + 1e-15) for value in kept["eigenvalues"]]}  # type: ignore[attr-defined]
    assert rounded != kept
    spectra.keep(tmp_path, [rounded])
    assert (tmp_path / "patches.json").stat().st_mtime_ns == before and results.read(tmp_path).spectra == (kept,)


def test_spectra_that_cannot_be_read_are_not_written_over(tmp_path):
    for damaged in (b"rubbish", b"[]", b'{"spectra": [{"share": 1}]}'):
        (tmp_path / "patches.json").write_bytes(damaged)
        with pytest.raises(state.StateError, match=r"patches\.json .*; delete it to measure again"):
            spectra.keep(tmp_path, [entry("jpeg", 8)])
        assert (tmp_path / "patches.json").read_bytes() == damaged


def test_a_crash_leaves_the_old_spectra_whole(tmp_path, monkeypatch):
    spectra.keep(tmp_path, [entry("jpeg", 8)])
    before = (tmp_path / "patches.json").read_bytes()

    def crash(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(state.os, "replace", crash)
    with pytest.raises(OSError, match="no room"):
        spectra.keep(tmp_path, [entry("original", 4)])
    assert (tmp_path / "patches.json").read_bytes() == before


@pytest.fixture
def teacher_alone(monkeypatch):
    """The grid of one teacher that trains on 20 images for one epoch."""
    teacher = Settings(
        "teacher",
        "teacher",
        (4, 3),
        0,
        checkpoints=((200, 1),),
        horizon=1,
        images=20,
        batch=10,
        test_images=4,
        eval_batch=4,
        loss="label",
        target="dataset",
        optimiser="adam",
        lr=1e-3,
    )
    monkeypatch.setattr(experiments, "grid", lambda profile: {"teacher": teacher})


def test_a_run_keeps_the_spectrum_of_its_training_images_beside_others(tmp_path, teacher_alone):
    made.binary_folder(tmp_path / "data")
    out = tmp_path / "out"
    others = entry("original", 4000)
    spectra.keep(out, [others])
    command = ["run", "teacher", "--data", str(tmp_path / "data"), "--out", str(out)]
    assert cli.main(command) == 0
    trained = torch.cat([made.made_images(4, seed).pixels for seed in range(5)])
    expected = {"source": "unknown", "images": 20, **patches.spectrum(trained).as_dict()}
    assert results.read(out).spectra == (others, expected)
    before = (out / "patches.json").stat().st_mtime_ns
    assert cli.main(command) == 0
    assert (out / "patches.json").stat().st_mtime_ns == before
    report.measure_patches(out, [tmp_path / "data"])  # the report measures the same
    assert (out / "patches.json").stat().st_mtime_ns == before


def test_packed_results_carry_their_spectra_and_unpacking_loses_none(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    carried, there = entry("jpeg", 8), entry("original", 4)
    spectra.keep(first, [carried])
    state.write_atomic(first / "runs" / "at" / "epoch-1.json", b"{}")
    spectra.keep(second, [there])
    pieces = packing.pack(first, tmp_path / "packed")
    assert packing.unpack(pieces, second) == 2
    assert results.read(second).spectra == (there, carried)
    assert packing.unpack(pieces, tmp_path / "third") == 2
    assert (tmp_path / "third" / "patches.json").read_bytes() == (first / "patches.json").read_bytes()
