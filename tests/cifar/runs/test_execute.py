"""A run survives anything: kill -9, signals, time limits, lost caches; its results are the same bytes."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest
import torch

from cifar import commands as cli
from cifar import files as state
from cifar.data import cifar10 as data
from cifar.data import patches
from cifar.experiments import grid as experiments
from cifar.measures import robustness
from cifar.report import results
from cifar.runs import execute as runs
from cifar.runs import paths as places
from cifar.runs import queue
from cifar.runs.run import Run
from cifar.runs.world import SAVE_EVERY
from twolayer.files import BadInput
from twolayer.process import STOPPED

from .. import made, tiny_runs
from ..tiny_runs import content

KILLS = 6  # of a process that works for about ten seconds, at random moments
PATIENCE = 240  # seconds for a process that works for about ten, on a busy machine


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, bytes]:
    """What the tiny grid gives when nothing interrupts it, in one worker."""
    out = tmp_path_factory.mktemp("whole")
    torch.set_num_threads(1)
    stop = queue.Stop()
    assert queue.work_off(tiny_runs.grid(), tiny_runs.grid(), tiny_runs.world(out, stop), stop, workers=1) == []
    return content(out)


@pytest.fixture(scope="module")
def process():
    """A process that executes tiny runs, forked from one that has imported all they need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([tiny_runs.__name__])

    def begun(out: Path, *names: str):
        working = context.Process(target=tiny_runs.ended, args=(str(out), "0.05", *names))
        working.start()
        return working

    return begun


def test_a_process_killed_at_random_moments_ends_at_the_same_bytes(tmp_path, whole, process):
    rng = random.Random(0)
    killed = 0
    for attempt in range(KILLS + 1):
        working = process(tmp_path)
        working.join(rng.uniform(0.3, 1.2) if attempt < KILLS else PATIENCE)
        if working.exitcode is not None:
            break
        working.kill()
        working.join()
        killed += 1
    assert working.exitcode == 0 and killed >= 3
    assert content(tmp_path) == whole
    assert not list((tmp_path / "state").glob("*")) and not list((tmp_path / "cache").iterdir())


class Interruptions:
    """Stops the run at every n-th look, so that each look is once the last."""

    def __init__(self, every: int) -> None:
        self.every, self.looks = every, 0

    def __call__(self) -> bool:
        self.looks += 1
        return self.looks % self.every == 0


@pytest.mark.parametrize("name", ["pruned", "at", "in-plane", "ccat", "rft"])
def test_a_run_interrupted_after_every_second_batch_ends_at_the_same_bytes(tmp_path, whole, name):
    grid = tiny_runs.grid()
    needed = [need.partition("@")[0] for need in experiments.selected([name], grid) if need != name]
    for path, stored in whole.items():
        if path.split("/")[1] in needed:
            state.written(tmp_path / path, stored)
    interruptions, times = Interruptions(2), 0
    while not runs.execute(grid[name], grid, tiny_runs.world(tmp_path, interruptions)):  # type: ignore[arg-type]
        times += 1
        assert (tmp_path / "state" / f"{name}.pt").is_file() and times < 100
    assert times >= 3
    mine = {path: stored for path, stored in content(tmp_path).items() if path.startswith(f"runs/{name}/")}
    assert mine == {path: stored for path, stored in whole.items() if path.startswith(f"runs/{name}/")}


def test_a_crash_between_a_result_and_the_next_save_leaves_nothing_of_it_in_later_results(tmp_path, whole):
    grid, path = tiny_runs.grid(), tmp_path / "state" / "at.measures.pt"
    for file, stored in whole.items():
        if "/at/" not in file:
            state.written(tmp_path / file, stored)
    last = b""
    while not (tmp_path / "runs" / "at" / "epoch-2.json").is_file():
        assert not runs.execute(grid["at"], grid, tiny_runs.world(tmp_path, Interruptions(1)))  # type: ignore[arg-type]
        last = path.read_bytes() if path.is_file() and "linf" in state.load_tensors(path)["parts"] else last
    state.written(path, last)  # as it was when the first checkpoint's result had not been stored
    assert runs.execute(grid["at"], grid, tiny_runs.world(tmp_path, queue.Stop()))
    assert content(tmp_path) == whole


