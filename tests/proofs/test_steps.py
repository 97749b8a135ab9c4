"""What a row says of its steps: checked in general, on samples, or words; a step counts as its weakest part."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from proofs import commands
from proofs.entry import GENERAL, SAMPLES, WORDS, Entry, Step

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = {entry.name: entry for entry in commands.entries()}


def nothing() -> None:
    """A check that passes."""


def an_entry(name: str, kind: str, *steps: Step) -> Entry:
    return Entry(name, "Lemma", kind, "s", "c", "d", steps)


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (Step("t"), WORDS),
        (Step("t", nothing), GENERAL),
        (Step("t", nothing, samples="n = 1"), SAMPLES),
        (Step("t", nothing, words=True), WORDS),
        (Step("t", nothing, samples="n = 1", words=True), WORDS),
    ],
)
def test_a_step_counts_as_its_weakest_part(step, kind):
    assert step.kind == kind
    assert an_entry("x", "proof", step).counts == {k: int(k == kind) for k in (GENERAL, SAMPLES, WORDS)}


def test_a_step_whose_text_names_words_or_whose_check_is_missing_is_words():
    for entry in ENTRIES.values():
        for step in entry.steps:
            if step.check is None or "(words" in step.text or "words:" in step.text:
                assert step.kind == WORDS, (entry.name, step.text)


def test_a_row_counts_all_its_steps():
    for entry in ENTRIES.values():
        assert sum(entry.counts.values()) == len(entry.steps) > 0


def test_theorem_d_is_words_and_so_it_is_labelled_and_nothing_else_is():
    assert [name for name, entry in ENTRIES.items() if not entry.is_checked] == ["theorem-d"]
    assert ENTRIES["theorem-d"].label == "Theorem D (words)"
    assert ENTRIES["theorem-d"].counts[GENERAL] == ENTRIES["theorem-d"].counts[SAMPLES] == 0


def test_what_is_checked_on_samples_is_named():
    """Four steps of enumeration: everything else that is checked is decided for all values that the step speaks of."""
    sampled = {(name, step.samples) for name, entry in ENTRIES.items() for step in entry.steps if step.kind == SAMPLES}
    assert {name for name, _ in sampled} == {
        "theorem-b-attained",
        "all-count-lowest",
        "same-sign-count",
        "two-norm-costs-the-root-of-the-outputs",
        "augmented-angle-is-not-the-weights-angle",
    }
    assert all(any(character.isdigit() for character in samples) for _, samples in sampled)


def test_words_alone_are_printed_as_words_and_are_not_counted_as_proofs(monkeypatch, capsys):
    mixed = an_entry("mixed", "proof", Step("t", nothing), Step("u"), Step("v", nothing, samples="n = 1"))
    whole = an_entry("whole", "proof", Step("t", nothing), Step("u", nothing))
    alone = an_entry("alone", "proof", Step("t"), Step("u", nothing, words=True))
    refuted, kept = (an_entry(kind, kind, Step("t", nothing)) for kind in ("counterexample", "record"))
    monkeypatch.setattr(commands, "entries", lambda: [mixed, whole, alone, refuted, kept])
    assert commands.main([]) == 0
    *rows, summary = capsys.readouterr().out.splitlines()
    assert [row.split()[3] for row in rows] == ["pass", "pass", "words", "pass", "pass"]
    assert rows[0].endswith("1 in general, 1 on samples, 1 in words") and rows[1].endswith("s  2 in general")
    assert summary == (
        "5 of 5 pass: 2 proofs (1 of them checked in general at every step), 1 counterexamples, 1 records,"
        " 1 in words alone; steps: 5 in general, 1 on samples, 3 in words"
    )
    assert commands.main(["--json"]) == 0
    printed = json.loads(capsys.readouterr().out)["rows"]
    assert [row["result"] for row in printed] == ["pass"] * 5
    assert [row["steps"] for row in printed][:3] == [
        {"general": 1, "samples": 1, "words": 1},
        {"general": 2, "samples": 0, "words": 0},
        {"general": 0, "samples": 0, "words": 2},
    ]


def test_a_check_of_a_part_still_runs(monkeypatch, capsys):
    def wrong() -> None:
        raise AssertionError("no")

    monkeypatch.setattr(commands, "entries", lambda: [an_entry("alone", "proof", Step("t", wrong, words=True))])
    assert commands.main([]) == 1
    assert capsys.readouterr().out.split()[3] == "fail"


@pytest.mark.parametrize("arguments", [[], ["--json"], ["show", "bang"]])
def test_without_sympy_one_line_says_what_is_missing_and_what_to_install(arguments):
    without = "import sys; sys.modules['sympy'] = None; from proofs.commands import main; sys.exit(main(sys.argv[1:]))"
    run = subprocess.run([sys.executable, "-c", without, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert "sympy" in run.stderr and "pip install twolayer" in run.stderr
