"""What the paper's figures show, as numbers: panels of named series, drawn by figures.py and stored in report.json.

Which checkpoints a figure needs, its panels and its caption are experiments.EXPERIMENTS; a checkpoint that was not run is left
out. Every figure of BNC or eps has the line of the untrained student. Curves are of the first seed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np

from ..experiments.grid import EPOCHS, EXPERIMENTS
from ..measures.robustness import CONFIDENT
from .results import EPS_IN, KINDS, MBNC, START, Result, Results, accuracy
from .tables import cell

CURVES, LINES, BARS, POINTS, CLOUD, SPECTRUM = "curves", "lines", "bars", "points", "cloud", "spectrum"  # kinds of panel
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

    @property
    def heights(self) -> list[float]:
        """y, not a number where there is none."""
        return [math.nan if y is None else y for y in self.y]


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
    drawn = [headline(results), over_tau(results), spectrum_and_pairs(results)]
    drawn += [of_paper(results, name) for name, experiment in EXPERIMENTS.items() if experiment.panels]
    return tuple(picture for picture in drawn if picture.panels)


def of_paper(results: Results, name: str) -> Picture:
    """A figure of curves of its experiment's checkpoints, as far as they were run."""
    figure = EXPERIMENTS[name]
    measured = [result for checkpoint, _ in figure.cells if (result := results.get(checkpoint)) and result.specialisation]
    panels = [panel for kind in figure.panels for panel in PANELS[kind](results, name, measured)] if measured else []
    return Picture(name, f"Figure {name.removeprefix('figure-')}: {figure.title}", figure.caption, tuple(panels))


def over_ranks(results: Results, result: Result, values: Sequence[float | None], shade: float = 1.0) -> Series:
    """Values in their order over 1, 2, and so on."""
    return Series(results.label(result.checkpoint), result.checkpoint, ranks(values), tuple(values), shade)


def ranks(values: Sequence[object]) -> tuple[float, ...]:
    return tuple(range(1, len(values) + 1))


def with_start(results: Results, measured: list[Result]) -> list[tuple[Result, float]]:
    """The untrained student of the same depth first; each shaded by its epoch where its run is shown more than once."""
    runs = Counter(result.run for result in measured)
    shown = [*results.untrained(len(measured[0].layers)), *measured]
    passed = [sum(epoch < result.paper_epoch for epoch in EPOCHS) / (len(EPOCHS) - 1) for result in shown]
    often = [runs[result.run] > 1 and result.paper_epoch > 0 for result in shown]
    return [(result, min(1.0, part) if many else 1.0) for result, part, many in zip(shown, passed, often, strict=True)]


def bnc_panels(results: Results, name: str, measured: list[Result], every: int = 1) -> list[Panel]:
    """A panel a layer."""
    depth, shown = max(len(result.layers) for result in measured), with_start(results, measured)
    panels = []
    for i in range(0, depth, every):
        curves = tuple(over_ranks(results, result, result.layers[i]["bnc_curve"], shade) for result, shade in shown)
        place = f"{name}-layer-{i + 1}", CURVES, f"layer {i + 1} of {depth}"
        panels.append(Panel(*place, "teacher nodes, best first", "BNC", curves))
    return panels


def eps_panels(results: Results, name: str, measured: list[Result]) -> list[Panel]:
    panels, shown = [], with_start(results, measured)
    for eps, side in (("eps_in", "inside"), ("eps_out", "outside")):
        curves = tuple(over_ranks(results, result, result.first(f"{eps}_curve"), shade) for result, shade in shown)
        place = f"{name}-{eps.replace('_', '-')}", CURVES, f"{side} the input plane"
        panels.append(Panel(*place, "teacher nodes, nearest first", eps, curves))
    return panels


def layer_panels(results: Results, name: str, measured: list[Result]) -> list[Panel]:
    start = results.untrained(len(measured[0].layers))
    mbnc = tuple(over_ranks(results, r, [layer["mbnc"] for layer in r.layers]) for r in [*start, *measured])
    ratio = tuple(over_ranks(results, r, [layer["students"]["ratio"] for layer in r.layers]) for r in measured)
    return [
        Panel(f"{name}-mbnc", LINES, "mean best correlation", "layer", "MBNC", mbnc),
        Panel(f"{name}-ratio", LINES, "unspecialised / specialised students", "layer", "ratio", ratio),
    ]


def count_panels(results: Results, name: str, measured: list[Result]) -> list[Panel]:
    panels, depth = [], max(len(result.layers) for result in measured)
    for i in range(depth):
        counted = [(r, tuple(r.layers[i]["specialised_count"])) for r in measured if i < len(r.layers)]
        strips = tuple(Series(f"seed {r.settings.get('seed', '?')}", r.checkpoint, ranks(each), each) for r, each in counted)
        place = f"{name}-layer-{i + 1}", BARS, f"layer {i + 1} of {depth}"
        panels.append(Panel(*place, "teacher node", "specialised students", strips))
    return panels


