"""Simulated students: bits of the same images, hard ones hard for all, with an effect of each seed and kind of training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import stats

from cifar.measures.robustness import RULES, packed
from cifar.report.results import Result, Results

IMAGES, SEEDS = 1000, 3
SEED_POINTS = 0.01  # standard deviation of a share over seeds
OWN = 0.6  # how much of an image's difficulty is a student's own


def students(rng: np.random.Generator, shares: Mapping[str, float], *, seeds: Mapping[str, int] | int = SEEDS) -> Results:
    """One checkpoint, "kind@300", a kind and seed, whose expected shares of right answers are given."""
    difficulty, checkpoints = rng.standard_normal(IMAGES), {}
    for kind, share in shares.items():
        for seed in range(seeds if isinstance(seeds, int) else seeds[kind]):
            level = np.clip(share + SEED_POINTS * rng.standard_normal(), 0.01, 0.99)
            mixed = (1 - OWN**2) ** 0.5 * difficulty + OWN * rng.standard_normal(IMAGES)
            bits = mixed < stats.norm.ppf(level)
            run = kind if seed == 0 else f"{kind}-seed-{seed}"
            counted = {"mean": 100 * bits.mean(), "variance": 0.0, "repeats": [bits.mean()], "bits": [packed(bits)]}
            result = Result(
                "",
                run,
                300,
                300,
                {"test_images": IMAGES},
                {},
                {"linf": dict.fromkeys(RULES, counted)},
                {"layers": [], "first": {}},
                {},
                {},
            )
            checkpoints[result.checkpoint] = result
    return Results(checkpoints)
