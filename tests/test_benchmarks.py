"""The benchmark's own parts: instances, the peers' programs, agreement, and a run that can be interrupted."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from twolayer import exact
from twolayer.certify import suprema
from twolayer.certify.enclosure import Enclosure
from twolayer.restriction.restricted import restricted
from twolayer.statements.check import check
from twolayer.statements.sharp import local
from twolayer.statements.sharp.around import around

from .benchmarks import figures, hidden, instances, job, judging, oracle, ours, peers, plan, radii, run, soundness, tables
from .benchmarks.peers import milp
from .strategies import brute_supremum

INSTALLED = [entry for entry in peers.entries() if entry.missing is None]


@pytest.fixture(scope="module")
def small():
    """h, its region, and our enclosure."""
    h, region = instances.cube(3, 3).student(0)
    return h, region, suprema.supremum(h, region)


@pytest.mark.parametrize("entry", INSTALLED, ids=lambda entry: entry.name)
def test_a_peer_agrees_with_the_enclosure(entry, small):
    h, region, ours = small
    answer = entry.solve(milp.scaled(h, region), 60.0, 1)
    assert answer.status == "solved"
    slack = answer.tolerance + 1e-9
    assert answer.value <= ours.upper + slack
    assert answer.bound >= ours.lower - slack
    assert answer.bound - answer.value <= 2e-6 * answer.bound + 2 * slack


def test_the_scaled_problem_is_the_same_function(small):
    h, region, _ = small
    problem, box = milp.scaled(h, region), region.floats
    U = np.random.default_rng(0).uniform(-1, 1, size=(200, 3))
    Z = (box.lower + box.upper) / 2 + U * (box.upper - box.lower) / 2
    assert np.allclose(problem(U), h.floats(Z), rtol=1e-12, atol=1e-12)
    assert (problem.inside(U) == (Z @ box.A.T <= box.c).all(axis=1)).all()


def drawn(count: int):
    """Small problems on boxes, with affine parts and nodes of one sign, and values that a solver's tolerances leave be."""
    pictures = []
    for number in range(10_000):
        problem = soundness.drawn(np.random.default_rng([5, number]))
        ends = problem.region.lower, problem.region.upper
        value = exact.nearest_float(brute_supremum(problem.h, problem.region))
        mild = problem.eps > 1e-2 and problem.region.is_box and 0.01 < problem.weights < 100
        if mild and value > 1e-2 * problem.h.size(*ends) > 0:
            pictures.append((problem.h, problem.region, value))
        if len(pictures) == count:
            break
    return pictures


def test_no_bound_is_violated_by_creases_hidden_by_programs_and_a_gradient_that_is_too_small_is_noticed(monkeypatch):
    tally = hidden.survey(4, seed=1)
    assert not tally.misses and tally.gradients["several pairs"] and tally.rows["theorem-2", "sharp", "holds"]
    proved = local.Pairing.proved
    monkeypatch.setattr(local.Pairing, "proved", lambda self: proved(self) / 2)
    assert any("pairs" in miss for miss in hidden.survey(4, seed=1).misses)


@pytest.mark.parametrize(
    "name", ["HiGHS (scipy) textbook", "HiGHS one-sided + cuts + cutoff", "CROWN + input splitting (NumPy)"]
)
def test_a_peer_finds_the_exact_supremum_of_random_problems(name):
    solve = peers.by_name(name).solve
    for h, region, value in drawn(12):
        answer = solve(milp.scaled(h, region), 20.0, 1)
        assert answer.value == pytest.approx(value, rel=1e-4, abs=answer.tolerance)
        assert answer.bound == pytest.approx(value, rel=1e-4, abs=answer.tolerance)


def test_scaling_keeps_affine_parts_and_nodes_of_one_sign():
    for h, region, _ in drawn(12):
        problem, box, d = milp.scaled(h, region), region.floats, h.dimension
        U = np.random.default_rng(0).uniform(-1, 1, size=(50, d))
        Z = (box.lower + box.upper) / 2 + U * (box.upper - box.lower) / 2
        assert np.allclose(problem(U), h.floats(Z), rtol=1e-9, atol=1e-9 * h.size(region.lower, region.upper))