def test_what_was_trained_alone_is_measured_later_to_the_same_bytes(tmp_path, whole):
    grid, stop = tiny_runs.grid(), queue.Stop()
    world = dataclasses.replace(tiny_runs.world(tmp_path, stop), measures=False)
    assert queue.work_off(grid, grid, world, stop, workers=1) == []
    assert content(tmp_path) == {path: stored for path, stored in whole.items() if path.endswith(".pt")}
    before = json.loads((tmp_path / "runs/at/epoch-3.time.json").read_text())["seconds"]
    assert before["train"] > 0 and before["evaluate"] == 0
    assert queue.work_off(grid, grid, tiny_runs.world(tmp_path, stop), stop, workers=1) == []
    assert content(tmp_path) == whole and not list((tmp_path / "state").glob("*"))
    after = json.loads((tmp_path / "runs/at/epoch-3.time.json").read_text())["seconds"]
    assert after["train"] == before["train"] and after["evaluate"] > 0 and after["processor"] > before["processor"]


def test_a_run_asked_for_other_measures_is_measured_anew_and_not_trained(tmp_path, monkeypatch, whole):
    grid = tiny_runs.grid()
    for path, stored in whole.items():
        state.written(tmp_path / path, stored)
    monkeypatch.setattr(runs, "train", lambda *_: pytest.fail("trained again"))
    other = grid["at"].altered(attacks=((300, ("fgsm",)),), test_images=10)
    assert runs.execute(other, grid, tiny_runs.world(tmp_path, queue.Stop()))
    result = json.loads((tmp_path / "runs/at/epoch-3.json").read_text())
    assert (
        set(result["attacks"]) == {"fgsm"} and result["clean"]["images"] == 10 and result["config"]["settings"] == other.record
    )
    assert runs.execute(grid["at"], grid, tiny_runs.world(tmp_path, queue.Stop()))
    assert content(tmp_path) == whole


def test_an_attack_asked_for_later_is_all_that_is_measured_then(tmp_path, monkeypatch, whole):
    grid = tiny_runs.grid()
    for path, stored in whole.items():
        state.written(tmp_path / path, stored)
    asked = [(epoch, attacks) for epoch, attacks in grid["at"].attacks if attacks]
    fewer = grid["at"].altered(attacks=tuple((epoch, attacks[1:]) for epoch, attacks in asked))
    assert runs.execute(fewer, grid, tiny_runs.world(tmp_path, queue.Stop()))
    evaluate, names = robustness.evaluate, []

    def noted(*networks, attacks, **options):
        names.extend(attacks)
        return evaluate(*networks, attacks=attacks, **options)

    monkeypatch.setattr(robustness, "evaluate", noted)
    assert runs.execute(grid["at"], grid, tiny_runs.world(tmp_path, queue.Stop()))
    assert names == [attacks[0] for _, attacks in asked] and any(attacks[1:] for _, attacks in asked)
    assert content(tmp_path) == whole


def test_robust_images_are_made_again_where_the_cache_is_lost(tmp_path, whole):
    grid = tiny_runs.grid()
    for path, stored in whole.items():
        if "/rft/" not in path:
            state.written(tmp_path / path, stored)
    assert not runs.execute(grid["rft"], grid, tiny_runs.world(tmp_path, Interruptions(3)))  # type: ignore[arg-type]
    shutil.rmtree(tmp_path / "cache" / "rft")
    assert runs.execute(grid["rft"], grid, tiny_runs.world(tmp_path, queue.Stop()))
    assert content(tmp_path) == whole


def test_results_depend_on_neither_the_number_of_workers_nor_the_order(tmp_path, whole):
    stop = queue.Stop()
    backwards = dict(reversed(tiny_runs.grid().items()))
    assert queue.work_off(backwards, tiny_runs.grid(), tiny_runs.world(tmp_path, stop), stop, workers=3) == []
    assert content(tmp_path) == whole


