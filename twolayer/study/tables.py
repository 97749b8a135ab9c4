"""What a person reads on the terminal: progress bars on standard error, tables on standard output."""

from __future__ import annotations

import math
import os
import shlex
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ..certify import compiled
from ..files import shown
from ..statements.check import NAMES, Check, Limits
from ..statements.matching import Match
from ..statements.showing import COLOURS, COLUMNS, RIGHT, cells, ordered, rich_table, short
from ..statements.verdict import FAILS, FORMS, HOLDS, VACUOUS, VERDICTS, Verdict

STATEMENTS = NAMES
TERMINAL_WIDTH = 80  # columns of a terminal that does not say
WIDE = 110  # columns from which a row of a table fits into a line or two
PIPE_WIDTH = 160  # columns where no terminal says how many there are
NAMED = 20  # nodes that a note names
NOT_KEPT = "no folder takes compiled loops: every process that needs them takes some 20 s more (set NUMBA_CACHE_DIR)"
LONGEST = 60  # rows of a check's table; more are summarised, and --all prints them


@contextmanager
def doing(first: str, *searches: str, then: str = "") -> Iterator[Callable[[Iterable], Iterable]]:
    """Says on standard error what a command is doing, and for how long, if a person is watching there.

    Gives a function that wraps iterables, as `check` and `certificate` take for progress. Before its first call the
    command is doing `first`; during a call the next of the searches, with a bar; after one `then`.
    """
    left = list(searches)
    with bars() as progress:
        task = progress.add_task(first, total=None)

        def wrapped(items: Iterable) -> Iterable:
            total = len(items) if isinstance(items, Sequence) else None
            progress.reset(task, description=left.pop(0) if left else then, total=total)
            for item in items:
                yield item
                progress.advance(task)
            progress.reset(task, description=then, total=None)

        yield wrapped


