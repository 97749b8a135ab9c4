"""The paper's twelve claims, each judged by a stated rule: yes, no, or not enough data (comparisons.py).

Thresholds that the paper does not print are named here, with their reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean

from ..experiments.grid import EPOCHS, RHOS
from ..runs.failures import NOT_RUN
from . import intervals
from .comparisons import Finding, Step, above, beaten, below, better, compared, decided
from .printed import TABLES, as_printed
from .results import Result, Results, label

NEAR, EQUAL = 3.0, 5.0  # points: as far as Table 1's l1, l2, FGSM rows fall behind at 50 epochs; as its transfer row spreads
HARDLY = 0.5  # a rise below this part of another is hardly one; the paper's own parts are 0.17
STRONG = -0.5  # Pearson scores from here down are strong, by the usual convention
CARRIED = 0.99  # of the variance; evenly spread patches would have 17/27 = 0.63
LOWERED = 0.05  # of the value at 50 epochs; less is not a change
DISPERSION = 2.0  # variance over mean of counts; students thrown at teacher nodes blindly have 1
SAME_NODES = 0.5  # correlation of two seeds' counts above which the same nodes are easy for both
FEWEST_RUNS = 5  # a bootstrap over fewer clusters says little


def _absent(results: Results, *checkpoints: str) -> tuple[str, str]:
    """For a number of several checkpoints: why it is not there, for either side of a comparison."""
    whys = [results.absent(checkpoint) for checkpoint in checkpoints if results.get(checkpoint) is None]
    why = next((why for why in whys if why != NOT_RUN), NOT_RUN)
    return why, why


def adversarial_beats_standard(results: Results) -> Finding:
    steps, strict = [], []
    for epoch in EPOCHS:
        cells = {
            attack: ((f"at@{epoch}", attack), ("st-logit@300", attack))
            for attack in ("linf", "cw", "l2", "l1", "fgsm", "transfer")
        }
        for attack, (at, st) in cells.items():
            strict.append(beaten(results, st, at))
            if attack in ("linf", "cw"):
                steps.append(strict[-1])
            elif attack != "transfer":
                steps.append(beaten(results, st, at, NEAR))
            else:
                values = [results.robust(*cell) for cell in (at, st)]
                gap = None if None in values else abs(values[0] - values[1])  # type: ignore[operator]
                steps.append(
                    below(
                        f"transfer: distance of AT {epoch} and ST logit 300",
                        gap,
                        EQUAL,
                        digits=2,
                        absent=_absent(results, at[0], st[0]),
                    )
                )
    ahead = sum(step.numbers[0] < step.numbers[1] for step in strict if None not in step.numbers)  # type: ignore[operator]
    count = sum(None not in step.numbers for step in strict)
    printed = {(cell.attack, cell.column): cell.printed for cell in TABLES[0].cells}
    there = sum(number > printed[attack, "ST 300"] for (attack, column), number in printed.items())  # type: ignore[operator]
    words = f"{ahead} of {count} run (in the paper {there} of 30)"
    return decided(steps, [Step("cells where AT is strictly ahead", words, None, (ahead, count))])


def robustness_rises(results: Results) -> Finding:
    steps = []
    rises: dict[str, float | None] = {}
    for run in ("at", "st-logit", "st-label"):
        first, last = (results.robust(f"{run}@{epoch}") for epoch in (EPOCHS[0], EPOCHS[-1]))
        rises[run] = None if first is None or last is None else last - first
    for run in ("at", "st-logit"):
        steps.append(beaten(results, f"{run}@{EPOCHS[0]}", f"{run}@{EPOCHS[-1]}"))
        for before, after in zip(EPOCHS, EPOCHS[1:], strict=False):
            fall = beaten(results, f"{run}@{before}", f"{run}@{after}")
            known = None not in fall.numbers
            steps.append(
                Step(fall.what + ", or within noise", fall.value, fall.holds is not False if known else None, fall.numbers)
            )
    standard = rises["st-logit"]
    steps.append(
        below(
            f"rise of ST label below {HARDLY} of the rise of ST logit",
            rises["st-label"],
            None if standard is None else HARDLY * standard,
            digits=2,
            absent=tuple(
                _absent(results, *(f"{run}@{epoch}" for epoch in (EPOCHS[0], EPOCHS[-1])))[0]
                for run in ("st-label", "st-logit")
            ),
        )
    )
    return decided(steps)


def distance_predicts_correlation(results: Results) -> Finding:
    result = results.get("st-logit@300")
    step = below(
        "Pearson score of eps_in and NC, ST logit 300",
        None if result is None else result.first("pearson_in"),
        STRONG,
        absent=_absent(results, "st-logit@300"),
    )
    scores = sorted(student.first("pearson_in") for student in results.students)
    beside = (
        [Step("all students", f"{scores[0]:.3f} to {scores[-1]:.3f}, {len(scores)} checkpoints", None, (scores[0], scores[-1]))]
        if scores
        else []
    )
    return decided([step], beside)


def patches_are_low_rank(results: Results) -> Finding:
    steps, beside = [], []
    for spectrum in results.spectra:
        values, rank = spectrum["eigenvalues"], spectrum["rank"]
        where = f"{spectrum['images']} images ({spectrum['source']})"
        steps.append(above(f"share of the variance in {rank} directions, {where}", spectrum["share"], CARRIED, digits=4))
        beside.append(
            Step(
                f"eigenvalue {rank + 1} over the first, {where}",
                f"{values[rank] / values[0]:.1e}",
                None,
                (values[rank] / values[0],),
            )
        )
    return decided(steps or [Step("patch spectrum", "not measured", None)], beside)


def adversarial_specialises(results: Results) -> Finding:
    steps = []
    for at, st, depth in (("at@300", "st-logit@300", 4), ("at-5@300", "st-logit-5@300", 5)):
        for i in range(depth):
            steps.append(compared(results, f"MBNC, layer {i + 1} of {depth}", _layer_mbnc(i), st, at))
        steps += better(results, at, st)
    return decided(steps)


def _layer_mbnc(i: int) -> Callable[[Result], float | None]:
    return lambda result: result.layers[i]["mbnc"] if i < len(result.layers) else None


def in_plane_specialises(results: Results) -> Finding:
    inside, outside, standard = "at-in-plane@150", "at-out-plane@150", "at@150"
    steps = better(results, inside, outside)
    steps += [beaten(results, (outside, attack), (inside, attack)) for attack in ("linf", "in-plane", "out-plane")]
    severe = [beaten(results, (model, "in-plane"), (model, "out-plane")) for model in (inside, outside, standard)]
    return decided(steps + severe, better(results, inside, standard))


def labels_leave_the_plane(results: Results) -> Finding:
    steps = []
    for run, side, lowers in (
        ("st-logit", "in", True),
        ("st-logit", "out", True),
        ("st-label", "out", True),
        ("st-label", "in", False),
    ):
        first, last = (
            None if (result := results.get(f"{run}@{epoch}")) is None else result.first(f"eps_{side}_mean")
            for epoch in (EPOCHS[0], EPOCHS[-1])
        )
        bar = None if first is None else (1 - LOWERED) * first
        what = f"eps_{side}, {label(f'{run}@300')} {{}} {1 - LOWERED:g} of its value at {EPOCHS[0]} epochs"
        why = _absent(results, f"{run}@{EPOCHS[0]}", f"{run}@{EPOCHS[-1]}")
        steps.append(
            below(what.format("below"), last, bar, absent=why)
            if lowers
            else below(what.format("not below"), bar, last, absent=why)
        )
    return decided(steps)


def noise_specialises(results: Results) -> Finding:
    plain, noisy = "st-logit@300", "st-logit-gaussian@300"
    pairs = ((plain, noisy), (plain, "st-logit-augmented@300"), ("at@300", "at-augmented@300"))
    return decided(
        [*better(results, noisy, plain), *(compared(results, "MBNC", lambda r: r.mbnc, low, high) for low, high in pairs)]
    )


def calibrated_order(results: Results) -> Finding:
    assert RHOS == (5, 10, 20)
    chain = ("ccat-5@150", "ccat-20@150", "ccat-10@150", "at@150")
    pairs = list(zip(chain, chain[1:], strict=False))
    return decided(
        [
            *(beaten(results, low, high) for low, high in pairs),
            *(compared(results, "MBNC", lambda r: r.mbnc, low, high) for low, high in pairs),
        ]
    )


def uniformly_specialised(results: Results) -> Finding:
    runs = ("st-logit@300", "st-logit-seed-1@300", "st-logit-seed-2@300")
    found = [results.get(run) for run in runs]
    steps = []
    for run, result in zip(runs, found, strict=True):
        spread = [_dispersion(layer["specialised_count"]) for layer in (result.layers if result else [])]
        known = [x for x in spread if x is not None]
        what = f"largest variance over mean of a layer's counts, {label(run)}"
        steps.append(below(what, max(known, default=None), DISPERSION, absent=_absent(results, run)))
    scores = [
        intervals.pearson(a["specialised_count"], b["specialised_count"])
        for i, first in enumerate(found)
        for second in found[i + 1 :]
        if first and second
        for a, b in zip(first.layers, second.layers, strict=True)
    ]
    told = [score for score in scores if score is not None]
    enough = all(found) and bool(told)
    steps.append(
        below(
            "mean correlation of two seeds' counts over teacher nodes",
            mean(told) if enough else None,
            SAME_NODES,
            absent=_absent(results, *runs),
        )
    )
    return decided(steps)


def _dispersion(counts: Sequence[int]) -> float | None:
    """Variance over mean; None where nothing was counted."""
    average = mean(counts) if counts else 0.0
    return mean((count - average) ** 2 for count in counts) / average if average else None


def robust_features_help(results: Results) -> Finding:
    return decided([beaten(results, "st-logit@150", "rft@300"), beaten(results, "rft@300", "st-logit@300")])


def specialisation_is_robustness(results: Results) -> Finding:
    students = [student for student in results.students if "linf" in student.attacks]
    runs, y = [student.run for student in students], [student.robust("linf", results.rule) or 0.0 for student in students]
    steps, beside = [], []
    for name, sign, read in (
        ("MBNC", 1, [s.mbnc or 0.0 for s in students]),
        ("eps_in", -1, [s.first("eps_in_mean") for s in students]),
    ):
        low, score, high = intervals.clustered(read, y, runs) if len(set(runs)) >= FEWEST_RUNS else (None, None, None)
        what = f"Pearson correlation of {name} and linf robust accuracy is {'above' if sign > 0 else 'below'} 0"
        if low is None or high is None or score is None:
            steps.append(Step(what, f"{len(set(runs))} runs, {FEWEST_RUNS} needed", None))
            continue
        holds = None if low <= 0 <= high else sign * score > 0
        steps.append(
            Step(
                what,
                f"{score:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}; {len(y)} checkpoints of {len(set(runs))} runs",
                holds,
                (score, low, high),
            )
        )
        four = [i for i, student in enumerate(students) if len(student.layers) == 4]
        for words, chosen in (
            ("rank correlation", None),
            ("four layers only", four),
            ("at 300 epochs only", [i for i, s in enumerate(students) if s.paper_epoch == 300]),
        ):
            part = range(len(y)) if chosen is None else chosen
            a, b = [read[i] for i in part], [y[i] for i in part]
            value = intervals.pearson(*((intervals.ranks(a), intervals.ranks(b)) if chosen is None else (a, b)))
            beside.append(Step(f"{name}, {words}", "undefined" if value is None else f"{value:+.3f}", None, (value,)))
    return decided(steps, beside)


@dataclass(frozen=True)
class Claim:
    """statement: the paper's, in this project's words;  rule: when the answer is yes.

    decide: data in, verdict out;  tables: printed ones from which the same rule can judge the paper's own numbers.
    """

    number: int
    statement: str
    rule: str
    decide: Callable[[Results], Finding]
    tables: tuple[str, ...] = ()

    @property
    def of_the_print(self) -> Finding | None:
        """What the rule says of the paper's printed numbers; None where they do not decide it."""
        return self.decide(as_printed(self.tables)) if self.tables else None


