"""The device that runs compute on: its name, the precision of its float32, what becomes of freed memory, its random numbers."""

from __future__ import annotations

import ctypes
import hashlib
import platform

import torch

from twolayer.files import BadInput

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
KEPT = 2**30  # bytes; more than any tensor of a training step


def memory_kept() -> bool:
    """Ask the C library to keep freed memory for what comes next; whether it has such a wish to grant.

    Else every large tensor of every step is memory that the kernel hands out page by page: a training step on a CPU took 1.3
    times as long.
    """
    try:
        library = ctypes.CDLL(None)
        return all(library.mallopt(which, KEPT) == 1 for which in (MMAP_THRESHOLD, TRIM_THRESHOLD))
    except (AttributeError, OSError, TypeError):  # no glibc
        return False


def prepared(name: str, threads: int | None = None) -> torch.device:
    """The device of that name, with threads (None: torch's own) and kept memory; BadInput where there is none.

    Float32 means float32 from here on: torch's convolutions round their factors to 10 bits on a GPU unless told not to.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise BadInput("--device cuda needs a CUDA device that torch can see; found none; use --device cpu")
    if threads:
        torch.set_num_threads(threads)
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    memory_kept()
    return torch.device(name)


def device_name(device: torch.device) -> str:
    """What a result says of where it was computed."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"{platform.machine()} CPU"


def generator(text: str, device: torch.device | str = "cpu") -> torch.Generator:
    """Random numbers by name: independent for each text, the same on every machine.

    Seeded by the first 7 bytes of the text's sha256, which every kind of generator takes."""
    digest = hashlib.sha256(text.encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:7], "big"))
