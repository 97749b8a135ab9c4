"""The front door of certification: enclosures of sup |g_1,k| over A_k for every student node.

The method follows the size: vertices of the arrangement for d' <= 3 (and wherever few enough to enumerate in
rationals), box branch and bound for d' = 4, 5, LP branch and bound from d' = 6 on, after a try with boxes up to d' = 8 and
where hardly a crease has a near copy, so that the cuts of the LPs find nothing to cancel. Each is anytime and bounds both
signs of h with one incumbent. What vanishes identically is found by the exact zero test first.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from flint import fmpq

from ..instances import Instance
from ..restriction.domains import Domain
from ..restriction.restricted import Restricted, restricted
from ..restriction.ridges import RidgeSum
from ..workers import configured, results
from . import vertices
from .boxes import search as boxes
from .boxes.pairing import lonely
from .enclosure import Enclosure, between, crude
from .progress import Nested, Report
from .trees import search as trees
from .units import balanced
from .zero import vanishes

MOST_VERTICES = 5_000_000  # float enumeration beyond this costs more than a branch and bound
BOXES_UP_TO = 5  # dimensions; box splitting doubles its work with every one, LP trees do not
BOXES_FIRST_UP_TO = 8  # dimensions up to which boxes are several times faster where they get there at all (measured)
FIRST_CELLS = 20_000  # that boxes may take there before a tree takes over: some 0.2 s
LONELY = 0.5  # share of creases without a near copy from which boxes are tried in every dimension
FIRST_WORK = 2 * 10**7  # cells times rows times dimension that boxes may take there: some 5 s
FIRST_SHARE = 0.25  # and their share of the time that is left
AGAIN = 2.0  # times its first share of the time that a second search of a node needs to be worth beginning
BOX_SHARE = 0.1  # of a tree's time goes to the box around a domain of many rows, the rest to all its rows
DEAD = {"method": "dead"}
ZERO = {"method": "zero"}
INTERRUPTED = {"method": "crude", "interrupted": True}
LATE = {"method": "crude", "interrupted": False}


def method(h: RidgeSum, region: Domain) -> str:
    """Name of the method for one problem: "vertices", "boxes" or "trees"."""
    d, hyperplanes = h.dimension, len(h.P) + len(region.A)
    candidates = vertices.count(hyperplanes, d)
    if candidates * (d * d + len(h.P) * (d + 1)) <= vertices.EXACT_WORK // 4 or (d <= 3 and candidates <= MOST_VERTICES):
        return "vertices"
    return "boxes" if d <= BOXES_UP_TO else "trees"


def supremum(
    h: RidgeSum,
    region: Domain,
    *,
    gap: float = 1e-3,
    deadline: float | None = None,
    floor: float = 0.0,
    report: Report | None = None,
) -> Enclosure:
    """Enclosure of sup over region of |h|.

    gap       relative, (upper - lower) / upper, at which the search stops
    deadline  on the clock of time.monotonic; the enclosure is valid whenever it strikes
    floor     the search also stops once upper <= floor
    report    called with (seconds, lower, upper) whenever an end of the proved enclosure improves, the last time with
              what is returned; each enclosure lies in the one before (vertices report at their end only)

    A KeyboardInterrupt ends the search like the deadline; `interrupted` of the enclosure then tells.
    """
    nested = None if report is None else Nested(report)
    try:
        if vanishes(h, region):
            enclosure = Enclosure(0.0, 0.0, None, ZERO)
        else:
            enclosure = _searched(h, region, nested, gap=gap, deadline=deadline, floor=floor)
    except KeyboardInterrupt:
        enclosure = _crude(h, region)
    if nested is not None:
        nested(enclosure.lower, enclosure.upper)
    return enclosure


def _crude(h: RidgeSum, region: Domain, evidence=INTERRUPTED) -> Enclosure:
    one = balanced(h, region)
    return one.restored(crude(one.h, one.region, evidence), evidence)


def _searched(
    h: RidgeSum, region: Domain, nested: Nested | None = None, earlier: Enclosure | None = None, **limits
) -> Enclosure:
    chosen = method(h, region)
    if chosen == "vertices":
        return vertices.supremum(h, region, **limits)
    if _late(limits.get("deadline")):
        return _crude(h, region, LATE).begun(earlier)
    return (boxes.supremum if chosen == "boxes" else _boxes_then_trees)(h, region, nested=nested, earlier=earlier, **limits)


def _at(h: RidgeSum, region: Domain, start: np.ndarray | None) -> Enclosure | None:
    """What is certain once h is known at a point of the region."""
    if start is None:
        return None
    first, value = _crude(h, region, LATE), abs(h(start))
    return between(value, first.ends[1], start, LATE) if value > first.ends[0] else first


def _late(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() >= deadline


def _boxes_then_trees(h: RidgeSum, region: Domain, **limits) -> Enclosure:
    """A tree, after a try with boxes where they may hope; the tree starts from their witness."""
    if h.dimension <= BOXES_FIRST_UP_TO:
        trial: dict[str, Any] = {"most": FIRST_CELLS}
    elif _loneliness(h, region) >= LONELY:
        now, deadline = time.monotonic(), limits["deadline"]
        trial = {"most": FIRST_WORK // (h.dimension * (len(h.P) + len(region.A)))}
        trial["deadline"] = None if deadline is None else now + FIRST_SHARE * (deadline - now)
    else:
        return _tree(h, region, **limits)
    first = boxes.supremum(h, region, **limits | trial)
    if first.evidence["stopped"] == "target" or first.interrupted or _late(limits["deadline"]):
        return first
    try:
        second = _tree(h, region, **limits | {"earlier": first})
    except KeyboardInterrupt:  # before the tree had anything of its own
        return replace(first, evidence=first.evidence | {"interrupted": True})
    return second.met(first)


def _loneliness(h: RidgeSum, region: Domain) -> float:
    one = balanced(h, region)
    return lonely(one.h, one.region)


def _tree(h: RidgeSum, region: Domain, *, deadline: float | None, gap: float, floor: float, **rest) -> Enclosure:
    """A tree; where time is short, one of a domain of many rows comes after a short search over the box around it.

    What is proved over a larger region holds on a smaller one, and the box's programs are several times smaller: where that
    search ends well, its bound is the better one.
    """
    whole = region if region.whole is None else region.whole
    limits = {"gap": gap, "floor": floor} | rest
    if deadline is None or whole.is_box:
        return trees.supremum(h, region, deadline=deadline, **limits)
    now = time.monotonic()
    first = trees.supremum(h, region, deadline=now + BOX_SHARE * (deadline - now), boxed=True, **limits)
    if first.interrupted or _is_closed(first, h, region, gap, floor):
        return first
    second = trees.supremum(h, region, deadline=deadline, **limits | {"earlier": first})
    both = second.met(first)
    return replace(both, evidence=both.evidence | {"interrupted": True}) if second.interrupted else both


def gradient_suprema(
    problem: Restricted,
    domains: Sequence[Domain | None] | None = None,
    *,
    gap: float = 1e-3,
    deadline: float | None = None,
    floor: float = 0.0,
    workers: int = 1,
    progress=iter,
    starts: Mapping[int, np.ndarray] | None = None,
) -> list[Enclosure]:
    """Enclosures of eps_k = sup over A_k of |g_1,k|, one for every student node; 0 for a node without A_k.

    starts: points of A_k at which searches begin, by student node (`best_samples`).
    domains as from `active_domains`; workers processes share the nodes where a search is long; progress wraps the
    iterable of results of those. A KeyboardInterrupt leaves what is proved by then, see `Enclosure.interrupted`; the nodes
    whose turn had not come, or whose search ran in another process, get the crude bound of their box.
    Source: the hypothesis of Theorems 1-3 and Corollary 1.
    """
    if domains is None:
        domains = active_domains(problem)
    by_student: dict[int, Enclosure] = {}
    with suppress(KeyboardInterrupt):
        for k, enclosure in _enclosures(problem, domains, gap, deadline, floor, workers, progress, starts or {}):
            by_student[k] = enclosure
            if enclosure.interrupted:
                break
    for k in set(range(len(domains))) - set(by_student):
        region = domains[k]
        if region is None:
            by_student[k] = Enclosure(0.0, 0.0, None, DEAD)
            continue
        h = problem.gradient(problem.student[k])
        by_student[k] = _crude(h, region).begun(_at(h, region, (starts or {}).get(k)))
    return [by_student[k] for k in range(len(domains))]


def _enclosures(problem: Restricted, domains: Sequence[Domain | None], gap, deadline, floor, workers, progress, starts):
    """(student node, its enclosure), cheap ones first."""
    shared: list[tuple[int, RidgeSum, Domain]] = []
    single: list[tuple[int, RidgeSum, Domain, Enclosure | None]] = []
    for k, (node, region) in enumerate(zip(problem.student, domains, strict=True)):
        if region is None:
            yield k, Enclosure(0.0, 0.0, None, DEAD)
            continue
        h = problem.gradient(node)
        if not _late(deadline) and vanishes(h, region):
            yield k, Enclosure(0.0, 0.0, None, ZERO)
        elif method(h, region) == "vertices":
            shared.append((k, h, region))
        else:
            single.append((k, h, region, _at(h, region, starts.get(k))))
    if shared:
        enclosures = vertices.suprema([h for _, h, _ in shared], [region for _, _, region in shared], deadline=deadline)
        yield from zip((k for k, _, _ in shared), enclosures, strict=True)
    yield from _separately(single, gap, deadline, floor, workers, progress)


def interrupted(enclosures: Sequence[Enclosure]) -> bool:
    """True if a KeyboardInterrupt ended one of the searches early: all is still valid, some enclosures are wide."""
    return any(enclosure.interrupted for enclosure in enclosures)


def uninterrupted(enclosures: Sequence[Enclosure]) -> Sequence[Enclosure]:
    """The same enclosures; raises the KeyboardInterrupt that ended one of them. For callers that do more than one search."""
    if interrupted(enclosures):
        raise KeyboardInterrupt
    return enclosures


def active_domains(problem: Restricted) -> list[Domain | None]:
    """A_k of every student node."""
    return [problem.active_domain(node) for node in problem.student]


def _separately(jobs, gap, deadline, floor, workers, progress):
    """One search per node, and a second one of those that stayed open, each with an equal share of the time that is left.

    A second search begins anew, so it has to get AGAIN times what the first one had.
    """
    still_open, begun = {}, time.monotonic()
    for (k, h, region, _), enclosure in zip(jobs, progress(_shared(jobs, gap, deadline, floor, workers)), strict=False):
        if deadline is None or enclosure.interrupted or _is_closed(enclosure, h, region, gap, floor):
            yield k, enclosure
        else:
            still_open[k] = enclosure
    again = [job for job in jobs if job[0] in still_open]
    if again and deadline is not None and (deadline - time.monotonic()) / len(again) > AGAIN * (deadline - begun) / len(jobs):
        second = _shared(again, gap, deadline, floor, workers)
    else:
        second = iter(())
    for (k, *_), enclosure in zip(again, second, strict=False):
        better = enclosure.met(still_open.pop(k))
        yield k, replace(better, evidence=better.evidence | {"interrupted": True}) if enclosure.interrupted else better
    yield from still_open.items()


def _shared(jobs, gap, deadline, floor, workers):
    """The enclosures of some nodes in their order; a search's share of the time begins with it."""
    alone = not (configured() or (workers > 1 and len(jobs) > 1))
    if deadline is None or alone or not configured():  # processes of one machine have one monotonic clock
        limits = [(deadline, (len(jobs) - n) / (1 if alone else min(workers, len(jobs) - n))) for n in range(len(jobs))]
    else:
        limits = [(time.monotonic() + (deadline - time.monotonic()) * min(workers, len(jobs)) / len(jobs), 1)] * len(jobs)
    arguments = [(h, region, gap, floor, *limit, earlier) for (_, h, region, earlier), limit in zip(jobs, limits, strict=True)]
    yield from results(_timed, arguments, 1 if alone else workers)


