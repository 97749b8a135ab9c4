"""`twolayer verify` on a few small cases: its contract, its counts, and what training hides."""

from __future__ import annotations

import io
import json
import sys
import time

import pytest
from rich.console import Console
from rich.progress import Progress

from twolayer.certify.boxes import search as boxes
from twolayer.instances import Instance
from twolayer.study import tables
from twolayer.study import verify as study
from twolayer.study.readings import ALONG
from twolayer.study.words import GLOSSARY
from twolayer.synthetic.cases import FAMILIES, Case, cases, instances

from ...schemas import complaint

SMALL = [
    Case("exact low rank", 2, 6, 3, 6, 2, 0),
    Case("thin directions", 2, 4, 3, 6, 2, 0, options={"thickness": 1e-2}),
    Case("unspecialised nodes", 2, 6, 3, 7, 2, 0),
    Case("two teachers", 2, 6, 3, 6, 2, 0, options={"size": 1e-6}),
    Case("exact copies", 2, 6, 3, 6, 2, 0),
]


@pytest.fixture(scope="module")
def results():
    return study.run(SMALL, workers=1)


def test_no_repaired_or_sharp_row_fails(results):
    assert study.broken(results) == []


def test_trained_students_give_telling_rows(results):
    trained = [r for r in results if r["trained_here"]]
    assert trained and all(any(map(study.is_telling, r["verdicts"])) for r in trained)


def test_exact_copies_make_theorem_1_hold_in_every_form(results):
    rows = [v for r in results if r["family"] == "exact copies" for v in r["verdicts"] if v["statement"] == "theorem-1"]
    assert {v["form"] for v in rows} == {"printed", "repaired", "sharp"} and {v["verdict"] for v in rows} == {"holds"}


def test_nothing_is_learned_across_the_data(results):
    across = next(r for r in results if r["name"].endswith("U orthogonal to X"))
    along = next(r for r in results if r["family"] == "thin directions" and r is not across)
    assert not any(map(study.is_telling, across["verdicts"]))
    assert across["gradient"]["lower"] > 1e3 * along["gradient"]["upper"]
    assert any(v["form"] == "sharp" and v["verdict"] == "vacuous" for v in across["verdicts"])


def test_theorem_3_is_judged_where_there_is_a_second_teacher(results):
    for r in results:
        assert any(v["statement"] == "theorem-3" for v in r["verdicts"]) == (r["family"] == "two teachers")


def test_the_instance_of_a_result_can_be_read_back(results):
    for r in results:
        assert Instance.from_json(r["instance"]).name == r["name"]


def test_json_output_follows_the_contract(results, monkeypatch, capsys):
    monkeypatch.setattr(study, "cases", lambda quick, seed: SMALL[:1])
    monkeypatch.setattr(study, "run", lambda chosen, workers, watched: results)
    assert study.verify(as_json=True) == 0
    data = json.loads(capsys.readouterr().out)
    assert complaint(data, "verify") is None and data["format"] == "twolayer-verify/1"
    assert set(data["instances"][0]) == {"name", "family", "gradient", "verdicts"}
    assert set(data["instances"][0]["gradient"]) == {"lower", "upper", "sampled"}
    rows = [v for r in data["instances"] for v in r["verdicts"]]
    assert sum(n for forms in data["summary"].values() for c in forms.values() for n in c.values()) == len(rows)


def test_every_factor_of_a_row_is_explained_on_the_report_page(results):
    explained = {word for terms, _ in GLOSSARY for word in terms.split(", ")}
    assert sorted({term for r in results for v in r["verdicts"] for term in v["terms"]} - explained) == []


@pytest.mark.parametrize("width", [80, 160])
def test_a_number_of_an_instance_stands_under_its_heading(results, width):
    out = io.StringIO()
    study.instance_table(results, Console(file=out, width=width))
    lines = [line for line in out.getvalue().splitlines() if line.strip()]
    numbers = lines[1::2] if width == 80 else [line[study.NAME :] for line in lines]
    assert len(numbers) == 1 + len(results) and all(len(line.split()) == 6 for line in numbers[1:])
    assert len({len(line) for line in numbers}) == 1  # the last column ends where its heading ends
    first = numbers[1].split()
    assert first[:2] == [study.short(x) for x in results[0]["rounds"][0][:2]]


