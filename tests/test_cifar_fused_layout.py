"""Where the fused kernel finds its weights, what a block needs, and that NVIDIA's compiler takes it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cifar import devices, fused, fused_layout
from cifar.fused_layout import Shape
from cifar.networks.convnet import ConvNet

HOPPER, AMPERE_SMALL = 232_448, 101_376  # bytes a block may have, by NVIDIA's tables for 9.0 and 8.6
FOUR = ((50, 35, 35, 22), (45, 32, 32, 20))
FIVE = ((50, 35, 35, 35, 22), (45, 32, 32, 32, 20))


@pytest.mark.parametrize("taps", [1, 3])
@pytest.mark.parametrize("widths", [(3,), (9, 17), (50, 35, 22)], ids=str)
def test_every_weight_stands_once_forward_and_once_backward_and_in_the_head_once(widths, taps):
    found = Counter(fused_layout.weight_places(widths, 10, 7, taps).tolist())
    *layers, head, _ = fused_layout.places(widths, 10, 7)
    assert {found.pop(int(place)) for kernel in layers[::2] for place in kernel.flat} == {2}
    assert {found.pop(int(place)) for place in head.flat} == {1}
    assert set(found) <= {fused_layout.ZERO}


def test_places_are_those_of_the_networks_own_parameters():
    network = ConvNet((9, 17), mean=(0.4, 0.5, 0.6), std=(1.0, 2.0, 3.0), size=10, generator=torch.Generator())
    vector = torch.cat(
        [
            torch.zeros(1),
            network.mean.flatten(),
            network.std.flatten(),
            *(parameter.reshape(-1) for parameter in network.parameters()),
        ]
    ).detach()
    for parameter, places in zip(network.parameters(), fused_layout.places((9, 17), 10, 10), strict=True):
        assert torch.equal(vector[torch.from_numpy(places)], parameter)
    numbers = vector[torch.from_numpy(fused_layout.number_places((9, 17), 10, 10))].tolist()
    assert numbers[:8] == pytest.approx([0.4, 0.5, 0.6, 1, 2, 3, 0, 0])
    biases = [*network.convs[0].bias.tolist(), *[0] * 7, *network.convs[1].bias.tolist(), *[0] * 7, *network.head.bias.tolist()]
    assert numbers[8:] == pytest.approx(biases)


def test_a_lane_holds_an_output_and_two_inputs_of_each_cell_of_a_pair():
    widths, taps = (8, 8), 1  # one cell to one cell: a tap is a single cell, no pair
    places = fused_layout.places(widths, 10, 2)
    kernel = fused_layout.weight_places(widths, 10, 2, taps)[9 * 64 : 18 * 64].reshape(9, 32, 2)  # forward, second layer
    for tap, lane, half in np.ndindex(kernel.shape):
        assert kernel[tap, lane, half] == places[2][lane // 4, lane % 4 * 2 + half, tap // 3, tap % 3]
    pairs = fused_layout.weight_places((16, 8), 10, 2, taps)[2 * 9 * 64 :][: 9 * 128].reshape(9, 32, 2, 2)
    for tap, lane, cell, half in np.ndindex(pairs.shape):
        assert (
            pairs[tap, lane, cell, half]
            == fused_layout.places((16, 8), 10, 2)[2][lane // 4, cell * 8 + lane % 4 * 2 + half, tap // 3, tap % 3]
        )


@pytest.mark.parametrize(("tiles", "sizes"), [(1, [1]), (5, [5]), (6, [3, 3]), (7, [4, 3]), (8, [4, 4]), (11, [4, 4, 3])])
def test_outputs_come_in_groups_of_at_most_five_tiles(tiles, sizes):
    assert [len(group) for group in fused_layout.groups(tiles)] == sizes


def test_the_papers_networks_fit_a_block_of_a_hopper_gpu_and_wider_ones_do_not_fit_a_small_one():
    for widths, taps in ((FOUR, 3), (FIVE, 1)):
        shape = fused_layout.fitting(Shape(widths), HOPPER)
        assert shape == Shape(widths, taps=taps) and fused_layout.shared_bytes(shape) <= HOPPER
    assert fused_layout.shared_bytes(Shape(FIVE)) > HOPPER
    assert fused_layout.fitting(Shape(FOUR), AMPERE_SMALL) is None


def test_networks_of_different_depth_are_refused():
    with pytest.raises(ValueError, match="equal depth"):
        Shape(((5, 4), (5,)))


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="needs nvcc")
def test_nvidias_compiler_takes_the_kernel_and_keeps_every_sum_in_registers(tmp_path):
    shape = fused_layout.fitting(Shape(FOUR), HOPPER)
    source = shape.header + fused.SOURCE.read_text(encoding="utf-8")
    (tmp_path / "kernel.cu").write_text(source)
    ended = subprocess.run(
        ["nvcc", "-cubin", "-arch=sm_90", "-std=c++17", "-Xptxas", "-v", "kernel.cu", "-o", "kernel.cubin"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    spilled = int(re.search(r"(\d+) bytes spill stores", ended.stderr).group(1))
    assert "Used 128 registers" in ended.stderr  # 65,536 of a multiprocessor for 512 threads
    assert spilled < 1024  # addresses that a thread keeps from the start; 4 sums of a tile more would be 80 bytes a layer


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="needs nvcc")
def test_what_was_compiled_once_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    source = Shape(((3,), (4,)), 6, warps=1).header + fused.SOURCE.read_text(encoding="utf-8")
    code = devices.compiled(source, "sm_90")
    assert code[:4] == b"\x7fELF"
    monkeypatch.setattr(devices, "by_nvcc", None)
    assert devices.compiled(source, "sm_90") == code
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    monkeypatch.setattr(devices, "by_nvcc", lambda *_: b"new")
    assert devices.compiled(source, "sm_90") == b"new"


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="needs nvcc")
def test_what_the_compiler_complains_of_is_one_line():
    with pytest.raises(devices.DeviceError, match=r"^\S*nvcc failed: .*error.*undefined$"):
        devices.compiled("__global__ void broken() { undeclared = 1; }", "sm_90")


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="needs nvcc")
def test_shared_memory_that_the_two_sources_count_differently_does_not_compile():
    header = Shape(((3,), (4,)), 6, warps=1).header
    counted = re.search(r"SHARED (\d+)", header).group(1)
    other = header.replace(f"SHARED {counted}", f"SHARED {int(counted) + 16}")
    with pytest.raises(devices.DeviceError, match="disagree on shared memory"):
        devices.compiled(other + fused.SOURCE.read_text(encoding="utf-8"), "sm_90")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA GPU")
def test_a_missing_driver_is_one_line():
    with pytest.raises(devices.DeviceError, match="driver's library cannot be loaded"):
        devices.Kernel(b"", "ascend", threads=32, shared=0)
