"""Every counterexample passes, breaks when a number in it is changed, and is judged alike by the checker."""

from __future__ import annotations

import copy
import importlib
import json
import pkgutil
import random
from fractions import Fraction
from pathlib import Path

import pytest

from proofs import commands, counterexamples
from proofs.entry import Entry, Step
from proofs.instances import read

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "instances"
BROKEN = AssertionError, ValueError, ArithmeticError  # what a check may raise on data that prove nothing
SHIFTS = Fraction(1, 7), Fraction(-1, 1000)
LARGE = 400  # an instance with more numbers than this is sampled
SAMPLED = {"row-sum-of-the-inverse-is-too-small": 40, "two-norm-costs-the-root-of-the-outputs": 2}

MODULES = {}
for listed in pkgutil.iter_modules(counterexamples.__path__):
    module = importlib.import_module(f"{counterexamples.__name__}.{listed.name}")
    if hasattr(module, "ENTRY"):
        MODULES[module.ENTRY.name] = module
ALL = [pytest.param(module, id=name) for name, module in MODULES.items()]
WITH_INSTANCE = [case for case in ALL if hasattr(MODULES[case.id], "instance")]
JUDGED = [pytest.param(module, id=name) for name, module in MODULES.items() if module.ENTRY.expects]

# Numbers of the networks that may change without making the conclusion false, and why.
INDIFFERENT = {
    "dead-observer-proves-nothing": {"teacher W 0 1": "any length", "teacher V": "any fan-out", "student V": "any fan-out"},
    "dead-observer-bounds-no-angle": {
        "student W 0 0": "any direction that stays dead",
        "student b": "any bias that keeps it dead",
        "teacher b": "any line through R of the same length",
    },
    "edge-of-the-active-region-is-not-enough": {"teacher V": "0 where the students are active"},
    "orthogonal-fan-outs-feel-no-teacher": {
        "teacher W 0 0": "any length",
        "teacher b": "any line through R of the same length",
        "teacher V 0 0": "orthogonal to the students' fan-outs, any length",
    },
    "teacher-orthogonal-to-the-data-has-no-direction": {
        "teacher W 0 2": "orthogonal to X, any length",
        "teacher V": "the teacher is 0 on X",
        "student W 0 2": "orthogonal to X",
        "student W 1 2": "orthogonal to X",
    },
    "short-projected-weight-hides-the-crease": {"teacher W 1 2": "orthogonal to U", "student W 0 2": "orthogonal to U"},
    "fan-out-seen-from-a-corner": {"student W 1 1": "tilted, the observer still sees a segment of length t"},
}
# Entries whose region may be any polytope of the right kind: no single number of it matters.
ANY_REGION = {
    "flipped-student-cancels-the-crease": "f = f* near R",
    "teacher-orthogonal-to-the-data-has-no-direction": "f = f* near R in X",
}


def leaves(data, path=()):
    """Paths to the numbers of an instance's data."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key not in ("format", "name"):
                yield from leaves(value, (*path, key))
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from leaves(value, (*path, i))
    else:
        yield path


def shifted(data, path, by):
    """A copy of the data with one number changed."""
    data = copy.deepcopy(data)
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = str(Fraction(place[path[-1]]) + by)
    return data


def survives(module, data, monkeypatch) -> bool:
    """Whether the entry's checks accept other data."""
    with monkeypatch.context() as patch:
        patch.setattr(module, "instance", lambda: data)
        try:
            module.ENTRY.check()
        except BROKEN:
            return False
    return True


@pytest.mark.parametrize("module", ALL)
def test_a_counterexample_is_one(module):
    module.ENTRY.check()
    entry = module.ENTRY
    assert entry.kind == "counterexample" and all(step.check or step.text for step in entry.steps)
    assert any(step.check for step in entry.steps)
    assert entry.name == module.__name__.rpartition(".")[2].replace("_", "-")
    assert entry.statement.startswith("Printed: ") and " Refuted: " in entry.statement


def test_every_reason_of_the_theory_has_its_counterexample():
    labels = sorted(module.ENTRY.label for module in MODULES.values())
    assert labels == sorted(
        [
            *(f"Theorem {number} ({letter})" for number in (1, 2) for letter in "abcdefg"),
            "Theorem 2 (d')",
            "Theorem 3 (norm)",
            "Theorem 3 (thickness)",
            "Lemma 2",
            "Lemma 3",
            "Lemma 4 (a)",
            "Lemma 4 (b)",
            *(f"Corollary 1 ({reason})" for reason in ("region", "thickness", "norm", "row sum", "2-norm")),
        ]
    )


