"""Robust accuracy: what a judge counts on the images that an attack proposes.

The judge runs the networks as given, in evaluation mode, on the stored and clipped images; the attack may have used
copies of lower precision. Counting rules, each the share of images on which

    last          the student answers like the teacher at the last iterate: the paper's count
    highest       ... at the iterate of highest loss
    any           ... at the clean image and at every iterate that was kept, the one where the two are farthest apart among them
    clean-label   the student, at the last iterate, answers what the teacher answers at the clean image
    confident     at no image that was kept does the student answer otherwise while the teacher's own margin is tau or more
                  (the attack `confident` alone); how sure the student is of it does not count, since its logits have a
                  scale of their own: asked for a margin too, an untrained student, with its small logits, would score 100

The attack `label` is judged by the dataset's label where others are by the teacher's answer at the image. With the attack
`data`, last and clean-label are the two scores of data-adversarial examples.
tau: half the teacher's median clean margin, a number of the teacher alone, which no student and no attack can move. Without
it the count is degenerate: a strong attack ends on the teacher's decision boundary, where any two networks part.
One bit an image, and of `confident` one short number, is what a result stores, so that students compare image by image.
Mean in per cent, variance of the shares over repeats, as the paper prints them (Section 5.1, Table 1).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..attacks.ascent import Adversarial, Network, attacking
from ..attacks.table import NAMES, STEPS, excess, require_images, surely_parted, table
from ..data.patches import InputPlane
from ..devices import generator
from ..networks.convnet import ConvNet, inner_copy

RULES = ("last", "highest", "any", "clean-label")
CONFIDENT = "confident"  # the attack, and the rule that it alone has
TAU_SHARE = 0.5  # of the teacher's median clean margin
TAU_IMAGES = 2000  # the first test images, as many as a CPU attacks: tau is the same where a GPU attacks more
BATCH = 500
PADDED_TO = 8  # channels, for copies of lower precision: exact, and faster
SHARED_STARTS = {"in-plane": "plane", "out-plane": "plane"}  # the two are parted from the same pairs of runs


@dataclass(frozen=True)
class Protocol:
    """How attacks are run."""

    repeats: int = 3  # of those with a random start; the paper's count is unknown
    seed: int = 0
    batch: int = BATCH
    inner: torch.dtype = torch.float32  # what attacks compute in; lower ones ask for ConvNets
    steps: int = STEPS  # of iterated attacks


Counts = dict[str, dict[str, Any]]  # "attack repeat first image" -> images, and what `agreements` says, packed, by rule


def evaluate(
    student: Network,
    teacher: Network,
    surrogate: Network | None,
    images: Tensor | np.ndarray,
    labels: Tensor | None = None,
    *,
    attacks: Sequence[str] = NAMES,
    protocol: Protocol = Protocol(),
    plane: InputPlane | None = None,
    counts: Counts | None = None,
    after: Callable[[Counts], None] = lambda counts: None,
) -> dict[str, dict[str, dict[str, Any]]]:
    """{attack: {rule: {"mean", "variance", "repeats", "bits"}}} of a student.   images (N, 3, 32, 32), labels (N,)

    images: bytes, or float32 or float64 in [0, 1], on the device that computes.  bits: a text a repeat, one bit an image
    (packed).  The rule confident has "tau" and "strength", numbers in the place of bits, which give its curve over tau.
    counts: what was counted before, filled in place; an evaluation that was stopped goes on where it was, and ends at the
    same numbers.  after: called with the counts after every batch; whatever it raises, a stop included, is passed on.
    Raises ValueError for images that are none, and for attacks that do not exist or lack what they need.
    """
    images, repeats, batch = torch.as_tensor(images), protocol.repeats, protocol.batch
    if repeats < 1 or batch < 1:
        raise ValueError(f"repeats and batch need to be 1 or more; got {repeats} and {batch}")
    require_images(as_pixels(images[:1]))
    if labels is not None and labels.shape != images.shape[:1]:
        raise ValueError(f"{len(images)} images need as many labels; got shape {tuple(labels.shape)}")
    student_copy, teacher_copy = (_inner(network, protocol.inner) for network in (student, teacher))
    surrogate_copy = None if surrogate is None else _inner(surrogate, protocol.inner)
    rows = table(student_copy, teacher_copy, surrogate_copy, plane, steps=protocol.steps)
    if missing := [name for name in attacks if name not in rows or (labels is None and rows[name].labelled)]:
        needs = {"transfer": "a surrogate", "label": "the dataset's labels", **dict.fromkeys(SHARED_STARTS, "a patch spectrum")}
        told = ", ".join(f"{name} (needs {needs[name]})" if name in needs else repr(name) for name in missing)
        raise ValueError(f"attacks must be among {', '.join(NAMES)}; got {told}")
    counts = {} if counts is None else counts
    for name in attacks:
        for repeat in range(repeats if rows[name].random else 1):
            for first in range(0, len(images), batch):
                key = f"{name} {repeat} {first}"
                if key in counts:
                    continue
                x = as_pixels(images[first : first + batch])
                truth = labels[first : first + batch] if labels is not None and rows[name].labelled else None
                attacked = rows[name](x, _generator(protocol.seed, name, repeat, first, x.device), truth)
                bits = agreements(student, teacher, attacked, x, truth).cpu().numpy()
                counts[key] = {"images": len(x), **{rule: packed(each) for rule, each in zip(RULES, bits, strict=True)}}
                if name == CONFIDENT:
                    counts[key][CONFIDENT] = packed_numbers(strength(student, teacher, attacked, x).cpu().numpy())
                after(counts)
    tau = half_median_margin(teacher, images[:TAU_IMAGES], batch=batch) if CONFIDENT in attacks else 0.0
    return {name: summary(counts, name, tau) for name in attacks}


def half_median_margin(teacher: Network, images: Tensor, *, batch: int = BATCH) -> float:
    """tau: TAU_SHARE of the median, over clean images, of the teacher's largest logit less its second.   (N, 3, h, w)"""
    with attacking(teacher), torch.no_grad():
        logits = [teacher(as_pixels(part)).double() for part in images.split(batch)]
        return TAU_SHARE * float(np.median(torch.cat([-excess(each, each.argmax(1)) for each in logits]).cpu().numpy()))


