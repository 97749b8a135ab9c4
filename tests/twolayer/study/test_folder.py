"""A folder of instances, as checkpoints of one training, is checked in the order of names; what is there is kept."""

from __future__ import annotations

import csv
import json
import math
import shutil
import time

import numpy as np
import pytest

from twolayer import Box, Instance, TwoLayer, check
from twolayer.cli import main
from twolayer.files import BadInput
from twolayer.statements.verdict import VERDICTS
from twolayer.study import folder, sweep, sweep_plots

TEACHER = TwoLayer([[1, 0.5], [-0.25, 1]], [0.125, 0], [[1, -0.5]], [0.25])
STEPS = (2, 9, 10)


def checkpoint(step: int) -> Instance:
    """A student on its way to the teacher."""
    student = TwoLayer(TEACHER.W + 2.0 ** -(step + 3), TEACHER.b, TEACHER.V, [0.25])
    return Instance(TEACHER, student, Box([-1, -1], [1, 1]), name=f"step {step}")


@pytest.fixture
def training(tmp_path):
    for step in STEPS:
        (tmp_path / f"step-{step}.json").write_text(checkpoint(step).to_json(), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not an instance")
    return tmp_path


def lines(directory) -> list[dict[str, str]]:
    with open(directory / "table.csv", newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table))


def test_every_instance_is_checked_in_the_order_of_names_with_numbers_as_numbers(training, capsys):
    assert main(["check", str(training), "--workers", "1"]) == 0
    out = capsys.readouterr().out
    names = [f"step-{step}.json" for step in STEPS]
    assert [out.index(name) for name in names] == sorted(out.index(name) for name in names)
    assert "3 instances (3 new)" in out and "notes" not in out
    table = lines(training / "checked")
    assert list(dict.fromkeys(line["instance"] for line in table)) == names
    for step in STEPS:
        result = check(checkpoint(step))
        mine = [line for line in table if line["instance"] == f"step-{step}.json"]
        assert len(mine) == 10 and {line["name"] for line in mine} == {f"step {step}"}
        assert {float(line["gradient_upper"]) for line in mine} == {result.gradient[1]}
        for line in mine:
            rows = result.rows(line["statement"], line["form"])
            assert sum(int(line[verdict]) for verdict in VERDICTS) == len(rows)
            bounds = [row.bound for row in rows if row.measured is not None and row.bound is not None]
            assert line["bound_median"] == (str(float(np.median(bounds))) if bounds else "")


