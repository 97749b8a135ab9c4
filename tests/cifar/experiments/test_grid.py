"""The paper's grid as data in every profile, settings that refuse nonsense, the command line's one clear line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from cifar import commands as cli
from cifar.experiments import grid as experiments
from cifar.runs import options
from cifar.settings import Settings

from .. import made


def test_every_table_and_figure_is_in_the_grid_of_every_profile():
    figures = [*range(2, 13), 14, 15, 16]
    assert set(experiments.EXPERIMENTS) == {
        *(f"table-{i}" for i in range(1, 6)),
        *(f"figure-{i}" for i in figures),
        "untrained",
        "variants",
    }
    assert tuple(sorted(experiments.PROFILES)) == tuple(sorted(options.PROFILES))
    grids = [experiments.grid(profile) for profile in experiments.PROFILES]
    firsts = [[name for name in grid if experiments.SEED not in name] for grid in grids]
    assert all(first == firsts[0] for first in firsts)
    for grid in grids:
        for experiment in experiments.EXPERIMENTS.values():
            for cell, attacks in experiment.cells:
                run, _, epoch = cell.partition("@")
                assert int(epoch) in dict(grid[run].checkpoints)
                evaluated = dict(grid[run].attacks).get(int(epoch), ())
                assert set(attacks) - set(experiments.BESIDE) <= set(evaluated)
        before: set[str] = set()
        for name, settings in grid.items():
            assert all(need.partition("@")[0] in before for need in settings.needs)
            assert all(int(need.partition("@")[2]) in dict(grid[need.partition("@")[0]].checkpoints) for need in settings.needs)
            before.add(name)
        used = {run for experiment in experiments.EXPERIMENTS.values() for run in experiment.runs}
        further = {name for name in grid if experiments.SEED in name}
        assert set(experiments.selected(experiments.EXPERIMENTS, grid)) | further == set(grid) and used <= set(grid)


def test_the_paper_profile_says_what_the_paper_prints():
    grid = experiments.grid("paper")
    at, teacher = grid["at"], grid["teacher"]
    assert (at.eps, at.step, at.steps, at.examples, at.loss) == (10 / 255, 0.01, 40, "oracle", "logit")
    assert at.checkpoints == tuple((epoch, epoch) for epoch in (50, 100, 150, 200, 300))
    assert at.widths == (50, 35, 35, 22) and grid["pruned"].removed == (0.3, 0.5, 0.5, 0.7)
    assert grid["at-5"].widths == (50, 35, 35, 35, 22) and grid["teacher-5"].widths == (64,) * 5
    assert all(s.images == 50000 for s in grid.values())
    assert all(s.test_images == 10000 and s.repeats == 3 for s in grid.values())
    assert (teacher.lr, teacher.momentum, teacher.weight_decay, teacher.batch, teacher.epochs) == (0.1, 0.9, 5e-4, 128, 200)
    assert teacher.augment == "crop-flip" and teacher.target == "dataset"
    assert [grid[f"ccat-{rho}"].rho for rho in (5, 10, 20)] == [5, 10, 20]
    assert (grid["rft"].start, grid["rft"].representation, grid["rft"].alpha) == ("st-logit@150", "at@150", 0.5)
    assert (grid["rft"].first_epoch, grid["rft"].epochs) == (150, 300)
    assert grid["st-logit-gaussian"].noise == 0.1
    assert len({grid[name].seed for name in ("st-logit", "st-logit-seed-1", "st-logit-seed-2", "surrogate")}) == 4


def test_the_standard_profile_says_what_was_decided_for_it():
    grid, short = experiments.grid("standard"), {50: 4, 100: 8, 150: 12, 200: 16, 300: 24}
    students = [run for run in grid.values() if run.role == "student"]
    assert all(run.images == 50000 for run in grid.values())
    assert dict(grid["at"].checkpoints) == short and {run.batch for run in students} == {128}
    assert {(run.steps, run.step, run.eps, run.eval_steps) for run in students} == {(7, 10 / 255 / 4, 10 / 255, 0)}
    assert {(run.inner, run.update, run.test_images, run.repeats) for run in students} == {("bfloat16", "bfloat16", 2000, 1)}
    assert grid["teacher"].test_images == 10000
    order = [name for name, run in grid.items() if run.role == "student"]
    assert set(order[:9]) == {f"{name}{seed}" for name in ("st-logit", "at", "st-label") for seed in ("", "-seed-1", "-seed-2")}
    assert [name for name in grid][:3] == ["teacher", "pruned", "surrogate"]


def test_further_seeds_differ_from_the_first_in_the_seed_and_in_whose_weights_they_start_from():
    for profile in experiments.PROFILES:
        grid = experiments.grid(profile)
        for name, run in grid.items():
            first, _, seed = name.partition(experiments.SEED)
            if seed:
                other = grid[first].altered(name=name, seed=int(seed), attacks=run.attacks, surrogate=run.surrogate)
                if first == "rft":
                    assert (run.start, run.representation) == (f"st-logit-seed-{seed}@150", f"at-seed-{seed}@150")
                    other = other.altered(start=run.start, representation=run.representation)
                assert run == other and [epoch for epoch, _ in run.attacks] == [epoch for epoch, _ in grid[first].attacks]


def test_students_that_are_compared_start_from_the_same_weights_and_schedule():
    for profile in experiments.PROFILES:
        students = [s for s in experiments.grid(profile).values() if s.role == "student" and "seed" not in s.name]
        assert len({(s.seed, s.lr, s.horizon, s.batch, s.optimiser, s.images) for s in students}) == 1


# What sets each student apart from st-logit, in the paper's words: Sections 4.2, 5.1 and 5.4 to 5.6.
APART = {
    "at": {"examples": "oracle"},
    "st-logit": {},
    "at-augmented": {"examples": "oracle", "augment": "standard"},
    "at-5": {"examples": "oracle", "widths": (50, 35, 35, 35, 22), "teacher": "pruned-5@50"},
    "at-in-plane": {"examples": "in-plane"},
    "at-out-plane": {"examples": "out-plane"},
    "ccat-5": {"examples": "calibrated", "loss": "label", "rho": 5.0},
    "ccat-10": {"examples": "calibrated", "loss": "label", "rho": 10.0},
    "ccat-20": {"examples": "calibrated", "loss": "label", "rho": 20.0},
    "rft": {"start": "st-logit@150", "representation": "at@150"},
    "st-label": {"loss": "label"},
    "st-logit-gaussian": {"augment": "gaussian", "noise": 0.1},
    "st-logit-augmented": {"augment": "standard"},
    "st-logit-5": {"widths": (50, 35, 35, 35, 22), "teacher": "pruned-5@50"},
    "at-data": {"examples": "data", "loss": "label", "target": "clean"},
    "at-data-teacher": {"examples": "data"},
    "at-label-target": {"examples": "oracle", "loss": "label", "target": "clean"},
    "ccat-10-full": {"examples": "calibrated", "loss": "label", "rho": 10.0, "radius": "full"},
}
PLACES = ("name", "checkpoints", "attacks", "surrogate", "first_epoch", "feature_steps", "feature_step")


@pytest.mark.parametrize("profile", experiments.PROFILES)
def test_every_student_differs_from_the_plain_one_as_the_paper_says_and_in_nothing_else(profile):
    grid = experiments.grid(profile)
    plain = grid["st-logit"]
    assert (plain.examples, plain.loss, plain.target, plain.augment, plain.seed) == ("clean", "logit", "shown", "none", 0)
    apart = {
        name: {field: value for field, value in vars(run).items() if value != vars(plain)[field] and field not in PLACES}
        for name, run in grid.items()
        if run.role == "student" and experiments.SEED not in name
    }
    assert apart == APART
    longest = experiments.PROFILES[profile].epochs[300]
    assert {run.horizon for run in grid.values() if run.role == "student"} == {longest}


@pytest.mark.parametrize("profile", experiments.PROFILES)
def test_the_oracle_of_five_layers_is_made_like_that_of_four_and_tuned_at_a_fifth_of_its_rate(profile):
    grid = experiments.grid(profile)
    for suffix, shares in (("", (0.3, 0.5, 0.5, 0.7)), ("-5", (0.3, 0.5, 0.5, 0.5, 0.7))):
        teacher, pruned = grid[f"teacher{suffix}"], grid[f"pruned{suffix}"]
        assert (pruned.start, pruned.removed, pruned.widths) == (f"teacher{suffix}@200", shares, teacher.widths)
        assert pruned.lr == pytest.approx(teacher.lr / 5) and pruned.warmup == 0
    surrogate = grid["surrogate"]
    assert surrogate.widths == grid["at"].widths and surrogate.target == "dataset" and not surrogate.teacher


def test_the_other_readings_of_table_1_are_evaluated_in_the_paper_profile_alone():
    for profile, there in (("paper", True), ("standard", False), ("demo", False)):
        last = dict(experiments.grid(profile)["at"].attacks)[300]
        assert last[:6] == experiments.TABLE_1 and (set(experiments.BESIDE) <= set(last)) is there
        assert set(dict(experiments.grid(profile)["at"].attacks)[150]) == {
            *experiments.TABLE_1,
            *experiments.TABLE_2,
            *experiments.ALWAYS,
        }


def test_runs_are_chosen_in_the_grids_order_with_all_that_they_need_and_no_others():
    grid = experiments.grid("demo")
    assert list(experiments.selected(["rft"], grid)) == ["teacher", "pruned", "surrogate", "st-logit", "at", "rft"]
    assert list(experiments.selected(["st-label", "teacher-5"], grid)) == ["teacher", "pruned", "st-label", "teacher-5"]
    assert list(experiments.selected(["all"], grid)) == list(grid)


def test_table_2_and_figure_7_read_the_checkpoints_of_150_epochs():
    for name in ("table-2", "figure-7", "table-4", "figure-11", "figure-12"):
        assert {cell.partition("@")[2] for cell, _ in experiments.EXPERIMENTS[name].cells} == {"150"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("role", "king"),
        ("examples", "magic"),
        ("loss", "l1"),
        ("target", "x"),
        ("optimiser", "lbfgs"),
        ("schedule", "step"),
        ("inner", "float8"),
    ],
)
def test_settings_refuse_what_does_not_exist(field, value):
    with pytest.raises(ValueError, match=f"{field} must be one of .*; got '{value}'"):
        made.tiny(**{field: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch": 100}, "a batch of 100 needs as many images; got 24"),
        ({"checkpoints": ()}, "checkpoints must ascend from epoch 0"),
        ({"checkpoints": ((1, 3), (2, 3))}, "checkpoints must ascend"),
        ({"first_epoch": 2}, "checkpoints must ascend from epoch 2"),
        ({"checkpoints": ((0, 0),)}, "checkpoints must ascend from epoch 0"),
    ],
)
def test_settings_refuse_what_cannot_be(change, message):
    with pytest.raises(ValueError, match=message):
        made.tiny(**change)


def test_a_settings_record_is_plain_json():
    record = Settings("x", attacks=((300, ("linf",)),)).record
    assert json.loads(json.dumps(record)) == record


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "table-9", "--data", "D", "--out", "O"], "no experiment or run is called 'table-9'"),
        (["run", "at", "--data", "D", "--out", "O", "--no-download"], "no CIFAR-10 in"),
        (["run", "at", "--data", "D", "--out", "O", "--time-limit", "-1"], "--time-limit must be 0 or more; got -1.0"),
        (["run", "at", "--data", "D", "--out", "O", "--time-limit", "nan"], "--time-limit must be 0 or more; got nan"),
        (["run", "at", "--data", "D", "--out", "O", "--test-images", "0"], "--test-images must be 1 or more; got 0"),
        (["run", "at", "--data", "D", "--out", "O", "--jobs", "0"], "--jobs must be 1 or more; got 0"),
        (
            ["run", "at", "--data", "made", "--out", "O", "--profile", "paper"],
            "needs 50000 training and 10000 test images; --data has 20 and 4",
        ),
        (["run", "at", "--data", "made", "--out", "file"], "--out file cannot be written"),
        (["run", "at", "--data", "file", "--out", "O"], "no CIFAR-10 in file (not a directory)"),
        (
            ["run", "at", "--data", "made/cifar-10-batches-bin", "--out", "O", "--no-download"],
            "no CIFAR-10 in made/cifar-10-batch",
        ),
        (["run", "at", "--data", "lacking", "--out", "O"], "lacks data_batch_1.bin, data_batch_2.bin"),
        (["report", "--out", "nowhere"], "nowhere holds no results"),
        (["bench", "--json", "file/x.json"], "file/x.json needs to be a writable file; got Not a directory"),
        (["bench", "--seconds", "0"], "need to be above 0"),
    ],
)
def test_bad_input_is_one_clear_line_and_status_two(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    made.binary_folder(tmp_path / "made")
    Path("file").write_bytes(b"x")
    Path("lacking/cifar-10-batches-bin").mkdir(parents=True)
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err and len(captured.err.strip().splitlines()) == 1 and captured.out == ""
    assert not Path("nowhere").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_where_there_is_none_is_one_clear_line(tmp_path, capsys):
    assert cli.main(["run", "at", "--data", str(tmp_path), "--out", str(tmp_path), "--device", "cuda"]) == 2
    assert "--device cuda needs a CUDA device" in capsys.readouterr().err


def test_list_names_every_experiment_and_every_run(capsys):
    assert cli.main(["list"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in [*experiments.EXPERIMENTS, *experiments.grid("paper")])
