"""The paper's attacks, a row each: which loss, which ball, which steps. Every row is the one core with other arguments.

| row | what |
|---|---|
| linf | logit distance, 40 steps of .01 inside 10/255, random start: the paper's |
| l2, l2-small | eps .5 with steps 2.5 eps / 40; eps .3 with steps .01, the size that 40 steps of .01 suggest |
| l1, l1-small | eps 12, sparse steps of 2.5 eps / 40; eps 10, one coordinate by .01 a step |
| fgsm | one step of 10/255, no start |
| cw | the margin against the oracle's label at x', ascended as in linf up to a confidence of 0.1 |
| cw-label | the margin against the oracle's label at the clean image, unlimited, ascended as in linf |
| cw-l2 | Carlini and Wagner's search for the nearest success; it counts within a 2-norm of .5 |
| transfer | linf on the surrogate |
| data | Equation 4: the distance to the teacher's logits at the clean image, ascended as in linf |
| in-plane, out-plane | two runs of linf; the one whose patches lie nearer to, or farther from, the input plane |

Source: Section 5.1, Tables 1 and 2; the sizes of l1, l2 and cw are this project's choice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Generator, Tensor

from ..data.patches import PatchSpectrum, off_plane
from .ascent import Adversarial, choose, merged, pgd, strongest
from .balls import L1, L2, Ball, Linf
from .carlini import carlini_l2
from .objectives import (
    Network,
    Objective,
    OracleWatch,
    attacking,
    constant_logits,
    cross_entropy_to_oracle,
    data_adversarial,
    largest_gap,
    logit_distance,
    margin,
)

__all__ = [
    "Adversarial",
    "Attack",
    "Ball",
    "L1",
    "L2",
    "Linf",
    "Objective",
    "attacking",
    "carlini_l2",
    "choose",
    "cross_entropy_to_oracle",
    "data_adversarial",
    "largest_gap",
    "logit_distance",
    "margin",
    "merged",
    "pgd",
    "strongest",
    "table",
]

EPS, STEP, STEPS = 10 / 255, 0.01, 40  # the paper's
L2_EPS, L2_SMALL_EPS, L1_EPS, L1_SMALL_EPS, L1_SHARE = 0.5, 0.3, 12.0, 10.0, 0.01
SPARE = 2.5  # steps add up to this many radii, the usual choice
CONFIDENCE = 0.1  # in logits: above the rounding of bfloat16 copies, below the margin at which the oracle follows
NAMES = (
    "linf",
    "l2",
    "l2-small",
    "l1",
    "l1-small",
    "fgsm",
    "cw",
    "cw-label",
    "cw-l2",
    "transfer",
    "data",
    "in-plane",
    "out-plane",
)


@dataclass(frozen=True, eq=False)
class Attack:
    """A row of the table.   attack(x, generator): (N, 3, 32, 32) -> Adversarial, whose watched iterate is the one at which
    the student's answer is farthest above the oracle's: if any iterate parts the networks, that one does.

    random: whether a second run differs;  settings: its numbers, for the report.
    """

    run: Callable[[Tensor, Generator | None], Adversarial]
    random: bool
    settings: dict = field(default_factory=dict)

    def __call__(self, x: Tensor, generator: Generator | None = None) -> Adversarial:
        return self.run(x, generator)


def table(
    student: Network,
    teacher: Network,
    surrogate: Network | None = None,
    plane: PatchSpectrum | None = None,
    *,
    eps: float = EPS,
    step: float = STEP,
    steps: int = STEPS,
) -> dict[str, Attack]:
    """The rows by name; `transfer` only with a surrogate, `in-plane` and `out-plane` only with a patch spectrum."""

    def ascended(objective: Objective, ball: Ball, size: float, count: int = steps, start: bool = True) -> Attack:
        watched, watch = oracle_watch(objective, student, teacher)
        settings = {"norm": type(ball).__name__.lower(), **vars(ball), "step": size, "steps": count, "start": start}
        return Attack(
            lambda x, generator: pgd(watched, x, ball, step=size, steps=count, start=start, generator=generator, watch=watch),
            start,
            settings,
        )

    def anchored(objective: Callable[[Tensor], Objective]) -> Attack:
        """linf, with an objective that remembers the clean images."""
        settings = {"norm": "linf", "eps": eps, "step": step, "steps": steps, "start": True}
        return Attack(lambda x, generator: ascended(objective(x), linf, step)(x, generator), True, settings)

    distance, linf = logit_distance(student, teacher), Linf(eps)
    rows = {
        "linf": ascended(distance, linf, step),
        "l2": ascended(distance, L2(L2_EPS), SPARE * L2_EPS / steps),
        "l2-small": ascended(distance, L2(L2_SMALL_EPS), STEP),
        "l1": ascended(distance, L1(L1_EPS, L1_SHARE), SPARE * L1_EPS / steps),
        "l1-small": ascended(distance, L1(L1_SMALL_EPS, 0.0), STEP),
        "fgsm": ascended(distance, linf, eps, 1, False),
        "cw": ascended(margin(student, teacher, CONFIDENCE), linf, step),
        "cw-label": anchored(lambda x: margin(student, constant_logits(teacher, x).argmax(1))),
        "cw-l2": Attack(
            lambda x, _: carlini_l2(margin(student, teacher), x, budget=L2_EPS).within(L2_EPS, x),
            False,
            {"norm": "l2", "eps": L2_EPS},
        ),
        "data": anchored(lambda x: data_adversarial(student, teacher, x)),
    }
    if surrogate is not None:
        rows["transfer"] = ascended(logit_distance(surrogate, teacher), linf, step)
    if plane is not None:
        rows["in-plane"] = _twice(rows["linf"], plane, nearer=True)
        rows["out-plane"] = _twice(rows["linf"], plane, nearer=False)
    return {name: rows[name] for name in NAMES if name in rows}


def oracle_watch(objective: Objective, student: Network, teacher: Network) -> tuple[Objective, OracleWatch]:
    """The objective with both networks' logits, and the score of them that is positive where their answers differ."""
    objective = objective.observing(student, teacher)
    return objective, OracleWatch(objective.place(student), objective.place(teacher))


def _twice(attack: Attack, plane: PatchSpectrum, *, nearer: bool) -> Attack:
    """Two runs from different starts; of each sample, the one whose last iterate is nearer to the input plane, or farther."""

    def run(x: Tensor, generator: Generator | None) -> Adversarial:
        first, second = attack(x, generator), attack(x, generator)
        second_is_nearer = off_plane(second.last, plane) < off_plane(first.last, plane)
        return merged(second_is_nearer if nearer else ~second_is_nearer, second, first)

    return Attack(run, True, {**attack.settings, "runs": 2})