@contextmanager
def bars() -> Iterator[Progress]:
    """Progress bars with count, elapsed and remaining time, on standard error; they vanish when done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    console, unseen = Console(stderr=True), not sys.stderr.isatty()
    with Progress(*columns, console=console, transient=True, disable=unseen) as progress, _compilation_told():
        yield progress


@contextmanager
def _compilation_told() -> Iterator[None]:
    """Say on standard error, once, that loops are compiled, in this process or in one that works for it."""
    since, over = time.time(), threading.Event()

    def watch() -> None:
        while not over.wait(1.0):
            if compiled.begun() >= since:
                print("compiling the inner loops, once: some 20 s beyond any time limit", file=sys.stderr, flush=True)
                return

    if compiled.CACHE is None:
        print(NOT_KEPT, file=sys.stderr, flush=True)
    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def terminal() -> Console:
    """Standard output; a pipe gets lines long enough for the tables."""
    if not sys.stdout.isatty():
        return Console(width=PIPE_WIDTH)
    return Console(width=os.get_terminal_size(sys.stdout.fileno()).columns or TERMINAL_WIDTH)


def as_argument(path: str) -> str:
    """A path as a shell takes it; one with characters that cannot be seen in its notation for them."""
    return (
        shlex.quote(path)
        if path.isprintable()
        else "$'" + shown(path.replace("\\", "\\\\").replace("'", "\\'"), 2 * len(path)) + "'"
    )


def certificate_summary(certificate: dict[str, Any], path: str) -> None:
    """What a certificate claims, and how to have it checked."""
    console, gradient = terminal(), certificate["gradient"]
    lower, upper = (Fraction(gradient[key]) for key in ("lower", "upper"))
    methods = Counter(entry["evidence"]["method"] for entry in certificate["students"])
    ways = ", ".join(f"{count} by {method}" for method, count in sorted(methods.items()))
    name, ends = escape(shown(certificate["instance"]["name"])), (down(float(lower)), up(float(upper)))
    console.print(f"{name}: {ends[0]} <= sup |g_1| <= {ends[1]} ({ways})")
    verdicts = Counter(row["verdict"] for row in certificate["verdicts"])
    counts = f"{verdicts[HOLDS]} hold, {verdicts[FAILS]} fail, {verdicts[VACUOUS]} are vacuous"
    console.print(f"verdicts: {counts}; {sum(certificate['left_out'].values())} more are not restated")
    console.print(f"check it with: twolayer-proofs check {escape(as_argument(path))}", soft_wrap=True)


def check_table(result: Check, rows: Sequence[Verdict], most: int | None = LONGEST) -> None:
    """Print a line for each teacher node, the enclosure of one instance and the rows asked for, at most so many of them."""
    console = terminal()
    for match in result.matching[:most]:
        console.print(match_line(match), highlight=False)
    if most is not None and len(result.matching) > most:
        console.print(f"... and {len(result.matching) - most} more teacher nodes (--all prints them)", highlight=False)
    console.print()
    lower, upper = result.gradient
    console.print(
        f"[bold]{escape(shown(result.instance.name))}[/bold]   d' = {result.problem.dimension}, "
        f"{len(result.problem.teacher)} teacher and {len(result.problem.student)} student nodes",
        highlight=False,
    )
    at_samples = "" if result.sampled is None else f", {down(result.sampled)} at the samples"
    console.print(f"sup |g_1| in [{down(lower)}, {up(upper)}]{at_samples}   {result.seconds:.1f} s\n", highlight=False)
    for line in time_notes(result.limits):
        console.print(f"[yellow]{line}[/yellow]", highlight=False)
    if not rows:
        console.print(f"none of the {len(result.verdicts)} rows is as asked", highlight=False)
    elif console.width >= WIDE:
        console.print(rich_table(rows, most))
    else:
        stacked(console, COLUMNS[:-1], [(v.why, cells(v)[:-1], COLOURS[v.verdict]) for v in ordered(rows)[:most]])
    if most is not None and len(rows) > most:
        console.print(f"... and {len(rows) - most} more rows (--all prints them)\n", highlight=False)
        summary_table(summary(v.to_dict() for v in rows), console)


def stacked(
    console: Console, headings: Sequence[str], rows: Sequence[tuple[str, Sequence[str], str]], *, above: bool = False
) -> None:
    """A table for a narrow terminal: the long text of a row has lines of its own, above or below the other cells.

    rows: (text, cells, style)
    """
    widths = [max(map(len, column)) for column in zip(headings, *(row for _, row, _ in rows), strict=True)]
    right = [heading in RIGHT or above for heading in headings]
    margin = 2 if above else 0

    def line(row: Sequence[str], style: str) -> None:
        aligned = (cell.rjust(width) if end else cell.ljust(width) for cell, width, end in zip(row, widths, right, strict=True))
        console.print(Text(" " * margin + "  ".join(aligned).rstrip(), style), soft_wrap=True)

    line(headings, "bold")
    for text, row, style in rows:
        indented = Padding(Text(text), (0, 0, 0, 2 - margin))
        if above:
            console.print(indented)
        line(row, style)
        if not above:
            console.print(indented)


def match_line(match: Match) -> str:
    """A teacher node, its best student, and what is known of the two."""
    if match.measured is None:
        return f"teacher {match.teacher}: constant on the data's subspace, has no direction there"
    proved = "nothing proved"
    if match.bound is not None:
        largest = match.bound and math.nextafter(match.bound, 1)  # what the nearest float may stand for
        proved = f"proved at most {up(largest)} by observer {match.observer}"
    share = "share of the fan-out not certified"
    if match.recovered is not None:
        share = f"{100 * match.recovered:.4g} % of the fan-out recovered by the students near it"
    if match.student is None:
        return f"teacher {match.teacher}: no student has a direction there ({proved}); {share}"
    where = f"at sine {match.measured:.4g} ({proved}), offset {short(match.offset)}"
    return f"teacher {match.teacher}: student {match.student} {where}; {share}"


def time_notes(limits: Limits) -> list[str]:
    """What the time limit left undone, one sentence each."""
    notes = []
    if limits.gap:
        named = ", ".join(map(str, limits.gap[:NAMED])) + (", .." if len(limits.gap) > NAMED else "")
        notes.append(f"{len(limits.gap)} student nodes have an enclosure wider than the gap asked: {named}")
    if limits.statements:
        notes.append(f"{len(limits.statements)} rows were judged late, with fewer candidates or not at all")
    return notes


def summary(verdicts: Iterable[dict[str, Any]]) -> dict[str, dict[str, dict[str, int]]]:
    """How often each statement, in each form, got each verdict: {statement: {form: {verdict: count}}} of JSON rows."""
    counts = Counter((v["statement"], v["form"], v["verdict"]) for v in verdicts)
    out: dict[str, dict[str, dict[str, int]]] = {}
    for statement in STATEMENTS:
        for form in FORMS:
            row = {verdict: counts[statement, form, verdict] for verdict in VERDICTS if counts[statement, form, verdict]}
            if row:
                out.setdefault(statement, {})[form] = row
    return out


def summary_table(counts: dict[str, dict[str, dict[str, int]]], console: Console) -> None:
    """Print a summary."""
    table = Table(box=None, pad_edge=False)
    table.add_column("statement")
    table.add_column("form")
    for verdict in VERDICTS:
        table.add_column(verdict, justify="right")
    for statement, forms in counts.items():
        for form, row in forms.items():
            cells = (f"[{COLOURS[v]}]{row[v]}[/]" if v in row else "·" for v in VERDICTS)
            table.add_row(statement, form, *cells)
    console.print(table)


def down(x: float) -> str:
    """Four digits, never above x."""
    return _rounded(x, ROUND_FLOOR)


def up(x: float) -> str:
    """Four digits, never below x."""
    return _rounded(x, ROUND_CEILING)


def _rounded(x: float, rounding: str) -> str:
    """x to four digits, rounded in one direction."""
    if x == 0 or not math.isfinite(x):
        return f"{x:g}"
    exact_value = Decimal(x)
    step = Decimal(1).scaleb(exact_value.adjusted() - 3)
    return f"{exact_value.quantize(step, rounding=rounding, context=Context(prec=2000)):.3e}"
