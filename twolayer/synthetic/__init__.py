"""Controllable low-rank data, teachers on it, and over-realised students trained to a tiny certified gradient.

    rng = np.random.default_rng(0)
    data = low_rank_data(box_spectrum(ambient=6, rank=2), 2, 400, rng)
    teacher = random_teacher(data, 4, 2, rng)
    guided = counterexample_guided(teacher, data.samples, 8, rng, oracle(data, teacher, 1e-8), 1e-8, subspace=data.subspace())
    instance = Instance(teacher, guided.trained.student, data.region(), data.subspace())

Source: Sections 3.2 and 4.1.
"""

from __future__ import annotations

from .cases import Case, Drawn, cases, instances, oracle
from .data import LowRankData, box_spectrum, low_rank_data, random_rotation
from .levenberg import descent
from .patches import PATCH_RANK, patch_data, patch_spectrum, stored_sums
from .students import Checkpoint, Guided, Recipe, Round, Trained, counterexample_guided, train
from .teachers import geometric, off_plane_twin, perturbed, power, random_teacher

__all__ = [
    "PATCH_RANK",
    "Case",
    "Checkpoint",
    "Drawn",
    "Guided",
    "LowRankData",
    "Recipe",
    "Round",
    "Trained",
    "box_spectrum",
    "cases",
    "counterexample_guided",
    "descent",
    "geometric",
    "instances",
    "low_rank_data",
    "off_plane_twin",
    "oracle",
    "patch_data",
    "patch_spectrum",
    "perturbed",
    "power",
    "random_rotation",
    "random_teacher",
    "stored_sums",
    "train",
]
