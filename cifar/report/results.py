"""The results in a directory, read back, with the few readings that tables, figures and claims share.

A file that is not a result is left out and named, never guessed at.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from twolayer.files import BadInput

from ..data import patches
from ..experiments.grid import SEED, UNTRAINED
from ..files import stored_json
from ..measures.robustness import CONFIDENT, RULES, unpacked, unpacked_numbers
from ..runs.paths import NOT_RUN, Failure, stored_failure

NAMED = re.compile(r"epoch-\d+\.json")
START = "untrained student"
LOOKS = tomllib.loads(Path(__file__).with_name("kinds.toml").read_text(encoding="utf-8"))
KINDS: dict[str, str] = {kind: label for kind, (label, *_) in LOOKS["kinds"].items()}  # of training, by name


@dataclass(frozen=True, eq=False)
class Result:
    """One checkpoint as stored, with its seconds where they are known.   checkpoint: "run@paper's epoch"."""

    file: str
    run: str
    epoch: int
    paper_epoch: int
    settings: dict[str, Any]
    data: dict[str, Any]
    attacks: dict[str, dict[str, dict[str, Any]]]
    specialisation: dict[str, Any] | None
    clean: dict[str, Any]
    timing: dict[str, Any]

    @property
    def checkpoint(self) -> str:
        return f"{self.run}@{self.paper_epoch}"

    @property
    def kind(self) -> str:
        """The run's name without its seed."""
        return self.run.partition(SEED)[0]

    @property
    def mbnc(self) -> float | None:
        """MBNC, mean over the layers."""
        layers = self.layers
        return sum(layer["mbnc"] for layer in layers) / len(layers) if layers else None

    @property
    def layers(self) -> list[dict[str, Any]]:
        return self.specialisation["layers"] if self.specialisation else []

    def weights(self, folder: Path) -> Path:
        """Where its weights are, in a folder of results."""
        return (folder / self.file).with_suffix(".pt")

    def first(self, key: str) -> Any:
        """A reading of the first layer's weights (specialisation.distances); None where it was not measured."""
        return self.specialisation["first"].get(key) if self.specialisation else None

    def counted(self, attack: str, rule: str) -> dict[str, Any] | None:
        """What was counted under a rule; None where the attack was not run."""
        return self.attacks.get(attack, {}).get(rule)

    def robust(self, attack: str = "linf", rule: str = RULES[0]) -> float | None:
        """Robust accuracy in per cent; None where it was not run."""
        return (self.counted(attack, rule) or {}).get("mean")

    def shares(self, attack: str, rule: str) -> np.ndarray | None:
        """Of each test image, the share of repeats in which it counts, (N,); None where the bits are not stored."""
        counted, images = self.counted(attack, rule), self.settings["test_images"]
        if counted is None or not counted.get("strength" if rule == CONFIDENT else "bits"):
            return None
        if rule == CONFIDENT:
            return np.mean([unpacked_numbers(text, images) < counted["tau"] for text in counted["strength"]], axis=0)
        return np.mean([unpacked(text, images) for text in counted["bits"]], axis=0)

    def curve(self, taus: np.ndarray) -> np.ndarray:
        """Robust accuracy in per cent under `confident`, which was run, for each tau.   (T,) -> (T,)"""
        texts, images = self.attacks[CONFIDENT][CONFIDENT]["strength"], self.settings["test_images"]
        strength = np.concatenate([unpacked_numbers(text, images) for text in texts])
        return 100 * (strength[:, None] < taus).mean(0)


@dataclass(frozen=True, eq=False)
class Reading:
    """A number of a checkpoint.   name: in words;  value: None where it was not measured;
    images: the same image by image, (N,), whose mean is the value, where there is such a thing;
    like: another reading, whose deviation over seeds stands in for one that no kind with several seeds has."""

    name: str
    value: Callable[[Result], float | None]
    images: Callable[[Result], np.ndarray | None] | None = None
    like: Reading | None = None


def accuracy(attack: str, rule: str) -> Reading:
    """Robust accuracy in per cent."""

    def images(result: Result) -> np.ndarray | None:
        shares = result.shares(attack, rule)
        return None if shares is None else 100 * shares

    name = CONFIDENT if rule == CONFIDENT else attack if rule == "last" else f"{attack}, {rule}"
    return Reading(name, lambda result: result.robust(attack, rule), images)


MBNC = Reading("MBNC", lambda result: result.mbnc)
EPS_IN = Reading("eps_in", lambda result: result.first("eps_in_mean"))
EPS_OUT = Reading("eps_out", lambda result: result.first("eps_out_mean"))
PEARSON = Reading("Pearson score of eps_in and NC", lambda result: result.first("pearson_in"))


def layer_mbnc(i: int, depth: int) -> Reading:
    """Of a layer that only deeper students have, the layer before stands in for what seeds differ by."""
    return Reading(
        f"MBNC, layer {i + 1} of {depth}",
        lambda result: result.layers[i]["mbnc"] if len(result.layers) > i else None,
        like=layer_mbnc(i - 1, depth) if i else None,
    )


