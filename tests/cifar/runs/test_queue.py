"""The queue: one run's divergence stops no other, another failure stops all, what can never be ready is said."""

from __future__ import annotations

import json
import re
import signal
import threading
import time

import pytest
import torch

from cifar import commands as cli
from cifar import files as state
from cifar.data import cifar10 as data
from cifar.experiments import grid as experiments
from cifar.report import results
from cifar.runs import execute as runs
from cifar.runs import paths, queue
from cifar.runs import paths as places
from cifar.settings import Settings
from twolayer.files import BadInput

from .. import made, tiny_runs

BAD = {"lr": 1e30, "optimiser": "sgd"}


def work(out, grid, names=(), workers=2) -> list[str]:
    stop = queue.Stop()
    chosen = {name: grid[name] for name in names or grid}
    return queue.work_off(chosen, grid, tiny_runs.world(out, stop), stop, workers=workers)


def broken(*names: str) -> dict[str, Settings]:
    """The tiny grid in which some runs diverge at once."""
    return {name: run.altered(**BAD) if name in names else run for name, run in tiny_runs.grid().items()}


def record(out, name: str):
    return state.load_json(out / "state" / f"{name}.json")


def test_a_deadline_stops_every_worker_and_names_what_is_unfinished(tmp_path):
    stop = queue.Stop(deadline=time.monotonic())
    left = queue.work_off(tiny_runs.grid(), tiny_runs.grid(), tiny_runs.world(tmp_path, stop), stop, workers=2)
    assert left == list(tiny_runs.grid())


def test_a_run_that_diverges_is_recorded_and_the_others_go_on(tmp_path):
    grid = broken("surrogate")
    assert work(tmp_path, grid) == []
    failure = record(tmp_path, "surrogate")
    assert (failure["status"], failure["epoch"], failure["settings"]) == ("diverged", 1, grid["surrogate"].record)
    assert re.fullmatch("the mean loss is (inf|nan)", failure["reason"]) and len(failure["commits"]) == 1
    assert {name for name, run in grid.items() if places.finished(tmp_path, run)} == set(grid) - {"surrogate", "at", "rft"}
    assert not (tmp_path / "state" / "surrogate.pt").exists()


@pytest.mark.parametrize("workers", [1, 3])
def test_runs_that_need_one_that_diverged_are_recorded_as_not_run_and_so_are_those_that_need_them(tmp_path, workers):
    grid = broken("surrogate")
    work(tmp_path, grid, workers=workers)
    assert record(tmp_path, "at") == {"run": "at", "status": "not run", "needs": "surrogate@200", "settings": grid["at"].record}
    assert record(tmp_path, "rft")["needs"] == "at@150"
    assert paths.failures(tmp_path, grid)["rft"].words == "not run: needs at@150"
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["at.json", "rft.json", "surrogate.json"]


def test_a_checkpoint_reached_before_the_divergence_is_as_good_as_any(tmp_path):
    """robust-feature training needs at@150 and st@150, which are there when `st` diverges later."""
    grid, real = tiny_runs.grid(), runs.training.learning_rate

    def jump(settings: Settings, epoch: float) -> float:
        return 1e30 if settings.name == "st" and epoch >= 2 else real(settings, epoch)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(runs.training, "learning_rate", jump)
        assert work(tmp_path, grid) == []
    assert record(tmp_path, "st")["epoch"] == 3
    assert places.finished(tmp_path, grid["rft"]) and not places.finished(tmp_path, grid["st"])
    assert (tmp_path / "runs" / "st" / "epoch-2.json").is_file()


@pytest.mark.parametrize(("loss", "told"), [(2.0, None), (float("inf"), "inf"), (float("-inf"), "-inf"), (float("nan"), "nan")])
def test_the_mean_loss_of_each_epoch_is_kept_and_one_that_is_no_number_ends_the_run(tmp_path, monkeypatch, loss, told):
    monkeypatch.setattr(runs.training, "make_step", lambda settings, state, *_: lambda: state.total.add_(loss))
    grid = tiny_runs.grid()
    assert work(tmp_path, grid, ["teacher"]) == []
    if told is None:
        assert json.loads((tmp_path / "runs" / "teacher" / "epoch-2.json").read_text())["loss"] == [2.0, 2.0]
    else:
        assert paths.failures(tmp_path, grid)["teacher"].words == f"diverged in epoch 1: the mean loss is {told}"