def _timed(
    h: RidgeSum, region: Domain, gap: float, floor: float, deadline: float | None, parts: float, earlier: Enclosure | None
) -> Enclosure:
    """A search in one of the equal parts of the time from now to the deadline."""
    if deadline is not None:
        now = time.monotonic()
        deadline = now + max(deadline - now, 0.0) / parts
    return _searched(h, region, gap=gap, deadline=deadline, floor=floor, earlier=earlier)


def _is_closed(e: Enclosure, h: RidgeSum, region: Domain, gap: float, floor: float) -> bool:
    return e.upper <= floor or e.closed(gap, 0.0) or e.closed(gap, h.size(region.lower, region.upper))


def open_nodes(problem: Restricted, domains, enclosures: Sequence[Enclosure], gap: float, floor: float) -> tuple[int, ...]:
    """Student nodes whose enclosure is wider than the gap asked."""
    return tuple(
        k
        for k, (node, region, e) in enumerate(zip(problem.student, domains, enclosures, strict=True))
        if region is not None and not _is_closed(e, problem.gradient(node), region, gap, floor)
    )


def certified_gradient(instance: Instance, *, gap: float = 1e-3, deadline: float | None = None) -> tuple[float, float]:
    """(lower, upper) of sup |g_1| over all student nodes of an instance.   Source: the hypothesis of Theorems 1-3."""
    return largest(gradient_suprema(restricted(instance), gap=gap, deadline=deadline))


def largest(enclosures: Sequence[Enclosure]) -> tuple[float, float]:
    """(lower, upper) of the maximum over all student nodes: sup |g_1|."""
    return max(e.lower for e in enclosures), max(e.upper for e in enclosures)


def largest_ends(enclosures: Sequence[Enclosure]) -> tuple[fmpq, fmpq]:
    """The same before it is rounded to floats."""
    return max(e.ends[0] for e in enclosures), max(e.ends[1] for e in enclosures)
