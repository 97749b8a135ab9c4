"""The demo profile end to end: every run of the grid from the command line on real images, then the report.

Everything is scaled down, widths too; the grid, its names, modes, attacks and files are those of the profile.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import torch

from cifar import commands as cli
from cifar.data.cifar10 import BATCHES, Images
from cifar.experiments import grid as experiments
from cifar.networks import convnet
from cifar.report import figures, results
from cifar.report.claims import CLAIMS
from twolayer.process import STOPPED

from . import made

WIDTHS = {"FOUR": (12, 10, 10, 10), "PRUNED_FOUR": (9, 5, 5, 3), "FIVE": (12, 10, 10, 10, 10), "PRUNED_FIVE": (9, 5, 5, 5, 3)}
SCALED = experiments.Profile(
    epochs={0: 0, 50: 1, 100: 2, 150: 3, 200: 4, 300: 5},
    students={
        **experiments.PROFILES["demo"].students,
        "images": 16,
        "batch": 8,
        "steps": 1,
        "test_images": 12,
        "eval_batch": 12,
        "eval_steps": 2,
    },
    teacher={**experiments.PROFILES["demo"].teacher, "images": 32, "batch": 8, "test_images": 12},
    teacher_epochs=4,
    pruning_epochs=1,
    five_teacher_epochs=1,
    beside=False,
    features={"feature_steps": 1, "feature_step": 0.5},
    seeds=experiments.PROFILES["demo"].seeds,
)


def once_a_kind(painted):
    """Every panel is drawn, and one of each kind is also written as svg and png, which takes most of the time."""
    files = {}

    def drawn(panel, *beside):
        kind = panel.kind, len(beside)
        if kind not in files:
            files[kind] = painted(panel, *beside)
        else:
            figures._figure((panel, *beside)).draw_without_rendering()
        return files[kind]

    return drawn


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A directory in which all of it has run, the 32 shipped images in the official binary layout."""
    root = tmp_path_factory.mktemp("whole")
    images, folder = made.real_images(), root / "data" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    for i, name in enumerate(BATCHES):
        part = slice(0, 12) if name == "test_batch" else slice(i, None, len(BATCHES) - 1)
        (folder / f"{name}.bin").write_bytes(made.records(Images(images.pixels[part], images.labels[part])))
    with pytest.MonkeyPatch.context() as patched:
        for name, widths in WIDTHS.items():
            patched.setattr(experiments, name, widths)
        patched.setitem(experiments.PROFILES, "demo", SCALED)
        threads = torch.get_num_threads()
        command = ["run", "all", "--profile", "demo", "--data", str(root / "data"), "--out", str(root / "out"), "--jobs", "1"]
        assert cli.main([*command, "--time-limit", "2"]) == STOPPED
        assert cli.main(command) == 0
        before = contents(root / "out")
        assert cli.main(command) == 0  # once more: nothing changes
        assert contents(root / "out") == before
        patched.setattr(figures, "painted", once_a_kind(figures.painted))
        assert cli.main(["report", "--out", str(root / "out")]) == 0
        torch.set_num_threads(threads)
    return root / "out"


