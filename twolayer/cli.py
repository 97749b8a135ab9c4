"""The command line: `twolayer check`, `certify`, `verify`, `hunt`, `sweep` and `plot`."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from . import __version__, files, process
from .study.hunt.options import add_parser as add_hunt

INTERRUPTED = 130
LARGEST = 2**63 - 1  # whole number that an option takes
SOME_TIME = 1e-9  # seconds: what is left of a time limit that is over
SWEEP = """CONFIG is JSON; every axis is a number or a list, and the grid is their product (rank and format are needed):
  {"format": "twolayer-sweep/1", "rank": [2, 3], "ambient": 6, "thickness": [0, 0.1], "teacher": 4, "width": [2],
   "outputs": 2, "trained": [0, 1], "gradient": [1e-2, 1e-4], "seeds": 10, "gap": 1e-3}
or instance files and folders of them:
  {"format": "twolayer-sweep/1", "instances": ["first.json", "a folder"], "gap": 1e-3}"""


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (value > 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"needs a positive number; got {text!r}")
    return value


def _whole(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= LARGEST:
            raise argparse.ArgumentTypeError(f"needs a whole number from {least} on; got {text!r}")
        return value

    return read


def _parser() -> process.Parser:
    parser = process.Parser(
        prog="twolayer", description="Certified checks of specialization theorems for two-layer ReLU networks."
    )
    parser.add_argument("--version", action="version", version=f"twolayer {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=process.Parser)
    check = commands.add_parser("check", help="certify the gradient of an instance, or of each in a folder, and judge it")
    check.add_argument("instance", help="instance file (JSON), or a folder of them; - reads standard input")
    check.add_argument("--json", action="store_true", help="print one JSON object")
    check.add_argument("--gap", type=_positive, default=1e-3, help="relative width of an enclosure (default 1e-3)")
    check.add_argument("--time-limit", type=_positive, help="seconds for the whole command (default none)")
    check.add_argument("--statement", action="append", metavar="NAME", help="judge this statement only (may come again)")
    check.add_argument("--form", action="append", metavar="NAME", help="rows of this form only: printed, repaired, sharp")
    check.add_argument("--verdict", action="append", metavar="NAME", help="rows with this verdict only: holds, fails, ...")
    check.add_argument("--all", action="store_true", help="print every row, however many")
    check.add_argument("-o", "--output", metavar="DIR", help="of a folder: where its table goes (default FOLDER/checked)")
    check.add_argument("--workers", type=_whole(1), default=2, help="processes (default 2)")
    certify = commands.add_parser("certify", help="write a certificate that `twolayer-proofs check` proves anew")
    certify.add_argument("instance", help="instance file (JSON); - reads standard input")
    certify.add_argument(
        "-o", "--output", metavar="FILE", required=True, help="where the certificate goes; - is standard output"
    )
    certify.add_argument("--gap", type=_positive, default=1e-3, help="relative width of an enclosure (default 1e-3)")
    certify.add_argument("--time-limit", type=_positive, help="seconds for the searches (default none)")
    verify = commands.add_parser("verify", help="train students on low-rank data and check every statement on them")
    verify.add_argument("--quick", action="store_true", help="fewer and smaller instances, under 40 s")
    verify.add_argument("--report", metavar="DIR", help="write report.html, report.json and the figures")
    verify.add_argument("--json", action="store_true", help="print one JSON object")
    verify.add_argument("--seed", type=_whole(0), default=0, help="seed of every random choice (default 0)")
    verify.add_argument("--workers", type=_whole(1), default=2, help="processes (default 2)")
    add_hunt(commands)
    sweep = commands.add_parser(
        "sweep",
        help="check a grid of instances; goes on where it was",
        epilog=SWEEP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sweep.add_argument("config", help="the grid (JSON)")
    sweep.add_argument("-o", "--output", metavar="DIR", required=True, help="where cells and table.csv go")
    sweep.add_argument("--workers", type=_whole(1), default=2, help="processes (default 2)")
    sweep.add_argument("--time-limit", type=_positive, help="seconds after which no instance is begun; status 3 if any is left")
    sweep.add_argument("--cluster", metavar="ADDRESS", help="a Dask scheduler that runs the instances instead")
    plot = commands.add_parser("plot", help="draw the table of a sweep, or of a checked folder")
    plot.add_argument("directory", metavar="DIR", help="what `twolayer sweep` wrote, or a folder that was checked")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; -> its exit status (process.py).   arguments: those of this process if None, which then is all it does"""
    given = sys.argv[1:] if arguments is None else list(arguments)
    command = " ".join(["twolayer", *(name for name in given[:1] if name in COMMANDS)])

    def work() -> int:
        options = _parser().parse_args(given)
        return COMMANDS[options.command](options)

    return process.alone(command, work) if arguments is None else process.ended(command, work)


