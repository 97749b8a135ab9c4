"""Damaged results: left out and named, or read for what they are; never a traceback, never another number."""

from __future__ import annotations

import random

from cifar import files
from cifar.data import patches
from cifar.report import results
from cifar.runs import paths
from twolayer.files import BadInput

from ...damage import damaged
from . import made_results


def test_a_damaged_result_is_left_out_by_its_checksum(tmp_path):
    rng, path = random.Random(0), made_results.store(tmp_path, made_results.result("at", 300))
    files.save_json(path, files.load_json(path))
    whole = path.read_bytes()
    right = results.read(tmp_path).checkpoints["at@300"]
    for _ in range(150):
        path.write_bytes(damaged(whole, rng))
        remaining = results.read(tmp_path)
        if remaining.checkpoints:
            assert vars(remaining.checkpoints["at@300"]) == vars(right)
        else:
            ((file, why),) = remaining.left_out
            assert file == "runs/at/epoch-300.json" and "\n" not in why


def test_a_damaged_result_from_before_there_were_checksums_is_left_out_or_read(tmp_path):
    rng, path = random.Random(1), made_results.store(tmp_path, made_results.result("at", 300))
    whole = path.read_bytes()
    counted = 0
    for _ in range(150):
        path.write_bytes(damaged(whole, rng))
        remaining = results.read(tmp_path)
        counted += len(remaining.left_out)
        assert len(remaining.checkpoints) + len(remaining.left_out) == 1 and not any(
            "\n" in why for _, why in remaining.left_out
        )
    assert counted > 50


def test_a_damaged_record_of_a_failure_or_of_spectra_is_one_line(tmp_path):
    rng, path = random.Random(2), tmp_path / "file.json"
    contents = (
        b'{"run":"at","status":"diverged","epoch":3,"reason":"the mean loss is nan","commits":[null],"settings":{"lr":0.1}}',
        b'{"spectra":[{"sha256":"x","source":"jpeg","images":5,"rank":17,"share":0.9,"eigenvalues":[2.0,1.0]}]}',
    )
    for whole, reader in zip(contents, (paths.stored_failure, patches.stored_spectra), strict=True):
        for _ in range(200):
            path.write_bytes(damaged(whole, rng))
            try:
                reader(path)
            except BadInput as error:
                assert "\n" not in str(error)
