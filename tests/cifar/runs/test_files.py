"""Files of --out: old or new and never in between, one process at a time."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path

import pytest
import torch

from cifar import files as state
from cifar.runs import execute, queue
from cifar.runs import execute as runs
from cifar.runs import paths as places
from cifar.runs.run import Run
from cifar.training import step as training
from twolayer.files import BadInput

from .. import made, tiny_runs


def test_a_file_is_old_or_new_and_never_in_between(tmp_path, monkeypatch):
    path = tmp_path / "file"
    state.written(path, b"old")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        state.written(path, b"new and longer")
    assert path.read_bytes() == b"old"


def test_a_damaged_state_is_one_clear_line_and_is_never_executed(tmp_path):
    path = tmp_path / "state" / "surrogate.pt"
    state.written(path, b"rubbish")
    with pytest.raises(BadInput, match=r"surrogate\.pt cannot be read .* delete it"):
        runs.execute(tiny_runs.grid()["surrogate"], tiny_runs.grid(), tiny_runs.world(tmp_path, queue.Stop()))
    torch.save({"weights": Path}, path)
    with pytest.raises(BadInput, match="cannot be read"):
        state.load_tensors(path)


def test_two_processes_cannot_work_in_one_directory(tmp_path):
    with state.locked(tmp_path):
        with pytest.raises(BadInput, match="another process works in"), state.locked(tmp_path):
            pass
    with state.locked(tmp_path):
        pass


@pytest.mark.parametrize("content", [b"[]", b"{}", b'{"config": 3}', b"rubbish"])
def test_a_damaged_result_is_one_clear_line(tmp_path, content):
    state.written(tmp_path / "runs" / "surrogate" / "epoch-1.json", content)
    with pytest.raises(BadInput, match=r"epoch-1\.json is .*; delete it"):
        places.finished(tmp_path, tiny_runs.grid()["surrogate"])


def test_a_state_that_lacks_a_part_is_one_clear_line(tmp_path):
    state.save_tensors(tmp_path / "state" / "surrogate.pt", {"config": tiny_runs.grid()["surrogate"].record})
    with pytest.raises(BadInput, match=r"surrogate\.pt .*; delete it"):
        runs.execute(tiny_runs.grid()["surrogate"], tiny_runs.grid(), tiny_runs.world(tmp_path, queue.Stop()))


def test_a_file_is_on_the_disk_before_it_takes_its_name(tmp_path, monkeypatch):
    order, fsync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: order.append("sync") or fsync(file))
    monkeypatch.setattr(os, "replace", lambda *paths: order.append("name") or replace(*paths))
    state.written(tmp_path / "file", b"content")
    assert order == ["sync", "name", "sync"]  # the file, its name, the folder that holds the name


def test_json_is_sorted_compact_and_finite_and_carries_a_checksum(tmp_path):
    path, value = tmp_path / "x.json", {"b": 1, "a": [1.5, None]}
    state.save_json(path, value)
    digest = hashlib.sha256(b'{"a":[1.5,null],"b":1}').hexdigest()
    assert path.read_bytes() == b'{"a":[1.5,null],"b":1,"checksum":"%s"}\n' % digest.encode()
    assert state.load_json(path) == value
    with pytest.raises(ValueError, match="JSON"):
        state.save_json(path, {"a": float("nan")})


def test_no_altered_bit_of_a_json_file_goes_unnoticed(tmp_path):
    path, value = tmp_path / "x.json", {"mean": 61.25, "bits": ["AAEC"], "epoch": 3}
    state.save_json(path, value)
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        altered = bytearray(whole)
        altered[bit // 8] ^= 1 << bit % 8
        path.write_bytes(altered)
        try:
            loaded = state.load_json(path)
        except BadInput as error:
            assert str(path) in str(error) and "\n" not in str(error)
        else:  # of the name of the checksum itself, or of the space at the end
            assert {key: loaded[key] for key in value} == value


def test_a_json_file_from_before_there_were_checksums_is_read_as_it_is(tmp_path):
    (tmp_path / "x.json").write_text('{"run": "at", "epoch": 3}')
    assert state.load_json(tmp_path / "x.json") == {"run": "at", "epoch": 3}


@pytest.mark.parametrize(
    "written", ['{"a":NaN}', '{"a":1,"a":2}', "[" * 65 + "]" * 65, "[" * 10**5, '"\\ud800"', "1" * 5000, "\xff", "", "1 2"]
)
def test_json_that_readers_may_read_differently_is_one_clear_line(tmp_path, written):
    (tmp_path / "x.json").write_text(written, encoding="latin-1")
    with pytest.raises(BadInput, match=r"x\.json is not JSON .*; delete it") as told:
        state.load_json(tmp_path / "x.json")
    assert "\n" not in str(told.value)


def test_no_altered_bit_of_weights_goes_unnoticed(tmp_path):
    path = tmp_path / "weights.pt"
    value = {"weights": {"w": torch.arange(300.0)}, "epoch": 3, "loss": [0.25]}
    state.save_tensors(path, value)
    whole, refused, rng = path.read_bytes(), 0, random.Random(0)
    for bit in rng.sample(range(8 * len(whole)), 1500):
        altered = bytearray(whole)
        altered[bit // 8] ^= 1 << bit % 8
        path.write_bytes(altered)
        try:
            loaded = state.load_tensors(path)
        except BadInput as error:
            refused += 1
            assert str(path) in str(error) and "\n" not in str(error)
        else:  # of the padding between the parts, or of their times
            assert torch.equal(loaded.pop("weights")["w"], value["weights"]["w"]) and loaded == {"epoch": 3, "loss": [0.25]}
    assert refused > 500


def test_a_write_that_fails_leaves_nothing_half_written(tmp_path, monkeypatch):
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    state.written(tmp_path / "file", b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        state.written(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"] and (tmp_path / "file").read_bytes() == b"old"


def test_what_a_killed_process_left_half_written_goes_when_the_next_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)  # a killed process cleans nothing up
    with pytest.raises(KeyboardInterrupt):
        state.save_json(tmp_path / "state" / "x.json", {"a": 1})
    monkeypatch.undo()
    assert list((tmp_path / "state").iterdir())
    tiny_runs.world(tmp_path, queue.Stop())
    assert not list((tmp_path / "state").iterdir())


@pytest.mark.parametrize("place", [(-1, 0), (0, -1), (0, 10**6), (99, 0), (1, 1), (None, 0)])
def test_a_state_at_a_place_where_its_run_never_is_is_one_clear_line(tmp_path, place):
    settings, world = tiny_runs.grid()["surrogate"], tiny_runs.world(tmp_path, queue.Stop())
    run = runs.begun(settings, world, {})
    assert settings.epochs == 1
    run.training.epoch, run.training.batch = place
    run.save()
    with pytest.raises(BadInput, match=r"surrogate\.pt is .*; delete it"):
        runs.execute(settings, tiny_runs.grid(), world)


def test_a_state_that_counted_images_of_robust_features_is_gone_on_with(tmp_path):
    """As states did while these images were one file."""
    settings, world = tiny_runs.grid()["surrogate"], tiny_runs.world(tmp_path, queue.Stop())
    run = runs.begun(settings, world, {})
    run.save()
    state.save_tensors(run.path, {**state.load_tensors(run.path), "features": 0, "features_sum": ""})
    assert runs.execute(settings, tiny_runs.grid(), world)


def test_images_of_robust_features_that_were_altered_are_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(execute, "FEATURE_BATCH", {"cpu": 20})
    settings, world = tiny_runs.grid()["rft"], tiny_runs.world(tmp_path, queue.Stop())
    needed = {name: made.small_network((5, 4)) for name in settings.needs}
    made_of = []
    monkeypatch.setattr(execute.modes, "robust_features", lambda target, *_, **__: made_of.append(len(target)) or target)
    images = world.data.train.first(settings.images)

    def made_now(**changes: object) -> list[int]:
        """How many images each part had that was made."""
        made_of.clear()
        altered = settings.altered(**changes)
        run = Run(altered, world, training.begin(altered, training.untrained(altered, world.mean, world.std)))
        assert torch.equal(execute.robust_images(run, images, needed), images.pixels)
        return list(made_of)

    assert made_now() == [20, 20, 8]
    assert made_now() == [], "what is whole is not made again"
    path = tmp_path / "cache/rft/40.pt"
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)
    assert made_now() == [8]
    path.unlink()
    assert made_now() == [8]
    assert made_now(feature_steps=settings.feature_steps + 1) == [20, 20, 8], "nor are those of other settings taken"
