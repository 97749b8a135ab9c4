"""The Python API reads like the paper: conversions, tables, and docstring examples that run."""

from __future__ import annotations

import doctest
import importlib
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from twolayer import Box, Instance, TwoLayer, Verdict, check, synthetic
from twolayer.statements import showing

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
    outcome = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert outcome.failed == 0 and outcome.attempted > 0


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
    assert (again.output_bias == floats.output_bias).all()


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
    for module, named in (
        (nn.Linear(2, 2), "Linear"),
        (nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), "Linear, Tanh, Linear"),
        (nn.Sequential(nn.Linear(2, 3), nn.ReLU()), "Linear, ReLU"),
        (nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)), "BatchNorm1d, Linear, ReLU, Linear"),
        (nn.ModuleList(2 * [nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))]), "Linear, ReLU, Linear, Linear, ReLU"),
    ):
        what = r"nn.Sequential\(Linear, ReLU, Linear\), or a module that holds one"
        with pytest.raises(ValueError, match=rf"expected {what}; got {named}"):
            TwoLayer.from_torch(module)
    with pytest.raises(ValueError, match="^Tanh is not supported; expected"):
        TwoLayer.from_torch(nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)))
    with pytest.raises(ValueError, match="^expected a torch module; got list$"):
        TwoLayer.from_torch([1, 2])


def wrapped(forward=None, **layers):
    """A module that holds layers, and a stack unless it has other ones; forward(module, x) is what it computes."""
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            for name, layer in (layers or {"body": nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))}).items():
                setattr(self, name, layer)

        def forward(self, x):
            return self.body(x) if forward is None else forward(self, x)

    torch.manual_seed(1)
    return Wrapped()


@pytest.mark.parametrize("kind", ["default", "held", "as attributes", "with layers that do nothing"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_a_module_with_its_biases_is_read_exactly_in_every_float_type(kind, dtype):
    torch = pytest.importorskip("torch")
    nn = torch.nn
    torch.manual_seed(0)
    layers = nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3)
    module = {
        "default": lambda: nn.Sequential(*layers),
        "held": lambda: wrapped(body=nn.Sequential(*layers)),
        "as attributes": lambda: wrapped(
            lambda m, x: m.last(m.kink(m.first(x))), first=layers[0], kink=layers[1], last=layers[2]
        ),
        "with layers that do nothing": lambda: nn.Sequential(nn.Flatten(), layers[0], layers[1], nn.Dropout(), layers[2]),
    }[kind]().to(getattr(torch, dtype))
    network = TwoLayer.from_torch(module)
    assert network.has_output_bias
    for array, parameter in zip((network.W, network.b, network.V, network.output_bias), module.parameters(), strict=True):
        assert array.tolist() == parameter.tolist()
    assert all(layer.weight.dtype == getattr(torch, dtype) for layer in (layers[0], layers[2]))


@pytest.mark.parametrize(
    "forward",
    [
        lambda m, x: m.body(x) + x[:, :3],
        lambda m, x: m.body(x).softmax(dim=1),
        lambda m, x: m.body(x / 255),
        lambda m, x: m.body(x)[:, :1],
        lambda m, x: m.body(m.body[1](x)),
        lambda m, x: m.body(x).relu(),
    ],
)
def test_a_module_that_does_more_than_its_stack_is_refused(forward):
    with pytest.raises(ValueError, match="the module does more than its layers"):
        TwoLayer.from_torch(wrapped(forward))


def test_a_layer_that_comes_twice_is_read_twice():
    nn = pytest.importorskip("torch").nn
    layer = nn.Linear(3, 3)
    network = TwoLayer.from_torch(nn.Sequential(layer, nn.ReLU(), layer))
    assert (network.W == network.V).all() and (network.b == network.output_bias).all()


def test_a_module_that_takes_no_points_is_refused_in_one_line():
    with pytest.raises(ValueError, match=r"^the module needs to map points \(n, 4\) to outputs; got"):
        TwoLayer.from_torch(wrapped(lambda m, x, y: m.body(x)))


class MLPRegressor:
    """What a fitted scikit-learn MLPRegressor keeps."""

    def __init__(self, activation="relu", out_activation="identity", sizes=(2, 3, 1)):
        rng = np.random.default_rng(0)
        self.activation, self.out_activation_ = activation, out_activation
        self.coefs_ = [rng.normal(size=shape) for shape in zip(sizes, sizes[1:], strict=False)]
        self.intercepts_ = [rng.normal(size=size) for size in sizes[1:]]


def test_a_regressor_of_scikit_learn_is_read_with_its_output_bias():
    model = MLPRegressor()
    network = TwoLayer.from_sklearn(model)
    x = np.random.default_rng(1).normal(size=(5, 2))
    by_hand = np.maximum(x @ model.coefs_[0] + model.intercepts_[0], 0) @ model.coefs_[1] + model.intercepts_[1]
    assert (network(x) == by_hand).all() and network.has_output_bias


def test_scikit_learns_own_regressor_and_its_network_agree():
    sklearn = pytest.importorskip("sklearn.neural_network")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 3)), rng.normal(size=(80, 2))
    model = sklearn.MLPRegressor(hidden_layer_sizes=(7,), max_iter=20, random_state=0)
    with pytest.warns(Warning):
        model.fit(x, y)
    assert np.allclose(TwoLayer.from_sklearn(model)(x), model.predict(x), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (object(), "object is not supported; supported: MLPRegressor"),
        (MLPRegressor("tanh"), "1 hidden layers, activation 'tanh' and output 'identity' is not supported; supported"),
        (MLPRegressor(out_activation="softmax"), "output 'softmax' is not supported; supported"),
        (MLPRegressor(sizes=(2, 3, 3, 1)), "2 hidden layers, activation 'relu' and output 'identity' is not supported"),
        (type("MLPRegressor", (), {})(), "MLPRegressor needs to be fitted"),
    ],
)
def test_another_model_is_refused_by_name_with_what_is_supported(model, message):
    with pytest.raises(ValueError, match=message):
        TwoLayer.from_sklearn(model)


