"""The front door: the method follows the size, and every student node gets a valid enclosure."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from twolayer.certify import suprema
from twolayer.cli import main
from twolayer.exact import rational
from twolayer.instances import Instance
from twolayer.networks import TwoLayer, hidden_gradient
from twolayer.regions import Box
from twolayer.restriction.restricted import restricted
from twolayer.statements.certificates import certificate
from twolayer.statements.check import check
from twolayer.study import sweep, verify
from twolayer.study.hunt import judge as hunt_judge


def split(d, nodes, eps, outputs=2, seed=0):
    """A teacher whose nodes are each split into two student nodes, everything moved by eps; on [-1, 1]^d."""
    rng = np.random.default_rng([seed, d, nodes])
    W = rng.normal(size=(nodes, d))
    b = -(W * rng.uniform(-0.5, 0.5, size=(nodes, d))).sum(axis=1)
    V = rng.normal(size=(outputs, nodes))
    share = rng.uniform(0.3, 0.7, size=nodes)
    student = [np.concatenate([W, W]), np.concatenate([b, b]), np.concatenate([V * share, V * (1 - share)], axis=1)]
    moved = [x + eps * rng.normal(size=x.shape) for x in student]
    return Instance(TwoLayer(W, b, V), TwoLayer(*moved), Box(-np.ones(d), np.ones(d)))


@pytest.mark.parametrize(
    ("d", "nodes", "name"),
    [
        (1, 9, "vertices"),
        (2, 9, "vertices"),
        (3, 9, "vertices"),
        (4, 9, "boxes"),
        (5, 9, "boxes"),
        (6, 9, "trees"),
        (9, 4, "trees"),
    ],
)
def test_the_method_follows_the_size(d, nodes, name):
    problem = restricted(split(d, nodes, 1e-3))
    assert suprema.method(problem.gradient(problem.student[0]), problem.region) == name


@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 6, 8])
@pytest.mark.parametrize("eps", [1e-2, 1e-7])
def test_the_certified_supremum_is_above_every_sample_and_above_its_own_witness(d, eps):
    instance = split(d, 4, eps)
    problem = restricted(instance)
    enclosures = suprema.gradient_suprema(problem, gap=0.05)
    x = np.random.default_rng(1).uniform(-1, 1, size=(4000, d))
    sampled = np.abs(hidden_gradient(instance.teacher, instance.student, x)).max(axis=0)
    for node, enclosure, value in zip(problem.student, enclosures, sampled, strict=True):
        assert value <= enclosure.upper * (1 + 1e-9) + 1e-14
        assert enclosure.closed(0.05, problem.gradient(node).size(problem.region.lower, problem.region.upper))
        assert problem.active_domain(node).contains(enclosure.witness)
        assert rational(enclosure.lower) <= abs(problem.gradient(node)(enclosure.witness)) <= rational(enclosure.upper)


def test_boxes_trees_and_vertices_enclose_the_same_number():
    from twolayer.certify import vertices
    from twolayer.certify.boxes import search as boxes
    from twolayer.certify.trees import search as trees

    problem = restricted(split(3, 4, 1e-3))
    h, region = problem.gradient(problem.student[0]), problem.active_domain(problem.student[0])
    enclosures = [search.supremum(h, region, gap=1e-3) for search in (vertices, boxes, trees)]
    assert max(e.lower for e in enclosures) <= min(e.upper for e in enclosures)


def test_processes_find_what_one_process_finds():
    problem = restricted(split(6, 3, 1e-3))
    alone, shared = (suprema.gradient_suprema(problem, gap=0.05, workers=n) for n in (1, 2))
    assert [(e.lower, e.upper) for e in alone] == [(e.lower, e.upper) for e in shared]


def test_a_dead_node_and_an_exact_copy_have_gradient_zero_without_a_witness():
    teacher = TwoLayer([[1.0, 0.0]], [0.0], [[1.0]])
    copies = TwoLayer([[2.0, 0.0], [1.0, 1.0]], [0.0, -2.0], [[0.5, 3.0]])
    enclosures = suprema.gradient_suprema(restricted(Instance(teacher, copies, Box([-1, -1], [1, 1]))))
    assert [(e.lower, e.upper, e.witness) for e in enclosures] == [(0, 0, None)] * 2
    assert [e.evidence["method"] for e in enclosures] == ["zero", "dead"]


@pytest.mark.parametrize("limit", [1e-6, 0.05])
def test_a_time_limit_is_kept_and_leaves_valid_enclosures(limit):
    instance = split(6, 6, 1e-2)
    start = time.monotonic()
    result = check(instance, time_limit=limit)
    full = suprema.gradient_suprema(restricted(instance), gap=0.5)
    assert time.monotonic() - start < 60
    for early, late in zip(result.enclosures, full, strict=True):
        assert early.lower <= late.upper and late.lower <= early.upper


@pytest.mark.parametrize("cells", [1, 40, 10_000])
def test_a_tree_that_takes_over_from_boxes_keeps_their_witness_and_closes_the_gap(cells, monkeypatch):
    from twolayer.certify.trees import search as trees

    monkeypatch.setattr(suprema, "FIRST_CELLS", cells)
    problem = restricted(split(6, 5, 1e-2))
    for node in problem.student[:3]:
        h, region = problem.gradient(node), problem.active_domain(node)
        both, tree = suprema.supremum(h, region, gap=1e-6), trees.supremum(h, region, gap=1e-6)
        assert both.evidence["method"] == ("boxes" if cells == 10_000 else "trees")
        assert both.closed(1e-6, h.size(region.lower, region.upper))
        assert max(both.lower, tree.lower) <= min(both.upper, tree.upper)
        assert region.contains(both.witness)
        assert rational(both.lower) <= abs(h(both.witness))


@pytest.mark.parametrize("work, name", [(suprema.FIRST_WORK, "boxes"), (1, "trees")])
def test_nets_without_near_copies_are_left_to_boxes_first_in_every_dimension(work, name, monkeypatch):
    from twolayer.certify.trees import search as trees

    monkeypatch.setattr(suprema, "FIRST_WORK", work)
    problem, copies = restricted(split(10, 3, 1.0, seed=2)), restricted(split(10, 3, 1e-2))
    assert suprema.supremum(copies.gradient(copies.student[0]), copies.region).evidence["method"] == "trees"
    for node in problem.student[:2]:
        h, region = problem.gradient(node), problem.active_domain(node)
        both, tree = suprema.supremum(h, region, gap=1e-6), trees.supremum(h, region, gap=1e-6)
        assert both.evidence["method"] == name and both.closed(1e-6, 0.0)
        assert max(both.lower, tree.lower) <= min(both.upper, tree.upper)
        assert region.contains(both.witness) and rational(both.lower) <= abs(h(both.witness))


def test_boxes_stop_after_as_many_cells_as_they_are_allowed_with_a_valid_enclosure():
    from twolayer.certify.boxes import search as boxes

    problem = restricted(split(6, 5, 1e-2))
    h, region = problem.gradient(problem.student[0]), problem.active_domain(problem.student[0])
    few, all_of_them = boxes.supremum(h, region, gap=1e-6, most=1), boxes.supremum(h, region, gap=1e-6)
    assert few.evidence["stopped"] == "cells"
    assert few.evidence["cells"] < all_of_them.evidence["cells"]
    assert few.lower <= all_of_them.lower <= all_of_them.upper <= few.upper


def test_the_interior_point_of_a_node_active_in_a_corner_only_lies_inside_both():
    student = TwoLayer(np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]), np.array([-3 + 1e-12, -0.999]), np.ones((1, 2)))
    problem = restricted(Instance(student, student, Box(-np.ones(3), np.ones(3))))
    for node in problem.student:
        region = problem.active_domain(node)
        assert all(slack > 0 for slack in region.c - region.A @ region.interior)
        assert region.whole is problem.region
        assert (region.floats.A == np.array(region.A, dtype=float)).all()


def test_a_ridge_sum_means_the_same_in_another_process():
    import pickle

    problem = restricted(split(3, 4, 1e-3))
    h = problem.gradient(problem.student[1])
    z = problem.region.interior + rational(0.125)
    value = h(z)
    again = pickle.loads(pickle.dumps(h))
    assert again(z) == value == sum(c * max((p * z).sum() + b, rational(0)) for p, b, c in zip(h.P, h.beta, h.c, strict=True))
    assert (again.floats.c == np.array([float(c) for c in h.c])).all()


REPORTING = [("vertices", 2, 9), ("boxes", 4, 6), ("boxes, then a tree", 6, 6), ("trees", 9, 14)]


def reporting(d, nodes, monkeypatch):
    """h, its region, and the list of what is reported, with the function that reports into it."""
    monkeypatch.setattr(suprema, "FIRST_CELLS", 40)
    problem = restricted(split(d, nodes, 3e-2))
    told = []
    return (
        problem.gradient(problem.student[0]),
        problem.active_domain(problem.student[0]),
        told,
        lambda *enclosure: told.append(enclosure),
    )


@pytest.mark.parametrize(("name", "d", "nodes"), REPORTING)
def test_reported_enclosures_are_nested_and_hold_the_supremum_and_end_with_the_one_returned(name, d, nodes, monkeypatch):
    h, region, told, report = reporting(d, nodes, monkeypatch)
    begun = time.monotonic()
    enclosure = suprema.supremum(h, region, gap=1e-4, report=report)
    assert enclosure.evidence["method"] == ("trees" if "tree" in name else name)
    assert len(told) >= (1 if name == "vertices" else 4)
    closest = suprema.supremum(h, region, gap=1e-7)
    for seconds, lower, upper in told:
        assert 0 <= seconds <= time.monotonic() - begun
        assert lower <= closest.upper and closest.lower <= upper
    for (s, a, b), (t, c, e) in zip(told, told[1:], strict=False):
        assert s <= t and a <= c <= e <= b and (a, b) != (c, e)
    assert told[-1][1:] == (enclosure.lower, enclosure.upper)
    assert rational(enclosure.lower) <= abs(h(enclosure.witness)) and region.contains(enclosure.witness)


@pytest.mark.parametrize(("name", "d", "nodes"), REPORTING[1:])
@pytest.mark.parametrize("heard", [2, 5])
def test_an_interrupt_returns_the_enclosure_that_was_reported_last(name, d, nodes, heard, monkeypatch):
    h, region, told, report = reporting(d, nodes, monkeypatch)

    def interrupting(*enclosure):
        report(*enclosure)
        if len(told) == heard:
            raise KeyboardInterrupt

    returned = suprema.supremum(h, region, gap=1e-6, report=interrupting)
    assert len(told) == heard
    assert returned.evidence["interrupted"]
    assert (returned.lower, returned.upper) == told[-1][1:]
    assert rational(returned.lower) <= abs(h(returned.witness))


@pytest.mark.parametrize(("name", "d", "nodes"), REPORTING[1:])
def test_a_deadline_ends_with_the_enclosure_that_was_reported_last(name, d, nodes, monkeypatch):
    h, region, told, report = reporting(d, nodes, monkeypatch)
    suprema.supremum(h, region, gap=1e-6)  # compiled before the clock runs
    enclosure = suprema.supremum(h, region, gap=0.0, deadline=time.monotonic() + 0.05, report=report)
    assert (enclosure.lower, enclosure.upper) == told[-1][1:]


def test_an_interrupt_before_the_tree_has_a_bound_leaves_what_boxes_proved(monkeypatch):
    h, region, told, report = reporting(6, 6, monkeypatch)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(suprema.trees, "crude", interrupted)
    enclosure = suprema.supremum(h, region, gap=1e-6, report=report)
    assert enclosure.evidence["method"] == "boxes" and enclosure.evidence["interrupted"]
    assert (enclosure.lower, enclosure.upper) == told[-1][1:]


# -- Ctrl-C among many student nodes --------------------------------------------------------------------------------


def interrupting(monkeypatch, at, swallowed):
    """The search number `at` is interrupted, inside (as searches are) or outside of what catches it.   -> calls made"""
    calls, real = [], suprema._searched

    def searched(*arguments, **limits):
        calls.append(arguments)
        if len(calls) != at:
            return real(*arguments, **limits)
        if swallowed:
            return replace(real(*arguments, **limits), evidence={"interrupted": True})
        raise KeyboardInterrupt

    monkeypatch.setattr(suprema, "_searched", searched)
    return calls


@pytest.mark.parametrize("swallowed", [True, False])
def test_an_interrupt_ends_the_searches_of_all_student_nodes_and_leaves_valid_enclosures(swallowed, monkeypatch):
    problem = restricted(split(4, 9, 1e-2))
    truth = suprema.gradient_suprema(problem, gap=1e-6)
    assert not any(enclosure.interrupted for enclosure in truth)
    calls = interrupting(monkeypatch, 2, swallowed)
    enclosures = suprema.gradient_suprema(problem, gap=1e-6)
    assert len(calls) == 2 and len(enclosures) == 18
    assert [enclosure.interrupted for enclosure in enclosures] == [False] + 17 * [True]
    assert all(a.lower <= b.upper and b.lower <= a.upper for a, b in zip(enclosures, truth, strict=True))
    assert enclosures[0].upper <= truth[0].upper * (1 + 1e-6) and enclosures[3].upper > 2 * truth[3].upper
    with pytest.raises(KeyboardInterrupt):
        suprema.uninterrupted(enclosures)
    assert suprema.uninterrupted(truth) is truth


def test_an_interrupt_before_any_search_leaves_the_crude_bound(monkeypatch):
    problem = restricted(split(4, 2, 1e-2))
    h, region = problem.gradient(problem.student[0]), problem.region
    closest = suprema.supremum(h, region)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(suprema, "vanishes", interrupted)
    for enclosure in (suprema.supremum(h, region), suprema.gradient_suprema(problem)[0]):
        assert enclosure.interrupted and 0 <= enclosure.lower <= closest.upper <= enclosure.upper


def test_a_check_that_was_interrupted_says_so_and_whatever_loops_over_checks_stops(monkeypatch, capsys, tmp_path):
    path = tmp_path / "instance.json"
    path.write_text(split(4, 9, 1e-2, outputs=1).to_json())
    whole = json.loads(_printed(capsys, path, 0))

    def results(function, jobs, workers):
        yield function(*jobs[0])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(suprema, "results", results)
        part = json.loads(_printed(capsys, path, 130))
    assert part["gradient"]["per_student"][0] == whole["gradient"]["per_student"][0]
    assert part["gradient"]["lower"] <= whole["gradient"]["upper"] <= part["gradient"]["upper"]
    assert part["gradient"]["upper"] > 2 * whole["gradient"]["upper"] and len(part["verdicts"]) == len(whole["verdicts"])
    instance, question = Instance.from_json(path.read_text()), hunt_judge.Question("theorem-2", "printed")
    monkeypatch.setattr(verify, "instances", lambda case: [SimpleNamespace(instance=instance)])
    monkeypatch.setattr(sweep, "instance", lambda cell: (instance, 0.0))
    for command in (
        lambda: certificate(instance),
        lambda: verify.examined(SimpleNamespace(gap=1e-3)),
        lambda: sweep.rows({}, 1e-3),
        lambda: hunt_judge.confirmed(question, instance),
        lambda: hunt_judge.judged(question, instance),
    ):
        interrupting(monkeypatch, 1, swallowed=True)
        with pytest.raises(KeyboardInterrupt):
            command()


def _printed(capsys, path, status):
    assert main(["check", str(path), "--json"]) == status
    captured = capsys.readouterr()
    assert ("interrupted: this is what was proved by then" in captured.err) is (status == 130)
    return captured.out
