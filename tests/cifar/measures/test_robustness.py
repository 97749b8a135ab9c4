"""What is counted: every rule by hand, repeats, and an evaluation that was stopped ends at the same numbers."""

from __future__ import annotations

import json

import pytest

torch = pytest.importorskip("torch")

from cifar.attacks.table import NAMES, Adversarial
from cifar.data import patches
from cifar.measures import robustness as evaluation
from cifar.measures.robustness import RULES, evaluate, judged

from ..made import made_images, real_images, small_network

FAST = {"steps": 2, "batch": 4}
ITERATED = ("linf", "l2", "l1", "cw", "data")


@pytest.fixture(scope="module")
def three():
    return [small_network((5, 4), seed) for seed in range(3)]


@pytest.fixture(scope="module")
def pixels():
    return made_images(10).pixels


def answering(table):
    """A network whose label is looked up by the image's first pixel."""

    def network(x):
        return torch.nn.functional.one_hot(torch.tensor([table[int(v)] for v in x[:, 0, 0, 0]]), 10).float()

    return network


def numbered(*values):
    return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 3, 2, 2)


def test_the_four_rules_by_hand():
    student = answering({0: 1, 1: 2, 2: 9, 3: 4})
    teacher = answering({0: 1, 1: 2, 2: 9, 3: 9})  # they differ on image 3 alone
    clean = numbered(0, 0, 0, 0, 3)
    found = Adversarial(last=numbered(0, 3, 1, 1, 2), best=numbered(0, 1, 3, 1, 1), watched=numbered(0, 1, 1, 3, 1))
    last, highest, every, clean_label = judged(student, teacher, found, clean).tolist()
    assert last == [True, False, True, True, True]
    assert highest == [True, True, False, True, True]
    assert every == [True, False, False, False, True]
    assert clean_label == [True, False, False, False, True]  # f*(x) is 1, and 9 for the last


def test_mean_is_in_per_cent_and_variance_of_the_shares_by_hand():
    found = evaluation.statistics([0.5, 0.7, 0.6])
    assert found["mean"] == pytest.approx(60) and found["variance"] == pytest.approx(0.01)
    assert found["repeats"] == [0.5, 0.7, 0.6]
    assert evaluation.statistics([0.25]) == {"mean": 25.0, "variance": 0.0, "repeats": [0.25]}


def test_batches_of_unequal_size_are_weighed_by_their_images():
    counts = {
        "linf 0 0": [4, 4, 0, 0, 1],
        "linf 0 4": [1, 0, 0, 0, 1],
        "linf 1 0": [4, 4, 0, 0, 0],
        "linf 1 4": [1, 1, 0, 0, 1],
        "l2 0 0": [4, 0, 0, 0, 0],
    }
    assert evaluation.summary(counts, "linf")["last"]["repeats"] == [0.8, 1.0]
    assert evaluation.summary(counts, "linf")["clean-label"]["repeats"] == [0.4, 0.2]


def test_an_attack_is_not_counted_under_another_whose_name_begins_alike():
    right = {"l2": 4, "l2-small": 0, "cw": 2, "cw-label": 1}  # of four images
    counts = {f"{name} 0 0": [4, *[count] * len(RULES)] for name, count in right.items()}
    assert {name: evaluation.summary(counts, name)["last"]["mean"] / 25 for name in right} == right


def test_every_image_is_attacked_once_a_repeat(three, pixels, monkeypatch):
    seen, original = [], evaluation.judged
    monkeypatch.setattr(evaluation, "judged", lambda s, t, found, x: seen.append(x) or original(s, t, found, x))
    counts: dict[str, list[int]] = {}
    evaluate(*three, pixels, attacks=("fgsm",), repeats=3, counts=counts, **FAST)
    assert torch.equal(torch.cat(seen), evaluation.as_pixels(pixels))
    assert {key: values[0] for key, values in counts.items()} == {"fgsm 0 0": 4, "fgsm 0 4": 4, "fgsm 0 8": 2}


def test_every_seed_attack_repeat_and_batch_has_a_start_of_its_own():
    draws = [
        evaluation._generator(seed, name, repeat, first, "cpu").initial_seed()
        for seed in (0, 1)
        for name in ("linf", "l2", "in-plane")
        for repeat in (0, 1)
        for first in (0, 4)
    ]
    assert len(set(draws)) == len(draws) == 24


def test_a_student_equal_to_its_teacher_scores_100_under_every_attack(three, pixels):
    student = small_network((5, 4), 0)
    found = evaluate(student, three[0], three[2], pixels, repeats=2, plane=patches.spectrum(pixels), **FAST)
    assert set(found) == set(NAMES)
    for name in NAMES:
        assert all(found[name][rule]["mean"] == 100 for rule in RULES[:3]), name


def test_a_trained_attack_lowers_the_score_and_any_is_never_above_the_others(three, pixels):
    found = evaluate(three[0], three[1], None, pixels, attacks=ITERATED, repeats=1, steps=10, batch=10)
    for name in ITERATED:
        last, highest, every, _ = (found[name][rule]["mean"] for rule in RULES)
        assert every <= min(last, highest)


