"""The report of runs that cannot be finished: the reason stands in the place of every number they would have given."""

from __future__ import annotations

import csv
import json

import pytest

from cifar import commands as cli
from cifar.experiments import grid as experiments
from cifar.report import figures, results
from cifar.report.claims import CLAIMS, by_confidence, by_paper
from cifar.runs import paths

from ..report import made_results as made

GRID = experiments.grid("paper")
SHORT = "diverged in epoch 3"
NEEDS = "not run: needs at@150"
GONE = tuple(f"at{seed}@{epoch}" for seed in ("", "-seed-1", "-seed-2") for epoch in (150, 200, 300))


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """The whole grid, but that one run diverged after its first checkpoint, one at once, and one needs the first."""
    tmp_path = tmp_path_factory.mktemp("reported")
    made.made(tmp_path, without=(*GONE, "rft", "st-logit-seed-2"))
    for run, loss in (("at", "inf"), ("st-logit-seed-2", "nan")):
        why = {"epoch": 3, "reason": f"the mean loss is {loss}", "commits": ["abc"]}
        paths.record_failure(tmp_path, GRID[run], paths.DIVERGED, **why)
    paths.record_failure(tmp_path, GRID["rft"], paths.NOT_RUN, needs="at@150")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(figures, "painted", lambda *panels: {"svg": b"<svg></svg>", "png": b"png"})
        assert cli.main(["report", "--out", str(tmp_path)]) == 0
    return tmp_path


def test_every_table_says_it_in_the_cell(reported):
    cells = {}
    for table in ("table-1", "table-5"):
        with (reported / f"report/tables/{table}.csv").open(newline="") as file:
            cells |= {
                (line["attack"], line["checkpoint"]): line["mean"] for line in csv.DictReader(file) if line["rule"] == "last"
            }
    assert cells["linf", "at@300"] == cells["cw", "at@150"] == SHORT and cells["linf", "rft@300"] == NEEDS
    assert float(cells["linf", "at@100"]) > 0


def test_the_page_says_it_at_the_top_in_its_tables_captions_and_runs(reported):
    page = (reported / "report/report.html").read_text()
    told = (
        "Runs that cannot be finished: at diverged in epoch 3: the mean loss is inf; rft not run: needs at@150; "
        "st-logit-seed-2 diverged in epoch 3: the mean loss is nan."
    )
    assert told in page
    tables = page[page.index('id="tables"') : page.index('id="figures"')]
    assert f">{SHORT}</td>" in tables and f">{NEEDS}</td>" in tables
    runs = page[page.index('id="runs"') : page.index('id="circumstances"')]
    assert f'<td colspan="6">{SHORT}: the mean loss is inf</td>' in runs


def test_every_claim_that_lacks_them_says_why(reported):
    with (reported / "report/tables/claims.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    for number in (1, 2, 5, 8, 11):
        told = [line["numbers"] for line in lines if line["claim"] == str(number)]
        assert any(SHORT in words or NEEDS in words for words in told), number
        assert not any("not run" in words and "needs" not in words for words in told), (number, told)
    stored = json.loads((reported / "report/report.json").read_text())
    assert stored["failures"]["rft"] == NEEDS


@pytest.mark.parametrize("run", ["st-logit", "st-label"])
def test_a_single_run_that_diverged_is_named_by_the_claims_on_it_alone(tmp_path, run):
    made.made(tmp_path, without=(run, f"{run}-seed-1", f"{run}-seed-2"))
    paths.record_failure(tmp_path, GRID[run], paths.DIVERGED, epoch=3, reason="the mean loss is inf", commits=["abc"])
    remaining = results.read(tmp_path)
    for claim in CLAIMS:
        for robust in (by_paper, by_confidence):
            asked = claim.decide(remaining, robust).questions
            assert not [question for question in asked if "not run" in question.words], claim.number
    assert remaining.absent(f"{run}@300") == SHORT


def test_a_checkpoint_that_is_there_is_not_absent(reported):
    results_ = results.read(reported)
    assert results_.absent("at@300") == SHORT and results_.absent("at@50") == "not run" == results_.absent("unheard-of@3")


def test_failures_alone_are_one_clear_line(tmp_path, capsys):
    paths.record_failure(tmp_path, GRID["teacher"], paths.DIVERGED, epoch=1, reason="the mean loss is nan", commits=[])
    assert cli.main(["report", "--out", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "holds no results" in told and "teacher diverged in epoch 1: the mean loss is nan" in told
