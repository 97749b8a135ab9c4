"""Records of sharpness: every row passes, quickly and without a solver, and a planted error makes its row fail."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs.commands import main as proofs_main
from proofs.lemmas._algebra import supremum
from proofs.records import _hidden, all_count, all_count_lowest, instances, record_table, same_sign_count
from proofs.records._hidden import Instance, check_eps, check_lines, parsed, read, value

FILES = sorted(instances.FOLDER.glob("*.json"))
SECONDS = 20  # of a processor, all records together
LITTLE = Fraction(1, 10**9)
WITNESSES = ("all_08_5_over_4", "all_04_endless", "all_03_lowest", "opp_05_lowest")  # rows that errors are planted in


def data_of(name: str) -> dict:
    return json.loads((instances.FOLDER / f"{name}.json").read_text())


def planted(tmp_path: Path, name: str, data: dict) -> Path:
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(data))
    return path


def fails(path: Path) -> bool:
    try:
        instances.entry(path).check()
    except Exception:  # as in `python -m proofs`: any error is a row that fails
        return True
    return False


def moved(text: str, by: Fraction = LITTLE) -> str:
    return str(Fraction(text) + by)


def independent_supremum(data: dict) -> Fraction:
    """By the lemmas' code, not by the records'."""
    instance = parsed(data)
    nodes = [(mass, (p, q), -c) for mass, p, q, c in instance.terms] + [(Fraction(1), (Fraction(0), Fraction(1)), Fraction(0))]
    return supremum(nodes, instance.affine, Fraction(1), instance.height)


def test_every_record_passes_and_all_together_are_quick():
    start = time.process_time()
    for entry in (*instances.ENTRIES, record_table.ENTRY):
        assert entry.kind == "record"
        entry.check()
    assert len(instances.ENTRIES) == len(FILES) > 0
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize("path", [path for path in FILES if read(path).height is not None][::5], ids=lambda p: p.stem)
def test_other_code_finds_the_same_supremum(path):
    assert independent_supremum(json.loads(path.read_text())) == read(path).eps


@pytest.mark.parametrize("name", WITNESSES)
@pytest.mark.parametrize("by", [LITTLE, -LITTLE])
def test_a_value_off_by_a_billionth_fails(tmp_path, name, by):
    data = data_of(name)
    assert not fails(planted(tmp_path, name, data))
    data["eps"] = moved(data["eps"], by)
    assert fails(planted(tmp_path, name, data))


@pytest.mark.parametrize("name", WITNESSES)
def test_a_perturbed_coefficient_fails_unless_the_claim_is_still_true(tmp_path, name):
    told = harmless = 0
    for row in range(len(data_of(name)["lines"])):
        for column in range(3):
            for by in (LITTLE, -LITTLE):
                data = data_of(name)
                data["lines"][row][column] = moved(data["lines"][row][column], by)
                if fails(planted(tmp_path, name, data)):
                    told += 1
                else:
                    harmless += 1
                    assert data["height"] != "endless" and independent_supremum(data) == Fraction(data["eps"])
    assert told > 4 * harmless
    for column in range(3):
        data = data_of(name)
        data["affine"][column] = moved(data["affine"][column])
        assert fails(planted(tmp_path, name, data))


@pytest.mark.parametrize("name", WITNESSES)
def test_a_wrong_count_fails(tmp_path, name):
    for change in (
        {"nodes": data_of(name)["nodes"] - 1},
        {"nodes": data_of(name)["nodes"] + 1},
        {"height": "1/100"},
        {"count": "opp" if name[:3] == "all" else "all"},
    ):
        data = {**data_of(name), **change}
        assert fails(planted(tmp_path, name, data)), change
    fewer = {**data_of(name), "nodes": data_of(name)["nodes"] - 1}
    with pytest.raises(AssertionError, match="lines are counted"):
        check_lines(parsed(fewer))


def test_steep_lines_floats_and_creases_on_h_are_refused(tmp_path):
    name = "all_03_lowest"
    for change in (
        {"lines": [["0", "-2", "1/8"]]},
        {"lines": [[0.5, "1", "1"]]},
        {"horizontals": [["0", "1/8"]]},
        {"horizontals": [["1/2", "1/8"]]},
    ):
        assert fails(planted(tmp_path, name, {**data_of(name), **change})), change
    with pytest.raises(AssertionError, match="cot"):
        check_lines(parsed({**data_of(name), "lines": [["0", "-2", "1/8"]]}))
    with pytest.raises(AssertionError, match="mass of H"):
        check_lines(parsed({**data_of(name), "horizontals": [["0", "1/8"]]}))
    with pytest.raises(AssertionError, match="not flat"):
        check_eps(parsed({**data_of(name), "height": "endless"}))


def test_both_ends_of_an_endless_strip_and_all_four_corners_count():
    zero, half = Fraction(0), Fraction(1, 2)
    for slope in (zero, Fraction(-1)):  # relu(tau) - tau or relu(tau): flat at one end only
        with pytest.raises(AssertionError, match="not flat"):
            check_eps(Instance("all", 1, None, (), (zero, slope, zero), zero))
    for tilt in (Fraction(1, 10), Fraction(-1, 10)):  # the largest value is at x = 1, at x = -1
        check_eps(Instance("all", 1, Fraction(1), (), (tilt, -half, zero), half + Fraction(1, 10)))
    with pytest.raises(ValueError, match="strings"):
        _hidden.number(0.5)


def test_a_file_that_cannot_be_read_is_a_row_that_fails(tmp_path):
    path = tmp_path / "all_03_lowest.json"
    for text in ("", "{}", '{"count": "most"}'):
        path.write_text(text)
        row = instances.entry(path)
        assert row.kind == "record" and fails(path)


def test_an_instance_above_its_upper_bound_fails(monkeypatch):
    path = instances.FOLDER / "all_04_lowest.json"
    low = 1 / read(path).eps
    monkeypatch.setattr(instances, "upper", lambda *_: (low - LITTLE, "a wrong theorem"))
    assert fails(path)
    monkeypatch.setattr(instances, "upper", lambda *_: (low, "a sharp theorem"))
    assert not fails(path)


def test_the_table_states_an_interval_for_each_count_and_node_number_and_beats_the_printed_one():
    texts = [step.text for step in record_table.ENTRY.steps]
    for nodes in record_table.NODES:
        for count in ("all", "opp"):
            assert any(text.startswith(f"N = {nodes}, {count}, h = ") for text in texts)
        low = record_table.lower("all", nodes, "lowest")[0]
        assert low >= Fraction(record_table.LOWER[nodes])
        high = all_count.upper("all", nodes, instances.regime_height("lowest", nodes))[0]
        assert low <= high <= Fraction(record_table.UPPER[nodes])
        opposing = record_table.lower("opp", nodes, "lowest")[0]
        assert opposing == all_count.upper("opp", nodes, instances.regime_height("lowest", nodes))[0]
    assert all(step.check is not None for step in record_table.ENTRY.steps)


def test_a_table_row_fails_when_its_file_changes(tmp_path, monkeypatch):
    for path in FILES:
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(record_table, "FOLDER", tmp_path)
    record_table.ENTRY.check()
    worse = data_of("all_04_lowest")
    worse["eps"] = moved(worse["eps"])
    planted(tmp_path, "all_04_lowest", worse)
    with pytest.raises(AssertionError):
        instances.checks(tmp_path / "all_04_lowest.json")
    with pytest.raises(AssertionError):
        record_table.ENTRY.check()
    other = data_of("all_04_lowest")  # the same claim about another function
    other["lines"][0][2] = moved(other["lines"][0][2])
    planted(tmp_path, "all_04_lowest", other)
    with pytest.raises(AssertionError, match="sup"):
        record_table.ENTRY.check()


def test_show_prints_the_table(capsys):
    assert proofs_main(["show", "record_table"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for wanted in ("N = 8, all, h = 3/8: 40/3 = 13.3333 .. 46/3 = 15.3334", "printed 10.01 .. 17", "N = 12, opp, h = 1/4: 32"):
        assert wanted in text


def test_no_check_imports_a_solver():
    code = (
        "import sys; from proofs.commands import entries; [e.check() for e in entries() if e.kind == 'record'];"
        "sys.exit(any(name in sys.modules for name in ('scipy', 'highspy', 'numpy')))"
    )
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0


@pytest.mark.parametrize("place", ["", "nowhere/record.json"])
def test_a_place_where_no_record_can_be_written_is_refused_before_the_search(place, tmp_path, capsys):
    search = pytest.importorskip("proofs.search.__main__")
    with pytest.raises(SystemExit) as ended:
        search.main(["--seconds", "1", "--fresh", "-o", str(tmp_path / place)])
    assert ended.value.code == 2
    assert "--output needs a file that can be written" in capsys.readouterr().err


def test_the_search_finds_five_for_three_nodes_and_writes_a_record_that_passes(tmp_path, capsys):
    search = pytest.importorskip("proofs.search.__main__")
    path = tmp_path / "all_03_lowest.json"
    assert search.main(["--nodes", "3", "--seconds", "3", "--fresh", "-o", str(path)]) == 0
    instances.checks(path)
    assert read(path).eps <= Fraction(1, 5) + Fraction(1, 1000)
    assert "1/eps" in capsys.readouterr().out


@pytest.mark.parametrize(
    "module, name, factor",
    [
        (same_sign_count, "MEAN", 2),
        (same_sign_count, "HALF_WIDTH", 2),
        (same_sign_count, "HEIGHT", 2),
        (same_sign_count, "BALL", Fraction(3, 4)),
        (same_sign_count, "SINE", Fraction(1, 2)),
        (all_count_lowest, "REACHED", 2),
        (all_count_lowest, "LEVEL", 2),
        (all_count_lowest, "SPACING", 2),
        (all_count, "MIXED", Fraction(7, 8)),
        (all_count, "ANY_DIMENSION", Fraction(7, 8)),
        (all_count, "BANG", 2),
    ],
)
def test_an_error_in_a_formula_of_the_new_bounds_is_caught(monkeypatch, module, name, factor):
    module.ENTRY.check()
    wrong = (
        getattr(module, name)
        * (factor if isinstance(factor, int) else factor.numerator)
        / (1 if isinstance(factor, int) else factor.denominator)
    )
    monkeypatch.setattr(module, name, wrong)
    with pytest.raises(AssertionError):
        module.ENTRY.check()


LINE = st.tuples(
    st.fractions(-1, 1, max_denominator=12), st.fractions(-1, 1, max_denominator=6), st.fractions(-4, 4, max_denominator=6)
)


@settings(max_examples=80, deadline=None)
@given(st.lists(LINE, max_size=7), st.tuples(*[st.fractions(-2, 2, max_denominator=6)] * 3))
def test_four_points_show_a_crease_whatever_opposes_it(lines, affine):
    """The same-sign count, d' = 2: mu(h) >= a at the centre of the widest gap between same-sign creases."""
    terms = tuple((mass, Fraction(1), -slope, offset) for offset, slope, mass in lines)
    instance = Instance("all", len(lines), None, terms, affine, Fraction(0))
    same = [c for (_, _, c), mass in _hidden.creases(instance).items() if mass > 0]
    ends = [Fraction(-1), *sorted(same), Fraction(1)]
    width, middle = max((right - left, (right + left) / 2) for left, right in zip(ends, ends[1:], strict=False))
    a = width / 2
    assert a >= Fraction(1, len(same) + 1)
    tips = value(instance, middle, a) + value(instance, middle, -a)
    rim = value(instance, middle + a, Fraction(0)) + value(instance, middle - a, Fraction(0))
    assert tips - rim >= a


