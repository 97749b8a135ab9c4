"""The lemmas of proofs/: every check passes, quickly, and a planted error in a formula makes a check fail.

The vandal changes one number, operator or sign of a formula that a lemma states at its top (an assignment to
a name in capitals), and runs the lemma again.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import pkgutil
import re
import time
import types
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
import sympy

import proofs.lemmas
from proofs.entry import Entry, Step
from proofs.lemmas import _algebra, theorem_b_attained

FOLDER = Path(proofs.lemmas.__file__).parent
NAMES = sorted(module.name for module in pkgutil.iter_modules([str(FOLDER)]) if module.name[0] != "_")
PROMISED = (
    "Lemma 1",
    "Lemma 2, repaired",
    "volume inequality",
    "Lemma 3, repaired",
    "Lemma 4 and Theorem 2, repaired",
    "Bang's lemma",
    "Theorem A",
    "signed Gamma",
    "cylinder",
    "position",
    "one direction",
    "two directions",
    "d' = 1",
    "Theorem M",
    "better constant",
    "Theorem 1'",
    "stronger form",
    "Theorem 2'",
    "Theorem 3'",
    "Corollary 1'",
    "fewer observers than outputs",
    "three-evaluation",
    "Theorem B",
    "Theorem C",
    "Theorem C2",
    "Theorem M'",
    "Theorem L",
    "J directions",
    "Theorem D",
)
SWAPS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult}
SECONDS = 60  # of a processor, all lemmas together; they take about a tenth of it
STRIDE = 11  # every eleventh of five hundred errors: six seconds; 1 plants all of them, in a minute
# Changes that falsify nothing: another list of cases or functionals, a looser range, rounded digits.
HARMLESS = {
    "theorem_a_signed.COSINES",
    "theorem_b.CONSTANTS",
    "theorem_b_pairs.SLOPE",
    "theorem_c.SLOPE",
    "theorem_b_attained.WINDOWS",
    "theorem_l.TABLE",
    "relu_distance.POINTS",
    "relu_distance.LOWER",
    "theorem_d.HEIGHTS",
    "zero_test.SQUARE",
    "corollary_1_repaired.INVERSE",
}


def entry(name: str) -> Entry:
    return importlib.import_module(f"proofs.lemmas.{name}").ENTRY


def test_every_conclusion_that_was_promised_has_a_file():
    labels = " | ".join(entry(name).label for name in NAMES)
    for wanted in PROMISED:
        assert wanted in labels


def test_names_are_unique_and_every_lemma_says_what_it_certifies_and_what_not():
    entries = [entry(name) for name in NAMES]
    assert len({e.name for e in entries}) == len(entries)
    for e in entries:
        assert e.kind == "proof" and e.statement and e.certifies and e.does_not and e.steps
        assert any(step.check for step in e.steps)
        texts = [e.statement, e.certifies, e.does_not, *(step.text for step in e.steps)]
        unfilled = re.compile(r"\{\{|\}\}|\{[A-Z][A-Z_0-9]*\}")
        assert not any(unfilled.search(text) for text in texts)


@pytest.mark.parametrize("name", NAMES)
def test_every_step_of_the_lemma_checks(name):
    entry(name).check()


def test_all_lemmas_together_take_less_than_a_minute():
    start = time.process_time()
    for name in NAMES:
        entry(name).check()
    assert time.process_time() - start < SECONDS


def test_the_lemmas_share_no_code_with_the_searcher():
    for path in [*FOLDER.glob("*.py"), FOLDER.parent / "constructions.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith(("twolayer", "random", "numpy", "scipy")) for name in names), path


# Vandal


def formulas(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """(name, value) of the assignments to capital names at the top of a lemma."""
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
            if names[0].isupper() and names[0] != "ENTRY":
                yield names[0], node.value


def parsed(lemma: str) -> ast.Module:
    return ast.parse((FOLDER / f"{lemma}.py").read_text())


def sites(lemma: str, tree: ast.Module) -> list[tuple[str, ast.AST]]:
    """Numbers, operators and signs in these formulas."""
    return [
        (name, node)
        for name, formula in formulas(tree)
        for node in ast.walk(formula)
        if f"{lemma}.{name}" not in HARMLESS
        and (
            (isinstance(node, ast.Constant) and type(node.value) is int)
            or (isinstance(node, ast.BinOp) and type(node.op) in SWAPS)
            or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub))
        )
    ]


def plant(node: ast.AST) -> None:
    if isinstance(node, ast.Constant):
        node.value += 1
    elif isinstance(node, ast.BinOp):
        node.op = SWAPS[type(node.op)]()
    elif isinstance(node, ast.UnaryOp):
        node.op = ast.UAdd()


def survives(name: str, number: int) -> str | None:
    """Plant error `number` in the lemma and run it; what was changed if every check still passes."""
    tree = parsed(name)
    formula, node = sites(name, tree)[number]
    before = ast.unparse(node)
    plant(node)
    module = types.ModuleType(f"proofs.lemmas.{name}")
    module.__package__ = "proofs.lemmas"
    try:
        exec(compile(tree, name, "exec"), module.__dict__)
        module.ENTRY.check()
    except Exception:  # a failed check, or a formula that no longer makes sense
        return None
    return f"{name}: {formula}: {before} -> {ast.unparse(node)}"


ERRORS = [(name, number) for name in NAMES for number in range(len(sites(name, parsed(name))))]


def test_a_planted_error_in_a_formula_makes_a_check_fail():
    planted = ERRORS[::STRIDE]
    assert len(planted) >= 30
    assert [left for left in itertools.starmap(survives, planted) if left] == []


def test_the_vandal_itself_would_notice_a_lemma_that_checks_nothing(monkeypatch):
    monkeypatch.setattr(Entry, "check", lambda self: None)
    assert survives("theorem_a", 0)


def test_a_failing_step_is_named():
    wrong = Step("one is two.", lambda: _algebra.equal(1, 2))
    broken = Entry("x", "x", "proof", "s", "c", "d", (wrong,))
    with pytest.raises(AssertionError, match="step 1 of x: one is two"):
        broken.check()


# The algebra under the checks


@pytest.mark.parametrize(
    "wrong",
    [
        lambda a, b: _algebra.equal(a, b),
        lambda a, b: _algebra.equal(sympy.gamma(a + 1), sympy.gamma(a)),
        lambda a, b: _algebra.same((a,), (b,)),
        lambda a, b: _algebra.at_least(a, a + b),
        lambda a, b: _algebra.above(a, a),
        lambda a, b: _algebra.at_least(a, b),
        lambda a, b: _algebra.sign(a - b),
        lambda a, b: _algebra.sign(sympy.Symbol("x", real=True) ** 2),
        lambda a, b: _algebra.relu(1 - a),
        lambda a, b: _algebra.at_least(1 / (a + 1) - 1, 0),
    ],
)
def test_the_algebra_refuses_what_is_not_proved(wrong):
    with pytest.raises(AssertionError):
        wrong(*_algebra.positives("a b"))


def test_signs_are_read_off_on_the_whole_cone():
    a, b = _algebra.positives("a b")
    assert _algebra.sign(a / (a + b)) == 1
    assert _algebra.sign((a * b + 1) / (-1 - a)) == -1
    assert _algebra.sign(a - a) == 0
    assert _algebra.relu(-a - b) == 0
    assert _algebra.absolute(-a - b) == a + b


def test_the_angle_covers_the_open_first_quadrant():
    cosine, sine = _algebra.acute()
    _algebra.equal(cosine**2 + sine**2, 1)
    _algebra.above(cosine, 0)
    _algebra.above(sine, 0)


def test_the_supremum_of_a_tent_is_at_its_top():
    tent = [(Fraction(-2), (Fraction(1), Fraction(0)), Fraction(-1, 3))]
    affine = (Fraction(1), Fraction(0), Fraction(1))
    assert _algebra.supremum(tent, affine, Fraction(1), Fraction(1)) == Fraction(4, 3)


def test_a_polynomial_that_changes_sign_between_two_heights_is_refused():
    assert theorem_b_attained.sign_between((-1, 1), Fraction(1), Fraction(3)) == 1
    assert theorem_b_attained.sign_between((-4, 0, 1), Fraction(1), Fraction(2)) == -1
    with pytest.raises(AssertionError):
        theorem_b_attained.sign_between((-2, 1), Fraction(1), Fraction(3))


def test_an_instance_one_unit_off_does_not_attain_theorem_b():
    nodes, affine, level = theorem_b_attained.family(4, Fraction(3))
    (c, p, beta), *rest = nodes
    off = [(c * Fraction(9, 8), p, beta), *rest]
    assert _algebra.supremum(nodes, affine, Fraction(4), Fraction(3)) == level == Fraction(3, 8)
    assert _algebra.supremum(off, affine, Fraction(4), Fraction(3)) > level
