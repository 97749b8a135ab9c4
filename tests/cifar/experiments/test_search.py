"""`python -m cifar search`: what it trains and on which images, that it resumes, whom its rule names, what it says."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from cifar import commands as cli
from cifar.data import cifar10
from cifar.data.cifar10 import Images
from cifar.experiments import grid, search
from cifar.experiments.search import CANDIDATES, SEEDS, Candidate, Trial
from cifar.runs import queue
from twolayer.files import BadInput

from .. import made
from ..tiny_runs import content

TRAIN, APART, TEST = 48, 16, 6
WIDTHS = {"FOUR": (6, 6, 6, 8), "PRUNED_FOUR": (5, 3, 3, 3), "FIVE": (6,) * 5, "PRUNED_FIVE": (5, 3, 3, 3, 2)}
MADE = made.made_cifar(TRAIN, TEST)
TWO = (Candidate("adam", 1e-3), Candidate("sgd", 1e-3))


def size(images: int) -> SimpleNamespace:
    """Of a search that takes seconds."""
    return SimpleNamespace(held_out=APART, images=images, epochs=1, teacher_images=24, teacher_epochs=1, pruning_epochs=1)


@pytest.fixture(scope="module")
def scaled():
    with pytest.MonkeyPatch.context() as patched:
        for name, widths in WIDTHS.items():
            patched.setattr(grid, name, widths)
        patched.setattr(search, "CANDIDATES", TWO)
        patched.setitem(search.SIZES, "demo", size(16))
        students = {**grid.PROFILES["demo"].students, "batch": 8, "steps": 1, "eval_steps": 2, "eval_batch": 5}
        teacher = {**grid.PROFILES["demo"].teacher, "batch": 8}
        patched.setitem(grid.PROFILES, "demo", dataclasses.replace(grid.PROFILES["demo"], students=students, teacher=teacher))
        patched.setattr(cifar10, "load", lambda *_, **__: MADE)
        yield


def command(out: Path, *more: str) -> int:
    return cli.main(["search", "--data", "unused", "--out", str(out), "--profile", "demo", "--jobs", "1", *more])


@pytest.fixture(scope="module")
def whole(scaled, tmp_path_factory) -> Path:
    """A directory with a search that nothing interrupted."""
    out = tmp_path_factory.mktemp("whole")
    assert command(out) == 0
    return out


@pytest.mark.parametrize("profile", ["paper", "standard", "demo"])
def test_the_students_are_the_profiles_own_but_for_what_is_searched_and_how_long(profile):
    runs, profiles, size = search.searched_runs(profile), grid.grid(profile), search.SIZES[profile]
    assert list(runs)[:2] == ["search-teacher", "search-pruned"] and len(runs) == 2 + len(CANDIDATES) * len(SEEDS) * 2
    length = {"name", "checkpoints", "horizon", "warmup", "images", "test_images", "attacks", "surrogate"}
    for run in runs.values():
        like = {"search-teacher": "teacher", "search-pruned": "pruned"}.get(run.name) or search.KINDS[run.name[-2:]]
        changed = {field for field, value in run.record.items() if value != profiles[like].record[field]}
        assert changed <= length | {"start", "teacher", "seed", "optimiser", "lr"}
        assert run.horizon == run.epochs and run.images + size.held_out <= 50000 and run.test_images == size.held_out
        assert all(need.startswith("search-") for need in run.needs)


def test_the_images_held_out_are_the_last_training_images_and_no_test_image_is_among_them():
    apart = search.held_out(MADE, APART)
    assert torch.equal(torch.cat([apart.train.pixels, apart.test.pixels]), MADE.train.pixels)
    assert torch.equal(torch.cat([apart.train.labels, apart.test.labels]), MADE.train.labels)
    assert len({MADE.digest, apart.digest, search.held_out(MADE, APART + 1).digest}) == 3
    for count in (0, TRAIN, TRAIN + 1):
        with pytest.raises(BadInput, match=f"{count} images cannot be held out of {TRAIN} training images"):
            search.held_out(MADE, count)


def test_the_test_images_change_no_byte(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(cifar10, "load", lambda *_, **__: dataclasses.replace(MADE, test=made.made_images(TEST, 99)))
    assert command(tmp_path) == 0
    assert content(tmp_path / "search") == content(whole / "search")


def test_the_images_held_out_change_what_is_measured_and_no_weight(whole, tmp_path, monkeypatch):
    others = made.made_images(APART, 99)
    pixels = torch.cat([MADE.train.pixels[:-APART], others.pixels])
    images = Images(pixels, torch.cat([MADE.train.labels[:-APART], others.labels]))
    monkeypatch.setattr(cifar10, "load", lambda *_, **__: dataclasses.replace(MADE, train=images))
    assert command(tmp_path) == 0
    assert content(tmp_path / "search", "*.pt") == content(whole / "search", "*.pt")
    before, after = content(whole / "search", "*.json"), content(tmp_path / "search", "*.json")
    assert all(after[name] != result for name, result in before.items())


class Interrupting(queue.Stop):
    """Stops each command at its eleventh look."""

    looks = 0

    def __call__(self) -> bool:
        self.looks += 1
        return super().__call__() or self.looks >= 11


def test_a_search_that_is_interrupted_again_and_again_ends_at_the_same_bytes(whole, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(queue, "Stop", Interrupting)
    pieces = 0
    while not (tmp_path / "search.md").exists():
        assert command(tmp_path) == (0 if (tmp_path / "search.md").exists() else 3) and pieces < 100
        pieces += 1
    assert pieces > 3 and "runs unfinished; the same command continues" in capsys.readouterr().err
    assert content(tmp_path / "search") == content(whole / "search")


def test_the_page_and_the_terminal_name_the_winner(whole, capsys):
    before = {path: path.stat().st_mtime_ns for path in (whole / "search/runs").rglob("*")}
    assert command(whole) == 0  # again: told, and not computed
    assert before == {path: path.stat().st_mtime_ns for path in (whole / "search/runs").rglob("*")}
    text, told = (whole / "search.md").read_text(), capsys.readouterr().out
    assert text.count("\n| adam | 0.001 |") == 2 and "part under the attack linf (rule any). The candidate with" in text
    assert "Winner: " in text and "Winner: " in told


def test_more_images_than_there_are_is_one_clear_line(scaled, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(search.SIZES, "demo", size(40))
    assert command(tmp_path) == 2
    assert "search trains on 40 images and holds 16 others out; --data has 48" in capsys.readouterr().err


def trials(scores: dict[Candidate, tuple[float, float]]) -> list[Trial]:
    """Two seeds of each candidate; those that are not named have scores of 9."""
    return [Trial(each, score, ()) for each in CANDIDATES for score in scores.get(each, (9.0, 9.0))]


def test_the_least_geometric_mean_wins_and_those_within_the_noise_are_named():
    """By hand: 1 x 4 and 2 x 3; noise is the median of 4, 1.5, 1, 1, 1, 1."""
    given = trials({Candidate("adam", 1e-3): (1.0, 4.0), Candidate("adam", 3e-3): (2.0, 3.0)})
    told = search.verdict("paper", given)
    assert "Winner: adam 0.001 (score 2); noise between seeds: a factor of 1.000; within it: no other." in told
    assert "has these values" in told
    closer = trials({each: (1.0, 1.2) for each in CANDIDATES})
    assert "within it: adam 0.001, adam 0.003, sgd 0.0001, sgd 0.0003, sgd 0.001" in search.verdict("paper", closer)


def test_a_candidate_of_which_a_student_diverged_is_last():
    given = trials({Candidate("adam", 1e-3): (1.0, math.inf), Candidate("sgd", 1e-3): (8.0, 8.0)})
    assert "Winner: sgd 0.001" in search.verdict("paper", given)
    assert search.verdict("paper", [Trial(each, math.inf, ()) for each in CANDIDATES for _ in SEEDS]) == ""
