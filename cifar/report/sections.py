"""The sections of the report's page, in order: headline, claims, tables, figures, choices, runs, circumstances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..measures.robustness import RULES
from ..runs.failures import NOT_RUN
from .claims import Claim
from .comparisons import NO, NOISE, NOT_ENOUGH, YES, Finding, Step
from .page import Markup, figure, table, tag
from .pictures import Picture
from .results import Results, label
from .tables import Filled, Table

TITLE = "Robustness and specialisation on CIFAR-10, reproduced"
PAPER = "Understanding Robustness in Teacher-Student Setting: A New Perspective"
CLASS = {YES: "yes", NO: "no", NOT_ENOUGH: "open"}
Judged = Sequence[tuple[Claim, Finding, dict[str, str]]]  # claim, by the headline rule, verdicts by the other rules


def opening(
    results: Results, facts: dict[str, Any], judged: Judged, picture: Picture, drawings: dict[str, str]
) -> list[Markup]:
    """What this is, the numbers to read first, the headline picture."""
    verdicts = Counter(finding.verdict for _, finding, _ in judged)
    tiles = (
        (len(facts["runs"]), "runs"),
        (len(results.students), "checkpoints of students"),
        (verdicts[YES], "claims: yes"),
        (verdicts[NO], "claims: no"),
        (verdicts[NOT_ENOUGH], "claims: not enough data"),
        (facts["images"], "images"),
        (facts["profile"], "profile"),
    )
    places = ("claims", "tables", "figures", "choices", "runs", "circumstances")
    return [
        tag("h1", TITLE),
        tag("nav", *(tag("a", place.capitalize(), href=f"#{place}") for place in places)),
        tag(
            "p",
            "The experiments of ",
            tag("cite", PAPER),
            " on real images: students trained to imitate a pruned "
            "teacher, attacked, and compared with it node by node. Robust accuracy is the share of adversarial images on "
            "which the student answers what the teacher answers there; every number stands beside the printed one.",
        ),
        *(tag("p", warning, class_="alarm") for warning in facts["warnings"]),
        tag("div", *(tag("div", tag("b", n), tag("span", words), class_="tile") for n, words in tiles), class_="tiles"),
        *_picture(picture, drawings, results),
    ]


def claims(judged: Judged) -> list[Markup]:
    """The twelve claims with verdict, rule and numbers."""
    parts = [
        tag("h2", "Claims", id="claims"),
        tag(
            "p",
            (
                f"A comparison of robust accuracies counts when it exceeds {NOISE:g} standard errors of the difference (binomial); "  # noqa: E501
                "comparisons of MBNC and eps are between single trained students and have no error bar. One comparison that fails "  # noqa: E501
                "makes a claim “no”; one within noise or not run leaves “not enough data”."
            ),
            class_="hint",
        ),
    ]
    for claim, finding, others in judged:
        said = claim.of_the_print
        beside = [f"The same rule on the paper's printed numbers: {said.verdict}."] if said else []
        beside += (
            ["Counted by other rules: " + ", ".join(f"{rule} {verdict}" for rule, verdict in others.items()) + "."]
            if set(others.values()) - {finding.verdict}
            else []
        )
        steps = [(step.what, step.value, _mark(step)) for step in finding.steps]
        steps += [(step.what, step.value, "") for step in finding.beside]
        parts.append(
            tag(
                "div",
                tag("p", f"{claim.number}. {claim.statement} ", _verdict(finding.verdict)),
                tag("p", telling(finding), class_="hint"),
                tag(
                    "details",
                    tag("summary", "Rule and numbers"),
                    tag("p", f"Yes when: {claim.rule}", class_="hint"),
                    *(tag("p", words, class_="hint") for words in beside),
                    table([("what", "text"), ("numbers", "text"), ("holds", "word")], steps),
                ),
                class_="claim",
            )
        )
    return parts


def _verdict(verdict: str) -> Markup:
    return tag("span", verdict, class_=CLASS[verdict])


def _mark(step: Step) -> Markup:
    return _verdict(YES if step.holds else NO) if step.holds is not None else tag("span", "open", class_="open")


def telling(finding: Finding) -> str:
    """What decides: the failing steps, else how many hold and how many are open; one or two steps in full."""
    if finding.verdict == NO:
        failing = [step for step in finding.steps if step.holds is False]
        more = f" and {len(failing) - 2} more" if len(failing) > 2 else ""
        return f"Fails: {'; '.join(f'{step.what}: {step.value}' for step in failing[:2])}{more}."
    if len(finding.steps) <= 2:
        return "; ".join(f"{step.what}: {step.value}" for step in finding.steps) + "."
    held = sum(step.holds is True for step in finding.steps)
    unrun = sum(step.holds is None and (not step.numbers or None in step.numbers) for step in finding.steps)
    noisy = len(finding.steps) - held - unrun
    counts = (
        f"{held} of {len(finding.steps)} comparisons hold"
        + (f", {noisy} within noise" if noisy else "")
        + (f", {unrun} not run" if unrun else "")
    )
    known = [step for step in finding.steps if len(step.numbers) == 2 and None not in step.numbers]
    closest = min(known, key=_margin, default=None)
    return f"{counts}; the closest: {closest.what}: {closest.value}." if closest else f"{counts}."


def _margin(step: Step) -> float:
    """The relative distance of a comparison's sides."""
    left, right = (side or 0.0 for side in step.numbers)
    return abs(left - right) / max(abs(left), abs(right), 1e-12)


