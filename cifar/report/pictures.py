"""What the paper's figures show, as numbers: panels of named series, drawn by figures.py and stored in report.json.

Which checkpoints a figure needs is experiments.EXPERIMENTS; one that was not run is left out. Every figure of BNC or eps has
the line of the untrained student. Curves are of the first seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..experiments.grid import EPOCHS, EXPERIMENTS
from ..measures.robustness import CONFIDENT
from .estimates import EPS_IN, MBNC, Estimate, accuracy, of
from .results import KINDS, START, Result, Results

CURVES, LINES, BARS, POINTS, CLOUD, SPECTRUM = "curves", "lines", "bars", "points", "cloud", "spectrum"  # kinds of panel
CAPTIONS = {
    "figure-3": "Best correlation (BNC) of every teacher node, sorted, layer by layer; higher is more specialised.",
    "figure-4": "Distance of each teacher node's first-layer weight to its best student, inside (in) and outside (out) the "
    "17-dimensional input plane, sorted; lower is more specialised.",
    "figure-5": "Students with five layers: sorted BNC and eps curves.",
    "figure-6": "Mean BNC of each layer, and unspecialised (best NC below .8) over specialised (above .9) student nodes. A "
    "layer without specialised nodes has no ratio and is drawn open at the top.",
    "figure-7": "eps curves after in-plane, out-plane and standard adversarial training.",
    "figure-8": "Sorted BNC of standard training on logits (solid) and labels (dashed); darker is later.",
    "figure-9": "eps curves of standard training on logits (solid) and labels (dashed); darker is later.",
    "figure-10": "eps curves of standard training without (solid) and with (broken) Gaussian noise; darker is later.",
    "figure-11": "Sorted BNC of confidence-calibrated adversarial training, and of AT.",
    "figure-12": "eps curves of confidence-calibrated adversarial training, and of AT.",
    "figure-14": "How many student nodes are specialised (NC above .9) to each teacher node, a row a seed of the student.",
    "figure-15": "Sorted BNC of robust-feature training (from ST 150), of ST and of AT.",
    "figure-16": "eps curves of robust-feature training (from ST 150), of ST and of AT.",
}
TAUS = 41  # points of the curve over tau


@dataclass(frozen=True)
class Series:
    """One run's line, bars or points.   checkpoint: "run@paper's epoch";  shade: 0 light to 1 full colour;  None: no value;
    errors: half intervals of a single point along x and y, None where nothing says them"""

    label: str
    checkpoint: str
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    shade: float = 1.0
    errors: tuple[float | None, float | None] = (None, None)


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
    """A figure of the paper, or of this project."""

    name: str
    heading: str
    caption: str
    panels: tuple[Panel, ...]


def pictures(results: Results) -> tuple[Picture, ...]:
    """The headline, the curve over tau, then Figures 2 to 12 and 14 to 16; none without any data."""
    made = [headline(results), over_tau(results), spectrum_and_pairs(results)]
    made += [_of_paper(results, name, panels) for name, panels in PANELS.items()]
    return tuple(picture for picture in made if picture.panels)


def _of_paper(results: Results, name: str, panels: Callable[[Results, str, list[Result]], list[Panel]]) -> Picture:
    wanted = [checkpoint for checkpoint, _ in EXPERIMENTS[name].cells]
    found = [result for checkpoint in wanted if (result := results.get(checkpoint)) and result.specialisation]
    heading = f"Figure {name.removeprefix('figure-')}: {EXPERIMENTS[name].title}"
    return Picture(name, heading, CAPTIONS[name], tuple(panels(results, name, found)) if found else ())


def _with_start(results: Results, found: list[Result]) -> list[Result]:
    """The untrained student of the same depth first."""
    return [*results.untrained(len(found[0].layers))[:1], *found]


def bnc_panels(results: Results, name: str, found: list[Result], layers: Sequence[int] | None = None) -> list[Panel]:
    """A panel a layer."""
    depth = max(len(result.layers) for result in found)
    shown = _with_start(results, found)
    return [
        Panel(
            f"{name}-layer-{i + 1}",
            CURVES,
            f"layer {i + 1} of {depth}",
            "teacher nodes, best first",
            "BNC",
            tuple(_sorted(results, result, result.layers[i]["bnc_curve"], found) for result in shown),
        )
        for i in (range(depth) if layers is None else layers)
        if i < depth
    ]


def eps_panels(results: Results, name: str, found: list[Result]) -> list[Panel]:
    return [
        Panel(
            f"{name}-eps-{side}",
            CURVES,
            f"{where} the input plane",
            "teacher nodes, nearest first",
            f"eps_{side}",
            tuple(_sorted(results, r, r.first(f"eps_{side}_curve"), found) for r in _with_start(results, found)),
        )
        for side, where in (("in", "inside"), ("out", "outside"))
    ]


def five_layer_panels(results: Results, name: str, found: list[Result]) -> list[Panel]:
    """The paper draws its layers 0, 2 and 4."""
    return [*bnc_panels(results, name, found, (0, 2, 4)), *eps_panels(results, name, found)]


def layer_panels(results: Results, name: str, found: list[Result]) -> list[Panel]:
    reads: tuple[tuple[str, str, str, Callable[[dict[str, Any]], float | None]], ...] = (
        ("mbnc", "mean best correlation", "MBNC", lambda layer: layer["mbnc"]),
        ("ratio", "unspecialised / specialised students", "ratio", lambda layer: layer["students"]["ratio"]),
    )
    return [
        Panel(
            f"{name}-{part}",
            LINES,
            title,
            "layer",
            y,
            tuple(
                Series(
                    results.label(r.checkpoint), r.checkpoint, tuple(range(1, len(r.layers) + 1)), tuple(map(read, r.layers))
                )
                for r in (_with_start(results, found) if part == "mbnc" else found)
            ),
        )
        for part, title, y, read in reads
    ]


def frequency_panels(results: Results, name: str, found: list[Result]) -> list[Panel]:
    depth = max(len(result.layers) for result in found)
    return [
        Panel(
            f"{name}-layer-{i + 1}",
            BARS,
            f"layer {i + 1} of {depth}",
            "teacher node",
            "specialised students",
            tuple(
                Series(
                    f"seed {result.settings.get('seed', '?')}",
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


PANELS: dict[str, Callable[[Results, str, list[Result]], list[Panel]]] = {
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
    """Figure 2: eigenvalues of the patch covariance, and (NC, eps_in) of every pair of nodes, trained and not."""
    panels, captions = [], []
    if results.spectra:
        rank, size = results.spectra[0]["rank"], len(results.spectra[0]["eigenvalues"])
        shown = tuple(
            Series(
                f"{s['source']}, {s['images']:,} images", f"spectrum-{i}", tuple(range(1, size + 1)), tuple(s["eigenvalues"])
            )
            for i, s in enumerate(results.spectra)
        )
        panels.append(Panel("figure-2-spectrum", SPECTRUM, "3x3 colour patches", "direction", "eigenvalue", shown, rank + 0.5))
        shares = ", ".join(f"{100 * s['share']:.2f} % ({s['source']})" for s in results.spectra)
        captions.append(f"Eigenvalues of the patch covariance; the {rank} left of the line carry {shares} of the variance.")
    trained = results.get("st-logit@300")
    if trained is not None and trained.first("nc") is not None:
        pairs = [r for r in (*results.untrained(len(trained.layers))[:1], trained) if r.first("nc") is not None]
        score = trained.first("pearson_in")
        panels.append(
            Panel(
                "figure-2-pairs", CLOUD, f"Pearson score {score:.3f}", "NC", "eps_in", tuple(_pairs(results, r) for r in pairs)
            )
        )
        told = ", ".join(f"{results.label(r.checkpoint)} {r.first('pearson_in'):.3f}" for r in pairs)
        captions.append(f"Every pair of a student and a teacher node; Pearson score of eps_in and NC: {told}.")
    return Picture("figure-2", "Figure 2: patch spectrum; eps_in against NC", " ".join(captions), tuple(panels))


def _pairs(results: Results, result: Result) -> Series:
    nc, distance = (tuple(value for row in result.first(key) for value in row) for key in ("nc", "eps_in"))
    return Series(results.label(result.checkpoint), result.checkpoint, nc, distance)


def headline(results: Results) -> Picture:
    """Robust accuracy against specialisation under both rules: last checkpoints, one point a kind of training."""
    depth = results.depth
    ends = list(dict.fromkeys(f"{r.kind}@{r.paper_epoch}" for r in results.lasts if len(r.layers) == depth))
    ends += [f"{r.kind}@0" for r in results.untrained(depth)][:1]
    panels = []
    for name, reading in (("mbnc", MBNC), ("eps-in", EPS_IN)):
        for rule, judge, words in (
            ("paper", accuracy("linf", "last"), "the paper's attack and count"),
            ("confident", accuracy(CONFIDENT, CONFIDENT), "confident"),
        ):
            told = [(end, of(results, end, reading), of(results, end, judge)) for end in ends]
            series = tuple(point for each in told if (point := _point(results, *each, reading, judge)) is not None)
            x = "MBNC, mean over layers" if reading is MBNC else "mean eps_in of best students"
            panels.append(Panel(f"headline-{name}-{rule}", POINTS, words, x, "robust accuracy, per cent", series))
    caption = (
        f"Last checkpoint of every kind of training with {depth} layers, mean over its seeds; bars are 95 % intervals over "
        "images and seeds, missing where nothing says what another seed would change. Left: the paper's attack and count. "
        "Right: images count as parted only where student and teacher disagree by tau or more, both of them sure."
    )
    return Picture("headline", "Specialisation and robustness", caption, tuple(p for p in panels if p.series))


def _point(results: Results, checkpoint: str, x: Any, y: Any, across: Any, up: Any) -> Series | None:
    values = [[v for r in results.seeds(checkpoint) if (v := each.value(r)) is not None] for each in (across, up)]
    if not all(values):
        return None
    halves = tuple((told.interval[1] - told.value) if isinstance(told, Estimate) else None for told in (x, y))
    mean = [float(np.mean(value)) for value in values]
    return Series(_kind(checkpoint), checkpoint, (mean[0],), (mean[1],), errors=halves)  # type: ignore[arg-type]


def _kind(checkpoint: str) -> str:
    """A kind of training without an epoch, where every run shows its last."""
    kind = checkpoint.partition("@")[0]
    return START if checkpoint.endswith("@0") else KINDS.get(kind, kind)


def over_tau(results: Results) -> Picture:
    """The share of images that `confident` cannot part, as tau grows."""
    shown = [
        r for r in (*results.untrained(results.depth)[:1], *results.lasts) if r.run == r.kind and len(r.layers) == results.depth
    ]
    known = [(r, r.attacks[CONFIDENT][CONFIDENT]["tau"]) for r in shown if r.curve(np.array([0.0])) is not None]
    if not known:
        return Picture("tau", "", "", ())
    tau = known[0][1]
    taus = np.linspace(0, 4 * tau, TAUS)
    series = tuple(
        Series(_kind(r.checkpoint), r.checkpoint, tuple(map(float, taus)), tuple(map(float, curve)))
        for r, _ in known
        if (curve := r.curve(taus)) is not None
    )
    panel = Panel("tau", LINES, f"the line is tau = {tau:.3g}", "tau, in logits", "robust accuracy, per cent", series, tau)
    caption = (
        "Robust accuracy under confident, over tau: at 0 any disagreement counts, however unsure of it both are. The tau of "
        "all tables and verdicts is half the teacher's median margin on clean images, which no student can move."
    )
    return Picture("tau", "How sure a disagreement has to be", caption, (panel,))


def _sorted(results: Results, result: Result, curve: Sequence[float], beside: Sequence[Result]) -> Series:
    """A sorted curve over the rank; shaded by epoch where the figure shows a run more than once."""
    often = sum(other.run == result.run for other in beside) > 1 and result.paper_epoch > 0
    shade = sum(epoch < result.paper_epoch for epoch in EPOCHS) / (len(EPOCHS) - 1) if often else 1.0
    label = results.label(result.checkpoint)
    return Series(label, result.checkpoint, tuple(range(1, len(curve) + 1)), tuple(curve), min(1.0, shade))