@pytest.mark.parametrize("batches", [6, 12])  # the last update of the first epoch, and of the second, which is the last
def test_weights_that_are_not_finite_after_the_last_update_are_not_stored(tmp_path, monkeypatch, batches):
    """Losses are those before an update, so the mean loss of the epoch says nothing of its last."""
    run = tiny_runs.grid()["teacher"].altered(checkpoints=((100, 1), (200, 2)))
    real = runs.training.make_step

    def poisoned(settings, training, *rest):
        step, done = real(settings, training, *rest), []

        def both() -> None:
            step()
            done.append(1)
            if len(done) == batches:
                training.student.head.bias.data[0] = torch.inf

        return both

    monkeypatch.setattr(runs.training, "make_step", poisoned)
    assert work(tmp_path, {"teacher": run}) == []
    failure = record(tmp_path, "teacher")
    assert failure["epoch"] == batches // 6 and "not finite" in failure["reason"]
    assert not places.checkpoint_path(tmp_path, "teacher", batches // 6, places.WEIGHTS).exists()
    assert places.checkpoint_path(tmp_path, "teacher", 1, places.WEIGHTS).exists() == (batches == 12)


def test_a_run_that_diverged_is_not_tried_again_until_its_settings_change_or_its_record_is_deleted(tmp_path, monkeypatch):
    grid, tried = broken("surrogate"), []
    work(tmp_path, grid, ["surrogate"])
    monkeypatch.setattr(queue, "execute", lambda settings, *_: tried.append(settings.name) or True)
    assert work(tmp_path, grid, ["surrogate"]) == [] and tried == []
    assert work(tmp_path, tiny_runs.grid(), ["surrogate"]) == [] and tried == ["surrogate"]
    paths.run_path(tmp_path, "surrogate", paths.FAILURE).unlink()
    assert work(tmp_path, grid, ["surrogate"]) == [] and tried == ["surrogate"] * 2


def test_settings_that_do_not_diverge_mend_everything(tmp_path):
    names = ["teacher", "pruned", "surrogate", "at"]
    work(tmp_path, broken("surrogate"), names)
    grid = tiny_runs.grid()
    assert work(tmp_path, grid, names) == []
    assert all(places.finished(tmp_path, grid[name]) for name in names) and not list((tmp_path / "state").iterdir())


def test_runs_are_worked_on_at_the_same_time_each_on_its_own_number_of_threads(tmp_path, monkeypatch):
    grid, stop, both, threads = tiny_runs.grid(), queue.Stop(), threading.Barrier(2), []

    def together(settings: Settings, *_: object) -> bool:
        both.wait(timeout=20)  # breaks where only one works
        threads.append(torch.get_num_threads())
        return True

    monkeypatch.setattr(queue, "execute", together)
    chosen = {name: grid[name] for name in ("teacher", "surrogate")}
    before = torch.get_num_threads()
    assert queue.work_off(chosen, grid, tiny_runs.world(tmp_path, stop), stop, workers=2, threads=before + 1) == []
    assert threads == [before + 1] * 2
    torch.set_num_threads(before)


def test_signals_are_heard_while_the_queue_works_and_handled_as_before_afterwards():
    before, stop = signal.getsignal(signal.SIGTERM), queue.Stop()
    with stop.on_signals():
        assert not stop()
        signal.raise_signal(signal.SIGTERM)
        assert stop() and stop.by == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before


def test_another_failure_of_a_worker_stops_the_others_and_is_raised(tmp_path, monkeypatch):
    grid, real, stop = tiny_runs.grid(), queue.execute, queue.Stop()

    def failing(settings: Settings, *rest):
        if settings.name == "surrogate":
            raise BadInput("planted")
        return real(settings, *rest)

    monkeypatch.setattr(queue, "execute", failing)
    with pytest.raises(BadInput, match="planted"):
        queue.work_off(grid, grid, tiny_runs.world(tmp_path, stop), stop, workers=2)
    assert stop() and not places.finished(tmp_path, grid["st"])


def test_weights_that_a_finished_run_has_lost_are_one_clear_line_not_an_endless_wait(tmp_path):
    grid = tiny_runs.grid()
    assert work(tmp_path, grid, ["teacher", "surrogate"]) == []
    (tmp_path / "runs" / "teacher" / "epoch-2.pt").unlink()
    with pytest.raises(BadInput, match=r"run pruned needs .*epoch-2\.pt, which is not there .* delete the results"):
        work(tmp_path, grid, ["teacher", "pruned"])


def test_what_was_run_in_this_queue_and_left_no_weights_is_not_waited_for(tmp_path, monkeypatch):
    grid, stop, stopped = tiny_runs.grid(), queue.Stop(), []

    def without_weights(settings: Settings, *_: object) -> bool:
        time.sleep(2 * queue.POLL)
        stopped.append((settings.name, stop()))
        return True

    monkeypatch.setattr(queue, "execute", without_weights)
    chosen = {name: grid[name] for name in ("teacher", "pruned")}
    with pytest.raises(BadInput, match="run pruned needs .*which is not there"):
        queue.work_off(chosen, grid, tiny_runs.world(tmp_path, stop), stop, workers=2)
    assert stopped == [("teacher", False)]  # nothing was said while its work was under way


def test_a_finished_run_needs_nothing_any_more(tmp_path):
    grid = tiny_runs.grid()
    assert work(tmp_path, grid, ["teacher", "pruned"]) == []
    (tmp_path / "runs" / "teacher" / "epoch-2.pt").unlink()
    assert work(tmp_path, grid, ["teacher", "pruned"]) == []


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[]",
        b"rubbish",
        b'{"run": "at", "status": "tired", "settings": {}}',
        b'{"run": "at", "status": "diverged", "epoch": "x", "reason": "", "settings": {}}',
    ],
)
def test_a_damaged_record_is_one_clear_line_for_the_queue_and_left_out_of_the_report(tmp_path, content):
    state.written(tmp_path / "state" / "surrogate.json", content)
    with pytest.raises(BadInput, match=r"surrogate\.json is .*; delete it"):
        work(tmp_path, tiny_runs.grid(), ["surrogate"])
    ((file, _),) = results.read(tmp_path).left_out
    assert file == "state/surrogate.json"


