"""A CUDA device's precision, and kernels of our own on it: compile, load, launch on torch's current stream.

Compiled by nvcc where it is on the path, else by NVRTC, which every CUDA build of torch brings along, and kept in the
user's cache. Launches take part in CUDA graphs like any of torch's.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import torch

from .files import write_atomic

MOST_SHARED = 8  # CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
OPTIONS = ("-std=c++17",)


def full_precision() -> None:
    """Float32 means float32 from here on: torch's convolutions round their factors to 10 bits on a GPU unless told not to."""
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


class DeviceError(Exception):
    """A kernel that cannot be compiled, loaded or launched, in one line."""


def compiled(source: str, architecture: str) -> bytes:
    """Machine code for an architecture such as "sm_90"; DeviceError with the compiler's first complaint."""
    name = hashlib.sha256(f"{architecture} {source}".encode()).hexdigest()
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "twolayer" / f"{name}.cubin"
    if kept.is_file():
        return kept.read_bytes()
    compiler = shutil.which("nvcc")
    code = by_nvcc(compiler, source, architecture) if compiler else by_nvrtc(source, architecture)
    with contextlib.suppress(OSError):  # a cache that cannot be written is none
        write_atomic(kept, code)
    return code


def by_nvcc(compiler: str, source: str, architecture: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        written, made = Path(folder) / "kernel.cu", Path(folder) / "kernel.cubin"
        written.write_text(source, encoding="utf-8")
        ended = subprocess.run(
            [compiler, "-cubin", f"-arch={architecture}", "-std=c++17", str(written), "-o", str(made)],
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode or not made.is_file():
            raise DeviceError(f"{compiler} failed: {_first_complaint(ended.stderr + ended.stdout)}")
        return made.read_bytes()


def by_nvrtc(source: str, architecture: str) -> bytes:
    library = nvrtc()
    program = ctypes.c_void_p()
    _nvrtc_checked(library, library.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"kernel.cu", 0, None, None))
    try:
        options = [f"-arch={architecture}".encode(), *(option.encode() for option in OPTIONS)]
        status = library.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options))
        size = ctypes.c_size_t()
        if status:
            _nvrtc_checked(library, library.nvrtcGetProgramLogSize(program, ctypes.byref(size)))
            log = ctypes.create_string_buffer(size.value)
            _nvrtc_checked(library, library.nvrtcGetProgramLog(program, log))
            raise DeviceError(f"NVRTC failed: {_first_complaint(log.value.decode(errors='replace'))}")
        _nvrtc_checked(library, library.nvrtcGetCUBINSize(program, ctypes.byref(size)))
        code = ctypes.create_string_buffer(size.value)
        _nvrtc_checked(library, library.nvrtcGetCUBIN(program, code))
        return code.raw
    finally:
        library.nvrtcDestroyProgram(ctypes.byref(program))


def nvrtc() -> ctypes.CDLL:
    """The compiler's library: that of torch's CUDA version on the loader's path, else among the packages beside torch."""
    major = (torch.version.cuda or "13").partition(".")[0]
    beside = Path(torch.__file__).parent.parent / "nvidia"
    for name in (f"libnvrtc.so.{major}", *map(str, sorted(beside.glob(f"*/lib/libnvrtc.so.{major}"))), "libnvrtc.so"):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise DeviceError("neither nvcc nor NVRTC is there to compile a kernel")


class Kernel:
    """One entry of a compiled source.   kernel(arguments, blocks): a launch on the current stream, not waited for

    Made and called in threads in which torch has used the device. threads, shared: of a block; bytes of shared memory.
    """

    def __init__(self, code: bytes, entry: str, *, threads: int, shared: int) -> None:
        try:
            self.driver = ctypes.CDLL("libcuda.so.1")
        except OSError as error:
            raise DeviceError(f"the CUDA driver's library cannot be loaded ({error})") from None
        self.code, self.threads, self.shared = code, threads, shared
        self.module, self.function = ctypes.c_void_p(), ctypes.c_void_p()
        self._checked(self.driver.cuModuleLoadData(ctypes.byref(self.module), code))
        self._checked(self.driver.cuModuleGetFunction(ctypes.byref(self.function), self.module, entry.encode()))
        self._checked(self.driver.cuFuncSetAttribute(self.function, MOST_SHARED, shared))

    def __call__(self, arguments: ctypes.Structure, blocks: int) -> None:
        one = (ctypes.c_void_p * 1)(ctypes.addressof(arguments))
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        grid, block = (blocks, 1, 1), (self.threads, 1, 1)
        self._checked(self.driver.cuLaunchKernel(self.function, *grid, *block, self.shared, stream, one, None))

    def _checked(self, status: int) -> None:
        if status:
            words = ctypes.c_char_p()
            self.driver.cuGetErrorString(status, ctypes.byref(words))
            raise DeviceError(f"the CUDA driver says: {(words.value or b'?').decode()} ({status})")


def _nvrtc_checked(library: Any, status: int) -> None:
    if status:
        library.nvrtcGetErrorString.restype = ctypes.c_char_p
        raise DeviceError(f"NVRTC says: {library.nvrtcGetErrorString(status).decode()}")


def _first_complaint(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line.lower()), lines[0] if lines else "no word of why")