@dataclass(frozen=True, eq=False)
class Results:
    """Every checkpoint by name, in order; spectra of patches; left_out: (file, why); failures: of runs that cannot be
    finished, by name.   exact: the numbers are taken as they are, without a doubt (the paper's own, as printed)"""

    checkpoints: dict[str, Result]
    spectra: tuple[dict[str, Any], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    failures: dict[str, Failure] = field(default_factory=dict)
    exact: bool = False

    def get(self, checkpoint: str) -> Result | None:
        return self.checkpoints.get(checkpoint)

    @cached_property
    def students(self) -> list[Result]:
        """Trained students, every checkpoint of every seed."""
        return [result for result in self.checkpoints.values() if result.specialisation and result.paper_epoch]

    @cached_property
    def lasts(self) -> list[Result]:
        """The last checkpoint of every trained student."""
        return list(last_of_each(self.students).values())

    @property
    def depth(self) -> int:
        """The number of layers that most students have."""
        return max(Counter(len(result.layers) for result in self.lasts).most_common(1), default=(4, 0))[0]

    def seeds(self, checkpoint: str) -> list[Result]:
        """One checkpoint of every seed of a kind of training.   checkpoint: "kind@paper's epoch" """
        kind, _, epoch = checkpoint.partition("@")
        return [result for result in self.checkpoints.values() if (result.kind, result.paper_epoch) == (kind, int(epoch))]

    def untrained(self, depth: int = 4) -> list[Result]:
        """A student of a depth before its first update, of the first seed that is there; none where there is none."""
        return [result for name in UNTRAINED for result in self.seeds(f"{name}@0") if len(result.layers) == depth][:1]

    def absent(self, checkpoint: str) -> str:
        """What stands in the place of a checkpoint's numbers where there are none: not run, or diverged, and when."""
        failure = self.failures.get(checkpoint.partition("@")[0])
        return failure.short if failure is not None and checkpoint not in self.checkpoints else NOT_RUN

    def label(self, checkpoint: str) -> str:
        """A checkpoint by its real epoch, the paper's in brackets where it is another: "AT 24 (300)"."""
        run, _, paper = checkpoint.partition("@")
        kind, _, seed = run.partition(SEED)
        name = KINDS.get(kind, kind) + (f", seed {seed}" if seed else "")
        if paper == "0":
            return START
        epoch = next((r.epoch for r in self.checkpoints.values() if r.kind == kind and r.paper_epoch == int(paper)), None)
        epochs = [paper] if epoch == int(paper) else [f"({paper})"] if epoch is None else [str(epoch), f"({paper})"]
        return " ".join([name, *epochs])


def last_of_each(results: Iterable[Result]) -> dict[str, Result]:
    """The last checkpoint of every run, by the run's name."""
    return {result.run: result for result in sorted(results, key=lambda result: result.epoch)}


def read(out: Path) -> Results:
    """All results of a directory; of one checkpoint at two epochs the later counts."""
    results: dict[str, Result] = {}
    left_out: list[tuple[str, str]] = []
    for path in sorted(out.glob("runs/*/*.json")):
        file = path.relative_to(out).as_posix()
        if path.name.endswith(".time.json"):
            continue
        try:
            if not NAMED.fullmatch(path.name):
                raise ValueError("results are called epoch-<n>.json")
            result = result_of(file, stored_json(path), _timing(path.with_suffix(".time.json")))
        except ValueError as error:
            left_out.append((file, str(error)))
            continue
        older, newer = sorted((results.get(result.checkpoint, result), result), key=lambda each: each.epoch)
        if older is not newer:
            left_out.append((older.file, f"another epoch of {result.checkpoint}; the later one counts"))
        results[result.checkpoint] = newer
    ordered = sorted(results.values(), key=lambda result: (result.run, result.paper_epoch))
    spectra, failed = list[dict[str, Any]](), {}
    for path in (out / patches.FILE, *sorted(out.glob("state/*.json"))):
        try:
            if path.name == patches.FILE:
                spectra += patches.stored_spectra(path)
            else:
                failed[path.stem] = stored_failure(path)
        except (BadInput, OSError) as error:
            left_out.append((path.relative_to(out).as_posix(), str(error)))
    return Results({result.checkpoint: result for result in ordered}, tuple(spectra), tuple(left_out), failed)


def result_of(file: str, value: Any, timing: dict[str, Any]) -> Result:
    """A stored result; ValueError that says what is missing in anything else."""
    try:
        config = value["config"]
        place = file, str(value["run"]), int(value["epoch"]), int(value["paper_epoch"])
        settings, data, attacks, clean = map(dict, (config["settings"], config["data"], value["attacks"], value["clean"]))
        result = Result(*place, settings, data, attacks, value["specialisation"], clean, timing)
        needed = (result.data["source"], result.settings["test_images"], result.clean["images"])
        numbers = []
        for attack, rules in result.attacks.items():
            numbers += [counted[key] for counted in rules.values() for key in ("mean", "variance")]
            for rule in (*RULES, *({CONFIDENT} & rules.keys())):
                _ = rules[rule], result.shares(attack, rule)
        for layer in result.layers:
            numbers.append(layer["mbnc"])
            _ = layer["bnc_curve"], layer["specialised_count"], layer["students"]["ratio"]
        numbers += [result.first(key) for key in ("eps_in_mean", "eps_out_mean", "pearson_in") if result.specialisation]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"not a result of `python -m cifar run` ({type(error).__name__}: {error})") from None
    if None in needed or not all(isinstance(x, int | float) and math.isfinite(x) for x in numbers):
        raise ValueError("not a result of `python -m cifar run` (a number is missing or not finite)")
    return result


def _timing(path: Path) -> dict[str, Any]:
    try:
        value = stored_json(path) if path.is_file() else {}
    except ValueError:
        return {}
    whole = isinstance(value, dict) and isinstance(value.get("seconds"), dict) and isinstance(value.get("commits", []), list)
    return value if whole and all(isinstance(x, str | None) for x in value.get("commits", [])) else {}
