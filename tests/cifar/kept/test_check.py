"""Whether what is kept belongs together."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import torch

from cifar import commands as cli
from cifar.commands import main
from cifar.files import load_json, save_json
from cifar.kept import keep
from cifar.runs import paths as places

from .. import made
from . import made as cifar_kept

computed, whole, copy, undrawn = cifar_kept.FIXTURES
pytestmark = pytest.mark.usefixtures("undrawn")


def resummed(folder: Path) -> None:
    """The checksums of what is there now."""
    path = folder / keep.INDEX
    lines = "\n".join(f"{keep.digest(folder / name)}  {name}" for name in keep.files(folder))
    path.write_text(path.read_text().partition("```")[0] + f"```\n{lines}\n```\n")


def test_what_is_kept_agrees_line_by_line(computed, whole, capsys):
    capsys.readouterr()
    assert main(["kept", str(whole)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split(" ")[0] for line in told] == [
        "files",
        "claims,",
        "at",
        "ccat",
        "in-plane",
        "pruned",
        "rft",
        "st",
        "surrogate",
        "teacher",
    ]
    assert main(["kept", str(whole), "--data", str(computed[1])]) == 0
    told = capsys.readouterr().out
    assert "DISAGREES" not in told and told.count("accuracy") == 10 and told.count("linf") == 3


def disagreeing(folder, capsys, *more):
    """Names of the lines that say so."""
    assert cli.main(["kept", str(folder), *more]) == 1
    return {line.split("  ")[0]: line for line in capsys.readouterr().out.splitlines() if "DISAGREES" in line}


def test_a_changed_a_missing_and_an_additional_file_are_named(copy, capsys):
    content = (copy / "report.html").read_bytes()
    (copy / "report.html").write_bytes(content.replace(b"judged under", b"judgeD under", 1))
    (copy / "tables/table-4.csv").unlink()
    (copy / "notes.txt").write_text("")
    told = disagreeing(copy, capsys)
    assert set(told) == {"files", "claims, tables"}
    for said in ("report.html has another checksum", "tables/table-4.csv is missing", "notes.txt has no checksum"):
        assert said in told["files"]


def test_a_changed_number_disagrees_with_tables_and_attack_even_under_its_own_checksum(computed, copy, capsys):
    path = copy / "runs/at/epoch-3.json"
    stored = load_json(path)
    assert stored["attacks"]["linf"]["last"]["mean"] == 50
    stored["attacks"]["linf"]["last"]["mean"] = 1.0
    save_json(path, stored)
    resummed(copy)
    told = disagreeing(copy, capsys)
    assert set(told) == {"claims, tables"} and "is not what runs/*/*.json say" in told["claims, tables"]
    told = disagreeing(copy, capsys, "--data", str(computed[1]))
    assert set(told) == {"claims, tables", "at"} and "at@300: linf 50.0 on 12 images (1.0)" in told["at"]


def test_weights_of_another_run_disagree_with_its_numbers_without_any_image(copy, capsys):
    shutil.copy(copy / "runs/st/epoch-4.pt", copy / "runs/rft/epoch-4.pt")
    resummed(copy)
    told = disagreeing(copy, capsys)
    assert set(told) == {"rft"} and "rft@300: eps of 25 pairs within" in told["rft"]


def test_colours_that_are_not_the_recorded_ones_and_files_without_weights_disagree(copy, capsys):
    network = places.load_network(copy / "runs/surrogate/epoch-1.pt", torch.device("cpu"))
    network.mean += 0.01
    places.save_network(copy / "runs/surrogate/epoch-1.pt", network)
    (copy / "runs/ccat/epoch-1.pt").write_bytes(b"no weights")
    resummed(copy)
    told = disagreeing(copy, capsys)
    assert set(told) == {"surrogate", "ccat"}
    assert "the mean of the colours" in told["surrogate"] and "cannot be read" in told["ccat"]


def test_a_file_that_is_no_result_disagrees(copy, capsys):
    (copy / "runs/ccat/epoch-1.json").write_text("{}")
    resummed(copy)
    told = disagreeing(copy, capsys)
    assert set(told) == {"claims, tables"} and "runs/ccat/epoch-1.json is no result" in told["claims, tables"]


def test_other_answers_on_the_images_disagree(computed, copy, capsys):
    for run, epoch in (("at", 3), ("teacher", 2)):
        path = copy / f"runs/{run}/epoch-{epoch}.pt"
        network = places.load_network(path, torch.device("cpu"))
        network.head.bias[7] += 1e4  # no label of the made images
        places.save_network(path, network)
    resummed(copy)
    assert cli.main(["kept", str(copy)]) == 0
    capsys.readouterr()
    told = disagreeing(copy, capsys, "--data", str(computed[1]))
    assert set(told) == {"at", "pruned", "teacher"}  # the pruned network is measured against the one it was pruned from
    assert "at@300: accuracy 0.00 (50.00), agreement 0.00 (50.00)" in told["at"]


def test_logits_that_moved_disagree_even_where_no_label_changes(computed, copy, capsys):
    path = copy / "runs/ccat/epoch-1.pt"
    network = places.load_network(path, torch.device("cpu"))
    network.head.bias += 0.5
    places.save_network(path, network)
    resummed(copy)
    told = disagreeing(copy, capsys, "--data", str(computed[1]))
    assert set(told) == {"ccat"} and re.search(r"accuracy (\S+) \(\1\), agreement (\S+) \(\2\), logits", told["ccat"])


def test_other_images_are_refused(whole, tmp_path, capsys):
    made.binary_folder(tmp_path)
    assert main(["kept", str(whole), "--data", str(tmp_path)]) == 2
    assert "holds other images" in capsys.readouterr().err


def test_a_folder_that_was_not_kept_is_no_kept_folder(tmp_path, capsys):
    assert main(["kept", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
