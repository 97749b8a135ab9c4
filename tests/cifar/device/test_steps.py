"""Training steps, attacks and the benchmark on a CUDA device, done on a pretended one (pretended.py); the packages that
a machine with a GPU needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from cifar.attacks import ascent
from cifar.attacks import table as attacks
from cifar.bench import bench
from cifar.data.cifar10 import Images
from cifar.experiments import grid as experiments
from cifar.measures import robustness as evaluation
from cifar.networks import convnet
from cifar.networks.convnet import student_widths
from cifar.settings import Settings
from cifar.training import step as training

from .. import made
from .pretended import pretending

REAL = made.real_images()

# Operations whose CUDA kernels take everything from the device: none copies a number from the host or waits inside.
CAPTURABLE = set(
    """
    _foreach_add_.Scalar _fused_adam_.tensor_lr _fused_sgd_.tensor_lr _log_softmax.default _log_softmax_backward_data.default
    _to_copy.default _unsafe_view.default abs.default add.Tensor add_.Tensor addmm.default amax.default argmax.default
    bitwise_not.default cat.default clamp.default clone.default convolution.default convolution_backward.default copy_.default
    detach.default div.Scalar div.Tensor empty_like.default eq.Tensor expand.default index.Tensor index_fill_.int_Scalar
    lt.Tensor mean.default mm.default mul.Scalar mul.Tensor mul_.Tensor neg.default new_ones.default new_zeros.default
    nll_loss_backward.default nll_loss_forward.default normal_.default ones_like.default pow.Tensor_Scalar rand.generator
    relu.default relu_.default
    rsub.Scalar scatter_.value sgn.default sign.default slice.Tensor sub.Tensor sum.default sum.dim_IntList
    t.default threshold_backward.default
    threshold_backward.grad_input uniform_.default unsqueeze.default view.default where.self zeros.default
    zeros_like.default
""".split()
)


@pytest.fixture
def device(monkeypatch):
    with pretending(monkeypatch, training) as pretended:
        yield pretended


# Training steps.


def kinds() -> dict[str, Settings]:
    """Of the paper's runs one of each kind, with its own networks, a few images and two attack steps."""
    by_kind: dict[str, Settings] = {}
    for name, settings in experiments.grid("paper").items():
        short = settings.altered(
            name="run",
            seed=0,
            images=8,
            batch=4,
            steps=2,
            first_epoch=0,
            checkpoints=((300, 2),),
            rho=min(settings.rho, 5.0),
            attacks=(),
            surrogate="",
            start="",
            representation="",
        )
        if short not in by_kind.values() and not (settings.role == "student" and len(settings.widths) == 5):
            by_kind[name] = short
    return by_kind


def begun(settings: Settings):
    """A training on the device, before its first batch."""
    images = Images(REAL.pixels[:8].to("cuda"), REAL.labels[:8].to("cuda"))
    network = made.small_network(settings.widths)
    teacher = made.small_network((45, 32, 32, 20), 2).to("cuda").requires_grad_(False) if settings.teacher else None
    kept = []
    if settings.removed:
        kept = [stay.to("cuda") for stay in convnet.kept_channels(network, settings.removed)]
    state = training.begin(settings, network.to("cuda"))
    plane = made.the_plane().to("cuda")
    buffers = training.buffers_for(settings, images, teacher)
    step = training.make_step(settings, state, buffers, teacher, plane, lambda: convnet.silence(state.student, kept))
    return state, images, buffers, step


def advance(settings: Settings, state: training.Training, images: Images, buffers: training.Buffers, step) -> None:
    """Two epochs of two batches."""
    for _ in range(2):
        order = training.start_epoch(settings, state, images, buffers)
        for batch in range(settings.batches):
            buffers.index.copy_(order[batch * settings.batch : (batch + 1) * settings.batch])
            step()


def weights(state: training.Training) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in state.student.parameters()]


def equal(some: list[torch.Tensor], others: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(some, others, strict=True))


KINDS = kinds()


def test_the_kinds_of_run_are_all_there():
    assert {settings.examples for settings in KINDS.values()} == {
        "clean",
        "oracle",
        "data",
        "in-plane",
        "out-plane",
        "calibrated",
    }
    assert {settings.augment for settings in KINDS.values()} == {"none", "crop-flip", "standard", "gaussian"}
    assert {"teacher", "pruned", "surrogate", "student"} == {settings.role for settings in KINDS.values()}


