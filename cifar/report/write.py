"""`python -m cifar report --out DIR`: the paper's tables, figures and claims from the results in DIR.

Writes report.html (self-contained), report.json (every number), claims.md, tables/*.csv and figures/*.svg, *.png into
DIR/report. Files are replaced whole; the same results give the same bytes.
"""

from __future__ import annotations

import json
import platform
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from twolayer.drawing import GRID, INK, PAPER, in_page
from twolayer.files import BadInput, written
from twolayer.process import Parser

from ..experiments import grid as experiments
from ..files import filled
from ..measures.robustness import CONFIDENT
from ..settings import CHOICES, training_part
from . import tables
from .claims import Answer, answers, telling
from .pictures import Picture, pictures
from .results import KINDS, START, Result, Results, read

TEMPLATES = Path(__file__).parent / "templates"
TITLE = "Robustness and specialisation on CIFAR-10, reproduced"
VARIABLES = {INK: "ink", PAPER: "figure", GRID: "line"}  # colours of a figure that a dark page replaces
HEADLINE = "headline"  # the figure of a README: the panels of MBNC beside each other
COMPILED = ("name", "attacks", "checkpoints", "seed")  # settings that have a place of their own
COMMIT_DIGITS, FULL_DIGITS = 12, 40  # shown, stored; what follows is the mark of a checkout with changes
TIMES = ("train", "evaluate", "features")  # of a run's seconds; "processor" counts the same work again


@dataclass(frozen=True, eq=False)
class Report:
    """All that its parts are written from.   facts: circumstances;  answers: every claim's;  tables: rows of each CSV file"""

    results: Results
    facts: dict[str, Any]
    answers: list[Answer]
    tables: dict[str, list[dict[str, Any]]]

    @property
    def demo(self) -> bool:
        """A demonstration has numbers and no verdicts: it is judged by nobody."""
        return self.facts["profile"] == "demo"

    @property
    def counts(self) -> dict[str, Counter[str]]:
        """How many claims have which verdict under the paper's attack, and under confident where an attack enters."""
        sure = (each.confident.verdict for each in self.answers if each.confident)
        return {"paper": Counter(each.paper.verdict for each in self.answers), "confident": Counter(sure)}


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


def whole(results: Results) -> Report:
    return Report(results, facts(results), answers(results), tables.lines(results))


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
            record = finding.record if finding else {"questions": [], "beside": []}
            for question in (*record["questions"], *record["beside"]):
                row = {"claim": each.claim.number, "rule": rule, "verdict": record["verdict"], **question}
                rows.append({**row, "verdict": "demonstration", "answer": ""} if report.demo else row)
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
        attacks=tables.ATTACKS,
        start=START,
        kinds=len({student.kind for student in results.students} & set(KINDS)),
        tau=next((student.attacks[CONFIDENT][CONFIDENT]["tau"] for student in attacked), None),
        pictures=[
            (picture, [Markup(in_page(drawings[panel.name], panel.title, VARIABLES)) for panel in picture.panels])
            for picture in pictures
        ],
        choices=CHOICES,
    )


def plain(value: Any) -> str:
    """A setting or fact in words."""
    if isinstance(value, list | tuple):
        return (", " if value and isinstance(value[0], list | tuple) else "-").join(map(plain, value)) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value) or "none"


def number(value: float | str | None, digits: int = 2, absent: str = "") -> str:
    return value if isinstance(value, str) else absent if value is None else f"{value:.{digits}f}"


def facts(results: Results) -> dict[str, Any]:
    """Circumstances: runs with their settings and seconds, images, profile, hardware, versions, and what a reader must know
    first (warnings.md)."""
    everything = list(results.checkpoints.values())
    shared = _shared([result.settings for result in results.students])
    names = dict.fromkeys(result.run for result in everything)
    runs = [_run(name, [result for result in everything if result.run == name], shared) for name in names]
    profile = profile_of(everything)
    grid = experiments.grid(profile) if profile in experiments.PROFILES else {}
    seconds = [sum(run["seconds"].values()) for run in runs if run["seconds"] is not None]
    versions = {
        key: ", ".join(sorted({str(r.timing[key]) for r in everything if key in r.timing})) or "unknown"
        for key in ("device", "torch", "python")
    }
    told: dict[str, Any] = {
        "profile": profile,
        "images": " + ".join(sorted({str(result.data["source"]) for result in everything})) or "none",
        "failures": {name: failure.words for name, failure in results.failures.items()},
    }
    missing = [name for name, run in grid.items() if results.get(f"{name}@{run.checkpoints[-1][0]}") is None]
    digests = len({result.data.get("sha256") for result in everything})
    warnings = filled(TEMPLATES / "warnings.md", **told, missing=missing, digests=digests)
    circumstances = {
        "hardware": versions["device"],
        "seconds in all": f"{sum(seconds):,.0f} of {len(seconds)} runs",
        "torch of the runs": versions["torch"],
        "python of the runs": versions["python"],
        "commits of the code": ", ".join(sorted({name for result in everything for name in _commits(result)})),
        "report": f"python {platform.python_version()}, numpy {np.__version__}",
        "images": told["images"],
    }
    told |= {"warnings": warnings.splitlines(), "runs": runs, "shared": shared, "seconds": sum(seconds)}
    return told | {"circumstances": circumstances, "left_out": results.left_out}


def _run(name: str, mine: list[Result], shared: dict[str, Any]) -> dict[str, Any]:
    """One run; its seconds are those of its last checkpoint, which count the ones before."""
    ordered = sorted(mine, key=lambda result: result.epoch)
    last = ordered[-1]
    seconds = last.timing.get("seconds")
    return {
        "run": name,
        "checkpoints": [(result.paper_epoch, result.epoch) for result in ordered],
        "own": {key: value for key, value in last.settings.items() if key not in COMPILED and shared.get(key) != value},
        "clean": last.clean,
        "seconds": seconds and {key: seconds.get(key, 0.0) for key in TIMES},
        "device": last.timing.get("device", "unknown"),
        "images": last.data["source"],
        "commits": ", ".join(_commits(last)),
    }


def _commits(result: Result) -> list[str]:
    """The commits of the code of a result, short; "none" is code outside of a checkout."""
    if "commits" not in result.timing:
        return ["unknown"]
    return ["none" if name is None else name[:COMMIT_DIGITS] + name[FULL_DIGITS:] for name in result.timing["commits"]]


def _shared(settings: list[dict[str, Any]]) -> dict[str, Any]:
    """The commonest value of every setting."""
    commonest = {}
    for key in sorted({key for each in settings for key in each} - set(COMPILED)):
        texts = Counter(json.dumps(each[key]) for each in settings if key in each)
        commonest[key] = json.loads(max(sorted(texts), key=texts.__getitem__))
    return commonest


def profile_of(results: list[Result]) -> str:
    """The profile with whose settings all runs were trained: "paper", "standard", "demo", or "of its own"."""
    for name in experiments.PROFILES:
        grid = experiments.grid(name)
        if all(r.run in grid and training_part(grid[r.run].record) == training_part(r.settings) for r in results):
            return name
    return "of its own"
