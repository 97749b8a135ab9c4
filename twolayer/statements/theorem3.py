"""Theorem 3: the bound of Theorem 2 for any other teacher that the first one resembles.

One row per (node of the second teacher, observer). eps_k becomes eps_k + e0 |v_k|_1 with e0 = sup over U ∩ R of the
largest |f*_c - f*'_c| (printed: the largest |v|_1 of all students).   Source: Appendix A.8, A.9.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from ..certify.enclosure import Enclosure
from ..certify.suprema import largest, supremum, uninterrupted
from ..instances import Instance
from ..restriction.domains import Domain
from ..restriction.restricted import Node, difference, restricted
from . import theorem2
from .geometry import Times
from .setting import Setting
from .verdict import Verdict

STATEMENT = "theorem-3"


def excess(instance: Instance, *, gap: float, deadline: float | None) -> tuple[float, float]:
    """(lower, upper) of e0, certified; both teachers have the same number of outputs C."""
    enclosures, outputs = [], instance.teacher.outputs
    for output in range(outputs):
        left = None if deadline is None else max(deadline - time.monotonic(), 0.0) / (outputs - output)
        share = None if left is None else time.monotonic() + left
        enclosures.append(supremum(*difference(instance, output), gap=gap, deadline=share))
    return largest(uninterrupted(enclosures))


def setting_of(
    instance: Instance,
    domains: Sequence[Domain | None],
    enclosures: Sequence[Enclosure],
    *,
    gap: float,
    deadline: float | None,
    known: tuple[float, float] | None = None,
) -> Setting:
    """The instance with the second teacher in the teacher's place, and e0 (searched unless it is known)."""
    return Setting(
        instance,
        restricted(instance, second_teacher=True),
        domains,
        enclosures,
        excess(instance, gap=gap, deadline=deadline) if known is None else known,
        Times(deadline),
    )


def rows(setting: Setting, teachers: Sequence[Node]) -> Iterator[Verdict]:
    """All rows, form by form, for every pair of one of the second teacher's nodes and an observer."""
    yield from theorem2.rows(setting, teachers, STATEMENT)
