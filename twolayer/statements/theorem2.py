"""Theorem 2: a small gradient forces a student node at a small projected angle to each observed teacher node.

One row per (teacher node j, observer k). Forms:
  printed   sin <= M K eps / alpha as in the paper, with its explicit constant and its own hypotheses
  repaired  the paper's argument with the right quantities; speaks of the best other node of either network
  sharp     Theorem 2' and its refinements; speaks of the best student
Source: Section 3.2 and Appendix A.6; Theorem 3 reuses these rows with a second teacher.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb

from .. import exact
from ..certify.radii.one import Inscribed
from ..restriction.restricted import Node
from . import bounds
from .setting import Setting, is_observed
from .sharp import best as sharp
from .verdict import (
    FAILS,
    HOLDS,
    NOT_APPLICABLE,
    PRINTED,
    REPAIRED,
    SHARP,
    UNDECIDED,
    UNJUDGED,
    VACUOUS,
    Verdict,
    compare,
    float_terms,
    missing_hypotheses,
    number,
)

STATEMENT = "theorem-2"
HEALERS = ("sign", "norm", "region", "thickness", "student")  # the order in which a failing row tries hypotheses


@dataclass(frozen=True)
class Row:
    """One (teacher, observer) pair of a setting, and the statement's name."""

    setting: Setting
    teacher: Node
    observer: Node
    statement: str

    def verdict(self, form: str, verdict: str, why: str, measured=None, bound=None, terms=None, **fields: Any) -> Verdict:
        """A row of the report."""
        return Verdict(
            self.statement,
            form,
            verdict,
            number(measured),
            number(bound),
            why,
            teacher=self.teacher.index,
            observer=self.observer.index,
            terms=float_terms(terms),
            **fields,
        )


def rows(setting: Setting, teachers: Sequence[Node], statement: str = STATEMENT) -> Iterator[Verdict]:
    """All rows, form by form, for every pair of one of the teacher nodes and an observer."""
    for teacher in teachers:
        for observer in setting.problem.student:
            row = Row(setting, teacher, observer, statement)
            for judge, form in ((printed, PRINTED), (repaired, REPAIRED), (sharpened, SHARP)):
                yield row.verdict(form, VACUOUS, UNJUDGED) if setting.is_over else judge(row)


def _inapplicable(row: Row, form: str) -> Verdict | None:
    """The exclusions that all forms share."""
    setting, teacher = row.setting, row.teacher
    if setting.problem.dimension == 1:
        return row.verdict(form, NOT_APPLICABLE, "d' = 1: all hyperplanes are parallel")
    if teacher.is_constant:
        return row.verdict(form, NOT_APPLICABLE, "the teacher node is constant on U (p_j = 0)")
    if setting.shapes.disc(setting.crease(teacher))[1] == 0:
        return row.verdict(form, NOT_APPLICABLE, "the teacher's boundary misses U ∩ R")
    alpha = setting.problem.couplings[row.observer.index, teacher.index]
    kappa = setting.masses.mass(setting.crease(teacher), row.observer, "teacher")
    if alpha == 0 and (kappa == 0 or form == PRINTED):
        return row.verdict(form, VACUOUS, "alpha = 0: the observer does not see the teacher's output", terms={"alpha": 0.0})
    if kappa == 0:
        return row.verdict(form, NOT_APPLICABLE, "kappa_T = 0: the teacher's creases cancel on this hyperplane")
    return None


