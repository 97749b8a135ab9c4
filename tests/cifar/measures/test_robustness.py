"""What is counted: every rule by hand, repeats, and an evaluation that was stopped ends at the same numbers."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cifar.attacks.table import NAMES, Adversarial
from cifar.measures import robustness as evaluation
from cifar.measures.robustness import RULES, Protocol, agreements, evaluate

from ..made import made_images, real_images, small_network, the_plane

FAST = Protocol(1, batch=4, steps=2)
TWICE = replace(FAST, repeats=2)
ITERATED = ("linf", "oracle-ce", "confident", "l2", "l1", "cw", "data")


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
    clean = numbered(0, 0, 0, 0, 2)
    attacked = Adversarial(last=numbered(0, 3, 1, 1, 2), best=numbered(0, 1, 3, 1, 1), watched=numbered(0, 1, 1, 3, 1))
    last, highest, every, clean_label = agreements(student, teacher, attacked, clean).tolist()
    assert last == [True, False, True, True, True]
    assert highest == [True, True, False, True, True]
    assert every == [True, False, False, False, True]
    assert clean_label == [True, False, False, False, True]  # f*(x) is 1, and 9 for the last


def test_a_clean_image_that_parts_the_two_counts_under_any():
    student, teacher = answering({0: 1, 3: 4}), answering({0: 1, 3: 9})
    attacked = Adversarial(last=numbered(0, 0), best=numbered(0, 0), watched=numbered(0, 0))
    assert agreements(student, teacher, attacked, numbered(3, 0)).tolist()[2] == [False, True]


def test_a_row_with_labels_is_judged_by_them_and_not_by_the_teacher():
    student, teacher = answering({0: 1, 1: 2}), answering({0: 5, 1: 2})
    attacked = Adversarial(last=numbered(0, 0, 1), best=numbered(0, 0, 0))
    labels = torch.tensor([1, 5, 2])
    last, highest, every, clean_label = agreements(student, teacher, attacked, numbered(1, 1, 1), labels).tolist()
    assert last == [True, False, True] and highest == [True, False, False] and every == [False, False, False]
    assert clean_label == [False, False, True]  # f*(x) is 2


def margins(table):
    """A network of two classes: the second's logit less the first's is looked up by the image's first pixel."""

    def network(x):
        value = torch.tensor([table[int(v)] for v in x[:, 0, 0, 0]])
        return torch.stack([torch.zeros_like(value), value], 1)

    return network


def test_how_sure_the_teacher_is_where_the_two_part_by_hand():
    student, teacher = margins({0: 1.0, 1: 0.5, 2: 3.0}), margins({0: 2.0, 1: -4.0, 2: -1.0})
    # image 0: both say the second; image 1: the teacher is sure by 4; image 2: by 1
    attacked = Adversarial(last=numbered(0, 1, 0, 0), best=numbered(1, 2, 0, 0), watched=numbered(0, 0, 0, 2))
    assert evaluation.strength(student, teacher, attacked, numbered(0, 0, 1, 0)).tolist() == [4.0, 4.0, 4.0, 1.0]
    assert (evaluation.strength(student, teacher, Adversarial(numbered(0)), numbered(0)) < 0).all()


def test_half_the_median_margin_by_hand():
    teacher = margins({0: 1.0, 1: -3.0, 2: 0.2})
    assert evaluation.half_median_margin(teacher, numbered(0, 1, 0), batch=2) == 0.5
    assert evaluation.half_median_margin(teacher, numbered(0, 1), batch=2) == 1.0


def test_tau_is_of_the_teacher_and_of_the_first_images_alone(three, pixels, monkeypatch):
    monkeypatch.setattr(evaluation, "TAU_IMAGES", 6)
    few = Protocol(1, steps=1)
    taus = [
        evaluate(three[0], three[1], None, pixels, attacks=("confident",), protocol=replace(few, batch=4))["confident"][
            "confident"
        ]["tau"],
        evaluate(three[2], three[1], None, pixels[:7], attacks=("confident",), protocol=replace(few, batch=3, seed=5))[
            "confident"
        ]["confident"]["tau"],
    ]
    assert taus[0] == pytest.approx(taus[1], rel=1e-6) and taus[0] > 0
    with torch.no_grad():
        two = three[1](evaluation.as_pixels(pixels[:6])).topk(2).values
    assert taus[0] == pytest.approx(float((two[:, 0] - two[:, 1]).quantile(0.5)) / 2, rel=1e-5)