def _check(options) -> int:
    begun = time.monotonic()  # loading takes a part of the time limit too
    from .instances import Instance
    from .statements.check import KNOWN, check
    from .statements.verdict import selected
    from .study.tables import LONGEST, check_table, doing

    asked = {"statement": options.statement, "form": options.form, "verdict": options.verdict}
    try:
        selected((), KNOWN, **asked)
    except ValueError as error:
        raise files.BadInput(str(error)) from None
    if Path(options.instance).is_dir():
        from .study import folder

        return folder.run(options, begun)
    if options.output is not None:
        raise files.BadInput(f"--output is for a folder of instances; got {options.instance}")
    instance = Instance.from_json(files.text(options.instance))
    left = None if options.time_limit is None else max(options.time_limit - (time.monotonic() - begun), SOME_TIME)
    with doing("restricting to the subspace", "certifying student nodes", then="judging the statements") as bar:
        result = check(
            instance, gap=options.gap, time_limit=left, workers=options.workers, progress=bar, statements=options.statement
        )
    rows = result.rows(**asked)
    if options.json:
        record = {**result.to_dict(), "verdicts": [row.to_dict() for row in rows]}
        print(json.dumps({"format": "twolayer-check/1", **record}, allow_nan=False))
    else:
        check_table(result, rows, None if options.all else LONGEST)
    if result.interrupted:
        print("interrupted: this is what was proved by then", file=sys.stderr)
        return INTERRUPTED
    return 0


def _certify(options) -> int:
    if Path(options.output).is_file() and Path(options.instance).exists() and Path(options.output).samefile(options.instance):
        raise files.BadInput(f"the certificate needs a file of its own; got the instance's, {options.output}")
    files.tried(options.output)
    from .instances import Instance
    from .statements.certificates import certificate
    from .study.tables import certificate_summary, doing

    instance = Instance.from_json(files.text(options.instance))
    stages = ("restricting to the subspace", "certifying student nodes", "proving their ends in rationals")
    with doing(*stages, then="judging and restating the statements") as bar:
        result, _ = certificate(instance, gap=options.gap, time_limit=options.time_limit, workers=2, progress=bar)
    process.delivered(options.output, json.dumps(result, allow_nan=False).encode())
    if options.output not in files.STANDARD_OUTPUT:
        certificate_summary(result, options.output)
    return 0


def _hunt(options) -> int:
    from .study.hunt.command import run

    return run(options)


def _sweep(options) -> int:
    begun = time.monotonic()
    files.tried_folder(options.output)
    from .study.sweep import sweep

    deadline = math.inf if options.time_limit is None else begun + options.time_limit
    config, directory = files.text(options.config), Path(options.output)
    return sweep(config, directory, workers=options.workers, cluster=options.cluster, deadline=deadline)


def _plot(options) -> int:
    from .study.sweep_plots import run

    return run(options)


def _verify(options) -> int:
    from .study.verify import verify

    return verify(quick=options.quick, report=options.report, as_json=options.json, seed=options.seed, workers=options.workers)


COMMANDS = {"check": _check, "certify": _certify, "verify": _verify, "hunt": _hunt, "sweep": _sweep, "plot": _plot}

if __name__ == "__main__":
    sys.exit(main())
