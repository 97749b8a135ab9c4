"""`python -m cifar search`: what it trains, that it resumes and is carried elsewhere, what it writes and says."""

from __future__ import annotations

import dataclasses
import json
import signal
from pathlib import Path

import pytest
import torch

from cifar import __main__ as cli
from cifar.data import cifar10 as data
from cifar.experiments import grid as experiments
from cifar.experiments import search
from cifar.experiments import search_outcome as searched
from cifar.experiments import search_rule as candidates
from cifar.experiments.search_rule import Candidate
from cifar.report import results
from cifar.runs import queue

from .. import made
from .. import tiny_search as tiny
from ..tiny_search import APART, FIRST, SIZE, TRAIN, command, content

ROOT = Path(__file__).parents[3]
SIZES, LOAD = dict(search.SIZES), data.load  # the real ones


@pytest.fixture(scope="module")
def scaled():
    with tiny.scaled():
        yield


@pytest.fixture(scope="module")
def whole(scaled, tmp_path_factory) -> Path:
    """A directory with a search that nothing interrupted."""
    out = tmp_path_factory.mktemp("whole")
    assert command(out) == 0
    return out


@pytest.fixture(scope="module")
def stored(whole):
    return json.loads((whole / "search.json").read_text())


# What is trained and measured.


@pytest.mark.parametrize("profile", ["paper", "demo"])
def test_the_students_are_the_profiles_own_but_for_what_is_searched_and_how_long(monkeypatch, profile):
    monkeypatch.setattr(search, "SIZES", SIZES)
    candidate = Candidate("sgd", 0.5, 256, "constant", 1)
    found, known = search.grid(profile, [candidate]), experiments.grid(profile)
    shorter = {"name", "checkpoints", "horizon", "images", "test_images", "attacks", "surrogate"}
    assert list(found) == ["search-teacher", "search-pruned", f"search-{candidate.name}-st", f"search-{candidate.name}-at"]
    for run, like in zip(found.values(), ("teacher", "pruned", "st-logit", "at"), strict=True):
        changed = {field for field, value in run.record.items() if value != known[like].record[field]}
        searched_too = {"optimiser", "lr", "batch", "schedule", "seed", "teacher", "steps", "step"}
        assert changed <= shorter | ({"start"} if like == "pruned" else set() if like == "teacher" else searched_too)
        assert run.images + SIZES[profile].held_out <= 50000 and run.test_images == SIZES[profile].held_out
        assert run.horizon == run.epochs and run.attacks == () and all(need.startswith("search-") for need in run.needs)
        assert run.role != "student" or {**candidate.choice, "seed": 1}.items() <= run.record.items()


def test_long_runs_have_the_st_student_alone_whose_distance_is_the_score(stored, whole):
    long = [trial for trial in stored["trials"] if trial["long"]]
    assert {trial["schedule"] for trial in long} == {"cosine", "constant"} and len(long) == 2
    for trial in long:
        assert "at" not in trial and trial["score"] == trial["st"]["clean"]["logit_distance"]
        result = json.loads((whole / f"search/runs/search-{trial['name']}-st/epoch-2.json").read_text())
        trained = result["config"]["settings"]
        assert (trained["images"], trained["horizon"]) == (SIZE.long_images, SIZE.long_epochs)
    assert stored["decision"]["winner"]["schedule"] == min(long, key=lambda trial: trial["score"])["schedule"]


# That it resumes.


class Interrupting(queue.Stop):
    """Stops each command at its n-th look."""

    after, looks = 6, 0

    def __call__(self) -> bool:
        self.looks += 1
        return super().__call__() or self.looks >= self.after


@pytest.mark.parametrize("after", [6, 11])
def test_a_search_that_is_interrupted_again_and_again_ends_at_the_same_bytes(whole, tmp_path, monkeypatch, capsys, after):
    monkeypatch.setattr(queue, "Stop", type("Stop", (Interrupting,), {"after": after}))
    pieces, partly = 0, 0
    while not (tmp_path / "search.json").exists():
        assert command(tmp_path) == 0 and pieces < 200
        pieces += 1
        partly += bool(list((tmp_path / "search/state").glob("*.attacked.json")))
    assert pieces > 5 and partly > 0
    assert "candidates of this step unfinished" in capsys.readouterr().err
    assert content(tmp_path) == content(whole)
    assert not list((tmp_path / "search/state").iterdir())


def test_a_finished_search_is_told_again_and_not_computed_again(whole, tmp_path, capsys):
    before = {path: path.stat().st_mtime_ns for path in (whole / "search/runs").rglob("*")}
    text = (whole / "search.json").read_bytes()
    assert command(whole) == 0
    assert before == {path: path.stat().st_mtime_ns for path in (whole / "search/runs").rglob("*")}
    assert (whole / "search.json").read_bytes() == text and "winner: " in capsys.readouterr().out


def test_a_time_limit_stops_it_and_a_signal_is_its_status(scaled, tmp_path, monkeypatch, capsys):
    assert command(tmp_path, "--time-limit", "0") == 0
    assert f"stopped with 2 candidates of this step unfinished ({FIRST[0].name}, {FIRST[1].name})" in capsys.readouterr().err
    monkeypatch.setattr(queue, "Stop", lambda deadline: Interrupting(by=signal.SIGTERM))
    assert command(tmp_path) == 128 + signal.SIGTERM


