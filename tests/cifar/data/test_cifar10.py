"""CIFAR-10 as bytes: every official layout gives the same images, nothing in a pickle runs, what is damaged is said."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
import torch

from cifar.data import cifar10
from cifar.data import cifar10 as data
from cifar.settings import ALLOWED, Settings
from twolayer.files import BadInput

from .. import made


def same(images: data.Cifar10, parts: dict[str, data.Images]) -> None:
    train = [parts[name] for name in data.TRAIN]
    assert torch.equal(images.train.pixels, torch.cat([part.pixels for part in train]))
    assert torch.equal(images.train.labels, torch.cat([part.labels for part in train]))
    assert torch.equal(images.test.pixels, parts["test_batch"].pixels)
    assert images.train.pixels.dtype == torch.uint8


def test_the_binary_folder_is_read_record_by_record(tmp_path):
    parts = made.binary_folder(tmp_path)
    images = data.load(tmp_path)
    same(images, parts)
    assert images.source == "unknown"


@pytest.mark.parametrize("fortran", [False, True])
def test_the_python_archive_gives_the_same_images_as_the_binary_one(tmp_path, fortran):
    parts = {name: made.made_images(3, seed) for seed, name in enumerate(data.BATCHES)}
    for kind, folder, ending in (("python", "cifar-10-batches-py", ""), ("binary", "cifar-10-batches-bin", ".bin")):
        (tmp_path / kind).mkdir()
        content = {f"{folder}/readme.html": b"hello"}
        for name, part in parts.items():
            content[f"{folder}/{name}{ending}"] = made.records(part) if ending else made.python_batch(part, fortran=fortran)
        made.archive(tmp_path / kind / f"cifar-10-{kind}.tar.gz", content)
        same(data.load(tmp_path / kind), parts)


def test_the_unpacked_python_folder_is_read_too(tmp_path):
    parts = {name: made.made_images(2, seed) for seed, name in enumerate(data.BATCHES)}
    (tmp_path / "cifar-10-batches-py").mkdir()
    for name, part in parts.items():
        (tmp_path / "cifar-10-batches-py" / name).write_bytes(made.python_batch(part))
    same(data.load(tmp_path), parts)


class Malicious:
    def __init__(self, target: str) -> None:
        self.target = target

    def __reduce__(self):
        return os.mkdir, (self.target,)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_a_malicious_pickle_is_refused_and_nothing_it_names_runs(tmp_path, protocol):
    target = tmp_path / "made by the pickle"
    content = pickle.dumps({"data": Malicious(str(target)), "labels": [0]}, protocol=protocol)
    pickle.loads(pickle.dumps({}))  # the plain unpickler is not what refuses
    with pytest.raises(ValueError, match=r"names (posix|nt)\.mkdir, which no official batch does"):
        cifar10.inert_batch(content)
    assert not target.exists()


def test_a_malicious_pickle_in_an_archive_is_one_clear_line(tmp_path):
    target = tmp_path / "made"
    content = pickle.dumps(Malicious(str(target)), protocol=2)
    made.archive(tmp_path / "cifar-10-python.tar.gz", {f"cifar-10-batches-py/{name}": content for name in data.BATCHES})
    with pytest.raises(BadInput, match="data_batch_1: a CIFAR-10 batch names"):
        data.load(tmp_path)
    assert not target.exists()


def test_names_of_numpy_stand_for_records_and_call_nothing_of_numpy():
    huge = b"\x80\x02cnumpy\nndarray\n(J\xff\xff\xff\x7ftR."  # numpy.ndarray(2147483647) would allocate
    with pytest.raises(ValueError, match="fetch it again"):
        cifar10.inert_batch(huge)
    assert all(not getattr(stand_in, "__module__", "").startswith("numpy") for stand_in in cifar10.NAMES.values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b[:-40], "not a readable python batch"),
        (lambda b: b.replace(b"labels", b"labelz"), "needs b'labels'"),
        (lambda b: b.replace(b"J\x02\0\0\0J\0\x0c\0\0", b"J\x03\0\0\0J\0\x0c\0\0"), "two-dimensional array of bytes"),
        (lambda b: b.replace(b"u1", b"i8"), "two-dimensional array of bytes"),
        (lambda b: b"", "not a readable"),
        (lambda b: pickle.dumps([1]), "a python batch is a dictionary; got list"),
    ],
)
def test_a_batch_of_another_form_is_refused_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        cifar10.inert_batch(change(made.python_batch(made.made_images(2))))


def test_an_incomplete_folder_names_what_it_lacks(tmp_path):
    made.binary_folder(tmp_path)
    (tmp_path / "cifar-10-batches-bin" / "data_batch_3.bin").unlink()
    with pytest.raises(BadInput, match=r"lacks data_batch_3\.bin; unpack"):
        data.load(tmp_path)


def test_a_cut_batch_is_refused(tmp_path):
    made.binary_folder(tmp_path)
    path = tmp_path / "cifar-10-batches-bin" / "test_batch.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BadInput, match="needs records of 3073 bytes"):
        data.load(tmp_path)


def test_a_label_above_nine_is_refused(tmp_path):
    made.binary_folder(tmp_path)
    path = tmp_path / "cifar-10-batches-bin" / "test_batch.bin"
    path.write_bytes(b"\x0a" + path.read_bytes()[1:])
    with pytest.raises(BadInput, match="labels must be 0 to 9; got 10"):
        data.load(tmp_path)


def test_an_archive_of_the_official_size_needs_the_official_checksum(tmp_path, monkeypatch):
    path = made.archive(tmp_path / "cifar-10-binary.tar.gz", {"x": b"y"})
    monkeypatch.setitem(data.ARCHIVES, path.name, ("0" * 32, path.stat().st_size))
    with pytest.raises(BadInput, match="official size but not the official md5"):
        data.load(tmp_path)


def test_a_damaged_archive_is_one_clear_line(tmp_path):
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(b"not an archive")
    with pytest.raises(BadInput, match="cannot be read as an archive"):
        data.load(tmp_path)


def test_a_truncated_archive_is_one_clear_line(tmp_path):
    parts = {f"b/{name}.bin": made.records(made.real_images()) for name in data.BATCHES}
    path = made.archive(tmp_path / "cifar-10-binary.tar.gz", parts)
    path.write_bytes(path.read_bytes()[:100000])
    with pytest.raises(BadInput, match="cifar-10-binary.tar.gz"):
        data.load(tmp_path)


@pytest.mark.parametrize("damage", [lambda whole: whole[:-4], lambda whole: whole[:-8] + b"\0\0\0\0" + whole[-4:]])
def test_an_archive_whose_checksum_is_missing_or_wrong_is_one_clear_line(tmp_path, damage):
    parts = {f"b/{name}.bin": made.records(made.made_images(2, seed)) for seed, name in enumerate(data.BATCHES)}
    path = made.archive(tmp_path / "cifar-10-binary.tar.gz", parts)
    assert len(data.load(tmp_path).test.labels) == 2
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BadInput, match=r"cifar-10-binary\.tar\.gz cannot be read as an archive"):
        data.load(tmp_path)


def test_an_empty_directory_without_network_says_where_to_put_the_data(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "ORIGIN", "http://127.0.0.1:9/")  # nothing listens there
    with pytest.raises(BadInput, match="put cifar-10-batches-bin/ or cifar-10-binary.tar.gz") as raised:
        data.load(tmp_path / "new")
    assert "\n" not in str(raised.value)
    assert not list((tmp_path / "new").iterdir())


def test_a_download_is_checked_before_it_gets_its_name(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.mkdir()
    parts = {f"cifar-10-batches-bin/{name}.bin": made.records(made.made_images(2)) for name in data.BATCHES}
    archive = made.archive(source / "cifar-10-binary.tar.gz", parts)
    with pytest.raises(BadInput, match="does not have the official md5"):
        data.fetch(tmp_path / "to", archive.as_uri())
    assert not list((tmp_path / "to").iterdir())
    monkeypatch.setitem(data.ARCHIVES, archive.name, (data.file_md5(archive), 1))
    data.fetch(tmp_path / "to", archive.as_uri())
    assert [path.name for path in (tmp_path / "to").iterdir()] == [archive.name]
    assert (tmp_path / "to" / archive.name).read_bytes() == archive.read_bytes()


def test_real_images_are_recognised_as_original_by_their_first_records(monkeypatch):
    images = made.real_images()
    assert data.source_of(images) == "unknown"
    labels = images.labels.numpy().astype(np.uint8)
    monkeypatch.setattr(data, "JPEG_LABELS_DIGEST", data.hashlib.sha256(labels.tobytes()).hexdigest())
    assert data.source_of(images) == "jpeg"
    monkeypatch.setattr(data, "ORIGINAL_DIGEST", data.hashlib.sha256(made.records(images)).hexdigest())
    assert data.source_of(images) == "original"


def test_colour_moments_are_those_of_the_pixels():
    pixels = made.real_images().pixels
    mean, std = data.colour_moments(pixels)
    values = pixels.double() / 255
    np.testing.assert_allclose(mean, values.mean((0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(std, values.std((0, 2, 3), correction=0), rtol=1e-12)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_crop_is_the_padded_image_seen_through_a_moved_window():
    pixels = made.real_images().pixels
    cropped = cifar10.cropped(pixels, generator())
    offsets = torch.randint(0, 9, (2, 32, 1), generator=generator())
    frame = torch.nn.functional.pad(pixels, (4,) * 4)
    for i in range(32):
        row, column = int(offsets[0, i]), int(offsets[1, i])
        assert torch.equal(cropped[i], frame[i, :, row : row + 32, column : column + 32])


def test_about_half_of_the_images_are_mirrored_and_the_others_untouched():
    pixels = made.real_images().pixels
    flipped = cifar10.flipped(pixels, generator())
    mirrored = [torch.equal(a, b.flip(-1)) for a, b in zip(flipped, pixels, strict=True)]
    same = [torch.equal(a, b) for a, b in zip(flipped, pixels, strict=True)]
    assert all(m != s for m, s in zip(mirrored, same, strict=True))
    assert 6 <= sum(mirrored) <= 26  # all but 5e-4 of fair coins


def test_a_turn_by_a_right_angle_moves_pixels_to_pixels():
    pixels = made.real_images().pixels
    quarters = torch.arange(32) % 4
    turned = cifar10.turned(pixels, quarters * torch.pi / 2)
    for image, before, quarter in zip(turned, pixels, quarters.tolist(), strict=True):
        assert torch.equal(image, torch.rot90(before, quarter, (1, 2)))


def test_rotations_stay_within_the_angle_either_way_and_fill_with_black():
    white = torch.full((400, 1, 32, 32), 255, dtype=torch.uint8)
    corner = cifar10.rotated(white, generator())[:, 0, 0, 0]
    assert (corner < 255).float().mean() > 0.9
    bar = torch.zeros(400, 1, 33, 33, dtype=torch.uint8)
    bar[:, :, 16] = 255
    heights = cifar10.rotated(bar, generator())[:, 0, :, 30].float().argmax(1) - 16  # 14 columns off the centre
    assert abs(heights).max() <= 4 and heights.min() <= -3 and heights.max() >= 3  # 14 tan(15 degrees) = 3.75


@pytest.mark.parametrize("kind", ALLOWED["augment"])
def test_augmentation_is_drawn_from_the_generator_alone(kind):
    pixels = made.real_images().pixels
    torch.manual_seed(1)
    first = cifar10.epoch_images(pixels, kind, generator())
    torch.manual_seed(2)
    assert torch.equal(first, cifar10.epoch_images(pixels, kind, generator()))
    assert torch.equal(first, pixels) == (kind in ("none", "gaussian"))
    assert first.dtype == torch.uint8 and first.shape == pixels.shape


def test_an_unknown_augmentation_is_refused():
    with pytest.raises(ValueError, match="augment must be one of none, crop-flip"):
        Settings("run", augment="mixup")
