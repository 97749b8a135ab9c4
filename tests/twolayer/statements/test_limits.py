"""A time limit holds for all of a check, and the result says what it left undone."""

from __future__ import annotations

import json
import time
from itertools import count

import numpy as np
import pytest

from twolayer import cli
from twolayer.certify import suprema
from twolayer.certify.enclosure import Enclosure
from twolayer.certify.radii.many import inscribed_radii
from twolayer.certify.suprema import active_domains, gradient_suprema
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box
from twolayer.restriction.restricted import restricted
from twolayer.statements import check as checks
from twolayer.statements import corollary1, observers, recovery, theorem2
from twolayer.statements.check import check, judged
from twolayer.statements.geometry import Times
from twolayer.statements.setting import Setting
from twolayer.statements.verdict import UNJUDGED, VACUOUS
from twolayer.study.tables import time_notes


class Clock:
    """A clock that stands still but for what `tick` adds, in place of time.monotonic."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def tick(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def trained(dimension: int, nodes: int, outputs: int = 1, second: bool = False) -> Instance:
    """A teacher, and a student of two noisy halves of every node."""
    rng = np.random.default_rng(0)
    W, b, V = rng.normal(size=(nodes, dimension)), rng.normal(size=nodes) / 4, rng.normal(size=(outputs, nodes))
    halves = [np.concatenate([x, x]) for x in (W, b)]
    halves.append(np.concatenate([V, V], axis=1) / 2)
    student = TwoLayer(*(x + 0.01 * rng.normal(size=x.shape) for x in halves))
    teacher = TwoLayer(W, b, V)
    other = TwoLayer(W, b, V * 1.01) if second else None
    return Instance(teacher, student, Box([-1] * dimension, [1] * dimension), None, other, "trained")


def prepared(instance: Instance):
    problem = restricted(instance)
    domains = active_domains(problem)
    return instance, problem, domains, gradient_suprema(problem, domains)


def test_without_a_limit_nothing_is_left_undone():
    result = check(trained(2, 2))
    assert result.to_dict()["limits"] == {"gap": [], "statements": []} and time_notes(result.limits) == []


def test_rows_after_the_deadline_are_told_and_have_fewer_candidates(clock):
    given = prepared(trained(2, 2))
    early = judged(*given, gap=1e-3, deadline=None)
    late = judged(*given, gap=1e-3, deadline=-1.0)
    named = [late.verdicts[n] for n in late.limits.statements]
    assert early.limits.statements == () and late.limits.gap == ()
    assert {(v.statement, v.form) for v in named} >= {("theorem-2", "sharp"), ("corollary-1", "sharp")}
    assert all(v.why != UNJUDGED for v in late.verdicts)
    told = late.to_dict()["limits"]["statements"]
    assert told == [v.names for v in named] and {"statement": "theorem-2", "form": "sharp", "teacher": 0, "observer": 0} in told


def test_rows_after_the_end_are_not_judged_and_told(clock):
    result = judged(*prepared(trained(2, 2, second=True)), gap=1e-3, deadline=-2.0, end=-1.0)
    unjudged = [v for v in result.verdicts if v.why == UNJUDGED]
    assert {v.statement for v in unjudged} == {"theorem-2", "corollary-1", "theorem-3", "fan-out-recovery"}
    assert {(v.verdict, v.measured, v.bound) for v in unjudged} == {(VACUOUS, None, None)}
    assert [result.verdicts[n] for n in result.limits.statements] == unjudged
    assert len(result.verdicts) == len(check(trained(2, 2, second=True)).verdicts)


def test_every_statement_gets_its_share_of_the_time_and_what_others_left(clock, monkeypatch):
    """Each would take all of the 45 s: Theorem 2 gets what Theorem 1 left to it, a third of them, and so do the other two."""
    begun = {}

    def slow(statement):
        def rows(setting, nodes):
            begun[statement] = clock.now
            while not setting.is_over:
                clock.tick(1.0)
                yield from ()
            return iter(())

        return rows

    monkeypatch.setitem(checks.STATEMENTS, theorem2.STATEMENT, slow("theorem-2"))
    monkeypatch.setitem(checks.STATEMENTS, corollary1.STATEMENT, slow("corollary-1"))
    monkeypatch.setitem(checks.STATEMENTS, recovery.STATEMENT, slow("fan-out-recovery"))
    judged(*prepared(trained(2, 2)), gap=1e-3, deadline=45.0, end=45.0)
    thirds = {"corollary-1": pytest.approx(15.0, abs=1.5), "fan-out-recovery": pytest.approx(30.0, abs=2.5)}
    assert begun == {"theorem-2": 0.0, **thirds} and clock.now == pytest.approx(45, abs=2.5)


def test_rows_are_the_same_whoever_works_them_out(monkeypatch):
    """On two processes, nodes shared: every row, in order, of both teachers; and a time that is over is told from there too."""
    given = prepared(trained(2, 3, outputs=2, second=True))
    alone = judged(*given, gap=1e-3, deadline=None)
    monkeypatch.setattr(checks, "MANY", 1)
    shared = judged(*given, gap=1e-3, deadline=None, workers=2)
    assert [v.to_dict() for v in shared] == [v.to_dict() for v in alone] and shared.limits == alone.limits
    assert {v.statement for v in shared} == set(checks.NAMES)
    over = judged(*given, gap=1e-3, deadline=0.0, end=0.0, workers=2, statements=["theorem-2"])
    assert {v.why for v in over} == {UNJUDGED} and over.limits.statements == tuple(range(len(over.verdicts)))


def test_the_choice_of_observers_ends_with_the_time(clock, monkeypatch):
    """Each swap of observers takes a second: without a deadline they would go on for minutes."""
    monkeypatch.setattr(observers, "MOST_SETS", 0)
    instance, problem, domains, enclosures = prepared(trained(2, 8, outputs=4))
    real, tried = observers._scores_of_swaps, count(1)

    def slow(inverse, at, places, others, *rest):
        clock.tick(len(others))
        next(tried)
        return real(inverse, at, places, others, *rest)

    monkeypatch.setattr(observers, "_scores_of_swaps", slow)
    setting = Setting(instance, problem, domains, enclosures, times=Times(clock.now + 20, clock.now + 1e6))
    corollary1.sharpened(setting, problem.student[0])
    assert clock.now <= 23 and setting.times.cut_short() and next(tried) > 2


def test_radii_wait_until_they_are_asked_for_once_time_is_over(clock):
    """What floats do not settle is left to the exact path; past the deadline only for the pairs that matter."""
    problem = restricted(trained(3, 2))
    domains = [x for x in active_domains(problem) if x is not None]
    late = inscribed_radii(problem.frame, problem.creases, domains, -1.0)
    alone = inscribed_radii(problem.frame, problem.creases, domains)
    late.pending.update((i, j) for i in range(len(problem.creases)) for j in range(len(domains)))
    for i in range(len(problem.creases)):
        for j in range(len(domains)):
            mine, other = late.inscribed(i, j), alone.inscribed(i, j)
            assert (mine is None) == (other is None) and (i, j) not in late.pending
            assert mine is None or mine.radius == pytest.approx(other.radius, rel=1e-9) == late.radius[i, j]


# -- the gradient ------------------------------------------------------------------------------------------------------


def searches(monkeypatch, clock, needs):
    """Searches of the nodes that need so many seconds each; returns the seconds that each search was given."""
    given = []

    def searched(h, region, nested=None, *, gap, deadline, floor, **_):
        k = next(k for k, weights in enumerate(gradients) if (h.c == weights).all())
        given.append((k, deadline - clock.now))
        used = min(needs[k], max(deadline - clock.now, 0.0))
        clock.tick(used)
        return Enclosure(1.0, 1.0 if used == needs[k] else 2.0, region.interior, {"method": "boxes"})

    problem = restricted(trained(4, len(needs) // 2))
    gradients = [problem.gradient(node).c for node in problem.student]
    monkeypatch.setattr(suprema, "_searched", searched)
    monkeypatch.setattr(suprema, "method", lambda *_: "boxes")
    return problem, given


def test_a_node_that_needs_more_gets_what_the_others_left(clock, monkeypatch):
    problem, given = searches(monkeypatch, clock, [30.0, 1.0, 1.0, 1.0])
    enclosures = gradient_suprema(problem, deadline=40.0)
    assert [round(seconds) for _, seconds in given] == [10, 10, 14, 28, 27]  # each in its turn, then the first once more
    assert [k for k, _ in given] == [0, 1, 2, 3, 0]
    assert [e.upper for e in enclosures] == [2.0, 1.0, 1.0, 1.0] and clock.now <= 40.0


def test_a_second_search_is_not_begun_where_it_would_get_hardly_more_time_than_the_first(clock, monkeypatch):
    problem, given = searches(monkeypatch, clock, [30.0, 30.0, 30.0, 9.0])
    assert sum(e.upper == 2.0 for e in gradient_suprema(problem, deadline=40.0)) == 3
    assert [k for k, _ in given] == [0, 1, 2, 3] and clock.now <= 40.0


def test_the_nodes_that_ran_out_of_time_are_named(monkeypatch):
    """Trees in six dimensions with no time at all: crude enclosures, every one of them wide."""
    instance = trained(6, 3)
    result = check(instance, time_limit=1e-6, statements=["theorem-1"])
    wide = [k for k, e in enumerate(result.enclosures) if e.upper > e.lower * 1.01]
    assert wide == list(result.limits.gap) != [] and not result.interrupted
    assert result.to_dict()["limits"]["gap"] == wide
    assert time_notes(result.limits)[0].startswith(
        f"{len(wide)} student nodes have an enclosure wider than the gap asked: {wide[0]}"
    )
    assert check(instance, floor=1e9, statements=["theorem-1"]).limits.gap == ()


def test_the_command_says_what_the_limit_left_undone(capsys, tmp_path):
    path = tmp_path / "i.json"
    path.write_text(trained(6, 3).to_json())
    assert cli.main(["check", str(path), "--time-limit", "1e-6", "--json"]) == 0
    limits = json.loads(capsys.readouterr().out)["limits"]
    assert limits["gap"] and set(limits) == {"gap", "statements"}
    assert cli.main(["check", str(path), "--time-limit", "1e-6"]) == 0
    assert "wider than the gap asked" in capsys.readouterr().out


@pytest.mark.parametrize(("limit", "left"), [("10", 7.0), ("1", cli.SOME_TIME), (None, None)])
def test_the_command_s_limit_is_for_loading_too(limit, left, clock, monkeypatch, capsys, tmp_path):
    path, real, given = tmp_path / "i.json", Instance.from_json, []
    path.write_text(trained(2, 2).to_json())
    result = check(trained(2, 2))

    def read(text):
        clock.tick(3.0)
        return real(text)

    def checked(instance, *, time_limit, **options):
        given.append(time_limit)
        return result

    monkeypatch.setattr(Instance, "from_json", read)
    monkeypatch.setattr(checks, "check", checked)
    assert cli.main(["check", str(path), *([] if limit is None else ["--time-limit", limit])]) == 0
    assert given == [left]


@pytest.mark.parametrize(("dimension", "nodes", "outputs"), [(2, 40, 5), (8, 12, 8)])
def test_a_whole_check_of_many_nodes_ends_in_time(dimension, nodes, outputs):
    """Processor time of this process, so that others on the machine do not count; what was compiled before does not either."""
    check(trained(dimension, 2), time_limit=1.0)
    limit, begun = 3.0, time.process_time()
    result = check(trained(dimension, nodes, outputs), time_limit=limit)
    assert time.process_time() - begun <= 1.2 * limit + 2
    assert result.limits.statements
