"""The report of a study: report.html (self-contained), report.json, figures, and every instance as a file.

Files are replaced whole: a reader sees the old one or the new one, never half of it.
"""
from __future__ import annotations

import io
import json
import math
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context

from ..statements.verdict import FAILS, HOLDS, PRINTED, REPAIRED, SHARP, Verdict
from . import page
from .canvas import STYLE
from .page import Markup, tag
from .plots import Panel, Picture, pictures
from .tables import FORMS, STATEMENTS, VERDICTS, nodes, short, up
from .verify import TELLING, broken, is_telling

Row = dict[str, Any]
CLOSEST = 12  # rows nearest to violation, for each form
PLAIN = {"Date": None, "Creator": None, "Format": None, "Type": None}  # SVG metadata, which would name addresses


def write_report(directory: Path, settings: Row, seconds: float, results: Sequence[Row], counts: Row) -> None:
    """Write report.html, report.json, figures/ and instances/ into the directory, which is made where missing.

    results  as `verify.examined` builds them        counts  as `verify.summary` does
    """
    files = instance_files(r["name"] for r in results)
    for r, file in zip(results, files, strict=True):
        _write(directory / file, r["instance"].encode())
    painted = pictures(results)
    drawings = {}
    for panel in (panel for picture in painted for panel in picture.panels):
        drawings[panel.name] = drawn(panel, "svg").decode()
        _write(directory / "figures" / f"{panel.name}.svg", drawings[panel.name].encode())
        _write(directory / "figures" / f"{panel.name}.png", drawn(panel, "png"))
    listed = [{**{key: value for key, value in r.items() if key != "instance"}, "file": file}
              for r, file in zip(results, files, strict=True)]
    whole = finite({"settings": settings, "seconds": seconds, "summary": counts, "instances": listed})
    _write(directory / "report.json", json.dumps(whole, allow_nan=False, indent=1).encode())
    body = [*_opening(settings, seconds, results), *_verdicts(counts), *_pictures(painted, drawings), *_instances(listed),
            *_worst(listed), *_all_rows(), *_settings(settings, seconds)]
    title = "Specialization in two-layer networks, checked"
    _write(directory / "report.html", page.document(title, body, compact(listed)).encode())


# -- files ------------------------------------------------------------------------------------------------------------


