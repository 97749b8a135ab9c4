"""A step of work as one CUDA graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

WARM_UP = 3  # steps before a capture: kernels chosen, workspaces allocated


@dataclass(frozen=True, eq=False)
class Replay:
    """A captured step.   step: the graph reads and writes what nothing else keeps alive"""

    graph: torch.cuda.CUDAGraph
    step: Callable[[], None]

    def __call__(self) -> None:
        self.graph.replay()


def captured(step: Callable[[], None], generator: torch.Generator) -> Replay:
    """The step as a graph; the steps that warm it up are done for good.   generator: what the step draws from

    Captured on the caller's own stream, where it has one: graphs captured on one stream share the workspaces of matrix
    products, so they must not run side by side, and the end of one can take them from the others.
    """
    here = torch.cuda.current_stream()
    stream = torch.cuda.Stream() if here == torch.cuda.default_stream() else here
    stream.wait_stream(here)
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP):
            step()
    here.wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    graph.register_generator_state(generator)
    # Other runs may work in other threads of this process meanwhile.
    with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
        step()
    return Replay(graph, step)
