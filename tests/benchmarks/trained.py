"""Instances of trained networks that pair with nobody: `python -m tests.benchmarks.trained` writes them to data/.

    sgd        the authors' own two-layer experiment: d = 30, 10 teacher and 100 student nodes, 50 outputs, after 3,000 steps
    digits     networks fitted to scikit-learn's digits and to each other, on the first ten principal directions
    diabetes   the same for its diabetes data
Needs torch, and scikit-learn, which nothing else here needs: so the results are stored, with six digits a number.
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box

DATA = Path(__file__).with_name("data")
INPUTS, TEACHERS, STUDENTS, OUTPUTS = 30, 10, 100, 50
STEPS, RATE, BATCH, FAN_OUT = 3000, 0.05, 128, 3.0
FITTED = {"digits": (16, 34), "diabetes": (9, 17)}  # teacher and student nodes
RANK = 10


def by_sgd() -> Instance:
    """A student trained by SGD on Gaussian inputs, on the cube [-1, 1]^30."""
    import torch

    torch.manual_seed(0)
    draws = torch.Generator().manual_seed(0)
    W = torch.nn.functional.normalize(torch.randn(TEACHERS, INPUTS, generator=draws))
    b, V = 0.3 * torch.randn(TEACHERS, generator=draws), torch.randn(OUTPUTS, TEACHERS, generator=draws)
    V *= FAN_OUT / OUTPUTS**0.5
    layers = torch.nn.Linear(INPUTS, STUDENTS), torch.nn.ReLU(), torch.nn.Linear(STUDENTS, OUTPUTS)
    net = torch.nn.Sequential(*layers)
    optimiser = torch.optim.SGD(net.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        x = torch.randn(BATCH, INPUTS, generator=draws)
        loss = ((net(x) - torch.relu(x @ W.T + b) @ V.T) ** 2).sum(dim=1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    teacher = TwoLayer(*(x.double().numpy() for x in (W, b, V)))
    return Instance(teacher, TwoLayer.from_torch(net.double()), Box([-1.0] * INPUTS, [1.0] * INPUTS), name="sgd")


def fitted(name: str) -> Instance:
    """A network fitted to data, and another one fitted to the first."""
    from sklearn import datasets, neural_network

    data, (teachers, students) = getattr(datasets, f"load_{name}")(), FITTED[name]
    X = (data.data - data.data.mean(axis=0)) / data.data.std()
    y = np.eye(10)[data.target] if name == "digits" else (data.target - data.target.mean()) / data.target.std()
    first, second = (
        neural_network.MLPRegressor(hidden_layer_sizes=(nodes,), max_iter=2000, random_state=seed)
        for seed, nodes in enumerate((teachers, students))
    )
    first.fit(X, y)
    second.fit(X, first.predict(X))
    return Instance.from_data(TwoLayer.from_sklearn(first), TwoLayer.from_sklearn(second), X, rank=RANK, name=name)


def shortened(value: Any) -> Any:
    """JSON with six significant digits a number."""
    if isinstance(value, dict):
        return {key: shortened(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [shortened(entry) for entry in value]
    if isinstance(value, str) and "/" in value and not value.startswith("twolayer"):
        value = float(Fraction(value))
    return float(f"{value:.6g}") if isinstance(value, float) else value


def stored(name: str) -> Instance:
    """One of them, as it was written."""
    return Instance.from_json((DATA / f"{name}.json").read_text())


if __name__ == "__main__":
    for made in (by_sgd(), *map(fitted, FITTED)):
        text = json.dumps(shortened(json.loads(made.to_json())), separators=(",", ":"))
        (DATA / f"{made.name}.json").write_text(f"{text}\n")
        print(DATA / f"{made.name}.json", len(text), file=sys.stderr)
