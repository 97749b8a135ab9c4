"""Damaged states, weights, images and kept folders: what was written, or one line; never a traceback, never other tensors."""

from __future__ import annotations

import random
import tarfile

import pytest
import torch

from cifar import files
from cifar.data import cifar10
from cifar.kept import check, keep
from cifar.runs import paths
from twolayer.files import BadInput

from ...damage import damaged_bytes
from .. import made


def test_a_damaged_state_is_what_was_written_or_one_line(tmp_path):
    rng, path, refused = random.Random(3), tmp_path / "state.pt", 0
    generator = torch.Generator().manual_seed(0)
    state = {"weights": {"a": torch.randn(4, 3, generator=generator), "b": torch.arange(5)}, "epoch": 3, "losses": [0.5, 0.25]}
    files.save_tensors(path, state)
    whole = path.read_bytes()
    for _ in range(250):
        path.write_bytes(damaged_bytes(whole, rng))
        try:
            loaded = files.load_tensors(path)
        except BadInput as error:
            refused += 1
            assert "\n" not in str(error) and "delete it to compute it again" in str(error)
        else:
            assert loaded.keys() == state.keys() and (loaded["epoch"], loaded["losses"]) == (3, [0.5, 0.25])
            assert all(torch.equal(loaded["weights"][name], state["weights"][name]) for name in state["weights"])
    assert refused > 200


def test_damaged_weights_are_the_network_that_was_written_or_one_line(tmp_path):
    rng, path = random.Random(4), tmp_path / "weights.pt"
    network = made.small_network((3, 2))
    paths.save_network(path, network)
    whole, right = path.read_bytes(), network.state_dict()
    for _ in range(60):
        path.write_bytes(damaged_bytes(whole, rng))
        try:
            weights = paths.load_network(path, torch.device("cpu")).state_dict()
        except BadInput as error:
            assert "\n" not in str(error)
        else:
            assert all(torch.equal(weights[name], right[name]) for name in right)


@pytest.mark.parametrize("packed", [True, False])
def test_damaged_images_are_those_that_were_packed_or_one_line(packed, tmp_path):
    """The batches themselves have no checksum: whole records of them are read for what they are."""
    made.binary_folder(tmp_path / "data", each=2)
    right = cifar10.load(tmp_path / "data").digest
    folder = tmp_path / "data" / "cifar-10-batches-bin"
    path = folder / "data_batch_3.bin"
    if packed:
        path = tmp_path / "packed" / "cifar-10-binary.tar.gz"
        path.parent.mkdir()
        with tarfile.open(path, "w:gz") as archive:
            archive.add(folder, "cifar-10-batches-bin")
    place, whole, rng, refused = path.parent if packed else tmp_path / "data", path.read_bytes(), random.Random(packed), 0
    for _ in range(100):
        path.write_bytes(damaged_bytes(whole, rng))
        try:
            images = cifar10.load(place, download=False)
            assert not packed or images.digest == right
        except BadInput as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 50


def test_a_damaged_python_batch_is_read_or_one_line():
    rng, whole, refused = random.Random(6), made.python_batch(made.made_images(2)), 0
    for _ in range(100):
        try:
            cifar10.batch_of(damaged_bytes(whole, rng), "data_batch_1")
        except BadInput as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 20


def test_a_kept_folder_agrees_with_its_index_only_where_neither_is_damaged(tmp_path):
    contents = {"claims.md": b"# claims\n" * 9, "runs/at/epoch-3.json": b'{"a": 1}\n'}
    for name, content in contents.items():
        files.written(tmp_path / name, content)
    index = "".join(f"{keep.digest(tmp_path / name)}  {name}\n" for name in contents).encode()
    (tmp_path / keep.INDEX).write_bytes(index)
    listed, rng = keep.sums(tmp_path), random.Random(8)
    assert [seen.agrees for seen in check.files(tmp_path, listed)] == [True]
    for n in range(200):
        name = [keep.INDEX, *contents][n % 3]
        whole = (tmp_path / name).read_bytes()
        altered = damaged_bytes(whole, rng)
        (tmp_path / name).write_bytes(altered)
        try:
            seen = check.files(tmp_path, keep.sums(tmp_path))
        except BadInput as error:
            assert name == keep.INDEX and "\n" not in str(error)
        else:
            same = keep.sums(tmp_path) == listed if name == keep.INDEX else altered == whole
            assert all(one.agrees for one in seen) == same
        (tmp_path / name).write_bytes(whole)