def printed(row: Row) -> Verdict:
    """The statement as printed, read literally but for normalised projections."""
    excluded = _inapplicable(row, PRINTED)
    if excluded is not None:
        return excluded
    setting, teacher, observer = row.setting, row.teacher, row.observer
    networks = setting.instance
    seen = networks.second_teacher if networks.second_teacher and row.statement == "theorem-3" else networks.teacher
    if not is_observed(seen, teacher.index, networks.student, observer.index):
        return row.verdict(PRINTED, NOT_APPLICABLE, "the observer's active region does not meet the teacher's boundary")
    below, above = setting.shapes.disc(setting.crease(teacher))
    alpha = exact.ball(setting.problem.couplings[observer.index, teacher.index])
    eps_low, eps_high = setting.printed_epsilon
    worst, best = bounds.shrunk_radius(below, eps_high, alpha), bounds.shrunk_radius(above, eps_low, alpha)
    terms = {
        "alpha": alpha,
        "epsilon": eps_high,
        "radius": below,
        "radius_above": above,
        "shrunk_radius": worst,
        "nodes": len(setting.problem.nodes),
        "dimension": setting.problem.dimension,
    }
    if not best > 0 or not worst > 0:
        return row.verdict(PRINTED, NOT_APPLICABLE, "r' = r - 5 eps/|alpha| is not positive", terms=terms)
    measured, node = setting.angles.best_student(setting.crease(teacher))
    terms["best"] = None if node is None else node.index
    d, nodes = setting.problem.dimension, len(setting.problem.nodes)
    at_worst = bounds.printed_sine(d, worst, nodes, eps_high, alpha)
    at_best = bounds.printed_sine(d, best, nodes, eps_low, alpha)
    terms["constant"] = bounds.printed_constant(d, worst)
    smallest, largest = (at_best, at_worst) if alpha > 0 else (at_worst, at_best)
    if not at_worst < 1:
        return row.verdict(PRINTED, VACUOUS, "the bound is 1 or more", measured, at_worst, terms)
    outcome = compare(measured, smallest, largest)
    if outcome == FAILS:
        missing = missing_hypotheses(HEALERS, lambda added: _healed(row, added, measured, eps_high, alpha))
        return row.verdict(
            PRINTED,
            FAILS,
            f"the best student is at sine {number(measured):.4g}, above the bound; missing hypothesis: {' + '.join(missing)}",
            measured,
            at_worst,
            terms,
            reason=missing[0],
            missing=missing,
        )
    why = "the best student is within the bound" if outcome == HOLDS else "the enclosures overlap"
    return row.verdict(PRINTED, outcome, why, measured, at_worst, terms)


def _healed(row: Row, added: frozenset[str], measured: arb, epsilon: arb, alpha: arb) -> bool:
    """True if the printed statement with these hypotheses added no longer fails (or no longer applies)."""
    setting, observer = row.setting, row.observer
    i = setting.crease(row.teacher)
    scale = setting.masses.kappa(i, observer, "teacher") / setting.unit if "norm" in added else alpha
    if "sign" in added:
        scale = abs(scale)
    room = setting.shapes.room(i, observer, 5 * epsilon / abs(scale), added)
    if room is None or not room > 0:
        return True
    if "student" in added:
        measured = min(measured, setting.angles.best_other(i)[0], key=exact.upper_float)
    bound = bounds.printed_sine(setting.problem.dimension, room, len(setting.problem.nodes), epsilon, scale)
    return not measured > bound


def _seen(row: Row, form: str) -> tuple[Verdict | None, Inscribed | None]:
    """A ball around the teacher's crease in A_k, or the verdict that says why the form does not apply."""
    setting, observer = row.setting, row.observer
    excluded = _inapplicable(row, form)
    if excluded is not None:
        return excluded, None
    domain = setting.domains[observer.index]
    if domain is None:
        return row.verdict(form, NOT_APPLICABLE, "the observer is not active inside U ∩ R"), None
    inscribed = setting.shapes.ball(setting.crease(row.teacher), domain)
    if inscribed is None:
        why = "the teacher's boundary does not enter the observer's active region"
        return row.verdict(form, NOT_APPLICABLE, why), None
    return None, inscribed


