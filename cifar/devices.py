"""The device that runs compute on: its name, the precision of its float32, and what becomes of freed memory."""

from __future__ import annotations

import ctypes
import platform

import torch

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


def full_precision() -> None:
    """Float32 means float32 from here on: torch's convolutions round their factors to 10 bits on a GPU unless told not to."""
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def device_name(device: torch.device) -> str:
    """What a result says of where it was computed."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU"
