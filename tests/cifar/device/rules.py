"""Where things of the pretended device are (pretended.py), and what its draws and its fused updates ask for."""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import Tensor

from .graph import Graph, RefusedError

DEVICE = torch.device("cuda", 0)
CPU_GENERATOR = torch.Generator
GROUPED = torch.optim.Optimizer._group_tensors_by_device_and_dtype
FUSED = ("aten::_fused_adam_", "aten::_fused_sgd_")


class PretendedGenerator(CPU_GENERATOR):
    """A CPU generator that claims a device.   known: by address, since operations get another object for the same one"""

    known: weakref.WeakValueDictionary[int, PretendedGenerator] = weakref.WeakValueDictionary()

    def __new__(cls, device: torch.device | str = "cpu") -> PretendedGenerator:
        made = super().__new__(cls, "cpu")
        made.claimed = torch.device(device)
        cls.known[made._cdata] = made
        return made

    def __init__(self, device: torch.device | str = "cpu") -> None:
        pass

    @property
    def device(self) -> torch.device:
        return self.claimed


def on_device(tensor: Tensor) -> bool:
    return getattr(tensor.untyped_storage(), "on_device", False)


def place(tensor: Tensor, there: bool = True) -> None:
    """Mark the tensor's storage."""
    tensor.untyped_storage().on_device = there


def grouped(lists: Any, with_indices: bool = False) -> Any:
    """Weights, gradients and averages by device and type, as an optimiser asks for them."""
    with torch._C.DisableTorchFunction():
        return {
            (DEVICE if on_device(parts[0][0][0]) else device, dtype): parts
            for (device, dtype), parts in GROUPED(lists, with_indices).items()
        }


def check_draw(func: Any, generators: list[torch.Generator], captured: Graph | None) -> None:
    """A generator is of the device, and registered with the graph if there is one."""
    generators = [PretendedGenerator.known.get(generator._cdata, generator) for generator in generators]
    if any(generator.device.type != "cuda" for generator in generators):
        raise RefusedError(f"{func} on the device needs a generator of the device; got {generators}")
    if captured is not None and any(generator not in captured.generators for generator in generators):
        raise RefusedError(f"{func} draws from a generator that is not registered with the graph")


def check_update(func: Any, args: Any) -> None:
    """A fused kernel walks through weights, gradients and averages in the order of memory, and finds its rate there."""
    if func._overloadname != "tensor_lr":
        raise RefusedError(f"{func} has its learning rate on the host, where a graph does not see it change")
    for tensors in zip(*(values for values in args[:4] if isinstance(values, list) and values), strict=False):
        if len({(tensor.shape, tensor.stride(), tensor.dtype) for tensor in tensors if tensor.ndim}) > 1:
            raise RefusedError(f"{func} of tensors with strides {[tensor.stride() for tensor in tensors]}")