def _coincident(row: Row, form: str, terms: dict[str, Any]) -> Verdict | None:
    if row.setting.problem.creases[row.setting.crease(row.teacher)].has("student"):
        return row.verdict(
            form,
            HOLDS,
            "a student lies exactly on the teacher's hyperplane",
            arb(0),
            arb(0),
            row.setting.shown({**terms, "branch": "coincident"}),
        )
    return None


def repaired(row: Row) -> Verdict:
    """sin <= (10/rho) sqrt(d'/(2 pi)) K eps_k / |kappa| for some other node of either network."""
    excluded, _ = _seen(row, REPAIRED)
    if excluded is not None:
        return excluded
    setting, observer = row.setting, row.observer
    i = setting.crease(row.teacher)
    kappa, epsilon = setting.masses.kappa(i, observer, "teacher"), setting.epsilon(observer)[1]
    terms = {"kappa": kappa, "epsilon": epsilon, "nodes": len(setting.problem.nodes), "dimension": setting.problem.dimension}
    on_it = _coincident(row, REPAIRED, terms)
    if on_it is not None:
        return on_it
    domain = setting.domains[observer.index]
    assert domain is not None
    q = exact.upper_float(5 * epsilon / abs(kappa))
    disc = setting.shapes.guarded_disc(i, domain, q)
    if disc is None:
        return row.verdict(
            REPAIRED,
            NOT_APPLICABLE,
            "no disc of the boundary has its q-neighbourhood inside A_k",
            terms=setting.shown({**terms, "q": q}),
        )
    measured, node = setting.angles.best_other(i)
    terms.update(
        rho=disc.radius,
        q=q,
        constant=bounds.printed_constant(setting.problem.dimension, disc.radius),
        best=None if node is None else f"{node.side} {node.index}",
    )
    sines = [sine for j, sine in enumerate(setting.angles.sines(i)) if j != i]
    # Lemma 3 with the true angles: room between the slabs would contradict Lemma 4, so this is never true
    terms["slabs_leave_room"] = bounds.slabs_leave_room(setting.problem.dimension, disc.radius, q, sines)
    bound = bounds.printed_sine(setting.problem.dimension, disc.radius, len(setting.problem.nodes), epsilon, abs(kappa))
    return _judged(row, REPAIRED, measured, bound, terms, "another node")


def sharpened(row: Row) -> Verdict:
    """Theorem 2' with its refinements: the best bound on the best student."""
    excluded, inscribed = _seen(row, SHARP)
    if excluded is not None:
        return excluded
    assert inscribed is not None
    setting, observer = row.setting, row.observer
    i = setting.crease(row.teacher)
    terms: dict[str, Any] = {
        "kappa": setting.masses.kappa(i, observer, "teacher"),
        "epsilon": setting.epsilon(observer)[1],
        "radius": inscribed.radius,
    }
    on_it = _coincident(row, SHARP, terms)
    if on_it is not None:
        return on_it
    measured, node = setting.angles.best_student(i)
    terms["best"] = None if node is None else node.index
    domain = setting.domains[observer.index]
    assert domain is not None
    bound = sharp.student_bound(setting, i, observer, domain, inscribed)
    if bound is None:
        return row.verdict(
            SHARP, VACUOUS, "no form of the theorem excludes a sine of 1", measured, arb(1), setting.shown(terms)
        )
    return _judged(row, SHARP, measured, bound.value, {**terms, **bound.terms, "method": bound.form}, "a student")


def _judged(row: Row, form: str, measured: arb, bound: arb, terms: dict[str, Any], who: str) -> Verdict:
    terms = row.setting.shown(terms)
    if not bound < 1:
        return row.verdict(form, VACUOUS, "the bound is 1 or more", measured, bound, terms)
    outcome = compare(measured, bound, bound)
    why = {
        HOLDS: f"{who} is within the bound",
        FAILS: f"no {who.split()[-1]} is within the bound",
        UNDECIDED: "the enclosures overlap",
    }[outcome]
    return row.verdict(form, outcome, why, measured, bound, terms)
