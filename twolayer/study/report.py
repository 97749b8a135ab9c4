"""The report of a study: report.html (self-contained), report.json, figures, and every instance as a file.

Files are replaced whole: a reader sees the old one or the new one, never half of it.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..drawing import PLAIN, painted
from ..files import written
from ..statements.verdict import FORMS, VERDICTS
from . import sections
from .page import document
from .plots import pictures
from .readings import Row
from .tables import STATEMENTS

LONGEST_SLUG = 100  # characters; file systems allow 255


def write_report(directory: Path, settings: Row, seconds: float, results: Sequence[Row], counts: Row) -> None:
    """Write report.html, report.json, figures/ and instances/ into the directory, made where missing.

    results  as `verify.examined` builds them        counts  as `verify.summary` does
    """
    files = instance_files(r["name"] for r in results)
    listed = []
    for r, file in zip(results, files, strict=True):
        written(directory / file, r["instance"].encode())
        listed.append({**{key: value for key, value in r.items() if key != "instance"}, "file": file})
    shown = pictures(results)
    drawings = {}
    for panel in (panel for picture in shown for panel in picture.panels):
        for kind in PLAIN:
            content = painted(panel.figure, panel.name, kind)
            written(directory / "figures" / f"{panel.name}.{kind}", content)
            if kind == "svg":
                drawings[panel.name] = content.decode()
    whole = finite({"settings": settings, "seconds": seconds, "summary": counts, "instances": listed})
    written(directory / "report.json", json.dumps(whole, allow_nan=False, indent=1).encode())
    body = [
        *sections.opening(settings, seconds, listed),
        *sections.verdicts(counts),
        *sections.illustrations(shown, drawings),
        *sections.instances(listed),
        *sections.worst(listed),
        *sections.all_rows(),
        *sections.glossary(),
        *sections.circumstances(settings, seconds),
    ]
    data = {**compact(listed), "texts": [r["instance"] for r in results]}  # the page may be sent without its folder
    written(directory / "report.html", document(sections.TITLE, body, data).encode())


def instance_files(names: Iterable[str]) -> list[str]:
    """Relative paths instances/<slug>.json, one for each name, all different."""
    paths: dict[str, None] = {}
    for name in names:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        stem = re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST_SLUG].strip("-") or "instance"
        path, number = f"instances/{stem}.json", 1
        while path in paths:
            number += 1
            path = f"instances/{stem}-{number}.json"
        paths[path] = None
    return list(paths)


def finite(value: Any) -> Any:
    """The value with NaN and infinities as None, all the way down."""
    if isinstance(value, dict):
        return {key: finite(x) for key, x in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(x) for x in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def compact(listed: Sequence[Row]) -> Row:
    """All rows for the page's script: repeated words as positions in lists, terms rounded to six digits.

    A row is [instance, statement, form, verdict, nodes, measured, bound, why, [shape, values...]]. A shape is
    the names of the values; the hypotheses that a failing row misses are one of them.
    """
    kinds = ("statements", "forms", "verdicts", "nodes", "whys", "shapes")
    words: dict[str, dict[Any, int]] = {kind: {} for kind in kinds}

    def place(kind: str, word: Any) -> int:
        return words[kind].setdefault(word, len(words[kind]))

    for kind, first in (("statements", STATEMENTS), ("forms", FORMS), ("verdicts", VERDICTS)):
        for word in first:
            place(kind, word)
    rows = []
    for i, r in enumerate(listed):
        for v in r["verdicts"]:
            terms = {**({"missing": v["missing"]} if v.get("missing") else {}), **v["terms"]}
            rows.append(
                [
                    i,
                    place("statements", v["statement"]),
                    place("forms", v["form"]),
                    place("verdicts", v["verdict"]),
                    place("nodes", sections.nodes_of(v)),
                    v["measured"],
                    v["bound"],
                    place("whys", v["why"]),
                    [place("shapes", tuple(terms)), *(_rounded(x) for x in terms.values())],
                ]
            )
    return finite(
        {
            **{kind: list(places) for kind, places in words.items()},
            "rows": rows,
            "families": list(dict.fromkeys(r["family"] for r in listed)),
            "instances": [[r["name"], r["family"], r["file"]] for r in listed],
        }
    )


def _rounded(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_rounded(x) for x in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