def test_json_has_every_check_of_the_folder_with_the_rows_asked_for(training, capsys):
    assert main(["check", str(training), "--json", "--form", "sharp", "--workers", "1"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["format"] == "twolayer-checks/1" and [one["instance"] for one in printed["instances"]] == [
        f"step {step}" for step in STEPS
    ]
    for step, one in zip(STEPS, printed["instances"], strict=True):
        whole = check(checkpoint(step))
        assert one["verdicts"] == [json.loads(json.dumps(row.to_dict())) for row in whole.rows(form="sharp")]


def test_what_was_checked_is_kept_and_what_was_changed_is_checked_again(training, capsys, monkeypatch):
    done, checked = [], folder.checked
    monkeypatch.setattr(folder, "checked", lambda path, *rest: done.append(path) or checked(path, *rest))
    again = ["check", str(training), "--workers", "1"]
    assert main(again) == main(again) == 0 and len(done) == 3
    first = (training / "checked" / "table.csv").read_bytes()
    (training / "step-9.json").write_text(checkpoint(8).to_json(), encoding="utf-8")
    (training / "checked" / "checks" / "step-2.json").write_text("{}", encoding="utf-8")
    assert main(again) == 0 and [path[-11:] for path in done[3:]] == ["step-2.json", "step-9.json"]
    assert (training / "checked" / "table.csv").read_bytes() != first
    assert main([*again, "--gap", "1e-2"]) == 0 and len(done) == 8
    assert main([*again, "--gap", "1e-2", "--statement", "theorem-2"]) == 0 and len(done) == 11
    assert {line["statement"] for line in lines(training / "checked")} == {"theorem-2"}


def test_without_time_nothing_is_begun_and_the_same_command_goes_on(training, capsys, monkeypatch):
    again = ["check", str(training), "--workers", "1"]
    assert main([*again, "--time-limit", "1e-9"]) == 3
    assert "0 of 3 instances are done; the same command continues" in capsys.readouterr().err
    assert main(again) == 0


def test_a_check_that_was_cut_short_is_done_again_and_each_gets_its_share(training, monkeypatch):
    shares, whole = [], folder.check

    def short(instance, *, time_limit, **more):
        shares.append(time_limit)
        result = whole(instance, **more)
        return result if len(shares) > 3 else type(result)(**{**vars(result), "limits": type(result.limits)(statements=(0,))})

    monkeypatch.setattr(folder, "check", short)
    paths = folder.instances_in(training)
    for new in (3, 3, 0):
        _, done, _ = folder.check_files(paths, training / "checked", workers=1, deadline=time.monotonic() + 60)
        assert done == new
    assert 15 < shares[0] <= 20 < shares[1] <= 30 < shares[2] <= 60


def test_a_file_that_is_no_instance_is_named_in_one_line_and_the_others_are_kept(training, capsys):
    broken = training / "step-99.json"
    for text in ("{}", "", "[1]"):
        broken.write_text(text, encoding="utf-8")
        assert main(["check", str(training), "--workers", "1"]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and str(broken) in error
    broken.unlink()
    assert main(["check", str(training), "--workers", "1"]) == 0 and "(0 new)" in capsys.readouterr().out


def test_what_is_no_folder_of_instances_is_refused(tmp_path, training, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["check", str(tmp_path / "empty")]) == 2
    assert "needs instance files (*.json) to be checked; got none" in capsys.readouterr().err
    assert not list((tmp_path / "empty").iterdir())
    assert main(["check", str(training / "step-2.json"), "-o", str(tmp_path / "out")]) == 2
    assert "--output is for a folder" in capsys.readouterr().err


def test_a_sweep_takes_instance_files_and_folders(training, tmp_path, monkeypatch):
    monkeypatch.chdir(training)
    (training / "more").mkdir()
    shutil.move(training / "step-10.json", training / "more")
    config = {"format": sweep.FORMAT, "instances": ["step-9.json", "more", "step-2.json"]}
    assert sweep.sweep(json.dumps(config), tmp_path / "out", workers=1) == 0
    names = [line["instance"] for line in lines(tmp_path / "out")]
    assert list(dict.fromkeys(names)) == ["step-9.json", "step-10.json", "step-2.json"]
    assert sweep.sweep(json.dumps({**config, "instances": "more"}), tmp_path / "other", workers=1) == 0
    for wrong, message in (
        ([], "needs names"),
        ([1], "needs names"),
        (["more", "more/step-10.json"], "names that differ"),
        (["no such.json"], "readable file"),
    ):
        with pytest.raises(BadInput, match=message):
            sweep.sweep(json.dumps({**config, "instances": wrong}), tmp_path / "other", workers=1)


def test_bound_and_measured_side_are_drawn_over_the_folder(training):
    assert main(["check", str(training), "--workers", "1"]) == 0
    assert main(["plot", str(training)]) == 0
    assert (training / "checked" / "along.png").read_bytes().startswith(b"\x89PNG")
    rows = sweep_plots.read(training / "checked")
    panel, gradient = sweep_plots.along(rows).axes
    sharp = [row["bound_median"] for row in rows if (row["statement"], row["form"]) == ("theorem-2", "sharp")]
    (drawn,) = [line.get_ydata() for line in panel.get_lines() if line.get_label() == "sharp"]
    assert np.allclose(drawn, [min(x, 1) for x in sharp]) and not any(math.isnan(x) for x in sharp)
    uppers = [check(checkpoint(step)).gradient[1] for step in STEPS]
    assert np.allclose(next(line.get_ydata() for line in gradient.get_lines() if "upper" in line.get_label()), uppers)
    assert [tick.get_text() for tick in panel.get_xticklabels()] == [f"step-{step}" for step in STEPS]
