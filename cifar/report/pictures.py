"""What the paper's figures show, as numbers: panels of named series, drawn by figures.py and stored in report.json.

Which checkpoints a figure needs is experiments.EXPERIMENTS; those that were not run are named in its caption.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..experiments.grid import EPOCHS, EXPERIMENTS
from . import intervals
from .results import Result, Results, label

CURVES, LINES, BARS, POINTS, SPECTRUM = "curves", "lines", "bars", "points", "spectrum"  # kinds of panel
CAPTIONS = {
    "figure-3": "Best correlation (BNC) of every teacher node, sorted, layer by layer; higher is more specialised.",
    "figure-4": "Distance of each teacher node's first-layer weight to its best student, inside (in) and outside (out) the "
    "17-dimensional input plane, sorted; lower is more specialised.",
    "figure-5": "Sorted BNC and eps curves of networks with five layers.",
    "figure-6": "Mean BNC of each layer, and unspecialised (best NC below .8) over specialised (above .9) student nodes. A "
    "layer without specialised nodes has no ratio and is drawn open at the top.",
    "figure-7": "eps curves after in-plane, out-plane and standard adversarial training.",
    "figure-8": "Sorted BNC of standard training on logits (solid) and labels (dashed); darker is later.",
    "figure-9": "eps curves of standard training on logits (solid) and labels (dashed); darker is later.",
    "figure-10": "eps curves of standard training without (solid) and with (broken) Gaussian noise; darker is later.",
    "figure-11": "Sorted BNC of confidence-calibrated adversarial training, and of AT.",
    "figure-12": "eps curves of confidence-calibrated adversarial training, and of AT.",
    "figure-14": "How many student nodes are specialised (NC above .9) to each teacher node, for three seeds of the student.",
    "figure-15": "Sorted BNC of robust-feature training (from ST 150), of ST and of AT.",
    "figure-16": "eps curves of robust-feature training (from ST 150), of ST and of AT.",
}


@dataclass(frozen=True)
class Series:
    """One run's line, bars or points.   checkpoint: "run@paper's epoch";  shade: 0 light to 1 full colour;  None: no value"""

    label: str
    checkpoint: str
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    shade: float = 1.0
    group: str = ""


@dataclass(frozen=True)
class Panel:
    """One drawing.   name: of its files;  kind: how it is drawn;  mark: a position on x worth a line"""

    name: str
    kind: str
    title: str
    x: str
    y: str
    series: tuple[Series, ...]
    mark: float | None = None


@dataclass(frozen=True)
class Picture:
    """A figure of the paper.   missing: checkpoints that were not run"""

    name: str
    heading: str
    caption: str
    panels: tuple[Panel, ...]
    missing: tuple[str, ...] = ()


def pictures(results: Results) -> tuple[Picture, ...]:
    """The headline, then Figures 2 to 12 and 14 to 16; those without any data have no panels."""
    made = [headline(results), spectrum_and_pairs(results)]
    for name in CAPTIONS:
        made.append(picture(results, name, PANELS[name]))
    return tuple(made)


def picture(results: Results, name: str, panels: Callable[[str, list[Result]], list[Panel]]) -> Picture:
    """A figure from the checkpoints that its experiment lists."""
    wanted = [checkpoint for checkpoint, _ in EXPERIMENTS[name].cells]
    found = [result for checkpoint in wanted if (result := results.get(checkpoint)) and result.specialisation]
    missing = tuple(checkpoint for checkpoint in wanted if checkpoint not in {result.checkpoint for result in found})
    heading = f"Figure {name.removeprefix('figure-')}: {EXPERIMENTS[name].title}"
    return Picture(name, heading, CAPTIONS.get(name, ""), tuple(panels(name, found)) if found else (), missing)


