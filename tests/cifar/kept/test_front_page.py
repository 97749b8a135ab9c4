"""The part of the README that shows what the kept results say; what this repository keeps, and its README."""

from __future__ import annotations

from pathlib import Path

import pytest

from cifar.commands import main
from cifar.experiments import grid as experiments
from cifar.kept import keep
from cifar.kept import keep as front
from cifar.report import results
from cifar.report.tables import TABLES
from cifar.report.write import profile_of

from ..report import made_results as cifar_results
from .made import size

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "cifar" / "results"
KEPT = [RESULTS / name for name in front.PROFILES if (RESULTS / name / "claims.md").is_file()]


def repository(root: Path, *profiles: str) -> Path:
    for profile in profiles:
        folder, run = root / "results" / profile, experiments.grid(profile)["at"]
        value = cifar_results.result("at", 300, ("linf",), test_images=run.test_images)
        value["config"]["settings"] = run.record
        cifar_results.store(folder, {**value, "epoch": run.epochs})
        (folder / "claims.md").write_text(f"| | claim |\n|---|---|\n| 1 | It is so. |\n\nProfile: {profile}.\n")
    (root / "README.md").write_text(f"before\n{front.BEGIN}\nold\n{front.END}\nafter\n")
    return root / "README.md"


@pytest.mark.parametrize(
    ("profiles", "shown", "told"),
    [
        (("demo",), "demo", "evidence of nothing"),
        (("paper", "demo"), "paper", "0 yes, 0 no, 13 undecided"),
        (("standard", "demo"), "standard", "50,000 training images and at most 24 epochs a student, attacked on 2,000 images"),
    ],
)
def test_a_readme_shows_the_claims_of_the_best_profile_that_is_kept(tmp_path, profiles, shown, told):
    readme = repository(tmp_path, *profiles)
    assert main(["keep", "--readme", str(readme)]) == 0
    text = readme.read_text()
    claims = (tmp_path / f"results/{shown}/claims.md").read_text()
    assert text.startswith(f"before\n{front.BEGIN}\n<img ") and text.endswith(f"{claims}{front.END}\nafter\n")
    assert f'"results/{shown}/figures/headline.png"' in text and told in " ".join(text.split())
    assert front.replaced(text, front.front_page(tmp_path)) == text


@pytest.mark.parametrize(
    "text",
    [
        "no place",
        f"{front.BEGIN} only",
        f"{front.END} {front.BEGIN}",
        f"{front.BEGIN} {front.BEGIN} {front.END}",
        f"{front.BEGIN}{front.END}{front.BEGIN}{front.END}",
    ],
)
def test_a_readme_without_one_place_for_the_claims_is_left_as_it_is(tmp_path, capsys, text):
    readme = repository(tmp_path, "demo")
    readme.write_text(text)
    assert main(["keep", "--readme", str(readme)]) == 2
    assert capsys.readouterr().err.count("\n") == 1 and readme.read_text() == text


def test_without_kept_results_there_are_no_claims_to_show(tmp_path, capsys):
    (tmp_path / "README.md").write_text(f"{front.BEGIN}{front.END}")
    assert main(["keep", "--readme", str(tmp_path / "README.md")]) == 2
    assert "has no results/paper or results/standard or results/demo" in capsys.readouterr().err


def test_this_repository_keeps_results():
    assert KEPT


@pytest.mark.parametrize("folder", KEPT, ids=lambda folder: folder.name)
def test_what_this_repository_keeps_belongs_together_and_is_under_its_limit(folder, capsys):
    assert main(["kept", str(folder)]) == 0, capsys.readouterr().out
    assert size(folder) < keep.LIMIT
    assert profile_of(list(results.read(folder).checkpoints.values())) == folder.name


def test_every_number_of_the_page_on_what_is_shown_is_a_kept_one():
    """The table of cifar/README.md, cell by cell; the claims below it are what `keep --readme` writes."""
    page = (ROOT / "cifar" / "README.md").read_text(encoding="utf-8")
    read = results.read(RESULTS / "standard")
    (printed,) = ({row: n for row, (n,) in table.rows.items()} for table in TABLES if table.name == "table-3")
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("| `st-")]
    assert len(rows) >= 5
    for name, *cells in rows:
        result = read.get(name.strip(" `"))
        assert result is not None
        judged = (("linf", "last"), ("linf-small", "last"), ("oracle-ce", "any"), ("confident", "confident"))
        shares = [100 * result.clean["agreement"], printed.get(result.checkpoint), *(result.robust(*judge) for judge in judged)]
        agreed, said, *robust = ("" if share is None else f"{share:.1f}" for share in shares)
        distance = f"{result.clean['logit_distance']:,.0f}"
        assert [cell.strip() for cell in cells] == [agreed, distance, f"{result.mbnc:.3f}", said, *robust]
    assert front.replaced(page, front.front_page(ROOT / "cifar")) == page
