"""A CUDA device that is not there: numbers on the CPU, under the rules of a device with streams and graphs.

A tensor's storage remembers that it is on the device; everything computed from it is, too, and says so. Refused, with a
RefusedError, is what a device refuses, and what would be wrong without a word:

    always       tensors of both places in one operation (a number of no dimension may come along), indices on the host,
                 a draw by a generator of the host, gradients laid out unlike their weights in a fused update
    captured     whatever waits for the device or copies between the places; a generator that the graph does not know
    meanwhile    a second capture, waiting for the whole device, work of another thread
    replayed     memory that was freed after the capture (graph.py)

Not modelled: the order of streams, kernels that wait inside, the memory formats of cuDNN, autocast's list of operations.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from .graph import Graph, RefusedError, Stream, storage_id, tensors_in
from .rules import CPU_GENERATOR, DEVICE, FUSED, PretendedGenerator, check_draw, check_update, grouped, on_device, place

NAME = "pretended"
DEFAULT = Stream()
CPU_AUTOCAST = torch.autocast
CROSSING = (torch.Tensor.to, torch.Tensor.cpu, torch.Tensor.cuda, torch.tensor, torch.as_tensor)
aten = torch.ops.aten
INDEXED = (aten.index.Tensor, aten.index_put.default, aten.index_put_.default, aten._index_put_impl_.default)
WAITING = {torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape}


class Here(threading.local):
    """Of each thread.   asked: the device that the function under way names"""

    def __init__(self) -> None:
        self.stream, self.asked = DEFAULT, None


class Pretended:
    """The device.   reads: what waited for it, in order;  streams: those on which graphs were captured;
    operations: all that graphs have captured, by name;  unseeded: draws from the device's own generator, which no run seeds."""

    def __init__(self) -> None:
        self.here, self.reads, self.streams, self.unseeded, self.operations = Here(), [], [], [], set()
        self.capturing: Graph | None = None
        self.shared_capture_stream = Stream()

    @contextlib.contextmanager
    def within(self) -> Iterator[None]:
        """This thread may use the device."""
        with Functions(self), Operations(self):
            yield

    def wait(self, what: str) -> None:
        """Something waits for the device."""
        self.reads.append(what)
        if self.here.stream.capturing is not None:
            raise RefusedError(f"{what} waits for the device while a graph is captured")

    def synchronize(self, device: object = None) -> None:
        if self.capturing is not None:
            raise RefusedError("waiting for the whole device while a graph is captured")
        self.reads.append("synchronize")

    def refuse_beside_capture(self, what: str) -> None:
        if self.capturing is not None and self.here.stream.capturing is not self.capturing:
            raise RefusedError(f"{what} while another thread captures a graph")

    def refuse_replay(self) -> None:
        if self.capturing is not None:
            raise RefusedError("a graph is replayed while one is captured")

    @contextlib.contextmanager
    def stream(self, stream: Stream) -> Iterator[None]:
        before, self.here.stream = self.here.stream, stream
        try:
            yield
        finally:
            self.here.stream = before

    @contextlib.contextmanager
    def graph(
        self, graph: Graph, pool: object = None, stream: Stream | None = None, capture_error_mode: str = "global"
    ) -> Iterator[None]:
        self.synchronize()
        stream = self.shared_capture_stream if stream is None else stream
        if stream is DEFAULT:
            raise RefusedError("the default stream cannot be captured")
        self.streams.append(stream)
        with self.stream(stream):
            self.capturing = stream.capturing = graph
            graph.begin()
            try:
                yield
            finally:
                self.capturing = stream.capturing = None
                graph.end()
        self.operations |= {str(func) for func, _, _ in graph.tape}

    def patched(self, monkeypatch: Any, *modules: Any) -> None:
        """torch as if the device were there; `modules` are those that imported Generator by name."""
        for name, value in {
            "is_available": lambda: True,
            "Stream": Stream,
            "stream": self.stream,
            "set_stream": lambda stream: setattr(self.here, "stream", stream),
            "graph": self.graph,
            "current_stream": lambda device=None: self.here.stream,
            "default_stream": lambda device=None: DEFAULT,
            "synchronize": self.synchronize,
            "is_current_stream_capturing": lambda: self.here.stream.is_capturing(),
            "CUDAGraph": lambda: Graph(self.refuse_replay),
            "get_device_name": lambda device=None: NAME,
        }.items():
            monkeypatch.setattr(torch.cuda, name, value)
        monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available=False: torch.device("cuda"))
        monkeypatch.setattr(torch.accelerator, "current_stream", lambda device=None: self.here.stream)
        monkeypatch.setattr(torch, "autocast", lambda kind, *args, **kwargs: CPU_AUTOCAST("cpu", *args, **kwargs))
        monkeypatch.setattr(torch.optim.Optimizer, "_group_tensors_by_device_and_dtype", staticmethod(grouped))
        for module in (torch, *modules):
            monkeypatch.setattr(module, "Generator", PretendedGenerator)


