"""Which optimiser and schedule the students get: the candidates that are tried one factor after another, and who wins.

The rule knows scores alone, one number a candidate, lower is better; whoever trains and measures is search.py. It is a
function of the scores so far, so that a search that was stopped asks for the same candidates again.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace

BATCHES = (64, 128, 256)
# At the first batch; sgd with momentum .9. Squared distances of logits of size 10 are steep: from 3e-3 on sgd diverges at once.
RATES = {"adam": (3e-4, 1e-3, 3e-3), "sgd": (1e-4, 3e-4, 1e-3)}
LADDER = tuple(float(f"{first}e{power}") for power in range(-7, 2) for first in (1, 3))
FURTHER = 2  # rates tried beyond RATES, for each optimiser
GROWTH = {"adam": 0.5, "sgd": 1.0}  # powers of the batch's ratio by which rates are said to grow
SCHEDULES = ("cosine", "constant")
SEEDS = (0, 1)
RULE = (
    "Score: the square root of the product of two mean squared logit distances to the teacher on held-out images, that of an "
    "ST logit student on clean images and that of an AT student under the linf attack; lower is better. A candidate of which "
    "a student diverged counts last; of equal scores the one tried first counts.",
    f"1. Optimiser and rate, at batch {BATCHES[0]} and cosine: "
    + "; ".join(f"{name} {', '.join(f'{rate:g}' for rate in rates)}" for name, rates in RATES.items())
    + f" (sgd with momentum 0.9). While an optimiser's best rate is the lowest or highest tried, the next one on the ladder "
    f"1, 3, 10 is tried too, at most {FURTHER}. The best goes on.",
    "2. Schedule: the best with a cosine and with a constant rate, by the ST student alone on more images for more epochs, its "
    "distance the score: a rate that falls pays only where training levels off, which it does not in so short a run as the "
    "others. The better schedule goes on.",
    f"3. Batch: the best at {', '.join(map(str, BATCHES))}, the larger ones at the same rate and at the rate times the ratio "
    f"of the batches to the power {GROWTH['adam']:g} (adam) or {GROWTH['sgd']:g} (sgd).",
    "4. Noise: the best of each batch with a second seed. Noise is the median over these finalists of the larger of the two "
    "scores over the smaller. The largest batch wins whose geometric mean of the two is at most the least such mean times the "
    "noise, since large batches fill a GPU better.",
)


@dataclass(frozen=True)
class Candidate:
    """What is searched, and how it is tried: from which seed;  long: with the ST student alone, for longer."""

    optimiser: str
    lr: float
    batch: int
    schedule: str = SCHEDULES[0]
    seed: int = SEEDS[0]
    long: bool = False

    @property
    def name(self) -> str:
        how = (f"-seed-{self.seed}" if self.seed else "") + ("-long" if self.long else "")
        return f"{self.optimiser}-{self.lr:g}-{self.batch}-{self.schedule}{how}"

    @property
    def choice(self) -> dict[str, object]:
        """The fields of Settings that are searched."""
        return {key: value for key, value in asdict(self).items() if key not in ("seed", "long")}


Scores = Mapping[Candidate, float]  # inf where a student diverged


@dataclass(frozen=True)
class Decision:
    """finalists: the best of each batch with the geometric mean over the seeds;  noise: a factor, 1 or more."""

    winner: Candidate
    finalists: dict[Candidate, float]
    noise: float


def steps(scores: Scores) -> list[list[Candidate]]:
    """The candidates of each step of RULE that can be named by now; the last of these steps may still grow."""
    found = [[candidate for name in RATES for candidate in _walked(name, scores)]]
    best = _best(found[0], scores)
    if best is None:
        return found
    found.append([replace(best, schedule=schedule, long=True) for schedule in SCHEDULES])
    best = _best(found[1], scores)
    if best is None:
        return found
    best = replace(best, long=False)
    found.append([replace(best, batch=batch, lr=rate) for batch in BATCHES for rate in _scaled(best, batch)])
    finalists = _finalists(found[2], scores)
    if finalists is not None:
        found.append([replace(candidate, seed=seed) for candidate in finalists for seed in SEEDS[1:]])
    return found


def wanted(scores: Scores) -> list[Candidate]:
    """The candidates that must be tried next; none when all is known that the rule asks for."""
    return [candidate for step in steps(scores) for candidate in step if candidate not in scores]


def decided(scores: Scores) -> Decision | None:
    """Who wins, once nothing is wanted; None if no candidate finished with every seed."""
    if wanted(scores) or len(found := steps(scores)) < 4:
        return None
    firsts = dict.fromkeys(replace(candidate, seed=SEEDS[0]) for candidate in found[3])
    seeds = {candidate: [scores[replace(candidate, seed=seed)] for seed in SEEDS] for candidate in firsts}
    finished = {candidate: values for candidate, values in seeds.items() if math.inf not in values}
    if not finished:
        return None
    means = {candidate: math.prod(values) ** (1 / len(values)) for candidate, values in finished.items()}
    noise = statistics.median_low(max(values) / min(values) for values in finished.values())
    good = [candidate for candidate, mean in means.items() if mean <= min(means.values()) * noise]
    return Decision(max(good, key=lambda candidate: candidate.batch), means, noise)


def _walked(optimiser: str, scores: Scores) -> list[Candidate]:
    """The rates of an optimiser, and those beyond them while the best lies at an end; lower ones where all diverged."""
    tried = [Candidate(optimiser, rate, BATCHES[0]) for rate in RATES[optimiser]]
    for _ in range(FURTHER):
        if any(candidate not in scores for candidate in tried):
            break
        rates = sorted(candidate.lr for candidate in tried)
        best = min(tried, key=lambda c: (scores[c], c.lr if scores[c] == math.inf else 0.0)).lr
        if rates[0] < best < rates[-1]:
            break
        tried.append(replace(tried[0], lr=LADDER[LADDER.index(best) + (1 if best == rates[-1] else -1)]))
    return tried


def _scaled(best: Candidate, batch: int) -> list[float]:
    """The rates that a batch is tried with: as it is, and grown, to two digits."""
    return list(dict.fromkeys([best.lr, float(f"{best.lr * (batch / best.batch) ** GROWTH[best.optimiser]:.2g}")]))


def _best(candidates: Iterable[Candidate], scores: Scores) -> Candidate | None:
    """The one of lowest score, the first of equals; None where a score is missing or all diverged."""
    candidates = list(candidates)
    if any(candidate not in scores for candidate in candidates):
        return None
    best = min(candidates, key=scores.__getitem__)
    return best if scores[best] < math.inf else None


def _finalists(candidates: list[Candidate], scores: Scores) -> list[Candidate] | None:
    """The best of each batch at which one finished; None where a score is missing."""
    if any(candidate not in scores for candidate in candidates):
        return None
    best = (_best([c for c in candidates if c.batch == batch], scores) for batch in BATCHES)
    return [candidate for candidate in best if candidate is not None]
