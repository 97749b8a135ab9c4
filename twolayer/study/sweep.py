"""`twolayer sweep CONFIG -o DIR`: a grid of instances over rank, thickness, width, gradient level and seeds, as one table.

CONFIG is JSON; every axis is a number or a list, and the grid is their product:
    {"format": "twolayer-sweep/1", "rank": [2, 3], "ambient": 6, "thickness": [0, 0.1], "teacher": 4, "width": [2],
     "outputs": 2, "gradient": [1e-2, 1e-4], "seeds": 10, "gap": 1e-3}
A student has `width` nodes for every teacher node, near copies moved until sup |g_1| is about `gradient`. Where thickness
is 0 the data lie in a plane of dimension `rank`, and U is that plane; otherwise they fill a slab around it, and U is the
whole space. Every finished instance is a file of its own, so a killed sweep goes on where it was.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from joblib import parallel_config

from ..certify.suprema import uninterrupted
from ..files import BadInput, content, is_number, parsed, quoted, reason, sealed, shown, unsealed, written
from ..instances import Instance
from ..networks import TwoLayer, hidden_gradient
from ..regions import Subspace
from ..statements.check import check
from ..statements.verdict import VERDICTS
from ..synthetic.data import LowRankData, box_spectrum, low_rank_data
from ..synthetic.teachers import geometric, random_teacher
from ..workers import results
from .tables import bars, terminal

FORMAT = "twolayer-sweep/1"
AXES = ("rank", "ambient", "thickness", "teacher", "width", "outputs", "gradient", "seed")
WHOLE = ("rank", "ambient", "teacher", "width", "outputs")  # axes of whole numbers, from 1 on
DEFAULTS: dict[str, Any] = {"ambient": 6, "thickness": 0, "teacher": 4, "width": 2, "outputs": 2, "gradient": 1e-2, "seeds": 1}
COLUMNS = (
    *AXES,
    "gradient_lower",
    "gradient_upper",
    "gradient_sampled",
    "seconds",
    "statement",
    "form",
    *VERDICTS,
    "measured_median",
    "bound_median",
    "closest",
)
SAMPLES = 400  # from which the gradient is estimated while the student is moved
ROUNDS = 3  # of moving it: the gradient is nearly linear in the move
MOST_CELLS = 1_000_000
MOST_NODES = 10_000  # and dimensions and outputs of an instance: what is larger is certified by nobody, and fills the memory
LARGEST = 1e9  # thickness, gradient or gap: the data have size 1
MOST_SEED = 2**63
SUM = "table.csv.sha256"  # in the format of sha256sum
STOPPED = 3  # exit status: a time limit left instances undone
CHUNK = 64  # instances handed out at once, so that a cluster's results are stored as they come
Cell = dict[str, Any]


def read(text: str) -> tuple[list[Cell], float]:
    """The cells of a configuration, and the gap; BadInput, one line, where it is malformed."""
    given = parsed(text, "a sweep's configuration")
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        raise BadInput(f'a sweep\'s configuration needs "format": "{FORMAT}"')
    known = ("format", "gap", "rank", *DEFAULTS)
    for key in sorted(set(given) - set(known)):
        raise BadInput(f"a sweep's configuration knows no {quoted(key)}; it knows {', '.join(known)}")
    if "rank" not in given:
        raise BadInput("a sweep's configuration needs a rank")
    gap = _numbers("gap", given.get("gap", 1e-3))
    if len(gap) > 1:
        raise BadInput(f"gap needs one number; got {len(gap)}")
    settings = {**DEFAULTS, **{key: value for key, value in given.items() if key not in ("format", "gap")}}
    seeds = settings.pop("seeds")
    if isinstance(seeds, int) and not isinstance(seeds, bool):
        if seeds > MOST_CELLS:
            raise BadInput(f"a sweep has at most {MOST_CELLS} instances; got more seeds")
        seeds = list(range(seeds))
    settings["seed"] = seeds
    axes = [_numbers(axis, settings[axis]) for axis in AXES]
    if math.prod(map(len, axes)) > MOST_CELLS:
        raise BadInput(f"a sweep has at most {MOST_CELLS} instances; got {math.prod(map(len, axes))}")
    cells = [dict(zip(AXES, values, strict=True)) for values in itertools.product(*axes)]
    for cell in cells:
        if cell["rank"] > cell["ambient"]:
            raise BadInput(f"rank needs to be at most ambient; got {cell['rank']} and {cell['ambient']}")
    return list({name(cell): cell for cell in cells}.values()), gap[0]


def _numbers(axis: str, value: Any) -> list:
    values = value if isinstance(value, list) else [value]
    least, most = (1, MOST_NODES) if axis in WHOLE else (0, MOST_SEED if axis == "seed" else LARGEST)
    for x in values:
        if not is_number(x) or not least <= x <= most or ((axis in WHOLE or axis == "seed") and x != int(x)):
            kind = "whole numbers" if axis in WHOLE or axis == "seed" else "numbers"
            raise BadInput(f"{axis} needs {kind} from {least} to {most:g}; got {quoted(json.dumps(x))}")
        if axis in ("gap", "gradient") and x == 0:
            raise BadInput(f"{axis} needs positive numbers; got 0")
    if not values:
        raise BadInput(f"{axis} needs at least one value; got none")
    return values


def name(cell: Cell) -> str:
    """The file name of a cell, which says what it is."""
    digest = hashlib.sha256(json.dumps(cell, sort_keys=True).encode()).hexdigest()[:12]
    return f"r{cell['rank']}-t{cell['thickness']:g}-w{cell['width']}-g{cell['gradient']:g}-s{cell['seed']}-{digest}"


def instance(cell: Cell) -> tuple[Instance, float]:
    """The instance of a cell, and the sampled maximum of |g_1| on its subspace (a lower bound, not certified)."""
    numbers = [int(cell[axis]) for axis in (*WHOLE, "seed")]
    rng = np.random.default_rng([*numbers, round(1e9 * cell["thickness"])])
    spread = box_spectrum(int(cell["ambient"]), int(cell["rank"]), thickness=cell["thickness"])
    data = low_rank_data(spread, int(cell["rank"]), SAMPLES, rng)
    K = int(cell["teacher"])
    teacher = random_teacher(data, K, int(cell["outputs"]), rng, fan_out=geometric(K, 0.9), off_plane=0.3)
    flat = cell["thickness"] == 0
    subspace = data.subspace() if flat else Subspace(np.eye(data.ambient), data.mean)
    student, sampled = _near_copy(teacher, data, int(cell["width"]), cell["gradient"], rng)
    return Instance(teacher, student, data.region(), subspace, name=name(cell)), sampled


def _near_copy(teacher: TwoLayer, data: LowRankData, width: int, level: float, rng) -> tuple[TwoLayer, float]:
    """Each teacher node split into `width` rescaled ones, then moved until the sampled gradient is about `level`."""
    shares = rng.dirichlet(np.full(width, 4.0), size=teacher.width).T  # (width, K), columns add up to 1
    scales = 2.0 ** rng.uniform(-1, 1, size=(width, teacher.width))
    W = np.concatenate([teacher.W * s[:, None] for s in scales])
    b = np.concatenate([teacher.b * s for s in scales])
    V = np.concatenate([teacher.V * (share / s) for share, s in zip(shares, scales, strict=True)], axis=1)
    moves = [rng.normal(size=x.shape) for x in (W, b, V)]
    size, sampled, student = level, 0.0, TwoLayer(W, b, V, teacher.output_bias)
    for _ in range(ROUNDS):
        moved = [x + size * move for x, move in zip((W, b, V), moves, strict=True)]
        student = TwoLayer(moved[0], moved[1], moved[2], teacher.output_bias)
        sampled = float(np.abs(hidden_gradient(teacher, student, data.samples)).max())
        if sampled == 0:
            break
        size *= level / sampled
    return student, sampled


def rows(cell: Cell, gap: float) -> list[dict[str, Any]]:
    """The table's rows of one cell: one for every statement and form."""
    start = time.perf_counter()
    drawn, sampled = instance(cell)
    with parallel_config(backend="sequential"):
        found = check(drawn, gap=gap)
    uninterrupted(found.enclosures)
    lower, upper = found.gradient
    common = {
        **cell,
        "gradient_lower": lower,
        "gradient_upper": upper,
        "gradient_sampled": sampled,
        "seconds": round(time.perf_counter() - start, 3),
    }
    groups: dict[tuple[str, str], list] = {}
    for verdict in found.verdicts:
        groups.setdefault((verdict.statement, verdict.form), []).append(verdict)
    return [{**common, "statement": statement, "form": form, **_summary(group)} for (statement, form), group in groups.items()]


