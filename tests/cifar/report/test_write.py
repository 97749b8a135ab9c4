"""The report of made results: numbers, what is missing, what is foreign, one page without references, the same bytes."""

from __future__ import annotations

import csv
import json
import os
import re

import pytest

from cifar import __main__ as cli
from cifar.__main__ import main
from cifar.experiments import grid as experiments
from cifar.measures.robustness import RULES
from cifar.report import figures, palette, pictures, printed, results
from cifar.report import write as report

from . import made_results as made

SMALL = ("st-label@50",)


def quick(panel):
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
    seen = 0
    for table in printed.TABLES:
        found = rows(tmp_path / f"report/tables/{table.name}.csv")
        assert len(found) == len(table.cells) * len(RULES)
        for line, kept in zip(found, stored["tables"][table.name], strict=True):
            run, _, epoch = line["checkpoint"].partition("@")
            result = json.loads((tmp_path / f"runs/{run}/epoch-{epoch}.json").read_text())
            counted = result["attacks"][line["attack"]][line["rule"]]
            assert float(line["mean (per cent)"]) == counted["mean"] == kept["mean (per cent)"]
            assert float(line["variance (of fractions)"]) == counted["variance"]
            assert line["images"] == "jpeg"
            if line["rule"] == "last":
                assert f"<b>{counted['mean']:.2f}</b>" in page
                seen += 1
    assert seen == sum(len(table.cells) for table in printed.TABLES)
    assert stored["profile"] == "paper"


def test_printed_numbers_stand_beside_ours(tmp_path, undrawn):
    assert cli.main(["report", "--out", str(small(tmp_path))]) == 0
    found = {
        (line["row"], line["column"]): line for line in rows(tmp_path / "report/tables/table-3.csv") if line["rule"] == "last"
    }
    cell = found["ST label", "50"]
    assert cell["printed (per cent)"] == "19.08"
    assert float(cell["difference (points)"]) == pytest.approx(float(cell["mean (per cent)"]) - 19.08)
    assert found["ST logit", "300"]["mean (per cent)"] == "not run"
    assert {line["printed (per cent)"] for line in rows(tmp_path / "report/tables/table-2.csv")} == {"lost"}


def test_the_printed_tables_are_the_experiments_of_the_grid():
    known = {
        (checkpoint, attack)
        for name in ("table-1", "table-2", "table-3", "table-4", "table-5")
        for checkpoint, attacks in experiments.EXPERIMENTS[name].cells
        for attack in attacks
    }
    cells = {(cell.checkpoint, cell.attack) for table in printed.TABLES for cell in table.cells}
    assert cells == {(checkpoint, attack) for checkpoint, attack in known if attack != "confident"}


def test_what_was_not_run_is_said(tmp_path, undrawn):
    made.made(tmp_path, without=("rft", "at-out-plane"))
    assert cli.main(["report", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "report/report.html").read_text()
    assert "not run" in page
    assert "Not run: RFT 150." in page
    assert "Not run: out-plane AT 150." in page
    assert {
        line["mean (per cent)"] for line in rows(tmp_path / "report/tables/table-2.csv") if line["column"] == "out-plane AT"
    } == {"not run"}


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
    page = re.sub(r'xmlns(:xlink)?="http://www\.w3\.org/[^"]*"', "", page).replace("&quot;http://example.org/x&quot;", "")
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
    known = results.read(tmp_path)
    assert [result.epoch for result in known.checkpoints.values()] == [300]
    assert known.left_out[0][0] == "runs/at/epoch-10.json"


def test_seconds_are_those_of_the_last_checkpoint_which_count_the_ones_before(tmp_path):
    made.store(tmp_path, made.result("at", 50), seconds=10.0)
    made.store(tmp_path, made.result("at", 300), seconds=60.0)
    made.store(tmp_path, made.result("st-logit", 300), seconds=None)
    known = report.facts(results.read(tmp_path), "")
    assert known["seconds"] == 61.0
    assert known["circumstances"]["hardware"] == "made GPU"


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
    value = made.result(run, 300)
    value["config"]["settings"].update(changes)
    assert report.profile_of([results.parsed("", value, {})]) == profile


@pytest.mark.parametrize(("source", "warned"), [("jpeg", True), ("original", False), ("unknown", True)])
def test_images_that_are_not_the_official_ones_are_warned_of(tmp_path, source, warned):
    known = report.facts(results.read(small(tmp_path, source=source)), "")
    assert any("official pixels" in warning for warning in known["warnings"]) is warned


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return pictures.pictures(results.read(made.made(tmp_path_factory.mktemp("whole"))))


def test_every_figure_of_the_paper_has_panels(whole):
    wanted = {"headline", *(f"figure-{i}" for i in range(2, 17) if i != 13)}
    assert {picture.name for picture in whole if picture.panels} == wanted
    assert all(not picture.missing for picture in whole)


@pytest.mark.parametrize("kind", [pictures.CURVES, pictures.LINES, pictures.BARS, pictures.POINTS, pictures.SPECTRUM])
def test_a_panel_of_every_kind_is_drawn(whole, kind):
    panel = next(panel for picture in whole for panel in picture.panels if panel.kind == kind)
    files = figures.painted(panel)
    assert files["png"].startswith(b"\x89PNG")
    assert panel.title.encode() in files["svg"]


def test_a_layer_without_specialised_nodes_is_drawn_without_a_ratio():
    panel = pictures.Panel("p", pictures.LINES, "t", "x", "y", (pictures.Series("a", "at@300", (1, 2), (0.5, None)),))
    assert b"<svg" in figures.painted(panel)["svg"]


def test_curves_hold_what_was_measured(whole):
    shown = next(panel for picture in whole for panel in picture.panels if panel.name == "figure-4-eps-in")
    for series in shown.series:
        run, _, epoch = series.checkpoint.partition("@")
        assert list(series.y) == made.result(run, int(epoch))["specialisation"]["first"]["eps_in_curve"]


def test_runs_of_one_figure_differ_in_colour_or_stroke(whole):
    for picture in whole:
        runs = {series.checkpoint.partition("@")[0] for panel in picture.panels for series in panel.series if not series.group}
        styles = [palette.RUNS[run] for run in runs if run in palette.RUNS]
        assert len({(colour, str(stroke)) for colour, stroke, _ in styles}) == len(styles)


def test_every_student_of_the_grid_has_a_look_and_every_kind_of_training_a_colour():
    grid = experiments.grid("paper")
    students = {name: run for name, run in grid.items() if run.role == "student"}
    assert set(palette.RUNS) == set(students)
    assert {pictures.family(dict(run.record)) for run in students.values()} == set(palette.FAMILIES)
