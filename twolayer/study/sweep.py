"""`twolayer sweep CONFIG -o DIR`: a grid of instances over rank, thickness, width, gradient level and seeds, as one table.

CONFIG is JSON; every axis is a number or a list, and the grid is their product:
    {"format": "twolayer-sweep/1", "rank": [2, 3], "ambient": 6, "thickness": [0, 0.1], "teacher": 4, "width": [2],
     "outputs": 2, "trained": [0, 1], "gradient": [1e-2, 1e-4], "seeds": 10, "gap": 1e-3}
A student has `width` nodes for every teacher node. Where trained is 0 they are near copies, moved until sup |g_1| is about
`gradient`; where it is 1 they are trained from a random start, up to where sup |g_1| is about that. Where thickness
is 0 the data lie in a plane of dimension `rank`, and U is that plane; otherwise they fill a slab around it, and U is the
whole space. Every finished instance is a file of its own, so a killed sweep goes on where it was.

    {"format": "twolayer-sweep/1", "instances": ["first.json", "a folder"], "gap": 1e-3}
checks instance files instead, like `twolayer check FOLDER` (folder.py); paths are those of the current directory.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
from joblib import parallel_config

from ..certify.suprema import uninterrupted
from ..files import BadInput, is_number, parsed, quoted, written
from ..instances import Instance
from ..networks import TwoLayer, hidden_gradient
from ..regions import Subspace
from ..statements.check import check
from ..synthetic.data import LowRankData, box_spectrum, low_rank_data
from ..synthetic.students import Recipe, train
from ..synthetic.teachers import geometric, random_teacher
from .folder import check_files, instances_in
from .kept import SUMMARY, Job, carried_out, said, summaries, unwritable, written_table

FORMAT = "twolayer-sweep/1"
AXES = ("rank", "ambient", "thickness", "teacher", "width", "outputs", "trained", "gradient", "seed")
WHOLE = ("rank", "ambient", "teacher", "width", "outputs")  # axes of whole numbers, from 1 on
DEFAULTS: dict[str, Any] = dict(ambient=6, thickness=0, teacher=4, width=2, outputs=2, trained=0, gradient=1e-2, seeds=1)
COLUMNS = (*AXES, "gradient_lower", "gradient_upper", "gradient_sampled", "seconds", *SUMMARY)
SAMPLES = 400  # from which the gradient is estimated while the student is moved
ROUNDS = 3  # of moving it: the gradient is nearly linear in the move
RECIPE = Recipe(level_ratio=2.0)  # of training: losses at which the gradient is looked at
TINY = 1e-300  # a gradient that vanishes is as far from every level
MOST_CELLS = 1_000_000
MOST_NODES = 10_000  # and dimensions and outputs of an instance: what is larger is certified by nobody, and fills the memory
LARGEST = 1e9  # thickness, gradient or gap: the data have size 1
MOST_SEED = 2**63
Cell = dict[str, Any]


def read(text: str) -> tuple[list[Cell], float]:
    """The cells of a configuration, and the gap; BadInput, one line, where it is malformed."""
    given = parsed(text, "a sweep's configuration")
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        raise BadInput(f'a sweep\'s configuration needs "format": "{FORMAT}"')
    keys = ("format", "gap", "instances", "rank", *DEFAULTS)
    for key in sorted(set(given) - set(keys)):
        raise BadInput(f"a sweep's configuration knows no {quoted(key)}; it knows {', '.join(keys)}")
    if "rank" not in given:
        raise BadInput("a sweep's configuration needs a rank, or instances")
    gap = _gap(given)
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
    return list({name(cell): cell for cell in cells}.values()), gap


def files_of(text: str) -> tuple[list[Path], float] | None:
    """The instance files of a configuration, and the gap; None if it is a grid. BadInput where it is malformed."""
    given = parsed(text, "a sweep's configuration")
    if not isinstance(given, dict) or "instances" not in given:
        return None
    keys = ("format", "gap", "instances")
    for key in sorted(set(given) - set(keys)):
        raise BadInput(f"a sweep of instance files knows no {quoted(key)}; it knows {', '.join(keys)}")
    if given.get("format") != FORMAT:
        raise BadInput(f'a sweep\'s configuration needs "format": "{FORMAT}"')
    names = given["instances"] if isinstance(given["instances"], list) else [given["instances"]]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise BadInput("instances needs names of instance files or folders; got something else")
    places = [Path(name) for name in names]
    return [path for place in places for path in (instances_in(place) if place.is_dir() else [place])], _gap(given)


def _gap(given: dict[str, Any]) -> float:
    gap = _numbers("gap", given.get("gap", 1e-3))
    if len(gap) > 1:
        raise BadInput(f"gap needs one number; got {len(gap)}")
    return gap[0]


def _numbers(axis: str, value: Any) -> list:
    values = value if isinstance(value, list) else [value]
    least, most = (1, MOST_NODES) if axis in WHOLE else (0, {"seed": MOST_SEED, "trained": 1}.get(axis, LARGEST))
    whole = axis in (*WHOLE, "seed", "trained")
    for x in values:
        if not is_number(x) or not least <= x <= most or (whole and x != int(x)):
            kind = "whole numbers" if whole else "numbers"
            raise BadInput(f"{axis} needs {kind} from {least} to {most:g}; got {quoted(json.dumps(x))}")
        if axis in ("gap", "gradient") and x == 0:
            raise BadInput(f"{axis} needs positive numbers; got 0")
    if not values:
        raise BadInput(f"{axis} needs at least one value; got none")
    return values


def name(cell: Cell) -> str:
    """The file name of a cell, which says what it is."""
    kind = "trained-" if cell["trained"] else ""
    said = cell if kind else {axis: value for axis, value in cell.items() if axis != "trained"}  # as before there was training
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]
    return f"{kind}r{cell['rank']}-t{cell['thickness']:g}-w{cell['width']}-g{cell['gradient']:g}-s{cell['seed']}-{digest}"


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
    student, sampled = (
        _trained(teacher, data, int(cell["width"]), cell["gradient"], rng, subspace)
        if cell["trained"]
        else _near_copy(teacher, data, int(cell["width"]), cell["gradient"], rng)
    )
    return Instance(teacher, student, data.region(), subspace, name=name(cell)), sampled


def _trained(teacher: TwoLayer, data: LowRankData, width: int, level: float, rng, subspace) -> tuple[TwoLayer, float]:
    """A student of a random start, at the moment of its training when the sampled gradient is nearest to `level`."""
    path = train(teacher, data.samples, width * teacher.width, rng, subspace=subspace, recipe=RECIPE).checkpoints
    nearest = min(path, key=lambda point: abs(math.log(max(point.gradient, TINY) / level)))
    return nearest.student, nearest.gradient


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
        checked = check(drawn, gap=gap)
    uninterrupted(checked.enclosures)
    lower, upper = checked.gradient
    common = {
        **cell,
        "gradient_lower": lower,
        "gradient_upper": upper,
        "gradient_sampled": sampled,
        "seconds": round(time.perf_counter() - start, 3),
    }
    return [{**common, **line} for line in summaries([verdict.to_dict() for verdict in checked.verdicts])]


def sweep(config: str, directory: Path, *, workers: int = 2, cluster: str | None = None, deadline: float = math.inf) -> int:
    """Run what is missing of a sweep, and write its table; the exit status.

    config: the text of the file;  deadline: in seconds of time.monotonic, after which no instance is begun
    """
    given = files_of(config)
    if given is not None:
        paths, gap = given
        checks, new, table = check_files(paths, directory, gap=gap, workers=workers, cluster=cluster, deadline=deadline)
        return said(directory, checks, new, len(table))
    cells, gap = read(config)
    jobs = [Job(name(cell), {"gap": gap}, (cell, gap)) for cell in cells]
    try:
        written(directory / "sweep.json", config.encode())
        store = directory / "cells"
        by_name, new = carried_out(rows, jobs, store, "rows", workers=workers, deadline=deadline, cluster=cluster)
        table = [cell | row for cell, some in zip(cells, by_name.values(), strict=True) for row in some or ()]
        if None not in by_name.values():
            written_table(directory, table, COLUMNS)
    except OSError as error:
        raise unwritable(directory, error) from None
    return said(directory, by_name, new, len(table))
