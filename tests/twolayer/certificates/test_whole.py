"""Certificates: what `twolayer certify` writes, `python -m proofs check` proves; forged ones are refused."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from flint import arb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twolayer.cli import main
from twolayer.instances import Instance
from twolayer.statements import certificates as statements
from twolayer.statements.check import check

from ...strategies import instances
from . import fuzzer, truth
from .by_hand import leaves
from .fuzzer import BASES, accepted, base, drawn, enclosures, example, refused

ROOT = Path(__file__).resolve().parents[3]
MUTATIONS = int(os.environ.get("CERTIFICATE_MUTATIONS", "700"))


# -- what is written is proved --------------------------------------------------------------------------------------

DRAWN = {
    "a line": dict(seed=1, plane=1, nodes=3, odd=True, second=True),
    "a line in a plane": dict(seed=2, plane=1, nodes=2, ambient=2, odd=True),
    "a polygon": dict(seed=3, plane=2, nodes=3, polytope=True, odd=True, near=1000),
    "a skew plane, two teachers": dict(seed=4, plane=2, nodes=3, ambient=3, odd=True, second=True, near=1000),
    "a polytope, two outputs": dict(seed=5, plane=3, nodes=2, outputs=2, polytope=True, odd=True),
    "output biases, two teachers": dict(seed=10, plane=2, nodes=3, outputs=2, near=100, second=True, biased=True),
    "output biases, four dimensions": dict(seed=11, plane=4, nodes=3, odd=True, near=1000, second=True, biased=True),
    "four dimensions": dict(seed=6, plane=4, nodes=8, near=1000),
    "five skew dimensions": dict(seed=7, plane=5, nodes=5, ambient=6, odd=True),
    "six dimensions": dict(seed=8, plane=6, nodes=3, near=1000),
    "six dimensions, two teachers": dict(seed=9, plane=6, nodes=2, ambient=7, odd=True, second=True, near=1000),
}


ALL = [
    *(example(path.stem) for path in sorted(fuzzer.EXAMPLES.glob("*.json"))),
    *({**drawn(**kind), "name": name} for name, kind in DRAWN.items()),
    {**fuzzer.some(5), "name": "orthogonal fan-outs"},
]


@pytest.mark.parametrize("data", ALL, ids=lambda data: data["name"])
def test_a_certificate_proves_what_check_says_and_what_is_true(data, tmp_path, capsys):
    files = tmp_path / "instance.json", tmp_path / "certificate.json"
    files[0].write_text(json.dumps(data), encoding="utf-8")
    assert main(["certify", str(files[0]), "-o", str(files[1])]) == 0
    capsys.readouterr()
    certificate = json.loads(files[1].read_text(encoding="utf-8"))
    out = accepted(certificate)
    result = check(Instance.from_json(json.dumps(data)))
    for (low, high), told in zip(enclosures(out), result.enclosures, strict=False):
        assert low >= Fraction(told.lower) * (1 - Fraction(1, 10**15)), (low, told)
        assert high <= Fraction(told.upper) * (1 + Fraction(2, 10**9)), (high, told)  # a tree that follows boxes stops there
    if result.problem.dimension <= 3:
        assert truth.true(certificate) == ""
        exact = truth.instance(certificate).suprema
        assert all(low <= sup <= high for (low, high), sup in zip(enclosures(out), [*exact, max(exact)], strict=True))
    rows = {
        (r["statement"], r["form"], r.get("teacher"), r.get("student"), r.get("observer")): r["verdict"]
        for r in certificate["verdicts"]
    }
    judged = {(v.statement, v.form, v.teacher, v.student, v.observer): v.verdict for v in result.verdicts}
    assert all(judged.get(key, verdict) == verdict for key, verdict in rows.items())
    telling = [v for v in result.verdicts if v.verdict in ("holds", "fails", "vacuous")]
    left_out = sum(certificate["left_out"].values())
    restated = len(certificate["verdicts"]) + left_out
    assert restated == len(telling) + len({v.teacher for v in result.verdicts if v.terms.get("vector_bound") is not None})
    assert left_out <= 1 + sum(v.bound is None and v.terms.get("alpha") != 0 for v in telling)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(instances(inputs=(1, 3), second_teacher=True), st.booleans())
def test_small_random_instances_are_certified_truthfully_by_vertices_and_by_trees(instance, trees):
    certificate = fuzzer.certified(json.loads(instance.to_json()), trees=trees)
    accepted(certificate)
    assert truth.true(certificate) == ""


def test_every_kind_of_evidence_radius_and_row_occurs_among_the_certificates_that_are_mutated():
    counts: Counter = Counter()
    for name in BASES:
        data = base(name)
        accepted(data)
        assert sum(data["left_out"].values()) <= 1 and len({json.dumps(radius) for radius in data["radii"]}) == len(
            data["radii"]
        )
        counts.update(entry["evidence"]["method"] for entry in data["students"])
        counts.update(radius["kind"] for radius in data["radii"])
        counts.update(f"{row['statement']} {row['form']} {row['verdict']}" for row in data["verdicts"])
        counts.update(key for row in data["verdicts"] for key in ("shares", "affine") if row.get(key))
        for entry in [*data["students"], *data.get("excess", [])]:
            counts["settled"] += len(entry["evidence"].get("settled", []))
            for side in entry["evidence"].get("signs", []):
                counts["relying cuts"] += sum(bool(cut[4]) for cut in side["cuts"])
                for decided, leaf in leaves(side["tree"]):
                    counts.update({key: len(value) for key, value in leaf.items()})
                    counts["decided"] += len(decided)
    assert {"vertices", "tree", "dead", "ball", "disc", "disc-above", "guarded", "cylinder", "shares", "affine"} <= set(counts)
    few = ("settled", "relying cuts", "decided", "cuts", "pairs", "singles", "rows")
    assert min(counts[key] for key in few) >= 5, {key: counts[key] for key in few}
    for row in (
        "theorem-1 printed fails",
        "theorem-1 printed holds",
        "theorem-1 repaired holds",
        "theorem-1 sharp holds",
        *(f"{t} printed {v}" for t in ("theorem-2", "theorem-3", "corollary-1") for v in ("holds", "fails")),
        *(f"{t} {f} holds" for t in ("theorem-2", "theorem-3", "corollary-1") for f in ("repaired", "sharp")),
    ):
        assert counts[row] > 0, row


def test_enclosures_that_are_wide_are_certified_as_they_are():
    """Rows of the printed forms take the end of eps, and the radius from below or above, that their verdict needs."""
    exactly, counts = statements.gradient_suprema, Counter()

    def wide(*given, **options):
        return [replace(e, lower=e.lower / 2, ends=None) for e in exactly(*given, **options)]

    for data in (
        example("theorem-2-sign"),
        example("corollary-1-corner"),
        BASES["vertices, two outputs"][0](),
        BASES["trees, two teachers"][0](),
    ):
        with mock.patch.object(statements, "gradient_suprema", wide):
            certificate = fuzzer.certified(data)
        accepted(certificate)
        assert Fraction(certificate["gradient"]["lower"]) < Fraction(certificate["gradient"]["upper"]) * Fraction(3, 5)
        counts.update(f"{row['form']} {row['verdict']}" for row in certificate["verdicts"])
    assert counts["printed fails"] > 1 and counts["printed holds"] > 1 and counts["sharp holds"] > 1, counts


def test_restated_sides_lie_between_the_ends_or_the_row_is_left_out():
    for verdict, measured, bound, there in (
        ("holds", 1, 2, True),
        ("holds", 1, 1, False),
        ("holds", 0, 0, True),
        ("holds", 2, 1, False),
        ("holds", 1, 1 + 2.0**-45, False),
        ("fails", 2, 1, True),
        ("fails", 1, 1, False),
        ("fails", 0, 0, False),
        ("fails", 1, 2, False),
        ("fails", 1 + 2.0**-45, 1, False),
        ("fails", 1, -1, True),
        ("holds", 1, float("inf"), False),
    ):
        row = SimpleNamespace(verdict=SimpleNamespace(verdict=verdict))
        sides = statements._Restated._between(row, arb(measured), arb(bound))
        assert (sides is not None) == there, (verdict, measured, bound)
        if sides and verdict == "holds":
            assert measured <= sides[0] <= sides[1] <= bound and (sides[0] > measured or not measured)
        elif sides:
            assert bound < sides[1] < sides[0] < measured


BLOCKED = """
import json, sys
if {blocked}: sys.modules["flint"] = None
from proofs.check import main
sys.exit(max(main([name]) for name in sys.argv[1:]) or print(json.dumps([k for k, m in sys.modules.items() if m])))
"""


def test_the_checker_needs_the_standard_library_only_and_says_the_same_without_flint(tmp_path):
    files = [tmp_path / f"{n}.json" for n in range(len(BASES))]
    for file, name in zip(files, BASES, strict=True):
        file.write_text(json.dumps(base(name)), encoding="utf-8")
    names = [sys.executable, "-c", "import sys; print(*sys.modules)"]
    listed = subprocess.run(names, capture_output=True, text=True, check=True)
    bare = {name.partition(".")[0] for name in listed.stdout.split()}  # what an environment's own start-up files load
    said = []
    for blocked in (True, False):
        run = subprocess.run(
            [sys.executable, "-c", BLOCKED.format(blocked=blocked), *map(str, files)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        *lines, modules = run.stdout.splitlines()
        loaded = {name.partition(".")[0] for name in json.loads(modules)}
        foreign = loaded - set(sys.stdlib_module_names) - bare
        allowed = {"proofs"} if blocked else {"proofs", "flint", *(name for name in foreign if "cython" in name)}
        assert foreign <= allowed, foreign
        said.append(lines)
    assert said[0] == said[1] and len(said[0]) > 100


# -- mutations ------------------------------------------------------------------------------------------------------


def test_no_mutated_certificate_is_accepted_unless_it_is_still_true():
    counts = fuzzer.fuzz(MUTATIONS, seed=20)
    assert counts["accepted and true"] > MUTATIONS / 50 and counts["refused"] > MUTATIONS / 2


@pytest.mark.parametrize(
    "bomb",
    [
        "1e999999999",
        "1e401",
        "9" * 5000,
        "1/" + "1" * 100_000 + "x",
        "1" * 100_000 + "x",
        "1/0",
        "nan",
        10**4000,
        float("inf"),
        float("nan"),
        [[0, 1, 10**9]],
        [[0, 1, 10**18]],
        [[10**18, 1, 0]],
        [[0, 10**4000, 0]],
        "\ud800\nproved: anything",
    ],
)
def test_a_bomb_anywhere_is_refused_at_once(bomb):
    for name in ("vertices, rows of every form", "trees, odd nodes"):
        given = base(name)
        places = [
            ("instance", "teacher", "b", 0),
            ("coordinates", "origin", 0),
            ("box", 0),
            ("students", 0, "upper"),
            ("students", 0, "evidence"),
            ("gradient", "upper"),
            ("verdicts", 0, "bound"),
            ("inside", 0),
        ]
        for *path, key in places:
            changed = copy.deepcopy(given)
            fuzzer.get(changed, path)[key] = bomb
            refused(changed, "not proved: ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        "[" * 100_000,
        '{"a":' * 100_000,
        "\x00",
        '{"a": 1, "a": 1}',
        '{"format": "twolayer-certificate/1"}',
        "9" * 5000,
        '"\\ud800"',
    ],
)
def test_what_is_no_certificate_is_refused_in_one_line(text):
    refused(text, "not proved: ")


def test_an_enumeration_that_would_never_end_is_refused_before_it_begins():
    data, zero = drawn(1, 9, 20), ["0"] * 9
    entries = [
        {"student": k, "lower": "0", "upper": "9", "witness": None, "evidence": {"method": "vertices"}} for k in range(20)
    ]
    refused(
        {
            "format": "twolayer-certificate/1",
            "instance": data,
            "inside": zero,
            "coordinates": {"rows": [[str(int(i == j)) for j in range(9)] for i in range(9)], "origin": zero},
            "box": [[[j + 9 * low, "1"]] for j in range(9) for low in (0, 1)],
            "students": entries,
            "gradient": {"lower": "0", "upper": "9"},
        },
        "too many vertices",
    )


def test_a_missing_file_or_argument_is_bad_input_in_one_line(capsys, tmp_path):
    for arguments in ([], [str(tmp_path / "none.json")], [str(tmp_path)], ["a", "b"], ["nul\0"]):
        assert fuzzer.checker.main(arguments) == 2
        out, err = capsys.readouterr()
        assert not out and err.count("\n") == 1 and "expected" in err


def test_a_file_that_is_too_long_holds_no_number_or_begins_with_a_mark(capsys, tmp_path, monkeypatch):
    """A byte order mark is allowed; NaN is refused wherever it stands, used or not; what is too long or too deep neither."""
    text, file = json.dumps(base("vertices, a line")), tmp_path / "some.json"
    file.write_text("\ufeff" + text, encoding="utf-8")
    assert fuzzer.checker.main([str(file)]) == 0
    for constant in ("NaN", "Infinity", "-Infinity"):
        refused(text[:-1] + f', "unused": {constant}}}', f"{constant} is not a number")
    refused(text[:-1] + f', "unused": {"[" * 64}{"]" * 64}}}', "deeper than 64")
    file.write_text(text[:-1] + f', "unused": {"[" * 63}{"]" * 63}}}', encoding="utf-8")
    assert fuzzer.checker.main([str(file)]) == 0
    capsys.readouterr()
    monkeypatch.setattr(fuzzer.checker, "MOST_BYTES", len(text) + 2)
    file.write_text(text + 3 * " ", encoding="utf-8")
    assert fuzzer.checker.main([str(file)]) == 1
    assert "longer than" in capsys.readouterr().err