def _summary(group: Sequence) -> dict[str, Any]:
    telling = [(v.measured, v.bound) for v in group if v.measured is not None and v.bound is not None]
    ratios = [m / b for m, b in telling if b > 0]
    return {
        **{verdict: sum(v.verdict == verdict for v in group) for verdict in VERDICTS},
        "measured_median": median(m for m, _ in telling) if telling else None,
        "bound_median": median(b for _, b in telling) if telling else None,
        "closest": max(ratios, default=None),
    }


def sweep(config: str, directory: Path, *, workers: int = 2, cluster: str | None = None, deadline: float = math.inf) -> int:
    """Run what is missing of a sweep, and write its table; the exit status.

    config: the text of the file;  deadline: in seconds of time.monotonic, after which no instance is begun
    """
    cells, gap = read(config)
    store = directory / "cells"
    key = {name(cell): store / f"{name(cell)}.json" for cell in cells}
    try:
        written(directory / "sweep.json", config.encode())
        before = {name(cell): _rows(key[name(cell)], gap) for cell in cells}
        pending = [cell for cell in cells if before[name(cell)] is None]
        with ExitStack() as stack:
            stack.enter_context(_engine(cluster))
            progress = stack.enter_context(bars())
            task = progress.add_task("instances", total=len(cells), completed=len(cells) - len(pending))
            for cell, found in _done(pending, gap, workers, cluster is not None, deadline):
                written(key[name(cell)], sealed({"gap": gap, "rows": found}))
                before[name(cell)] = found
                progress.advance(task)
        left = [at for at, found in before.items() if found is None]
        table = [row for found in before.values() for row in found or ()]
        if not left:
            text = as_csv(table)
            written(directory / "table.csv", text)
            written(directory / SUM, f"{hashlib.sha256(text).hexdigest()}  table.csv\n".encode())
    except OSError as error:
        raise unwritable(directory, error) from None
    if left:
        done = f"{len(cells) - len(left)} of {len(cells)} instances are done"
        print(f"stopped by the time limit: {done}; the same command continues", file=sys.stderr)
        return STOPPED
    said = f"{len(cells)} instances ({len(pending)} new), {len(table)} rows: {shown(str(directory / 'table.csv'))}"
    terminal().print(said, soft_wrap=True, markup=False)
    return 0


