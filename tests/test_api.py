"""The Python API reads like the paper: conversions, tables, and docstring examples that run."""

from __future__ import annotations

import doctest
import importlib
import sys

import numpy as np
import pytest
from hypothesis import given, settings

from twolayer import Box, Instance, TwoLayer, Verdict, check

from .strategies import networks

EXAMPLES = ("twolayer.networks", "twolayer.statements.check", "twolayer.regions")


@pytest.fixture(scope="module")
def corner():
    teacher = TwoLayer(W=[[0, 1]], b=[0], V=[[1]])
    student = TwoLayer(W=[[1, 0], [0, 2]], b=[-0.5, 0], V=[[1, 0.5]])
    return check(Instance(teacher, student, Box([-1, -1], [1, 1]), name="a <corner>"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_in_docstrings_say_what_happens(name):
    if name == "twolayer.networks":
        pytest.importorskip("torch")
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert found.failed == 0 and found.attempted > 0


def test_a_check_of_one_statement_has_the_rows_of_the_whole_check(corner):
    some = check(corner.instance, statements=["theorem-2"])
    assert list(map(Verdict.to_dict, some.verdicts)) == [v.to_dict() for v in corner.verdicts if v.statement == "theorem-2"]


def test_an_unknown_statement_is_refused_with_the_known_ones(corner):
    with pytest.raises(ValueError, match="no statement is named 'theorem-4'; there are theorem-1, theorem-2, coro"):
        check(corner.instance, statements=["theorem-4"])


@settings(max_examples=25, deadline=None)
@given(networks(3, 2))
def test_a_network_survives_the_way_to_torch_and_back(network):
    pytest.importorskip("torch")
    again, floats = TwoLayer.from_torch(network.to_torch()), network.floats()
    assert (again.W == floats.W).all() and (again.b == floats.b).all() and (again.V == floats.V).all()


def test_a_torch_module_and_its_network_agree_on_inputs():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.ReLU(), torch.nn.Linear(6, 3, bias=False)).double()
    x = torch.randn(50, 4, dtype=torch.float64)
    assert np.allclose(TwoLayer.from_torch(module)(x.numpy()), module(x).detach().numpy(), rtol=1e-13, atol=1e-13)


def test_float32_weights_keep_their_exact_values():
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Linear(2, 3, bias=False), torch.nn.ReLU(), torch.nn.Linear(3, 1, bias=False))
    network = TwoLayer.from_torch(module)
    assert (network.W.astype(np.float32) == module[0].weight.detach().numpy()).all() and (network.b == 0).all()


def test_a_torch_module_of_another_kind_is_refused_by_name():
    nn = pytest.importorskip("torch").nn
    for module, found in (
        (nn.Linear(2, 2), "Linear"),
        (nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), "Linear, Tanh, Linear"),
        (nn.Sequential(nn.Linear(2, 3), nn.ReLU()), "Linear, ReLU"),
    ):
        with pytest.raises(ValueError, match=rf"expected nn.Sequential\(Linear, ReLU, Linear\); got {found}"):
            TwoLayer.from_torch(module)


def test_an_output_bias_is_refused_since_the_paper_has_none():
    nn = pytest.importorskip("torch").nn
    module = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    module[2].bias.data.fill_(0.5)
    with pytest.raises(ValueError, match="bias of zero"):
        TwoLayer.from_torch(module)
    module[2].bias.data.fill_(0)
    assert TwoLayer.from_torch(module).width == 3


def test_a_notebook_shows_every_verdict_with_its_name_made_harmless(corner):
    page = corner._repr_html_()
    assert "a &lt;corner&gt;" in page and "<corner>" not in page and "<script" not in page
    assert page.count("<tr>") == 1 + len(corner.verdicts)


def test_a_terminal_shows_what_fails_first_and_every_row_once(corner):
    from rich.console import Console

    console = Console(width=240, record=True, file=open("/dev/null", "w"))
    console.print(corner)
    lines = [line for line in console.export_text().splitlines() if line.strip()][1:]
    assert len(lines) == len(corner.verdicts)
    order = ["fails", "holds", "undecided", "vacuous", "not-applicable"]
    ranks = [next(i for i, name in enumerate(order) if f" {name} " in line) for line in lines]
    assert ranks == sorted(ranks) and len(set(ranks)) > 1


def test_a_check_says_in_one_line_what_it_found(corner):
    assert repr(corner).startswith("Check('a <corner>', sup |g_1| in [") and "holds" in repr(corner)


def test_verdicts_convert_to_pandas_where_it_is_installed(corner):
    pytest.importorskip("pandas")
    table = corner.to_pandas()
    assert len(table) == len(corner.verdicts)
    assert list(table["verdict"]) == [v.verdict for v in corner.verdicts]
    assert "terms.kappa" in table.columns


def test_nothing_of_torch_or_pandas_is_loaded_by_a_check():
    import subprocess

    code = (
        "import sys, twolayer; from twolayer import *; "
        "n = TwoLayer([[1.0]], [0.0], [[1.0]]); check(Instance(n, n, Box([-1], [1]))); "
        "print(sorted({'torch', 'pandas', 'distributed', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
