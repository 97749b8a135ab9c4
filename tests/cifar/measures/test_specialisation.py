"""What is measured of a student's layers, and the patches that define the input plane."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cifar.data import patches
from cifar.data.cifar10 import Images
from cifar.measures import specialisation
from twolayer import metrics

from ..made import made_images, real_images, small_network, the_spectrum

STREAMED = 1e-9  # float64 sums in another order
SPECTRUM = 1e-10  # two eigen-decompositions of one covariance, relative to its largest eigenvalue
STORED = 1e-6  # of what is written with six digits


@pytest.fixture(scope="module")
def pixels():
    return real_images().pixels


@pytest.fixture(scope="module")
def plane(pixels):
    return the_spectrum().eigenvectors[: patches.PLANE_RANK]


def permuted(network, order, scale):
    """The same function: first-layer channels in another order, each scaled, undone in the second layer."""
    copy = small_network(network.widths, 0)
    copy.load_state_dict(network.state_dict())
    factor = torch.as_tensor(scale)
    copy.convs[0].weight.data = network.convs[0].weight.data[order] * factor[:, None, None, None]
    copy.convs[0].bias.data = network.convs[0].bias.data[order] * factor
    copy.convs[1].weight.data = network.convs[1].weight.data[:, order] / factor[None, :, None, None]
    return copy


def test_a_teacher_with_its_channels_permuted_and_scaled_is_fully_specialised(pixels, plane):
    teacher = small_network((5, 4))
    order = [3, 0, 4, 1, 2]
    student = permuted(teacher, order, [1.0, 2.0, 0.5, 1.0, 3.0])
    measured = specialisation.measure(student, teacher, pixels, plane)
    alive = [node for node, best in enumerate(measured["layers"][0]["bnc"]) if best > 0]
    assert alive and measured["layers"][0]["teachers"]["specialised"] == len(alive)
    nc, eps_in = np.array(measured["first"]["nc"]), np.array(measured["first"]["eps_in"])
    for student_node, teacher_node in enumerate(order):
        assert eps_in[student_node, teacher_node] == pytest.approx(0, abs=STORED)
        if teacher_node in alive:
            assert nc[student_node, teacher_node] == pytest.approx(1, abs=STORED)
    assert measured["layers"][1]["mbnc"] == pytest.approx(np.mean(measured["layers"][1]["bnc"]), abs=STORED)


@pytest.mark.parametrize("batch", [1, 5, 32])
def test_streaming_equals_the_whole_batch(pixels, batch):
    # In float64: convolutions of one image and of many may round float32 activations differently.
    student, teacher = small_network((6, 5), 0).double(), small_network((5, 4), 1).double()
    x = pixels.float() / 255
    with torch.no_grad():
        whole = [metrics.correlation(f, g) for f, g in zip(student.features(x), teacher.features(x), strict=True)]
    streams = specialisation.correlations(student, teacher, pixels, batch=batch)
    for stream, expected in zip(streams, whole, strict=True):
        assert stream.count == len(pixels) * (30 * 30 if expected.shape == (6, 5) else 28 * 28)
        assert (stream.correlation() - expected).abs().max() < STREAMED


def test_correlations_are_those_of_numpy_over_samples_and_positions(pixels):
    student, teacher = small_network((6,), 0), small_network((4,), 1)
    x = pixels.float() / 255
    with torch.no_grad():
        f, g = (n.features(x)[0].double().movedim(1, -1).reshape(-1, k).numpy() for n, k in ((student, 6), (teacher, 4)))
    expected = np.corrcoef(f.T, g.T)[:6, 6:]
    assert abs(specialisation.correlations(student, teacher, pixels)[0].correlation().numpy() - expected).max() < STREAMED


def test_one_layer_by_hand():
    rho = torch.tensor([[0.95, 0.2, 0.0], [0.92, 0.85, 0.0], [0.1, 0.7, 0.0]], dtype=torch.float64)
    summary = specialisation.layer(rho)
    assert summary["bnc"] == [0.95, 0.85, 0.0] and summary["bnc_curve"] == [0.95, 0.85, 0.0]
    assert summary["mbnc"] == pytest.approx(0.6) and summary["student_bnc"] == [0.95, 0.92, 0.7]
    assert summary["specialised_count"] == [2, 0, 0]
    assert summary["students"] == {"nodes": 3, "specialised": 2, "unspecialised": 1, "ratio": 0.5}
    assert summary["teachers"] == {"nodes": 3, "specialised": 1, "unspecialised": 1, "ratio": 1.0}
    assert summary["dead"] == {"students": 0, "teachers": 1}
    assert summary["nc"]["quartiles"][0] == 0 and summary["nc"]["quartiles"][4] == 0.95


def test_eps_speaks_of_weights_on_pixels_and_of_each_teacher_nodes_best_student():
    student, teacher = small_network((3,), 0), small_network((2,), 1)
    for network in (student, teacher):
        network.convs[0].weight.data.zero_()
        network.std.copy_(torch.tensor([0.5, 1.0, 2.0]).view(1, 3, 1, 1))
    teacher.convs[0].weight.data[0, 0, 0, 0] = 1.0  # pixel weight 2 e_0
    teacher.convs[0].weight.data[1, 1, 0, 0] = 1.0  # e_9
    student.convs[0].weight.data[0, 1, 0, 0] = 5.0  # 5 e_9
    student.convs[0].weight.data[1, 0, 0, 0] = 1.0  # 2 e_0 + 2 e_18
    student.convs[0].weight.data[1, 2, 0, 0] = 4.0
    student.convs[0].weight.data[2, 0, 0, 0] = 3.0  # 6 e_0
    rho = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.4]], dtype=torch.float64)
    plane = np.zeros((1, 27))
    plane[0, 0] = 1
    readings = specialisation.distances(student, teacher, rho, plane)
    half = 0.5**0.5
    assert np.array(readings["eps_in"]) == pytest.approx(np.array([[1, 0], [1 - half, half], [0, 1]]), abs=STORED)
    assert np.array(readings["eps_out"]) == pytest.approx(np.array([[1, 0], [half, 1.5**0.5], [0, 1]]), abs=STORED)
    assert readings["eps_in_curve"] == pytest.approx([0, 1 - half], abs=STORED)  # best students: 1 of node 0, 0 of node 1
    assert readings["eps_out_curve"] == pytest.approx([0, half], abs=STORED)
    expected = np.corrcoef(np.array(readings["eps_in"]).ravel(), rho.numpy().ravel())[0, 1]
    assert readings["pearson_in"] == pytest.approx(expected, abs=1e-5)
    assert readings["eps_in_mean"] == pytest.approx((1 - half) / 2)


def test_a_result_is_json_without_infinities(pixels, plane):
    student, teacher = small_network((6, 5), 0), small_network((5, 4), 1)
    measured = specialisation.measure(student, teacher, pixels, plane)
    json.dumps(measured, allow_nan=False)
    assert [layer["students"]["nodes"] for layer in measured["layers"]] == [6, 5]
    none_specialised = specialisation.layer(torch.full((3, 2), 0.5, dtype=torch.float64))
    assert none_specialised["students"]["ratio"] is None


def test_measuring_leaves_the_networks_as_they_were(pixels, plane):
    student = small_network((5, 4)).train()
    specialisation.measure(student, student, pixels, plane)
    assert student.training and all(p.requires_grad and p.grad is None for p in student.parameters())


def test_networks_of_different_depth_are_refused(pixels):
    with pytest.raises(ValueError, match="same number of conv layers; got 2 and 3"):
        specialisation.correlations(small_network((5, 4)), small_network((5, 4, 3)), pixels)


# Patches


def test_the_spectrum_is_that_of_every_patch_laid_out_as_a_convolution_does():
    images = made_images(5)
    places = [(n, i, j) for n in range(5) for i in range(30) for j in range(30)]
    rows = np.array([images.pixels[n, :, i : i + 3, j : j + 3].numpy().ravel() / 255 for n, i, j in places])
    spectrum = the_spectrum(images)
    covariance = np.cov(rows.T, bias=True)
    assert abs(spectrum.mean - rows.mean(0)).max() < SPECTRUM
    rebuilt = (spectrum.eigenvectors.T * spectrum.eigenvalues) @ spectrum.eigenvectors
    assert abs(rebuilt - covariance).max() < SPECTRUM * spectrum.eigenvalues[0]
    assert (np.diff(spectrum.eigenvalues) <= 0).all()
    assert abs(spectrum.eigenvectors @ spectrum.eigenvectors.T - np.eye(27)).max() < SPECTRUM


def test_images_of_three_patterns_have_a_spectrum_of_rank_three():
    generator = torch.Generator().manual_seed(0)
    flat = torch.randint(256, (40, 3, 1, 1), generator=generator, dtype=torch.uint8)  # one direction a colour
    spectrum = the_spectrum(Images(flat.expand(-1, 3, 32, 32), torch.zeros(40)))
    assert spectrum.eigenvalues[2] > 1e-3 and abs(spectrum.eigenvalues[3:]).max() < 1e-15
    assert patches.stored(spectrum)["share"] == pytest.approx(1)


def test_the_distance_from_the_plane_sums_what_sticks_out_of_every_patch():
    bytes_, total = made_images(6), np.zeros(2)
    images, spectrum = bytes_.pixels.double() / 255, the_spectrum(bytes_)
    basis = spectrum.eigenvectors[: patches.PLANE_RANK]
    for n in range(2):
        for i in range(30):
            for j in range(30):
                patch = images[n, :, i : i + 3, j : j + 3].numpy().ravel() - spectrum.mean
                total[n] += ((patch - basis.T @ basis @ patch) ** 2).sum()
    assert patches.input_plane(spectrum).distance(images[:2].float()).numpy() == pytest.approx(total, rel=1e-4)  # float32


def test_a_spectrum_is_json():
    stored = json.loads(json.dumps(patches.stored(the_spectrum()), allow_nan=False))
    assert len(stored["eigenvalues"]) == 27 and 0.9 < stored["share"] <= 1
