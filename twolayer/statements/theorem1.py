"""Theorem 1: at zero gradient every observed teacher node has a student node of the same projected direction.

One row per teacher node. Forms:
  printed   some student with Proj w_k = lambda Proj w*_j and lambda > 0; observed anywhere in space
  repaired  the direction only, either sign; an observer that sees the boundary inside A_k with kappa_T != 0
  sharp     Theorem 1': the student has exactly the teacher's hyperplane, bias included, and v_k . v_k' != 0
The hypothesis g_1 = 0 is decided by the exact zero test.   Source: Section 3.2 and Appendix A.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flint import arb

from .. import exact
from ..certify.radii.one import square_root
from ..restriction.restricted import Node
from .setting import Setting, is_observed
from .verdict import FAILS, HOLDS, NOT_APPLICABLE, PRINTED, REPAIRED, SHARP, UNJUDGED, VACUOUS, Verdict, number

STATEMENT = "theorem-1"


def rows(setting: Setting, teachers: Sequence[Node]) -> Iterator[Verdict]:
    """All rows, form by form, for every one of the teacher nodes."""
    vanishing = all(e.upper == 0 for e in setting.enclosures)
    for teacher in teachers:
        for judge, form in ((printed, PRINTED), (repaired, REPAIRED), (sharpened, SHARP)):
            if not vanishing:
                yield _row(form, teacher, NOT_APPLICABLE, "g_1 is not identically zero")
            elif setting.is_over:
                yield _row(form, teacher, VACUOUS, UNJUDGED)
            else:
                yield judge(setting, teacher)


def _row(form: str, teacher: Node, verdict: str, why: str, measured: arb | None = None, **fields) -> Verdict:
    bound = None if measured is None else 0.0
    return Verdict(STATEMENT, form, verdict, number(measured), bound, why, teacher=teacher.index, **fields)


def printed(setting: Setting, teacher: Node) -> Verdict:
    """Some student with lambda > 0, for a teacher whose boundary meets a student's closed half-space anywhere."""
    networks = setting.instance
    seen = [
        node for node in setting.problem.student if is_observed(networks.teacher, teacher.index, networks.student, node.index)
    ]
    if not seen:
        return _row(PRINTED, teacher, NOT_APPLICABLE, "no student observes the teacher's boundary")
    measured, node = _aligned(setting, teacher)
    terms = {"observers": [n.index for n in seen], "best": None if node is None else node.index}
    if measured == 0:
        return _row(PRINTED, teacher, HOLDS, "a student has the teacher's projected direction", measured, terms=terms)
    reason = _healing(setting, teacher)
    return _row(
        PRINTED,
        teacher,
        FAILS,
        f"no student has the teacher's projected direction; missing hypothesis: {reason}",
        measured,
        terms=terms,
        reason=reason,
        missing=(reason,),
    )


def _aligned(setting: Setting, teacher: Node) -> tuple[arb, Node | None]:
    """Smallest sine among the students with p_k . p_j > 0; with p_j = 0 it is 0 if some p_k = 0, else 1."""
    if teacher.is_constant:
        constant = [node for node in setting.problem.student if node.is_constant]
        return (arb(0), constant[0]) if constant else (arb(1), None)
    metric = setting.problem.frame.metric
    same_side = [node for node in setting.problem.student if (node.p @ metric * teacher.p).sum() > 0]
    return setting.angles.best(setting.crease(teacher), same_side)


def _healing(setting: Setting, teacher: Node) -> str:
    """The hypothesis of Theorem 1' that a failing row lacks."""
    if teacher.is_constant:
        return "norm"
    inside = _observers(setting, teacher)
    if not inside:
        return "region"
    if all((teacher.fan_out * node.fan_out).sum() == 0 for node in inside):
        return "alpha"
    if all(setting.masses.mass(setting.crease(teacher), node, "teacher") == 0 for node in inside):
        return "shared-hyperplane"
    return "sign"


def _observers(setting: Setting, teacher: Node) -> list[Node]:
    """Students in whose A_k a ball around the teacher's crease fits."""
    i = setting.crease(teacher)
    return [
        node
        for node, domain in zip(setting.problem.student, setting.domains, strict=True)
        if domain is not None and setting.shapes.ball(i, domain) is not None
    ]


def _sighted(setting: Setting, teacher: Node, form: str) -> tuple[Verdict | None, list[Node]]:
    """The observers to whom Theorem 1' applies, or the row that says why there are none."""
    if teacher.is_constant:
        return _row(form, teacher, NOT_APPLICABLE, "the teacher node is constant on U (p_j = 0)"), []
    inside = _observers(setting, teacher)
    if not inside:
        return _row(form, teacher, NOT_APPLICABLE, "the teacher's boundary enters no student's active region"), []
    i = setting.crease(teacher)
    sighted = [node for node in inside if setting.masses.mass(i, node, "teacher") != 0]
    if not sighted:
        return _row(form, teacher, NOT_APPLICABLE, "kappa_T = 0 for every observer"), []
    return None, sighted


def repaired(setting: Setting, teacher: Node) -> Verdict:
    """Some student has the teacher's projected direction up to sign."""
    excluded, sighted = _sighted(setting, teacher, REPAIRED)
    if excluded is not None:
        return excluded
    measured, node = setting.angles.best_student(setting.crease(teacher))
    terms = {"observers": [n.index for n in sighted], "best": None if node is None else node.index}
    verdict, why = (
        (HOLDS, "a student has the teacher's direction up to sign")
        if measured == 0
        else (FAILS, "no student has the teacher's direction")
    )
    return _row(REPAIRED, teacher, verdict, why, measured, terms=terms)


def sharpened(setting: Setting, teacher: Node) -> Verdict:
    """Some student with v_k . v_k' != 0 lies exactly on the teacher's hyperplane, for every observer k."""
    excluded, sighted = _sighted(setting, teacher, SHARP)
    if excluded is not None:
        return excluded
    crease = setting.problem.creases[setting.crease(teacher)]
    on_it = [node for node, _ in crease.members if node.side == "student"]
    unseen = [k for k in sighted if all((k.fan_out * node.fan_out).sum() == 0 for node in on_it)]
    terms = {"observers": [n.index for n in sighted], "best": on_it[0].index if on_it else None}
    if unseen:
        return _row(
            SHARP,
            teacher,
            FAILS,
            f"observer {unseen[0].index} sees no student on the teacher's hyperplane",
            arb(1),
            terms=terms,
        )
    return _row(
        SHARP, teacher, HOLDS, "a student lies exactly on the teacher's hyperplane", square_root(exact.ball(0)), terms=terms
    )
