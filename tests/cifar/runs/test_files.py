"""Files of --out: old or new and never in between, one process at a time, packed into few and unpacked nowhere else."""

from __future__ import annotations

import os
import random
import tarfile
from pathlib import Path

import pytest
import torch

from cifar import files as state
from cifar.runs import execute as runs
from cifar.runs import packing, queue
from cifar.runs import paths as places

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
    with pytest.raises(state.StateError, match=r"surrogate\.pt cannot be read .* delete it"):
        runs.execute(tiny_runs.grid()["surrogate"], tiny_runs.grid(), tiny_runs.world(tmp_path, queue.Stop()))
    torch.save({"weights": Path}, path)
    with pytest.raises(state.StateError, match="cannot be read"):
        state.load_tensors(path)


def test_two_processes_cannot_work_in_one_directory(tmp_path):
    with state.locked(tmp_path):
        with pytest.raises(state.StateError, match="another process works in"), state.locked(tmp_path):
            pass
    with state.locked(tmp_path):
        pass


def test_packing_fills_files_below_their_limit_and_says_what_does_not_fit(tmp_path):
    rng = random.Random(0)
    for i in range(40):
        state.write_atomic(tmp_path / "runs" / f"r{i}" / "epoch-1.pt", rng.randbytes(rng.choice([1000, 500_000, 3_000_000])))
    pieces = packing.pack(tmp_path, tmp_path / "packed")
    total = sum(path.stat().st_size for path in packing.carried(tmp_path))
    assert all(piece.stat().st_size < 16e6 for piece in pieces) and len(pieces) <= total // 13_000_000 + 1
    state.write_atomic(tmp_path / "state" / "big.pt", bytes(16_000_000))
    with pytest.raises(state.StateError, match=r"big\.pt does not fit into 8 files"):
        packing.pack(tmp_path, tmp_path / "packed")


@pytest.mark.parametrize(
    "name", ["../escaped", "/tmp/escaped", "runs/../../escaped", "elsewhere/file", "runs", ".", "x/patches.json"]
)
def test_unpacking_writes_nowhere_else(tmp_path, name):
    with tarfile.open(tmp_path / "piece-0.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    with pytest.raises(state.StateError, match="which no packed state does; refused"):
        packing.unpack([tmp_path / "piece-0.tar"], tmp_path / "out")
    assert not (tmp_path / "escaped").exists()


def test_more_than_eight_files_are_never_written(tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "PIECE_BYTES", 20_000)  # room for one of these in each
    for i in range(8):
        state.write_atomic(tmp_path / "runs" / f"r{i}" / "epoch-1.pt", bytes(8000))
    assert len(packing.pack(tmp_path, tmp_path / "packed")) == 8
    state.write_atomic(tmp_path / "runs" / "r8" / "epoch-1.pt", bytes(8000))
    with pytest.raises(state.StateError, match="does not fit into 8 files"):
        packing.pack(tmp_path, tmp_path / "packed")


def test_packing_nothing_is_refused_and_leaves_the_pieces_that_are_there(tmp_path):
    state.write_atomic(tmp_path / "packed" / "piece-0.tar", b"precious")
    with pytest.raises(state.StateError, match="holds nothing to pack; give --out"):
        packing.pack(tmp_path / "mistyped", tmp_path / "packed")
    assert (tmp_path / "packed" / "piece-0.tar").read_bytes() == b"precious"


def test_pieces_of_an_earlier_packing_are_removed_once_the_new_ones_are_there(tmp_path):
    state.write_atomic(tmp_path / "runs" / "at" / "epoch-1.json", b"{}")
    state.write_atomic(tmp_path / "packed" / "piece-1.tar", b"old")
    assert packing.pack(tmp_path, tmp_path / "packed") == [tmp_path / "packed" / "piece-0.tar"]
    assert [path.name for path in (tmp_path / "packed").iterdir()] == ["piece-0.tar"]


def test_partial_files_are_not_carried(tmp_path):
    state.write_atomic(tmp_path / "runs" / "at" / "epoch-1.json", b"{}")
    (tmp_path / "runs" / "at" / ".epoch-2.json.partial").write_bytes(b"half")
    assert [path.name for path in packing.carried(tmp_path)] == ["epoch-1.json"]


def test_a_piece_cut_short_is_one_clear_line(tmp_path):
    state.write_atomic(tmp_path / "runs" / "at" / "epoch-1.pt", bytes(5000))
    (piece,) = packing.pack(tmp_path, tmp_path / "packed")
    piece.write_bytes(piece.read_bytes()[:3000])
    with pytest.raises(state.StateError, match=r"piece-0\.tar cannot be read as packed state"):
        packing.unpack([piece], tmp_path / "again")


@pytest.mark.parametrize("content", [b"[]", b"{}", b'{"config": 3}', b"rubbish"])
def test_a_damaged_result_is_one_clear_line(tmp_path, content):
    state.write_atomic(tmp_path / "runs" / "surrogate" / "epoch-1.json", content)
    with pytest.raises(state.StateError, match=r"epoch-1\.json is .*; delete it"):
        places.finished(tmp_path, tiny_runs.grid()["surrogate"])


def test_a_state_that_lacks_a_part_is_one_clear_line(tmp_path):
    state.save_tensors(tmp_path / "state" / "surrogate.pt", {"config": tiny_runs.grid()["surrogate"].record})
    with pytest.raises(state.StateError, match=r"surrogate\.pt .*; delete it"):
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
