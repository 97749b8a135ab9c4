"""Attacks in one kernel (fused.cu): what it takes and how two networks reach it.

It computes in bfloat16 with float32 sums, as low-precision copies do, but every step of an attack without leaving the
chip: linf ascent of the objectives that training and evaluation use, or one gradient for any other ball.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from . import fused_layout
from .attacks.objectives import Objective, OracleWatch
from .fused_layout import Shape
from .networks.convnet import ConvNet

SOURCE = Path(__file__).with_suffix(".cu")
LOSSES = ("distance", "gap", "cross-entropy", "margin")  # in the order of fused.cu
Launch = Callable[["Arguments", int], None]


class Arguments(ctypes.Structure):
    """`Arguments` of fused.cu."""

    _fields_ = (
        [(name, ctypes.c_void_p) for name in ("clean", "point", "gradient")]
        + [("weights", ctypes.c_void_p * 2), ("numbers", ctypes.c_void_p * 2)]
        + [(name, ctypes.c_void_p) for name in ("target", "labels", "best", "best_loss", "watched", "watched_score", "logits")]
        + [(name, ctypes.c_float) for name in ("eps", "step", "confidence")]
        + [(name, ctypes.c_int) for name in ("steps", "objective", "networks", "gradient_only")]
    )


class Packed:
    """A network in the kernel's order, in buffers that keep their addresses.   source: float32, may change; see refresh"""

    def __init__(self, source: ConvNet, shape: Shape) -> None:
        device = source.mean.device
        known = (source.widths, shape.side, shape.classes)
        self.source = source
        self.weight_places = torch.from_numpy(fused_layout.weight_places(*known, shape.taps)).to(device)
        self.number_places = torch.from_numpy(fused_layout.number_places(*known)).to(device)
        self.zero = torch.zeros(1, device=device)
        self.weights = torch.empty(len(self.weight_places), dtype=torch.bfloat16, device=device)
        self.numbers = torch.empty(len(self.number_places), device=device)
        self.refresh()

    def refresh(self) -> None:
        """Copy the source as it is now; no host synchronisation."""
        with torch.no_grad():
            parts = [
                self.zero,
                self.source.mean.flatten(),
                self.source.std.flatten(),
                *(parameter.reshape(-1) for parameter in self.source.parameters()),
            ]
            flat = torch.cat([part.float() for part in parts])
            torch.index_select(flat.bfloat16(), 0, self.weight_places, out=self.weights)
            torch.index_select(flat, 0, self.number_places, out=self.numbers)


class Engine:
    """Attacks on a student and its teacher by one launch each.   launch: runs fused.cu, compiled for `shape`

    student, teacher: the networks, float32;  names: the callables that objectives know them by (known_as).
    """

    def __init__(self, student: ConvNet, teacher: ConvNet, shape: Shape, launch: Launch) -> None:
        self.shape, self.launch = shape, launch
        self.packed = Packed(student, shape), Packed(teacher, shape)
        self.names: tuple[object, object] = (student, teacher)

    def known_as(self, student: object, teacher: object) -> Engine:
        """The same engine for objectives that know the networks by other names, such as their low-precision copies."""
        other = object.__new__(Engine)
        other.__dict__.update(self.__dict__, names=(student, teacher))
        return other

    def refresh(self) -> None:
        """The student has changed."""
        self.packed[0].refresh()

    def takes(self, objective: object, watch: object = None) -> bool:
        """Whether this is an objective of its two networks, and what is watched their parting, if anything is."""
        if not isinstance(objective, Objective) or objective.known is None:
            return False
        names = objective.networks + objective.observers
        mine = all(mine is other for mine, other in zip(self.names, names, strict=False))
        paired = objective.networks[1:] == () or objective.known.kind in ("distance", "gap")
        return (
            mine
            and 1 <= len(names) <= 2
            and paired
            and (watch is None or (isinstance(watch, OracleWatch) and watch == OracleWatch(0, 1)))
        )

    def ascend(
        self, objective: Objective, x: Tensor, start: Tensor, *, eps: float, step: float, steps: int, track: bool, watch: bool
    ) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | None, Tensor | None]:
        """All of `pgd` inside a linf ball.   x, start (N, 3, h, w) float32 -> the fields of an Adversarial"""
        clean, point = _rows(x), _rows(start).clone(memory_format=torch.channels_last)
        best, watched = (torch.empty_like(point) if wanted else None for wanted in (track, watch))
        best_loss, score = (point.new_empty(len(x)) if wanted else None for wanted in (track, watch))
        self._run(
            objective,
            len(x),
            clean=clean,
            point=point,
            gradient=torch.empty_like(point),
            best=best,
            best_loss=best_loss,
            watched=watched,
            watched_score=score,
            eps=eps,
            step=step,
            steps=steps,
        )
        return point, best, best_loss, watched, score

    def look(self, objective: Objective, point: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
        """Logits of the objective's networks and observers, and the gradient of its summed loss.   (N, 3, h, w)"""
        point = _rows(point)
        gradient, logits = torch.empty_like(point), point.new_empty(len(point), 2, self.shape.classes)
        self._run(objective, len(point), clean=point, point=point, gradient=gradient, logits=logits, steps=1, gradient_only=1)
        count = len(objective.networks + objective.observers)
        return tuple(logits.unbind(1)[:count]), gradient

    def _run(self, objective: Objective, count: int, **values: Tensor | float | int | None) -> None:
        loss = objective.known
        assert loss is not None
        arguments = Arguments(
            objective=LOSSES.index(loss.kind),
            confidence=loss.confidence,
            networks=len(objective.networks + objective.observers),
        )
        kept = {
            "target": None if loss.target is None else loss.target.float().contiguous(),
            "labels": None if loss.labels is None else loss.labels.long().contiguous(),
            **values,
        }
        for name, value in kept.items():
            setattr(arguments, name, value.data_ptr() if isinstance(value, Tensor) else value)
        for place, packed in enumerate(self.packed):
            arguments.weights[place], arguments.numbers[place] = packed.weights.data_ptr(), packed.numbers.data_ptr()
        self.launch(arguments, count)


def _rows(x: Tensor) -> Tensor:
    """Images pixel by pixel, in float32."""
    return x.detach().float().contiguous(memory_format=torch.channels_last)


Engines = Callable[[ConvNet, ConvNet], "Engine | None"]  # of a student and its teacher, both in float32


def no_engine(student: ConvNet, teacher: ConvNet) -> Engine | None:
    """Every attack by torch."""
    return None
