"""Streams and graphs of the pretended device (pretended.py): a graph is a list of operations that can be run again.

Capturing changes nothing: what it overwrote and drew is put back, what it made is no number until the first replay. A
replay runs the operations on the same memory; memory that the graph does not own may have been freed since, which is
refused, as `torch.cuda.graph(check_input_liveness=True)` of later versions does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Generator, Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import _disable_current_modes


class RefusedError(RuntimeError):
    """What the device would refuse, or do wrongly without a word."""


def tensors_in(*values: Any) -> list[Tensor]:
    return [leaf for leaf in pytree.tree_leaves(values) if isinstance(leaf, Tensor)]


def storage_id(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


class Stream:
    """Streams are told apart; all work is done in the order in which it is asked for.   capturing: the graph, or None"""

    def __init__(self, device: object = None) -> None:
        self.capturing: Graph | None = None

    def wait_stream(self, other: Stream) -> None:
        pass

    def is_capturing(self) -> bool:
        return self.capturing is not None


@dataclass(frozen=True)
class Borrowed:
    """A tensor in memory that the graph does not own.   like: its shape, on the meta device"""

    storage: StorageWeakRef
    like: Tensor
    offset: int

    def tensor(self) -> Tensor:
        storage = torch.UntypedStorage._new_with_weak_ptr(self.storage.cdata)
        if storage is None:
            raise RefusedError(f"the graph uses memory of a tensor {tuple(self.like.shape)} that was freed after its capture")
        return torch.empty(0, dtype=self.like.dtype).set_(storage, self.offset, self.like.size(), self.like.stride())


@dataclass(eq=False)
class Graph:
    """generators: those it knows, and their states before;  tape: (operation, arguments, tensors made);
    own: one tensor of each storage made;  before: of each storage overwritten, its bytes and a copy."""

    refuse_replay: Callable[[], None]
    generators: dict[Generator, Tensor] = field(default_factory=dict)
    tape: list[tuple[Callable, Any, list[Tensor | None]]] = field(default_factory=list)
    own: dict[int, Tensor] = field(default_factory=dict)
    before: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    def register_generator_state(self, generator: Generator) -> None:
        self.generators[generator] = generator.get_state()

    def begin(self) -> None:
        self.generators = {generator: generator.get_state() for generator in self.generators}

    def keep_before(self, func: Any, args: Any, kwargs: Any) -> None:
        """What an operation is about to overwrite outside the graph."""
        arguments = func._schema.arguments
        values = {**dict(zip((argument.name for argument in arguments), args, strict=False)), **kwargs}
        written = [values.get(argument.name) for argument in arguments if argument.alias_info and argument.alias_info.is_write]
        for tensor in tensors_in(written):
            if storage_id(tensor) not in self.own and storage_id(tensor) not in self.before:
                whole = torch.empty(0, dtype=torch.uint8).set_(tensor.untyped_storage())
                self.before[storage_id(tensor)] = whole, whole.clone()

    def record(self, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        inputs = {storage_id(tensor) for tensor in tensors_in(args, kwargs)}
        outs = tensors_in(result)
        self.own |= {storage_id(tensor): tensor for tensor in outs if storage_id(tensor) not in inputs}
        self.tape.append(
            (
                func,
                pytree.tree_map_only(Tensor, self.reference, (args, kwargs)),
                [tensor if storage_id(tensor) in self.own else None for tensor in outs],
            )
        )

    def reference(self, tensor: Tensor) -> Tensor | Borrowed:
        if storage_id(tensor) in self.own:
            return tensor
        like = torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device="meta")
        return Borrowed(StorageWeakRef(tensor.untyped_storage()), like, tensor.storage_offset())

    def end(self) -> None:
        with _disable_current_modes(), torch._C.DisableTorchFunction(), torch.no_grad():
            for whole, content in self.before.values():
                whole.copy_(content)
            for generator, state in self.generators.items():
                generator.set_state(state)
            for tensor in self.own.values():
                if tensor.is_floating_point():
                    tensor.fill_(torch.nan)
        self.before = {}

    def replay(self) -> None:
        self.refuse_replay()
        with _disable_current_modes(), torch._C.DisableTorchFunction(), torch.no_grad():
            for func, borrowed, outs in self.tape:
                args, kwargs = pytree.tree_map_only(Borrowed, Borrowed.tensor, borrowed)
                for old, new in zip(outs, tensors_in(func(*args, **kwargs)), strict=True):
                    if old is not None and old.data_ptr() != new.data_ptr():
                        old.copy_(new)