def test_the_report_sees_nothing_of_a_search(whole):
    seen = results.read(whole)
    assert not seen.checkpoints and not seen.left_out and not seen.failures


# What it says.


def test_the_page_has_a_row_for_every_candidate_and_names_rule_images_winner_and_machine(whole, stored):
    page = (whole / "search.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(stored["trials"]) and all(sentence in page for sentence in candidates.RULE)
    steps = [row.split("|")[1].strip() for row in rows]
    assert steps == sorted(steps) and set(steps) == set("1234")  # what an earlier step has tried is not tried again
    winner = stored["decision"]["winner"]
    for words in (
        f"last {APART} training images (source: unknown)",
        f"Winner: {searched.in_words(winner)}",
        torch.__version__,
        stored["circumstances"]["commits"][0],
    ):
        assert words in page
    assert stored["data"]["test"] == APART and stored["runs"]["search-teacher"]["images"] == 16
    assert stored["circumstances"]["seconds in all"] > 0


def test_candidates_that_diverge_count_last_and_stop_no_others(scaled, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(candidates, "RATES", {"adam": (1e-3,), "sgd": (1e30,)})
    assert command(tmp_path) == 0
    first, second = json.loads((tmp_path / "search.json").read_text())["trials"][:2]
    assert first["score"] > 0 and second["score"] is None and "st" not in second and "at" not in second
    assert second["diverged"] == {"st": "diverged in epoch 1", "at": "diverged in epoch 1"}
    row = next(line for line in (tmp_path / "search.md").read_text().splitlines() if line.startswith("| 1 | sgd"))
    assert row == "| 1 | sgd | 1e+30 | 4 | cosine | 0 | diverged in epoch 1 |  | diverged in epoch 1 |  | last |  |  |"


def test_where_every_candidate_diverges_nothing_is_decided_and_the_status_is_one(scaled, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(candidates, "RATES", {"sgd": (1e30,)})
    assert command(tmp_path) == 1
    assert "no candidate finished with every seed" in capsys.readouterr().err
    assert json.loads((tmp_path / "search.json").read_text())["decision"] is None
    assert "Nothing is decided" in (tmp_path / "search.md").read_text()


def test_where_the_teacher_diverges_no_candidate_is_blamed_and_the_status_is_one(scaled, tmp_path, monkeypatch, capsys):
    broken = dataclasses.replace(SIZE, teacher={**SIZE.teacher, "optimiser": "sgd", "lr": 1e30, "warmup": 0.0})
    monkeypatch.setitem(search.SIZES, "demo", broken)
    for _ in range(2):
        assert command(tmp_path) == 1
        last = capsys.readouterr().err.strip().splitlines()[-1]
        assert "search-teacher diverged in epoch 1" in last and f"delete {tmp_path}/search/state/search-teacher.json" in last
    assert not (tmp_path / "search.json").exists()


def test_the_command_says_which_values_of_the_paper_profile_differ_from_the_winners():
    students = experiments.grid("paper")["at"]
    same = {field: getattr(students, field) for field in ("optimiser", "lr", "batch", "schedule")}
    assert searched.differences(same) == {} and searched.asked(same).endswith("experiments.py has these values")
    other = {**same, "batch": 999, "lr": 0.5}
    assert searched.differences(other) == {"batch": (students.batch, 999), "lr": (students.lr, 0.5)}
    assert f"has other values: lr {students.lr} -> 0.5; batch {students.batch} -> 999" in searched.asked(other)


def test_the_paper_profile_trains_its_students_as_the_stored_search_asks():
    found = json.loads((ROOT / "cifar/results/search/search.json").read_text())
    assert searched.differences(found["decision"]["winner"]) == {}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--time-limit", "-1"], "--time-limit must be 0 or more; got -1.0"),
        (["--time-limit", "nan"], "--time-limit must be 0 or more; got nan"),
        (["--jobs", "0"], "--jobs must be 1 or more; got 0"),
        (["--threads", "0"], "--threads must be 1 or more; got 0"),
        ([], "search trains on 45000 images and holds 5000 others out; --data has 20 training images"),
        (["--data", "nowhere", "--no-download"], "no CIFAR-10 in nowhere"),
        (["--out", "file"], "--out file cannot be written"),
    ],
)
def test_bad_input_is_one_clear_line_and_status_two(tmp_path, monkeypatch, capsys, more, message):
    monkeypatch.chdir(tmp_path)
    made.binary_folder(tmp_path / "made")
    Path("file").write_bytes(b"x")
    monkeypatch.setattr(data, "load", LOAD)
    assert cli.main(["search", "--data", "made", "--out", "O", *more]) == 2
    captured = capsys.readouterr()
    assert message in captured.err and len(captured.err.strip().splitlines()) == 1 and captured.out == ""


def test_images_must_do_for_training_and_for_holding_out(scaled, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(search.SIZES, "demo", dataclasses.replace(SIZE, held_out=TRAIN - 31))
    assert command(tmp_path) == 2
    assert "search trains on 32 images and holds 17 others out; --data has 48 training images" in capsys.readouterr().err
