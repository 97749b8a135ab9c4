"""The schemas of docs/schemas and the readers agree: what a reader takes fits, what does not fit is refused."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from twolayer import Instance
from twolayer.cli import main
from twolayer.instances import SCHEMA, BadInput

from .schemas import FOLDER, complaint, fits, schema
from .strategies import instances, quick

ROOT = Path(__file__).resolve().parents[1]
FILES = [*sorted(ROOT.glob("examples/instances/*.json")), *sorted(ROOT.glob("tests/cases/*.json"))]
FULL = """{"format": "twolayer-instance/1", "name": "all fields",
 "teacher": {"W": [["0", "1"]], "b": ["0"], "V": [["1"]], "output_bias": [0]},
 "student": {"W": [[1, 0], [0.5, 1]], "b": ["-99/100", 0.25], "V": [["1", "1e-3"]]},
 "region": {"A": [[1, 1], [1, -1], [-1, 1], [-1, -1]], "c": [1, 1, 1, 1]},
 "subspace": {"basis": [["1", "0"], ["0", "1"]], "origin": ["0", "0"]},
 "second_teacher": {"W": [["0", "1"]], "b": ["1/1000"], "V": [["1"]]}}"""
BOXED = FULL.replace('{"A": [[1, 1], [1, -1], [-1, 1], [-1, -1]], "c": [1, 1, 1, 1]}', '{"lower": [-1, -1], "upper": ["1", 1]}')
OTHERS = (
    None,
    True,
    False,
    7,
    -0.5,
    "x",
    "1/2",
    " .5 ",
    "1/0",
    "1e401",
    "1e0400",
    "٣",
    "",
    10**400,
    [],
    [[]],
    {},
    [1, 2],
    ["x"],
)
CRUDE = (None, False, -1, "x", [])  # no {}: the checker reads it as a list of nothing, which proves no more than one
RELATIONS = (  # what no schema says: how parts agree, and what the region is
    "dimension",
    "outputs",
    "equal length",
    "shape",
    "bounded",
    "interior",
    "independent",
    "column",
    "entr",
    "needs (inputs, outputs)",
    "within the range of floats",
    "lower < upper",
)


def places(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """Paths to a value and everything within it."""
    yield path
    within = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in within:
        yield from places(inner, (*path, key))


def changed(value: Any, others: tuple = OTHERS) -> Iterator[Any]:
    """The value with one part left out, replaced by something else, or joined by a key that nobody knows."""
    for path in places(value):
        for other in (*others, "left out", "joined"):
            new = copy.deepcopy(value)
            *way, last = path or (None,)
            if last is None:
                if other == "joined":
                    yield {**new, "unknown": 1}
                elif other != "left out":
                    yield other
                continue
            home = new
            for step in way:
                home = home[step]
            if other == "left out":
                del home[last]
            elif other == "joined":
                if not isinstance(home[last], dict):
                    continue
                home[last]["unknown"] = 1
            else:
                home[last] = other
            yield new


def refusal(value: Any) -> str | None:
    """What the reader of instances says against a value; None where it takes it."""
    try:
        Instance.from_json(json.dumps(value))
    except BadInput as error:
        return str(error)
    return None


@pytest.mark.parametrize("text", [FULL, BOXED], ids=["half-spaces", "box"])
def test_the_reader_of_instances_and_their_schema_refuse_the_same(text):
    """But for what relates parts to each other, which a schema cannot say."""
    whole = json.loads(text)
    assert refusal(whole) is None and complaint(whole, "instance") is None
    for value in changed(whole):
        said, misfit = refusal(value), complaint(value, "instance")
        assert said is not None or misfit is None, f"{misfit}, and the reader takes it"
        assert misfit is not None or said is None or any(word in said for word in RELATIONS), f"the schema misses: {said}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_instance_file_fits_its_schema(path):
    assert complaint(json.loads(path.read_text(encoding="utf-8")), "instance") is None


@quick
@given(instances())
def test_what_is_written_fits_its_schema(instance):
    assert complaint(json.loads(instance.to_json()), "instance") is None


EACH = 25  # one change in so many to a certificate is tried (seven are made of a part): all take two minutes of proofs


@pytest.fixture(scope="module", params=["vertices, a corollary", "trees, output biases"])
def evidence(request):
    fuzzer = pytest.importorskip("tests.twolayer.certificates.fuzzer")
    make, trees = fuzzer.BASES[request.param]
    return fuzzer.certified(make(), trees=trees)


def test_a_certificate_fits_its_schema(evidence):
    assert complaint(evidence, "certificate") is None


def test_a_file_that_does_not_fit_the_schema_of_certificates_is_not_proved(evidence, tmp_path, capsys):
    file, proved = tmp_path / "changed.json", pytest.importorskip("proofs.check").main
    for value in itertools.islice(changed(evidence, CRUDE), 0, None, EACH):
        if not fits(value, "certificate"):
            file.write_text(json.dumps(value))
            assert proved([str(file)]) == 1, complaint(value, "certificate")
    capsys.readouterr()


@pytest.mark.parametrize("name", ["theorem-3-corner", "corollary-1-corner", "theorem-1-dead-observer"])
def test_what_check_prints_fits_its_schema(name, capsys):
    assert main(["check", str(ROOT / "examples" / "instances" / f"{name}.json"), "--json"]) == 0
    assert complaint(json.loads(capsys.readouterr().out), "check") is None


def test_the_schema_of_the_pages_is_the_one_that_the_reader_reads_by():
    page, reader = FOLDER / "instance.schema.json", ROOT / "twolayer" / "instance.schema.json"
    assert page.read_bytes() == reader.read_bytes()


def test_a_key_that_the_schema_of_instances_gains_is_read_without_another_line(monkeypatch):
    longer = copy.deepcopy(SCHEMA)
    longer["properties"]["comment"] = {"type": "string"}
    monkeypatch.setattr("twolayer.instances.SCHEMA", longer)
    assert refusal({**json.loads(FULL), "comment": "known now"}) is None
    assert refusal({**json.loads(FULL), "comment": 1}) == "comment needs to be a string; got a number"


def test_the_schemas_name_the_formats_that_are_written():
    assert {path.name.removesuffix(".schema.json") for path in FOLDER.glob("*.json")} == {
        "instance",
        "certificate",
        "check",
        "verify",
    }
    for name in ("instance", "certificate", "check", "verify"):
        assert schema(name)["properties"]["format"]["const"] == f"twolayer-{name}/1"
