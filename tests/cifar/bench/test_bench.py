"""The benchmark's variants compute one training step alike, and it says so when the attack does not."""

from __future__ import annotations

import json

import pytest

torch = pytest.importorskip("torch")

from cifar import commands as cli
from cifar.bench import bench
from cifar.bench.bench import GRAPH, PLAIN, VARIANTS

CPU = torch.device("cpu")
HALF_PRECISION = 0.05  # weights after two updates in bfloat16, relative to how far they moved
ON_CPU = [name for name in VARIANTS if name != GRAPH]


def moved(variant: str, monkeypatch) -> torch.Tensor:
    """How far two steps move the bias of the student's head."""
    seen, real = [], bench.networks
    monkeypatch.setattr(bench, "networks", lambda device: seen.append(real(device)) or seen[-1])
    step = bench.training_step(variant, 4, 2, CPU)
    before = seen[0][0].head.bias.detach().clone()
    step(), step()
    return seen[0][0].head.bias.detach() - before


@pytest.mark.parametrize("variant", ON_CPU)
def test_every_variant_computes_the_same_training_step(variant, monkeypatch):
    ours, plain = moved(variant, monkeypatch), moved(PLAIN, monkeypatch)
    assert (ours - plain).norm() <= HALF_PRECISION * plain.norm() and plain.norm() > 0
    assert (variant == PLAIN) == torch.equal(ours, plain)


def test_the_attack_in_half_precision_is_right(monkeypatch):
    monkeypatch.setattr(bench, "CHECK_IMAGES", 8)
    monkeypatch.setattr(bench, "CHECK_STEPS", 10)
    attack = bench.correctness(CPU)
    assert attack["passes"] and attack["reached"]["bfloat16"] > 2 * attack["clean"]


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(bench, "CHECK_IMAGES", 4)
    monkeypatch.setattr(bench, "CHECK_STEPS", 3)
    return ["bench", "--seconds", "0.01", "--batch", "2", "--steps", "1"]


def test_the_command_prints_one_table_and_writes_every_number(small, tmp_path, capsys):
    assert cli.main([*small, "--json", str(tmp_path / "bench.json")]) == 0
    printed = capsys.readouterr().out
    measured = json.loads((tmp_path / "bench.json").read_text())
    assert all(name in printed for name in ON_CPU)
    assert list(measured["seconds"]) == ON_CPU and min(measured["seconds"].values()) > 0


def test_float32_is_float32_where_it_is_timed(small):
    torch.backends.cudnn.allow_tf32 = True  # torch's default
    cli.main(small)
    assert not torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32


def test_a_wrong_attack_in_half_precision_fails_the_command(small, monkeypatch):
    original = bench.inner_copy

    def spoiled(network, **more):
        copy, refresh = original(network, **more)
        copy.head.weight.data.neg_()
        copy.convs[0].weight.data.neg_()
        return copy, refresh

    monkeypatch.setattr(bench, "inner_copy", spoiled)
    assert cli.main(small) == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA GPU")
def test_a_missing_gpu_is_one_clear_line(capsys):
    assert cli.main(["bench", "--device", "cuda"]) == 2
    assert "needs a CUDA device" in capsys.readouterr().err


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_the_benchmark_runs_on_a_real_device(small):
    assert cli.main([*small, "--device", "cuda"]) == 0