def test_repeats_differ_in_their_starts_alone_and_a_deterministic_attack_runs_once(three):
    images = real_images().pixels
    student = small_network((8, 6), 0)
    teacher = small_network((8, 6), 1)
    found = evaluate(student, teacher, None, images, attacks=("linf", "fgsm"), repeats=3, steps=1)
    assert len(found["linf"]["last"]["repeats"]) == 3 and len(found["fgsm"]["last"]["repeats"]) == 1
    assert found["fgsm"]["last"]["variance"] == 0
    keys = {}
    evaluate(student, teacher, None, images, attacks=("linf",), repeats=2, steps=1, counts=keys)
    assert set(keys) == {"linf 0 0", "linf 1 0"}
    x = evaluation.as_pixels(images)
    starts = [evaluation._generator(0, "linf", repeat, 0, "cpu").initial_seed() for repeat in range(3)]
    assert len(set(starts)) == 3 and x.shape == images.shape
    assert (
        evaluation._generator(0, "in-plane", 1, 0, "cpu").initial_seed()
        == evaluation._generator(0, "out-plane", 1, 0, "cpu").initial_seed()
    )


def test_a_stopped_evaluation_goes_on_and_ends_at_the_same_numbers(three, pixels):
    arguments = {"attacks": ("l2", "linf"), "repeats": 2, **FAST}
    whole = evaluate(*three, pixels, **arguments)
    counts: dict[str, list[int]] = {}
    stops = 0

    class StopError(Exception):
        pass

    def stop(seen):
        json.dumps(seen)
        raise StopError

    again = None
    while again is None and stops < 20:
        try:
            again = evaluate(*three, pixels, **arguments, counts=counts, after=stop)
        except StopError:
            stops += 1
            counts = json.loads(json.dumps(counts))
    assert stops == 12 and again == whole


def test_neither_order_nor_choice_of_attacks_changes_a_number(three, pixels):
    both = evaluate(*three, pixels, attacks=("linf", "l2"), repeats=1, **FAST)
    assert evaluate(*three, pixels, attacks=("l2", "linf"), repeats=1, **FAST) == both
    assert evaluate(*three, pixels, attacks=("l2",), repeats=1, **FAST)["l2"] == both["l2"]


def test_bytes_and_the_same_pixels_as_floats_score_alike(three, pixels):
    arguments = {"attacks": ("linf",), "repeats": 1, **FAST}
    assert evaluate(*three, pixels, **arguments) == evaluate(*three, pixels.float() / 255, **arguments)


def test_attacks_in_half_precision_are_judged_in_full_by_the_networks_themselves(three, pixels, monkeypatch):
    judges = []
    original = evaluation.judged

    def watching(student, teacher, found, x):
        judges.append((student, teacher, found.last.dtype))
        return original(student, teacher, found, x)

    monkeypatch.setattr(evaluation, "judged", watching)
    evaluate(*three, pixels, attacks=("linf",), repeats=1, inner=torch.bfloat16, **FAST)
    assert all(judge == (three[0], three[1], torch.float32) for judge in judges) and len(judges) == 3


def test_networks_are_judged_in_evaluation_mode_and_left_as_they_were(three, pixels):
    student = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.9), torch.nn.Linear(3072, 10)).train()
    teacher = torch.nn.Sequential(*list(student)).train()
    found = evaluate(student, teacher, None, pixels, attacks=("fgsm",), repeats=1, **FAST)
    assert found["fgsm"]["last"]["mean"] == 100  # dropout would part the two
    assert all(module.training for module in student.modules())
    assert all(p.grad is None and p.requires_grad for p in student.parameters())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"attacks": ("transfer",)}, "transfer .needs a surrogate."),
        ({"attacks": ("in-plane",)}, "in-plane .needs a patch spectrum."),
        ({"attacks": ("l3",)}, "among linf, l2.*got 'l3'"),
        ({"attacks": ("linf",), "repeats": 0}, "repeats and batch need to be 1 or more; got 0 and"),
        ({"attacks": ("linf",), "batch": -1}, "repeats and batch need to be 1 or more; got 3 and -1"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_its_reason(three, pixels, more, message):
    with pytest.raises(ValueError, match=message):
        evaluate(three[0], three[1], None, pixels, **more)


def test_an_empty_set_of_images_is_refused(three):
    with pytest.raises(ValueError, match="N > 0"):
        evaluate(*three, torch.zeros(0, 3, 32, 32))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_gpu_and_cpu_judge_alike():
    student, teacher = small_network((8, 6), 0), small_network((8, 6), 1)
    images = real_images().pixels
    cpu = evaluate(student, teacher, None, images, attacks=("fgsm",), repeats=1)
    gpu = evaluate(student.cuda(), teacher.cuda(), None, images, attacks=("fgsm",), repeats=1, device="cuda")
    assert abs(cpu["fgsm"]["last"]["mean"] - gpu["fgsm"]["last"]["mean"]) <= 100 / len(images)
