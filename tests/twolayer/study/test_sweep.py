"""A sweep is a grid of instances in one table; a killed one goes on where it was, here or on a cluster."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from matplotlib.figure import Figure

from twolayer.cli import main
from twolayer.instances import BadInput
from twolayer.statements.verdict import VERDICTS
from twolayer.study import sweep, sweep_plots

GRID = {"format": sweep.FORMAT, "rank": 2, "ambient": 3, "teacher": 2, "width": [1, 2], "gradient": [0.1, 1e-3], "seeds": 2}


def table(directory) -> list[dict[str, str]]:
    with open(directory / "table.csv", newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def without_times(rows):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    directory = tmp_path_factory.mktemp("sweep")
    assert sweep.sweep(json.dumps(GRID), directory, workers=1) == 0
    return directory


def test_the_table_has_a_row_for_every_instance_statement_and_form(swept):
    rows = table(swept)
    assert len(rows) == 8 * (3 * 3 + 1)  # fan-out recovery has a sharp form alone
    assert {(r["width"], r["gradient"], r["seed"]) for r in rows} == {
        (w, g, s) for w in ("1", "2") for g in ("0.1", "0.001") for s in ("0", "1")
    }
    assert list(rows[0]) == list(sweep.COLUMNS)


def test_the_certified_gradient_is_about_the_level_asked_for_and_never_below_the_sampled_one(swept):
    for row in table(swept):
        lower, upper, sampled = (float(row[f"gradient_{end}"]) for end in ("lower", "upper", "sampled"))
        assert lower <= upper and sampled <= upper * (1 + 1e-12)
        assert 0.5 * float(row["gradient"]) < upper < 4 * float(row["gradient"])


def test_students_of_a_random_start_are_taken_where_their_gradient_is_about_the_level():
    cells, _ = sweep.read(json.dumps({**GRID, "trained": [0, 1], "width": 2, "gradient": [0.1, 1e-3], "seeds": 1}))
    students = {(cell["trained"], cell["gradient"]): sweep.instance(cell) for cell in cells}
    for (_, level), (_, sampled) in students.items():
        assert level / 3 < sampled < 3 * level
    copies, (coarse, fine) = ([students[kind, level][0].student.W for level in (0.1, 1e-3)] for kind in (0, 1))
    teacher = students[0, 1e-3][0].teacher.W
    assert np.linalg.matrix_rank(np.concatenate([teacher, copies[1]]), tol=1e-2) == 2  # every node is a teacher's
    assert np.linalg.matrix_rank(np.concatenate([teacher, fine]), tol=1e-2) == 3
    assert (coarse[:, 0] == fine[:, 0]).all() and (coarse[:, 1:] != fine[:, 1:]).all()  # one start; the plane alone is trained


def test_the_counts_of_a_row_add_up_and_no_repaired_or_sharp_row_fails(swept):
    for row in table(swept):
        counts = [int(row[verdict]) for verdict in VERDICTS]
        students = 2 * int(row["width"])
        nodes = {"theorem-1": 2, "theorem-2": 2 * students, "corollary-1": students, "fan-out-recovery": 2 * students}
        assert sum(counts) == nodes[row["statement"]]
        assert row["form"] == "printed" or row["fails"] == "0"
        if row["closest"] and row["form"] != "printed":
            assert float(row["closest"]) <= 1


def test_where_the_thickness_is_zero_angles_are_measured_in_the_plane_and_in_the_whole_space_elsewhere():
    cells, _ = sweep.read(json.dumps({**GRID, "thickness": [0, 0.25], "width": 1, "gradient": 0.1, "seeds": 1}))
    flat, thick = (sweep.instance(cell)[0] for cell in cells)
    assert flat.subspace.dimension == 2 and thick.subspace.dimension == 3
    half_widths = np.sort(thick.region.c - thick.region.A @ thick.subspace.origin)
    assert (half_widths[:2] == 0.25).all() and (half_widths[2:] == 1).all()


def test_a_finished_sweep_computes_nothing_twice(swept, monkeypatch):
    def never(*_):
        raise AssertionError("a finished cell was computed again")

    before = (swept / "table.csv").read_bytes()
    monkeypatch.setattr(sweep, "rows", never)
    assert sweep.sweep(json.dumps(GRID), swept, workers=1) == 0
    assert (swept / "table.csv").read_bytes() == before


def test_a_longer_grid_keeps_what_is_there_and_a_half_written_cell_is_done_again(swept, tmp_path, monkeypatch):
    copy = tmp_path / "copy"
    shutil.copytree(swept, copy)
    broken = sorted((copy / "cells").iterdir())[0]
    broken.write_text(broken.read_text(encoding="utf-8")[:40], encoding="utf-8")
    done = []
    rows = sweep.rows
    monkeypatch.setattr(sweep, "rows", lambda cell, gap: done.append(cell) or rows(cell, gap))
    assert sweep.sweep(json.dumps({**GRID, "seeds": [0, 1, 7]}), copy, workers=1) == 0
    assert len(done) == 4 + 1 and sum(cell["seed"] == 7 for cell in done) == 4
    assert without_times(r for r in table(copy) if r["seed"] != "7") == without_times(table(swept))


def test_a_sweep_that_is_killed_goes_on_where_it_was(swept, tmp_path):
    config = tmp_path / "grid.json"
    config.write_text(json.dumps(GRID), encoding="utf-8")
    directory = tmp_path / "out"
    command = [sys.executable, "-m", "twolayer.cli", "sweep", str(config), "-o", str(directory), "--workers", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    store, limit = directory / "cells", time.monotonic() + 60
    while not (store.exists() and len(list(store.glob("*.json"))) >= 2) and time.monotonic() < limit:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (directory / "table.csv").exists()
    kept = {path.name: path.stat().st_mtime_ns for path in store.glob("*.json")}
    assert 2 <= len(kept) < 8
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=True).returncode == 0
    assert all((store / name).stat().st_mtime_ns == at for name, at in kept.items())
    assert without_times(table(directory)) == without_times(table(swept))


def test_a_dask_cluster_runs_a_sweep_by_its_address(swept, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        config = tmp_path / "grid.json"
        config.write_text(json.dumps(GRID), encoding="utf-8")
        assert main(["sweep", str(config), "-o", str(tmp_path / "out"), "--cluster", cluster.scheduler_address]) == 0
    assert without_times(table(tmp_path / "out")) == without_times(table(swept))


def test_two_processes_write_the_table_of_one(swept, tmp_path):
    assert sweep.sweep(json.dumps(GRID), tmp_path, workers=2) == 0
    assert without_times(table(tmp_path)) == without_times(table(swept))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "other"}, "format"),
        ({"rank": 0}, "rank"),
        ({"rank": 2.5}, "whole"),
        ({"rank": []}, "at least one"),
        ({"rank": 5}, "at most ambient"),
        ({"gradient": 0}, "positive"),
        ({"gradient": "small"}, "numbers"),
        ({"colour": 1}, "knows no 'colour'; it knows format, gap, instances, rank, ambient"),
        ({"instances": "folder"}, "knows no 'ambient'; it knows format, gap, instances"),
        ({"seeds": [-1]}, "seed"),
        ({"thickness": True}, "thickness"),
        ({"seeds": 10**7}, "at most"),
        ({"gap": [0]}, "positive"),
        ({"trained": 2}, "trained needs whole numbers from 0 to 1"),
        ({"width": [1, 1.5]}, "width"),
        ({"gap": 10**400}, "gap"),
        ({"rank": 10**9, "ambient": 10**9}, "rank"),
        ({"seeds": 10**400}, "more seeds"),
        ({"thickness": 1e300}, "thickness"),
        ({"gap": [0.1, 0.2]}, "one number"),
        ({"gap": {}}, "gap"),
        ({"\u001b[31m": 1}, "\\x1b"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused_in_one_line(change, said, tmp_path, capsys):
    config = tmp_path / "grid.json"
    config.write_text(json.dumps({**GRID, **change}), encoding="utf-8")
    assert main(["sweep", str(config), "-o", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_what_is_no_configuration_and_a_scheduler_that_does_not_answer_are_refused(tmp_path, capsys):
    config = tmp_path / "grid.json"
    for text in ("", "[1]", "{", '{"format": "twolayer-sweep/1"}'):
        config.write_text(text, encoding="utf-8")
        assert main(["sweep", str(config), "-o", str(tmp_path / "out")]) == 2
    config.write_text(json.dumps(GRID), encoding="utf-8")
    (tmp_path / "file").write_text("")
    assert main(["sweep", str(config), "-o", str(tmp_path / "file")]) == 2
    assert main(["sweep", str(config), "-o", str(tmp_path / "out"), "--cluster", "nonsense://nowhere"]) == 2
    assert capsys.readouterr().err.count("\n") == 6


def test_the_pictures_of_a_sweep_are_drawn_beside_its_table(swept):
    assert main(["plot", str(swept)]) == 0
    for stem in ("angles", "verdicts"):
        assert (swept / f"{stem}.png").read_bytes().startswith(b"\x89PNG")


def test_the_bars_of_each_form_add_up_to_one(swept):
    figure = sweep_plots.verdicts(sweep_plots.read(swept))
    axes = [panel for panel in figure.axes if panel.get_xlabel() in ("width", "gradient")]
    assert len(axes) == 2
    for panel in axes:
        heights: dict[float, float] = {}
        for bar in panel.patches:
            if bar.get_height():
                heights[round(bar.get_x(), 6)] = heights.get(round(bar.get_x(), 6), 0) + bar.get_height()
        assert len(heights) == 6 and np.allclose(list(heights.values()), 1)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "rank,statement\nx,theorem-2\n"])
def test_a_directory_without_a_sweeps_table_is_refused(text, tmp_path):
    if text:
        (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match="sweep's table"):
        sweep_plots.read(tmp_path)


def test_a_table_that_was_altered_is_refused_by_its_sum(swept, tmp_path, capsys):
    shutil.copytree(swept, tmp_path / "copy")
    path = tmp_path / "copy" / "table.csv"
    path.write_bytes(path.read_bytes().replace(b"theorem-1,printed", b"theorem-1,sharp", 1))
    assert main(["plot", str(path.parent)]) == 2
    assert "run the sweep again" in capsys.readouterr().err
    assert sweep.sweep(json.dumps(GRID), path.parent, workers=1) == 0 and main(["plot", str(path.parent)]) == 0


def columns_altered(swept):
    lines = (swept / "table.csv").read_text(encoding="utf-8").splitlines()
    for at, column in enumerate(sweep.COLUMNS):
        for value in ("", "nan", "1e309", "0.5", "-1", "0", "\x00", '"'):
            cells = lines[1].split(",")
            cells[at] = value
            yield column, "\n".join([lines[0], ",".join(cells), *lines[2:]])
    for cut in (1, 2, 40, 200, len("\n".join(lines)) - 3):
        yield "cut", "\n".join(lines)[:cut]
    yield "more", "\n".join([lines[0], lines[1] + ",1", *lines[2:]])
    yield "other", "\n".join([lines[0], *(line.replace("theorem-2", "theorem-1") for line in lines[1:])])
    yield "ranks", "\n".join([lines[0], *(f"{rank},{lines[2].partition(',')[2]}" for rank in range(1, 99))])


def test_an_altered_table_without_its_sum_is_drawn_or_refused_in_one_line(swept, tmp_path, monkeypatch):
    monkeypatch.setattr(Figure, "savefig", lambda self, *a, **k: self.canvas.get_renderer())
    refused = 0
    for column, text in columns_altered(swept):
        (tmp_path / "table.csv").write_text(text, encoding="utf-8", errors="replace")
        try:
            sweep_plots.read(tmp_path)
        except BadInput as error:
            refused += 1
            assert "\n" not in str(error)
            continue
        if column in ("gradient", "gradient_upper", "measured_median", "bound_median"):  # what scales the axes
            assert main(["plot", str(tmp_path)]) == 0, column
    assert refused > 100


def test_no_median_is_cut_off_below_no_bound_stretches_the_axis_and_no_legend_covers_a_curve():
    row = {"statement": "theorem-2", "rank": 2.0, "trained": 0.0, "gradient_upper": 1e-3}
    sides = {"printed": (1e14, 1e-15), "repaired": (1e-3, 1e-15), "sharp": (0.0, 1e-15)}
    rows = [
        {**row, "form": form, "gradient": level, "gradient_upper": level, "bound_median": bound, "measured_median": measured}
        for form, (bound, measured) in sides.items()
        for level in (1e-3, 1e-1)
    ]
    figure = sweep_plots.angles(rows)
    (panel,) = figure.axes
    drawn = {line.get_label(): line.get_ydata() for line in panel.get_lines()}
    assert (drawn["printed"] == 1).all() and (drawn["repaired"] == 1e-3).all() and (drawn["measured"] == 1e-15).all()
    low, high = panel.get_ylim()
    assert high <= 10 and low < 1e-15 and (drawn["sharp"] < 1e-15).all()  # 0: on a tick of its own
    assert panel.get_yticklabels()[0].get_text() == "≤ 0"
    assert panel.get_legend() is None and len(figure.legends) == 1


def test_a_cell_of_which_a_bit_was_altered_is_done_again(swept, tmp_path, monkeypatch):
    shutil.copytree(swept, tmp_path / "copy")
    cell = sorted((tmp_path / "copy" / "cells").iterdir())[3]
    cell.write_bytes(cell.read_bytes().replace(b'"gradient_lower": 0.', b'"gradient_lower": 1.', 1))
    done, rows = [], sweep.rows
    monkeypatch.setattr(sweep, "rows", lambda *given: done.append(given) or rows(*given))
    assert sweep.sweep(json.dumps(GRID), tmp_path / "copy", workers=1) == 0 and len(done) == 1
    assert without_times(table(tmp_path / "copy")) == without_times(table(swept))


def test_a_time_limit_leaves_instances_for_the_next_time(swept, tmp_path, capsys, monkeypatch):
    now = [0.0]
    rows = sweep.rows
    monkeypatch.setattr(sweep, "rows", lambda *given: now.append(now[-1] + 1) or rows(*given))
    monkeypatch.setattr(sweep.time, "monotonic", lambda: now[-1])
    assert sweep.sweep(json.dumps(GRID), tmp_path, workers=1, deadline=2.5) == 3
    assert "3 of 8 instances are done" in capsys.readouterr().err and not (tmp_path / "table.csv").exists()
    assert sweep.sweep(json.dumps(GRID), tmp_path, workers=1) == 0 and len(now) == 9
    assert without_times(table(tmp_path)) == without_times(table(swept))
