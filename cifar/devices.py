"""The device that runs compute on: its name, and the precision of its float32."""

from __future__ import annotations

import platform

import torch


def full_precision() -> None:
    """Float32 means float32 from here on: torch's convolutions round their factors to 10 bits on a GPU unless told not to."""
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def device_name(device: torch.device) -> str:
    """What a result says of where it was computed."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU"
