"""Independent work is shared by an engine: processes by default, a Dask cluster by configuration, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config

from twolayer import workers
from twolayer.certify import suprema
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box
from twolayer.restriction.restricted import restricted

ROOT = Path(__file__).parents[2]


def slow_square(x: int, folder: str) -> tuple[int, int]:
    """x^2 and the process that found it, after a while; every call leaves a mark."""
    with open(os.path.join(folder, "calls"), "a", encoding="ascii") as marks:
        marks.write(f"{x} {os.getpid()}\n")
    time.sleep(0.2)
    return x * x, os.getpid()


def calls(folder) -> list[tuple[int, int]]:
    path = folder / "calls"
    return [tuple(map(int, line.split())) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize("count", [1, 2])
def test_jobs_come_back_in_order_whoever_did_them(count, tmp_path):
    squares = list(workers.results(slow_square, [(x, str(tmp_path)) for x in range(5)], count))
    assert [value for value, _ in squares] == [0, 1, 4, 9, 16]
    assert (os.getpid() in {process for _, process in squares}) == (count == 1)


def slow_where_first(x: int) -> int:
    time.sleep(3.0 if x == 0 else 0.0)
    return x * x


def test_jobs_are_told_of_as_they_are_finished_whatever_takes_longer():
    told = list(workers.finished(slow_where_first, [(x,) for x in range(4)], 2))
    assert sorted(told) == [(0, 0), (1, 1), (2, 4), (3, 9)] and told[-1] == (0, 0)


def test_no_jobs_need_no_engine():
    assert list(workers.results(slow_square, [], 2)) == []


def test_nothing_is_configured_unless_its_user_configured_it():
    assert not workers.configured()
    with parallel_config(backend="loky", n_jobs=2):
        assert not workers.configured()


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as local,
        distributed.Client(local) as client,
    ):
        yield client


def killed_once(x: int, folder: str, times: int) -> int:
    """x^2, unless fewer than so many calls were killed before: then this one."""
    marks = os.path.join(folder, "calls")
    with open(marks, "a", encoding="ascii") as file:
        file.write(f"{x} {os.getpid()}\n")
    with open(marks, encoding="ascii") as file:
        count = sum(line.startswith("3 ") for line in file)
    if x == 3 and count <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return x * x


def interrupts_itself(x: int) -> tuple[int, int]:
    os.kill(os.getpid(), signal.SIGINT)
    return x, os.getpid()


FIRST_WORKERS = """
import os
from twolayer.workers import results
from tests.twolayer.test_workers import interrupts_itself
answers = list(results(interrupts_itself, [(x,) for x in range(4)], 2))
assert [x for x, _ in answers] == [0, 1, 2, 3] and os.getpid() not in {process for _, process in answers}
"""


def test_workers_do_not_hear_ctrl_c():
    """In a process of its own: the first workers of a process were begun by other ways than the later ones."""
    done = subprocess.run([sys.executable, "-c", FIRST_WORKERS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_jobs_of_a_process_that_is_killed_are_done_again_once(tmp_path):
    jobs = [(x, str(tmp_path), 1) for x in range(8)]
    assert list(workers.results(killed_once, jobs, 2)) == [x * x for x in range(8)]
    assert [x for x, _ in calls(tmp_path)].count(3) == 2


def test_a_job_that_is_killed_twice_is_one_line(tmp_path):
    with pytest.raises(workers.LostWorker, match="killed twice, with . of 8 jobs left") as told:
        list(workers.results(killed_once, [(x, str(tmp_path), 9) for x in range(8)], 2))
    assert told.value.__cause__ is None and "\n" not in str(told.value)


def near_copy(d: int, nodes: int) -> Instance:
    rng = np.random.default_rng(3)
    W, b, V = rng.normal(size=(nodes, d)), rng.uniform(-0.5, 0.5, size=nodes), rng.normal(size=(2, nodes))
    moved = [x + 1e-2 * rng.normal(size=x.shape) for x in (W, b, V)]
    return Instance(TwoLayer(W, b, V), TwoLayer(*moved), Box(-np.ones(d), np.ones(d)))


def test_a_dask_cluster_takes_over_by_configuration_and_finds_the_same_enclosures(cluster):
    problem = restricted(near_copy(6, 7))
    alone = suprema.gradient_suprema(problem, gap=1e-6)
    with parallel_config(backend="dask"):
        assert workers.configured()
        shared = suprema.gradient_suprema(problem, gap=1e-6)
    assert [(e.lower, e.upper) for e in shared] == [(e.lower, e.upper) for e in alone]
    assert len(alone) == 7 and all(e.upper > 0 for e in alone)


def test_a_worker_that_is_killed_during_the_run_loses_nothing(cluster, tmp_path):
    def kill_one():
        while len(calls(tmp_path)) < 4:
            time.sleep(0.02)
        killed.append(calls(tmp_path)[-1][1])
        os.kill(killed[0], signal.SIGKILL)

    killed: list[int] = []
    killer = threading.Thread(target=kill_one)
    killer.start()
    with parallel_config(backend="dask"):
        squares = list(workers.results(slow_square, [(x, str(tmp_path)) for x in range(16)], 1))
    killer.join()
    assert [value for value, _ in squares] == [x * x for x in range(16)]
    done = calls(tmp_path)
    assert killed and len(done) > 16, "the job that was killed has to be run a second time"
    assert len({process for _, process in done}) >= 2 and os.getpid() not in {process for _, process in done}
