"""Numbers with their doubt: what two students differ by, given that both images and seeds are samples.

A comparison is a weighted sum of checkpoints. Robust accuracies are compared image by image, so that what an image is worth
to both drops out; the rest of the doubt is what another seed would have given, taken from all kinds of training that have
several seeds, since two or three of one kind say too little. Both parts are variances and add up; intervals are Student's,
with Welch's degrees of freedom. A bootstrap of seeds and then of images is the same idea, but with three seeds, or one, its
intervals are too short: where a seed moves the share by 3 points, 83 in 100 contained the truth, and 96 of these (tests).

Everything is said of one teacher and one training set: another teacher is not in the doubt.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from .results import Reading, Results

LEVEL = 0.95
FEWEST_KINDS = 6  # of training, for a correlation over kinds: an interval from fewer is wider than the claim


@dataclass(frozen=True)
class Estimate:
    """A number, its standard error, and the degrees of freedom behind that."""

    value: float
    error: float = 0.0
    freedom: float = math.inf

    @property
    def interval(self) -> tuple[float, float]:
        """The LEVEL interval."""
        half = self.error * float(stats.t.ppf((1 + LEVEL) / 2, self.freedom)) if self.error else 0.0
        return self.value - half, self.value + half

    def above(self, bound: float) -> float:
        """The one-sided p-value of "not above the bound": small where the number is above it."""
        if not self.error or math.isinf(bound):
            return 0.0 if self.value > bound else 1.0
        return float(stats.t.sf((self.value - bound) / self.error, self.freedom))

    def below(self, bound: float) -> float:
        return replace(self, value=-self.value).above(-bound)


def seed_deviation(results: Results, reading: Reading) -> tuple[float, int] | None:
    """What a reading of one seed and of another differ by: standard deviation over seeds, pooled, and degrees of freedom.

    Within a kind of training the variances at its checkpoints are averaged and count once: they are the same seeds. None
    where no kind has two.
    """
    grouped: dict[str, dict[int, list[float]]] = {}
    for student in results.students:
        if (value := reading.value(student)) is not None:
            grouped.setdefault(student.kind, {}).setdefault(student.paper_epoch, []).append(value)
    variances, freedoms = [], []
    for epochs in grouped.values():
        several = [values for values in epochs.values() if len(values) > 1]
        if several:
            freedom = max(len(values) for values in several) - 1
            variances.append(freedom * float(np.mean([np.var(values, ddof=1) for values in several])))
            freedoms.append(freedom)
    if not freedoms:
        return None if reading.like is None else seed_deviation(results, reading.like)
    return math.sqrt(sum(variances) / sum(freedoms)), sum(freedoms)


def contrast(results: Results, *terms: tuple[float, str, Reading]) -> Estimate | str:
    """The weighted sum of readings, each the mean over the seeds that are there; in words why there is none.

    terms: weight, "kind@paper's epoch", what is read there.
    Seeds of different checkpoints count as independent, which is cautious: students of one seed share their start.
    """
    value, over_seeds, degrees, over_images = 0.0, 0.0, math.inf, None
    for weight, checkpoint, reading in terms:
        seeds = [result for result in results.seeds(checkpoint) if reading.value(result) is not None]
        if not seeds:
            return f"{results.label(checkpoint)} {results.absent(checkpoint)}"
        value += weight * float(np.mean([reading.value(result) for result in seeds]))
        if results.exact:
            continue
        deviation = seed_deviation(results, reading)
        if deviation is None:
            return f"one seed of each kind of training, and nothing says what another would change ({reading.name})"
        over_seeds, degrees = over_seeds + (weight * deviation[0]) ** 2 / len(seeds), min(degrees, deviation[1])
        if reading.images is not None:
            images = [each for result in seeds if (each := reading.images(result)) is not None]
            if len(images) < len(seeds):
                return f"{results.label(checkpoint)} has no bits of its images"
            fewest = min(map(len, images if over_images is None else [*images, over_images]))
            mean = weight * np.mean([each[:fewest] for each in images], axis=0)
            over_images = mean if over_images is None else over_images[:fewest] + mean
    drawn = 0.0 if over_images is None or len(over_images) < 2 else float(np.var(over_images, ddof=1)) / len(over_images)
    total = over_seeds + drawn
    if not total:
        return Estimate(value)
    return Estimate(value, math.sqrt(total), total**2 / (over_seeds**2 / degrees) if over_seeds else math.inf)


def by_kind(results: Results, *readings: Reading, depth: int = 4) -> tuple[list[str], np.ndarray]:
    """Last checkpoints, one row a kind of training: the mean over its seeds of each reading.   -> kinds (K,), (K, readings)

    Seeds of a kind are no more students of other kinds than one is: over kinds a correlation has as many points as kinds.
    """
    grouped: dict[str, list[list[float]]] = {}
    for student in results.lasts:
        values = [reading.value(student) for reading in readings]
        if len(student.layers) == depth and None not in values:
            grouped.setdefault(student.kind, []).append(values)  # type: ignore[arg-type]
    return list(grouped), np.array([np.mean(values, axis=0) for values in grouped.values()]).reshape(-1, len(readings))


def correlation(x: Sequence[float], y: Sequence[float], *given: Sequence[float]) -> Estimate | str:
    """Fisher's transform (artanh) of Pearson's correlation; partial, given other readings.   (K,) each

    In words why there is none: too few, or a constant.
    """
    points = np.array([x, y, *given], dtype=float)
    count = points.shape[1]
    if count < FEWEST_KINDS + len(given):
        return f"{count} kinds of training, {FEWEST_KINDS + len(given)} needed"
    design = np.vstack([np.ones(count), points[2:]]).T
    left, right = (each - design @ np.linalg.lstsq(design, each, rcond=None)[0] for each in points[:2])
    if min(np.linalg.norm(left), np.linalg.norm(right)) < 1e-9 * max(1.0, float(np.abs(points).max())):
        return "a reading is the same everywhere"
    score = float(np.clip(left @ right / (np.linalg.norm(left) * np.linalg.norm(right)), -1 + 1e-12, 1 - 1e-12))
    return Estimate(math.atanh(score), 1 / math.sqrt(count - 3 - len(given)))
