"""The formal proofs: compiled, read, free of axioms; a planted axiom, a weaker statement, a changed definition are noticed."""

from __future__ import annotations

import json
import re

import pytest

from proofs import commands
from proofs.entry import Unavailable
from proofs.formal import __main__ as make_formal
from proofs.formal import audit, build, theorems
from proofs.formal.build import BUILD, SOURCES

FILES = sorted(SOURCES.glob("*.v"))
ITS = "TwoLayer.Theorem3.theorem_3'"


def has_coq() -> str:
    """Why the files cannot be compiled here, or ""."""
    try:
        with build.held(BUILD):
            build.version(BUILD)
    except Unavailable as reason:
        return str(reason)
    return ""


MISSING = has_coq()
needs_coq = pytest.mark.skipif(bool(MISSING), reason=MISSING)


# Without Coq


def test_every_theorem_of_the_files_has_a_row_and_every_row_a_theorem():
    written = {f"TwoLayer.{path.stem}.{name}" for path in FILES for name in audit.THEOREM.findall(path.read_text())}
    assert len(written) >= 14
    assert {entry.coq for entry in theorems.ENTRIES} == written
    assert len({entry.name for entry in theorems.ENTRIES}) == len(theorems.ENTRIES)


def test_no_file_admits_assumes_or_switches_a_check_off():
    """A second net: Print Assumptions is the first."""
    word = re.compile(
        r"\b(Admitted|admit|Axioms?|Parameters?|Conjectures?|Abort|give_up|bypass_check"
        r"|Unset (Universe|Guard|Positivity) Checking)\b"
    )
    for path in FILES:
        code = re.sub(r"\(\*.*?\*\)", "", path.read_text(), flags=re.S)
        assert not word.search(code), path.name


def test_every_file_says_what_it_certifies_and_what_not():
    for path in FILES:
        header = path.read_text().partition("*)")[0]
        assert header.startswith("(** ") and "\n    Certifies   " in header and "\n    Does not    " in header, path.name


def test_a_page_shows_the_statement_and_the_definitions_below_it():
    page = next(commands.shown(entry) for entry in theorems.ENTRIES if entry.name == "formal-theorem-a")
    assert "In Coq\n    TwoLayer.TheoremA.theorem_A\n" in page and "4 * eps * Num.sqrt" in page
    assert "TwoLayer.Bang.norm\n" in page  # used by sinA, which the hypothesis uses
    assert "TwoLayer.Networks.kappa_T" not in page