def test_every_row_of_both_programs_holds_at_every_point(small):
    h, region, _ = small
    problem = milp.scaled(h, region)
    U = np.random.default_rng(1).uniform(-1, 1, size=(500, 3))
    U = U[problem.inside(U)]
    Z = U @ problem.P.T + problem.beta
    X = np.concatenate([U, np.maximum(Z, 0), (Z > 0).astype(float)], axis=1)
    for sign in (1, -1):
        for tight in (False, True):
            p = milp.program(problem, sign, tight=tight)
            assert (X @ p.rows.toarray().T <= p.limit + 1e-12).all()
            assert np.allclose(X @ p.objective + p.constant, sign * problem(U))


def test_a_split_copy_without_perturbation_is_the_same_network():
    cell = instances.cube(4, 5, eps=0.0)
    x = np.random.default_rng(0).uniform(-1, 1, size=(100, 4))
    assert np.allclose(cell.instance.teacher(x), cell.instance.student(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", [instances.cube(8, 8), instances.patches()], ids=lambda cell: cell.name)
def test_nearly_all_hyperplanes_cross_the_box(cell):
    problem = restricted(cell.instance)
    half = problem.region.floats.upper
    assert (half[0], half[-1]) == pytest.approx((1.977, 0.0411) if cell.patch else (1, 1), rel=1e-2)
    crossing = [
        abs(exact.nearest_float(node.beta)) < np.abs(exact.nearest(node.p)) @ problem.region.floats.upper
        for node in problem.nodes
    ]
    assert np.mean(crossing) > 0.95
    assert len(problem.student) == (50 if cell.patch else 16)


@pytest.mark.parametrize("shape, region", radii.TASKS)
def test_radii_agree_with_linear_programs(shape, region):
    cell = instances.cube(3, 4)
    measured = {
        solver: radii.measure(solver, shape, region, 0.2, cell, size=4)["radii"]
        for solver in (plan.OURS, *radii.PEERS)
        if radii.missing(solver) is None and (solver == plan.OURS or shape in radii.PEERS[solver][1])
    }
    assert len(measured) > 1
    assert max(measured[plan.OURS]) > 0
    for solver, theirs in measured.items():
        assert radii.disagreements(measured[plan.OURS], theirs) == 0, solver


def test_a_radius_that_is_too_large_is_counted():
    assert radii.disagreements([1.0, 2.0], [1.0, 2.0 - 1e-5]) == 1


def row(solver: str, status: str = "solved", **numbers) -> dict:
    return {
        "kind": "single",
        "cell": "(8, 8)",
        "solver": solver,
        "student": 0,
        "status": status,
        "sources": "x",
        "options": {},
        **numbers,
    }


def test_a_peer_below_our_witness_is_named():
    ours = row(plan.OURS, seconds=1.0, lower=1.0, upper=1.0, gap=0.0)
    low = row(plan.AIM, seconds=2.0, value=0.9, bound=0.9, tolerance=1e-3, gap=0.0)
    (wrong,) = tables.disagreements({"a": ours, "b": low})
    assert "BEYOND its tolerance" in wrong
    fine = row(plan.AIM, seconds=2.0, value=0.9, bound=1.1, tolerance=1e-3, gap=0.2)
    assert not list(tables.disagreements({"a": ours, "b": fine}))


def test_an_unfinished_peer_is_a_lower_bound_of_its_ratio():
    ours = row(plan.OURS, seconds=1.0, lower=1.0, upper=1.0, gap=0.0)
    late = row(plan.AIM, "limit", seconds=120.0, value=0.5, bound=2.0, tolerance=0.0, gap=0.75)
    assert tables.cell_text({"a": ours, "b": late}, "(8, 8)", plan.AIM) == "gap 75 % at 120 s (>120x)"


def test_a_measurement_survives_its_way_to_its_process():
    for spec in plan.plan(full=True):
        again = job.Spec.from_json(spec.as_json())
        assert again.name == spec.name
        assert json.loads(again.as_json()) == json.loads(spec.as_json())
    names = [spec.name for spec in plan.plan(full=True)]
    assert len(set(names)) == len(names)


def test_an_interrupted_run_loses_nothing_and_repeats_nothing(tmp_path, monkeypatch, capsys):
    done: list[str] = []

    def pretended(spec):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(spec.name)
        return row(spec.solver, seconds=1.0, lower=1.0, upper=1.0, value=1.0, bound=1.0, tolerance=0.0, gap=0.0)

    monkeypatch.setattr(run, "run", pretended)
    monkeypatch.setattr(plan, "known_missing", lambda spec: None)
    monkeypatch.setattr(run.figures, "write_all", lambda *arguments: None)
    command = ["--only", "single_Gurobi", "-o", str(tmp_path)]
    with pytest.raises(KeyboardInterrupt):
        run.main(command)
    first = list(done)
    monkeypatch.setattr(run, "run", lambda spec: done.append(spec.name) or row(spec.solver, "failed: on purpose"))
    assert run.main(command) == 0
    assert set(first) == {
        json.loads(path.read_text())["name"]
        for path in (tmp_path / "measured").glob("*.json")
        if json.loads(path.read_text())["status"] == "solved"
    }
    assert len(set(done)) == len(done) > len(first), "nothing is measured twice"
    before = len(done)
    assert run.main(command) == 0
    assert done[before:] == done[len(first) : before], "what failed is tried again"
    (tmp_path / "environment.json").write_text("{}")
    assert run.main(command) == 2
    assert "another machine or other versions" in capsys.readouterr().err


def test_a_solver_that_ignores_its_limit_is_ended(monkeypatch):
    monkeypatch.setattr(run, "GRACE", -plan.LIMIT + 0.2)
    assert run.run(plan.single(instances.cube(8, 8), plan.OURS))["status"].startswith("ended after 0 s")


def test_the_limits_of_a_measurement_follow_from_the_plan_and_stand_in_the_table():
    limits = {(spec.cells[0].name, spec.solver): spec.limit for spec in plan.plan() if spec.kind == "single"}
    assert limits["(2, 64)", plan.AIM] == plan.LIMIT
    assert limits["(2, 64)", plan.OTHERS[0]] == 120 and limits["(8, 32)", plan.OTHERS[0]] == plan.OPEN
    assert {spec.limit for spec in plan.plan(full=True) if spec.kind == "single"} == {plan.FULL}
    rows = [row(solver, limit=limits["(8, 8)", solver]) for solver in (plan.OURS, plan.OTHERS[0], plan.OTHERS[-1])]
    assert tables.limits_text(rows) == "60 / 20-60"
    assert tables.limits_text(rows[:1]) == "60 / -"


def test_nothing_begins_once_the_seconds_are_spent(tmp_path, monkeypatch, capsys):
    begun = []
    monkeypatch.setattr(run, "run", lambda spec: begun.append(spec) or row(spec.solver, "failed: on purpose"))
    monkeypatch.setattr(run.figures, "write_all", lambda *arguments: None)
    assert run.main(["--only", "anytime", "--seconds", "-1", "-o", str(tmp_path)]) == 0
    assert not begun
    assert "4 measurements did not fit" in capsys.readouterr().out
    assert run.main(["--only", "anytime", "-o", str(tmp_path)]) == 0
    assert [spec.kind for spec in begun] == ["anytime"] * 4


def test_an_anytime_curve_is_what_one_search_reported(monkeypatch):
    monkeypatch.setattr(ours, "APART", 1 + 1e-9)  # every report counts, however fast the machine
    curve = ours.anytime(instances.cube(4, 8), 0, 120.0)  # compiling the box search alone takes over 20 s on a busy machine
    points = curve["points"]
    assert curve["status"] == "done" and len(points) > 3
    assert points[-1]["upper"] == curve["upper"] and points[-1]["lower"] == curve["lower"]
    assert points[-1]["gap"] == curve["gap"] <= plan.GAP
    assert all(a["seconds"] < b["seconds"] and b["gap"] <= a["gap"] for a, b in pairwise(points))
    assert tables.aims({"a": {"kind": "anytime", "cell": instances.patches().name, "solver": plan.OURS, **curve}})


def test_an_enclosure_outside_the_one_before_is_told(monkeypatch):
    def wandering(h, region, *, report, **limits):
        report(0.1, 1.0, 2.0)
        report(0.2, 0.5, 1.5)
        return Enclosure(0.5, 1.5, None, {})

    monkeypatch.setattr(ours, "supremum", wandering)
    assert "does not lie in the one before" in ours.anytime(instances.cube(2, 3), 0, 1.0)["status"]


def test_a_thinned_curve_keeps_the_last_report_of_every_step_and_the_very_last():
    told = [(1.0, 0.0, 9.0), (1.005, 0.0, 8.0), (2.0, 0.0, 7.0), (2.001, 1.0, 6.0), (2.002, 1.0, 5.0)]
    assert ours.thinned(told) == [told[1], told[4]]


def test_a_thinned_curve_keeps_every_step_of_a_search_that_reports_without_a_pause():
    told = [(0.1 * 1.001**n, 0.0, 9.0 - n / 1000) for n in range(7000)]
    kept = [seconds for seconds, *_ in ours.thinned(told)]
    assert kept[-1] == told[-1][0] and len(kept) < 500
    assert all(1 < later / now < ours.APART**2 for now, later in zip(kept, kept[1:], strict=False))


@pytest.mark.parametrize("region", ["box", "A_k", "polytope"])
def test_radii_are_those_of_every_pair_once_whatever_their_order(region):
    task = radii.posed(region, instances.cube(3, 8), 8)
    assert sorted(task.pairs) == [(i, j) for i in range(len(task.creases)) for j in range(len(task.domains))]
    assert len(task.pairs) == 64
    assert all(domain.is_box == (region == "box") for domain in task.domains)
    again = radii.posed(region, instances.cube(3, 8), 8)
    assert task.creases[0] is not again.creases[0] and task.domains[0] is not again.domains[0]


def test_a_solver_that_is_cut_short_never_looks_faster_than_one_that_finished():
    cell, slow, cut = instances.CELLS[0].name, plan.QUICK[1], plan.OTHERS[0]
    row = {"kind": "single", "cell": cell, "student": 0}
    done, left = (
        {**row, "solver": slow, "status": "solved", "seconds": 50.0, "gap": 0.0},
        {**row, "solver": cut, "status": "limit"},
    )
    figure = figures.side_by_side({"0": done, "1": {**left, "seconds": 20.0, "gap": 0.918}})
    [axes] = figure.axes
    bars = sorted((bar.get_height(), bar.get_fill()) for bar in axes.patches if bar.get_height())
    assert [fill for _, fill in bars] == [True, False] and bars[0][0] == 50 < bars[1][0]
    assert [text.get_text() for text in axes.texts] == ["92 %, 20 s"]


def test_judging_is_measured_beside_the_certification_of_the_same_instance(tmp_path, capsys):
    assert judging.main(["--cells", "2,2", "--repeats", "2", "-o", str(tmp_path / "judging.json")]) == 0
    told = json.loads((tmp_path / "judging.json").read_text())
    [measured] = told["rows"]
    assert (
        measured["cell"] == instances.cube(2, 2).name and measured["repeats"] == 2 and told["environment"]["versions"]["numpy"]
    )
    assert measured["judging_cpu"] > 0 < measured["certifying_cpu"]
    assert measured["rows"] == len(check(instances.cube(2, 2).instance).verdicts)
    assert capsys.readouterr().out.startswith("(2, 2)")


@pytest.mark.parametrize("d", [2, 3])
def test_the_oracle_is_below_what_is_certified_and_near_it_where_that_is_near_the_truth(d):
    """Vertices (d' = 2) are near the truth; a crease alone in a ball has a quarter of its kink and radius."""
    result, rng = check(instances.cube(d, 3).instance, statements=["theorem-2"]), np.random.default_rng(0)
    rows = [row for v in result.verdicts if v.form == "sharp" and v.bound and (row := oracle.row_of(result.setting, v))]
    assert rows
    for row in rows:
        inscribed = row.setting.shapes.ball(row.i, row.domain)
        near = around(row.setting, row.i, row.size.observer, inscribed.centre)
        ball = local.whole_ball(row.setting, row.i, row.size, inscribed, near)
        if ball is not None:
            least = row.gradient(oracle.in_ball(row, ball.radius, rng))
            assert (0.7 if d == 2 else 0.0) * ball.size.eps < least <= ball.size.eps * (1 + 1e-9)
        small = near.distance.min() / 2
        assert row.gradient(oracle.in_ball(row, small, rng)) == pytest.approx(row.size.level * small / 4, rel=2 * oracle.NEAR)
    assert {method for method, *_ in oracle.gains(result, rng)} >= {"rows", "cells" if d == 2 else "ball"}
