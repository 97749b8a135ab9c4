"""Fan-out recovery along training: the students near a teacher node together come to carry its fan-out.

Theorem 2 finds one student near a teacher node, whatever its fan-out; here eight students learn four teacher nodes of two
outputs in a plane, and a teacher's fan-out may be shared. Training goes to the right, the x axis is the certified supremum
of |g_1|. One colour for each teacher node.

Left: the share of the fan-out that the students near the node reproduce, as the observer sees it whose row has the least
error. The bar is certified: the share cannot lie outside of it. Where no row says anything (an error as large as the
fan-out) there is no point. The thin line is the best single student's share, measured only: the student at the smallest
angle, its fan-out times |p| against the teacher's. Right: the distance of the share from 1, measured and as certified.

To see: at the start nothing is certified; from a gradient of a fiftieth on every node's share is 1 up to an error that falls in
proportion to the gradient. A thin line that stays away from 1 is a fan-out shared by several students: the best student of
node 0 carries less than nothing of it and that of node 3 almost half too much, while what all near them carry is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _script import directory, saved
from matplotlib import rc_context
from matplotlib.figure import Figure

from twolayer import VACUOUS, Check, check, frame, restrict
from twolayer.plotting import STYLE, decades
from twolayer.synthetic import Case, instances

ALT = (
    "Left, the share of each teacher node's fan-out along training: the points of the students together go to 1, the "
    "lines of the best student alone do not. Right, the distance from 1 falls with its certified bound."
)
RUN = Case("along training", 2, 6, 4, 8, 2, 1, target=1e-12, options={"level_ratio": 30.0})
GAP = 1e-2  # relative width of the enclosures
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # of teacher nodes
FLOOR = 1e-16  # a distance below it is drawn there
SHOWN = (-0.5, 2.0)  # ends of the shares' axis


@dataclass(frozen=True, eq=False)
class Run:
    """n students of one training run, T teacher nodes; NaN where nothing is certified or there is no student.

    gradient   (n,)     certified upper bounds of sup |g_1|
    share      (n, T)   of the fan-out, reproduced by the students near the node
    error      (n, T)   certified bound on |share - 1|
    alone      (n, T)   share of the best single student, measured
    """

    gradient: np.ndarray
    share: np.ndarray
    error: np.ndarray
    alone: np.ndarray


def data(case: Case = RUN) -> Run:
    """The run trained, and every student on its way certified and judged."""
    checks = [check(drawn.instance, gap=GAP, statements=["fan-out-recovery"]) for drawn in instances(case)]
    shares, errors = zip(*map(certified, checks), strict=True)
    return Run(
        np.array([result.gradient[1] for result in checks]),
        np.array(shares),
        np.array(errors),
        np.array([alone(result) for result in checks]),
    )


def certified(result: Check) -> tuple[list[float], list[float]]:
    """(share, bound on its distance from 1) of every teacher node: of the row with the least error that says something."""
    shares, errors = [], []
    for match in result.matching:
        rows = [v for v in result.verdicts if v.teacher == match.teacher and v.verdict != VACUOUS and v.bound is not None]
        errors.append(min((v.bound for v in rows), default=np.nan))
        shares.append(np.nan if match.recovered is None else match.recovered)
    return shares, errors


def alone(result: Check) -> list[float]:
    """The share of every teacher node's fan-out that its best student carries: <v_s |p_s|, v_T |p_T|> / |v_T p_T|^2."""
    plane = frame(result.instance.subspace)

    def masses(network) -> np.ndarray:
        p = np.array(restrict(network, plane)[0], dtype=float)  # the frame is orthonormal up to a rounding
        return np.array(network.V, dtype=float) * np.linalg.norm(p, axis=1)

    teacher, student = masses(result.instance.teacher), masses(result.instance.student)
    return [
        np.nan if m.student is None else float(student[:, m.student] @ v / (v @ v))
        for m, v in zip(result.matching, teacher.T, strict=True)
    ]


def draw(run: Run) -> Figure:
    """Shares on the left, their distance from 1 on the right."""
    with rc_context(STYLE):
        figure = Figure(figsize=(9.2, 3.9), layout="constrained")
        shares, errors = figure.subplots(1, 2)
        for j, colour in zip(range(run.share.shape[1]), COLOURS, strict=False):
            x, share, error = run.gradient, run.share[:, j], run.error[:, j]
            shares.plot(x, run.alone[:, j], color=colour, linewidth=0.8)
            shares.errorbar(x, share, yerr=error, color=colour, fmt="o", markersize=4, capsize=2, label=f"teacher node {j}")
            errors.plot(x, np.maximum(np.abs(share - 1), FLOOR), color=colour, marker="o", markersize=3, linewidth=1)
            errors.plot(x, np.maximum(error, FLOOR), color=colour, linestyle="--", linewidth=1.4)
        for axes in (shares, errors):
            axes.grid(True)
            decades(axes, "x", run.gradient.min() / 2, max(1.0, run.gradient.max()))
            axes.invert_xaxis()
            axes.set_xlabel("certified sup |g₁|, training goes right")
        low = np.nanmin(np.maximum(np.abs(run.share - 1), FLOOR))
        decades(errors, "y", low / 2, 1.0)
        shares.set(ylabel="share of the fan-out", title="recovered (points), by the best student alone (lines)", ylim=SHOWN)
        errors.set(ylabel="|share − 1|", title="measured (points) and certified (dashed)")
        shares.legend(loc="center right", bbox_to_anchor=(1, 0.42))
    return figure


def main(argv=None) -> Path:
    """Write fan_out_recovery.png and print a line a student."""
    out = directory(argv, __doc__, __file__)
    run = data()
    print(
        "certified gradient; for each teacher node the share recovered, its certified error, and the best student's own share"
    )
    for gradient, *rest in zip(run.gradient, run.share, run.error, run.alone, strict=True):
        print(f"{gradient:8.1e} ", "  ".join(f"{s:7.4f} ± {e:7.1e} ({a:6.3f})" for s, e, a in zip(*rest, strict=True)))
    return saved(draw(run), out / "fan_out_recovery.png")


if __name__ == "__main__":
    main()
