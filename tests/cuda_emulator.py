"""fused.cu on an emulated device (cuda_emulation.h): compiled by g++ for a shape, kept for later tests."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from cifar import engines, fused, fused_layout
from cifar.fused_layout import Shape
from cifar.networks.convnet import ConvNet

from .cifar.device.pretended import Pretended

HEADER = Path(__file__).with_name("cuda_emulation.h")
ENTRY = """
extern "C" const char* launch(const Arguments* a, int blocks, unsigned seed) {
  device::half_products = device::copied = 0;
  return device::run(blocks, THREADS, seed, [=] { ascend(*a); });
}
extern "C" double products() { return device::half_products / 64.0; }
extern "C" long copied() { return device::copied; }
"""
NO_COMPILER = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")


def library(shape: Shape, source: str | None = None) -> Path:
    """The kernel for a shape as a shared library; `source`: another text than that of fused.cu."""
    kernel = fused.SOURCE.read_text(encoding="utf-8") if source is None else source
    text = f'{shape.header}#define EMULATED\n#include "{HEADER}"\n{kernel}{ENTRY}'
    name = hashlib.sha256((text + HEADER.read_text(encoding="utf-8")).encode()).hexdigest()[:20]
    path = Path(tempfile.gettempdir()) / f"twolayer-emulated-{name}.so"
    if not path.is_file():
        part = path.with_suffix(f".{os.getpid()}")
        subprocess.run(
            [
                "g++",
                "-O1",
                "-std=c++17",
                "-fno-strict-aliasing",
                "-ffp-contract=off",
                "-shared",
                "-fPIC",
                "-x",
                "c++",
                "-",
                "-o",
                str(part),
            ],
            input=text.encode(),
            check=True,
        )
        part.replace(path)
    return path


def launcher(shape: Shape, seed: int = 0, source: str | None = None) -> fused.Launch:
    """A launch on the emulated device, whose warps run in the order of a seed; RuntimeError where the device stops."""
    kernel = ctypes.PyDLL(str(library(shape, source))).launch  # one launch at a time: Python's lock stays held
    kernel.restype = ctypes.c_char_p

    def launch(arguments: fused.Arguments, blocks: int) -> None:
        if wrong := kernel(ctypes.byref(arguments), blocks, ctypes.c_uint(seed)):
            raise RuntimeError(wrong.decode())

    return launch


def counted(shape: Shape) -> tuple[float, int]:
    """Of the last launch of a shape: products of a warp, bytes of weights staged."""
    kernel = ctypes.CDLL(str(library(shape)))
    kernel.products.restype, kernel.copied.restype = ctypes.c_double, ctypes.c_long
    return kernel.products(), kernel.copied()


def engine(
    student: ConvNet, teacher: ConvNet, *, taps: int = 3, warps: int = 2, seed: int = 0, source: str | None = None
) -> fused.Engine:
    shape = Shape((student.widths, teacher.widths), student.size, student.classes, taps, warps)
    return fused.Engine(student, teacher, shape, launcher(shape, seed, source))


def on_pretended(device: Pretended, monkeypatch: pytest.MonkeyPatch, warps: int = 2) -> None:
    """`engines.on` makes its engines on the pretended device, where a graph under capture keeps the launch for its replays."""

    def launched(_: object, student: ConvNet, teacher: ConvNet, warps: int) -> tuple[Shape, fused.Launch]:
        shape = Shape((student.widths, teacher.widths), student.size, student.classes, warps=warps)
        kernel = launcher(shape)

        def launch(arguments: fused.Arguments, blocks: int) -> None:
            graph = device.here.stream.capturing
            if graph is None:
                return kernel(arguments, blocks)
            kept = fused.Arguments.from_buffer_copy(arguments)
            graph.tape.append((lambda: kernel(kept, blocks), ((), {}), []))

        return shape, launch

    monkeypatch.setattr(engines, "probed", lambda *widths: warps)
    monkeypatch.setattr(engines, "_launched", launched)


def fits_a_hopper_block(shape: Shape) -> bool:
    return fused_layout.shared_bytes(shape) <= 232_448  # of a block, by NVIDIA's table for compute capability 9.0
