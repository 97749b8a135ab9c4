"""`python -m cifar run` on a CUDA device, done on a pretended one (pretended.py): to the bytes of a CPU's results."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from cifar import commands as cli
from cifar.data import cifar10 as data
from cifar.experiments import grid as experiments
from cifar.runs import execute as robust
from cifar.runs import execute as runs
from cifar.runs import paths as places
from cifar.runs import queue
from cifar.runs.run import Run
from cifar.runs.world import Turns, World, shared_world
from cifar.settings import Settings
from cifar.training import modes
from cifar.training import step as training
from twolayer.files import BadInput

from .. import made, tiny_runs
from ..tiny_runs import content
from .pretended import pretending


@pytest.fixture
def device(monkeypatch):
    with pretending(monkeypatch, training) as pretended:

        class Crew(ThreadPoolExecutor):
            def submit(self, work, *given):
                return super().submit(pretended.within()(work), *given)

        monkeypatch.setattr(queue, "ThreadPoolExecutor", Crew)
        yield pretended


def without_graphs(monkeypatch) -> None:
    monkeypatch.setattr(training, "graphed", lambda step, training: step)


def command(monkeypatch, folder: Path, device: str, *more: str, names: tuple[str, ...] = ("all",)) -> Path:
    """The results of `python -m cifar run` on the tiny grid and made images."""
    monkeypatch.setattr(experiments, "grid", lambda profile: tiny_runs.grid())
    monkeypatch.setattr(data, "load", lambda *_, **__: made.made_cifar(tiny_runs.TRAIN, tiny_runs.TEST))
    assert cli.main(["run", *names, "--data", "made", "--out", str(folder), "--device", device, *more]) == 0
    return folder


def world(out: Path, device: str, **more) -> World:
    return shared_world(out, made.made_cifar(tiny_runs.TRAIN, tiny_runs.TEST), torch.device(device), **more)


def looks(count: int):
    """Says that it is time to stop when it was asked so many times."""
    left = iter(range(count))
    return lambda: next(left, None) is None


def with_needs(settings: Settings, out: Path, done: Path) -> None:
    """Copy to `out` the weights that a run needs."""
    for need in settings.needs:
        path = places.located(out, tiny_runs.grid(), need)
        path.parent.mkdir(parents=True)
        path.write_bytes(places.located(done, tiny_runs.grid(), need).read_bytes())


@pytest.fixture(scope="module")
def on_cpu(tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patched:
        return command(patched, tmp_path_factory.mktemp("cpu"), "cpu")


GRAPHS = pytest.mark.parametrize("graphs", [False, True], ids=["eager", "graphs"])


@GRAPHS
@pytest.mark.parametrize("jobs", ["1", "3"])
def test_the_command_computes_on_a_device_what_it_computes_on_a_cpu(device, monkeypatch, tmp_path, on_cpu, jobs, graphs):
    if not graphs:
        without_graphs(monkeypatch)
    out = command(monkeypatch, tmp_path, "cuda", "--jobs", jobs)
    assert content(out) == content(on_cpu) and device.unseeded == []
    assert len(device.streams) == (len(tiny_runs.grid()) if graphs else 0)
    assert b'"device":"pretended"' in (out / "runs/at/epoch-3.time.json").read_bytes()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_command_finishes_every_kind_of_run_on_a_real_device(monkeypatch, tmp_path):
    out = command(monkeypatch, tmp_path, "cuda", "--jobs", "3")
    assert all(places.finished(out, run) for run in tiny_runs.grid().values())


@pytest.mark.parametrize(("name", "graphs"), [("at", False), ("rft", False), ("at", True), ("rft", True)])
def test_a_run_that_is_stopped_twice_on_a_device_goes_on_bit_for_bit(device, monkeypatch, tmp_path, on_cpu, name, graphs):
    if not graphs:
        without_graphs(monkeypatch)
    grid = tiny_runs.grid()
    with_needs(grid[name], tmp_path, on_cpu)
    done = [runs.execute(grid[name], grid, world(tmp_path, "cuda", stop=looks(pauses))) for pauses in (3, 5, 10**9)]
    assert done == [False, False, True]
    expected = {path: value for path, value in content(on_cpu).items() if path.startswith(f"runs/{name}/")}
    assert {path: value for path, value in content(tmp_path).items() if path in expected} == expected


def test_an_epoch_waits_for_the_device_as_often_whatever_its_number_of_batches(device, monkeypatch, tmp_path, on_cpu):
    without_graphs(monkeypatch)
    monkeypatch.setattr("cifar.runs.run.SHOW_EVERY", float("inf"))
    counts = []
    for batch in (4, 12):
        run = tiny_runs.grid()["at"].altered(batch=batch, attacks=(), surrogate="", checkpoints=((300, 2),))
        out = tmp_path / str(batch)
        with_needs(run, out, on_cpu)
        shared = world(out, "cuda")
        device.reads.clear()
        runs.execute(run, {**tiny_runs.grid(), "at": run}, shared)
        counts.append(sorted(device.reads))
    assert counts[0] == counts[1] and counts[0]


def test_a_worker_takes_its_turns_and_captures_alone(device, monkeypatch, tmp_path):
    log = []

    class Noted(Turns):
        @contextlib.contextmanager
        def work(self):
            log.append("work")
            with super().work():
                yield
            log.append("rest")

        @contextlib.contextmanager
        def alone(self):
            log.append("alone")
            with super().alone():
                yield
            log.append("together")

        def give_way(self) -> None:
            log.append("give way")
            super().give_way()

    monkeypatch.setattr(training, "graphed", lambda step, state: (log.append("capture"), step)[1])
    run, stop = tiny_runs.grid()["surrogate"], queue.Stop()
    assert not queue.work_off({"surrogate": run}, tiny_runs.grid(), world(tmp_path, "cuda", turns=Noted()), stop, workers=1)
    assert log == ["work", "alone", "capture", "together", *["give way"] * run.batches, "give way", "rest"]


@pytest.mark.parametrize(("begun_on", "resumed_on"), [("cpu", "cuda"), ("cuda", "cpu")])
def test_a_state_begun_on_another_device_is_refused_in_one_line(device, monkeypatch, tmp_path, begun_on, resumed_on):
    without_graphs(monkeypatch)
    grid = tiny_runs.grid()
    assert not runs.execute(grid["teacher"], grid, world(tmp_path, begun_on, stop=looks(4)))
    with pytest.raises(BadInput, match=f"teacher.pt was begun with --device {begun_on}; use that"):
        runs.execute(grid["teacher"], grid, world(tmp_path, resumed_on))


def test_robust_features_are_made_in_larger_batches_on_a_device(device, monkeypatch, tmp_path, on_cpu):
    sizes: dict[str, list[int]] = {"cpu": [], "cuda": []}
    real = modes.robust_features

    def seen(target, *rest, **more):
        sizes[target.device.type].append(len(target))
        return real(target, *rest, **more)

    assert robust.FEATURE_BATCH["cuda"] > robust.FEATURE_BATCH["cpu"]
    monkeypatch.setattr(modes, "robust_features", seen)
    monkeypatch.setattr(robust, "FEATURE_BATCH", {"cpu": 7, "cuda": 20})
    settings = tiny_runs.grid()["rft"]
    for kind in sizes:
        shared = world(tmp_path / kind, kind)
        needed = {
            name: places.load_network(places.located(on_cpu, tiny_runs.grid(), name), shared.device) for name in settings.needs
        }
        run = Run(settings, shared, training.begin(settings, made.small_network((5, 4)).to(kind)))
        robust.robust_images(run, shared.data.train, needed)
    assert sizes == {"cpu": [7] * 6 + [6], "cuda": [20, 20, 8]}


def test_on_a_device_float32_means_float32(device, monkeypatch, tmp_path):
    """PyTorch rounds the inputs of convolutions in float32 to 10 bits of mantissa unless it is told not to."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    without_graphs(monkeypatch)
    command(monkeypatch, tmp_path, "cuda", names=("surrogate",))
    assert not torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32