def test_arrays_of_any_float_type_and_both_layouts_are_read_exactly():
    W, b, V, rest = (np.array(x, dtype=np.float16) for x in ([[0.1, 2], [3, 4]], [5, 6], [[7, 8]], [9]))
    network = TwoLayer.from_numpy(W, b, V, rest)
    assert network.W[0, 0] == float(np.float16(0.1)) and network.output_bias.tolist() == [9]
    turned = TwoLayer.from_numpy(W.T, None, V.T, columns=True)
    assert (turned.W == network.W).all() and (turned.V == network.V).all() and turned.b.tolist() == [0, 0]
    if np.dtype(np.longdouble).itemsize > 8:
        with pytest.raises(ValueError, match="at most 64 bits"):
            TwoLayer.from_numpy(W.astype(np.longdouble), b, V)


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


def test_rows_are_those_of_the_statements_forms_verdicts_and_nodes_asked_for(corner):
    assert list(corner) == corner.rows() == list(corner.verdicts)
    some = corner.rows("theorem-2", ["printed", "sharp"], observer=1)
    assert some == [v for v in corner if v.statement == "theorem-2" and v.form in ("printed", "sharp") and v.observer == 1]
    assert len(some) == 2 and corner.rows(verdict={v.verdict for v in corner}) == list(corner)
    assert corner.rows(teacher=7) == [] == corner.rows("theorem-3") == corner.rows(form=[])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"statement": "theorem-4"},
            "no statement is named 'theorem-4'; there are theorem-1, theorem-2, corollary-1, fan-out-recovery, theorem-3",
        ),
        ({"form": ["sharp", "blunt"]}, "no form is named 'blunt'; there are printed, repaired, sharp"),
        ({"verdict": "fail"}, "no verdict is named 'fail'; there are holds, fails, undecided, vacuous, not-applicable"),
    ],
)
def test_a_name_that_no_row_has_is_refused_with_those_that_there_are(corner, asked, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        corner.rows(**asked)


def test_without_pandas_one_line_names_what_to_install(corner, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ModuleNotFoundError, match=r"^to_pandas needs pandas: pip install 'twolayer\[pandas\]'$"):
        corner.to_pandas()


def test_verdicts_convert_to_pandas_where_it_is_installed(corner):
    pytest.importorskip("pandas")
    table = corner.to_pandas()
    assert len(table) == len(corner.verdicts)
    assert list(table["verdict"]) == [v.verdict for v in corner.verdicts]
    assert "terms.kappa" in table.columns
    assert len(corner.to_pandas(form="sharp")) == len(corner.rows(form="sharp"))


def test_nothing_of_torch_or_pandas_is_loaded_by_a_check():
    import subprocess

    code = (
        "import sys, twolayer; from twolayer import *; "
        "n = TwoLayer([[1.0]], [0.0], [[1.0]]); check(Instance(n, n, Box([-1], [1]))); "
        "print(sorted({'torch', 'pandas', 'distributed', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_values_show_themselves_in_one_line():
    teacher = TwoLayer(W=[[1, 0]], b=[0], V=[[1]])
    student = TwoLayer(W=[[-1, 0], [1, 1], [0, 1]], b=[0, 3, 3], V=[[1, 1, -1]])
    long = Instance(teacher, student, Box([-1, -1], [1, 1]), name="n" * 300)
    assert repr(long) == f"Instance('{'n' * 60}..', K=1+3, C=1, d'=2 in d=2, region of 4 rows)"
    assert repr(long.region) == "Polytope(d=2, 4 rows)" and repr(long.subspace) == "Subspace(d'=2 in d=2)"
    assert repr(replace(long, name="two", second_teacher=teacher)).endswith("region of 4 rows, second teacher K=1)")
    rng = np.random.default_rng(0)
    data = synthetic.low_rank_data(synthetic.box_spectrum(4, 2), 2, 50, rng)
    assert repr(data) == "LowRankData(50 samples, d'=2 in d=4)"
    teacher = synthetic.random_teacher(data, 1, 1, rng)
    shown = repr(synthetic.train(teacher, data.samples, 2, rng, subspace=data.subspace()))
    assert re.fullmatch(
        r"Trained\(TwoLayer\(K=2, d=4, C=1\), loss \S+, sampled \|g_1\| \S+, (not )?converged in .*checkpoints\)", shown
    )


def test_an_enclosure_in_a_line_is_rounded_outward():
    assert showing.enclosure((1.0, 1.0)) == "[1, 1]" and showing.enclosure((0.0, 2.5)) == "[0, 2.5]"
    assert showing.enclosure((0.12345618, 0.12345678)) == "[0.123456, 0.123457]"
    assert showing.enclosure((2.0**-1074, float("inf"))) == "[4.94065e-324, Infinity]"
    assert showing.enclosure((0.1, 0.1)) == "[0.100000, 0.100001]"  # the float is above a tenth


def test_a_notebook_shows_so_many_rows_and_how_many_are_left(corner, monkeypatch):
    monkeypatch.setattr(showing, "MOST", 4)
    page = corner._repr_html_()
    assert page.count("<tr>") == 5 and f".. and {len(corner.verdicts) - 4} more rows" in page
