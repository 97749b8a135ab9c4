"""What is measured at a checkpoint: of which networks and images, with which settings; clean numbers by hand."""

from __future__ import annotations

import pytest
import torch

from cifar.attacks.table import STEPS
from cifar.measures.robustness import Protocol
from cifar.runs import checkpoint, queue
from cifar.runs.run import Run

from .. import made, tiny_runs

SETTINGS = made.tiny(
    teacher="pruned@50",
    surrogate="surrogate@200",
    seed=3,
    repeats=4,
    eval_steps=7,
    eval_batch=5,
    test_images=7,
    eval_inner="bfloat16",
    attacks=((150, ("linf",)), (300, ("fgsm", "transfer"))),
)


class Answering(torch.nn.Module):
    """Logits are looked up by the first pixel."""

    def __init__(self, table: dict[int, list[float]]) -> None:
        super().__init__()
        self.table, self.weight = table, torch.nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tensor([self.table[round(255 * float(value))] for value in x[:, 0, 0, 0]])


@pytest.fixture
def world(tmp_path):
    return tiny_runs.world(tmp_path, queue.Stop())


@pytest.fixture
def called(monkeypatch):
    """What the two measuring modules were called with."""
    calls = []
    monkeypatch.setattr(checkpoint.specialisation, "measure", lambda *a, **k: calls.append(("specialisation", a, k)) or {})
    monkeypatch.setattr(
        checkpoint.robustness,
        "evaluate",
        lambda *a, **k: calls.append(("evaluation", a, k)) or {name: {"of": name} for name in k["attacks"]},
    )
    return calls


def tasks(settings, world, paper_epoch=300, counts=None):
    networks = {name: made.small_network((5, 4), seed) for seed, name in enumerate(("student", *settings.needs))}
    student, run = networks.pop("student"), Run(settings, world, epoch=3, counts=counts or {})
    return student, networks, checkpoint.tasks(run, dict(settings.attacks).get(paper_epoch, ()), student, networks)


def test_a_student_is_measured_against_its_teacher_on_the_first_test_images(world, called, monkeypatch):
    counts, looks = {"a": [1]}, []
    monkeypatch.setattr(Run, "pause", lambda run: looks.append(1))
    student, needed, parts = tasks(SETTINGS, world, counts=counts)
    assert list(parts) == ["clean", "specialisation", "fgsm", "transfer"]
    assert parts["specialisation"]() == {} and parts["fgsm"]() == {"of": "fgsm"} and parts["transfer"]() == {"of": "transfer"}
    pixels = world.data.test.pixels[:7]
    (_, first, options), (_, fgsm, how), (_, transfer, _) = called
    assert first[:2] == (student, needed["pruned@50"]) and torch.equal(first[2], pixels)
    assert first[3].shape == (17, 27) and (first[3] == world.spectrum.eigenvectors[:17]).all()
    assert options == {"batch": 5}
    for arguments in (fgsm, transfer):
        assert arguments[:3] == (student, needed["pruned@50"], needed["surrogate@200"]) and torch.equal(arguments[3], pixels)
    assert how.pop("counts") is counts and how.pop("plane") is world.plane
    how.pop("after")(counts)
    assert looks == [1]
    assert how == {"attacks": ("fgsm",), "protocol": Protocol(repeats=4, seed=3, batch=5, inner=torch.bfloat16, steps=7)}


def test_each_checkpoint_has_its_own_attacks_and_the_attacks_own_steps_where_none_are_set(world, called):
    _, _, parts = tasks(SETTINGS.altered(eval_steps=0), world, paper_epoch=150)
    assert list(parts) == ["clean", "specialisation", "linf"]
    parts["linf"]()
    assert called[0][2]["protocol"].steps == STEPS
    assert list(tasks(SETTINGS, world, paper_epoch=50)[2]) == ["clean", "specialisation"]


@pytest.mark.parametrize("role", ["teacher", "pruned", "surrogate"])
def test_networks_that_are_no_students_are_measured_on_clean_images_alone(world, called, role):
    assert list(tasks(SETTINGS.altered(role=role, teacher="", surrogate="", start="teacher@200"), world)[2]) == ["clean"]


def test_a_student_that_goes_on_from_another_still_answers_to_its_teacher(world, called):
    _, needed, parts = tasks(SETTINGS.altered(start="st@150"), world)
    parts["specialisation"]()
    assert called[0][1][1] is needed["pruned@50"]


def test_a_pruned_network_is_compared_with_the_one_it_was(world):
    _, needed, parts = tasks(SETTINGS.altered(role="pruned", teacher="", surrogate="", start="teacher@200"), world)
    assert (
        parts["clean"]()["agreement"]
        == checkpoint.clean(
            made.small_network((5, 4), 0),
            needed["teacher@200"],
            world.data.test.pixels[:7],
            world.data.test.labels[:7],
            batch=7,
        )["agreement"]
    )


@pytest.mark.parametrize("batch", [1, 2, 4])
def test_clean_numbers_by_hand(batch):
    student = Answering({0: [5.0, 0.0, 0.0], 1: [0.0, 5.0, 0.0], 2: [0.0, 0.0, 5.0]})
    teacher = Answering({0: [5.0, 0.0, 0.0], 1: [0.0, 5.0, 3.0], 2: [6.0, 0.0, 5.0]})
    pixels = torch.tensor([0, 1, 2, 2], dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 2, 2)
    labels = torch.tensor([0, 2, 2, 2])  # the student errs on the second alone, and parts from the teacher on the last two
    counted = checkpoint.clean(student, teacher, pixels, labels, batch=batch)
    assert counted == {"images": 4, "accuracy": 0.75, "agreement": 0.5, "logit_distance": (9 + 36 + 36) / 4}
    assert checkpoint.clean(student, None, pixels, labels, batch=batch) == {"images": 4, "accuracy": 0.75}


@pytest.mark.parametrize(
    ("spoil", "finite"),
    [
        (lambda network: None, True),
        (lambda network: network.convs[0].bias.data.fill_(-torch.inf), False),
        (lambda network: network.head.weight.data.fill_(3e38), False),
    ],
)
def test_a_network_answers_where_its_weights_and_logits_are_finite(spoil, finite):
    """Infinitely negative biases silence a node, which no logit shows; huge weights are finite, their sums are not."""
    network = made.small_network((5, 4))
    spoil(network)
    assert checkpoint.answers(network, made.made_images(3).pixels) is finite


def test_a_network_is_asked_on_the_device_where_its_images_are():
    seen = []

    class Looking(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(x.device.type)
            return torch.zeros(len(x), 10)

    assert checkpoint.answers(Looking(), made.made_images(3).pixels.to("meta")) and seen == ["meta"]
