"""Check an instance: certify the gradient, then judge every statement in every form."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import count
from typing import Any

import numpy as np

from .. import exact
from ..certify.enclosure import Enclosure
from ..certify.starts import best_samples, coordinates
from ..certify.suprema import active_domains, gradient_suprema, interrupted, largest, open_nodes
from ..instances import Instance
from ..restriction.domains import Domain
from ..restriction.restricted import Node, Restricted, restricted
from ..workers import configured, results
from . import corollary1, recovery, theorem1, theorem2, theorem3
from .geometry import cached_by
from .matching import Match, matching
from .setting import Setting
from .showing import enclosure
from .verdict import FORMS, VERDICTS, Asked, Verdict, plain, selected

STATEMENTS = {
    theorem1.STATEMENT: theorem1.rows,
    theorem2.STATEMENT: theorem2.rows,
    corollary1.STATEMENT: corollary1.rows,
    recovery.STATEMENT: recovery.rows,
    theorem3.STATEMENT: theorem3.rows,
}
NAMES = tuple(STATEMENTS)
KNOWN = {"statement": NAMES, "form": FORMS, "verdict": VERDICTS}
MANY = 400  # (teacher node, student node) pairs from which on processes share their rows
SEARCH_SHARE = 0.7  # of the time limit goes to the gradient; the rest to the statements' own programs
LATE_SHARE, LATE_SECONDS = 1.1, 0.8  # of the time limit, and more: when rows are not judged any more. 1.2 S + 2 s is the end


@dataclass(frozen=True)
class Limits:
    """What the time limit left undone.

    gap         student nodes whose enclosure is wider than the gap asked
    statements  positions among the verdicts of rows that were judged late, with fewer candidates, or not at all
    """

    gap: tuple[int, ...] = ()
    statements: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Check:
    """The result of a check: enclosures of eps_k for every student node, and one verdict per row.

    setting, second_setting: what the verdicts were drawn from; the second one is Theorem 3's.
    sampled: the largest |g_1| at the instance's samples in U ∩ R, rounded down: a lower bound; None without samples.
    """

    instance: Instance
    setting: Setting
    second_setting: Setting | None
    verdicts: Sequence[Verdict]
    seconds: float
    limits: Limits = field(default_factory=Limits)
    sampled: float | None = None

    @property
    def problem(self) -> Restricted:
        """The instance on its subspace."""
        return self.setting.problem

    @property
    def enclosures(self) -> Sequence[Enclosure]:
        """eps_k of every student node."""
        return self.setting.enclosures

    @property
    def gradient(self) -> tuple[float, float]:
        """(lower, upper) of sup |g_1| over all student nodes."""
        return largest(self.enclosures)

    @property
    def interrupted(self) -> bool:
        """True if a KeyboardInterrupt ended the searches early: all is still valid, some enclosures are wide."""
        return interrupted(self.enclosures)

    @cached_property
    def matching(self) -> tuple[Match, ...]:
        """For each teacher node its best student, the angle and its bound, the offset, and the fan-out recovered."""
        return matching(self.setting, self.verdicts)

    def to_dict(self) -> dict[str, Any]:
        """The check as JSON-able values.   Source: the formats contract."""
        lower, upper = self.gradient
        return {
            "instance": self.instance.name,
            "gradient": {
                "lower": lower,
                "upper": plain(upper),
                **({} if self.sampled is None else {"sampled": self.sampled}),
                "per_student": [
                    {"student": k, "lower": e.lower, "upper": plain(e.upper), "witness": self.witness(k)}
                    for k, e in enumerate(self.enclosures)
                ],
            },
            "matching": [match.to_dict() for match in self.matching],
            "verdicts": [verdict.to_dict() for verdict in self.verdicts],
            "limits": {"gap": list(self.limits.gap), "statements": [self.verdicts[n].names for n in self.limits.statements]},
        }

    def __iter__(self) -> Iterator[Verdict]:
        """The verdicts, one row after the other."""
        return iter(self.verdicts)

    def rows(
        self,
        statement: Asked = None,
        form: Asked = None,
        verdict: Asked = None,
        *,
        teacher: Asked = None,
        student: Asked = None,
        observer: Asked = None,
    ) -> list[Verdict]:
        """The verdicts of the statements, forms, verdicts and nodes asked for; each a value or several, all where None.

        `check(instance).rows("theorem-2", "sharp", ["holds", "fails"])`. Raises ValueError for a name that there is not.
        """
        asked = {"statement": statement, "form": form, "verdict": verdict}
        return selected(self.verdicts, KNOWN, **asked, teacher=teacher, student=student, observer=observer)

    def to_pandas(self, **asked: Asked):
        """The verdicts as a pandas DataFrame, one row each; the factors in columns terms.<name>.   asked: as for `rows`

        Raises ModuleNotFoundError, one line, where pandas is not installed.
        """
        try:
            import pandas
        except ModuleNotFoundError:
            raise ModuleNotFoundError("to_pandas needs pandas: pip install 'twolayer[pandas]'", name="pandas") from None
        return pandas.json_normalize([verdict.to_dict() for verdict in self.rows(**asked)])

    def __rich__(self):
        """The verdicts as a table, for `rich.print`."""
        from .showing import rich_table

        return rich_table(self.verdicts)

    def _repr_html_(self) -> str:
        """The gradient and the verdicts as a table, for notebooks."""
        from .showing import html

        return html(self.instance.name, self.gradient, self.verdicts)

    def __repr__(self) -> str:
        counts = Counter(verdict.verdict for verdict in self.verdicts)
        verdicts = ", ".join(f"{counts[verdict]} {verdict}" for verdict in sorted(counts))
        return f"Check({self.instance.name!r}, sup |g_1| in {enclosure(self.gradient)}, {verdicts})"

    def witness(self, k: int) -> list[float] | None:
        """The witness of student k's enclosure as a point of input space, rounded; None for a node without A_k."""
        z = self.enclosures[k].witness
        return None if z is None else [float(x) for x in exact.nearest(self.problem.frame.point(z))]