def bnc_panels(name: str, found: list[Result], layers: Sequence[int] | None = None) -> list[Panel]:
    """A panel a layer."""
    depth = max(len(result.layers) for result in found)
    return [
        Panel(
            f"{name}-layer-{i + 1}",
            CURVES,
            f"layer {i + 1} of {depth}",
            "teacher nodes, best first",
            "BNC",
            tuple(_sorted(result, result.layers[i]["bnc_curve"], found) for result in found if i < len(result.layers)),
        )
        for i in (range(depth) if layers is None else layers)
        if i < depth
    ]


def eps_panels(name: str, found: list[Result]) -> list[Panel]:
    return [
        Panel(
            f"{name}-eps-{side}",
            CURVES,
            f"{where} the input plane",
            "teacher nodes, nearest first",
            f"eps_{side}",
            tuple(_sorted(result, result.first(f"eps_{side}_curve"), found) for result in found),
        )
        for side, where in (("in", "inside"), ("out", "outside"))
    ]


def five_layer_panels(name: str, found: list[Result]) -> list[Panel]:
    """The paper draws its layers 0, 2 and 4."""
    return [*bnc_panels(name, found, (0, 2, 4)), *eps_panels(name, found)]


def layer_panels(name: str, found: list[Result]) -> list[Panel]:
    def series(result: Result, read: Callable[[dict[str, Any]], float | None]) -> Series:
        values = tuple(read(layer) for layer in result.layers)
        return Series(label(result.checkpoint), result.checkpoint, tuple(range(1, len(values) + 1)), values)

    return [
        Panel(
            f"{name}-mbnc",
            LINES,
            "mean best correlation",
            "layer",
            "MBNC",
            tuple(series(result, lambda layer: layer["mbnc"]) for result in found),
        ),
        Panel(
            f"{name}-ratio",
            LINES,
            "unspecialised / specialised students",
            "layer",
            "ratio",
            tuple(series(result, lambda layer: layer["students"]["ratio"]) for result in found),
        ),
    ]


def frequency_panels(name: str, found: list[Result]) -> list[Panel]:
    depth = max(len(result.layers) for result in found)
    seeds = {result.checkpoint: f"seed {result.settings.get('seed', '?')}" for result in found}
    return [
        Panel(
            f"{name}-layer-{i + 1}",
            BARS,
            f"layer {i + 1} of {depth}",
            "teacher node",
            "specialised students",
            tuple(
                Series(
                    seeds[result.checkpoint],
                    result.checkpoint,
                    tuple(range(1, len(result.layers[i]["specialised_count"]) + 1)),
                    tuple(result.layers[i]["specialised_count"]),
                )
                for result in found
                if i < len(result.layers)
            ),
        )
        for i in range(depth)
    ]


PANELS: dict[str, Callable[[str, list[Result]], list[Panel]]] = {
    "figure-3": bnc_panels,
    "figure-4": eps_panels,
    "figure-5": five_layer_panels,
    "figure-6": layer_panels,
    "figure-7": eps_panels,
    "figure-8": bnc_panels,
    "figure-9": eps_panels,
    "figure-10": eps_panels,
    "figure-11": bnc_panels,
    "figure-12": eps_panels,
    "figure-14": frequency_panels,
    "figure-15": bnc_panels,
    "figure-16": eps_panels,
}


def spectrum_and_pairs(results: Results) -> Picture:
    """Figure 2: eigenvalues of the patch covariance, and (NC, eps_in) of every pair of nodes."""
    pairs = picture(
        results, "figure-2", lambda name, found: [_pairs(name, result) for result in found if result.first("nc") is not None]
    )
    panels, captions, missing = list(pairs.panels), [], list(pairs.missing)
    if results.spectra:
        rank, size = results.spectra[0]["rank"], len(results.spectra[0]["eigenvalues"])
        shown = tuple(
            Series(
                f"{s['source']}, {s['images']:,} images", f"spectrum-{i}", tuple(range(1, size + 1)), tuple(s["eigenvalues"])
            )
            for i, s in enumerate(results.spectra)
        )
        panels.insert(
            0, Panel("figure-2-spectrum", SPECTRUM, "3x3 colour patches", "direction", "eigenvalue", shown, rank + 0.5)
        )
        shares = ", ".join(f"{100 * s['share']:.2f} % ({s['source']})" for s in results.spectra)
        captions.append(f"Eigenvalues of the patch covariance; the {rank} left of the line carry {shares} of the variance.")
    else:
        missing.append("the patch spectrum (`--data`)")
    for result in (results.get(panel.series[0].checkpoint) for panel in pairs.panels):
        if result is not None:
            captions.append(
                f"Every pair of a student and a teacher node of {label(result.checkpoint)}: Pearson score of "
                f"eps_in and NC {result.first('pearson_in'):.3f} (eps_out {result.first('pearson_out'):.3f})."
            )
    return Picture("figure-2", pairs.heading, " ".join(captions), tuple(panels), tuple(missing))


