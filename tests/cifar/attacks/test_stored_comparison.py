"""What cifar/results/autoattack holds, and what cifar/README.md says of it."""

from __future__ import annotations

import json
from pathlib import Path

CIFAR = Path(__file__).resolve().parents[3] / "cifar"
STORED = json.loads((CIFAR / "results" / "autoattack" / "standard.json").read_text(encoding="utf-8"))["rows"]


def test_on_two_trained_students_oracle_ce_is_no_weaker_than_apgd_where_some_images_hold_out():
    assert len(STORED) == 2
    for rows in STORED.values():
        answers = [row["no weaker"] for row in rows]
        assert True in answers and False not in answers


def test_the_readme_says_what_the_stored_comparison_holds():
    rows = [row for each in STORED.values() for row in each]
    telling = [row for row in rows if row["no weaker"] is not None]
    largest = max(max(abs(row["difference"]), row["error"]) for row in telling)
    said = (CIFAR / "README.md").read_text(encoding="utf-8")
    assert f"they agree within {largest:.1f}\npoints" in said and {f"{row['images']} images" for row in rows} == {"500 images"}
    assert {round(255 * row["eps"], 6) for row in rows} == {2, 10} and "`--eps 2 10`" in said
    assert all(row["ours"] == row["apgd"] == 0 for row in rows if row["no weaker"] is None)