def check(
    instance: Instance,
    *,
    gap: float = 1e-3,
    time_limit: float | None = None,
    floor: float = 0.0,
    workers: int = 1,
    progress=iter,
    statements: Sequence[str] | None = None,
) -> Check:
    """Certify sup |g_1,k| for every student node, and judge Theorems 1-3, Corollary 1 and fan-out recovery.

    gap         relative width at which an enclosure counts as closed
    time_limit  S seconds for the whole check, which ends within 1.2 S + 2 s; enclosures are valid whenever it strikes
                (`Check.limits` says what it left undone), and so they are after a KeyboardInterrupt during the searches
                (`Check.interrupted`)
    floor       a gradient below it need not be resolved further
    workers     processes for the searches at d' >= 4, and for the rows of many nodes
    progress    wraps the iterable of long searches (a progress bar)
    statements  names of those to judge, all by default

    >>> from twolayer import Box, Instance, TwoLayer
    >>> teacher = TwoLayer(W=[[0, 1]], b=[0], V=[[1]])
    >>> student = TwoLayer(W=[[1, 0]], b=[-0.5], V=[[1]])
    >>> check(Instance(teacher, student, Box([-1, -1], [1, 1]), name="a right angle"))
    Check('a right angle', sup |g_1| in [1, 1], 8 not-applicable, 2 vacuous)
    """
    start = time.monotonic()
    selected((), KNOWN, statement=statements)  # refuses unknown ones
    deadline, end = times(time_limit)
    searched = None if time_limit is None else start + SEARCH_SHARE * time_limit
    problem = restricted(instance)
    domains = active_domains(problem)
    starts = {}
    if instance.samples is not None:
        starts = best_samples(problem, domains, coordinates(problem.frame, instance.samples))
    enclosures = gradient_suprema(
        problem, domains, gap=gap, deadline=searched, floor=floor, workers=workers, progress=progress, starts=starts
    )
    if interrupted(enclosures):
        deadline = time.monotonic()  # whoever interrupts waits for what there is, not for the best bounds
    asked: dict[str, Any] = {"gap": gap, "deadline": deadline, "end": end, "workers": workers, "statements": statements}
    result = judged(instance, problem, domains, enclosures, **asked)
    limits = replace(result.limits, gap=open_nodes(problem, domains, enclosures, gap, floor))
    sampled = None if instance.samples is None else _at_samples(problem, starts)
    return replace(result, seconds=time.monotonic() - start, limits=limits, sampled=sampled)


def _at_samples(problem: Restricted, starts: Mapping[int, np.ndarray]) -> float:
    """The largest |g_1| at the points at which searches began."""
    values = [abs(problem.gradient(problem.student[k])(z)) for k, z in starts.items()]
    return exact.round_down(max(values, default=exact.ZERO))