def contents(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def stored(whole):
    return json.loads((whole / "report/report.json").read_text())


def test_the_scaled_teacher_is_pruned_to_the_widths_its_students_are_made_for():
    for full, pruned in (("FOUR", "PRUNED_FOUR"), ("FIVE", "PRUNED_FIVE")):
        shares = convnet.REMOVED[len(WIDTHS[full])]
        assert tuple(k - int(share * k) for k, share in zip(WIDTHS[full], shares, strict=True)) == WIDTHS[pruned]


def test_every_run_has_every_checkpoint_and_nothing_is_left_over(whole):
    grid = experiments.grid("demo")
    names = {name: {path.name for path in (whole / "runs" / name).iterdir()} for name in grid}
    assert set(names) == {path.name for path in (whole / "runs").iterdir()}
    scaled = {0: 0, 150: 3, 300: 5, 50: 1, 100: 2, 200: 4}
    for name, run in grid.items():
        if run.role == "student":
            epochs = {scaled[paper] for paper, _ in run.checkpoints}
            assert names[name] == {f"epoch-{epoch}{end}" for epoch in epochs for end in (".json", ".time.json", ".pt")}
    assert not list((whole / "state").iterdir()) and not list((whole / "cache").iterdir())


def test_every_cell_of_every_table_has_a_number_of_ours(whole):
    for name in (f"table-{i}" for i in range(1, 6)):
        table = lines(whole / f"report/tables/{name}.csv")
        ours = [line for line in table if line["rule"] in ("last", "confident") or line["mean"] != "not run"]
        assert all(0 <= float(line["mean"]) <= 100 for line in ours)
        assert {(line["images"], line["test images"]) for line in ours} == {("unknown", "12")}
        # oracle-ce and the dataset's label stand where a run ends
        assert {line["attack"] for line in table if line not in ours} <= {"oracle-ce", "label"}
    # the other readings of Table 1 are no part of the demo profile
    readings = [line for line in lines(whole / "report/tables/table-1-readings.csv") if line["rule"] == "last"]
    assert {line["mean"] for line in readings if line["attack"] != "linf-small"} == {"not run"}
    for name in ("specialisation", "specialisation-5"):
        assert all(float(line["mean"]) < 10 for line in lines(whole / f"report/tables/{name}.csv"))


def test_every_figure_is_drawn_and_lacks_nothing(whole, stored):
    figures = {figure["name"]: figure for figure in stored["figures"]}
    assert set(figures) == {"headline", "tau", *(f"figure-{i}" for i in range(2, 17) if i != 13)}
    for figure in figures.values():
        assert figure["panels"]
        for panel in figure["panels"]:
            assert (whole / f"report/figures/{panel['name']}.png").read_bytes().startswith(b"\x89PNG")
            assert "<svg" in (whole / f"report/figures/{panel['name']}.svg").read_text()
    assert figures["figure-2"]["panels"][0]["name"] == "figure-2-spectrum"  # measured by the run itself


def test_every_claim_is_judged_on_numbers(whole, stored):
    assert [answer["claim"] for answer in stored["claims"]] == [claim.number for claim in CLAIMS]
    for line in lines(whole / "report/tables/claims.csv"):
        # counts of specialised nodes may all be 0 after five epochs: then claim 10 has nothing to correlate
        assert "not run" not in line["numbers"] or line["claim"] == "10", line
    answers = {answer["claim"]: answer for answer in stored["claims"]}
    assert answers["4"]["paper"]["questions"][0]["value"] == pytest.approx(stored["patches"][0]["share"])
    assert answers["12"]["paper"]["questions"][0]["numbers"] and answers["12"]["confident"]["questions"][0]["numbers"]


def test_the_page_says_what_these_results_are(whole, stored):
    page = (whole / "report/report.html").read_text()
    assert stored["profile"] == "demo" and stored["images"] == "unknown"
    assert len(stored["runs"]) == len(experiments.grid("demo")) and not stored["failures"] and not stored["left_out"]
    assert all(run["commits"] not in ("", "unknown") for run in stored["runs"])
    assert "Demonstration: minutes of training" in page and page.count("<svg") == sum(
        len(f["panels"]) for f in stored["figures"]
    )


def test_results_that_are_read_back_are_all_there(whole):
    results_ = results.read(whole)
    students = [run for run in experiments.grid("demo").values() if run.role == "student"]
    wanted = {f"{run.name}@{paper}" for run in students for paper, _ in run.checkpoints}
    cells = {checkpoint for experiment in experiments.EXPERIMENTS.values() for checkpoint, _ in experiment.cells}
    assert cells <= wanted
    assert {
        each.checkpoint for each in results_.checkpoints.values() if each.specialisation
    } == wanted and not results_.left_out
    assert {student.checkpoint for student in results_.students} == {name for name in wanted if not name.endswith("@0")}
