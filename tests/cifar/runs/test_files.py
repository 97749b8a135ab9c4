"""Files of --out: old or new and never in between, one process at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from cifar import files as state
from cifar.errors import BadInput
from cifar.runs import execute as runs
from cifar.runs import paths as places
from cifar.runs import queue

from .. import tiny_runs


def test_a_file_is_old_or_new_and_never_in_between(tmp_path, monkeypatch):
    path = tmp_path / "file"
    state.write_atomic(path, b"old")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        state.write_atomic(path, b"new and longer")
    assert path.read_bytes() == b"old"


def test_a_damaged_state_is_one_clear_line_and_is_never_executed(tmp_path):
    path = tmp_path / "state" / "surrogate.pt"
    state.write_atomic(path, b"rubbish")
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
    state.write_atomic(tmp_path / "runs" / "surrogate" / "epoch-1.json", content)
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
    state.write_atomic(tmp_path / "file", b"content")
    assert order == ["sync", "name", "sync"]  # the file, its name, the folder that holds the name


def test_json_is_sorted_compact_and_finite(tmp_path):
    state.save_json(tmp_path / "x.json", {"b": 1, "a": [1.5, None]})
    assert (tmp_path / "x.json").read_bytes() == b'{"a":[1.5,null],"b":1}\n'
    with pytest.raises(ValueError, match="JSON"):
        state.save_json(tmp_path / "x.json", float("nan"))
