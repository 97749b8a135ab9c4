"""The figures of a report, each with a caption: what is seen, and which hypothesis or theorem it is about.

Every function takes the results of a study and returns a picture, or None where they have nothing for it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from ..plotting import (
    BAND,
    COLOUR,
    INK,
    MARK,
    SHADE,
    STROKE,
    STYLE,
    bound_on_sine,
    cloud,
    decades,
    diagonal,
    floor_below,
    has_positive_bound,
    median_line,
    multiples,
    new_axes,
    onto,
    rows_by_pair,
    sine_to_student,
)
from ..statements.showing import short
from ..statements.verdict import FAILS, FORMS, HOLDS, PRINTED, REPAIRED, SHARP, VERDICTS
from .readings import ALONG, Row, angles_on_subspace, different_points, gradient_point, judged_rows, least_errors, training_runs

CROSSWISE = "thin directions"  # a family with a picture of its own
SIDES = (("U = X", True, "o", COLOUR[SHARP]), ("U ⊥ X", False, "D", COLOUR[PRINTED]))  # bool: trained there


@dataclass(frozen=True, eq=False)
class Panel:
    """One figure, the name of its files, and what a reader who cannot see it is told."""

    name: str
    alt: str
    figure: Figure


@dataclass(frozen=True, eq=False)
class Picture:
    """Panels that belong together, under one heading and one caption."""

    heading: str
    caption: str
    panels: tuple[Panel, ...]


def pictures(results: Sequence[Row]) -> list[Picture]:
    """All pictures for which the results have data, in reading order."""
    painters = (
        along_training,
        shares_along_training,
        sampled_against_certified,
        angles_against_bounds,
        fan_outs_against_bounds,
        gains,
        across,
    )
    with rc_context(STYLE):
        painted = [paint(results) for paint in painters]
    return [picture for picture in painted if picture is not None]


def along_training(results: Sequence[Row]) -> Picture | None:
    """Theorem 2 along training runs: measured sine and the three bounds as the certified gradient falls."""
    panels: list[Panel] = []
    for name, students in training_runs(results).items():
        along = [rows_by_pair(r) for r in students]
        pairs = [pair for pair, forms in along[-1].items() if all(has_positive_bound(forms.get(form)) for form in FORMS)]
        if not pairs:
            continue
        gradient = [r["gradient"]["upper"] for r in students]
        figure, axes = new_axes(
            "certified sup |g₁|, training goes right", "sine", f"d' = {students[0]['dimension']}, {len(pairs)} pairs"
        )
        for form in FORMS:
            bounds = [[bound_on_sine(forms.get(pair, {}).get(form)) for pair in pairs] for forms in along]
            median_line(axes, gradient, bounds, f"{form} bound", COLOUR[form], STROKE[form])
        sines = [[sine_to_student(forms.get(pair, {})) for pair in pairs] for forms in along]
        median_line(axes, gradient, sines, "measured", INK, "solid", marker="o", markersize=3)
        decades(axes, "x", min(gradient) / 2, max(1.0, *gradient))
        decades(axes, "y", min((x for values in sines for x in values if x > 0), default=1e-3) / 2, 1.0)
        axes.invert_xaxis()
        axes.legend(loc="lower left")
        number = len(panels) + 1
        panels.append(Panel(f"training-{number}", f"Measured sine and bounds: {name}", figure))
    if not panels:
        return None
    return Picture(
        "Angles close as the gradient falls",
        (
            "Theorem 2 along training runs, one student after another, from a certified gradient near 1 "
            f"down. Lines are medians over (teacher node, observer) pairs, bands run from the {BAND[0]}th to "
            f"the {BAND[1]}th percentile. The pairs are those for which all three forms give a positive "
            "bound on the last student, so that the forms are compared on equal terms; where a form says "
            "nothing on an earlier student, 1 is counted, and a printed bound of 0 or less (alpha < 0) is "
            "left out. A theorem must stay above the measured line; the distance between them is what its "
            "constant gives away."
        ),
        tuple(panels),
    )


def shares_along_training(results: Sequence[Row]) -> Picture | None:
    """Fan-out recovery along training runs: the share that is not recovered and its bound as the certified gradient falls."""
    panels: list[Panel] = []
    for name, students in training_runs(results).items():
        along = [least_errors(r) for r in students]
        teachers = sorted(along[-1])
        shares = [[rows[j]["measured"] or np.nan if j in rows else np.nan for j in teachers] for rows in along]
        errors = [[rows[j]["bound"] or np.nan if j in rows else 1.0 for j in teachers] for rows in along]
        if not teachers or np.isnan(shares).all():
            continue
        gradient = [r["gradient"]["upper"] for r in students]
        nodes = f"{len(teachers)} teacher node{'' if len(teachers) == 1 else 's'}"
        figure, axes = new_axes(
            "certified sup |g₁|, training goes right", "share not recovered", f"d' = {students[0]['dimension']}, {nodes}"
        )
        median_line(axes, gradient, errors, "certified error", COLOUR[SHARP], STROKE[SHARP])
        median_line(axes, gradient, shares, "measured", INK, "solid", marker="o", markersize=3)
        decades(axes, "x", min(gradient) / 2, max(1.0, *gradient))
        decades(axes, "y", np.nanmin([*np.ravel(shares), *np.ravel(errors)]) / 2, 1.0)
        axes.invert_xaxis()
        axes.legend(loc="lower left")
        panels.append(
            Panel(f"recovery-{len(panels) + 1}", f"Share of the fan-out not recovered, and its bound: {name}", figure)
        )
    if not panels:
        return None
    return Picture(
        "Fan-outs are recovered as the gradient falls",
        (
            "Fan-out recovery along the same runs: the students near a teacher node together reproduce its fan-out. "
            "Measured is the share that they miss or add, as the observer sees it whose row has the least certified "
            f"error; lines are medians over teacher nodes, bands run from the {BAND[0]}th to the {BAND[1]}th percentile. "
            "The nodes are those of which the last student's rows say something; where they say nothing of an earlier "
            "student, an error of 1, the whole fan-out, is counted. A share of exactly 0 is left out."
        ),
        tuple(panels),
    )


def sampled_against_certified(results: Sequence[Row]) -> Picture | None:
    """The largest sampled gradient against the certified supremum, per round of training and per student."""
    rounds = [[(x[0], x[1]) for x in r["rounds"]] for r in results if r["trained_here"] and r["rounds"]]
    first = different_points(run[0] for run in rounds)
    untrained = [r for r in results if r["family"] == CROSSWISE and not r["trained_here"]]
    kinds: list[tuple[str, set[tuple], dict[str, Any]]] = [
        (
            "training checkpoints",
            different_points(gradient_point(r) for r in results if r["family"] == ALONG),
            {"marker": "x", "color": INK, "s": 16, "linewidths": 0.8},
        ),
        (
            "U ⊥ X, not trained there",
            different_points(map(gradient_point, untrained)),
            {"marker": "D", "color": COLOUR[SHARP], "s": 18},
        ),
        ("first round", first, {"marker": "o", "facecolors": "none", "edgecolors": COLOUR[PRINTED], "s": 34}),
        ("last round", different_points(run[-1] for run in rounds), {"marker": "o", "color": COLOUR[REPAIRED], "s": 12}),
    ]
    values = [x for _, points, _ in kinds for point in points for x in point]
    if not values:
        return None
    floor = floor_below(values)
    figure, axes = new_axes("largest |g₁| over the samples", "certified sup |g₁|", "gradient: sampled and certified")
    for run in {tuple(run) for run in rounds if len(run) > 1}:
        path = onto(floor, (point for point in run if None not in point))
        axes.plot(path[:, 0], path[:, 1], color=INK, alpha=0.4, linewidth=0.8, zorder=1)
    for label, points, style in kinds:
        if points:
            x, y = onto(floor, sorted(points)).T
            axes.scatter(x, y, label=label, zorder=2, **style)
    for side in ("x", "y"):
        decades(axes, side, floor, max(values), floored=min(values) <= 0)
    diagonal(axes, floor)
    axes.legend(loc="lower right", fontsize=8)
    ratio, sampled, upper = max(((y / x, x, y) for x, y in first if x > 0), default=(0.0, 0.0, 0.0))
    said = (
        (
            f" After the first round of one run the samples showed {short(sampled)} and the supremum was "
            f"{short(upper)}, the largest ratio."
        )
        if ratio > 1
        else ""
    )
    return Picture(
        "What sampling hides",
        (
            "The hypothesis of every statement is a small supremum of |g₁|. A maximum over samples is only "
            "a lower bound of it: points above the diagonal are what sampling hid. After each round of "
            "training, the points where the certified supremum is attained join the samples; lines connect "
            f"the rounds of a run.{said} Below about 1e-13 the sampled number is mostly the rounding of "
            "float evaluations and may come out above the certified one, which has none."
        ),
        (Panel("gradients", "Sampled against certified gradient", figure),),
    )


def angles_against_bounds(results: Sequence[Row]) -> Picture | None:
    """Theorem 2, measured sine against bound, every judged row of every form."""
    rows = judged_rows(results, "theorem-2")
    if not rows:
        return None
    floor = floor_below(v[key] for v in rows for key in ("measured", "bound"))
    panels: list[Panel] = []
    for form in FORMS:
        target = "best student" if form != REPAIRED else "best other node"
        panels += _panels(rows, form, f"measured sine to the {target}", floor, 1.0, 1.0)
    zero, negative = sum(v["measured"] == 0 for v in rows), sum(v["bound"] < 0 for v in rows)
    return Picture(
        "Theorem 2, row by row",
        (
            "One point for each (teacher node, observer) pair; on the diagonal the measured sine equals the "
            "bound, and a point above it refutes the form. Vacuous rows (a bound of 1 or more) are left "
            f"out. What a logarithmic axis cannot show stands on the floor marked ≤ 0: {_rows(zero)} with a "
            f"measured sine of 0 and {_rows(negative)} with a negative printed bound (alpha < 0). "
            f"{_failures(rows)} The printed and sharp forms speak of the best student, the repaired one of "
            "the best other node of either network."
        ),
        tuple(panels),
    )


def fan_outs_against_bounds(results: Sequence[Row]) -> Picture | None:
    """Corollary 1, the fan-out norm of a student against its bound."""
    rows = judged_rows(results, "corollary-1")
    if not rows:
        return None
    floor = floor_below(v[key] for v in rows for key in ("measured", "bound"))
    widest, highest = (max(1.0, *(v[key] for v in rows)) for key in ("bound", "measured"))
    panels: list[Panel] = []
    for form in FORMS:
        panels += _panels(rows, form, "measured fan-out norm |v|₂", floor, widest, highest)
    return Picture(
        "Corollary 1, row by row",
        (
            "One point for each student node whose hyperplane carries no other node; on the diagonal its "
            "fan-out norm equals the bound, and a point above it refutes the form. A specialised student "
            "lies next to its teacher, so its bound is large and asks for nothing (right). A student far "
            "from every other hyperplane must have a small fan-out (lower left). "
            f"{_failures(rows)}"
        ),
        tuple(panels),
    )


def gains(results: Sequence[Row]) -> Picture | None:
    """How much smaller the sharp bound of Theorem 2 is than the others, by dimension."""
    ratios: dict[str, dict[int, list[float]]] = {form: defaultdict(list) for form in (REPAIRED, PRINTED)}
    only: Counter[str] = Counter()
    for r in results:
        for forms in rows_by_pair(r).values():
            holding = {form: v for form, v in forms.items() if v["verdict"] == HOLDS}
            if (SHARP in holding) != (REPAIRED in holding):
                only[SHARP if SHARP in holding else REPAIRED] += 1
            for form in ratios:
                if has_positive_bound(holding.get(SHARP)) and has_positive_bound(holding.get(form)):
                    ratios[form][r["dimension"]].append(holding[form]["bound"] / holding[SHARP]["bound"])
    dimensions = sorted({d for by_dimension in ratios.values() for d in by_dimension})
    if not dimensions:
        return None
    figure, axes = new_axes("d', dimension of U", "bound / sharp bound", "how much sharper")
    extremes = [1.0]
    for shift, form in ((-0.1, REPAIRED), (0.1, PRINTED)):
        measured = [d for d in dimensions if d in ratios[form]]
        bars = [np.percentile(ratios[form][d], (BAND[0], 50, BAND[1])) for d in measured]
        if measured:
            low, middle, high = np.array(bars).T
            at = np.array([dimensions.index(d) for d in measured]) + shift
            axes.vlines(at, low, high, color=COLOUR[form], linewidth=2)
            axes.plot(at, middle, MARK[form], color=COLOUR[form], label=f"{form} / sharp", markersize=6)
            extremes += [*low, *high]
    axes.axhline(1, color=INK, linewidth=0.8)
    axes.set(
        yscale="log",
        xticks=range(len(dimensions)),
        xticklabels=dimensions,
        xlim=(-0.6, len(dimensions) - 0.4),
        ylim=(min(extremes) / 1.3, max(extremes) * 1.3),
    )
    multiples(axes.yaxis, min(extremes), max(extremes))
    figure.legend(loc="outside upper right", ncols=2)
    return Picture(
        "How much sharper",
        (
            "Theorem 2: the bound of another form over the sharp one, for the pairs where both hold with a "
            f"bound in (0, 1); medians, and bars from the {BAND[0]}th to the {BAND[1]}th percentile. Above 1 "
            "the sharp form is smaller. It has no factor sqrt(d') and counts opposing hyperplanes, not all "
            "nodes. Comparisons with the printed form are for scale only: as printed it is not a theorem. "
            f"For {only[SHARP]} pairs only the sharp form holds with a bound below 1, for {only[REPAIRED]} "
            "only the repaired one, which speaks of any other node, not of a student."
        ),
        (Panel("gains", "Ratio of bounds by dimension", figure),),
    )


def across(results: Sequence[Row]) -> Picture | None:
    """The data's subspace against its orthogonal complement, where nothing was learned."""
    family = [r for r in results if r["family"] == CROSSWISE]
    stated = {r["trained_here"] for r in family if any(v["statement"] == "theorem-2" for v in r["verdicts"])}
    if len(stated) < 2:
        return None
    return Picture(
        "Where the data do not reach",
        (
            "Data of small thickness off a subspace X. On U = X students find their teachers. On U "
            "orthogonal to X the region is thin and nothing was learned: the angles are what initialisation "
            "left. Theorem 2 asks for a ball around the teacher's boundary inside U ∩ R; where the boundary "
            "misses the region no form applies, and none claims anything. Angles and radii on the left are "
            "computed in floats, for illustration; the verdicts on the right are certified."
        ),
        (
            Panel("across-angles", "Angles and radii on U = X and on U orthogonal to X", _sides(family)),
            Panel("across-verdicts", "Verdicts of Theorem 2 on U = X and orthogonal to X", _shares(family)),
        ),
    )