def summary(counts: Counts, attack: str, tau: float = 0.0) -> dict[str, dict[str, Any]]:
    """Mean (per cent), variance (of shares, unbiased), repeats (shares) and bits of each rule.   tau: of the rule confident"""
    batches: dict[int, list[dict[str, Any]]] = {}
    for key, values in sorted(counts.items(), key=lambda item: int(item[0].rpartition(" ")[2])):
        name, repeat, _ = key.rsplit(" ", 2)
        if name == attack:
            batches.setdefault(int(repeat), []).append(values)
    ordered = [batches[repeat] for repeat in sorted(batches)]
    result = {}
    for rule in RULES:
        bits = [np.concatenate([unpacked(each[rule], each["images"]) for each in repeat]) for repeat in ordered]
        result[rule] = statistics([float(each.mean()) for each in bits]) | {"bits": [packed(each) for each in bits]}
    if attack == CONFIDENT:
        margins = [np.concatenate([unpacked_numbers(each[CONFIDENT], each["images"]) for each in repeat]) for repeat in ordered]
        result[CONFIDENT] = statistics([float((each < tau).mean()) for each in margins])
        result[CONFIDENT] |= {"tau": tau, "strength": [packed_numbers(each) for each in margins]}
    return result


def statistics(shares: Sequence[float]) -> dict[str, Any]:
    """Mean in per cent, unbiased variance of the shares (0 for a single one), and the shares."""
    mean = sum(shares) / len(shares)
    variance = sum((share - mean) ** 2 for share in shares) / (len(shares) - 1) if len(shares) > 1 else 0.0
    return {"mean": 100 * mean, "variance": variance, "repeats": list(shares)}


