"""`python -m cifar search --data DIR --out OUT`: the optimiser and schedule of the students, by a small stated search.

Trains ST logit and AT students with the candidates of candidates.RULE and measures them on training images that are held
out of it (heldout.py), never on test images. Its runs live in OUT/search, apart from those of `run`; what came out is
OUT/search.json and OUT/search.md. The same command continues where the last one stopped.

Nothing takes the winner over by itself: experiments.PROFILES["paper"] states it, and the command says where they differ.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console

from .. import files as state
from ..data import cifar10 as data
from ..errors import BadInput
from ..runs import failures, progress, queue
from ..runs import options as asked
from ..runs import paths as places
from ..runs.world import World, shared_world
from ..settings import Settings
from . import grid as experiments
from . import held_out as heldout
from . import search_outcome as searched
from . import search_rule as candidates
from .search_rule import Candidate

KINDS = {"st": "st-logit", "at": "at"}  # both students are those of the profile, shortened


@dataclass(frozen=True)
class Size:
    """How large a search is.   held_out: how many training images are measured on, the last ones;  epochs: of every
    candidate, from start to end of the schedule;  long_epochs, long_images: of the long ones;  students, teacher: what is
    changed of the profile's runs.
    """

    held_out: int
    epochs: int
    long_epochs: int
    long_images: int
    students: dict[str, object]
    teacher: dict[str, object]
    teacher_epochs: int
    pruning_epochs: int


SIZES = {
    "paper": Size(
        held_out=5000,
        epochs=10,
        long_epochs=40,
        long_images=45000,
        students={"images": 45000, "steps": 10},
        teacher={"images": 45000},
        teacher_epochs=50,
        pruning_epochs=10,
    ),
    "demo": Size(
        held_out=500,
        epochs=4,
        long_epochs=4,
        long_images=45056,
        students={"images": 4096, "steps": 2, "step": 0.03},
        teacher={"images": 10000},
        teacher_epochs=4,
        pruning_epochs=1,
    ),
}


def grid(profile: str, tried: Iterable[Candidate]) -> dict[str, Settings]:
    """The teacher of the search and the students of some candidates, each run after those it needs.

    Settings that are not searched are those of the profile's runs.
    """
    known, size = experiments.grid(profile), SIZES[profile]

    def run(like: str, name: str, checkpoint: tuple[int, int], **changes: object) -> Settings:
        return known[like].altered(
            name=name,
            checkpoints=(checkpoint,),
            horizon=checkpoint[1],
            test_images=size.held_out,
            attacks=(),
            surrogate="",
            **changes,
        )

    teacher = run("teacher", "search-teacher", (200, size.teacher_epochs), **size.teacher)
    pruned = run("pruned", "search-pruned", (50, size.pruning_epochs), start="search-teacher@200", **size.teacher)
    students = []
    for candidate in tried:
        epochs, more = (size.long_epochs, {"images": size.long_images}) if candidate.long else (size.epochs, {})
        students += [
            run(
                KINDS[kind],
                student(candidate, kind),
                (300, epochs),
                teacher="search-pruned@50",
                seed=candidate.seed,
                **{**size.students, **more},
                **candidate.choice,
            )
            for kind in kinds(candidate)
        ]
    return {settings.name: settings for settings in (teacher, pruned, *students)}


def kinds(candidate: Candidate) -> tuple[str, ...]:
    """Which of KINDS it trains."""
    return ("st",) if candidate.long else tuple(KINDS)


def student(candidate: Candidate, kind: str) -> str:
    """The run of a candidate's student."""
    return f"search-{candidate.name}-{kind}"


def main(argv: list[str]) -> int:
    """Exit status 0 when done or a time limit struck; 1 if nothing can be decided, as every candidate or the teacher
    diverged; 2 with one clear line on bad input; 130 or 143 after a signal, with everything saved."""
    parser = argparse.ArgumentParser(prog="python -m cifar search", description=__doc__.splitlines()[0])
    asked.add_to(parser)
    parser.add_argument("--profile", default="paper", choices=tuple(SIZES))
    options = parser.parse_args(argv)
    return search(options)