def test_a_student_that_is_no_round_of_its_own_training_has_no_first_round(results):
    across = next(r for r in results if r["name"].endswith("U orthogonal to X"))
    assert study.first_round(across) == (None, None)
    assert study.first_round({**results[0], "family": ALONG}) == (None, None)


@pytest.fixture
def screen(monkeypatch):
    """What a person who watches standard error has been shown."""
    seen = io.StringIO()
    console = Console(file=seen, force_terminal=True, width=160)
    monkeypatch.setattr(tables, "Progress", lambda *columns, **options: Progress(*columns, console=console, transient=True))
    return seen


def test_a_person_who_watches_sees_every_instance_before_the_next_is_done(screen, results, monkeypatch):
    last_first = [*reversed(range(len(results)))]

    def one_by_one(function, jobs, workers):
        for before, place in zip([None, *last_first], last_first, strict=False):
            assert before is None or results[before]["name"] in screen.getvalue()
            yield place, [results[place]]

    monkeypatch.setattr(study, "finished", one_by_one)
    assert study.run(SMALL, workers=1, watched=True) == results
    assert results[0]["name"] in screen.getvalue()


def test_a_table_says_where_the_time_limit_left_something_undone(results, capsys):
    for late, said in ((0, False), (3, True)):
        limited = [
            *results[:-1],
            {**results[-1], "limits": {"gap": 1, "statements": late} if late else {"gap": 0, "statements": 0}},
        ]
        study._print(limited, tables.summary([]), 1.0, None)
        assert ("not enough for 1 instances: 3 rows were judged late" in capsys.readouterr().out) == said


def test_a_person_who_watches_is_told_what_is_done_before_during_and_after_the_searches(screen):
    with tables.doing("restricting", "searching", "proving", then="judging") as bar:
        for stage in ("searching", "proving"):
            for _ in bar([1, 2]):
                time.sleep(0.3)  # the screen is drawn ten times a second
                assert stage in screen.getvalue()
            time.sleep(0.3)
        assert "restricting" in screen.getvalue() and "judging" in screen.getvalue()


def test_a_failing_sharp_row_ends_with_status_1(results, monkeypatch, capsys):
    spoiled = [dict(results[0], verdicts=[dict(results[0]["verdicts"][0], form="sharp", verdict="fails")])]
    monkeypatch.setattr(study, "run", lambda chosen, workers, watched: spoiled)
    assert study.verify(quick=True) == 1
    assert "A sharp statement fails" in capsys.readouterr().err


@pytest.mark.parametrize("quick", [True, False])
def test_the_cases_cover_every_family_and_have_names_of_their_own(quick):
    chosen = cases(quick)
    names = [case.name for case in chosen]
    assert len(set(names)) == len(names)
    assert {case.family for case in chosen} >= set(FAMILIES) - ({"CIFAR-10 patches"} if quick else set())


def test_the_patch_family_has_eight_teacher_and_twelve_student_nodes_on_seventeen_directions():
    patch = [case for case in cases(False) if case.family == "CIFAR-10 patches"]
    assert patch and all((c.dimension, c.teacher, c.student) == (17, 8, 12) for c in patch)


def test_a_students_time_begins_when_the_loops_are_loaded(monkeypatch):
    log: list[str] = []

    def logged(name, function):
        return lambda *given, **options: (log.append(name), function(*given, **options))[1]

    monkeypatch.setattr(boxes, "bounds", logged("loops", boxes.bounds))
    home = sys.modules[instances.__module__]
    monkeypatch.setattr(home, "counterexample_guided", logged("training", home.counterexample_guided))
    boxes.load_loops.cache_clear()
    next(instances(SMALL[0]))
    assert log[:2] == ["loops", "training"]


def test_samples_alone_can_hide_what_the_certificate_shows():
    """Within a few seeds the first round's certified supremum is 1000 times the sampled one; the last round's is small."""
    hidden = None
    for seed in range(8):
        case = Case("exact low rank", 8, 16, 6, 10, 3, seed, target=1e-7, options={"seconds": 60.0})
        rounds = next(instances(case)).rounds
        if rounds[0][1] > 1e3 * max(rounds[0][0], 1e-12):
            hidden = rounds
            break
    assert hidden is not None and hidden[-1][1] <= case.target
