"""Robust accuracy: what a judge counts on the images that an attack proposes.

The judge runs the networks as given, in evaluation mode, on the stored and clipped images; the attack may have used
copies of lower precision. Counting rules, each the share of images on which

    last          the student answers like the teacher at the last iterate: the headline
    highest       ... at the iterate of highest loss
    any           ... at every iterate that was kept, the one where the two are farthest apart among them
    clean-label   the student, at the last iterate, answers what the teacher answers at the clean image

With the attack `data`, last and clean-label are the two scores of data-adversarial examples.
Mean in per cent, variance of the shares over repeats, as the paper prints them (Section 5.1, Table 1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..attacks.objectives import Network
from ..attacks.table import NAMES, Adversarial, Attack, attacking, table
from ..data.patches import PatchSpectrum
from ..networks.convnet import ConvNet, inner_copy

RULES = ("last", "highest", "any", "clean-label")
REPEATS = 3  # the paper's count is unknown; three seeds of the random start
BATCH = 500
PADDED_TO = 8  # channels, for copies of lower precision: exact, and faster
SHARED_STARTS = {"in-plane": "plane", "out-plane": "plane"}  # the two are parted from the same pairs of runs

Counts = dict[str, list[int]]  # "attack repeat first image" -> [images, then those that count, rule by rule]


def evaluate(
    student: Network,
    teacher: Network,
    surrogate: Network | None,
    images: Tensor | np.ndarray,
    *,
    attacks: Sequence[str] = NAMES,
    repeats: int = REPEATS,
    seed: int = 0,
    batch: int = BATCH,
    device: str | torch.device = "cpu",
    inner: torch.dtype = torch.float32,
    plane: PatchSpectrum | None = None,
    steps: int | None = None,
    counts: Counts | None = None,
    after: Callable[[Counts], None] | None = None,
) -> dict[str, dict[str, dict[str, Any]]]:
    """{attack: {rule: {"mean", "variance", "repeats"}}} of a student.   images (N, 3, 32, 32), bytes or floats in [0, 1]

    inner: what attacks compute in; lower than float32 asks for ConvNets.  steps: of iterated attacks, the table's if None.
    counts: what was counted before, filled in place; an evaluation that was stopped goes on where it was, and ends at the
    same numbers.  after: called with the counts after every batch; whatever it raises, a stop included, is passed on.
    An attack without randomness runs once. Raises ValueError for attacks that do not exist or lack what they need.
    """
    images = torch.as_tensor(images)
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(f"images need shape (N, 3, 32, 32) with N > 0; got {tuple(images.shape)}")
    if repeats < 1 or batch < 1:
        raise ValueError(f"repeats and batch need to be 1 or more; got {repeats} and {batch}")
    copies = [_inner(network, inner) for network in (student, teacher, surrogate)]
    rows = table(copies[0], copies[1], copies[2], plane, **({} if steps is None else {"steps": steps}))
    if missing := [name for name in attacks if name not in rows]:
        needs = {"transfer": "a surrogate", "in-plane": "a patch spectrum", "out-plane": "a patch spectrum"}
        told = ", ".join(f"{name} (needs {needs[name]})" if name in needs else repr(name) for name in missing)
        raise ValueError(f"attacks must be among {', '.join(NAMES)}; got {told}")
    counts = {} if counts is None else counts
    for name in attacks:
        for repeat in range(repeats if rows[name].random else 1):
            for first in range(0, len(images), batch):
                key = f"{name} {repeat} {first}"
                if key in counts:
                    continue
                x = as_pixels(images[first : first + batch], device)
                counts[key] = _count(student, teacher, rows[name], x, _generator(seed, name, repeat, first, device))
                if after is not None:
                    after(counts)
    return {name: summary(counts, name) for name in attacks}


def summary(counts: Counts, attack: str) -> dict[str, dict[str, Any]]:
    """Mean (per cent), variance (of shares, unbiased) and the repeats (shares) of each rule."""
    totals: dict[int, list[int]] = {}
    for key, values in counts.items():
        name, repeat, _ = key.rsplit(" ", 2)
        if name == attack:
            kept = totals.setdefault(int(repeat), [0] * len(values))
            totals[int(repeat)] = [a + b for a, b in zip(kept, values, strict=True)]
    result = {}
    for place, rule in enumerate(RULES, start=1):
        shares = [totals[repeat][place] / totals[repeat][0] for repeat in sorted(totals)]
        result[rule] = statistics(shares)
    return result


def statistics(shares: Sequence[float]) -> dict[str, Any]:
    """Mean in per cent, unbiased variance of the shares (0 for a single one), and the shares."""
    mean = sum(shares) / len(shares)
    variance = sum((share - mean) ** 2 for share in shares) / (len(shares) - 1) if len(shares) > 1 else 0.0
    return {"mean": 100 * mean, "variance": variance, "repeats": list(shares)}


def judged(student: Network, teacher: Network, found: Adversarial, x: Tensor) -> Tensor:
    """Which samples count under each rule.   x (N, 3, 32, 32) the clean images -> booleans (4, N), in the order of RULES"""
    with attacking(student, teacher), torch.no_grad():
        answer, oracle = student(found.last).argmax(1), teacher(found.last).argmax(1)
        last = answer == oracle
        highest = last if found.best is None else agreeing(student, teacher, found.best)
        every = last & highest
        if found.watched is not None:
            every = every & agreeing(student, teacher, found.watched)
        return torch.stack([last, highest, every, answer == teacher(x).argmax(1)])


def agreeing(student: Network, teacher: Network, x: Tensor) -> Tensor:
    """Where the two networks answer the same label, in evaluation mode.   (N, 3, 32, 32) -> booleans (N,)"""
    with attacking(student, teacher), torch.no_grad():
        return student(x).argmax(1) == teacher(x).argmax(1)


def as_pixels(images: Tensor, device: str | torch.device = "cpu") -> Tensor:
    """Bytes as floats in [0, 1]; floats stay; channels last, which convolutions like."""
    x = images.to(device)
    x = x.float() / 255 if x.dtype == torch.uint8 else x
    return x.contiguous(memory_format=torch.channels_last)


def _count(student: Network, teacher: Network, attack: Attack, x: Tensor, generator: torch.Generator) -> list[int]:
    return [len(x), *judged(student, teacher, attack(x, generator), x).sum(1).tolist()]


def _inner(network: Network | None, inner: torch.dtype) -> Network | None:
    if network is None or inner == torch.float32:
        return network
    if not isinstance(network, ConvNet):
        raise ValueError(f"attacks in {inner} need a ConvNet, to copy; got {type(network).__name__}; use torch.float32")
    return inner_copy(network, dtype=inner, multiple=PADDED_TO)[0]


def _generator(seed: int, name: str, repeat: int, first: int, device: str | torch.device) -> torch.Generator:
    """Of each batch its own, so that neither the order nor the choice of attacks changes a number."""
    text = f"{seed} {SHARED_STARTS.get(name, name)} {repeat} {first}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")
    return torch.Generator(device).manual_seed(number)
