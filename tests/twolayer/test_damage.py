"""Damaged files and interrupted writes, many of them: a line and status 2, or the file done again; never a traceback, never
another result. Every choice is drawn from one seed, so that what fails once fails again.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from twolayer import BadInput, Instance, files
from twolayer.cli import main
from twolayer.study import kept, sweep, sweep_plots

from ..damage import damaged

CORNER = Path(__file__).parents[2] / "examples" / "instances" / "theorem-2-corner.json"
GRID = {"format": sweep.FORMAT, "rank": [1, 2], "ambient": 3, "teacher": 2, "width": [1, 2], "gradient": 0.1, "seeds": [0, 3]}


def read_instance(path: Path) -> Instance:
    return Instance.from_json(files.text(path))


def read_grid(path: Path):
    return sweep.read(files.text(path))


@pytest.mark.parametrize(
    ("reader", "whole", "count"),
    [(read_instance, CORNER.read_bytes(), 700), (read_grid, json.dumps(GRID).encode(), 500)],
    ids=["instance", "grid"],
)
def test_a_damaged_input_is_read_or_refused_in_one_line(reader, whole, count, tmp_path):
    rng, path, refused = random.Random(count), tmp_path / "file.json", 0
    for _ in range(count):
        path.write_bytes(damaged(whole, rng))
        try:
            reader(path)
        except BadInput as error:
            refused += 1
            assert "\n" not in files.shown(str(error), 10**6)
    assert count / 2 < refused < count


def test_a_damaged_input_is_status_2_of_a_command(tmp_path, capsys):
    rng, path = random.Random(5), tmp_path / "file.json"
    for _ in range(40):
        path.write_bytes(damaged(CORNER.read_bytes(), rng)[: rng.choice((None, 300))])
        for command in (["sweep", str(path), "-o", str(tmp_path / "out")], ["plot", str(path)]):
            status = main(command)
            out, error = capsys.readouterr()
            assert (status, out, error.count("\n")) == (2, "", 1), error


def result(n: int) -> list[dict]:
    """What stands for a cell's rows: as many numbers, and no search."""
    return [{**dict.fromkeys(sweep.COLUMNS, 0.125 * n), "statement": s, "form": "sharp"} for s in ("theorem-1", "theorem-2")]


@pytest.fixture
def done(tmp_path):
    jobs = [kept.Job(f"cell-{n}", {"gap": 1e-3}, (n,)) for n in range(4)]
    kept.carried_out(result, jobs, tmp_path, "rows", workers=1, deadline=float("inf"))
    return jobs


def test_a_damaged_result_counts_for_nothing_and_is_made_again(done, tmp_path):
    rng, path = random.Random(7), tmp_path / "cell-2.json"
    whole = path.read_bytes()
    for _ in range(400):
        path.write_bytes(damaged(whole, rng))
        assert done[2].kept(tmp_path, "rows") in (None, result(2))
    path.write_bytes(whole[:-9])
    kept_rows, new = kept.carried_out(result, done, tmp_path, "rows", workers=1, deadline=float("inf"))
    assert new == 1 and path.read_bytes() == whole and kept_rows == {job.name: result(n) for n, job in enumerate(done)}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    directory = tmp_path_factory.mktemp("sweep")
    small = {**GRID, "rank": 2, "width": 1, "gradient": [0.1, 0.01], "seeds": 1}
    assert sweep.sweep(json.dumps(small), directory, workers=1) == 0
    return directory


@pytest.mark.parametrize("summed", [True, False])
def test_a_damaged_table_is_refused_by_its_sum_or_read_for_what_it_is(summed, table, tmp_path):
    rng, path = random.Random(summed), tmp_path / "table.csv"
    whole = (table / "table.csv").read_bytes()
    if summed:
        shutil.copy(table / kept.SUM, tmp_path / kept.SUM)
    refused = 0
    for _ in range(300):
        path.write_bytes(damaged(whole, rng))
        try:
            sweep_plots.read(tmp_path)
            assert not summed or path.read_bytes() == whole
        except BadInput as error:
            refused += 1
            assert "\n" not in files.shown(str(error), 10**6)
    assert refused > 150


class Stop(BaseException):
    """What interrupts a write: a signal, or a kill in the middle of a step."""


@pytest.mark.parametrize("raised", [Stop, KeyboardInterrupt, OSError])
def test_an_interrupted_write_leaves_the_old_file_or_the_new_one(raised, tmp_path, monkeypatch):
    """500 writes in all, each stopped before or after one of the steps by which it is done."""
    path, steps = tmp_path / "file", ("fsync", "chmod", "replace", "fdopen")
    rng = random.Random(raised.__name__)
    old = b"0"
    files.written(path, old)
    for n in range(167):
        step, after, new = rng.choice(steps), rng.random() < 0.5, str(n).encode() * rng.randrange(1, 2000)
        original = getattr(os, step)

        def stopped(*given, original=original, after=after, **more):
            if after:
                kept_open = original(*given, **more)
                if hasattr(kept_open, "close"):
                    kept_open.close()
            elif original is os.fdopen:
                os.close(given[0])
            raise raised

        with monkeypatch.context() as patched:
            patched.setattr(files.os, step, stopped)
            with pytest.raises(raised):
                files.written(path, new)
        expected = new if (step, after) == ("replace", True) else old
        assert path.read_bytes() == expected and os.listdir(tmp_path) == ["file"]
        old = expected