def _pairs(name: str, result: Result) -> Panel:
    nc, distance = ([value for row in result.first(key) for value in row] for key in ("nc", "eps_in"))
    score = result.first("pearson_in")
    return Panel(
        f"{name}-pairs",
        POINTS,
        f"{label(result.checkpoint)}, Pearson score {score:.3f}",
        "NC",
        "eps_in",
        (Series(label(result.checkpoint), result.checkpoint, tuple(nc), tuple(distance)),),
    )


def headline(results: Results) -> Picture:
    """Robust accuracy against specialisation, over all students and checkpoints."""
    students = [student for student in results.students if "linf" in student.attacks]
    caption = (
        f"Every trained student at every checkpoint ({len(students)}); a thin line joins the checkpoints of one run, "
        "larger marks are later. Robust accuracy under linf PGD: the student answers like the teacher at the "
        "adversarial image. The interval is a bootstrap of whole runs."
    )
    panels = []
    for name, x, read in (
        ("mbnc", "MBNC, mean over layers", lambda s: s.mbnc),
        ("eps-in", "mean eps_in of best students", lambda s: s.first("eps_in_mean")),
    ):
        series = tuple(
            Series(
                label(s.checkpoint),
                s.checkpoint,
                (read(s),),
                (s.robust("linf", results.rule),),
                _shade(s.paper_epoch),
                family(s.settings),
            )
            for s in students
        )
        points = [(s.x[0], s.y[0] or 0.0, student.run) for s, student in zip(series, students, strict=True)]
        low, score, high = intervals.clustered(*zip(*points, strict=True)) if points else (None,) * 3
        title = (
            "too few students for a correlation"
            if score is None
            else (f"Pearson {score:+.2f} (95 % interval {low:+.2f} to {high:+.2f})")
        )
        panels.append(Panel(f"headline-{name}", POINTS, title, x, "robust accuracy, per cent", series))
    return Picture(
        "headline",
        "Specialisation and robustness",
        caption,
        tuple(panels) if students else (),
        () if students else ("any student with the attack linf",),
    )


def family(settings: dict[str, Any]) -> str:
    """The kind of training, from its settings."""
    examples, loss = settings.get("examples"), settings.get("loss")
    if settings.get("representation"):
        return "RFT"
    if examples == "calibrated":
        return "CCAT"
    if examples in ("in-plane", "out-plane"):
        return "AT in/out-plane"
    if examples != "clean":
        return "AT" if examples == "oracle" and loss == "logit" and settings.get("target") == "shown" else "AT, other targets"
    return "ST label" if loss == "label" else "ST logit" if settings.get("augment") == "none" else "ST augmented"


def _shade(paper_epoch: int) -> float:
    """0 for the first of the paper's epochs, 1 for the last."""
    return sum(epoch < paper_epoch for epoch in EPOCHS) / (len(EPOCHS) - 1)


def _sorted(result: Result, curve: Sequence[float], beside: Sequence[Result]) -> Series:
    """A sorted curve over the rank; shaded by epoch where the figure shows a run more than once."""
    often = sum(other.run == result.run for other in beside) > 1
    return Series(
        label(result.checkpoint),
        result.checkpoint,
        tuple(range(1, len(curve) + 1)),
        tuple(curve),
        min(1.0, _shade(result.paper_epoch)) if often else 1.0,
    )
