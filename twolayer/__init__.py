"""Theory verification for two-layer ReLU networks in the teacher-student setting.

    check(Instance(teacher, student, region))   certifies sup |g_1| and judges every statement in every form
    twolayer.certify                            certified suprema and radii by themselves
    twolayer.metrics                            correlation, BNC, eps_in, eps_out, angles: for experiments too
    twolayer.synthetic                          low-rank data, teachers, trained students
    twolayer.plotting                           the figures' palette, axes, and numbers read off a check

Names are imported when first used: `twolayer.metrics` needs NumPy alone, on machines that have nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .files import BadInput
    from .instances import Instance
    from .networks import TwoLayer, hidden_gradient
    from .regions import Box, Polytope, Subspace, frame, restrict
    from .samples import principal_plane
    from .statements.check import Check, check
    from .statements.matching import Match
    from .statements.theorem3 import excess
    from .statements.verdict import FAILS, HOLDS, NOT_APPLICABLE, PRINTED, REPAIRED, SHARP, UNDECIDED, VACUOUS, Verdict

__version__ = "0.1.0"

__all__ = [
    "BadInput",
    "Box",
    "Check",
    "FAILS",
    "HOLDS",
    "Instance",
    "Match",
    "NOT_APPLICABLE",
    "PRINTED",
    "Polytope",
    "REPAIRED",
    "SHARP",
    "Subspace",
    "TwoLayer",
    "UNDECIDED",
    "VACUOUS",
    "Verdict",
    "check",
    "excess",
    "frame",
    "hidden_gradient",
    "principal_plane",
    "restrict",
]

_HOMES = {
    "BadInput": "files",
    "Instance": "instances",
    "TwoLayer": "networks",
    "hidden_gradient": "networks",
    "Box": "regions",
    "Polytope": "regions",
    "Subspace": "regions",
    "frame": "regions",
    "restrict": "regions",
    "principal_plane": "samples",
    "Check": "statements.check",
    "check": "statements.check",
    "Match": "statements.matching",
    "excess": "statements.theorem3",
    "FAILS": "statements.verdict",
    "HOLDS": "statements.verdict",
    "NOT_APPLICABLE": "statements.verdict",
    "PRINTED": "statements.verdict",
    "REPAIRED": "statements.verdict",
    "SHARP": "statements.verdict",
    "UNDECIDED": "statements.verdict",
    "VACUOUS": "statements.verdict",
    "Verdict": "statements.verdict",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'twolayer' has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