def test_where_coq_is_missing_the_rows_are_skipped_and_no_passes(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(commands, "PACKAGES", {"formal": "proof"})
    monkeypatch.setenv("PATH", str(tmp_path))
    audit.audit.cache_clear()
    assert commands.main(["--json"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert out["rows"] == [] and len(out["skipped"]) == len(theorems.ENTRIES)
    assert set(out["skipped"][0]) == {"name", "label", "kind", "reason"}
    assert "Coq is not installed" in out["skipped"][0]["reason"] and "apt-get install" in out["skipped"][0]["reason"]
    assert commands.main([]) == 0
    out = capsys.readouterr().out
    assert "0 of 0 pass" in out and f"{len(theorems.ENTRIES)} skipped, neither passed nor failed" in out


def test_make_formal_without_coq_is_one_line_and_status_two(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    audit.audit.cache_clear()
    assert make_formal.main([]) == 2
    out, err = capsys.readouterr()
    assert not out and err.count("\n") == 1 and "Coq is not installed" in err
    assert make_formal.main(["--if-there"]) == 0
    assert make_formal.main(["--wrong"]) == 2


def test_the_readme_names_theorems_that_have_a_row():
    table = (SOURCES.parents[1] / "README.md").read_text().partition("| formal |\n")[2].partition("\n\n")[0]
    named = {name for line in table.splitlines() for name in re.findall(r"`([\w']+)`", line.split("|")[-2])}
    assert len(named) >= 8
    assert named <= {entry.coq.rpartition(".")[2] for entry in theorems.ENTRIES}


@needs_coq
def test_a_theorem_that_fails_makes_the_status_of_make_formal_one(monkeypatch, capsys):
    audit.audit()  # asked about all theorems at once, which takes a second; one by one they take a second each
    monkeypatch.setattr(audit, "NO_AXIOMS", "Axioms: none")
    assert make_formal.main(["--if-there"]) == 1
    assert "FAILS: step 3 of formal-bang" in capsys.readouterr().out


@pytest.mark.parametrize("told, wanted", [("8.20.1", "found Coq 8.20.1"), ("", "found Coq nothing")])
def test_another_coq_is_a_reason_to_skip(monkeypatch, tmp_path, told, wanted):
    script = tmp_path / "coqc"
    script.write_text(f"#!/bin/sh\necho {told}\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=wanted):
        build.version(tmp_path)


def test_a_coq_without_mathcomp_is_a_reason_to_skip(monkeypatch, tmp_path):
    for name, said in (("coqc", "echo 8.16.1 4.13"), ("coqtop", "echo 'Error: Cannot find a physical path' >&2")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{said}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="finds no MathComp"):
        build.version(tmp_path)


def test_files_come_after_their_imports_and_a_circle_is_refused(tmp_path):
    order = list(build.imports(SOURCES))
    for name, below in build.imports(SOURCES).items():
        assert all(order.index(one) < order.index(name) for one in below)
    (tmp_path / "A.v").write_text("From TwoLayer Require Import B.\n")
    (tmp_path / "B.v").write_text("From TwoLayer Require Import A.\n")
    with pytest.raises(ValueError, match="without a circle"):
        build.imports(tmp_path)


# With Coq


@needs_coq
@pytest.mark.parametrize("entry", theorems.ENTRIES, ids=lambda entry: entry.coq)
def test_the_formal_theorem_is_compiled_is_what_was_read_and_uses_no_axiom(entry):
    row, why = commands.row(entry)
    assert row["result"] == "pass", why
    assert row["coq"] == entry.coq and row["axioms"] == []


@needs_coq
def test_statements_txt_is_what_coq_prints():
    assert audit.audit().page() == audit.STATEMENTS.read_text()


PROOF = "rewrite /h_k !dotDr !dotNr; ring."
START = "Section Theorem3."
# A file of the copy: the file that it was, and what was changed in it.
PLANTED = {
    "Admitted": (
        "Theorem3",
        ("Theorem theorem_3'", "Lemma free : 0 = 1 :> R. Admitted.\nTheorem theorem_3'"),
        (PROOF, f"have _ := free; {PROOF}"),
    ),
    "Assumed": (
        "Theorem3",
        (START, f"Axiom closed_under_the_global_context : forall R : rcfType, 0 = 1 :> R.\n{START}"),
        (PROOF, f"have _ := closed_under_the_global_context R; {PROOF}"),
    ),
    "Unchecked": ("Theorem3", (START, f"Unset Universe Checking.\n{START}")),
    "Broken": ("Theorem3", ("eps + e0))", "eps + e0 + e0))")),
    "Theorem3": (  # one more hypothesis
        "Theorem3",
        ("Theorem theorem_3' : 0 <= r ->", "Theorem theorem_3' : 0 <= r -> 0 <= eps ->"),
        ("move=> r0 small", "move=> r0 _ small"),
    ),
    "Counterexamples": (  # another meaning of a word in the statement
        "Counterexamples",
        ("exists2 r : R, 0 < r &", "exists2 r : R, 0 <= r &"),
        ("by rewrite divr_gt0 ?ltr0n.", "by rewrite divr_ge0 ?ler0n ?(ltW q0)."),
    ),
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """The audit of a copy with all of PLANTED and what they import, its files and where it is built."""
    place = tmp_path_factory.mktemp("planted")
    sources, built = place / "sources", place / "build"
    sources.mkdir()
    imports, needed = build.imports(SOURCES), [*(file for file, *_ in PLANTED.values()), "Cluster"]
    for file in needed:
        needed += imports[file]
        (sources / f"{file}.v").write_text((SOURCES / f"{file}.v").read_text())
    for name, (file, *changes) in PLANTED.items():
        text = (SOURCES / f"{file}.v").read_text()
        for old, new in changes:
            assert text.count(old) >= 1
            text = text.replace(old, new, 1)
        (sources / f"{name}.v").write_text(text)
    build.compiled()
    build.copied(BUILD, built)
    return audit.audited(sources, built, [*PLANTED, "Cluster"]), sources, built


def answer(planted, file: str, question) -> str:
    """What a question of a row says of theorem_3' in a planted file, or "" if it is content."""
    try:
        question(f"TwoLayer.{file}.theorem_3'", planted[0])
    except AssertionError as error:
        return str(error)
    return ""


@needs_coq
def test_an_admitted_proof_is_noticed(planted):
    assert not answer(planted, "Admitted", audit.is_compiled)
    assert "Axioms: free" in answer(planted, "Admitted", audit.uses_no_axiom)


@needs_coq
def test_an_axiom_is_noticed_however_it_is_named(planted):
    assert "Axioms: closed_under_the_global_context" in answer(planted, "Assumed", audit.uses_no_axiom)


@needs_coq
def test_a_switched_off_check_is_noticed(planted):
    assert not answer(planted, "Unchecked", audit.is_compiled)
    assert answer(planted, "Unchecked", audit.uses_no_axiom)


@needs_coq
def test_a_weaker_statement_is_noticed(planted):
    told = planted[0]
    audit.uses_no_axiom(ITS, told)
    with pytest.raises(AssertionError, match="theorem_3' is not what statements.txt says"):
        audit.says_what_was_read(ITS, told, audit.read())


@needs_coq
def test_a_changed_definition_below_a_statement_is_noticed(planted):
    told, name = planted[0], "TwoLayer.Counterexamples.theorem_1_printed_false"
    audit.is_compiled(name, told)
    assert told.theorems[name] == audit.read()[name]
    with pytest.raises(AssertionError, match="strictly_inside is not what statements.txt says"):
        audit.says_what_was_read(name, told, audit.read())


@needs_coq
def test_a_proof_that_does_not_check_fails_its_row_alone(planted):
    assert "Broken.v" in answer(planted, "Broken", audit.is_compiled)
    audit.is_compiled("TwoLayer.Cluster.cluster", planted[0])
    with pytest.raises(AssertionError, match="Cluster.v has no Theorem bunch"):
        audit.is_compiled("TwoLayer.Cluster.bunch", planted[0])


@needs_coq
def test_what_is_unchanged_is_not_compiled_again_and_a_damaged_file_is(planted):
    _, sources, built = planted
    compiled = {path.name: path.stat().st_mtime_ns for path in built.glob("*.vo")}
    (built / "Theorem3.vo").write_bytes(b"damaged")
    build.compiled(sources, built)
    after = {path.name: path.stat().st_mtime_ns for path in built.glob("*.vo")}
    assert {name for name in compiled if after[name] != compiled[name]} == {"Theorem3.vo"}
    assert (built / "Theorem3.vo").stat().st_size > 1000


@needs_coq
def test_a_file_is_compiled_again_when_one_that_it_imports_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "version", lambda place: "the same")  # asked by other tests; it loads MathComp each time
    sources, built = tmp_path / "sources", tmp_path / "build"
    sources.mkdir()
    (sources / "A.v").write_text("Definition one := 1.\n")
    (sources / "B.v").write_text("From TwoLayer Require Import A.\nTheorem same : one = 1. Proof. reflexivity. Qed.\n")
    assert build.compiled(sources, built) == {"A": "", "B": ""}
    (sources / "A.v").write_text("Definition one := 2.\n")
    why = build.compiled(sources, built)
    assert not why["A"] and "B.v" in why["B"]
    (sources / "A.v").write_text("Definition one : nat := true.\n")
    assert build.compiled(sources, built)["B"] == "A does not compile"
