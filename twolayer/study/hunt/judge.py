"""The exact judge of a hunt: one statement in one form on a rational instance, and the whole check of what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from ...certify.suprema import active_domains, gradient_suprema, uninterrupted
from ...files import BadInput
from ...instances import Instance
from ...networks import TwoLayer
from ...restriction.restricted import restricted
from ...statements import corollary1, theorem1, theorem2, theorem3
from ...statements.check import check
from ...statements.setting import Setting
from ...statements.verdict import FAILS, HOLDS, PRINTED, REPAIRED, SHARP, Verdict
from . import near, printed
from .candidates import SMALL, Draft
from .candidates import near as near_rational

GAP = 1e-3  # of the gradient's enclosure where it is not computed exactly (D >= 4)
JUDGES = {PRINTED: "printed", REPAIRED: "repaired", SHARP: "sharpened"}
SLACK = 1e-6  # relative distance at which a move of the first teacher is read as a rational
TELLING = 0.5  # a bound on a sine from here on says little: its ratio is not counted


@dataclass(frozen=True)
class Question:
    """What is hunted: a statement, in a form, and the reason for which a printed one has to fail (None: any)."""

    statement: str
    form: str
    reason: str | None = None

    def posed(self, instance: Instance) -> Instance:
        """The instance that the statement is judged on.

        Theorem 3 is asked of the candidate's teacher as the second one. As printed the first is the same: e0 = 0, so whatever
        refutes Theorem 2 refutes it too. In its other forms, which add e0 |v_k|_1, half of the candidates get another first.
        """
        if self.statement != "theorem-3":
            return instance
        first = instance.teacher if self.form == PRINTED else _resembling(instance)
        return replace(instance, teacher=first, second_teacher=instance.teacher)

    @property
    def rows(self) -> Callable:
        """The rows of a batch in floats."""
        statement = "theorem-2" if self.statement == "theorem-3" else self.statement
        if self.form == PRINTED:
            return {
                "theorem-1": printed.printed_theorem_1,
                "theorem-2": printed.printed_theorem_2,
                "corollary-1": printed.printed_corollary_1,
            }[statement]
        if statement == "theorem-1":
            return near.theorem_1
        return {
            ("theorem-2", REPAIRED): near.repaired_theorem_2,
            ("theorem-2", SHARP): near.sharp_theorem_2,
            ("corollary-1", REPAIRED): near.repaired_corollary_1,
            ("corollary-1", SHARP): near.sharp_corollary_1,
        }[statement, self.form]


def _resembling(instance: Instance) -> TwoLayer:
    """The teacher, or one with a weight, bias or fan-out moved by a small number; always the same one for an instance."""
    teacher, rng = instance.teacher, np.random.default_rng(crc32(instance.to_json().encode()))
    if rng.random() < 0.5:
        return teacher
    arrays = [array.copy() for array in (teacher.W, teacher.b, teacher.V)]
    array = arrays[rng.integers(len(arrays))]
    array.flat[rng.integers(array.size)] += near_rational(float(rng.choice(SMALL) * rng.choice([-1, 1])), SLACK)
    return TwoLayer(arrays[0], arrays[1], arrays[2], teacher.output_bias)


REASONS = {
    "theorem-1": ("region", "alpha", "norm", "sign", "shared-hyperplane"),
    "theorem-2": theorem2.HEALERS,
    "corollary-1": corollary1.HEALERS,
    "theorem-3": theorem2.HEALERS,
}


def judged(question: Question, instance: Instance) -> list[Verdict]:
    """The rows of one statement in one form, as `check` has them."""
    problem = restricted(instance)
    domains = active_domains(problem)
    enclosures = uninterrupted(gradient_suprema(problem, domains, gap=GAP))
    if question.statement == "theorem-1" and any(e.upper > 0 for e in enclosures):
        return []
    name = JUDGES[question.form]
    if question.statement == "theorem-3":
        setting = theorem3.setting_of(instance, domains, enclosures, gap=GAP, deadline=None)
    else:
        setting = Setting(instance, problem, domains, enclosures)
    if question.statement == "theorem-1":
        return [getattr(theorem1, name)(setting, teacher) for teacher in problem.teacher]
    if question.statement == "corollary-1":
        return [getattr(corollary1, name)(setting, node) for node in problem.student]
    judge = getattr(theorem2, name)
    pairs = ((teacher, observer) for teacher in setting.problem.teacher for observer in problem.student)
    return [judge(theorem2.Row(setting, *pair, question.statement)) for pair in pairs]


def rows_of(question: Question, draft: Draft) -> tuple[Instance | None, list[Verdict]]:
    """A draft judged; (None, []) if it is none: a node without weight or fan-out, a region that is flat or unbounded."""
    if not draft.is_whole:
        return None, []
    try:
        instance = question.posed(draft.instance("candidate"))
    except (BadInput, ValueError):
        return None, []
    return instance, judged(question, instance)


def failing(question: Question, rows: list[Verdict]) -> Verdict | None:
    """The first row that fails, for the reason that is asked for."""
    for row in rows:
        if row.verdict == FAILS and question.reason in (None, row.reason):
            return row
    return None


def confirmed(question: Question, instance: Instance) -> Verdict | None:
    """The failing row of a whole check."""
    checked = check(instance, gap=GAP)
    uninterrupted(checked.enclosures)
    rows = checked.verdicts
    return failing(question, [v for v in rows if (v.statement, v.form) == (question.statement, question.form)])


def closeness(row: Verdict) -> float:
    """measured / bound of a row that tells something: it holds, not by coincidence, with a positive bound; else 0."""
    if row.verdict != HOLDS or row.terms.get("branch") == "coincident" or not row.bound or row.measured is None:
        return 0.0
    if row.statement != "corollary-1" and row.bound >= TELLING:
        return 0.0
    return row.measured / row.bound