def test_a_signal_saves_and_the_same_command_continues(tmp_path, whole, process):
    path, deadline, before = tmp_path / "state" / "teacher.pt", time.monotonic() + PATIENCE, b""
    for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        working = process(tmp_path, "teacher")
        while not (path.is_file() and path.read_bytes() != before) and time.monotonic() < deadline:
            time.sleep(0.005)
        os.kill(working.pid, number)
        working.join(PATIENCE)
        assert working.exitcode == status
        saved = state.load_tensors(path)["training"]
        assert saved["epoch"] + saved["batch"] > 0
        before = path.read_bytes()
    working = process(tmp_path, "teacher")
    working.join(PATIENCE)
    assert working.exitcode == 0
    assert content(tmp_path) == {path: stored for path, stored in whole.items() if "/teacher/" in path}


def test_the_state_is_written_as_often_as_asked(tmp_path, monkeypatch):
    grid, writes = tiny_runs.grid(), []
    monkeypatch.setattr(Run, "save", lambda run: run.training and writes.append(run.training.batch))
    runs.execute(grid["surrogate"], grid, tiny_runs.world(tmp_path, queue.Stop(), save_every=0.0))
    assert writes[:6] == [1, 2, 3, 4, 5, 0]
    writes.clear()
    runs.execute(grid["teacher"], grid, tiny_runs.world(tmp_path, queue.Stop(), save_every=1000.0))
    assert writes == []


def test_the_save_interval_leaves_room_below_a_minute():
    assert SAVE_EVERY <= 30


def test_results_of_other_settings_are_not_taken_for_finished(tmp_path):
    grid, stop = tiny_runs.grid(), queue.Stop()
    assert runs.execute(grid["surrogate"], grid, tiny_runs.world(tmp_path, stop))
    with pytest.raises(BadInput, match="was computed with other settings; use another --out"):
        runs.execute(grid["surrogate"].altered(lr=0.01), grid, tiny_runs.world(tmp_path, stop))


def test_state_of_other_settings_is_refused(tmp_path):
    grid = tiny_runs.grid()
    assert not runs.execute(grid["surrogate"], grid, tiny_runs.world(tmp_path, Interruptions(1)))  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="was begun with other settings"):
        runs.execute(grid["surrogate"].altered(lr=0.01), grid, tiny_runs.world(tmp_path, queue.Stop()))


def test_neither_results_nor_state_of_other_images_are_gone_on_with(tmp_path):
    grid, stop = tiny_runs.grid(), queue.Stop()
    world = tiny_runs.world(tmp_path, stop)
    others = dataclasses.replace(world, data=data.Cifar10(world.data.train, world.data.test, "jpeg", "others"))
    assert not runs.execute(grid["surrogate"], grid, dataclasses.replace(world, stop=lambda: True))
    with pytest.raises(BadInput, match=r"surrogate\.pt was begun with other images; use another --out"):
        runs.execute(grid["surrogate"], grid, others)
    assert runs.execute(grid["surrogate"], grid, world)
    for again in (
        lambda: runs.execute(grid["surrogate"], grid, others),
        lambda: queue.work_off({"surrogate": grid["surrogate"]}, grid, others, stop, workers=1),
    ):
        with pytest.raises(BadInput, match=r"epoch-1\.json was computed from other images; use another --out"):
            again()


def test_a_result_holds_its_settings_and_says_what_the_images_are(whole):
    result = json.loads(whole["runs/at/epoch-3.json"])
    assert (result["run"], result["epoch"], result["paper_epoch"]) == ("at", 3, 300)
    assert result["config"]["settings"] == tiny_runs.grid()["at"].record
    assert result["config"]["data"] == {"source": "unknown", "sha256": "made", "train": 48, "test": 12}
    assert set(result["attacks"]) == {"linf", "transfer", "fgsm"} and len(result["loss"]) == 3
    assert set(json.loads(whole["runs/at/epoch-2.json"])["attacks"]) == {"linf"}
    assert len(result["specialisation"]["layers"]) == 2 and 0 <= result["clean"]["agreement"] <= 1
    assert json.loads(whole["runs/teacher/epoch-2.json"])["specialisation"] is None