def test_a_student_whose_logits_are_multiplied_is_counted_as_before(three, pixels):
    student, teacher, _ = three

    def counted(scale):
        measured = evaluate(lambda x: scale * student(x), teacher, None, pixels, attacks=("confident",), protocol=FAST)
        return measured["confident"]["confident"]["strength"]

    assert counted(2.0**-20) == counted(1) == counted(2.0**20)  # exact in floats


def test_a_student_that_hardly_says_anything_is_parted_where_the_teacher_is_sure():
    silent, teacher = margins({0: 1e-6, 1: 1e-6}), margins({0: -5.0, 1: 5.0})
    assert evaluation.strength(silent, teacher, Adversarial(numbered(0, 1)), numbered(0, 1)).tolist()[0] == 5
    assert evaluation.strength(silent, teacher, Adversarial(numbered(0, 1)), numbered(0, 1)).tolist()[1] < 0


def test_the_confident_count_follows_from_the_strengths_that_are_stored(three, pixels):
    measured = evaluate(three[0], three[1], None, pixels, attacks=("confident",), protocol=TWICE)["confident"]
    sure = measured["confident"]
    for repeat, text in enumerate(sure["strength"]):
        strength = evaluation.unpacked_numbers(text, 10)
        assert sure["repeats"][repeat] == (strength < sure["tau"]).mean()
        assert (
            (strength > 0) == ~evaluation.unpacked(measured["any"]["bits"][repeat], 10)
        ).all()  # parted at all, both ways told


def test_bits_are_stored_of_every_image_and_give_the_mean(three, pixels):
    labels = torch.arange(10)
    measured = evaluate(*three, pixels, labels, attacks=("linf", "label"), protocol=TWICE)
    for name in measured:
        for rule in RULES:
            stored = [evaluation.unpacked(text, 10) for text in measured[name][rule]["bits"]]
            assert [float(each.mean()) for each in stored] == measured[name][rule]["repeats"]
    with torch.no_grad():
        right = (three[0](evaluation.as_pixels(pixels)).argmax(1) == labels).numpy()
    assert (evaluation.unpacked(measured["label"]["any"]["bits"][0], 10) <= right).all()  # wrong when clean is wrong for good


@pytest.mark.parametrize("count", [1, 7, 8, 9, 2000])
def test_bits_and_numbers_come_back_as_they_were_packed(count):
    rng = np.random.default_rng(count)
    drawn = rng.random(count) < 0.3
    assert (evaluation.unpacked(evaluation.packed(drawn), count) == drawn).all()
    numbers = rng.standard_normal(count)
    assert np.abs(evaluation.unpacked_numbers(evaluation.packed_numbers(numbers), count) - numbers).max() < 2e-3
    assert len(evaluation.packed(drawn)) == 4 * math.ceil(math.ceil(count / 8) / 3)
    for read, text in (
        (evaluation.unpacked, evaluation.packed(drawn)),
        (evaluation.unpacked_numbers, evaluation.packed_numbers(numbers)),
    ):
        with pytest.raises(ValueError, match="bytes; got"):
            read(text, count + 8)


def test_a_bit_by_hand():
    assert evaluation.packed([True, False, False, False, False, False, False, True, True]) == "gYA="  # 0x81 0x80


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda x: x.float(), "numbers in .0, 1.; got 0 to"),
        (lambda x: x.float() / 255 - 0.01, "numbers in .0, 1."),
        (lambda x: torch.full_like(x.float(), torch.nan), "got nan to nan"),
        (lambda x: x.long(), "got torch.int64"),
        (lambda x: (x.float() / 255).half(), "got torch.float16"),
    ],
)
def test_images_that_are_none_are_refused(three, pixels, broken, message):
    with pytest.raises(ValueError, match=message):
        evaluate(*three, broken(pixels), attacks=("fgsm",), protocol=Protocol(1))