def unwritable(directory: Path, error: OSError) -> BadInput:
    """What a command says when its directory takes no files."""
    return BadInput(f"{directory} needs to be a directory that can be written to; got {reason(error)}")


def _done(
    pending: list[Cell], gap: float, workers: int, chunked: bool, deadline: float
) -> Iterator[tuple[Cell, list[dict[str, Any]]]]:
    """Cells with their rows, as they are finished; none after the deadline."""
    step = CHUNK if chunked else max(len(pending), 1)
    for first in range(0, len(pending), step):
        part = pending[first : first + step]
        found = results(rows, [(cell, gap) for cell in part], workers)
        for cell in part:
            if time.monotonic() >= deadline:
                return
            yield cell, next(found)


def _engine(cluster: str | None):
    """joblib's configuration: own processes with one thread each, or the Dask cluster at an address."""
    if cluster is None:
        return parallel_config(backend="loky", inner_max_num_threads=1)
    try:
        from dask.distributed import Client
    except ImportError:
        raise BadInput("--cluster needs the package distributed; install twolayer[cluster]") from None
    stack = ExitStack()
    try:
        stack.enter_context(Client(cluster, timeout="10s"))
    except (OSError, TimeoutError, ValueError) as error:
        raise BadInput(f"no Dask scheduler answers at {cluster}; got {type(error).__name__}") from None
    stack.enter_context(parallel_config(backend="dask"))
    return stack


def _rows(path: Path, gap: float) -> list[dict[str, Any]] | None:
    """The rows in a cell's file; None where it is not there, not whole, altered, or of another gap."""
    if not path.is_file():
        return None
    try:
        stored = unsealed(content(path).decode(), str(path))
        return stored["rows"] if stored["gap"] == gap else None
    except (BadInput, UnicodeDecodeError):
        return None


def as_csv(table: Sequence[dict[str, Any]]) -> bytes:
    """The rows as CSV, one line each, empty where there is no number."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue().encode()
