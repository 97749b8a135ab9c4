"""Made results directories: the files that `python -m cifar run` would leave, with numbers that a test chooses.

`made(out)` writes the whole grid with numbers that follow a simple law, under which every claim of the paper holds. Images are
alike for all students, the hard ones first, so that bits of two students are paired; seeds differ by SEEDS times a little.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from cifar.data import patches
from cifar.experiments import grid as experiments
from cifar.experiments.grid import SEED
from cifar.measures.robustness import CONFIDENT, RULES, packed, packed_numbers
from cifar.report import tables

DEPTH, STUDENTS, TEACHERS = 4, 9, 8
BASE = {
    "at": 0.9,
    "at-augmented": 0.93,
    "at-5": 0.88,
    "at-in-plane": 0.87,
    "at-out-plane": 0.8,
    "at-data": 0.7,
    "at-data-teacher": 0.72,
    "at-label-target": 0.74,
    "ccat-5": 0.58,
    "ccat-20": 0.62,
    "ccat-10": 0.66,
    "ccat-10-full": 0.6,
    "rft": 0.57,
    "st-logit": 0.6,
    "st-logit-augmented": 0.64,
    "st-logit-gaussian": 0.66,
    "st-logit-5": 0.57,
    "st-label": 0.4,
}
LATE = {"st-label": 0.02}  # what 250 epochs add to the level
SEVERAL = ("at", "st-logit", "st-label")  # kinds with three seeds
SEEDS = (0.0, 0.001, -0.001)  # what a seed adds to the level
TAU, START = 0.3, 0.25  # of the rule confident; the level of an untrained student
IMAGES = 2000


def level(run: str, epoch: int) -> float:
    """How specialised a made student is, in (0, 1)."""
    kind, _, seed = run.partition(SEED)
    if epoch == 0:
        return START
    return BASE.get(kind, 0.5) + LATE.get(kind, 0.1) * (epoch - 300) / 250 + SEEDS[int(seed or 0)]


def counted(mean: float, images: int) -> dict[str, Any]:
    """A share of the images in per cent: the easiest ones count."""
    bits = np.arange(images) >= images - round(images * mean / 100)
    return {"mean": 100 * float(bits.mean()), "variance": 0.0, "repeats": [float(bits.mean())], "bits": [packed(bits)]}


def confident(mean: float, images: int) -> dict[str, Any]:
    """The same under the rule confident: the hardest images are parted by most."""
    strength = np.where(np.arange(images) >= images - round(images * mean / 100), -1.0, 2 * TAU)
    counts = {key: value for key, value in counted(mean, images).items() if key != "bits"}
    return {**counts, "tau": TAU, "strength": [packed_numbers(strength)]}


def result(
    run: str,
    epoch: int,
    attacks: tuple[str, ...] = ("linf",),
    *,
    test_images: int = IMAGES,
    source: str = "jpeg",
    **settings: Any,
) -> dict[str, Any]:
    """A stored result of a student."""
    value = level(run, epoch)
    gain = {"l2": 30, "l1": 30, "fgsm": 25, "cw": 5, "transfer": 0, "in-plane": -3, "out-plane": 3}
    scores = {}
    for attack in attacks:
        mean = 45 + 2 * value if attack == "transfer" else 65 * value + gain.get(attack, 0)
        scores[attack] = {rule: counted(mean - 2 * i, test_images) for i, rule in enumerate(RULES)}
        if attack == CONFIDENT:
            scores[attack][CONFIDENT] = confident(mean, test_images)
    rng = np.random.default_rng(sum(map(ord, run)) + epoch)
    depth = 5 if run.endswith("-5") and not run.startswith("ccat") else DEPTH
    chosen = {**default_settings(run), "test_images": test_images, **settings}
    return {
        "run": run,
        "epoch": epoch,
        "paper_epoch": epoch,
        "attacks": scores,
        "clean": {"images": test_images, "accuracy": 0.8, "agreement": agreement(run), "logit_distance": 1.5},
        "loss": [1.0],
        "config": {
            "settings": chosen,
            "mean": [0.5] * 3,
            "std": [0.25] * 3,
            "data": {"source": source, "sha256": "made", "train": 50000, "test": 10000},
        },
        "specialisation": specialisation(value, depth, run, rng),
    }


def agreement(run: str) -> float:
    """With the teacher on clean images: of no kind of training more than of another."""
    return 0.9 + 0.01 * (sum(map(ord, run.partition(SEED)[0])) % 7)


def specialisation(value: float, depth: int, run: str, rng: np.random.Generator) -> dict[str, Any]:
    layers = []
    for i in range(depth):
        bnc = np.clip(value - 0.02 * i + 0.15 * np.linspace(0.5, -0.5, TEACHERS), 0, 1)
        counts = rng.permutation([1, 1, 2, 2, 1, 0, 1, 1])
        layers.append(
            {
                "nc": {"mean": 0.1, "quartiles": [0, 0.05, 0.1, 0.2, float(bnc.max())]},
                "bnc": bnc.tolist(),
                "bnc_curve": bnc.tolist(),
                "mbnc": float(bnc.mean()),
                "student_bnc": [value] * STUDENTS,
                "specialised_count": counts.tolist(),
                "dead": {"students": 0, "teachers": 0},
                "students": {"nodes": STUDENTS, "specialised": 4, "unspecialised": 3, "ratio": 0.75 if value > 0.45 else None},
                "teachers": {"nodes": TEACHERS, "specialised": 4, "unspecialised": 3, "ratio": 0.75},
            }
        )
    nc = rng.uniform(-0.2, 1, (STUDENTS, TEACHERS))
    inside, outside = 1.2 * (1 - 0.7 * value), 0.9 * (1 - 0.6 * value)
    if run.partition(SEED)[0] == "st-label" and value != START:
        inside = 0.8
        outside = 0.9 - 4 * (value - 0.38)
    eps_in = 1.3 - nc + 0.1 * rng.standard_normal(nc.shape)
    ramp = np.linspace(-0.1, 0.1, TEACHERS)
    return {
        "images": 100,
        "layers": layers,
        "first": {
            "eps_in_curve": (inside + ramp).tolist(),
            "eps_in_mean": inside,
            "eps_out_curve": (outside + ramp).tolist(),
            "eps_out_mean": outside,
            "pearson_in": float(np.corrcoef(nc.ravel(), eps_in.ravel())[0, 1]),
            "pearson_out": -0.1,
            "nc": nc.tolist(),
            "eps_in": eps_in.tolist(),
            "eps_out": eps_in.tolist(),
        },
    }


def default_settings(run: str) -> dict[str, Any]:
    kind, _, seed = run.partition(SEED)
    return (
        dict(experiments.grid("paper")[kind].altered(name=run, seed=int(seed or 0)).record)
        if kind in BASE
        else {
            "name": run,
            "role": "student",
            "examples": "clean",
            "loss": "logit",
            "target": "shown",
            "augment": "none",
            "representation": "",
            "seed": 0,
        }
    )


def store(out: Path, value: dict[str, Any], seconds: float | None = 12.5) -> Path:
    path = out / "runs" / value["run"] / f"epoch-{value['epoch']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    if seconds is not None:
        path.with_suffix(".time.json").write_text(
            json.dumps(
                {
                    "seconds": {"train": seconds, "evaluate": 1.0, "features": 0.0, "processor": seconds},
                    "device": "made GPU",
                    "torch": "2.13.0",
                    "python": "3.11.7",
                    "threads": 1,
                }
            )
        )
    return path


def cells() -> dict[str, tuple[str, ...]]:
    """Every student's checkpoint of the grid with its attacks."""
    attacked: dict[str, dict[str, None]] = {}
    for experiment in experiments.EXPERIMENTS.values():
        for checkpoint, attacks in experiment.cells:
            attacked.setdefault(checkpoint, {}).update(dict.fromkeys(attacks))
    for table in tables.TABLES:
        for row in table.rows:
            attacked.setdefault(row, {}).update(dict.fromkeys((*table.attacks, *(attack for attack, _ in tables.JUDGES))))
    for checkpoint in [*attacked]:
        kind, _, epoch = checkpoint.partition("@")
        for seed in (1, 2) if kind in SEVERAL else ():
            attacked[f"{kind}{SEED}{seed}@{epoch}"] = attacked[checkpoint]
    return {name: tuple(attacks) for name, attacks in attacked.items()}


def spectrum(source: str = "original", images: int = 4000, share: float = 0.9992) -> dict[str, Any]:
    leading, rest = np.geomspace(1, 1e-2, patches.PLANE_RANK), np.geomspace(1, 1e-2, 27 - patches.PLANE_RANK)
    values = np.concatenate([share * leading / leading.sum(), (1 - share) * rest / rest.sum()])
    return {"source": source, "images": images, "rank": patches.PLANE_RANK, "share": share, "eigenvalues": values.tolist()}


def store_spectra(out: Path, *spectra: dict[str, Any]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "patches.json").write_text(json.dumps({"spectra": list(spectra)}))


def made(out: Path, *, without: tuple[str, ...] = (), **changes: Any) -> Path:
    """The whole grid, without some checkpoints or runs."""
    for checkpoint, attacks in cells().items():
        run, _, epoch = checkpoint.partition("@")
        if run not in without and checkpoint not in without:
            store(out, result(run, int(epoch), attacks, **changes))
    store_spectra(out, spectrum())
    return out