@pytest.mark.parametrize("module", WITH_INSTANCE)
def test_changing_a_number_of_a_network_breaks_the_counterexample(module, monkeypatch):
    name, data = module.ENTRY.name, module.instance()
    paths = [path for path in leaves(data) if path[0] not in ("region", "subspace")]
    assert len(paths) < LARGE or name in SAMPLED
    if name in SAMPLED:
        paths = random.Random(name).sample(paths, SAMPLED[name])
    indifferent = INDIFFERENT.get(name, {})
    for path in paths:
        said = " ".join(map(str, path))
        unnoticed = survives(module, shifted(data, path, SHIFTS[0]), monkeypatch)
        assert not unnoticed or any(said.startswith(key) for key in indifferent), f"{said} + 1/7 goes unnoticed"


@pytest.mark.parametrize("module", [p for p in WITH_INSTANCE if p.id in INDIFFERENT])
def test_the_numbers_listed_as_indifferent_are(module, monkeypatch):
    data = module.instance()
    for key in INDIFFERENT[module.ENTRY.name]:
        paths = [path for path in leaves(data) if " ".join(map(str, path)).startswith(key)]
        assert any(survives(module, shifted(data, path, SHIFTS[0]), monkeypatch) for path in paths), key


@pytest.mark.parametrize("module", [p for p in WITH_INSTANCE if p.id not in SAMPLED])
def test_some_change_of_the_region_breaks_the_counterexample_if_the_region_matters(module, monkeypatch):
    data = module.instance()
    paths = [path for path in leaves(data) if path[0] == "region"]
    changed = (shifted(data, path, by) for path in paths for by in SHIFTS)
    broken = any(not survives(module, other, monkeypatch) for other in changed)
    assert broken != (module.ENTRY.name in ANY_REGION)


def numbers_of(value, path=()):
    if isinstance(value, tuple):
        for i, entry in enumerate(value):
            yield from numbers_of(entry, (*path, i))
    elif isinstance(value, int | Fraction) and not isinstance(value, bool):
        yield path


def moved(value, path, by):
    if not path:
        return value + by
    return tuple(moved(entry, path[1:], by) if i == path[0] else entry for i, entry in enumerate(value))


# Constants of modules without an instance that may change, and why.
FREE = {
    "augmented-angle-is-not-the-weights-angle": {"STRETCH": "any number"},
    "nearly-opposite-nodes-have-distant-biases": {"MOST": "any larger bound", "SLOPE": "any larger bound"},
    "opposite-nodes-hide-a-crease-at-distant-biases": {"MOST": "any larger", "SLOPE": "any larger"},
    "thin-region-defeats-local-independence": {"SLOPE": "any larger bound"},
}


@pytest.mark.parametrize("module", [p for p in ALL if p.id in FREE])
def test_changing_a_constant_of_a_lemma_s_counterexample_breaks_it(module, monkeypatch):
    survivors = set()
    for key, value in vars(module).copy().items():
        if not key.isupper() or key.startswith("PI_"):
            continue
        for path in numbers_of(value):
            with monkeypatch.context() as patch:
                patch.setattr(module, key, moved(value, path, Fraction(1, 7)))
                try:
                    module.ENTRY.check()
                except BROKEN:
                    continue
            survivors.add(" ".join(map(str, (key, *path))))
    free = FREE[module.ENTRY.name]
    assert survivors <= set(free), f"{survivors - set(free)} go unnoticed"
    assert survivors == set(free)


@pytest.mark.parametrize("module", JUDGED)
def test_the_checker_says_that_the_same_row_fails_for_the_same_reason(module):
    """The statement of the row alone: Theorem 2 of the largest instance has 7,000 other rows."""
    twolayer = pytest.importorskip("twolayer")
    expected = dict(module.ENTRY.expects)
    reason = expected.pop("reason")
    checked = twolayer.check(
        twolayer.Instance.from_json(json.dumps(module.ENTRY.instance())), statements=[expected["statement"]]
    )
    rows = [verdict.to_dict() for verdict in checked.verdicts if verdict.form == "printed"]
    rows = [row for row in rows if expected.items() <= row.items()]
    assert [row["verdict"] for row in rows] == ["fails"] and rows[0]["reason"] == reason
    epsilon, (lower, upper) = read(module.ENTRY.instance()).epsilon, checked.gradient
    assert Fraction(lower) <= epsilon <= Fraction(upper)


def same(first, second) -> bool:
    return all(
        getattr(first, key) == getattr(second, key)
        for key in ("teacher", "student", "second_teacher", "region", "rows", "start")
    )