CLAIMS = (
    Claim(
        1,
        "AT beats ST 300 under every attack from 50 epochs on (l1, l2, FGSM near; transfer about equal).",
        f"At each of {', '.join(map(str, EPOCHS))} epochs AT is ahead under linf PGD and CW, not more than {NEAR:g} points "
        f"behind under l2, l1, FGSM, and within {EQUAL:g} points under transfer.",
        adversarial_beats_standard,
        ("table-1",),
    ),
    Claim(
        2,
        "Robust accuracy rises with epochs for AT and ST logit, hardly for ST label.",
        "AT and ST logit rise from 50 to 300 epochs and nowhere fall beyond noise; ST label rises by less than "
        f"{HARDLY:g} of ST logit's rise.",
        robustness_rises,
        ("table-1", "table-3"),
    ),
    Claim(
        3,
        "eps_in and NC are strongly negatively correlated over all pairs of nodes.",
        f"Pearson score of ST logit 300 below {STRONG:g}.",
        distance_predicts_correlation,
    ),
    Claim(
        4,
        "The spectrum of patches decays fast: 17 of 27 directions carry the data.",
        f"17 directions carry more than {CARRIED:g} of the variance, on every set of images measured.",
        patches_are_low_rank,
    ),
    Claim(
        5,
        "AT has higher BNC in every layer and lower eps_in, eps_out than ST, with five layers too.",
        "At 300 epochs, 4 and 5 layers: MBNC higher in each layer, means of both eps curves lower.",
        adversarial_specialises,
    ),
    Claim(
        6,
        "In-plane AT specialises better than out-plane AT in both directions; the in-plane attack is the most severe.",
        "Means of both eps curves lower; more robust under all three attacks; each of the three models weaker under the "
        "in-plane attack than under the out-plane one.",
        in_plane_specialises,
    ),
    Claim(
        7,
        "ST label lowers eps_out but not eps_in; ST logit lowers both.",
        f"From 50 to 300 epochs the mean of the curve falls by more than {100 * LOWERED:g} per cent, or does not.",
        labels_leave_the_plane,
    ),
    Claim(
        8,
        "Gaussian augmentation improves specialisation; ordinary augmentation does too.",
        "At 300 epochs: with Gaussian noise both eps means lower and MBNC higher than ST logit; with ordinary "
        "augmentation MBNC (mean over layers) higher, for ST and AT.",
        noise_specialises,
    ),
    Claim(
        9,
        "CCAT: robust accuracy and specialisation order alike, rho 10 > 20 > 5, all below AT.",
        "At 150 epochs, in robust accuracy and in MBNC (mean over layers).",
        calibrated_order,
    ),
    Claim(
        10,
        "Teacher nodes are specialised about uniformly, whatever the student's seed.",
        "Three seeds: in every layer the counts over teacher nodes have a variance below "
        f"{DISPERSION:g} times their mean, and two seeds' counts correlate below {SAME_NODES:g} on average.",
        uniformly_specialised,
    ),
    Claim(
        11,
        "RFT 150 beats ST 150 and stays below ST 300.",
        "Robust accuracy under linf PGD.",
        robust_features_help,
        ("table-5",),
    ),
    Claim(
        12,
        "Over all trained students, specialisation and robust accuracy correlate positively.",
        "Over all students and checkpoints, Pearson correlation of linf robust accuracy with MBNC (mean over layers) above "
        f"0 and with the mean of eps_in below 0, both with 95 % intervals (bootstrap of whole runs, {FEWEST_RUNS} or more "
        f"runs, {intervals.RESAMPLES} draws, seed {intervals.SEED}) that exclude 0.",
        specialisation_is_robustness,
    ),
)
