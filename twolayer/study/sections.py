"""The sections of a report's page, in order.

A listed result is a result of the study without its instance's text, with "file", the path of that text.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from ..statements.showing import nodes, short
from ..statements.verdict import FAILS, FORMS, HOLDS, PRINTED, REPAIRED, SHARP, VERDICTS, Verdict
from .page import Markup, figure, table, tag
from .plots import Picture
from .readings import TELLING, Row, broken, first_round, is_telling
from .tables import STATEMENTS, up
from .words import GLOSSARY

TITLE = "Specialization in two-layer networks, checked"
PAPER = "Understanding Robustness in Teacher-Student Setting: A New Perspective"
CLOSEST = 12  # rows nearest to violation, for each form
HIGH = 6  # dimensions d' from which an instance counts as high-dimensional in the telling count


def opening(settings: Row, seconds: float, listed: Sequence[Row]) -> list[Markup]:
    """What was checked, what certified means, and the numbers to read first."""
    rows = [v for r in listed for v in r["verdicts"]]
    telling = [(r, v) for r in listed if r["trained_here"] for v in r["verdicts"] if is_telling(v)]
    homes = {r["name"]: r["dimension"] for r, _ in telling}
    high = sum(dimension >= HIGH for dimension in homes.values())
    failing, wrong = sum(v["form"] == PRINTED and v["verdict"] == FAILS for v in rows), broken(list(listed))
    tiles = (
        (len(listed), "instances"),
        (len(rows), "rows judged"),
        (failing, "printed rows fail"),
        (len(wrong), "repaired or sharp rows fail"),
        (len(telling), "telling rows (see below)"),
        (max((r["dimension"] for r in listed), default=0), "largest dimension d' of U"),
    )
    places = ("verdicts", "pictures", "instances", "worst cases", "all rows", "glossary", "settings")
    links = [tag("a", label.capitalize(), href=f"#{label.replace(' ', '-')}") for label in places]
    alarm = []
    if wrong:
        names = ", ".join(sorted({f"{row['form']} {row['statement']} on {name}" for name, row in wrong}))
        text = f"A repaired or sharp statement fails, which is a bug or a discovery: {names}."
        alarm = [tag("p", text, class_="alarm")]
    return [
        tag("h1", TITLE),
        tag("p", f"{settings.get('date', '')}, {seconds:.0f} s", class_="soft"),
        tag("nav", *links),
        *alarm,
        _introduction(),
        tag("div", *(tag("div", tag("b", f"{n:,}"), tag("span", label), class_="tile") for n, label in tiles), class_="tiles"),
        tag(
            "p",
            "Telling rows are sharp rows on angles that hold, not by coincidence, with a bound strictly "
            f"between 0 and {TELLING}, for students trained on U: {len(telling)} rows on "
            f"{len(homes)} instances, {high} of them with d'\u00a0≥\u00a0{HIGH}.",
        ),
    ]


def _introduction() -> Markup:
    return tag(
        "p",
        "Teacher networks were drawn on low-rank data, over-realised students were trained on them ",
        "from random weights (exact copies are built), and Theorems 1 to 3 and Corollary 1 of ",
        tag("cite", PAPER),
        " were judged on every student in three forms: ",
        tag("b", PRINTED),
        ", as the paper states them; ",
        tag("b", REPAIRED),
        ", the paper's argument with the hypotheses ",
        "that it needs; and ",
        tag("b", SHARP),
        ", the bounds of this project. ",
        tag("b", "Certified"),
        " means proved for this instance: the supremum of the hidden gradient |g₁|, over all points of U ",
        "∩ R at which a node is active and not over samples, lies between the value at a witness and an ",
        "upper bound; gradients, radii, angles and kink masses are computed in rational numbers or in balls ",
        "rounded outwards. A row says ",
        tag("b", HOLDS),
        " or ",
        tag("b", FAILS),
        " only where that ",
        "comparison is proved. Otherwise it is undecided (the enclosures overlap), vacuous (the bound says ",
        "nothing: a sine of 1 or more, a fan-out no smaller than the largest of either network) or ",
        "not-applicable (a hypothesis is not met). Sampled numbers enter no verdict.",
    )


def verdicts(counts: Row) -> list[Markup]:
    """How often each statement, in each form, got each verdict."""
    columns = [("statement", "word"), ("form", "word"), *((verdict, "number") for verdict in VERDICTS)]
    rows = [
        [statement, form, *(_count(counts[statement][form].get(v, 0), v) for v in VERDICTS)]
        for statement in STATEMENTS
        if statement in counts
        for form in FORMS
        if form in counts[statement]
    ]
    return [tag("h2", "Verdicts", id="verdicts"), table(columns, rows)]


def _count(n: int, verdict: str) -> Markup:
    return tag("span", f"{n:,}" if n else "·", class_=verdict if n else "none")


def illustrations(painted: Sequence[Picture], drawings: dict[str, str]) -> list[Markup]:
    """The pictures with their captions; drawings are the panels' SVG texts by name."""
    parts = [tag("h2", "Pictures", id="pictures")]
    for picture in painted:
        panels = [tag("div", figure(drawings[panel.name], panel.alt)) for panel in picture.panels]
        parts.append(
            tag(
                "figure", tag("h3", picture.heading), tag("div", *panels, class_="pictures"), tag("figcaption", picture.caption)
            )
        )
    return parts if painted else [*parts, tag("p", "This run has no data for any of them.")]


