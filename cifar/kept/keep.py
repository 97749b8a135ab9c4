"""`python -m cifar keep --out OUT --to DIR`: what a repository keeps of the results in OUT, in one folder under 16 MB.

    report.html, claims.md, tables/*.csv, figures/    the report
    runs/, state/*.json, patches.json, search.md      the results themselves, as the runs wrote them
    runs/*/epoch-*.pt                                 weights: the last of each run, and those that other runs needed
    README.md                                         what each file is, how it was made, and its checksum (index.md)

The folder is a directory of results: `report` and `keep` read it, and give the same bytes again. Weights are kept as halves:
a half (float16) keeps 11 bits of a weight, a bfloat16 8, whose rounding moves the logits ten times as far; no weight comes near
a half's limits (the largest is about .5). The checksums stand at the end of README.md in the format of sha256sum, which reads
them from there: `sha256sum -c README.md`.
`--readme FILE` writes the headline figure and the claims of what is kept (front_page.txt) into that file, between two comments.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from twolayer.files import BadInput, text, written
from twolayer.process import Parser

from ..data import patches
from ..experiments import grid
from ..files import filled, load_tensors, save_tensors
from ..report import write as report
from ..report.results import Result, Results, last_of_each, read
from ..runs.paths import FAILURE, run_path
from ..settings import needs

LIMIT = 16 * 10**6  # bytes
COLOURS = ("mean", "std")  # which stay as they are
HEADLINE = f"figures/{report.HEADLINE}.png"  # the figure that is kept as PNG too: pages of a repository show it
INDEX, SEARCH = "README.md", "search.md"
SUM = re.compile(r"^([0-9a-f]{64})  (\S+)$", re.M)
BEGIN, END = "<!-- claims:begin -->", "<!-- claims:end -->"  # of what --readme writes
PROFILES = ("paper", "standard", "demo")  # the best first


def main(argv: list[str]) -> int:
    """Exit status 0, or 2 with one clear line; the folder that was there then stays."""
    parser = Parser(prog="python -m cifar keep", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, metavar="OUT", help="results of `python -m cifar run`, or a kept folder")
    parser.add_argument("--to", type=Path, metavar="DIR", help="the folder that is written, or replaced as a whole")
    parser.add_argument("--weights", nargs="*", metavar="RUN", help="keep those of these runs, and of what they need, only")
    parser.add_argument("--limit", type=int, default=LIMIT, metavar="BYTES", help=f"the folder is smaller (default {LIMIT:,})")
    parser.add_argument("--readme", type=Path, metavar="FILE", help="write the claims of results/ beside this file into it")
    options = parser.parse_args(argv)
    if (options.out is None) != (options.to is None) or not (options.out or options.readme):
        raise BadInput("keep needs --out and --to, or --readme, or all of them")
    if options.out:
        size = keep(options.out, options.to.resolve(), options.weights, options.limit)
        print(f"{size:,} bytes in {options.to}")
    if options.readme:
        root = options.readme.parent
        written(options.readme, replaced(text(options.readme), front_page(root)).encode())
        print(f"{options.readme} shows {best(root)}")
    return 0


def keep(out: Path, target: Path, runs: Sequence[str] | None = None, limit: int = LIMIT) -> int:
    """Replace `target` by what is kept of `out`.   runs: whose weights are kept (None: all)  -> bytes

    BadInput, one line, where weights are missing, `target` holds something else, or it does not fit.
    """
    results = report.loaded(out)
    chosen = wanted(results, runs)
    for result in chosen:
        if not (path := result.weights(out)).is_file():
            raise BadInput(
                f"{path}, the weights of {result.checkpoint}, is missing; name the runs whose weights to keep with --weights"
            )
    refuse_foreign(target)
    with replacing(target) as folder:
        copy_results(out, folder, results)
        copied = read(folder)
        for name, content in report.files(copied).items():
            # not report.json, which repeats the results, nor the PNG of most figures, which report.html draws
            if name != "report.json" and (not name.endswith(".png") or name == HEADLINE):
                written(folder / name, content)
        for result in chosen:
            store(result.weights(out), result.weights(folder))
        written(folder / INDEX, index(folder, copied).encode())
        sizes = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
        if sum(sizes.values()) >= limit:
            of_weights = sum(size for path, size in sizes.items() if path.suffix == ".pt")
            raise BadInput(
                f"all would take {sum(sizes.values()):,} bytes (weights {of_weights:,}), which is not under the limit of "
                f"{limit:,}; name the runs whose weights to keep with --weights"
            )
    return sum(sizes.values())


def wanted(results: Results, runs: Sequence[str] | None = None) -> list[Result]:
    """The last checkpoint of each run (of all if None) and every checkpoint these need, in the results' order.

    BadInput, one line, for a run or a need without a result.
    """
    last = {run: result.checkpoint for run, result in last_of_each(results.checkpoints.values()).items()}
    if unknown := [run for run in runs or () if run not in last]:
        raise BadInput(f"no result of {', '.join(unknown)}; there are those of {', '.join(sorted(last))}")
    waiting = [last[run] for run in (last if runs is None else runs)]
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        result = results.get(name)
        if result is None:
            raise BadInput(f"a kept checkpoint needs {name}, which has no result; name the runs whose weights to keep")
        if name not in needed:
            needed.add(name)
            waiting += needs(result.settings)
    return [result for name, result in results.checkpoints.items() if name in needed]


def store(source: Path, target: Path) -> None:
    """Copy a file of weights as halves."""
    content = load_tensors(source)
    content["weights"] = {name: value if name in COLOURS else value.half() for name, value in content["weights"].items()}
    save_tensors(target, content)


def refuse_foreign(target: Path) -> None:
    """BadInput where a folder holds what `keep` did not write, results that are kept nowhere else among it."""
    if target.exists() and not target.is_dir():
        raise BadInput(f"--to {target} is no directory")
    listed = sums(target) if (target / INDEX).is_file() else {}
    if foreign := [name for name in files(target, hidden=True) if name not in listed]:
        raise BadInput(
            f"--to {target} holds {foreign[0]}, which `python -m cifar keep` did not write; choose another "
            "directory, or move it away"
        )


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A new folder that takes the place of `target` when the block ends; after an error, or a kill, the old one stays.

    Between two renames there is none; the next call then finds the old one, and puts it back first.
    """
    new, old = (target.with_name(f".{target.name}.{word}") for word in ("new", "old"))

    def clear() -> None:
        if old.exists() and not target.exists():
            os.replace(old, target)
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)

    clear()
    new.mkdir(parents=True)
    try:
        yield new
        if target.exists():
            os.replace(target, old)
        os.replace(new, target)
    finally:
        clear()