def test_the_patch_spectrum_is_computed_once_and_again_for_other_images(tmp_path, monkeypatch):
    images, computed = made.made_cifar(20, 4), []
    real = patches.spectrum_of
    monkeypatch.setattr(patches, "spectrum_of", lambda sums: computed.append(1) or real(sums))
    first, second = patches.kept_spectrum(tmp_path, images), patches.kept_spectrum(tmp_path, images)
    assert len(computed) == 1
    for name in ("mean", "eigenvalues", "eigenvectors"):
        ours, again = getattr(first, name), getattr(second, name)
        assert (ours == again).all() and ours.strides == again.strides  # products depend on both
    patches.kept_spectrum(tmp_path, data.Cifar10(images.train, images.test, "unknown", "other"))
    assert len(computed) == 2


def test_seconds_are_read_together_with_the_result(tmp_path):
    grid = tiny_runs.grid()
    runs.execute(grid["surrogate"], grid, tiny_runs.world(tmp_path, queue.Stop()))
    (result,) = results.read(tmp_path).checkpoints.values()
    assert result.run == "surrogate" and result.timing["seconds"]["train"] > 0 and result.timing["torch"] == torch.__version__


def test_pruned_weights_are_stored_shrunk(whole, tmp_path):
    state.written(tmp_path / "pruned.pt", whole["runs/pruned/epoch-1.pt"])
    assert places.load_network(tmp_path / "pruned.pt", torch.device("cpu")).widths == (5, 4)


def test_robust_feature_training_goes_on_from_its_start(whole, tmp_path):
    """With a learning rate of zero its weights are those it started from."""
    grid = tiny_runs.grid()
    for path, stored in whole.items():
        state.written(tmp_path / path, stored)
    (tmp_path / "runs" / "rft" / "epoch-4.json").unlink()
    (tmp_path / "runs" / "rft" / "epoch-4.pt").unlink()
    runs.execute(grid["rft"].altered(lr=0.0), grid, tiny_runs.world(tmp_path, queue.Stop()))
    start, end = (state.load_tensors(tmp_path / "runs" / path)["weights"] for path in ("st/epoch-2.pt", "rft/epoch-4.pt"))
    assert all(torch.equal(start[name], end[name]) for name in start)


def test_what_is_copied_to_another_machine_without_its_cache_resumes_to_the_same_bytes(tmp_path, whole):
    grid, first, second = tiny_runs.grid(), tmp_path / "first", tmp_path / "second"
    stop = queue.Stop()
    queue.work_off({"teacher": grid["teacher"], "pruned": grid["pruned"]}, grid, tiny_runs.world(first, stop), stop, workers=1)
    assert not runs.execute(grid["st"], grid, tiny_runs.world(first, Interruptions(3)))  # type: ignore[arg-type]
    shutil.copytree(first, second, ignore=shutil.ignore_patterns("cache"))
    assert queue.work_off(grid, grid, tiny_runs.world(second, stop), stop, workers=2) == []
    assert content(second) == whole


def test_the_command_line_runs_stops_at_its_time_limit_and_resumes(tmp_path, monkeypatch, capsys, whole):
    monkeypatch.setattr(experiments, "grid", lambda profile: tiny_runs.grid())
    monkeypatch.setattr(data, "load", lambda *_, **__: made.made_cifar(tiny_runs.TRAIN, tiny_runs.TEST))
    command = ["run", "ccat", "--data", "unused", "--out", str(tmp_path), "--profile", "demo"]
    assert cli.main([*command, "--time-limit", "0"]) == STOPPED
    assert "stopped with 3 of 3 runs unfinished (teacher, pruned, ccat); the same command continues" in capsys.readouterr().err
    assert cli.main(command) == 0
    assert "3 runs finished" in capsys.readouterr().err
    chosen = ("teacher", "pruned", "ccat")
    assert content(tmp_path) == {path: stored for path, stored in whole.items() if path.split("/")[1] in chosen}
