"""Every result says which commits of the code contributed to it, a resumed one all of them."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess

import pytest
import torch

from cifar import files as state
from cifar.report import results
from cifar.report import write as report
from cifar.report.write import facts, whole
from cifar.runs import execute as runs
from cifar.runs import queue
from cifar.runs import world as checkout
from cifar.runs.world import shared_world

from .. import made, tiny_runs
from ..report import made_results as cifar_results

GIT = shutil.which("git")
needs_git = pytest.mark.skipif(GIT is None, reason="needs git")


def git(folder, *arguments):
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("GIT_")}, "HOME": str(folder)}
    done = subprocess.run(
        [GIT, "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def package(tmp_path):
    """A committed checkout of one package and a note."""
    folder = tmp_path / "checkout" / "cifar"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (tmp_path / "checkout" / "notes.txt").write_text("first")
    git(folder.parent, "init", "-q")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "-qm", "first")
    return folder


@needs_git
def test_the_commit_is_the_head_of_the_packages_checkout(package):
    assert checkout.commit(package) == git(package, "rev-parse", "HEAD")
    (package.parent / "notes.txt").write_text("second")
    assert checkout.commit(package) == git(package, "rev-parse", "HEAD")


@needs_git
@pytest.mark.parametrize("name", ["__init__.py", "new.py"])
def test_code_that_is_not_committed_is_marked(package, name):
    (package / name).write_text("x = 1")
    assert checkout.commit(package) == git(package, "rev-parse", "HEAD") + "-dirty"


@needs_git
def test_another_repository_named_in_the_environment_changes_nothing(package, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert checkout.commit(package) == git(package, "rev-parse", "HEAD")


@needs_git
def test_without_a_checkout_of_its_own_a_package_has_no_commit(package, tmp_path):
    outside = tmp_path / "installed" / "cifar"
    outside.mkdir(parents=True)
    (outside / "__init__.py").write_text("")
    assert checkout.commit(outside) is None
    foreign = package.parent / "site-packages" / "cifar"  # in somebody else's checkout, unknown to it
    foreign.mkdir(parents=True)
    (foreign / "__init__.py").write_text("")
    assert checkout.commit(foreign) is None


def test_without_git_a_package_has_no_commit(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert checkout.commit() is None


def interrupted(out, commits, every=4):
    """A run that one checkout begins and others continue; the last ends it."""
    grid = tiny_runs.grid()
    for place, commit in enumerate(commits, start=1):
        looks, last = iter(range(10_000)), place == len(commits)
        world = shared_world(
            out,
            made.made_cifar(tiny_runs.TRAIN, tiny_runs.TEST),
            torch.device("cpu"),
            commit=commit,
            stop=lambda looks=looks, last=last: next(looks) == every and not last,
        )
        assert runs.execute(grid["teacher"], grid, world) is last


def timing(out):
    return json.loads((out / "runs/teacher/epoch-2.time.json").read_text())


@pytest.mark.parametrize("commits", ["abc", [1], {"a": 1}])
def test_commits_that_are_no_list_of_names_are_not_believed(tmp_path, commits):
    stored(tmp_path, "at", commits)
    assert results.read(tmp_path).get("at@300").timing == {}


@pytest.mark.parametrize(
    ("commits", "recorded"),
    [(["a"], ["a"]), (["a", "b"], ["a", "b"]), (["a", "b", "a"], ["a", "b"]), ([None], [None]), (["a", None], ["a", None])],
)
def test_a_result_lists_the_commits_that_contributed_to_it(tmp_path, commits, recorded):
    interrupted(tmp_path / "out", commits, every=2)
    assert timing(tmp_path / "out")["commits"] == recorded
    interrupted(tmp_path / "whole", ["other"])
    for name in ("epoch-2.json", "epoch-2.pt"):
        assert (tmp_path / "out/runs/teacher" / name).read_bytes() == (tmp_path / "whole/runs/teacher" / name).read_bytes()


def test_a_state_that_records_no_commit_makes_the_result_say_so(tmp_path):
    grid = tiny_runs.grid()
    world = shared_world(
        tmp_path, made.made_cifar(tiny_runs.TRAIN, tiny_runs.TEST), torch.device("cpu"), commit="c", stop=lambda: True
    )
    assert not runs.execute(grid["surrogate"], grid, world)
    path = tmp_path / "state" / "surrogate.pt"
    saved = state.load_tensors(path)
    assert saved.pop("commits") == ["c"]
    state.save_tensors(path, saved)
    assert runs.execute(grid["surrogate"], grid, dataclasses.replace(world, stop=lambda: False))
    stored = json.loads((tmp_path / "runs/surrogate/epoch-1.time.json").read_text())
    assert stored["commits"] == ["unknown", "c"]


def test_a_world_knows_the_commit_of_the_code_it_runs(tmp_path, monkeypatch):
    monkeypatch.setattr("cifar.runs.world.commit", lambda: "this one")
    assert tiny_runs.world(tmp_path, queue.Stop()).commit == "this one"


def stored(out, run, commits):
    path = cifar_results.store(out, cifar_results.result(run, 300)).with_suffix(".time.json")
    state.save_json(path, {**state.load_json(path), **({} if commits == "no key" else {"commits": commits})})


def test_the_report_names_the_commits_of_every_run_and_of_all(tmp_path):
    for run, commits in (("at", ["b" * 40]), ("st-logit", ["a" * 40, "b" * 40 + "-dirty"]), ("rft", [None])):
        stored(tmp_path, run, commits)
    told = facts(results.read(tmp_path))
    assert {run["run"]: run["commits"] for run in told["runs"]} == {
        "at": "b" * 12,
        "st-logit": "a" * 12 + ", " + "b" * 12 + "-dirty",
        "rft": "none",
    }
    assert told["circumstances"]["commits of the code"] == "aaaaaaaaaaaa, bbbbbbbbbbbb, bbbbbbbbbbbb-dirty, none"


def test_results_that_record_no_commit_say_so(tmp_path):
    stored(tmp_path, "at", "no key")
    assert facts(results.read(tmp_path))["circumstances"]["commits of the code"] == "unknown"


def test_the_page_shows_the_commits(tmp_path, monkeypatch):
    stored(tmp_path, "st-label", ["c" * 40])
    text = report.document(whole(results.read(tmp_path)), [], {})
    assert text.count("cccccccccccc") == 2
