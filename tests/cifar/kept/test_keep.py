"""What the repository keeps of a directory of results: complete, under its limit, whole or not at all, the same bytes again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from cifar import files as state
from cifar.commands import main
from cifar.experiments import grid as experiments
from cifar.kept import keep
from cifar.networks.convnet import ConvNet
from cifar.report import figures
from cifar.runs import paths

from .. import made
from ..report import made_results as cifar_results
from . import made as cifar_kept
from .made import PAINTED, contents, size

computed, whole, copy, undrawn = cifar_kept.FIXTURES
pytestmark = pytest.mark.usefixtures("undrawn")


def test_everything_that_a_reader_asks_for_is_kept(computed, whole):
    out, kept = contents(computed[0]), contents(whole)
    assert {
        "README.md",
        "claims.md",
        "report.html",
        "patches.json",
        "tables/claims.csv",
        "tables/table-1.csv",
        "figures/headline.png",
        "figures/headline-mbnc-paper.svg",
    } <= set(kept)
    stored = {name for name in out if name.startswith("runs/")}
    assert {name for name in kept if name.startswith("runs/")} == stored and len(stored) == 30
    assert all(kept[name] == out[name] for name in stored if not name.endswith(".pt"))
    assert not [name for name in kept if name.startswith(("cache/", "state/", ".")) or name == "report.json"]
    assert [name for name in kept if name.endswith(".png")] == ["figures/headline.png"]


def test_the_kept_folder_gives_the_report_of_the_results_again(computed, whole, tmp_path):
    written = {}
    for name, out in (("results", computed[0]), ("kept", whole)):
        assert main(["report", "--out", str(out), "--to", str(tmp_path / name)]) == 0
        written[name] = contents(tmp_path / name)
    assert written["results"] == written["kept"]
    shown = {name for name in contents(whole) if name.startswith(("report", "claims", "tables", "figures"))}
    assert shown < set(written["kept"])
    assert all((whole / name).read_bytes() == written["kept"][name] for name in shown)


def test_a_kept_report_with_its_drawings_is_the_same_again(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "painted", PAINTED)
    cifar_results.store(tmp_path / "out", cifar_results.result("st-label", 50))
    assert main(["keep", "--out", str(tmp_path / "out"), "--to", str(tmp_path / "kept"), "--weights"]) == 0
    assert main(["report", "--out", str(tmp_path / "kept"), "--to", str(tmp_path / "again")]) == 0
    again = contents(tmp_path / "again")
    assert again["figures/headline.png"].startswith(b"\x89PNG") and again["report.html"].count(b"<svg") > 2
    assert {name: content for name, content in contents(tmp_path / "kept").items() if name in again}.items() <= again.items()


def test_keeping_the_same_results_or_what_is_kept_gives_the_same_bytes(computed, whole, tmp_path):
    for out in (computed[0], tmp_path / "again"):
        assert main(["keep", "--out", str(out), "--to", str(tmp_path / "again")]) == 0
        assert contents(tmp_path / "again") == contents(whole)
    assert [path.name for path in tmp_path.iterdir()] == ["again"]


def test_weights_are_kept_as_halves(computed, whole):
    stored = state.load_tensors(whole / "runs/at/epoch-3.pt")["weights"]
    exact = state.load_tensors(computed[0] / "runs/at/epoch-3.pt")["weights"]
    for name, value in stored.items():
        assert torch.equal(value, exact[name] if name in ("mean", "std") else exact[name].half()), name


def test_the_index_says_where_the_numbers_come_from_and_sha256sum_reads_its_checksums(whole):
    text = (whole / keep.INDEX).read_text()
    for said in (
        "| hardware | ",
        "| seconds in all | ",
        "| torch of the runs | ",
        "a" * 12,
        "| images | unknown |",
        "60 training, 12 test",
        "| at | 2 (150), 3 (300) |",
    ):
        assert said in text
    assert set(keep.sums(whole)) == set(contents(whole)) - {keep.INDEX}
    if shutil.which("sha256sum"):
        command = ["sha256sum", "--quiet", "-c", keep.INDEX]
        done = subprocess.run(command, cwd=whole, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and not done.stdout


def test_only_the_weights_that_are_named_are_kept_with_what_they_need(computed, tmp_path, capsys):
    command = ["keep", "--out", str(computed[0]), "--to", str(tmp_path / "kept"), "--weights"]
    assert main([*command, "rft"]) == 0
    weights = {name for name in contents(tmp_path / "kept") if name.endswith(".pt")}
    assert weights == {
        f"runs/{name}.pt"
        for name in ("at/epoch-2", "pruned/epoch-1", "rft/epoch-4", "st/epoch-2", "surrogate/epoch-1", "teacher/epoch-2")
    }
    capsys.readouterr()
    assert main(["kept", str(tmp_path / "kept")]) == 0
    assert re.search(r"^ccat +no weights are kept$", capsys.readouterr().out, re.M)
    assert main(command) == 0
    assert not [name for name in contents(tmp_path / "kept") if name.endswith(".pt")]
    assert main([*command, "unheard-of"]) == 2
    assert "no result of unheard-of" in capsys.readouterr().err


def test_a_need_is_what_the_settings_of_a_run_call_one():
    for profile in experiments.PROFILES:
        for run in experiments.grid(profile).values():
            named = {value for value in run.record.values() if isinstance(value, str) and "@" in value}
            assert set(run.needs) == named


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda out: (out / "runs/at/epoch-3.pt").unlink(), "name the runs whose weights to keep with --weights"),
        (lambda out: shutil.rmtree(out / "runs/pruned"), "needs pruned@50, which has no result"),
        (lambda out: shutil.rmtree(out / "runs"), "holds no results"),
        (shutil.rmtree, "holds no results"),
    ],
)
def test_what_is_missing_gives_one_line_and_leaves_the_old_folder(computed, copy, tmp_path, capsys, prepare, said):
    out = Path(shutil.copytree(computed[0], tmp_path / "out"))
    prepare(out)
    before = contents(copy)
    assert main(["keep", "--out", str(out), "--to", str(copy)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and said in told
    assert contents(copy) == before
    assert {path.name for path in tmp_path.iterdir()} - {"out"} == {"copy"}


@pytest.mark.parametrize("limit", ["a little less", 100_000])
def test_what_does_not_fit_is_refused_in_one_line_and_leaves_the_old_folder(computed, whole, copy, tmp_path, capsys, limit):
    before, limit = contents(copy), size(whole) if limit == "a little less" else limit
    command = ["keep", "--out", str(computed[0]), "--to", str(copy), "--limit", str(limit)]
    capsys.readouterr()
    assert main(command) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and f"not under the limit of {limit:,}" in told and "weights" in told
    assert contents(copy) == before and [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_a_folder_that_holds_anything_else_is_not_replaced(computed, tmp_path, capsys):
    for name in ("thesis.tex", "runs/at/thesis.tex", "old/claims.md"):
        folder = tmp_path / name.replace("/", "-")
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("years of work")
        assert main(["keep", "--out", str(computed[0]), "--to", str(folder)]) == 2
        assert f"holds {name}" in capsys.readouterr().err and (folder / name).is_file()
    results_only = tmp_path / "never-kept"
    shutil.copytree(computed[0] / "runs", results_only / "runs")
    assert main(["keep", "--out", str(computed[0]), "--to", str(results_only)]) == 2
    assert "did not write" in capsys.readouterr().err


def test_a_crash_between_the_renames_leaves_the_old_folder(computed, copy, tmp_path, monkeypatch, capsys):
    before, replace = contents(copy), os.replace

    def crash(source, target):
        if str(source).endswith(".new"):
            raise OSError("no room")
        replace(source, target)

    monkeypatch.setattr(os, "replace", crash)
    assert main(["keep", "--out", str(computed[0]), "--to", str(copy)]) == 2
    assert contents(copy) == before and [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_the_old_folder_is_put_back_after_a_kill_between_the_renames(copy, tmp_path, capsys):
    before = contents(copy)
    os.replace(copy, tmp_path / ".copy.old")
    (tmp_path / ".copy.new").mkdir()
    with pytest.raises(KeyError), keep.replacing(copy):
        raise KeyError
    assert contents(copy) == before and [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_a_run_that_diverged_is_kept_as_such(tmp_path):
    grid, out = experiments.grid("paper"), tmp_path / "out"
    cifar_results.store(out, cifar_results.result("st-logit", 300))
    paths.record_failure(out, grid["at"], paths.DIVERGED, epoch=3, reason="the mean loss is inf", commits=["abc"])
    (out / "search.md").write_text("# searched\n")
    (out / "runs/st-logit/notes.json").write_text("{}")
    (out / "patches.json").write_text('{"spectra": [{}]}')
    assert main(["keep", "--out", str(out), "--to", str(tmp_path / "kept"), "--weights"]) == 0
    kept = contents(tmp_path / "kept")
    assert {"state/at.json", "search.md"} <= set(kept)
    assert not {"runs/st-logit/notes.json", "patches.json"} & set(kept)
    assert b"diverged in epoch 3" in kept["README.md"] and b"`search.md`" in kept["README.md"]
    assert main(["kept", str(tmp_path / "kept")]) == 0


@pytest.mark.parametrize("options", [[], ["--out", "x"], ["--to", "x"]])
def test_options_that_make_no_sense_give_one_line(options, capsys):
    assert main(["keep", *options]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_weights_of_the_full_size_fit_as_halves():
    grid = experiments.grid("paper")
    count = 0
    for run in grid.values():
        widths = experiments.PRUNED_FIVE if run.name == "pruned-5" else experiments.PRUNED_FOUR if run.removed else run.widths
        size = sum(parameter.numel() for parameter in ConvNet(widths, **made.COLOURS).parameters())
        needed = {need for other in grid.values() for need in other.needs if need.startswith(f"{run.name}@")}
        last = f"{run.name}@{run.checkpoints[-1][0]}"
        count += size * len(needed | {last})
    assert 2 * count < 10 * 10**6 < keep.LIMIT  # the report and the results take 5 MB more