def test_labels_that_are_not_one_an_image_are_refused(three, pixels):
    with pytest.raises(ValueError, match="10 images need as many labels; got shape .9,."):
        evaluate(*three, pixels, torch.zeros(9, dtype=torch.long), attacks=("label",))


def test_mean_is_in_per_cent_and_variance_of_the_shares_by_hand():
    statistics = evaluation.statistics([0.5, 0.7, 0.6])
    assert statistics["mean"] == pytest.approx(60) and statistics["variance"] == pytest.approx(0.01)
    assert statistics["repeats"] == [0.5, 0.7, 0.6]
    assert evaluation.statistics([0.25]) == {"mean": 25.0, "variance": 0.0, "repeats": [0.25]}


def counted(*rows):
    """A batch in which each rule counts the images that `rows` names, one row a rule."""
    return {"images": len(rows[0]), **{rule: evaluation.packed(row) for rule, row in zip(RULES, rows, strict=True)}}


def test_batches_of_unequal_size_are_weighed_by_their_images_and_stand_in_their_order():
    yes, no = [True] * 4, [False] * 4
    counts = {
        "linf 0 4": counted([False], [False], [False], [True]),
        "linf 0 0": counted(yes, no, no, [True, False, False, False]),
        "linf 1 0": counted(yes, no, no, no),
        "linf 1 4": counted([True], [False], [False], [True]),
        "l2 0 0": counted(no, no, no, no),
    }
    summary = evaluation.summary(counts, "linf")
    assert summary["last"]["repeats"] == [0.8, 1.0] and summary["clean-label"]["repeats"] == [0.4, 0.2]
    assert evaluation.unpacked(summary["last"]["bits"][0], 5).tolist() == [True, True, True, True, False]


def test_an_attack_is_not_counted_under_another_whose_name_begins_alike():
    right = {"l2": 4, "l2-small": 0, "cw": 2, "cw-label": 1}  # of four images
    counts = {f"{name} 0 0": counted(*[[i < count for i in range(4)]] * 4) for name, count in right.items()}
    assert {name: evaluation.summary(counts, name)["last"]["mean"] / 25 for name in right} == right


def test_every_image_is_attacked_once_a_repeat(three, pixels, monkeypatch):
    seen, original = [], evaluation.agreements
    monkeypatch.setattr(
        evaluation, "agreements", lambda s, t, adversarial, x, _: seen.append(x) or original(s, t, adversarial, x)
    )
    counts: dict[str, dict] = {}
    evaluate(*three, pixels, attacks=("fgsm",), protocol=replace(FAST, repeats=3), counts=counts)
    assert torch.equal(torch.cat(seen), evaluation.as_pixels(pixels))
    assert {key: values["images"] for key, values in counts.items()} == {"fgsm 0 0": 4, "fgsm 0 4": 4, "fgsm 0 8": 2}


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
    labels = three[0](evaluation.as_pixels(pixels)).argmax(1)
    measured = evaluate(student, three[0], three[2], pixels, labels, protocol=TWICE, plane=the_plane())
    assert set(measured) == set(NAMES)
    for name in set(NAMES) - {"label"}:
        assert all(measured[name][rule]["mean"] == 100 for rule in RULES[:3]), name
    assert measured["confident"]["confident"]["mean"] == 100


def test_a_trained_attack_lowers_the_score_and_any_is_never_above_the_others(three, pixels):
    measured = evaluate(three[0], three[1], None, pixels, attacks=ITERATED, protocol=Protocol(1, batch=10, steps=10))
    for name in ITERATED:
        last, highest, every, _ = (measured[name][rule]["mean"] for rule in RULES)
        assert every <= min(last, highest)