def tables(filled: Sequence[Table]) -> list[Markup]:
    """Each table in the paper's shape by the headline rule, then by every rule."""
    parts = [
        tag("h2", "Tables", id="tables"),
        tag(
            "p",
            (
                "Robust accuracy in per cent (variance of the fractions over repeats), and the paper's number. Headline rule: the last "  # noqa: E501
                "iterate, against the teacher's answer there. Under each table all counting rules: highest, the iterate of highest "  # noqa: E501
                "loss; any, a student wrong at any kept iterate counts as wrong; clean-label, against the teacher's answer at the "  # noqa: E501
                "clean image."
            ),
            class_="hint",
        ),
    ]
    for each in filled:
        printed = each.printed
        number = printed.name.removeprefix("table-").partition("-")[0]
        title = printed.title if "Table" in printed.title else f"Table {number}: {printed.title}"
        rows = [[row, *(_cell(each.at(row, column)) for column in printed.columns)] for row in printed.rows]
        other = [
            [cell.cell.row, cell.cell.column, *(_mean(cell, rule) for rule in RULES), _printed(cell)] for cell in each.cells
        ]
        columns = [("row", "word"), ("column", "word"), *((rule, "number") for rule in RULES), ("paper", "number")]
        parts += [
            tag("h3", title, id=printed.name),
            table([("", "word"), *((c, "number") for c in printed.columns)], rows),
            tag("p", _source(each), class_="hint"),
            tag(
                "details",
                tag("summary", "By every counting rule"),
                table(columns, other, tall=True),
                tag("p", _source(each), class_="hint"),
            ),
        ]
    return parts


def _source(each: Table) -> str:
    counts = sorted({result.settings["test_images"] for result in each.done})
    ran = sum(cell.ran for cell in each.cells)
    if not ran:
        return "Images: none; no cell was run."
    return (
        f"Images: {each.images}; {' or '.join(f'{count:,}' for count in counts)} test images; {ran} of {len(each.cells)} "
        f"cells run. tables/{each.printed.name}.csv"
    )


def _cell(cell: Filled) -> Markup:
    counted = cell.counted()
    below = tag("small", "paper ", _printed(cell))
    if counted is None:
        return tag("span", tag("span", cell.absent, class_="lost"), below)
    return tag("span", tag("b", f"{counted['mean']:.2f}"), tag("small", f"({counted['variance']:.1e})"), below)


def _mean(cell: Filled, rule: str) -> str:
    counted = cell.counted(rule)
    return cell.absent if counted is None else f"{counted['mean']:.2f}"


def _printed(cell: Filled) -> str:
    return cell.cell.printed if isinstance(cell.cell.printed, str) else f"{cell.cell.printed:.2f}"


def figures(painted: Sequence[Picture], drawings: dict[str, str], results: Results) -> list[Markup]:
    """Every figure but the headline; drawings are the panels' SVG texts by name."""
    return [tag("h2", "Figures", id="figures"), *(part for picture in painted for part in _picture(picture, drawings, results))]


def _picture(picture: Picture, drawings: dict[str, str], results: Results) -> list[Markup]:
    panels = [tag("div", figure(drawings[panel.name], f"{picture.heading}: {panel.title}")) for panel in picture.panels]
    reasons = {name: f" ({why})" if (why := results.absent(name)) != NOT_RUN else "" for name in picture.missing}
    missing = ", ".join((label(name) if "@" in name else name) + why for name, why in reasons.items())
    caption = f"{picture.caption} Not run: {missing}." if missing else picture.caption
    body = tag("div", *panels, class_="pictures" if len(panels) % 2 else "pictures even")
    return [tag("figure", tag("h3", picture.heading), body, tag("figcaption", caption.strip()))]


def choices(settled: dict[str, str]) -> list[Markup]:
    """What the paper leaves open and this project chose."""
    return [
        tag("h2", "Choices", id="choices"),
        tag("p", "What the paper leaves open, and what was done here.", class_="hint"),
        _pairs(settled),
    ]


def runs(facts: dict[str, Any]) -> list[Markup]:
    """Every run: what differs from the settings most runs share, seconds, hardware, commits of the code."""
    columns = [
        ("run", "word"),
        ("epochs (paper's)", "name"),
        ("settings of its own", "text"),
        ("clean accuracy", "number"),
        ("seconds", "number"),
        ("device", "word"),
        ("images", "word"),
        ("commit", "word"),
    ]
    rows = [
        (
            run["run"],
            ", ".join(f"{e} ({p})" for p, e in run["checkpoints"]),
            _settings(run["own"]),
            f"{100 * run['clean']['accuracy']:.2f}",
            "?" if run["seconds"] is None else f"{sum(run['seconds'].values()):,.0f}",
            run["device"],
            run["images"],
            run["commits"],
        )
        for run in facts["runs"]
    ]
    rows += [(name, words, *[""] * (len(columns) - 2)) for name, words in facts["failures"].items()]
    return [
        tag("h2", "Runs", id="runs"),
        table(columns, rows, tall=True),
        tag("details", tag("summary", "Settings that most runs share"), _pairs(facts["shared"])),
    ]


def circumstances(facts: dict[str, Any]) -> list[Markup]:
    """Versions, hardware, seconds, files left out."""
    left = [tag("p", "Left out:"), tag("ul", *(tag("li", f"{file}: {why}") for file, why in facts["left_out"]))]
    parts = [tag("h2", "Circumstances", id="circumstances"), _pairs(facts["circumstances"])]
    return [*parts, *(left if facts["left_out"] else [])]


def _settings(own: dict[str, Any]) -> str:
    return "; ".join(f"{key} {_plain(value)}" for key, value in own.items())


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return (", " if value and isinstance(value[0], list) else "-").join(map(_plain, value)) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value) or "none"


def _pairs(values: dict[str, Any]) -> Markup:
    return tag("dl", *(part for name, value in values.items() for part in (tag("dt", name), tag("dd", _plain(value)))))
