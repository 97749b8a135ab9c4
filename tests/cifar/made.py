"""Small made images and layouts that tests of the empirical wing share; 32 real images are in data/cifar32.npz."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import torch

from cifar.data import patches
from cifar.data.cifar10 import BATCHES, Cifar10, Images
from cifar.networks.convnet import ConvNet
from cifar.settings import Settings
from twolayer.streaming import PatchSpectrum, patch_sums, spectrum_of

REAL = Path(__file__).parent / "cifar32.npz"
COLOURS = {"mean": (0.49, 0.48, 0.45), "std": (0.25, 0.24, 0.26)}


def real_images() -> Images:
    """The first 32 training images of CIFAR-10, pixel-exact."""
    with np.load(REAL) as stored:
        return Images(torch.from_numpy(stored["images"]), torch.from_numpy(stored["labels"].astype(np.int64)))


def made_images(count: int, seed: int = 0) -> Images:
    """Two kinds of image that differ in colour and direction of a gradient, with noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    ramp = np.linspace(0, 160, 32)
    horizontal = np.broadcast_to(ramp, (3, 32, 32))
    base = np.where(labels[:, None, None, None] == 0, horizontal, horizontal.swapaxes(1, 2)[::-1])
    pixels = (base + rng.integers(0, 96, (count, 3, 32, 32))).astype(np.uint8)
    return Images(torch.from_numpy(pixels), torch.from_numpy(labels.astype(np.int64)))


def made_cifar(train: int, test: int) -> Cifar10:
    return Cifar10(made_images(train), made_images(test, 1), "unknown", "made")


def records(images: Images) -> bytes:
    """The official binary layout."""
    labels = images.labels.numpy().astype(np.uint8)[:, None]
    return np.concatenate([labels, images.pixels.flatten(1).numpy()], 1).tobytes()


def binary_folder(root: Path, each: int = 4) -> dict[str, Images]:
    """Six batches of made images in root/cifar-10-batches-bin."""
    folder = root / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    parts = {name: made_images(each, seed) for seed, name in enumerate(BATCHES)}
    for name, images in parts.items():
        (folder / f"{name}.bin").write_bytes(records(images))
    return parts


def python_batch(images: Images, *, fortran: bool = False) -> bytes:
    """The pickle that Python 2 and its NumPy wrote: protocol 2, byte strings, three names; assembled by hand."""

    def string(value: bytes) -> bytes:
        return b"T" + len(value).to_bytes(4, "little") + value

    def integer(value: int) -> bytes:
        return b"J" + value.to_bytes(4, "little", signed=True)

    def name(module: str, attribute: str) -> bytes:
        return f"c{module}\n{attribute}\n".encode()

    pixels = images.pixels.flatten(1).numpy()
    content = pixels.tobytes(order="F" if fortran else "C")
    dtype = (
        name("numpy", "dtype")
        + b"("
        + string(b"u1")
        + integer(0)
        + integer(1)
        + b"tR"
        + b"("
        + integer(3)
        + string(b"|")
        + b"NNN"
        + integer(-1)
        + integer(-1)
        + integer(0)
        + b"tb"
    )
    array = (
        name("numpy.core.multiarray", "_reconstruct")
        + b"("
        + name("numpy", "ndarray")
        + b"("
        + integer(0)
        + b"t"
        + string(b"b")
        + b"tR"
        + b"("
        + integer(1)
        + b"("
        + integer(len(pixels))
        + integer(3072)
        + b"t"
        + dtype
        + (b"\x88" if fortran else b"\x89")
        + string(content)
        + b"tb"
    )
    labels = b"](" + b"".join(integer(int(label)) for label in images.labels) + b"e"
    return (
        b"\x80\x02}(" + string(b"batch_label") + string(b"made") + string(b"labels") + labels + string(b"data") + array + b"u."
    )


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))
    return path


def small_network(widths: tuple[int, ...] = (5, 4, 3), seed: int = 0, **more: object) -> ConvNet:
    return ConvNet(widths, generator=torch.Generator().manual_seed(seed), **COLOURS, **more)


def tiny(**choices: object) -> Settings:
    """A student's run of a few seconds."""
    plain = {
        "name": "student",
        "widths": (5, 4),
        "images": 24,
        "batch": 6,
        "checkpoints": ((300, 2),),
        "horizon": 2,
        "lr": 0.01,
        "steps": 2,
        "test_images": 8,
        "eval_batch": 4,
        "eval_steps": 2,
        "repeats": 1,
    }
    return Settings(**{**plain, **choices})


def the_spectrum(images: Images | None = None) -> PatchSpectrum:
    """Of the patches of some images, of the real ones if None."""
    return spectrum_of(patch_sums((images or real_images()).pixels.numpy()))


def the_plane() -> patches.InputPlane:
    """The input plane of the real images, as training takes it."""
    return patches.input_plane(the_spectrum())