@pytest.mark.parametrize("name", KINDS)
def test_no_step_of_training_waits_for_the_device(device, name):
    plain = begun(KINDS[name])
    device.reads.clear()
    advance(KINDS[name], *plain)
    assert device.reads == device.unseeded == []


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_run_trains_in_a_graph_as_it_does_without_one(device, name):
    plain, captured = begun(KINDS[name]), begun(KINDS[name])
    start = weights(captured[0])
    step = training.graphed(captured[3], captured[0])
    captured = captured[:3]  # whatever else the graph reads, it must keep
    assert equal(start, weights(captured[0]))
    device.reads.clear()
    advance(KINDS[name], *plain)
    advance(KINDS[name], *captured, step)
    assert device.reads == []
    assert equal(weights(plain[0]), weights(captured[0])) and torch.equal(plain[0].total, captured[0].total)
    assert {name.removeprefix("aten.") for name in device.operations} <= CAPTURABLE


def test_a_graph_is_captured_on_the_stream_of_its_worker(device):
    """Graphs of one stream share the workspaces of matrix products, and run one after the other."""
    state, *_, step = begun(KINDS["teacher"])
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        training.graphed(step, state)
    assert device.streams == [stream]


def test_a_restored_optimiser_keeps_its_own_choices():
    settings = made.tiny(optimiser="adam", lr=1e-3)
    state = training.begin(settings, made.small_network(settings.widths))
    saved = state.state()
    choices = dict(state.optimiser.param_groups[0])
    saved["optimiser"]["param_groups"][0] |= {"capturable": not choices["capturable"], "eps": 1.0}
    state.restore(saved)
    assert state.optimiser.param_groups[0] == choices


# Evaluation.


@pytest.mark.parametrize("name", attacks.NAMES)
def test_every_attack_counts_on_a_device_what_it_counts_on_a_cpu_and_more_steps_wait_no_more_often(device, monkeypatch, name):
    widths = (6, 5)
    networks = [
        made.small_network(student_widths(widths), 0),
        made.small_network(widths, 1),
        made.small_network(student_widths(widths), 2),
    ]
    plane = made.the_plane()
    monkeypatch.setattr(ascent, "SEARCHES", 2)
    monkeypatch.setattr(ascent, "STEPS", 4)
    counts, waits = {}, []
    for kind, steps in (("cpu", 3), ("cuda", 6), ("cuda", 3)):
        counts[kind] = {}
        student, teacher, surrogate = (network.to(kind) for network in networks)
        images, there = REAL.pixels[:6].to(kind), plane.to(kind)
        device.reads.clear()
        evaluation.evaluate(
            student,
            teacher,
            surrogate,
            images,
            attacks=(name,),
            protocol=evaluation.Protocol(1, batch=3, steps=steps),
            plane=there,
            counts=counts[kind],
            labels=torch.arange(6).to(kind),
        )
        waits.append(list(device.reads))
    assert counts["cuda"] == counts["cpu"] and len(counts["cpu"]) == 2
    assert waits[1] == waits[2]


# The benchmark.


@pytest.mark.parametrize("variant", bench.VARIANTS)
def test_variants_of_a_step_run_on_a_device(device, monkeypatch, variant):
    monkeypatch.setattr(bench, "TEACHER_WIDTHS", (4, 3))
    step = bench.training_step(variant, 2, 2, torch.device("cuda"))
    assert bench.timed({variant: step}, 0.0, torch.device("cuda"))[variant] > 0


def test_the_benchmark_checks_the_attack_on_a_device(device, monkeypatch):
    for name, value in {"CHECK_IMAGES": 2, "CHECK_STEPS": 3, "TEACHER_WIDTHS": (4, 3)}.items():
        monkeypatch.setattr(bench, name, value)
    assert bench.correctness(torch.device("cuda"))["passes"]


# The machine.

ABSENT = (
    "flint",
    "highspy",
    "numba",
    "llvmlite",
    "joblib",
    "hypothesis",
    "distributed",
    "pytest",
    "torchvision",
    "torchattacks",
    "foolbox",
    "pandas",
)
BARE = f"""
import contextlib, importlib, pkgutil, sys

sys.modules.update(dict.fromkeys({ABSENT}))
import cifar
for module in pkgutil.walk_packages(cifar.__path__, "cifar."):
    importlib.import_module(module.name)
from twolayer import metrics
from cifar import commands as cli
assert cli.main(["list"]) == 0
for command in ("run", "report", "keep", "kept", "bench", "search"):
    with contextlib.suppress(SystemExit):
        cli.main([command, "--help"])
"""


def test_the_commands_need_few_packages():
    """A machine with a GPU has torch and its like, and need not have what the theory wing needs."""
    done = subprocess.run(
        [sys.executable, "-c", BARE], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3]
    )
    assert done.returncode == 0, done.stderr
    assert all(f"python -m cifar {command}" in done.stdout for command in ("run", "report", "keep", "kept", "bench", "search"))