def judged(
    instance: Instance,
    problem: Restricted,
    domains: Sequence[Domain | None],
    enclosures: Sequence[Enclosure],
    *,
    gap: float,
    deadline: float | None,
    end: float | None = None,
    excess: tuple[float, float] | None = None,
    workers: int = 1,
    statements: Sequence[str] | None = None,
) -> Check:
    """Every statement judged with given enclosures of eps_k, and of Theorem 3's e0 if it is known already.

    Each statement gets an equal share of the time until the deadline and until the end (see `Setting`) that those before
    it left; its nodes are shared among processes where they are many.
    """
    start = time.monotonic()
    setting, second = Setting(instance, problem, domains, enclosures), None
    asked = [name for name in NAMES if name != theorem3.STATEMENT and (statements is None or name in statements)]
    with_second = instance.second_teacher is not None and (statements is None or theorem3.STATEMENT in statements)
    verdicts: list[Verdict] = []
    late: list[int] = []

    def judge(name: str, drawn_on: Setting) -> None:
        for row, cut_short in rows_of(name, drawn_on, workers):
            if cut_short:
                late.append(len(verdicts))
            verdicts.append(row)

    for n, name in enumerate(asked):
        rest = len(asked) - n + with_second
        setting.times.deadline, setting.times.end = _share(deadline, rest), _share(end, rest)
        judge(name, setting)
    if with_second:
        second = theorem3.setting_of(instance, domains, enclosures, gap=gap, deadline=_share(deadline, 2), known=excess)
        second.times.deadline, second.times.end = deadline, end
        judge(theorem3.STATEMENT, second)
    return Check(instance, setting, second, verdicts, time.monotonic() - start, Limits(statements=tuple(late)))


@dataclass(frozen=True)
class Drawn:
    """What a setting is made of, for another process; its key tells it from all others of this one."""

    key: str
    instance: Instance = field(compare=False)
    enclosures: Sequence[Enclosure] = field(compare=False)
    excess: tuple[float, float] = field(compare=False)
    second: bool = field(compare=False)


_NUMBERS = count()


@cached_by
def _drawn(setting: Setting, second: bool) -> Drawn:
    instance = replace(setting.instance, samples=None)  # rows need none, and they may be many
    return Drawn(f"{os.getpid()}.{next(_NUMBERS)}", instance, setting.enclosures, setting.excess, second)


@lru_cache(maxsize=2)
def _setting_of(drawn: Drawn) -> Setting:
    """The setting, made once in a process that works out rows."""
    first = restricted(drawn.instance)
    problem = restricted(drawn.instance, second_teacher=True) if drawn.second else first
    return Setting(drawn.instance, problem, active_domains(first), drawn.enclosures, drawn.excess)


def _nodes(name: str, setting: Setting) -> Sequence[Node]:
    """The nodes for each of which a statement has rows."""
    return setting.problem.student if name == corollary1.STATEMENT else setting.problem.teacher


def _rows(name: str, setting: Setting, nodes: Sequence[Node]) -> Iterator[tuple[Verdict, bool]]:
    for row in STATEMENTS[name](setting, nodes):
        yield row, setting.times.cut_short()


def _rows_elsewhere(drawn: Drawn, name: str, n: int, deadline: float | None, end: float | None) -> list[tuple[Verdict, bool]]:
    """The rows of one node; processes of one machine have one monotonic clock."""
    setting = _setting_of(drawn)
    setting.times.deadline, setting.times.end = deadline, end
    return list(_rows(name, setting, _nodes(name, setting)[n : n + 1]))


def rows_of(name: str, setting: Setting, workers: int) -> Iterator[tuple[Verdict, bool]]:
    """The rows of a statement in order, and of each whether time was short for it; where there are many, from processes.

    A row depends on its setting alone, not on who works it out; Theorem 1's are quick.
    """
    problem, nodes = setting.problem, _nodes(name, setting)
    if workers == 1 or configured() or name == theorem1.STATEMENT or len(problem.teacher) * len(problem.student) < MANY:
        yield from _rows(name, setting, nodes)
        return
    drawn, moments = _drawn(setting, name == theorem3.STATEMENT), (setting.times.deadline, setting.times.end)
    for rows in results(_rows_elsewhere, [(drawn, name, n, *moments) for n in range(len(nodes))], workers):
        yield from rows


def times(limit: float | None) -> tuple[float | None, float | None]:
    """(deadline, end) of a setting for what begins now and has `limit` seconds."""
    if limit is None:
        return None, None
    now = time.monotonic()
    return now + limit, now + LATE_SHARE * limit + LATE_SECONDS


def _share(moment: float | None, parts: int) -> float | None:
    """The moment at which one of `parts` equal parts of the time that is left until a moment is over."""
    if moment is None:
        return None
    now = time.monotonic()
    return now + max(moment - now, 0.0) / parts
