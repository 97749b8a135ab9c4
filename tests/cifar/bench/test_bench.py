"""The benchmark counts work rightly, its variants compute one step alike, and it says so when they do not."""

from __future__ import annotations

import json

import pytest

torch = pytest.importorskip("torch")

from cifar.bench import bench, variants

HALF_PRECISION = 0.05  # losses after one attack step in bfloat16, relative


def test_an_attack_step_costs_184_million_operations_and_2_megabytes_an_image():
    s = variants.setting(1, 1, "cpu")
    operations, moved = variants.work(s.student, s.teacher)
    # By hand: 20.9 and 25.1 million products forward, twice as many operations, twice as many with the backward pass;
    # 207,512 activations of 2 bytes, five times.
    assert operations == pytest.approx(184e6, rel=0.01)
    assert moved == 5 * 2 * (98_740 + 108_772) + 10 * 4 * 3072


@pytest.mark.parametrize("variant", [v for v in variants.catalogue() if not v.needs_cuda], ids=lambda v: v.name)
def test_every_variant_computes_the_same_training_step(variant):
    def after_two_steps(build):
        settings = []

        def fresh():
            settings.append(variants.setting(4, 2, "cpu"))
            return settings[-1]

        step = build(fresh)
        torch.manual_seed(0)
        losses = [float(step()), float(step())]
        return losses, settings[0].student.head.bias.detach()

    losses, bias = after_two_steps(variant.build)
    expected, expected_bias = after_two_steps(variants.catalogue()[0].build)
    assert losses == pytest.approx(expected, rel=HALF_PRECISION)
    start = variants.setting(4, 2, "cpu").student.head.bias
    assert (bias - expected_bias).norm() <= HALF_PRECISION * (expected_bias - start).norm() and not torch.equal(bias, start)


def test_the_attack_in_half_precision_is_right(monkeypatch):
    monkeypatch.setattr(bench, "CHECK_IMAGES", 8)
    monkeypatch.setattr(bench, "CHECK_STEPS", 10)
    found = bench.correctness(torch.device("cpu"))
    assert found["passes"] and found["inside"] and found["reached"]["bfloat16"] > 2 * found["clean"]


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setitem(bench.COPY_BYTES, "cpu", 2**20)
    monkeypatch.setitem(bench.PRODUCT_SIZE, "cpu", 64)
    monkeypatch.setattr(bench, "CHECK_IMAGES", 4)
    monkeypatch.setattr(bench, "CHECK_STEPS", 3)
    return ["--seconds", "0.01", "--batch", "2", "--steps", "1"]


def test_the_command_prints_one_table_and_writes_every_number(small, tmp_path, capsys):
    assert bench.main([*small, "--json", str(tmp_path / "bench.json")]) == 0
    printed = capsys.readouterr().out
    found = json.loads((tmp_path / "bench.json").read_text())
    rows = found["variants"]["rows"]
    for variant in variants.catalogue():
        assert variant.name in printed
        assert variant.needs_cuda == (rows[variant.name] == {"skipped": "needs CUDA"})
    assert rows["fp32 eager"]["speedup"] == 1 and rows[found["variants"]["best"]]["speedup"] >= 1
    for row in rows.values():
        if "seconds" in row:
            assert row["floors"] == pytest.approx(row["seconds"] / found["variants"]["floor"]["seconds"])


def test_float32_is_float32_where_it_is_timed(small):
    torch.backends.cudnn.allow_tf32 = True  # torch's default
    bench.main(small)
    assert not torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32


def test_a_wrong_attack_in_half_precision_fails_the_command(small, monkeypatch):
    original = bench.inner_copy

    def spoiled(network, **more):
        copy, refresh = original(network, **more)
        copy.head.weight.data.neg_()
        copy.convs[0].weight.data.neg_()
        return copy, refresh

    monkeypatch.setattr(bench, "inner_copy", spoiled)
    assert bench.main(small) == 1


def test_a_variant_that_cannot_be_built_is_skipped_and_the_others_are_timed(small, tmp_path, monkeypatch, capsys):
    def broken(fresh):
        raise RuntimeError("no such\nthing here")

    plain = variants.catalogue()[0]
    monkeypatch.setattr(bench, "catalogue", lambda: [plain, variants.Variant("broken", broken)])
    assert bench.main([*small, "--json", str(tmp_path / "bench.json")]) == 0
    rows = json.loads((tmp_path / "bench.json").read_text())["variants"]["rows"]
    assert rows["broken"] == {"skipped": "no such thing here"} and rows["fp32 eager"]["seconds"] > 0
    monkeypatch.setattr(bench, "catalogue", lambda: [variants.Variant(bench.BASE, broken)])
    with pytest.raises(RuntimeError, match="no such"):
        bench.main(small)


def test_only_some_variants_are_timed_where_some_are_named(small, tmp_path, capsys):
    assert bench.main([*small, "--only", "autocast", "--only", "fused", "--json", str(tmp_path / "bench.json")]) == 0
    rows = json.loads((tmp_path / "bench.json").read_text())["variants"]["rows"]
    named = [v.name for v in variants.catalogue() if "autocast" in v.name or "fused" in v.name]
    assert list(rows) == [bench.BASE, *named]
    assert bench.main([*small, "--only", "nothing"]) == 2
    assert "no variant's name holds nothing; they are fp32 eager, " in capsys.readouterr().err
    assert bench.main([*small, "--quick-to-build"]) == 0
    printed = capsys.readouterr().out
    assert all((v.name in printed) != v.slow for v in variants.catalogue())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA GPU")
def test_a_missing_gpu_is_one_clear_line(capsys):
    assert bench.main(["--device", "cuda"]) == 2
    assert "needs a CUDA device" in capsys.readouterr().err


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("variant", [v for v in variants.catalogue() if v.needs_cuda], ids=lambda v: v.name)
def test_every_gpu_variant_lowers_the_loss_like_the_eager_one(variant):
    def losses(build):
        step = build(lambda: variants.setting(32, 4, "cuda"))
        return [float(step()) for _ in range(10)]

    expected = losses(variants.catalogue()[0].build)
    assert losses(variant.build)[-1] == pytest.approx(expected[-1], rel=0.2)  # captures warm up, so some steps ahead
