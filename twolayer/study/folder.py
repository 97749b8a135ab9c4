"""`twolayer check FOLDER`: every instance in a folder, as checkpoints of one training, in one table; goes on where it was.

Each check is kept in DIR/checks as one file, what `twolayer check --json` prints; DIR/table.csv has a line for every
instance, statement and form. DIR is FOLDER/checked unless named otherwise.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from joblib import parallel_config
from rich.markup import escape
from rich.table import Table

from ..certify.suprema import uninterrupted
from ..files import BadInput, content, reason, shown, text, tried_folder
from ..instances import Instance
from ..statements.check import check
from ..statements.showing import short
from ..statements.verdict import FAILS, FORMS, HOLDS, UNDECIDED, VACUOUS
from .kept import SUMMARY, Job, carried_out, said, summaries, unwritable, written_table
from .tables import WIDE, stacked, terminal, up

FORMAT = "twolayer-checks/1"
PLACE = "checked"  # the folder of results, in the folder of instances
SIZES = ("dimension", "ambient", "teacher", "student", "outputs")  # d', d, nodes of either network, C
COLUMNS = ("instance", "name", *SIZES, "gradient_lower", "gradient_upper", "seconds", *SUMMARY)
LEAST = 1e-3  # seconds of a share of the time below which a check is not begun
SHOWN = "theorem-2"  # whose medians the printed table has, unless others are asked for
Checked = dict[str, Any]


def instances_in(folder: Path) -> list[Path]:
    """The instance files (*.json) of a folder in the order of their names, numbers in them as numbers: step-9, step-10."""
    try:
        paths = [path for path in folder.iterdir() if path.suffix == ".json" and path.is_file() and path.name[0] != "."]
    except OSError as error:
        raise BadInput(f"{folder} needs to be a readable folder; got {reason(error)}") from None
    if not paths:
        raise BadInput(f"{folder} needs instance files (*.json) to be checked; got none")
    return sorted(paths, key=lambda path: (_in_order(path.name), path.name))


def _in_order(name: str) -> list[tuple[bool, int, str]]:
    """What a name is sorted by: its runs of digits as numbers, which come before other text."""
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", name) if part]


def checked(path: str, gap: float, statements: Sequence[str] | None, deadline: float, share: float) -> Checked | None:
    """The check of an instance file as JSON-able values, in its share of the time until the deadline; None if it is over."""
    left = (deadline - time.monotonic()) * share if math.isfinite(deadline) else None
    if left is not None and left < LEAST:
        return None
    try:
        instance = Instance.from_json(text(path))
    except BadInput as error:
        raise error if str(error).startswith(path) else BadInput(f"{path}: {error}") from None
    with parallel_config(backend="sequential"):
        outcome = check(instance, gap=gap, time_limit=left, statements=statements)
    uninterrupted(outcome.enclosures)
    sizes = (outcome.problem.dimension, instance.teacher.inputs, instance.teacher.width, instance.student.width)
    return {
        "sizes": dict(zip(SIZES, (*sizes, instance.teacher.outputs), strict=True)),
        "seconds": round(outcome.seconds, 3),
        **outcome.to_dict(),
    }


def is_final(result: Checked) -> bool:
    """Whether no time limit left anything of a check undone."""
    return not any(result["limits"].values())


def lines(name: str, result: Checked) -> list[dict[str, Any]]:
    """A check's lines of the table."""
    gradient = {f"gradient_{end}": result["gradient"][end] for end in ("lower", "upper")}
    common = {"instance": name, "name": result["instance"], **result["sizes"], **gradient, "seconds": result["seconds"]}
    return [{**common, **line} for line in summaries(result["verdicts"])]