def test_examples_of_the_same_name_are_the_same_instances():
    written = [module.instance() for module in MODULES.values() if module.ENTRY.expects]
    ours = {data["name"]: read(data) for data in written}
    shared = 0
    for path in sorted(EXAMPLES.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["name"] in ours:
            shared += 1
            assert same(ours[data["name"]], read(data)), path.name
    assert shared >= 18 or not EXAMPLES.exists()


# The command


@pytest.fixture
def two_rows(monkeypatch):
    """A proof that passes and a proof that fails."""

    def fail():
        assert False, "one is not two"  # noqa: B011

    good = Entry(
        "good-row",
        "Lemma 0",
        "proof",
        "One is one.",
        "All.",
        "Nothing.",
        (Step("1 = 1.", lambda: None), Step("w*_j and |x| < 1.")),
    )
    bad = Entry("bad-row", "Lemma 00", "record", "One is two.", "All.", "Nothing.", (Step("1 = 2.", fail),))
    monkeypatch.setattr(commands, "entries", lambda: [good, bad])
    return good, bad


def test_a_failing_check_makes_the_exit_status_one(two_rows, monkeypatch, capsys):
    assert commands.main(["--json"]) == 1
    out, err = capsys.readouterr()
    said = json.loads(out)
    rows = said["rows"]
    assert said["format"] == "twolayer-proofs/1"
    assert [set(row) for row in rows] == [{"name", "label", "kind", "result", "seconds", "steps"}] * 2
    assert rows[0]["steps"] == {"general": 1, "samples": 0, "words": 1}
    assert [(row["name"], row["kind"], row["result"]) for row in rows] == [
        ("good-row", "proof", "pass"),
        ("bad-row", "record", "fail"),
    ]
    assert "step 1 of bad-row" in err and "one is not two" in err
    assert commands.main([]) == 1
    assert "1 of 2 pass" in capsys.readouterr().out
    monkeypatch.setattr(commands, "entries", lambda: [two_rows[0]])
    assert commands.main([]) == 0


def test_a_proof_is_shown_in_steps_that_say_what_is_checked(two_rows, capsys):
    assert commands.main(["show", "good_row"]) == 0
    shown = capsys.readouterr().out
    assert "1  in general: 1 = 1." in shown and "2  in words: w*_j and |x| < 1." in shown
    assert "good-row   (proof: Lemma 0)" in shown and "Not certified\n    Nothing." in shown
    assert commands.main(["show", "good-row", "--markdown"]) == 0
    shown = capsys.readouterr().out
    assert "## Proof\n\n1. **in general** 1 = 1.\n2. **in words** w\\*\\_j and \\|x\\| \\< 1." in shown


def test_an_unknown_name_is_one_clear_line(two_rows, capsys):
    assert commands.main(["show", "nothing"]) == 2
    out, err = capsys.readouterr()
    assert not out and err.count("\n") == 1 and "no entry is named 'nothing'" in err


def test_two_entries_of_one_name_are_refused(monkeypatch, capsys):
    one = next(iter(MODULES.values()))
    monkeypatch.setattr(one, "ENTRIES", (one.ENTRY,), raising=False)
    monkeypatch.setattr(commands, "PACKAGES", {"counterexamples": "counterexample"})
    assert commands.main([]) == 1
    assert one.ENTRY.name in capsys.readouterr().err


def test_a_new_file_is_a_new_row_and_an_unreadable_one_fails(monkeypatch, tmp_path):
    (tmp_path / "fresh_conclusion.py").write_text(
        "from proofs.entry import Entry, Step\n"
        "STEPS = (Step('t', lambda: None),)\n"
        "ENTRIES = tuple(Entry(f'fresh-{i}', 'Lemma', 'proof', 's', 'c', 'd', STEPS) for i in (1, 2))\n",
        encoding="utf-8",
    )
    (tmp_path / "no_python.py").write_text("import nothing_of_this_name\n", encoding="utf-8")
    monkeypatch.setattr(counterexamples, "__path__", [str(tmp_path)])
    monkeypatch.setattr(commands, "PACKAGES", {"counterexamples": "counterexample", "never_there": "record"})
    results = {entry.name: commands.row(entry)[0]["result"] for entry in commands.entries()}
    assert results == {"fresh-1": "pass", "fresh-2": "pass", "no-python": "fail"}


def test_a_certificate_is_handed_to_the_checker(monkeypatch):
    monkeypatch.setattr("proofs.check.main", lambda arguments: 1 if arguments == ["some.json", "--quiet"] else 0)
    assert commands.main(["check", "some.json", "--quiet"]) == 1


@pytest.mark.parametrize("module", ALL)
def test_every_counterexample_can_be_shown(module):
    for markdown in (False, True):
        shown = commands.shown(module.ENTRY, markdown)
        assert module.ENTRY.name in shown and len(shown) > 500
        for kind, count in module.ENTRY.counts.items():
            assert shown.count(kind) >= count
