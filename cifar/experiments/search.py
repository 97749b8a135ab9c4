"""`python -m cifar search --data DIR --out OUT`: the optimiser and rate of the students, by a small stated search.

search.md, which it fills, says by what rule. Its runs live in OUT/search, apart from those of `run`, on training images of
which the last are held out in the place of the test images, which nothing here touches; what came out is printed, and written
to OUT/search.md. The same command continues where the last one stopped. Nothing takes the winner over by itself: the command
says where the profile has other values.
"""

from __future__ import annotations

import hashlib
import math
import statistics
import sys
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace

from twolayer.files import BadInput, written
from twolayer.process import DONE, NO, Parser

from ..data import cifar10
from ..data.cifar10 import Cifar10, Images
from ..files import filled, load_json, locked
from ..runs import options
from ..runs.paths import RESULT, TIME, checkpoint_path, failures
from ..settings import Settings
from . import grid

RATES = {"adam": (3e-4, 1e-3, 3e-3), "sgd": (1e-4, 3e-4, 1e-3)}  # squared distances of logits are steep for sgd
SEEDS = (0, 1)
KINDS = {"st": "st-logit", "at": "at"}  # the students of a candidate: those of the profile, shortened
ATTACK, COUNTED = "linf", "any"
FILE, FOLDER = "search.md", "search"
SIZES = {profile: SimpleNamespace(**size) for profile, size in grid.TRAINED["search"].items()}


@dataclass(frozen=True)
class Candidate:
    """What is searched."""

    optimiser: str
    lr: float

    def __str__(self) -> str:
        return f"{self.optimiser} {self.lr:g}"

    @property
    def run(self) -> str:
        """What the names of its runs begin with."""
        return f"search-{self.optimiser}-{self.lr:g}"


CANDIDATES = tuple(Candidate(optimiser, rate) for optimiser, rates in RATES.items() for rate in rates)


@dataclass(frozen=True)
class Trial:
    """A candidate with a seed.   score: inf where a student diverged;  row: in the table of search.md"""

    candidate: Candidate
    score: float
    row: tuple[str, ...]


def held_out(images: Cifar10, count: int) -> Cifar10:
    """The last training images in the place of the test images, which are nowhere in it; BadInput if that leaves none."""
    rest = len(images.train.labels) - count
    if count < 1 or rest < 1:
        raise BadInput(f"{count} images cannot be held out of {len(images.train.labels)} training images")
    apart = Images(images.train.pixels[rest:], images.train.labels[rest:])
    digest = hashlib.sha256(f"{images.digest}, the last {count} training images held out".encode()).hexdigest()
    return replace(images, train=images.train.first(rest), test=apart, digest=digest)


def searched_runs(profile: str) -> dict[str, Settings]:
    """The teacher of the search and the students of all candidates, each after those it needs.

    Settings that are not searched, and are not a matter of length, are those of the profile's runs.
    """
    profile_runs, size = grid.grid(profile), SIZES[profile]

    def shortened(like: str, name: str, paper_epoch: int, count: int, length: int, **changes: object) -> Settings:
        settings = profile_runs[like]
        return settings.altered(
            name=name,
            checkpoints=((paper_epoch, length),),
            horizon=length,
            warmup=settings.warmup * length / settings.horizon,
            images=count,
            test_images=size.held_out,
            surrogate="",
            **changes,
        )

    runs = [
        shortened("teacher", "search-teacher", 200, size.teacher_images, size.teacher_epochs),
        shortened("pruned", "search-pruned", 50, size.teacher_images, size.pruning_epochs, start="search-teacher@200"),
    ]
    for candidate, seed, (kind, like) in product(CANDIDATES, SEEDS, KINDS.items()):
        searched = {"seed": seed, "optimiser": candidate.optimiser, "lr": candidate.lr}
        searched |= {"teacher": "search-pruned@50", "attacks": ((300, (ATTACK,)),) if kind == "at" else ()}
        runs.append(shortened(like, f"{candidate.run}-seed-{seed}-{kind}", 300, size.images, size.epochs, **searched))
    return {settings.name: settings for settings in runs}