def check_files(
    paths: Sequence[Path],
    directory: Path,
    *,
    gap: float = 1e-3,
    statements: Sequence[str] | None = None,
    workers: int = 2,
    cluster: str | None = None,
    deadline: float = math.inf,
) -> tuple[dict[str, Checked | None], int, list[dict[str, Any]]]:
    """({file name: its check, None where the deadline left it}, how many are new, the table's lines); writes the table.

    A check is kept until its file, the gap or the statements change, or there is more time for one that was cut short.
    deadline: on the clock of time.monotonic, each instance gets an equal share of what is left; with a cluster, whose
    machines have other clocks, it is what no instance is begun after.
    """
    names = [path.name for path in paths]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"instance files need names that differ; got {shown(name)} twice")
    asked = None if statements is None else sorted(set(statements))
    shares = math.inf if cluster is not None else deadline
    jobs = [
        Job(
            path.stem,
            {"file": path.name, "sha256_of_file": hashlib.sha256(content(path)).hexdigest(), "gap": gap, "statements": asked},
            (str(path), gap, asked, shares, min(1.0, workers / (len(paths) - n))),
        )
        for n, path in enumerate(paths)
    ]
    try:
        results, new = carried_out(
            checked,
            jobs,
            directory / "checks",
            "check",
            workers=workers,
            deadline=math.inf if cluster is None else deadline,
            cluster=cluster,
            is_final=is_final,
        )
        named = {path.name: results[path.stem] for path in paths}
        table = [line for name, result in named.items() if result is not None for line in lines(name, result)]
        written_table(directory, table, COLUMNS)
    except OSError as error:
        raise unwritable(directory, error) from None
    return named, new, table


def run(options, begun: float) -> int:
    """The command on a folder; the exit status.   begun: when it began, on the clock of time.monotonic"""
    folder = Path(options.instance)
    directory = Path(options.output) if options.output else folder / PLACE
    deadline = math.inf if options.time_limit is None else begun + options.time_limit
    paths = instances_in(folder)
    tried_folder(str(directory))
    limits = {"gap": options.gap, "statements": options.statement, "workers": options.workers, "deadline": deadline}
    results, new, table = check_files(paths, directory, **limits)
    asked = {"form": options.form, "verdict": options.verdict}
    if options.json:
        every = [{"file": name, **_asked_of(result, asked)} for name, result in results.items() if result is not None]
        print(json.dumps({"format": FORMAT, "instances": every}, allow_nan=False))
        return said(directory, results, new, len(table), aloud=False)
    folder_table(table, (options.statement or [SHOWN])[0], options.form or FORMS)
    return said(directory, results, new, len(table))


def _asked_of(result: Checked, asked: dict[str, Any]) -> Checked:
    kept = [row for row in result["verdicts"] if all(not values or row[key] in values for key, values in asked.items())]
    return {**result, "verdicts": kept}


def folder_table(table: Sequence[dict[str, Any]], statement: str, forms: Sequence[str]) -> None:
    """Print a line for every instance: its gradient, and one statement's median sides and verdicts."""
    console, rows = terminal(), []
    grouped: dict[str, list[dict[str, Any]]] = {}
    for line in table:
        if line["statement"] == statement and line["form"] in forms:
            grouped.setdefault(line["instance"], []).append(line)
    for name, group in grouped.items():
        by_form, first = {line["form"]: line for line in group}, group[0]
        upper = first["gradient_upper"]
        bounds = [short(by_form[form]["bound_median"] if form in by_form else None) for form in forms]
        measured = [line["measured_median"] for line in reversed(group) if line["measured_median"] is not None]
        counts = [str(sum(line[verdict] for line in group)) for verdict in (HOLDS, FAILS, UNDECIDED, VACUOUS)]
        cells = (
            str(first["dimension"]),
            f"{first['teacher']} + {first['student']}",
            "-" if upper is None else up(upper),
            short(measured[0] if measured else None),
            *bounds,
        )
        rows.append((shown(name), cells, counts))
    said = f"{statement}: medians of the measured side and of the bounds, and how many rows have which verdict"
    console.print(said, highlight=False)
    headings, verdicts = ("d'", "nodes", "sup |g_1| <=", "measured", *forms), (HOLDS, FAILS, UNDECIDED, VACUOUS)
    if console.width < WIDE:
        narrow = (*headings[:2], "sup |g_1|", *headings[3:], "h/f/u/v")
        tight = [(name, (*(cell.replace(" ", "") for cell in cells), "/".join(counts)), "") for name, cells, counts in rows]
        stacked(console, narrow, tight, above=True)
        console.print(f"h/f/u/v: {', '.join(verdicts)}", highlight=False)
        return
    shape = Table(box=None, pad_edge=False)
    shape.add_column("instance", overflow="fold")
    for heading in (*headings, *verdicts):
        shape.add_column(heading, justify="right")
    for name, cells, counts in rows:
        shape.add_row(escape(name), *cells, *counts)
    console.print(shape)