def copy_results(out: Path, folder: Path, results: Results) -> None:
    """The files that the results were read from, as they are."""
    files_read = [Path(result.file) for result in results.checkpoints.values()]
    files_read += [file.with_suffix(".time.json") for file in files_read]
    files_read += [run_path(Path(), run, FAILURE) for run in results.failures]
    files_read += [Path(name) for name in (patches.FILE, SEARCH)]
    left_out = {file for file, _ in results.left_out}
    for file in files_read:
        if (out / file).is_file() and file.as_posix() not in left_out:
            written(folder / file, (out / file).read_bytes())


def files(folder: Path, *, hidden: bool = False) -> list[str]:
    """Every file but the index, in order; hidden ones if they are asked for."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [name for name in names if name != INDEX and (hidden or not any(part.startswith(".") for part in name.split("/")))]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sums(folder: Path) -> dict[str, str]:
    """The sha256 of each file by name, as the index says; BadInput where there is no index."""
    path = folder / INDEX
    listed = {name: value for value, name in SUM.findall(text(path))} if path.is_file() else {}
    if not listed:
        raise BadInput(f"{folder} is no folder that `python -m cifar keep` wrote: it has no {INDEX} with checksums")
    return listed


def index(folder: Path, results: Results) -> str:
    """README.md of a kept folder: what each file is that is there, how it was made, and its sha256."""
    facts = report.facts(results)
    page = filled(
        Path(__file__).with_name("index.md"),
        title=report.TITLE,
        facts=facts,
        profile=f" --profile {facts['profile']}" if facts["profile"] in grid.PROFILES else "",
        images={str(result.data.get("sha256")): result.data for result in results.checkpoints.values()},
        there=lambda pattern: any(folder.glob(pattern)),
        checksums=[f"{digest(folder / name)}  {name}" for name in files(folder)],
    )
    return f"{page}\n"


def best(root: Path) -> Path:
    """The folder of the best profile that a repository keeps, relative to it; BadInput where none is."""
    for name in PROFILES:
        folder = Path("results") / name
        if (root / folder / "claims.md").is_file():
            return folder
    raise BadInput(f"{root} has no results/{' or results/'.join(PROFILES)} with claims.md; `python -m cifar keep` makes it")


def front_page(root: Path) -> str:
    """What a README shows of the results that a repository keeps, both comments with it; every number is read from there."""
    folder = best(root)
    name, claims = folder.as_posix(), text(root / folder / "claims.md").strip()
    words = (
        f"{report.front(read(root / folder))} Every number, the report, weights and checksums: [`{name}`]({name}/README.md)."
    )
    template = Path(__file__).with_name("front_page.txt")
    return filled(template, begin=BEGIN, end=END, folder=name, words=words, claims=claims)


def replaced(readme: str, new: str) -> str:
    """The text of a README with another block; BadInput where it has no place for one."""
    if readme.count(BEGIN) != 1 or readme.count(END) != 1 or readme.index(END) < readme.index(BEGIN):
        raise BadInput(f"a README needs one {BEGIN} and one {END} behind it; write them where the claims shall stand")
    return readme[: readme.index(BEGIN)] + new + readme[readme.index(END) + len(END) :]