@contextlib.contextmanager
def pretending(monkeypatch: Any, *modules: Any) -> Iterator[Pretended]:
    """A device for this thread, where there is none.   modules: those that imported Generator by name"""
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    pretended = Pretended()
    pretended.patched(monkeypatch, *modules)
    with pretended.within():
        yield pretended


class Functions(TorchFunctionMode):
    """What Python asks of torch: questions about devices are answered, named devices are obeyed."""

    def __init__(self, device: Pretended) -> None:
        super().__init__()
        self.device = device

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func == torch.Tensor.device.__get__:
            return DEVICE if on_device(args[0]) else func(*args)
        if func == torch.Tensor.is_cuda.__get__:
            return on_device(args[0])
        if func in (torch.Tensor.numpy, torch.Tensor.__array__) and on_device(args[0]):
            raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu()")
        if func is torch.Tensor.tolist and on_device(args[0]):  # reads the memory of a CPU tensor without an operation
            self.device.wait("tolist")
        if func is torch.nn.functional.one_hot and on_device(args[0]):  # a device does not look at the labels first
            return args[0].new_zeros(*args[0].shape, args[1]).scatter_(-1, args[0][..., None], 1)
        asked = named_device(func, args, kwargs)
        if asked is None:
            return func(*args, **kwargs)
        args, kwargs = pytree.tree_map_only(torch.device, lambda _: torch.device("cpu"), (args, kwargs))
        args, kwargs = pytree.tree_map_only(str, lambda name: "cpu" if name.startswith("cuda") else name, (args, kwargs))
        before, self.device.here.asked = self.device.here.asked, asked
        try:
            return self.moved(func, args, kwargs, asked.type == "cuda")
        finally:
            self.device.here.asked = before

    def moved(self, func: Any, args: Any, kwargs: Any, there: bool) -> Any:
        """What a function makes that names a device: on it, copied where its source is not."""
        sources = tensors_in(args)
        crossing = func in CROSSING and there != bool(sources and on_device(sources[0]))
        if crossing:
            self.device.refuse_beside_capture("a copy between the places")
            self.device.wait(f"{func.__name__} between the places")
        result = args[0] if func is torch.Tensor.cuda else func(*args, **kwargs)
        if crossing:
            result = result.clone() if sources and storage_id(result) == storage_id(sources[0]) else result
            place(result, there)
        return result


def named_device(func: Any, args: Any, kwargs: Any) -> torch.device | None:
    """The device that a call names, if it names one and makes a tensor."""
    if func in (torch.Tensor.cpu, torch.Tensor.cuda):
        return torch.device(func.__name__)
    named = None if func is torch._C._nn._parse_to else kwargs.get("device")
    if named is None and func is torch.Tensor.to:
        named = next((value for value in args[1:] if isinstance(value, torch.device | str)), None)
    return None if named is None else torch.device(named)


class Operations(TorchDispatchMode):
    """What torch computes: the rules, the marks, and the tape of a graph."""

    def __init__(self, device: Pretended) -> None:
        super().__init__()
        self.device = device

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        with torch._C.DisableTorchFunction():
            sources, asked = tensors_in(args, kwargs), self.device.here.asked
            there = any(map(on_device, sources)) if sources else asked is not None and asked.type == "cuda"
            graph = self.device.here.stream.capturing if there or func is aten.scalar_tensor.default else None
            if there:
                self.device.refuse_beside_capture(str(func))
                self.check(func, args, kwargs, sources)
            if graph is not None:
                graph.keep_before(func, args, kwargs)
            result = func(*args, **kwargs)
            for tensor in tensors_in(result):
                if func is aten.scalar_tensor.default:  # where(condition, 0, x) makes it where the condition is
                    tensor.untyped_storage().anywhere = True
                elif there and func is not aten.copy_.default:
                    place(tensor)
            if graph is not None:
                graph.record(func, args, kwargs, result)
            return result

    def check(self, func: Any, args: Any, kwargs: Any, sources: list[Tensor]) -> None:
        captured = self.device.here.stream.capturing
        strangers = [t for t in sources if not on_device(t) and not getattr(t.untyped_storage(), "anywhere", False)]
        numbers = all(tensor.ndim == 0 for tensor in strangers)
        if strangers and (func is aten.copy_.default or (func in INDEXED and numbers)):  # x[places] = 1 copies the 1
            self.device.wait(f"{func} between the places")
        elif strangers and (captured is not None or not numbers):
            raise RefusedError(f"{func} of tensors on the device and on the host, {[tuple(t.shape) for t in strangers]}")
        if func in INDEXED:
            waits = any(t.dtype in (torch.bool, torch.uint8) for t in tensors_in(args[1]))
        else:
            waits = bool(WAITING & set(func.tags))
        if waits:
            self.device.wait(str(func))
        if torch.Tag.nondeterministic_seeded in func.tags:
            generators = [value for value in pytree.tree_leaves((args, kwargs)) if isinstance(value, CPU_GENERATOR)]
            self.device.unseeded += [] if generators else [str(func)]
            check_draw(func, generators, captured)
        if func._schema.name in FUSED:
            check_update(func, args)