def agreements(student: Network, teacher: Network, attacked: Adversarial, x: Tensor, labels: Tensor | None = None) -> Tensor:
    """Which samples count under each rule.   x (N, 3, 32, 32) the clean images -> booleans (4, N), in the order of RULES

    labels: (N,), of the dataset, in the place of the teacher's answers at the images.
    """
    with attacking(student, teacher), torch.no_grad():

        def right(image: Tensor) -> Tensor:
            return student(image).argmax(1) == (teacher(image).argmax(1) if labels is None else labels)

        last = right(attacked.last)
        highest = last if attacked.best is None else right(attacked.best)
        every = last & highest & right(x)
        if attacked.watched is not None:
            every = every & right(attacked.watched)
        return torch.stack([last, highest, every, student(attacked.last).argmax(1) == teacher(x).argmax(1)])


def strength(student: Network, teacher: Network, attacked: Adversarial, x: Tensor) -> Tensor:
    """The teacher's largest margin over the images, clean or kept, that part the two; below 0 where none does.   -> (N,)"""
    with attacking(student, teacher), torch.no_grad():
        kept = [image for image in (x, attacked.last, attacked.best, attacked.watched) if image is not None]
        return torch.stack([surely_parted(student(image), teacher(image)) for image in kept]).amax(0)


def as_pixels(images: Tensor) -> Tensor:
    """Bytes as floats in [0, 1]; floats stay; channels last, which convolutions like. ValueError for what is no image."""
    if images.dtype != torch.uint8:
        require_images(images)
    x = images.float() / 255 if images.dtype == torch.uint8 else images
    return x.contiguous(memory_format=torch.channels_last)


def _inner(network: Network, inner: torch.dtype) -> Network:
    if inner == torch.float32:
        return network
    if not isinstance(network, ConvNet):
        raise ValueError(f"attacks in {inner} need a ConvNet, to copy; got {type(network).__name__}; use torch.float32")
    return inner_copy(network, dtype=inner, multiple=PADDED_TO)[0]


def _generator(seed: int, name: str, repeat: int, first: int, device: str | torch.device) -> torch.Generator:
    """Of each batch its own, so that neither the order nor the choice of attacks changes a number."""
    return generator(f"{seed} {SHARED_STARTS.get(name, name)} {repeat} {first}", device)


NUMBERS = np.dtype("<f2")  # 3 digits: a strength of 0.3 within 0.0003


def packed(bits: Sequence[bool] | np.ndarray) -> str:
    """Booleans (N,) as base64 of eight to a byte, the first in the highest bit."""
    return base64.b64encode(np.packbits(np.asarray(bits, dtype=bool)).tobytes()).decode()


def unpacked(text: str, count: int) -> np.ndarray:
    """The booleans (count,); ValueError where the text holds another number of bytes."""
    content = np.frombuffer(base64.b64decode(text, validate=True), dtype=np.uint8)
    if len(content) != -(-count // 8):
        raise ValueError(f"{count} bits need {-(-count // 8)} bytes; got {len(content)}")
    return np.unpackbits(content, count=count).astype(bool)


def packed_numbers(values: Sequence[float] | np.ndarray) -> str:
    """Numbers (N,) as base64 of two bytes each, rounded to the nearest."""
    return base64.b64encode(np.asarray(values, dtype=NUMBERS).tobytes()).decode()


def unpacked_numbers(text: str, count: int) -> np.ndarray:
    """The numbers (count,) in float64; ValueError where the text holds another number of bytes."""
    content = np.frombuffer(base64.b64decode(text, validate=True), dtype=np.uint8)
    if len(content) != NUMBERS.itemsize * count:
        raise ValueError(f"{count} numbers need {NUMBERS.itemsize * count} bytes; got {len(content)}")
    return content.view(NUMBERS).astype(np.float64)