def instances(listed: Sequence[Row]) -> list[Markup]:
    """Every instance: sampled against certified gradient, rows that hold, sizes, link to its file."""
    columns = [
        ("instance", "name"),
        *(
            (heading, "number")
            for heading in (
                "sampled",
                "certified",
                "first: sampled",
                "certified",
                "holds: printed",
                "repaired",
                "sharp",
                "d'",
                "d",
                "teacher",
                "student",
                "C",
                "check, s",
            )
        ),
    ]
    rows = []
    for r in listed:
        first = first_round(r)
        holds = Counter(v["form"] for v in r["verdicts"] if v["verdict"] == HOLDS)
        rows.append(
            (
                _link(r),
                short(r["gradient"]["sampled"]),
                _above(r["gradient"]["upper"]),
                short(first[0]),
                _above(first[1]),
                *(holds[form] for form in FORMS),
                r["dimension"],
                r["ambient"],
                r["teacher_nodes"],
                r["student_nodes"],
                r["outputs"],
                f"{r['seconds']['check']:.1f}",
            )
        )
    return [
        tag("h2", "Instances", id="instances"),
        _hint(
            "Each link is an instance file, on which twolayer check gives the rows again. Sampled is the largest "
            "|g₁| over the training samples, certified an upper bound of the supremum, rounded up; first is the "
            "student of the first round, before any certified witness joined its samples; holds counts rows; "
            "teacher and student are numbers of nodes."
        ),
        table(columns, rows, tall=True),
    ]


def worst(listed: Sequence[Row]) -> list[Markup]:
    """The rows closest to violation, and the printed rows that fail, grouped by what they miss."""
    parts = [
        tag("h2", "Worst cases", id="worst-cases"),
        _hint(
            "Closest to violation: the rows that hold with the largest measured over bound, one for each "
            "training run. Above 1 the statement would fail."
        ),
    ]
    columns = [
        ("statement", "word"),
        ("measured / bound", "number"),
        ("bound", "number"),
        ("measured", "number"),
        ("nodes", "word"),
        ("proved by", "word"),
        ("instance", "name"),
    ]
    for form, proof in ((SHARP, ""), (REPAIRED, "guarded disc")):
        rows = [
            (
                v["statement"],
                f"{v['measured'] / v['bound']:.3f}",
                short(v["bound"]),
                short(v["measured"]),
                nodes_of(v),
                v["terms"].get("method", proof),
                _link(r),
            )
            for r, v in closest(listed, form)
        ]
        parts.append(tag("h3", form.capitalize()))
        parts.append(table(columns, rows) if rows else tag("p", "No row holds with a positive bound."))
    parts.append(tag("h3", "Printed rows that fail, by the hypothesis that would restore them"))
    groups = failures(listed)
    parts += [_group(statement, missing, failing) for (statement, missing), failing in groups.items()]
    return parts if groups else [*parts, tag("p", "None fails.")]


def _group(statement: str, missing: str, failing: Sequence[tuple[Row, Row]]) -> Markup:
    """Failing rows of one kind, instance by instance, each with the row furthest above its bound."""
    homes: dict[str, list[tuple[Row, Row]]] = defaultdict(list)
    for r, v in failing:
        homes[r["file"]].append((r, v))
    rows = []
    for mine in homes.values():
        furthest = min((v for _, v in mine), key=_share)
        rows.append((len(mine), short(furthest["bound"]), short(furthest["measured"]), nodes_of(furthest), _link(mine[0][0])))
    columns = [("rows", "number"), ("worst: bound", "number"), ("measured", "number"), ("nodes", "word"), ("instance", "name")]
    show = tag(
        "button",
        "show the rows",
        type="button",
        data_statement=statement,
        data_form=PRINTED,
        data_verdict=FAILS,
        data_search=f"hypothesis: {missing}",
    )
    title = tag(
        "summary",
        tag("b", f"{statement}, missing {missing or 'nothing that was tried'}"),
        f": {_many(len(failing), 'row')} on {_many(len(homes), 'instance')}",
    )
    return tag("details", title, tag("p", show), table(columns, rows, tall=True))


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def closest(listed: Sequence[Row], form: str) -> list[tuple[Row, Row]]:
    """The rows of a form that hold with the largest measured / bound, one for each training run."""
    holding = [
        (r, v)
        for r in listed
        for v in r["verdicts"]
        if v["form"] == form and v["verdict"] == HOLDS and v["bound"] and v["measured"] is not None
    ]
    runs: dict[str, tuple[Row, Row]] = {}
    for r, v in sorted(holding, key=lambda pair: -pair[1]["measured"] / pair[1]["bound"]):
        runs.setdefault(r["name"].split(", checkpoint")[0], (r, v))
    return list(runs.values())[:CLOSEST]