@given(st.integers(2, 4), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_in_higher_dimensions_the_rim_outweighs_the_tips_of_an_opposing_crease(n, seed):
    rng = np.random.default_rng(seed)
    e = rng.normal(size=(100_000, n))
    e /= np.linalg.norm(e, axis=1, keepdims=True)
    mean = math.gamma(n / 2) / math.sqrt(math.pi) / math.gamma((n + 1) / 2)
    along, shift = e[:, 0], rng.uniform(-1, 1)
    tips = max(mean - shift, 0) + max(-mean - shift, 0)
    noise = 5 / math.sqrt(len(e))  # five standard errors of a mean of values in [0, 2]
    assert tips <= 2 * np.maximum(along - shift, 0).mean() + noise


def test_the_odd_family_needs_its_masses():
    h, affine, level = all_count_lowest.odd_family(5, Fraction(3, 2))
    assert supremum(h, affine, Fraction(5, 2), Fraction(3, 2)) == level
    for change in (Fraction(1, 2), 3):
        mass, p, beta = h[-2]
        wrong = [*h[:-2], (mass * change, p, beta), h[-1]]
        assert supremum(wrong, affine, Fraction(5, 2), Fraction(3, 2)) > level


def test_the_constants_in_a_ball_are_the_crossings_of_the_two_counts():
    assert [all_count.ball(nodes) for nodes in (1, 2, 3, 4, 5, 9, 12)] == [4, 4, 6, 8, 8, 16, 20]


def test_theorem_b_is_the_upper_side_of_the_opposing_count():
    for nodes in range(3, 13):
        assert all_count.upper("opp", nodes, Fraction(3, nodes)) == (Fraction(8 * nodes, 3), "theorem-b")
    assert all_count.upper("opp", 1, None)[0] == 2
    assert all_count.upper("opp", 2, Fraction(1))[0] == 6