def search(options: argparse.Namespace) -> int:
    device, stop, workers = asked.begun(options)
    with state.locked(options.out):
        with progress.downloading() as bytes_shown:
            images = data.load(options.data, download=not options.no_download, progress=bytes_shown)
        size = SIZES[options.profile]
        apart = size.held_out
        needed = max(size.long_images, *(settings.images for settings in grid(options.profile, candidates.wanted({})).values()))
        if needed + apart > len(images.train.labels):
            raise BadInput(
                f"search trains on {needed} images and holds {apart} others out; --data has "
                f"{len(images.train.labels)} training images"
            )
        images = heldout.held_out(images, apart)
        with stop.on_signals():
            shared = shared_world(options.out / places.SEARCH, images, device, stop=stop)
            found = trials(options.profile, shared, stop, workers=workers, threads=options.threads)
        return told(options, found, shared, stop)


def trials(profile: str, world: World, stop: queue.Stop, *, workers: int, threads: int) -> list[searched.Trial]:
    """Train and measure what the rule asks for, step by step.   -> those that are done, in the order asked for

    Fewer than the rule asks for where it had to stop, or where the teacher diverged.
    """
    done: dict[Candidate, searched.Trial] = {}
    while wanted := candidates.wanted({candidate: trial.score for candidate, trial in done.items()}):
        chosen = grid(profile, wanted)
        with progress.showing(len(chosen)) as show:
            queue.work_off(chosen, chosen, dataclasses.replace(world, show=show), stop, workers=workers, threads=threads)
        for candidate in wanted:
            both = {kind: chosen[student(candidate, kind)] for kind in kinds(candidate)}
            failed = {kind: failure for kind, settings in both.items() if (failure := failures.of(world.out, settings))}
            for kind, settings in both.items():
                diverged = kind in failed and failed[kind].status == failures.DIVERGED
                if not diverged and not places.finished(world.out, settings):
                    return list(done.values())
            if "at" in both and "at" not in failed and not heldout.measure_attacked(both["at"], chosen, world):
                return list(done.values())
            done[candidate] = searched.trial(world.out, candidate, both, failed)
    return list(done.values())


def told(options: argparse.Namespace, found: list[searched.Trial], world: World, stop: queue.Stop) -> int:
    """Print the table and what follows from it, and write it down once it is whole.   -> exit status"""
    scores = {trial.candidate: trial.score for trial in found}
    if found:
        searched.show(found, Console(width=max(searched.WIDTH, Console().width)))
    oracle = grid(options.profile, ())
    if failed := failures.among(world.out, oracle):
        print(f"cifar: {failures.told(failed, len(oracle), world.out)}", file=sys.stderr)
        return 1
    if wanted := candidates.wanted(scores):
        print(
            f"stopped with {len(wanted)} candidates of this step unfinished ({', '.join(c.name for c in wanted)}); "
            "the same command continues",
            file=sys.stderr,
        )
        return 128 + stop.by if stop.by else 0
    decision, size = candidates.decided(scores), SIZES[options.profile]
    chosen = grid(options.profile, [decision.winner if decision else found[0].candidate])
    facts = {
        "profile": options.profile,
        "size": dataclasses.asdict(size),
        "data": world.data.facts,
        "runs": {name: settings.record for name, settings in chosen.items()},
    }
    timings = [searched.timing(world.out, settings) for settings in oracle.values()]
    for name, content in searched.files(found, decision, facts, searched.circumstances(found, timings)).items():
        state.write_atomic(options.out / name, content)
    if decision is None:
        print("cifar: no candidate finished with every seed, so nothing is decided", file=sys.stderr)
        return 1
    print(searched.asked(decision.winner.choice))
    return 0
