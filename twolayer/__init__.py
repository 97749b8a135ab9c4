"""Theory verification for two-layer ReLU networks in the teacher-student setting.

Names are imported when first used: `twolayer.metrics` needs NumPy alone, on machines that have nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .instances import BadInput, Instance
    from .networks import TwoLayer, hidden_gradient
    from .regions import Box, Polytope, Subspace
    from .statements.check import Check, check

__all__ = ["BadInput", "Box", "Check", "Instance", "Polytope", "Subspace", "TwoLayer", "check", "hidden_gradient"]

_HOMES = {
    "BadInput": "instances",
    "Instance": "instances",
    "TwoLayer": "networks",
    "hidden_gradient": "networks",
    "Box": "regions",
    "Polytope": "regions",
    "Subspace": "regions",
    "Check": "statements.check",
    "check": "statements.check",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'twolayer' has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
