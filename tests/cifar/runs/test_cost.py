"""What runs cost is told before they start: multiply-adds counted layer by layer, hours by what was measured."""

from __future__ import annotations

import pytest
import torch

from cifar.experiments import grid as cost
from cifar.experiments import grid as experiments

from .. import made


@pytest.mark.parametrize("widths", [(5, 4), (50, 35, 35, 22)])
def test_multiply_adds_are_those_of_every_convolution_and_the_head(widths):
    network, counted = made.small_network(widths), 0
    x = torch.zeros(1, 3, 32, 32)
    for conv in network.convs:
        x = conv(x)
        counted += conv.weight.numel() * x[0, 0].numel()
    assert cost.multiply_adds(widths) == counted + network.head.weight.numel()


def test_a_run_by_hand():
    teacher = made.tiny(name="pruned", role="pruned", widths=(6, 6), checkpoints=((50, 1),), teacher="", attacks=())
    student = teacher.altered(
        name="at", role="student", widths=(5, 4), teacher="pruned@50", examples="oracle", steps=2, images=40, test_images=10
    ).altered(checkpoints=((300, 3),), attacks=((300, ("linf", "l2")),), repeats=3, eval_steps=7)
    mine, oracle = cost.multiply_adds((5, 4)), cost.multiply_adds((6, 6))
    trained = 3 * 40 * (oracle + 3 * mine + 2 * 2 * (mine + oracle))
    assert cost.cost(student, {"pruned": teacher}) == trained + 10 * 2 * 3 * 7 * 2 * (mine + oracle)


def test_profile_demo_costs_what_was_measured():
    """34 minutes of idle cores: cifar/README.md."""
    demo = experiments.grid("demo")
    assert 30 < sum(cost.cost(run, demo) for run in demo.values()) / cost.RATE / 60 < 40


@pytest.mark.parametrize(
    ("seconds", "words"), [(10, "a minute"), (130, "2 minutes"), (7300, "2 hours"), (86400, "24 hours"), (2e6, "23 days")]
)
def test_a_duration_is_told_in_the_largest_unit_that_leaves_two(seconds, words):
    assert cost.spoken(seconds) == words