@pytest.fixture
def tiny_command(tmp_path, monkeypatch):
    """`run` of a grid, from the command line's own function."""
    monkeypatch.setattr(data, "load", lambda *_, **__: made.made_cifar(tiny_runs.TRAIN, tiny_runs.TEST))

    def command(grid, *more: str) -> int:
        monkeypatch.setattr(experiments, "grid", lambda profile: grid)
        return cli.main(["run", *more, "--data", "unused", "--out", str(tmp_path)])

    return command


def test_float32_is_float32_in_every_run(tiny_command):
    torch.backends.cudnn.allow_tf32 = True  # torch's default
    tiny_command(tiny_runs.grid(), "surrogate", "--time-limit", "0")
    assert not torch.backends.cudnn.allow_tf32


def test_a_command_without_a_profile_says_which_it_takes_and_what_it_costs_before_it_starts(capsys, tiny_command):
    tiny_command(tiny_runs.grid(), "surrogate", "--time-limit", "0", "--profile", "demo")
    named = capsys.readouterr().err.splitlines()
    tiny_command(tiny_runs.grid(), "surrogate", "--time-limit", "0")
    first, *more = capsys.readouterr().err.splitlines()
    assert (
        first.startswith("cifar: profile demo, as --profile names none: 1 runs, some a minute of one idle core")
        and more == named
    )


def test_the_command_line_says_in_one_line_what_diverged_and_ends_with_status_one(tmp_path, capsys, tiny_command):
    grid = broken("surrogate")
    for _ in range(2):  # again: nothing is tried, the same is said
        assert tiny_command(grid, "at", "st") == 1
        last = capsys.readouterr().err.strip().splitlines()[-1]
        assert "2 of 5 runs cannot be finished: surrogate diverged in epoch 1: the mean loss is" in last
        assert f"at not run: needs surrogate@200. To try again, change settings or delete {tmp_path}/state/surr" in last
        assert places.finished(tmp_path, grid["st"])
    assert tiny_command(tiny_runs.grid(), "at", "st", "--time-limit", "0") == 3  # mended, but not yet run
    assert "stopped with 2 of 5 runs unfinished (surrogate, at)" in capsys.readouterr().err
    assert tiny_command(tiny_runs.grid(), "at", "st") == 0
    assert "5 runs finished" in capsys.readouterr().err


def test_a_time_limit_after_a_divergence_says_both(tmp_path, capsys, tiny_command):
    grid = broken("surrogate")
    assert tiny_command(grid, "surrogate") == 1
    capsys.readouterr()
    assert tiny_command(grid, "surrogate", "teacher", "--time-limit", "0") == 3
    told = capsys.readouterr().err.strip().splitlines()
    assert told[-2].startswith("stopped with 1 of 2 runs unfinished (teacher)") and "surrogate diverged" in told[-1]


def test_a_run_that_diverged_shows_its_end(monkeypatch, capsys):
    with queue.showing(3) as show:
        show("a", 1, 4, "loss 3")
        show("a", 4, 4, "diverged")
        show("b", 4, 4, "done")
    told = capsys.readouterr().err
    assert "a: diverged" in told and "b: done" in told