def test_repeats_differ_in_their_starts_alone_and_a_deterministic_attack_runs_once(three):
    images = real_images().pixels
    student = small_network((8, 6), 0)
    teacher = small_network((8, 6), 1)
    measured = evaluate(student, teacher, None, images, attacks=("linf", "fgsm"), protocol=Protocol(3, steps=1))
    assert len(measured["linf"]["last"]["repeats"]) == 3 and len(measured["fgsm"]["last"]["repeats"]) == 1
    assert measured["fgsm"]["last"]["variance"] == 0
    keys = {}
    evaluate(student, teacher, None, images, attacks=("linf",), protocol=Protocol(2, steps=1), counts=keys)
    assert set(keys) == {"linf 0 0", "linf 1 0"}
    x = evaluation.as_pixels(images)
    starts = [evaluation._generator(0, "linf", repeat, 0, "cpu").initial_seed() for repeat in range(3)]
    assert len(set(starts)) == 3 and x.shape == images.shape
    assert (
        evaluation._generator(0, "in-plane", 1, 0, "cpu").initial_seed()
        == evaluation._generator(0, "out-plane", 1, 0, "cpu").initial_seed()
    )


def test_a_stopped_evaluation_goes_on_and_ends_at_the_same_numbers(three, pixels):
    arguments = {"attacks": ("confident", "linf"), "protocol": TWICE}
    whole = evaluate(*three, pixels, **arguments)
    counts: dict[str, dict] = {}
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
    both = evaluate(*three, pixels, attacks=("linf", "l2"), protocol=FAST)
    assert evaluate(*three, pixels, attacks=("l2", "linf"), protocol=FAST) == both
    assert evaluate(*three, pixels, attacks=("l2",), protocol=FAST)["l2"] == both["l2"]


def test_bytes_and_the_same_pixels_as_floats_score_alike(three, pixels):
    arguments = {"attacks": ("linf",), "protocol": FAST}
    assert evaluate(*three, pixels, **arguments) == evaluate(*three, pixels.float() / 255, **arguments)


def test_attacks_in_half_precision_are_judged_in_full_by_the_networks_themselves(three, pixels, monkeypatch):
    judges = []
    original = evaluation.agreements

    def watching(student, teacher, attacked, x, labels):
        judges.append((student, teacher, attacked.last.dtype))
        return original(student, teacher, attacked, x, labels)

    monkeypatch.setattr(evaluation, "agreements", watching)
    evaluate(*three, pixels, attacks=("linf",), protocol=replace(FAST, inner=torch.bfloat16))
    assert all(judge == (three[0], three[1], torch.float32) for judge in judges) and len(judges) == 3


def test_networks_are_judged_in_evaluation_mode_and_left_as_they_were(three, pixels):
    student = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.9), torch.nn.Linear(3072, 10)).train()
    teacher = torch.nn.Sequential(*list(student)).train()
    measured = evaluate(student, teacher, None, pixels, attacks=("fgsm",), protocol=FAST)
    assert measured["fgsm"]["last"]["mean"] == 100  # dropout would part the two
    assert all(module.training for module in student.modules())
    assert all(p.grad is None and p.requires_grad for p in student.parameters())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"attacks": ("transfer",)}, "transfer .needs a surrogate."),
        ({"attacks": ("in-plane",)}, "in-plane .needs a patch spectrum."),
        ({"attacks": ("label",)}, "label .needs the dataset's labels."),
        ({"attacks": ("l3",)}, "among linf, linf-small, oracle-ce.*got 'l3'"),
        ({"attacks": ("linf",), "protocol": Protocol(0)}, "repeats and batch need to be 1 or more; got 0 and"),
        ({"attacks": ("linf",), "protocol": Protocol(batch=-1)}, "repeats and batch need to be 1 or more; got 3 and -1"),
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
    cpu = evaluate(student, teacher, None, images, attacks=("fgsm",), protocol=Protocol(1))
    gpu = evaluate(
        student.cuda(), teacher.cuda(), None, torch.as_tensor(images).cuda(), attacks=("fgsm",), protocol=Protocol(1)
    )
    assert abs(cpu["fgsm"]["last"]["mean"] - gpu["fgsm"]["last"]["mean"]) <= 100 / len(images)
