"""`python -m cifar kept DIR`: whether what is kept in DIR belongs together, one line a run.

Files against their checksums; claims and tables against the results; every student's weights against its results: eps_in
and eps_out of all pairs follow from the weights of the first layer. With --data, what networks answer on the test images,
and one attack on a few. Exit status 0; 1 where something disagrees; 2 on bad input.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np
import torch

from twolayer.files import BadInput
from twolayer.process import DONE, NO, Parser

from ..data import cifar10
from ..files import load_json
from ..measures import robustness, specialisation
from ..networks.convnet import ConvNet
from ..report import write as report
from ..report.results import Result, Results, read
from ..runs import checkpoint, paths
from . import keep

# Halves: rounding to p = 11 bits moves each weight by 2^-p of it, a normalised vector of them by at most 2 * 2^-p, and the
# distance of two such vectors by 4 * 2^-p; stored values have six digits.
EPS_WITHIN = 4 * 2.0**-11 + 1e-6
# Rounding to halves changed the label of at most 2 of 1,000 test images, and moved the logits of a student and of its teacher
# by .004 in all, root mean square; another device's convolutions move them about as much. A few times that is allowed, times
# the distance of the two where it is above 1: students of labels have logits ten times as long.
SHARE_WITHIN, LOGITS_WITHIN = 0.01, 0.02
ATTACK, ATTACKED = "linf", 100  # images
ERRORS = 4.0  # standard errors (binomial) of a robust accuracy on those images: one honest line in 16,000 disagrees


@dataclass(frozen=True)
class Seen:
    """A comparison, in words, and whether it agrees."""

    words: str
    agrees: bool


def main(argv: list[str]) -> int:
    parser = Parser(prog="python -m cifar kept", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DIR", help="what `python -m cifar keep` wrote")
    parser.add_argument("--data", type=Path, metavar="DIR", help="CIFAR-10, the images of these results: ask the networks too")
    options = parser.parse_args(argv)
    count = 0
    for name, seen in lines(options.folder, options.data):
        wrong = [each.words for each in seen if not each.agrees]
        count += bool(wrong)
        told = f"DISAGREES: {'; '.join(wrong)}" if wrong else "; ".join(each.words for each in seen)
        print(f"{name:<20} {' '.join(told.split())}", flush=True)
    return NO if count else DONE


def lines(folder: Path, path: Path | None = None) -> Iterator[tuple[str, list[Seen]]]:
    """What is checked by name, runs last, with its comparisons; BadInput where nothing can be checked, and for other images."""
    sums, results = keep.sums(folder), read(folder)
    images = None if path is None else cifar10.load(path, download=False)
    if images is not None and {images.digest} != {result.data.get("sha256") for result in results.checkpoints.values()}:
        raise BadInput(f"{path} holds other images ({images.source}) than those of these results; give --data theirs")
    yield "files", files(folder, sums)
    yield "claims, tables", texts(folder, results)
    for run, mine in groupby(results.checkpoints.values(), lambda result: result.run):
        kept = [result for result in mine if result.weights(folder).is_file()]
        seen = [each for result in kept for each in checked(folder, results, result, images)]
        yield run, seen or [Seen("no weights are kept", True)]


def files(folder: Path, sums: dict[str, str]) -> list[Seen]:
    """Every file against its checksum, and whether there are others."""
    there = keep.files(folder)
    wrong = [f"{name} is missing" for name in sums if name not in there]
    wrong += [f"{name} has no checksum" for name in there if name not in sums]
    wrong += [f"{name} has another checksum" for name in there if name in sums and keep.digest(folder / name) != sums[name]]
    return [Seen(words, False) for words in wrong] or [Seen(f"{len(there)} of {len(sums)} as listed", True)]


def texts(folder: Path, results: Results) -> list[Seen]:
    """The claims and tables that follow from the results against those that stand there."""
    wanted = {folder / name: content for name, content in report.texts(report.whole(results)).items()}
    others = [path for path, content in wanted.items() if not path.is_file() or path.read_bytes() != content]
    wrong = [f"{path.relative_to(folder).as_posix()} is not what runs/*/*.json say" for path in others]
    wrong += [f"{file} is no result: {why}" for file, why in results.left_out]
    told = f"{len(wanted)} files follow from {len(results.checkpoints)} results"
    return [Seen(words, False) for words in wrong] or [Seen(told, True)]


def checked(folder: Path, results: Results, result: Result, images: cifar10.Cifar10 | None) -> list[Seen]:
    """The comparisons of one checkpoint whose weights are kept."""
    name = result.checkpoint
    try:
        network, model = load(folder, results, name), result.settings["teacher"] or result.settings["start"]
        oracle = load(folder, results, model) if model else None
        seen = [Seen(name, True)]
        if result.specialisation and oracle is not None:
            seen.append(distances(results, result, network, oracle))
        if images is not None:
            seen.append(clean(result, network, oracle, images))
            if oracle is not None and ATTACK in result.attacks:
                seen.append(attacked(result, network, oracle, images))
        return [Seen(each.words if each.agrees else f"{name}: {each.words}", each.agrees) for each in seen]
    except (BadInput, KeyError, TypeError, ValueError, RuntimeError) as error:
        return [Seen(f"{name}: {str(error).splitlines()[0]}", False)]


def load(folder: Path, results: Results, name: str) -> ConvNet:
    """The kept network of a checkpoint; BadInput where it has no result, or other colours than its result records."""
    result = results.get(name)
    if result is None:
        raise BadInput(f"{name}, which it needs, has no result")
    network = paths.load_network(result.weights(folder), torch.device("cpu"))
    config = load_json(folder / result.file)["config"]
    for moment in keep.COLOURS:
        if not torch.equal(getattr(network, moment).flatten(), torch.tensor(config[moment])):
            raise BadInput(f"the {moment} of the colours is not the recorded one")
    return network


def distances(results: Results, result: Result, network: ConvNet, oracle: ConvNet) -> Seen:
    """eps_in and eps_out of all pairs of first-layer nodes, recomputed from the weights."""
    first = result.specialisation["first"] if result.specialisation else {}
    spectrum = next((entry for entry in results.spectra if entry.get("sha256") == result.data["sha256"]), None)
    if spectrum is None or "eps_in" not in first:
        return Seen("eps not checked: no spectrum of the training images, or no eps of pairs, is kept", True)
    plane = np.asarray(spectrum["vectors"], np.float64)[: int(spectrum["rank"])]
    recomputed = specialisation.distances(network, oracle, torch.tensor(first["nc"], dtype=torch.float64), plane)
    gap = max(float(np.abs(np.asarray(recomputed[key]) - np.asarray(first[key])).max()) for key in ("eps_in", "eps_out"))
    return Seen(f"eps of {np.asarray(first['nc']).size} pairs within {gap:.1e}", gap <= EPS_WITHIN)


def clean(result: Result, network: ConvNet, oracle: ConvNet | None, images: cifar10.Cifar10) -> Seen:
    """What the network answers on the test images: right, like the teacher, and how far from the teacher's logits."""
    test = images.test.first(result.settings["test_images"])
    measured = checkpoint.clean(network, oracle, test.pixels, test.labels, batch=result.settings["eval_batch"])
    shares = [key for key in ("accuracy", "agreement") if key in measured]
    told = [f"{key} {100 * measured[key]:.2f} ({100 * result.clean[key]:.2f})" for key in shares]
    agrees = all(abs(measured[key] - result.clean[key]) <= SHARE_WITHIN for key in shares)
    if "logit_distance" in measured:
        now, stored = (math.sqrt(each["logit_distance"]) for each in (measured, result.clean))
        told.append(f"logits {now:.3f} from the teacher's ({stored:.3f})")
        agrees = agrees and abs(now - stored) <= LOGITS_WITHIN * max(1.0, stored)
    return Seen(", ".join(told), agrees)


def attacked(result: Result, network: ConvNet, oracle: ConvNet, images: cifar10.Cifar10) -> Seen:
    """Robust accuracy on the first few images, against that on all."""
    test = images.test.first(min(ATTACKED, result.settings["test_images"]))
    once = replace(checkpoint.protocol(result.settings), repeats=1)
    measured = robustness.evaluate(network, oracle, None, test.pixels, attacks=(ATTACK,), protocol=once)
    now, stored = measured[ATTACK][robustness.RULES[0]]["mean"] / 100, (result.robust(ATTACK) or 0.0) / 100
    count = len(test.labels)
    error = math.sqrt(max(stored * (1 - stored), 1 / count) / count)
    return Seen(f"{ATTACK} {100 * now:.1f} on {count} images ({100 * stored:.1f})", abs(now - stored) <= ERRORS * error)