def _write(path: Path, content: bytes) -> None:
    """Write a file atomically, with its directory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def instance_files(names: Iterable[str]) -> list[str]:
    """Relative paths instances/<slug>.json, one for each name, all different."""
    taken: Counter[str] = Counter()
    paths = []
    for name in names:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        slug = stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:100] or "instance"
        while taken[slug]:
            taken[stem] += 1
            slug = f"{stem}-{taken[stem]}"
        taken[slug] += 1
        paths.append(f"instances/{slug}.json")
    return paths


def drawn(panel: Panel, kind: str) -> bytes:
    """A panel as the bytes of an SVG or PNG file; the same panel gives the same bytes."""
    out = io.BytesIO()
    with rc_context({**STYLE, "svg.hashsalt": panel.name}):
        panel.figure.savefig(out, format=kind, metadata=PLAIN if kind == "svg" else {"Software": None})
    return re.sub(rb"<!DOCTYPE.*?>\s*", b"", out.getvalue(), flags=re.S) if kind == "svg" else out.getvalue()


def finite(value: Any) -> Any:
    """The value with NaN and infinities as None, all the way down."""
    if isinstance(value, dict):
        return {key: finite(x) for key, x in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(x) for x in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def compact(listed: Sequence[Row]) -> Row:
    """All rows for the page's script, repeated words as positions in lists, terms rounded to six digits.

    A row is [instance, statement, form, verdict, nodes, measured, bound, why, [shape, values...]].
    """
    words: dict[str, dict[Any, int]] = {key: {} for key in ("nodes", "whys", "shapes")}
    words.update(statements={s: i for i, s in enumerate(STATEMENTS)}, forms={f: i for i, f in enumerate(FORMS)},
                 verdicts={v: i for i, v in enumerate(VERDICTS)})

    def place(kind: str, word: Any) -> int:
        return words[kind].setdefault(word, len(words[kind]))

    rows = []
    for i, r in enumerate(listed):
        for v in r["verdicts"]:
            terms = {**({"missing": v["missing"]} if v.get("missing") else {}), **v["terms"]}
            rows.append([i, place("statements", v["statement"]), place("forms", v["form"]), place("verdicts", v["verdict"]),
                         place("nodes", nodes_of(v)), v["measured"], v["bound"], place("whys", v["why"]),
                         [place("shapes", tuple(terms)), *(_rounded(x) for x in terms.values())]])
    return finite({**{kind: list(found) for kind, found in words.items()}, "rows": rows,
                   "families": list(dict.fromkeys(r["family"] for r in listed)),
                   "instances": [[r["name"], r["family"], r["file"]] for r in listed]})


def _rounded(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_rounded(x) for x in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def nodes_of(row: Row) -> str:
    """The nodes of a row as the terminal shows them."""
    places = {key: row.get(key) for key in ("teacher", "student", "observer")}
    observers = tuple(row["observers"]) if "observers" in row else None
    return nodes(Verdict(row["statement"], row["form"], row["verdict"], None, None, "", **places, observers=observers))


# -- sections of the page ---------------------------------------------------------------------------------------------


def _opening(settings: Row, seconds: float, results: Sequence[Row]) -> list[Markup]:
    rows = [v for r in results for v in r["verdicts"]]
    telling = [(r, v) for r in results if r["trained_here"] for v in r["verdicts"] if is_telling(v)]
    homes = {r["name"]: r["dimension"] for r, _ in telling}
    failing, wrong = sum(v["form"] == PRINTED and v["verdict"] == FAILS for v in rows), broken(list(results))
    tiles = ((len(results), "instances"), (len(rows), "rows judged"), (failing, "printed rows fail"),
             (len(wrong), "repaired or sharp rows fail"), (len(telling), f"telling rows: sharp, trained, bound in (0, {TELLING})"),
             (max((r["dimension"] for r in results), default=0), "largest dimension d' of U"))
    parts = [
        tag("h1", "Specialization in two-layer networks, checked"),
        tag("p", f"{settings.get('date', '')}, {seconds:.0f} s", class_="soft"),
        tag("nav", *(tag("a", label, href=f"#{place}") for place, label in (
            ("verdicts", "Verdicts"), ("pictures", "Pictures"), ("instances", "Instances"), ("worst", "Worst cases"),
            ("all-rows", "All rows"), ("settings", "Settings")))),
        tag("p", "Teacher networks were drawn on low-rank data, over-realised students were trained on them from random weights, "
            "and Theorems 1 to 3 and Corollary 1 of ", tag("cite", "Understanding Robustness in Teacher-Student Setting: A New "
            "Perspective"), " were judged on every student in three forms: ", tag("b", "printed"), ", as the paper states them; ",
            tag("b", "repaired"), ", the paper's argument with the hypotheses it needs; and ", tag("b", "sharp"),
            ", the bounds of this project. ", tag("b", "Certified"), " means proved for this instance: the supremum of the "
            "hidden gradient |g₁|, over all points of U ∩ R at which a node is active and not over samples, lies between the value "
            "at a witness and an upper bound; gradients, radii, angles and kink masses are computed in rational numbers or in "
            "balls rounded outwards. A row says ", tag("b", "holds"), " or ", tag("b", "fails"), " only where that comparison is "
            "proved. Otherwise it says undecided (the enclosures overlap), vacuous (the bound says nothing) or not-applicable (a "
            "hypothesis is not met). Sampled numbers enter no verdict."),
        tag("div", *(tag("div", tag("b", f"{n:,}"), tag("span", label), class_="tile") for n, label in tiles), class_="tiles"),
        tag("p", f"{len(telling)} sharp rows on angles hold, not by coincidence, with a bound strictly between 0 and {TELLING}, "
            f"on {len(homes)} instances with students trained there, {sum(d >= 6 for d in homes.values())} of them with d' ≥ 6.")]
    if wrong:
        names = ", ".join(sorted({f"{row['form']} {row['statement']} on {name}" for name, row in wrong}))
        parts.insert(2, tag("p", f"A repaired or sharp statement fails, a bug or a discovery: {names}.", class_="alarm"))
    return parts


def _verdicts(counts: Row) -> list[Markup]:
    rows = [[statement, form, *(_count(counts[statement][form].get(verdict, 0), verdict) for verdict in VERDICTS)]
            for statement in STATEMENTS if statement in counts for form in FORMS if form in counts[statement]]
    return [tag("h2", "Verdicts", id="verdicts"), page.table(("statement", "form", *VERDICTS), rows, words=2)]


def _count(n: int, verdict: str) -> Markup:
    return tag("span", f"{n:,}" if n else "·", class_=verdict if n else "none")


def _pictures(painted: Sequence[Picture], drawings: dict[str, str]) -> list[Markup]:
    parts = [tag("h2", "Pictures", id="pictures")]
    for picture in painted:
        panels = [tag("div", page.figure(drawings[panel.name], panel.alt)) for panel in picture.panels]
        parts.append(tag("figure", tag("h3", picture.heading), tag("div", *panels, class_="pictures"),
                         tag("figcaption", picture.caption)))
    return parts if painted else [*parts, tag("p", "This run has no data for any of them.")]


def _instances(listed: Sequence[Row]) -> list[Markup]:
    columns = ("instance", "family", "d'", "d", "teacher", "student", "C", "first round: sampled", "certified",
               "now: sampled", "certified", *(f"{form} holds" for form in FORMS), "check, s")
    rows = []
    for r in listed:
        first = r["rounds"][0] if r["rounds"] and r["trained_here"] else (None, None)
        holds = Counter(v["form"] for v in r["verdicts"] if v["verdict"] == HOLDS)
        rows.append((_link(r), r["family"], r["dimension"], r["ambient"], r["teacher_nodes"], r["student_nodes"], r["outputs"],
                     short(first[0]), _above(first[1]), short(r["gradient"]["sampled"]), _above(r["gradient"]["upper"]),
                     *(holds[form] for form in FORMS), f"{r['seconds']['check']:.1f}"))
    return [tag("h2", "Instances", id="instances"),
            tag("p", "Each link is an instance file, on which twolayer check gives the rows again. Sampled numbers are the largest "
                "|g₁| over the training samples, certified ones upper bounds of the supremum, rounded up. The first round is the "
                "student before any certified witness joined its samples.", class_="hint"),
            page.table(columns, rows, words=2, class_="wide")]


def _worst(listed: Sequence[Row]) -> list[Markup]:
    columns = ("instance", "statement", "nodes", "by", "measured", "bound", "measured / bound")
    parts = [tag("h2", "Worst cases", id="worst"), tag("h3", "Closest to violation"),
             tag("p", "Rows that hold with the largest measured over bound; at 1 the statement would fail.", class_="hint")]
    for form in (SHARP, REPAIRED):
        found = closest(listed, form)
        parts.append(tag("h3", f"{form}"))
        parts.append(page.table(columns, [
            (_link(r), v["statement"], nodes_of(v), v["terms"].get("method", ""), short(v["measured"]), short(v["bound"]),
             f"{v['measured'] / v['bound']:.3f}") for r, v in found], words=4, class_="wide")
            if found else tag("p", "No row holds with a positive bound."))
    parts.append(tag("h3", "Printed statements that fail, by the hypothesis that would restore them"))
    groups = failures(listed)
    for (statement, missing), found in groups.items():
        homes = defaultdict(list)
        for r, v in found:
            homes[r["file"]].append((r, v))
        rows = [(_link(mine[0][0]), len(mine), nodes_of(worst), short(worst["measured"]), short(worst["bound"]))
                for mine in homes.values() for worst in [min((v for _, v in mine), key=_margin)]]
        show = tag("button", "show the rows", type="button", data_statement=statement, data_form=PRINTED,
                   data_verdict=FAILS, data_search=f"hypothesis: {missing}")
        summary = tag("summary", tag("b", f"{statement}, missing {missing}"), f": {len(found)} rows on {len(homes)} instances")
        parts.append(tag("details", summary, tag("p", show), page.table(
            ("instance", "rows", "the furthest above its bound", "measured", "bound"), rows, class_="wide")))
    return parts if groups else [*parts, tag("p", "None fails.")]


def closest(listed: Sequence[Row], form: str) -> list[tuple[Row, Row]]:
    """The rows of a form that hold with the largest measured / bound, largest first."""
    holding = [(r, v) for r in listed for v in r["verdicts"]
               if v["form"] == form and v["verdict"] == HOLDS and v["bound"] and v["measured"] is not None]
    return sorted(holding, key=lambda pair: -pair[1]["measured"] / pair[1]["bound"])[:CLOSEST]


def failures(listed: Sequence[Row]) -> dict[tuple[str, str], list[tuple[Row, Row]]]:
    """Printed rows that fail, by (statement, missing hypotheses), the largest group first."""
    groups: dict[tuple[str, str], list[tuple[Row, Row]]] = defaultdict(list)
    for r in listed:
        for v in r["verdicts"]:
            if v["form"] == PRINTED and v["verdict"] == FAILS:
                groups[v["statement"], " + ".join(v.get("missing", ())) or "nothing that was tried"].append((r, v))
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def _margin(row: Row) -> float:
    """How far the bound stays below the measured side; smaller is worse, and bounds of 0 and less are worst."""
    return row["bound"] / row["measured"] if row["measured"] else 0.0


def _all_rows() -> list[Markup]:
    def menu(key: str) -> Markup:
        return tag("label", key, tag("select", tag("option", "all", value=""), id=key))

    order = tag("select", *(tag("option", label, value=value) for value, label in (
        ("", "as checked"), ("ratio", "measured / bound, largest first"), ("measured", "measured, largest first"),
        ("bound", "bound, largest first"))), id="order")
    search = tag("label", "search (all words)", Markup('<input id="search" type="search" autocomplete="off">'))
    columns = ("instance", "statement", "form", "nodes", "verdict", "measured", "bound", "measured / bound", "why (and factors)")
    return [
        tag("h2", "All rows", id="all-rows"),
        tag("div", *map(menu, ("statement", "form", "verdict", "family")), search, tag("label", "order", order), class_="filters"),
        tag("div", tag("button", "← back", type="button", id="back"), tag("button", "next →", type="button", id="next"),
            tag("span", id="count"), tag("button", "clear filters", type="button", id="clear"), class_="pager"),
        page.table(columns, [], words=9, class_="wide", id="rows"),
        tag("p", "j is a teacher node, k an observer, k' a student node. Numbers are rounded for reading; report.json has every "
            "digit.", class_="hint"),
        tag("noscript", tag("p", "This table needs JavaScript; report.json holds the same rows."))]


def _settings(settings: Row, seconds: float) -> list[Markup]:
    single = {key: value for key, value in settings.items() if key not in ("cases", "versions")}
    pairs = [*single.items(), ("seconds", f"{seconds:.1f}"), *settings.get("versions", {}).items()]
    parts = [tag("h2", "Settings", id="settings"), tag("dl", *(tag(name, x) for pair in pairs
                                                              for name, x in zip(("dt", "dd"), pair, strict=True)))]
    cases = settings.get("cases", [])
    if cases:
        columns = list(dict.fromkeys(key for case in cases for key in case))
        rows = [[_setting(case.get(key, "")) for key in columns] for case in cases]
        parts.append(tag("details", tag("summary", f"{len(cases)} cases"), page.table(columns, rows)))
    return parts


def _setting(value: Any) -> str:
    return ", ".join(f"{k} {x}" for k, x in value.items()) if isinstance(value, dict) else str(value)


def _link(result: Row) -> Markup:
    return tag("a", result["name"], href=result["file"])


def _above(x: float | None) -> str:
    """Four digits, never below x."""
    return "-" if x is None or not math.isfinite(x) else up(x)
