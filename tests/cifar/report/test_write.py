"""The report of made results: numbers, what is missing, what is foreign, one page without references, the same bytes."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import re

import numpy as np
import pytest

from cifar import commands as cli
from cifar.commands import main
from cifar.experiments import grid as experiments
from cifar.report import figures, pictures, results, tables
from cifar.report import write as report
from cifar.report.write import facts, profile_of

from . import made_results as made

SMALL = ("st-label@50",)


def quick(panel, *beside):
    """Files of a panel without drawing it."""
    return {"svg": b'<svg width="1pt" height="1pt"><text>%s</text></svg>' % panel.name.encode(), "png": b"png"}


@pytest.fixture
def undrawn(monkeypatch):
    monkeypatch.setattr(figures, "painted", quick)


def small(out, **changes):
    for checkpoint in SMALL:
        run, _, epoch = checkpoint.partition("@")
        made.store(out, made.result(run, int(epoch), **changes))
    return out


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_tables_hold_the_numbers_of_the_results(tmp_path, undrawn):
    made.made(tmp_path)
    assert main(["report", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "report/report.html").read_text()
    stored = json.loads((tmp_path / "report/report.json").read_text())
    for table in tables.TABLES:
        lines = rows(tmp_path / f"report/tables/{table.name}.csv")
        assert len(lines) == len(table.rows) * len(table.columns)
        for line, kept in zip(lines, stored["tables"][table.name], strict=True):
            run, _, epoch = line["checkpoint"].partition("@")
            files = [tmp_path / f"runs/{run}{seed}/epoch-{epoch}.json" for seed in ("", "-seed-1", "-seed-2")]
            seeds = [json.loads(file.read_text())["attacks"] for file in files if file.is_file()]
            mean = np.mean([attacks[line["attack"]][line["rule"]]["mean"] for attacks in seeds])
            assert float(line["mean"]) == pytest.approx(mean) and float(line["mean"]) == kept["mean"]
            assert int(line["seeds"]) == len(seeds) == (3 if run in made.SEVERAL else 1)
            assert line["images"] == "jpeg" and float(line["half of the 95 % interval"]) > 0
            assert f"<b>{mean:.1f}</b>" in page


def test_printed_numbers_stand_beside_ours(tmp_path, undrawn):
    assert cli.main(["report", "--out", str(small(tmp_path))]) == 0
    cells = {(line["checkpoint"], line["column"]): line for line in rows(tmp_path / "report/tables/table-3.csv")}
    assert cells["st-label@50", "linf PGD, last"]["printed"] == "19.08"
    assert cells["st-label@50", "linf PGD, any"]["printed"] == ""
    assert cells["st-logit@300", "linf PGD, last"]["mean"] == "not run"
    lost = [line for line in rows(tmp_path / "report/tables/table-2.csv") if line["attack"] == "in-plane"]
    assert {line["printed"] for line in lost} == {"lost"}


def test_the_printed_tables_are_the_experiments_of_the_grid():
    asked = {
        (checkpoint, attack)
        for name in ("table-1", "table-2", "table-3", "table-4", "table-5")
        for checkpoint, attacks in experiments.EXPERIMENTS[name].cells
        for attack in attacks
    }
    cells = {(row, attack) for table in tables.TABLES for row in table.rows for attack in table.attacks}
    assert cells == {(checkpoint, attack) for checkpoint, attack in asked if attack not in ("linf-small", "confident")}
    assert all(len(numbers) == len(table.attacks) for table in tables.TABLES for numbers in table.rows.values())


def test_what_was_not_run_has_no_row_and_no_figure(tmp_path, undrawn):
    made.made(tmp_path, without=("rft", "at-out-plane", "st-logit-5", "at-5", "ccat-5", "ccat-10", "ccat-20"))
    assert cli.main(["report", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "report/report.html").read_text()
    tables = page[page.index('<h3 id="table-1"') : page.index('id="figures"')]
    assert "RFT" not in tables and "out-plane AT" not in tables and "not run" not in tables and "layer 5" not in tables
    assert 'id="table-4"' in tables and 'id="table-2"' in tables
    lines = rows(tmp_path / "report/tables/table-2.csv")
    assert {line["mean"] for line in lines if line["checkpoint"] == "at-out-plane@150"} == {"not run"}


def test_the_untrained_student_stands_in_every_figure_and_table_of_bnc_and_eps(tmp_path):
    everything = results.read(made.made(tmp_path))
    for picture in pictures.pictures(everything):
        for panel in picture.panels:
            if panel.y in ("BNC", "MBNC") or panel.y.startswith("eps_") or panel.name.startswith("headline"):
                assert sum(series.label == results.START for series in panel.series) == 1, panel.name
    for depth in (4, 5):
        _, lines = tables.specialised(everything, depth)
        assert sum(checkpoint.endswith("@0") for checkpoint, _ in lines) == 1
        assert all(cell.mean is not None and cell.half for _, cells in lines for cell in cells)


def test_the_page_says_undecided_where_one_seed_is_all_there_is(tmp_path, undrawn):
    made.made(tmp_path, without=[f"{kind}-seed-{seed}" for kind in made.SEVERAL for seed in (1, 2)])
    assert cli.main(["report", "--out", str(tmp_path)]) == 0
    stored = json.loads((tmp_path / "report/report.json").read_text())
    verdicts = {claim["claim"]: claim["paper"]["verdict"] for claim in stored["claims"]}
    assert {number for number, verdict in verdicts.items() if verdict == "yes"} == {"4", "12"}
    assert set(verdicts.values()) == {"yes", "undecided"}
    assert "\u00b1\u00a0?" in (tmp_path / "report/report.html").read_text().replace("&plusmn;&nbsp;", "\u00b1\u00a0")


def test_a_demonstration_has_numbers_and_no_verdicts(tmp_path, undrawn):
    grid = experiments.grid("demo")
    for run in ("at", "st-logit", "st-label"):
        for paper, here in grid[run].checkpoints:
            value = made.result(run, paper, ("linf", "confident"), test_images=grid[run].test_images)
            value["config"]["settings"] = grid[run].record
            made.store(tmp_path, {**value, "epoch": here})
    assert cli.main(["report", "--out", str(tmp_path)]) == 0
    page = re.sub(r"<style>.*?</style>", "", (tmp_path / "report/report.html").read_text(), flags=re.S)
    assert "Demonstration" in page and not re.search(r'class="(yes|no|undecided)"', page)
    claims = (tmp_path / "report/claims.md").read_text()
    assert claims.startswith("Demonstration") and not re.search(r"\b(yes|undecided)\b", claims)
    assert {line["verdict"] for line in rows(tmp_path / "report/tables/claims.csv")} == {"demonstration"}
    assert {line["answer"] for line in rows(tmp_path / "report/tables/claims.csv")} == {""}
    assert "AT 10 (300)" in page and "evidence of nothing" in report.front(results.read(tmp_path))


def test_a_readme_gets_one_figure_a_paragraph_and_a_line_a_claim(tmp_path, undrawn):
    made.made(tmp_path)
    assert cli.main(["report", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "report/figures/headline.png").is_file()
    told = report.front(results.read(tmp_path))
    assert "13 yes, 0 no, 0 undecided; under confident, where an attack enters: 6 yes, 0 no, 0 undecided; 0 rest on" in told
    claims = (tmp_path / "report/claims.md").read_text().splitlines()
    assert sum(line.count(" | yes | yes | ") for line in claims) == 6
    assert sum(" | yes | no attack enters | " in line for line in claims) == 7


@pytest.mark.parametrize(
    "content",
    [
        "not JSON",
        "[]",
        "{}",
        '{"run": "at"}',
        json.dumps({**made.result("at", 300), "config": {}}),
        json.dumps(made.result("at", 300)).replace('"mean": 58.5', '"mean": NaN'),
        json.dumps({**made.result("at", 300), "specialisation": {"layers": [{}], "first": {}}}),
    ],
)
def test_a_file_that_is_no_result_is_left_out_and_named(tmp_path, undrawn, capsys, content):
    small(tmp_path)
    path = tmp_path / "runs/at/epoch-300.json"
    path.parent.mkdir()
    path.write_text(content)
    assert cli.main(["report", "--out", str(tmp_path)]) == 0
    assert "left out runs/at/epoch-300.json: not" in capsys.readouterr().err
    assert "runs/at/epoch-300.json" in (tmp_path / "report/report.html").read_text()


def test_a_file_of_another_name_and_an_unreadable_spectrum_are_left_out(tmp_path):
    small(tmp_path)
    (tmp_path / "runs/st-label/notes.json").write_text(json.dumps(made.result("at", 300)))
    (tmp_path / "patches.json").write_text('{"spectra": [{}]}')
    assert [file for file, _ in results.read(tmp_path).left_out] == ["runs/st-label/notes.json", "patches.json"]


@pytest.mark.parametrize(
    "prepare", [lambda out: None, lambda out: out.mkdir(), lambda out: (out / "runs/at").mkdir(parents=True)]
)
def test_a_directory_without_results_gives_one_clear_line(tmp_path, capsys, prepare):
    prepare(tmp_path / "out")
    assert main(["report", "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "holds no results" in told
    assert not (tmp_path / "out/report").exists()


def test_the_page_refers_to_nothing_outside(tmp_path):
    name = '<img src="http://example.org/x">'
    made.store(
        small(tmp_path),
        {**made.result("at", 7), "run": "other"}
        | {
            "config": {
                **made.result("at", 7)["config"],
                "settings": {**made.result("at", 7)["config"]["settings"], "examples": name},
            }
        },
    )
    assert cli.main(["report", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "report/report.html").read_text()
    assert name not in page
    assert "&lt;img src=" in page
    assert not re.search(r"<(script|link|img|iframe|object)\b", page)
    page = re.sub(r'xmlns(:xlink)?="http://www\.w3\.org/[^"]*"', "", page).replace("&#34;http://example.org/x&#34;", "")
    assert "//" not in re.sub(r"data:image/png;base64,[A-Za-z0-9+/=\s]*", "", page)
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", page))
    assert all(target.startswith(("#", "data:image/png;base64,")) for target in re.findall(r'href="([^"]*)"', page))
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids))


def test_the_same_results_give_the_same_bytes(tmp_path):
    small(tmp_path)
    written = []
    for place in ("a", "b"):
        assert cli.main(["report", "--out", str(tmp_path), "--to", str(tmp_path / place)]) == 0
        written.append(
            {
                path.relative_to(tmp_path / place): path.read_bytes()
                for path in sorted((tmp_path / place).rglob("*"))
                if path.is_file()
            }
        )
    assert written[0] == written[1]
    assert {path.suffix for path in written[0]} == {".html", ".json", ".md", ".csv", ".svg", ".png"}


def test_a_crash_leaves_the_old_page_whole(tmp_path, undrawn, monkeypatch):
    small(tmp_path)
    assert cli.main(["report", "--out", str(tmp_path)]) == 0
    before = (tmp_path / "report/report.html").read_bytes()
    made.store(tmp_path, made.result("at", 300))
    replace = os.replace

    def crash(source, target):
        if str(target).endswith("report.html"):
            raise OSError("no room")
        replace(source, target)

    monkeypatch.setattr(os, "replace", crash)
    assert cli.main(["report", "--out", str(tmp_path)]) == 2
    assert (tmp_path / "report/report.html").read_bytes() == before


def test_of_two_epochs_of_a_checkpoint_the_later_counts(tmp_path):
    made.store(tmp_path, made.result("at", 300))
    made.store(tmp_path, {**made.result("at", 300), "epoch": 10})
    remaining = results.read(tmp_path)
    assert [result.epoch for result in remaining.checkpoints.values()] == [300]
    assert remaining.left_out[0][0] == "runs/at/epoch-10.json"


def test_seconds_are_those_of_the_last_checkpoint_which_count_the_ones_before(tmp_path):
    made.store(tmp_path, made.result("at", 50), seconds=10.0)
    made.store(tmp_path, made.result("at", 300), seconds=60.0)
    made.store(tmp_path, made.result("st-logit", 300), seconds=None)
    told = facts(results.read(tmp_path))
    assert told["seconds"] == 61.0
    assert told["circumstances"]["hardware"] == "made GPU"


@pytest.mark.parametrize(
    ("run", "changes", "profile"),
    [
        ("at", {}, "paper"),
        ("at", {"lr": 7.0}, "of its own"),
        ("at", {"test_images": 7, "attacks": []}, "paper"),
        ("at", experiments.grid("demo")["at"].record, "demo"),
        ("unheard-of", {}, "of its own"),
    ],
)
def test_the_profile_is_told_from_the_settings(run, changes, profile):
    value = made.result(run, 300, ())
    value["config"]["settings"].update(changes)
    assert profile_of([results.result_of("", value, {})]) == profile


@pytest.mark.parametrize(("source", "warned"), [("jpeg", True), ("original", False), ("unknown", True)])
def test_images_that_are_not_the_official_ones_are_warned_of(tmp_path, source, warned):
    told = facts(results.read(small(tmp_path, source=source)))
    assert any("official pixels" in warning for warning in told["warnings"]) is warned


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return pictures.pictures(results.read(made.made(tmp_path_factory.mktemp("whole"))))


def test_every_figure_of_the_paper_has_panels(whole):
    wanted = {"headline", "tau", *(f"figure-{i}" for i in range(2, 17) if i != 13)}
    assert {picture.name for picture in whole if picture.panels} == wanted


@pytest.mark.parametrize(
    "kind", [pictures.CURVES, pictures.LINES, pictures.BARS, pictures.POINTS, pictures.CLOUD, pictures.SPECTRUM]
)
def test_a_panel_of_every_kind_is_drawn(whole, kind):
    panel = next(panel for picture in whole for panel in picture.panels if panel.kind == kind)
    files = figures.painted(panel)
    assert files["png"].startswith(b"\x89PNG")
    assert panel.title.encode() in files["svg"]


def test_panels_beside_each_other_are_one_drawing_with_one_legend(whole):
    (picture,) = (picture for picture in whole if picture.name == "headline")
    drawn = figures.painted(*picture.panels[:2])["svg"].decode()
    assert (
        drawn.count(">ST Gaussian<") == 1
        and ">confident<" in drawn
        and ">the paper's attack and count<" in drawn.replace("&#x27;", "'")
    )


@pytest.mark.parametrize("kind", [pictures.POINTS, pictures.LINES])
def test_a_difference_of_half_a_point_is_not_drawn_as_a_cliff(kind):
    series = [pictures.Series("a", "at@300", (0.45,), (7.8,)), pictures.Series("b", "at@0", (0.3,), (7.4,))]
    panel = pictures.Panel("p", kind, "t", "MBNC", "robust accuracy, per cent", tuple(series))
    axes = figures._figure((panel,)).axes[0]
    assert axes.get_ylim()[0] == 0 and axes.get_ylim()[1] >= 10
    assert kind == pictures.LINES or axes.get_xlim()[0] == 0


def test_no_interval_of_a_share_is_drawn_below_nothing():
    point = pictures.Series("a", "at@300", (0.3,), (2.0,), errors=(0.1, 5.0))
    axes = figures._figure((pictures.Panel("p", pictures.POINTS, "t", "MBNC", "robust accuracy, per cent", (point,)),)).axes[0]
    across, up = (bar for group in axes.containers for bar in group[2])
    assert up.get_segments()[0][:, 1].min() == -3 and all(bar.get_clip_on() for bar in (across, up))
    assert axes.get_ylim()[0] == 0 and axes.containers[0][0].get_clip_on() is False  # a mark on the axis is whole


def test_a_layer_without_specialised_nodes_is_drawn_without_a_ratio():
    panel = pictures.Panel("p", pictures.LINES, "t", "x", "y", (pictures.Series("a", "at@300", (1, 2), (0.5, None)),))
    assert b"<svg" in figures.painted(panel)["svg"]


def test_curves_hold_what_was_measured(whole):
    shown = next(panel for picture in whole for panel in picture.panels if panel.name == "figure-4-eps-in")
    for series in shown.series:
        run, _, epoch = series.checkpoint.partition("@")
        assert list(series.y) == made.result(run, int(epoch))["specialisation"]["first"]["eps_in_curve"]


def test_the_curve_over_tau_is_that_of_the_strengths(whole):
    (panel,) = next(picture.panels for picture in whole if picture.name == "tau")
    at = next(series for series in panel.series if series.checkpoint == "at@300")
    mean = made.result("at", 300, ("confident",))["attacks"]["confident"]["confident"]["mean"]
    below = [y for x, y in zip(at.x, at.y, strict=True) if x <= 1.99 * made.TAU]  # the made strengths are -1 and 2 tau
    assert below == pytest.approx([mean] * len(below)) and at.y[-1] == 100 and panel.mark == made.TAU


def test_runs_of_one_figure_differ_in_colour_stroke_or_mark(whole):
    for picture in whole:
        for panel in picture.panels:
            if panel.kind == pictures.BARS:
                continue
            looks = [figures.style(dataclasses.replace(series, shade=1.0)) for series in panel.series]
            shown = {(series.checkpoint.partition("@")[0], series.label == results.START) for series in panel.series}
            assert len({str(look) for look in looks}) == len(shown), panel.name


def test_every_student_of_the_grid_has_a_look_and_a_name():
    grid = experiments.grid("standard")
    kinds = {name.partition("-seed-")[0] for name, run in grid.items() if run.role == "student"}
    assert set(results.KINDS) == kinds
