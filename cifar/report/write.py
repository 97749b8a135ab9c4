"""`python -m cifar report --out DIR`: the paper's tables, figures and claims from the results in DIR.

Writes report.html (self-contained), report.json (every number), claims.md, tables/*.csv and figures/*.svg, *.png into
DIR/report. Files are replaced whole; the same results give the same bytes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from markupsafe import Markup

from twolayer.drawing import GRID, INK, PAPER, in_page
from twolayer.files import BadInput, written
from twolayer.process import Parser

from ..measures.robustness import CONFIDENT, RULES
from ..pages import filled
from ..settings import CHOICES
from . import tables
from .pictures import Picture, pictures
from .results import KINDS, START, Results, read
from .verdicts import telling
from .whole import Report, whole

TEMPLATES = Path(__file__).parent / "templates"
TITLE = "Robustness and specialisation on CIFAR-10, reproduced"
VARIABLES = {INK: "ink", PAPER: "figure", GRID: "line"}  # colours of a figure that a dark page replaces
HEADLINE = "headline"  # the figure of a README: the panels of MBNC beside each other


def main(argv: list[str]) -> int:
    parser = Parser(prog="python -m cifar report", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="results of `python -m cifar run`")
    parser.add_argument("--to", type=Path, metavar="DIR", help="where to write (default: report/ in --out)")
    options = parser.parse_args(argv)
    results = loaded(options.out)
    target = options.to or options.out / "report"
    for name, content in files(results).items():
        written(target / name, content)
    print(target / "report.html")
    return 0


def loaded(out: Path) -> Results:
    """The results in --out; what is left out is said on stderr. BadInput, one line, where there are none."""
    results = read(out)
    for file, why in results.left_out:
        print(f"cifar: left out {file}: {' '.join(why.split())}", file=sys.stderr)
    if not results.checkpoints:
        why = "".join(f"; {name} {failure.words}" for name, failure in results.failures.items())
        raise BadInput(
            f"{out} holds no results (runs/<run>/epoch-<n>.json){why}; "
            f"`python -m cifar run all --out {out} --data ...` makes them"
        )
    return results


def files(results: Results) -> dict[str, bytes]:
    """Every file of the report by name, report.html last."""
    from . import figures  # the only part that needs matplotlib

    report, shown = whole(results), pictures(results)
    panels = [panel for picture in shown for panel in picture.panels]
    drawn = {panel.name: figures.painted(panel) for panel in panels}
    named = {f"figures/{name}.{kind}": content for name, kinds in drawn.items() for kind, content in kinds.items()}
    if headline := [panel for panel in panels if panel.name.startswith(f"{HEADLINE}-mbnc")]:
        named[f"figures/{HEADLINE}.png"] = figures.painted(*headline)["png"]
    stored = {
        **report.facts,
        "tables": report.tables,
        "claims": [each.record for each in report.answers],
        "choices": CHOICES,
        "figures": [asdict(picture) for picture in shown],
        "patches": list(results.spectra),
        "results": [asdict(result) for result in results.checkpoints.values()],
    }
    return {
        **named,
        **texts(report),
        "report.json": (json.dumps(stored, sort_keys=True, indent=1, allow_nan=False) + "\n").encode(),
        "report.html": document(report, shown, {name: kinds["svg"].decode() for name, kinds in drawn.items()}).encode(),
    }


def texts(report: Report) -> dict[str, bytes]:
    """The files that need no drawing, by name: claims.md and tables/*.csv."""
    rows = []
    for each in report.answers:
        for rule, finding in (("paper", each.paper), (CONFIDENT, each.confident)):
            record = {"questions": [], "beside": []} if finding is None else finding.record
            for question in (*record["questions"], *record["beside"]):
                answered = {"verdict": "demonstration", **question, "answer": ""}
                if not report.demo:
                    answered = {"verdict": record["verdict"], **question}
                rows.append({"claim": each.claim.number, "rule": rule, **answered})
    csv = {name: tables.csv_text(lines) for name, lines in {**report.tables, "claims": rows}.items()}
    claims = filled(TEMPLATES / "claims.md", report=report, telling=telling) + "\n"
    return {**{f"tables/{name}.csv": text.encode() for name, text in csv.items()}, "claims.md": claims.encode()}


def front(results: Results) -> str:
    """The paragraph under a README's headline figure."""
    students = results.students
    images, attacked = (max((s.settings[key] for s in students), default=0) for key in ("images", "test_images"))
    size = f"{images:,} training images and at most {max((s.epoch for s in students), default=0)} epochs a student"
    return " ".join(filled(TEMPLATES / "front.md", report=whole(results), size=size, attacked=attacked).split())


def document(report: Report, pictures: Sequence[Picture], drawings: dict[str, str]) -> str:
    """The page: self-contained; nothing is fetched and nothing runs.   drawings: the panels' SVG texts by name"""
    results = report.results
    attacked = (student for student in results.students if student.counted(CONFIDENT, CONFIDENT))
    specialisation = ((depth, *tables.specialised(results, depth)) for depth in tables.SPECIALISED)
    return filled(
        TEMPLATES / "page.html",
        {"plain": plain, "number": number},
        title=TITLE,
        report=report,
        telling=telling,
        tables=[(table, rows) for table in tables.TABLES if (rows := tables.filled(results, table))],
        specialised=[(depth, readings, rows) for depth, readings, rows in specialisation if rows],
        headings=heading,
        start=START,
        kinds=len({student.kind for student in results.students} & set(KINDS)),
        tau=next((student.attacks[CONFIDENT][CONFIDENT]["tau"] for student in attacked), None),
        pictures=[
            (picture, [Markup(in_page(drawings[panel.name], panel.title, VARIABLES)) for panel in picture.panels])
            for picture in pictures
        ],
        choices=CHOICES,
    )


def heading(attack: str, rule: str) -> str:
    """Of a table's column."""
    return tables.ATTACKS[attack] + ("" if rule in (RULES[0], CONFIDENT) or attack != "linf" else f", {rule}")


def plain(value: Any) -> str:
    """A setting or fact in words."""
    if isinstance(value, list | tuple):
        return (", " if value and isinstance(value[0], list | tuple) else "-").join(map(plain, value)) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value) or "none"


def number(value: float | str | None, digits: int = 2, absent: str = "") -> str:
    return value if isinstance(value, str) else absent if value is None else f"{value:.{digits}f}"
