"""`python -m cifar list | run NAME... | report | keep | kept | bench | autoattack | search`

How a command ends: twolayer/process.py. The same `run` command continues where the last one stopped.
"""

from __future__ import annotations

import argparse
import importlib
import sys

from twolayer.files import BadInput
from twolayer.process import DONE, LIBRARIES, NO, Parser, alone, ended

from .runs import options as run_options

BROUGHT = LIBRARIES | dict.fromkeys(("torch", "filelock", "jinja2"), "-e '.[cifar]'")  # what brings each library
USUAL = {"cpu": "demo", "cuda": "standard"}  # profiles where none is named
COMMANDS = {  # modules of their own, imported only when asked for
    "report": "cifar.report.write",
    "keep": "cifar.kept.keep",
    "kept": "cifar.kept.check",
    "bench": "cifar.bench.bench",
    "autoattack": "cifar.bench.autoattack",
    "search": "cifar.experiments.search",
}


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = Parser(prog="python -m cifar", description="The paper's experiments on CIFAR-10, resumable.")
    commands = parser.add_subparsers(dest="command", required=True, metavar=f"list | run | {' | '.join(COMMANDS)}")
    listing = commands.add_parser("list", help="the experiments and their runs")
    listing.add_argument("--profile", default="paper", choices=run_options.PROFILES)
    run = commands.add_parser("run", help="train and evaluate experiments (or single runs, or all), resuming what --out holds")
    run.add_argument("names", nargs="+", metavar="NAME")
    run_options.add_to(run)
    usual = ", ".join(f"{profile} with {device}" for device, profile in USUAL.items())
    run.add_argument("--profile", choices=run_options.PROFILES, help=f"default: what the machine can do, {usual}")
    run.add_argument("--train-only", action="store_true", help="measure nothing; the same command without this does it later")
    run.add_argument("--test-images", type=int, metavar="N", help="attack the first N (default: the profile's number)")
    for name in COMMANDS:
        commands.add_parser(name, help=f"see `python -m cifar {name} --help`", add_help=False)
    return parser.parse_args(argv)


def show_list(options: argparse.Namespace) -> int:
    from .experiments import grid as experiments

    for name, experiment in experiments.EXPERIMENTS.items():
        print(f"{name:<10} {experiment.title}\n{'':<10} runs: {', '.join(experiment.runs)}")
    print(f"\nruns of profile {options.profile}: {', '.join(experiments.grid(options.profile))}")
    return DONE


def run(options: argparse.Namespace) -> int:
    from .data import cifar10
    from .experiments import grid as experiments
    from .files import locked
    from .runs import paths

    work = run_options.begun(options)
    profile = options.profile or USUAL[options.device]
    grid = experiments.grid(profile)
    if options.test_images is not None:
        if options.test_images < 1:
            raise BadInput(f"--test-images must be 1 or more; got {options.test_images}")
        students = {name: run.altered(test_images=options.test_images) for name, run in grid.items() if run.role == "student"}
        grid |= students
    chosen = experiments.selected(options.names, grid)
    with locked(options.out):
        images = cifar10.load(options.data, download=not options.no_download)
        train, test = len(images.train.labels), len(images.test.labels)
        for settings in chosen.values():
            if settings.images > train or settings.test_images > test:
                raise BadInput(
                    f"run {settings.name} needs {settings.images} training and {settings.test_images} test images; "
                    f"--data has {train} and {test}"
                )
        if options.profile is None:
            costs = experiments.told(chosen, grid, work.workers)
            print(f"cifar: profile {profile}, as --profile names none: {costs}", file=sys.stderr)
        left, _ = work.off(chosen, grid, options.out, images, measures=not options.train_only)
    status = work.stopped(left, len(chosen), f" ({', '.join(left)})") if left else DONE
    failed = paths.failures(options.out, chosen)
    if failed:
        print(f"cifar: {paths.told(failed, len(chosen), options.out)}", file=sys.stderr)
    elif not left:
        print(f"{len(chosen)} runs {'trained' if options.train_only else 'finished'} in {options.out}", file=sys.stderr)
    return status or (NO if failed else DONE)


def main(argv: list[str] | None = None) -> int:
    """Run a command; -> its exit status.   argv: those of this process if None, which then is all it does"""
    given = sys.argv[1:] if argv is None else argv

    def work() -> int:
        if given and given[0] in COMMANDS:
            return importlib.import_module(COMMANDS[given[0]]).main(given[1:])
        options = arguments(given)
        return show_list(options) if options.command == "list" else run(options)

    return alone("cifar", work, BROUGHT) if argv is None else ended("cifar", work, BROUGHT)