def failures(listed: Sequence[Row]) -> dict[tuple[str, str], list[tuple[Row, Row]]]:
    """Printed rows that fail, by (statement, missing hypotheses), the largest group first."""
    groups: dict[tuple[str, str], list[tuple[Row, Row]]] = defaultdict(list)
    for r in listed:
        for v in r["verdicts"]:
            if v["form"] == PRINTED and v["verdict"] == FAILS:
                groups[v["statement"], " + ".join(v.get("missing", ()))].append((r, v))
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def _share(row: Row) -> float:
    """Bound over measured: below 1 where a row fails, and the further above the bound, the smaller."""
    return row["bound"] / row["measured"] if row["bound"] is not None and row["measured"] else 0.0


def all_rows() -> list[Markup]:
    """The table that the page's script fills from its data, with the filters."""
    menus = [
        tag("label", key, tag("select", tag("option", "all", value=""), id=key))
        for key in ("statement", "form", "verdict", "family")
    ]
    field = Markup('<input id="search" type="search" autocomplete="off">')
    buttons = {
        key: tag("button", label, type="button", id=key)
        for key, label in (("back", "← back"), ("next", "next →"), ("clear", "clear filters"))
    }
    columns = [  # what a phone shows without scrolling comes first; report.js fills them in this order
        ("statement", "word"),
        ("form", "word"),
        ("verdict", "word"),
        ("bound", "number"),
        ("measured", "number"),
        ("measured / bound", "number"),
        ("nodes", "word"),
        ("instance", "name"),
        ("why (and factors)", "text"),
    ]
    return [
        tag("h2", "All rows", id="all-rows"),
        tag("div", *menus, tag("label", "search (all words)", field), class_="filters"),
        tag("div", buttons["back"], buttons["next"], tag("span", id="count"), buttons["clear"], class_="pager"),
        table(columns, [], tall=True, id="rows"),
        _hint(
            "A heading sorts; filters and order stay in the page's address. Numbers are rounded for reading; "
            "report.json has every digit."
        ),
        tag("noscript", tag("p", "This table needs JavaScript; report.json holds the same rows.")),
    ]


def glossary() -> list[Markup]:
    """Every letter and word of the page's tables and pictures."""
    return [
        tag("h2", "Glossary", id="glossary"),
        tag("dl", *(part for term, meaning in GLOSSARY for part in (tag("dt", term), tag("dd", meaning)))),
    ]


def circumstances(settings: Row, seconds: float) -> list[Markup]:
    """Versions, seed, hardware, time and the cases."""
    single = {key: value for key, value in settings.items() if key not in ("cases", "versions")}
    pairs = [*single.items(), ("seconds", f"{seconds:.1f}"), *settings.get("versions", {}).items()]
    parts = [
        tag("h2", "Settings", id="settings"),
        tag("dl", *(part for name, value in pairs for part in (tag("dt", name), tag("dd", value)))),
    ]
    cases = settings.get("cases", [])
    if cases:
        columns = list(dict.fromkeys(key for case in cases for key in case))
        rows = [[_setting(case.get(key, "")) for key in columns] for case in cases]
        inner = table([(key, "word") for key in columns], rows)
        parts.append(tag("details", tag("summary", f"{len(cases)} cases"), inner))
    return parts


def _setting(value: Any) -> str:
    return ", ".join(f"{key} {x}" for key, x in value.items()) if isinstance(value, dict) else str(value)


def nodes_of(row: Row) -> str:
    """The nodes of a row as the terminal shows them."""
    observers = tuple(row["observers"]) if "observers" in row else None
    return nodes(
        Verdict(
            row["statement"],
            row["form"],
            row["verdict"],
            row["measured"],
            row["bound"],
            "",
            teacher=row.get("teacher"),
            student=row.get("student"),
            observer=row.get("observer"),
            observers=observers,
        )
    )


def _link(result: Row) -> Markup:
    return tag("a", result["name"], href=result["file"])


def _hint(text: str) -> Markup:
    return tag("p", text, class_="hint")


def _above(x: float | None) -> str:
    """Four digits, never below x."""
    return "-" if x is None or not math.isfinite(x) else up(x)