def _sides(family: Sequence[Row]) -> Figure:
    """Sine to the best student against the radius of U ∩ R, on both subspaces."""
    figure, axes = new_axes("radius of the largest ball in U ∩ R", "sine to the best student", "one point a teacher node")
    points = {
        trained: [p for r in family if r["trained_here"] is trained for p in angles_on_subspace(r)] for trained in (True, False)
    }
    radii, sines = np.array(points[True] + points[False]).T
    floor = floor_below(sines)
    for label, trained, marker, colour in SIDES:
        x, y = onto(floor, points[trained]).T
        axes.scatter(x, y, marker=marker, s=22, color=colour, label=label)
    decades(axes, "x", radii.min() / 1.5, radii.max())
    decades(axes, "y", floor, 1.0, floored=sines.min() <= 0)
    figure.legend(loc="outside lower center", ncols=2)  # anywhere inside there may be a point below it
    return figure


def _shares(family: Sequence[Row]) -> Figure:
    """How many rows of Theorem 2 got each verdict, by subspace and form."""
    figure, axes = new_axes("rows of Theorem 2", "", "what can be said")
    places = [(label, trained, form) for label, trained, *_ in reversed(SIDES) for form in reversed(FORMS)]
    counts = [
        Counter(
            v["verdict"]
            for r in family
            if r["trained_here"] is trained
            for v in r["verdicts"]
            if v["statement"] == "theorem-2" and v["form"] == form
        )
        for _, trained, form in places
    ]
    left = np.zeros(len(places))
    for verdict in VERDICTS:
        width = np.array([count[verdict] for count in counts])
        if width.any():
            axes.barh(range(len(places)), width, left=left, color=SHADE[verdict], height=0.7, label=verdict)
        left += width
    axes.set(yticks=range(len(places)), yticklabels=[f"{label}, {form}" for label, _, form in places])
    axes.grid(False)
    axes.locator_params("x", integer=True)  # rows are counted
    figure.legend(loc="outside lower right", ncols=3, fontsize=8)
    return figure


def _panels(rows: Sequence[Row], form: str, measured: str, floor: float, widest: float, highest: float) -> list[Panel]:
    """The panel of a form's measured sides against its bounds; none where it has no rows."""
    mine = [v for v in rows if v["form"] == form]
    if not mine:
        return []
    figure, axes = new_axes("bound", measured, f"{form}: {_rows(len(mine))}")
    fine = [(v["bound"], v["measured"]) for v in mine if v["verdict"] != FAILS]
    failing = [(v["bound"], v["measured"]) for v in mine if v["verdict"] == FAILS]
    cloud(axes, fine, failing, COLOUR[form], floor, widest, highest)
    statement = mine[0]["statement"]
    return [Panel(f"{statement}-{form}", f"{statement}, {form}: measured against bound", figure)]


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def _failures(rows: Sequence[Row]) -> str:
    """A sentence on the rows that fail."""
    failing = [v for v in rows if v["verdict"] == FAILS]
    counts = Counter((v["form"], " + ".join(v.get("missing", ()))) for v in failing)
    if not failing:
        return "No row fails."
    parts = [f"{n} {form} ({reason or 'none found'})" for (form, reason), n in counts.most_common()]
    return f"Rows that fail, and the hypothesis they miss: {', '.join(parts)}."