PANELS: dict[str, Callable[[Results, str, list[Result]], list[Panel]]] = {
    "bnc": bnc_panels,
    "bnc-of-odd-layers": partial(bnc_panels, every=2),  # the paper draws its layers 0, 2 and 4
    "eps": eps_panels,
    "layers": layer_panels,
    "counts": count_panels,
}


def spectrum_and_pairs(results: Results) -> Picture:
    """Figure 2: eigenvalues of the patch covariance, and (NC, eps_in) of every pair of nodes, trained and not."""
    panels, captions = [], []
    if results.spectra:
        rank = results.spectra[0]["rank"]
        shown = tuple(
            Series(f"{s['source']}, {s['images']:,} images", f"spectrum-{i}", ranks(s["eigenvalues"]), tuple(s["eigenvalues"]))
            for i, s in enumerate(results.spectra)
        )
        panels.append(Panel("figure-2-spectrum", SPECTRUM, "3x3 colour patches", "direction", "eigenvalue", shown, rank + 0.5))
        shares = ", ".join(f"{100 * s['share']:.2f} % ({s['source']})" for s in results.spectra)
        captions.append(f"Eigenvalues of the patch covariance; the {rank} left of the line carry {shares} of the variance.")
    trained = results.get("st-logit@300")
    if trained is not None and trained.first("nc") is not None:
        measured = [r for r in (*results.untrained(len(trained.layers)), trained) if r.first("nc") is not None]
        pairs = []
        for r in measured:
            nc, distance = (tuple(chain(*r.first(reading))) for reading in ("nc", "eps_in"))
            pairs.append(Series(results.label(r.checkpoint), r.checkpoint, nc, distance))
        title = f"Pearson score {trained.first('pearson_in'):.3f}"
        panels.append(Panel("figure-2-pairs", CLOUD, title, "NC", "eps_in", tuple(pairs)))
        told = ", ".join(f"{results.label(r.checkpoint)} {r.first('pearson_in'):.3f}" for r in measured)
        captions.append(f"Every pair of a student and a teacher node; Pearson score of eps_in and NC: {told}.")
    return Picture("figure-2", "Figure 2: patch spectrum; eps_in against NC", " ".join(captions), tuple(panels))


def headline(results: Results) -> Picture:
    """Robust accuracy against specialisation under both rules: last checkpoints, one point a kind of training."""
    depth = results.depth
    ends = list(dict.fromkeys(f"{r.kind}@{r.paper_epoch}" for r in results.lasts if len(r.layers) == depth))
    ends += [f"{r.kind}@0" for r in results.untrained(depth)]
    panels = []
    for name, reading, x in (("mbnc", MBNC, "MBNC, mean over layers"), ("eps-in", EPS_IN, "mean eps_in of best students")):
        for rule, judge, words in (
            ("paper", accuracy("linf", "last"), "the paper's attack and count"),
            ("confident", accuracy(CONFIDENT, CONFIDENT), "confident"),
        ):
            points = []
            for end in ends:
                across, up = (cell(results, end, each) for each in (reading, judge))
                if across.mean is not None and up.mean is not None:
                    half = across.half, up.half
                    points.append(Series(_kind(end), end, (across.mean,), (up.mean,), errors=half))
            panels.append(Panel(f"headline-{name}-{rule}", POINTS, words, x, "robust accuracy, per cent", tuple(points)))
    caption = (
        f"Last checkpoint of every kind of training with {depth} layers, mean over its seeds; bars are 95 % intervals over "
        "images and seeds, missing where nothing says what another seed would change. Left: the paper's attack and count. "
        "Right: images count as parted only where the student answers otherwise while the teacher is sure by tau or more."
    )
    return Picture("headline", "Specialisation and robustness", caption, tuple(p for p in panels if p.series))


def _kind(checkpoint: str) -> str:
    """A kind of training without an epoch, where every run shows its last."""
    kind = checkpoint.partition("@")[0]
    return START if checkpoint.endswith("@0") else KINDS.get(kind, kind)


def over_tau(results: Results) -> Picture:
    """The share of images that `confident` cannot part, as tau grows."""
    ends = [r for r in (*results.untrained(results.depth), *results.lasts) if r.run == r.kind]
    shown = [r for r in ends if len(r.layers) == results.depth and r.counted(CONFIDENT, CONFIDENT)]
    if not shown:
        return Picture("tau", "", "", ())
    tau = shown[0].attacks[CONFIDENT][CONFIDENT]["tau"]
    taus = np.linspace(0, 4 * tau, TAUS)
    series = tuple(
        Series(_kind(r.checkpoint), r.checkpoint, tuple(taus.tolist()), tuple(r.curve(taus).tolist())) for r in shown
    )
    panel = Panel("tau", LINES, f"the line is tau = {tau:.3g}", "tau, in logits", "robust accuracy, per cent", series, tau)
    caption = (
        "Robust accuracy under confident, over tau: at 0 any disagreement counts, however unsure the teacher is. The tau of "
        "all tables and verdicts is half the teacher's median margin on clean images, which no student can move."
    )
    return Picture("tau", "How sure a disagreement has to be", caption, (panel,))