def trial(out: Path, candidate: Candidate, seed: int, runs: Mapping[str, Settings], failed: Container[str]) -> Trial:
    """What stands in OUT/search of a candidate's students, each of which is finished or among the failed."""
    cells, seconds, numbers = [], [], []
    for kind in KINDS:
        name = f"{candidate.run}-seed-{seed}-{kind}"
        if name in failed:
            cells += ["diverged", ""] if kind == "st" else ["diverged"]
            seconds.append("")
            continue
        result, timing = (load_json(checkpoint_path(out, name, runs[name].epochs, file)) for file in (RESULT, TIME))
        seconds.append(f"{timing['seconds']['processor' if timing['device'].endswith('CPU') else 'train']:.0f}")
        if kind == "st":
            numbers.append(result["clean"]["logit_distance"])
            cells += [f"{numbers[-1]:.4g}", f"{100 * result['clean']['agreement']:.1f}"]
        else:
            parted = 1 - result["attacks"][ATTACK][COUNTED]["mean"] / 100
            numbers.append(max(parted, 1 / result["clean"]["images"]))
            cells.append(f"{100 * parted:.1f}")
    score = math.sqrt(math.prod(numbers)) if len(numbers) == len(KINDS) else math.inf
    named = candidate.optimiser, f"{candidate.lr:g}", str(seed)
    return Trial(candidate, score, (*named, *cells, f"{score:.4g}" if score < math.inf else "last", *seconds))


def verdict(profile: str, trials: Sequence[Trial]) -> str:
    """Who wins, who is as good, and where the profile has other values; empty where every candidate diverged."""
    scores: dict[Candidate, list[float]] = {}
    for each in trials:
        scores.setdefault(each.candidate, []).append(each.score)
    finished = {candidate: values for candidate, values in scores.items() if math.inf not in values}
    if not finished:
        return ""
    means = {candidate: math.prod(values) ** (1 / len(values)) for candidate, values in finished.items()}
    winner = min(means, key=means.__getitem__)
    noise = statistics.median_low(max(values) / min(values) for values in finished.values())  # between two seeds
    equals = [str(each) for each in means if each != winner and means[each] <= noise * means[winner]]
    student = grid.grid(profile)["st-logit"]
    stated = Candidate(student.optimiser, student.lr)
    return (
        f"Winner: {winner} (score {means[winner]:.4g}); noise between seeds: a factor of {noise:.3f}; within it: "
        f"{', '.join(equals) or 'no other'}. Profile {profile} has {'these values' if stated == winner else stated}."
    )


def main(argv: list[str]) -> int:
    parser = Parser(prog="python -m cifar search", description=__doc__.splitlines()[0])
    options.add_to(parser)
    parser.add_argument("--profile", default="paper", choices=tuple(SIZES))
    arguments = parser.parse_args(argv)
    work = options.begun(arguments)
    runs, size = searched_runs(arguments.profile), SIZES[arguments.profile]
    with locked(arguments.out):
        images = cifar10.load(arguments.data, download=not arguments.no_download)
        apart = held_out(images, size.held_out)
        needed = max(settings.images for settings in runs.values())
        if needed > len(apart.train.labels):
            raise BadInput(
                f"search trains on {needed} images and holds {size.held_out} others out; --data has {len(images.train.labels)}"
            )
        left, world = work.off(runs, runs, arguments.out / FOLDER, apart)
        if left:
            return work.stopped(left, len(runs))
        failed = failures(world.out, runs)
        if oracle := [name for name in ("search-teacher", "search-pruned") if name in failed]:
            print(f"cifar: {failed[oracle[0]].words}: there is no teacher, so nothing is decided", file=sys.stderr)
            return NO
        trials = [trial(world.out, candidate, seed, runs, failed) for candidate in CANDIDATES for seed in SEEDS]
        told, template = verdict(arguments.profile, trials), Path(__file__).with_name(FILE)
        said = {"profile": arguments.profile, "commit": world.commit, "size": size, "source": apart.source}
        said |= {"optimisers": RATES, "seeds": len(SEEDS), "attack": ATTACK, "counted": COUNTED}
        page = filled(template, **said, trials=trials, verdict=told)
        written(arguments.out / FILE, f"{page}\n".encode())
    print(page)
    return DONE if told else NO
